/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_PKCS11_HELPER_TBS_OCSP_H
#define SG_PKCS11_HELPER_TBS_OCSP_H

/* An OCSP ResponseData (RFC 6960 4.2.1) that is about to be signed. Pure;
 * slices borrow from the DER. */

#include "pkcs11/helper/tbs.h"

struct tok_ocsp {
    struct sg_slice name; /* responderID byName, the whole Name; p NULL … */
    struct sg_slice key_hash;  /* … for byKey, and the other way round */
    struct sg_slice responses; /* SingleResponses, one behind the other */
};

/* Of which certificate one answer speaks (RFC 6960 4.1.1). */
struct tok_cert_id {
    struct sg_slice hash; /* OID of the algorithm, content octets */
    struct sg_slice name; /* issuerNameHash */
    struct sg_slice key;  /* issuerKeyHash */
};

/* SG_FORMAT for bad DER, SG_POLICY "guard: …" for what nobody should sign: no
 * answer at all, nextUpdate before thisUpdate, a critical extension that is
 * not known, an extension given twice. */
enum sg_rc tok_ocsp_parse(struct sg_slice der, struct tok_ocsp *ret,
                          struct sg_err *err);

/* The next answer of ocsp->responses. */
enum sg_rc tok_ocsp_next(struct sg_der *responses, struct tok_cert_id *ret,
                         struct sg_err *err);

#endif
