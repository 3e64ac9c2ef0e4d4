/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/t.h"

#include <stdalign.h>
#include <string.h>

#include "common/arena.h"

static void pieces_are_zeroed_aligned_and_apart(void **state)
{
    SG_CLEANUP(sg_arena_done) struct sg_arena arena;
    uint8_t *piece[300];

    (void)state;
    sg_arena_init(&arena, 1 << 20);
    for (size_t i = 0; i < SG_ARRAY_LEN(piece); i++) {
        piece[i] = sg_arena_alloc(&arena, i);
        assert_non_null(piece[i]);
        assert_int_equal((uintptr_t)piece[i] % alignof(max_align_t), 0);
        for (size_t k = 0; k < i; k++)
            assert_int_equal(piece[i][k], 0);
        memset(piece[i], (int)(i & 0xff), i);
    }
    for (size_t i = 0; i < SG_ARRAY_LEN(piece); i++)
        for (size_t k = 0; k < i; k++)
            assert_int_equal(piece[i][k], i & 0xff);
}

static void the_maximum_holds(void **state)
{
    SG_CLEANUP(sg_arena_done) struct sg_arena arena;

    (void)state;
    sg_arena_init(&arena, 1024);
    assert_non_null(sg_arena_alloc(&arena, 1000));
    assert_null(sg_arena_alloc(&arena, 100));
    assert_non_null(sg_arena_alloc(&arena, 16));
    assert_null(sg_arena_alloc(&arena, 1));
    assert_int_equal(arena.used, 1024);
}

static void no_length_wraps(void **state)
{
    SG_CLEANUP(sg_arena_done) struct sg_arena arena;

    (void)state;
    sg_arena_init(&arena, SIZE_MAX);
    assert_null(sg_arena_alloc(&arena, SIZE_MAX));
    assert_null(sg_arena_calloc(&arena, SIZE_MAX / 2 + 1, 2));
    assert_null(sg_arena_text(&arena, SG_SLICE(NULL, SIZE_MAX)));
    assert_non_null(sg_arena_array(&arena, uint64_t, 3));
}

static void a_large_piece_gets_a_block_of_its_own(void **state)
{
    SG_CLEANUP(sg_arena_done) struct sg_arena arena;

    (void)state;
    sg_arena_init(&arena, 1 << 20);
    uint8_t *small = sg_arena_alloc(&arena, 10);
    uint8_t *large = sg_arena_alloc(&arena, 200000);
    assert_non_null(small);
    assert_non_null(large);
    memset(large, 1, 200000);
    for (int i = 0; i < 10; i++)
        assert_int_equal(small[i], 0);
}

static void texts_and_copies(void **state)
{
    SG_CLEANUP(sg_arena_done) struct sg_arena arena;

    (void)state;
    sg_arena_init(&arena, 4096);
    assert_string_equal(sg_arena_strdup(&arena, "one"), "one");
    assert_string_equal(
        sg_arena_text(&arena, SG_SLICE((const uint8_t *)"twofold", 3)), "two");
    assert_string_equal(sg_arena_text(&arena, SG_SLICE(NULL, 0)), "");
    assert_string_equal(sg_arena_printf(&arena, "%s-%d", "x", 42), "x-42");
    struct sg_slice copy = sg_arena_copy(&arena, sg_slice_str("bytes"));
    assert_true(sg_slice_eq(copy, sg_slice_str("bytes")));
    assert_non_null(sg_arena_copy(&arena, SG_SLICE(NULL, 0)).p);
    assert_null(sg_arena_printf(&arena, "%5000d", 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_zeroed_aligned_and_apart),
        cmocka_unit_test(the_maximum_holds),
        cmocka_unit_test(no_length_wraps),
        cmocka_unit_test(a_large_piece_gets_a_block_of_its_own),
        cmocka_unit_test(texts_and_copies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
