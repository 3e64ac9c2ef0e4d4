/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/key-info.h"
#include "cli/token-args.h"
#include "cli/token-pick.h"

#define LABEL_MAX 32 /* bytes; CK_TOKEN_INFO has no room for more */

struct token_init_args {
    struct cli_token_args token;
    const char *label, *serial, *so_pin_source;
    struct cli_number slot;
};

static const struct cli_option OPTIONS[] = {
    { .name = "label",
      CLI_TEXT(struct token_init_args, label),
      .value = "LABEL",
      .required = true,
      .help = "the new token's label, at most 32 bytes" },
    { .name = "slot",
      CLI_NUMBER(struct token_init_args, slot),
      .value = "N",
      .max = UINT64_MAX,
      .help = "in this slot; default: the first one without a token" },
    { .name = "serial",
      CLI_TEXT(struct token_init_args, serial),
      .value = "SERIAL",
      .help = "in the slot whose token has this serial number" },
    { .name = "so-pin-source",
      CLI_TEXT(struct token_init_args, so_pin_source),
      .value = "REF",
      .required = true,
      .help = "where the security officer's new PIN comes from" },
};
static const struct cli_option PIN_OPTION[] = {
    { .name = "pin-source",
      CLI_TEXT(struct cli_token_args, pin_source),
      .value = "REF",
      .required = true,
      .help = "where the user's new PIN comes from: file:PATH, fd:N, "
              "credential:NAME, command:PATH ... or prompt" },
};

static const struct cli_option_set SETS[] = {
    { .heading = "New token", .option = OPTIONS, .n = SG_ARRAY_LEN(OPTIONS) },
    { .heading = "Its PIN",
      .offset = offsetof(struct token_init_args, token),
      .option = PIN_OPTION,
      .n = SG_ARRAY_LEN(PIN_OPTION) },
    CLI_MODULE_SET(struct token_init_args, token),
};

static enum sg_rc choose_slot(struct cli *cli, struct tok_client *client,
                              const struct token_init_args *args,
                              uint64_t *ret_slot, struct sg_err *err)
{
    struct tok_token_info *tokens = NULL;
    size_t n = 0;
    SG_TRY(tok_token_list(client, &tokens, &n, err));
    const struct cli_token_list list = { tokens, n };
    const struct cli_token_want want = { args->label, args->serial,
                                         args->slot };
    enum sg_rc rc = cli_token_free_slot(&list, &want, ret_slot, err);
    free(tokens);
    if (rc != SG_OK)
        cli_hint(cli, "\"signet token list\" shows what each slot holds");
    return rc;
}

static enum sg_rc run(struct cli *cli, const void *opaque, struct sg_err *err)
{
    const struct token_init_args *args = opaque;
    if (strlen(args->label) > LABEL_MAX)
        return sg_err_set(err, SG_USAGE, "--label: %zu bytes, at most %d fit",
                          strlen(args->label), LABEL_MAX);
    const struct cli_token_start start = { .args = &args->token,
                                           .so_pin_source =
                                               args->so_pin_source };
    SG_CLEANUP(tok_client_free) struct tok_client *client = NULL;
    SG_TRY(cli_token_start(cli, &start, &client, err));

    struct tok_token_init init = { 0 };
    SG_TRY(choose_slot(cli, client, args, &init.slot_id, err));
    memcpy(init.label, args->label, strlen(args->label));
    struct tok_token_info info;
    SG_TRY(tok_token_init(client, &init, &info, err));

    SG_CLEANUP(cli_json_free)
    struct json_object *json = cli_token_json(&info);
    cli_print_record(cli, json, CLI_TOKEN_FIELDS, CLI_N_TOKEN_FIELDS);
    return SG_OK;
}

static const char *const EXAMPLES[] = {
    "signet token init --label demo-root --so-pin-source file:so-pin \\",
    "    --pin-source file:pin",
    NULL,
};

const struct cli_command CLI_CMD_TOKEN_INIT = {
    .name = "token init",
    .summary = "Make an empty token and set both of its PINs.",
    .about = "A slot that holds a token is left alone: initialising it would "
             "destroy its keys. Do that with the vendor's own tool.",
    .sets = SETS,
    .n_sets = SG_ARRAY_LEN(SETS),
    .examples = EXAMPLES,
    .args_size = sizeof(struct token_init_args),
    .run = run,
};
