/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/state.h"

struct srv_roles *srv_state_roles(struct srv_state *state)
{
    (void)pthread_mutex_lock(&state->roles_lock);
    struct srv_roles *roles = srv_roles_ref(state->roles);
    (void)pthread_mutex_unlock(&state->roles_lock);
    return roles;
}

void srv_state_swap_roles(struct srv_state *state, struct srv_roles *own_roles)
{
    (void)pthread_mutex_lock(&state->roles_lock);
    struct srv_roles *old = state->roles;
    state->roles = own_roles;
    (void)pthread_mutex_unlock(&state->roles_lock);
    srv_roles_unref(old);
}
