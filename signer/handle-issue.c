/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/handle.h"

#include <string.h>

#include "common/clock.h"
#include "signer/prepare.h"
#include "signer/respond.h"
#include "signer/state.h"

#define ANSWER_MAX ((size_t)512 * 1024) /* a chain of 8 certificates, twice */

struct issue {
    struct srv_roles *roles; /* the set that the role is from */
    struct srv_prepare_args args;
    struct srv_job job;
    bool prepared;
    int64_t asked_us;
    /* Written by the token's thread before it wakes the request. */
    uint8_t signature[TOK_SIGNATURE_MAX];
    size_t signature_len;
    struct sg_err failure;
};

static void issue_done(void *arg)
{
    struct issue *issue = arg;

    if (issue->prepared)
        srv_job_done(&issue->job);
    srv_roles_unref(issue->roles);
}

/* What the token answers is seldom the caller's doing: a guard's refusal is,
 * a key that has vanished is not. */
static enum sg_rc issue_token_rc(enum sg_rc rc)
{
    switch (rc) {
    case SG_LIMIT:
        return SG_UNAVAILABLE;
    case SG_NOT_FOUND:
    case SG_CONFLICT:
        return SG_TOKEN;
    case SG_FORMAT:
    case SG_USAGE:
        return SG_BUG;
    case SG_OK:
    case SG_NOMEM:
    case SG_CONFIG:
    case SG_POLICY:
    case SG_DENIED:
    case SG_TIMEOUT:
    case SG_PIN:
    case SG_TOKEN:
    case SG_UNAVAILABLE:
    case SG_CRYPTO:
    case SG_IO:
    case SG_BUG:
        break;
    }
    return rc;
}

static void issue_answer(struct srv_request *req)
{
    const struct issue *issue = req->job;
    SG_CLEANUP(sg_buf_done) struct sg_buf body = { 0 };

    sg_buf_init(&body, ANSWER_MAX);
    if (srv_answer(&issue->job,
                   SG_SLICE(issue->signature, issue->signature_len), req->id,
                   &body, &req->err)
        != SG_OK) {
        srv_respond_failure(req);
        return;
    }
    srv_respond_json(req, 200, &body);
}

/* Back on the event thread. */
static void issue_signed(struct srv_request *req)
{
    struct srv_state *state = req->app;
    struct issue *issue = req->job;

    req->token_us = sg_mono_us() - issue->asked_us;
    if (issue->failure.rc == SG_OK) {
        issue_answer(req);
        return;
    }
    req->err = issue->failure;
    req->err.rc = issue_token_rc(issue->failure.rc);
    req->retry_after_s =
        srv_issuers_retry_after(state->issuers, issue->job.issuer);
    srv_respond_failure(req);
}

/* On the token client's thread. */
static void issue_reply(void *arg, const struct tok_sign_reply *reply)
{
    struct srv_request *req = arg;
    struct issue *issue = req->job;

    if (reply->failure != NULL)
        issue->failure = *reply->failure;
    else if (reply->signature.len > sizeof(issue->signature))
        (void)sg_err_set(&issue->failure, SG_BUG, "signature of %zu octets",
                         reply->signature.len);
    else {
        memcpy(issue->signature, reply->signature.p, reply->signature.len);
        issue->signature_len = reply->signature.len;
    }
    srv_request_wake(req);
}

static void issue_ask(struct srv_request *req)
{
    struct srv_state *state = req->app;
    struct issue *issue = req->job;

    issue->asked_us = sg_mono_us();
    srv_request_wait(req, issue_signed);
    /* The reply may be there before this call is back. */
    if (srv_issuers_sign(state->issuers, &issue->job, issue_reply, req,
                         &issue->failure)
        != SG_OK)
        srv_request_wake(req);
}

/* On an event thread or a worker's. */
static enum sg_rc issue_prepare(struct srv_request *req)
{
    struct issue *issue = req->job;

    enum sg_rc rc =
        srv_prepare(&issue->args, &req->arena, &issue->job, &req->err);
    issue->prepared = rc == SG_OK;
    return rc;
}

static void issue_prepared(struct srv_request *req)
{
    const struct issue *issue = req->job;

    if (!issue->prepared) {
        srv_respond_failure(req);
        return;
    }
    req->summary = issue->job.summary;
    issue_ask(req);
}

static void issue_work(void *arg, bool cancelled)
{
    struct srv_request *req = arg;

    if (cancelled)
        (void)sg_err_set(&req->err, SG_UNAVAILABLE, "signetd is stopping");
    else
        (void)issue_prepare(req);
    srv_request_wake(req);
}

static enum sg_rc issue_read(struct srv_request *req, enum srv_operation op,
                             struct sg_err *err)
{
    struct srv_state *state = req->app;
    struct issue *issue = req->job;
    struct srv_prepare_args *args = &issue->args;

    SG_TRY(srv_roles_require(issue->roles, req->role, &args->role, err));
    if (req->issuer_ref == NULL)
        req->issuer_ref = args->role->issuer_ref;
    args->issuer = srv_issuers_find(state->issuers, req->issuer_ref);
    if (args->issuer == NULL)
        return sg_err_set(err, SG_POLICY,
                          "unable to find PKI issuer for reference: %s",
                          req->issuer_ref);
    args->op = op;
    args->default_ttl = state->cfg->default_ttl;
    args->max_ttl = state->cfg->max_ttl;
    args->now = sg_now();
    return srv_params_parse(&req->arena, sg_buf_slice(&req->body),
                            srv_request_header(req, "Content-Type"),
                            &args->params, err);
}

static void issue_begin(struct srv_request *req, enum srv_operation op)
{
    struct srv_state *state = req->app;
    struct issue *issue = sg_arena_new(&req->arena, struct issue);

    if (issue == NULL) {
        (void)sg_err_set(&req->err, SG_NOMEM, "request");
        srv_respond_failure(req);
        return;
    }
    issue->roles = srv_state_roles(state);
    req->job = issue;
    req->job_done = issue_done;
    if (issue_read(req, op, &req->err) != SG_OK) {
        srv_respond_failure(req);
        return;
    }
    if (op != SRV_OP_ISSUE || issue->args.role->key_kind != CA_KEY_RSA) {
        (void)issue_prepare(req);
        issue_prepared(req);
        return;
    }
    srv_request_wait(req, issue_prepared);
    if (srv_worker_add(state->worker, issue_work, req, &req->err) != SG_OK)
        srv_request_wake(req);
}

void srv_handle_issue(struct srv_request *req)
{
    issue_begin(req, SRV_OP_ISSUE);
}

void srv_handle_sign(struct srv_request *req)
{
    issue_begin(req, SRV_OP_SIGN);
}
