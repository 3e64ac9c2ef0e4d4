/* SPDX-License-Identifier: Apache-2.0 */
#include "common/pem.h"

#include <string.h>

#include "common/parse.h"

#define LINE_BYTES 48 /* 64 columns of base64 */
#define DASHES "-----"
#define BEGIN "-----BEGIN "
#define END "-----END "

static enum sg_rc frame_line(const char *what, const char *label,
                             struct sg_buf *out, struct sg_err *err)
{
    SG_TRY(sg_buf_put_str(out, what, err));
    SG_TRY(sg_buf_put_str(out, label, err));
    return sg_buf_put_str(out, DASHES, err);
}

enum sg_rc sg_pem_encode(const char *label, struct sg_slice der,
                         struct sg_buf *out, struct sg_err *err)
{
    size_t before = out->len;

    /* One step instead of many: base64, a newline per line, two frame lines. */
    SG_TRY(sg_buf_reserve(out,
                          2 * strlen(label) + sizeof(BEGIN) + sizeof(END)
                              + 2 * sizeof(DASHES) - 4 + 1
                              + (der.len + 2) / 3 * 4
                              + (der.len + LINE_BYTES - 1) / LINE_BYTES,
                          err));
    enum sg_rc rc = frame_line(BEGIN, label, out, err);
    if (rc == SG_OK)
        rc = sg_buf_put_u8(out, '\n', err);
    while (rc == SG_OK && der.len > 0) {
        size_t n = der.len < LINE_BYTES ? der.len : LINE_BYTES;

        rc = sg_base64_encode(SG_SLICE(der.p, n), out, err);
        if (rc == SG_OK)
            rc = sg_buf_put_u8(out, '\n', err);
        der = SG_SLICE(der.p + n, der.len - n);
    }
    if (rc == SG_OK)
        rc = frame_line(END, label, out, err);
    if (rc != SG_OK)
        out->len = before;
    return rc;
}

/* First place at which needle begins a line. NULL when there is none. */
static const uint8_t *find_line(struct sg_slice text, const char *needle)
{
    const uint8_t *p = text.p;
    const uint8_t *end = text.len > 0 ? text.p + text.len : text.p;
    size_t len = strlen(needle);

    while (p < end) {
        p = memmem(p, (size_t)(end - p), needle, len);
        if (p == NULL || p == text.p || p[-1] == '\n' || p[-1] == '\r')
            return p;
        p += len;
    }
    return NULL;
}

/* Take "LABEL-----" and the rest of the line, which may only be blank. */
static enum sg_rc take_label(const uint8_t **at, const uint8_t *end,
                             char label[SG_PEM_LABEL_MAX], struct sg_err *err)
{
    const uint8_t *p = *at;
    const uint8_t *dashes = memmem(p, (size_t)(end - p), DASHES, 5);
    size_t len = dashes != NULL ? (size_t)(dashes - p) : 0;

    if (len == 0 || len >= SG_PEM_LABEL_MAX)
        return sg_err_set(err, SG_FORMAT, "pem: bad label (RFC 7468 3)");
    for (size_t i = 0; i < len; i++)
        if (p[i] < 0x20 || p[i] > 0x7e)
            return sg_err_set(err, SG_FORMAT, "pem: bad label (RFC 7468 3)");
    memcpy(label, p, len);
    label[len] = '\0';
    p = dashes + 5;
    while (p < end && (*p == ' ' || *p == '\t'))
        p++;
    if (p < end && *p != '\n' && *p != '\r')
        return sg_err_set(err, SG_FORMAT,
                          "pem: text behind the dashes (RFC 7468 3)");
    *at = p;
    return SG_OK;
}

static enum sg_rc decode_body(struct sg_slice body, const char *label,
                              struct sg_buf *out, struct sg_err *err)
{
    size_t before = out->len;

    if (body.len > 0 && memchr(body.p, ':', body.len) != NULL)
        return sg_err_set(err, SG_FORMAT,
                          "pem %s: headers are not accepted (RFC 7468 2)",
                          label);
    if (sg_base64_decode(body, out, err) != SG_OK)
        return sg_err_wrap(err, "pem %s", label);
    if (out->len == before)
        return sg_err_set(err, SG_FORMAT, "pem %s: empty block", label);
    return SG_OK;
}

enum sg_rc sg_pem_next(struct sg_slice *text, char label[SG_PEM_LABEL_MAX],
                       struct sg_buf *out, bool *ret_found, struct sg_err *err)
{
    char begin[SG_PEM_LABEL_MAX];
    char end[SG_PEM_LABEL_MAX];
    const uint8_t *p = find_line(*text, BEGIN);

    if (p == NULL) {
        *ret_found = false;
        return SG_OK;
    }
    const uint8_t *stop = text->p + text->len;
    p += strlen(BEGIN);
    SG_TRY(take_label(&p, stop, begin, err));

    struct sg_slice body = SG_SLICE(p, (size_t)(stop - p));
    const uint8_t *close = find_line(body, END);
    if (close == NULL)
        return sg_err_set(err, SG_FORMAT, "pem %s: no END line", begin);
    body.len = (size_t)(close - p);
    close += strlen(END);
    SG_TRY(take_label(&close, stop, end, err));
    if (strcmp(begin, end) != 0)
        return sg_err_set(err, SG_FORMAT,
                          "pem: BEGIN %s is closed by END %s (RFC 7468 2)",
                          begin, end);
    SG_TRY(decode_body(body, begin, out, err));

    memcpy(label, begin, sizeof(begin));
    *text = SG_SLICE(close, (size_t)(stop - close));
    *ret_found = true;
    return SG_OK;
}

static enum sg_rc one_block(struct sg_slice text, const char *label,
                            struct sg_buf *out, struct sg_err *err)
{
    char found[SG_PEM_LABEL_MAX];
    bool any = false;

    SG_TRY(sg_pem_next(&text, found, out, &any, err));
    if (!any)
        return sg_err_set(err, SG_FORMAT, "pem: no %s block and no DER in it",
                          label);
    if (strcmp(found, label) != 0)
        return sg_err_set(err, SG_FORMAT, "pem: expected %s, found %s", label,
                          found);
    if (find_line(text, BEGIN) != NULL)
        return sg_err_set(err, SG_FORMAT, "pem %s: more than one block", label);
    return SG_OK;
}

enum sg_rc sg_pem_or_der(struct sg_slice bytes, const char *label,
                         struct sg_buf *out, struct sg_err *err)
{
    size_t before = out->len;

    if (bytes.len > 0 && bytes.p[0] == 0x30) /* SEQUENCE */
        return sg_buf_put(out, bytes.p, bytes.len, err);

    enum sg_rc rc = one_block(bytes, label, out, err);
    if (rc != SG_OK)
        out->len = before;
    return rc;
}
