/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CLI_NAMES_ARGS_H
#define SG_CLI_NAMES_ARGS_H

/* The options that say name constraints (RFC 5280 4.2.1.10). */

#include "ca/constraints.h"
#include "cli/args.h"

struct cli_names_args {
    struct cli_list permit_dns, permit_ip, permit_email, permit_uri;
    struct cli_list exclude_dns, exclude_ip, exclude_email, exclude_uri;
};

#define CLI_N_NAMES_OPTIONS 8
extern const struct cli_option CLI_NAMES_OPTIONS[CLI_N_NAMES_OPTIONS];

/* A row of a command's sets, for the member of its struct that is a struct
 * cli_names_args. */
#define CLI_NAMES_SET(title, args, member) \
    { \
        .heading = (title), .offset = offsetof(args, member), \
        .option = CLI_NAMES_OPTIONS, .n = CLI_N_NAMES_OPTIONS \
    }

/* SG_POLICY, SG_FORMAT "--option: …". Empty when no option is given. */
enum sg_rc cli_names_read(const struct cli_names_args *args,
                          struct sg_arena *arena, struct ca_constraints *ret,
                          struct sg_err *err);
bool cli_names_given(const struct cli_names_args *args);

#endif
