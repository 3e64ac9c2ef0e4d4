/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CA_DN_TEXT_H
#define SG_CA_DN_TEXT_H

/* Names as people write them. Pure. */

#include "ca/dn.h"

/* "CN=Demo Root,O=Example,C=DE" as RFC 4514 writes it: the last attribute comes
 * first in the certificate. Known names: C O OU L ST street postalCode CN
 * serialNumber UID DC givenName surname, in any case. A backslash escapes the
 * next character or is followed by two hexadecimal digits. Several attributes
 * in one RDN ("+"), "#hex" values and dotted types are SG_USAGE. Values live in
 * the arena. */
enum sg_rc ca_dn_from_text(struct sg_arena *arena, const char *text,
                           struct ca_dn *ret, struct sg_err *err);

#endif
