/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/route.h"

#include <string.h>

#include "common/parse.h"

/* --- paths ---------------------------------------------------------------- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* In place: decoding only shortens. */
static enum sg_rc segment_decode(char *text, struct sg_err *err)
{
    char *to = text;

    for (const char *from = text; *from != '\0'; from++) {
        if (*from != '%') {
            *to++ = *from;
            continue;
        }
        int high = hex_digit(from[1]);
        int low = high < 0 ? -1 : hex_digit(from[2]);
        if (low < 0)
            return sg_err_set(
                err, SG_FORMAT,
                "path: \"%%\" without two hex digits after it (RFC 3986 2.1)");
        int octet = high * 16 + low;
        if (octet == '\0' || octet == '/')
            return sg_err_set(err, SG_FORMAT,
                              "path: %%%02X is not allowed in a segment",
                              (unsigned)octet);
        *to++ = (char)octet;
        from += 2;
    }
    *to = '\0';
    if (!sg_is_utf8(sg_slice_str(text)))
        return sg_err_set(err, SG_FORMAT, "path: not UTF-8");
    if (strcmp(text, ".") == 0 || strcmp(text, "..") == 0)
        return sg_err_set(err, SG_FORMAT, "path: \"%s\" segment", text);
    return SG_OK;
}

static enum sg_rc path_split(char *text, struct srv_path *ret_path,
                             struct sg_err *err)
{
    char *rest = text;

    ret_path->n = 0;
    while (rest != NULL) {
        char *segment = strsep(&rest, "/");
        if (*segment == '\0')
            continue;
        if (ret_path->n == SRV_PATH_SEGMENTS)
            return sg_err_set(err, SG_FORMAT, "path: more than %d segments",
                              SRV_PATH_SEGMENTS);
        SG_TRY(segment_decode(segment, err));
        ret_path->segment[ret_path->n++] = segment;
    }
    return SG_OK;
}

enum sg_rc srv_path_parse(struct sg_arena *arena, const char *text,
                          struct srv_path *ret_path, struct sg_err *err)
{
    struct srv_path path;

    if (text[0] != '/')
        return sg_err_set(err, SG_FORMAT, "path: must begin with \"/\"");
    if (strnlen(text, SRV_PATH_MAX + 1) > SRV_PATH_MAX)
        return sg_err_set(err, SG_FORMAT, "path: longer than %d octets",
                          SRV_PATH_MAX);
    char *copy = sg_arena_strdup(arena, text);
    if (copy == NULL)
        return sg_err_set(err, SG_NOMEM, "path");
    SG_TRY(path_split(copy, &path, err));
    *ret_path = path;
    return SG_OK;
}

enum sg_rc srv_mount_parse(struct sg_arena *arena, const char *mount,
                           struct srv_path *ret_path, struct sg_err *err)
{
    struct srv_path path;

    char *copy = sg_arena_strdup(arena, mount);
    if (copy == NULL)
        return sg_err_set(err, SG_NOMEM, "mount");
    if (path_split(copy, &path, err) != SG_OK || path.n == 0
        || path.n > SRV_PATH_SEGMENTS / 2) {
        sg_err_clear(err);
        return sg_err_set(err, SG_CONFIG, "mount \"%s\": not a path", mount);
    }
    *ret_path = path;
    return SG_OK;
}

/* --- routes --------------------------------------------------------------- */

/* One pattern against the segments after skip; captures only when it fits. */
static bool pattern_fits(const char *pattern, const struct srv_path *path,
                         size_t skip, struct srv_request *req)
{
    const char *role = NULL;
    const char *issuer = NULL;
    const char *p = pattern;

    for (size_t i = skip; i < path->n; i++) {
        size_t len = strcspn(p, "/");
        if (len == 0)
            return false;
        if (len == strlen(":role") && strncmp(p, ":role", len) == 0)
            role = path->segment[i];
        else if (len == strlen(":issuer") && strncmp(p, ":issuer", len) == 0)
            issuer = path->segment[i];
        else if (strlen(path->segment[i]) != len
                 || memcmp(p, path->segment[i], len) != 0)
            return false;
        p += len;
        if (*p == '/')
            p++;
    }
    if (*p != '\0')
        return false;
    req->role = role;
    req->issuer_ref = issuer;
    return true;
}

static bool under_mount(const struct srv_path *mount,
                        const struct srv_path *path)
{
    if (path->n < 1 + mount->n)
        return false;
    for (size_t i = 0; i < mount->n; i++)
        if (strcmp(path->segment[1 + i], mount->segment[i]) != 0)
            return false;
    return true;
}

static bool method_fits(const struct srv_route *route, const char *method)
{
    if (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0)
        return (route->methods & SRV_METHOD_GET) != 0;
    if (strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0)
        return (route->methods & SRV_METHOD_POST) != 0;
    return false;
}

enum srv_match srv_route_find(const struct srv_route *routes, size_t n,
                              const struct srv_path *mount,
                              const struct srv_path *path,
                              struct srv_request *req,
                              const struct srv_route **ret_route)
{
    if (path->n == 0 || strcmp(path->segment[0], "v1") != 0)
        return SRV_MATCH_NONE;
    bool mounted = under_mount(mount, path);
    for (size_t i = 0; i < n; i++) {
        const struct srv_route *route = &routes[i];
        bool rooted = route->pattern[0] == '/';
        if (!rooted && !mounted)
            continue;
        if (!pattern_fits(route->pattern + (rooted ? 1 : 0), path,
                          rooted ? 1 : 1 + mount->n, req))
            continue;
        if (!method_fits(route, req->method)) {
            req->allow =
                route->methods == SRV_METHOD_GET ? "GET, HEAD" : "POST, PUT";
            return SRV_MATCH_METHOD;
        }
        *ret_route = route;
        return SRV_MATCH_FOUND;
    }
    return SRV_MATCH_NONE;
}
