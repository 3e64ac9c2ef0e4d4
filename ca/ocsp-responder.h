/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CA_OCSP_RESPONDER_H
#define SG_CA_OCSP_RESPONDER_H

/* The certificate of an OCSP responder (RFC 6960 4.2.2.2, BR 7.1.2.8): signed
 * by the very CA that it answers for. Pure. */

#include "ca/issuer.h"

/* Nobody asks for its status (id-pkix-ocsp-nocheck), so it has to end soon. */
#define CA_OCSP_RESPONDER_DAYS_MAX 397

struct ca_ocsp_responder_args {
    const struct ca_issuer *issuer;
    enum ca_sigalg alg; /* of the issuer's signature */
    struct sg_slice serial;
    struct ca_dn subject; /* not empty: it has no other name */
    const struct ca_spki *spki;
    /* Renewal: the responder's certificate whose subject and key are taken over
     * byte for byte, in place of the two above; or NULL. */
    const struct ca_cert *existing;
    int64_t not_before, not_after;
};

/* keyUsage digitalSignature, extKeyUsage OCSPSigning, id-pkix-ocsp-nocheck,
 * SKI and AKI, and nothing else. SG_POLICY: serial, period, algorithm or
 * subject break a rule, more than CA_OCSP_RESPONDER_DAYS_MAX, outside the
 * issuer's validity or its chain's name constraints, a CA's key or name, an
 * existing certificate that is no responder's. */
enum sg_rc ca_ocsp_responder_tbs(const struct ca_ocsp_responder_args *args,
                                 struct sg_buf *out, struct sg_err *err);

#endif
