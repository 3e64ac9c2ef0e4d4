/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "cli/commands.h"
#include "cli/key-info.h"
#include "cli/token-args.h"

struct token_list_args {
    struct cli_token_args token;
};

static const struct cli_option_set SETS[] = {
    CLI_MODULE_SET(struct token_list_args, token),
};

static const struct cli_field COLUMNS[] = {
    { "slot", "SLOT" },   { "label", "LABEL" }, { "serial", "SERIAL" },
    { "model", "MODEL" }, { "pin", "PIN" },     { "initialised", "READY" },
};

static enum sg_rc run(struct cli *cli, const void *opaque, struct sg_err *err)
{
    const struct token_list_args *args = opaque;
    const struct cli_token_start start = { .args = &args->token };
    SG_CLEANUP(tok_client_free) struct tok_client *client = NULL;
    SG_TRY(cli_token_start(cli, &start, &client, err));

    struct tok_token_info *list = NULL;
    size_t n = 0;
    SG_TRY(tok_token_list(client, &list, &n, err));
    SG_CLEANUP(cli_json_free) struct json_object *rows = cli_json_array();
    for (size_t i = 0; i < n; i++)
        cli_append(rows, cli_token_json(&list[i]));
    free(list);
    cli_print_table(cli, rows, COLUMNS, SG_ARRAY_LEN(COLUMNS),
                    "The module has no token.");
    return SG_OK;
}

static const char *const EXAMPLES[] = {
    "signet token list --module /usr/lib/softhsm/libsofthsm2.so",
    NULL,
};

const struct cli_command CLI_CMD_TOKEN_LIST = {
    .name = "token list",
    .summary = "Show the tokens of a PKCS#11 module. No PIN is needed.",
    .sets = SETS,
    .n_sets = SG_ARRAY_LEN(SETS),
    .examples = EXAMPLES,
    .args_size = sizeof(struct token_list_args),
    .run = run,
};
