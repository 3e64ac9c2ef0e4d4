/* SPDX-License-Identifier: Apache-2.0 */
/* Closed-loop load on a Unix socket: N keep-alive connections, each sends the
 * next request when its answer is complete. Prints requests per second, CPU
 * per request of the processes named, and latencies. One thread, epoll. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "common/file.h"
#include "common/parse.h"

#define CONNECTIONS_MAX 1024
#define ANSWER_MAX 65536 /* bytes of one answer with its headers */
#define PIDS_MAX 4
#define SAMPLES_MAX 4000000

struct connection {
    int fd;
    size_t len;
    int64_t started_ns;
    char answer[ANSWER_MAX];
};

struct options {
    const char *socket;
    const char *path;
    const char *body_file;
    unsigned connections;
    unsigned seconds;
    pid_t pid[PIDS_MAX];
    unsigned n_pid;
};

struct load {
    struct options opt;
    struct sg_buf request;
    struct connection *conn;
    int epoll_fd;
    uint32_t *sample_us;
    size_t n_sample;
    size_t refused; /* answers that are not 200 */
    bool counting;
};

static int64_t now_ns(clockid_t clock)
{
    struct timespec ts;
    if (clock_gettime(clock, &ts) != 0)
        return 0;
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "bench-load: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int connect_to(const char *path)
{
    struct sockaddr_un addr = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        die("socket");
    if (strlen(path) >= sizeof(addr.sun_path)) {
        errno = ENAMETOOLONG;
        die(path);
    }
    memcpy(addr.sun_path, path, strlen(path));
    if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) != 0)
        die(path);
    return fd;
}

static void send_request(struct load *load, struct connection *conn)
{
    conn->len = 0;
    conn->started_ns = now_ns(CLOCK_MONOTONIC);
    ssize_t n =
        send(conn->fd, load->request.data, load->request.len, MSG_NOSIGNAL);
    if (n != (ssize_t)load->request.len)
        die("send");
}

/* Length of the whole answer once its headers are there, else 0. */
static size_t answer_length(const struct connection *conn)
{
    const char *head_end = memmem(conn->answer, conn->len, "\r\n\r\n", 4);
    if (head_end == NULL)
        return 0;
    const char *field = memmem(conn->answer, conn->len, "Content-Length: ", 16);
    if (field == NULL || field > head_end) {
        errno = EPROTO;
        die("no Content-Length");
    }
    unsigned long length = strtoul(field + 16, NULL, 10);
    return (size_t)(head_end + 4 - conn->answer) + length;
}

static void on_readable(struct load *load, struct connection *conn)
{
    ssize_t n = recv(conn->fd, conn->answer + conn->len,
                     sizeof(conn->answer) - conn->len, 0);
    if (n <= 0)
        die("connection closed");
    conn->len += (size_t)n;
    size_t want = answer_length(conn);
    if (want == 0 || conn->len < want)
        return;
    if (memcmp(conn->answer, "HTTP/1.1 200", 12) != 0) {
        if (load->refused++ == 0)
            fprintf(stderr, "first refusal: %.*s\n", (int)conn->len,
                    conn->answer);
    }
    if (load->counting && load->n_sample < SAMPLES_MAX) {
        int64_t us = (now_ns(CLOCK_MONOTONIC) - conn->started_ns) / 1000;
        load->sample_us[load->n_sample++] =
            us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
    }
    send_request(load, conn);
}

static void run_until(struct load *load, int64_t end_ns)
{
    struct epoll_event events[64];
    while (now_ns(CLOCK_MONOTONIC) < end_ns) {
        int n = epoll_wait(load->epoll_fd, events, 64, 100);
        for (int i = 0; i < n; i++)
            on_readable(load, events[i].data.ptr);
    }
}

static int64_t cpu_ns(const struct options *opt, unsigned i)
{
    clockid_t clock;
    if (clock_getcpuclockid(opt->pid[i], &clock) != 0)
        return 0;
    return now_ns(clock);
}

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static double percentile(const struct load *load, double p)
{
    if (load->n_sample == 0)
        return 0;
    size_t i = (size_t)((double)(load->n_sample - 1) * p);
    return load->sample_us[i];
}

static void make_request(struct load *load)
{
    struct sg_err err = { 0 };
    struct sg_buf body;
    sg_buf_init(&body, ANSWER_MAX);
    if (sg_file_read(load->opt.body_file, &body, &err) != SG_OK) {
        fprintf(stderr, "bench-load: %s\n", err.msg);
        exit(1);
    }
    sg_buf_init(&load->request, 2 * ANSWER_MAX);
    if (sg_buf_printf(&load->request, &err,
                      "POST %s HTTP/1.1\r\nHost: localhost\r\n"
                      "X-Vault-Request: true\r\nContent-Length: %zu\r\n\r\n",
                      load->opt.path, body.len)
            != SG_OK
        || sg_buf_put(&load->request, body.data, body.len, &err) != SG_OK) {
        fprintf(stderr, "bench-load: %s\n", err.msg);
        exit(1);
    }
    sg_buf_done(&body);
}

static unsigned number(const char *text)
{
    struct sg_err err = { 0 };
    uint64_t v = 0;
    if (sg_parse_u64(text, 1, INT_MAX, &v, &err) != SG_OK) {
        fprintf(stderr, "bench-load: %s\n", err.msg);
        exit(64);
    }
    return (unsigned)v;
}

static void read_options(int argc, char **argv, struct options *opt)
{
    int c;
    while ((c = getopt(argc, argv, "s:r:b:c:t:p:")) != -1) {
        if (c == 's')
            opt->socket = optarg;
        else if (c == 'r')
            opt->path = optarg;
        else if (c == 'b')
            opt->body_file = optarg;
        else if (c == 'c')
            opt->connections = number(optarg);
        else if (c == 't')
            opt->seconds = number(optarg);
        else if (c == 'p' && opt->n_pid < PIDS_MAX)
            opt->pid[opt->n_pid++] = (pid_t)number(optarg);
        else
            exit(64);
    }
    if (opt->socket == NULL || opt->path == NULL || opt->body_file == NULL
        || opt->connections > CONNECTIONS_MAX) {
        fprintf(stderr, "usage: bench-load -s SOCKET -r PATH -b BODY-FILE "
                        "[-c CONNECTIONS] [-t SECONDS] [-p PID]...\n");
        exit(64);
    }
}

static void open_connections(struct load *load)
{
    load->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    for (unsigned i = 0; i < load->opt.connections; i++) {
        struct connection *conn = &load->conn[i];
        conn->fd = connect_to(load->opt.socket);
        struct epoll_event ev = { .events = EPOLLIN, .data.ptr = conn };
        if (epoll_ctl(load->epoll_fd, EPOLL_CTL_ADD, conn->fd, &ev) != 0)
            die("epoll");
        send_request(load, conn);
    }
}

int main(int argc, char **argv)
{
    struct load load = { .opt = { .connections = 1, .seconds = 5 } };
    read_options(argc, argv, &load.opt);
    make_request(&load);
    load.conn = calloc(load.opt.connections, sizeof(*load.conn));
    load.sample_us = calloc(SAMPLES_MAX, sizeof(*load.sample_us));
    if (load.conn == NULL || load.sample_us == NULL)
        die("memory");

    open_connections(&load);
    run_until(&load, now_ns(CLOCK_MONOTONIC) + 1000000000); /* warm up */
    int64_t cpu[PIDS_MAX] = { 0 };
    for (unsigned i = 0; i < load.opt.n_pid; i++)
        cpu[i] = cpu_ns(&load.opt, i);
    load.counting = true;
    load.refused = 0;
    int64_t begin = now_ns(CLOCK_MONOTONIC);
    run_until(&load, begin + (int64_t)load.opt.seconds * 1000000000);
    double wall_s = (double)(now_ns(CLOCK_MONOTONIC) - begin) / 1e9;

    qsort(load.sample_us, load.n_sample, sizeof(*load.sample_us), by_value);
    double n = load.n_sample > 0 ? (double)load.n_sample : 1;
    printf("requests_per_s=%.0f p50_us=%.0f p99_us=%.0f refused=%zu",
           (double)load.n_sample / wall_s, percentile(&load, 0.5),
           percentile(&load, 0.99), load.refused);
    double sum = 0;
    for (unsigned i = 0; i < load.opt.n_pid; i++) {
        double us = (double)(cpu_ns(&load.opt, i) - cpu[i]) / 1e3 / n;
        printf(" cpu%u_us=%.1f", i + 1, us);
        sum += us;
    }
    printf(" cpu_us=%.1f\n", sum);
    return load.refused > 0;
}
