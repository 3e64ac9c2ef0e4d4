/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "ceremony/foresee.h"
#include "cli/ceremony-guard.h"
#include "cli/ceremony-room.h"
#include "cli/commands.h"
#include "common/clock.h"
#include "common/file.h"

struct plan_args {
    const char *request, *out;
    struct cli_token_args token;
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
    CLI_GUARD_SET(struct plan_args, token),
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

/* What the key's guard will refuse at the ceremony; "" for nothing. A token
 * that cannot be asked is no reason to have no plan. */
static void foresee(const struct cli_room *room, const struct plan_args *args,
                    const struct cer_plan *plan, char dst[CER_FORESEE_MAX])
{
    SG_CLEANUP(sg_buf_done) struct sg_buf bytes;
    struct tok_guard guard;
    struct sg_err why = { 0 };

    sg_buf_init(&bytes, TOK_FRAME_MAX);
    dst[0] = '\0';
    if (cli_guard_ask(room->cli, &args->token, plan, &bytes, &guard, &why)
        != SG_OK)
        (void)snprintf(dst, CER_FORESEE_MAX, "not asked: %.200s", why.msg);
    else if (guard.purpose != TOK_PURPOSE_UNSET)
        (void)cer_foresee(plan, &guard, dst);
}

static enum sg_rc show(const struct cli_room *room, const struct cer_plan *plan,
                       const struct lint_report *report,
                       const struct plan_args *args, struct sg_err *err)
{
    char refusal[CER_FORESEE_MAX];

    foresee(room, args, plan, refusal);
    if (!room->cli->json) {
        SG_TRY(cer_say_plan(&room->room, plan, err));
        if (plan->type != CER_TYPE_KEY && plan->type != CER_TYPE_CSR)
            cer_say_findings(&room->room, report, plan->lint_date);
        if (refusal[0] != '\0')
            cer_say(&room->room, "%-24s %s\n", "The key's guard", refusal);
        cer_say(&room->room, "%-24s %s\n", "Plan in", args->out);
        return SG_OK;
    }
    SG_CLEANUP(cli_json_free) struct json_object *json = cli_plan_json(plan);
    cli_put(json, "findings", findings_json(report));
    cli_put_text(json, "guard", refusal[0] != '\0' ? refusal : NULL);
    cli_put_text(json, "file", args->out);
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
    return show(room, &plan, report, args, err);
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
             "of the PGP word list, to be read to one another. With "
             "--pin-source the plan's token is asked for the guard of the key "
             "that will sign, and what it will refuse is said: then make "
             "another plan.",
    .sets = SETS,
    .n_sets = SG_ARRAY_LEN(SETS),
    .examples = EXAMPLES,
    .args_size = sizeof(struct plan_args),
    .run = run,
};
