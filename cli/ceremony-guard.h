/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CLI_CEREMONY_GUARD_H
#define SG_CLI_CEREMONY_GUARD_H

/* Asking the ceremony's token for the guard of the key that will sign, before
 * the ceremony: only when a source of its PIN is given. */

#include "ceremony/plan.h"
#include "cli/token-args.h"

#define CLI_N_GUARD_OPTIONS 4
extern const struct cli_option CLI_GUARD_OPTIONS[CLI_N_GUARD_OPTIONS];
#define CLI_GUARD_SET(args, member) \
    { \
        .heading = "The plan's own token, to ask the key's guard", \
        .offset = offsetof(args, member), .option = CLI_GUARD_OPTIONS, \
        .n = CLI_N_GUARD_OPTIONS \
    }

/* The guard borrows from bytes; its purpose is UNSET, and nothing was asked,
 * without a PIN source and for a plan that makes a key. Nothing runs when this
 * returns. */
enum sg_rc cli_guard_ask(struct cli *cli, const struct cli_token_args *args,
                         const struct cer_plan *plan, struct sg_buf *bytes,
                         struct tok_guard *ret, struct sg_err *err);

#endif
