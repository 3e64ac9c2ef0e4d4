/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_TESTS_TOKEN_TAKEOVER_H
#define SG_TESTS_TOKEN_TAKEOVER_H

/* A daemon that somebody took over: it holds the socket of the real
 * signet-token and sends frames of its own making. Whatever it must not get
 * signed is refused for its own reason, logged and counted. */

#include "tests/lib/make-tbs.h"
#include "tests/token/token.h"

#define BYTES(s) SG_SLICE((const uint8_t *)(s), sizeof(s) - 1)
#define SERVER_AUTH "\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x01"
#define CLIENT_AUTH "\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x02"
/* The content of a UPN's otherName; three lengths, from the outside in. */
#define UPN(len2, len1, len0, text) \
    "\xa0" len2 "\x06\x0a\x2b\x06\x01\x04\x01\x82\x37\x14\x02\x03\xa0" len1 \
    "\x0c" len0 text

struct ca {
    uint32_t ref;
    struct tok_key_info info;
    struct sg_buf cert;
};

/* root: path length 1, name constraints of every form. issuing, below it:
 * path length 0, no cRLSign, a guard for serverAuth leaves of 90 days, bound
 * with its chain. */
struct fixture {
    struct t_token token;
    struct t_helper h;
    struct sg_slice alg; /* ecdsa-with-SHA256 */
    struct ca root, issuing;
    struct sg_buf tbs, extra, exts; /* what was encoded last */
    struct sg_err err;
};
int takeover_setup(void **state);
int takeover_teardown(void **state);
#define CASE(fn) \
    cmocka_unit_test_setup_teardown(fn, takeover_setup, takeover_teardown)

/* --- making ---------------------------------------------------------------- */

struct sg_slice spki_of(const struct ca *ca);
void make_key(struct fixture *f, const char *label, struct tok_guard guard,
              struct ca *ret);
/* Another process, with the key of this label open in it. */
void restart(struct fixture *f, const char *label, struct ca *ret);
enum sg_rc sign(struct fixture *f, enum tok_op op, const struct ca *ca,
                struct sg_slice tbs, struct sg_slice *ret);
struct sg_slice encode(struct fixture *f, const struct t_tbs *t);
struct sg_slice encode_crl(struct fixture *f, const struct t_crl *crl);
/* Sign t and keep the certificate. */
void issue(struct fixture *f, const struct ca *by, const struct t_tbs *t,
           struct sg_buf *out);
/* What every leaf has: purposes, and these GeneralNames; either may be
 * empty. */
struct sg_slice leaf_exts(struct fixture *f, struct sg_slice purposes,
                          struct sg_slice names);
struct t_tbs good_leaf(struct fixture *f);
struct t_tbs intermediate(const struct fixture *f); /* issuing's */

/* --- what a refusal is ----------------------------------------------------- */

struct want {
    enum sg_rc rc;
    enum tok_refused reason;
    const char *text;
};
struct tok_guard_view show(struct fixture *f, const struct ca *ca);
const char *log_text(struct fixture *f);
/* Refused with this text; logged with this reason (ten lines a second are, so
 * not each of many); counted once. */
void check(struct fixture *f, const struct ca *ca, enum sg_rc rc,
           const struct tok_guard_view *before, const struct want *want);
void refused(struct fixture *f, enum tok_op op, const struct ca *ca,
             struct sg_slice tbs, const struct want *want);

#define REFUSED(op, ca, tbs, why, ...) \
    refused(f, TOK_OP_##op, (ca), (tbs), \
            &(const struct want){ SG_POLICY, TOK_REFUSED_##why, __VA_ARGS__ })
#define NO_CERT(ca, t, why, ...) \
    REFUSED(SIGN_CERT, (ca), encode(f, (t)), why, __VA_ARGS__)
#define NO_CRL(ca, crl, why, ...) \
    REFUSED(SIGN_CRL, (ca), encode_crl(f, (crl)), why, __VA_ARGS__)

#endif
