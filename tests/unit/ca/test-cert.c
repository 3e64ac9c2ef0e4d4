/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "ca/cert.h"
#include "ca/oid.h"
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

/* --- what openssl makes ----------------------------------------------------------- */

static const char CONFIG[] =
    "[req]\ndistinguished_name=d\n[d]\n"
    "[root]\nbasicConstraints=critical,CA:TRUE,pathlen:3\n"
    "keyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n"
    "[inter]\nbasicConstraints=critical,CA:TRUE,pathlen:0\n"
    "keyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n"
    "authorityKeyIdentifier=keyid\nextendedKeyUsage=serverAuth,clientAuth\n"
    "nameConstraints=critical,permitted;DNS:example.com,"
    "excluded;DNS:secret.example.com\n"
    "certificatePolicies=1.2.3.4\n"
    "crlDistributionPoints=URI:http://x.example/crl\n"
    "authorityInfoAccess=caIssuers;URI:http://x.example/ca\n"
    "policyConstraints=critical,requireExplicitPolicy:2\n"
    "[leaf]\nbasicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature\n"
    "subjectAltName=DNS:a_b.example.com,DNS:*.example.com\n"
    "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid,issuer:always\n";

static void make(const char *name, const char *key, const char *section,
                 const char *issuer)
{
    char pem[32];
    char csr[32];
    char issuer_pem[32];
    char issuer_key[32];
    char subject[32];

    (void)snprintf(pem, sizeof(pem), "%s.pem", name);
    (void)snprintf(csr, sizeof(csr), "%s.csr", name);
    (void)snprintf(issuer_pem, sizeof(issuer_pem), "%s.pem", issuer);
    (void)snprintf(issuer_key, sizeof(issuer_key), "%s.key", issuer);
    (void)snprintf(subject, sizeof(subject), "/CN=%s", name);
    ossl("req", "-new", "-key", ossl_path(key), "-subj", subject, "-out",
         ossl_path(csr));
    if (strcmp(name, issuer) == 0)
        ossl("x509", "-req", "-in", ossl_path(csr), "-signkey", ossl_path(key),
             "-days", "30", "-extfile", ossl_path("x.cnf"), "-extensions",
             section, "-out", ossl_path(pem));
    else
        ossl("x509", "-req", "-in", ossl_path(csr), "-CA",
             ossl_path(issuer_pem), "-CAkey", ossl_path(issuer_key),
             "-set_serial", "0x4711", "-days", "30", "-extfile",
             ossl_path("x.cnf"), "-extensions", section, "-out",
             ossl_path(pem));
}

static void make_chain(const char *root_type, const char *inter_type)
{
    t_file_write(ossl_path("x.cnf"), CONFIG, sizeof(CONFIG) - 1);
    ossl_key("root.key", root_type);
    ossl_key("inter.key", inter_type);
    ossl_key("leaf.key", "EC:P-256");
    make("root", "root.key", "root", "root");
    make("inter", "inter.key", "inter", "root");
    make("leaf", "leaf.key", "leaf", "inter");
}

static void read_cert(const char *name, struct ca_cert *ret)
{
    struct sg_slice der = ossl_der(&arena, name, "CERTIFICATE");

    t_ok(&err, ca_cert_parse(&arena, der, ret, &err));
}

static void reads_what_openssl_makes(void **state)
{
    struct ca_cert inter;
    struct ca_cert leaf;
    char text[96];

    (void)state;
    make_chain("EC:P-384", "EC:P-256");
    read_cert("inter.pem", &inter);
    assert_string_equal(ca_dn_text(inter.issuer, text, sizeof(text)),
                        "CN=root");
    assert_string_equal(ca_dn_text(inter.subject, text, sizeof(text)),
                        "CN=inter");
    assert_int_equal(inter.serial.len, 2);
    assert_memory_equal(inter.serial.p, "\x47\x11", 2);
    assert_int_equal(inter.alg, CA_SIGALG_ECDSA_SHA256);
    assert_int_equal(inter.not_after - inter.not_before, 30 * 86400);
    assert_int_equal(inter.spki.kind, CA_KEY_EC_P256);
    assert_true(inter.has_basic_constraints && inter.is_ca);
    assert_true(inter.has_path_length);
    assert_int_equal(inter.path_length, 0);
    assert_true(inter.has_key_usage);
    assert_int_equal(inter.key_usage, CA_KU_KEY_CERT_SIGN | CA_KU_CRL_SIGN);
    assert_int_equal(inter.ski.len, 20);
    assert_int_equal(inter.aki.len, 20);
    assert_true(inter.has_constraints);
    assert_int_equal(inter.constraints.permitted.n, 1);
    assert_int_equal(inter.constraints.excluded.n, 1);
    assert_true(inter.has_eku);
    assert_int_equal(inter.eku.len, 20);
    assert_int_equal(inter.n_ext, 10);
    assert_false(inter.has_sans);
    assert_false(ca_cert_self_issued(&inter));

    /* What exists already may hold names that would not be made. */
    read_cert("leaf.pem", &leaf);
    assert_false(leaf.is_ca);
    assert_true(leaf.has_basic_constraints);
    assert_int_equal(leaf.sans.n, 2);
    assert_string_equal(ca_san_text(&leaf.sans.san[0], text, sizeof(text)),
                        "DNS:a_b.example.com");
    assert_true(sg_slice_eq(leaf.aki, inter.ski));
}

static void follows_chains_of_every_kind(void **state)
{
    static const char *const TYPES[] = { "EC:P-256", "EC:P-384", "EC:P-521",
                                         "RSA:2048", "ED25519" };
    static struct ca_cert root;
    static struct ca_cert inter;
    static struct ca_cert leaf;

    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(TYPES); i++) {
        make_chain(TYPES[i], TYPES[(i + 1) % SG_ARRAY_LEN(TYPES)]);
        read_cert("root.pem", &root);
        read_cert("inter.pem", &inter);
        read_cert("leaf.pem", &leaf);
        assert_true(ca_cert_self_issued(&root));
        t_ok(&err, ca_cert_check_signed_by(&root, &root, &err));
        t_ok(&err, ca_cert_check_signed_by(&inter, &root, &err));
        t_ok(&err, ca_cert_check_signed_by(&leaf, &inter, &err));
        t_refused(
            &err, ca_cert_check_signed_by(&leaf, &root, &err), SG_POLICY,
            "issuer \"CN=inter\" is not, octet for octet, the subject of the "
            "signer \"CN=root\" (RFC 5280 4.1.2.4)");
    }
}

static void notices_a_wrong_signer(void **state)
{
    struct ca_cert root;
    struct ca_cert inter;

    (void)state;
    make_chain("EC:P-256", "EC:P-256");
    read_cert("inter.pem", &inter);
    ossl_key("root.key", "EC:P-256");
    make("root", "root.key", "root", "root");
    read_cert("root.pem", &root);
    t_refused(&err, ca_cert_check_signed_by(&inter, &root, &err), SG_POLICY,
              "authorityKeyIdentifier is not the subjectKeyIdentifier of the "
              "signer \"CN=root\" (RFC 5280 4.2.1.1)");
    root.ski = inter.aki;
    t_refused(&err, ca_cert_check_signed_by(&inter, &root, &err), SG_POLICY,
              "not signed by \"CN=root\" (RFC 5280 6.1.3 (a)(1)): signature "
              "invalid");
}

/* --- one rule each ------------------------------------------------------------------- */

/* The parts of a certificate as hex; NULL is a good one. */
struct parts {
    const char *version, *serial, *inner_alg, *issuer, *validity, *subject,
        *spki, *after_spki, *extensions, *outer_alg, *signature;
};

#define ALG "30 0a 06 08 2a 86 48 ce 3d 04 03 02 "
#define NAME "30 0c 31 0a 30 08 06 03 55 04 03 0c 01 61 "
#define TIMES \
    "30 1e 17 0d 32 36 30 31 30 31 30 30 30 30 30 30 5a " \
    "17 0d 32 37 30 31 30 31 30 30 30 30 30 30 5a "
/* Ed25519: any 32 octets are a key. */
#define SPKI \
    "30 2a 30 05 06 03 2b 65 70 03 21 00 " \
    "01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 10 " \
    "11 12 13 14 15 16 17 18 19 1a 1b 1c 1d 1e 1f 20 "
#define BC_CA "30 0f 06 03 55 1d 13 01 01 ff 04 05 30 03 01 01 ff "
#define KU_CERT_SIGN "30 0e 06 03 55 1d 0f 01 01 ff 04 04 03 02 02 04 "

static void put(struct sg_derw *w, const char *part, const char *usual)
{
    sg_derw_raw(w, ossl_hex(&arena, part != NULL ? part : usual));
}

static struct sg_slice assemble(const struct parts *p, bool tbs_only)
{
    struct sg_buf out SG_CLEANUP(sg_buf_done);
    struct sg_derw w;
    size_t cert = 0;

    sg_buf_init(&out, 65536);
    sg_derw_init(&w, &out);
    if (!tbs_only)
        cert = sg_derw_begin(&w, SG_DER_SEQUENCE);
    size_t tbs = sg_derw_begin(&w, SG_DER_SEQUENCE);
    put(&w, p->version, "a0 03 02 01 02");
    put(&w, p->serial, "02 01 01");
    put(&w, p->inner_alg, ALG);
    put(&w, p->issuer, NAME);
    put(&w, p->validity, TIMES);
    put(&w, p->subject, NAME);
    put(&w, p->spki, SPKI);
    put(&w, p->after_spki, "");
    if (p->extensions == NULL || p->extensions[0] != '\0') {
        size_t tag = sg_derw_begin(&w, SG_DER_CONTEXT_CONSTRUCTED(3));
        size_t list = sg_derw_begin(&w, SG_DER_SEQUENCE);
        put(&w, p->extensions, BC_CA);
        sg_derw_end(&w, list);
        sg_derw_end(&w, tag);
    }
    sg_derw_end(&w, tbs);
    if (!tbs_only) {
        put(&w, p->outer_alg, ALG);
        put(&w, p->signature, "03 02 00 01");
        sg_derw_end(&w, cert);
    }
    t_ok(&err, sg_derw_finish(&w, &err));
    return sg_arena_copy(&arena, sg_buf_slice(&out));
}

static void takes_the_plain_parts(void **state)
{
    static const struct parts GOOD[] = {
        { .version = NULL },
        { .extensions = "" },
        { .extensions = BC_CA KU_CERT_SIGN },
        /* policies critical, CRL points critical, unknown but not critical */
        { .extensions =
              "30 14 06 03 55 1d 20 01 01 ff 04 0a 30 08 30 06 06 04 55 1d 20 00" },
        { .extensions = "30 08 06 02 2a 03 04 02 05 00" },
        { .subject = "30 00",
          .extensions =
              "30 10 06 03 55 1d 11 01 01 ff 04 06 30 04 82 02 61 62" },
        /* names of others: a BMPString and two attributes in one RDN */
        { .subject = "30 0d 31 0b 30 09 06 03 55 04 03 1e 02 00 61" },
        { .subject =
              "30 16 31 14 30 08 06 03 55 04 03 0c 01 61 30 08 06 03 55 04 0b 0c 01 62" },
        { .validity = "30 22 18 0f 32 30 35 30 30 31 30 31 30 30 30 30 30 30 5a"
                      "18 0f 32 30 35 31 30 31 30 31 30 30 30 30 30 30 5a" },
    };
    struct ca_cert cert;

    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(GOOD); i++) {
        t_ok(&err,
             ca_cert_parse(&arena, assemble(&GOOD[i], false), &cert, &err));
        t_ok(&err,
             ca_cert_parse_tbs(&arena, assemble(&GOOD[i], true), &cert, &err));
        assert_null(cert.der.p);
        assert_null(cert.signature.p);
        assert_int_equal(cert.alg, CA_SIGALG_ECDSA_SHA256);
    }
}

static const struct {
    struct parts parts;
    enum sg_rc rc;
    const char *text;
} BAD[] = {
    { { .version = "" },
      SG_POLICY,
      "certificate: version 1, only 3 is accepted (RFC 5280 4.1.2.1)" },
    { { .version = "a0 03 02 01 01" },
      SG_POLICY,
      "certificate: version 2, only 3 is accepted (RFC 5280 4.1.2.1)" },
    { { .serial = "02 01 00" },
      SG_POLICY,
      "certificate: serial is not positive (RFC 5280 4.1.2.2)" },
    { { .serial = "02 01 ff" },
      SG_POLICY,
      "certificate: serial is not positive (RFC 5280 4.1.2.2)" },
    { { .serial =
            "02 15 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 10 11 12 13 14 15" },
      SG_POLICY,
      "certificate: serial of 21 octets, at most 20 are allowed (RFC 5280 4.1.2.2)" },
    { { .inner_alg = "30 0a 06 08 2a 86 48 ce 3d 04 03 03" },
      SG_POLICY,
      "certificate: inner and outer signature algorithm differ (RFC 5280 4.1.1.2)" },
    { { .inner_alg = "30 0d 06 09 2a 86 48 86 f7 0d 01 01 05 05 00" },
      SG_POLICY,
      "certificate: signature algorithm sha1WithRSAEncryption is not accepted" },
    { { .issuer = "30 00" },
      SG_POLICY,
      "certificate: empty issuer (RFC 5280 4.1.2.4)" },
    { { .issuer = "30 02 31 00" },
      SG_FORMAT,
      "certificate: offset 30: ends where SEQUENCE must follow" },
    { { .validity = "30 1e 17 0d 32 37 30 31 30 31 30 30 30 30 30 30 5a"
                    "17 0d 32 36 30 31 30 31 30 30 30 30 30 30 5a" },
      SG_POLICY,
      "certificate: notBefore is after notAfter (RFC 5280 4.1.2.5)" },
    { { .validity = "30 20 18 0f 32 30 34 39 30 31 30 31 30 30 30 30 30 30 5a"
                    "17 0d 32 37 30 31 30 31 30 30 30 30 30 30 5a" },
      SG_FORMAT,
      "certificate: offset 42: GeneralizedTime before 2050 (RFC 5280 4.1.2.5)" },
    { { .subject = "30 00" },
      SG_POLICY,
      "certificate: empty subject without a critical SAN (RFC 5280 4.1.2.6)" },
    { { .subject = "30 00",
        .extensions = "30 0d 06 03 55 1d 11 04 06 30 04 82 02 61 62" },
      SG_POLICY,
      "certificate: empty subject without a critical SAN (RFC 5280 4.1.2.6)" },
    { { .spki = "30 08 30 03 06 01 2a 03 01 00" },
      SG_POLICY,
      "certificate: public key: algorithm 1.2 is not accepted, only RSA, EC and Ed25519 are" },
    { { .after_spki = "81 02 00 01" },
      SG_POLICY,
      "certificate: unique identifiers are not accepted (RFC 5280 4.1.2.8)" },
    { { .after_spki = "82 02 00 01" },
      SG_POLICY,
      "certificate: unique identifiers are not accepted (RFC 5280 4.1.2.8)" },
    { { .after_spki = "05 00", .extensions = "" },
      SG_FORMAT,
      "certificate: offset 129: 2 octets too many at the end" },
    { { .after_spki = "a3 02 30 00", .extensions = "" },
      SG_FORMAT,
      "certificate: empty list of extensions (RFC 5280 4.1.2.9)" },
    { { .extensions = BC_CA BC_CA },
      SG_FORMAT,
      "certificate: extension basicConstraints is there twice (RFC 5280 4.2)" },
    { { .extensions = "30 0b 06 02 2a 03 01 01 ff 04 02 05 00" },
      SG_POLICY,
      "certificate: unknown critical extension 1.2.3 (RFC 5280 4.2)" },
    { { .extensions = "30 0b 06 02 2a 03 01 01 00 04 02 05 00" },
      SG_FORMAT,
      "certificate: critical FALSE is written although it is the default (X.690 11.5)" },
    { { .extensions = "30 0c 06 03 55 1d 13 04 05 30 03 01 01 00" },
      SG_FORMAT,
      "certificate: basicConstraints: cA FALSE is written although it is the default (X.690 11.5)" },
    { { .extensions = "30 0c 06 03 55 1d 13 04 05 30 03 02 01 00" },
      SG_POLICY,
      "certificate: basicConstraints: path length 0 without cA TRUE (RFC 5280 4.2.1.9)" },
    { { .extensions =
            "30 13 06 03 55 1d 13 04 0c 30 0a 01 01 ff 02 05 01 00 00 00 00" },
      SG_POLICY,
      "certificate: basicConstraints: path length 4294967296 is out of range (RFC 5280 4.2.1.9)" },
    { { .extensions = "30 0f 06 03 55 1d 13 04 08 30 06 01 01 ff 02 01 ff" },
      SG_FORMAT,
      "certificate: offset 5: INTEGER is negative" },
    { { .extensions = KU_CERT_SIGN },
      SG_POLICY,
      "certificate: keyCertSign without cA TRUE (RFC 5280 4.2.1.3)" },
    { { .extensions = "30 0f 06 03 55 1d 13 04 08 30 06 01 01 ff 02 01 00"
                      "30 0b 06 03 55 1d 0f 04 04 03 02 07 80" },
      SG_POLICY,
      "certificate: path length without keyCertSign (RFC 5280 4.2.1.9)" },
    { { .extensions = "30 0a 06 03 55 1d 0f 04 03 03 01 00" },
      SG_FORMAT,
      "certificate: keyUsage without a bit (RFC 5280 4.2.1.3)" },
    { { .extensions = "30 0c 06 03 55 1d 0f 04 05 03 03 06 80 40" },
      SG_FORMAT,
      "certificate: keyUsage 0x201 has unknown bits (RFC 5280 4.2.1.3)" },
    { { .extensions = "30 0b 06 03 55 1d 0f 04 04 03 02 00 80" },
      SG_FORMAT,
      "certificate: keyUsage: offset 0: named bits end in a zero (X.690 11.2.2)" },
    { { .extensions = "30 0c 06 03 55 1d 0e 01 01 ff 04 02 04 00" },
      SG_POLICY,
      "certificate: extension subjectKeyIdentifier must not be critical (RFC 5280 4.2)" },
    { { .extensions = "30 0e 06 03 55 1d 23 01 01 ff 04 04 30 02 80 00" },
      SG_POLICY,
      "certificate: extension authorityKeyIdentifier must not be critical (RFC 5280 4.2)" },
    { { .extensions = "30 09 06 03 55 1d 0e 04 02 05 00" },
      SG_FORMAT,
      "certificate: subjectKeyIdentifier: offset 0: expected OCTET STRING, found NULL" },
    { { .extensions = "30 0b 06 03 55 1d 23 04 04 30 02 05 00" },
      SG_FORMAT,
      "certificate: authorityKeyIdentifier: offset 2: 2 octets too many at the end" },
    { { .extensions = "30 09 06 03 55 1d 25 04 02 30 00" },
      SG_FORMAT,
      "certificate: extKeyUsage: offset 2: ends where OBJECT IDENTIFIER must follow" },
    { { .extensions =
            "30 12 06 03 55 1d 1e 01 01 ff 04 08 30 06 a0 04 30 02 82 00" },
      SG_POLICY,
      "certificate: nameConstraints without cA TRUE (RFC 5280 4.2.1.10)" },
    { { .extensions = BC_CA "30 0c 06 03 55 1d 1e 01 01 ff 04 02 30 00" },
      SG_POLICY,
      "certificate: name constraints: neither permitted nor excluded subtrees (RFC 5280 4.2.1.10)" },
    { { .extensions = "30 09 06 03 55 1d 11 04 02 30 00" },
      SG_FORMAT,
      "certificate: SAN: no name at all (RFC 5280 4.2.1.6)" },
    { { .signature = "03 02 07 80" },
      SG_FORMAT,
      "certificate: offset 163: BIT STRING of no whole octets" },
    { { .signature = "03 02 00 01 05 00" },
      SG_FORMAT,
      "certificate: offset 167: 2 octets too many at the end" },
};

static void refuses_each_broken_rule(void **state)
{
    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(BAD); i++) {
        struct ca_cert cert;

        sg_err_clear(&err);
        struct sg_slice der = assemble(&BAD[i].parts, false);
        enum sg_rc rc = ca_cert_parse(&arena, der, &cert, &err);
        if (rc != BAD[i].rc || strcmp(err.msg, BAD[i].text) != 0)
            fail_msg("%zu: %s: %s", i, sg_rc_name(rc), err.msg);
    }
}

static void refuses_bad_outer_form(void **state)
{
    struct parts plain = { .version = NULL };
    struct sg_slice good = assemble(&plain, false);
    struct sg_slice tbs = assemble(&plain, true);
    uint8_t *long_der = sg_arena_alloc(&arena, CA_CERT_MAX + 1);
    uint8_t *garbage = sg_arena_alloc(&arena, good.len + 1);
    struct ca_cert cert;

    (void)state;
    assert_non_null(long_der);
    assert_non_null(garbage);
    t_refused(
        &err,
        ca_cert_parse(&arena, SG_SLICE(long_der, CA_CERT_MAX + 1), &cert, &err),
        SG_POLICY, "certificate: 32769 octets, at most 32768 are accepted");
    memcpy(garbage, good.p, good.len);
    t_refused(
        &err,
        ca_cert_parse(&arena, SG_SLICE(garbage, good.len + 1), &cert, &err),
        SG_FORMAT, "certificate: offset 167: 1 octets too many at the end");
    /* A body is no certificate and a certificate is no body. */
    t_refused(
        &err, ca_cert_parse(&arena, tbs, &cert, &err), SG_FORMAT,
        "certificate: offset 3: expected SEQUENCE, found [0] constructed");
    t_refused(&err, ca_cert_parse_tbs(&arena, good, &cert, &err), SG_POLICY,
              "certificate: version 1, only 3 is accepted (RFC 5280 4.1.2.1)");
    for (size_t len = 0; len < good.len; len++) {
        sg_err_clear(&err);
        t_assert_fails(
            ca_cert_parse(&arena, SG_SLICE(good.p, len), &cert, &err),
            SG_FORMAT);
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(reads_what_openssl_makes), T(follows_chains_of_every_kind),
        T(notices_a_wrong_signer),   T(takes_the_plain_parts),
        T(refuses_each_broken_rule), T(refuses_bad_outer_form),
    };
#undef T

    return cmocka_run_group_tests(tests, ossl_open, ossl_close);
}
