/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/t.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "common/parse.h"

static struct sg_slice text(const char *s)
{
    return sg_slice_str(s);
}

static void hex_both_ways(void **state)
{
    struct sg_err err = { 0 };
    SG_CLEANUP(sg_buf_done) struct sg_buf buf;
    char out[16];

    (void)state;
    sg_buf_init(&buf, 16);
    t_ok(&err, sg_parse_hex("00:aB:ff", &buf, &err));
    t_ok(&err, sg_parse_hex("0c", &buf, &err));
    assert_string_equal(sg_hex(sg_buf_slice(&buf), out, sizeof(out)),
                        "00abff0c");
    assert_string_equal(sg_hex_colons(sg_buf_slice(&buf), out, sizeof(out)),
                        "00:ab:ff:0c");
    /* As many whole octets as fit. */
    assert_string_equal(sg_hex(sg_buf_slice(&buf), out, 6), "00ab");
    assert_string_equal(sg_hex(sg_buf_slice(&buf), out, 5), "00ab");
    assert_string_equal(sg_hex_colons(sg_buf_slice(&buf), out, 5), "00");
    assert_string_equal(sg_hex_colons(sg_buf_slice(&buf), out, 6), "00:ab");
    assert_string_equal(sg_hex_colons(sg_buf_slice(&buf), out, 3), "00");
    assert_string_equal(sg_hex_colons(sg_buf_slice(&buf), out, 1), "");
}

static void hex_that_is_refused(void **state)
{
    static const char *const bad[] = { "",     "0",   "0g",  "00:",   ":00",
                                       "0:00", "00 ", "0x0", "00::00" };
    struct sg_err err = { 0 };
    SG_CLEANUP(sg_buf_done) struct sg_buf buf;

    (void)state;
    sg_buf_init(&buf, 16);
    for (size_t i = 0; i < SG_ARRAY_LEN(bad); i++) {
        sg_err_clear(&err);
        t_assert_fails(sg_parse_hex(bad[i], &buf, &err), SG_FORMAT);
        assert_int_equal(buf.len, 0);
    }
    t_refused(&err, sg_parse_hex("12zz", &buf, &err), SG_FORMAT,
              "\"12zz\": not hexadecimal octets");
}

static void base64_of_every_size_agrees_with_openssl(void **state)
{
    struct sg_err err = { 0 };
    SG_CLEANUP(sg_buf_done) struct sg_buf encoded;
    SG_CLEANUP(sg_buf_done) struct sg_buf decoded;
    uint8_t raw[600];
    uint8_t want[sizeof(raw) * 2];

    (void)state;
    for (size_t i = 0; i < sizeof(raw); i++)
        raw[i] = (uint8_t)(i * 151 + (i >> 3));
    sg_buf_init(&encoded, 4096);
    sg_buf_init(&decoded, sizeof(raw));
    for (size_t n = 0; n <= sizeof(raw); n++) {
        sg_buf_reset(&encoded);
        sg_buf_reset(&decoded);
        t_ok(&err, sg_base64_encode(SG_SLICE(raw, n), &encoded, &err));
        int len = EVP_EncodeBlock(want, raw, (int)n);
        assert_int_equal(encoded.len, len);
        if (n > 0)
            assert_memory_equal(encoded.data, want, encoded.len);
        t_ok(&err, sg_base64_decode(sg_buf_slice(&encoded), &decoded, &err));
        assert_true(sg_slice_eq(sg_buf_slice(&decoded), SG_SLICE(raw, n)));
    }
}

static void base64_skips_whitespace_anywhere(void **state)
{
    struct sg_err err = { 0 };
    SG_CLEANUP(sg_buf_done) struct sg_buf buf;

    (void)state;
    sg_buf_init(&buf, 16);
    t_ok(&err, sg_base64_decode(text(" Z m\t9\r\nv Y g = \n= "), &buf, &err));
    assert_true(sg_slice_eq(sg_buf_slice(&buf), text("foob")));
}

static void base64_that_is_refused(void **state)
{
    static const struct {
        const char *in;
        const char *fault;
    } rows[] = {
        { "Zg", "base64: wrong padding (RFC 4648 3.2)" },
        { "Zg=", "base64: wrong padding (RFC 4648 3.2)" },
        { "Zg===", "base64: wrong padding (RFC 4648 3.2)" },
        { "Zm8", "base64: wrong padding (RFC 4648 3.2)" },
        { "Zm8==", "base64: wrong padding (RFC 4648 3.2)" },
        { "Zm9v=", "base64: wrong padding (RFC 4648 3.2)" },
        { "Z", "base64: wrong padding (RFC 4648 3.2)" },
        { "Z===", "base64: wrong padding (RFC 4648 3.2)" },
        { "=", "base64: wrong padding (RFC 4648 3.2)" },
        { "Zm9vYg==Zm9v", "base64: text after the padding (RFC 4648 3.3)" },
        { "Zg=A", "base64: text after the padding (RFC 4648 3.3)" },
        { "Zh==", "base64: bits left over (RFC 4648 3.5)" },
        { "Zm9=", "base64: bits left over (RFC 4648 3.5)" },
        { "Zm9v-_==", "base64: character 0x2d (RFC 4648 3.3)" },
        { "Zm9v\x01", "base64: character 0x01 (RFC 4648 3.3)" },
        { "Zm\xff"
          "v",
          "base64: character 0xff (RFC 4648 3.3)" },
    };
    struct sg_err err = { 0 };
    SG_CLEANUP(sg_buf_done) struct sg_buf buf;

    (void)state;
    sg_buf_init(&buf, 64);
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        t_refused(&err, sg_base64_decode(text(rows[i].in), &buf, &err),
                  SG_FORMAT, rows[i].fault);
        assert_int_equal(buf.len, 0);
    }
}

static void base64_keeps_to_the_maximum(void **state)
{
    struct sg_err err = { 0 };
    SG_CLEANUP(sg_buf_done) struct sg_buf buf;

    (void)state;
    sg_buf_init(&buf, 3);
    t_refused(&err, sg_base64_decode(text("Zm9vYg=="), &buf, &err), SG_LIMIT,
              "base64: more than the buffer takes");
    assert_int_equal(buf.len, 0);
    /* Exactly full, though the text is longer than its digits. */
    t_ok(&err, sg_base64_decode(text("Zm\n\n\n\n\n\n\n9v"), &buf, &err));
    assert_int_equal(buf.len, 3);
    t_ok(&err, sg_base64_decode(text(""), &buf, &err));
    t_refused(&err, sg_base64_decode(text("Zg=="), &buf, &err), SG_LIMIT,
              "base64: more than the buffer takes");
    t_refused(&err, sg_base64_encode(text("a"), &buf, &err), SG_LIMIT,
              "buffer: 3 + 4 bytes, at most 3");
}

static void utf8(void **state)
{
    static const char *const good[] = {
        "",
        "ascii",
        "\xc2\x80",
        "\xdf\xbf",
        "\xe0\xa0\x80",
        "\xed\x9f\xbf",
        "\xee\x80\x80",
        "\xef\xbf\xbf",
        "\xf0\x90\x80\x80",
        "\xf4\x8f\xbf\xbf",
        "a\xc3\xa9z",
    };
    static const char *const bad[] = {
        "\x80",             /* continuation alone */
        "\xc2",             /* cut */
        "\xc2z",            /* no continuation */
        "\xc0\x80",         /* NUL in two octets */
        "\xc1\xbf",         /* longer than needed */
        "\xe0\x9f\xbf",     /* longer than needed */
        "\xe2\x82",         /* cut */
        "\xe2\x82z",        /* no continuation */
        "\xed\xa0\x80",     /* surrogate */
        "\xf0\x8f\xbf\xbf", /* longer than needed */
        "\xf4\x90\x80\x80", /* above U+10FFFF */
        "\xf5\x80\x80\x80",
        "\xff",
    };

    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(good); i++)
        assert_true(sg_is_utf8(text(good[i])));
    for (size_t i = 0; i < SG_ARRAY_LEN(bad); i++)
        assert_false(sg_is_utf8(text(bad[i])));
    assert_false(sg_is_utf8(SG_SLICE((const uint8_t *)"a\0b", 3)));
}

/* RFC 5280 7.1: case folded, white space at the ends gone, runs of it one. */
static void alike(void **state)
{
    static const struct {
        const char *a, *b;
        bool same;
    } CASES[] = {
        { "", "", true },
        { "", "  ", true },
        { "Example", "EXAMPLE", true },
        { "Example", "Example2", false },
        { " Example \t two\n", "example TWO", true },
        { "Example two", "Exampletwo", false },
        { "a b", "a  b ", true },
        { "a", "a b", false },
        { "a ", " b", false },
    };

    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(CASES); i++) {
        assert_int_equal(sg_text_alike(text(CASES[i].a), text(CASES[i].b)),
                         CASES[i].same);
        assert_int_equal(sg_text_alike(text(CASES[i].b), text(CASES[i].a)),
                         CASES[i].same);
    }
    assert_false(sg_text_alike(SG_SLICE((const uint8_t *)"a\0", 2), text("a")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hex_both_ways),
        cmocka_unit_test(hex_that_is_refused),
        cmocka_unit_test(base64_of_every_size_agrees_with_openssl),
        cmocka_unit_test(base64_skips_whitespace_anywhere),
        cmocka_unit_test(base64_that_is_refused),
        cmocka_unit_test(base64_keeps_to_the_maximum),
        cmocka_unit_test(utf8),
        cmocka_unit_test(alike),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
