/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_TESTS_UNIT_CEREMONY_ROOM_H
#define SG_TESTS_UNIT_CEREMONY_ROOM_H

/* A ceremony's people with their keys, and a plan for a root certificate. */

#include "tests/unit/ca/kit.h"

#include "ceremony/approval.h"
#include "ceremony/transcript.h"
#include "tests/lib/run.h"

enum room_person { ROOM_RITA, ROOM_ADA, ROOM_BEN, ROOM_CEM, ROOM_EVE, ROOM_N };

/* Rita asks; Ada (Ed25519), Ben (P-256) and Cem (RSA) are approvers, two are
 * needed; Eve is a stranger. */
struct room {
    struct sg_arena arena;
    struct kit_key person[ROOM_N];
    struct kit_key ca;
    struct cer_plan plan;
    struct cer_plan sub; /* an intermediate below it, with constraints */
};
int room_open(void **state); /* group setup and teardown; *state is the room */
int room_close(void **state);

/* A signature by a key of the room, in the room's arena. */
struct sg_slice room_sign(struct room *room, const struct kit_key *key,
                          struct sg_slice message, enum ca_sigalg *ret_alg);
/* An approval file for the plan in this name, signed with this person's key. */
struct sg_slice room_approve(struct room *room, const struct cer_plan *plan,
                             const char *name, enum room_person key,
                             int64_t time);

/* What the clock says in these tests: sg_now() is wrapped. */
#define ROOM_TIME (KIT_NOW + 3600)
#define ROOM_VERSION "0.0-test"

/* The folder of a finished ceremony for this plan, its key being room->ca: plan,
 * approvals of Ada and Ben, result, transcript, page. sabotage may change the
 * fields of a line before it is written; NULL: none. */
typedef void (*room_sabotage)(const char *event, json_object *fields);
void room_ceremony(struct room *room, const struct cer_plan *plan,
                   char dir[T_PATH_MAX], room_sabotage sabotage);
/* DIR/name; good until the next call. */
const char *room_path(const char *dir, const char *name);

#endif
