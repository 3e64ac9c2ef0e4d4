/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/t.h"

#include <string.h>

#include "ceremony/json.h"

static void accept(const char *text)
{
    struct sg_err err = { 0 };
    json_object *object = NULL;
    struct sg_buf again;

    sg_buf_init(&again, 4096);
    t_ok(&err, cer_json_read(sg_slice_str(text), "doc", &object, &err));
    t_ok(&err, cer_json_write(object, &again, &err));
    assert_true(sg_slice_eq(sg_buf_slice(&again), sg_slice_str(text)));
    sg_buf_done(&again);
    cer_json_free(object);
}

static void refuse(const char *text, const char *message)
{
    struct sg_err err = { 0 };
    json_object *object = NULL;

    t_refused(&err, cer_json_read(sg_slice_str(text), "doc", &object, &err),
              SG_FORMAT, message);
    assert_null(object);
}

static void canonical_texts_come_back(void **state)
{
    (void)state;
    accept("{}");
    accept("{\"a\":1,\"b\":[true,false,null,-5],\"c\":{\"d\":\"e\"}}");
    accept("{\"a\":9223372036854775807,\"b\":-9223372036854775808}");
    accept("{\"esc\":\"\\b\\t\\n\\f\\r\\\"\\\\\\u0001\\u001f/\"}");
    accept("{\"utf8\":\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x94\x91\x7f\"}");
    accept("{\"A\":0,\"a\":0,\"aa\":0,\"\xc3\xa4\":0}");
}

#define BY_HAND "doc: not in canonical form (changed by hand?)"

static void every_other_way_to_write_is_refused(void **state)
{
    static const char *const texts[] = {
        "{ }",
        "{\"a\": 1}",
        "{\"b\":1,\"a\":2}",
        "{\"a\":1,\"a\":1}",
        "{\"a\":1,\"a\":2}",
        "{\"a\":-0}",
        "{\"a\":9223372036854775808}",
        "{\"a\":\"\\u0041\"}",
        "{\"a\":\"\\/\"}",
        "{\"a\":\"\\u001F\"}",
        "{\"a\\u0000b\":1}",
        "\n{}",
        "{}\n",
    };

    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(texts); i++)
        refuse(texts[i], BY_HAND);
}

static void what_is_no_json_object_is_refused(void **state)
{
    struct sg_err err = { 0 };
    json_object *object = NULL;

    (void)state;
    refuse("", "doc: not a JSON object: continue");
    refuse("[]", "doc: not a JSON object: something stands after it, or it is "
                 "none");
    refuse("{}x", "doc: not a JSON object: unexpected character");
    refuse("{\"a\":\"\xff\"}", "doc: not UTF-8 text");
    refuse("{\"a\":1.5}", "doc: JSON: a number with a fraction");
    t_assert_fails(
        cer_json_read(sg_slice_str("{\"a\":01}"), "doc", &object, &err),
        SG_FORMAT);
    sg_err_clear(&err);
    t_assert_fails(
        cer_json_read(sg_slice_str("{\"a\":[[[[[[[[[[[1]]]]]]]]]]]}"), "doc",
                      &object, &err),
        SG_FORMAT);
}

/* --- members -------------------------------------------------------------- */

static json_object *parse(const char *text)
{
    struct sg_err err = { 0 };
    json_object *object = NULL;

    t_ok(&err, cer_json_read(sg_slice_str(text), "doc", &object, &err));
    return object;
}

static void members_are_taken_with_their_types(void **state)
{
    struct sg_err err = { 0 };
    struct sg_arena arena;
    struct cer_reader in;
    int64_t n = 0;
    int64_t t = 0;
    bool b = false;
    const char *text = NULL;
    struct sg_slice bytes = { 0 };
    uint8_t hex[2];
    json_object *object = parse(
        "{\"b\":true,\"bytes\":\"AQI=\",\"hex\":\"ab01\",\"n\":7,"
        "\"null\":null,\"text\":\"x\",\"time\":\"2027-01-31T00:00:00Z\"}");
    json_object *none = object;

    (void)state;
    sg_arena_init(&arena, 4096);
    cer_reader_init(&in, object, "doc");
    t_ok(&err, cer_take_int(&in, "n", 0, 7, &n, &err));
    assert_int_equal(n, 7);
    t_ok(&err, cer_take_bool(&in, "b", &b, &err));
    assert_true(b);
    t_ok(&err, cer_take_text(&in, "text", &arena, &text, &err));
    assert_string_equal(text, "x");
    t_ok(&err, cer_take_time(&in, "time", &t, &err));
    assert_int_equal(t, 1801353600);
    t_ok(&err, cer_take_bytes(&in, "bytes", &arena, &bytes, &err));
    assert_int_equal(bytes.len, 2);
    t_ok(&err, cer_take_hex(&in, "hex", hex, 2, &err));
    assert_int_equal(hex[0], 0xab);
    t_refused(&err, cer_reader_end(&in, &err), SG_FORMAT,
              "doc: \"null\" is not a key here");
    t_ok(&err, cer_take_or_null(&in, "null", json_type_int, &none, &err));
    assert_null(none);
    t_ok(&err, cer_reader_end(&in, &err));
    sg_arena_done(&arena);
    cer_json_free(object);
}

static void wrong_members_are_named(void **state)
{
    struct sg_err err = { 0 };
    struct sg_arena arena;
    struct cer_reader in;
    int64_t n = 5;
    uint8_t hex[2];
    const char *text = NULL;
    json_object *value = NULL;
    json_object *object =
        parse("{\"hex\":\"ab01\",\"n\":7,\"nul\":\"a\\u0000\","
              "\"null\":null,\"text\":\"x\"}");

    (void)state;
    sg_arena_init(&arena, 4096);
    cer_reader_init(&in, object, "doc");
    t_refused(&err, cer_take_int(&in, "m", 0, 9, &n, &err), SG_FORMAT,
              "doc: \"m\" is missing");
    t_refused(&err, cer_take_int(&in, "n", 0, 6, &n, &err), SG_FORMAT,
              "doc: \"n\" is 7, must be 0 to 6");
    assert_int_equal(n, 5);
    t_refused(&err, cer_take_int(&in, "text", 0, 6, &n, &err), SG_FORMAT,
              "doc: \"text\" is not of type int");
    t_refused(&err, cer_take(&in, "null", json_type_string, &value, &err),
              SG_FORMAT, "doc: \"null\" is not of type string");
    t_refused(&err, cer_take_text(&in, "nul", &arena, &text, &err), SG_FORMAT,
              "doc: \"nul\" holds a NUL");
    t_refused(&err, cer_take_hex(&in, "hex", hex, 1, &err), SG_FORMAT,
              "doc: \"hex\" has 2 octets, not 1");
    sg_arena_done(&arena);
    cer_json_free(object);
}

static void members_are_put(void **state)
{
    static const uint8_t octets[] = { 1, 2, 0xff };
    struct sg_err err = { 0 };
    struct sg_buf out;
    json_object *object = json_object_new_object();

    (void)state;
    sg_buf_init(&out, 4096);
    t_ok(&err, cer_json_put_time(object, "z", 0, &err));
    t_ok(&err, cer_json_put_null(object, "n", &err));
    t_ok(&err, cer_json_put_bytes(object, "b", SG_SLICE(octets, 3), &err));
    t_ok(&err, cer_json_put_hex(object, "h", SG_SLICE(octets, 3), &err));
    t_ok(&err, cer_json_put_bool(object, "f", false, &err));
    t_ok(&err, cer_json_put_int(object, "i", -1, &err));
    t_ok(&err, cer_json_put_text(object, "t", "\"", &err));
    t_ok(&err, cer_json_write(object, &out, &err));
    assert_true(sg_slice_eq(
        sg_buf_slice(&out),
        sg_slice_str("{\"b\":\"AQL/\",\"f\":false,\"h\":\"0102ff\",\"i\":-1,"
                     "\"n\":null,\"t\":\"\\\"\","
                     "\"z\":\"1970-01-01T00:00:00Z\"}")));
    sg_buf_done(&out);
    cer_json_free(object);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(canonical_texts_come_back),
        cmocka_unit_test(every_other_way_to_write_is_refused),
        cmocka_unit_test(what_is_no_json_object_is_refused),
        cmocka_unit_test(members_are_taken_with_their_types),
        cmocka_unit_test(wrong_members_are_named),
        cmocka_unit_test(members_are_put),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
