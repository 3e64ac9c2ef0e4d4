/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/texts.h"

#include <stdlib.h>

#include "common/parse.h"
#include "common/pem.h"
#include "signer/json.h"
#include "signer/prepare.h"

/* One certificate in base64, its line ends and quotes, twice over. */
#define TEXTS_MAX ((size_t)CA_CHAIN_MAX * CA_CERT_MAX * 3)

struct form {
    bool der;
    bool no_roots;
};

/* A root that the chain ends with: same names, and no other key above it. */
static bool is_self_signed(const struct ca_cert *cert)
{
    return ca_cert_self_issued(cert)
           && (cert->aki.p == NULL || sg_slice_eq(cert->aki, cert->ski));
}

/* The certificate's text, to stand inside a JSON string. */
static enum sg_rc put_cert(const struct ca_cert *cert, bool der,
                           struct sg_buf *out, struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf pem = { 0 };
    if (der)
        return sg_base64_encode(cert->der, out, err);
    sg_buf_init(&pem, TEXTS_MAX);
    SG_TRY(sg_pem_encode("CERTIFICATE", cert->der, &pem, err));
    return srv_json_put_pem(out, sg_buf_slice(&pem), err);
}

static enum sg_rc keep(struct srv_issuer_texts *texts, struct sg_buf *text,
                       struct sg_slice *ret, struct sg_err *err)
{
    struct sg_slice copy = sg_arena_copy(&texts->arena, sg_buf_slice(text));
    if (copy.p == NULL && text->len > 0)
        return sg_err_set(err, SG_NOMEM, "issuer texts");
    sg_buf_reset(text);
    *ret = copy;
    return SG_OK;
}

static enum sg_rc put_chain(const struct ca_issuer *ca, struct form form,
                            struct sg_buf *out, struct sg_err *err)
{
    const char *between = "";
    SG_TRY(sg_buf_put_str(out, "\"ca_chain\":[", err));
    for (size_t i = 0; i < ca_issuer_chain_len(ca); i++) {
        const struct ca_cert *cert = ca_issuer_chain(ca, i);
        if (form.no_roots && is_self_signed(cert))
            continue;
        SG_TRY(sg_buf_printf(out, err, "%s\"", between));
        SG_TRY(put_cert(cert, form.der, out, err));
        SG_TRY(sg_buf_put_str(out, "\"", err));
        between = ",";
    }
    return sg_buf_put_str(out, "]", err);
}

static enum sg_rc put_bundle(const struct ca_issuer *ca, bool no_roots,
                             struct sg_buf *out, struct sg_err *err)
{
    for (size_t i = 0; i < ca_issuer_chain_len(ca); i++) {
        const struct ca_cert *cert = ca_issuer_chain(ca, i);
        if (no_roots && is_self_signed(cert))
            continue;
        SG_TRY(sg_buf_put_str(out, "\\n", err));
        SG_TRY(put_cert(cert, false, out, err));
    }
    return SG_OK;
}

static enum sg_rc put_issuer(const struct ca_issuer *ca, bool der,
                             struct sg_buf *out, struct sg_err *err)
{
    SG_TRY(sg_buf_put_str(out, "\"issuing_ca\":\"", err));
    SG_TRY(put_cert(ca_issuer_cert(ca), der, out, err));
    return sg_buf_put_str(out, "\"", err);
}

static enum sg_rc fill(struct srv_issuer_texts *texts,
                       const struct ca_issuer *ca, struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf text = { 0 };
    sg_buf_init(&text, TEXTS_MAX);
    for (int no_roots = 0; no_roots < 2; no_roots++) {
        struct form pem = { .no_roots = no_roots != 0 };
        struct form der = { .der = true, .no_roots = no_roots != 0 };
        SG_TRY(put_chain(ca, pem, &text, err));
        SG_TRY(keep(texts, &text, &texts->pem_chain[no_roots], err));
        SG_TRY(put_chain(ca, der, &text, err));
        SG_TRY(keep(texts, &text, &texts->der_chain[no_roots], err));
        SG_TRY(put_bundle(ca, no_roots != 0, &text, err));
        SG_TRY(keep(texts, &text, &texts->bundle[no_roots], err));
    }
    SG_TRY(put_issuer(ca, false, &text, err));
    SG_TRY(keep(texts, &text, &texts->pem_issuer, err));
    SG_TRY(put_issuer(ca, true, &text, err));
    return keep(texts, &text, &texts->der_issuer, err);
}

enum sg_rc srv_issuer_texts_new(struct srv_issuer *issuer, struct sg_err *err)
{
    struct srv_issuer_texts *texts = calloc(1, sizeof(*texts));
    if (texts == NULL)
        return sg_err_set(err, SG_NOMEM, "issuer texts");
    sg_arena_init(&texts->arena, 8 * TEXTS_MAX);
    issuer->texts = texts;
    enum sg_rc rc = fill(texts, issuer->ca, err);
    if (rc != SG_OK)
        srv_issuer_texts_free(issuer);
    return rc;
}

void srv_issuer_texts_free(struct srv_issuer *issuer)
{
    if (issuer->texts == NULL)
        return;
    sg_arena_done(&issuer->texts->arena);
    free(issuer->texts);
    issuer->texts = NULL;
}
