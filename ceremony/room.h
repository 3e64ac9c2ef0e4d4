/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CEREMONY_ROOM_H
#define SG_CEREMONY_ROOM_H

/* The people in the room: what they are told, what they are asked, and the
 * texts that say it. Whoever runs a ceremony supplies the two calls: a
 * terminal, a file of answers, or nobody (a rehearsal). */

#include "ceremony/plan.h"

#define CER_ANSWER_MAX 256 /* bytes with NUL */
#define CER_TITLE_WIDTH 24 /* columns before what a line says */

struct cer_room {
    /* Show text as it is; lines end with a newline. */
    void (*say)(void *arg, const char *text);
    /* Put the next answer, one line without its end, into answer. word is the
     * one that will be accepted: for a rehearsal, which answers itself, and
     * never to be shown. SG_IO when nobody answers. */
    enum sg_rc (*ask)(void *arg, const char *prompt, const char *word,
                      char answer[CER_ANSWER_MAX], struct sg_err *err);
    void *arg;
};

SG_PRINTF(2, 3)
void cer_say(const struct cer_room *room, const char *fmt, ...);

/* All that a plan says, for people: who, when, which key, what will be signed,
 * both hashes with their words, what to look at twice. */
enum sg_rc cer_say_plan(const struct cer_room *room,
                        const struct cer_plan *plan, struct sg_err *err);
/* The hash in hex, four octets a line with their four words: to be read out. */
void cer_say_hash(const struct cer_room *room, const char *title,
                  const uint8_t hash[static 32]);
/* "2026-11-22: 61 rules, nothing found", or each finding on its line. */
void cer_say_findings(const struct cer_room *room,
                      const struct lint_report *report, int64_t date);

/* The word that has to be typed: the first of the hash. Returns dst. */
const char *cer_first_word(const uint8_t hash[static 32],
                           char dst[CER_ANSWER_MAX]);

/* name as part of a file's name: everything but letters, digits, '.', '-' and
 * '_' becomes '-'. Returns dst, cut to size. */
const char *cer_file_word(const char *name, char *dst, size_t size);

#endif
