/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "cli/ceremony-room.h"
#include "cli/commands.h"
#include "common/clock.h"
#include "common/file.h"

struct plan_args {
    const char *request, *out;
};

static const struct cli_option WORDS[] = {
    { .name = "request",
      CLI_TEXT(struct plan_args, request),
      .value = "REQUEST",
      .required = true,
      .help = "the template, filled in (YAML)" },
};
static const struct cli_option OPTIONS[] = {
    { .name = "out",
      CLI_TEXT(struct plan_args, out),
      .value = "FILE",
      .required = true,
      .help = "where the plan goes; never replaced" },
};
static const struct cli_option_set SETS[] = {
    { .heading = "Arguments",
      .positional = true,
      .option = WORDS,
      .n = SG_ARRAY_LEN(WORDS) },
    { .heading = "Options", .option = OPTIONS, .n = SG_ARRAY_LEN(OPTIONS) },
};

static struct json_object *findings_json(const struct lint_report *report)
{
    struct json_object *list = cli_json_array();

    for (size_t i = 0; i < report->n; i++) {
        const struct lint_finding *f = &report->finding[i];
        struct json_object *one = cli_json_object();
        cli_put_text(one, "rule", f->rule->id);
        cli_put_text(one, "severity", lint_severity_name(f->severity));
        cli_put_text(one, "text", f->text);
        cli_append(list, one);
    }
    return list;
}

static enum sg_rc show(const struct cli_room *room, const struct cer_plan *plan,
                       const struct lint_report *report, const char *path,
                       struct sg_err *err)
{
    if (!room->cli->json) {
        SG_TRY(cer_say_plan(&room->room, plan, err));
        if (plan->type != CER_TYPE_KEY && plan->type != CER_TYPE_CSR)
            cer_say_findings(&room->room, report, plan->lint_date);
        cer_say(&room->room, "%-24s %s\n", "Plan in", path);
        return SG_OK;
    }
    SG_CLEANUP(cli_json_free) struct json_object *json = cli_plan_json(plan);
    cli_put(json, "findings", findings_json(report));
    cli_put_text(json, "file", path);
    cli_print_record(room->cli, json, NULL, 0);
    return SG_OK;
}

static enum sg_rc make(struct cli_room *room, const void *opaque,
                       struct sg_err *err)
{
    const struct plan_args *args = opaque;
    struct cer_plan plan = { 0 };
    struct lint_report *report = sg_arena_new(&room->arena, struct lint_report);

    if (report == NULL)
        return sg_err_set(err, SG_NOMEM, "plan");
    SG_TRY(cer_plan_resolve(args->request, sg_now(), &room->arena, &plan,
                            report, err));
    /* the file is the canonical bytes and nothing else: its SHA-256 is the
     * plan's */
    if (sg_file_write(args->out, plan.json, 0644, SG_FILE_NEW_ONLY, err)
        != SG_OK) {
        if (err->rc == SG_CONFLICT)
            cli_hint(room->cli, "a plan is never replaced: choose another "
                                "name");
        return err->rc;
    }
    return show(room, &plan, report, args->out, err);
}

static enum sg_rc run(struct cli *cli, const void *args, struct sg_err *err)
{
    return cli_room_run(cli, &(struct cli_room_wants){ 0 }, make, args, err);
}

static const char *const EXAMPLES[] = {
    "signet ceremony plan root.yaml --out plan.json",
    NULL,
};

const struct cli_command CLI_CMD_CEREMONY_PLAN = {
    .name = "ceremony plan",
    .summary = "Fix everything, down to the bytes to be signed.",
    .about = "The files that the request names are taken from its folder. What "
             "the rules or the linter refuse is refused here. From now on only "
             "the plan's bytes count: approvals are made over their hash, and "
             "execute takes no other. Both hashes are printed with the words "
             "of the PGP word list, to be read to one another.",
    .sets = SETS,
    .n_sets = SG_ARRAY_LEN(SETS),
    .examples = EXAMPLES,
    .args_size = sizeof(struct plan_args),
    .run = run,
};
