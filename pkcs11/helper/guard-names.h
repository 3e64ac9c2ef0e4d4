/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_PKCS11_HELPER_GUARD_NAMES_H
#define SG_PKCS11_HELPER_GUARD_NAMES_H

/* Name constraints (RFC 5280 4.2.1.10) as the token process holds names
 * against them: written apart from ca/, which builds the names. Where a form
 * leaves doubt the answer is no. Pure. */

#include "pkcs11/helper/tbs.h"

/* Can these constraints (content of NameConstraints) be held against names?
 * SG_FORMAT for bad DER, SG_POLICY for a minimum or maximum. */
enum sg_rc tok_names_readable(struct sg_slice constraints, struct sg_err *err);

struct tok_names {
    struct sg_slice constraints; /* content of NameConstraints */
    const char *whose;           /* for the message: "issuer's" */
};

/* Every name of tbs: its subject, what the subjectAltName holds, and in a
 * certificate without such names an emailAddress or a common name that is a
 * host name. A wildcard covers every name of one more label. SG_POLICY names
 * the form. */
enum sg_rc tok_names_check(const struct tok_names *limits,
                           const struct tok_tbs *tbs, struct sg_err *err);

#endif
