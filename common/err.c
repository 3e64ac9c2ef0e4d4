/* SPDX-License-Identifier: Apache-2.0 */
#include "common/err.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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

enum sg_rc sg_err_fill(struct sg_err *err, enum sg_rc rc, enum sg_src src,
                       unsigned long native, const char *where, const char *fmt,
                       ...)
{
    assert(rc != SG_OK);
    if (err->rc != SG_OK)
        return err->rc;

    err->rc = rc;
    err->src = src;
    err->native = native;
    err->where = where;

    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
    va_end(ap);
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
