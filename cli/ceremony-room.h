/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CLI_CEREMONY_ROOM_H
#define SG_CLI_CEREMONY_ROOM_H

/* What the ceremony commands share: plans from files, and people at a terminal
 * or a file of answers. */

#include "ceremony/room.h"
#include "cli/out.h"

#define CLI_PLAN_ARENA_MAX ((size_t)64 * 1024 * 1024) /* with a large CRL */

/* Read PLAN back. *ret and all of it live in the arena. */
enum sg_rc cli_plan_read(struct cli *cli, const char *path,
                         struct sg_arena *arena, const struct cer_plan **ret,
                         struct sg_err *err);

/* People see it on standard output; with --json on standard error. */
struct cli_room {
    FILE *out;
    FILE *in; /* answers, a line each; NULL: nobody answers */
    struct cer_room room;
};
/* answers NULL: standard input. Give it to cli_room_done() in any case. */
enum sg_rc cli_room_open(const struct cli *cli, const char *answers,
                         struct cli_room *ret, struct sg_err *err);
void cli_room_done(struct cli_room *room);

/* A hash in hex, and as words under a key of its own. */
void cli_put_hash(struct json_object *json, const char *key,
                  const char *words_key, const uint8_t hash[32]);
/* Hashes and words of a plan, and the plan itself. The caller owns it. */
struct json_object *cli_plan_json(const struct cer_plan *plan);

#endif
