/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/client.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "tests/unit/pkcs11/client-fixture.h"

#define AT_ONCE_MS 100 /* on a busy machine; no waiting is shorter */

static void assert_says(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", text, part);
}

static void assert_answered(const struct fake_asked *asked, enum sg_rc want)
{
    assert_int_equal(asked->answers, 1);
    if (asked->rc != want)
        fail_msg("%s, not %s: %s", sg_rc_name(asked->rc), sg_rc_name(want),
                 asked->msg);
    if (want == SG_OK)
        assert_true(asked->right);
}

/* Nothing is owed to anybody, by either side. */
static void await_idle(struct fake *f, unsigned ms)
{
    int64_t end = sg_mono_ms() + ms;
    struct tok_health health;

    do {
        assert_true(sg_mono_ms() < end);
        sg_sleep_ms(2);
        fake_state(f, &health);
    } while (health.in_flight > 0);
}

/* --- protocol errors --------------------------------------------------------- */

/* Each breaks one rule of the frame protocol, twice: the request is asked
 * again of a new process, and is given up when that does the same. */
static const struct {
    const char *behaviour;
    const char *says;
} PROTOCOL_ERRORS[] = {
    { "bad-version", "frame: version 9, this is 1" },
    { "bad-op", "frame: unknown op 99" },
    { "bad-rc", "frame: unknown rc 200" },
    { "bad-length", "frame: says" },
    { "short", "frame: 23 bytes, a header has 24" },
    { "empty", "the process ended" },
    { "oversized", "frame over 65536 bytes" },
    { "wrong-id", "which nobody asked" },
    { "wrong-index", "which nobody asked" },
    { "wrong-op", "a reply to sign_csr" },
    { "bad-payload", "reply to sign_cert" },
    { "no-signature", "reply to sign_cert: empty signature" },
    { "bad-failure", "reply to sign_cert" },
};

static void test_protocol_errors(void **state)
{
    struct fake *f = *state;

    for (size_t i = 0; i < SG_ARRAY_LEN(PROTOCOL_ERRORS); i++) {
        unsigned before = fake_starts(f);
        struct fake_asked asked;

        fake_start(f, PROTOCOL_ERRORS[i].behaviour);
        OK(f, fake_ask(f, &asked, (unsigned)i, 100));
        fake_wait(&asked, 1, 2000);
        if (asked.rc != SG_UNAVAILABLE)
            fail_msg("%s: %s", PROTOCOL_ERRORS[i].behaviour,
                     sg_rc_name(asked.rc));
        assert_says(asked.msg, "token t: sign_cert: lost with the process");
        assert_says(asked.msg, PROTOCOL_ERRORS[i].says);
        assert_in_range(fake_starts(f) - before, 2, 3);
        tok_client_free(f->client);
        f->client = NULL;
    }
}

static void test_hello_twice(void **state)
{
    struct fake *f = *state;
    struct tok_health health;

    fake_behave(f, "hello-twice");
    OK(f, tok_client_start_patient(&f->cfg, &f->client, &f->err));
    sg_sleep_ms(50);
    fake_state(f, &health);
    assert_int_not_equal(health.state, TOK_STATE_UP);
    assert_says(health.reason, "hello out of place");
}

static void test_list_count(void **state)
{
    struct fake *f = *state;
    struct tok_key_info *keys;
    size_t n;

    fake_start(f, "bad-count");
    t_assert_fails(tok_key_list(f->client, &keys, &n, &f->err), SG_UNAVAILABLE);
    assert_says(f->err.msg, "reply to key_list");
}

/* --- a process that dies --------------------------------------------------------- */

static void test_asked_again(void **state)
{
    struct fake *f = *state;
    static struct fake_asked asked[20];
    struct tok_health health;

    fake_start(f, "crash-once");
    for (unsigned i = 0; i < 20; i++)
        OK(f, fake_ask(f, &asked[i], i, 64 + i));
    fake_wait(asked, 20, 2000);
    for (unsigned i = 0; i < 20; i++)
        assert_answered(&asked[i], SG_OK);
    fake_state(f, &health);
    assert_int_equal(health.state, TOK_STATE_UP);
    assert_int_equal(health.restarts, 1);
    assert_int_equal(health.in_flight, 0);
    assert_int_equal(fake_starts(f), 2);
}

static void test_asked_again_once(void **state)
{
    struct fake *f = *state;
    struct fake_asked asked;

    fake_start(f, "crash");
    OK(f, fake_ask(f, &asked, 1, 64));
    fake_wait(&asked, 1, 2000);
    assert_answered(&asked, SG_UNAVAILABLE);
    assert_says(asked.msg, "lost with the process (the process ended");
}

/* The answers that a process gave before its death count, and who was lost
 * twice is told so. Each process answers three and dies of the fourth. */
static void test_last_answers(void **state)
{
    struct fake *f = *state;
    static struct fake_asked asked[12];
    unsigned good = 0;

    fake_start(f, "crash-after-three");
    for (unsigned i = 0; i < 12; i++)
        OK(f, fake_ask(f, &asked[i], i, 64));
    fake_wait(asked, 12, 3000);
    for (unsigned i = 0; i < 12; i++) {
        assert_answered(&asked[i],
                        asked[i].rc == SG_OK ? SG_OK : SG_UNAVAILABLE);
        good += asked[i].rc == SG_OK;
    }
    for (unsigned i = 0; i < 3; i++)
        assert_answered(&asked[i], SG_OK);
    assert_in_range(good, 6, 11);
}

/* Making a key twice is worse than not knowing. */
static void test_not_repeatable(void **state)
{
    struct fake *f = *state;
    struct tok_key_generate gen = { .label = "new", .type = TOK_KEY_ED25519 };
    struct tok_key_info info;

    fake_start(f, "crash");
    t_assert_fails(tok_key_generate(f->client, &gen, &info, &f->err),
                   SG_UNAVAILABLE);
    assert_says(f->err.msg, "it may or may not have been done");
    fake_await(f, TOK_STATE_UP, 1000);
    assert_int_equal(fake_starts(f), 2);
}

static void test_kill_back(void **state)
{
    struct fake *f = *state;
    struct tok_health health;
    struct fake_asked asked;

    fake_start(f, "good");
    fake_state(f, &health);
    int old = health.pid;
    assert_int_equal(kill(old, SIGKILL), 0);
    while (health.pid == old || health.state != TOK_STATE_UP)
        fake_state(f, &health);
    OK(f, fake_ask(f, &asked, 1, 64));
    fake_wait(&asked, 1, 1000);
    assert_answered(&asked, SG_OK);
}

/* A restart that takes longer than two seconds: what waits for it is answered
 * then, what comes later at once. */
static void test_long_outage(void **state)
{
    struct fake *f = *state;
    static struct fake_asked asked[2];
    struct fake_asked late;

    f->cfg.request_timeout_ms = 5000;
    fake_start(f, "mute-again");
    OK(f, fake_ask(f, &asked[0], 0, 64)); /* it dies of this one */
    fake_await(f, TOK_STATE_RESTARTING, 1000);
    OK(f, fake_ask(f, &asked[1], 1, 64));
    fake_wait(asked, 2, 3000);
    for (unsigned i = 0; i < 2; i++) {
        assert_answered(&asked[i], SG_UNAVAILABLE);
        assert_says(asked[i].msg, "token t is restarting: the process ended: "
                                  "exit status 3");
        assert_in_range(asked[i].answered_ms - asked[0].asked_ms, 1900, 2900);
    }
    int64_t before = sg_mono_ms();
    t_assert_fails(fake_ask(f, &late, 2, 64), SG_UNAVAILABLE);
    assert_in_range(sg_mono_ms() - before, 0, AT_ONCE_MS);
}

/* --- keys after a restart --------------------------------------------------------- */

/* It is the token's failure, and not what a guard's refusal is. */
static void key_changed(struct fake *f, const char *behaviour, const char *says)
{
    struct tok_health health;
    struct fake_asked asked;
    int old;

    fake_start(f, behaviour);
    fake_state(f, &health);
    old = health.pid;
    assert_int_equal(kill(old, SIGKILL), 0);
    while (health.pid == old || health.state != TOK_STATE_UP)
        fake_state(f, &health);
    t_assert_fails(fake_ask(f, &asked, 1, 64), SG_TOKEN);
    assert_says(f->err.msg, says);
}

static void test_key_gone(void **state)
{
    key_changed(*state, "key-gone", "no key with that label");
}

static void test_key_swapped(void **state)
{
    key_changed(*state, "silent-swap",
                "key ca: not the public key that it had");
}

/* --- deadlines ------------------------------------------------------------------- */

static void test_hung(void **state)
{
    struct fake *f = *state;
    struct fake_asked asked;
    struct tok_health health;

    fake_start(f, "never-first");
    fake_state(f, &health);
    int old = health.pid;
    OK(f, fake_ask(f, &asked, 1, 64));
    fake_wait(&asked, 1, 2000);
    assert_answered(&asked, SG_TIMEOUT);
    assert_string_equal(asked.msg,
                        "token t: sign_cert: no answer within 500 ms");
    assert_in_range(asked.answered_ms - asked.asked_ms, 500, 1000);
    while (health.pid == old || health.state != TOK_STATE_UP)
        fake_state(f, &health);
    OK(f, fake_ask(f, &asked, 2, 64));
    fake_wait(&asked, 1, 1000);
    assert_answered(&asked, SG_OK);
}

/* The younger ones have time left: they are asked again. */
static void test_hung_others(void **state)
{
    struct fake *f = *state;
    static struct fake_asked asked[3];

    fake_start(f, "never-first");
    OK(f, fake_ask(f, &asked[0], 0, 64));
    sg_sleep_ms(200);
    OK(f, fake_ask(f, &asked[1], 1, 64));
    OK(f, fake_ask(f, &asked[2], 2, 64));
    fake_wait(asked, 3, 2000);
    assert_answered(&asked[0], SG_TIMEOUT);
    assert_answered(&asked[1], SG_OK);
    assert_answered(&asked[2], SG_OK);
}

/* One session hangs, the others work: the process is killed a moment later,
 * when it is clear that the request was not merely waiting. */
static void test_one_hangs(void **state)
{
    struct fake *f = *state;
    static struct fake_asked asked[4];
    struct tok_health health;

    fake_start(f, "one-hangs");
    for (unsigned i = 0; i < 4; i++)
        OK(f, fake_ask(f, &asked[i], i, 64));
    fake_wait(asked, 4, 1000);
    assert_answered(&asked[0], SG_OK);
    assert_answered(&asked[1], SG_TIMEOUT);
    assert_answered(&asked[2], SG_OK);
    assert_answered(&asked[3], SG_OK);
    fake_state(f, &health);
    assert_int_equal(health.restarts, 0);
    assert_int_equal(health.in_flight, 1);
    await_idle(f, 3000);
    fake_state(f, &health);
    assert_int_equal(health.restarts, 1);
}

/* Sixty milliseconds each, one after the other, and 30 at once: the last ones
 * come too late, but nothing hangs and nothing is killed. */
static void test_overload(void **state)
{
    struct fake *f = *state;
    static struct fake_asked asked[30];
    struct tok_health health;
    unsigned good = 0;

    fake_start(f, "slow");
    for (unsigned i = 0; i < 30; i++)
        OK(f, fake_ask(f, &asked[i], i, 64));
    fake_wait(asked, 30, 2000);
    for (unsigned i = 0; i < 30; i++) {
        assert_answered(&asked[i], asked[i].rc == SG_OK ? SG_OK : SG_TIMEOUT);
        good += asked[i].rc == SG_OK;
    }
    assert_in_range(good, 1, 9);
    await_idle(f, 6000);
    fake_state(f, &health);
    assert_int_equal(health.restarts, 0);
}

/* --- limits ------------------------------------------------------------------------ */

static void test_limit(void **state)
{
    struct fake *f = *state;
    static struct fake_asked asked[5];

    f->cfg.max_in_flight = 4;
    fake_start(f, "never");
    for (unsigned i = 0; i < 4; i++)
        OK(f, fake_ask(f, &asked[i], i, 64));
    t_assert_fails(fake_ask(f, &asked[4], 4, 64), SG_LIMIT);
    assert_string_equal(f->err.msg,
                        "token t: 4 requests are in flight, no more fit");
    assert_int_equal(asked[4].answers, 0);
}

static void test_tbs_too_long(void **state)
{
    struct fake *f = *state;
    static uint8_t tbs[TOK_TBS_MAX + 1];
    struct tok_health health;
    struct sg_buf out;

    fake_start(f, "good");
    sg_buf_init(&out, 100);
    t_assert_fails(tok_sign_cert(f->key, SG_SLICE(tbs, 2),
                                 SG_SLICE(tbs, sizeof(tbs)), &out, &f->err),
                   SG_LIMIT);
    fake_state(f, &health);
    assert_int_equal(health.in_flight, 0);
}

/* More than the socket holds while the process does not read. */
static void test_socket_full(void **state)
{
    struct fake *f = *state;
    static struct fake_asked asked[600];

    f->cfg.request_timeout_ms = 5000;
    fake_start(f, "pauses");
    for (unsigned i = 0; i < SG_ARRAY_LEN(asked); i++)
        OK(f, fake_ask(f, &asked[i], i, i % 50 == 0 ? TOK_TBS_MAX : 2000));
    fake_wait(asked, SG_ARRAY_LEN(asked), 5000);
    for (unsigned i = 0; i < SG_ARRAY_LEN(asked); i++)
        assert_answered(&asked[i], SG_OK);
    assert_int_equal(fake_starts(f), 1);
}

/* --- what the token says ------------------------------------------------------------ */

static void test_failure_told(void **state)
{
    struct fake *f = *state;
    struct fake_asked asked;
    struct tok_health health;

    fake_start(f, "refuses");
    OK(f, fake_ask(f, &asked, 1, 64));
    fake_wait(&asked, 1, 1000);
    assert_answered(&asked, SG_TOKEN);
    assert_string_equal(asked.msg, "C_Sign: CKR_DEVICE_REMOVED");
    assert_int_equal(fake_state(f, &health), TOK_STATE_UP);
}

/* Refused in mid-life: never tried again. */
static void test_pin_later(void **state)
{
    struct fake *f = *state;
    struct fake_asked asked;
    struct tok_health health;

    fake_start(f, "pin-later");
    OK(f, fake_ask(f, &asked, 1, 64));
    fake_wait(&asked, 1, 1000);
    assert_answered(&asked, SG_PIN);
    fake_await(f, TOK_STATE_DOWN, 500);
    t_assert_fails(fake_ask(f, &asked, 2, 64), SG_UNAVAILABLE);
    assert_string_equal(f->err.msg, "token t is down: C_Login: CKR_PIN_LOCKED");
    sg_sleep_ms(300);
    assert_int_equal(fake_starts(f), 1);
    fake_state(f, &health);
    assert_int_equal(health.pid, 0);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, fake_setup, fake_teardown)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(test_protocol_errors),  TEST(test_hello_twice),
        TEST(test_list_count),       TEST(test_asked_again),
        TEST(test_asked_again_once), TEST(test_last_answers),
        TEST(test_not_repeatable),   TEST(test_kill_back),
        TEST(test_long_outage),      TEST(test_key_gone),
        TEST(test_key_swapped),      TEST(test_hung),
        TEST(test_hung_others),      TEST(test_one_hangs),
        TEST(test_overload),         TEST(test_limit),
        TEST(test_tbs_too_long),     TEST(test_socket_full),
        TEST(test_failure_told),     TEST(test_pin_later),
    };

    fake_program(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
