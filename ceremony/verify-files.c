/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <string.h>

#include "ceremony/cms.h"
#include "ceremony/verify-int.h"
#include "common/pem.h"

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

static enum sg_rc check_file(struct cer_verify *v, json_object *row,
                             struct cer_page_file *ret, struct sg_err *err)
{
    struct cer_reader in;
    uint8_t want[32];
    uint8_t got[32];

    if (!json_object_is_type(row, json_type_object))
        return sg_err_set(err, SG_FORMAT, "written: not an object");
    cer_reader_init(&in, row, "written");
    SG_TRY(cer_take_text(&in, "name", &v->arena, &ret->name, err));
    SG_TRY(cer_take_hex(&in, "sha256", want, sizeof(want), err));
    if (!is_inside(ret->name))
        return sg_err_set(err, SG_FORMAT,
                          "written: \"name\" leaves the folder");
    SG_TRY(cer_verify_read(v, ret->name, &ret->bytes, err));
    SG_TRY(cer_sha256(ret->bytes, got, err));
    if (memcmp(want, got, sizeof(got)) != 0)
        return sg_err_set(err, SG_FORMAT, "%s: not what was written",
                          ret->name);
    return SG_OK;
}

static bool is_listed(const struct cer_verify *v, const char *name)
{
    for (size_t i = 0; i < v->n_files; i++)
        if (strcmp(v->file[i].name, name) == 0)
            return true;
    return false;
}

enum sg_rc cer_verify_files(struct cer_verify *v, struct sg_err *err)
{
    struct cer_reader in;
    json_object *list = NULL;

    SG_TRY(cer_verify_line(v, "written", &in, err));
    SG_TRY(cer_take(&in, "files", json_type_array, &list, err));
    size_t n = json_object_array_length(list);
    if (n > CER_VERIFY_FILES_MAX)
        return sg_err_set(err, SG_FORMAT, "written: more than %d files",
                          CER_VERIFY_FILES_MAX);
    for (size_t i = 0; i < n; i++) {
        struct cer_page_file file = { 0 };

        SG_TRY(check_file(v, json_object_array_get_idx(list, i), &file, err));
        if (is_listed(v, file.name))
            return sg_err_set(err, SG_FORMAT, "written: %s twice", file.name);
        v->file[v->n_files++] = file;
    }
    if (!is_listed(v, CER_FILE_PLAN))
        return sg_err_set(err, SG_FORMAT, "written: no " CER_FILE_PLAN);
    (void)snprintf(v->note, sizeof(v->note), "%zu files", n);
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

static bool is_planned(const struct cer_verify *v, struct sg_slice der)
{
    if (sg_slice_eq(der, v->result))
        return true;
    for (size_t i = 0; i < v->plan.n_chain; i++)
        if (sg_slice_eq(der, v->plan.chain[i]))
            return true;
    return false;
}

/* The file is DER or PEM blocks; each is the result or of the plan's chain. */
static enum sg_rc check_content(const struct cer_verify *v,
                                const struct cer_page_file *file,
                                bool *ret_result, struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf der;
    struct sg_slice left = file->bytes;
    char label[SG_PEM_LABEL_MAX];
    bool found = true;

    sg_buf_init(&der, CER_VERIFY_FILE_MAX);
    if (sg_slice_eq(file->bytes, v->result)) {
        *ret_result = true;
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
        if (!is_planned(v, sg_buf_slice(&der)))
            return sg_err_set(err, SG_FORMAT,
                              "%s: holds a %s that is neither the result nor "
                              "in the plan's chain",
                              file->name, label);
        *ret_result |= sg_slice_eq(sg_buf_slice(&der), v->result);
    }
    return SG_OK;
}

enum sg_rc cer_verify_result(struct cer_verify *v, struct sg_err *err)
{
    bool seen = false;

    if (v->result.len == 0)
        return sg_err_set(err, SG_FORMAT, "there is no result to compare with");
    for (size_t i = 0; i < v->n_files; i++) {
        const char *name = v->file[i].name;
        /* Plan and approvals were read by checks of their own. */
        size_t len = strlen(name);
        if (len > 5 && strcmp(name + len - 5, ".json") == 0)
            continue;
        SG_TRY(check_content(v, &v->file[i], &seen, err));
    }
    if (!seen)
        return sg_err_set(err, SG_FORMAT, "no file holds the result");
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
    if (rc == SG_NOT_FOUND) {
        v->looked = false;
        (void)snprintf(v->note, sizeof(v->note), "there is no " CER_FILE_PAGE);
        return SG_OK;
    }
    if (rc != SG_OK)
        return sg_err_set(err, rc, "%s", why.msg);
    SG_TRY(cer_verify_line(v, "environment", &in, err));
    SG_TRY(cer_take_text(&in, "tool_version", &v->arena, &version, err));
    if (strcmp(version, v->version) != 0) {
        v->looked = false;
        (void)snprintf(v->note, sizeof(v->note),
                       "made by version %.40s, this is %.40s", version,
                       v->version);
        return SG_OK;
    }
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

    enum sg_rc rc = cer_verify_read(v, CER_FILE_CMS, &cms, &why);
    if (rc == SG_NOT_FOUND) {
        v->looked = false;
        (void)snprintf(v->note, sizeof(v->note), "there is no " CER_FILE_CMS);
        return SG_OK;
    }
    if (rc != SG_OK)
        return sg_err_set(err, rc, "%s", why.msg);
    SG_TRY(cer_verify_read(v, CER_FILE_TRANSCRIPT, &lines, err));
    SG_TRY(cer_cms_check(cms, lines, &v->arena, &signer, err));
    (void)snprintf(v->note, sizeof(v->note), "by %s",
                   ca_dn_text(signer.cert.subject, name, sizeof(name)));
    return SG_OK;
}
