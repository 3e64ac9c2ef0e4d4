/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_PKCS11_HELPER_OBJECT_H
#define SG_PKCS11_HELPER_OBJECT_H

/* Objects in a token: searches and attributes. Handles are good for the
 * session that they came from and no longer. */

#include "common/buf.h"
#include "pkcs11/helper/module.h"
#include "pkcs11/keytype.h"

#define TOK_HITS_MAX 16 /* more hits than this are no answer */

/* The session that calls go through. */
struct tok_on {
    struct tok_module *module;
    CK_SESSION_HANDLE session;
};

struct tok_handles {
    CK_OBJECT_HANDLE *at; /* borrowed: room for max */
    size_t max;
    size_t n;
};

/* Handles of all objects that match; SG_LIMIT when there are more than fit. */
enum sg_rc tok_object_find(const struct tok_on *on, CK_ATTRIBUTE *match,
                           CK_ULONG n_match, struct tok_handles *ret,
                           struct sg_err *err);

/* Append an attribute's value; *ret_present is false when the object has no
 * such attribute or hides it. */
enum sg_rc tok_object_bytes(const struct tok_on *on, CK_OBJECT_HANDLE object,
                            CK_ATTRIBUTE_TYPE type, struct sg_buf *out,
                            bool *ret_present, struct sg_err *err);

/* How many objects of this class carry the label (or the id). */
enum sg_rc tok_object_count(const struct tok_on *on, CK_OBJECT_CLASS class,
                            CK_ATTRIBUTE_TYPE type, struct sg_slice value,
                            size_t *ret_n, struct sg_err *err);

/* Private keys with this label, and this id unless it is empty; the label is
 * not looked at when it is NULL. */
enum sg_rc tok_object_find_keys(const struct tok_on *on, const char *label,
                                struct sg_slice id, struct tok_handles *ret,
                                struct sg_err *err);

/* Of a private key that is not looked at closer: label and attributes. */
enum sg_rc tok_object_name(const struct tok_on *on, CK_OBJECT_HANDLE key,
                           struct tok_key_info *ret, struct sg_err *err);

/* What the token says of a private key; no guard in it. The public half comes
 * from the one CKO_PUBLIC_KEY with the same id: spki_len is 0 without one.
 * SG_CONFLICT for several. A key of a kind that signet does not use has type
 * TOK_KEY_UNSET and no spki. */
enum sg_rc tok_object_describe(const struct tok_on *on, CK_OBJECT_HANDLE key,
                               struct tok_key_info *ret, struct sg_err *err);

#endif
