/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/worker.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#define THREADS_MAX 16
#define THREAD_STACK ((size_t)512 * 1024)
/* Seconds of work already; whoever comes then had better try again later. */
#define WAITING_MAX 64

struct work {
    srv_work run;
    void *arg;
};

struct srv_worker {
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct work waiting[WAITING_MAX]; /* a ring */
    unsigned first, n;
    bool cancelled;
    pthread_t thread[THREADS_MAX];
    unsigned n_threads;
};

static bool take(struct srv_worker *w, struct work *ret, bool *ret_cancelled)
{
    (void)pthread_mutex_lock(&w->lock);
    while (w->n == 0 && !w->cancelled)
        (void)pthread_cond_wait(&w->more, &w->lock);
    bool any = w->n > 0;
    if (any) {
        *ret = w->waiting[w->first];
        w->first = (w->first + 1) % WAITING_MAX;
        w->n--;
    }
    *ret_cancelled = w->cancelled;
    (void)pthread_mutex_unlock(&w->lock);
    return any;
}

static void *thread_main(void *arg)
{
    struct srv_worker *w = arg;
    struct work work;
    bool cancelled;

    while (take(w, &work, &cancelled))
        work.run(work.arg, cancelled);
    return NULL;
}

static enum sg_rc start_threads(struct srv_worker *w, unsigned n,
                                struct sg_err *err)
{
    pthread_attr_t attr;

    if (pthread_attr_init(&attr) != 0
        || pthread_attr_setstacksize(&attr, THREAD_STACK) != 0)
        return sg_err_set(err, SG_NOMEM, "worker threads");
    enum sg_rc rc = SG_OK;
    while (rc == SG_OK && w->n_threads < n)
        if (pthread_create(&w->thread[w->n_threads], &attr, thread_main, w)
            == 0)
            w->n_threads++;
        else
            rc = sg_err_set(err, SG_NOMEM, "worker threads");
    (void)pthread_attr_destroy(&attr);
    return rc;
}

enum sg_rc srv_worker_new(unsigned threads, struct srv_worker **ret_worker,
                          struct sg_err *err)
{
    if (threads == 0) {
        long processors = sysconf(_SC_NPROCESSORS_ONLN);
        threads = processors > 3 ? (unsigned)(processors / 2) : 1;
    }
    if (threads > THREADS_MAX)
        threads = THREADS_MAX;

    struct srv_worker *w = calloc(1, sizeof(*w));
    if (w == NULL || pthread_mutex_init(&w->lock, NULL) != 0) {
        free(w);
        return sg_err_set(err, SG_NOMEM, "workers");
    }
    if (pthread_cond_init(&w->more, NULL) != 0) {
        (void)pthread_mutex_destroy(&w->lock);
        free(w);
        return sg_err_set(err, SG_NOMEM, "workers");
    }
    enum sg_rc rc = start_threads(w, threads, err);
    if (rc == SG_OK)
        *ret_worker = w;
    else
        srv_worker_free(w);
    return rc;
}

enum sg_rc srv_worker_add(struct srv_worker *w, srv_work run, void *arg,
                          struct sg_err *err)
{
    (void)pthread_mutex_lock(&w->lock);
    bool room = w->n < WAITING_MAX && !w->cancelled;
    if (room) {
        w->waiting[(w->first + w->n) % WAITING_MAX] = (struct work){ run, arg };
        w->n++;
        (void)pthread_cond_signal(&w->more);
    }
    (void)pthread_mutex_unlock(&w->lock);
    if (!room)
        return sg_err_set(err, SG_UNAVAILABLE,
                          "too many keys are being made already");
    return SG_OK;
}

void srv_worker_cancel(struct srv_worker *w)
{
    (void)pthread_mutex_lock(&w->lock);
    w->cancelled = true;
    (void)pthread_cond_broadcast(&w->more);
    (void)pthread_mutex_unlock(&w->lock);
}

void srv_worker_free(struct srv_worker *w)
{
    if (w == NULL)
        return;
    srv_worker_cancel(w);
    for (unsigned i = 0; i < w->n_threads; i++)
        (void)pthread_join(w->thread[i], NULL);
    (void)pthread_cond_destroy(&w->more);
    (void)pthread_mutex_destroy(&w->lock);
    free(w);
}
