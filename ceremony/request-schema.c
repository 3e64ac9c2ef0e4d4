/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/request-schema.h"

#define TEXT_MAX 4096 /* bytes of one value */
#define LIST_MAX 256
#define REVOKED_MAX 2000 /* entries; CER_PLAN_MAX has room for them */

#define TEXT(type, key) \
    CYAML_FIELD_STRING_PTR(#key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, \
                           struct type, key, 1, TEXT_MAX)
#define NEEDED(type, key) \
    CYAML_FIELD_STRING_PTR(#key, CYAML_FLAG_POINTER, struct type, key, 1, \
                           TEXT_MAX)
#define FLAG(type, key) \
    CYAML_FIELD_BOOL_PTR(#key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, \
                         struct type, key)
#define NUMBER(type, key) \
    CYAML_FIELD_UINT_PTR(#key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, \
                         struct type, key)
/* NOLINTBEGIN(bugprone-macro-parentheses): a member cannot be bracketed */
#define LIST_OF(type, key, entry, min, max) \
    CYAML_FIELD_SEQUENCE(#key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, \
                         struct type, key.v, &(entry), min, max)
/* NOLINTEND(bugprone-macro-parentheses) */
#define LIST(type, key) LIST_OF(type, key, TEXT_VALUE, 1, LIST_MAX)
#define MAPPING(type, key, fields) \
    CYAML_FIELD_MAPPING_PTR(#key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, \
                            struct type, key, fields)

static const cyaml_schema_value_t TEXT_VALUE = { CYAML_VALUE_STRING(
    CYAML_FLAG_POINTER, char *, 0, TEXT_MAX) };

static const cyaml_schema_field_t REQUESTER_FIELDS[] = {
    NEEDED(cer_request_person, name),
    TEXT(cer_request_person, key),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t APPROVER_FIELDS[] = {
    NEEDED(cer_request_person, name),
    NEEDED(cer_request_person, key),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t APPROVER_VALUE = { CYAML_VALUE_MAPPING(
    CYAML_FLAG_DEFAULT, struct cer_request_person, APPROVER_FIELDS) };

static const cyaml_schema_field_t WINDOW_FIELDS[] = {
    NEEDED(cer_request_window, from),
    NEEDED(cer_request_window, until),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t TOKEN_FIELDS[] = {
    NEEDED(cer_request_token, label),
    TEXT(cer_request_token, serial),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t KEY_FIELDS[] = {
    NEEDED(cer_request_key, label),
    TEXT(cer_request_key, type),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t SUBJECT_FIELDS[] = {
    TEXT(cer_request_subject, country),
    TEXT(cer_request_subject, organization),
    LIST(cer_request_subject, organizational_unit),
    TEXT(cer_request_subject, locality),
    TEXT(cer_request_subject, province),
    TEXT(cer_request_subject, street),
    TEXT(cer_request_subject, postal_code),
    TEXT(cer_request_subject, serial_number),
    TEXT(cer_request_subject, common_name),
    LIST(cer_request_subject, domain_component),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t VALIDITY_FIELDS[] = {
    NEEDED(cer_request_validity, not_before),
    TEXT(cer_request_validity, not_after),
    TEXT(cer_request_validity, duration),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t NAMES_FIELDS[] = {
    LIST(cer_request_names, dns),
    LIST(cer_request_names, ip),
    LIST(cer_request_names, email),
    LIST(cer_request_names, uri),
    LIST(cer_request_names, directory),
    LIST(cer_request_names, upn),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t CONSTRAINTS_FIELDS[] = {
    MAPPING(cer_request_constraints, permitted, NAMES_FIELDS),
    MAPPING(cer_request_constraints, excluded, NAMES_FIELDS),
    FLAG(cer_request_constraints, critical),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t GUARD_NAMES_FIELDS[] = {
    MAPPING(cer_request_constraints, permitted, NAMES_FIELDS),
    MAPPING(cer_request_constraints, excluded, NAMES_FIELDS),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t GUARD_FIELDS[] = {
    NEEDED(cer_request_guard, purpose),
    TEXT(cer_request_guard, max_validity),
    FLAG(cer_request_guard, may_sign_ca),
    FLAG(cer_request_guard, may_sign_crls),
    NUMBER(cer_request_guard, max_path_length),
    LIST(cer_request_guard, extended_key_usage),
    MAPPING(cer_request_guard, name_constraints, GUARD_NAMES_FIELDS),
    NUMBER(cer_request_guard, max_per_second),
    NUMBER(cer_request_guard, max_per_day),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t POLICY_FIELDS[] = {
    NEEDED(cer_request_policy, oid),
    TEXT(cer_request_policy, cps),
    TEXT(cer_request_policy, notice),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t POLICY_VALUE = { CYAML_VALUE_MAPPING(
    CYAML_FLAG_DEFAULT, struct cer_request_policy, POLICY_FIELDS) };

static const cyaml_schema_field_t SKIPS_FIELDS[] = {
    NUMBER(cer_request_skips, require_explicit_policy),
    NUMBER(cer_request_skips, inhibit_policy_mapping),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t SIGNATURE_FIELDS[] = {
    NUMBER(cer_request_signature, hash),
    FLAG(cer_request_signature, pss),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t ISSUER_FIELDS[] = {
    NEEDED(cer_request_issuer, certificate),
    TEXT(cer_request_issuer, chain),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t CERTIFIED_FIELDS[] = {
    TEXT(cer_request_certified, type),
    TEXT(cer_request_certified, sha256),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t ENTRY_FIELDS[] = {
    TEXT(cer_request_entry, certificate),
    TEXT(cer_request_entry, serial),
    NEEDED(cer_request_entry, date),
    TEXT(cer_request_entry, reason),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t ENTRY_VALUE = { CYAML_VALUE_MAPPING(
    CYAML_FLAG_DEFAULT, struct cer_request_entry, ENTRY_FIELDS) };

static const cyaml_schema_field_t PACKAGE_FIELDS[] = {
    CYAML_FIELD_UINT("count", CYAML_FLAG_DEFAULT, struct cer_request_package,
                     count),
    NEEDED(cer_request_package, every),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t CRL_FIELDS[] = {
    NEEDED(cer_request_crl, last),
    NEEDED(cer_request_crl, number),
    NEEDED(cer_request_crl, this_update),
    NEEDED(cer_request_crl, next_update),
    TEXT(cer_request_crl, scope),
    TEXT(cer_request_crl, distribution_point),
    LIST_OF(cer_request_crl, revoked, ENTRY_VALUE, 0, REVOKED_MAX),
    LIST(cer_request_crl, expired),
    MAPPING(cer_request_crl, package, PACKAGE_FIELDS),
    FLAG(cer_request_crl, withdraw),
    CYAML_FIELD_END,
};

/* Which of the optional keys a type needs is said in request.c. */
static const cyaml_schema_field_t REQUEST_FIELDS[] = {
    NEEDED(cer_request, type),
    NEEDED(cer_request, title),
    CYAML_FIELD_MAPPING_PTR("requester", CYAML_FLAG_POINTER, struct cer_request,
                            requester, REQUESTER_FIELDS),
    LIST_OF(cer_request, approvers, APPROVER_VALUE, 0, CER_APPROVERS_MAX),
    CYAML_FIELD_UINT("approvals_needed", CYAML_FLAG_DEFAULT, struct cer_request,
                     approvals_needed),
    CYAML_FIELD_MAPPING_PTR("window", CYAML_FLAG_POINTER, struct cer_request,
                            window, WINDOW_FIELDS),
    CYAML_FIELD_MAPPING_PTR("token", CYAML_FLAG_POINTER, struct cer_request,
                            token, TOKEN_FIELDS),
    CYAML_FIELD_MAPPING_PTR("key", CYAML_FLAG_POINTER, struct cer_request, key,
                            KEY_FIELDS),
    MAPPING(cer_request, guard, GUARD_FIELDS),
    TEXT(cer_request, profile),
    MAPPING(cer_request, subject, SUBJECT_FIELDS),
    MAPPING(cer_request, validity, VALIDITY_FIELDS),
    NUMBER(cer_request, path_length),
    MAPPING(cer_request, name_constraints, CONSTRAINTS_FIELDS),
    FLAG(cer_request, technically_constrained),
    LIST(cer_request, extended_key_usage),
    LIST_OF(cer_request, policies, POLICY_VALUE, 1, CA_OIDS_MAX),
    MAPPING(cer_request, policy_constraints, SKIPS_FIELDS),
    NUMBER(cer_request, inhibit_any_policy),
    LIST(cer_request, issuing_certificates),
    LIST(cer_request, ocsp_servers),
    LIST(cer_request, crl_distribution_points),
    FLAG(cer_request, digital_signature),
    MAPPING(cer_request, signature, SIGNATURE_FIELDS),
    MAPPING(cer_request, issuer, ISSUER_FIELDS),
    TEXT(cer_request, csr),
    TEXT(cer_request, certificate),
    TEXT(cer_request, public_key),
    MAPPING(cer_request, certified_key, CERTIFIED_FIELDS),
    LIST(cer_request, known_certificates),
    MAPPING(cer_request, crl, CRL_FIELDS),
    CYAML_FIELD_END,
};

const cyaml_schema_value_t CER_REQUEST_SCHEMA = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct cer_request, REQUEST_FIELDS),
};
