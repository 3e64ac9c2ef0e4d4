/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CA_ISSUER_H
#define SG_CA_ISSUER_H

/* A CA certificate that may sign, with its chain: checked once, then immutable
 * and shared by all threads. */

#include "ca/cert.h"

#define CA_CHAIN_MAX 8 /* certificates, issuer and root included */

struct ca_issuer_args {
    const struct sg_slice *chain; /* DER: the issuer first, root last */
    size_t n;
    /* Pre-encoded into every leaf; each list may be empty. */
    const char *const *issuing_certificates; /* AIA caIssuers */
    size_t n_issuing_certificates;
    const char *const *ocsp_servers; /* AIA OCSP */
    size_t n_ocsp_servers;
    const char *const *crl_distribution_points;
    size_t n_crl_distribution_points;
};

struct ca_issuer; /* opaque; owns copies of everything */

/* SG_POLICY when the chain does not hold at time now: a signature, a name, an
 * expired or not yet valid certificate, no CA, no keyCertSign, no SKI, path
 * lengths, unknown critical extension, order, a CA outside the name
 * constraints above it (self-issued ones are exempt, RFC 5280 6.1.3 (b)). The
 * last certificate must be self-signed or the chain may stop below it (a root
 * kept elsewhere). */
enum sg_rc ca_issuer_new(const struct ca_issuer_args *args, int64_t now,
                         struct ca_issuer **ret_issuer, struct sg_err *err);
void ca_issuer_free(struct ca_issuer *issuer);
SG_DEFINE_CLEANUP(struct ca_issuer, ca_issuer_free);

/* Borrowed views, valid as long as the issuer. */
const struct ca_cert *ca_issuer_cert(const struct ca_issuer *issuer);
size_t ca_issuer_chain_len(const struct ca_issuer *issuer);
const struct ca_cert *ca_issuer_chain(const struct ca_issuer *issuer, size_t i);
/* "CN=Demo Issuing,O=…" */
const char *ca_issuer_text(const struct ca_issuer *issuer);
/* Both ends are inclusive (RFC 5280 4.1.2.5). */
struct ca_period {
    int64_t not_before;
    int64_t not_after;
};
/* When all certificates of the chain are valid (RFC 5280 6.1.3 (a)(2)). */
struct ca_period ca_issuer_period(const struct ca_issuer *issuer);
/* Hold names against the constraints of every certificate of the chain. */
enum sg_rc ca_issuer_check_names(const struct ca_issuer *issuer,
                                 const struct ca_names *names,
                                 struct sg_err *err);
/* Pre-encoded extensions (whole Extension elements): AKI, AIA, CDP. */
struct sg_slice ca_issuer_extensions(const struct ca_issuer *issuer);
/* May the issuer sign a CA certificate with this path length below it? A
 * limit anywhere in the chain counts. */
enum sg_rc ca_issuer_check_ca(const struct ca_issuer *issuer,
                              bool has_path_length, uint32_t path_length,
                              struct sg_err *err);
/* The same for a self-issued one, which no limit counts (RFC 5280 4.2.1.9): it
 * may carry what its issuer has, and no more. */
enum sg_rc ca_issuer_check_self_issued(const struct ca_issuer *issuer,
                                       bool has_path_length,
                                       uint32_t path_length,
                                       struct sg_err *err);

#endif
