/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/dn-text.h"
#include "cli/ca-make.h"
#include "cli/commands.h"
#include "cli/token-args.h"
#include "common/clock.h"

#define ARENA_MAX ((size_t)256 * 1024) /* bytes; a certificate and its names */

struct ca_root_args {
    struct cli_token_args token;
    const char *key, *generate, *subject, *out;
    struct cli_number validity, path_length;
    bool force;
};

static const struct cli_option OPTIONS[] = {
    { .name = "subject",
      CLI_TEXT(struct ca_root_args, subject),
      .value = "NAME",
      .required = true,
      .help = "\"CN=Demo Root,O=Example,C=DE\" (RFC 4514)" },
    { .name = "validity",
      CLI_DURATION(struct ca_root_args, validity),
      .value = "DURATION",
      .required = true,
      .help = "from now on, for example 3650d" },
    { .name = "path-length",
      CLI_NUMBER(struct ca_root_args, path_length),
      .value = "N",
      .max = 16,
      .help = "CA certificates below it at most; default: no limit" },
    { .name = "out",
      CLI_TEXT(struct ca_root_args, out),
      .value = "FILE",
      .required = true,
      .help = "where the certificate goes (PEM)" },
    { .name = "force",
      CLI_FLAG(struct ca_root_args, force),
      .help = "replace the file when it is there" },
};
static const struct cli_option KEY_OPTIONS[] = {
    { .name = "key",
      CLI_TEXT(struct ca_root_args, key),
      .value = "LABEL",
      .required = true,
      .help = "CKA_LABEL of the root's key" },
    { .name = "generate",
      CLI_TEXT(struct ca_root_args, generate),
      .value = "TYPE",
      .help = "make the key first: ec-p384, rsa-4096 ... as with \"key "
              "generate\"" },
};

static const struct cli_option_set SETS[] = {
    { .heading = "Certificate", .option = OPTIONS, .n = SG_ARRAY_LEN(OPTIONS) },
    { .heading = "Key", .option = KEY_OPTIONS, .n = SG_ARRAY_LEN(KEY_OPTIONS) },
    CLI_LOGIN_SET(struct ca_root_args, token),
    CLI_MODULE_SET(struct ca_root_args, token),
};

/* The root signs itself, then intermediates that end with it at the latest. */
static struct cli_ca_key_args key_args(const struct ca_root_args *args)
{
    return (struct cli_ca_key_args){
        .label = args->key,
        .generate = args->generate,
        .guard = { .purpose = TOK_PURPOSE_CA,
                   .may_sign_ca = true,
                   .has_max_path_length = args->path_length.set,
                   .max_path_length = (uint32_t)args->path_length.v,
                   .max_validity = (int64_t)args->validity.v },
    };
}

static enum sg_rc make(struct cli *cli, const struct ca_root_args *args,
                       struct sg_arena *arena, struct sg_buf *der,
                       struct sg_err *err)
{
    struct ca_authority_args tbs = {
        .not_before = sg_now(),
        .has_path_length = args->path_length.set,
        .path_length = (uint32_t)args->path_length.v,
    };
    tbs.not_after = tbs.not_before + (int64_t)args->validity.v - 1;
    if (ca_dn_from_text(arena, args->subject, &tbs.subject, err) != SG_OK)
        return sg_err_wrap(err, "--subject");
    SG_TRY(cli_ca_rehearse(NULL, &tbs, err));

    const struct cli_token_start start = { .args = &args->token,
                                           .login = true };
    SG_CLEANUP(tok_client_free) struct tok_client *client = NULL;
    SG_TRY(cli_token_start(cli, &start, &client, err));
    const struct cli_ca_key_args wanted = key_args(args);
    struct cli_ca_key key;
    SG_TRY(cli_ca_key_open(cli, client, &wanted, &key, err));
    tbs.spki = &key.spki;
    SG_TRY(cli_ca_certify(&key, &tbs, der, err));

    struct ca_cert *cert = sg_arena_new(arena, struct ca_cert);
    if (cert == NULL)
        return sg_err_set(err, SG_NOMEM, "certificate");
    struct sg_slice bytes = sg_buf_slice(der);
    SG_TRY(ca_cert_parse(arena, bytes, cert, err));
    SG_TRY(ca_cert_check_signed_by(cert, cert, err));
    SG_TRY(cli_ca_write(args->out, args->force, &bytes, 1, err));
    if (tok_guard_bind(key.key, bytes, err) != SG_OK)
        return sg_err_wrap(err, "%s is written, but the key is not bound to it",
                           args->out);
    const struct cli_ca_made made = { .cert = cert,
                                      .key = args->key,
                                      .path = args->out };
    return cli_ca_print(cli, &made, err);
}

static enum sg_rc run(struct cli *cli, const void *opaque, struct sg_err *err)
{
    const struct ca_root_args *args = opaque;
    if (args->validity.v < 1)
        return sg_err_set(err, SG_USAGE, "--validity: at least one second");
    SG_TRY(cli_out_check(cli, args->out, args->force, err));

    struct sg_arena arena;
    struct sg_buf der;
    sg_arena_init(&arena, ARENA_MAX);
    sg_buf_init(&der, CA_CERT_MAX);
    enum sg_rc rc = make(cli, args, &arena, &der, err);
    sg_buf_done(&der);
    sg_arena_done(&arena);
    return rc;
}

static const char *const EXAMPLES[] = {
    "signet ca root --key root --generate ec-p384 --validity 3650d \\",
    "    --subject \"CN=Demo Root,O=Example,C=DE\" --out root.pem \\",
    "    --token demo-root --pin-source file:pin",
    NULL,
};

const struct cli_command CLI_CMD_CA_ROOT = {
    .name = "ca root",
    .summary = "Make a root: a self-signed CA certificate.",
    .about = "notBefore is this second, not earlier; notAfter is the last "
             "second of --validity. The guard of a key that --generate makes "
             "lets it sign CA certificates of at most that validity, and the "
             "key is bound to the certificate.",
    .sets = SETS,
    .n_sets = SG_ARRAY_LEN(SETS),
    .examples = EXAMPLES,
    .args_size = sizeof(struct ca_root_args),
    .run = run,
};
