/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/ca/kit.h"

#include <stdio.h>
#include <string.h>

#include "ca/profile.h"
#include "common/parse.h"

#define SERVER_AUTH "1.3.6.1.5.5.7.3.1"
#define CLIENT_AUTH "1.3.6.1.5.5.7.3.2"
#define CODE_SIGNING "1.3.6.1.5.5.7.3.3"
#define EMAIL "1.3.6.1.5.5.7.3.4"
#define TIME_STAMPING "1.3.6.1.5.5.7.3.8"
#define OCSP_SIGNING "1.3.6.1.5.5.7.3.9"
#define ANY_EKU "2.5.29.37.0"

static void assert_encodes(const struct ca_profile_args *args, const char *hex)
{
    struct ca_profile *profile SG_CLEANUP(ca_profile_free) = NULL;
    struct sg_err err = { 0 };
    char text[2048];

    kit_ok(&err, ca_profile_new(args, &profile, &err));
    assert_true(profile->extensions.len * 2 < sizeof text);
    text[0] = '\0';
    if (profile->extensions.len > 0)
        sg_hex(profile->extensions, text, sizeof text);
    assert_string_equal(text, hex);
}

static void assert_refused(const struct ca_profile_args *args, const char *text)
{
    struct ca_profile *profile = NULL;
    struct sg_err err = { 0 };

    kit_refused(&err, ca_profile_new(args, &profile, &err), SG_POLICY, text);
    assert_null(profile);
}

static void test_empty(void **state)
{
    struct ca_profile_args args = { 0 };

    (void)state;
    assert_encodes(&args, "");
}

/* Of Vault's default, and of what may be added, each kind of key gets what it
 * can be used for. */
static void test_key_usage(void **state)
{
    const uint16_t sign = CA_KU_DIGITAL_SIGNATURE | CA_KU_CONTENT_COMMITMENT;
    const uint16_t encipher = CA_KU_KEY_ENCIPHERMENT | CA_KU_DATA_ENCIPHERMENT;
    const uint16_t agree = CA_KU_KEY_AGREEMENT | CA_KU_DECIPHER_ONLY;
    struct ca_profile_args args = { .key_usage = sign | encipher | agree };
    struct ca_profile *profile SG_CLEANUP(ca_profile_free) = NULL;
    struct sg_err err = { 0 };

    (void)state;
    kit_ok(&err, ca_profile_new(&args, &profile, &err));
    assert_int_equal(profile->extensions.len, 0);
    assert_int_equal(ca_profile_key_usage(profile, CA_KEY_RSA),
                     sign | encipher);
    assert_int_equal(ca_profile_key_usage(profile, CA_KEY_EC_P256),
                     sign | agree);
    assert_int_equal(ca_profile_key_usage(profile, CA_KEY_EC_P384),
                     sign | agree);
    assert_int_equal(ca_profile_key_usage(profile, CA_KEY_EC_P521),
                     sign | agree);
    assert_int_equal(ca_profile_key_usage(profile, CA_KEY_ED25519), sign);
}

static void test_key_usage_rules(void **state)
{
    struct ca_profile_args args = { 0 };

    (void)state;
    args.key_usage = CA_KU_DIGITAL_SIGNATURE | CA_KU_KEY_CERT_SIGN;
    assert_refused(&args, "key usage: keyCertSign in a leaf certificate "
                          "(RFC 5280 4.2.1.3)");
    args.key_usage = CA_KU_CRL_SIGN;
    assert_refused(&args, "key usage: cRLSign in a leaf certificate "
                          "(BR 7.1.2.7.11)");
    args.key_usage = CA_KU_ENCIPHER_ONLY;
    assert_refused(&args, "key usage: encipherOnly and decipherOnly mean "
                          "nothing without keyAgreement (RFC 5280 4.2.1.3)");
    args.key_usage =
        CA_KU_KEY_AGREEMENT | CA_KU_ENCIPHER_ONLY | CA_KU_DECIPHER_ONLY;
    assert_refused(&args, "key usage: encipherOnly and decipherOnly exclude "
                          "each other (RFC 5280 4.2.1.3)");
    args.key_usage = CA_KU_DIGITAL_SIGNATURE | 0x200;
    assert_refused(&args, "key usage: unknown bits 0x200 (RFC 5280 4.2.1.3)");
}

static void test_eku(void **state)
{
    const char *const two[] = { SERVER_AUTH, CLIENT_AUTH };
    const char *const stamp[] = { TIME_STAMPING };
    struct ca_profile_args args = { .eku = two, .n_eku = 2 };

    (void)state;
    assert_encodes(&args, "301d0603551d250416301406082b0601050507030106082b0601"
                          "0505070302");
    args.eku = stamp;
    args.n_eku = 1;
    assert_encodes(&args, "30160603551d250101ff040c300a06082b06010505070308");
}

static void test_eku_rules(void **state)
{
    const char *const any[] = { ANY_EKU };
    const char *const ocsp[] = { CLIENT_AUTH, OCSP_SIGNING };
    const char *const stamps[] = { TIME_STAMPING, CLIENT_AUTH };
    const char *const twice[] = { CLIENT_AUTH, SERVER_AUTH, CLIENT_AUTH };
    const char *const bad[] = { "1.99.3" };
    struct ca_profile_args args = { .eku = any, .n_eku = 1 };

    (void)state;
    assert_refused(&args, "extended key usage: anyExtendedKeyUsage in a leaf "
                          "certificate (BR 7.1.2.7.10)");
    args = (struct ca_profile_args){ .eku = ocsp, .n_eku = 2 };
    assert_refused(&args, "extended key usage: OCSPSigning needs a responder's "
                          "profile (RFC 6960 4.2.2.2)");
    args = (struct ca_profile_args){ .eku = stamps, .n_eku = 2 };
    assert_refused(&args, "extended key usage: timeStamping stands alone "
                          "(RFC 3161 2.3)");
    args = (struct ca_profile_args){ .eku = twice, .n_eku = 3 };
    assert_refused(&args, "extended key usage: clientAuth given twice");
    args = (struct ca_profile_args){ .eku = twice, .n_eku = 33 };
    assert_refused(&args, "extended key usage: 33 purposes, at most 32");
    args = (struct ca_profile_args){ .eku = bad, .n_eku = 1 };
    struct ca_profile *profile = NULL;
    struct sg_err err = { 0 };
    assert_string_equal(sg_rc_name(ca_profile_new(&args, &profile, &err)),
                        "POLICY");
    assert_non_null(strstr(err.msg, "extended key usage: "));
    assert_non_null(strstr(err.msg, "1.99.3"));
}

/* RFC 5280 4.2.1.12: one bit that fits is enough, none is a contradiction. */
static void test_eku_fits_key_usage(void **state)
{
    static const struct {
        const char *eku, *name;
        uint16_t good, bad;
    } rows[] = {
        { SERVER_AUTH, "serverAuth", CA_KU_KEY_ENCIPHERMENT,
          CA_KU_CONTENT_COMMITMENT },
        { CLIENT_AUTH, "clientAuth", CA_KU_KEY_AGREEMENT,
          CA_KU_KEY_ENCIPHERMENT },
        { CODE_SIGNING, "codeSigning", CA_KU_DIGITAL_SIGNATURE,
          CA_KU_CONTENT_COMMITMENT },
        { EMAIL, "emailProtection", CA_KU_CONTENT_COMMITMENT,
          CA_KU_DATA_ENCIPHERMENT },
        { TIME_STAMPING, "timeStamping", CA_KU_CONTENT_COMMITMENT,
          CA_KU_KEY_AGREEMENT },
    };

    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct ca_profile *profile SG_CLEANUP(ca_profile_free) = NULL;
        struct ca_profile_args args = { .key_usage = rows[i].good,
                                        .eku = &rows[i].eku,
                                        .n_eku = 1 };
        struct sg_err err = { 0 };
        char text[256];

        kit_ok(&err, ca_profile_new(&args, &profile, &err));
        args.key_usage = rows[i].bad;
        (void)snprintf(text, sizeof text,
                       "extended key usage: %s does not fit the key usage "
                       "(RFC 5280 4.2.1.12)",
                       rows[i].name);
        assert_refused(&args, text);
    }
}

static void test_basic_constraints(void **state)
{
    struct ca_profile_args args = { .basic_constraints = true };

    (void)state;
    assert_encodes(&args, "300c0603551d130101ff04023000");
}

static void test_policies(void **state)
{
    const struct ca_policy policies[] = {
        { .oid = "2.23.140.1.2.1" },
        { .oid = "1.3.6.1.4.1.32473.1",
          .cps = "http://a.example/cps",
          .notice = "\xc3\xa4" },
    };
    struct ca_profile_args args = { .policies = policies, .n_policies = 1 };

    (void)state;
    assert_encodes(&args, "30130603551d20040c300a3008060667810c010201");
    args.policies = &policies[1];
    assert_encodes(&args,
                   "304c0603551d2004453043304106092b0601040181fd590130343020"
                   "06082b060105050702011614687474703a2f2f612e6578616d706c65"
                   "2f637073301006082b0601050507020230040c02c3a4");
}

static void test_policy_rules(void **state)
{
    char notice[202];
    struct ca_policy twice[] = { { .oid = "1.2.3" }, { .oid = "1.2.3" } };
    struct ca_policy one = { .oid = "1.2.3" };
    struct ca_profile_args args = { .policies = twice, .n_policies = 2 };

    (void)state;
    assert_refused(&args, "policy: 1.2.3 given twice");
    args = (struct ca_profile_args){ .policies = &one, .n_policies = 1 };
    one.cps = "ldap://a.example/";
    assert_refused(&args, "policy CPS \"ldap://a.example/\": scheme must be "
                          "http or https (RFC 5280 4.2.1.6)");
    one.cps = NULL;
    one.notice = "";
    assert_refused(&args,
                   "policy notice: empty or not UTF-8 (RFC 5280 4.2.1.4)");
    one.notice = "\xff";
    assert_refused(&args,
                   "policy notice: empty or not UTF-8 (RFC 5280 4.2.1.4)");
    one.notice = "a\tb";
    assert_refused(&args, "policy notice: control character at octet 1 "
                          "(RFC 5280 4.2.1.4)");
    one.notice = "a\xc2\x85";
    assert_refused(&args, "policy notice: control character at octet 1 "
                          "(RFC 5280 4.2.1.4)");
    memset(notice, 'n', 201);
    notice[201] = '\0';
    one.notice = notice;
    assert_refused(&args, "policy notice: 201 characters, at most 200 "
                          "(RFC 5280 4.2.1.4)");
}

/* 200 characters may be more than 200 octets. */
static void test_notice_counts_characters(void **state)
{
    struct ca_profile *profile SG_CLEANUP(ca_profile_free) = NULL;
    char notice[401];
    struct ca_policy one = { .oid = "1.2.3", .notice = notice };
    struct ca_profile_args args = { .policies = &one, .n_policies = 1 };
    struct sg_err err = { 0 };

    (void)state;
    for (size_t i = 0; i < 400; i += 2)
        memcpy(notice + i, "\xc3\xa4", 2);
    notice[400] = '\0';
    kit_ok(&err, ca_profile_new(&args, &profile, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_key_usage),
        cmocka_unit_test(test_key_usage_rules),
        cmocka_unit_test(test_eku),
        cmocka_unit_test(test_eku_rules),
        cmocka_unit_test(test_eku_fits_key_usage),
        cmocka_unit_test(test_basic_constraints),
        cmocka_unit_test(test_policies),
        cmocka_unit_test(test_policy_rules),
        cmocka_unit_test(test_notice_counts_characters),
    };

    return cmocka_run_group_tests_name("profile", tests, NULL, NULL);
}
