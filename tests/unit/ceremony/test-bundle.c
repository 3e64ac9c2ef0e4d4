/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ceremony/bundle.h"
#include "ceremony/plan.h"
#include "common/file.h"

#define ARENA_MAX ((size_t)128 * 1024 * 1024)

static struct sg_err err;
static struct sg_arena arena;
static char dir[T_PATH_MAX];

static int set_up(void **state)
{
    (void)state;
    sg_arena_init(&arena, ARENA_MAX);
    t_dir_new(dir);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    t_dir_remove(dir);
    sg_arena_done(&arena);
    return 0;
}

static const char *path(const char *name)
{
    const char *text = sg_arena_printf(&arena, "%s/%s", dir, name);
    assert_non_null(text);
    return text;
}

static struct sg_slice encoded(const struct cer_bundle *bundle)
{
    struct sg_buf out;

    sg_buf_init(&out, CER_BUNDLE_MAX);
    t_ok(&err, cer_bundle_encode(bundle, &out, &err));
    struct sg_slice copy = sg_arena_copy(&arena, sg_buf_slice(&out));
    sg_buf_done(&out);
    return copy;
}

static const struct cer_bundle TWO = {
    .file = { { "plan.json", { (const uint8_t *)"{}", 2 } },
              { "approvals/1-Ada.json", { (const uint8_t *)"\0\xff", 2 } } },
    .n = 2
};

static void files_come_back(void **state)
{
    (void)state;
    struct cer_bundle *got = sg_arena_new(&arena, struct cer_bundle);

    t_ok(&err, cer_bundle_parse(encoded(&TWO), &arena, got, &err));
    assert_int_equal(got->n, 2);
    assert_string_equal(got->file[0].name, "approvals/1-Ada.json");
    assert_string_equal(got->file[1].name, "plan.json");
    assert_true(sg_slice_eq(got->file[0].bytes, TWO.file[1].bytes));
    t_ok(&err, cer_bundle_write(got, path("out"), &err));
    struct sg_buf file;
    sg_buf_init(&file, 16);
    t_ok(&err, sg_file_read(path("out/approvals/1-Ada.json"), &file, &err));
    assert_true(sg_slice_eq(sg_buf_slice(&file), TWO.file[1].bytes));
    sg_buf_done(&file);
}

static void folders_are_packed_whole(void **state)
{
    (void)state;
    struct cer_bundle *got = sg_arena_new(&arena, struct cer_bundle);
    struct cer_bundle *again = sg_arena_new(&arena, struct cer_bundle);

    t_ok(&err, cer_bundle_write(&TWO, path("work"), &err));
    const char *const paths[] = { path("work/"), path("work/plan.json") };
    t_ok(&err, cer_bundle_read(paths, 2, &arena, got, &err));
    assert_int_equal(got->n, 3);
    t_ok(&err, cer_bundle_parse(encoded(got), &arena, again, &err));
    assert_string_equal(again->file[0].name, "plan.json");
    assert_string_equal(again->file[1].name, "work/approvals/1-Ada.json");
    assert_string_equal(again->file[2].name, "work/plan.json");
    assert_int_equal(symlink("plan.json", path("work/link")), 0);
    sg_err_clear(&err);
    assert_int_equal(cer_bundle_read(paths, 1, &arena, got, &err), SG_FORMAT);
    assert_non_null(strstr(err.msg, "work/link: neither file nor folder"));
    const char *const none[] = { path("none") };
    sg_err_clear(&err);
    assert_int_equal(cer_bundle_read(none, 1, &arena, got, &err), SG_NOT_FOUND);
}

static void names_lead_nowhere_else(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text;
    } ROWS[] = {
        { "", "bundle: \"\": a name has 1 to 200 octets" },
        { "/etc/passwd", "bundle: \"/etc/passwd\": absolute, or a part that is "
                         "empty or begins with a dot" },
        { "../up", "bundle: \"../up\": absolute, or a part that is empty or "
                   "begins with a dot" },
        { "a/../up", "bundle: \"a/../up\": absolute, or a part that is empty "
                     "or begins with a dot" },
        { "a//b", "bundle: \"a//b\": absolute, or a part that is empty or "
                  "begins with a dot" },
        { "a/", "bundle: \"a/\": absolute, or a part that is empty or begins "
                "with a dot" },
        { ".hidden", "bundle: \".hidden\": absolute, or a part that is empty "
                     "or begins with a dot" },
        { "a\\b", "bundle: \"a\\b\": only letters, digits and \"-_.+ \" in a "
                  "name" },
        { "a\nb", "bundle: \"a?b\": only letters, digits and \"-_.+ \" in a "
                  "name" },
    };

    for (size_t i = 0; i < SG_ARRAY_LEN(ROWS); i++)
        t_refused(&err, cer_bundle_check_name(ROWS[i].name, &err), SG_FORMAT,
                  ROWS[i].text);
    t_ok(&err, cer_bundle_check_name("a..b/c d.e+f_g-1", &err));
    /* Not even from a bundle that somebody made by hand. */
    const struct cer_bundle bad = {
        .file = { { "../up", { (const uint8_t *)"x", 1 } } }, .n = 1
    };
    sg_err_clear(&err);
    assert_int_equal(cer_bundle_write(&bad, path("out"), &err), SG_FORMAT);
    assert_int_not_equal(access(path("up"), F_OK), 0);
}

/* Same length, other text. */
static struct sg_slice edited(struct sg_slice bytes, const char *from,
                              const char *to)
{
    char *text = sg_arena_text(&arena, bytes);
    assert_non_null(text);
    char *at = strstr(text, from);
    assert_non_null(at);
    assert_int_equal(strlen(from), strlen(to));
    memcpy(at, to, strlen(to));
    return SG_SLICE((const uint8_t *)text, bytes.len);
}

static void damage_is_seen(void **state)
{
    (void)state;
    struct cer_bundle *got = sg_arena_new(&arena, struct cer_bundle);
    struct sg_slice good = encoded(&TWO);

    t_refused(&err,
              cer_bundle_parse(edited(good, "\"AP8=\"", "\"AP4=\""), &arena,
                               got, &err),
              SG_FORMAT,
              "bundle: \"approvals/1-Ada.json\" is damaged: its hash is "
              "another one");
    t_refused(&err,
              cer_bundle_parse(edited(good, "signet b", "signet B"), &arena,
                               got, &err),
              SG_FORMAT, "bundle: \"kind\" is not \"signet bundle\"");
    t_refused(&err,
              cer_bundle_parse(edited(good, "plan.json", "../n.json"), &arena,
                               got, &err),
              SG_FORMAT,
              "bundle: \"../n.json\": absolute, or a part that is empty or "
              "begins with a dot");
    /* The order of the files. */
    t_refused(&err,
              cer_bundle_parse(edited(good, "plan.json", "alan.json"), &arena,
                               got, &err),
              SG_FORMAT, "bundle: not in canonical form (changed by hand?)");
    t_refused(
        &err,
        cer_bundle_parse(SG_SLICE(good.p, good.len - 1), &arena, got, &err),
        SG_FORMAT, "bundle: not a JSON object: continue");
}

static void names_are_there_once(void **state)
{
    (void)state;
    const struct cer_bundle twice = {
        .file = { { "a", { (const uint8_t *)"x", 1 } },
                  { "a", { (const uint8_t *)"y", 1 } } },
        .n = 2
    };
    const struct cer_bundle folder = {
        .file = { { "a/b", { (const uint8_t *)"x", 1 } },
                  { "a", { (const uint8_t *)"y", 1 } } },
        .n = 2
    };
    const struct cer_bundle none = { .n = 0 };
    struct sg_buf out;

    sg_buf_init(&out, 4096);
    t_refused(&err, cer_bundle_encode(&twice, &out, &err), SG_FORMAT,
              "bundle: \"a\" twice");
    t_refused(&err, cer_bundle_encode(&folder, &out, &err), SG_FORMAT,
              "bundle: \"a\" twice");
    t_refused(&err, cer_bundle_encode(&none, &out, &err), SG_FORMAT,
              "bundle: no files");
    sg_buf_done(&out);
}

static void nothing_is_overwritten(void **state)
{
    (void)state;
    char text[512];

    assert_int_equal(mkdir(path("out"), 0755), 0);
    t_file_write(path("out/plan.json"), "mine", 4);
    (void)snprintf(text, sizeof(text), "%s: exists; nothing was unpacked",
                   path("out/plan.json"));
    t_refused(&err, cer_bundle_write(&TWO, path("out"), &err), SG_CONFLICT,
              text);
    assert_int_not_equal(access(path("out/approvals"), F_OK), 0);
    /* A link in the place of a folder. */
    assert_int_equal(unlink(path("out/plan.json")), 0);
    assert_int_equal(mkdir(path("elsewhere"), 0755), 0);
    assert_int_equal(symlink("../elsewhere", path("out/approvals")), 0);
    (void)snprintf(text, sizeof(text), "%s: not a folder",
                   path("out/approvals"));
    t_refused(&err, cer_bundle_write(&TWO, path("out"), &err), SG_CONFLICT,
              text);
    assert_int_not_equal(access(path("elsewhere/1-Ada.json"), F_OK), 0);
}

static void size_has_an_end(void **state)
{
    (void)state;
    size_t len = CER_BUNDLE_BYTES_MAX / 2 + 1;
    uint8_t *bytes = calloc(1, len);
    const struct cer_bundle large = {
        .file = { { "a", { bytes, len } }, { "b", { bytes, len } } }, .n = 2
    };
    struct sg_buf out;

    assert_non_null(bytes);
    sg_buf_init(&out, CER_BUNDLE_MAX);
    t_refused(&err, cer_bundle_encode(&large, &out, &err), SG_LIMIT,
              "bundle: more than 16777216 bytes");
    sg_buf_done(&out);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(files_come_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(folders_are_packed_whole, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(names_lead_nowhere_else, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(damage_is_seen, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_are_there_once, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_overwritten, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(size_has_an_end, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
