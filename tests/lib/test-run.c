/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/run.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void test_output_and_code(void **state)
{
    struct t_run run;

    (void)state;
    t_run_args(&run, "sh", "-c", "echo out; echo err >&2; exit 7");
    assert_int_equal(run.exit_code, 7);
    assert_string_equal(run.output, "out\nerr\n");
    t_run_done(&run);
    assert_null(run.output);
}

static void test_signal(void **state)
{
    struct t_run run;

    (void)state;
    t_run_args(&run, "sh", "-c", "kill -9 $$");
    assert_int_equal(run.exit_code, 128 + 9);
    t_run_done(&run);
}

/* No shell in between, and nothing to read. */
static void test_arguments(void **state)
{
    struct t_run run;

    (void)state;
    t_run_args(&run, "printf", "%s|", "a b", "$HOME", "*");
    assert_string_equal(run.output, "a b|$HOME|*|");
    t_run_done(&run);
    t_run_args(&run, "cat");
    assert_int_equal(run.exit_code, 0);
    assert_string_equal(run.output, "");
    t_run_done(&run);
}

static void test_directory(void **state)
{
    char dir[T_PATH_MAX];
    char path[T_PATH_MAX + 8];
    struct t_run run;

    (void)state;
    t_dir_new(dir);
    (void)snprintf(path, sizeof path, "%s/file", dir);
    t_file_write(path, "text", 4);
    t_run_args(&run, "cat", path);
    assert_string_equal(run.output, "text");
    t_run_done(&run);
    t_dir_remove(dir);
    assert_int_equal(access(dir, F_OK), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_output_and_code),
        cmocka_unit_test(test_signal),
        cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_directory),
    };

    return cmocka_run_group_tests_name("run", tests, NULL, NULL);
}
