/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CEREMONY_PLAN_BUILD_H
#define SG_CEREMONY_PLAN_BUILD_H

/* Making a plan out of a request. Inside ceremony/ only. Messages begin with
 * the request's key; the path is put in front of them once, at the top. */

#include "ca/csr.h"
#include "ceremony/plan-int.h"
#include "ceremony/request.h"

struct cer_build {
    const char *path; /* of the request: files are named from its folder */
    int64_t now;
    struct sg_arena *arena;
    const struct cer_request *request;
    struct cer_plan *plan;     /* growing */
    struct ca_issuer *issuer;  /* owned; NULL for types without */
    struct ca_spki public_key; /* when the request names one */
    struct sg_buf tbs;
};

/* --- inputs (plan-input.c) --------------------------------------------------- */

/* The file's bytes, in the arena; its name and hash are recorded. SG_CONFIG
 * "key: path: …". */
enum sg_rc cer_input_bytes(struct cer_build *build, const char *key,
                           const char *path, size_t max, struct sg_slice *ret,
                           struct sg_err *err);
/* key becomes the role: "issuer: certificate" is "issuer-certificate". */
enum sg_rc cer_input_record(struct cer_build *build, const char *key,
                            const char *path, struct sg_slice bytes,
                            struct sg_err *err);
enum sg_rc cer_input_certificate(struct cer_build *build, const char *key,
                                 const char *path, struct ca_cert **ret,
                                 struct sg_err *err);
/* PEM only: at least one. */
enum sg_rc cer_input_chain(struct cer_build *build, const char *key,
                           const char *path, struct sg_err *err);
/* A public key or the key of a certificate. */
enum sg_rc cer_input_key(struct cer_build *build, const char *key,
                         const char *path, struct ca_spki *ret,
                         struct sg_err *err);
/* Proof of possession is checked. */
enum sg_rc cer_input_csr(struct cer_build *build, const char *key,
                         const char *path, struct ca_csr **ret,
                         struct sg_err *err);

/* --- values (plan-value.c) --------------------------------------------------- */

enum sg_rc cer_value_time(const char *key, const char *text, int64_t *ret,
                          struct sg_err *err);
enum sg_rc cer_value_subject(struct cer_build *build, struct ca_dn *ret,
                             struct sg_err *err);
enum sg_rc cer_value_constraints(struct cer_build *build,
                                 const struct cer_request_constraints *names,
                                 struct ca_constraints *ret,
                                 struct sg_err *err);
/* Purposes as dotted texts. */
enum sg_rc cer_value_purposes(struct cer_build *build,
                              const struct cer_list *list,
                              const char *const **ret, struct sg_err *err);
struct cer_period {
    int64_t not_before, not_after;
};
enum sg_rc cer_value_validity(const struct cer_request_validity *validity,
                              struct cer_period *ret, struct sg_err *err);

/* Kept once, when there is room for it. */
SG_PRINTF(2, 3)
void cer_build_warn(struct cer_build *build, const char *fmt, ...);

/* The guard of the key that is made (plan-guard.c). */
enum sg_rc cer_build_guard(struct cer_build *build, struct sg_err *err);

/* --- the TBS: each appends to build->tbs, a CRL to plan->sign ---------------- */

/* What is in build->tbs goes to plan->sign; build->tbs is empty then. */
enum sg_rc cer_build_add(struct cer_build *build, struct sg_err *err);
enum sg_rc cer_build_authority(struct cer_build *build, struct sg_err *err);
enum sg_rc cer_build_responder(struct cer_build *build, struct sg_err *err);
enum sg_rc cer_build_csr(struct cer_build *build, struct sg_err *err);
enum sg_rc cer_build_crl(struct cer_build *build, struct sg_err *err);

/* What was published before, into plan->past; *ret_last is that CRL, or stays
 * as it is when there is none. */
enum sg_rc cer_build_past(struct cer_build *build, struct ca_crl *ret_last,
                          struct sg_err *err);
/* May the first CRL of the plan follow it? Of all that a plan does not hold:
 * its entries. */
enum sg_rc cer_build_check_past(struct cer_build *build,
                                const struct ca_crl *last, struct sg_err *err);

/* Whose key is certified, and what the request says of its subject. */
struct cer_applicant {
    struct ca_spki spki;
    struct ca_dn subject;
};
/* Is it the key that the request expects? */
enum sg_rc cer_check_certified(const struct cer_build *build,
                               const struct ca_spki *spki, struct sg_err *err);
enum sg_rc cer_build_applicant(struct cer_build *build,
                               struct cer_applicant *ret, struct sg_err *err);

#endif
