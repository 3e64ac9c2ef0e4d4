/* SPDX-License-Identifier: Apache-2.0 */
/* Issuers against the rules of a day, and finished bytes against the linter. */
#include "tests/lib/t.h"

#include <stdio.h>
#include <string.h>

#include "signer/issuers.h"
#include "signer/prepare-int.h"

/* tests/data/stale.issuer.pem lacks what binds since 2025-06-15. */
#define CHAIN SOURCE_ROOT "/tests/data/stale.root.pem"
#define CERTIFICATE SOURCE_ROOT "/tests/data/stale.issuer.pem"
#define MARCH_2025 1740787200
#define MAY_2026 1777593600

static struct sg_err err;

static struct srv_config *config(const char *profile)
{
    char yaml[2048];
    struct srv_config *cfg = NULL;

    (void)snprintf(yaml, sizeof(yaml),
                   "tokens:\n"
                   "  - {name: t, module: /m, uri: 'pkcs11:', "
                   "pin_source: fd:9}\n"
                   "issuers:\n"
                   "  - {name: old, token: t, key: k, certificate: %s, "
                   "chain: %s, lint_profile: %s}\n",
                   CERTIFICATE, CHAIN, profile);
    if (srv_config_parse(sg_slice_str(yaml), "c.yaml", &cfg, &err) != SG_OK)
        fail_msg("%s", err.msg);
    return cfg;
}

static struct srv_issuers *load(const struct srv_config *cfg, int64_t now)
{
    struct srv_issuers *issuers = NULL;

    sg_err_clear(&err);
    if (srv_issuers_load(cfg, now, &issuers, &err) != SG_OK)
        assert_null(issuers);
    return issuers;
}

static void test_stale_rule_at_start(void **state)
{
    struct srv_config *cfg = config("public-tls");

    (void)state;
    struct srv_issuers *issuers = load(cfg, MARCH_2025);
    assert_non_null(issuers);
    srv_issuers_free(issuers);
    assert_null(load(cfg, MAY_2026));
    assert_int_equal(err.rc, SG_POLICY);
    assert_non_null(strstr(err.msg, "issuer old: certificate "));
    assert_non_null(strstr(err.msg,
                           "certificate 0 of the chain breaks sub_ca_eku: a "
                           "TLS intermediate has no serverAuth in extKeyUsage "
                           "(CCADB 5.1, BR 7.1.2.10.6; rules of public-tls)"));
    srv_config_free(cfg);
}

static void test_private_rules_have_no_such_row(void **state)
{
    struct srv_config *cfg = config("private");
    struct srv_issuers *issuers = load(cfg, MAY_2026);

    (void)state;
    assert_non_null(issuers);
    srv_issuers_relint(issuers, MAY_2026);
    char why[SG_ERR_MSG_MAX];
    assert_true(
        srv_issuers_signs(issuers, srv_issuers_find(issuers, "old"), why));
    srv_issuers_free(issuers);
    srv_config_free(cfg);
}

static void test_rule_that_begins_to_bind(void **state)
{
    struct srv_config *cfg = config("public-tls");
    struct srv_issuers *issuers = load(cfg, MARCH_2025);
    struct srv_job job = { .issuer = srv_issuers_find(issuers, "default") };
    char why[SG_ERR_MSG_MAX] = "";

    (void)state;
    assert_int_equal(srv_issuers_count(issuers), 1);
    assert_ptr_equal(srv_issuers_nth(issuers, 0), job.issuer);
    assert_true(srv_issuers_signs(issuers, job.issuer, why));
    srv_issuers_relint(issuers, MAY_2026);
    assert_false(srv_issuers_signs(issuers, job.issuer, why));
    assert_non_null(strstr(why, "breaks sub_ca_eku"));
    sg_err_clear(&err);
    t_assert_fails(srv_issuers_sign(issuers, &job, NULL, NULL, &err),
                   SG_UNAVAILABLE);
    assert_non_null(strstr(err.msg, "issuer old has stopped: certificate 0"));
    srv_issuers_relint(issuers, MARCH_2025);
    assert_true(srv_issuers_signs(issuers, job.issuer, why));
    srv_issuers_free(issuers);
    srv_config_free(cfg);
}

/* The bytes are ours: when they are wrong, so are we. */
static void lint_bytes(enum lint_profile profile, struct sg_err *ret)
{
    static const uint8_t NO_TBS[] = { 0x30, 0x03, 0x02, 0x01, 0x05 };
    struct srv_issuer issuer = { .name = "i", .lint_profile = profile };
    struct srv_prepare_args args = { .issuer = &issuer, .now = MAY_2026 };
    struct srv_job job = { .op = SRV_OP_ISSUE };
    struct srv_prep p = { .args = &args, .job = &job, .err = ret };

    sg_buf_init(&job.tbs, 64);
    assert_int_equal(sg_buf_put(&job.tbs, NO_TBS, sizeof(NO_TBS), ret), SG_OK);
    assert_int_not_equal(srv_prep_lint(&p), SG_OK);
    sg_buf_done(&job.tbs);
}

static void test_whose_fault_it_is(void **state)
{
    struct sg_err ours = { 0 };
    struct sg_err theirs = { 0 };

    (void)state;
    lint_bytes(LINT_PROFILE_PRIVATE, &ours);
    assert_int_equal(ours.rc, SG_BUG);
    assert_non_null(strstr(ours.msg, "lint: der_malformed: "));
    lint_bytes(LINT_PROFILE_PUBLIC_TLS, &theirs);
    assert_int_equal(theirs.rc, SG_POLICY);
    assert_non_null(strstr(
        theirs.msg, "issuer i: the certificate would break der_malformed: "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stale_rule_at_start),
        cmocka_unit_test(test_private_rules_have_no_such_row),
        cmocka_unit_test(test_rule_that_begins_to_bind),
        cmocka_unit_test(test_whose_fault_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
