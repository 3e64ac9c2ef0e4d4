/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/client-int.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/log.h"
#include "pkcs11/client-call.h"

/* No slot has this index: TOK_SLOTS_MAX is below it. */
#define REOPEN_INDEX 0xffffU

const struct tok_key_info *tok_key_info(const struct tok_key *key)
{
    return &key->info;
}

static void copy_slice(uint8_t *dst, size_t max, struct sg_slice from,
                       struct sg_slice *ret)
{
    if (from.len > 0 && from.len <= max)
        memcpy(dst, from.p, from.len);
    *ret = SG_SLICE(dst, from.len);
}

static bool same_slice(struct sg_slice want, struct sg_slice have)
{
    return want.len == 0 || sg_slice_eq(want, have);
}

/* A key that was asked for before. Locked. */
static struct tok_key *find(const struct tok_client *client,
                            const struct tok_key_info *info)
{
    for (struct tok_key *key = client->keys; key != NULL; key = key->next) {
        if (strcmp(key->info.label, info->label) == 0
            && sg_slice_eq(key->want.id, SG_SLICE(info->id, info->id_len))
            && sg_slice_eq(key->want.spki,
                           SG_SLICE(info->spki, info->spki_len)))
            return key;
    }
    return NULL;
}

/* The blocking call waits for this. */
struct opening {
    struct tok_client *client;
    struct tok_key *key;
    struct tok_wait *wait;
};

static enum sg_rc key_new(struct tok_client *client, uint32_t ref,
                          const struct tok_key_info *info,
                          struct tok_key **ret_key, struct sg_err *err)
{
    struct tok_key *key = calloc(1, sizeof(*key));

    if (key == NULL)
        return sg_err_set(err, SG_NOMEM, "key %s", info->label);
    key->client = client;
    key->info = *info;
    key->ref = ref;
    memcpy(key->want.label, info->label, sizeof(key->want.label));
    copy_slice(key->id, sizeof(key->id), SG_SLICE(info->id, info->id_len),
               &key->want.id);
    copy_slice(key->spki, sizeof(key->spki),
               SG_SLICE(info->spki, info->spki_len), &key->want.spki);
    *ret_key = key;
    return SG_OK;
}

/* On the client's thread: no restart can come between the reply and the list,
 * so the reference is of the process that runs. */
static enum sg_rc take_opened(struct opening *o, const struct tok_frame *reply,
                              struct sg_err *err)
{
    struct tok_client *client = o->client;
    struct tok_key_info info;
    uint32_t ref;

    SG_TRY(tok_reply_opened(reply, &ref, &info, err));
    pthread_mutex_lock(&client->lock);
    enum sg_rc rc = SG_OK;
    o->key = find(client, &info);
    if (o->key == NULL) {
        rc = key_new(client, ref, &info, &o->key, err);
        if (rc == SG_OK) {
            o->key->next = client->keys;
            client->keys = o->key;
        }
    } else {
        o->key->ref = ref;
        sg_err_clear(&o->key->failure);
    }
    pthread_mutex_unlock(&client->lock);
    return rc;
}

static void on_opened(void *arg, const struct tok_frame *reply,
                      const struct sg_err *failure)
{
    struct opening *o = arg;
    struct sg_err err = { 0 };

    if (failure == NULL && take_opened(o, reply, &err) != SG_OK)
        failure = &err;
    tok_wait_end(o->wait, failure);
}

/* The process has checked this too. A wrong key must never come through a
 * mistake on one side alone. */
static enum sg_rc check_opened(const struct tok_key_open *want,
                               const struct tok_key *key, struct sg_err *err)
{
    if (!same_slice(want->spki, key->want.spki))
        return sg_err_set(err, SG_POLICY, "key %s: not the expected public key",
                          want->label);
    if (!same_slice(want->id, key->want.id))
        return sg_err_set(err, SG_POLICY, "key %s: not the expected id",
                          want->label);
    return SG_OK;
}

enum sg_rc tok_client_key(struct tok_client *client,
                          const struct tok_key_open *want,
                          struct tok_key **ret_key, struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf payload = { 0 };
    struct tok_wait wait;
    struct opening opening = { .client = client, .wait = &wait };
    struct tok_request req = {
        .op = TOK_OP_KEY_OPEN, .done = { .reply = on_opened, .arg = &opening }
    };

    sg_buf_init(&payload, TOK_FRAME_MAX);
    SG_TRY(tok_put_key_open(&payload, want, err));
    req.body = sg_buf_slice(&payload);
    tok_wait_init(&wait);
    SG_TRY(tok_wait_for(&wait, client, &req, err));
    SG_TRY(check_opened(want, opening.key, err));
    *ret_key = opening.key;
    return SG_OK;
}

/* --- after a restart ------------------------------------------------------- */

enum sg_rc tok_reopen_ask(struct tok_client *client, struct tok_key *key,
                          enum tok_op op, struct sg_slice payload,
                          struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf out = { 0 };
    struct tok_frame frame = { .op = op, .payload = payload };

    sg_buf_init(&out, TOK_FRAME_MAX);
    pthread_mutex_lock(&client->lock);
    frame.id = ++client->counter << 16 | REOPEN_INDEX;
    pthread_mutex_unlock(&client->lock);
    SG_TRY(tok_frame_encode(&frame, &out, err));
    /* One small frame at a time: a socket that is full of it is broken. */
    if (send(client->sock, out.data, out.len, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
        return sg_err_errno(err, SG_UNAVAILABLE, "key %s: send",
                            key->want.label);
    client->reopen = key;
    client->reopen_id = frame.id;
    return SG_OK;
}

enum sg_rc tok_reopen_send(struct tok_client *client, struct tok_key *key,
                           struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf payload = { 0 };

    sg_buf_init(&payload, TOK_FRAME_MAX);
    SG_TRY(tok_put_key_open(&payload, &key->want, err));
    return tok_reopen_ask(client, key, TOK_OP_KEY_OPEN, sg_buf_slice(&payload),
                          err);
}

/* What the token says about the key itself. The rest says that the token does
 * not work, and then the whole start has failed. For whoever asks for a
 * signature either is the token's failure: POLICY is what a guard says. */
static bool is_about_key(enum sg_rc rc)
{
    return rc == SG_NOT_FOUND || rc == SG_CONFLICT || rc == SG_POLICY;
}

static void set_failure(struct tok_client *client, struct tok_key *key,
                        const struct sg_err *failure)
{
    char text[SG_LOG_VALUE_MAX];

    pthread_mutex_lock(&client->lock);
    key->failure = *failure;
    key->failure.rc = SG_TOKEN;
    pthread_mutex_unlock(&client->lock);
    sg_log(SG_LOG_ERR, "key_lost", "name=%s key=%s err=%s", client->cfg.name,
           key->want.label, sg_log_quote(failure->msg, text, sizeof(text)));
}

enum sg_rc tok_reopen_reply(struct tok_client *client,
                            const struct tok_frame *reply, struct sg_err *err)
{
    struct tok_key *key = client->reopen;
    struct sg_err failure = { 0 };
    struct tok_key_info info;
    uint32_t ref;

    if (reply->op != TOK_OP_KEY_OPEN)
        return sg_err_set(err, SG_FORMAT, "%s out of place",
                          tok_op_name(reply->op));
    SG_TRY(tok_reply_check(reply, err));
    if (reply->rc != SG_OK) {
        if (!is_about_key(tok_frame_failure(reply, &failure)))
            return tok_err_copy(err, &failure);
        set_failure(client, key, &failure);
        return SG_OK;
    }
    SG_TRY(tok_reply_opened(reply, &ref, &info, err));
    if (!same_slice(key->want.spki, SG_SLICE(info.spki, info.spki_len))) {
        (void)sg_err_set(&failure, SG_POLICY,
                         "key %s: not the public key that it had",
                         key->want.label);
        set_failure(client, key, &failure);
        return SG_OK;
    }
    pthread_mutex_lock(&client->lock);
    key->ref = ref;
    sg_err_clear(&key->failure);
    pthread_mutex_unlock(&client->lock);
    return SG_OK;
}
