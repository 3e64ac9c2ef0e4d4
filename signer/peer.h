/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_SIGNER_PEER_H
#define SG_SIGNER_PEER_H

/* Who is at the other end of a Unix socket, as the kernel says. */

#include <sys/types.h>

#include "common/err.h"

struct srv_peer {
    uid_t uid;
    gid_t gid;
    pid_t pid; /* at the time of connect(); 0: in another PID namespace */
};

enum sg_rc srv_peer_of(int fd, struct srv_peer *ret_peer, struct sg_err *err);

#endif
