/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/t.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/config.h"
#include "tests/lib/run.h"

enum colour { RED, GREEN };

struct part {
    unsigned count;
    char *name;
};

struct tree {
    uint16_t port;
    int8_t shift;
    bool on;
    double ratio;
    char *name;
    char *comment;
    enum colour colour;
    unsigned marks;
    struct part *parts;
    unsigned parts_count;
    char **words;
    unsigned words_count;
    struct part single;
};

static const cyaml_strval_t COLOURS[] = { { "red", RED }, { "green", GREEN } };
static const cyaml_strval_t MARKS[] = { { "one", 1 }, { "two", 2 } };

static const cyaml_schema_field_t PART_FIELDS[] = {
    CYAML_FIELD_UINT("count", CYAML_FLAG_DEFAULT, struct part, count),
    CYAML_FIELD_STRING_PTR("name", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
                           struct part, name, 1, 10),
    CYAML_FIELD_END
};
static const cyaml_schema_value_t PART = { CYAML_VALUE_MAPPING(
    CYAML_FLAG_DEFAULT, struct part, PART_FIELDS) };
static const cyaml_schema_value_t WORD = { CYAML_VALUE_STRING(
    CYAML_FLAG_POINTER, char *, 1, 10) };

static const cyaml_schema_field_t TREE_FIELDS[] = {
    CYAML_FIELD_UINT("port", CYAML_FLAG_DEFAULT, struct tree, port),
    CYAML_FIELD_INT("shift", CYAML_FLAG_OPTIONAL, struct tree, shift),
    CYAML_FIELD_BOOL("on", CYAML_FLAG_OPTIONAL, struct tree, on),
    CYAML_FIELD_FLOAT("ratio", CYAML_FLAG_OPTIONAL | CYAML_FLAG_STRICT,
                      struct tree, ratio),
    CYAML_FIELD_STRING_PTR("name", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
                           struct tree, name, 2, 10),
    CYAML_FIELD_STRING_PTR("comment",
                           CYAML_FLAG_POINTER_NULL_STR | CYAML_FLAG_OPTIONAL,
                           struct tree, comment, 0, 10),
    CYAML_FIELD_ENUM("colour", CYAML_FLAG_OPTIONAL | CYAML_FLAG_STRICT,
                     struct tree, colour, COLOURS, SG_ARRAY_LEN(COLOURS)),
    CYAML_FIELD_FLAGS("marks", CYAML_FLAG_OPTIONAL | CYAML_FLAG_STRICT,
                      struct tree, marks, MARKS, SG_ARRAY_LEN(MARKS)),
    CYAML_FIELD_SEQUENCE("parts", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
                         struct tree, parts, &PART, 1, 2),
    CYAML_FIELD_SEQUENCE("words", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
                         struct tree, words, &WORD, 0, CYAML_UNLIMITED),
    CYAML_FIELD_MAPPING("single", CYAML_FLAG_OPTIONAL, struct tree, single,
                        PART_FIELDS),
    CYAML_FIELD_IGNORE("later", CYAML_FLAG_OPTIONAL),
    CYAML_FIELD_END
};
static const cyaml_schema_value_t TREE = { CYAML_VALUE_MAPPING(
    CYAML_FLAG_POINTER, struct tree, TREE_FIELDS) };

static void refused(const char *yaml, const char *want)
{
    struct sg_err err = { 0 };
    void *data = NULL;

    t_refused(&err,
              sg_config_parse(sg_slice_str(yaml), "f.yaml", &TREE, &data, &err),
              SG_CONFIG, want);
    assert_null(data);
}

static struct tree *accepted(const char *yaml)
{
    struct sg_err err = { 0 };
    void *data = NULL;

    t_ok(&err,
         sg_config_parse(sg_slice_str(yaml), "f.yaml", &TREE, &data, &err));
    assert_non_null(data);
    return data;
}

static void everything_is_read(void **state)
{
    (void)state;
    struct tree *tree = accepted("# a comment\n"
                                 "port: 65535\n"
                                 "shift: -128\n"
                                 "on: true\n"
                                 "name: \"a b\"\n"
                                 "comment: ~\n"
                                 "colour: green\n"
                                 "marks: [one, two]\n"
                                 "parts:\n"
                                 "  - count: 1\n"
                                 "  - {count: 2, name: second}\n"
                                 "words: [0660, true, 'null']\n"
                                 "single:\n"
                                 "  count: 3\n"
                                 "later: {any: [thing, {goes: here}]}\n");

    assert_int_equal(tree->port, 65535);
    assert_int_equal(tree->shift, -128);
    assert_true(tree->on);
    assert_string_equal(tree->name, "a b");
    assert_null(tree->comment);
    assert_int_equal(tree->colour, GREEN);
    assert_int_equal(tree->marks, 3);
    assert_int_equal(tree->parts_count, 2);
    assert_string_equal(tree->parts[1].name, "second");
    assert_int_equal(tree->words_count, 3);
    assert_string_equal(tree->words[0], "0660");
    assert_string_equal(tree->words[1], "true");
    assert_string_equal(tree->words[2], "null");
    assert_int_equal(tree->single.count, 3);
    sg_config_free(&TREE, tree);
    sg_config_free(&TREE, NULL);
}

static void keys(void **state)
{
    (void)state;
    refused("port: 1\nprot: 2\n", "f.yaml:2: prot: unknown key");
    refused("port: 1\nPort: 2\n", "f.yaml:2: Port: unknown key");
    refused("port: 1\nparts:\n  - count: 1\n    size: 2\n",
            "f.yaml:4: parts[0].size: unknown key");
    refused("port: 1\nname: ab\nport: 2\n", "f.yaml:3: port: key given twice");
    refused("port: 1\nsingle: {count: 1, count: 1}\n",
            "f.yaml:2: single.count: key given twice");
    refused("# c\nname: ab\n", "f.yaml:2: key \"port\" is missing");
    refused("port: 1\nparts:\n  - count: 1\n  - name: x\n",
            "f.yaml:4: parts[1]: key \"count\" is missing");
    refused("port: 1\n[a]: 2\n", "f.yaml:2: a key must be a plain text");
    refused("port: 1\n{a: 1}: 2\n", "f.yaml:2: a key must be a plain text");
}

static void types(void **state)
{
    (void)state;
    refused("port: [1]\n",
            "f.yaml:1: port: must be a whole number, not a list");
    refused("port: {a: 1}\n",
            "f.yaml:1: port: must be a whole number, not keys with values");
    refused("port: \"1\"\n",
            "f.yaml:1: port: must be a whole number, not a quoted text");
    refused("port: 1\non: 'true'\n",
            "f.yaml:2: on: must be true or false, not a quoted text");
    refused("port: 1\nname: [ab]\n",
            "f.yaml:2: name: must be a text, not a list");
    refused("port: 1\nparts: 5\n",
            "f.yaml:2: parts: must be a list, not one value");
    refused("port: 1\nparts: {count: 1}\n",
            "f.yaml:2: parts: must be a list, not keys with values");
    refused("port: 1\nparts: [5]\n",
            "f.yaml:2: parts[0]: must be keys with values, not one value");
    refused("port: 1\nsingle: [1]\n",
            "f.yaml:2: single: must be keys with values, not a list");
    refused("port: 1\nmarks: one\n",
            "f.yaml:2: marks: must be a list, not one value");
    refused("port: 1\nmarks: [[one]]\n",
            "f.yaml:2: marks[0]: must be a text, not a list");
    refused("[]\n", "f.yaml:1: must be keys with values, not a list");
    refused("text\n", "f.yaml:1: must be keys with values, not one value");
}

static void values(void **state)
{
    (void)state;
    refused("port: 65536\n",
            "f.yaml:1: port: \"65536\": not between 0 and 65535");
    refused("port: -1\n", "f.yaml:1: port: \"-1\": not a whole number");
    refused("port: 1x\n", "f.yaml:1: port: \"1x\": not a whole number");
    refused("port: 010\n", "f.yaml:1: port: \"010\": not a whole number");
    refused("port: 1.5\n", "f.yaml:1: port: \"1.5\": not a whole number");
    refused("port: 1\nshift: 128\n",
            "f.yaml:2: shift: \"128\": not between -128 and 127");
    refused("port: 1\nshift: -129\n",
            "f.yaml:2: shift: \"-129\": not between -128 and 127");
    refused("port: 1\non: yes\n", "f.yaml:2: on: \"yes\": not true or false");
    refused("port: 1\non: maybe\n",
            "f.yaml:2: on: \"maybe\": not true or false");
    refused("port: 1\ncolour: blue\n",
            "f.yaml:2: colour: \"blue\": not one of red, green");
    refused("port: 1\ncolour: 1\n",
            "f.yaml:2: colour: \"1\": not one of red, green");
    refused("port: 1\nmarks: [one, three]\n",
            "f.yaml:2: marks[1]: \"three\": not one of one, two");
    refused("port: 1\nname: a\n", "f.yaml:2: name: 1 characters, at least 2");
    refused("port: 1\nname: abcdefghijk\n",
            "f.yaml:2: name: 11 characters, at most 10");
    refused("port: 1\nname: \"a\\0b\"\n", "f.yaml:2: name: NUL inside a text");
    refused("port: 1\nparts: []\n", "f.yaml:2: parts: 0 entries, at least 1");
    refused("port: 1\nparts:\n- count: 1\n- count: 1\n- count: 1\n",
            "f.yaml:3: parts: 3 entries, at most 2");
}

/* Fractions are left to libcyaml: its reason and line come through. */
static void what_only_libcyaml_sees(void **state)
{
    (void)state;
    refused("port: 1\nratio: x\n",
            "f.yaml:2: Invalid value: Load: Invalid FLOAT value: x");
    sg_config_free(&TREE, accepted("port: 1\nratio: 0.5\n"));
}

static void keys_without_value(void **state)
{
    (void)state;
    refused("port:\n", "f.yaml:1: port: has no value");
    refused("port: 1\nname:\n", "f.yaml:2: name: has no value");
    refused("port: 1\nname: null\n", "f.yaml:2: name: has no value");
    refused("port: 1\nparts: ~\n", "f.yaml:2: parts: has no value");
    refused("port: 1\nsingle:\n", "f.yaml:2: single: has no value");
    refused("port: 1\nwords: [ab, ~]\n", "f.yaml:2: words[1]: has no value");
    refused("null\n", "f.yaml:1: has no value");
}

static void documents(void **state)
{
    (void)state;
    refused("", "f.yaml:1: the file is empty");
    refused("# nothing\n", "f.yaml:2: the file is empty");
    refused("port: 1\n---\nport: 2\n", "f.yaml:2: more than one document");
    sg_config_free(&TREE, accepted("---\nport: 1\n...\n"));
}

static void what_is_not_yaml(void **state)
{
    (void)state;
    refused("port: 1\nname: [ab\n",
            "f.yaml:2: name: must be a text, not a list");
    refused("port: 1\nwords: [ab\n",
            "f.yaml:3: not YAML: did not find expected ',' or ']'");
    refused("port: 1\n\tname: ab\n",
            "f.yaml:2: not YAML: found a tab character that "
            "violates indentation");
    refused("port: 1\nname: ab\ncd: \"x\n", "f.yaml:3: cd: unknown key");
    refused("port: 1\nname: \"x\n",
            "f.yaml:3: not YAML: found unexpected end of stream");
    refused("port: 1\n\nname: \xff\n",
            "f.yaml:3: not YAML: invalid leading UTF-8 octet");
    refused("port: 1\nname: a\x07\n",
            "f.yaml:2: not YAML: control characters are not allowed");
}

static void what_yaml_has_and_we_do_not(void **state)
{
    (void)state;
    refused("port: &p 1\n", "f.yaml:1: port: anchors (&) are not accepted");
    refused("port: 1\nparts: &p [{count: 1}]\n",
            "f.yaml:2: parts: anchors (&) are not accepted");
    refused("&k port: 1\n", "f.yaml:1: port: anchors (&) are not accepted");
    refused("port: *p\n", "f.yaml:1: port: aliases (*) are not accepted");
    refused("port: 1\nlater: [&a x, *a]\n",
            "f.yaml:2: later[0]: anchors (&) are not accepted");
    refused("port: 1\n<<: {a: 1}\n", "f.yaml:2: <<: unknown key");
    refused("port: !!int 1\n", "f.yaml:1: port: tags (!) are not accepted");
    refused("port: 1\nwords: !list []\n",
            "f.yaml:2: words: tags (!) are not accepted");
}

static void nesting_is_limited(void **state)
{
    char yaml[200] = "port: 1\nlater: ";

    (void)state;
    for (int i = 0; i < 15; i++)
        (void)strncat(yaml, "[", 2);
    for (int i = 0; i < 15; i++)
        (void)strncat(yaml, "]", 2);
    sg_config_free(&TREE, accepted(yaml));

    char *value = strstr(yaml, "[");
    (void)snprintf(value, 100, "%s", "[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]");
    refused(yaml, "f.yaml:2: later[0][0][0][0][0][0][0][0][0][0][0][0][0][0]"
                  "[0]: nested deeper than 16");
}

static void a_foreign_key_is_shown_harmless(void **state)
{
    (void)state;
    refused("port: 1\n\"a\\n\\e[2Jb\": 2\n", "f.yaml:2: a??[2Jb: unknown key");
}

/* --- files ---------------------------------------------------------------------- */

static void files(void **state)
{
    struct sg_err err = { 0 };
    char dir[T_PATH_MAX];
    char path[T_PATH_MAX + 8];
    char want[T_PATH_MAX + 100];
    void *data = NULL;

    (void)state;
    t_dir_new(dir);
    (void)snprintf(path, sizeof(path), "%s/f", dir);
    (void)snprintf(want, sizeof(want), "%s: No such file or directory", path);
    t_refused(&err, sg_config_load(path, &TREE, &data, &err), SG_NOT_FOUND,
              want);

    t_file_write(path, "port: 7\n", 8);
    assert_int_equal(chmod(path, 0640), 0);
    t_ok(&err, sg_config_load(path, &TREE, &data, &err));
    assert_int_equal(((struct tree *)data)->port, 7);
    sg_config_free(&TREE, data);
    data = NULL;

    assert_int_equal(chmod(path, 0646), 0);
    (void)snprintf(want, sizeof(want),
                   "%s: mode 0646 lets group or others write it: chmod go-w",
                   path);
    t_refused(&err, sg_config_load(path, &TREE, &data, &err), SG_CONFIG, want);
    assert_int_equal(chmod(path, 0600), 0);

    t_file_write(path, "port: 7\nprot: 1\n", 16);
    (void)snprintf(want, sizeof(want), "%s:2: prot: unknown key", path);
    t_refused(&err, sg_config_load(path, &TREE, &data, &err), SG_CONFIG, want);

    size_t size = ((size_t)1 << 20) + 1;
    char *big = malloc(size);
    assert_non_null(big);
    memset(big, '#', size);
    t_file_write(path, big, size);
    (void)snprintf(want, sizeof(want), "%s: larger than 1048576 bytes", path);
    t_refused(&err, sg_config_load(path, &TREE, &data, &err), SG_CONFIG, want);
    t_refused(&err,
              sg_config_parse(SG_SLICE((uint8_t *)big, size), "f.yaml", &TREE,
                              &data, &err),
              SG_CONFIG, "f.yaml:1: larger than 1048576 bytes");
    free(big);
    assert_null(data);
    t_dir_remove(dir);
}

static void what_is_saved_is_read(void **state)
{
    struct sg_err err = { 0 };
    SG_CLEANUP(sg_buf_done) struct sg_buf yaml;
    void *data = NULL;

    (void)state;
    struct tree *tree = accepted("port: 9\nname: \"a: #b\"\ncolour: green\n"
                                 "marks: [two]\nparts: [{count: 4}]\n"
                                 "words: ['-', '&x', 'a\"b']\n"
                                 "single: {count: 1}\n");
    sg_buf_init(&yaml, 4096);
    t_ok(&err, sg_config_save(&TREE, tree, &yaml, &err));
    sg_config_free(&TREE, tree);
    t_ok(&err,
         sg_config_parse(sg_buf_slice(&yaml), "saved", &TREE, &data, &err));
    tree = data;
    assert_int_equal(tree->port, 9);
    assert_string_equal(tree->name, "a: #b");
    assert_int_equal(tree->colour, GREEN);
    assert_int_equal(tree->marks, 2);
    assert_int_equal(tree->parts_count, 1);
    assert_int_equal(tree->parts[0].count, 4);
    assert_int_equal(tree->words_count, 3);
    assert_string_equal(tree->words[1], "&x");
    assert_string_equal(tree->words[2], "a\"b");
    sg_config_free(&TREE, tree);
}

static void a_save_that_does_not_fit(void **state)
{
    struct sg_err err = { 0 };
    SG_CLEANUP(sg_buf_done) struct sg_buf yaml;

    (void)state;
    struct tree *tree = accepted("port: 9\nsingle: {count: 1}\n");
    sg_buf_init(&yaml, 5);
    t_assert_fails(sg_config_save(&TREE, tree, &yaml, &err), SG_LIMIT);
    assert_int_equal(yaml.len, 0);
    sg_config_free(&TREE, tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_is_read),
        cmocka_unit_test(keys),
        cmocka_unit_test(types),
        cmocka_unit_test(values),
        cmocka_unit_test(what_only_libcyaml_sees),
        cmocka_unit_test(keys_without_value),
        cmocka_unit_test(documents),
        cmocka_unit_test(what_is_not_yaml),
        cmocka_unit_test(what_yaml_has_and_we_do_not),
        cmocka_unit_test(nesting_is_limited),
        cmocka_unit_test(a_foreign_key_is_shown_harmless),
        cmocka_unit_test(files),
        cmocka_unit_test(what_is_saved_is_read),
        cmocka_unit_test(a_save_that_does_not_fit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
