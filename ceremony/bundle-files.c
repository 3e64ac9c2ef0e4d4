/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ceremony/bundle.h"
#include "common/file.h"

#define WHAT "bundle"

static inline void fts_close_cleanup(FTS **tree)
{
    if (*tree != NULL)
        (void)fts_close(*tree);
}

/* --- packing --------------------------------------------------------------------- */

static enum sg_rc add_file(const char *path, const char *name,
                           struct sg_arena *arena, struct cer_bundle *bundle,
                           struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf bytes;

    sg_buf_init(&bytes, CER_BUNDLE_BYTES_MAX);
    if (bundle->n == CER_BUNDLE_FILES_MAX)
        return sg_err_set(err, SG_LIMIT, WHAT ": more than %d files",
                          CER_BUNDLE_FILES_MAX);
    struct cer_bundle_file *file = &bundle->file[bundle->n];
    SG_TRY(sg_file_read(path, &bytes, err));
    file->name = sg_arena_strdup(arena, name);
    file->bytes = sg_arena_copy(arena, sg_buf_slice(&bytes));
    if (file->name == NULL || (bytes.len > 0 && file->bytes.p == NULL))
        return sg_err_set(err, SG_LIMIT, WHAT ": more than %zu bytes",
                          CER_BUNDLE_BYTES_MAX);
    bundle->n++;
    return SG_OK;
}

/* The last part of a path whose trailing slashes were cut. */
static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

static enum sg_rc add_entry(const FTSENT *entry, size_t base,
                            struct sg_arena *arena, struct cer_bundle *bundle,
                            struct sg_err *err)
{
    switch (entry->fts_info) {
    case FTS_D:
    case FTS_DP:
        return SG_OK;
    case FTS_F:
        return add_file(entry->fts_path, entry->fts_path + base, arena, bundle,
                        err);
    case FTS_DNR:
    case FTS_ERR:
    case FTS_NS:
        errno = entry->fts_errno;
        return sg_err_errno(err, errno == ENOENT ? SG_NOT_FOUND : SG_IO, "%s",
                            entry->fts_path);
    default:
        return sg_err_set(err, SG_FORMAT, "%s: neither file nor folder",
                          entry->fts_path);
    }
}

static enum sg_rc add_path(const char *path, struct sg_arena *arena,
                           struct cer_bundle *bundle, struct sg_err *err)
{
    char *copy = sg_arena_strdup(arena, path);
    char *const roots[] = { copy, NULL };
    const FTSENT *entry;

    if (copy == NULL)
        return sg_err_set(err, SG_NOMEM, WHAT);
    for (size_t len = strlen(copy); len > 1 && copy[len - 1] == '/'; len--)
        copy[len - 1] = '\0';
    size_t base = (size_t)(last_part(copy) - copy);
    SG_CLEANUP(fts_close)
    FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    if (tree == NULL)
        return sg_err_errno(err, SG_IO, "%s", path);
    while ((errno = 0, entry = fts_read(tree)) != NULL)
        SG_TRY(add_entry(entry, base, arena, bundle, err));
    if (errno != 0)
        return sg_err_errno(err, SG_IO, "%s", path);
    return SG_OK;
}

static int by_name(const void *a, const void *b)
{
    const struct cer_bundle_file *x = a;
    const struct cer_bundle_file *y = b;

    return strcmp(x->name, y->name);
}

enum sg_rc cer_bundle_read(const char *const *path, size_t n,
                           struct sg_arena *arena, struct cer_bundle *ret,
                           struct sg_err *err)
{
    struct cer_bundle *bundle = sg_arena_new(arena, struct cer_bundle);

    if (bundle == NULL)
        return sg_err_set(err, SG_NOMEM, WHAT);
    for (size_t i = 0; i < n; i++)
        SG_TRY(add_path(path[i], arena, bundle, err));
    qsort(bundle->file, bundle->n, sizeof(bundle->file[0]), by_name);
    *ret = *bundle;
    return SG_OK;
}

/* --- unpacking ------------------------------------------------------------------- */

static enum sg_rc make_folder(const char *path, struct sg_err *err)
{
    struct stat st;

    if (mkdir(path, 0755) == 0)
        return SG_OK;
    if (errno != EEXIST)
        return sg_err_errno(err, SG_IO, "%s", path);
    if (lstat(path, &st) != 0)
        return sg_err_errno(err, SG_IO, "%s", path);
    if (!S_ISDIR(st.st_mode))
        return sg_err_set(err, SG_CONFLICT, "%s: not a folder", path);
    return SG_OK;
}

/* Every folder that the name goes through; a link there leads elsewhere. */
static enum sg_rc make_folders(const char *dir, const char *name,
                               struct sg_err *err)
{
    char path[SG_FILE_PATH_MAX];

    SG_TRY(sg_file_path(dir, name, path, err));
    for (char *p = path + strlen(dir) + 1; (p = strchr(p, '/')) != NULL; p++) {
        *p = '\0';
        SG_TRY(make_folder(path, err));
        *p = '/';
    }
    return SG_OK;
}

enum sg_rc cer_bundle_write(const struct cer_bundle *bundle, const char *dir,
                            struct sg_err *err)
{
    char path[SG_FILE_PATH_MAX];
    struct stat st;

    for (size_t i = 0; i < bundle->n; i++) {
        SG_TRY(cer_bundle_check_name(bundle->file[i].name, err));
        SG_TRY(sg_file_path(dir, bundle->file[i].name, path, err));
        if (lstat(path, &st) == 0)
            return sg_err_set(err, SG_CONFLICT,
                              "%s: exists; nothing was unpacked", path);
    }
    SG_TRY(make_folder(dir, err));
    for (size_t i = 0; i < bundle->n; i++) {
        SG_TRY(make_folders(dir, bundle->file[i].name, err));
        SG_TRY(sg_file_path(dir, bundle->file[i].name, path, err));
        SG_TRY(sg_file_write(path, bundle->file[i].bytes, 0644,
                             SG_FILE_NEW_ONLY, err));
    }
    return SG_OK;
}
