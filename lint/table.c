/* SPDX-License-Identifier: Apache-2.0 */
#include "lint/rules.h"

/* Every rule, one row each: id, source, severity for private and for public
 * TLS PKIs, the days it binds [from, until), what it is about, the check.
 * The sources are RFC 5280 and the Baseline Requirements 2.2.6 (BR). */

#define ANY_CA (LINT_KIND_ROOT | LINT_KIND_SUB_CA)
#define END_ENTITY (LINT_KIND_LEAF | LINT_KIND_OCSP)
#define ANY (ANY_CA | END_ENTITY)
#define BELOW_ROOT (LINT_KIND_SUB_CA | END_ENTITY)

#define OFF LINT_OFF
#define NOTICE LINT_NOTICE
#define WARN LINT_WARN
#define ERROR LINT_ERROR

/* Days as seconds since 1970. */
#define SINCE_2004_01_01 1072915200 /* RFC 3280: UTF8String for new names */
#define SINCE_2016_01_01 1451606400 /* the end of SHA-1 */
#define SINCE_2023_09_15 1694736000 /* BR 2.0: profiles of certificates */
#define SINCE_2025_06_15 1749945600 /* serverAuth in TLS intermediates */

#define ROW(id, source, private, public, from, until, kinds) \
    { \
        { #id, source, private, public, from, until, kinds }, lint_##id, false \
    }
#define RULE(id, source, private, public, kinds) \
    ROW(id, source, private, public, 0, 0, kinds)
#define KEY_RULE(id, source) \
    { \
        { #id, source, ERROR, ERROR, 0, 0, ANY }, lint_##id, true \
    }

const struct lint_row LINT_ROWS[] = {
    /* body */
    RULE(version, "RFC 5280 4.1.2.1", ERROR, ERROR, ANY),
    RULE(serial_positive, "RFC 5280 4.1.2.2", ERROR, ERROR, ANY),
    RULE(serial_length, "RFC 5280 4.1.2.2", ERROR, ERROR, ANY),
    RULE(serial_entropy, "BR 7.1", WARN, ERROR, ANY),
    RULE(algorithms_match, "RFC 5280 4.1.1.2", ERROR, ERROR, ANY),
    RULE(algorithm_allowed, "BR 7.1.3.2", ERROR, ERROR, ANY),
    ROW(algorithm_sha1, "BR 7.1.3.2", ERROR, ERROR, SINCE_2016_01_01, 0, ANY),
    RULE(time_form, "RFC 5280 4.1.2.5", ERROR, ERROR, ANY),
    RULE(time_order, "RFC 5280 4.1.2.5", ERROR, ERROR, ANY),
    RULE(unique_ids, "RFC 5280 4.1.2.8", ERROR, ERROR, ANY),
    RULE(extension_twice, "RFC 5280 4.2", ERROR, ERROR, ANY),
    RULE(extension_empty, "RFC 5280 4.2", ERROR, ERROR, ANY),
    RULE(extension_default, "X.690 11.5", ERROR, ERROR, ANY),
    RULE(extension_critical, "RFC 5280 4.2", ERROR, ERROR, ANY),
    RULE(extension_not_critical, "RFC 5280 4.2.2", ERROR, ERROR, ANY),
    RULE(extension_form, "RFC 5280 4.2", ERROR, ERROR, ANY),
    RULE(aki_present, "RFC 5280 4.2.1.1", ERROR, ERROR, BELOW_ROOT),
    RULE(aki_not_critical, "RFC 5280 4.2.1.1", ERROR, ERROR, ANY),
    RULE(aki_form, "BR 7.1.2.11.1", WARN, ERROR, ANY),
    RULE(ski_not_critical, "RFC 5280 4.2.1.2", ERROR, ERROR, ANY),
    RULE(urls, "BR 7.1.2.11.2", WARN, ERROR, ANY),
    RULE(cdp_form, "BR 7.1.2.11.2", WARN, ERROR, ANY),
    RULE(ct_poison, "RFC 6962 3.1", ERROR, ERROR, ANY),
    RULE(ct_both, "RFC 6962 3.1", ERROR, ERROR, ANY),
    RULE(ct_sct_list, "RFC 6962 3.3", ERROR, ERROR, ANY),
    RULE(backdated, "BR 7.1.2", OFF, ERROR, ANY),
    RULE(expired, "RFC 5280 6.1.3 (a)(2)", ERROR, ERROR, ANY),
    RULE(cdp_not_critical, "RFC 5280 4.2.1.13", WARN, ERROR, ANY),
    ROW(aia_methods, "BR 7.1.2.7.7, 7.1.2.10.3", OFF, ERROR, SINCE_2023_09_15,
        0, ANY),
    /* key */
    RULE(key_algorithm, "BR 6.1.5", ERROR, ERROR, ANY),
    RULE(key_parameters, "RFC 3279 2.3.1", ERROR, ERROR, ANY),
    KEY_RULE(rsa_size, "BR 6.1.5"),
    KEY_RULE(rsa_exponent, "BR 6.1.6"),
    KEY_RULE(rsa_close_primes, "BR 6.1.1.3"),
    KEY_RULE(ec_point, "RFC 5480 2.2"),
    KEY_RULE(rsa_small_factor, "BR 6.1.6"),
    KEY_RULE(rsa_roca, "BR 6.1.1.3"),
    /* distinguished names */
    RULE(issuer_empty, "RFC 5280 4.1.2.4", ERROR, ERROR, ANY),
    RULE(subject_empty, "RFC 5280 4.1.2.6", ERROR, ERROR, END_ENTITY),
    RULE(ca_subject_empty, "RFC 5280 4.1.2.6", ERROR, ERROR, ANY_CA),
    ROW(dn_form, "RFC 5280 4.1.2.4", ERROR, ERROR, SINCE_2004_01_01, 0, ANY),
    RULE(dn_multi_value, "BR 7.1.4.1", WARN, ERROR, ANY),
    RULE(dn_country, "RFC 5280 appendix A", ERROR, ERROR, ANY),
    RULE(dn_country_iso, "ISO 3166-1, BR 7.1.4.2", WARN, ERROR, ANY),
    RULE(dn_metadata, "BR 7.1.4.2", WARN, ERROR, ANY),
    RULE(dn_space, "good sense: compared differently", WARN, WARN, ANY),
    RULE(dn_length, "RFC 5280 appendix A", ERROR, ERROR, ANY),
    RULE(dn_twice, "BR 7.1.4.1", WARN, ERROR, ANY),
    ROW(dn_order, "BR 7.1.4.2", OFF, ERROR, SINCE_2023_09_15, 0, ANY),
    RULE(ca_subject_attributes, "BR 7.1.2.10.2", OFF, ERROR, ANY_CA),
    /* alternative names */
    RULE(san_present, "BR 7.1.2.7.12", NOTICE, ERROR, LINT_KIND_LEAF),
    RULE(san_empty, "RFC 5280 4.2.1.6", ERROR, ERROR, ANY),
    RULE(san_dns, "RFC 5280 4.2.1.6", ERROR, ERROR, ANY),
    RULE(san_dns_host, "RFC 5280 4.2.1.6, RFC 1034 3.5", WARN, ERROR, ANY),
    RULE(san_dns_lower_case, "BR 7.1.4.2", NOTICE, NOTICE, ANY),
    RULE(san_ip, "RFC 5280 4.2.1.6", ERROR, ERROR, ANY),
    RULE(san_ip_reserved, "BR 4.2.2", OFF, ERROR, LINT_KIND_LEAF),
    RULE(san_email, "RFC 5280 4.2.1.6", ERROR, ERROR, ANY),
    RULE(san_uri, "RFC 5280 4.2.1.6", ERROR, ERROR, ANY),
    RULE(san_twice, "BR 7.1.2.7.12", WARN, WARN, ANY),
    RULE(san_count, "good sense: a bound on work", ERROR, ERROR, ANY),
    RULE(san_types, "BR 7.1.2.7.12", OFF, ERROR, LINT_KIND_LEAF),
    ROW(san_not_critical, "RFC 5280 4.2.1.6, BR 7.1.2.7.12", NOTICE, ERROR,
        SINCE_2023_09_15, 0, ANY),
    RULE(ian_names, "RFC 5280 4.2.1.7", ERROR, ERROR, ANY),
    RULE(san_dns_internal, "BR 7.1.2.7.12", OFF, ERROR, LINT_KIND_LEAF),
    RULE(san_dns_reserved, "BR 7.1.2.7.12", WARN, ERROR, LINT_KIND_LEAF),
    RULE(cn_in_san, "RFC 6125 6.4.4", WARN, OFF, LINT_KIND_LEAF),
    RULE(cn_from_san, "BR 7.1.4.3", OFF, ERROR, LINT_KIND_LEAF),
    /* leaf */
    RULE(leaf_usage, "RFC 5280 4.2.1.3", ERROR, ERROR, END_ENTITY),
    RULE(leaf_basic_constraints, "RFC 5280 4.2.1.9", ERROR, ERROR, END_ENTITY),
    RULE(key_usage_bits, "RFC 5280 4.2.1.3", ERROR, ERROR, ANY),
    RULE(leaf_eku_present, "BR 7.1.2.7.10", NOTICE, ERROR, LINT_KIND_LEAF),
    RULE(eku_not_critical, "BR 7.1.2.7.10", NOTICE, ERROR, ANY),
    RULE(eku_any, "BR 7.1.2.7.10", WARN, ERROR, END_ENTITY),
    RULE(eku_twice, "RFC 5280 4.2.1.12", ERROR, ERROR, ANY),
    RULE(usage_fits_purpose, "RFC 5280 4.2.1.12", WARN, ERROR, END_ENTITY),
    RULE(leaf_eku_tls, "BR 7.1.2.7.10", OFF, ERROR, LINT_KIND_LEAF),
    RULE(leaf_aia, "BR 7.1.2.7.7", OFF, ERROR, LINT_KIND_LEAF),
    RULE(leaf_status, "BR 7.1.2.11.2", OFF, ERROR, LINT_KIND_LEAF),
    RULE(leaf_policies, "BR 7.1.2.7.9", OFF, ERROR, LINT_KIND_LEAF),
    ROW(leaf_subject, "BR 7.1.2.7.2, 7.1.2.7.3, 7.1.2.7.4", OFF, ERROR,
        SINCE_2023_09_15, 0, LINT_KIND_LEAF),
    ROW(leaf_usage_tls, "BR 7.1.2.7.11", OFF, ERROR, SINCE_2023_09_15, 0,
        LINT_KIND_LEAF),
    RULE(leaf_usage_critical, "RFC 5280 4.2.1.3, BR 7.1.2.7.6", NOTICE, ERROR,
         LINT_KIND_LEAF),
    RULE(leaf_basic_critical, "BR 7.1.2.7.8", OFF, ERROR, LINT_KIND_LEAF),
    RULE(usage_fits_key, "RFC 5480 3, RFC 3279 2.3.1", NOTICE, WARN, ANY),
    RULE(leaf_validity, "BR 6.3.2", OFF, ERROR, LINT_KIND_LEAF),
    RULE(policies_twice, "RFC 5280 4.2.1.4", ERROR, ERROR, ANY),
    ROW(policy_qualifiers, "BR 7.1.2.10.5", OFF, ERROR, SINCE_2023_09_15, 0,
        ANY),
    RULE(policy_unknown_qualifier, "RFC 5280 4.2.1.4", ERROR, ERROR, ANY),
    RULE(policy_text, "RFC 5280 4.2.1.4", ERROR, ERROR, ANY),
    RULE(policy_notice, "RFC 5280 4.2.1.4", WARN, WARN, ANY),
    ROW(policies_not_critical, "BR 7.1.2.7.6, 7.1.2.10.2", OFF, ERROR,
        SINCE_2023_09_15, 0, ANY),
    RULE(policy_constraints, "RFC 5280 4.2.1.11, 4.2.1.14", ERROR, ERROR, ANY),
    RULE(policy_mappings, "RFC 5280 4.2.1.5", ERROR, ERROR, ANY),
    RULE(policy_mappings_listed, "RFC 5280 4.2.1.5", WARN, WARN, ANY_CA),
    /* OCSP responder */
    RULE(ocsp_eku_only, "BR 7.1.2.8.5", ERROR, ERROR, LINT_KIND_OCSP),
    RULE(ocsp_nocheck, "RFC 6960 4.2.2.2.1", ERROR, ERROR, LINT_KIND_OCSP),
    RULE(ocsp_usage, "BR 7.1.2.8.7", ERROR, ERROR, LINT_KIND_OCSP),
    RULE(ocsp_extensions, "BR 7.1.2.8.2", WARN, ERROR, LINT_KIND_OCSP),
    /* CA */
    RULE(ca_basic_critical, "RFC 5280 4.2.1.9", ERROR, ERROR, ANY_CA),
    RULE(path_length_place, "RFC 5280 4.2.1.9", ERROR, ERROR, ANY_CA),
    RULE(ca_usage_present, "RFC 5280 4.2.1.3", ERROR, ERROR, ANY_CA),
    RULE(ca_usage_critical, "RFC 5280 4.2.1.3", WARN, ERROR, ANY_CA),
    RULE(ca_usage_cert_sign, "RFC 5280 4.2.1.9", ERROR, ERROR, ANY_CA),
    RULE(ca_usage_crl_sign, "BR 7.1.2.10.7", WARN, ERROR, ANY_CA),
    RULE(ca_usage_only, "BR 7.1.2.10.7", WARN, ERROR, ANY_CA),
    RULE(ca_ski_present, "RFC 5280 4.2.1.2", ERROR, ERROR, ANY_CA),
    RULE(ca_eku_ocsp, "RFC 6960 4.2.2.2", ERROR, ERROR, ANY_CA),
    RULE(root_eku, "BR 7.1.2.1.2", WARN, ERROR, LINT_KIND_ROOT),
    RULE(root_aki, "BR 7.1.2.1.3", OFF, NOTICE, LINT_KIND_ROOT),
    RULE(root_signature, "RFC 5280 3.2", ERROR, ERROR, LINT_KIND_ROOT),
    RULE(self_signed_aki, "RFC 5280 4.2.1.1", ERROR, ERROR, LINT_KIND_SUB_CA),
    RULE(root_policies, "BR 7.1.2.1.2", OFF, NOTICE, LINT_KIND_ROOT),
    RULE(root_path_length, "BR 7.1.2.1.4", OFF, NOTICE, LINT_KIND_ROOT),
    RULE(root_validity, "BR 7.1.2.1.1", OFF, ERROR, LINT_KIND_ROOT),
    ROW(sub_ca_eku, "CCADB 5.1, BR 7.1.2.10.6", OFF, ERROR, SINCE_2025_06_15, 0,
        LINT_KIND_SUB_CA),
    RULE(sub_ca_eku_mixed, "BR 7.1.2.10.6", OFF, ERROR, LINT_KIND_SUB_CA),
    RULE(sub_ca_cdp, "BR 7.1.2.10.4", OFF, ERROR, LINT_KIND_SUB_CA),
    RULE(sub_ca_aia, "BR 7.1.2.10.3", OFF, WARN, LINT_KIND_SUB_CA),
    RULE(sub_ca_policies, "BR 7.1.2.10.2", OFF, ERROR, LINT_KIND_SUB_CA),
    ROW(sub_ca_policy_one, "BR 7.1.2.10.5", OFF, ERROR, SINCE_2023_09_15, 0,
        LINT_KIND_SUB_CA),
    /* name constraints */
    RULE(nc_only_ca, "RFC 5280 4.2.1.10", ERROR, ERROR, END_ENTITY),
    RULE(nc_critical, "RFC 5280 4.2.1.10", ERROR, WARN, ANY_CA),
    RULE(nc_empty, "RFC 5280 4.2.1.10", ERROR, ERROR, ANY_CA),
    RULE(nc_malformed, "RFC 5280 4.2.1.10", ERROR, ERROR, ANY_CA),
    RULE(nc_count, "good sense: a bound on work", ERROR, ERROR, ANY_CA),
    RULE(nc_forms, "RFC 5280 4.2.1.10", ERROR, ERROR, ANY_CA),
    RULE(nc_base_distance, "RFC 5280 4.2.1.10", ERROR, ERROR, ANY_CA),
    RULE(nc_dns, "RFC 5280 4.2.1.10", ERROR, ERROR, ANY_CA),
    RULE(nc_dns_lower_case, "good sense: as names are written", NOTICE, NOTICE,
         ANY_CA),
    RULE(nc_email, "RFC 5280 4.2.1.10", ERROR, ERROR, ANY_CA),
    RULE(nc_uri, "RFC 5280 4.2.1.10", ERROR, ERROR, ANY_CA),
    RULE(nc_directory, "RFC 5280 4.2.1.10", ERROR, ERROR, ANY_CA),
    RULE(nc_ip, "RFC 5280 4.2.1.10", ERROR, ERROR, ANY_CA),
    RULE(nc_technical, "BR 7.1.2.5", ERROR, ERROR, LINT_KIND_SUB_CA),
    RULE(pair_nc_open_forms, "RFC 5280 4.2.1.10", WARN, WARN, ANY_CA),
    /* a certificate and its issuer */
    RULE(pair_name, "RFC 5280 6.1.3 (a)(4)", ERROR, ERROR, LINT_KIND_PAIR),
    RULE(pair_key_id, "RFC 5280 4.2.1.1", ERROR, ERROR, LINT_KIND_PAIR),
    RULE(pair_signature, "RFC 5280 6.1.3 (a)(1)", ERROR, ERROR, LINT_KIND_PAIR),
    RULE(pair_validity, "good sense: none outlives its issuer", ERROR, ERROR,
         LINT_KIND_PAIR),
    RULE(pair_issuer_is_ca, "RFC 5280 6.1.4 (k)(n)", ERROR, ERROR,
         LINT_KIND_PAIR),
    RULE(pair_path_length, "RFC 5280 4.2.1.9", ERROR, ERROR, LINT_KIND_PAIR),
    RULE(pair_path_length_falls, "RFC 5280 4.2.1.9", ERROR, ERROR,
         LINT_KIND_PAIR),
    RULE(pair_eku, "BR 7.1.2.10.6", WARN, ERROR, LINT_KIND_PAIR),
    RULE(pair_same_key, "RFC 5280 4.2.1.2", ERROR, ERROR, LINT_KIND_PAIR),
    RULE(pair_subject_key_id, "RFC 5280 4.2.1.2", ERROR, ERROR, LINT_KIND_PAIR),
    RULE(pair_algorithm, "BR 7.1.3.2.2", WARN, ERROR, LINT_KIND_PAIR),
    RULE(pair_nc_subset, "RFC 5280 4.2.1.10", ERROR, ERROR, LINT_KIND_PAIR),
    RULE(pair_nc_names, "RFC 5280 6.1.3 (b)(c)", ERROR, ERROR, LINT_KIND_PAIR),
    RULE(pair_nc_wildcard, "CVE-2025-61727", ERROR, ERROR, LINT_KIND_PAIR),
    /* CRL */
    RULE(crl_version, "RFC 5280 5.1.2.1", ERROR, ERROR, LINT_KIND_CRL),
    RULE(crl_algorithms, "RFC 5280 5.1.1.2", ERROR, ERROR, LINT_KIND_CRL),
    RULE(crl_algorithm_allowed, "BR 7.1.3.2", ERROR, ERROR, LINT_KIND_CRL),
    RULE(crl_algorithm_fits, "BR 7.1.3.2.2", WARN, ERROR, LINT_KIND_CRL),
    RULE(crl_issuer_empty, "RFC 5280 5.1.2.3", ERROR, ERROR, LINT_KIND_CRL),
    RULE(crl_times, "RFC 5280 5.1.2.4", ERROR, ERROR, LINT_KIND_CRL),
    RULE(crl_next_update, "RFC 5280 5.1.2.5", ERROR, ERROR, LINT_KIND_CRL),
    RULE(crl_lifetime, "BR 4.9.7", OFF, ERROR, LINT_KIND_CRL),
    RULE(crl_number, "RFC 5280 5.2.3", ERROR, ERROR, LINT_KIND_CRL),
    RULE(crl_aki, "RFC 5280 5.2.1", ERROR, ERROR, LINT_KIND_CRL),
    RULE(crl_aki_form, "BR 7.2.2", WARN, ERROR, LINT_KIND_CRL),
    RULE(crl_empty_list, "RFC 5280 5.1.2.6", ERROR, ERROR, LINT_KIND_CRL),
    RULE(crl_entry_form, "RFC 5280 5.1.2.6", ERROR, ERROR, LINT_KIND_CRL),
    RULE(crl_entry_serial, "RFC 5280 4.1.2.2", ERROR, ERROR, LINT_KIND_CRL),
    RULE(crl_entry_extension, "RFC 5280 5.3", ERROR, ERROR, LINT_KIND_CRL),
    RULE(crl_serial_twice, "RFC 5280 5.1.2.6", ERROR, ERROR, LINT_KIND_CRL),
    RULE(crl_reason, "RFC 5280 5.3.1", ERROR, ERROR, LINT_KIND_CRL),
    RULE(crl_reason_subscriber, "BR 7.2.2", OFF, ERROR, LINT_KIND_CRL),
    RULE(crl_reason_ca, "BR 7.2.2", WARN, ERROR, LINT_KIND_CRL),
    RULE(crl_revocation_date, "RFC 5280 5.1.2.6", ERROR, ERROR, LINT_KIND_CRL),
    RULE(crl_invalidity_date, "RFC 5280 5.3.2", ERROR, ERROR, LINT_KIND_CRL),
    RULE(crl_idp, "RFC 5280 5.2.5", ERROR, ERROR, LINT_KIND_CRL),
    RULE(crl_delta, "RFC 5280 5.2.4", ERROR, ERROR, LINT_KIND_CRL),
    RULE(crl_extension_twice, "RFC 5280 5.2", ERROR, ERROR, LINT_KIND_CRL),
    RULE(crl_extension_critical, "RFC 5280 5.2", ERROR, ERROR, LINT_KIND_CRL),
    RULE(crl_issuer, "RFC 5280 5.1.2.3", ERROR, ERROR, LINT_KIND_CRL),
    RULE(crl_issuer_usage, "RFC 5280 6.3.3 (f)", ERROR, ERROR, LINT_KIND_CRL),
};
const size_t LINT_ROWS_COUNT = SG_ARRAY_LEN(LINT_ROWS);
