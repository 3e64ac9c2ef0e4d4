/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CEREMONY_REHEARSE_H
#define SG_CEREMONY_REHEARSE_H

/* A plan executed against a token that is made for it and thrown away: the
 * same steps, the same signet-token, the same guard, with nobody asked. */

#include "ceremony/room.h"

struct cer_rehearse_args {
    const struct cer_plan *plan;
    const char *softhsm; /* absolute path; never the ceremony's own module */
    const char *program; /* absolute path of signet-token */
    const char *version;
    const char *tmp;             /* absolute path: where the folder is made */
    const struct cer_room *room; /* its ask is not called */
    /* Of the key that will sign; NULL: not known, the stand-in has a wide one */
    const struct tok_guard *guard;
};

/* What stands in for what cannot be had in a rehearsal:
 *  - the key that signs is a new one of the same type;
 *  - where that key's public half stands in the TBS (a root, a request), it and
 *    its identifiers are exchanged, octet for octet; every other TBS is the
 *    plan's to the byte;
 *  - the issuer's certificate gets the new key and keeps all else, so that the
 *    guard judges as it will. Where the key's own guard is known, the stand-in
 *    gets its limits and is bound as it is.
 * SG_POLICY and the others as cer_execute(). A process of its own does it in a
 * folder that is removed whatever happens. Call it before threads start. */
enum sg_rc cer_rehearse(const struct cer_rehearse_args *args,
                        struct sg_err *err);

#endif
