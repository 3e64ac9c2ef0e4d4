/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "ca/csr.h"
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

static enum sg_rc read_and_verify(struct sg_slice der, struct ca_csr *ret)
{
    sg_err_clear(&err);
    SG_TRY(ca_csr_parse(&arena, der, ret, &err));
    return ca_csr_verify(ret, &err);
}

/* --- what openssl makes --------------------------------------------------------- */

static const struct {
    const char *type;
    enum ca_key_kind kind;
    enum ca_sigalg alg;
    const char *option[2]; /* for openssl req */
} MADE[] = {
    { "EC:P-256", CA_KEY_EC_P256, CA_SIGALG_ECDSA_SHA256, { "-sha256" } },
    { "EC:P-384", CA_KEY_EC_P384, CA_SIGALG_ECDSA_SHA384, { "-sha384" } },
    { "EC:P-521", CA_KEY_EC_P521, CA_SIGALG_ECDSA_SHA512, { "-sha512" } },
    { "EC:P-384", CA_KEY_EC_P384, CA_SIGALG_ECDSA_SHA256, { "-sha256" } },
    { "RSA:2048", CA_KEY_RSA, CA_SIGALG_RSA_SHA256, { "-sha256" } },
    { "RSA:3072", CA_KEY_RSA, CA_SIGALG_RSA_SHA512, { "-sha512" } },
    { "RSA:2048",
      CA_KEY_RSA,
      CA_SIGALG_PSS_SHA256,
      { "-sigopt", "rsa_padding_mode:pss" } },
    { "ED25519", CA_KEY_ED25519, CA_SIGALG_ED25519, { "-sha256" } },
};

static struct sg_slice request(size_t i)
{
    const char *argv[24] = { "openssl",
                             "req",
                             "-new",
                             "-key",
                             ossl_path("key.pem"),
                             "-subj",
                             "/C=DE/O=Example/CN=web.example.com",
                             "-addext",
                             "subjectAltName=DNS:web.example.com,IP:192.0.2.1",
                             "-addext",
                             "keyUsage=digitalSignature",
                             "-out",
                             ossl_path("x.csr"),
                             MADE[i].option[0] };
    size_t n = 14;

    ossl_key("key.pem", MADE[i].type);
    if (MADE[i].option[1] != NULL) {
        argv[n++] = MADE[i].option[1];
        argv[n++] = "-sigopt";
        argv[n++] = "rsa_pss_saltlen:digest";
    }
    ossl_run(argv);
    return ossl_der(&arena, "x.csr", "CERTIFICATE REQUEST");
}

static void reads_what_openssl_makes(void **state)
{
    struct ca_csr csr;
    char text[96];

    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(MADE); i++) {
        struct sg_slice der = request(i);

        if (read_and_verify(der, &csr) != SG_OK)
            fail_msg("%s: %s", MADE[i].type, err.msg);
        assert_int_equal(csr.spki.kind, MADE[i].kind);
        assert_int_equal(csr.alg, MADE[i].alg);
        assert_int_equal(csr.subject.n, 3);
        assert_true(sg_slice_eq(ca_dn_first(&csr.subject, CA_ATTR_COMMON_NAME),
                                sg_slice_str("web.example.com")));
        assert_true(csr.has_sans);
        assert_int_equal(csr.sans.n, 2);
        assert_string_equal(ca_san_text(&csr.sans.san[0], text, sizeof(text)),
                            "DNS:web.example.com");
        assert_string_equal(ca_san_text(&csr.sans.san[1], text, sizeof(text)),
                            "IP:192.0.2.1");
        assert_int_equal(csr.n_ignored, 1);
        assert_string_equal(csr.ignored[0], "keyUsage");
        assert_false(csr.wants_ca);
        assert_ptr_equal(csr.der.p, der.p);
    }
}

/* openssl's default salt fills the modulus: no algorithm of BR 7.1.3.2. */
static void refuses_pss_with_a_long_salt(void **state)
{
    struct ca_csr csr;

    (void)state;
    ossl_key("key.pem", "RSA:2048");
    ossl("req", "-new", "-key", ossl_path("key.pem"), "-subj", "/CN=x",
         "-sigopt", "rsa_padding_mode:pss", "-out", ossl_path("x.csr"));
    t_refused(
        &err,
        ca_csr_parse(&arena, ossl_der(&arena, "x.csr", "CERTIFICATE REQUEST"),
                     &csr, &err),
        SG_POLICY,
        "csr: signature algorithm rsassaPss: parameters are not the ones that BR 7.1.3.2 lists");
}

/* --- one file per rule ------------------------------------------------------------ */

static const struct {
    const char *name;
    enum sg_rc rc;
    const char *text;
} BAD[] = {
    { "attribute-without-value", SG_FORMAT,
      "csr: attribute without a value (RFC 2986 4.1)" },
    { "basic-constraints-explicit-false", SG_FORMAT,
      "csr: basicConstraints: cA FALSE is written although it is the default (X.690 11.5)" },
    { "basic-constraints-path-length-without-ca", SG_POLICY,
      "csr: basicConstraints: path length 0 without cA TRUE (RFC 5280 4.2.1.9)" },
    { "ber-constructed-string", SG_FORMAT,
      "csr: offset 20: string in constructed form (X.690 10.2)" },
    { "ber-indefinite-length", SG_FORMAT,
      "csr: offset 1: indefinite length (X.690 10.1)" },
    { "ber-long-length", SG_FORMAT,
      "csr: offset 1: length not minimal (X.690 10.1)" },
    { "element-after-attributes", SG_FORMAT,
      "csr: offset 129: 2 octets too many at the end" },
    { "element-after-signature", SG_FORMAT,
      "csr: offset 262: 2 octets too many at the end" },
    { "extension-critical-false", SG_FORMAT,
      "csr: critical FALSE is written although it is the default (X.690 11.5)" },
    { "extension-list-empty", SG_FORMAT,
      "csr: empty list of extensions (RFC 5280 4.1.2.9)" },
    { "extension-request-of-two-lists", SG_FORMAT,
      "csr: offset 161: 15 octets too many at the end" },
    { "extension-request-twice", SG_FORMAT,
      "csr: extensionRequest is there twice (RFC 2985 5.4.2)" },
    { "extension-twice", SG_FORMAT,
      "csr: extension keyUsage is there twice (RFC 5280 4.2)" },
    { "extensions-33", SG_POLICY, "csr: more than 32 extensions" },
    { "key-compressed-point", SG_POLICY,
      "csr: public key: compressed point, only uncompressed ones are accepted (RFC 5480 2.2)" },
    { "key-ed448", SG_POLICY,
      "csr: public key: algorithm Ed448 is not accepted, only RSA, EC and Ed25519 are" },
    { "key-point-off-curve", SG_POLICY,
      "csr: public key: point is not on P-256 (SEC 1 3.2.2.1)" },
    { "key-rsa-1024", SG_POLICY,
      "csr: public key: RSA of 1024 bits, at least 2048 are needed (BR 6.1.5)" },
    { "key-secp256k1", SG_POLICY,
      "csr: public key: curve secp256k1 is not accepted, only P-256, P-384 and P-521 are (BR 6.1.5)" },
    { "nested-too-deep", SG_FORMAT, "csr: offset 191: nested deeper than 16" },
    { "no-attributes", SG_FORMAT,
      "csr: offset 127: ends where [0] constructed must follow" },
    { "oversized", SG_POLICY, "csr: 16620 octets, at most 16384 are accepted" },
    { "san-257-names", SG_POLICY,
      "csr: more than 256 subject alternative names" },
    { "san-300-octets", SG_POLICY,
      "csr: DNS name \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaa...\": longer than 253 octets (RFC 1035 2.3.4)" },
    { "san-directory-name", SG_POLICY,
      "csr: SAN: a directoryName is not accepted" },
    { "san-empty-list", SG_FORMAT,
      "csr: SAN: no name at all (RFC 5280 4.2.1.6)" },
    { "san-empty-name", SG_POLICY, "csr: DNS name \"\": empty name" },
    { "san-ip-of-3-octets", SG_POLICY,
      "csr: IP name of 3 octets, want 4 or 16 (RFC 5280 4.2.1.6)" },
    { "san-ip-shaped", SG_POLICY,
      "csr: DNS name \"192.0.2.1\": shaped like an IP address; addresses are IP SANs" },
    { "san-not-ascii", SG_FORMAT,
      "csr: SAN: IA5String with a character above 127 (RFC 5280 4.2.1.6)" },
    { "san-nul", SG_POLICY,
      "csr: DNS name \"a\\x00.example.com\": NUL inside the name" },
    { "san-other-name-not-utf8string", SG_POLICY,
      "csr: SAN: otherName 1.2.3 without a UTF8String value is not accepted" },
    { "san-registered-id", SG_POLICY,
      "csr: SAN: a registeredID is not accepted" },
    { "san-underscore", SG_POLICY,
      "csr: DNS name \"a_b.example.com\": underscore (RFC 5280 4.2.1.6, RFC 1034 3.5)" },
    { "san-wildcard-inside", SG_POLICY,
      "csr: DNS name \"a.*.example.com\": wildcard is not the whole leftmost label (RFC 6125 6.4.3)" },
    { "signature-algorithm-of-another-key", SG_POLICY,
      "csr: signature algorithm sha256WithRSAEncryption does not go with this kind of key" },
    { "signature-of-other-bytes", SG_POLICY,
      "csr: request signature invalid (RFC 2986 4.2)" },
    { "signature-sha1", SG_POLICY,
      "csr: signature algorithm ecdsa-with-SHA1 is not accepted" },
    { "signature-unused-bits", SG_FORMAT,
      "csr: offset 188: BIT STRING of no whole octets" },
    { "subject-bmp-string", SG_POLICY,
      "csr: subject: name: CN: BMPString is not accepted (RFC 5280 4.1.2.4)" },
    { "subject-empty-value", SG_FORMAT,
      "csr: subject: name: CN: empty value (RFC 5280 app. A)" },
    { "subject-multi-valued-rdn", SG_POLICY,
      "csr: subject: name: several attributes in one RDN are not accepted (BR 7.1.4.1)" },
    { "subject-not-utf8", SG_FORMAT,
      "csr: subject: name: CN: UTF8String is not UTF-8 (RFC 3629)" },
    { "subject-nul", SG_FORMAT,
      "csr: subject: name: CN: NUL inside the value" },
    { "subject-t61-string", SG_POLICY,
      "csr: subject: name: CN: T61String is not accepted (RFC 5280 4.1.2.4)" },
    { "too-many-elements", SG_FORMAT,
      "csr: offset 4208: more than 2048 elements" },
    { "trailing-garbage", SG_FORMAT,
      "csr: offset 262: 1 octets too many at the end" },
    { "truncated", SG_FORMAT,
      "csr: offset 0: truncated: needs 258 octets, 248 are left" },
    { "version-1", SG_FORMAT,
      "csr: version field 1, only 0 (v1) exists (RFC 2986 4.1)" },
};

static void refuses_each_bad_file(void **state)
{
    char path[128];

    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(BAD); i++) {
        struct ca_csr csr;

        (void)snprintf(path, sizeof(path), "bad/csr/%s.der", BAD[i].name);
        enum sg_rc rc = read_and_verify(ossl_data(&arena, path), &csr);
        if (rc != BAD[i].rc || strcmp(err.msg, BAD[i].text) != 0)
            fail_msg("%s: %s: %s", BAD[i].name, sg_rc_name(rc), err.msg);
    }
}

/* Cut anywhere, a good request is refused, and nothing is read past its end
 * (the sanitizers watch a copy of exactly that size). */
static void refuses_every_cut(void **state)
{
    struct sg_slice good = ossl_data(&arena, "good/csr/ignored.der");

    (void)state;
    for (size_t len = 0; len < good.len; len++) {
        struct sg_buf cut SG_CLEANUP(sg_buf_done);
        struct ca_csr csr;

        sg_buf_init(&cut, good.len + 1);
        t_ok(&err, sg_buf_put(&cut, good.p, len, &err));
        sg_err_clear(&err);
        t_assert_fails(ca_csr_parse(&arena, sg_buf_slice(&cut), &csr, &err),
                       SG_FORMAT);
    }
}

/* Whatever octet changes, the request is refused. */
static void refuses_every_changed_octet(void **state)
{
    struct sg_slice good = ossl_data(&arena, "good/csr/ignored.der");
    struct sg_slice copy = sg_arena_copy(&arena, good);

    (void)state;
    for (size_t i = 0; i < good.len; i++) {
        struct sg_arena scratch SG_CLEANUP(sg_arena_done);
        uint8_t *at = sg_arena_alloc(&arena, good.len);
        struct ca_csr csr;

        sg_arena_init(&scratch, (size_t)1 << 16);
        assert_non_null(at);
        memcpy(at, copy.p, good.len);
        at[i] ^= 0x01;
        sg_err_clear(&err);
        enum sg_rc rc =
            ca_csr_parse(&scratch, SG_SLICE(at, good.len), &csr, &err);
        if (rc == SG_OK)
            rc = ca_csr_verify(&csr, &err);
        if (rc != SG_FORMAT && rc != SG_POLICY)
            fail_msg("octet %zu: %s", i, sg_rc_name(rc));
    }
}

/* --- good files --------------------------------------------------------------------- */

static void good(const char *path, struct ca_csr *ret)
{
    if (read_and_verify(ossl_data(&arena, path), ret) != SG_OK)
        fail_msg("%s: %s", path, err.msg);
}

static void notes_a_wish_to_be_a_ca(void **state)
{
    struct ca_csr csr;

    (void)state;
    good("good/csr/ca.der", &csr);
    assert_true(csr.has_basic_constraints);
    assert_true(csr.wants_ca);
    assert_int_equal(csr.n_ignored, 0);
    assert_false(csr.has_sans);
}

static void takes_little(void **state)
{
    struct ca_csr csr;

    (void)state;
    good("good/csr/empty-subject.der", &csr);
    assert_int_equal(csr.subject.n, 0);
    assert_int_equal(csr.sans.n, 1);
    good("good/csr/no-extensions.der", &csr);
    assert_false(csr.has_sans);
    assert_false(csr.has_basic_constraints);
    assert_int_equal(csr.n_ignored, 0);
}

static void keeps_a_doubled_name_once(void **state)
{
    struct ca_csr csr;

    (void)state;
    good("good/csr/doubled-name.der", &csr);
    assert_int_equal(csr.sans.n, 2);
    assert_true(sg_slice_eq(csr.sans.san[0].value, sg_slice_str("a.example")));
    assert_true(sg_slice_eq(csr.sans.san[1].value, sg_slice_str("b.example")));
}

static void says_what_is_not_taken(void **state)
{
    static const char *const WANT[] = { "challengePassword", "keyUsage",
                                        "extKeyUsage",       "1.2.3.4",
                                        "msCertExtensions",  "msOsVersion" };
    struct ca_csr csr;

    (void)state;
    good("good/csr/ignored.der", &csr);
    assert_int_equal(csr.n_ignored, SG_ARRAY_LEN(WANT));
    for (size_t i = 0; i < csr.n_ignored; i++)
        assert_string_equal(csr.ignored[i], WANT[i]);

    good("good/csr/ignored-many.der", &csr);
    assert_int_equal(csr.n_ignored, CA_CSR_IGNORED_MAX);
    assert_string_equal(csr.ignored[0], "1.2.3.0");
    assert_string_equal(csr.ignored[CA_CSR_IGNORED_MAX - 1], "and more");
}

static void says_when_memory_is_gone(void **state)
{
    struct sg_slice der = ossl_data(&arena, "good/csr/ignored.der");
    struct sg_arena small SG_CLEANUP(sg_arena_done);
    struct ca_csr csr;

    (void)state;
    sg_arena_init(&small, 8);
    sg_err_clear(&err);
    t_assert_fails(ca_csr_parse(&small, der, &csr, &err), SG_NOMEM);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(reads_what_openssl_makes),
        T(refuses_pss_with_a_long_salt),
        T(refuses_each_bad_file),
        T(refuses_every_cut),
        T(refuses_every_changed_octet),
        T(notes_a_wish_to_be_a_ca),
        T(takes_little),
        T(keeps_a_doubled_name_once),
        T(says_what_is_not_taken),
        T(says_when_memory_is_gone),
    };
#undef T

    return cmocka_run_group_tests(tests, ossl_open, ossl_close);
}
