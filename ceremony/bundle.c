/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/bundle.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "ceremony/json.h"
#include "ceremony/plan.h"
#include "common/parse.h"

#define WHAT "bundle"
#define KIND "signet bundle"
#define VERSION 1

static bool is_name_char(unsigned char c)
{
    return c < 0x80 && (isalnum(c) || strchr("-_.+ /", c) != NULL);
}

enum sg_rc cer_bundle_check_name(const char *name, struct sg_err *err)
{
    char shown[SG_SHOW_MAX];
    bool begins = true; /* a part of the path */

    if (name[0] == '\0' || strlen(name) > CER_BUNDLE_NAME_MAX)
        return sg_err_set(err, SG_FORMAT,
                          WHAT ": \"%s\": a name has 1 to %d octets",
                          sg_show(name, shown), CER_BUNDLE_NAME_MAX);
    for (const char *p = name; *p != '\0'; p++)
        if (!is_name_char((unsigned char)*p))
            return sg_err_set(err, SG_FORMAT,
                              WHAT ": \"%s\": only letters, digits and "
                                   "\"-_.+ \" in a name",
                              sg_show(name, shown));
    for (const char *p = name;; p++) {
        if (begins && (*p == '/' || *p == '.' || *p == '\0'))
            return sg_err_set(err, SG_FORMAT,
                              WHAT ": \"%s\": absolute, or a part that is "
                                   "empty or begins with a dot",
                              sg_show(name, shown));
        if (*p == '\0')
            break;
        begins = *p == '/';
    }
    return SG_OK;
}

static int by_name(const void *a, const void *b)
{
    const struct cer_bundle_file *const *x = a;
    const struct cer_bundle_file *const *y = b;

    return strcmp((*x)->name, (*y)->name);
}

/* One file cannot be another one's folder. */
static bool is_inside(const char *folder, const char *name)
{
    size_t len = strlen(folder);

    return strncmp(folder, name, len) == 0
           && (name[len] == '/' || name[len] == '\0');
}

static enum sg_rc check_all(const struct cer_bundle *bundle, struct sg_err *err)
{
    size_t total = 0;

    if (bundle->n == 0)
        return sg_err_set(err, SG_FORMAT, WHAT ": no files");
    for (size_t i = 0; i < bundle->n; i++) {
        const struct cer_bundle_file *file = &bundle->file[i];

        SG_TRY(cer_bundle_check_name(file->name, err));
        for (size_t k = 0; k < bundle->n; k++)
            if (k != i && is_inside(bundle->file[k].name, file->name))
                return sg_err_set(err, SG_FORMAT, WHAT ": \"%s\" twice",
                                  bundle->file[k].name);
        if (file->bytes.len > CER_BUNDLE_BYTES_MAX - total)
            return sg_err_set(err, SG_LIMIT, WHAT ": more than %zu bytes",
                              CER_BUNDLE_BYTES_MAX);
        total += file->bytes.len;
    }
    return SG_OK;
}

static enum sg_rc put_file(json_object *list,
                           const struct cer_bundle_file *file,
                           struct sg_err *err)
{
    json_object *one = json_object_new_object();
    uint8_t hash[32];

    if (one == NULL || json_object_array_add(list, one) != 0) {
        (void)json_object_put(one);
        return sg_err_set(err, SG_NOMEM, WHAT);
    }
    SG_TRY(cer_sha256(file->bytes, hash, err));
    SG_TRY(cer_json_put_text(one, "name", file->name, err));
    SG_TRY(cer_json_put_hex(one, "sha256", SG_SLICE(hash, 32), err));
    return cer_json_put_bytes(one, "base64", file->bytes, err);
}

enum sg_rc cer_bundle_encode(const struct cer_bundle *bundle,
                             struct sg_buf *out, struct sg_err *err)
{
    SG_CLEANUP(cer_json_free) json_object *json = json_object_new_object();
    SG_CLEANUP(cer_json_free) json_object *list = json_object_new_array();
    const struct cer_bundle_file *sorted[CER_BUNDLE_FILES_MAX];

    if (json == NULL || list == NULL)
        return sg_err_set(err, SG_NOMEM, WHAT);
    SG_TRY(check_all(bundle, err));
    for (size_t i = 0; i < bundle->n; i++)
        sorted[i] = &bundle->file[i];
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): pointers are sorted */
    qsort(sorted, bundle->n, sizeof(sorted[0]), by_name);
    for (size_t i = 0; i < bundle->n; i++)
        SG_TRY(put_file(list, sorted[i], err));
    SG_TRY(cer_json_put_text(json, "kind", KIND, err));
    SG_TRY(cer_json_put_int(json, "version", VERSION, err));
    SG_TRY(cer_json_put(json, "files", SG_TAKE(list), err));
    return cer_json_write(json, out, err);
}

static enum sg_rc take_file(json_object *row, struct sg_arena *arena,
                            struct cer_bundle_file *ret, struct sg_err *err)
{
    struct cer_reader in;
    char shown[SG_SHOW_MAX];
    uint8_t want[32];
    uint8_t got[32];

    if (!json_object_is_type(row, json_type_object))
        return sg_err_set(err, SG_FORMAT, WHAT ": \"files\": not an object");
    cer_reader_init(&in, row, WHAT ": files");
    SG_TRY(cer_take_text(&in, "name", arena, &ret->name, err));
    SG_TRY(cer_take_hex(&in, "sha256", want, sizeof(want), err));
    SG_TRY(cer_take_bytes(&in, "base64", arena, &ret->bytes, err));
    SG_TRY(cer_reader_end(&in, err));
    SG_TRY(cer_sha256(ret->bytes, got, err));
    if (memcmp(want, got, sizeof(got)) != 0)
        return sg_err_set(err, SG_FORMAT,
                          WHAT ": \"%s\" is damaged: its hash is another one",
                          sg_show(ret->name, shown));
    return SG_OK;
}

/* Base64, hex and the order of the files could be written in other ways. */
static enum sg_rc check_same_again(const struct cer_bundle *bundle,
                                   struct sg_slice bytes, struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf again;

    sg_buf_init(&again, CER_BUNDLE_MAX);
    SG_TRY(cer_bundle_encode(bundle, &again, err));
    if (!sg_slice_eq(sg_buf_slice(&again), bytes))
        return sg_err_set(err, SG_FORMAT,
                          WHAT ": not in canonical form (changed by hand?)");
    return SG_OK;
}

enum sg_rc cer_bundle_parse(struct sg_slice bytes, struct sg_arena *arena,
                            struct cer_bundle *ret, struct sg_err *err)
{
    SG_CLEANUP(cer_json_free) json_object *json = NULL;
    struct cer_bundle *bundle = sg_arena_new(arena, struct cer_bundle);
    struct cer_reader in;
    json_object *list = NULL;
    const char *kind = NULL;
    int64_t version;

    if (bundle == NULL)
        return sg_err_set(err, SG_NOMEM, WHAT);
    if (bytes.len > CER_BUNDLE_MAX)
        return sg_err_set(err, SG_LIMIT, WHAT ": more than %zu bytes",
                          CER_BUNDLE_MAX);
    SG_TRY(cer_json_read(bytes, WHAT, &json, err));
    cer_reader_init(&in, json, WHAT);
    SG_TRY(cer_take_text(&in, "kind", arena, &kind, err));
    if (strcmp(kind, KIND) != 0)
        return sg_err_set(err, SG_FORMAT,
                          WHAT ": \"kind\" is not \"" KIND "\"");
    SG_TRY(cer_take_int(&in, "version", VERSION, VERSION, &version, err));
    SG_TRY(cer_take(&in, "files", json_type_array, &list, err));
    SG_TRY(cer_reader_end(&in, err));
    size_t n = json_object_array_length(list);
    if (n > CER_BUNDLE_FILES_MAX)
        return sg_err_set(err, SG_LIMIT, WHAT ": more than %d files",
                          CER_BUNDLE_FILES_MAX);
    for (size_t i = 0; i < n; i++)
        SG_TRY(take_file(json_object_array_get_idx(list, i), arena,
                         &bundle->file[bundle->n++], err));
    SG_TRY(check_same_again(bundle, bytes, err));
    *ret = *bundle;
    return SG_OK;
}
