/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CLI_TOKEN_PICK_H
#define SG_CLI_TOKEN_PICK_H

/* Choose one token out of a list. Pure. */

#include "cli/args.h"
#include "pkcs11/keytype.h"

struct cli_token_list {
    const struct tok_token_info *v;
    size_t n;
};

/* What is known of the wanted one; NULL and not set: anything. */
struct cli_token_want {
    const char *label;
    const char *serial;
    struct cli_number slot;
};

/* The one initialised token that fits: SG_NOT_FOUND, SG_CONFLICT for several.
 * Borrowed from list. */
enum sg_rc cli_token_find(const struct cli_token_list *list,
                          const struct cli_token_want *want,
                          const struct tok_token_info **ret,
                          struct sg_err *err);

/* The slot where a token with want->label can be made: the one that slot or
 * serial name, else the first that is not initialised. SG_CONFLICT when that
 * slot holds a token already, or any token has the label. */
enum sg_rc cli_token_free_slot(const struct cli_token_list *list,
                               const struct cli_token_want *want,
                               uint64_t *ret_slot, struct sg_err *err);

#endif
