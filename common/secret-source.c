/* SPDX-License-Identifier: Apache-2.0 */
#include "common/secret.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/file.h"
#include "common/parse.h"
#include "common/secret-prompt.h"

#define READ_DEADLINE_MS 30000 /* a person with a card may have to act */
#define SOURCE_MAX 4096        /* bytes; also room for the line's newline */
#define COMMAND_MAX 1024       /* bytes of the whole command */
#define COMMAND_ARGS_MAX 32

/* The first len bytes of secret as a secret of its own. */
static enum sg_rc take_first(const struct sg_secret *all, size_t len,
                             struct sg_secret **ret_secret, struct sg_err *err)
{
    struct sg_secret *secret = NULL;

    if (len == 0)
        return sg_err_set(err, SG_IO, "is empty");
    SG_TRY(sg_secret_new(len, &secret, err));
    memcpy(secret->buf, all->buf, len);
    *ret_secret = secret;
    return SG_OK;
}

static enum sg_rc without_newline(const struct sg_secret *all, size_t len,
                                  struct sg_secret **ret_secret,
                                  struct sg_err *err)
{
    if (len > 0 && all->buf[len - 1] == '\n')
        len--;
    return take_first(all, len, ret_secret, err);
}

static enum sg_rc wait_readable(int fd, int64_t deadline, struct sg_err *err)
{
    for (;;) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        int64_t left = deadline - sg_mono_ms();
        int n = poll(&p, 1, left > 0 ? (int)left : 0);

        if (n > 0)
            return SG_OK;
        if (n == 0)
            return sg_err_set(err, SG_IO, "no answer in time");
        if (errno != EINTR)
            return sg_err_errno(err, SG_IO, "poll");
    }
}

/* To the end of the file: from offset 0 where the descriptor can seek, so that
 * it can be read again, else from where it stands. */
static enum sg_rc read_end(int fd, int64_t deadline, struct sg_secret *into,
                           size_t *ret_len, struct sg_err *err)
{
    bool seeks = lseek(fd, 0, SEEK_CUR) >= 0;
    size_t len = 0;

    for (;;) {
        if (len == into->len)
            return sg_err_set(err, SG_IO, "longer than %d bytes",
                              SOURCE_MAX - 1);
        if (!seeks)
            SG_TRY(wait_readable(fd, deadline, err));
        ssize_t n =
            seeks ? pread(fd, into->buf + len, into->len - len, (off_t)len)
                  : read(fd, into->buf + len, into->len - len);
        if (n == 0)
            break;
        if (n > 0)
            len += (size_t)n;
        else if (errno != EINTR && errno != EAGAIN)
            return sg_err_errno(err, SG_IO, "cannot be read");
    }
    *ret_len = len;
    return SG_OK;
}

static enum sg_rc from_open_fd(int fd, struct sg_secret **ret_secret,
                               struct sg_err *err)
{
    SG_CLEANUP(sg_secret_free) struct sg_secret *all = NULL;
    size_t len = 0;

    SG_TRY(sg_secret_new(SOURCE_MAX, &all, err));
    SG_TRY(read_end(fd, sg_mono_ms() + READ_DEADLINE_MS, all, &len, err));
    return without_newline(all, len, ret_secret, err);
}

static enum sg_rc from_path(const char *path, bool owner_only,
                            struct sg_secret **ret_secret, struct sg_err *err)
{
    SG_CLEANUP(sg_fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) != 0)
        return sg_err_errno(err, SG_IO, "cannot be read");
    if (!S_ISREG(st.st_mode))
        return sg_err_set(err, SG_CONFIG, "not a regular file");
    if (owner_only && (st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return sg_err_set(err, SG_CONFIG,
                          "mode %04o opens it to group or others: chmod 600",
                          (unsigned)st.st_mode & 07777);
    return from_open_fd(fd, ret_secret, err);
}

static enum sg_rc from_file(const char *path, const char *label,
                            struct sg_secret **ret_secret, struct sg_err *err)
{
    (void)label;
    if (path[0] != '/')
        return sg_err_set(err, SG_CONFIG, "not an absolute path");
    return from_path(path, true, ret_secret, err);
}

static enum sg_rc from_fd(const char *number, const char *label,
                          struct sg_secret **ret_secret, struct sg_err *err)
{
    struct sg_err parse = { 0 };
    uint64_t fd = 0;

    (void)label;
    if (sg_parse_u64(number, 0, INT_MAX, &fd, &parse) != SG_OK)
        return sg_err_set(err, SG_CONFIG, "%s", parse.msg);
    return from_open_fd((int)fd, ret_secret, err);
}

/* systemd guards that directory; the mode of the files in it shows an ACL's
 * mask and says nothing about groups. */
static enum sg_rc from_credential(const char *name, const char *label,
                                  struct sg_secret **ret_secret,
                                  struct sg_err *err)
{
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing calls setenv
    const char *dir = getenv("CREDENTIALS_DIRECTORY");
    char path[COMMAND_MAX];

    (void)label;
    if (name[0] == '\0' || name[0] == '.' || strchr(name, '/') != NULL)
        return sg_err_set(err, SG_CONFIG, "not a credential's name");
    if (dir == NULL || dir[0] != '/')
        return sg_err_set(err, SG_CONFIG,
                          "CREDENTIALS_DIRECTORY is not set: the unit needs "
                          "LoadCredential=%s:...",
                          name);
    int n = snprintf(path, sizeof(path), "%s/%s", dir, name);
    if (n < 0 || (size_t)n >= sizeof(path))
        return sg_err_set(err, SG_CONFIG, "path is too long");
    return from_path(path, false, ret_secret, err);
}

/* --- command: -------------------------------------------------------------- */

/* Cut text at spaces, in place; argv ends with NULL. */
static enum sg_rc split(char *text, char *argv[COMMAND_ARGS_MAX + 1],
                        struct sg_err *err)
{
    size_t n = 0;
    char *rest = NULL;

    for (char *word = strtok_r(text, " ", &rest); word != NULL;
         word = strtok_r(NULL, " ", &rest)) {
        if (n == COMMAND_ARGS_MAX)
            return sg_err_set(err, SG_CONFIG, "more than %d words",
                              COMMAND_ARGS_MAX);
        argv[n++] = word;
    }
    argv[n] = NULL;
    if (n == 0 || argv[0][0] != '/')
        return sg_err_set(err, SG_CONFIG,
                          "the program is not an absolute path");
    return SG_OK;
}

/* Standard input from /dev/null, standard output into the pipe. The daemon may
 * block signals: the program starts with none blocked, SIGPIPE as usual. */
static int spawn(char *const argv[], int out, pid_t *ret_pid)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    sigset_t none;
    sigset_t defaults;

    (void)sigemptyset(&none);
    (void)sigemptyset(&defaults);
    (void)sigaddset(&defaults, SIGPIPE);
    (void)sigaddset(&defaults, SIGCHLD);
    assert(argv[0] != NULL);
    int rc = posix_spawn_file_actions_init(&files);
    if (rc != 0)
        return rc;
    rc = posix_spawnattr_init(&attr);
    if (rc == 0) {
        (void)posix_spawnattr_setsigmask(&attr, &none);
        (void)posix_spawnattr_setsigdefault(&attr, &defaults);
        (void)posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK
                                                  | POSIX_SPAWN_SETSIGDEF);
        rc = posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null",
                                              O_RDONLY, 0);
        if (rc == 0)
            rc = posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
        if (rc == 0)
            rc = posix_spawn(ret_pid, argv[0], &files, &attr, argv, environ);
        (void)posix_spawnattr_destroy(&attr);
    }
    (void)posix_spawn_file_actions_destroy(&files);
    return rc;
}

/* Wait for the end of a program that has closed its output; kill it at the
 * deadline. */
static enum sg_rc reap(pid_t pid, int64_t deadline, struct sg_err *err)
{
    int status = 0;
    pid_t done = 0;

    for (;;) {
        done = waitpid(pid, &status, WNOHANG);
        if (done != 0 || sg_mono_ms() >= deadline)
            break;
        sg_sleep_ms(2);
    }
    if (done == 0) {
        (void)kill(pid, SIGKILL);
        (void)waitpid(pid, &status, 0);
        return sg_err_set(err, SG_IO, "no answer in time");
    }
    if (done < 0)
        return sg_err_errno(err, SG_IO, "waitpid");
    if (WIFSIGNALED(status))
        return sg_err_set(err, SG_IO, "ended by signal %d", WTERMSIG(status));
    if (WEXITSTATUS(status) != 0)
        return sg_err_set(err, SG_IO, "exit status %d", WEXITSTATUS(status));
    return SG_OK;
}

static enum sg_rc first_line(char *const argv[], int64_t deadline,
                             struct sg_secret *all, size_t *ret_len,
                             struct sg_err *err)
{
    int ends[2] = { -1, -1 };
    pid_t pid = -1;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return sg_err_errno(err, SG_IO, "pipe");
    SG_CLEANUP(sg_fd_close) int in = ends[0];
    int number = spawn(argv, ends[1], &pid);
    (void)close(ends[1]);
    if (number != 0) {
        errno = number;
        return sg_err_errno(err, SG_IO, "cannot be run");
    }
    enum sg_rc rc = read_end(in, deadline, all, ret_len, err);
    /* After a failed read there is nothing to wait for. */
    enum sg_rc end = reap(pid, rc == SG_OK ? deadline : 0, err);
    return rc != SG_OK ? rc : end;
}

enum sg_rc sg_secret_from_command(const char *command, unsigned timeout_ms,
                                  struct sg_secret **ret_secret,
                                  struct sg_err *err)
{
    SG_CLEANUP(sg_secret_free) struct sg_secret *all = NULL;
    char text[COMMAND_MAX];
    char *argv[COMMAND_ARGS_MAX + 1];
    size_t len = 0;

    if (strlen(command) >= sizeof(text))
        return sg_err_set(err, SG_CONFIG, "command of more than %d bytes",
                          COMMAND_MAX - 1);
    memcpy(text, command, strlen(command) + 1);
    SG_TRY(split(text, argv, err));
    SG_TRY(sg_secret_new(SOURCE_MAX, &all, err));
    SG_TRY(first_line(argv, sg_mono_ms() + timeout_ms, all, &len, err));

    const uint8_t *newline = memchr(all->buf, '\n', len);
    if (newline != NULL)
        len = (size_t)(newline - all->buf);
    return take_first(all, len, ret_secret, err);
}

static enum sg_rc from_command(const char *command, const char *label,
                               struct sg_secret **ret_secret,
                               struct sg_err *err)
{
    (void)label;
    return sg_secret_from_command(command, READ_DEADLINE_MS, ret_secret, err);
}

static enum sg_rc from_prompt(const char *rest, const char *label,
                              struct sg_secret **ret_secret, struct sg_err *err)
{
    SG_CLEANUP(sg_secret_free) struct sg_secret *all = NULL;
    size_t len = 0;

    (void)rest;
    SG_TRY(sg_secret_new(SOURCE_MAX, &all, err));
    SG_TRY(sg_secret_prompt(label, all, &len, err));
    return take_first(all, len, ret_secret, err);
}

enum sg_rc sg_secret_from(const char *ref, const char *label,
                          struct sg_secret **ret_secret, struct sg_err *err)
{
    static const struct {
        const char *scheme; /* with ":" when something follows it */
        enum sg_rc (*get)(const char *rest, const char *label,
                          struct sg_secret **ret_secret, struct sg_err *err);
    } sources[] = {
        { "file:", from_file },
        { "fd:", from_fd },
        { "credential:", from_credential },
        { "command:", from_command },
        { "prompt", from_prompt },
    };
    char shown[SG_SHOW_MAX];

    for (size_t i = 0; i < SG_ARRAY_LEN(sources); i++) {
        size_t len = strlen(sources[i].scheme);

        if (strncmp(ref, sources[i].scheme, len) != 0
            || (sources[i].get == from_prompt && ref[len] != '\0'))
            continue;
        if (sources[i].get(ref + len, label, ret_secret, err) == SG_OK)
            return SG_OK;
        return sg_err_wrap(err, "%s from %s", label, sg_show(ref, shown));
    }
    /* What stands there may be the secret itself: it is not repeated. */
    return sg_err_set(err, SG_CONFIG,
                      "%s: not file:/path, fd:N, credential:NAME, "
                      "command:/path or prompt",
                      label);
}
