/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CEREMONY_HTML_H
#define SG_CEREMONY_HTML_H

/* Writing HTML: markup of ours as it is, everything else escaped. The first
 * failure sticks, later calls do nothing. Inside ceremony/ only. */

#include <json-c/json.h>

#include "common/buf.h"

struct cer_html {
    struct sg_buf *out;
    struct sg_err err;
};
void cer_html_init(struct cer_html *w, struct sg_buf *out);
enum sg_rc cer_html_finish(struct cer_html *w, struct sg_err *err);

void cer_html_raw(struct cer_html *w, const char *markup);
SG_PRINTF(2, 3) /* numbers only */
void cer_html_rawf(struct cer_html *w, const char *fmt, ...);
/* Foreign text. What is no UTF-8, control characters and those that turn the
 * direction of writing are shown by number: "[U+202E]". */
void cer_html_text(struct cer_html *w, const char *text);
void cer_html_slice(struct cer_html *w, struct sg_slice text);
void cer_html_hex(struct cer_html *w, struct sg_slice bytes);
/* SHA-256 in hex with its words below. */
void cer_html_hash(struct cer_html *w, struct sg_slice hash);
/* Objects as a list of names and values, arrays as lists. At most
 * CER_JSON_DEPTH_MAX deep. */
void cer_html_json(struct cer_html *w, json_object *value);
/* One member of an object, inside a <dl>. */
void cer_html_json_row(struct cer_html *w, const char *key, json_object *value);

/* <dt>name</dt><dd>value</dd> */
void cer_html_row(struct cer_html *w, const char *name, const char *value);

/* bytes as one QR code, an inline <svg>. SG_LIMIT past CER_QR_MAX. */
#define CER_QR_MAX 800 /* more is hard to scan from paper */
void cer_html_qr(struct cer_html *w, struct sg_slice bytes);

#endif
