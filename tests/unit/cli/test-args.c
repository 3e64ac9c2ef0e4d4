/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/t.h"

#include <stdlib.h>
#include <string.h>

#include "cli/args.h"

struct inner {
    const char *token;
};
struct sample {
    const char *label;
    bool force;
    struct cli_list names;
    struct cli_number count, validity;
    struct inner mine, theirs;
};

static const struct cli_option OPTIONS[] = {
    { .name = "label",
      CLI_TEXT(struct sample, label),
      .value = "LABEL",
      .required = true,
      .help = "the label" },
    { .name = "force", CLI_FLAG(struct sample, force), .help = "replace" },
    { .name = "name",
      CLI_LIST(struct sample, names),
      .value = "NAME",
      .help = "a name" },
    { .name = "count",
      CLI_NUMBER(struct sample, count),
      .value = "N",
      .max = 16,
      .help = "how many" },
    { .name = "validity",
      CLI_DURATION(struct sample, validity),
      .value = "DURATION",
      .help = "how long" },
};
static const struct cli_option INNER[] = {
    { .name = "token",
      CLI_TEXT(struct inner, token),
      .value = "TOKEN",
      .env = "SIGNET_TEST_TOKEN",
      .help = "a token" },
    { .name = "pin-source",
      CLI_TEXT(struct inner, token),
      .value = "REF",
      .help = "a PIN" },
};
static const struct cli_option_set SETS[] = {
    { .heading = "First", .option = OPTIONS, .n = SG_ARRAY_LEN(OPTIONS) },
    { .heading = "Mine",
      .offset = offsetof(struct sample, mine),
      .option = INNER,
      .n = SG_ARRAY_LEN(INNER) },
    { .heading = "Theirs",
      .prefix = "issuer-",
      .offset = offsetof(struct sample, theirs),
      .option = INNER,
      .n = SG_ARRAY_LEN(INNER) },
};
static const char *const EXAMPLES[] = { "signet sample run --label x", NULL };
static const struct cli_command COMMAND = {
    .name = "sample run",
    .summary = "Do it.",
    .about = "A long explanation that has to be broken somewhere because it "
             "does not fit into the eighty columns of a line.",
    .sets = SETS,
    .n_sets = SG_ARRAY_LEN(SETS),
    .examples = EXAMPLES,
    .args_size = sizeof(struct sample),
};

/* One reading of one command line. */
struct reading {
    struct cli cli;
    struct sample got;
    struct sg_err err;
    enum sg_rc rc;
};

#define WORDS_MAX 12

/* line is split at blanks; "_" stands for an empty word. */
static void read_line(struct reading *r, char *line)
{
    char *argv[WORDS_MAX];
    int argc = 0;
    memset(r, 0, sizeof(*r));
    for (char *at = line; at != NULL && *at != '\0' && argc < WORDS_MAX;) {
        char *blank = strchr(at, ' ');
        if (blank != NULL)
            *blank = '\0';
        if (strcmp(at, "_") == 0)
            *at = '\0';
        argv[argc++] = at;
        at = blank == NULL ? NULL : blank + 1;
    }
    r->rc = cli_args_read(&r->cli, &COMMAND, argc, argv, &r->got, &r->err);
}

static void done(struct reading *r)
{
    cli_args_done(&COMMAND, &r->got);
    assert_null(r->got.names.v);
}

static void refused(const char *text, const char *message, const char *hint)
{
    struct reading r;
    char *line = strdup(text);
    read_line(&r, line);
    t_assert_fails(r.rc, SG_USAGE);
    assert_string_equal(r.err.msg, message);
    assert_string_equal(r.cli.hint, hint);
    done(&r);
    free(line);
}

static void test_every_kind(void **state)
{
    struct reading r;
    char line[] = "--label=a=b --force --name x --name y --count 3 "
                  "--validity 90d --json";
    (void)state;
    read_line(&r, line);
    assert_int_equal(r.rc, SG_OK);
    assert_string_equal(r.got.label, "a=b");
    assert_true(r.got.force);
    assert_int_equal(r.got.names.n, 2);
    assert_string_equal(r.got.names.v[0], "x");
    assert_string_equal(r.got.names.v[1], "y");
    assert_true(r.got.count.set);
    assert_int_equal(r.got.count.v, 3);
    assert_int_equal(r.got.validity.v, 90 * 86400);
    assert_true(r.cli.json);
    assert_false(r.cli.help);
    done(&r);
}

static void test_absent_is_not_set(void **state)
{
    struct reading r;
    char line[] = "--label x";
    (void)state;
    read_line(&r, line);
    assert_int_equal(r.rc, SG_OK);
    assert_false(r.got.count.set);
    assert_false(r.got.validity.set);
    assert_int_equal(r.got.names.n, 0);
    assert_null(r.got.mine.token);
    done(&r);
}

static void test_prefix(void **state)
{
    struct reading r;
    char line[] = "--label x --token mine --issuer-token theirs";
    (void)state;
    read_line(&r, line);
    assert_int_equal(r.rc, SG_OK);
    assert_string_equal(r.got.mine.token, "mine");
    assert_string_equal(r.got.theirs.token, "theirs");
    done(&r);
}

static void test_environment(void **state)
{
    struct reading r;
    char line[] = "--label x", given[] = "--label x --token given";
    (void)state;
    setenv("SIGNET_TEST_TOKEN", "from-env", 1);
    read_line(&r, line);
    assert_int_equal(r.rc, SG_OK);
    assert_string_equal(r.got.mine.token, "from-env");
    assert_null(r.got.theirs.token); /* never for a prefixed option */
    done(&r);
    read_line(&r, given);
    assert_string_equal(r.got.mine.token, "given");
    done(&r);
    unsetenv("SIGNET_TEST_TOKEN");
}

static void test_help_needs_nothing(void **state)
{
    struct reading r;
    char line[] = "-h", word[] = "--help";
    (void)state;
    read_line(&r, line);
    assert_int_equal(r.rc, SG_OK);
    assert_true(r.cli.help);
    read_line(&r, word);
    assert_int_equal(r.rc, SG_OK);
    assert_true(r.cli.help);
}

#define LISTS "\"signet help sample run\" lists all options"

static void test_refused(void **state)
{
    (void)state;
    refused("--label x --lable y", "--lable: no such option",
            "did you mean --label? " LISTS);
    refused("--frobnicate", "--frobnicate: no such option", LISTS);
    /* no abbreviations: this is not --label */
    refused("--la x", "--la: no such option", LISTS);
    refused("--label", "--label: needs a value (LABEL)", "");
    refused("--label _", "--label: empty value", "");
    refused("--label=", "--label: empty value", "");
    refused("--force=yes --label x", "--force: takes no value", "");
    refused("--label x --label y", "--label: given twice", "");
    refused("--label x --count 1 --count 2", "--count: given twice", "");
    refused("--force", "--label LABEL is missing",
            "\"signet help sample run\" shows an example");
    refused("--label x stray", "'stray': unexpected argument",
            "every value has its option: \"signet help sample run\"");
    refused("--label x --", "'--': unexpected argument",
            "every value has its option: \"signet help sample run\"");
}

static void test_pin_is_refused_by_name(void **state)
{
    (void)state;
    refused("--label x --pin 1234", "--pin: no such option",
            "a PIN is never taken from the command line; use --pin-source "
            "prompt or --pin-source file:/path");
}

static void test_bad_values(void **state)
{
    struct reading r;
    char big[] = "--label x --count 17", word[] = "--label x --count many";
    char time[] = "--label x --validity 3w";
    (void)state;
    read_line(&r, big);
    t_assert_fails(r.rc, SG_USAGE);
    assert_memory_equal(r.err.msg, "--count: ", 9);
    assert_non_null(strstr(r.err.msg, "17"));
    read_line(&r, word);
    t_assert_fails(r.rc, SG_USAGE);
    assert_non_null(strstr(r.err.msg, "many"));
    read_line(&r, time);
    t_assert_fails(r.rc, SG_USAGE);
    assert_memory_equal(r.err.msg, "--validity: ", 12);
    assert_non_null(strstr(r.err.msg, "3w"));
}

static void test_long_names(void **state)
{
    struct reading r;
    char line[400];
    (void)state;
    memset(line, 'a', sizeof(line));
    memcpy(line, "--", 2);
    line[sizeof(line) - 1] = '\0';
    read_line(&r, line);
    t_assert_fails(r.rc, SG_USAGE);
    assert_string_equal(r.cli.hint, LISTS);
}

static void test_help_text(void **state)
{
    struct cli cli = { 0 };
    char *text = NULL;
    size_t size = 0, column = 0;
    (void)state;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    cli_args_help(&cli, &COMMAND, out);
    assert_int_equal(fclose(out), 0);
    const char *const wanted[] = {
        "usage: signet sample run [options]\n",
        "\nFirst\n",
        "  --label LABEL ",
        "the label (required)",
        "--name NAME",
        "; may be given again",
        "; $SIGNET_TEST_TOKEN stands in\n",
        "  --issuer-token TOKEN",
        "\nEvery command\n",
        "  --json ",
        "\nExamples\n",
        "  signet sample run --label x",
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(wanted); i++)
        assert_non_null(strstr(text, wanted[i]));
    /* once for the plain option, never for the prefixed one */
    const char *env = strstr(text, "$SIGNET_TEST_TOKEN");
    assert_null(strstr(env + 1, "$SIGNET_TEST_TOKEN"));
    for (size_t i = 0; i < size; i++) {
        column = text[i] == '\n' ? 0 : column + 1;
        assert_false(text[i] == '\n' && i > 0 && text[i - 1] == ' ');
        assert_true(column <= 80);
    }
    assert_null(strchr(text, '\033'));
    free(text);
}

/* --- words without dashes --------------------------------------------------- */

struct words {
    const char *plan, *folder;
    struct cli_list files;
};
static const struct cli_option WORDS[] = {
    { .name = "plan",
      CLI_TEXT(struct words, plan),
      .value = "PLAN",
      .required = true,
      .help = "the plan" },
    { .name = "files",
      CLI_LIST(struct words, files),
      .value = "FILE",
      .help = "more files" },
};
static const struct cli_option FOLDER[] = {
    { .name = "folder",
      CLI_TEXT(struct words, folder),
      .value = "DIR",
      .help = "a folder" },
};
static const struct cli_option_set WORD_SETS[] = {
    { .heading = "Arguments",
      .positional = true,
      .option = WORDS,
      .n = SG_ARRAY_LEN(WORDS) },
    { .heading = "Options", .option = FOLDER, .n = SG_ARRAY_LEN(FOLDER) },
};
static const struct cli_command TAKES_WORDS = {
    .name = "sample show",
    .summary = "Show it.",
    .sets = WORD_SETS,
    .n_sets = SG_ARRAY_LEN(WORD_SETS),
    .args_size = sizeof(struct words),
};
/* Its list is taken away: one word fits. */
static const struct cli_option_set ONE_WORD[] = {
    { .heading = "Arguments", .positional = true, .option = WORDS, .n = 1 },
};
static const struct cli_command TAKES_ONE = {
    .name = "sample one",
    .sets = ONE_WORD,
    .n_sets = SG_ARRAY_LEN(ONE_WORD),
    .args_size = sizeof(struct words),
};

static void test_words_fill_rows_in_order(void **state)
{
    char *argv[] = { (char[]){ "a.json" }, (char[]){ "--folder" },
                     (char[]){ "out" },    (char[]){ "b" },
                     (char[]){ "-" },      (char[]){ "c" } };
    struct words got = { 0 };
    struct cli cli = { 0 };
    struct sg_err err = { 0 };
    (void)state;
    assert_int_equal(cli_args_read(&cli, &TAKES_WORDS, 6, argv, &got, &err),
                     SG_OK);
    assert_string_equal(got.plan, "a.json");
    assert_string_equal(got.folder, "out");
    assert_int_equal(got.files.n, 3);
    assert_string_equal(got.files.v[0], "b");
    assert_string_equal(got.files.v[1], "-");
    assert_string_equal(got.files.v[2], "c");
    cli_args_done(&TAKES_WORDS, &got);
    assert_null(got.files.v);
}

static void refused_words(const struct cli_command *cmd, const char *first,
                          const char *second, const char *message,
                          const char *hint)
{
    char one[32];
    char two[32];
    char *argv[] = { one, two };
    struct words got = { 0 };
    struct cli cli = { 0 };
    struct sg_err err = { 0 };
    int argc = first == NULL ? 0 : second == NULL ? 1 : 2;
    (void)snprintf(one, sizeof(one), "%s", first == NULL ? "" : first);
    (void)snprintf(two, sizeof(two), "%s", second == NULL ? "" : second);
    t_assert_fails(cli_args_read(&cli, cmd, argc, argv, &got, &err), SG_USAGE);
    assert_string_equal(err.msg, message);
    assert_string_equal(cli.hint, hint);
    cli_args_done(cmd, &got);
}

static void test_refused_words(void **state)
{
    (void)state;
    refused_words(&TAKES_WORDS, NULL, NULL, "PLAN is missing",
                  "\"signet help sample show\" shows an example");
    refused_words(&TAKES_WORDS, "", NULL, "PLAN: empty", "");
    refused_words(&TAKES_ONE, "a", "b", "'b': unexpected argument",
                  "\"signet help sample one\" shows what it takes");
    /* the name of a row is for tables, not for the command line */
    refused_words(&TAKES_WORDS, "--plan", "a", "--plan: no such option",
                  "\"signet help sample show\" lists all options");
}

static void test_help_of_words(void **state)
{
    struct cli cli = { 0 };
    char *text = NULL;
    size_t size = 0;
    (void)state;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    cli_args_help(&cli, &TAKES_WORDS, out);
    assert_int_equal(fclose(out), 0);
    assert_non_null(
        strstr(text, "usage: signet sample show PLAN [FILE...] [options]\n"));
    assert_non_null(strstr(text, "\n  PLAN                      the plan"));
    assert_non_null(strstr(text, "\n  FILE                      more files\n"));
    assert_null(strstr(text, "--plan"));
    assert_null(strstr(text, "may be given again"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_fill_rows_in_order),
        cmocka_unit_test(test_refused_words),
        cmocka_unit_test(test_help_of_words),
        cmocka_unit_test(test_every_kind),
        cmocka_unit_test(test_absent_is_not_set),
        cmocka_unit_test(test_prefix),
        cmocka_unit_test(test_environment),
        cmocka_unit_test(test_help_needs_nothing),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_pin_is_refused_by_name),
        cmocka_unit_test(test_bad_values),
        cmocka_unit_test(test_long_names),
        cmocka_unit_test(test_help_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
