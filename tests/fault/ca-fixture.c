/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fault/ca-fixture.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "common/clock.h"
#include "common/der.h"
#include "common/log.h"

#define SOFTHSM "/usr/lib/softhsm/libsofthsm2.so"
#define DAY 86400L
#define START_MS 15000 /* under sanitizers and load */

static struct fault_paths g_paths;

void fault_program(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: %s SIGNET-TOKEN SHIM MAKE-TOKEN\n", argv[0]);
        exit(2);
    }
    g_paths = (struct fault_paths){ argv[1], argv[2], argv[3] };
    sg_log_set_level(SG_LOG_ERR);
}

/* --- certificates, made with OpenSSL ----------------------------------------- */

static void add_ext(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509_EXTENSION *ext;

    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    ext = X509V3_EXT_nconf_nid(NULL, &ctx, nid, value);
    assert_non_null(ext);
    assert_int_equal(X509_add_ext(cert, ext, -1), 1);
    X509_EXTENSION_free(ext);
}

static X509 *new_cert(const char *cn, EVP_PKEY *key, const X509_NAME *issuer)
{
    X509 *cert = X509_new();
    X509_NAME *name = X509_NAME_new();
    BIGNUM *bn = NULL;

    assert_non_null(cert);
    assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                                (const unsigned char *)cn, -1,
                                                -1, 0),
                     1);
    assert_int_equal(X509_set_version(cert, 2), 1);
    assert_int_not_equal(BN_hex2bn(&bn, "7A5A5A5A5A5A5A5A5A5A5A5A5A5A5A5A"), 0);
    assert_non_null(BN_to_ASN1_INTEGER(bn, X509_get_serialNumber(cert)));
    BN_free(bn);
    assert_int_equal(X509_set_subject_name(cert, name), 1);
    assert_int_equal(X509_set_issuer_name(cert, issuer ? issuer : name), 1);
    X509_NAME_free(name);
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(cert), -60));
    assert_non_null(
        X509_gmtime_adj(X509_getm_notAfter(cert), issuer ? DAY : 90 * DAY));
    assert_int_equal(X509_set_pubkey(cert, key), 1);
    return cert;
}

/* The TBS with ecdsa-with-SHA256 inside: a throwaway key puts it there. */
static size_t tbs_of(X509 *cert, uint8_t dst[FAULT_TBS_MAX])
{
    EVP_PKEY *throwaway = EVP_EC_gen("P-256");
    unsigned char *der = NULL;
    int len;

    assert_int_not_equal(X509_sign(cert, throwaway, EVP_sha256()), 0);
    EVP_PKEY_free(throwaway);
    len = i2d_re_X509_tbs(cert, &der);
    assert_in_range(len, 1, FAULT_TBS_MAX);
    memcpy(dst, der, (size_t)len);
    OPENSSL_free(der);
    return (size_t)len;
}

struct sg_slice fault_algorithm(void)
{
    static const uint8_t DER[] = { 0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86,
                                   0x48, 0xce, 0x3d, 0x04, 0x03, 0x02 };

    return SG_SLICE(DER, sizeof(DER));
}

/* --- the CA --------------------------------------------------------------------- */

static void sign_root(struct fault *f)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf signature = { 0 };
    SG_CLEANUP(sg_buf_done) struct sg_buf der = { 0 };
    uint8_t tbs[FAULT_TBS_MAX];
    X509 *root = new_cert("Fault Root", f->ca_key, NULL);
    struct sg_derw w;

    add_ext(root, root, NID_basic_constraints, "critical,CA:TRUE");
    add_ext(root, root, NID_key_usage, "critical,keyCertSign,cRLSign");
    add_ext(root, root, NID_subject_key_identifier, "hash");
    struct sg_slice body = SG_SLICE(tbs, tbs_of(root, tbs));
    X509_free(root);

    sg_buf_init(&signature, TOK_SIGNATURE_MAX);
    OK(f, tok_sign_cert(f->key, fault_algorithm(), body, &signature, &f->err));
    sg_buf_init(&der, 4096);
    sg_derw_init(&w, &der);
    size_t mark = sg_derw_begin(&w, 0x30);
    sg_derw_raw(&w, body);
    sg_derw_raw(&w, fault_algorithm());
    sg_derw_bits(&w, sg_buf_slice(&signature));
    sg_derw_end(&w, mark);
    OK(f, sg_derw_finish(&w, &f->err));
    const unsigned char *p = der.data;
    f->root = d2i_X509(NULL, &p, (long)der.len);
    assert_non_null(f->root);
    assert_int_equal(X509_verify(f->root, f->ca_key), 1);
    OK(f, tok_guard_bind(f->key, sg_buf_slice(&der), &f->err));
}

/* What all requests sign; only the serial differs. */
static void make_leaf(struct fault *f)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *leaf = new_cert("leaf", key, X509_get_subject_name(f->root));
    static const uint8_t SERIAL[FAULT_SERIAL_LEN] = { 0x7a, 0x5a, 0x5a, 0x5a,
                                                      0x5a, 0x5a, 0x5a, 0x5a,
                                                      0x5a, 0x5a, 0x5a, 0x5a,
                                                      0x5a, 0x5a, 0x5a, 0x5a };
    const uint8_t *at;

    add_ext(leaf, f->root, NID_key_usage, "critical,digitalSignature");
    add_ext(leaf, f->root, NID_authority_key_identifier, "keyid");
    add_ext(leaf, f->root, NID_subject_alt_name, "DNS:leaf.example.com");
    f->leaf_len = tbs_of(leaf, f->leaf);
    at = memmem(f->leaf, f->leaf_len, SERIAL, sizeof(SERIAL));
    assert_non_null(at);
    f->serial_at = (size_t)(at - f->leaf);
    X509_free(leaf);
    EVP_PKEY_free(key);
}

static void make_ca(struct fault *f)
{
    struct tok_key_generate gen = {
        .label = FAULT_KEY,
        .type = TOK_KEY_EC_P256,
        .guard = { .purpose = TOK_PURPOSE_CA,
                   .may_sign_ca = true,
                   .max_validity = 365 * DAY },
    };
    struct tok_key_info info;
    const unsigned char *p = info.spki;

    OK(f, tok_client_start(&f->cfg, &f->client, &f->err));
    OK(f, tok_key_generate(f->client, &gen, &info, &f->err));
    f->ca_key = d2i_PUBKEY(NULL, &p, (long)info.spki_len);
    assert_non_null(f->ca_key);
    struct tok_key_open want = { .label = FAULT_KEY,
                                 .spki = SG_SLICE(info.spki, info.spki_len) };
    OK(f, tok_client_key(f->client, &want, &f->key, &f->err));
    sign_root(f);
    make_leaf(f);
    tok_client_free(f->client);
    f->client = NULL;
}

/* --- cmocka --------------------------------------------------------------------- */

static void default_config(struct fault *f)
{
    snprintf(f->pin_source, sizeof(f->pin_source), "file:%s/%s.pin", f->dir,
             FAULT_TOKEN);
    snprintf(f->guards, sizeof(f->guards), "%s/guards", f->dir);
    f->cfg = (struct tok_client_config){
        .name = FAULT_TOKEN,
        .program = g_paths.signet_token,
        .module = g_paths.shim,
        .uri = "pkcs11:token=" FAULT_TOKEN,
        .pin_source = f->pin_source,
        .guard_dir = f->guards,
        .sessions = 2,
        .start_timeout_ms = START_MS,
    };
}

int fault_group_setup(void **state)
{
    static struct fault f;
    char path[T_PATH_MAX + 32];
    struct t_run run;

    t_dir_new(f.dir);
    t_run_args(&run, g_paths.make_token, f.dir, FAULT_TOKEN);
    if (run.exit_code != 0)
        fail_msg("make-token: %s", run.output);
    t_run_done(&run);
    snprintf(path, sizeof(path), "%s/softhsm2.conf", f.dir);
    assert_int_equal(setenv("SOFTHSM2_CONF", path, 1), 0);
    snprintf(path, sizeof(path), "%s/shim", f.dir);
    f.shim = shim_control_new(path, SOFTHSM);
    default_config(&f);
    make_ca(&f);
    *state = &f;
    return 0;
}

int fault_group_teardown(void **state)
{
    struct fault *f = *state;

    EVP_PKEY_free(f->ca_key);
    X509_free(f->root);
    shim_control_free(f->shim);
    t_dir_remove(f->dir);
    return 0;
}

int fault_setup(void **state)
{
    struct fault *f = *state;

    shim_reset(f->shim);
    default_config(f);
    sg_err_clear(&f->err);
    return 0;
}

int fault_teardown(void **state)
{
    struct fault *f = *state;

    shim_reset(f->shim); /* a call that still hangs goes on */
    tok_client_free(f->client);
    f->client = NULL;
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
    return 0;
}

void fault_start(struct fault *f)
{
    struct tok_key_open want = { .label = FAULT_KEY };

    OK(f, tok_client_start(&f->cfg, &f->client, &f->err));
    OK(f, tok_client_key(f->client, &want, &f->key, &f->err));
}

void fault_await(struct fault *f, enum tok_state state, unsigned ms)
{
    int64_t end = sg_mono_ms() + ms;
    struct tok_health health;

    tok_client_health(f->client, &health);
    while (health.state != state && sg_mono_ms() < end) {
        sg_sleep_ms(1);
        tok_client_health(f->client, &health);
    }
    if (health.state != state)
        fail_msg("%s after %u ms: %s", tok_state_name(health.state), ms,
                 health.reason);
}

void fault_kill(struct fault *f)
{
    struct tok_health health;
    struct tok_health now;
    int64_t end = sg_mono_ms() + START_MS;

    tok_client_health(f->client, &health);
    assert_true(health.pid > 0);
    assert_int_equal(kill(health.pid, SIGKILL), 0);
    do {
        tok_client_health(f->client, &now);
        assert_true(sg_mono_ms() < end);
    } while (now.restarts == health.restarts);
}

/* --- requests --------------------------------------------------------------------- */

static void on_signed(void *arg, const struct tok_sign_reply *reply)
{
    struct fault_asked *a = arg;

    a->answered_ms = sg_mono_ms();
    a->rc = SG_OK;
    if (reply->failure != NULL) {
        a->rc = reply->failure->rc;
        memcpy(a->msg, reply->failure->msg, sizeof(a->msg));
    } else {
        a->signature_len = reply->signature.len;
        memcpy(a->signature, reply->signature.p, reply->signature.len);
    }
    a->answers++;
}

enum sg_rc fault_ask(const struct fault *f, struct fault_asked *asked,
                     uint64_t number, struct sg_err *err)
{
    memcpy(asked->tbs, f->leaf, f->leaf_len);
    for (unsigned i = 0; i < 8; i++)
        asked->tbs[f->serial_at + 1 + i] = (uint8_t)(number >> (8 * i));
    asked->asked_ms = sg_mono_ms();
    asked->answers = 0;
    return tok_sign_cert_async(f->key, fault_algorithm(),
                               SG_SLICE(asked->tbs, f->leaf_len), on_signed,
                               asked, err);
}

void fault_wait(struct fault_asked *asked, size_t n, unsigned ms)
{
    int64_t end = sg_mono_ms() + ms;

    for (size_t i = 0; i < n; i++) {
        while (asked[i].answers == 0) {
            if (sg_mono_ms() > end)
                fail_msg("request %zu: no answer in %u ms", i, ms);
            sg_sleep_ms(1);
        }
    }
}

bool fault_verify(const struct fault *f, const struct fault_asked *asked)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool good =
        EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, f->ca_key) == 1
        && EVP_DigestVerify(ctx, asked->signature, asked->signature_len,
                            asked->tbs, f->leaf_len)
               == 1;

    EVP_MD_CTX_free(ctx);
    return good;
}

enum sg_rc fault_sign(struct fault *f, uint64_t number, struct sg_err *err)
{
    static struct fault_asked asked;
    enum sg_rc rc = fault_ask(f, &asked, number, err);

    if (rc != SG_OK)
        return rc;
    fault_wait(&asked, 1, START_MS);
    if (asked.rc != SG_OK)
        return sg_err_set(err, asked.rc, "%s", asked.msg);
    assert_true(fault_verify(f, &asked));
    return SG_OK;
}
