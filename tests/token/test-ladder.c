/* SPDX-License-Identifier: Apache-2.0 */
/* What the token process does when the token fails: new session, new login,
 * new start of the module, end. */

#include <fcntl.h>
#include <p11-kit/pkcs11.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/make-tbs.h"
#include "tests/lib/shim-p11.h"
#include "tests/token/token.h"

struct fixture {
    struct t_token token;
    struct shim_control *shim;
    struct t_helper h;
    struct tok_key_info key;
    uint32_t ref;
    struct sg_buf payload; /* a request to sign the root certificate */
};

static void start(struct fixture *f, unsigned sessions)
{
    struct tok_key_open want = { .label = "root" };
    struct sg_slice alg = t_algorithm(TOK_KEY_EC_P256, 0, false);
    struct sg_buf tbs;
    struct sg_err err = { 0 };

    t_helper_start_on(&f->h, &f->token, sessions);
    if (t_open(&f->h, &want, &f->ref, &f->key) != SG_OK)
        fail_msg("%s", f->h.failure.msg);
    struct t_tbs t =
        t_tbs_root(alg, SG_SLICE(f->key.spki, f->key.spki_len), "root");
    sg_buf_init(&tbs, 8192);
    t_tbs_encode(&t, &tbs);
    struct tok_sign req = { .key_ref = f->ref,
                            .algorithm = alg,
                            .tbs = sg_buf_slice(&tbs) };
    sg_buf_reset(&f->payload);
    t_ok(&err, tok_put_sign(&f->payload, &req, &err));
    sg_buf_done(&tbs);
}

static int setup(void **state)
{
    static struct fixture f;
    struct tok_key_generate gen = t_ca_key("root", TOK_KEY_EC_P256);
    char path[T_PATH_MAX + 16];

    t_token_new(&f.token);
    (void)snprintf(path, sizeof(path), "%s/control", f.token.dir);
    f.shim = shim_control_new(path, f.token.module);
    f.token.module = getenv("SIGNET_SHIM");
    t_helper_start_on(&f.h, &f.token, 1);
    assert_int_equal(t_generate(&f.h, &gen, &f.key), SG_OK);
    assert_int_equal(t_helper_stop(&f.h), 0);
    shim_reset(f.shim);
    sg_buf_init(&f.payload, TOK_FRAME_MAX);
    *state = &f;
    return 0;
}

/* Each test ends the process itself: how it ends is what is tried. */
static int teardown(void **state)
{
    struct fixture *f = *state;

    sg_buf_done(&f->payload);
    shim_control_free(f->shim);
    t_token_done(&f->token);
    return 0;
}

static enum sg_rc sign(struct fixture *f)
{
    return t_helper_call(&f->h, TOK_OP_SIGN_CERT, sg_buf_slice(&f->payload));
}

static void sign_ok(struct fixture *f)
{
    if (sign(f) != SG_OK)
        fail_msg("sign: %s", f->h.failure.msg);
}

static void fail_times(struct fixture *f, enum shim_call call, CK_RV rv,
                       uint32_t times)
{
    shim_fail_times(f->shim, call, (uint32_t)rv, times);
}

static uint32_t calls(struct fixture *f, enum shim_call call)
{
    return f->shim->calls[call];
}

/* --- rung by rung -------------------------------------------------------------------- */

static void test_new_session(void **state)
{
    struct fixture *f = *state;

    start(f, 1);
    sign_ok(f);
    uint32_t opened = calls(f, SHIM_OpenSession);
    fail_times(f, SHIM_SignInit, CKR_SESSION_HANDLE_INVALID, 1);
    sign_ok(f);
    assert_int_equal(calls(f, SHIM_OpenSession), opened + 1);
    assert_int_equal(calls(f, SHIM_Login), 1);
    sign_ok(f);
    assert_int_equal(calls(f, SHIM_OpenSession), opened + 1);
    assert_int_equal(t_helper_stop(&f->h), 0);
}

/* Object handles are not kept past a session either. */
static void test_handles_found_again(void **state)
{
    struct fixture *f = *state;

    start(f, 1);
    sign_ok(f);
    uint32_t found = calls(f, SHIM_FindObjectsInit);
    sign_ok(f);
    assert_int_equal(calls(f, SHIM_FindObjectsInit), found);
    fail_times(f, SHIM_SignInit, CKR_OBJECT_HANDLE_INVALID, 1);
    sign_ok(f);
    assert_true(calls(f, SHIM_FindObjectsInit) > found);
    assert_int_equal(t_helper_stop(&f->h), 0);
}

static void test_new_login(void **state)
{
    struct fixture *f = *state;

    start(f, 1);
    sign_ok(f);
    fail_times(f, SHIM_Sign, CKR_DEVICE_ERROR, 2);
    sign_ok(f);
    assert_int_equal(calls(f, SHIM_Login), 2);
    assert_int_equal(calls(f, SHIM_Initialize), 1);
    assert_int_equal(t_helper_stop(&f->h), 0);
}

/* The token was reset: every session and the login are gone. */
static void test_dropped_sessions(void **state)
{
    struct fixture *f = *state;

    start(f, 1);
    sign_ok(f);
    for (int i = 0; i < 3; i++) {
        shim_rule_set(f->shim, SHIM_SignInit, SHIM_DROP, 0);
        shim_rule_count(f->shim, SHIM_SignInit, 0, 1);
        sign_ok(f);
        assert_int_equal(calls(f, SHIM_Login), 2 + i);
    }
    assert_int_equal(calls(f, SHIM_Initialize), 1);
    assert_int_equal(t_helper_stop(&f->h), 0);
}

static void test_new_start_of_module(void **state)
{
    struct fixture *f = *state;

    start(f, 2);
    sign_ok(f);
    fail_times(f, SHIM_Sign, CKR_DEVICE_ERROR, 3);
    sign_ok(f);
    assert_int_equal(calls(f, SHIM_Login), 3);
    assert_int_equal(calls(f, SHIM_Initialize), 2);
    assert_int_equal(calls(f, SHIM_Finalize), 1);
    sign_ok(f);
    sign_ok(f);
    assert_int_equal(t_helper_stop(&f->h), 0);
}

static void test_not_initialized_goes_there_at_once(void **state)
{
    struct fixture *f = *state;

    start(f, 1);
    fail_times(f, SHIM_SignInit, CKR_CRYPTOKI_NOT_INITIALIZED, 1);
    sign_ok(f);
    assert_int_equal(calls(f, SHIM_Login), 2);
    assert_int_equal(calls(f, SHIM_Initialize), 2);
    assert_int_equal(t_helper_stop(&f->h), 0);
}

static void test_end_of_ladder(void **state)
{
    struct fixture *f = *state;

    start(f, 2);
    shim_rule_set(f->shim, SHIM_Sign, SHIM_FAIL, CKR_DEVICE_ERROR);
    t_assert_fails(sign(f), SG_TOKEN);
    assert_int_equal(f->h.failure.native, CKR_DEVICE_ERROR);
    assert_string_equal(f->h.failure.msg, "C_Sign: CKR_DEVICE_ERROR");
    assert_int_equal(calls(f, SHIM_Sign), 4);
    assert_int_equal(calls(f, SHIM_Login), 3);
    assert_int_equal(calls(f, SHIM_Initialize), 2);
    assert_int_equal(t_helper_wait(&f->h), 69);
}

/* A module that needs a new start twice in a row is given up. */
static void test_restarts_are_few(void **state)
{
    struct fixture *f = *state;

    start(f, 1);
    fail_times(f, SHIM_SignInit, CKR_CRYPTOKI_NOT_INITIALIZED, 1);
    sign_ok(f);
    fail_times(f, SHIM_SignInit, CKR_CRYPTOKI_NOT_INITIALIZED, 1);
    t_assert_fails(sign(f), SG_TOKEN);
    assert_non_null(strstr(f->h.failure.msg, "fails again within 30 s"));
    assert_int_equal(t_helper_wait(&f->h), 69);
}

static void test_token_gone(void **state)
{
    struct fixture *f = *state;

    start(f, 1);
    sign_ok(f);
    shim_rule_set(f->shim, SHIM_SignInit, SHIM_FAIL, CKR_DEVICE_REMOVED);
    shim_rule_set(f->shim, SHIM_OpenSession, SHIM_FAIL, CKR_TOKEN_NOT_PRESENT);
    shim_rule_set(f->shim, SHIM_GetTokenInfo, SHIM_FAIL, CKR_TOKEN_NOT_PRESENT);
    t_assert_fails(sign(f), SG_TOKEN);
    assert_non_null(strstr(f->h.failure.msg, "no token fits"));
    assert_int_equal(t_helper_wait(&f->h), 69);
}

/* --- what the ladder is not for -------------------------------------------------------- */

static void test_refusal_of_one_request(void **state)
{
    struct fixture *f = *state;

    start(f, 1);
    fail_times(f, SHIM_SignInit, CKR_MECHANISM_INVALID, 1);
    t_assert_fails(sign(f), SG_TOKEN);
    assert_string_equal(f->h.failure.msg,
                        "C_SignInit: CKR_MECHANISM_INVALID: the token lacks "
                        "this mechanism");
    assert_int_equal(f->h.failure.native, CKR_MECHANISM_INVALID);
    sign_ok(f);
    assert_int_equal(calls(f, SHIM_Login), 1);
    assert_int_equal(t_helper_stop(&f->h), 0);
}

static void drop_once(struct fixture *f)
{
    shim_rule_set(f->shim, SHIM_SignInit, SHIM_DROP, 0);
    shim_rule_count(f->shim, SHIM_SignInit, 0, 1);
}

static void test_pin_changed_meanwhile(void **state)
{
    struct fixture *f = *state;
    const char *path = f->token.pin_source + strlen("file:");

    start(f, 2);
    sign_ok(f);
    t_file_write(path, "00000000", 8);
    assert_int_equal(chmod(path, 0600), 0);
    drop_once(f);
    t_assert_fails(sign(f), SG_PIN);
    assert_int_equal(calls(f, SHIM_Login), 2); /* once, and never again */
    assert_int_equal(t_helper_wait(&f->h), 77);
}

/* A PIN that came through a pipe is gone: the parent must decide. */
static void test_pin_from_pipe(void **state)
{
    struct fixture *f = *state;
    char pin[32];
    int fds[2];
    FILE *file = fopen(f->token.pin_source + strlen("file:"), "r");

    assert_non_null(file);
    size_t n = fread(pin, 1, sizeof(pin), file);
    (void)fclose(file);
    assert_int_equal(pipe(fds), 0);
    fds[0] = fcntl(fds[0], F_DUPFD, 20); /* not 3: that is the socket */
    assert_int_equal(write(fds[1], pin, n), n);
    (void)close(fds[1]);
    (void)snprintf(f->token.pin_source, sizeof(f->token.pin_source), "fd:%d",
                   fds[0]);
    start(f, 1);
    (void)close(fds[0]);
    sign_ok(f);
    drop_once(f);
    t_assert_fails(sign(f), SG_TOKEN);
    assert_string_equal(f->h.failure.msg,
                        "the login is lost and the PIN's source cannot be "
                        "read again");
    assert_int_equal(t_helper_wait(&f->h), 69);
}

/* --- others -------------------------------------------------------------------------------- */

static void test_ping(void **state)
{
    struct fixture *f = *state;

    start(f, 1);
    shim_rule_set(f->shim, SHIM_GetSessionInfo, SHIM_DROP, 0);
    shim_rule_count(f->shim, SHIM_GetSessionInfo, 0, 1);
    assert_int_equal(t_helper_call(&f->h, TOK_OP_PING, SG_SLICE(NULL, 0)),
                     SG_OK);
    assert_int_equal(calls(f, SHIM_Login), 2);
    shim_rule_set(f->shim, SHIM_GetTokenInfo, SHIM_FAIL, CKR_DEVICE_ERROR);
    t_assert_fails(t_helper_call(&f->h, TOK_OP_PING, SG_SLICE(NULL, 0)),
                   SG_TOKEN);
    assert_int_equal(t_helper_wait(&f->h), 69);
}

static void test_few_sessions(void **state)
{
    struct fixture *f = *state;

    /* One keeps the login, two are the pool's, then there are no more. */
    shim_rule_set(f->shim, SHIM_OpenSession, SHIM_FAIL, CKR_SESSION_COUNT);
    shim_rule_count(f->shim, SHIM_OpenSession, 3, 1000);
    start(f, 8);
    assert_int_equal(f->h.info.sessions, 2);
    sign_ok(f);
    assert_int_equal(t_helper_stop(&f->h), 0);
}

static void test_module_cannot_lock(void **state)
{
    struct fixture *f = *state;

    fail_times(f, SHIM_Initialize, CKR_CANT_LOCK, 1);
    start(f, 4);
    for (int i = 0; i < 20; i++)
        sign_ok(f);
    assert_int_equal(calls(f, SHIM_Initialize), 2);
    assert_int_equal(t_helper_stop(&f->h), 0);
}

/* Many in flight on four sessions, and the login is lost now and then: every
 * request has its answer. (SHIM_DROP is no good here: SoftHSM 2.6.1 crashes when
 * a session is closed while another thread signs in it.) */
static void test_login_lost_under_load(void **state)
{
    struct fixture *f = *state;
    const unsigned n = 400;
    unsigned asked = 0;
    unsigned taken = 0;

    start(f, 4);
    while (taken < n) {
        struct tok_frame frame;
        for (; asked < n && asked - taken < 32; asked++) {
            if (asked % 80 == 40)
                fail_times(f, SHIM_SignInit, CKR_USER_NOT_LOGGED_IN, 1);
            t_helper_send(&f->h, TOK_OP_SIGN_CERT, 1000 + asked,
                          sg_buf_slice(&f->payload));
        }
        if (!t_helper_receive(&f->h, &frame))
            fail_msg("ended with %d after %u", t_helper_wait(&f->h), taken);
        if (frame.rc != SG_OK)
            fail_msg("%s", f->h.failure.msg);
        taken++;
    }
    assert_in_range(calls(f, SHIM_Login), 2, 6);
    assert_int_equal(calls(f, SHIM_Initialize), 1);
    assert_int_equal(t_helper_stop(&f->h), 0);
}

static void test_generation_fails(void **state)
{
    struct fixture *f = *state;
    struct tok_key_generate gen = t_ca_key("two", TOK_KEY_EC_P256);
    struct tok_key_info info;

    start(f, 1);
    shim_rule_set(f->shim, SHIM_GenerateKeyPair, SHIM_FAIL, CKR_DEVICE_MEMORY);
    t_assert_fails(t_generate(&f->h, &gen, &info), SG_TOKEN);
    assert_string_equal(f->h.failure.msg,
                        "key \"two\": C_GenerateKeyPair: CKR_DEVICE_MEMORY: "
                        "the token's memory is full");
    assert_int_equal(calls(f, SHIM_GenerateKeyPair), 1);
    shim_reset(f->shim);
    assert_int_equal(t_generate(&f->h, &gen, &info), SG_OK);
    assert_int_equal(t_helper_stop(&f->h), 0);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_new_session),
        CASE(test_handles_found_again),
        CASE(test_new_login),
        CASE(test_dropped_sessions),
        CASE(test_new_start_of_module),
        CASE(test_not_initialized_goes_there_at_once),
        CASE(test_end_of_ladder),
        CASE(test_restarts_are_few),
        CASE(test_token_gone),
        CASE(test_refusal_of_one_request),
        CASE(test_pin_changed_meanwhile),
        CASE(test_pin_from_pipe),
        CASE(test_ping),
        CASE(test_few_sessions),
        CASE(test_module_cannot_lock),
        CASE(test_login_lost_under_load),
        CASE(test_generation_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
