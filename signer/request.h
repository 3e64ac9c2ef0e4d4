/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_SIGNER_REQUEST_H
#define SG_SIGNER_REQUEST_H

/* One HTTP request, from its first line to its log line. It belongs to the
 * event thread of its connection; the one thing that another thread may do to
 * it is srv_request_wake(). */

#include "common/arena.h"
#include "signer/conn.h"

struct MHD_Connection;
struct MHD_Response;
struct srv_request;

/* Called when the request is there in full, and again after each wake. Leaves
 * an answer (signer/respond.h) or a wait behind. */
typedef void (*srv_handler)(struct srv_request *req);

#define SRV_ID_LEN 36 /* a UUID's text */
/* The pieces of one request; a body of 64 KiB with a CSR needs a third. */
#define SRV_ARENA_MAX ((size_t)1024 * 1024)

struct srv_request {
    struct srv_conn *conn;
    struct MHD_Connection *http;
    void *app; /* what the handlers share: signer/state.h */
    const char *method;
    const char *path; /* as it came, without the query */
    struct sg_arena arena;
    struct sg_buf body;
    uint64_t thrown_away; /* octets of a body that was too long */

    srv_handler then; /* after the wake */
    struct MHD_Response *response;
    const char *allow; /* methods, for 405 */

    /* for the handlers and the log line */
    const char *role;
    const char *issuer_ref;
    const char *summary; /* "cn=… serial=…", quoted already */
    int64_t start_us;
    int64_t token_us; /* spent waiting for the token; 0: not asked */
    void *job;
    void (*job_done)(void *job);

    unsigned status;
    unsigned retry_after_s; /* 0: the answer's default */
    bool has_headers;
    bool body_too_long;
    bool waits;
    bool shared; /* the response is somebody else's */
    bool close;  /* the connection ends with this answer */
    char id[SRV_ID_LEN + 1];
    struct sg_err err;
};

/* Get ready for a request that begins on this connection. */
void srv_request_init(struct srv_request *req, struct srv_conn *conn,
                      struct MHD_Connection *http, void *app, size_t body_max);
/* Give back an answer that was made. */
void srv_request_drop_response(struct srv_request *req);
/* Free and wipe everything. */
void srv_request_done(struct srv_request *req);
/* The one line that each request leaves in the log. */
void srv_request_log(const struct srv_request *req, bool delivered);

/* Take the request off its event thread; then is called there after the wake.
 * To be called before whatever leads to the wake is begun. */
void srv_request_wait(struct srv_request *req, srv_handler then);
/* From any thread, once per wait; req may be gone when this returns. */
void srv_request_wake(struct srv_request *req);

/* A random UUID (version 4) as text. */
void srv_uuid(char dst[static SRV_ID_LEN + 1]);

/* NULL when the request has no such header, no such query argument. */
const char *srv_request_header(const struct srv_request *req, const char *name);
const char *srv_request_query(const struct srv_request *req, const char *name);

#endif
