/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_SIGNER_PARAMS_H
#define SG_SIGNER_PARAMS_H

/* The fields of a request body with Vault's weak typing: "true" is a bool, "30"
 * a number, "1h" a duration, "a,b" or ["a","b"] a list, null is unset. Fields
 * that nobody asked for are reported once at the end. One request, one thread;
 * everything lives in the arena and is wiped with it. */

#include "common/arena.h"

struct srv_list {
    const char **v;
    size_t n;
};

#define SRV_WARNINGS_MAX 32
struct srv_warnings {
    const char *v[SRV_WARNINGS_MAX];
    size_t n;
};
/* Past the maximum further warnings are dropped. */
SG_PRINTF(3, 4)
void srv_warn(struct srv_warnings *warnings, struct sg_arena *arena,
              const char *fmt, ...);

struct srv_params; /* in the arena */

/* An empty body is an empty object. content_type NULL or anything but
 * application/x-www-form-urlencoded is read as JSON, and so is a body of that
 * type which begins with a brace or bracket. SG_FORMAT: "error parsing
 * JSON: …", not an object, depth over 8, a key twice, a NUL in a string. In a
 * form a field that is there several times is a list. */
enum sg_rc srv_params_parse(struct sg_arena *arena, struct sg_slice body,
                            const char *content_type,
                            struct srv_params **ret_params, struct sg_err *err);

/* Each getter marks its field as known. Absent and null leave *ret at the
 * default that the caller put there; *ret_set (may be NULL) tells. A value of
 * the wrong type: SG_FORMAT "Field validation failed: error converting input
 * for field \"ttl\": …". */
enum sg_rc srv_params_str(struct srv_params *params, const char *name,
                          const char **ret, bool *ret_set, struct sg_err *err);
enum sg_rc srv_params_bool(struct srv_params *params, const char *name,
                           bool *ret, bool *ret_set, struct sg_err *err);
enum sg_rc srv_params_int(struct srv_params *params, const char *name,
                          int64_t *ret, bool *ret_set, struct sg_err *err);
/* An empty string is zero seconds and not set. */
enum sg_rc srv_params_duration(struct srv_params *params, const char *name,
                               int64_t *ret_seconds, bool *ret_set,
                               struct sg_err *err);
/* Comma list: elements trimmed, empty ones dropped. Elements of an array are
 * not split. */
enum sg_rc srv_params_list(struct srv_params *params, const char *name,
                           struct srv_list *ret, bool *ret_set,
                           struct sg_err *err);
/* Vault's warning about fields that no getter asked for, sorted by name; and
 * one when a body field repeats a path capture ("role"). */
void srv_params_warn_unknown(struct srv_params *params,
                             struct srv_warnings *warnings);

#endif
