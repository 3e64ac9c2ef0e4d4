/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/client-int.h"

#include <assert.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/clock.h"

#define INDEX_BITS 16
#define INDEX_MASK 0xffffU

enum sg_rc tok_table_init(struct tok_client *client, struct sg_err *err)
{
    unsigned n = client->cfg.max_in_flight;

    client->slots = calloc(n, sizeof(*client->slots));
    if (client->slots == NULL)
        return sg_err_set(err, SG_NOMEM, "table of %u requests", n);
    for (unsigned i = 0; i < n; i++) {
        sg_buf_init(&client->slots[i].frame, TOK_FRAME_MAX);
        client->slots[i].fd = -1;
        client->slots[i].next = i + 1 < n ? i + 1 : TOK_NO_SLOT;
    }
    client->free_head = 0;
    client->queue_head = TOK_NO_SLOT;
    client->queue_tail = TOK_NO_SLOT;
    client->next_look_ms = INT64_MAX;
    sg_buf_init(&client->scratch, TOK_FRAME_MAX);
    return SG_OK;
}

/* Not while somebody is in send() with it. */
static void drop_fd(struct tok_slot *slot)
{
    if (slot->fd >= 0)
        (void)close(slot->fd);
    slot->fd = -1;
}

void tok_table_done(struct tok_client *client)
{
    if (client->slots == NULL)
        return;
    for (unsigned i = 0; i < client->cfg.max_in_flight; i++) {
        drop_fd(&client->slots[i]);
        sg_buf_done(&client->slots[i].frame);
    }
    sg_buf_done(&client->scratch);
    free(client->slots);
    client->slots = NULL;
}

static bool is_sending(const struct tok_slot *slot)
{
    return atomic_load_explicit(&slot->sending, memory_order_acquire);
}

void tok_table_settle(struct tok_client *client)
{
    for (unsigned i = 0; i < client->cfg.max_in_flight; i++)
        while (is_sending(&client->slots[i]))
            sched_yield(); /* a send() that does not block */
}

/* Take the first free slot that nobody sends from any more off the list; NULL
 * when there is none. */
static struct tok_slot *take_free(struct tok_client *client)
{
    uint32_t *link = &client->free_head;

    while (*link != TOK_NO_SLOT) {
        struct tok_slot *slot = &client->slots[*link];

        if (!is_sending(slot)) {
            *link = slot->next;
            return slot;
        }
        link = &slot->next;
    }
    return NULL;
}

enum sg_rc tok_slot_take(struct tok_client *client, struct tok_slot **ret_slot,
                         struct sg_err *err)
{
    struct tok_slot *slot;

    /* The one that is free may have been answered faster than sent. */
    while ((slot = take_free(client)) == NULL) {
        if (client->free_head == TOK_NO_SLOT)
            return sg_err_set(err, SG_LIMIT,
                              "token %s: %u requests are in flight, no more "
                              "fit",
                              client->cfg.name, client->in_flight);
        sched_yield();
    }
    drop_fd(slot);
    client->in_flight++;
    slot->id =
        ++client->counter << INDEX_BITS | (uint64_t)(slot - client->slots);
    slot->next = TOK_NO_SLOT;
    slot->retried = false;
    *ret_slot = slot;
    return SG_OK;
}

void tok_slot_free(struct tok_client *client, struct tok_slot *slot)
{
    /* One CSR of 32 KiB must not stay in each of a thousand slots. */
    if (slot->frame.cap > TOK_SLOT_KEEP && !is_sending(slot)) {
        sg_buf_done(&slot->frame);
        sg_buf_init(&slot->frame, TOK_FRAME_MAX);
    }
    if (!is_sending(slot))
        drop_fd(slot);
    slot->id = 0;
    slot->state = TOK_SLOT_FREE;
    slot->key = NULL;
    slot->done = (struct tok_done){ 0 };
    slot->next = client->free_head;
    client->free_head = (uint32_t)(slot - client->slots);
    client->in_flight--;
}

struct tok_slot *tok_slot_match(struct tok_client *client,
                                const struct tok_frame *reply)
{
    uint64_t index = reply->id & INDEX_MASK;
    struct tok_slot *slot;

    if (index >= client->cfg.max_in_flight)
        return NULL;
    slot = &client->slots[index];
    if (slot->id != reply->id || slot->op != reply->op)
        return NULL;
    /* A queued request was never sent: nobody can have answered it. */
    if (slot->state != TOK_SLOT_SENT && slot->state != TOK_SLOT_ABANDONED)
        return NULL;
    return slot;
}

void tok_queue_push(struct tok_client *client, struct tok_slot *slot)
{
    uint32_t index = (uint32_t)(slot - client->slots);

    slot->state = TOK_SLOT_QUEUED;
    slot->next = TOK_NO_SLOT;
    if (client->queue_tail == TOK_NO_SLOT)
        client->queue_head = index;
    else
        client->slots[client->queue_tail].next = index;
    client->queue_tail = index;
}

void tok_queue_push_front(struct tok_client *client, struct tok_slot *slot)
{
    uint32_t index = (uint32_t)(slot - client->slots);

    slot->state = TOK_SLOT_QUEUED;
    slot->next = client->queue_head;
    client->queue_head = index;
    if (client->queue_tail == TOK_NO_SLOT)
        client->queue_tail = index;
}

void tok_queue_unlink(struct tok_client *client, const struct tok_slot *slot)
{
    uint32_t index = (uint32_t)(slot - client->slots);
    uint32_t before = TOK_NO_SLOT;
    uint32_t at = client->queue_head;

    while (at != TOK_NO_SLOT && at != index) {
        before = at;
        at = client->slots[at].next;
    }
    assert(at == index);
    if (before == TOK_NO_SLOT)
        client->queue_head = slot->next;
    else
        client->slots[before].next = slot->next;
    if (client->queue_tail == index)
        client->queue_tail = before;
}

static enum sg_rc put_payload(struct sg_buf *out, const struct tok_request *req,
                              struct sg_err *err)
{
    struct tok_sign sign = { .algorithm = req->algorithm, .tbs = req->body };

    if (tok_op_signs(req->op)) {
        sign.key_ref = req->key->ref;
        return tok_put_sign(out, &sign, err);
    }
    if (req->key != NULL)
        SG_TRY(sg_buf_put_u32(out, req->key->ref, err));
    if (req->op == TOK_OP_GUARD_BIND) {
        SG_TRY(sg_buf_put_blob(out, req->body, err));
        return sg_buf_put_blob(out, req->chain, err);
    }
    return sg_buf_put(out, req->body.p, req->body.len, err);
}

/* Frame the payload in scratch. */
static enum sg_rc put_frame(struct tok_client *client, struct tok_slot *slot,
                            struct sg_err *err)
{
    struct tok_frame frame = { .op = slot->op,
                               .id = slot->id,
                               .payload = sg_buf_slice(&client->scratch) };

    sg_buf_reset(&slot->frame);
    slot->epoch = client->epoch;
    return tok_frame_encode(&frame, &slot->frame, err);
}

static unsigned timeout_of(const struct tok_client *client, enum tok_op op)
{
    bool slow = op == TOK_OP_KEY_GENERATE || op == TOK_OP_KEY_TRY
                || op == TOK_OP_TOKEN_INIT;

    if (slow && client->cfg.request_timeout_ms < TOK_MAKE_TIMEOUT_MS)
        return TOK_MAKE_TIMEOUT_MS;
    return client->cfg.request_timeout_ms;
}

enum sg_rc tok_slot_encode(struct tok_client *client, struct tok_slot *slot,
                           const struct tok_request *req, struct sg_err *err)
{
    slot->op = req->op;
    slot->key = req->key;
    slot->done = req->done;
    slot->sent_ms = sg_mono_ms();
    slot->timeout_ms = timeout_of(client, req->op);
    slot->deadline_ms = slot->sent_ms + slot->timeout_ms;
    sg_buf_reset(&client->scratch);
    SG_TRY(put_payload(&client->scratch, req, err));
    SG_TRY(put_frame(client, slot, err));
    if (req->has_fd) {
        slot->fd = fcntl(req->fd, F_DUPFD_CLOEXEC, 0);
        if (slot->fd < 0)
            return sg_err_errno(err, SG_IO, "%s", tok_op_name(req->op));
    }
    if (slot->deadline_ms < client->next_look_ms)
        client->next_look_ms = slot->deadline_ms;
    return SG_OK;
}

enum sg_rc tok_slot_rekey(struct tok_client *client, struct tok_slot *slot,
                          struct sg_err *err)
{
    struct tok_frame frame;
    struct tok_sign sign;

    if (!tok_op_signs(slot->op) || slot->epoch == client->epoch)
        return SG_OK;
    if (slot->key->failure.rc != SG_OK)
        return tok_err_copy(err, &slot->key->failure);
    SG_TRY(tok_frame_parse(sg_buf_slice(&slot->frame), &frame, err));
    SG_TRY(tok_get_sign(frame.payload, &sign, err));
    sign.key_ref = slot->key->ref;
    sg_buf_reset(&client->scratch);
    SG_TRY(tok_put_sign(&client->scratch, &sign, err));
    return put_frame(client, slot, err);
}
