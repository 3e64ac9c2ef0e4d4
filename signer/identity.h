/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_SIGNER_IDENTITY_H
#define SG_SIGNER_IDENTITY_H

/* Is it the token that we know? A label and a serial number can be given to any
 * token; the private half of a key cannot. Blocks; no event thread. */

#include "pkcs11/client.h"
#include "signer/config.h"

/* A fresh challenge signed by cfg->identity_key against
 * cfg->identity_public_key, now and whenever signet-token is started again;
 * nothing when cfg names none. (The serial number is the client's to check.)
 * SG_CONFIG: the file is no public key; from the token: SG_NOT_FOUND, SG_POLICY
 * (another key, none for probes, or a signature that is not its). */
enum sg_rc srv_identity_check(struct tok_client *client,
                              const struct srv_token_config *cfg,
                              struct sg_err *err);

#endif
