/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/signer/rig.h"

#include <stdio.h>
#include <string.h>

#include <json-c/json.h>
#include <openssl/evp.h>

#include "common/parse.h"
#include "common/pem.h"
#include "tests/lib/run.h"

#define ROLE "allowed_domains: [example.com], allow_subdomains: true, ttl: 1h"
#define EC ROLE ", key_type: ec"
#define ID "b1946ac9-2492-4d23-8cba-e9b1f1a1a0b3"

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

/* What the token does: a signature over the TBS. */
static struct sg_slice sign(const struct srv_job *job, uint8_t dst[512])
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t len = 512;
    assert_int_equal(
        EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, rig.key.pkey), 1);
    assert_int_equal(
        EVP_DigestSign(ctx, dst, &len, job->tbs.data, job->tbs.len), 1);
    EVP_MD_CTX_free(ctx);
    return SG_SLICE(dst, len);
}

/* The parsed envelope; the caller puts it. */
static struct json_object *answer(enum srv_operation op, const char *role,
                                  const char *body)
{
    struct rig_request req;
    struct sg_buf out;
    uint8_t signature[512];
    rig_prepare(&req, op, &rig.issuer, role, body);
    if (req.rc != SG_OK)
        fail_msg("%s", req.err.msg);
    sg_buf_init(&out, 512 * 1024);
    kit_ok(&req.err,
           srv_answer(&req.job, sign(&req.job, signature), ID, &out, &req.err));
    kit_ok(&req.err, sg_buf_put_u8(&out, 0, &req.err));
    struct json_tokener *tok = json_tokener_new();
    json_tokener_set_flags(tok, JSON_TOKENER_STRICT);
    struct json_object *root =
        json_tokener_parse_ex(tok, (const char *)out.data, (int)out.len - 1);
    assert_int_equal(json_tokener_get_error(tok), json_tokener_success);
    json_tokener_free(tok);
    sg_buf_done(&out);
    rig_request_done(&req);
    return root;
}

static struct json_object *get(struct json_object *root, const char *key)
{
    struct json_object *v = NULL;
    if (!json_object_object_get_ex(root, key, &v))
        fail_msg("no key %s", key);
    return v;
}

static const char *text(struct json_object *root, const char *key)
{
    struct json_object *v = get(root, key);
    assert_int_equal(json_object_get_type(v), json_type_string);
    return json_object_get_string(v);
}

static bool has(struct json_object *root, const char *key)
{
    return json_object_object_get_ex(root, key, NULL);
}

static const char *chain(struct json_object *data, size_t i)
{
    return json_object_get_string(
        json_object_array_get_idx(get(data, "ca_chain"), i));
}

static void ends_without_newline(const char *pem)
{
    static const char END[] = "-----";
    assert_int_equal(strncmp(pem, "-----BEGIN ", 11), 0);
    assert_string_equal(pem + strlen(pem) - strlen(END), END);
}

static void test_envelope(void **state)
{
    (void)state;
    struct json_object *root =
        answer(SRV_OP_ISSUE, EC, "{\"common_name\":\"a.example.com\"}");
    assert_int_equal(json_object_object_length(root), 9);
    assert_string_equal(text(root, "request_id"), ID);
    assert_string_equal(text(root, "lease_id"), "");
    assert_int_equal(json_object_get_type(get(root, "renewable")),
                     json_type_boolean);
    assert_false(json_object_get_boolean(get(root, "renewable")));
    assert_int_equal(json_object_get_type(get(root, "lease_duration")),
                     json_type_int);
    assert_int_equal(json_object_get_int(get(root, "lease_duration")), 0);
    assert_null(get(root, "wrap_info"));
    assert_null(get(root, "warnings"));
    assert_null(get(root, "auth"));
    assert_string_equal(text(root, "mount_type"), "pki");
    struct json_object *data = get(root, "data");
    assert_int_equal(json_object_object_length(data), 7);
    assert_int_equal(json_object_get_type(get(data, "expiration")),
                     json_type_int);
    assert_int_equal(json_object_get_int64(get(data, "expiration")),
                     KIT_NOW + 3600);
    assert_string_equal(text(data, "private_key_type"), "ec");
    const char *serial = text(data, "serial_number");
    assert_int_equal(strlen(serial), 3 * CA_SERIAL_LEN - 1);
    assert_int_equal(strspn(serial, "0123456789abcdef:"), strlen(serial));
    assert_int_equal(json_object_array_length(get(data, "ca_chain")), 2);
    assert_string_equal(chain(data, 0), text(data, "issuing_ca"));
    ends_without_newline(text(data, "certificate"));
    ends_without_newline(text(data, "issuing_ca"));
    ends_without_newline(chain(data, 1));
    ends_without_newline(text(data, "private_key"));
    assert_non_null(strstr(text(data, "private_key"), "BEGIN EC PRIVATE KEY"));
    (void)json_object_put(root);
}

static void test_sign(void **state)
{
    static char body[8192];
    (void)state;
    (void)snprintf(body, sizeof(body), "{\"csr\":\"%s\",\"colour\":\"red\"}",
                   rig_csr("ec:P-256", "/CN=a.example.com", NULL));
    struct json_object *root = answer(SRV_OP_SIGN, EC, body);
    struct json_object *data = get(root, "data");
    assert_int_equal(json_object_object_length(data), 5);
    assert_false(has(data, "private_key"));
    assert_false(has(data, "private_key_type"));
    struct json_object *warnings = get(root, "warnings");
    assert_int_equal(json_object_array_length(warnings), 1);
    assert_string_equal(
        json_object_get_string(json_object_array_get_idx(warnings, 0)),
        "Endpoint ignored these unrecognized parameters: [colour]");
    (void)json_object_put(root);
}

/* "openssl verify" and "x509" judge the pem, key and chain of an answer. */
static void accepted_by_openssl(struct json_object *data)
{
    char dir[T_PATH_MAX];
    char leaf[T_PATH_MAX + 16];
    char inter[T_PATH_MAX + 16];
    char root[T_PATH_MAX + 16];
    char key[T_PATH_MAX + 16];
    char at[32];
    struct t_run run;
    struct t_run pub;
    t_dir_new(dir);
    (void)snprintf(leaf, sizeof(leaf), "%s/leaf", dir);
    (void)snprintf(inter, sizeof(inter), "%s/inter", dir);
    (void)snprintf(root, sizeof(root), "%s/root", dir);
    (void)snprintf(key, sizeof(key), "%s/key", dir);
    (void)snprintf(at, sizeof(at), "%lld", (long long)KIT_NOW);
    t_file_write(leaf, text(data, "certificate"),
                 strlen(text(data, "certificate")));
    t_file_write(inter, chain(data, 0), strlen(chain(data, 0)));
    t_file_write(root, chain(data, 1), strlen(chain(data, 1)));
    t_file_write(key, text(data, "private_key"),
                 strlen(text(data, "private_key")));
    t_run_args(&run, "openssl", "verify", "-x509_strict", "-attime", at,
               "-CAfile", root, "-untrusted", inter, leaf);
    if (run.exit_code != 0)
        fail_msg("openssl verify: %s", run.output);
    t_run_done(&run);
    t_run_args(&run, "openssl", "x509", "-in", leaf, "-noout", "-pubkey");
    t_run_args(&pub, "openssl", "pkey", "-in", key, "-pubout");
    assert_int_equal(pub.exit_code, 0);
    assert_string_equal(run.output, pub.output);
    t_run_done(&run);
    t_run_done(&pub);
    t_dir_remove(dir);
}

static void test_openssl(void **state)
{
    static const struct {
        const char *role, *format, *label, *type;
    } rows[] = {
        { EC, "", "EC PRIVATE KEY", "ec" },
        { EC, "der", "EC PRIVATE KEY", "ec" },
        { EC, "pem", "EC PRIVATE KEY", "ec" },
        { EC, "pkcs8", "PRIVATE KEY", "ec" },
        { EC ", key_bits: 384", "", "EC PRIVATE KEY", "ec" },
        { EC ", key_bits: 521", "pkcs8", "PRIVATE KEY", "ec" },
        { ROLE ", key_type: rsa", "", "RSA PRIVATE KEY", "rsa" },
        { ROLE ", key_type: rsa", "pkcs8", "PRIVATE KEY", "rsa" },
        { ROLE ", key_type: ed25519", "", "PRIVATE KEY", "ed25519" },
    };
    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        char body[128];
        char begin[64];
        (void)snprintf(body, sizeof(body),
                       "{\"common_name\":\"a.example.com\","
                       "\"private_key_format\":\"%s\"}",
                       rows[i].format);
        struct json_object *root = answer(SRV_OP_ISSUE, rows[i].role, body);
        struct json_object *data = get(root, "data");
        (void)snprintf(begin, sizeof(begin), "-----BEGIN %s-----\n",
                       rows[i].label);
        assert_int_equal(
            strncmp(text(data, "private_key"), begin, strlen(begin)), 0);
        assert_string_equal(text(data, "private_key_type"), rows[i].type);
        accepted_by_openssl(data);
        (void)json_object_put(root);
    }
}

/* base64 text of what is PEM in another answer's field */
static void same_der(const char *base64, const struct sg_buf *der)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf got = { 0 };
    struct sg_err err = { 0 };
    sg_buf_init(&got, CA_CERT_MAX);
    kit_ok(&err, sg_base64_decode(sg_slice_str(base64), &got, &err));
    assert_true(sg_slice_eq(sg_buf_slice(&got), sg_buf_slice(der)));
}

static void test_der(void **state)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf der = { 0 };
    struct sg_err err = { 0 };
    (void)state;
    struct json_object *root =
        answer(SRV_OP_ISSUE, EC,
               "{\"common_name\":\"a.example.com\",\"format\":\"der\"}");
    struct json_object *data = get(root, "data");
    same_der(text(data, "issuing_ca"), &rig.cert);
    same_der(chain(data, 0), &rig.cert);
    same_der(chain(data, 1), &rig.root);
    sg_buf_init(&der, CA_CERT_MAX);
    kit_ok(&err, sg_base64_decode(sg_slice_str(text(data, "certificate")), &der,
                                  &err));
    struct sg_arena arena;
    struct ca_cert leaf;
    struct ca_cert ca;
    sg_arena_init(&arena, 1024 * 1024);
    kit_ok(&err, ca_cert_parse(&arena, sg_buf_slice(&der), &leaf, &err));
    kit_ok(&err, ca_cert_parse(&arena, sg_buf_slice(&rig.cert), &ca, &err));
    kit_ok(&err, ca_cert_check_signed_by(&leaf, &ca, &err));
    sg_buf_reset(&der);
    kit_ok(&err, sg_base64_decode(sg_slice_str(text(data, "private_key")), &der,
                                  &err));
    assert_int_equal(der.data[0], SG_DER_SEQUENCE);
    sg_arena_done(&arena);
    (void)json_object_put(root);
}

static size_t count(const char *haystack, const char *needle)
{
    size_t n = 0;
    for (const char *p = haystack; (p = strstr(p, needle)) != NULL; p++)
        n++;
    return n;
}

static void test_pem_bundle(void **state)
{
    (void)state;
    struct json_object *root =
        answer(SRV_OP_ISSUE, EC,
               "{\"common_name\":\"a.example.com\",\"format\":\"pem_bundle\"}");
    struct json_object *data = get(root, "data");
    const char *bundle = text(data, "certificate");
    const char *key = text(data, "private_key");
    assert_int_equal(strncmp(bundle, key, strlen(key)), 0);
    assert_memory_equal(bundle + strlen(key), "\n-----BEGIN CERT", 16);
    assert_int_equal(count(bundle, "BEGIN CERTIFICATE"), 3);
    const char *tail = strstr(bundle, chain(data, 0));
    assert_non_null(tail);
    assert_int_equal(tail[-1], '\n');
    assert_int_equal(tail[strlen(chain(data, 0))], '\n');
    assert_string_equal(tail + strlen(chain(data, 0)) + 1, chain(data, 1));
    (void)json_object_put(root);
}

static void test_pem_bundle_of_sign(void **state)
{
    static char body[8192];
    (void)state;
    (void)snprintf(body, sizeof(body),
                   "{\"csr\":\"%s\",\"format\":\"pem_bundle\"}",
                   rig_csr("ec:P-256", "/CN=a.example.com", NULL));
    struct json_object *root = answer(SRV_OP_SIGN, EC, body);
    const char *bundle = text(get(root, "data"), "certificate");
    assert_int_equal(strncmp(bundle, "-----BEGIN CERTIFICATE-----", 27), 0);
    assert_int_equal(count(bundle, "BEGIN CERTIFICATE"), 3);
    assert_null(strstr(bundle, "PRIVATE KEY"));
    (void)json_object_put(root);
}

static void test_without_roots(void **state)
{
    (void)state;
    struct json_object *root =
        answer(SRV_OP_ISSUE, EC,
               "{\"common_name\":\"a.example.com\",\"format\":\"pem_bundle\","
               "\"remove_roots_from_chain\":\"true\"}");
    struct json_object *data = get(root, "data");
    assert_int_equal(json_object_array_length(get(data, "ca_chain")), 1);
    assert_string_equal(chain(data, 0), text(data, "issuing_ca"));
    assert_int_equal(count(text(data, "certificate"), "BEGIN CERTIFICATE"), 2);
    (void)json_object_put(root);
}

/* A root that issues itself leaves an empty chain, not a missing one. */
static void test_root_as_issuer(void **state)
{
    struct srv_issuer top = { .name = "root" };
    struct rig_request req;
    struct sg_buf out;
    struct sg_err err = { 0 };
    (void)state;
    const struct sg_buf *list[] = { &rig.root };
    top.ca = kit_issuer(list, 1);
    kit_ok(&err, srv_issuer_texts_new(&top, &err));
    rig_prepare(&req, SRV_OP_ISSUE, &top, EC,
                "{\"common_name\":\"a.example.com\","
                "\"remove_roots_from_chain\":true}");
    assert_int_equal(req.rc, SG_OK);
    sg_buf_init(&out, 65536);
    kit_ok(&err, srv_answer(&req.job, SG_SLICE((const uint8_t *)"sig", 3), ID,
                            &out, &err));
    kit_ok(&err, sg_buf_put_u8(&out, 0, &err));
    assert_non_null(strstr((const char *)out.data, "\"ca_chain\":[],"));
    assert_non_null(strstr((const char *)out.data, "\"issuing_ca\":\"-----"));
    sg_buf_done(&out);
    rig_request_done(&req);
    srv_issuer_texts_free(&top);
    srv_issuer_texts_free(&top);
    ca_issuer_free(top.ca);
}

/* An answer that does not fit fails as a whole. */
static void test_no_room(void **state)
{
    struct rig_request req;
    struct sg_buf out;
    uint8_t signature[512];
    (void)state;
    rig_prepare(&req, SRV_OP_ISSUE, &rig.issuer, EC,
                "{\"common_name\":\"a.example.com\"}");
    assert_int_equal(req.rc, SG_OK);
    sg_buf_init(&out, 1000);
    t_assert_fails(
        srv_answer(&req.job, sign(&req.job, signature), ID, &out, &req.err),
        SG_LIMIT);
    sg_buf_done(&out);
    rig_request_done(&req);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_envelope),
        cmocka_unit_test(test_sign),
        cmocka_unit_test(test_openssl),
        cmocka_unit_test(test_der),
        cmocka_unit_test(test_pem_bundle),
        cmocka_unit_test(test_pem_bundle_of_sign),
        cmocka_unit_test(test_without_roots),
        cmocka_unit_test(test_root_as_issuer),
        cmocka_unit_test(test_no_room),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
