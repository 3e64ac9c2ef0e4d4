/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_SIGNER_RELOAD_H
#define SG_SIGNER_RELOAD_H

/* SIGHUP: roles are read again. Main thread only. */

#include "signer/state.h"

/* Read the file, check it, and put its roles in place. On failure the roles
 * stay as they are: a bad file, or a role whose issuer this process does not
 * run. *ret_restart names a setting besides the roles that differs from what
 * the daemon was started with, and which only a restart can change; NULL when
 * there is none. */
enum sg_rc srv_reload(const char *path, struct srv_state *state,
                      const char **ret_restart, struct sg_err *err);

/* The first section in which two configurations differ besides their roles;
 * NULL when there is none. */
const char *srv_config_difference(const struct srv_config *a,
                                  const struct srv_config *b);

#endif
