/* SPDX-License-Identifier: Apache-2.0 */
#include "common/secret.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* Whole pages of its own: mlock and MADV_DONTDUMP know nothing smaller. */
static size_t mapped_size(size_t len)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    return (len + 1 + page - 1) / page * page;
}

enum sg_rc sg_secret_new(size_t len, struct sg_secret **ret_secret,
                         struct sg_err *err)
{
    if (len > SG_SECRET_MAX)
        return sg_err_set(err, SG_LIMIT, "secret of %zu bytes, at most %d", len,
                          SG_SECRET_MAX);

    struct sg_secret *secret = calloc(1, sizeof(*secret));
    if (secret == NULL)
        return sg_err_set(err, SG_NOMEM, "secret");
    size_t size = mapped_size(len);
    void *pages = mmap(NULL, size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) {
        enum sg_rc rc = sg_err_errno(err, SG_NOMEM, "secret");

        free(secret);
        return rc;
    }
    /* RLIMIT_MEMLOCK may forbid it: then the secret can be swapped. */
    (void)mlock(pages, size);
    (void)madvise(pages, size, MADV_DONTDUMP);
    secret->len = len;
    secret->buf = pages;
    *ret_secret = secret;
    return SG_OK;
}

void sg_secret_free(struct sg_secret *secret)
{
    if (secret == NULL)
        return;

    size_t size = mapped_size(secret->len);
    explicit_bzero(secret->buf, size);
    (void)munmap(secret->buf, size);
    free(secret);
}

void sg_process_harden(void)
{
    const struct rlimit none = { 0, 0 };

    (void)setrlimit(RLIMIT_CORE, &none);
    /* Also makes /proc/self root's and keeps peers from ptrace. */
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
