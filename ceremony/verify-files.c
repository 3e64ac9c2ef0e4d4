/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <string.h>

#include "ceremony/cms.h"
#include "ceremony/ledger.h"
#include "ceremony/verify-int.h"
#include "common/clock.h"
#include "common/pem.h"

#define NO_LIST "needs the list of files"

static inline void fts_close_cleanup(FTS **tree)
{
    if (*tree != NULL)
        (void)fts_close(*tree);
}

/* A name of ours: relative, and never up. */
static bool is_inside(const char *name)
{
    return name[0] != '\0' && name[0] != '/' && strstr(name, "..") == NULL;
}

static bool is_listed(const struct cer_verify *v, const char *name)
{
    for (size_t i = 0; i < v->n_files; i++)
        if (strcmp(v->file[i].name, name) == 0)
            return true;
    return false;
}

enum sg_rc cer_verify_listed(const struct cer_verify *v, const char *name,
                             struct sg_slice *ret, struct sg_err *err)
{
    for (size_t i = 0; i < v->n_files; i++) {
        if (strcmp(v->file[i].name, name) != 0)
            continue;
        *ret = v->file[i].bytes;
        return SG_OK;
    }
    return sg_err_set(err, SG_FORMAT, "written: no %s", name);
}

/* One row of "written": a name, once, and a hash. */
static enum sg_rc list_file(struct cer_verify *v, json_object *row,
                            uint8_t ret_hash[static 32], struct sg_err *err)
{
    struct cer_reader in;
    struct cer_page_file *file = &v->file[v->n_files];

    if (!json_object_is_type(row, json_type_object))
        return sg_err_set(err, SG_FORMAT, "written: not an object");
    cer_reader_init(&in, row, "written");
    SG_TRY(cer_take_text(&in, "name", &v->arena, &file->name, err));
    SG_TRY(cer_take_hex(&in, "sha256", ret_hash, 32, err));
    if (!is_inside(file->name))
        return sg_err_set(err, SG_FORMAT,
                          "written: \"name\" leaves the folder");
    if (is_listed(v, file->name))
        return sg_err_set(err, SG_FORMAT, "written: %s twice", file->name);
    v->n_files++;
    return SG_OK;
}

/* The file's bytes, when they are those that were written. */
static enum sg_rc read_listed(struct cer_verify *v, struct cer_page_file *file,
                              const uint8_t want[static 32], struct sg_err *err)
{
    struct sg_slice bytes = { 0 };
    uint8_t got[32];

    SG_TRY(cer_verify_read(v, file->name, &bytes, err));
    if (bytes.len == 0)
        return sg_err_set(err, SG_FORMAT, "%s: empty", file->name);
    SG_TRY(cer_sha256(bytes, got, err));
    if (memcmp(want, got, sizeof(got)) != 0)
        return sg_err_set(err, SG_FORMAT, "%s: not what was written",
                          file->name);
    file->bytes = bytes;
    return SG_OK;
}

/* Every file is looked at: the first that differs is told, and how many. */
static enum sg_rc read_files(struct cer_verify *v, json_object *list,
                             struct sg_err *err)
{
    struct sg_err first = { 0 };
    uint8_t want[32];

    for (size_t i = 0; i < json_object_array_length(list); i++) {
        struct sg_err why = { 0 };
        SG_TRY(list_file(v, json_object_array_get_idx(list, i), want, err));
        enum sg_rc rc = read_listed(v, &v->file[i], want, &why);
        if (rc == SG_NOMEM)
            return sg_err_set(err, rc, "%s", why.msg);
        if (rc != SG_OK && v->n_changed++ == 0)
            first = why;
    }
    if (v->n_changed > 1)
        return sg_err_set(err, SG_FORMAT, "%.400s; and %zu more", first.msg,
                          v->n_changed - 1);
    return v->n_changed == 0 ? SG_OK
                             : sg_err_set(err, SG_FORMAT, "%s", first.msg);
}

enum sg_rc cer_verify_files(struct cer_verify *v, struct sg_err *err)
{
    struct cer_reader in;
    json_object *list = NULL;

    SG_TRY(cer_verify_line(v, "written", &in, err));
    SG_TRY(cer_take(&in, "files", json_type_array, &list, err));
    if (json_object_array_length(list) > CER_VERIFY_FILES_MAX)
        return sg_err_set(err, SG_FORMAT, "written: more than %d files",
                          CER_VERIFY_FILES_MAX);
    SG_TRY(read_files(v, list, err));
    if (!is_listed(v, CER_FILE_PLAN))
        return sg_err_set(err, SG_FORMAT, "written: no " CER_FILE_PLAN);
    (void)snprintf(v->note, sizeof(v->note), "%zu files", v->n_files);
    return SG_OK;
}

/* --- what else lies there ---------------------------------------------------- */

/* The folder of a file that is listed. */
static bool is_folder(const struct cer_verify *v, const char *name)
{
    size_t len = strlen(name);

    for (size_t i = 0; i < v->n_files; i++)
        if (strncmp(v->file[i].name, name, len) == 0
            && v->file[i].name[len] == '/')
            return true;
    return false;
}

static bool is_ours(const struct cer_verify *v, const FTSENT *entry,
                    const char *name)
{
    if (entry->fts_info == FTS_D || entry->fts_info == FTS_DP)
        return is_folder(v, name);
    return entry->fts_info == FTS_F
           && (is_listed(v, name) || strcmp(name, CER_FILE_TRANSCRIPT) == 0
               || strcmp(name, CER_FILE_PAGE) == 0
               || strcmp(name, CER_FILE_CMS) == 0);
}

enum sg_rc cer_verify_nothing_else(struct cer_verify *v, struct sg_err *err)
{
    char *dir = sg_arena_strdup(&v->arena, v->dir);
    char *const paths[] = { dir, NULL };
    const FTSENT *entry;

    if (dir == NULL)
        return sg_err_set(err, SG_NOMEM, "folder");
    if (v->n_files == 0)
        return cer_verify_skip(v, NO_LIST);
    size_t base = strlen(dir);
    while (base > 1 && dir[base - 1] == '/')
        dir[--base] = '\0';
    SG_CLEANUP(fts_close)
    FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    if (tree == NULL)
        return sg_err_errno(err, SG_IO, "%s", dir);
    while ((errno = 0, entry = fts_read(tree)) != NULL) {
        if (entry->fts_level == FTS_ROOTLEVEL)
            continue;
        const char *name = entry->fts_path + base + 1;
        if (!is_ours(v, entry, name))
            return sg_err_set(err, SG_FORMAT, "%s is no part of the ceremony",
                              name);
    }
    if (errno != 0)
        return sg_err_errno(err, SG_IO, "%s", dir);
    return SG_OK;
}

/* --- what is in the files ---------------------------------------------------- */

/* Which of the results it is, or n_results. */
static size_t result_of(const struct cer_verify *v, struct sg_slice der)
{
    size_t i = 0;

    while (i < v->n_results && !sg_slice_eq(der, v->result[i]))
        i++;
    return i;
}

static bool in_chain(const struct cer_verify *v, struct sg_slice der)
{
    for (size_t i = 0; i < v->plan.n_chain; i++)
        if (sg_slice_eq(der, v->plan.chain[i]))
            return true;
    return false;
}

/* The file is DER or PEM blocks; each is a result or of the plan's chain. */
static enum sg_rc check_content(const struct cer_verify *v,
                                const struct cer_page_file *file, bool *seen,
                                struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf der;
    struct sg_slice left = file->bytes;
    char label[SG_PEM_LABEL_MAX];
    bool found = true;

    sg_buf_init(&der, CER_VERIFY_FILE_MAX);
    size_t which = result_of(v, file->bytes);
    if (which < v->n_results) {
        seen[which] = true;
        return SG_OK;
    }
    for (size_t n = 0; found; n++) {
        sg_buf_reset(&der);
        SG_TRY(sg_pem_next(&left, label, &der, &found, err));
        if (n == 0 && !found)
            return sg_err_set(err, SG_FORMAT, "%s: neither PEM nor the result",
                              file->name);
        if (!found)
            break;
        which = result_of(v, sg_buf_slice(&der));
        if (which < v->n_results)
            seen[which] = true;
        else if (!in_chain(v, sg_buf_slice(&der)))
            return sg_err_set(err, SG_FORMAT,
                              "%s: holds a %s that is neither the result nor "
                              "in the plan's chain",
                              file->name, label);
    }
    return SG_OK;
}

/* Read by checks of their own: plan and approvals, the CRL before, the
 * calendar. */
static bool has_own_check(const char *name)
{
    size_t len = strlen(name);

    return (len > 5 && strcmp(name + len - 5, ".json") == 0)
           || strcmp(name, CER_FILE_LAST) == 0
           || strcmp(name, CER_FILE_CALENDAR) == 0;
}

enum sg_rc cer_verify_result(struct cer_verify *v, struct sg_err *err)
{
    bool seen[CER_SIGN_MAX] = { false };

    if (!cer_verify_has_result(v))
        return cer_verify_skip(v, CER_VERIFY_NO_RESULT);
    if (v->n_files == 0)
        return cer_verify_skip(v, NO_LIST);
    for (size_t i = 0; i < v->n_files; i++)
        if (!has_own_check(v->file[i].name) && v->file[i].bytes.len > 0)
            SG_TRY(check_content(v, &v->file[i], seen, err));
    for (size_t i = 0; i < v->n_results; i++) {
        if (!seen[i] && v->n_changed > 0)
            return cer_verify_skip(v, CER_VERIFY_CHANGED);
        if (!seen[i])
            return sg_err_set(err, SG_FORMAT, "no file holds the result");
    }
    return SG_OK;
}

/* --- page and signature ------------------------------------------------------- */

enum sg_rc cer_verify_page(struct cer_verify *v, struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf page;
    struct sg_slice there = { 0 };
    struct cer_reader in;
    struct sg_err why = { 0 };
    const char *version = NULL;

    sg_buf_init(&page, CER_PAGE_MAX);
    enum sg_rc rc = cer_verify_read(v, CER_FILE_PAGE, &there, &why);
    if (rc == SG_NOT_FOUND)
        return cer_verify_skip(v, "there is no " CER_FILE_PAGE);
    if (rc != SG_OK)
        return sg_err_set(err, rc, "%s", why.msg);
    if (v->n_changed > 0)
        return cer_verify_skip(v, "needs the files as they were written");
    SG_TRY(cer_verify_line(v, "environment", &in, err));
    SG_TRY(cer_take_text(&in, "tool_version", &v->arena, &version, err));
    if (strcmp(version, v->version) != 0)
        return cer_verify_skip(v, "made by version %.40s, this is %.40s",
                               version, v->version);
    SG_TRY(cer_transcript_html(v->transcript, &v->plan, v->file, v->n_files,
                               &page, err));
    if (!sg_slice_eq(sg_buf_slice(&page), there))
        return sg_err_set(err, SG_FORMAT,
                          CER_FILE_PAGE " is not the page of this transcript");
    return SG_OK;
}

enum sg_rc cer_verify_cms(struct cer_verify *v, struct sg_err *err)
{
    struct cer_cms_signer signer;
    struct sg_slice cms = { 0 };
    struct sg_slice lines = { 0 };
    struct sg_err why = { 0 };
    char name[96];
    char time[SG_TIME_TEXT_MAX];

    enum sg_rc rc = cer_verify_read(v, CER_FILE_CMS, &cms, &why);
    if (rc == SG_NOT_FOUND && v->signer.len == 0)
        return cer_verify_skip(v, "there is no " CER_FILE_CMS);
    if (rc != SG_OK)
        return sg_err_set(err, SG_FORMAT, "%s", why.msg);
    SG_TRY(cer_verify_read(v, CER_FILE_TRANSCRIPT, &lines, err));
    SG_TRY(cer_cms_check(cms, lines, &v->arena, &signer, err));
    if (v->signer.len > 0 && !sg_slice_eq(signer.cert.der, v->signer))
        return sg_err_set(err, SG_FORMAT,
                          "signed by %s, whose certificate is not the signer's",
                          ca_dn_text(signer.cert.subject, name, sizeof(name)));
    (void)ca_dn_text(signer.cert.subject, name, sizeof(name));
    (void)snprintf(v->note, sizeof(v->note), "by %s%s%s", name,
                   signer.has_time ? ", " : "",
                   signer.has_time ? sg_time_text(signer.time, time) : "");
    return SG_OK;
}
