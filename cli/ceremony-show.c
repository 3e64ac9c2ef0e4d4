/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ceremony-room.h"
#include "cli/commands.h"

struct show_args {
    const char *plan;
};

static const struct cli_option WORDS[] = {
    { .name = "plan",
      CLI_TEXT(struct show_args, plan),
      .value = "PLAN",
      .required = true,
      .help = "the plan (JSON)" },
};
static const struct cli_option_set SETS[] = {
    { .heading = "Arguments",
      .positional = true,
      .option = WORDS,
      .n = SG_ARRAY_LEN(WORDS) },
};

static enum sg_rc run(struct cli *cli, const void *opaque, struct sg_err *err)
{
    const struct show_args *args = opaque;
    const struct cer_plan *plan = NULL;
    struct cli_room room;
    SG_CLEANUP(sg_arena_done) struct sg_arena arena;

    sg_arena_init(&arena, CLI_PLAN_ARENA_MAX);
    SG_TRY(cli_plan_read(cli, args->plan, &arena, &plan, err));
    if (cli->json) {
        SG_CLEANUP(cli_json_free)
        struct json_object *json = cli_plan_json(plan);
        cli_print_record(cli, json, NULL, 0);
        return SG_OK;
    }
    SG_TRY(cli_room_open(cli, NULL, &room, err));
    return cer_say_plan(&room.room, plan, err);
}

static const char *const EXAMPLES[] = {
    "signet ceremony show plan.json",
    NULL,
};

const struct cli_command CLI_CMD_CEREMONY_SHOW = {
    .name = "ceremony show",
    .summary = "Show what a plan says, and its hashes as words.",
    .about = "What is shown is read out of the bytes that will be signed, not "
             "out of anybody's description of them.",
    .sets = SETS,
    .n_sets = SG_ARRAY_LEN(SETS),
    .examples = EXAMPLES,
    .args_size = sizeof(struct show_args),
    .run = run,
};
