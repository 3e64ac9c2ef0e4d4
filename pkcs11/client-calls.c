/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/file.h"
#include "pkcs11/client-call.h"

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

/* --- asynchronous signatures ------------------------------------------------ */

static enum sg_rc sign_async(enum tok_op op, struct tok_key *key,
                             const struct tok_sign *sign, struct tok_done done,
                             struct sg_err *err)
{
    struct tok_request req = { .op = op,
                               .key = key,
                               .algorithm = sign->algorithm,
                               .body = sign->tbs,
                               .done = done };

    return tok_submit(key->client, &req, err);
}

enum sg_rc tok_sign_cert_async(struct tok_key *key, struct sg_slice algorithm,
                               struct sg_slice tbs, tok_sign_done done,
                               void *arg, struct sg_err *err)
{
    struct tok_sign sign = { .algorithm = algorithm, .tbs = tbs };

    return sign_async(TOK_OP_SIGN_CERT, key, &sign,
                      (struct tok_done){ .sign = done, .arg = arg }, err);
}

/* --- blocking signatures ----------------------------------------------------- */

struct signing {
    struct sg_buf *out;
    struct tok_wait wait;
};

static void on_signed(void *arg, const struct tok_sign_reply *reply)
{
    struct signing *s = arg;
    const struct sg_err *failure = reply->failure;
    struct sg_err err = { 0 };

    if (failure == NULL
        && sg_buf_put(s->out, reply->signature.p, reply->signature.len, &err)
               != SG_OK)
        failure = &err;
    tok_wait_end(&s->wait, failure);
}

static enum sg_rc sign_wait(enum tok_op op, struct tok_key *key,
                            const struct tok_sign *sign, struct sg_buf *out,
                            struct sg_err *err)
{
    struct signing s = { .out = out };
    struct tok_request req = { .op = op,
                               .key = key,
                               .algorithm = sign->algorithm,
                               .body = sign->tbs,
                               .done = { .sign = on_signed, .arg = &s } };

    tok_wait_init(&s.wait);
    return tok_wait_for(&s.wait, key->client, &req, err);
}

enum sg_rc tok_sign_cert(struct tok_key *key, struct sg_slice algorithm,
                         struct sg_slice tbs, struct sg_buf *out,
                         struct sg_err *err)
{
    struct tok_sign sign = { .algorithm = algorithm, .tbs = tbs };

    return sign_wait(TOK_OP_SIGN_CERT, key, &sign, out, err);
}

enum sg_rc tok_sign_csr(struct tok_key *key, struct sg_slice algorithm,
                        struct sg_slice tbs, struct sg_buf *out,
                        struct sg_err *err)
{
    struct tok_sign sign = { .algorithm = algorithm, .tbs = tbs };

    return sign_wait(TOK_OP_SIGN_CSR, key, &sign, out, err);
}

enum sg_rc tok_sign_ocsp(struct tok_key *key, struct sg_slice algorithm,
                         struct sg_slice tbs, struct sg_buf *out,
                         struct sg_err *err)
{
    struct tok_sign sign = { .algorithm = algorithm, .tbs = tbs };

    return sign_wait(TOK_OP_SIGN_OCSP, key, &sign, out, err);
}

enum sg_rc tok_sign_digest(struct tok_key *key, struct sg_slice algorithm,
                           struct sg_slice digest, struct sg_buf *out,
                           struct sg_err *err)
{
    struct tok_sign sign = { .algorithm = algorithm, .tbs = digest };

    return sign_wait(TOK_OP_SIGN_DIGEST, key, &sign, out, err);
}

enum sg_rc tok_probe_sign(struct tok_key *key, struct sg_slice challenge,
                          struct sg_buf *out, struct sg_err *err)
{
    struct tok_sign sign = { .tbs = challenge };

    return sign_wait(TOK_OP_PROBE_SIGN, key, &sign, out, err);
}

/* --- CRLs: larger than a frame ------------------------------------------------ */

static enum sg_rc write_all(int fd, struct sg_slice bytes, struct sg_err *err)
{
    while (bytes.len > 0) {
        ssize_t n = write(fd, bytes.p, bytes.len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return sg_err_errno(err, SG_IO, "crl of %zu bytes: memfd",
                                bytes.len);
        bytes = SG_SLICE(bytes.p + n, bytes.len - (size_t)n);
    }
    return SG_OK;
}

/* After this nobody can change it any more, not even we. */
static enum sg_rc fill_and_seal(int fd, struct sg_slice bytes,
                                struct sg_err *err)
{
    if (fd < 0)
        return sg_err_errno(err, SG_IO, "crl: memfd");
    SG_TRY(write_all(fd, bytes, err));
    if (fcntl(fd, F_ADD_SEALS,
              F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL)
        != 0)
        return sg_err_errno(err, SG_IO, "crl: seal");
    return SG_OK;
}

enum sg_rc tok_sign_crl(struct tok_key *key, struct sg_slice algorithm,
                        struct sg_slice tbs, struct sg_buf *out,
                        struct sg_err *err)
{
    SG_CLEANUP(sg_fd_close) int fd = -1;
    struct tok_sign sign = { .algorithm = algorithm, .tbs = tbs };
    struct signing s = { .out = out };
    struct tok_request req = { .op = TOK_OP_SIGN_CRL,
                               .key = key,
                               .algorithm = algorithm,
                               .has_fd = true,
                               .done = { .sign = on_signed, .arg = &s } };

    if (tbs.len <= TOK_TBS_MAX)
        return sign_wait(TOK_OP_SIGN_CRL, key, &sign, out, err);
    if (tbs.len > TOK_CRL_MAX)
        return sg_err_set(err, SG_LIMIT, "crl of %zu bytes, at most %u",
                          tbs.len, TOK_CRL_MAX);
    fd = memfd_create("signet-crl", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    SG_TRY(fill_and_seal(fd, tbs, err));
    req.fd = fd;
    tok_wait_init(&s.wait);
    return tok_wait_for(&s.wait, key->client, &req, err);
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

struct list {
    void *items;
    size_t n;
};

/* An empty list is still something to free(). */
static void *list_new(uint32_t n, size_t size, struct sg_err *err)
{
    void *items = calloc(n > 0 ? n : 1, size);

    if (items == NULL)
        (void)sg_err_set(err, SG_NOMEM, "list of %u", (unsigned)n);
    return items;
}

static enum sg_rc take_tokens(void *arg, const struct tok_frame *reply,
                              struct sg_err *err)
{
    struct list *list = arg;
    struct sg_reader in;
    uint32_t n;

    sg_reader_init(&in, reply->payload);
    SG_TRY(tok_reply_count(&in, &n, err));
    struct tok_token_info *items = list_new(n, sizeof(*items), err);
    if (items == NULL)
        return err->rc;
    list->items = items;
    for (uint32_t i = 0; i < n; i++)
        SG_TRY(tok_get_token_info(&in, &items[i], err));
    list->n = n;
    return SG_OK;
}

static enum sg_rc take_keys(void *arg, const struct tok_frame *reply,
                            struct sg_err *err)
{
    struct list *list = arg;
    struct sg_reader in;
    uint32_t n;

    sg_reader_init(&in, reply->payload);
    SG_TRY(tok_reply_count(&in, &n, err));
    struct tok_key_info *items = list_new(n, sizeof(*items), err);
    if (items == NULL)
        return err->rc;
    list->items = items;
    for (uint32_t i = 0; i < n; i++)
        SG_TRY(tok_get_key_info(&in, &items[i], err));
    list->n = n;
    return SG_OK;
}

enum sg_rc tok_token_list(struct tok_client *client,
                          struct tok_token_info **ret_list, size_t *ret_n,
                          struct sg_err *err)
{
    struct list list = { 0 };
    enum sg_rc rc = ask(client, (struct tok_request){ .op = TOK_OP_TOKEN_LIST },
                        take_tokens, &list, err);

    if (rc != SG_OK) {
        free(list.items);
        return rc;
    }
    *ret_list = list.items;
    *ret_n = list.n;
    return SG_OK;
}

enum sg_rc tok_key_list(struct tok_client *client,
                        struct tok_key_info **ret_list, size_t *ret_n,
                        struct sg_err *err)
{
    struct list list = { 0 };
    enum sg_rc rc = ask(client, (struct tok_request){ .op = TOK_OP_KEY_LIST },
                        take_keys, &list, err);

    if (rc != SG_OK) {
        free(list.items);
        return rc;
    }
    *ret_list = list.items;
    *ret_n = list.n;
    return SG_OK;
}

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
