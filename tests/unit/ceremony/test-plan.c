/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/ceremony/desk.h"

#include <stdio.h>
#include <string.h>

#include "ca/csr.h"
#include "ca/oid.h"
#include "ceremony/json.h"
#include "common/parse.h"

/* --- what is planned -------------------------------------------------------- */

static bool same_tbs(const struct cer_plan *a, const struct cer_plan *b)
{
    bool same = a->n_sign == b->n_sign;

    for (size_t i = 0; same && i < a->n_sign; i++)
        same = sg_slice_eq(a->sign[i].der, b->sign[i].der);
    return same;
}

static void every_template_becomes_a_plan(void **state)
{
    (void)state;
    for (int type = CER_TYPE_KEY; type <= CER_TYPE_CRL; type++) {
        struct cer_plan plan;
        struct cer_plan again;
        struct sg_err err = { 0 };

        desk_plan(desk_request((enum cer_type)type), &plan);
        assert_int_equal(plan.type, type);
        assert_string_equal(plan.title, "Try");
        assert_string_equal(plan.requester.name, "Rita");
        assert_int_equal(plan.created, DESK_NOW);
        assert_int_equal(plan.window_until - plan.window_from, 11 * 86400 - 1);
        assert_string_equal(plan.input[0].role, "request");
        assert_string_equal(plan.input[0].path, "request.yaml");
        assert_int_equal(lint_worst(&desk_report) == LINT_ERROR, false);
        t_ok(&err, cer_plan_parse(plan.json, &desk_arena, &again, &err));
        assert_memory_equal(plan.sha256, again.sha256, 32);
        assert_true(same_tbs(&plan, &again));
    }
}

static void read_cert(const struct cer_plan *plan, struct ca_cert *ret)
{
    struct sg_err err = { 0 };

    t_ok(&err, ca_cert_parse_tbs(&desk_arena, plan->sign[0].der, ret, &err));
}

static void a_key_plan_holds_the_guard(void **state)
{
    struct cer_plan plan;
    const char *text = desk_request(CER_TYPE_KEY);

    (void)state;
    desk_plan(text, &plan);
    assert_int_equal(plan.key.type, TOK_KEY_EC_P384);
    assert_string_equal(plan.key.label, "root");
    assert_string_equal(plan.key.token_label, "desk");
    assert_null(plan.key.token_serial);
    assert_int_equal(plan.key.guard.purpose, TOK_PURPOSE_CA);
    assert_true(plan.key.guard.may_sign_ca);
    assert_false(plan.key.guard.has_max_path_length);
    assert_int_equal(plan.key.guard.max_validity, INT64_C(9150) * 86400);
    assert_int_equal(plan.n_sign, 0);

    desk_plan(desk_edit(text, "#  max_path_length: 1", "  max_path_length: 0"),
              &plan);
    assert_true(plan.key.guard.has_max_path_length);
    assert_int_equal(plan.key.guard.max_path_length, 0);
    assert_false(plan.key.guard.no_crl);
    desk_plan(
        desk_edit(text, "#  may_sign_crls: true", "  may_sign_crls: false"),
        &plan);
    assert_true(plan.key.guard.no_crl);
}

#define WITH_GUARD "# purpose ca only: may it sign CRLs (default true)?\n"

/* The request of a key with more lines in its guard. */
static const char *guarded(const char *lines)
{
    return desk_edit(desk_request(CER_TYPE_KEY), WITH_GUARD, lines);
}

static void a_key_plan_holds_purposes_names_and_rates(void **state)
{
    /* DNS example.com permitted, 192.0.2.0/24 excluded */
    static const uint8_t names[] =
        "\x30\x1f\xa0\x0f\x30\x0d\x82\x0b"
        "example.com"
        "\xa1\x0c\x30\x0a\x87\x08\xc0\x00\x02\x00\xff\xff\xff\x00";
    struct cer_plan plan;
    const struct tok_guard *guard = &plan.key.guard;

    (void)state;
    desk_plan(desk_request(CER_TYPE_KEY), &plan);
    assert_int_equal(guard->n_eku, 0);
    assert_int_equal(guard->names.len, 0);
    assert_int_equal(guard->per_second, 0);
    assert_int_equal(guard->per_day, 0);
    desk_plan(guarded("  extended_key_usage: [serverAuth, 1.2.3]\n"
                      "  name_constraints:\n"
                      "    permitted:\n      dns: [example.com]\n"
                      "    excluded:\n      ip: [192.0.2.0/24]\n"
                      "  max_per_second: 5\n"
                      "  max_per_day: 1000000\n"),
              &plan);
    assert_int_equal(guard->n_eku, 2);
    assert_int_equal(guard->eku[0].len, 8);
    assert_memory_equal(guard->eku[0].octets,
                        "\x2b\x06\x01\x05\x05\x07\x03\x01", 8);
    assert_int_equal(guard->eku[1].len, 2);
    assert_int_equal(guard->names.len, sizeof(names) - 1);
    assert_memory_equal(guard->names.p, names, sizeof(names) - 1);
    assert_int_equal(guard->per_second, 5);
    assert_int_equal(guard->per_day, 1000000);
    const char *text = sg_arena_text(&desk_arena, plan.json);
    assert_non_null(strstr(text, "\"extended_key_usage\":[\"serverAuth\","
                                 "\"1.2.3\"]"));
    assert_non_null(strstr(text, "\"excluded\":[\"IP:192.0.2.0/24\"],"
                                 "\"permitted\":[\"DNS:example.com\"]"));
}

/* notAfter = notBefore + duration - 1 s, and without path_length there is
 * none. */
static void a_root_is_as_asked_and_openssl_agrees(void **state)
{
    struct cer_plan plan;
    struct ca_cert cert;
    char name[256];

    (void)state;
    desk_plan(desk_request(CER_TYPE_ROOT), &plan);
    read_cert(&plan, &cert);
    assert_int_equal(cert.not_before, DESK_NOW);
    assert_int_equal(cert.not_after, DESK_NOW + INT64_C(7300) * 86400 - 1);
    assert_false(cert.has_path_length);
    assert_string_equal(ca_dn_text(cert.subject, name, sizeof(name)),
                        "CN=Desk Root,O=Example,C=DE");
    assert_int_equal(plan.alg, CA_SIGALG_ECDSA_SHA384);
    assert_int_equal(plan.n_chain, 0);
    assert_true(sg_slice_eq(plan.key.spki, cert.spki.der));
    desk_sign(&plan, "root.key", "tried.crt");
    ossl("verify", "-x509_strict", "-check_ss_sig", "-attime", "1800000000",
         "-CAfile", ossl_path("tried.crt"), ossl_path("tried.crt"));
}

#define RICH \
    "name_constraints:\n" \
    "  permitted:\n" \
    "    dns: [example.com]\n" \
    "    ip: [192.0.2.0/24, \"2001:db8::/32\"]\n" \
    "    email: [example.com]\n" \
    "    directory: [\"C=DE\"]\n" \
    "  excluded:\n" \
    "    dns: [secret.example.com]\n" \
    "    upn: [example.org]\n" \
    "extended_key_usage: [serverAuth, 1.3.6.1.5.5.7.3.2]\n" \
    "policies:\n" \
    "  - oid: 1.3.6.1.4.1.55555.1\n" \
    "    cps: https://pki.example.com/cps\n" \
    "    notice: Read it\n" \
    "policy_constraints:\n" \
    "  require_explicit_policy: 0\n" \
    "inhibit_any_policy: 0\n" \
    "issuing_certificates: [http://pki.example.com/root.crt]\n" \
    "ocsp_servers: [http://ocsp.example.com]\n" \
    "crl_distribution_points: [http://pki.example.com/root.crl]\n"

static const char *rich(void)
{
    const char *text = desk_request(CER_TYPE_INTERMEDIATE);

    return sg_arena_printf(&desk_arena, "%s%s", text, RICH);
}

static bool plan_says(const struct cer_plan *plan, const char *text)
{
    return memmem(plan->json.p, plan->json.len, text, strlen(text)) != NULL;
}

static void everything_that_was_asked_is_said(void **state)
{
    static const char *const said[] = {
        "\"path_length\":0",
        "\"name_constraints\":{\"critical\":true,\"excluded\":["
        "\"DNS:secret.example.com\",",
        "\"permitted\":[\"DNS:example.com\",\"IP:192.0.2.0/24\","
        "\"IP:2001:db8::/32\",\"email:example.com\",",
        "\"extended_key_usage\":[\"serverAuth\",\"clientAuth\"]",
        "{\"cps\":\"https://pki.example.com/cps\",\"notice\":\"Read it\","
        "\"oid\":\"1.3.6.1.4.1.55555.1\"}",
        "\"require_explicit_policy\":0",
        "\"inhibit_policy_mapping\":null",
        "\"inhibit_any_policy\":0",
        "\"issuing_certificates\":[\"http://pki.example.com/root.crt\"]",
        "\"ocsp_servers\":[\"http://ocsp.example.com\"]",
        "\"crl_distribution_points\":[\"http://pki.example.com/root.crl\"]",
        "\"key_usage\":[\"keyCertSign\",\"cRLSign\"]",
        "\"issuer\":\"CN=Desk Root,O=Example,C=DE\"",
        "\"subject\":\"CN=Desk Issuing,O=Example,C=DE\"",
        "\"not_after\":\"2037-01-06T23:59:59Z\"",
        "{\"critical\":true,\"name\":\"nameConstraints\"}",
        "csr: asks for the subject \\\"CN=Asked For,O=Example,C=DE\\\", the "
        "plan has \\\"CN=Desk Issuing,O=Example,C=DE\\\"",
        "\"role\":\"issuer-certificate\"",
    };
    struct cer_plan plan;

    (void)state;
    desk_plan(rich(), &plan);
    for (size_t i = 0; i < SG_ARRAY_LEN(said); i++)
        if (!plan_says(&plan, said[i]))
            fail_msg("not in the plan: %s\n%.*s", said[i], (int)plan.json.len,
                     (const char *)plan.json.p);
    desk_sign(&plan, "root.key", "issuing.crt");
    ossl("verify", "-x509_strict", "-attime", "1800000000", "-CAfile",
         ossl_path("root.crt"), ossl_path("issuing.crt"));
}

/* The CSR's own name, when the request has none; domain components as they are
 * read: example.com is DC=example under DC=com. */
static void the_subject_has_two_sources(void **state)
{
    struct cer_plan plan;
    struct ca_cert cert;
    char name[256];
    const char *text = desk_request(CER_TYPE_INTERMEDIATE);

    (void)state;
    desk_plan(desk_edit(text,
                        "subject:\n  common_name: Desk Issuing\n"
                        "  organization: Example\n  country: DE\n",
                        ""),
              &plan);
    read_cert(&plan, &cert);
    assert_string_equal(ca_dn_text(cert.subject, name, sizeof(name)),
                        "CN=Asked For,O=Example,C=DE");

    desk_plan(desk_edit(text, "  organization: Example\n  country: DE\n",
                        "  domain_component: [example, com]\n"),
              &plan);
    read_cert(&plan, &cert);
    assert_string_equal(ca_dn_text(cert.subject, name, sizeof(name)),
                        "CN=Desk Issuing,DC=example,DC=com");
}

static void a_request_for_a_certificate_verifies(void **state)
{
    struct cer_plan plan;

    (void)state;
    desk_plan(desk_request(CER_TYPE_CSR), &plan);
    desk_sign(&plan, "issuing.key", "made.csr");
    ossl("req", "-verify", "-noout", "-in", ossl_path("made.csr"));
    assert_true(plan_says(&plan, "\"subject\":\"CN=Desk Issuing,O=Example,"
                                 "C=DE\""));
}

static void a_cross_certificate_takes_name_and_key(void **state)
{
    struct cer_plan plan;
    struct ca_cert cert;
    struct ca_cert existing;
    struct sg_err err = { 0 };

    (void)state;
    desk_plan(desk_request(CER_TYPE_CROSS_CERTIFICATE), &plan);
    read_cert(&plan, &cert);
    t_ok(&err,
         ca_cert_parse(&desk_arena,
                       ossl_der(&desk_arena, "other-root.crt", "CERTIFICATE"),
                       &existing, &err));
    assert_true(sg_slice_eq(cert.subject, existing.subject));
    assert_true(sg_slice_eq(cert.ski, existing.ski));
    assert_true(sg_slice_eq(cert.spki.der, existing.spki.der));
    desk_sign(&plan, "root.key", "cross.crt");
    ossl("verify", "-x509_strict", "-attime", "1800000000", "-CAfile",
         ossl_path("root.crt"), ossl_path("cross.crt"));
}

static void a_rollover_goes_both_ways(void **state)
{
    struct cer_plan plan;
    struct ca_cert cert;
    const char *text = desk_request(CER_TYPE_ROLLOVER);

    (void)state;
    desk_plan(text, &plan);
    read_cert(&plan, &cert);
    assert_true(ca_cert_self_issued(&cert));
    assert_false(sg_slice_eq(cert.ski, cert.aki));
    desk_sign(&plan, "root.key", "new-with-old.crt");
    ossl("verify", "-x509_strict", "-attime", "1800000000", "-CAfile",
         ossl_path("root.crt"), ossl_path("new-with-old.crt"));

    struct cer_plan root;
    desk_plan(desk_edit(desk_request(CER_TYPE_ROOT), "public_key: root.pub",
                        "public_key: new-root.pub"),
              &root);
    desk_sign(&root, "new-root.key", "new-root.crt");
    text = desk_edit(text,
                     "public_key: new-root.pub\n#certificate: "
                     "old-root.crt",
                     "certificate: root.crt");
    text =
        desk_edit(text, "certificate: root.crt", "certificate: new-root.crt");
    desk_plan(text, &plan);
    desk_sign(&plan, "new-root.key", "old-with-new.crt");
    ossl("verify", "-x509_strict", "-attime", "1800000000", "-CAfile",
         ossl_path("new-root.crt"), ossl_path("old-with-new.crt"));
}

static void a_responder_answers_for_the_root(void **state)
{
    struct cer_plan plan;
    struct ca_cert cert;

    (void)state;
    desk_plan(desk_request(CER_TYPE_OCSP_RESPONDER), &plan);
    read_cert(&plan, &cert);
    assert_false(cert.is_ca);
    assert_true(ca_eku_has(cert.eku, ca_oid(CA_OID_EKU_OCSP_SIGNING)));
    assert_int_equal(cert.not_after, DESK_NOW + INT64_C(90) * 86400 - 1);
    desk_sign(&plan, "root.key", "ocsp.crt");
    ossl("verify", "-x509_strict", "-purpose", "ocsphelper", "-attime",
         "1800000000", "-CAfile", ossl_path("root.crt"), ossl_path("ocsp.crt"));
}

/* Key and subject come from the certificate that runs out. */
static void a_responder_is_renewed(void **state)
{
    const char *text =
        desk_edit(desk_request(CER_TYPE_OCSP_RESPONDER), "csr: ocsp.csr\n",
                  "certificate: renewed.crt\n");
    struct sg_err err = { 0 };
    struct cer_plan plan;
    struct ca_cert old;
    struct ca_cert new;
    char *subject;

    (void)state;
    desk_plan(desk_request(CER_TYPE_OCSP_RESPONDER), &plan);
    read_cert(&plan, &old);
    desk_sign(&plan, "root.key", "renewed.crt");
    t_refused(&err, desk_resolve(text, &plan, &err), SG_CONFIG,
              "request.yaml: subject: does not go with certificate, whose own "
              "is taken over");
    subject = strstr(text, "\nsubject:");
    assert_non_null(subject);
    char *end = strstr(subject, "\n# Others");
    assert_non_null(end);
    memmove(subject, end, strlen(end) + 1);
    desk_plan(text, &plan);
    read_cert(&plan, &new);
    assert_true(sg_slice_eq(new.subject, old.subject));
    assert_true(sg_slice_eq(new.spki.der, old.spki.der));
    assert_false(sg_slice_eq(new.serial, old.serial));
    t_refused(&err,
              desk_resolve(desk_edit(text, "certificate: renewed.crt",
                                     "certificate: other-root.crt"),
                           &plan, &err),
              SG_POLICY,
              "request.yaml: OCSP responder: the existing certificate is no "
              "responder's: its extKeyUsage has no OCSPSigning (RFC 6960 "
              "4.2.2.2)");
}

static void a_crl_revokes_files_and_serials(void **state)
{
    struct cer_plan plan;
    const char *text = desk_request(CER_TYPE_CRL);

    (void)state;
    desk_plan(desk_request(CER_TYPE_INTERMEDIATE), &plan);
    desk_sign(&plan, "root.key", "gone.crt");
    text = desk_edit(text, "number: 1\n", "number: 0x0100\n");
    text = desk_edit(text, "#  scope: ca\n", "  scope: ca\n");
    text = desk_edit(text,
                     "#  revoked:\n#    - certificate: "
                     "old-intermediate.crt\n"
                     "#      date: 2027-01-15T10:00:00Z\n"
                     "#      reason: cessationOfOperation\n",
                     "  revoked:\n    - certificate: gone.crt\n"
                     "      date: 2027-01-09T10:00:00Z\n"
                     "      reason: keyCompromise\n"
                     "    - serial: \"8001\"\n"
                     "      date: 2027-01-09T11:00:00Z\n");
    desk_plan(text, &plan);
    assert_true(plan_says(&plan, "\"number\":\"0100\""));
    assert_true(plan_says(&plan, "\"scope\":\"ca\""));
    assert_true(plan_says(&plan, "\"reason\":\"keyCompromise\""));
    assert_true(plan_says(&plan, "\"serial\":\"008001\""));
    assert_true(plan_says(&plan, "\"role\":\"crl-revoked\""));
    desk_sign(&plan, "root.key", "root.crl");
    const char *seen =
        ossl("crl", "-noout", "-text", "-in", ossl_path("root.crl"), "-CAfile",
             ossl_path("root.crt"));
    assert_non_null(strstr(seen, "verify OK"));
    assert_non_null(strstr(seen, "Serial Number: 8001"));
    assert_non_null(strstr(seen, "Key Compromise"));
}

static void people_are_counted(void **state)
{
    struct cer_plan plan;
    const char *text = desk_request(CER_TYPE_KEY);

    (void)state;
    text = desk_edit(text, "#  key: requester.pem", "  key: rita.pub");
    text = desk_edit(text, "approvals_needed: 0",
                     "approvers:\n  - name: Ada\n    key: ada.pub\n"
                     "  - name: Rita\n    key: rita.pub\n"
                     "  - name: Ben\n    key: ben.pub\n"
                     "approvals_needed: 2");
    desk_plan(text, &plan);
    assert_int_equal(plan.n_approvers, 3);
    assert_int_equal(plan.approvals_needed, 2);
    assert_true(cer_person_same(&plan.requester, &plan.approver[1]));
    assert_false(cer_person_same(&plan.requester, &plan.approver[0]));
    assert_int_equal(plan.n_inputs, 5);
}

/* --- what is refused: more of it in tests/data/bad ---------------------------- */

/* The hash that was read over the telephone finds the wrong CSR. */
static void the_certified_key_is_held_against(void **state)
{
    struct sg_err err = { 0 };
    struct cer_plan plan;
    struct ca_cert cert;
    uint8_t hash[32];
    char hex[65];
    const char *text = desk_request(CER_TYPE_INTERMEDIATE);

    (void)state;
    t_refused(&err,
              desk_resolve(desk_edit(text, "#certified_key:\n#  type: ec-p256",
                                     "certified_key:\n  type: ec-p384"),
                           &plan, &err),
              SG_POLICY,
              "request.yaml: certified_key: type: must be ec-p384, but the key "
              "is of type ec-p256");
    desk_plan(text, &plan);
    read_cert(&plan, &cert);
    t_ok(&err, cer_sha256(cert.spki.der, hash, &err));
    (void)sg_hex(SG_SLICE(hash, 32), hex, sizeof(hex));
    text = desk_edit(text, "#certified_key:\n#  type: ec-p256\n#  sha256: 0",
                     "certified_key:\n  type: ec-p256\n  sha256: 0");
    t_refused(
        &err, desk_resolve(text, &plan, &err), SG_POLICY,
        sg_arena_printf(&desk_arena,
                        "request.yaml: certified_key: sha256: must be "
                        "00000000000000000000000000000000000000000000000000"
                        "00000000000000, but the key's is %s",
                        hex));
    desk_plan(desk_edit(text,
                        "0000000000000000000000000000000000000000000000000000"
                        "000000000000",
                        hex),
              &plan);
}

/* The linter's first error refuses the plan; what it warns about is kept for
 * those who approve. */
static void the_linter_has_its_say(void **state)
{
    struct sg_err err = { 0 };
    struct cer_plan plan;
    const char *text = desk_request(CER_TYPE_INTERMEDIATE);

    (void)state;
    t_refused(&err,
              desk_resolve(
                  desk_edit(text, "#profile: private", "profile: public-tls"),
                  &plan, &err),
              SG_POLICY,
              "request.yaml: lint: sub_ca_eku: a TLS intermediate has no "
              "serverAuth in extKeyUsage (CCADB 5.1, BR 7.1.2.10.6)");
    assert_int_equal(lint_worst(&desk_report), LINT_ERROR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_teardown(name, desk_clear)
        T(every_template_becomes_a_plan),
        T(a_key_plan_holds_the_guard),
        T(a_key_plan_holds_purposes_names_and_rates),
        T(a_root_is_as_asked_and_openssl_agrees),
        T(everything_that_was_asked_is_said),
        T(the_subject_has_two_sources),
        T(a_request_for_a_certificate_verifies),
        T(a_cross_certificate_takes_name_and_key),
        T(a_rollover_goes_both_ways),
        T(a_responder_answers_for_the_root),
        T(a_responder_is_renewed),
        T(a_crl_revokes_files_and_serials),
        T(people_are_counted),
        T(the_certified_key_is_held_against),
        T(the_linter_has_its_say),
    };

    return cmocka_run_group_tests(tests, desk_open, desk_close);
}
