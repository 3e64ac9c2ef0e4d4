/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/api-args.h"
#include "cli/commands.h"

struct issue_args {
    struct cli_api_args api;
    const char *out_key, *key_format;
};

static const struct cli_option KEY_OPTIONS[] = {
    { .name = "out-key",
      CLI_TEXT(struct issue_args, out_key),
      .value = "FILE",
      .help = "where the private key goes, readable by you alone; needed "
              "without --json" },
    { .name = "private-key-format",
      CLI_TEXT(struct issue_args, key_format),
      .value = "FORMAT",
      .help = "der (SEC1 or PKCS#1, in PEM) or pkcs8; default der" },
};

static const struct cli_option_set SETS[] = {
    CLI_API_SET(struct issue_args, api, "Whom to ask", CLI_SERVER_OPTIONS,
                CLI_N_SERVER_OPTIONS),
    CLI_API_SET(struct issue_args, api, "For what", CLI_ROLE_OPTIONS,
                CLI_N_ROLE_OPTIONS),
    CLI_API_SET(struct issue_args, api, "Names and time", CLI_NAME_OPTIONS,
                CLI_N_NAME_OPTIONS),
    { .heading = "The key",
      .option = KEY_OPTIONS,
      .n = SG_ARRAY_LEN(KEY_OPTIONS) },
    CLI_API_SET(struct issue_args, api, "The answer", CLI_OUT_OPTIONS,
                CLI_N_OUT_OPTIONS),
};

/* The key goes to its file first, and then no further. */
static enum sg_rc save_key(const struct issue_args *args,
                           struct json_object *data, struct sg_err *err)
{
    const char *key = cli_get_text(data, "private_key");
    if (key == NULL)
        return sg_err_set(err, SG_FORMAT, "the answer has no private key");
    SG_TRY(cli_write_text(args->out_key, key, 0600, args->api.force, err));
    json_object_object_del(data, "private_key");
    cli_put_text(data, "private_key_file", args->out_key);
    return SG_OK;
}

static enum sg_rc run(struct cli *cli, const void *opaque, struct sg_err *err)
{
    const struct issue_args *args = opaque;
    if (args->out_key == NULL && !cli->json) {
        cli_hint(cli, "--out-key FILE, or --json to have it on standard "
                      "output");
        return sg_err_set(err, SG_USAGE, "the private key would be lost");
    }
    SG_TRY(cli_api_check_out(cli, &args->api, args->out_key, err));

    SG_CLEANUP(cli_json_free) struct json_object *body = NULL;
    SG_TRY(cli_api_body(&args->api, &body, err));
    if (args->key_format != NULL)
        cli_put_text(body, "private_key_format", args->key_format);
    SG_CLEANUP(cli_json_free) struct json_object *data = NULL;
    SG_TRY(cli_api_call(cli, &args->api, "issue", body, &data, err));
    if (args->out_key != NULL)
        SG_TRY(save_key(args, data, err));
    return cli_api_finish(cli, &args->api, data, err);
}

static const char *const EXAMPLES[] = {
    "signet issue --role web --common-name www.example.com --ttl 12h \\",
    "    --out-cert www.pem --out-key www.key --out-chain chain.pem",
    NULL,
};

const struct cli_command CLI_CMD_ISSUE = {
    .name = "issue",
    .summary = "Have signetd make a key and a certificate for it.",
    .about = "The key is made in signetd's memory and sent once. With "
             "--out-key it is not printed, even with --json.",
    .sets = SETS,
    .n_sets = SG_ARRAY_LEN(SETS),
    .examples = EXAMPLES,
    .args_size = sizeof(struct issue_args),
    .run = run,
};
