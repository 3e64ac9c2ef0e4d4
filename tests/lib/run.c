/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/run.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

#define OUTPUT_MAX ((size_t)1 << 20) /* a test that prints more has gone wild */

static void read_all(int fd, struct t_run *run)
{
    size_t len = 0;
    ssize_t n = 1;

    run->output = malloc(OUTPUT_MAX + 1);
    assert_non_null(run->output);
    while (n != 0) {
        n = read(fd, run->output + len, OUTPUT_MAX - len);
        if (n < 0 && errno == EINTR)
            continue;
        assert_true(n >= 0);
        len += (size_t)n;
        assert_true(len < OUTPUT_MAX);
    }
    run->output[len] = '\0';
}

static int wait_for(pid_t pid)
{
    int status;

    while (waitpid(pid, &status, 0) < 0)
        assert_int_equal(errno, EINTR);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static pid_t start(const char *const *argv, int out)
{
    posix_spawn_file_actions_t actions;
    pid_t pid;
    int rc;

    assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
    assert_int_equal(posix_spawn_file_actions_addopen(&actions, STDIN_FILENO,
                                                      "/dev/null", O_RDONLY, 0),
                     0);
    assert_int_equal(
        posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO), 0);
    assert_int_equal(
        posix_spawn_file_actions_adddup2(&actions, out, STDERR_FILENO), 0);
    /* posix_spawn takes char *const * and changes nothing. */
    rc = posix_spawnp(&pid, argv[0], &actions, NULL,
                      (char *const *)(uintptr_t)argv, environ);
    (void)posix_spawn_file_actions_destroy(&actions);
    if (rc != 0)
        fail_msg("%s: %s", argv[0], strerror(rc));
    return pid;
}

void t_run(const char *const *argv, struct t_run *ret)
{
    int fd[2];
    pid_t pid;

    assert_int_equal(pipe2(fd, O_CLOEXEC), 0);
    pid = start(argv, fd[1]);
    assert_int_equal(close(fd[1]), 0);
    read_all(fd[0], ret);
    assert_int_equal(close(fd[0]), 0);
    ret->exit_code = wait_for(pid);
}

void t_run_done(struct t_run *run)
{
    free(run->output);
    *run = (struct t_run){ 0 };
}

void t_dir_new(char dst[T_PATH_MAX])
{
    const char *base = getenv("TMPDIR");
    int len = snprintf(dst, T_PATH_MAX, "%s/signet-test-XXXXXX",
                       base != NULL ? base : "/tmp");

    assert_true(len > 0 && len < T_PATH_MAX);
    assert_non_null(mkdtemp(dst));
}

static int remove_one(const char *path, const struct stat *st, int type,
                      struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

void t_dir_remove(const char *dir)
{
    assert_int_equal(nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

void t_file_write(const char *path, const void *bytes, size_t len)
{
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}
