/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CA_AUTHORITY_H
#define SG_CA_AUTHORITY_H

/* CA certificates and the requests for them: to-be-signed bytes. Pure. */

#include "ca/issuer.h"

struct ca_authority_args {
    enum ca_sigalg alg; /* of the signature that will be made */
    struct sg_slice serial;
    struct ca_dn subject;
    const struct ca_spki *spki; /* the new CA's key */
    int64_t not_before, not_after;
    bool has_path_length;
    uint32_t path_length;
    const struct ca_constraints *constraints; /* NULL: none; written critical */
    bool digital_signature; /* keyUsage besides keyCertSign and cRLSign */
    /* NULL: self-signed (a root). */
    const struct ca_issuer *issuer;
};

/* Root: issuer NULL. Intermediate: SG_POLICY when the issuer's path length,
 * validity or name constraints do not allow it, when its permitted subtrees
 * reach beyond those of the chain, and when it is self-issued. */
enum sg_rc ca_authority_tbs(const struct ca_authority_args *args,
                            struct sg_buf *out, struct sg_err *err);

/* CertificationRequestInfo for a key, with no attributes. */
enum sg_rc ca_csr_info(const struct ca_dn *subject, const struct ca_spki *spki,
                       struct sg_buf *out, struct sg_err *err);

#endif
