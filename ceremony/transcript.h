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
size_t cer_transcript_count(const struct cer_transcript *transcript);
json_object *cer_transcript_line(const struct cer_transcript *transcript,
                                 size_t i);

/* Read and check the chain of a finished transcript without opening it for
 * writing. */
enum sg_rc cer_transcript_read(const char *path,
                               struct cer_transcript **ret_transcript,
                               struct sg_err *err);

/* The page to print: who, what, hashes with words, each step, the hierarchy as
 * an SVG picture, small inputs as QR codes. Appended to out. */
enum sg_rc cer_transcript_html(const struct cer_transcript *transcript,
                               const struct cer_plan *plan, struct sg_buf *out,
                               struct sg_err *err);

#endif
