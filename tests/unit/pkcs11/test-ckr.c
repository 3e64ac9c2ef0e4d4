/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/helper/ckr.h"

#include <string.h>

#include "tests/lib/t.h"

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(tok_ckr_name(CKR_OK), "CKR_OK");
    assert_string_equal(tok_ckr_name(CKR_CANCEL), "CKR_CANCEL");
    assert_string_equal(tok_ckr_name(CKR_PIN_INCORRECT), "CKR_PIN_INCORRECT");
    assert_string_equal(tok_ckr_name(0x203), "CKR_KEY_EXHAUSTED");
    assert_string_equal(tok_ckr_name(0x80000001UL), "CKR_VENDOR_DEFINED");
    assert_string_equal(tok_ckr_name(0x7777), "CKR_?");
}

/* A row out of order would not be found. */
static void test_every_number_has_its_name(void **state)
{
    unsigned named = 0;

    (void)state;
    for (CK_RV rv = 1; rv < 0x300; rv++)
        if (strcmp(tok_ckr_name(rv), "CKR_?") != 0)
            named++;
    assert_int_equal(named, 96);
}

static void test_codes(void **state)
{
    static const struct {
        CK_RV rv;
        enum sg_rc rc;
        enum tok_cure cure;
        const char *text;
    } CASES[] = {
        { CKR_PIN_INCORRECT, SG_PIN, TOK_CURE_NONE,
          "C_X: CKR_PIN_INCORRECT: the PIN is wrong; it was tried once and is "
          "not tried again" },
        { CKR_PIN_LOCKED, SG_PIN, TOK_CURE_NONE,
          "C_X: CKR_PIN_LOCKED: the PIN is locked: the SO must unlock it" },
        { CKR_PIN_EXPIRED, SG_PIN, TOK_CURE_NONE,
          "C_X: CKR_PIN_EXPIRED: the PIN must be changed first" },
        { CKR_SESSION_HANDLE_INVALID, SG_TOKEN, TOK_CURE_SESSION,
          "C_X: CKR_SESSION_HANDLE_INVALID" },
        { CKR_OBJECT_HANDLE_INVALID, SG_TOKEN, TOK_CURE_SESSION,
          "C_X: CKR_OBJECT_HANDLE_INVALID" },
        { CKR_DEVICE_ERROR, SG_TOKEN, TOK_CURE_SESSION,
          "C_X: CKR_DEVICE_ERROR" },
        { CKR_USER_NOT_LOGGED_IN, SG_TOKEN, TOK_CURE_LOGIN,
          "C_X: CKR_USER_NOT_LOGGED_IN" },
        { CKR_TOKEN_NOT_PRESENT, SG_TOKEN, TOK_CURE_LOGIN,
          "C_X: CKR_TOKEN_NOT_PRESENT: the token is not there" },
        { CKR_CRYPTOKI_NOT_INITIALIZED, SG_TOKEN, TOK_CURE_MODULE,
          "C_X: CKR_CRYPTOKI_NOT_INITIALIZED" },
        { CKR_MECHANISM_INVALID, SG_TOKEN, TOK_CURE_NONE,
          "C_X: CKR_MECHANISM_INVALID: the token lacks this mechanism" },
        { 0x80001234UL, SG_TOKEN, TOK_CURE_SESSION,
          "C_X: CKR_VENDOR_DEFINED 0x80001234" },
        { 0x7777, SG_TOKEN, TOK_CURE_SESSION, "C_X: CKR_? 0x7777" },
    };

    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(CASES); i++) {
        struct sg_err err = { 0 };
        t_assert_fails(tok_err_ckr(&err, CASES[i].rv, "C_X"), CASES[i].rc);
        assert_string_equal(err.msg, CASES[i].text);
        assert_int_equal(err.src, SG_SRC_CKR);
        assert_int_equal(err.native, CASES[i].rv);
        assert_int_equal(tok_ckr_cure(CASES[i].rv), CASES[i].cure);
    }
    assert_int_equal(tok_ckr_cure(CKR_OK), TOK_CURE_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_every_number_has_its_name),
        cmocka_unit_test(test_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
