/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_SIGNER_STATE_H
#define SG_SIGNER_STATE_H

/* What the handlers share while the daemon runs. All of it is constant but the
 * roles, which a SIGHUP replaces. */

#include <pthread.h>

#include "signer/issuers.h"
#include "signer/role.h"
#include "signer/route.h"
#include "signer/worker.h"

struct srv_state {
    const struct srv_config *cfg; /* as started */
    struct srv_issuers *issuers;
    struct srv_worker *worker;
    struct srv_path mount;
    pthread_mutex_t roles_lock; /* held for a copy of the pointer */
    struct srv_roles *roles;
};

/* The set as it is now; give it back with srv_roles_unref(). Thread-safe. */
struct srv_roles *srv_state_roles(struct srv_state *state);
/* Put another set in its place; own_roles is taken over. Thread-safe. */
void srv_state_swap_roles(struct srv_state *state, struct srv_roles *own_roles);

#endif
