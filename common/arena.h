/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_COMMON_ARENA_H
#define SG_COMMON_ARENA_H

/* Memory with the life of one request: many small pieces, freed together.
 * All of it is wiped when it is given back. Not thread-safe. */

#include "common/buf.h"

struct sg_arena_block;
struct sg_arena {
    struct sg_arena_block *head;
    size_t used; /* bytes handed out */
    size_t max;
};

void sg_arena_init(struct sg_arena *arena, size_t max);
void sg_arena_done(struct sg_arena *arena); /* every piece becomes invalid */
void sg_arena_done_cleanup(struct sg_arena *arena);

/* Zeroed, aligned for any type, valid until done. NULL past max or when memory
 * is gone: the caller reports SG_NOMEM. */
void *sg_arena_alloc(struct sg_arena *arena, size_t size);
#define sg_arena_new(arena, type) \
    ((type *)sg_arena_alloc((arena), sizeof(type)))
#define sg_arena_array(arena, type, n) \
    ((type *)sg_arena_calloc((arena), (n), sizeof(type)))
void *sg_arena_calloc(struct sg_arena *arena, size_t n, size_t size);
char *sg_arena_strdup(struct sg_arena *arena, const char *s);
char *sg_arena_text(struct sg_arena *arena, struct sg_slice s); /* adds NUL */
/* A copy; p is NULL when memory is gone. */
struct sg_slice sg_arena_copy(struct sg_arena *arena, struct sg_slice s);
SG_PRINTF(2, 3)
char *sg_arena_printf(struct sg_arena *arena, const char *fmt, ...);

#endif
