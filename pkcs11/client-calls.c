/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "pkcs11/client-call.h"

#define LIST_TRIES 4 /* while another process makes keys one by one */

void tok_wait_init(struct tok_wait *wait)
{
    pthread_mutex_init(&wait->lock, NULL);
    pthread_cond_init(&wait->cond, NULL);
    wait->over = false;
    wait->failure = (struct sg_err){ 0 };
}

void tok_wait_end(struct tok_wait *wait, const struct sg_err *failure)
{
    pthread_mutex_lock(&wait->lock);
    if (failure != NULL)
        wait->failure = *failure;
    wait->over = true;
    pthread_cond_signal(&wait->cond);
    pthread_mutex_unlock(&wait->lock);
}

enum sg_rc tok_wait_for(struct tok_wait *wait, struct tok_client *client,
                        const struct tok_request *req, struct sg_err *err)
{
    enum sg_rc rc = tok_submit(client, req, err);

    if (rc == SG_OK) {
        pthread_mutex_lock(&wait->lock);
        while (!wait->over)
            pthread_cond_wait(&wait->cond, &wait->lock);
        pthread_mutex_unlock(&wait->lock);
        if (wait->failure.rc != SG_OK)
            rc = tok_err_copy(err, &wait->failure);
    }
    pthread_cond_destroy(&wait->cond);
    pthread_mutex_destroy(&wait->lock);
    return rc;
}

/* --- the other calls ---------------------------------------------------------- */

/* Takes what it needs out of a checked reply, on the client's thread. */
typedef enum sg_rc (*take_fn)(void *arg, const struct tok_frame *reply,
                              struct sg_err *err);

struct asking {
    take_fn take; /* NULL: success is all there is */
    void *arg;
    struct tok_wait wait;
};

static void on_reply(void *arg, const struct tok_frame *reply,
                     const struct sg_err *failure)
{
    struct asking *a = arg;
    struct sg_err err = { 0 };

    if (failure == NULL && a->take != NULL
        && a->take(a->arg, reply, &err) != SG_OK)
        failure = &err;
    tok_wait_end(&a->wait, failure);
}

static enum sg_rc ask(struct tok_client *client, struct tok_request req,
                      take_fn take, void *arg, struct sg_err *err)
{
    struct asking a = { .take = take, .arg = arg };

    req.done = (struct tok_done){ .reply = on_reply, .arg = &a };
    tok_wait_init(&a.wait);
    return tok_wait_for(&a.wait, client, &req, err);
}

enum sg_rc tok_ping(struct tok_client *client, struct sg_err *err)
{
    return ask(client, (struct tok_request){ .op = TOK_OP_PING }, NULL, NULL,
               err);
}

/* --- lists ------------------------------------------------------------------- */

struct list {
    size_t item_size;
    enum sg_rc (*get)(struct sg_reader *in, void *ret, struct sg_err *err);
    uint8_t *items; /* owned */
    size_t n;
};

static enum sg_rc get_token(struct sg_reader *in, void *ret, struct sg_err *err)
{
    return tok_get_token_info(in, ret, err);
}

static enum sg_rc get_key(struct sg_reader *in, void *ret, struct sg_err *err)
{
    return tok_get_key_info(in, ret, err);
}

/* n more of them. An empty list is still something to free(). */
static enum sg_rc take_items(struct list *list, struct sg_reader *in,
                             uint32_t n, struct sg_err *err)
{
    size_t room = list->n + n > 0 ? list->n + n : 1;
    uint8_t *items = reallocarray(list->items, room, list->item_size);

    if (items == NULL)
        return sg_err_set(err, SG_NOMEM, "list of %zu", room);
    list->items = items;
    for (uint32_t i = 0; i < n; i++, list->n++)
        SG_TRY(list->get(in, items + list->n * list->item_size, err));
    return SG_OK;
}

static enum sg_rc take_tokens(void *arg, const struct tok_frame *reply,
                              struct sg_err *err)
{
    struct sg_reader in;
    uint32_t n;

    sg_reader_init(&in, reply->payload);
    SG_TRY(tok_reply_count(&in, &n, err));
    return take_items(arg, &in, n, err);
}

enum sg_rc tok_token_list(struct tok_client *client,
                          struct tok_token_info **ret_list, size_t *ret_n,
                          struct sg_err *err)
{
    struct list list = { sizeof(**ret_list), get_token, NULL, 0 };
    enum sg_rc rc = ask(client, (struct tok_request){ .op = TOK_OP_TOKEN_LIST },
                        take_tokens, &list, err);

    if (rc != SG_OK) {
        free(list.items);
        return rc;
    }
    *ret_list = (struct tok_token_info *)(void *)list.items;
    *ret_n = list.n;
    return SG_OK;
}

struct paging {
    struct list list;
    struct tok_list_page page; /* the last one that came */
};

static enum sg_rc take_page(void *arg, const struct tok_frame *reply,
                            struct sg_err *err)
{
    struct paging *p = arg;
    struct sg_reader in;

    sg_reader_init(&in, reply->payload);
    SG_TRY(tok_get_list_page(&in, &p->page, err));
    if (p->page.n > p->page.total - p->list.n)
        return sg_err_set(err, SG_FORMAT, "more than the %u keys it names",
                          (unsigned)p->page.total);
    return take_items(&p->list, &in, p->page.n, err);
}

static enum sg_rc ask_pages(struct tok_client *client, struct paging *p,
                            struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf payload;

    sg_buf_init(&payload, TOK_FRAME_MAX);
    p->list.n = 0;
    p->page = (struct tok_list_page){ 0 };
    do {
        struct tok_list_from from = { p->page.mark, (uint32_t)p->list.n };
        struct tok_request req = { .op = TOK_OP_KEY_LIST };

        sg_buf_reset(&payload);
        SG_TRY(tok_put_list_from(&payload, &from, err));
        req.body = sg_buf_slice(&payload);
        SG_TRY(ask(client, req, take_page, p, err));
    } while (p->page.n > 0 && p->list.n < p->page.total);
    return SG_OK;
}

enum sg_rc tok_key_list(struct tok_client *client,
                        struct tok_key_info **ret_list, size_t *ret_n,
                        struct sg_err *err)
{
    struct paging p = { .list = { sizeof(**ret_list), get_key, NULL, 0 } };
    struct sg_err why;
    unsigned tries = 0;

    do {
        why = (struct sg_err){ 0 };
    } while (ask_pages(client, &p, &why) == SG_CONFLICT
             && ++tries < LIST_TRIES);
    if (why.rc != SG_OK) {
        free(p.list.items);
        return tok_err_copy(err, &why);
    }
    *ret_list = (struct tok_key_info *)(void *)p.list.items;
    *ret_n = p.list.n;
    return SG_OK;
}

/* --- one token, one key -------------------------------------------------------- */

static enum sg_rc take_token(void *arg, const struct tok_frame *reply,
                             struct sg_err *err)
{
    return tok_reply_token(reply, arg, err);
}

static enum sg_rc take_key(void *arg, const struct tok_frame *reply,
                           struct sg_err *err)
{
    return tok_reply_key(reply, arg, err);
}

enum sg_rc tok_token_init(struct tok_client *client,
                          const struct tok_token_init *init,
                          struct tok_token_info *ret, struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf payload = { 0 };
    struct tok_request req = { .op = TOK_OP_TOKEN_INIT };

    sg_buf_init(&payload, TOK_FRAME_MAX);
    SG_TRY(tok_put_token_init(&payload, init, err));
    req.body = sg_buf_slice(&payload);
    return ask(client, req, take_token, ret, err);
}

enum sg_rc tok_key_generate(struct tok_client *client,
                            const struct tok_key_generate *gen,
                            struct tok_key_info *ret, struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf payload = { 0 };
    struct tok_request req = { .op = TOK_OP_KEY_GENERATE };

    sg_buf_init(&payload, TOK_FRAME_MAX);
    SG_TRY(tok_put_key_generate(&payload, gen, err));
    req.body = sg_buf_slice(&payload);
    return ask(client, req, take_key, ret, err);
}

static enum sg_rc take_tried(void *arg, const struct tok_frame *reply,
                             struct sg_err *err)
{
    return tok_get_key_tried(reply->payload, arg, err);
}

enum sg_rc tok_key_try(struct tok_client *client, enum tok_key_type type,
                       bool *ret_token_hashes, struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf payload = { 0 };
    struct tok_request req = { .op = TOK_OP_KEY_TRY };

    sg_buf_init(&payload, TOK_FRAME_MAX);
    SG_TRY(tok_put_key_try(&payload, type, err));
    req.body = sg_buf_slice(&payload);
    return ask(client, req, take_tried, ret_token_hashes, err);
}

enum sg_rc tok_guard_bind(struct tok_key *key, struct sg_slice cert_der,
                          struct sg_err *err)
{
    struct tok_request req = { .op = TOK_OP_GUARD_BIND,
                               .key = key,
                               .body = cert_der };

    return ask(key->client, req, NULL, NULL, err);
}

enum sg_rc tok_guard_bind_chain(struct tok_key *key, struct sg_slice cert_der,
                                const struct sg_slice *chain, size_t n,
                                struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf above = { 0 };
    struct tok_request req = { .op = TOK_OP_GUARD_BIND,
                               .key = key,
                               .body = cert_der };

    sg_buf_init(&above, TOK_FRAME_MAX);
    for (size_t i = 0; i < n; i++)
        SG_TRY(sg_buf_put(&above, chain[i].p, chain[i].len, err));
    req.chain = sg_buf_slice(&above);
    return ask(key->client, req, NULL, NULL, err);
}

static enum sg_rc take_bytes(void *arg, const struct tok_frame *reply,
                             struct sg_err *err)
{
    return sg_buf_put(arg, reply->payload.p, reply->payload.len, err);
}

enum sg_rc tok_guard_show(struct tok_key *key, struct sg_buf *bytes,
                          struct tok_guard_view *ret, struct sg_err *err)
{
    struct tok_request req = { .op = TOK_OP_GUARD_SHOW, .key = key };

    sg_buf_reset(bytes);
    SG_TRY(ask(key->client, req, take_bytes, bytes, err));
    return tok_get_guard_view(sg_buf_slice(bytes), ret, err);
}

enum sg_rc tok_guard_narrow(struct tok_key *key, const struct tok_guard *limits,
                            struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf payload = { 0 };
    struct tok_request req = { .op = TOK_OP_GUARD_NARROW, .key = key };

    sg_buf_init(&payload, TOK_FRAME_MAX);
    SG_TRY(tok_put_guard(&payload, limits, err));
    req.body = sg_buf_slice(&payload);
    return ask(key->client, req, NULL, NULL, err);
}
