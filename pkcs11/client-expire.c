/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/client-int.h"

#include "common/clock.h"

/* What is to be said about one slot, once the lock is given back. */
struct verdict {
    struct tok_done done; /* both calls NULL: nothing */
    struct sg_err failure;
};

static void look_again(struct tok_client *client, int64_t at_ms)
{
    if (at_ms < client->next_look_ms)
        client->next_look_ms = at_ms;
}

static void time_out(const struct tok_client *client, struct tok_slot *slot,
                     struct verdict *v)
{
    v->done = slot->done;
    slot->done = (struct tok_done){ 0 };
    (void)sg_err_set(&v->failure, SG_TIMEOUT,
                     "token %s: %s: no answer within %u ms", client->cfg.name,
                     tok_op_name(slot->op), slot->timeout_ms);
}

/* A queued request waits for its deadline, and for a restart no longer than
 * outage_end_ms. */
static void look_at_queued(struct tok_client *client, struct tok_slot *slot,
                           int64_t now, struct verdict *v)
{
    if (slot->deadline_ms <= now) {
        time_out(client, slot, v);
    } else if (client->phase != TOK_PHASE_UP && client->outage_end_ms <= now) {
        v->done = slot->done;
        (void)tok_not_up(client, &v->failure);
    } else {
        look_again(client, slot->deadline_ms);
        if (client->phase != TOK_PHASE_UP)
            look_again(client, client->outage_end_ms);
        return;
    }
    tok_queue_unlink(client, slot);
    tok_slot_free(client, slot);
}

/* An overdue request either hangs in the module or still waits behind others
 * on a slow token. Killing the process helps the first case only, and in the
 * second would throw away work for ever. The process takes requests in order,
 * so it hangs when nothing was signed since this one was sent. */
static bool is_overdue_hung(const struct tok_client *client,
                            const struct tok_slot *slot)
{
    return slot->done.sign == NULL || client->last_signed_ms < slot->sent_ms;
}

/* … or, a moment later, when a younger one was answered before it, or when
 * nothing is answered any more. */
static bool is_abandoned_hung(const struct tok_client *client,
                              const struct tok_slot *slot, int64_t now)
{
    return client->newest_answered > slot->id >> 16
           || now - client->last_signed_ms >= client->cfg.request_timeout_ms;
}

static void look_at_sent(struct tok_client *client, struct tok_slot *slot,
                         int64_t now, struct verdict *v,
                         struct sg_err *ret_hung)
{
    bool hung;

    if (slot->deadline_ms > now) {
        look_again(client, slot->deadline_ms);
        return;
    }
    hung = is_overdue_hung(client, slot);
    time_out(client, slot, v);
    slot->state = TOK_SLOT_ABANDONED;
    slot->look_ms = now + TOK_HUNG_GRACE_MS;
    look_again(client, slot->look_ms);
    if (hung)
        (void)sg_err_set(ret_hung, SG_TIMEOUT, "hangs in %s",
                         tok_op_name(slot->op));
}

static void look_at_abandoned(struct tok_client *client, struct tok_slot *slot,
                              int64_t now, struct sg_err *ret_hung)
{
    if (slot->look_ms <= now) {
        if (is_abandoned_hung(client, slot, now))
            (void)sg_err_set(ret_hung, SG_TIMEOUT, "a session hangs in %s",
                             tok_op_name(slot->op));
        slot->look_ms = now + TOK_HUNG_GRACE_MS;
    }
    look_again(client, slot->look_ms);
}

static void look_at(struct tok_client *client, struct tok_slot *slot,
                    int64_t now, struct sg_err *ret_hung)
{
    struct verdict v = { 0 };

    pthread_mutex_lock(&client->lock);
    switch (slot->state) {
    case TOK_SLOT_FREE:
        break;
    case TOK_SLOT_QUEUED:
        look_at_queued(client, slot, now, &v);
        break;
    case TOK_SLOT_SENT:
        look_at_sent(client, slot, now, &v, ret_hung);
        break;
    case TOK_SLOT_ABANDONED:
        look_at_abandoned(client, slot, now, ret_hung);
        break;
    }
    pthread_mutex_unlock(&client->lock);
    tok_done_fail(&v.done, &v.failure);
}

void tok_expire(struct tok_client *client, struct sg_err *ret_hung)
{
    int64_t now = sg_mono_ms();

    pthread_mutex_lock(&client->lock);
    bool due = client->next_look_ms <= now;
    if (due)
        client->next_look_ms = INT64_MAX; /* made anew by the looks below */
    pthread_mutex_unlock(&client->lock);
    if (!due)
        return;
    for (unsigned i = 0; i < client->cfg.max_in_flight; i++)
        look_at(client, &client->slots[i], now, ret_hung);
}

/* --- when the process is gone ---------------------------------------------- */

/* Asking twice does no harm. PING is about this very process. */
static bool is_repeatable(enum tok_op op)
{
    return tok_op_signs(op) || op == TOK_OP_KEY_OPEN || op == TOK_OP_KEY_LIST
           || op == TOK_OP_TOKEN_LIST;
}

static void lose(struct tok_client *client, struct tok_slot *slot, int64_t now,
                 const struct sg_err *why, struct verdict *v)
{
    bool again =
        is_repeatable(slot->op) && !slot->retried && slot->deadline_ms > now;

    if (slot->state == TOK_SLOT_SENT && again) {
        slot->retried = true;
        tok_queue_push_front(client, slot);
        look_again(client, slot->deadline_ms);
        look_again(client, client->outage_end_ms);
        return;
    }
    if (slot->state == TOK_SLOT_SENT) {
        v->done = slot->done;
        (void)sg_err_set(&v->failure, SG_UNAVAILABLE,
                         "token %s: %s: lost with the process (%s)%s",
                         client->cfg.name, tok_op_name(slot->op), why->msg,
                         is_repeatable(slot->op)
                             ? ""
                             : "; it may or may not have been done");
    }
    tok_slot_free(client, slot);
}

void tok_requeue_lost(struct tok_client *client, const struct sg_err *why)
{
    int64_t now = sg_mono_ms();

    /* Backwards, each to the front: before what came since, and roughly in
     * their old order. */
    for (unsigned i = client->cfg.max_in_flight; i-- > 0;) {
        struct tok_slot *slot = &client->slots[i];
        struct verdict v = { 0 };

        pthread_mutex_lock(&client->lock);
        if (slot->state == TOK_SLOT_SENT || slot->state == TOK_SLOT_ABANDONED)
            lose(client, slot, now, why, &v);
        else if (slot->state == TOK_SLOT_QUEUED)
            look_again(client, client->outage_end_ms);
        pthread_mutex_unlock(&client->lock);
        tok_done_fail(&v.done, &v.failure);
    }
}

void tok_fail_all(struct tok_client *client, const struct sg_err *why)
{
    for (unsigned i = 0; i < client->cfg.max_in_flight; i++) {
        struct tok_slot *slot = &client->slots[i];
        struct tok_done done = { 0 };

        pthread_mutex_lock(&client->lock);
        if (slot->state != TOK_SLOT_FREE) {
            done = slot->done;
            if (slot->state == TOK_SLOT_QUEUED)
                tok_queue_unlink(client, slot);
            tok_slot_free(client, slot);
        }
        pthread_mutex_unlock(&client->lock);
        tok_done_fail(&done, why);
    }
}
