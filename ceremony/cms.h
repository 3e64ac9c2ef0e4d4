/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CEREMONY_CMS_H
#define SG_CEREMONY_CMS_H

/* Detached signatures in CMS (RFC 5652): one signer with signed attributes
 * (content type, signing time, message digest), its certificates inside. The
 * signature itself is made by whoever holds the key. */

#include "ca/cert.h"
#include "common/arena.h"

#define CER_CMS_MAX 262144 /* bytes */
#define CER_CMS_CERTS_MAX 8

/* Sign message (the attributes, DER) as alg says; append to out. */
typedef enum sg_rc (*cer_cms_sign)(void *arg, struct sg_slice message,
                                   struct sg_buf *out, struct sg_err *err);
struct cer_cms_args {
    struct sg_slice content;
    const struct sg_slice *cert; /* DER: the signer's first */
    size_t n_certs;
    enum ca_sigalg alg;
    int64_t time; /* signingTime */
    cer_cms_sign sign;
    void *arg;
};
/* Appends ContentInfo, DER. What was made is checked before it is given out:
 * SG_POLICY when the signature does not verify. */
enum sg_rc cer_cms_make(const struct cer_cms_args *args, struct sg_buf *out,
                        struct sg_err *err);

/* Borrowed from the bytes or the arena. */
struct cer_cms_signer {
    struct ca_cert cert;
    enum ca_sigalg alg;
    bool has_time;
    int64_t time;
};
/* Read what cer_cms_make() writes, strictly, and verify it. SG_FORMAT: another
 * form; SG_POLICY: other content, a bad signature. Whether the signer is to be
 * trusted is the caller's question. */
enum sg_rc cer_cms_check(struct sg_slice cms, struct sg_slice content,
                         struct sg_arena *arena, struct cer_cms_signer *ret,
                         struct sg_err *err);

#endif
