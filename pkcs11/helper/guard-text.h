/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_PKCS11_HELPER_GUARD_TEXT_H
#define SG_PKCS11_HELPER_GUARD_TEXT_H

/* Comparing the texts inside of names. Pure. */

#include "common/der.h"

/* ASCII letters in either case are the same. */
bool tok_text_same_ascii(struct sg_slice a, struct sg_slice b);

/* Do the relative names of dn begin with all of base's? Strings are compared
 * as characters whatever their type, without regard to the case of ASCII
 * letters, with spaces at the ends dropped and runs of them as one. The rest of
 * RFC 4518 (RFC 5280 7.1: mapping, normalisation, case beyond ASCII) is not
 * done: what differs after this folding is another name. Both are whole
 * Names. */
bool tok_dn_begins_with(struct sg_slice dn, struct sg_slice base);

#define TOK_TEXT_SHOW_MAX 100
/* A space and a general name's content for a message: printable ASCII in
 * quotes, an address as numbers. Nothing for other forms. Returns dst. */
const char *tok_text_show(unsigned form, struct sg_slice value,
                          char dst[TOK_TEXT_SHOW_MAX]);

#endif
