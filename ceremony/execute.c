/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/execute.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ceremony/execute-int.h"
#include "common/clock.h"

#define ARENA_MAX ((size_t)128 * 1024 * 1024) /* a large CRL, read back */
#define YEAR (INT64_C(366) * 86400)

/* --- may it be executed? ------------------------------------------------------ */

static enum sg_rc check_clock(const struct cer_plan *plan, int64_t now,
                              bool acted, struct sg_err *err)
{
    char clock[SG_TIME_TEXT_MAX];
    char made[SG_TIME_TEXT_MAX];

    if (now >= plan->created && (acted || now <= plan->created + YEAR))
        return SG_OK;
    return sg_err_set(err, SG_CONFIG,
                      "the clock says %s, %s the plan was made (%s): check the "
                      "clock",
                      sg_time_text(now, clock),
                      now < plan->created ? "before" : "more than a year after",
                      sg_time_text(plan->created, made));
}

static enum sg_rc check_window(const struct cer_plan *plan, int64_t now,
                               struct sg_err *err)
{
    char edge[SG_TIME_TEXT_MAX];
    char clock[SG_TIME_TEXT_MAX];

    if (now < plan->window_from)
        return sg_err_set(err, SG_DENIED,
                          "the plan may not be executed before %s, the clock "
                          "says %s",
                          sg_time_text(plan->window_from, edge),
                          sg_time_text(now, clock));
    if (now > plan->window_until)
        return sg_err_set(err, SG_DENIED,
                          "the plan could be executed until %s, the clock says "
                          "%s: make a new one",
                          sg_time_text(plan->window_until, edge),
                          sg_time_text(now, clock));
    return SG_OK;
}

enum sg_rc cer_execute_in_time(const struct cer_plan *plan, int64_t now,
                               struct sg_err *err)
{
    SG_TRY(check_clock(plan, now, false, err));
    return check_window(plan, now, err);
}

/* Approvals that count, each person's first. */
struct approvals {
    struct cer_approval approval[CER_APPROVERS_MAX];
    struct sg_slice bytes[CER_APPROVERS_MAX];
    size_t n;
};

static enum sg_rc add_approval(const struct cer_execute_args *args, size_t i,
                               struct sg_arena *arena, struct approvals *to,
                               struct sg_err *err)
{
    struct cer_approval found;
    char made[SG_TIME_TEXT_MAX];
    char clock[SG_TIME_TEXT_MAX];
    int64_t now = sg_now();

    SG_TRY(
        cer_approval_check(args->plan, args->approval[i], arena, &found, err));
    if (found.time > now + CER_CLOCK_SLACK)
        return sg_err_set(
            err, SG_DENIED,
            "approval by %s: made at %s, the clock says %s: check "
            "the clocks",
            found.name, sg_time_text(found.time, made),
            sg_time_text(now, clock));
    for (size_t k = 0; k < to->n; k++)
        if (to->approval[k].approver == found.approver)
            return SG_OK;
    to->approval[to->n] = found;
    to->bytes[to->n++] = args->approval[i];
    return SG_OK;
}

static enum sg_rc check_approvals(const struct cer_execute_args *args,
                                  struct sg_arena *arena, struct approvals *to,
                                  struct sg_err *err)
{
    for (size_t i = 0; i < args->n_approvals; i++) {
        if (add_approval(args, i, arena, to, err) == SG_OK)
            continue;
        return args->approval_name != NULL
                   ? sg_err_wrap(err, "%s", args->approval_name[i])
                   : err->rc;
    }
    return cer_approvals_enough(args->plan, to->approval, to->n, err);
}

static enum sg_rc check_rules(const struct cer_plan *plan, int64_t now,
                              struct lint_report *report, struct sg_err *err)
{
    char text[LINT_TEXT_MAX];

    memset(report, 0, sizeof(*report));
    cer_plan_lint(plan, now, report);
    if (lint_worst(report) < LINT_ERROR)
        return SG_OK;
    lint_first(report, LINT_ERROR, text, sizeof(text));
    return sg_err_set(err, SG_POLICY, "by the rules of today: %s", text);
}

/* A rehearsal is told what would be refused, and goes on. */
static enum sg_rc pass(const struct cer_execute_args *args, enum sg_rc rc,
                       struct sg_err *err)
{
    if (rc == SG_OK || !args->rehearsal)
        return rc;
    cer_say(args->room, "Not yet: %s\n", err->msg);
    sg_err_clear(err);
    return SG_OK;
}

static const struct cer_plan *judged(const struct cer_execute_args *args)
{
    return args->judged == NULL ? args->plan : args->judged;
}

enum sg_rc cer_execute_admit(const struct cer_execute_args *args, int64_t now,
                             bool acted, struct lint_report *report,
                             struct sg_err *err)
{
    struct approvals approvals = { .n = 0 };
    SG_CLEANUP(sg_arena_done) struct sg_arena arena;

    sg_arena_init(&arena, ARENA_MAX);
    SG_TRY(pass(args, check_clock(args->plan, now, acted, err), err));
    if (!acted)
        SG_TRY(pass(args, check_window(args->plan, now, err), err));
    SG_TRY(pass(args, check_approvals(args, &arena, &approvals, err), err));
    if (!acted && !args->rehearsal)
        SG_TRY(cer_past_check(args, now, err));
    return acted ? SG_OK : check_rules(judged(args), now, report, err);
}

/* --- on record ---------------------------------------------------------------- */

/* Judged again: a PIN can take until the next day, and what is on record must
 * be what the rules of lint_date say. */
static enum sg_rc record_checks(struct cer_execution *x, struct sg_err *err)
{
    SG_CLEANUP(cer_json_free) json_object *line = json_object_new_object();
    int64_t now = sg_now();

    if (line == NULL)
        return sg_err_set(err, SG_NOMEM, "checks");
    SG_TRY(check_rules(judged(x->args), now, &x->report, err));
    SG_TRY(cer_journal_report(x, line, now, err));
    if (x->plan->type != CER_TYPE_KEY && x->plan->type != CER_TYPE_CSR)
        cer_say_findings(x->room, &x->report, now);
    return cer_journal_add(x, "checked", SG_TAKE(line), err);
}

const char *cer_approval_file(const struct cer_approval *approval,
                              char dst[CER_APPROVAL_FILE_MAX])
{
    char word[CER_NAME_MAX];

    (void)snprintf(dst, CER_APPROVAL_FILE_MAX, "approvals/%zu-%s.json",
                   approval->approver + 1,
                   cer_file_word(approval->name, word, sizeof(word)));
    return dst;
}

static enum sg_rc record_approvals(struct cer_execution *x, struct sg_err *err)
{
    SG_CLEANUP(cer_json_free) json_object *line = json_object_new_object();
    SG_CLEANUP(cer_json_free) json_object *list = json_object_new_array();
    uint8_t hash[32];
    char name[CER_APPROVAL_FILE_MAX];

    for (size_t i = 0; list != NULL && i < x->n_approvals; i++) {
        json_object *one = json_object_new_object();
        if (one == NULL || json_object_array_add(list, one) != 0) {
            (void)json_object_put(one);
            return sg_err_set(err, SG_NOMEM, "approvals");
        }
        SG_TRY(cer_sha256(x->approval_bytes[i], hash, err));
        SG_TRY(cer_json_put_text(one, "name", x->approval[i].name, err));
        SG_TRY(cer_json_put_time(one, "time", x->approval[i].time, err));
        SG_TRY(cer_json_put_text(
            one, "file", cer_approval_file(&x->approval[i], name), err));
        SG_TRY(cer_json_put_hex(one, "sha256", SG_SLICE(hash, 32), err));
        cer_say(x->room, "%-24s %s\n", i == 0 ? "Approved by" : "",
                x->approval[i].name);
    }
    if (line == NULL || list == NULL)
        return sg_err_set(err, SG_NOMEM, "approvals");
    SG_TRY(cer_json_put(line, "approvals", SG_TAKE(list), err));
    return cer_journal_add(x, "approvals", SG_TAKE(line), err);
}

static enum sg_rc act(struct cer_execution *x, struct sg_err *err)
{
    SG_TRY(cer_token_open(x, err));
    SG_TRY(record_checks(x, err));
    SG_TRY(record_approvals(x, err));
    SG_TRY(cer_past_look(x, err));
    return x->plan->type == CER_TYPE_KEY ? cer_token_make_key(x, err)
                                         : cer_token_sign(x, err);
}

/* The page to print, and its hash for those who keep no paper. */
static enum sg_rc write_page(struct cer_execution *x, struct sg_err *err)
{
    uint8_t hash[32];

    SG_TRY(
        cer_transcript_write_page(x->args->out, x->transcript, x->plan, err));
    if (x->args->rehearsal)
        return SG_OK;
    SG_TRY(cer_transcript_sha256(x->transcript, hash, err));
    cer_say(x->room, "%-*s %s/" CER_FILE_PAGE "\n", CER_TITLE_WIDTH,
            "Page to print", x->args->out);
    cer_say_hash(x->room, "Transcript SHA-256", hash);
    return SG_OK;
}

static enum sg_rc finish(struct cer_execution *x, struct sg_err *err)
{
    SG_CLEANUP(cer_json_free) json_object *line = json_object_new_object();

    SG_TRY(cer_result_make(x, err));
    SG_TRY(cer_result_write(x, err));
    SG_TRY(cer_token_bind(x, err));
    SG_TRY(cer_past_record(x, err));
    if (line == NULL)
        return sg_err_set(err, SG_NOMEM, "transcript");
    SG_TRY(cer_json_put_text(line, "result", "done", err));
    SG_TRY(cer_journal_add(x, "closed", SG_TAKE(line), err));
    return write_page(x, err);
}

static enum sg_rc execute(struct cer_execution *x, struct sg_err *err)
{
    SG_TRY(cer_journal_open(x, err));
    enum cer_progress progress = cer_progress(x);
    /* the page is made of the transcript and may be missing */
    if (progress == CER_PROGRESS_CLOSED)
        return write_page(x, err);
    struct approvals approvals = { .n = 0 };
    if (!x->args->rehearsal)
        SG_TRY(check_approvals(x->args, &x->arena, &approvals, err));
    memcpy(x->approval, approvals.approval, sizeof(x->approval));
    memcpy(x->approval_bytes, approvals.bytes, sizeof(x->approval_bytes));
    x->n_approvals = approvals.n;
    if (progress != CER_PROGRESS_ACTED)
        SG_TRY(act(x, err));
    return finish(x, err);
}

enum sg_rc cer_execute(const struct cer_execute_args *args, struct sg_err *err)
{
    struct cer_execution *x = calloc(1, sizeof(*x));

    if (x == NULL)
        return sg_err_set(err, SG_NOMEM, "ceremony");
    x->args = args;
    x->plan = args->plan;
    x->room = args->room;
    sg_arena_init(&x->arena, ARENA_MAX);
    enum sg_rc rc = execute(x, err);
    cer_transcript_free(x->transcript);
    (void)json_object_put(x->written);
    sg_arena_done(&x->arena);
    free(x);
    return rc;
}
