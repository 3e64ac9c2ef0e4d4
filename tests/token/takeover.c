/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/token/takeover.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- keys ------------------------------------------------------------------------- */

struct sg_slice spki_of(const struct ca *ca)
{
    return SG_SLICE(ca->info.spki, ca->info.spki_len);
}

void make_key(struct fixture *f, const char *label, struct tok_guard guard,
              struct ca *ret)
{
    struct tok_key_generate gen = { .type = TOK_KEY_EC_P256, .guard = guard };
    struct tok_key_open want = { 0 };

    (void)snprintf(gen.label, sizeof(gen.label), "%s", label);
    (void)snprintf(want.label, sizeof(want.label), "%s", label);
    if (t_generate(&f->h, &gen, &ret->info) != SG_OK
        || t_open(&f->h, &want, &ret->ref, &ret->info) != SG_OK)
        fail_msg("%s: %s", label, f->h.failure.msg);
}

void restart(struct fixture *f, const char *label, struct ca *ret)
{
    struct tok_key_open want = { 0 };

    (void)snprintf(want.label, sizeof(want.label), "%s", label);
    assert_int_equal(t_helper_stop(&f->h), 0);
    t_helper_start_on(&f->h, &f->token, 2);
    assert_int_equal(t_open(&f->h, &want, &ret->ref, &ret->info), SG_OK);
}

enum sg_rc sign(struct fixture *f, enum tok_op op, const struct ca *ca,
                struct sg_slice tbs, struct sg_slice *ret)
{
    struct tok_sign req = { .key_ref = ca->ref,
                            .algorithm = f->alg,
                            .tbs = tbs };

    if (op == TOK_OP_PROBE_SIGN)
        req.algorithm = SG_SLICE(NULL, 0);
    return t_sign(&f->h, op, &req, ret);
}

struct sg_slice encode(struct fixture *f, const struct t_tbs *t)
{
    sg_buf_reset(&f->tbs);
    t_tbs_encode(t, &f->tbs);
    return sg_buf_slice(&f->tbs);
}

struct sg_slice encode_crl(struct fixture *f, const struct t_crl *crl)
{
    sg_buf_reset(&f->tbs);
    t_crl_encode(crl, &f->tbs);
    return sg_buf_slice(&f->tbs);
}

void issue(struct fixture *f, const struct ca *by, const struct t_tbs *t,
           struct sg_buf *out)
{
    struct sg_slice signature;

    if (sign(f, TOK_OP_SIGN_CERT, by, encode(f, t), &signature) != SG_OK)
        fail_msg("%s: %s", t->subject, f->h.failure.msg);
    sg_buf_reset(out);
    t_cert_encode(sg_buf_slice(&f->tbs), f->alg, signature, out);
}

/* --- extensions -------------------------------------------------------------------- */

static void put_seq(struct sg_buf *out, uint8_t tag, struct sg_slice content)
{
    struct sg_err err = { 0 };
    struct sg_derw w;

    sg_derw_init(&w, out);
    sg_derw_tlv(&w, tag, content);
    t_ok(&err, sg_derw_finish(&w, &err));
}

struct sg_slice leaf_exts(struct fixture *f, struct sg_slice purposes,
                          struct sg_slice names)
{
    sg_buf_reset(&f->exts);
    if (purposes.len > 0) {
        sg_buf_reset(&f->extra);
        put_seq(&f->extra, SG_DER_SEQUENCE, purposes);
        t_ext_put(&f->exts, 37, false, sg_buf_slice(&f->extra));
    }
    if (names.len > 0) {
        sg_buf_reset(&f->extra);
        put_seq(&f->extra, SG_DER_SEQUENCE, names);
        t_ext_put(&f->exts, 17, false, sg_buf_slice(&f->extra));
    }
    return sg_buf_slice(&f->exts);
}

struct t_tbs good_leaf(struct fixture *f)
{
    struct t_tbs t = t_tbs_leaf(f->alg, spki_of(&f->root));

    t.issuer = "issuing";
    t.aki = "issuing";
    t.extra = leaf_exts(f, BYTES(SERVER_AUTH), BYTES("\x82\x0dw.example.com"));
    return t;
}

#define SUBTREE(tag, len, text, total) "\x30" total tag len text
/* permitted: DNS, email, URI and IPv4; excluded: one of each of these, a UPN
 * and a directoryName. */
static const char PERMITTED[] = SUBTREE("\x82", "\x0b", "example.com", "\x0d")
    SUBTREE("\x81", "\x0b", "example.com", "\x0d")
        SUBTREE("\x86", "\x0c", ".example.com", "\x0e")
            SUBTREE("\x87", "\x08", "\x0a\0\0\0\xff\0\0\0", "\x0a");
static const char EXCLUDED[] = SUBTREE(
    "\x82", "\x12", "secret.example.com",
    "\x14") SUBTREE("\x81", "\x10", "boss@example.com",
                    "\x12") SUBTREE("\x86", "\x12", "secret.example.com",
                                    "\x14")
    SUBTREE("\x87", "\x08", "\x0a\x09\0\0\xff\xff\0\0", "\x0a") "\x30\x1b" UPN(
        "\x19", "\x0b", "\x09",
        "admin.net") "\x30\x13\xa4\x11\x30\x0f\x31\x0d\x30\x0b\x06\x03\x55\x04\x03\x0c\x04"
                     "Evil";

static struct sg_slice constraints_ext(struct fixture *f)
{
    struct sg_buf seq;

    sg_buf_init(&seq, 4096);
    put_seq(&seq, 0xa0, BYTES(PERMITTED));
    put_seq(&seq, 0xa1, BYTES(EXCLUDED));
    sg_buf_reset(&f->extra);
    put_seq(&f->extra, SG_DER_SEQUENCE, sg_buf_slice(&seq));
    sg_buf_reset(&f->exts);
    t_ext_put(&f->exts, 30, true, sg_buf_slice(&f->extra));
    sg_buf_done(&seq);
    return sg_buf_slice(&f->exts);
}

/* --- the hierarchy ------------------------------------------------------------------ */

static void make_root(struct fixture *f)
{
    const struct tok_guard guard = { .purpose = TOK_PURPOSE_CA,
                                     .may_sign_ca = true,
                                     .has_max_path_length = true,
                                     .max_path_length = 1,
                                     .max_validity = 3650 * T_DAY };

    make_key(f, "root", guard, &f->root);
    struct t_tbs t = t_tbs_root(f->alg, spki_of(&f->root), "root");
    t.extra = constraints_ext(f);
    issue(f, &f->root, &t, &f->root.cert);
    assert_int_equal(t_bind(&f->h, f->root.ref, sg_buf_slice(&f->root.cert)),
                     SG_OK);
}

struct t_tbs intermediate(const struct fixture *f)
{
    struct t_tbs t = t_tbs_root(f->alg, spki_of(&f->issuing), "issuing");

    t.issuer = "root";
    t.aki = "root";
    t.path_length = 0;
    t.key_usage = 1 << 5; /* no cRLSign */
    t.not_after = T_2026 + 1000 * T_DAY;
    return t;
}

static void make_issuing(struct fixture *f)
{
    struct tok_guard guard = { .purpose = TOK_PURPOSE_CA,
                               .max_validity = 90 * T_DAY,
                               .n_eku = 1,
                               .eku = { { 8, "\x2b\x06\x01\x05\x05\x07\x03"
                                             "\x01" } } };

    make_key(f, "issuing", guard, &f->issuing);
    struct t_tbs t = intermediate(f);
    issue(f, &f->root, &t, &f->issuing.cert);
    assert_int_equal(t_bind_chain(&f->h, f->issuing.ref,
                                  sg_buf_slice(&f->issuing.cert),
                                  sg_buf_slice(&f->root.cert)),
                     SG_OK);
}

int takeover_setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    t_token_new(&f->token);
    t_helper_start_on(&f->h, &f->token, 2);
    f->alg = t_algorithm(TOK_KEY_EC_P256, 0, false);
    sg_buf_init(&f->tbs, 1U << 20);
    sg_buf_init(&f->extra, 8192);
    sg_buf_init(&f->exts, 8192);
    sg_buf_init(&f->root.cert, 8192);
    sg_buf_init(&f->issuing.cert, 8192);
    make_root(f);
    make_issuing(f);
    *state = f;
    return 0;
}

int takeover_teardown(void **state)
{
    struct fixture *f = *state;

    (void)t_helper_stop(&f->h);
    sg_buf_done(&f->tbs);
    sg_buf_done(&f->extra);
    sg_buf_done(&f->exts);
    sg_buf_done(&f->root.cert);
    sg_buf_done(&f->issuing.cert);
    t_token_done(&f->token);
    free(f);
    return 0;
}

/* --- what a refusal is ---------------------------------------------------------------- */

struct tok_guard_view show(struct fixture *f, const struct ca *ca)
{
    struct tok_guard_view view;
    struct sg_buf ref;

    sg_buf_init(&ref, 4);
    t_ok(&f->err, sg_buf_put_u32(&ref, ca->ref, &f->err));
    assert_int_equal(
        t_helper_call(&f->h, TOK_OP_GUARD_SHOW, sg_buf_slice(&ref)), SG_OK);
    sg_buf_done(&ref);
    t_ok(&f->err,
         tok_get_guard_view(sg_buf_slice(&f->h.reply), &view, &f->err));
    return view;
}

const char *log_text(struct fixture *f)
{
    t_ok(&f->err, sg_buf_put_u8(&f->h.log, 0, &f->err));
    f->h.log.len--;
    return (const char *)f->h.log.data;
}

void check(struct fixture *f, const struct ca *ca, enum sg_rc rc,
           const struct tok_guard_view *before, const struct want *want)
{
    char reason[64];

    if (rc != want->rc || strstr(f->h.failure.msg, want->text) == NULL)
        fail_msg("%s: %s\n instead of %s: %s", sg_rc_name(rc), f->h.failure.msg,
                 sg_rc_name(want->rc), want->text);
    struct tok_guard_view after = show(f, ca);
    for (unsigned i = 0; i < TOK_REFUSED_N; i++)
        if (after.refused[i] != before->refused[i] + (i == want->reason))
            fail_msg("%s: counted as %s", want->text,
                     tok_refused_name((enum tok_refused)i));
    assert_int_equal(after.signatures, before->signatures);
    (void)snprintf(reason, sizeof(reason),
                   "reason=%s err=", tok_refused_name(want->reason));
    if (strstr(log_text(f), reason) == NULL)
        fail_msg("%s: not in the log", reason);
    sg_buf_reset(&f->h.log);
    (void)usleep(110000); /* stay below the ten lines */
}

void refused(struct fixture *f, enum tok_op op, const struct ca *ca,
             struct sg_slice tbs, const struct want *want)
{
    struct tok_guard_view before = show(f, ca);
    struct sg_slice signature;

    check(f, ca, sign(f, op, ca, tbs, &signature), &before, want);
}
