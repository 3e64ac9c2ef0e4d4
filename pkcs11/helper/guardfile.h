/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_PKCS11_HELPER_GUARDFILE_H
#define SG_PKCS11_HELPER_GUARDFILE_H

/* Guards on disk: one YAML file per key in a directory that only this user and
 * root may write. Crossing processes are kept apart by a lock on the
 * directory. */

#include "pkcs11/keytype.h"

struct tok_guard_state;

/* Which key's guard. Everything is borrowed. */
struct tok_guard_key {
    const char *dir;    /* NULL: this process has no guards */
    const char *serial; /* of the token */
    const char *label;
    struct sg_slice id;
    struct sg_slice spki; /* empty: taken from the file */
};

#define TOK_GUARD_PATH_MAX 1024 /* bytes; what common/file takes */
/* <dir>/<token serial>-<CKA_ID><ending>; what a file name cannot hold becomes
 * "_". SG_CONFIG without a directory. */
enum sg_rc tok_guard_path(const struct tok_guard_key *key, const char *ending,
                          char *dst, size_t size, struct sg_err *err);

/* Make the directory (mode 0700) when it is absent and check that nobody else
 * may write it. SG_CONFIG. */
enum sg_rc tok_guard_dir_ready(const char *dir, struct sg_err *err);

/* *ret_guard is NULL when there is no file: the key has no guard. A file that
 * names another token, key or public key is SG_CONFIG. spki is appended to
 * out_spki unless that is NULL. Caller: tok_guard_free(). */
enum sg_rc tok_guard_load(const struct tok_guard_key *key,
                          struct sg_buf *out_spki,
                          struct tok_guard_state **ret_guard,
                          struct sg_err *err);

/* Write the guard of a new key; SG_CONFLICT when there is one. */
enum sg_rc tok_guard_create(const struct tok_guard_key *key,
                            const struct tok_guard *limits, struct sg_err *err);

/* Take back what tok_guard_create() wrote: the key is gone again. */
void tok_guard_forget(const struct tok_guard_key *key);

/* Bind the issuer certificate, and the chain above it, in the file and give
 * back the guard as it now is. Bound to the same one already: fine, and a
 * longer chain is taken over. SG_POLICY for another one, one that does not fit
 * the key, or a signature of the chain that does not hold; SG_NOT_FOUND without
 * a guard. */
enum sg_rc tok_guard_bind_file(const struct tok_guard_key *key,
                               struct sg_slice cert, struct sg_slice chain,
                               struct tok_guard_state **ret_guard,
                               struct sg_err *err);

/* Put these limits into the file, none of them wider than what stands there,
 * and give back the guard as it now is. */
enum sg_rc tok_guard_narrow_file(const struct tok_guard_key *key,
                                 const struct tok_guard *want,
                                 struct tok_guard_state **ret_guard,
                                 struct sg_err *err);

#endif
