/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/api-args.h"
#include "cli/commands.h"
#include "cli/http.h"

#define HTTP_OK 200

struct health_args {
    struct cli_api_args api;
};

static const struct cli_option_set SETS[] = {
    CLI_API_SET(struct health_args, api, "Whom to ask", CLI_SERVER_OPTIONS,
                CLI_N_SERVER_OPTIONS),
};

static const struct cli_field FIELDS[] = {
    { "state", "State" },
    { "version", "Version" },
    { "server_time", "Server time" },
};
static const struct cli_field TOKEN_COLUMNS[] = {
    { "name", "TOKEN" },        { "state", "STATE" },
    { "since", "SINCE" },       { "restarts", "RESTARTS" },
    { "in_flight", "WAITING" }, { "reason", "REASON" },
};

static struct json_object *tokens_of(struct json_object *json)
{
    struct json_object *tokens = json_object_object_get(json, "tokens");
    return json_object_is_type(tokens, json_type_array) ? tokens : NULL;
}

static void print_people(const struct cli *cli, struct json_object *json,
                         bool ready)
{
    struct json_object *time;
    struct json_object *tokens = tokens_of(json);
    cli_put_text(json, "state", ready ? "ready" : "cannot sign");
    if (json_object_object_get_ex(json, "server_time_utc", &time))
        cli_put_time(json, "server_time", json_object_get_int64(time));
    cli_print_record(cli, json, FIELDS, SG_ARRAY_LEN(FIELDS));
    if (tokens == NULL)
        return;
    (void)fputc('\n', stdout);
    cli_print_table(cli, tokens, TOKEN_COLUMNS, SG_ARRAY_LEN(TOKEN_COLUMNS),
                    "No token is configured.");
}

/* What is wrong, in the server's words: the first token's reason. */
static enum sg_rc not_well(struct cli *cli, struct json_object *json,
                           long status, struct sg_err *err)
{
    struct json_object *tokens = tokens_of(json);
    const char *reason = NULL;
    if (tokens != NULL && json_object_array_length(tokens) > 0)
        reason = cli_get_text(json_object_array_get_idx(tokens, 0), "reason");
    cli_hint(cli, "signetd's log says more: look for its lines about tokens");
    return sg_err_set(err, SG_UNAVAILABLE, "signetd cannot sign: %s (HTTP %ld)",
                      reason == NULL ? "its token is down" : reason, status);
}

static enum sg_rc run(struct cli *cli, const void *opaque, struct sg_err *err)
{
    const struct health_args *args = opaque;
    const struct cli_http_request request = {
        .socket =
            args->api.socket == NULL ? CLI_SOCKET_DEFAULT : args->api.socket,
        .path = "/v1/sys/health",
    };
    long status = 0;
    SG_CLEANUP(cli_json_free) struct json_object *json = NULL;
    SG_TRY(cli_http(cli, &request, &status, &json, err));
    if (cli->json)
        cli_print_record(cli, json, NULL, 0);
    else
        print_people(cli, json, status == HTTP_OK);
    return status == HTTP_OK ? SG_OK : not_well(cli, json, status, err);
}

static const char *const EXAMPLES[] = {
    "signet health --socket demo/signet.sock && echo ready",
    NULL,
};

const struct cli_command CLI_CMD_HEALTH = {
    .name = "health",
    .summary = "Ask signetd whether it can sign.",
    .about = "Exits with 0 when it can and with 69 when it cannot.",
    .sets = SETS,
    .n_sets = SG_ARRAY_LEN(SETS),
    .examples = EXAMPLES,
    .args_size = sizeof(struct health_args),
    .run = run,
};
