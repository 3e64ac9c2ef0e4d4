/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CA_AUTHORITY_INT_H
#define SG_CA_AUTHORITY_INT_H

/* What the files that make CA certificates share. Inside ca/ only. */

#include "ca/authority.h"

#define CA_AUTHORITY_TEXT_MAX 200 /* of a subject, in messages */

/* The arguments with what follows from them. */
struct ca_authority {
    const struct ca_authority_args *args;
    enum ca_authority_kind kind;
    struct sg_arena arena;
    struct sg_slice subject; /* the Name as it will be signed */
    const struct ca_spki *spki;
    struct sg_slice key_id;
    struct ca_oids eku;
    char text[CA_AUTHORITY_TEXT_MAX]; /* the subject, for people */
};

/* Every rule; *it was resolved. */
enum sg_rc ca_authority_check(const struct ca_authority *it,
                              struct sg_err *err);
/* The forms that the name constraints leave open: SG_POLICY. */
enum sg_rc ca_authority_check_forms(const struct ca_authority *it,
                                    struct sg_err *err);
/* Append the TBSCertificate. */
enum sg_rc ca_authority_put(const struct ca_authority *it, struct sg_buf *out,
                            struct sg_err *err);

#endif
