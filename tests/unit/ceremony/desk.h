/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_TESTS_UNIT_CEREMONY_DESK_H
#define SG_TESTS_UNIT_CEREMONY_DESK_H

/* A planner's desk: a folder with keys, requests and a small hierarchy that was
 * planned here and signed by the openssl command. Everything fails the test
 * when it cannot be done. */

#include "tests/unit/ca/openssl.h"

#include "ceremony/plan.h"

#define DESK_NOW INT64_C(1799539200) /* 2027-01-10T00:00:00Z */

int desk_open(void **state); /* group setup and teardown */
int desk_close(void **state);
int desk_clear(void **state); /* after each test: forget its plans */

/* The template of a type with every CHANGE-ME replaced, in their order. */
const char *desk_fill(enum cer_type type, const char *const *values);
/* The same for the desk's own hierarchy. */
const char *desk_request(enum cer_type type);
/* text with the one place that reads from replaced by to. */
const char *desk_edit(const char *text, const char *from, const char *to);

/* Resolve the text as "request.yaml"; messages lose the folder's name. */
enum sg_rc desk_resolve(const char *text, struct cer_plan *ret_plan,
                        struct sg_err *err);
void desk_plan(const char *text, struct cer_plan *ret_plan);
/* What the last resolve found. */
extern struct lint_report desk_report;

/* Sign the plan's TBS with a key file and write NAME (PEM). */
void desk_sign(const struct cer_plan *plan, const char *key, const char *name);
/* The same for the i-th CRL of a package. */
void desk_sign_nth(const struct cer_plan *plan, size_t i, const char *key,
                   const char *name);

extern struct sg_arena desk_arena;

#endif
