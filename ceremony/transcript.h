/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CEREMONY_TRANSCRIPT_H
#define SG_CEREMONY_TRANSCRIPT_H

/* What happened in the room, line by line: JSON objects, each with the SHA-256
 * of the line before it. A line is on the disk (fsync) before the step that it
 * announces begins, so the transcript is also the journal that an interrupted
 * ceremony goes on from. One writer; append only. */

#include <json-c/json.h>

#include "ceremony/plan.h"

struct cer_transcript;

/* Seconds that two machines of one ceremony may differ by. */
#define CER_CLOCK_SLACK 300

/* Create DIR/transcript.jsonl, or open one that belongs to the same plan
 * (SG_CONFLICT otherwise). SG_FORMAT when its chain is broken. */
enum sg_rc cer_transcript_open(const char *dir, const struct cer_plan *plan,
                               struct cer_transcript **ret_transcript,
                               struct sg_err *err);
void cer_transcript_free(struct cer_transcript *transcript);
SG_DEFINE_CLEANUP(struct cer_transcript, cer_transcript_free);

/* Append {"seq":…,"time":…,"event":event,…fields,"prev":…}. fields may be NULL;
 * ownership passes. */
enum sg_rc cer_transcript_add(struct cer_transcript *transcript, int64_t now,
                              const char *event, json_object *own_fields,
                              struct sg_err *err);
/* The newest line of this event, or NULL. Borrowed. */
json_object *cer_transcript_find(const struct cer_transcript *transcript,
                                 const char *event);
/* The line that has the i-th signature, counted from 0, or NULL. Borrowed. */
json_object *cer_transcript_signed(const struct cer_transcript *transcript,
                                   size_t i);
size_t cer_transcript_count(const struct cer_transcript *transcript);
json_object *cer_transcript_line(const struct cer_transcript *transcript,
                                 size_t i);

/* SHA-256 of the file that these lines are. */
enum sg_rc cer_transcript_sha256(const struct cer_transcript *transcript,
                                 uint8_t ret[static 32], struct sg_err *err);

/* Any file of chained lines, for writing: its first event is "opened". Empty
 * when it is new. */
enum sg_rc cer_lines_open(const char *dir, const char *name,
                          struct cer_transcript **ret_lines,
                          struct sg_err *err);

/* Read and check the chain of a finished transcript without opening it for
 * writing. */
enum sg_rc cer_transcript_read(const char *path,
                               struct cer_transcript **ret_transcript,
                               struct sg_err *err);

/* A file of the ceremony folder: those that "written" lists, in its order. */
struct cer_page_file {
    const char *name;
    struct sg_slice bytes;
};

/* The page to print: who, what, hashes with words, each step, the hierarchy as
 * an SVG picture, small files as QR codes. Appended to out. The same bytes for
 * the same transcript, plan and files: verify makes it again and compares. */
enum sg_rc cer_transcript_html(const struct cer_transcript *transcript,
                               const struct cer_plan *plan,
                               const struct cer_page_file *file, size_t n_files,
                               struct sg_buf *out, struct sg_err *err);

/* The page of a folder into CER_FILE_PAGE, from the files that "written" lists.
 * The transcript may be open for writing. */
#define CER_PAGE_MAX ((size_t)32 * 1024 * 1024) /* bytes; 4096 long lines fit */
enum sg_rc cer_transcript_write_page(const char *dir,
                                     const struct cer_transcript *transcript,
                                     const struct cer_plan *plan,
                                     struct sg_err *err);

/* What an executed ceremony leaves in its folder, beside what it made. */
#define CER_FILE_PLAN "plan.json"
#define CER_FILE_TRANSCRIPT "transcript.jsonl"
#define CER_FILE_PAGE "transcript.html"
#define CER_FILE_CMS "transcript.p7s" /* detached CMS over the transcript */
/* Of type crl: the CRL published before, and when to publish those of a
 * package (CER_FILE_CALENDAR). */
#define CER_FILE_LAST "last.crl"

/* The events in their order and what verify holds against the plan. Each may
 * have more members; hashes are hex, bytes base64, times RFC 3339.
 *
 * opened       plan_sha256 plan_id type title
 * environment  tool_version tool_build_id module_path module_sha256
 *              token_label token_serial token_model token_firmware
 * checked      lint_date lint_version profile rules_run, findings: an array of
 *              {rule severity text}
 * approvals    approvals: an array of {name time file sha256}
 * ledger       last: number and sha256 of the CRL before, or null; withdraws: an
 *              array of numbers                (CER_TYPE_CRL)
 * confirmed    prompt answer; once for each question, before intent; the last
 *              answer is the first word of the TBS hash, of the plan's for a key
 * refused      prompt answer; not the word
 * intent       action: "sign", "make-key", or "adopt-key" for one that was
 *              made before an interruption; label; index, tbs_sha256 (sign)
 * signed       index, from 1; tbs_sha256 algorithm signature; number of a CRL;
 *              once for each that the plan has  (all but CER_TYPE_KEY)
 * key-made     label id spki attributes      (CER_TYPE_KEY)
 * verified     checks: an array of texts ("openssl", "walker" …)
 * linted       as checked, by the lint_date of "checked"
 * written      files: an array of {name sha256}: the plan, the approvals and
 *              everything made; not the transcript nor its page or signature
 * bound        to the guard of the key; may be left out
 * recorded     files: an array of names in the ledger  (CER_TYPE_CRL)
 * closed       result: "done"
 *
 * resumed      at any place after opened: the ceremony was interrupted
 * failed       the token could not do it: rc message nothing_done. */

#endif
