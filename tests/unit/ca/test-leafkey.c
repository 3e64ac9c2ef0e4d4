/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <string.h>

#include <openssl/evp.h>

#include "ca/spki.h"
#include "common/cleanup-openssl.h"
#include "common/pem.h"
#include "tests/unit/ca/openssl.h"

#define DER_MAX 16384

static struct sg_err err;

static const struct {
    enum ca_key_kind kind;
    unsigned bits;
    const char *traditional; /* PEM label */
} KINDS[] = {
    { CA_KEY_EC_P256, 0, "EC PRIVATE KEY" },
    { CA_KEY_EC_P384, 0, "EC PRIVATE KEY" },
    { CA_KEY_EC_P521, 0, "EC PRIVATE KEY" },
    { CA_KEY_RSA, 2048, "RSA PRIVATE KEY" },
    { CA_KEY_ED25519, 0, "PRIVATE KEY" },
};

static enum sg_rc private_of(EVP_PKEY *key, enum ca_private_format format,
                             struct sg_buf *out, const char **ret_label)
{
    struct sg_buf der SG_CLEANUP(sg_buf_done);
    struct ca_spki spki;

    sg_buf_init(&der, DER_MAX);
    t_ok(&err, ca_leaf_key_spki(key, &der, &err));
    t_ok(&err, ca_spki_parse(sg_buf_slice(&der), &spki, &err));
    return ca_leaf_key_private(key, &spki, format, out, ret_label, &err);
}

static void save(EVP_PKEY *key, enum ca_private_format format,
                 const char *want_label)
{
    struct sg_buf der SG_CLEANUP(sg_buf_done);
    struct sg_buf pem SG_CLEANUP(sg_buf_done);
    const char *label = NULL;

    sg_buf_init(&der, DER_MAX);
    sg_buf_init(&pem, DER_MAX);
    t_ok(&err, private_of(key, format, &der, &label));
    assert_string_equal(label, want_label);
    t_ok(&err, sg_pem_encode(label, sg_buf_slice(&der), &pem, &err));
    t_ok(&err, sg_buf_put_str(&pem, "\n", &err));
    t_file_write(ossl_path("key.pem"), pem.data, pem.len);
}

/* openssl reads what we wrote, finds the halves fitting, and writes the very
 * same public key. */
static void check_by_openssl(EVP_PKEY *key)
{
    struct sg_buf spki SG_CLEANUP(sg_buf_done);
    struct sg_arena arena SG_CLEANUP(sg_arena_done);

    sg_buf_init(&spki, DER_MAX);
    sg_arena_init(&arena, DER_MAX);
    const char *said =
        ossl("pkey", "-check", "-noout", "-in", ossl_path("key.pem"));
    assert_non_null(strstr(said, "Key is valid"));
    ossl("pkey", "-in", ossl_path("key.pem"), "-pubout", "-out",
         ossl_path("pub.pem"));
    struct sg_slice theirs = ossl_der(&arena, "pub.pem", "PUBLIC KEY");
    t_ok(&err, ca_leaf_key_spki(key, &spki, &err));
    assert_int_equal(spki.len, theirs.len);
    assert_memory_equal(spki.data, theirs.p, theirs.len);
}

static void writes_what_openssl_reads(void **state)
{
    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(KINDS); i++) {
        EVP_PKEY *key SG_CLEANUP(EVP_PKEY_free) = NULL;

        t_ok(&err, ca_leaf_key_new(KINDS[i].kind, KINDS[i].bits, &key, &err));
        save(key, CA_PRIVATE_TRADITIONAL, KINDS[i].traditional);
        check_by_openssl(key);
        save(key, CA_PRIVATE_PKCS8, "PRIVATE KEY");
        check_by_openssl(key);
    }
}

/* Octet for octet what openssl itself writes for the same key. */
static void writes_as_openssl_does(void **state)
{
    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(KINDS); i++) {
        struct sg_arena arena SG_CLEANUP(sg_arena_done);
        struct sg_buf der SG_CLEANUP(sg_buf_done);
        EVP_PKEY *key SG_CLEANUP(EVP_PKEY_free) = NULL;
        const char *label = NULL;

        sg_arena_init(&arena, DER_MAX);
        sg_buf_init(&der, DER_MAX);
        t_ok(&err, ca_leaf_key_new(KINDS[i].kind, KINDS[i].bits, &key, &err));
        save(key, CA_PRIVATE_TRADITIONAL, KINDS[i].traditional);
        ossl("pkey", "-in", ossl_path("key.pem"), "-out",
             ossl_path("pkcs8.pem"));
        struct sg_slice theirs = ossl_der(&arena, "pkcs8.pem", "PRIVATE KEY");
        t_ok(&err, private_of(key, CA_PRIVATE_PKCS8, &der, &label));
        assert_int_equal(der.len, theirs.len);
        assert_memory_equal(der.data, theirs.p, theirs.len);
    }
}

/* A private key below 2^248 has a zero octet in front that must stay. One in
 * 256 has it; 3000 keys miss it with a chance of 10^-5. */
static void keeps_leading_zeros(void **state)
{
    unsigned zeros = 0;

    (void)state;
    for (int i = 0; i < 3000; i++) {
        EVP_PKEY *key SG_CLEANUP(EVP_PKEY_free) = NULL;
        struct sg_buf der SG_CLEANUP(sg_buf_done);
        const char *label = NULL;

        sg_buf_init(&der, DER_MAX);
        t_ok(&err, ca_leaf_key_new(CA_KEY_EC_P256, 0, &key, &err));
        t_ok(&err, private_of(key, CA_PRIVATE_TRADITIONAL, &der, &label));
        assert_int_equal(der.len, 121);
        if (der.data[7] != 0)
            continue;
        zeros++;
        save(key, CA_PRIVATE_TRADITIONAL, "EC PRIVATE KEY");
        check_by_openssl(key);
    }
    assert_true(zeros > 0);
}

static void makes_new_keys_each_time(void **state)
{
    EVP_PKEY *a SG_CLEANUP(EVP_PKEY_free) = NULL;
    EVP_PKEY *b SG_CLEANUP(EVP_PKEY_free) = NULL;

    (void)state;
    t_ok(&err, ca_leaf_key_new(CA_KEY_EC_P256, 0, &a, &err));
    t_ok(&err, ca_leaf_key_new(CA_KEY_EC_P256, 0, &b, &err));
    assert_int_equal(EVP_PKEY_eq(a, b), 0);
}

static void refuses_rsa_sizes(void **state)
{
    EVP_PKEY *key = NULL;

    (void)state;
    t_refused(
        &err, ca_leaf_key_new(CA_KEY_RSA, 1024, &key, &err), SG_POLICY,
        "key generation: RSA of 1024 bits, want 2048 to 8192 in steps of 8");
    t_refused(
        &err, ca_leaf_key_new(CA_KEY_RSA, 2049, &key, &err), SG_POLICY,
        "key generation: RSA of 2049 bits, want 2048 to 8192 in steps of 8");
    t_refused(
        &err, ca_leaf_key_new(CA_KEY_RSA, 16384, &key, &err), SG_POLICY,
        "key generation: RSA of 16384 bits, want 2048 to 8192 in steps of 8");
    assert_null(key);
}

static void fails_when_the_buffer_is_small(void **state)
{
    EVP_PKEY *key SG_CLEANUP(EVP_PKEY_free) = NULL;
    struct sg_buf out SG_CLEANUP(sg_buf_done);
    const char *label = NULL;

    (void)state;
    sg_buf_init(&out, 16);
    t_ok(&err, ca_leaf_key_new(CA_KEY_ED25519, 0, &key, &err));
    sg_err_clear(&err);
    t_assert_fails(ca_leaf_key_spki(key, &out, &err), SG_LIMIT);
    sg_err_clear(&err);
    t_assert_fails(private_of(key, CA_PRIVATE_PKCS8, &out, &label), SG_LIMIT);
    assert_int_equal(out.len, 0);
    assert_null(label);
}

/* --- threads ----------------------------------------------------------------- */

#define THREADS 4

static void *work(void *arg)
{
    struct sg_err own = { 0 };
    unsigned *good = arg;

    for (int i = 0; i < 50; i++) {
        EVP_PKEY *key SG_CLEANUP(EVP_PKEY_free) = NULL;
        EVP_PKEY *back SG_CLEANUP(EVP_PKEY_free) = NULL;
        struct sg_buf der SG_CLEANUP(sg_buf_done);
        struct ca_spki spki;
        enum ca_key_kind kind = i % 2 == 0 ? CA_KEY_EC_P256 : CA_KEY_EC_P384;

        sg_buf_init(&der, DER_MAX);
        if (ca_leaf_key_new(kind, 0, &key, &own) == SG_OK
            && ca_leaf_key_spki(key, &der, &own) == SG_OK
            && ca_spki_parse(sg_buf_slice(&der), &spki, &own) == SG_OK
            && ca_spki_to_pkey(&spki, &back, &own) == SG_OK
            && EVP_PKEY_eq(key, back) == 1)
            (*good)++;
    }
    return NULL;
}

static void serves_many_threads(void **state)
{
    pthread_t thread[THREADS];
    unsigned good[THREADS] = { 0 };

    (void)state;
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, work, &good[i]), 0);
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(thread[i], NULL), 0);
        assert_int_equal(good[i], 50);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(serves_many_threads),
        cmocka_unit_test(writes_what_openssl_reads),
        cmocka_unit_test(writes_as_openssl_does),
        cmocka_unit_test(keeps_leading_zeros),
        cmocka_unit_test(makes_new_keys_each_time),
        cmocka_unit_test(refuses_rsa_sizes),
        cmocka_unit_test(fails_when_the_buffer_is_small),
    };

    return cmocka_run_group_tests(tests, ossl_open, ossl_close);
}
