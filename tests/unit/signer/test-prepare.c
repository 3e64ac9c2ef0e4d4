/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/signer/rig.h"

#include <string.h>

#include <openssl/evp.h>

#define ROLE \
    "key_type: ec, allowed_domains: [example.com], allow_subdomains: true"

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

static void refused(const char *role, const char *body, enum sg_rc rc,
                    const char *message)
{
    struct rig_request req;
    rig_prepare(&req, SRV_OP_ISSUE, &rig.issuer, role, body);
    assert_string_equal(sg_rc_name(req.rc), sg_rc_name(rc));
    assert_string_equal(req.err.msg, message);
    rig_request_done(&req);
}

static void test_any_key(void **state)
{
    (void)state;
    refused("key_type: any, allow_any_name: true",
            "{\"common_name\":\"a.example.com\"}", SG_POLICY,
            "role key type \"any\" not allowed for issuing certificates, only "
            "signing");
}

static void test_formats(void **state)
{
    (void)state;
    refused(ROLE, "{\"common_name\":\"a.example.com\",\"format\":\"jks\"}",
            SG_FORMAT,
            "the \"format\" path parameter must be \"pem\", \"der\", or "
            "\"pem_bundle\"");
    refused(ROLE,
            "{\"common_name\":\"a.example.com\",\"private_key_format\":"
            "\"pkcs1\"}",
            SG_FORMAT,
            "the \"private_key_format\" parameter must be \"der\", \"pem\", or "
            "\"pkcs8\"");
}

static void test_wrong_types(void **state)
{
    static const struct {
        const char *body, *field;
    } rows[] = {
        { "{\"common_name\":{}}", "common_name" },
        { "{\"alt_names\":{}}", "alt_names" },
        { "{\"ttl\":[]}", "ttl" },
        { "{\"ttl\":\"1 fortnight\"}", "ttl" },
        { "{\"exclude_cn_from_sans\":\"perhaps\"}", "exclude_cn_from_sans" },
        { "{\"remove_roots_from_chain\":[]}", "remove_roots_from_chain" },
        { "{\"not_after\":[]}", "not_after" },
        { "{\"format\":[]}", "format" },
        { "{\"private_key_format\":[]}", "private_key_format" },
        { "{\"ip_sans\":[[]]}", "ip_sans" },
        { "{\"uri_sans\":{}}", "uri_sans" },
        { "{\"other_sans\":{}}", "other_sans" },
        { "{\"user_ids\":{}}", "user_ids" },
        { "{\"serial_number\":[]}", "serial_number" },
    };
    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct rig_request req;
        rig_prepare(&req, SRV_OP_ISSUE, &rig.issuer, ROLE, rows[i].body);
        const char *want = sg_arena_printf(
            &req.arena,
            "Field validation failed: error converting input for field "
            "\"%s\": ",
            rows[i].field);
        assert_string_equal(sg_rc_name(req.rc), "FORMAT");
        if (strncmp(req.err.msg, want, strlen(want)) != 0)
            fail_msg("%s: %s", rows[i].body, req.err.msg);
        rig_request_done(&req);
    }
}

/* Every field empty, as the Vault Secrets Operator sends them. */
static void test_empty_strings(void **state)
{
    struct rig_request req;
    (void)state;
    rig_prepare(
        &req, SRV_OP_ISSUE, &rig.issuer, ROLE,
        "{\"common_name\":\"a.example.com\",\"alt_names\":\"\",\"ip_sans\":"
        "\"\",\"uri_sans\":\"\",\"other_sans\":\"\",\"user_ids\":\"\","
        "\"serial_number\":\"\",\"ttl\":\"\",\"not_after\":\"\",\"format\":"
        "\"\",\"private_key_format\":\"\",\"exclude_cn_from_sans\":\"\","
        "\"remove_roots_from_chain\":\"true\"}");
    assert_string_equal(req.err.msg, "");
    assert_int_equal(req.rc, SG_OK);
    assert_int_equal(req.job.warnings.n, 0);
    assert_int_equal(req.job.format, SRV_FORMAT_PEM);
    assert_false(req.job.pkcs8);
    assert_true(req.job.remove_roots_from_chain);
    rig_request_done(&req);
}

static void test_unknown_fields(void **state)
{
    struct rig_request req;
    (void)state;
    rig_prepare(&req, SRV_OP_ISSUE, &rig.issuer, ROLE,
                "{\"common_name\":\"a.example.com\",\"csr\":\"x\","
                "\"cert_metadata\":\"\",\"role\":\"web\"}");
    assert_int_equal(req.rc, SG_OK);
    assert_int_equal(req.job.warnings.n, 2);
    assert_string_equal(
        req.job.warnings.v[0],
        "Endpoint ignored these unrecognized parameters: [cert_metadata csr]");
    rig_request_done(&req);
}

static void test_job(void **state)
{
    struct rig_request req;
    struct ca_cert cert;
    (void)state;
    rig_prepare(&req, SRV_OP_ISSUE, &rig.issuer, ROLE,
                "{\"common_name\":\"a.example.com\",\"alt_names\":"
                "\"b.example.com\"}");
    assert_int_equal(req.rc, SG_OK);
    assert_int_equal(req.job.op, SRV_OP_ISSUE);
    assert_ptr_equal(req.job.issuer, &rig.issuer);
    assert_int_equal(req.job.alg, CA_SIGALG_ECDSA_SHA256);
    assert_non_null(req.job.key);
    assert_string_equal(req.job.key_type, "ec");
    assert_memory_equal(req.job.summary,
                        "cn=\"a.example.com\" sans=2 serial=", 32);
    kit_ok(&req.err, ca_cert_parse_tbs(&req.arena, sg_buf_slice(&req.job.tbs),
                                       &cert, &req.err));
    assert_true(
        sg_slice_eq(cert.serial, SG_SLICE(req.job.serial, CA_SERIAL_LEN)));
    assert_int_equal(cert.key_usage,
                     CA_KU_DIGITAL_SIGNATURE | CA_KU_KEY_AGREEMENT);
    assert_true(cert.has_eku);
    assert_int_equal(cert.eku.len, 20); /* serverAuth, clientAuth */
    assert_false(cert.has_basic_constraints);
    assert_false(cert.is_ca);
    rig_request_done(&req);
}

/* A name that would end the log line's value early stays inside its quotes. */
static void test_summary_is_quoted(void **state)
{
    struct rig_request req;
    (void)state;
    rig_prepare(&req, SRV_OP_ISSUE, &rig.issuer,
                ROLE ", cn_validations: [disabled]",
                "{\"common_name\":\"x\\\" role=admin\",\"alt_names\":"
                "\"a.example.com\"}");
    assert_int_equal(req.rc, SG_OK);
    assert_memory_equal(req.job.summary, "cn=\"x\\\" role=admin\" sans=1", 26);
    rig_request_done(&req);
}

static void test_profile(void **state)
{
    struct rig_request req;
    struct ca_cert cert;
    (void)state;
    rig_prepare(&req, SRV_OP_ISSUE, &rig.issuer,
                ROLE ", key_usage: [], server_flag: false, client_flag: false,"
                     " basic_constraints_valid_for_non_ca: true",
                "{\"common_name\":\"a.example.com\"}");
    assert_int_equal(req.rc, SG_OK);
    kit_ok(&req.err, ca_cert_parse_tbs(&req.arena, sg_buf_slice(&req.job.tbs),
                                       &cert, &req.err));
    assert_false(cert.has_key_usage);
    assert_false(cert.has_eku);
    assert_true(cert.has_basic_constraints);
    assert_false(cert.is_ca);
    rig_request_done(&req);
}

/* signature_bits and use_pss are for RSA issuers; others ignore them. */
static void test_signature_algorithms(void **state)
{
    static const struct {
        const char *role;
        enum ca_sigalg alg;
    } rows[] = {
        { ROLE, CA_SIGALG_RSA_SHA256 },
        { ROLE ", signature_bits: 384", CA_SIGALG_RSA_SHA384 },
        { ROLE ", signature_bits: 512", CA_SIGALG_RSA_SHA512 },
        { ROLE ", use_pss: true", CA_SIGALG_PSS_SHA256 },
        { ROLE ", use_pss: true, signature_bits: 512", CA_SIGALG_PSS_SHA512 },
    };
    struct rig_issuer rsa;
    struct rig_request req;
    (void)state;
    rig_issuer_new(&rsa, CA_KEY_RSA);
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        rig_prepare(&req, SRV_OP_ISSUE, &rsa.issuer, rows[i].role,
                    "{\"common_name\":\"a.example.com\"}");
        assert_int_equal(req.rc, SG_OK);
        assert_int_equal(req.job.alg, rows[i].alg);
        rig_request_done(&req);
    }
    rig_issuer_done(&rsa);
    rig_prepare(&req, SRV_OP_ISSUE, &rig.issuer,
                ROLE ", use_pss: true, signature_bits: 512",
                "{\"common_name\":\"a.example.com\"}");
    assert_int_equal(req.rc, SG_OK);
    assert_int_equal(req.job.alg, CA_SIGALG_ECDSA_SHA256);
    rig_request_done(&req);
}

static void test_leaf_keys(void **state)
{
    static const struct {
        const char *role;
        const char *type;
        int bits;
    } rows[] = {
        { "", "rsa", 2048 },
        { ", key_type: ec", "ec", 256 },
        { ", key_type: ec, key_bits: 384", "ec", 384 },
        { ", key_type: ec, key_bits: 521", "ec", 521 },
        { ", key_type: ed25519", "ed25519", 256 },
    };
    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        struct rig_request req;
        char role[128] = "allowed_domains: [example.com], allow_subdomains: "
                         "true";
        (void)strncat(role, rows[i].role, sizeof(role) - strlen(role) - 1);
        rig_prepare(&req, SRV_OP_ISSUE, &rig.issuer, role,
                    "{\"common_name\":\"a.example.com\"}");
        assert_int_equal(req.rc, SG_OK);
        assert_string_equal(req.job.key_type, rows[i].type);
        /* OpenSSL says 253 for Ed25519 */
        int bits = EVP_PKEY_get_bits(req.job.key);
        assert_int_equal(bits == 253 ? 256 : bits, rows[i].bits);
        rig_request_done(&req);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_key),
        cmocka_unit_test(test_formats),
        cmocka_unit_test(test_wrong_types),
        cmocka_unit_test(test_empty_strings),
        cmocka_unit_test(test_unknown_fields),
        cmocka_unit_test(test_job),
        cmocka_unit_test(test_summary_is_quoted),
        cmocka_unit_test(test_profile),
        cmocka_unit_test(test_signature_algorithms),
        cmocka_unit_test(test_leaf_keys),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
