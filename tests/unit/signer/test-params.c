/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/t.h"

#include <string.h>

#include "signer/params.h"

#define FIELD "Field validation failed: error converting input for field "

static struct sg_arena arena;
static struct sg_err err;

static int setup(void **state)
{
    (void)state;
    sg_arena_init(&arena, 1024 * 1024);
    sg_err_clear(&err);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    sg_arena_done(&arena);
    return 0;
}

static struct srv_params *body_of_type(const char *text, const char *type)
{
    struct srv_params *params = NULL;
    sg_err_clear(&err);
    if (srv_params_parse(&arena, sg_slice_str(text), type, &params, &err)
        != SG_OK)
        fail_msg("%s: %s", text, err.msg);
    return params;
}

static struct srv_params *body(const char *text)
{
    return body_of_type(text, NULL);
}

/* {"f":<value>} */
static struct srv_params *field(const char *value)
{
    return body(sg_arena_printf(&arena, "{\"f\":%s}", value));
}

static void test_bodies(void **state)
{
    struct srv_params *params = NULL;
    (void)state;
    (void)body("");
    (void)body(" \r\n");
    (void)body("{}");
    (void)body_of_type("", "application/x-www-form-urlencoded");
    assert_int_equal(
        srv_params_parse(&arena, SG_SLICE(NULL, 0), NULL, &params, &err),
        SG_OK);
    params = NULL;
    t_assert_fails(
        srv_params_parse(&arena, sg_slice_str("[1]"), NULL, &params, &err),
        SG_FORMAT);
    assert_string_equal(
        err.msg, "error parsing JSON: the body is an array, not an object");
    assert_null(params);
    sg_err_clear(&err);
    t_assert_fails(srv_params_parse(&arena, sg_slice_str("a=b"),
                                    "application/json", &params, &err),
                   SG_FORMAT);
    assert_string_equal(err.msg,
                        "error parsing JSON: offset 0: unexpected character");
}

static void test_form(void **state)
{
    const char *text = NULL;
    struct srv_list list = { 0 };
    bool flag = false;
    (void)state;
    struct srv_params *params =
        body_of_type("cn=a+b&names=x%2Cy&names=z&on=true",
                     "Application/X-WWW-Form-Urlencoded; charset=utf-8");
    assert_int_equal(srv_params_str(params, "cn", &text, NULL, &err), SG_OK);
    assert_string_equal(text, "a b");
    assert_int_equal(srv_params_list(params, "names", &list, NULL, &err),
                     SG_OK);
    assert_int_equal(list.n, 2);
    assert_string_equal(list.v[0], "x,y");
    assert_int_equal(srv_params_bool(params, "on", &flag, NULL, &err), SG_OK);
    assert_true(flag);
    /* what "curl -d" makes of JSON */
    params =
        body_of_type(" {\"cn\":\"a+b\"}", "application/x-www-form-urlencoded");
    assert_int_equal(srv_params_str(params, "cn", &text, NULL, &err), SG_OK);
    assert_string_equal(text, "a+b");
}

/* What each kind of JSON value reads as; NULL: refused, message in tail. */
static void test_strings(void **state)
{
    static const struct {
        const char *value, *text, *tail;
    } rows[] = {
        { "\"x\"", "x", NULL },
        { "\"\"", "", NULL },
        { "12.50", "12.50", NULL },
        { "true", "1", NULL },
        { "false", "0", NULL },
        { "[]", NULL, "expected a string, got an array" },
        { "{}", NULL, "expected a string, got an object" },
    };
    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        const char *text = "preset";
        bool set = false;
        enum sg_rc rc =
            srv_params_str(field(rows[i].value), "f", &text, &set, &err);
        assert_int_equal(rc, rows[i].text != NULL ? SG_OK : SG_FORMAT);
        if (rows[i].text != NULL) {
            assert_string_equal(text, rows[i].text);
            assert_true(set);
        } else {
            assert_string_equal(text, "preset");
            assert_string_equal(
                err.msg,
                sg_arena_printf(&arena, FIELD "\"f\": %s", rows[i].tail));
        }
    }
}

static void test_null_and_absent(void **state)
{
    static const char *const BODIES[] = { "{}", "{\"f\":null}" };
    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(BODIES); i++) {
        struct srv_params *params = body(BODIES[i]);
        const char *text = "preset";
        bool flag = true;
        bool set = true;
        int64_t number = 7;
        struct srv_list list = { .n = 3 };
        assert_int_equal(srv_params_str(params, "f", &text, &set, &err), SG_OK);
        assert_string_equal(text, "preset");
        assert_false(set);
        assert_int_equal(srv_params_bool(params, "f", &flag, &set, &err),
                         SG_OK);
        assert_true(flag);
        assert_int_equal(srv_params_int(params, "f", &number, &set, &err),
                         SG_OK);
        assert_int_equal(srv_params_duration(params, "f", &number, &set, &err),
                         SG_OK);
        assert_int_equal(number, 7);
        assert_int_equal(srv_params_list(params, "f", &list, &set, &err),
                         SG_OK);
        assert_int_equal(list.n, 3);
        assert_false(set);
    }
}

static void test_bools(void **state)
{
    static const struct {
        const char *value;
        int want; /* -1: refused */
    } rows[] = {
        { "true", 1 },      { "false", 0 },     { "\"true\"", 1 },
        { "\"True\"", 1 },  { "\"TRUE\"", 1 },  { "\"t\"", 1 },
        { "\"T\"", 1 },     { "\"1\"", 1 },     { "1", 1 },
        { "\"false\"", 0 }, { "\"False\"", 0 }, { "\"FALSE\"", 0 },
        { "\"f\"", 0 },     { "\"F\"", 0 },     { "\"0\"", 0 },
        { "0", 0 },         { "\"\"", 0 },      { "\"yes\"", -1 },
        { "2", -1 },        { "\"tRUE\"", -1 }, { "[]", -1 },
    };
    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        bool flag = rows[i].want == 0;
        enum sg_rc rc =
            srv_params_bool(field(rows[i].value), "f", &flag, NULL, &err);
        if (rows[i].want < 0) {
            assert_int_equal(rc, SG_FORMAT);
            continue;
        }
        assert_int_equal(rc, SG_OK);
        assert_int_equal(flag, rows[i].want);
    }
    sg_err_clear(&err);
    bool flag = false;
    t_assert_fails(srv_params_bool(field("\"yes\""), "f", &flag, NULL, &err),
                   SG_FORMAT);
    assert_string_equal(err.msg, FIELD "\"f\": \"yes\" is not a boolean");
}

static void test_ints(void **state)
{
    static const struct {
        const char *value;
        int64_t want; /* -9: refused, -8: not set */
    } rows[] = {
        { "30", 30 },     { "\"30\"", 30 }, { "-1", -1 },
        { "\"-1\"", -1 }, { "true", 1 },    { "\"\"", -8 },
        { "1.5", -9 },    { "\"x\"", -9 },  { "\" 1\"", -9 },
        { "[1]", -9 },    { "1e3", -9 },    { "9223372036854775808", -9 },
    };
    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        int64_t v = -8;
        bool set = false;
        enum sg_rc rc =
            srv_params_int(field(rows[i].value), "f", &v, &set, &err);
        assert_int_equal(rc, rows[i].want == -9 ? SG_FORMAT : SG_OK);
        if (rc == SG_OK) {
            assert_int_equal(v, rows[i].want);
            assert_int_equal(set, rows[i].want != -8);
        }
    }
}

static void test_durations(void **state)
{
    static const struct {
        const char *value;
        int64_t want; /* -9: refused, -8: not set */
    } rows[] = {
        { "3600", 3600 },
        { "\"3600\"", 3600 },
        { "\"1h\"", 3600 },
        { "\"90s\"", 90 },
        { "\"15m\"", 900 },
        { "\"30d\"", 2592000 },
        { "\"2160h0m0s\"", 7776000 },
        { "\"1.5h\"", 5400 },
        { "0", 0 },
        { "\"\"", -8 },
        { "\"0\"", 0 },
        { "-1", -9 },
        { "\"-1h\"", -9 },
        { "\"1w\"", -9 },
        { "\"1y\"", -9 },
        { "\"h\"", -9 },
        { "true", -9 },
        { "[3600]", -9 },
        { "{}", -9 },
    };
    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        int64_t v = -8;
        bool set = true;
        enum sg_rc rc =
            srv_params_duration(field(rows[i].value), "f", &v, &set, &err);
        assert_int_equal(rc, rows[i].want == -9 ? SG_FORMAT : SG_OK);
        assert_int_equal(v, rows[i].want == -9 ? -8 : rows[i].want);
        if (rc == SG_OK)
            assert_int_equal(set, rows[i].want != -8);
    }
    sg_err_clear(&err);
    int64_t v = 0;
    t_assert_fails(srv_params_duration(field("true"), "f", &v, NULL, &err),
                   SG_FORMAT);
    assert_string_equal(err.msg,
                        FIELD "\"f\": expected a duration, got a boolean");
}

static void test_lists(void **state)
{
    static const struct {
        const char *value;
        const char *joined; /* with "|"; NULL: refused */
    } rows[] = {
        { "\"a,b\"", "a|b" },
        { "\" a , ,b,\"", "a|b" },
        { "\"\"", "" },
        { "\",\"", "" },
        { "[\"a\",\"b\"]", "a|b" },
        { "[\" a \",\"\",\"b,c\"]", "a|b,c" },
        { "[]", "" },
        { "[1,true]", "1|1" },
        { "7", "7" },
        { "[[\"a\"]]", NULL },
        { "[null]", NULL },
        { "{}", NULL },
    };
    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct srv_list list = { 0 };
        const char *joined = "";
        enum sg_rc rc =
            srv_params_list(field(rows[i].value), "f", &list, NULL, &err);
        assert_int_equal(rc, rows[i].joined == NULL ? SG_FORMAT : SG_OK);
        if (rc != SG_OK)
            continue;
        for (size_t k = 0; k < list.n; k++)
            joined = sg_arena_printf(&arena, "%s%s%s", joined,
                                     k == 0 ? "" : "|", list.v[k]);
        assert_string_equal(joined, rows[i].joined);
    }
}

static void test_list_messages(void **state)
{
    struct srv_list list = { 0 };
    char commas[1100];
    (void)state;
    t_assert_fails(srv_params_list(field("{}"), "f", &list, NULL, &err),
                   SG_FORMAT);
    assert_string_equal(err.msg, FIELD "\"f\": expected a list, got an object");
    sg_err_clear(&err);
    t_assert_fails(srv_params_list(field("[[]]"), "f", &list, NULL, &err),
                   SG_FORMAT);
    assert_string_equal(err.msg,
                        FIELD "\"f\": an element of the list is an array");
    memset(commas, ',', sizeof(commas));
    commas[0] = commas[sizeof(commas) - 2] = '"';
    commas[sizeof(commas) - 1] = '\0';
    sg_err_clear(&err);
    t_assert_fails(srv_params_list(field(commas), "f", &list, NULL, &err),
                   SG_FORMAT);
    assert_string_equal(err.msg, FIELD "\"f\": more than 1024 elements");
}

static void test_unknown(void **state)
{
    struct srv_warnings warnings = { 0 };
    const char *text = NULL;
    (void)state;
    struct srv_params *params =
        body("{\"zeta\":1,\"known\":\"x\",\"alpha\":null,\"role\":\"web\"}");
    assert_int_equal(srv_params_str(params, "known", &text, NULL, &err), SG_OK);
    srv_params_warn_unknown(params, &warnings);
    assert_int_equal(warnings.n, 2);
    assert_string_equal(
        warnings.v[0],
        "Endpoint ignored these unrecognized parameters: [alpha zeta]");
    assert_string_equal(
        warnings.v[1],
        "Endpoint replaced the value of these parameters with the values "
        "captured from the endpoint's path: [role]");
}

static void test_nothing_unknown(void **state)
{
    struct srv_warnings warnings = { 0 };
    const char *text = NULL;
    (void)state;
    struct srv_params *params = body("{\"known\":\"x\"}");
    assert_int_equal(srv_params_str(params, "known", &text, NULL, &err), SG_OK);
    srv_params_warn_unknown(params, &warnings);
    assert_int_equal(warnings.n, 0);
}

static void test_long_unknown_names(void **state)
{
    struct srv_warnings warnings = { 0 };
    char name[700];
    (void)state;
    memset(name, 'x', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    srv_params_warn_unknown(body(sg_arena_printf(&arena, "{\"%s\":1}", name)),
                            &warnings);
    assert_int_equal(warnings.n, 1);
    assert_int_equal(strlen(warnings.v[0]),
                     strlen("Endpoint ignored these unrecognized parameters: "
                            "[]")
                         + 383);
}

static void test_warnings_end(void **state)
{
    struct srv_warnings warnings = { 0 };
    (void)state;
    for (int i = 0; i < SRV_WARNINGS_MAX + 5; i++)
        srv_warn(&warnings, &arena, "warning %d", i);
    assert_int_equal(warnings.n, SRV_WARNINGS_MAX);
    assert_string_equal(warnings.v[SRV_WARNINGS_MAX - 1], "warning 31");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_bodies, setup, teardown),
        cmocka_unit_test_setup_teardown(test_form, setup, teardown),
        cmocka_unit_test_setup_teardown(test_strings, setup, teardown),
        cmocka_unit_test_setup_teardown(test_null_and_absent, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bools, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ints, setup, teardown),
        cmocka_unit_test_setup_teardown(test_durations, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lists, setup, teardown),
        cmocka_unit_test_setup_teardown(test_list_messages, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unknown, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nothing_unknown, setup, teardown),
        cmocka_unit_test_setup_teardown(test_long_unknown_names, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_warnings_end, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
