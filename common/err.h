/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_COMMON_ERR_H
#define SG_COMMON_ERR_H

/* One error type for the whole of signet: a code, the foreign number behind
 * it, and one line of text for people. No call here allocates or fails. */

#include <assert.h>
#include <stdbool.h>

#include "common/macros.h"

/* name, text, HTTP status, exit code (sysexits), worth retrying */
#define SG_RC_TABLE(X) \
    X(OK, "success", 200, 0, false) \
    X(NOMEM, "out of memory", 503, 71, true) \
    X(USAGE, "wrong usage", 400, 64, false) \
    X(CONFIG, "bad configuration", 500, 78, false) \
    X(FORMAT, "malformed input", 400, 65, false) \
    X(POLICY, "refused by policy", 400, 65, false) \
    X(DENIED, "not authorised", 403, 77, false) \
    X(NOT_FOUND, "no such object", 404, 66, false) \
    X(CONFLICT, "already exists", 409, 73, false) \
    X(LIMIT, "limit reached", 429, 75, true) \
    X(TIMEOUT, "timed out", 503, 75, true) \
    X(PIN, "token login refused", 503, 77, false) \
    X(TOKEN, "token failure", 503, 69, true) \
    X(UNAVAILABLE, "service unavailable", 503, 69, true) \
    X(CRYPTO, "cryptographic failure", 500, 70, false) \
    X(IO, "input/output failure", 503, 74, true) \
    X(BUG, "internal error", 500, 70, false)

enum SG_TYPE_MUST_USE sg_rc {
#define X(name, text, http, exitcode, retry) SG_##name,
    SG_RC_TABLE(X)
#undef X
};

/* Whose number err->native is. */
enum sg_src { SG_SRC_NONE, SG_SRC_ERRNO, SG_SRC_CKR, SG_SRC_OPENSSL };

#define SG_ERR_MSG_MAX 512

/* One failure. Zero-initialise; no field owns memory. */
struct sg_err {
    enum sg_rc rc;
    enum sg_src src;
    unsigned long native;
    const char *where; /* "file:line" of the first failure */
    char msg[SG_ERR_MSG_MAX];
};

const char *sg_rc_text(enum sg_rc rc);
const char *sg_rc_name(enum sg_rc rc); /* "POLICY" */
int sg_rc_http(enum sg_rc rc);
int sg_rc_exit(enum sg_rc rc);
bool sg_rc_retryable(enum sg_rc rc);

/* Record a failure and return its code, so "return sg_err_set(...)" can never
 * disagree with the record. The first failure wins: a second one is kept out. */
#define sg_err_set(err, rc, ...) \
    sg_rc_failed(sg_err_fill((err), (rc), SG_SRC_NONE, 0, SG_HERE, __VA_ARGS__))
#define sg_err_native(err, rc, src, native, ...) \
    sg_rc_failed( \
        sg_err_fill((err), (rc), (src), (native), SG_HERE, __VA_ARGS__))

/* Tells compilers and analysers what the calls below cannot return. */
static inline enum sg_rc sg_rc_failed(enum sg_rc rc)
{
    assert(rc != SG_OK);
    return rc;
}

SG_PRINTF(6, 7)
enum sg_rc sg_err_fill(struct sg_err *err, enum sg_rc rc, enum sg_src src,
                       unsigned long native, const char *where, const char *fmt,
                       ...);

/* As sg_err_set for a failed system call: "<text>: <strerror>", errno kept. */
#define sg_err_errno(err, rc, ...) \
    sg_rc_failed(sg_err_fill_errno((err), (rc), SG_HERE, __VA_ARGS__))
SG_PRINTF(4, 5)
enum sg_rc sg_err_fill_errno(struct sg_err *err, enum sg_rc rc,
                             const char *where, const char *fmt, ...);

/* As sg_err_set for a failed OpenSSL call: adds its newest reason text and
 * drains its queue. */
#define sg_err_openssl(err, rc, ...) \
    sg_rc_failed(sg_err_fill_openssl((err), (rc), SG_HERE, __VA_ARGS__))
SG_PRINTF(4, 5)
enum sg_rc sg_err_fill_openssl(struct sg_err *err, enum sg_rc rc,
                               const char *where, const char *fmt, ...);

/* Put "context: " in front of the message; keeps code and origin. */
SG_PRINTF(2, 3)
enum sg_rc sg_err_wrap(struct sg_err *err, const char *fmt, ...);

/* Forget the failure: a second attempt starts clean. */
void sg_err_clear(struct sg_err *err);

#endif
