/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/profile.h"

#include <stdlib.h>
#include <string.h>

#include "ca/ext.h"
#include "common/parse.h"

#define PROFILE_BYTES_MAX 8192 /* half of what a leaf's extensions may take */
/* The extensions and every OID with its alignment. */
#define PROFILE_ARENA_MAX ((size_t)4 * PROFILE_BYTES_MAX)

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

uint16_t ca_profile_key_usage(const struct ca_profile *profile,
                              enum ca_key_kind kind)
{
    const uint16_t sign = CA_KU_DIGITAL_SIGNATURE | CA_KU_CONTENT_COMMITMENT;
    const uint16_t encipher = CA_KU_KEY_ENCIPHERMENT | CA_KU_DATA_ENCIPHERMENT;
    const uint16_t agree =
        CA_KU_KEY_AGREEMENT | CA_KU_ENCIPHER_ONLY | CA_KU_DECIPHER_ONLY;

    switch (kind) {
    case CA_KEY_RSA:
        return profile->key_usage & (sign | encipher);
    case CA_KEY_EC_P256:
    case CA_KEY_EC_P384:
    case CA_KEY_EC_P521:
        return profile->key_usage & (sign | agree);
    case CA_KEY_ED25519:
        return profile->key_usage & sign;
    case CA_KEY_UNSET:
    default:
        return 0;
    }
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

    if (args->n_eku == 0)
        return SG_OK;
    if (args->n_eku > CA_OIDS_MAX)
        return sg_err_set(err, SG_POLICY,
                          "extended key usage: %zu purposes, at most %d",
                          args->n_eku, CA_OIDS_MAX);
    for (size_t i = 0; i < args->n_eku; i++) {
        SG_TRY(ca_oids_add(&profile->arena, list, "extended key usage",
                           args->eku[i], err));
        SG_TRY(check_purpose(args, list->oid[i], err));
    }
    /* Not critical, but for a time stamper's (RFC 3161 2.3). */
    ca_ext_eku(w, list, ca_oid_is(list->oid[0], CA_OID_EKU_TIME_STAMPING));
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
    profile->key_usage = args->key_usage;
    SG_TRY(put_eku(profile, args, &w, err));
    if (args->basic_constraints)
        ca_ext_basic_leaf(&w);
    SG_TRY(ca_ext_policies(&w, args->policies, args->n_policies, err));
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
