/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/token-pick.h"

#include <inttypes.h>
#include <string.h>

static bool fits(const struct tok_token_info *token,
                 const struct cli_token_want *want)
{
    if (want->slot.set && token->slot_id != want->slot.v)
        return false;
    if (want->serial != NULL && strcmp(token->serial, want->serial) != 0)
        return false;
    return want->label == NULL || strcmp(token->label, want->label) == 0;
}

enum sg_rc cli_token_find(const struct cli_token_list *list,
                          const struct cli_token_want *want,
                          const struct tok_token_info **ret, struct sg_err *err)
{
    const struct tok_token_info *found = NULL;
    for (size_t i = 0; i < list->n; i++) {
        if (!list->v[i].initialised || !fits(&list->v[i], want))
            continue;
        if (found != NULL)
            return sg_err_set(err, SG_CONFLICT,
                              "several tokens fit, among them serial %s and %s",
                              found->serial, list->v[i].serial);
        found = &list->v[i];
    }
    if (found == NULL)
        return sg_err_set(err, SG_NOT_FOUND,
                          "none of the module's %zu slots holds that token",
                          list->n);
    *ret = found;
    return SG_OK;
}

enum sg_rc cli_token_free_slot(const struct cli_token_list *list,
                               const struct cli_token_want *want,
                               uint64_t *ret_slot, struct sg_err *err)
{
    struct cli_token_want place = *want;
    place.label = NULL;
    bool named = want->slot.set || want->serial != NULL;
    const struct tok_token_info *found = NULL;
    for (size_t i = 0; i < list->n; i++) {
        const struct tok_token_info *token = &list->v[i];
        if (token->initialised && strcmp(token->label, want->label) == 0)
            return sg_err_set(err, SG_CONFLICT,
                              "slot %" PRIu64
                              " holds a token with label '%s' already",
                              token->slot_id, want->label);
        if (found == NULL && fits(token, &place)
            && (named || !token->initialised))
            found = token;
    }
    if (found == NULL)
        return sg_err_set(err, SG_NOT_FOUND,
                          named ? "no such slot"
                                : "every slot holds a token already");
    if (found->initialised)
        return sg_err_set(err, SG_CONFLICT,
                          "slot %" PRIu64
                          " holds the token '%s': initialising would destroy "
                          "its keys",
                          found->slot_id, found->label);
    *ret_slot = found->slot_id;
    return SG_OK;
}
