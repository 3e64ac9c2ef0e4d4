/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_PKCS11_HELPER_URI_H
#define SG_PKCS11_HELPER_URI_H

/* Which token an RFC 7512 URI means, and what a token says of itself. */

#include "pkcs11/helper/module.h"
#include "pkcs11/keytype.h"

/* SG_CONFIG: not a URI, names an object or another module, holds a PIN or an
 * attribute that nobody knows. */
enum sg_rc tok_uri_check(const char *uri, struct sg_err *err);

#define TOK_SLOTS_SEEN_MAX 128 /* a rack HSM has some 100 partitions */

/* Every slot with a token in it. */
enum sg_rc tok_slots(struct tok_module *module,
                     CK_SLOT_ID list[TOK_SLOTS_SEEN_MAX], CK_ULONG *n,
                     struct sg_err *err);

/* The slot of the one token that fits. SG_NOT_FOUND for none (and says what
 * is there), SG_CONFLICT for several. */
enum sg_rc tok_uri_slot(struct tok_module *module, const char *uri,
                        CK_SLOT_ID *ret_slot, struct sg_err *err);

/* C_GetTokenInfo; ret_flags may be NULL. */
enum sg_rc tok_token_describe(struct tok_module *module, CK_SLOT_ID slot,
                              struct tok_token_info *ret, CK_TOKEN_INFO *ret_ck,
                              struct sg_err *err);

/* "<description> <version>" of C_GetInfo. */
void tok_module_describe(struct tok_module *module, char *dst, size_t size);

#endif
