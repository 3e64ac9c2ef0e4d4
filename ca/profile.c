/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/profile.h"

#include <stdlib.h>
#include <string.h>

#include "ca/ext.h"
#include "common/parse.h"

#define NOTICE_MAX 200         /* characters, RFC 5280 4.2.1.4 */
#define PROFILE_BYTES_MAX 8192 /* half of what a leaf's extensions may take */
/* The extensions and every OID with its alignment. */
#define PROFILE_ARENA_MAX ((size_t)4 * PROFILE_BYTES_MAX)

/* Dotted text to content octets in the arena, appended when it is new. */
static enum sg_rc add_oid(struct sg_arena *arena, struct ca_oids *list,
                          const char *field, const char *text,
                          struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf octets;
    struct sg_err why = { 0 };
    struct sg_slice oid;

    sg_buf_init(&octets, SG_OID_TEXT_MAX);
    if (sg_oid_from_text(text, &octets, &why) != SG_OK)
        return sg_err_set(err, SG_POLICY, "%s: %s", field, why.msg);
    for (size_t i = 0; i < list->n; i++)
        if (sg_slice_eq(list->oid[i], sg_buf_slice(&octets)))
            return sg_err_set(err, SG_POLICY, "%s: %s given twice", field,
                              text);
    oid = sg_arena_copy(arena, sg_buf_slice(&octets));
    if (oid.p == NULL)
        return sg_err_set(err, SG_NOMEM, "%s", field);
    list->oid[list->n++] = oid;
    return SG_OK;
}

/* --- key usage ------------------------------------------------------------ */

#define KU_KNOWN ((CA_KU_DECIPHER_ONLY << 1) - 1)

static enum sg_rc check_key_usage(unsigned bits, struct sg_err *err)
{
    if ((bits & ~(unsigned)KU_KNOWN) != 0)
        return sg_err_set(err, SG_POLICY,
                          "key usage: unknown bits 0x%x (RFC 5280 4.2.1.3)",
                          bits & ~(unsigned)KU_KNOWN);
    if ((bits & CA_KU_KEY_CERT_SIGN) != 0)
        return sg_err_set(err, SG_POLICY,
                          "key usage: keyCertSign in a leaf certificate "
                          "(RFC 5280 4.2.1.3)");
    if ((bits & CA_KU_CRL_SIGN) != 0)
        return sg_err_set(err, SG_POLICY,
                          "key usage: cRLSign in a leaf certificate "
                          "(BR 7.1.2.7.11)");
    if ((bits & (CA_KU_ENCIPHER_ONLY | CA_KU_DECIPHER_ONLY)) != 0
        && (bits & CA_KU_KEY_AGREEMENT) == 0)
        return sg_err_set(err, SG_POLICY,
                          "key usage: encipherOnly and decipherOnly mean "
                          "nothing without keyAgreement (RFC 5280 4.2.1.3)");
    if ((bits & CA_KU_ENCIPHER_ONLY) != 0 && (bits & CA_KU_DECIPHER_ONLY) != 0)
        return sg_err_set(err, SG_POLICY,
                          "key usage: encipherOnly and decipherOnly exclude "
                          "each other (RFC 5280 4.2.1.3)");
    return SG_OK;
}

/* --- extended key usage --------------------------------------------------- */

/* RFC 5280 4.2.1.12: the key usage must hold one of these bits. */
static const struct {
    enum ca_oid purpose;
    unsigned bits;
} EKU_NEEDS[] = {
    { CA_OID_EKU_SERVER_AUTH,
      CA_KU_DIGITAL_SIGNATURE | CA_KU_KEY_ENCIPHERMENT | CA_KU_KEY_AGREEMENT },
    { CA_OID_EKU_CLIENT_AUTH, CA_KU_DIGITAL_SIGNATURE | CA_KU_KEY_AGREEMENT },
    { CA_OID_EKU_CODE_SIGNING, CA_KU_DIGITAL_SIGNATURE },
    { CA_OID_EKU_EMAIL, CA_KU_DIGITAL_SIGNATURE | CA_KU_CONTENT_COMMITMENT
                            | CA_KU_KEY_ENCIPHERMENT | CA_KU_KEY_AGREEMENT },
    { CA_OID_EKU_TIME_STAMPING,
      CA_KU_DIGITAL_SIGNATURE | CA_KU_CONTENT_COMMITMENT },
};

static enum sg_rc check_purpose(const struct ca_profile_args *args,
                                struct sg_slice oid, struct sg_err *err)
{
    enum ca_oid purpose = ca_oid_find(oid);
    char text[SG_OID_TEXT_MAX];

    if (purpose == CA_OID_EKU_ANY)
        return sg_err_set(err, SG_POLICY,
                          "extended key usage: anyExtendedKeyUsage in a leaf "
                          "certificate (BR 7.1.2.7.10)");
    if (purpose == CA_OID_EKU_OCSP_SIGNING)
        return sg_err_set(err, SG_POLICY,
                          "extended key usage: OCSPSigning needs a responder's "
                          "profile (RFC 6960 4.2.2.2)");
    if (purpose == CA_OID_EKU_TIME_STAMPING && args->n_eku != 1)
        return sg_err_set(err, SG_POLICY,
                          "extended key usage: timeStamping stands alone "
                          "(RFC 3161 2.3)");
    if (args->key_usage == 0) /* no extension restricts nothing */
        return SG_OK;
    for (size_t i = 0; i < SG_ARRAY_LEN(EKU_NEEDS); i++)
        if (EKU_NEEDS[i].purpose == purpose
            && (EKU_NEEDS[i].bits & args->key_usage) == 0)
            return sg_err_set(err, SG_POLICY,
                              "extended key usage: %s does not fit the key "
                              "usage (RFC 5280 4.2.1.12)",
                              ca_oid_text(oid, text));
    return SG_OK;
}

static enum sg_rc put_eku(struct ca_profile *profile,
                          const struct ca_profile_args *args, struct sg_derw *w,
                          struct sg_err *err)
{
    struct ca_oids *list = &profile->eku;
    struct ca_ext ext;
    size_t seq;

    if (args->n_eku == 0)
        return SG_OK;
    if (args->n_eku > CA_OIDS_MAX)
        return sg_err_set(err, SG_POLICY,
                          "extended key usage: %zu purposes, at most %d",
                          args->n_eku, CA_OIDS_MAX);
    for (size_t i = 0; i < args->n_eku; i++) {
        SG_TRY(add_oid(&profile->arena, list, "extended key usage",
                       args->eku[i], err));
        SG_TRY(check_purpose(args, list->oid[i], err));
    }
    /* Not critical, but for a time stamper's (RFC 3161 2.3). */
    ext = ca_ext_begin(w, CA_OID_EXT_EKU,
                       ca_oid_is(list->oid[0], CA_OID_EKU_TIME_STAMPING));
    seq = sg_derw_begin(w, SG_DER_SEQUENCE);
    for (size_t i = 0; i < list->n; i++)
        sg_derw_oid(w, list->oid[i]);
    sg_derw_end(w, seq);
    ca_ext_end(w, ext);
    return SG_OK;
}

/* --- certificate policies ------------------------------------------------- */

static enum sg_rc check_notice(const char *notice, struct sg_err *err)
{
    struct sg_slice text = sg_slice_str(notice);
    size_t chars = 0;

    if (text.len == 0 || !sg_is_utf8(text))
        return sg_err_set(err, SG_POLICY,
                          "policy notice: empty or not UTF-8 "
                          "(RFC 5280 4.2.1.4)");
    for (size_t i = 0; i < text.len; i++) {
        /* C1 controls U+0080–9f are c2 80–9f in UTF-8. */
        if (text.p[i] < 0x20 || text.p[i] == 0x7f
            || (text.p[i] == 0xc2 && text.p[i + 1] < 0xa0))
            return sg_err_set(err, SG_POLICY,
                              "policy notice: control character at octet %zu "
                              "(RFC 5280 4.2.1.4)",
                              i);
        if ((text.p[i] & 0xc0) != 0x80)
            chars++;
    }
    if (chars > NOTICE_MAX)
        return sg_err_set(err, SG_POLICY,
                          "policy notice: %zu characters, at most %d "
                          "(RFC 5280 4.2.1.4)",
                          chars, NOTICE_MAX);
    return SG_OK;
}

static void put_qualifiers(struct sg_derw *w, const struct ca_policy *policy)
{
    size_t all = sg_derw_begin(w, SG_DER_SEQUENCE);

    if (policy->cps != NULL) {
        size_t info = sg_derw_begin(w, SG_DER_SEQUENCE);

        sg_derw_oid(w, ca_oid(CA_OID_QT_CPS));
        sg_derw_tlv(w, SG_DER_IA5_STRING, sg_slice_str(policy->cps));
        sg_derw_end(w, info);
    }
    if (policy->notice != NULL) {
        size_t info = sg_derw_begin(w, SG_DER_SEQUENCE);
        size_t notice;

        sg_derw_oid(w, ca_oid(CA_OID_QT_UNOTICE));
        notice = sg_derw_begin(w, SG_DER_SEQUENCE);
        sg_derw_tlv(w, SG_DER_UTF8_STRING, sg_slice_str(policy->notice));
        sg_derw_end(w, notice);
        sg_derw_end(w, info);
    }
    sg_derw_end(w, all);
}

static void put_policy(struct sg_derw *w, struct sg_slice oid,
                       const struct ca_policy *policy)
{
    size_t info = sg_derw_begin(w, SG_DER_SEQUENCE);

    sg_derw_oid(w, oid);
    if (policy->cps != NULL || policy->notice != NULL)
        put_qualifiers(w, policy);
    sg_derw_end(w, info);
}

static enum sg_rc put_policies(struct sg_arena *arena,
                               const struct ca_profile_args *args,
                               struct sg_derw *w, struct sg_err *err)
{
    struct ca_oids list = { 0 };
    struct ca_ext ext;
    size_t seq;

    if (args->n_policies == 0)
        return SG_OK;
    if (args->n_policies > CA_OIDS_MAX)
        return sg_err_set(err, SG_POLICY, "policies: %zu, at most %d",
                          args->n_policies, CA_OIDS_MAX);
    for (size_t i = 0; i < args->n_policies; i++) {
        const struct ca_policy *policy = &args->policies[i];

        SG_TRY(add_oid(arena, &list, "policy", policy->oid, err));
        if (policy->cps != NULL)
            SG_TRY(ca_url_check("policy CPS", policy->cps, false, err));
        if (policy->notice != NULL)
            SG_TRY(check_notice(policy->notice, err));
    }
    ext = ca_ext_begin(w, CA_OID_EXT_CP, false);
    seq = sg_derw_begin(w, SG_DER_SEQUENCE);
    for (size_t i = 0; i < args->n_policies; i++)
        put_policy(w, list.oid[i], &args->policies[i]);
    sg_derw_end(w, seq);
    ca_ext_end(w, ext);
    return SG_OK;
}

/* --- the profile ---------------------------------------------------------- */

static enum sg_rc encode(struct ca_profile *profile,
                         const struct ca_profile_args *args, struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf out;
    struct sg_derw w;

    sg_buf_init(&out, PROFILE_BYTES_MAX);
    sg_derw_init(&w, &out);
    SG_TRY(check_key_usage(args->key_usage, err));
    if (args->key_usage != 0)
        ca_ext_key_usage(&w, args->key_usage);
    SG_TRY(put_eku(profile, args, &w, err));
    if (args->basic_constraints)
        ca_ext_basic_leaf(&w);
    SG_TRY(put_policies(&profile->arena, args, &w, err));
    SG_TRY(sg_derw_finish(&w, err));
    if (out.len == 0)
        return SG_OK;
    profile->extensions = sg_arena_copy(&profile->arena, sg_buf_slice(&out));
    if (profile->extensions.p == NULL)
        return sg_err_set(err, SG_NOMEM, "profile");
    return SG_OK;
}

enum sg_rc ca_profile_new(const struct ca_profile_args *args,
                          struct ca_profile **ret_profile, struct sg_err *err)
{
    SG_CLEANUP(ca_profile_free) struct ca_profile *profile = NULL;

    profile = calloc(1, sizeof *profile);
    if (profile == NULL)
        return sg_err_set(err, SG_NOMEM, "profile");
    sg_arena_init(&profile->arena, PROFILE_ARENA_MAX);
    SG_TRY(encode(profile, args, err));
    *ret_profile = SG_TAKE(profile);
    return SG_OK;
}

void ca_profile_free(struct ca_profile *profile)
{
    if (profile == NULL)
        return;
    sg_arena_done(&profile->arena);
    free(profile);
}
