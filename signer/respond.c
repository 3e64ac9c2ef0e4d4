/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/respond.h"

#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/parse.h"
#include "signer/json.h"

#define ERROR_BODY_MAX 8192 /* SG_ERR_MSG_MAX, each octet escaped as \u00xx */
#define RETRY_DEFAULT_S 1

/* --- bodies --------------------------------------------------------------- */

static void body_free(void *arg)
{
    struct sg_buf *body = arg;

    sg_buf_done(body);
    free(body);
}

static bool response_header(struct MHD_Response *response, const char *name,
                            const char *value)
{
    return MHD_add_response_header(response, name, value) == MHD_YES;
}

static struct MHD_Response *response_of(struct sg_buf *body)
{
    struct sg_buf *own = malloc(sizeof(*own));
    if (own == NULL)
        return NULL;
    *own = *body;
    struct MHD_Response *response =
        MHD_create_response_from_buffer_with_free_callback_cls(
            own->len, own->data, body_free, own);
    if (response == NULL) {
        free(own);
        return NULL;
    }
    *body = (struct sg_buf){ .max = body->max };
    return response;
}

static bool response_dress(const struct srv_request *req, unsigned status,
                           struct MHD_Response *response)
{
    bool ok =
        response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, SRV_TYPE_JSON)
        && response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");

    if (status == MHD_HTTP_SERVICE_UNAVAILABLE
        || status == MHD_HTTP_TOO_MANY_REQUESTS) {
        char after[16];
        (void)snprintf(after, sizeof(after), "%u",
                       req->retry_after_s > 0 ? req->retry_after_s
                                              : RETRY_DEFAULT_S);
        ok =
            ok && response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, after);
    }
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED && req->allow != NULL)
        ok = ok && response_header(response, MHD_HTTP_HEADER_ALLOW, req->allow);
    if (req->close)
        ok = ok
             && response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    return ok;
}

static void respond_with(struct srv_request *req, unsigned status,
                         struct MHD_Response *response)
{
    srv_request_drop_response(req);
    req->response = response;
    req->status = status;
}

void srv_respond_json(struct srv_request *req, unsigned status,
                      struct sg_buf *body)
{
    struct MHD_Response *response = response_of(body);

    if (response != NULL && !response_dress(req, status, response)) {
        MHD_destroy_response(response);
        response = NULL;
    }
    respond_with(req, status, response);
}

void srv_respond_shared(struct srv_request *req, struct MHD_Response *response)
{
    respond_with(req, MHD_HTTP_OK, response);
    req->shared = true;
}

enum sg_rc srv_response_new(struct sg_buf *body, const char *type,
                            struct MHD_Response **ret_response,
                            struct sg_err *err)
{
    struct MHD_Response *response = response_of(body);

    if (response == NULL
        || !response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type)
        || !response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL,
                            "no-store")) {
        srv_response_free(response);
        return sg_err_set(err, SG_NOMEM, "prepared answer");
    }
    *ret_response = response;
    return SG_OK;
}

void srv_response_free(struct MHD_Response *response)
{
    if (response != NULL)
        MHD_destroy_response(response);
}

/* --- errors --------------------------------------------------------------- */

/* A message may hold a stranger's octets, or end inside a character where it
 * was cut: JSON takes neither. */
static void text_to_utf8(char *text)
{
    if (sg_is_utf8(sg_slice_str(text)))
        return;
    for (char *p = text; *p != '\0'; p++)
        if ((unsigned char)*p >= 0x80)
            *p = '?';
}

static enum sg_rc errors_body(const char *text, struct sg_buf *out,
                              struct sg_err *err)
{
    char clean[SG_ERR_MSG_MAX];

    SG_TRY(sg_buf_put_str(out, "{\"errors\":[", err));
    if (text != NULL) {
        (void)snprintf(clean, sizeof(clean), "%s", text);
        text_to_utf8(clean);
        SG_TRY(srv_json_put_str(out, sg_slice_str(clean), err));
    }
    return sg_buf_put_str(out, "]}\n", err);
}

void srv_respond_errors(struct srv_request *req, unsigned status,
                        const char *text)
{
    struct sg_err failed = { 0 };

    SG_CLEANUP(sg_buf_done) struct sg_buf body = { 0 };
    sg_buf_init(&body, ERROR_BODY_MAX);
    if (errors_body(text, &body, &failed) != SG_OK)
        respond_with(req, MHD_HTTP_INTERNAL_SERVER_ERROR, NULL);
    else
        srv_respond_json(req, status, &body);
}

/* Whose fault it is decides who is told what. */
static bool rc_is_the_callers(enum sg_rc rc)
{
    switch (rc) {
    case SG_USAGE:
    case SG_FORMAT:
    case SG_POLICY:
    case SG_DENIED:
    case SG_NOT_FOUND:
    case SG_CONFLICT:
    case SG_LIMIT:
        return true;
    case SG_OK:
    case SG_NOMEM:
    case SG_CONFIG:
    case SG_TIMEOUT:
    case SG_PIN:
    case SG_TOKEN:
    case SG_UNAVAILABLE:
    case SG_CRYPTO:
    case SG_IO:
    case SG_BUG:
        break;
    }
    return false;
}

void srv_respond_failure(struct srv_request *req)
{
    enum sg_rc rc = req->err.rc;
    char text[128];

    if (rc_is_the_callers(rc)) {
        srv_respond_errors(req, (unsigned)sg_rc_http(rc), req->err.msg);
        return;
    }
    (void)snprintf(text, sizeof(text), "%s (request %s)", sg_rc_text(rc),
                   req->id);
    srv_respond_errors(req, (unsigned)sg_rc_http(rc), text);
}

/* --- envelope ------------------------------------------------------------- */

enum sg_rc srv_envelope_begin(struct sg_buf *out, const char *request_id,
                              struct sg_err *err)
{
    return sg_buf_printf(
        out, err,
        "{\"request_id\":\"%s\",\"lease_id\":\"\",\"renewable\":false,\"lease_duration\":0,\"data\":",
        request_id);
}

enum sg_rc srv_envelope_end(struct sg_buf *out, struct sg_err *err)
{
    return sg_buf_put_str(
        out,
        ",\"wrap_info\":null,\"warnings\":null,\"auth\":null,\"mount_type\":\"pki\"}\n",
        err);
}
