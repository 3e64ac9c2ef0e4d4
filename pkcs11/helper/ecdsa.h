/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_PKCS11_HELPER_ECDSA_H
#define SG_PKCS11_HELPER_ECDSA_H

/* ECDSA signatures: PKCS#11's r‖s to the DER of RFC 3279 2.2.3. Pure. */

#include "common/buf.h"

/* SEQUENCE of two INTEGERs of at most 67 octets each. */
#define TOK_ECDSA_DER_MAX (3 + 2 * (2 + 67))

/* octets is the length of one coordinate (66 for P-521). Modules that drop
 * leading zeros from both halves alike are understood; SG_CRYPTO for an odd or
 * excessive length and for r or s of zero. dst must have TOK_ECDSA_DER_MAX
 * bytes. */
enum sg_rc tok_ecdsa_der(struct sg_slice raw, unsigned octets, uint8_t *dst,
                         size_t *ret_len, struct sg_err *err);

#endif
