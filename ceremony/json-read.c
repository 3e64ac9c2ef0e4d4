/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <string.h>

#include "ceremony/json.h"
#include "common/parse.h"

static enum sg_rc parse(struct sg_slice bytes, const char *what,
                        json_object **ret, struct sg_err *err)
{
    struct json_tokener *tokener = json_tokener_new_ex(CER_JSON_DEPTH_MAX + 1);

    if (tokener == NULL)
        return sg_err_set(err, SG_NOMEM, "%s", what);
    if (bytes.len > INT_MAX || !sg_is_utf8(bytes)) {
        json_tokener_free(tokener);
        return sg_err_set(err, SG_FORMAT, "%s: not UTF-8 text", what);
    }
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
    json_object *value =
        json_tokener_parse_ex(tokener, (const char *)bytes.p, (int)bytes.len);
    enum json_tokener_error fault = json_tokener_get_error(tokener);
    size_t end = json_tokener_get_parse_end(tokener);
    json_tokener_free(tokener);
    if (fault == json_tokener_success && end == bytes.len
        && json_object_is_type(value, json_type_object)) {
        *ret = value;
        return SG_OK;
    }
    (void)json_object_put(value);
    return sg_err_set(err, SG_FORMAT, "%s: not a JSON object: %s", what,
                      fault == json_tokener_success
                          ? "something stands after it, or it is none"
                          : json_tokener_error_desc(fault));
}

enum sg_rc cer_json_read(struct sg_slice bytes, const char *what,
                         json_object **ret, struct sg_err *err)
{
    SG_CLEANUP(cer_json_free) json_object *value = NULL;
    SG_CLEANUP(sg_buf_done) struct sg_buf again;

    sg_buf_init(&again, 2 * bytes.len + 64);
    SG_TRY(parse(bytes, what, &value, err));
    if (cer_json_write(value, &again, err) != SG_OK)
        return sg_err_wrap(err, "%s", what);
    if (!sg_slice_eq(sg_buf_slice(&again), bytes))
        return sg_err_set(err, SG_FORMAT,
                          "%s: not in canonical form (changed by hand?)", what);
    *ret = SG_TAKE(value);
    return SG_OK;
}

void cer_reader_init(struct cer_reader *in, json_object *object,
                     const char *what)
{
    *in = (struct cer_reader){ .object = object, .what = what };
}

bool cer_reader_has(const struct cer_reader *in, const char *key)
{
    return json_object_object_get_ex(in->object, key, NULL);
}

enum sg_rc cer_take_or_null(struct cer_reader *in, const char *key,
                            enum json_type type, json_object **ret,
                            struct sg_err *err)
{
    json_object *value;

    if (!json_object_object_get_ex(in->object, key, &value))
        return sg_err_set(err, SG_FORMAT, "%s: \"%s\" is missing", in->what,
                          key);
    if (value != NULL && !json_object_is_type(value, type))
        return sg_err_set(err, SG_FORMAT, "%s: \"%s\" is not of type %s",
                          in->what, key, json_type_to_name(type));
    if (in->n_taken == SG_ARRAY_LEN(in->taken))
        return sg_err_set(err, SG_BUG, "%s: too many keys", in->what);
    in->taken[in->n_taken++] = key;
    *ret = value;
    return SG_OK;
}

enum sg_rc cer_take(struct cer_reader *in, const char *key, enum json_type type,
                    json_object **ret, struct sg_err *err)
{
    json_object *value;

    SG_TRY(cer_take_or_null(in, key, type, &value, err));
    if (value == NULL)
        return sg_err_set(err, SG_FORMAT, "%s: \"%s\" is not of type %s",
                          in->what, key, json_type_to_name(type));
    *ret = value;
    return SG_OK;
}

enum sg_rc cer_take_text(struct cer_reader *in, const char *key,
                         struct sg_arena *arena, const char **ret,
                         struct sg_err *err)
{
    json_object *value;

    SG_TRY(cer_take(in, key, json_type_string, &value, err));
    const char *text = json_object_get_string(value);
    if (strlen(text) != (size_t)json_object_get_string_len(value))
        return sg_err_set(err, SG_FORMAT, "%s: \"%s\" holds a NUL", in->what,
                          key);
    const char *copy = sg_arena_strdup(arena, text);
    if (copy == NULL)
        return sg_err_set(err, SG_NOMEM, "%s", in->what);
    *ret = copy;
    return SG_OK;
}

enum sg_rc cer_take_int(struct cer_reader *in, const char *key, int64_t min,
                        int64_t max, int64_t *ret, struct sg_err *err)
{
    json_object *value;

    SG_TRY(cer_take(in, key, json_type_int, &value, err));
    int64_t v = json_object_get_int64(value);
    if (v < min || v > max)
        return sg_err_set(err, SG_FORMAT,
                          "%s: \"%s\" is %lld, must be %lld to %lld", in->what,
                          key, (long long)v, (long long)min, (long long)max);
    *ret = v;
    return SG_OK;
}

enum sg_rc cer_take_bool(struct cer_reader *in, const char *key, bool *ret,
                         struct sg_err *err)
{
    json_object *value;

    SG_TRY(cer_take(in, key, json_type_boolean, &value, err));
    *ret = json_object_get_boolean(value);
    return SG_OK;
}

enum sg_rc cer_take_time(struct cer_reader *in, const char *key, int64_t *ret,
                         struct sg_err *err)
{
    json_object *value;

    SG_TRY(cer_take(in, key, json_type_string, &value, err));
    if (sg_parse_time(json_object_get_string(value), ret, err) != SG_OK)
        return sg_err_wrap(err, "%s: \"%s\"", in->what, key);
    return SG_OK;
}

enum sg_rc cer_take_bytes(struct cer_reader *in, const char *key,
                          struct sg_arena *arena, struct sg_slice *ret,
                          struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf bytes;
    json_object *value;

    sg_buf_init(&bytes, arena->max);
    SG_TRY(cer_take(in, key, json_type_string, &value, err));
    if (sg_base64_decode(sg_slice_str(json_object_get_string(value)), &bytes,
                         err)
        != SG_OK)
        return sg_err_wrap(err, "%s: \"%s\"", in->what, key);
    struct sg_slice copy = sg_arena_copy(arena, sg_buf_slice(&bytes));
    if (bytes.len > 0 && copy.p == NULL)
        return sg_err_set(err, SG_NOMEM, "%s", in->what);
    *ret = copy;
    return SG_OK;
}

enum sg_rc cer_take_hex(struct cer_reader *in, const char *key, uint8_t *ret,
                        size_t len, struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf bytes;
    json_object *value;

    sg_buf_init(&bytes, 1024);
    SG_TRY(cer_take(in, key, json_type_string, &value, err));
    if (sg_parse_hex(json_object_get_string(value), &bytes, err) != SG_OK)
        return sg_err_wrap(err, "%s: \"%s\"", in->what, key);
    if (bytes.len != len)
        return sg_err_set(err, SG_FORMAT, "%s: \"%s\" has %zu octets, not %zu",
                          in->what, key, bytes.len, len);
    memcpy(ret, bytes.data, len);
    return SG_OK;
}

static bool was_taken(const struct cer_reader *in, const char *key)
{
    for (size_t i = 0; i < in->n_taken; i++)
        if (strcmp(in->taken[i], key) == 0)
            return true;
    return false;
}

enum sg_rc cer_reader_end(const struct cer_reader *in, struct sg_err *err)
{
    char shown[SG_SHOW_MAX];

    json_object_object_foreach(in->object, key, member)
    {
        (void)member;
        if (!was_taken(in, key))
            return sg_err_set(err, SG_FORMAT, "%s: \"%s\" is not a key here",
                              in->what, sg_show(key, shown));
    }
    return SG_OK;
}
