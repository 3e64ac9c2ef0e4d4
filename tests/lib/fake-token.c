/* SPDX-License-Identifier: Apache-2.0 */

/* The other end of the frame protocol, badly behaved on purpose. It is started
 * like signet-token; the base name of --module says what it does wrong, and
 * --guards names a directory where it counts its starts. */

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "pkcs11/frame.h"

#define SLOW_MS 60
#define PAUSE_MS 300
#define LOST_EXIT 3
#define REFS_PER_START 100

static struct {
    const char *behaviour;
    const char *guards;
    const char *pin_source;
    unsigned starts; /* this one included */
    unsigned signs;  /* asked of this process */
    unsigned keys;
} g;

static bool is(const char *behaviour)
{
    return strcmp(g.behaviour, behaviour) == 0;
}

static void must(enum sg_rc rc)
{
    if (rc != SG_OK)
        abort();
}

static void send_bytes(const uint8_t *p, size_t len)
{
    if (send(TOK_HELPER_FD, p, len, MSG_NOSIGNAL) < 0)
        exit(0); /* the client is gone */
}

/* What is done to a reply on its way out. */
static void spoil(struct sg_buf *out, size_t *len)
{
    if (is("bad-version"))
        out->data[0] = 9;
    else if (is("bad-op"))
        out->data[1] = 99;
    else if (is("bad-rc"))
        out->data[3] = 200;
    else if (is("bad-length"))
        out->data[7]++;
    else if (is("wrong-id"))
        out->data[15]++;
    else if (is("wrong-index"))
        out->data[14] = 0xfe;
    else if (is("wrong-op"))
        out->data[1] = TOK_OP_SIGN_CSR;
    else if (is("short"))
        *len = TOK_FRAME_HEADER - 1;
    else if (is("empty"))
        *len = 0;
}

static void reply(const struct tok_frame *frame, bool may_spoil)
{
    struct sg_buf out;
    struct sg_err err = { 0 };
    static const uint8_t BIG[TOK_FRAME_MAX + 1];

    sg_buf_init(&out, TOK_FRAME_MAX);
    must(tok_frame_encode(frame, &out, &err));
    size_t len = out.len;
    if (may_spoil)
        spoil(&out, &len);
    if (may_spoil && is("oversized"))
        send_bytes(BIG, sizeof(BIG));
    else
        send_bytes(out.data, len);
    sg_buf_done(&out);
}

static void reply_failure(const struct tok_frame *req, enum sg_rc rc,
                          const char *text)
{
    struct sg_buf out;
    struct sg_err err = { 0 };
    struct sg_err failure = { 0 };

    sg_buf_init(&out, TOK_FRAME_MAX);
    (void)sg_err_native(&failure, rc, SG_SRC_CKR, 0xa0, "%s", text);
    must(tok_frame_encode_failure(req->op, req->id, &failure, &out, &err));
    send_bytes(out.data, out.len);
    sg_buf_done(&out);
}

/* --- payloads ---------------------------------------------------------------- */

static void fill_token(struct tok_token_info *token)
{
    memset(token, 0, sizeof(*token));
    token->initialised = true;
    token->slot_id = 7;
    token->sessions = 1;
    snprintf(token->label, sizeof(token->label), "fake");
    if (g.pin_source != NULL)
        snprintf(token->label, sizeof(token->label), "%s", g.pin_source);
}

/* --pin-source fd:4: what lies in that descriptor goes into the label. */
static void read_pin(struct tok_token_info *token)
{
    ssize_t n = pread(4, token->label, sizeof(token->label) - 1, 0);

    token->label[n > 0 ? n : 0] = '\0';
}

static void put_token(struct sg_buf *out)
{
    struct tok_token_info token;
    struct sg_err err = { 0 };

    fill_token(&token);
    if (is("read-pin"))
        read_pin(&token);
    must(tok_put_token_info(out, &token, &err));
}

static void put_key(struct sg_buf *out, const char *label)
{
    struct tok_key_info key = {
        .id = { 1, 2, 3 }, .id_len = 3, .type = TOK_KEY_EC_P256, .spki_len = 5
    };
    struct sg_err err = { 0 };

    snprintf(key.label, sizeof(key.label), "%s", label);
    memcpy(key.spki, "spki1", key.spki_len);
    if (is("silent-swap") && g.starts > 1)
        key.spki[4] = '2';
    must(tok_put_key_info(out, &key, &err));
}

/* --- requests ----------------------------------------------------------------- */

static void say_hello(void)
{
    struct tok_frame hello = { .op = TOK_OP_HELLO };
    struct sg_buf payload;

    if (is("hello-pin")) {
        reply_failure(&hello, SG_PIN, "C_Login: CKR_PIN_INCORRECT");
        exit(LOST_EXIT);
    }
    if (is("hello-token") || (is("hello-late") && g.starts < 4)) {
        reply_failure(&hello, SG_TOKEN, "no token with label x");
        exit(LOST_EXIT);
    }
    if (is("exit"))
        exit(LOST_EXIT);
    if (is("mute") || (is("mute-again") && g.starts > 1))
        pause();
    sg_buf_init(&payload, TOK_FRAME_MAX);
    put_token(&payload);
    hello.payload = sg_buf_slice(&payload);
    reply(&hello, false);
    if (is("hello-twice"))
        reply(&hello, false);
    sg_buf_done(&payload);
}

static void say_log(void)
{
    struct tok_frame log = { .op = TOK_OP_LOG };
    struct sg_buf payload;
    struct sg_err err = { 0 };

    sg_buf_init(&payload, TOK_FRAME_MAX);
    must(tok_put_log(&payload, 1, "event=\"odd\" fake", &err));
    log.payload = sg_buf_slice(&payload);
    reply(&log, false);
    sg_buf_done(&payload);
}

/* References of one process mean nothing in the next. */
static uint32_t first_ref(void)
{
    return g.starts * REFS_PER_START;
}

static void open_key(const struct tok_frame *req)
{
    struct tok_frame r = { .op = req->op, .id = req->id };
    struct tok_key_open want;
    struct sg_buf payload;
    struct sg_err err = { 0 };

    must(tok_get_key_open(req->payload, &want, &err));
    if (strcmp(want.label, "missing") == 0
        || (is("key-gone") && g.starts > 1)) {
        reply_failure(req, SG_NOT_FOUND, "no key with that label");
        return;
    }
    sg_buf_init(&payload, TOK_FRAME_MAX);
    must(sg_buf_put_u32(&payload, first_ref() + g.keys++, &err));
    put_key(&payload, want.label);
    r.payload = sg_buf_slice(&payload);
    reply(&r, false);
    sg_buf_done(&payload);
}

/* The signature is the end of what was signed. */
static void answer_sign(const struct tok_frame *req)
{
    struct tok_frame r = { .op = req->op, .id = req->id };
    struct tok_sign sign;
    struct sg_buf payload;
    struct sg_err err = { 0 };

    must(tok_get_sign(req->payload, &sign, &err));
    if (sign.key_ref < first_ref() || sign.key_ref >= first_ref() + g.keys) {
        reply_failure(req, SG_BUG, "not a key of this process");
        return;
    }
    size_t len = sign.tbs.len < 64 ? sign.tbs.len : 64;
    sg_buf_init(&payload, TOK_FRAME_MAX);
    must(sg_buf_put_blob(&payload,
                         SG_SLICE(sign.tbs.p + sign.tbs.len - len, len), &err));
    if (is("bad-payload"))
        must(sg_buf_put_u8(&payload, 0, &err));
    if (is("no-signature"))
        memset(payload.data, 0, payload.len = 4);
    r.payload = sg_buf_slice(&payload);
    reply(&r, true);
    sg_buf_done(&payload);
}

static void on_sign(const struct tok_frame *req)
{
    g.signs++;
    if (is("never") || (is("one-hangs") && g.signs == 2)
        || (is("never-first") && g.starts == 1))
        return;
    if (is("crash") || (is("crash-once") && g.starts == 1)
        || (is("mute-again") && g.starts == 1))
        _exit(LOST_EXIT);
    if (is("crash-after-three") && g.signs > 3)
        _exit(LOST_EXIT);
    if (is("slow"))
        sg_sleep_ms(SLOW_MS);
    if (is("pin-later")) {
        reply_failure(req, SG_PIN, "C_Login: CKR_PIN_LOCKED");
        return;
    }
    if (is("refuses")) {
        reply_failure(req, SG_TOKEN, "C_Sign: CKR_DEVICE_REMOVED");
        return;
    }
    if (is("bad-failure")) {
        struct tok_frame r = { .op = req->op, .rc = SG_TOKEN, .id = req->id };

        reply(&r, false);
        return;
    }
    answer_sign(req);
}

static void on_list(const struct tok_frame *req)
{
    struct tok_frame r = { .op = req->op, .id = req->id };
    struct sg_buf payload;
    struct sg_err err = { 0 };

    sg_buf_init(&payload, TOK_FRAME_MAX);
    if (req->op == TOK_OP_KEY_LIST)
        must(sg_buf_put_u64(&payload, 1, &err)); /* the mark */
    if (req->op == TOK_OP_KEY_LIST)
        must(sg_buf_put_u32(&payload, is("bad-count") ? 3 : 2, &err));
    must(sg_buf_put_u32(&payload, is("bad-count") ? 3 : 2, &err));
    for (int i = 0; i < 2; i++) {
        if (req->op == TOK_OP_KEY_LIST)
            put_key(&payload, i == 0 ? "one" : "two");
        else
            put_token(&payload);
    }
    r.payload = sg_buf_slice(&payload);
    reply(&r, false);
    sg_buf_done(&payload);
}

static void on_other(const struct tok_frame *req)
{
    struct tok_frame r = { .op = req->op, .id = req->id };
    struct sg_buf payload;

    if (is("crash"))
        _exit(LOST_EXIT);
    sg_buf_init(&payload, TOK_FRAME_MAX);
    if (req->op == TOK_OP_TOKEN_INIT)
        put_token(&payload);
    else if (req->op == TOK_OP_KEY_GENERATE)
        put_key(&payload, "made");
    else if (req->op == TOK_OP_KEY_TRY)
        (void)tok_put_key_tried(&payload, false, &(struct sg_err){ 0 });
    r.payload = sg_buf_slice(&payload);
    reply(&r, false);
    sg_buf_done(&payload);
}

static void on_request(const struct tok_frame *req)
{
    switch (req->op) {
    case TOK_OP_KEY_OPEN:
        open_key(req);
        break;
    case TOK_OP_SIGN_CERT:
    case TOK_OP_SIGN_CSR:
    case TOK_OP_SIGN_CRL:
    case TOK_OP_SIGN_OCSP:
    case TOK_OP_SIGN_DIGEST:
    case TOK_OP_PROBE_SIGN:
        on_sign(req);
        break;
    case TOK_OP_KEY_LIST:
    case TOK_OP_TOKEN_LIST:
        on_list(req);
        break;
    case TOK_OP_PING:
    case TOK_OP_TOKEN_INIT:
    case TOK_OP_KEY_GENERATE:
    case TOK_OP_GUARD_BIND:
    case TOK_OP_GUARD_SHOW:
    case TOK_OP_GUARD_NARROW:
    case TOK_OP_KEY_TRY:
        on_other(req);
        break;
    case TOK_OP_UNSET:
    case TOK_OP_HELLO:
    case TOK_OP_LOG:
        abort();
    }
}

/* --- start ---------------------------------------------------------------------- */

static void count_start(void)
{
    struct stat st;
    char path[512];

    snprintf(path, sizeof(path), "%s/starts", g.guards);
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, "x", 1) != 1 || fstat(fd, &st) != 0)
        abort();
    g.starts = (unsigned)st.st_size;
    close(fd);
}

static void read_args(int argc, char **argv)
{
    g.behaviour = "";
    g.guards = ".";
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--module") == 0)
            g.behaviour = strrchr(argv[i + 1], '/') + 1;
        else if (strcmp(argv[i], "--guards") == 0)
            g.guards = argv[i + 1];
        else if (strcmp(argv[i], "--pin-source") == 0)
            g.pin_source = argv[i + 1];
    }
}

int main(int argc, char **argv)
{
    static uint8_t bytes[TOK_FRAME_MAX];
    struct tok_frame req;
    struct sg_err err = { 0 };

    read_args(argc, argv);
    count_start();
    say_hello();
    if (is("talks"))
        say_log();
    for (bool first = true;; first = false) {
        if (is("pauses") && first)
            sg_sleep_ms(PAUSE_MS);
        ssize_t n = recv(TOK_HELPER_FD, bytes, sizeof(bytes), 0);
        if (n <= 0)
            break;
        must(tok_frame_parse(SG_SLICE(bytes, (size_t)n), &req, &err));
        on_request(&req);
    }
    if (is("stays"))
        for (;;)
            pause();
    return 0;
}
