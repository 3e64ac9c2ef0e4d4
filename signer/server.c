/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/server.h"

#include <errno.h>
#include <microhttpd.h>
#include <openssl/err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/log.h"
#include "common/parse.h"
#include "signer/respond.h"

/* RSA key generation of OpenSSL stays far below; only touched pages count. */
#define THREAD_STACK ((size_t)512 * 1024)
#define THREADS_MAX 64
/* A body that is too long is read to its end up to here, so that the client,
 * which is still writing, comes to read the 413. */
#define DISCARD_MAX ((uint64_t)64 * 1024 * 1024)
#define ACCEPT_BATCH 64 /* then signals have their turn */
#define LOG_BURST 5     /* lines per second */

struct srv_server {
    struct MHD_Daemon *daemon;
    struct srv_server_args args;
};

/* --- one request ---------------------------------------------------------- */

/* With the first line of a request. The connection of the library leads to
 * ours, and ours to its request, which is made once and used again. */
static void *on_request_line(void *cls, const char *uri,
                             struct MHD_Connection *http)
{
    const struct srv_server *server = cls;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(http, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    (void)uri;
    if (info == NULL || info->socket_context == NULL)
        return NULL;
    struct srv_conn *conn = info->socket_context;
    if (conn->request == NULL)
        conn->request = calloc(1, sizeof(struct srv_request));
    if (conn->request == NULL)
        return NULL;
    srv_request_init(conn->request, conn, http, server->args.app,
                     server->args.limits->body_bytes);
    srv_conn_enter(server->args.conns, conn, SRV_PHASE_READING);
    return conn->request;
}

static enum MHD_Result request_send(struct srv_server *server,
                                    struct srv_request *req)
{
    if (req->response == NULL)
        return MHD_NO;
    srv_conn_enter(server->args.conns, req->conn, SRV_PHASE_WRITING);
    return MHD_queue_response(req->http, req->status, req->response);
}

static enum MHD_Result request_too_long(struct srv_server *server,
                                        struct srv_request *req)
{
    (void)sg_err_set(&req->err, SG_FORMAT,
                     "request body is longer than %u octets",
                     server->args.limits->body_bytes);
    srv_respond_errors(req, MHD_HTTP_CONTENT_TOO_LARGE, req->err.msg);
    return request_send(server, req);
}

static enum MHD_Result request_headers(struct srv_server *server,
                                       struct srv_request *req)
{
    const char *length = srv_request_header(req, "Content-Length");
    const char *expect = srv_request_header(req, "Expect");
    struct sg_err ignored = { 0 };
    uint64_t n = 0;

    req->has_headers = true;
    if (length == NULL
        || sg_parse_u64(length, 0, UINT64_MAX, &n, &ignored) != SG_OK || n == 0)
        return MHD_YES;
    if (n <= server->args.limits->body_bytes)
        return sg_buf_reserve(&req->body, (size_t)n, &req->err) == SG_OK
                   ? MHD_YES
                   : MHD_NO;
    req->body_too_long = true;
    if (n > DISCARD_MAX
        || (expect != NULL && strcasecmp(expect, "100-continue") == 0))
        return request_too_long(server, req);
    return MHD_YES;
}

static enum MHD_Result request_upload(struct srv_server *server,
                                      struct srv_request *req, const char *data,
                                      size_t n)
{
    if (n > server->args.limits->body_bytes - req->body.len)
        req->body_too_long = true;
    if (!req->body_too_long)
        return sg_buf_put(&req->body, data, n, &req->err) == SG_OK ? MHD_YES
                                                                   : MHD_NO;
    req->thrown_away += n;
    return req->thrown_away <= DISCARD_MAX ? MHD_YES : MHD_NO;
}

static void request_refuse(struct srv_request *req)
{
    bool full = req->conn->refusal == SRV_REFUSED_FULL;

    req->close = true;
    (void)sg_err_set(&req->err, full ? SG_UNAVAILABLE : SG_LIMIT, "%s",
                     full ? "every connection is taken"
                          : "this user has too many connections");
    srv_respond_errors(
        req, full ? MHD_HTTP_SERVICE_UNAVAILABLE : MHD_HTTP_TOO_MANY_REQUESTS,
        req->err.msg);
}

/* The request is complete, or was woken. */
static enum MHD_Result request_run(struct srv_server *server,
                                   struct srv_request *req)
{
    if (req->body_too_long)
        return request_too_long(server, req);
    if (req->conn->refusal != SRV_WELCOME) {
        request_refuse(req);
        return request_send(server, req);
    }
    srv_handler run = req->then != NULL ? req->then : server->args.handle;
    req->then = NULL;
    req->waits = false;
    req->close = srv_conns_stopping(server->args.conns);
    if (run == server->args.handle)
        srv_conn_enter(server->args.conns, req->conn, SRV_PHASE_WORKING);
    ERR_clear_error();
    run(req);
    /* Woken or not by now: it is this thread that will call it again. */
    return req->waits ? MHD_YES : request_send(server, req);
}

/* NOLINTNEXTLINE(readability-function-size): the library's parameters */
static enum MHD_Result on_request(void *cls, struct MHD_Connection *http,
                                  const char *url, const char *method,
                                  const char *version, const char *data,
                                  size_t *data_size, void **context)
{
    struct srv_server *server = cls;
    struct srv_request *req = *context;

    (void)http;
    (void)version;
    if (req == NULL)
        return MHD_NO;
    if (!req->has_headers) {
        req->method = method;
        req->path = url;
        return request_headers(server, req);
    }
    if (*data_size > 0) {
        size_t n = *data_size;
        *data_size = 0;
        return request_upload(server, req, data, n);
    }
    return request_run(server, req);
}

static void on_request_end(void *cls, struct MHD_Connection *http,
                           void **context, enum MHD_RequestTerminationCode code)
{
    struct srv_server *server = cls;
    struct srv_request *req = *context;

    (void)http;
    *context = NULL;
    if (req == NULL)
        return;
    srv_request_log(req, code == MHD_REQUEST_TERMINATED_COMPLETED_OK);
    srv_request_done(req);
    srv_conn_enter(server->args.conns, req->conn, SRV_PHASE_IDLE);
}

/* --- connections ---------------------------------------------------------- */

static void on_connection(void *cls, struct MHD_Connection *http,
                          void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct srv_server *server = cls;

    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info(http, MHD_CONNECTION_INFO_CONNECTION_FD);
        *context = info != NULL
                       ? srv_conns_attach(server->args.conns, info->connect_fd)
                       : NULL;
        return;
    }
    struct srv_conn *conn = *context;
    *context = NULL;
    if (conn == NULL)
        return;
    free(conn->request);
    srv_conns_remove(server->args.conns, conn);
}

static bool accept_one(struct srv_server *server, int fd)
{
    /* What the library asks an address for: whether it is an IP address. */
    static const struct sockaddr_un nobody = { .sun_family = AF_UNIX };
    struct sg_err failed = { 0 };
    struct srv_peer peer;

    if (srv_peer_of(fd, &peer, &failed) != SG_OK)
        return false;
    struct srv_conn *conn = srv_conns_add(server->args.conns, fd, &peer);
    if (conn == NULL)
        return false;
    /* Closes the descriptor when it fails. */
    if (MHD_add_connection(server->daemon, fd, (const struct sockaddr *)&nobody,
                           sizeof(nobody.sun_family))
        != MHD_YES)
        srv_conns_remove(server->args.conns, conn);
    return true;
}

enum sg_rc srv_server_accept(struct srv_server *server, int listen_fd,
                             struct sg_err *err)
{
    static struct sg_log_limit limit;
    unsigned dropped;

    for (int i = 0; i < ACCEPT_BATCH; i++) {
        int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0) {
            if (accept_one(server, fd))
                continue;
            (void)close(fd);
            if (sg_log_limit_pass(&limit, LOG_BURST, &dropped))
                sg_log(SG_LOG_WARN, "connection_dropped",
                       "reason=\"every connection is taken\" unsaid=%u",
                       dropped);
            continue;
        }
        if (errno == EAGAIN || errno == EWOULDBLOCK)
            return SG_OK;
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS
            || errno == ENOMEM)
            return sg_err_errno(err, SG_LIMIT, "accept");
        if (errno != EINTR && errno != ECONNABORTED)
            return sg_err_errno(err, SG_IO, "accept");
    }
    return SG_OK;
}

/* --- daemon --------------------------------------------------------------- */

/* Paths are decoded by the router, strictly; the library would take "%zz". */
static size_t on_unescape(void *cls, struct MHD_Connection *http, char *text)
{
    (void)cls;
    (void)http;
    return strlen(text);
}

SG_PRINTF(2, 0)
static void on_library_log(void *cls, const char *fmt, va_list ap)
{
    char line[256];
    char quoted[SG_LOG_VALUE_MAX];

    (void)cls;
    if (sg_log_level() < SG_LOG_DEBUG)
        return;
    (void)vsnprintf(line, sizeof(line), fmt, ap);
    sg_log(SG_LOG_DEBUG, "http", "text=%s",
           sg_log_quote(line, quoted, sizeof(quoted)));
}

static void on_library_panic(void *cls, const char *file, unsigned line,
                             const char *reason)
{
    char quoted[SG_LOG_VALUE_MAX];

    (void)cls;
    sg_log(SG_LOG_ERR, "http_library_failed", "at=%s:%u reason=%s", file, line,
           sg_log_quote(reason != NULL ? reason : "", quoted, sizeof(quoted)));
    abort();
}

static unsigned server_threads(const struct srv_limits_config *limits)
{
    long n = limits->threads;

    if (n == 0)
        n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n > THREADS_MAX ? THREADS_MAX : (unsigned)n;
}

static struct MHD_Daemon *server_daemon(struct srv_server *server)
{
    const struct srv_limits_config *limits = server->args.limits;
    unsigned threads = server_threads(limits);
    /* Each thread gets its share of this; ours is the count that decides. */
    unsigned room = (limits->connections + SRV_REFUSAL_SLOTS) * threads;
    struct MHD_OptionItem pool[] = { { MHD_OPTION_THREAD_POOL_SIZE,
                                       (intptr_t)threads, NULL },
                                     { MHD_OPTION_END, 0, NULL } };

    if (threads == 1) /* the library wants no pool then */
        pool[0] = pool[1];
    /* We accept, and hand over: MHD_quiesce_daemon() of 0.9.75 takes the
     * listening socket out of an event thread's epoll set without a lock, and
     * aborts the process when that thread does the same at that moment. No
     * timeout of the library's either: it only counts from the last octet. */
    return MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME
            | MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ERROR_LOG,
        0, NULL, NULL, on_request, server, MHD_OPTION_EXTERNAL_LOGGER,
        on_library_log, NULL, MHD_OPTION_ARRAY, pool,
        MHD_OPTION_CONNECTION_LIMIT, room, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)limits->header_bytes, MHD_OPTION_CONNECTION_TIMEOUT, 0U,
        MHD_OPTION_THREAD_STACK_SIZE, THREAD_STACK,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,
        MHD_OPTION_URI_LOG_CALLBACK, on_request_line, server,
        MHD_OPTION_UNESCAPE_CALLBACK, on_unescape, NULL,
        MHD_OPTION_NOTIFY_COMPLETED, on_request_end, server,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, server, MHD_OPTION_END);
}

enum sg_rc srv_server_start(const struct srv_server_args *args,
                            struct srv_server **ret_server, struct sg_err *err)
{
    struct srv_server *server = calloc(1, sizeof(*server));
    if (server == NULL)
        return sg_err_set(err, SG_NOMEM, "server");
    server->args = *args;
    MHD_set_panic_func(on_library_panic, NULL);
    server->daemon = server_daemon(server);
    if (server->daemon == NULL) {
        free(server);
        return sg_err_errno(err, SG_IO, "start of the HTTP threads");
    }
    *ret_server = server;
    return SG_OK;
}

void srv_server_free(struct srv_server *server)
{
    if (server == NULL)
        return;
    MHD_stop_daemon(server->daemon);
    free(server);
}
