/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CEREMONY_VERIFY_H
#define SG_CEREMONY_VERIFY_H

/* The folder that a ceremony left, held against itself without any token: by
 * an auditor who was not in the room. Reads files; changes nothing. */

#include "ceremony/transcript.h"

enum cer_check_state {
    CER_CHECK_OK,
    CER_CHECK_DIFFERS,
    CER_CHECK_NOT_DONE /* it does not apply, or what it needs differs */
};

struct cer_check {
    const char *id;    /* "signature", for programs */
    const char *title; /* "the signature verifies", for people */
    enum cer_check_state state;
    char text[SG_ERR_MSG_MAX]; /* what differs, or what was seen */
};

#define CER_CHECKS_MAX 24
struct cer_verdict {
    struct cer_check check[CER_CHECKS_MAX];
    size_t n;
    size_t n_differ;
    /* For paper: what people wrote down in the room. Empty hashes of what could
     * not be read. */
    bool has_plan, has_transcript;
    uint8_t plan_sha256[32];
    uint8_t transcript_sha256[32]; /* of the file */
};

struct cer_verify_args {
    const char *dir;
    const char *version; /* of this program: the page is made again only when
                          * the same version made it */
    /* The certificate (DER) of whoever sealed it: then the seal must be there
     * and be theirs. Empty: any seal, or none. */
    struct sg_slice signer;
};

/* SG_OK when it could be judged: *ret says how. Errors are SG_NOMEM, SG_USAGE
 * for what is no folder, and SG_NOT_FOUND for one that is not there. */
enum sg_rc cer_verify(const struct cer_verify_args *args,
                      struct cer_verdict *ret, struct sg_err *err);

#endif
