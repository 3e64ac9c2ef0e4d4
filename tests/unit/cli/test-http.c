/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/run.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/http.h"

#define REQUEST_MAX 2048

/* A server that takes one connection, keeps the request and says one thing. */
struct server {
    char dir[T_PATH_MAX];
    struct sockaddr_un address;
    int fd;
    const char *answer; /* NULL: none, the connection stays open a while */
    char request[REQUEST_MAX];
    pthread_t thread;
};

/* Read until the header and the body that it announces are there. */
static void read_request(int fd, char *request)
{
    size_t len = 0;
    for (;;) {
        ssize_t n = read(fd, request + len, REQUEST_MAX - 1 - len);
        if (n <= 0)
            return;
        len += (size_t)n;
        request[len] = '\0';
        const char *end = strstr(request, "\r\n\r\n");
        if (end != NULL && (request[0] == 'G' || end[4] != '\0'))
            return;
    }
}

static void *serve(void *arg)
{
    struct server *server = arg;
    int fd = accept(server->fd, NULL, NULL);
    if (fd < 0)
        return NULL;
    read_request(fd, server->request);
    if (server->answer != NULL)
        (void)!write(fd, server->answer, strlen(server->answer));
    else
        sleep(2); /* longer than the test's deadline */
    (void)close(fd);
    return NULL;
}

static void server_start(struct server *server, const char *answer)
{
    memset(server, 0, sizeof(*server));
    t_dir_new(server->dir);
    server->answer = answer;
    server->address.sun_family = AF_UNIX;
    (void)snprintf(server->address.sun_path, sizeof(server->address.sun_path),
                   "%.90s/s", server->dir);
    server->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(server->fd >= 0);
    assert_int_equal(bind(server->fd, (struct sockaddr *)&server->address,
                          sizeof(server->address)),
                     0);
    assert_int_equal(listen(server->fd, 1), 0);
    assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

static void server_stop(struct server *server)
{
    assert_int_equal(pthread_join(server->thread, NULL), 0);
    (void)close(server->fd);
    t_dir_remove(server->dir);
}

#define ANSWER(status, body) \
    "HTTP/1.1 " status "\r\nContent-Type: application/json\r\n" \
    "Connection: close\r\n\r\n" body

static void test_get(void **state)
{
    struct server server;
    struct cli cli = { 0 };
    struct sg_err err = { 0 };
    long status = 0;
    struct json_object *json = NULL;
    (void)state;
    server_start(&server, ANSWER("503 Unavailable", "{\"sealed\":true}\n"));
    const struct cli_http_request request = { .socket = server.address.sun_path,
                                              .path = "/v1/sys/health" };
    assert_int_equal(cli_http(&cli, &request, &status, &json, &err), SG_OK);
    assert_int_equal(status, 503);
    assert_true(
        json_object_get_boolean(json_object_object_get(json, "sealed")));
    server_stop(&server);
    assert_memory_equal(server.request, "GET /v1/sys/health HTTP/1.1\r\n", 29);
    assert_non_null(strstr(server.request, "\r\nHost: localhost\r\n"));
    cli_json_free(json);
}

static void test_post(void **state)
{
    struct server server;
    struct cli cli = { 0 };
    struct sg_err err = { 0 };
    struct json_object *data = NULL, *body = cli_json_object();
    (void)state;
    cli_put_text(body, "csr", "a/b\nc");
    server_start(&server, ANSWER("200 OK", "{\"data\":{\"certificate\":\"X\"},"
                                           "\"warnings\":null}"));
    const struct cli_http_request request = {
        .socket = server.address.sun_path,
        .path = "/v1/pki/sign/web",
        .body = body,
    };
    assert_int_equal(cli_api(&cli, &request, &data, &err), SG_OK);
    assert_string_equal(cli_get_text(data, "certificate"), "X");
    server_stop(&server);
    assert_memory_equal(server.request, "POST /v1/pki/sign/web HTTP/1.1\r\n",
                        32);
    assert_non_null(
        strstr(server.request, "\r\nContent-Type: application/json\r\n"));
    assert_non_null(strstr(server.request, "{\"csr\":\"a/b\\nc\"}"));
    cli_json_free(data);
    cli_json_free(body);
}

static void refuses(const char *answer, enum sg_rc rc, const char *message,
                    const char *hint)
{
    struct server server;
    struct cli cli = { 0 };
    struct sg_err err = { 0 };
    struct json_object *data = NULL;
    server_start(&server, answer);
    const struct cli_http_request request = { .socket = server.address.sun_path,
                                              .path = "/v1/pki/sign/web" };
    t_assert_fails(cli_api(&cli, &request, &data, &err), rc);
    assert_string_equal(err.msg, message);
    assert_string_equal(cli.hint, hint);
    assert_null(data);
    server_stop(&server);
}

static void test_refused(void **state)
{
    (void)state;
    refuses(ANSWER("400 Bad Request", "{\"errors\":[\"unknown role: x\"]}"),
            SG_POLICY, "signetd says: unknown role: x (HTTP 400)", "");
    refuses(ANSWER("403 No", "{\"errors\":[\"1 error occurred:\\n\\t* no\"]}"),
            SG_DENIED, "signetd says: 1 error occurred: \t* no (HTTP 403)", "");
    refuses(ANSWER("404 No", "{\"errors\":[]}"), SG_NOT_FOUND,
            "signetd says: no reason given (HTTP 404)",
            "is --mount right? signetd's configuration names it");
    refuses(ANSWER("413 No", "{\"errors\":[\"a\",\"b\"]}"), SG_LIMIT,
            "signetd says: a; b (HTTP 413)", "");
    refuses(ANSWER("500 No", "{\"errors\":[\"a\"]}"), SG_BUG,
            "signetd says: a (HTTP 500)", "");
    refuses(ANSWER("503 No", "{\"errors\":[\"token down\"]}"), SG_UNAVAILABLE,
            "signetd says: token down (HTTP 503)",
            "\"signet health\" says why; the same request may succeed later");
}

static void test_strange_answers(void **state)
{
    (void)state;
    const char *no_object = "the answer is no JSON object: is this signetd?";
    refuses(ANSWER("200 OK", "<html>"), SG_FORMAT, no_object, "");
    refuses(ANSWER("200 OK", "[1]"), SG_FORMAT, no_object, "");
    refuses(ANSWER("200 OK", "{} x"), SG_FORMAT, no_object, "");
    refuses(
        ANSWER("200 OK", "[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]"),
        SG_FORMAT, no_object, "");
    refuses(ANSWER("200 OK", "{\"data\":7}"), SG_FORMAT,
            "the answer has no data", "");
    refuses(ANSWER("204 No Content", ""), SG_FORMAT, "the answer has no data",
            "");
}

static void test_answer_too_long(void **state)
{
    const size_t size = 3 * 1024 * 1024;
    struct server server;
    struct cli cli = { 0 };
    struct sg_err err = { 0 };
    long status = 0;
    struct json_object *json = NULL;
    (void)state;
    char *answer = malloc(size + 1);
    assert_non_null(answer);
    memset(answer, ' ', size);
    memcpy(answer, ANSWER("200 OK", ""), strlen(ANSWER("200 OK", "")));
    answer[size] = '\0';
    server_start(&server, answer);
    const struct cli_http_request request = { .socket = server.address.sun_path,
                                              .path = "/v1/sys/health" };
    t_assert_fails(cli_http(&cli, &request, &status, &json, &err), SG_FORMAT);
    assert_non_null(strstr(err.msg, ": answer: "));
    assert_null(json);
    server_stop(&server);
    free(answer);
}

static void test_no_answer(void **state)
{
    struct server server;
    struct cli cli = { 0 };
    struct sg_err err = { 0 };
    long status = 0;
    struct json_object *json = NULL;
    (void)state;
    server_start(&server, NULL);
    const struct cli_http_request request = {
        .socket = server.address.sun_path,
        .path = "/v1/sys/health",
        .timeout_s = 1,
    };
    t_assert_fails(cli_http(&cli, &request, &status, &json, &err), SG_TIMEOUT);
    assert_non_null(strstr(err.msg, "/s: no answer in time"));
    server_stop(&server);
}

static void connect_fails(const char *path, enum sg_rc rc, const char *message,
                          const char *hint)
{
    struct cli cli = { 0 };
    struct sg_err err = { 0 };
    long status = 0;
    struct json_object *json = NULL;
    const struct cli_http_request request = { .socket = path, .path = "/v1/x" };
    t_assert_fails(cli_http(&cli, &request, &status, &json, &err), rc);
    assert_non_null(strstr(err.msg, message));
    assert_string_equal(cli.hint, hint);
    assert_null(json);
}

static void test_no_server(void **state)
{
    char dir[T_PATH_MAX], path[T_PATH_MAX + 16];
    (void)state;
    t_dir_new(dir);
    (void)snprintf(path, sizeof(path), "%s/socket", dir);
    const char *start = "start signetd, or name its socket with --socket PATH";
    connect_fails(path, SG_UNAVAILABLE, "/socket: No such file or directory",
                  start);
    t_file_write(path, "x", 1);
    connect_fails(path, SG_UNAVAILABLE,
                  "/socket: Socket operation on non-socket",
                  "name signetd's socket with --socket PATH");
    assert_int_equal(unlink(path), 0);

    struct sockaddr_un address = { .sun_family = AF_UNIX };
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%.90s/socket",
                   dir);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    (void)close(fd); /* stale: a socket that nobody listens on */
    connect_fails(address.sun_path, SG_UNAVAILABLE,
                  "/socket: Connection refused", start);
    t_dir_remove(dir);
}

static void test_path_too_long(void **state)
{
    char path[200];
    (void)state;
    memset(path, 'p', sizeof(path));
    path[sizeof(path) - 1] = '\0';
    connect_fails(path, SG_USAGE,
                  "socket path of 199 bytes, at most 107 fit unix(7)", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_get),
        cmocka_unit_test(test_post),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_strange_answers),
        cmocka_unit_test(test_answer_too_long),
        cmocka_unit_test(test_no_answer),
        cmocka_unit_test(test_no_server),
        cmocka_unit_test(test_path_too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
