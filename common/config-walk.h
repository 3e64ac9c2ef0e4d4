/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_COMMON_CONFIG_WALK_H
#define SG_COMMON_CONFIG_WALK_H

/* One walk over the YAML events of a configuration, for config.c and
 * config-check.c. Keeps the place ("tokens[1].sessions", line 12) and refuses
 * what no configuration of ours may hold: aliases, anchors, tags, keys that
 * are not plain texts, deep nesting, a second document. Not thread-safe. */

#include <cyaml/cyaml.h>
#include <yaml.h>

#include "common/buf.h"

#define WALK_DEPTH_MAX 16
#define WALK_KEY_MAX 64     /* longer than any key of ours */
#define WALK_FIELDS_MAX 128 /* keys that one mapping's schema may know */
#define WALK_PLACE_MAX 256

enum walk_kind {
    WALK_KEY,
    WALK_SCALAR,
    WALK_BEGIN_MAPPING,
    WALK_END_MAPPING,
    WALK_BEGIN_SEQUENCE,
    WALK_END_SEQUENCE,
    WALK_DONE
};

/* text is the walker's until the next step. */
struct walk_item {
    enum walk_kind kind;
    unsigned line;
    struct sg_slice text;
    bool plain; /* not quoted, not a block */
};

/* A mapping or sequence around the current place. */
struct walk_level {
    bool mapping;
    bool key_is_next;
    unsigned line;
    unsigned index; /* of the current entry; ~0 before the first */
    char key[WALK_KEY_MAX];
    /* for the schema check */
    const cyaml_schema_value_t *schema;
    const cyaml_schema_field_t *field;
    cyaml_schema_value_t flag; /* one entry of CYAML_FLAGS, as an enum */
    bool seen[WALK_FIELDS_MAX];
};

struct walk {
    yaml_parser_t parser;
    yaml_event_t event;
    struct sg_slice yaml;
    const char *path;
    size_t depth;
    struct walk_level levels[WALK_DEPTH_MAX];
};

enum sg_rc sg_walk_new(struct sg_slice yaml, const char *path,
                       struct walk **ret_walk, struct sg_err *err);
void sg_walk_free(struct walk *w);
SG_DEFINE_CLEANUP(struct walk, sg_walk_free);

/* The next item. A level is pushed before its BEGIN is returned and popped
 * before its END is. */
enum sg_rc sg_walk_next(struct walk *w, struct walk_item *ret,
                        struct sg_err *err);
/* "tokens[1].sessions" of the current place, "" at the top. Returns dst. */
const char *sg_walk_place(const struct walk *w, char dst[WALK_PLACE_MAX]);

/* SG_CONFIG "path:line: place: reason" (without place at the top). */
SG_PRINTF(4, 5)
enum sg_rc sg_walk_refuse(const struct walk *w, unsigned line,
                          struct sg_err *err, const char *fmt, ...);

/* Hold the whole text against the schema. */
enum sg_rc sg_config_check(struct sg_slice yaml, const char *path,
                           const cyaml_schema_value_t *schema,
                           struct sg_err *err);

#endif
