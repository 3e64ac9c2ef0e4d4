/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_COMMON_FILE_H
#define SG_COMMON_FILE_H

/* Files, whole. Descriptors are O_CLOEXEC. */

#include "common/buf.h"

/* "dir/name" into dst. SG_USAGE when it does not fit. */
#define SG_FILE_PATH_MAX 1024 /* two of them fit into one stack frame */
enum sg_rc sg_file_path(const char *dir, const char *name,
                        char dst[SG_FILE_PATH_MAX], struct sg_err *err);

/* Append the file to out (its max is the limit: SG_LIMIT beyond).
 * SG_NOT_FOUND when it is not there, SG_IO otherwise. */
enum sg_rc sg_file_read(const char *path, struct sg_buf *out,
                        struct sg_err *err);

/* The same of a folder that a stranger filled: SG_FORMAT for what is no regular
 * file; no symbolic link is followed as the last part, no pipe waited for. */
enum sg_rc sg_file_read_plain(const char *path, struct sg_buf *out,
                              struct sg_err *err);

/* SG_CONFIG when group or others may write the file, or when it belongs to
 * neither root nor this user. */
enum sg_rc sg_file_check_private_write(const char *path, struct sg_err *err);

/* Both at once, on one descriptor: what was checked is what is read. */
enum sg_rc sg_file_read_private_write(const char *path, struct sg_buf *out,
                                      struct sg_err *err);

enum sg_file_clobber { SG_FILE_NEW_ONLY, SG_FILE_REPLACE };
/* Write beside, fsync, rename (or link, for NEW_ONLY), fsync the directory:
 * afterwards the file is there whole or not at all. SG_CONFLICT when NEW_ONLY
 * finds it. */
enum sg_rc sg_file_write(const char *path, struct sg_slice bytes, unsigned mode,
                         enum sg_file_clobber clobber, struct sg_err *err);

/* Close on leaving scope: SG_CLEANUP(sg_fd_close) int fd = -1; */
void sg_fd_close_cleanup(int *fd);

#endif
