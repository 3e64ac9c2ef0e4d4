/* SPDX-License-Identifier: Apache-2.0 */

/* What a key of each purpose signs through the client library: CRLs of every
 * size, OCSP responses, digests and challenges. */

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/pem.h"
#include "pkcs11/client.h"
#include "tests/lib/make-tbs.h"
#include "tests/token/token.h"

/* ExtKeyUsageSyntax with OCSPSigning */
static const struct sg_slice OCSP_SIGNING = {
    (const uint8_t *)"\x30\x0a\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x09", 12
};

#define LARGE 120000 /* entries: some 2.7 MB, far beyond a frame */

struct fixture {
    struct t_token token;
    struct tok_client *client;
    struct sg_err err;
    struct sg_buf tbs, out;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    t_token_new(&f->token);
    sg_buf_init(&f->tbs, 16U << 20);
    sg_buf_init(&f->out, 16U << 20);
    const struct tok_client_config cfg = {
        .name = "test",
        .program = getenv("SIGNET_TOKEN"),
        .module = f->token.module,
        .uri = f->token.uri,
        .pin_source = f->token.pin_source,
        .guard_dir = f->token.guards,
        .sessions = 2,
        .request_timeout_ms = 60000, /* sanitizers */
    };
    t_ok(&f->err, tok_client_start(&cfg, &f->client, &f->err));
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    tok_client_free(f->client);
    sg_buf_done(&f->tbs);
    sg_buf_done(&f->out);
    t_token_done(&f->token);
    free(f);
    return 0;
}

static struct tok_key *make(struct fixture *f, enum tok_purpose purpose,
                            enum tok_key_type type)
{
    struct tok_key_generate gen = { .type = type,
                                    .guard = { .purpose = purpose } };
    struct tok_key_open want = { 0 };
    struct tok_key_info info;
    struct tok_key *key = NULL;

    (void)snprintf(gen.label, sizeof(gen.label), "%s-%s",
                   tok_purpose_name(purpose), tok_key_type_name(type));
    memcpy(want.label, gen.label, sizeof(want.label));
    if (purpose == TOK_PURPOSE_CA) {
        gen.guard.may_sign_ca = true;
        gen.guard.max_validity = 3650 * T_DAY;
    }
    t_ok(&f->err, tok_key_generate(f->client, &gen, &info, &f->err));
    t_ok(&f->err, tok_client_key(f->client, &want, &key, &f->err));
    return key;
}

static struct sg_slice spki(const struct tok_key *key)
{
    const struct tok_key_info *info = tok_key_info(key);

    return SG_SLICE(info->spki, info->spki_len);
}

/* Does the signature hold over data, says OpenSSL? */
static bool verifies(const struct tok_key *key, const EVP_MD *md,
                     struct sg_slice data, struct sg_slice signature)
{
    const unsigned char *der = spki(key).p;
    EVP_PKEY *pub = d2i_PUBKEY(NULL, &der, (long)spki(key).len);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    assert_non_null(pub);
    bool ok =
        EVP_DigestVerifyInit(ctx, NULL, md, NULL, pub) == 1
        && EVP_DigestVerify(ctx, signature.p, signature.len, data.p, data.len)
               == 1;
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(pub);
    return ok;
}

/* --- CRLs ----------------------------------------------------------------------- */

/* A CA key with its root bound; the root's DER stays in out. */
static struct tok_key *make_ca(struct fixture *f, struct sg_slice alg)
{
    struct tok_key *key = make(f, TOK_PURPOSE_CA, TOK_KEY_EC_P256);
    struct t_tbs root = t_tbs_root(alg, spki(key), "root");
    struct sg_buf sig;

    sg_buf_init(&sig, TOK_SIGNATURE_MAX);
    t_tbs_encode(&root, &f->tbs);
    t_ok(&f->err,
         tok_sign_cert(key, alg, sg_buf_slice(&f->tbs), &sig, &f->err));
    sg_buf_reset(&f->out);
    t_cert_encode(sg_buf_slice(&f->tbs), alg, sg_buf_slice(&sig), &f->out);
    t_ok(&f->err, tok_guard_bind(key, sg_buf_slice(&f->out), &f->err));
    sg_buf_done(&sig);
    return key;
}

static void put_file(const struct fixture *f, const char *name,
                     char path[2 * T_PATH_MAX])
{
    (void)snprintf(path, 2 * T_PATH_MAX, "%s/%s", f->token.dir, name);
    t_file_write(path, f->out.data, f->out.len);
}

static void test_crl(void **state)
{
    static const unsigned SIZES[] = { 0, 1, LARGE };
    struct fixture *f = *state;
    struct sg_slice alg = t_algorithm(TOK_KEY_EC_P256, 0, false);
    struct tok_key *key = make_ca(f, alg);
    char root[2 * T_PATH_MAX];
    char path[2 * T_PATH_MAX];
    struct t_run run;
    struct sg_buf sig;

    sg_buf_init(&sig, TOK_SIGNATURE_MAX);
    sg_buf_reset(&f->tbs);
    t_ok(&f->err,
         sg_pem_encode("CERTIFICATE", sg_buf_slice(&f->out), &f->tbs, &f->err));
    (void)snprintf(root, sizeof(root), "%s/root.pem", f->token.dir);
    t_file_write(root, f->tbs.data, f->tbs.len);
    for (size_t i = 0; i < SG_ARRAY_LEN(SIZES); i++) {
        struct t_crl crl = t_crl_good(alg, SIZES[i]);
        sg_buf_reset(&f->tbs);
        sg_buf_reset(&f->out);
        sg_buf_reset(&sig);
        t_crl_encode(&crl, &f->tbs);
        t_ok(&f->err,
             tok_sign_crl(key, alg, sg_buf_slice(&f->tbs), &sig, &f->err));
        t_cert_encode(sg_buf_slice(&f->tbs), alg, sg_buf_slice(&sig), &f->out);
        put_file(f, "list.crl", path);
        t_run_args(&run, "openssl", "crl", "-inform", "DER", "-in", path,
                   "-CAfile", root, "-verify", "-noout");
        if (strstr(run.output, "verify OK") == NULL)
            fail_msg("%u entries: openssl: %s", SIZES[i], run.output);
        t_run_done(&run);
    }
    assert_true(f->tbs.len > TOK_FRAME_MAX);
    sg_buf_done(&sig);
}

static void test_crl_refused(void **state)
{
    struct fixture *f = *state;
    struct sg_slice alg = t_algorithm(TOK_KEY_EC_P256, 0, false);
    struct tok_key *key = make_ca(f, alg);
    struct t_crl crl = t_crl_good(alg, LARGE);

    /* The rules hold for what comes in a descriptor. */
    crl.issuer = "other";
    sg_buf_reset(&f->tbs);
    t_crl_encode(&crl, &f->tbs);
    t_refused(&f->err,
              tok_sign_crl(key, alg, sg_buf_slice(&f->tbs), &f->out, &f->err),
              SG_POLICY,
              "guard: the CRL's issuer is not, byte for byte, the subject of "
              "the key's own certificate (RFC 5280 5.1.2.3)");
    t_refused(&f->err,
              tok_sign_crl(key, alg, SG_SLICE(f->tbs.data, TOK_CRL_MAX + 1U),
                           &f->out, &f->err),
              SG_LIMIT, "crl of 268435457 bytes, at most 268435456");
    key = make(f, TOK_PURPOSE_PROBE, TOK_KEY_EC_P256);
    t_refused(&f->err,
              tok_sign_crl(key, alg, sg_buf_slice(&f->tbs), &f->out, &f->err),
              SG_POLICY,
              "guard: the key is for probe, not for certificates and CRLs");
}

/* --- the other purposes ----------------------------------------------------------- */

/* Through the client; what it may not sign: test-takeover-ocsp.c. */
static void test_ocsp(void **state)
{
    struct fixture *f = *state;
    struct sg_slice alg = t_algorithm(TOK_KEY_EC_P256, 0, false);
    struct tok_key *key = make(f, TOK_PURPOSE_OCSP, TOK_KEY_EC_P256);
    struct tok_key *ca = make_ca(f, alg);
    struct tok_key *unbound = make(f, TOK_PURPOSE_CA, TOK_KEY_EC_P384);
    struct t_tbs leaf = t_tbs_leaf(alg, spki(key));
    const struct t_ocsp ocsp = { .responder = spki(key),
                                 .issuer = "root",
                                 .issuer_key = spki(ca) };
    struct sg_buf cert;
    struct sg_buf ext;
    struct sg_buf sig;

    sg_buf_init(&cert, 8192);
    sg_buf_init(&ext, 8192);
    sg_buf_init(&sig, TOK_SIGNATURE_MAX);
    t_ext_put(&ext, 37, false, OCSP_SIGNING);
    leaf.key_usage = 1 << 0;
    leaf.extra = sg_buf_slice(&ext);
    sg_buf_reset(&f->tbs);
    t_tbs_encode(&leaf, &f->tbs);
    t_ok(&f->err, tok_sign_cert(ca, alg, sg_buf_slice(&f->tbs), &sig, &f->err));
    t_cert_encode(sg_buf_slice(&f->tbs), alg, sg_buf_slice(&sig), &cert);
    const struct sg_slice above = sg_buf_slice(&f->out);
    t_ok(&f->err,
         tok_guard_bind_chain(key, sg_buf_slice(&cert), &above, 1, &f->err));
    sg_buf_reset(&f->out);
    sg_buf_reset(&f->tbs);
    t_ocsp_encode(&ocsp, &f->tbs);
    t_ok(&f->err,
         tok_sign_ocsp(key, alg, sg_buf_slice(&f->tbs), &f->out, &f->err));
    assert_true(verifies(key, EVP_sha256(), sg_buf_slice(&f->tbs),
                         sg_buf_slice(&f->out)));
    t_refused(
        &f->err,
        tok_sign_ocsp(unbound, alg, sg_buf_slice(&f->tbs), &f->out, &f->err),
        SG_POLICY,
        "guard: the key has no certificate yet that says for which CA it "
        "answers: bind it first");
    sg_buf_done(&cert);
    sg_buf_done(&ext);
    sg_buf_done(&sig);
}

static void digest_with(struct fixture *f, enum tok_key_type type, bool pss)
{
    static const uint8_t TEXT[] = "what another issuer signs";
    struct tok_key *key = make(f, TOK_PURPOSE_BACKEND, type);
    struct sg_slice alg = t_algorithm(type, 256, pss);
    uint8_t hash[32];

    (void)SHA256(TEXT, sizeof(TEXT), hash);
    sg_buf_reset(&f->out);
    t_ok(&f->err, tok_sign_digest(key, alg, SG_SLICE(hash, sizeof(hash)),
                                  &f->out, &f->err));
    assert_true(verifies(key, EVP_sha256(), SG_SLICE(TEXT, sizeof(TEXT)),
                         sg_buf_slice(&f->out)));
    t_refused(&f->err,
              tok_sign_digest(key, alg, SG_SLICE(hash, 31), &f->out, &f->err),
              SG_POLICY, "guard: digest of 31 bytes, SHA256 has 32");
}

static void test_digest(void **state)
{
    struct fixture *f = *state;
    const uint8_t hash[32] = { 0 };
    struct tok_key *key = make(f, TOK_PURPOSE_BACKEND, TOK_KEY_ED25519);

    digest_with(f, TOK_KEY_EC_P256, false);
    digest_with(f, TOK_KEY_RSA_2048, false);
    t_refused(&f->err,
              tok_sign_digest(key, t_algorithm(TOK_KEY_ED25519, 0, false),
                              SG_SLICE(hash, 32), &f->out, &f->err),
              SG_POLICY, "guard: Ed25519 signs no digests (RFC 8032 5.1)");
    key = make(f, TOK_PURPOSE_CA, TOK_KEY_EC_P256);
    t_refused(&f->err,
              tok_sign_digest(key, t_algorithm(TOK_KEY_EC_P256, 0, false),
                              SG_SLICE(hash, 32), &f->out, &f->err),
              SG_POLICY, "guard: the key is for ca, not for digests");
}

static void test_probe(void **state)
{
    static const enum tok_key_type TYPES[] = { TOK_KEY_EC_P256,
                                               TOK_KEY_RSA_2048,
                                               TOK_KEY_ED25519 };
    static const uint8_t SIGNED[] = "signet probe\0challenge";
    static const uint8_t LONG[TOK_CHALLENGE_MAX + 1] = { 0 };
    struct fixture *f = *state;
    struct sg_slice challenge = SG_SLICE(SIGNED + 13, 9);
    struct tok_key *key;

    for (size_t i = 0; i < SG_ARRAY_LEN(TYPES); i++) {
        key = make(f, TOK_PURPOSE_PROBE, TYPES[i]);
        sg_buf_reset(&f->out);
        t_ok(&f->err, tok_probe_sign(key, challenge, &f->out, &f->err));
        assert_true(verifies(
            key, TYPES[i] == TOK_KEY_ED25519 ? NULL : EVP_sha256(),
            SG_SLICE(SIGNED, sizeof(SIGNED) - 1), sg_buf_slice(&f->out)));
        t_refused(
            &f->err,
            tok_probe_sign(key, SG_SLICE(LONG, sizeof(LONG)), &f->out, &f->err),
            SG_POLICY,
            "guard: challenge of 257 bytes, must have 1 to "
            "256");
    }
    key = make(f, TOK_PURPOSE_CA, TOK_KEY_EC_P256);
    t_refused(&f->err, tok_probe_sign(key, challenge, &f->out, &f->err),
              SG_POLICY, "guard: the key is for ca, not for challenges");
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_crl),    CASE(test_crl_refused), CASE(test_ocsp),
        CASE(test_digest), CASE(test_probe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
