/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/http.h"

#include <curl/curl.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>

#define REPLY_MAX \
    ((size_t)1024 * 1024) /* bytes; a certificate with chain is 10 k */
#define REPLY_DEPTH 16
#define TIMEOUT_S 30

SG_DEFINE_CLEANUP(CURL, curl_easy_cleanup);
typedef struct curl_slist header_list;
SG_DEFINE_CLEANUP(header_list, curl_slist_free_all);
SG_DEFINE_CLEANUP(struct json_tokener, json_tokener_free);

/* What the write callback fills. */
struct reply {
    struct sg_buf body;
    struct sg_err err;
};

static size_t take_bytes(char *p, size_t size, size_t n, void *arg)
{
    struct reply *reply = arg;
    return sg_buf_put(&reply->body, p, size * n, &reply->err) == SG_OK
               ? size * n
               : 0;
}

/* Why the socket cannot be reached, and what to do about it. */
static enum sg_rc no_connection(struct cli *cli, const char *path, CURL *curl,
                                struct sg_err *err)
{
    long number = 0;
    (void)curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &number);
    struct stat st;
    if (stat(path, &st) != 0)
        number = errno;
    else if (!S_ISSOCK(st.st_mode))
        number = ENOTSOCK;

    if (number == ENOENT || number == ECONNREFUSED)
        cli_hint(cli, "start signetd, or name its socket with --socket PATH");
    else if (number == EACCES)
        cli_hint(cli, "the socket's group may use it: see \"ls -l %s\"", path);
    else
        cli_hint(cli, "name signetd's socket with --socket PATH");
    errno = (int)number;
    return sg_err_errno(err, number == EACCES ? SG_DENIED : SG_UNAVAILABLE,
                        "socket %s", path);
}

static enum sg_rc failed(struct cli *cli,
                         const struct cli_http_request *request, CURL *curl,
                         CURLcode code, const struct reply *reply,
                         struct sg_err *err)
{
    switch ((int)code) {
    case CURLE_COULDNT_CONNECT:
        return no_connection(cli, request->socket, curl, err);
    case CURLE_OPERATION_TIMEDOUT:
        cli_hint(cli, "signetd or its token hangs: see signetd's log");
        return sg_err_set(err, SG_TIMEOUT, "socket %s: no answer in time",
                          request->socket);
    case CURLE_WRITE_ERROR:
        return sg_err_set(err, SG_FORMAT, "socket %s: answer: %s",
                          request->socket, reply->err.msg);
    default:
        return sg_err_set(err, SG_UNAVAILABLE, "socket %s: %s", request->socket,
                          curl_easy_strerror(code));
    }
}

static bool is_empty(struct sg_slice bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        if (strchr(" \t\r\n", bytes.p[i]) == NULL || bytes.p[i] == '\0')
            return false;
    }
    return true;
}

static enum sg_rc parse_reply(struct sg_slice body,
                              struct json_object **ret_json, struct sg_err *err)
{
    SG_CLEANUP(json_tokener_free)
    struct json_tokener *tokener = json_tokener_new_ex(REPLY_DEPTH);
    if (tokener == NULL)
        return sg_err_set(err, SG_NOMEM, "answer");
    if (is_empty(body)) {
        *ret_json = cli_json_object();
        return SG_OK;
    }
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
    SG_CLEANUP(cli_json_free)
    struct json_object *json =
        json_tokener_parse_ex(tokener, (const char *)body.p, (int)body.len);
    if (!json_object_is_type(json, json_type_object))
        return sg_err_set(err, SG_FORMAT,
                          "the answer is no JSON object: is this signetd?");
    *ret_json = SG_TAKE(json);
    return SG_OK;
}

static enum sg_rc set_up(CURL *curl, const struct cli_http_request *request,
                         const char *url, header_list *headers,
                         struct reply *reply, struct sg_err *err)
{
    long timeout =
        (long)(request->timeout_s == 0 ? TIMEOUT_S : request->timeout_s);
    CURLcode bad = CURLE_OK;
    /* The first failure is what counts; later calls do no harm. */
#define SET(option, value) \
    bad = bad != CURLE_OK ? bad : curl_easy_setopt(curl, option, value)
    SET(CURLOPT_URL, url);
    SET(CURLOPT_UNIX_SOCKET_PATH, request->socket);
    SET(CURLOPT_PROXY, "");
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_TIMEOUT, timeout);
    SET(CURLOPT_HTTPHEADER, headers);
    SET(CURLOPT_WRITEFUNCTION, take_bytes);
    SET(CURLOPT_WRITEDATA, reply);
    if (request->body != NULL)
        SET(CURLOPT_COPYPOSTFIELDS,
            json_object_to_json_string_ext(request->body,
                                           JSON_C_TO_STRING_NOSLASHESCAPE));
#undef SET
    if (bad != CURLE_OK)
        return sg_err_set(err, SG_BUG, "libcurl: %s", curl_easy_strerror(bad));
    return SG_OK;
}

static enum sg_rc perform(struct cli *cli,
                          const struct cli_http_request *request,
                          struct reply *reply, long *ret_status,
                          struct sg_err *err)
{
    /* No TLS here: only what plain HTTP needs is started. */
    if (curl_global_init(CURL_GLOBAL_NOTHING) != 0)
        return sg_err_set(err, SG_NOMEM, "libcurl does not start");
    SG_CLEANUP(curl_easy_cleanup) CURL *curl = curl_easy_init();
    SG_CLEANUP(curl_slist_free_all)
    header_list *headers =
        curl_slist_append(NULL, "Content-Type: application/json");
    if (curl == NULL || headers == NULL)
        return sg_err_set(err, SG_NOMEM, "libcurl");

    char url[512];
    int n = snprintf(url, sizeof(url), "http://localhost%s", request->path);
    if (n < 0 || (size_t)n >= sizeof(url))
        return sg_err_set(err, SG_USAGE, "the request's path is too long");
    SG_TRY(set_up(curl, request, url, headers, reply, err));
    CURLcode code = curl_easy_perform(curl);
    if (code != CURLE_OK)
        return failed(cli, request, curl, code, reply, err);
    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, ret_status);
    return SG_OK;
}

enum sg_rc cli_http(struct cli *cli, const struct cli_http_request *request,
                    long *ret_status, struct json_object **ret_json,
                    struct sg_err *err)
{
    size_t max = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1;
    if (strlen(request->socket) > max)
        return sg_err_set(err, SG_USAGE,
                          "socket path of %zu bytes, at most %zu fit unix(7)",
                          strlen(request->socket), max);
    struct reply reply = { 0 };
    sg_buf_init(&reply.body, REPLY_MAX);
    enum sg_rc rc = perform(cli, request, &reply, ret_status, err);
    if (rc == SG_OK)
        rc = parse_reply(sg_buf_slice(&reply.body), ret_json, err);
    sg_buf_done(&reply.body);
    return rc;
}

static enum sg_rc rc_of_status(long status)
{
    switch (status) {
    case 403:
        return SG_DENIED;
    case 404:
        return SG_NOT_FOUND;
    case 413:
    case 429:
        return SG_LIMIT;
    case 500:
        return SG_BUG;
    default:
        return status >= 500 ? SG_UNAVAILABLE : SG_POLICY;
    }
}

/* The server's errors in one line. */
static enum sg_rc refused(struct cli *cli, long status,
                          struct json_object *json, struct sg_err *err)
{
    char text[SG_ERR_MSG_MAX] = "";
    struct json_object *errors = json_object_object_get(json, "errors");
    size_t n = json_object_is_type(errors, json_type_array)
                   ? json_object_array_length(errors)
                   : 0;
    for (size_t i = 0; i < n; i++) {
        size_t at = strlen(text);
        (void)snprintf(
            text + at, sizeof(text) - at, "%s%s", i == 0 ? "" : "; ",
            json_object_get_string(json_object_array_get_idx(errors, i)));
    }
    for (char *c = text; *c != '\0'; c++)
        *c = (char)(*c == '\n' ? ' ' : *c);
    if (status == 503)
        cli_hint(cli, "\"signet health\" says why; the same request may "
                      "succeed later");
    else if (status == 404)
        cli_hint(cli, "is --mount right? signetd's configuration names it");
    return sg_err_set(err, rc_of_status(status), "signetd says: %s (HTTP %ld)",
                      text[0] == '\0' ? "no reason given" : text, status);
}

enum sg_rc cli_api(struct cli *cli, const struct cli_http_request *request,
                   struct json_object **ret_data, struct sg_err *err)
{
    long status = 0;
    SG_CLEANUP(cli_json_free) struct json_object *json = NULL;
    SG_TRY(cli_http(cli, request, &status, &json, err));
    if (status < 200 || status > 299)
        return refused(cli, status, json, err);

    struct json_object *warnings = json_object_object_get(json, "warnings");
    if (json_object_is_type(warnings, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(warnings); i++)
            cli_print_warning(
                json_object_get_string(json_object_array_get_idx(warnings, i)));
    }
    struct json_object *data = json_object_object_get(json, "data");
    if (!json_object_is_type(data, json_type_object))
        return sg_err_set(err, SG_FORMAT, "the answer has no data");
    *ret_data = json_object_get(data);
    return SG_OK;
}
