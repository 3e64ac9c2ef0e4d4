/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CLI_OUT_H
#define SG_CLI_OUT_H

/* What a command prints: the same data as JSON for programs or as lines for
 * people. Control characters from tokens and servers never reach the terminal.
 * Memory that runs out ends the program: there is nothing left to say. */

#include <json-c/json.h>
#include <stdio.h>

#include "cli/args.h"
#include "common/buf.h"
#include "common/macros.h"

static inline void cli_json_free(struct json_object *json)
{
    (void)json_object_put(json);
}
SG_DEFINE_CLEANUP(struct json_object, cli_json_free);

/* The caller owns the new object. */
struct json_object *cli_json_object(void);
struct json_object *cli_json_array(void);
/* object takes value over. */
void cli_put(struct json_object *object, const char *key,
             struct json_object *value);
void cli_put_text(struct json_object *object, const char *key,
                  const char *value); /* NULL: null */
void cli_put_slice(struct json_object *object, const char *key,
                   struct sg_slice value);
void cli_put_int(struct json_object *object, const char *key, int64_t value);
void cli_put_bool(struct json_object *object, const char *key, bool value);
/* Lower-case hexadecimal with colons, as Vault writes serial numbers. */
void cli_put_hex(struct json_object *object, const char *key,
                 struct sg_slice bytes);
/* RFC 3339, UTC. */
void cli_put_time(struct json_object *object, const char *key, int64_t time);
/* array takes value over. */
void cli_append(struct json_object *array, struct json_object *value);

/* NULL when there is no such member or it is no string. Borrowed. */
const char *cli_get_text(struct json_object *object, const char *key);

/* One line for people: the JSON member and what stands before it. */
struct cli_field {
    const char *key;
    const char *title;
};

/* --json: the whole of data. Else the fields that data has, one a line. */
void cli_print_record(const struct cli *cli, struct json_object *data,
                      const struct cli_field *fields, size_t n);
/* --json: the whole of rows. Else columns, or the text empty without rows. */
void cli_print_table(const struct cli *cli, struct json_object *rows,
                     const struct cli_field *columns, size_t n,
                     const char *empty);

/* text with control characters other than newline made visible as '?'. */
void cli_print_text(FILE *out, const char *text);
/* "signet: what: why" and "hint: …" on standard error. */
void cli_print_error(const struct cli *cli, const struct sg_err *err);
void cli_print_warning(const char *text);
bool cli_wants_colour(FILE *out); /* a terminal, and no NO_COLOR */

#endif
