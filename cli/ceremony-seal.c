/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/evp.h>
#include <string.h>
#include <unistd.h>

#include "ceremony/cms.h"
#include "ceremony/transcript.h"
#include "cli/ca-make.h"
#include "cli/commands.h"
#include "cli/token-args.h"
#include "common/clock.h"
#include "common/file.h"

#define LINES_BYTES_MAX ((size_t)16 * 1024 * 1024) /* of a transcript */

struct seal_args {
    struct cli_token_args token;
    const char *dir, *certificate, *key;
};

static const struct cli_option WORDS[] = {
    { .name = "dir",
      CLI_TEXT(struct seal_args, dir),
      .value = "DIR",
      .required = true,
      .help = "the folder that \"ceremony execute\" left" },
};
static const struct cli_option OPTIONS[] = {
    { .name = "key",
      CLI_TEXT(struct seal_args, key),
      .value = "LABEL",
      .required = true,
      .help = "the signing key in the token; its guard's purpose is backend" },
    { .name = "certificate",
      CLI_TEXT(struct seal_args, certificate),
      .value = "FILE",
      .required = true,
      .help = "its certificate, and those above it (PEM)" },
};
static const struct cli_option_set SETS[] = {
    { .heading = "Arguments",
      .positional = true,
      .option = WORDS,
      .n = SG_ARRAY_LEN(WORDS) },
    { .heading = "Options", .option = OPTIONS, .n = SG_ARRAY_LEN(OPTIONS) },
    CLI_LOGIN_SET(struct seal_args, token),
    CLI_MODULE_SET(struct seal_args, token),
};

/* --- the key ------------------------------------------------------------------- */

struct signer {
    struct tok_key *key;
    enum ca_sigalg alg;
    const EVP_MD *hash;
};

/* What the key signs with: digests only, so no Ed25519. */
static enum sg_rc choose(const struct ca_spki *spki, struct signer *ret,
                         struct sg_err *err)
{
    switch (spki->kind) {
    case CA_KEY_RSA:
    case CA_KEY_EC_P256:
        ret->hash = EVP_sha256();
        break;
    case CA_KEY_EC_P384:
        ret->hash = EVP_sha384();
        break;
    case CA_KEY_EC_P521:
        ret->hash = EVP_sha512();
        break;
    case CA_KEY_ED25519:
    case CA_KEY_UNSET:
        return sg_err_set(err, SG_POLICY,
                          "%s keys sign no digests: use an ECDSA or RSA key",
                          ca_key_kind_name(spki->kind));
    }
    return ca_sigalg_for(spki->kind, 0, false, &ret->alg, err);
}

static enum sg_rc sign(void *arg, struct sg_slice message, struct sg_buf *out,
                       struct sg_err *err)
{
    const struct signer *s = arg;
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    if (EVP_Digest(message.p, message.len, digest, &len, s->hash, NULL) != 1)
        return sg_err_openssl(err, SG_CRYPTO, "digest");
    return tok_sign_digest(s->key, ca_sigalg_der(s->alg), SG_SLICE(digest, len),
                           out, err);
}

/* --- the folder ------------------------------------------------------------------ */

/* Where the seal goes: asked before the token signs. */
static enum sg_rc find_place(const char *dir,
                             char ret_path[static SG_FILE_PATH_MAX],
                             struct sg_err *err)
{
    SG_TRY(sg_file_path(dir, CER_FILE_CMS, ret_path, err));
    if (access(ret_path, F_OK) == 0)
        return sg_err_set(err, SG_CONFLICT, "%s: it is sealed already",
                          ret_path);
    return SG_OK;
}

/* Whole and completed: nothing may follow what is signed. */
static enum sg_rc read_transcript(const char *dir, struct sg_buf *out,
                                  struct sg_err *err)
{
    SG_CLEANUP(cer_transcript_free) struct cer_transcript *lines = NULL;
    char path[SG_FILE_PATH_MAX];

    SG_TRY(sg_file_path(dir, CER_FILE_TRANSCRIPT, path, err));
    SG_TRY(cer_transcript_read(path, &lines, err));
    if (cer_transcript_find(lines, "closed") == NULL)
        return sg_err_set(err, SG_POLICY, "%s: the ceremony is not completed",
                          path);
    return sg_file_read(path, out, err);
}

static enum sg_rc seal(const struct cer_cms_args *cms, const char *path,
                       struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf out;

    sg_buf_init(&out, CER_CMS_MAX);
    SG_TRY(cer_cms_make(cms, &out, err));
    return sg_file_write(path, sg_buf_slice(&out), 0644, SG_FILE_NEW_ONLY, err);
}

static void show(const struct cli *cli, const char *path,
                 const struct ca_cert *own)
{
    SG_CLEANUP(cli_json_free) struct json_object *json = cli_json_object();
    static const struct cli_field fields[] = { { "signer", "Sealed by" },
                                               { "file", "Seal in" } };
    char name[256];

    cli_put_text(json, "signer", ca_dn_text(own->subject, name, sizeof(name)));
    cli_put_text(json, "file", path);
    cli_print_record(cli, json, fields, SG_ARRAY_LEN(fields));
}

static enum sg_rc open_key(struct cli *cli, const struct seal_args *args,
                           const struct ca_spki *spki,
                           struct tok_client **ret_client,
                           struct tok_key **ret_key, struct sg_err *err)
{
    SG_CLEANUP(tok_client_free) struct tok_client *client = NULL;
    const struct cli_token_start how = { .args = &args->token, .login = true };
    struct tok_key_open want = { .spki = spki->der };

    if (strlen(args->key) >= sizeof(want.label))
        return sg_err_set(err, SG_USAGE, "--key: at most %d bytes",
                          TOK_LABEL_MAX - 1);
    memcpy(want.label, args->key, strlen(args->key));
    SG_TRY(cli_token_start(cli, &how, &client, err));
    SG_TRY(tok_client_key(client, &want, ret_key, err));
    *ret_client = SG_TAKE(client);
    return SG_OK;
}

static enum sg_rc run(struct cli *cli, const void *opaque, struct sg_err *err)
{
    const struct seal_args *args = opaque;
    SG_CLEANUP(sg_arena_done) struct sg_arena arena;
    SG_CLEANUP(sg_buf_done) struct sg_buf lines;
    SG_CLEANUP(tok_client_free) struct tok_client *client = NULL;
    struct sg_slice cert[CER_CMS_CERTS_MAX];
    struct signer signer = { 0 };
    char path[SG_FILE_PATH_MAX];
    size_t n = 0;

    sg_arena_init(&arena, (size_t)1024 * 1024);
    sg_buf_init(&lines, LINES_BYTES_MAX);
    struct ca_cert *own = sg_arena_new(&arena, struct ca_cert);
    if (own == NULL)
        return sg_err_set(err, SG_NOMEM, "certificate");
    SG_TRY(find_place(args->dir, path, err));
    SG_TRY(read_transcript(args->dir, &lines, err));
    SG_TRY(cli_ca_read_chain(&arena, args->certificate, cert,
                             SG_ARRAY_LEN(cert), &n, err));
    if (ca_cert_parse(&arena, cert[0], own, err) != SG_OK)
        return sg_err_wrap(err, "%s", args->certificate);
    SG_TRY(choose(&own->spki, &signer, err));
    SG_TRY(open_key(cli, args, &own->spki, &client, &signer.key, err));
    cli_hint(cli, "--key names a key made with --purpose backend, "
                  "--certificate its certificate");
    SG_TRY(seal(&(struct cer_cms_args){ .content = sg_buf_slice(&lines),
                                        .cert = cert,
                                        .n_certs = n,
                                        .alg = signer.alg,
                                        .time = sg_now(),
                                        .sign = sign,
                                        .arg = &signer },
                path, err));
    show(cli, path, own);
    return SG_OK;
}

static const char *const EXAMPLES[] = {
    "signet ceremony seal root-ceremony/ --token Room --key clerk \\",
    "    --certificate clerk.pem",
    NULL,
};

const struct cli_command CLI_CMD_CEREMONY_SEAL = {
    .name = "ceremony seal",
    .summary = "Sign the transcript with a key in a token (CMS).",
    .about = "Writes " CER_FILE_CMS ", a detached signature (RFC 5652) that "
             "\"openssl cms -verify\" and \"ceremony verify\" check. The key "
             "signs digests: its guard's purpose is backend, never ca.",
    .sets = SETS,
    .n_sets = SG_ARRAY_LEN(SETS),
    .examples = EXAMPLES,
    .args_size = sizeof(struct seal_args),
    .run = run,
};
