/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/params.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/parse.h"
#include "signer/form.h"
#include "signer/json.h"

#define FORM_TYPE "application/x-www-form-urlencoded"
#define WARNING_MAX 512 /* bytes of one warning; longer ones are cut */
#define LIST_MAX 1024   /* elements; far beyond CA_SANS_MAX */

struct field {
    const struct srv_json *value;
    bool known;
};
struct srv_params {
    struct sg_arena *arena;
    struct field *field;
    size_t n;
};

void srv_warn(struct srv_warnings *warnings, struct sg_arena *arena,
              const char *fmt, ...)
{
    char text[WARNING_MAX];
    va_list ap;
    if (warnings->n >= SRV_WARNINGS_MAX)
        return;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    const char *copy = sg_arena_strdup(arena, text);
    if (copy != NULL)
        warnings->v[warnings->n++] = copy;
}

static bool is_form(const char *content_type)
{
    size_t len = strlen(FORM_TYPE);
    if (content_type == NULL || strncasecmp(content_type, FORM_TYPE, len) != 0)
        return false;
    return content_type[len] == '\0' || content_type[len] == ';'
           || content_type[len] == ' ';
}

/* curl's -d says "form" of whatever it sends, and Vault takes such JSON. */
static bool looks_like_json(struct sg_slice body)
{
    for (size_t i = 0; i < body.len; i++)
        if (body.p[i] == 0 || strchr(" \t\r\n", body.p[i]) == NULL)
            return body.p[i] == '{' || body.p[i] == '[';
    return false;
}

static bool is_blank(struct sg_slice body)
{
    for (size_t i = 0; i < body.len; i++)
        if (strchr(" \t\r\n", body.p[i]) == NULL || body.p[i] == 0)
            return false;
    return true;
}

enum sg_rc srv_params_parse(struct sg_arena *arena, struct sg_slice body,
                            const char *content_type,
                            struct srv_params **ret_params, struct sg_err *err)
{
    static const struct srv_json empty = { .type = SRV_JSON_OBJECT };
    const struct srv_json *root = &empty;
    if (is_form(content_type) && !looks_like_json(body))
        SG_TRY(srv_form_parse(arena, body, &root, err));
    else if (!is_blank(body))
        SG_TRY(srv_json_parse(arena, body, &root, err));
    if (root->type != SRV_JSON_OBJECT)
        return sg_err_set(err, SG_FORMAT,
                          "error parsing JSON: the body is %s, not an object",
                          srv_json_type_name(root->type));
    struct srv_params *params = sg_arena_new(arena, struct srv_params);
    struct field *field = sg_arena_array(arena, struct field, root->n + 1);
    if (params == NULL || field == NULL)
        return sg_err_set(err, SG_NOMEM, "request body");
    params->arena = arena;
    params->field = field;
    for (const struct srv_json *v = root->first; v != NULL; v = v->next)
        field[params->n++].value = v;
    *ret_params = params;
    return SG_OK;
}

/* The value of a field, NULL when it is absent or null; marks it as known. */
static const struct srv_json *take(struct srv_params *params, const char *name)
{
    for (size_t i = 0; i < params->n; i++) {
        const struct srv_json *v = params->field[i].value;
        if (strcmp(v->key, name) != 0)
            continue;
        params->field[i].known = true;
        return v->type == SRV_JSON_NULL ? NULL : v;
    }
    return NULL;
}

#define BAD_FIELD(err, name, ...) \
    bad_field_at((err), SG_HERE, (name), __VA_ARGS__)
SG_PRINTF(4, 5)
static enum sg_rc bad_field_at(struct sg_err *err, const char *where,
                               const char *name, const char *fmt, ...)
{
    char reason[256];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(reason, sizeof(reason), fmt, ap);
    va_end(ap);
    return sg_err_fill(err, SG_FORMAT, SG_SRC_NONE, 0, where,
                       "Field validation failed: error converting input for "
                       "field \"%s\": %s",
                       name, reason);
}

/* A scalar as text; NULL for arrays and objects. */
static const char *scalar_text(const struct srv_json *v)
{
    if (v->type == SRV_JSON_BOOL)
        return v->truth ? "1" : "0"; /* as Vault's decoder writes it */
    return v->type == SRV_JSON_STRING || v->type == SRV_JSON_NUMBER ? v->text
                                                                    : NULL;
}

static enum sg_rc take_text(struct srv_params *params, const char *name,
                            const char *want, const char **ret_text,
                            struct sg_err *err)
{
    const struct srv_json *v = take(params, name);
    const char *text = v == NULL ? NULL : scalar_text(v);
    if (v != NULL && text == NULL)
        return BAD_FIELD(err, name, "expected %s, got %s", want,
                         srv_json_type_name(v->type));
    *ret_text = text;
    return SG_OK;
}

static void tell(bool *ret_set, bool set)
{
    if (ret_set != NULL)
        *ret_set = set;
}

enum sg_rc srv_params_str(struct srv_params *params, const char *name,
                          const char **ret, bool *ret_set, struct sg_err *err)
{
    const char *text = NULL;
    SG_TRY(take_text(params, name, "a string", &text, err));
    if (text != NULL)
        *ret = text;
    tell(ret_set, text != NULL);
    return SG_OK;
}

enum sg_rc srv_params_bool(struct srv_params *params, const char *name,
                           bool *ret, bool *ret_set, struct sg_err *err)
{
    static const char *const true_words[] = { "1",    "t",    "T",
                                              "true", "TRUE", "True" };
    static const char *const false_words[] = { "0",     "f",     "F", "false",
                                               "FALSE", "False", "" };
    const char *text = NULL;
    SG_TRY(take_text(params, name, "a boolean", &text, err));
    tell(ret_set, text != NULL);
    if (text == NULL)
        return SG_OK;
    for (size_t i = 0; i < SG_ARRAY_LEN(true_words); i++)
        if (strcmp(text, true_words[i]) == 0) {
            *ret = true;
            return SG_OK;
        }
    for (size_t i = 0; i < SG_ARRAY_LEN(false_words); i++)
        if (strcmp(text, false_words[i]) == 0) {
            *ret = false;
            return SG_OK;
        }
    return BAD_FIELD(err, name, "\"%.64s\" is not a boolean", text);
}

enum sg_rc srv_params_int(struct srv_params *params, const char *name,
                          int64_t *ret, bool *ret_set, struct sg_err *err)
{
    const char *text = NULL;
    struct sg_err inner = { 0 };
    SG_TRY(take_text(params, name, "a number", &text, err));
    tell(ret_set, text != NULL && *text != '\0');
    if (text == NULL || *text == '\0')
        return SG_OK;
    if (sg_parse_i64(text, INT64_MIN, INT64_MAX, ret, &inner) != SG_OK)
        return BAD_FIELD(err, name, "%s", inner.msg);
    return SG_OK;
}

enum sg_rc srv_params_duration(struct srv_params *params, const char *name,
                               int64_t *ret_seconds, bool *ret_set,
                               struct sg_err *err)
{
    const struct srv_json *v = take(params, name);
    struct sg_err inner = { 0 };
    bool set = v != NULL && (v->text == NULL || *v->text != '\0');
    tell(ret_set, set);
    if (!set)
        return SG_OK;
    if (v->type != SRV_JSON_STRING && v->type != SRV_JSON_NUMBER)
        return BAD_FIELD(err, name, "expected a duration, got %s",
                         srv_json_type_name(v->type));
    if (sg_parse_duration(v->text, ret_seconds, &inner) != SG_OK)
        return BAD_FIELD(err, name, "%s", inner.msg);
    return SG_OK;
}

/* Text between two positions without the blanks around it. */
static struct sg_slice trimmed(const char *p, const char *end)
{
    while (p < end && strchr(" \t\r\n", *p) != NULL)
        p++;
    while (end > p && strchr(" \t\r\n", end[-1]) != NULL)
        end--;
    return SG_SLICE((const uint8_t *)p, (size_t)(end - p));
}

static enum sg_rc list_add(struct sg_arena *arena, struct srv_list *list,
                           struct sg_slice text, struct sg_err *err)
{
    if (text.len == 0)
        return SG_OK;
    list->v[list->n] = sg_arena_text(arena, text);
    if (list->v[list->n] == NULL)
        return sg_err_set(err, SG_NOMEM, "request body");
    list->n++;
    return SG_OK;
}

static enum sg_rc list_split(struct sg_arena *arena, const char *name,
                             const char *text, struct srv_list *list,
                             struct sg_err *err)
{
    size_t commas = 0;
    for (const char *p = text; *p != '\0'; p++)
        commas += *p == ',';
    if (commas >= LIST_MAX)
        return BAD_FIELD(err, name, "more than %d elements", LIST_MAX);
    list->v = sg_arena_array(arena, const char *, commas + 1);
    if (list->v == NULL)
        return sg_err_set(err, SG_NOMEM, "request body");
    for (const char *p = text;; p++) {
        const char *end = strchrnul(p, ',');
        SG_TRY(list_add(arena, list, trimmed(p, end), err));
        p = end;
        if (*p == '\0')
            return SG_OK;
    }
}

enum sg_rc srv_params_list(struct srv_params *params, const char *name,
                           struct srv_list *ret, bool *ret_set,
                           struct sg_err *err)
{
    const struct srv_json *v = take(params, name);
    struct srv_list list = { 0 };
    tell(ret_set, v != NULL);
    if (v == NULL)
        return SG_OK;
    const char *whole = scalar_text(v);
    if (whole != NULL) {
        SG_TRY(list_split(params->arena, name, whole, &list, err));
        *ret = list;
        return SG_OK;
    }
    if (v->type != SRV_JSON_ARRAY)
        return BAD_FIELD(err, name, "expected a list, got an object");
    if (v->n > LIST_MAX)
        return BAD_FIELD(err, name, "more than %d elements", LIST_MAX);
    list.v = sg_arena_array(params->arena, const char *, v->n + 1);
    if (list.v == NULL)
        return sg_err_set(err, SG_NOMEM, "request body");
    for (const struct srv_json *e = v->first; e != NULL; e = e->next) {
        const char *text = scalar_text(e);
        if (text == NULL)
            return BAD_FIELD(err, name, "an element of the list is %s",
                             srv_json_type_name(e->type));
        SG_TRY(list_add(params->arena, &list,
                        trimmed(text, text + strlen(text)), err));
    }
    *ret = list;
    return SG_OK;
}

static int by_name(const void *a, const void *b)
{
    const struct field *x = a;
    const struct field *y = b;
    return strcmp(x->value->key, y->value->key);
}

void srv_params_warn_unknown(struct srv_params *params,
                             struct srv_warnings *warnings)
{
    char names[WARNING_MAX - 128] = ""; /* room for the sentence around it */
    size_t used = 0;
    qsort(params->field, params->n, sizeof(params->field[0]), by_name);
    for (size_t i = 0; i < params->n; i++) {
        const char *key = params->field[i].value->key;
        if (params->field[i].known || strcmp(key, "role") == 0)
            continue;
        int n = snprintf(names + used, sizeof(names) - used, "%s%s",
                         used == 0 ? "" : " ", key);
        if (n < 0 || (size_t)n >= sizeof(names) - used)
            break; /* cut: snprintf left as much as fits */
        used += (size_t)n;
    }
    if (names[0] != '\0')
        srv_warn(warnings, params->arena,
                 "Endpoint ignored these unrecognized parameters: [%s]", names);
    if (take(params, "role") != NULL)
        srv_warn(warnings, params->arena,
                 "Endpoint replaced the value of these parameters with the "
                 "values captured from the endpoint's path: [role]");
}
