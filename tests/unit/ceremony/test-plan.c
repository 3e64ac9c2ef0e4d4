/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/ceremony/desk.h"

#include <stdio.h>
#include <string.h>

#include "ca/csr.h"
#include "ca/oid.h"
#include "ceremony/json.h"
#include "common/parse.h"

/* --- what is planned -------------------------------------------------------- */

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
        assert_true(sg_slice_eq(plan.tbs, again.tbs));
    }
}

static void read_cert(const struct cer_plan *plan, struct ca_cert *ret)
{
    struct sg_err err = { 0 };

    t_ok(&err, ca_cert_parse_tbs(&desk_arena, plan->tbs, ret, &err));
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
    assert_int_equal(plan.tbs.len, 0);

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

/* --- what is refused -------------------------------------------------------- */

struct bad {
    enum cer_type type;
    const char *from, *to;
    enum sg_rc rc;
    const char *text;
};

static void refuse_all(const struct bad *bad, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct sg_err err = { 0 };
        struct cer_plan plan;
        const char *text =
            desk_edit(desk_request(bad[i].type), bad[i].from, bad[i].to);

        t_refused(&err, desk_resolve(text, &plan, &err), bad[i].rc,
                  bad[i].text);
    }
}

#define PEOPLE(list, n) \
    "approvals_needed: 0", "approvers:\n" list "approvals_needed: " n
#define ADA "  - name: Ada\n    key: ada.pub\n"

static void bad_people_and_windows(void **state)
{
    static const struct bad bad[] = {
        { CER_TYPE_KEY, "until: 2027-01-20T23:59:59Z",
          "until: 2027-01-10T00:00:00Z", SG_CONFIG,
          "request.yaml: window: from 2027-01-10T00:00:00Z is not before until "
          "2027-01-10T00:00:00Z" },
        { CER_TYPE_KEY,
          "from: 2027-01-10T00:00:00Z\n  until: 2027-01-20T23:59:59Z",
          "from: 2026-01-10T00:00:00Z\n  until: 2027-01-09T23:59:59Z",
          SG_CONFIG,
          "request.yaml: window: until 2027-01-09T23:59:59Z is before the plan "
          "is made (2027-01-10T00:00:00Z)" },
        { CER_TYPE_KEY, "name: Rita", "name: \"Rita\\nAda\"", SG_CONFIG,
          "request.yaml: requester: \"Rita?Ada\": not 1 to 128 octets of text "
          "without control characters and spaces around it" },
        { CER_TYPE_KEY, PEOPLE(ADA, "1"), SG_CONFIG,
          "request.yaml: requester: key: needed when approvals are: the "
          "requester does not count, under whatever name" },
        { CER_TYPE_KEY, PEOPLE(ADA ADA, "0"), SG_CONFIG,
          "request.yaml: approvers: \"Ada\" and \"Ada\" have the same name or "
          "key" },
        { CER_TYPE_KEY, PEOPLE(ADA "  - name: Eve\n    key: ada.pub\n", "0"),
          SG_CONFIG,
          "request.yaml: approvers: \"Ada\" and \"Eve\" have the same name or "
          "key" },
        { CER_TYPE_KEY, PEOPLE(ADA "  - name: ADA\n    key: ben.pub\n", "0"),
          SG_CONFIG,
          "request.yaml: approvers: \"Ada\" and \"ADA\" have the same name or "
          "key" },
        { CER_TYPE_KEY, PEOPLE("  - name: Ada\n    key: none.pub\n", "0"),
          SG_CONFIG,
          "request.yaml: approvers: key: none.pub: No such file or "
          "directory" },
        { CER_TYPE_KEY, PEOPLE("  - name: Ada\n    key: request.yaml\n", "0"),
          SG_CONFIG,
          "request.yaml: approvers: key: request.yaml: pem: no PUBLIC KEY "
          "block and no DER in it" },
    };

    (void)state;
    refuse_all(bad, SG_ARRAY_LEN(bad));
}

/* Rita is told by her key, whatever she calls herself. */
static void the_requester_does_not_count(void **state)
{
    struct sg_err err = { 0 };
    struct cer_plan plan;
    const char *text = desk_edit(desk_request(CER_TYPE_KEY),
                                 "#  key: requester.pem", "  key: rita.pub");

    (void)state;
    t_refused(&err,
              desk_resolve(desk_edit(text, PEOPLE(ADA "  - name: Trudy\n"
                                                      "    key: rita.pub\n",
                                                  "2")),
                           &plan, &err),
              SG_CONFIG,
              "request.yaml: approvals_needed: 2, but only 1 of the 2 "
              "approver(s) count: the requester does not");
    t_refused(&err,
              desk_resolve(desk_edit(text, PEOPLE(ADA, "2")), &plan, &err),
              SG_CONFIG,
              "request.yaml: approvals_needed: 2, but only 1 of the 1 "
              "approver(s) count");
}

static void bad_keys_and_guards(void **state)
{
    static const struct bad bad[] = {
        { CER_TYPE_KEY, "  type: ec-p384\n", "", SG_CONFIG,
          "request.yaml: key: type: type key needs it" },
        { CER_TYPE_KEY, "purpose: ca", "purpose: everything", SG_CONFIG,
          "request.yaml: guard: purpose \"everything\" is unknown: use ca, ocsp, "
          "backend or probe" },
        { CER_TYPE_KEY, "  max_validity: 9150d\n", "", SG_CONFIG,
          "request.yaml: guard: max_validity: purpose ca needs it" },
        { CER_TYPE_KEY, "purpose: ca", "purpose: ocsp", SG_CONFIG,
          "request.yaml: guard: max_validity: goes with purpose ca only" },
        { CER_TYPE_KEY, "  may_sign_ca: true\n#", "", SG_CONFIG,
          "request.yaml: guard: max_path_length: goes with may_sign_ca only" },
        { CER_TYPE_ROOT, "#  type: ec-p384", "  type: ec-p256", SG_CONFIG,
          "request.yaml: key: type: is ec-p256, but the key that signs is of "
          "type ec-p384" },
        { CER_TYPE_ROOT, "root.pub", "issuing.csr", SG_CONFIG,
          "request.yaml: public_key: issuing.csr: pem: expected PUBLIC KEY, "
          "found CERTIFICATE REQUEST" },
        { CER_TYPE_ROOT, "#signature:\n#  hash: 384\n",
          "signature:\n  hash: 256\n", SG_POLICY,
          "request.yaml: signature: signature algorithm: EC P-384 signs with "
          "SHA-384, not SHA-256 (BR 7.1.3.2.2)" },
    };

    (void)state;
    refuse_all(bad, SG_ARRAY_LEN(bad));
}

static void bad_purposes_names_and_rates(void **state)
{
#define EKU "  extended_key_usage: "
#define NC "  name_constraints:\n"
    static const struct {
        const char *lines, *text;
    } bad[] = {
        { EKU "[everything]\n",
          "extended_key_usage: neither serverAuth, clientAuth, codeSigning, "
          "emailProtection, timeStamping, OCSPSigning nor an OID: OID "
          "\"everything\": not dotted decimal" },
        { EKU "[1.2.3, 1.2.3]\n",
          "extended_key_usage: a purpose stands there twice" },
        { EKU "[1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 1.9]\n",
          "extended_key_usage: more than 8" },
        { NC "    permitted:\n      dns: [\"*.example.com\"]\n",
          "name_constraints: " },
        { NC "    excluded:\n      ip: [192.0.2.1/24]\n",
          "name_constraints: " },
        { "  name_constraints: {}\n", "name_constraints: " },
        { "  max_per_second: 0\n", "max_per_second: 0 is not 1 to 1000000" },
        { "  max_per_day: 1000001\n",
          "max_per_day: 1000001 is not 1 to 1000000" },
    };

    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(bad); i++) {
        struct sg_err err = { 0 };
        struct cer_plan plan;
        char want[256];

        t_assert_fails(desk_resolve(guarded(bad[i].lines), &plan, &err),
                       SG_CONFIG);
        (void)snprintf(want, sizeof(want), "request.yaml: guard: %s",
                       bad[i].text);
        if (strncmp(err.msg, want, strlen(want)) != 0)
            fail_msg("%s: %s", want, err.msg);
    }
}

/* What only a key that signs certificates has. */
static void limits_of_a_ca_go_with_a_ca(void **state)
{
    static const struct {
        const char *lines, *text;
    } bad[] = {
        { "  may_sign_ca: true\n", "may_sign_ca" },
        { "  may_sign_crls: false\n", "may_sign_crls" },
        { EKU "[serverAuth]\n", "extended_key_usage" },
        { NC "    permitted:\n      dns: [example.com]\n", "name_constraints" },
    };
    const char *text = desk_edit(desk_request(CER_TYPE_KEY), "purpose: ca\n",
                                 "purpose: probe\n");
    struct cer_plan plan;

    (void)state;
    text = desk_edit(text, "  max_validity: 9150d\n", "");
    text = desk_edit(text, "  may_sign_ca: true\n", "");
    for (size_t i = 0; i < SG_ARRAY_LEN(bad); i++) {
        struct sg_err err = { 0 };
        char want[128];

        (void)snprintf(want, sizeof(want),
                       "request.yaml: guard: %s: goes with purpose ca only",
                       bad[i].text);
        t_refused(&err,
                  desk_resolve(desk_edit(text, WITH_GUARD, bad[i].lines), &plan,
                               &err),
                  SG_CONFIG, want);
    }
    desk_plan(desk_edit(text, WITH_GUARD, "  max_per_day: 7\n"), &plan);
    assert_int_equal(plan.key.guard.per_day, 7);
}

static void bad_certificates(void **state)
{
    static const struct bad bad[] = {
        { CER_TYPE_INTERMEDIATE, "  duration: 3650d", "", SG_CONFIG,
          "request.yaml: validity: exactly one of not_after and duration, not "
          "none" },
        { CER_TYPE_INTERMEDIATE, "#  not_after: 2036", "  not_after: 2036",
          SG_CONFIG,
          "request.yaml: validity: exactly one of not_after and duration, not "
          "both" },
        { CER_TYPE_INTERMEDIATE, "  duration: 3650d",
          "  not_after: 2027-01-09T23:59:59Z", SG_CONFIG,
          "request.yaml: validity: not_after: ends before it begins (RFC 5280 "
          "4.1.2.5)" },
        { CER_TYPE_INTERMEDIATE, "  duration: 3650d", "  duration: 0",
          SG_CONFIG,
          "request.yaml: validity: duration: ends before it begins (RFC 5280 "
          "4.1.2.5)" },
        { CER_TYPE_INTERMEDIATE, "  not_before: 2027-01-10T00:00:00Z",
          "  not_before: 2027-01-09T23:59:59Z", SG_POLICY,
          "request.yaml: \"CN=Desk Issuing,O=Example,C=DE\" below "
          "\"CN=Desk Root,O=Example,C=DE\": notBefore 2027-01-09T23:59:59Z "
          "is earlier than the issuer's 2027-01-10T00:00:00Z (RFC 5280 6.1.3 (a)(2))" },
        { CER_TYPE_INTERMEDIATE, "  duration: 3650d",
          "  not_after: 2047-01-05T00:00:00Z", SG_POLICY,
          "request.yaml: \"CN=Desk Issuing,O=Example,C=DE\" below "
          "\"CN=Desk Root,O=Example,C=DE\": notAfter 2047-01-05T00:00:00Z is "
          "beyond the issuer's 2047-01-04T23:59:59Z: a certificate must not outlive "
          "its issuer (RFC 5280 6.1.3 (a)(2))" },
        { CER_TYPE_INTERMEDIATE, "issuing.csr", "absent.csr", SG_CONFIG,
          "request.yaml: csr: absent.csr: No such file or directory" },
        { CER_TYPE_INTERMEDIATE, "issuing.csr", "bad.csr", SG_POLICY,
          "request.yaml: csr: bad.csr: csr: request signature invalid (RFC "
          "2986 4.2)" },
        { CER_TYPE_INTERMEDIATE, "#public_key: issuing-key.pem",
          "public_key: issuing.pub", SG_CONFIG,
          "request.yaml: csr: exactly one of csr and public_key says whose key "
          "is certified, not both" },
        { CER_TYPE_INTERMEDIATE, "csr: issuing.csr", "#", SG_CONFIG,
          "request.yaml: public_key: exactly one of csr and public_key says "
          "whose key is certified, not none" },
        { CER_TYPE_INTERMEDIATE, "certificate: root.crt",
          "certificate: issuing.csr", SG_CONFIG,
          "request.yaml: issuer: certificate: issuing.csr: pem: expected "
          "CERTIFICATE, found CERTIFICATE REQUEST" },
        { CER_TYPE_INTERMEDIATE, "#extended_key_usage: [serverAuth]",
          "extended_key_usage: [OCSPSigning]", SG_POLICY,
          "request.yaml: extended key usage: OCSPSigning in a CA certificate (RFC "
          "6960 4.2.2.2, BR 7.1.2.10.6)" },
        { CER_TYPE_INTERMEDIATE, "#technically_constrained: true",
          "technically_constrained: true", SG_POLICY,
          "request.yaml: technically constrained: no name constraints (BR 7.1.2.5)" },
        { CER_TYPE_INTERMEDIATE, "#profile: private", "profile: public",
          SG_CONFIG,
          "request.yaml: profile \"public\": must be private or public-tls" },
        { CER_TYPE_ROOT, "country: DE", "country: Germany", SG_POLICY,
          "request.yaml: subject C \"Germany\": not two upper-case letters of ISO "
          "3166 (RFC 5280 app. A)" },
    };

    (void)state;
    refuse_all(bad, SG_ARRAY_LEN(bad));
}

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

static void bad_paths(void **state)
{
    struct sg_err err = { 0 };
    struct cer_plan plan;
    const char *text = desk_request(CER_TYPE_INTERMEDIATE);

    const char *want =
        "request.yaml: \"CN=Desk Issuing,O=Example,C=DE\" below "
        "\"CN=Desk Root,O=Example,C=DE\": path length: \"CN=Desk "
        "Root,O=Example,C=DE\" with path length 0 allows no CA certificate "
        "here (RFC 5280 4.2.1.9)";

    (void)state;
    desk_plan(desk_edit(desk_request(CER_TYPE_ROOT), "#path_length: 1",
                        "path_length: 0"),
              &plan);
    desk_sign(&plan, "root.key", "root-0.crt");
    text = desk_edit(text, "certificate: root.crt", "certificate: root-0.crt");
    t_refused(&err, desk_resolve(text, &plan, &err), SG_POLICY, want);
    t_refused(&err,
              desk_resolve(desk_edit(text, "path_length: 0", ""), &plan, &err),
              SG_POLICY, want);
}

static void bad_responders(void **state)
{
    static const struct bad bad[] = {
        { CER_TYPE_OCSP_RESPONDER, "duration: 90d", "duration: 398d", SG_POLICY,
          "request.yaml: OCSP responder: valid for more than 397 days, though "
          "nobody asks for its status (RFC 6960 4.2.2.2.1)" },
        { CER_TYPE_OCSP_RESPONDER, "csr: ocsp.csr", "public_key: root.pub",
          SG_POLICY,
          "request.yaml: public key: is the key of the CA certificate "
          "\"CN=Desk Root,O=Example,C=DE\" (BR 6.1.1.3)" },
    };

    (void)state;
    refuse_all(bad, SG_ARRAY_LEN(bad));
}

#define REVOKED(entry) "crl:\n", "crl:\n  revoked:\n    - " entry
#define DATE "      date: 2027-01-09T10:00:00Z\n"

static void bad_crls(void **state)
{
    static const struct bad bad[] = {
        { CER_TYPE_CRL, "number: 1", "number: 0", SG_CONFIG,
          "request.yaml: crl: number: \"0\": not between 1 and "
          "18446744073709551615" },
        { CER_TYPE_CRL, "number: 1", "number: 0x00", SG_CONFIG,
          "request.yaml: crl: number: is zero" },
        { CER_TYPE_CRL, "next_update: 2027-07-10T00:00:00Z",
          "next_update: 2027-01-10T00:00:00Z", SG_POLICY,
          "request.yaml: crl: nextUpdate 2027-01-10T00:00:00Z is not later than "
          "thisUpdate (RFC 5280 5.1.2.5)" },
        { CER_TYPE_CRL, "next_update: 2027-07-10T00:00:00Z",
          "next_update: 2047-01-05T00:00:00Z", SG_POLICY,
          "request.yaml: crl: nextUpdate 2047-01-05T00:00:00Z is beyond the "
          "issuer's notAfter 2047-01-04T23:59:59Z (RFC 5280 6.3.3)" },
        { CER_TYPE_CRL, "this_update: 2027-01-10T00:00:00Z",
          "this_update: yesterday", SG_CONFIG,
          "request.yaml: crl: this_update: \"yesterday\": not a time like "
          "\"2026-11-22T06:22:37Z\" (RFC 3339)" },
        { CER_TYPE_CRL, "#  scope: ca", "  scope: some", SG_CONFIG,
          "request.yaml: crl: scope: \"some\": not one of all, ca, user" },
        { CER_TYPE_CRL,
          REVOKED("serial: 01\n      certificate: root.crt\n" DATE), SG_CONFIG,
          "request.yaml: crl: revoked: exactly one of certificate and serial "
          "says which, not both" },
        { CER_TYPE_CRL, REVOKED("date: 2027-01-09T10:00:00Z\n"), SG_CONFIG,
          "request.yaml: crl: revoked: exactly one of certificate and serial "
          "says which, not none" },
        { CER_TYPE_CRL, REVOKED("serial: 00\n" DATE), SG_CONFIG,
          "request.yaml: crl: revoked: serial: is zero" },
        { CER_TYPE_CRL, REVOKED("certificate: other-root.crt\n" DATE),
          SG_POLICY,
          "request.yaml: crl: revoked: other-root.crt: not issued by \"CN=Desk "
          "Root,O=Example,C=DE\": certificate: issuer name is not the signer's "
          "subject, octet for octet (RFC 5280 4.1.2.4)" },
        { CER_TYPE_CRL, REVOKED("serial: 01\n      reason: boredom\n" DATE),
          SG_CONFIG,
          "request.yaml: crl: revoked: reason \"boredom\": none of those of RFC "
          "5280 5.3.1, such as keyCompromise, superseded or "
          "cessationOfOperation" },
        { CER_TYPE_CRL,
          REVOKED("serial: 01\n      date: 2027-01-10T00:00:01Z\n"), SG_POLICY,
          "request.yaml: crl: serial number 01: revoked at 2027-01-10T00:00:01Z, "
          "which is before 1950 or after thisUpdate 2027-01-10T00:00:00Z (RFC "
          "5280 5.1.2.6)" },
        { CER_TYPE_CRL,
          REVOKED("serial: 01\n" DATE "    - serial: \"0001\"\n" DATE),
          SG_POLICY,
          "request.yaml: crl: serial number 01 stands twice (RFC 5280 5.1.2.6)" },
    };

    (void)state;
    refuse_all(bad, SG_ARRAY_LEN(bad));
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
        T(a_crl_revokes_files_and_serials),
        T(people_are_counted),
        T(bad_people_and_windows),
        T(the_requester_does_not_count),
        T(bad_keys_and_guards),
        T(bad_purposes_names_and_rates),
        T(limits_of_a_ca_go_with_a_ca),
        T(bad_certificates),
        T(the_certified_key_is_held_against),
        T(bad_paths),
        T(bad_responders),
        T(bad_crls),
        T(the_linter_has_its_say),
    };

    return cmocka_run_group_tests(tests, desk_open, desk_close);
}
