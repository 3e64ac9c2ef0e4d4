/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ceremony/approval.h"
#include "cli/ceremony-room.h"
#include "cli/commands.h"
#include "common/cleanup-openssl.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/secret.h"

#define PATH_BYTES 512
#define MESSAGE_MAX 2048
#define SIGNATURE_MAX 1024 /* RSA-8192 */
#define FOLDER "approvals"

struct approve_args {
    const char *plan, *key, *name, *out, *passphrase_source, *answers;
    bool yes;
};

static const struct cli_option WORDS[] = {
    { .name = "plan",
      CLI_TEXT(struct approve_args, plan),
      .value = "PLAN",
      .required = true,
      .help = "the plan (JSON)" },
};
static const struct cli_option OPTIONS[] = {
    { .name = "name",
      CLI_TEXT(struct approve_args, name),
      .value = "NAME",
      .required = true,
      .help = "who approves, as the plan names them" },
    { .name = "key",
      CLI_TEXT(struct approve_args, key),
      .value = "FILE",
      .required = true,
      .help = "their private key (PEM; Ed25519, ECDSA or RSA), readable by "
              "its owner only" },
    { .name = "passphrase-source",
      CLI_TEXT(struct approve_args, passphrase_source),
      .value = "REF",
      .help = "for an encrypted key: file:PATH, fd:N ... or prompt; default "
              "prompt" },
    { .name = "out",
      CLI_TEXT(struct approve_args, out),
      .value = "FILE",
      .help = "where the approval goes; default " FOLDER "/NAME.json" },
    { .name = "answers",
      CLI_TEXT(struct approve_args, answers),
      .value = "FILE",
      .help = "answers in place of the keyboard, a line each" },
    { .name = "yes",
      CLI_FLAG(struct approve_args, yes),
      .help = "do not ask for the word: the plan was read before" },
};
static const struct cli_option_set SETS[] = {
    { .heading = "Arguments",
      .positional = true,
      .option = WORDS,
      .n = SG_ARRAY_LEN(WORDS) },
    { .heading = "Options", .option = OPTIONS, .n = SG_ARRAY_LEN(OPTIONS) },
};

/* --- the approver's key ------------------------------------------------------- */

struct passphrase {
    const char *source;
    struct sg_err err;
};

/* OpenSSL asks for it only when the key is encrypted. */
static int get_passphrase(char *dst, int size, int for_writing, void *arg)
{
    struct passphrase *p = arg;
    SG_CLEANUP(sg_secret_free) struct sg_secret *secret = NULL;

    (void)for_writing;
    if (sg_secret_from(p->source, "Passphrase of the approver's key", &secret,
                       &p->err)
        != SG_OK)
        return -1;
    if (secret->len > (size_t)size) {
        (void)sg_err_set(&p->err, SG_LIMIT, "passphrase: %zu bytes, at most %d",
                         secret->len, size);
        return -1;
    }
    memcpy(dst, secret->buf, secret->len);
    return (int)secret->len;
}

/* As secrets are read: of its owner, readable by nobody else. */
static enum sg_rc read_secretly(const char *path, struct sg_secret **ret,
                                struct sg_err *err)
{
    char source[PATH_BYTES + 8];
    char *found = realpath(path, NULL);

    if (found == NULL)
        return sg_err_errno(err, SG_NOT_FOUND, "--key %s", path);
    int n = snprintf(source, sizeof(source), "file:%s", found);
    free(found);
    if (n < 0 || (size_t)n >= sizeof(source))
        return sg_err_set(err, SG_USAGE, "--key: path too long");
    if (sg_secret_from(source, "key", ret, err) != SG_OK)
        return sg_err_wrap(err, "--key");
    return SG_OK;
}

static enum sg_rc load_key(const struct approve_args *args, EVP_PKEY **ret,
                           struct sg_err *err)
{
    SG_CLEANUP(sg_secret_free) struct sg_secret *file = NULL;
    struct passphrase passphrase = {
        .source = args->passphrase_source == NULL ? "prompt"
                                                  : args->passphrase_source,
    };

    SG_TRY(read_secretly(args->key, &file, err));
    BIO *bio = BIO_new_mem_buf(file->buf, (int)file->len);
    if (bio == NULL)
        return sg_err_set(err, SG_NOMEM, "--key");
    *ret = PEM_read_bio_PrivateKey(bio, NULL, get_passphrase, &passphrase);
    BIO_free(bio);
    if (*ret != NULL)
        return SG_OK;
    if (passphrase.err.rc != SG_OK) {
        *err = passphrase.err;
        return err->rc;
    }
    return sg_err_openssl(err, SG_FORMAT, "--key %s: no private key (PEM)",
                          args->key);
}

/* What a key of its kind signs with. */
static enum sg_rc algorithm_of(EVP_PKEY *key, struct sg_buf *spki_der,
                               enum ca_sigalg *ret, struct sg_err *err)
{
    struct ca_spki spki;

    SG_TRY(ca_leaf_key_spki(key, spki_der, err));
    if (ca_spki_parse(sg_buf_slice(spki_der), &spki, err) != SG_OK)
        return sg_err_wrap(err, "--key");
    return ca_sigalg_for(spki.kind, 0, false, ret, err);
}

static const EVP_MD *digest_of(enum ca_sigalg alg)
{
    if (alg == CA_SIGALG_ED25519)
        return NULL;
    if (alg == CA_SIGALG_ECDSA_SHA384)
        return EVP_sha384();
    return alg == CA_SIGALG_ECDSA_SHA512 ? EVP_sha512() : EVP_sha256();
}

static enum sg_rc sign(EVP_PKEY *key, enum ca_sigalg alg,
                       struct sg_slice message, uint8_t *dst, size_t *len,
                       struct sg_err *err)
{
    SG_CLEANUP(EVP_MD_CTX_free) EVP_MD_CTX *md = EVP_MD_CTX_new();

    if (md == NULL
        || EVP_DigestSignInit(md, NULL, digest_of(alg), NULL, key) != 1
        || EVP_DigestSign(md, dst, len, message.p, message.len) != 1)
        return sg_err_openssl(err, SG_CRYPTO, "approval");
    return SG_OK;
}

/* --- the approval -------------------------------------------------------------- */

static enum sg_rc make(const struct approve_args *args,
                       const struct cer_plan *plan, EVP_PKEY *key,
                       struct sg_buf *out, struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf message;
    SG_CLEANUP(sg_buf_done) struct sg_buf spki;
    uint8_t signature[SIGNATURE_MAX];
    size_t len = sizeof(signature);
    enum ca_sigalg alg = CA_SIGALG_UNSET;
    int64_t now = sg_now();

    sg_buf_init(&message, MESSAGE_MAX);
    sg_buf_init(&spki, 2 * SIGNATURE_MAX);
    SG_TRY(algorithm_of(key, &spki, &alg, err));
    SG_TRY(cer_approval_message(plan, args->name, now, &message, err));
    SG_TRY(sign(key, alg, sg_buf_slice(&message), signature, &len, err));
    return cer_approval_encode(plan, args->name, now, alg,
                               SG_SLICE(signature, len), out, err);
}

static enum sg_rc out_path(const struct approve_args *args,
                           char dst[PATH_BYTES], struct sg_err *err)
{
    char word[CER_NAME_MAX];
    int n;

    if (args->out != NULL) {
        n = snprintf(dst, PATH_BYTES, "%s", args->out);
    } else {
        n = snprintf(dst, PATH_BYTES, FOLDER "/%s.json",
                     cer_file_word(args->name, word, sizeof(word)));
        if (mkdir(FOLDER, 0755) != 0 && errno != EEXIST)
            return sg_err_errno(err, SG_IO, FOLDER);
    }
    if (n < 0 || n >= PATH_BYTES)
        return sg_err_set(err, SG_USAGE, "--out: path too long");
    return SG_OK;
}

static enum sg_rc ask(const struct approve_args *args,
                      const struct cer_room *room, struct sg_err *err)
{
    char answer[CER_ANSWER_MAX];

    if (args->yes)
        return SG_OK;
    SG_TRY(room->ask(room->arg, "To approve exactly this, type: approve",
                     "approve", answer, err));
    if (strcmp(answer, "approve") != 0)
        return sg_err_set(err, SG_DENIED, "not approved: nothing was signed");
    return SG_OK;
}

static enum sg_rc approve(struct cli *cli, const struct approve_args *args,
                          struct sg_arena *arena, struct cli_room *room,
                          struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf json;
    SG_CLEANUP(EVP_PKEY_free) EVP_PKEY *key = NULL;
    const struct cer_plan *plan = NULL;
    struct cer_approval made;
    char path[PATH_BYTES];

    sg_buf_init(&json, CER_APPROVAL_MAX);
    SG_TRY(cli_plan_read(cli, args->plan, arena, &plan, err));
    SG_TRY(cli_room_open(cli, args->answers, room, err));
    SG_TRY(cer_say_plan(&room->room, plan, err));
    SG_TRY(ask(args, &room->room, err));
    SG_TRY(load_key(args, &key, err));
    SG_TRY(make(args, plan, key, &json, err));
    /* who may not approve hears it now, and a wrong key is not found out in
     * the room */
    SG_TRY(cer_approval_check(plan, sg_buf_slice(&json), arena, &made, err));
    SG_TRY(out_path(args, path, err));
    SG_TRY(
        sg_file_write(path, sg_buf_slice(&json), 0644, SG_FILE_NEW_ONLY, err));
    if (cli->json) {
        SG_CLEANUP(cli_json_free)
        struct json_object *result = cli_plan_json(plan);
        cli_put_text(result, "approver", args->name);
        cli_put_text(result, "file", path);
        cli_print_record(cli, result, NULL, 0);
        return SG_OK;
    }
    cer_say(&room->room, "%-24s %s\n%-24s %s\n", "Approved by", args->name,
            "Approval in", path);
    return SG_OK;
}

static enum sg_rc run(struct cli *cli, const void *opaque, struct sg_err *err)
{
    const struct approve_args *args = opaque;
    struct cli_room room = { .out = stdout };
    SG_CLEANUP(sg_arena_done) struct sg_arena arena;

    if (strncmp(args->key, "pkcs11:", 7) == 0) {
        cli_hint(cli, "use a key file, encrypted with a passphrase");
        return sg_err_set(err, SG_UNAVAILABLE,
                          "--key %s: approvers' keys in tokens are not "
                          "supported",
                          args->key);
    }
    sg_arena_init(&arena, CLI_PLAN_ARENA_MAX);
    enum sg_rc rc = approve(cli, args, &arena, &room, err);
    cli_room_done(&room);
    return rc;
}

static const char *const EXAMPLES[] = {
    "signet ceremony approve plan.json --name \"Ada Approver\" --key ada.key",
    NULL,
};

const struct cli_command CLI_CMD_CEREMONY_APPROVE = {
    .name = "ceremony approve",
    .summary = "Sign the plan's hash with an approver's own key.",
    .about = "The plan is shown as read out of its bytes. The plan names who "
             "may approve, with their public keys, and how many have to; the "
             "requester never counts.",
    .sets = SETS,
    .n_sets = SG_ARRAY_LEN(SETS),
    .examples = EXAMPLES,
    .args_size = sizeof(struct approve_args),
    .run = run,
};
