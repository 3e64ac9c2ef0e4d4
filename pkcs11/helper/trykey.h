/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_PKCS11_HELPER_TRYKEY_H
#define SG_PKCS11_HELPER_TRYKEY_H

/* What a token can do, by letting it do it: mechanism lists promise much. */

#include "pkcs11/helper/sign.h"

/* Make a key of this type as every other is made, let it sign a challenge, and
 * remove it with its guard. The failure is that of the first step that did not
 * work; a key that could not be removed is told by its label. Only what was made
 * here is removed. */
enum sg_rc tok_try_key(struct tok_signer *signer, enum tok_key_type type,
                       bool *ret_token_hashes, struct sg_err *err);

#endif
