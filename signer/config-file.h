/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_SIGNER_CONFIG_FILE_H
#define SG_SIGNER_CONFIG_FILE_H

/* The configuration file as libcyaml reads it, before defaults and checks: a
 * NULL pointer is a key that the file does not have. Numbers that need a unit
 * or a range are texts here, so that the checks can name the key. */

#include <cyaml/cyaml.h>
#include <stdbool.h>

struct srv_file_socket {
    char *path, *mode, *owner, *group;
};

struct srv_file_token {
    char *name, *module, *init_args, *uri, *pin_source, *guards, *serial,
        *identity_key, *identity_public_key;
    char *sessions, *request_timeout_ms, *start_timeout_ms;
};

struct srv_file_issuer {
    char *name, *token, *key, *key_id, *certificate, *chain;
    char **issuing_certificates;
    unsigned issuing_certificates_count;
    char **crl_distribution_points;
    unsigned crl_distribution_points_count;
    char **ocsp_servers;
    unsigned ocsp_servers_count;
    char *leaf_not_after_behavior, *lint_profile;
};

struct srv_file_limits {
    char *connections, *connections_per_uid, *threads, *body_bytes,
        *header_bytes, *read_timeout_ms, *idle_timeout_ms, *stop_timeout_ms;
};

struct srv_file_policy {
    char *oid, *cps, *notice;
};

struct srv_file_list {
    char **v;
    unsigned v_count;
};

/* Vault's role fields. */
struct srv_role_config {
    char *name, *issuer_ref;
    char *ttl, *max_ttl, *not_after, *not_before_duration;
    bool *allow_localhost, *allow_bare_domains, *allow_subdomains,
        *allow_glob_domains, *allow_wildcard_certificates, *allow_any_name,
        *enforce_hostnames, *allow_ip_sans;
    struct srv_file_list allowed_domains, allowed_uri_sans, allowed_other_sans,
        allowed_serial_numbers, allowed_user_ids;
    bool *server_flag, *client_flag, *code_signing_flag, *email_protection_flag;
    char *key_type, *key_bits, *signature_bits;
    bool *use_pss;
    struct srv_file_list key_usage, ext_key_usage, ext_key_usage_oids;
    bool no_key_usage; /* key_usage is there and empty; not a key */
    bool *use_csr_common_name, *use_csr_sans;
    struct srv_file_list ou, organization, country, locality, province,
        street_address, postal_code;
    bool *require_cn;
    struct srv_file_list cn_validations;
    struct srv_file_policy *policy_identifiers;
    unsigned policy_identifiers_count;
    bool *basic_constraints_valid_for_non_ca;
    char *serial_number_source;
    /* Known to Vault and refused here with a reason. */
    char *allowed_domains_template, *allowed_uri_sans_template,
        *allow_token_displayname, *generate_lease, *no_store,
        *no_store_metadata;
};

struct srv_config_file {
    struct srv_file_socket socket;
    char *log_level, *token_program, *mount, *default_issuer, *default_ttl,
        *max_ttl;
    struct srv_file_limits limits;
    struct srv_file_token *tokens;
    unsigned tokens_count;
    struct srv_file_issuer *issuers;
    unsigned issuers_count;
    struct srv_role_config *roles;
    unsigned roles_count;
};

const cyaml_schema_value_t *srv_config_schema(void);

#endif
