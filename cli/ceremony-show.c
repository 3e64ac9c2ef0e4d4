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

static enum sg_rc show(struct cli_room *room, const void *args,
                       struct sg_err *err)
{
    (void)args;
    if (!room->cli->json)
        return cer_say_plan(&room->room, room->plan, err);
    SG_CLEANUP(cli_json_free)
    struct json_object *json = cli_plan_json(room->plan);
    cli_print_record(room->cli, json, NULL, 0);
    return SG_OK;
}

static enum sg_rc run(struct cli *cli, const void *opaque, struct sg_err *err)
{
    const struct show_args *args = opaque;

    return cli_room_run(cli, &(struct cli_room_wants){ .plan = args->plan },
                        show, args, err);
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
