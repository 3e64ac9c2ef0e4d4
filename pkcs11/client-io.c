/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/client-int.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "common/clock.h"
#include "common/log.h"

/* Room for one batch. A megabyte of address space of which only the pages that
 * frames really fill are ever touched. */
struct tok_rx {
    struct mmsghdr messages[TOK_RX_BATCH];
    struct iovec iov[TOK_RX_BATCH];
    struct tok_frame frames[TOK_RX_BATCH]; /* replies of this batch … */
    struct tok_done done[TOK_RX_BATCH];    /* … and who waits for them */
    uint8_t bytes[TOK_RX_BATCH][TOK_FRAME_MAX];
};

enum sg_rc tok_rx_new(struct tok_rx **ret_rx, struct sg_err *err)
{
    struct tok_rx *rx = malloc(sizeof(*rx));

    if (rx == NULL)
        return sg_err_set(err, SG_NOMEM, "receive buffer");
    for (unsigned i = 0; i < TOK_RX_BATCH; i++) {
        rx->iov[i] = (struct iovec){ rx->bytes[i], TOK_FRAME_MAX };
        rx->messages[i] = (struct mmsghdr){ 0 };
        rx->messages[i].msg_hdr.msg_iov = &rx->iov[i];
        rx->messages[i].msg_hdr.msg_iovlen = 1;
    }
    *ret_rx = rx;
    return SG_OK;
}

void tok_rx_free(struct tok_rx *rx)
{
    free(rx);
}

/* A line of the process as one value of ours, so that none of its own keys is
 * taken for one. */
static enum sg_rc take_log(const struct tok_client *client,
                           const struct tok_frame *frame, struct sg_err *err)
{
    char line[SG_LOG_VALUE_MAX];
    char said[SG_LOG_VALUE_MAX];
    uint8_t level;
    struct sg_slice text;

    SG_TRY(tok_get_log(frame->payload, &level, &text, err));
    if (level > SG_LOG_DEBUG)
        return sg_err_set(err, SG_FORMAT, "log: unknown level %u", level);
    snprintf(line, sizeof(line), "%.*s", (int)text.len, (const char *)text.p);
    sg_log((enum sg_log_level)level, "token_says", "name=%s said=%s",
           client->cfg.name, sg_log_quote(line, said, sizeof(said)));
    return SG_OK;
}

/* What the process says on its own account. */
static enum sg_rc take_notice(struct tok_client *client,
                              const struct tok_frame *frame, struct sg_err *err)
{
    if (frame->op == TOK_OP_LOG && frame->rc == SG_OK)
        return take_log(client, frame, err);
    if (frame->op == TOK_OP_HELLO && client->phase == TOK_PHASE_HELLO)
        return tok_run_hello(client, frame, err);
    return sg_err_set(err, SG_FORMAT, "%s out of place",
                      tok_op_name(frame->op));
}

static enum sg_rc tell_ended(struct tok_client *client, struct sg_err *err)
{
    client->ended = true;
    return sg_err_set(err, SG_UNAVAILABLE, "the process ended");
}

/* Sort n messages; *ret_replies of them stay in rx->frames. */
static enum sg_rc sort_messages(struct tok_client *client, unsigned n,
                                unsigned *ret_replies, struct sg_err *err)
{
    struct tok_rx *rx = client->rx;
    struct tok_frame frame;

    *ret_replies = 0;
    for (unsigned i = 0; i < n; i++) {
        const struct mmsghdr *m = &rx->messages[i];

        /* End of file and an empty message look the same. */
        if (m->msg_len == 0)
            return tell_ended(client, err);
        if (m->msg_hdr.msg_flags & MSG_TRUNC)
            return sg_err_set(err, SG_FORMAT, "frame over %d bytes",
                              TOK_FRAME_MAX);
        SG_TRY(
            tok_frame_parse(SG_SLICE(rx->bytes[i], m->msg_len), &frame, err));
        if (frame.id == 0)
            SG_TRY(take_notice(client, &frame, err));
        else if (frame.id == client->reopen_id)
            SG_TRY(tok_run_reopened(client, &frame, err));
        else
            rx->frames[(*ret_replies)++] = frame;
    }
    return SG_OK;
}

/* Signatures show that the token works; a PING is answered without it. */
static void note_progress(struct tok_client *client,
                          const struct tok_slot *slot)
{
    client->last_signed_ms = client->batch_ms;
    if (slot->id >> 16 > client->newest_answered)
        client->newest_answered = slot->id >> 16;
}

/* Locked: find who waits for the reply and free the slot. */
static enum sg_rc match(struct tok_client *client,
                        const struct tok_frame *reply, struct tok_done *ret,
                        struct sg_err *err)
{
    struct tok_slot *slot = tok_slot_match(client, reply);

    if (slot == NULL)
        return sg_err_set(
            err, SG_FORMAT, "a reply to %s %llu, which nobody asked",
            tok_op_name(reply->op), (unsigned long long)reply->id);
    SG_TRY(tok_reply_check(reply, err));
    if (slot->key != NULL)
        note_progress(client, slot);
    *ret = slot->done;
    tok_slot_free(client, slot);
    return SG_OK;
}

/* *ret_n is the number matched, also on failure. */
static enum sg_rc match_all(struct tok_client *client, unsigned n,
                            unsigned *ret_n, struct sg_err *err)
{
    struct tok_rx *rx = client->rx;
    enum sg_rc rc = SG_OK;

    *ret_n = 0;
    pthread_mutex_lock(&client->lock);
    client->batch_ms = sg_mono_ms();
    while (*ret_n < n && rc == SG_OK) {
        rc = match(client, &rx->frames[*ret_n], &rx->done[*ret_n], err);
        if (rc == SG_OK)
            (*ret_n)++;
    }
    pthread_mutex_unlock(&client->lock);
    return rc;
}

/* A PIN that is refused in mid-life (it was changed, or the token locked) must
 * not be tried again and again. */
static void note_pin(const struct tok_frame *reply, struct sg_err *pin)
{
    if (reply->rc == SG_PIN && reply->op != TOK_OP_TOKEN_INIT
        && pin->rc == SG_OK)
        (void)!tok_frame_failure(reply, pin);
}

static enum sg_rc take_batch(struct tok_client *client, unsigned n,
                             struct sg_err *err)
{
    struct tok_rx *rx = client->rx;
    struct sg_err pin;
    unsigned replies;
    unsigned matched = 0;

    enum sg_rc rc = sort_messages(client, n, &replies, err);
    if (replies > 0) {
        struct sg_err bad = { 0 };

        /* Good answers count, even when rubbish came behind them. */
        if (match_all(client, replies, &matched, &bad) != SG_OK && rc == SG_OK)
            rc = tok_err_copy(err, &bad);
    }
    pin.rc = SG_OK;
    for (unsigned i = 0; i < matched; i++) {
        tok_done_reply(&rx->done[i], &rx->frames[i]);
        note_pin(&rx->frames[i], &pin);
    }
    if (rc == SG_OK && pin.rc != SG_OK)
        return tok_err_copy(err, &pin);
    return rc;
}

enum sg_rc tok_io_read(struct tok_client *client, struct sg_err *err)
{
    bool reset = false;

    for (;;) {
        int n = recvmmsg(client->sock, client->rx->messages, TOK_RX_BATCH,
                         MSG_DONTWAIT, NULL);

        if (n > 0) {
            SG_TRY(take_batch(client, (unsigned)n, err));
            if (n < TOK_RX_BATCH)
                return SG_OK;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            return SG_OK;
        } else if (errno == ECONNRESET && !reset) {
            /* It died with requests unread. The answers that it gave before
             * still lie in the socket. */
            reset = true;
        } else if (errno != EINTR) {
            return tell_ended(client, err);
        }
    }
}

/* --- the queue ------------------------------------------------------------- */

/* The head of the queue, ready to go; NULL when nothing waits. A request whose
 * key is not what it was is answered on the way. */
static struct tok_slot *next_queued(struct tok_client *client)
{
    for (;;) {
        struct sg_err failure = { 0 };
        struct tok_done done;

        pthread_mutex_lock(&client->lock);
        if (client->queue_head == TOK_NO_SLOT) {
            pthread_mutex_unlock(&client->lock);
            return NULL;
        }
        struct tok_slot *slot = &client->slots[client->queue_head];
        if (tok_slot_rekey(client, slot, &failure) == SG_OK) {
            pthread_mutex_unlock(&client->lock);
            return slot;
        }
        done = slot->done;
        tok_queue_unlink(client, slot);
        tok_slot_free(client, slot);
        pthread_mutex_unlock(&client->lock);
        tok_done_fail(&done, &failure);
    }
}

void tok_io_flush(struct tok_client *client)
{
    struct tok_slot *slot;

    while ((slot = next_queued(client)) != NULL) {
        /* Only this thread reads replies and takes slots off the queue: the
         * slot stays as it is without the lock. */
        ssize_t n =
            tok_send_frame(client->sock, sg_buf_slice(&slot->frame), slot->fd);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return; /* full, or closed, which reading will tell */
        pthread_mutex_lock(&client->lock);
        tok_queue_unlink(client, slot);
        slot->state = TOK_SLOT_SENT;
        slot->sent_ms = sg_mono_ms();
        pthread_mutex_unlock(&client->lock);
    }
}
