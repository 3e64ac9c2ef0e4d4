/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CEREMONY_EXECUTE_INT_H
#define SG_CEREMONY_EXECUTE_INT_H

/* What the files that execute a plan share. Inside ceremony/ only. */

#include "ceremony/execute.h"
#include "ceremony/json.h"
#include "ceremony/transcript.h"

#define CER_RESULT_MAX ((size_t)64 * 1024 * 1024) /* bytes; a large CRL */

struct cer_execution {
    const struct cer_execute_args *args;
    const struct cer_plan *plan;
    const struct cer_room *room;
    struct cer_transcript *transcript;
    /* one for each approver, and its file's bytes */
    struct cer_approval approval[CER_APPROVERS_MAX];
    struct sg_slice approval_bytes[CER_APPROVERS_MAX];
    size_t n_approvals;
    struct sg_arena arena;
    struct lint_report report;
    /* NULL until the token is needed */
    struct tok_client *client;
    struct tok_token_info token;
    struct tok_key *key; /* the one that signs, or that was made */
    /* DER: certificate, request, CRLs, public key; in the arena */
    struct sg_slice result[CER_SIGN_MAX];
    size_t n_results;
    json_object *written; /* array of {name sha256} */
};

/* --- what the transcript says has happened: execute-journal.c ----------------- */

enum cer_progress {
    CER_PROGRESS_NONE,    /* nothing in the token but cer_signed_count() */
    CER_PROGRESS_UNKNOWN, /* it was asked to act; how that ended is not known */
    CER_PROGRESS_ACTED,   /* all signatures or the key are on record */
    CER_PROGRESS_CLOSED
};
enum cer_progress cer_progress(const struct cer_execution *x);
/* Signatures on record. */
size_t cer_signed_count(const struct cer_execution *x);
/* Open the folder and its transcript, admit the plan, tell what happened. */
enum sg_rc cer_journal_open(struct cer_execution *x, struct sg_err *err);
/* Append an event with now's time; fields as cer_transcript_add(). */
enum sg_rc cer_journal_add(struct cer_execution *x, const char *event,
                           json_object *own_fields, struct sg_err *err);
/* x->report, made for this date, into fields: lint_date lint_version profile
 * rules_run findings. */
enum sg_rc cer_journal_report(const struct cer_execution *x,
                              json_object *fields, int64_t date,
                              struct sg_err *err);
/* A text member of the newest line of this event, or NULL. */
const char *cer_journal_text(const struct cer_execution *x, const char *event,
                             const char *key);

/* The clock and the window, at the moment of the act too: people take their
 * time to answer. SG_CONFIG, SG_DENIED. */
enum sg_rc cer_execute_in_time(const struct cer_plan *plan, int64_t now,
                               struct sg_err *err);

/* Put the question until word is the answer, thrice; each answer goes on
 * record. SG_DENIED. */
enum sg_rc cer_confirm(struct cer_execution *x, const char *prompt,
                       const char *word, struct sg_err *err);

/* "approvals/2-Some-Name.json", in the folder. Returns dst. */
#define CER_APPROVAL_FILE_MAX (CER_NAME_MAX + 32)
const char *cer_approval_file(const struct cer_approval *approval,
                              char dst[CER_APPROVAL_FILE_MAX]);

/* --- the token: execute-token.c ----------------------------------------------- */

/* Start it and hold it against the plan and the transcript; "environment". */
enum sg_rc cer_token_open(struct cer_execution *x, struct sg_err *err);
/* Its act. What has been signed before is not signed again. */
enum sg_rc cer_token_sign(struct cer_execution *x, struct sg_err *err);
enum sg_rc cer_token_make_key(struct cer_execution *x, struct sg_err *err);
/* "intent" with these fields, and what came of it: returns why's code, whatever
 * becomes of the line. */
enum sg_rc cer_token_intend(struct cer_execution *x, const char *action,
                            json_object *own_fields, struct sg_err *err);
enum sg_rc cer_token_failed(struct cer_execution *x, struct sg_err *why);
/* Bind the certificate that was made to its key, when that is in this token. */
enum sg_rc cer_token_bind(struct cer_execution *x, struct sg_err *err);

/* --- CRLs and their ledger: execute-ledger.c; nothing for other types -------- */

/* Is what the plan follows what the ledger has? Part of admission. */
enum sg_rc cer_past_check(const struct cer_execute_args *args, int64_t now,
                          struct sg_err *err);
/* Once more, on record: "ledger", and CER_FILE_LAST. */
enum sg_rc cer_past_look(struct cer_execution *x, struct sg_err *err);
/* The CRL before, in the arena, from the folder or else the ledger. */
enum sg_rc cer_past_last(struct cer_execution *x, struct sg_slice *ret,
                         struct sg_err *err);
/* Each into the ledger, "recorded". */
enum sg_rc cer_past_record(struct cer_execution *x, struct sg_err *err);

/* --- what comes out: execute-result.c ----------------------------------------- */

/* The result from what is on record, verified and linted. */
enum sg_rc cer_result_make(struct cer_execution *x, struct sg_err *err);
/* Every file, "written". */
enum sg_rc cer_result_write(struct cer_execution *x, struct sg_err *err);

#endif
