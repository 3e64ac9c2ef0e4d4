/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CEREMONY_STAND_IN_H
#define SG_CEREMONY_STAND_IN_H

/* A chain for a rehearsal's key. */

#include "common/arena.h"

/* The same certificates, signed anew: the first keeps its public key, those
 * above get one that is made up, so that each is signed by the next. Nobody
 * has the private keys afterwards. ret has room for n; it lives in the arena.
 * A chain of one is as it was. */
enum sg_rc cer_stand_in_chain(struct sg_arena *arena,
                              const struct sg_slice *chain, size_t n,
                              struct sg_slice *ret, struct sg_err *err);

#endif
