/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/helper/session.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/secret.h"
#include "pkcs11/helper/ckr.h"
#include "pkcs11/helper/uri.h"

#define SESSIONS_DEFAULT_MAX 16
#define RESTART_PAUSE_MS 30000 /* a module that needs it more often is ill */

/* --- logging in ---------------------------------------------------------------- */

static enum sg_rc check_pin_state(const CK_TOKEN_INFO *ck, struct sg_err *err)
{
    if ((ck->flags & CKF_USER_PIN_LOCKED) != 0)
        return sg_err_native(err, SG_PIN, SG_SRC_CKR, CKR_PIN_LOCKED,
                             "the token's user PIN is locked: the SO must "
                             "unlock it");
    if ((ck->flags & CKF_USER_PIN_FINAL_TRY) != 0)
        return sg_err_set(err, SG_PIN,
                          "the next wrong PIN would lock the token, so none "
                          "is tried: log in once by hand (pkcs11-tool "
                          "--login) and start again");
    if ((ck->flags & CKF_USER_PIN_INITIALIZED) == 0)
        return sg_err_native(err, SG_PIN, SG_SRC_CKR,
                             CKR_USER_PIN_NOT_INITIALIZED,
                             "the token has no user PIN yet: signet token "
                             "init");
    return SG_OK;
}

/* A token with a PIN pad gets a PIN from us only when a source was named. */
static bool asks_itself(const struct tok_login_config *cfg,
                        const CK_TOKEN_INFO *ck)
{
    return (ck->flags & CKF_PROTECTED_AUTHENTICATION_PATH) != 0
           && (cfg->pin_source == NULL
               || strcmp(cfg->pin_source, "prompt") == 0);
}

/* The PIN is tried once and gone right after. */
static enum sg_rc login_as(struct tok_login *l, CK_SESSION_HANDLE ses,
                           CK_USER_TYPE who, struct sg_err *err)
{
    SG_CLEANUP(sg_secret_free) struct sg_secret *pin = NULL;
    unsigned char *p = NULL;
    size_t len = 0;

    if (l->pin_pad) {
        sg_log(SG_LOG_NOTICE, "pin_pad", "text=\"enter the PIN at the token\"");
    } else {
        SG_TRY(sg_secret_from(l->cfg.pin_source, "user PIN", &pin, err));
        if (pin->len == 0)
            return sg_err_set(err, SG_PIN, "the user PIN is empty");
        p = pin->buf;
        len = pin->len;
    }
    CK_RV rv = tok_c(l->module, Login, ses, who, p, len);
    if (rv != CKR_OK && rv != CKR_USER_ALREADY_LOGGED_IN)
        return tok_err_ckr(err, rv, "C_Login");
    return SG_OK;
}

static enum sg_rc login_user(struct tok_login *l, CK_SESSION_HANDLE ses,
                             const CK_TOKEN_INFO *ck, struct sg_err *err)
{
    if ((ck->flags & CKF_LOGIN_REQUIRED) == 0)
        return SG_OK;
    SG_TRY(check_pin_state(ck, err));
    l->pin_pad = asks_itself(&l->cfg, ck);
    if (!l->pin_pad && l->cfg.pin_source == NULL)
        return sg_err_set(err, SG_CONFIG,
                          "the token wants a PIN: --pin-source is missing");
    return login_as(l, ses, CKU_USER, err);
}

enum sg_rc tok_login_for_key(struct tok_login *login, CK_SESSION_HANDLE session,
                             struct sg_err *err)
{
    if (!login->pin_pad && !login->cfg.pin_again)
        return sg_err_set(err, SG_CONFIG,
                          "the key wants the PIN for every signature: a "
                          "--pin-source is needed that can be read again "
                          "(file:, credential:, command:)");
    return login_as(login, session, CKU_CONTEXT_SPECIFIC, err);
}

static enum sg_rc open_anchor(struct tok_login *l, CK_SESSION_HANDLE *ret,
                              struct sg_err *err)
{
    CK_SESSION_HANDLE h = CK_INVALID_HANDLE;
    CK_FLAGS flags = CKF_SERIAL_SESSION | CKF_RW_SESSION;
    CK_RV rv = tok_c(l->module, OpenSession, l->slot, flags, NULL, NULL, &h);

    if (rv == CKR_TOKEN_WRITE_PROTECTED) /* signs, but makes no keys */
        rv = tok_c(l->module, OpenSession, l->slot, CKF_SERIAL_SESSION, NULL,
                   NULL, &h);
    if (rv != CKR_OK)
        return tok_err_ckr(err, rv, "C_OpenSession");
    *ret = h;
    return SG_OK;
}

/* Find the token (it may sit in another slot now), open the session that keeps
 * the login, log in. Under the exclusive lock, or before there are threads. */
static enum sg_rc connect_token(struct tok_login *l, CK_TOKEN_INFO *ret_ck,
                                struct sg_err *err)
{
    CK_TOKEN_INFO ck;
    struct tok_token_info info;
    CK_SESSION_HANDLE anchor = CK_INVALID_HANDLE;

    SG_TRY(tok_uri_slot(l->module, l->cfg.uri, &l->slot, err));
    SG_TRY(tok_token_describe(l->module, l->slot, &info, &ck, err));
    SG_TRY(open_anchor(l, &anchor, err));
    if (login_user(l, anchor, &ck, err) != SG_OK) {
        (void)tok_c(l->module, CloseSession, anchor);
        return err->rc;
    }
    l->anchor = anchor;
    l->generation++;
    l->login_required = (ck.flags & CKF_LOGIN_REQUIRED) != 0;
    if (l->generation == 1)
        l->info = info;
    *ret_ck = ck;
    return SG_OK;
}

/* As configured; else as many as the token has beside the one that keeps the
 * login. Most modules do not tell: then two threads for each processor, which
 * fills a software token and leaves a network HSM some requests in flight
 * while others travel. */
static unsigned pool_size(const struct tok_login_config *cfg,
                          const CK_TOKEN_INFO *ck)
{
    CK_ULONG most = TOK_SESSIONS_MAX;
    CK_ULONG want = cfg->sessions;

    bool told = ck->ulMaxSessionCount != CK_UNAVAILABLE_INFORMATION
                && ck->ulMaxSessionCount != CK_EFFECTIVELY_INFINITE;
    if (told && ck->ulMaxSessionCount - 1 < most)
        most = ck->ulMaxSessionCount - 1;
    if (want == 0) {
        long cpus = sysconf(_SC_NPROCESSORS_ONLN);
        want = told ? most : 2 * (CK_ULONG)(cpus > 0 ? cpus : 1);
        if (want > SESSIONS_DEFAULT_MAX)
            want = SESSIONS_DEFAULT_MAX;
    }
    return (unsigned)(want < most ? want : most);
}

/* The ladder must not wait behind an endless row of signatures. */
static void login_lock_init(struct tok_login *l)
{
    pthread_rwlockattr_t attr;

    (void)pthread_rwlockattr_init(&attr);
    (void)pthread_rwlockattr_setkind_np(
        &attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    (void)pthread_rwlock_init(&l->lock, &attr);
    (void)pthread_rwlockattr_destroy(&attr);
    (void)pthread_mutex_init(&l->anchor_use, NULL);
}

enum sg_rc tok_login_open(struct tok_module *module,
                          const struct tok_login_config *cfg,
                          struct tok_login **ret_login, struct sg_err *err)
{
    CK_TOKEN_INFO ck;

    SG_TRY(tok_uri_check(cfg->uri, err));
    SG_CLEANUP(tok_login_close)
    struct tok_login *l = calloc(1, sizeof(*l));
    if (l == NULL)
        return sg_err_set(err, SG_NOMEM, "login");
    l->module = module;
    l->cfg = *cfg;
    login_lock_init(l);
    if (connect_token(l, &ck, err) != SG_OK)
        return sg_err_wrap(err, "token");
    l->n_sessions = pool_size(cfg, &ck);
    if (l->n_sessions == 0)
        tok_login_share(l);
    l->info.sessions = l->n_sessions;
    *ret_login = SG_TAKE(l);
    return SG_OK;
}

void tok_login_share(struct tok_login *login)
{
    login->one_session = true;
    login->n_sessions = 1;
}

void tok_login_close(struct tok_login *login)
{
    if (login == NULL)
        return;
    if (login->anchor != CK_INVALID_HANDLE)
        (void)tok_c(login->module, CloseSession, login->anchor);
    (void)pthread_mutex_destroy(&login->anchor_use);
    (void)pthread_rwlock_destroy(&login->lock);
    free(login);
}

enum sg_rc tok_login_dead(const struct tok_login *login)
{
    return (enum sg_rc)atomic_load(&login->dead);
}

/* --- sessions ------------------------------------------------------------------ */

void tok_session_init(struct tok_session *ses, struct tok_login *login)
{
    *ses = (struct tok_session){ .login = login, .handle = CK_INVALID_HANDLE };
}

static void session_drop(struct tok_session *ses)
{
    if (ses->handle == CK_INVALID_HANDLE)
        return;
    /* Under another login the number may be somebody else's session by now. */
    if (ses->generation == ses->login->generation
        && ses->handle != ses->login->anchor)
        (void)tok_c(ses->login->module, CloseSession, ses->handle);
    ses->handle = CK_INVALID_HANDLE;
}

void tok_session_done(struct tok_session *ses)
{
    session_drop(ses);
    ses->login = NULL;
}

/* A token that lost the login answers "no such key", not "not logged in": so
 * the state is looked at whenever a session is opened. */
static enum sg_rc check_logged_in(struct tok_login *l, CK_SESSION_HANDLE handle,
                                  struct sg_err *err)
{
    CK_SESSION_INFO info;
    CK_RV rv = tok_c(l->module, GetSessionInfo, handle, &info);

    if (rv != CKR_OK)
        return tok_err_ckr(err, rv, "C_GetSessionInfo");
    if (l->login_required && info.state != CKS_RO_USER_FUNCTIONS
        && info.state != CKS_RW_USER_FUNCTIONS)
        return tok_err_ckr(err, CKR_USER_NOT_LOGGED_IN, "C_GetSessionInfo");
    return SG_OK;
}

/* Caller holds the shared lock. */
static enum sg_rc session_ready(struct tok_session *ses, struct sg_err *err)
{
    struct tok_login *l = ses->login;
    CK_SESSION_HANDLE h = CK_INVALID_HANDLE;

    if (ses->handle != CK_INVALID_HANDLE && ses->generation == l->generation)
        return SG_OK;
    session_drop(ses);
    CK_RV rv = CKR_OK;
    if (l->one_session)
        h = l->anchor;
    else
        rv = tok_c(l->module, OpenSession, l->slot, CKF_SERIAL_SESSION, NULL,
                   NULL, &h);
    if (rv != CKR_OK)
        return tok_err_ckr(err, rv, "C_OpenSession");
    ses->handle = h;
    ses->generation = l->generation;
    ses->epoch++;
    return check_logged_in(l, h, err);
}

/* --- the ladder ------------------------------------------------------------------ */

static enum sg_rc die(struct tok_login *l, const struct sg_err *why,
                      struct sg_err *err)
{
    *err = *why;
    if (err->rc != SG_PIN)
        err->rc = SG_TOKEN;
    atomic_store(&l->dead, (int)err->rc);
    return err->rc;
}

/* Under the exclusive lock: all sessions away, and a new login. */
static enum sg_rc relogin(struct tok_login *l, bool restart, struct sg_err *err)
{
    CK_TOKEN_INFO ck;

    if (tok_login_dead(l) != SG_OK)
        return sg_err_set(err, SG_TOKEN, "the token was given up");
    if (l->login_required && !l->cfg.pin_again)
        return sg_err_set(err, SG_TOKEN,
                          "the login is lost and the PIN's source cannot be "
                          "read again");
    l->anchor = CK_INVALID_HANDLE;
    if (restart) {
        int64_t now = sg_mono_ms();
        if (l->restarted && now - l->last_restart_ms < RESTART_PAUSE_MS)
            return sg_err_set(err, SG_TOKEN,
                              "the module fails again within %d s of its "
                              "restart",
                              RESTART_PAUSE_MS / 1000);
        l->restarted = true;
        l->last_restart_ms = now;
        SG_TRY(tok_module_restart(l->module, err));
    } else {
        (void)tok_c(l->module, CloseAllSessions, l->slot);
    }
    return connect_token(l, &ck, err);
}

/* One rung up for a session whose last attempt failed with why. A login that
 * another thread renewed meanwhile is all the cure that is needed. */
static enum sg_rc climb(struct tok_session *ses, enum tok_cure rung,
                        const struct sg_err *why, struct sg_err *err)
{
    struct tok_login *l = ses->login;
    char quoted[SG_LOG_VALUE_MAX];
    enum sg_rc rc = SG_OK;

    (void)sg_log_quote(why->msg, quoted, sizeof(quoted));
    if (rung == TOK_CURE_SESSION) {
        sg_log(SG_LOG_WARN, "token_session_lost", "err=%s", quoted);
        (void)pthread_rwlock_rdlock(&l->lock);
        session_drop(ses);
        (void)pthread_rwlock_unlock(&l->lock);
        return SG_OK;
    }
    (void)pthread_rwlock_wrlock(&l->lock);
    if (ses->generation == l->generation || l->anchor == CK_INVALID_HANDLE) {
        bool restart = rung == TOK_CURE_MODULE;
        sg_log(SG_LOG_WARN, restart ? "module_restart" : "token_relogin",
               "err=%s", quoted);
        rc = relogin(l, restart, err);
    }
    (void)pthread_rwlock_unlock(&l->lock);
    return rc;
}

/* One attempt under the shared lock. */
static enum sg_rc attempt(struct tok_session *ses, tok_session_op op, void *arg,
                          struct sg_err *err)
{
    (void)pthread_rwlock_rdlock(&ses->login->lock);
    enum sg_rc rc = session_ready(ses, err);
    if (rc == SG_OK && op != NULL)
        rc = op(ses, arg, err);
    (void)pthread_rwlock_unlock(&ses->login->lock);
    return rc;
}

enum sg_rc tok_session_open(struct tok_session *ses, struct sg_err *err)
{
    return attempt(ses, NULL, NULL, err);
}

enum sg_rc tok_session_once(struct tok_session *ses, tok_session_op op,
                            void *arg, struct sg_err *err)
{
    return attempt(ses, op, arg, err);
}

/* The rung for this failure: what cures it, but higher than the last one. */
static enum tok_cure next_rung(const struct sg_err *why, enum tok_cure last)
{
    enum tok_cure cure =
        why->src == SG_SRC_CKR ? tok_ckr_cure(why->native) : TOK_CURE_NONE;

    return cure == TOK_CURE_NONE || cure > last ? cure : last + 1;
}

enum sg_rc tok_session_run(struct tok_session *ses, tok_session_op op,
                           void *arg, struct sg_err *err)
{
    enum tok_cure rung = TOK_CURE_NONE;

    for (;;) {
        struct sg_err why = { 0 };
        if (attempt(ses, op, arg, &why) == SG_OK)
            return SG_OK;
        if (why.rc == SG_PIN) /* never tried a second time */
            return die(ses->login, &why, err);
        rung = next_rung(&why, rung);
        if (rung == TOK_CURE_NONE) { /* a refusal of this request alone */
            *err = why;
            return err->rc;
        }
        for (; rung < TOK_CURE_PROCESS; rung++) {
            struct sg_err lost = { 0 };
            if (climb(ses, rung, &why, &lost) == SG_OK)
                break;
            why = lost;
            if (why.rc == SG_PIN)
                return die(ses->login, &why, err);
        }
        if (rung >= TOK_CURE_PROCESS)
            return die(ses->login, &why, err);
    }
}

static enum sg_rc ping_op(struct tok_session *ses, void *arg,
                          struct sg_err *err)
{
    struct tok_login *l = ses->login;
    CK_TOKEN_INFO ck;

    (void)arg;
    CK_RV rv = tok_c(l->module, GetTokenInfo, l->slot, &ck);
    if (rv != CKR_OK)
        return tok_err_ckr(err, rv, "C_GetTokenInfo");
    SG_TRY(check_logged_in(l, l->anchor, err));
    return check_logged_in(l, ses->handle, err);
}

enum sg_rc tok_session_ping(struct tok_session *ses, struct sg_err *err)
{
    return tok_session_run(ses, ping_op, NULL, err);
}
