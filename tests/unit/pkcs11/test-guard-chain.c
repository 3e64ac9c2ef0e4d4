/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/helper/guard-chain.h"

#include <openssl/ec.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup-openssl.h"
#include "pkcs11/helper/guard-use.h"
#include "tests/lib/make-tbs.h"
#include "tests/lib/t.h"

#define BYTES(s) SG_SLICE((const uint8_t *)(s), sizeof(s) - 1)
#define SERVER "\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x01"
#define CLIENT "\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x02"
#define OCSP "\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x09"
#define ONE_PURPOSE(oid) "\x30\x13\x06\x03\x55\x1d\x25\x04\x0c\x30\x0a" oid
#define TWO_PURPOSES(a, b) "\x30\x1d\x06\x03\x55\x1d\x25\x04\x16\x30\x14" a b
#define ANY_PURPOSE \
    "\x30\x0f\x06\x03\x55\x1d\x25\x04\x08\x30\x06\x06\x04\x55\x1d\x25\0"

/* issuing (1) below middle (2) below root (3), signed by real keys. */
enum { ISSUING, MIDDLE, ROOT, N };

struct world {
    struct sg_slice alg;
    EVP_PKEY *key[N];
    struct sg_buf spki[N], cert[N];
    struct t_tbs tbs[N];
};

static void sign(const struct world *w, size_t signer, struct sg_slice tbs,
                 struct sg_buf *out)
{
    SG_CLEANUP(EVP_MD_CTX_free) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    uint8_t signature[128];
    size_t len = sizeof(signature);

    assert_int_equal(
        EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, w->key[signer]), 1);
    assert_int_equal(EVP_DigestSign(ctx, signature, &len, tbs.p, tbs.len), 1);
    sg_buf_reset(out);
    t_cert_encode(tbs, w->alg, SG_SLICE(signature, len), out);
}

/* Certificates as tbs[] says. */
static void certify(struct world *w)
{
    struct sg_buf tbs;

    sg_buf_init(&tbs, 8192);
    for (size_t i = 0; i < N; i++) {
        sg_buf_reset(&tbs);
        t_tbs_encode(&w->tbs[i], &tbs);
        sign(w, i == ROOT ? ROOT : i + 1, sg_buf_slice(&tbs), &w->cert[i]);
    }
    sg_buf_done(&tbs);
}

static int setup(void **state)
{
    static const char *const names[] = { "issuing", "middle", "root" };
    struct world *w = calloc(1, sizeof(*w));
    struct sg_err err = { 0 };

    assert_non_null(w);
    w->alg = t_algorithm(TOK_KEY_EC_P256, 0, false);
    for (size_t i = 0; i < N; i++) {
        uint8_t *der = NULL;
        w->key[i] = EVP_EC_gen("P-256");
        int len = i2d_PUBKEY(w->key[i], &der);
        sg_buf_init(&w->spki[i], 256);
        sg_buf_init(&w->cert[i], 8192);
        t_ok(&err, sg_buf_put(&w->spki[i], der, (size_t)len, &err));
        OPENSSL_free(der);
        w->tbs[i] = t_tbs_root(w->alg, sg_buf_slice(&w->spki[i]), names[i]);
        w->tbs[i].path_length = -1;
        if (i < ROOT)
            w->tbs[i].issuer = w->tbs[i].aki = names[i + 1];
    }
    certify(w);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    for (size_t i = 0; i < N; i++) {
        EVP_PKEY_free(w->key[i]);
        sg_buf_done(&w->spki[i]);
        sg_buf_done(&w->cert[i]);
    }
    free(w);
    return 0;
}

/* The guard of issuing, with n - 1 certificates above it. */
static struct tok_guard_state *guard_of(const struct world *w, size_t n)
{
    struct tok_guard limits = { .purpose = TOK_PURPOSE_CA,
                                .may_sign_ca = true,
                                .max_validity = 3650 * T_DAY,
                                .bound = true,
                                .issuer_cert = sg_buf_slice(&w->cert[0]) };
    struct tok_guard_state *guard = NULL;
    struct sg_buf chain;
    struct sg_err err = { 0 };

    sg_buf_init(&chain, 65536);
    for (size_t i = 1; i < n; i++)
        t_ok(&err, sg_buf_put(&chain, w->cert[i].data, w->cert[i].len, &err));
    limits.chain = sg_buf_slice(&chain);
    t_ok(&err, tok_guard_new(&limits, sg_buf_slice(&w->spki[0]), &guard, &err));
    assert_int_equal(guard->n_above, n - 1);
    sg_buf_done(&chain);
    return guard;
}

/* --- signatures ------------------------------------------------------------- */

static void signatures(const struct world *w, size_t n, const char *text)
{
    struct tok_guard_state *guard = guard_of(w, n);
    struct sg_err err = { 0 };

    enum sg_rc rc = tok_chain_check_signatures(guard, &err);
    assert_string_equal(err.msg, text);
    assert_int_equal(rc, text[0] == '\0' ? SG_OK : SG_POLICY);
    if (rc != SG_OK)
        assert_int_equal(tok_refused_of(&err), TOK_REFUSED_BIND);
    tok_guard_free(guard);
}

static void test_signatures(void **state)
{
    static const char *const forged[] = {
        "guard: certificate 1 of the chain (/CN=issuing) is not signed by the "
        "key of certificate 2 (/CN=middle) (RFC 5280 6.1.3 (a)(1))",
        "guard: certificate 2 of the chain (/CN=middle) is not signed by the "
        "key of certificate 3 (/CN=root) (RFC 5280 6.1.3 (a)(1))",
        "", /* nothing above: an anchor's own signature says nothing */
    };
    struct world *w = *state;

    for (size_t n = 1; n <= N; n++)
        signatures(w, n, "");
    for (size_t i = 0; i < N; i++) {
        w->cert[i].data[w->cert[i].len - 1] ^= 1;
        signatures(w, N, forged[i]);
        signatures(w, i + 1, "");
        w->cert[i].data[w->cert[i].len - 1] ^= 1;
    }
}

/* Another key under the name and the identifier of the right one. */
static void test_other_key(void **state)
{
    struct world *w = *state;

    w->tbs[MIDDLE].spki = sg_buf_slice(&w->spki[ROOT]);
    certify(w);
    signatures(w, N,
               "guard: certificate 1 of the chain (/CN=issuing) is not signed "
               "by the key of certificate 2 (/CN=middle) (RFC 5280 6.1.3 "
               "(a)(1))");
}

/* A public key that OpenSSL makes nothing of. */
static void test_unreadable_key(void **state)
{
    struct world *w = *state;

    w->tbs[MIDDLE].spki = BYTES("\x30\x02\x05\x00");
    certify(w);
    signatures(w, N,
               "guard: certificate 2 of the chain, or its public key, cannot "
               "be read by OpenSSL");
}

/* --- what follows for those below ----------------------------------------------- */

static void leaf(const struct world *w, const struct t_tbs *t, const char *text)
{
    struct tok_guard_state *guard = guard_of(w, N);
    struct tok_tbs tbs;
    struct sg_buf der;
    struct sg_err err = { 0 };

    sg_buf_init(&der, 8192);
    t_tbs_encode(t, &der);
    t_ok(&err, tok_tbs_parse(sg_buf_slice(&der), &tbs, &err));
    enum sg_rc rc =
        tok_guard_check_cert(guard, sg_buf_slice(&w->spki[0]), &tbs, &err);
    assert_string_equal(err.msg, text);
    assert_int_equal(rc, text[0] == '\0' ? SG_OK : SG_POLICY);
    sg_buf_done(&der);
    tok_guard_free(guard);
}

static struct t_tbs good_leaf(const struct world *w)
{
    struct t_tbs t = t_tbs_leaf(w->alg, sg_buf_slice(&w->spki[ROOT]));

    t.issuer = t.aki = "issuing";
    return t;
}

/* issuing outlives both above it: no leaf does. */
static void test_times(void **state)
{
    struct world *w = *state;
    struct t_tbs t = good_leaf(w);

    w->tbs[MIDDLE].not_after = T_2026 + 20 * T_DAY;
    w->tbs[ROOT].not_after = T_2026 + 10 * T_DAY;
    w->tbs[ROOT].not_before = T_2026 + 60;
    certify(w);
    t.not_after = T_2026 + 10 * T_DAY;
    leaf(w, &t, "");
    t.not_after++;
    leaf(w, &t,
         "guard: notAfter 2026-01-11T00:00:01Z is past chain certificate 3's "
         "2026-01-11T00:00:00Z");
    t.not_after = T_2026 + 20 * T_DAY + 1;
    leaf(w, &t,
         "guard: notAfter 2026-01-21T00:00:01Z is past chain certificate 2's "
         "2026-01-21T00:00:00Z");
    t = good_leaf(w);
    t.not_before = T_2026 + 60;
    leaf(w, &t, "");
    t.not_before--;
    leaf(
        w, &t,
        "guard: notBefore 2026-01-01T00:00:59Z is before chain certificate 3's "
        "2026-01-01T00:01:00Z");
}

static void test_purposes(void **state)
{
    struct world *w = *state;
    struct t_tbs t = good_leaf(w);

    w->tbs[ISSUING].extra = BYTES(TWO_PURPOSES(SERVER, CLIENT));
    w->tbs[MIDDLE].extra = BYTES(ONE_PURPOSE(SERVER));
    certify(w);
    leaf(w, &t, ""); /* none: verifiers take the chain's */
    t.extra = BYTES(ONE_PURPOSE(SERVER));
    leaf(w, &t, "");
    t.extra = BYTES(ONE_PURPOSE(OCSP));
    leaf(w, &t, "");
    t.extra = BYTES(ONE_PURPOSE(CLIENT));
    leaf(w, &t,
         "guard: extKeyUsage 1.3.6.1.5.5.7.3.2 is none of chain certificate "
         "2's (RFC 5280 4.2.1.12)");
    t.extra = BYTES(ANY_PURPOSE);
    leaf(w, &t,
         "guard: extKeyUsage 2.5.29.37.0 is none of the issuer's "
         "(RFC 5280 4.2.1.12)");
    t.ca = true;
    t.path_length = 0;
    t.key_usage = 1 << 5;
    t.extra = BYTES(ONE_PURPOSE(SERVER));
    leaf(w, &t, "");
    t.extra = BYTES(ONE_PURPOSE(OCSP));
    leaf(w, &t,
         "guard: extKeyUsage 1.3.6.1.5.5.7.3.9 is none of the issuer's "
         "(RFC 5280 4.2.1.12)");
    t.extra = SG_SLICE(NULL, 0);
    leaf(w, &t,
         "guard: CA certificate without extKeyUsage, and the issuer is limited "
         "to some (RFC 5280 4.2.1.12)");
}

/* A CA for every purpose lends each of them. */
static void test_any_purpose(void **state)
{
    struct world *w = *state;
    struct t_tbs t = good_leaf(w);

    w->tbs[MIDDLE].extra = BYTES(ANY_PURPOSE);
    certify(w);
    t.extra = BYTES(ONE_PURPOSE(CLIENT));
    leaf(w, &t, "");
    t.extra = SG_SLICE(NULL, 0);
    t.ca = true;
    t.path_length = 0;
    t.key_usage = 1 << 5;
    leaf(w, &t, "");
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_signatures), CASE(test_other_key), CASE(test_unreadable_key),
        CASE(test_times),      CASE(test_purposes),  CASE(test_any_purpose),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
