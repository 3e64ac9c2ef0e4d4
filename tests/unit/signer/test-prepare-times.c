/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/signer/rig.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "signer/prepare-int.h"

#define ROLE \
    "key_type: ec, allowed_domains: [example.com], " \
    "allow_subdomains: true"
#define HOUR INT64_C(3600)

static struct rig_issuer rig;

static int setup(void **state)
{
    (void)state;
    rig_issuer_new(&rig, CA_KEY_EC_P256);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_issuer_done(&rig);
    rig_cleanup();
    return 0;
}

/* fields: more of the body, with a leading comma, or "". */
static void ask(struct rig_request *req, const char *role, const char *fields)
{
    char body[512];
    char full[512];
    (void)snprintf(body, sizeof(body), "{\"common_name\":\"a.example.com\"%s}",
                   fields);
    (void)snprintf(full, sizeof(full), ROLE "%s", role);
    rig_prepare(req, SRV_OP_ISSUE, &rig.issuer, full, body);
}

static void refused(const char *role, const char *fields, const char *message)
{
    struct rig_request req;
    ask(&req, role, fields);
    assert_true(req.rc != SG_OK && sg_rc_http(req.rc) == 400);
    assert_string_equal(req.err.msg, message);
    rig_request_done(&req);
}

/* Seconds from now to the end; warning NULL: none. */
static void makes(const char *role, const char *fields, int64_t seconds,
                  const char *warning)
{
    struct rig_request req;
    struct ca_cert cert;
    ask(&req, role, fields);
    if (req.rc != SG_OK)
        fail_msg("{%s} %s: %s", role, fields, req.err.msg);
    kit_ok(&req.err, ca_cert_parse_tbs(&req.arena, sg_buf_slice(&req.job.tbs),
                                       &cert, &req.err));
    assert_int_equal(cert.not_after - KIT_NOW, seconds);
    assert_int_equal(req.job.not_after, cert.not_after);
    assert_int_equal(req.job.warnings.n, warning != NULL);
    if (warning != NULL)
        assert_string_equal(req.job.warnings.v[0], warning);
    rig_request_done(&req);
}

static void test_ttl(void **state)
{
    (void)state;
    makes("", "", 768 * HOUR, NULL);
    makes("", ",\"ttl\":\"\"", 768 * HOUR, NULL);
    makes("", ",\"ttl\":null", 768 * HOUR, NULL);
    makes("", ",\"ttl\":0", 768 * HOUR, NULL);
    makes("", ",\"ttl\":\"24h\"", 24 * HOUR, NULL);
    makes("", ",\"ttl\":90", 90, NULL);
    makes("", ",\"ttl\":\"1d\"", 24 * HOUR, NULL);
    makes(", ttl: 2h", "", 2 * HOUR, NULL);
    makes(", ttl: 2h", ",\"ttl\":\"1h\"", HOUR, NULL);
    makes(", ttl: 2h", ",\"ttl\":\"3h\"", 3 * HOUR, NULL);
    makes(", max_ttl: 24h", ",\"ttl\":\"24h\"", 24 * HOUR, NULL);
}

static void test_clipped(void **state)
{
    (void)state;
    makes(", max_ttl: 24h", ",\"ttl\":\"2160h0m0s\"", 24 * HOUR,
          "TTL \"2160h0m0s\" is longer than permitted maxTTL \"24h0m0s\", so "
          "maxTTL is being used");
    makes(", max_ttl: 90s", ",\"ttl\":\"91\"", 90,
          "TTL \"1m31s\" is longer than permitted maxTTL \"1m30s\", so maxTTL "
          "is being used");
    /* the system's default meets a shorter role */
    makes(", max_ttl: 1h", "", HOUR,
          "TTL \"768h0m0s\" is longer than permitted maxTTL \"1h0m0s\", so "
          "maxTTL is being used");
    makes("", ",\"ttl\":\"769h\"", 768 * HOUR,
          "TTL \"769h0m0s\" is longer than permitted maxTTL \"768h0m0s\", so "
          "maxTTL is being used");
}

static void test_not_after(void **state)
{
    char end[SG_TIME_TEXT_MAX];
    char fields[128];
    (void)state;
    (void)snprintf(fields, sizeof(fields), ",\"not_after\":\"%s\"",
                   sg_time_text(KIT_NOW + 5 * HOUR, end));
    makes("", fields, 5 * HOUR, NULL);
    makes(", ttl: 1h, max_ttl: 10h", fields, 5 * HOUR, NULL);
    makes("", ",\"not_after\":\"\"", 768 * HOUR, NULL);
    /* unlike Vault: held to max_ttl */
    makes(", max_ttl: 1h", fields, HOUR,
          "TTL \"5h0m0s\" is longer than permitted maxTTL \"1h0m0s\", so "
          "maxTTL is being used");
    char role[128];
    (void)snprintf(role, sizeof(role), ", ttl: 1h, not_after: '%s'", end);
    makes(role, "", 5 * HOUR, NULL);
    makes(role, ",\"not_after\":\"2050-01-01T00:00:00Z\"", 5 * HOUR, NULL);
    static const char BOTH[] =
        "Either ttl or not_after should be provided. Both should not be "
        "provided in the same request.";
    refused(role, ",\"ttl\":\"1h\"", BOTH);
    refused("", ",\"ttl\":\"1h\",\"not_after\":\"2026-10-01T00:00:00Z\"", BOTH);
    refused("", ",\"not_after\":\"2026-09-21T14:13:20Z\"",
            "notAfter of 2026-09-21T14:13:20Z is not after the current time "
            "2026-09-21T14:13:20Z");
    refused("", ",\"not_after\":\"2020-01-01T00:00:00Z\"",
            "notAfter of 2020-01-01T00:00:00Z is not after the current time "
            "2026-09-21T14:13:20Z");
    struct rig_request req;
    ask(&req, "", ",\"not_after\":\"tomorrow\"");
    assert_int_equal(req.rc, SG_FORMAT);
    assert_memory_equal(req.err.msg, "not_after: \"tomorrow\"", 21);
    rig_request_done(&req);
}

static void test_beyond_the_issuer(void **state)
{
    const struct ca_cert *ca = ca_issuer_cert(rig.issuer.ca);
    char end[SG_TIME_TEXT_MAX];
    char limit[SG_TIME_TEXT_MAX];
    char message[256];
    (void)state;
    (void)snprintf(message, sizeof(message),
                   "cannot satisfy request, as TTL would result in notAfter of "
                   "%s that is beyond the expiration of the CA certificate at "
                   "%s",
                   sg_time_text(KIT_NOW + 9000 * 24 * HOUR, end),
                   sg_time_text(ca->not_after, limit));
    refused(", max_ttl: 10000d", ",\"ttl\":\"9000d\"", message);
    rig.issuer.truncate_not_after = true;
    makes(", max_ttl: 10000d", ",\"ttl\":\"9000d\"", ca->not_after - KIT_NOW,
          NULL);
    rig.issuer.truncate_not_after = false;
}

static void test_not_before(void **state)
{
    static const struct {
        const char *role;
        int64_t back;
    } rows[] = {
        { "", 30 },
        { ", not_before_duration: 0", 0 },
        { ", not_before_duration: 1h", 3600 },
    };
    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct rig_request req;
        struct ca_cert cert;
        ask(&req, rows[i].role, "");
        assert_int_equal(req.rc, SG_OK);
        kit_ok(&req.err,
               ca_cert_parse_tbs(&req.arena, sg_buf_slice(&req.job.tbs), &cert,
                                 &req.err));
        assert_int_equal(KIT_NOW - cert.not_before, rows[i].back);
        rig_request_done(&req);
    }
}

/* An issuer that is younger than the back-dating. */
static void test_not_before_of_the_issuer(void **state)
{
    struct sg_buf cert;
    struct rig_request req;
    struct ca_cert leaf;
    struct srv_issuer young = { .name = "young" };
    (void)state;
    sg_buf_init(&cert, CA_CERT_MAX);
    kit_cert_make(&(struct kit_cert){ .key = &rig.key,
                                      .signer = &rig.root_key,
                                      .subject = "Young",
                                      .issuer = "Test Root",
                                      .not_before = KIT_NOW - 10,
                                      .not_after = KIT_NOW + 100 * 86400 },
                  &cert);
    const struct sg_buf *chain[] = { &cert, &rig.root };
    young.ca = kit_issuer(chain, 2);
    rig_prepare(&req, SRV_OP_ISSUE, &young, ROLE,
                "{\"common_name\":\"a.example.com\"}");
    assert_int_equal(req.rc, SG_OK);
    kit_ok(&req.err, ca_cert_parse_tbs(&req.arena, sg_buf_slice(&req.job.tbs),
                                       &leaf, &req.err));
    assert_int_equal(leaf.not_before, KIT_NOW - 10);
    rig_request_done(&req);
    ca_issuer_free(young.ca);
    sg_buf_done(&cert);
}

static void test_go_durations(void **state)
{
    static const struct {
        int64_t seconds;
        const char *text;
    } rows[] = { { 0, "0s" },        { 59, "59s" },
                 { 60, "1m0s" },     { 3600, "1h0m0s" },
                 { 3661, "1h1m1s" }, { 7776000, "2160h0m0s" } };
    char text[SRV_GO_DURATION_MAX];
    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++)
        assert_string_equal(srv_go_duration(rows[i].seconds, text),
                            rows[i].text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ttl),
        cmocka_unit_test(test_clipped),
        cmocka_unit_test(test_not_after),
        cmocka_unit_test(test_beyond_the_issuer),
        cmocka_unit_test(test_not_before),
        cmocka_unit_test(test_not_before_of_the_issuer),
        cmocka_unit_test(test_go_durations),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
