/* SPDX-License-Identifier: Apache-2.0 */
#include "common/err.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>

struct rc_info {
    const char *name;
    const char *text;
    int http;
    int exit_code;
    bool retry;
};

static const struct rc_info RC_INFO[] = {
#define X(name, text, http, exitcode, retry) \
    [SG_##name] = { #name, (text), (http), (exitcode), (retry) },
    SG_RC_TABLE(X)
#undef X
};

static const struct rc_info *rc_info(enum sg_rc rc)
{
    return (size_t)rc < SG_ARRAY_LEN(RC_INFO) ? &RC_INFO[rc] : &RC_INFO[SG_BUG];
}

const char *sg_rc_text(enum sg_rc rc)
{
    return rc_info(rc)->text;
}

const char *sg_rc_name(enum sg_rc rc)
{
    return rc_info(rc)->name;
}

int sg_rc_http(enum sg_rc rc)
{
    return rc_info(rc)->http;
}

int sg_rc_exit(enum sg_rc rc)
{
    return rc_info(rc)->exit_code;
}

bool sg_rc_retryable(enum sg_rc rc)
{
    return rc_info(rc)->retry;
}

/* Everything but the text. False when an earlier failure is kept. */
static bool begin(struct sg_err *err, enum sg_rc rc, enum sg_src src,
                  unsigned long native, const char *where)
{
    assert(rc != SG_OK);
    if (err->rc != SG_OK)
        return false;
    err->rc = rc;
    err->src = src;
    err->native = native;
    err->where = where;
    return true;
}

enum sg_rc sg_err_fill(struct sg_err *err, enum sg_rc rc, enum sg_src src,
                       unsigned long native, const char *where, const char *fmt,
                       ...)
{
    if (!begin(err, rc, src, native, where))
        return err->rc;

    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
    va_end(ap);
    return rc;
}

static void append(struct sg_err *err, const char *text)
{
    size_t used = strlen(err->msg);

    (void)snprintf(err->msg + used, sizeof(err->msg) - used, ": %s", text);
}

enum sg_rc sg_err_fill_errno(struct sg_err *err, enum sg_rc rc,
                             const char *where, const char *fmt, ...)
{
    int number = errno;
    char text[128];

    if (!begin(err, rc, SG_SRC_ERRNO, (unsigned long)number, where))
        return err->rc;

    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
    va_end(ap);
    append(err, strerror_r(number, text, sizeof(text)));
    errno = number;
    return rc;
}

enum sg_rc sg_err_fill_openssl(struct sg_err *err, enum sg_rc rc,
                               const char *where, const char *fmt, ...)
{
    unsigned long code = ERR_peek_last_error();
    const char *reason = ERR_reason_error_string(code);

    ERR_clear_error();
    if (!begin(err, rc, SG_SRC_OPENSSL, code, where))
        return err->rc;

    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
    va_end(ap);
    if (reason != NULL)
        append(err, reason);
    return rc;
}

enum sg_rc sg_err_wrap(struct sg_err *err, const char *fmt, ...)
{
    char old[SG_ERR_MSG_MAX];

    assert(err->rc != SG_OK);
    memcpy(old, err->msg, sizeof(old));

    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
    va_end(ap);
    if (n < 0 || (size_t)n >= sizeof(err->msg)) {
        memcpy(err->msg, old, sizeof(old));
        return err->rc;
    }
    (void)snprintf(err->msg + n, sizeof(err->msg) - (size_t)n, ": %s", old);
    return err->rc;
}

void sg_err_clear(struct sg_err *err)
{
    *err = (struct sg_err){ 0 };
}
