/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/config-walk.h"
#include "common/parse.h"

/* libcyaml 1.3.1 alone is not enough: it reads "1x" as 1, 010 as 8, 1.5 as 1
 * and "maybe" as true, and gives an unknown key the line of the value before
 * it. So the schema is enforced here, and libcyaml only fills the structs. */

#define ALLOWED_MAX 160 /* bytes of "err, warn, notice" in a message */

/* The schema of the value that begins here. NULL: whatever it likes. */
static const cyaml_schema_value_t *expected(const struct walk *w, size_t depth,
                                            const cyaml_schema_value_t *root)
{
    if (depth == 0)
        return root;
    const struct walk_level *l = &w->levels[depth - 1];
    if (l->schema == NULL)
        return NULL;
    if (l->mapping)
        return &l->field->value;
    return l->schema->type == CYAML_FLAGS ? &l->flag
                                          : l->schema->sequence.entry;
}

static const char *type_name(const cyaml_schema_value_t *v)
{
    switch (v->type) {
    case CYAML_INT:
    case CYAML_UINT:
        return "a whole number";
    case CYAML_BOOL:
        return "true or false";
    case CYAML_FLOAT:
        return "a number";
    case CYAML_MAPPING:
    case CYAML_BITFIELD:
        return "keys with values";
    case CYAML_FLAGS:
    case CYAML_SEQUENCE:
    case CYAML_SEQUENCE_FIXED:
        return "a list";
    case CYAML_ENUM:
    case CYAML_STRING:
    case CYAML_IGNORE:
    case CYAML__TYPE_COUNT:
        break;
    }
    return "a text";
}

static enum sg_rc wrong_type(const struct walk *w, const struct walk_item *item,
                             const cyaml_schema_value_t *v, struct sg_err *err)
{
    const char *found = item->kind == WALK_BEGIN_MAPPING    ? "keys with values"
                        : item->kind == WALK_BEGIN_SEQUENCE ? "a list"
                        : item->plain                       ? "one value"
                                                            : "a quoted text";

    return sg_walk_refuse(w, item->line, err, "must be %s, not %s",
                          type_name(v), found);
}

/* --- mappings -------------------------------------------------------------- */

static enum sg_rc on_key(struct walk *w, const struct walk_item *item,
                         struct sg_err *err)
{
    struct walk_level *l = &w->levels[w->depth - 1];
    const char *key = (const char *)item->text.p;

    if (l->schema == NULL)
        return SG_OK;
    const cyaml_schema_field_t *fields = l->schema->mapping.fields;
    for (size_t i = 0; fields[i].key != NULL; i++) {
        assert(i < WALK_FIELDS_MAX);
        if (strcmp(fields[i].key, key) != 0)
            continue;
        if (l->seen[i])
            return sg_walk_refuse(w, item->line, err, "key given twice");
        l->seen[i] = true;
        l->field = &fields[i];
        return SG_OK;
    }
    return sg_walk_refuse(w, item->line, err, "unknown key");
}

/* The level has been popped but is still there. */
static enum sg_rc on_end_mapping(const struct walk *w, struct sg_err *err)
{
    const struct walk_level *l = &w->levels[w->depth];

    if (l->schema == NULL)
        return SG_OK;
    const cyaml_schema_field_t *fields = l->schema->mapping.fields;
    for (size_t i = 0; fields[i].key != NULL; i++)
        if (!l->seen[i] && (fields[i].value.flags & CYAML_FLAG_OPTIONAL) == 0)
            return sg_walk_refuse(w, l->line, err, "key \"%s\" is missing",
                                  fields[i].key);
    return SG_OK;
}

/* --- sequences ------------------------------------------------------------- */

static enum sg_rc on_end_sequence(const struct walk *w, struct sg_err *err)
{
    const struct walk_level *l = &w->levels[w->depth];
    uint64_t count = l->index == ~0U ? 0 : (uint64_t)l->index + 1;

    if (l->schema == NULL || l->schema->type == CYAML_FLAGS)
        return SG_OK;
    uint32_t min = l->schema->sequence.min;
    uint32_t max = l->schema->sequence.max;
    if (count < min)
        return sg_walk_refuse(w, l->line, err,
                              "%" PRIu64 " entries, at least %" PRIu32, count,
                              min);
    if (count > max)
        return sg_walk_refuse(w, l->line, err,
                              "%" PRIu64 " entries, at most %" PRIu32, count,
                              max);
    return SG_OK;
}

/* --- scalars --------------------------------------------------------------- */

static bool is_null(const struct walk_item *item)
{
    static const char *const names[] = { "", "~", "null", "Null", "NULL" };

    for (size_t i = 0; item->plain && i < SG_ARRAY_LEN(names); i++)
        if (strcmp((const char *)item->text.p, names[i]) == 0)
            return true;
    return false;
}

static bool may_be_null(const struct walk_item *item,
                        const cyaml_schema_value_t *v)
{
    enum cyaml_flag need = item->text.len == 0 ? CYAML_FLAG_POINTER_NULL
                                               : CYAML_FLAG_POINTER_NULL_STR;

    return (v->flags & need) == need;
}

static enum sg_rc refuse_number(const struct walk *w,
                                const struct walk_item *item,
                                const struct sg_err *why, struct sg_err *err)
{
    return sg_walk_refuse(w, item->line, err, "%s", why->msg);
}

static enum sg_rc check_int(const struct walk *w, const struct walk_item *item,
                            const cyaml_schema_value_t *v, struct sg_err *err)
{
    struct sg_err why = { 0 };
    int64_t max = INT64_MAX >> (64 - 8 * v->data_size);
    int64_t n = 0;

    if (!item->plain)
        return wrong_type(w, item, v, err);
    if (sg_parse_i64((const char *)item->text.p, -max - 1, max, &n, &why)
        != SG_OK)
        return refuse_number(w, item, &why, err);
    return SG_OK;
}

static enum sg_rc check_uint(const struct walk *w, const struct walk_item *item,
                             const cyaml_schema_value_t *v, struct sg_err *err)
{
    struct sg_err why = { 0 };
    uint64_t max = UINT64_MAX >> (64 - 8 * v->data_size);
    uint64_t n = 0;

    if (!item->plain)
        return wrong_type(w, item, v, err);
    if (sg_parse_u64((const char *)item->text.p, 0, max, &n, &why) != SG_OK)
        return refuse_number(w, item, &why, err);
    return SG_OK;
}

static enum sg_rc check_bool(const struct walk *w, const struct walk_item *item,
                             const cyaml_schema_value_t *v, struct sg_err *err)
{
    const char *text = (const char *)item->text.p;
    char shown[SG_SHOW_MAX];

    if (!item->plain)
        return wrong_type(w, item, v, err);
    if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
        return sg_walk_refuse(w, item->line, err, "\"%s\": not true or false",
                              sg_show(text, shown));
    return SG_OK;
}

static enum sg_rc check_one_of(const struct walk *w,
                               const struct walk_item *item,
                               const cyaml_schema_value_t *v,
                               struct sg_err *err)
{
    const char *text = (const char *)item->text.p;
    char allowed[ALLOWED_MAX] = "";
    char shown[SG_SHOW_MAX];
    size_t len = 0;

    for (uint32_t i = 0; i < v->enumeration.count; i++) {
        const char *name = v->enumeration.strings[i].str;

        if (strcmp(name, text) == 0)
            return SG_OK;
        if (len < sizeof(allowed))
            len += (size_t)snprintf(allowed + len, sizeof(allowed) - len,
                                    "%s%s", i > 0 ? ", " : "", name);
    }
    return sg_walk_refuse(w, item->line, err, "\"%s\": not one of %s",
                          sg_show(text, shown), allowed);
}

static enum sg_rc check_string(const struct walk *w,
                               const struct walk_item *item,
                               const cyaml_schema_value_t *v,
                               struct sg_err *err)
{
    size_t len = item->text.len;

    if (len < v->string.min)
        return sg_walk_refuse(w, item->line, err,
                              "%zu characters, at least %" PRIu32, len,
                              v->string.min);
    if (len > v->string.max)
        return sg_walk_refuse(w, item->line, err,
                              "%zu characters, at most %" PRIu32, len,
                              v->string.max);
    return SG_OK;
}

static enum sg_rc on_scalar(const struct walk *w, const struct walk_item *item,
                            const cyaml_schema_value_t *v, struct sg_err *err)
{
    if (v == NULL || v->type == CYAML_IGNORE)
        return SG_OK;
    if (is_null(item)) {
        if (may_be_null(item, v))
            return SG_OK;
        return sg_walk_refuse(w, item->line, err, "has no value");
    }
    switch (v->type) {
    case CYAML_INT:
        return check_int(w, item, v, err);
    case CYAML_UINT:
        return check_uint(w, item, v, err);
    case CYAML_BOOL:
        return check_bool(w, item, v, err);
    case CYAML_ENUM:
        return check_one_of(w, item, v, err);
    case CYAML_STRING:
        return check_string(w, item, v, err);
    case CYAML_MAPPING:
    case CYAML_BITFIELD:
    case CYAML_FLAGS:
    case CYAML_SEQUENCE:
    case CYAML_SEQUENCE_FIXED:
        return wrong_type(w, item, v, err);
    case CYAML_FLOAT:
    case CYAML_IGNORE:
    case CYAML__TYPE_COUNT:
        break;
    }
    return SG_OK;
}

/* The level has been pushed: what it may hold depends on the one around. */
static enum sg_rc on_begin(struct walk *w, const struct walk_item *item,
                           const cyaml_schema_value_t *root, struct sg_err *err)
{
    const cyaml_schema_value_t *v = expected(w, w->depth - 1, root);
    bool mapping = item->kind == WALK_BEGIN_MAPPING;
    bool fits = false;

    if (v == NULL || v->type == CYAML_IGNORE)
        return SG_OK;
    if (mapping)
        fits = v->type == CYAML_MAPPING || v->type == CYAML_BITFIELD;
    else
        fits = v->type == CYAML_SEQUENCE || v->type == CYAML_SEQUENCE_FIXED
               || v->type == CYAML_FLAGS;
    if (!fits)
        return wrong_type(w, item, v, err);
    /* What a bit field may hold is left to libcyaml: none of ours has one. */
    struct walk_level *l = &w->levels[w->depth - 1];
    if (v->type != CYAML_BITFIELD)
        l->schema = v;
    if (v->type == CYAML_FLAGS) {
        l->flag = *v;
        l->flag.type = CYAML_ENUM;
    }
    return SG_OK;
}

enum sg_rc sg_config_check(struct sg_slice yaml, const char *path,
                           const cyaml_schema_value_t *schema,
                           struct sg_err *err)
{
    SG_CLEANUP(sg_walk_free) struct walk *w = NULL;
    struct walk_item item = { .kind = WALK_SCALAR };

    SG_TRY(sg_walk_new(yaml, path, &w, err));
    while (item.kind != WALK_DONE) {
        SG_TRY(sg_walk_next(w, &item, err));
        switch (item.kind) {
        case WALK_KEY:
            SG_TRY(on_key(w, &item, err));
            break;
        case WALK_SCALAR:
            SG_TRY(on_scalar(w, &item, expected(w, w->depth, schema), err));
            break;
        case WALK_BEGIN_MAPPING:
        case WALK_BEGIN_SEQUENCE:
            SG_TRY(on_begin(w, &item, schema, err));
            break;
        case WALK_END_MAPPING:
            SG_TRY(on_end_mapping(w, err));
            break;
        case WALK_END_SEQUENCE:
            SG_TRY(on_end_sequence(w, err));
            break;
        case WALK_DONE:
            break;
        }
    }
    return SG_OK;
}
