/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "ca/csr.h"
#include "ceremony/plan-int.h"
#include "common/parse.h"

#define WORK_MAX ((size_t)1 << 20) /* bytes to read one object into */

enum sg_rc cer_wrap_unsigned(struct sg_slice tbs, enum ca_sigalg alg,
                             struct sg_buf *out, struct sg_err *err)
{
    static const uint8_t zeroes[64];

    return ca_signed_encode(tbs, alg, SG_SLICE(zeroes, sizeof(zeroes)), out,
                            err);
}

static enum sg_rc put_name(json_object *object, const char *key,
                           struct sg_slice name, struct sg_err *err)
{
    char text[CER_NAME_TEXT_MAX];

    return cer_json_put_text(object, key, ca_dn_text(name, text, sizeof(text)),
                             err);
}

static enum sg_rc put_key(json_object *object, const struct ca_spki *spki,
                          struct sg_err *err)
{
    uint8_t hash[32];
    char kind[32];

    SG_TRY(cer_sha256(spki->der, hash, err));
    (void)snprintf(kind, sizeof(kind),
                   spki->kind == CA_KEY_RSA ? "%s-%u" : "%s",
                   ca_key_kind_name(spki->kind), spki->bits);
    SG_TRY(cer_json_put_text(object, "key", kind, err));
    return cer_json_put_hex(object, "key_sha256", SG_SLICE(hash, 32), err);
}

/* Absence is shown: null, not a key left out. */
static enum sg_rc put_id(json_object *object, const char *key,
                         struct sg_slice id, struct sg_err *err)
{
    return id.p == NULL ? cer_json_put_null(object, key, err)
                        : cer_json_put_hex(object, key, id, err);
}

static enum sg_rc describe_fields(const struct ca_cert *cert,
                                  json_object *object, struct sg_err *err)
{
    SG_TRY(cer_json_put_hex(object, "serial", cert->serial, err));
    SG_TRY(put_name(object, "issuer", cert->issuer, err));
    SG_TRY(put_name(object, "subject", cert->subject, err));
    SG_TRY(cer_json_put_time(object, "not_before", cert->not_before, err));
    SG_TRY(cer_json_put_time(object, "not_after", cert->not_after, err));
    SG_TRY(put_key(object, &cert->spki, err));
    SG_TRY(put_id(object, "subject_key_id", cert->ski, err));
    SG_TRY(put_id(object, "authority_key_id", cert->aki, err));
    SG_TRY(cer_json_put_bool(object, "ca", cert->is_ca, err));
    return cert->has_path_length
               ? cer_json_put_int(object, "path_length", cert->path_length, err)
               : cer_json_put_null(object, "path_length", err);
}

enum sg_rc cer_describe_certificate(struct sg_slice tbs, json_object **ret,
                                    struct sg_err *err)
{
    SG_CLEANUP(cer_json_free) json_object *object = json_object_new_object();
    SG_CLEANUP(sg_arena_done) struct sg_arena arena;
    struct ca_cert *cert;

    sg_arena_init(&arena, WORK_MAX);
    cert = sg_arena_new(&arena, struct ca_cert);
    if (object == NULL || cert == NULL)
        return sg_err_set(err, SG_NOMEM, "plan: certificate");
    SG_TRY(ca_cert_parse_tbs(&arena, tbs, cert, err));
    SG_TRY(describe_fields(cert, object, err));
    SG_TRY(cer_describe_extensions(cert, object, err));
    *ret = SG_TAKE(object);
    return SG_OK;
}

enum sg_rc cer_describe_csr(struct sg_slice info, enum ca_sigalg alg,
                            json_object **ret, struct sg_err *err)
{
    SG_CLEANUP(cer_json_free) json_object *object = json_object_new_object();
    SG_CLEANUP(sg_arena_done) struct sg_arena arena;
    SG_CLEANUP(sg_buf_done) struct sg_buf der;
    SG_CLEANUP(sg_buf_done) struct sg_buf name;
    struct ca_csr csr = { 0 };

    sg_arena_init(&arena, WORK_MAX);
    sg_buf_init(&der, CA_CSR_MAX);
    sg_buf_init(&name, CA_CSR_MAX);
    if (object == NULL)
        return sg_err_set(err, SG_NOMEM, "plan: csr");
    SG_TRY(cer_wrap_unsigned(info, alg, &der, err));
    SG_TRY(ca_csr_parse(&arena, sg_buf_slice(&der), &csr, err));
    SG_TRY(ca_dn_encode(&csr.subject, &name, err));
    SG_TRY(put_name(object, "subject", sg_buf_slice(&name), err));
    SG_TRY(put_key(object, &csr.spki, err));
    *ret = SG_TAKE(object);
    return SG_OK;
}

enum sg_rc cer_describe(const struct cer_plan *plan, size_t i,
                        json_object **ret, struct sg_err *err)
{
    struct sg_slice tbs = plan->sign[i].der;

    switch (plan->type) {
    case CER_TYPE_ROOT:
    case CER_TYPE_INTERMEDIATE:
    case CER_TYPE_CROSS_CERTIFICATE:
    case CER_TYPE_ROLLOVER:
    case CER_TYPE_OCSP_RESPONDER:
        return cer_describe_certificate(tbs, ret, err);
    case CER_TYPE_CSR:
        return cer_describe_csr(tbs, plan->alg, ret, err);
    case CER_TYPE_CRL:
        return cer_describe_crl(tbs, plan->alg, ret, err);
    case CER_TYPE_KEY:
    case CER_TYPE_UNSET:
        break;
    }
    return sg_err_set(err, SG_BUG, "plan: nothing to describe");
}

/* How keys of the JSON read that are more than words. */
static const struct {
    const char *key;
    const char *title;
} TITLES[] = {
    { "authority_key_id", "Authority key ID" },
    { "ca", "CA" },
    { "certificate_sha256", "Certificate SHA-256" },
    { "cps", "CPS" },
    { "crl_distribution_points", "CRL distribution points" },
    { "key_id", "Key ID" },
    { "key_sha256", "Key SHA-256" },
    { "module_sha256", "Module SHA-256" },
    { "ocsp_servers", "OCSP servers" },
    { "oid", "OID" },
    { "plan_id", "Plan ID" },
    { "plan_sha256", "Plan SHA-256" },
    { "sha256", "SHA-256" },
    { "spki", "Public key" },
    { "subject_key_id", "Subject key ID" },
    { "tbs_sha256", "TBS SHA-256" },
    { "tool_build_id", "Tool build ID" },
    { "tool_openssl", "Tool OpenSSL" },
};

const char *cer_key_title(const char *key, char dst[static CER_TITLE_MAX])
{
    for (size_t i = 0; i < SG_ARRAY_LEN(TITLES); i++)
        if (strcmp(TITLES[i].key, key) == 0)
            key = TITLES[i].title;
    (void)snprintf(dst, CER_TITLE_MAX, "%s", key);
    for (char *p = dst; *p != '\0'; p++)
        if (*p == '_')
            *p = ' ';
    if (*dst >= 'a' && *dst <= 'z')
        *dst = (char)(*dst - 'a' + 'A');
    return dst;
}
