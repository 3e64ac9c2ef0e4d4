/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_SIGNER_TEXTS_H
#define SG_SIGNER_TEXTS_H

/* The parts of an answer that are the same for every certificate of an issuer,
 * as JSON text, made once. Immutable. */

#include "common/arena.h"

struct srv_issuer_texts {
    struct sg_arena arena; /* holds what follows */
    /* [1]: without the self-signed certificates */
    struct sg_slice pem_chain[2]; /* "ca_chain":["-----BEGIN…", …] */
    struct sg_slice der_chain[2]; /* "ca_chain":["MII…", …] */
    struct sg_slice bundle[2];    /* \n-----BEGIN…, for inside a string */
    struct sg_slice pem_issuer;   /* "issuing_ca":"-----BEGIN…" */
    struct sg_slice der_issuer;
};

#endif
