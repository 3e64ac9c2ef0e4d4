/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/authority.h"

#include "ca/authority-int.h"
#include "ca/rules.h"

/* A name at its largest (64 attributes of 256 characters of four octets), the
 * purposes and the key identifier. */
#define AUTHORITY_ARENA_MAX ((size_t)128 * 1024)
#define SUBJECT_MAX ((size_t)96 * 1024)

const char *ca_authority_kind_name(enum ca_authority_kind kind)
{
    switch (kind) {
    case CA_AUTHORITY_ROOT:
        return "root";
    case CA_AUTHORITY_INTERMEDIATE:
        return "intermediate";
    case CA_AUTHORITY_CROSS:
        return "cross-certificate";
    case CA_AUTHORITY_ROLLOVER:
        return "rollover";
    case CA_AUTHORITY_UNSET:
        break;
    }
    return "unset";
}

/* --- from the arguments --------------------------------------------------- */

/* Which arguments a kind takes. */
static enum sg_rc check_kind(const struct ca_authority *it, struct sg_err *err)
{
    const struct ca_authority_args *args = it->args;
    const char *name = ca_authority_kind_name(it->kind);
    bool root = it->kind == CA_AUTHORITY_ROOT;
    bool cross = it->kind == CA_AUTHORITY_CROSS;
    bool takes_subject = root || it->kind == CA_AUTHORITY_INTERMEDIATE;

    if (root != (args->issuer == NULL))
        return sg_err_set(err, SG_POLICY, "%s: %s", name,
                          root ? "is self-signed and has no issuer"
                               : "needs an issuer");
    if (cross && args->existing == NULL)
        return sg_err_set(err, SG_POLICY,
                          "%s: needs the certificate that exists", name);
    if (takes_subject && args->existing != NULL)
        return sg_err_set(err, SG_POLICY,
                          "%s: takes nothing from a certificate that exists",
                          name);
    if (!takes_subject && args->subject.n != 0)
        return sg_err_set(err, SG_POLICY,
                          "%s: subject given, but it is taken from the %s, "
                          "byte for byte",
                          name, cross ? "certificate that exists" : "issuer");
    if (args->spki == NULL && args->existing == NULL)
        return sg_err_set(err, SG_POLICY, "%s: no public key", name);
    return SG_OK;
}

/* Key, identifier and subject belong together in what exists already. */
static enum sg_rc check_existing(const struct ca_authority *it,
                                 struct sg_err *err)
{
    const struct ca_authority_args *args = it->args;
    const struct ca_cert *existing = args->existing;
    const char *name = ca_authority_kind_name(it->kind);
    char text[CA_AUTHORITY_TEXT_MAX];

    ca_dn_text(existing->subject, text, sizeof text);
    if (!existing->is_ca)
        return sg_err_set(err, SG_POLICY,
                          "%s: the existing certificate \"%s\" is not a CA's "
                          "(RFC 5280 4.2.1.9)",
                          name, text);
    if (existing->ski.len == 0 || existing->ski.len > CA_KEY_ID_MAX)
        return sg_err_set(err, SG_POLICY,
                          "%s: the existing certificate \"%s\" has no "
                          "subjectKeyIdentifier of 1 to %d octets "
                          "(RFC 5280 4.2.1.2)",
                          name, text, CA_KEY_ID_MAX);
    if (args->spki != NULL && !sg_slice_eq(args->spki->der, existing->spki.der))
        return sg_err_set(err, SG_POLICY,
                          "%s: the public key is not that of the existing "
                          "certificate \"%s\" (RFC 5280 4.2.1.2)",
                          name, text);
    return SG_OK;
}

static enum sg_rc read_subject(struct ca_authority *it, struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf name;
    const struct ca_authority_args *args = it->args;

    sg_buf_init(&name, SUBJECT_MAX);
    if (it->kind == CA_AUTHORITY_CROSS) {
        it->subject = args->existing->subject;
    } else if (it->kind == CA_AUTHORITY_ROLLOVER) {
        it->subject = ca_issuer_cert(args->issuer)->subject;
    } else {
        if (args->subject.n == 0)
            return sg_err_set(err, SG_POLICY,
                              "subject: empty in a CA certificate "
                              "(RFC 5280 4.1.2.6)");
        SG_TRY(ca_rule_subject(&args->subject, err));
        SG_TRY(ca_dn_encode(&args->subject, &name, err));
        it->subject = sg_arena_copy(&it->arena, sg_buf_slice(&name));
        if (it->subject.p == NULL)
            return sg_err_set(err, SG_NOMEM, "subject");
    }
    if (it->subject.len <= 2) /* 30 00 */
        return sg_err_set(err, SG_POLICY,
                          "subject: empty in a CA certificate "
                          "(RFC 5280 4.1.2.6)");
    ca_dn_text(it->subject, it->text, sizeof it->text);
    return SG_OK;
}

static enum sg_rc read_key(struct ca_authority *it, struct sg_err *err)
{
    const struct ca_authority_args *args = it->args;
    uint8_t sha1[20];

    it->spki = args->spki != NULL ? args->spki : &args->existing->spki;
    if (args->existing != NULL) {
        it->key_id = args->existing->ski;
        return SG_OK;
    }
    SG_TRY(ca_spki_key_id(it->spki, sha1, err));
    it->key_id = sg_arena_copy(&it->arena, SG_SLICE(sha1, sizeof sha1));
    if (it->key_id.p == NULL)
        return sg_err_set(err, SG_NOMEM, "subject key identifier");
    return SG_OK;
}

static enum sg_rc read_purposes(struct ca_authority *it, struct sg_err *err)
{
    const struct ca_authority_args *args = it->args;

    if (args->n_eku > CA_OIDS_MAX)
        return sg_err_set(err, SG_POLICY,
                          "extended key usage: %zu purposes, at most %d",
                          args->n_eku, CA_OIDS_MAX);
    for (size_t i = 0; i < args->n_eku; i++)
        SG_TRY(ca_oids_add(&it->arena, &it->eku, "extended key usage",
                           args->eku[i], err));
    return SG_OK;
}

static enum sg_rc resolve(struct ca_authority *it, struct sg_err *err)
{
    SG_TRY(check_kind(it, err));
    if (it->args->existing != NULL)
        SG_TRY(check_existing(it, err));
    SG_TRY(read_subject(it, err));
    SG_TRY(read_key(it, err));
    return read_purposes(it, err);
}

/* --- the certificate ------------------------------------------------------ */

static enum sg_rc make(struct ca_authority *it, struct sg_buf *out,
                       struct sg_err *err)
{
    SG_TRY(resolve(it, err));
    SG_TRY(ca_authority_check(it, err));
    return ca_authority_put(it, out, err);
}

enum sg_rc ca_authority_tbs(const struct ca_authority_args *args,
                            struct sg_buf *out, struct sg_err *err)
{
    struct ca_authority it = { .args = args, .kind = args->kind };
    size_t start = out->len;
    enum sg_rc rc;

    if (it.kind == CA_AUTHORITY_UNSET)
        it.kind = args->issuer != NULL ? CA_AUTHORITY_INTERMEDIATE
                                       : CA_AUTHORITY_ROOT;
    sg_arena_init(&it.arena, AUTHORITY_ARENA_MAX);
    rc = make(&it, out, err);
    sg_arena_done(&it.arena);
    if (rc != SG_OK)
        out->len = start;
    return rc;
}

/* --- requests ------------------------------------------------------------- */

static const uint8_t NO_ATTRIBUTES[] = { 0xa0, 0x00 };

static enum sg_rc put_csr_info(const struct ca_dn *subject,
                               const struct ca_spki *spki, struct sg_buf *out,
                               struct sg_err *err)
{
    struct sg_derw w;
    size_t info;

    sg_derw_init(&w, out);
    info = sg_derw_begin(&w, SG_DER_SEQUENCE);
    sg_derw_uint(&w, 0); /* v1, RFC 2986 4.1 */
    SG_TRY(ca_dn_encode(subject, out, err));
    sg_derw_raw(&w, spki->der);
    sg_derw_raw(&w, SG_SLICE(NO_ATTRIBUTES, sizeof NO_ATTRIBUTES));
    sg_derw_end(&w, info);
    return sg_derw_finish(&w, err);
}

enum sg_rc ca_csr_info(const struct ca_dn *subject, const struct ca_spki *spki,
                       struct sg_buf *out, struct sg_err *err)
{
    size_t start = out->len;
    enum sg_rc rc;

    SG_TRY(ca_rule_subject(subject, err));
    rc = put_csr_info(subject, spki, out, err);
    if (rc != SG_OK)
        out->len = start;
    return rc;
}
