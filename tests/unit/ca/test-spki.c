/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <openssl/evp.h>

#include "ca/oid.h"
#include "ca/spki.h"
#include "common/cleanup-openssl.h"
#include "common/parse.h"
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

/* --- what openssl makes ---------------------------------------------------- */

static const struct {
    const char *type;
    enum ca_key_kind kind;
    unsigned bits;
    const char *name, *vault;
} GOOD[] = {
    { "EC:P-256", CA_KEY_EC_P256, 256, "EC P-256", "ec" },
    { "EC:P-384", CA_KEY_EC_P384, 384, "EC P-384", "ec" },
    { "EC:P-521", CA_KEY_EC_P521, 521, "EC P-521", "ec" },
    { "RSA:2048", CA_KEY_RSA, 2048, "RSA", "rsa" },
    { "RSA:3072", CA_KEY_RSA, 3072, "RSA", "rsa" },
    { "ED25519", CA_KEY_ED25519, 256, "Ed25519", "ed25519" },
};

static struct sg_slice public_key(const char *type)
{
    ossl_key("key.pem", type);
    ossl("pkey", "-in", ossl_path("key.pem"), "-pubout", "-out",
         ossl_path("pub.pem"));
    return ossl_der(&arena, "pub.pem", "PUBLIC KEY");
}

static void accepts_every_kind(void **state)
{
    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(GOOD); i++) {
        struct sg_slice der = public_key(GOOD[i].type);
        EVP_PKEY *pkey SG_CLEANUP(EVP_PKEY_free) = NULL;
        uint8_t again[1024];
        uint8_t *p = again;
        struct ca_spki spki;

        t_ok(&err, ca_spki_parse(der, &spki, &err));
        assert_int_equal(spki.kind, GOOD[i].kind);
        assert_int_equal(spki.bits, GOOD[i].bits);
        assert_string_equal(ca_key_kind_name(spki.kind), GOOD[i].name);
        assert_string_equal(ca_key_kind_vault(spki.kind), GOOD[i].vault);
        /* OpenSSL writes our key object as it was. */
        t_ok(&err, ca_spki_to_pkey(&spki, &pkey, &err));
        int len = i2d_PUBKEY(pkey, &p);
        assert_int_equal(len, der.len);
        assert_memory_equal(again, der.p, der.len);
    }
}

/* openssl's own subjectKeyIdentifier of a certificate with that key. */
static void key_id_is_openssls(void **state)
{
    uint8_t id[20];
    char text[64];
    struct ca_spki spki;

    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(GOOD); i++) {
        struct sg_slice der = public_key(GOOD[i].type);

        ossl("req", "-x509", "-new", "-key", ossl_path("key.pem"), "-subj",
             "/CN=x", "-out", ossl_path("x.pem"));
        t_ok(&err, ca_spki_parse(der, &spki, &err));
        t_ok(&err, ca_spki_key_id(&spki, id, &err));
        sg_hex_colons(SG_SLICE(id, sizeof(id)), text, sizeof(text));
        for (char *p = text; *p != '\0'; p++)
            *p = (char)(*p >= 'a' && *p <= 'f' ? *p - 'a' + 'A' : *p);
        const char *shown = ossl("x509", "-in", ossl_path("x.pem"), "-noout",
                                 "-ext", "subjectKeyIdentifier");
        assert_non_null(strstr(shown, text));
    }
}

/* --- what is refused -------------------------------------------------------- */

static struct sg_slice spki_of(enum ca_oid alg, struct sg_slice params,
                               struct sg_slice key)
{
    struct sg_buf out SG_CLEANUP(sg_buf_done);
    struct sg_derw w;

    sg_buf_init(&out, 4096);
    sg_derw_init(&w, &out);
    size_t seq = sg_derw_begin(&w, SG_DER_SEQUENCE);
    size_t id = sg_derw_begin(&w, SG_DER_SEQUENCE);
    sg_derw_oid(&w, ca_oid(alg));
    sg_derw_raw(&w, params);
    sg_derw_end(&w, id);
    sg_derw_bits(&w, key);
    sg_derw_end(&w, seq);
    t_ok(&err, sg_derw_finish(&w, &err));
    return sg_arena_copy(&arena, sg_buf_slice(&out));
}

static void refuses(struct sg_slice der, enum sg_rc rc, const char *text)
{
    struct ca_spki spki;

    t_refused(&err, ca_spki_parse(der, &spki, &err), rc, text);
}

static void refuses_foreign_algorithms(void **state)
{
    struct sg_slice key = ossl_hex(&arena, "00 11");

    (void)state;
    refuses(
        spki_of(CA_OID_ED448, SG_SLICE(NULL, 0), key), SG_POLICY,
        "public key: algorithm Ed448 is not accepted, only RSA, EC and Ed25519 are");
    refuses(
        spki_of(CA_OID_RSA_PSS, SG_SLICE(NULL, 0), key), SG_POLICY,
        "public key: algorithm rsassaPss is not accepted, only RSA, EC and Ed25519 are");
    refuses(
        spki_of(CA_OID_EXT_KU, SG_SLICE(NULL, 0), key), SG_POLICY,
        "public key: algorithm keyUsage is not accepted, only RSA, EC and Ed25519 are");
}

static void refuses_foreign_curves(void **state)
{
    (void)state;
    refuses(
        public_key("EC:secp256k1"), SG_POLICY,
        "public key: curve secp256k1 is not accepted, only P-256, P-384 and P-521 are (BR 6.1.5)");
    refuses(
        public_key("EC:sect233k1"), SG_POLICY,
        "public key: curve 1.3.132.0.26 is not accepted, only P-256, P-384 and P-521 are (BR 6.1.5)");
    refuses(
        spki_of(CA_OID_EC, ossl_hex(&arena, "30 00"), ossl_hex(&arena, "04")),
        SG_POLICY, "public key: explicit curve parameters (RFC 5480 2.1.1)");
}

static void refuses_bad_points(void **state)
{
    static const char CURVE[] = "06 08 2a 86 48 ce 3d 03 01 07";
    struct sg_slice curve = ossl_hex(&arena, CURVE);
    uint8_t point[66] = { 4 };
    EVP_PKEY *pkey = NULL;
    struct ca_spki spki;

    (void)state;
    refuses(
        spki_of(CA_OID_EC, curve, SG_SLICE(point, 64)), SG_POLICY,
        "public key: not an uncompressed point of P-256: 64 octets, want 65 (SEC 1 2.3.4)");
    refuses(
        spki_of(CA_OID_EC, curve, SG_SLICE(point, 66)), SG_POLICY,
        "public key: not an uncompressed point of P-256: 66 octets, want 65 (SEC 1 2.3.4)");
    point[0] = 2;
    refuses(
        spki_of(CA_OID_EC, curve, SG_SLICE(point, 33)), SG_POLICY,
        "public key: compressed point, only uncompressed ones are accepted (RFC 5480 2.2)");
    refuses(
        spki_of(CA_OID_EC, curve, SG_SLICE(NULL, 0)), SG_POLICY,
        "public key: not an uncompressed point of P-256: 0 octets, want 65 (SEC 1 2.3.4)");

    point[0] = 4;
    point[64] = 1;
    t_ok(&err, ca_spki_parse(spki_of(CA_OID_EC, curve, SG_SLICE(point, 65)),
                             &spki, &err));
    t_refused(&err, ca_spki_to_pkey(&spki, &pkey, &err), SG_POLICY,
              "public key: point is not on P-256 (SEC 1 3.2.2.1)");
    assert_null(pkey);
}

static struct sg_slice rsa_of(struct sg_slice modulus, uint64_t exponent)
{
    struct sg_buf out SG_CLEANUP(sg_buf_done);
    struct sg_derw w;

    sg_buf_init(&out, 4096);
    sg_derw_init(&w, &out);
    size_t seq = sg_derw_begin(&w, SG_DER_SEQUENCE);
    sg_derw_unsigned(&w, modulus);
    sg_derw_uint(&w, exponent);
    sg_derw_end(&w, seq);
    t_ok(&err, sg_derw_finish(&w, &err));
    return spki_of(CA_OID_RSA, ossl_hex(&arena, "05 00"), sg_buf_slice(&out));
}

static void refuses_bad_rsa(void **state)
{
    uint8_t n[1025];
    struct ca_spki good;

    (void)state;
    t_ok(&err, ca_spki_parse(public_key("RSA:2048"), &good, &err));
    memcpy(n, good.modulus.p, 256);

    refuses(
        public_key("RSA:1024"), SG_POLICY,
        "public key: RSA of 1024 bits, at least 2048 are needed (BR 6.1.5)");
    n[0] = 0x7f;
    refuses(
        rsa_of(SG_SLICE(n, 256), 65537), SG_POLICY,
        "public key: RSA of 2047 bits, at least 2048 are needed (BR 6.1.5)");
    refuses(rsa_of(SG_SLICE(n, 257), 65537), SG_POLICY,
            "public key: RSA of 2055 bits, not a multiple of 8 (BR 6.1.5)");
    n[0] = 0xff;
    memset(n + 256, 0x55, sizeof(n) - 256);
    refuses(rsa_of(SG_SLICE(n, 1025), 65537), SG_POLICY,
            "public key: RSA of 8200 bits, at most 8192 are accepted");
    memcpy(n, good.modulus.p, 256);
    n[255] &= 0xfe;
    refuses(rsa_of(SG_SLICE(n, 256), 65537), SG_POLICY,
            "public key: RSA modulus is even (BR 6.1.6)");
}

static void refuses_bad_exponents(void **state)
{
    struct ca_spki good;

    (void)state;
    t_ok(&err, ca_spki_parse(public_key("RSA:2048"), &good, &err));
    refuses(
        rsa_of(good.modulus, 3), SG_POLICY,
        "public key: RSA exponent 3, odd and at least 65537 is needed (BR 6.1.6)");
    refuses(
        rsa_of(good.modulus, 65538), SG_POLICY,
        "public key: RSA exponent 65538, odd and at least 65537 is needed (BR 6.1.6)");
    t_ok(&err, ca_spki_parse(rsa_of(good.modulus, 65539), &good, &err));
}

static void refuses_bad_form(void **state)
{
    struct sg_slice good = public_key("RSA:2048");
    struct ca_spki spki;

    (void)state;
    t_ok(&err, ca_spki_parse(good, &spki, &err));
    refuses(spki_of(CA_OID_RSA, SG_SLICE(NULL, 0), spki.key), SG_FORMAT,
            "public key: offset 17: ends where NULL must follow");
    refuses(spki_of(CA_OID_ED25519, ossl_hex(&arena, "05 00"),
                    SG_SLICE(good.p, 32)),
            SG_FORMAT, "public key: offset 9: 2 octets too many at the end");
    refuses(spki_of(CA_OID_ED25519, SG_SLICE(NULL, 0), SG_SLICE(good.p, 31)),
            SG_POLICY,
            "public key: Ed25519 of 31 octets, want 32 (RFC 8410 4)");
    refuses(SG_SLICE(good.p, good.len - 1), SG_FORMAT,
            "public key: offset 0: truncated: needs 290 octets, 289 are left");
    refuses(ossl_hex(&arena, "30 0b 30 09 06 07 2a 86 48 ce 3d 02 01"),
            SG_FORMAT,
            "public key: offset 13: ends where BIT STRING must follow");
    refuses(spki_of(CA_OID_RSA, ossl_hex(&arena, "05 00"),
                    ossl_hex(&arena, "30 06 02 01 ff 02 01 03")),
            SG_POLICY,
            "public key: RSA modulus is not positive (RFC 8017 3.1)");
    refuses(spki_of(CA_OID_RSA, ossl_hex(&arena, "05 00"),
                    ossl_hex(&arena, "30 06 02 01 0f 02 01 00")),
            SG_POLICY,
            "public key: RSA exponent is not positive (RFC 8017 3.1)");
}

/* --- weak moduli ------------------------------------------------------------ */

/* p * q with |p - q| = 2^10 or so, and one that bears the ROCA mark; made by
 * tests/data/make-weak-rsa.py. */
static void refuses_weak_rsa(void **state)
{
    static const struct {
        const char *file, *text;
    } BAD[] = {
        { "bad/key/rsa-close-primes.der",
          "public key: RSA primes are too close together: Fermat's method factors it (BR 6.1.1.3)" },
        { "bad/key/rsa-square.der",
          "public key: RSA primes are too close together: Fermat's method factors it (BR 6.1.1.3)" },
        { "bad/key/rsa-roca.der",
          "public key: RSA modulus bears the mark of CVE-2017-15361 (ROCA): it can be factored (BR 6.1.1.3)" },
    };

    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(BAD); i++)
        refuses(ossl_data(&arena, BAD[i].file), SG_POLICY, BAD[i].text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(accepts_every_kind, setup, teardown),
        cmocka_unit_test_setup_teardown(key_id_is_openssls, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_foreign_algorithms, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(refuses_foreign_curves, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(refuses_bad_points, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_bad_rsa, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_bad_exponents, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_bad_form, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_weak_rsa, setup, teardown),
    };

    return cmocka_run_group_tests(tests, ossl_open, ossl_close);
}
