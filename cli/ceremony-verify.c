/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "ceremony/verify.h"
#include "cli/ca-make.h"
#include "cli/ceremony-room.h"
#include "cli/commands.h"

struct verify_args {
    const char *dir, *signer;
};

static const struct cli_option WORDS[] = {
    { .name = "dir",
      CLI_TEXT(struct verify_args, dir),
      .value = "DIR",
      .required = true,
      .help = "the folder that \"ceremony execute\" left" },
};
static const struct cli_option OPTIONS[] = {
    { .name = "signer",
      CLI_TEXT(struct verify_args, signer),
      .value = "FILE",
      .help = "the certificate (PEM) of whoever sealed the transcript, from "
              "where you trust it: then the seal must be there and be theirs" },
};
static const struct cli_option_set SETS[] = {
    { .heading = "Arguments",
      .positional = true,
      .option = WORDS,
      .n = SG_ARRAY_LEN(WORDS) },
    { .heading = "Options", .option = OPTIONS, .n = SG_ARRAY_LEN(OPTIONS) },
};

static const char *state_name(enum cer_check_state state)
{
    switch (state) {
    case CER_CHECK_OK:
        return "ok";
    case CER_CHECK_DIFFERS:
        return "differs";
    case CER_CHECK_NOT_DONE:
        break;
    }
    return "-";
}

static void print_json(const struct cli *cli, const struct cer_verdict *verdict)
{
    SG_CLEANUP(cli_json_free) struct json_object *json = cli_json_object();
    struct json_object *list = cli_json_array();

    for (size_t i = 0; i < verdict->n; i++) {
        const struct cer_check *check = &verdict->check[i];
        struct json_object *one = cli_json_object();
        cli_put_text(one, "check", check->id);
        cli_put_text(one, "result", state_name(check->state));
        cli_put_text(one, "text", check->text);
        cli_append(list, one);
    }
    if (verdict->has_plan)
        cli_put_hash(json, "plan_sha256", "plan_words", verdict->plan_sha256);
    if (verdict->has_transcript)
        cli_put_hash(json, "transcript_sha256", "transcript_words",
                     verdict->transcript_sha256);
    cli_put_bool(json, "pass", verdict->n_differ == 0);
    cli_put_int(json, "differences", (int64_t)verdict->n_differ);
    cli_put(json, "checks", list);
    cli_print_record(cli, json, NULL, 0);
}

static void print_hashes(const struct cer_room *room,
                         const struct cer_verdict *verdict)
{
    cer_say(room, "\nTo be held against the paper from the room:\n");
    if (verdict->has_plan)
        cer_say_hash(room, "Plan SHA-256", verdict->plan_sha256);
    if (verdict->has_transcript)
        cer_say_hash(room, "Transcript SHA-256", verdict->transcript_sha256);
}

static void print_lines(const struct cer_room *room,
                        const struct cer_verdict *verdict)
{
    char line[SG_ERR_MSG_MAX + 128];

    for (size_t i = 0; i < verdict->n; i++) {
        const struct cer_check *check = &verdict->check[i];
        (void)snprintf(line, sizeof(line), "%-8s %s%s%s\n",
                       state_name(check->state), check->title,
                       check->text[0] != '\0' ? ": " : "", check->text);
        room->say(room->arg, line);
    }
    if (verdict->has_plan || verdict->has_transcript)
        print_hashes(room, verdict);
    if (verdict->n_differ == 0)
        cer_say(room, "\nPASS\n");
}

static enum sg_rc verify(struct cli_room *room, const void *opaque,
                         struct sg_err *err)
{
    const struct verify_args *args = opaque;
    struct cer_verify_args what = { .dir = args->dir,
                                    .version = SIGNET_VERSION };
    struct sg_slice chain[CA_CHAIN_MAX]; /* theirs is the first */
    struct cer_verdict *verdict =
        sg_arena_new(&room->arena, struct cer_verdict);
    size_t n = 0;

    if (verdict == NULL)
        return sg_err_set(err, SG_NOMEM, "verify");
    if (args->signer != NULL) {
        SG_TRY(cli_ca_read_chain(&room->arena, args->signer, chain,
                                 CA_CHAIN_MAX, &n, err));
        what.signer = chain[0];
    }
    SG_TRY(cer_verify(&what, verdict, err));
    if (room->cli->json)
        print_json(room->cli, verdict);
    else
        print_lines(&room->room, verdict);
    if (verdict->n_differ > 0)
        return sg_err_set(err, SG_FORMAT, "%s: %zu of %zu checks differ",
                          args->dir, verdict->n_differ, verdict->n);
    return SG_OK;
}

static enum sg_rc run(struct cli *cli, const void *args, struct sg_err *err)
{
    return cli_room_run(cli, &(struct cli_room_wants){ 0 }, verify, args, err);
}

static const char *const EXAMPLES[] = {
    "signet ceremony verify root-ceremony/",
    "signet ceremony verify root-ceremony/ --signer clerk.pem",
    NULL,
};

const struct cli_command CLI_CMD_CEREMONY_VERIFY = {
    .name = "ceremony verify",
    .summary = "Replay what a ceremony left, without any token.",
    .about = "Holds plan, approvals, transcript, result and page against one "
             "another: for an auditor who was not in the room. One line for "
             "each check and the hashes to hold against paper, then PASS, or "
             "exit code 65 and what differs.",
    .sets = SETS,
    .n_sets = SG_ARRAY_LEN(SETS),
    .examples = EXAMPLES,
    .args_size = sizeof(struct verify_args),
    .run = run,
};
