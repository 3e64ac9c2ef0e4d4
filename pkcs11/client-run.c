/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/client-int.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"

#define END_TEXT_MAX 64

static void log_event(const struct tok_client *client, enum sg_log_level level,
                      const char *event, const char *reason)
{
    char text[SG_LOG_VALUE_MAX];

    sg_log(level, event, "name=%s pid=%d reason=%s", client->cfg.name,
           (int)client->pid, sg_log_quote(reason, text, sizeof(text)));
}

/* How the first attempt went is told to the caller of start, who decides what
 * to say; later there is nobody else to say it. */
static enum sg_log_level level_of(const struct tok_client *client,
                                  enum sg_log_level level)
{
    return client->was_up || client->patient ? level : SG_LOG_DEBUG;
}

/* The first attempt is over: whoever called start goes on. Locked. */
static void tell_first(struct tok_client *client, const struct sg_err *how)
{
    if (client->first_known)
        return;
    client->first_known = true;
    client->first = *how;
    pthread_cond_broadcast(&client->first_cond);
}

/* --- up --------------------------------------------------------------------- */

static void go_up(struct tok_client *client)
{
    static const struct sg_err fine = { 0 };

    enum sg_log_level level = level_of(client, SG_LOG_NOTICE);

    client->reopen = NULL;
    client->reopen_id = 0;
    client->proving = false;
    client->up_ms = sg_mono_ms();
    pthread_mutex_lock(&client->lock);
    client->phase = TOK_PHASE_UP;
    client->was_up = true;
    client->since = sg_now();
    client->last_signed_ms = 0;
    client->newest_answered = 0;
    sg_err_clear(&client->reason);
    tell_first(client, &fine);
    pthread_mutex_unlock(&client->lock);
    log_event(client, level, "token_up", "");
}

static enum sg_rc reopen_from(struct tok_client *client, struct tok_key *key,
                              struct sg_err *err)
{
    bool asked = false;

    if (key != NULL)
        return tok_reopen_send(client, key, err);
    SG_TRY(tok_proof_send(client, &asked, err));
    if (!asked)
        go_up(client);
    return SG_OK;
}

/* Two tokens may bear one label. */
static enum sg_rc check_serial(const struct tok_client *client,
                               const struct tok_token_info *token,
                               struct sg_err *err)
{
    const char *serial = client->cfg.serial;

    if (serial != NULL && strcmp(token->serial, serial) != 0)
        return sg_err_set(err, SG_CONFIG,
                          "its serial number is \"%s\", not \"%s\": another "
                          "token under the same name",
                          token->serial, serial);
    return SG_OK;
}

enum sg_rc tok_run_hello(struct tok_client *client,
                         const struct tok_frame *hello, struct sg_err *err)
{
    struct tok_token_info token;
    struct tok_key *keys;

    if (hello->rc != SG_OK)
        return tok_frame_failure(hello, err);
    SG_TRY(tok_reply_token(hello, &token, err));
    SG_TRY(check_serial(client, &token, err));
    client->phase_end_ms = sg_mono_ms() + client->cfg.request_timeout_ms;
    pthread_mutex_lock(&client->lock);
    client->token = token;
    client->phase = TOK_PHASE_KEYS;
    keys = client->keys;
    pthread_mutex_unlock(&client->lock);
    return reopen_from(client, keys, err);
}

enum sg_rc tok_run_reopened(struct tok_client *client,
                            const struct tok_frame *reply, struct sg_err *err)
{
    if (client->proving) {
        SG_TRY(tok_proof_reply(client, reply, err));
        go_up(client);
        return SG_OK;
    }
    SG_TRY(tok_reopen_reply(client, reply, err));
    client->phase_end_ms = sg_mono_ms() + client->cfg.request_timeout_ms;
    return reopen_from(client, client->reopen->next, err);
}

/* --- and down ----------------------------------------------------------------- */

static unsigned backoff_ms(unsigned attempts, unsigned max_ms)
{
    unsigned ms = TOK_BACKOFF_MIN_MS;

    if (attempts == 0)
        return 0;
    for (unsigned i = 1; i < attempts && ms < max_ms; i++)
        ms *= 2;
    return ms < max_ms ? ms : max_ms;
}

/* Change phase and say why. After this no caller sends any more. */
static void leave_up(struct tok_client *client, const struct sg_err *why,
                     bool forever)
{
    int64_t now = sg_mono_ms();

    pthread_mutex_lock(&client->lock);
    bool was_up = client->phase == TOK_PHASE_UP;
    if (was_up && now - client->up_ms >= TOK_STABLE_MS)
        client->attempts = 0;
    client->phase = forever ? TOK_PHASE_DOWN : TOK_PHASE_BACKOFF;
    client->attempt_ms =
        now
        + backoff_ms(client->attempts++,
                     was_up ? TOK_BACKOFF_UP_MS : TOK_BACKOFF_MAX_MS);
    client->reason = *why;
    client->since = sg_now();
    if (was_up) {
        client->restarts++;
        client->outage_end_ms = now + TOK_OUTAGE_QUEUE_MS;
    }
    pthread_mutex_unlock(&client->lock);
    tok_table_settle(client);
}

static void close_sock(struct tok_client *client)
{
    if (client->sock >= 0)
        close(client->sock);
    client->sock = -1;
    client->reopen = NULL;
    client->reopen_id = 0;
    client->proving = false;
}

static void forget_pid(struct tok_client *client)
{
    pthread_mutex_lock(&client->lock);
    client->pid = 0;
    pthread_mutex_unlock(&client->lock);
}

/* Let the process end by itself. False: it is still there. */
static bool let_end(struct tok_client *client, unsigned wait_ms,
                    char text[END_TEXT_MAX])
{
    if (client->pid == 0)
        return true;
    if (!tok_reap(client->pid, wait_ms, text, END_TEXT_MAX))
        return false;
    forget_pid(client);
    return true;
}

/* False: it does not even die of SIGKILL (it sleeps in a driver). pid stays,
 * and no second process is started beside it: it may hold the token. */
static bool end_process(struct tok_client *client)
{
    char text[END_TEXT_MAX];

    if (client->pid == 0)
        return true;
    kill(client->pid, SIGKILL);
    return let_end(client, TOK_REAP_MS, text);
}

/* "the process ended: killed by signal 9" */
static void add_end(struct sg_err *why, const char *text)
{
    struct sg_err told = { 0 };

    (void)sg_err_set(&told, why->rc, "%s: %s", why->msg, text);
    *why = told;
}

static void tell_lost(struct tok_client *client, const struct sg_err *why,
                      bool forever)
{
    if (forever)
        log_event(client, level_of(client, SG_LOG_ERR), "token_down", why->msg);
    else
        log_event(client, level_of(client, SG_LOG_WARN), "token_lost",
                  why->msg);
    pthread_mutex_lock(&client->lock);
    client->reason = *why;
    tell_first(client, why);
    pthread_mutex_unlock(&client->lock);
}

/* Part with the process, which has grace_ms to end by itself. */
static void lose(struct tok_client *client, const struct sg_err *why,
                 unsigned grace_ms)
{
    char text[END_TEXT_MAX] = "";
    struct sg_err told = *why;
    bool forever = why->rc == SG_PIN;

    leave_up(client, why, forever);
    /* It must not work on what is asked again of its successor. */
    if (grace_ms == 0 && client->pid != 0)
        kill(client->pid, SIGKILL);
    close_sock(client);
    if (forever)
        tok_fail_all(client, why);
    else
        tok_requeue_lost(client, why);
    if (grace_ms > 0 && let_end(client, grace_ms, text) && client->ended)
        add_end(&told, text);
    client->ended = false;
    if (!end_process(client))
        add_end(&told, "does not die");
    tell_lost(client, &told, forever);
}

/* Reading failed. What refuses to start says so and ends in good order. */
static void lose_connection(struct tok_client *client, const struct sg_err *why)
{
    if (client->ended)
        lose(client, why, TOK_LAST_WORDS_MS);
    else if (client->phase == TOK_PHASE_HELLO)
        lose(client, why, TOK_STOP_MS);
    else
        lose(client, why, 0);
}

/* --- the loop ------------------------------------------------------------------ */

static enum sg_rc start_process(struct tok_client *client, struct sg_err *err)
{
    char text[END_TEXT_MAX];
    struct tok_process process;

    if (client->pid != 0) {
        if (!tok_reap(client->pid, 0, text, sizeof(text)))
            return sg_err_set(err, SG_UNAVAILABLE, "%s", text);
        forget_pid(client);
    }
    SG_TRY(tok_spawn(&client->cfg, &process, err));
    client->sock = process.sock;
    client->phase_end_ms = sg_mono_ms() + client->cfg.start_timeout_ms;
    pthread_mutex_lock(&client->lock);
    client->pid = process.pid;
    client->phase = TOK_PHASE_HELLO;
    client->epoch++;
    pthread_mutex_unlock(&client->lock);
    return SG_OK;
}

static void attempt(struct tok_client *client)
{
    struct sg_err err = { 0 };

    if (start_process(client, &err) != SG_OK)
        lose(client, &err, 0);
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* No request that comes in while the thread sleeps has its deadline before the
 * sleep is over, so nobody has to wake it for that. */
static int64_t next_event_ms(const struct tok_client *client, int64_t now)
{
    int64_t at = now + client->cfg.request_timeout_ms;

    at = earlier(at, client->next_look_ms);
    if (client->phase == TOK_PHASE_HELLO || client->phase == TOK_PHASE_KEYS)
        at = earlier(at, client->phase_end_ms);
    if (client->phase == TOK_PHASE_BACKOFF)
        at = earlier(at, client->attempt_ms);
    /* Requests may be queued until then, and they are answered then. */
    if (client->phase != TOK_PHASE_UP && client->outage_end_ms > now)
        at = earlier(at, client->outage_end_ms);
    return at;
}

struct events {
    bool stop;
    bool readable;
    bool writable;
};

static struct events wait_events(struct tok_client *client)
{
    struct pollfd fds[2] = { { .fd = client->wake_fd, .events = POLLIN },
                             { .fd = client->sock, .events = POLLIN } };
    struct events ev = { 0 };
    int64_t now = sg_mono_ms();
    uint64_t count;

    pthread_mutex_lock(&client->lock);
    int64_t wait = next_event_ms(client, now) - now;
    if (client->phase == TOK_PHASE_UP && client->queue_head != TOK_NO_SLOT)
        fds[1].events |= POLLOUT;
    ev.stop = client->stopping;
    pthread_mutex_unlock(&client->lock);
    if (ev.stop)
        return ev;
    /* poll() passes over a negative descriptor: no process, no events. */
    if (poll(fds, 2, wait > 0 ? (int)wait : 0) <= 0)
        return ev;
    if (fds[0].revents != 0 && read(client->wake_fd, &count, sizeof(count)) < 0
        && errno != EAGAIN)
        ev.stop = true;
    ev.readable = (fds[1].revents & ~POLLOUT) != 0;
    ev.writable = (fds[1].revents & POLLOUT) != 0;
    return ev;
}

/* The process has had its time to say HELLO or to open a key. */
static void check_phase_end(struct tok_client *client)
{
    struct sg_err err = { 0 };

    if ((client->phase != TOK_PHASE_HELLO && client->phase != TOK_PHASE_KEYS)
        || sg_mono_ms() < client->phase_end_ms)
        return;
    if (client->phase == TOK_PHASE_HELLO)
        (void)sg_err_set(&err, SG_TIMEOUT, "start: no answer within %u ms",
                         client->cfg.start_timeout_ms);
    else
        (void)sg_err_set(&err, SG_TIMEOUT, "key %s: no answer within %u ms",
                         client->reopen->want.label,
                         client->cfg.request_timeout_ms);
    lose(client, &err, 0);
}

/* A first attempt that failed is the last one unless the client is patient. */
static bool is_given_up(const struct tok_client *client)
{
    return !client->patient && !client->was_up && client->first_known;
}

static void step(struct tok_client *client, const struct events *ev)
{
    struct sg_err err = { 0 };

    if (ev->readable && tok_io_read(client, &err) != SG_OK) {
        lose_connection(client, &err);
        return;
    }
    if (client->phase == TOK_PHASE_UP)
        tok_io_flush(client);
    tok_expire(client, &err);
    if (err.rc != SG_OK)
        lose(client, &err, 0);
    check_phase_end(client);
    if (client->phase == TOK_PHASE_BACKOFF && !is_given_up(client)
        && sg_mono_ms() >= client->attempt_ms)
        attempt(client);
}

static void shut_down(struct tok_client *client)
{
    char text[END_TEXT_MAX];
    struct sg_err why = { 0 };

    (void)sg_err_set(&why, SG_UNAVAILABLE, "token %s: is being closed",
                     client->cfg.name);
    leave_up(client, &why, true);
    tok_fail_all(client, &why);
    close_sock(client);
    if (!let_end(client, TOK_STOP_MS, text) && !end_process(client))
        log_event(client, SG_LOG_WARN, "token_stuck", text);
}

void *tok_run(void *arg)
{
    struct tok_client *client = arg;

    for (;;) {
        struct events ev = wait_events(client);

        if (ev.stop || is_given_up(client))
            break;
        step(client, &ev);
    }
    shut_down(client);
    return NULL;
}
