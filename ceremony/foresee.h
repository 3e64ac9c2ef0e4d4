/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CEREMONY_FORESEE_H
#define SG_CEREMONY_FORESEE_H

/* What the guard of the key that signs will say to a plan, told while the plan
 * can still be made anew. Only signet-token decides: a rehearsal under the same
 * guard shows the rest. Pure. */

#include "ceremony/plan.h"

#define CER_FORESEE_MAX 256 /* bytes with NUL */

/* The first limit that the plan breaks, or "" when none is seen. Returns dst.
 * Nothing is seen of a plan for a key. */
const char *cer_foresee(const struct cer_plan *plan,
                        const struct tok_guard *guard,
                        char dst[CER_FORESEE_MAX]);

#endif
