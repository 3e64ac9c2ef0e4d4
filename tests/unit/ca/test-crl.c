/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/crl.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/pem.h"
#include "tests/unit/ca/make.h"
#include "tests/unit/ca/openssl.h"

static struct sg_arena arena;
static struct make_ca root;
static struct ca_cert issuer;
static struct sg_err err;

static int make_world(void **state)
{
    struct ca_authority_args args = {
        .alg = CA_SIGALG_ECDSA_SHA256,
        .serial = { kit_serial, sizeof kit_serial },
        .not_before = KIT_NOW - KIT_DAY,
        .not_after = KIT_NOW + 3 * KIT_YEAR,
    };

    assert_int_equal(ossl_open(state), 0);
    sg_arena_init(&arena, (size_t)4 << 20);
    args.subject = kit_dn(&arena, "Root");
    make_ca(&args, NULL, &root);
    issuer = *ca_issuer_cert(root.issuer);
    return 0;
}

static int free_world(void **state)
{
    make_ca_done(&root);
    sg_arena_done(&arena);
    return ossl_close(state);
}

static const uint8_t NUMBER[] = { 0x01, 0x00 };
static const uint8_t LOW[] = { 0x7f };
static const uint8_t HIGH[] = { 0x00, 0x80 };
/* Out of order: 0x0100, 0x80, 0x7f and the longest there is. */
static const struct ca_revoked ENTRIES[] = {
    { { NUMBER, 2 }, KIT_NOW - 5, CA_REASON_KEY_COMPROMISE },
    { { HIGH, 2 }, KIT_NOW, CA_REASON_SUPERSEDED },
    { { LOW, 1 }, KIT_NOW - 9, CA_REASON_UNSPECIFIED },
    { { kit_serial, CA_SERIAL_LEN }, KIT_NOW - 7, CA_REASON_CERTIFICATE_HOLD },
};

static struct ca_crl_args good(void)
{
    return (struct ca_crl_args){
        .issuer = &issuer,
        .alg = CA_SIGALG_ECDSA_SHA256,
        .number = { NUMBER, sizeof NUMBER },
        .this_update = KIT_NOW,
        .next_update = KIT_NOW + 90 * KIT_DAY,
        .revoked = ENTRIES,
        .n_revoked = SG_ARRAY_LEN(ENTRIES),
    };
}

/* Builds, signs, lints, reads back, and holds the signature. */
static void make(const struct ca_crl_args *args, size_t max,
                 struct sg_buf *ret_der, struct ca_crl *ret)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf tbs;
    struct lint_options options = { .profile = LINT_PROFILE_PRIVATE };
    struct lint_report *report =
        sg_arena_new(&arena, struct lint_report); /* too large for a frame */

    assert_non_null(report);
    sg_buf_init(&tbs, max);
    sg_buf_init(ret_der, max);
    kit_ok(&err, ca_crl_tbs(args, &tbs, &err));
    kit_sign(&root.key, args->alg, sg_buf_slice(&tbs), ret_der);
    lint_crl(sg_buf_slice(ret_der), issuer.der, &options, report);
    if (report->n != 0) {
        char text[2 * LINT_TEXT_MAX];

        lint_first(report, LINT_NOTICE, text, sizeof text);
        fail_msg("lint: %s", text);
    }
    kit_ok(&err, ca_crl_parse(&arena, sg_buf_slice(ret_der), ret, &err));
    kit_ok(&err, ca_crl_check_signed_by(ret, &issuer, &err));
}

/* --- what is written ------------------------------------------------------ */

static void save_pem(const char *name, const char *label,
                     const struct sg_buf *der)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf pem;

    sg_buf_init(&pem, (size_t)4 << 20);
    kit_ok(&err, sg_pem_encode(label, sg_buf_slice(der), &pem, &err));
    t_file_write(ossl_path(name), pem.data, pem.len);
}

static void openssl_verified(const struct sg_buf *der)
{
    save_pem("x.crl", "X509 CRL", der);
    save_pem("ca.pem", "CERTIFICATE", &root.der);
    assert_non_null(strstr(ossl("crl", "-in", ossl_path("x.crl"), "-CAfile",
                                ossl_path("ca.pem"), "-verify", "-noout"),
                           "verify OK"));
}

/* openssl crl -verify and certtool --verify-crl. */
static void verified(const struct sg_buf *der)
{
    struct t_run run;

    openssl_verified(der);
    t_run_args(&run, "certtool", "--verify-crl", "--load-ca-certificate",
               ossl_path("ca.pem"), "--infile", ossl_path("x.crl"));
    if (run.exit_code != 0
        || strstr(run.output, "Verification output: Verified.") == NULL)
        fail_msg("certtool: %d: %s", run.exit_code, run.output);
    t_run_done(&run);
}

static void test_content(void **state)
{
    static const size_t sorted[] = { 2, 1, 0, 3 };
    struct ca_crl_args args = good();
    SG_CLEANUP(sg_buf_done) struct sg_buf der;
    struct ca_crl crl = { 0 };
    const char *text;

    (void)state;
    make(&args, 65536, &der, &crl);
    assert_int_equal(crl.n_revoked, SG_ARRAY_LEN(ENTRIES));
    for (size_t i = 0; i < crl.n_revoked; i++) {
        const struct ca_revoked *want = &ENTRIES[sorted[i]];

        assert_true(sg_slice_eq(crl.revoked[i].serial, want->serial));
        assert_int_equal(crl.revoked[i].date, want->date);
        assert_int_equal(crl.revoked[i].reason, want->reason);
    }
    assert_true(sg_slice_eq(crl.issuer, issuer.subject));
    assert_true(sg_slice_eq(crl.aki, issuer.ski));
    assert_true(sg_slice_eq(crl.number, args.number));
    assert_int_equal(crl.this_update, args.this_update);
    assert_int_equal(crl.next_update, args.next_update);
    assert_int_equal(crl.scope, CA_CRL_SCOPE_ALL);
    assert_int_equal(crl.distribution_point.len, 0);
    verified(&der);
    text = ossl("crl", "-in", ossl_path("x.crl"), "-noout", "-text");
    assert_non_null(strstr(text, "Version 2 (0x1)"));
    assert_non_null(strstr(text, "X509v3 CRL Number: \n                256"));
    assert_non_null(strstr(text, "Key Compromise"));
    assert_null(strstr(text, "Unspecified"));
    assert_null(strstr(text, "Issuing Distribution Point"));
}

static void test_empty(void **state)
{
    struct ca_crl_args args = good();
    SG_CLEANUP(sg_buf_done) struct sg_buf der;
    struct ca_crl crl = { 0 };

    (void)state;
    args.n_revoked = 0;
    make(&args, 65536, &der, &crl);
    assert_int_equal(crl.n_revoked, 0);
    verified(&der);
    assert_non_null(
        strstr(ossl("crl", "-in", ossl_path("x.crl"), "-noout", "-text"),
               "No Revoked Certificates."));
}

static void test_scopes(void **state)
{
    static const enum ca_crl_scope scopes[] = { CA_CRL_SCOPE_ALL,
                                                CA_CRL_SCOPE_CA_ONLY,
                                                CA_CRL_SCOPE_USER_ONLY };
    static const char *const texts[] = { "Full Name", "Only CA Certificates",
                                         "Only User Certificates" };
    struct ca_crl_args args = good();

    (void)state;
    args.n_revoked = 2; /* a CA's entry gives its reason (BR 7.2.2) */
    for (size_t i = 0; i < 2 * SG_ARRAY_LEN(scopes); i++) {
        SG_CLEANUP(sg_buf_done) struct sg_buf der;
        struct ca_crl crl = { 0 };
        const char *text;

        args.scope = scopes[i / 2];
        args.distribution_point =
            i % 2 == 0 ? "http://ca.example.com/1.crl" : NULL;
        make(&args, 65536, &der, &crl);
        assert_int_equal(crl.scope, args.scope);
        assert_int_equal(crl.distribution_point.len, i % 2 == 0 ? 27 : 0);
        verified(&der);
        text = ossl("crl", "-in", ossl_path("x.crl"), "-noout", "-text");
        if (i == 1) { /* no limit, no place: nothing to say */
            assert_null(strstr(text, "Issuing Distribution Point"));
            continue;
        }
        assert_non_null(strstr(text, texts[i / 2]));
        assert_non_null(
            strstr(text, "X509v3 Issuing Distribution Point: critical"));
    }
}

/* --- large lists ---------------------------------------------------------- */

static struct ca_revoked *many(size_t n, uint8_t (**ret_serials)[16])
{
    struct ca_revoked *list = calloc(n, sizeof *list);
    uint8_t(*serials)[16] = calloc(n, sizeof *serials);
    uint64_t x = 1;

    assert_non_null(list);
    assert_non_null(serials);
    for (size_t i = 0; i < n; i++) {
        x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        memcpy(serials[i], "\x11", 1);
        memcpy(serials[i] + 1, &x, sizeof x); /* in no order */
        memcpy(serials[i] + 9, &i, 7);        /* and no two alike */
        list[i] = (struct ca_revoked){ { serials[i], 16 },
                                       KIT_NOW - (int64_t)(i % 1000),
                                       i % 3 == 0 ? CA_REASON_UNSPECIFIED
                                                  : CA_REASON_SUPERSEDED };
    }
    *ret_serials = serials;
    return list;
}

/* A CA's whole life: 2^15 is what broke a signing module in 2018, 10^6 what a
 * large public CA holds. */
static void large(size_t n, int64_t max_ms)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf tbs;
    SG_CLEANUP(sg_buf_done) struct sg_buf der;
    SG_CLEANUP(sg_arena_done) struct sg_arena own;
    struct ca_crl_args args = good();
    struct ca_crl crl = { 0 };
    uint8_t(*serials)[16];
    struct ca_revoked *list = many(n, &serials);

    args.revoked = list;
    args.n_revoked = n;
    sg_buf_init(&tbs, n * 64 + 131072);
    sg_buf_init(&der, n * 64 + 131072);
    sg_arena_init(&own, n * 40 + 65536); /* what the header promises */
    int64_t start = sg_mono_ms();
    kit_ok(&err, ca_crl_tbs(&args, &tbs, &err));
    kit_sign(&root.key, args.alg, sg_buf_slice(&tbs), &der);
    kit_ok(&err, ca_crl_parse(&own, sg_buf_slice(&der), &crl, &err));
    kit_ok(&err, ca_crl_check_signed_by(&crl, &issuer, &err));
    int64_t took = sg_mono_ms() - start;
    print_message("# %zu entries: %zu octets, %lld ms\n", n, der.len,
                  (long long)took);
    assert_int_equal(crl.n_revoked, n);
    for (size_t i = 1; i < n; i++)
        assert_true(
            memcmp(crl.revoked[i - 1].serial.p, crl.revoked[i].serial.p, 16)
            < 0);
    assert_true(took < max_ms);
    free(list);
    free(serials);
}

static void test_large(void **state)
{
    (void)state;
    large(1, 1000);
    large((size_t)1 << 15, 2000);
    large(1000000, 20000); /* also under sanitizers and on slow machines */
}

static void test_large_verified(void **state)
{
    enum { N = 1 << 15 };
    struct ca_crl_args args = good();
    SG_CLEANUP(sg_buf_done) struct sg_buf der;
    struct ca_crl crl = { 0 };
    uint8_t(*serials)[16];
    struct ca_revoked *list = many(N, &serials);

    (void)state;
    args.revoked = list;
    args.n_revoked = N;
    make(&args, (size_t)4 << 20, &der, &crl);
    openssl_verified(&der); /* certtool prints every entry */
    free(list);
    free(serials);
}

/* --- rules of writing ----------------------------------------------------- */

static void refused(const struct ca_crl_args *args, const char *text)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf out;

    sg_buf_init(&out, 65536);
    kit_refused(&err, ca_crl_tbs(args, &out, &err), SG_POLICY, text);
    assert_int_equal(out.len, 0);
}

static void test_issuer_rules(void **state)
{
    struct ca_crl_args args = good();
    struct ca_cert changed = issuer;

    (void)state;
    args.issuer = &changed;
    changed.key_usage = CA_KU_KEY_CERT_SIGN;
    refused(&args, "crl: the issuer's keyUsage has no cRLSign "
                   "(RFC 5280 4.2.1.3)");
    changed = issuer;
    changed.is_ca = false;
    refused(&args, "crl: the issuer is no CA (RFC 5280 6.3.3 (f))");
    changed = issuer;
    changed.ski.len = 0;
    refused(&args, "crl: the issuer has no subjectKeyIdentifier of 1 to 64 "
                   "octets (RFC 5280 5.2.1)");
    args = good();
    args.alg = CA_SIGALG_ED25519;
    refused(&args, "signature algorithm Ed25519 does not fit the issuer's EC "
                   "P-256 key (BR 7.1.3.2)");
}

static void test_time_rules(void **state)
{
    struct ca_crl_args args = good();

    (void)state;
    args.next_update = args.this_update;
    refused(&args, "crl: nextUpdate 2026-09-21T14:13:20Z is not later than "
                   "thisUpdate (RFC 5280 5.1.2.5)");
    args.next_update = issuer.not_after + 1;
    refused(&args, "crl: nextUpdate 2029-09-20T14:13:21Z is beyond the "
                   "issuer's notAfter 2029-09-20T14:13:20Z (RFC 5280 6.3.3)");
    args = good();
    args.this_update = issuer.not_before - 1;
    refused(&args, "crl: thisUpdate 2026-09-20T14:13:19Z is earlier than the "
                   "issuer's notBefore 2026-09-20T14:13:20Z "
                   "(RFC 5280 6.3.3)");
}

static void test_number_rules(void **state)
{
    static const uint8_t zero[] = { 0, 0 };
    static const uint8_t large_number[20] = { 0x80 };
    struct ca_crl_args args = good();

    (void)state;
    args.number = SG_SLICE(zero, 2);
    refused(&args, "crl: number 0: numbers start at 1 and only rise "
                   "(RFC 5280 5.2.3)");
    args.number = SG_SLICE(large_number, sizeof large_number);
    refused(&args, "crl: number of more than 20 octets (RFC 5280 5.2.3)");
}

static void test_entry_rules(void **state)
{
    struct ca_revoked two[] = { ENTRIES[0], ENTRIES[1] };
    struct ca_crl_args args = good();

    (void)state;
    args.revoked = two;
    args.n_revoked = 2;
    two[1].serial = two[0].serial;
    refused(&args, "crl: serial number 0100 stands twice (RFC 5280 5.1.2.6)");
    two[1] = ENTRIES[1];
    two[1].date = KIT_NOW + 1;
    refused(&args, "crl: serial number 0080: revoked at 2026-09-21T14:13:21Z, "
                   "which is before 1950 or after thisUpdate "
                   "2026-09-21T14:13:20Z (RFC 5280 5.1.2.6)");
    two[1] = ENTRIES[1];
    two[1].reason = CA_REASON_REMOVE_FROM_CRL;
    refused(&args, "crl: serial number 0080: removeFromCRL stands in delta "
                   "CRLs only (RFC 5280 5.3.1)");
    two[1].reason = (enum ca_reason)7;
    refused(&args, "crl: serial number 0080: the reason has no meaning "
                   "(RFC 5280 5.3.1)");
    two[1] = ENTRIES[1];
    two[1].serial.len = 1;
    refused(&args, "crl: entry 2: serial number is not positive "
                   "(RFC 5280 4.1.2.2)");
    two[1].serial = SG_SLICE((const uint8_t *)"\x00\x01", 2);
    refused(&args, "crl: entry 2: serial number is not minimal "
                   "(RFC 5280 4.1.2.2)");
    two[1].serial = SG_SLICE((const uint8_t *)"\x01.....................", 21);
    refused(&args, "crl: entry 2: serial number has more than 20 octets "
                   "(RFC 5280 4.1.2.2)");
    args = good();
    args.distribution_point = "file:///x";
    refused(&args, "crl: distribution point URL \"file:///x\": scheme must be "
                   "http, https or ldap (RFC 5280 4.2.1.6)");
    args = good();
    args.n_revoked = CA_CRL_ENTRIES_MAX + 1;
    SG_CLEANUP(sg_buf_done) struct sg_buf out;
    sg_buf_init(&out, 65536);
    kit_refused(&err, ca_crl_tbs(&args, &out, &err), SG_LIMIT,
                "crl: 4000001 entries, at most 4000000");
}

/* --- whose it is ---------------------------------------------------------- */

static void test_signed_by(void **state)
{
    struct ca_crl_args args = good();
    SG_CLEANUP(sg_buf_done) struct sg_buf der;
    struct ca_cert changed = issuer;
    struct ca_crl crl = { 0 };

    (void)state;
    make(&args, 65536, &der, &crl);
    changed.subject = SG_SLICE((const uint8_t *)"\x30\x00", 2);
    kit_refused(&err, ca_crl_check_signed_by(&crl, &changed, &err), SG_POLICY,
                "crl: issuer name is not the CA's subject, octet for octet "
                "(RFC 5280 5.1.2.3)");
    changed = issuer;
    changed.ski = SG_SLICE(kit_serial, 20);
    kit_refused(&err, ca_crl_check_signed_by(&crl, &changed, &err), SG_POLICY,
                "crl: authorityKeyIdentifier is not the CA's "
                "subjectKeyIdentifier (RFC 5280 5.2.1)");
    changed = issuer;
    changed.key_usage = CA_KU_KEY_CERT_SIGN;
    kit_refused(&err, ca_crl_check_signed_by(&crl, &changed, &err), SG_POLICY,
                "crl: the issuer's keyUsage has no cRLSign "
                "(RFC 5280 4.2.1.3)");
    der.data[(size_t)(crl.tbs.p - der.data) + crl.tbs.len - 1] ^= 1;
    kit_refused(&err, ca_crl_check_signed_by(&crl, &issuer, &err), SG_POLICY,
                "crl: signature invalid");
}

/* --- reasons -------------------------------------------------------------- */

static void test_reasons(void **state)
{
    enum ca_reason reason = CA_REASON_UNSPECIFIED;

    (void)state;
    for (int i = 0; i <= 10; i++) {
        const char *name = ca_reason_name((enum ca_reason)i);

        if (i == 7) {
            assert_string_equal(name, "unknown");
            continue;
        }
        kit_ok(&err, ca_reason_parse(name, &reason, &err));
        assert_int_equal(reason, i);
    }
    kit_refused(&err, ca_reason_parse("lost", &reason, &err), SG_POLICY,
                "reason \"lost\": none of those of RFC 5280 5.3.1, such as "
                "keyCompromise, superseded or cessationOfOperation");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_content),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_scopes),
        cmocka_unit_test(test_large),
        cmocka_unit_test(test_large_verified),
        cmocka_unit_test(test_issuer_rules),
        cmocka_unit_test(test_time_rules),
        cmocka_unit_test(test_number_rules),
        cmocka_unit_test(test_entry_rules),
        cmocka_unit_test(test_signed_by),
        cmocka_unit_test(test_reasons),
    };

    return cmocka_run_group_tests_name("crl", tests, make_world, free_world);
}
