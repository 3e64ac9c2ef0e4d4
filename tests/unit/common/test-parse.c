/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/t.h"

#include <string.h>

#include "common/parse.h"

static void unsigned_numbers(void **state)
{
    static const struct {
        const char *text;
        const char *fault;
    } rows[] = {
        { "", "\"\": not a whole number" },
        { "-1", "\"-1\": not a whole number" },
        { "+1", "\"+1\": not a whole number" },
        { " 1", "\" 1\": not a whole number" },
        { "1 ", "\"1 \": not a whole number" },
        { "1x", "\"1x\": not a whole number" },
        { "0x10", "\"0x10\": not a whole number" },
        { "010", "\"010\": not a whole number" },
        { "1.5", "\"1.5\": not a whole number" },
        { "1e3", "\"1e3\": not a whole number" },
        { "9", "\"9\": not between 10 and 20" },
        { "21", "\"21\": not between 10 and 20" },
        { "18446744073709551616",
          "\"18446744073709551616\": not between 10 and 20" },
    };
    struct sg_err err = { 0 };
    uint64_t v = 7;

    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        t_refused(&err, sg_parse_u64(rows[i].text, 10, 20, &v, &err), SG_FORMAT,
                  rows[i].fault);
        assert_int_equal(v, 7);
    }
    t_ok(&err, sg_parse_u64("10", 10, 20, &v, &err));
    assert_int_equal(v, 10);
    t_ok(&err, sg_parse_u64("0", 0, 0, &v, &err));
    assert_int_equal(v, 0);
    t_ok(&err, sg_parse_u64("18446744073709551615", 0, UINT64_MAX, &v, &err));
    assert_true(v == UINT64_MAX);
}

static void signed_numbers(void **state)
{
    static const struct {
        const char *text;
        const char *fault;
    } rows[] = {
        { "-", "\"-\": not a whole number" },
        { "--1", "\"--1\": not a whole number" },
        { "-01", "\"-01\": not a whole number" },
        { "-0", "\"-0\": not a whole number" },
        { "-6", "\"-6\": not between -5 and 5" },
        { "9223372036854775808",
          "\"9223372036854775808\": not between -5 and 5" },
        { "-9223372036854775809",
          "\"-9223372036854775809\": not between -5 and 5" },
    };
    struct sg_err err = { 0 };
    int64_t v = 7;

    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        t_refused(&err, sg_parse_i64(rows[i].text, -5, 5, &v, &err), SG_FORMAT,
                  rows[i].fault);
        assert_int_equal(v, 7);
    }
    t_ok(&err, sg_parse_i64("-5", -5, 5, &v, &err));
    assert_int_equal(v, -5);
    t_ok(&err, sg_parse_i64("-9223372036854775808", INT64_MIN, 0, &v, &err));
    assert_true(v == INT64_MIN);
    t_ok(&err, sg_parse_i64("9223372036854775807", 0, INT64_MAX, &v, &err));
    assert_true(v == INT64_MAX);
}

static void durations_that_are_read(void **state)
{
    static const struct {
        const char *text;
        int64_t seconds;
    } rows[] = {
        { "3600", 3600 },
        { "0", 0 },
        { "000", 0 },
        { "007", 7 },
        { "90s", 90 },
        { "15m", 900 },
        { "12h", 43200 },
        { "30d", 2592000 },
        { "2160h0m0s", 7776000 },
        { "1.5h", 5400 },
        { "1h30m15s", 5415 },
        { "1d12h", 129600 },
        { "0.1s", 0 },
        { "500ms", 0 },
        { "1500ms", 1 },
        { "999999us", 0 },
        { "1000000us", 1 },
        { "1000000\xc2\xb5s", 1 },
        { "1000000\xce\xbcs", 1 },
        { "1000000000ns", 1 },
        { "0.5s0.5s", 1 },
        { "01h", 3600 },
        { "1.0000000001s", 1 },
        { "10000000000", 10000000000 },
        { "10000000000s", 10000000000 },
    };

    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct sg_err err = { 0 };
        int64_t v = -1;

        t_ok(&err, sg_parse_duration(rows[i].text, &v, &err));
        assert_int_equal(v, rows[i].seconds);
    }
}

#define DURATION_RULE \
    "not a duration like \"3600\", \"90s\", \"15m\", \"1.5h\" or \"30d\""

static void durations_that_are_refused(void **state)
{
    static const struct {
        const char *text;
        const char *fault;
    } rows[] = {
        { "", "\"\": " DURATION_RULE },
        { "-1h", "\"-1h\": negative duration" },
        { "1w", "\"1w\": " DURATION_RULE },
        { "1y", "\"1y\": " DURATION_RULE },
        { "1H", "\"1H\": " DURATION_RULE },
        { "h", "\"h\": " DURATION_RULE },
        { "1.h", "\"1.h\": " DURATION_RULE },
        { ".5h", "\".5h\": " DURATION_RULE },
        { "1h30", "\"1h30\": " DURATION_RULE },
        { "1.5", "\"1.5\": " DURATION_RULE },
        { "1 h", "\"1 h\": " DURATION_RULE },
        { "1h ", "\"1h \": " DURATION_RULE },
        { "1h-30m", "\"1h-30m\": " DURATION_RULE },
        { "10000000001", "\"10000000001\": not between 0 and 10000000000" },
        { "10000000001s", "\"10000000001s\": longer than 10000000000 seconds" },
        { "9999999999999h",
          "\"9999999999999h\": longer than 10000000000 seconds" },
        { "115741d", "\"115741d\": longer than 10000000000 seconds" },
        { "99999999999999999999999s",
          "\"99999999999999999999999s\": " DURATION_RULE },
        { "10000000000s1ns",
          "\"10000000000s1ns\": longer than 10000000000 seconds" },
    };

    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct sg_err err = { 0 };
        int64_t v = -1;

        t_refused(&err, sg_parse_duration(rows[i].text, &v, &err), SG_FORMAT,
                  rows[i].fault);
        assert_int_equal(v, -1);
    }
}

static void times_that_are_read(void **state)
{
    static const struct {
        const char *text;
        int64_t t;
    } rows[] = {
        { "2026-11-22T06:22:37Z", 1795328557 },
        { "2026-11-22T08:22:37+02:00", 1795328557 },
        { "2026-11-21T23:52:37-06:30", 1795328557 },
        { "2026-11-22T06:22:37.999999999Z", 1795328557 },
        { "1970-01-01T00:00:00Z", 0 },
        { "9999-12-31T23:59:59Z", 253402300799 },
    };

    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct sg_err err = { 0 };
        int64_t t = -1;

        t_ok(&err, sg_parse_time(rows[i].text, &t, &err));
        assert_int_equal(t, rows[i].t);
    }
}

static void times_that_are_refused(void **state)
{
    static const char *const malformed[] = {
        "",
        "2026-11-22",
        "2026-11-22T06:22:37",
        "2026-11-22 06:22:37Z",
        "2026-11-22t06:22:37Z",
        "2026-11-22T06:22:37z",
        "2026-11-22T06:22Z",
        "26-11-22T06:22:37Z",
        "2026-11-22T06:22:37.Z",
        "2026-11-22T06:22:37+0200",
        "2026-11-22T06:22:37+24:00",
        "2026-11-22T06:22:37+02:60",
        "2026-11-22T06:22:37Zx",
        "+026-11-22T06:22:37Z",
    };
    struct sg_err err = { 0 };
    int64_t t = -1;

    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(malformed); i++) {
        sg_err_clear(&err);
        t_assert_fails(sg_parse_time(malformed[i], &t, &err), SG_FORMAT);
        assert_non_null(strstr(err.msg, "not a time like"));
    }
    t_refused(&err, sg_parse_time("2026-02-30T00:00:00Z", &t, &err), SG_FORMAT,
              "2026-02-30T00:00:00Z: no such time");
    t_refused(&err, sg_parse_time("2016-12-31T23:59:60Z", &t, &err), SG_FORMAT,
              "2016-12-31T23:59:60Z: no such time");
    t_refused(&err, sg_parse_time("9999-12-31T23:59:59-00:01", &t, &err),
              SG_FORMAT,
              "\"9999-12-31T23:59:59-00:01\": outside the years 0-9999");
    assert_int_equal(t, -1);
}

static void modes(void **state)
{
    static const char *const bad[] = {
        "", "660", "0", "00660", "0860", "1660", "066", "0660 ", "rw-", "0x1f"
    };
    struct sg_err err = { 0 };
    unsigned v = 1;

    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(bad); i++) {
        sg_err_clear(&err);
        t_assert_fails(sg_parse_mode(bad[i], &v, &err), SG_FORMAT);
        assert_int_equal(v, 1);
    }
    t_refused(&err, sg_parse_mode("660", &v, &err), SG_FORMAT,
              "\"660\": not a file mode like \"0660\"");
    t_ok(&err, sg_parse_mode("0660", &v, &err));
    assert_int_equal(v, 0660);
    t_ok(&err, sg_parse_mode("0777", &v, &err));
    assert_int_equal(v, 0777);
}

static void foreign_text_is_shown_harmless(void **state)
{
    char shown[SG_SHOW_MAX];
    char longer[200];

    (void)state;
    assert_string_equal(sg_show("a\nb\x1b[31m\xc3\xa9", shown), "a?b?[31m??");
    memset(longer, 'l', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    assert_int_equal(strlen(sg_show(longer, shown)), SG_SHOW_MAX - 1);
    assert_string_equal(shown + SG_SHOW_MAX - 4, "...");
    longer[SG_SHOW_MAX - 4] = '\0'; /* the longest that is not cut */
    assert_string_equal(sg_show(longer, shown), longer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unsigned_numbers),
        cmocka_unit_test(signed_numbers),
        cmocka_unit_test(durations_that_are_read),
        cmocka_unit_test(durations_that_are_refused),
        cmocka_unit_test(times_that_are_read),
        cmocka_unit_test(times_that_are_refused),
        cmocka_unit_test(modes),
        cmocka_unit_test(foreign_text_is_shown_harmless),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
