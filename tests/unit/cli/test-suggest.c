/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/t.h"

#include <string.h>

#include "cli/suggest.h"

static void test_distance(void **state)
{
    (void)state;
    assert_int_equal(cli_distance("", ""), 0);
    assert_int_equal(cli_distance("key", ""), 3);
    assert_int_equal(cli_distance("", "key"), 3);
    assert_int_equal(cli_distance("issue", "issue"), 0);
    assert_int_equal(cli_distance("issu", "issue"), 1);
    assert_int_equal(cli_distance("issuee", "issue"), 1);
    assert_int_equal(cli_distance("izsue", "issue"), 1);
    assert_int_equal(cli_distance("sign", "sing"), 1); /* swapped */
    assert_int_equal(cli_distance("kitten", "sitting"), 3);
}

static void test_too_long(void **state)
{
    char word[CLI_WORD_MAX + 1];
    (void)state;
    memset(word, 'a', sizeof(word));
    word[CLI_WORD_MAX] = '\0';
    assert_int_equal(cli_distance(word, "a"), SIZE_MAX);
    assert_int_equal(cli_distance("a", word), SIZE_MAX);
    word[CLI_WORD_MAX - 1] = '\0';
    assert_int_equal(cli_distance(word, "a"), CLI_WORD_MAX - 2);
}

static void test_nearest(void **state)
{
    struct cli_nearest nearest = { .typed = "token lisst" };
    (void)state;
    cli_nearest_try(&nearest, "issue");
    assert_string_equal(nearest.best, "");
    cli_nearest_try(&nearest, "key list"); /* farther than the next one */
    cli_nearest_try(&nearest, "token list");
    cli_nearest_try(&nearest, "token init");
    assert_string_equal(nearest.best, "token list");
    assert_int_equal(nearest.distance, 1);
}

static void test_nothing_near(void **state)
{
    struct cli_nearest nearest = { .typed = "frobnicate" };
    (void)state;
    cli_nearest_try(&nearest, "issue");
    cli_nearest_try(&nearest, "token list");
    assert_string_equal(nearest.best, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_distance),
        cmocka_unit_test(test_too_long),
        cmocka_unit_test(test_nearest),
        cmocka_unit_test(test_nothing_near),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
