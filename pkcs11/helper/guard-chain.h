/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_PKCS11_HELPER_GUARD_CHAIN_H
#define SG_PKCS11_HELPER_GUARD_CHAIN_H

/* The issuer certificate of a guard and those above it: what they say of one
 * another, and of everything below. In messages the issuer certificate is
 * number 1, the one above it number 2. */

#include "pkcs11/helper/guard.h"

/* Read limits.chain into g, whose issuer is read. SG_POLICY: one is not the
 * issuer of the one below it by name and key identifier. SG_LIMIT past
 * TOK_CHAIN_MAX. */
enum sg_rc tok_chain_take(struct tok_guard_state *g, struct sg_err *err);

/* Is each certificate signed by the one above it? SG_POLICY says which one is
 * not. The last one's signature proves nothing: RFC 5280 6.1.1 (d). */
enum sg_rc tok_chain_check_signatures(const struct tok_guard_state *g,
                                      struct sg_err *err);

/* Inside the validity of each of them: what outlives one cannot be verified
 * to its end (RFC 5280 6.1.3 (a)(2)). */
enum sg_rc tok_chain_check_times(const struct tok_guard_state *g,
                                 const struct tok_tbs *tbs, struct sg_err *err);

/* A CA certificate with purposes lends no others: Go, NSS and Windows
 * intersect them over the chain (RFC 5280 4.2.1.12). A CA certificate without
 * any is refused below one that has some; OCSPSigning is lent by every CA,
 * which must not have it itself (RFC 6960 4.2.2.2). */
enum sg_rc tok_chain_check_purposes(const struct tok_guard_state *g,
                                    const struct tok_tbs *tbs,
                                    struct sg_err *err);

#endif
