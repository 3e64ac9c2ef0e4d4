/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <strings.h>

#include "signer/role-build.h"

/* Vault takes Go's names with or without their prefix, in any letter case. */
static const struct {
    const char *name;
    uint16_t bit;
} KEY_USAGES[] = {
    { "DigitalSignature", CA_KU_DIGITAL_SIGNATURE },
    { "ContentCommitment", CA_KU_CONTENT_COMMITMENT },
    { "KeyEncipherment", CA_KU_KEY_ENCIPHERMENT },
    { "DataEncipherment", CA_KU_DATA_ENCIPHERMENT },
    { "KeyAgreement", CA_KU_KEY_AGREEMENT },
    { "CertSign", CA_KU_KEY_CERT_SIGN },
    { "CRLSign", CA_KU_CRL_SIGN },
    { "EncipherOnly", CA_KU_ENCIPHER_ONLY },
    { "DecipherOnly", CA_KU_DECIPHER_ONLY },
};

#define OID_SERVER_AUTH "1.3.6.1.5.5.7.3.1"
#define OID_CLIENT_AUTH "1.3.6.1.5.5.7.3.2"
#define OID_CODE_SIGNING "1.3.6.1.5.5.7.3.3"
#define OID_EMAIL_PROTECTION "1.3.6.1.5.5.7.3.4"

static const struct {
    const char *name;
    const char *oid;
} EXT_KEY_USAGES[] = {
    { "Any", "2.5.29.37.0" },
    { "ServerAuth", OID_SERVER_AUTH },
    { "ClientAuth", OID_CLIENT_AUTH },
    { "CodeSigning", OID_CODE_SIGNING },
    { "EmailProtection", OID_EMAIL_PROTECTION },
    { "IPSECEndSystem", "1.3.6.1.5.5.7.3.5" },
    { "IPSECTunnel", "1.3.6.1.5.5.7.3.6" },
    { "IPSECUser", "1.3.6.1.5.5.7.3.7" },
    { "TimeStamping", "1.3.6.1.5.5.7.3.8" },
    { "OCSPSigning", "1.3.6.1.5.5.7.3.9" },
    { "MicrosoftServerGatedCrypto", "1.3.6.1.4.1.311.10.3.3" },
    { "NetscapeServerGatedCrypto", "2.16.840.1.113730.4.1" },
    { "MicrosoftCommercialCodeSigning", "1.3.6.1.4.1.311.2.1.22" },
    { "MicrosoftKernelCodeSigning", "1.3.6.1.4.1.311.61.1.1" },
};

static const char *without_prefix(const char *name, const char *prefix)
{
    size_t len = strlen(prefix);
    return strncasecmp(name, prefix, len) == 0 ? name + len : name;
}

static enum sg_rc read_key_usage(const struct srv_role_config *in,
                                 uint16_t *bits, struct sg_err *err)
{
    if (in->key_usage.v_count == 0) {
        *bits = in->no_key_usage ? 0
                                 : CA_KU_DIGITAL_SIGNATURE | CA_KU_KEY_AGREEMENT
                                       | CA_KU_KEY_ENCIPHERMENT;
        return SG_OK;
    }
    *bits = 0;
    for (unsigned i = 0; i < in->key_usage.v_count; i++) {
        const char *name = without_prefix(in->key_usage.v[i], "KeyUsage");
        uint16_t bit = 0;
        for (size_t k = 0; k < SG_ARRAY_LEN(KEY_USAGES); k++)
            if (strcasecmp(name, KEY_USAGES[k].name) == 0)
                bit = KEY_USAGES[k].bit;
        if (bit == 0)
            return sg_err_set(err, SG_CONFIG,
                              "\"%s\" is not a key usage: DigitalSignature, "
                              "ContentCommitment, KeyEncipherment, "
                              "DataEncipherment, KeyAgreement, EncipherOnly, "
                              "DecipherOnly",
                              in->key_usage.v[i]);
        *bits |= bit;
    }
    return SG_OK;
}

struct oids {
    const char **v;
    size_t n;
};

/* Vault lists a usage once however often it is asked for. */
static void add_oid(struct oids *oids, const char *oid)
{
    for (size_t i = 0; i < oids->n; i++)
        if (strcmp(oids->v[i], oid) == 0)
            return;
    oids->v[oids->n++] = oid;
}

static bool on(const bool *flag, bool preset)
{
    return flag == NULL ? preset : *flag;
}

static enum sg_rc read_eku(const struct srv_role_config *in, struct oids *oids,
                           struct sg_err *err)
{
    if (on(in->server_flag, true))
        add_oid(oids, OID_SERVER_AUTH);
    if (on(in->client_flag, true))
        add_oid(oids, OID_CLIENT_AUTH);
    if (on(in->code_signing_flag, false))
        add_oid(oids, OID_CODE_SIGNING);
    if (on(in->email_protection_flag, false))
        add_oid(oids, OID_EMAIL_PROTECTION);
    for (unsigned i = 0; i < in->ext_key_usage.v_count; i++) {
        const char *name =
            without_prefix(in->ext_key_usage.v[i], "ExtKeyUsage");
        const char *oid = NULL;
        for (size_t k = 0; k < SG_ARRAY_LEN(EXT_KEY_USAGES); k++)
            if (strcasecmp(name, EXT_KEY_USAGES[k].name) == 0)
                oid = EXT_KEY_USAGES[k].oid;
        if (oid == NULL)
            return sg_err_set(err, SG_CONFIG,
                              "\"%s\" is not an extended key usage; its OID "
                              "may go into ext_key_usage_oids",
                              in->ext_key_usage.v[i]);
        add_oid(oids, oid);
    }
    for (unsigned i = 0; i < in->ext_key_usage_oids.v_count; i++)
        add_oid(oids, in->ext_key_usage_oids.v[i]);
    return SG_OK;
}

static enum sg_rc make(const struct ca_profile_args *args,
                       struct ca_profile **ret_profile, struct sg_err *err)
{
    struct sg_err inner = { 0 };
    enum sg_rc rc = ca_profile_new(args, ret_profile, &inner);
    if (rc == SG_OK)
        return SG_OK;
    return sg_err_set(err, rc == SG_NOMEM ? SG_NOMEM : SG_CONFIG, "%s",
                      inner.msg);
}

/* One part at a time first, so that a refusal can name its key. */
static enum sg_rc try_part(const struct ca_profile_args *args,
                           struct sg_err *err)
{
    SG_CLEANUP(ca_profile_free) struct ca_profile *profile = NULL;
    return make(args, &profile, err);
}

enum sg_rc srv_role_profile(struct sg_arena *arena,
                            const struct srv_role_config *in,
                            struct ca_profile **ret_profile, const char **key,
                            struct sg_err *err)
{
    struct ca_profile_args args = {
        .basic_constraints = on(in->basic_constraints_valid_for_non_ca, false),
    };
    size_t room =
        4u + in->ext_key_usage.v_count + in->ext_key_usage_oids.v_count;
    struct oids oids = { .v = sg_arena_array(arena, const char *, room) };
    struct ca_policy *policies = sg_arena_array(
        arena, struct ca_policy, in->policy_identifiers_count + 1u);
    if (oids.v == NULL || policies == NULL)
        return sg_err_set(err, SG_NOMEM, "role");
    *key = "key_usage";
    SG_TRY(read_key_usage(in, &args.key_usage, err));
    SG_TRY(try_part(&args, err));
    *key = "policy_identifiers";
    for (unsigned i = 0; i < in->policy_identifiers_count; i++)
        policies[i] = (struct ca_policy){
            .oid = in->policy_identifiers[i].oid,
            .cps = in->policy_identifiers[i].cps,
            .notice = in->policy_identifiers[i].notice,
        };
    args.policies = policies;
    args.n_policies = in->policy_identifiers_count;
    SG_TRY(try_part(&args, err));
    *key = in->ext_key_usage.v_count > 0 || in->ext_key_usage_oids.v_count == 0
               ? "ext_key_usage"
               : "ext_key_usage_oids";
    SG_TRY(read_eku(in, &oids, err));
    args.eku = oids.v;
    args.n_eku = oids.n;
    return make(&args, ret_profile, err);
}
