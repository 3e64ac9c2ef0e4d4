/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_PKCS11_HELPER_SERVE_H
#define SG_PKCS11_HELPER_SERVE_H

/* The frames' loop: as many threads as there are sessions, each waiting in
 * recv() on the one socket (the kernel wakes one of them per frame), doing the
 * work (requests.h) and sending the answer. */

#include "pkcs11/helper/admin.h"
#include "pkcs11/helper/keys.h"
#include "pkcs11/helper/session.h"

struct tok_serve_config {
    int fd;                  /* SOCK_SEQPACKET */
    struct tok_login *login; /* NULL: no token, admin is set */
    struct tok_keys *keys;
    struct tok_admin *admin;
};

/* Say HELLO, then serve until the socket ends or the token is lost for good.
 * *ret_exit is the exit code. Fails (having said nothing) when the workers
 * cannot be made. */
enum sg_rc tok_serve(const struct tok_serve_config *cfg, int *ret_exit,
                     struct sg_err *err);

/* HELLO that says why there will be no service. */
void tok_serve_refuse(int fd, const struct sg_err *why);

#endif
