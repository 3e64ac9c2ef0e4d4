/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <stdlib.h>

#include "cli/commands.h"
#include "cli/key-info.h"
#include "cli/token-args.h"
#include "cli/token-pick.h"

struct token_info_args {
    struct cli_token_args token;
    const char *label, *serial;
    struct cli_number slot;
};

static const struct cli_option OPTIONS[] = {
    { .name = "label",
      CLI_TEXT(struct token_info_args, label),
      .value = "LABEL",
      .help = "the token with this label" },
    { .name = "serial",
      CLI_TEXT(struct token_info_args, serial),
      .value = "SERIAL",
      .help = "the token with this serial number" },
    { .name = "slot",
      CLI_NUMBER(struct token_info_args, slot),
      .value = "N",
      .max = UINT64_MAX,
      .help = "the token in this slot" },
};

static const struct cli_option_set SETS[] = {
    { .heading = "Which token", .option = OPTIONS, .n = SG_ARRAY_LEN(OPTIONS) },
    CLI_MODULE_SET(struct token_info_args, token),
};

static enum sg_rc run(struct cli *cli, const void *opaque, struct sg_err *err)
{
    const struct token_info_args *args = opaque;
    const struct cli_token_start start = { .args = &args->token };
    SG_CLEANUP(tok_client_free) struct tok_client *client = NULL;
    SG_TRY(cli_token_start(cli, &start, &client, err));

    struct tok_token_info *tokens = NULL;
    size_t n = 0;
    SG_TRY(tok_token_list(client, &tokens, &n, err));
    const struct cli_token_list list = { tokens, n };
    const struct cli_token_want want = { args->label, args->serial,
                                         args->slot };
    const struct tok_token_info *found;
    enum sg_rc rc = cli_token_find(&list, &want, &found, err);
    if (rc == SG_OK) {
        SG_CLEANUP(cli_json_free)
        struct json_object *json = cli_token_json(found);
        cli_print_record(cli, json, CLI_TOKEN_FIELDS, CLI_N_TOKEN_FIELDS);
    } else {
        cli_hint(cli, "\"signet token list\" shows the tokens; choose with "
                      "--label, --serial or --slot");
    }
    free(tokens);
    return rc;
}

static const char *const EXAMPLES[] = {
    "signet token info --label demo-root",
    NULL,
};

const struct cli_command CLI_CMD_TOKEN_INFO = {
    .name = "token info",
    .summary = "Show one token. No PIN is needed.",
    .sets = SETS,
    .n_sets = SG_ARRAY_LEN(SETS),
    .examples = EXAMPLES,
    .args_size = sizeof(struct token_info_args),
    .run = run,
};
