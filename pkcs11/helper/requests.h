/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_PKCS11_HELPER_REQUESTS_H
#define SG_PKCS11_HELPER_REQUESTS_H

/* What each request does: read its payload, ask keys, signer or admin, write
 * the reply's payload. No sockets and no threads in here. */

#include "pkcs11/helper/admin.h"
#include "pkcs11/helper/sign.h"

/* What one worker has at hand. */
struct tok_desk {
    struct tok_keys *keys;     /* borrowed; NULL without a login */
    struct tok_admin *admin;   /* borrowed; NULL with a login */
    struct tok_signer *signer; /* owned; NULL without a login */
    struct sg_buf payload;     /* of the reply */
    int fd;           /* that came with the message, borrowed; -1: none */
    bool bad_request; /* the parent does not speak our protocol */
};

enum sg_rc tok_desk_init(struct tok_desk *desk, struct tok_login *login,
                         struct tok_keys *keys, struct tok_admin *admin,
                         struct sg_err *err);
void tok_desk_done(struct tok_desk *desk);

/* Do what the frame asks; payload is the answer on SG_OK. With bad_request set
 * the failure is one of the protocol, and nobody is to be answered. */
enum sg_rc tok_desk_do(struct tok_desk *desk, const struct tok_frame *frame,
                       struct sg_err *err);

#endif
