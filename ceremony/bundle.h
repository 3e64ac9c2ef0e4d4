/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CEREMONY_BUNDLE_H
#define SG_CEREMONY_BUNDLE_H

/* Files in one file, to carry over an air gap: canonical JSON, each file with
 * its SHA-256, and one hash over the whole to read to one another. */

#include "common/arena.h"

#define CER_BUNDLE_FILES_MAX 256
#define CER_BUNDLE_NAME_MAX 200 /* octets, folders included */
#define CER_BUNDLE_BYTES_MAX \
    ((size_t)16 * 1024 * 1024) /* of all files together */
/* As text: base64 takes a third more. */
#define CER_BUNDLE_MAX ((size_t)24 * 1024 * 1024)

struct cer_bundle_file {
    const char *name; /* relative: "approvals/1-Ada.json" */
    struct sg_slice bytes;
};
struct cer_bundle {
    struct cer_bundle_file file[CER_BUNDLE_FILES_MAX];
    size_t n;
};

/* May a file of a bundle have this name? SG_FORMAT for one that is empty, too
 * long, absolute, has a part that is empty or begins with a dot, or a character
 * other than letters, digits and "-_.+ ". */
enum sg_rc cer_bundle_check_name(const char *name, struct sg_err *err);
/* Appended to out. SG_FORMAT for a name twice or one that may not be; SG_LIMIT
 * past the maxima. Files in the order of their names. */
enum sg_rc cer_bundle_encode(const struct cer_bundle *bundle,
                             struct sg_buf *out, struct sg_err *err);
/* Strict; every hash is checked. */
enum sg_rc cer_bundle_parse(struct sg_slice bytes, struct sg_arena *arena,
                            struct cer_bundle *ret, struct sg_err *err);

/* Files and folders (with what is in them, named from their parent), in the
 * order of their names. */
enum sg_rc cer_bundle_read(const char *const *path, size_t n,
                           struct sg_arena *arena, struct cer_bundle *ret,
                           struct sg_err *err);
/* Into a folder, made if need be. SG_CONFLICT when any of the files exists:
 * then nothing is written. Symbolic links in the way are refused. */
enum sg_rc cer_bundle_write(const struct cer_bundle *bundle, const char *dir,
                            struct sg_err *err);

#endif
