/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/client.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/clock.h"
#include "pkcs11/client-int.h"

#define MS_PER_S 1000

const char *tok_state_name(enum tok_state state)
{
    switch (state) {
    case TOK_STATE_STARTING:
        return "starting";
    case TOK_STATE_UP:
        return "up";
    case TOK_STATE_RESTARTING:
        return "restarting";
    case TOK_STATE_DOWN:
        return "down";
    }
    return "?";
}

enum sg_rc tok_err_copy(struct sg_err *dst, const struct sg_err *src)
{
    return sg_err_fill(dst, src->rc, src->src, src->native, src->where, "%s",
                       src->msg);
}

static enum tok_state state_of(const struct tok_client *client)
{
    switch (client->phase) {
    case TOK_PHASE_UP:
        return TOK_STATE_UP;
    case TOK_PHASE_DOWN:
        return TOK_STATE_DOWN;
    case TOK_PHASE_HELLO:
    case TOK_PHASE_KEYS:
    case TOK_PHASE_BACKOFF:
        break;
    }
    return client->attempts > 0 ? TOK_STATE_RESTARTING : TOK_STATE_STARTING;
}

enum sg_rc tok_not_up(const struct tok_client *client, struct sg_err *err)
{
    return sg_err_set(err, SG_UNAVAILABLE, "token %s is %s%s%s",
                      client->cfg.name, tok_state_name(state_of(client)),
                      client->reason.rc != SG_OK ? ": " : "",
                      client->reason.msg);
}

/* --- configuration --------------------------------------------------------- */

static enum sg_rc copy_text(const char *text, const char **ret,
                            struct sg_err *err)
{
    if (text == NULL)
        return SG_OK;
    *ret = strdup(text);
    return *ret != NULL ? SG_OK : sg_err_set(err, SG_NOMEM, "token");
}

static unsigned or_default(unsigned value, unsigned def)
{
    return value > 0 ? value : def;
}

static enum sg_rc copy_config(const struct tok_client_config *from,
                              struct tok_client_config *to, struct sg_err *err)
{
    SG_TRY(copy_text(from->name, &to->name, err));
    SG_TRY(copy_text(from->program, &to->program, err));
    SG_TRY(copy_text(from->module, &to->module, err));
    SG_TRY(copy_text(from->init_args, &to->init_args, err));
    SG_TRY(copy_text(from->uri, &to->uri, err));
    SG_TRY(copy_text(from->pin_source, &to->pin_source, err));
    SG_TRY(copy_text(from->so_pin_source, &to->so_pin_source, err));
    SG_TRY(copy_text(from->guard_dir, &to->guard_dir, err));
    SG_TRY(copy_text(from->serial, &to->serial, err));
    to->sessions = from->sessions;
    to->start_timeout_ms =
        or_default(from->start_timeout_ms, TOK_START_TIMEOUT_MS);
    to->request_timeout_ms =
        or_default(from->request_timeout_ms, TOK_REQUEST_TIMEOUT_MS);
    to->max_in_flight = or_default(from->max_in_flight, TOK_MAX_IN_FLIGHT);
    if (to->max_in_flight > TOK_SLOTS_MAX)
        return sg_err_set(err, SG_CONFIG,
                          "token %s: %u requests in flight, at most %d",
                          to->name, to->max_in_flight, TOK_SLOTS_MAX);
    return SG_OK;
}

static void free_text(const char *text)
{
    /* Ours since copy_config(); const for everybody else. */
    union {
        const char *borrowed;
        char *owned;
    } u = { .borrowed = text };

    free(u.owned);
}

static void free_config(struct tok_client_config *cfg)
{
    free_text(cfg->name);
    free_text(cfg->program);
    free_text(cfg->module);
    free_text(cfg->init_args);
    free_text(cfg->uri);
    free_text(cfg->pin_source);
    free_text(cfg->so_pin_source);
    free_text(cfg->guard_dir);
    free_text(cfg->serial);
}

/* --- life ------------------------------------------------------------------- */

/* What tok_client_free() does once there is no thread. */
static void client_destroy(struct tok_client *client)
{
    struct tok_key *key;

    while ((key = client->keys) != NULL) {
        client->keys = key->next;
        free(key);
    }
    tok_table_done(client);
    tok_rx_free(client->rx);
    if (client->wake_fd >= 0)
        close(client->wake_fd);
    pthread_cond_destroy(&client->first_cond);
    pthread_mutex_destroy(&client->lock);
    free_config(&client->cfg);
    free(client);
}
SG_DEFINE_CLEANUP(struct tok_client, client_destroy);

static enum sg_rc client_new(const struct tok_client_config *cfg,
                             struct tok_client **ret_client, struct sg_err *err)
{
    SG_CLEANUP(client_destroy)
    struct tok_client *client = calloc(1, sizeof(*client));

    if (client == NULL)
        return sg_err_set(err, SG_NOMEM, "token %s", cfg->name);
    pthread_mutex_init(&client->lock, NULL);
    pthread_cond_init(&client->first_cond, NULL);
    client->wake_fd = -1;
    client->sock = -1;
    client->phase = TOK_PHASE_BACKOFF;
    client->since = sg_now();
    SG_TRY(copy_config(cfg, &client->cfg, err));
    SG_TRY(tok_spawn_check(&client->cfg, err));
    SG_TRY(tok_table_init(client, err));
    SG_TRY(tok_rx_new(&client->rx, err));
    client->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (client->wake_fd < 0)
        return sg_err_errno(err, SG_UNAVAILABLE, "eventfd");
    *ret_client = SG_TAKE(client);
    return SG_OK;
}

/* Signals belong to the program's own threads. */
static int start_thread(struct tok_client *client)
{
    sigset_t all;
    sigset_t before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int e = pthread_create(&client->thread, NULL, tok_run, client);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return e;
}

static enum sg_rc start(const struct tok_client_config *cfg, bool patient,
                        struct tok_client **ret_client, struct sg_err *err)
{
    struct tok_client *client = NULL;

    SG_TRY(client_new(cfg, &client, err));
    client->patient = patient;
    int e = start_thread(client);
    if (e != 0) {
        client_destroy(client);
        errno = e;
        return sg_err_errno(err, SG_UNAVAILABLE, "token %s: thread", cfg->name);
    }
    pthread_mutex_lock(&client->lock);
    while (!client->first_known)
        pthread_cond_wait(&client->first_cond, &client->lock);
    bool failed = client->first.rc != SG_OK;
    if (failed && !patient)
        (void)tok_err_copy(err, &client->first);
    pthread_mutex_unlock(&client->lock);
    if (failed && !patient) {
        tok_client_free(client);
        return sg_err_wrap(err, "token %s", cfg->name);
    }
    *ret_client = client;
    return SG_OK;
}

enum sg_rc tok_client_start(const struct tok_client_config *cfg,
                            struct tok_client **ret_client, struct sg_err *err)
{
    return start(cfg, false, ret_client, err);
}

enum sg_rc tok_client_start_patient(const struct tok_client_config *cfg,
                                    struct tok_client **ret_client,
                                    struct sg_err *err)
{
    return start(cfg, true, ret_client, err);
}

void tok_client_free(struct tok_client *client)
{
    if (client == NULL)
        return;
    pthread_mutex_lock(&client->lock);
    client->stopping = true;
    pthread_mutex_unlock(&client->lock);
    tok_wake(client);
    pthread_join(client->thread, NULL);
    client_destroy(client);
}

/* --- what it looks like from outside ------------------------------------------ */

static unsigned retry_after(const struct tok_client *client)
{
    int64_t left = client->attempt_ms - sg_mono_ms();

    if (client->phase == TOK_PHASE_UP)
        return 0;
    if (client->phase == TOK_PHASE_DOWN)
        return TOK_RETRY_DOWN_S;
    if (client->phase != TOK_PHASE_BACKOFF || left <= 0)
        return 1;
    return (unsigned)((left + MS_PER_S - 1) / MS_PER_S);
}

void tok_client_health(struct tok_client *client, struct tok_health *ret)
{
    pthread_mutex_lock(&client->lock);
    ret->state = state_of(client);
    memcpy(ret->reason, client->reason.msg, sizeof(ret->reason));
    ret->since = client->since;
    ret->restarts = client->restarts;
    ret->in_flight = client->in_flight;
    ret->pid = (int)client->pid;
    ret->retry_after_s = retry_after(client);
    pthread_mutex_unlock(&client->lock);
}

void tok_client_token(struct tok_client *client, struct tok_token_info *ret)
{
    pthread_mutex_lock(&client->lock);
    *ret = client->token;
    pthread_mutex_unlock(&client->lock);
}
