/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CA_SPKI_H
#define SG_CA_SPKI_H

/* Public keys and signature algorithms: what signet accepts, and how they are
 * written. Pure; slices borrow from the DER that was parsed. Thread-safe. */

#include <openssl/types.h>

#include "common/buf.h"
#include "common/der.h"
#include "common/secret.h"

enum ca_key_kind {
    CA_KEY_UNSET,
    CA_KEY_RSA,
    CA_KEY_EC_P256,
    CA_KEY_EC_P384,
    CA_KEY_EC_P521,
    CA_KEY_ED25519
};
const char *ca_key_kind_name(enum ca_key_kind kind);  /* "EC P-256" */
const char *ca_key_kind_vault(enum ca_key_kind kind); /* "rsa" "ec" "ed25519" */

struct ca_spki {
    enum ca_key_kind kind;
    unsigned bits;       /* RSA modulus, EC field, 256 for Ed25519 */
    struct sg_slice der; /* the whole SubjectPublicKeyInfo */
    struct sg_slice key; /* content of the BIT STRING without unused bits */
    struct sg_slice modulus, exponent; /* RSA, magnitudes */
};

/* Strict. SG_FORMAT for bad DER; SG_POLICY for a key nobody should certify:
 * unknown algorithm or curve (named by OID), compressed or off-size point, RSA
 * under 2048 or over 8192 bits or not a multiple of 8, even exponent or below
 * 65537 (BR 6.1.6), a modulus that can be factored at once (BR 6.1.1.3). */
enum sg_rc ca_spki_parse(struct sg_slice der, struct ca_spki *ret,
                         struct sg_err *err);
/* SHA-1 of the BIT STRING content: RFC 5280 4.2.1.2 (1). */
enum sg_rc ca_spki_key_id(const struct ca_spki *spki, uint8_t ret_id[static 20],
                          struct sg_err *err);
/* For verifying; the caller frees (EVP_PKEY_free). Checks that an EC point is
 * on its curve. */
enum sg_rc ca_spki_to_pkey(const struct ca_spki *spki, EVP_PKEY **ret_pkey,
                           struct sg_err *err);

/* hash, padding, key family */
enum ca_sigalg {
    CA_SIGALG_UNSET,
    CA_SIGALG_ECDSA_SHA256,
    CA_SIGALG_ECDSA_SHA384,
    CA_SIGALG_ECDSA_SHA512,
    CA_SIGALG_RSA_SHA256,
    CA_SIGALG_RSA_SHA384,
    CA_SIGALG_RSA_SHA512,
    CA_SIGALG_PSS_SHA256, /* salt as long as the hash, MGF1 with it */
    CA_SIGALG_PSS_SHA384,
    CA_SIGALG_PSS_SHA512,
    CA_SIGALG_ED25519
};
const char *ca_sigalg_name(enum ca_sigalg alg); /* "ecdsa-with-SHA256" */
/* The whole AlgorithmIdentifier, static, byte-exact as BR 7.1.3.2 lists. */
struct sg_slice ca_sigalg_der(enum ca_sigalg alg);
/* The one whose DER this is; SG_POLICY names the OID of any other. */
enum sg_rc ca_sigalg_parse(struct sg_slice algorithm_identifier,
                           enum ca_sigalg *ret, struct sg_err *err);
/* What a key of this kind signs with. hash_bits 0: the curve's own hash, or
 * SHA-256 for RSA; for EC any other value than the curve's is refused. */
enum sg_rc ca_sigalg_for(enum ca_key_kind kind, unsigned hash_bits, bool pss,
                         enum ca_sigalg *ret, struct sg_err *err);

/* SG_POLICY "signature invalid" when it does not verify. */
enum sg_rc ca_verify(EVP_PKEY *pkey, enum ca_sigalg alg,
                     struct sg_slice message, struct sg_slice signature,
                     struct sg_err *err);

/* The same with a parsed key, and cheaper for EC: this thread's own key object
 * is used again. */
enum sg_rc ca_spki_verify(const struct ca_spki *spki, enum ca_sigalg alg,
                          struct sg_slice message, struct sg_slice signature,
                          struct sg_err *err);

/* SEQUENCE { tbs, algorithm, BIT STRING signature }: certificate, CSR, CRL. */
enum sg_rc ca_signed_encode(struct sg_slice tbs, enum ca_sigalg alg,
                            struct sg_slice signature, struct sg_buf *out,
                            struct sg_err *err);

/* --- leaf keys made in this process ---------------------------------------- */

/* bits matters for RSA only. Caller frees. */
enum sg_rc ca_leaf_key_new(enum ca_key_kind kind, unsigned bits,
                           EVP_PKEY **ret_key, struct sg_err *err);
enum sg_rc ca_leaf_key_spki(EVP_PKEY *key, struct sg_buf *out,
                            struct sg_err *err); /* SubjectPublicKeyInfo DER */
enum ca_private_format {
    CA_PRIVATE_TRADITIONAL, /* PKCS#1, SEC1; PKCS#8 for Ed25519 */
    CA_PRIVATE_PKCS8
};
/* DER of the private key, and the PEM label that goes with it. spki is what
 * ca_leaf_key_spki() wrote for this key: its point is not computed again. out
 * is wiped by its owner (sg_buf_done). */
enum sg_rc ca_leaf_key_private(EVP_PKEY *key, const struct ca_spki *spki,
                               enum ca_private_format format,
                               struct sg_buf *out, const char **ret_pem_label,
                               struct sg_err *err);

#endif
