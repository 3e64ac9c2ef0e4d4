/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/token/token.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARGS_MAX 24
#define REPLY_TIMEOUT_MS 60000 /* RSA-4096 under a sanitizer */

static const char *setting(const char *name)
{
    const char *value = getenv(name);

    if (value == NULL)
        fail_msg("%s is not set: run this through meson test", name);
    return value;
}

void t_token_new(struct t_token *token)
{
    struct t_run run;
    char conf[T_PATH_MAX + 16];

    *token = (struct t_token){ .module = setting("SIGNET_TEST_MODULE") };
    t_dir_new(token->dir);
    t_run_args(&run, setting("SIGNET_MAKE_TOKEN"), token->dir, "unit");
    if (run.exit_code != 0)
        fail_msg("make-token: %s", run.output);
    t_run_done(&run);
    (void)snprintf(conf, sizeof(conf), "%s/softhsm2.conf", token->dir);
    assert_int_equal(setenv("SOFTHSM2_CONF", conf, 1), 0);
    (void)snprintf(token->guards, sizeof(token->guards), "%s/guards",
                   token->dir);
    (void)snprintf(token->uri, sizeof(token->uri), "pkcs11:token=unit");
    (void)snprintf(token->pin_source, sizeof(token->pin_source),
                   "file:%s/unit.pin", token->dir);
}

void t_token_done(struct t_token *token)
{
    (void)unsetenv("SOFTHSM2_CONF");
    t_dir_remove(token->dir);
}

/* --- the process -------------------------------------------------------------------- */

static void run_child(int fd, const char *const *args)
{
    const char *program = setting("SIGNET_TOKEN");
    char *argv[ARGS_MAX + 2];
    size_t n = 0;

    argv[n++] = strdup(program);
    for (; args[n - 1] != NULL && n < ARGS_MAX; n++)
        argv[n] = strdup(args[n - 1]);
    argv[n] = NULL;
    if (fd == TOK_HELPER_FD || dup2(fd, TOK_HELPER_FD) == TOK_HELPER_FD)
        (void)execv(program, argv);
    _exit(127);
}

static void read_hello(struct t_helper *h)
{
    struct tok_frame frame;
    struct sg_reader in;
    struct sg_err err = { 0 };

    if (!t_helper_receive(h, &frame))
        fail_msg("signet-token ended without HELLO (exit %d)",
                 t_helper_wait(h));
    assert_int_equal(frame.op, TOK_OP_HELLO);
    assert_int_equal(frame.id, 0);
    h->hello_rc = frame.rc;
    if (frame.rc != SG_OK)
        return;
    sg_reader_init(&in, frame.payload);
    t_ok(&err, tok_get_token_info(&in, &h->info, &err));
    t_ok(&err, sg_get_end(&in, &err));
}

void t_helper_start(struct t_helper *h, const char *const *args)
{
    int pair[2];

    *h = (struct t_helper){ .next_id = 1 };
    sg_buf_init(&h->reply, TOK_FRAME_MAX);
    sg_buf_init(&h->log, (size_t)1 << 24);
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    h->pid = fork();
    assert_true(h->pid >= 0);
    if (h->pid == 0) {
        (void)close(pair[0]);
        run_child(pair[1], args);
    }
    (void)close(pair[1]);
    h->fd = pair[0];
    read_hello(h);
}

void t_helper_start_on(struct t_helper *h, const struct t_token *token,
                       unsigned sessions)
{
    char n[16];
    const char *args[] = { "--module",
                           token->module,
                           "--uri",
                           token->uri,
                           "--pin-source",
                           token->pin_source,
                           "--guards",
                           token->guards,
                           NULL,
                           NULL,
                           NULL };

    if (sessions > 0) {
        (void)snprintf(n, sizeof(n), "%u", sessions);
        args[8] = "--sessions";
        args[9] = n;
    }
    t_helper_start(h, args);
    if (h->hello_rc != SG_OK)
        fail_msg("HELLO: %s", h->failure.msg);
}

int t_helper_wait(struct t_helper *h)
{
    int status = 0;

    while (waitpid(h->pid, &status, 0) < 0)
        assert_int_equal(errno, EINTR);
    (void)close(h->fd);
    sg_buf_done(&h->reply);
    sg_buf_done(&h->log);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int t_helper_stop(struct t_helper *h)
{
    (void)shutdown(h->fd, SHUT_RDWR);
    return t_helper_wait(h);
}

/* --- frames ----------------------------------------------------------------------------- */

void t_helper_send(struct t_helper *h, enum tok_op op, uint64_t id,
                   struct sg_slice payload)
{
    struct tok_frame frame = { .op = op, .id = id, .payload = payload };
    struct sg_buf message;
    struct sg_err err = { 0 };

    sg_buf_init(&message, TOK_FRAME_MAX);
    t_ok(&err, tok_frame_encode(&frame, &message, &err));
    assert_int_equal(send(h->fd, message.data, message.len, MSG_NOSIGNAL),
                     message.len);
    sg_buf_done(&message);
}

static void keep_log(struct t_helper *h, const struct tok_frame *frame)
{
    struct sg_slice line;
    struct sg_err err = { 0 };
    uint8_t level;

    t_ok(&err, tok_get_log(frame->payload, &level, &line, &err));
    t_ok(&err, sg_buf_put(&h->log, line.p, line.len, &err));
    t_ok(&err, sg_buf_put_str(&h->log, "\n", &err));
}

bool t_helper_receive(struct t_helper *h, struct tok_frame *ret)
{
    static uint8_t message[TOK_FRAME_MAX];

    for (;;) {
        struct sg_err err = { 0 };
        struct pollfd p = { .fd = h->fd, .events = POLLIN };
        if (poll(&p, 1, REPLY_TIMEOUT_MS) != 1)
            fail_msg("signet-token does not answer");
        ssize_t n = recv(h->fd, message, sizeof(message), 0);
        if (n <= 0)
            return false;
        t_ok(&err, tok_frame_parse(SG_SLICE(message, (size_t)n), ret, &err));
        if (ret->op != TOK_OP_LOG)
            break;
        keep_log(h, ret);
    }
    sg_err_clear(&h->failure);
    (void)tok_frame_failure(ret, &h->failure);
    return true;
}

enum sg_rc t_helper_call(struct t_helper *h, enum tok_op op,
                         struct sg_slice payload)
{
    struct tok_frame frame;
    struct sg_err err = { 0 };
    uint64_t id = h->next_id++;

    t_helper_send(h, op, id, payload);
    if (!t_helper_receive(h, &frame))
        fail_msg("signet-token ended in the middle of %s", tok_op_name(op));
    assert_int_equal(frame.op, op);
    assert_int_equal(frame.id, id);
    sg_buf_reset(&h->reply);
    t_ok(&err, sg_buf_put(&h->reply, frame.payload.p, frame.payload.len, &err));
    return frame.rc;
}

/* --- requests ----------------------------------------------------------------------------- */

static void read_key(struct sg_reader *in, struct tok_key_info *ret)
{
    struct sg_err err = { 0 };

    t_ok(&err, tok_get_key_info(in, ret, &err));
    t_ok(&err, sg_get_end(in, &err));
}

enum sg_rc t_generate(struct t_helper *h, const struct tok_key_generate *gen,
                      struct tok_key_info *ret)
{
    struct sg_buf payload;
    struct sg_reader in;
    struct sg_err err = { 0 };

    sg_buf_init(&payload, TOK_FRAME_MAX);
    t_ok(&err, tok_put_key_generate(&payload, gen, &err));
    enum sg_rc rc =
        t_helper_call(h, TOK_OP_KEY_GENERATE, sg_buf_slice(&payload));
    sg_buf_done(&payload);
    if (rc != SG_OK)
        return rc;
    sg_reader_init(&in, sg_buf_slice(&h->reply));
    read_key(&in, ret);
    return SG_OK;
}

enum sg_rc t_open(struct t_helper *h, const struct tok_key_open *want,
                  uint32_t *ret_ref, struct tok_key_info *ret)
{
    struct sg_buf payload;
    struct sg_reader in;
    struct sg_err err = { 0 };

    sg_buf_init(&payload, TOK_FRAME_MAX);
    t_ok(&err, tok_put_key_open(&payload, want, &err));
    enum sg_rc rc = t_helper_call(h, TOK_OP_KEY_OPEN, sg_buf_slice(&payload));
    sg_buf_done(&payload);
    if (rc != SG_OK)
        return rc;
    sg_reader_init(&in, sg_buf_slice(&h->reply));
    t_ok(&err, sg_get_u32(&in, ret_ref, &err));
    read_key(&in, ret);
    return SG_OK;
}

enum sg_rc t_bind(struct t_helper *h, uint32_t ref, struct sg_slice cert)
{
    return t_bind_chain(h, ref, cert, SG_SLICE(NULL, 0));
}

enum sg_rc t_bind_chain(struct t_helper *h, uint32_t ref, struct sg_slice cert,
                        struct sg_slice chain)
{
    struct sg_buf payload;
    struct sg_err err = { 0 };

    sg_buf_init(&payload, TOK_FRAME_MAX);
    t_ok(&err, sg_buf_put_u32(&payload, ref, &err));
    t_ok(&err, sg_buf_put_blob(&payload, cert, &err));
    t_ok(&err, sg_buf_put_blob(&payload, chain, &err));
    enum sg_rc rc = t_helper_call(h, TOK_OP_GUARD_BIND, sg_buf_slice(&payload));
    sg_buf_done(&payload);
    return rc;
}

enum sg_rc t_sign(struct t_helper *h, enum tok_op op,
                  const struct tok_sign *sign, struct sg_slice *ret)
{
    struct sg_buf payload;
    struct sg_reader in;
    struct sg_err err = { 0 };

    sg_buf_init(&payload, TOK_FRAME_MAX);
    t_ok(&err, tok_put_sign(&payload, sign, &err));
    enum sg_rc rc = t_helper_call(h, op, sg_buf_slice(&payload));
    sg_buf_done(&payload);
    if (rc != SG_OK)
        return rc;
    sg_reader_init(&in, sg_buf_slice(&h->reply));
    t_ok(&err, sg_get_blob(&in, TOK_SIGNATURE_MAX, ret, &err));
    t_ok(&err, sg_get_end(&in, &err));
    return SG_OK;
}

struct tok_key_generate t_ca_key(const char *label, enum tok_key_type type)
{
    struct tok_key_generate gen = {
        .type = type,
        .guard = { .purpose = TOK_PURPOSE_CA,
                   .may_sign_ca = true,
                   .max_validity = INT64_C(3650) * 86400 },
    };

    (void)snprintf(gen.label, sizeof(gen.label), "%s", label);
    return gen;
}
