/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/reload.h"

#include <string.h>

#include "signer/config-file.h"

static bool same_text(const char *a, const char *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    return strcmp(a, b) == 0;
}

struct texts {
    const char *const *v;
    unsigned n;
};

static bool same_texts(struct texts a, struct texts b)
{
    if (a.n != b.n)
        return false;
    for (unsigned i = 0; i < a.n; i++)
        if (!same_text(a.v[i], b.v[i]))
            return false;
    return true;
}

static bool same_socket(const struct srv_socket_config *a,
                        const struct srv_socket_config *b)
{
    return same_text(a->path, b->path) && a->mode == b->mode
           && same_text(a->owner, b->owner) && same_text(a->group, b->group);
}

static bool same_limits(const struct srv_limits_config *a,
                        const struct srv_limits_config *b)
{
    return a->connections == b->connections
           && a->connections_per_uid == b->connections_per_uid
           && a->threads == b->threads && a->body_bytes == b->body_bytes
           && a->header_bytes == b->header_bytes
           && a->read_timeout_ms == b->read_timeout_ms
           && a->idle_timeout_ms == b->idle_timeout_ms
           && a->stop_timeout_ms == b->stop_timeout_ms;
}

static bool same_token(const struct srv_token_config *a,
                       const struct srv_token_config *b)
{
    return same_text(a->name, b->name) && same_text(a->module, b->module)
           && same_text(a->init_args, b->init_args) && same_text(a->uri, b->uri)
           && same_text(a->pin_source, b->pin_source)
           && same_text(a->guards, b->guards) && same_text(a->serial, b->serial)
           && same_text(a->identity_key, b->identity_key)
           && same_text(a->identity_public_key, b->identity_public_key)
           && a->sessions == b->sessions
           && a->request_timeout_ms == b->request_timeout_ms
           && a->start_timeout_ms == b->start_timeout_ms;
}

static bool same_urls(const struct srv_issuer_config *a,
                      const struct srv_issuer_config *b)
{
    return same_texts((struct texts){ a->issuing_certificates,
                                      a->issuing_certificates_count },
                      (struct texts){ b->issuing_certificates,
                                      b->issuing_certificates_count })
           && same_texts((struct texts){ a->crl_distribution_points,
                                         a->crl_distribution_points_count },
                         (struct texts){ b->crl_distribution_points,
                                         b->crl_distribution_points_count })
           && same_texts(
               (struct texts){ a->ocsp_servers, a->ocsp_servers_count },
               (struct texts){ b->ocsp_servers, b->ocsp_servers_count });
}

static bool same_issuer(const struct srv_issuer_config *a,
                        const struct srv_issuer_config *b)
{
    return same_text(a->name, b->name) && same_text(a->token, b->token)
           && same_text(a->key, b->key) && same_text(a->key_id, b->key_id)
           && same_text(a->certificate, b->certificate)
           && same_text(a->chain, b->chain)
           && same_text(a->leaf_not_after_behavior, b->leaf_not_after_behavior)
           && a->lint_profile == b->lint_profile && same_urls(a, b);
}

static bool same_tokens(const struct srv_config *a, const struct srv_config *b)
{
    if (a->tokens_count != b->tokens_count)
        return false;
    for (unsigned i = 0; i < a->tokens_count; i++)
        if (!same_token(&a->tokens[i], &b->tokens[i]))
            return false;
    return true;
}

static bool same_issuers(const struct srv_config *a, const struct srv_config *b)
{
    if (a->issuers_count != b->issuers_count)
        return false;
    for (unsigned i = 0; i < a->issuers_count; i++)
        if (!same_issuer(&a->issuers[i], &b->issuers[i]))
            return false;
    return true;
}

const char *srv_config_difference(const struct srv_config *a,
                                  const struct srv_config *b)
{
    if (!same_socket(&a->socket, &b->socket))
        return "socket";
    if (!same_limits(&a->limits, &b->limits))
        return "limits";
    if (!same_tokens(a, b))
        return "tokens";
    if (!same_issuers(a, b))
        return "issuers";
    if (!same_text(a->default_issuer, b->default_issuer))
        return "default_issuer";
    if (!same_text(a->mount, b->mount))
        return "mount";
    if (!same_text(a->token_program, b->token_program))
        return "token_program";
    if (a->log_level != b->log_level)
        return "log_level";
    if (a->default_ttl != b->default_ttl)
        return "default_ttl";
    return a->max_ttl != b->max_ttl ? "max_ttl" : NULL;
}

enum sg_rc srv_reload(const char *path, struct srv_state *state,
                      const char **ret_restart, struct sg_err *err)
{
    SG_CLEANUP(srv_config_free) struct srv_config *cfg = NULL;
    struct srv_roles *roles = NULL;

    SG_TRY(srv_config_load(path, &cfg, err));
    for (unsigned i = 0; i < cfg->roles_count; i++) {
        const struct srv_role_config *role = &cfg->roles[i];
        if (role->issuer_ref != NULL
            && srv_issuers_find(state->issuers, role->issuer_ref) == NULL)
            return sg_err_set(
                err, SG_CONFIG,
                "%s: role %s: issuer \"%s\" is new: restart signetd to run it",
                path, role->name, role->issuer_ref);
    }
    SG_TRY(srv_roles_new(cfg, &roles, err));
    srv_state_swap_roles(state, roles);
    *ret_restart = srv_config_difference(state->cfg, cfg);
    return SG_OK;
}
