/* SPDX-License-Identifier: Apache-2.0 */

/* What befalls the token: PIN, sessions, device, module, keys. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <p11-kit/pkcs11.h>

#include "common/clock.h"
#include "common/file.h"
#include "tests/fault/ca-fixture.h"

#define BACK_MS 20000 /* a bound, no promise: processes start slowly on load */
#define SETTLE_MS 700 /* three more attempts would fit in there */
#define AT_ONCE_MS 1000 /* what waits for a restart waits for two seconds */

static void assert_says(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", text, part);
}

static unsigned restarts(struct fault *f)
{
    struct tok_health health;

    tok_client_health(f->client, &health);
    return health.restarts;
}

/* --- the PIN -------------------------------------------------------------------- */

static void wrong_pin(struct fault *f)
{
    char path[T_PATH_MAX + 16];

    snprintf(path, sizeof(path), "%s/wrong.pin", f->dir);
    t_file_write(path, "000000\n", 7);
    assert_int_equal(chmod(path, 0600), 0);
    assert_in_range(
        snprintf(f->pin_source, sizeof(f->pin_source), "file:%s", path), 1,
        sizeof(f->pin_source) - 1);
}

static void assert_down(struct fault *f, const char *part)
{
    struct tok_health health;
    static struct fault_asked asked;

    fault_await(f, TOK_STATE_DOWN, BACK_MS);
    sg_sleep_ms(SETTLE_MS);
    tok_client_health(f->client, &health);
    assert_int_equal(health.state, TOK_STATE_DOWN);
    assert_int_equal(health.pid, 0);
    assert_says(health.reason, part);
    int64_t before = sg_mono_ms();
    sg_err_clear(&f->err);
    t_assert_fails(tok_ping(f->client, &f->err), SG_UNAVAILABLE);
    assert_says(f->err.msg, part);
    if (f->key != NULL) {
        sg_err_clear(&f->err);
        t_assert_fails(fault_ask(f, &asked, 1, &f->err), SG_UNAVAILABLE);
    }
    assert_in_range(sg_mono_ms() - before, 0, AT_ONCE_MS);
}

static void test_pin_wrong(void **state)
{
    struct fault *f = *state;

    wrong_pin(f);
    t_assert_fails(tok_client_start(&f->cfg, &f->client, &f->err), SG_PIN);
    assert_says(f->err.msg, "CKR_PIN_INCORRECT");
    assert_int_equal(f->shim->calls[SHIM_Login], 1);
}

static void test_pin_wrong_patient(void **state)
{
    struct fault *f = *state;

    wrong_pin(f);
    f->key = NULL;
    OK(f, tok_client_start_patient(&f->cfg, &f->client, &f->err));
    assert_down(f, "CKR_PIN_INCORRECT");
    assert_int_equal(f->shim->calls[SHIM_Login], 1);
}

static void pin_refused(struct fault *f, CK_RV rv, const char *part)
{
    shim_rule_set(f->shim, SHIM_Login, SHIM_FAIL, (uint32_t)rv);
    f->key = NULL;
    OK(f, tok_client_start_patient(&f->cfg, &f->client, &f->err));
    assert_down(f, part);
    assert_int_equal(f->shim->calls[SHIM_Login], 1);
}

static void test_pin_locked(void **state)
{
    pin_refused(*state, CKR_PIN_LOCKED, "CKR_PIN_LOCKED");
}

static void test_pin_expired(void **state)
{
    pin_refused(*state, CKR_PIN_EXPIRED, "CKR_PIN_EXPIRED");
}

/* The token says that the next wrong PIN is the last, or that it was: not even
 * the first attempt is made. */
static void pin_not_tried(struct fault *f, uint32_t flags)
{
    f->shim->token_flags = flags;
    t_assert_fails(tok_client_start(&f->cfg, &f->client, &f->err), SG_PIN);
    assert_int_equal(f->shim->calls[SHIM_Login], 0);
    assert_true(f->shim->calls[SHIM_GetTokenInfo] > 0);
}

static void test_pin_final_try(void **state)
{
    pin_not_tried(*state, CKF_USER_PIN_FINAL_TRY);
}

static void test_pin_locked_flag(void **state)
{
    pin_not_tried(*state, CKF_USER_PIN_LOCKED);
}

/* Changed while we were logged in: the next login is the last. */
static void test_pin_changed(void **state)
{
    struct fault *f = *state;
    struct sg_err err = { 0 };

    fault_start(f);
    OK(f, fault_sign(f, 1, &f->err));
    uint32_t before = f->shim->calls[SHIM_Login];
    shim_rule_set(f->shim, SHIM_Login, SHIM_FAIL, CKR_PIN_INCORRECT);
    shim_rule_set(f->shim, SHIM_SignInit, SHIM_DROP, 0);
    shim_rule_count(f->shim, SHIM_SignInit, 0, 1);
    t_assert_fails(fault_sign(f, 2, &err), SG_PIN);
    assert_down(f, "CKR_PIN_INCORRECT");
    assert_int_equal(f->shim->calls[SHIM_Login], before + 1);
}

/* --- sessions and device --------------------------------------------------------- */

/* Healed inside the process: nobody sees more than a delay. */
static void healed(struct fault *f, enum shim_call call, enum shim_do what,
                   uint32_t value)
{
    fault_start(f);
    OK(f, fault_sign(f, 1, &f->err));
    shim_rule_set(f->shim, call, what, value);
    shim_rule_count(f->shim, call, 0, 1);
    for (unsigned i = 2; i < 10; i++)
        OK(f, fault_sign(f, i, &f->err));
    assert_int_equal(restarts(f), 0);
}

static void test_sessions_dropped(void **state)
{
    struct fault *f = *state;

    healed(f, SHIM_SignInit, SHIM_DROP, 0);
    assert_int_equal(f->shim->calls[SHIM_Login], 2);
}

static void test_sessions_dropped_in_sign(void **state)
{
    healed(*state, SHIM_Sign, SHIM_DROP, 0);
}

static void test_session_closed(void **state)
{
    healed(*state, SHIM_SignInit, SHIM_FAIL, CKR_SESSION_CLOSED);
}

static void test_device_error_once(void **state)
{
    healed(*state, SHIM_Sign, SHIM_FAIL, CKR_DEVICE_ERROR);
}

/* Gone for a while: 503 as long as it lasts, and back without anybody's help. */
static void test_device_removed(void **state)
{
    struct fault *f = *state;
    struct sg_err err = { 0 };

    fault_start(f);
    OK(f, fault_sign(f, 1, &f->err));
    shim_rule_set(f->shim, SHIM_Sign, SHIM_FAIL, CKR_DEVICE_REMOVED);
    shim_rule_set(f->shim, SHIM_OpenSession, SHIM_FAIL, CKR_DEVICE_REMOVED);
    shim_rule_set(f->shim, SHIM_GetTokenInfo, SHIM_FAIL, CKR_DEVICE_REMOVED);
    enum sg_rc rc = fault_sign(f, 2, &err);
    if (rc != SG_TOKEN && rc != SG_UNAVAILABLE)
        fail_msg("%s: %s", sg_rc_name(rc), err.msg);
    assert_int_equal(sg_rc_http(rc), 503);
    shim_rule_set(f->shim, SHIM_GetTokenInfo, SHIM_PASS, 0);
    shim_rule_set(f->shim, SHIM_OpenSession, SHIM_PASS, 0);
    shim_rule_set(f->shim, SHIM_Sign, SHIM_PASS, 0);
    int64_t before = sg_mono_ms();
    do {
        assert_true(sg_mono_ms() - before < BACK_MS);
        sg_err_clear(&err);
        sg_sleep_ms(5);
    } while (fault_sign(f, 3, &err) != SG_OK);
}

/* --- token and module -------------------------------------------------------------- */

static void test_token_missing(void **state)
{
    struct fault *f = *state;

    f->cfg.uri = "pkcs11:token=nobody";
    t_assert_fails(tok_client_start(&f->cfg, &f->client, &f->err),
                   SG_NOT_FOUND);
    assert_says(f->err.msg, "nobody");
    assert_int_equal(f->shim->calls[SHIM_Login], 0);
}

/* It is plugged in later. */
static void test_token_later(void **state)
{
    struct fault *f = *state;
    struct tok_health health;
    struct tok_key_open want = { .label = FAULT_KEY };

    shim_rule_set(f->shim, SHIM_GetTokenInfo, SHIM_FAIL, CKR_TOKEN_NOT_PRESENT);
    OK(f, tok_client_start_patient(&f->cfg, &f->client, &f->err));
    tok_client_health(f->client, &health);
    assert_int_equal(health.state, TOK_STATE_RESTARTING);
    assert_string_not_equal(health.reason, "");
    t_assert_fails(tok_ping(f->client, &f->err), SG_UNAVAILABLE);
    shim_rule_set(f->shim, SHIM_GetTokenInfo, SHIM_PASS, 0);
    fault_await(f, TOK_STATE_UP, BACK_MS);
    sg_err_clear(&f->err);
    OK(f, tok_client_key(f->client, &want, &f->key, &f->err));
    OK(f, fault_sign(f, 1, &f->err));
}

static void module_refused(struct fault *f, const char *module)
{
    f->cfg.module = module;
    enum sg_rc rc = tok_client_start(&f->cfg, &f->client, &f->err);
    if (rc == SG_OK)
        fail_msg("%s was loaded", module);
    assert_says(f->err.msg, module);
}

static void test_module_missing(void **state)
{
    struct fault *f = *state;

    module_refused(f, "/nonexistent/module.so");
}

/* A library, but no PKCS#11 module. */
static void test_module_wrong(void **state)
{
    struct fault *f = *state;

    module_refused(f, "/lib/x86_64-linux-gnu/libm.so.6");
}

/* --- keys ------------------------------------------------------------------------- */

static void test_key_missing(void **state)
{
    struct fault *f = *state;
    struct tok_key_open want = { .label = "nobody" };
    struct tok_key *key;

    fault_start(f);
    t_assert_fails(tok_client_key(f->client, &want, &key, &f->err),
                   SG_NOT_FOUND);
    assert_says(f->err.msg, "nobody");
}

static void test_key_other_spki(void **state)
{
    struct fault *f = *state;
    struct tok_key_open want = { .label = FAULT_KEY };
    struct tok_key *key;
    uint8_t spki[TOK_SPKI_MAX];

    fault_start(f);
    const struct tok_key_info *info = tok_key_info(f->key);
    memcpy(spki, info->spki, info->spki_len);
    spki[info->spki_len - 1] ^= 1;
    want.spki = SG_SLICE(spki, info->spki_len);
    t_assert_fails(tok_client_key(f->client, &want, &key, &f->err), SG_POLICY);
}

static void pkcs11_tool(struct fault *f, const char *pin,
                        const char *const *how)
{
    const char *argv[24] = { "pkcs11-tool",   "--module",  f->shim->real,
                             "--token-label", FAULT_TOKEN, "--login",
                             "--pin",         pin };
    struct t_run run;
    size_t n = 8;

    while (*how != NULL && n + 1 < SG_ARRAY_LEN(argv))
        argv[n++] = *how++;
    t_run(argv, &run);
    if (run.exit_code != 0)
        fail_msg("pkcs11-tool: %s", run.output);
    t_run_done(&run);
}

static void make_swap_key(struct fault *f)
{
    struct tok_key_generate gen = {
        .label = "swap",
        .type = TOK_KEY_EC_P256,
        .guard = { .purpose = TOK_PURPOSE_CA, .max_validity = 86400 },
    };
    struct tok_key_info info;
    struct tok_key_open want = { .label = "swap" };

    OK(f, tok_key_generate(f->client, &gen, &info, &f->err));
    OK(f, tok_client_key(f->client, &want, &f->key, &f->err));
}

/* Another key pair takes the place of the first, with the same label and id,
 * while nobody looks. pkcs11-tool's differs in its attributes, too. */
static void test_key_swapped(void **state)
{
    struct fault *f = *state;
    SG_CLEANUP(sg_buf_done) struct sg_buf pin = { 0 };
    char id[2 * TOK_ID_MAX + 1] = "";
    static struct fault_asked asked;
    struct tok_key *ca;

    fault_start(f);
    ca = f->key;
    make_swap_key(f);
    const struct tok_key_info *info = tok_key_info(f->key);
    for (unsigned i = 0; i < info->id_len; i++)
        snprintf(id + 2 * i, 3, "%02x", info->id[i]);
    sg_buf_init(&pin, 64);
    OK(f, sg_file_read(f->pin_source + strlen("file:"), &pin, &f->err));
    OK(f, sg_buf_put_u8(&pin, 0, &f->err));
    const char *text = (const char *)pin.data;
    pkcs11_tool(f, text,
                (const char *const[]){ "--delete-object", "--type", "privkey",
                                       "--label", "swap", NULL });
    pkcs11_tool(f, text,
                (const char *const[]){ "--delete-object", "--type", "pubkey",
                                       "--label", "swap", NULL });
    pkcs11_tool(f, text,
                (const char *const[]){ "--keypairgen", "--key-type",
                                       "EC:prime256v1", "--label", "swap",
                                       "--id", id, NULL });
    fault_kill(f);
    fault_await(f, TOK_STATE_UP, BACK_MS);
    t_assert_fails(fault_ask(f, &asked, 1, &f->err), SG_TOKEN);
    assert_says(f->err.msg, "swap");
    /* The other key is as good as ever. */
    f->key = ca;
    sg_err_clear(&f->err);
    OK(f, fault_sign(f, 2, &f->err));
}

#define TEST(fn) \
    cmocka_unit_test_setup_teardown(fn, fault_setup, fault_teardown)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(test_pin_wrong),
        TEST(test_pin_wrong_patient),
        TEST(test_pin_locked),
        TEST(test_pin_expired),
        TEST(test_pin_final_try),
        TEST(test_pin_locked_flag),
        TEST(test_pin_changed),
        TEST(test_sessions_dropped),
        TEST(test_sessions_dropped_in_sign),
        TEST(test_session_closed),
        TEST(test_device_error_once),
        TEST(test_device_removed),
        TEST(test_token_missing),
        TEST(test_token_later),
        TEST(test_module_missing),
        TEST(test_module_wrong),
        TEST(test_key_missing),
        TEST(test_key_other_spki),
        TEST(test_key_swapped),
    };

    fault_program(argc, argv);
    return cmocka_run_group_tests(tests, fault_group_setup,
                                  fault_group_teardown);
}
