/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/signer/rig.h"

#include <stdio.h>
#include <string.h>

#define EC "key_type: ec"
#define ROLE EC ", allowed_domains: [example.com], allow_subdomains: true"
/* Any name and IDs; name constraints of the issuer still hold. */
#define FREE \
    EC ", allow_any_name: true, allowed_uri_sans: ['*'], " \
       "allowed_other_sans: ['*'], allowed_serial_numbers: ['*'], " \
       "allowed_user_ids: ['*'], require_cn: false"

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

static void refused(const char *role, const char *body, const char *message)
{
    struct rig_request req;
    rig_prepare(&req, SRV_OP_ISSUE, &rig.issuer, role, body);
    if (req.rc == SG_OK || sg_rc_http(req.rc) != 400
        || strcmp(req.err.msg, message) != 0)
        fail_msg("{%s} %s\n%s: %s\nwanted: %s", role, body, sg_rc_name(req.rc),
                 req.err.msg, message);
    assert_null(req.job.key);
    assert_null(req.job.tbs.data);
    rig_request_done(&req);
}

/* Subject and SANs of what was made: "CN=a|DNS:a,IP:192.0.2.1". */
static void makes(const char *role, const char *body, const char *want)
{
    struct rig_request req;
    struct ca_cert cert;
    char subject[512];
    rig_prepare(&req, SRV_OP_ISSUE, &rig.issuer, role, body);
    if (req.rc != SG_OK)
        fail_msg("{%s} %s\n%s", role, body, req.err.msg);
    kit_ok(&req.err, ca_cert_parse_tbs(&req.arena, sg_buf_slice(&req.job.tbs),
                                       &cert, &req.err));
    const char *got = sg_arena_printf(
        &req.arena, "%s|", ca_dn_text(cert.subject, subject, sizeof(subject)));
    for (size_t i = 0; i < cert.sans.n; i++) {
        char san[512];
        got = sg_arena_printf(&req.arena, "%s%s%s", got, i == 0 ? "" : ",",
                              ca_san_text(&cert.sans.san[i], san, sizeof(san)));
    }
    if (strcmp(got, want) != 0)
        fail_msg("{%s} %s\n%s\nwanted: %s", role, body, got, want);
    rig_request_done(&req);
}

static void test_common_name(void **state)
{
    (void)state;
    makes(ROLE, "{\"common_name\":\"web.example.com\"}",
          "CN=web.example.com|DNS:web.example.com");
    makes(ROLE, "{\"common_name\":\"WEB.Example.com\"}",
          "CN=web.example.com|DNS:web.example.com");
    makes(ROLE, "{\"common_name\":\"b\u00fccher.example.com\"}",
          "CN=xn--bcher-kva.example.com|DNS:xn--bcher-kva.example.com");
    makes(ROLE, "{\"common_name\":\"*.open.example.com\"}",
          "CN=*.open.example.com|DNS:*.open.example.com");
}

static void test_common_name_and_sans(void **state)
{
    (void)state;
    makes(ROLE,
          "{\"common_name\":\"b.example.com\",\"alt_names\":"
          "\"c.example.com,me@a.example.com,a.example.com,b.example.com\"}",
          "CN=b.example.com|DNS:a.example.com,DNS:b.example.com,"
          "DNS:c.example.com,email:me@a.example.com");
    makes(ROLE,
          "{\"common_name\":\"web.example.com\",\"exclude_cn_from_sans\":"
          "\"true\",\"alt_names\":\"a.example.com\"}",
          "CN=web.example.com|DNS:a.example.com");
    makes(ROLE, "{\"common_name\":\"me@a.example.com\"}",
          "CN=me@a.example.com|email:me@a.example.com");
    makes(FREE ", enforce_hostnames: false",
          "{\"common_name\":\"Jane Doe\",\"alt_names\":\"a.example.com\"}",
          "CN=Jane Doe|DNS:a.example.com");
    makes(ROLE ", require_cn: false", "{\"alt_names\":\"a.example.com\"}",
          "|DNS:a.example.com");
    makes(ROLE ", cn_validations: [disabled]",
          "{\"common_name\":\"Printer 7\",\"alt_names\":[\"a.example.com\"]}",
          "CN=Printer 7|DNS:a.example.com");
}

static void test_common_name_refused(void **state)
{
    static const char NO_CN[] =
        "the common_name field is required, or must be provided in a CSR "
        "with \"use_csr_common_name\" set to true, unless \"require_cn\" is "
        "set to false";
    (void)state;
    refused(ROLE, "", NO_CN);
    refused(ROLE, "{\"common_name\":\"\"}", NO_CN);
    refused(ROLE, "{\"common_name\":null}", NO_CN);
    refused(ROLE, "{\"common_name\":\"web.other.org\"}",
            "common name web.other.org not allowed by this role");
    refused(ROLE, "{\"common_name\":\"example.com\"}",
            "common name example.com not allowed by this role");
    /* checked even when it stays out of the SANs */
    refused(ROLE,
            "{\"common_name\":\"web.other.org\",\"exclude_cn_from_sans\":true}",
            "common name web.other.org not allowed by this role");
    refused(ROLE, "{\"common_name\":\"two words\"}",
            "common name two words not allowed by this role");
    refused(FREE, "{\"common_name\":\"under_score.example.com\"}",
            "common name under_score.example.com not allowed by this role");
    refused(ROLE ", cn_validations: [email]",
            "{\"common_name\":\"web.example.com\"}",
            "common name web.example.com not allowed by this role");
    refused(ROLE ", cn_validations: [hostname]",
            "{\"common_name\":\"me@a.example.com\"}",
            "common name me@a.example.com not allowed by this role");
    /* Vault lets it through; it would pass by the name constraints. */
    refused(FREE ", enforce_hostnames: false, cn_validations: [disabled]",
            "{\"common_name\":\"se*et.example.com\"}",
            "common name se*et.example.com not allowed by this role");
}

static void test_alt_names_refused(void **state)
{
    static const struct {
        const char *name, *message;
    } rows[] = {
        { "web.other.org",
          "subject alternate name web.other.org not allowed by this role" },
        { "me@other.org", "email address me@other.org not allowed by this "
                          "role" },
    };
    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        char body[256];
        (void)snprintf(body, sizeof(body),
                       "{\"common_name\":\"a.example.com\",\"alt_names\":"
                       "\"%s\"}",
                       rows[i].name);
        refused(ROLE, body, rows[i].message);
    }
}

/* Names that no role may have: the text says why. */
static void test_malformed_names(void **state)
{
    static const char *const NAMES[] = { "under_score.example.com",
                                         "a..example.com",
                                         "a.example.com.",
                                         "a.*.example.com",
                                         "x*.example.com",
                                         "192.0.2.1",
                                         "2001:db8::1",
                                         "-a.example.com",
                                         "two words" };
    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(NAMES); i++) {
        struct rig_request req;
        char body[256];
        char want[256];
        (void)snprintf(body, sizeof(body), "{\"alt_names\":[\"%s\"]}",
                       NAMES[i]);
        (void)snprintf(want, sizeof(want),
                       "subject alternate name %s is not a valid DNS name and "
                       "cannot be included as a SAN: ",
                       NAMES[i]);
        rig_prepare(&req, SRV_OP_ISSUE, &rig.issuer, FREE, body);
        assert_int_equal(req.rc, SG_POLICY);
        if (strncmp(req.err.msg, want, strlen(want)) != 0)
            fail_msg("%s", req.err.msg);
        rig_request_done(&req);
    }
    struct rig_request req;
    rig_prepare(&req, SRV_OP_ISSUE, &rig.issuer, FREE,
                "{\"alt_names\":\"me@\"}");
    assert_int_equal(req.rc, SG_POLICY);
    assert_memory_equal(req.err.msg,
                        "email address me@ cannot be included as a SAN: ", 47);
    rig_request_done(&req);
}

static void test_long_name(void **state)
{
    char name[320];
    char body[512];
    struct rig_request req;
    (void)state;
    memset(name, 'a', sizeof(name));
    for (size_t i = 50; i < 300; i += 50)
        name[i] = '.';
    name[300] = '\0';
    (void)snprintf(body, sizeof(body), "{\"alt_names\":\"%s\"}", name);
    rig_prepare(&req, SRV_OP_ISSUE, &rig.issuer, FREE, body);
    assert_int_equal(req.rc, SG_POLICY);
    if (strstr(req.err.msg, "253 octets (RFC 1035") == NULL)
        fail_msg("%s", req.err.msg);
    rig_request_done(&req);
}

static void test_lax_host_names(void **state)
{
    (void)state;
    makes(FREE ", enforce_hostnames: false",
          "{\"alt_names\":\"under_score.example.com\"}",
          "|DNS:under_score.example.com");
    struct rig_request req;
    rig_prepare(&req, SRV_OP_ISSUE, &rig.issuer,
                FREE ", enforce_hostnames: false",
                "{\"alt_names\":\"se*et.example.com\"}");
    assert_int_equal(req.rc, SG_POLICY);
    assert_non_null(strstr(req.err.msg, "wildcard"));
    rig_request_done(&req);
}

static void test_ips(void **state)
{
    (void)state;
    makes(FREE, "{\"ip_sans\":\"192.0.2.1, 2001:db8::1,192.0.2.1\"}",
          "|IP:192.0.2.1,IP:2001:db8::1");
    refused(FREE ", allow_ip_sans: false",
            "{\"ip_sans\":[\"192.0.2.1\",\"192.0.2.2\"]}",
            "IP Subject Alternative Names are not allowed in this role, but "
            "was provided [192.0.2.1 192.0.2.2]");
    refused(FREE, "{\"ip_sans\":\"192.0.2.256\"}",
            "the value \"192.0.2.256\" is not a valid IP address");
    makes(FREE ", allow_ip_sans: false",
          "{\"ip_sans\":\"\",\"alt_names\":\"a.example.com\"}",
          "|DNS:a.example.com");
}

static void test_uris(void **state)
{
    (void)state;
    makes(FREE, "{\"uri_sans\":\"spiffe://prod/web\"}",
          "|URI:spiffe://prod/web");
    refused(ROLE ", require_cn: false", "{\"uri_sans\":\"spiffe://prod/web\"}",
            "URI Subject Alternative Names are not allowed in this role, but "
            "were provided via the API");
    refused(ROLE ", require_cn: false, allowed_uri_sans: ['spiffe://test/*']",
            "{\"uri_sans\":\"spiffe://prod/web\"}",
            "URI Subject Alternative Names were provided via the API which are "
            "not valid for this role");
    struct rig_request req;
    rig_prepare(&req, SRV_OP_ISSUE, &rig.issuer, FREE,
                "{\"uri_sans\":\"no scheme\"}");
    assert_int_equal(req.rc, SG_POLICY);
    assert_ptr_equal(strstr(req.err.msg,
                            "the provided URI Subject Alternative Name \"no "
                            "scheme\" is not a valid URI: "),
                     req.err.msg);
    rig_request_done(&req);
}

static void test_others(void **state)
{
    (void)state;
    makes(FREE, "{\"other_sans\":\"1.2.3.4;UTF8:some value\"}",
          "|otherName:1.2.3.4;UTF8:some value");
    refused(ROLE ", require_cn: false", "{\"other_sans\":\"1.2.3.4;UTF8:x\"}",
            "other SAN OID 1.2.3.4 not allowed by this role");
    refused(ROLE ", require_cn: false, allowed_other_sans: ['1.2.3.4;UTF8:y']",
            "{\"other_sans\":\"1.2.3.4;utf-8:x\"}",
            "other SAN 1.2.3.4 (x) not allowed by this role");
    refused(FREE, "{\"other_sans\":\"1.2.3.4;IA5:x\"}",
            "other SAN \"1.2.3.4;IA5:x\" is not of the form "
            "<oid>;UTF8:<value>");
}

static void test_subject(void **state)
{
    (void)state;
    makes(FREE ", country: [DE], organization: [Org], ou: [U1, U2], "
               "locality: [L], province: [P], street_address: [S], "
               "postal_code: ['12345']",
          "{\"common_name\":\"a.example.com\",\"serial_number\":\"SN-1\","
          "\"user_ids\":\"u1,u2\"}",
          "UID=u2,UID=u1,serialNumber=SN-1,CN=a.example.com,OU=U2,OU=U1,O=Org,"
          "street=S,postalCode=12345,L=L,ST=P,C=DE|DNS:a.example.com");
    refused(ROLE,
            "{\"common_name\":\"a.example.com\",\"serial_number\":\"SN-1\"}",
            "serial_number SN-1 not allowed by this role");
    refused(ROLE, "{\"common_name\":\"a.example.com\",\"user_ids\":\"bob\"}",
            "user_id bob is not allowed by this role");
}

#define EXCLUDED_CN \
    "{\"common_name\":\"web.other.org\",\"exclude_cn_from_sans\":true," \
    "\"alt_names\":\"a.example.com\"}"

/* The issuer permits example.com and excludes secret.example.com. */
static void test_name_constraints(void **state)
{
    static const char *const BODIES[] = {
        "{\"common_name\":\"web.other.org\"}",
        "{\"alt_names\":\"a.example.com,web.other.org\"}",
        "{\"alt_names\":\"secret.example.com\"}",
        "{\"alt_names\":\"x.secret.example.com\"}",
        "{\"alt_names\":\"*.example.com\"}",
        EXCLUDED_CN,
    };
    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(BODIES); i++) {
        struct rig_request req;
        rig_prepare(&req, SRV_OP_ISSUE, &rig.issuer, FREE, BODIES[i]);
        assert_int_equal(req.rc, SG_POLICY);
        if (strstr(req.err.msg, "RFC 5280 4.2.1.10") == NULL)
            fail_msg("%s: %s", BODIES[i], req.err.msg);
        rig_request_done(&req);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_common_name),
        cmocka_unit_test(test_common_name_and_sans),
        cmocka_unit_test(test_common_name_refused),
        cmocka_unit_test(test_alt_names_refused),
        cmocka_unit_test(test_malformed_names),
        cmocka_unit_test(test_long_name),
        cmocka_unit_test(test_lax_host_names),
        cmocka_unit_test(test_ips),
        cmocka_unit_test(test_uris),
        cmocka_unit_test(test_others),
        cmocka_unit_test(test_subject),
        cmocka_unit_test(test_name_constraints),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
