/* SPDX-License-Identifier: Apache-2.0 */
/* Each file of tests/data/bad/lint is named after the rule that it breaks, and must
 * break no other; each rule must have a file. */
#include "tests/lib/t.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/pem.h"
#include "lint/lint.h"

#define FILES_MAX 512
#define OBJECTS_MAX 8
#define FILE_MAX 65536

static const char *folder;
static char *paths[FILES_MAX];
static size_t n_paths;

struct objects {
    struct sg_buf der[OBJECTS_MAX];
    struct sg_slice slice[OBJECTS_MAX];
    size_t n;
    bool is_crl;
};

static void read_objects(const char *path, struct objects *ret)
{
    struct sg_err err = { 0 };
    struct sg_buf file;
    char label[SG_PEM_LABEL_MAX];

    *ret = (struct objects){ 0 };
    sg_buf_init(&file, FILE_MAX);
    assert_int_equal(sg_file_read(path, &file, &err), SG_OK);
    struct sg_slice text = sg_buf_slice(&file);
    for (;;) {
        bool found;
        assert_true(ret->n < OBJECTS_MAX);
        sg_buf_init(&ret->der[ret->n], FILE_MAX);
        assert_int_equal(
            sg_pem_next(&text, label, &ret->der[ret->n], &found, &err), SG_OK);
        if (!found)
            break;
        if (ret->n == 0)
            ret->is_crl = strcmp(label, "X509 CRL") == 0;
        ret->slice[ret->n] = sg_buf_slice(&ret->der[ret->n]);
        ret->n++;
    }
    sg_buf_done(&file);
}

static void free_objects(struct objects *objects)
{
    for (size_t i = 0; i < objects->n; i++)
        sg_buf_done(&objects->der[i]);
}

/* "…/pair_eku.public.pem" and "…/pair_eku-2.public.pem" -> "pair_eku" */
static void rule_of(const char *path, char *dst, size_t size)
{
    const char *base = strrchr(path, '/') + 1;
    (void)snprintf(dst, size, "%.*s", (int)strcspn(base, ".-"), base);
}

static void lint_file(const char *path, struct lint_report *report)
{
    struct lint_options options = { .profile = LINT_PROFILE_PRIVATE };
    struct objects objects;

    if (strstr(path, ".public.") != NULL)
        options.profile = LINT_PROFILE_PUBLIC_TLS;
    options.technically_constrained = strstr(path, "technical") != NULL;
    if (strstr(path, "backdated") != NULL) {
        options.signing = true;
        options.date = 1775260800; /* 2026-04-04 */
    }
    if (strstr(path, "expired") != NULL)
        options.at = 1783123200; /* 2026-07-04 */
    read_objects(path, &objects);
    *report = (struct lint_report){ 0 };
    if (objects.is_crl)
        lint_crl(objects.slice[0], objects.slice[1], &options, report);
    else
        lint_chain(objects.slice, objects.n, false, &options, report);
    free_objects(&objects);
}

/* Two rules cannot be broken without a second one. */
static bool is_companion(const char *rule, const char *found)
{
    static const char *const PAIRS[][2] = {
        { "path_length_place", "ca_usage_cert_sign" },
        { "pair_path_length", "pair_path_length_falls" },
        { "aki_present", "aki_form" },
    };

    for (size_t i = 0; i < SG_ARRAY_LEN(PAIRS); i++)
        if (strcmp(rule, PAIRS[i][0]) == 0 && strcmp(found, PAIRS[i][1]) == 0)
            return true;
    return strcmp(rule, found) == 0;
}

static void test_file(void **state)
{
    const char *path = *state;
    static struct lint_report report;
    char rule[64];
    bool broken = false;

    rule_of(path, rule, sizeof(rule));
    lint_file(path, &report);
    for (size_t i = 0; i < report.n; i++) {
        const struct lint_finding *finding = &report.finding[i];
        if (!is_companion(rule, finding->rule->id))
            fail_msg("%s also breaks %s: %s", rule, finding->rule->id,
                     finding->text);
        broken |= strcmp(rule, finding->rule->id) == 0;
    }
    if (strncmp(rule, "good", 4) != 0 && !broken)
        fail_msg("%s is not found", rule);
    assert_true(report.rules_run > 0 || strcmp(rule, "der_malformed") == 0);
}

static void expect_file(void *arg, const struct lint_rule *rule)
{
    bool found = false;
    char name[64];

    (void)arg;
    for (size_t i = 0; i < n_paths; i++) {
        rule_of(paths[i], name, sizeof(name));
        found |= strcmp(name, rule->id) == 0;
    }
    /* That one needs more certificates than a file should hold. */
    if (!found && strcmp(rule->id, "chain_length") != 0)
        fail_msg("no file breaks %s", rule->id);
}

static void test_every_rule_has_a_file(void **state)
{
    (void)state;
    lint_each_rule(expect_file, NULL);
}

static void test_chain_length(void **state)
{
    static struct lint_report report;
    struct lint_options options = { .profile = LINT_PROFILE_PRIVATE };
    struct sg_slice many[17] = { 0 };

    (void)state;
    lint_chain(many, 17, false, &options, &report);
    assert_int_equal(report.n, 1);
    assert_string_equal(report.finding[0].rule->id, "chain_length");
}

/* 200 days bind since 2026-03-15, 100 since 2027-03-15. */
static void test_rules_have_dates(void **state)
{
    static struct lint_report report;
    struct lint_options options = { .profile = LINT_PROFILE_PUBLIC_TLS };
    struct objects objects;
    char path[1024];

    (void)state;
    (void)snprintf(path, sizeof(path), "%s/leaf_validity.public.pem", folder);
    read_objects(path, &objects);
    options.date = 1767225600; /* 2026-01-01: 398 days */
    lint_certificate(objects.slice[0], &options, &report);
    assert_int_equal(lint_worst(&report), LINT_OFF);
    options.date = 1775001600; /* 2026-04-01: 200 days */
    lint_certificate(objects.slice[0], &options, &report);
    assert_int_equal(report.n, 1);
    assert_non_null(strstr(report.finding[0].text, "more than 200 days"));
    free_objects(&objects);
}

static void test_first(void **state)
{
    static struct lint_report report;
    char path[1024];
    char text[512];

    (void)state;
    (void)snprintf(path, sizeof(path), "%s/version.public.pem", folder);
    lint_file(path, &report);
    lint_first(&report, LINT_ERROR, text, sizeof(text));
    assert_string_equal(text,
                        "version: version is 2, must be 3 (RFC 5280 4.1.2.1)");
}

static void list_files(void)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;

    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL) {
        if (strstr(entry->d_name, ".pem") == NULL)
            continue;
        assert_true(n_paths < FILES_MAX);
        assert_true(asprintf(&paths[n_paths], "%s/%s", folder, entry->d_name)
                    > 0);
        n_paths++;
    }
    (void)closedir(dir);
}

int main(int argc, char **argv)
{
    static struct CMUnitTest tests[FILES_MAX + 4];
    size_t n = 0;

    if (argc != 2)
        return 64;
    folder = argv[1];
    list_files();
    for (size_t i = 0; i < n_paths; i++)
        tests[n++] = (struct CMUnitTest){ strrchr(paths[i], '/') + 1, test_file,
                                          NULL, NULL, paths[i] };
    tests[n++] =
        (struct CMUnitTest)cmocka_unit_test(test_every_rule_has_a_file);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_chain_length);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_rules_have_dates);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_first);
    int failed = _cmocka_run_group_tests("lint", tests, n, NULL, NULL);
    for (size_t i = 0; i < n_paths; i++)
        free(paths[i]);
    return failed;
}
