/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CLI_CEREMONY_ROOM_H
#define SG_CLI_CEREMONY_ROOM_H

/* What the ceremony commands share: plans from files, and people at a terminal
 * or a file of answers. */

#include "ceremony/room.h"
#include "cli/out.h"

/* What a ceremony command works with; gone when it has run. */
struct cli_room {
    struct cli *cli;
    FILE *out; /* standard output; with --json standard error */
    FILE *in;  /* answers, a line each */
    struct cer_room room;
    struct sg_arena arena;       /* for what is read */
    const struct cer_plan *plan; /* NULL when none was wanted */
};
struct cli_room_wants {
    const char *plan;    /* the file to read back; NULL: none */
    const char *answers; /* the file in place of the keyboard; NULL: none */
};
/* Read the plan, let the people in, and run fn with the command's arguments. */
enum sg_rc cli_room_run(struct cli *cli, const struct cli_room_wants *wants,
                        enum sg_rc (*fn)(struct cli_room *room,
                                         const void *args, struct sg_err *err),
                        const void *args, struct sg_err *err);

/* A hash in hex, and as words under a key of its own. */
void cli_put_hash(struct json_object *json, const char *key,
                  const char *words_key, const uint8_t hash[32]);
/* Hashes and words of a plan, and the plan itself. The caller owns it. */
struct json_object *cli_plan_json(const struct cer_plan *plan);

#endif
