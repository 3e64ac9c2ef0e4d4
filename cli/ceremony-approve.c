/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ceremony/approval.h"
#include "cli/ceremony-approver.h"
#include "cli/ceremony-room.h"
#include "cli/commands.h"
#include "common/clock.h"
#include "common/file.h"

#define PATH_BYTES 512
#define MESSAGE_MAX 2048
#define FOLDER "approvals"

struct approve_args {
    const char *plan, *name, *out, *answers;
    struct cli_approver_args signer;
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
      CLI_TEXT(struct approve_args, signer.key),
      .value = "KEY",
      .required = true,
      .help = "their private key: a file (PEM; Ed25519, ECDSA or RSA) that "
              "only its owner may read, or pkcs11:token=TOKEN;object=LABEL "
              "for a key made with --purpose backend" },
    { .name = "passphrase-source",
      CLI_TEXT(struct approve_args, signer.passphrase_source),
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
static const struct cli_option TOKEN_OPTIONS[] = {
    { .name = "pin-source",
      CLI_TEXT(struct approve_args, signer.token.pin_source),
      .value = "REF",
      .help = "where the user PIN comes from: file:PATH, fd:N ... or prompt; "
              "default prompt" },
    { .name = "guards",
      CLI_TEXT(struct approve_args, signer.token.guards),
      .value = "DIR",
      .env = "SIGNET_GUARDS",
      .help = "where the guards of keys are kept; default "
              "/var/lib/signet/guards" },
};
static const struct cli_option_set SETS[] = {
    { .heading = "Arguments",
      .positional = true,
      .option = WORDS,
      .n = SG_ARRAY_LEN(WORDS) },
    { .heading = "Options", .option = OPTIONS, .n = SG_ARRAY_LEN(OPTIONS) },
    { .heading = "Token of a pkcs11: key",
      .option = TOKEN_OPTIONS,
      .n = SG_ARRAY_LEN(TOKEN_OPTIONS) },
    CLI_MODULE_SET(struct approve_args, signer.token),
};

/* --- the approval -------------------------------------------------------------- */

static enum sg_rc make(const struct approve_args *args,
                       const struct cer_plan *plan,
                       const struct cli_approver *approver, struct sg_buf *out,
                       struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf message;
    SG_CLEANUP(sg_buf_done) struct sg_buf signature;
    int64_t now = sg_now();

    sg_buf_init(&message, MESSAGE_MAX);
    sg_buf_init(&signature, CLI_APPROVAL_SIGNATURE_MAX);
    SG_TRY(cer_approval_message(plan, args->name, now, &message, err));
    SG_TRY(
        cli_approver_sign(approver, sg_buf_slice(&message), &signature, err));
    const struct cer_approval_signed made = {
        .name = args->name,
        .time = now,
        .alg = cli_approver_algorithm(approver),
        .signature = sg_buf_slice(&signature),
    };
    return cer_approval_encode(plan, &made, out, err);
}

static enum sg_rc out_path(const struct approve_args *args,
                           char dst[PATH_BYTES], struct sg_err *err)
{
    char word[CER_NAME_MAX];
    int n = args->out != NULL
                ? snprintf(dst, PATH_BYTES, "%s", args->out)
                : snprintf(dst, PATH_BYTES, FOLDER "/%s.json",
                           cer_file_word(args->name, word, sizeof(word)));

    if (n < 0 || n >= PATH_BYTES)
        return sg_err_set(err, SG_USAGE, "--out: path too long");
    return SG_OK;
}

static enum sg_rc make_folder(const struct approve_args *args,
                              struct sg_err *err)
{
    if (args->out == NULL && mkdir(FOLDER, 0755) != 0 && errno != EEXIST)
        return sg_err_errno(err, SG_IO, FOLDER);
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

static enum sg_rc approve(struct cli_room *room, const void *opaque,
                          struct sg_err *err)
{
    const struct approve_args *args = opaque;
    struct cli *cli = room->cli;
    SG_CLEANUP(sg_buf_done) struct sg_buf json;
    SG_CLEANUP(cli_approver_free) struct cli_approver *approver = NULL;
    struct cer_approval made;
    char path[PATH_BYTES];

    sg_buf_init(&json, CER_APPROVAL_MAX);
    SG_TRY(cer_approval_admit(room->plan, args->name, sg_now(), err));
    SG_TRY(out_path(args, path, err));
    if (access(path, F_OK) == 0)
        return sg_err_set(err, SG_CONFLICT,
                          "%s: exists: an approval is never "
                          "replaced",
                          path);
    SG_TRY(cer_say_plan(&room->room, room->plan, err));
    SG_TRY(ask(args, &room->room, err));
    SG_TRY(cli_approver_open(cli, &args->signer, &approver, err));
    SG_TRY(make(args, room->plan, approver, &json, err));
    cli_hint(cli, "--key is the private half of the key that the plan names "
                  "for them");
    /* a wrong key is not found out in the room */
    SG_TRY(cer_approval_check(room->plan, sg_buf_slice(&json), &room->arena,
                              &made, err));
    SG_TRY(make_folder(args, err));
    SG_TRY(
        sg_file_write(path, sg_buf_slice(&json), 0644, SG_FILE_NEW_ONLY, err));
    if (cli->json) {
        SG_CLEANUP(cli_json_free)
        struct json_object *result = cli_plan_json(room->plan);
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

    return cli_room_run(cli,
                        &(struct cli_room_wants){ args->plan, args->answers },
                        approve, args, err);
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
