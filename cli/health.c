/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/api-args.h"
#include "cli/commands.h"
#include "cli/http.h"

#define HTTP_OK 200

struct health_args {
    struct cli_api_args api;
};

static const struct cli_option_set SETS[] = {
    CLI_API_SET(struct health_args, api, "Whom to ask", cli_server_options,
                CLI_SERVER_OPTIONS),
};

static const struct cli_field FIELDS[] = {
    { "initialized", "Initialised" },
    { "sealed", "Sealed" },
    { "version", "Version" },
    { "server_time", "Server time" },
};

/* What is wrong, in the server's words. */
static enum sg_rc not_well(struct cli *cli, struct json_object *json,
                           long status, struct sg_err *err)
{
    const char *reason = cli_get_text(json, "reason");
    cli_hint(cli, "signetd's log says more: each line about a token names it");
    return sg_err_set(err, SG_UNAVAILABLE,
                      "signetd cannot sign now: %s "
                      "(HTTP %ld)",
                      reason == NULL ? "its token is down" : reason, status);
}

static enum sg_rc run(struct cli *cli, const void *opaque, struct sg_err *err)
{
    const struct health_args *args = opaque;
    const struct cli_http_request request = {
        .socket =
            args->api.socket == NULL ? cli_socket_default : args->api.socket,
        .path = "/v1/sys/health",
    };
    long status = 0;
    SG_CLEANUP(cli_json_free) struct json_object *json = NULL;
    SG_TRY(cli_http(cli, &request, &status, &json, err));
    struct json_object *time;
    if (!cli->json && json_object_object_get_ex(json, "server_time_utc", &time))
        cli_put_time(json, "server_time", json_object_get_int64(time));
    cli_print_record(cli, json, FIELDS, SG_ARRAY_LEN(FIELDS));
    return status == HTTP_OK ? SG_OK : not_well(cli, json, status, err);
}

static const char *const EXAMPLES[] = {
    "signet health --socket demo/signet.sock && echo ready",
    NULL,
};

const struct cli_command cli_health = {
    .name = "health",
    .summary = "Ask signetd whether it can sign.",
    .about = "Exits with 0 when it can and with 69 when it cannot.",
    .sets = SETS,
    .n_sets = SG_ARRAY_LEN(SETS),
    .examples = EXAMPLES,
    .args_size = sizeof(struct health_args),
    .run = run,
};
