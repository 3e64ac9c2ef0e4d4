/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/t.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "signer/respond.h"
#include "signer/server.h"

#define ANSWER_MAX 65536

/* A daemon with handlers of the test's own, accepting on a thread as signetd's
 * main thread does. */
struct fixture {
    struct srv_limits_config limits;
    struct srv_conns *conns;
    struct srv_server *server;
    int listen_fd;
    struct sockaddr_un addr;
    socklen_t addr_len;
    pthread_t main_thread;
    _Atomic(bool) end;
    pthread_t waker;
    _Atomic(unsigned) waiting; /* requests that /wait has put to sleep */
    char logged[8192];
    pthread_mutex_t log_lock;
};

/* --- handlers ------------------------------------------------------------- */

static void *wake_later(void *arg)
{
    sg_sleep_ms(100);
    srv_request_wake(arg);
    return NULL;
}

static void handle_woken(struct srv_request *req)
{
    srv_respond_errors(req, 418, "woken");
}

static void answer_echo(struct srv_request *req)
{
    struct sg_err err = { 0 };
    SG_CLEANUP(sg_buf_done) struct sg_buf body = { 0 };

    sg_buf_init(&body, ANSWER_MAX);
    assert_int_equal(sg_buf_printf(&body, &err, "%s %s %zu %u %d\n",
                                   req->method, req->path, req->body.len,
                                   (unsigned)req->conn->peer.uid,
                                   (int)req->conn->peer.pid),
                     SG_OK);
    srv_respond_json(req, 200, &body);
}

static void handle(struct srv_request *req)
{
    struct fixture *f = req->app;

    if (strcmp(req->path, "/wait") == 0) {
        srv_request_wait(req, handle_woken);
        atomic_fetch_add(&f->waiting, 1);
        assert_int_equal(pthread_create(&f->waker, NULL, wake_later, req), 0);
        assert_int_equal(pthread_detach(f->waker), 0);
    } else if (strcmp(req->path, "/wake-at-once") == 0) {
        srv_request_wait(req, handle_woken);
        srv_request_wake(req);
    } else if (strcmp(req->path, "/internal") == 0) {
        (void)sg_err_set(&req->err, SG_TOKEN, "C_Sign: secret of the house");
        srv_respond_failure(req);
    } else if (strcmp(req->path, "/policy") == 0) {
        (void)sg_err_set(&req->err, SG_POLICY, "name \"x\xff\" not allowed");
        srv_respond_failure(req);
    } else {
        answer_echo(req);
    }
}

/* --- fixture -------------------------------------------------------------- */

static void *accept_loop(void *arg)
{
    struct fixture *f = arg;
    struct sg_err err = { 0 };

    while (!atomic_load(&f->end)) {
        struct pollfd fd = { .fd = f->listen_fd, .events = POLLIN };
        if (poll(&fd, 1, 20) > 0)
            (void)srv_server_accept(f->server, f->listen_fd, &err);
        (void)srv_conns_sweep(f->conns, sg_mono_ms());
    }
    return NULL;
}

static void log_sink(void *arg, enum sg_log_level level, const char *line)
{
    struct fixture *f = arg;

    (void)level;
    pthread_mutex_lock(&f->log_lock);
    snprintf(f->logged, sizeof(f->logged), "%s", line);
    pthread_mutex_unlock(&f->log_lock);
}

static void start(struct fixture *f)
{
    struct sg_err err = { 0 };
    const struct srv_server_args args = { .limits = &f->limits,
                                          .handle = handle,
                                          .app = f };

    assert_int_equal(srv_conns_new(&f->limits, &f->conns, &err), SG_OK);
    struct srv_server_args with = args;
    with.conns = f->conns;
    assert_int_equal(srv_server_start(&with, &f->server, &err), SG_OK);
    f->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    assert_true(f->listen_fd >= 0);
    /* An abstract address that the kernel picks: nothing to clean up. */
    f->addr.sun_family = AF_UNIX;
    assert_int_equal(bind(f->listen_fd, (const struct sockaddr *)&f->addr,
                          sizeof(sa_family_t)),
                     0);
    f->addr_len = sizeof(f->addr);
    assert_int_equal(
        getsockname(f->listen_fd, (struct sockaddr *)&f->addr, &f->addr_len),
        0);
    assert_int_equal(listen(f->listen_fd, 64), 0);
    assert_int_equal(pthread_create(&f->main_thread, NULL, accept_loop, f), 0);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    f->limits = (struct srv_limits_config){
        .connections = 8,
        .threads = 2,
        .body_bytes = 1000,
        .header_bytes = 8192,
        .read_timeout_ms = 300,
        .idle_timeout_ms = 600,
    };
    pthread_mutex_init(&f->log_lock, NULL);
    sg_log_set_level(SG_LOG_INFO);
    sg_log_set_sink(log_sink, f);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    atomic_store(&f->end, true);
    pthread_join(f->main_thread, NULL);
    srv_server_free(f->server);
    assert_int_equal(srv_conns_sweep(f->conns, 0), 0); /* none left open */
    srv_conns_free(f->conns);
    close(f->listen_fd);
    sg_log_set_sink(NULL, NULL);
    free(f);
    return 0;
}

static int client(const struct fixture *f)
{
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    assert_true(fd >= 0);
    assert_int_equal(
        connect(fd, (const struct sockaddr *)&f->addr, f->addr_len), 0);
    return fd;
}

static void say(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL),
                     (ssize_t)strlen(text));
}

/* Reads until text is there, the other end closes, or two seconds pass. */
static char *hear(int fd, const char *until)
{
    static char answer[ANSWER_MAX];
    size_t len = 0;

    answer[0] = '\0';
    while (len + 1 < sizeof(answer)) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        if (poll(&p, 1, 2000) <= 0)
            break;
        ssize_t n = recv(fd, answer + len, sizeof(answer) - 1 - len, 0);
        if (n <= 0)
            break;
        len += (size_t)n;
        answer[len] = '\0';
        if (until != NULL && strstr(answer, until) != NULL)
            break;
    }
    return answer;
}

static bool closed_within(int fd, int ms)
{
    char c;
    struct pollfd p = { .fd = fd, .events = POLLIN };

    return poll(&p, 1, ms) == 1 && recv(fd, &c, 1, 0) <= 0;
}

static void wait_for_log(struct fixture *f, const char *text)
{
    for (int i = 0; i < 200; i++) {
        pthread_mutex_lock(&f->log_lock);
        bool there = strstr(f->logged, text) != NULL;
        pthread_mutex_unlock(&f->log_lock);
        if (there)
            return;
        sg_sleep_ms(10);
    }
    fail_msg("no \"%s\" in: %s", text, f->logged);
}

/* --- tests ---------------------------------------------------------------- */

static void answers_and_keeps_the_connection(void **state)
{
    struct fixture *f = *state;
    char want[128];

    start(f);
    int fd = client(f);
    for (int i = 0; i < 3; i++) {
        say(fd, "POST /a%20b?x=1 HTTP/1.1\r\nHost: h\r\n"
                "Content-Length: 5\r\n\r\nhello");
        char *answer = hear(fd, "POST /a%20b 5");
        assert_non_null(strstr(answer, "HTTP/1.1 200 "));
        assert_non_null(strstr(answer, "Content-Type: application/json\r\n"));
        assert_non_null(strstr(answer, "Cache-Control: no-store\r\n"));
        snprintf(want, sizeof(want), "\r\n\r\nPOST /a%%20b 5 %u %d\n",
                 (unsigned)geteuid(), (int)getpid());
        assert_non_null(strstr(answer, want));
    }
    snprintf(want, sizeof(want), "uid=%u gid=%u pid=%d method=\"POST\"",
             (unsigned)geteuid(), (unsigned)getegid(), (int)getpid());
    wait_for_log(f, want);
    wait_for_log(f, "path=\"/a%20b\"");
    wait_for_log(f, "status=200 rc=OK");
    close(fd);
}

static void waits_are_woken(void **state)
{
    struct fixture *f = *state;

    start(f);
    int fd = client(f);
    for (int i = 0; i < 20; i++) {
        say(fd, i % 2 == 0 ? "GET /wait HTTP/1.1\r\nHost: h\r\n\r\n"
                           : "GET /wake-at-once HTTP/1.1\r\nHost: h\r\n\r\n");
        char *answer = hear(fd, "woken");
        assert_non_null(strstr(answer, "HTTP/1.1 418"));
        assert_non_null(strstr(answer, "{\"errors\":[\"woken\"]}\n"));
    }
    close(fd);
}

/* Until the handler of /wait has run: its answer comes 100 ms later. */
static void until_waiting(struct fixture *f)
{
    for (int i = 0; i < 2000 && atomic_load(&f->waiting) == 0; i++)
        sg_sleep_ms(1);
    assert_int_not_equal(atomic_load(&f->waiting), 0);
}

static void a_client_may_leave_while_it_waits(void **state)
{
    struct fixture *f = *state;

    start(f);
    int fd = client(f);
    say(fd, "GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
    until_waiting(f);
    close(fd);
    wait_for_log(f, "delivered=no");
}

static void failures_tell_what_is_the_callers(void **state)
{
    struct fixture *f = *state;

    start(f);
    int fd = client(f);
    say(fd, "GET /internal HTTP/1.1\r\nHost: h\r\n\r\n");
    char *answer = hear(fd, "]}");
    assert_non_null(strstr(answer, "HTTP/1.1 503"));
    assert_non_null(strstr(answer, "Retry-After: 1\r\n"));
    assert_non_null(strstr(answer, "token failure (request "));
    assert_null(strstr(answer, "secret"));
    wait_for_log(f, "secret of the house");

    say(fd, "GET /policy HTTP/1.1\r\nHost: h\r\n\r\n");
    answer = hear(fd, "]}");
    assert_non_null(strstr(answer, "HTTP/1.1 400"));
    assert_null(strstr(answer, "Retry-After"));
    assert_non_null(
        strstr(answer, "{\"errors\":[\"name \\\"x?\\\" not allowed\"]}"));
    close(fd);
}

static void long_body(struct fixture *f, const char *headers, const char *unit,
                      unsigned times)
{
    int fd = client(f);

    say(fd, headers);
    for (unsigned i = 0; i < times; i++)
        say(fd, unit);
    if (strstr(headers, "chunked") != NULL)
        say(fd, "\r\n0\r\n\r\n");
    char *answer = hear(fd, "]}");
    assert_non_null(strstr(answer, "HTTP/1.1 413"));
    assert_non_null(strstr(answer, "longer than 1000 octets"));
    close(fd);
}

static void a_long_body_is_read_and_refused(void **state)
{
    struct fixture *f = *state;

    start(f);
    long_body(f, "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 1010\r\n\r\n",
              "0123456789", 101);
    long_body(
        f,
        "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
        "3f2\r\n",
        "0123456789", 101);
}

static void a_long_body_is_refused_before_it_is_sent(void **state)
{
    struct fixture *f = *state;

    start(f);
    long_body(f,
              "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 10485760\r\n"
              "Expect: 100-continue\r\n\r\n",
              "", 0);
    long_body(f,
              "POST /a HTTP/1.1\r\nHost: h\r\n"
              "Content-Length: 99999999999\r\n\r\n",
              "", 0);
}

static void a_slow_request_is_cut(void **state)
{
    struct fixture *f = *state;

    start(f);
    int fd = client(f);
    int64_t begun = sg_mono_ms();
    /* One octet now and then keeps any idle timer quiet. */
    const char *text = "POST /a HTTP/1.1\r\nHost: h\r\nX: 1234567890\r\n";
    bool cut = false;
    for (const char *p = text; *p != '\0' && !cut; p++) {
        cut = send(fd, p, 1, MSG_NOSIGNAL) < 0;
        cut = cut || closed_within(fd, 20);
    }
    assert_true(cut);
    assert_true(sg_mono_ms() - begun < 3000);
    close(fd);
}

static void a_slow_body_is_cut(void **state)
{
    struct fixture *f = *state;

    start(f);
    int fd = client(f);
    say(fd, "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 900\r\n\r\n");
    int64_t begun = sg_mono_ms();
    bool cut = false;
    for (int i = 0; i < 100 && !cut; i++) {
        cut = send(fd, "x", 1, MSG_NOSIGNAL) < 0;
        cut = cut || closed_within(fd, 20);
    }
    assert_true(cut);
    assert_true(sg_mono_ms() - begun < 3000);
    wait_for_log(f, "delivered=no");
    close(fd);
}

static void an_idle_connection_is_cut(void **state)
{
    struct fixture *f = *state;

    start(f);
    int fd = client(f);
    say(fd, "GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_non_null(strstr(hear(fd, "GET /a 0"), "200"));
    int64_t begun = sg_mono_ms();
    assert_true(closed_within(fd, 2000));
    assert_true(sg_mono_ms() - begun >= 400); /* 600 from the answer on */
    close(fd);
}

static void too_many_connections_are_told(void **state)
{
    struct fixture *f = *state;
    int fds[9];

    f->limits.read_timeout_ms = 10000;
    start(f);
    for (size_t i = 0; i < SG_ARRAY_LEN(fds); i++) {
        fds[i] = client(f);
        say(fds[i], "GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
        char *answer = hear(fds[i], i < 8 ? "GET /a 0" : "]}");
        if (i < 8) {
            assert_non_null(strstr(answer, "HTTP/1.1 200"));
            continue;
        }
        assert_non_null(strstr(answer, "HTTP/1.1 503"));
        assert_non_null(strstr(answer, "Retry-After: 1"));
        assert_non_null(strstr(answer, "Connection: close"));
        assert_true(closed_within(fds[i], 1000));
    }
    close(fds[0]);
    sg_sleep_ms(100);
    int fd = client(f);
    say(fd, "GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_non_null(strstr(hear(fd, "GET /a 0"), "HTTP/1.1 200"));
    close(fd);
    for (size_t i = 1; i < SG_ARRAY_LEN(fds); i++)
        close(fds[i]);
}

static void a_users_share_is_kept(void **state)
{
    struct fixture *f = *state;
    int fds[3];

    f->limits.connections_per_uid = 2;
    f->limits.read_timeout_ms = 10000;
    start(f);
    for (size_t i = 0; i < SG_ARRAY_LEN(fds); i++) {
        fds[i] = client(f);
        say(fds[i], "GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
        char *answer = hear(fds[i], i < 2 ? "GET /a 0" : "]}");
        assert_non_null(strstr(answer, i < 2 ? " 200 " : " 429 "));
    }
    for (size_t i = 0; i < SG_ARRAY_LEN(fds); i++)
        close(fds[i]);
}

static void garbage_gets_no_answer_of_ours(void **state)
{
    static const char *const garbage[] = {
        "\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
        "GET\r\n\r\n",
        "GET /a HTTP/3.0\r\n\r\n",
        "GET /a HTTP/1.1\r\n\r\n", /* no Host */
        "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n",
        "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 1x\r\n\r\nx",
        "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    };
    struct fixture *f = *state;

    start(f);
    for (size_t i = 0; i < SG_ARRAY_LEN(garbage); i++) {
        int fd = client(f);
        say(fd, garbage[i]);
        char *answer = hear(fd, NULL);
        assert_null(strstr(answer, " 200 "));
        assert_null(strstr(answer, " 500 "));
        close(fd);
    }
}

static void long_headers_are_refused(void **state)
{
    struct fixture *f = *state;

    start(f);
    int fd = client(f);
    say(fd, "GET /a HTTP/1.1\r\nHost: h\r\n");
    for (int i = 0; i < 1000; i++)
        if (send(fd, "X-Filler: 0123456789\r\n", 22, MSG_NOSIGNAL) < 0)
            break;
    assert_non_null(strstr(hear(fd, NULL), "HTTP/1.1 431"));
    close(fd);
}

static void a_stop_ends_the_idle_and_waits_for_the_busy(void **state)
{
    struct fixture *f = *state;

    f->limits.read_timeout_ms = 10000;
    f->limits.idle_timeout_ms = 10000;
    start(f);
    int idle = client(f);
    say(idle, "GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_non_null(strstr(hear(idle, "GET /a 0"), "200"));
    int busy = client(f);
    say(busy, "GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
    until_waiting(f);
    srv_conns_stop(f->conns);
    char *answer = hear(busy, NULL);
    assert_non_null(strstr(answer, "woken"));
    assert_non_null(strstr(answer, "Connection: close"));
    assert_true(closed_within(idle, 1000));
    for (int i = 0; i < 100 && srv_conns_busy(f->conns) > 0; i++)
        sg_sleep_ms(10);
    assert_int_equal(srv_conns_busy(f->conns), 0);
    close(idle);
    close(busy);
}

int main(void)
{
#define SERVER_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        SERVER_TEST(answers_and_keeps_the_connection),
        SERVER_TEST(waits_are_woken),
        SERVER_TEST(a_client_may_leave_while_it_waits),
        SERVER_TEST(failures_tell_what_is_the_callers),
        SERVER_TEST(a_long_body_is_read_and_refused),
        SERVER_TEST(a_long_body_is_refused_before_it_is_sent),
        SERVER_TEST(a_slow_request_is_cut),
        SERVER_TEST(a_slow_body_is_cut),
        SERVER_TEST(an_idle_connection_is_cut),
        SERVER_TEST(too_many_connections_are_told),
        SERVER_TEST(a_users_share_is_kept),
        SERVER_TEST(garbage_gets_no_answer_of_ours),
        SERVER_TEST(long_headers_are_refused),
        SERVER_TEST(a_stop_ends_the_idle_and_waits_for_the_busy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
