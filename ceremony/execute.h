/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CEREMONY_EXECUTE_H
#define SG_CEREMONY_EXECUTE_H

/* A ceremony carried out: the plan's checks, the people's word, one act of the
 * token (a signature for each CRL of a package), and what comes out of it, verified. The transcript is the journal:
 * the same call on the same folder goes on where it was interrupted, and the
 * token never acts twice unless somebody says so. One thread. */

#include "ceremony/approval.h"
#include "ceremony/room.h"
#include "pkcs11/client.h"

struct cer_execute_args {
    const struct cer_plan *plan;
    const struct sg_slice *approval;  /* files, as they are */
    const char *const *approval_name; /* theirs, for people; or NULL */
    size_t n_approvals;
    const char *out; /* the folder: new, empty, or this plan's transcript */
    /* The folder of the issuer's ledger, for CER_TYPE_CRL; NULL in a
     * rehearsal. */
    const char *ledger;
    const char *module;  /* absolute path, for the transcript */
    const char *version; /* of the program */
    const struct cer_room *room;
    /* Nobody approved, nobody waits for the window: say so and go on. */
    bool rehearsal;
    /* What the linter judges when plan has stand-ins in its chain, whose
     * signatures cannot verify; NULL: plan and what comes out. */
    const struct cer_plan *judged;
    /* Called when the token is needed, at most once. *ret stays the caller's
     * and lives until cer_execute() has returned. */
    enum sg_rc (*start)(void *arg, struct tok_client **ret, struct sg_err *err);
    void *start_arg;
};

/* May this plan be executed now? Asked before anything is touched.
 *  SG_CONFIG  the clock is before the plan was made or a year after
 *  SG_DENIED  outside the window; an approval that does not count (whose, and
 *             why); too few approvals
 *  SG_POLICY  a rule of today refuses what will be signed; the ledger says
 *             that another CRL was published last
 * acted: the token has done its part; then the window, the rules and the year
 * are over and the rest may be finished. report: what the linter says. */
enum sg_rc cer_execute_admit(const struct cer_execute_args *args, int64_t now,
                             bool acted, struct lint_report *report,
                             struct sg_err *err);

/* The whole of it. Besides the above and what the token says:
 *  SG_CONFLICT  the folder holds something else; a file in it differs; the key
 *               to make is there already
 *  SG_POLICY    another token, another key
 *  SG_DENIED    the word was not given
 *  SG_CRYPTO    what came out does not verify */
enum sg_rc cer_execute(const struct cer_execute_args *args, struct sg_err *err);

#endif
