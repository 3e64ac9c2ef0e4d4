/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/t.h"

#include <string.h>

#include "common/buf.h"

static struct sg_slice bytes(const char *s)
{
    return sg_slice_str(s);
}

static void grows_to_its_maximum_and_no_further(void **state)
{
    struct sg_err err = { 0 };
    SG_CLEANUP(sg_buf_done) struct sg_buf buf;
    char piece[100];

    (void)state;
    memset(piece, 'p', sizeof(piece));
    sg_buf_init(&buf, 1000);
    for (int i = 0; i < 10; i++)
        t_ok(&err, sg_buf_put(&buf, piece, sizeof(piece), &err));
    assert_int_equal(buf.len, 1000);
    assert_int_equal(buf.cap, 1000);
    t_refused(&err, sg_buf_put_u8(&buf, 1, &err), SG_LIMIT,
              "buffer: 1000 + 1 bytes, at most 1000");
    assert_int_equal(buf.len, 1000);
    for (size_t i = 0; i < buf.len; i++)
        assert_int_equal(buf.data[i], 'p');
}

static void a_huge_length_does_not_wrap(void **state)
{
    struct sg_err err = { 0 };
    SG_CLEANUP(sg_buf_done) struct sg_buf buf;

    (void)state;
    sg_buf_init(&buf, 16);
    t_ok(&err, sg_buf_put_str(&buf, "abc", &err));
    t_refused(&err, sg_buf_reserve(&buf, SIZE_MAX - 1, &err), SG_LIMIT,
              "buffer: 3 + 18446744073709551614 bytes, at most 16");
    t_refused(&err,
              sg_buf_put_blob(&buf, SG_SLICE(NULL, (size_t)1 << 32), &err),
              SG_LIMIT, "blob of 4294967296 bytes, at most 2^32 - 1");
    assert_int_equal(buf.len, 3);
}

static void printf_fits_exactly(void **state)
{
    struct sg_err err = { 0 };
    SG_CLEANUP(sg_buf_done) struct sg_buf buf;

    (void)state;
    sg_buf_init(&buf, 8);
    t_ok(&err, sg_buf_printf(&buf, &err, "%s", "12345"));
    t_ok(&err, sg_buf_printf(&buf, &err, "%d", 678));
    assert_true(sg_slice_eq(sg_buf_slice(&buf), bytes("12345678")));
    t_refused(&err, sg_buf_printf(&buf, &err, "%c", '9'), SG_LIMIT,
              "buffer: 8 + 1 bytes, at most 8");
    assert_true(sg_slice_eq(sg_buf_slice(&buf), bytes("12345678")));
    sg_buf_reset(&buf);
    assert_int_equal(buf.len, 0);
    t_ok(&err, sg_buf_printf(&buf, &err, "%s", ""));
    assert_int_equal(buf.len, 0);
}

static void printf_grows_more_than_once(void **state)
{
    struct sg_err err = { 0 };
    SG_CLEANUP(sg_buf_done) struct sg_buf buf;

    (void)state;
    sg_buf_init(&buf, 4096);
    t_ok(&err, sg_buf_printf(&buf, &err, "%0200d", 1));
    t_ok(&err, sg_buf_printf(&buf, &err, "%0300d", 2));
    assert_int_equal(buf.len, 500);
    assert_int_equal(buf.data[199], '1');
    assert_int_equal(buf.data[499], '2');
}

static void numbers_are_big_endian_and_come_back(void **state)
{
    static const uint8_t want[] = { 0x01, 0x02, 0x03, 0x04, 0x05,
                                    0x06, 0x07, 0x08, 0x09, 0x0a,
                                    0x0b, 0x0c, 0x0d, 0x0e, 0x0f };
    struct sg_err err = { 0 };
    SG_CLEANUP(sg_buf_done) struct sg_buf buf;
    struct sg_reader in;
    uint8_t a = 0;
    uint16_t b = 0;
    uint32_t c = 0;
    uint64_t d = 0;

    (void)state;
    sg_buf_init(&buf, 64);
    t_ok(&err, sg_buf_put_u8(&buf, 0x01, &err));
    t_ok(&err, sg_buf_put_u16(&buf, 0x0203, &err));
    t_ok(&err, sg_buf_put_u32(&buf, 0x04050607, &err));
    t_ok(&err, sg_buf_put_u64(&buf, 0x08090a0b0c0d0e0f, &err));
    assert_true(sg_slice_eq(sg_buf_slice(&buf), SG_SLICE(want, sizeof(want))));

    sg_reader_init(&in, sg_buf_slice(&buf));
    t_ok(&err, sg_get_u8(&in, &a, &err));
    t_ok(&err, sg_get_u16(&in, &b, &err));
    t_ok(&err, sg_get_u32(&in, &c, &err));
    t_ok(&err, sg_get_u64(&in, &d, &err));
    assert_int_equal(a, 0x01);
    assert_int_equal(b, 0x0203);
    assert_int_equal(c, 0x04050607);
    assert_int_equal(d, 0x08090a0b0c0d0e0f);
    t_ok(&err, sg_get_end(&in, &err));
}

static void a_reader_stops_at_the_end(void **state)
{
    static const uint8_t three[] = { 1, 2, 3 };
    struct sg_err err = { 0 };
    struct sg_reader in;
    uint32_t n = 77;
    uint8_t one = 0;

    (void)state;
    sg_reader_init(&in, SG_SLICE(three, sizeof(three)));
    t_refused(&err, sg_get_u32(&in, &n, &err), SG_FORMAT,
              "number: needs 4 bytes, 3 are left");
    assert_int_equal(n, 77);
    assert_int_equal(sg_reader_left(&in), 3);
    t_ok(&err, sg_get_u8(&in, &one, &err));
    assert_int_equal(one, 1);
    t_refused(&err, sg_get_end(&in, &err), SG_FORMAT,
              "2 bytes too many at the end");

    sg_reader_init(&in, SG_SLICE(NULL, 0));
    t_ok(&err, sg_get_end(&in, &err));
    t_refused(&err, sg_get_u8(&in, &one, &err), SG_FORMAT,
              "number: needs 1 bytes, 0 are left");
}

static void blobs_have_a_maximum_and_an_end(void **state)
{
    struct sg_err err = { 0 };
    SG_CLEANUP(sg_buf_done) struct sg_buf buf;
    struct sg_reader in;
    struct sg_slice blob = { 0 };

    (void)state;
    sg_buf_init(&buf, 64);
    t_ok(&err, sg_buf_put_blob(&buf, bytes("four"), &err));
    sg_reader_init(&in, sg_buf_slice(&buf));
    t_refused(&err, sg_get_blob(&in, 3, &blob, &err), SG_FORMAT,
              "blob of 4 bytes, at most 3");
    assert_int_equal(sg_reader_left(&in), 8);
    t_ok(&err, sg_get_blob(&in, 4, &blob, &err));
    assert_true(sg_slice_eq(blob, bytes("four")));

    sg_reader_init(&in, SG_SLICE(buf.data, 7));
    t_refused(&err, sg_get_blob(&in, 100, &blob, &err), SG_FORMAT,
              "blob: needs 4 bytes, 3 are left");
    assert_int_equal(sg_reader_left(&in), 7);
}

static void a_text_fits_with_its_nul(void **state)
{
    struct sg_err err = { 0 };
    SG_CLEANUP(sg_buf_done) struct sg_buf buf;
    struct sg_reader in;
    char text[5] = "????";

    (void)state;
    sg_buf_init(&buf, 64);
    t_ok(&err, sg_buf_put_blob(&buf, bytes("five5"), &err));
    sg_reader_init(&in, sg_buf_slice(&buf));
    t_refused(&err, sg_get_text(&in, text, sizeof(text), &err), SG_FORMAT,
              "blob of 5 bytes, at most 4");
    assert_string_equal(text, "????");

    sg_buf_reset(&buf);
    t_ok(&err,
         sg_buf_put_blob(&buf, SG_SLICE((const uint8_t *)"a\0b", 3), &err));
    t_ok(&err, sg_buf_put_blob(&buf, bytes("four"), &err));
    sg_reader_init(&in, sg_buf_slice(&buf));
    t_refused(&err, sg_get_text(&in, text, sizeof(text), &err), SG_FORMAT,
              "text with a NUL inside");
    assert_int_equal(sg_reader_left(&in), buf.len);
    in.p += 7;
    t_ok(&err, sg_get_text(&in, text, sizeof(text), &err));
    assert_string_equal(text, "four");
    t_ok(&err, sg_get_end(&in, &err));
}

static void slices_compare_by_content(void **state)
{
    (void)state;
    assert_true(sg_slice_eq(bytes("ab"), bytes("ab")));
    assert_false(sg_slice_eq(bytes("ab"), bytes("ac")));
    assert_false(sg_slice_eq(bytes("ab"), bytes("abc")));
    assert_true(sg_slice_eq(SG_SLICE(NULL, 0), bytes("")));
}

static void done_leaves_zeroes(void **state)
{
    struct sg_err err = { 0 };
    struct sg_buf buf;

    (void)state;
    sg_buf_init(&buf, 64);
    t_ok(&err, sg_buf_put_str(&buf, "x", &err));
    sg_buf_done(&buf);
    assert_null(buf.data);
    assert_int_equal(buf.len + buf.cap + buf.max, 0);
    sg_buf_done(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_to_its_maximum_and_no_further),
        cmocka_unit_test(a_huge_length_does_not_wrap),
        cmocka_unit_test(printf_fits_exactly),
        cmocka_unit_test(printf_grows_more_than_once),
        cmocka_unit_test(numbers_are_big_endian_and_come_back),
        cmocka_unit_test(a_reader_stops_at_the_end),
        cmocka_unit_test(blobs_have_a_maximum_and_an_end),
        cmocka_unit_test(a_text_fits_with_its_nul),
        cmocka_unit_test(slices_compare_by_content),
        cmocka_unit_test(done_leaves_zeroes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
