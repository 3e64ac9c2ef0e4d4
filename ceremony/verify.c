/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/verify.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ceremony/approval.h"
#include "ceremony/verify-int.h"
#include "common/clock.h"
#include "common/file.h"

#define ARENA_MAX ((size_t)512 * 1024 * 1024)

enum sg_rc cer_verify_skip(struct cer_verify *v, const char *why, ...)
{
    va_list args;

    va_start(args, why);
    (void)vsnprintf(v->note, sizeof(v->note), why, args);
    va_end(args);
    v->looked = false;
    return SG_OK;
}

enum sg_rc cer_verify_read(struct cer_verify *v, const char *name,
                           struct sg_slice *ret, struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf file;
    char path[SG_FILE_PATH_MAX];

    sg_buf_init(&file, CER_VERIFY_FILE_MAX);
    SG_TRY(sg_file_path(v->dir, name, path, err));
    SG_TRY(sg_file_read_plain(path, &file, err));
    *ret = sg_arena_copy(&v->arena, sg_buf_slice(&file));
    if (file.len > 0 && ret->p == NULL)
        return sg_err_set(err, SG_NOMEM, "%s", path);
    return SG_OK;
}

enum sg_rc cer_verify_line(struct cer_verify *v, const char *event,
                           struct cer_reader *ret, struct sg_err *err)
{
    json_object *line = cer_transcript_find(v->transcript, event);

    if (line == NULL)
        return sg_err_set(err, SG_FORMAT, "there is no \"%s\"", event);
    cer_reader_init(ret, line, event);
    return SG_OK;
}

bool cer_verify_has_result(const struct cer_verify *v)
{
    return v->n_results > 0 && v->n_results >= v->plan.n_sign;
}

/* --- the checks that stand alone ------------------------------------------- */

static enum sg_rc check_plan(struct cer_verify *v, struct sg_err *err)
{
    char time[SG_TIME_TEXT_MAX];
    struct sg_slice json = { 0 };

    SG_TRY(cer_verify_read(v, CER_FILE_PLAN, &json, err));
    SG_TRY(cer_plan_parse(json, &v->arena, &v->plan, err));
    (void)snprintf(v->note, sizeof(v->note), "%s, planned %s",
                   cer_type_name(v->plan.type),
                   sg_time_text(v->plan.created, time));
    return SG_OK;
}

static enum sg_rc check_chain(struct cer_verify *v, struct sg_err *err)
{
    char path[SG_FILE_PATH_MAX];

    SG_TRY(sg_file_path(v->dir, CER_FILE_TRANSCRIPT, path, err));
    SG_TRY(cer_transcript_read(path, &v->transcript, err));
    SG_TRY(cer_transcript_sha256(v->transcript, v->transcript_sha256, err));
    (void)snprintf(v->note, sizeof(v->note), "%zu lines",
                   cer_transcript_count(v->transcript));
    return SG_OK;
}

enum sg_rc cer_verify_same(struct cer_verify *v, struct cer_reader *in,
                           const char *key, const char *want,
                           struct sg_err *err)
{
    const char *text = NULL;

    SG_TRY(cer_take_text(in, key, &v->arena, &text, err));
    if (strcmp(text, want) != 0)
        return sg_err_set(err, SG_FORMAT, "%s: \"%s\" is not the plan's",
                          in->what, key);
    return SG_OK;
}

static enum sg_rc check_opened(struct cer_verify *v, struct sg_err *err)
{
    struct cer_reader in;
    uint8_t hash[32];

    SG_TRY(cer_verify_line(v, "opened", &in, err));
    SG_TRY(cer_take_hex(&in, "plan_sha256", hash, sizeof(hash), err));
    if (memcmp(hash, v->plan.sha256, sizeof(hash)) != 0)
        return sg_err_set(err, SG_FORMAT, "the transcript is another plan's");
    SG_TRY(cer_verify_same(v, &in, "plan_id", v->plan.id, err));
    SG_TRY(cer_verify_same(v, &in, "type", cer_type_name(v->plan.type), err));
    return cer_verify_same(v, &in, "title", v->plan.title, err);
}

/* One row of "approvals": the file is there, unchanged, and counts. */
static enum sg_rc check_approval(struct cer_verify *v, json_object *row,
                                 struct cer_approval *ret, struct sg_err *err)
{
    struct cer_reader in;
    const char *name = NULL;
    const char *who = NULL;
    uint8_t want[32];
    uint8_t got[32];
    int64_t time = 0;
    struct sg_slice json = { 0 };

    if (!json_object_is_type(row, json_type_object))
        return sg_err_set(err, SG_FORMAT, "approvals: not an object");
    cer_reader_init(&in, row, "approvals");
    SG_TRY(cer_take_text(&in, "file", &v->arena, &name, err));
    SG_TRY(cer_take_hex(&in, "sha256", want, sizeof(want), err));
    if (name[0] == '/' || strstr(name, "..") != NULL)
        return sg_err_set(err, SG_FORMAT,
                          "approvals: \"file\" leaves the folder");
    SG_TRY(cer_verify_read(v, name, &json, err));
    SG_TRY(cer_sha256(json, got, err));
    if (memcmp(want, got, sizeof(got)) != 0)
        return sg_err_set(err, SG_FORMAT, "%s: not the file that counted",
                          name);
    SG_TRY(cer_approval_check(&v->plan, json, &v->arena, ret, err));
    SG_TRY(cer_take_time(&in, "time", &time, err));
    if (time != ret->time)
        return sg_err_set(err, SG_FORMAT,
                          "approvals: \"time\" is not that of %s", name);
    SG_TRY(cer_take_text(&in, "name", &v->arena, &who, err));
    if (strcmp(who, ret->name) != 0)
        return sg_err_set(err, SG_FORMAT,
                          "approvals: \"name\" is not that of %s", name);
    return SG_OK;
}

static enum sg_rc check_approvals(struct cer_verify *v, struct sg_err *err)
{
    struct cer_approval got[CER_APPROVERS_MAX];
    struct cer_reader in;
    json_object *list = NULL;
    int64_t counted = 0;

    SG_TRY(cer_verify_line(v, "approvals", &in, err));
    SG_TRY(cer_take_time(&in, "time", &counted, err));
    SG_TRY(cer_take(&in, "approvals", json_type_array, &list, err));
    size_t n = json_object_array_length(list);
    if (n > CER_APPROVERS_MAX)
        return sg_err_set(err, SG_FORMAT, "approvals: more than %d",
                          CER_APPROVERS_MAX);
    for (size_t i = 0; i < n; i++) {
        SG_TRY(check_approval(v, json_object_array_get_idx(list, i), &got[i],
                              err));
        if (got[i].time > counted + CER_CLOCK_SLACK)
            return sg_err_set(err, SG_FORMAT,
                              "approval by %s: made after it was counted",
                              got[i].name);
    }
    SG_TRY(cer_approvals_enough(&v->plan, got, n, err));
    (void)snprintf(v->note, sizeof(v->note), "%zu, %zu needed", n,
                   v->plan.approvals_needed);
    return SG_OK;
}

static enum sg_rc check_closed(struct cer_verify *v, struct sg_err *err)
{
    struct cer_reader in;
    const char *result = NULL;

    SG_TRY(cer_verify_line(v, "closed", &in, err));
    SG_TRY(cer_take_text(&in, "result", &v->arena, &result, err));
    if (strcmp(result, "done") != 0)
        return sg_err_set(err, SG_FORMAT, "closed: \"result\" is not \"done\"");
    return SG_OK;
}

/* --- all of them ------------------------------------------------------------ */

enum needs { NEEDS_NOTHING, NEEDS_PLAN, NEEDS_BOTH };
enum applies { ALWAYS, TO_SIGNED, TO_KEYS, TO_CRLS, TO_PACKAGES };

struct row {
    const char *id, *title;
    enum sg_rc (*fn)(struct cer_verify *v, struct sg_err *err);
    enum needs needs;
    enum applies applies;
};
static const struct row ROWS[] = {
    { "plan", "the plan is whole and says one thing", check_plan, NEEDS_NOTHING,
      ALWAYS },
    { "transcript", "the transcript's lines are chained", check_chain,
      NEEDS_NOTHING, ALWAYS },
    { "opened", "the transcript belongs to the plan", check_opened, NEEDS_BOTH,
      ALWAYS },
    { "order", "the steps are in a permitted order", cer_verify_order,
      NEEDS_BOTH, ALWAYS },
    { "approvals", "enough approvals, each of them valid", check_approvals,
      NEEDS_BOTH, ALWAYS },
    { "window", "it was done inside the window", cer_verify_window, NEEDS_BOTH,
      ALWAYS },
    { "token", "one token, the one that the plan names", cer_verify_token,
      NEEDS_BOTH, ALWAYS },
    { "confirmed", "the word was typed", cer_verify_confirmed, NEEDS_BOTH,
      ALWAYS },
    { "signature", "the signature is over the plan's bytes",
      cer_verify_signature, NEEDS_BOTH, TO_SIGNED },
    { "key", "the key is of the planned kind", cer_verify_key, NEEDS_BOTH,
      TO_KEYS },
    { "openssl", "OpenSSL accepts it", cer_verify_openssl, NEEDS_BOTH,
      TO_SIGNED },
    { "walker", "our own reader accepts it", cer_verify_walker, NEEDS_BOTH,
      TO_SIGNED },
    { "record", "each step is the plan's", cer_verify_record, NEEDS_BOTH,
      ALWAYS },
    { "lint", "the linter finds what it found then", cer_verify_lint,
      NEEDS_PLAN, ALWAYS },
    { "files", "every file is what was written", cer_verify_files, NEEDS_BOTH,
      ALWAYS },
    { "history", "the lists go forward from the last one published",
      cer_verify_past, NEEDS_BOTH, TO_CRLS },
    { "calendar", "the calendar is that of the lists", cer_verify_calendar,
      NEEDS_BOTH, TO_PACKAGES },
    { "result", "the files hold the result and nothing foreign",
      cer_verify_result, NEEDS_BOTH, ALWAYS },
    { "nothing-else", "nothing else lies in the folder",
      cer_verify_nothing_else, NEEDS_BOTH, ALWAYS },
    { "page", "the page says what the transcript says", cer_verify_page,
      NEEDS_BOTH, ALWAYS },
    { "cms", "the transcript's signature is valid", cer_verify_cms,
      NEEDS_NOTHING, ALWAYS },
    { "closed", "the ceremony was completed", check_closed, NEEDS_BOTH,
      ALWAYS },
};
_Static_assert(SG_ARRAY_LEN(ROWS) <= CER_CHECKS_MAX, "room for every check");

static bool applies(const struct cer_verify *v, const struct row *row)
{
    switch (row->applies) {
    case TO_SIGNED:
        return v->plan.type != CER_TYPE_KEY;
    case TO_KEYS:
        return v->plan.type == CER_TYPE_KEY;
    case TO_CRLS:
        return v->plan.type == CER_TYPE_CRL;
    case TO_PACKAGES:
        return cer_plan_is_package(&v->plan);
    case ALWAYS:
        break;
    }
    return true;
}

static enum sg_rc run_row(struct cer_verify *v, const struct row *row,
                          struct cer_verdict *ret, struct sg_err *err)
{
    struct sg_err why = { 0 };
    bool has_plan = v->plan.json.len > 0;
    bool ready =
        row->needs == NEEDS_NOTHING
        || (has_plan && (row->needs == NEEDS_PLAN || v->transcript != NULL));

    if (has_plan && !applies(v, row))
        return SG_OK;
    struct cer_check *check = &ret->check[ret->n++];
    *check = (struct cer_check){ .id = row->id,
                                 .title = row->title,
                                 .state = CER_CHECK_NOT_DONE };
    if (!ready) {
        (void)snprintf(check->text, sizeof(check->text),
                       "needs what could not be read");
        return SG_OK;
    }
    v->note[0] = '\0';
    v->looked = true;
    enum sg_rc rc = row->fn(v, &why);
    if (rc == SG_NOMEM)
        return sg_err_set(err, SG_NOMEM, "%s", why.msg);
    if (rc == SG_OK)
        check->state = v->looked ? CER_CHECK_OK : CER_CHECK_NOT_DONE;
    else
        check->state = CER_CHECK_DIFFERS;
    (void)snprintf(check->text, sizeof(check->text), "%s",
                   rc == SG_OK ? v->note : why.msg);
    ret->n_differ += rc == SG_OK ? 0 : 1;
    return SG_OK;
}

static enum sg_rc run_all(struct cer_verify *v, struct cer_verdict *ret,
                          struct sg_err *err)
{
    for (size_t i = 0; i < SG_ARRAY_LEN(ROWS); i++)
        SG_TRY(run_row(v, &ROWS[i], ret, err));
    return SG_OK;
}

/* What the hashes are of was read by the checks before. */
static void put_hashes(const struct cer_verify *v, struct cer_verdict *ret)
{
    ret->has_plan = v->plan.json.len > 0;
    if (ret->has_plan)
        memcpy(ret->plan_sha256, v->plan.sha256, sizeof(ret->plan_sha256));
    ret->has_transcript = v->transcript != NULL;
    memcpy(ret->transcript_sha256, v->transcript_sha256,
           sizeof(ret->transcript_sha256));
}

enum sg_rc cer_verify(const struct cer_verify_args *args,
                      struct cer_verdict *ret, struct sg_err *err)
{
    const char *dir = args->dir;
    struct stat st;

    if (stat(dir, &st) != 0)
        return sg_err_errno(err, errno == ENOENT ? SG_NOT_FOUND : SG_IO, "%s",
                            dir);
    if (!S_ISDIR(st.st_mode))
        return sg_err_set(err, SG_USAGE, "%s: not a folder", dir);
    struct cer_verify *v = calloc(1, sizeof(*v));
    if (v == NULL)
        return sg_err_set(err, SG_NOMEM, "verify");
    v->dir = dir;
    v->version = args->version;
    v->signer = args->signer;
    sg_arena_init(&v->arena, ARENA_MAX);
    *ret = (struct cer_verdict){ .n = 0 };
    enum sg_rc rc = run_all(v, ret, err);
    put_hashes(v, ret);
    cer_transcript_free(v->transcript);
    sg_arena_done(&v->arena);
    free(v);
    return rc;
}
