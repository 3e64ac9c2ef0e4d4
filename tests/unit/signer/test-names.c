/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/signer/rig.h"

#include "signer/names.h"

#define DOMAIN "allowed_domains: [example.com]"

static int teardown(void **state)
{
    (void)state;
    rig_cleanup();
    return 0;
}

static void test_glob(void **state)
{
    static const struct {
        const char *pattern, *text;
        bool want, want_folded;
    } rows[] = {
        { "", "", true, true },         { "", "a", false, false },
        { "*", "", true, true },        { "*", "any.thing/at all", true, true },
        { "a*c", "abbc", true, true },  { "a*c", "abcd", false, false },
        { "*b*", "abc", true, true },   { "*a*b*c", "xaybzc", true, true },
        { "*ab", "aab", true, true },   { "*aab", "aaab", true, true },
        { "A*", "abc", false, true },   { "a**c", "ac", true, true },
        { "a?c", "abc", false, false }, { "[a]", "a", false, false },
    };
    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        assert_int_equal(srv_glob(rows[i].pattern, rows[i].text, false),
                         rows[i].want);
        assert_int_equal(srv_glob(rows[i].pattern, rows[i].text, true),
                         rows[i].want_folded);
    }
}

static void test_names(void **state)
{
    static const struct {
        const char *role, *name;
        bool want;
    } rows[] = {
        /* nothing listed, nothing allowed */
        { "", "example.com", false },
        { DOMAIN, "example.com", false },
        { DOMAIN, "www.example.com", false },
        /* bare */
        { DOMAIN ", allow_bare_domains: true", "example.com", true },
        { DOMAIN ", allow_bare_domains: true", "EXAMPLE.com", true },
        { DOMAIN ", allow_bare_domains: true", "www.example.com", false },
        { DOMAIN ", allow_bare_domains: true", "me@example.com", true },
        { DOMAIN ", allow_bare_domains: true", "me@www.example.com", false },
        { DOMAIN ", allow_bare_domains: true", "me@x@example.com", false },
        /* subdomains */
        { DOMAIN ", allow_subdomains: true", "www.example.com", true },
        { DOMAIN ", allow_subdomains: true", "a.b.example.com", true },
        { DOMAIN ", allow_subdomains: true", "WWW.Example.COM", true },
        { DOMAIN ", allow_subdomains: true", "example.com", false },
        { DOMAIN ", allow_subdomains: true", "wwwexample.com", false },
        { DOMAIN ", allow_subdomains: true", "www.example.com.org", false },
        { DOMAIN ", allow_subdomains: true", "me@www.example.com", true },
        { DOMAIN ", allow_subdomains: true", "me@example.com", false },
        { "allowed_domains: [Example.COM], allow_subdomains: true",
          "www.example.com", true },
        { "allowed_domains: ['m\u00fcnchen.example'], allow_subdomains: true",
          "www.xn--mnchen-3ya.example", true },
        /* wildcards */
        { DOMAIN ", allow_subdomains: true", "*.example.com", true },
        { DOMAIN ", allow_subdomains: true", "*.www.example.com", true },
        { DOMAIN ", allow_bare_domains: true", "*.example.com", false },
        { DOMAIN ", allow_subdomains: true", "w*.example.com", true },
        { DOMAIN ", allow_subdomains: true", "*w.example.com", true },
        { DOMAIN ", allow_subdomains: true", "w*w.example.com", true },
        { DOMAIN ", allow_subdomains: true", "*.*.example.com", false },
        { DOMAIN ", allow_subdomains: true", "**.example.com", false },
        { DOMAIN ", allow_subdomains: true", "www.*.example.com", false },
        { DOMAIN ", allow_subdomains: true", "*", false },
        { DOMAIN ", allow_subdomains: true", "-*.example.com", false },
        { DOMAIN ", allow_subdomains: true", "_*.example.com", false },
        { DOMAIN ", allow_subdomains: true", "me@*.example.com", false },
        { DOMAIN ", allow_subdomains: true, "
                 "allow_wildcard_certificates: false",
          "*.example.com", false },
        { "allow_any_name: true, allow_wildcard_certificates: false",
          "*.example.com", false },
        { "allow_any_name: true", "*.example.com", true },
        { "allow_any_name: true", "www.*.com", false },
        /* any name, host names enforced or not */
        { "allow_any_name: true", "other.org", true },
        { "allow_any_name: true", "me@other.org", true },
        { "allow_any_name: true", "two words", false },
        { "allow_any_name: true", "under_score.org", false },
        { "allow_any_name: true", "a..b", false },
        { "allow_any_name: true", "-a.org", false },
        { "allow_any_name: true", "me@under_score.org", false },
        { "allow_any_name: true, enforce_hostnames: false", "two words", true },
        { "allow_any_name: true, enforce_hostnames: false", "under_score.org",
          true },
        { DOMAIN ", allow_subdomains: true, enforce_hostnames: false",
          "a_b.example.com", true },
        { DOMAIN ", allow_subdomains: true", "a_b.example.com", false },
        /* localhost */
        { "", "localhost", true },
        { "", "localdomain", true },
        { "", "LOCALHOST", true },
        { "", "me@localhost", true },
        { "", "a.localhost", false },
        { "", "*.localhost", false },
        { "allow_subdomains: true", "a.localhost", true },
        { "allow_subdomains: true", "a.b.localdomain", true },
        { "allow_subdomains: true", "*.localhost", true },
        { "allow_subdomains: true", "notlocalhost", false },
        { "allow_localhost: false", "localhost", false },
        { "allow_localhost: false, allow_subdomains: true", "a.localhost",
          false },
        /* globs */
        { "allowed_domains: ['*.example.com']", "www.example.com", false },
        { "allowed_domains: ['*.example.com'], allow_glob_domains: true",
          "www.example.com", true },
        { "allowed_domains: ['*.example.com'], allow_glob_domains: true",
          "a.b.example.com", true },
        { "allowed_domains: ['WWW-*.Example.com'], allow_glob_domains: true",
          "www-1.example.com", true },
        { "allowed_domains: ['*.example.com'], allow_glob_domains: true",
          "example.com", false },
        { "allowed_domains: [example.com], allow_glob_domains: true",
          "example.com", false },
        { "allowed_domains: ['*@example.com'], allow_glob_domains: true",
          "me@example.com", true },
        /* the second of two domains */
        { "allowed_domains: [a.org, b.org], allow_bare_domains: true", "b.org",
          true },
    };
    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        bool got = srv_role_allows_name(rig_role(rows[i].role), rows[i].name);
        if (got != rows[i].want)
            fail_msg("{%s} %s: %d", rows[i].role, rows[i].name, got);
    }
}

static void test_uris(void **state)
{
    (void)state;
    const struct srv_role *role = rig_role(
        "allowed_uri_sans: ['spiffe://prod/*', 'https://example.com/x']");
    assert_true(srv_role_allows_uri(role, "spiffe://prod/a/b/c"));
    assert_true(srv_role_allows_uri(role, "https://example.com/x"));
    assert_false(srv_role_allows_uri(role, "https://example.com/x/y"));
    assert_false(srv_role_allows_uri(role, "spiffe://Prod/a"));
    assert_false(srv_role_allows_uri(role, "spiffe://test/a"));
    assert_false(srv_role_allows_uri(rig_role(""), "spiffe://prod/a"));
}

static void test_others(void **state)
{
    (void)state;
    const struct srv_role *role = rig_role(
        "allowed_other_sans: ['1.3.6.1.4.1.311.20.2.3;UTF8:*@example.com', "
        "'1.2.3.4;utf-8:fixed']");
    const char *upn = "1.3.6.1.4.1.311.20.2.3";
    assert_true(srv_role_allows_other(role, upn, "me@example.com"));
    assert_false(srv_role_allows_other(role, upn, "me@example.org"));
    assert_true(srv_role_allows_other(role, "1.2.3.4", "fixed"));
    assert_false(srv_role_allows_other(role, "1.2.3.4", "Fixed"));
    assert_true(srv_role_allows_other_oid(role, "1.2.3.4"));
    assert_false(srv_role_allows_other_oid(role, "1.2.3"));
    assert_false(srv_role_allows_other_oid(role, "1.2.3.4.5"));
    const struct srv_role *all = rig_role("allowed_other_sans: ['*']");
    assert_true(srv_role_allows_other_oid(all, "1.2"));
    assert_true(srv_role_allows_other(all, "1.2", "anything"));
    assert_false(srv_role_allows_other_oid(rig_role(""), "1.2"));
}

static void test_serial_numbers_and_user_ids(void **state)
{
    (void)state;
    const struct srv_role *role =
        rig_role("allowed_serial_numbers: ['SN-*', '42'], "
                 "allowed_user_ids: ['Alice', 'svc-*']");
    assert_true(srv_role_allows_serial_number(role, "SN-1"));
    assert_true(srv_role_allows_serial_number(role, "42"));
    assert_false(srv_role_allows_serial_number(role, "sn-1"));
    assert_false(srv_role_allows_serial_number(role, "421"));
    assert_true(srv_role_allows_user_id(role, "aLICE"));
    assert_true(srv_role_allows_user_id(role, "svc-web"));
    assert_false(srv_role_allows_user_id(role, "SVC-web"));
    assert_false(srv_role_allows_user_id(role, "bob"));
    assert_false(srv_role_allows_serial_number(rig_role(""), "42"));
    assert_false(srv_role_allows_user_id(rig_role(""), "alice"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_glob),
        cmocka_unit_test_teardown(test_names, teardown),
        cmocka_unit_test_teardown(test_uris, teardown),
        cmocka_unit_test_teardown(test_others, teardown),
        cmocka_unit_test_teardown(test_serial_numbers_and_user_ids, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
