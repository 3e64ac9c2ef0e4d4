/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/transcript.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ceremony/json.h"
#include "common/cleanup-openssl.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/parse.h"

#define WHAT "transcript"
#define FILE_MAX_BYTES ((size_t)16 * 1024 * 1024)
#define LINES_MAX 4096
#define FIRST_EVENT "opened"

struct cer_transcript {
    int fd;      /* -1: reading only */
    bool failed; /* a line was written in part: nothing may follow it */
    json_object *line[LINES_MAX];
    size_t n;
    uint8_t last[32]; /* SHA-256 of the newest line, without its newline */
};

void cer_transcript_free(struct cer_transcript *transcript)
{
    if (transcript == NULL)
        return;
    for (size_t i = 0; i < transcript->n; i++)
        (void)json_object_put(transcript->line[i]);
    if (transcript->fd >= 0)
        (void)close(transcript->fd);
    free(transcript);
}

static enum sg_rc new_transcript(struct cer_transcript **ret,
                                 struct sg_err *err)
{
    struct cer_transcript *t = calloc(1, sizeof(*t));

    if (t == NULL)
        return sg_err_set(err, SG_NOMEM, WHAT);
    t->fd = -1;
    *ret = t;
    return SG_OK;
}

/* One line of the file: canonical, in sequence, chained to the one before. */
static enum sg_rc read_line(struct cer_transcript *t, struct sg_slice line,
                            struct sg_err *err)
{
    SG_CLEANUP(cer_json_free) json_object *json = NULL;
    struct cer_reader in;
    json_object *text = NULL;
    uint8_t prev[32];
    int64_t seq;
    int64_t time;

    if (t->n == LINES_MAX)
        return sg_err_set(err, SG_LIMIT, WHAT ": more than %d lines",
                          LINES_MAX);
    SG_TRY(cer_json_read(line, WHAT, &json, err));
    cer_reader_init(&in, json, WHAT);
    SG_TRY(cer_take_int(&in, "seq", 0, LINES_MAX, &seq, err));
    SG_TRY(cer_take_hex(&in, "prev", prev, sizeof(prev), err));
    SG_TRY(cer_take_time(&in, "time", &time, err));
    SG_TRY(cer_take(&in, "event", json_type_string, &text, err));
    if ((size_t)seq != t->n)
        return sg_err_set(err, SG_FORMAT, WHAT ": \"seq\" is %lld, not %zu",
                          (long long)seq, t->n);
    if (memcmp(prev, t->last, sizeof(prev)) != 0)
        return sg_err_set(err, SG_FORMAT,
                          WHAT ": \"prev\" is not the hash of the line before");
    if (t->n == 0 && strcmp(json_object_get_string(text), FIRST_EVENT) != 0)
        return sg_err_set(err, SG_FORMAT,
                          WHAT ": does not begin with \"" FIRST_EVENT "\"");
    (void)SHA256(line.p, line.len, t->last);
    t->line[t->n++] = SG_TAKE(json);
    return SG_OK;
}

/* *ret_whole is the length of what was read: a last line without its newline is
 * a write that was cut short, and is dropped when the ceremony goes on. */
static enum sg_rc read_lines(struct cer_transcript *t, struct sg_slice bytes,
                             size_t *ret_whole, struct sg_err *err)
{
    const uint8_t *p = bytes.p;
    const uint8_t *end = bytes.p + bytes.len;

    while (p < end) {
        const uint8_t *stop = memchr(p, '\n', (size_t)(end - p));
        if (stop == NULL)
            break;
        if (read_line(t, SG_SLICE(p, (size_t)(stop - p)), err) != SG_OK)
            return sg_err_wrap(err, "line %zu", t->n + 1);
        p = stop + 1;
    }
    *ret_whole = bytes.len > 0 ? (size_t)(p - bytes.p) : 0;
    return SG_OK;
}

/* NOLINTBEGIN(clang-analyzer-unix.Malloc,clang-analyzer-core.NullDereference):
 * the analyser does not know what SG_CLEANUP and SG_TAKE do. */
enum sg_rc cer_transcript_read(const char *path,
                               struct cer_transcript **ret_transcript,
                               struct sg_err *err)
{
    SG_CLEANUP(cer_transcript_free) struct cer_transcript *t = NULL;
    SG_CLEANUP(sg_buf_done) struct sg_buf file;
    size_t whole = 0;

    sg_buf_init(&file, FILE_MAX_BYTES);
    SG_TRY(new_transcript(&t, err));
    SG_TRY(sg_file_read_plain(path, &file, err));
    if (read_lines(t, sg_buf_slice(&file), &whole, err) != SG_OK)
        return sg_err_wrap(err, "%s", path);
    if (whole != file.len)
        return sg_err_set(err, SG_FORMAT, "%s: the last line is cut short",
                          path);
    if (t->n == 0)
        return sg_err_set(err, SG_FORMAT, "%s: empty", path);
    *ret_transcript = SG_TAKE(t);
    return SG_OK;
}

/* NOLINTEND(clang-analyzer-unix.Malloc,clang-analyzer-core.NullDereference) */

json_object *cer_transcript_line(const struct cer_transcript *transcript,
                                 size_t i)
{
    return i < transcript->n ? transcript->line[i] : NULL;
}

size_t cer_transcript_count(const struct cer_transcript *transcript)
{
    return transcript->n;
}

json_object *cer_transcript_find(const struct cer_transcript *transcript,
                                 const char *event)
{
    for (size_t i = transcript->n; i > 0; i--) {
        json_object *name;
        if (json_object_object_get_ex(transcript->line[i - 1], "event", &name)
            && strcmp(json_object_get_string(name), event) == 0)
            return transcript->line[i - 1];
    }
    return NULL;
}

enum sg_rc cer_transcript_sha256(const struct cer_transcript *transcript,
                                 uint8_t ret[static 32], struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf line;
    SG_CLEANUP(EVP_MD_CTX_free) EVP_MD_CTX *md = EVP_MD_CTX_new();

    sg_buf_init(&line, FILE_MAX_BYTES);
    if (md == NULL || EVP_DigestInit_ex2(md, EVP_sha256(), NULL) != 1)
        return sg_err_openssl(err, SG_CRYPTO, "SHA-256");
    for (size_t i = 0; i < transcript->n; i++) {
        sg_buf_reset(&line);
        SG_TRY(cer_json_write(transcript->line[i], &line, err));
        SG_TRY(sg_buf_put_u8(&line, '\n', err));
        if (EVP_DigestUpdate(md, line.data, line.len) != 1)
            return sg_err_openssl(err, SG_CRYPTO, "SHA-256");
    }
    if (EVP_DigestFinal_ex(md, ret, NULL) != 1)
        return sg_err_openssl(err, SG_CRYPTO, "SHA-256");
    return SG_OK;
}

json_object *cer_transcript_signed(const struct cer_transcript *transcript,
                                   size_t i)
{
    for (size_t k = 0; k < transcript->n; k++) {
        json_object *line = transcript->line[k];
        json_object *value;
        if (json_object_object_get_ex(line, "event", &value)
            && strcmp(json_object_get_string(value), "signed") == 0
            && json_object_object_get_ex(line, "index", &value)
            && json_object_get_int64(value) == (int64_t)i + 1)
            return line;
    }
    return NULL;
}

static enum sg_rc write_whole(int fd, struct sg_slice bytes, struct sg_err *err)
{
    size_t done = 0;

    while (done < bytes.len) {
        ssize_t n = write(fd, bytes.p + done, bytes.len - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return sg_err_errno(err, SG_IO, WHAT ": write");
        done += (size_t)n;
    }
    if (fsync(fd) != 0)
        return sg_err_errno(err, SG_IO, WHAT ": fsync");
    return SG_OK;
}

enum sg_rc cer_transcript_add(struct cer_transcript *transcript, int64_t now,
                              const char *event, json_object *own_fields,
                              struct sg_err *err)
{
    SG_CLEANUP(cer_json_free)
    json_object *json =
        own_fields != NULL ? own_fields : json_object_new_object();
    SG_CLEANUP(cer_json_free) json_object *same = NULL;
    SG_CLEANUP(sg_buf_done) struct sg_buf line;

    sg_buf_init(&line, FILE_MAX_BYTES);
    if (json == NULL)
        return sg_err_set(err, SG_NOMEM, WHAT);
    if (transcript->fd < 0)
        return sg_err_set(err, SG_BUG, WHAT ": open for reading only");
    if (transcript->failed)
        return sg_err_set(err, SG_IO, WHAT ": an earlier line was cut short");
    if (transcript->n == LINES_MAX)
        return sg_err_set(err, SG_LIMIT, WHAT ": more than %d lines",
                          LINES_MAX);
    SG_TRY(cer_json_put_int(json, "seq", (int64_t)transcript->n, err));
    SG_TRY(cer_json_put_time(json, "time", now, err));
    SG_TRY(cer_json_put_text(json, "event", event, err));
    SG_TRY(cer_json_put_hex(json, "prev", SG_SLICE(transcript->last, 32), err));
    SG_TRY(cer_json_write(json, &line, err));
    size_t len = line.len;
    /* Kept as it will be read: with its keys in order. */
    SG_TRY(cer_json_read(sg_buf_slice(&line), WHAT, &same, err));
    SG_TRY(sg_buf_put_u8(&line, '\n', err));
    transcript->failed = true;
    SG_TRY(write_whole(transcript->fd, sg_buf_slice(&line), err));
    transcript->failed = false;
    (void)SHA256(line.data, len, transcript->last);
    transcript->line[transcript->n++] = SG_TAKE(same);
    return SG_OK;
}

static enum sg_rc check_plan(const struct cer_transcript *t,
                             const struct cer_plan *plan, struct sg_err *err)
{
    struct cer_reader in;
    uint8_t hash[32];

    cer_reader_init(&in, t->line[0], WHAT);
    SG_TRY(cer_take_hex(&in, "plan_sha256", hash, sizeof(hash), err));
    if (memcmp(hash, plan->sha256, sizeof(hash)) != 0)
        return sg_err_set(err, SG_CONFLICT,
                          "this folder holds the transcript of another plan");
    return SG_OK;
}

static enum sg_rc add_first_line(struct cer_transcript *t,
                                 const struct cer_plan *plan,
                                 struct sg_err *err)
{
    SG_CLEANUP(cer_json_free) json_object *json = json_object_new_object();

    if (json == NULL)
        return sg_err_set(err, SG_NOMEM, WHAT);
    SG_TRY(
        cer_json_put_hex(json, "plan_sha256", SG_SLICE(plan->sha256, 32), err));
    SG_TRY(cer_json_put_text(json, "plan_id", plan->id, err));
    SG_TRY(cer_json_put_text(json, "type", cer_type_name(plan->type), err));
    SG_TRY(cer_json_put_text(json, "title", plan->title, err));
    return cer_transcript_add(t, sg_now(), FIRST_EVENT, SG_TAKE(json), err);
}

static enum sg_rc sync_folder(const char *dir, struct sg_err *err)
{
    SG_CLEANUP(sg_fd_close)
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0 || fsync(fd) != 0)
        return sg_err_errno(err, SG_IO, "%s", dir);
    return SG_OK;
}

/* NOLINTBEGIN(clang-analyzer-unix.Malloc,clang-analyzer-core.NullDereference):
 * as above. */
enum sg_rc cer_lines_open(const char *dir, const char *name,
                          struct cer_transcript **ret_lines, struct sg_err *err)
{
    SG_CLEANUP(cer_transcript_free) struct cer_transcript *t = NULL;
    SG_CLEANUP(sg_buf_done) struct sg_buf file;
    char path[SG_FILE_PATH_MAX];
    size_t whole = 0;

    sg_buf_init(&file, FILE_MAX_BYTES);
    SG_TRY(sg_file_path(dir, name, path, err));
    SG_TRY(new_transcript(&t, err));
    assert(t != NULL);
    t->fd =
        open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (t->fd < 0)
        return sg_err_errno(err, SG_IO, "%s", path);
    if (flock(t->fd, LOCK_EX | LOCK_NB) != 0)
        return sg_err_set(err, SG_CONFLICT,
                          "%s: another ceremony program has it open", path);
    SG_TRY(sync_folder(dir, err));
    SG_TRY(sg_file_read_plain(path, &file, err));
    if (read_lines(t, sg_buf_slice(&file), &whole, err) != SG_OK)
        return sg_err_wrap(err, "%s", path);
    if (whole != file.len && ftruncate(t->fd, (off_t)whole) != 0)
        return sg_err_errno(err, SG_IO, "%s", path);
    *ret_lines = SG_TAKE(t);
    return SG_OK;
}

enum sg_rc cer_transcript_open(const char *dir, const struct cer_plan *plan,
                               struct cer_transcript **ret_transcript,
                               struct sg_err *err)
{
    SG_CLEANUP(cer_transcript_free) struct cer_transcript *t = NULL;

    SG_TRY(cer_lines_open(dir, CER_FILE_TRANSCRIPT, &t, err));
    if (t->n == 0)
        SG_TRY(add_first_line(t, plan, err));
    else
        SG_TRY(check_plan(t, plan, err));
    *ret_transcript = SG_TAKE(t);
    return SG_OK;
}
/* NOLINTEND(clang-analyzer-unix.Malloc,clang-analyzer-core.NullDereference) */
