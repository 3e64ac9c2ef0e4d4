/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/peer.h"

#include <sys/socket.h>

enum sg_rc srv_peer_of(int fd, struct srv_peer *ret_peer, struct sg_err *err)
{
    struct ucred cred;
    socklen_t len = sizeof(cred);

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) != 0)
        return sg_err_errno(err, SG_IO, "peer credentials (SO_PEERCRED)");
    *ret_peer = (struct srv_peer){ cred.uid, cred.gid, cred.pid };
    return SG_OK;
}
