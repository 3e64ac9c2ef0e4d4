/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CA_CRL_H
#define SG_CA_CRL_H

/* Certificate revocation lists (RFC 5280 5): to-be-signed bytes, and strict
 * reading. Pure; slices borrow from the DER or live in the arena. */

#include "ca/issuer.h"

#define CA_CRL_ENTRIES_MAX 4000000

/* RFC 5280 5.3.1; unspecified is written by leaving the extension out. */
enum ca_reason {
    CA_REASON_UNSPECIFIED = 0,
    CA_REASON_KEY_COMPROMISE = 1,
    CA_REASON_CA_COMPROMISE = 2,
    CA_REASON_AFFILIATION_CHANGED = 3,
    CA_REASON_SUPERSEDED = 4,
    CA_REASON_CESSATION_OF_OPERATION = 5,
    CA_REASON_CERTIFICATE_HOLD = 6,
    CA_REASON_REMOVE_FROM_CRL = 8,
    CA_REASON_PRIVILEGE_WITHDRAWN = 9,
    CA_REASON_AA_COMPROMISE = 10
};
const char *ca_reason_name(enum ca_reason reason); /* "keyCompromise" */
enum sg_rc ca_reason_parse(const char *text, enum ca_reason *ret,
                           struct sg_err *err);

struct ca_revoked {
    struct sg_slice serial; /* INTEGER content */
    int64_t date;
    enum ca_reason reason;
};

enum ca_crl_scope {
    CA_CRL_SCOPE_ALL, /* no issuingDistributionPoint unless a URL is given */
    CA_CRL_SCOPE_CA_ONLY,  /* onlyContainsCACerts */
    CA_CRL_SCOPE_USER_ONLY /* onlyContainsUserCerts */
};

struct ca_crl_args {
    const struct ca_cert *issuer;
    enum ca_sigalg alg;
    struct sg_slice number; /* magnitude, at most 20 octets, not zero */
    int64_t this_update, next_update;
    const struct ca_revoked *revoked; /* any order; written sorted by serial */
    size_t n_revoked;
    enum ca_crl_scope scope;
    const char *distribution_point; /* the CDP's URL, or NULL */
};
/* The list is sorted by serial. Memory: out grows once, by about 57 octets per
 * entry, and 8 more are needed while it is written.
 * SG_POLICY: a serial twice, a date after thisUpdate, nextUpdate not later or
 * beyond the issuer's notAfter, an issuer without cRLSign, a reason that may
 * not stand in a full CRL. */
enum sg_rc ca_crl_tbs(const struct ca_crl_args *args, struct sg_buf *out,
                      struct sg_err *err);

struct ca_crl {
    struct sg_slice der, tbs, issuer; /* issuer: whole Name */
    enum ca_sigalg alg;
    struct sg_slice signature;
    int64_t this_update, next_update;
    struct sg_slice number; /* INTEGER content */
    struct sg_slice aki;
    enum ca_crl_scope scope;
    struct sg_slice distribution_point;
    struct ca_revoked *revoked;
    size_t n_revoked;
};
/* SG_FORMAT / SG_POLICY with "crl: …": not version 2, no nextUpdate, no number
 * or authority key identifier, an empty list, a serial twice, a delta or
 * indirect CRL, one for some reasons only, unknown critical extensions. The
 * entries are as they stand there; each takes 32 octets of the arena. */
enum sg_rc ca_crl_parse(struct sg_arena *arena, struct sg_slice der,
                        struct ca_crl *ret, struct sg_err *err);
/* Names, key identifier, cRLSign and signature. */
enum sg_rc ca_crl_check_signed_by(const struct ca_crl *crl,
                                  const struct ca_cert *issuer,
                                  struct sg_err *err);

#endif
