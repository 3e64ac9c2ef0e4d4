/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/conn.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "common/clock.h"

/* A stop waits this long for the first line of one who just came, and for the
 * next request of one who has had an answer: cut off at that moment, it would
 * be worked on and its answer lost. */
#define STOP_NEW_MS 500
#define STOP_IDLE_MS 100

struct srv_conns {
    pthread_mutex_t lock; /* the list and open */
    struct srv_conn *head;
    unsigned open;
    unsigned max, max_per_uid;
    int64_t read_ms, idle_ms;
    _Atomic(bool) stopping;
};

enum sg_rc srv_conns_new(const struct srv_limits_config *limits,
                         struct srv_conns **ret_conns, struct sg_err *err)
{
    struct srv_conns *conns = calloc(1, sizeof(*conns));

    if (conns == NULL || pthread_mutex_init(&conns->lock, NULL) != 0) {
        free(conns);
        return sg_err_set(err, SG_NOMEM, "table of connections");
    }
    conns->max = limits->connections;
    conns->max_per_uid = limits->connections_per_uid;
    conns->read_ms = limits->read_timeout_ms;
    conns->idle_ms = limits->idle_timeout_ms;
    *ret_conns = conns;
    return SG_OK;
}

void srv_conns_free(struct srv_conns *conns)
{
    if (conns == NULL)
        return;
    (void)pthread_mutex_destroy(&conns->lock);
    free(conns);
}

static void conns_unlink(struct srv_conns *conns, struct srv_conn *conn)
{
    if (conn->prev != NULL)
        conn->prev->next = conn->next;
    else
        conns->head = conn->next;
    if (conn->next != NULL)
        conn->next->prev = conn->prev;
    conns->open--;
}

static struct srv_conn *conns_find(struct srv_conns *conns, int fd)
{
    struct srv_conn *conn = conns->head;

    while (conn != NULL && (conn->fd != fd || conn->attached))
        conn = conn->next;
    return conn;
}

/* The library drops a descriptor without a word when it runs out of memory
 * between taking it and telling us; the number then comes back. */
static void conns_drop_stale(struct srv_conns *conns, int fd)
{
    struct srv_conn *stale = conns_find(conns, fd);

    if (stale == NULL)
        return;
    conns_unlink(conns, stale);
    free(stale);
}

static enum srv_refusal conns_judge(const struct srv_conns *conns, uid_t uid)
{
    unsigned same = 0;

    if (conns->open >= conns->max)
        return SRV_REFUSED_FULL;
    if (conns->max_per_uid == 0)
        return SRV_WELCOME;
    for (const struct srv_conn *c = conns->head; c != NULL; c = c->next)
        if (c->peer.uid == uid && c->refusal == SRV_WELCOME)
            same++;
    return same >= conns->max_per_uid ? SRV_REFUSED_UID : SRV_WELCOME;
}

struct srv_conn *srv_conns_add(struct srv_conns *conns, int fd,
                               const struct srv_peer *peer)
{
    struct srv_conn *conn = calloc(1, sizeof(*conn));
    if (conn == NULL)
        return NULL;
    conn->fd = fd;
    conn->peer = *peer;
    srv_conn_enter(conns, conn, SRV_PHASE_NEW);

    (void)pthread_mutex_lock(&conns->lock);
    conns_drop_stale(conns, fd);
    if (conns->open >= conns->max + SRV_REFUSAL_SLOTS) {
        (void)pthread_mutex_unlock(&conns->lock);
        free(conn);
        return NULL;
    }
    conn->refusal = conns_judge(conns, peer->uid);
    conn->next = conns->head;
    if (conns->head != NULL)
        conns->head->prev = conn;
    conns->head = conn;
    conns->open++;
    (void)pthread_mutex_unlock(&conns->lock);
    return conn;
}

struct srv_conn *srv_conns_attach(struct srv_conns *conns, int fd)
{
    (void)pthread_mutex_lock(&conns->lock);
    struct srv_conn *conn = conns_find(conns, fd);
    if (conn != NULL)
        conn->attached = true;
    (void)pthread_mutex_unlock(&conns->lock);
    return conn;
}

void srv_conns_remove(struct srv_conns *conns, struct srv_conn *conn)
{
    (void)pthread_mutex_lock(&conns->lock);
    conns_unlink(conns, conn);
    (void)pthread_mutex_unlock(&conns->lock);
    free(conn);
}

void srv_conn_enter(struct srv_conns *conns, struct srv_conn *conn,
                    enum srv_phase phase)
{
    int64_t deadline = INT64_MAX;

    switch (phase) {
    case SRV_PHASE_NEW:
    case SRV_PHASE_READING:
        deadline = sg_mono_ms() + conns->read_ms;
        break;
    case SRV_PHASE_IDLE:
    case SRV_PHASE_WRITING:
        deadline = sg_mono_ms() + conns->idle_ms;
        break;
    case SRV_PHASE_WORKING:
        break;
    }
    /* conn_end_ms() reads them the other way round: it may see the new phase
     * with the old deadline, which does no harm, and never the reverse. */
    atomic_store_explicit(&conn->phase, phase, memory_order_relaxed);
    atomic_store_explicit(&conn->deadline_ms, deadline, memory_order_release);
}

/* With the table locked the descriptor cannot be closed under us. */
static void conn_cut(struct srv_conn *conn)
{
    if (!conn->attached || atomic_load(&conn->cut))
        return;
    atomic_store(&conn->cut, true);
    (void)shutdown(conn->fd, SHUT_RDWR);
}

/* When this one's time is up: at its deadline, or earlier in a stop. */
static int64_t conn_end_ms(const struct srv_conns *conns,
                           const struct srv_conn *conn)
{
    int64_t deadline = atomic_load(&conn->deadline_ms);

    if (!atomic_load(&conns->stopping))
        return deadline;
    switch (atomic_load(&conn->phase)) {
    case SRV_PHASE_NEW:
        return deadline - conns->read_ms + STOP_NEW_MS;
    case SRV_PHASE_IDLE:
        return deadline - conns->idle_ms + STOP_IDLE_MS;
    case SRV_PHASE_READING:
    case SRV_PHASE_WORKING:
    case SRV_PHASE_WRITING:
        break;
    }
    return deadline;
}

unsigned srv_conns_sweep(struct srv_conns *conns, int64_t now_ms)
{
    (void)pthread_mutex_lock(&conns->lock);
    for (struct srv_conn *c = conns->head; c != NULL; c = c->next)
        if (now_ms >= conn_end_ms(conns, c))
            conn_cut(c);
    unsigned open = conns->open;
    (void)pthread_mutex_unlock(&conns->lock);
    return open;
}

void srv_conns_stop(struct srv_conns *conns)
{
    atomic_store(&conns->stopping, true);
}

bool srv_conns_stopping(const struct srv_conns *conns)
{
    return atomic_load_explicit(&conns->stopping, memory_order_relaxed);
}

unsigned srv_conns_busy(struct srv_conns *conns)
{
    unsigned busy = 0;

    (void)pthread_mutex_lock(&conns->lock);
    for (const struct srv_conn *c = conns->head; c != NULL; c = c->next)
        if (!atomic_load(&c->cut))
            busy++;
    (void)pthread_mutex_unlock(&conns->lock);
    return busy;
}
