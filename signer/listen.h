/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_SIGNER_LISTEN_H
#define SG_SIGNER_LISTEN_H

/* The Unix socket that requests come in by. Claimed first, so that a second
 * daemon is turned away before it touches a token, and opened to clients last.
 * Owner: the main thread. */

#include "signer/config.h"

struct srv_listen {
    int fd;
    int lock_fd;     /* flock on "<path>.lock"; -1 when systemd gave the fd */
    bool ours;       /* we bound the path, so we remove it */
    char *path;      /* NULL when systemd gave the fd */
    char *lock_path; /* NULL then, too */
};

/* An inherited socket (LISTEN_FDS) or a new one at cfg->path with its mode,
 * owner and group. A path where nobody answers any more is replaced. SG_CONFLICT
 * when another signetd holds it or any server answers there; SG_CONFIG for a
 * path that is too long, taken by something else, or an unknown user; SG_IO when
 * the directory cannot be written. */
enum sg_rc srv_listen_open(const struct srv_socket_config *cfg,
                           struct srv_listen *ret_listen, struct sg_err *err);
/* From here on clients get in. */
enum sg_rc srv_listen_start(struct srv_listen *in, struct sg_err *err);
/* Takes a zeroed or closed one, too. Removes what open made. */
void srv_listen_close(struct srv_listen *in);
void srv_listen_close_cleanup(struct srv_listen *in);

#endif
