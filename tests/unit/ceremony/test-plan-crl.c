/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/ceremony/desk.h"

#include <stdio.h>
#include <string.h>

#include "ceremony/ledger.h"
#include "ceremony/plan-int.h"
#include "common/parse.h"

#define MONTH INT64_C(2592000) /* 30 days */

static struct sg_err err;
static struct cer_plan plan;

static bool says(const char *text)
{
    return memmem(plan.json.p, plan.json.len, text, strlen(text)) != NULL;
}

/* A request with this in place of the template's. */
static const char *request(const char *last, const char *number,
                           const char *this_update, const char *more)
{
    const char *text = desk_request(CER_TYPE_CRL);

    text = desk_edit(text, "  last: none\n",
                     sg_arena_printf(&desk_arena, "  last: %s\n", last));
    text = desk_edit(text, "  number: 1\n",
                     sg_arena_printf(&desk_arena, "  number: %s\n", number));
    text =
        desk_edit(text, "this_update: 2027-01-10T00:00:00Z",
                  sg_arena_printf(&desk_arena, "this_update: %s", this_update));
    return desk_edit(text, "#  scope: ca\n", more);
}

#define T0 "2027-01-10T00:00:00Z"
#define T1 "2027-01-10T00:00:01Z"
#define ENTRY(serial) \
    "    - serial: " serial "\n      date: 2027-01-09T10:00:00Z\n"
#define REVOKED "  revoked:\n" ENTRY("01")

static void refuse(const char *text, enum sg_rc rc, const char *want)
{
    struct cer_plan never = { 0 };

    sg_err_clear(&err);
    t_refused(&err, desk_resolve(text, &never, &err), rc, want);
    assert_null(never.id);
}

/* --- what was published last -------------------------------------------------- */

/* "last.crl", number 5, of T0, with one entry. */
static void make_last(void)
{
    desk_plan(request("none", "5", T0, REVOKED), &plan);
    desk_sign(&plan, "root.key", "last.crl");
}

static void the_plan_names_the_last_one(void **state)
{
    (void)state;
    make_last();
    assert_true(says("\"crl\":{\"expired\":[],\"last\":null,"
                     "\"withdraw\":false}"));
    desk_plan(request("last.crl", "6", T1, REVOKED), &plan);
    assert_true(plan.past.has_last);
    assert_int_equal(plan.past.this_update, DESK_NOW);
    assert_int_equal(plan.past.entries, 1);
    assert_int_equal(plan.past.number.len, 1);
    assert_int_equal(plan.past.number.p[0], 5);
    struct sg_slice der = ossl_der(&desk_arena, "last.crl", "X509 CRL");
    uint8_t hash[32];
    t_ok(&err, cer_sha256(der, hash, &err));
    assert_memory_equal(hash, plan.past.sha256, 32);
    assert_true(says("\"role\":\"crl-last\""));
    /* The same by URL, in DER; its hash does not depend on the armour. */
    t_file_write(ossl_path("last.der"), der.p, der.len);
    desk_plan(request(sg_arena_printf(&desk_arena, "file://%s",
                                      ossl_path("last.der")),
                      "6", T1, REVOKED),
              &plan);
    assert_memory_equal(hash, plan.past.sha256, 32);
}

static void crls_go_forward_from_it(void **state)
{
    (void)state;
    make_last();
    refuse(request("last.crl", "5", T1, REVOKED), SG_POLICY,
           "request.yaml: crl: number 05 is not greater than 05, the last "
           "one's (RFC 5280 5.2.3)");
    refuse(request("last.crl", "6", T0, REVOKED), SG_POLICY,
           "request.yaml: crl: thisUpdate 2027-01-10T00:00:00Z is not after "
           "2027-01-10T00:00:00Z, the last one's (RFC 5280 5.1.2.4)");
    refuse(request("last.crl", "6", T1, "  scope: ca\n" REVOKED), SG_POLICY,
           "request.yaml: crl: the last one has another scope (RFC 5280 "
           "5.2.5)");
    refuse(request("last.crl", "6", T1, ""), SG_POLICY,
           "request.yaml: crl: serial number 01 was revoked and is no longer "
           "listed; only an expired certificate may be left out, and it has to "
           "be named (RFC 5280 3.3)");
    refuse(request("last.crl", "6", T1,
                   "  revoked:\n    - serial: 01\n"
                   "      date: 2027-01-09T10:00:01Z\n"),
           SG_POLICY,
           "request.yaml: crl: serial number 01 was revoked at "
           "2027-01-09T10:00:00Z, not at 2027-01-09T10:00:01Z");
    refuse(desk_edit(request("last.crl", "6", T1, REVOKED), "root.crt",
                     "other-root.crt"),
           SG_POLICY,
           "request.yaml: crl: last: last.crl: crl: issuer name is not the "
           "CA's subject, octet for octet (RFC 5280 5.1.2.3)");
}

/* The root's name, another key: after a rollover each key has lists of its
 * own. */
static void the_last_one_is_by_the_same_key(void **state)
{
    (void)state;
    make_last();
    const char *text =
        desk_edit(desk_request(CER_TYPE_ROOT), "public_key: root.pub",
                  "public_key: new-root.pub");
    desk_plan(text, &plan);
    desk_sign(&plan, "new-root.key", "new-root.crt");
    refuse(desk_edit(request("last.crl", "6", T1, REVOKED), "root.crt",
                     "new-root.crt"),
           SG_POLICY,
           "request.yaml: crl: last: last.crl: crl: authorityKeyIdentifier is "
           "not the CA's subjectKeyIdentifier (RFC 5280 5.2.1)");
}

static void the_last_one_is_a_crl(void **state)
{
    (void)state;
    refuse(request("root.pub", "6", T1, ""), SG_CONFIG,
           "request.yaml: crl: last: root.pub: pem: expected X509 CRL, "
           "found PUBLIC KEY");
    refuse(request("nothing.crl", "6", T1, ""), SG_CONFIG,
           sg_arena_printf(&desk_arena,
                           "request.yaml: crl: last: nothing.crl: No such "
                           "file or directory"));
    t_file_write(ossl_path("cut.crl"), "\x30\x82\x01", 3);
    refuse(request("cut.crl", "6", T1, ""), SG_CONFIG,
           "request.yaml: crl: last: cut.crl: crl: offset 1: truncated "
           "inside the length");
}

/* --- expired entries ---------------------------------------------------------- */

/* A certificate below the desk's root, good until then; its serial number. */
static const char *make_below(const char *name, const char *until)
{
    const char *text = desk_request(CER_TYPE_INTERMEDIATE);
    struct ca_cert cert;

    text = desk_edit(text, "  duration: 3650d\n",
                     sg_arena_printf(&desk_arena, "  not_after: %s\n", until));
    desk_plan(text, &plan);
    desk_sign(&plan, "root.key", name);
    t_ok(&err, ca_cert_parse_tbs(&desk_arena, plan.sign[0].der, &cert, &err));
    char *hex = sg_arena_alloc(&desk_arena, 64);
    return sg_hex(cert.serial, hex, 64);
}

static void expired_certificates_may_be_left_out(void **state)
{
    const char *gone;
    const char *stays;

    (void)state;
    gone = make_below("gone.crt", "2027-01-12T00:00:00Z");
    stays = make_below("stays.crt", "2027-03-01T00:00:00Z");
    const char *both =
        sg_arena_printf(&desk_arena,
                        "  revoked:\n    - serial: \"%s\"\n      date: " T0 "\n"
                        "    - serial: \"%s\"\n      date: " T0 "\n",
                        gone, stays);
    const char *one = sg_arena_printf(
        &desk_arena, "  revoked:\n    - serial: \"%s\"\n      date: " T0 "\n",
        stays);
    desk_plan(request("none", "1", "2027-01-12T00:00:00Z", both), &plan);
    desk_sign(&plan, "root.key", "early.crl");
    desk_plan(request("early.crl", "2", "2027-01-12T00:00:01Z", both), &plan);
    desk_sign(&plan, "root.key", "late.crl");
    const char *out =
        sg_arena_printf(&desk_arena, "%s  expired: [gone.crt]\n", one);
    refuse(request("early.crl", "3", "2027-01-13T00:00:00Z", out), SG_POLICY,
           "request.yaml: crl: expired: gone.crt: is valid until "
           "2027-01-12T00:00:00Z, and the last CRL is of 2027-01-12T00:00:00Z: "
           "its entry stays until one CRL after that has listed it (RFC 5280 "
           "3.3)");
    desk_plan(request("late.crl", "3", "2027-01-13T00:00:00Z", out), &plan);
    assert_int_equal(plan.past.n_expired, 1);
    assert_true(
        says(sg_arena_printf(&desk_arena, "\"expired\":[\"%s\"]", gone)));
    assert_true(says("\"role\":\"crl-expired\""));
    refuse(request(
               "late.crl", "3", "2027-01-13T00:00:00Z",
               sg_arena_printf(&desk_arena, "%s  expired: [stays.crt]\n", one)),
           SG_POLICY,
           "request.yaml: crl: expired: stays.crt: is valid until "
           "2027-03-01T00:00:00Z, and the last CRL is of 2027-01-12T00:00:01Z: "
           "its entry stays until one CRL after that has listed it (RFC 5280 "
           "3.3)");
    refuse(request("none", "3", T0, "  expired: [gone.crt]\n"), SG_CONFIG,
           "request.yaml: crl: expired: gone.crt: the last CRL does not list "
           "it");
    refuse(request("late.crl", "3", "2027-01-13T00:00:00Z",
                   "  expired: [other-root.crt]\n"),
           SG_POLICY,
           "request.yaml: crl: expired: other-root.crt: not issued by "
           "\"CN=Desk Root,O=Example,C=DE\": issuer \"CN=Other "
           "Root,O=Example,C=DE\" is not, octet for octet, the subject of the "
           "signer \"CN=Desk Root,O=Example,C=DE\" (RFC 5280 4.1.2.4)");
}

/* --- packages ------------------------------------------------------------------ */

#define PACKAGE(count, every) \
    "  package:\n    count: " count "\n    every: " every "\n"

static void a_package_has_a_list_for_each_month(void **state)
{
    (void)state;
    make_last();
    desk_plan(request("last.crl", "0xfe", T1, REVOKED PACKAGE("4", "30d")),
              &plan);
    assert_int_equal(plan.n_sign, 4);
    for (size_t i = 0; i < 4; i++) {
        struct ca_crl crl;
        char number[CER_NUMBER_TEXT_MAX];
        static const char *const want[] = { "fe", "ff", "0100", "0101" };

        t_ok(&err, cer_plan_crl(&plan, i, &desk_arena, &crl, &err));
        assert_string_equal(cer_number_text(crl.number, number), want[i]);
        assert_int_equal(crl.this_update, DESK_NOW + 1 + (int64_t)i * MONTH);
        assert_int_equal(crl.n_revoked, 1);
    }
    desk_sign_nth(&plan, 3, "root.key", "fourth.crl");
    assert_non_null(
        strstr(ossl("crl", "-noout", "-crlnumber", "-in",
                    ossl_path("fourth.crl"), "-CAfile", ossl_path("root.crt")),
               "0x0101"));
    /* What people read out is over all of them. */
    uint8_t all[4 * 32];
    uint8_t hash[32];
    for (size_t i = 0; i < 4; i++)
        memcpy(all + 32 * i, plan.sign[i].sha256, 32);
    t_ok(&err, cer_sha256(SG_SLICE(all, sizeof(all)), hash, &err));
    assert_memory_equal(hash, plan.tbs_sha256, 32);
}

static void packages_have_limits(void **state)
{
    (void)state;
    refuse(request("none", "1", T0, PACKAGE("1", "30d")), SG_CONFIG,
           "request.yaml: crl: package: count: 1: not between 2 and 36");
    refuse(request("none", "1", T0, PACKAGE("37", "30d")), SG_CONFIG,
           "request.yaml: crl: package: count: 37: not between 2 and 36");
    refuse(request("none", "1", T0, PACKAGE("2", "3599")), SG_CONFIG,
           "request.yaml: crl: package: every: \"3599\": less than an hour");
    refuse(request("none", "1", T0, PACKAGE("2", "monthly")), SG_CONFIG,
           "request.yaml: crl: package: every: \"monthly\": not a duration "
           "like \"3600\", \"90s\", \"15m\", \"1.5h\" or \"30d\"");
    refuse(request("none", "1", T0, "  package:\n    count: 2\n"), SG_CONFIG,
           "request.yaml:66: crl.package: key \"every\" is missing");
    /* 181 days from T0 to nextUpdate. */
    refuse(request("none", "1", T0, PACKAGE("3", "182d")), SG_POLICY,
           "request.yaml: crl: package: CRL 01 runs out at "
           "2027-07-10T00:00:00Z, and the next one begins at "
           "2027-07-11T00:00:00Z: in between nobody would hold a valid one "
           "(RFC 5280 5.1.2.5)");
    desk_plan(request("none", "1", T0, PACKAGE("3", "181d")), &plan);
    assert_true(says("each has to be published within 0 hours"));
    refuse(request("none", "1", T0, PACKAGE("36", "3000d")), SG_POLICY,
           "request.yaml: crl: package: CRL 4 of 36: crl: nextUpdate "
           "2052-02-29T00:00:00Z is beyond the issuer's notAfter "
           "2047-01-04T23:59:59Z (RFC 5280 6.3.3)");
    refuse(request("none", "0x7fffffffffffffffffffffffffffffffffffffff", T0,
                   PACKAGE("2", "30d")),
           SG_POLICY,
           "request.yaml: crl: package: CRL 2 of 2: crl: number of more "
           "than 20 octets (RFC 5280 5.2.3)");
}

/* The most that a request may ask for is a plan still. */
static void the_largest_package_is_a_plan(void **state)
{
    struct sg_buf text;

    (void)state;
    sg_buf_init(&text, 1 << 20);
    t_ok(&err,
         sg_buf_put_str(&text, PACKAGE("36", "30d") "  revoked:\n", &err));
    for (unsigned i = 0; i < 2000; i++)
        t_ok(&err, sg_buf_printf(&text, &err,
                                 "    - serial: \"7f%038x\"\n"
                                 "      date: 2027-01-09T10:00:00Z\n"
                                 "      reason: cessationOfOperation\n",
                                 i));
    t_ok(&err, sg_buf_put_u8(&text, '\0', &err));
    desk_plan(request("none", "1", T0, (const char *)text.data), &plan);
    sg_buf_done(&text);
    assert_int_equal(plan.n_sign, 36);
    assert_true(plan.json.len > CER_PLAN_MAX / 2);
}

/* --- the plan's JSON ------------------------------------------------------------ */

static void forge(const char *from, const char *to, const char *want)
{
    const char *text = sg_arena_text(&desk_arena, plan.json);
    struct cer_plan never = { 0 };

    sg_err_clear(&err);
    t_refused(&err,
              cer_plan_parse(sg_slice_str(desk_edit(text, from, to)),
                             &desk_arena, &never, &err),
              SG_FORMAT, want);
}

static void a_package_is_one_series(void **state)
{
    (void)state;
    make_last();
    desk_plan(request("last.crl", "6", T1, REVOKED PACKAGE("2", "30d")), &plan);
    forge("\"number\":\"05\"", "\"number\":\"06\"",
          "plan: crl: number 06 is not greater than 06, the last one's (RFC "
          "5280 5.2.3)");
    forge("\"this_update\":\"2027-01-10T00:00:00Z\"",
          "\"this_update\":\"2027-01-10T00:00:01Z\"",
          "plan: crl: thisUpdate 2027-01-10T00:00:01Z is not after "
          "2027-01-10T00:00:01Z, the last one's (RFC 5280 5.1.2.4)");
    forge("\"number\":\"05\"", "\"number\":\"0005\"",
          "plan: not as signet writes what it says (changed by hand?)");
    forge("\"withdraw\":false", "\"withdraw\":0",
          "plan: crl: \"withdraw\" is not of type boolean");
    forge("\"expired\":[]", "\"expired\":[1]",
          "plan: crl: not a number in hex");
    forge("\"number\":\"07\"", "\"number\":\"08\"",
          "plan: sign[1]: plan: \"number\" is \"08\" but the TBS says "
          "\"07\"");
    desk_plan(desk_request(CER_TYPE_ROOT), &plan);
    forge("\"crl\":null", "\"crl\":{}", "plan: \"crl\" is not of type null");
}

/* Each list of the series, the other way round: both are signed for, but not in
 * this order. */
static void the_order_of_a_package_is_kept(void **state)
{
    struct cer_tbs first;
    struct sg_buf json;

    (void)state;
    desk_plan(request("none", "1", T0, PACKAGE("2", "30d")), &plan);
    first = plan.sign[0];
    plan.sign[0] = plan.sign[1];
    plan.sign[1] = first;
    sg_buf_init(&json, CER_PLAN_MAX);
    t_ok(&err, cer_plan_encode(&plan, &json, &err));
    t_refused(&err,
              cer_plan_parse(sg_buf_slice(&json), &desk_arena, &plan, &err),
              SG_FORMAT,
              "plan: crl: number 01 is not greater than 02, the last one's "
              "(RFC 5280 5.2.3)");
    sg_buf_done(&json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_teardown(name, desk_clear)
        T(the_plan_names_the_last_one),
        T(crls_go_forward_from_it),
        T(the_last_one_is_by_the_same_key),
        T(the_last_one_is_a_crl),
        T(expired_certificates_may_be_left_out),
        T(a_package_has_a_list_for_each_month),
        T(packages_have_limits),
        T(the_largest_package_is_a_plan),
        T(a_package_is_one_series),
        T(the_order_of_a_package_is_kept),
    };

    return cmocka_run_group_tests(tests, desk_open, desk_close);
}
