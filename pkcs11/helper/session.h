/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_PKCS11_HELPER_SESSION_H
#define SG_PKCS11_HELPER_SESSION_H

/* One login on one token, the sessions on it, and the failure ladder: new
 * session, new login, new start of the module, then the end of the process.
 *
 * A struct tok_session belongs to one thread. What threads share sits in
 * struct tok_login and is guarded by its lock: shared while a session is in
 * use, exclusive while the ladder tears all of them down. */

#include <pthread.h>

#include "pkcs11/helper/module.h"
#include "pkcs11/keytype.h"

#define TOK_SESSIONS_MAX 64 /* threads; more than a rack HSM's cores */

struct tok_login_config {
    const char *uri;
    const char *pin_source; /* NULL or "prompt": a PIN pad, if there is one */
    bool pin_again;         /* the source can be read a second time */
    unsigned sessions;      /* 0: choose */
};

struct tok_login {
    struct tok_module *module;
    struct tok_login_config cfg;
    struct tok_token_info info; /* as found at the start */
    unsigned n_sessions;        /* the pool's size */
    pthread_rwlock_t lock;
    /* Below: changed under the exclusive lock only. */
    CK_SLOT_ID slot;
    CK_SESSION_HANDLE anchor; /* keeps the login alive; makes keys */
    uint64_t generation;      /* counts logins */
    bool login_required;
    bool one_session; /* the token has no other: the anchor is used to sign */
    bool pin_pad;     /* the token asks for the PIN itself */
    int64_t last_restart_ms; /* of the module */
    bool restarted;
    pthread_mutex_t anchor_use; /* one management operation at a time */
    _Atomic int dead;           /* enum sg_rc of why; SG_OK while it lives */
};

/* Find the token, log in, decide the pool's size. Codes: SG_NOT_FOUND or
 * SG_CONFLICT (token), SG_PIN, SG_CONFIG, SG_TOKEN. module is borrowed. */
enum sg_rc tok_login_open(struct tok_module *module,
                          const struct tok_login_config *cfg,
                          struct tok_login **ret_login, struct sg_err *err);
void tok_login_close(struct tok_login *login); /* takes NULL; no C_Logout */
SG_DEFINE_CLEANUP(struct tok_login, tok_login_close);

struct tok_session {
    struct tok_login *login;
    CK_SESSION_HANDLE handle; /* CK_INVALID_HANDLE: to be opened */
    uint64_t generation;      /* of the login that it was opened under */
    uint64_t epoch; /* counts openings: object handles of another are dead */
};

void tok_session_init(struct tok_session *ses, struct tok_login *login);
void tok_session_done(struct tok_session *ses);

/* Run op on a session that is open and logged in. When op fails with a CK_RV
 * that the ladder can cure, climb it and run op again, so op must start from
 * the beginning. SG_TOKEN or SG_PIN from the end of the ladder also marks the
 * login dead: the process should end. */
typedef enum sg_rc (*tok_session_op)(struct tok_session *ses, void *arg,
                                     struct sg_err *err);
enum sg_rc tok_session_run(struct tok_session *ses, tok_session_op op,
                           void *arg, struct sg_err *err);

/* Before there are threads: have all go through the anchor, after the token had
 * no session left for even one of them. */
void tok_login_share(struct tok_login *login);

/* Open the session now; and run op once, for what must not be done twice.
 * Neither climbs: ping first. */
enum sg_rc tok_session_open(struct tok_session *ses, struct sg_err *err);
enum sg_rc tok_session_once(struct tok_session *ses, tok_session_op op,
                            void *arg, struct sg_err *err);

/* C_Login for one signature with a key that wants it (CKA_ALWAYS_AUTHENTICATE),
 * after C_SignInit. SG_CONFIG when the PIN's source cannot be read again. */
enum sg_rc tok_login_for_key(struct tok_login *login, CK_SESSION_HANDLE session,
                             struct sg_err *err);

/* Is the token there and are we logged in? Climbs the ladder when not. */
enum sg_rc tok_session_ping(struct tok_session *ses, struct sg_err *err);

/* Why the login is dead, SG_OK while it lives. */
enum sg_rc tok_login_dead(const struct tok_login *login);

#endif
