/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_TESTS_UNIT_CA_MAKE_H
#define SG_TESTS_UNIT_CA_MAKE_H

/* CA certificates made by ca/ itself, each held against lint/ before it is
 * signed. Everything fails the test when it cannot be done. */

#include "lint/lint.h"
#include "tests/unit/ca/kit.h"

/* One CA with its key; chain is its certificate, then those above. */
struct make_ca {
    struct kit_key key;
    struct sg_buf der;
    struct ca_issuer *issuer;
};
void make_ca_done(struct make_ca *ca);

/* No finding of this severity or worse, alone and with the chain above;
 * issuer is NULL for a root. */
void make_clean(struct sg_slice tbs, const struct ca_issuer *issuer,
                const struct lint_options *options,
                enum lint_severity severity);
/* Build, lint (private, nothing at level error), sign with signer. */
void make_authority(const struct ca_authority_args *args,
                    const struct kit_key *signer, struct sg_buf *ret_der);
/* The same for a new P-256 key, and an issuer of the result. args->issuer is
 * above's. above NULL: a root. */
void make_ca(const struct ca_authority_args *args, const struct make_ca *above,
             struct make_ca *ret);

#endif
