/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_PKCS11_FRAME_H
#define SG_PKCS11_FRAME_H

/* The frames between a program and its signet-token, one header for both ends.
 *
 * One frame is one message on a SOCK_SEQPACKET socket pair, at most
 * TOK_FRAME_MAX bytes, integers big-endian:
 *
 *   u8 version   u8 op   u16 rc (replies; 0 in requests)
 *   u32 payload length   u64 request id   u64 CK_RV (replies; 0 in requests)
 *   payload
 *
 * A reply carries its request's op and id. rc is enum sg_rc; when it is not
 * SG_OK the payload is one blob: the message. Many requests may be in flight
 * and replies come in any order. Id 0 belongs to the token process: HELLO once
 * at the start (rc != SG_OK: the token cannot be used and the process ends),
 * and LOG whenever it has a line to say.
 *
 * Trailing bytes, a wrong version, an unknown op or a length that differs from
 * the message's are protocol errors: the receiver ends the connection.
 * Nothing here is thread-safe or needs to be: data in, data out. */

#include "pkcs11/keytype.h"

#define TOK_FRAME_VERSION 1
#define TOK_FRAME_MAX 65536      /* bytes; a 16 KiB TBS with room to spare */
#define TOK_FRAME_HEADER 24      /* bytes */
#define TOK_HELPER_FD 3          /* the socket, in the token process */
#define TOK_TBS_MAX 32768        /* bytes of a TBSCertificate or CSR info */
#define TOK_CRL_MAX (256U << 20) /* bytes; four million entries of 57 octets */
#define TOK_ALGORITHM_MAX 128    /* bytes; RSASSA-PSS with parameters is 67 */
#define TOK_CHALLENGE_MAX 256    /* bytes of what a probe key signs */
#define TOK_PROBE_PREFIX "signet probe" /* and its NUL, before the challenge */
#define TOK_KEYS_MAX 256                /* keys that one process opens */
#define TOK_KEYS_LISTED_MAX 65536       /* half a MiB of handles */
#define TOK_KEYS_PAGE 16 /* a slow token describes so many in time */

/* op, name, may be asked before a token is logged in (signet-token --list) */
#define TOK_OP_TABLE(X) \
    X(HELLO, 1, "hello") \
    X(LOG, 2, "log") \
    X(PING, 3, "ping") \
    X(TOKEN_LIST, 4, "token_list") \
    X(TOKEN_INIT, 5, "token_init") \
    X(KEY_LIST, 6, "key_list") \
    X(KEY_GENERATE, 7, "key_generate") \
    X(KEY_OPEN, 8, "key_open") \
    X(GUARD_BIND, 9, "guard_bind") \
    X(SIGN_CERT, 10, "sign_cert") \
    X(SIGN_CSR, 11, "sign_csr") \
    X(SIGN_CRL, 12, "sign_crl") \
    X(SIGN_OCSP, 13, "sign_ocsp") \
    X(SIGN_DIGEST, 14, "sign_digest") \
    X(PROBE_SIGN, 15, "probe_sign") \
    X(GUARD_SHOW, 16, "guard_show") \
    X(GUARD_NARROW, 17, "guard_narrow") \
    X(KEY_TRY, 18, "key_try")

enum tok_op {
    TOK_OP_UNSET,
#define X(name, number, text) TOK_OP_##name = (number),
    TOK_OP_TABLE(X)
#undef X
};
const char *tok_op_name(enum tok_op op); /* "?" for an unknown one */
/* Asked with a struct tok_sign, answered with a signature. */
bool tok_op_signs(enum tok_op op);

struct tok_frame {
    enum tok_op op;
    enum sg_rc rc; /* replies */
    uint64_t id;
    uint64_t ckr;            /* replies: CK_RV behind rc, 0 when none */
    struct sg_slice payload; /* borrowed */
};

/* Check one received message and point into it. SG_FORMAT says what is wrong. */
enum sg_rc tok_frame_parse(struct sg_slice message, struct tok_frame *ret,
                           struct sg_err *err);
/* Append header and payload to out. */
enum sg_rc tok_frame_encode(const struct tok_frame *frame, struct sg_buf *out,
                            struct sg_err *err);
/* A failed reply to request op/id from err (its CK_RV when src is CKR). */
enum sg_rc tok_frame_encode_failure(enum tok_op op, uint64_t id,
                                    const struct sg_err *failure,
                                    struct sg_buf *out, struct sg_err *err);
/* The failure that a reply carries, into err. Returns frame->rc. */
enum sg_rc tok_frame_failure(const struct tok_frame *frame, struct sg_err *err);

/* --- payloads: encode appends, parse checks every limit and the end ------ */

enum sg_rc tok_put_token_info(struct sg_buf *out, const struct tok_token_info *,
                              struct sg_err *err);
enum sg_rc tok_get_token_info(struct sg_reader *in, struct tok_token_info *ret,
                              struct sg_err *err);
enum sg_rc tok_put_key_info(struct sg_buf *out, const struct tok_key_info *,
                            struct sg_err *err);
enum sg_rc tok_get_key_info(struct sg_reader *in, struct tok_key_info *ret,
                            struct sg_err *err);

/* HELLO: token info.  PING: empty both ways (the token is asked whether it is
 * there).  TOKEN_LIST: empty -> u32 n, n token infos.
 * TOKEN_INIT: request below -> token info. The PINs come from the sources that
 * the process was started with, never in a frame.
 * KEY_LIST: u64 mark, u32 index of the first key wanted -> u64 mark, u32 keys
 * in the token, u32 n, n key infos. The first page is asked for with 0 and 0,
 * each later one with the mark that came; SG_CONFLICT when the keys are others
 * by now: begin again.
 * KEY_GENERATE: request below -> key info. KEY_OPEN: request below -> u32 key
 * reference, key info. A reference is an index into the process's key table,
 * stable for the life of the process, never a PKCS#11 handle.
 * GUARD_BIND: u32 key reference, blob certificate DER, blob chain (DER
 * certificates above it, one behind the other, each signed by the next; may be
 * empty but for an OCSP responder's, where the first is the CA that it answers
 * for) -> empty.
 * GUARD_SHOW: u32 key reference -> guard view.
 * GUARD_NARROW: u32 key reference, guard limits -> empty. */
struct tok_token_init {
    uint64_t slot_id;
    char label[TOK_LABEL_MAX];
};
enum sg_rc tok_put_token_init(struct sg_buf *out, const struct tok_token_init *,
                              struct sg_err *err);
enum sg_rc tok_get_token_init(struct sg_slice payload,
                              struct tok_token_init *ret, struct sg_err *err);

struct tok_list_from {
    uint64_t mark; /* of the list that the page belongs to; 0: any */
    uint32_t first;
};
enum sg_rc tok_put_list_from(struct sg_buf *out, const struct tok_list_from *,
                             struct sg_err *err);
enum sg_rc tok_get_list_from(struct sg_slice payload, struct tok_list_from *ret,
                             struct sg_err *err);

/* What comes before the n key infos of a page. */
struct tok_list_page {
    uint64_t mark;
    uint32_t total;
    uint32_t n; /* at most TOK_KEYS_PAGE; 0 behind the last key */
};
enum sg_rc tok_put_list_page(struct sg_buf *out, const struct tok_list_page *,
                             struct sg_err *err);
enum sg_rc tok_get_list_page(struct sg_reader *in, struct tok_list_page *ret,
                             struct sg_err *err);

struct tok_key_generate {
    char label[TOK_LABEL_MAX];
    enum tok_key_type type;
    struct tok_guard guard; /* written with the key; issuer_cert stays empty */
};
enum sg_rc tok_put_key_generate(struct sg_buf *out,
                                const struct tok_key_generate *,
                                struct sg_err *err);
enum sg_rc tok_get_key_generate(struct sg_slice payload,
                                struct tok_key_generate *ret,
                                struct sg_err *err);

/* The limits of a guard, without its certificates; slices borrow from in. */
enum sg_rc tok_put_guard(struct sg_buf *out, const struct tok_guard *,
                         struct sg_err *err);
enum sg_rc tok_get_guard(struct sg_reader *in, struct tok_guard *ret,
                         struct sg_err *err);

/* With them; slices borrow from the payload. */
enum sg_rc tok_put_guard_view(struct sg_buf *out, const struct tok_guard_view *,
                              struct sg_err *err);
enum sg_rc tok_get_guard_view(struct sg_slice payload,
                              struct tok_guard_view *ret, struct sg_err *err);

/* KEY_TRY: u8 key type -> u8, 1 when the token signs only what it hashes itself.
 * A key is made, signs and is removed again. */
enum sg_rc tok_put_key_try(struct sg_buf *out, enum tok_key_type type,
                           struct sg_err *err);
enum sg_rc tok_get_key_try(struct sg_slice payload, enum tok_key_type *ret,
                           struct sg_err *err);
enum sg_rc tok_put_key_tried(struct sg_buf *out, bool token_hashes,
                             struct sg_err *err);
enum sg_rc tok_get_key_tried(struct sg_slice payload, bool *ret_token_hashes,
                             struct sg_err *err);

struct tok_key_open {
    char label[TOK_LABEL_MAX];
    struct sg_slice id;   /* CKA_ID; empty: by label alone */
    struct sg_slice spki; /* must equal the key's; empty: not checked */
};
enum sg_rc tok_put_key_open(struct sg_buf *out, const struct tok_key_open *,
                            struct sg_err *err);
enum sg_rc tok_get_key_open(struct sg_slice payload, struct tok_key_open *ret,
                            struct sg_err *err);

/* SIGN_* and PROBE_SIGN: u32 key reference, blob algorithm (the whole
 * AlgorithmIdentifier DER), blob to-be-signed DER -> blob signature as it goes
 * into the BIT STRING. The algorithm must equal the one inside a
 * TBSCertificate or TBSCertList.
 * SIGN_CRL: with an empty tbs the message carries one descriptor (SCM_RIGHTS):
 * a memfd of 1 … TOK_CRL_MAX bytes, sealed against writing, growing and
 * shrinking. No other message carries any.
 * SIGN_OCSP: tbs is a ResponseData. SIGN_DIGEST: tbs is the digest that the
 * algorithm names; not for Ed25519, which signs no digests. PROBE_SIGN: the
 * algorithm is empty (tok_probe_algorithm() says which it is) and tbs is a
 * challenge of 1 … TOK_CHALLENGE_MAX bytes; what is signed is
 * TOK_PROBE_PREFIX, its NUL and the challenge. */
struct tok_sign {
    uint32_t key_ref;
    struct sg_slice algorithm;
    struct sg_slice tbs;
};
enum sg_rc tok_put_sign(struct sg_buf *out, const struct tok_sign *,
                        struct sg_err *err);
enum sg_rc tok_get_sign(struct sg_slice payload, struct tok_sign *ret,
                        struct sg_err *err);

/* The AlgorithmIdentifier that a probe key of this type signs with. */
struct sg_slice tok_probe_algorithm(enum tok_key_type type);

/* LOG: u8 level (enum sg_log_level), blob line. */
enum sg_rc tok_put_log(struct sg_buf *out, uint8_t level, const char *line,
                       struct sg_err *err);
enum sg_rc tok_get_log(struct sg_slice payload, uint8_t *ret_level,
                       struct sg_slice *ret_line, struct sg_err *err);

#endif
