/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_PKCS11_HELPER_TBS_OCSP_H
#define SG_PKCS11_HELPER_TBS_OCSP_H

/* An OCSP ResponseData (RFC 6960 4.2.1) that is about to be signed. Pure;
 * slices borrow from the DER. */

#include "pkcs11/helper/tbs.h"

struct tok_ocsp {
    struct sg_slice key_hash; /* responderID byKey; p NULL for byName */
    size_t n_responses;
};

/* SG_FORMAT for bad DER, SG_POLICY "guard: …" for what nobody should sign: no
 * answer at all, nextUpdate before thisUpdate, a critical extension that is
 * not known, an extension given twice. */
enum sg_rc tok_ocsp_parse(struct sg_slice der, struct tok_ocsp *ret,
                          struct sg_err *err);

#endif
