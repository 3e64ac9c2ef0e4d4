/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/handle.h"

#include "common/clock.h"
#include "common/parse.h"
#include "signer/json.h"
#include "signer/respond.h"
#include "signer/state.h"

#define HEALTH_BODY_MAX 65536
#define STATUS_SEALED 503 /* Vault's */

/* Vault calls a server without its keys sealed: here, without any token. */
static bool all_down(struct srv_issuers *issuers)
{
    struct tok_health health;

    for (size_t i = 0; i < srv_issuers_tokens(issuers); i++) {
        srv_issuers_token_health(issuers, i, &health);
        if (health.state == TOK_STATE_UP)
            return false;
    }
    return true;
}

static enum sg_rc token_body(struct srv_issuers *issuers, size_t i,
                             struct sg_buf *out, struct sg_err *err)
{
    struct tok_health health;
    char since[SG_TIME_TEXT_MAX];

    srv_issuers_token_health(issuers, i, &health);
    SG_TRY(sg_buf_put_str(out, i == 0 ? "{\"name\":" : ",{\"name\":", err));
    SG_TRY(srv_json_put_str(
        out, sg_slice_str(srv_issuers_token_name(issuers, i)), err));
    SG_TRY(sg_buf_printf(out, err, ",\"state\":\"%s\",\"reason\":",
                         tok_state_name(health.state)));
    SG_TRY(srv_json_put_str(out, sg_slice_str(health.reason), err));
    return sg_buf_printf(
        out, err,
        ",\"since\":\"%s\",\"restarts\":%u,\"in_flight\":%u,\"pid\":%d,\"retry_after\":%u}",
        sg_time_text(health.since, since), health.restarts, health.in_flight,
        health.pid, health.retry_after_s);
}

static enum sg_rc issuer_body(struct srv_issuers *issuers, size_t i,
                              struct sg_buf *out, struct sg_err *err)
{
    const struct srv_issuer *issuer = srv_issuers_nth(issuers, i);
    char why[SG_ERR_MSG_MAX] = "";
    bool signs = srv_issuers_signs(issuers, issuer, why);

    SG_TRY(sg_buf_put_str(out, i == 0 ? "{\"name\":" : ",{\"name\":", err));
    SG_TRY(srv_json_put_str(out, sg_slice_str(issuer->name), err));
    SG_TRY(sg_buf_printf(
        out, err, ",\"signs\":%s,\"reason\":", signs ? "true" : "false"));
    SG_TRY(srv_json_put_str(out, sg_slice_str(why), err));
    return sg_buf_put_str(out, "}", err);
}

static enum sg_rc health_body(struct srv_issuers *issuers, bool sealed,
                              struct sg_buf *out, struct sg_err *err)
{
    SG_TRY(sg_buf_printf(
        out, err,
        "{\"initialized\":true,\"sealed\":%s,\"standby\":false,\"performance_standby\":false,"
        "\"replication_performance_mode\":\"disabled\",\"replication_dr_mode\":\"disabled\","
        "\"server_time_utc\":%lld,\"version\":\"%s\",\"cluster_name\":\"signet\",\"cluster_id\":\"\",\"tokens\":[",
        sealed ? "true" : "false", (long long)sg_now(), SIGNET_VERSION));
    for (size_t i = 0; i < srv_issuers_tokens(issuers); i++)
        SG_TRY(token_body(issuers, i, out, err));
    SG_TRY(sg_buf_put_str(out, "],\"issuers\":[", err));
    for (size_t i = 0; i < srv_issuers_count(issuers); i++)
        SG_TRY(issuer_body(issuers, i, out, err));
    return sg_buf_put_str(out, "]}\n", err);
}

/* Go clients ask for other statuses, so that a sealed server is no error. */
static enum sg_rc health_status(const struct srv_request *req,
                                const char *query, unsigned usual,
                                unsigned *ret_status, struct sg_err *err)
{
    const char *text = srv_request_query(req, query);
    uint64_t status = usual;

    if (text != NULL && sg_parse_u64(text, 200, 599, &status, err) != SG_OK)
        return sg_err_wrap(err, "%s", query);
    *ret_status = (unsigned)status;
    return SG_OK;
}

void srv_handle_health(struct srv_request *req)
{
    struct srv_state *state = req->app;
    bool sealed = all_down(state->issuers);
    unsigned status = 0;

    SG_CLEANUP(sg_buf_done) struct sg_buf body = { 0 };
    sg_buf_init(&body, HEALTH_BODY_MAX);
    if (health_status(req, sealed ? "sealedcode" : "activecode",
                      sealed ? STATUS_SEALED : 200, &status, &req->err)
            != SG_OK
        || health_body(state->issuers, sealed, &body, &req->err) != SG_OK)
        srv_respond_failure(req);
    else
        srv_respond_json(req, status, &body);
}

static enum sg_rc seal_body(bool sealed, struct sg_buf *out, struct sg_err *err)
{
    return sg_buf_printf(
        out, err,
        "{\"type\":\"pkcs11\",\"initialized\":true,\"sealed\":%s,\"t\":1,\"n\":1,\"progress\":%d,\"nonce\":\"\","
        "\"version\":\"%s\",\"build_date\":\"\",\"migration\":false,\"cluster_name\":\"signet\",\"cluster_id\":\"\","
        "\"recovery_seal\":false,\"storage_type\":\"none\"}\n",
        sealed ? "true" : "false", sealed ? 0 : 1, SIGNET_VERSION);
}

void srv_handle_seal_status(struct srv_request *req)
{
    struct srv_state *state = req->app;

    SG_CLEANUP(sg_buf_done) struct sg_buf body = { 0 };
    sg_buf_init(&body, HEALTH_BODY_MAX);
    if (seal_body(all_down(state->issuers), &body, &req->err) != SG_OK)
        srv_respond_failure(req);
    else
        srv_respond_json(req, 200, &body);
}

/* One server, which is its own leader: what Vault says without high
 * availability. "vault status" asks for it. */
void srv_handle_leader(struct srv_request *req)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf body = { 0 };
    sg_buf_init(&body, HEALTH_BODY_MAX);
    if (sg_buf_put_str(
            &body,
            "{\"ha_enabled\":false,\"is_self\":false,"
            "\"active_time\":\"0001-01-01T00:00:00Z\","
            "\"leader_address\":\"\",\"leader_cluster_address\":\"\","
            "\"performance_standby\":false,"
            "\"performance_standby_last_remote_wal\":0}\n",
            &req->err)
        != SG_OK)
        srv_respond_failure(req);
    else
        srv_respond_json(req, 200, &body);
}
