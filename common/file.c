/* SPDX-License-Identifier: Apache-2.0 */
#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_STEP 4096 /* bytes, where fstat does not know the size */

enum sg_rc sg_file_path(const char *dir, const char *name,
                        char dst[SG_FILE_PATH_MAX], struct sg_err *err)
{
    int n = snprintf(dst, SG_FILE_PATH_MAX, "%s/%s", dir, name);

    if (n < 0 || n >= SG_FILE_PATH_MAX)
        return sg_err_set(err, SG_USAGE, "%.64s...: path too long", dir);
    return SG_OK;
}

void sg_fd_close_cleanup(int *fd)
{
    int saved = errno;

    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
    errno = saved;
}

static enum sg_rc open_to_read(const char *path, int flags, int *ret_fd,
                               struct sg_err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | flags);

    if (fd < 0 && errno == ELOOP && (flags & O_NOFOLLOW) != 0)
        return sg_err_set(err, SG_FORMAT, "%s: a symbolic link", path);
    if (fd < 0)
        return sg_err_errno(
            err, errno == ENOENT || errno == ENOTDIR ? SG_NOT_FOUND : SG_IO,
            "%s", path);
    *ret_fd = fd;
    return SG_OK;
}

/* One read at the end of out; *ret_n is 0 at the end of the file. */
static enum sg_rc read_step(int fd, const char *path, struct sg_buf *out,
                            size_t *ret_n, struct sg_err *err)
{
    uint8_t probe = 0;
    bool full = out->len == out->max;
    size_t room = READ_STEP;

    if (!full && out->cap - out->len > room)
        room = out->cap - out->len;
    if (room > out->max - out->len)
        room = out->max - out->len;
    SG_TRY(sg_buf_reserve(out, room, err));
    ssize_t n = 0;
    do {
        n = full ? read(fd, &probe, 1) : read(fd, out->data + out->len, room);
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        return sg_err_errno(err, SG_IO, "%s", path);
    if (full && n > 0)
        return sg_err_set(err, SG_LIMIT, "%s: larger than %zu bytes", path,
                          out->max);
    out->len += (size_t)n;
    *ret_n = (size_t)n;
    return SG_OK;
}

static enum sg_rc read_all(int fd, const char *path, struct sg_buf *out,
                           struct sg_err *err)
{
    size_t before = out->len;
    size_t n = 0;
    struct stat st;
    enum sg_rc rc = SG_OK;

    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0
        && (size_t)st.st_size < out->max - out->len)
        SG_TRY(sg_buf_reserve(out, (size_t)st.st_size + 1, err));
    do {
        rc = read_step(fd, path, out, &n, err);
    } while (rc == SG_OK && n > 0);
    if (rc != SG_OK)
        out->len = before;
    return rc;
}

enum sg_rc sg_file_read(const char *path, struct sg_buf *out,
                        struct sg_err *err)
{
    SG_CLEANUP(sg_fd_close) int fd = -1;

    SG_TRY(open_to_read(path, 0, &fd, err));
    return read_all(fd, path, out, err);
}

enum sg_rc sg_file_read_plain(const char *path, struct sg_buf *out,
                              struct sg_err *err)
{
    SG_CLEANUP(sg_fd_close) int fd = -1;
    struct stat st;

    /* opening a pipe to read waits for whoever writes */
    SG_TRY(open_to_read(path, O_NOFOLLOW | O_NONBLOCK, &fd, err));
    if (fstat(fd, &st) != 0)
        return sg_err_errno(err, SG_IO, "%s", path);
    if (!S_ISREG(st.st_mode))
        return sg_err_set(err, SG_FORMAT, "%s: not a regular file", path);
    return read_all(fd, path, out, err);
}

static enum sg_rc check_private_write(int fd, const char *path,
                                      struct sg_err *err)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return sg_err_errno(err, SG_IO, "%s", path);
    if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return sg_err_set(err, SG_CONFIG,
                          "%s: mode %04o lets group or others write it: "
                          "chmod go-w",
                          path, (unsigned)st.st_mode & 07777);
    if (st.st_uid != 0 && st.st_uid != geteuid())
        return sg_err_set(err, SG_CONFIG,
                          "%s: belongs to user %u, not to root or user %u",
                          path, (unsigned)st.st_uid, (unsigned)geteuid());
    return SG_OK;
}

enum sg_rc sg_file_check_private_write(const char *path, struct sg_err *err)
{
    SG_CLEANUP(sg_fd_close) int fd = -1;

    SG_TRY(open_to_read(path, 0, &fd, err));
    return check_private_write(fd, path, err);
}

enum sg_rc sg_file_read_private_write(const char *path, struct sg_buf *out,
                                      struct sg_err *err)
{
    SG_CLEANUP(sg_fd_close) int fd = -1;

    SG_TRY(open_to_read(path, 0, &fd, err));
    SG_TRY(check_private_write(fd, path, err));
    return read_all(fd, path, out, err);
}

/* --- writing --------------------------------------------------------------- */

static enum sg_rc write_all(int fd, const char *path, struct sg_slice bytes,
                            struct sg_err *err)
{
    while (bytes.len > 0) {
        ssize_t n = write(fd, bytes.p, bytes.len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return sg_err_errno(err, SG_IO, "%s", path);
        bytes = SG_SLICE(bytes.p + n, bytes.len - (size_t)n);
    }
    return SG_OK;
}

/* So that the new name itself survives a power cut. */
static enum sg_rc sync_directory(const char *path, struct sg_err *err)
{
    char dir[SG_FILE_PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 0 : slash == path ? 1 : (size_t)(slash - path);

    if (len >= sizeof(dir))
        return sg_err_set(err, SG_IO, "%.64s...: path is too long", path);
    memcpy(dir, len > 0 ? path : ".", len > 0 ? len : 1);
    dir[len > 0 ? len : 1] = '\0';

    SG_CLEANUP(sg_fd_close) int fd = -1;
    SG_TRY(open_to_read(dir, 0, &fd, err));
    if (fsync(fd) != 0)
        return sg_err_errno(err, SG_IO, "%s: fsync", dir);
    return SG_OK;
}

static enum sg_rc fill(int fd, const char *temp, struct sg_slice bytes,
                       unsigned mode, struct sg_err *err)
{
    if (fchmod(fd, mode) != 0)
        return sg_err_errno(err, SG_IO, "%s: chmod", temp);
    SG_TRY(write_all(fd, temp, bytes, err));
    if (fsync(fd) != 0)
        return sg_err_errno(err, SG_IO, "%s: fsync", temp);
    return SG_OK;
}

/* link() refuses to replace, rename() does not. */
static enum sg_rc put_in_place(const char *temp, const char *path,
                               enum sg_file_clobber clobber, struct sg_err *err)
{
    if (clobber == SG_FILE_REPLACE) {
        if (rename(temp, path) != 0)
            return sg_err_errno(err, SG_IO, "%s", path);
        return SG_OK;
    }
    if (link(temp, path) != 0)
        return sg_err_errno(err, errno == EEXIST ? SG_CONFLICT : SG_IO, "%s",
                            path);
    if (unlink(temp) != 0)
        return sg_err_errno(err, SG_IO, "%s", temp);
    return SG_OK;
}

enum sg_rc sg_file_write(const char *path, struct sg_slice bytes, unsigned mode,
                         enum sg_file_clobber clobber, struct sg_err *err)
{
    char temp[SG_FILE_PATH_MAX];
    SG_CLEANUP(sg_fd_close) int fd = -1;
    int n = snprintf(temp, sizeof(temp), "%s.XXXXXX", path);

    if (n < 0 || (size_t)n >= sizeof(temp))
        return sg_err_set(err, SG_IO, "%.64s...: path is too long", path);
    fd = mkostemp(temp, O_CLOEXEC);
    if (fd < 0)
        return sg_err_errno(
            err, errno == ENOENT || errno == ENOTDIR ? SG_NOT_FOUND : SG_IO,
            "%s", path);

    enum sg_rc rc = fill(fd, temp, bytes, mode, err);
    if (rc == SG_OK)
        rc = put_in_place(temp, path, clobber, err);
    if (rc != SG_OK) {
        (void)unlink(temp);
        return rc;
    }
    return sync_directory(path, err);
}
