/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_PKCS11_HELPER_ADMIN_H
#define SG_PKCS11_HELPER_ADMIN_H

/* Tokens before anybody logs in: what is there, and making a new one. Tokens
 * are made through libp11; single-threaded. */

#include "common/buf.h"
#include "pkcs11/frame.h"

struct tok_admin_config {
    const char *module;
    const char *init_args;     /* tok_module_open() */
    const char *pin_source;    /* TOKEN_INIT only; may be NULL */
    const char *so_pin_source; /* TOKEN_INIT only; may be NULL */
};

struct tok_admin;
/* Load the module. cfg's strings are borrowed. */
enum sg_rc tok_admin_open(const struct tok_admin_config *cfg,
                          struct tok_admin **ret_admin, struct sg_err *err);
void tok_admin_close(struct tok_admin *admin); /* takes NULL */
SG_DEFINE_CLEANUP(struct tok_admin, tok_admin_close);

/* The module's own description, no token. */
void tok_admin_describe(struct tok_admin *admin, struct tok_token_info *ret);

/* Every slot that holds a token, made or blank. */
enum sg_rc tok_admin_list(struct tok_admin *admin, struct tok_token_info *ret,
                          size_t max, size_t *ret_n, struct sg_err *err);

/* Make a token in the slot and set its user PIN. SG_CONFLICT when the token is
 * initialised already (that would destroy its keys) or another one has the
 * label; SG_CONFIG without PIN sources. */
enum sg_rc tok_admin_init(struct tok_admin *admin,
                          const struct tok_token_init *init,
                          struct tok_token_info *ret, struct sg_err *err);

#endif
