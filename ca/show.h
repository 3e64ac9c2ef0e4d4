/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CA_SHOW_H
#define SG_CA_SHOW_H

/* Foreign bytes in messages. */

#include "common/buf.h"

#define CA_SHOW_MAX 132 /* bytes with NUL */

/* value as valid UTF-8 without control characters: others as \xNN; cut with
 * "..." when it is long. Returns dst. */
const char *ca_show(struct sg_slice value, char dst[CA_SHOW_MAX]);

#endif
