/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/t.h"

#include <string.h>

#include "signer/form.h"
#include "signer/json.h"

#define ARENA_MAX (4 * 1024 * 1024)

static struct sg_arena arena;
static struct sg_err err;

static int setup(void **state)
{
    (void)state;
    sg_arena_init(&arena, ARENA_MAX);
    sg_err_clear(&err);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    sg_arena_done(&arena);
    return 0;
}

static const struct srv_json *read_ok(const char *text)
{
    const struct srv_json *v = NULL;
    sg_err_clear(&err);
    if (srv_json_parse(&arena, sg_slice_str(text), &v, &err) != SG_OK)
        fail_msg("%s: %s", text, err.msg);
    return v;
}

static void refused(struct sg_slice body, const char *message)
{
    const struct srv_json *v = NULL;
    sg_err_clear(&err);
    t_assert_fails(srv_json_parse(&arena, body, &v, &err), SG_FORMAT);
    assert_string_equal(err.msg, message);
    assert_null(v);
}

static void test_values(void **state)
{
    (void)state;
    const struct srv_json *v =
        read_ok(" {\"a\":\"x\",\"b\":-1.5e+3,\"c\":true,\"d\":false,"
                "\"e\":null,\"f\":[1,\"\",[]],\"g\":{}}\r\n\t ");
    assert_int_equal(v->type, SRV_JSON_OBJECT);
    assert_int_equal(v->n, 7);
    const struct srv_json *e = v->first;
    assert_string_equal(e->key, "a");
    assert_string_equal(e->text, "x");
    e = e->next;
    assert_int_equal(e->type, SRV_JSON_NUMBER);
    assert_string_equal(e->text, "-1.5e+3");
    e = e->next;
    assert_int_equal(e->type, SRV_JSON_BOOL);
    assert_true(e->truth);
    e = e->next;
    assert_false(e->truth);
    e = e->next;
    assert_int_equal(e->type, SRV_JSON_NULL);
    e = e->next;
    assert_int_equal(e->type, SRV_JSON_ARRAY);
    assert_int_equal(e->n, 3);
    assert_string_equal(e->first->key, "");
    assert_string_equal(e->first->text, "1");
    assert_string_equal(e->next->key, "g");
    assert_null(e->next->next);
}

static void test_strings(void **state)
{
    static const struct {
        const char *json;
        const char *text;
    } rows[] = {
        { "\"\"", "" },
        { "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t" },
        { "\"\\u0041\\u00e9\\u20ac\"", "A\u00e9\u20ac" },
        { "\"\\ud83d\\ude00\"", "\U0001f600" },
        { "\"M\u00fcnchen\"", "M\u00fcnchen" },
        { "\"a\\nb\\u0062\"", "a\nbb" },
    };
    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++)
        assert_string_equal(read_ok(rows[i].json)->text, rows[i].text);
}

static void test_refused(void **state)
{
    static const struct {
        const char *json;
        const char *message;
    } rows[] = {
        { "", "error parsing JSON: offset 0: unexpected end" },
        { "  ", "error parsing JSON: offset 2: unexpected end" },
        { "{", "error parsing JSON: offset 1: expected '\"'" },
        { "{\"a\"", "error parsing JSON: offset 4: expected ':'" },
        { "{\"a\":}", "error parsing JSON: offset 5: unexpected character" },
        { "{\"a\":1,}", "error parsing JSON: offset 7: expected '\"'" },
        { "{\"a\":1 \"b\":2}", "error parsing JSON: offset 7: expected ','" },
        { "{a:1}", "error parsing JSON: offset 1: expected '\"'" },
        { "{\"a\":1}x",
          "error parsing JSON: offset 7: something follows the value" },
        { "[1,]", "error parsing JSON: offset 3: unexpected character" },
        { "[1", "error parsing JSON: offset 2: expected ','" },
        { "nul", "error parsing JSON: offset 0: unexpected character" },
        { "NaN", "error parsing JSON: offset 0: unexpected character" },
        { "'a'", "error parsing JSON: offset 0: unexpected character" },
        { "/**/1", "error parsing JSON: offset 0: unexpected character" },
        { "01", "error parsing JSON: offset 2: bad number" },
        { "-", "error parsing JSON: offset 1: bad number" },
        { "1.", "error parsing JSON: offset 2: bad number" },
        { "1e", "error parsing JSON: offset 2: bad number" },
        { "+1", "error parsing JSON: offset 0: unexpected character" },
        { "\"a", "error parsing JSON: offset 1: string without an end" },
        { "\"a\\", "error parsing JSON: offset 1: string without an end" },
        { "\"a\\\"", "error parsing JSON: offset 1: string without an end" },
        { "\"\\x\"", "error parsing JSON: offset 2: bad escape in a string" },
        { "\"\\u12\"", "error parsing JSON: offset 3: cut \\u escape" },
        { "\"\\u12g4\"", "error parsing JSON: offset 3: bad \\u escape" },
        { "\"\\u1", "error parsing JSON: offset 1: string without an end" },
        { "\"\\u\"", "error parsing JSON: offset 3: cut \\u escape" },
        { "\"a\nb\"",
          "error parsing JSON: offset 2: control character in a string" },
        { "\"a\\u0000b\"", "error parsing JSON: offset 8: NUL in a string" },
        { "{\"a\\u0000\":1}", "error parsing JSON: offset 9: NUL in a string" },
        { "\"\\ud800\"",
          "error parsing JSON: offset 7: lone surrogate in a string" },
        { "\"\\ud800\\u0041\"",
          "error parsing JSON: offset 13: lone surrogate in a string" },
        { "\"\\udc00\"",
          "error parsing JSON: offset 7: lone surrogate in a string" },
        { "\"\xff\"", "error parsing JSON: offset 1: string is not UTF-8" },
        { "\"\xc0\x80\"", "error parsing JSON: offset 1: string is not UTF-8" },
        { "{\"ttl\":1,\"ttl\":2}",
          "error parsing JSON: offset 14: key \"ttl\" is there twice" },
        { "{\"t\":1,\"\\u0074\":2}",
          "error parsing JSON: offset 15: key \"t\" is there twice" },
        { "[[[[[[[[[]]]]]]]]]",
          "error parsing JSON: offset 9: nested more than 8 deep" },
    };
    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++)
        refused(sg_slice_str(rows[i].json), rows[i].message);
    (void)read_ok("[[[[[[[[]]]]]]]]");
}

static void test_nul_bytes(void **state)
{
    (void)state;
    refused(SG_SLICE((const uint8_t *)"\"a\0b\"", 5),
            "error parsing JSON: offset 2: NUL in a string");
    refused(SG_SLICE((const uint8_t *)"1\0", 2),
            "error parsing JSON: offset 1: something follows the value");
    refused(SG_SLICE((const uint8_t *)"\0", 1),
            "error parsing JSON: offset 0: unexpected character");
    refused(SG_SLICE((const uint8_t *)"\"\\\0\"", 4),
            "error parsing JSON: offset 1: string is not UTF-8");
    refused(SG_SLICE(NULL, 0), "error parsing JSON: offset 0: unexpected end");
}

/* A body that ends anywhere is refused and read no further than its end. */
static void test_truncated(void **state)
{
    static const char TEXT[] = "{\"a\":[1,-2.5e3,\"\\u20ac\\ud83d\\ude00\"],"
                               "\"b\":{\"c\":true,\"d\":null}}";
    (void)state;
    for (size_t n = 0; n < sizeof(TEXT) - 1; n++) {
        const struct srv_json *v = NULL;
        struct sg_slice copy =
            sg_arena_copy(&arena, SG_SLICE((const uint8_t *)TEXT, n));
        sg_err_clear(&err);
        t_assert_fails(srv_json_parse(&arena, copy, &v, &err), SG_FORMAT);
    }
    (void)read_ok(TEXT);
}

static void test_too_many(void **state)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf text;
    (void)state;
    sg_buf_init(&text, 65536);
    assert_int_equal(sg_buf_put_str(&text, "[0", &err), SG_OK);
    for (int i = 0; i < SRV_JSON_VALUES_MAX; i++)
        assert_int_equal(sg_buf_put_str(&text, ",0", &err), SG_OK);
    refused(sg_buf_slice(&text),
            "error parsing JSON: offset 8191: more than 4096 values");
    sg_buf_reset(&text);
    assert_int_equal(sg_buf_put_str(&text, "{\"\":0", &err), SG_OK);
    for (int i = 0; i < SRV_JSON_MEMBERS_MAX; i++)
        assert_int_equal(sg_buf_printf(&text, &err, ",\"%d\":0", i), SG_OK);
    refused(sg_buf_slice(&text),
            "error parsing JSON: offset 1941: more than 256 keys in an object");
}

static void test_no_memory(void **state)
{
    const struct srv_json *v = NULL;
    struct sg_arena small;
    (void)state;
    sg_arena_init(&small, 128);
    t_assert_fails(srv_json_parse(&small,
                                  sg_slice_str("{\"a\":\"b\",\"c\":\"d\"}"), &v,
                                  &err),
                   SG_NOMEM);
    assert_null(v);
    sg_arena_done(&small);
}

static void test_write(void **state)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf out;
    (void)state;
    sg_buf_init(&out, 1024);
    assert_int_equal(
        srv_json_put_str(&out, sg_slice_str("a\"\\\n\r\t\x01\x7f\u20ac"), &err),
        SG_OK);
    assert_int_equal(sg_buf_put_u8(&out, 0, &err), SG_OK);
    assert_string_equal((const char *)out.data,
                        "\"a\\\"\\\\\\n\\r\\t\\u0001\\u007f\u20ac\"");
}

static void test_write_pem(void **state)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf out;
    (void)state;
    sg_buf_init(&out, 1024);
    assert_int_equal(
        srv_json_put_pem(&out, sg_slice_str("-----A-----\nMA==\n\nx"), &err),
        SG_OK);
    assert_int_equal(sg_buf_put_u8(&out, 0, &err), SG_OK);
    assert_string_equal((const char *)out.data, "-----A-----\\nMA==\\n\\nx");
    assert_int_equal(srv_json_put_pem(&out, SG_SLICE(NULL, 0), &err), SG_OK);
}

static void test_form(void **state)
{
    const struct srv_json *v = NULL;
    (void)state;
    const char *body = "a=1&b=x+y%2Cz&&c&a=2&d=%c3%BC";
    assert_int_equal(srv_form_parse(&arena, sg_slice_str(body), &v, &err),
                     SG_OK);
    assert_int_equal(v->n, 4);
    const struct srv_json *e = v->first;
    assert_string_equal(e->key, "a");
    assert_int_equal(e->type, SRV_JSON_ARRAY);
    assert_int_equal(e->n, 2);
    assert_string_equal(e->first->text, "1");
    assert_string_equal(e->first->next->text, "2");
    assert_string_equal(e->next->text, "x y,z");
    assert_string_equal(e->next->next->key, "c");
    assert_string_equal(e->next->next->text, "");
    assert_string_equal(e->next->next->next->text, "\u00fc");
}

static void test_form_refused(void **state)
{
    static const struct {
        const char *body;
        const char *message;
    } rows[] = {
        { "a=%", "error parsing form: bad percent escape" },
        { "a=%2", "error parsing form: bad percent escape" },
        { "a=%zz", "error parsing form: bad percent escape" },
        { "a=%00", "error parsing form: NUL in a value" },
        { "%00=a", "error parsing form: NUL in a value" },
        { "a=%ff", "error parsing form: value is not UTF-8" },
    };
    const struct srv_json *v = NULL;
    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        sg_err_clear(&err);
        t_assert_fails(
            srv_form_parse(&arena, sg_slice_str(rows[i].body), &v, &err),
            SG_FORMAT);
        assert_string_equal(err.msg, rows[i].message);
    }
    SG_CLEANUP(sg_buf_done) struct sg_buf many;
    sg_buf_init(&many, 8192);
    sg_err_clear(&err);
    for (int i = 0; i <= SRV_JSON_MEMBERS_MAX; i++)
        assert_int_equal(sg_buf_printf(&many, &err, "%d=1&", i), SG_OK);
    t_assert_fails(srv_form_parse(&arena, sg_buf_slice(&many), &v, &err),
                   SG_FORMAT);
    assert_string_equal(err.msg, "error parsing form: more than 256 fields");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_values, setup, teardown),
        cmocka_unit_test_setup_teardown(test_strings, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nul_bytes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_truncated, setup, teardown),
        cmocka_unit_test_setup_teardown(test_too_many, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_memory, setup, teardown),
        cmocka_unit_test_setup_teardown(test_write, setup, teardown),
        cmocka_unit_test_setup_teardown(test_write_pem, setup, teardown),
        cmocka_unit_test_setup_teardown(test_form, setup, teardown),
        cmocka_unit_test_setup_teardown(test_form_refused, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
