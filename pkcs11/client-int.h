/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_PKCS11_CLIENT_INT_H
#define SG_PKCS11_CLIENT_INT_H

/* Inside of the client; nothing but client*.c includes this.
 *
 * One thread (client-io.c) owns the process, its socket's life and every
 * change of phase. Callers' threads only take a slot, encode into it and send.
 * client->lock guards everything marked (L); the rest belongs to the thread or
 * never changes. No callback runs while the lock is held. */

#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "pkcs11/client.h"

#define TOK_START_TIMEOUT_MS 30000   /* a network HSM's login takes seconds */
#define TOK_REQUEST_TIMEOUT_MS 10000 /* vendor modules hang for minutes */
#define TOK_MAKE_TIMEOUT_MS 180000   /* RSA-4096 made inside a smart card */
#define TOK_MAX_IN_FLIGHT 1024
#define TOK_SLOTS_MAX 65535      /* 16 bits of the request id */
#define TOK_SLOT_KEEP 8192       /* bytes a free slot may hold on to */
#define TOK_OUTAGE_QUEUE_MS 2000 /* how long a request waits for a restart */
#define TOK_BACKOFF_MIN_MS 100   /* the second attempt; the first is at once */
#define TOK_BACKOFF_MAX_MS 5000
#define TOK_BACKOFF_UP_MS 400  /* at most after a process that came up */
#define TOK_STABLE_MS 2000     /* up for so long: the back-off starts anew */
#define TOK_HUNG_GRACE_MS 1000 /* between two looks at an overdue request */
#define TOK_STOP_MS 1000       /* to end by itself, then SIGKILL */
#define TOK_LAST_WORDS_MS 50   /* from its closed socket to its exit status */
#define TOK_REAP_MS 1000       /* after SIGKILL, before going on without */
#define TOK_RETRY_DOWN_S 60    /* a person must act first */
#define TOK_RX_BATCH 16        /* messages taken per system call */
#define TOK_NO_SLOT UINT32_MAX

enum tok_phase {
    TOK_PHASE_HELLO,   /* the process runs and has not said HELLO */
    TOK_PHASE_KEYS,    /* keys are being opened again */
    TOK_PHASE_UP,      /* requests go straight out */
    TOK_PHASE_BACKOFF, /* no process until attempt_ms */
    TOK_PHASE_DOWN     /* no process, no attempt */
};

enum tok_slot_state {
    TOK_SLOT_FREE,
    TOK_SLOT_QUEUED,   /* to be sent by the thread */
    TOK_SLOT_SENT,     /* the process has it, or a caller is sending it */
    TOK_SLOT_ABANDONED /* answered with SG_TIMEOUT; the process still has it */
};

/* A raw reply: exactly one of the two is not NULL. reply is borrowed. */
typedef void (*tok_reply_done)(void *arg, const struct tok_frame *reply,
                               const struct sg_err *failure);

struct tok_done {
    tok_sign_done sign;   /* for SIGN_*, else NULL */
    tok_reply_done reply; /* for the others, else NULL */
    void *arg;
};

/* What a caller asks. Slices are borrowed for the call. */
struct tok_request {
    enum tok_op op;
    struct tok_key *key;       /* SIGN_* and GUARD_* */
    struct sg_slice algorithm; /* SIGN_* */
    struct sg_slice body;      /* TBS, certificate to bind, or the whole payload
                            * behind the key's reference */
    struct sg_slice chain;     /* GUARD_BIND: above the certificate */
    bool has_fd;               /* SIGN_CRL: the TBS is in fd … */
    int fd;                    /* … borrowed for the call */
    struct tok_done done;
};

struct tok_slot {
    uint64_t id; /* counter << 16 | index; 0 when free */
    enum tok_slot_state state;
    enum tok_op op;
    bool retried;   /* it was lost with a process once */
    unsigned epoch; /* of the key reference inside frame */
    unsigned timeout_ms;
    int64_t deadline_ms;
    int64_t sent_ms;
    int64_t look_ms; /* ABANDONED: next look */
    struct tok_key *key;
    struct tok_done done;
    /* A caller is in send() with frame, perhaps longer than the answer takes:
     * frame must not change, whatever the state is. Set with the lock held,
     * cleared without. */
    atomic_bool sending;
    uint32_t next; /* in the free list or the queue */
    struct sg_buf frame;
    int fd; /* owned, goes with the frame; -1: none. As frame, it stays while a
             * caller is in send(). */
};

struct tok_key {
    struct tok_client *client;
    struct tok_key *next;
    struct tok_key_info info;
    struct tok_key_open want; /* slices point into the arrays below */
    uint8_t id[TOK_ID_MAX];
    uint8_t spki[TOK_SPKI_MAX];
    uint32_t ref;          /* (L) in the running process */
    struct sg_err failure; /* (L) rc != SG_OK: not the key it was */
};

struct tok_rx; /* client-io.c */

#define TOK_PROOF_OCTETS 32 /* fresh ones, of a challenge */
/* TOK_PROBE_PREFIX, its NUL and the challenge: what a probe key signs. */
struct tok_proof {
    uint8_t message[sizeof(TOK_PROBE_PREFIX) + TOK_PROOF_OCTETS];
};

struct tok_client {
    struct tok_client_config cfg; /* strings owned */
    bool patient;

    pthread_mutex_t lock;
    pthread_cond_t first_cond; /* first_known became true */
    pthread_t thread;
    int wake_fd; /* eventfd: look at stopping and the queue */

    /* (L) */
    bool stopping;
    bool first_known;    /* the first attempt is over … */
    struct sg_err first; /* … and this is how it went */
    enum tok_phase phase;
    bool was_up;          /* HELLO was seen once */
    struct sg_err reason; /* why it is not up */
    int64_t since;
    int64_t outage_end_ms; /* requests wait for a restart until then */
    int64_t attempt_ms;    /* BACKOFF: the next one */
    unsigned restarts;
    pid_t pid; /* 0 when none runs */
    struct tok_token_info token;
    unsigned epoch; /* counts processes */

    /* (L) table */
    struct tok_slot *slots;
    uint32_t free_head;
    uint32_t queue_head;
    uint32_t queue_tail;
    unsigned in_flight;
    uint64_t counter;
    int64_t next_look_ms;     /* no deadline is earlier than this */
    uint64_t newest_answered; /* counter of the newest signature answered */
    int64_t last_signed_ms;
    struct sg_buf scratch; /* payload under construction */
    struct tok_key *keys;
    struct tok_key *identity; /* one of keys; NULL: none is asked … */
    tok_prove prove;          /* … or who says whether it is */

    /* thread only; sock is read by callers under (L) while UP */
    int sock;
    unsigned attempts; /* since it was last stable */
    int64_t up_ms;
    int64_t batch_ms;       /* when the replies at hand came */
    int64_t phase_end_ms;   /* HELLO, KEYS: the process is killed then */
    bool ended;             /* the process closed its end */
    struct tok_key *reopen; /* KEYS: waiting for this one's reply */
    uint64_t reopen_id;
    bool proving;           /* KEYS: what was asked is a proof */
    struct tok_proof proof; /* that was asked for last */
    struct tok_rx *rx;
};

/* --- client.c -------------------------------------------------------------- */

/* Why nothing can be asked now, as SG_UNAVAILABLE. Lock held. */
enum sg_rc tok_not_up(const struct tok_client *client, struct sg_err *err);
/* dst = src; the same failure told to somebody else. */
enum sg_rc tok_err_copy(struct sg_err *dst, const struct sg_err *src);

/* --- client-spawn.c -------------------------------------------------------- */

/* Absolute, owned by root or us, writable by nobody else. */
enum sg_rc tok_spawn_check(const struct tok_client_config *cfg,
                           struct sg_err *err);
struct tok_process {
    pid_t pid;
    int sock; /* close-on-exec */
};
enum sg_rc tok_spawn(const struct tok_client_config *cfg,
                     struct tok_process *ret, struct sg_err *err);
/* Wait at most wait_ms for pid to end. False: it is still there. text says how
 * it ended. */
bool tok_reap(pid_t pid, unsigned wait_ms, char *text, size_t size);

/* --- client-table.c: all of it with the lock held ---------------------------- */

enum sg_rc tok_table_init(struct tok_client *client, struct sg_err *err);
void tok_table_done(struct tok_client *client);
enum sg_rc tok_slot_take(struct tok_client *client, struct tok_slot **ret_slot,
                         struct sg_err *err);
void tok_slot_free(struct tok_client *client, struct tok_slot *slot);
/* Wait until no caller is in send(). Needs no lock; none must be starting. */
void tok_table_settle(struct tok_client *client);
/* The slot that waits for this reply; NULL when none does. */
struct tok_slot *tok_slot_match(struct tok_client *client,
                                const struct tok_frame *reply);
void tok_queue_push(struct tok_client *client, struct tok_slot *slot);
void tok_queue_push_front(struct tok_client *client, struct tok_slot *slot);
void tok_queue_unlink(struct tok_client *client, const struct tok_slot *slot);
/* Write req into the slot's frame. */
enum sg_rc tok_slot_encode(struct tok_client *client, struct tok_slot *slot,
                           const struct tok_request *req, struct sg_err *err);
/* The key's reference changed with the process: write the frame again. */
enum sg_rc tok_slot_rekey(struct tok_client *client, struct tok_slot *slot,
                          struct sg_err *err);

/* --- client-submit.c ------------------------------------------------------- */

/* The one way in. On SG_OK done is called exactly once. */
enum sg_rc tok_submit(struct tok_client *client, const struct tok_request *req,
                      struct sg_err *err);
void tok_wake(struct tok_client *client);
/* send() of a frame and its descriptor (-1: none), without waiting. */
ssize_t tok_send_frame(int sock, struct sg_slice frame, int fd);

/* --- client-reply.c -------------------------------------------------------- */

/* The payload is what the op says: anything else is a protocol error. */
enum sg_rc tok_reply_check(const struct tok_frame *reply, struct sg_err *err);
/* Call done. No lock held. The reply was checked. */
void tok_done_reply(const struct tok_done *done, const struct tok_frame *reply);
void tok_done_fail(const struct tok_done *done, const struct sg_err *failure);
enum sg_rc tok_reply_token(const struct tok_frame *reply,
                           struct tok_token_info *ret, struct sg_err *err);
enum sg_rc tok_reply_key(const struct tok_frame *reply,
                         struct tok_key_info *ret, struct sg_err *err);
enum sg_rc tok_reply_opened(const struct tok_frame *reply, uint32_t *ret_ref,
                            struct tok_key_info *ret, struct sg_err *err);
/* How many tokens follow; *in is moved to the first. */
enum sg_rc tok_reply_count(struct sg_reader *in, uint32_t *ret,
                           struct sg_err *err);

/* --- client-expire.c: on the thread, no lock held ---------------------------- */

/* Answer what is overdue. *ret_hung is filled when the process must die. */
void tok_expire(struct tok_client *client, struct sg_err *ret_hung);
/* The process is gone: queue again what may be, answer the rest. */
void tok_requeue_lost(struct tok_client *client, const struct sg_err *why);
/* Answer every waiting request. */
void tok_fail_all(struct tok_client *client, const struct sg_err *why);

/* --- client-keys.c: on the thread ------------------------------------------- */

/* Ask for key again, in a new process. */
enum sg_rc tok_reopen_send(struct tok_client *client, struct tok_key *key,
                           struct sg_err *err);
/* The reply to it. A failure here is one of the process, not of the key. */
enum sg_rc tok_reopen_reply(struct tok_client *client,
                            const struct tok_frame *reply, struct sg_err *err);

/* Send a request that is no caller's, about key; its reply comes to
 * tok_run_reopened(). */
enum sg_rc tok_reopen_ask(struct tok_client *client, struct tok_key *key,
                          enum tok_op op, struct sg_slice payload,
                          struct sg_err *err);

/* --- client-identity.c: on the thread ---------------------------------------- */

/* Ask a new process to prove itself; *ret_asked is false when nobody wants it.
 * Fails when the key is not there. */
enum sg_rc tok_proof_send(struct tok_client *client, bool *ret_asked,
                          struct sg_err *err);
enum sg_rc tok_proof_reply(struct tok_client *client,
                           const struct tok_frame *reply, struct sg_err *err);

/* --- client-io.c: on the thread --------------------------------------------- */

enum sg_rc tok_rx_new(struct tok_rx **ret_rx, struct sg_err *err);
void tok_rx_free(struct tok_rx *rx);
/* Read what has come. A failure means that the process is of no more use. */
enum sg_rc tok_io_read(struct tok_client *client, struct sg_err *err);
/* Send what is queued, as far as the socket takes it. */
void tok_io_flush(struct tok_client *client);

/* --- client-run.c ----------------------------------------------------------- */

void *tok_run(void *arg); /* the thread; arg is the client */
/* HELLO was said; a key was opened again (client-io.c calls these). */
enum sg_rc tok_run_hello(struct tok_client *client,
                         const struct tok_frame *hello, struct sg_err *err);
enum sg_rc tok_run_reopened(struct tok_client *client,
                            const struct tok_frame *reply, struct sg_err *err);

#endif
