/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_PKCS11_HELPER_SPKI_H
#define SG_PKCS11_HELPER_SPKI_H

/* Between a token's attributes of a public key and a SubjectPublicKeyInfo.
 * Pure. */

#include "common/buf.h"
#include "pkcs11/keytype.h"

/* What C_GetAttributeValue gave; slices of the other family stay empty. */
struct tok_public_attrs {
    unsigned long key_type;    /* CKK_* */
    struct sg_slice ec_params; /* CKA_EC_PARAMS */
    struct sg_slice ec_point;  /* CKA_EC_POINT */
    struct sg_slice modulus;   /* CKA_MODULUS */
    struct sg_slice exponent;  /* CKA_PUBLIC_EXPONENT */
};

/* Append the SubjectPublicKeyInfo. SG_POLICY for a kind of key that signet
 * does not use, SG_FORMAT for attributes that make no key. EC points are
 * taken as PKCS#11 says (in an OCTET STRING) and as modules get it wrong
 * (bare, or in a BIT STRING). */
enum sg_rc tok_spki_encode(const struct tok_public_attrs *attrs,
                           struct sg_buf *out, struct sg_err *err);

/* Which of our types this is; SG_POLICY for any other. */
enum sg_rc tok_spki_type(struct sg_slice spki, enum tok_key_type *ret,
                         struct sg_err *err);

/* CKA_EC_PARAMS for an EC type; Ed25519 has two spellings, the second one is
 * for tokens that refuse the first. Empty for RSA and past the last. */
struct sg_slice tok_ec_params(enum tok_key_type type, unsigned spelling);

/* Bits of the RSA modulus, octets of one ECDSA coordinate; 0 for others. */
unsigned tok_rsa_bits(enum tok_key_type type);
unsigned tok_ec_octets(enum tok_key_type type);

#endif
