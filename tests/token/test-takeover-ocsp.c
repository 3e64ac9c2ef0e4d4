/* SPDX-License-Identifier: Apache-2.0 */
/* OCSP answers that a daemon asks for which somebody took over: in whose name,
 * and about whose certificates. */

#include <stdlib.h>
#include <string.h>

#include "tests/token/takeover.h"

#define OCSP_SIGNING "\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x09"
#define ANY_PURPOSE "\x06\x04\x55\x1d\x25\x00"
#define DIGITAL_SIGNATURE (1 << 0)

static void make_ocsp_key(struct fixture *f, struct ca *ret)
{
    memset(ret, 0, sizeof(*ret));
    sg_buf_init(&ret->cert, 8192);
    make_key(f, "ocsp", (struct tok_guard){ .purpose = TOK_PURPOSE_OCSP }, ret);
}

/* Of the root. */
static struct t_tbs responder(struct fixture *f, const struct ca *ocsp)
{
    struct t_tbs t = t_tbs_leaf(f->alg, spki_of(ocsp));

    t.subject = "answers";
    t.key_usage = DIGITAL_SIGNATURE;
    t.extra = leaf_exts(f, BYTES(OCSP_SIGNING), SG_SLICE(NULL, 0));
    return t;
}

static enum sg_rc bind(struct fixture *f, const struct ca *ocsp,
                       const struct ca *above)
{
    return t_bind_chain(&f->h, ocsp->ref, sg_buf_slice(&ocsp->cert),
                        above == NULL ? SG_SLICE(NULL, 0)
                                      : sg_buf_slice(&above->cert));
}

/* A key that answers for the root. */
static void make_responder(struct fixture *f, struct ca *ret)
{
    make_ocsp_key(f, ret);
    struct t_tbs t = responder(f, ret);
    issue(f, &f->root, &t, &ret->cert);
    if (bind(f, ret, &f->root) != SG_OK)
        fail_msg("%s", f->h.failure.msg);
}

static struct t_ocsp answer(const struct fixture *f, const struct ca *ocsp)
{
    return (struct t_ocsp){ .responder = spki_of(ocsp),
                            .issuer = "root",
                            .issuer_key = spki_of(&f->root) };
}

static struct sg_slice encode_ocsp(struct fixture *f, const struct t_ocsp *o)
{
    sg_buf_reset(&f->tbs);
    t_ocsp_encode(o, &f->tbs);
    return sg_buf_slice(&f->tbs);
}

static void signs(struct fixture *f, const struct ca *ca,
                  const struct t_ocsp *o)
{
    struct sg_slice signature;

    if (sign(f, TOK_OP_SIGN_OCSP, ca, encode_ocsp(f, o), &signature) != SG_OK)
        fail_msg("%s", f->h.failure.msg);
}

#define NO_OCSP(ca, o, why, ...) \
    REFUSED(SIGN_OCSP, (ca), encode_ocsp(f, (o)), why, __VA_ARGS__)

static void test_answers(void **state)
{
    struct fixture *f = *state;
    struct ca ocsp;
    struct t_ocsp o;

    make_responder(f, &ocsp);
    for (int again = 0; again < 2; again++) {
        o = answer(f, &ocsp);
        signs(f, &ocsp, &o);
        o.sha256 = true;
        signs(f, &ocsp, &o);
        o.by_name = "answers";
        o.second = "root";
        signs(f, &ocsp, &o);
        restart(f, "ocsp", &ocsp); /* it is on disk */
    }
    sg_buf_done(&ocsp.cert);
}

#define OTHER_ISSUER \
    " is not of the issuer that this key answers for (RFC 6960 4.1.1)"

static void test_other_answers(void **state)
{
    struct fixture *f = *state;
    struct ca ocsp;
    struct t_ocsp o;

    make_responder(f, &ocsp);
    for (int sha256 = 0; sha256 < 2; sha256++) {
#define BROKEN(field, value, text) \
    o = answer(f, &ocsp); \
    o.sha256 = sha256 != 0; \
    o.field = (value); \
    NO_OCSP(&ocsp, &o, OCSP, text)
        BROKEN(responder, spki_of(&f->root),
               "guard: responderID is not the hash of this key (RFC 6960 "
               "4.2.1)");
        BROKEN(by_name, "root",
               "guard: responderID is not, byte for byte, the subject of the "
               "key's certificate (RFC 6960 4.2.1)");
        BROKEN(by_name, "Answers", "guard: responderID is not, byte for byte");
        BROKEN(issuer, "issuing",
               "guard: certID's issuerNameHash" OTHER_ISSUER);
        BROKEN(issuer_key, spki_of(&f->issuing),
               "guard: certID's issuerKeyHash" OTHER_ISSUER);
        BROKEN(second, "issuing",
               "guard: certID's issuerNameHash" OTHER_ISSUER);
        BROKEN(sha512, true,
               "guard: certID with the hash algorithm 2.16.840.1.101.3.4.2.3: "
               "only SHA-1 and SHA-256 are known here (RFC 6960 4.3)");
    }
    sg_buf_done(&ocsp.cert);
}

static void test_unbound(void **state)
{
    struct fixture *f = *state;
    struct ca ocsp;

    make_ocsp_key(f, &ocsp);
    const struct t_ocsp o = answer(f, &ocsp);
    NO_OCSP(&ocsp, &o, UNBOUND,
            "guard: the key has no certificate yet that says for which CA it "
            "answers: bind it first");
    sg_buf_done(&ocsp.cert);
}

/* --- what is bound ------------------------------------------------------------- */

static void not_bound(struct fixture *f, struct ca *ocsp, const struct t_tbs *t,
                      const struct ca *above, const char *text)
{
    const struct want want = { SG_POLICY, TOK_REFUSED_BIND, text };
    struct tok_guard_view before;

    issue(f, &f->root, t, &ocsp->cert);
    before = show(f, ocsp);
    check(f, ocsp, bind(f, ocsp, above), &before, &want);
}

static void test_other_certificates(void **state)
{
    struct fixture *f = *state;
    struct ca ocsp;
    struct t_tbs t;

    make_ocsp_key(f, &ocsp);
    const struct t_tbs good = responder(f, &ocsp);
    not_bound(f, &ocsp, &good, NULL,
              "guard: the CA that the responder answers for is not given");
    not_bound(f, &ocsp, &good, &f->issuing,
              "guard: a certificate of the chain is not the issuer of the one "
              "below it");
    t = good;
    t.spki = spki_of(&f->issuing);
    not_bound(f, &ocsp, &t, &f->root,
              "guard: the certificate's public key is not this key's");
    t = good;
    t.key_usage = 1 << 2;
    not_bound(f, &ocsp, &t, &f->root,
              "guard: the certificate's keyUsage has no digitalSignature");
    t = good;
    t.ca = true;
    t.key_usage = 1 << 5;
    t.path_length = 0;
    not_bound(f, &ocsp, &t, &f->root,
              "guard: the certificate is a CA's: a key for ocsp has a "
              "responder's (RFC 6960 4.2.2.2)");
    t = good;
    t.extra = leaf_exts(f, BYTES(ANY_PURPOSE), SG_SLICE(NULL, 0));
    not_bound(f, &ocsp, &t, &f->root,
              "guard: the certificate's extKeyUsage has no OCSPSigning");
    sg_buf_done(&ocsp.cert);
}

/* Every three months or so, for as long as the CA lives. */
static void test_renewal(void **state)
{
    struct fixture *f = *state;
    struct ca ocsp;
    struct t_ocsp o;
    struct t_tbs t;
    const char *text = "is bound already to the certificate of a responder "
                       "with another name, or of another CA";

    make_responder(f, &ocsp);
    t = responder(f, &ocsp);
    t.not_after += 90 * T_DAY;
    issue(f, &f->root, &t, &ocsp.cert);
    assert_int_equal(bind(f, &ocsp, &f->root), SG_OK);
    o = answer(f, &ocsp);
    signs(f, &ocsp, &o);
    struct tok_guard_view view = show(f, &ocsp);
    assert_true(sg_slice_eq(view.guard.issuer_cert, sg_buf_slice(&ocsp.cert)));
    t.subject = "answers 2";
    not_bound(f, &ocsp, &t, &f->root, text);
    /* The same name, but somebody made up another CA above it. */
    t.subject = "answers";
    issue(f, &f->root, &t, &ocsp.cert);
    struct ca made_up = f->root;
    struct t_tbs root = t_tbs_root(f->alg, spki_of(&f->issuing), "root");
    sg_buf_init(&made_up.cert, 8192);
    t_cert_encode(encode(f, &root), f->alg, BYTES("no signature"),
                  &made_up.cert);
    const struct want want = { SG_POLICY, TOK_REFUSED_BIND, text };
    view = show(f, &ocsp);
    check(f, &ocsp, bind(f, &ocsp, &made_up), &view, &want);
    signs(f, &ocsp, &o);
    sg_buf_done(&made_up.cert);
    sg_buf_done(&ocsp.cert);
}

/* --- the CA itself ---------------------------------------------------------------- */

static void test_a_ca_for_itself(void **state)
{
    struct fixture *f = *state;
    struct ca ca = { 0 };
    struct t_ocsp o = answer(f, &f->root);

    NO_OCSP(&f->root, &o, KEY_USAGE,
            "guard: the CA's keyUsage has no digitalSignature: it leaves OCSP "
            "answers to a responder (RFC 5280 4.2.1.3)");
    sg_buf_init(&ca.cert, 8192);
    make_key(f, "self",
             (struct tok_guard){ .purpose = TOK_PURPOSE_CA,
                                 .may_sign_ca = true,
                                 .max_validity = 3650 * T_DAY },
             &ca);
    struct t_tbs t = t_tbs_root(f->alg, spki_of(&ca), "self");
    t.key_usage |= DIGITAL_SIGNATURE;
    issue(f, &ca, &t, &ca.cert);
    o = (struct t_ocsp){ .by_name = "self",
                         .issuer = "self",
                         .issuer_key = spki_of(&ca) };
    NO_OCSP(&ca, &o, UNBOUND, "guard: the key has no certificate yet");
    assert_int_equal(t_bind(&f->h, ca.ref, sg_buf_slice(&ca.cert)), SG_OK);
    signs(f, &ca, &o);
    o.sha256 = true;
    signs(f, &ca, &o);
    o.issuer = "root";
    NO_OCSP(&ca, &o, OCSP, "guard: certID's issuerNameHash" OTHER_ISSUER);
    sg_buf_done(&ca.cert);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_answers), CASE(test_other_answers),
        CASE(test_unbound), CASE(test_other_certificates),
        CASE(test_renewal), CASE(test_a_ca_for_itself),
    };
    return cmocka_run_group_tests_name("takeover-ocsp", tests, NULL, NULL);
}
