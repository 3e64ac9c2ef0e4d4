/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/client-int.h"

#define TOKENS_MAX 256 /* slots in one reply; a token process lists 128 */

static enum sg_rc signature_of(const struct tok_frame *reply,
                               struct sg_slice *ret, struct sg_err *err)
{
    struct sg_reader in;

    sg_reader_init(&in, reply->payload);
    SG_TRY(sg_get_blob(&in, TOK_SIGNATURE_MAX, ret, err));
    if (ret->len == 0)
        return sg_err_set(err, SG_FORMAT, "empty signature");
    return sg_get_end(&in, err);
}

enum sg_rc tok_reply_token(const struct tok_frame *reply,
                           struct tok_token_info *ret, struct sg_err *err)
{
    struct sg_reader in;

    sg_reader_init(&in, reply->payload);
    SG_TRY(tok_get_token_info(&in, ret, err));
    return sg_get_end(&in, err);
}

enum sg_rc tok_reply_key(const struct tok_frame *reply,
                         struct tok_key_info *ret, struct sg_err *err)
{
    struct sg_reader in;

    sg_reader_init(&in, reply->payload);
    SG_TRY(tok_get_key_info(&in, ret, err));
    return sg_get_end(&in, err);
}

enum sg_rc tok_reply_opened(const struct tok_frame *reply, uint32_t *ret_ref,
                            struct tok_key_info *ret, struct sg_err *err)
{
    struct sg_reader in;

    sg_reader_init(&in, reply->payload);
    SG_TRY(sg_get_u32(&in, ret_ref, err));
    SG_TRY(tok_get_key_info(&in, ret, err));
    return sg_get_end(&in, err);
}

enum sg_rc tok_reply_count(struct sg_reader *in, uint32_t *ret,
                           struct sg_err *err)
{
    SG_TRY(sg_get_u32(in, ret, err));
    if (*ret > TOKENS_MAX)
        return sg_err_set(err, SG_FORMAT, "a list of %u, at most %d",
                          (unsigned)*ret, TOKENS_MAX);
    return SG_OK;
}

static enum sg_rc check_tokens(const struct tok_frame *reply,
                               struct sg_err *err)
{
    struct sg_reader in;
    struct tok_token_info token;
    uint32_t n;

    sg_reader_init(&in, reply->payload);
    SG_TRY(tok_reply_count(&in, &n, err));
    for (uint32_t i = 0; i < n; i++)
        SG_TRY(tok_get_token_info(&in, &token, err));
    return sg_get_end(&in, err);
}

static enum sg_rc check_keys(const struct tok_frame *reply, struct sg_err *err)
{
    struct sg_reader in;
    struct tok_list_page page;
    struct tok_key_info key;

    sg_reader_init(&in, reply->payload);
    SG_TRY(tok_get_list_page(&in, &page, err));
    for (uint32_t i = 0; i < page.n; i++)
        SG_TRY(tok_get_key_info(&in, &key, err));
    return sg_get_end(&in, err);
}

static enum sg_rc check_empty(const struct tok_frame *reply, struct sg_err *err)
{
    if (reply->payload.len != 0)
        return sg_err_set(err, SG_FORMAT, "%zu bytes where none belong",
                          reply->payload.len);
    return SG_OK;
}

/* One blob, the message; the rc is the process's own affair. */
static enum sg_rc check_failure(const struct tok_frame *reply,
                                struct sg_err *err)
{
    struct sg_reader in;
    char msg[SG_ERR_MSG_MAX];

    sg_reader_init(&in, reply->payload);
    SG_TRY(sg_get_text(&in, msg, sizeof(msg), err));
    return sg_get_end(&in, err);
}

static enum sg_rc check_payload(const struct tok_frame *reply,
                                struct sg_err *err)
{
    struct tok_token_info token;
    struct tok_key_info key;
    struct tok_guard_view view;
    struct sg_slice signature;
    uint32_t ref;
    bool flag;

    switch (reply->op) {
    case TOK_OP_SIGN_CERT:
    case TOK_OP_SIGN_CSR:
    case TOK_OP_SIGN_CRL:
    case TOK_OP_SIGN_OCSP:
    case TOK_OP_SIGN_DIGEST:
    case TOK_OP_PROBE_SIGN:
        return signature_of(reply, &signature, err);
    case TOK_OP_PING:
    case TOK_OP_GUARD_BIND:
    case TOK_OP_GUARD_NARROW:
        return check_empty(reply, err);
    case TOK_OP_TOKEN_LIST:
        return check_tokens(reply, err);
    case TOK_OP_KEY_LIST:
        return check_keys(reply, err);
    case TOK_OP_TOKEN_INIT:
        return tok_reply_token(reply, &token, err);
    case TOK_OP_KEY_GENERATE:
        return tok_reply_key(reply, &key, err);
    case TOK_OP_KEY_OPEN:
        return tok_reply_opened(reply, &ref, &key, err);
    case TOK_OP_KEY_TRY:
        return tok_get_key_tried(reply->payload, &flag, err);
    case TOK_OP_GUARD_SHOW:
        return tok_get_guard_view(reply->payload, &view, err);
    case TOK_OP_UNSET:
    case TOK_OP_HELLO:
    case TOK_OP_LOG:
        break;
    }
    return sg_err_set(err, SG_FORMAT, "not the reply to a request");
}

enum sg_rc tok_reply_check(const struct tok_frame *reply, struct sg_err *err)
{
    enum sg_rc rc = reply->rc == SG_OK ? check_payload(reply, err)
                                       : check_failure(reply, err);

    if (rc != SG_OK)
        return sg_err_wrap(err, "reply to %s", tok_op_name(reply->op));
    return SG_OK;
}

void tok_done_fail(const struct tok_done *done, const struct sg_err *failure)
{
    struct tok_sign_reply reply = { .failure = failure };

    if (done->sign != NULL)
        done->sign(done->arg, &reply);
    else if (done->reply != NULL)
        done->reply(done->arg, NULL, failure);
}

static void fail_with_reply(const struct tok_done *done,
                            const struct tok_frame *reply)
{
    struct sg_err failure = { 0 };

    if (tok_frame_failure(reply, &failure) != SG_OK)
        tok_done_fail(done, &failure);
}

static void sign_with_reply(const struct tok_done *done,
                            const struct tok_frame *reply)
{
    struct tok_sign_reply sign = { 0 };
    struct sg_err failure = { 0 };

    if (signature_of(reply, &sign.signature, &failure) != SG_OK)
        sign.failure = &failure;
    done->sign(done->arg, &sign);
}

void tok_done_reply(const struct tok_done *done, const struct tok_frame *reply)
{
    if (reply->rc != SG_OK)
        fail_with_reply(done, reply);
    else if (done->sign != NULL)
        sign_with_reply(done, reply);
    else if (done->reply != NULL)
        done->reply(done->arg, reply, NULL);
}
