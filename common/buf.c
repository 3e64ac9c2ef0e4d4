/* SPDX-License-Identifier: Apache-2.0 */
#include "common/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUF_FIRST 256 /* bytes; a small answer needs no second step */

struct sg_slice sg_slice_str(const char *s)
{
    return SG_SLICE((const uint8_t *)s, strlen(s));
}

bool sg_slice_eq(struct sg_slice a, struct sg_slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

void sg_buf_init(struct sg_buf *buf, size_t max)
{
    assert(max < SIZE_MAX); /* one byte more is allocated, see grow() */
    *buf = (struct sg_buf){ .max = max };
}

void sg_buf_done(struct sg_buf *buf)
{
    if (buf->data != NULL) {
        /* Up to cap: a reset leaves older bytes behind len. */
        explicit_bzero(buf->data, buf->cap);
        free(buf->data);
    }
    *buf = (struct sg_buf){ 0 };
}

void sg_buf_done_cleanup(struct sg_buf *buf)
{
    sg_buf_done(buf);
}

void sg_buf_reset(struct sg_buf *buf)
{
    buf->len = 0;
}

struct sg_slice sg_buf_slice(const struct sg_buf *buf)
{
    return SG_SLICE(buf->data, buf->len);
}

/* realloc would leave a copy of the old bytes behind. The one byte above cap
 * is room for the NUL that vsnprintf always writes. */
static enum sg_rc grow(struct sg_buf *buf, size_t need, struct sg_err *err)
{
    size_t cap = buf->cap > 0 ? buf->cap : BUF_FIRST;

    while (cap < need)
        cap = cap <= SIZE_MAX / 2 ? cap * 2 : need;
    if (cap > buf->max)
        cap = buf->max;

    uint8_t *data = malloc(cap + 1);
    if (data == NULL)
        return sg_err_set(err, SG_NOMEM, "buffer of %zu bytes", cap);
    if (buf->data != NULL) {
        memcpy(data, buf->data, buf->len);
        explicit_bzero(buf->data, buf->cap);
        free(buf->data);
    }
    buf->data = data;
    buf->cap = cap;
    return SG_OK;
}

enum sg_rc sg_buf_reserve(struct sg_buf *buf, size_t extra, struct sg_err *err)
{
    if (extra <= buf->cap - buf->len)
        return SG_OK;
    if (extra > buf->max - buf->len)
        return sg_err_set(err, SG_LIMIT, "buffer: %zu + %zu bytes, at most %zu",
                          buf->len, extra, buf->max);
    return grow(buf, buf->len + extra, err);
}

enum sg_rc sg_buf_put(struct sg_buf *buf, const void *p, size_t len,
                      struct sg_err *err)
{
    if (len == 0)
        return SG_OK;
    SG_TRY(sg_buf_reserve(buf, len, err));
    memcpy(buf->data + buf->len, p, len);
    buf->len += len;
    return SG_OK;
}

enum sg_rc sg_buf_put_str(struct sg_buf *buf, const char *s, struct sg_err *err)
{
    return sg_buf_put(buf, s, strlen(s), err);
}

SG_PRINTF(2, 0)
static int print_at_end(struct sg_buf *buf, const char *fmt, va_list ap)
{
    size_t room = buf->data != NULL ? buf->cap - buf->len + 1 : 0;
    char *dst = buf->data != NULL ? (char *)buf->data + buf->len : NULL;

    return vsnprintf(dst, room, fmt, ap);
}

enum sg_rc sg_buf_printf(struct sg_buf *buf, struct sg_err *err,
                         const char *fmt, ...)
{
    va_list ap;
    va_list again;
    enum sg_rc rc = SG_OK;

    va_start(ap, fmt);
    va_copy(again, ap);
    int n = print_at_end(buf, fmt, ap);
    if (n < 0) {
        rc = sg_err_set(err, SG_BUG, "format that cannot be printed");
    } else if ((size_t)n > buf->cap - buf->len) {
        rc = sg_buf_reserve(buf, (size_t)n, err);
        if (rc == SG_OK)
            n = print_at_end(buf, fmt, again);
    }
    va_end(again);
    va_end(ap);
    if (rc == SG_OK)
        buf->len += (size_t)n;
    return rc;
}

enum sg_rc sg_buf_put_u8(struct sg_buf *buf, uint8_t v, struct sg_err *err)
{
    return sg_buf_put(buf, &v, sizeof(v), err);
}

static enum sg_rc put_big_endian(struct sg_buf *buf, uint64_t v, size_t len,
                                 struct sg_err *err)
{
    uint8_t octets[8];

    for (size_t i = 0; i < len; i++)
        octets[i] = (uint8_t)(v >> (8 * (len - 1 - i)));
    return sg_buf_put(buf, octets, len, err);
}

enum sg_rc sg_buf_put_u16(struct sg_buf *buf, uint16_t v, struct sg_err *err)
{
    return put_big_endian(buf, v, sizeof(v), err);
}

enum sg_rc sg_buf_put_u32(struct sg_buf *buf, uint32_t v, struct sg_err *err)
{
    return put_big_endian(buf, v, sizeof(v), err);
}

enum sg_rc sg_buf_put_u64(struct sg_buf *buf, uint64_t v, struct sg_err *err)
{
    return put_big_endian(buf, v, sizeof(v), err);
}

enum sg_rc sg_buf_put_blob(struct sg_buf *buf, struct sg_slice blob,
                           struct sg_err *err)
{
    if (blob.len > UINT32_MAX)
        return sg_err_set(err, SG_LIMIT, "blob of %zu bytes, at most 2^32 - 1",
                          blob.len);
    /* Both or nothing. */
    SG_TRY(sg_buf_reserve(buf, 4 + blob.len, err));
    SG_TRY(sg_buf_put_u32(buf, (uint32_t)blob.len, err));
    return sg_buf_put(buf, blob.p, blob.len, err);
}

void sg_reader_init(struct sg_reader *in, struct sg_slice bytes)
{
    /* Arithmetic on NULL is undefined, so an empty slice gets an address. */
    static const uint8_t nothing[1];

    in->p = bytes.p != NULL ? bytes.p : nothing;
    in->end = in->p + bytes.len;
}

size_t sg_reader_left(const struct sg_reader *in)
{
    return (size_t)(in->end - in->p);
}

static enum sg_rc need(const struct sg_reader *in, size_t n, const char *what,
                       struct sg_err *err)
{
    size_t left = sg_reader_left(in);

    if (left >= n)
        return SG_OK;
    return sg_err_set(err, SG_FORMAT, "%s: needs %zu bytes, %zu are left", what,
                      n, left);
}

static enum sg_rc get_big_endian(struct sg_reader *in, size_t len,
                                 uint64_t *ret, struct sg_err *err)
{
    uint64_t v = 0;

    SG_TRY(need(in, len, "number", err));
    for (size_t i = 0; i < len; i++)
        v = v << 8 | in->p[i];
    in->p += len;
    *ret = v;
    return SG_OK;
}

enum sg_rc sg_get_u8(struct sg_reader *in, uint8_t *ret, struct sg_err *err)
{
    uint64_t v = 0;

    SG_TRY(get_big_endian(in, sizeof(*ret), &v, err));
    *ret = (uint8_t)v;
    return SG_OK;
}

enum sg_rc sg_get_u16(struct sg_reader *in, uint16_t *ret, struct sg_err *err)
{
    uint64_t v = 0;

    SG_TRY(get_big_endian(in, sizeof(*ret), &v, err));
    *ret = (uint16_t)v;
    return SG_OK;
}

enum sg_rc sg_get_u32(struct sg_reader *in, uint32_t *ret, struct sg_err *err)
{
    uint64_t v = 0;

    SG_TRY(get_big_endian(in, sizeof(*ret), &v, err));
    *ret = (uint32_t)v;
    return SG_OK;
}

enum sg_rc sg_get_u64(struct sg_reader *in, uint64_t *ret, struct sg_err *err)
{
    return get_big_endian(in, sizeof(*ret), ret, err);
}

enum sg_rc sg_get_blob(struct sg_reader *in, size_t max, struct sg_slice *ret,
                       struct sg_err *err)
{
    struct sg_reader at = *in;
    uint32_t len = 0;

    SG_TRY(sg_get_u32(&at, &len, err));
    if (len > max)
        return sg_err_set(err, SG_FORMAT, "blob of %u bytes, at most %zu", len,
                          max);
    SG_TRY(need(&at, len, "blob", err));
    *ret = SG_SLICE(at.p, len);
    in->p = at.p + len;
    return SG_OK;
}

enum sg_rc sg_get_text(struct sg_reader *in, char *dst, size_t dst_size,
                       struct sg_err *err)
{
    struct sg_reader at = *in;
    struct sg_slice text = { 0 };

    assert(dst_size > 0);
    SG_TRY(sg_get_blob(&at, dst_size - 1, &text, err));
    if (text.len > 0 && memchr(text.p, 0, text.len) != NULL)
        return sg_err_set(err, SG_FORMAT, "text with a NUL inside");
    if (text.len > 0)
        memcpy(dst, text.p, text.len);
    dst[text.len] = '\0';
    *in = at;
    return SG_OK;
}

enum sg_rc sg_get_end(const struct sg_reader *in, struct sg_err *err)
{
    size_t left = sg_reader_left(in);

    if (left == 0)
        return SG_OK;
    return sg_err_set(err, SG_FORMAT, "%zu bytes too many at the end", left);
}
