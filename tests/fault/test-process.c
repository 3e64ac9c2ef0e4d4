/* SPDX-License-Identifier: Apache-2.0 */

/* What befalls the process: killed under load, hung in the module. */

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "tests/fault/ca-fixture.h"

#define THREADS 3
#define WINDOW 16 /* requests that one thread keeps in flight */
#define KILLS 6
#define KILL_EVERY_MS 500
#define BACK_MS 2000
#define HUNG_MS 700

static void assert_says(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", text, part);
}

/* --- kill -9 under load --------------------------------------------------------- */

struct load {
    const struct fault *f;
    uint64_t first; /* serial numbers from here on */
    _Atomic bool stop;
    unsigned asked;
    unsigned good;
    unsigned unavailable;            /* accepted, then answered 503 */
    unsigned turned_away;            /* 503 at once */
    char fault[SG_ERR_MSG_MAX + 32]; /* what must not be */
    struct fault_asked window[WINDOW];
};

static void settle(struct load *l, const struct fault_asked *a)
{
    if (a->rc == SG_OK && fault_verify(l->f, a))
        l->good++;
    else if (a->rc == SG_UNAVAILABLE)
        l->unavailable++;
    else
        snprintf(l->fault, sizeof(l->fault), "%s %s",
                 a->rc == SG_OK ? "WRONG SIGNATURE" : sg_rc_name(a->rc),
                 a->msg);
}

static void ask(struct load *l, struct fault_asked *a)
{
    struct sg_err err = { 0 };
    enum sg_rc rc = fault_ask(l->f, a, l->first + l->asked, &err);

    if (rc == SG_OK) {
        l->asked++;
        return;
    }
    a->answers = 1; /* the place is free */
    a->rc = rc;
    l->turned_away++;
    if (rc != SG_UNAVAILABLE)
        snprintf(l->fault, sizeof(l->fault), "%s", err.msg);
    sg_sleep_ms(5);
}

static void *run_load(void *arg)
{
    struct load *l = arg;
    bool asked[WINDOW] = { false };

    while (!l->stop) {
        for (unsigned i = 0; i < WINDOW; i++) {
            struct fault_asked *a = &l->window[i];

            if (asked[i] && a->answers == 0)
                continue;
            if (asked[i])
                settle(l, a);
            unsigned before = l->asked;
            ask(l, a);
            asked[i] = l->asked != before;
        }
        sched_yield();
    }
    for (unsigned i = 0; i < WINDOW; i++) {
        if (!asked[i])
            continue;
        while (l->window[i].answers == 0)
            sg_sleep_ms(1);
        settle(l, &l->window[i]);
    }
    sg_sleep_ms(50); /* a second answer would come now */
    for (unsigned i = 0; i < WINDOW; i++)
        if (asked[i] && l->window[i].answers != 1)
            snprintf(l->fault, sizeof(l->fault), "answered twice");
    return NULL;
}

/* Kill, and measure until a signature comes that was asked for after that. */
static int64_t kill_and_time(struct fault *f, uint64_t number)
{
    int64_t before = sg_mono_ms();
    struct sg_err err = { 0 };

    fault_kill(f);
    while (fault_sign(f, number, &err) != SG_OK
           && sg_mono_ms() - before < 2 * BACK_MS) {
        sg_err_clear(&err);
        sg_sleep_ms(5);
    }
    return sg_mono_ms() - before;
}

static void test_kill_under_load(void **state)
{
    struct fault *f = *state;
    static struct load load[THREADS];
    pthread_t thread[THREADS];
    struct tok_health health;
    unsigned good = 0;
    unsigned lost = 0;
    int64_t worst = 0;

    memset(load, 0, sizeof(load));
    fault_start(f);
    for (unsigned i = 0; i < THREADS; i++) {
        load[i].f = f;
        load[i].first = (uint64_t)(i + 1) << 32;
        assert_int_equal(pthread_create(&thread[i], NULL, run_load, &load[i]),
                         0);
    }
    for (unsigned i = 0; i < KILLS; i++) {
        sg_sleep_ms(KILL_EVERY_MS);
        int64_t took = kill_and_time(f, i);
        worst = took > worst ? took : worst;
    }
    for (unsigned i = 0; i < THREADS; i++)
        load[i].stop = true;
    for (unsigned i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(thread[i], NULL), 0);
        assert_string_equal(load[i].fault, "");
        assert_int_equal(load[i].good + load[i].unavailable, load[i].asked);
        good += load[i].good;
        lost += load[i].unavailable + load[i].turned_away;
    }
    tok_client_health(f->client, &health);
    assert_int_equal(health.in_flight, 0);
    assert_int_equal(health.restarts, KILLS);
    printf("# %u signatures right, %u answered 503, %d kills, back after "
           "%lld ms at most\n",
           good, lost, KILLS, (long long)worst);
    assert_in_range(worst, 0, BACK_MS);
    assert_true(good > 1000);
    /* Each request is asked again once; to be lost it must meet two kills. */
    assert_int_equal(lost, 0);
}

static void test_kill_in_sign(void **state)
{
    struct fault *f = *state;
    static struct fault_asked asked[10];
    uint32_t before;

    fault_start(f);
    shim_rule_set(f->shim, SHIM_Sign, SHIM_HANG, 0);
    before = f->shim->calls[SHIM_Sign];
    for (unsigned i = 0; i < 10; i++)
        OK(f, fault_ask(f, &asked[i], i, &f->err));
    while (f->shim->calls[SHIM_Sign] < before + 2)
        sg_sleep_ms(1); /* both sessions are inside C_Sign now */
    fault_kill(f);
    shim_rule_set(f->shim, SHIM_Sign, SHIM_PASS, 0);
    fault_wait(asked, 10, BACK_MS);
    for (unsigned i = 0; i < 10; i++) {
        assert_int_equal(asked[i].rc, SG_OK);
        assert_true(fault_verify(f, &asked[i]));
    }
}

/* Whether the key was made nobody can know; it is not made twice. */
static void *kill_soon(void *arg)
{
    struct fault *f = arg;

    while (f->shim->calls[SHIM_GenerateKeyPair] == 0)
        sg_sleep_ms(1);
    fault_kill(f);
    return NULL;
}

static void test_kill_in_generate(void **state)
{
    struct fault *f = *state;
    struct tok_key_generate gen = { .label = "never",
                                    .type = TOK_KEY_EC_P256,
                                    .guard = { .purpose = TOK_PURPOSE_PROBE } };
    struct tok_key_info info;
    pthread_t killer;

    fault_start(f);
    shim_rule_set(f->shim, SHIM_GenerateKeyPair, SHIM_HANG, 0);
    assert_int_equal(pthread_create(&killer, NULL, kill_soon, f), 0);
    t_assert_fails(tok_key_generate(f->client, &gen, &info, &f->err),
                   SG_UNAVAILABLE);
    assert_says(f->err.msg, "it may or may not have been done");
    assert_int_equal(pthread_join(killer, NULL), 0);
    fault_await(f, TOK_STATE_UP, BACK_MS);
    assert_int_equal(f->shim->calls[SHIM_GenerateKeyPair], 1);
}

/* --- hung -------------------------------------------------------------------------- */

static void test_hung_in_sign(void **state)
{
    struct fault *f = *state;
    static struct fault_asked asked;

    f->cfg.request_timeout_ms = HUNG_MS;
    fault_start(f);
    shim_rule_set(f->shim, SHIM_Sign, SHIM_HANG, 0);
    OK(f, fault_ask(f, &asked, 1, &f->err));
    fault_wait(&asked, 1, 5000);
    assert_int_equal(asked.rc, SG_TIMEOUT);
    assert_string_equal(asked.msg,
                        "token fault: sign_cert: no answer within 700 ms");
    assert_in_range(asked.answered_ms - asked.asked_ms, HUNG_MS, HUNG_MS + 500);
    shim_rule_set(f->shim, SHIM_Sign, SHIM_PASS, 0);
    int64_t before = sg_mono_ms();
    fault_await(f, TOK_STATE_UP, BACK_MS);
    OK(f, fault_sign(f, 2, &f->err));
    assert_in_range(sg_mono_ms() - before, 0, BACK_MS);
    struct tok_health health;
    tok_client_health(f->client, &health);
    assert_int_equal(health.restarts, 1);
}

static void test_hung_in_login(void **state)
{
    struct fault *f = *state;
    int64_t before = sg_mono_ms();

    f->cfg.start_timeout_ms = HUNG_MS;
    shim_rule_set(f->shim, SHIM_Login, SHIM_HANG, 0);
    t_assert_fails(tok_client_start(&f->cfg, &f->client, &f->err), SG_TIMEOUT);
    assert_string_equal(f->err.msg,
                        "token fault: start: no answer within 700 ms");
    assert_in_range(sg_mono_ms() - before, HUNG_MS, HUNG_MS + 500);
}

/* The key cannot be opened again: the new process is given up as well, and a
 * third one comes up when the module is well. */
static void test_hung_in_reopen(void **state)
{
    struct fault *f = *state;

    f->cfg.request_timeout_ms = HUNG_MS;
    fault_start(f);
    shim_rule_set(f->shim, SHIM_FindObjectsInit, SHIM_HANG, 0);
    fault_kill(f);
    sg_sleep_ms(HUNG_MS + 300);
    struct tok_health health;
    tok_client_health(f->client, &health);
    assert_int_not_equal(health.state, TOK_STATE_UP);
    assert_says(health.reason, "key ca: no answer within 700 ms");
    shim_rule_set(f->shim, SHIM_FindObjectsInit, SHIM_PASS, 0);
    fault_await(f, TOK_STATE_UP, BACK_MS);
    OK(f, fault_sign(f, 1, &f->err));
}

/* --- limits ----------------------------------------------------------------------- */

static void test_queue_full(void **state)
{
    struct fault *f = *state;
    static struct fault_asked asked[9];

    f->cfg.max_in_flight = 8;
    fault_start(f);
    shim_rule_set(f->shim, SHIM_Sign, SHIM_DELAY, 50);
    for (unsigned i = 0; i < 8; i++)
        OK(f, fault_ask(f, &asked[i], i, &f->err));
    t_assert_fails(fault_ask(f, &asked[8], 8, &f->err), SG_LIMIT);
    fault_wait(asked, 8, 5000);
    for (unsigned i = 0; i < 8; i++)
        assert_true(asked[i].rc == SG_OK && fault_verify(f, &asked[i]));
    sg_err_clear(&f->err);
    OK(f, fault_sign(f, 9, &f->err));
}

#define TEST(fn) \
    cmocka_unit_test_setup_teardown(fn, fault_setup, fault_teardown)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(test_kill_under_load),  TEST(test_kill_in_sign),
        TEST(test_kill_in_generate), TEST(test_hung_in_sign),
        TEST(test_hung_in_login),    TEST(test_hung_in_reopen),
        TEST(test_queue_full),
    };

    fault_program(argc, argv);
    return cmocka_run_group_tests(tests, fault_group_setup,
                                  fault_group_teardown);
}
