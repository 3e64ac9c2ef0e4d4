/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/ca/kit.h"

#include <stdio.h>
#include <string.h>

#include "ca/ext.h"
#include "common/parse.h"

static void assert_url(const char *url, bool allow_ldap)
{
    struct sg_err err = { 0 };

    kit_ok(&err, ca_url_check("URL", url, allow_ldap, &err));
}

static void assert_url_refused(const char *url, const char *fault)
{
    struct sg_err err = { 0 };
    char text[512];

    (void)snprintf(text, sizeof text, "URL \"%.200s\": %s (RFC 5280 4.2.1.6)",
                   url, fault);
    kit_refused(&err, ca_url_check("URL", url, true, &err), SG_POLICY, text);
}

static void test_good_urls(void **state)
{
    (void)state;
    assert_url("http://pki.example/ca.crl", false);
    assert_url("https://pki.example:8443", false);
    assert_url("HTTP://pki.example?x=%20", false);
    assert_url("http://192.0.2.1:80/ca", false);
    assert_url("http://[2001:db8::1]/ca", false);
    assert_url("http://[2001:db8::1]:80/ca", false);
    assert_url("ldap://dir.example/cn=CA?certificateRevocationList;binary",
               true);
    assert_url("ldap:///cn=CA?cACertificate", true);
}

static void test_bad_urls(void **state)
{
    char url[CA_URL_MAX + 2];

    (void)state;
    assert_url_refused("ftp://a.example/",
                       "scheme must be http, https or ldap");
    assert_url_refused("", "scheme must be http, https or ldap");
    assert_url_refused("http:/a.example", "scheme must be http, https or ldap");
    assert_url_refused("http://", "no host");
    assert_url_refused("http:///path", "no host");
    assert_url_refused("http://:80/", "no host");
    assert_url_refused("ldap://:389/", "no host");
    assert_url_refused("http://user:pw@a.example/", "user information in it");
    assert_url_refused("http://a.example/a b",
                       "a character that must be percent-encoded (RFC 3986 2)");
    assert_url_refused("http://a.example/\xc3\xa4",
                       "a character that must be percent-encoded (RFC 3986 2)");
    assert_url_refused("http://[2001:db8::zz]/",
                       "no IP address between the brackets");
    memset(url, 'a', sizeof url);
    url[sizeof url - 1] = '\0';
    assert_url_refused(url, "longer than 2048 octets");
}

static void test_host_rules(void **state)
{
    struct sg_err err = { 0 };

    (void)state;
    assert_string_equal(
        sg_rc_name(ca_url_check("URL", "http://-a.example/", true, &err)),
        "POLICY");
    sg_err_clear(&err);
    assert_string_equal(
        sg_rc_name(ca_url_check("URL", "http://a..example/", true, &err)),
        "POLICY");
}

static void test_lists(void **state)
{
    const char *const twice[] = { "http://a.example/", "http://b.example/",
                                  "http://a.example/" };
    const char *many[CA_URLS_MAX + 1] = { 0 };
    struct ca_texts list = { twice, 3 };
    struct sg_err err = { 0 };

    (void)state;
    kit_refused(&err, ca_urls_check("CDP", list, true, &err), SG_POLICY,
                "CDP \"http://a.example/\": given twice");
    list.n = 2;
    kit_ok(&err, ca_urls_check("CDP", list, true, &err));
    list = (struct ca_texts){ many, CA_URLS_MAX + 1 };
    kit_refused(&err, ca_urls_check("CDP", list, true, &err), SG_POLICY,
                "CDP: 17 URLs, at most 16");
}

static const uint8_t ID[] = { 1, 2, 3, 4 };

static void assert_written(struct sg_buf *out, struct sg_derw *w,
                           const char *hex)
{
    struct sg_err err = { 0 };
    char text[1024];

    kit_ok(&err, sg_derw_finish(w, &err));
    assert_true(out->len * 2 < sizeof text);
    text[0] = '\0';
    if (out->len > 0)
        sg_hex(sg_buf_slice(out), text, sizeof text);
    assert_string_equal(text, hex);
    sg_buf_reset(out);
}

/* Bytes worked out by hand from RFC 5280's ASN.1. */
static void test_encodings(void **state)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf out;
    const char *const url = "http://a/";
    struct ca_texts one = { &url, 1 };
    struct ca_texts none = { 0 };
    struct sg_derw w;

    (void)state;
    sg_buf_init(&out, 1024);
    sg_derw_init(&w, &out);
    ca_ext_ski(&w, SG_SLICE(ID, sizeof ID));
    assert_written(&out, &w, "300d0603551d0e0406040401020304");
    ca_ext_aki(&w, SG_SLICE(ID, sizeof ID));
    assert_written(&out, &w, "300f0603551d2304083006800401020304");
    ca_ext_basic_ca(&w, false, 0);
    assert_written(&out, &w, "300f0603551d130101ff040530030101ff");
    ca_ext_basic_ca(&w, true, 0);
    assert_written(&out, &w, "30120603551d130101ff040830060101ff020100");
    ca_ext_basic_ca(&w, true, 128);
    assert_written(&out, &w, "30130603551d130101ff040930070101ff02020080");
    ca_ext_key_usage(&w, CA_KU_KEY_CERT_SIGN | CA_KU_CRL_SIGN);
    assert_written(&out, &w, "300e0603551d0f0101ff040403020106");
    ca_ext_aia(&w, one, one);
    assert_written(&out, &w,
                   "303c06082b060105050701010430302e3015"
                   "06082b060105050730018609687474703a2f2f612f"
                   "301506082b060105050730028609687474703a2f2f612f");
    ca_ext_aia(&w, none, none);
    assert_written(&out, &w, "");
    ca_ext_cdp(&w, one);
    assert_written(&out, &w,
                   "301a0603551d1f04133011300fa00da00b8609687474703a2f2f612f");
    ca_ext_cdp(&w, none);
    assert_written(&out, &w, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_urls),  cmocka_unit_test(test_bad_urls),
        cmocka_unit_test(test_host_rules), cmocka_unit_test(test_lists),
        cmocka_unit_test(test_encodings),
    };

    return cmocka_run_group_tests_name("ext", tests, NULL, NULL);
}
