/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "ceremony/plan-int.h"
#include "ceremony/verify-int.h"
#include "common/clock.h"

/* The linter's answers on record ("checked", "linted"), held against what it
 * answers now: about the same bytes, by the rules of the same day. */

struct replay {
    struct cer_verify *v;
    struct lint_report *report; /* what is found now */
    int64_t not_before;         /* when the line before was written */
    int64_t date;               /* lint_date of the newest "checked" */
    size_t n_findings;          /* of the newest line */
    size_t n_rules;
};

/* One finding of a record: "severity: rule: text". */
struct record {
    const char *rule, *severity, *text;
};

static enum sg_rc take_record(struct replay *r, json_object *row,
                              const char *event, struct record *ret,
                              struct sg_err *err)
{
    struct cer_reader in;

    if (!json_object_is_type(row, json_type_object))
        return sg_err_set(err, SG_FORMAT, "%s: \"findings\": not objects",
                          event);
    cer_reader_init(&in, row, event);
    SG_TRY(cer_take_text(&in, "rule", &r->v->arena, &ret->rule, err));
    SG_TRY(cer_take_text(&in, "severity", &r->v->arena, &ret->severity, err));
    SG_TRY(cer_take_text(&in, "text", &r->v->arena, &ret->text, err));
    if (strcmp(ret->severity, lint_severity_name(LINT_ERROR)) == 0)
        return sg_err_set(err, SG_FORMAT, "%s: \"error: %s: %s\" is on record",
                          event, ret->rule, ret->text);
    return cer_reader_end(&in, err);
}

static bool same_finding(const struct record *was,
                         const struct lint_finding *now)
{
    return strcmp(was->rule, now->rule->id) == 0
           && strcmp(was->severity, lint_severity_name(now->severity)) == 0
           && strcmp(was->text, now->text) == 0;
}

/* SG_CONFLICT is a difference; anything else is no record at all.
 * Finding i on record, and the one that the linter has at this place. */
static enum sg_rc compare_one(struct replay *r, const char *event, size_t i,
                              json_object *row, struct sg_err *err)
{
    struct record was;

    SG_TRY(take_record(r, row, event, &was, err));
    if (i >= r->report->n)
        return sg_err_set(err, SG_CONFLICT,
                          "%s: \"%s: %s: %s\" is on record and not found now",
                          event, was.severity, was.rule, was.text);
    const struct lint_finding *now = &r->report->finding[i];
    if (!same_finding(&was, now))
        return sg_err_set(err, SG_CONFLICT,
                          "%s: finding %zu on record is \"%s: %s: %s\", now "
                          "\"%s: %s: %s\"",
                          event, i + 1, was.severity, was.rule, was.text,
                          lint_severity_name(now->severity), now->rule->id,
                          now->text);
    return SG_OK;
}

static enum sg_rc compare(struct replay *r, struct cer_reader *in,
                          struct sg_err *err)
{
    json_object *list = NULL;
    int64_t rules = 0;
    const char *event = in->what;

    SG_TRY(cer_take_int(in, "rules_run", 0, INT32_MAX, &rules, err));
    SG_TRY(cer_take(in, "findings", json_type_array, &list, err));
    size_t n = json_object_array_length(list);
    for (size_t i = 0; i < n; i++)
        SG_TRY(
            compare_one(r, event, i, json_object_array_get_idx(list, i), err));
    if (n < r->report->n) {
        const struct lint_finding *now = &r->report->finding[n];
        return sg_err_set(err, SG_CONFLICT,
                          "%s: \"%s: %s: %s\" is found now and not on record",
                          event, lint_severity_name(now->severity),
                          now->rule->id, now->text);
    }
    if (rules != (int64_t)r->report->rules_run)
        return sg_err_set(err, SG_CONFLICT,
                          "%s: %lld rules on record, %zu run now", event,
                          (long long)rules, r->report->rules_run);
    r->n_findings = n;
    r->n_rules = r->report->rules_run;
    return SG_OK;
}

/* "checked" was judged between the line before and itself, "linted" by the
 * date of the "checked" before it. */
static enum sg_rc check_date(struct replay *r, struct cer_reader *in,
                             bool checked, int64_t time, struct sg_err *err)
{
    char text[SG_TIME_TEXT_MAX];
    int64_t date = 0;

    SG_TRY(cer_take_time(in, "lint_date", &date, err));
    bool right = checked
                     ? date >= r->not_before - CER_CLOCK_SLACK && date <= time
                     : date == r->date;
    if (!right)
        return sg_err_set(err, SG_FORMAT,
                          "%s: \"lint_date\" %s is not when it was judged",
                          in->what, sg_time_text(date, text));
    r->date = date;
    return SG_OK;
}

/* An error now is one, whichever rule set wrote the record. */
static enum sg_rc no_errors(struct replay *r, struct sg_err *err)
{
    char first[LINT_TEXT_MAX + 128];

    if (lint_worst(r->report) < LINT_ERROR)
        return SG_OK;
    lint_first(r->report, LINT_ERROR, first, sizeof(first));
    return sg_err_set(err, SG_POLICY, "%s", first);
}

static enum sg_rc lint_now(struct replay *r, bool checked, struct sg_err *err)
{
    lint_report_reset(r->report);
    if (checked)
        cer_plan_lint(&r->v->plan, r->date, r->report);
    else
        cer_plan_lint_result(&r->v->plan, r->v->result, r->date, r->report);
    return no_errors(r, err);
}

static enum sg_rc check_line(struct replay *r, const char *event,
                             json_object *line, int64_t time,
                             struct sg_err *err)
{
    struct cer_reader in;
    struct sg_err differs = { 0 };
    const char *text = NULL;
    bool checked = strcmp(event, "checked") == 0;

    cer_reader_init(&in, line, event);
    SG_TRY(check_date(r, &in, checked, time, err));
    SG_TRY(cer_take_text(&in, "profile", &r->v->arena, &text, err));
    if (strcmp(text, lint_profile_name(r->v->plan.profile)) != 0)
        return sg_err_set(err, SG_FORMAT, "%s: \"profile\" is not the plan's",
                          event);
    SG_TRY(cer_take_text(&in, "lint_version", &r->v->arena, &text, err));
    SG_TRY(lint_now(r, checked, err));
    enum sg_rc rc = compare(r, &in, &differs);
    bool same_rules = strcmp(text, LINT_RULES_VERSION) == 0;
    if (rc != SG_OK && (rc != SG_CONFLICT || same_rules))
        return sg_err_set(err, rc, "%s", differs.msg);
    if (!same_rules)
        (void)snprintf(r->v->note, sizeof(r->v->note),
                       "by the rules of %.10s, these are of %s: %.400s", text,
                       LINT_RULES_VERSION,
                       rc == SG_OK ? "the same" : differs.msg);
    return SG_OK;
}

static enum sg_rc check_lines(struct replay *r, struct sg_err *err)
{
    const char *event = NULL;
    int64_t time = 0;

    for (size_t i = 0; i < cer_transcript_count(r->v->transcript); i++) {
        json_object *line = cer_transcript_line(r->v->transcript, i);
        SG_TRY(cer_verify_event(r->v, i, &event, &time, err));
        if (strcmp(event, "checked") == 0
            || (strcmp(event, "linted") == 0 && cer_verify_has_result(r->v)))
            SG_TRY(check_line(r, event, line, time, err));
        r->not_before = time;
    }
    return SG_OK;
}

enum sg_rc cer_verify_lint(struct cer_verify *v, struct sg_err *err)
{
    struct replay r = { .v = v,
                        .report = sg_arena_new(&v->arena, struct lint_report) };

    if (r.report == NULL)
        return sg_err_set(err, SG_NOMEM, "linter");
    cer_plan_lint(&v->plan, v->plan.lint_date, r.report);
    SG_TRY(no_errors(&r, err));
    if (v->transcript == NULL)
        return SG_OK;
    SG_TRY(check_lines(&r, err));
    if (r.n_rules == 0)
        return cer_verify_skip(v, "keys and requests are not linted");
    if (v->note[0] == '\0')
        (void)snprintf(v->note, sizeof(v->note),
                       "%zu rules, %zu findings, as on record", r.n_rules,
                       r.n_findings);
    return SG_OK;
}
