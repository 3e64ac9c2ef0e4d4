/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/form.h"

#include <string.h>

#include "common/parse.h"

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Percent and plus decoding (URL standard 5.1). */
static enum sg_rc decode(struct sg_arena *arena, struct sg_slice in,
                         const char **ret, struct sg_err *err)
{
    char *text = sg_arena_alloc(arena, in.len + 1);
    size_t n = 0;
    if (text == NULL)
        return sg_err_set(err, SG_NOMEM, "request body");
    for (size_t i = 0; i < in.len; i++) {
        uint8_t c = in.p[i];
        if (c == '%') {
            int high = in.len - i > 2 ? hex_digit(in.p[i + 1]) : -1;
            int low = in.len - i > 2 ? hex_digit(in.p[i + 2]) : -1;
            if (high < 0 || low < 0)
                return sg_err_set(err, SG_FORMAT,
                                  "error parsing form: bad percent escape");
            c = (uint8_t)(high << 4 | low);
            i += 2;
        } else if (c == '+') {
            c = ' ';
        }
        if (c == 0)
            return sg_err_set(err, SG_FORMAT,
                              "error parsing form: NUL in a value");
        text[n++] = (char)c;
    }
    if (!sg_is_utf8(SG_SLICE((const uint8_t *)text, n)))
        return sg_err_set(err, SG_FORMAT,
                          "error parsing form: value is not UTF-8");
    *ret = text;
    return SG_OK;
}

static struct srv_json *find(struct srv_json *root, const char *key)
{
    for (struct srv_json *v = root->first; v != NULL; v = v->next)
        if (strcmp(v->key, key) == 0)
            return v;
    return NULL;
}

static struct srv_json *new_string(struct sg_arena *arena, const char *text)
{
    struct srv_json *v = sg_arena_new(arena, struct srv_json);
    if (v != NULL) {
        v->type = SRV_JSON_STRING;
        v->key = "";
        v->text = text;
    }
    return v;
}

static void append(struct srv_json *parent, struct srv_json *child)
{
    struct srv_json **tail = &parent->first;
    while (*tail != NULL)
        tail = &(*tail)->next;
    *tail = child;
    parent->n++;
}

static enum sg_rc add_pair(struct sg_arena *arena, struct srv_json *root,
                           struct sg_slice pair, struct sg_err *err)
{
    const char *key = NULL;
    const char *text = NULL;
    const uint8_t *eq = memchr(pair.p, '=', pair.len);
    size_t key_len = eq == NULL ? pair.len : (size_t)(eq - pair.p);
    size_t skip = eq == NULL ? key_len : key_len + 1;
    SG_TRY(decode(arena, SG_SLICE(pair.p, key_len), &key, err));
    SG_TRY(decode(arena, SG_SLICE(pair.p + skip, pair.len - skip), &text, err));
    struct srv_json *known = find(root, key);
    struct srv_json *v = new_string(arena, text);
    if (v == NULL)
        return sg_err_set(err, SG_NOMEM, "request body");
    if (known == NULL) {
        v->key = key;
        append(root, v);
        return SG_OK;
    }
    if (known->type == SRV_JSON_STRING) {
        struct srv_json *first = new_string(arena, known->text);
        if (first == NULL)
            return sg_err_set(err, SG_NOMEM, "request body");
        known->type = SRV_JSON_ARRAY;
        known->text = NULL;
        append(known, first);
    }
    append(known, v);
    return SG_OK;
}

enum sg_rc srv_form_parse(struct sg_arena *arena, struct sg_slice body,
                          const struct srv_json **ret, struct sg_err *err)
{
    struct srv_json *root = sg_arena_new(arena, struct srv_json);
    size_t pairs = 0;
    size_t at = 0;
    if (root == NULL)
        return sg_err_set(err, SG_NOMEM, "request body");
    root->type = SRV_JSON_OBJECT;
    while (at < body.len) {
        const uint8_t *amp = memchr(body.p + at, '&', body.len - at);
        size_t end = amp == NULL ? body.len : (size_t)(amp - body.p);
        /* The same bound as for the keys of a JSON object. */
        if (++pairs > SRV_JSON_MEMBERS_MAX)
            return sg_err_set(err, SG_FORMAT,
                              "error parsing form: more than %d fields",
                              SRV_JSON_MEMBERS_MAX);
        if (end > at)
            SG_TRY(add_pair(arena, root, SG_SLICE(body.p + at, end - at), err));
        at = end + 1;
    }
    *ret = root;
    return SG_OK;
}
