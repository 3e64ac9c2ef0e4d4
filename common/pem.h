/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_COMMON_PEM_H
#define SG_COMMON_PEM_H

/* PEM as RFC 7468 writes it. Reading skips text around blocks, as people's
 * files have it; inside a block it is strict. */

#include "common/buf.h"

/* "-----BEGIN label-----" … "-----END label-----", 64 columns, LF between the
 * lines and none at the end (Vault's form). */
enum sg_rc sg_pem_encode(const char *label, struct sg_slice der,
                         struct sg_buf *out, struct sg_err *err);

#define SG_PEM_LABEL_MAX 64
/* Take the next block off *text. *ret_found is false at the end. The DER is
 * appended to out (at most its max). Headers ("Proc-Type:") are refused. */
enum sg_rc sg_pem_next(struct sg_slice *text, char label[SG_PEM_LABEL_MAX],
                       struct sg_buf *out, bool *ret_found, struct sg_err *err);
/* Exactly one block with this label, or raw DER when the first byte is 0x30. */
enum sg_rc sg_pem_or_der(struct sg_slice bytes, const char *label,
                         struct sg_buf *out, struct sg_err *err);

#endif
