/* SPDX-License-Identifier: Apache-2.0 */
#include "common/parse.h"
#include "common/pem.h"
#include "signer/json.h"
#include "signer/prepare.h"
#include "signer/texts.h"

#define KEY_MAX 16384    /* bytes: PKCS#8 of RSA-8192 in PEM is about 6500 */
#define FRAME_USUAL 1024 /* bytes of an answer around its certificates */

/* What varies from answer to answer; texts are JSON-escaped already. */
struct parts {
    const struct srv_job *job;
    struct sg_slice cert; /* DER */
    struct sg_slice key;  /* PEM or base64; empty for sign */
};

static enum sg_rc put(struct sg_buf *out, struct sg_slice text,
                      struct sg_err *err)
{
    return sg_buf_put(out, text.p, text.len, err);
}

/* The issue's private key in its text form. key is wiped by its owner. */
static enum sg_rc key_text(const struct srv_job *job, struct sg_buf *key,
                           struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf der = { 0 };
    SG_CLEANUP(sg_buf_done) struct sg_buf pem = { 0 };
    const char *label = NULL;
    sg_buf_init(&der, KEY_MAX);
    sg_buf_init(&pem, KEY_MAX);
    SG_TRY(ca_leaf_key_private(job->key, &job->spki,
                               job->pkcs8 ? CA_PRIVATE_PKCS8
                                          : CA_PRIVATE_TRADITIONAL,
                               &der, &label, err));
    if (job->format == SRV_FORMAT_DER)
        return sg_base64_encode(sg_buf_slice(&der), key, err);
    SG_TRY(sg_pem_encode(label, sg_buf_slice(&der), &pem, err));
    return srv_json_put_pem(key, sg_buf_slice(&pem), err);
}

static enum sg_rc put_certificate(const struct parts *parts, struct sg_buf *out,
                                  struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf pem = { 0 };
    const struct srv_job *job = parts->job;
    SG_TRY(sg_buf_put_str(out, "\"certificate\":\"", err));
    if (job->format == SRV_FORMAT_DER) {
        SG_TRY(sg_base64_encode(parts->cert, out, err));
        return sg_buf_put_str(out, "\"", err);
    }
    bool bundle = job->format == SRV_FORMAT_PEM_BUNDLE;
    if (bundle && parts->key.len > 0) {
        SG_TRY(put(out, parts->key, err));
        SG_TRY(sg_buf_put_str(out, "\\n", err));
    }
    sg_buf_init(&pem, (size_t)2 * CA_CERT_MAX);
    SG_TRY(sg_pem_encode("CERTIFICATE", parts->cert, &pem, err));
    SG_TRY(srv_json_put_pem(out, sg_buf_slice(&pem), err));
    if (bundle)
        SG_TRY(put(out,
                   job->issuer->texts->bundle[job->remove_roots_from_chain],
                   err));
    return sg_buf_put_str(out, "\"", err);
}

/* Keys in alphabetical order, as Vault's answers have them. */
static enum sg_rc put_data(const struct parts *parts, struct sg_buf *out,
                           struct sg_err *err)
{
    const struct srv_job *job = parts->job;
    const struct srv_issuer_texts *texts = job->issuer->texts;
    bool der = job->format == SRV_FORMAT_DER;
    bool no_roots = job->remove_roots_from_chain;
    char serial[3 * CA_SERIAL_LEN];
    SG_TRY(sg_buf_put_str(out, "\"data\":{", err));
    SG_TRY(put(out,
               der ? texts->der_chain[no_roots] : texts->pem_chain[no_roots],
               err));
    SG_TRY(sg_buf_put_str(out, ",", err));
    SG_TRY(put_certificate(parts, out, err));
    SG_TRY(sg_buf_printf(out, err, ",\"expiration\":%lld,",
                         (long long)job->not_after));
    SG_TRY(put(out, der ? texts->der_issuer : texts->pem_issuer, err));
    if (parts->key.len > 0) {
        SG_TRY(sg_buf_put_str(out, ",\"private_key\":\"", err));
        SG_TRY(put(out, parts->key, err));
        SG_TRY(sg_buf_put_str(out, "\",\"private_key_type\":\"", err));
        SG_TRY(sg_buf_put_str(out, job->key_type, err));
        SG_TRY(sg_buf_put_str(out, "\"", err));
    }
    (void)sg_hex_colons(SG_SLICE(job->serial, sizeof(job->serial)), serial,
                        sizeof(serial));
    SG_TRY(sg_buf_put_str(out, ",\"serial_number\":\"", err));
    SG_TRY(sg_buf_put_str(out, serial, err));
    return sg_buf_put_str(out, "\"}", err);
}

static enum sg_rc put_warnings(const struct srv_warnings *warnings,
                               struct sg_buf *out, struct sg_err *err)
{
    if (warnings->n == 0)
        return sg_buf_put_str(out, "\"warnings\":null", err);
    SG_TRY(sg_buf_put_str(out, "\"warnings\":[", err));
    for (size_t i = 0; i < warnings->n; i++) {
        if (i > 0)
            SG_TRY(sg_buf_put_str(out, ",", err));
        SG_TRY(srv_json_put_str(out, sg_slice_str(warnings->v[i]), err));
    }
    return sg_buf_put_str(out, "]", err);
}

/* Room that is asked for in one step; bundles and warnings need more. */
static size_t usual_length(const struct parts *parts)
{
    const struct srv_issuer_texts *texts = parts->job->issuer->texts;

    return FRAME_USUAL + texts->pem_chain[0].len + texts->pem_issuer.len
           + 2 * parts->cert.len + parts->key.len;
}

enum sg_rc srv_answer(const struct srv_job *job, struct sg_slice signature,
                      const char *request_id, struct sg_buf *out,
                      struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf cert = { 0 };
    SG_CLEANUP(sg_buf_done) struct sg_buf key = { 0 };
    sg_buf_init(&cert, CA_CERT_MAX + CA_CERT_MAX / 4); /* and a signature */
    sg_buf_init(&key, KEY_MAX);
    SG_TRY(ca_signed_encode(sg_buf_slice(&job->tbs), job->alg, signature, &cert,
                            err));
    if (job->op == SRV_OP_ISSUE)
        SG_TRY(key_text(job, &key, err));
    const struct parts parts = {
        .job = job,
        .cert = sg_buf_slice(&cert),
        .key = sg_buf_slice(&key),
    };
    SG_TRY(sg_buf_reserve(out, usual_length(&parts), err));
    SG_TRY(sg_buf_put_str(out, "{\"request_id\":\"", err));
    SG_TRY(sg_buf_put_str(out, request_id, err));
    SG_TRY(sg_buf_put_str(out,
                          "\",\"lease_id\":\"\",\"renewable\":false,"
                          "\"lease_duration\":0,",
                          err));
    SG_TRY(put_data(&parts, out, err));
    SG_TRY(sg_buf_put_str(out, ",\"wrap_info\":null,", err));
    SG_TRY(put_warnings(&job->warnings, out, err));
    return sg_buf_put_str(out, ",\"auth\":null,\"mount_type\":\"pki\"}", err);
}
