/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_SIGNER_PUBLISH_H
#define SG_SIGNER_PUBLISH_H

/* An issuer's certificates as they are handed out, made once at the start and
 * shared by all threads. */

#include "ca/issuer.h"

struct MHD_Response;

/* PEM has no newline at its end, as Vault has it. */
struct srv_published {
    struct MHD_Response *der, *pem, *chain_pem; /* whole answers */
    char *json_pem, *json_chain; /* JSON strings, quotes included */
};

enum sg_rc srv_published_init(struct srv_published *pub,
                              const struct ca_issuer *issuer,
                              struct sg_err *err);
void srv_published_done(struct srv_published *pub);

#endif
