/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_PKCS11_HELPER_GUARD_OCSP_H
#define SG_PKCS11_HELPER_GUARD_OCSP_H

/* For whom a key answers OCSP requests (RFC 6960). Pure. */

#include <openssl/sha.h>

#include "pkcs11/helper/tbs-ocsp.h"

/* How a CertID names the issuer (RFC 6960 4.1.1). */
struct tok_ocsp_issuer {
    uint8_t name_sha1[SHA_DIGEST_LENGTH], key_sha1[SHA_DIGEST_LENGTH];
    uint8_t name_sha256[SHA256_DIGEST_LENGTH], key_sha256[SHA256_DIGEST_LENGTH];
};
/* Of this CA certificate. */
enum sg_rc tok_ocsp_issuer_of(const struct tok_tbs *ca,
                              struct tok_ocsp_issuer *ret, struct sg_err *err);

/* Does the CA sign OCSP answers with its own key (BR 7.1.2.10.7)? */
bool tok_ocsp_answers_itself(const struct tok_tbs *ca);

/* May this certificate be bound to an OCSP key with public key spki?
 * SG_POLICY: another public key, a CA's, without the purpose OCSPSigning. */
enum sg_rc tok_ocsp_check_responder(struct sg_slice cert, struct sg_slice spki,
                                    struct tok_tbs *ret_tbs,
                                    struct sg_err *err);

/* Does the answer name this responder, by name or by the hash of its key, and
 * nothing but certificates of this issuer? */
enum sg_rc tok_ocsp_check(const struct tok_ocsp *ocsp,
                          const struct tok_tbs *responder,
                          const struct tok_ocsp_issuer *issuer,
                          struct sg_err *err);

#endif
