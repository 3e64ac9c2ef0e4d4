/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/helper/serve.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/log.h"
#include "pkcs11/helper/ckr.h"
#include "pkcs11/helper/requests.h"

#define WORKER_STACK (1U << 20) /* bytes; vendor modules are used to 8 MiB */
#define REFUSALS_PER_SECOND 10  /* lines; more only say the same */
#define STOP_SECONDS 5          /* for the module to let go at the end */

struct serve {
    struct tok_serve_config cfg;
    _Atomic int exit_code;
    _Atomic bool stopping;
    _Atomic uint64_t refusals;
    struct sg_log_limit refusal_lines;
};

struct worker {
    struct serve *serve;
    struct tok_desk desk; /* owns signer, payload and fd in it */
    pthread_t thread;
    struct sg_buf reply;
    uint8_t message[TOK_FRAME_MAX];
};

/* --- sending ----------------------------------------------------------------------- */

static enum sg_rc send_message(int fd, struct sg_slice bytes, int flags,
                               struct sg_err *err)
{
    ssize_t n;

    do {
        n = send(fd, bytes.p, bytes.len, flags | MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    if (n != (ssize_t)bytes.len)
        return sg_err_errno(err, SG_IO, "send");
    return SG_OK;
}

/* A line that the parent has no room for is lost: signing goes first. */
static void log_sink(void *arg, enum sg_log_level level, const char *line)
{
    const struct serve *s = arg;
    SG_CLEANUP(sg_buf_done) struct sg_buf payload;
    SG_CLEANUP(sg_buf_done) struct sg_buf message;
    struct sg_err err = { 0 };

    sg_buf_init(&payload, TOK_FRAME_MAX);
    sg_buf_init(&message, TOK_FRAME_MAX);
    if (tok_put_log(&payload, (uint8_t)level, line, &err) != SG_OK)
        return;
    struct tok_frame frame = { .op = TOK_OP_LOG,
                               .payload = sg_buf_slice(&payload) };
    if (tok_frame_encode(&frame, &message, &err) == SG_OK)
        (void)send_message(s->cfg.fd, sg_buf_slice(&message), MSG_DONTWAIT,
                           &err);
}

/* Nobody listens any more, and standard error is the parent's. */
static void log_nowhere(void *arg, enum sg_log_level level, const char *line)
{
    (void)arg;
    (void)level;
    (void)line;
}

void tok_serve_refuse(int fd, const struct sg_err *why)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf message;
    struct sg_err err = { 0 };

    sg_buf_init(&message, TOK_FRAME_MAX);
    if (tok_frame_encode_failure(TOK_OP_HELLO, 0, why, &message, &err) == SG_OK)
        (void)send_message(fd, sg_buf_slice(&message), 0, &err);
}

static enum sg_rc say_hello(struct serve *s, struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf payload;
    SG_CLEANUP(sg_buf_done) struct sg_buf message;
    struct tok_token_info info;

    if (s->cfg.login != NULL)
        info = s->cfg.login->info;
    else
        tok_admin_describe(s->cfg.admin, &info);
    sg_buf_init(&payload, TOK_FRAME_MAX);
    sg_buf_init(&message, TOK_FRAME_MAX);
    SG_TRY(tok_put_token_info(&payload, &info, err));
    struct tok_frame frame = { .op = TOK_OP_HELLO,
                               .payload = sg_buf_slice(&payload) };
    SG_TRY(tok_frame_encode(&frame, &message, err));
    return send_message(s->cfg.fd, sg_buf_slice(&message), 0, err);
}

/* --- ending -------------------------------------------------------------------------- */

/* No more requests are taken; those under way are answered. The first reason
 * decides the exit code. */
static void stop(struct serve *s, int exit_code)
{
    bool was = false;

    if (!atomic_compare_exchange_strong(&s->stopping, &was, true))
        return;
    atomic_store(&s->exit_code, exit_code);
    /* A module that hangs now must not keep the process alive. */
    (void)alarm(STOP_SECONDS);
    (void)shutdown(s->cfg.fd, SHUT_RD);
}

/* --- the loop -------------------------------------------------------------------------- */

static void log_failure(struct serve *s, const struct tok_frame *frame,
                        const struct sg_err *why)
{
    char quoted[SG_LOG_VALUE_MAX];
    unsigned dropped = 0;
    enum tok_refused reason = tok_refused_of(why);
    bool guarded = tok_op_signs(frame->op) || frame->op == TOK_OP_GUARD_BIND
                   || frame->op == TOK_OP_GUARD_NARROW;

    if (guarded && reason != TOK_REFUSED_N) {
        unsigned long long n = atomic_fetch_add(&s->refusals, 1) + 1;
        if (sg_log_limit_pass(&s->refusal_lines, REFUSALS_PER_SECOND, &dropped))
            sg_log(SG_LOG_WARN, "guard_refused",
                   "op=%s refused=%llu dropped=%u reason=%s err=%s",
                   tok_op_name(frame->op), n, dropped, tok_refused_name(reason),
                   sg_log_quote(why->msg, quoted, sizeof(quoted)));
        return;
    }
    if (tok_op_signs(frame->op) && why->rc == SG_TOKEN) {
        if (sg_log_limit_pass(&s->refusal_lines, REFUSALS_PER_SECOND, &dropped))
            sg_log(SG_LOG_ERR, "sign_failed", "op=%s dropped=%u err=%s",
                   tok_op_name(frame->op), dropped,
                   sg_log_quote(why->msg, quoted, sizeof(quoted)));
        return;
    }
    sg_log(SG_LOG_DEBUG, "request_failed", "op=%s rc=%s where=%s err=%s",
           tok_op_name(frame->op), sg_rc_name(why->rc), why->where,
           sg_log_quote(why->msg, quoted, sizeof(quoted)));
}

static void answer(struct worker *w, const struct tok_frame *frame,
                   const struct sg_err *why)
{
    struct tok_frame reply = { .op = frame->op,
                               .id = frame->id,
                               .payload = sg_buf_slice(&w->desk.payload) };
    struct sg_err err = { 0 };

    sg_buf_reset(&w->reply);
    enum sg_rc rc = why->rc != SG_OK
                        ? tok_frame_encode_failure(frame->op, frame->id, why,
                                                   &w->reply, &err)
                        : tok_frame_encode(&reply, &w->reply, &err);
    if (rc != SG_OK) { /* an answer that is too long for one frame */
        struct sg_err later = { 0 };
        sg_buf_reset(&w->reply);
        rc = tok_frame_encode_failure(frame->op, frame->id, &err, &w->reply,
                                      &later);
    }
    if (rc == SG_OK)
        rc = send_message(w->serve->cfg.fd, sg_buf_slice(&w->reply), 0, &err);
    if (rc != SG_OK)
        stop(w->serve, sg_rc_exit(SG_OK)); /* the parent is gone */
}

static void protocol_error(struct serve *s, const struct sg_err *why)
{
    char quoted[SG_LOG_VALUE_MAX];

    sg_log(SG_LOG_ERR, "protocol_error", "err=%s",
           sg_log_quote(why->msg, quoted, sizeof(quoted)));
    stop(s, sg_rc_exit(SG_BUG));
}

static void serve_one(struct worker *w, struct sg_slice message)
{
    struct serve *s = w->serve;
    struct tok_frame frame;
    struct sg_err err = { 0 };

    if (tok_frame_parse(message, &frame, &err) != SG_OK) {
        protocol_error(s, &err);
        return;
    }
    if (tok_desk_do(&w->desk, &frame, &err) != SG_OK) {
        if (w->desk.bad_request) {
            protocol_error(s, &err);
            return;
        }
        log_failure(s, &frame, &err);
    }
    answer(w, &frame, &err);
    enum sg_rc dead =
        s->cfg.login != NULL ? tok_login_dead(s->cfg.login) : SG_OK;
    if (dead != SG_OK) {
        sg_log(SG_LOG_ERR, "token_given_up", "rc=%s", sg_rc_name(dead));
        stop(s, sg_rc_exit(dead));
    }
}

/* Descriptors behind the first have no place: the kernel drops them. */
static int take_fd(struct msghdr *msg)
{
    int fd = -1;

    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL;
         c = CMSG_NXTHDR(msg, c))
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS && fd < 0
            && c->cmsg_len == CMSG_LEN(sizeof(fd)))
            memcpy(&fd, CMSG_DATA(c), sizeof(fd));
    return fd;
}

static ssize_t receive(struct worker *w, int *ret_flags)
{
    struct iovec iov = { w->message, sizeof(w->message) };
    union {
        struct cmsghdr align;
        uint8_t bytes[CMSG_SPACE(sizeof(int))];
    } control;
    struct msghdr msg = { .msg_iov = &iov,
                          .msg_iovlen = 1,
                          .msg_control = control.bytes,
                          /* without the padding, which would take two */
                          .msg_controllen = CMSG_LEN(sizeof(int)) };

    w->desk.fd = -1;
    ssize_t n = recvmsg(w->serve->cfg.fd, &msg, MSG_CMSG_CLOEXEC);
    if (n >= 0 && msg.msg_controllen > 0)
        w->desk.fd = take_fd(&msg);
    *ret_flags = n >= 0 ? msg.msg_flags : 0;
    return n;
}

static void drop_fd(struct worker *w)
{
    if (w->desk.fd >= 0)
        (void)close(w->desk.fd);
    w->desk.fd = -1;
}

static void take_message(struct worker *w, size_t n, int flags)
{
    struct sg_err err = { 0 };

    if ((flags & MSG_TRUNC) != 0)
        (void)sg_err_set(&err, SG_FORMAT, "frame: more than %d bytes",
                         TOK_FRAME_MAX);
    else if ((flags & MSG_CTRUNC) != 0)
        (void)sg_err_set(&err, SG_FORMAT, "frame: several descriptors");
    if (err.rc != SG_OK)
        protocol_error(w->serve, &err);
    else
        serve_one(w, SG_SLICE(w->message, n));
}

static void *work(void *arg)
{
    struct worker *w = arg;
    struct serve *s = w->serve;

    while (!atomic_load(&s->stopping)) {
        int flags = 0;
        ssize_t n = receive(w, &flags);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) { /* end of file: the parent is gone */
            drop_fd(w);
            stop(s, sg_rc_exit(SG_OK));
            break;
        }
        if (!atomic_load(&s->stopping))
            take_message(w, (size_t)n, flags);
        drop_fd(w);
    }
    return NULL;
}

/* --- workers ---------------------------------------------------------------------------- */

static void worker_free(struct worker *w)
{
    tok_desk_done(&w->desk);
    sg_buf_done(&w->reply);
    free(w);
}
SG_DEFINE_CLEANUP(struct worker, worker_free);

static enum sg_rc worker_new(struct serve *s, struct worker **ret,
                             struct sg_err *err)
{
    SG_CLEANUP(worker_free) struct worker *w = calloc(1, sizeof(*w));

    if (w == NULL)
        return sg_err_set(err, SG_NOMEM, "worker");
    w->serve = s;
    sg_buf_init(&w->reply, TOK_FRAME_MAX);
    SG_TRY(
        tok_desk_init(&w->desk, s->cfg.login, s->cfg.keys, s->cfg.admin, err));
    *ret = SG_TAKE(w);
    return SG_OK;
}

/* As many as wanted; fewer when the token runs out of sessions. When there is
 * none beside the anchor, that one. */
static enum sg_rc make_workers(struct serve *s, struct worker **workers,
                               unsigned want, unsigned *ret_n,
                               struct sg_err *err)
{
    for (*ret_n = 0; *ret_n < want; (*ret_n)++) {
        struct sg_err why = { 0 };
        if (worker_new(s, &workers[*ret_n], &why) == SG_OK)
            continue;
        bool few = why.src == SG_SRC_CKR && why.native == CKR_SESSION_COUNT;
        if (few && *ret_n == 0 && !s->cfg.login->one_session) {
            tok_login_share(s->cfg.login);
            return make_workers(s, workers, 1, ret_n, err);
        }
        if (!few || *ret_n == 0) {
            *err = why;
            return err->rc;
        }
        sg_log(SG_LOG_WARN, "sessions_short", "wanted=%u got=%u", want, *ret_n);
        break;
    }
    if (s->cfg.login != NULL) {
        s->cfg.login->n_sessions = *ret_n;
        s->cfg.login->info.sessions = *ret_n;
    }
    return SG_OK;
}

static enum sg_rc start_workers(struct worker **workers, unsigned n,
                                unsigned *ret_started, struct sg_err *err)
{
    pthread_attr_t attr;
    int failed = 0;

    (void)pthread_attr_init(&attr);
    (void)pthread_attr_setstacksize(&attr, WORKER_STACK);
    for (*ret_started = 0; *ret_started < n; (*ret_started)++) {
        struct worker *w = workers[*ret_started];
        failed = pthread_create(&w->thread, &attr, work, w);
        if (failed != 0)
            break;
    }
    (void)pthread_attr_destroy(&attr);
    if (failed != 0)
        return sg_err_native(err, SG_NOMEM, SG_SRC_ERRNO, (unsigned long)failed,
                             "worker thread %u", *ret_started);
    return SG_OK;
}

/* The parent ends us by closing the socket. A terminal's or a service
 * manager's signal goes to the whole group, and the parent still wants its
 * requests answered. */
static void ignore_signals(void)
{
    (void)signal(SIGINT, SIG_IGN);
    (void)signal(SIGHUP, SIG_IGN);
    (void)signal(SIGTERM, SIG_IGN);
}

static enum sg_rc run(struct serve *s, struct worker **workers, unsigned n,
                      struct sg_err *err)
{
    unsigned started = 0;

    ignore_signals();
    enum sg_rc rc = say_hello(s, err);
    sg_log_set_sink(log_sink, s);
    if (rc == SG_OK)
        rc = start_workers(workers, n, &started, err);
    if (rc != SG_OK)
        stop(s, sg_rc_exit(rc));
    for (unsigned i = 0; i < started; i++)
        (void)pthread_join(workers[i]->thread, NULL);
    if (s->cfg.login != NULL)
        tok_module_log_counts(s->cfg.login->module);
    sg_log_set_sink(log_nowhere, NULL);
    return rc;
}

enum sg_rc tok_serve(const struct tok_serve_config *cfg, int *ret_exit,
                     struct sg_err *err)
{
    struct worker *workers[TOK_SESSIONS_MAX] = { NULL };
    struct serve s = { .cfg = *cfg };
    unsigned want = cfg->login != NULL ? cfg->login->n_sessions : 1;
    unsigned n = 0;

    enum sg_rc rc = make_workers(&s, workers, want, &n, err);
    if (rc == SG_OK)
        rc = run(&s, workers, n, err);
    for (unsigned i = 0; i < n; i++)
        worker_free(workers[i]);
    if (rc == SG_OK)
        *ret_exit = atomic_load(&s.exit_code);
    return rc;
}
