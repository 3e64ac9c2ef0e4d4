/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/run.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/file.h"
#include "common/secret.h"
#include "pkcs11/program.h"
#include "signer/handle.h"
#include "signer/listen.h"
#include "signer/notify.h"
#include "signer/reload.h"
#include "signer/server.h"

#define TICK_MS 250        /* how late a deadline may be noticed */
#define STOP_TICK_MS 10    /* the same while stopping */
#define STOP_FLUSH_MS 1000 /* for answers that the closed tokens release */
#define FD_SPARE 64        /* descriptors besides the connections */
#define LINT_MS ((int64_t)86400 * 1000) /* rules change by the day */
#define PATH_BUF 2048

struct daemon {
    const struct srv_run_args *args;
    struct srv_config *cfg;
    struct sg_arena arena;
    struct srv_listen listen;
    struct srv_state state;
    struct srv_conns *conns;
    struct srv_server *server;
    int signal_fd;
    int watchdog_ms; /* 0: nobody watches */
    bool stop;
    int64_t lint_ms;         /* when the issuers are looked at again */
    int64_t accept_after_ms; /* after the descriptors ran out */
};

/* --- start ---------------------------------------------------------------- */

static enum sg_rc start_process(struct daemon *d, struct sg_err *err)
{
    sigset_t signals;

    sg_process_harden();
    (void)umask(077);
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        return sg_err_errno(err, SG_BUG, "signal");
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGHUP);
    /* Before any thread, so that all inherit it. */
    if (pthread_sigmask(SIG_BLOCK, &signals, NULL) != 0)
        return sg_err_set(err, SG_BUG, "signals cannot be blocked");
    d->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    if (d->signal_fd < 0)
        return sg_err_errno(err, SG_IO, "signalfd");
    return SG_OK;
}

static enum sg_rc start_limits(const struct srv_config *cfg, struct sg_err *err)
{
    rlim_t want = cfg->limits.connections + SRV_REFUSAL_SLOTS + FD_SPARE;
    struct rlimit files;

    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return sg_err_errno(err, SG_IO, "RLIMIT_NOFILE");
    if (files.rlim_cur >= want)
        return SG_OK;
    if (files.rlim_max < want)
        return sg_err_set(
            err, SG_CONFIG,
            "limits.connections %u needs %llu open files, RLIMIT_NOFILE allows %llu",
            cfg->limits.connections, (unsigned long long)want,
            (unsigned long long)files.rlim_max);
    files.rlim_cur = want;
    if (setrlimit(RLIMIT_NOFILE, &files) != 0)
        return sg_err_errno(err, SG_IO, "RLIMIT_NOFILE");
    return SG_OK;
}

static enum sg_rc start_issuers(struct daemon *d, struct sg_err *err)
{
    char buf[PATH_BUF];
    const char *program = d->cfg->token_program;

    if (program == NULL)
        program = tok_program_find(buf, sizeof(buf));
    SG_TRY(srv_roles_new(d->cfg, &d->state.roles, err));
    SG_TRY(srv_issuers_load(d->cfg, sg_now(), &d->state.issuers, err));
    /* Before the first token: a second daemon must not spend its PIN. */
    SG_TRY(srv_listen_open(&d->cfg->socket, &d->listen, err));
    return srv_issuers_open(d->state.issuers, program, err);
}

static enum sg_rc start_server(struct daemon *d, struct sg_err *err)
{
    SG_TRY(srv_worker_new(0, &d->state.worker, err));
    SG_TRY(srv_conns_new(&d->cfg->limits, &d->conns, err));
    const struct srv_server_args args = {
        .limits = &d->cfg->limits,
        .conns = d->conns,
        .handle = srv_handle,
        .app = &d->state,
    };
    SG_TRY(srv_server_start(&args, &d->server, err));
    return srv_listen_start(&d->listen, err);
}

static enum sg_rc start(struct daemon *d, struct sg_err *err)
{
    SG_TRY(srv_config_load(d->args->config, &d->cfg, err));
    if (!d->args->verbose)
        sg_log_set_level(d->cfg->log_level);
    d->state.cfg = d->cfg;
    SG_TRY(srv_mount_parse(&d->arena, d->cfg->mount, &d->state.mount, err));
    SG_TRY(start_process(d, err));
    SG_TRY(start_limits(d->cfg, err));
    SG_TRY(start_issuers(d, err));
    return start_server(d, err);
}

/* --- serve ---------------------------------------------------------------- */

static void say_ready(const struct daemon *d)
{
    char status[128];
    struct srv_roles *roles = d->state.roles;

    (void)snprintf(status, sizeof(status), "%u issuers, %zu roles",
                   d->cfg->issuers_count, srv_roles_count(roles));
    srv_notify_ready(status);
}

static void reload(struct daemon *d)
{
    struct sg_err failed = { 0 };
    const char *restart = NULL;
    char why[SG_LOG_VALUE_MAX];

    srv_notify_reloading();
    if (srv_reload(d->args->config, &d->state, &restart, &failed) != SG_OK)
        sg_log(SG_LOG_ERR, "reload_failed", "kept=old rc=%s err=%s",
               sg_rc_name(failed.rc),
               sg_log_quote(failed.msg, why, sizeof(why)));
    else
        sg_log(SG_LOG_NOTICE, "reloaded", "roles=%zu",
               srv_roles_count(d->state.roles));
    if (restart != NULL)
        sg_log(SG_LOG_WARN, "reload_partial",
               "changed=%s text=\"only a restart changes this setting\"",
               restart);
    say_ready(d);
}

static void take_signals(struct daemon *d)
{
    struct signalfd_siginfo info;

    while (read(d->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        if (info.ssi_signo == SIGHUP) {
            reload(d);
            continue;
        }
        sg_log(SG_LOG_NOTICE, "stopping", "signal=%s from_pid=%u",
               info.ssi_signo == SIGTERM ? "TERM" : "INT", info.ssi_pid);
        d->stop = true;
    }
}

static void take_connections(struct daemon *d)
{
    struct sg_err failed = { 0 };
    char why[SG_LOG_VALUE_MAX];

    if (srv_server_accept(d->server, d->listen.fd, &failed) == SG_OK)
        return;
    sg_log(SG_LOG_WARN, "accept_failed", "err=%s",
           sg_log_quote(failed.msg, why, sizeof(why)));
    d->accept_after_ms = sg_mono_ms() + TICK_MS;
}

static int next_wake_ms(const struct daemon *d, unsigned open)
{
    int64_t ms = d->lint_ms - sg_mono_ms();

    if (d->watchdog_ms > 0 && ms > d->watchdog_ms)
        ms = d->watchdog_ms;
    if ((open > 0 || d->accept_after_ms > 0) && ms > TICK_MS)
        ms = TICK_MS;
    return ms > 0 ? (int)ms : 0;
}

static enum sg_rc serve(struct daemon *d, struct sg_err *err)
{
    unsigned open = 0;

    d->lint_ms = sg_mono_ms() + LINT_MS; /* the start has just done it */
    while (!d->stop) {
        struct pollfd fds[] = {
            { .fd = d->signal_fd, .events = POLLIN },
            { .fd = d->accept_after_ms > 0 ? -1 : d->listen.fd,
              .events = POLLIN },
        };
        if (poll(fds, SG_ARRAY_LEN(fds), next_wake_ms(d, open)) < 0
            && errno != EINTR)
            return sg_err_errno(err, SG_BUG, "poll");
        int64_t now_ms = sg_mono_ms();
        if (now_ms >= d->accept_after_ms)
            d->accept_after_ms = 0;
        if (fds[1].revents != 0)
            take_connections(d);
        if (fds[0].revents != 0)
            take_signals(d);
        open = srv_conns_sweep(d->conns, now_ms);
        if (now_ms >= d->lint_ms) {
            srv_issuers_relint(d->state.issuers, sg_now());
            d->lint_ms = now_ms + LINT_MS;
        }
        if (d->watchdog_ms > 0)
            srv_notify_alive();
    }
    return SG_OK;
}

/* --- stop ----------------------------------------------------------------- */

static void drain(struct daemon *d, int64_t timeout_ms)
{
    int64_t until = sg_mono_ms() + timeout_ms;

    for (;;) {
        int64_t now_ms = sg_mono_ms();
        (void)srv_conns_sweep(d->conns, now_ms);
        if (srv_conns_busy(d->conns) == 0 || now_ms >= until)
            return;
        if (d->watchdog_ms > 0)
            srv_notify_alive();
        sg_sleep_ms(STOP_TICK_MS);
    }
}

static void stop(struct daemon *d)
{
    srv_notify_stopping();
    /* Who connected before the end is served; a socket of systemd's keeps
     * those who come later for the next signetd. */
    if (d->listen.ours)
        take_connections(d);
    srv_listen_close(&d->listen);
    srv_conns_stop(d->conns);
    drain(d, d->cfg->limits.stop_timeout_ms);
    unsigned left = srv_conns_busy(d->conns);
    /* Whoever still waits for a token or a key gets an answer from this. */
    srv_issuers_close(d->state.issuers);
    srv_worker_cancel(d->state.worker);
    drain(d, STOP_FLUSH_MS);
    sg_log(SG_LOG_NOTICE, "stopped", "unfinished=%u", left);
}

static void daemon_done(struct daemon *d)
{
    if (d->state.issuers != NULL)
        srv_issuers_close(d->state.issuers);
    srv_worker_free(d->state.worker);
    srv_server_free(d->server);
    srv_conns_free(d->conns);
    srv_listen_close(&d->listen);
    srv_issuers_free(d->state.issuers);
    srv_roles_unref(d->state.roles);
    srv_config_free(d->cfg);
    sg_arena_done(&d->arena);
    (void)pthread_mutex_destroy(&d->state.roles_lock);
    if (d->signal_fd >= 0)
        (void)close(d->signal_fd);
}

static enum sg_rc daemon_run(struct daemon *d, struct sg_err *err)
{
    SG_TRY(start(d, err));
    d->watchdog_ms = srv_notify_watchdog_ms();
    say_ready(d);
    sg_log(SG_LOG_NOTICE, "ready", "socket=%s issuers=%u roles=%zu",
           d->listen.path != NULL ? d->listen.path : "systemd",
           d->cfg->issuers_count, srv_roles_count(d->state.roles));
    SG_TRY(serve(d, err));
    stop(d);
    return SG_OK;
}

enum sg_rc srv_run(const struct srv_run_args *args, struct sg_err *err)
{
    struct daemon d = {
        .args = args,
        .listen = { .fd = -1, .lock_fd = -1 },
        .signal_fd = -1,
        .state.roles_lock = PTHREAD_MUTEX_INITIALIZER,
    };

    sg_arena_init(&d.arena, PATH_BUF);
    enum sg_rc rc = daemon_run(&d, err);
    daemon_done(&d);
    return rc;
}

enum sg_rc srv_check_config(const char *path, struct sg_err *err)
{
    SG_CLEANUP(srv_config_free) struct srv_config *cfg = NULL;
    SG_CLEANUP(srv_issuers_free) struct srv_issuers *issuers = NULL;

    SG_TRY(srv_config_load(path, &cfg, err));
    return srv_issuers_load(cfg, sg_now(), &issuers, err);
}
