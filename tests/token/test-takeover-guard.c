/* SPDX-License-Identifier: Apache-2.0 */
/* A taken-over daemon and the guards: rates, wider limits, other bindings. */

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/parse.h"
#include "tests/token/takeover.h"

static void test_rate(void **state)
{
    struct fixture *f = *state;
    struct ca key = { 0 };
    const uint8_t challenge[8] = { 0 };
    struct sg_slice signature;

    make_key(f, "slow",
             (struct tok_guard){ .purpose = TOK_PURPOSE_PROBE,
                                 .per_second = 1000,
                                 .per_day = 3 },
             &key);
    for (int i = 0; i < 3; i++)
        assert_int_equal(sign(f, TOK_OP_PROBE_SIGN, &key,
                              SG_SLICE(challenge, 8), &signature),
                         SG_OK);
    struct want want = { SG_LIMIT, TOK_REFUSED_RATE,
                         "guard: more than 3 signatures per day" };
    refused(f, TOK_OP_PROBE_SIGN, &key, SG_SLICE(challenge, 8), &want);
    /* A new process, which a daemon can always start, is no new day. */
    restart(f, "slow", &key);
    refused(f, TOK_OP_PROBE_SIGN, &key, SG_SLICE(challenge, 8), &want);
    struct tok_guard_view view = show(f, &key);
    assert_int_equal(view.signatures, 3);
    assert_int_equal(view.refused[TOK_REFUSED_RATE], 2);
}

static enum sg_rc narrow(struct fixture *f, const struct ca *ca,
                         const struct tok_guard *limits)
{
    struct sg_buf payload;

    sg_buf_init(&payload, 4096);
    t_ok(&f->err, sg_buf_put_u32(&payload, ca->ref, &f->err));
    t_ok(&f->err, tok_put_guard(&payload, limits, &f->err));
    enum sg_rc rc =
        t_helper_call(&f->h, TOK_OP_GUARD_NARROW, sg_buf_slice(&payload));
    sg_buf_done(&payload);
    return rc;
}

/* A directory where the key's file of counters belongs: not even root can open
 * it. */
static void block_use_file(struct fixture *f, const struct ca *key)
{
    char hex[2 * TOK_ID_MAX + 1];
    char path[2 * T_PATH_MAX];

    (void)snprintf(
        path, sizeof(path), "%s/%s-%s.use", f->token.guards, f->h.info.serial,
        sg_hex(SG_SLICE(key->info.id, key->info.id_len), hex, sizeof(hex)));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
}

/* Without its file a rate cannot be kept: the key with one signs nothing, the
 * one without goes on; the log says so of both. */
static void test_rate_unkept(void **state)
{
    struct fixture *f = *state;
    struct tok_guard guard = { .purpose = TOK_PURPOSE_PROBE };
    struct ca rated = { 0 };
    struct ca unrated = { 0 };
    const struct sg_slice challenge = BYTES("x");
    struct sg_slice signature;

    make_key(f, "unrated", guard, &unrated);
    guard.per_day = 1000;
    make_key(f, "rated", guard, &rated);
    block_use_file(f, &rated);
    block_use_file(f, &unrated);
    restart(f, "rated", &rated);
    if (strstr(log_text(f), "event=rates_unkept key=\"rated\" signs=no "
                            "errno=21 err=")
            == NULL
        || strstr(log_text(f), ".use: Is a directory") == NULL)
        fail_msg("log: %s", log_text(f));
    t_assert_fails(sign(f, TOK_OP_PROBE_SIGN, &rated, challenge, &signature),
                   SG_IO);
    if (strstr(f->h.failure.msg, "guard: key \"rated\" has a rate that cannot "
                                 "be kept and signs nothing: ")
            == NULL
        || strstr(f->h.failure.msg, ".use: Is a directory; mend it and start "
                                    "signet-token again")
               == NULL)
        fail_msg("%s", f->h.failure.msg);
    assert_int_equal(show(f, &rated).signatures, 0);
    restart(f, "unrated", &unrated);
    if (strstr(log_text(f), "event=rates_unkept key=\"unrated\" "
                            "signs=yes errno=21 err=")
        == NULL)
        fail_msg("log: %s", log_text(f));
    assert_int_equal(
        sign(f, TOK_OP_PROBE_SIGN, &unrated, challenge, &signature), SG_OK);
    /* It gets one meanwhile, from a process that it cannot hear of. */
    struct t_helper first = f->h;
    struct ca here = unrated;
    t_helper_start_on(&f->h, &f->token, 2);
    struct tok_key_open open = { .label = "unrated" };
    assert_int_equal(t_open(&f->h, &open, &unrated.ref, &unrated.info), SG_OK);
    guard = show(f, &unrated).guard;
    guard.per_day = 1000;
    assert_int_equal(narrow(f, &unrated, &guard), SG_OK);
    assert_int_equal(t_helper_stop(&f->h), 0);
    f->h = first;
    t_assert_fails(sign(f, TOK_OP_PROBE_SIGN, &here, challenge, &signature),
                   SG_IO);
}

static void not_wider(struct fixture *f, const struct tok_guard *limits,
                      const char *text)
{
    const struct want want = { SG_POLICY, TOK_REFUSED_NARROW, text };
    struct tok_guard_view before = show(f, &f->issuing);

    check(f, &f->issuing, narrow(f, &f->issuing, limits), &before, &want);
}

static void test_narrow(void **state)
{
    /* permitted: DNS "ok" */
    static const uint8_t names[] = "\x30\x08\xa0\x06\x30\x04\x82\x02ok";
    struct fixture *f = *state;
    const struct tok_guard now = show(f, &f->issuing).guard;
    struct tok_guard g = now;

    g.may_sign_ca = true;
    not_wider(f, &g, "guard: may_sign_ca would be wider");
    g = now;
    g.max_validity++;
    not_wider(f, &g, "guard: max_validity would be wider");
    g = now;
    g.n_eku = 0;
    not_wider(f, &g, "guard: extended_key_usage would be wider");
    g.n_eku = 1;
    g.eku[0].octets[7] = 2;
    not_wider(f, &g, "guard: extended_key_usage would be wider");
    g = now;
    g.purpose = TOK_PURPOSE_BACKEND;
    not_wider(f, &g, "guard: purpose would be wider");
    g = now;
    g.no_crl = true;
    g.per_second = 50;
    g.per_day = 1000;
    g.max_validity = 10 * T_DAY;
    g.names = SG_SLICE(names, sizeof(names) - 1);
    assert_int_equal(narrow(f, &f->issuing, &g), SG_OK);
    not_wider(f, &now, "guard: max_validity would be wider");
    struct tok_guard wide = g;
    wide.per_second = 51;
    not_wider(f, &wide, "guard: max_per_second would be wider");
    wide = g;
    wide.per_day = 0;
    not_wider(f, &wide, "guard: max_per_day would be wider");
    wide = g;
    wide.no_crl = false;
    not_wider(f, &wide, "guard: may_sign_crl would be wider");
    wide = g;
    wide.names.len = 0;
    not_wider(f, &wide, "guard: name_constraints would be wider");
    /* It is on disk. */
    restart(f, "issuing", &f->issuing);
    struct tok_guard_view view = show(f, &f->issuing);
    assert_int_equal(view.guard.max_validity, 10 * T_DAY);
    assert_int_equal(view.guard.per_second, 50);
    assert_true(view.guard.no_crl);
    assert_true(sg_slice_eq(view.guard.names, g.names));
    assert_true(sg_slice_eq(view.guard.chain, sg_buf_slice(&f->root.cert)));
    assert_int_equal(view.refused[TOK_REFUSED_NARROW], 10);
}

/* One process narrows, another one that has the key open obeys. */
static void test_two_processes(void **state)
{
    struct fixture *f = *state;
    struct tok_key_open open = { .label = "issuing" };
    struct tok_guard g = show(f, &f->issuing).guard;
    struct t_tbs t = good_leaf(f);
    struct t_helper first = f->h;
    struct ca here = f->issuing;
    struct sg_slice signature;

    assert_int_equal(
        sign(f, TOK_OP_SIGN_CERT, &here, encode(f, &t), &signature), SG_OK);
    t_helper_start_on(&f->h, &f->token, 2);
    assert_int_equal(t_open(&f->h, &open, &f->issuing.ref, &f->issuing.info),
                     SG_OK);
    g.max_validity = 3600;
    assert_int_equal(narrow(f, &f->issuing, &g), SG_OK);
    assert_int_equal(t_helper_stop(&f->h), 0);
    f->h = first;
    f->issuing = here;
    NO_CERT(&here, &t, VALIDITY,
            "guard: validity of 86401 s, this key's "
            "certificates have at most 3600 s");
}

/* A certificate that the root never signed. */
static void test_forged_chain(void **state)
{
    struct fixture *f = *state;
    struct want want = { SG_POLICY, TOK_REFUSED_BIND,
                         "guard: certificate 1 of the chain (/CN=leafy) is not "
                         "signed by the key of certificate 2 (/CN=root)" };
    struct ca leafy = { 0 };
    struct tok_guard_view before;

    make_key(
        f, "leafy",
        (struct tok_guard){ .purpose = TOK_PURPOSE_CA, .max_validity = T_DAY },
        &leafy);
    sg_buf_init(&leafy.cert, 8192);
    struct t_tbs t = intermediate(f);
    t.subject = "leafy";
    t.spki = spki_of(&leafy);
    issue(f, &f->root, &t, &leafy.cert);
    leafy.cert.data[leafy.cert.len - 1] ^= 1;
    before = show(f, &leafy);
    check(f, &leafy,
          t_bind_chain(&f->h, leafy.ref, sg_buf_slice(&leafy.cert),
                       sg_buf_slice(&f->root.cert)),
          &before, &want);
    assert_false(show(f, &leafy).guard.bound);
    leafy.cert.data[leafy.cert.len - 1] ^= 1;
    assert_int_equal(t_bind_chain(&f->h, leafy.ref, sg_buf_slice(&leafy.cert),
                                  sg_buf_slice(&f->root.cert)),
                     SG_OK);
    sg_buf_done(&leafy.cert);
}

static void test_bind_to_another(void **state)
{
    struct fixture *f = *state;
    struct tok_guard_view before = show(f, &f->issuing);
    struct want want = { SG_POLICY, TOK_REFUSED_BIND,
                         "guard: key \"issuing\" is bound to another "
                         "certificate already" };
    struct t_tbs t = intermediate(f);
    struct sg_buf other;

    sg_buf_init(&other, 8192);
    t.path_length = 1;
    issue(f, &f->root, &t, &other);
    check(f, &f->issuing,
          t_bind_chain(&f->h, f->issuing.ref, sg_buf_slice(&other),
                       sg_buf_slice(&f->root.cert)),
          &before, &want);
    /* A shorter chain changes nothing; another one is refused. */
    assert_int_equal(
        t_bind(&f->h, f->issuing.ref, sg_buf_slice(&f->issuing.cert)), SG_OK);
    before = show(f, &f->issuing);
    assert_true(before.guard.chain.len > 0);
    want.text = "guard: key \"issuing\" is bound with another chain already";
    check(f, &f->issuing,
          t_bind_chain(&f->h, f->issuing.ref, sg_buf_slice(&f->issuing.cert),
                       sg_buf_slice(&other)),
          &before, &want);
    sg_buf_done(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_rate),         CASE(test_rate_unkept),
        CASE(test_narrow),       CASE(test_two_processes),
        CASE(test_forged_chain), CASE(test_bind_to_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
