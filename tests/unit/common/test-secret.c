/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/t.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/file.h"
#include "common/secret.h"
#include "tests/lib/run.h"

struct place {
    char dir[T_PATH_MAX];
    char file[T_PATH_MAX + 8];
    char ref[T_PATH_MAX + 64];
    char want[T_PATH_MAX + 256];
};

static int place_new(void **state)
{
    static struct place place;

    place = (struct place){ 0 };
    t_dir_new(place.dir);
    (void)snprintf(place.file, sizeof(place.file), "%s/pin", place.dir);
    (void)snprintf(place.ref, sizeof(place.ref), "file:%s", place.file);
    *state = &place;
    return 0;
}

static int place_remove(void **state)
{
    struct place *place = *state;

    t_dir_remove(place->dir);
    return 0;
}

static void keep(struct place *place, const char *text, mode_t mode)
{
    t_file_write(place->file, text, strlen(text));
    assert_int_equal(chmod(place->file, mode), 0);
}

/* The secret behind ref, as text. */
static void holds(const char *ref, const char *want)
{
    struct sg_err err = { 0 };
    SG_CLEANUP(sg_secret_free) struct sg_secret *secret = NULL;

    t_ok(&err, sg_secret_from(ref, "PIN", &secret, &err));
    assert_int_equal(secret->len, strlen(want));
    assert_string_equal((char *)secret->buf, want); /* ends with a NUL */
}

static void refused(const char *ref, enum sg_rc rc, const char *want)
{
    struct sg_err err = { 0 };
    struct sg_secret *secret = NULL;

    t_refused(&err, sg_secret_from(ref, "PIN", &secret, &err), rc, want);
    assert_null(secret);
}

static void memory_is_zeroed_and_ends_with_a_nul(void **state)
{
    struct sg_err err = { 0 };
    struct sg_secret *secret = NULL;

    (void)state;
    for (size_t len = 0; len < 9000; len += 4095) {
        t_ok(&err, sg_secret_new(len, &secret, &err));
        assert_int_equal(secret->len, len);
        for (size_t i = 0; i <= len; i++)
            assert_int_equal(secret->buf[i], 0);
        memset(secret->buf, 'x', len);
        sg_secret_free(secret);
    }
    sg_secret_free(NULL);
    secret = NULL;
    t_refused(&err, sg_secret_new(SIZE_MAX, &secret, &err), SG_LIMIT,
              "secret of 18446744073709551615 bytes, at most 65536");
    assert_null(secret);
}

/* The flags of the mapping that holds address, from /proc/self/smaps. */
static void memory_stays_out_of_core_dumps(void **state)
{
    struct sg_err err = { 0 };
    SG_CLEANUP(sg_secret_free) struct sg_secret *secret = NULL;
    FILE *maps = fopen("/proc/self/smaps", "re");
    char line[256];
    char start[32];
    bool inside = false;
    bool seen = false;

    (void)state;
    assert_non_null(maps);
    t_ok(&err, sg_secret_new(100, &secret, &err));
    (void)snprintf(start, sizeof(start), "%lx-", (unsigned long)secret->buf);
    while (fgets(line, sizeof(line), maps) != NULL) {
        if (strncmp(line, start, strlen(start)) == 0)
            inside = true;
        if (!inside || strncmp(line, "VmFlags:", 8) != 0)
            continue;
        assert_non_null(strstr(line, " dd ")); /* do not dump */
        seen = true;
        break;
    }
    (void)fclose(maps);
    assert_true(seen);
}

static void from_a_file(void **state)
{
    struct place *place = *state;

    keep(place, "1234", 0600);
    holds(place->ref, "1234");
    keep(place, "1234\n", 0400);
    holds(place->ref, "1234");
    keep(place, "12\n34\n\n", 0600); /* one newline only */
    holds(place->ref, "12\n34\n");
    keep(place, " 1234 \r", 0600);
    holds(place->ref, " 1234 \r");
}

static void a_file_that_others_may_read(void **state)
{
    static const mode_t modes[] = { 0640, 0604, 0620, 0602, 0610, 0601 };
    struct place *place = *state;

    for (size_t i = 0; i < SG_ARRAY_LEN(modes); i++) {
        keep(place, "1234", modes[i]);
        (void)snprintf(place->want, sizeof(place->want),
                       "PIN from %s: mode %04o opens it to group or others: "
                       "chmod 600",
                       place->ref, (unsigned)modes[i]);
        refused(place->ref, SG_CONFIG, place->want);
    }
}

static void files_that_hold_no_secret(void **state)
{
    struct place *place = *state;
    static char big[4097];

    keep(place, "", 0600);
    (void)snprintf(place->want, sizeof(place->want), "PIN from %s: is empty",
                   place->ref);
    refused(place->ref, SG_IO, place->want);
    keep(place, "\n", 0600);
    refused(place->ref, SG_IO, place->want);

    memset(big, 'b', sizeof(big) - 1);
    keep(place, big, 0600);
    (void)snprintf(place->want, sizeof(place->want),
                   "PIN from %s: longer than 4095 bytes", place->ref);
    refused(place->ref, SG_IO, place->want);

    assert_int_equal(unlink(place->file), 0);
    (void)snprintf(place->want, sizeof(place->want),
                   "PIN from %s: cannot be read: No such file or directory",
                   place->ref);
    refused(place->ref, SG_IO, place->want);
    (void)snprintf(place->ref, sizeof(place->ref), "file:%s", place->dir);
    (void)snprintf(place->want, sizeof(place->want),
                   "PIN from %s: not a regular file", place->ref);
    refused(place->ref, SG_CONFIG, place->want);
}

static void references_that_are_refused(void **state)
{
    static const char none[] =
        "PIN: not file:/path, fd:N, credential:NAME, command:/path or prompt";

    (void)state;
    refused("1234", SG_CONFIG, none); /* and the value is not repeated */
    refused("", SG_CONFIG, none);
    refused("File:/x", SG_CONFIG, none);
    refused("prompt:", SG_CONFIG, none);
    refused("promptly", SG_CONFIG, none);
    refused("env:PIN", SG_CONFIG, none);
    refused("file:pin", SG_CONFIG, "PIN from file:pin: not an absolute path");
    refused("fd:x", SG_CONFIG, "PIN from fd:x: \"x\": not a whole number");
    refused("fd:-1", SG_CONFIG, "PIN from fd:-1: \"-1\": not a whole number");
    refused("fd:9999", SG_IO,
            "PIN from fd:9999: cannot be read: Bad file descriptor");
}

static void from_a_descriptor_that_can_seek(void **state)
{
    struct place *place = *state;
    char ref[32];

    keep(place, "5678\n", 0644); /* the mode is its opener's business */
    SG_CLEANUP(sg_fd_close) int fd = open(place->file, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    (void)snprintf(ref, sizeof(ref), "fd:%d", fd);
    assert_int_equal(lseek(fd, 3, SEEK_SET), 3);
    holds(ref, "5678");
    holds(ref, "5678"); /* again after a restart of the token process */
}

static void from_a_pipe(void **state)
{
    int ends[2];
    char ref[32];

    (void)state;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(write(ends[1], "abc\n", 4), 4);
    (void)close(ends[1]);
    (void)snprintf(ref, sizeof(ref), "fd:%d", ends[0]);
    holds(ref, "abc");
    (void)close(ends[0]);
}

static void from_a_credential(void **state)
{
    struct place *place = *state;

    keep(place, "cred\n", 0440); /* systemd's ACL mask shows as group */
    assert_int_equal(setenv("CREDENTIALS_DIRECTORY", place->dir, 1), 0);
    holds("credential:pin", "cred");
    (void)unsetenv("CREDENTIALS_DIRECTORY");
    refused("credential:pin", SG_CONFIG,
            "PIN from credential:pin: CREDENTIALS_DIRECTORY is not set: the "
            "unit needs LoadCredential=pin:...");
    refused("credential:../pin", SG_CONFIG,
            "PIN from credential:../pin: not a credential's name");
    refused("credential:", SG_CONFIG,
            "PIN from credential:: not a credential's name");
    refused("credential:a/b", SG_CONFIG,
            "PIN from credential:a/b: not a credential's name");
}

/* --- command: ------------------------------------------------------------------- */

/* place->file becomes a shell script; place->ref runs it. */
static void script(struct place *place, const char *body)
{
    char text[512];

    (void)snprintf(text, sizeof(text), "#!/bin/sh\n%s\n", body);
    keep(place, text, 0700);
    (void)snprintf(place->ref, sizeof(place->ref), "command:%s", place->file);
}

static void from_a_command(void **state)
{
    struct place *place = *state;

    script(place, "echo 9999; echo second line");
    holds(place->ref, "9999");
    script(place, "printf 8888");
    holds(place->ref, "8888");
    script(place, "printf '%s' \"$#:$1:$2\"");
    (void)strncat(place->ref, "  a|b   $HOME", 32); /* no shell reads it */
    holds(place->ref, "2:a|b:$HOME");
    script(place, "cat; echo end"); /* standard input is empty */
    holds(place->ref, "end");
}

static void commands_that_fail(void **state)
{
    struct place *place = *state;

    script(place, "echo 1234; exit 3");
    (void)snprintf(place->want, sizeof(place->want),
                   "PIN from %s: exit status 3", place->ref);
    refused(place->ref, SG_IO, place->want);
    script(place, "kill -9 $$");
    (void)snprintf(place->want, sizeof(place->want),
                   "PIN from %s: ended by signal 9", place->ref);
    refused(place->ref, SG_IO, place->want);
    script(place, "echo");
    (void)snprintf(place->want, sizeof(place->want), "PIN from %s: is empty",
                   place->ref);
    refused(place->ref, SG_IO, place->want);
    refused("command:/nonexistent/x", SG_IO,
            "PIN from command:/nonexistent/x: cannot be run: "
            "No such file or directory");
    refused("command:echo 1", SG_CONFIG,
            "PIN from command:echo 1: the program is not an absolute path");
    refused("command: ", SG_CONFIG,
            "PIN from command: : the program is not an absolute path");
}

static void a_command_has_a_deadline(void **state)
{
    struct place *place = *state;
    struct sg_err err = { 0 };
    struct sg_secret *secret = NULL;
    int64_t start = sg_mono_ms();

    script(place, "exec sleep 20");
    t_refused(&err, sg_secret_from_command(place->file, 100, &secret, &err),
              SG_IO, "no answer in time");
    /* One that closes its output and lives on is killed, too. */
    script(place, "echo 1; exec sleep 20 >&- 2>&-");
    t_refused(&err, sg_secret_from_command(place->file, 100, &secret, &err),
              SG_IO, "no answer in time");
    assert_true(sg_mono_ms() - start < 5000);
    assert_null(secret);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* both are reaped */
}

static void a_command_has_limits(void **state)
{
    struct sg_err err = { 0 };
    struct sg_secret *secret = NULL;
    char text[1100] = "/bin/true";

    (void)state;
    for (int i = 0; i < 32; i++)
        (void)strncat(text, " x", 3);
    t_refused(&err, sg_secret_from_command(text, 100, &secret, &err), SG_CONFIG,
              "more than 32 words");
    memset(text, '/', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    t_refused(&err, sg_secret_from_command(text, 100, &secret, &err), SG_CONFIG,
              "command of more than 1023 bytes");
}

/* --- prompt ---------------------------------------------------------------------- */

/* What comes until the child has ended and its terminal is quiet. */
static size_t read_to_the_end(int terminal, pid_t pid, char *dst, size_t size,
                              int *ret_status)
{
    size_t len = 0;
    bool ended = false;

    for (;;) {
        struct pollfd fd = { .fd = terminal, .events = POLLIN };
        ssize_t n = 0;

        if (poll(&fd, 1, 50) > 0)
            n = read(terminal, dst + len, size - len);
        if (n > 0)
            len += (size_t)n;
        else if (ended)
            return len;
        else
            ended = waitpid(pid, ret_status, WNOHANG) == pid;
    }
}

/* Types keys at a prompt on a terminal of its own; the exit status tells what
 * the child got: 0 when the secret is want, 1 when it was refused. */
static int prompt(const char *keys, const char *want, char *screen, size_t size)
{
    int terminal = -1;
    int status = 0;
    size_t len = 0;
    pid_t pid = forkpty(&terminal, NULL, NULL, NULL);

    assert_true(pid >= 0);
    if (pid == 0) {
        struct sg_err err = { 0 };
        struct sg_secret *secret = NULL;

        if (sg_secret_from("prompt", "PIN of web", &secret, &err) != SG_OK) {
            (void)fprintf(stderr, "%s", err.msg);
            _exit(1);
        }
        _exit(strcmp((char *)secret->buf, want) == 0 ? 0 : 2);
    }
    /* The prompt first: what is typed before it is thrown away. */
    while (len < size - 1 && memmem(screen, len, ": ", 2) == NULL) {
        ssize_t n = read(terminal, screen + len, size - 1 - len);

        assert_true(n > 0);
        len += (size_t)n;
    }
    /* Held open: a terminal that its last user closes may lose its last line. */
    SG_CLEANUP(sg_fd_close)
    int held = open(ptsname(terminal), O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(held >= 0);
    assert_int_equal(write(terminal, keys, strlen(keys)), strlen(keys));
    len +=
        read_to_the_end(terminal, pid, screen + len, size - 1 - len, &status);
    screen[len] = '\0';
    (void)close(terminal);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void from_a_prompt_without_echo(void **state)
{
    char screen[256];

    (void)state;
    assert_int_equal(prompt("s3cret\r", "s3cret", screen, sizeof(screen)), 0);
    assert_string_equal(screen, "PIN of web: \r\n");
    assert_int_equal(prompt("ab\x7f"
                            "c\r",
                            "ac", screen, sizeof(screen)),
                     0);
    assert_int_equal(
        prompt("wrong\x15right\r", "right", screen, sizeof(screen)), 0);
    assert_null(strstr(screen, "right"));
}

static void a_prompt_can_be_left(void **state)
{
    char screen[256];

    (void)state;
    assert_int_equal(prompt("abc\x03", "", screen, sizeof(screen)), 1);
    assert_non_null(
        strstr(screen, "PIN of web from prompt: given up at the prompt"));
    assert_int_equal(prompt("\r", "", screen, sizeof(screen)), 1);
    assert_non_null(strstr(screen, "PIN of web from prompt: is empty"));
}

static void no_terminal_no_prompt(void **state)
{
    int status = 0;
    pid_t pid = fork();

    (void)state;
    assert_true(pid >= 0);
    if (pid == 0) {
        struct sg_err err = { 0 };
        struct sg_secret *secret = NULL;

        (void)setsid(); /* leaves the terminal, if there is one */
        enum sg_rc rc = sg_secret_from("prompt", "PIN", &secret, &err);
        _exit(rc == SG_IO && strstr(err.msg, "no terminal to ask at") != NULL
                  ? 0
                  : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void a_hardened_process_cannot_dump(void **state)
{
    int status = 0;
    pid_t pid = fork();

    (void)state;
    assert_true(pid >= 0);
    if (pid == 0) {
        struct rlimit limit = { 1, 1 };

        sg_process_harden();
        (void)getrlimit(RLIMIT_CORE, &limit);
        _exit(limit.rlim_cur == 0 && limit.rlim_max == 0
                      && prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0
                  ? 0
                  : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

int main(void)
{
#define PLACED(f) cmocka_unit_test_setup_teardown(f, place_new, place_remove)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_and_ends_with_a_nul),
        cmocka_unit_test(memory_stays_out_of_core_dumps),
        PLACED(from_a_file),
        PLACED(a_file_that_others_may_read),
        PLACED(files_that_hold_no_secret),
        cmocka_unit_test(references_that_are_refused),
        PLACED(from_a_descriptor_that_can_seek),
        cmocka_unit_test(from_a_pipe),
        PLACED(from_a_credential),
        PLACED(from_a_command),
        PLACED(commands_that_fail),
        PLACED(a_command_has_a_deadline),
        cmocka_unit_test(a_command_has_limits),
        cmocka_unit_test(from_a_prompt_without_echo),
        cmocka_unit_test(a_prompt_can_be_left),
        cmocka_unit_test(no_terminal_no_prompt),
        cmocka_unit_test(a_hardened_process_cannot_dump),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
