/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_SIGNER_OTHER_SAN_H
#define SG_SIGNER_OTHER_SAN_H

/* Vault's text form of an otherName: "1.2.3.4;UTF8:value". Pure. */

#include "common/arena.h"

struct srv_other {
    const char *oid; /* dotted text, checked */
    const char *value;
};

/* Both texts live in the arena. SG_FORMAT names the fault. */
enum sg_rc srv_other_parse(struct sg_arena *arena, const char *text,
                           struct srv_other *ret, struct sg_err *err);

#endif
