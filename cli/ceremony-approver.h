/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CLI_CEREMONY_APPROVER_H
#define SG_CLI_CEREMONY_APPROVER_H

/* The key that an approver signs with: a file, or a key in a token. */

#include "ca/spki.h"
#include "cli/token-args.h"

#define CLI_APPROVAL_SIGNATURE_MAX 1024 /* bytes; RSA-8192 */

struct cli_approver_args {
    const char *key; /* path of a PEM file, or "pkcs11:token=T;object=LABEL" */
    const char *passphrase_source; /* of an encrypted file; NULL: prompt */
    struct cli_token_args token;   /* for a URI; its token is not looked at */
};

struct cli_approver;
/* SG_CONFIG when others may read the file; SG_POLICY for a key of a token that
 * is not for backends: no other kind signs digests. */
enum sg_rc cli_approver_open(struct cli *cli,
                             const struct cli_approver_args *args,
                             struct cli_approver **ret, struct sg_err *err);
void cli_approver_free(struct cli_approver *approver);
SG_DEFINE_CLEANUP(struct cli_approver, cli_approver_free);

enum ca_sigalg cli_approver_algorithm(const struct cli_approver *approver);
/* The signature is appended to out. */
enum sg_rc cli_approver_sign(const struct cli_approver *approver,
                             struct sg_slice message, struct sg_buf *out,
                             struct sg_err *err);

#endif
