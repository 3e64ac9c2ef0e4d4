/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/client.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/file.h"
#include "common/log.h"
#include "tests/unit/pkcs11/client-fixture.h"

static void assert_says(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", text, part);
}

static void test_life(void **state)
{
    struct fake *f = *state;
    struct tok_health health;
    struct tok_token_info token;
    struct fake_asked asked;

    fake_start(f, "good");
    assert_int_equal(fake_state(f, &health), TOK_STATE_UP);
    assert_true(health.pid > 0);
    assert_int_equal(kill(health.pid, 0), 0);
    assert_string_equal(health.reason, "");
    assert_int_equal(health.restarts, 0);
    assert_int_equal(health.in_flight, 0);
    assert_int_equal(health.retry_after_s, 0);
    assert_in_range(health.since, sg_now() - 5, sg_now());
    tok_client_token(f->client, &token);
    assert_string_equal(token.label, "fake");
    assert_int_equal(token.slot_id, 7);
    assert_string_equal(tok_key_info(f->key)->label, "ca");
    assert_int_equal(tok_key_info(f->key)->spki_len, 5);

    OK(f, fake_ask(f, &asked, 1, 1000));
    fake_wait(&asked, 1, 1000);
    assert_int_equal(asked.rc, SG_OK);
    assert_true(asked.right);

    tok_client_free(f->client);
    f->client = NULL;
    assert_int_equal(kill(health.pid, 0), -1);
}

static void test_calls(void **state)
{
    struct fake *f = *state;
    struct tok_key_info *keys;
    struct tok_key_info key;
    struct tok_token_info *tokens;
    struct tok_token_info token;
    struct tok_token_init init = { .slot_id = 1, .label = "new" };
    struct tok_key_generate gen = { .label = "new", .type = TOK_KEY_ED25519 };
    struct sg_slice some = SG_SLICE((const uint8_t *)"\x30\x00", 2);
    SG_CLEANUP(sg_buf_done) struct sg_buf out = { 0 };
    uint8_t tbs[100] = "signed csr";
    size_t n;

    fake_start(f, "good");
    OK(f, tok_ping(f->client, &f->err));
    OK(f, tok_key_list(f->client, &keys, &n, &f->err));
    assert_int_equal(n, 2);
    assert_string_equal(keys[1].label, "two");
    free(keys);
    OK(f, tok_token_list(f->client, &tokens, &n, &f->err));
    assert_int_equal(n, 2);
    assert_string_equal(tokens[1].label, "fake");
    free(tokens);
    OK(f, tok_token_init(f->client, &init, &token, &f->err));
    assert_string_equal(token.label, "fake");
    OK(f, tok_key_generate(f->client, &gen, &key, &f->err));
    assert_string_equal(key.label, "made");
    OK(f, tok_guard_bind(f->key, some, &f->err));
    sg_buf_init(&out, 100);
    OK(f, tok_sign_csr(f->key, some, SG_SLICE(tbs, 64), &out, &f->err));
    OK(f, tok_sign_cert(f->key, some, SG_SLICE(tbs, 10), &out, &f->err));
    assert_int_equal(out.len, 74);
    assert_memory_equal(out.data, tbs, 64);
}

static void test_same_key_twice(void **state)
{
    struct fake *f = *state;
    struct tok_key_open want = { .label = "ca" };
    struct tok_key *again;

    fake_start(f, "good");
    OK(f, tok_client_key(f->client, &want, &again, &f->err));
    assert_ptr_equal(again, f->key);
    want.spki = SG_SLICE((const uint8_t *)"spki1", 5);
    OK(f, tok_client_key(f->client, &want, &again, &f->err));
    assert_ptr_equal(again, f->key);
}

static void test_key_refused(void **state)
{
    struct fake *f = *state;
    struct tok_key_open want = { .label = "missing" };
    struct tok_key *key = NULL;

    fake_start(f, "good");
    t_assert_fails(tok_client_key(f->client, &want, &key, &f->err),
                   SG_NOT_FOUND);
    assert_string_equal(f->err.msg, "no key with that label");
    assert_int_equal(f->err.src, SG_SRC_CKR);
    assert_int_equal(f->err.native, 0xa0);

    /* The fake does not look at the expected public key; the client does. */
    sg_err_clear(&f->err);
    snprintf(want.label, sizeof(want.label), "ca");
    want.spki = SG_SLICE((const uint8_t *)"other", 5);
    t_assert_fails(tok_client_key(f->client, &want, &key, &f->err), SG_POLICY);
    assert_says(f->err.msg, "not the expected public key");

    sg_err_clear(&f->err);
    want.spki = SG_SLICE(NULL, 0);
    want.id = SG_SLICE((const uint8_t *)"\x09", 1);
    t_assert_fails(tok_client_key(f->client, &want, &key, &f->err), SG_POLICY);
    assert_says(f->err.msg, "not the expected id");
    assert_null(key);
}

/* As many callers as there are places: one is always free for each, even when
 * an answer is faster than the send() that asked for it. */
#define CALLERS 4
#define CALLS 3000

static void *sign_many(void *arg)
{
    struct tok_key *key = arg;
    static const uint8_t ALGORITHM[] = { 0x30, 0 };
    uint8_t tbs[64] = { 0 };
    SG_CLEANUP(sg_buf_done) struct sg_buf out = { 0 };
    struct sg_err err = { 0 };
    uintptr_t good = 0;

    sg_buf_init(&out, sizeof(tbs));
    for (unsigned i = 0; i < CALLS; i++) {
        memcpy(tbs, &i, sizeof(i));
        sg_buf_reset(&out);
        good += tok_sign_cert(key, SG_SLICE(ALGORITHM, sizeof(ALGORITHM)),
                              SG_SLICE(tbs, sizeof(tbs)), &out, &err)
                    == SG_OK
                && memcmp(out.data, tbs, sizeof(tbs)) == 0;
    }
    return (void *)good; /* NOLINT(performance-no-int-to-ptr): a number */
}

static void test_callers(void **state)
{
    struct fake *f = *state;
    pthread_t thread[CALLERS];

    f->cfg.max_in_flight = CALLERS;
    f->cfg.request_timeout_ms = 10000;
    fake_start(f, "good");
    for (unsigned i = 0; i < CALLERS; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, sign_many, f->key),
                         0);
    for (unsigned i = 0; i < CALLERS; i++) {
        void *good;

        assert_int_equal(pthread_join(thread[i], &good), 0);
        assert_int_equal((uintptr_t)good, CALLS);
    }
    assert_int_equal(fake_starts(f), 1);
}

/* --- configuration ------------------------------------------------------------ */

static void refused(struct fake *f, const char *part)
{
    struct tok_client *client = NULL;

    sg_err_clear(&f->err);
    t_assert_fails(tok_client_start(&f->cfg, &client, &f->err), SG_CONFIG);
    assert_says(f->err.msg, part);
    assert_null(client);
    sg_err_clear(&f->err);
    t_assert_fails(tok_client_start_patient(&f->cfg, &client, &f->err),
                   SG_CONFIG);
    assert_null(client);
    assert_int_equal(fake_starts(f), 0);
}

static void test_config(void **state)
{
    struct fake *f = *state;
    struct tok_client_config good = f->cfg;

    f->cfg.program = "signet-token";
    refused(f, "program signet-token: not an absolute path");
    f->cfg.program = "/nonexistent/signet-token";
    refused(f, "program /nonexistent/signet-token: No such file");
    f->cfg = good;
    f->cfg.module = "libsofthsm2.so";
    refused(f, "module libsofthsm2.so: not an absolute path");
    f->cfg = good;
    f->cfg.max_in_flight = 65536;
    refused(f, "65536 requests in flight, at most 65535");
}

static void test_program_writable(void **state)
{
    struct fake *f = *state;
    char path[T_PATH_MAX + 16];

    snprintf(path, sizeof(path), "%s/program", f->dir);
    t_file_write(path, "#!/bin/sh\n", 10);
    assert_int_equal(chmod(path, 0775), 0);
    f->cfg.program = path;
    refused(f, path);
    assert_int_equal(chmod(path, 0600), 0);
    refused(f, "Permission denied");
}

/* --- what is handed to the process ----------------------------------------------- */

static void test_pin_descriptor(void **state)
{
    struct fake *f = *state;
    struct tok_token_info token;
    char ref[16];
    SG_CLEANUP(sg_fd_close) int fd = memfd_create("pin", MFD_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, "secret", 6), 6);
    snprintf(ref, sizeof(ref), "fd:%d", fd);
    f->cfg.pin_source = ref;
    fake_start(f, "read-pin");
    tok_client_token(f->client, &token);
    assert_string_equal(token.label, "secret");
}

static void test_pin_descriptor_bad(void **state)
{
    struct fake *f = *state;
    struct tok_client *client = NULL;

    f->cfg.pin_source = "fd:x";
    t_assert_fails(tok_client_start(&f->cfg, &client, &f->err), SG_FORMAT);
    assert_says(f->err.msg, "pin source fd:x");
    sg_err_clear(&f->err);
    f->cfg.pin_source = "fd:9999";
    t_assert_fails(tok_client_start(&f->cfg, &client, &f->err), SG_CONFIG);
    assert_says(f->err.msg, "pin source fd:9999: Bad file descriptor");
    assert_null(client);
}

static void test_pin_reference_passed(void **state)
{
    struct fake *f = *state;
    struct tok_token_info token;

    f->cfg.pin_source = "file:/run/pin";
    fake_start(f, "good");
    tok_client_token(f->client, &token);
    assert_string_equal(token.label, "file:/run/pin");
}

static void catch_line(void *arg, enum sg_log_level level, const char *line)
{
    char *dst = arg;

    if (level == SG_LOG_WARN && dst[0] == '\0')
        snprintf(dst, SG_LOG_VALUE_MAX, "%s", line);
}

static void test_log_line(void **state)
{
    struct fake *f = *state;
    char line[SG_LOG_VALUE_MAX] = "";

    sg_log_set_level(SG_LOG_WARN);
    sg_log_set_sink(catch_line, line);
    fake_start(f, "talks");
    OK(f, tok_ping(f->client, &f->err));
    tok_client_free(f->client);
    f->client = NULL;
    sg_log_set_sink(NULL, NULL);
    sg_log_set_level(SG_LOG_ERR);
    assert_says(line, "event=token_says name=t ");
    assert_says(line, "said=\"event=\\\"odd\\\" fake\"");
}

/* --- refusals at the start -------------------------------------------------------- */

static void start_fails(struct fake *f, const char *behaviour, enum sg_rc want,
                        const char *part)
{
    struct tok_client *client = NULL;

    fake_behave(f, behaviour);
    t_assert_fails(tok_client_start(&f->cfg, &client, &f->err), want);
    assert_says(f->err.msg, part);
    assert_null(client);
    assert_int_equal(fake_starts(f), 1);
}

static void test_hello_pin(void **state)
{
    start_fails(*state, "hello-pin", SG_PIN,
                "token t: C_Login: CKR_PIN_INCORRECT");
}

static void test_hello_token(void **state)
{
    start_fails(*state, "hello-token", SG_TOKEN,
                "token t: no token with label x");
}

static void test_exit(void **state)
{
    start_fails(*state, "exit", SG_UNAVAILABLE,
                "token t: the process ended: exit status 3");
}

static void test_mute(void **state)
{
    struct fake *f = *state;
    int64_t before = sg_mono_ms();

    f->cfg.start_timeout_ms = 300;
    start_fails(f, "mute", SG_TIMEOUT, "start: no answer within 300 ms");
    assert_in_range(sg_mono_ms() - before, 300, 800);
}

/* The PIN was refused: nobody tries it again, and everybody hears it fast. */
static void test_patient_pin(void **state)
{
    struct fake *f = *state;
    struct tok_health health;

    fake_behave(f, "hello-pin");
    OK(f, tok_client_start_patient(&f->cfg, &f->client, &f->err));
    assert_int_equal(fake_state(f, &health), TOK_STATE_DOWN);
    assert_string_equal(health.reason, "C_Login: CKR_PIN_INCORRECT");
    assert_int_equal(health.pid, 0);
    assert_true(health.retry_after_s >= 30);
    sg_sleep_ms(500);
    assert_int_equal(fake_starts(f), 1);
    int64_t before = sg_mono_ms();
    t_assert_fails(tok_ping(f->client, &f->err), SG_UNAVAILABLE);
    assert_in_range(sg_mono_ms() - before, 0, 100);
    assert_string_equal(f->err.msg,
                        "token t is down: C_Login: CKR_PIN_INCORRECT");
}

static void test_patient_later(void **state)
{
    struct fake *f = *state;
    struct tok_health health;

    fake_behave(f, "hello-late");
    OK(f, tok_client_start_patient(&f->cfg, &f->client, &f->err));
    assert_int_equal(fake_state(f, &health), TOK_STATE_RESTARTING);
    assert_int_equal(health.retry_after_s, 1);
    t_assert_fails(tok_ping(f->client, &f->err), SG_UNAVAILABLE);
    fake_await(f, TOK_STATE_UP, 2000);
    assert_int_equal(fake_starts(f), 4);
    sg_err_clear(&f->err);
    OK(f, tok_ping(f->client, &f->err));
}

/* at once, 100 ms, 200 ms, 400 ms … */
static void test_backoff(void **state)
{
    struct fake *f = *state;

    fake_behave(f, "hello-token");
    OK(f, tok_client_start_patient(&f->cfg, &f->client, &f->err));
    sg_sleep_ms(1200);
    assert_in_range(fake_starts(f), 3, 6);
}

/* --- the end ------------------------------------------------------------------------ */

static void test_free_answers(void **state)
{
    struct fake *f = *state;
    static struct fake_asked asked[3];

    fake_start(f, "never");
    for (unsigned i = 0; i < 3; i++)
        OK(f, fake_ask(f, &asked[i], i, 64));
    tok_client_free(f->client);
    f->client = NULL;
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(asked[i].answers, 1);
        assert_int_equal(asked[i].rc, SG_UNAVAILABLE);
        assert_string_equal(asked[i].msg, "token t: is being closed");
    }
}

/* A process that does not end by itself is killed after one second. */
static void test_free_kills(void **state)
{
    struct fake *f = *state;
    struct tok_health health;

    fake_start(f, "stays");
    fake_state(f, &health);
    int64_t before = sg_mono_ms();
    tok_client_free(f->client);
    f->client = NULL;
    assert_in_range(sg_mono_ms() - before, 1000, 2000);
    assert_int_equal(kill(health.pid, 0), -1);
}

static void test_free_null(void **state)
{
    (void)state;
    tok_client_free(NULL);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, fake_setup, fake_teardown)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(test_life),
        TEST(test_calls),
        TEST(test_same_key_twice),
        TEST(test_callers),
        TEST(test_key_refused),
        TEST(test_config),
        TEST(test_program_writable),
        TEST(test_pin_descriptor),
        TEST(test_pin_descriptor_bad),
        TEST(test_pin_reference_passed),
        TEST(test_log_line),
        TEST(test_hello_pin),
        TEST(test_hello_token),
        TEST(test_exit),
        TEST(test_mute),
        TEST(test_patient_pin),
        TEST(test_patient_later),
        TEST(test_backoff),
        TEST(test_free_answers),
        TEST(test_free_kills),
        TEST(test_free_null),
    };

    fake_program(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
