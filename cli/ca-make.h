/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CLI_CA_MAKE_H
#define SG_CLI_CA_MAKE_H

/* What making a root and making an intermediate have in common. */

#include "ca/authority.h"
#include "cli/out.h"
#include "pkcs11/client.h"

#define CLI_CERT_TEXT_MAX 65536 /* bytes of a PEM file with a chain */

/* A key that stands for a CA: found in its token, its public half read. */
struct cli_ca_key {
    struct tok_key *key;
    struct ca_spki spki;
    enum ca_sigalg alg; /* what it signs with */
};

struct cli_ca_key_args {
    const char *label;
    const char *generate;   /* key type; NULL: the key exists */
    struct tok_guard guard; /* of a key that is generated */
    struct sg_slice spki;   /* the only right public key; empty: any */
};
/* Generate the key if asked, and open it. SG_POLICY when its guard does not
 * let it be a CA's key. *ret borrows from client. */
enum sg_rc cli_ca_key_open(struct cli *cli, struct tok_client *client,
                           const struct cli_ca_key_args *args,
                           struct cli_ca_key *ret, struct sg_err *err);

/* SG_CONFLICT when the file is there and may not be replaced, SG_IO when its
 * folder may not be written: asked before anything is made. path may be NULL */
enum sg_rc cli_out_check(struct cli *cli, const char *path, bool force,
                         struct sg_err *err);

/* Build the certificate for a throw-away key and forget it: what the rules
 * refuse is refused before a key is made in a token. signer is NULL for a
 * root. */
enum sg_rc cli_ca_rehearse(const struct cli_ca_key *signer,
                           const struct ca_authority_args *args,
                           struct sg_err *err);

/* SG_POLICY names the rule that the bytes, or they and the chain above them,
 * break at level error. issuer is NULL for a root. */
enum sg_rc cli_ca_lint(const struct ca_issuer *issuer, struct sg_slice tbs,
                       struct sg_err *err);

/* Fill in algorithm and a random serial number, build, have signer sign, and
 * append the certificate's DER to out. */
enum sg_rc cli_ca_certify(const struct cli_ca_key *signer,
                          struct ca_authority_args *args, struct sg_buf *out,
                          struct sg_err *err);

/* Append the DER certificates of a PEM file to arena and list (at most max). */
enum sg_rc cli_ca_read_chain(struct sg_arena *arena, const char *path,
                             struct sg_slice *list, size_t max, size_t *n,
                             struct sg_err *err);

/* Write certificates as PEM, one after the other. */
enum sg_rc cli_ca_write(const char *path, bool force,
                        const struct sg_slice *list, size_t n,
                        struct sg_err *err);

/* Show the certificate that was made. */
struct cli_ca_made {
    const struct ca_cert *cert;
    const char *key, *path, *chain_path; /* chain_path may be NULL */
};
enum sg_rc cli_ca_print(const struct cli *cli, const struct cli_ca_made *made,
                        struct sg_err *err);

#endif
