/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_PKCS11_HELPER_SIGN_H
#define SG_PKCS11_HELPER_SIGN_H

/* Look at what is to be signed, hold it against the key's guard, hash, sign in
 * the token, check the signature. A struct tok_signer belongs to one thread
 * and keeps everything that is costly to make. */

#include "pkcs11/helper/keys.h"

struct tok_sigalg;

/* One worker's view of one key. */
struct tok_signer_key {
    CK_OBJECT_HANDLE handle;
    uint64_t epoch;       /* of the session that handle came from; 0: none */
    EVP_PKEY_CTX *verify; /* owned; ready for verify_alg */
    const struct tok_sigalg *verify_alg;
};

struct tok_signer {
    struct tok_session ses;
    struct tok_keys *keys;
    EVP_MD *md[3]; /* SHA-256, -384, -512; fetched once */
    EVP_MD_CTX *md_ctx;
    struct tok_signer_key key[TOK_KEYS_MAX];
};

enum sg_rc tok_signer_new(struct tok_login *login, struct tok_keys *keys,
                          struct tok_signer **ret_signer, struct sg_err *err);
void tok_signer_free(struct tok_signer *signer); /* takes NULL */
SG_DEFINE_CLEANUP(struct tok_signer, tok_signer_free);

/* SIGN_* or PROBE_SIGN; with fd >= 0, which is borrowed, what is to be signed
 * is in there. The signature is appended as it goes into the BIT STRING.
 * SG_POLICY "guard: …" when the guard refuses, SG_NOT_FOUND for an unknown
 * reference, SG_CRYPTO when the token's signature does not verify. */
enum sg_rc tok_signer_sign(struct tok_signer *signer, enum tok_op op,
                           const struct tok_sign *req, int fd,
                           struct sg_buf *out, struct sg_err *err);

/* Did the token, when it last signed for a key of this type, have to make the
 * hash itself? */
bool tok_signer_hashed(const struct tok_signer *signer, enum tok_key_type type);

#endif
