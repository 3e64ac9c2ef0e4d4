/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "tests/unit/ca/make.h"
#include "tests/unit/ca/openssl.h"
#include "tests/unit/ca/oracle.h"

#define SERVER_AUTH "1.3.6.1.5.5.7.3.1"
#define CLIENT_AUTH "1.3.6.1.5.5.7.3.2"

/* Two roots and what becomes of them, held against openssl and certtool. */
static struct sg_arena arena;
static struct make_ca root, other;
static struct kit_key leaf_key;

static struct ca_authority_args args_of(const char *cn)
{
    return (struct ca_authority_args){
        .alg = CA_SIGALG_ECDSA_SHA256,
        .serial = { kit_serial, sizeof kit_serial },
        .subject = kit_dn(&arena, cn),
        .not_before = KIT_NOW - KIT_DAY,
        .not_after = KIT_NOW + KIT_YEAR,
    };
}

static int make_world(void **state)
{
    struct ca_authority_args args;

    oracle_open();
    assert_int_equal(ossl_open(state), 0);
    sg_arena_init(&arena, (size_t)1 << 20);
    args = args_of("First Root");
    kit_key_new(&leaf_key, CA_KEY_EC_P256, 0);
    args.kind = CA_AUTHORITY_ROOT;
    args.not_after += 9 * KIT_YEAR;
    make_ca(&args, NULL, &root);
    args.subject = kit_dn(&arena, "Second Root");
    args.has_path_length = true;
    args.path_length = 1;
    make_ca(&args, NULL, &other);
    return 0;
}

static int free_world(void **state)
{
    make_ca_done(&root);
    make_ca_done(&other);
    kit_key_done(&leaf_key);
    sg_arena_done(&arena);
    oracle_close();
    return ossl_close(state);
}

static void sign_leaf(const struct make_ca *ca, const char *dns,
                      struct sg_buf *ret)
{
    static const char *const eku[] = { SERVER_AUTH };
    SG_CLEANUP(sg_buf_done) struct sg_buf tbs;
    SG_CLEANUP(ca_profile_free) struct ca_profile *profile = NULL;
    struct ca_profile_args with = { .key_usage = CA_KU_DIGITAL_SIGNATURE,
                                    .eku = eku,
                                    .n_eku = 1 };
    struct sg_err err = { 0 };
    struct ca_leaf_args args = { .issuer = ca->issuer,
                                 .alg = CA_SIGALG_ECDSA_SHA256,
                                 .serial = { kit_serial, sizeof kit_serial },
                                 .spki = &leaf_key.spki,
                                 .not_before = KIT_NOW,
                                 .not_after = KIT_NOW + 90 * KIT_DAY };

    sg_buf_init(&tbs, CA_CERT_MAX);
    sg_buf_init(ret, CA_CERT_MAX);
    kit_ok(&err, ca_profile_new(&with, &profile, &err));
    args.profile = profile;
    kit_ok(&err, ca_sans_add_dns(&arena, &args.sans, kit_slice(dns), &err));
    kit_ok(&err, ca_leaf_tbs(&args, &tbs, &err));
    kit_sign(&ca->key, args.alg, sg_buf_slice(&tbs), ret);
}

static void parse(const struct sg_buf *der, struct ca_cert *ret)
{
    struct sg_err err = { 0 };

    kit_ok(&err, ca_cert_parse(&arena, sg_buf_slice(der), ret, &err));
}

/* --- every field ---------------------------------------------------------- */

static struct ca_dn full_subject(void)
{
    static const struct {
        enum ca_attr attr;
        const char *value;
    } ATTRS[] = {
        { CA_ATTR_COUNTRY, "DE" },
        { CA_ATTR_ORGANIZATION, "Example" },
        { CA_ATTR_ORG_UNIT, "Keys" },
        { CA_ATTR_LOCALITY, "Berlin" },
        { CA_ATTR_PROVINCE, "BE" },
        { CA_ATTR_STREET, "Hauptstr. 1" },
        { CA_ATTR_POSTAL_CODE, "10115" },
        { CA_ATTR_SERIAL_NUMBER, "HRB 1" },
        { CA_ATTR_COMMON_NAME, "Full Issuing" },
        { CA_ATTR_DOMAIN_COMPONENT, "example" },
    };
    struct sg_err err = { 0 };
    struct ca_dn dn = { 0 };

    for (size_t i = 0; i < SG_ARRAY_LEN(ATTRS); i++)
        kit_ok(&err, ca_dn_add(&arena, &dn, ATTRS[i].attr,
                               kit_slice(ATTRS[i].value), &err));
    return dn;
}

static void add_tree(struct ca_subtrees *trees, enum ca_san_kind kind,
                     const char *text)
{
    struct sg_err err = { 0 };

    kit_ok(&err, ca_subtrees_add(&arena, trees, kind, text, &err));
}

/* Every form that openssl's verifier knows, and the forbid-all encodings. */
static void full_constraints(struct ca_constraints *nc)
{
    add_tree(&nc->permitted, CA_SAN_DNS, "example.com");
    add_tree(&nc->permitted, CA_SAN_IP, "192.0.2.0/24");
    add_tree(&nc->permitted, CA_SAN_EMAIL, "example.com");
    add_tree(&nc->permitted, CA_SAN_URI, ".example.com");
    add_tree(&nc->permitted, CA_SAN_DIRECTORY, "O=Example,C=DE");
    add_tree(&nc->permitted, CA_SAN_OTHER, "example.com");
    add_tree(&nc->excluded, CA_SAN_DNS, "secret.example.com");
    add_tree(&nc->excluded, CA_SAN_IP, "::/0");
}

static void test_every_field(void **state)
{
    static const char *const eku[] = { SERVER_AUTH, CLIENT_AUTH };
    static const char *const ocsp[] = { "http://ocsp.example.com" };
    static const char *const issuers[] = { "http://ca.example.com/root.cer" };
    static const char *const crl[] = { "http://ca.example.com/root.crl" };
    static const struct ca_policy policies[] = {
        { .oid = "2.23.140.1.2.1", .cps = "http://example.com/cps" },
        { .oid = "1.2.3.4", .notice = "For tests" },
    };
    struct ca_authority_args args = args_of("");
    struct ca_constraints nc = { 0 };
    struct make_ca inter;
    SG_CLEANUP(sg_buf_done) struct sg_buf leaf;

    (void)state;
    full_constraints(&nc);
    args.kind = CA_AUTHORITY_INTERMEDIATE;
    args.subject = full_subject();
    args.has_path_length = true;
    args.constraints = &nc;
    args.technically_constrained = true;
    args.digital_signature = true;
    args.eku = eku;
    args.n_eku = SG_ARRAY_LEN(eku);
    args.policies = policies;
    args.n_policies = SG_ARRAY_LEN(policies);
    args.require_explicit_policy = (struct ca_skip){ true, 0 };
    args.inhibit_policy_mapping = (struct ca_skip){ true, 300 };
    args.inhibit_any_policy = (struct ca_skip){ true, 200 };
    args.ocsp_servers = (struct ca_texts){ ocsp, 1 };
    args.issuing_certificates = (struct ca_texts){ issuers, 1 };
    args.crl_distribution_points = (struct ca_texts){ crl, 1 };
    make_ca(&args, &root, &inter);
    oracle_shows(
        &inter.der,
        (const char *const[]){
            "Subject: C = DE, O = Example, OU = Keys, L = Berlin, ST = BE, "
            "street = Hauptstr. 1, postalCode = 10115, serialNumber = HRB 1, "
            "CN = Full Issuing, DC = example",
            "CA:TRUE, pathlen:0",
            "Digital Signature, Certificate Sign, CRL Sign",
            "TLS Web Server Authentication, TLS Web Client Authentication",
            "CPS: http://example.com/cps",
            "Explicit Text: For tests",
            "X509v3 Policy Constraints: critical",
            "Require Explicit Policy:0, Inhibit Policy Mapping:300",
            "X509v3 Inhibit Any Policy: critical",
            "OCSP - URI:http://ocsp.example.com",
            "CA Issuers - URI:http://ca.example.com/root.cer",
            "URI:http://ca.example.com/root.crl",
            "X509v3 Name Constraints: critical",
            "DNS:example.com",
            "IP:192.0.2.0/255.255.255.0",
            "email:example.com",
            "URI:.example.com",
            "DirName:C = DE, O = Example",
            "DNS:secret.example.com",
            "IP:0:0:0:0:0:0:0:0/0:0:0:0:0:0:0:0",
            NULL });
    /* A policy is asked for below: the leaf has none, and nobody asked openssl
     * to check policies. GnuTLS 3.7 does not know policyConstraints. */
    sign_leaf(&inter, "www.example.com", &leaf);
    oracle_accepts(&(struct oracle_chain){
        .root = &root.der, .inter = &inter.der, .leaf = &leaf, .at = KIT_NOW });
    make_ca_done(&inter);
}

/* The same, by the rules of public TLS. */
static void test_public_profile(void **state)
{
    static const char *const eku[] = { SERVER_AUTH };
    static const char *const issuers[] = { "http://ca.example.com/root.cer" };
    static const char *const crl[] = { "http://ca.example.com/root.crl" };
    static const struct ca_policy policy = { .oid = "2.23.140.1.2.1" };
    struct lint_options options = { .profile = LINT_PROFILE_PUBLIC_TLS,
                                    .date = KIT_NOW };
    struct ca_authority_args args = args_of("");
    SG_CLEANUP(sg_buf_done) struct sg_buf tbs;
    struct sg_err err = { 0 };

    (void)state;
    kit_ok(&err, ca_dn_add(&arena, &args.subject, CA_ATTR_COUNTRY,
                           kit_slice("DE"), &err));
    kit_ok(&err, ca_dn_add(&arena, &args.subject, CA_ATTR_ORGANIZATION,
                           kit_slice("Example"), &err));
    kit_ok(&err, ca_dn_add(&arena, &args.subject, CA_ATTR_COMMON_NAME,
                           kit_slice("Example TLS 1"), &err));
    args.spki = &leaf_key.spki;
    args.issuer = root.issuer;
    args.has_path_length = true;
    args.eku = eku;
    args.n_eku = 1;
    args.policies = &policy;
    args.n_policies = 1;
    args.issuing_certificates = (struct ca_texts){ issuers, 1 };
    args.crl_distribution_points = (struct ca_texts){ crl, 1 };
    sg_buf_init(&tbs, CA_CERT_MAX);
    kit_ok(&err, ca_authority_tbs(&args, &tbs, &err));
    make_clean(sg_buf_slice(&tbs), NULL, &options, LINT_WARN);
}

static void test_constraints_not_critical(void **state)
{
    struct ca_authority_args args = args_of("Old verifiers");
    struct ca_constraints nc = { 0 };
    SG_CLEANUP(sg_buf_done) struct sg_buf tbs;
    struct ca_cert c = { 0 };
    struct sg_err err = { 0 };

    (void)state;
    add_tree(&nc.permitted, CA_SAN_DNS, "example.com");
    args.constraints = &nc;
    args.constraints_not_critical = true;
    args.spki = &leaf_key.spki;
    args.issuer = root.issuer;
    sg_buf_init(&tbs, CA_CERT_MAX);
    kit_ok(&err, ca_authority_tbs(&args, &tbs, &err));
    kit_ok(&err, ca_cert_parse_tbs(&arena, sg_buf_slice(&tbs), &c, &err));
    assert_false(kit_ext(&c, CA_OID_EXT_NC)->critical);
}

/* --- cross-certificates --------------------------------------------------- */

/* A CA of another program's making: PrintableStrings and a key identifier that
 * is no hash of the key. */
static void foreign_ca(struct ca_cert *ret, struct kit_key *ret_key)
{
    static const char CONFIG[] =
        "[req]\ndistinguished_name=d\nx509_extensions=x\nprompt=no\n"
        "string_mask=nombstr\n[d]\nC=DE\nO=Foreign Co\nCN=Foreign CA\n[x]\n"
        "basicConstraints=critical,CA:TRUE\n"
        "keyUsage=critical,keyCertSign,cRLSign\n"
        "subjectKeyIdentifier=0102030405060708\n";
    struct sg_err err = { 0 };

    t_file_write(ossl_path("foreign.cnf"), CONFIG, sizeof CONFIG - 1);
    ossl_key("foreign.key", "EC:P-256");
    ossl("req", "-x509", "-new", "-config", ossl_path("foreign.cnf"), "-key",
         ossl_path("foreign.key"), "-days", "3000", "-out",
         ossl_path("foreign.pem"));
    struct sg_slice der = ossl_der(&arena, "foreign.pem", "CERTIFICATE");
    kit_ok(&err, ca_cert_parse(&arena, der, ret, &err));
    *ret_key = (struct kit_key){ .spki = ret->spki };
}

static void test_cross_byte_for_byte(void **state)
{
    struct ca_authority_args args = args_of("");
    SG_CLEANUP(sg_buf_done) struct sg_buf der;
    struct kit_key key;
    struct ca_cert existing = { 0 };
    struct ca_cert c = { 0 };

    (void)state;
    foreign_ca(&existing, &key);
    args.kind = CA_AUTHORITY_CROSS;
    args.existing = &existing;
    args.issuer = root.issuer;
    args.has_path_length = true;
    args.not_before = existing.not_before;
    args.not_after = args.not_before + KIT_YEAR;
    make_authority(&args, &root.key, &der);
    parse(&der, &c);
    assert_true(sg_slice_eq(c.subject, existing.subject));
    assert_non_null(memmem(c.subject.p, c.subject.len,
                           "\x13\x0a"
                           "Foreign CA",
                           12));
    assert_true(sg_slice_eq(c.ski, existing.ski));
    assert_int_equal(c.ski.len, 8);
    assert_true(sg_slice_eq(c.spki.der, existing.spki.der));
    assert_true(sg_slice_eq(c.aki, ca_issuer_cert(root.issuer)->ski));
    assert_true(c.has_path_length); /* given anew */
    assert_false(existing.has_path_length);
}

/* What the second root signed holds below the first, too. */
static void test_cross_verifies(void **state)
{
    struct ca_authority_args args = args_of("Issuing");
    SG_CLEANUP(sg_buf_done) struct sg_buf cross;
    SG_CLEANUP(sg_buf_done) struct sg_buf leaf;
    struct make_ca issuing;
    struct ca_cert existing = { 0 };

    (void)state;
    args.has_path_length = true;
    make_ca(&args, &other, &issuing);
    sign_leaf(&issuing, "www.example.com", &leaf);
    oracle_accepts(&(struct oracle_chain){
        .root = &other.der, .inter = &issuing.der, .leaf = &leaf });
    parse(&issuing.der, &existing);
    args = args_of("");
    args.kind = CA_AUTHORITY_CROSS;
    args.existing = &existing;
    args.spki = &issuing.key.spki;
    args.issuer = root.issuer;
    make_authority(&args, &root.key, &cross);
    oracle_accepts(&(struct oracle_chain){
        .root = &root.der, .inter = &cross, .leaf = &leaf });
    make_ca_done(&issuing);
}

/* --- rollovers ------------------------------------------------------------ */

static void test_rollover_new_with_old(void **state)
{
    struct ca_authority_args args = args_of("");
    SG_CLEANUP(sg_buf_done) struct sg_buf leaf;
    struct make_ca next;
    struct make_ca issuing;
    struct ca_cert c = { 0 };

    (void)state;
    args.kind = CA_AUTHORITY_ROLLOVER;
    args.has_path_length = true;
    args.path_length = 1; /* the issuer's own: it is not counted */
    make_ca(&args, &other, &next);
    parse(&next.der, &c);
    assert_true(sg_slice_eq(c.subject, ca_issuer_cert(other.issuer)->subject));
    assert_true(ca_cert_self_issued(&c));
    assert_false(sg_slice_eq(c.ski, c.aki));

    args = args_of("Below the new key");
    args.has_path_length = true;
    make_ca(&args, &next, &issuing);
    sign_leaf(&issuing, "www.example.com", &leaf);
    oracle_accepts(&(struct oracle_chain){ .root = &other.der,
                                           .inter = &issuing.der,
                                           .low = &next.der,
                                           .leaf = &leaf,
                                           .at = KIT_NOW });
    make_ca_done(&issuing);
    make_ca_done(&next);
}

/* RFC 4210 4.4: the old key under the new one, so that those who trust only
 * the new root accept what the old one signed. */
static void test_rollover_old_with_new(void **state)
{
    struct ca_authority_args args = args_of("Second Root");
    SG_CLEANUP(sg_buf_done) struct sg_buf old;
    SG_CLEANUP(sg_buf_done) struct sg_buf leaf;
    struct make_ca next;
    struct ca_cert existing = { 0 };
    struct ca_cert c = { 0 };

    (void)state;
    make_ca(&args, NULL, &next);
    parse(&other.der, &existing);
    args = args_of("");
    args.kind = CA_AUTHORITY_ROLLOVER;
    args.existing = &existing;
    args.issuer = next.issuer;
    make_authority(&args, &next.key, &old);
    parse(&old, &c);
    assert_true(sg_slice_eq(c.ski, existing.ski));
    assert_true(sg_slice_eq(c.spki.der, existing.spki.der));
    sign_leaf(&other, "www.example.com", &leaf);
    oracle_accepts(&(struct oracle_chain){
        .root = &next.der, .inter = &old, .leaf = &leaf });
    make_ca_done(&next);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_field),
        cmocka_unit_test(test_public_profile),
        cmocka_unit_test(test_constraints_not_critical),
        cmocka_unit_test(test_cross_byte_for_byte),
        cmocka_unit_test(test_cross_verifies),
        cmocka_unit_test(test_rollover_new_with_old),
        cmocka_unit_test(test_rollover_old_with_new),
    };

    return cmocka_run_group_tests_name("authority-kinds", tests, make_world,
                                       free_world);
}
