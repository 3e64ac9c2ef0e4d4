/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_SIGNER_ROUTE_H
#define SG_SIGNER_ROUTE_H

/* From a method and a path to the handler that serves it. Pure; thread-safe. */

#include "signer/request.h"

#define SRV_PATH_MAX 1024    /* octets as they came */
#define SRV_PATH_SEGMENTS 16 /* deepest route has six, a mount some more */

/* The decoded path: "/v1/pki//issue/web/" has v1, pki, issue, web. */
struct srv_path {
    const char *segment[SRV_PATH_SEGMENTS];
    size_t n;
};

/* Split and decode; empty segments are skipped, as Vault's clients count on.
 * SG_FORMAT for a bad escape, a NUL or a slash in one, text that is no UTF-8,
 * "." and ".." segments, and anything too long. Segments live in the arena. */
enum sg_rc srv_path_parse(struct sg_arena *arena, const char *text,
                          struct srv_path *ret_path, struct sg_err *err);

/* A mount path ("pki", "team/pki") in the same form; SG_CONFIG. */
enum sg_rc srv_mount_parse(struct sg_arena *arena, const char *mount,
                           struct srv_path *ret_path, struct sg_err *err);

enum srv_method {
    SRV_METHOD_GET = 1 << 0, /* and HEAD */
    SRV_METHOD_POST = 1 << 1 /* and PUT: Vault takes them for the same */
};

struct srv_route {
    /* Below the mount; from the API's root with a leading slash. ":role" and
     * ":issuer" are captured into the request. */
    const char *pattern;
    enum srv_method methods;
    srv_handler handle;
};

enum srv_match { SRV_MATCH_NONE, SRV_MATCH_METHOD, SRV_MATCH_FOUND };

/* What the request asks for. Sets req->role and req->issuer_ref from the path,
 * and req->allow for SRV_MATCH_METHOD. */
enum srv_match srv_route_find(const struct srv_route *routes, size_t n,
                              const struct srv_path *mount,
                              const struct srv_path *path,
                              struct srv_request *req,
                              const struct srv_route **ret_route);

#endif
