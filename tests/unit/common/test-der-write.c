/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/t.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/asn1.h>

#include "common/clock.h"
#include "common/der.h"
#include "common/parse.h"

struct output {
    struct sg_buf buf;
    struct sg_derw w;
    struct sg_err err;
};

static void output_new(struct output *o)
{
    *o = (struct output){ 0 };
    sg_buf_init(&o->buf, (size_t)1 << 20);
    sg_derw_init(&o->w, &o->buf);
}

/* Ends the writer and holds its octets against hexadecimal. */
static void output_is(struct output *o, const char *want)
{
    char hex[512];

    t_ok(&o->err, sg_derw_finish(&o->w, &o->err));
    assert_string_equal(sg_hex(sg_buf_slice(&o->buf), hex, sizeof(hex)), want);
    sg_buf_done(&o->buf);
}

static void each_type_has_its_octets(void **state)
{
    static const uint8_t magnitude[] = { 0x00, 0x00, 0x80, 0x01 };
    static const uint8_t zeroes[] = { 0x00, 0x00 };
    static const uint8_t oid[] = { 0x2a, 0x03 };
    struct output o;

    (void)state;
    output_new(&o);
    size_t seq = sg_derw_begin(&o.w, SG_DER_SEQUENCE);
    sg_derw_bool(&o.w, true);
    sg_derw_bool(&o.w, false);
    sg_derw_uint(&o.w, 0);
    sg_derw_uint(&o.w, 127);
    sg_derw_uint(&o.w, 128);
    sg_derw_unsigned(&o.w, SG_SLICE(magnitude, sizeof(magnitude)));
    sg_derw_unsigned(&o.w, SG_SLICE(zeroes, sizeof(zeroes)));
    sg_derw_unsigned(&o.w, SG_SLICE(NULL, 0));
    sg_derw_null(&o.w);
    sg_derw_oid(&o.w, SG_SLICE(oid, sizeof(oid)));
    sg_derw_bits(&o.w, SG_SLICE(oid, sizeof(oid)));
    sg_derw_bits(&o.w, SG_SLICE(NULL, 0));
    sg_derw_tlv(&o.w, SG_DER_CONTEXT(2), sg_slice_str("a"));
    sg_derw_raw(&o.w, SG_SLICE((const uint8_t *)"\x05\x00", 2));
    sg_derw_end(&o.w, seq);
    output_is(&o, "302e"
                  "0101ff"
                  "010100"
                  "020100"
                  "02017f"
                  "02020080"
                  "0203008001"
                  "020100"
                  "020100"
                  "0500"
                  "06022a03"
                  "0303002a03"
                  "030100"
                  "820161"
                  "0500");
}

static void uint_maximum(void **state)
{
    struct output o;

    (void)state;
    output_new(&o);
    sg_derw_uint(&o.w, UINT64_MAX);
    output_is(&o, "020900ffffffffffffffff");
}

static void named_bits_have_no_trailing_zero(void **state)
{
    static const struct {
        uint16_t bits;
        const char *hex;
    } rows[] = {
        { 0, "030100" },          { 1, "03020780" },    { 0x60, "03020106" },
        { 0x05, "030205a0" },     { 0x80, "03020001" }, { 0x100, "0303070080" },
        { 0xffff, "030300ffff" },
    };

    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct output o;

        output_new(&o);
        sg_derw_named_bits(&o.w, rows[i].bits);
        output_is(&o, rows[i].hex);
    }
}

static void every_named_bit_list_comes_back(void **state)
{
    (void)state;
    for (unsigned bits = 0; bits <= 0xffff; bits++) {
        struct sg_err err = { 0 };
        struct output o;
        struct sg_der in;
        uint16_t back = 0;

        output_new(&o);
        sg_derw_named_bits(&o.w, (uint16_t)bits);
        t_ok(&err, sg_derw_finish(&o.w, &err));
        sg_der_init(&in, sg_buf_slice(&o.buf), "bits");
        t_ok(&err, sg_der_named_bits(&in, &back, &err));
        assert_int_equal(back, bits);
        sg_buf_done(&o.buf);
    }
}

static void the_form_of_time_changes_in_2050(void **state)
{
    static const struct {
        int64_t t;
        uint8_t tag;
        const char *text;
    } rows[] = {
        { -631152000, SG_DER_UTC_TIME, "500101000000Z" },
        { 1795328557, SG_DER_UTC_TIME, "261122062237Z" },
        { 2524607999, SG_DER_UTC_TIME, "491231235959Z" },
        { 2524608000, SG_DER_GENERALIZED_TIME, "20500101000000Z" },
        { SG_TIME_MAX, SG_DER_GENERALIZED_TIME, "99991231235959Z" },
    };

    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct output o;

        output_new(&o);
        sg_derw_time(&o.w, rows[i].t);
        t_ok(&o.err, sg_derw_finish(&o.w, &o.err));
        assert_int_equal(o.buf.data[0], rows[i].tag);
        assert_int_equal(o.buf.data[1], strlen(rows[i].text));
        assert_memory_equal(o.buf.data + 2, rows[i].text, o.buf.data[1]);
        sg_buf_done(&o.buf);
    }
}

static void times_that_have_no_form(void **state)
{
    static const struct {
        int64_t t;
        const char *text;
    } rows[] = {
        { -631152001, "der: time 1949-12-31T23:59:59Z is outside 1950–9999 "
                      "(RFC 5280 4.1.2.5)" },
        { SG_TIME_MAX + 1, "der: time ? is outside 1950–9999 "
                           "(RFC 5280 4.1.2.5)" },
    };

    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct output o;

        output_new(&o);
        sg_derw_time(&o.w, rows[i].t);
        sg_derw_null(&o.w);
        assert_int_equal(o.buf.len, 0);
        t_refused(&o.err, sg_derw_finish(&o.w, &o.err), SG_FORMAT,
                  rows[i].text);
        sg_buf_done(&o.buf);
    }
}

/* At each size where the length grows by an octet: what was written is one
 * element again, for OpenSSL too. */
static void lengths_are_minimal_at_every_size(void **state)
{
    static const size_t sizes[] = { 0,     1,     125,   126,   127,   128,
                                    129,   253,   254,   255,   256,   257,
                                    65533, 65534, 65535, 65536, 65537, 100000 };
    static uint8_t content[100000];

    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(sizes); i++) {
        struct output o;

        for (size_t k = 0; k < sizeof(content); k++)
            content[k] = (uint8_t)(k * 7);
        output_new(&o);
        size_t outer = sg_derw_begin(&o.w, SG_DER_SEQUENCE);
        size_t inner = sg_derw_begin(&o.w, SG_DER_CONTEXT_CONSTRUCTED(3));
        sg_derw_tlv(&o.w, SG_DER_OCTET_STRING, SG_SLICE(content, sizes[i]));
        sg_derw_end(&o.w, inner);
        sg_derw_null(&o.w);
        sg_derw_end(&o.w, outer);
        t_ok(&o.err, sg_derw_finish(&o.w, &o.err));
        t_ok(&o.err, sg_der_check(sg_buf_slice(&o.buf), "self", 4, 4, &o.err));

        const unsigned char *p = o.buf.data;
        long len = 0;
        int tag = 0;
        int class = 0;
        assert_int_equal(
            ASN1_get_object(&p, &len, &tag, &class, (long)o.buf.len),
            V_ASN1_CONSTRUCTED);
        assert_int_equal(tag, V_ASN1_SEQUENCE);
        assert_int_equal((size_t)(p - o.buf.data) + (size_t)len, o.buf.len);
        assert_int_equal(ASN1_get_object(&p, &len, &tag, &class, len)
                             & ~V_ASN1_CONSTRUCTED,
                         0);
        assert_int_equal(tag, 3);
        assert_int_equal(ASN1_get_object(&p, &len, &tag, &class, len), 0);
        assert_int_equal(tag, V_ASN1_OCTET_STRING);
        assert_int_equal(len, sizes[i]);
        assert_memory_equal(p, content, sizes[i]);
        assert_memory_equal(p + len, "\x05\x00", 2);
        sg_buf_done(&o.buf);
    }
}

static void the_first_failure_sticks(void **state)
{
    struct sg_err err = { 0 };
    struct sg_buf buf;
    struct sg_derw w;

    (void)state;
    sg_buf_init(&buf, 10);
    sg_derw_init(&w, &buf);
    size_t outer = sg_derw_begin(&w, SG_DER_SEQUENCE);
    sg_derw_tlv(&w, SG_DER_OCTET_STRING, sg_slice_str("12345678"));
    size_t inner = sg_derw_begin(&w, SG_DER_SEQUENCE);
    sg_derw_uint(&w, 1);
    sg_derw_end(&w, inner);
    sg_derw_end(&w, outer);
    t_refused(&err, sg_derw_finish(&w, &err), SG_LIMIT,
              "buffer: 2 + 10 bytes, at most 10");
    assert_int_equal(buf.len, 2);
    sg_buf_done(&buf);
}

/* --- object identifiers ------------------------------------------------------- */

static void identifiers_go_both_ways(void **state)
{
    static const struct {
        const char *text;
        const char *hex;
    } rows[] = {
        { "1.2.840.10045.2.1", "2a8648ce3d0201" },
        { "2.5.29.17", "551d11" },
        { "0.0", "00" },
        { "0.39", "27" },
        { "1.0", "28" },
        { "2.0", "50" },
        { "2.999", "8837" },
        { "2.23.140.1.2.1", "67810c010201" },
        { "1.3.6.1.4.1.311.20.2.3", "2b060104018237140203" },
        { "2.25.340282366920938463463374607431768211455",
          "6983ffffffffffffffffffffffffffffffffff7f" },
    };

    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct sg_err err = { 0 };
        SG_CLEANUP(sg_buf_done) struct sg_buf buf;
        char hex[128];
        char text[SG_OID_TEXT_MAX];

        sg_buf_init(&buf, 64);
        t_ok(&err, sg_oid_from_text(rows[i].text, &buf, &err));
        assert_string_equal(sg_hex(sg_buf_slice(&buf), hex, sizeof(hex)),
                            rows[i].hex);
        assert_string_equal(sg_oid_to_text(sg_buf_slice(&buf), text),
                            rows[i].text);
    }
}

static void identifiers_that_are_refused(void **state)
{
    static const struct {
        const char *text;
        const char *rule;
    } rows[] = {
        { "", "OID \"\": not dotted decimal" },
        { "1", "OID \"1\": not dotted decimal" },
        { "1.", "OID \"1.\": not dotted decimal" },
        { "1.2.", "OID \"1.2.\": not dotted decimal" },
        { "1..2", "OID \"1..2\": not dotted decimal" },
        { "1.2.03", "OID \"1.2.03\": not dotted decimal" },
        { "1.2.-3", "OID \"1.2.-3\": not dotted decimal" },
        { "1.2.3 ", "OID \"1.2.3 \": not dotted decimal" },
        { "1.2.x", "OID \"1.2.x\": not dotted decimal" },
        { "3.1", "OID \"3.1\": first arc above 2 (X.660 A.2)" },
        { "1.40", "OID \"1.40\": second arc above 39 (X.660 A.2)" },
        { "2.340282366920938463463374607431768211455",
          "OID \"2.340282366920938463463374607431768211455\": "
          "arc of more than 128 bits" },
        { "2.25.340282366920938463463374607431768211456",
          "OID \"2.25.340282366920938463463374607431768211456\": "
          "not dotted decimal" },
    };

    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct sg_err err = { 0 };
        SG_CLEANUP(sg_buf_done) struct sg_buf buf;

        sg_buf_init(&buf, 64);
        t_ok(&err, sg_buf_put_u8(&buf, 'k', &err));
        t_refused(&err, sg_oid_from_text(rows[i].text, &buf, &err), SG_FORMAT,
                  rows[i].rule);
        assert_int_equal(buf.len, 1);
    }
}

static void octets_that_are_no_identifier(void **state)
{
    static const struct {
        const char *octets;
        size_t len;
    } rows[] = {
        { "", 0 },
        { "\x2a\x86", 2 },     /* ends inside an arc */
        { "\x2a\x80\x01", 3 }, /* arc not minimal */
        /* an arc of 133 bits */
        { "\x2a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
          "\xff\xff\xff\x7f",
          20 },
    };
    char text[SG_OID_TEXT_MAX];
    uint8_t many[100];

    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++)
        assert_string_equal(
            sg_oid_to_text(
                SG_SLICE((const uint8_t *)rows[i].octets, rows[i].len), text),
            "?");
    memset(many, 1, sizeof(many));
    assert_string_equal(sg_oid_to_text(SG_SLICE(many, sizeof(many)), text),
                        "?"); /* 201 characters */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_type_has_its_octets),
        cmocka_unit_test(uint_maximum),
        cmocka_unit_test(named_bits_have_no_trailing_zero),
        cmocka_unit_test(every_named_bit_list_comes_back),
        cmocka_unit_test(the_form_of_time_changes_in_2050),
        cmocka_unit_test(times_that_have_no_form),
        cmocka_unit_test(lengths_are_minimal_at_every_size),
        cmocka_unit_test(the_first_failure_sticks),
        cmocka_unit_test(identifiers_go_both_ways),
        cmocka_unit_test(identifiers_that_are_refused),
        cmocka_unit_test(octets_that_are_no_identifier),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
