/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_PKCS11_CLIENT_CALL_H
#define SG_PKCS11_CLIENT_CALL_H

/* Waiting for one answer: the blocking calls of client.h. A wait lives on its
 * caller's stack until wait_for returns. */

#include "pkcs11/client-int.h"

struct tok_wait {
    pthread_mutex_t lock;
    pthread_cond_t cond;
    bool over;
    struct sg_err failure;
};

void tok_wait_init(struct tok_wait *wait);
/* Submit req and wait until somebody calls end. Ends the wait's own life, on
 * every path. */
enum sg_rc tok_wait_for(struct tok_wait *wait, struct tok_client *client,
                        const struct tok_request *req, struct sg_err *err);
/* From a callback, as its last act; failure NULL on success. */
void tok_wait_end(struct tok_wait *wait, const struct sg_err *failure);

#endif
