/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "ceremony/json.h"
#include "ceremony/ledger.h"
#include "ceremony/transcript.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/parse.h"

#define KEY_ID_TEXT_MAX 128 /* hex */

static enum sg_rc no_memory(struct sg_err *err)
{
    return sg_err_set(err, SG_NOMEM, "ledger");
}

/* --- lines into rows ----------------------------------------------------------- */

static enum sg_rc take_row(json_object *line, struct sg_arena *arena,
                           struct cer_ledger_row *ret, struct sg_err *err)
{
    struct cer_reader in;

    cer_reader_init(&in, line, "ledger");
    SG_TRY(cer_take_text(&in, "number", arena, &ret->number, err));
    SG_TRY(cer_take_text(&in, "file", arena, &ret->file, err));
    SG_TRY(cer_take_time(&in, "this_update", &ret->this_update, err));
    SG_TRY(cer_take_time(&in, "next_update", &ret->next_update, err));
    SG_TRY(cer_take_int(&in, "entries", 0, CA_CRL_ENTRIES_MAX, &ret->entries,
                        err));
    SG_TRY(cer_take_hex(&in, "sha256", ret->sha256, sizeof(ret->sha256), err));
    if (ret->file[0] == '.' || strchr(ret->file, '/') != NULL)
        return sg_err_set(err, SG_FORMAT, "ledger: \"file\" leaves the folder");
    return SG_OK;
}

static enum sg_rc withdraw(struct cer_ledger *ledger, json_object *number,
                           const char *by, struct sg_err *err)
{
    const char *text = json_object_is_type(number, json_type_string)
                           ? json_object_get_string(number)
                           : "";

    for (size_t i = 0; i < ledger->n; i++) {
        if (strcmp(ledger->row[i].number, text) != 0)
            continue;
        ledger->row[i].withdrawn_by = by;
        return SG_OK;
    }
    return sg_err_set(err, SG_FORMAT,
                      "ledger: CRL %s withdraws one that is not there", by);
}

static enum sg_rc add_row(struct cer_ledger *ledger, json_object *line,
                          struct sg_arena *arena, struct sg_err *err)
{
    struct cer_ledger_row *row = &ledger->row[ledger->n];
    struct cer_reader in;
    json_object *list = NULL;

    SG_TRY(take_row(line, arena, row, err));
    cer_reader_init(&in, line, "ledger");
    SG_TRY(cer_take(&in, "withdraws", json_type_array, &list, err));
    row->withdraws = json_object_array_length(list) > 0;
    for (size_t i = 0; i < json_object_array_length(list); i++)
        SG_TRY(withdraw(ledger, json_object_array_get_idx(list, i), row->number,
                        err));
    ledger->n++;
    return SG_OK;
}

void cer_ledger_space(struct cer_ledger *ledger,
                      const struct cer_ledger_row *last)
{
    for (size_t i = 0; i < ledger->n; i++) {
        struct cer_ledger_row *row = &ledger->row[i];

        if (row->withdrawn_by != NULL)
            continue;
        row->publish_by = row->this_update;
        if (last != NULL && last->next_update < row->this_update)
            row->gap = row->this_update - last->next_update;
        else if (last != NULL && !row->withdraws
                 && row->entries <= last->entries)
            row->publish_by = last->next_update;
        last = row;
    }
}

static enum sg_rc read_rows(const struct cer_transcript *lines,
                            struct sg_arena *arena, struct cer_ledger *ret,
                            struct sg_err *err)
{
    struct cer_ledger ledger = { 0 };
    size_t n = cer_transcript_count(lines);
    struct cer_reader in;

    if (n == 0) {
        *ret = ledger;
        return SG_OK;
    }
    cer_reader_init(&in, cer_transcript_line(lines, 0), "ledger");
    SG_TRY(cer_take_text(&in, "issuer", arena, &ledger.issuer, err));
    SG_TRY(cer_take_text(&in, "authority_key_id", arena, &ledger.key_id, err));
    ledger.row = sg_arena_array(arena, struct cer_ledger_row, n);
    if (ledger.row == NULL)
        return no_memory(err);
    for (size_t i = 1; i < n; i++)
        if (add_row(&ledger, cer_transcript_line(lines, i), arena, err)
            != SG_OK)
            return sg_err_wrap(err, "line %zu", i + 1);
    cer_ledger_space(&ledger, NULL);
    *ret = ledger;
    return SG_OK;
}

enum sg_rc cer_ledger_read(const char *dir, struct sg_arena *arena,
                           struct cer_ledger *ret, struct sg_err *err)
{
    SG_CLEANUP(cer_transcript_free) struct cer_transcript *lines = NULL;
    char path[SG_FILE_PATH_MAX];
    struct stat st;

    SG_TRY(sg_file_path(dir, CER_FILE_LEDGER, path, err));
    /* made, and the power went before its first line */
    if (stat(path, &st) == 0 && st.st_size == 0)
        return sg_err_set(err, SG_NOT_FOUND, "%s: empty", path);
    SG_TRY(cer_transcript_read(path, &lines, err));
    if (read_rows(lines, arena, ret, err) != SG_OK)
        return sg_err_wrap(err, "%s", path);
    return SG_OK;
}

const struct cer_ledger_row *cer_ledger_find(const struct cer_ledger *ledger,
                                             const uint8_t sha256[static 32])
{
    for (size_t i = 0; i < ledger->n; i++)
        if (memcmp(ledger->row[i].sha256, sha256, 32) == 0)
            return &ledger->row[i];
    return NULL;
}

/* --- the CRLs ------------------------------------------------------------------ */

enum sg_rc cer_ledger_crl(const char *dir, const struct cer_ledger_row *row,
                          struct sg_arena *arena, struct sg_slice *ret,
                          struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf file;
    char path[SG_FILE_PATH_MAX];
    uint8_t hash[32];

    sg_buf_init(&file, CER_CRL_MAX);
    SG_TRY(sg_file_path(dir, row->file, path, err));
    SG_TRY(sg_file_read(path, &file, err));
    SG_TRY(cer_sha256(sg_buf_slice(&file), hash, err));
    if (memcmp(hash, row->sha256, sizeof(hash)) != 0)
        return sg_err_set(err, SG_FORMAT, "%s: not the CRL that was recorded",
                          path);
    struct sg_slice der = sg_arena_copy(arena, sg_buf_slice(&file));
    if (der.p == NULL)
        return no_memory(err);
    *ret = der;
    return SG_OK;
}

enum sg_rc cer_ledger_check_files(const char *dir,
                                  const struct cer_ledger *ledger,
                                  struct sg_err *err)
{
    for (size_t i = 0; i < ledger->n; i++) {
        SG_CLEANUP(sg_arena_done) struct sg_arena arena;
        struct sg_slice der = { 0 };

        sg_arena_init(&arena, CER_LEDGER_ARENA_MAX);
        SG_TRY(cer_ledger_crl(dir, &ledger->row[i], &arena, &der, err));
    }
    return SG_OK;
}

/* --- where a new one belongs --------------------------------------------------- */

/* Both in hex, without leading zeros but for whole octets. */
static int compare_numbers(const char *a, const char *b)
{
    size_t x = strlen(a);
    size_t y = strlen(b);

    return x != y ? (x < y ? -1 : 1) : strcmp(a, b);
}

bool cer_ledger_withdraws(const struct cer_ledger_new *next,
                          const struct cer_ledger_row *row)
{
    return row->withdrawn_by == NULL && row->this_update >= next->this_update;
}

static enum sg_rc check_number(const struct cer_ledger *ledger,
                               const struct cer_ledger_new *next,
                               struct sg_err *err)
{
    char is[CER_NUMBER_TEXT_MAX];

    (void)cer_number_text(next->number, is);
    for (size_t i = 0; i < ledger->n; i++)
        if (compare_numbers(is, ledger->row[i].number) <= 0)
            return sg_err_set(err, SG_POLICY,
                              "crl: number %s is not greater than %s, which "
                              "the ledger has (RFC 5280 5.2.3)",
                              is, ledger->row[i].number);
    return SG_OK;
}

static enum sg_rc check_later(const struct cer_ledger_row *row,
                              const struct cer_ledger_new *next, int64_t now,
                              struct sg_err *err)
{
    char was[SG_TIME_TEXT_MAX];
    char is[SG_TIME_TEXT_MAX];

    (void)sg_time_text(row->this_update, was);
    (void)sg_time_text(next->this_update, is);
    if (row->this_update <= now)
        return sg_err_set(err, SG_POLICY,
                          "crl: thisUpdate %s is not after %s, that of CRL %s, "
                          "which is published (RFC 5280 5.1.2.4)",
                          is, was, row->number);
    if (!next->withdraw)
        return sg_err_set(err, SG_POLICY,
                          "crl: thisUpdate %s is not after %s: CRL %s was "
                          "signed ahead for that day, and would hide this one. "
                          "It and those after it have to be withdrawn: say so "
                          "(crl: withdraw: true in the request, --withdraw for "
                          "\"ledger record\") and publish none of them",
                          is, was, row->number);
    return SG_OK;
}

enum sg_rc cer_ledger_place(const struct cer_ledger *ledger,
                            const struct cer_ledger_new *next, int64_t now,
                            const struct cer_ledger_row **ret_last,
                            struct sg_err *err)
{
    const struct cer_ledger_row *last = NULL;

    SG_TRY(check_number(ledger, next, err));
    for (size_t i = 0; i < ledger->n; i++) {
        const struct cer_ledger_row *row = &ledger->row[i];

        if (cer_ledger_withdraws(next, row))
            SG_TRY(check_later(row, next, now, err));
        else if (row->withdrawn_by == NULL)
            last = row;
    }
    *ret_last = last;
    return SG_OK;
}

/* --- recording ----------------------------------------------------------------- */

static enum sg_rc add_first_line(struct cer_transcript *lines,
                                 const struct ca_crl *crl, int64_t now,
                                 struct sg_err *err)
{
    SG_CLEANUP(cer_json_free) json_object *json = json_object_new_object();
    char name[1024];

    if (json == NULL)
        return no_memory(err);
    SG_TRY(cer_json_put_text(json, "kind", "signet crl ledger", err));
    SG_TRY(cer_json_put_text(json, "issuer",
                             ca_dn_text(crl->issuer, name, sizeof(name)), err));
    SG_TRY(cer_json_put_hex(json, "authority_key_id", crl->aki, err));
    return cer_transcript_add(lines, now, "opened", SG_TAKE(json), err);
}

/* Everything about the CRL that is recorded. */
struct recording {
    const struct cer_ledger_args *args;
    struct sg_arena arena;
    struct ca_crl crl;
    uint8_t hash[32];
    struct cer_ledger_new next;
    struct cer_ledger ledger;
    struct cer_transcript *lines;
};

static enum sg_rc put_withdrawn(const struct recording *r, json_object *line,
                                struct sg_err *err)
{
    json_object *list = json_object_new_array();

    SG_TRY(cer_json_put(line, "withdraws", list, err));
    for (size_t i = 0; i < r->ledger.n; i++) {
        const struct cer_ledger_row *row = &r->ledger.row[i];

        if (cer_ledger_withdraws(&r->next, row)
            && json_object_array_add(list, json_object_new_string(row->number))
                   != 0)
            return no_memory(err);
    }
    return SG_OK;
}

static enum sg_rc add_line(const struct recording *r, const char *file,
                           struct sg_err *err)
{
    SG_CLEANUP(cer_json_free) json_object *json = json_object_new_object();
    const struct ca_crl *crl = &r->crl;

    if (json == NULL)
        return no_memory(err);
    SG_TRY(cer_json_put_hex(json, "number", cer_magnitude(crl->number), err));
    SG_TRY(cer_json_put_time(json, "this_update", crl->this_update, err));
    SG_TRY(cer_json_put_time(json, "next_update", crl->next_update, err));
    SG_TRY(cer_json_put_int(json, "entries", (int64_t)crl->n_revoked, err));
    SG_TRY(cer_json_put_hex(json, "sha256", SG_SLICE(r->hash, 32), err));
    SG_TRY(cer_json_put_text(json, "file", file, err));
    SG_TRY(put_withdrawn(r, json, err));
    return cer_transcript_add(r->lines, r->args->now, "recorded", SG_TAKE(json),
                              err);
}

/* The file first: a line always has its file. One that was left by a program
 * that died in between is the same CRL, or in the way. */
static enum sg_rc put_file(const char *dir, const char *name,
                           struct sg_slice bytes, struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf there;
    char path[SG_FILE_PATH_MAX];
    struct sg_err why = { 0 };

    sg_buf_init(&there, CER_CRL_MAX);
    SG_TRY(sg_file_path(dir, name, path, err));
    enum sg_rc rc = sg_file_write(path, bytes, 0644, SG_FILE_NEW_ONLY, &why);
    if (rc == SG_CONFLICT) {
        SG_TRY(sg_file_read(path, &there, err));
        if (sg_slice_eq(sg_buf_slice(&there), bytes))
            return SG_OK;
    }
    return rc == SG_OK ? SG_OK : sg_err_set(err, rc, "%s", why.msg);
}

/* Against the one before it. */
static enum sg_rc check_forward(struct recording *r, struct sg_err *err)
{
    const struct cer_ledger_row *row = NULL;
    struct ca_crl last = { 0 };
    struct sg_slice der = { 0 };
    char id[KEY_ID_TEXT_MAX];

    if (r->ledger.key_id != NULL
        && strcmp(r->ledger.key_id, sg_hex(r->crl.aki, id, sizeof(id))) != 0)
        return sg_err_set(err, SG_POLICY,
                          "the ledger is that of another issuer or key");
    SG_TRY(cer_ledger_place(&r->ledger, &r->next, r->args->now, &row, err));
    if (row == NULL)
        return SG_OK;
    SG_TRY(cer_ledger_crl(r->args->dir, row, &r->arena, &der, err));
    if (ca_crl_parse(&r->arena, der, &last, err) != SG_OK)
        return sg_err_wrap(err, "%s/%s", r->args->dir, row->file);
    return cer_ledger_compare(&last, &r->crl, r->args->expired, &r->arena, err);
}

/* Is it there already? */
static enum sg_rc check_same(const struct recording *r, bool *ret_same,
                             struct sg_err *err)
{
    const struct cer_ledger_row *row = cer_ledger_find(&r->ledger, r->hash);

    if (row != NULL && row->withdrawn_by != NULL)
        return sg_err_set(err, SG_POLICY, "crl: CRL %s was withdrawn by %s",
                          row->number, row->withdrawn_by);
    *ret_same = row != NULL;
    return SG_OK;
}

static enum sg_rc record(struct recording *r, const char *file,
                         struct sg_err *err)
{
    const struct cer_ledger_args *args = r->args;
    bool same = false;

    if (mkdir(args->dir, 0755) != 0 && errno != EEXIST)
        return sg_err_errno(err, SG_IO, "%s", args->dir);
    SG_TRY(cer_lines_open(args->dir, CER_FILE_LEDGER, &r->lines, err));
    SG_TRY(read_rows(r->lines, &r->arena, &r->ledger, err));
    SG_TRY(check_same(r, &same, err));
    if (same)
        return SG_OK;
    SG_TRY(check_forward(r, err));
    if (cer_transcript_count(r->lines) == 0)
        SG_TRY(add_first_line(r->lines, &r->crl, args->now, err));
    SG_TRY(put_file(args->dir, file, args->crl, err));
    return add_line(r, file, err);
}

enum sg_rc cer_ledger_record(const struct cer_ledger_args *args,
                             char ret_file[CER_LEDGER_FILE_MAX],
                             struct sg_err *err)
{
    struct recording r = { .args = args };
    char file[CER_LEDGER_FILE_MAX];

    sg_arena_init(&r.arena, CER_LEDGER_ARENA_MAX);
    enum sg_rc rc = ca_crl_parse(&r.arena, args->crl, &r.crl, err);
    if (rc == SG_OK)
        rc = ca_crl_check_signed_by(&r.crl, args->issuer, err);
    if (rc == SG_OK)
        rc = cer_sha256(args->crl, r.hash, err);
    if (rc == SG_OK) {
        r.next = (struct cer_ledger_new){ r.crl.number, r.crl.this_update,
                                          args->withdraw };
        rc = record(&r, cer_crl_file(r.crl.number, "crl", file), err);
    }
    cer_transcript_free(r.lines);
    sg_arena_done(&r.arena);
    if (rc == SG_OK)
        (void)snprintf(ret_file, CER_LEDGER_FILE_MAX, "%s", file);
    return rc;
}
