/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_PKCS11_PROGRAM_H
#define SG_PKCS11_PROGRAM_H

/* Where signet-token is. Thread-safe. */

#include <stddef.h>

/* The one that came with the running program: beside it, where the build puts
 * it, or where it is installed. /usr/libexec/signet/signet-token when none of
 * them is there. Returns dst. */
const char *tok_program_find(char *dst, size_t size);

#endif
