/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/ca/openssl.h"
#include "tests/unit/ceremony/room.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <string.h>

#include "ceremony/cms.h"
#include "common/cleanup-openssl.h"

static struct sg_err err;

/* A key of its own with a self-signed CA certificate. */
struct signer {
    struct kit_key key;
    struct sg_buf cert;
    enum ca_sigalg alg;
};

static void signer_new(struct signer *s, enum ca_key_kind kind)
{
    kit_key_new(&s->key, kind, 2048);
    t_ok(&err, ca_sigalg_for(kind, 0, false, &s->alg, &err));
    sg_buf_init(&s->cert, CA_CERT_MAX);
    kit_cert_make(&(struct kit_cert){ .key = &s->key,
                                      .signer = &s->key,
                                      .subject = "Clerk",
                                      .issuer = "Clerk",
                                      .alg = s->alg,
                                      .key_usage = CA_KU_DIGITAL_SIGNATURE
                                                   | CA_KU_KEY_CERT_SIGN },
                  &s->cert);
}

static void signer_done(struct signer *s)
{
    kit_key_done(&s->key);
    sg_buf_done(&s->cert);
}

static const EVP_MD *hash_of(enum ca_key_kind kind)
{
    switch (kind) {
    case CA_KEY_EC_P384:
        return EVP_sha384();
    case CA_KEY_EC_P521:
        return EVP_sha512();
    case CA_KEY_RSA:
    case CA_KEY_EC_P256:
        return EVP_sha256();
    case CA_KEY_ED25519:
    case CA_KEY_UNSET:
        break;
    }
    return NULL;
}

static enum sg_rc sign(void *arg, struct sg_slice message, struct sg_buf *out,
                       struct sg_err *error)
{
    const struct signer *s = arg;
    SG_CLEANUP(EVP_MD_CTX_free) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    uint8_t signature[1024];
    size_t len = sizeof(signature);

    assert_non_null(ctx);
    assert_int_equal(EVP_DigestSignInit(ctx, NULL, hash_of(s->key.spki.kind),
                                        NULL, s->key.pkey),
                     1);
    assert_int_equal(
        EVP_DigestSign(ctx, signature, &len, message.p, message.len), 1);
    return sg_buf_put(out, signature, len, error);
}

static enum sg_rc sign_badly(void *arg, struct sg_slice message,
                             struct sg_buf *out, struct sg_err *error)
{
    const struct sg_slice less = SG_SLICE(message.p, message.len - 1);

    return sign(arg, less, out, error);
}

static const char CONTENT[] = "{\"event\":\"opened\"}\n";

static struct cer_cms_args args_of(struct signer *s, struct sg_slice *cert)
{
    *cert = sg_buf_slice(&s->cert);
    return (struct cer_cms_args){ .content = sg_slice_str(CONTENT),
                                  .cert = cert,
                                  .n_certs = 1,
                                  .alg = s->alg,
                                  .time = KIT_NOW,
                                  .sign = sign,
                                  .arg = s };
}

static void openssl_verifies_each_kind(void **state)
{
    (void)state;
    static const enum ca_key_kind KINDS[] = { CA_KEY_EC_P256, CA_KEY_EC_P384,
                                              CA_KEY_EC_P521, CA_KEY_RSA };

    t_file_write(ossl_path("content"), CONTENT, strlen(CONTENT));
    for (size_t i = 0; i < SG_ARRAY_LEN(KINDS); i++) {
        struct signer s;
        struct sg_slice cert;
        struct sg_buf cms;

        signer_new(&s, KINDS[i]);
        struct cer_cms_args args = args_of(&s, &cert);
        sg_buf_init(&cms, CER_CMS_MAX);
        t_ok(&err, cer_cms_make(&args, &cms, &err));
        t_file_write(ossl_path("cms"), cms.data, cms.len);
        t_file_write(ossl_path("cert"), cert.p, cert.len);
        (void)ossl("x509", "-inform", "DER", "-in", ossl_path("cert"), "-out",
                   ossl_path("pem"));
        (void)ossl("cms", "-verify", "-binary", "-inform", "DER", "-in",
                   ossl_path("cms"), "-content", ossl_path("content"),
                   "-CAfile", ossl_path("pem"), "-purpose", "any", "-attime",
                   "1790000000", "-out", ossl_path("out"));
        sg_buf_done(&cms);
        signer_done(&s);
    }
}

/* OpenSSL 3.0 reads no Ed25519 in CMS; our own reader does (RFC 8419). */
static void ed25519_is_read_back(void **state)
{
    (void)state;
    SG_CLEANUP(sg_arena_done) struct sg_arena arena;
    struct cer_cms_signer *got;
    struct signer s;
    struct sg_slice cert;
    struct sg_buf cms;

    sg_arena_init(&arena, 1024 * 1024);
    got = sg_arena_new(&arena, struct cer_cms_signer);
    signer_new(&s, CA_KEY_ED25519);
    struct cer_cms_args args = args_of(&s, &cert);
    sg_buf_init(&cms, CER_CMS_MAX);
    t_ok(&err, cer_cms_make(&args, &cms, &err));
    t_ok(&err, cer_cms_check(sg_buf_slice(&cms), sg_slice_str(CONTENT), &arena,
                             got, &err));
    assert_int_equal(got->time, KIT_NOW);
    assert_int_equal(got->alg, CA_SIGALG_ED25519);
    assert_true(sg_slice_eq(got->cert.der, cert));
    sg_buf_done(&cms);
    signer_done(&s);
}

static void faults_are_named(void **state)
{
    (void)state;
    SG_CLEANUP(sg_arena_done) struct sg_arena arena;
    struct cer_cms_signer *got;
    struct signer s;
    struct signer other;
    struct sg_slice cert;
    struct sg_buf cms;

    sg_arena_init(&arena, 16 * 1024 * 1024);
    got = sg_arena_new(&arena, struct cer_cms_signer);
    signer_new(&s, CA_KEY_EC_P256);
    signer_new(&other, CA_KEY_EC_P256);
    sg_buf_init(&cms, CER_CMS_MAX);
    struct cer_cms_args args = args_of(&s, &cert);
    args.sign = sign_badly;
    t_refused(&err, cer_cms_make(&args, &cms, &err), SG_POLICY,
              "cms: signature invalid");
    args = args_of(&s, &cert);
    args.arg = &other;
    t_refused(&err, cer_cms_make(&args, &cms, &err), SG_POLICY,
              "cms: signature invalid");
    args = args_of(&s, &cert);
    args.n_certs = 0;
    t_refused(&err, cer_cms_make(&args, &cms, &err), SG_USAGE,
              "cms: 0 certificates, must be 1 to 8");
    assert_int_equal(cms.len, 0);

    args = args_of(&s, &cert);
    t_ok(&err, cer_cms_make(&args, &cms, &err));
    t_refused(&err,
              cer_cms_check(sg_buf_slice(&cms), sg_slice_str("{}\n"), &arena,
                            got, &err),
              SG_POLICY, "cms: it is over other content");
    /* Every octet counts: none can be another one. */
    for (size_t i = 0; i < cms.len; i++) {
        cms.data[i] ^= 0x01;
        sg_err_clear(&err);
        enum sg_rc rc = cer_cms_check(sg_buf_slice(&cms), sg_slice_str(CONTENT),
                                      &arena, got, &err);
        /* The certificate's own signature is its issuer's matter. */
        if (rc == SG_OK && memmem(cms.data, cms.len, cert.p, cert.len) != NULL)
            fail_msg("octet %zu can be another one", i);
        cms.data[i] ^= 0x01;
    }
    sg_buf_done(&cms);
    signer_done(&other);
    signer_done(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(openssl_verifies_each_kind),
        cmocka_unit_test(ed25519_is_read_back),
        cmocka_unit_test(faults_are_named),
    };
    return cmocka_run_group_tests(tests, ossl_open, ossl_close);
}
