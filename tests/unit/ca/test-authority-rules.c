/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "tests/unit/ca/make.h"

#define SERVER_AUTH "1.3.6.1.5.5.7.3.1"
#define CLIENT_AUTH "1.3.6.1.5.5.7.3.2"
#define EMAIL "1.3.6.1.5.5.7.3.4"
#define OCSP_SIGNING "1.3.6.1.5.5.7.3.9"
#define ANY "2.5.29.37.0"

/* A root without limits, and below it an intermediate for serverAuth that
 * permits example.com; path length 1. */
static struct sg_arena arena;
static struct make_ca root, inter;
static struct kit_key key;

static struct ca_authority_args args_of(const char *cn)
{
    return (struct ca_authority_args){
        .alg = CA_SIGALG_ECDSA_SHA256,
        .serial = { kit_serial, sizeof kit_serial },
        .subject = kit_dn(&arena, cn),
        .spki = &key.spki,
        .not_before = KIT_NOW,
        .not_after = KIT_NOW + KIT_YEAR,
    };
}

static void add_tree(struct ca_subtrees *trees, enum ca_san_kind kind,
                     const char *text)
{
    struct sg_err err = { 0 };

    kit_ok(&err, ca_subtrees_add(&arena, trees, kind, text, &err));
}

static const char *const SERVER_ONLY[] = { SERVER_AUTH };

static int make_world(void **state)
{
    struct ca_authority_args args;
    struct ca_constraints nc = { 0 };

    (void)state;
    sg_arena_init(&arena, (size_t)1 << 20);
    kit_key_new(&key, CA_KEY_EC_P256, 0);
    args = args_of("Root");
    make_ca(&args, NULL, &root);
    args = args_of("Inter");
    args.has_path_length = true;
    args.path_length = 1;
    args.eku = SERVER_ONLY;
    args.n_eku = 1;
    add_tree(&nc.permitted, CA_SAN_DNS, "example.com");
    args.constraints = &nc;
    make_ca(&args, &root, &inter);
    return 0;
}

static int free_world(void **state)
{
    (void)state;
    make_ca_done(&inter);
    make_ca_done(&root);
    kit_key_done(&key);
    sg_arena_done(&arena);
    return 0;
}

/* Below the root: only what a test changes can be wrong. */
static struct ca_authority_args good(void)
{
    struct ca_authority_args args = args_of("New");

    args.kind = CA_AUTHORITY_INTERMEDIATE;
    args.issuer = root.issuer;
    return args;
}

/* The same below the intermediate. */
static struct ca_authority_args good_low(void)
{
    struct ca_authority_args args = good();

    args.issuer = inter.issuer;
    args.has_path_length = true;
    args.eku = SERVER_ONLY;
    args.n_eku = 1;
    return args;
}

static void accepted(const struct ca_authority_args *args)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf out;
    struct sg_err err = { 0 };

    sg_buf_init(&out, CA_CERT_MAX);
    kit_ok(&err, ca_authority_tbs(args, &out, &err));
}

static void refused(const struct ca_authority_args *args, const char *text)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf out;
    struct sg_err err = { 0 };

    sg_buf_init(&out, CA_CERT_MAX);
    kit_refused(&err, ca_authority_tbs(args, &out, &err), SG_POLICY, text);
    assert_int_equal(out.len, 0);
}

#define BELOW_ROOT "\"CN=New\" below \"CN=Root\": "
#define BELOW_INTER "\"CN=New\" below \"CN=Inter\": "

static struct ca_cert cert_of(const struct sg_buf *der)
{
    struct sg_err err = { 0 };
    struct ca_cert cert = { 0 };

    kit_ok(&err, ca_cert_parse(&arena, sg_buf_slice(der), &cert, &err));
    return cert;
}

/* --- kinds and their arguments -------------------------------------------- */

static void test_good(void **state)
{
    struct ca_authority_args args = good();

    (void)state;
    accepted(&args);
    args = good_low();
    accepted(&args);
    args.kind = CA_AUTHORITY_UNSET;
    accepted(&args);
    args = good();
    args.kind = CA_AUTHORITY_ROOT;
    args.issuer = NULL;
    accepted(&args);
}

static void test_kind(void **state)
{
    struct ca_cert existing = cert_of(&inter.der);
    struct ca_authority_args args = good();

    (void)state;
    args.kind = CA_AUTHORITY_ROOT;
    refused(&args, "root: is self-signed and has no issuer");
    args = good();
    args.issuer = NULL;
    refused(&args, "intermediate: needs an issuer");
    args = good();
    args.existing = &existing;
    refused(&args,
            "intermediate: takes nothing from a certificate that exists");
    args = good();
    args.spki = NULL;
    refused(&args, "intermediate: no public key");
    args = good();
    args.kind = CA_AUTHORITY_CROSS;
    args.subject.n = 0;
    refused(&args, "cross-certificate: needs the certificate that exists");
    args = good();
    args.kind = CA_AUTHORITY_CROSS;
    args.existing = &existing;
    refused(&args, "cross-certificate: subject given, but it is taken from "
                   "the certificate that exists, byte for byte");
    args = good();
    args.kind = CA_AUTHORITY_ROLLOVER;
    refused(&args, "rollover: subject given, but it is taken from the issuer, "
                   "byte for byte");
}

/* --- purposes ------------------------------------------------------------- */

static void test_purposes(void **state)
{
    static const char *const ocsp[] = { SERVER_AUTH, OCSP_SIGNING };
    static const char *const any[] = { ANY };
    static const char *const twice[] = { SERVER_AUTH, SERVER_AUTH };
    static const char *const many[CA_OIDS_MAX + 1] = { SERVER_AUTH };
    struct ca_authority_args args = good();

    (void)state;
    args.eku = ocsp;
    args.n_eku = 2;
    refused(&args, "extended key usage: OCSPSigning in a CA certificate "
                   "(RFC 6960 4.2.2.2, BR 7.1.2.10.6)");
    args.eku = any;
    args.n_eku = 1;
    refused(&args, "extended key usage: anyExtendedKeyUsage in a CA "
                   "certificate: leave the extension out instead "
                   "(BR 7.1.2.10.6)");
    args.eku = twice;
    args.n_eku = 2;
    refused(&args, "extended key usage: " SERVER_AUTH " given twice");
    args.eku = many;
    args.n_eku = SG_ARRAY_LEN(many);
    refused(&args, "extended key usage: 33 purposes, at most 32");
    args = good();
    args.kind = CA_AUTHORITY_ROOT;
    args.issuer = NULL;
    args.eku = SERVER_ONLY;
    args.n_eku = 1;
    refused(&args, "extended key usage: a root has none (BR 7.1.2.1.2)");
}

static void test_purposes_nest(void **state)
{
    static const char *const both[] = { SERVER_AUTH, CLIENT_AUTH };
    struct ca_authority_args args = good_low();

    (void)state;
    args.n_eku = 0;
    refused(&args, BELOW_INTER "extended key usage: none, although "
                               "\"CN=Inter\" is limited to some "
                               "(RFC 5280 4.2.1.12, BR 7.1.2.10.6)");
    args.eku = both;
    args.n_eku = 2;
    refused(&args, BELOW_INTER "extended key usage: clientAuth is not among "
                               "those of \"CN=Inter\" (RFC 5280 4.2.1.12, "
                               "BR 7.1.2.10.6)");
}

/* The limit stands two CAs above. */
static void test_purposes_of_the_chain(void **state)
{
    static const char *const client[] = { CLIENT_AUTH };
    struct make_ca low;
    struct ca_authority_args args = good_low();
    SG_CLEANUP(sg_buf_done) struct sg_buf der;
    SG_CLEANUP(ca_issuer_free) struct ca_issuer *issuer = NULL;

    (void)state;
    kit_key_new(&low.key, CA_KEY_EC_P256, 0);
    kit_cert_make(&(struct kit_cert){ .key = &low.key,
                                      .signer = &inter.key,
                                      .subject = "Low",
                                      .issuer = "Inter",
                                      .not_before = KIT_NOW,
                                      .path_length = 2 },
                  &der);
    issuer =
        kit_issuer((const struct sg_buf *[]){ &der, &inter.der, &root.der }, 3);
    args.issuer = issuer;
    args.eku = client;
    args.has_path_length = false;
    refused(&args, "\"CN=New\" below \"CN=Low\": path length: must carry path "
                   "length <= 0, since \"CN=Low\" has path length 1 "
                   "(RFC 5280 4.2.1.9)");
    args.has_path_length = true;
    refused(&args, "\"CN=New\" below \"CN=Low\": path length: \"CN=Inter\" "
                   "with path length 1 allows no CA certificate here "
                   "(RFC 5280 4.2.1.9)");
    args.kind = CA_AUTHORITY_ROLLOVER; /* not counted: the next rule speaks */
    args.subject.n = 0;
    refused(&args, "\"CN=Low\" below \"CN=Low\": extended key usage: "
                   "clientAuth is not among those of \"CN=Inter\" "
                   "(RFC 5280 4.2.1.12, BR 7.1.2.10.6)");
    kit_key_done(&low.key);
}

/* --- policies and URLs ---------------------------------------------------- */

static void test_policies_and_urls(void **state)
{
    static const struct ca_policy bad = { .oid = "1.2.3", .cps = "cps" };
    static const char *const urls[] = { "ftp://example.com/x.crl" };
    struct ca_authority_args args = good();

    (void)state;
    args.policies = &bad;
    args.n_policies = 1;
    refused(&args, "policy CPS \"cps\": scheme must be http or https "
                   "(RFC 5280 4.2.1.6)");
    args.n_policies = CA_OIDS_MAX + 1;
    refused(&args, "policies: 33, at most 32");
    args = good();
    args.crl_distribution_points = (struct ca_texts){ urls, 1 };
    refused(&args, "CRL distribution point URL \"ftp://example.com/x.crl\": "
                   "scheme must be http, https or ldap (RFC 5280 4.2.1.6)");
}

/* --- path length ---------------------------------------------------------- */

static void test_rollover_path_length(void **state)
{
    struct ca_authority_args args = good_low();

    (void)state;
    args.kind = CA_AUTHORITY_ROLLOVER;
    args.subject.n = 0;
    args.path_length = 1; /* as much as the issuer has */
    accepted(&args);
    args.path_length = 2;
    refused(&args, "\"CN=Inter\" below \"CN=Inter\": path length: must carry "
                   "path length <= 1, since \"CN=Inter\" has path length 1 "
                   "(RFC 5280 4.2.1.9)");
    args.has_path_length = false;
    refused(&args, "\"CN=Inter\" below \"CN=Inter\": path length: must carry "
                   "path length <= 1, since \"CN=Inter\" has path length 1 "
                   "(RFC 5280 4.2.1.9)");
}

static void test_path_length_zero(void **state)
{
    struct ca_authority_args args = good_low();
    struct make_ca low;

    (void)state;
    make_ca(&args, &inter, &low);
    args.issuer = low.issuer;
    args.subject = kit_dn(&arena, "Lower");
    refused(&args, "\"CN=Lower\" below \"CN=New\": path length: \"CN=New\" "
                   "with path length 0 allows no CA certificate here "
                   "(RFC 5280 4.2.1.9)");
    args.kind = CA_AUTHORITY_ROLLOVER;
    args.subject.n = 0;
    accepted(&args);
    make_ca_done(&low);
}

/* --- name constraints ----------------------------------------------------- */

static void test_constraints_subset(void **state)
{
    struct ca_authority_args args = good_low();
    struct ca_constraints nc = { 0 };

    (void)state;
    args.constraints = &nc;
    add_tree(&nc.permitted, CA_SAN_DNS, "a.example.com");
    add_tree(&nc.excluded, CA_SAN_DNS, "example.org");
    accepted(&args);
    add_tree(&nc.permitted, CA_SAN_DNS, "example.org");
    refused(&args, BELOW_INTER "name constraints: permitted DNS:example.org "
                               "is wider than what \"CN=Inter\" permits "
                               "(RFC 5280 4.2.1.10)");
}

static void test_open_forms(void **state)
{
    static const char *const want[] = { "IPv4 addresses",  "IPv6 addresses",
                                        "email addresses", "URIs",
                                        "directory names", "otherNames" };
    struct ca_authority_args args = good_low();
    struct ca_constraints nc = { 0 };
    struct ca_warnings warnings;

    (void)state;
    ca_authority_warn(&args, &warnings);
    assert_int_equal(warnings.n, 0); /* nothing is constrained */
    args.constraints = &nc;
    add_tree(&nc.excluded, CA_SAN_URI, "x.example");
    ca_authority_warn(&args, &warnings); /* DNS: by the issuer */
    assert_int_equal(warnings.n, 5);
    nc = (struct ca_constraints){ 0 };
    add_tree(&nc.permitted, CA_SAN_DNS, "a.example.com");
    ca_authority_warn(&args, &warnings);
    assert_int_equal(warnings.n, SG_ARRAY_LEN(want));
    for (size_t i = 0; i < SG_ARRAY_LEN(want); i++) {
        char text[CA_WARNING_MAX];

        (void)snprintf(text, sizeof text,
                       "name constraints: %s are left open: no subtree here "
                       "or above names them (RFC 5280 4.2.1.10)",
                       want[i]);
        assert_string_equal(warnings.text[i], text);
    }
}

#define TECHNICAL "technically constrained: "

static void test_technically_constrained(void **state)
{
    static const char *const purposes[] = { SERVER_AUTH, EMAIL };
    struct ca_authority_args args = good();
    struct ca_constraints nc = { 0 };

    (void)state;
    args.technically_constrained = true;
    refused(&args, TECHNICAL "no name constraints (BR 7.1.2.5)");
    args.constraints = &nc;
    refused(&args, TECHNICAL "no extended key usage (BR 7.1.2.5)");
    args.eku = purposes;
    args.n_eku = 2;
    refused(&args, TECHNICAL "the name constraints leave DNS names open "
                             "(BR 7.1.2.5)");
    add_tree(&nc.permitted, CA_SAN_DNS, "example.com");
    refused(&args, TECHNICAL "the name constraints leave IPv4 addresses open "
                             "(BR 7.1.2.5)");
    add_tree(&nc.excluded, CA_SAN_IP, "0.0.0.0/0");
    refused(&args, TECHNICAL "the name constraints leave IPv6 addresses open "
                             "(BR 7.1.2.5)");
    add_tree(&nc.excluded, CA_SAN_IP, "::/0");
    refused(&args, TECHNICAL "the name constraints leave email addresses open "
                             "(BR 7.1.2.5)");
    add_tree(&nc.permitted, CA_SAN_EMAIL, "example.com");
    refused(&args, TECHNICAL "no directory name is permitted (BR 7.1.2.5)");
    add_tree(&nc.excluded, CA_SAN_DIRECTORY, "O=Other");
    refused(&args, TECHNICAL "no directory name is permitted (BR 7.1.2.5)");
    add_tree(&nc.permitted, CA_SAN_DIRECTORY, "O=Example");
    accepted(&args);
    args.kind = CA_AUTHORITY_ROOT;
    args.issuer = NULL;
    args.n_eku = 0;
    refused(&args, TECHNICAL "a root cannot be (BR 7.1.2.5)");
}

/* --- key, key identifier and subject -------------------------------------- */

static void test_key_of_the_chain(void **state)
{
    struct ca_authority_args args = good_low();

    (void)state;
    args.spki = &root.key.spki;
    refused(&args, BELOW_INTER "public key: is the key of the CA certificate "
                               "\"CN=Root\" (BR 6.1.1.3)");
}

static void test_subject_of_the_chain(void **state)
{
    struct ca_authority_args args = good_low();

    (void)state;
    args.subject = kit_dn(&arena, "root");
    refused(&args, "\"CN=root\" below \"CN=Inter\": subject: is that of "
                   "\"CN=Root\", whose key is another: only a rollover or "
                   "cross-certificate may have it (RFC 5280 4.2.1.2)");
}

/* Another key's identifier, taken over from what exists. */
static void test_key_id_of_the_chain(void **state)
{
    struct ca_cert existing = cert_of(&inter.der);
    struct ca_authority_args args = good();

    (void)state;
    existing.ski = ca_issuer_cert(root.issuer)->ski;
    existing.subject = SG_SLICE((const uint8_t *)"\x30\x0c\x31\x0a\x30\x08\x06"
                                                 "\x03\x55\x04\x03\x0c\x01X",
                                14);
    args.kind = CA_AUTHORITY_CROSS;
    args.existing = &existing;
    args.spki = NULL;
    args.subject.n = 0;
    refused(&args, "\"CN=X\" below \"CN=Root\": subject key identifier: is "
                   "that of \"CN=Root\", whose key is another "
                   "(RFC 5280 4.2.1.2)");
}

static void test_known(void **state)
{
    struct ca_cert cert = cert_of(&inter.der);
    const struct ca_cert *known[] = { &cert };
    struct ca_authority_args args = good();
    struct make_ca same;

    (void)state;
    args.known = known;
    args.n_known = 1;
    accepted(&args);
    args.spki = &inter.key.spki;
    refused(&args, "\"CN=New\": public key: is certified as \"CN=Inter\" "
                   "already: one key, one subject (RFC 5280 4.2.1.2)");
    args.subject = kit_dn(&arena, "Inter"); /* a renewal */
    accepted(&args);
    args.spki = &key.spki;
    refused(&args, "\"CN=Inter\": subject: is that of \"CN=Inter\", whose key "
                   "is another: only a rollover or cross-certificate may have "
                   "it (RFC 5280 4.2.1.2)");
    args.spki = &inter.key.spki;
    cert.ski = SG_SLICE(kit_serial, 8);
    refused(&args, "\"CN=Inter\": subject key identifier: the key has another "
                   "one in its certificate \"CN=Inter\" (RFC 5280 4.2.1.2); a "
                   "cross-certificate takes it over");
    args = good();
    args.kind = CA_AUTHORITY_ROOT;
    args.issuer = NULL;
    make_ca(&args, NULL, &same); /* same subject as the next, other key */
    cert = cert_of(&same.der);
    args.known = known;
    args.n_known = 1;
    refused(&args, "\"CN=New\": subject: is that of \"CN=New\", whose key is "
                   "another: only a rollover or cross-certificate may have it "
                   "(RFC 5280 4.2.1.2)");
    make_ca_done(&same);
}

/* --- cross-certificates and rollovers ------------------------------------- */

static void test_cross(void **state)
{
    struct ca_authority_args args = good();
    struct ca_cert existing;
    struct make_ca far;

    (void)state;
    args.issuer = NULL;
    args.kind = CA_AUTHORITY_ROOT;
    args.subject = kit_dn(&arena, "Far");
    make_ca(&args, NULL, &far);
    existing = cert_of(&far.der);
    args = good();
    args.kind = CA_AUTHORITY_CROSS;
    args.existing = &existing;
    args.spki = NULL;
    args.subject.n = 0;
    accepted(&args);
    args.not_before--;
    refused(&args, "\"CN=Far\" below \"CN=Root\": notBefore "
                   "2026-09-21T14:13:19Z is earlier than the issuer's "
                   "2026-09-21T14:13:20Z (RFC 5280 6.1.3 (a)(2))");
    args.not_before++;
    existing.not_before++;
    refused(&args, "\"CN=Far\" below \"CN=Root\": notBefore "
                   "2026-09-21T14:13:20Z is earlier than the existing "
                   "certificate's 2026-09-21T14:13:21Z (BR 7.1.2.2.1)");
    existing.not_before--;
    args.spki = &key.spki;
    refused(&args, "cross-certificate: the public key is not that of the "
                   "existing certificate");
    args.spki = NULL;
    existing.is_ca = false;
    refused(&args, "cross-certificate: the existing certificate is not a "
                   "CA's (RFC 5280 4.2.1.9)");
    existing.is_ca = true;
    existing.ski.len = 0;
    refused(&args, "cross-certificate: the existing certificate has no "
                   "subjectKeyIdentifier of 1 to 64 octets "
                   "(RFC 5280 4.2.1.2)");
    make_ca_done(&far);
}

static void test_cross_is_no_rollover(void **state)
{
    struct ca_cert existing = cert_of(&inter.der);
    struct ca_authority_args args = good();

    (void)state;
    existing.subject = ca_issuer_cert(root.issuer)->subject;
    args.kind = CA_AUTHORITY_CROSS;
    args.existing = &existing;
    args.spki = NULL;
    args.subject.n = 0;
    refused(&args, "\"CN=Root\" below \"CN=Root\": subject: is the issuer's "
                   "own name \"CN=Root\", and self-issued certificates escape "
                   "path lengths (RFC 5280 4.2.1.9)");
}

static void test_rollover(void **state)
{
    struct ca_cert existing = cert_of(&inter.der);
    struct ca_authority_args args = good();

    (void)state;
    args.kind = CA_AUTHORITY_ROLLOVER;
    args.subject.n = 0;
    accepted(&args);
    args.spki = &root.key.spki;
    refused(&args, "\"CN=Root\" below \"CN=Root\": public key: is the key of "
                   "the CA certificate \"CN=Root\" (BR 6.1.1.3)");
    args.spki = NULL;
    args.existing = &existing;
    refused(&args, "\"CN=Root\" below \"CN=Root\": subject: the existing "
                   "certificate is not of the issuer's name, octet for octet "
                   "(RFC 5280 3.2)");
}

/* --- an issuer that may not sign ------------------------------------------ */

/* The intermediate with an extension that nobody knows in place of its AKI. */
static void test_unknown_critical(void **state)
{
    static const uint8_t aki[] = { 0x06, 0x03, 0x55, 0x1d, 0x23 };
    static const uint8_t unknown[] = { 0x06, 0x03, 0x55, 0x1d, 0x7f };
    SG_CLEANUP(sg_buf_done) struct sg_buf changed;
    SG_CLEANUP(sg_buf_done) struct sg_buf tbs;
    SG_CLEANUP(ca_issuer_free) struct ca_issuer *issuer = NULL;
    struct ca_cert cert = cert_of(&inter.der);
    struct sg_err err = { 0 };

    (void)state;
    sg_buf_init(&tbs, CA_CERT_MAX);
    sg_buf_init(&changed, CA_CERT_MAX);
    kit_ok(&err, sg_buf_put(&tbs, cert.tbs.p, cert.tbs.len, &err));
    uint8_t *at = memmem(tbs.data, tbs.len, aki, sizeof aki);
    assert_non_null(at);
    memcpy(at, unknown, sizeof unknown);
    /* OCTET STRING of 24 octets: BOOLEAN TRUE and one of 21 instead. */
    memcpy(at + sizeof aki, "\x01\x01\xff\x04\x15", 5);
    kit_sign(&root.key, CA_SIGALG_ECDSA_SHA256, sg_buf_slice(&tbs), &changed);
    struct sg_slice chain[] = { sg_buf_slice(&changed),
                                sg_buf_slice(&root.der) };
    struct ca_issuer_args args = { .chain = chain, .n = 2 };
    kit_refused(&err, ca_issuer_new(&args, KIT_NOW, &issuer, &err), SG_POLICY,
                "issuer chain: certificate 1: certificate: unknown critical "
                "extension 2.5.29.127 (RFC 5280 4.2)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_kind),
        cmocka_unit_test(test_purposes),
        cmocka_unit_test(test_purposes_nest),
        cmocka_unit_test(test_purposes_of_the_chain),
        cmocka_unit_test(test_policies_and_urls),
        cmocka_unit_test(test_rollover_path_length),
        cmocka_unit_test(test_path_length_zero),
        cmocka_unit_test(test_constraints_subset),
        cmocka_unit_test(test_open_forms),
        cmocka_unit_test(test_technically_constrained),
        cmocka_unit_test(test_key_of_the_chain),
        cmocka_unit_test(test_subject_of_the_chain),
        cmocka_unit_test(test_key_id_of_the_chain),
        cmocka_unit_test(test_known),
        cmocka_unit_test(test_cross),
        cmocka_unit_test(test_cross_is_no_rollover),
        cmocka_unit_test(test_rollover),
        cmocka_unit_test(test_unknown_critical),
    };

    return cmocka_run_group_tests_name("authority-rules", tests, make_world,
                                       free_world);
}
