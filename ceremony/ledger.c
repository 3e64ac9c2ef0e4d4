/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/ledger.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ceremony/json.h"
#include "ceremony/transcript.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/parse.h"

#define WHAT "crl"
#define SHOWN_MAX 64
#define PATH_LEN 1024

/* --- forward only ------------------------------------------------------------ */

/* INTEGER content without the octet that keeps it positive. */
static struct sg_slice magnitude(struct sg_slice integer)
{
    while (integer.len > 1 && integer.p[0] == 0)
        integer = SG_SLICE(integer.p + 1, integer.len - 1);
    return integer;
}

static int compare(struct sg_slice a, struct sg_slice b)
{
    a = magnitude(a);
    b = magnitude(b);
    if (a.len != b.len)
        return a.len < b.len ? -1 : 1;
    return a.len == 0 ? 0 : memcmp(a.p, b.p, a.len);
}

static const char *hex(struct sg_slice bytes, char dst[SHOWN_MAX])
{
    return sg_hex(magnitude(bytes), dst, SHOWN_MAX);
}

static int by_serial(const void *a, const void *b)
{
    const struct ca_revoked *const *x = a;
    const struct ca_revoked *const *y = b;

    return compare((*x)->serial, (*y)->serial);
}

static enum sg_rc sorted(const struct ca_crl *crl, struct sg_arena *arena,
                         const struct ca_revoked ***ret, struct sg_err *err)
{
    const struct ca_revoked **list =
        sg_arena_array(arena, const struct ca_revoked *, crl->n_revoked + 1);

    if (list == NULL)
        return sg_err_set(err, SG_NOMEM, WHAT);
    for (size_t i = 0; i < crl->n_revoked; i++)
        list[i] = &crl->revoked[i];
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): pointers are sorted */
    qsort(list, crl->n_revoked, sizeof(*list), by_serial);
    *ret = list;
    return SG_OK;
}

static bool is_expired(const struct cer_expired *expired,
                       struct sg_slice serial)
{
    for (size_t i = 0; i < expired->n; i++)
        if (compare(expired->serial[i], serial) == 0)
            return true;
    return false;
}

static enum sg_rc check_entry(const struct ca_revoked *last,
                              const struct ca_revoked *next,
                              const struct cer_expired *expired,
                              struct sg_err *err)
{
    char serial[SHOWN_MAX];
    char was[SG_TIME_TEXT_MAX];
    char is[SG_TIME_TEXT_MAX];

    if (next == NULL && !is_expired(expired, last->serial))
        return sg_err_set(err, SG_POLICY,
                          WHAT
                          ": serial number %s was revoked and is no longer "
                          "listed; only an expired certificate may be left "
                          "out, and it has to be named (RFC 5280 3.3)",
                          hex(last->serial, serial));
    if (next != NULL && next->date != last->date)
        return sg_err_set(
            err, SG_POLICY,
            WHAT ": serial number %s was revoked at %s, not at %s",
            hex(last->serial, serial), sg_time_text(last->date, was),
            sg_time_text(next->date, is));
    return SG_OK;
}

static enum sg_rc check_entries(const struct ca_crl *last,
                                const struct ca_crl *next,
                                const struct cer_expired *expired,
                                struct sg_arena *arena, struct sg_err *err)
{
    const struct ca_revoked **old = NULL;
    const struct ca_revoked **new = NULL;
    size_t k = 0;

    SG_TRY(sorted(last, arena, &old, err));
    SG_TRY(sorted(next, arena, &new, err));
    assert(old != NULL && new != NULL);
    for (size_t i = 0; i < last->n_revoked; i++) {
        while (k < next->n_revoked
               && compare(new[k]->serial, old[i]->serial) < 0)
            k++;
        bool same =
            k < next->n_revoked && compare(new[k]->serial, old[i]->serial) == 0;
        SG_TRY(check_entry(old[i], same ? new[k] : NULL, expired, err));
    }
    return SG_OK;
}

enum sg_rc cer_ledger_compare(const struct ca_crl *last,
                              const struct ca_crl *next,
                              const struct cer_expired *expired,
                              struct sg_arena *arena, struct sg_err *err)
{
    char was[SHOWN_MAX];
    char is[SHOWN_MAX];

    if (!sg_slice_eq(last->issuer, next->issuer))
        return sg_err_set(err, SG_POLICY,
                          WHAT ": the last one is of another issuer");
    if (!sg_slice_eq(last->aki, next->aki))
        return sg_err_set(err, SG_POLICY,
                          WHAT ": the last one is by another key");
    if (last->scope != next->scope
        || !sg_slice_eq(last->distribution_point, next->distribution_point))
        return sg_err_set(err, SG_POLICY,
                          WHAT ": the last one has another scope (RFC 5280 "
                               "5.2.5)");
    if (compare(next->number, last->number) <= 0)
        return sg_err_set(err, SG_POLICY,
                          WHAT ": number %s is not greater than %s, the last "
                               "one's (RFC 5280 5.2.3)",
                          hex(next->number, is), hex(last->number, was));
    if (next->this_update <= last->this_update)
        return sg_err_set(err, SG_POLICY,
                          WHAT ": thisUpdate %s is not after %s, the last "
                               "one's (RFC 5280 5.1.2.4)",
                          sg_time_text(next->this_update, is),
                          sg_time_text(last->this_update, was));
    return check_entries(last, next, expired, arena, err);
}

/* --- the folder ---------------------------------------------------------------- */

static enum sg_rc path_of(const char *dir, const char *name, char dst[PATH_LEN],
                          struct sg_err *err)
{
    int n = snprintf(dst, PATH_LEN, "%s/%s", dir, name);

    if (n < 0 || n >= PATH_LEN)
        return sg_err_set(err, SG_USAGE, "%s: path too long", dir);
    return SG_OK;
}

/* The CRL of a line, parsed; its hash must be the line's. */
static enum sg_rc read_published(const char *dir, json_object *line,
                                 struct sg_arena *arena, struct ca_crl *ret,
                                 struct cer_published *ret_row,
                                 struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf file;
    struct cer_published row = { 0 };
    struct cer_reader in;
    char path[PATH_LEN];
    uint8_t hash[32];

    sg_buf_init(&file, CER_CRL_MAX);
    cer_reader_init(&in, line, "ledger");
    SG_TRY(cer_take_text(&in, "number", arena, &row.number, err));
    SG_TRY(cer_take_text(&in, "file", arena, &row.file, err));
    SG_TRY(cer_take_time(&in, "this_update", &row.this_update, err));
    SG_TRY(cer_take_time(&in, "next_update", &row.next_update, err));
    SG_TRY(
        cer_take_int(&in, "entries", 0, CA_CRL_ENTRIES_MAX, &row.entries, err));
    SG_TRY(cer_take_hex(&in, "sha256", row.sha256, sizeof(row.sha256), err));
    if (row.file[0] == '.' || strchr(row.file, '/') != NULL)
        return sg_err_set(err, SG_FORMAT, "ledger: \"file\" leaves the folder");
    SG_TRY(path_of(dir, row.file, path, err));
    SG_TRY(sg_file_read(path, &file, err));
    SG_TRY(cer_sha256(sg_buf_slice(&file), hash, err));
    if (memcmp(hash, row.sha256, sizeof(hash)) != 0)
        return sg_err_set(err, SG_FORMAT, "%s: not the CRL that was recorded",
                          path);
    struct sg_slice der = sg_arena_copy(arena, sg_buf_slice(&file));
    if (der.p == NULL)
        return sg_err_set(err, SG_NOMEM, "ledger");
    if (ca_crl_parse(arena, der, ret, err) != SG_OK)
        return sg_err_wrap(err, "%s", path);
    *ret_row = row;
    return SG_OK;
}

static enum sg_rc add_first_line(struct cer_transcript *lines,
                                 const struct ca_crl *crl, int64_t now,
                                 struct sg_err *err)
{
    SG_CLEANUP(cer_json_free) json_object *json = json_object_new_object();
    char name[1024];

    if (json == NULL)
        return sg_err_set(err, SG_NOMEM, "ledger");
    SG_TRY(cer_json_put_text(json, "kind", "signet crl ledger", err));
    SG_TRY(cer_json_put_text(json, "issuer",
                             ca_dn_text(crl->issuer, name, sizeof(name)), err));
    SG_TRY(cer_json_put_hex(json, "authority_key_id", crl->aki, err));
    return cer_transcript_add(lines, now, "opened", SG_TAKE(json), err);
}

/* A ledger has one issuer and one key, whether it has a CRL yet or not. */
static enum sg_rc check_first_line(const struct cer_transcript *lines,
                                   const struct ca_crl *crl, struct sg_err *err)
{
    struct cer_reader in;
    json_object *text = NULL;
    char id[2 * SHOWN_MAX];

    cer_reader_init(&in, cer_transcript_line(lines, 0), "ledger");
    SG_TRY(cer_take(&in, "authority_key_id", json_type_string, &text, err));
    if (strcmp(json_object_get_string(text), sg_hex(crl->aki, id, sizeof(id)))
        != 0)
        return sg_err_set(err, SG_POLICY,
                          "the ledger is that of another issuer or key");
    return SG_OK;
}

static enum sg_rc add_line(struct cer_transcript *lines,
                           const struct ca_crl *crl, const uint8_t hash[32],
                           const char *file, int64_t now, struct sg_err *err)
{
    SG_CLEANUP(cer_json_free) json_object *json = json_object_new_object();

    if (json == NULL)
        return sg_err_set(err, SG_NOMEM, "ledger");
    SG_TRY(cer_json_put_hex(json, "number", magnitude(crl->number), err));
    SG_TRY(cer_json_put_time(json, "this_update", crl->this_update, err));
    SG_TRY(cer_json_put_time(json, "next_update", crl->next_update, err));
    SG_TRY(cer_json_put_int(json, "entries", (int64_t)crl->n_revoked, err));
    SG_TRY(cer_json_put_hex(json, "sha256", SG_SLICE(hash, 32), err));
    SG_TRY(cer_json_put_text(json, "file", file, err));
    return cer_transcript_add(lines, now, "published", SG_TAKE(json), err);
}

/* The file first: a line always has its file. One that was left by a program
 * that died in between is the same CRL, or in the way. */
static enum sg_rc put_file(const char *dir, const char *name,
                           struct sg_slice bytes, struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf there;
    char path[PATH_LEN];
    struct sg_err why = { 0 };

    sg_buf_init(&there, CER_CRL_MAX);
    SG_TRY(path_of(dir, name, path, err));
    enum sg_rc rc = sg_file_write(path, bytes, 0644, SG_FILE_NEW_ONLY, &why);
    if (rc == SG_CONFLICT) {
        SG_TRY(sg_file_read(path, &there, err));
        if (sg_slice_eq(sg_buf_slice(&there), bytes))
            return SG_OK;
    }
    return rc == SG_OK ? SG_OK : sg_err_set(err, rc, "%s", why.msg);
}

/* The CRL that is to be recorded. */
struct candidate {
    struct ca_crl crl;
    uint8_t hash[32];
};

/* Against the newest one; *ret_same when it is that one. */
static enum sg_rc check_last(const struct cer_ledger_args *args,
                             json_object *line, const struct candidate *next,
                             struct sg_arena *arena, bool *ret_same,
                             struct sg_err *err)
{
    struct cer_published row = { 0 };
    struct ca_crl last = { 0 };

    SG_TRY(read_published(args->dir, line, arena, &last, &row, err));
    *ret_same = memcmp(row.sha256, next->hash, 32) == 0;
    if (*ret_same)
        return SG_OK;
    return cer_ledger_compare(&last, &next->crl, args->expired, arena, err);
}

enum sg_rc cer_ledger_record(const struct cer_ledger_args *args,
                             char ret_file[CER_LEDGER_FILE_MAX],
                             struct sg_err *err)
{
    SG_CLEANUP(sg_arena_done) struct sg_arena arena;
    SG_CLEANUP(cer_transcript_free) struct cer_transcript *lines = NULL;
    struct candidate next = { .hash = { 0 } };
    char number[SHOWN_MAX];
    bool same = false;

    sg_arena_init(&arena, CER_LEDGER_ARENA_MAX);
    SG_TRY(ca_crl_parse(&arena, args->crl, &next.crl, err));
    SG_TRY(ca_crl_check_signed_by(&next.crl, args->issuer, err));
    SG_TRY(cer_sha256(args->crl, next.hash, err));
    if (mkdir(args->dir, 0755) != 0 && errno != EEXIST)
        return sg_err_errno(err, SG_IO, "%s", args->dir);
    SG_TRY(cer_lines_open(args->dir, CER_FILE_LEDGER, &lines, err));
    if (cer_transcript_count(lines) > 0)
        SG_TRY(check_first_line(lines, &next.crl, err));
    json_object *line = cer_transcript_find(lines, "published");
    if (line != NULL)
        SG_TRY(check_last(args, line, &next, &arena, &same, err));
    (void)snprintf(ret_file, CER_LEDGER_FILE_MAX, "crl-%s.crl",
                   hex(next.crl.number, number));
    if (same)
        return SG_OK;
    if (cer_transcript_count(lines) == 0)
        SG_TRY(add_first_line(lines, &next.crl, args->now, err));
    SG_TRY(put_file(args->dir, ret_file, args->crl, err));
    return add_line(lines, &next.crl, next.hash, ret_file, args->now, err);
}

/* --- the calendar -------------------------------------------------------------- */

enum sg_rc cer_ledger_calendar(const char *dir, struct sg_arena *arena,
                               struct cer_calendar *ret, struct sg_err *err)
{
    SG_CLEANUP(cer_transcript_free) struct cer_transcript *lines = NULL;
    struct cer_calendar calendar = { 0 };
    struct cer_reader in;
    char path[PATH_LEN];

    SG_TRY(path_of(dir, CER_FILE_LEDGER, path, err));
    SG_TRY(cer_transcript_read(path, &lines, err));
    size_t n = cer_transcript_count(lines);
    cer_reader_init(&in, cer_transcript_line(lines, 0), "ledger");
    SG_TRY(cer_take_text(&in, "issuer", arena, &calendar.issuer, err));
    calendar.row = sg_arena_array(arena, struct cer_published, n);
    if (calendar.row == NULL)
        return sg_err_set(err, SG_NOMEM, "ledger");
    for (size_t i = 1; i < n; i++) {
        SG_CLEANUP(sg_arena_done) struct sg_arena one;
        struct ca_crl crl = { 0 };
        struct cer_published *row = &calendar.row[calendar.n];

        sg_arena_init(&one, CER_LEDGER_ARENA_MAX);
        SG_TRY(read_published(dir, cer_transcript_line(lines, i), &one, &crl,
                              row, err));
        row->number = sg_arena_strdup(arena, row->number);
        row->file = sg_arena_strdup(arena, row->file);
        if (row->number == NULL || row->file == NULL)
            return sg_err_set(err, SG_NOMEM, "ledger");
        if (calendar.n > 0 && row->this_update > row[-1].next_update)
            row->gap = row->this_update - row[-1].next_update;
        calendar.n++;
    }
    *ret = calendar;
    return SG_OK;
}
