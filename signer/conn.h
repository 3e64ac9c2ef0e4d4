/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_SIGNER_CONN_H
#define SG_SIGNER_CONN_H

/* The connections that are open: how many there may be, and how long each may
 * take. Thread-safe. A connection's own fields beyond phase and deadline belong
 * to the event thread that serves it. */

#include <stdatomic.h>
#include <stdint.h>

#include "signer/config.h"
#include "signer/peer.h"

enum srv_phase {
    SRV_PHASE_NEW,     /* connected, no whole request line yet */
    SRV_PHASE_IDLE,    /* kept alive between two requests */
    SRV_PHASE_READING, /* request line seen, body not complete */
    SRV_PHASE_WORKING, /* here or in the token: the token's deadline counts */
    SRV_PHASE_WRITING
};

enum srv_refusal {
    SRV_WELCOME,
    SRV_REFUSED_FULL, /* every connection is taken */
    SRV_REFUSED_UID   /* this user's share is taken */
};

struct srv_conn {
    struct srv_peer peer;
    int fd;
    enum srv_refusal refusal; /* its one request is answered with this */
    _Atomic(enum srv_phase) phase;
    _Atomic(int64_t) deadline_ms; /* sg_mono_ms; INT64_MAX: none */
    _Atomic(bool) cut;            /* the sweep has ended it */
    bool attached;                /* the HTTP library owns the descriptor */
    void *request; /* signer/request.h, made with the first one */
    struct srv_conn *next;
    struct srv_conn *prev;
};

struct srv_conns;

/* Slots beyond limits->connections in which a refusal can be said. */
#define SRV_REFUSAL_SLOTS 16

enum sg_rc srv_conns_new(const struct srv_limits_config *limits,
                         struct srv_conns **ret_conns, struct sg_err *err);
/* Every connection must be closed before. Takes NULL. */
void srv_conns_free(struct srv_conns *conns);
SG_DEFINE_CLEANUP(struct srv_conns, srv_conns_free);

/* A place for an accepted descriptor, which stays the caller's. NULL when not
 * even a refusal can be said or memory is gone. */
struct srv_conn *srv_conns_add(struct srv_conns *conns, int fd,
                               const struct srv_peer *peer);
/* The HTTP library took over this descriptor; the connection it belongs to. */
struct srv_conn *srv_conns_attach(struct srv_conns *conns, int fd);
/* Before the descriptor is closed: afterwards its number may mean another. */
void srv_conns_remove(struct srv_conns *conns, struct srv_conn *conn);

/* Enter a phase, with the time that limits gives it. */
void srv_conn_enter(struct srv_conns *conns, struct srv_conn *conn,
                    enum srv_phase phase);

/* Shut down those past their deadline; returns how many are open. */
unsigned srv_conns_sweep(struct srv_conns *conns, int64_t now_ms);
/* The daemon stops: no answer keeps its connection alive, and each sweep ends
 * those that are idle. */
void srv_conns_stop(struct srv_conns *conns);
bool srv_conns_stopping(const struct srv_conns *conns);
/* Connections that a stop still has to wait for. */
unsigned srv_conns_busy(struct srv_conns *conns);

#endif
