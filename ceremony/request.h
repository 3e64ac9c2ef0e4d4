/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CEREMONY_REQUEST_H
#define SG_CEREMONY_REQUEST_H

/* What a person asks for, as it stands in the YAML file: texts and presence,
 * nothing judged but the form. NULL is "not there", everywhere. Inside
 * ceremony/ only. */

#include "ceremony/plan.h"

#define CER_REQUEST_MAX 524288 /* bytes; a CRL of 2,000 entries fits */

struct cer_list {
    char **v;
    uint32_t v_count;
};

struct cer_request_person {
    char *name, *key;
};
struct cer_request_people {
    struct cer_request_person *v;
    uint32_t v_count;
};
struct cer_request_window {
    char *from, *until;
};
struct cer_request_token {
    char *label, *serial;
};
struct cer_request_key {
    char *label, *type;
};
struct cer_request_subject {
    char *country, *organization, *locality, *province, *street, *postal_code;
    char *serial_number, *common_name;
    struct cer_list organizational_unit, domain_component;
};
struct cer_request_validity {
    char *not_before, *not_after, *duration;
};
struct cer_request_names {
    struct cer_list dns, ip, email, uri, directory, upn;
};
struct cer_request_constraints {
    struct cer_request_names *permitted, *excluded;
    bool *critical;
};
struct cer_request_guard {
    char *purpose, *max_validity;
    bool *may_sign_ca, *may_sign_crls;
    uint32_t *max_path_length, *max_per_second, *max_per_day;
    struct cer_list extended_key_usage;
    struct cer_request_constraints *name_constraints; /* critical is unused */
};
struct cer_request_policy {
    char *oid, *cps, *notice;
};
struct cer_request_policies {
    struct cer_request_policy *v;
    uint32_t v_count;
};
struct cer_request_skips {
    uint32_t *require_explicit_policy, *inhibit_policy_mapping;
};
struct cer_request_signature {
    uint32_t *hash;
    bool *pss;
};
struct cer_request_certified {
    char *type, *sha256;
};
struct cer_request_issuer {
    char *certificate, *chain;
};
struct cer_request_entry {
    char *certificate, *serial, *date, *reason;
};
struct cer_request_entries {
    struct cer_request_entry *v;
    uint32_t v_count;
};
struct cer_request_package {
    uint32_t count;
    char *every;
};
struct cer_request_crl {
    char *last; /* file, URL, or CER_LAST_NONE */
    char *number, *this_update, *next_update, *scope, *distribution_point;
    struct cer_request_entries revoked;
    struct cer_list expired;
    struct cer_request_package *package;
    bool *withdraw;
};
#define CER_LAST_NONE "none"

struct cer_request {
    enum cer_type kind; /* of type */
    char *type, *title;
    struct cer_request_person *requester;
    struct cer_request_people approvers;
    uint32_t approvals_needed;
    struct cer_request_window *window;
    struct cer_request_token *token;
    struct cer_request_key *key;
    struct cer_request_guard *guard;
    char *profile;
    struct cer_request_subject *subject;
    struct cer_request_validity *validity;
    uint32_t *path_length;
    struct cer_request_constraints *name_constraints;
    bool *technically_constrained;
    struct cer_list extended_key_usage;
    struct cer_request_policies policies;
    struct cer_request_skips *policy_constraints;
    uint32_t *inhibit_any_policy;
    struct cer_list issuing_certificates, ocsp_servers;
    struct cer_list crl_distribution_points;
    bool *digital_signature;
    struct cer_request_signature *signature;
    struct cer_request_issuer *issuer;
    char *csr, *certificate, *public_key;
    struct cer_request_certified *certified_key;
    struct cer_list known_certificates;
    struct cer_request_crl *crl;
};

/* SG_CONFIG "path:line: place: reason" for the form, a value that is still
 * the template's CHANGE-ME, a key that does not go with the type and one that
 * the type needs. The caller frees *ret. */
enum sg_rc cer_request_parse(struct sg_slice yaml, const char *path,
                             struct cer_request **ret, struct sg_err *err);
void cer_request_free(struct cer_request *request);
SG_DEFINE_CLEANUP(struct cer_request, cer_request_free);

#endif
