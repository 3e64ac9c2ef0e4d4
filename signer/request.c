/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/request.h"

#include <microhttpd.h>
#include <openssl/rand.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/log.h"

#define UUID_OCTETS 16
#define UUIDS_AHEAD 64 /* one call of the generator costs as much as 50 UUIDs */
#define LOG_PATH_MAX 384
#define LOG_NAME_MAX 160

void srv_uuid(char dst[static SRV_ID_LEN + 1])
{
    static _Thread_local uint8_t ahead[UUIDS_AHEAD * UUID_OCTETS];
    static _Thread_local size_t left;
    static const char digits[] = "0123456789abcdef";

    if (left == 0) {
        /* Fails only when the system has no entropy source at all. */
        if (RAND_bytes(ahead, sizeof(ahead)) != 1)
            abort();
        left = UUIDS_AHEAD;
    }
    uint8_t *octet = ahead + --left * UUID_OCTETS;
    octet[6] = (uint8_t)((octet[6] & 0x0f) | 0x40); /* RFC 9562 5.4 */
    octet[8] = (uint8_t)((octet[8] & 0x3f) | 0x80);
    char *p = dst;
    for (size_t i = 0; i < UUID_OCTETS; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *p++ = '-';
        *p++ = digits[octet[i] >> 4];
        *p++ = digits[octet[i] & 0x0f];
    }
    *p = '\0';
}

void srv_request_init(struct srv_request *req, struct srv_conn *conn,
                      struct MHD_Connection *http, void *app, size_t body_max)
{
    *req = (struct srv_request){ .conn = conn, .http = http, .app = app };
    req->start_us = sg_mono_us();
    srv_uuid(req->id);
    sg_arena_init(&req->arena, SRV_ARENA_MAX);
    sg_buf_init(&req->body, body_max);
}

void srv_request_drop_response(struct srv_request *req)
{
    if (req->response != NULL && !req->shared)
        MHD_destroy_response(req->response);
    req->response = NULL;
    req->shared = false;
}

void srv_request_done(struct srv_request *req)
{
    if (req->job != NULL)
        req->job_done(req->job);
    req->job = NULL;
    srv_request_drop_response(req);
    sg_buf_done(&req->body);
    sg_arena_done(&req->arena);
}

static const char *log_rc(const struct srv_request *req)
{
    return req->err.rc == SG_OK && req->status >= 400 ? "HTTP"
                                                      : sg_rc_name(req->err.rc);
}

void srv_request_log(const struct srv_request *req, bool delivered)
{
    enum sg_log_level level = req->status >= 500 ? SG_LOG_WARN : SG_LOG_INFO;
    if (sg_log_level() < level)
        return;

    const struct srv_peer *peer = &req->conn->peer;
    char path[LOG_PATH_MAX];
    char method[LOG_NAME_MAX];
    char role[LOG_NAME_MAX];
    char why[SG_LOG_VALUE_MAX];
    (void)sg_log_quote(req->path != NULL ? req->path : "", path, sizeof(path));
    (void)sg_log_quote(req->method != NULL ? req->method : "", method,
                       sizeof(method));
    (void)sg_log_quote(req->role != NULL ? req->role : "", role, sizeof(role));
    why[0] = '\0';
    if (req->err.rc != SG_OK)
        (void)sg_log_quote(req->err.msg, why, sizeof(why));

    sg_log(
        level, "request",
        "req=%s uid=%u gid=%u pid=%d method=%s path=%s role=%s status=%u rc=%s us=%lld token_us=%lld%s%s%s%s%s%s%s",
        req->id, (unsigned)peer->uid, (unsigned)peer->gid, (int)peer->pid,
        method, path, role, req->status, log_rc(req),
        (long long)(sg_mono_us() - req->start_us), (long long)req->token_us,
        delivered ? "" : " delivered=no", req->summary != NULL ? " " : "",
        req->summary != NULL ? req->summary : "", why[0] != '\0' ? " err=" : "",
        why, req->err.where != NULL ? " where=" : "",
        req->err.where != NULL ? req->err.where : "");
}

void srv_request_wait(struct srv_request *req, srv_handler then)
{
    req->then = then;
    req->waits = true;
    MHD_suspend_connection(req->http);
}

void srv_request_wake(struct srv_request *req)
{
    MHD_resume_connection(req->http);
}

const char *srv_request_header(const struct srv_request *req, const char *name)
{
    return MHD_lookup_connection_value(req->http, MHD_HEADER_KIND, name);
}

const char *srv_request_query(const struct srv_request *req, const char *name)
{
    return MHD_lookup_connection_value(req->http, MHD_GET_ARGUMENT_KIND, name);
}
