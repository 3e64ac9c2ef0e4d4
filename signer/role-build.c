/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/role-build.h"

#include <string.h>

#include "ca/san.h"
#include "common/parse.h"
#include "signer/other-san.h"

#define NOT_BEFORE_DURATION 30           /* seconds, Vault's default */
#define NOT_BEFORE_MAX 86400             /* seconds; a clock is not a day off */
#define TTL_MAX (INT64_C(36525) * 86400) /* seconds: a hundred years */

static bool on(const bool *flag, bool preset)
{
    return flag == NULL ? preset : *flag;
}

static enum sg_rc nomem(struct sg_err *err)
{
    return sg_err_set(err, SG_NOMEM, "role");
}

static enum sg_rc copy_text(struct sg_arena *arena, const char *text,
                            const char **value, struct sg_err *err)
{
    *value = sg_arena_strdup(arena, text);
    return *value == NULL ? nomem(err) : SG_OK;
}

static enum sg_rc copy_list(struct sg_arena *arena,
                            const struct srv_file_list *in,
                            struct srv_list *out, struct sg_err *err)
{
    out->v = sg_arena_array(arena, const char *, in->v_count + 1u);
    if (out->v == NULL)
        return nomem(err);
    for (unsigned i = 0; i < in->v_count; i++)
        SG_TRY(copy_text(arena, in->v[i], &out->v[out->n++], err));
    return SG_OK;
}

/* --- names ------------------------------------------------------------------ */

/* Lower case and A-labels, as the names that will be held against it. A glob
 * has no A-label form; it can only be ASCII. */
static enum sg_rc add_domain(struct sg_arena *arena, const char *text,
                             struct srv_list *out, struct sg_err *err)
{
    struct sg_slice ascii = { 0 };
    struct sg_err inner = { 0 };
    bool glob = strchr(text, '*') != NULL;
    char *copy = NULL;
    for (const char *p = text; *p != '\0'; p++) {
        if (glob && (unsigned char)*p >= 0x80)
            return sg_err_set(err, SG_CONFIG,
                              "\"%s\": a glob must be in ASCII (A-labels)",
                              text);
        if ((unsigned char)*p <= 0x20 || *p == ',')
            return sg_err_set(err, SG_CONFIG,
                              "\"%s\" holds a space or comma; write a list",
                              text);
    }
    if (!glob) {
        if (ca_dns_to_ascii(arena, sg_slice_str(text), &ascii, &inner) != SG_OK)
            return sg_err_set(err, SG_CONFIG, "%s", inner.msg);
        copy = sg_arena_text(arena, ascii);
    } else {
        copy = sg_arena_strdup(arena, text);
    }
    if (copy == NULL)
        return nomem(err);
    for (char *p = copy; *p != '\0'; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p + ('a' - 'A'));
    out->v[out->n++] = copy;
    return SG_OK;
}

static enum sg_rc read_domains(struct sg_arena *arena,
                               const struct srv_file_list *in,
                               struct srv_list *out, struct sg_err *err)
{
    out->v = sg_arena_array(arena, const char *, in->v_count + 1u);
    if (out->v == NULL)
        return nomem(err);
    for (unsigned i = 0; i < in->v_count; i++)
        SG_TRY(add_domain(arena, in->v[i], out, err));
    return SG_OK;
}

/* "oid;UTF8:glob" becomes "oid;glob". */
static enum sg_rc add_other(struct sg_arena *arena, const char *text,
                            struct srv_list *out, struct sg_err *err)
{
    struct srv_other other;
    struct sg_err inner = { 0 };
    if (strcmp(text, "*") == 0)
        return copy_text(arena, text, &out->v[out->n++], err);
    enum sg_rc rc = srv_other_parse(arena, text, &other, &inner);
    if (rc == SG_NOMEM)
        return nomem(err);
    if (rc != SG_OK)
        return sg_err_set(err, SG_CONFIG, "%s", inner.msg);
    const char *entry = sg_arena_printf(arena, "%s;%s", other.oid, other.value);
    if (entry == NULL)
        return nomem(err);
    out->v[out->n++] = entry;
    return SG_OK;
}

static enum sg_rc read_others(struct sg_arena *arena,
                              const struct srv_file_list *in,
                              struct srv_list *out, struct sg_err *err)
{
    out->v = sg_arena_array(arena, const char *, in->v_count + 1u);
    if (out->v == NULL)
        return nomem(err);
    for (unsigned i = 0; i < in->v_count; i++)
        SG_TRY(add_other(arena, in->v[i], out, err));
    return SG_OK;
}

static enum sg_rc read_names(struct sg_arena *arena,
                             const struct srv_role_config *in,
                             struct srv_role *out, const char **key,
                             struct sg_err *err)
{
    out->allow_localhost = on(in->allow_localhost, true);
    out->allow_bare_domains = on(in->allow_bare_domains, false);
    out->allow_subdomains = on(in->allow_subdomains, false);
    out->allow_glob_domains = on(in->allow_glob_domains, false);
    out->allow_wildcard_certificates =
        on(in->allow_wildcard_certificates, true);
    out->allow_any_name = on(in->allow_any_name, false);
    out->enforce_hostnames = on(in->enforce_hostnames, true);
    out->allow_ip_sans = on(in->allow_ip_sans, true);
    *key = "allowed_domains";
    SG_TRY(
        read_domains(arena, &in->allowed_domains, &out->allowed_domains, err));
    *key = "allowed_other_sans";
    SG_TRY(read_others(arena, &in->allowed_other_sans, &out->allowed_other_sans,
                       err));
    SG_TRY(
        copy_list(arena, &in->allowed_uri_sans, &out->allowed_uri_sans, err));
    SG_TRY(copy_list(arena, &in->allowed_serial_numbers,
                     &out->allowed_serial_numbers, err));
    return copy_list(arena, &in->allowed_user_ids, &out->allowed_user_ids, err);
}

static enum sg_rc read_cn(const struct srv_role_config *in,
                          struct srv_role *out, const char **key,
                          struct sg_err *err)
{
    const struct srv_file_list *list = &in->cn_validations;
    out->require_cn = on(in->require_cn, true);
    out->cn_validate_email = out->cn_validate_hostname = list->v_count == 0;
    *key = "cn_validations";
    for (unsigned i = 0; i < list->v_count; i++) {
        if (strcmp(list->v[i], "email") == 0)
            out->cn_validate_email = true;
        else if (strcmp(list->v[i], "hostname") == 0)
            out->cn_validate_hostname = true;
        else if (strcmp(list->v[i], "disabled") != 0)
            return sg_err_set(err, SG_CONFIG,
                              "\"%s\" is not one of email, hostname, disabled",
                              list->v[i]);
        else if (list->v_count > 1)
            return sg_err_set(err, SG_CONFIG, "\"disabled\" stands alone");
    }
    return SG_OK;
}

/* --- subject ---------------------------------------------------------------- */

void srv_role_subject(const struct srv_role *role,
                      struct srv_role_subject ret[static SRV_ROLE_SUBJECT_N])
{
    ret[0] = (struct srv_role_subject){ CA_ATTR_COUNTRY, &role->country };
    ret[1] = (struct srv_role_subject){ CA_ATTR_PROVINCE, &role->province };
    ret[2] = (struct srv_role_subject){ CA_ATTR_LOCALITY, &role->locality };
    ret[3] =
        (struct srv_role_subject){ CA_ATTR_POSTAL_CODE, &role->postal_code };
    ret[4] = (struct srv_role_subject){ CA_ATTR_STREET, &role->street_address };
    ret[5] =
        (struct srv_role_subject){ CA_ATTR_ORGANIZATION, &role->organization };
    ret[6] = (struct srv_role_subject){ CA_ATTR_ORG_UNIT, &role->ou };
}

/* A value that cannot be encoded is found here and not at each request. */
static enum sg_rc check_attr(struct sg_arena *arena, enum ca_attr attr,
                             const struct srv_list *values, struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf der = { 0 };
    struct ca_dn dn = { 0 };
    struct sg_err inner = { 0 };
    enum sg_rc rc = SG_OK;
    sg_buf_init(&der, 65536);
    for (size_t i = 0; i < values->n && rc == SG_OK; i++)
        rc = ca_dn_add(arena, &dn, attr, sg_slice_str(values->v[i]), &inner);
    if (rc == SG_OK)
        rc = ca_dn_encode(&dn, &der, &inner);
    if (rc == SG_OK)
        return SG_OK;
    return sg_err_set(err, rc == SG_NOMEM ? SG_NOMEM : SG_CONFIG, "%s",
                      inner.msg);
}

static enum sg_rc read_subject(struct sg_arena *arena,
                               const struct srv_role_config *in,
                               struct srv_role *out, const char **key,
                               struct sg_err *err)
{
    const struct {
        const char *key;
        enum ca_attr attr;
        const struct srv_file_list *from;
        struct srv_list *to;
    } rows[] = {
        { "ou", CA_ATTR_ORG_UNIT, &in->ou, &out->ou },
        { "organization", CA_ATTR_ORGANIZATION, &in->organization,
          &out->organization },
        { "country", CA_ATTR_COUNTRY, &in->country, &out->country },
        { "locality", CA_ATTR_LOCALITY, &in->locality, &out->locality },
        { "province", CA_ATTR_PROVINCE, &in->province, &out->province },
        { "street_address", CA_ATTR_STREET, &in->street_address,
          &out->street_address },
        { "postal_code", CA_ATTR_POSTAL_CODE, &in->postal_code,
          &out->postal_code },
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        *key = rows[i].key;
        SG_TRY(copy_list(arena, rows[i].from, rows[i].to, err));
        SG_TRY(check_attr(arena, rows[i].attr, rows[i].to, err));
    }
    return SG_OK;
}

/* --- keys and signatures ---------------------------------------------------- */

static enum sg_rc read_bits(const char *text, unsigned *bits,
                            struct sg_err *err)
{
    struct sg_err inner = { 0 };
    uint64_t v = 0;
    if (text != NULL && sg_parse_u64(text, 0, 16384, &v, &inner) != SG_OK)
        return sg_err_set(err, SG_CONFIG, "%s", inner.msg);
    *bits = (unsigned)v;
    return SG_OK;
}

static const struct {
    const char *type;
    unsigned bits;
    enum ca_key_kind kind;
} KEYS[] = {
    /* the first of a type is what 0 bits stand for */
    { "rsa", 2048, CA_KEY_RSA },   { "rsa", 3072, CA_KEY_RSA },
    { "rsa", 4096, CA_KEY_RSA },   { "rsa", 8192, CA_KEY_RSA },
    { "ec", 256, CA_KEY_EC_P256 }, { "ec", 384, CA_KEY_EC_P384 },
    { "ec", 521, CA_KEY_EC_P521 }, { "ed25519", 0, CA_KEY_ED25519 },
    { "any", 0, CA_KEY_UNSET },
};

static enum sg_rc find_key(const char *type, struct srv_role *out,
                           const char **key, struct sg_err *err)
{
    bool known = false;
    unsigned bits = out->key_bits;
    for (size_t i = 0; i < SG_ARRAY_LEN(KEYS); i++) {
        if (strcmp(type, KEYS[i].type) != 0)
            continue;
        known = true;
        /* Vault ignores key_bits with any and ed25519. */
        if (bits != 0 && KEYS[i].bits != 0 && bits != KEYS[i].bits)
            continue;
        out->key_type = KEYS[i].type;
        out->key_kind = KEYS[i].kind;
        out->key_bits = KEYS[i].bits;
        return SG_OK;
    }
    if (known) {
        *key = "key_bits";
        return sg_err_set(err, SG_CONFIG,
                          "%u is not a size of %s keys (rsa: 2048, 3072, "
                          "4096, 8192; ec: 256, 384, 521)",
                          bits, type);
    }
    *key = "key_type";
    return sg_err_set(err, SG_CONFIG,
                      "\"%s\" is not one of rsa, ec, ed25519, any", type);
}

static enum sg_rc read_keys(const struct srv_role_config *in,
                            struct srv_role *out, const char **key,
                            struct sg_err *err)
{
    *key = "key_bits";
    SG_TRY(read_bits(in->key_bits, &out->key_bits, err));
    SG_TRY(
        find_key(in->key_type != NULL ? in->key_type : "rsa", out, key, err));
    *key = "signature_bits";
    SG_TRY(read_bits(in->signature_bits, &out->signature_bits, err));
    if (out->signature_bits != 0 && out->signature_bits != 256
        && out->signature_bits != 384 && out->signature_bits != 512)
        return sg_err_set(err, SG_CONFIG, "%u is not one of 0, 256, 384, 512",
                          out->signature_bits);
    out->use_pss = on(in->use_pss, false);
    out->use_csr_common_name = on(in->use_csr_common_name, true);
    out->use_csr_sans = on(in->use_csr_sans, true);
    const char *source = in->serial_number_source != NULL
                             ? in->serial_number_source
                             : "json-csr";
    out->serial_number_from_csr = strcmp(source, "json-csr") == 0;
    *key = "serial_number_source";
    if (!out->serial_number_from_csr && strcmp(source, "json") != 0)
        return sg_err_set(err, SG_CONFIG, "\"%s\" is neither json-csr nor json",
                          source);
    return SG_OK;
}

/* --- times ------------------------------------------------------------------ */

static enum sg_rc read_seconds(const char *text, int64_t max, int64_t *value,
                               struct sg_err *err)
{
    struct sg_err inner = { 0 };
    int64_t v = 0;
    if (text == NULL || *text == '\0')
        return SG_OK;
    if (sg_parse_duration(text, &v, &inner) != SG_OK)
        return sg_err_set(err, SG_CONFIG, "%s", inner.msg);
    if (v > max)
        return sg_err_set(err, SG_CONFIG, "\"%s\" is longer than %llds", text,
                          (long long)max);
    *value = v;
    return SG_OK;
}

static enum sg_rc read_times(const struct srv_role_config *in,
                             struct srv_role *out, const char **key,
                             struct sg_err *err)
{
    struct sg_err inner = { 0 };
    *key = "max_ttl";
    SG_TRY(read_seconds(in->max_ttl, TTL_MAX, &out->max_ttl, err));
    *key = "ttl";
    SG_TRY(read_seconds(in->ttl, TTL_MAX, &out->ttl, err));
    if (out->ttl > 0 && out->max_ttl > 0 && out->ttl > out->max_ttl)
        return sg_err_set(err, SG_CONFIG,
                          "\"%s\" is longer than max_ttl, \"%s\"", in->ttl,
                          in->max_ttl);
    *key = "not_before_duration";
    out->not_before_duration = NOT_BEFORE_DURATION;
    SG_TRY(read_seconds(in->not_before_duration, NOT_BEFORE_MAX,
                        &out->not_before_duration, err));
    *key = "not_after";
    out->has_not_after = in->not_after != NULL && *in->not_after != '\0';
    if (out->has_not_after
        && sg_parse_time(in->not_after, &out->not_after, &inner) != SG_OK)
        return sg_err_set(err, SG_CONFIG, "%s", inner.msg);
    return SG_OK;
}

/* --- the role --------------------------------------------------------------- */

static enum sg_rc refuse_unsupported(const struct srv_role_config *in,
                                     const char **key, struct sg_err *err)
{
    const struct {
        const char *key;
        const char *value;
        const char *why;
    } rows[] = {
        { "allowed_domains_template", in->allowed_domains_template,
          "templates need identities, which signetd does not have" },
        { "allowed_uri_sans_template", in->allowed_uri_sans_template,
          "templates need identities, which signetd does not have" },
        { "allow_token_displayname", in->allow_token_displayname,
          "display names belong to Vault's tokens" },
        { "generate_lease", in->generate_lease, "signetd has no leases" },
        { "no_store", in->no_store, "signetd does not store certificates" },
        { "no_store_metadata", in->no_store_metadata,
          "signetd does not store metadata" },
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        if (rows[i].value == NULL)
            continue;
        *key = rows[i].key;
        return sg_err_set(err, SG_CONFIG, "not supported: %s; leave it out",
                          rows[i].why);
    }
    return SG_OK;
}

enum sg_rc srv_role_build(struct sg_arena *arena,
                          const struct srv_role_config *in,
                          struct srv_role *ret, const char **key,
                          struct sg_err *err)
{
    struct srv_role *role = sg_arena_new(arena, struct srv_role);

    if (role == NULL)
        return nomem(err);
    SG_TRY(refuse_unsupported(in, key, err));
    SG_TRY(copy_text(arena, in->name, &role->name, err));
    SG_TRY(copy_text(arena, in->issuer_ref != NULL ? in->issuer_ref : "default",
                     &role->issuer_ref, err));
    SG_TRY(read_times(in, role, key, err));
    SG_TRY(read_names(arena, in, role, key, err));
    SG_TRY(read_cn(in, role, key, err));
    SG_TRY(read_keys(in, role, key, err));
    SG_TRY(read_subject(arena, in, role, key, err));
    SG_TRY(srv_role_profile(arena, in, &role->profile, key, err));
    *ret = *role;
    return SG_OK;
}
