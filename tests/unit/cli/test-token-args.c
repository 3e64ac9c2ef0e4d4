/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/t.h"

#include "cli/token-args.h"

static void becomes(const char *text, const char *want)
{
    struct sg_err err = { 0 };
    char uri[128];
    assert_int_equal(cli_token_uri(text, uri, sizeof(uri), &err), SG_OK);
    assert_string_equal(uri, want);
}

static void test_uri(void **state)
{
    (void)state;
    becomes("demo-root", "pkcs11:token=demo-root");
    becomes("My CA; 2/3", "pkcs11:token=My%20CA%3B%202%2F3");
    becomes("100%", "pkcs11:token=100%25");
    becomes("pkcs11x", "pkcs11:token=pkcs11x");
    becomes("pkcs11:token=a%20b;serial=1", "pkcs11:token=a%20b;serial=1");
    becomes("\xc3\xbc", "pkcs11:token=%C3%BC");
}

static void test_uri_too_long(void **state)
{
    struct sg_err err = { 0 };
    char uri[24];
    (void)state;
    assert_int_equal(cli_token_uri("12345678901", uri, sizeof(uri), &err),
                     SG_USAGE);
    assert_string_equal(err.msg, "token '12345678901...': name too long");
    err = (struct sg_err){ 0 };
    assert_int_equal(cli_token_uri("1234567890", uri, sizeof(uri), &err),
                     SG_OK);
    t_assert_fails(cli_token_uri("123456789%", uri, sizeof(uri), &err),
                   SG_USAGE);
}

static void start_fails(const struct cli_token_args *args, bool login,
                        enum sg_rc rc, const char *message, const char *hint)
{
    struct sg_err err = { 0 };
    struct cli cli = { 0 };
    struct tok_client *client = NULL;
    const struct cli_token_start start = { .args = args, .login = login };
    t_assert_fails(cli_token_start(&cli, &start, &client, &err), rc);
    assert_null(client);
    assert_string_equal(err.msg, message);
    assert_string_equal(cli.hint, hint);
}

static void test_what_is_missing(void **state)
{
    (void)state;
    start_fails(&(struct cli_token_args){ .token = "x" }, true, SG_USAGE,
                "no PKCS#11 module given",
                "--module PATH or $SIGNET_MODULE names it; SoftHSM's is "
                "/usr/lib/softhsm/libsofthsm2.so");
    start_fails(&(struct cli_token_args){ .module = "/nowhere/module.so" },
                true, SG_NOT_FOUND,
                "--module /nowhere/module.so: No such file or directory", "");
    start_fails(
        &(struct cli_token_args){
            .module = "/bin/true", .token = "x", .guards = "/nowhere/guards" },
        true, SG_IO, "--guards /nowhere/guards: No such file or directory",
        "name a folder that you may write with --guards DIR");
    start_fails(&(struct cli_token_args){ .module = "/bin/true",
                                          .program = "/nowhere/token" },
                false, SG_NOT_FOUND,
                "--token-program /nowhere/token: No such file or directory",
                "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_uri),
        cmocka_unit_test(test_uri_too_long),
        cmocka_unit_test(test_what_is_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
