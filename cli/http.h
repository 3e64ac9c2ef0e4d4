/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CLI_HTTP_H
#define SG_CLI_HTTP_H

/* One request to signetd over its Unix socket. libcurl starts with the first
 * one and ends with the program. One thread. */

#include "cli/out.h"

struct cli_http_request {
    const char *socket;       /* path */
    const char *path;         /* "/v1/pki/issue/web" */
    struct json_object *body; /* POST; NULL: GET. Borrowed */
    unsigned timeout_s;       /* 0: 30 */
};

/* The answer's JSON, whatever its status. SG_UNAVAILABLE when nobody listens,
 * SG_TIMEOUT, SG_FORMAT when the answer is no JSON object. *ret_json is the
 * caller's. */
enum sg_rc cli_http(struct cli *cli, const struct cli_http_request *request,
                    long *ret_status, struct json_object **ret_json,
                    struct sg_err *err);

/* A call of the Vault-shaped API: as above, and an answer that is no success
 * becomes an error with the server's own words. Warnings are printed.
 * *ret_data is the answer's data object, the caller's. */
enum sg_rc cli_api(struct cli *cli, const struct cli_http_request *request,
                   struct json_object **ret_data, struct sg_err *err);

#endif
