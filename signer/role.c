/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/role.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "signer/role-build.h"

struct srv_roles {
    atomic_uint refs;
    struct sg_arena arena;
    struct srv_role *role; /* sorted by name */
    size_t n;
};

static void roles_free(struct srv_roles *roles)
{
    for (size_t i = 0; i < roles->n; i++)
        ca_profile_free(roles->role[i].profile);
    sg_arena_done(&roles->arena);
    free(roles);
}

static int by_name(const void *a, const void *b)
{
    const struct srv_role *x = a;
    const struct srv_role *y = b;
    return strcmp(x->name, y->name);
}

enum sg_rc srv_roles_new(const struct srv_config *cfg,
                         struct srv_roles **ret_roles, struct sg_err *err)
{
    SG_CLEANUP(srv_roles_unref)
    struct srv_roles *roles = calloc(1, sizeof(*roles));
    if (roles == NULL)
        return sg_err_set(err, SG_NOMEM, "roles");
    atomic_init(&roles->refs, 1);
    sg_arena_init(&roles->arena, (cfg->roles_count + 1u) * SRV_ROLE_BYTES_MAX);
    roles->role =
        sg_arena_array(&roles->arena, struct srv_role, cfg->roles_count + 1u);
    if (roles->role == NULL)
        return sg_err_set(err, SG_NOMEM, "roles");
    for (size_t i = 0; i < cfg->roles_count; i++) {
        const char *key = "name";
        if (srv_role_build(&roles->arena, &cfg->roles[i],
                           &roles->role[roles->n], &key, err)
            != SG_OK)
            return sg_err_wrap(err, "roles[%zu].%s", i, key);
        roles->n++;
    }
    qsort(roles->role, roles->n, sizeof(roles->role[0]), by_name);
    *ret_roles = SG_TAKE(roles);
    return SG_OK;
}

struct srv_roles *srv_roles_ref(struct srv_roles *roles)
{
    (void)atomic_fetch_add_explicit(&roles->refs, 1, memory_order_relaxed);
    return roles;
}

void srv_roles_unref(struct srv_roles *roles)
{
    if (roles != NULL
        && atomic_fetch_sub_explicit(&roles->refs, 1, memory_order_acq_rel)
               == 1)
        roles_free(roles);
}

size_t srv_roles_count(const struct srv_roles *roles)
{
    return roles->n;
}

const struct srv_role *srv_roles_find(const struct srv_roles *roles,
                                      const char *name)
{
    const struct srv_role want = { .name = name };
    return bsearch(&want, roles->role, roles->n, sizeof(roles->role[0]),
                   by_name);
}

enum sg_rc srv_roles_require(const struct srv_roles *roles, const char *name,
                             const struct srv_role **ret_role,
                             struct sg_err *err)
{
    const struct srv_role *role = srv_roles_find(roles, name);
    if (role == NULL)
        return sg_err_set(err, SG_POLICY, "unknown role: %s", name);
    *ret_role = role;
    return SG_OK;
}
