/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CLI_API_ARGS_H
#define SG_CLI_API_ARGS_H

/* What asking signetd for a certificate takes, for issue and for sign: where
 * to ask, which names, where the answer goes. */

#include "cli/out.h"

struct cli_api_args {
    const char *socket, *mount, *role;
    const char *common_name, *ttl;
    struct cli_list alt_names, ip_sans, uri_sans, other_sans;
    bool exclude_cn;
    const char *out_cert, *out_chain;
    bool force;
};

#define CLI_N_SERVER_OPTIONS 1
#define CLI_N_ROLE_OPTIONS 2
#define CLI_N_NAME_OPTIONS 7
#define CLI_N_OUT_OPTIONS 3
extern const struct cli_option CLI_SERVER_OPTIONS[CLI_N_SERVER_OPTIONS];
extern const struct cli_option CLI_ROLE_OPTIONS[CLI_N_ROLE_OPTIONS];
extern const struct cli_option CLI_NAME_OPTIONS[CLI_N_NAME_OPTIONS];
extern const struct cli_option CLI_OUT_OPTIONS[CLI_N_OUT_OPTIONS];

#define CLI_API_SET(args, member, text, options, count) \
    { \
        .heading = (text), .offset = offsetof(args, member), \
        .option = (options), .n = (count) \
    }

extern const char CLI_SOCKET_DEFAULT[];

/* The request's body without its CSR; the caller owns it. */
enum sg_rc cli_api_body(const struct cli_api_args *args,
                        struct json_object **ret_body, struct sg_err *err);

/* POST body to VERB of the role. *ret_data is the caller's. */
enum sg_rc cli_api_call(struct cli *cli, const struct cli_api_args *args,
                        const char *verb, struct json_object *body,
                        struct json_object **ret_data, struct sg_err *err);

/* Are the files that will be written free? Asked before anything is asked of
 * the server. out_key may be NULL. */
enum sg_rc cli_api_check_out(struct cli *cli, const struct cli_api_args *args,
                             const char *out_key, struct sg_err *err);

/* Write the answer's certificate and chain where the options say, and print
 * the answer: all of it with --json, else what was made and, without
 * --out-cert, the certificate. */
enum sg_rc cli_api_finish(const struct cli *cli,
                          const struct cli_api_args *args,
                          struct json_object *data, struct sg_err *err);

/* text and a newline into path, whole or not at all. */
enum sg_rc cli_write_text(const char *path, const char *text, unsigned mode,
                          bool force, struct sg_err *err);

#endif
