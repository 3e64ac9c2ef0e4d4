/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ceremony-guard.h"

#include <stdio.h>

const struct cli_option CLI_GUARD_OPTIONS[CLI_N_GUARD_OPTIONS] = {
    { .name = "pin-source",
      CLI_TEXT(struct cli_token_args, pin_source),
      .value = "REF",
      .help = "where its user PIN comes from: file:PATH, fd:N, "
              "credential:NAME, command:PATH ... or prompt; without it the "
              "token is not touched" },
    { .name = "token",
      CLI_TEXT(struct cli_token_args, token),
      .value = "TOKEN",
      .help = "an RFC 7512 URI when several tokens have the plan's label" },
    { .name = "guards",
      CLI_TEXT(struct cli_token_args, guards),
      .value = "DIR",
      .env = "SIGNET_GUARDS",
      .help = "where the guards of keys are kept; default "
              "/var/lib/signet/guards" },
    { .name = "module",
      CLI_TEXT(struct cli_token_args, module),
      .value = "PATH",
      .env = "SIGNET_MODULE",
      .help = "its PKCS#11 module" },
};

enum sg_rc cli_guard_ask(struct cli *cli, const struct cli_token_args *args,
                         const struct cer_plan *plan, struct sg_buf *bytes,
                         struct tok_guard *ret, struct sg_err *err)
{
    SG_CLEANUP(tok_client_free) struct tok_client *client = NULL;
    struct cli_token_args token = *args;
    const struct cli_token_start how = { .args = &token, .login = true };
    struct tok_key_open want = { .spki = plan->key.spki };
    struct tok_guard_view view;
    struct tok_key *key = NULL;

    if (args->pin_source == NULL || plan->type == CER_TYPE_KEY) {
        *ret = (struct tok_guard){ .purpose = TOK_PURPOSE_UNSET };
        return SG_OK;
    }
    if (token.token == NULL)
        token.token = plan->key.token_label;
    (void)snprintf(want.label, sizeof(want.label), "%s", plan->key.label);
    SG_TRY(cli_token_start(cli, &how, &client, err));
    SG_TRY(tok_client_key(client, &want, &key, err));
    SG_TRY(tok_guard_show(key, bytes, &view, err));
    *ret = view.guard;
    return SG_OK;
}
