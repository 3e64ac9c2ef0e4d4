/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "tests/unit/ca/make.h"

/* What a ceremony's request can bring about is tried with the files of
 * tests/data/bad; here is the rest. */

#define SERVER_AUTH "1.3.6.1.5.5.7.3.1"

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
    args.spki = &key.spki;
    args.subject.n = 0;
    refused(&args, "cross-certificate: the public key is not that of the "
                   "existing certificate \"CN=Inter\" (RFC 5280 4.2.1.2)");
    args = good();
    args.kind = CA_AUTHORITY_ROLLOVER;
    refused(&args, "rollover: subject given, but it is taken from the issuer, "
                   "byte for byte");
}

static void test_root(void **state)
{
    struct ca_authority_args args = good();

    (void)state;
    args.kind = CA_AUTHORITY_ROOT;
    args.issuer = NULL;
    args.eku = SERVER_ONLY;
    args.n_eku = 1;
    refused(&args, "\"CN=New\": extended key usage: a root has none "
                   "(BR 7.1.2.1.2)");
    args.n_eku = 0;
    args.technically_constrained = true;
    refused(&args, "\"CN=New\": technically constrained: a root cannot be "
                   "(BR 7.1.2.5)");
}

/* --- path length ---------------------------------------------------------- */

/* A rollover takes no room. */
static void test_rollover_of_path_length_zero(void **state)
{
    struct ca_authority_args args = good_low();
    struct make_ca low;

    (void)state;
    make_ca(&args, &inter, &low);
    args.issuer = low.issuer;
    args.kind = CA_AUTHORITY_ROLLOVER;
    args.subject.n = 0;
    accepted(&args);
    make_ca_done(&low);
}

/* --- name constraints ----------------------------------------------------- */

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

/* --- key, key identifier and subject -------------------------------------- */

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
    args.subject = kit_dn(&arena, "Inter"); /* a renewal */
    accepted(&args);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_kind),
        cmocka_unit_test(test_root),
        cmocka_unit_test(test_rollover_of_path_length_zero),
        cmocka_unit_test(test_open_forms),
        cmocka_unit_test(test_known),
    };

    return cmocka_run_group_tests_name("authority-rules", tests, make_world,
                                       free_world);
}
