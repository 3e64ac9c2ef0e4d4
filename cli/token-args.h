/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CLI_TOKEN_ARGS_H
#define SG_CLI_TOKEN_ARGS_H

/* The options that name a module, a token and its PIN, and the token process
 * that they start. */

#include "cli/args.h"
#include "pkcs11/client.h"

struct cli_token_args {
    const char *module;
    const char *init_args;
    const char *program;
    const char *token;      /* label or RFC 7512 URI */
    const char *pin_source; /* common/secret.h */
    const char *guards;
};

#define CLI_N_MODULE_OPTIONS 3
#define CLI_N_LOGIN_OPTIONS 3
extern const struct cli_option CLI_MODULE_OPTIONS[CLI_N_MODULE_OPTIONS];
extern const struct cli_option CLI_LOGIN_OPTIONS[CLI_N_LOGIN_OPTIONS];

/* Rows of a command's sets, for the member of its struct that is a struct
 * cli_token_args. */
#define CLI_MODULE_SET(args, member) \
    { \
        .heading = "Module", .offset = offsetof(args, member), \
        .option = CLI_MODULE_OPTIONS, .n = CLI_N_MODULE_OPTIONS \
    }
#define CLI_LOGIN_SET(args, member) \
    { \
        .heading = "Token", .offset = offsetof(args, member), \
        .option = CLI_LOGIN_OPTIONS, .n = CLI_N_LOGIN_OPTIONS \
    }

/* What a token process may be started for besides a login. */
struct cli_token_start {
    const struct cli_token_args *args;
    const struct cli_token_args *fallback; /* for what args leaves out; NULL */
    const char *so_pin_source;             /* token init */
    bool login; /* false: the module alone, no token, no PIN */
};

/* Start signet-token with these options. Without a login the module is all
 * that is needed. Failures carry the next step. */
enum sg_rc cli_token_start(struct cli *cli, const struct cli_token_start *start,
                           struct tok_client **ret_client, struct sg_err *err);

/* "pkcs11:token=My%20Label" of a label; a URI as it is. Returns dst; SG_USAGE
 * when it does not fit. */
enum sg_rc cli_token_uri(const char *text, char *dst, size_t size,
                         struct sg_err *err);

#endif
