/* SPDX-License-Identifier: Apache-2.0 */
#include <curl/curl.h>
#include <string.h>

#include "ceremony/ledger.h"
#include "common/file.h"
#include "common/parse.h"
#include "common/pem.h"

#define TIMEOUT_S 60L
#define CONNECT_TIMEOUT_S 15L
#define SILENCE_S 10L /* a server that accepts and says nothing */
#define REDIRECTS_MAX 3L
#define FILE_MAX (2 * CER_CRL_MAX) /* as PEM */

static inline void curl_easy_cleanup_cleanup(CURL **curl)
{
    if (*curl != NULL)
        curl_easy_cleanup(*curl);
}

struct download {
    struct sg_buf *out;
    struct sg_err err;
};

static size_t on_bytes(char *bytes, size_t size, size_t n, void *arg)
{
    struct download *d = arg;

    return sg_buf_put(d->out, bytes, size * n, &d->err) == SG_OK ? size * n : 0;
}

static bool set_limits(CURL *curl)
{
    return curl_easy_setopt(curl, CURLOPT_MAXREDIRS, REDIRECTS_MAX) == CURLE_OK
           && curl_easy_setopt(curl, CURLOPT_TIMEOUT, TIMEOUT_S) == CURLE_OK
           && curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT_S)
                  == CURLE_OK
           && curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L) == CURLE_OK
           && curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, SILENCE_S)
                  == CURLE_OK
           && curl_easy_setopt(curl, CURLOPT_MAXFILESIZE_LARGE,
                               (curl_off_t)FILE_MAX)
                  == CURLE_OK;
}

/* The list is signed: where it comes from need not be trusted. */
static enum sg_rc download(const char *url, struct sg_buf *out,
                           struct sg_err *err)
{
    SG_CLEANUP(curl_easy_cleanup) CURL *curl = curl_easy_init();
    struct download d = { .out = out };
    char shown[SG_SHOW_MAX];
    char why[CURL_ERROR_SIZE] = "";

    if (curl == NULL)
        return sg_err_set(err, SG_NOMEM, "curl");
    if (!set_limits(curl)
        || curl_easy_setopt(curl, CURLOPT_URL, url) != CURLE_OK
        || curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https,file")
               != CURLE_OK
        || curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https")
               != CURLE_OK
        || curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L) != CURLE_OK
        || curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L) != CURLE_OK
        || curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) != CURLE_OK
        || curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, why) != CURLE_OK
        || curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_bytes) != CURLE_OK
        || curl_easy_setopt(curl, CURLOPT_WRITEDATA, &d) != CURLE_OK)
        return sg_err_set(err, SG_BUG, "curl: options");
    CURLcode code = curl_easy_perform(curl);
    if (d.err.rc == SG_LIMIT || code == CURLE_FILESIZE_EXCEEDED)
        return sg_err_set(err, SG_LIMIT, "%s: more than %zu bytes",
                          sg_show(url, shown), FILE_MAX);
    if (d.err.rc != SG_OK)
        return sg_err_set(err, d.err.rc, "%s: %s", sg_show(url, shown),
                          d.err.msg);
    if (code != CURLE_OK)
        return sg_err_set(err, SG_IO, "%s: %s", sg_show(url, shown),
                          why[0] != '\0' ? why : curl_easy_strerror(code));
    return SG_OK;
}

enum sg_rc cer_ledger_fetch(const char *where, struct sg_arena *arena,
                            struct sg_slice *ret, struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf file;
    SG_CLEANUP(sg_buf_done) struct sg_buf der;
    char shown[SG_SHOW_MAX];

    sg_buf_init(&file, FILE_MAX);
    sg_buf_init(&der, CER_CRL_MAX);
    if (strstr(where, "://") != NULL)
        SG_TRY(download(where, &file, err));
    else
        SG_TRY(sg_file_read(where, &file, err));
    if (sg_pem_or_der(sg_buf_slice(&file), "X509 CRL", &der, err) != SG_OK)
        return sg_err_wrap(err, "%s", sg_show(where, shown));
    struct sg_slice copy = sg_arena_copy(arena, sg_buf_slice(&der));
    if (der.len > 0 && copy.p == NULL)
        return sg_err_set(err, SG_NOMEM, "%s", sg_show(where, shown));
    *ret = copy;
    return SG_OK;
}
