/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/json.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/parse.h"

struct reader {
    const uint8_t *p;
    const uint8_t *end;
    const uint8_t *base;
    struct sg_arena *arena;
    size_t values;
    struct sg_err *err;
};

const char *srv_json_type_name(enum srv_json_type type)
{
    switch (type) {
    case SRV_JSON_NULL:
        return "null";
    case SRV_JSON_BOOL:
        return "a boolean";
    case SRV_JSON_NUMBER:
        return "a number";
    case SRV_JSON_STRING:
        return "a string";
    case SRV_JSON_ARRAY:
        return "an array";
    case SRV_JSON_OBJECT:
        return "an object";
    case SRV_JSON_UNSET:
        break;
    }
    return "?";
}

#define JSON_FAIL(in, ...) json_fail_at((in), SG_HERE, __VA_ARGS__)
SG_PRINTF(3, 4)
static enum sg_rc json_fail_at(const struct reader *in, const char *where,
                               const char *fmt, ...)
{
    char text[160];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    return sg_err_fill(in->err, SG_FORMAT, SG_SRC_NONE, 0, where,
                       "error parsing JSON: offset %zu: %s",
                       (size_t)(in->p - in->base), text);
}

static void skip_space(struct reader *in)
{
    while (in->p < in->end
           && (*in->p == ' ' || *in->p == '\n' || *in->p == '\r'
               || *in->p == '\t'))
        in->p++;
}

/* The next byte that means something; 0 at the end (a NUL byte means nothing
 * anywhere, so it fails wherever the end would). */
static uint8_t peek(struct reader *in)
{
    skip_space(in);
    return in->p < in->end ? *in->p : 0;
}

static enum sg_rc expect(struct reader *in, char want)
{
    if (peek(in) != (uint8_t)want)
        return JSON_FAIL(in, "expected '%c'", want);
    in->p++;
    return SG_OK;
}

static enum sg_rc read_hex4(struct reader *in, uint32_t *ret)
{
    uint32_t v = 0;
    if (in->end - in->p < 4)
        return JSON_FAIL(in, "cut \\u escape");
    for (unsigned i = 0; i < 4; i++) {
        uint8_t c = in->p[i];
        uint32_t digit = 0;
        if (c >= '0' && c <= '9')
            digit = (uint32_t)(c - '0');
        else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
            digit = (uint32_t)((c | 0x20) - 'a' + 10);
        else
            return JSON_FAIL(in, "bad \\u escape");
        v = v << 4 | digit;
    }
    in->p += 4;
    *ret = v;
    return SG_OK;
}

static char *put_utf8(char *dst, uint32_t cp)
{
    if (cp < 0x80) {
        *dst++ = (char)cp;
    } else if (cp < 0x800) {
        *dst++ = (char)(0xc0 | cp >> 6);
        *dst++ = (char)(0x80 | (cp & 0x3f));
    } else if (cp < 0x10000) {
        *dst++ = (char)(0xe0 | cp >> 12);
        *dst++ = (char)(0x80 | (cp >> 6 & 0x3f));
        *dst++ = (char)(0x80 | (cp & 0x3f));
    } else {
        *dst++ = (char)(0xf0 | cp >> 18);
        *dst++ = (char)(0x80 | (cp >> 12 & 0x3f));
        *dst++ = (char)(0x80 | (cp >> 6 & 0x3f));
        *dst++ = (char)(0x80 | (cp & 0x3f));
    }
    return dst;
}

/* After "\u": a code point, with its second half when it is a surrogate. */
static enum sg_rc read_unicode(struct reader *in, uint32_t *ret)
{
    uint32_t cp = 0;
    uint32_t low = 0;
    SG_TRY(read_hex4(in, &cp));
    if (cp == 0)
        return JSON_FAIL(in, "NUL in a string");
    if (cp >= 0xdc00 && cp <= 0xdfff)
        return JSON_FAIL(in, "lone surrogate in a string");
    if (cp >= 0xd800 && cp <= 0xdbff) {
        if (in->end - in->p < 2 || in->p[0] != '\\' || in->p[1] != 'u')
            return JSON_FAIL(in, "lone surrogate in a string");
        in->p += 2;
        SG_TRY(read_hex4(in, &low));
        if (low < 0xdc00 || low > 0xdfff)
            return JSON_FAIL(in, "lone surrogate in a string");
        cp = 0x10000 + ((cp - 0xd800) << 10) + (low - 0xdc00);
    }
    *ret = cp;
    return SG_OK;
}

static enum sg_rc read_escape(struct reader *in, char **dst)
{
    static const char from[] = "\"\\/bfnrt";
    static const char to[] = "\"\\/\b\f\n\r\t";
    uint32_t cp = 0;
    uint8_t c = in->p < in->end ? *in->p : 0;
    if (c == 'u') {
        in->p++;
        SG_TRY(read_unicode(in, &cp));
        *dst = put_utf8(*dst, cp);
        return SG_OK;
    }
    const char *at = c == 0 ? NULL : strchr(from, c);
    if (at == NULL)
        return JSON_FAIL(in, "bad escape in a string");
    in->p++;
    *(*dst)++ = to[at - from];
    return SG_OK;
}

/* The raw length of a string: up to the quote that ends it. */
static enum sg_rc string_extent(struct reader *in, const uint8_t **ret_end)
{
    const uint8_t *p = in->p;
    while (p < in->end && *p != '"') {
        if (*p < 0x20) {
            in->p = p;
            return *p == 0 ? JSON_FAIL(in, "NUL in a string")
                           : JSON_FAIL(in, "control character in a string");
        }
        p += *p == '\\' && in->end - p > 1 ? 2 : 1;
    }
    if (p >= in->end)
        return JSON_FAIL(in, "string without an end");
    *ret_end = p;
    return SG_OK;
}

static enum sg_rc read_string(struct reader *in, const char **ret)
{
    const uint8_t *end = in->end;
    SG_TRY(expect(in, '"'));
    SG_TRY(string_extent(in, &end));
    size_t raw = (size_t)(end - in->p);
    /* An escape is never shorter than what it stands for. */
    char *text = sg_arena_alloc(in->arena, raw + 1);
    if (text == NULL)
        return sg_err_set(in->err, SG_NOMEM, "request body");
    if (!sg_is_utf8(SG_SLICE(in->p, raw)))
        return JSON_FAIL(in, "string is not UTF-8");
    char *dst = text;
    while (in->p < end) {
        const uint8_t *slash = memchr(in->p, '\\', (size_t)(end - in->p));
        size_t plain = (size_t)((slash == NULL ? end : slash) - in->p);
        memcpy(dst, in->p, plain);
        dst += plain;
        in->p += plain;
        if (slash != NULL) {
            in->p++;
            SG_TRY(read_escape(in, &dst));
        }
    }
    in->p = end + 1;
    *ret = text;
    return SG_OK;
}

static size_t skip_digits(struct reader *in)
{
    const uint8_t *start = in->p;
    while (in->p < in->end && *in->p >= '0' && *in->p <= '9')
        in->p++;
    return (size_t)(in->p - start);
}

static bool take(struct reader *in, const char *any)
{
    if (in->p >= in->end || *in->p == 0 || strchr(any, *in->p) == NULL)
        return false;
    in->p++;
    return true;
}

static enum sg_rc read_number(struct reader *in, const char **ret)
{
    const uint8_t *start = in->p;
    (void)take(in, "-");
    bool zero = in->p < in->end && *in->p == '0';
    size_t digits = skip_digits(in);
    if (digits == 0 || (zero && digits > 1))
        return JSON_FAIL(in, "bad number");
    if (take(in, ".") && skip_digits(in) == 0)
        return JSON_FAIL(in, "bad number");
    if (take(in, "eE")) {
        (void)take(in, "+-");
        if (skip_digits(in) == 0)
            return JSON_FAIL(in, "bad number");
    }
    *ret = sg_arena_text(in->arena, SG_SLICE(start, (size_t)(in->p - start)));
    if (*ret == NULL)
        return sg_err_set(in->err, SG_NOMEM, "request body");
    return SG_OK;
}

static enum sg_rc read_word(struct reader *in, struct srv_json *v)
{
    static const struct {
        const char *word;
        enum srv_json_type type;
        bool truth;
    } words[] = {
        { "true", SRV_JSON_BOOL, true },
        { "false", SRV_JSON_BOOL, false },
        { "null", SRV_JSON_NULL, false },
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(words); i++) {
        size_t len = strlen(words[i].word);
        if ((size_t)(in->end - in->p) < len
            || memcmp(in->p, words[i].word, len) != 0)
            continue;
        in->p += len;
        v->type = words[i].type;
        v->truth = words[i].truth;
        return SG_OK;
    }
    if (in->p >= in->end)
        return JSON_FAIL(in, "unexpected end");
    return JSON_FAIL(in, "unexpected character");
}

static enum sg_rc read_value(struct reader *in, unsigned depth,
                             struct srv_json *v);

static enum sg_rc check_key(struct reader *in, const struct srv_json *parent,
                            const char *key)
{
    if (parent->n >= SRV_JSON_MEMBERS_MAX)
        return JSON_FAIL(in, "more than %d keys in an object",
                         SRV_JSON_MEMBERS_MAX);
    for (const struct srv_json *v = parent->first; v != NULL; v = v->next)
        if (strcmp(v->key, key) == 0)
            return JSON_FAIL(in, "key \"%.64s\" is there twice", key);
    return SG_OK;
}

static enum sg_rc read_children(struct reader *in, unsigned depth,
                                struct srv_json *parent)
{
    bool object = parent->type == SRV_JSON_OBJECT;
    uint8_t close = object ? '}' : ']';
    struct srv_json **tail = &parent->first;
    in->p++; /* the bracket that brought us here */
    if (depth >= SRV_JSON_DEPTH_MAX)
        return JSON_FAIL(in, "nested more than %d deep", SRV_JSON_DEPTH_MAX);
    if (peek(in) == close) {
        in->p++;
        return SG_OK;
    }
    for (;;) {
        const char *key = "";
        if (object) {
            SG_TRY(read_string(in, &key));
            SG_TRY(check_key(in, parent, key));
            SG_TRY(expect(in, ':'));
        }
        struct srv_json *v = sg_arena_new(in->arena, struct srv_json);
        if (v == NULL)
            return sg_err_set(in->err, SG_NOMEM, "request body");
        SG_TRY(read_value(in, depth + 1, v));
        v->key = key;
        *tail = v;
        tail = &v->next;
        parent->n++;
        if (peek(in) == close) {
            in->p++;
            return SG_OK;
        }
        SG_TRY(expect(in, ','));
    }
}

static enum sg_rc read_value(struct reader *in, unsigned depth,
                             struct srv_json *v)
{
    if (++in->values > SRV_JSON_VALUES_MAX)
        return JSON_FAIL(in, "more than %d values", SRV_JSON_VALUES_MAX);
    uint8_t c = peek(in);
    if (c == '"') {
        v->type = SRV_JSON_STRING;
        return read_string(in, &v->text);
    }
    if (c == '-' || (c >= '0' && c <= '9')) {
        v->type = SRV_JSON_NUMBER;
        return read_number(in, &v->text);
    }
    if (c == '{' || c == '[') {
        v->type = c == '{' ? SRV_JSON_OBJECT : SRV_JSON_ARRAY;
        return read_children(in, depth, v);
    }
    return read_word(in, v);
}

enum sg_rc srv_json_parse(struct sg_arena *arena, struct sg_slice body,
                          const struct srv_json **ret, struct sg_err *err)
{
    struct reader in = { .arena = arena, .err = err };
    struct srv_json *root = sg_arena_new(arena, struct srv_json);
    if (root == NULL)
        return sg_err_set(err, SG_NOMEM, "request body");
    root->key = "";
    in.p = in.base = body.p != NULL ? body.p : (const uint8_t *)"";
    in.end = in.p + (body.p != NULL ? body.len : 0);
    SG_TRY(read_value(&in, 0, root));
    skip_space(&in);
    if (in.p != in.end)
        return JSON_FAIL(&in, "something follows the value");
    *ret = root;
    return SG_OK;
}

static enum sg_rc put_escape(struct sg_buf *out, uint8_t c, struct sg_err *err)
{
    switch (c) {
    case '"':
        return sg_buf_put(out, "\\\"", 2, err);
    case '\\':
        return sg_buf_put(out, "\\\\", 2, err);
    case '\n':
        return sg_buf_put(out, "\\n", 2, err);
    case '\r':
        return sg_buf_put(out, "\\r", 2, err);
    case '\t':
        return sg_buf_put(out, "\\t", 2, err);
    default:
        return sg_buf_printf(out, err, "\\u%04x", c);
    }
}

static enum sg_rc put_escaped(struct sg_buf *out, struct sg_slice text,
                              struct sg_err *err)
{
    const uint8_t *p = text.p != NULL ? text.p : (const uint8_t *)"";
    const uint8_t *end = p + text.len;
    while (p < end) {
        const uint8_t *run = p;
        while (p < end && *p >= 0x20 && *p != '"' && *p != '\\' && *p != 0x7f)
            p++;
        SG_TRY(sg_buf_put(out, run, (size_t)(p - run), err));
        if (p < end)
            SG_TRY(put_escape(out, *p++, err));
    }
    return SG_OK;
}

enum sg_rc srv_json_put_str(struct sg_buf *out, struct sg_slice text,
                            struct sg_err *err)
{
    SG_TRY(sg_buf_put(out, "\"", 1, err));
    SG_TRY(put_escaped(out, text, err));
    return sg_buf_put(out, "\"", 1, err);
}

enum sg_rc srv_json_put_pem(struct sg_buf *out, struct sg_slice pem,
                            struct sg_err *err)
{
    size_t at = 0;
    while (at < pem.len) {
        const uint8_t *lf = memchr(pem.p + at, '\n', pem.len - at);
        size_t end = lf == NULL ? pem.len : (size_t)(lf - pem.p);
        SG_TRY(sg_buf_put(out, pem.p + at, end - at, err));
        if (lf != NULL)
            SG_TRY(sg_buf_put(out, "\\n", 2, err));
        at = end + 1;
    }
    return SG_OK;
}
