/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <openssl/evp.h>

#include "ca/spki.h"
#include "common/cleanup-openssl.h"
#include "common/file.h"
#include "tests/unit/ca/openssl.h"

static struct sg_arena arena;
static struct sg_err err;

static int setup(void **state)
{
    (void)state;
    sg_arena_init(&arena, (size_t)1 << 20);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    sg_arena_done(&arena);
    return 0;
}

/* BR 7.1.3.2 prints these octets. */
static const struct {
    enum ca_sigalg alg;
    const char *name, *hex;
} LISTED[] = {
    { CA_SIGALG_ECDSA_SHA256, "ecdsa-with-SHA256", "300a06082a8648ce3d040302" },
    { CA_SIGALG_ECDSA_SHA384, "ecdsa-with-SHA384", "300a06082a8648ce3d040303" },
    { CA_SIGALG_ECDSA_SHA512, "ecdsa-with-SHA512", "300a06082a8648ce3d040304" },
    { CA_SIGALG_RSA_SHA256, "sha256WithRSAEncryption",
      "300d06092a864886f70d01010b0500" },
    { CA_SIGALG_RSA_SHA384, "sha384WithRSAEncryption",
      "300d06092a864886f70d01010c0500" },
    { CA_SIGALG_RSA_SHA512, "sha512WithRSAEncryption",
      "300d06092a864886f70d01010d0500" },
    { CA_SIGALG_PSS_SHA256, "rsassaPss-SHA256",
      "304106092a864886f70d01010a3034a00f300d0609608648016503040201"
      "0500a11c301a06092a864886f70d010108300d0609608648016503040201"
      "0500a203020120" },
    { CA_SIGALG_PSS_SHA384, "rsassaPss-SHA384",
      "304106092a864886f70d01010a3034a00f300d0609608648016503040202"
      "0500a11c301a06092a864886f70d010108300d0609608648016503040202"
      "0500a203020130" },
    { CA_SIGALG_PSS_SHA512, "rsassaPss-SHA512",
      "304106092a864886f70d01010a3034a00f300d0609608648016503040203"
      "0500a11c301a06092a864886f70d010108300d0609608648016503040203"
      "0500a203020140" },
    { CA_SIGALG_ED25519, "Ed25519", "300506032b6570" },
};

static void writes_the_listed_octets(void **state)
{
    enum ca_sigalg back = CA_SIGALG_UNSET;

    (void)state;
    assert_string_equal(ca_sigalg_name(CA_SIGALG_UNSET), "none");
    for (size_t i = 0; i < SG_ARRAY_LEN(LISTED); i++) {
        struct sg_slice want = ossl_hex(&arena, LISTED[i].hex);
        struct sg_slice have = ca_sigalg_der(LISTED[i].alg);

        assert_int_equal(have.len, want.len);
        assert_memory_equal(have.p, want.p, want.len);
        assert_string_equal(ca_sigalg_name(LISTED[i].alg), LISTED[i].name);
        t_ok(&err, ca_sigalg_parse(want, &back, &err));
        assert_int_equal(back, LISTED[i].alg);
    }
}

static void refuses_other_algorithms(void **state)
{
    static const struct {
        const char *hex, *text;
        enum sg_rc rc;
    } BAD[] = {
        { "300d06092a864886f70d0101050500",
          "signature algorithm sha1WithRSAEncryption is not accepted",
          SG_POLICY },
        { "300a06082a8648ce3d040301",
          "signature algorithm ecdsa-with-SHA224 is not accepted", SG_POLICY },
        { "300506032b6571", "signature algorithm Ed448 is not accepted",
          SG_POLICY },
        { "300406022a03", "signature algorithm 1.2.3 is not accepted",
          SG_POLICY },
        /* RSA without NULL, ECDSA with it, PSS with a salt of 222 octets */
        { "300b06092a864886f70d01010b",
          "signature algorithm sha256WithRSAEncryption: parameters are not the ones that BR 7.1.3.2 lists",
          SG_POLICY },
        { "300c06082a8648ce3d0403020500",
          "signature algorithm ecdsa-with-SHA256: parameters are not the ones that BR 7.1.3.2 lists",
          SG_POLICY },
        { "304206092a864886f70d01010a3035a00f300d0609608648016503040201"
          "0500a11c301a06092a864886f70d010108300d0609608648016503040201"
          "0500a204020200de",
          "signature algorithm rsassaPss: parameters are not the ones that BR 7.1.3.2 lists",
          SG_POLICY },
        { "0500",
          "signature algorithm: offset 0: expected SEQUENCE, found NULL",
          SG_FORMAT },
        { "3000",
          "signature algorithm: offset 2: ends where OBJECT IDENTIFIER must follow",
          SG_FORMAT },
        { "300506032b65700500",
          "signature algorithm: offset 7: 2 octets too many at the end",
          SG_FORMAT },
    };
    enum ca_sigalg alg = CA_SIGALG_UNSET;

    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(BAD); i++)
        t_refused(&err,
                  ca_sigalg_parse(ossl_hex(&arena, BAD[i].hex), &alg, &err),
                  BAD[i].rc, BAD[i].text);
    assert_int_equal(alg, CA_SIGALG_UNSET);
}

static void chooses_for_a_key(void **state)
{
    static const struct {
        enum ca_key_kind kind;
        unsigned hash_bits;
        bool pss;
        enum ca_sigalg want;
    } GOOD[] = {
        { CA_KEY_EC_P256, 0, false, CA_SIGALG_ECDSA_SHA256 },
        { CA_KEY_EC_P256, 256, false, CA_SIGALG_ECDSA_SHA256 },
        { CA_KEY_EC_P384, 0, false, CA_SIGALG_ECDSA_SHA384 },
        { CA_KEY_EC_P521, 512, false, CA_SIGALG_ECDSA_SHA512 },
        { CA_KEY_RSA, 0, false, CA_SIGALG_RSA_SHA256 },
        { CA_KEY_RSA, 384, false, CA_SIGALG_RSA_SHA384 },
        { CA_KEY_RSA, 512, false, CA_SIGALG_RSA_SHA512 },
        { CA_KEY_RSA, 0, true, CA_SIGALG_PSS_SHA256 },
        { CA_KEY_RSA, 384, true, CA_SIGALG_PSS_SHA384 },
        { CA_KEY_RSA, 512, true, CA_SIGALG_PSS_SHA512 },
        { CA_KEY_ED25519, 0, false, CA_SIGALG_ED25519 },
    };
    static const struct {
        enum ca_key_kind kind;
        unsigned hash_bits;
        bool pss;
        const char *text;
    } BAD[] = {
        { CA_KEY_EC_P256, 384, false,
          "signature algorithm: EC P-256 signs with SHA-256, not SHA-384 (BR 7.1.3.2.2)" },
        { CA_KEY_EC_P384, 256, false,
          "signature algorithm: EC P-384 signs with SHA-384, not SHA-256 (BR 7.1.3.2.2)" },
        { CA_KEY_EC_P384, 0, true,
          "signature algorithm: PSS needs an RSA key, not EC P-384 (RFC 4055 "
          "3.1)" },
        { CA_KEY_RSA, 160, false,
          "signature algorithm: RSA signs with SHA-256, SHA-384 or SHA-512, not SHA-160" },
        { CA_KEY_ED25519, 512, false,
          "signature algorithm: Ed25519 has no choice of hash (RFC 8410 3)" },
    };
    enum ca_sigalg alg = CA_SIGALG_UNSET;

    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(GOOD); i++) {
        t_ok(&err, ca_sigalg_for(GOOD[i].kind, GOOD[i].hash_bits, GOOD[i].pss,
                                 &alg, &err));
        assert_int_equal(alg, GOOD[i].want);
    }
    for (size_t i = 0; i < SG_ARRAY_LEN(BAD); i++)
        t_refused(&err,
                  ca_sigalg_for(BAD[i].kind, BAD[i].hash_bits, BAD[i].pss, &alg,
                                &err),
                  SG_POLICY, BAD[i].text);
}

/* --- signatures that openssl made ------------------------------------------- */

static const struct {
    const char *key;
    const char *digest; /* NULL: Ed25519 */
    bool pss;
    enum ca_sigalg alg;
} SIGNED[] = {
    { "EC:P-256", "-sha256", false, CA_SIGALG_ECDSA_SHA256 },
    { "EC:P-384", "-sha384", false, CA_SIGALG_ECDSA_SHA384 },
    { "EC:P-521", "-sha512", false, CA_SIGALG_ECDSA_SHA512 },
    { "RSA:2048", "-sha256", false, CA_SIGALG_RSA_SHA256 },
    { "RSA:2048", "-sha512", false, CA_SIGALG_RSA_SHA512 },
    { "RSA:2048", "-sha256", true, CA_SIGALG_PSS_SHA256 },
    { "RSA:2048", "-sha384", true, CA_SIGALG_PSS_SHA384 },
    { "ED25519", NULL, false, CA_SIGALG_ED25519 },
};

static struct sg_slice raw_file(const char *name)
{
    struct sg_buf file SG_CLEANUP(sg_buf_done);

    sg_buf_init(&file, 4096);
    t_ok(&err, sg_file_read(ossl_path(name), &file, &err));
    return sg_arena_copy(&arena, sg_buf_slice(&file));
}

static void sign_by_openssl(const char *type, const char *digest, bool pss)
{
    ossl_key("key.pem", type);
    ossl("pkey", "-in", ossl_path("key.pem"), "-pubout", "-out",
         ossl_path("pub.pem"));
    t_file_write(ossl_path("msg"), "to be signed", 12);
    if (digest == NULL)
        ossl("pkeyutl", "-sign", "-rawin", "-inkey", ossl_path("key.pem"),
             "-in", ossl_path("msg"), "-out", ossl_path("sig"));
    else if (pss)
        ossl("dgst", digest, "-sign", ossl_path("key.pem"), "-sigopt",
             "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest",
             "-out", ossl_path("sig"), ossl_path("msg"));
    else
        ossl("dgst", digest, "-sign", ossl_path("key.pem"), "-out",
             ossl_path("sig"), ossl_path("msg"));
}

static void verifies_openssls_signatures(void **state)
{
    struct sg_slice msg = sg_slice_str("to be signed");
    struct sg_slice other = sg_slice_str("to be signeD");

    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(SIGNED); i++) {
        EVP_PKEY *pkey SG_CLEANUP(EVP_PKEY_free) = NULL;
        struct ca_spki spki;

        sign_by_openssl(SIGNED[i].key, SIGNED[i].digest, SIGNED[i].pss);
        struct sg_slice sig = raw_file("sig");
        t_ok(&err, ca_spki_parse(ossl_der(&arena, "pub.pem", "PUBLIC KEY"),
                                 &spki, &err));
        t_ok(&err, ca_spki_to_pkey(&spki, &pkey, &err));
        t_ok(&err, ca_verify(pkey, SIGNED[i].alg, msg, sig, &err));
        t_ok(&err, ca_spki_verify(&spki, SIGNED[i].alg, msg, sig, &err));
        t_refused(&err, ca_verify(pkey, SIGNED[i].alg, other, sig, &err),
                  SG_POLICY, "signature invalid");
        t_refused(&err, ca_spki_verify(&spki, SIGNED[i].alg, other, sig, &err),
                  SG_POLICY, "signature invalid");
        t_refused(&err,
                  ca_verify(pkey, SIGNED[i].alg, msg,
                            SG_SLICE(sig.p, sig.len - 1), &err),
                  SG_POLICY, "signature invalid");
    }
}

/* A salt of another length is a signature of another algorithm. */
static void refuses_pss_with_a_long_salt(void **state)
{
    struct ca_spki spki;

    (void)state;
    sign_by_openssl("RSA:2048", "-sha256", true);
    ossl("dgst", "-sha256", "-sign", ossl_path("key.pem"), "-sigopt",
         "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:max", "-out",
         ossl_path("sig"), ossl_path("msg"));
    t_ok(&err,
         ca_spki_parse(ossl_der(&arena, "pub.pem", "PUBLIC KEY"), &spki, &err));
    t_refused(&err,
              ca_spki_verify(&spki, CA_SIGALG_PSS_SHA256,
                             sg_slice_str("to be signed"), raw_file("sig"),
                             &err),
              SG_POLICY, "signature invalid");
}

static void refuses_a_key_of_another_kind(void **state)
{
    struct sg_slice msg = sg_slice_str("to be signed");
    struct ca_spki ec;

    (void)state;
    sign_by_openssl("EC:P-256", "-sha256", false);
    t_ok(&err,
         ca_spki_parse(ossl_der(&arena, "pub.pem", "PUBLIC KEY"), &ec, &err));
    t_refused(
        &err,
        ca_spki_verify(&ec, CA_SIGALG_RSA_SHA256, msg, raw_file("sig"), &err),
        SG_POLICY,
        "signature algorithm sha256WithRSAEncryption does not go with this kind of key");
    t_refused(
        &err,
        ca_spki_verify(&ec, CA_SIGALG_ED25519, msg, raw_file("sig"), &err),
        SG_POLICY,
        "signature algorithm Ed25519 does not go with this kind of key");
}

/* One key object serves a whole thread: each key must still only verify its
 * own signatures, also after a point that was refused. */
static void keeps_keys_apart(void **state)
{
    struct sg_slice msg = sg_slice_str("to be signed");
    uint8_t broken[91];
    struct ca_spki first;
    struct ca_spki second;
    struct ca_spki bad;

    (void)state;
    sign_by_openssl("EC:P-256", "-sha256", false);
    struct sg_slice first_sig = raw_file("sig");
    t_ok(&err, ca_spki_parse(ossl_der(&arena, "pub.pem", "PUBLIC KEY"), &first,
                             &err));
    sign_by_openssl("EC:P-256", "-sha256", false);
    struct sg_slice second_sig = raw_file("sig");
    t_ok(&err, ca_spki_parse(ossl_der(&arena, "pub.pem", "PUBLIC KEY"), &second,
                             &err));
    memcpy(broken, first.der.p, sizeof(broken));
    broken[90] ^= 1;
    t_ok(&err, ca_spki_parse(SG_SLICE(broken, sizeof(broken)), &bad, &err));

    for (int i = 0; i < 3; i++) {
        t_ok(&err, ca_spki_verify(&first, CA_SIGALG_ECDSA_SHA256, msg,
                                  first_sig, &err));
        t_refused(&err,
                  ca_spki_verify(&second, CA_SIGALG_ECDSA_SHA256, msg,
                                 first_sig, &err),
                  SG_POLICY, "signature invalid");
        t_refused(
            &err,
            ca_spki_verify(&bad, CA_SIGALG_ECDSA_SHA256, msg, first_sig, &err),
            SG_POLICY, "public key: point is not on P-256 (SEC 1 3.2.2.1)");
        t_ok(&err, ca_spki_verify(&second, CA_SIGALG_ECDSA_SHA256, msg,
                                  second_sig, &err));
    }
}

static void wraps_what_was_signed(void **state)
{
    struct sg_buf out SG_CLEANUP(sg_buf_done);

    (void)state;
    sg_buf_init(&out, 64);
    t_ok(&err, ca_signed_encode(ossl_hex(&arena, "30 00"), CA_SIGALG_ED25519,
                                ossl_hex(&arena, "aa bb"), &out, &err));
    struct sg_slice want =
        ossl_hex(&arena, "30 0e 30 00 30 05 06 03 2b 65 70 03 03 00 aa bb");
    assert_int_equal(out.len, want.len);
    assert_memory_equal(out.data, want.p, want.len);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(writes_the_listed_octets, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(refuses_other_algorithms, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(chooses_for_a_key, setup, teardown),
        cmocka_unit_test_setup_teardown(verifies_openssls_signatures, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(refuses_pss_with_a_long_salt, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(refuses_a_key_of_another_kind, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(keeps_keys_apart, setup, teardown),
        cmocka_unit_test_setup_teardown(wraps_what_was_signed, setup, teardown),
    };

    return cmocka_run_group_tests(tests, ossl_open, ossl_close);
}
