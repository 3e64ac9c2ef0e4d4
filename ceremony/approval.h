/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CEREMONY_APPROVAL_H
#define SG_CEREMONY_APPROVAL_H

/* A detached signature over a plan's hash by one of its approvers. A small
 * JSON file. Pure. */

#include "ceremony/plan.h"

#define CER_APPROVAL_MAX 8192 /* bytes */

/* May name approve this plan now? Asked before anybody reads or types.
 * SG_CONFIG for a clock before the plan was made, SG_DENIED for a stranger,
 * for the requester, and when the window is over. */
enum sg_rc cer_approval_admit(const struct cer_plan *plan, const char *name,
                              int64_t now, struct sg_err *err);

/* What is signed: "signet approval v1\n", plan SHA-256 in hex, "\n", the
 * approver's name, "\n", the time in RFC 3339, "\n". */
enum sg_rc cer_approval_message(const struct cer_plan *plan, const char *name,
                                int64_t time, struct sg_buf *out,
                                struct sg_err *err);
/* A signature that an approver's key made over the message. */
struct cer_approval_signed {
    const char *name;
    int64_t time;
    enum ca_sigalg alg;
    struct sg_slice signature;
};
/* The JSON file for it. */
enum sg_rc cer_approval_encode(const struct cer_plan *plan,
                               const struct cer_approval_signed *made,
                               struct sg_buf *out, struct sg_err *err);

struct cer_approval {
    const char *name;
    int64_t time;
    size_t approver; /* index into plan->approver */
};
/* SG_DENIED says which: a stranger, the requester, another plan, a bad
 * signature. SG_FORMAT for a file that is no approval. */
enum sg_rc cer_approval_check(const struct cer_plan *plan, struct sg_slice json,
                              struct sg_arena *arena,
                              struct cer_approval *ret_approval,
                              struct sg_err *err);
/* Are these enough: n different approvers. SG_DENIED names who approved and how
 * many more are needed; the same person twice counts once. */
enum sg_rc cer_approvals_enough(const struct cer_plan *plan,
                                const struct cer_approval *approval, size_t n,
                                struct sg_err *err);

#endif
