/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/t.h"

#include <stdio.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/pem.h>

#include "common/pem.h"

#define FOO "-----BEGIN FOO-----\nZm9v\n-----END FOO-----\n"
#define BAR "-----BEGIN BAR-----\nYmFy\n-----END BAR-----\n"

static struct sg_slice text(const char *s)
{
    return sg_slice_str(s);
}

static void agrees_with_openssl_at_every_size(void **state)
{
    struct sg_err err = { 0 };
    SG_CLEANUP(sg_buf_done) struct sg_buf pem;
    SG_CLEANUP(sg_buf_done) struct sg_buf der;
    uint8_t raw[200];

    (void)state;
    for (size_t i = 0; i < sizeof(raw); i++)
        raw[i] = (uint8_t)(i * 37);
    sg_buf_init(&pem, 4096);
    sg_buf_init(&der, 4096);
    for (size_t n = 1; n <= sizeof(raw); n++) {
        char *want = NULL;
        bool found = false;
        char label[SG_PEM_LABEL_MAX];
        BIO *bio = BIO_new(BIO_s_mem());

        sg_buf_reset(&pem);
        sg_buf_reset(&der);
        t_ok(&err, sg_pem_encode("X509 CRL", SG_SLICE(raw, n), &pem, &err));
        assert_true(PEM_write_bio(bio, "X509 CRL", "", raw, (long)n) > 0);
        long len = BIO_get_mem_data(bio, &want);
        assert_int_equal(pem.len, len - 1); /* ours ends without newline */
        assert_memory_equal(pem.data, want, pem.len);
        BIO_free(bio);

        struct sg_slice rest = sg_buf_slice(&pem);
        t_ok(&err, sg_pem_next(&rest, label, &der, &found, &err));
        assert_true(found);
        assert_string_equal(label, "X509 CRL");
        assert_true(sg_slice_eq(sg_buf_slice(&der), SG_SLICE(raw, n)));
        assert_int_equal(rest.len, 0);
    }
}

static void blocks_are_taken_one_by_one(void **state)
{
    struct sg_err err = { 0 };
    SG_CLEANUP(sg_buf_done) struct sg_buf der;
    struct sg_slice rest = text("subject=CN = x\n" FOO
                                "\nissuer text -----BEGIN no\r\n" BAR "tail\n");
    char label[SG_PEM_LABEL_MAX];
    bool found = false;

    (void)state;
    sg_buf_init(&der, 64);
    t_ok(&err, sg_pem_next(&rest, label, &der, &found, &err));
    assert_true(found);
    assert_string_equal(label, "FOO");
    t_ok(&err, sg_pem_next(&rest, label, &der, &found, &err));
    assert_true(found);
    assert_string_equal(label, "BAR");
    assert_true(sg_slice_eq(sg_buf_slice(&der), text("foobar")));
    t_ok(&err, sg_pem_next(&rest, label, &der, &found, &err));
    assert_false(found);
    assert_true(sg_slice_eq(rest, text("\ntail\n")));
}

static void line_ends_and_widths_of_other_tools(void **state)
{
    static const char *const good[] = {
        "-----BEGIN FOO-----\r\nZm\r\n9v\r\n-----END FOO-----\r\n",
        "-----BEGIN FOO----- \t\nZm9v\n-----END FOO----- \n",
        "-----BEGIN FOO-----\nZ\nm\n9\nv\n\n-----END FOO-----",
        "\xef\xbb\xbf\n-----BEGIN FOO-----\nZm9v\n-----END FOO-----\n",
    };

    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(good); i++) {
        struct sg_err err = { 0 };
        SG_CLEANUP(sg_buf_done) struct sg_buf der;

        sg_buf_init(&der, 64);
        t_ok(&err, sg_pem_or_der(text(good[i]), "FOO", &der, &err));
        assert_true(sg_slice_eq(sg_buf_slice(&der), text("foo")));
    }
}

static void blocks_that_are_refused(void **state)
{
    static const struct {
        const char *in;
        const char *fault;
    } rows[] = {
        { "-----BEGIN FOO-----\nZm9v\n", "pem FOO: no END line" },
        { "-----BEGIN FOO-----\nZm9v-----END FOO-----\n",
          "pem FOO: no END line" },
        { "-----BEGIN FOO-----\nZm9v\n-----END BAR-----\n",
          "pem: BEGIN FOO is closed by END BAR (RFC 7468 2)" },
        { "-----BEGIN FOO-----\n-----END FOO-----\n", "pem FOO: empty block" },
        { "-----BEGIN FOO-----\nProc-Type: 4,ENCRYPTED\n\nZm9v\n"
          "-----END FOO-----\n",
          "pem FOO: headers are not accepted (RFC 7468 2)" },
        { "-----BEGIN FOO-----\nZm9\n-----END FOO-----\n",
          "pem FOO: base64: wrong padding (RFC 4648 3.2)" },
        { "-----BEGIN FOO-----\nZm*v\n-----END FOO-----\n",
          "pem FOO: base64: character 0x2a (RFC 4648 3.3)" },
        { "-----BEGIN FOO----- x\nZm9v\n-----END FOO-----\n",
          "pem: text behind the dashes (RFC 7468 3)" },
        { "-----BEGIN -----\nZm9v\n-----END -----\n",
          "pem: bad label (RFC 7468 3)" },
        { "-----BEGIN F\nOO-----\nZm9v\n-----END FOO-----\n",
          "pem: bad label (RFC 7468 3)" },
        { "-----BEGIN FOO", "pem: bad label (RFC 7468 3)" },
        { "-----BEGIN "
          "LLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLL"
          "-----\nZm9v\n",
          "pem: bad label (RFC 7468 3)" },
    };

    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct sg_err err = { 0 };
        SG_CLEANUP(sg_buf_done) struct sg_buf der;
        struct sg_slice rest = text(rows[i].in);
        char label[SG_PEM_LABEL_MAX] = "?";
        bool found = false;

        sg_buf_init(&der, 64);
        t_refused(&err, sg_pem_next(&rest, label, &der, &found, &err),
                  SG_FORMAT, rows[i].fault);
        assert_string_equal(label, "?");
        assert_false(found);
        assert_int_equal(der.len, 0);
        assert_true(rest.p == (const uint8_t *)rows[i].in);
    }
}

static void one_block_or_der(void **state)
{
    static const uint8_t sequence[] = { 0x30, 0x00 };
    struct sg_err err = { 0 };
    SG_CLEANUP(sg_buf_done) struct sg_buf der;

    (void)state;
    sg_buf_init(&der, 8);
    t_ok(&err, sg_pem_or_der(SG_SLICE(sequence, 2), "FOO", &der, &err));
    assert_true(sg_slice_eq(sg_buf_slice(&der), SG_SLICE(sequence, 2)));
    sg_buf_reset(&der);
    t_ok(&err, sg_pem_or_der(text("x\n" FOO "y\n"), "FOO", &der, &err));
    assert_true(sg_slice_eq(sg_buf_slice(&der), text("foo")));
    sg_buf_reset(&der);
    t_refused(&err, sg_pem_or_der(text(BAR), "FOO", &der, &err), SG_FORMAT,
              "pem: expected FOO, found BAR");
    t_refused(&err, sg_pem_or_der(text(FOO FOO), "FOO", &der, &err), SG_FORMAT,
              "pem FOO: more than one block");
    t_refused(&err, sg_pem_or_der(text("hello"), "FOO", &der, &err), SG_FORMAT,
              "pem: no FOO block and no DER in it");
    t_refused(&err, sg_pem_or_der(text(""), "FOO", &der, &err), SG_FORMAT,
              "pem: no FOO block and no DER in it");
    assert_int_equal(der.len, 0);
}

static void the_maximum_holds(void **state)
{
    struct sg_err err = { 0 };
    SG_CLEANUP(sg_buf_done) struct sg_buf buf;

    (void)state;
    sg_buf_init(&buf, 2);
    t_refused(&err, sg_pem_or_der(text(FOO), "FOO", &buf, &err), SG_LIMIT,
              "pem FOO: base64: more than the buffer takes");
    sg_buf_done(&buf);
    /* One byte less than the block needs. */
    sg_buf_init(&buf, strlen(FOO) - 2);
    sg_err_clear(&err);
    t_assert_fails(sg_pem_encode("FOO", text("foo"), &buf, &err), SG_LIMIT);
    assert_int_equal(buf.len, 0);
    sg_buf_done(&buf);
    sg_buf_init(&buf, strlen(FOO) - 1);
    t_ok(&err, sg_pem_encode("FOO", text("foo"), &buf, &err));
    assert_true(sg_slice_eq(sg_buf_slice(&buf),
                            SG_SLICE((const uint8_t *)FOO, strlen(FOO) - 1)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_openssl_at_every_size),
        cmocka_unit_test(blocks_are_taken_one_by_one),
        cmocka_unit_test(line_ends_and_widths_of_other_tools),
        cmocka_unit_test(blocks_that_are_refused),
        cmocka_unit_test(one_block_or_der),
        cmocka_unit_test(the_maximum_holds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
