/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ceremony/execute-int.h"
#include "ceremony/package.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/parse.h"

#define WORK_MAX ((size_t)8 << 20) /* bytes of one CRL, or a ledger's lines */

static bool concerned(const struct cer_execute_args *args)
{
    return args->plan->type == CER_TYPE_CRL && !args->rehearsal;
}

/* --- what the ledger says -------------------------------------------------------- */

/* A ledger without lines is one without rows. */
static enum sg_rc read_ledger(const char *dir, struct sg_arena *arena,
                              struct cer_ledger *ret, struct sg_err *err)
{
    struct sg_err why = { 0 };
    enum sg_rc rc = cer_ledger_read(dir, arena, ret, &why);

    if (rc == SG_NOT_FOUND)
        *ret = (struct cer_ledger){ 0 };
    else if (rc != SG_OK)
        return sg_err_set(err, rc, "%s", why.msg);
    return SG_OK;
}

static enum sg_rc check_issuer(const char *dir, const struct cer_ledger *ledger,
                               const struct ca_crl *first, struct sg_err *err)
{
    char id[2 * CER_NUMBER_TEXT_MAX];

    if (ledger->key_id == NULL
        || strcmp(ledger->key_id, sg_hex(first->aki, id, sizeof(id))) == 0)
        return SG_OK;
    return sg_err_set(err, SG_POLICY,
                      "the ledger %s is that of another issuer or key", dir);
}

/* The plan names the CRL before it by its hash; the ledger has to agree. */
static enum sg_rc check_last(const struct cer_execute_args *args,
                             const struct cer_ledger *ledger,
                             const struct cer_ledger_row *last,
                             struct sg_err *err)
{
    const struct cer_past *past = &args->plan->past;
    char number[CER_NUMBER_TEXT_MAX];

    if (last == NULL && !past->has_last)
        return SG_OK;
    if (last != NULL && past->has_last
        && memcmp(last->sha256, past->sha256, 32) == 0)
        return SG_OK;
    if (past->has_last && cer_ledger_find(ledger, past->sha256) == NULL
        && (last == NULL || last->this_update < past->this_update))
        return sg_err_set(err, SG_POLICY,
                          "the plan follows CRL %s, which the ledger %s does "
                          "not have: record it first (signet ceremony ledger "
                          "record %s CRL --issuer CERTIFICATE)",
                          cer_number_text(past->number, number), args->ledger,
                          args->ledger);
    if (last == NULL)
        return sg_err_set(err, SG_POLICY,
                          "the plan follows CRL %s, which the ledger %s has as "
                          "withdrawn or later: make a new plan",
                          cer_number_text(past->number, number), args->ledger);
    return sg_err_set(
        err, SG_POLICY,
        "the ledger %s has CRL %s before this one, the plan %s%s: "
        "make a new plan whose crl: last: is %s/%s",
        args->ledger, last->number,
        past->has_last ? "follows " : "says that there is none",
        past->has_last ? cer_number_text(past->number, number) : "",
        args->ledger, last->file);
}

/* What is signed has to be recorded: better known before. */
static enum sg_rc check_writable(const char *dir, struct sg_err *err)
{
    char parent[SG_FILE_PATH_MAX];

    if (access(dir, W_OK | X_OK) == 0)
        return SG_OK;
    if (errno != ENOENT)
        return sg_err_errno(err, SG_IO, "ledger %s", dir);
    int n = snprintf(parent, sizeof(parent), "%s", dir);
    if (n < 0 || (size_t)n >= sizeof(parent))
        return sg_err_set(err, SG_USAGE, "%s: path too long", dir);
    // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread
    if (access(dirname(parent), W_OK | X_OK) != 0)
        return sg_err_errno(err, SG_IO, "ledger %s cannot be made", dir);
    return SG_OK;
}

/* Where the plan's CRLs would come. */
struct place {
    struct sg_arena arena;
    struct cer_ledger ledger;
    struct cer_ledger_new next;
    const struct cer_ledger_row *last;
};

static enum sg_rc find_place(const struct cer_execute_args *args, int64_t now,
                             struct place *p, struct sg_err *err)
{
    struct ca_crl first = { 0 };

    if (args->ledger == NULL)
        return sg_err_set(err, SG_USAGE,
                          "a plan of type crl needs the issuer's ledger");
    SG_TRY(cer_plan_crl(args->plan, 0, &p->arena, &first, err));
    SG_TRY(check_writable(args->ledger, err));
    SG_TRY(read_ledger(args->ledger, &p->arena, &p->ledger, err));
    SG_TRY(check_issuer(args->ledger, &p->ledger, &first, err));
    p->next = (struct cer_ledger_new){ first.number, first.this_update,
                                       args->plan->past.withdraw };
    if (cer_ledger_place(&p->ledger, &p->next, now, &p->last, err) != SG_OK)
        return sg_err_wrap(err, "ledger %s", args->ledger);
    return check_last(args, &p->ledger, p->last, err);
}

enum sg_rc cer_past_check(const struct cer_execute_args *args, int64_t now,
                          struct sg_err *err)
{
    struct place p = { .last = NULL };

    if (!concerned(args))
        return SG_OK;
    sg_arena_init(&p.arena, WORK_MAX);
    enum sg_rc rc = find_place(args, now, &p, err);
    sg_arena_done(&p.arena);
    return rc;
}

/* --- on record ------------------------------------------------------------------- */

static enum sg_rc put_last(const struct cer_ledger_row *last, json_object *line,
                           struct sg_err *err)
{
    json_object *inner = json_object_new_object();

    if (last == NULL) {
        (void)json_object_put(inner);
        return cer_json_put_null(line, "last", err);
    }
    SG_TRY(cer_json_put(line, "last", inner, err));
    SG_TRY(cer_json_put_text(inner, "number", last->number, err));
    return cer_json_put_hex(inner, "sha256", SG_SLICE(last->sha256, 32), err);
}

static enum sg_rc put_withdrawn(const struct cer_execution *x,
                                const struct place *p, json_object *line,
                                struct sg_err *err)
{
    json_object *list = json_object_new_array();

    SG_TRY(cer_json_put(line, "withdraws", list, err));
    for (size_t i = 0; i < p->ledger.n; i++) {
        const struct cer_ledger_row *row = &p->ledger.row[i];
        char from[SG_TIME_TEXT_MAX];

        if (!cer_ledger_withdraws(&p->next, row))
            continue;
        cer_say(x->room, "%-*s CRL %s, signed ahead for %s\n", CER_TITLE_WIDTH,
                json_object_array_length(list) == 0 ? "Will be withdrawn" : "",
                row->number, sg_time_text(row->this_update, from));
        if (json_object_array_add(list, json_object_new_string(row->number))
            != 0)
            return sg_err_set(err, SG_NOMEM, "ledger");
    }
    return SG_OK;
}

enum sg_rc cer_past_last(struct cer_execution *x, struct sg_slice *ret,
                         struct sg_err *err)
{
    const uint8_t *want = x->plan->past.sha256;
    struct cer_ledger ledger = { 0 };
    SG_CLEANUP(sg_buf_done) struct sg_buf file;
    struct sg_err why = { 0 };
    char path[SG_FILE_PATH_MAX];
    uint8_t hash[32];

    sg_buf_init(&file, CER_CRL_MAX);
    SG_TRY(sg_file_path(x->args->out, CER_FILE_LAST, path, err));
    if (sg_file_read(path, &file, &why) == SG_OK
        && cer_sha256(sg_buf_slice(&file), hash, err) == SG_OK
        && memcmp(hash, want, sizeof(hash)) == 0) {
        *ret = sg_arena_copy(&x->arena, sg_buf_slice(&file));
        return ret->p != NULL ? SG_OK : sg_err_set(err, SG_NOMEM, "%s", path);
    }
    SG_TRY(read_ledger(x->args->ledger, &x->arena, &ledger, err));
    const struct cer_ledger_row *row = cer_ledger_find(&ledger, want);
    if (row == NULL)
        return sg_err_set(err, SG_NOT_FOUND,
                          "the ledger %s does not have the CRL that the plan "
                          "follows",
                          x->args->ledger);
    return cer_ledger_crl(x->args->ledger, row, &x->arena, ret, err);
}

/* Kept in the folder from now on: the ledger goes on without us. */
static enum sg_rc keep_last(struct cer_execution *x, struct sg_err *err)
{
    struct sg_slice last = { 0 };
    struct sg_err why = { 0 };
    char path[SG_FILE_PATH_MAX];

    if (!x->plan->past.has_last)
        return SG_OK;
    SG_TRY(cer_past_last(x, &last, err));
    SG_TRY(sg_file_path(x->args->out, CER_FILE_LAST, path, err));
    enum sg_rc rc = sg_file_write(path, last, 0644, SG_FILE_NEW_ONLY, &why);
    /* from an earlier run; another file is told of when all are written */
    if (rc != SG_OK && rc != SG_CONFLICT)
        return sg_err_set(err, rc, "%s", why.msg);
    return SG_OK;
}

static enum sg_rc record_look(struct cer_execution *x, const struct place *p,
                              struct sg_err *err)
{
    SG_CLEANUP(cer_json_free) json_object *line = json_object_new_object();

    if (line == NULL)
        return sg_err_set(err, SG_NOMEM, "ledger");
    if (p->last != NULL)
        cer_say(x->room, "%-*s %s: CRL %s comes before\n", CER_TITLE_WIDTH,
                "Ledger", x->args->ledger, p->last->number);
    else
        cer_say(x->room, "%-*s %s: no CRL comes before\n", CER_TITLE_WIDTH,
                "Ledger", x->args->ledger);
    SG_TRY(put_last(p->last, line, err));
    SG_TRY(put_withdrawn(x, p, line, err));
    SG_TRY(keep_last(x, err));
    return cer_journal_add(x, "ledger", SG_TAKE(line), err);
}

enum sg_rc cer_past_look(struct cer_execution *x, struct sg_err *err)
{
    struct place p = { .last = NULL };

    if (!concerned(x->args))
        return SG_OK;
    sg_arena_init(&p.arena, WORK_MAX);
    enum sg_rc rc = find_place(x->args, sg_now(), &p, err);
    if (rc == SG_OK)
        rc = record_look(x, &p, err);
    sg_arena_done(&p.arena);
    return rc;
}

/* --- into the ledger ------------------------------------------------------------- */

static enum sg_rc record_one(struct cer_execution *x,
                             const struct ca_cert *issuer, size_t i,
                             json_object *list, struct sg_err *err)
{
    const struct cer_past *past = &x->plan->past;
    const struct cer_expired expired = { past->expired, past->n_expired };
    char file[CER_LEDGER_FILE_MAX];
    const struct cer_ledger_args args = {
        .dir = x->args->ledger,
        .crl = x->result[i],
        .issuer = issuer,
        .expired = &expired,
        .withdraw = past->withdraw,
        .now = sg_now(),
    };

    if (cer_ledger_record(&args, file, err) != SG_OK)
        return sg_err_wrap(err, "ledger %s", x->args->ledger);
    cer_say(x->room, "%-*s %s/%s\n", CER_TITLE_WIDTH, "Recorded",
            x->args->ledger, file);
    if (json_object_array_add(list, json_object_new_string(file)) != 0)
        return sg_err_set(err, SG_NOMEM, "ledger");
    return SG_OK;
}

/* Until it is published, nobody knows what it revokes. */
static enum sg_rc say_next(struct cer_execution *x, struct sg_err *err)
{
    SG_CLEANUP(sg_arena_done) struct sg_arena arena;
    struct cer_ledger rows = { 0 };
    char by[SG_TIME_TEXT_MAX];

    sg_arena_init(&arena, WORK_MAX);
    SG_TRY(cer_package_rows(x->plan, x->result, &arena, &rows, err));
    if (x->plan->past.withdraw)
        cer_say(x->room,
                "\nPublish %s now, and make sure that none of the withdrawn "
                "CRLs is published\nlater, by a timer or by hand:\n  signet "
                "ceremony ledger calendar %s\n",
                rows.row[0].file, x->args->ledger);
    else if (rows.row[0].publish_by <= sg_now())
        cer_say(x->room,
                "\nPublish %s now. What comes when:\n  signet ceremony ledger "
                "calendar %s\n",
                rows.row[0].file, x->args->ledger);
    else
        cer_say(x->room,
                "\nPublish %s by %s. What comes when:\n  signet ceremony "
                "ledger calendar %s\n",
                rows.row[0].file, sg_time_text(rows.row[0].publish_by, by),
                x->args->ledger);
    return SG_OK;
}

/* Each is recorded once, however often this is begun. */
enum sg_rc cer_past_record(struct cer_execution *x, struct sg_err *err)
{
    SG_CLEANUP(cer_json_free) json_object *line = json_object_new_object();
    json_object *list = json_object_new_array();

    if (!concerned(x->args)
        || cer_transcript_find(x->transcript, "recorded") != NULL) {
        (void)json_object_put(list);
        return SG_OK;
    }
    if (line == NULL) {
        (void)json_object_put(list);
        return sg_err_set(err, SG_NOMEM, "ledger");
    }
    SG_TRY(cer_json_put(line, "files", list, err));
    struct ca_cert *issuer = sg_arena_new(&x->arena, struct ca_cert);
    if (issuer == NULL)
        return sg_err_set(err, SG_NOMEM, "ledger");
    SG_TRY(ca_cert_parse(&x->arena, x->plan->chain[0], issuer, err));
    for (size_t i = 0; i < x->n_results; i++)
        SG_TRY(record_one(x, issuer, i, list, err));
    SG_TRY(cer_journal_add(x, "recorded", SG_TAKE(line), err));
    return say_next(x, err);
}
