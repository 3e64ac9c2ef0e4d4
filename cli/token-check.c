/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cli/commands.h"
#include "cli/out.h"
#include "cli/token-args.h"

struct token_check_args {
    struct cli_token_args token;
    struct cli_list types;
};

static const struct cli_option OPTIONS[] = {
    { .name = "type",
      CLI_LIST(struct token_check_args, types),
      .value = "TYPE",
      .help = "ec-p256, rsa-4096 ...: a type of key that is needed; default: "
              "all are tried and one is enough" },
};

static const struct cli_option_set SETS[] = {
    { .heading = "Keys", .option = OPTIONS, .n = SG_ARRAY_LEN(OPTIONS) },
    CLI_LOGIN_SET(struct token_check_args, token),
    CLI_MODULE_SET(struct token_check_args, token),
};

static const struct cli_field COLUMNS[] = {
    { "type", "TYPE" },
    { "works", "WORKS" },
    { "remark", "REMARK" },
};

static const char *const ALL[] = {
    "ec-p256",  "ec-p384",  "ec-p521", "rsa-2048",
    "rsa-3072", "rsa-4096", "ed25519",
};

/* What the checks found. */
struct findings {
    struct json_object *rows;
    size_t n_works;
};

/* A refused PIN ends it: each further try could lock the token. */
static enum sg_rc check_one(struct tok_client *client, const char *name,
                            struct findings *found, struct sg_err *err)
{
    enum tok_key_type type;
    bool token_hashes = false;
    struct sg_err why = { 0 };

    if (tok_key_type_parse(name, &type, err) != SG_OK)
        return sg_err_wrap(err, "--type");
    bool works = tok_key_try(client, type, &token_hashes, &why) == SG_OK;
    if (why.rc == SG_PIN) {
        *err = why;
        return err->rc;
    }
    struct json_object *row = cli_json_object();
    cli_put_text(row, "type", name);
    cli_put_text(row, "works", works ? "yes" : "no");
    cli_put_text(row, "remark",
                 !works         ? why.msg
                 : token_hashes ? "not for purpose backend: signs no hashes"
                                : "");
    cli_append(found->rows, row);
    found->n_works += works ? 1 : 0;
    return SG_OK;
}

static enum sg_rc check_names(const char *const *names, size_t n,
                              struct sg_err *err)
{
    enum tok_key_type type;

    for (size_t i = 0; i < n; i++)
        if (tok_key_type_parse(names[i], &type, err) != SG_OK)
            return sg_err_wrap(err, "--type");
    return SG_OK;
}

static enum sg_rc run(struct cli *cli, const void *opaque, struct sg_err *err)
{
    const struct token_check_args *args = opaque;
    const struct cli_token_start start = { .args = &args->token,
                                           .login = true };
    const char *const *names = args->types.n > 0 ? args->types.v : ALL;
    size_t n = args->types.n > 0 ? args->types.n : SG_ARRAY_LEN(ALL);
    SG_CLEANUP(tok_client_free) struct tok_client *client = NULL;

    SG_TRY(check_names(names, n, err));
    SG_TRY(cli_token_start(cli, &start, &client, err));
    SG_CLEANUP(cli_json_free) struct json_object *rows = cli_json_array();
    struct findings found = { .rows = rows };
    for (size_t i = 0; i < n; i++)
        SG_TRY(check_one(client, names[i], &found, err));
    cli_print_table(cli, rows, COLUMNS, SG_ARRAY_LEN(COLUMNS), "");
    if (found.n_works == 0 || (args->types.n > 0 && found.n_works < n))
        return sg_err_set(err, SG_TOKEN, "the token cannot do what is needed");
    return SG_OK;
}

static const char *const EXAMPLES[] = {
    "signet token check --token new-hsm --pin-source file:pin",
    "signet token check --type ec-p384 --token new-hsm",
    NULL,
};

const struct cli_command CLI_CMD_TOKEN_CHECK = {
    .name = "token check",
    .summary = "Try which keys a token can make and sign with.",
    .about =
        "For each type a key is made as \"key generate\" makes it, judged, "
        "let sign, and removed again; a key that could not be removed is "
        "named. Do this before a ceremony: what modules say of their "
        "mechanisms is often more than they can do.",
    .sets = SETS,
    .n_sets = SG_ARRAY_LEN(SETS),
    .examples = EXAMPLES,
    .args_size = sizeof(struct token_check_args),
    .run = run,
};
