/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/ca/kit.h"

#include <string.h>

#include "ca/subset.h"

static struct ca_subtree tree(enum ca_san_kind kind, const char *value)
{
    return (struct ca_subtree){ .kind = kind, .value = kit_slice(value) };
}

#define WITHIN true
#define OUTSIDE false

static void test_names(void **state)
{
    static const struct {
        enum ca_san_kind kind;
        const char *inner, *outer;
        bool want;
    } rows[] = {
        { CA_SAN_DNS, "example.com", "example.com", WITHIN },
        { CA_SAN_DNS, "a.example.com", "example.com", WITHIN },
        { CA_SAN_DNS, "A.EXAMPLE.com", "example.com", WITHIN },
        { CA_SAN_DNS, "example.com", "", WITHIN },
        { CA_SAN_DNS, "", "", WITHIN },
        { CA_SAN_DNS, "", "example.com", OUTSIDE },
        { CA_SAN_DNS, "example.com", "a.example.com", OUTSIDE },
        { CA_SAN_DNS, "badexample.com", "example.com", OUTSIDE },
        { CA_SAN_DNS, "example.org", "example.com", OUTSIDE },
        { CA_SAN_URI, "example.com", "example.com", WITHIN },
        { CA_SAN_URI, "a.example.com", "example.com", OUTSIDE },
        { CA_SAN_URI, "a.example.com", ".example.com", WITHIN },
        { CA_SAN_URI, ".a.example.com", ".example.com", WITHIN },
        { CA_SAN_URI, ".example.com", ".example.com", WITHIN },
        { CA_SAN_URI, "example.com", ".example.com", OUTSIDE },
        { CA_SAN_URI, ".example.com", "example.com", OUTSIDE },
        { CA_SAN_EMAIL, "u@example.com", "u@example.com", WITHIN },
        { CA_SAN_EMAIL, "u@EXAMPLE.com", "u@example.com", WITHIN },
        { CA_SAN_EMAIL, "U@example.com", "u@example.com", OUTSIDE },
        { CA_SAN_EMAIL, "u@example.com", "example.com", WITHIN },
        { CA_SAN_EMAIL, "u@a.example.com", "example.com", OUTSIDE },
        { CA_SAN_EMAIL, "u@a.example.com", ".example.com", WITHIN },
        { CA_SAN_EMAIL, "example.com", "example.com", WITHIN },
        { CA_SAN_EMAIL, "a.example.com", ".example.com", WITHIN },
        { CA_SAN_EMAIL, "example.com", "u@example.com", OUTSIDE },
    };

    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct ca_subtree inner = tree(rows[i].kind, rows[i].inner);
        struct ca_subtree outer = tree(rows[i].kind, rows[i].outer);

        if (ca_subtree_within(&inner, &outer) != rows[i].want)
            fail_msg("\"%s\" in \"%s\"", rows[i].inner, rows[i].outer);
    }
}

static void test_two_forms(void **state)
{
    struct ca_subtree a = tree(CA_SAN_DNS, "example.com");
    struct ca_subtree b = tree(CA_SAN_URI, "example.com");

    (void)state;
    assert_false(ca_subtree_within(&a, &b));
}

static bool ip_in(const char *inner, const char *outer)
{
    SG_CLEANUP(sg_arena_done) struct sg_arena arena;
    struct ca_subtrees a = { 0 };
    struct ca_subtrees b = { 0 };
    struct sg_err err = { 0 };

    sg_arena_init(&arena, 65536);
    kit_ok(&err, ca_subtrees_add(&arena, &a, CA_SAN_IP, inner, &err));
    kit_ok(&err, ca_subtrees_add(&arena, &b, CA_SAN_IP, outer, &err));
    return ca_subtree_within(&a.tree[0], &b.tree[0]);
}

static void test_addresses(void **state)
{
    (void)state;
    assert_true(ip_in("192.0.2.0/24", "192.0.2.0/24"));
    assert_true(ip_in("192.0.2.128/25", "192.0.2.0/24"));
    assert_true(ip_in("192.0.2.1/32", "0.0.0.0/0"));
    assert_false(ip_in("192.0.2.0/23", "192.0.2.0/24"));
    assert_false(ip_in("198.51.100.0/24", "192.0.2.0/24"));
    assert_false(ip_in("0.0.0.0/0", "192.0.2.0/24"));
    assert_true(ip_in("2001:db8:1::/48", "2001:db8::/32"));
    assert_false(ip_in("2001:db8::/32", "2001:db8:1::/48"));
    /* IPv4 everything says nothing about IPv6. */
    assert_false(ip_in("2001:db8::/32", "0.0.0.0/0"));
}

static bool name_in(const char *inner_o, const char *inner_cn,
                    const char *outer_o)
{
    SG_CLEANUP(sg_arena_done) struct sg_arena arena;
    SG_CLEANUP(sg_buf_done) struct sg_buf a;
    SG_CLEANUP(sg_buf_done) struct sg_buf b;
    struct ca_dn inner = { 0 };
    struct ca_dn outer = { 0 };
    struct sg_err err = { 0 };

    sg_arena_init(&arena, 65536);
    sg_buf_init(&a, 1024);
    sg_buf_init(&b, 1024);
    kit_ok(&err, ca_dn_add(&arena, &inner, CA_ATTR_ORGANIZATION,
                           kit_slice(inner_o), &err));
    if (inner_cn != NULL)
        kit_ok(&err, ca_dn_add(&arena, &inner, CA_ATTR_COMMON_NAME,
                               kit_slice(inner_cn), &err));
    kit_ok(&err, ca_dn_add(&arena, &outer, CA_ATTR_ORGANIZATION,
                           kit_slice(outer_o), &err));
    kit_ok(&err, ca_dn_encode(&inner, &a, &err));
    kit_ok(&err, ca_dn_encode(&outer, &b, &err));
    return ca_subtree_within(&(struct ca_subtree){ .kind = CA_SAN_DIRECTORY,
                                                   .value = sg_buf_slice(&a) },
                             &(struct ca_subtree){ .kind = CA_SAN_DIRECTORY,
                                                   .value = sg_buf_slice(&b) });
}

static void test_directory_names(void **state)
{
    (void)state;
    assert_true(name_in("Example", NULL, "Example"));
    assert_true(name_in("Example", "web", "Example"));
    assert_false(name_in("Other", "web", "Example"));
}

static void test_constraints(void **state)
{
    struct ca_subtree permits[] = { tree(CA_SAN_DNS, "example.com"),
                                    tree(CA_SAN_DNS, "example.org") };
    struct ca_subtree excludes = tree(CA_SAN_DNS, "secret.example.com");
    struct ca_constraints parent = { .permitted = { permits, 2 },
                                     .excluded = { &excludes, 1 } };
    struct ca_subtree own = tree(CA_SAN_DNS, "a.example.org");
    struct ca_constraints child = { .permitted = { &own, 1 } };
    struct sg_err err = { 0 };

    (void)state;
    kit_ok(&err, ca_constraints_within(&child, &parent, "CN=Up", &err));
    own = tree(CA_SAN_DNS, "example.net");
    kit_refused(&err, ca_constraints_within(&child, &parent, "CN=Up", &err),
                SG_POLICY,
                "name constraints: permitted DNS \"example.net\" reaches "
                "beyond what \"CN=Up\" permits (RFC 5280 4.2.1.10)");
    own = tree(CA_SAN_DNS, "a.secret.example.com");
    kit_refused(&err, ca_constraints_within(&child, &parent, "CN=Up", &err),
                SG_POLICY,
                "name constraints: permitted DNS \"a.secret.example.com\" "
                "lies in what \"CN=Up\" excludes (RFC 5280 4.2.1.10)");
    /* A form that the parent does not limit may be narrowed freely, and one
     * that the child does not name stays the parent's. */
    own = tree(CA_SAN_EMAIL, "example.net");
    kit_ok(&err, ca_constraints_within(&child, &parent, "CN=Up", &err));
    child = (struct ca_constraints){ .excluded = { &own, 1 } };
    kit_ok(&err, ca_constraints_within(&child, &parent, "CN=Up", &err));
}

static void test_address_text(void **state)
{
    static const uint8_t net[] = { 192, 0, 2, 0, 255, 255, 255, 0 };
    static const uint8_t other[] = { 10, 0, 0, 0, 255, 0, 0, 0 };
    struct ca_subtree permit = { .kind = CA_SAN_IP, .value = { net, 8 } };
    struct ca_subtree own = { .kind = CA_SAN_IP, .value = { other, 8 } };
    struct ca_constraints parent = { .permitted = { &permit, 1 } };
    struct ca_constraints child = { .permitted = { &own, 1 } };
    struct sg_err err = { 0 };

    (void)state;
    kit_refused(&err, ca_constraints_within(&child, &parent, "CN=Up", &err),
                SG_POLICY,
                "name constraints: permitted IP \"10.0.0.0/8\" reaches "
                "beyond what \"CN=Up\" permits (RFC 5280 4.2.1.10)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_two_forms),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_directory_names),
        cmocka_unit_test(test_constraints),
        cmocka_unit_test(test_address_text),
    };

    return cmocka_run_group_tests_name("subset", tests, NULL, NULL);
}
