/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/html.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ceremony/json.h"
#include "ceremony/plan-int.h"
#include "common/parse.h"

#define HEX_DIGITS_MIN 32

void cer_html_init(struct cer_html *w, struct sg_buf *out)
{
    *w = (struct cer_html){ .out = out };
}

enum sg_rc cer_html_finish(struct cer_html *w, struct sg_err *err)
{
    if (w->err.rc == SG_OK)
        return SG_OK;
    return sg_err_set(err, w->err.rc, "page: %s", w->err.msg);
}

static void put(struct cer_html *w, const void *p, size_t len)
{
    if (w->err.rc == SG_OK)
        (void)sg_buf_put(w->out, p, len, &w->err);
}

void cer_html_raw(struct cer_html *w, const char *markup)
{
    put(w, markup, strlen(markup));
}

void cer_html_rawf(struct cer_html *w, const char *fmt, ...)
{
    char text[256];
    va_list ap;

    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    if (n < 0 || (size_t)n >= sizeof(text))
        (void)sg_err_set(&w->err, SG_BUG, "markup too long");
    else
        put(w, text, (size_t)n);
}

/* Bytes of the character that the lead octet begins; the text is UTF-8. */
static size_t char_len(uint8_t lead)
{
    return lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

static uint32_t code_point(const uint8_t *p, size_t len)
{
    static const uint8_t lead[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
    uint32_t c = p[0] & lead[len];

    for (size_t i = 1; i < len; i++)
        c = c << 6 | (p[i] & 0x3f);
    return c;
}

/* Controls, and what makes text look like another one: directions, zero width
 * (Unicode 9.9, 23.2). */
static bool is_hidden(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad
           || (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e)
           || (c >= 0x2060 && c <= 0x206f) || c == 0x61c || c == 0xfeff;
}

static void put_char(struct cer_html *w, const uint8_t *p, size_t len)
{
    uint32_t c = code_point(p, len);

    if (c == '<')
        cer_html_raw(w, "&lt;");
    else if (c == '>')
        cer_html_raw(w, "&gt;");
    else if (c == '&')
        cer_html_raw(w, "&amp;");
    else if (c == '"')
        cer_html_raw(w, "&quot;");
    else if (c == '\'')
        cer_html_raw(w, "&#39;");
    else if (is_hidden(c))
        cer_html_rawf(w, "[U+%04X]", (unsigned)c);
    else
        put(w, p, len);
}

void cer_html_slice(struct cer_html *w, struct sg_slice text)
{
    bool utf8 = sg_is_utf8(text);
    size_t step;

    for (size_t i = 0; i < text.len; i += step) {
        step = utf8 ? char_len(text.p[i]) : 1;
        if (utf8 || text.p[i] < 0x80)
            put_char(w, text.p + i, step);
        else
            cer_html_rawf(w, "[0x%02X]", text.p[i]);
    }
}

void cer_html_text(struct cer_html *w, const char *text)
{
    cer_html_slice(w, sg_slice_str(text));
}

void cer_html_hex(struct cer_html *w, struct sg_slice bytes)
{
    cer_html_raw(w, "<code>");
    for (size_t i = 0; i < bytes.len; i++)
        cer_html_rawf(w, "%s%02x", i > 0 && i % 4 == 0 ? " " : "", bytes.p[i]);
    cer_html_raw(w, "</code>");
}

void cer_html_hash(struct cer_html *w, struct sg_slice hash)
{
    char words[CER_WORDS_MAX];

    cer_html_hex(w, hash);
    cer_html_raw(w, "<div class=\"words\">");
    cer_html_text(w, cer_words(hash, words, sizeof(words)));
    cer_html_raw(w, "</div>");
}

void cer_html_row(struct cer_html *w, const char *name, const char *value)
{
    cer_html_raw(w, "<dt>");
    cer_html_text(w, name);
    cer_html_raw(w, "</dt><dd>");
    cer_html_text(w, value);
    cer_html_raw(w, "</dd>\n");
}

static void put_key(struct cer_html *w, const char *key)
{
    char title[CER_TITLE_MAX];

    cer_html_text(w, cer_key_title(key, title));
}

static void put_json(struct cer_html *w, json_object *value, unsigned depth);

static void put_row(struct cer_html *w, const char *key, json_object *value,
                    unsigned depth)
{
    cer_html_raw(w, "<dt>");
    put_key(w, key);
    cer_html_raw(w, "</dt><dd>");
    put_json(w, value, depth + 1);
    cer_html_raw(w, "</dd>\n");
}

static void put_object(struct cer_html *w, json_object *value, unsigned depth)
{
    cer_html_raw(w, "<dl>");
    json_object_object_foreach(value, key, member)
        put_row(w, key, member, depth);
    cer_html_raw(w, "</dl>");
}

static bool is_flat(json_object *value)
{
    json_object_object_foreach(value, key, member)
    {
        (void)key;
        if (json_object_is_type(member, json_type_object)
            || json_object_is_type(member, json_type_array))
            return false;
    }
    return true;
}

/* {"name":…,"critical":…} as "keyUsage (critical)". */
static bool put_named(struct cer_html *w, json_object *value)
{
    json_object *name = NULL;
    json_object *critical = NULL;

    if (json_object_object_length(value) != 2
        || !json_object_object_get_ex(value, "name", &name)
        || !json_object_object_get_ex(value, "critical", &critical))
        return false;
    cer_html_text(w, json_object_get_string(name));
    if (json_object_get_boolean(critical))
        cer_html_raw(w, " (critical)");
    return true;
}

/* A small object on one line. */
static void put_inline(struct cer_html *w, json_object *value, unsigned depth)
{
    bool first = true;

    if (put_named(w, value))
        return;
    json_object_object_foreach(value, key, member)
    {
        cer_html_raw(w, first ? "<span class=\"key\">"
                              : " · <span class=\"key\">");
        put_key(w, key);
        cer_html_raw(w, "</span> ");
        put_json(w, member, depth + 1);
        first = false;
    }
}

static void put_array(struct cer_html *w, json_object *value, unsigned depth)
{
    size_t n = json_object_array_length(value);

    if (n == 0) {
        cer_html_raw(w, "<span class=\"none\">none</span>");
        return;
    }
    cer_html_raw(w, "<ul>");
    for (size_t i = 0; i < n; i++) {
        json_object *one = json_object_array_get_idx(value, i);
        cer_html_raw(w, "<li>");
        if (json_object_is_type(one, json_type_object) && is_flat(one))
            put_inline(w, one, depth + 1);
        else
            put_json(w, one, depth + 1);
        cer_html_raw(w, "</li>");
    }
    cer_html_raw(w, "</ul>");
}

/* Hashes, key identifiers, serial numbers: eight digits at a time. */
static void put_text(struct cer_html *w, const char *text)
{
    size_t len = strlen(text);

    if (len < HEX_DIGITS_MIN || strspn(text, "0123456789abcdef") != len) {
        cer_html_text(w, text);
        return;
    }
    cer_html_raw(w, "<code>");
    for (size_t i = 0; i < len; i += 8)
        cer_html_rawf(w, "%s%.8s", i > 0 ? " " : "", text + i);
    cer_html_raw(w, "</code>");
}

static void put_json(struct cer_html *w, json_object *value, unsigned depth)
{
    if (depth > CER_JSON_DEPTH_MAX)
        (void)sg_err_set(&w->err, SG_FORMAT, "nested too deep");
    else if (json_object_is_type(value, json_type_object))
        put_object(w, value, depth);
    else if (json_object_is_type(value, json_type_array))
        put_array(w, value, depth);
    else if (json_object_is_type(value, json_type_null))
        cer_html_raw(w, "<span class=\"none\">none</span>");
    else if (json_object_is_type(value, json_type_boolean))
        cer_html_raw(w, json_object_get_boolean(value) ? "yes" : "no");
    else
        put_text(w, json_object_get_string(value));
}

void cer_html_json(struct cer_html *w, json_object *value)
{
    put_json(w, value, 0);
}

void cer_html_json_row(struct cer_html *w, const char *key, json_object *value)
{
    put_row(w, key, value, 0);
}
