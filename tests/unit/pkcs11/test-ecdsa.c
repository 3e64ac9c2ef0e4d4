/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/helper/ecdsa.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/rand.h>
#include <string.h>

#include "tests/lib/t.h"

#define ROUNDS 20000

/* The same two numbers through OpenSSL's encoder. */
static void compare(const uint8_t *raw, unsigned octets)
{
    uint8_t der[TOK_ECDSA_DER_MAX];
    unsigned char *want = NULL;
    struct sg_err err = { 0 };
    size_t len = 0;
    ECDSA_SIG *sig = ECDSA_SIG_new();

    assert_int_equal(ECDSA_SIG_set0(sig, BN_bin2bn(raw, (int)octets, NULL),
                                    BN_bin2bn(raw + octets, (int)octets, NULL)),
                     1);
    int want_len = i2d_ECDSA_SIG(sig, &want);
    assert_true(want_len > 0);
    t_ok(&err, tok_ecdsa_der(SG_SLICE(raw, 2 * (size_t)octets), octets, der,
                             &len, &err));
    assert_int_equal(len, want_len);
    assert_memory_equal(der, want, len);
    OPENSSL_free(want);
    ECDSA_SIG_free(sig);
}

static void test_against_openssl(void **state)
{
    static const unsigned OCTETS[] = { 32, 48, 66 };
    uint8_t raw[2 * 66];

    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        unsigned octets = OCTETS[(unsigned)i % SG_ARRAY_LEN(OCTETS)];
        assert_int_equal(RAND_bytes(raw, sizeof(raw)), 1);
        if (octets == 66) { /* P-521: seven bits of the first octet are 0 */
            raw[0] &= 1;
            raw[66] &= 1;
        }
        /* Leading zeros of all lengths, much more often than chance has. */
        memset(raw, 0, raw[1] % 5);
        memset(raw + octets, 0, raw[octets + 1] % 5);
        raw[octets - 1] |= 1;
        raw[2 * octets - 1] |= 1;
        compare(raw, octets);
    }
}

static void test_extremes(void **state)
{
    uint8_t raw[2 * 66];

    (void)state;
    memset(raw, 0xff, sizeof(raw));
    compare(raw, 66); /* the longest of all */
    compare(raw, 32);
    memset(raw, 0, sizeof(raw));
    raw[31] = 1;
    raw[63] = 0x80;
    compare(raw, 32); /* the shortest, and a pad octet at one octet */
}

static void test_length_octet(void **state)
{
    uint8_t der[TOK_ECDSA_DER_MAX];
    uint8_t raw[132];
    struct sg_err err = { 0 };
    size_t len;

    (void)state;
    memset(raw, 0xff, sizeof(raw));
    t_ok(&err, tok_ecdsa_der(SG_SLICE(raw, 132), 66, der, &len, &err));
    assert_int_equal(len, TOK_ECDSA_DER_MAX);
    assert_int_equal(der[1], 0x81);
    assert_int_equal(der[2], 138);
}

/* A module that drops leading zeros from both halves. */
static void test_short_halves(void **state)
{
    static const uint8_t RAW[] = { 1, 2, 3, 4 };
    static const uint8_t WANT[] = { 0x30, 8, 2, 2, 1, 2, 2, 2, 3, 4 };
    uint8_t der[TOK_ECDSA_DER_MAX];
    struct sg_err err = { 0 };
    size_t len;

    (void)state;
    t_ok(&err, tok_ecdsa_der(SG_SLICE(RAW, 4), 32, der, &len, &err));
    assert_int_equal(len, sizeof(WANT));
    assert_memory_equal(der, WANT, sizeof(WANT));
}

static void test_refused(void **state)
{
    uint8_t raw[66] = { 0 };
    uint8_t der[TOK_ECDSA_DER_MAX];
    struct sg_err err = { 0 };
    size_t len = 77;

    (void)state;
    raw[0] = 1;
    t_refused(&err, tok_ecdsa_der(SG_SLICE(raw, 64), 32, der, &len, &err),
              SG_CRYPTO, "ECDSA signature from the token has s = 0");
    raw[0] = 0;
    raw[40] = 1;
    t_refused(&err, tok_ecdsa_der(SG_SLICE(raw, 64), 32, der, &len, &err),
              SG_CRYPTO, "ECDSA signature from the token has r = 0");
    raw[0] = 1;
    t_refused(&err, tok_ecdsa_der(SG_SLICE(raw, 63), 32, der, &len, &err),
              SG_CRYPTO,
              "ECDSA signature of 63 bytes from the token; two numbers of 32 "
              "expected (PKCS#11 2.3.1)");
    sg_err_clear(&err);
    t_assert_fails(tok_ecdsa_der(SG_SLICE(raw, 66), 32, der, &len, &err),
                   SG_CRYPTO);
    sg_err_clear(&err);
    t_assert_fails(tok_ecdsa_der(SG_SLICE(raw, 0), 32, der, &len, &err),
                   SG_CRYPTO);
    assert_int_equal(len, 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_openssl),
        cmocka_unit_test(test_extremes),
        cmocka_unit_test(test_length_octet),
        cmocka_unit_test(test_short_halves),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
