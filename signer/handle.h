/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_SIGNER_HANDLE_H
#define SG_SIGNER_HANDLE_H

/* What the API serves. Event threads only; req->app is a struct srv_state. */

#include "signer/request.h"

/* Every request: finds its route, calls that one's handler below. */
void srv_handle(struct srv_request *req);

void srv_handle_issue(struct srv_request *req);
void srv_handle_sign(struct srv_request *req);
void srv_handle_ca_der(struct srv_request *req);
void srv_handle_ca_pem(struct srv_request *req);
void srv_handle_ca_chain_pem(struct srv_request *req);
void srv_handle_ca_json(struct srv_request *req);
void srv_handle_ca_chain_json(struct srv_request *req);
void srv_handle_health(struct srv_request *req);
void srv_handle_seal_status(struct srv_request *req);
void srv_handle_leader(struct srv_request *req);

#endif
