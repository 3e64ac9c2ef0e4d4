/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_SIGNER_ISSUERS_H
#define SG_SIGNER_ISSUERS_H

/* The issuers of a running daemon: their certificates, their keys, and the
 * token processes behind those. Made before any other thread runs; all that
 * changes afterwards is whether an issuer may sign. Every call but load, open and free is thread-safe. */

#include "pkcs11/client.h"
#include "signer/config.h"
#include "signer/prepare.h"
#include "signer/publish.h"

struct srv_issuers;

/* Read and check every certificate and chain of the configuration; no token is
 * touched. The error names the issuer and the file. cfg outlives the result. */
enum sg_rc srv_issuers_load(const struct srv_config *cfg, int64_t now,
                            struct srv_issuers **ret_issuers,
                            struct sg_err *err);
/* Start the token processes and open the keys; program is the absolute path of
 * signet-token. Forks: no other thread may run yet. */
enum sg_rc srv_issuers_open(struct srv_issuers *issuers, const char *program,
                            struct sg_err *err);
/* End the token processes. What waits for them is answered SG_UNAVAILABLE, and
 * so is everything later. */
void srv_issuers_close(struct srv_issuers *issuers);
/* Closes as well. Takes NULL. */
void srv_issuers_free(struct srv_issuers *issuers);
SG_DEFINE_CLEANUP(struct srv_issuers, srv_issuers_free);

/* By name, or "default". NULL when there is none. */
const struct srv_issuer *srv_issuers_find(const struct srv_issuers *issuers,
                                          const char *ref);
const struct srv_published *
srv_issuers_published(const struct srv_issuers *issuers,
                      const struct srv_issuer *issuer);

/* Have the job's bytes signed by its issuer's key: tok_sign_cert_async(), and
 * safe against a close at the same time. */
enum sg_rc srv_issuers_sign(struct srv_issuers *issuers,
                            const struct srv_job *job, tok_sign_done done,
                            void *arg, struct sg_err *err);

/* Hold every issuer against the rules of now: one that breaks one signs no
 * more (SG_UNAVAILABLE), and one that holds again does. Logs each change. */
void srv_issuers_relint(struct srv_issuers *issuers, int64_t now);
size_t srv_issuers_count(const struct srv_issuers *issuers);
const struct srv_issuer *srv_issuers_nth(const struct srv_issuers *issuers,
                                         size_t i);
/* Does it sign? When not, why goes to ret_why. */
bool srv_issuers_signs(struct srv_issuers *issuers,
                       const struct srv_issuer *issuer,
                       char ret_why[SG_ERR_MSG_MAX]);

size_t srv_issuers_tokens(const struct srv_issuers *issuers);
const char *srv_issuers_token_name(const struct srv_issuers *issuers, size_t i);
/* DOWN once closed. */
void srv_issuers_token_health(struct srv_issuers *issuers, size_t i,
                              struct tok_health *ret_health);
/* Seconds until the issuer's token may be back; at least 1. */
unsigned srv_issuers_retry_after(struct srv_issuers *issuers,
                                 const struct srv_issuer *issuer);

#endif
