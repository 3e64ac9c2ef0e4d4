/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/helper/requests.h"

#include <stdlib.h>

#include "pkcs11/helper/keygen.h"
#include "pkcs11/helper/trykey.h"

#define TOKENS_MAX 128 /* listed in one reply */

static enum sg_rc bad(struct tok_desk *d, enum sg_rc rc)
{
    d->bad_request = true;
    return rc;
}

static enum sg_rc do_ping(struct tok_desk *d, struct sg_slice in,
                          struct sg_err *err)
{
    if (in.len != 0)
        return bad(d, sg_err_set(err, SG_FORMAT, "ping with a payload"));
    return d->signer != NULL ? tok_session_ping(&d->signer->ses, err) : SG_OK;
}

static enum sg_rc do_token_list(struct tok_desk *d, struct sg_slice in,
                                struct sg_err *err)
{
    struct tok_token_info *infos = NULL;
    size_t n = 0;

    if (in.len != 0)
        return bad(d, sg_err_set(err, SG_FORMAT, "token_list with a payload"));
    infos = calloc(TOKENS_MAX, sizeof(*infos));
    if (infos == NULL)
        return sg_err_set(err, SG_NOMEM, "token list");
    enum sg_rc rc = tok_admin_list(d->admin, infos, TOKENS_MAX, &n, err);
    if (rc == SG_OK)
        rc = sg_buf_put_u32(&d->payload, (uint32_t)n, err);
    for (size_t i = 0; rc == SG_OK && i < n; i++)
        rc = tok_put_token_info(&d->payload, &infos[i], err);
    free(infos);
    return rc;
}

static enum sg_rc do_token_init(struct tok_desk *d, struct sg_slice in,
                                struct sg_err *err)
{
    struct tok_token_init init;
    struct tok_token_info info;

    if (tok_get_token_init(in, &init, err) != SG_OK)
        return bad(d, err->rc);
    SG_TRY(tok_admin_init(d->admin, &init, &info, err));
    return tok_put_token_info(&d->payload, &info, err);
}

static enum sg_rc do_key_list(struct tok_desk *d, struct sg_slice in,
                              struct sg_err *err)
{
    struct tok_key_info *infos = NULL;
    struct tok_list_from from;
    struct tok_list_page page;

    if (tok_get_list_from(in, &from, err) != SG_OK)
        return bad(d, err->rc);
    infos = calloc(TOK_KEYS_PAGE, sizeof(*infos));
    if (infos == NULL)
        return sg_err_set(err, SG_NOMEM, "key list");
    enum sg_rc rc =
        tok_keys_list(d->keys, &d->signer->ses, &from, infos, &page, err);
    if (rc == SG_OK)
        rc = tok_put_list_page(&d->payload, &page, err);
    for (size_t i = 0; rc == SG_OK && i < page.n; i++)
        rc = tok_put_key_info(&d->payload, &infos[i], err);
    free(infos);
    return rc;
}

static enum sg_rc do_key_generate(struct tok_desk *d, struct sg_slice in,
                                  struct sg_err *err)
{
    struct tok_key_generate gen;
    struct tok_key_info info;

    if (tok_get_key_generate(in, &gen, err) != SG_OK)
        return bad(d, err->rc);
    SG_TRY(tok_keygen(d->keys, &d->signer->ses, &gen, &info, err));
    return tok_put_key_info(&d->payload, &info, err);
}

static enum sg_rc do_key_try(struct tok_desk *d, struct sg_slice in,
                             struct sg_err *err)
{
    enum tok_key_type type;
    bool token_hashes;

    if (tok_get_key_try(in, &type, err) != SG_OK)
        return bad(d, err->rc);
    SG_TRY(tok_try_key(d->signer, type, &token_hashes, err));
    return tok_put_key_tried(&d->payload, token_hashes, err);
}

static enum sg_rc do_key_open(struct tok_desk *d, struct sg_slice in,
                              struct sg_err *err)
{
    struct tok_key_open want;
    struct tok_key_info info;
    uint32_t ref;

    if (tok_get_key_open(in, &want, err) != SG_OK)
        return bad(d, err->rc);
    SG_TRY(tok_keys_open(d->keys, &d->signer->ses, &want, &ref, &info, err));
    SG_TRY(sg_buf_put_u32(&d->payload, ref, err));
    return tok_put_key_info(&d->payload, &info, err);
}

static enum sg_rc do_guard_bind(struct tok_desk *d, struct sg_slice in,
                                struct sg_err *err)
{
    struct sg_reader r;
    struct sg_slice cert;
    struct sg_slice chain;
    uint32_t ref;

    sg_reader_init(&r, in);
    if (sg_get_u32(&r, &ref, err) != SG_OK
        || sg_get_blob(&r, TOK_TBS_MAX, &cert, err) != SG_OK
        || sg_get_blob(&r, TOK_FRAME_MAX, &chain, err) != SG_OK
        || sg_get_end(&r, err) != SG_OK)
        return bad(d, err->rc);
    return tok_keys_bind(d->keys, ref, cert, chain, err);
}

static enum sg_rc do_guard_show(struct tok_desk *d, struct sg_slice in,
                                struct sg_err *err)
{
    struct tok_guard_view view;
    struct sg_reader r;
    uint32_t ref;

    sg_reader_init(&r, in);
    if (sg_get_u32(&r, &ref, err) != SG_OK || sg_get_end(&r, err) != SG_OK)
        return bad(d, err->rc);
    SG_TRY(tok_keys_show(d->keys, ref, &view, err));
    return tok_put_guard_view(&d->payload, &view, err);
}

static enum sg_rc do_guard_narrow(struct tok_desk *d, struct sg_slice in,
                                  struct sg_err *err)
{
    struct tok_guard limits;
    struct sg_reader r;
    uint32_t ref;

    sg_reader_init(&r, in);
    if (sg_get_u32(&r, &ref, err) != SG_OK
        || tok_get_guard(&r, &limits, err) != SG_OK
        || sg_get_end(&r, err) != SG_OK)
        return bad(d, err->rc);
    return tok_keys_narrow(d->keys, ref, &limits, err);
}

static enum sg_rc do_sign(struct tok_desk *d, enum tok_op op,
                          struct sg_slice in, struct sg_err *err)
{
    struct tok_sign req;

    if (tok_get_sign(in, &req, err) != SG_OK)
        return bad(d, err->rc);
    if (d->fd >= 0 && req.tbs.len != 0)
        return bad(d, sg_err_set(err, SG_FORMAT,
                                 "%s with both a descriptor and bytes",
                                 tok_op_name(op)));
    /* The blob's length comes first and is known last. */
    SG_TRY(sg_buf_put_u32(&d->payload, 0, err));
    SG_TRY(tok_signer_sign(d->signer, op, &req, d->fd, &d->payload, err));
    size_t len = d->payload.len - 4;
    d->payload.data[2] = (uint8_t)(len >> 8);
    d->payload.data[3] = (uint8_t)len;
    return SG_OK;
}

enum needs { NEEDS_NOTHING, NEEDS_LOGIN, NEEDS_ADMIN };

static const struct handler {
    enum tok_op op;
    enum needs needs;
    /* NULL: do_sign() */
    enum sg_rc (*run)(struct tok_desk *d, struct sg_slice in,
                      struct sg_err *err);
} HANDLERS[] = {
    { TOK_OP_SIGN_CERT, NEEDS_LOGIN, NULL },
    { TOK_OP_SIGN_CSR, NEEDS_LOGIN, NULL },
    { TOK_OP_SIGN_CRL, NEEDS_LOGIN, NULL },
    { TOK_OP_SIGN_OCSP, NEEDS_LOGIN, NULL },
    { TOK_OP_SIGN_DIGEST, NEEDS_LOGIN, NULL },
    { TOK_OP_PROBE_SIGN, NEEDS_LOGIN, NULL },
    { TOK_OP_PING, NEEDS_NOTHING, do_ping },
    { TOK_OP_KEY_OPEN, NEEDS_LOGIN, do_key_open },
    { TOK_OP_KEY_LIST, NEEDS_LOGIN, do_key_list },
    { TOK_OP_KEY_GENERATE, NEEDS_LOGIN, do_key_generate },
    { TOK_OP_KEY_TRY, NEEDS_LOGIN, do_key_try },
    { TOK_OP_GUARD_BIND, NEEDS_LOGIN, do_guard_bind },
    { TOK_OP_GUARD_SHOW, NEEDS_LOGIN, do_guard_show },
    { TOK_OP_GUARD_NARROW, NEEDS_LOGIN, do_guard_narrow },
    { TOK_OP_TOKEN_LIST, NEEDS_ADMIN, do_token_list },
    { TOK_OP_TOKEN_INIT, NEEDS_ADMIN, do_token_init },
};

enum sg_rc tok_desk_do(struct tok_desk *d, const struct tok_frame *frame,
                       struct sg_err *err)
{
    const struct handler *h = NULL;

    sg_buf_reset(&d->payload);
    d->bad_request = false;
    for (size_t i = 0; i < SG_ARRAY_LEN(HANDLERS) && h == NULL; i++)
        if (HANDLERS[i].op == frame->op)
            h = &HANDLERS[i];
    if (h == NULL || frame->rc != SG_OK || frame->ckr != 0 || frame->id == 0)
        return bad(d, sg_err_set(err, SG_FORMAT, "%s frame is no request",
                                 tok_op_name(frame->op)));
    if (d->fd >= 0 && frame->op != TOK_OP_SIGN_CRL)
        return bad(d, sg_err_set(err, SG_FORMAT, "%s with a descriptor",
                                 tok_op_name(frame->op)));
    if (h->needs == NEEDS_LOGIN && d->signer == NULL)
        return sg_err_set(err, SG_USAGE, "%s needs a login: start with --uri",
                          tok_op_name(frame->op));
    if (h->needs == NEEDS_ADMIN && d->admin == NULL)
        return sg_err_set(err, SG_USAGE, "%s: start without --uri",
                          tok_op_name(frame->op));
    return h->run != NULL ? h->run(d, frame->payload, err)
                          : do_sign(d, frame->op, frame->payload, err);
}

/* --- desks ---------------------------------------------------------------------------- */

enum sg_rc tok_desk_init(struct tok_desk *desk, struct tok_login *login,
                         struct tok_keys *keys, struct tok_admin *admin,
                         struct sg_err *err)
{
    *desk = (struct tok_desk){ .keys = keys, .admin = admin, .fd = -1 };
    sg_buf_init(&desk->payload, TOK_FRAME_MAX);
    if (login == NULL)
        return SG_OK;
    SG_TRY(tok_signer_new(login, keys, &desk->signer, err));
    return tok_session_open(&desk->signer->ses, err);
}

void tok_desk_done(struct tok_desk *desk)
{
    tok_signer_free(desk->signer);
    sg_buf_done(&desk->payload);
}
