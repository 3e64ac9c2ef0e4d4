/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CEREMONY_VERIFY_INT_H
#define SG_CEREMONY_VERIFY_INT_H

/* What the files that verify a ceremony share. Inside ceremony/ only. */

#include "ceremony/json.h"
#include "ceremony/verify.h"

/* Each CRL twice, the approvals, the plan, the last CRL, the calendar. */
#define CER_VERIFY_FILES_MAX 128
#define CER_VERIFY_FILE_MAX ((size_t)64 * 1024 * 1024) /* bytes; a large CRL */

/* One file of the folder: its name from there, and its bytes. */
struct cer_verify {
    const char *dir;
    const char *version;
    struct sg_slice
        signer; /* the certificate that must have sealed; or empty */
    struct sg_arena arena;
    struct cer_plan plan;
    struct cer_transcript *transcript;
    uint8_t transcript_sha256[32];
    struct cer_page_file file[CER_VERIFY_FILES_MAX]; /* that "written" lists */
    size_t n_files;
    size_t n_changed; /* of them: not what was written; their bytes are empty */
    /* DER, each made of a TBS of the plan and its signature */
    struct sg_slice result[CER_SIGN_MAX];
    size_t n_results;
    char note[SG_ERR_MSG_MAX]; /* what a check that is ok has seen */
    bool looked; /* cleared by a check that had nothing to look at */
};

/* Each check: SG_OK, or the failure whose text says what differs. */
enum sg_rc cer_verify_order(struct cer_verify *v, struct sg_err *err);
enum sg_rc cer_verify_confirmed(struct cer_verify *v, struct sg_err *err);
enum sg_rc cer_verify_window(struct cer_verify *v, struct sg_err *err);
enum sg_rc cer_verify_token(struct cer_verify *v, struct sg_err *err);

enum sg_rc cer_verify_record(struct cer_verify *v, struct sg_err *err);
enum sg_rc cer_verify_lint(struct cer_verify *v, struct sg_err *err);

enum sg_rc cer_verify_files(struct cer_verify *v, struct sg_err *err);
enum sg_rc cer_verify_nothing_else(struct cer_verify *v, struct sg_err *err);
enum sg_rc cer_verify_result(struct cer_verify *v, struct sg_err *err);
enum sg_rc cer_verify_page(struct cer_verify *v, struct sg_err *err);
enum sg_rc cer_verify_cms(struct cer_verify *v, struct sg_err *err);

/* CRLs only: from the last one published, forward; and when to publish. */
enum sg_rc cer_verify_past(struct cer_verify *v, struct sg_err *err);
enum sg_rc cer_verify_calendar(struct cer_verify *v, struct sg_err *err);

enum sg_rc cer_verify_signature(struct cer_verify *v, struct sg_err *err);
enum sg_rc cer_verify_openssl(struct cer_verify *v, struct sg_err *err);
enum sg_rc cer_verify_walker(struct cer_verify *v, struct sg_err *err);
enum sg_rc cer_verify_key(struct cer_verify *v, struct sg_err *err);

#define CER_VERIFY_NO_RESULT "needs the result"
#define CER_VERIFY_CHANGED "needs the files as they were written"
/* SG_OK: there was nothing to look at, for this reason. */
SG_PRINTF(2, 3)
enum sg_rc cer_verify_skip(struct cer_verify *v, const char *why, ...);
/* Is there one for everything that the plan signs or makes? */
bool cer_verify_has_result(const struct cer_verify *v);
/* A file that "written" lists; empty when it is not what was written. SG_FORMAT
 * when it is not listed. */
enum sg_rc cer_verify_listed(const struct cer_verify *v, const char *name,
                             struct sg_slice *ret, struct sg_err *err);
/* A file of the folder into the arena. */
enum sg_rc cer_verify_read(struct cer_verify *v, const char *name,
                           struct sg_slice *ret, struct sg_err *err);
/* The newest line of this event; SG_FORMAT when there is none. */
enum sg_rc cer_verify_line(struct cer_verify *v, const char *event,
                           struct cer_reader *ret, struct sg_err *err);
/* A member that must be this text of the plan. */
enum sg_rc cer_verify_same(struct cer_verify *v, struct cer_reader *in,
                           const char *key, const char *want,
                           struct sg_err *err);
/* Attributes of a key, on record, are those of one that may sign. */
enum sg_rc cer_verify_attributes(struct cer_verify *v, struct cer_reader *in,
                                 const char *key, struct sg_err *err);
/* Name and time of line i. */
enum sg_rc cer_verify_event(struct cer_verify *v, size_t i,
                            const char **ret_name, int64_t *ret_time,
                            struct sg_err *err);

#endif
