/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_PKCS11_CLIENT_H
#define SG_PKCS11_CLIENT_H

/* A program's side of one token: starts signet-token, asks it, holds the
 * deadlines, kills and restarts it. Every call is thread-safe. Callbacks run
 * on the client's own thread and must not block: of the calls below they may
 * use tok_sign_cert_async() and the ones that only look.
 *
 * When the process is lost it is started again at once, then after 100 ms,
 * 200 ms … 5 s (400 ms when it had come up). What it had been asked is asked
 * again, once, after all keys were opened again. For the first two seconds new
 * signatures wait with the old ones; past that everything is answered with
 * SG_UNAVAILABLE. So a killed process costs a delay, and a dead token two
 * seconds once. */

#include "pkcs11/frame.h"

struct tok_client;

struct tok_client_config {
    const char *name;       /* for people: "demo-issuing" */
    const char *program;    /* absolute path of signet-token; owner checked */
    const char *module;     /* absolute path of the PKCS#11 module */
    const char *init_args;  /* the module's own, for C_Initialize; or NULL */
    const char *uri;        /* RFC 7512; NULL: no login, TOKEN_LIST/INIT only */
    const char *pin_source; /* common/secret.h; NULL without uri. fd:N must stay
                             * open, and seekable to survive a restart */
    const char *so_pin_source; /* TOKEN_INIT only */
    const char *guard_dir;     /* where the process keeps guards */
    const char *serial;        /* of the token, else SG_CONFIG; NULL: any */
    unsigned sessions; /* pool size; 0: as many as the token allows, ≤ 16 */
    unsigned start_timeout_ms;   /* until HELLO; 0: 30000 */
    unsigned request_timeout_ms; /* per request; 0: 10000 */
    unsigned max_in_flight;      /* SG_LIMIT beyond; 0: 1024 */
};

enum tok_state {
    TOK_STATE_STARTING,
    TOK_STATE_UP,
    TOK_STATE_RESTARTING, /* back-off between two attempts */
    TOK_STATE_DOWN        /* until a person acts: PIN refused */
};
const char *tok_state_name(enum tok_state state);

/* Start the process and wait for its HELLO. On a refused PIN or a missing
 * token or module the call fails with that reason and nothing runs. */
enum sg_rc tok_client_start(const struct tok_client_config *cfg,
                            struct tok_client **ret_client, struct sg_err *err);
/* As start, but the client lives on when the token is not there yet: it keeps
 * trying with back-off (never after a refused PIN). */
enum sg_rc tok_client_start_patient(const struct tok_client_config *cfg,
                                    struct tok_client **ret_client,
                                    struct sg_err *err);
/* Answer what is in flight with SG_UNAVAILABLE, end the process (SIGKILL after
 * one second), join the thread, free. Takes NULL. */
void tok_client_free(struct tok_client *client);
SG_DEFINE_CLEANUP(struct tok_client, tok_client_free);

struct tok_health {
    enum tok_state state;
    char reason[SG_ERR_MSG_MAX]; /* why it is not up; empty when it is */
    int64_t since;               /* wall clock of the last change of state */
    unsigned restarts;
    unsigned in_flight;
    int pid;                /* of signet-token; 0 when none runs */
    unsigned retry_after_s; /* for the Retry-After header */
};
void tok_client_health(struct tok_client *client, struct tok_health *ret);
/* The token as HELLO described it (zeroes before the first one). */
void tok_client_token(struct tok_client *client, struct tok_token_info *ret);

/* A key as the program knows it: found again by label, id and public key after
 * every restart of the process. Owned by the client, freed with it. */
struct tok_key;
/* Fails with SG_NOT_FOUND (no such key), SG_CONFLICT (several), SG_POLICY (not
 * the expected public key, or attributes that a CA key must not have). */
enum sg_rc tok_client_key(struct tok_client *client,
                          const struct tok_key_open *want,
                          struct tok_key **ret_key, struct sg_err *err);
/* Valid as long as the client. */
const struct tok_key_info *tok_key_info(const struct tok_key *key);

/* Does signature hold over message for this key? On the client's thread or the
 * caller's; must not block. */
typedef enum sg_rc (*tok_prove)(const struct tok_key_info *key,
                                struct sg_slice message,
                                struct sg_slice signature, struct sg_err *err);
/* How one knows the token: its probe key signs a fresh challenge, now and in
 * each process that is started from now on, before anything else is asked of
 * it. A process whose signature does not prove it is lost as if it had not
 * started. Blocks. */
enum sg_rc tok_client_identify(struct tok_key *key, tok_prove prove,
                               struct sg_err *err);

/* The answer to one signature. signature is borrowed for the callback. */
struct tok_sign_reply {
    struct sg_slice signature;
    const struct sg_err *failure; /* NULL on success */
};
typedef void (*tok_sign_done)(void *arg, const struct tok_sign_reply *reply);

/* Ask for a signature over a TBSCertificate. On SG_OK done is called exactly
 * once, perhaps before this returns; otherwise never. SG_UNAVAILABLE at once
 * while the token is not up (but see the top); SG_LIMIT when max_in_flight is
 * reached. algorithm and tbs are copied. A request that the process lost is
 * sent once more after the restart if its deadline allows, else fails with
 * SG_UNAVAILABLE. One that overran its deadline fails with SG_TIMEOUT; the
 * process is killed when it hangs, not when the request only waited its turn
 * on a slow token. A key that is not the same after a restart fails with the
 * reason as SG_TOKEN until the next one; SG_POLICY is a guard's refusal. */
enum sg_rc tok_sign_cert_async(struct tok_key *key, struct sg_slice algorithm,
                               struct sg_slice tbs, tok_sign_done done,
                               void *arg, struct sg_err *err);

/* Blocking forms, for the command line. signature is appended to out. Making
 * keys and tokens has three minutes, whatever request_timeout_ms says. What is
 * not a signature is never queued through a restart, and what changes the
 * token is never asked twice. */
enum sg_rc tok_sign_cert(struct tok_key *key, struct sg_slice algorithm,
                         struct sg_slice tbs, struct sg_buf *out,
                         struct sg_err *err);
enum sg_rc tok_sign_csr(struct tok_key *key, struct sg_slice algorithm,
                        struct sg_slice tbs, struct sg_buf *out,
                        struct sg_err *err);
/* A TBSCertList of up to TOK_CRL_MAX bytes. */
enum sg_rc tok_sign_crl(struct tok_key *key, struct sg_slice algorithm,
                        struct sg_slice tbs, struct sg_buf *out,
                        struct sg_err *err);
/* An OCSP ResponseData, about certificates of the CA that the key is bound to:
 * a key for ocsp, or a CA's own whose certificate has digitalSignature. */
enum sg_rc tok_sign_ocsp(struct tok_key *key, struct sg_slice algorithm,
                         struct sg_slice tbs, struct sg_buf *out,
                         struct sg_err *err);
/* A digest as the algorithm says (SHA-256 for ecdsa-with-SHA256 …); keys for
 * backend only, and not Ed25519, which signs no digests. */
enum sg_rc tok_sign_digest(struct tok_key *key, struct sg_slice algorithm,
                           struct sg_slice digest, struct sg_buf *out,
                           struct sg_err *err);
/* The signature of tok_probe_algorithm() over TOK_PROBE_PREFIX, a NUL and the
 * challenge (1 … TOK_CHALLENGE_MAX bytes); keys for probe only. */
enum sg_rc tok_probe_sign(struct tok_key *key, struct sg_slice challenge,
                          struct sg_buf *out, struct sg_err *err);
enum sg_rc tok_ping(struct tok_client *client, struct sg_err *err);
/* *ret_list is malloc'd: free(). */
enum sg_rc tok_token_list(struct tok_client *client,
                          struct tok_token_info **ret_list, size_t *ret_n,
                          struct sg_err *err);
enum sg_rc tok_token_init(struct tok_client *client,
                          const struct tok_token_init *init,
                          struct tok_token_info *ret, struct sg_err *err);
/* Every private key, page by page; from the start again when keys come or go
 * meanwhile, and SG_CONFLICT when they never stand still. */
enum sg_rc tok_key_list(struct tok_client *client,
                        struct tok_key_info **ret_list, size_t *ret_n,
                        struct sg_err *err);
enum sg_rc tok_key_generate(struct tok_client *client,
                            const struct tok_key_generate *gen,
                            struct tok_key_info *ret, struct sg_err *err);
/* Let the token make a key, sign with it and forget it. Fails with what the
 * token lacks. *ret_token_hashes: it signs only what it hashes itself, so no
 * key of purpose backend can work. */
enum sg_rc tok_key_try(struct tok_client *client, enum tok_key_type type,
                       bool *ret_token_hashes, struct sg_err *err);
enum sg_rc tok_guard_bind(struct tok_key *key, struct sg_slice cert_der,
                          struct sg_err *err);
/* With the n certificates above it, nearest first, each signed by the next:
 * SG_POLICY names the one that is not. A key that is bound already takes a
 * longer chain of the same certificate: it only takes away. A key for ocsp
 * takes a responder's certificate with the CA that it answers for, and later
 * another one of the same name for the same CA. */
enum sg_rc tok_guard_bind_chain(struct tok_key *key, struct sg_slice cert_der,
                                const struct sg_slice *chain, size_t n,
                                struct sg_err *err);
/* All of the key's guard; its slices borrow from bytes. SG_NOT_FOUND when the
 * key has none. */
enum sg_rc tok_guard_show(struct tok_key *key, struct sg_buf *bytes,
                          struct tok_guard_view *ret, struct sg_err *err);
/* Replace the limits by these, none of which may be wider: SG_POLICY names
 * the one that is. Certificates in limits are not looked at. It is on disk
 * when the call returns, and holds for the key in every token process from
 * its next signature on. */
enum sg_rc tok_guard_narrow(struct tok_key *key, const struct tok_guard *limits,
                            struct sg_err *err);

#endif
