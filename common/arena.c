/* SPDX-License-Identifier: Apache-2.0 */
#include "common/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_FIRST 4096 /* bytes, with the block's own header */
#define ARENA_STEP 65536 /* blocks double up to here */
#define ARENA_ALIGN alignof(max_align_t)

struct sg_arena_block {
    struct sg_arena_block *next;
    size_t cap;
    size_t used;
    alignas(max_align_t) uint8_t data[];
};

void sg_arena_init(struct sg_arena *arena, size_t max)
{
    *arena = (struct sg_arena){ .max = max };
}

void sg_arena_done(struct sg_arena *arena)
{
    struct sg_arena_block *block = arena->head;

    while (block != NULL) {
        struct sg_arena_block *next = block->next;

        explicit_bzero(block->data, block->used);
        free(block);
        block = next;
    }
    *arena = (struct sg_arena){ 0 };
}

void sg_arena_done_cleanup(struct sg_arena *arena)
{
    sg_arena_done(arena);
}

static struct sg_arena_block *add_block(struct sg_arena *arena, size_t size)
{
    const size_t head = sizeof(struct sg_arena_block);
    size_t cap = ARENA_FIRST - head;

    if (arena->head != NULL)
        cap = arena->head->cap < ARENA_STEP ? arena->head->cap * 2 : ARENA_STEP;
    if (cap < size)
        cap = size;

    struct sg_arena_block *block = malloc(head + cap);
    if (block == NULL)
        return NULL;
    block->next = arena->head;
    block->cap = cap;
    block->used = 0;
    arena->head = block;
    return block;
}

/* Not zeroed: for callers that fill all of it. */
static void *take(struct sg_arena *arena, size_t size)
{
    struct sg_arena_block *block = arena->head;

    if (size == 0)
        size = 1; /* so that every piece has an address of its own */
    if (size > arena->max || size > PTRDIFF_MAX)
        return NULL;
    size = (size + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;
    if (arena->used > arena->max || size > arena->max - arena->used)
        return NULL;
    if (block == NULL || size > block->cap - block->used)
        block = add_block(arena, size);
    if (block == NULL)
        return NULL;

    void *piece = block->data + block->used;
    block->used += size;
    arena->used += size;
    return piece;
}

void *sg_arena_alloc(struct sg_arena *arena, size_t size)
{
    void *piece = take(arena, size);

    if (piece != NULL)
        memset(piece, 0, size);
    return piece;
}

void *sg_arena_calloc(struct sg_arena *arena, size_t n, size_t size)
{
    size_t bytes = 0;

    if (__builtin_mul_overflow(n, size, &bytes))
        return NULL;
    return sg_arena_alloc(arena, bytes);
}

char *sg_arena_strdup(struct sg_arena *arena, const char *s)
{
    return sg_arena_text(arena, sg_slice_str(s));
}

char *sg_arena_text(struct sg_arena *arena, struct sg_slice s)
{
    if (s.len == SIZE_MAX)
        return NULL;

    char *text = take(arena, s.len + 1);
    if (text == NULL)
        return NULL;
    if (s.len > 0)
        memcpy(text, s.p, s.len);
    text[s.len] = '\0';
    return text;
}

struct sg_slice sg_arena_copy(struct sg_arena *arena, struct sg_slice s)
{
    uint8_t *copy = take(arena, s.len);

    if (copy == NULL)
        return SG_SLICE(NULL, 0);
    if (s.len > 0)
        memcpy(copy, s.p, s.len);
    return SG_SLICE(copy, s.len);
}

char *sg_arena_printf(struct sg_arena *arena, const char *fmt, ...)
{
    va_list ap;
    va_list again;
    char *text = NULL;

    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    if (n >= 0)
        text = take(arena, (size_t)n + 1);
    if (text != NULL)
        (void)vsnprintf(text, (size_t)n + 1, fmt, again);
    va_end(again);
    va_end(ap);
    return text;
}
