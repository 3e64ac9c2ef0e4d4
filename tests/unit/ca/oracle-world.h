/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_TESTS_UNIT_CA_ORACLE_WORLD_H
#define SG_TESTS_UNIT_CA_ORACLE_WORLD_H

/* A root, an issuing CA and leaves, signed with throw-away keys, to be shown to
 * verifiers that are not ours. Everything fails the test when it cannot be
 * done. */

#include "tests/unit/ca/oracle.h"

/* Two keys of each kind that issues: root and intermediate. */
enum {
    P256_A,
    P256_B,
    P384_A,
    P384_B,
    P521_A,
    P521_B,
    RSA_A,
    RSA_B,
    ED_A,
    ED_B,
    P256_LEAF,
    RSA3072,
    RSA4096,
    N_KEYS
};
extern struct kit_key oracle_keys[N_KEYS];
extern struct sg_arena oracle_arena;
extern struct ca_profile *oracle_server; /* serverAuth and clientAuth */
extern int64_t oracle_now;

int oracle_world_open(void **state); /* group setup and teardown */
int oracle_world_close(void **state);

struct world {
    struct sg_buf root, inter;
    const struct kit_key *key; /* of inter */
    enum ca_sigalg alg;
    struct ca_issuer *issuer;
};
struct world_args {
    const struct kit_key *root, *inter;
    enum ca_sigalg alg;
    bool free; /* without the path length and constraints below */
};
void world_open(const struct world_args *args, struct world *ret);
/* Both keys P-256. */
void world_open_p256(struct world *ret, bool free);
void world_close(struct world *w);

/* Good ones, to be changed before they are signed. */
struct ca_authority_args root_args(const struct kit_key *key,
                                   enum ca_sigalg alg);
struct ca_leaf_args leaf_args(const struct world *w);
void sign_authority(const struct ca_authority_args *args,
                    const struct kit_key *signer, struct sg_buf *ret);
void sign_leaf(const struct world *w, const struct ca_leaf_args *args,
               struct sg_buf *ret);
struct ca_issuer *issuer_of(const struct sg_buf *const *chain, size_t n);

/* Made, believed by every verifier, and shown as it was meant. */
void leaf_holds(const struct world *w, const struct ca_leaf_args *args,
                const char *const *texts);

#endif
