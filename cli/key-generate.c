/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/guard-args.h"
#include "cli/key-info.h"
#include "cli/token-args.h"

#define DAY INT64_C(86400)
#define LEAF_VALIDITY (90 * DAY) /* a key that signs leaves */
#define CA_VALIDITY (3650 * DAY) /* a key that signs CA certificates */

struct key_generate_args {
    struct cli_token_args token;
    const char *label, *type, *purpose;
    bool may_sign_ca;
    struct cli_number max_path_length, max_validity, rate, rate_per_day;
    bool no_sign_crl;
    struct cli_list eku;
    struct cli_names_args names;
};

static const struct cli_option OPTIONS[] = {
    { .name = "label",
      CLI_TEXT(struct key_generate_args, label),
      .value = "LABEL",
      .required = true,
      .help = "CKA_LABEL; no other key of the token may have it" },
    { .name = "type",
      CLI_TEXT(struct key_generate_args, type),
      .value = "TYPE",
      .required = true,
      .help = "ec-p256, ec-p384, ec-p521, rsa-2048, rsa-3072, rsa-4096 or "
              "ed25519" },
};
static const struct cli_option GUARD_OPTIONS[] = {
    { .name = "purpose",
      CLI_TEXT(struct key_generate_args, purpose),
      .value = "PURPOSE",
      .help = "ca, ocsp, backend or probe; default ca" },
    { .name = "may-sign-ca",
      CLI_FLAG(struct key_generate_args, may_sign_ca),
      .help = "the key may sign CA certificates" },
    { .name = "max-path-length",
      CLI_NUMBER(struct key_generate_args, max_path_length),
      .value = "N",
      .max = 16,
      .help = "longest path length of a CA certificate that it signs" },
    { .name = "max-validity",
      CLI_DURATION(struct key_generate_args, max_validity),
      .value = "DURATION",
      .help = "longest validity of a certificate that it signs; default 90d, "
              "with --may-sign-ca 3650d" },
    { .name = "no-sign-crl",
      CLI_FLAG(struct key_generate_args, no_sign_crl),
      .help = "the key signs no CRLs" },
    { .name = "eku",
      CLI_LIST(struct key_generate_args, eku),
      .value = "PURPOSE",
      .help = "serverAuth, clientAuth ... or an OID: what a certificate may be "
              "for, and nothing else; "
              "default any" },
    { .name = "rate",
      CLI_NUMBER(struct key_generate_args, rate),
      .value = "N",
      .max = TOK_RATE_MAX,
      .help = "signatures per second at most; default any number" },
    { .name = "rate-per-day",
      CLI_NUMBER(struct key_generate_args, rate_per_day),
      .value = "N",
      .max = TOK_RATE_MAX,
      .help = "signatures per day at most; default any number" },
};

static const struct cli_option_set SETS[] = {
    { .heading = "New key", .option = OPTIONS, .n = SG_ARRAY_LEN(OPTIONS) },
    { .heading = "Its guard",
      .option = GUARD_OPTIONS,
      .n = SG_ARRAY_LEN(GUARD_OPTIONS) },
    CLI_NAMES_SET("Names that it signs for, besides its issuer's constraints",
                  struct key_generate_args, names),
    CLI_LOGIN_SET(struct key_generate_args, token),
    CLI_MODULE_SET(struct key_generate_args, token),
};

static enum sg_rc read_guard(const struct key_generate_args *args,
                             struct sg_buf *names, struct tok_guard *ret,
                             struct sg_err *err)
{
    struct tok_guard guard = { .purpose = TOK_PURPOSE_CA };
    if (args->purpose != NULL
        && tok_purpose_parse(args->purpose, &guard.purpose, err) != SG_OK)
        return sg_err_wrap(err, "--purpose");
    bool is_ca = guard.purpose == TOK_PURPOSE_CA;
    if (!is_ca
        && (args->may_sign_ca || args->max_path_length.set
            || args->max_validity.set || args->no_sign_crl || args->eku.n > 0))
        return sg_err_set(err, SG_USAGE,
                          "--may-sign-ca, --max-path-length, --max-validity, "
                          "--no-sign-crl and --eku belong to --purpose ca");
    if (args->max_path_length.set && !args->may_sign_ca)
        return sg_err_set(err, SG_USAGE,
                          "--max-path-length needs --may-sign-ca");

    guard.may_sign_ca = args->may_sign_ca;
    guard.has_max_path_length = args->max_path_length.set;
    guard.max_path_length = (uint32_t)args->max_path_length.v;
    if (args->max_validity.set)
        guard.max_validity = (int64_t)args->max_validity.v;
    else if (is_ca)
        guard.max_validity = args->may_sign_ca ? CA_VALIDITY : LEAF_VALIDITY;
    guard.no_crl = args->no_sign_crl;
    guard.per_second = (uint32_t)args->rate.v;
    guard.per_day = (uint32_t)args->rate_per_day.v;
    SG_TRY(cli_guard_purposes(&args->eku, &guard, err));
    SG_TRY(cli_guard_names(&args->names, names, &guard, err));
    if (!is_ca && guard.names.len > 0)
        return sg_err_set(err, SG_USAGE,
                          "--permit-... and --exclude-... belong to --purpose "
                          "ca");
    *ret = guard;
    return SG_OK;
}

static enum sg_rc run(struct cli *cli, const void *opaque, struct sg_err *err)
{
    const struct key_generate_args *args = opaque;
    struct tok_key_generate gen = { 0 };
    SG_CLEANUP(sg_buf_done) struct sg_buf names;

    sg_buf_init(&names, TOK_NAMES_MAX);
    if (strlen(args->label) >= sizeof(gen.label))
        return sg_err_set(err, SG_USAGE, "--label: at most %d bytes",
                          TOK_LABEL_MAX - 1);
    memcpy(gen.label, args->label, strlen(args->label));
    if (tok_key_type_parse(args->type, &gen.type, err) != SG_OK)
        return sg_err_wrap(err, "--type");
    SG_TRY(read_guard(args, &names, &gen.guard, err));

    const struct cli_token_start start = { .args = &args->token,
                                           .login = true };
    SG_CLEANUP(tok_client_free) struct tok_client *client = NULL;
    SG_TRY(cli_token_start(cli, &start, &client, err));
    struct tok_key_info info;
    if (tok_key_generate(client, &gen, &info, err) != SG_OK) {
        if (err->rc == SG_CONFLICT)
            cli_hint(cli, "choose another --label; \"signet key list\" shows "
                          "those in use");
        return err->rc;
    }
    SG_CLEANUP(cli_json_free) struct json_object *json = NULL;
    SG_TRY(cli_guard_json(client, &info, &json, err));
    cli_print_record(cli, json, CLI_KEY_FIELDS, CLI_N_KEY_FIELDS);
    return SG_OK;
}

static const char *const EXAMPLES[] = {
    "signet key generate --label issuing --type ec-p256 --max-validity 90d \\",
    "    --token demo-issuing --pin-source file:pin",
    NULL,
};

const struct cli_command CLI_CMD_KEY_GENERATE = {
    .name = "key generate",
    .summary = "Make a key pair inside a token, and its guard.",
    .about = "The private key cannot leave the token. What the token really "
             "set is read back and judged. The guard is kept by signet-token "
             "and holds for all that the key will ever sign. \"signet ca "
             "root\" and \"signet ca intermediate\" make their keys "
             "themselves with --generate.",
    .sets = SETS,
    .n_sets = SG_ARRAY_LEN(SETS),
    .examples = EXAMPLES,
    .args_size = sizeof(struct key_generate_args),
    .run = run,
};
