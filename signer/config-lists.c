/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/config-check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/parse.h"
#include "signer/role-build.h"

#define LABEL_MAX 63  /* bytes of CKA_LABEL, pkcs11/keytype.h */
#define SERIAL_MAX 16 /* CK_TOKEN_INFO */
#define KEY_ID_MAX 64 /* octets of CKA_ID */

/* "tokens[0].module" in dst. Returns dst. */
static const char *entry_of(char dst[SRV_ENTRY_MAX], const char *list, size_t i,
                            const char *key)
{
    (void)snprintf(dst, SRV_ENTRY_MAX, "%s[%zu].%s", list, i, key);
    return dst;
}

static enum sg_rc nomem(const struct srv_check *c)
{
    return sg_err_set(c->err, SG_NOMEM, "%s", c->path);
}

static enum sg_rc check_name(const struct srv_check *c, const char *entry,
                             const char *name)
{
    if (!srv_is_name(name, strlen(name)))
        return SRV_REFUSE(
            c, entry,
            "\"%s\" is not a name (letters, digits and \"_\", inside "
            "also \"-\" and \".\")",
            name);
    return SG_OK;
}

static bool is_pin_source(const char *text)
{
    static const char *const forms[] = { "file:/",
                                         "fd:", "credential:", "command:/" };
    for (size_t i = 0; i < SG_ARRAY_LEN(forms); i++) {
        size_t len = strlen(forms[i]);
        if (strncmp(text, forms[i], len) == 0 && text[len] != '\0')
            return true;
    }
    return strcmp(text, "prompt") == 0;
}

static enum sg_rc check_identity(const struct srv_check *c, size_t i,
                                 const struct srv_token_config *t)
{
    char at[SRV_ENTRY_MAX];

    if (t->serial != NULL
        && (t->serial[0] == '\0' || strlen(t->serial) > SERIAL_MAX))
        return SRV_REFUSE(c, entry_of(at, "tokens", i, "serial"),
                          "\"%s\" is not 1 to %d characters", t->serial,
                          SERIAL_MAX);
    if ((t->identity_key == NULL) != (t->identity_public_key == NULL))
        return SRV_REFUSE(c, entry_of(at, "tokens", i, "identity_key"),
                          "identity_key and identity_public_key belong "
                          "together");
    if (t->identity_key == NULL)
        return SG_OK;
    if (t->identity_key[0] == '\0' || strlen(t->identity_key) > LABEL_MAX)
        return SRV_REFUSE(c, entry_of(at, "tokens", i, "identity_key"),
                          "the label is not 1 to %d bytes", LABEL_MAX);
    return srv_check_absolute(c,
                              entry_of(at, "tokens", i, "identity_public_key"),
                              t->identity_public_key);
}

static enum sg_rc check_token_texts(const struct srv_check *c, size_t i,
                                    const struct srv_token_config *t)
{
    char at[SRV_ENTRY_MAX];
    SG_TRY(check_name(c, entry_of(at, "tokens", i, "name"), t->name));
    for (size_t k = 0; k < i; k++)
        if (strcmp(c->out->file->tokens[k].name, t->name) == 0)
            return SRV_REFUSE(c, at, "a token \"%s\" is there already",
                              t->name);
    SG_TRY(
        srv_check_absolute(c, entry_of(at, "tokens", i, "module"), t->module));
    SG_TRY(
        srv_check_absolute(c, entry_of(at, "tokens", i, "guards"), t->guards));
    if (strncmp(t->uri, "pkcs11:", 7) != 0)
        return SRV_REFUSE(c, entry_of(at, "tokens", i, "uri"),
                          "\"%s\" is not a PKCS#11 URI (RFC 7512)", t->uri);
    SG_TRY(check_identity(c, i, t));
    /* The value is not repeated: it may be the PIN itself. */
    if (!is_pin_source(t->pin_source))
        return SRV_REFUSE(c, entry_of(at, "tokens", i, "pin_source"),
                          "must be file:/PATH, fd:N, credential:NAME, "
                          "command:/PATH or prompt; never the PIN itself");
    return SG_OK;
}

static enum sg_rc check_token(const struct srv_check *c, size_t i,
                              struct srv_token_config *out)
{
    const struct srv_file_token *in = &c->out->file->tokens[i];
    char at[SRV_ENTRY_MAX];
    *out = (struct srv_token_config){
        .name = in->name,
        .module = in->module,
        .init_args = in->init_args,
        .uri = in->uri,
        .pin_source = in->pin_source,
        .guards = in->guards != NULL ? in->guards : "/var/lib/signet/guards",
        .serial = in->serial,
        .identity_key = in->identity_key,
        .identity_public_key = in->identity_public_key,
        .request_timeout_ms = 10000,
        .start_timeout_ms = 30000,
    };
    SG_TRY(check_token_texts(c, i, out));
    SG_TRY(srv_check_unsigned(c, entry_of(at, "tokens", i, "sessions"),
                              in->sessions, (struct srv_range){ 0, 256 },
                              &out->sessions));
    SG_TRY(srv_check_unsigned(
        c, entry_of(at, "tokens", i, "request_timeout_ms"),
        in->request_timeout_ms, (struct srv_range){ 100, SRV_TIMEOUT_MAX },
        &out->request_timeout_ms));
    return srv_check_unsigned(
        c, entry_of(at, "tokens", i, "start_timeout_ms"), in->start_timeout_ms,
        (struct srv_range){ 100, SRV_TIMEOUT_MAX }, &out->start_timeout_ms);
}

static enum sg_rc check_urls(const struct srv_check *c, size_t i,
                             const char *key, char *const *urls, unsigned n)
{
    char at[SRV_ENTRY_MAX];
    for (unsigned k = 0; k < n; k++) {
        size_t skip = strncmp(urls[k], "http://", 7) == 0    ? 7
                      : strncmp(urls[k], "https://", 8) == 0 ? 8
                                                             : 0;
        bool ok = skip != 0 && urls[k][skip] != '\0';
        for (const char *p = urls[k]; *p != '\0'; p++)
            ok = ok && *p > 0x20 && *p < 0x7f;
        if (!ok)
            return SRV_REFUSE(c, entry_of(at, "issuers", i, key),
                              "\"%s\" is not an http or https URL", urls[k]);
    }
    return SG_OK;
}

static enum sg_rc check_issuer_name(const struct srv_check *c, size_t i,
                                    const struct srv_file_issuer *in)
{
    char at[SRV_ENTRY_MAX];
    SG_TRY(check_name(c, entry_of(at, "issuers", i, "name"), in->name));
    if (strcmp(in->name, "default") == 0)
        return SRV_REFUSE(c, at, "\"default\" is a reserved word");
    for (size_t k = 0; k < i; k++)
        if (strcmp(c->out->file->issuers[k].name, in->name) == 0)
            return SRV_REFUSE(c, at, "an issuer \"%s\" is there already",
                              in->name);
    for (size_t k = 0; k < c->out->file->tokens_count; k++)
        if (strcmp(c->out->file->tokens[k].name, in->token) == 0)
            return SG_OK;
    return SRV_REFUSE(c, entry_of(at, "issuers", i, "token"),
                      "there is no token \"%s\"", in->token);
}

static enum sg_rc check_issuer_key(const struct srv_check *c, size_t i,
                                   const struct srv_file_issuer *in)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf id = { 0 };
    struct sg_err inner = { 0 };
    char at[SRV_ENTRY_MAX];
    sg_buf_init(&id, KEY_ID_MAX);
    if (strlen(in->key) > LABEL_MAX)
        return SRV_REFUSE(c, entry_of(at, "issuers", i, "key"),
                          "the label is longer than %d bytes", LABEL_MAX);
    if (in->key_id != NULL
        && (sg_parse_hex(in->key_id, &id, &inner) != SG_OK || id.len == 0))
        return SRV_REFUSE(c, entry_of(at, "issuers", i, "key_id"),
                          "\"%s\" is not 1 to %d octets in hex", in->key_id,
                          KEY_ID_MAX);
    return SG_OK;
}

static enum sg_rc check_issuer(const struct srv_check *c, size_t i,
                               struct srv_issuer_config *out)
{
    const struct srv_file_issuer *in = &c->out->file->issuers[i];
    const char *behavior = in->leaf_not_after_behavior;
    enum lint_profile profile = LINT_PROFILE_UNSET;
    struct sg_err inner = { 0 };
    char at[SRV_ENTRY_MAX];
    SG_TRY(check_issuer_name(c, i, in));
    SG_TRY(check_issuer_key(c, i, in));
    SG_TRY(srv_check_absolute(c, entry_of(at, "issuers", i, "certificate"),
                              in->certificate));
    if (in->chain != NULL)
        SG_TRY(srv_check_absolute(c, entry_of(at, "issuers", i, "chain"),
                                  in->chain));
    SG_TRY(check_urls(c, i, "issuing_certificates", in->issuing_certificates,
                      in->issuing_certificates_count));
    SG_TRY(check_urls(c, i, "crl_distribution_points",
                      in->crl_distribution_points,
                      in->crl_distribution_points_count));
    SG_TRY(check_urls(c, i, "ocsp_servers", in->ocsp_servers,
                      in->ocsp_servers_count));
    if (behavior == NULL)
        behavior = "err";
    if (strcmp(behavior, "err") != 0 && strcmp(behavior, "truncate") != 0)
        return SRV_REFUSE(
            c, entry_of(at, "issuers", i, "leaf_not_after_behavior"),
            "\"%s\" is neither err nor truncate; a certificate never "
            "outlives its issuer here",
            behavior);
    if (in->lint_profile == NULL)
        profile = LINT_PROFILE_PRIVATE;
    else if (lint_profile_parse(in->lint_profile, &profile, &inner) != SG_OK)
        return SRV_REFUSE(c, entry_of(at, "issuers", i, "lint_profile"),
                          "\"%s\" is neither private nor public-tls",
                          in->lint_profile);
    *out = (struct srv_issuer_config){
        .name = in->name,
        .token = in->token,
        .key = in->key,
        .key_id = in->key_id,
        .certificate = in->certificate,
        .chain = in->chain,
        .issuing_certificates = (const char *const *)in->issuing_certificates,
        .issuing_certificates_count = in->issuing_certificates_count,
        .crl_distribution_points =
            (const char *const *)in->crl_distribution_points,
        .crl_distribution_points_count = in->crl_distribution_points_count,
        .ocsp_servers = (const char *const *)in->ocsp_servers,
        .ocsp_servers_count = in->ocsp_servers_count,
        .leaf_not_after_behavior = behavior,
        .lint_profile = profile,
    };
    return SG_OK;
}

static bool has_issuer(const struct srv_check *c, const char *ref)
{
    for (size_t i = 0; i < c->out->file->issuers_count; i++)
        if (strcmp(c->out->file->issuers[i].name, ref) == 0)
            return true;
    return strcmp(ref, "default") == 0;
}

/* Two roles of one name; sorted pointers, since there may be thousands. */
static int by_role_name(const void *a, const void *b)
{
    const struct srv_role_config *const *x = a;
    const struct srv_role_config *const *y = b;
    int order = strcmp((*x)->name, (*y)->name);
    return order != 0 ? order : (*x > *y) - (*x < *y);
}

static enum sg_rc check_role_names(const struct srv_check *c)
{
    struct srv_config_file *file = c->out->file;
    char at[SRV_ENTRY_MAX];
    const struct srv_role_config **sorted = sg_arena_array(
        &c->out->arena, const struct srv_role_config *, file->roles_count + 1u);
    if (sorted == NULL)
        return nomem(c);
    for (size_t i = 0; i < file->roles_count; i++) {
        sorted[i] = &file->roles[i];
        SG_TRY(check_name(c, entry_of(at, "roles", i, "name"),
                          file->roles[i].name));
    }
    qsort(sorted, file->roles_count, sizeof(void *), by_role_name);
    for (size_t i = 1; i < file->roles_count; i++)
        if (strcmp(sorted[i - 1]->name, sorted[i]->name) == 0)
            return SRV_REFUSE(
                c,
                entry_of(at, "roles", (size_t)(sorted[i] - file->roles),
                         "name"),
                "a role \"%s\" is there already", sorted[i]->name);
    return SG_OK;
}

/* Building a role is the check of its fields. */
static enum sg_rc check_role(const struct srv_check *c, size_t i,
                             struct srv_role_config *in)
{
    SG_CLEANUP(sg_arena_done) struct sg_arena arena = { 0 };
    struct sg_err inner = { 0 };
    struct srv_role role;
    const char *key = "name";
    char at[SRV_ENTRY_MAX];
    in->no_key_usage =
        in->key_usage.v_count == 0
        && srv_yaml_line(c->yaml, entry_of(at, "roles", i, "key_usage")) != 0;
    if (in->issuer_ref != NULL && !has_issuer(c, in->issuer_ref))
        return SRV_REFUSE(c, entry_of(at, "roles", i, "issuer_ref"),
                          "there is no issuer \"%s\"", in->issuer_ref);
    sg_arena_init(&arena, SRV_ROLE_BYTES_MAX);
    enum sg_rc rc = srv_role_build(&arena, in, &role, &key, &inner);
    if (rc == SG_NOMEM)
        return nomem(c);
    if (rc != SG_OK)
        return SRV_REFUSE(c, entry_of(at, "roles", i, key), "role \"%s\": %s",
                          in->name, inner.msg);
    ca_profile_free(role.profile);
    return SG_OK;
}

enum sg_rc srv_check_lists(const struct srv_check *c)
{
    struct srv_config_file *file = c->out->file;
    struct srv_config *cfg = &c->out->cfg;
    struct srv_token_config *tokens = sg_arena_array(
        &c->out->arena, struct srv_token_config, file->tokens_count);
    struct srv_issuer_config *issuers = sg_arena_array(
        &c->out->arena, struct srv_issuer_config, file->issuers_count);
    if (tokens == NULL || issuers == NULL)
        return nomem(c);
    for (size_t i = 0; i < file->tokens_count; i++)
        SG_TRY(check_token(c, i, &tokens[i]));
    for (size_t i = 0; i < file->issuers_count; i++)
        SG_TRY(check_issuer(c, i, &issuers[i]));
    SG_TRY(check_role_names(c));
    for (size_t i = 0; i < file->roles_count; i++)
        SG_TRY(check_role(c, i, &file->roles[i]));
    if (file->default_issuer != NULL
        && (strcmp(file->default_issuer, "default") == 0
            || !has_issuer(c, file->default_issuer)))
        return SRV_REFUSE(c, "default_issuer", "there is no issuer \"%s\"",
                          file->default_issuer);
    cfg->default_issuer = file->default_issuer;
    cfg->tokens = tokens;
    cfg->tokens_count = file->tokens_count;
    cfg->issuers = issuers;
    cfg->issuers_count = file->issuers_count;
    cfg->roles = file->roles;
    cfg->roles_count = file->roles_count;
    return SG_OK;
}
