/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_PKCS11_HELPER_CRL_H
#define SG_PKCS11_HELPER_CRL_H

/* A TBSCertList (RFC 5280 5.1) that is about to be signed, read strictly and
 * on our own, and the descriptor that a large one comes in. Slices borrow from
 * the DER. */

#include "pkcs11/helper/tbs.h"

/* Four million entries with a reason each are 32 million elements. */
#define TOK_CRL_ELEMENTS_MAX (40U << 20)

struct tok_crl {
    struct sg_slice algorithm; /* the whole inner AlgorithmIdentifier */
    struct sg_slice issuer;    /* whole Name */
    int64_t this_update, next_update;
    struct sg_slice aki; /* keyIdentifier; p NULL when absent */
    bool has_number;
    size_t n_revoked;
};

/* SG_FORMAT for bad DER, SG_POLICY "guard: …" for what nobody should sign:
 * version not 2, no nextUpdate, an empty list of entries, an extension given
 * twice, an unknown critical one, an indirect CRL. */
enum sg_rc tok_crl_parse(struct sg_slice der, struct tok_crl *ret,
                         struct sg_err *err);

/* The bytes of a descriptor that came with a message. */
struct tok_crl_file {
    void *p; /* NULL: not mapped */
    size_t len;
};
/* SG_POLICY unless fd is a memfd that nobody can change any more: what was
 * looked at must be what is signed. SG_LIMIT past TOK_CRL_MAX. */
enum sg_rc tok_crl_file_map(int fd, struct tok_crl_file *ret,
                            struct sg_err *err);
void tok_crl_file_done(struct tok_crl_file *file);

#endif
