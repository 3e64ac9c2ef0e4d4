/* SPDX-License-Identifier: Apache-2.0 */
#include "common/config-walk.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/parse.h"

enum sg_rc sg_walk_new(struct sg_slice yaml, const char *path,
                       struct walk **ret_walk, struct sg_err *err)
{
    struct walk *w = calloc(1, sizeof(*w));

    if (w == NULL || yaml_parser_initialize(&w->parser) != 1) {
        free(w);
        return sg_err_set(err, SG_NOMEM, "%s: YAML parser", path);
    }
    yaml_parser_set_encoding(&w->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&w->parser, yaml.p, yaml.len);
    w->yaml = yaml;
    w->path = path;
    *ret_walk = w;
    return SG_OK;
}

void sg_walk_free(struct walk *w)
{
    if (w == NULL)
        return;
    yaml_event_delete(&w->event);
    yaml_parser_delete(&w->parser);
    free(w);
}

const char *sg_walk_place(const struct walk *w, char dst[WALK_PLACE_MAX])
{
    size_t len = 0;

    dst[0] = '\0';
    for (size_t i = 0; i < w->depth && len < WALK_PLACE_MAX; i++) {
        const struct walk_level *l = &w->levels[i];
        int n = 0;

        if (l->mapping && l->key[0] != '\0')
            n = snprintf(dst + len, WALK_PLACE_MAX - len, "%s%s",
                         len > 0 ? "." : "", l->key);
        else if (!l->mapping && l->index != ~0U)
            n = snprintf(dst + len, WALK_PLACE_MAX - len, "[%u]", l->index);
        len += n > 0 ? (size_t)n : 0;
    }
    return dst;
}

enum sg_rc sg_walk_refuse(const struct walk *w, unsigned line,
                          struct sg_err *err, const char *fmt, ...)
{
    char place[WALK_PLACE_MAX];
    char reason[WALK_PLACE_MAX];

    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(reason, sizeof(reason), fmt, ap);
    va_end(ap);
    (void)sg_walk_place(w, place);
    return sg_err_set(err, SG_CONFIG, "%s:%u: %s%s%s", w->path, line, place,
                      place[0] != '\0' ? ": " : "", reason);
}

static unsigned line_of(yaml_mark_t mark)
{
    return (unsigned)mark.line + 1;
}

/* The reader (bad UTF-8) knows an offset only, scanner and parser a mark. */
static enum sg_rc parser_fault(const struct walk *w, struct sg_err *err)
{
    const yaml_parser_t *p = &w->parser;
    unsigned line = line_of(p->problem_mark);

    if (p->error == YAML_MEMORY_ERROR)
        return sg_err_set(err, SG_NOMEM, "%s: YAML parser", w->path);
    if (p->error == YAML_READER_ERROR) {
        line = 1;
        for (size_t i = 0; i < p->problem_offset && i < w->yaml.len; i++)
            line += w->yaml.p[i] == '\n' ? 1 : 0;
    }
    return sg_err_set(err, SG_CONFIG, "%s:%u: not YAML: %s", w->path, line,
                      p->problem != NULL ? p->problem : "unreadable");
}

static enum sg_rc read_event(struct walk *w, struct sg_err *err)
{
    yaml_event_delete(&w->event);
    if (yaml_parser_parse(&w->parser, &w->event) != 1)
        return parser_fault(w, err);
    return SG_OK;
}

/* What goes on inside the level in which a value begins. */
static void step_into_value(struct walk *w)
{
    if (w->depth == 0)
        return;
    struct walk_level *l = &w->levels[w->depth - 1];
    if (l->mapping)
        l->key_is_next = true;
    else
        l->index++;
}

static bool key_is_next(const struct walk *w)
{
    return w->depth > 0 && w->levels[w->depth - 1].mapping
           && w->levels[w->depth - 1].key_is_next;
}

static enum sg_rc check_properties(const struct walk *w, const void *anchor,
                                   const void *tag, unsigned line,
                                   struct sg_err *err)
{
    if (anchor != NULL)
        return sg_walk_refuse(w, line, err, "anchors (&) are not accepted");
    if (tag != NULL)
        return sg_walk_refuse(w, line, err, "tags (!) are not accepted");
    return SG_OK;
}

static enum sg_rc on_scalar(struct walk *w, struct walk_item *ret,
                            struct sg_err *err)
{
    const char *text = (const char *)w->event.data.scalar.value;
    size_t len = w->event.data.scalar.length;

    ret->kind = WALK_SCALAR;
    ret->text = SG_SLICE(w->event.data.scalar.value, len);
    ret->plain = w->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    if (key_is_next(w)) {
        struct walk_level *l = &w->levels[w->depth - 1];
        char shown[SG_SHOW_MAX];

        ret->kind = WALK_KEY;
        l->key_is_next = false;
        (void)snprintf(l->key, sizeof(l->key), "%s", sg_show(text, shown));
    } else {
        step_into_value(w);
    }
    if (strlen(text) != len)
        return sg_walk_refuse(w, ret->line, err, "NUL inside a text");
    return check_properties(w, w->event.data.scalar.anchor,
                            w->event.data.scalar.tag, ret->line, err);
}

static enum sg_rc on_begin(struct walk *w, bool mapping, struct walk_item *ret,
                           struct sg_err *err)
{
    bool as_key = key_is_next(w);

    ret->kind = mapping ? WALK_BEGIN_MAPPING : WALK_BEGIN_SEQUENCE;
    step_into_value(w);
    if (as_key) {
        w->levels[w->depth - 1].key[0] = '\0'; /* of the entry before */
        return sg_walk_refuse(w, ret->line, err, "a key must be a plain text");
    }
    SG_TRY(check_properties(w,
                            mapping ? w->event.data.mapping_start.anchor
                                    : w->event.data.sequence_start.anchor,
                            mapping ? w->event.data.mapping_start.tag
                                    : w->event.data.sequence_start.tag,
                            ret->line, err));
    if (w->depth == WALK_DEPTH_MAX)
        return sg_walk_refuse(w, ret->line, err, "nested deeper than %d",
                              WALK_DEPTH_MAX);
    w->levels[w->depth++] = (struct walk_level){
        .mapping = mapping,
        .key_is_next = mapping,
        .line = ret->line,
        .index = ~0U,
    };
    return SG_OK;
}

/* The document has ended: nothing may follow. */
static enum sg_rc on_document_end(struct walk *w, struct sg_err *err)
{
    SG_TRY(read_event(w, err));
    if (w->event.type != YAML_STREAM_END_EVENT)
        return sg_walk_refuse(w, line_of(w->event.start_mark), err,
                              "more than one document");
    return SG_OK;
}

enum sg_rc sg_walk_next(struct walk *w, struct walk_item *ret,
                        struct sg_err *err)
{
    for (;;) {
        SG_TRY(read_event(w, err));
        *ret = (struct walk_item){ .line = line_of(w->event.start_mark) };
        switch (w->event.type) {
        case YAML_SCALAR_EVENT:
            return on_scalar(w, ret, err);
        case YAML_MAPPING_START_EVENT:
            return on_begin(w, true, ret, err);
        case YAML_SEQUENCE_START_EVENT:
            return on_begin(w, false, ret, err);
        case YAML_MAPPING_END_EVENT:
            w->depth--;
            ret->kind = WALK_END_MAPPING;
            return SG_OK;
        case YAML_SEQUENCE_END_EVENT:
            w->depth--;
            ret->kind = WALK_END_SEQUENCE;
            return SG_OK;
        case YAML_ALIAS_EVENT:
            return sg_walk_refuse(w, ret->line, err,
                                  "aliases (*) are not accepted");
        case YAML_DOCUMENT_END_EVENT:
            ret->kind = WALK_DONE;
            return on_document_end(w, err);
        case YAML_STREAM_END_EVENT:
            return sg_walk_refuse(w, ret->line, err, "the file is empty");
        case YAML_NO_EVENT:
        case YAML_STREAM_START_EVENT:
        case YAML_DOCUMENT_START_EVENT:
            continue;
        }
    }
}
