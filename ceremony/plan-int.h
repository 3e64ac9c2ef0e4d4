/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CEREMONY_PLAN_INT_H
#define SG_CEREMONY_PLAN_INT_H

/* What the files that make and read plans share. Inside ceremony/ only. */

#include "ceremony/json.h"
#include "ceremony/plan.h"

/* The rules of a plan that need no TBS: people, window, labels, guard. Fails
 * with rc: SG_CONFIG for a request, SG_FORMAT for a plan. */
enum sg_rc cer_plan_check(const struct cer_plan *plan, enum sg_rc rc,
                          struct sg_err *err);
/* --- the guard of a key that is made: plan-guard.c ---------------------------- */

enum sg_rc cer_guard_check(const struct tok_guard *guard, enum sg_rc rc,
                           struct sg_err *err);
/* The member "guard" of the plan's key. */
enum sg_rc cer_guard_encode(const struct tok_guard *guard, json_object *key,
                            struct sg_err *err);
enum sg_rc cer_guard_take(struct cer_reader *key, struct sg_arena *arena,
                          struct tok_guard *ret, struct sg_err *err);
/* The same limits, whatever they are bound to. */
bool cer_guard_same(const struct tok_guard *a, const struct tok_guard *b);
/* Line by line for people. */
typedef void (*cer_tell)(void *arg, const char *title, const char *text);
enum sg_rc cer_guard_tell(const struct tok_guard *guard, cer_tell row,
                          void *arg, struct sg_err *err);

/* --- the TBS ------------------------------------------------------------------ */

/* Does the TBS go with the plan's chain, key and algorithm? SG_FORMAT. */
enum sg_rc cer_plan_check_tbs(const struct cer_plan *plan, struct sg_err *err);

/* Do the CRLs follow one another, and what was published last, without a gap?
 * SG_POLICY. Nothing for other types. */
enum sg_rc cer_plan_check_package(const struct cer_plan *plan,
                                  struct sg_err *err);

/* From sign: the hash of each, and tbs_sha256. */
enum sg_rc cer_plan_hash(struct cer_plan *plan, struct sg_err *err);

/* The canonical bytes. json and the hashes are not looked at. */
enum sg_rc cer_plan_encode(const struct cer_plan *plan, struct sg_buf *out,
                           struct sg_err *err);

/* Member "crl": null unless the plan is of that type. */
enum sg_rc cer_past_put(const struct cer_plan *plan, json_object *object,
                        struct sg_err *err);
enum sg_rc cer_past_take(struct cer_reader *in, struct sg_arena *arena,
                         struct cer_plan *plan, struct sg_err *err);

/* The same for people: title and text of each line. */
void cer_past_tell(const struct cer_past *past, cer_tell tell, void *arg);

/* What the i-th TBS says, for people: derived from nothing but its bytes. The
 * caller frees *ret. SG_FORMAT when it cannot be read. */
enum sg_rc cer_describe(const struct cer_plan *plan, size_t i,
                        json_object **ret, struct sg_err *err);
enum sg_rc cer_describe_certificate(struct sg_slice tbs, json_object **ret,
                                    struct sg_err *err);
enum sg_rc cer_describe_csr(struct sg_slice info, enum ca_sigalg alg,
                            json_object **ret, struct sg_err *err);
enum sg_rc cer_describe_crl(struct sg_slice tbs, enum ca_sigalg alg,
                            json_object **ret, struct sg_err *err);
/* "permitted" and "excluded" into object. */
enum sg_rc cer_describe_constraints(const struct ca_constraints *constraints,
                                    json_object *object, struct sg_err *err);
/* Appends to object what the extensions say. */
enum sg_rc cer_describe_extensions(const struct ca_cert *cert,
                                   json_object *object, struct sg_err *err);

/* "serverAuth" as "1.3.6.1.5.5.7.3.1"; what is no such name as it is. Returns
 * text or dst. */
const char *cer_purpose_oid(const char *text, char dst[SG_OID_TEXT_MAX]);
/* "not_before" as people read it: "Not before". Returns dst. */
#define CER_TITLE_MAX 128
const char *cer_key_title(const char *key, char dst[static CER_TITLE_MAX]);

/* The token's name for keys of this kind; SG_POLICY when it has none. */
enum sg_rc cer_key_type(const struct ca_spki *spki, enum tok_key_type *ret,
                        struct sg_err *err);
/* tbs with a signature of zeroes around: what reads only signed things reads
 * it then. */
enum sg_rc cer_wrap_unsigned(struct sg_slice tbs, enum ca_sigalg alg,
                             struct sg_buf *out, struct sg_err *err);

#define CER_PLAN_KIND "signet ceremony plan"
#define CER_NAME_TEXT_MAX 2048 /* bytes of a distinguished name as text */
#define CER_INPUTS_MAX 2100    /* every revoked certificate may be a file */
#define CER_WARNINGS_MAX 64

#endif
