/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/ocsp-responder.h"

#include <string.h>

#include "tests/unit/ca/make.h"
#include "tests/unit/ca/oracle.h"

static struct sg_arena arena;
static struct make_ca root, issuing;
static struct kit_key key;

static int make_world(void **state)
{
    struct ca_authority_args args = {
        .alg = CA_SIGALG_ECDSA_SHA256,
        .serial = { kit_serial, sizeof kit_serial },
        .not_before = KIT_NOW - KIT_DAY,
        .not_after = KIT_NOW + 3 * KIT_YEAR,
    };
    struct ca_constraints nc = { 0 };
    struct sg_err err = { 0 };

    (void)state;
    oracle_open();
    sg_arena_init(&arena, (size_t)1 << 20);
    kit_key_new(&key, CA_KEY_EC_P256, 0);
    args.subject = kit_dn(&arena, "Root");
    make_ca(&args, NULL, &root);
    args.subject = kit_dn(&arena, "Issuing");
    args.has_path_length = true;
    kit_ok(&err, ca_subtrees_add(&arena, &nc.permitted, CA_SAN_DNS,
                                 "example.com", &err));
    args.constraints = &nc;
    make_ca(&args, &root, &issuing);
    return 0;
}

static int free_world(void **state)
{
    (void)state;
    make_ca_done(&issuing);
    make_ca_done(&root);
    kit_key_done(&key);
    sg_arena_done(&arena);
    oracle_close();
    return 0;
}

static struct ca_ocsp_responder_args good(void)
{
    return (struct ca_ocsp_responder_args){
        .issuer = issuing.issuer,
        .alg = CA_SIGALG_ECDSA_SHA256,
        .serial = { kit_serial, sizeof kit_serial },
        .subject = kit_dn(&arena, "OCSP 1"),
        .spki = &key.spki,
        .not_before = KIT_NOW,
        .not_after = KIT_NOW + 90 * KIT_DAY - 1,
    };
}

static void refused(const struct ca_ocsp_responder_args *args, const char *text)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf out;
    struct sg_err err = { 0 };

    sg_buf_init(&out, CA_CERT_MAX);
    kit_refused(&err, ca_ocsp_responder_tbs(args, &out, &err), SG_POLICY, text);
    assert_int_equal(out.len, 0);
}

static void test_content(void **state)
{
    static const uint8_t nocheck[] = { 0x05, 0x00 };
    struct ca_ocsp_responder_args args = good();
    SG_CLEANUP(sg_buf_done) struct sg_buf tbs;
    struct ca_cert c = { 0 };
    struct sg_err err = { 0 };

    (void)state;
    sg_buf_init(&tbs, CA_CERT_MAX);
    kit_ok(&err, ca_ocsp_responder_tbs(&args, &tbs, &err));
    kit_ok(&err, ca_cert_parse_tbs(&arena, sg_buf_slice(&tbs), &c, &err));
    assert_true(sg_slice_eq(c.issuer, ca_issuer_cert(issuing.issuer)->subject));
    assert_true(sg_slice_eq(c.aki, ca_issuer_cert(issuing.issuer)->ski));
    assert_int_equal(c.key_usage, CA_KU_DIGITAL_SIGNATURE);
    assert_true(kit_ext(&c, CA_OID_EXT_KU)->critical);
    assert_true(sg_slice_eq(
        kit_ext(&c, CA_OID_EXT_EKU)->value,
        SG_SLICE((const uint8_t *)"\x30\x0a\x06\x08\x2b\x06\x01\x05\x05\x07"
                                  "\x03\x09",
                 12)));
    assert_false(kit_ext(&c, CA_OID_EXT_OCSP_NOCHECK)->critical);
    assert_true(sg_slice_eq(kit_ext(&c, CA_OID_EXT_OCSP_NOCHECK)->value,
                            SG_SLICE(nocheck, sizeof nocheck)));
    assert_false(c.is_ca);
    assert_int_equal(c.n_ext, 5); /* and no SAN, CDP, AIA or constraints */
}

/* The responder that good() describes, as a certificate. */
static const struct ca_cert *made_responder(void)
{
    struct ca_ocsp_responder_args args = good();
    SG_CLEANUP(sg_buf_done) struct sg_buf tbs;
    struct ca_cert *cert = sg_arena_new(&arena, struct ca_cert);
    struct sg_err err = { 0 };

    sg_buf_init(&tbs, CA_CERT_MAX);
    assert_non_null(cert);
    kit_ok(&err, ca_ocsp_responder_tbs(&args, &tbs, &err));
    kit_ok(&err,
           ca_cert_parse_tbs(&arena, sg_arena_copy(&arena, sg_buf_slice(&tbs)),
                             cert, &err));
    return cert;
}

static void test_renewal(void **state)
{
    const struct ca_cert *old = made_responder();
    struct ca_ocsp_responder_args args = good();
    SG_CLEANUP(sg_buf_done) struct sg_buf tbs;
    struct ca_cert c = { 0 };
    struct sg_err err = { 0 };

    (void)state;
    sg_buf_init(&tbs, CA_CERT_MAX);
    args.existing = old;
    refused(&args, "OCSP responder: subject and key come from the existing "
                   "certificate");
    args.subject = (struct ca_dn){ 0 };
    args.spki = NULL;
    args.not_before += 60 * KIT_DAY;
    args.not_after += 60 * KIT_DAY;
    kit_ok(&err, ca_ocsp_responder_tbs(&args, &tbs, &err));
    kit_ok(&err, ca_cert_parse_tbs(&arena, sg_buf_slice(&tbs), &c, &err));
    assert_true(sg_slice_eq(c.subject, old->subject));
    assert_true(sg_slice_eq(c.spki.der, old->spki.der));
    assert_true(sg_slice_eq(c.ski, old->ski));
    assert_int_equal(c.not_after, old->not_after + 60 * KIT_DAY);
    args.existing = ca_issuer_cert(issuing.issuer);
    refused(&args,
            "OCSP responder: the existing certificate is no responder's: its "
            "extKeyUsage has no OCSPSigning (RFC 6960 4.2.2.2)");
}

static void test_clean_and_verified(void **state)
{
    static const enum lint_profile profiles[] = { LINT_PROFILE_PRIVATE,
                                                  LINT_PROFILE_PUBLIC_TLS };
    struct ca_ocsp_responder_args args = good();
    SG_CLEANUP(sg_buf_done) struct sg_buf tbs;
    SG_CLEANUP(sg_buf_done) struct sg_buf der;
    struct sg_err err = { 0 };

    (void)state;
    sg_buf_init(&tbs, CA_CERT_MAX);
    sg_buf_init(&der, CA_CERT_MAX);
    kit_ok(&err, ca_ocsp_responder_tbs(&args, &tbs, &err));
    for (size_t i = 0; i < SG_ARRAY_LEN(profiles); i++) {
        struct lint_options options = { .profile = profiles[i] };
        struct lint_report report = { 0 };

        lint_tbs(sg_buf_slice(&tbs), &options, &report);
        assert_int_equal(report.n, 0);
    }
    make_clean(sg_buf_slice(&tbs), issuing.issuer,
               &(struct lint_options){ .profile = LINT_PROFILE_PRIVATE },
               LINT_ERROR);
    kit_sign(&issuing.key, args.alg, sg_buf_slice(&tbs), &der);
    oracle_shows(&der, (const char *const[]){ "OCSP No Check", "OCSP Signing",
                                              "Digital Signature", NULL });
    oracle_accepts(&(struct oracle_chain){
        .root = &root.der, .inter = &issuing.der, .leaf = &der });
}

static void test_rules(void **state)
{
    struct ca_ocsp_responder_args args = good();

    (void)state;
    args.not_after = args.not_before + 397 * KIT_DAY - 1;
    refused(&(struct ca_ocsp_responder_args){ 0 },
            "serial: not a positive INTEGER (RFC 5280 4.1.2.2)");
    args.not_after++;
    refused(&args, "OCSP responder: valid for more than 397 days, though "
                   "nobody asks for its status (RFC 6960 4.2.2.2.1)");
    args = good();
    args.not_before = KIT_NOW - KIT_DAY - 1;
    refused(&args, "notBefore 2026-09-20T14:13:19Z is earlier than "
                   "2026-09-20T14:13:20Z of its issuer \"CN=Issuing\" (RFC "
                   "5280 6.1.3 (a)(2))");
    args = good();
    args.alg = CA_SIGALG_ED25519;
    refused(&args, "signature algorithm Ed25519 does not fit the issuer's EC "
                   "P-256 key (BR 7.1.3.2)");
    args = good();
    args.subject.n = 0;
    refused(&args, "OCSP responder: empty subject, and it has no "
                   "subjectAltName (RFC 5280 4.1.2.6)");
    args = good();
    args.subject = kit_dn(&arena, "Root");
    refused(&args, "OCSP responder: has the subject of a CA of its chain "
                   "(RFC 6960 4.2.2.2)");
    args = good();
    args.subject = kit_dn(&arena, "ocsp.example.org");
    refused(&args, "common name \"ocsp.example.org\" lies in no permitted "
                   "subtree of \"CN=Issuing\" (RFC 5280 4.2.1.10)");
    args = good();
    args.spki = &issuing.key.spki;
    refused(&args, "public key: is the key of the CA certificate "
                   "\"CN=Issuing\" (BR 6.1.1.3)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_content),
        cmocka_unit_test(test_renewal),
        cmocka_unit_test(test_clean_and_verified),
        cmocka_unit_test(test_rules),
    };

    return cmocka_run_group_tests_name("ocsp-responder", tests, make_world,
                                       free_world);
}
