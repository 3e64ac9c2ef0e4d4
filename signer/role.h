/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_SIGNER_ROLE_H
#define SG_SIGNER_ROLE_H

/* Roles: what a requester may ask of an issuer. Field names and meanings are
 * Vault's (docs/configuration.md). A role set is immutable; SIGHUP swaps a
 * new one in while requests in flight keep the old one. */

#include "ca/leaf.h"
#include "signer/config.h"
#include "signer/params.h"

struct srv_role {
    const char *name;
    const char *issuer_ref; /* "default" or an issuer's name */
    int64_t ttl, max_ttl;   /* seconds; 0: the system's */
    bool has_not_after;
    int64_t not_after;
    int64_t not_before_duration; /* seconds, default 30 */
    bool allow_localhost, allow_bare_domains, allow_subdomains,
        allow_glob_domains, allow_wildcard_certificates, allow_any_name,
        enforce_hostnames, allow_ip_sans;
    struct srv_list allowed_domains;    /* lower case, A-labels */
    struct srv_list allowed_other_sans; /* "1.2.3;glob", or "*" */
    struct srv_list allowed_uri_sans, allowed_serial_numbers, allowed_user_ids;
    enum ca_key_kind key_kind; /* CA_KEY_UNSET: any; else what issue makes */
    const char *key_type;      /* "rsa" "ec" "ed25519" "any" */
    unsigned key_bits;         /* resolved: never 0 unless any */
    unsigned signature_bits;   /* 0: by the issuer's key */
    bool use_pss;
    bool use_csr_common_name, use_csr_sans;
    struct srv_list ou, organization, country, locality, province,
        street_address, postal_code;
    bool require_cn;
    bool cn_validate_email, cn_validate_hostname; /* both false: disabled */
    bool serial_number_from_csr; /* serial_number_source json-csr */
    struct ca_profile *profile;  /* key usage, EKU, policies, BC */
};

/* The subject attributes that every certificate of the role gets, one list per
 * attribute in the order of a Name (BR 7.1.4.2). */
struct srv_role_subject {
    enum ca_attr attr;
    const struct srv_list *values;
};
#define SRV_ROLE_SUBJECT_N 7
void srv_role_subject(const struct srv_role *role,
                      struct srv_role_subject ret[static SRV_ROLE_SUBJECT_N]);

/* Counted references: unref frees after the last one. Thread-safe. */
struct srv_roles;
/* Copies everything: cfg may go. SG_CONFIG "roles[2].ttl: …". */
enum sg_rc srv_roles_new(const struct srv_config *cfg,
                         struct srv_roles **ret_roles, struct sg_err *err);
struct srv_roles *srv_roles_ref(struct srv_roles *roles);
void srv_roles_unref(struct srv_roles *roles);
size_t srv_roles_count(const struct srv_roles *roles);
/* NULL when there is none of that name. Valid while the reference is held. */
const struct srv_role *srv_roles_find(const struct srv_roles *roles,
                                      const char *name);
/* The same; SG_POLICY "unknown role: <name>", which is Vault's 400. */
enum sg_rc srv_roles_require(const struct srv_roles *roles, const char *name,
                             const struct srv_role **ret_role,
                             struct sg_err *err);
SG_DEFINE_CLEANUP(struct srv_roles, srv_roles_unref);

#endif
