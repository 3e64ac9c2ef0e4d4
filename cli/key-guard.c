/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cli/commands.h"
#include "cli/guard-args.h"
#include "cli/key-info.h"
#include "cli/token-args.h"

struct key_guard_args {
    struct cli_token_args token;
    const char *label;
    bool no_sign_ca, no_sign_crl;
    struct cli_number max_path_length, max_validity, rate, rate_per_day;
    struct cli_list eku;
    struct cli_names_args names;
};

static const struct cli_option OPTIONS[] = {
    { .name = "label",
      CLI_TEXT(struct key_guard_args, label),
      .value = "LABEL",
      .required = true,
      .help = "CKA_LABEL of the key" },
};
static const struct cli_option LIMIT_OPTIONS[] = {
    { .name = "max-validity",
      CLI_DURATION(struct key_guard_args, max_validity),
      .value = "DURATION",
      .help = "longest validity of a certificate that it signs" },
    { .name = "max-path-length",
      CLI_NUMBER(struct key_guard_args, max_path_length),
      .value = "N",
      .max = 16,
      .help = "longest path length of a CA certificate that it signs" },
    { .name = "no-sign-ca",
      CLI_FLAG(struct key_guard_args, no_sign_ca),
      .help = "no CA certificates any more" },
    { .name = "no-sign-crl",
      CLI_FLAG(struct key_guard_args, no_sign_crl),
      .help = "no CRLs any more" },
    { .name = "eku",
      CLI_LIST(struct key_guard_args, eku),
      .value = "PURPOSE",
      .help = "serverAuth, clientAuth ... or an OID: what a certificate may be "
              "for, and nothing else" },
    { .name = "rate",
      CLI_NUMBER(struct key_guard_args, rate),
      .value = "N",
      .max = TOK_RATE_MAX,
      .help = "signatures per second at most" },
    { .name = "rate-per-day",
      CLI_NUMBER(struct key_guard_args, rate_per_day),
      .value = "N",
      .max = TOK_RATE_MAX,
      .help = "signatures per day at most" },
};

static const struct cli_option_set SETS[] = {
    { .heading = "Which key", .option = OPTIONS, .n = SG_ARRAY_LEN(OPTIONS) },
    { .heading = "Its new limits",
      .option = LIMIT_OPTIONS,
      .n = SG_ARRAY_LEN(LIMIT_OPTIONS) },
    CLI_NAMES_SET("Names that it signs for, while the guard has no such limit",
                  struct key_guard_args, names),
    CLI_LOGIN_SET(struct key_guard_args, token),
    CLI_MODULE_SET(struct key_guard_args, token),
};

static enum sg_rc check_args(const struct key_guard_args *args,
                             struct sg_err *err)
{
    if (args->no_sign_ca && args->max_path_length.set)
        return sg_err_set(err, SG_USAGE,
                          "--no-sign-ca and --max-path-length exclude each "
                          "other");
    if ((args->rate.set && args->rate.v == 0)
        || (args->rate_per_day.set && args->rate_per_day.v == 0))
        return sg_err_set(err, SG_USAGE,
                          "--rate and --rate-per-day: 1 or more");
    if (!args->no_sign_ca && !args->no_sign_crl && !args->max_path_length.set
        && !args->max_validity.set && !args->rate.set && !args->rate_per_day.set
        && args->eku.n == 0 && !cli_names_given(&args->names))
        return sg_err_set(err, SG_USAGE, "no limit is given");
    return SG_OK;
}

/* The guard as it is, with what was given in place of what stood there. */
static enum sg_rc new_limits(const struct key_guard_args *args,
                             struct sg_buf *names, struct tok_guard *guard,
                             struct sg_err *err)
{
    if (args->max_validity.set)
        guard->max_validity = (int64_t)args->max_validity.v;
    if (args->max_path_length.set) {
        guard->has_max_path_length = true;
        guard->max_path_length = (uint32_t)args->max_path_length.v;
    }
    if (args->no_sign_ca) {
        guard->may_sign_ca = false;
        guard->has_max_path_length = false;
        guard->max_path_length = 0;
    }
    guard->no_crl = guard->no_crl || args->no_sign_crl;
    if (args->rate.set)
        guard->per_second = (uint32_t)args->rate.v;
    if (args->rate_per_day.set)
        guard->per_day = (uint32_t)args->rate_per_day.v;
    SG_TRY(cli_guard_purposes(&args->eku, guard, err));
    return cli_guard_names(&args->names, names, guard, err);
}

static enum sg_rc narrow(struct cli *cli, const struct key_guard_args *args,
                         struct tok_client *client, struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf bytes;
    SG_CLEANUP(sg_buf_done) struct sg_buf names;
    struct tok_key_open want = { 0 };
    struct tok_guard_view view;
    struct tok_key *key;

    sg_buf_init(&bytes, TOK_FRAME_MAX);
    sg_buf_init(&names, TOK_NAMES_MAX);
    if (strlen(args->label) >= sizeof(want.label))
        return sg_err_set(err, SG_USAGE, "--label: at most %d bytes",
                          TOK_LABEL_MAX - 1);
    memcpy(want.label, args->label, strlen(args->label));
    SG_TRY(tok_client_key(client, &want, &key, err));
    SG_TRY(tok_guard_show(key, &bytes, &view, err));
    struct tok_guard limits = view.guard;
    SG_TRY(new_limits(args, &names, &limits, err));
    if (tok_guard_narrow(key, &limits, err) != SG_OK) {
        cli_hint(cli,
                 "\"signet key show --label %s\" shows the limits that "
                 "hold; only smaller ones can be set",
                 args->label);
        return err->rc;
    }
    struct tok_key_info info = *tok_key_info(key);
    info.may_sign_ca = limits.may_sign_ca;
    info.has_max_path_length = limits.has_max_path_length;
    info.max_path_length = limits.max_path_length;
    info.max_validity = limits.max_validity;
    SG_CLEANUP(cli_json_free) struct json_object *json = NULL;
    SG_TRY(cli_guard_json(client, &info, &json, err));
    cli_print_record(cli, json, CLI_KEY_FIELDS, CLI_N_KEY_FIELDS);
    return SG_OK;
}

static enum sg_rc run(struct cli *cli, const void *opaque, struct sg_err *err)
{
    const struct key_guard_args *args = opaque;
    const struct cli_token_start start = { .args = &args->token,
                                           .login = true };
    SG_CLEANUP(tok_client_free) struct tok_client *client = NULL;

    SG_TRY(check_args(args, err));
    SG_TRY(cli_token_start(cli, &start, &client, err));
    return narrow(cli, args, client, err);
}

static const char *const EXAMPLES[] = {
    "signet key guard --label issuing --max-validity 30d --eku serverAuth \\",
    "    --rate 50 --token demo-issuing --pin-source file:pin",
    NULL,
};

const struct cli_command CLI_CMD_KEY_GUARD = {
    .name = "key guard",
    .summary = "Narrow what a key may sign, for good.",
    .about = "What is not given stays as it is. A limit can be made smaller "
             "and never larger again: nothing that signet offers widens a "
             "guard. A running signetd obeys from its next signature on.",
    .sets = SETS,
    .n_sets = SG_ARRAY_LEN(SETS),
    .examples = EXAMPLES,
    .args_size = sizeof(struct key_guard_args),
    .run = run,
};
