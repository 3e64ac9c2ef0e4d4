/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/t.h"

#include <errno.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509.h>

static void first_failure_wins(void **state)
{
    struct sg_err err = { 0 };

    (void)state;
    t_assert_fails(sg_err_set(&err, SG_POLICY, "name %d", 1), SG_POLICY);
    const char *where = err.where;
    t_assert_fails(sg_err_set(&err, SG_IO, "later"), SG_POLICY);
    assert_int_equal(err.rc, SG_POLICY);
    assert_string_equal(err.msg, "name 1");
    assert_ptr_equal(err.where, where);
    assert_non_null(strstr(where, "test-err.c:"));
}

static void wrap_puts_context_in_front(void **state)
{
    struct sg_err err = { 0 };

    (void)state;
    t_assert_fails(
        sg_err_native(&err, SG_TOKEN, SG_SRC_CKR, 0x32, "C_Sign: removed"),
        SG_TOKEN);
    t_assert_fails(sg_err_wrap(&err, "issue %s", "web"), SG_TOKEN);
    assert_string_equal(err.msg, "issue web: C_Sign: removed");
    assert_int_equal(err.src, SG_SRC_CKR);
    assert_int_equal(err.native, 0x32);
}

static void wrap_that_leaves_no_room_is_dropped(void **state)
{
    struct sg_err err = { 0 };
    char longer[SG_ERR_MSG_MAX + 10];

    (void)state;
    memset(longer, 'x', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    t_assert_fails(sg_err_set(&err, SG_IO, "cause"), SG_IO);
    t_assert_fails(sg_err_wrap(&err, "%s", longer), SG_IO);
    assert_string_equal(err.msg, "cause");
}

static void long_text_is_cut(void **state)
{
    struct sg_err err = { 0 };

    (void)state;
    t_assert_fails(sg_err_set(&err, SG_IO, "%600d", 1), SG_IO);
    assert_int_equal(strlen(err.msg), SG_ERR_MSG_MAX - 1);
    t_assert_fails(sg_err_wrap(&err, "file"), SG_IO);
    assert_int_equal(strlen(err.msg), SG_ERR_MSG_MAX - 1);
    assert_memory_equal(err.msg, "file: ", 6);
}

static void errno_is_named_and_kept(void **state)
{
    struct sg_err err = { 0 };

    (void)state;
    errno = ENOENT;
    t_assert_fails(sg_err_errno(&err, SG_NOT_FOUND, "%s", "/x"), SG_NOT_FOUND);
    assert_string_equal(err.msg, "/x: No such file or directory");
    assert_int_equal(err.src, SG_SRC_ERRNO);
    assert_int_equal(err.native, ENOENT);
    assert_int_equal(errno, ENOENT);
    errno = EACCES;
    t_assert_fails(sg_err_errno(&err, SG_IO, "second"), SG_NOT_FOUND);
    assert_string_equal(err.msg, "/x: No such file or directory");
}

static void openssl_reason_is_taken_and_the_queue_drained(void **state)
{
    struct sg_err err = { 0 };
    const unsigned char junk[] = { 0x30, 0x03, 0x02 };
    const unsigned char *p = junk;

    (void)state;
    assert_null(d2i_PUBKEY(NULL, &p, sizeof(junk)));
    unsigned long code = ERR_peek_last_error();
    const char *reason = ERR_reason_error_string(code);
    char want[256];

    assert_int_not_equal(code, 0);
    (void)snprintf(want, sizeof(want), "key 7: %s", reason);
    t_assert_fails(sg_err_openssl(&err, SG_CRYPTO, "key %d", 7), SG_CRYPTO);
    assert_string_equal(err.msg, want);
    assert_int_equal(err.src, SG_SRC_OPENSSL);
    assert_int_equal(err.native, code);
    assert_int_equal(ERR_peek_error(), 0);

    sg_err_clear(&err);
    t_assert_fails(sg_err_openssl(&err, SG_CRYPTO, "no queue"), SG_CRYPTO);
    assert_string_equal(err.msg, "no queue");
}

static void every_code_has_its_row(void **state)
{
    (void)state;
    assert_string_equal(sg_rc_name(SG_OK), "OK");
    assert_string_equal(sg_rc_name(SG_BUG), "BUG");
    assert_string_equal(sg_rc_text(SG_POLICY), "refused by policy");
    assert_int_equal(sg_rc_http(SG_DENIED), 403);
    assert_int_equal(sg_rc_http(SG_LIMIT), 429);
    assert_int_equal(sg_rc_exit(SG_CONFIG), 78);
    assert_true(sg_rc_retryable(SG_TOKEN));
    assert_false(sg_rc_retryable(SG_PIN)); /* a retry locks the token */
    for (int rc = SG_OK; rc <= SG_BUG; rc++) {
        assert_true(strlen(sg_rc_text((enum sg_rc)rc)) > 0);
        assert_in_range(sg_rc_http((enum sg_rc)rc), 200, 599);
        assert_in_range(sg_rc_exit((enum sg_rc)rc), rc == SG_OK ? 0 : 64, 78);
    }
    assert_string_equal(sg_rc_name((enum sg_rc)99), "BUG");
}

static void clear_lets_a_second_attempt_fail_anew(void **state)
{
    struct sg_err err = { 0 };

    (void)state;
    t_assert_fails(sg_err_set(&err, SG_IO, "one"), SG_IO);
    sg_err_clear(&err);
    assert_int_equal(err.rc, SG_OK);
    t_assert_fails(sg_err_set(&err, SG_FORMAT, "two"), SG_FORMAT);
    assert_string_equal(err.msg, "two");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_failure_wins),
        cmocka_unit_test(wrap_puts_context_in_front),
        cmocka_unit_test(wrap_that_leaves_no_room_is_dropped),
        cmocka_unit_test(long_text_is_cut),
        cmocka_unit_test(errno_is_named_and_kept),
        cmocka_unit_test(openssl_reason_is_taken_and_the_queue_drained),
        cmocka_unit_test(every_code_has_its_row),
        cmocka_unit_test(clear_lets_a_second_attempt_fail_anew),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
