/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CEREMONY_JSON_H
#define SG_CEREMONY_JSON_H

/* One way to write a JSON value, so that its bytes can be hashed, signed and
 * compared: keys sorted by octets, no white space, integers only, strings in
 * UTF-8 with the shortest escapes (the subset of RFC 8785 without fractions).
 * Reading refuses everything that would be written differently, and with it
 * double keys. Not thread-safe on one value. */

#include <json-c/json.h>

#include "common/arena.h"

static inline void cer_json_free(json_object *value)
{
    (void)json_object_put(value);
}
SG_DEFINE_CLEANUP(json_object, cer_json_free);

#define CER_JSON_DEPTH_MAX 10
#define CER_JSON_KEYS_MAX 64 /* members of one object; ours have a dozen */

/* Appended to out. SG_BUG for a value that has no canonical form. */
enum sg_rc cer_json_write(json_object *value, struct sg_buf *out,
                          struct sg_err *err);
/* The caller frees *ret. SG_FORMAT with "what: …" when the bytes are not the
 * canonical form of an object. */
enum sg_rc cer_json_read(struct sg_slice bytes, const char *what,
                         json_object **ret, struct sg_err *err);

/* Building: SG_NOMEM is the only failure. Bytes are written as base64. */
enum sg_rc cer_json_put_text(json_object *object, const char *key,
                             const char *value, struct sg_err *err);
enum sg_rc cer_json_put_int(json_object *object, const char *key, int64_t value,
                            struct sg_err *err);
enum sg_rc cer_json_put_bool(json_object *object, const char *key, bool value,
                             struct sg_err *err);
enum sg_rc cer_json_put_bytes(json_object *object, const char *key,
                              struct sg_slice value, struct sg_err *err);
enum sg_rc cer_json_put_hex(json_object *object, const char *key,
                            struct sg_slice value, struct sg_err *err);
enum sg_rc cer_json_put_time(json_object *object, const char *key,
                             int64_t value, struct sg_err *err); /* RFC 3339 */
enum sg_rc cer_json_put_null(json_object *object, const char *key,
                             struct sg_err *err);
/* object takes own_value over in any case. */
enum sg_rc cer_json_put(json_object *object, const char *key,
                        json_object *own_value, struct sg_err *err);

/* Taking members out of an object whose every key must be known: take what you
 * know, then cer_reader_end() refuses what is left. Borrowed unless an arena is
 * named. A missing or wrong member is SG_FORMAT "what: \"key\" …". */
#define CER_READER_KEYS_MAX 24
struct cer_reader {
    json_object *object; /* borrowed */
    const char *what;
    const char *taken[CER_READER_KEYS_MAX]; /* borrowed */
    size_t n_taken;
};
void cer_reader_init(struct cer_reader *in, json_object *object,
                     const char *what);
bool cer_reader_has(const struct cer_reader *in, const char *key);
enum sg_rc cer_take(struct cer_reader *in, const char *key, enum json_type type,
                    json_object **ret, struct sg_err *err);
/* The same, and *ret is NULL where "null" stands. */
enum sg_rc cer_take_or_null(struct cer_reader *in, const char *key,
                            enum json_type type, json_object **ret,
                            struct sg_err *err);
enum sg_rc cer_take_text(struct cer_reader *in, const char *key,
                         struct sg_arena *arena, const char **ret,
                         struct sg_err *err);
enum sg_rc cer_take_int(struct cer_reader *in, const char *key, int64_t min,
                        int64_t max, int64_t *ret, struct sg_err *err);
enum sg_rc cer_take_bool(struct cer_reader *in, const char *key, bool *ret,
                         struct sg_err *err);
enum sg_rc cer_take_time(struct cer_reader *in, const char *key, int64_t *ret,
                         struct sg_err *err);
enum sg_rc cer_take_bytes(struct cer_reader *in, const char *key,
                          struct sg_arena *arena, struct sg_slice *ret,
                          struct sg_err *err);
/* Hex of exactly len octets. */
enum sg_rc cer_take_hex(struct cer_reader *in, const char *key, uint8_t *ret,
                        size_t len, struct sg_err *err);
enum sg_rc cer_reader_end(const struct cer_reader *in, struct sg_err *err);

#endif
