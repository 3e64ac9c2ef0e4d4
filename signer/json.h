/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_SIGNER_JSON_H
#define SG_SIGNER_JSON_H

/* JSON request bodies, read strictly into the request's arena (RFC 8259), and
 * the few calls that write JSON. Own code and not json-c on this path because
 * a body must be refused when a key stands there twice or holds a NUL, and
 * must leave no copies in freed memory; json-c keeps the last of two keys, cuts
 * keys at a NUL and frees its buffers unwiped. Pure, one thread. */

#include "common/arena.h"

#define SRV_JSON_DEPTH_MAX 8     /* nested arrays and objects */
#define SRV_JSON_VALUES_MAX 4096 /* in one body; a request has some twenty */
#define SRV_JSON_MEMBERS_MAX 256 /* of one object: the duplicate test is n² */

enum srv_json_type {
    SRV_JSON_UNSET,
    SRV_JSON_NULL,
    SRV_JSON_BOOL,
    SRV_JSON_NUMBER,
    SRV_JSON_STRING,
    SRV_JSON_ARRAY,
    SRV_JSON_OBJECT
};
const char *srv_json_type_name(enum srv_json_type type); /* "an array" */

/* A value. All texts are NUL-terminated UTF-8 without NUL inside. */
struct srv_json {
    enum srv_json_type type;
    const char *key;  /* inside an object, else empty */
    const char *text; /* string, or number as it was written */
    bool truth;
    struct srv_json *first, *next; /* children; brothers */
    size_t n;                      /* children */
};

/* SG_FORMAT "error parsing JSON: offset 12: …". */
enum sg_rc srv_json_parse(struct sg_arena *arena, struct sg_slice body,
                          const struct srv_json **ret, struct sg_err *err);

/* text as a JSON string, quotes included; UTF-8 is passed through. */
enum sg_rc srv_json_put_str(struct sg_buf *out, struct sg_slice text,
                            struct sg_err *err);
/* PEM for inside a string: nothing but its line ends needs escaping, which
 * costs a tenth of looking at every byte, and most of an answer is PEM. */
enum sg_rc srv_json_put_pem(struct sg_buf *out, struct sg_slice pem,
                            struct sg_err *err);

#endif
