/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CA_CRYPTO_H
#define SG_CA_CRYPTO_H

/* OpenSSL objects that cost more to make than to use, made once: for the
 * process when they are immutable, for the thread when they are not. Nothing
 * outside ca/ includes this. */

#include <openssl/evp.h>

#include "ca/spki.h"

enum ca_hash { CA_HASH_SHA1, CA_HASH_SHA256, CA_HASH_SHA384, CA_HASH_SHA512 };

/* Borrowed, shared by all threads; NULL when the provider has none. */
const EVP_MD *ca_hash_md(enum ca_hash hash);

/* What is the same for every key of one curve. */
struct ca_curve {
    enum ca_key_kind kind;
    const char *group; /* OpenSSL's name */
    unsigned bits;
    size_t field_len;  /* octets of a coordinate and of a private key */
    enum ca_hash hash; /* ECDSA's for this size (BR 7.1.3.2.2) */
    struct sg_slice oid;
    /* SubjectPublicKeyInfo up to the uncompressed point. */
    struct sg_slice spki_prefix;
};
#define CA_POINT_MAX 133 /* octets of an uncompressed P-521 point */

/* NULL when kind is no curve. */
const struct ca_curve *ca_curve(enum ca_key_kind kind);

/* A new public key on the curve; SG_POLICY when the point is not on it. */
enum sg_rc ca_curve_pkey(const struct ca_curve *curve, struct sg_slice point,
                         EVP_PKEY **ret_pkey, struct sg_err *err);
/* A context ready for EVP_PKEY_verify() with the key of this point. Lent: this
 * thread's own, good until the thread asks for another on the same curve. */
enum sg_rc ca_curve_verifier(const struct ca_curve *curve,
                             struct sg_slice point, EVP_PKEY_CTX **ret_ctx,
                             struct sg_err *err);
/* This thread's ready key generation context. Borrowed. */
enum sg_rc ca_curve_keygen(const struct ca_curve *curve, EVP_PKEY_CTX **ret_ctx,
                           struct sg_err *err);

/* Does the signature verify? A bad one is an answer; SG_POLICY says that key
 * and algorithm do not go together. */
enum sg_rc ca_signature_check(EVP_PKEY *pkey, enum ca_sigalg alg,
                              struct sg_slice message,
                              struct sg_slice signature, bool *ret_good,
                              struct sg_err *err);
/* The same with a parsed key; SG_POLICY also for a point off its curve. */
enum sg_rc ca_spki_signature_check(const struct ca_spki *spki,
                                   enum ca_sigalg alg, struct sg_slice message,
                                   struct sg_slice signature, bool *ret_good,
                                   struct sg_err *err);

#endif
