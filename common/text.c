/* SPDX-License-Identifier: Apache-2.0 */
#include "common/parse.h"

#include <assert.h>
#include <string.h>

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static enum sg_rc put_hex(const char *text, struct sg_buf *out,
                          struct sg_err *err)
{
    const char *p = text;
    char shown[SG_SHOW_MAX];

    do {
        int high = hex_digit(p[0]);
        int low = high >= 0 ? hex_digit(p[1]) : -1;

        if (low < 0)
            return sg_err_set(err, SG_FORMAT, "\"%s\": not hexadecimal octets",
                              sg_show(text, shown));
        SG_TRY(sg_buf_put_u8(out, (uint8_t)(high << 4 | low), err));
        p += 2;
        if (p[0] == ':' && p[1] != '\0')
            p++;
    } while (*p != '\0');
    return SG_OK;
}

enum sg_rc sg_parse_hex(const char *text, struct sg_buf *out,
                        struct sg_err *err)
{
    size_t before = out->len;
    enum sg_rc rc = put_hex(text, out, err);

    if (rc != SG_OK)
        out->len = before;
    return rc;
}

static char *hex(struct sg_slice bytes, char *dst, size_t size, bool colons)
{
    static const char digits[] = "0123456789abcdef";
    size_t n = 0;

    assert(size > 0);
    for (size_t i = 0; i < bytes.len; i++) {
        bool colon = colons && i > 0;

        if (n + (colon ? 3 : 2) >= size)
            break;
        if (colon)
            dst[n++] = ':';
        dst[n++] = digits[bytes.p[i] >> 4];
        dst[n++] = digits[bytes.p[i] & 0xf];
    }
    dst[n] = '\0';
    return dst;
}

char *sg_hex(struct sg_slice bytes, char *dst, size_t size)
{
    return hex(bytes, dst, size, false);
}

char *sg_hex_colons(struct sg_slice bytes, char *dst, size_t size)
{
    return hex(bytes, dst, size, true);
}

/* --- base64 (RFC 4648 section 4) ------------------------------------------ */

enum { B64_BAD, B64_PAD, B64_SPACE, B64_IS_DIGIT = 0x40 };

/* What each ASCII character is; a digit's value stands in the lower six bits.
 * All others are B64_BAD. */
static const uint8_t B64_KIND[256] = {
    0,    0,    0,    0,    0,    0,    0,    0,    0,    2,    2,    0,
    0,    2,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,
    0,    0,    0,    0,    0,    0,    0,    0,    2,    0,    0,    0,
    0,    0,    0,    0,    0,    0,    0,    0x7e, 0,    0,    0,    0x7f,
    0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7a, 0x7b, 0x7c, 0x7d, 0,    0,
    0,    1,    0,    0,    0,    0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46,
    0x47, 0x48, 0x49, 0x4a, 0x4b, 0x4c, 0x4d, 0x4e, 0x4f, 0x50, 0x51, 0x52,
    0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0,    0,    0,    0,    0,
    0,    0x5a, 0x5b, 0x5c, 0x5d, 0x5e, 0x5f, 0x60, 0x61, 0x62, 0x63, 0x64,
    0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f, 0x70,
    0x71, 0x72, 0x73, 0,    0,    0,    0,    0
};

static const char B64_DIGIT[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

struct b64_state {
    uint8_t *dst;
    const uint8_t *limit;
    uint32_t bits;
    unsigned digits; /* in bits, 0–3 */
    unsigned pads;
};

static enum sg_rc b64_padding_fault(struct sg_err *err)
{
    return sg_err_set(err, SG_FORMAT, "base64: wrong padding (RFC 4648 3.2)");
}

/* The n upper octets of the 24 bits in v. */
static enum sg_rc b64_put(struct b64_state *s, uint32_t v, unsigned n,
                          struct sg_err *err)
{
    if ((size_t)(s->limit - s->dst) < n)
        return sg_err_set(err, SG_LIMIT, "base64: more than the buffer takes");
    for (unsigned i = 0; i < n; i++)
        *s->dst++ = (uint8_t)(v >> (16 - 8 * i));
    return SG_OK;
}

static enum sg_rc b64_one(struct b64_state *s, uint8_t c, struct sg_err *err)
{
    uint8_t v = B64_KIND[c];

    if (v == B64_SPACE)
        return SG_OK;
    if (v == B64_BAD)
        return sg_err_set(err, SG_FORMAT,
                          "base64: character 0x%02x (RFC 4648 3.3)", c);
    if (v == B64_PAD)
        return ++s->pads <= 2 ? SG_OK : b64_padding_fault(err);
    if (s->pads > 0)
        return sg_err_set(err, SG_FORMAT,
                          "base64: text after the padding (RFC 4648 3.3)");
    s->bits = s->bits << 6 | (v & 63U);
    if (++s->digits < 4)
        return SG_OK;
    SG_TRY(b64_put(s, s->bits, 3, err));
    s->bits = 0;
    s->digits = 0;
    return SG_OK;
}

/* At the end of the text: whole groups, no bits left over. */
static enum sg_rc b64_close(struct b64_state *s, struct sg_err *err)
{
    if (s->digits == 0 && s->pads == 0)
        return SG_OK;
    if (s->digits < 2 || s->digits + s->pads != 4)
        return b64_padding_fault(err);

    unsigned octets = s->digits - 1;
    uint32_t v = s->bits << 6 * s->pads;
    if ((v & (octets == 1 ? 0xffffU : 0xffU)) != 0)
        return sg_err_set(err, SG_FORMAT,
                          "base64: bits left over (RFC 4648 3.5)");
    return b64_put(s, v, octets, err);
}

/* Groups of four digits, as far as they come without anything between.
 * Returns where it stopped: everything else is b64_one()'s. */
static const uint8_t *b64_groups(struct b64_state *s, const uint8_t *p,
                                 const uint8_t *end)
{
    while (end - p >= 4 && s->limit - s->dst >= 3) {
        uint8_t a = B64_KIND[p[0]];
        uint8_t b = B64_KIND[p[1]];
        uint8_t c = B64_KIND[p[2]];
        uint8_t d = B64_KIND[p[3]];

        if ((a & b & c & d & B64_IS_DIGIT) == 0)
            break;
        s->dst[0] = (uint8_t)(a << 2 | (b & 63) >> 4);
        s->dst[1] = (uint8_t)(b << 4 | (c & 63) >> 2);
        s->dst[2] = (uint8_t)(c << 6 | (d & 63));
        s->dst += 3;
        p += 4;
    }
    return p;
}

enum sg_rc sg_base64_decode(struct sg_slice text, struct sg_buf *out,
                            struct sg_err *err)
{
    /* Whitespace makes text.len an upper bound only: less room may do. */
    size_t room = text.len / 4 * 3 + 3;
    if (room > out->max - out->len)
        room = out->max - out->len;
    SG_TRY(sg_buf_reserve(out, room, err));
    if (text.len == 0 || room == 0)
        return text.len == 0 ? SG_OK
                             : sg_err_set(err, SG_LIMIT,
                                          "base64: more than the buffer takes");

    struct b64_state s = { .dst = out->data + out->len,
                           .limit = out->data + out->len + room };
    const uint8_t *end = text.p + text.len;
    for (const uint8_t *p = text.p; p < end;) {
        if (s.digits == 0 && s.pads == 0)
            p = b64_groups(&s, p, end);
        if (p < end)
            SG_TRY(b64_one(&s, *p++, err));
    }
    SG_TRY(b64_close(&s, err));
    out->len = (size_t)(s.dst - out->data);
    return SG_OK;
}

enum sg_rc sg_base64_encode(struct sg_slice bytes, struct sg_buf *out,
                            struct sg_err *err)
{
    const uint8_t *p = bytes.p;
    size_t len = bytes.len;

    if (len == 0)
        return SG_OK;
    if (len > SIZE_MAX / 2)
        return sg_err_set(err, SG_LIMIT, "base64: %zu bytes", len);
    SG_TRY(sg_buf_reserve(out, (len + 2) / 3 * 4, err));
    uint8_t *dst = out->data + out->len;
    out->len += (len + 2) / 3 * 4;
    for (; len >= 3; len -= 3, p += 3) {
        *dst++ = (uint8_t)B64_DIGIT[p[0] >> 2];
        *dst++ = (uint8_t)B64_DIGIT[(p[0] << 4 | p[1] >> 4) & 63];
        *dst++ = (uint8_t)B64_DIGIT[(p[1] << 2 | p[2] >> 6) & 63];
        *dst++ = (uint8_t)B64_DIGIT[p[2] & 63];
    }
    if (len == 0)
        return SG_OK;
    uint8_t second = len == 2 ? p[1] : 0;
    *dst++ = (uint8_t)B64_DIGIT[p[0] >> 2];
    *dst++ = (uint8_t)B64_DIGIT[(p[0] << 4 | second >> 4) & 63];
    *dst++ = (uint8_t)(len == 2 ? B64_DIGIT[second << 2 & 63] : '=');
    *dst++ = '=';
    return SG_OK;
}

/* --- UTF-8 ----------------------------------------------------------------- */

/* Octets of the character at p, 0 when there is none (RFC 3629 section 4:
 * shortest form, no surrogates, at most U+10FFFF). */
static size_t utf8_character(const uint8_t *p, size_t left)
{
    static const struct {
        uint8_t first, last; /* range of the leading octet */
        uint8_t low, high;   /* range of the second octet */
        size_t octets;
    } rows[] = {
        { 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
        { 0xe1, 0xec, 0x80, 0xbf, 3 }, { 0xed, 0xed, 0x80, 0x9f, 3 },
        { 0xee, 0xef, 0x80, 0xbf, 3 }, { 0xf0, 0xf0, 0x90, 0xbf, 4 },
        { 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
    };

    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        if (p[0] < rows[i].first || p[0] > rows[i].last)
            continue;
        if (left < rows[i].octets || p[1] < rows[i].low || p[1] > rows[i].high)
            return 0;
        for (size_t k = 2; k < rows[i].octets; k++)
            if ((p[k] & 0xc0) != 0x80)
                return 0;
        return rows[i].octets;
    }
    return 0;
}

bool sg_is_utf8(struct sg_slice s)
{
    for (size_t i = 0; i < s.len;) {
        if (s.p[i] > 0 && s.p[i] < 0x80) {
            i++;
            continue;
        }
        size_t n = utf8_character(s.p + i, s.len - i);
        if (n == 0)
            return false;
        i += n;
    }
    return true;
}
