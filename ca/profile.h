/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CA_PROFILE_H
#define SG_CA_PROFILE_H

/* What the parts of a leaf share among themselves; everybody else uses
 * ca/leaf.h. */

#include "ca/leaf.h"

struct ca_profile {
    struct sg_arena arena;
    struct ca_oids eku;
    uint16_t key_usage; /* as the role has it, for a key of any kind */
    /* Whole Extension elements: EKU, BC, policies; may be empty. */
    struct sg_slice extensions;
};

/* Those bits of the profile's key usage that a key of this kind can be used
 * for; the others must not stand in its certificate (RFC 3279 2.3.1, RFC 8813
 * 3, RFC 8410 5). */
uint16_t ca_profile_key_usage(const struct ca_profile *profile,
                              enum ca_key_kind kind);

/* One TLS record (RFC 8446 5.1); SANs are what can grow this far. */
#define CA_LEAF_EXTENSIONS_MAX 16384

/* Every rule that does not need the encoded subject. */
enum sg_rc ca_leaf_check(const struct ca_leaf_args *args, struct sg_err *err);
/* The final names (subject is the Name as it will be signed) against the
 * constraints of the issuer's whole chain. */
enum sg_rc ca_leaf_check_names(const struct ca_leaf_args *args,
                               struct sg_slice subject, struct sg_err *err);

#endif
