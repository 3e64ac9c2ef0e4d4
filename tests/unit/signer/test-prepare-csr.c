/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/signer/rig.h"

#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#define ROLE \
    "key_type: ec, allowed_domains: [example.com], allow_subdomains: true"
#define BODY_MAX 16384

static struct rig_issuer rig;
static char body[BODY_MAX];

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

/* A body with this CSR and more fields (with a leading comma). */
static const char *with_csr(const char *csr, const char *fields)
{
    int n = snprintf(body, sizeof(body), "{\"csr\":\"%s\"%s}", csr, fields);
    assert_true(n > 0 && (size_t)n < sizeof(body));
    return body;
}

static void refused(const char *role, const char *request, const char *message)
{
    struct rig_request req;
    rig_prepare(&req, SRV_OP_SIGN, &rig.issuer, role, request);
    if (req.rc == SG_OK || sg_rc_http(req.rc) != 400
        || strcmp(req.err.msg, message) != 0)
        fail_msg("{%s}\n%s: %s\nwanted: %s", role, sg_rc_name(req.rc),
                 req.err.msg, message);
    rig_request_done(&req);
}

/* "CN=a|DNS:a" and the warnings, each behind a "|". */
static void makes(const char *role, const char *request, const char *want)
{
    struct rig_request req;
    struct ca_cert cert;
    char text[512];
    rig_prepare(&req, SRV_OP_SIGN, &rig.issuer, role, request);
    if (req.rc != SG_OK)
        fail_msg("{%s} %s", role, req.err.msg);
    assert_null(req.job.key);
    kit_ok(&req.err, ca_cert_parse_tbs(&req.arena, sg_buf_slice(&req.job.tbs),
                                       &cert, &req.err));
    assert_false(cert.is_ca);
    const char *got = sg_arena_printf(
        &req.arena, "%s|", ca_dn_text(cert.subject, text, sizeof(text)));
    for (size_t i = 0; i < cert.sans.n; i++)
        got =
            sg_arena_printf(&req.arena, "%s%s%s", got, i == 0 ? "" : ",",
                            ca_san_text(&cert.sans.san[i], text, sizeof(text)));
    for (size_t i = 0; i < req.job.warnings.n; i++)
        got = sg_arena_printf(&req.arena, "%s|%s", got, req.job.warnings.v[i]);
    if (strcmp(got, want) != 0)
        fail_msg("{%s}\n%s\nwanted: %s", role, got, want);
    rig_request_done(&req);
}

static void test_names_from_csr(void **state)
{
    (void)state;
    const char *csr = rig_csr("ec:P-256", "/O=Ignored/CN=b.example.com",
                              "subjectAltName=DNS:c.example.com,"
                              "DNS:a.example.com,IP:192.0.2.1");
    makes(ROLE, with_csr(csr, ""),
          "CN=b.example.com|DNS:a.example.com,DNS:b.example.com,"
          "DNS:c.example.com,IP:192.0.2.1");
    makes(ROLE, with_csr(csr, ",\"exclude_cn_from_sans\":\"true\""),
          "CN=b.example.com|DNS:a.example.com,DNS:c.example.com,IP:192.0.2.1");
    /* every field as cert-manager sends it */
    makes(ROLE,
          with_csr(csr, ",\"common_name\":\"x.example.com\",\"alt_names\":"
                        "\"y.example.com\",\"ip_sans\":\"192.0.2.9\","
                        "\"uri_sans\":\"spiffe://x/y\",\"ttl\":\"24h0m0s\","
                        "\"exclude_cn_from_sans\":\"true\""),
          "CN=b.example.com|DNS:a.example.com,DNS:c.example.com,IP:192.0.2.1|"
          "the common_name field was provided but the role is set with "
          "\"use_csr_common_name\" set to true|"
          "the alt_names field was provided but the role is set with "
          "\"use_csr_sans\" set to true|"
          "the ip_sans field was provided but the role is set with "
          "\"use_csr_sans\" set to true|"
          "the uri_sans field was provided but the role is set with "
          "\"use_csr_sans\" set to true");
    makes(ROLE ", use_csr_common_name: false, use_csr_sans: false",
          with_csr(csr, ",\"common_name\":\"x.example.com\",\"alt_names\":"
                        "\"y.example.com\",\"ip_sans\":\"192.0.2.9\""),
          "CN=x.example.com|DNS:x.example.com,DNS:y.example.com,"
          "IP:192.0.2.9");
    refused(ROLE ", use_csr_common_name: false", with_csr(csr, ""),
            "the common_name field is required, or must be provided in a CSR "
            "with \"use_csr_common_name\" set to true, unless \"require_cn\" "
            "is set to false");
}

static void test_csr_without_cn(void **state)
{
    (void)state;
    const char *csr = rig_csr("ec:P-256", "/", NULL);
    makes(ROLE, with_csr(csr, ",\"common_name\":\"x.example.com\""),
          "CN=x.example.com|DNS:x.example.com");
    refused(ROLE, with_csr(csr, ""),
            "the common_name field is required, or must be provided in a CSR "
            "with \"use_csr_common_name\" set to true, unless \"require_cn\" "
            "is set to false");
}

/* The final set counts, not the request (GHSA-g892-p242-8g86). */
static void test_final_names_are_checked(void **state)
{
    static const struct {
        const char *role, *san, *message;
    } rows[] = {
        { ROLE, "DNS:web.other.org",
          "subject alternate name web.other.org not allowed by this role" },
        { ROLE, "email:me@other.org",
          "email address me@other.org not allowed by this role" },
        { ROLE ", allow_ip_sans: false", "IP:192.0.2.1",
          "IP Subject Alternative Names are not allowed in this role, but was "
          "provided some via CSR" },
        { ROLE, "URI:spiffe://a/b",
          "URI Subject Alternative Names are not allowed in this role, but "
          "were provided via CSR" },
        { ROLE ", allowed_uri_sans: ['spiffe://c/*']", "URI:spiffe://a/b",
          "URI Subject Alternative Names were provided via CSR which are not "
          "valid for this role" },
        { ROLE, "otherName:1.2.3.4;UTF8:x",
          "other SAN OID 1.2.3.4 not allowed by this role" },
        { ROLE ", allowed_other_sans: ['1.2.3.4;UTF8:y']",
          "otherName:1.2.3.4;UTF8:x",
          "other SAN 1.2.3.4 (x) not allowed by this role" },
    };
    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        char ext[128];
        (void)snprintf(ext, sizeof(ext), "subjectAltName=%s", rows[i].san);
        refused(rows[i].role,
                with_csr(rig_csr("ec:P-256", "/CN=a.example.com", ext), ""),
                rows[i].message);
    }
    refused(ROLE, with_csr(rig_csr("ec:P-256", "/CN=web.other.org", NULL), ""),
            "common name web.other.org not allowed by this role");
}

static void test_merged_other_sans(void **state)
{
    (void)state;
    const char *csr = rig_csr("ec:P-256", "/CN=a.example.com",
                              "subjectAltName=otherName:1.2.3.4;UTF8:x");
    makes(ROLE ", allowed_other_sans: ['*']",
          with_csr(csr, ",\"other_sans\":\"1.2.3.5;UTF8:y\""),
          "CN=a.example.com|DNS:a.example.com,otherName:1.2.3.4;UTF8:x,"
          "otherName:1.2.3.5;UTF8:y");
}

static void test_keys(void **state)
{
    (void)state;
    const char *p256 = rig_csr("ec:P-256", "/CN=a.example.com", NULL);
    const char *p384 = rig_csr("ec:P-384", "/CN=a.example.com", NULL);
    const char *rsa = rig_csr("rsa:2048", "/CN=a.example.com", NULL);
    const char *ed = rig_csr("ed25519", "/CN=a.example.com", NULL);
    static const char MADE[] = "CN=a.example.com|DNS:a.example.com";
#define NAMES ", allowed_domains: [example.com], allow_subdomains: true"
    makes("key_type: ec" NAMES, with_csr(p384, ""), MADE);
    makes("key_type: rsa" NAMES, with_csr(rsa, ""), MADE);
    makes("key_type: ed25519" NAMES, with_csr(ed, ""), MADE);
    makes("key_type: any" NAMES, with_csr(p256, ""), MADE);
    makes("key_type: any" NAMES, with_csr(rsa, ""), MADE);
    makes("key_type: any" NAMES, with_csr(ed, ""), MADE);
    refused("key_type: ec" NAMES, with_csr(rsa, ""),
            "role requires keys of type ec");
    refused("key_type: rsa" NAMES, with_csr(p256, ""),
            "role requires keys of type rsa");
    refused("key_type: ed25519" NAMES, with_csr(p256, ""),
            "role requires keys of type ed25519");
    refused("key_type: ec, key_bits: 384" NAMES, with_csr(p256, ""),
            "role requires a minimum of a 384-bit key, but CSR's key is 256 "
            "bits");
    refused("key_type: rsa, key_bits: 3072" NAMES, with_csr(rsa, ""),
            "role requires a minimum of a 3072-bit key, but CSR's key is 2048 "
            "bits");
}

static void test_warnings(void **state)
{
    (void)state;
    makes(ROLE,
          with_csr(rig_csr("ec:P-256", "/CN=a.example.com",
                           "basicConstraints=critical,CA:TRUE"),
                   ""),
          "CN=a.example.com|DNS:a.example.com|"
          "specified CSR contained a Basic Constraints extension that was "
          "ignored during issuance");
    makes(ROLE,
          with_csr(rig_csr("ec:P-256", "/CN=a.example.com",
                           "keyUsage=digitalSignature"),
                   ""),
          "CN=a.example.com|DNS:a.example.com|"
          "specified CSR contained these requests that were ignored during "
          "issuance: [keyUsage]");
}

static void test_subject_serial(void **state)
{
    (void)state;
    const char *csr =
        rig_csr("ec:P-256", "/CN=a.example.com/serialNumber=SN-1", NULL);
    makes(ROLE ", allowed_serial_numbers: ['SN-*']", with_csr(csr, ""),
          "serialNumber=SN-1,CN=a.example.com|DNS:a.example.com");
    makes(ROLE ", allowed_serial_numbers: ['SN-*']",
          with_csr(csr, ",\"serial_number\":\"SN-2\""),
          "serialNumber=SN-2,CN=a.example.com|DNS:a.example.com");
    makes(ROLE ", serial_number_source: json", with_csr(csr, ""),
          "CN=a.example.com|DNS:a.example.com");
    refused(ROLE, with_csr(csr, ""),
            "serial_number SN-1 not allowed by this role");
}

/* The last character of the base64 text before "-----END" changed. */
static const char *with_broken_signature(const char *csr)
{
    static char broken[8192];
    (void)snprintf(broken, sizeof(broken), "%s", csr);
    char *end = strstr(broken, "\\n-----END");
    assert_non_null(end);
    char *p = end - 1;
    while (*p == '=')
        p--;
    p -= 4; /* a whole octet of the signature, not its padding */
    *p = *p == 'A' ? 'B' : 'A';
    return broken;
}

static void test_bad_csrs(void **state)
{
    (void)state;
    const char *csr = rig_csr("ec:P-256", "/CN=a.example.com", NULL);
    refused(ROLE, "{}", "\"csr\" is empty");
    refused(ROLE, "{\"csr\":\"\"}", "\"csr\" is empty");
    refused(ROLE, with_csr("hello", ""), "csr: contains no PEM block");
    refused(ROLE, with_csr(with_broken_signature(csr), ""),
            "request signature invalid");
    refused(ROLE,
            with_csr("-----BEGIN PUBLIC KEY-----\\nMAA=\\n-----END PUBLIC "
                     "KEY-----\\n",
                     ""),
            "csr: the PEM block is \"PUBLIC KEY\", not \"CERTIFICATE "
            "REQUEST\"");
    static char twice[8192];
    (void)snprintf(twice, sizeof(twice), "%s%s", csr, csr);
    refused(ROLE, with_csr(twice, ""), "csr: more than one PEM block");
    struct rig_request req;
    rig_prepare(&req, SRV_OP_SIGN, &rig.issuer, ROLE,
                with_csr("-----BEGIN CERTIFICATE REQUEST-----\\nMAA=\\n"
                         "-----END CERTIFICATE REQUEST-----",
                         ""));
    assert_int_equal(req.rc, SG_FORMAT);
    assert_memory_equal(req.err.msg, "csr: ", 5);
    rig_request_done(&req);
}

static void test_old_label(void **state)
{
    static char old[8192];
    (void)state;
    const char *csr = rig_csr("ec:P-256", "/CN=a.example.com", NULL);
    const char *mid = strstr(csr, "-----\\n") + strlen("-----\\n");
    size_t len = (size_t)(strstr(csr, "\\n-----END") - mid);
    (void)snprintf(old, sizeof(old),
                   "-----BEGIN NEW CERTIFICATE REQUEST-----\\n%.*s\\n-----END "
                   "NEW CERTIFICATE REQUEST-----\\n",
                   (int)len, mid);
    makes(ROLE, with_csr(old, ""), "CN=a.example.com|DNS:a.example.com");
}

static void test_small_rsa(void **state)
{
    struct rig_request req;
    (void)state;
    rig_prepare(
        &req, SRV_OP_SIGN, &rig.issuer,
        "key_type: any, allowed_domains: [example.com], allow_subdomains: true",
        with_csr(rig_csr("rsa:1024", "/CN=a.example.com", NULL), ""));
    assert_int_equal(req.rc, SG_POLICY);
    assert_non_null(strstr(req.err.msg, "1024"));
    rig_request_done(&req);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_from_csr),
        cmocka_unit_test(test_csr_without_cn),
        cmocka_unit_test(test_final_names_are_checked),
        cmocka_unit_test(test_merged_other_sans),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_warnings),
        cmocka_unit_test(test_subject_serial),
        cmocka_unit_test(test_bad_csrs),
        cmocka_unit_test(test_old_label),
        cmocka_unit_test(test_small_rsa),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
