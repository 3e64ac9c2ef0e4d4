/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_COMMON_BUF_H
#define SG_COMMON_BUF_H

/* Bytes with an end: borrowed slices, a growing buffer with a maximum of its
 * own, and a reader that cannot run past the end. Integers are big-endian.
 * Not thread-safe: one owner at a time. */

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

/* Borrowed bytes. p may be NULL when len is 0. */
struct sg_slice {
    const uint8_t *p;
    size_t len;
};

#define SG_SLICE(ptr, length) ((struct sg_slice){ (ptr), (length) })
struct sg_slice sg_slice_str(const char *s); /* the text without its NUL */
bool sg_slice_eq(struct sg_slice a, struct sg_slice b); /* not for secrets */

/* A growing buffer, never larger than max. Memory that is given back (on
 * growth and done) is wiped. */
struct sg_buf {
    uint8_t *data;
    size_t len;
    size_t cap;
    size_t max;
};

void sg_buf_init(struct sg_buf *buf, size_t max);
void sg_buf_done(struct sg_buf *buf); /* wipes, frees, zeroes */
/* For SG_CLEANUP(sg_buf_done): init comes before anything that may return. */
void sg_buf_done_cleanup(struct sg_buf *buf);
void sg_buf_reset(struct sg_buf *buf); /* keeps the memory, len = 0 */
struct sg_slice sg_buf_slice(const struct sg_buf *buf);

/* Make room for extra more bytes; SG_LIMIT past max, SG_NOMEM. Untouched on
 * failure, as with every call below. */
enum sg_rc sg_buf_reserve(struct sg_buf *buf, size_t extra, struct sg_err *err);
enum sg_rc sg_buf_put(struct sg_buf *buf, const void *p, size_t len,
                      struct sg_err *err);
enum sg_rc sg_buf_put_str(struct sg_buf *buf, const char *s,
                          struct sg_err *err); /* without NUL */
SG_PRINTF(3, 4)
enum sg_rc sg_buf_printf(struct sg_buf *buf, struct sg_err *err,
                         const char *fmt, ...);
enum sg_rc sg_buf_put_u8(struct sg_buf *buf, uint8_t v, struct sg_err *err);
enum sg_rc sg_buf_put_u16(struct sg_buf *buf, uint16_t v, struct sg_err *err);
enum sg_rc sg_buf_put_u32(struct sg_buf *buf, uint32_t v, struct sg_err *err);
enum sg_rc sg_buf_put_u64(struct sg_buf *buf, uint64_t v, struct sg_err *err);
/* u32 length, then the bytes. */
enum sg_rc sg_buf_put_blob(struct sg_buf *buf, struct sg_slice blob,
                           struct sg_err *err);

/* A reader over borrowed bytes. Every get fails with SG_FORMAT at the end and
 * then moves nothing. */
struct sg_reader {
    const uint8_t *p;
    const uint8_t *end;
};

void sg_reader_init(struct sg_reader *in, struct sg_slice bytes);
size_t sg_reader_left(const struct sg_reader *in);
enum sg_rc sg_get_u8(struct sg_reader *in, uint8_t *ret, struct sg_err *err);
enum sg_rc sg_get_u16(struct sg_reader *in, uint16_t *ret, struct sg_err *err);
enum sg_rc sg_get_u32(struct sg_reader *in, uint32_t *ret, struct sg_err *err);
enum sg_rc sg_get_u64(struct sg_reader *in, uint64_t *ret, struct sg_err *err);
/* A blob of at most max bytes, borrowed from the reader's bytes. */
enum sg_rc sg_get_blob(struct sg_reader *in, size_t max, struct sg_slice *ret,
                       struct sg_err *err);
/* A blob copied as text into dst with a NUL; NUL bytes inside are refused. */
enum sg_rc sg_get_text(struct sg_reader *in, char *dst, size_t dst_size,
                       struct sg_err *err);
/* SG_FORMAT unless every byte was read. */
enum sg_rc sg_get_end(const struct sg_reader *in, struct sg_err *err);

#endif
