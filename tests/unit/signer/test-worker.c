/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/t.h"

#include <stdatomic.h>
#include <string.h>

#include "common/clock.h"
#include "signer/worker.h"

struct counts {
    _Atomic(unsigned) run, cancelled;
    _Atomic(bool) hold;
};

static void count(void *arg, bool cancelled)
{
    struct counts *c = arg;

    atomic_fetch_add(cancelled ? &c->cancelled : &c->run, 1);
    while (atomic_load(&c->hold) && !cancelled)
        sg_sleep_ms(1);
}

static void wait_for(const _Atomic(unsigned) *n, unsigned want)
{
    for (int i = 0; i < 2000 && atomic_load(n) < want; i++)
        sg_sleep_ms(1);
    assert_int_equal(atomic_load(n), want);
}

static void work_is_done_once(void **state)
{
    struct srv_worker *w = NULL;
    struct counts c = { 0 };
    struct sg_err err = { 0 };

    (void)state;
    assert_int_equal(srv_worker_new(3, &w, &err), SG_OK);
    for (unsigned i = 0; i < 500; i++) {
        while (srv_worker_add(w, count, &c, &err) != SG_OK) {
            sg_err_clear(&err);
            sg_sleep_ms(1);
        }
    }
    wait_for(&c.run, 500);
    srv_worker_free(w);
    assert_int_equal(atomic_load(&c.run), 500);
    assert_int_equal(atomic_load(&c.cancelled), 0);
}

static void too_much_is_refused(void **state)
{
    struct srv_worker *w = NULL;
    struct counts c = { .hold = true };
    struct sg_err err = { 0 };

    (void)state;
    assert_int_equal(srv_worker_new(1, &w, &err), SG_OK);
    assert_int_equal(srv_worker_add(w, count, &c, &err), SG_OK);
    wait_for(&c.run, 1);
    for (unsigned i = 0; i < 64; i++)
        assert_int_equal(srv_worker_add(w, count, &c, &err), SG_OK);
    t_assert_fails(srv_worker_add(w, count, &c, &err), SG_UNAVAILABLE);
    assert_non_null(strstr(err.msg, "too many keys"));
    atomic_store(&c.hold, false);
    wait_for(&c.run, 65);
    srv_worker_free(w);
}

static void a_cancel_answers_those_who_wait(void **state)
{
    struct srv_worker *w = NULL;
    struct counts c = { .hold = true };
    struct sg_err err = { 0 };

    (void)state;
    assert_int_equal(srv_worker_new(1, &w, &err), SG_OK);
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(srv_worker_add(w, count, &c, &err), SG_OK);
    wait_for(&c.run, 1);
    srv_worker_cancel(w);
    t_assert_fails(srv_worker_add(w, count, &c, &err), SG_UNAVAILABLE);
    atomic_store(&c.hold, false);
    srv_worker_free(w);
    assert_int_equal(atomic_load(&c.run), 1);
    assert_int_equal(atomic_load(&c.cancelled), 4);
    srv_worker_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(work_is_done_once),
        cmocka_unit_test(too_much_is_refused),
        cmocka_unit_test(a_cancel_answers_those_who_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
