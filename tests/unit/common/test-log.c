/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/t.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/parse.h"

struct caught {
    unsigned count;
    enum sg_log_level level;
    char line[3000];
};

static void catch_line(void *arg, enum sg_log_level level, const char *line)
{
    struct caught *caught = arg;

    caught->count++;
    caught->level = level;
    (void)snprintf(caught->line, sizeof(caught->line), "%s", line);
}

static int quiet_again(void **state)
{
    (void)state;
    sg_log_set_sink(NULL, NULL);
    sg_log_set_level(SG_LOG_INFO);
    sg_log_set_program("signet");
    return 0;
}

static void a_line_names_program_and_event(void **state)
{
    struct caught caught = { 0 };

    (void)state;
    sg_log_set_program("signetd");
    sg_log_set_sink(catch_line, &caught);
    sg_log(SG_LOG_ERR, "issue_failed", "req=%s rc=%s", "r1", "TOKEN");
    assert_int_equal(caught.level, SG_LOG_ERR);
    assert_string_equal(caught.line,
                        "prog=signetd event=issue_failed req=r1 rc=TOKEN");
    sg_log(SG_LOG_INFO, "ready", "%s", "");
    assert_string_equal(caught.line, "prog=signetd event=ready");
}

static void levels_above_the_set_one_are_silent(void **state)
{
    struct caught caught = { 0 };

    (void)state;
    sg_log_set_sink(catch_line, &caught);
    sg_log_set_level(SG_LOG_NOTICE);
    assert_int_equal(sg_log_level(), SG_LOG_NOTICE);
    sg_log(SG_LOG_INFO, "request", "n=1");
    sg_log(SG_LOG_DEBUG, "detail", "n=2");
    assert_int_equal(caught.count, 0);
    sg_log(SG_LOG_NOTICE, "start", "n=3");
    sg_log(SG_LOG_WARN, "slow", "n=4");
    assert_int_equal(caught.count, 2);
}

static void control_characters_cannot_make_a_line(void **state)
{
    struct caught caught = { 0 };

    (void)state;
    sg_log_set_sink(catch_line, &caught);
    sg_log(SG_LOG_INFO, "e", "name=%s", "a\nlevel=err\x1b[2J\x7f");
    assert_string_equal(caught.line,
                        "prog=signet event=e name=a?level=err?[2J?");
}

static void a_long_line_is_cut(void **state)
{
    struct caught caught = { 0 };

    (void)state;
    sg_log_set_sink(catch_line, &caught);
    sg_log(SG_LOG_INFO, "e", "pad=%03000d", 1);
    assert_int_equal(strlen(caught.line), 2047);
}

static void errno_survives(void **state)
{
    struct caught caught = { 0 };

    (void)state;
    sg_log_set_sink(catch_line, &caught);
    errno = EMFILE;
    sg_log(SG_LOG_INFO, "e", "err=\"%m\"");
    assert_int_equal(errno, EMFILE);
    assert_non_null(strstr(caught.line, "err=\"Too many open files\""));
}

static void quotes(void **state)
{
    static const struct {
        const char *value;
        const char *quoted;
    } rows[] = {
        { "plain", "\"plain\"" },
        { "", "\"\"" },
        { NULL, "\"\"" },
        { "two words", "\"two words\"" },
        { "a\"b\\c", "\"a\\\"b\\\\c\"" },
        { "l1\nl2\r\t", "\"l1\\nl2\\r\\t\"" },
        { "\x01\x7f\xc3\xa9", "\"\\x01\\x7f\\xc3\\xa9\"" },
    };
    char dst[SG_LOG_VALUE_MAX];

    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++)
        assert_string_equal(sg_log_quote(rows[i].value, dst, sizeof(dst)),
                            rows[i].quoted);
    /* Cut between characters, never inside an escape; the quote closes. */
    assert_string_equal(sg_log_quote("abcdef", dst, 6), "\"abc\"");
    assert_string_equal(sg_log_quote("ab\ncd", dst, 6), "\"ab\"");
    assert_string_equal(sg_log_quote("abc", dst, 3), "\"\"");
    assert_string_equal(sg_log_quote("abc", dst, 2), "");
}

static void level_names(void **state)
{
    static const char *const names[] = { "err", "warn", "notice", "info",
                                         "debug" };
    struct sg_err err = { 0 };
    enum sg_log_level level = SG_LOG_ERR;

    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(names); i++) {
        t_ok(&err, sg_log_level_parse(names[i], &level, &err));
        assert_int_equal(level, i);
        assert_string_equal(sg_log_level_name(level), names[i]);
    }
    t_refused(&err, sg_log_level_parse("INFO", &level, &err), SG_FORMAT,
              "log level \"INFO\": not err, warn, notice, info or debug");
}

/* --- what reaches standard error, seen from a child process ------------------ */

/* Runs body in a child whose standard error is a pipe; its text into dst. */
static void child_writes(void (*body)(int fd), char *dst, size_t size)
{
    int ends[2];
    size_t len = 0;
    int status = 0;

    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)close(ends[0]);
        if (dup2(ends[1], STDERR_FILENO) >= 0)
            body(ends[1]);
        _exit(0);
    }
    (void)close(ends[1]);
    for (ssize_t n = 1; n > 0 && len + 1 < size; len += (size_t)n) {
        n = read(ends[0], dst + len, size - 1 - len);
        assert_true(n >= 0);
    }
    dst[len] = '\0';
    (void)close(ends[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void log_two_lines(int fd)
{
    (void)fd;
    (void)unsetenv("JOURNAL_STREAM");
    sg_log_set_program("signetd");
    sg_log(SG_LOG_INFO, "ready", "n=1");
    sg_log_line(SG_LOG_WARN, "prog=signet-token event=slow ms=9");
}

static void lines_carry_the_time(void **state)
{
    struct sg_err err = { 0 };
    char text[1024];
    char stamp[21];
    int64_t t = 0;

    (void)state;
    child_writes(log_two_lines, text, sizeof(text));
    assert_memory_equal(text, "time=", 5);
    (void)snprintf(stamp, sizeof(stamp), "%.20s", text + 5);
    t_ok(&err, sg_parse_time(stamp, &t, &err));
    assert_in_range(sg_now() - t, 0, 5);
    char *second = strchr(text, '\n');
    assert_non_null(second);
    *second++ = '\0';
    assert_string_equal(text + 25, " level=info prog=signetd event=ready n=1");
    assert_string_equal(second + 25,
                        " level=warn prog=signet-token event=slow ms=9\n");
}

static void log_to_journal(int fd)
{
    struct stat st;
    char stream[64];

    (void)fstat(fd, &st);
    (void)snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)st.st_dev,
                   (uintmax_t)st.st_ino);
    (void)setenv("JOURNAL_STREAM", stream, 1);
    sg_log(SG_LOG_ERR, "down", "n=1");
    sg_log(SG_LOG_NOTICE, "up", "n=2");
}

static void the_journal_gets_priorities_and_no_time(void **state)
{
    char text[1024];

    (void)state;
    child_writes(log_to_journal, text, sizeof(text));
    assert_string_equal(text, "<3>level=err prog=signet event=down n=1\n"
                              "<5>level=notice prog=signet event=up n=2\n");
}

static void log_to_another_stream(int fd)
{
    (void)fd;
    (void)setenv("JOURNAL_STREAM", "1:1", 1);
    sg_log(SG_LOG_ERR, "down", "n=1");
}

static void a_redirected_stream_is_not_the_journal(void **state)
{
    char text[1024];

    (void)state;
    child_writes(log_to_another_stream, text, sizeof(text));
    assert_memory_equal(text, "time=", 5);
}

static void log_a_long_line(int fd)
{
    char line[4000];

    (void)fd;
    (void)unsetenv("JOURNAL_STREAM");
    memset(line, 'x', sizeof(line) - 1);
    line[sizeof(line) - 1] = '\0';
    sg_log_line(SG_LOG_INFO, line);
    sg_log(SG_LOG_INFO, "next", "n=1");
}

static void a_cut_line_still_ends(void **state)
{
    char text[3500];

    (void)state;
    child_writes(log_a_long_line, text, sizeof(text));
    char *second = strchr(text, '\n');
    assert_non_null(second);
    assert_memory_equal(second + 1, "time=", 5);
    assert_non_null(strstr(second + 1, "event=next n=1\n"));
}

/* --- limiter ------------------------------------------------------------------- */

static void the_limiter_counts_what_it_drops(void **state)
{
    struct sg_log_limit limit = { 0 };
    unsigned dropped = 99;
    unsigned passed = 0;

    (void)state;
    /* Begin just after a second has changed. */
    while (sg_mono_ms() % 1000 > 500)
        sg_sleep_ms(10);
    for (int i = 0; i < 10; i++)
        passed += sg_log_limit_pass(&limit, 3, &dropped) ? 1 : 0;
    assert_int_equal(passed, 3);
    assert_int_equal(dropped, 0);
    sg_sleep_ms(1001);
    assert_true(sg_log_limit_pass(&limit, 3, &dropped));
    assert_int_equal(dropped, 7);
    assert_true(sg_log_limit_pass(&limit, 3, &dropped));
    assert_int_equal(dropped, 0);
}

static void *limited(void *arg)
{
    uintptr_t passed = 0;

    for (int i = 0; i < 1000; i++) {
        unsigned dropped = 0;

        passed += sg_log_limit_pass(arg, 2000, &dropped) ? 1 : 0;
    }
    return (void *)passed;
}

static void the_limiter_is_shared_by_threads(void **state)
{
    struct sg_log_limit limit = { 0 };
    pthread_t threads[4];
    uintptr_t passed = 0;

    (void)state;
    while (sg_mono_ms() % 1000 > 500)
        sg_sleep_ms(10);
    for (size_t i = 0; i < SG_ARRAY_LEN(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, limited, &limit), 0);
    for (size_t i = 0; i < SG_ARRAY_LEN(threads); i++) {
        void *result = NULL;

        assert_int_equal(pthread_join(threads[i], &result), 0);
        passed += (uintptr_t)result;
    }
    assert_int_equal(passed, 2000);
    assert_int_equal(limit.dropped, 2000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_line_names_program_and_event, quiet_again),
        cmocka_unit_test_teardown(levels_above_the_set_one_are_silent,
                                  quiet_again),
        cmocka_unit_test_teardown(control_characters_cannot_make_a_line,
                                  quiet_again),
        cmocka_unit_test_teardown(a_long_line_is_cut, quiet_again),
        cmocka_unit_test_teardown(errno_survives, quiet_again),
        cmocka_unit_test(quotes),
        cmocka_unit_test(level_names),
        cmocka_unit_test(lines_carry_the_time),
        cmocka_unit_test(the_journal_gets_priorities_and_no_time),
        cmocka_unit_test(a_redirected_stream_is_not_the_journal),
        cmocka_unit_test(a_cut_line_still_ends),
        cmocka_unit_test(the_limiter_counts_what_it_drops),
        cmocka_unit_test(the_limiter_is_shared_by_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
