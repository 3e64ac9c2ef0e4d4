/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/issuers.h"

#include <assert.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/file.h"
#include "common/log.h"
#include "common/parse.h"
#include "common/pem.h"
#include "signer/identity.h"
#include "signer/issuer-lint.h"

#define CERT_FILE_MAX \
    ((size_t)256 * 1024) /* people put text around their PEM blocks */

struct issuer_entry {
    const struct srv_issuer_config *cfg;
    struct srv_issuer issuer;
    struct srv_published pub;
    size_t token;             /* index */
    _Atomic(bool) stopped;    /* the rules of the day have turned against it */
    char why[SG_ERR_MSG_MAX]; /* under lock */
};

struct token_entry {
    const struct srv_token_config *cfg;
    struct tok_client *client; /* NULL: not opened */
};

struct srv_issuers {
    struct issuer_entry *entry;
    size_t n;
    size_t by_default;
    struct token_entry *token;
    size_t n_tokens;
    /* A close waits until nobody is inside a client, and nobody gets in. */
    pthread_mutex_t lock;
    _Atomic(unsigned) inside;
    _Atomic(bool) closed;
};

/* --- certificates --------------------------------------------------------- */

struct chain_der {
    struct sg_arena *arena;
    struct sg_slice cert[CA_CHAIN_MAX];
    size_t n;
};

static enum sg_rc chain_add(struct chain_der *chain, const struct sg_buf *der,
                            struct sg_err *err)
{
    /* Many chain files begin with the issuer's certificate once more. */
    if (chain->n == 1 && sg_slice_eq(chain->cert[0], sg_buf_slice(der)))
        return SG_OK;
    if (chain->n == CA_CHAIN_MAX)
        return sg_err_set(err, SG_CONFIG, "more than %d certificates",
                          CA_CHAIN_MAX);
    struct sg_slice copy = sg_arena_copy(chain->arena, sg_buf_slice(der));
    if (copy.p == NULL)
        return sg_err_set(err, SG_NOMEM, "certificate");
    chain->cert[chain->n++] = copy;
    return SG_OK;
}

static enum sg_rc chain_read_first(struct sg_slice text,
                                   struct chain_der *chain, struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf der = { 0 };

    sg_buf_init(&der, CA_CERT_MAX);
    SG_TRY(sg_pem_or_der(text, "CERTIFICATE", &der, err));
    return chain_add(chain, &der, err);
}

static enum sg_rc chain_read_rest(struct sg_slice rest, struct chain_der *chain,
                                  struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf der = { 0 };
    char label[SG_PEM_LABEL_MAX];
    bool found = false;

    sg_buf_init(&der, CA_CERT_MAX);
    for (;;) {
        sg_buf_reset(&der);
        SG_TRY(sg_pem_next(&rest, label, &der, &found, err));
        if (!found)
            return SG_OK;
        if (strcmp(label, "CERTIFICATE") != 0)
            return sg_err_set(err, SG_CONFIG,
                              "\"%s\" where certificates belong", label);
        SG_TRY(chain_add(chain, &der, err));
    }
}

typedef enum sg_rc chain_reader(struct sg_slice text, struct chain_der *chain,
                                struct sg_err *err);

/* One file of the issuer; what is "certificate" or "chain". */
static enum sg_rc entry_read(const struct issuer_entry *e, const char *what,
                             const char *path, chain_reader *reader,
                             struct chain_der *chain, struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf text = { 0 };

    sg_buf_init(&text, CERT_FILE_MAX);
    if (sg_file_read(path, &text, err) != SG_OK)
        return sg_err_wrap(err, "issuer %s: %s", e->cfg->name, what);
    if (reader(sg_buf_slice(&text), chain, err) != SG_OK)
        return sg_err_wrap(err, "issuer %s: %s %s", e->cfg->name, what, path);
    return SG_OK;
}

static enum sg_rc entry_load(struct issuer_entry *e, int64_t now,
                             struct sg_err *err)
{
    const struct srv_issuer_config *cfg = e->cfg;
    SG_CLEANUP(sg_arena_done) struct sg_arena arena = { 0 };
    struct chain_der chain = { .arena = &arena };

    sg_arena_init(&arena, (size_t)2 * CA_CERT_MAX * CA_CHAIN_MAX);
    SG_TRY(entry_read(e, "certificate", cfg->certificate, chain_read_first,
                      &chain, err));
    if (cfg->chain != NULL)
        SG_TRY(
            entry_read(e, "chain", cfg->chain, chain_read_rest, &chain, err));

    const struct ca_issuer_args args = {
        .chain = chain.cert,
        .n = chain.n,
        .issuing_certificates = cfg->issuing_certificates,
        .n_issuing_certificates = cfg->issuing_certificates_count,
        .ocsp_servers = cfg->ocsp_servers,
        .n_ocsp_servers = cfg->ocsp_servers_count,
        .crl_distribution_points = cfg->crl_distribution_points,
        .n_crl_distribution_points = cfg->crl_distribution_points_count,
    };
    e->issuer.name = cfg->name;
    e->issuer.lint_profile = cfg->lint_profile;
    e->issuer.truncate_not_after =
        cfg->leaf_not_after_behavior != NULL
        && strcmp(cfg->leaf_not_after_behavior, "truncate") == 0;
    if (ca_issuer_new(&args, now, &e->issuer.ca, err) != SG_OK
        || srv_issuer_lint(&e->issuer, now, true, err) != SG_OK
        || srv_issuer_texts_new(&e->issuer, err) != SG_OK
        || srv_published_init(&e->pub, e->issuer.ca, err) != SG_OK)
        return sg_err_wrap(err, "issuer %s: certificate %s", cfg->name,
                           cfg->certificate);
    return SG_OK;
}

static enum sg_rc entry_token(const struct srv_issuers *issuers,
                              struct issuer_entry *e, struct sg_err *err)
{
    for (size_t i = 0; i < issuers->n_tokens; i++)
        if (strcmp(issuers->token[i].cfg->name, e->cfg->token) == 0) {
            e->token = i;
            return SG_OK;
        }
    return sg_err_set(err, SG_CONFIG, "issuer %s: no token \"%s\"",
                      e->cfg->name, e->cfg->token);
}

static enum sg_rc issuers_default(struct srv_issuers *issuers,
                                  const struct srv_config *cfg,
                                  struct sg_err *err)
{
    if (cfg->default_issuer == NULL)
        return SG_OK;
    for (size_t i = 0; i < issuers->n; i++)
        if (strcmp(issuers->entry[i].cfg->name, cfg->default_issuer) == 0) {
            issuers->by_default = i;
            return SG_OK;
        }
    return sg_err_set(err, SG_CONFIG, "default_issuer \"%s\": no such issuer",
                      cfg->default_issuer);
}

static enum sg_rc issuers_fill(struct srv_issuers *issuers,
                               const struct srv_config *cfg, int64_t now,
                               struct sg_err *err)
{
    issuers->entry = calloc(cfg->issuers_count, sizeof(*issuers->entry));
    issuers->token = calloc(cfg->tokens_count, sizeof(*issuers->token));
    if (issuers->entry == NULL || issuers->token == NULL)
        return sg_err_set(err, SG_NOMEM, "issuers");

    issuers->n_tokens = cfg->tokens_count;
    for (size_t i = 0; i < issuers->n_tokens; i++)
        issuers->token[i].cfg = &cfg->tokens[i];
    issuers->n = cfg->issuers_count;
    for (size_t i = 0; i < issuers->n; i++)
        issuers->entry[i].cfg = &cfg->issuers[i];
    SG_TRY(issuers_default(issuers, cfg, err));
    for (size_t i = 0; i < issuers->n; i++) {
        SG_TRY(entry_token(issuers, &issuers->entry[i], err));
        SG_TRY(entry_load(&issuers->entry[i], now, err));
    }
    return SG_OK;
}

enum sg_rc srv_issuers_load(const struct srv_config *cfg, int64_t now,
                            struct srv_issuers **ret_issuers,
                            struct sg_err *err)
{
    struct srv_issuers *issuers = calloc(1, sizeof(*issuers));
    if (issuers == NULL)
        return sg_err_set(err, SG_NOMEM, "issuers");
    (void)pthread_mutex_init(&issuers->lock, NULL);
    enum sg_rc rc = issuers_fill(issuers, cfg, now, err);
    if (rc == SG_OK)
        *ret_issuers = issuers;
    else
        srv_issuers_free(issuers);
    return rc;
}

/* --- tokens and keys ------------------------------------------------------ */

static enum sg_rc token_open(struct token_entry *t, const char *program,
                             struct sg_err *err)
{
    const struct tok_client_config cfg = {
        .name = t->cfg->name,
        .program = program,
        .module = t->cfg->module,
        .init_args = t->cfg->init_args,
        .uri = t->cfg->uri,
        .pin_source = t->cfg->pin_source,
        .guard_dir = t->cfg->guards,
        .serial = t->cfg->serial,
        .sessions = t->cfg->sessions,
        .start_timeout_ms = t->cfg->start_timeout_ms,
        .request_timeout_ms = t->cfg->request_timeout_ms,
    };

    if (tok_client_start(&cfg, &t->client, err) != SG_OK
        || srv_identity_check(t->client, t->cfg, err) != SG_OK)
        return sg_err_wrap(err, "token %s", t->cfg->name);
    return SG_OK;
}

/* The token process would refuse every single signature; say so now. */
static enum sg_rc key_check_guard(const struct tok_key_info *key,
                                  const struct ca_cert *cert,
                                  struct sg_err *err)
{
    uint8_t digest[32];

    if (!key->has_guard)
        return sg_err_set(err, SG_POLICY,
                          "the key has no guard: it was not made by signet");
    if (key->purpose != TOK_PURPOSE_CA)
        return sg_err_set(
            err, SG_POLICY, "the key's guard says purpose \"%s\", not \"%s\"",
            tok_purpose_name(key->purpose), tok_purpose_name(TOK_PURPOSE_CA));
    if (!key->bound)
        return sg_err_set(
            err, SG_POLICY,
            "the key's guard is not bound to an issuer certificate");
    if (EVP_Digest(cert->der.p, cert->der.len, digest, NULL, EVP_sha256(), NULL)
        != 1)
        return sg_err_openssl(err, SG_CRYPTO, "SHA-256");
    if (memcmp(digest, key->issuer_sha256, sizeof(digest)) != 0)
        return sg_err_set(
            err, SG_POLICY,
            "the key's guard is bound to another issuer certificate");
    return SG_OK;
}

static enum sg_rc entry_key(struct srv_issuers *issuers, struct issuer_entry *e,
                            struct sg_err *err)
{
    const struct ca_cert *cert = ca_issuer_cert(e->issuer.ca);
    struct tok_key_open want = { .spki = cert->spki.der };

    SG_CLEANUP(sg_buf_done) struct sg_buf id = { 0 };
    sg_buf_init(&id, TOK_ID_MAX);
    if (strlen(e->cfg->key) >= sizeof(want.label))
        return sg_err_set(err, SG_CONFIG, "label longer than %zu octets",
                          sizeof(want.label) - 1);
    (void)snprintf(want.label, sizeof(want.label), "%s", e->cfg->key);
    if (e->cfg->key_id != NULL) {
        SG_TRY(sg_parse_hex(e->cfg->key_id, &id, err));
        want.id = sg_buf_slice(&id);
    }
    SG_TRY(tok_client_key(issuers->token[e->token].client, &want,
                          &e->issuer.key, err));
    return key_check_guard(tok_key_info(e->issuer.key), cert, err);
}

enum sg_rc srv_issuers_open(struct srv_issuers *issuers, const char *program,
                            struct sg_err *err)
{
    for (size_t i = 0; i < issuers->n_tokens; i++)
        SG_TRY(token_open(&issuers->token[i], program, err));
    for (size_t i = 0; i < issuers->n; i++) {
        struct issuer_entry *e = &issuers->entry[i];
        if (entry_key(issuers, e, err) != SG_OK)
            return sg_err_wrap(err, "issuer %s: token %s: key \"%s\"",
                               e->cfg->name, e->cfg->token, e->cfg->key);
    }
    return SG_OK;
}

/* --- while the daemon runs ------------------------------------------------ */

static bool issuers_enter(struct srv_issuers *issuers)
{
    atomic_fetch_add(&issuers->inside, 1);
    if (!atomic_load(&issuers->closed))
        return true;
    atomic_fetch_sub(&issuers->inside, 1);
    return false;
}

static void issuers_leave(struct srv_issuers *issuers)
{
    atomic_fetch_sub(&issuers->inside, 1);
}

static struct issuer_entry *entry_of(const struct srv_issuers *issuers,
                                     const struct srv_issuer *issuer)
{
    size_t i = 0;

    while (i < issuers->n && &issuers->entry[i].issuer != issuer)
        i++;
    assert(i < issuers->n);
    return &issuers->entry[i];
}

const struct srv_issuer *srv_issuers_find(const struct srv_issuers *issuers,
                                          const char *ref)
{
    if (strcmp(ref, "default") == 0)
        return &issuers->entry[issuers->by_default].issuer;
    for (size_t i = 0; i < issuers->n; i++)
        if (strcmp(issuers->entry[i].issuer.name, ref) == 0)
            return &issuers->entry[i].issuer;
    return NULL;
}

const struct srv_published *
srv_issuers_published(const struct srv_issuers *issuers,
                      const struct srv_issuer *issuer)
{
    return &entry_of(issuers, issuer)->pub;
}

static void entry_relint(struct srv_issuers *issuers, struct issuer_entry *e,
                         int64_t now)
{
    struct sg_err failed = { 0 };
    char quoted[SG_LOG_VALUE_MAX];
    bool stopped = srv_issuer_lint(&e->issuer, now, false, &failed) != SG_OK;

    if (stopped == atomic_load(&e->stopped))
        return;
    (void)pthread_mutex_lock(&issuers->lock);
    (void)snprintf(e->why, sizeof(e->why), "%s", failed.msg);
    (void)pthread_mutex_unlock(&issuers->lock);
    atomic_store(&e->stopped, stopped);
    if (stopped)
        sg_log(SG_LOG_ERR, "issuer_stopped", "issuer=%s why=%s", e->cfg->name,
               sg_log_quote(failed.msg, quoted, sizeof(quoted)));
    else
        sg_log(SG_LOG_NOTICE, "issuer_resumed", "issuer=%s", e->cfg->name);
}

void srv_issuers_relint(struct srv_issuers *issuers, int64_t now)
{
    for (size_t i = 0; i < issuers->n; i++)
        entry_relint(issuers, &issuers->entry[i], now);
}

size_t srv_issuers_count(const struct srv_issuers *issuers)
{
    return issuers->n;
}

const struct srv_issuer *srv_issuers_nth(const struct srv_issuers *issuers,
                                         size_t i)
{
    return &issuers->entry[i].issuer;
}

bool srv_issuers_signs(struct srv_issuers *issuers,
                       const struct srv_issuer *issuer,
                       char ret_why[SG_ERR_MSG_MAX])
{
    const struct issuer_entry *e = entry_of(issuers, issuer);

    if (!atomic_load(&e->stopped))
        return true;
    (void)pthread_mutex_lock(&issuers->lock);
    (void)snprintf(ret_why, SG_ERR_MSG_MAX, "%s", e->why);
    (void)pthread_mutex_unlock(&issuers->lock);
    return false;
}

enum sg_rc srv_issuers_sign(struct srv_issuers *issuers,
                            const struct srv_job *job, tok_sign_done done,
                            void *arg, struct sg_err *err)
{
    char why[SG_ERR_MSG_MAX];

    if (!srv_issuers_signs(issuers, job->issuer, why))
        return sg_err_set(err, SG_UNAVAILABLE, "issuer %s has stopped: %s",
                          job->issuer->name, why);
    if (!issuers_enter(issuers))
        return sg_err_set(err, SG_UNAVAILABLE, "signetd is stopping");
    enum sg_rc rc =
        tok_sign_cert_async(job->issuer->key, ca_sigalg_der(job->alg),
                            sg_buf_slice(&job->tbs), done, arg, err);
    issuers_leave(issuers);
    return rc;
}

size_t srv_issuers_tokens(const struct srv_issuers *issuers)
{
    return issuers->n_tokens;
}

const char *srv_issuers_token_name(const struct srv_issuers *issuers, size_t i)
{
    return issuers->token[i].cfg->name;
}

void srv_issuers_token_health(struct srv_issuers *issuers, size_t i,
                              struct tok_health *ret_health)
{
    if (issuers_enter(issuers)) {
        tok_client_health(issuers->token[i].client, ret_health);
        issuers_leave(issuers);
        return;
    }
    *ret_health = (struct tok_health){ .state = TOK_STATE_DOWN,
                                       .reason = "signetd is stopping" };
}

unsigned srv_issuers_retry_after(struct srv_issuers *issuers,
                                 const struct srv_issuer *issuer)
{
    struct tok_health health = { 0 };

    srv_issuers_token_health(issuers, entry_of(issuers, issuer)->token,
                             &health);
    return health.retry_after_s > 0 ? health.retry_after_s : 1;
}

void srv_issuers_close(struct srv_issuers *issuers)
{
    atomic_store(&issuers->closed, true);
    while (atomic_load(&issuers->inside) > 0)
        sg_sleep_ms(1);
    for (size_t i = 0; i < issuers->n_tokens; i++) {
        tok_client_free(issuers->token[i].client);
        issuers->token[i].client = NULL;
    }
}

void srv_issuers_free(struct srv_issuers *issuers)
{
    if (issuers == NULL)
        return;
    if (issuers->token != NULL)
        srv_issuers_close(issuers);
    for (size_t i = 0; issuers->entry != NULL && i < issuers->n; i++) {
        struct issuer_entry *e = &issuers->entry[i];
        srv_published_done(&e->pub);
        srv_issuer_texts_free(&e->issuer);
        ca_issuer_free(e->issuer.ca);
    }
    (void)pthread_mutex_destroy(&issuers->lock);
    free(issuers->entry);
    free(issuers->token);
    free(issuers);
}
