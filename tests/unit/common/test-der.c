/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/t.h"

#include <stdio.h>
#include <string.h>

#include "common/der.h"
#include "common/parse.h"

/* A reader over octets written in hexadecimal. */
struct input {
    struct sg_buf buf;
    struct sg_der in;
};

static void input_new(struct input *input, const char *hex)
{
    struct sg_err err = { 0 };

    sg_buf_init(&input->buf, 4096);
    if (hex[0] != '\0')
        t_ok(&err, sg_parse_hex(hex, &input->buf, &err));
    sg_der_init(&input->in, sg_buf_slice(&input->buf), "csr");
}

static void input_done(struct input *input)
{
    sg_buf_done(&input->buf);
}

/* --- one rule broken at a time ----------------------------------------------- */

enum call { ANY, BOOL, UINT, INTEGER, OID, BITS, NAMED, TIME };

static enum sg_rc call_it(enum call call, struct sg_der *in, struct sg_err *err)
{
    struct sg_der_tlv tlv;
    struct sg_slice slice;
    bool truth = false;
    uint64_t number = 0;
    uint16_t bits = 0;
    int64_t t = 0;

    switch (call) {
    case ANY:
        return sg_der_any(in, &tlv, err);
    case BOOL:
        return sg_der_bool(in, &truth, err);
    case UINT:
        return sg_der_uint(in, &number, err);
    case INTEGER:
        return sg_der_integer(in, &slice, err);
    case OID:
        return sg_der_oid(in, &slice, err);
    case BITS:
        return sg_der_bits(in, &slice, err);
    case NAMED:
        return sg_der_named_bits(in, &bits, err);
    case TIME:
        return sg_der_time(in, &t, err);
    }
    return SG_BUG;
}

struct bad {
    enum call call;
    const char *hex;
    const char *text; /* behind "csr: offset " */
};

static void refuse_all(const struct bad *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct sg_err err = { 0 };
        struct input input;
        char want[200];

        input_new(&input, rows[i].hex);
        (void)snprintf(want, sizeof(want), "csr: offset %s", rows[i].text);
        t_refused(&err, call_it(rows[i].call, &input.in, &err), SG_FORMAT,
                  want);
        /* A reader that refuses has not moved. */
        assert_ptr_equal(input.in.p, input.in.base);
        input_done(&input);
    }
}

static void tags_and_lengths(void **state)
{
    static const struct bad rows[] = {
        { ANY, "", "0: ends where an element must follow" },
        { ANY, "30", "1: truncated: no length octet (X.690 8.1.3)" },
        { ANY, "3080020100:0000", "1: indefinite length (X.690 10.1)" },
        { ANY, "30810102", "1: length not minimal (X.690 10.1)" },
        { ANY, "30820080", "1: length not minimal (X.690 10.1)" },
        { ANY, "30817f", "1: length not minimal (X.690 10.1)" },
        { ANY, "3081", "1: truncated inside the length" },
        { ANY, "308201", "1: truncated inside the length" },
        { ANY, "30850100000000", "1: length of more than 4 octets" },
        { ANY, "30ff", "1: length of more than 4 octets" },
        { ANY, "0403aabb", "0: truncated: needs 3 octets, 2 are left" },
        { ANY, "0484ffffffff",
          "0: truncated: needs 4294967295 octets, "
          "0 are left" },
        { ANY, "1f8101:00", "0: long-form tag (X.690 8.1.2.4)" },
        { ANY, "bf2000", "0: long-form tag (X.690 8.1.2.4)" },
        { ANY, "0000", "0: end-of-contents octets (X.690 8.1.5)" },
        { ANY, "24060402aabb", "0: string in constructed form (X.690 10.2)" },
        { ANY, "23030401aa", "0: string in constructed form (X.690 10.2)" },
        { ANY, "2c00", "0: string in constructed form (X.690 10.2)" },
        { ANY, "22030201", "0: string in constructed form (X.690 10.2)" },
        { ANY, "1000", "0: structure in primitive form (X.690 8.9.1)" },
        { ANY, "1100", "0: structure in primitive form (X.690 8.9.1)" },
    };

    (void)state;
    refuse_all(rows, SG_ARRAY_LEN(rows));
}

static void booleans(void **state)
{
    static const struct bad rows[] = {
        { BOOL, "010101", "0: BOOLEAN is neither 00 nor ff (X.690 11.1)" },
        { BOOL, "0100", "0: BOOLEAN is not one octet (X.690 8.2.1)" },
        { BOOL, "0102ffff", "0: BOOLEAN is not one octet (X.690 8.2.1)" },
        { BOOL, "020100", "0: expected BOOLEAN, found INTEGER" },
    };

    (void)state;
    refuse_all(rows, SG_ARRAY_LEN(rows));
}

static void integers(void **state)
{
    static const struct bad rows[] = {
        { INTEGER, "0200", "0: INTEGER without content (X.690 8.3.1)" },
        { INTEGER, "02020001", "0: INTEGER not minimal (X.690 8.3.2)" },
        { INTEGER, "0202007f", "0: INTEGER not minimal (X.690 8.3.2)" },
        { INTEGER, "0202ff80", "0: INTEGER not minimal (X.690 8.3.2)" },
        { INTEGER, "0202ffff", "0: INTEGER not minimal (X.690 8.3.2)" },
        { UINT, "020180", "0: INTEGER is negative" },
        { UINT, "0201ff", "0: INTEGER is negative" },
        { UINT, "0209010000000000000000", "0: INTEGER of more than 64 bits" },
        { UINT, "020a00800000000000000000", "0: INTEGER of more than 64 bits" },
        { UINT, "0a0101", "0: expected INTEGER, found ENUMERATED" },
    };

    (void)state;
    refuse_all(rows, SG_ARRAY_LEN(rows));
}

static void object_identifiers(void **state)
{
    static const struct bad rows[] = {
        { OID, "0600", "0: OBJECT IDENTIFIER without content (X.690 8.19.1)" },
        { OID, "06022a86",
          "0: OBJECT IDENTIFIER ends inside an arc (X.690 8.19.2)" },
        { OID, "06032a8001",
          "0: OBJECT IDENTIFIER arc not minimal (X.690 8.19.2)" },
        { OID, "06028001",
          "0: OBJECT IDENTIFIER arc not minimal (X.690 8.19.2)" },
    };

    (void)state;
    refuse_all(rows, SG_ARRAY_LEN(rows));
}

static void bit_strings(void **state)
{
    static const struct bad rows[] = {
        { BITS, "0300", "0: BIT STRING without content (X.690 8.6.2)" },
        { BITS, "030208aa",
          "0: BIT STRING with more than 7 unused bits (X.690 8.6.2.2)" },
        { BITS, "030101",
          "0: empty BIT STRING with unused bits (X.690 8.6.2.3)" },
        { BITS, "030204a8",
          "0: BIT STRING whose unused bits are set (X.690 11.2.1)" },
        { BITS, "030204a0", "0: BIT STRING of no whole octets" },
        { NAMED, "03020000", "0: named bits end in a zero (X.690 11.2.2)" },
        { NAMED, "03020540", "0: named bits end in a zero (X.690 11.2.2)" },
        { NAMED, "0303078000", "0: named bits end in a zero (X.690 11.2.2)" },
        { NAMED, "030205a1",
          "0: BIT STRING whose unused bits are set (X.690 11.2.1)" },
        { NAMED, "030400ffffff", "0: more than 16 named bits" },
    };

    (void)state;
    refuse_all(rows, SG_ARRAY_LEN(rows));
}

/* --- times: the content is easier to read as text ---------------------------- */

static enum sg_rc read_time(uint8_t tag, const char *text, int64_t *ret,
                            struct sg_err *err)
{
    uint8_t der[64];
    struct sg_der in;
    size_t len = strlen(text);

    der[0] = tag;
    der[1] = (uint8_t)len;
    memcpy(der + 2, text, len);
    sg_der_init(&in, SG_SLICE(der, len + 2), "crt");
    return sg_der_time(&in, ret, err);
}

static void times_that_are_refused(void **state)
{
    static const char utc[] =
        "crt: offset 0: UTCTime is not YYMMDDHHMMSSZ (RFC 5280 4.1.2.5.1)";
    static const char generalized[] =
        "crt: offset 0: GeneralizedTime is not YYYYMMDDHHMMSSZ "
        "(RFC 5280 4.1.2.5.2)";
    static const struct {
        uint8_t tag;
        const char *content;
        const char *text;
    } rows[] = {
        { SG_DER_UTC_TIME, "2611220622Z", utc }, /* no seconds */
        { SG_DER_UTC_TIME, "261122062237", utc },
        { SG_DER_UTC_TIME, "261122062237+0000", utc },
        { SG_DER_UTC_TIME, "26112206223 Z", utc },
        { SG_DER_UTC_TIME, "20261122062237Z", utc },
        { SG_DER_UTC_TIME, "261122062237z", utc },
        { SG_DER_UTC_TIME, "", utc },
        { SG_DER_GENERALIZED_TIME, "20501122062237.5Z", generalized },
        { SG_DER_GENERALIZED_TIME, "501122062237Z", generalized },
        { SG_DER_GENERALIZED_TIME, "2050112206223-Z", generalized },
        { SG_DER_GENERALIZED_TIME, "20491231235959Z",
          "crt: offset 0: GeneralizedTime before 2050 (RFC 5280 4.1.2.5)" },
        { SG_DER_UTC_TIME, "260230000000Z",
          "crt: offset 0: 2026-02-30T00:00:00Z: no such time" },
        { SG_DER_UTC_TIME, "261122062260Z",
          "crt: offset 0: 2026-11-22T06:22:60Z: no such time" },
        { SG_DER_OCTET_STRING, "261122062237Z",
          "crt: offset 0: expected UTCTime, found OCTET STRING" },
    };

    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct sg_err err = { 0 };
        int64_t t = 3;

        t_refused(&err, read_time(rows[i].tag, rows[i].content, &t, &err),
                  SG_FORMAT, rows[i].text);
        assert_int_equal(t, 3);
    }
}

static void times_that_are_read(void **state)
{
    static const struct {
        uint8_t tag;
        const char *content;
        int64_t t;
    } rows[] = {
        { SG_DER_UTC_TIME, "261122062237Z", 1795328557 },
        { SG_DER_UTC_TIME, "500101000000Z", -631152000 }, /* 1950 */
        { SG_DER_UTC_TIME, "491231235959Z", 2524607999 }, /* 2049 */
        { SG_DER_UTC_TIME, "700101000000Z", 0 },
        { SG_DER_GENERALIZED_TIME, "20500101000000Z", 2524608000 },
        { SG_DER_GENERALIZED_TIME, "99991231235959Z", 253402300799 },
    };

    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct sg_err err = { 0 };
        int64_t t = 3;

        t_ok(&err, read_time(rows[i].tag, rows[i].content, &t, &err));
        assert_int_equal(t, rows[i].t);
    }
}

/* --- what is read -------------------------------------------------------------- */

static void a_structure_is_walked(void **state)
{
    struct sg_err err = { 0 };
    struct input input;
    struct sg_der seq;
    struct sg_der_tlv tlv;
    struct sg_slice slice;
    bool truth = false;
    uint64_t number = 0;
    uint16_t bits = 0;
    char oid[SG_OID_TEXT_MAX];

    (void)state;
    input_new(&input, "3028"
                      "0101ff"
                      "02020080"
                      "02090080000000000000ff"
                      "06082a8648ce3d030107"
                      "030300beef"
                      "030205a0"
                      "80017a");
    t_ok(&err, sg_der_enter(&input.in, SG_DER_SEQUENCE, &seq, &err));
    t_ok(&err, sg_der_end(&input.in, &err));
    assert_false(sg_der_more(&input.in));
    t_ok(&err, sg_der_bool(&seq, &truth, &err));
    assert_true(truth);
    t_ok(&err, sg_der_uint(&seq, &number, &err));
    assert_int_equal(number, 128);
    t_ok(&err, sg_der_integer(&seq, &slice, &err));
    assert_int_equal(slice.len, 9);
    t_ok(&err, sg_der_oid(&seq, &slice, &err));
    assert_string_equal(sg_oid_to_text(slice, oid), "1.2.840.10045.3.1.7");
    t_ok(&err, sg_der_bits(&seq, &slice, &err));
    assert_int_equal(slice.len, 2);
    assert_int_equal(slice.p[0], 0xbe);
    t_ok(&err, sg_der_named_bits(&seq, &bits, &err));
    assert_int_equal(bits, 0x5); /* the first and the third */
    assert_true(sg_der_next_is(&seq, SG_DER_CONTEXT(0)));
    assert_false(sg_der_next_is(&seq, SG_DER_CONTEXT_CONSTRUCTED(0)));
    t_ok(&err, sg_der_get(&seq, SG_DER_CONTEXT(0), &tlv, &err));
    assert_int_equal(tlv.content.len, 1);
    assert_int_equal(tlv.content.p[0], 'z');
    assert_int_equal(tlv.whole.len, 3);
    t_ok(&err, sg_der_end(&seq, &err));
    assert_false(sg_der_next_is(&seq, SG_DER_BOOLEAN));
    input_done(&input);
}

static void numbers_at_their_edges(void **state)
{
    static const struct {
        const char *hex;
        uint64_t want;
    } rows[] = {
        { "020100", 0 },
        { "02017f", 127 },
        { "02020080", 128 },
        { "020900ffffffffffffffff", UINT64_MAX },
        { "02087fffffffffffffff", INT64_MAX },
    };

    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct sg_err err = { 0 };
        struct input input;
        uint64_t number = 1;

        input_new(&input, rows[i].hex);
        t_ok(&err, sg_der_uint(&input.in, &number, &err));
        assert_true(number == rows[i].want);
        t_ok(&err, sg_der_end(&input.in, &err));
        input_done(&input);
    }
}

static void named_bits_in_two_octets(void **state)
{
    static const struct {
        const char *hex;
        uint16_t want;
    } rows[] = {
        { "030100", 0 },          { "03020780", 1 },
        { "03020001", 0x80 },     { "0303070080", 0x100 },
        { "030300ffff", 0xffff }, { "03020106", 0x60 }, /* CA key usage */
        { "030303a008", 0x1005 },
    };

    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct sg_err err = { 0 };
        struct input input;
        uint16_t bits = 7;

        input_new(&input, rows[i].hex);
        t_ok(&err, sg_der_named_bits(&input.in, &bits, &err));
        assert_int_equal(bits, rows[i].want);
        input_done(&input);
    }
}

static void offsets_count_from_the_outermost_element(void **state)
{
    struct sg_err err = { 0 };
    struct input input;
    struct sg_der outer;
    struct sg_der inner;
    uint64_t number = 0;

    (void)state;
    input_new(&input, "3007020105:3002:0500");
    t_ok(&err, sg_der_enter(&input.in, SG_DER_SEQUENCE, &outer, &err));
    t_ok(&err, sg_der_uint(&outer, &number, &err));
    t_ok(&err, sg_der_enter(&outer, SG_DER_SEQUENCE, &inner, &err));
    t_refused(&err, sg_der_uint(&inner, &number, &err), SG_FORMAT,
              "csr: offset 7: expected INTEGER, found NULL");
    t_refused(&err, sg_der_end(&inner, &err), SG_FORMAT,
              "csr: offset 7: 2 octets too many at the end");
    t_refused(&err, sg_der_uint(&outer, &number, &err), SG_FORMAT,
              "csr: offset 9: ends where INTEGER must follow");
    input_done(&input);
}

static void an_inner_length_cannot_leave_its_structure(void **state)
{
    struct sg_err err = { 0 };
    struct input input;
    struct sg_der seq;
    struct sg_der_tlv tlv;

    (void)state;
    input_new(&input, "3003:0403aa:bbcc");
    t_ok(&err, sg_der_enter(&input.in, SG_DER_SEQUENCE, &seq, &err));
    t_refused(&err, sg_der_any(&seq, &tlv, &err), SG_FORMAT,
              "csr: offset 2: truncated: needs 3 octets, 1 are left");
    input_done(&input);
}

static void tags_have_names_in_errors(void **state)
{
    static const struct bad rows[] = {
        { BOOL, "a000", "0: expected BOOLEAN, found [0] constructed" },
        { BOOL, "8200", "0: expected BOOLEAN, found [2]" },
        { BOOL, "6100", "0: expected BOOLEAN, found tag 0x61" },
        { OID, "3000", "0: expected OBJECT IDENTIFIER, found SEQUENCE" },
        { OID, "0c00", "0: expected OBJECT IDENTIFIER, found UTF8String" },
    };

    (void)state;
    refuse_all(rows, SG_ARRAY_LEN(rows));
}

/* --- whole structures ------------------------------------------------------------ */

static enum sg_rc check(const char *hex, unsigned depth, unsigned elements,
                        struct sg_err *err)
{
    struct input input;

    input_new(&input, hex);
    enum sg_rc rc =
        sg_der_check(sg_buf_slice(&input.buf), "csr", depth, elements, err);
    input_done(&input);
    return rc;
}

static void depth_and_number_of_elements_are_limited(void **state)
{
    struct sg_err err = { 0 };

    (void)state;
    t_ok(&err, check("3004:3002:0500", 3, 3, &err));
    t_refused(&err, check("3004:3002:0500", 2, 3, &err), SG_FORMAT,
              "csr: offset 4: nested deeper than 2");
    t_refused(&err, check("3004:3002:0500", 3, 2, &err), SG_FORMAT,
              "csr: offset 4: more than 2 elements");
    t_ok(&err, check("3006:0500:0500:0500", 2, 4, &err));
    t_refused(&err, check("3006:0500:0500:0500", 2, 3, &err), SG_FORMAT,
              "csr: offset 6: more than 3 elements");
    t_ok(&err, check("3000", 1, 1, &err));
    t_ok(&err, check("3006:3000:3000:3000", 2, 4, &err));
    t_ok(&err, check("0500", 1, 1, &err));
}

static void the_whole_text_must_be_one_element(void **state)
{
    struct sg_err err = { 0 };

    (void)state;
    t_refused(&err, check("0500:00", 4, 9, &err), SG_FORMAT,
              "csr: offset 2: 1 octets too many at the end");
    t_refused(&err, check("3002:0500:0500", 4, 9, &err), SG_FORMAT,
              "csr: offset 4: 2 octets too many at the end");
    t_refused(&err, check("", 4, 9, &err), SG_FORMAT,
              "csr: offset 0: ends where an element must follow");
}

static void contents_inside_are_checked(void **state)
{
    static const struct bad rows[] = {
        { ANY, "3003:010101", "2: BOOLEAN is neither 00 nor ff (X.690 11.1)" },
        { ANY, "3004:02020001", "2: INTEGER not minimal (X.690 8.3.2)" },
        { ANY, "3004:0a020001", "2: INTEGER not minimal (X.690 8.3.2)" },
        { ANY, "3003:050100", "2: NULL with content (X.690 8.8.2)" },
        { ANY, "3002:0600",
          "2: OBJECT IDENTIFIER without content (X.690 8.19.1)" },
        { ANY, "3002:0300", "2: BIT STRING without content (X.690 8.6.2)" },
        { ANY, "3080:0000", "1: indefinite length (X.690 10.1)" },
        { ANY, "a004:2402:0400", "2: string in constructed form (X.690 10.2)" },
        { ANY, "3003:3002:05", "2: truncated: needs 2 octets, 1 are left" },
    };

    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct sg_err err = { 0 };
        char want[200];

        (void)snprintf(want, sizeof(want), "csr: offset %s", rows[i].text);
        t_refused(&err, check(rows[i].hex, 8, 20, &err), SG_FORMAT, want);
    }
}

static void ten_thousand_levels_do_not_recurse(void **state)
{
    enum { LEVELS = 10000 };
    static uint8_t der[LEVELS * 4];
    struct sg_err err = { 0 };
    size_t at = sizeof(der);

    (void)state;
    /* From the inside out: 30 82 hh ll, 10 000 times. */
    for (size_t inner = 0; at > 0; inner += 4) {
        at -= 4;
        der[at] = 0x30;
        der[at + 1] = 0x82;
        der[at + 2] = (uint8_t)(inner >> 8);
        der[at + 3] = (uint8_t)inner;
    }
    t_refused(&err,
              sg_der_check(SG_SLICE(der, sizeof(der)), "csr", 32, 100000, &err),
              SG_FORMAT, "csr: offset 128: nested deeper than 32");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tags_and_lengths),
        cmocka_unit_test(booleans),
        cmocka_unit_test(integers),
        cmocka_unit_test(object_identifiers),
        cmocka_unit_test(bit_strings),
        cmocka_unit_test(times_that_are_refused),
        cmocka_unit_test(times_that_are_read),
        cmocka_unit_test(a_structure_is_walked),
        cmocka_unit_test(numbers_at_their_edges),
        cmocka_unit_test(named_bits_in_two_octets),
        cmocka_unit_test(offsets_count_from_the_outermost_element),
        cmocka_unit_test(an_inner_length_cannot_leave_its_structure),
        cmocka_unit_test(tags_have_names_in_errors),
        cmocka_unit_test(depth_and_number_of_elements_are_limited),
        cmocka_unit_test(the_whole_text_must_be_one_element),
        cmocka_unit_test(contents_inside_are_checked),
        cmocka_unit_test(ten_thousand_levels_do_not_recurse),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
