/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CA_AUTHORITY_H
#define SG_CA_AUTHORITY_H

/* CA certificates and the requests for them: to-be-signed bytes. Pure. */

#include "ca/issuer.h"
#include "ca/policies.h"

enum ca_authority_kind {
    CA_AUTHORITY_UNSET, /* root without an issuer, else intermediate */
    CA_AUTHORITY_ROOT,
    CA_AUTHORITY_INTERMEDIATE,
    /* Subject, key and key identifier are those of a CA certificate that
     * exists; everything else is given anew and judged by today's rules. */
    CA_AUTHORITY_CROSS,
    /* Self-issued: the issuer's own subject with another key. Path lengths do
     * not count it (RFC 5280 4.2.1.9), so it is made on request only. */
    CA_AUTHORITY_ROLLOVER
};
const char *ca_authority_kind_name(enum ca_authority_kind kind);

struct ca_authority_args {
    enum ca_authority_kind kind;
    enum ca_sigalg alg; /* of the signature that will be made */
    struct sg_slice serial;
    /* Root and intermediate. Cross and rollover take theirs, byte for byte,
     * from existing and issuer: then it stays empty. */
    struct ca_dn subject;
    /* The new CA's key. May be NULL where existing is given. */
    const struct ca_spki *spki;
    /* Cross: the certificate that exists. Rollover: NULL, or the certificate
     * of the old key when the new key signs it. Others: NULL. */
    const struct ca_cert *existing;
    int64_t not_before, not_after;
    bool has_path_length;
    uint32_t path_length;
    const struct ca_constraints *constraints; /* NULL: none */
    bool constraints_not_critical;            /* for old verifiers only */
    /* Refuse when the constraints leave a name form open that the purposes
     * can use (BR 7.1.2.5); needs eku. Not for roots. */
    bool technically_constrained;
    bool digital_signature; /* keyUsage besides keyCertSign and cRLSign */
    const char *const *eku; /* dotted OIDs; a root has none */
    size_t n_eku;
    const struct ca_policy *policies;
    size_t n_policies;
    struct ca_skip require_explicit_policy, inhibit_policy_mapping;
    struct ca_skip inhibit_any_policy;
    /* When any of these is given, they take the place of all three that the
     * issuer was made with. */
    struct ca_texts issuing_certificates, ocsp_servers; /* AIA */
    struct ca_texts crl_distribution_points;
    /* NULL: self-signed (a root). */
    const struct ca_issuer *issuer;
    /* Other certificates that exist, to hold key, key identifier and subject
     * against; may be empty. */
    const struct ca_cert *const *known;
    size_t n_known;
};

/* SG_POLICY names the rule, its clause and, where the rule is about two
 * certificates, both of them:
 *  - kind and arguments do not go together;
 *  - serial, period, subject, key, algorithm, purposes, policies or URLs break
 *    a rule of their own; a root with purposes, OCSPSigning anywhere;
 *  - the issuer's path length, anywhere in the chain; its validity; the name
 *    constraints of the chain; permitted subtrees beyond the chain's; purposes
 *    that a CA of the chain does not have, or none below one that has;
 *  - the triangle of key, key identifier and subject: one key has one of each,
 *    and a subject has another key only in a rollover or cross-certificate; the
 *    key is none of the chain's;
 *  - a cross-certificate that begins before the existing one. */
enum sg_rc ca_authority_tbs(const struct ca_authority_args *args,
                            struct sg_buf *out, struct sg_err *err);

/* What is allowed and yet worth a second look: each name form that neither
 * these constraints nor those of the chain address. */
#define CA_WARNINGS_MAX 16
#define CA_WARNING_MAX 160
struct ca_warnings {
    char text[CA_WARNINGS_MAX][CA_WARNING_MAX];
    size_t n;
};
void ca_authority_warn(const struct ca_authority_args *args,
                       struct ca_warnings *ret);

/* CertificationRequestInfo for a key, with no attributes. */
enum sg_rc ca_csr_info(const struct ca_dn *subject, const struct ca_spki *spki,
                       struct sg_buf *out, struct sg_err *err);

#endif
