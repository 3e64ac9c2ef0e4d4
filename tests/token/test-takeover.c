/* SPDX-License-Identifier: Apache-2.0 */

/* A daemon that somebody took over: it holds the socket of the real
 * signet-token and sends frames of its own making. Whatever it must not get
 * signed is refused for its own reason, logged and counted. */

#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/lib/make-tbs.h"
#include "tests/token/token.h"

#define BYTES(s) SG_SLICE((const uint8_t *)(s), sizeof(s) - 1)
#define SERVER_AUTH "\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x01"
#define CLIENT_AUTH "\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x02"

struct ca {
    uint32_t ref;
    struct tok_key_info info;
    struct sg_buf cert;
};

struct fixture {
    struct t_token token;
    struct t_helper h;
    struct sg_slice alg;
    struct ca root, issuing;
    struct sg_buf tbs, extra, exts;
    struct sg_err err;
};

/* --- keys ------------------------------------------------------------------------- */

static struct sg_slice spki_of(const struct ca *ca)
{
    return SG_SLICE(ca->info.spki, ca->info.spki_len);
}

static void make_key(struct fixture *f, const char *label,
                     struct tok_guard guard, struct ca *ret)
{
    struct tok_key_generate gen = { .type = TOK_KEY_EC_P256, .guard = guard };
    struct tok_key_open want = { 0 };

    (void)snprintf(gen.label, sizeof(gen.label), "%s", label);
    (void)snprintf(want.label, sizeof(want.label), "%s", label);
    if (t_generate(&f->h, &gen, &ret->info) != SG_OK
        || t_open(&f->h, &want, &ret->ref, &ret->info) != SG_OK)
        fail_msg("%s: %s", label, f->h.failure.msg);
}

static enum sg_rc sign(struct fixture *f, enum tok_op op, const struct ca *ca,
                       struct sg_slice tbs, struct sg_slice *ret)
{
    struct tok_sign req = { .key_ref = ca->ref,
                            .algorithm = f->alg,
                            .tbs = tbs };

    if (op == TOK_OP_PROBE_SIGN)
        req.algorithm = SG_SLICE(NULL, 0);
    return t_sign(&f->h, op, &req, ret);
}

static struct sg_slice encode(struct fixture *f, const struct t_tbs *t)
{
    sg_buf_reset(&f->tbs);
    t_tbs_encode(t, &f->tbs);
    return sg_buf_slice(&f->tbs);
}

/* Sign t and keep the certificate. */
static void issue(struct fixture *f, const struct ca *by, const struct t_tbs *t,
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

/* What every leaf has: a purpose, and these GeneralNames. */
static struct sg_slice leaf_exts(struct fixture *f, struct sg_slice purposes,
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

static struct t_tbs good_leaf(struct fixture *f)
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
#define UPN(len2, len1, len0, text) \
    "\xa0" len2 "\x06\x0a\x2b\x06\x01\x04\x01\x82\x37\x14\x02\x03\xa0" len1 \
    "\x0c" len0 text
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

static struct t_tbs intermediate(const struct fixture *f)
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

static int setup(void **state)
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

static int teardown(void **state)
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

static struct tok_guard_view show(struct fixture *f, const struct ca *ca)
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

struct want {
    enum sg_rc rc;
    enum tok_refused reason;
    const char *text;
};

static const char *log_text(struct fixture *f)
{
    t_ok(&f->err, sg_buf_put_u8(&f->h.log, 0, &f->err));
    f->h.log.len--;
    return (const char *)f->h.log.data;
}

/* Refused with this text; logged with this reason (ten lines a second are, so
 * not each of many); counted once. */
static void check(struct fixture *f, const struct ca *ca, enum sg_rc rc,
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

static void refused(struct fixture *f, enum tok_op op, const struct ca *ca,
                    struct sg_slice tbs, const struct want *want)
{
    struct tok_guard_view before = show(f, ca);
    struct sg_slice signature;

    check(f, ca, sign(f, op, ca, tbs, &signature), &before, want);
}

#define REFUSED(op, ca, tbs, why, ...) \
    refused(f, TOK_OP_##op, (ca), (tbs), \
            &(const struct want){ SG_POLICY, TOK_REFUSED_##why, __VA_ARGS__ })
#define NO_CERT(ca, t, why, ...) \
    REFUSED(SIGN_CERT, (ca), encode(f, (t)), why, __VA_ARGS__)

/* --- certificates ------------------------------------------------------------------------ */

static void test_good_one(void **state)
{
    struct fixture *f = *state;
    struct t_tbs t = good_leaf(f);
    struct sg_slice signature;

    assert_int_equal(show(f, &f->issuing).signatures, 0);
    assert_int_equal(
        sign(f, TOK_OP_SIGN_CERT, &f->issuing, encode(f, &t), &signature),
        SG_OK);
    struct tok_guard_view view = show(f, &f->issuing);
    assert_int_equal(view.signatures, 1);
    assert_true(view.guard.bound);
    assert_int_equal(view.guard.n_eku, 1);
    assert_true(sg_slice_eq(view.guard.chain, sg_buf_slice(&f->root.cert)));
}

static void test_ca_from_leaf_key(void **state)
{
    struct fixture *f = *state;
    struct t_tbs t = good_leaf(f);

    t.ca = true;
    NO_CERT(&f->issuing, &t, CA,
            "guard: this key may not sign CA certificates");
    t = good_leaf(f);
    t.key_usage = 1 << 5;
    NO_CERT(&f->issuing, &t, KEY_USAGE, "guard: keyCertSign without cA");
    t = intermediate(f);
    t.path_length = 2;
    NO_CERT(&f->root, &t, PATH_LENGTH, "guard: path length 2, at most 1");
    t.path_length = -1;
    NO_CERT(&f->root, &t, PATH_LENGTH,
            "guard: CA certificate without path length, must have 1 at most");
    t = intermediate(f);
    sg_buf_reset(&f->exts);
    t_ext_put(&f->exts, 99, true, BYTES("\x05\0"));
    t.extra = sg_buf_slice(&f->exts);
    NO_CERT(&f->root, &t, EXTENSION,
            "guard: CA certificate with the critical extension 2.5.29.99");
}

static void test_names(void **state)
{
    static const struct {
        struct sg_slice names;
        const char *text;
    } CASES[] = {
#define NAME(der) { (const uint8_t *)(der), sizeof(der) - 1 }
#define OUT(form) "guard: " form " is outside of the permitted subtrees"
#define IN(form) "guard: " form " is in an excluded subtree"
        { NAME("\x82\x0b"
               "example.net"),
          OUT("DNS name \"example.net\"") },
        { NAME("\x82\x0f"
               "evilexample.com"),
          OUT("DNS name \"evilexample.com\"") },
        { NAME("\x82\x12"
               "secret.example.com"),
          IN("DNS name \"secret.example.com\"") },
        { NAME("\x82\x14"
               "a.SECRET.example.com"),
          IN("DNS name \"a.SECRET.example.com\"") },
        { NAME("\x82\x0d*.example.com"), IN("DNS name \"*.example.com\"") },
        { NAME("\x82\x05*.com"), OUT("DNS name \"*.com\"") },
        { NAME("\x81\x0d"
               "a@example.net"),
          OUT("email address \"a@example.net\"") },
        { NAME("\x81\x0f"
               "a@x.example.com"),
          OUT("email address \"a@x.example.com\"") },
        { NAME("\x81\x10"
               "Boss@Example.com"),
          IN("email address \"Boss@Example.com\"") },
        { NAME("\x86\x14https://example.com/"),
          OUT("URI \"https://example.com/\"") },
        { NAME("\x86\x1ahttps://secret.example.com"),
          IN("URI \"https://secret.example.com\"") },
        { NAME("\x86\x10https://10.1.2.3"), IN("URI \"https://10.1.2.3\"") },
        { NAME("\x86\x15urn:w.example.com:abc"),
          IN("URI \"urn:w.example.com:abc\"") },
        { NAME("\x87\x04\x0b\0\0\1"), OUT("IP address 11.0.0.1") },
        { NAME("\x87\x04\x0a\x09\0\1"), IN("IP address 10.9.0.1") },
        { NAME("\x87\x10\x0a\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"),
          OUT("IP address a00::1") },
        { NAME(UPN("\x1d", "\x0f", "\x0d", "a@x.admin.net")), "" },
        { NAME(UPN("\x1b", "\x0d", "\x0b", "a@admin.net")), IN("otherName") },
        { NAME("\xa4\x11\x30\x0f\x31\x0d\x30\x0b\x06\x03\x55\x04\x03\x13\x04"
               "eViL"),
          IN("directoryName") },
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < SG_ARRAY_LEN(CASES); i++) {
        struct t_tbs t = good_leaf(f);
        struct sg_slice signature;
        t.extra = leaf_exts(f, BYTES(SERVER_AUTH), CASES[i].names);
        if (CASES[i].text[0] != '\0')
            NO_CERT(&f->issuing, &t, NAMES, CASES[i].text);
        else if (sign(f, TOK_OP_SIGN_CERT, &f->issuing, encode(f, &t),
                      &signature)
                 != SG_OK)
            fail_msg("%zu: %s", i, f->h.failure.msg);
    }
    /* No subjectAltName: software takes the common name for a host. */
    struct t_tbs t = good_leaf(f);
    t.extra = leaf_exts(f, BYTES(SERVER_AUTH), SG_SLICE(NULL, 0));
    t.subject = "www.example.net";
    NO_CERT(&f->issuing, &t, NAMES, OUT("DNS name \"www.example.net\""));
    t.subject = "EVIL";
    NO_CERT(&f->issuing, &t, NAMES, IN("directoryName"));
}

static void test_times_and_issuer(void **state)
{
    struct fixture *f = *state;
    struct t_tbs t = good_leaf(f);

    t.not_after = t.not_before + 90 * T_DAY;
    NO_CERT(&f->issuing, &t, VALIDITY,
            "guard: validity of 7776001 s, this key's certificates have at "
            "most 7776000 s");
    t.not_before = T_2026 + 990 * T_DAY;
    t.not_after = T_2026 + 1000 * T_DAY + 1;
    NO_CERT(&f->issuing, &t, VALIDITY,
            "guard: notAfter 2028-09-27T00:00:01Z is past the issuer's "
            "2028-09-27T00:00:00Z");
    t.not_before = T_2026 - 1;
    t.not_after = T_2026 + T_DAY;
    NO_CERT(&f->issuing, &t, VALIDITY,
            "guard: notBefore 2025-12-31T23:59:59Z is before the issuer's "
            "2026-01-01T00:00:00Z");
    t = good_leaf(f);
    t.issuer = "Issuing";
    NO_CERT(&f->issuing, &t, ISSUER, "guard: issuer is not, byte for byte");
    t = good_leaf(f);
    t.aki = "root";
    NO_CERT(&f->issuing, &t, AKI,
            "guard: authorityKeyIdentifier is not the issuer's");
    t.aki = NULL;
    NO_CERT(&f->issuing, &t, AKI, "guard: no authorityKeyIdentifier");
}

static void test_purposes(void **state)
{
    struct fixture *f = *state;
    struct t_tbs t = good_leaf(f);

    t.extra = leaf_exts(f, BYTES(SERVER_AUTH CLIENT_AUTH), SG_SLICE(NULL, 0));
    NO_CERT(&f->issuing, &t, EKU,
            "guard: extKeyUsage 1.3.6.1.5.5.7.3.2 is none of the key's");
    t.extra = leaf_exts(f, BYTES("\x06\x04\x55\x1d\x25\0"), SG_SLICE(NULL, 0));
    NO_CERT(&f->issuing, &t, EKU, "guard: extKeyUsage 2.5.29.37.0 is none");
    t.extra = SG_SLICE(NULL, 0);
    NO_CERT(&f->issuing, &t, EKU, "guard: no extKeyUsage");
}

static void test_form(void **state)
{
    struct fixture *f = *state;
    struct tok_guard_view before = show(f, &f->issuing);
    struct t_tbs t = good_leaf(f);
    struct sg_slice good = encode(f, &t);
    struct sg_slice signature;
    struct tok_sign req = { .key_ref = f->issuing.ref,
                            .algorithm = t_algorithm(TOK_KEY_EC_P384, 0, false),
                            .tbs = good };

    struct want want = { SG_POLICY, TOK_REFUSED_ALGORITHM,
                         "guard: signature algorithm inside differs from the "
                         "one outside" };
    check(f, &f->issuing, t_sign(&f->h, TOK_OP_SIGN_CERT, &req, &signature),
          &before, &want);
    t.algorithm = req.algorithm;
    req.tbs = encode(f, &t);
    want.text = "signature algorithm ecdsa-with-SHA384 does not go with a key "
                "of type ec-p256";
    check(
        f, &f->issuing, t_sign(&f->h, TOK_OP_SIGN_CERT, &req, &signature),
        &(struct tok_guard_view){ .refused = { [TOK_REFUSED_ALGORITHM] = 1 } },
        &want);
    t = good_leaf(f);
    t.twice = true;
    NO_CERT(&f->issuing, &t, EXTENSION,
            "guard: extension 2.5.29.14 is given twice");
    t = good_leaf(f);
    t.serial = BYTES("\0");
    NO_CERT(&f->issuing, &t, FORMAT, "guard: serial number is not positive");
    t = good_leaf(f);
    t.trailing = true;
    want = (struct want){ SG_FORMAT, TOK_REFUSED_FORMAT, "certificate" };
    refused(f, TOK_OP_SIGN_CERT, &f->issuing, encode(f, &t), &want);
    t = good_leaf(f);
    (void)encode(f, &t);
    t_ok(&f->err, sg_buf_put_u8(&f->tbs, 0, &f->err));
    refused(f, TOK_OP_SIGN_CERT, &f->issuing, sg_buf_slice(&f->tbs), &want);
}

/* --- other things -------------------------------------------------------------------------- */

static struct sg_slice encode_crl(struct fixture *f, const struct t_crl *crl)
{
    sg_buf_reset(&f->tbs);
    t_crl_encode(crl, &f->tbs);
    return sg_buf_slice(&f->tbs);
}

#define NO_CRL(ca, crl, why, ...) \
    REFUSED(SIGN_CRL, (ca), encode_crl(f, (crl)), why, __VA_ARGS__)

static void test_crls(void **state)
{
    struct fixture *f = *state;
    struct t_crl crl = t_crl_good(f->alg, 3);

    crl.issuer = crl.aki = "issuing";
    NO_CRL(&f->issuing, &crl, KEY_USAGE,
           "guard: the issuer's keyUsage has no cRLSign");
    NO_CRL(&f->root, &crl, ISSUER, "guard: the CRL's issuer is not, byte for");
    crl = t_crl_good(f->alg, 3);
    crl.aki = "other";
    NO_CRL(&f->root, &crl, AKI, "guard: the CRL's authorityKeyIdentifier");
    crl = t_crl_good(f->alg, 3);
    crl.no_number = true;
    NO_CRL(&f->root, &crl, CRL, "guard: the CRL has no number");
    crl = t_crl_good(f->alg, 3);
    crl.entry_issuer = true;
    NO_CRL(&f->root, &crl, CRL, "guard: CRL entry of another issuer");
    crl = t_crl_good(f->alg, 3);
    crl.next_update = 0;
    NO_CRL(&f->root, &crl, CRL, "guard: CRL without nextUpdate");
    crl.next_update = crl.this_update;
    NO_CRL(&f->root, &crl, CRL, "is not after thisUpdate");
    crl = t_crl_good(f->alg, 0);
    crl.empty_list = true;
    NO_CRL(&f->root, &crl, FORMAT, "guard: CRL with an empty list of entries");
    crl = t_crl_good(f->alg, 0);
    crl.v1 = true;
    NO_CRL(&f->root, &crl, FORMAT, "guard: CRL version is not v2");
    crl = t_crl_good(f->alg, 0);
    sg_buf_reset(&f->exts);
    t_ext_put(&f->exts, 28, true, BYTES("\x30\x03\x84\x01\xff"));
    crl.extra = sg_buf_slice(&f->exts);
    NO_CRL(&f->root, &crl, CRL, "guard: indirect CRL");
    sg_buf_reset(&f->exts);
    t_ext_put(&f->exts, 27, true, BYTES("\x02\x01\x01"));
    crl.extra = sg_buf_slice(&f->exts);
    NO_CRL(&f->root, &crl, EXTENSION,
           "guard: CRL with the critical extension 2.5.29.27");
}

/* Send a frame of op that the process cannot take: it logs why and ends. */
static void breaks(struct fixture *f, const uint8_t *message, size_t len,
                   const char *why)
{
    struct tok_frame frame;

    assert_int_equal(send(f->h.fd, message, len, MSG_NOSIGNAL), (ssize_t)len);
    while (t_helper_receive(&f->h, &frame)) {
    }
    if (strstr(log_text(f), why) == NULL)
        fail_msg("%s instead of %s", log_text(f), why);
    assert_int_equal(t_helper_wait(&f->h), sg_rc_exit(SG_BUG));
    t_helper_start_on(&f->h, &f->token, 2);
}

static void test_other_keys(void **state)
{
    struct fixture *f = *state;
    struct t_tbs t = good_leaf(f);
    struct t_crl crl = t_crl_good(f->alg, 1);
    const uint8_t digest[32] = { 1 };
    struct ca backend = { 0 };
    struct ca probe = { 0 };
    struct ca no_crl = { 0 };

    make_key(f, "backend", (struct tok_guard){ .purpose = TOK_PURPOSE_BACKEND },
             &backend);
    make_key(f, "probe", (struct tok_guard){ .purpose = TOK_PURPOSE_PROBE },
             &probe);
    make_key(f, "no-crl",
             (struct tok_guard){ .purpose = TOK_PURPOSE_CA,
                                 .max_validity = T_DAY,
                                 .no_crl = true },
             &no_crl);
    REFUSED(SIGN_DIGEST, &f->root, SG_SLICE(digest, 32), PURPOSE,
            "guard: the key is for ca, not for digests");
    REFUSED(PROBE_SIGN, &f->root, SG_SLICE(digest, 32), PURPOSE,
            "guard: the key is for ca, not for challenges");
    REFUSED(SIGN_DIGEST, &probe, SG_SLICE(digest, 32), PURPOSE,
            "guard: the key is for probe, not for digests");
    NO_CERT(&backend, &t, PURPOSE,
            "guard: the key is for backend, not for certificates");
    NO_CRL(&backend, &crl, PURPOSE,
           "guard: the key is for backend, not for certificates and CRLs");
    NO_CRL(&no_crl, &crl, CRL, "guard: this key may not sign CRLs");
    t_csr_info_encode("x", spki_of(&f->root), (sg_buf_reset(&f->tbs), &f->tbs));
    REFUSED(SIGN_CSR, &backend, sg_buf_slice(&f->tbs), PUBLIC_KEY,
            "guard: the request's public key is not this key's");
    sg_buf_reset(&f->tbs);
    t_ocsp_encode(SG_SLICE(digest, 20), &f->tbs);
    REFUSED(SIGN_OCSP, &f->root, sg_buf_slice(&f->tbs), PURPOSE,
            "guard: the key is for ca, not for OCSP responses");
}

/* A CRL in a descriptor that the daemon can still change. */
static void test_unsealed(void **state)
{
    struct fixture *f = *state;
    struct tok_sign req = { .key_ref = f->root.ref, .algorithm = f->alg };
    struct sg_buf payload;
    struct sg_buf message;
    uint8_t control[CMSG_SPACE(sizeof(int))] = { 0 };
    int fd = memfd_create("crl", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    sg_buf_init(&payload, 4096);
    sg_buf_init(&message, 4096);
    t_ok(&f->err, tok_put_sign(&payload, &req, &f->err));
    struct tok_frame frame = { .op = TOK_OP_SIGN_CRL,
                               .id = 77,
                               .payload = sg_buf_slice(&payload) };
    t_ok(&f->err, tok_frame_encode(&frame, &message, &f->err));
    struct iovec iov = { message.data, message.len };
    struct msghdr msg = { .msg_iov = &iov,
                          .msg_iovlen = 1,
                          .msg_control = control,
                          .msg_controllen = sizeof(control) };
    struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(fd));
    memcpy(CMSG_DATA(c), &fd, sizeof(fd));
    assert_int_equal(write(fd, "0", 1), 1);
    assert_true(sendmsg(f->h.fd, &msg, MSG_NOSIGNAL) > 0);
    assert_true(t_helper_receive(&f->h, &frame));
    assert_int_equal(frame.id, 77);
    t_assert_fails(tok_frame_failure(&frame, &f->err), SG_POLICY);
    assert_non_null(strstr(f->err.msg, "no memfd that is sealed"));
    assert_int_equal(close(fd), 0);
    sg_buf_done(&payload);
    sg_buf_done(&message);
}

static void test_rate(void **state)
{
    struct fixture *f = *state;
    struct ca key = { 0 };
    const uint8_t challenge[8] = { 0 };
    struct sg_slice signature;

    make_key(f, "slow",
             (struct tok_guard){ .purpose = TOK_PURPOSE_PROBE,
                                 .per_second = 1000,
                                 .per_day = 3 },
             &key);
    for (int i = 0; i < 3; i++)
        assert_int_equal(sign(f, TOK_OP_PROBE_SIGN, &key,
                              SG_SLICE(challenge, 8), &signature),
                         SG_OK);
    struct want want = { SG_LIMIT, TOK_REFUSED_RATE,
                         "guard: more than 3 signatures per day" };
    refused(f, TOK_OP_PROBE_SIGN, &key, SG_SLICE(challenge, 8), &want);
    /* A new process, which a daemon can always start, is no new day. */
    struct tok_key_open open = { .label = "slow" };
    assert_int_equal(t_helper_stop(&f->h), 0);
    t_helper_start_on(&f->h, &f->token, 2);
    assert_int_equal(t_open(&f->h, &open, &key.ref, &key.info), SG_OK);
    refused(f, TOK_OP_PROBE_SIGN, &key, SG_SLICE(challenge, 8), &want);
    struct tok_guard_view view = show(f, &key);
    assert_int_equal(view.signatures, 3);
    assert_int_equal(view.refused[TOK_REFUSED_RATE], 2);
}

/* --- guards ---------------------------------------------------------------------------------- */

static enum sg_rc narrow(struct fixture *f, const struct ca *ca,
                         const struct tok_guard *limits)
{
    struct sg_buf payload;

    sg_buf_init(&payload, 4096);
    t_ok(&f->err, sg_buf_put_u32(&payload, ca->ref, &f->err));
    t_ok(&f->err, tok_put_guard(&payload, limits, &f->err));
    enum sg_rc rc =
        t_helper_call(&f->h, TOK_OP_GUARD_NARROW, sg_buf_slice(&payload));
    sg_buf_done(&payload);
    return rc;
}

static void not_wider(struct fixture *f, const struct tok_guard *limits,
                      const char *text)
{
    const struct want want = { SG_POLICY, TOK_REFUSED_NARROW, text };
    struct tok_guard_view before = show(f, &f->issuing);

    check(f, &f->issuing, narrow(f, &f->issuing, limits), &before, &want);
}

static void test_narrow(void **state)
{
    struct fixture *f = *state;
    const struct tok_guard now = show(f, &f->issuing).guard;
    struct tok_guard g = now;

    g.may_sign_ca = true;
    not_wider(f, &g, "guard: may_sign_ca would be wider");
    g = now;
    g.max_validity++;
    not_wider(f, &g, "guard: max_validity would be wider");
    g = now;
    g.n_eku = 0;
    not_wider(f, &g, "guard: extended_key_usage would be wider");
    g.n_eku = 1;
    g.eku[0].octets[7] = 2;
    not_wider(f, &g, "guard: extended_key_usage would be wider");
    g = now;
    g.purpose = TOK_PURPOSE_BACKEND;
    not_wider(f, &g, "guard: purpose would be wider");
    g = now;
    g.no_crl = true;
    g.per_second = 50;
    g.per_day = 1000;
    g.max_validity = 10 * T_DAY;
    assert_int_equal(narrow(f, &f->issuing, &g), SG_OK);
    not_wider(f, &now, "guard: max_validity would be wider");
    struct tok_guard wide = g;
    wide.per_second = 51;
    not_wider(f, &wide, "guard: max_per_second would be wider");
    wide = g;
    wide.per_day = 0;
    not_wider(f, &wide, "guard: max_per_day would be wider");
    wide = g;
    wide.no_crl = false;
    not_wider(f, &wide, "guard: may_sign_crl would be wider");
    /* It is on disk. */
    struct tok_key_open open = { .label = "issuing" };
    assert_int_equal(t_helper_stop(&f->h), 0);
    t_helper_start_on(&f->h, &f->token, 2);
    assert_int_equal(t_open(&f->h, &open, &f->issuing.ref, &f->issuing.info),
                     SG_OK);
    struct tok_guard_view view = show(f, &f->issuing);
    assert_int_equal(view.guard.max_validity, 10 * T_DAY);
    assert_int_equal(view.guard.per_second, 50);
    assert_true(view.guard.no_crl);
    assert_true(sg_slice_eq(view.guard.chain, sg_buf_slice(&f->root.cert)));
    assert_int_equal(view.refused[TOK_REFUSED_NARROW], 9);
}

/* One process narrows, another one that has the key open obeys. */
static void test_two_processes(void **state)
{
    struct fixture *f = *state;
    struct tok_key_open open = { .label = "issuing" };
    struct tok_guard g = show(f, &f->issuing).guard;
    struct t_tbs t = good_leaf(f);
    struct t_helper first = f->h;
    struct ca here = f->issuing;
    struct sg_slice signature;

    assert_int_equal(
        sign(f, TOK_OP_SIGN_CERT, &here, encode(f, &t), &signature), SG_OK);
    t_helper_start_on(&f->h, &f->token, 2);
    assert_int_equal(t_open(&f->h, &open, &f->issuing.ref, &f->issuing.info),
                     SG_OK);
    g.max_validity = 3600;
    assert_int_equal(narrow(f, &f->issuing, &g), SG_OK);
    assert_int_equal(t_helper_stop(&f->h), 0);
    f->h = first;
    f->issuing = here;
    NO_CERT(&here, &t, VALIDITY,
            "guard: validity of 86401 s, this key's "
            "certificates have at most 3600 s");
}

static void test_bind_to_another(void **state)
{
    struct fixture *f = *state;
    struct tok_guard_view before = show(f, &f->issuing);
    struct want want = { SG_POLICY, TOK_REFUSED_BIND,
                         "guard: key \"issuing\" is bound to another "
                         "certificate already" };
    struct t_tbs t = intermediate(f);
    struct sg_buf other;

    sg_buf_init(&other, 8192);
    t.path_length = 1;
    issue(f, &f->root, &t, &other);
    check(f, &f->issuing,
          t_bind_chain(&f->h, f->issuing.ref, sg_buf_slice(&other),
                       sg_buf_slice(&f->root.cert)),
          &before, &want);
    /* A shorter chain changes nothing; another one is refused. */
    assert_int_equal(
        t_bind(&f->h, f->issuing.ref, sg_buf_slice(&f->issuing.cert)), SG_OK);
    before = show(f, &f->issuing);
    assert_true(before.guard.chain.len > 0);
    want.text = "guard: key \"issuing\" is bound with another chain already";
    check(f, &f->issuing,
          t_bind_chain(&f->h, f->issuing.ref, sg_buf_slice(&f->issuing.cert),
                       sg_buf_slice(&other)),
          &before, &want);
    sg_buf_done(&other);
}

static void test_protocol(void **state)
{
    static const uint8_t UNKNOWN[TOK_FRAME_HEADER] = { 1, 200, [15] = 1 };
    static const uint8_t HELLO[TOK_FRAME_HEADER] = { 1,
                                                     TOK_OP_HELLO, [15] = 1 };
    struct fixture *f = *state;
    const uint8_t init[TOK_FRAME_HEADER + 13] = {
        1,        TOK_OP_TOKEN_INIT,           [7] = 13,
        [15] = 1, [TOK_FRAME_HEADER + 11] = 1, [TOK_FRAME_HEADER + 12] = 'x'
    };
    struct tok_frame frame;

    /* Making the token anew takes a process that was started for it. */
    assert_int_equal(send(f->h.fd, init, sizeof(init), 0), sizeof(init));
    assert_true(t_helper_receive(&f->h, &frame));
    t_assert_fails(tok_frame_failure(&frame, &f->err), SG_USAGE);
    assert_string_equal(f->err.msg, "token_init: start without --uri");
    breaks(f, UNKNOWN, sizeof(UNKNOWN), "frame: unknown op 200");
    breaks(f, HELLO, sizeof(HELLO), "hello frame is no request");
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_good_one),
        CASE(test_ca_from_leaf_key),
        CASE(test_names),
        CASE(test_times_and_issuer),
        CASE(test_purposes),
        CASE(test_form),
        CASE(test_crls),
        CASE(test_other_keys),
        CASE(test_unsealed),
        CASE(test_rate),
        CASE(test_narrow),
        CASE(test_two_processes),
        CASE(test_bind_to_another),
        CASE(test_protocol),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
