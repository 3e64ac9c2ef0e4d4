/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/handle.h"

#include "signer/respond.h"
#include "signer/state.h"

#define CA_BODY_MAX ((size_t)1024 * 1024) /* the chain, twice */

static const struct srv_published *published(const struct srv_request *req)
{
    const struct srv_state *state = req->app;

    return srv_issuers_published(state->issuers,
                                 srv_issuers_find(state->issuers, "default"));
}

void srv_handle_ca_der(struct srv_request *req)
{
    srv_respond_shared(req, published(req)->der);
}

void srv_handle_ca_pem(struct srv_request *req)
{
    srv_respond_shared(req, published(req)->pem);
}

void srv_handle_ca_chain_pem(struct srv_request *req)
{
    srv_respond_shared(req, published(req)->chain_pem);
}

static enum sg_rc ca_body(const struct srv_request *req, const char *json_cert,
                          const char *json_chain, struct sg_buf *out,
                          struct sg_err *err)
{
    SG_TRY(srv_envelope_begin(out, req->id, err));
    SG_TRY(sg_buf_put_str(out, "{\"certificate\":", err));
    SG_TRY(sg_buf_put_str(out, json_cert, err));
    if (json_chain != NULL) {
        SG_TRY(sg_buf_put_str(out, ",\"ca_chain\":", err));
        SG_TRY(sg_buf_put_str(out, json_chain, err));
    }
    SG_TRY(sg_buf_put_str(
        out, ",\"revocation_time\":0,\"revocation_time_rfc3339\":\"\"}", err));
    return srv_envelope_end(out, err);
}

static void ca_json(struct srv_request *req, const char *json_cert,
                    const char *json_chain)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf body = { 0 };

    sg_buf_init(&body, CA_BODY_MAX);
    if (ca_body(req, json_cert, json_chain, &body, &req->err) != SG_OK)
        srv_respond_failure(req);
    else
        srv_respond_json(req, 200, &body);
}

void srv_handle_ca_json(struct srv_request *req)
{
    ca_json(req, published(req)->json_pem, NULL);
}

/* Both fields hold the whole chain: step-ca reads "certificate". */
void srv_handle_ca_chain_json(struct srv_request *req)
{
    const char *chain = published(req)->json_chain;

    ca_json(req, chain, chain);
}
