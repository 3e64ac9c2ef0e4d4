/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cli/ca-make.h"
#include "cli/ceremony-room.h"
#include "cli/commands.h"
#include "cli/token-args.h"
#include "common/clock.h"

struct bind_args {
    struct cli_token_args token;
    const char *certificate, *key, *answers;
    bool yes;
};

static const struct cli_option WORDS[] = {
    { .name = "certificate",
      CLI_TEXT(struct bind_args, certificate),
      .value = "CERTIFICATE",
      .required = true,
      .help = "the certificate, and those above it, nearest first, whose "
              "limits hold too (PEM)" },
};
static const struct cli_option OPTIONS[] = {
    { .name = "key",
      CLI_TEXT(struct bind_args, key),
      .value = "LABEL",
      .required = true,
      .help = "CKA_LABEL of its key" },
    { .name = "answers",
      CLI_TEXT(struct bind_args, answers),
      .value = "FILE",
      .help = "answers in place of the keyboard, a line each" },
    { .name = "yes",
      CLI_FLAG(struct bind_args, yes),
      .help = "do not ask for the word" },
};
static const struct cli_option_set SETS[] = {
    { .heading = "Arguments",
      .positional = true,
      .option = WORDS,
      .n = SG_ARRAY_LEN(WORDS) },
    { .heading = "Options", .option = OPTIONS, .n = SG_ARRAY_LEN(OPTIONS) },
    CLI_LOGIN_SET(struct bind_args, token),
    CLI_MODULE_SET(struct bind_args, token),
};

static void say_certificate(const struct cer_room *room,
                            const struct ca_cert *cert)
{
    char name[TOK_DN_MAX / 4];
    char time[SG_TIME_TEXT_MAX];

    cer_say(room, "%-*s %s\n", CER_TITLE_WIDTH, "Subject",
            ca_dn_text(cert->subject, name, sizeof(name)));
    cer_say(room, "%-*s %s\n", CER_TITLE_WIDTH, "Issuer",
            ca_dn_text(cert->issuer, name, sizeof(name)));
    cer_say(room, "%-*s %s\n", CER_TITLE_WIDTH, "Not after",
            sg_time_text(cert->not_after, time));
}

static enum sg_rc ask(const struct bind_args *args, const struct cer_room *room,
                      bool ca, const uint8_t hash[32], struct sg_err *err)
{
    char prompt[CER_ANSWER_MAX];
    char answer[CER_ANSWER_MAX];
    char word[CER_ANSWER_MAX];

    if (args->yes)
        return SG_OK;
    (void)cer_first_word(hash, word);
    (void)snprintf(prompt, sizeof(prompt),
                   "The key will %s only, for good. To bind it, type the first "
                   "word of the certificate's hash",
                   ca ? "sign below this certificate"
                      : "answer for this certificate's issuer");
    SG_TRY(room->ask(room->arg, prompt, word, answer, err));
    if (strcmp(answer, word) != 0)
        return sg_err_set(err, SG_DENIED,
                          "that is not the word: nothing was "
                          "bound");
    return SG_OK;
}

/* The guard judges a responder's key when it is bound. */
static enum sg_rc open_key(struct cli *cli, struct tok_client *client,
                           const struct cli_ca_key_args *wanted, bool ca,
                           struct tok_key **ret, struct sg_err *err)
{
    struct tok_key_open want = { .spki = wanted->spki };
    struct cli_ca_key key;

    if (ca) {
        SG_TRY(cli_ca_key_open(cli, client, wanted, &key, err));
        *ret = key.key;
        return SG_OK;
    }
    if (strlen(wanted->label) >= sizeof(want.label))
        return sg_err_set(err, SG_USAGE, "--key: at most %d bytes",
                          TOK_LABEL_MAX - 1);
    memcpy(want.label, wanted->label, strlen(wanted->label));
    return tok_client_key(client, &want, ret, err);
}

static enum sg_rc bind(struct cli_room *room, const void *opaque,
                       struct sg_err *err)
{
    const struct bind_args *args = opaque;
    struct cli *cli = room->cli;
    struct sg_arena *arena = &room->arena;
    struct sg_slice chain[CA_CHAIN_MAX];
    size_t n = 0;
    uint8_t hash[32];
    struct ca_cert *cert = sg_arena_new(arena, struct ca_cert);

    if (cert == NULL)
        return sg_err_set(err, SG_NOMEM, "certificate");
    SG_TRY(cli_ca_read_chain(arena, args->certificate, chain, CA_CHAIN_MAX, &n,
                             err));
    SG_TRY(ca_cert_parse(arena, chain[0], cert, err));
    SG_TRY(cer_sha256(chain[0], hash, err));
    say_certificate(&room->room, cert);
    cer_say_hash(&room->room, "Certificate SHA-256", hash);

    const struct cli_token_start start = { .args = &args->token,
                                           .login = true };
    SG_CLEANUP(tok_client_free) struct tok_client *client = NULL;
    SG_TRY(cli_token_start(cli, &start, &client, err));
    const struct cli_ca_key_args wanted = { .label = args->key,
                                            .spki = cert->spki.der };
    struct tok_key *key = NULL;
    cli_hint(cli, "--key names the key whose public half the certificate has; "
                  "\"signet key list\" shows the keys");
    SG_TRY(open_key(cli, client, &wanted, cert->is_ca, &key, err));
    SG_TRY(ask(args, &room->room, cert->is_ca, hash, err));
    SG_TRY(tok_guard_bind_chain(key, chain[0], chain + 1, n - 1, err));
    cer_say(&room->room, "%-*s %s\n", CER_TITLE_WIDTH, "Guard bound",
            args->key);
    if (!cli->json)
        return SG_OK;
    SG_CLEANUP(cli_json_free) struct json_object *json = cli_json_object();
    cli_put_text(json, "key", args->key);
    cli_put_hex(json, "issuer_sha256", SG_SLICE(hash, sizeof(hash)));
    cli_print_record(cli, json, NULL, 0);
    return SG_OK;
}

static enum sg_rc run(struct cli *cli, const void *opaque, struct sg_err *err)
{
    const struct bind_args *args = opaque;

    return cli_room_run(cli,
                        &(struct cli_room_wants){ .answers = args->answers },
                        bind, args, err);
}

static const char *const EXAMPLES[] = {
    "signet ceremony bind intermediate/chain.pem --key issuing \\",
    "    --token issuing --pin-source prompt",
    NULL,
};

const struct cli_command CLI_CMD_CEREMONY_BIND = {
    .name = "ceremony bind",
    .summary = "Bind a certificate to its key in another token.",
    .about = "A ceremony binds the certificate itself when the new key is in "
             "the token that signed. Where it is in another one, this is the "
             "last step: until then the key signs nothing but requests for "
             "itself, afterwards a CA's only what belongs below the "
             "certificate, an OCSP responder's only answers for the CA that "
             "comes next in the file. The guard of a CA's key takes one "
             "certificate, once; that of a responder's also newer ones of the "
             "same name for the same CA.",
    .sets = SETS,
    .n_sets = SG_ARRAY_LEN(SETS),
    .examples = EXAMPLES,
    .args_size = sizeof(struct bind_args),
    .run = run,
};
