/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_SIGNER_CONFIG_H
#define SG_SIGNER_CONFIG_H

/* signetd's configuration file: read, checked, frozen. Passed as const; no
 * globals. Keys are the field names below. The example with every key, its
 * unit, default and range is docs/configuration.md and signetd.yaml(5). */

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/log.h"
#include "lint/lint.h"

struct srv_socket_config {
    const char *path;  /* absolute, at most 107 bytes (sun_path); default
                          /run/signet/signetd.sock */
    unsigned mode;     /* default 0660 */
    const char *owner; /* user name or number; NULL: as started */
    const char *group;
};

struct srv_token_config {
    const char *name;
    const char *module;       /* absolute path */
    const char *init_args;    /* for C_Initialize; NULL: none */
    const char *uri;          /* RFC 7512 */
    const char *pin_source;   /* common/secret.h */
    const char *guards;       /* directory, default /var/lib/signet/guards */
    const char *serial;       /* the token's serial number; NULL: any */
    const char *identity_key; /* CKA_LABEL of a probe key; NULL: not asked */
    const char *identity_public_key; /* file: its public half, PEM or DER */
    unsigned sessions; /* 0 (default): as the token allows, at most 16 */
    unsigned request_timeout_ms; /* default 10000 */
    unsigned start_timeout_ms;   /* default 30000 */
};

struct srv_issuer_config {
    const char *name;        /* "default" is not a name */
    const char *token;       /* name of an entry above */
    const char *key;         /* CKA_LABEL */
    const char *key_id;      /* CKA_ID in hex; NULL: the label is enough */
    const char *certificate; /* file: the issuer's certificate, PEM or DER */
    const char *chain;       /* file: PEM of what is above it; NULL: none */
    const char *const *issuing_certificates;
    unsigned issuing_certificates_count;
    const char *const *crl_distribution_points;
    unsigned crl_distribution_points_count;
    const char *const *ocsp_servers;
    unsigned ocsp_servers_count;
    const char *leaf_not_after_behavior; /* err (default) | truncate */
    enum lint_profile lint_profile;      /* private (default) | public-tls */
};

struct srv_limits_config {
    unsigned connections;         /* default 512 */
    unsigned connections_per_uid; /* default 0: no limit of its own */
    unsigned threads;             /* event threads; 0: as many as processors */
    unsigned body_bytes;          /* default 65536 */
    unsigned header_bytes;        /* default 16384 */
    unsigned read_timeout_ms;     /* headers and body in full; default 10000 */
    unsigned idle_timeout_ms;     /* keep-alive; default 60000 */
    unsigned stop_timeout_ms;     /* graceful stop; default 10000 */
};

struct srv_role_config; /* signer/config-file.h; srv_roles_new() reads it */

struct srv_config {
    struct srv_socket_config socket;
    enum sg_log_level log_level;  /* default info */
    const char *token_program;    /* NULL: signet-token beside signetd, then
                                    /usr/libexec/signet/signet-token */
    const char *mount;            /* path under /v1/, default "pki" */
    const char *default_issuer;   /* NULL: the first */
    int64_t default_ttl, max_ttl; /* of roles that say nothing; 768h each */
    struct srv_limits_config limits;
    const struct srv_token_config *tokens;
    unsigned tokens_count;
    const struct srv_issuer_config *issuers;
    unsigned issuers_count;
    const struct srv_role_config *roles;
    unsigned roles_count;
};

/* SG_CONFIG "file:line: entry: reason"; nothing is opened besides the file
 * itself. A configuration that loads has roles that srv_roles_new() takes. */
enum sg_rc srv_config_load(const char *path, struct srv_config **ret_cfg,
                           struct sg_err *err);
/* The same for bytes in memory; path is used in errors only. */
enum sg_rc srv_config_parse(struct sg_slice yaml, const char *path,
                            struct srv_config **ret_cfg, struct sg_err *err);
void srv_config_free(struct srv_config *cfg);
SG_DEFINE_CLEANUP(struct srv_config, srv_config_free);

#endif
