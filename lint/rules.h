/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_LINT_RULES_H
#define SG_LINT_RULES_H

/* What a rule sees and how it speaks. Internal to lint/. A rule is a row in
 * table.c and a function here; it says what is wrong with lint_say(), once for
 * each fault, and nothing when all is well. */

#include "lint/view.h"

struct lint_crl_view; /* lint/crl-view.h */

struct lint_job {
    const struct lint_options *options;
    struct lint_report *report;
    const struct lint_rule *rule; /* the one that runs */
    enum lint_severity severity;
    unsigned index;
    int64_t date;
    const struct lint_cert *cert;   /* certificates and pairs */
    const struct lint_cert *issuer; /* pairs, and CRLs when it is known */
    /* pairs: the whole chain and where cert stands in it */
    const struct lint_cert *chain;
    size_t n_chain;
    const struct lint_crl_view *crl;
};

SG_PRINTF(2, 3)
void lint_say(struct lint_job *job, const char *fmt, ...);

/* Says so when the authorityKeyIdentifier of a certificate or a CRL holds more
 * than a keyIdentifier; nothing when ext is NULL. */
void lint_aki_names_issuer(struct lint_job *job, const struct lint_ext *ext);

typedef void (*lint_check)(struct lint_job *job);
struct lint_row {
    struct lint_rule rule;
    lint_check check;
    bool about_key; /* left out when the key has been judged already */
};
extern const struct lint_row LINT_ROWS[];
extern const size_t LINT_ROWS_COUNT;

/* rules-body.c */
void lint_version(struct lint_job *job);
void lint_serial_positive(struct lint_job *job);
void lint_serial_length(struct lint_job *job);
void lint_serial_entropy(struct lint_job *job);
void lint_algorithms_match(struct lint_job *job);
void lint_algorithm_allowed(struct lint_job *job);
void lint_time_form(struct lint_job *job);
void lint_time_order(struct lint_job *job);
void lint_unique_ids(struct lint_job *job);
void lint_extension_twice(struct lint_job *job);
void lint_extension_empty(struct lint_job *job);
void lint_extension_default(struct lint_job *job);
void lint_extension_critical(struct lint_job *job);
void lint_extension_form(struct lint_job *job);
void lint_aki_present(struct lint_job *job);
void lint_aki_not_critical(struct lint_job *job);
void lint_aki_form(struct lint_job *job);
void lint_ski_not_critical(struct lint_job *job);
void lint_urls(struct lint_job *job);
void lint_algorithm_sha1(struct lint_job *job);
void lint_extension_not_critical(struct lint_job *job);
void lint_cdp_form(struct lint_job *job);
void lint_expired(struct lint_job *job);
void lint_cdp_not_critical(struct lint_job *job);
void lint_aia_methods(struct lint_job *job);

/* rules-key.c */
void lint_key_algorithm(struct lint_job *job);
void lint_key_parameters(struct lint_job *job);
void lint_rsa_size(struct lint_job *job);
void lint_rsa_exponent(struct lint_job *job);
void lint_rsa_close_primes(struct lint_job *job);
void lint_ec_point(struct lint_job *job);
void lint_rsa_small_factor(struct lint_job *job);
void lint_rsa_roca(struct lint_job *job);

/* rules-name.c */
void lint_issuer_empty(struct lint_job *job);
void lint_subject_empty(struct lint_job *job);
void lint_ca_subject_empty(struct lint_job *job);
void lint_dn_form(struct lint_job *job);
void lint_dn_country(struct lint_job *job);
void lint_dn_length(struct lint_job *job);
void lint_dn_twice(struct lint_job *job);
void lint_dn_order(struct lint_job *job);
void lint_ca_subject_attributes(struct lint_job *job);
void lint_dn_multi_value(struct lint_job *job);
void lint_dn_country_iso(struct lint_job *job);
void lint_dn_metadata(struct lint_job *job);
void lint_dn_space(struct lint_job *job);
void lint_leaf_subject(struct lint_job *job);

/* rules-san.c */
void lint_san_present(struct lint_job *job);
void lint_san_empty(struct lint_job *job);
void lint_san_dns(struct lint_job *job);
void lint_san_dns_host(struct lint_job *job);
void lint_san_dns_lower_case(struct lint_job *job);
void lint_san_ip(struct lint_job *job);
void lint_san_ip_reserved(struct lint_job *job);
void lint_san_email(struct lint_job *job);
void lint_san_uri(struct lint_job *job);
void lint_san_twice(struct lint_job *job);
void lint_san_types(struct lint_job *job);
void lint_cn_in_san(struct lint_job *job);
void lint_san_count(struct lint_job *job);
void lint_san_not_critical(struct lint_job *job);
void lint_ian_names(struct lint_job *job);

/* rules-leaf.c */
void lint_leaf_usage(struct lint_job *job);
void lint_leaf_basic_constraints(struct lint_job *job);
void lint_key_usage_bits(struct lint_job *job);
void lint_leaf_eku_present(struct lint_job *job);
void lint_eku_not_critical(struct lint_job *job);
void lint_eku_any(struct lint_job *job);
void lint_eku_twice(struct lint_job *job);
void lint_usage_fits_key(struct lint_job *job);
void lint_leaf_validity(struct lint_job *job);
void lint_policies_twice(struct lint_job *job);
void lint_ocsp_eku_only(struct lint_job *job);
void lint_ocsp_nocheck(struct lint_job *job);
void lint_ocsp_usage(struct lint_job *job);
void lint_ocsp_extensions(struct lint_job *job);
void lint_usage_fits_purpose(struct lint_job *job);

/* rules-ca.c */
void lint_ca_basic_critical(struct lint_job *job);
void lint_path_length_place(struct lint_job *job);
void lint_ca_usage_present(struct lint_job *job);
void lint_ca_usage_critical(struct lint_job *job);
void lint_ca_usage_cert_sign(struct lint_job *job);
void lint_ca_usage_crl_sign(struct lint_job *job);
void lint_ca_usage_only(struct lint_job *job);
void lint_ca_ski_present(struct lint_job *job);
void lint_ca_eku_ocsp(struct lint_job *job);
void lint_root_eku(struct lint_job *job);
void lint_root_aki(struct lint_job *job);
void lint_root_path_length(struct lint_job *job);
void lint_root_validity(struct lint_job *job);
void lint_sub_ca_eku(struct lint_job *job);
void lint_sub_ca_eku_mixed(struct lint_job *job);
void lint_sub_ca_cdp(struct lint_job *job);
void lint_sub_ca_aia(struct lint_job *job);
void lint_self_signed_aki(struct lint_job *job);
void lint_root_signature(struct lint_job *job);

/* rules-constraints.c */
void lint_nc_only_ca(struct lint_job *job);
void lint_nc_critical(struct lint_job *job);
void lint_nc_empty(struct lint_job *job);
void lint_nc_base_distance(struct lint_job *job);
void lint_nc_dns(struct lint_job *job);
void lint_nc_ip(struct lint_job *job);
void lint_nc_technical(struct lint_job *job);
void lint_nc_malformed(struct lint_job *job);
void lint_nc_dns_lower_case(struct lint_job *job);
void lint_nc_email(struct lint_job *job);
void lint_nc_uri(struct lint_job *job);
void lint_nc_directory(struct lint_job *job);
void lint_nc_forms(struct lint_job *job);
void lint_nc_count(struct lint_job *job);

/* rules-pair.c */
void lint_pair_name(struct lint_job *job);
void lint_pair_key_id(struct lint_job *job);
void lint_pair_signature(struct lint_job *job);
void lint_pair_validity(struct lint_job *job);
void lint_pair_issuer_is_ca(struct lint_job *job);
void lint_pair_path_length(struct lint_job *job);
void lint_pair_path_length_falls(struct lint_job *job);
void lint_pair_eku(struct lint_job *job);
void lint_pair_same_key(struct lint_job *job);
void lint_pair_algorithm(struct lint_job *job);
void lint_pair_nc_subset(struct lint_job *job);
void lint_pair_nc_names(struct lint_job *job);
void lint_pair_nc_wildcard(struct lint_job *job);
void lint_pair_nc_open_forms(struct lint_job *job);
void lint_pair_subject_key_id(struct lint_job *job);

/* rules-crl.c */
void lint_crl_version(struct lint_job *job);
void lint_crl_algorithms(struct lint_job *job);
void lint_crl_times(struct lint_job *job);
void lint_crl_next_update(struct lint_job *job);
void lint_crl_lifetime(struct lint_job *job);
void lint_crl_number(struct lint_job *job);
void lint_crl_aki(struct lint_job *job);
void lint_crl_aki_form(struct lint_job *job);
void lint_crl_empty_list(struct lint_job *job);
void lint_crl_idp(struct lint_job *job);
void lint_crl_delta(struct lint_job *job);
void lint_crl_extension_twice(struct lint_job *job);
void lint_crl_issuer(struct lint_job *job);
void lint_crl_extension_critical(struct lint_job *job);
void lint_crl_issuer_empty(struct lint_job *job);
void lint_crl_algorithm_allowed(struct lint_job *job);
void lint_crl_issuer_usage(struct lint_job *job);
void lint_crl_algorithm_fits(struct lint_job *job);

/* rules-policy.c */
void lint_sub_ca_policies(struct lint_job *job);
void lint_sub_ca_policy_one(struct lint_job *job);
void lint_leaf_policies(struct lint_job *job);
void lint_root_policies(struct lint_job *job);
void lint_policy_qualifiers(struct lint_job *job);
void lint_policy_constraints(struct lint_job *job);
void lint_policy_mappings(struct lint_job *job);
void lint_policy_unknown_qualifier(struct lint_job *job);
void lint_policy_text(struct lint_job *job);
void lint_policy_notice(struct lint_job *job);
void lint_policies_not_critical(struct lint_job *job);
void lint_policy_mappings_listed(struct lint_job *job);

/* rules-tls.c */
void lint_leaf_eku_tls(struct lint_job *job);
void lint_leaf_aia(struct lint_job *job);
void lint_leaf_status(struct lint_job *job);
void lint_leaf_usage_tls(struct lint_job *job);
void lint_leaf_usage_critical(struct lint_job *job);
void lint_leaf_basic_critical(struct lint_job *job);
void lint_san_dns_internal(struct lint_job *job);
void lint_san_dns_reserved(struct lint_job *job);
void lint_cn_from_san(struct lint_job *job);
void lint_backdated(struct lint_job *job);

/* rules-ct.c */
void lint_ct_poison(struct lint_job *job);
void lint_ct_both(struct lint_job *job);
void lint_ct_sct_list(struct lint_job *job);

/* rules-crl-entry.c */
void lint_crl_entry_form(struct lint_job *job);
void lint_crl_entry_serial(struct lint_job *job);
void lint_crl_entry_extension(struct lint_job *job);
void lint_crl_serial_twice(struct lint_job *job);
void lint_crl_reason(struct lint_job *job);
void lint_crl_reason_subscriber(struct lint_job *job);
void lint_crl_reason_ca(struct lint_job *job);
void lint_crl_revocation_date(struct lint_job *job);
void lint_crl_invalidity_date(struct lint_job *job);

/* Sequences of OIDs (EKU) and of GeneralNames, walked leniently: false at the
 * end or at the first thing that is no DER. */
struct lint_iter {
    struct sg_der in;
    struct sg_err err;
    bool ok;
};
void lint_iter_init(struct lint_iter *iter, struct sg_slice value,
                    const char *what); /* value: one SEQUENCE */
bool lint_iter_next(struct lint_iter *iter, struct sg_der_tlv *ret);

/* Attribute by attribute. */
struct lint_rdn {
    struct sg_slice oid;
    uint8_t tag;
    struct sg_slice value;
    bool multi; /* more attributes follow in the same RDN */
};
struct lint_dn_iter {
    struct lint_iter rdns;
    struct sg_der rdn; /* the one that is being read */
};
void lint_dn_init(struct lint_dn_iter *iter, struct sg_slice name);
bool lint_dn_next(struct lint_dn_iter *iter, struct lint_rdn *ret);

#define LINT_POLICY_DV "\x67\x81\x0c\x01\x02\x01"
#define LINT_POLICY_OV "\x67\x81\x0c\x01\x02\x02"
#define LINT_POLICY_IV "\x67\x81\x0c\x01\x02\x03"
#define LINT_POLICY_EV "\x67\x81\x0c\x01\x01"
bool lint_has_policy(const struct lint_cert *cert, const char *oid);
/* "CN", or the OID written into dst. */
const char *lint_attribute_name(struct sg_slice oid, char dst[SG_OID_TEXT_MAX]);

#define LINT_AD_OCSP "\x2b\x06\x01\x05\x05\x07\x30\x01"
#define LINT_AD_CA_ISSUERS "\x2b\x06\x01\x05\x05\x07\x30\x02"
bool lint_has_access_method(const struct lint_cert *cert, const char *method);

#define LINT_SANS_MAX 1024 /* more are a finding, and not held against others */
int lint_by_bytes(const void *a, const void *b); /* qsort of slices */

/* AlgorithmIdentifiers that may stand in this profile's certificates and CRLs,
 * byte for byte; and those that a key can make. */
bool lint_algorithm_known(struct sg_slice alg, enum lint_profile profile);
bool lint_algorithm_fits(const struct lint_cert *issuer, struct sg_slice alg);

/* "…" with control characters replaced; for findings. */
const char *lint_text(struct sg_slice bytes, char *dst, size_t size);

#endif
