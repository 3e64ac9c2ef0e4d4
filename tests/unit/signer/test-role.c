/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/signer/rig.h"

#include <stdio.h>
#include <string.h>

#include "signer/config-file.h"

static int teardown(void **state)
{
    (void)state;
    rig_cleanup();
    return 0;
}

/* What Vault gives a role that names nothing. */
static void test_defaults(void **state)
{
    (void)state;
    const struct srv_role *r = rig_role("");
    assert_string_equal(r->name, "web");
    assert_string_equal(r->issuer_ref, "default");
    assert_int_equal(r->ttl, 0);
    assert_int_equal(r->max_ttl, 0);
    assert_false(r->has_not_after);
    assert_int_equal(r->not_before_duration, 30);
    assert_true(r->allow_localhost);
    assert_false(r->allow_bare_domains);
    assert_false(r->allow_subdomains);
    assert_false(r->allow_glob_domains);
    assert_true(r->allow_wildcard_certificates);
    assert_false(r->allow_any_name);
    assert_true(r->enforce_hostnames);
    assert_true(r->allow_ip_sans);
    assert_int_equal(r->allowed_domains.n, 0);
    assert_int_equal(r->key_kind, CA_KEY_RSA);
    assert_string_equal(r->key_type, "rsa");
    assert_int_equal(r->key_bits, 2048);
    assert_int_equal(r->signature_bits, 0);
    assert_false(r->use_pss);
    assert_true(r->use_csr_common_name);
    assert_true(r->use_csr_sans);
    assert_true(r->require_cn);
    assert_true(r->cn_validate_email);
    assert_true(r->cn_validate_hostname);
    assert_true(r->serial_number_from_csr);
    assert_non_null(r->profile);
}

static void test_fields(void **state)
{
    (void)state;
    const struct srv_role *r = rig_role(
        "issuer_ref: i, ttl: 1h, max_ttl: 86400, not_before_duration: 5m, "
        "not_after: '2027-01-01T00:00:00Z', key_type: ec, key_bits: 384, "
        "signature_bits: 512, use_pss: true, use_csr_common_name: false, "
        "use_csr_sans: false, require_cn: false, cn_validations: [email], "
        "serial_number_source: json, allow_ip_sans: false, "
        "ou: [a, b], organization: [o], country: [DE], locality: [l], "
        "province: [p], street_address: [s], postal_code: ['1'], "
        "allowed_domains: [Example.COM, '*.Sub.Example.com']");
    assert_string_equal(r->issuer_ref, "i");
    assert_int_equal(r->ttl, 3600);
    assert_int_equal(r->max_ttl, 86400);
    assert_int_equal(r->not_before_duration, 300);
    assert_true(r->has_not_after);
    assert_int_equal(r->not_after, 1798761600);
    assert_int_equal(r->key_kind, CA_KEY_EC_P384);
    assert_int_equal(r->key_bits, 384);
    assert_int_equal(r->signature_bits, 512);
    assert_true(r->use_pss);
    assert_false(r->use_csr_common_name);
    assert_false(r->use_csr_sans);
    assert_false(r->require_cn);
    assert_true(r->cn_validate_email);
    assert_false(r->cn_validate_hostname);
    assert_false(r->serial_number_from_csr);
    assert_false(r->allow_ip_sans);
    assert_int_equal(r->ou.n, 2);
    assert_string_equal(r->ou.v[1], "b");
    assert_string_equal(r->allowed_domains.v[0], "example.com");
    assert_string_equal(r->allowed_domains.v[1], "*.sub.example.com");
    struct srv_role_subject subject[SRV_ROLE_SUBJECT_N];
    srv_role_subject(r, subject);
    assert_int_equal(subject[0].attr, CA_ATTR_COUNTRY);
    assert_string_equal(subject[0].values->v[0], "DE");
    assert_int_equal(subject[6].attr, CA_ATTR_ORG_UNIT);
    assert_int_equal(subject[6].values->n, 2);
}

static void test_keys(void **state)
{
    static const struct {
        const char *role;
        enum ca_key_kind kind;
        unsigned bits;
    } rows[] = {
        { "key_type: rsa, key_bits: 0", CA_KEY_RSA, 2048 },
        { "key_type: rsa, key_bits: 3072", CA_KEY_RSA, 3072 },
        { "key_type: rsa, key_bits: 4096", CA_KEY_RSA, 4096 },
        { "key_type: rsa, key_bits: 8192", CA_KEY_RSA, 8192 },
        { "key_type: ec", CA_KEY_EC_P256, 256 },
        { "key_type: ec, key_bits: 256", CA_KEY_EC_P256, 256 },
        { "key_type: ec, key_bits: 521", CA_KEY_EC_P521, 521 },
        { "key_type: ed25519", CA_KEY_ED25519, 0 },
        { "key_type: any", CA_KEY_UNSET, 0 },
        { "key_type: any, key_bits: 2048", CA_KEY_UNSET, 0 },
    };
    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        const struct srv_role *r = rig_role(rows[i].role);
        assert_int_equal(r->key_kind, rows[i].kind);
        assert_int_equal(r->key_bits, rows[i].bits);
    }
}

static void test_usages(void **state)
{
    static const char *const ROLES[] = {
        "key_usage: []",
        "key_usage: [KeyUsageDigitalSignature, contentcommitment]",
        "ext_key_usage: [ServerAuth, ExtKeyUsageClientAuth, codesigning], "
        "key_usage: [DigitalSignature]",
        "ext_key_usage_oids: [1.2.3.4]",
        "server_flag: false, client_flag: false",
        "code_signing_flag: true, email_protection_flag: true",
        "policy_identifiers: [{oid: 1.2.3, cps: 'http://example.com/cps', "
        "notice: text}, {oid: 1.2.4}]",
        "basic_constraints_valid_for_non_ca: true",
        "cn_validations: [disabled]",
        "cn_validations: [email, hostname]",
    };
    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(ROLES); i++)
        assert_non_null(rig_role(ROLES[i])->profile);
}

static void test_set(void **state)
{
    struct srv_role_config raw[3] = { { .name = (char[]){ "zeta" } },
                                      { .name = (char[]){ "alpha" } },
                                      { .name = (char[]){ "web.1" } } };
    struct srv_config cfg = { .roles = raw, .roles_count = 3 };
    struct srv_roles *roles = NULL;
    const struct srv_role *role = NULL;
    struct sg_err err = { 0 };
    (void)state;
    kit_ok(&err, srv_roles_new(&cfg, &roles, &err));
    assert_int_equal(srv_roles_count(roles), 3);
    assert_string_equal(srv_roles_find(roles, "alpha")->name, "alpha");
    assert_string_equal(srv_roles_find(roles, "zeta")->name, "zeta");
    assert_null(srv_roles_find(roles, "beta"));
    assert_null(srv_roles_find(roles, ""));
    kit_ok(&err, srv_roles_require(roles, "web.1", &role, &err));
    assert_string_equal(role->name, "web.1");
    kit_refused(&err, srv_roles_require(roles, "nope", &role, &err), SG_POLICY,
                "unknown role: nope");
    /* A request that still holds the set keeps its role. */
    struct srv_roles *held = srv_roles_ref(roles);
    srv_roles_unref(roles);
    assert_string_equal(srv_roles_find(held, "alpha")->issuer_ref, "default");
    srv_roles_unref(held);
    srv_roles_unref(NULL);
}

static void test_set_refused(void **state)
{
    struct srv_role_config raw[2] = { { .name = (char[]){ "a" } },
                                      { .name = (char[]){ "b" },
                                        .key_type = (char[]){ "dsa" } } };
    struct srv_config cfg = { .roles = raw, .roles_count = 2 };
    struct srv_roles *roles = NULL;
    struct sg_err err = { 0 };
    (void)state;
    kit_refused(&err, srv_roles_new(&cfg, &roles, &err), SG_CONFIG,
                "roles[1].key_type: \"dsa\" is not one of rsa, ec, ed25519, "
                "any");
    assert_null(roles);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_defaults, teardown),
        cmocka_unit_test_teardown(test_fields, teardown),
        cmocka_unit_test_teardown(test_keys, teardown),
        cmocka_unit_test_teardown(test_usages, teardown),
        cmocka_unit_test(test_set),
        cmocka_unit_test(test_set_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
