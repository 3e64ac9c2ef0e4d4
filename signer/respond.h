/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_SIGNER_RESPOND_H
#define SG_SIGNER_RESPOND_H

/* Answers, in the forms of Vault's API. Event threads only. A call that cannot
 * make its answer leaves none, and the connection is closed. */

#include "signer/request.h"

/* Every answer carries this type exactly: clients compare it as a whole. */
#define SRV_TYPE_JSON "application/json"

/* body is taken over, wiped when it has been sent, and empty afterwards. */
void srv_respond_json(struct srv_request *req, unsigned status,
                      struct sg_buf *body);
/* An answer that is made once and sent many times; body as above. */
enum sg_rc srv_response_new(struct sg_buf *body, const char *type,
                            struct MHD_Response **ret_response,
                            struct sg_err *err);
void srv_response_free(struct MHD_Response *response); /* takes NULL */
void srv_respond_shared(struct srv_request *req, struct MHD_Response *response);

/* {"errors":[text]}, or {"errors":[]} for NULL. */
void srv_respond_errors(struct srv_request *req, unsigned status,
                        const char *text);
/* The status that belongs to req->err. What the caller did wrong is told in
 * full; of what went wrong here, only its kind and the request's id. */
void srv_respond_failure(struct srv_request *req);

/* Append the envelope of a success up to the value of "data", and what comes
 * after it. */
enum sg_rc srv_envelope_begin(struct sg_buf *out, const char *request_id,
                              struct sg_err *err);
enum sg_rc srv_envelope_end(struct sg_buf *out, struct sg_err *err);

#endif
