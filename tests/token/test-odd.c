/* SPDX-License-Identifier: Apache-2.0 */
/* Modules that are not SoftHSM: each oddity alone, and what becomes of it. */

#include <dirent.h>
#include <fcntl.h>
#include <p11-kit/pkcs11.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/make-tbs.h"
#include "tests/lib/shim-p11.h"
#include "tests/token/token.h"

struct fixture {
    struct t_token token;
    struct shim_control *shim;
    struct t_helper h;
};

static int setup(void **state)
{
    static struct fixture f;
    char path[T_PATH_MAX + 16];

    t_token_new(&f.token);
    (void)snprintf(path, sizeof(path), "%s/control", f.token.dir);
    f.shim = shim_control_new(path, f.token.module);
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): no threads here */
    f.token.module = getenv("SIGNET_SHIM");
    FILE *file = fopen(f.token.pin_source + strlen("file:"), "r");
    assert_non_null(file);
    assert_non_null(fgets(f.shim->pin, sizeof(f.shim->pin), file));
    (void)fclose(file);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    shim_control_free(f->shim);
    t_token_done(&f->token);
    return 0;
}

#define ARGS(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* HELLO must say this. */
static void refused(const char *const *args, enum sg_rc want, const char *text)
{
    struct t_helper h;

    t_helper_start(&h, args);
    if (h.hello_rc != want || strstr(h.failure.msg, text) == NULL)
        fail_msg("%s: %s instead of %s: %s", sg_rc_name(h.hello_rc),
                 h.failure.msg, sg_rc_name(want), text);
    assert_int_equal(t_helper_wait(&h), sg_rc_exit(want));
}

static void start(struct fixture *f, uint32_t odd)
{
    f->shim->odd = odd;
    t_helper_start_on(&f->h, &f->token, 1);
}

static void stop(struct fixture *f)
{
    assert_int_equal(t_helper_stop(&f->h), 0);
}

static void generate(struct fixture *f, const char *label,
                     enum tok_key_type type, struct tok_key_info *ret)
{
    struct tok_key_generate gen = t_ca_key(label, type);

    if (t_generate(&f->h, &gen, ret) != SG_OK)
        fail_msg("%s: %s", label, f->h.failure.msg);
}

static void not_generated(struct fixture *f, const char *label, enum sg_rc want,
                          const char *text)
{
    struct tok_key_generate gen = t_ca_key(label, TOK_KEY_EC_P256);
    struct tok_key_info made;
    enum sg_rc rc = t_generate(&f->h, &gen, &made);

    if (rc != want || strstr(f->h.failure.msg, text) == NULL)
        fail_msg("%s: %s instead of %s: %s", sg_rc_name(rc), f->h.failure.msg,
                 sg_rc_name(want), text);
}

/* Sign a root certificate with the key; signet-token checks the signature. */
static enum sg_rc sign(struct fixture *f, const char *label, unsigned hash_bits,
                       bool pss)
{
    struct tok_key_open want = { .label = "" };
    struct tok_key_info key;
    struct sg_slice signature;
    struct sg_buf tbs;
    uint32_t ref;

    (void)snprintf(want.label, sizeof(want.label), "%s", label);
    enum sg_rc rc = t_open(&f->h, &want, &ref, &key);
    if (rc != SG_OK)
        return rc;
    struct sg_slice alg = t_algorithm(key.type, hash_bits, pss);
    struct t_tbs root =
        t_tbs_root(alg, SG_SLICE(key.spki, key.spki_len), "root");
    sg_buf_init(&tbs, 8192);
    t_tbs_encode(&root, &tbs);
    struct tok_sign req = { .key_ref = ref,
                            .algorithm = alg,
                            .tbs = sg_buf_slice(&tbs) };
    rc = t_sign(&f->h, TOK_OP_SIGN_CERT, &req, &signature);
    sg_buf_done(&tbs);
    return rc;
}

static void signs(struct fixture *f, const char *label, unsigned hash_bits,
                  bool pss)
{
    if (sign(f, label, hash_bits, pss) != SG_OK)
        fail_msg("%s: %s", label, f->h.failure.msg);
}

static size_t n_keys(struct fixture *f)
{
    const struct tok_list_from from = { 0 };
    struct tok_list_page page;
    struct sg_buf payload;
    struct sg_reader in;
    struct sg_err err = { 0 };

    sg_buf_init(&payload, TOK_FRAME_MAX);
    t_ok(&err, tok_put_list_from(&payload, &from, &err));
    if (t_helper_call(&f->h, TOK_OP_KEY_LIST, sg_buf_slice(&payload)) != SG_OK)
        fail_msg("%s", f->h.failure.msg);
    sg_buf_done(&payload);
    sg_reader_init(&in, sg_buf_slice(&f->h.reply));
    t_ok(&err, tok_get_list_page(&in, &page, &err));
    return page.n;
}

/* --- public keys --------------------------------------------------------------- */

static void test_raw_point(void **state)
{
    static const enum tok_key_type types[] = { TOK_KEY_EC_P256, TOK_KEY_EC_P384,
                                               TOK_KEY_EC_P521,
                                               TOK_KEY_ED25519 };
    struct fixture *f = *state;
    struct tok_key_info key;

    start(f, SHIM_ODD_RAW_POINT);
    for (size_t i = 0; i < SG_ARRAY_LEN(types); i++) {
        generate(f, tok_key_type_name(types[i]), types[i], &key);
        assert_int_equal(key.type, types[i]);
        signs(f, key.label, 0, false);
    }
    stop(f);
}

static void test_short_point(void **state)
{
    struct fixture *f = *state;
    struct tok_key_info key;

    start(f, 0);
    generate(f, "one", TOK_KEY_EC_P256, &key);
    generate(f, "two", TOK_KEY_RSA_2048, &key);
    f->shim->odd = SHIM_ODD_SHORT_POINT;
    not_generated(f, "three", SG_FORMAT,
                  "CKA_EC_POINT: 66 bytes that are no uncompressed point of "
                  "ec-p256");
    assert_int_equal(n_keys(f), 2); /* the odd one does not hide the other */
    assert_non_null(strstr((const char *)f->h.log.data, "event=key_odd"));
    assert_int_equal(sign(f, "one", 0, false), SG_FORMAT);
    signs(f, "two", 256, false);
    stop(f);
}

/* --- mechanisms ---------------------------------------------------------------- */

static void test_token_hashes(void **state)
{
    static const enum tok_key_type types[] = { TOK_KEY_EC_P256, TOK_KEY_EC_P384,
                                               TOK_KEY_EC_P521,
                                               TOK_KEY_ED25519 };
    struct fixture *f = *state;
    struct tok_key_info key;

    start(f, SHIM_ODD_TOKEN_HASHES);
    for (size_t i = 0; i < SG_ARRAY_LEN(types); i++) {
        generate(f, tok_key_type_name(types[i]), types[i], &key);
        signs(f, key.label, 0, false);
    }
    f->shim->calls[SHIM_SignInit] = 0;
    signs(f, "ec-p256", 0, false); /* remembered: one call, not two */
    assert_int_equal(f->shim->calls[SHIM_SignInit], 1);
    generate(f, "rsa", TOK_KEY_RSA_2048, &key);
    for (unsigned bits = 256; bits <= 512; bits += 128) {
        signs(f, "rsa", bits, false);
        signs(f, "rsa", bits, true);
    }
    stop(f);
}

/* A ready hash is all there is to sign, so there is no other way. */
static void test_token_hashes_no_digest(void **state)
{
    static const uint8_t digest[32] = { 1 };
    struct fixture *f = *state;
    struct tok_key_generate gen = { .label = "backend",
                                    .type = TOK_KEY_EC_P256,
                                    .guard = { .purpose =
                                                   TOK_PURPOSE_BACKEND } };
    struct tok_key_open want = { .label = "backend" };
    struct tok_key_info key;
    struct sg_slice signature;
    uint32_t ref;

    start(f, SHIM_ODD_TOKEN_HASHES);
    if (t_generate(&f->h, &gen, &key) != SG_OK)
        fail_msg("%s", f->h.failure.msg);
    assert_int_equal(t_open(&f->h, &want, &ref, &key), SG_OK);
    struct tok_sign req = { .key_ref = ref,
                            .algorithm = t_algorithm(TOK_KEY_EC_P256, 0, false),
                            .tbs = SG_SLICE(digest, sizeof(digest)) };
    assert_int_equal(t_sign(&f->h, TOK_OP_SIGN_DIGEST, &req, &signature),
                     SG_TOKEN);
    assert_non_null(
        strstr(f->h.failure.msg, "C_SignInit: CKR_MECHANISM_INVALID"));
    stop(f);
}

/* --- token ---------------------------------------------------------------------- */

static void test_nul_padding(void **state)
{
    struct fixture *f = *state;

    start(f, SHIM_ODD_NUL_PADDING);
    assert_string_equal(f->h.info.label, "unit");
    assert_string_equal(f->h.info.manufacturer, "SoftHSM project");
    stop(f);
}

static void test_no_serial(void **state)
{
    struct fixture *f = *state;
    struct tok_key_info key;

    start(f, SHIM_ODD_NO_SERIAL);
    assert_string_equal(f->h.info.serial, "");
    generate(f, "root", TOK_KEY_EC_P256, &key);
    signs(f, "root", 0, false);
    stop(f);
    start(f, SHIM_ODD_NO_SERIAL);
    signs(f, "root", 0, false);
    stop(f);
}

/* Said in advance, and seen only when there is no second one. */
static void test_one_session(void **state)
{
    struct fixture *f = *state;
    struct tok_key_info key;
    char label[16];

    for (unsigned i = 0; i < 2; i++) {
        shim_reset(f->shim);
        if (i == 1) {
            shim_rule_set(f->shim, SHIM_OpenSession, SHIM_FAIL,
                          CKR_SESSION_COUNT);
            shim_rule_count(f->shim, SHIM_OpenSession, 1, 1);
        }
        f->shim->odd = i == 0 ? SHIM_ODD_ONE_SESSION : 0;
        t_helper_start_on(&f->h, &f->token, 4);
        assert_int_equal(f->shim->calls[SHIM_OpenSession], i + 1);
        (void)snprintf(label, sizeof(label), "root %u", i);
        generate(f, label, TOK_KEY_EC_P256, &key);
        signs(f, label, 0, false);
        assert_int_equal(n_keys(f), i + 1);
        assert_int_equal(f->shim->calls[SHIM_OpenSession], i + 1);
        /* The one session is lost: a new login brings a new one. */
        shim_rule_set(f->shim, SHIM_SignInit, SHIM_DROP, 0);
        shim_rule_count(f->shim, SHIM_SignInit, 0, 1);
        signs(f, label, 0, false);
        assert_int_equal(f->shim->calls[SHIM_OpenSession], i + 2);
        stop(f);
    }
}

static void test_slot_unreadable(void **state)
{
    struct fixture *f = *state;
    struct t_helper h;
    struct sg_reader in;
    struct sg_err err = { 0 };
    uint32_t n;

    t_helper_start(&h, ARGS("--module", f->token.module));
    assert_int_equal(h.hello_rc, SG_OK);
    shim_rule_set(f->shim, SHIM_GetTokenInfo, SHIM_FAIL, CKR_DEVICE_ERROR);
    shim_rule_count(f->shim, SHIM_GetTokenInfo, 0, 1);
    assert_int_equal(t_helper_call(&h, TOK_OP_TOKEN_LIST, SG_SLICE(NULL, 0)),
                     SG_OK);
    sg_reader_init(&in, sg_buf_slice(&h.reply));
    t_ok(&err, sg_get_u32(&in, &n, &err));
    assert_int_equal(n, 1); /* of two: "unit" and the blank one */
    assert_int_equal(t_helper_stop(&h), 0);
}

/* --- PINs ----------------------------------------------------------------------- */

static void test_pin_pad(void **state)
{
    struct fixture *f = *state;
    struct t_helper h;
    struct tok_key_info key;
    const char *const *args =
        ARGS("--module", f->token.module, "--uri", f->token.uri, "--pin-source",
             "prompt", "--guards", f->token.guards);

    f->shim->odd = SHIM_ODD_PIN_PAD;
    t_helper_start(&f->h, args);
    if (f->h.hello_rc != SG_OK)
        fail_msg("%s", f->h.failure.msg);
    generate(f, "root", TOK_KEY_EC_P256, &key);
    signs(f, "root", 0, false);
    stop(f);
    t_helper_start(&h,
                   ARGS("--module", f->token.module, "--uri", f->token.uri));
    assert_int_equal(h.hello_rc, SG_OK);
    assert_int_equal(t_helper_stop(&h), 0);
    /* A source that was named is used: some have a pad and do not insist. */
    refused(ARGS("--module", f->token.module, "--uri", f->token.uri,
                 "--pin-source", f->token.pin_source),
            SG_TOKEN, "C_Login: CKR_ARGUMENTS_BAD");
}

static void test_pin_per_key(void **state)
{
    struct fixture *f = *state;
    struct tok_key_info key;

    start(f, SHIM_ODD_PIN_PER_KEY);
    generate(f, "root", TOK_KEY_EC_P256, &key);
    f->shim->calls[SHIM_Login] = 0;
    signs(f, "root", 0, false);
    signs(f, "root", 0, false);
    assert_int_equal(f->shim->calls[SHIM_Login], 2);
    stop(f);
}

/* Each signature would cost one of the token's tries. */
static void test_pin_per_key_wrong(void **state)
{
    struct fixture *f = *state;
    struct tok_key_info key;

    start(f, SHIM_ODD_PIN_PER_KEY);
    generate(f, "root", TOK_KEY_EC_P256, &key);
    f->shim->pin[0]++;
    f->shim->calls[SHIM_Login] = 0;
    assert_int_equal(sign(f, "root", 0, false), SG_PIN);
    assert_non_null(strstr(f->h.failure.msg, "C_Login: CKR_PIN_INCORRECT"));
    assert_int_equal(t_helper_wait(&f->h), sg_rc_exit(SG_PIN));
    assert_int_equal(f->shim->calls[SHIM_Login], 1);
}

static void test_pin_per_key_once(void **state)
{
    struct fixture *f = *state;
    struct tok_key_info key;
    char ref[16];
    int fd[2];

    assert_int_equal(pipe(fd), 0);
    int high = fcntl(fd[0], F_DUPFD, 10); /* the helper has a use for fd 3 */
    assert_int_equal(write(fd[1], f->shim->pin, strlen(f->shim->pin)),
                     strlen(f->shim->pin));
    assert_int_equal(close(fd[1]), 0);
    (void)snprintf(ref, sizeof(ref), "fd:%d", high);
    f->shim->odd = SHIM_ODD_PIN_PER_KEY;
    t_helper_start(&f->h,
                   ARGS("--module", f->token.module, "--uri", f->token.uri,
                        "--pin-source", ref, "--guards", f->token.guards));
    if (f->h.hello_rc != SG_OK)
        fail_msg("%s", f->h.failure.msg);
    generate(f, "root", TOK_KEY_EC_P256, &key);
    assert_int_equal(sign(f, "root", 0, false), SG_CONFIG);
    assert_non_null(
        strstr(f->h.failure.msg, "the key wants the PIN for every signature"));
    stop(f);
    (void)close(high);
    (void)close(fd[0]);
}

/* --- making keys ------------------------------------------------------------------ */

static void test_not_local(void **state)
{
    struct fixture *f = *state;
    struct tok_key_info key;

    start(f, SHIM_ODD_NOT_LOCAL);
    generate(f, "root", TOK_KEY_EC_P256, &key);
    assert_int_equal(key.attrs & TOK_ATTR_LOCAL, 0); /* as the token says */
    signs(f, "root", 0, false);
    stop(f);
    /* Without its guard nobody knows where it was made. */
    char other[T_PATH_MAX + 32];
    (void)snprintf(other, sizeof(other), "%s/none", f->token.dir);
    t_helper_start(&f->h, ARGS("--module", f->token.module, "--uri",
                               f->token.uri, "--pin-source",
                               f->token.pin_source, "--guards", other));
    assert_int_equal(sign(f, "root", 0, false), SG_POLICY);
    assert_non_null(
        strstr(f->h.failure.msg, "the key was not made in the token"));
    stop(f);
}

static void test_own_ids(void **state)
{
    struct fixture *f = *state;
    struct tok_key_info key;

    start(f, SHIM_ODD_OWN_IDS);
    generate(f, "one", TOK_KEY_EC_P256, &key);
    assert_int_equal(key.id_len, 2);
    generate(f, "two", TOK_KEY_RSA_2048, &key);
    assert_int_equal(key.id_len, 2);
    signs(f, "one", 0, false);
    signs(f, "two", 256, false);
    stop(f);
}

static void test_same_ids(void **state)
{
    struct fixture *f = *state;
    struct tok_key_info key;

    start(f, SHIM_ODD_SAME_IDS);
    generate(f, "one", TOK_KEY_EC_P256, &key);
    not_generated(f, "two", SG_CONFLICT, "several public keys carry its id");
    assert_int_equal(n_keys(f), 1);
    stop(f);
}

static void test_templates(void **state)
{
    static const uint32_t odds[] = { SHIM_ODD_FEW_FLAGS,
                                     SHIM_ODD_VERIFY_IS_DECRYPT,
                                     SHIM_ODD_FEW_FLAGS
                                         | SHIM_ODD_VERIFY_IS_DECRYPT };
    struct fixture *f = *state;
    struct tok_key_info key;
    char label[16];

    start(f, 0);
    for (unsigned i = 0; i < SG_ARRAY_LEN(odds); i++) {
        f->shim->odd = odds[i];
        (void)snprintf(label, sizeof(label), "ec %u", i);
        generate(f, label, TOK_KEY_EC_P256, &key);
        signs(f, label, 0, false);
        (void)snprintf(label, sizeof(label), "ed %u", i);
        generate(f, label, TOK_KEY_ED25519, &key);
        signs(f, label, 0, false);
    }
    stop(f);
}

/* --- trying what a token can do ------------------------------------------------------ */

static enum sg_rc try_key(struct fixture *f, enum tok_key_type type,
                          bool *ret_hashes)
{
    struct sg_buf payload;
    struct sg_err err = { 0 };

    sg_buf_init(&payload, TOK_FRAME_MAX);
    t_ok(&err, tok_put_key_try(&payload, type, &err));
    enum sg_rc rc =
        t_helper_call(&f->h, TOK_OP_KEY_TRY, sg_buf_slice(&payload));
    sg_buf_done(&payload);
    if (rc == SG_OK)
        t_ok(&err,
             tok_get_key_tried(sg_buf_slice(&f->h.reply), ret_hashes, &err));
    return rc;
}

static size_t n_files(const char *dir)
{
    DIR *d = opendir(dir);
    size_t n = 0;

    assert_non_null(d);
    while (readdir(d) != NULL) /* NOLINT(concurrency-mt-unsafe): one thread */
        n++;
    (void)closedir(d);
    return n - 2; /* "." and ".." */
}

static void test_try(void **state)
{
    struct fixture *f = *state;
    struct tok_key_info key;
    bool hashes = true;

    start(f, 0);
    generate(f, "mine", TOK_KEY_EC_P256, &key);
    size_t files = n_files(f->token.guards);
    for (int type = TOK_KEY_EC_P256; type <= TOK_KEY_ED25519; type++) {
        if (type == TOK_KEY_RSA_3072 || type == TOK_KEY_RSA_4096)
            continue; /* slow, and nothing new */
        if (try_key(f, (enum tok_key_type)type, &hashes) != SG_OK)
            fail_msg("%s", f->h.failure.msg);
        assert_false(hashes);
    }
    f->shim->odd = SHIM_ODD_TOKEN_HASHES;
    assert_int_equal(try_key(f, TOK_KEY_EC_P384, &hashes), SG_OK);
    assert_true(hashes);
    assert_int_equal(n_keys(f), 1); /* nothing is left but what was there */
    assert_int_equal(n_files(f->token.guards), files);
    stop(f);
}

static void test_try_refused(void **state)
{
    struct fixture *f = *state;
    bool hashes;

    start(f, SHIM_ODD_SHORT_POINT);
    assert_int_equal(try_key(f, TOK_KEY_EC_P256, &hashes), SG_FORMAT);
    assert_string_equal(f->h.failure.msg,
                        "CKA_EC_POINT: 66 bytes that are no uncompressed point "
                        "of ec-p256");
    f->shim->odd = 0;
    shim_rule_set(f->shim, SHIM_SignInit, SHIM_FAIL,
                  CKR_KEY_FUNCTION_NOT_PERMITTED);
    assert_int_equal(try_key(f, TOK_KEY_EC_P256, &hashes), SG_TOKEN);
    assert_string_equal(f->h.failure.msg,
                        "C_SignInit: CKR_KEY_FUNCTION_NOT_PERMITTED");
    shim_rule_set(f->shim, SHIM_SignInit, SHIM_PASS, 0);
    assert_int_equal(n_keys(f), 0);
    shim_rule_set(f->shim, SHIM_DestroyObject, SHIM_FAIL,
                  CKR_ACTION_PROHIBITED);
    assert_int_equal(try_key(f, TOK_KEY_EC_P256, &hashes), SG_TOKEN);
    assert_non_null(strstr(f->h.failure.msg, "stays in the token, remove it by "
                                             "hand: C_DestroyObject: "
                                             "CKR_ACTION_PROHIBITED"));
    stop(f);
}

/* --- C_Initialize ------------------------------------------------------------------ */

static void test_init_args(void **state)
{
    struct fixture *f = *state;
    struct t_helper h;
    const char *module = f->token.module;

    f->shim->odd = SHIM_ODD_INIT_ARGS;
    refused(ARGS("--module", module), SG_CONFIG,
            "C_Initialize: CKR_ARGUMENTS_BAD: the module wants init-args of "
            "its own");
    refused(ARGS("--module", module, "--init-args", "shim=no"), SG_CONFIG,
            "the module does not take these init-args");
    t_helper_start(&h, ARGS("--module", module, "--init-args", SHIM_INIT_ARGS,
                            "--uri", f->token.uri, "--pin-source",
                            f->token.pin_source));
    if (h.hello_rc != SG_OK)
        fail_msg("%s", h.failure.msg);
    assert_int_equal(t_helper_stop(&h), 0);
    /* Both loaders of the module get it: ours and libp11. */
    t_helper_start(&h, ARGS("--module", module, "--init-args", SHIM_INIT_ARGS));
    assert_int_equal(h.hello_rc, SG_OK);
    assert_int_equal(t_helper_call(&h, TOK_OP_TOKEN_LIST, SG_SLICE(NULL, 0)),
                     SG_OK);
    assert_int_equal(t_helper_stop(&h), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_raw_point),
        T(test_short_point),
        T(test_token_hashes),
        T(test_token_hashes_no_digest),
        T(test_nul_padding),
        T(test_no_serial),
        T(test_one_session),
        T(test_slot_unreadable),
        T(test_pin_pad),
        T(test_pin_per_key),
        T(test_pin_per_key_wrong),
        T(test_pin_per_key_once),
        T(test_not_local),
        T(test_own_ids),
        T(test_same_ids),
        T(test_templates),
        T(test_try),
        T(test_try_refused),
        T(test_init_args),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
