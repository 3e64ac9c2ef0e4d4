/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "pkcs11/client-int.h"

/* What is read and written again must be the same bytes: no field is ignored,
 * none has two encodings. */

static struct sg_buf g_out;

static struct sg_buf *fresh(void)
{
    if (g_out.max == 0)
        sg_buf_init(&g_out, 2 * TOK_FRAME_MAX);
    sg_buf_reset(&g_out);
    return &g_out;
}

static void same(struct sg_slice in)
{
    FUZZ_HOLDS(sg_slice_eq(sg_buf_slice(&g_out), in));
}

static void token_init(struct sg_slice in)
{
    struct tok_token_init v;
    struct sg_err err = { 0 };

    if (tok_get_token_init(in, &v, &err) != SG_OK)
        return;
    FUZZ_HOLDS(tok_put_token_init(fresh(), &v, &err) == SG_OK);
    same(in);
}

static void key_generate(struct sg_slice in)
{
    struct tok_key_generate v;
    struct sg_err err = { 0 };

    if (tok_get_key_generate(in, &v, &err) != SG_OK)
        return;
    FUZZ_HOLDS(tok_put_key_generate(fresh(), &v, &err) == SG_OK);
    same(in);
}

static void key_open(struct sg_slice in)
{
    struct tok_key_open v;
    struct sg_err err = { 0 };

    if (tok_get_key_open(in, &v, &err) != SG_OK)
        return;
    FUZZ_HOLDS(tok_put_key_open(fresh(), &v, &err) == SG_OK);
    same(in);
}

static void sign(struct sg_slice in)
{
    struct tok_sign v;
    struct sg_err err = { 0 };

    if (tok_get_sign(in, &v, &err) != SG_OK)
        return;
    FUZZ_HOLDS(tok_put_sign(fresh(), &v, &err) == SG_OK);
    same(in);
}

static void guard_view(struct sg_slice in)
{
    struct tok_guard_view v;
    struct sg_err err = { 0 };

    if (tok_get_guard_view(in, &v, &err) != SG_OK)
        return;
    FUZZ_HOLDS(tok_put_guard_view(fresh(), &v, &err) == SG_OK);
    same(in);
}

static void guard_narrow(struct sg_slice in)
{
    struct sg_reader r;
    struct tok_guard v;
    uint32_t ref;
    struct sg_err err = { 0 };

    sg_reader_init(&r, in);
    if (sg_get_u32(&r, &ref, &err) != SG_OK
        || tok_get_guard(&r, &v, &err) != SG_OK
        || sg_get_end(&r, &err) != SG_OK)
        return;
    FUZZ_HOLDS(sg_buf_put_u32(fresh(), ref, &err) == SG_OK);
    FUZZ_HOLDS(tok_put_guard(&g_out, &v, &err) == SG_OK);
    same(in);
}

static void log_line(struct sg_slice in)
{
    static char text[TOK_FRAME_MAX + 1];
    uint8_t level;
    struct sg_slice line;
    struct sg_err err = { 0 };

    if (tok_get_log(in, &level, &line, &err) != SG_OK || line.len == 0
        || memchr(line.p, 0, line.len) != NULL)
        return;
    memcpy(text, line.p, line.len);
    text[line.len] = '\0';
    if (tok_put_log(fresh(), level, text, &err) == SG_OK)
        same(in);
}

static void token_info(struct sg_slice in)
{
    struct sg_reader r;
    struct tok_token_info v;
    struct sg_err err = { 0 };

    sg_reader_init(&r, in);
    while (tok_get_token_info(&r, &v, &err) == SG_OK) {
        FUZZ_HOLDS(tok_put_token_info(fresh(), &v, &err) == SG_OK);
        same(SG_SLICE(in.p, in.len - sg_reader_left(&r)));
        in = SG_SLICE(r.p, sg_reader_left(&r));
    }
}

static void list_from(struct sg_slice in)
{
    struct tok_list_from v;
    struct sg_err err = { 0 };

    if (tok_get_list_from(in, &v, &err) != SG_OK)
        return;
    FUZZ_HOLDS(tok_put_list_from(fresh(), &v, &err) == SG_OK);
    same(in);
}

static void list_page(struct sg_slice in)
{
    struct tok_list_page v;
    struct sg_reader r;
    struct sg_err err = { 0 };

    sg_reader_init(&r, in);
    if (tok_get_list_page(&r, &v, &err) != SG_OK)
        return;
    FUZZ_HOLDS(tok_put_list_page(fresh(), &v, &err) == SG_OK);
    same(SG_SLICE(in.p, in.len - sg_reader_left(&r)));
}

static void key_info(struct sg_slice in)
{
    struct sg_reader r;
    struct tok_key_info v;
    struct sg_err err = { 0 };

    sg_reader_init(&r, in);
    while (tok_get_key_info(&r, &v, &err) == SG_OK) {
        char attrs[512];

        FUZZ_HOLDS(tok_put_key_info(fresh(), &v, &err) == SG_OK);
        same(SG_SLICE(in.p, in.len - sg_reader_left(&r)));
        in = SG_SLICE(r.p, sg_reader_left(&r));
        FUZZ_HOLDS(strlen(tok_attrs_text(v.attrs, attrs, sizeof(attrs)))
                   < sizeof(attrs));
    }
}

static void key_try(struct sg_slice in)
{
    enum tok_key_type type;
    bool token_hashes;
    struct sg_err err = { 0 };

    if (tok_get_key_try(in, &type, &err) == SG_OK) {
        FUZZ_HOLDS(tok_put_key_try(fresh(), type, &err) == SG_OK);
        same(in);
    }
    if (tok_get_key_tried(in, &token_hashes, &err) == SG_OK) {
        FUZZ_HOLDS(tok_put_key_tried(fresh(), token_hashes, &err) == SG_OK);
        same(in);
    }
}

static void payload(enum tok_op op, struct sg_slice in)
{
    switch (op) {
    case TOK_OP_HELLO:
    case TOK_OP_TOKEN_LIST:
        token_info(in);
        break;
    case TOK_OP_LOG:
        log_line(in);
        break;
    case TOK_OP_TOKEN_INIT:
        token_init(in);
        break;
    case TOK_OP_KEY_GENERATE:
        key_generate(in);
        break;
    case TOK_OP_KEY_TRY:
        key_try(in);
        break;
    case TOK_OP_KEY_OPEN:
        key_open(in);
        break;
    case TOK_OP_SIGN_CERT:
    case TOK_OP_SIGN_CSR:
    case TOK_OP_SIGN_CRL:
    case TOK_OP_SIGN_OCSP:
    case TOK_OP_SIGN_DIGEST:
    case TOK_OP_PROBE_SIGN:
        sign(in);
        break;
    case TOK_OP_KEY_LIST:
        key_info(in);
        list_from(in);
        list_page(in);
        break;
    case TOK_OP_GUARD_SHOW:
        guard_view(in);
        break;
    case TOK_OP_GUARD_NARROW:
        guard_narrow(in);
        break;
    case TOK_OP_PING:
    case TOK_OP_GUARD_BIND:
    case TOK_OP_UNSET:
        break;
    }
}

/* A message as it comes from the socket, taken as a request and as a reply. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sg_slice message = SG_SLICE(data, size);
    struct tok_frame frame;
    struct sg_err err = { 0 };

    if (tok_frame_parse(message, &frame, &err) != SG_OK) {
        FUZZ_HOLDS(err.rc == SG_FORMAT && err.msg[0] != '\0');
        return 0;
    }
    FUZZ_HOLDS(tok_op_name(frame.op)[0] != '?');
    FUZZ_HOLDS(tok_frame_encode(&frame, fresh(), &err) == SG_OK);
    same(message);
    payload(frame.op, frame.payload);
    if (tok_reply_check(&frame, &err) != SG_OK) {
        FUZZ_HOLDS(err.rc == SG_FORMAT);
        return 0;
    }
    FUZZ_HOLDS(tok_frame_failure(&frame, &err) == frame.rc);
    return 0;
}
