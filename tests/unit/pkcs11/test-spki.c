/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/helper/spki.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <p11-kit/pkcs11.h>
#include <string.h>

#include "common/cleanup-openssl.h"
#include "tests/lib/t.h"

#define BYTES(s) SG_SLICE((const uint8_t *)(s), sizeof(s) - 1)

struct made {
    EVP_PKEY *key;
    unsigned char *der; /* SubjectPublicKeyInfo by OpenSSL */
    size_t len;
};

static struct made make(EVP_PKEY *key)
{
    struct made m = { .key = key };

    assert_non_null(key);
    int n = i2d_PUBKEY(key, &m.der);
    assert_true(n > 0);
    m.len = (size_t)n;
    return m;
}

static void made_done(struct made *m)
{
    OPENSSL_free(m->der);
    EVP_PKEY_free(m->key);
}

/* The last n octets of the SPKI: point or Edwards key. */
static struct sg_slice tail(const struct made *m, size_t n)
{
    return SG_SLICE(m->der + m->len - n, n);
}

static void expect(const struct tok_public_attrs *attrs, const struct made *m,
                   enum tok_key_type type)
{
    struct sg_buf out;
    struct sg_err err = { 0 };
    enum tok_key_type got;

    sg_buf_init(&out, TOK_SPKI_MAX);
    t_ok(&err, tok_spki_encode(attrs, &out, &err));
    assert_int_equal(out.len, m->len);
    assert_memory_equal(out.data, m->der, m->len);
    t_ok(&err, tok_spki_type(sg_buf_slice(&out), &got, &err));
    assert_int_equal(got, type);
    sg_buf_done(&out);
}

/* As PKCS#11 says, bare, and in a BIT STRING. */
static void expect_wrapped(const struct made *m, enum tok_key_type type,
                           unsigned long key_type, size_t octets)
{
    struct tok_public_attrs attrs = { .key_type = key_type,
                                      .ec_params = tok_ec_params(type, 0),
                                      .ec_point = tail(m, octets) };
    uint8_t wrapped[160];
    size_t head = octets < 0x80 ? 2 : 3;

    expect(&attrs, m, type);
    wrapped[0] = 0x04;
    wrapped[1] = 0x81;
    wrapped[head - 1] = (uint8_t)octets;
    memcpy(wrapped + head, attrs.ec_point.p, octets);
    attrs.ec_point = SG_SLICE(wrapped, head + octets);
    expect(&attrs, m, type);

    wrapped[0] = 0x03;
    head = octets + 1 < 0x80 ? 2 : 3;
    wrapped[1] = 0x81;
    wrapped[head - 1] = (uint8_t)(octets + 1);
    wrapped[head] = 0;
    memcpy(wrapped + head + 1, tail(m, octets).p, octets);
    attrs.ec_point = SG_SLICE(wrapped, head + 1 + octets);
    expect(&attrs, m, type);
}

static void test_ec(void **state)
{
    static const struct {
        const char *name;
        enum tok_key_type type;
        size_t octets;
    } CURVES[] = {
        { "P-256", TOK_KEY_EC_P256, 65 },
        { "P-384", TOK_KEY_EC_P384, 97 },
        { "P-521", TOK_KEY_EC_P521, 133 },
    };

    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(CURVES); i++) {
        struct made m = make(EVP_EC_gen(CURVES[i].name));
        expect_wrapped(&m, CURVES[i].type, CKK_EC, CURVES[i].octets);
        assert_int_equal(tok_ec_octets(CURVES[i].type),
                         (CURVES[i].octets - 1) / 2);
        made_done(&m);
    }
}

static void test_ed25519(void **state)
{
    struct made m = make(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"));

    (void)state;
    expect_wrapped(&m, TOK_KEY_ED25519, CKK_EC_EDWARDS, 32);
    /* SoftHSM's spelling of the curve. */
    struct tok_public_attrs attrs = {
        .key_type = CKK_EC_EDWARDS,
        .ec_params = tok_ec_params(TOK_KEY_ED25519, 1),
        .ec_point = tail(&m, 32),
    };
    assert_true(attrs.ec_params.len == 14);
    expect(&attrs, &m, TOK_KEY_ED25519);
    assert_int_equal(tok_ec_octets(TOK_KEY_ED25519), 0);
    made_done(&m);
}

static void test_rsa(void **state)
{
    static const uint8_t F4[] = { 1, 0, 1 };
    struct made m = make(EVP_RSA_gen(2048));
    uint8_t n[257] = { 0 };
    BIGNUM *bn = NULL;

    (void)state;
    assert_int_equal(EVP_PKEY_get_bn_param(m.key, "n", &bn), 1);
    assert_int_equal(BN_bn2binpad(bn, n + 1, 256), 256);
    struct tok_public_attrs attrs = { .key_type = CKK_RSA,
                                      .modulus = SG_SLICE(n + 1, 256),
                                      .exponent = SG_SLICE(F4, 3) };
    expect(&attrs, &m, TOK_KEY_RSA_2048);
    attrs.modulus = SG_SLICE(n, 257); /* with a zero in front */
    expect(&attrs, &m, TOK_KEY_RSA_2048);
    BN_free(bn);
    made_done(&m);
}

static void refused(const struct tok_public_attrs *attrs, enum sg_rc want,
                    const char *text)
{
    struct sg_buf out;
    struct sg_err err = { 0 };

    sg_buf_init(&out, TOK_SPKI_MAX);
    t_assert_fails(tok_spki_encode(attrs, &out, &err), want);
    assert_non_null(strstr(err.msg, text));
    sg_buf_done(&out);
}

static void test_bad_attributes(void **state)
{
    uint8_t point[65] = { 4 };
    struct tok_public_attrs good = { .key_type = CKK_EC,
                                     .ec_params =
                                         tok_ec_params(TOK_KEY_EC_P256, 0),
                                     .ec_point = SG_SLICE(point, 65) };
    struct tok_public_attrs a = good;

    (void)state;
    a.key_type = CKK_DSA;
    refused(&a, SG_POLICY, "CKA_KEY_TYPE: 0x1 is not EC, RSA or Edwards");
    a = good;
    a.ec_params = BYTES("\x06\x05\x2b\x81\x04\x00\x0a"); /* secp256k1 */
    refused(&a, SG_POLICY, "CKA_EC_PARAMS: not P-256");
    a.ec_params = SG_SLICE(NULL, 0);
    refused(&a, SG_POLICY, "CKA_EC_PARAMS: not P-256");
    a = good;
    a.ec_point.len = 64;
    refused(&a, SG_FORMAT,
            "CKA_EC_POINT: 64 bytes that are no uncompressed "
            "point of ec-p256");
    a.ec_point.len = 0;
    refused(&a, SG_FORMAT, "CKA_EC_POINT: 0 bytes");
    point[0] = 2;
    a.ec_point.len = 33;
    refused(&a, SG_FORMAT, "no uncompressed point");
    a = (struct tok_public_attrs){ .key_type = CKK_RSA,
                                   .modulus = SG_SLICE(point, 65) };
    refused(&a, SG_FORMAT, "CKA_PUBLIC_EXPONENT is empty");
}

static void test_types_we_do_not_use(void **state)
{
    struct made m = make(EVP_RSA_gen(1024));
    struct sg_err err = { 0 };
    enum tok_key_type type = TOK_KEY_UNSET;

    (void)state;
    t_refused(&err, tok_spki_type(SG_SLICE(m.der, m.len), &type, &err),
              SG_POLICY,
              "public key: RSA with 1024 bits; 2048, 3072 or 4096 are used");
    made_done(&m);
    m = make(EVP_EC_gen("secp256k1"));
    t_refused(&err, tok_spki_type(SG_SLICE(m.der, m.len), &type, &err),
              SG_POLICY, "public key: unknown algorithm");
    sg_err_clear(&err);
    t_assert_fails(tok_spki_type(SG_SLICE(m.der, m.len - 1), &type, &err),
                   SG_FORMAT);
    assert_int_equal(type, TOK_KEY_UNSET);
    made_done(&m);
}

static void test_params(void **state)
{
    (void)state;
    assert_int_equal(tok_ec_params(TOK_KEY_RSA_2048, 0).len, 0);
    assert_int_equal(tok_ec_params(TOK_KEY_EC_P256, 1).len, 0);
    assert_int_equal(tok_ec_params(TOK_KEY_ED25519, 2).len, 0);
    assert_int_equal(tok_rsa_bits(TOK_KEY_RSA_3072), 3072);
    assert_int_equal(tok_rsa_bits(TOK_KEY_EC_P256), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ec),
        cmocka_unit_test(test_ed25519),
        cmocka_unit_test(test_rsa),
        cmocka_unit_test(test_bad_attributes),
        cmocka_unit_test(test_types_we_do_not_use),
        cmocka_unit_test(test_params),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
