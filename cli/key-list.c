/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "cli/commands.h"
#include "cli/key-info.h"
#include "cli/token-args.h"

struct key_list_args {
    struct cli_token_args token;
};

static const struct cli_option_set SETS[] = {
    CLI_LOGIN_SET(struct key_list_args, token),
    CLI_MODULE_SET(struct key_list_args, token),
};

static const struct cli_field COLUMNS[] = {
    { "label", "LABEL" },     { "type", "TYPE" },   { "id", "CKA_ID" },
    { "purpose", "PURPOSE" }, { "bound", "BOUND" }, { "fit_for_ca", "FIT" },
};

static enum sg_rc run(struct cli *cli, const void *opaque, struct sg_err *err)
{
    const struct key_list_args *args = opaque;
    const struct cli_token_start start = { .args = &args->token,
                                           .login = true };
    SG_CLEANUP(tok_client_free) struct tok_client *client = NULL;
    SG_TRY(cli_token_start(cli, &start, &client, err));

    struct tok_key_info *list = NULL;
    size_t n = 0;
    SG_TRY(tok_key_list(client, &list, &n, err));
    SG_CLEANUP(cli_json_free) struct json_object *rows = cli_json_array();
    for (size_t i = 0; i < n; i++)
        cli_append(rows, cli_key_json(&list[i]));
    free(list);
    cli_print_table(cli, rows, COLUMNS, SG_ARRAY_LEN(COLUMNS),
                    "The token holds no private key.");
    return SG_OK;
}

static const char *const EXAMPLES[] = {
    "signet key list --token demo-issuing --pin-source file:pin",
    NULL,
};

const struct cli_command CLI_CMD_KEY_LIST = {
    .name = "key list",
    .summary = "Show the private keys of a token.",
    .about = "PURPOSE and BOUND come from the key's guard. FIT says whether "
             "the token keeps the key the way a CA's key must be kept; \"key "
             "show\" says why not.",
    .sets = SETS,
    .n_sets = SG_ARRAY_LEN(SETS),
    .examples = EXAMPLES,
    .args_size = sizeof(struct key_list_args),
    .run = run,
};
