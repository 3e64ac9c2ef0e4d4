/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "tests/unit/ca/relaxed.h"

/* Where ca/ and OpenSSL 3.0 differ about a chain, or could be expected to: one
 * case per class of docs/path-validation.md. */

static struct sg_arena arena;
static struct kit_key root_key, ca_key, leaf_key;

static int make_world(void **state)
{
    (void)state;
    sg_arena_init(&arena, (size_t)4 << 20);
    kit_key_new(&root_key, CA_KEY_EC_P256, 0);
    kit_key_new(&ca_key, CA_KEY_EC_P256, 0);
    kit_key_new(&leaf_key, CA_KEY_EC_P256, 0);
    return 0;
}

static int free_world(void **state)
{
    (void)state;
    kit_key_done(&root_key);
    kit_key_done(&ca_key);
    kit_key_done(&leaf_key);
    sg_arena_done(&arena);
    return 0;
}

/* Leaf, issuing CA, root. */
struct chain {
    struct relaxed cert[3];
    struct ca_constraints nc; /* the issuing CA's, when there are any */
    struct ca_sans sans;      /* the leaf's */
};

static struct chain good(void)
{
    struct sg_slice root = relaxed_name(&arena, "Root");
    struct sg_slice ca = relaxed_name(&arena, "Issuing");
    struct sg_slice leaf = relaxed_name(&arena, "Leaf");

    return (struct chain){ .cert = { { .key = &leaf_key,
                                       .signer = &ca_key,
                                       .subject = leaf,
                                       .issuer = ca },
                                     { .key = &ca_key,
                                       .signer = &root_key,
                                       .subject = ca,
                                       .issuer = root,
                                       .ca = true },
                                     { .key = &root_key,
                                       .signer = &root_key,
                                       .subject = root,
                                       .issuer = root,
                                       .ca = true } } };
}

#define GOOD NULL
static const char NOT_ASKED[] = "not asked";

static void same_text(const char *who, const char *got, const char *want)
{
    bool same =
        got != NULL && want != NULL ? strstr(got, want) != NULL : got == want;

    if (!same)
        fail_msg("%s: %s, not %s", who, got != NULL ? got : "good",
                 want != NULL ? want : "good");
}

static void expect3(struct chain *c, const char *openssl, const char *ours,
                    const char *lint)
{
    struct sg_buf der[3];
    struct sg_err err = { 0 };
    char text[512];

    if (c->nc.permitted.n + c->nc.excluded.n > 0)
        c->cert[1].constraints = &c->nc;
    c->cert[0].sans = &c->sans;
    for (size_t i = 0; i < 3; i++)
        relaxed_make(&c->cert[i], &der[i]);
    same_text("openssl", relaxed_openssl(der, 3), openssl);
    if (ours != NOT_ASKED)
        same_text("ca", relaxed_ours(der, 3, &err), ours);
    if (lint != NOT_ASKED)
        same_text("lint", relaxed_lint(der, 3, text, sizeof text), lint);
    for (size_t i = 0; i < 3; i++)
        sg_buf_done(&der[i]);
}

static void expect(struct chain *c, const char *openssl, const char *ours)
{
    expect3(c, openssl, ours, NOT_ASKED);
}

static void permit(struct chain *c, enum ca_san_kind kind, const char *text)
{
    struct sg_err err = { 0 };

    kit_ok(&err, ca_subtrees_add(&arena, &c->nc.permitted, kind, text, &err));
}

static void exclude(struct chain *c, enum ca_san_kind kind, const char *text)
{
    struct sg_err err = { 0 };

    kit_ok(&err, ca_subtrees_add(&arena, &c->nc.excluded, kind, text, &err));
}

static void add_dns(struct chain *c, const char *dns)
{
    struct sg_err err = { 0 };

    kit_ok(&err, ca_sans_add_dns(&arena, &c->sans, kit_slice(dns), &err));
}

static void add_uri(struct chain *c, const char *uri)
{
    struct sg_err err = { 0 };

    kit_ok(&err, ca_sans_add_uri(&arena, &c->sans, kit_slice(uri), &err));
}

/* A Name of one O, in any string type. */
static struct sg_slice organization(const char *value, uint8_t tag)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf out;
    struct sg_err err = { 0 };
    struct sg_derw w;

    sg_buf_init(&out, 256);
    sg_derw_init(&w, &out);
    size_t name = sg_derw_begin(&w, SG_DER_SEQUENCE);
    size_t set = sg_derw_begin(&w, SG_DER_SET);
    size_t pair = sg_derw_begin(&w, SG_DER_SEQUENCE);
    sg_derw_oid(&w, ca_oid(CA_OID_AT_O));
    sg_derw_tlv(&w, tag, kit_slice(value));
    sg_derw_end(&w, pair);
    sg_derw_end(&w, set);
    sg_derw_end(&w, name);
    kit_ok(&err, sg_derw_finish(&w, &err));
    return sg_arena_copy(&arena, sg_buf_slice(&out));
}

static void test_good(void **state)
{
    struct chain c = good();

    (void)state;
    add_dns(&c, "www.example.com");
    expect(&c, GOOD, GOOD);
    permit(&c, CA_SAN_DNS, "example.com");
    expect(&c, GOOD, GOOD);
    exclude(&c, CA_SAN_DNS, "www.example.com");
    expect(&c, "excluded subtree violation", "lies in the excluded subtree");
}

/* --- ca/ is stricter ------------------------------------------------------ */

/* CVE-2025-61727: verifiers differ, so there is no such certificate. */
static void test_wildcard_over_excluded(void **state)
{
    struct chain c = good();

    (void)state;
    exclude(&c, CA_SAN_DNS, "secret.example.com");
    add_dns(&c, "*.example.com");
    expect3(&c, GOOD, "covers names of the excluded subtree",
            "pair_nc_wildcard");
}

/* OpenSSL takes the CN for a host name only when there is no DNS SAN. */
static void test_common_name_beside_a_san(void **state)
{
    struct chain c = good();

    (void)state;
    permit(&c, CA_SAN_DNS, "example.com");
    c.cert[0].subject = relaxed_name(&arena, "www.example.org");
    expect(&c, "permitted subtree violation", "common name");
    add_dns(&c, "www.example.com");
    expect3(&c, GOOD, "common name", "pair_nc_names");
}

/* Without a DNS name in the subjectAltName OpenSSL holds a CN that is a host
 * name with a dot; ca/ and the token process hold all of these and what looks
 * alike. A CN that no verifier takes for a host's is nobody's business: RFC
 * 5280 4.2.1.10 does not speak of it. */
static void test_common_names_without_a_san(void **state)
{
    static const char OUTSIDE[] = "permitted subtree violation";
    static const struct {
        const char *cn, *openssl, *ours;
    } cases[] = {
        { "www.example.com", GOOD, GOOD },
        { "www.example.org", OUTSIDE, "common name" },
        { "WWW.EXAMPLE.ORG", OUTSIDE, "common name" },
        { "a_b.example.org", OUTSIDE, "common name" },
        { "10.0.0.1", OUTSIDE, "common name" },
        { "1.2", OUTSIDE, "common name" },
        /* ca/ alone: what some client might match */
        { "*.example.org", GOOD, "common name" },
        { "www..example.org", GOOD, "common name" },
        { "-www.example.org", GOOD, "common name" },
        { "www-.example.org", GOOD, "common name" },
        { ".example.org", GOOD, "common name" },
        { "www.example.org.", GOOD, "common name" },
        /* neither */
        { "Alice", GOOD, GOOD },
        { "localhost", GOOD, GOOD },
        { "web server", GOOD, GOOD },
        { "Example Ltd.", GOOD, GOOD },
        { "www.example.org/", GOOD, GOOD },
        { "www.example.org:443", GOOD, GOOD },
        { "spiffe://example.org/x", GOOD, GOOD },
        { "w\xc3\xbcw.example.org", GOOD, GOOD },
        { "2001:db8::1", GOOD, GOOD },
    };

    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(cases); i++) {
        struct chain c = good();

        permit(&c, CA_SAN_DNS, "example.com");
        c.cert[0].subject = relaxed_name(&arena, cases[i].cn);
        expect(&c, cases[i].openssl, cases[i].ours);
    }
}

/* RFC 5280 7.1 lets names match that are not the same octets. */
static void test_issuer_name_alike(void **state)
{
    struct chain c = good();

    (void)state;
    c.cert[1].subject = organization("Example", SG_DER_UTF8_STRING);
    c.cert[0].issuer = c.cert[1].subject;
    expect(&c, GOOD, GOOD);
    c.cert[0].issuer = organization("EXAMPLE", SG_DER_PRINTABLE_STRING);
    expect(&c, GOOD, "octet for octet");
}

static void test_one_key_twice(void **state)
{
    struct chain c = good();

    (void)state;
    c.cert[1].key = &root_key;
    c.cert[0].signer = &root_key;
    expect(&c, GOOD, "above: a self-signed certificate stands last");
}

/* Permitted is read to the letter, excluded widely. */
static void test_directory_name_alike(void **state)
{
    struct chain c = good();

    (void)state;
    permit(&c, CA_SAN_DIRECTORY, "O=Example");
    c.cert[0].subject = organization("Example", SG_DER_UTF8_STRING);
    expect(&c, GOOD, GOOD);
    c.cert[0].subject = organization("EXAMPLE", SG_DER_PRINTABLE_STRING);
    expect(&c, GOOD, "lies in no permitted subtree");
    c.nc = (struct ca_constraints){ 0 };
    exclude(&c, CA_SAN_DIRECTORY, "O=Example");
    expect3(&c, "excluded subtree violation", "lies in the excluded subtree",
            "pair_nc_names");
    c.cert[0].subject = organization(" example ", SG_DER_UTF8_STRING);
    expect3(&c, "excluded subtree violation", "lies in the excluded subtree",
            "pair_nc_names");
}

/* Old verifiers take an address in the CN for one of the certificate's. */
static void test_common_name_is_an_address(void **state)
{
    struct chain c = good();

    (void)state;
    c.cert[0].subject = relaxed_name(&arena, "192.0.2.1");
    exclude(&c, CA_SAN_IP, "198.51.100.0/24");
    expect3(&c, GOOD, GOOD, GOOD);
    exclude(&c, CA_SAN_IP, "192.0.2.0/24");
    expect3(&c, GOOD, "common name \"192.0.2.1\" lies in the excluded subtree",
            "pair_nc_names");
}

/* x509-limbo: rfc5280::nc::nc-permits-invalid-dns-san. */
static void test_empty_label(void **state)
{
    static const char *const names[] = { ".example.com", "a..example.com",
                                         "www.example.com." };

    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(names); i++) {
        struct chain c = good();
        struct sg_err err = { 0 };
        permit(&c, CA_SAN_DNS, "example.com");
        kit_ok(&err,
               ca_sans_add_dns_lax(&arena, &c.sans, kit_slice(names[i]), &err));
        /* the trailing dot alone makes OpenSSL see another name */
        expect3(&c, i == 2 ? "permitted subtree violation" : GOOD,
                "has no host name to hold against", "pair_nc_names");
    }
}

/* A host that is an address is no name: whatever is excluded, it could be. */
static void test_uri_without_a_name(void **state)
{
    struct chain c = good();

    (void)state;
    exclude(&c, CA_SAN_URI, "example.org");
    add_uri(&c, "http://192.0.2.1/");
    expect(&c, GOOD, "has no host name to hold against the constraints");
    c.sans = (struct ca_sans){ 0 };
    add_uri(&c, "urn:example:1");
    expect(&c, "unsupported or invalid name syntax",
           "has no host name to hold against the constraints");
}

/* OpenSSL compares "u@www.example.org". */
static void test_uri_with_user_information(void **state)
{
    struct chain c = good();

    (void)state;
    exclude(&c, CA_SAN_URI, "www.example.org");
    add_uri(&c, "https://u@www.example.org/");
    expect3(&c, GOOD, "lies in the excluded subtree", "pair_nc_names");
    c = good();
    exclude(&c, CA_SAN_URI, "example.net");
    c.sans = (struct ca_sans){ 0 };
    add_uri(&c, "https://u@www.example.org/");
    expect3(&c, GOOD, "has user information, which verifiers read otherwise",
            GOOD);
}

/* --- constraints that are malformed --------------------------------------- */

#define RAW(text) SG_SLICE((const uint8_t *)(text), sizeof(text) - 1)

static void test_malformed_constraints(void **state)
{
    struct chain c = good();

    (void)state;
    add_dns(&c, "www.example.com");
    c.cert[1].raw_constraints = RAW("\x30\x12\xa0\x10\x30\x0e\x82\x0c"
                                    ".example.com");
    expect(&c, GOOD, "leading dot");
    c.cert[1].raw_constraints = RAW("\x30\x0e\xa0\x0c\x30\x0a\x87\x08"
                                    "\x0a\x00\x00\x00\xff\x00\xff\x00");
    expect(&c, GOOD, "mask is not contiguous");
    c.cert[1].raw_constraints = RAW("\x30\x08\xa0\x06\x30\x04\x88\x02\x2a\x03");
    expect(&c, GOOD, "names of tag 0x88 are not accepted");
    c.cert[1].raw_constraints = RAW("\x30\x14\xa0\x12\x30\x10\x82\x0b"
                                    "example.com\x80\x01\x01");
    expect(&c, "name constraints minimum and maximum not supported",
           "minimum or maximum in a subtree");
    c.cert[1].raw_constraints = RAW("\x30\x00");
    expect(&c, GOOD, "neither permitted nor excluded subtrees");
}

/* --- OpenSSL is stricter -------------------------------------------------- */

/* RFC 5280 compares no otherName, and lets a verifier refuse what it cannot
 * compare. Windows compares user principal names, and so does ca/. */
static void test_user_principal_name(void **state)
{
    struct chain c = good();
    struct sg_err err = { 0 };

    (void)state;
    permit(&c, CA_SAN_OTHER, "example.com");
    add_dns(&c, "www.example.com");
    expect(&c, GOOD, GOOD); /* there is none to compare */
    kit_ok(&err, ca_sans_add_other(&arena, &c.sans, "1.3.6.1.4.1.311.20.2.3",
                                   kit_slice("ann@example.com"), &err));
    expect(&c, "unsupported name constraint type", GOOD);
}

/* --- where they could be expected to differ ------------------------------- */

/* A permitted IPv4 range alone refuses every IPv6 address; excluded ones are
 * apart. */
static void test_two_ip_families(void **state)
{
    struct chain c = good();
    struct sg_err err = { 0 };

    (void)state;
    kit_ok(&err,
           ca_sans_add_ip(&arena, &c.sans, kit_slice("2001:db8::1"), &err));
    permit(&c, CA_SAN_IP, "0.0.0.0/0");
    expect(&c, "permitted subtree violation", "lies in no permitted subtree");
    c.nc = (struct ca_constraints){ 0 };
    exclude(&c, CA_SAN_IP, "0.0.0.0/0");
    expect(&c, GOOD, GOOD);
}

/* Self-issued certificates are counted by no path length, and held by no
 * constraint, but the leaf is. */
static void test_self_issued(void **state)
{
    struct chain c = good();

    (void)state;
    c.cert[2].path_length = 1; /* 0 */
    expect(&c, "path length constraint exceeded", "path length 0");
    c.cert[1].subject = c.cert[2].subject;
    c.cert[0].issuer = c.cert[1].subject;
    expect(&c, GOOD, GOOD);
    exclude(&c, CA_SAN_DIRECTORY, "CN=Root");
    c.cert[2].constraints = &c.nc;
    expect(&c, GOOD, GOOD);
    c.cert[0].subject = c.cert[1].subject;
    expect(&c, "excluded subtree violation", "lies in the excluded subtree");
}

/* The same for a wildcard among its own names. */
static void test_self_issued_wildcard(void **state)
{
    struct chain c = good();
    struct ca_sans sans = { 0 };
    struct sg_err err = { 0 };

    (void)state;
    kit_ok(&err,
           ca_sans_add_dns(&arena, &sans, kit_slice("*.example.com"), &err));
    exclude(&c, CA_SAN_DNS, "secret.example.com");
    c.cert[2].constraints = &c.nc;
    c.cert[1].sans = &sans;
    expect3(&c, GOOD, "covers names of the excluded subtree",
            "pair_nc_wildcard");
    c.cert[1].subject = c.cert[2].subject;
    c.cert[0].issuer = c.cert[1].subject;
    expect3(&c, GOOD, GOOD, GOOD);
}

/* A CA's CN is never a host name. */
static void test_common_name_of_a_ca(void **state)
{
    struct chain c = good();

    (void)state;
    permit(&c, CA_SAN_DNS, "example.com");
    c.cert[2].constraints = &c.nc;
    c.cert[1].subject = relaxed_name(&arena, "ca.example.org");
    c.cert[0].issuer = c.cert[1].subject;
    expect(&c, GOOD, GOOD);
}

/* No path validation asks this; ca_leaf_tbs() does, with a rule of its own. */
/* NIST PKITS 4.6.8, x509-limbo pathlen::validation-ignores-pathlen-in-leaf: the
 * last certificate is not counted, so the CA below a path length of 0 is valid
 * itself, and good for nothing. ca/ does not make it (test-authority-rules). */
static void test_ca_below_path_length_0(void **state)
{
    struct chain c = good();

    (void)state;
    c.cert[1].path_length = 1; /* 0 */
    expect3(&c, GOOD, GOOD, GOOD);
    c.cert[0].ca = true;
    expect3(&c, GOOD, NOT_ASKED, "pair_path_length");
}

static void test_leaf_outlives_its_issuer(void **state)
{
    struct chain c = good();

    (void)state;
    c.cert[0].not_after = KIT_NOW + 2 * KIT_YEAR;
    expect(&c, GOOD, GOOD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_wildcard_over_excluded),
        cmocka_unit_test(test_common_name_beside_a_san),
        cmocka_unit_test(test_common_names_without_a_san),
        cmocka_unit_test(test_issuer_name_alike),
        cmocka_unit_test(test_one_key_twice),
        cmocka_unit_test(test_directory_name_alike),
        cmocka_unit_test(test_common_name_is_an_address),
        cmocka_unit_test(test_empty_label),
        cmocka_unit_test(test_uri_without_a_name),
        cmocka_unit_test(test_uri_with_user_information),
        cmocka_unit_test(test_malformed_constraints),
        cmocka_unit_test(test_user_principal_name),
        cmocka_unit_test(test_two_ip_families),
        cmocka_unit_test(test_self_issued),
        cmocka_unit_test(test_self_issued_wildcard),
        cmocka_unit_test(test_common_name_of_a_ca),
        cmocka_unit_test(test_ca_below_path_length_0),
        cmocka_unit_test(test_leaf_outlives_its_issuer),
    };

    return cmocka_run_group_tests_name("verdicts", tests, make_world,
                                       free_world);
}
