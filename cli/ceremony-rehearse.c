/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "ceremony/rehearse.h"
#include "cli/ceremony-guard.h"
#include "cli/ceremony-room.h"
#include "cli/commands.h"
#include "pkcs11/program.h"

#define SOFTHSM_DEFAULT "/usr/lib/softhsm/libsofthsm2.so"

struct rehearse_args {
    const char *plan, *softhsm, *tmp;
    struct cli_token_args token;
};

static const struct cli_option WORDS[] = {
    { .name = "plan",
      CLI_TEXT(struct rehearse_args, plan),
      .value = "PLAN",
      .required = true,
      .help = "the plan (JSON)" },
};
static const struct cli_option OPTIONS[] = {
    { .name = "softhsm",
      CLI_TEXT(struct rehearse_args, softhsm),
      .value = "PATH",
      .help = "SoftHSM's module, for the throw-away token; "
              "default " SOFTHSM_DEFAULT
              ", never $SIGNET_MODULE: it may be a real token's" },
    { .name = "token-program",
      CLI_TEXT(struct rehearse_args, token.program),
      .value = "PATH",
      .help = "signet-token; default: the one that came with this program" },
    { .name = "tmp",
      CLI_TEXT(struct rehearse_args, tmp),
      .value = "DIR",
      .env = "TMPDIR",
      .help = "where the throw-away token's folder is made; default /tmp" },
};
static const struct cli_option_set SETS[] = {
    { .heading = "Arguments",
      .positional = true,
      .option = WORDS,
      .n = SG_ARRAY_LEN(WORDS) },
    { .heading = "Options", .option = OPTIONS, .n = SG_ARRAY_LEN(OPTIONS) },
    CLI_GUARD_SET(struct rehearse_args, token),
};

static enum sg_rc absolute(const char *option, const char *path,
                           char dst[PATH_MAX], struct sg_err *err)
{
    if (realpath(path, dst) == NULL)
        return sg_err_errno(err, SG_NOT_FOUND, "--%s %s", option, path);
    return SG_OK;
}

static enum sg_rc rehearse(const struct rehearse_args *args,
                           const struct cli_room *room,
                           const struct tok_guard *guard, struct sg_err *err)
{
    char *paths = calloc(3, PATH_MAX);
    if (paths == NULL)
        return sg_err_set(err, SG_NOMEM, "rehearsal");
    char *softhsm = paths;
    char *program = paths + PATH_MAX;
    char *tmp = program + PATH_MAX;
    enum sg_rc rc = absolute(
        "softhsm", args->softhsm == NULL ? SOFTHSM_DEFAULT : args->softhsm,
        softhsm, err);
    if (rc == SG_OK)
        rc = absolute("tmp", args->tmp == NULL ? "/tmp" : args->tmp, tmp, err);
    if (rc == SG_OK && args->token.program != NULL)
        rc = absolute("token-program", args->token.program, program, err);
    else if (rc == SG_OK)
        (void)tok_program_find(program, PATH_MAX);
    const struct cer_rehearse_args rehearsal = {
        .plan = room->plan,
        .softhsm = softhsm,
        .program = program,
        .version = SIGNET_VERSION,
        .tmp = tmp,
        .room = &room->room,
        .guard = guard,
    };
    if (rc == SG_OK)
        rc = cer_rehearse(&rehearsal, err);
    free(paths);
    return rc;
}

static enum sg_rc perform(struct cli_room *room, const void *args,
                          struct sg_err *err)
{
    const struct rehearse_args *how = args;
    SG_CLEANUP(sg_buf_done) struct sg_buf bytes;
    struct tok_guard guard;

    sg_buf_init(&bytes, TOK_FRAME_MAX);
    SG_TRY(cer_say_plan(&room->room, room->plan, err));
    /* Before the rehearsal, which wants a process without threads. */
    SG_TRY(
        cli_guard_ask(room->cli, &how->token, room->plan, &bytes, &guard, err));
    if (rehearse(how, room, guard.purpose != TOK_PURPOSE_UNSET ? &guard : NULL,
                 err)
        != SG_OK)
        return sg_err_wrap(err, "REHEARSAL");
    cer_say(&room->room,
            "\nREHEARSAL passed: token and files are gone again.\n");
    if (!room->cli->json)
        return SG_OK;
    SG_CLEANUP(cli_json_free)
    struct json_object *json = cli_plan_json(room->plan);
    cli_put_text(json, "rehearsal", "passed");
    cli_print_record(room->cli, json, NULL, 0);
    return SG_OK;
}

static enum sg_rc run(struct cli *cli, const void *opaque, struct sg_err *err)
{
    const struct rehearse_args *args = opaque;

    return cli_room_run(cli, &(struct cli_room_wants){ .plan = args->plan },
                        perform, args, err);
}

static const char *const EXAMPLES[] = {
    "signet ceremony rehearse plan.json --pin-source prompt",
    NULL,
};

const struct cli_command CLI_CMD_CEREMONY_REHEARSE = {
    .name = "ceremony rehearse",
    .summary = "Do all of it with a throw-away token and nobody asked.",
    .about = "A SoftHSM token with a key of the same type is made in a folder "
             "of its own, the plan's steps are gone through with every prompt "
             "answered, and the folder is removed. Approvals and the window "
             "are not asked for: what is still missing is said. With "
             "--pin-source the plan's own token is asked for the guard of the "
             "key that will sign, and the rehearsal's key gets the same: what "
             "it refuses is refused here.",
    .sets = SETS,
    .n_sets = SG_ARRAY_LEN(SETS),
    .examples = EXAMPLES,
    .args_size = sizeof(struct rehearse_args),
    .run = run,
};
