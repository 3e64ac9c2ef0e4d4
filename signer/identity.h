/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_SIGNER_IDENTITY_H
#define SG_SIGNER_IDENTITY_H

/* Is it the token that we know? A label and a serial number can be given to any
 * token; the private half of a key cannot. Blocks; no event thread. */

#include "pkcs11/client.h"
#include "signer/config.h"

/* The token's serial number against cfg->serial, and a fresh challenge signed
 * by cfg->identity_key against cfg->identity_public_key; what cfg leaves out
 * is not asked. SG_CONFIG: another token, or the file is no public key; from
 * the token: SG_NOT_FOUND, SG_POLICY (another key, or none for probes). */
enum sg_rc srv_identity_check(struct tok_client *client,
                              const struct srv_token_config *cfg,
                              struct sg_err *err);

#endif
