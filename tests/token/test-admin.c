/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens listed and made, without anybody logged in. */

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/token/token.h"

struct fixture {
    struct t_token token;
    char pin[T_PATH_MAX + 32];
    char so_pin[T_PATH_MAX + 32];
    struct t_helper h;
};

static int setup(void **state)
{
    static struct fixture f;

    t_token_new(&f.token);
    (void)snprintf(f.pin, sizeof(f.pin), "file:%s/unit.pin", f.token.dir);
    (void)snprintf(f.so_pin, sizeof(f.so_pin), "file:%s/unit.so-pin",
                   f.token.dir);
    t_helper_start(&f.h, (const char *const[]){
                             "--module", f.token.module, "--pin-source", f.pin,
                             "--so-pin-source", f.so_pin, NULL });
    assert_int_equal(f.h.hello_rc, SG_OK);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(t_helper_stop(&f->h), 0);
    t_token_done(&f->token);
    return 0;
}

/* The tokens there; returns how many. */
static uint32_t list(struct t_helper *h, struct tok_token_info *ret,
                     uint32_t max)
{
    struct sg_reader in;
    struct sg_err err = { 0 };
    uint32_t n;

    assert_int_equal(t_helper_call(h, TOK_OP_TOKEN_LIST, SG_SLICE(NULL, 0)),
                     SG_OK);
    sg_reader_init(&in, sg_buf_slice(&h->reply));
    t_ok(&err, sg_get_u32(&in, &n, &err));
    assert_true(n <= max);
    for (uint32_t i = 0; i < n; i++)
        t_ok(&err, tok_get_token_info(&in, &ret[i], &err));
    t_ok(&err, sg_get_end(&in, &err));
    return n;
}

static uint64_t blank_slot(struct t_helper *h)
{
    static struct tok_token_info infos[8];
    uint32_t n = list(h, infos, 8);

    for (uint32_t i = 0; i < n; i++)
        if (!infos[i].initialised)
            return infos[i].slot_id;
    fail_msg("no blank token");
    return 0;
}

static enum sg_rc init(struct t_helper *h, uint64_t slot, const char *label,
                       struct tok_token_info *ret)
{
    struct tok_token_init request = { .slot_id = slot };
    struct sg_buf payload;
    struct sg_reader in;
    struct sg_err err = { 0 };

    (void)snprintf(request.label, sizeof(request.label), "%s", label);
    sg_buf_init(&payload, TOK_FRAME_MAX);
    t_ok(&err, tok_put_token_init(&payload, &request, &err));
    enum sg_rc rc = t_helper_call(h, TOK_OP_TOKEN_INIT, sg_buf_slice(&payload));
    sg_buf_done(&payload);
    if (rc != SG_OK)
        return rc;
    sg_reader_init(&in, sg_buf_slice(&h->reply));
    t_ok(&err, tok_get_token_info(&in, ret, &err));
    t_ok(&err, sg_get_end(&in, &err));
    return SG_OK;
}

static void test_list(void **state)
{
    struct fixture *f = *state;
    static struct tok_token_info infos[8];

    for (int i = 0; i < 3; i++) {
        assert_int_equal(list(&f->h, infos, 8), 2);
        assert_string_equal(infos[0].label, "unit");
        assert_true(infos[0].initialised);
        assert_int_equal(infos[0].sessions, 0);
        assert_false(infos[1].initialised);
    }
}

static void test_init_and_log_in(void **state)
{
    struct fixture *f = *state;
    struct tok_token_info made;
    static struct tok_token_info infos[8];
    struct tok_key_generate gen = t_ca_key("key", TOK_KEY_EC_P256);
    struct tok_key_info key;
    struct t_helper h;

    for (int i = 0; i < 2; i++) {
        char label[16];
        (void)snprintf(label, sizeof(label), "fresh %d", i);
        if (init(&f->h, blank_slot(&f->h), label, &made) != SG_OK)
            fail_msg("%s", f->h.failure.msg);
        assert_string_equal(made.label, label);
        assert_true(made.initialised);
        assert_int_equal(strlen(made.serial), 16);
    }
    assert_int_equal(list(&f->h, infos, 8), 4);

    (void)snprintf(f->token.uri, sizeof(f->token.uri),
                   "pkcs11:token=fresh%%201;slot-id=%llu",
                   (unsigned long long)made.slot_id);
    t_helper_start_on(&h, &f->token, 1);
    assert_string_equal(h.info.serial, made.serial);
    assert_int_equal(t_generate(&h, &gen, &key), SG_OK);
    assert_int_equal(t_helper_stop(&h), 0);
}

static void test_init_refused(void **state)
{
    struct fixture *f = *state;
    static struct tok_token_info infos[8];
    struct tok_token_info made;
    uint64_t blank = blank_slot(&f->h);

    assert_int_equal(list(&f->h, infos, 8), 2);
    t_assert_fails(init(&f->h, infos[0].slot_id, "other", &made), SG_CONFLICT);
    assert_non_null(strstr(f->h.failure.msg, "would destroy its keys"));
    t_assert_fails(init(&f->h, blank, "unit", &made), SG_CONFLICT);
    assert_non_null(strstr(f->h.failure.msg, "a token \"unit\" exists"));
    t_assert_fails(init(&f->h, 77777, "other", &made), SG_NOT_FOUND);
    assert_string_equal(f->h.failure.msg, "no token in slot 77777");
    t_assert_fails(init(&f->h, blank, "", &made), SG_USAGE);
    t_assert_fails(
        init(&f->h, blank, "123456789012345678901234567890123", &made),
        SG_USAGE);
    assert_string_equal(f->h.failure.msg, "token label is longer than 32 "
                                          "bytes (PKCS#11 CK_TOKEN_INFO)");
}

/* 32 bytes: all of the field, no NUL in sight. */
static void test_longest_label(void **state)
{
    struct fixture *f = *state;
    struct tok_token_info made;

    assert_int_equal(init(&f->h, blank_slot(&f->h),
                          "12345678901234567890123456789012", &made),
                     SG_OK);
    assert_string_equal(made.label, "12345678901234567890123456789012");
}

static void test_pins_are_needed(void **state)
{
    struct fixture *f = *state;
    struct tok_token_info made;
    struct t_helper h;
    char path[T_PATH_MAX + 16];
    char ref[T_PATH_MAX + 32];

    t_helper_start(&h, (const char *const[]){ "--module", f->token.module,
                                              "--pin-source", f->pin, NULL });
    t_assert_fails(init(&h, blank_slot(&h), "other", &made), SG_CONFIG);
    assert_string_equal(h.failure.msg,
                        "the SO PIN is needed: --so-pin-source is missing");
    assert_int_equal(t_helper_stop(&h), 0);

    (void)snprintf(path, sizeof(path), "%s/empty", f->token.dir);
    (void)snprintf(ref, sizeof(ref), "file:%s", path);
    t_file_write(path, "", 0);
    assert_int_equal(chmod(path, 0600), 0);
    t_helper_start(&h, (const char *const[]){ "--module", f->token.module,
                                              "--pin-source", f->pin,
                                              "--so-pin-source", ref, NULL });
    assert_int_not_equal(init(&h, blank_slot(&h), "other", &made), SG_OK);
    assert_int_equal(t_helper_stop(&h), 0);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_list),
        CASE(test_init_and_log_in),
        CASE(test_init_refused),
        CASE(test_longest_label),
        CASE(test_pins_are_needed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
