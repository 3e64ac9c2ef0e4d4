/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "ca/constraints.h"
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

static void permit(struct ca_constraints *nc, enum ca_san_kind kind,
                   const char *text)
{
    t_ok(&err, ca_subtrees_add(&arena, &nc->permitted, kind, text, &err));
}

static void exclude(struct ca_constraints *nc, enum ca_san_kind kind,
                    const char *text)
{
    t_ok(&err, ca_subtrees_add(&arena, &nc->excluded, kind, text, &err));
}

/* A Name of one or two attributes. */
static struct sg_slice name_of(enum ca_attr a, const char *va, enum ca_attr b,
                               const char *vb)
{
    struct sg_buf out SG_CLEANUP(sg_buf_done);
    struct ca_dn dn = { 0 };

    t_ok(&err, ca_dn_add(&arena, &dn, a, sg_slice_str(va), &err));
    if (b != CA_ATTR_UNSET)
        t_ok(&err, ca_dn_add(&arena, &dn, b, sg_slice_str(vb), &err));
    sg_buf_init(&out, 1024);
    t_ok(&err, ca_dn_encode(&dn, &out, &err));
    return sg_arena_copy(&arena, sg_buf_slice(&out));
}

/* --- from people --------------------------------------------------------------- */

static void reads_subtrees_of_people(void **state)
{
    static const struct {
        enum ca_san_kind kind;
        const char *text, *hex;
    } GOOD[] = {
        { CA_SAN_DNS, "Example.COM", "65 78 61 6d 70 6c 65 2e 63 6f 6d" },
        { CA_SAN_DNS, "", "" },
        { CA_SAN_DNS, "bücher.de",
          "78 6e 2d 2d 62 63 68 65 72 2d 6b 76 61 2e 64 65" },
        { CA_SAN_EMAIL, "Ann@Ex.De", "41 6e 6e 40 65 78 2e 64 65" },
        { CA_SAN_EMAIL, ".Ex.de", "2e 65 78 2e 64 65" },
        { CA_SAN_EMAIL, "ex.de", "65 78 2e 64 65" },
        { CA_SAN_URI, ".ex.de", "2e 65 78 2e 64 65" },
        { CA_SAN_IP, "192.0.2.0/24", "c0 00 02 00 ff ff ff 00" },
        { CA_SAN_IP, "10.0.0.0/9", "0a 00 00 00 ff 80 00 00" },
        { CA_SAN_IP, "0.0.0.0/0", "00 00 00 00 00 00 00 00" },
        { CA_SAN_IP, "2001:db8::/32",
          "20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 00"
          "ff ff ff ff 00 00 00 00 00 00 00 00 00 00 00 00" },
        { CA_SAN_OTHER, ".Ex.de", "2e 65 78 2e 64 65" },
        { CA_SAN_OTHER, "1.2.3;UTF8:x", "78" },
        { CA_SAN_DIRECTORY, "O=E,C=DE",
          "30 19 31 0b 30 09 06 03 55 04 06 13 02 44 45"
          "31 0a 30 08 06 03 55 04 0a 0c 01 45" },
        { CA_SAN_DIRECTORY, "", "30 00" },
    };
    struct ca_subtrees trees = { 0 };

    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(GOOD); i++) {
        t_ok(&err,
             ca_subtrees_add(&arena, &trees, GOOD[i].kind, GOOD[i].text, &err));
        assert_int_equal(trees.n, i + 1);
        assert_int_equal(trees.tree[i].kind, GOOD[i].kind);
        if (!sg_slice_eq(trees.tree[i].value, ossl_hex(&arena, GOOD[i].hex)))
            fail_msg("%s", GOOD[i].text);
    }
    /* A double is kept once. */
    t_ok(&err,
         ca_subtrees_add(&arena, &trees, CA_SAN_DNS, "example.com", &err));
    assert_int_equal(trees.n, SG_ARRAY_LEN(GOOD));
}

static void refuses_subtrees_of_people(void **state)
{
    static const struct {
        enum ca_san_kind kind;
        const char *text, *want;
    } BAD[] = {
        { CA_SAN_DNS, ".example.com",
          "name constraints: DNS \".example.com\": leading dot: a plain domain covers what is below it (RFC 5280 4.2.1.10)" },
        { CA_SAN_DNS, "*.example.com",
          "name constraints: DNS \"*.example.com\": wildcard in a subtree (RFC 5280 4.2.1.10)" },
        { CA_SAN_DNS, "a_b.example",
          "name constraints: DNS \"a_b.example\": underscore (RFC 5280 4.2.1.6, RFC 1034 3.5)" },
        { CA_SAN_DNS, "xn--0.example",
          "name constraints: DNS name \"xn--0.example\": string contains invalid punycode data (RFC 5891, IDNA2008)" },
        { CA_SAN_EMAIL, "", "name constraints: email \"\": empty name" },
        { CA_SAN_EMAIL, "@example.com",
          "name constraints: email \"@example.com\": not 1 to 64 octets before the @ (RFC 5321 4.5.3.1.1)" },
        { CA_SAN_EMAIL, "a@.example.com",
          "name constraints: email \"a@.example.com\": empty label (RFC 1034 3.5)" },
        { CA_SAN_URI, "http://example.com",
          "name constraints: URI \"http://example.com\": not a host or .domain: constraints on URIs hold their hosts (RFC 5280 4.2.1.10)" },
        { CA_SAN_IP, "192.0.2.1",
          "name constraints: IP \"192.0.2.1\": not address/prefix length (RFC 4632 3.1)" },
        { CA_SAN_IP, "192.0.2.0/33",
          "name constraints: IP \"192.0.2.0/33\": not address/prefix length (RFC 4632 3.1)" },
        { CA_SAN_IP, "192.0.2.0/24x",
          "name constraints: IP \"192.0.2.0/24x\": not address/prefix length (RFC 4632 3.1)" },
        { CA_SAN_IP, "192.0.2.1/24",
          "name constraints: IP \"192.0.2.1/24\": host bits are set (RFC 4632 3.1)" },
        { CA_SAN_OTHER, "@example.com",
          "name constraints: otherName \"@example.com\": not 1 to 64 octets before the @ (RFC 5321 4.5.3.1.1)" },
        { CA_SAN_OTHER, "1.2.3;UTF8:",
          "name constraints: otherName \"1.2.3;UTF8:\": value is empty or not UTF-8" },
        { CA_SAN_OTHER, "1;UTF8:a",
          "name constraints: otherName \"1;UTF8:a\": OID \"1\": not dotted decimal" },
        { CA_SAN_DIRECTORY, "Example",
          "name constraints: directoryName \"Example\": 'Example' is not NAME=VALUE" },
        { CA_SAN_DIRECTORY, "C=Germany",
          "name constraints: directoryName \"C=Germany\": subject C \"Germany\": not two upper-case letters of ISO 3166 (RFC 5280 app. A)" },
        { CA_SAN_UNSET, "x",
          "name constraints: none \"x\": cannot be given as text" },
    };
    struct ca_subtrees trees = { 0 };

    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(BAD); i++)
        t_refused(
            &err,
            ca_subtrees_add(&arena, &trees, BAD[i].kind, BAD[i].text, &err),
            SG_POLICY, BAD[i].want);
    assert_int_equal(trees.n, 0);
}

static void limits_the_number(void **state)
{
    struct ca_subtrees trees = { 0 };
    char text[32];

    (void)state;
    for (int i = 0; i < CA_SUBTREES_MAX; i++) {
        (void)snprintf(text, sizeof(text), "n%d.example", i);
        t_ok(&err, ca_subtrees_add(&arena, &trees, CA_SAN_DNS, text, &err));
    }
    t_refused(&err, ca_subtrees_add(&arena, &trees, CA_SAN_DNS, "x", &err),
              SG_POLICY, "name constraints: more than 256 subtrees");
}

/* --- DER ------------------------------------------------------------------------- */

static struct sg_slice encode(const struct ca_constraints *nc)
{
    struct sg_buf out SG_CLEANUP(sg_buf_done);
    struct sg_derw w;

    sg_buf_init(&out, 65536);
    sg_derw_init(&w, &out);
    t_ok(&err, ca_constraints_encode(nc, &w, &err));
    t_ok(&err, sg_derw_finish(&w, &err));
    return sg_arena_copy(&arena, sg_buf_slice(&out));
}

static void same_trees(const struct ca_subtrees *a, const struct ca_subtrees *b)
{
    assert_int_equal(a->n, b->n);
    for (size_t i = 0; i < a->n; i++) {
        assert_int_equal(a->tree[i].kind, b->tree[i].kind);
        assert_true(sg_slice_eq(a->tree[i].value, b->tree[i].value));
        assert_true(sg_slice_eq(a->tree[i].oid, b->tree[i].oid));
    }
}

static void writes_as_openssl_does(void **state)
{
    static const char CONFIG[] =
        "[req]\ndistinguished_name=d\nx509_extensions=x\n[d]\n[x]\n"
        "nameConstraints=critical,permitted;DNS:example.com,"
        "permitted;IP:192.0.2.0/255.255.255.0,permitted;email:.ex.de,"
        "permitted;URI:ex.de,permitted;dirName:n,"
        "excluded;DNS:secret.example.com,"
        "excluded;otherName:1.2.3;UTF8:abc\n[n]\nO=Example\n";
    struct ca_constraints nc = { 0 };
    struct ca_constraints back;

    (void)state;
    t_file_write(ossl_path("dn.cnf"), CONFIG, sizeof(CONFIG) - 1);
    ossl_key("key.pem", "EC:P-256");
    ossl("req", "-x509", "-new", "-config", ossl_path("dn.cnf"), "-key",
         ossl_path("key.pem"), "-subj", "/CN=x", "-out", ossl_path("x.pem"));
    struct sg_slice cert = ossl_der(&arena, "x.pem", "CERTIFICATE");

    permit(&nc, CA_SAN_DNS, "example.com");
    permit(&nc, CA_SAN_IP, "192.0.2.0/24");
    permit(&nc, CA_SAN_EMAIL, ".ex.de");
    permit(&nc, CA_SAN_URI, "ex.de");
    nc.permitted.tree[nc.permitted.n++] =
        (struct ca_subtree){ .kind = CA_SAN_DIRECTORY,
                             .value = name_of(CA_ATTR_ORGANIZATION, "Example",
                                              CA_ATTR_UNSET, NULL) };
    exclude(&nc, CA_SAN_DNS, "secret.example.com");
    nc.excluded.tree[nc.excluded.n++] =
        (struct ca_subtree){ .kind = CA_SAN_OTHER,
                             .value = sg_slice_str("abc"),
                             .oid = ossl_hex(&arena, "2a 03") };
    struct sg_slice der = encode(&nc);
    assert_non_null(memmem(cert.p, cert.len, der.p, der.len));

    t_ok(&err, ca_constraints_parse(&arena, der, &back, &err));
    same_trees(&back.permitted, &nc.permitted);
    same_trees(&back.excluded, &nc.excluded);
}

/* Nothing of DNS at all: the form that openssl's command cannot write. */
static void writes_the_empty_dns_name(void **state)
{
    struct ca_constraints nc = { 0 };
    struct sg_slice want = ossl_hex(&arena, "30 06 a1 04 30 02 82 00");

    (void)state;
    exclude(&nc, CA_SAN_DNS, "");
    assert_true(sg_slice_eq(encode(&nc), want));
}

static void refuses_to_write(void **state)
{
    struct ca_subtree bad = { .kind = CA_SAN_DNS,
                              .value = sg_slice_str(".example") };
    struct ca_constraints none = { 0 };
    struct ca_constraints dot = { .permitted = { &bad, 1 } };
    struct sg_buf out SG_CLEANUP(sg_buf_done);
    struct sg_derw w;

    (void)state;
    sg_buf_init(&out, 64);
    sg_derw_init(&w, &out);
    t_refused(
        &err, ca_constraints_encode(&none, &w, &err), SG_POLICY,
        "name constraints: neither permitted nor excluded subtrees (RFC 5280 4.2.1.10)");
    t_refused(
        &err, ca_constraints_encode(&dot, &w, &err), SG_POLICY,
        "name constraints: DNS \".example\": leading dot: a plain domain covers what is below it (RFC 5280 4.2.1.10)");
}

static void refuses_bad_der(void **state)
{
    static const struct {
        const char *hex, *text;
        enum sg_rc rc;
    } BAD[] = {
        { "30 00",
          "name constraints: neither permitted nor excluded subtrees (RFC 5280 4.2.1.10)",
          SG_POLICY },
        { "30 02 a0 00",
          "name constraints: empty list of subtrees (RFC 5280 4.2.1.10)",
          SG_FORMAT },
        { "30 0a a1 03 30 01 61 a0 03 30 01 61",
          "name constraints: offset 7: truncated: no length octet (X.690 8.1.3)",
          SG_FORMAT },
        { "30 0e a1 05 30 03 82 01 61 a0 05 30 03 82 01 61",
          "name constraints: offset 9: 7 octets too many at the end",
          SG_FORMAT },
        { "30 0a a0 08 30 06 82 01 61 80 01 00",
          "name constraints: minimum or maximum in a subtree (RFC 5280 4.2.1.10)",
          SG_POLICY },
        { "30 0a a0 08 30 06 82 01 61 81 01 05",
          "name constraints: minimum or maximum in a subtree (RFC 5280 4.2.1.10)",
          SG_POLICY },
        { "30 0a a0 08 30 06 87 04 c0 00 02 00",
          "name constraints: IP \"\\xc0\\x00\\x02\\x00\": not an address and a mask of 4 or 16 octets each (RFC 5280 4.2.1.10)",
          SG_POLICY },
        { "30 0e a0 0c 30 0a 87 08 0a 00 00 00 ff 00 ff 00",
          "name constraints: IP \"\\x0a\\x00\\x00\\x00\\xff\\x00\\xff\\x00\": mask is not contiguous (RFC 4632 3.1)",
          SG_POLICY },
        { "30 0e a0 0c 30 0a 87 08 0a 00 00 01 ff 00 00 00",
          "name constraints: IP \"\\x0a\\x00\\x00\\x01\\xff\\x00\\x00\\x00\": host bits are set (RFC 4632 3.1)",
          SG_POLICY },
        { "30 08 a0 06 30 04 82 02 2e 61",
          "name constraints: DNS \".a\": leading dot: a plain domain covers what is below it (RFC 5280 4.2.1.10)",
          SG_POLICY },
        { "30 08 a0 06 30 04 88 02 2a 03",
          "name constraints: names of tag 0x88 are not accepted (RFC 5280 4.2.1.10)",
          SG_POLICY },
        { "30 18 a0 16 30 14 a0 12 06 0a 2b 06 01 04 01 82 37 14 02 03 a0 04 0c 02 40 61",
          "name constraints: otherName \"@a\": not 1 to 64 octets before the @ (RFC 5321 4.5.3.1.1)",
          SG_POLICY },
        { "30 0a a1 08 30 06 a4 04 30 02 05 00",
          "name constraints: directoryName \"0\\x02\\x05\\x00\": is not a Name (RFC 5280 4.1.2.4)",
          SG_POLICY },
        { "30 0f a0 0d 30 0b a0 09 06 02 2a 03 a0 03 04 01 61",
          "name constraints: otherName 1.2.3 without a UTF8String value is not accepted",
          SG_POLICY },
        { "30 07 a0 05 30 03 82 01 61 00",
          "name constraints: offset 9: 1 octets too many at the end",
          SG_FORMAT },
    };
    struct ca_constraints nc = { 0 };

    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(BAD); i++)
        t_refused(&err,
                  ca_constraints_parse(&arena, ossl_hex(&arena, BAD[i].hex),
                                       &nc, &err),
                  BAD[i].rc, BAD[i].text);
    assert_int_equal(nc.permitted.n, 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(reads_subtrees_of_people),  T(refuses_subtrees_of_people),
        T(limits_the_number),         T(writes_as_openssl_does),
        T(writes_the_empty_dns_name), T(refuses_to_write),
        T(refuses_bad_der),
    };
#undef T

    return cmocka_run_group_tests(tests, ossl_open, ossl_close);
}
