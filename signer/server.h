/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_SIGNER_SERVER_H
#define SG_SIGNER_SERVER_H

/* HTTP over connections that the main thread accepts: event threads read the
 * requests, call the handler, and write the answers. start, accept and free
 * belong to the main thread. */

#include "signer/request.h"

struct srv_server;

struct srv_server_args {
    const struct srv_limits_config *limits;
    struct srv_conns *conns; /* outlives the server */
    srv_handler handle;      /* every whole request; on event threads */
    void *app;               /* req->app */
};

enum sg_rc srv_server_start(const struct srv_server_args *args,
                            struct srv_server **ret_server, struct sg_err *err);
/* Close every connection and join the threads. Every request that waits must
 * have been woken. Takes NULL. */
void srv_server_free(struct srv_server *server);
SG_DEFINE_CLEANUP(struct srv_server, srv_server_free);

/* Take all who wait at this listening socket. SG_LIMIT when the process or the
 * system has no descriptors left: they stay in the backlog, try again later. */
enum sg_rc srv_server_accept(struct srv_server *server, int listen_fd,
                             struct sg_err *err);

#endif
