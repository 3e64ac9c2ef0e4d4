/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/ca/kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/rules.h"
#include "common/parse.h"

enum { ROOT, MID, LOW, OTHER, N_KEYS };

static struct kit_key keys[N_KEYS];

static int make_keys(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_KEYS; i++)
        kit_key_new(&keys[i], CA_KEY_EC_P256, 0);
    return 0;
}

static int free_keys(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_KEYS; i++)
        kit_key_done(&keys[i]);
    return 0;
}

static struct kit_cert root_args(void)
{
    return (struct kit_cert){ .key = &keys[ROOT],
                              .signer = &keys[ROOT],
                              .subject = "Root",
                              .issuer = "Root" };
}

static struct kit_cert mid_args(void)
{
    return (struct kit_cert){ .key = &keys[MID],
                              .signer = &keys[ROOT],
                              .subject = "Mid",
                              .issuer = "Root" };
}

static struct kit_cert low_args(void)
{
    return (struct kit_cert){ .key = &keys[LOW],
                              .signer = &keys[MID],
                              .subject = "Low",
                              .issuer = "Mid" };
}

#define CHAIN_TEST_MAX 4

/* Make the certificates and hold them as a chain. */
static enum sg_rc try_chain(const struct kit_cert *certs, size_t n,
                            struct ca_issuer **ret, struct sg_err *err)
{
    struct sg_buf der[CHAIN_TEST_MAX];
    struct sg_slice chain[CHAIN_TEST_MAX];
    struct ca_issuer_args args = { .chain = chain, .n = n };
    enum sg_rc rc;

    assert_true(n <= CHAIN_TEST_MAX);
    for (size_t i = 0; i < n; i++) {
        kit_cert_make(&certs[i], &der[i]);
        chain[i] = sg_buf_slice(&der[i]);
    }
    rc = ca_issuer_new(&args, KIT_NOW, ret, err);
    for (size_t i = 0; i < n; i++)
        sg_buf_done(&der[i]); /* the issuer owns copies */
    return rc;
}

static struct ca_issuer *good(const struct kit_cert *certs, size_t n)
{
    struct ca_issuer *issuer = NULL;
    struct sg_err err = { 0 };

    kit_ok(&err, try_chain(certs, n, &issuer, &err));
    return issuer;
}

static void bad(const struct kit_cert *certs, size_t n, const char *text)
{
    struct ca_issuer *issuer = NULL;
    struct sg_err err = { 0 };

    kit_refused(&err, try_chain(certs, n, &issuer, &err), SG_POLICY, text);
    assert_null(issuer);
}

/* The middle outlives the root and is older: neither helps those below. */
static void test_period(void **state)
{
    struct kit_cert certs[] = { low_args(), mid_args(), root_args() };
    struct sg_err err = { 0 };

    (void)state;
    certs[1].not_before = KIT_NOW - 10 * KIT_DAY;
    certs[1].not_after = KIT_NOW + 20 * KIT_DAY;
    certs[2].not_before = KIT_NOW - 5 * KIT_DAY;
    certs[2].not_after = KIT_NOW + 10 * KIT_DAY;
    struct ca_issuer *issuer SG_CLEANUP(ca_issuer_free) = good(certs, 3);
    struct ca_period all = ca_issuer_period(issuer);

    assert_int_equal(all.not_before, certs[2].not_before);
    assert_int_equal(all.not_after, certs[2].not_after);
    kit_ok(&err, ca_rule_inside(all, issuer, &err));
    all.not_after++;
    kit_refused(
        &err, ca_rule_inside(all, issuer, &err), SG_POLICY,
        "notAfter 2026-10-01T14:13:21Z is beyond 2026-10-01T14:13:20Z of the CA above its "
        "issuer, \"CN=Root\": a certificate must "
        "not outlive its issuer (RFC 5280 6.1.3 (a)(2))");
    all.not_after = certs[1].not_after + 1;
    sg_err_clear(&err);
    kit_refused(
        &err, ca_rule_inside(all, issuer, &err), SG_POLICY,
        "notAfter 2026-10-11T14:13:21Z is beyond 2026-10-11T14:13:20Z of the CA above its "
        "issuer, \"CN=Mid\": a certificate must "
        "not outlive its issuer (RFC 5280 6.1.3 (a)(2))");
    all = ca_issuer_period(issuer);
    all.not_before--;
    sg_err_clear(&err);
    kit_refused(
        &err, ca_rule_inside(all, issuer, &err), SG_POLICY,
        "notBefore 2026-09-16T14:13:19Z is earlier than 2026-09-16T14:13:20Z of the CA above its "
        "issuer, \"CN=Root\" (RFC 5280 6.1.3 (a)(2))");
}

static void test_views(void **state)
{
    struct kit_cert certs[] = { mid_args(), root_args() };
    struct ca_issuer *issuer SG_CLEANUP(ca_issuer_free) = good(certs, 2);
    char hex[128];
    char want[128];
    uint8_t ski[20];
    struct sg_err err = { 0 };

    (void)state;
    assert_int_equal(ca_issuer_chain_len(issuer), 2);
    assert_string_equal(ca_issuer_text(issuer), "CN=Mid");
    assert_ptr_equal(ca_issuer_cert(issuer), ca_issuer_chain(issuer, 0));
    assert_true(
        sg_slice_eq(ca_issuer_chain(issuer, 1)->spki.der, keys[ROOT].spki.der));
    /* Without URLs: the AKI alone, the issuer's own SKI in it. */
    kit_ok(&err, ca_spki_key_id(&keys[MID].spki, ski, &err));
    (void)snprintf(want, sizeof want, "301f0603551d23041830168014");
    sg_hex(SG_SLICE(ski, 20), want + strlen(want), sizeof want - 26);
    assert_true(ca_issuer_extensions(issuer).len < 64);
    assert_string_equal(sg_hex(ca_issuer_extensions(issuer), hex, sizeof hex),
                        want);
}

static void test_good_chains(void **state)
{
    struct kit_cert three[] = { low_args(), mid_args(), root_args() };
    struct kit_cert root = root_args();
    struct kit_cert mid = mid_args();

    (void)state;
    ca_issuer_free(good(three, 3));
    ca_issuer_free(good(&root, 1));
    ca_issuer_free(good(&mid, 1)); /* its root is kept elsewhere */
    ca_issuer_free(NULL);
}

static void test_size(void **state)
{
    struct ca_issuer_args args = { 0 };
    struct ca_issuer *issuer = NULL;
    struct sg_err err = { 0 };
    uint8_t *big = calloc(1, CA_CERT_MAX + 1);
    struct sg_slice one = { big, CA_CERT_MAX + 1 };

    (void)state;
    assert_non_null(big);
    kit_refused(&err, ca_issuer_new(&args, KIT_NOW, &issuer, &err), SG_POLICY,
                "issuer chain: 0 certificates, 1 to 8 may be");
    args.n = CA_CHAIN_MAX + 1;
    kit_refused(&err, ca_issuer_new(&args, KIT_NOW, &issuer, &err), SG_POLICY,
                "issuer chain: 9 certificates, 1 to 8 may be");
    args = (struct ca_issuer_args){ .chain = &one, .n = 1 };
    kit_refused(&err, ca_issuer_new(&args, KIT_NOW, &issuer, &err), SG_LIMIT,
                "issuer chain: certificate 1: 32769 octets, at most 32768");
    assert_null(issuer);
    free(big);
}

static void test_garbage(void **state)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf der;
    struct kit_cert root = root_args();
    struct ca_issuer *issuer = NULL;
    struct ca_issuer_args args = { .n = 1 };
    struct sg_err err = { 0 };
    struct sg_slice one;

    (void)state;
    kit_cert_make(&root, &der);
    kit_ok(&err, sg_buf_put_u8(&der, 0, &err));
    one = sg_buf_slice(&der);
    args.chain = &one;
    t_assert_fails(ca_issuer_new(&args, KIT_NOW, &issuer, &err), SG_FORMAT);
    assert_memory_equal(err.msg, "issuer chain: certificate 1: ", 29);
    assert_null(issuer);
}

static void test_times(void **state)
{
    struct kit_cert certs[] = { mid_args(), root_args() };

    (void)state;
    certs[0].not_after = KIT_NOW - 1;
    bad(certs, 2,
        "issuer chain: certificate 1 \"CN=Mid\": expired at "
        "2026-09-21T14:13:19Z (RFC 5280 4.1.2.5)");
    certs[0].not_after = KIT_NOW; /* the last second is still valid */
    ca_issuer_free(good(certs, 2));
    certs[0] = mid_args();
    certs[0].not_before = KIT_NOW + 1;
    bad(certs, 2,
        "issuer chain: certificate 1 \"CN=Mid\": is not valid before "
        "2026-09-21T14:13:21Z (RFC 5280 4.1.2.5)");
    certs[0] = mid_args();
    certs[1].not_after = KIT_NOW - KIT_DAY;
    bad(certs, 2,
        "issuer chain: certificate 2 \"CN=Root\": expired at "
        "2026-09-20T14:13:20Z (RFC 5280 4.1.2.5)");
}

/* The text of the first difference is ca_cert_check_signed_by()'s. */
static void refuses_link(const struct kit_cert *certs, size_t n,
                         const char *start)
{
    struct ca_issuer *issuer = NULL;
    struct sg_err err = { 0 };

    t_assert_fails(try_chain(certs, n, &issuer, &err), SG_POLICY);
    assert_null(issuer);
    if (strncmp(err.msg, start, strlen(start)) != 0)
        fail_msg("\"%s\" does not start with \"%s\"", err.msg, start);
}

/* Self-issued by name, but signed with another key of that name. */
static void test_last_must_sign_itself(void **state)
{
    struct kit_cert last = root_args();

    (void)state;
    last.signer = &keys[OTHER];
    refuses_link(&last, 1, "issuer chain: certificate 1 \"CN=Root\": ");
}

static void test_path_lengths_of_the_chain(void **state)
{
    struct kit_cert certs[] = { low_args(), mid_args(), root_args() };

    (void)state;
    certs[2].path_length = 1 + 1;
    bad(certs, 3,
        "issuer chain: certificate 3 \"CN=Root\": path length 1 is too short "
        "for the chain below, down to \"CN=Low\" (RFC 5280 4.2.1.9)");
    certs[2].path_length = 2 + 1;
    ca_issuer_free(good(certs, 3));
    certs[1].path_length = 0 + 1;
    bad(certs, 3,
        "issuer chain: certificate 2 \"CN=Mid\": path length 0 is too short "
        "for the chain below, down to \"CN=Low\" (RFC 5280 4.2.1.9)");
}

/* A key rollover: Mid's new key certified by its old one. */
static struct kit_cert rollover_args(void)
{
    return (struct kit_cert){ .key = &keys[LOW],
                              .signer = &keys[MID],
                              .subject = "Mid",
                              .issuer = "Mid" };
}

static void test_self_issued_is_not_counted(void **state)
{
    struct kit_cert certs[] = { rollover_args(), mid_args(), root_args() };
    struct ca_issuer *issuer;
    struct sg_err err = { 0 };

    (void)state;
    certs[1].path_length = 0 + 1;
    certs[2].path_length = 1 + 1;
    issuer = good(certs, 3);
    kit_refused(&err, ca_issuer_check_ca(issuer, true, 0, &err), SG_POLICY,
                "path length: \"CN=Mid\" with path length 0 allows no CA "
                "certificate here (RFC 5280 4.2.1.9)");
    ca_issuer_free(issuer);
}

static void test_room_for_a_ca(void **state)
{
    struct kit_cert certs[] = { mid_args(), root_args() };
    struct ca_issuer *issuer = good(certs, 2);
    struct sg_err err = { 0 };

    (void)state;
    kit_ok(&err, ca_issuer_check_ca(issuer, false, 0, &err));
    kit_ok(&err, ca_issuer_check_ca(issuer, true, 7, &err));
    ca_issuer_free(issuer);

    certs[0].path_length = 2 + 1;
    issuer = good(certs, 2);
    kit_ok(&err, ca_issuer_check_ca(issuer, true, 0, &err));
    kit_ok(&err, ca_issuer_check_ca(issuer, true, 1, &err));
    kit_refused(&err, ca_issuer_check_ca(issuer, true, 2, &err), SG_POLICY,
                "path length: must carry path length <= 1, since \"CN=Mid\" "
                "has path length 2 (RFC 5280 4.2.1.9)");
    kit_refused(&err, ca_issuer_check_ca(issuer, false, 0, &err), SG_POLICY,
                "path length: must carry path length <= 1, since \"CN=Mid\" "
                "has path length 2 (RFC 5280 4.2.1.9)");
    ca_issuer_free(issuer);

    /* The root's limit counts where the issuer has none. */
    certs[0].path_length = 0;
    certs[1].path_length = 1 + 1;
    issuer = good(certs, 2);
    kit_refused(&err, ca_issuer_check_ca(issuer, true, 0, &err), SG_POLICY,
                "path length: \"CN=Root\" with path length 1 allows no CA "
                "certificate here (RFC 5280 4.2.1.9)");
    ca_issuer_free(issuer);
}

/* --- names ---------------------------------------------------------------- */

static struct ca_constraints permit(struct ca_subtree *tree, const char *dns)
{
    *tree = (struct ca_subtree){ .kind = CA_SAN_DNS, .value = kit_slice(dns) };
    return (struct ca_constraints){ .permitted = { tree, 1 } };
}

static enum sg_rc check_dns(const struct ca_issuer *issuer, const char *dns,
                            struct sg_err *err)
{
    static const uint8_t no_name[] = { 0x30, 0x00 };
    struct ca_san san = { .kind = CA_SAN_DNS, .value = kit_slice(dns) };
    struct ca_sans sans = { &san, 1 };
    struct ca_names names = { .subject = SG_SLICE(no_name, 2), .sans = &sans };

    return ca_issuer_check_names(issuer, &names, err);
}

/* Constraints of both certificates hold: the intersection is what is left. */
static void test_names_against_the_whole_chain(void **state)
{
    struct kit_cert certs[] = { mid_args(), root_args() };
    struct ca_subtree a;
    struct ca_subtree b;
    struct ca_constraints narrow = permit(&a, "a.example.com");
    struct ca_constraints wide = permit(&b, "example.com");
    struct ca_issuer *issuer;
    struct sg_err err = { 0 };

    (void)state;
    certs[1].constraints = &wide; /* on the root alone */
    issuer = good(certs, 2);
    kit_ok(&err, check_dns(issuer, "b.example.com", &err));
    t_assert_fails(check_dns(issuer, "example.org", &err), SG_POLICY);
    assert_non_null(strstr(err.msg, "example.org"));
    assert_non_null(strstr(err.msg, "CN=Root"));
    ca_issuer_free(issuer);

    certs[0].constraints = &narrow;
    issuer = good(certs, 2);
    sg_err_clear(&err);
    kit_ok(&err, check_dns(issuer, "x.a.example.com", &err));
    t_assert_fails(check_dns(issuer, "b.example.com", &err), SG_POLICY);
    assert_non_null(strstr(err.msg, "CN=Mid"));
    ca_issuer_free(issuer);
}

/* Verifiers never take a CA's CN for a host name. */
static void test_common_name_of_a_ca(void **state)
{
    struct kit_cert certs[] = { mid_args(), root_args() };
    struct ca_subtree tree;
    struct ca_constraints nc = permit(&tree, "example.com");

    (void)state;
    certs[0].subject = "ca.example.org";
    certs[1].constraints = &nc;
    ca_issuer_free(good(certs, 2));
}

static void test_names_of_the_chain(void **state)
{
    struct kit_cert certs[] = { rollover_args(), mid_args(), root_args() };
    SG_CLEANUP(sg_arena_done) struct sg_arena arena;
    SG_CLEANUP(sg_buf_done) struct sg_buf name;
    struct ca_constraints nc = { 0 };
    struct sg_err err = { 0 };
    struct ca_subtree tree;
    struct ca_dn dn;

    (void)state;
    sg_arena_init(&arena, 4096);
    sg_buf_init(&name, 256);
    dn = kit_dn(&arena, "Elsewhere");
    kit_ok(&err, ca_dn_encode(&dn, &name, &err));
    tree = (struct ca_subtree){ .kind = CA_SAN_DIRECTORY,
                                .value = sg_buf_slice(&name) };
    nc.permitted = (struct ca_subtrees){ &tree, 1 };
    certs[2].constraints = &nc;
    refuses_link(&certs[1], 2, "issuer chain: certificate 1 \"CN=Mid\": ");
    /* A self-issued one is not held against them (RFC 5280 6.1.3 (b)). */
    certs[2].constraints = NULL;
    certs[1].constraints = &nc;
    ca_issuer_free(good(certs, 3));
}

/* --- extensions ----------------------------------------------------------- */

static void test_urls(void **state)
{
    static const char *const good_url[] = { "http://pki.example/ca.crt" };
    static const char *const bad_url[] = { "ftp://pki.example/" };
    static const char *const ldap_url[] = { "ldap://pki.example/" };
    SG_CLEANUP(sg_buf_done) struct sg_buf der;
    struct kit_cert root = root_args();
    struct ca_issuer *issuer = NULL;
    struct sg_err err = { 0 };
    struct sg_slice one;

    (void)state;
    kit_cert_make(&root, &der);
    one = sg_buf_slice(&der);
    struct ca_issuer_args args = { .chain = &one, .n = 1 };
    args.issuing_certificates = bad_url;
    args.n_issuing_certificates = 1;
    kit_refused(&err, ca_issuer_new(&args, KIT_NOW, &issuer, &err), SG_POLICY,
                "issuing certificate URL \"ftp://pki.example/\": scheme must "
                "be http, https or ldap (RFC 5280 4.2.1.6)");
    args.issuing_certificates = good_url;
    args.ocsp_servers = ldap_url;
    args.n_ocsp_servers = 1;
    kit_refused(&err, ca_issuer_new(&args, KIT_NOW, &issuer, &err), SG_POLICY,
                "OCSP server URL \"ldap://pki.example/\": scheme must be http "
                "or https (RFC 5280 4.2.1.6)");
    args.ocsp_servers = good_url;
    args.crl_distribution_points = bad_url;
    args.n_crl_distribution_points = 1;
    kit_refused(&err, ca_issuer_new(&args, KIT_NOW, &issuer, &err), SG_POLICY,
                "CRL distribution point URL \"ftp://pki.example/\": scheme "
                "must be http, https or ldap (RFC 5280 4.2.1.6)");
    assert_null(issuer);
    args.crl_distribution_points = ldap_url;
    kit_ok(&err, ca_issuer_new(&args, KIT_NOW, &issuer, &err));
    assert_true(ca_issuer_extensions(issuer).len > 100);
    ca_issuer_free(issuer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_views),
        cmocka_unit_test(test_period),
        cmocka_unit_test(test_good_chains),
        cmocka_unit_test(test_size),
        cmocka_unit_test(test_garbage),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_last_must_sign_itself),
        cmocka_unit_test(test_path_lengths_of_the_chain),
        cmocka_unit_test(test_self_issued_is_not_counted),
        cmocka_unit_test(test_room_for_a_ca),
        cmocka_unit_test(test_names_against_the_whole_chain),
        cmocka_unit_test(test_common_name_of_a_ca),
        cmocka_unit_test(test_names_of_the_chain),
        cmocka_unit_test(test_urls),
    };

    return cmocka_run_group_tests_name("issuer", tests, make_keys, free_keys);
}
