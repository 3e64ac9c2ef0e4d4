/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/helper/guard-use.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/file.h"

#define USE_MAGIC UINT64_C(0x7369676e65743101) /* "signet1", layout 1 */
#define USE_SIZE 4096                          /* bytes; a page, to grow in */
#define SECOND_NS INT64_C(1000000000)
#define DAY_NS (86400 * SECOND_NS)

_Static_assert(sizeof(struct tok_use) <= USE_SIZE, "fits the file");

int64_t tok_use_now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_REALTIME, &t);
    return t.tv_sec * SECOND_NS + t.tv_nsec;
}

/* --- the file --------------------------------------------------------------- */

static enum sg_rc map(int fd, struct tok_use **ret, struct sg_err *err)
{
    void *p = mmap(NULL, USE_SIZE, PROT_READ | PROT_WRITE,
                   fd < 0 ? MAP_SHARED | MAP_ANONYMOUS : MAP_SHARED, fd, 0);

    if (p == MAP_FAILED)
        return sg_err_errno(err, SG_NOMEM, "guard: counters");
    *ret = p;
    return SG_OK;
}

static enum sg_rc check_file(int fd, const char *path, struct sg_err *err)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return sg_err_errno(err, SG_IO, "%s", path);
    if (!S_ISREG(st.st_mode) || (st.st_uid != 0 && st.st_uid != geteuid())
        || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return sg_err_set(err, SG_CONFIG,
                          "%s: not a file that only root or this user may "
                          "write",
                          path);
    if (st.st_size != 0 && st.st_size != USE_SIZE)
        return sg_err_set(err, SG_CONFIG,
                          "%s: %lld bytes, must have %d: "
                          "remove it, and the key's rates start anew",
                          path, (long long)st.st_size, USE_SIZE);
    /* A hole that the disk has no room for would be a SIGBUS later. */
    errno = posix_fallocate(fd, 0, USE_SIZE);
    if (errno != 0)
        return sg_err_errno(err, SG_IO, "%s", path);
    return SG_OK;
}

/* *ret_fd is the caller's to close in any case. */
static enum sg_rc open_file(const char *path, int *ret_fd, struct sg_err *err)
{
    *ret_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (*ret_fd < 0)
        return sg_err_errno(err, SG_IO, "%s", path);
    return check_file(*ret_fd, path, err);
}

enum sg_rc tok_use_open(const struct tok_guard_key *key, struct tok_use **ret,
                        struct sg_err *ret_fault, struct sg_err *err)
{
    SG_CLEANUP(sg_fd_close) int fd = -1;
    SG_CLEANUP(tok_use_close) struct tok_use *use = NULL;
    char path[TOK_GUARD_PATH_MAX];
    struct sg_err why = { 0 };

    if (key->dir != NULL) {
        SG_TRY(tok_guard_path(key, ".use", path, sizeof(path), err));
        if (open_file(path, &fd, &why) != SG_OK && why.rc != SG_IO) {
            *err = why;
            return err->rc;
        }
    }
    SG_TRY(map(why.rc == SG_OK ? fd : -1, &use, err));
    if (use->magic == 0)
        use->magic = USE_MAGIC;
    if (use->magic != USE_MAGIC)
        return sg_err_set(err, SG_CONFIG,
                          "%s: written by another version: remove it, and the "
                          "key's rates start anew",
                          path);
    *ret_fault = why;
    *ret = SG_TAKE(use);
    return SG_OK;
}

void tok_use_close(struct tok_use *use)
{
    if (use != NULL)
        (void)munmap(use, USE_SIZE);
}

/* --- rates ------------------------------------------------------------------- */

struct rate {
    uint32_t n;     /* 0: any number */
    int64_t period; /* ns */
};

/* The bucket as one number: the instant at which it is full again. */
static bool take(_Atomic int64_t *full_at, struct rate rate, int64_t now)
{
    int64_t old = atomic_load_explicit(full_at, memory_order_relaxed);
    int64_t step = rate.n > 0 ? rate.period / rate.n : 0;

    if (rate.n == 0)
        return true;
    for (;;) {
        int64_t from = old < now ? now : old;
        bool ok = from + step - now <= rate.period;
        /* The clock was set back: an empty bucket is the worst there is. */
        if (!ok && from - now <= rate.period)
            return false;
        int64_t new = ok ? from + step : now + rate.period;
        if (atomic_compare_exchange_weak(full_at, &old, new))
            return ok;
    }
}

enum sg_rc tok_use_take(struct tok_use *use, const struct tok_guard *limits,
                        int64_t now, struct sg_err *err)
{
    struct rate second = { limits->per_second, SECOND_NS };
    struct rate day = { limits->per_day, DAY_NS };

    if (!take(&use->second_full, second, now))
        return sg_err_native(err, SG_LIMIT, SG_SRC_NONE, TOK_REFUSED_RATE,
                             "guard: more than %u signatures per second",
                             (unsigned)limits->per_second);
    if (!take(&use->day_full, day, now))
        return sg_err_native(err, SG_LIMIT, SG_SRC_NONE, TOK_REFUSED_RATE,
                             "guard: more than %u signatures per day",
                             (unsigned)limits->per_day);
    return SG_OK;
}

/* --- counters ----------------------------------------------------------------- */

enum tok_refused tok_refused_of(const struct sg_err *why)
{
    if (why->rc == SG_FORMAT)
        return TOK_REFUSED_FORMAT;
    if ((why->rc != SG_POLICY && why->rc != SG_LIMIT) || why->src != SG_SRC_NONE
        || why->native >= TOK_REFUSED_N)
        return TOK_REFUSED_N;
    return (enum tok_refused)why->native;
}

bool tok_use_count(struct tok_use *use, const struct sg_err *why)
{
    enum tok_refused reason = tok_refused_of(why);

    if (reason == TOK_REFUSED_N)
        return false;
    (void)atomic_fetch_add_explicit(&use->refused[reason], 1,
                                    memory_order_relaxed);
    return true;
}
