/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/config-file.h"

#define TEXT_MAX 4096 /* bytes of one value */
#define LIST_MAX 256
#define TOKENS_MAX 16
#define ISSUERS_MAX 64
#define ROLES_MAX 4096

#define TEXT(type, key) \
    CYAML_FIELD_STRING_PTR(#key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, \
                           struct type, key, 0, TEXT_MAX)
#define NEEDED(type, key) \
    CYAML_FIELD_STRING_PTR(#key, CYAML_FLAG_POINTER, struct type, key, 1, \
                           TEXT_MAX)
#define FLAG(key) \
    CYAML_FIELD_BOOL_PTR(#key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, \
                         struct srv_role_config, key)
/* NOLINTBEGIN(bugprone-macro-parentheses): a member cannot be bracketed */
#define LIST(key) \
    CYAML_FIELD_SEQUENCE_COUNT(#key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, \
                               struct srv_role_config, key.v, key.v_count, \
                               &TEXT_VALUE, 0, LIST_MAX)
/* NOLINTEND(bugprone-macro-parentheses) */

static const cyaml_schema_value_t TEXT_VALUE = { CYAML_VALUE_STRING(
    CYAML_FLAG_POINTER, char *, 1, TEXT_MAX) };

static const cyaml_schema_field_t SOCKET_FIELDS[] = {
    TEXT(srv_file_socket, path),
    TEXT(srv_file_socket, mode),
    TEXT(srv_file_socket, owner),
    TEXT(srv_file_socket, group),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t LIMITS_FIELDS[] = {
    TEXT(srv_file_limits, connections),
    TEXT(srv_file_limits, connections_per_uid),
    TEXT(srv_file_limits, threads),
    TEXT(srv_file_limits, body_bytes),
    TEXT(srv_file_limits, header_bytes),
    TEXT(srv_file_limits, read_timeout_ms),
    TEXT(srv_file_limits, idle_timeout_ms),
    TEXT(srv_file_limits, stop_timeout_ms),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t TOKEN_FIELDS[] = {
    NEEDED(srv_file_token, name),
    NEEDED(srv_file_token, module),
    TEXT(srv_file_token, init_args),
    NEEDED(srv_file_token, uri),
    NEEDED(srv_file_token, pin_source),
    TEXT(srv_file_token, guards),
    TEXT(srv_file_token, serial),
    TEXT(srv_file_token, identity_key),
    TEXT(srv_file_token, identity_public_key),
    TEXT(srv_file_token, sessions),
    TEXT(srv_file_token, request_timeout_ms),
    TEXT(srv_file_token, start_timeout_ms),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t TOKEN_VALUE = { CYAML_VALUE_MAPPING(
    CYAML_FLAG_DEFAULT, struct srv_file_token, TOKEN_FIELDS) };

#define URLS(key) \
    CYAML_FIELD_SEQUENCE(#key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, \
                         struct srv_file_issuer, key, &TEXT_VALUE, 0, \
                         LIST_MAX)

static const cyaml_schema_field_t ISSUER_FIELDS[] = {
    NEEDED(srv_file_issuer, name),
    NEEDED(srv_file_issuer, token),
    NEEDED(srv_file_issuer, key),
    TEXT(srv_file_issuer, key_id),
    NEEDED(srv_file_issuer, certificate),
    TEXT(srv_file_issuer, chain),
    URLS(issuing_certificates),
    URLS(crl_distribution_points),
    URLS(ocsp_servers),
    TEXT(srv_file_issuer, leaf_not_after_behavior),
    TEXT(srv_file_issuer, lint_profile),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t ISSUER_VALUE = { CYAML_VALUE_MAPPING(
    CYAML_FLAG_DEFAULT, struct srv_file_issuer, ISSUER_FIELDS) };

static const cyaml_schema_field_t POLICY_FIELDS[] = {
    NEEDED(srv_file_policy, oid),
    TEXT(srv_file_policy, cps),
    TEXT(srv_file_policy, notice),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t POLICY_VALUE = { CYAML_VALUE_MAPPING(
    CYAML_FLAG_DEFAULT, struct srv_file_policy, POLICY_FIELDS) };

static const cyaml_schema_field_t ROLE_FIELDS[] = {
    NEEDED(srv_role_config, name),
    TEXT(srv_role_config, issuer_ref),
    TEXT(srv_role_config, ttl),
    TEXT(srv_role_config, max_ttl),
    TEXT(srv_role_config, not_after),
    TEXT(srv_role_config, not_before_duration),
    FLAG(allow_localhost),
    FLAG(allow_bare_domains),
    FLAG(allow_subdomains),
    FLAG(allow_glob_domains),
    FLAG(allow_wildcard_certificates),
    FLAG(allow_any_name),
    FLAG(enforce_hostnames),
    FLAG(allow_ip_sans),
    LIST(allowed_domains),
    LIST(allowed_uri_sans),
    LIST(allowed_other_sans),
    LIST(allowed_serial_numbers),
    LIST(allowed_user_ids),
    FLAG(server_flag),
    FLAG(client_flag),
    FLAG(code_signing_flag),
    FLAG(email_protection_flag),
    TEXT(srv_role_config, key_type),
    TEXT(srv_role_config, key_bits),
    TEXT(srv_role_config, signature_bits),
    FLAG(use_pss),
    LIST(key_usage),
    LIST(ext_key_usage),
    LIST(ext_key_usage_oids),
    FLAG(use_csr_common_name),
    FLAG(use_csr_sans),
    LIST(ou),
    LIST(organization),
    LIST(country),
    LIST(locality),
    LIST(province),
    LIST(street_address),
    LIST(postal_code),
    FLAG(require_cn),
    LIST(cn_validations),
    CYAML_FIELD_SEQUENCE(
        "policy_identifiers", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
        struct srv_role_config, policy_identifiers, &POLICY_VALUE, 0, LIST_MAX),
    FLAG(basic_constraints_valid_for_non_ca),
    TEXT(srv_role_config, serial_number_source),
    TEXT(srv_role_config, allowed_domains_template),
    TEXT(srv_role_config, allowed_uri_sans_template),
    TEXT(srv_role_config, allow_token_displayname),
    TEXT(srv_role_config, generate_lease),
    TEXT(srv_role_config, no_store),
    TEXT(srv_role_config, no_store_metadata),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t ROLE_VALUE = { CYAML_VALUE_MAPPING(
    CYAML_FLAG_DEFAULT, struct srv_role_config, ROLE_FIELDS) };

static const cyaml_schema_field_t FILE_FIELDS[] = {
    CYAML_FIELD_MAPPING("socket", CYAML_FLAG_OPTIONAL, struct srv_config_file,
                        socket, SOCKET_FIELDS),
    TEXT(srv_config_file, log_level),
    TEXT(srv_config_file, token_program),
    TEXT(srv_config_file, mount),
    TEXT(srv_config_file, default_issuer),
    TEXT(srv_config_file, default_ttl),
    TEXT(srv_config_file, max_ttl),
    CYAML_FIELD_MAPPING("limits", CYAML_FLAG_OPTIONAL, struct srv_config_file,
                        limits, LIMITS_FIELDS),
    CYAML_FIELD_SEQUENCE("tokens", CYAML_FLAG_POINTER, struct srv_config_file,
                         tokens, &TOKEN_VALUE, 1, TOKENS_MAX),
    CYAML_FIELD_SEQUENCE("issuers", CYAML_FLAG_POINTER, struct srv_config_file,
                         issuers, &ISSUER_VALUE, 1, ISSUERS_MAX),
    CYAML_FIELD_SEQUENCE("roles", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
                         struct srv_config_file, roles, &ROLE_VALUE, 0,
                         ROLES_MAX),
    CYAML_FIELD_END,
};

const cyaml_schema_value_t *srv_config_schema(void)
{
    static const cyaml_schema_value_t schema = { CYAML_VALUE_MAPPING(
        CYAML_FLAG_POINTER, struct srv_config_file, FILE_FIELDS) };
    return &schema;
}
