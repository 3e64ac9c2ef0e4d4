/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/ca/kit.h"

#include <stdio.h>
#include <string.h>

#include "ca/csr.h"

/* A root of path length 2 that permits example.com without
 * secret.example.com. */
static struct kit_key root_key, key;
static struct sg_buf root;
static struct ca_issuer *issuer;
static struct sg_arena arena;

static int make_world(void **state)
{
    struct ca_constraints nc = { 0 };
    const struct sg_buf *chain = &root;
    struct sg_err err = { 0 };

    (void)state;
    sg_arena_init(&arena, (size_t)1 << 20);
    kit_key_new(&root_key, CA_KEY_EC_P256, 0);
    kit_key_new(&key, CA_KEY_EC_P256, 0);
    kit_ok(&err, ca_subtrees_add(&arena, &nc.permitted, CA_SAN_DNS,
                                 "example.com", &err));
    kit_ok(&err, ca_subtrees_add(&arena, &nc.excluded, CA_SAN_DNS,
                                 "secret.example.com", &err));
    kit_cert_make(&(struct kit_cert){ .key = &root_key,
                                      .signer = &root_key,
                                      .subject = "Demo Root",
                                      .issuer = "Demo Root",
                                      .path_length = 2 + 1,
                                      .constraints = &nc },
                  &root);
    issuer = kit_issuer(&chain, 1);
    return 0;
}

static int free_world(void **state)
{
    (void)state;
    ca_issuer_free(issuer);
    sg_buf_done(&root);
    kit_key_done(&root_key);
    kit_key_done(&key);
    sg_arena_done(&arena);
    return 0;
}

static struct ca_authority_args good_root(void)
{
    return (struct ca_authority_args){
        .alg = CA_SIGALG_ECDSA_SHA256,
        .serial = { kit_serial, sizeof kit_serial },
        .subject = kit_dn(&arena, "New Root"),
        .spki = &key.spki,
        .not_before = KIT_NOW,
        .not_after = KIT_NOW + 20 * KIT_YEAR,
    };
}

static struct ca_authority_args good_intermediate(void)
{
    struct ca_authority_args args = good_root();

    args.subject = kit_dn(&arena, "Intermediate");
    args.not_after = KIT_NOW + KIT_YEAR;
    args.has_path_length = true;
    args.path_length = 0;
    args.issuer = issuer;
    return args;
}

static void make(const struct ca_authority_args *args, struct ca_cert *ret)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf tbs;
    struct sg_err err = { 0 };

    sg_buf_init(&tbs, CA_CERT_MAX);
    kit_ok(&err, ca_authority_tbs(args, &tbs, &err));
    kit_ok(&err,
           ca_cert_parse_tbs(&arena, sg_arena_copy(&arena, sg_buf_slice(&tbs)),
                             ret, &err));
}

static void accepted(const struct ca_authority_args *args)
{
    struct ca_cert parsed = { 0 };

    make(args, &parsed);
}

/* Rules about two certificates name both. */
#define BELOW "\"CN=Intermediate\" below \"CN=Demo Root\": "

static void refused(const struct ca_authority_args *args, const char *text)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf out;
    struct sg_err err = { 0 };

    sg_buf_init(&out, CA_CERT_MAX);
    kit_refused(&err, ca_authority_tbs(args, &out, &err), SG_POLICY, text);
    assert_int_equal(out.len, 0);
}

/* --- what is written ------------------------------------------------------ */

static void test_root(void **state)
{
    struct ca_authority_args args = good_root();
    struct ca_cert c = { 0 };
    struct sg_err err = { 0 };
    uint8_t ski[20];

    (void)state;
    make(&args, &c);
    assert_true(sg_slice_eq(c.issuer, c.subject));
    assert_true(c.is_ca);
    assert_false(c.has_path_length);
    assert_int_equal(c.key_usage, CA_KU_KEY_CERT_SIGN | CA_KU_CRL_SIGN);
    kit_ok(&err, ca_spki_key_id(&key.spki, ski, &err));
    assert_true(sg_slice_eq(c.ski, SG_SLICE(ski, sizeof ski)));
    assert_true(sg_slice_eq(c.aki, c.ski));
    assert_true(kit_ext(&c, CA_OID_EXT_BC)->critical);
    assert_true(kit_ext(&c, CA_OID_EXT_KU)->critical);
    assert_false(kit_ext(&c, CA_OID_EXT_SKI)->critical);
    assert_false(kit_ext(&c, CA_OID_EXT_AKI)->critical);
    assert_int_equal(c.n_ext, 4);
}

/* Absence and 0 are two things. */
static void test_path_length_presence(void **state)
{
    struct ca_authority_args args = good_root();
    struct ca_cert c = { 0 };

    (void)state;
    args.has_path_length = true;
    make(&args, &c);
    assert_true(c.has_path_length);
    assert_int_equal(c.path_length, 0);
    args.path_length = 3;
    make(&args, &c);
    assert_int_equal(c.path_length, 3);
}

static void test_intermediate(void **state)
{
    struct ca_authority_args args = good_intermediate();
    struct ca_constraints nc = { 0 };
    struct ca_cert c = { 0 };
    struct sg_err err = { 0 };

    (void)state;
    kit_ok(&err, ca_subtrees_add(&arena, &nc.permitted, CA_SAN_DNS,
                                 "a.example.com", &err));
    args.constraints = &nc;
    args.digital_signature = true;
    make(&args, &c);
    assert_true(sg_slice_eq(c.issuer, ca_issuer_cert(issuer)->subject));
    assert_true(sg_slice_eq(c.aki, ca_issuer_cert(issuer)->ski));
    assert_int_equal(c.key_usage, CA_KU_KEY_CERT_SIGN | CA_KU_CRL_SIGN
                                      | CA_KU_DIGITAL_SIGNATURE);
    assert_true(kit_ext(&c, CA_OID_EXT_NC)->critical);
    assert_int_equal(c.constraints.permitted.n, 1);
    assert_int_equal(c.constraints.excluded.n, 0);
}

/* --- one rule each -------------------------------------------------------- */

static void test_common_rules(void **state)
{
    struct ca_authority_args args = good_root();

    (void)state;
    args.serial.len = 8;
    refused(&args, "\"CN=New Root\": serial: 8 octets, at least 9 for 64 "
                   "random bits (BR 7.1)");
    args = good_root();
    args.not_after = args.not_before - 1;
    refused(&args, "\"CN=New Root\": notBefore 2026-09-21T14:13:20Z is after "
                   "notAfter 2026-09-21T14:13:19Z (RFC 5280 4.1.2.5)");
    args = good_root();
    args.subject.n = 0;
    refused(&args, "subject: empty in a CA certificate (RFC 5280 4.1.2.6)");
    args = good_root();
    args.alg = CA_SIGALG_ECDSA_SHA384;
    refused(&args, "\"CN=New Root\": signature algorithm ecdsa-with-SHA384 "
                   "does not fit the issuer's EC P-256 key (BR 7.1.3.2)");
    args = good_intermediate();
    args.alg = CA_SIGALG_ED25519;
    refused(&args,
            BELOW "signature algorithm Ed25519 does not fit the issuer's EC "
                  "P-256 key (BR 7.1.3.2)");
}

static void test_empty_constraints(void **state)
{
    struct ca_authority_args args = good_root();
    struct ca_constraints nc = { 0 };
    SG_CLEANUP(sg_buf_done) struct sg_buf out;
    struct sg_err err = { 0 };

    (void)state;
    args.constraints = &nc;
    sg_buf_init(&out, CA_CERT_MAX);
    t_assert_fails(ca_authority_tbs(&args, &out, &err), SG_POLICY);
    assert_int_equal(out.len, 0);
}

/* Verifiers compare names without case and doubled spaces. */
static void test_self_issued(void **state)
{
    static const char *const same[][2] = {
        { "Demo Root", "CN=Demo Root" },
        { "DEMO root", "CN=DEMO root" },
        { " Demo   Root ", "CN=\\ Demo   Root\\ " },
    };
    static const char *const others[] = { "DemoRoot", "Demo Root 2", "Demo" };
    struct ca_authority_args args = good_intermediate();

    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(same); i++) {
        char text[256];

        args.subject = kit_dn(&arena, same[i][0]);
        (void)snprintf(text, sizeof text,
                       "\"%s\" below \"CN=Demo Root\": subject: is the "
                       "issuer's own name \"CN=Demo Root\": only a rollover "
                       "may have it, since no path length counts it (RFC "
                       "5280 4.2.1.9)",
                       same[i][1]);
        refused(&args, text);
    }
    for (size_t i = 0; i < SG_ARRAY_LEN(others); i++) {
        args.subject = kit_dn(&arena, others[i]);
        accepted(&args);
    }
}

static void test_subject_within_constraints(void **state)
{
    struct ca_authority_args args = good_intermediate();
    struct ca_constraints nc = { 0 };
    SG_CLEANUP(sg_buf_done) struct sg_buf der;
    SG_CLEANUP(sg_buf_done) struct sg_buf name;
    SG_CLEANUP(sg_buf_done) struct sg_buf out;
    const struct sg_buf *chain = &der;
    struct ca_dn base = kit_dn(&arena, "Example");
    struct sg_err err = { 0 };
    struct ca_subtree tree;

    (void)state;
    sg_buf_init(&name, 256);
    sg_buf_init(&out, CA_CERT_MAX);
    kit_ok(&err, ca_dn_encode(&base, &name, &err));
    tree = (struct ca_subtree){ .kind = CA_SAN_DIRECTORY,
                                .value = sg_buf_slice(&name) };
    nc.permitted = (struct ca_subtrees){ &tree, 1 };
    kit_cert_make(&(struct kit_cert){ .key = &root_key,
                                      .signer = &root_key,
                                      .subject = "Demo Root",
                                      .issuer = "Demo Root",
                                      .constraints = &nc },
                  &der);
    struct ca_issuer *own SG_CLEANUP(ca_issuer_free) = kit_issuer(&chain, 1);
    args.issuer = own;
    t_assert_fails(ca_authority_tbs(&args, &out, &err), SG_POLICY);
    assert_non_null(strstr(err.msg, "CN=Intermediate"));
    assert_int_equal(out.len, 0);
    args.subject = kit_dn(&arena, "Example");
    accepted(&args);
}

/* --- requests ------------------------------------------------------------- */

static void test_csr_info(void **state)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf info;
    SG_CLEANUP(sg_buf_done) struct sg_buf der;
    struct ca_dn subject = kit_dn(&arena, "Intermediate");
    struct ca_csr csr = { 0 };
    struct sg_err err = { 0 };

    (void)state;
    sg_buf_init(&info, CA_CSR_MAX);
    sg_buf_init(&der, CA_CSR_MAX);
    kit_ok(&err, ca_csr_info(&subject, &key.spki, &info, &err));
    kit_sign(&key, CA_SIGALG_ECDSA_SHA256, sg_buf_slice(&info), &der);
    kit_ok(&err, ca_csr_parse(&arena, sg_buf_slice(&der), &csr, &err));
    kit_ok(&err, ca_csr_verify(&csr, &err));
    assert_true(sg_slice_eq(csr.spki.der, key.spki.der));
    assert_int_equal(csr.n_ignored, 0);
    assert_false(csr.has_sans);
    assert_true(sg_slice_eq(ca_dn_first(&csr.subject, CA_ATTR_COMMON_NAME),
                            kit_slice("Intermediate")));
}

static void test_csr_info_rules(void **state)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf info;
    struct ca_dn subject = kit_dn(&arena, "A");
    struct sg_err err = { 0 };

    (void)state;
    sg_buf_init(&info, CA_CSR_MAX);
    kit_ok(&err, ca_dn_add(&arena, &subject, CA_ATTR_COMMON_NAME,
                           kit_slice("B"), &err));
    kit_refused(&err, ca_csr_info(&subject, &key.spki, &info, &err), SG_POLICY,
                "subject: CN given twice: \"A\" and \"B\" (BR 7.1.4.1)");
    assert_int_equal(info.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_root),
        cmocka_unit_test(test_path_length_presence),
        cmocka_unit_test(test_intermediate),
        cmocka_unit_test(test_common_rules),
        cmocka_unit_test(test_empty_constraints),
        cmocka_unit_test(test_self_issued),
        cmocka_unit_test(test_subject_within_constraints),
        cmocka_unit_test(test_csr_info),
        cmocka_unit_test(test_csr_info_rules),
    };

    return cmocka_run_group_tests_name("authority", tests, make_world,
                                       free_world);
}
