/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CA_RULES_H
#define SG_CA_RULES_H

/* Rules that leaf and CA certificates share, one call each. SG_POLICY says
 * what was found and which clause it breaks. Pure, no allocation. */

#include "ca/issuer.h"

/* Our serials start with an octet of 0x01–0x7f, which holds no full octet of
 * entropy: 64 random bits (BR 7.1) need eight more. */
#define CA_SERIAL_MIN 9
#define CA_SERIAL_MAX 20 /* octets, RFC 5280 4.1.2.2 */
/* 1950-01-01T00:00:00Z and 9999-12-31T23:59:59Z (RFC 5280 4.1.2.5) */
#define CA_TIME_MIN INT64_C(-631152000)
#define CA_TIME_MAX INT64_C(253402300799)

enum sg_rc ca_rule_serial(struct sg_slice serial, struct sg_err *err);

enum sg_rc ca_rule_period(struct ca_period period, struct sg_err *err);
/* Inside the period of every certificate of the chain: what outlives one of
 * them cannot be verified to its end (RFC 5280 6.1.3 (a)(2), the shell
 * model). */
enum sg_rc ca_rule_inside(struct ca_period period,
                          const struct ca_issuer *issuer, struct sg_err *err);
/* Nothing empty, CN and serialNumber once, no attribute and value twice. */
enum sg_rc ca_rule_subject(const struct ca_dn *subject, struct sg_err *err);
/* Does a key of this kind make such signatures (hash tied to the curve)? */
enum sg_rc ca_rule_sigalg(enum ca_sigalg alg, enum ca_key_kind signer,
                          struct sg_err *err);
/* The key is none of the chain's: it would stand under two names. */
enum sg_rc ca_rule_fresh_key(const struct ca_spki *spki,
                             const struct ca_issuer *issuer,
                             struct sg_err *err);

#endif
