/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/handle.h"

#include "signer/respond.h"
#include "signer/state.h"

static const struct srv_route ROUTES[] = {
    { "issue/:role", SRV_METHOD_POST, srv_handle_issue },
    { "sign/:role", SRV_METHOD_POST, srv_handle_sign },
    { "issuer/:issuer/issue/:role", SRV_METHOD_POST, srv_handle_issue },
    { "issuer/:issuer/sign/:role", SRV_METHOD_POST, srv_handle_sign },
    { "ca", SRV_METHOD_GET, srv_handle_ca_der },
    { "ca/pem", SRV_METHOD_GET, srv_handle_ca_pem },
    { "ca_chain", SRV_METHOD_GET, srv_handle_ca_chain_pem },
    { "cert/ca", SRV_METHOD_GET, srv_handle_ca_json },
    { "cert/ca_chain", SRV_METHOD_GET, srv_handle_ca_chain_json },
    { "cert/ca/raw", SRV_METHOD_GET, srv_handle_ca_der },
    { "cert/ca/raw/pem", SRV_METHOD_GET, srv_handle_ca_pem },
    { "/sys/health", SRV_METHOD_GET, srv_handle_health },
    { "/sys/seal-status", SRV_METHOD_GET, srv_handle_seal_status },
    { "/sys/leader", SRV_METHOD_GET, srv_handle_leader },
};

/* Vault's words: clients' error texts quote them. */
static void refuse_path(struct srv_request *req)
{
    (void)sg_err_set(&req->err, SG_NOT_FOUND, "no handler for route \"%s\"",
                     req->path);
    srv_respond_failure(req);
}

static void refuse_method(struct srv_request *req)
{
    (void)sg_err_set(&req->err, SG_USAGE, "method %s: this path takes %s",
                     req->method, req->allow);
    srv_respond_errors(req, 405, req->err.msg);
}

void srv_handle(struct srv_request *req)
{
    const struct srv_state *state = req->app;
    const struct srv_route *route = NULL;
    struct srv_path path;

    if (srv_path_parse(&req->arena, req->path, &path, &req->err) != SG_OK) {
        srv_respond_failure(req);
        return;
    }
    switch (srv_route_find(ROUTES, SG_ARRAY_LEN(ROUTES), &state->mount, &path,
                           req, &route)) {
    case SRV_MATCH_FOUND:
        route->handle(req);
        return;
    case SRV_MATCH_METHOD:
        refuse_method(req);
        return;
    case SRV_MATCH_NONE:
        break;
    }
    refuse_path(req);
}
