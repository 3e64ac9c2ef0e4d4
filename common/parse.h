/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_COMMON_PARSE_H
#define SG_COMMON_PARSE_H

/* Strict readers of small texts. The whole text must fit the grammar; errors
 * are SG_FORMAT and name the value and the rule. */

#include <stdint.h>

#include "common/buf.h"

/* A foreign text as it may stand in an error message: printable ASCII, cut
 * with "..." where it is longer. Returns dst. */
#define SG_SHOW_MAX 72
const char *sg_show(const char *text, char dst[SG_SHOW_MAX]);

enum sg_rc sg_parse_u64(const char *text, uint64_t min, uint64_t max,
                        uint64_t *ret, struct sg_err *err);
enum sg_rc sg_parse_i64(const char *text, int64_t min, int64_t max,
                        int64_t *ret, struct sg_err *err);
/* Vault's forms: "3600", "90s", "15m", "12h", "30d", "2160h0m0s", "1.5h",
 * "500ms" (rounded down to seconds); "w" and "y" are not units. Seconds,
 * 0 … 10^10; a minus sign is refused. */
enum sg_rc sg_parse_duration(const char *text, int64_t *ret_seconds,
                             struct sg_err *err);
/* RFC 3339 with "Z" or an offset; fractions are accepted and dropped. */
enum sg_rc sg_parse_time(const char *text, int64_t *ret, struct sg_err *err);
/* "0660": a zero and three octal digits, the permission bits. */
enum sg_rc sg_parse_mode(const char *text, unsigned *ret, struct sg_err *err);
enum sg_rc sg_parse_hex(const char *text, struct sg_buf *out,
                        struct sg_err *err); /* colons between octets allowed */
/* dst gets 2n (with colons: 3n-1) characters and a NUL, of as many whole octets
 * as it holds. Returns dst. */
char *sg_hex(struct sg_slice bytes, char *dst, size_t size);
char *sg_hex_colons(struct sg_slice bytes, char *dst, size_t size);
enum sg_rc sg_base64_decode(struct sg_slice text, struct sg_buf *out,
                            struct sg_err *err); /* whitespace is skipped */
enum sg_rc sg_base64_encode(struct sg_slice bytes, struct sg_buf *out,
                            struct sg_err *err);
bool sg_is_utf8(struct sg_slice s); /* well-formed, no NUL */
/* Equal but for ASCII case and white space: none at the ends, and any run of it
 * counts as one space. What RFC 5280 7.1 takes for the same, short of Unicode's
 * tables. */
bool sg_text_alike(struct sg_slice a, struct sg_slice b);

#endif
