/* SPDX-License-Identifier: Apache-2.0 */
/* How signet-token starts, refuses to start, and ends. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/shim-p11.h"
#include "tests/token/token.h"

struct fixture {
    struct t_token token;
    struct shim_control *shim; /* counts C_Login */
    char control[T_PATH_MAX + 16];
};

static int setup(void **state)
{
    static struct fixture f;

    t_token_new(&f.token);
    (void)snprintf(f.control, sizeof(f.control), "%s/control", f.token.dir);
    f.shim = shim_control_new(f.control, f.token.module);
    f.token.module = getenv("SIGNET_SHIM");
    assert_non_null(f.token.module);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    shim_control_free(f->shim);
    t_token_done(&f->token);
    return 0;
}

/* HELLO must say this, and the exit code must follow from it. */
static void refused(const char *const *args, enum sg_rc want, const char *text)
{
    struct t_helper h;

    t_helper_start(&h, args);
    if (h.hello_rc != want || strstr(h.failure.msg, text) == NULL)
        fail_msg("%s: %s instead of %s: %s", sg_rc_name(h.hello_rc),
                 h.failure.msg, sg_rc_name(want), text);
    assert_int_equal(t_helper_wait(&h), sg_rc_exit(want));
}
#define ARGS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void test_starts_and_ends(void **state)
{
    struct fixture *f = *state;
    struct t_helper h;
    struct stat st;

    t_helper_start_on(&h, &f->token, 3);
    assert_string_equal(h.info.label, "unit");
    assert_string_equal(h.info.manufacturer, "SoftHSM project");
    assert_int_equal(strlen(h.info.serial), 16);
    assert_int_equal(h.info.sessions, 3);
    assert_true(h.info.initialised);
    assert_non_null(strstr(h.info.module, "2.6"));
    assert_int_equal(t_helper_call(&h, TOK_OP_PING, SG_SLICE(NULL, 0)), SG_OK);
    assert_int_equal(stat(f->token.guards, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    assert_int_equal(f->shim->calls[SHIM_Login], 1);
    assert_int_equal(t_helper_stop(&h), 0);
}

static void test_default_pool(void **state)
{
    struct fixture *f = *state;
    struct t_helper h;
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);

    t_helper_start_on(&h, &f->token, 0);
    assert_int_equal(h.info.sessions, 2 * cpus > 16 ? 16 : 2 * cpus);
    assert_int_equal(t_helper_stop(&h), 0);
}

static void test_wrong_pin_tried_once(void **state)
{
    struct fixture *f = *state;
    char path[T_PATH_MAX + 16];
    char ref[T_PATH_MAX + 32];

    (void)snprintf(path, sizeof(path), "%s/wrong", f->token.dir);
    (void)snprintf(ref, sizeof(ref), "file:%s", path);
    t_file_write(path, "00000000", 8);
    assert_int_equal(chmod(path, 0600), 0);
    refused(ARGS("--module", f->token.module, "--uri", f->token.uri,
                 "--pin-source", ref),
            SG_PIN,
            "C_Login: CKR_PIN_INCORRECT: the PIN is wrong; it was "
            "tried once");
    assert_int_equal(f->shim->calls[SHIM_Login], 1);
}

static void test_pin_state_is_looked_at_first(void **state)
{
    struct fixture *f = *state;
    const char *const *args =
        ARGS("--module", f->token.module, "--uri", f->token.uri, "--pin-source",
             f->token.pin_source);

    f->shim->token_flags = 0x00020000UL; /* CKF_USER_PIN_FINAL_TRY */
    refused(args, SG_PIN, "the next wrong PIN would lock the token");
    f->shim->token_flags = 0x00040000UL; /* CKF_USER_PIN_LOCKED */
    refused(args, SG_PIN, "the token's user PIN is locked");
    assert_int_equal(f->shim->calls[SHIM_Login], 0);
}

static void test_pin_sources(void **state)
{
    struct fixture *f = *state;

    refused(ARGS("--module", f->token.module, "--uri", f->token.uri), SG_CONFIG,
            "--pin-source is missing");
    refused(ARGS("--module", f->token.module, "--uri", f->token.uri,
                 "--pin-source", "1234"),
            SG_CONFIG, "");
    refused(ARGS("--module", f->token.module, "--uri", f->token.uri,
                 "--pin-source", "file:/does/not/exist"),
            SG_IO, "/does/not/exist");
    assert_int_equal(f->shim->calls[SHIM_Login], 0);
}

static void test_uris(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *uri;
        enum sg_rc rc;
        const char *text;
    } CASES[] = {
        { "pkcs11:token=other", SG_NOT_FOUND,
          "no token fits pkcs11:token=other; tokens there: \"unit\"" },
        { "pkcs11:token=unit;serial=00", SG_NOT_FOUND, "no token fits" },
        { "pkcs11:slot-id=999999", SG_NOT_FOUND, "no token fits" },
        { "pkcs11:token=unit?pin-value=1234", SG_CONFIG, "pin-value" },
        { "pkcs11:token=unit?pin-source=/x", SG_CONFIG, "--pin-source" },
        { "pkcs11:token=unit;object=key", SG_CONFIG, "names an object" },
        { "pkcs11:token=unit?module-path=/x", SG_CONFIG, "use --module" },
        { "pkcs11:token=unit;colour=red", SG_CONFIG, "unknown attribute" },
        { "http://unit", SG_CONFIG, "token URI: " },
        { "", SG_CONFIG, "token URI: " },
    };

    for (size_t i = 0; i < SG_ARRAY_LEN(CASES); i++)
        refused(ARGS("--module", f->token.module, "--uri", CASES[i].uri,
                     "--pin-source", f->token.pin_source),
                CASES[i].rc, CASES[i].text);
    assert_int_equal(f->shim->calls[SHIM_Login], 0);
}

static void test_several_tokens(void **state)
{
    struct fixture *f = *state;
    struct t_run run;

    t_run_args(&run, getenv("SIGNET_MAKE_TOKEN"), f->token.dir, "second");
    assert_int_equal(run.exit_code, 0);
    t_run_done(&run);
    refused(ARGS("--module", f->token.module, "--uri",
                 "pkcs11:model=SoftHSM%20v2", "--pin-source",
                 f->token.pin_source),
            SG_CONFLICT, "2 tokens fit pkcs11:model=SoftHSM%20v2: add serial=");
}

static void test_modules(void **state)
{
    struct fixture *f = *state;
    char path[T_PATH_MAX + 16];

    (void)snprintf(path, sizeof(path), "%s/module.so", f->token.dir);
    refused(ARGS("--module", "libsofthsm2.so"), SG_CONFIG,
            "module libsofthsm2.so: not an absolute path");
    refused(ARGS("--module", "/does/not/exist.so"), SG_CONFIG,
            "module /does/not/exist.so: No such file");
    refused(ARGS("--module", f->token.dir), SG_CONFIG, "not a regular file");
    t_file_write(path, "x", 1);
    assert_int_equal(chmod(path, 0622), 0);
    refused(ARGS("--module", path), SG_CONFIG,
            "group or others may write it (mode 0622)");
    assert_int_equal(chmod(path, 0600), 0);
    refused(ARGS("--module", path), SG_CONFIG, "file too short");
    refused(ARGS("--module", "/lib/x86_64-linux-gnu/libdl.so.2"), SG_CONFIG,
            "no C_GetFunctionList in it: not a PKCS#11 module");
}

static void test_guard_directory(void **state)
{
    struct fixture *f = *state;
    const char *const *args =
        ARGS("--module", f->token.module, "--uri", f->token.uri, "--pin-source",
             f->token.pin_source, "--guards", f->token.guards);

    assert_int_equal(mkdir(f->token.guards, 0700), 0);
    assert_int_equal(chmod(f->token.guards, 0770), 0);
    refused(args, SG_CONFIG, "group or others may write it (mode 0770)");
    assert_int_equal(rmdir(f->token.guards), 0);
    t_file_write(f->token.guards, "", 0);
    refused(args, SG_CONFIG, "not a directory");
    refused(ARGS("--module", f->token.module, "--uri", f->token.uri,
                 "--pin-source", f->token.pin_source, "--guards", "guards"),
            SG_CONFIG, "not an absolute path");
}

/* --- the command line by hand ---------------------------------------------------- */

static void by_hand(const char *const *argv, int exit_code, const char *text)
{
    struct t_run run;

    t_run(argv, &run);
    assert_int_equal(run.exit_code, exit_code);
    if (strstr(run.output, text) == NULL)
        fail_msg("no \"%s\" in: %s", text, run.output);
    t_run_done(&run);
}

static void test_command_line(void **state)
{
    const char *program = getenv("SIGNET_TOKEN");

    (void)state;
    by_hand(ARGS(program, "--help"), 0, "usage: signet-token --module PATH");
    by_hand(ARGS(program, "--version"), 0, "signet-token 0.");
    by_hand(ARGS(program, "--module", "/x"), 64, "no socket on descriptor 3");
    by_hand(ARGS(program), 64, "--module is missing");
    by_hand(ARGS(program, "--pins"), 64, "argument 1: unknown option");
    by_hand(ARGS(program, "--module"), 64, "argument 1: value is missing");
    by_hand(ARGS(program, "1234"), 64, "argument 1: no option");
    by_hand(ARGS(program, "--module", "/x", "--sessions", "0"), 64,
            "--sessions: ");
    by_hand(ARGS(program, "--module", "/x", "--sessions", "65"), 64,
            "--sessions: ");
}

/* --- what the parent may not say ---------------------------------------------------- */

static void test_protocol_errors(void **state)
{
    static const struct {
        enum tok_op op;
        uint64_t id;
        size_t payload;
        const char *text;
    } CASES[] = {
        { TOK_OP_HELLO, 1, 0, "hello frame is no request" },
        { TOK_OP_LOG, 1, 0, "log frame is no request" },
        { TOK_OP_PING, 0, 0, "ping frame is no request" },
        { TOK_OP_PING, 1, 1, "ping with a payload" },
        { TOK_OP_SIGN_CERT, 1, 3, "" },
        { TOK_OP_KEY_OPEN, 1, 3, "" },
        { TOK_OP_KEY_GENERATE, 1, 3, "" },
        { TOK_OP_GUARD_BIND, 1, 3, "" },
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < SG_ARRAY_LEN(CASES); i++) {
        struct t_helper h;
        struct tok_frame frame;
        struct sg_err err = { 0 };

        t_helper_start_on(&h, &f->token, 2);
        t_helper_send(&h, CASES[i].op, CASES[i].id,
                      SG_SLICE((const uint8_t *)"xyz", CASES[i].payload));
        assert_false(t_helper_receive(&h, &frame));
        t_ok(&err, sg_buf_put_u8(&h.log, 0, &err));
        assert_non_null(strstr((char *)h.log.data, "event=protocol_error"));
        assert_non_null(strstr((char *)h.log.data, CASES[i].text));
        assert_int_equal(t_helper_wait(&h), 70);
    }
}

static void test_garbage(void **state)
{
    struct fixture *f = *state;
    struct tok_frame frame;
    struct t_helper h;

    t_helper_start_on(&h, &f->token, 2);
    assert_int_equal(send(h.fd, "garbage", 7, MSG_NOSIGNAL), 7);
    assert_false(t_helper_receive(&h, &frame));
    assert_int_equal(t_helper_wait(&h), 70);
}

/* Key operations without a login, token operations with one. */
static void test_wrong_mode(void **state)
{
    struct fixture *f = *state;
    struct t_helper h;

    t_helper_start(&h, ARGS("--module", f->token.module));
    assert_int_equal(h.hello_rc, SG_OK);
    assert_int_equal(t_helper_call(&h, TOK_OP_PING, SG_SLICE(NULL, 0)), SG_OK);
    t_assert_fails(t_helper_call(&h, TOK_OP_KEY_LIST, SG_SLICE(NULL, 0)),
                   SG_USAGE);
    assert_string_equal(h.failure.msg,
                        "key_list needs a login: start with --uri");
    assert_int_equal(t_helper_stop(&h), 0);
    t_helper_start_on(&h, &f->token, 1);
    t_assert_fails(t_helper_call(&h, TOK_OP_TOKEN_LIST, SG_SLICE(NULL, 0)),
                   SG_USAGE);
    assert_int_equal(t_helper_stop(&h), 0);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_starts_and_ends),
        CASE(test_default_pool),
        CASE(test_wrong_pin_tried_once),
        CASE(test_pin_state_is_looked_at_first),
        CASE(test_pin_sources),
        CASE(test_uris),
        CASE(test_several_tokens),
        CASE(test_modules),
        CASE(test_guard_directory),
        cmocka_unit_test(test_command_line),
        CASE(test_protocol_errors),
        CASE(test_garbage),
        CASE(test_wrong_mode),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
