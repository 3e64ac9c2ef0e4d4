/* SPDX-License-Identifier: Apache-2.0 */
/* Thousands of signatures, each checked by OpenSSL. */

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup-openssl.h"
#include "tests/lib/make-tbs.h"
#include "tests/token/token.h"

#define IN_FLIGHT 16

static struct t_token token;
static struct t_helper helper;

static int group_setup(void **state)
{
    (void)state;
    t_token_new(&token);
    t_helper_start_on(&helper, &token, 4);
    return 0;
}

static int group_teardown(void **state)
{
    (void)state;
    assert_int_equal(t_helper_stop(&helper), 0);
    t_token_done(&token);
    return 0;
}

struct run {
    struct tok_key_info key;
    uint32_t ref;
    struct sg_slice alg;
    const char *md; /* NULL: Ed25519 */
    bool pss;
    EVP_PKEY *pub;
    unsigned n; /* signatures to make */
    unsigned sizes[TOK_SIGNATURE_MAX + 1];
};

static struct t_tbs nth_tbs(const struct run *r, unsigned n, uint8_t serial[4])
{
    struct t_tbs t = t_tbs_leaf(r->alg, SG_SLICE(r->key.spki, r->key.spki_len));

    serial[0] = 1;
    serial[1] = (uint8_t)(n >> 16);
    serial[2] = (uint8_t)(n >> 8);
    serial[3] = (uint8_t)n;
    t.serial = SG_SLICE(serial, 4);
    return t;
}

static void encode_nth(const struct run *r, unsigned n, struct sg_buf *out)
{
    uint8_t serial[4];
    struct t_tbs t = nth_tbs(r, n, serial);

    sg_buf_reset(out);
    t_tbs_encode(&t, out);
}

static void ask(const struct run *r, unsigned n)
{
    struct sg_buf tbs;
    struct sg_buf payload;
    struct sg_err err = { 0 };

    sg_buf_init(&tbs, 8192);
    sg_buf_init(&payload, TOK_FRAME_MAX);
    encode_nth(r, n, &tbs);
    struct tok_sign req = { .key_ref = r->ref,
                            .algorithm = r->alg,
                            .tbs = sg_buf_slice(&tbs) };
    t_ok(&err, tok_put_sign(&payload, &req, &err));
    t_helper_send(&helper, TOK_OP_SIGN_CERT, n + 1, sg_buf_slice(&payload));
    sg_buf_done(&tbs);
    sg_buf_done(&payload);
}

/* As anybody else would check a certificate. */
static void verify(const struct run *r, unsigned n, struct sg_slice signature)
{
    struct sg_buf tbs;
    EVP_PKEY_CTX *pkey_ctx = NULL;
    SG_CLEANUP(EVP_MD_CTX_free) EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    sg_buf_init(&tbs, 8192);
    encode_nth(r, n, &tbs);
    assert_int_equal(EVP_DigestVerifyInit_ex(ctx, &pkey_ctx, r->md, NULL, NULL,
                                             r->pub, NULL),
                     1);
    if (r->pss) {
        assert_int_equal(
            EVP_PKEY_CTX_set_rsa_padding(pkey_ctx, RSA_PKCS1_PSS_PADDING), 1);
        assert_int_equal(
            EVP_PKEY_CTX_set_rsa_pss_saltlen(pkey_ctx, RSA_PSS_SALTLEN_DIGEST),
            1);
    }
    assert_int_equal(
        EVP_DigestVerify(ctx, signature.p, signature.len, tbs.data, tbs.len),
        1);
    sg_buf_done(&tbs);
}

static void take(struct run *r)
{
    struct tok_frame frame;
    struct sg_reader in;
    struct sg_slice signature;
    struct sg_err err = { 0 };

    assert_true(t_helper_receive(&helper, &frame));
    if (frame.rc != SG_OK)
        fail_msg("%s", helper.failure.msg);
    assert_true(frame.id >= 1 && frame.id <= r->n);
    sg_reader_init(&in, frame.payload);
    t_ok(&err, sg_get_blob(&in, TOK_SIGNATURE_MAX, &signature, &err));
    t_ok(&err, sg_get_end(&in, &err));
    verify(r, (unsigned)frame.id - 1, signature);
    r->sizes[signature.len]++;
}

static void sign_all(struct run *r)
{
    unsigned asked = 0;
    unsigned taken = 0;

    while (taken < r->n) {
        for (; asked < r->n && asked - taken < IN_FLIGHT; asked++)
            ask(r, asked);
        take(r);
        taken++;
    }
}

/* A key of its own with the root certificate bound. */
static void prepare(struct run *r, enum tok_key_type type, unsigned hash_bits)
{
    struct tok_key_generate gen = t_ca_key(tok_key_type_name(type), type);
    struct tok_key_open want = { .label = "" };
    struct sg_buf tbs;
    struct sg_buf cert;
    struct sg_slice signature;
    const unsigned char *der = r->key.spki;

    (void)snprintf(gen.label, sizeof(gen.label), "%s %u %d",
                   tok_key_type_name(type), hash_bits, r->pss);
    assert_int_equal(t_generate(&helper, &gen, &r->key), SG_OK);
    memcpy(want.label, gen.label, sizeof(want.label));
    assert_int_equal(t_open(&helper, &want, &r->ref, &r->key), SG_OK);
    r->alg = t_algorithm(type, hash_bits, r->pss);
    r->pub = d2i_PUBKEY(NULL, &der, (long)r->key.spki_len);
    assert_non_null(r->pub);

    sg_buf_init(&tbs, 8192);
    sg_buf_init(&cert, 8192);
    struct t_tbs root =
        t_tbs_root(r->alg, SG_SLICE(r->key.spki, r->key.spki_len), "root");
    t_tbs_encode(&root, &tbs);
    struct tok_sign req = { .key_ref = r->ref,
                            .algorithm = r->alg,
                            .tbs = sg_buf_slice(&tbs) };
    if (t_sign(&helper, TOK_OP_SIGN_CERT, &req, &signature) != SG_OK)
        fail_msg("%s", helper.failure.msg);
    t_cert_encode(req.tbs, r->alg, signature, &cert);
    assert_int_equal(t_bind(&helper, r->ref, sg_buf_slice(&cert)), SG_OK);
    sg_buf_done(&tbs);
    sg_buf_done(&cert);
}

static void finish(struct run *r)
{
    EVP_PKEY_free(r->pub);
}

/* Short r and s must have been met, or the test has not tried them. */
static void ecdsa(enum tok_key_type type, const char *md, unsigned longest)
{
    struct run r = { .md = md, .n = 2000 };
    unsigned shorter = 0;

    prepare(&r, type, 0);
    sign_all(&r);
    for (unsigned i = 0; i < longest; i++)
        shorter += r.sizes[i];
    for (unsigned i = longest + 1; i <= TOK_SIGNATURE_MAX; i++)
        assert_int_equal(r.sizes[i], 0);
    assert_true(shorter > 0 && r.sizes[longest] > 0);
    finish(&r);
}

static void test_p256(void **state)
{
    (void)state;
    ecdsa(TOK_KEY_EC_P256, "SHA256", 72);
}

static void test_p384(void **state)
{
    (void)state;
    ecdsa(TOK_KEY_EC_P384, "SHA384", 104);
}

/* No pad octet ever: the numbers have 521 bits in 66 octets. */
static void test_p521(void **state)
{
    (void)state;
    ecdsa(TOK_KEY_EC_P521, "SHA512", 139);
}

static void test_ed25519(void **state)
{
    struct run r = { .n = 500 };

    (void)state;
    prepare(&r, TOK_KEY_ED25519, 0);
    sign_all(&r);
    assert_int_equal(r.sizes[64], 500);
    finish(&r);
}

static void rsa(enum tok_key_type type, unsigned n, unsigned octets)
{
    static const struct {
        unsigned bits;
        const char *md;
    } HASHES[] = { { 256, "SHA256" }, { 384, "SHA384" }, { 512, "SHA512" } };

    for (size_t i = 0; i < SG_ARRAY_LEN(HASHES); i++)
        for (int pss = 0; pss < 2; pss++) {
            struct run r = { .md = HASHES[i].md, .pss = pss == 1, .n = n };
            prepare(&r, type, HASHES[i].bits);
            sign_all(&r);
            assert_int_equal(r.sizes[octets], n);
            finish(&r);
        }
}

static void test_rsa_2048(void **state)
{
    (void)state;
    rsa(TOK_KEY_RSA_2048, 100, 256);
}

/* One of the larger ones: making them is slow, signing is the same. */
static void test_rsa_4096(void **state)
{
    struct run r = { .md = "SHA384", .n = 20, .pss = true };

    (void)state;
    prepare(&r, TOK_KEY_RSA_4096, 384);
    sign_all(&r);
    assert_int_equal(r.sizes[512], 20);
    finish(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_p256),     cmocka_unit_test(test_p384),
        cmocka_unit_test(test_p521),     cmocka_unit_test(test_ed25519),
        cmocka_unit_test(test_rsa_2048), cmocka_unit_test(test_rsa_4096),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
