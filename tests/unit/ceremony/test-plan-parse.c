/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/ceremony/desk.h"

#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "common/parse.h"

static const char *plan_text(enum cer_type type)
{
    struct cer_plan plan;

    desk_plan(desk_request(type), &plan);
    const char *text = sg_arena_text(&desk_arena, plan.json);
    assert_non_null(text);
    return text;
}

static enum sg_rc parse(const char *text, struct cer_plan *ret_plan,
                        struct sg_err *err)
{
    return cer_plan_parse(sg_slice_str(text), &desk_arena, ret_plan, err);
}

struct forged {
    const char *from, *to;
    const char *text;
};

static void refuse_all(enum cer_type type, const struct forged *forged,
                       size_t n)
{
    const char *text = plan_text(type);

    for (size_t i = 0; i < n; i++) {
        struct sg_err err = { 0 };
        struct cer_plan plan = { 0 };

        t_refused(
            &err,
            parse(desk_edit(text, forged[i].from, forged[i].to), &plan, &err),
            SG_FORMAT, forged[i].text);
        assert_null(plan.id);
    }
}

#define BY_HAND "plan: not in canonical form (changed by hand?)"
#define NOT_OURS "plan: not as signet writes what it says (changed by hand?)"

/* The readable half says nothing that the TBS does not. */
static void fields_must_be_those_of_the_tbs(void **state)
{
    static const struct forged forged[] = {
        { "\"not_after\":\"2037-01-06T23:59:59Z\"",
          "\"not_after\":\"2037-01-07T00:00:00Z\"",
          "plan: \"not_after\" is \"2037-01-07T00:00:00Z\" but the TBS says "
          "\"2037-01-06T23:59:59Z\"" },
        { "\"not_before\":\"2027-01-10T00:00:00Z\"",
          "\"not_before\":\"2027-01-10T00:00:01Z\"",
          "plan: \"not_before\" is \"2027-01-10T00:00:01Z\" but the TBS says "
          "\"2027-01-10T00:00:00Z\"" },
        { "\"path_length\":0", "\"path_length\":null",
          "plan: \"path_length\" is null but the TBS says 0" },
        { "\"path_length\":0", "\"path_length\":1",
          "plan: \"path_length\" is 1 but the TBS says 0" },
        { "\"subject\":\"CN=Desk Issuing,", "\"subject\":\"CN=Desk Issuer,",
          "plan: \"subject\" is \"CN=Desk Issuer,O=Example,C=DE\" but the TBS "
          "says \"CN=Desk Issuing,O=Example,C=DE\"" },
        { "\"ca\":true", "\"ca\":false",
          "plan: \"ca\" is false but the TBS says true" },
        { "\"key_usage\":[\"keyCertSign\",\"cRLSign\"]",
          "\"key_usage\":[\"cRLSign\"]",
          "plan: \"key_usage\" is [\"cRLSign\"] but the TBS says "
          "[\"keyCertSign\",\"cRLSign\"]" },
        { "\"name_constraints\":null,", "",
          "plan: \"name_constraints\" is missing" },
        { "\"policies\":[]", "\"policies\":[],\"purpose\":\"good\"", NOT_OURS },
        { "\"algorithm\":\"ecdsa-with-SHA384\"",
          "\"algorithm\":\"ecdsa-with-SHA256\"",
          "plan: \"algorithm\" is ecdsa-with-SHA256 but the TBS says "
          "ecdsa-with-SHA384" },
        { "\"algorithm\":\"ecdsa-with-SHA384\"", "\"algorithm\":\"none\"",
          "plan: sign: \"algorithm\" is \"none\", which is none" },
        { "\"type\":\"intermediate\"", "\"type\":\"rollover\"",
          "plan: TBS: type is rollover, but the certificate is not "
          "self-issued" },
        { "\"type\":\"intermediate\"", "\"type\":\"ocsp-responder\"",
          "plan: TBS: type is ocsp-responder, but the certificate has not the "
          "purpose OCSPSigning alone" },
        { "\"type\":\"intermediate\"", "\"type\":\"root\"",
          "plan: chain: type root has none" },
        { "\"type\":\"intermediate\"", "\"type\":\"key\"",
          "plan: key: \"guard\" is not of type object" },
        { "\"type\":\"intermediate\"", "\"type\":\"leaf\"",
          "plan: type: \"leaf\": not one of key, root, intermediate, csr, "
          "cross-certificate, rollover, ocsp-responder, crl" },
        { "\"chain\":[\"MII", "\"chain\":[\"***",
          "plan: chain[0]: not base64" },
    };
    static const struct forged root[] = {
        { "\"path_length\":null", "\"path_length\":0",
          "plan: \"path_length\" is 0 but the TBS says null" },
        { "\"type\":\"root\"", "\"type\":\"intermediate\"",
          "plan: chain: type intermediate needs one" },
    };
    static const struct forged crl[] = {
        { "\"number\":\"01\"", "\"number\":\"02\"",
          "plan: \"number\" is \"02\" but the TBS says \"01\"" },
        { "\"next_update\":\"2027-07-10", "\"next_update\":\"2028-07-10",
          "plan: \"next_update\" is \"2028-07-10T00:00:00Z\" but the TBS says "
          "\"2027-07-10T00:00:00Z\"" },
        { "\"scope\":\"all\"", "\"scope\":\"ca\"",
          "plan: \"scope\" is \"ca\" but the TBS says \"all\"" },
    };

    (void)state;
    refuse_all(CER_TYPE_INTERMEDIATE, forged, SG_ARRAY_LEN(forged));
    refuse_all(CER_TYPE_ROOT, root, SG_ARRAY_LEN(root));
    refuse_all(CER_TYPE_CRL, crl, SG_ARRAY_LEN(crl));
}

static void the_form_must_be_ours(void **state)
{
    static const struct forged forged[] = {
        { "{\"approvals_needed\"", "{\"a\":1,\"approvals_needed\"",
          "plan: \"a\" is not a key here" },
        { "{\"approvals_needed\"", "{ \"approvals_needed\"", BY_HAND },
        { "{\"approvals_needed\":0,\"approvers\":[]",
          "{\"approvers\":[],\"approvals_needed\":0", BY_HAND },
        { "\"approvals_needed\":0,", "",
          "plan: \"approvals_needed\" is missing" },
        { "\"version\":2,", "\"version\":1,",
          "plan: \"version\" is 1, must be 2 to 2" },
        { "\"kind\":\"signet ceremony plan\"", "\"kind\":\"plan\"",
          "plan: \"kind\" is not \"signet ceremony plan\"" },
        { "\"created\":\"2027-01-10T00:00:00Z\"",
          "\"created\":\"2027-01-10T01:00:00+01:00\"", NOT_OURS },
        { "\"created\":\"2027-01-10T00:00:00Z\"", "\"created\":\"now\"",
          "plan: \"created\": \"now\": not a time like \"2026-11-22T06:22:37Z\" "
          "(RFC 3339)" },
        { "\"approvers\":[]", "\"approvers\":[1]",
          "plan: approvers[0]: not an object" },
        { "\"warnings\":[]", "\"warnings\":[1]",
          "plan: warnings[0]: not of type string" },
        { "\"window\":{\"from\":\"2027-01-10T00:00:00Z\"",
          "\"window\":{\"from\":\"2027-01-21T00:00:00Z\"",
          "plan: window: from 2027-01-21T00:00:00Z is not before until "
          "2027-01-20T23:59:59Z" },
        { "\"window\":{\"from\"", "\"window\":{\"at\":1,\"from\"",
          "plan: window: \"at\" is not a key here" },
        { "\"approvals_needed\":0", "\"approvals_needed\":1",
          "plan: requester: key: needed when approvals are: the requester does "
          "not count, under whatever name" },
        { "\"profile\":\"private\"", "\"profile\":\"public\"",
          "plan: rules: profile \"public\": must be private or public-tls" },
        { "\"sign\":null", "\"sign\":{}",
          "plan: \"sign\" is not of type null" },
        { "\"max_path_length\":null", "\"max_path_length\":-1",
          "plan: guard: \"max_path_length\" is out of range" },
        { "\"may_sign_ca\":true", "\"may_sign_ca\":1",
          "plan: guard: \"may_sign_ca\" is not of type boolean" },
        { "\"max_per_second\":null", "\"max_per_second\":0",
          "plan: guard: \"max_per_second\" is out of range" },
        { "\"max_per_day\":null", "\"max_per_day\":1000001",
          "plan: guard: \"max_per_day\" is out of range" },
        { "\"extended_key_usage\":[]", "\"extended_key_usage\":[1]",
          "plan: guard: extended_key_usage[0]: not a string" },
        { "\"extended_key_usage\":[]",
          "\"extended_key_usage\":[\"1.3.6.1.5.5.7.3.1\"]", NOT_OURS },
        { "\"name_constraints\":null",
          "\"name_constraints\":{\"der\":\"\",\"excluded\":[],"
          "\"permitted\":[]}",
          "plan: guard: name_constraints: \"der\" of 0 octets, must have 1 to "
          "16384" },
        { "\"name_constraints\":null",
          "\"name_constraints\":{\"der\":\"MAgwBoIEdGVzdA==\",\"excluded\":[],"
          "\"permitted\":[]}",
          "plan: guard: name_constraints: name constraints: offset 2: 8 octets "
          "too many at the end" },
        /* the texts are not those of the octets */
        { "\"name_constraints\":null",
          "\"name_constraints\":{\"der\":\"MAqgCDAGggR0ZXN0\","
          "\"excluded\":[],\"permitted\":[\"dns:tests\"]}",
          NOT_OURS },
        { "\"max_validity\":790560000", "\"max_validity\":0",
          "plan: guard: max_validity: purpose ca needs it" },
        { "\"purpose\":\"ca\"", "\"purpose\":\"backend\"",
          "plan: guard: max_validity: goes with purpose ca only" },
        { "\"label\":\"root\"", "\"label\":\"\"", "plan: key: label is empty" },
        { "\"name\":\"Rita\",\"public_key\":null",
          "\"name\":\"Rita\",\"public_key\":\"MAA=\"",
          "plan: requester: key of \"Rita\": public key: offset 2: "
          "ends where SEQUENCE must follow" },
        { "\"title\":\"Try\"", "\"title\":\"Try\\n\"",
          "plan: title: \"Try?\": not 1 to 128 octets of text without control "
          "characters and spaces around it" },
    };
    struct sg_err err = { 0 };
    struct cer_plan plan;
    const char *text;

    (void)state;
    refuse_all(CER_TYPE_KEY, forged, SG_ARRAY_LEN(forged));
    text = plan_text(CER_TYPE_KEY);
    t_refused(&err,
              parse(sg_arena_printf(&desk_arena, "%s\n", text), &plan, &err),
              SG_FORMAT, BY_HAND);
    t_refused(&err,
              cer_plan_parse(SG_SLICE((const uint8_t *)text, CER_PLAN_MAX + 1),
                             &desk_arena, &plan, &err),
              SG_FORMAT, "plan: more than 16777216 bytes");
}

/* Octets that approvers saw are the only ones: what parses after a change is
 * another plan. */
static void a_changed_octet_is_another_plan(void **state)
{
    struct cer_plan plan;
    struct cer_plan other;
    unsigned parsed = 0;

    (void)state;
    desk_plan(desk_request(CER_TYPE_KEY), &plan);
    uint8_t *copy = sg_arena_alloc(&desk_arena, plan.json.len);
    assert_non_null(copy);
    memcpy(copy, plan.json.p, plan.json.len);
    for (size_t i = 0; i < plan.json.len; i++) {
        struct sg_arena arena;
        struct sg_err err = { 0 };

        sg_arena_init(&arena, (size_t)1 << 20);
        copy[i] ^= 1;
        if (cer_plan_parse(SG_SLICE(copy, plan.json.len), &arena, &other, &err)
            == SG_OK) {
            parsed++;
            assert_memory_not_equal(other.sha256, plan.sha256, 32);
        } else {
            assert_int_equal(err.rc, SG_FORMAT);
        }
        copy[i] ^= 1;
        sg_arena_done(&arena);
    }
    /* Letters of the title, labels and hashes of inputs. */
    assert_true(parsed > 0 && parsed < plan.json.len / 4);
}

/* The value of a member that is a text. */
static const char *member(const char *text, const char *key)
{
    char mark[64];
    const char *at;

    (void)snprintf(mark, sizeof(mark), "\"%s\":\"", key);
    at = strstr(text, mark);
    assert_non_null(at);
    at += strlen(mark);
    return sg_arena_printf(&desk_arena, "%.*s", (int)strcspn(at, "\""), at);
}

/* Two plans of the same request differ in their serial numbers: the octets of
 * one do not pass under the words of the other. */
static void octets_of_another_plan_are_refused(void **state)
{
    struct sg_err err = { 0 };
    struct cer_plan plan;
    const char *one = plan_text(CER_TYPE_INTERMEDIATE);
    const char *two = plan_text(CER_TYPE_INTERMEDIATE);
    const char *mixed = desk_edit(one, member(one, "tbs"), member(two, "tbs"));

    (void)state;
    t_refused(&err, parse(mixed, &plan, &err), SG_FORMAT,
              "plan: \"tbs_sha256\" is not the hash of the TBS");
    mixed =
        desk_edit(mixed, member(one, "tbs_sha256"), member(two, "tbs_sha256"));
    sg_err_clear(&err);
    t_assert_fails(parse(mixed, &plan, &err), SG_FORMAT);
    assert_int_equal(strncmp(err.msg, "plan: \"serial\" is \"", 19), 0);
}

static void the_key_is_the_issuers(void **state)
{
    struct sg_err err = { 0 };
    struct cer_plan plan;
    const char *text = plan_text(CER_TYPE_INTERMEDIATE);
    const char *root = plan_text(CER_TYPE_ROOT);
    const char *other = plan_text(CER_TYPE_CSR);
    const char *key = member(other, "public_key");

    (void)state;
    t_refused(
        &err,
        parse(desk_edit(text, member(text, "public_key"), key), &plan, &err),
        SG_FORMAT, "plan: key: the public key is not that of chain[0]");
    t_refused(
        &err,
        parse(desk_edit(root, member(root, "public_key"), key), &plan, &err),
        SG_FORMAT, "plan: key: the public key is not that of the TBS");
    const char *whole =
        sg_arena_printf(&desk_arena, "\"%s\"", member(root, "public_key"));
    t_refused(&err, parse(desk_edit(root, whole, "null"), &plan, &err),
              SG_FORMAT, "plan: key: the public key is not that of the TBS");
}

/* The plan with another certificate of the root's key in its chain. */
static const char *under(const char *text, const char *subject,
                         const char *key_id)
{
    uint8_t base64[8192];

    ossl("req", "-x509", "-new", "-key", ossl_path("root.key"), "-subj",
         subject, "-addext",
         sg_arena_printf(&desk_arena, "subjectKeyIdentifier=%s", key_id),
         "-out", ossl_path("again.crt"));
    struct sg_slice der = ossl_der(&desk_arena, "again.crt", "CERTIFICATE");
    assert_true(der.len < sizeof(base64) / 2);
    (void)EVP_EncodeBlock(base64, der.p, (int)der.len);
    const char *chain = strstr(text, "\"chain\":[\"");
    assert_non_null(chain);
    chain += strlen("\"chain\":[\"");
    return desk_edit(
        text,
        sg_arena_printf(&desk_arena, "%.*s", (int)strcspn(chain, "\""), chain),
        (const char *)base64);
}

static void the_chain_is_the_issuers(void **state)
{
    struct sg_err err = { 0 };
    struct cer_plan plan;
    const char *text = plan_text(CER_TYPE_INTERMEDIATE);

    (void)state;
    t_refused(
        &err,
        parse(under(text, "/C=DE/O=Example/CN=Another", "hash"), &plan, &err),
        SG_FORMAT,
        "plan: the TBS's issuer is not, octet for octet, the subject of "
        "chain[0] (RFC 5280 4.1.2.4)");
    t_refused(&err,
              parse(under(text, "/C=DE/O=Example/CN=Desk Root", "01:02"), &plan,
                    &err),
              SG_FORMAT,
              "plan: the TBS's authorityKeyIdentifier is not the key "
              "identifier of chain[0] (RFC 5280 4.2.1.1)");
}

/* A CSR that is swapped afterwards changes nothing: the plan has the key. */
static void a_swapped_csr_is_another_plan(void **state)
{
    struct cer_plan before;
    struct cer_plan after;
    struct cer_plan again;
    struct sg_err err = { 0 };

    (void)state;
    desk_plan(desk_request(CER_TYPE_INTERMEDIATE), &before);
    ossl("req", "-new", "-key", ossl_path("ocsp.key"), "-subj",
         "/C=DE/O=Example/CN=Asked For", "-out", ossl_path("issuing.csr"));
    desk_plan(desk_request(CER_TYPE_INTERMEDIATE), &after);
    assert_memory_not_equal(before.sha256, after.sha256, 32);
    assert_memory_not_equal(before.tbs_sha256, after.tbs_sha256, 32);
    t_ok(&err, cer_plan_parse(before.json, &desk_arena, &again, &err));
    assert_memory_equal(again.tbs_sha256, before.tbs_sha256, 32);
    bool seen = false;
    for (size_t i = 0; i < before.n_inputs; i++)
        if (strcmp(before.input[i].role, "csr") == 0) {
            seen = true;
            assert_string_equal(before.input[i].path, "issuing.csr");
            assert_memory_not_equal(before.input[i].sha256,
                                    after.input[i].sha256, 32);
        }
    assert_true(seen);
    ossl("req", "-new", "-key", ossl_path("issuing.key"), "-subj",
         "/C=DE/O=Example/CN=Asked For", "-out", ossl_path("issuing.csr"));
}

/* Other days have other rules: cer_plan_lint() asks again. */
static void a_plan_is_linted_again(void **state)
{
    struct cer_plan plan;
    static struct lint_report report;

    (void)state;
    desk_plan(desk_request(CER_TYPE_INTERMEDIATE), &plan);
    memset(&report, 0, sizeof(report));
    cer_plan_lint(&plan, DESK_NOW, &report);
    assert_true(report.rules_run > 20);
    assert_true(lint_worst(&report) < LINT_ERROR);
    plan.profile = LINT_PROFILE_PUBLIC_TLS;
    memset(&report, 0, sizeof(report));
    cer_plan_lint(&plan, DESK_NOW, &report);
    assert_int_equal(lint_worst(&report), LINT_ERROR);

    desk_plan(desk_request(CER_TYPE_CRL), &plan);
    memset(&report, 0, sizeof(report));
    cer_plan_lint(&plan, DESK_NOW, &report);
    assert_true(report.rules_run > 5);
    assert_true(lint_worst(&report) < LINT_ERROR);
    desk_plan(desk_request(CER_TYPE_KEY), &plan);
    memset(&report, 0, sizeof(report));
    cer_plan_lint(&plan, DESK_NOW, &report);
    assert_int_equal(report.rules_run, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_teardown(name, desk_clear)
        T(fields_must_be_those_of_the_tbs),
        T(the_form_must_be_ours),
        T(a_changed_octet_is_another_plan),
        T(octets_of_another_plan_are_refused),
        T(the_key_is_the_issuers),
        T(the_chain_is_the_issuers),
        T(a_swapped_csr_is_another_plan),
        T(a_plan_is_linted_again),
    };

    return cmocka_run_group_tests(tests, desk_open, desk_close);
}
