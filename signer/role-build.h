/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_SIGNER_ROLE_BUILD_H
#define SG_SIGNER_ROLE_BUILD_H

/* From the configuration's fields to a role: defaults, checks, conversion.
 * Pure. */

#include "common/arena.h"
#include "signer/config-file.h"
#include "signer/role.h"

#define SRV_ROLE_BYTES_MAX \
    ((size_t)4 * 1024 * 1024) /* 256 entries of 4 KiB, doubled */

/* Everything but ret->profile lives in the arena; the caller frees that with
 * ca_profile_free(). SG_CONFIG: *key names the field that is at fault. */
enum sg_rc srv_role_build(struct sg_arena *arena,
                          const struct srv_role_config *in,
                          struct srv_role *ret, const char **key,
                          struct sg_err *err);

/* Key usage bits and extended key usages of a role (role-usage.c). */
enum sg_rc srv_role_profile(struct sg_arena *arena,
                            const struct srv_role_config *in,
                            struct ca_profile **ret_profile, const char **key,
                            struct sg_err *err);

#endif
