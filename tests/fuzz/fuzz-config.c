/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "common/config.h"

/* One field of each type that configurations of ours have. */
struct entry {
    char *name;
    unsigned number;
};

struct tree {
    uint16_t port;
    int64_t offset;
    bool on;
    char *name;
    char *comment;
    int level;
    unsigned marks;
    struct entry *entries;
    unsigned entries_count;
    char **words;
    unsigned words_count;
};

static const cyaml_strval_t LEVELS[] = { { "low", 0 }, { "high", 1 } };
static const cyaml_strval_t MARKS[] = { { "a", 1 }, { "b", 2 } };
static const cyaml_schema_field_t ENTRY_FIELDS[] = {
    CYAML_FIELD_STRING_PTR("name",
                           CYAML_FLAG_POINTER | CYAML_FLAG_SCALAR_QUOTE_DOUBLE,
                           struct entry, name, 1, 64),
    CYAML_FIELD_UINT("number", CYAML_FLAG_OPTIONAL, struct entry, number),
    CYAML_FIELD_END
};
static const cyaml_schema_value_t ENTRY = { CYAML_VALUE_MAPPING(
    CYAML_FLAG_DEFAULT, struct entry, ENTRY_FIELDS) };
static const cyaml_schema_value_t WORD = { CYAML_VALUE_STRING(
    CYAML_FLAG_POINTER | CYAML_FLAG_SCALAR_QUOTE_DOUBLE, char *, 0, 64) };
static const cyaml_schema_field_t TREE_FIELDS[] = {
    CYAML_FIELD_UINT("port", CYAML_FLAG_OPTIONAL, struct tree, port),
    CYAML_FIELD_INT("offset", CYAML_FLAG_OPTIONAL, struct tree, offset),
    CYAML_FIELD_BOOL("on", CYAML_FLAG_OPTIONAL, struct tree, on),
    CYAML_FIELD_STRING_PTR("name",
                           CYAML_FLAG_POINTER | CYAML_FLAG_SCALAR_QUOTE_DOUBLE,
                           struct tree, name, 1, 64),
    CYAML_FIELD_STRING_PTR("comment",
                           CYAML_FLAG_POINTER_NULL_STR | CYAML_FLAG_OPTIONAL
                               | CYAML_FLAG_SCALAR_QUOTE_DOUBLE,
                           struct tree, comment, 0, 64),
    CYAML_FIELD_ENUM("level", CYAML_FLAG_OPTIONAL | CYAML_FLAG_STRICT,
                     struct tree, level, LEVELS, SG_ARRAY_LEN(LEVELS)),
    CYAML_FIELD_FLAGS("marks", CYAML_FLAG_OPTIONAL | CYAML_FLAG_STRICT,
                      struct tree, marks, MARKS, SG_ARRAY_LEN(MARKS)),
    CYAML_FIELD_SEQUENCE("entries", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
                         struct tree, entries, &ENTRY, 0, 8),
    CYAML_FIELD_SEQUENCE("words", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
                         struct tree, words, &WORD, 0, CYAML_UNLIMITED),
    CYAML_FIELD_IGNORE("later", CYAML_FLAG_OPTIONAL),
    CYAML_FIELD_END
};
static const cyaml_schema_value_t TREE = { CYAML_VALUE_MAPPING(
    CYAML_FLAG_POINTER, struct tree, TREE_FIELDS) };

static void same_text(const char *a, const char *b)
{
    FUZZ_HOLDS((a == NULL) == (b == NULL));
    if (a != NULL)
        FUZZ_HOLDS(strcmp(a, b) == 0);
}

static void same_tree(const struct tree *a, const struct tree *b)
{
    FUZZ_HOLDS(a->port == b->port && a->offset == b->offset);
    FUZZ_HOLDS(a->on == b->on && a->level == b->level);
    FUZZ_HOLDS(a->marks == b->marks);
    FUZZ_HOLDS(a->entries_count == b->entries_count);
    FUZZ_HOLDS(a->words_count == b->words_count);
    same_text(a->name, b->name);
    same_text(a->comment, b->comment);
    for (unsigned i = 0; i < a->entries_count; i++) {
        same_text(a->entries[i].name, b->entries[i].name);
        FUZZ_HOLDS(a->entries[i].number == b->entries[i].number);
    }
    for (unsigned i = 0; i < a->words_count; i++)
        same_text(a->words[i], b->words[i]);
}

/* What is accepted can be written and read again as the same values. */
static void save_again(const struct tree *tree)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf yaml;
    struct sg_err err = { 0 };
    void *again = NULL;

    sg_buf_init(&yaml, (size_t)1 << 20);
    if (sg_config_save(&TREE, tree, &yaml, &err) != SG_OK
        || sg_config_parse(sg_buf_slice(&yaml), "again", &TREE, &again, &err)
               != SG_OK) {
        (void)fprintf(stderr, "%s\n%.*s\n", err.msg, (int)yaml.len,
                      (const char *)yaml.data);
        abort();
    }
    same_tree(tree, again);
    sg_config_free(&TREE, again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sg_err err = { 0 };
    void *tree = NULL;
    enum sg_rc rc =
        sg_config_parse(SG_SLICE(data, size), "fuzz.yaml", &TREE, &tree, &err);

    if (rc != SG_OK) {
        FUZZ_HOLDS(rc == SG_CONFIG && tree == NULL);
        FUZZ_HOLDS(strncmp(err.msg, "fuzz.yaml:", 10) == 0);
        return 0;
    }
    save_again(tree);
    sg_config_free(&TREE, tree);
    return 0;
}
