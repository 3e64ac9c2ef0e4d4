/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/helper/guard-use.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/run.h"

#define SECOND INT64_C(1000000000)
#define NOW (INT64_C(1767225600) * SECOND)
#define THREADS 8
#define TRIES 5000

static struct tok_use *fresh(void)
{
    const struct tok_guard_key nowhere = { .dir = NULL };
    struct tok_use *use = NULL;
    struct sg_err fault = { 0 };
    struct sg_err err = { 0 };

    t_ok(&err, tok_use_open(&nowhere, &use, &fault, &err));
    assert_int_equal(fault.rc, SG_OK);
    return use;
}

static bool take(struct tok_use *use, const struct tok_guard *g, int64_t now)
{
    struct sg_err err = { 0 };

    return tok_use_take(use, g, now, &err) == SG_OK;
}

static unsigned take_many(struct tok_use *use, const struct tok_guard *g,
                          int64_t now)
{
    unsigned n = 0;

    while (n < 10000 && take(use, g, now))
        n++;
    return n;
}

static void test_bucket(void **state)
{
    const struct tok_guard g = { .per_second = 50 };
    struct tok_use *use = fresh();

    (void)state;
    assert_int_equal(take_many(use, &g, NOW), 50);
    assert_int_equal(take_many(use, &g, NOW + SECOND / 50 - 1), 0);
    assert_int_equal(take_many(use, &g, NOW + SECOND / 50), 1);
    assert_int_equal(take_many(use, &g, NOW + SECOND / 2), 24);
    /* However long it rested, there is one bucket. */
    assert_int_equal(take_many(use, &g, NOW + 100 * SECOND), 50);
    tok_use_close(use);
}

static void test_day_and_texts(void **state)
{
    const struct tok_guard g = { .per_second = 1000, .per_day = 2 };
    struct tok_use *use = fresh();
    struct sg_err err = { 0 };

    (void)state;
    assert_int_equal(take_many(use, &g, NOW), 2);
    t_refused(&err, tok_use_take(use, &g, NOW, &err), SG_LIMIT,
              "guard: more than 2 signatures per day");
    assert_int_equal(tok_refused_of(&err), TOK_REFUSED_RATE);
    assert_true(take(use, &g, NOW + 43200 * SECOND));
    const struct tok_guard one = { .per_second = 1 };
    t_refused(&err, tok_use_take(use, &one, NOW, &err), SG_LIMIT,
              "guard: more than 1 signatures per second");
    tok_use_close(use);
}

/* A clock that is set back a year must not stop the key for a year. */
static void test_clock_set_back(void **state)
{
    const struct tok_guard g = { .per_second = 10 };
    struct tok_use *use = fresh();

    (void)state;
    assert_int_equal(take_many(use, &g, NOW + INT64_C(31536000) * SECOND), 10);
    assert_false(take(use, &g, NOW));
    assert_int_equal(take_many(use, &g, NOW + SECOND), 10);
    tok_use_close(use);
}

struct racer {
    struct tok_use *use;
    pthread_t thread;
    unsigned got;
};

static void *race(void *arg)
{
    const struct tok_guard g = { .per_second = 10000 };
    struct racer *r = arg;
    const struct sg_err why = { .rc = SG_POLICY, .native = TOK_REFUSED_NAMES };

    for (int i = 0; i < TRIES; i++) {
        r->got += take(r->use, &g, NOW) ? 1 : 0;
        (void)tok_use_count(r->use, &why);
    }
    return NULL;
}

static void test_threads(void **state)
{
    struct racer racers[THREADS] = { 0 };
    struct tok_use *use = fresh();
    unsigned got = 0;

    (void)state;
    for (int i = 0; i < THREADS; i++) {
        racers[i].use = use;
        assert_int_equal(
            pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(racers[i].thread, NULL), 0);
        got += racers[i].got;
    }
    assert_int_equal(got, 10000);
    assert_int_equal(atomic_load(&use->refused[TOK_REFUSED_NAMES]),
                     THREADS * TRIES);
    tok_use_close(use);
}

/* Two openings, as of two processes, are one allowance. */
static void test_file(void **state)
{
    static const uint8_t ID[] = { 1, 2 };
    const struct tok_guard g = { .per_day = 3 };
    char dir[T_PATH_MAX];
    char path[2 * T_PATH_MAX];
    struct tok_use *a = NULL;
    struct tok_use *b = NULL;
    struct sg_err fault = { 0 };
    struct sg_err err = { 0 };

    (void)state;
    t_dir_new(dir);
    const struct tok_guard_key key = { .dir = dir,
                                       .serial = "ab/c",
                                       .id = SG_SLICE(ID, sizeof(ID)) };
    t_ok(&err, tok_use_open(&key, &a, &fault, &err));
    t_ok(&err, tok_use_open(&key, &b, &fault, &err));
    assert_int_equal(fault.rc, SG_OK);
    assert_int_equal(take_many(a, &g, NOW), 3);
    assert_false(take(b, &g, NOW));
    tok_use_close(a);
    tok_use_close(b);
    t_ok(&err, tok_use_open(&key, &a, &fault, &err));
    assert_false(take(a, &g, NOW));
    tok_use_close(a);
    (void)snprintf(path, sizeof(path), "%s/ab_c-0102.use", dir);
    assert_int_equal(chmod(path, 0622), 0);
    t_assert_fails(tok_use_open(&key, &a, &fault, &err), SG_CONFIG);
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(truncate(path, 100), 0);
    sg_err_clear(&err);
    t_assert_fails(tok_use_open(&key, &a, &fault, &err), SG_CONFIG);
    assert_non_null(strstr(err.msg, "100 bytes, must have 4096"));
    t_dir_remove(dir);
}

/* The file cannot be had: memory of one's own, and the reason. */
static void has_fault(const char *dir, int want)
{
    static const uint8_t id[] = { 1 };
    const struct tok_guard_key key = { .dir = dir,
                                       .serial = "s",
                                       .id = SG_SLICE(id, 1) };
    struct tok_use *use = NULL;
    struct sg_err fault = { 0 };
    struct sg_err err = { 0 };
    char text[2 * T_PATH_MAX];

    t_ok(&err, tok_use_open(&key, &use, &fault, &err));
    assert_int_equal(fault.rc, SG_IO);
    assert_int_equal(fault.src, SG_SRC_ERRNO);
    assert_int_equal(fault.native, want);
    (void)snprintf(text, sizeof(text), "%s/s-01.use: %s", dir,
                   strerrordesc_np(want));
    assert_string_equal(fault.msg, text);
    assert_true(take(use, &(struct tok_guard){ .per_day = 1 }, NOW));
    tok_use_close(use);
}

static void test_no_file(void **state)
{
    char dir[T_PATH_MAX];
    char path[2 * T_PATH_MAX];

    (void)state;
    t_dir_new(dir);
    (void)snprintf(path, sizeof(path), "%s/s-01.use", dir);
    assert_int_equal(mkdir(path, 0700), 0);
    has_fault(dir, EISDIR);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(symlink("elsewhere", path), 0);
    has_fault(dir, ELOOP);
    assert_int_equal(unlink(path), 0);
    /* Root may write everywhere; another user may not. */
    bool root = geteuid() == 0;
    assert_int_equal(chmod(dir, 0555), 0);
    assert_int_equal(seteuid(root ? 65534 : geteuid()), 0);
    has_fault(dir, EACCES);
    assert_int_equal(seteuid(root ? 0 : geteuid()), 0);
    assert_int_equal(chmod(dir, 0700), 0);
    t_dir_remove(dir);
}

/* A file system of one page, mounted nowhere; -1 where only root may. */
static int disk(unsigned attributes)
{
    int fs = fsopen("tmpfs", FSOPEN_CLOEXEC);

    if (fs < 0)
        return -1;
    assert_int_equal(fsconfig(fs, FSCONFIG_SET_STRING, "size", "4096", 0), 0);
    assert_int_equal(fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0), 0);
    int mounted = fsmount(fs, FSMOUNT_CLOEXEC, attributes);
    assert_true(mounted >= 0);
    assert_int_equal(close(fs), 0);
    return mounted;
}

/* A full disk and one that is mounted read-only stop root, too. */
static void test_no_room_needs_root(void **state)
{
    char dir[T_PATH_MAX];
    int full = disk(0);

    (void)state;
    if (full < 0)
        skip();
    int fd = openat(full, "f", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(posix_fallocate(fd, 0, 4096), 0);
    assert_int_equal(close(fd), 0);
    (void)snprintf(dir, sizeof(dir), "/proc/self/fd/%d", full);
    has_fault(dir, ENOSPC);
    int fixed = disk(MOUNT_ATTR_RDONLY);
    (void)snprintf(dir, sizeof(dir), "/proc/self/fd/%d", fixed);
    has_fault(dir, EROFS);
    assert_int_equal(close(fixed), 0);
    assert_int_equal(close(full), 0);
}

static void test_what_counts(void **state)
{
    const struct sg_err token = { .rc = SG_TOKEN };
    const struct sg_err format = { .rc = SG_FORMAT };
    const struct sg_err foreign = { .rc = SG_POLICY,
                                    .src = SG_SRC_CKR,
                                    .native = 5 };

    (void)state;
    assert_int_equal(tok_refused_of(&token), TOK_REFUSED_N);
    assert_int_equal(tok_refused_of(&foreign), TOK_REFUSED_N);
    assert_int_equal(tok_refused_of(&format), TOK_REFUSED_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bucket),
        cmocka_unit_test(test_day_and_texts),
        cmocka_unit_test(test_clock_set_back),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_file),
        cmocka_unit_test(test_no_file),
        cmocka_unit_test(test_no_room_needs_root),
        cmocka_unit_test(test_what_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
