/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "ceremony/json.h"
#include "common/clock.h"
#include "common/parse.h"

static enum sg_rc write_value(json_object *value, unsigned depth,
                              struct sg_buf *out, struct sg_err *err);

static enum sg_rc write_string(const char *text, size_t len, struct sg_buf *out,
                               struct sg_err *err)
{
    SG_TRY(sg_buf_put_u8(out, '"', err));
    for (size_t i = 0; i < len; i++) {
        uint8_t c = (uint8_t)text[i];
        static const char escapes[] = "\bb\tt\nn\ff\rr\"\"\\\\";
        const char *escape = NULL;

        for (size_t k = 0; k < sizeof(escapes) - 1; k += 2)
            if ((uint8_t)escapes[k] == c)
                escape = &escapes[k + 1];
        if (escape != NULL)
            SG_TRY(sg_buf_printf(out, err, "\\%c", *escape));
        else if (c < 0x20)
            SG_TRY(sg_buf_printf(out, err, "\\u%04x", c));
        else
            SG_TRY(sg_buf_put_u8(out, c, err));
    }
    return sg_buf_put_u8(out, '"', err);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static enum sg_rc write_object(json_object *object, unsigned depth,
                               struct sg_buf *out, struct sg_err *err)
{
    const char *keys[CER_JSON_KEYS_MAX];
    size_t n = 0;

    if (json_object_object_length(object) > CER_JSON_KEYS_MAX)
        return sg_err_set(err, SG_BUG, "JSON object of more than %d members",
                          CER_JSON_KEYS_MAX);
    json_object_object_foreach(object, key, member)
    {
        (void)member;
        keys[n++] = key;
    }
    qsort(keys, n, sizeof(keys[0]), by_text);
    SG_TRY(sg_buf_put_u8(out, '{', err));
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            SG_TRY(sg_buf_put_u8(out, ',', err));
        SG_TRY(write_string(keys[i], strlen(keys[i]), out, err));
        SG_TRY(sg_buf_put_u8(out, ':', err));
        SG_TRY(write_value(json_object_object_get(object, keys[i]), depth + 1,
                           out, err));
    }
    return sg_buf_put_u8(out, '}', err);
}

static enum sg_rc write_array(json_object *array, unsigned depth,
                              struct sg_buf *out, struct sg_err *err)
{
    size_t n = json_object_array_length(array);

    SG_TRY(sg_buf_put_u8(out, '[', err));
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            SG_TRY(sg_buf_put_u8(out, ',', err));
        SG_TRY(write_value(json_object_array_get_idx(array, i), depth + 1, out,
                           err));
    }
    return sg_buf_put_u8(out, ']', err);
}

/* Bounded by CER_JSON_DEPTH_MAX. */
/* NOLINTNEXTLINE(misc-no-recursion) */
static enum sg_rc write_value(json_object *value, unsigned depth,
                              struct sg_buf *out, struct sg_err *err)
{
    if (depth > CER_JSON_DEPTH_MAX)
        return sg_err_set(err, SG_FORMAT, "JSON nested deeper than %d",
                          CER_JSON_DEPTH_MAX);
    switch (json_object_get_type(value)) {
    case json_type_null:
        return sg_buf_put_str(out, "null", err);
    case json_type_boolean:
        return sg_buf_put_str(
            out, json_object_get_boolean(value) ? "true" : "false", err);
    case json_type_int:
        return sg_buf_printf(out, err, "%lld",
                             (long long)json_object_get_int64(value));
    case json_type_string:
        return write_string(json_object_get_string(value),
                            (size_t)json_object_get_string_len(value), out,
                            err);
    case json_type_object:
        return write_object(value, depth, out, err);
    case json_type_array:
        return write_array(value, depth, out, err);
    case json_type_double:
        break;
    }
    return sg_err_set(err, SG_FORMAT, "JSON: a number with a fraction");
}

enum sg_rc cer_json_write(json_object *value, struct sg_buf *out,
                          struct sg_err *err)
{
    return write_value(value, 0, out, err);
}

enum sg_rc cer_json_put(json_object *object, const char *key,
                        json_object *own_value, struct sg_err *err)
{
    if (own_value != NULL
        && json_object_object_add(object, key, own_value) == 0)
        return SG_OK;
    (void)json_object_put(own_value);
    return sg_err_set(err, SG_NOMEM, "JSON \"%s\"", key);
}

enum sg_rc cer_json_put_null(json_object *object, const char *key,
                             struct sg_err *err)
{
    if (json_object_object_add(object, key, NULL) == 0)
        return SG_OK;
    return sg_err_set(err, SG_NOMEM, "JSON \"%s\"", key);
}

enum sg_rc cer_json_put_text(json_object *object, const char *key,
                             const char *value, struct sg_err *err)
{
    return cer_json_put(object, key, json_object_new_string(value), err);
}

enum sg_rc cer_json_put_int(json_object *object, const char *key, int64_t value,
                            struct sg_err *err)
{
    return cer_json_put(object, key, json_object_new_int64(value), err);
}

enum sg_rc cer_json_put_bool(json_object *object, const char *key, bool value,
                             struct sg_err *err)
{
    return cer_json_put(object, key, json_object_new_boolean(value), err);
}

enum sg_rc cer_json_put_bytes(json_object *object, const char *key,
                              struct sg_slice value, struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf text;

    sg_buf_init(&text, 2 * value.len + 8);
    SG_TRY(sg_base64_encode(value, &text, err));
    return cer_json_put(
        object, key,
        json_object_new_string_len(text.len > 0 ? (const char *)text.data : "",
                                   (int)text.len),
        err);
}

enum sg_rc cer_json_put_hex(json_object *object, const char *key,
                            struct sg_slice value, struct sg_err *err)
{
    char text[129];

    if (value.len > 64)
        return sg_err_set(err, SG_BUG, "JSON \"%s\": more than 64 octets", key);
    return cer_json_put_text(object, key, sg_hex(value, text, sizeof(text)),
                             err);
}

enum sg_rc cer_json_put_time(json_object *object, const char *key,
                             int64_t value, struct sg_err *err)
{
    char text[SG_TIME_TEXT_MAX];

    return cer_json_put_text(object, key, sg_time_text(value, text), err);
}
