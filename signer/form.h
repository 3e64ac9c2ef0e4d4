/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_SIGNER_FORM_H
#define SG_SIGNER_FORM_H

/* application/x-www-form-urlencoded bodies, as an object of strings; a name
 * that comes several times becomes an array. Pure. */

#include "signer/json.h"

/* SG_FORMAT "error parsing form: …". */
enum sg_rc srv_form_parse(struct sg_arena *arena, struct sg_slice body,
                          const struct srv_json **ret, struct sg_err *err);

#endif
