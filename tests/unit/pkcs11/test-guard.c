/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/helper/guard.h"

#include <string.h>

#include "tests/lib/make-tbs.h"
#include "tests/lib/t.h"

#define BYTES(s) SG_SLICE((const uint8_t *)(s), sizeof(s) - 1)
#define YEARS_10 (3650 * T_DAY)

/* Any two SEQUENCEs will do: a guard compares public keys and nothing else. */
static const struct sg_slice OWN = { (const uint8_t *)"\x30\x02\x05\x00", 4 };
static const struct sg_slice OTHER = { (const uint8_t *)"\x30\x00", 2 };
static const struct sg_slice ALG = { (const uint8_t *)"\x30\x02\x05\x00", 4 };

static struct tok_guard ca_limits(void)
{
    return (struct tok_guard){ .purpose = TOK_PURPOSE_CA,
                               .may_sign_ca = true,
                               .max_validity = YEARS_10 };
}

/* A guard with these limits; bound to the root unless root is NULL. */
static struct tok_guard_state *guard_of(struct tok_guard limits,
                                        const struct t_tbs *root)
{
    struct tok_guard_state *guard = NULL;
    struct sg_err err = { 0 };
    struct sg_buf tbs;
    struct sg_buf cert;

    sg_buf_init(&tbs, 8192);
    sg_buf_init(&cert, 8192);
    if (root != NULL) {
        t_tbs_encode(root, &tbs);
        t_cert_encode(sg_buf_slice(&tbs), ALG, BYTES("x"), &cert);
        limits.bound = true;
        limits.issuer_cert = sg_buf_slice(&cert);
    }
    t_ok(&err, tok_guard_new(&limits, OWN, &guard, &err));
    sg_buf_done(&tbs);
    sg_buf_done(&cert);
    return guard;
}

/* "" when the guard lets it be signed, else why not. */
static void check(const struct tok_guard_state *guard, const struct t_tbs *t,
                  enum sg_rc want, const char *text)
{
    struct sg_buf der;
    struct tok_tbs tbs;
    struct sg_err err = { 0 };

    sg_buf_init(&der, 8192);
    t_tbs_encode(t, &der);
    enum sg_rc rc = tok_tbs_parse(sg_buf_slice(&der), &tbs, &err);
    if (rc == SG_OK)
        rc = tok_guard_check_cert(guard, OWN, &tbs, &err);
    if (strstr(err.msg, text) == NULL || (want == SG_OK && err.msg[0] != 0))
        fail_msg("\"%s\" instead of \"%s\"", err.msg, text);
    assert_int_equal(rc, want);
    sg_buf_done(&der);
}

static struct t_tbs root_tbs(void)
{
    return t_tbs_root(ALG, OWN, "root");
}

static struct t_tbs sub_ca(void)
{
    struct t_tbs t = t_tbs_leaf(ALG, OTHER);

    t.ca = true;
    t.path_length = 0;
    t.key_usage = 1 << 5;
    return t;
}

/* --- structure: what no guard lets pass -------------------------------------------- */

static void test_structure(void **state)
{
    struct t_tbs root = root_tbs();
    struct tok_guard_state *g = guard_of(ca_limits(), &root);
    const struct t_tbs good = t_tbs_leaf(ALG, OTHER);
    struct t_tbs t;

    (void)state;
    check(g, &good, SG_OK, "");
#define BROKEN(field, value, rc, text) \
    t = good; \
    t.field = (value); \
    check(g, &t, rc, text)
    BROKEN(no_version, true, SG_POLICY, "guard: certificate version is v1");
    BROKEN(version, 1, SG_POLICY, "guard: certificate version is v2");
    BROKEN(version, 3, SG_POLICY, "guard: certificate version is v4");
    BROKEN(serial, BYTES("\0"), SG_POLICY, "serial number is not positive");
    BROKEN(serial, BYTES("\x80"), SG_POLICY, "serial number is not positive");
    BROKEN(serial, BYTES("\1\2\3\4\5\6\7\1\2\3\4\5\6\7\1\2\3\4\5\6\7"),
           SG_POLICY, "serial number has 21 octets, at most 20");
    BROKEN(serial, BYTES("\1\2\3\4\5\6\7\1\2\3\4\5\6\7\1\2\3\4\5\6"), SG_OK,
           "");
    BROKEN(serial, BYTES("\0\1"), SG_FORMAT, "X.690");
    BROKEN(twice, true, SG_POLICY, "extension 2.5.29.14 is given twice");
    BROKEN(unique_id, true, SG_POLICY, "unique identifiers");
    BROKEN(critical_false_written, true, SG_FORMAT, "default critical FALSE");
    BROKEN(ca_false_written, true, SG_FORMAT, "default cA FALSE");
    BROKEN(trailing, true, SG_FORMAT, "certificate: ");
    t = good;
    t.path_length_without_ca = true;
    t.path_length = 0;
    check(g, &t, SG_POLICY, "path length without cA");
    tok_guard_free(g);
}

static void test_truncated(void **state)
{
    struct t_tbs leaf = t_tbs_leaf(ALG, OTHER);
    struct sg_buf der;
    struct tok_tbs tbs;

    (void)state;
    sg_buf_init(&der, 8192);
    t_tbs_encode(&leaf, &der);
    for (size_t n = 0; n < der.len; n++) {
        struct sg_err err = { 0 };
        t_assert_fails(tok_tbs_parse(SG_SLICE(der.data, n), &tbs, &err),
                       SG_FORMAT);
    }
    sg_buf_done(&der);
}

/* --- before and without a certificate ------------------------------------------------ */

static void test_no_guard(void **state)
{
    struct t_tbs root = root_tbs();
    struct sg_err err = { 0 };

    (void)state;
    check(NULL, &root, SG_POLICY, "guard: the key has no guard");
    t_assert_fails(tok_guard_check_csr(NULL, OWN, OWN, &err), SG_POLICY);
}

static void test_purposes(void **state)
{
    static const enum tok_purpose OTHERS[] = { TOK_PURPOSE_OCSP,
                                               TOK_PURPOSE_BACKEND,
                                               TOK_PURPOSE_PROBE };
    struct t_tbs root = root_tbs();

    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(OTHERS); i++) {
        struct tok_guard limits = { .purpose = OTHERS[i] };
        struct tok_guard_state *g = guard_of(limits, NULL);
        check(g, &root, SG_POLICY, "not for certificates");
        tok_guard_free(g);
    }
}

static void test_unbound(void **state)
{
    struct tok_guard_state *g = guard_of(ca_limits(), NULL);
    const struct t_tbs good = root_tbs();
    struct t_tbs t = t_tbs_leaf(ALG, OTHER);

    (void)state;
    check(g, &good, SG_OK, "");
    check(g, &t, SG_POLICY, "issuer and subject differ");
    BROKEN(subject, "other", SG_POLICY, "issuer and subject differ");
    BROKEN(spki, OTHER, SG_POLICY, "the public key is another's");
    BROKEN(ca, false, SG_POLICY, "this is no CA certificate");
    BROKEN(not_after, T_2026 + YEARS_10, SG_POLICY,
           "validity of 315360001 s, this key's certificates have at most "
           "315360000 s");
    tok_guard_free(g);

    struct tok_guard limits = ca_limits();
    limits.may_sign_ca = false;
    g = guard_of(limits, NULL);
    check(g, &good, SG_POLICY, "may not sign CA certificates");
    tok_guard_free(g);
}

/* --- with a certificate ----------------------------------------------------------------- */

static void test_identity(void **state)
{
    struct t_tbs root = root_tbs();
    struct tok_guard_state *g = guard_of(ca_limits(), &root);
    const struct t_tbs good = t_tbs_leaf(ALG, OTHER);
    struct t_tbs t;

    (void)state;
    BROKEN(issuer, "Root", SG_POLICY, "issuer is not, byte for byte");
    BROKEN(issuer, NULL, SG_POLICY, "issuer is not, byte for byte");
    BROKEN(aki, NULL, SG_POLICY, "no authorityKeyIdentifier");
    BROKEN(aki, "toor", SG_POLICY, "authorityKeyIdentifier is not");
    BROKEN(aki, "", SG_POLICY, "authorityKeyIdentifier is not");
    /* Its own certificate again needs no AKI, but a wrong one is wrong. */
    t = root_tbs();
    check(g, &t, SG_OK, "");
    t.aki = "root";
    check(g, &t, SG_OK, "");
    t.aki = "toor";
    check(g, &t, SG_POLICY, "authorityKeyIdentifier is not");
    /* Self-issued under another key is not self-signed. */
    t = root_tbs();
    t.spki = OTHER;
    check(g, &t, SG_POLICY, "no authorityKeyIdentifier");
    tok_guard_free(g);
}

static void test_times(void **state)
{
    struct t_tbs root = root_tbs();
    struct tok_guard limits = ca_limits();
    struct tok_guard_state *g;
    const struct t_tbs good = t_tbs_leaf(ALG, OTHER);
    struct t_tbs t;

    (void)state;
    limits.max_validity = T_DAY + 1;
    g = guard_of(limits, &root);
    check(g, &good, SG_OK, "");
    BROKEN(not_after, good.not_after + 1, SG_POLICY,
           "guard: validity of 86402 s");
    BROKEN(not_after, good.not_before - 1, SG_POLICY, "is before notBefore");
    BROKEN(not_after, good.not_before, SG_OK, "");
    t = good;
    t.not_before = root.not_before - 1;
    t.not_after = root.not_before + 10;
    check(g, &t, SG_POLICY,
          "guard: notBefore 2025-12-31T23:59:59Z is before the issuer's "
          "2026-01-01T00:00:00Z");
    t.not_before = root.not_before;
    check(g, &t, SG_OK, "");
    t.not_before = root.not_after - 10;
    t.not_after = root.not_after;
    check(g, &t, SG_OK, "");
    t.not_after++;
    check(g, &t, SG_POLICY, "is past the issuer's 2035-12-29T23:59:59Z");
    tok_guard_free(g);
}

static void test_ca_rules(void **state)
{
    struct t_tbs root = root_tbs();
    struct tok_guard limits = ca_limits();
    struct tok_guard_state *g = guard_of(limits, &root);
    const struct t_tbs good = sub_ca();
    struct t_tbs t;

    (void)state;
    /* The root's path length is 2: what is below has 1 at most. */
    check(g, &good, SG_OK, "");
    BROKEN(path_length, 1, SG_OK, "");
    BROKEN(path_length, 2, SG_POLICY, "guard: path length 2, at most 1");
    BROKEN(path_length, -1, SG_POLICY, "CA certificate without path length");
    t = t_tbs_leaf(ALG, OTHER);
    t.key_usage = 1 << 5;
    check(g, &t, SG_POLICY, "keyCertSign without cA");
    /* The root itself: as long as it was, no longer. */
    t = root;
    check(g, &t, SG_OK, "");
    t.path_length = 3;
    check(g, &t, SG_POLICY, "path length 3, at most 2");
    t.path_length = -1;
    check(g, &t, SG_POLICY, "without path length");
    tok_guard_free(g);

    limits.has_max_path_length = true;
    limits.max_path_length = 0;
    g = guard_of(limits, &root);
    check(g, &good, SG_OK, "");
    BROKEN(path_length, 1, SG_POLICY, "path length 1, at most 0");
    check(g, &root, SG_OK, "");
    tok_guard_free(g);

    limits = ca_limits();
    limits.may_sign_ca = false;
    g = guard_of(limits, &root);
    check(g, &good, SG_POLICY, "may not sign CA certificates");
    t = t_tbs_leaf(ALG, OTHER);
    check(g, &t, SG_OK, "");
    tok_guard_free(g);
}

static void test_ca_under_short_issuer(void **state)
{
    struct t_tbs root = root_tbs();
    struct tok_guard_state *g;
    struct t_tbs t = sub_ca();

    (void)state;
    root.path_length = 0;
    g = guard_of(ca_limits(), &root);
    check(g, &t, SG_POLICY, "the issuer's path length is 0");
    tok_guard_free(g);

    root.path_length = -1; /* any: then the guard alone decides */
    g = guard_of(ca_limits(), &root);
    t.path_length = -1;
    check(g, &t, SG_OK, "");
    tok_guard_free(g);
}

/* --- binding and limits ------------------------------------------------------------------- */

static void bind_refused(struct t_tbs root, enum sg_rc want, const char *text)
{
    struct tok_guard limits = ca_limits();
    struct tok_guard_state *guard = NULL;
    struct sg_err err = { 0 };
    struct sg_buf tbs;
    struct sg_buf cert;

    sg_buf_init(&tbs, 8192);
    sg_buf_init(&cert, 8192);
    t_tbs_encode(&root, &tbs);
    t_cert_encode(sg_buf_slice(&tbs), ALG, BYTES("x"), &cert);
    limits.bound = true;
    limits.issuer_cert = sg_buf_slice(&cert);
    t_assert_fails(tok_guard_new(&limits, OWN, &guard, &err), want);
    assert_non_null(strstr(err.msg, text));
    assert_null(guard);
    sg_buf_done(&tbs);
    sg_buf_done(&cert);
}

static void test_bind_rules(void **state)
{
    struct t_tbs t = root_tbs();

    (void)state;
    t.spki = OTHER;
    bind_refused(t, SG_POLICY, "public key is not this key's");
    t = root_tbs();
    t.ca = false;
    bind_refused(t, SG_POLICY, "is not a CA's");
    t = root_tbs();
    t.key_usage = 1 << 6;
    bind_refused(t, SG_POLICY, "keyUsage has no keyCertSign");
    t = root_tbs();
    t.ski = NULL;
    bind_refused(t, SG_POLICY, "no subjectKeyIdentifier");
    t = root_tbs();
    t.no_version = true;
    bind_refused(t, SG_POLICY, "version is v1");
}

static void test_limits(void **state)
{
    struct tok_guard limits = ca_limits();
    struct sg_err err = { 0 };

    (void)state;
    t_ok(&err, tok_guard_check_limits(&limits, &err));
    limits.max_validity = 0;
    t_refused(&err, tok_guard_check_limits(&limits, &err), SG_USAGE,
              "guard: a CA key needs a longest validity");
    limits.max_validity = TOK_VALIDITY_MAX + 1;
    t_refused(&err, tok_guard_check_limits(&limits, &err), SG_USAGE,
              "guard: longest validity 10000000001 s is outside 0 … "
              "10000000000 s");
    limits = ca_limits();
    limits.purpose = TOK_PURPOSE_UNSET;
    t_refused(&err, tok_guard_check_limits(&limits, &err), SG_USAGE,
              "guard: purpose is not set");
    limits.purpose = TOK_PURPOSE_OCSP;
    t_refused(&err, tok_guard_check_limits(&limits, &err), SG_USAGE,
              "guard: a key for ocsp cannot sign CA certificates");
    limits = ca_limits();
    limits.may_sign_ca = false;
    limits.has_max_path_length = true;
    t_refused(&err, tok_guard_check_limits(&limits, &err), SG_USAGE,
              "guard: a path length for a key that may not sign CA "
              "certificates");
}

/* permitted: DNS "ok"; excluded: DNS "no.ok" */
#define NAMES_OK \
    BYTES("\x30\x13\xa0\x06\x30\x04\x82\x02ok\xa1\x09\x30\x07\x82\x05no.ok")

/* A leaf whose subjectAltName holds one DNS name of at most 100 octets. */
static void check_dns(const struct tok_guard_state *g, const char *name,
                      enum sg_rc want, const char *text)
{
    struct t_tbs t = t_tbs_leaf(ALG, OTHER);
    struct sg_err err = { 0 };
    struct sg_buf san;
    struct sg_buf ext;
    size_t len = strlen(name);

    sg_buf_init(&san, 128);
    sg_buf_init(&ext, 256);
    t_ok(&err, sg_buf_put_u8(&san, 0x30, &err));
    t_ok(&err, sg_buf_put_u8(&san, (uint8_t)(len + 2), &err));
    t_ok(&err, sg_buf_put_u8(&san, 0x82, &err));
    t_ok(&err, sg_buf_put_u8(&san, (uint8_t)len, &err));
    t_ok(&err, sg_buf_put(&san, name, len, &err));
    t_ext_put(&ext, 17, false, sg_buf_slice(&san));
    t.extra = sg_buf_slice(&ext);
    check(g, &t, want, text);
    sg_buf_done(&san);
    sg_buf_done(&ext);
}

static void test_own_names(void **state)
{
    struct tok_guard limits = ca_limits();
    struct t_tbs root = root_tbs();

    (void)state;
    limits.names = NAMES_OK;
    struct tok_guard_state *g = guard_of(limits, &root);
    check_dns(g, "a.ok", SG_OK, "");
    check_dns(g, "a.no.ok", SG_POLICY,
              "guard: DNS name \"a.no.ok\" is in an excluded subtree of the "
              "key's own name constraints (RFC 5280 4.2.1.10)");
    check_dns(g, "ko", SG_POLICY,
              "guard: DNS name \"ko\" is outside of the permitted subtrees of "
              "the key's own name constraints (RFC 5280 4.2.1.10)");
    tok_guard_free(g);
}

static void refuse_names(struct sg_slice names, const char *text)
{
    struct tok_guard limits = ca_limits();
    struct sg_err err = { 0 };

    limits.names = names;
    t_refused(&err, tok_guard_check_limits(&limits, &err), SG_USAGE, text);
}

static void test_own_names_that_cannot_be(void **state)
{
    static const uint8_t big[TOK_NAMES_MAX + 1] = { 0x30 };
    struct tok_guard limits = { .purpose = TOK_PURPOSE_PROBE,
                                .names = NAMES_OK };
    struct sg_err err = { 0 };

    (void)state;
    t_refused(&err, tok_guard_check_limits(&limits, &err), SG_USAGE,
              "guard: name constraints for a key that signs no certificates");
    refuse_names(SG_SLICE(big, sizeof(big)),
                 "guard: name constraints of 16385 bytes, at most 16384");
    refuse_names(BYTES("\x30\x0c\xa0\x0a\x30\x08\x82\x03net\x80\x01\x01"),
                 "guard: name constraints: guard: name constraint with a "
                 "minimum or maximum (RFC 5280 4.2.1.10)");
}

/* A guard gets constraints where it has none, and keeps them to the octet. */
static void test_own_names_stay(void **state)
{
    struct tok_guard now = ca_limits();
    struct tok_guard want = now;
    struct sg_err err = { 0 };

    (void)state;
    want.names = NAMES_OK;
    t_ok(&err, tok_guard_check_narrower(&now, &want, &err));
    now.names = NAMES_OK;
    t_ok(&err, tok_guard_check_narrower(&now, &want, &err));
    want.names = SG_SLICE(NULL, 0);
    t_refused(&err, tok_guard_check_narrower(&now, &want, &err), SG_POLICY,
              "guard: name_constraints would be wider: a guard is only ever "
              "narrowed");
    want.names = BYTES("\x30\x08\xa0\x06\x30\x04\x82\x02ok");
    t_assert_fails(tok_guard_check_narrower(&now, &want, &err), SG_POLICY);
}

static void test_csr(void **state)
{
    struct tok_guard_state *g = guard_of(ca_limits(), NULL);
    struct sg_err err = { 0 };
    struct sg_slice spki = { 0 };
    struct sg_buf info;

    (void)state;
    sg_buf_init(&info, 8192);
    t_csr_info_encode("new", OWN, &info);
    t_ok(&err, tok_csr_info_parse(sg_buf_slice(&info), &spki, &err));
    t_ok(&err, tok_guard_check_csr(g, OWN, spki, &err));
    t_refused(&err, tok_guard_check_csr(g, OTHER, spki, &err), SG_POLICY,
              "guard: the request's public key is not this key's (RFC 2986 "
              "4.1)");
    for (size_t n = 0; n < info.len; n++) {
        struct sg_err cut = { 0 };
        t_assert_fails(tok_csr_info_parse(SG_SLICE(info.data, n), &spki, &cut),
                       SG_FORMAT);
    }
    sg_buf_done(&info);
    tok_guard_free(g);
}

/* A certificate must not pass for a request: v1 starts like one. */
static void test_certificate_is_no_csr(void **state)
{
    struct t_tbs t = t_tbs_leaf(ALG, OWN);
    struct sg_err err = { 0 };
    struct sg_slice spki;
    struct sg_buf der;

    (void)state;
    sg_buf_init(&der, 8192);
    t_tbs_encode(&t, &der);
    t_assert_fails(tok_csr_info_parse(sg_buf_slice(&der), &spki, &err),
                   SG_FORMAT);
    sg_err_clear(&err);
    sg_buf_reset(&der);
    t.no_version = true;
    t.serial = BYTES("\0");
    t_tbs_encode(&t, &der);
    t_assert_fails(tok_csr_info_parse(sg_buf_slice(&der), &spki, &err),
                   SG_FORMAT);
    sg_buf_done(&der);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_structure),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_no_guard),
        cmocka_unit_test(test_purposes),
        cmocka_unit_test(test_unbound),
        cmocka_unit_test(test_identity),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_ca_rules),
        cmocka_unit_test(test_ca_under_short_issuer),
        cmocka_unit_test(test_bind_rules),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_own_names),
        cmocka_unit_test(test_own_names_that_cannot_be),
        cmocka_unit_test(test_own_names_stay),
        cmocka_unit_test(test_csr),
        cmocka_unit_test(test_certificate_is_no_csr),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
