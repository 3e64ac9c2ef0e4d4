/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/guard-args.h"
#include "cli/key-info.h"
#include "cli/token-args.h"

struct key_show_args {
    struct cli_token_args token;
    const char *label;
};

static const struct cli_option OPTIONS[] = {
    { .name = "label",
      CLI_TEXT(struct key_show_args, label),
      .value = "LABEL",
      .required = true,
      .help = "CKA_LABEL of the key" },
};

static const struct cli_option_set SETS[] = {
    { .heading = "Which key", .option = OPTIONS, .n = SG_ARRAY_LEN(OPTIONS) },
    CLI_LOGIN_SET(struct key_show_args, token),
    CLI_MODULE_SET(struct key_show_args, token),
};

/* The one key of this label. Looking does not need a key that is fit to sign,
 * so the list is searched and the key is not opened. */
static enum sg_rc find_key(const struct tok_key_info *list, size_t n,
                           const char *label, const struct tok_key_info **ret,
                           struct sg_err *err)
{
    const struct tok_key_info *found = NULL;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(list[i].label, label) != 0)
            continue;
        if (found != NULL)
            return sg_err_set(err, SG_CONFLICT,
                              "several keys have the label '%s'", label);
        found = &list[i];
    }
    if (found == NULL)
        return sg_err_set(err, SG_NOT_FOUND,
                          "none of the token's %zu private keys has the label "
                          "'%s'",
                          n, label);
    *ret = found;
    return SG_OK;
}

static enum sg_rc run(struct cli *cli, const void *opaque, struct sg_err *err)
{
    const struct key_show_args *args = opaque;
    const struct cli_token_start start = { .args = &args->token,
                                           .login = true };
    SG_CLEANUP(tok_client_free) struct tok_client *client = NULL;
    SG_TRY(cli_token_start(cli, &start, &client, err));

    struct tok_key_info *list = NULL;
    size_t n = 0;
    SG_TRY(tok_key_list(client, &list, &n, err));
    const struct tok_key_info *found = NULL;
    enum sg_rc rc = find_key(list, n, args->label, &found, err);
    if (rc == SG_OK) {
        SG_CLEANUP(cli_json_free) struct json_object *json = NULL;
        rc = cli_guard_json(client, found, &json, err);
        if (rc == SG_OK)
            cli_print_record(cli, json, CLI_KEY_FIELDS, CLI_N_KEY_FIELDS);
    } else {
        cli_hint(cli, "\"signet key list\" shows the labels");
    }
    free(list);
    return rc;
}

static const char *const EXAMPLES[] = {
    "signet key show --label issuing --token demo-issuing --pin-source "
    "file:pin",
    "signet key show --label issuing --token demo-issuing --json |",
    "    jq -r .public_key",
    NULL,
};

const struct cli_command CLI_CMD_KEY_SHOW = {
    .name = "key show",
    .summary = "Show one key: what the token says of it, and its guard.",
    .sets = SETS,
    .n_sets = SG_ARRAY_LEN(SETS),
    .examples = EXAMPLES,
    .args_size = sizeof(struct key_show_args),
    .run = run,
};
