/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_PKCS11_HELPER_KEYGEN_H
#define SG_PKCS11_HELPER_KEYGEN_H

/* Making a key pair inside the token, and its guard with it. */

#include "pkcs11/helper/keys.h"

/* SG_USAGE (label, type, limits), SG_CONFIG (no guard directory), SG_CONFLICT
 * (label in use), SG_POLICY (the token set other attributes than asked: the
 * new pair is destroyed again). Order is for a crash at any point: first the
 * pair, then its guard, because a key without guard signs nothing. */
enum sg_rc tok_keygen(struct tok_keys *keys, struct tok_session *ses,
                      const struct tok_key_generate *gen,
                      struct tok_key_info *ret, struct sg_err *err);

#endif
