/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/t.h"

#include <signal.h>
#include <sys/time.h>
#include <time.h>

#include "common/clock.h"

static void known_times_have_their_text(void **state)
{
    static const struct {
        int64_t t;
        const char *text;
    } rows[] = {
        { 0, "1970-01-01T00:00:00Z" },
        { -1, "1969-12-31T23:59:59Z" },
        { 951782400, "2000-02-29T00:00:00Z" },
        { 1795328557, "2026-11-22T06:22:37Z" },
        { 2524607999, "2049-12-31T23:59:59Z" },
        { 2524608000, "2050-01-01T00:00:00Z" },
        { 4107542400, "2100-03-01T00:00:00Z" }, /* no leap day in 2100 */
        { SG_TIME_MIN, "0000-01-01T00:00:00Z" },
        { SG_TIME_MAX, "9999-12-31T23:59:59Z" },
        { SG_TIME_MIN - 1, "?" },
        { SG_TIME_MAX + 1, "?" },
        { INT64_MIN, "?" },
        { INT64_MAX, "?" },
    };
    char text[SG_TIME_TEXT_MAX];

    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++)
        assert_string_equal(sg_time_text(rows[i].t, text), rows[i].text);
}

/* The C library's calendar is the oracle; 43 201 × 97 s walks through all
 * hours and, in 10 000 years, through all days of leap cycles. */
static void agrees_with_the_c_library(void **state)
{
    struct sg_err err = { 0 };

    (void)state;
    for (int64_t t = SG_TIME_MIN; t <= SG_TIME_MAX; t += INT64_C(43201) * 97) {
        struct sg_date d;
        struct tm tm;
        time_t seconds = t;
        int64_t back = 0;

        sg_date_from_time(t, &d);
        assert_non_null(gmtime_r(&seconds, &tm));
        assert_int_equal(d.year, tm.tm_year + 1900);
        assert_int_equal(d.month, tm.tm_mon + 1);
        assert_int_equal(d.day, tm.tm_mday);
        assert_int_equal(d.hour, tm.tm_hour);
        assert_int_equal(d.minute, tm.tm_min);
        assert_int_equal(d.second, tm.tm_sec);
        t_ok(&err, sg_date_to_time(&d, &back, &err));
        assert_int_equal(back, t);
    }
}

static void dates_that_do_not_exist(void **state)
{
    static const struct {
        struct sg_date date;
        const char *text;
    } rows[] = {
        { { 2026, 2, 29, 0, 0, 0 }, "2026-02-29T00:00:00Z: no such time" },
        { { 2100, 2, 29, 0, 0, 0 }, "2100-02-29T00:00:00Z: no such time" },
        { { 2026, 4, 31, 0, 0, 0 }, "2026-04-31T00:00:00Z: no such time" },
        { { 2026, 0, 1, 0, 0, 0 }, "2026-00-01T00:00:00Z: no such time" },
        { { 2026, 13, 1, 0, 0, 0 }, "2026-13-01T00:00:00Z: no such time" },
        { { 2026, 1, 0, 0, 0, 0 }, "2026-01-00T00:00:00Z: no such time" },
        { { 2026, 1, 1, 24, 0, 0 }, "2026-01-01T24:00:00Z: no such time" },
        { { 2026, 1, 1, 0, 60, 0 }, "2026-01-01T00:60:00Z: no such time" },
        { { 2026, 1, 1, 0, 0, 60 }, "2026-01-01T00:00:60Z: no such time" },
        { { 10000, 1, 1, 0, 0, 0 }, "10000-01-01T00:00:00Z: no such time" },
        { { -1, 1, 1, 0, 0, 0 }, "-001-01-01T00:00:00Z: no such time" },
    };
    struct sg_err err = { 0 };

    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        int64_t t = 5;

        t_refused(&err, sg_date_to_time(&rows[i].date, &t, &err), SG_FORMAT,
                  rows[i].text);
        assert_int_equal(t, 5);
    }
}

static void from_time_stops_at_the_ends(void **state)
{
    struct sg_date d;

    (void)state;
    sg_date_from_time(INT64_MAX, &d);
    assert_int_equal(d.year, 9999);
    sg_date_from_time(INT64_MIN, &d);
    assert_int_equal(d.year, 0);
    assert_int_equal(d.day, 1);
}

static void on_alarm(int number)
{
    (void)number;
}

static void a_signal_does_not_cut_sleep_short(void **state)
{
    const struct sigaction act = { .sa_handler = on_alarm };
    const struct itimerval every_5_ms = { { 0, 5000 }, { 0, 5000 } };
    const struct itimerval off = { 0 };

    (void)state;
    assert_int_equal(sigaction(SIGALRM, &act, NULL), 0);
    assert_int_equal(setitimer(ITIMER_REAL, &every_5_ms, NULL), 0);
    int64_t start = sg_mono_us();
    sg_sleep_ms(60);
    int64_t slept = sg_mono_us() - start;
    assert_int_equal(setitimer(ITIMER_REAL, &off, NULL), 0);
    assert_true(slept >= 60000);
}

static void clocks_agree_with_the_system(void **state)
{
    (void)state;
    assert_in_range(sg_now() - time(NULL) + 2, 0, 4);
    assert_in_range(sg_mono_ms() - sg_mono_us() / 1000 + 1, 0, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_times_have_their_text),
        cmocka_unit_test(agrees_with_the_c_library),
        cmocka_unit_test(dates_that_do_not_exist),
        cmocka_unit_test(from_time_stops_at_the_ends),
        cmocka_unit_test(a_signal_does_not_cut_sleep_short),
        cmocka_unit_test(clocks_agree_with_the_system),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
