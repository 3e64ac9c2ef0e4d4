/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_PKCS11_HELPER_GUARD_H
#define SG_PKCS11_HELPER_GUARD_H

/* What a key may sign (DESIGN 5). A guard is made once, is bound to one issuer
 * certificate at most once, and never changes otherwise. A struct
 * tok_guard_state never changes after it was made: any thread may read it. */

#include "pkcs11/helper/crl.h"
#include "pkcs11/helper/guard-names.h"
#include "pkcs11/helper/guard-ocsp.h"
#include "pkcs11/keytype.h"

struct tok_guard_state {
    struct tok_guard limits; /* its slices point into bytes */
    struct tok_tbs issuer;   /* of issuer_cert, borrowed from it: the key's own
                              * certificate, a CA's or a responder's */
    struct tok_ocsp_issuer answers_for; /* the CA itself, or a responder's */
    struct tok_tbs above[TOK_CHAIN_MAX - 1]; /* of chain, borrowed from it */
    size_t n_above;
    /* the key's own, and those of the issuer and the certificates above */
    struct tok_names constraints[TOK_CHAIN_MAX + 1];
    size_t n_constraints;
    bool has_path_left; /* some certificate of the chain has a path length: */
    int64_t path_left;  /* what is left of it below the key; < 0: no CA */
    uint8_t issuer_sha256[32];
    struct tok_guard_state *older; /* owned; kept for threads that read it */
    uint8_t bytes[];
};
/* The issuer at 0, those above it at 1 … n_above. */
static inline const struct tok_tbs *
tok_chain_at(const struct tok_guard_state *g, size_t at)
{
    return at == 0 ? &g->issuer : &g->above[at - 1];
}

/* Limits that make sense for the purpose: SG_USAGE otherwise. */
enum sg_rc tok_guard_check_limits(const struct tok_guard *limits,
                                  struct sg_err *err);

/* SG_POLICY names the limit of want that is wider than now's. */
enum sg_rc tok_guard_check_narrower(const struct tok_guard *now,
                                    const struct tok_guard *want,
                                    struct sg_err *err);

/* limits are copied with their certificates. The issuer's must fit the key and
 * the guard as tok_guard_check_issuer() says, each one of the chain the one
 * below it by name and key identifier. Signatures are checked when it is bound
 * (guard-chain.h), not whenever it is read. */
enum sg_rc tok_guard_new(const struct tok_guard *limits, struct sg_slice spki,
                         struct tok_guard_state **ret_guard,
                         struct sg_err *err);
/* As far as certificates go, may next take now's place? The same one with no
 * shorter chain; of a responder one of the same name for the same CA. */
bool tok_guard_may_follow(const struct tok_guard_state *now,
                          const struct tok_guard_state *next);
void tok_guard_free(struct tok_guard_state *guard);
SG_DEFINE_CLEANUP(struct tok_guard_state, tok_guard_free);

/* May this certificate be bound to a key with public key spki? SG_POLICY:
 * another public key, not a CA certificate, no subjectKeyIdentifier. */
enum sg_rc tok_guard_check_issuer(struct sg_slice cert, struct sg_slice spki,
                                  struct tok_tbs *ret_tbs, struct sg_err *err);

/* May the key with public key spki sign this certificate? guard may be NULL:
 * a key without guard signs nothing. SG_POLICY "guard: …". */
enum sg_rc tok_guard_check_cert(const struct tok_guard_state *guard,
                                struct sg_slice spki, const struct tok_tbs *tbs,
                                struct sg_err *err);

/* May it sign this request for a certificate (its own key only)? */
enum sg_rc tok_guard_check_csr(const struct tok_guard_state *guard,
                               struct sg_slice spki, struct sg_slice csr_spki,
                               struct sg_err *err);

/* May it sign this CRL: a CA key, of the issuer that it is bound to? */
enum sg_rc tok_guard_check_crl(const struct tok_guard_state *guard,
                               const struct tok_crl *crl, struct sg_err *err);

/* May it sign this OCSP response: in its own name, about certificates of the CA
 * that it is bound to? An OCSP key answers for the CA above its certificate; a
 * CA key for itself, when its certificate has digitalSignature. */
enum sg_rc tok_guard_check_ocsp(const struct tok_guard_state *guard,
                                const struct tok_ocsp *ocsp,
                                struct sg_err *err);

/* Is the key for this (BACKEND: digests; PROBE: challenges) and nothing
 * else? */
enum sg_rc tok_guard_check_purpose(const struct tok_guard_state *guard,
                                   enum tok_purpose purpose,
                                   struct sg_err *err);

#endif
