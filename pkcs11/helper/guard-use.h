/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_PKCS11_HELPER_GUARD_USE_H
#define SG_PKCS11_HELPER_GUARD_USE_H

/* How a key is used: what its rates have left, how often it signed and was
 * refused. It lies in a file beside the guard that every token process of the
 * key has mapped, so that neither a second process nor a restart gives a new
 * allowance, and "signet key show" sees what signetd was refused. Thread-safe
 * and free of locks. */

#include <stdatomic.h>

#include "pkcs11/helper/guardfile.h"

struct tok_use {
    uint64_t magic;
    /* When the bucket of a rate is full again, ns since 1970. */
    _Atomic int64_t second_full;
    _Atomic int64_t day_full;
    _Atomic uint64_t changes; /* of the guard file */
    _Atomic uint64_t signatures;
    _Atomic uint64_t refused[TOK_REFUSED_N];
};

/* Map the key's file, made when it is not there. Without a directory the memory
 * is this process's own. So it is when the file cannot be had (EACCES, EROFS,
 * EISDIR, ENOSPC …): *ret_fault, zeroed by the caller, says why then, and the
 * key keeps no rates and hears of no changes. SG_CONFIG for a file that others
 * may write, or of another version. */
enum sg_rc tok_use_open(const struct tok_guard_key *key, struct tok_use **ret,
                        struct sg_err *ret_fault, struct sg_err *err);
void tok_use_close(struct tok_use *use); /* takes NULL */
SG_DEFINE_CLEANUP(struct tok_use, tok_use_close);

/* May one more be signed now (ns since 1970)? SG_LIMIT says which rate is used
 * up. A rate of N is a bucket of N that fills evenly. */
enum sg_rc tok_use_take(struct tok_use *use, const struct tok_guard *limits,
                        int64_t now, struct sg_err *err);
int64_t tok_use_now(void);

/* Count a failure when it is a refusal; true when it was one. */
bool tok_use_count(struct tok_use *use, const struct sg_err *why);
/* Which of them a failure is; TOK_REFUSED_N for none. */
enum tok_refused tok_refused_of(const struct sg_err *why);

#endif
