/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/client-int.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"

void tok_wake(struct tok_client *client)
{
    uint64_t one = 1;

    /* EAGAIN would mean that the thread has not yet seen 2^64-2 wakes. */
    while (write(client->wake_fd, &one, sizeof(one)) < 0 && errno == EINTR) {
    }
}

/* May req come in now? During the first two seconds of a restart signatures
 * wait for its end: a killed process then costs its clients a delay, not an
 * answer. Anything else is told at once. */
static enum sg_rc admit(const struct tok_client *client,
                        const struct tok_request *req, struct sg_err *err)
{
    if (client->stopping)
        return sg_err_set(err, SG_UNAVAILABLE, "token %s: is being closed",
                          client->cfg.name);
    if (client->phase == TOK_PHASE_UP)
        return req->key != NULL && req->key->failure.rc != SG_OK
                   ? tok_err_copy(err, &req->key->failure)
                   : SG_OK;
    if (client->phase != TOK_PHASE_DOWN && req->done.sign != NULL
        && sg_mono_ms() < client->outage_end_ms)
        return SG_OK;
    return tok_not_up(client, err);
}

/* The socket was full: leave the frame to the thread, unless the process was
 * lost in between and the frame is queued again already. */
static void hand_over(struct tok_client *client, struct tok_slot *slot,
                      uint64_t id, unsigned epoch)
{
    pthread_mutex_lock(&client->lock);
    if (slot->id == id && slot->state == TOK_SLOT_SENT
        && client->epoch == epoch)
        tok_queue_push(client, slot);
    pthread_mutex_unlock(&client->lock);
    tok_wake(client);
}

ssize_t tok_send_frame(int sock, struct sg_slice frame, int fd)
{
    union {
        const uint8_t *in;
        void *out;
    } bytes = { .in = frame.p };
    struct iovec iov = { bytes.out, frame.len };
    union {
        struct cmsghdr head;
        uint8_t bytes[CMSG_SPACE(sizeof(int))];
    } control = { .bytes = { 0 } };
    struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

    if (fd < 0)
        return send(sock, frame.p, frame.len, MSG_NOSIGNAL | MSG_DONTWAIT);
    control.head.cmsg_level = SOL_SOCKET;
    control.head.cmsg_type = SCM_RIGHTS;
    control.head.cmsg_len = CMSG_LEN(sizeof(fd));
    memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
    msg.msg_control = control.bytes;
    msg.msg_controllen = sizeof(control.bytes);
    return sendmsg(sock, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* False: the socket is full. A closed one is seen by the thread, which then
 * still has the frame. */
static bool send_frame(int sock, struct sg_slice frame, int fd)
{
    ssize_t n;

    do {
        n = tok_send_frame(sock, frame, fd);
    } while (n < 0 && errno == EINTR);
    return n >= 0 || errno == EPIPE || errno == ECONNRESET;
}

/* Locked: take a slot for req and encode it. */
static enum sg_rc prepare(struct tok_client *client,
                          const struct tok_request *req,
                          struct tok_slot **ret_slot, struct sg_err *err)
{
    struct tok_slot *slot;

    SG_TRY(admit(client, req, err));
    SG_TRY(tok_slot_take(client, &slot, err));
    enum sg_rc rc = tok_slot_encode(client, slot, req, err);
    if (rc != SG_OK) {
        tok_slot_free(client, slot);
        return rc;
    }
    *ret_slot = slot;
    return SG_OK;
}

enum sg_rc tok_submit(struct tok_client *client, const struct tok_request *req,
                      struct sg_err *err)
{
    struct tok_slot *slot;

    pthread_mutex_lock(&client->lock);
    enum sg_rc rc = prepare(client, req, &slot, err);
    if (rc != SG_OK) {
        pthread_mutex_unlock(&client->lock);
        return rc;
    }
    if (client->phase != TOK_PHASE_UP || client->queue_head != TOK_NO_SLOT) {
        /* The thread empties the queue without being told again. */
        tok_queue_push(client, slot);
        if (client->phase != TOK_PHASE_UP
            && client->outage_end_ms < client->next_look_ms)
            client->next_look_ms = client->outage_end_ms;
        pthread_mutex_unlock(&client->lock);
        return SG_OK;
    }
    int sock = client->sock;
    uint64_t id = slot->id;
    unsigned epoch = client->epoch;
    struct sg_slice frame = sg_buf_slice(&slot->frame);
    int fd = slot->fd;

    slot->state = TOK_SLOT_SENT;
    atomic_store_explicit(&slot->sending, true, memory_order_relaxed);
    pthread_mutex_unlock(&client->lock);

    /* Outside the lock: waking the process often costs the CPU at once, and
     * nobody should have to wait for that. From here on a reply may come; the
     * slot is somebody else's when sending is false. */
    bool sent = send_frame(sock, frame, fd);
    atomic_store_explicit(&slot->sending, false, memory_order_release);
    if (!sent)
        hand_over(client, slot, id, epoch);
    return SG_OK;
}
