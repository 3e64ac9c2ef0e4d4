/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/client-int.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/file.h"
#include "common/parse.h"

#define FD_REF "fd:"
#define PIN_FD (TOK_HELPER_FD + 1)
#define SO_PIN_FD (TOK_HELPER_FD + 2)
#define FD_ABOVE 16 /* duplicates lie here, clear of the child's numbers */
#define ARGS_MAX 16

enum sg_rc tok_spawn_check(const struct tok_client_config *cfg,
                           struct sg_err *err)
{
    if (cfg->program[0] != '/')
        return sg_err_set(err, SG_CONFIG,
                          "token %s: program %s: not an absolute path",
                          cfg->name, cfg->program);
    if (cfg->module[0] != '/')
        return sg_err_set(err, SG_CONFIG,
                          "token %s: module %s: not an absolute path",
                          cfg->name, cfg->module);
    if (access(cfg->program, X_OK) != 0)
        return sg_err_errno(err, SG_CONFIG, "token %s: program %s", cfg->name,
                            cfg->program);
    enum sg_rc rc = sg_file_check_private_write(cfg->program, err);
    if (rc != SG_OK)
        return sg_err_wrap(err, "token %s", cfg->name);
    return SG_OK;
}

/* A descriptor that a PIN reference names, on its way into the child. */
struct passed_fd {
    char ref[16]; /* "fd:4" */
    int copy;     /* -1: the reference names no descriptor */
    int number;   /* in the child */
};

static enum sg_rc pass_fd(const char *ref, int number, struct passed_fd *ret,
                          struct sg_err *err)
{
    uint64_t fd;

    ret->copy = -1;
    ret->number = number;
    if (ref == NULL || strncmp(ref, FD_REF, strlen(FD_REF)) != 0)
        return SG_OK;
    if (sg_parse_u64(ref + strlen(FD_REF), 0, INT32_MAX, &fd, err) != SG_OK)
        return sg_err_wrap(err, "pin source %s", ref);
    ret->copy = fcntl((int)fd, F_DUPFD_CLOEXEC, FD_ABOVE);
    if (ret->copy < 0)
        return sg_err_errno(err, SG_CONFIG, "pin source %s", ref);
    snprintf(ret->ref, sizeof(ret->ref), FD_REF "%d", number);
    return SG_OK;
}

struct spawn {
    const struct tok_client_config *cfg;
    int child_sock;
    struct passed_fd pin;
    struct passed_fd so_pin;
    char sessions[16];
    const char *argv[ARGS_MAX];
    size_t argc;
};

static void put_arg(struct spawn *s, const char *option, const char *value)
{
    if (value == NULL)
        return;
    s->argv[s->argc++] = option;
    s->argv[s->argc++] = value;
}

static void make_args(struct spawn *s)
{
    const struct tok_client_config *cfg = s->cfg;

    s->argv[s->argc++] = cfg->program;
    put_arg(s, "--module", cfg->module);
    put_arg(s, "--init-args", cfg->init_args);
    put_arg(s, "--uri", cfg->uri);
    put_arg(s, "--pin-source", s->pin.copy >= 0 ? s->pin.ref : cfg->pin_source);
    put_arg(s, "--so-pin-source",
            s->so_pin.copy >= 0 ? s->so_pin.ref : cfg->so_pin_source);
    put_arg(s, "--guards", cfg->guard_dir);
    if (cfg->sessions > 0) {
        snprintf(s->sessions, sizeof(s->sessions), "%u", cfg->sessions);
        put_arg(s, "--sessions", s->sessions);
    }
    s->argv[s->argc] = NULL;
}

static bool asks_on_terminal(const char *ref)
{
    return ref != NULL && strcmp(ref, "prompt") == 0;
}

static int set_actions(const struct spawn *s, posix_spawn_file_actions_t *fa)
{
    int e = posix_spawn_file_actions_addopen(fa, STDIN_FILENO, "/dev/null",
                                             O_RDONLY, 0);
    /* A module that prints must not write into a program's answer. */
    if (e == 0)
        e = posix_spawn_file_actions_adddup2(fa, STDERR_FILENO, STDOUT_FILENO);
    if (e == 0)
        e = posix_spawn_file_actions_adddup2(fa, s->child_sock, TOK_HELPER_FD);
    if (e == 0 && s->pin.copy >= 0)
        e = posix_spawn_file_actions_adddup2(fa, s->pin.copy, s->pin.number);
    if (e == 0 && s->so_pin.copy >= 0)
        e = posix_spawn_file_actions_adddup2(fa, s->so_pin.copy,
                                             s->so_pin.number);
    return e;
}

static int set_attributes(const struct spawn *s, posix_spawnattr_t *attr)
{
    sigset_t none;
    sigset_t all;
    short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;

    sigemptyset(&none);
    sigfillset(&all);
    /* Ctrl-C is for the program, which then ends the token process in order.
     * Only a prompt needs the terminal's own process group. */
    if (!asks_on_terminal(s->cfg->pin_source)
        && !asks_on_terminal(s->cfg->so_pin_source))
        flags |= POSIX_SPAWN_SETPGROUP;
    int e = posix_spawnattr_setsigmask(attr, &none);
    if (e == 0)
        e = posix_spawnattr_setsigdefault(attr, &all);
    if (e == 0)
        e = posix_spawnattr_setpgroup(attr, 0);
    if (e == 0)
        e = posix_spawnattr_setflags(attr, flags);
    return e;
}

static enum sg_rc run(const struct spawn *s, pid_t *ret_pid, struct sg_err *err)
{
    posix_spawn_file_actions_t fa;
    posix_spawnattr_t attr;
    char *argv[ARGS_MAX];

    /* exec wants char *const[] for what it only reads. */
    memcpy(argv, s->argv, sizeof(argv));
    int e = posix_spawn_file_actions_init(&fa);
    if (e != 0) {
        errno = e;
        return sg_err_errno(err, SG_NOMEM, "posix_spawn");
    }
    e = posix_spawnattr_init(&attr);
    if (e == 0) {
        e = set_actions(s, &fa);
        if (e == 0)
            e = set_attributes(s, &attr);
        if (e == 0)
            e = posix_spawn(ret_pid, s->cfg->program, &fa, &attr, argv,
                            environ);
        posix_spawnattr_destroy(&attr);
    }
    posix_spawn_file_actions_destroy(&fa);
    errno = e;
    return e == 0 ? SG_OK
                  : sg_err_errno(err, SG_UNAVAILABLE, "%s", s->cfg->program);
}

/* Copies of everything that the child gets, then the child. */
static enum sg_rc run_with(struct spawn *s, int theirs, pid_t *ret_pid,
                           struct sg_err *err)
{
    s->child_sock = fcntl(theirs, F_DUPFD_CLOEXEC, FD_ABOVE);
    if (s->child_sock < 0)
        return sg_err_errno(err, SG_UNAVAILABLE, "socketpair");
    SG_TRY(pass_fd(s->cfg->pin_source, PIN_FD, &s->pin, err));
    SG_TRY(pass_fd(s->cfg->so_pin_source, SO_PIN_FD, &s->so_pin, err));
    make_args(s);
    return run(s, ret_pid, err);
}

static void close_copies(const struct spawn *s)
{
    const int copies[] = { s->child_sock, s->pin.copy, s->so_pin.copy };

    for (size_t i = 0; i < SG_ARRAY_LEN(copies); i++)
        if (copies[i] >= 0)
            close(copies[i]);
}

enum sg_rc tok_spawn(const struct tok_client_config *cfg,
                     struct tok_process *ret, struct sg_err *err)
{
    struct spawn s = {
        .cfg = cfg, .child_sock = -1, .pin.copy = -1, .so_pin.copy = -1
    };
    int pair[2];
    pid_t pid;

    SG_TRY(tok_spawn_check(cfg, err));
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return sg_err_errno(err, SG_UNAVAILABLE, "socketpair");
    enum sg_rc rc = run_with(&s, pair[1], &pid, err);
    close_copies(&s);
    close(pair[1]);
    if (rc != SG_OK) {
        close(pair[0]);
        return rc;
    }
    *ret = (struct tok_process){ .pid = pid, .sock = pair[0] };
    return SG_OK;
}

/* --- its end --------------------------------------------------------------- */

static void tell_end(int status, char *text, size_t size)
{
    if (WIFSIGNALED(status))
        snprintf(text, size, "killed by signal %d", WTERMSIG(status));
    else
        snprintf(text, size, "exit status %d", WEXITSTATUS(status));
}

static pid_t wait_retry(pid_t pid, int *ret_status, int flags)
{
    pid_t got;

    do {
        got = waitpid(pid, ret_status, flags);
    } while (got < 0 && errno == EINTR);
    return got;
}

/* Wait on a pidfd; without one (old kernel, no descriptor left) look often. */
static void wait_a_little(int pidfd, int64_t left_ms)
{
    struct pollfd p = { .fd = pidfd, .events = POLLIN };

    if (pidfd >= 0)
        (void)poll(&p, 1, (int)left_ms);
    else
        sg_sleep_ms(left_ms < 10 ? (unsigned)left_ms : 10);
}

bool tok_reap(pid_t pid, unsigned wait_ms, char *text, size_t size)
{
    int64_t end = sg_mono_ms() + wait_ms;
    SG_CLEANUP(sg_fd_close) int pidfd = -1;
    int status = 0;

    for (;;) {
        pid_t got = wait_retry(pid, &status, WNOHANG);
        int64_t left = end - sg_mono_ms();

        if (got == pid) {
            tell_end(status, text, size);
            return true;
        }
        /* ECHILD: somebody ignores SIGCHLD, the kernel reaped it. */
        if (got < 0) {
            snprintf(text, size, "ended");
            return true;
        }
        if (left <= 0)
            break;
        if (pidfd < 0)
            pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
        wait_a_little(pidfd, left);
    }
    snprintf(text, size, "process %d does not end", (int)pid);
    return false;
}
