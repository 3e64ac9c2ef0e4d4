/* SPDX-License-Identifier: Apache-2.0 */
/* Guards through the real process: from a key's first signature to the files
 * that hold its limits. tests/unit/pkcs11/test-guard.c has the rules. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/parse.h"
#include "tests/lib/make-tbs.h"
#include "tests/token/token.h"

/* A root key, its certificate bound, and a helper that has it open. */
struct fixture {
    struct t_token token;
    struct t_helper h;
    struct tok_key_info key;
    uint32_t ref;
    struct sg_slice alg;
    struct sg_buf root; /* certificate */
    struct sg_buf tbs;
    char guard[2 * T_PATH_MAX];
};

static struct sg_slice spki(const struct fixture *f)
{
    return SG_SLICE(f->key.spki, f->key.spki_len);
}

static void open_root(struct fixture *f)
{
    struct tok_key_open want = { .label = "root" };

    if (t_open(&f->h, &want, &f->ref, &f->key) != SG_OK)
        fail_msg("open: %s", f->h.failure.msg);
}

static int setup(void **state)
{
    static struct fixture f;
    struct tok_key_generate gen = t_ca_key("root", TOK_KEY_EC_P384);
    char hex[2 * TOK_ID_MAX + 1];

    t_token_new(&f.token);
    t_helper_start_on(&f.h, &f.token, 2);
    assert_int_equal(t_generate(&f.h, &gen, &f.key), SG_OK);
    open_root(&f);
    f.alg = t_algorithm(TOK_KEY_EC_P384, 0, false);
    sg_buf_init(&f.root, 8192);
    sg_buf_init(&f.tbs, 8192);
    (void)snprintf(f.guard, sizeof(f.guard), "%s/%s-%s.yaml", f.token.guards,
                   f.h.info.serial,
                   sg_hex(SG_SLICE(f.key.id, f.key.id_len), hex, sizeof(hex)));
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(t_helper_stop(&f->h), 0);
    sg_buf_done(&f->root);
    sg_buf_done(&f->tbs);
    t_token_done(&f->token);
    return 0;
}

/* Sign t; the certificate goes to out unless that is NULL. */
static enum sg_rc sign(struct fixture *f, const struct t_tbs *t,
                       struct sg_buf *out)
{
    struct tok_sign req = { .key_ref = f->ref };
    struct sg_slice signature;

    sg_buf_reset(&f->tbs);
    t_tbs_encode(t, &f->tbs);
    req.tbs = sg_buf_slice(&f->tbs);
    req.algorithm = t->outer.len > 0 ? t->outer : t->algorithm;
    SG_TRY(t_sign(&f->h, TOK_OP_SIGN_CERT, &req, &signature));
    if (out != NULL) {
        sg_buf_reset(out);
        t_cert_encode(req.tbs, req.algorithm, signature, out);
    }
    return SG_OK;
}

static void refused(struct fixture *f, const struct t_tbs *t, enum sg_rc want,
                    const char *text)
{
    enum sg_rc rc = sign(f, t, NULL);

    if (rc != want || strstr(f->h.failure.msg, text) == NULL)
        fail_msg("%s: %s instead of %s: %s", sg_rc_name(rc), f->h.failure.msg,
                 sg_rc_name(want), text);
}

static void make_root(struct fixture *f)
{
    struct t_tbs t = t_tbs_root(f->alg, spki(f), "root");

    if (sign(f, &t, &f->root) != SG_OK)
        fail_msg("root: %s", f->h.failure.msg);
    if (t_bind(&f->h, f->ref, sg_buf_slice(&f->root)) != SG_OK)
        fail_msg("bind: %s", f->h.failure.msg);
}

static void restart(struct fixture *f)
{
    assert_int_equal(t_helper_stop(&f->h), 0);
    t_helper_start_on(&f->h, &f->token, 2);
}

/* The leaf's key is the root's own: any public key would do. */
static struct t_tbs leaf(const struct fixture *f)
{
    return t_tbs_leaf(f->alg, spki(f));
}

/* --- the life of a key ------------------------------------------------------------- */

static void write_der(const struct fixture *f, const char *name,
                      const struct sg_buf *der, char path[2 * T_PATH_MAX])
{
    (void)snprintf(path, 2 * T_PATH_MAX, "%s/%s", f->token.dir, name);
    t_file_write(path, der->data, der->len);
}

static void test_root_to_leaf(void **state)
{
    struct fixture *f = *state;
    struct t_tbs t = leaf(f);
    struct sg_buf cert;
    char root_path[2 * T_PATH_MAX];
    char leaf_path[2 * T_PATH_MAX];
    struct t_run run;

    refused(f, &t, SG_POLICY,
            "guard: the key has no issuer certificate yet and issuer and "
            "subject differ: bind its issuer certificate first");
    make_root(f);
    sg_buf_init(&cert, 8192);
    assert_int_equal(sign(f, &t, &cert), SG_OK);
    write_der(f, "root.der", &f->root, root_path);
    write_der(f, "leaf.der", &cert, leaf_path);
    t_run_args(&run, "openssl", "verify", "-attime", "1767350000",
               "-x509_strict", "-trusted", root_path, leaf_path);
    if (run.exit_code != 0)
        fail_msg("openssl: %s", run.output);
    t_run_done(&run);
    sg_buf_done(&cert);
}

static void test_binding(void **state)
{
    struct fixture *f = *state;
    struct t_tbs t = t_tbs_root(f->alg, spki(f), "another");
    struct sg_buf other;

    sg_buf_init(&other, 8192);
    assert_int_equal(sign(f, &t, &other), SG_OK);
    make_root(f);
    assert_int_equal(t_bind(&f->h, f->ref, sg_buf_slice(&f->root)), SG_OK);
    t_assert_fails(t_bind(&f->h, f->ref, sg_buf_slice(&other)), SG_POLICY);
    assert_string_equal(
        f->h.failure.msg,
        "guard: key \"root\" is bound to another certificate already");
    t_assert_fails(t_bind(&f->h, 99, sg_buf_slice(&f->root)), SG_NOT_FOUND);
    /* What was fine before the binding is so no longer. */
    refused(f, &t, SG_POLICY, "issuer is not, byte for byte");

    restart(f);
    open_root(f);
    assert_true(f->key.bound);
    refused(f, &t, SG_POLICY, "issuer is not, byte for byte");
    t = leaf(f);
    assert_int_equal(sign(f, &t, NULL), SG_OK);
    sg_buf_done(&other);
}

static void test_bind_refused(void **state)
{
    struct fixture *f = *state;
    struct t_tbs t = leaf(f);
    struct sg_buf cert;

    make_root(f);
    sg_buf_init(&cert, 8192);
    assert_int_equal(sign(f, &t, &cert), SG_OK);
    assert_int_equal(unlink(f->guard), 0);
    t_assert_fails(t_bind(&f->h, f->ref, sg_buf_slice(&cert)), SG_NOT_FOUND);
    t_assert_fails(t_bind(&f->h, f->ref, SG_SLICE(cert.data, 7)), SG_NOT_FOUND);
    sg_buf_done(&cert);
}

static void test_not_a_ca(void **state)
{
    struct fixture *f = *state;
    struct t_tbs t = t_tbs_root(f->alg, spki(f), "root");
    struct sg_buf cert;

    sg_buf_init(&cert, 8192);
    t.ca = false;
    sg_buf_reset(&f->tbs);
    t_tbs_encode(&t, &f->tbs);
    t_cert_encode(sg_buf_slice(&f->tbs), f->alg,
                  SG_SLICE((const uint8_t *)"x", 1), &cert);
    t_assert_fails(t_bind(&f->h, f->ref, sg_buf_slice(&cert)), SG_POLICY);
    assert_non_null(strstr(f->h.failure.msg, "is not a CA's"));
    t_assert_fails(t_bind(&f->h, f->ref, SG_SLICE(cert.data, cert.len - 1)),
                   SG_FORMAT);
    sg_buf_done(&cert);
}

/* --- requests -------------------------------------------------------------------------- */

static void test_rules_hold_through_the_process(void **state)
{
    struct fixture *f = *state;
    struct t_tbs t;
    struct sg_err err = { 0 };

    make_root(f);
    t = leaf(f);
    t.outer = t_algorithm(TOK_KEY_EC_P256, 0, false);
    refused(f, &t, SG_POLICY, "signature algorithm inside differs");
    t = leaf(f);
    t.algorithm = t_algorithm(TOK_KEY_EC_P256, 0, false);
    refused(f, &t, SG_POLICY,
            "signature algorithm ecdsa-with-SHA256 does not go with a key of "
            "type ec-p384");
    t.algorithm = SG_SLICE((const uint8_t *)"\x30\x03\x06\x01\x2a", 5);
    refused(f, &t, SG_POLICY, "none that signet signs with");
    t = leaf(f);
    t.aki = NULL;
    refused(f, &t, SG_POLICY, "no authorityKeyIdentifier");
    t = leaf(f);
    t.serial = SG_SLICE((const uint8_t *)"\xff", 1);
    refused(f, &t, SG_POLICY, "serial number is not positive");
    t = leaf(f);
    f->ref += 10;
    refused(f, &t, SG_NOT_FOUND, "key reference 10 was not opened");
    f->ref -= 10;
    assert_int_equal(sign(f, &t, NULL), SG_OK);
    t_ok(&err, sg_buf_put_u8(&f->h.log, 0, &err));
    assert_non_null(strstr((char *)f->h.log.data,
                           "event=guard_refused op=sign_cert refused=1 "));
}

static void test_csr(void **state)
{
    struct fixture *f = *state;
    struct tok_sign req = { .key_ref = f->ref, .algorithm = f->alg };
    struct sg_slice signature;
    struct sg_buf info;
    struct sg_buf csr;
    struct t_run run;
    char path[2 * T_PATH_MAX];

    sg_buf_init(&info, 8192);
    sg_buf_init(&csr, 8192);
    t_csr_info_encode("new", spki(f), &info);
    req.tbs = sg_buf_slice(&info);
    assert_int_equal(t_sign(&f->h, TOK_OP_SIGN_CSR, &req, &signature), SG_OK);
    t_cert_encode(req.tbs, f->alg, signature, &csr);
    write_der(f, "new.csr", &csr, path);
    t_run_args(&run, "openssl", "req", "-inform", "DER", "-in", path, "-verify",
               "-noout");
    if (run.exit_code != 0 || strstr(run.output, "verify OK") == NULL)
        fail_msg("openssl: %s", run.output);
    t_run_done(&run);

    sg_buf_reset(&info);
    t_csr_info_encode("new", SG_SLICE((const uint8_t *)"\x30\x00", 2), &info);
    req.tbs = sg_buf_slice(&info);
    t_assert_fails(t_sign(&f->h, TOK_OP_SIGN_CSR, &req, &signature), SG_POLICY);
    /* A certificate is no request, and the other way round. */
    struct t_tbs t = t_tbs_root(f->alg, spki(f), "root");
    sg_buf_reset(&f->tbs);
    t_tbs_encode(&t, &f->tbs);
    req.tbs = sg_buf_slice(&f->tbs);
    t_assert_fails(t_sign(&f->h, TOK_OP_SIGN_CSR, &req, &signature), SG_FORMAT);
    req.tbs = sg_buf_slice(&info);
    assert_int_not_equal(t_sign(&f->h, TOK_OP_SIGN_CERT, &req, &signature),
                         SG_OK);
    sg_buf_done(&info);
    sg_buf_done(&csr);
}

static void test_probe_key(void **state)
{
    struct fixture *f = *state;
    struct tok_key_generate gen = { .label = "probe",
                                    .type = TOK_KEY_EC_P384,
                                    .guard = { .purpose = TOK_PURPOSE_PROBE } };
    struct tok_key_open want = { .label = "probe" };

    assert_int_equal(t_generate(&f->h, &gen, &f->key), SG_OK);
    assert_int_equal(t_open(&f->h, &want, &f->ref, &f->key), SG_OK);
    struct t_tbs t = t_tbs_root(f->alg, spki(f), "root");
    refused(f, &t, SG_POLICY, "guard: the key is for probe, not for");
}

/* --- files ------------------------------------------------------------------------------- */

static void test_file_gone(void **state)
{
    struct fixture *f = *state;
    struct t_tbs t = t_tbs_root(f->alg, spki(f), "root");

    assert_int_equal(unlink(f->guard), 0);
    restart(f);
    open_root(f);
    assert_false(f->key.has_guard);
    refused(f, &t, SG_POLICY, "guard: the key has no guard and signs nothing");
}

/* Replace the first old in the file by new. */
static void edit(const char *path, const char *old, const char *new)
{
    static char text[16384];
    static char out[20000];
    FILE *file = fopen(path, "r");

    assert_non_null(file);
    size_t n = fread(text, 1, sizeof(text) - 1, file);
    (void)fclose(file);
    text[n] = '\0';
    char *at = strstr(text, old);
    if (at == NULL)
        fail_msg("no %s in:\n%s", old, text);
    *at = '\0';
    (void)snprintf(out, sizeof(out), "%s%s%s", text, new, at + strlen(old));
    t_file_write(path, out, strlen(out));
}

static void open_refused(struct fixture *f, const char *text)
{
    struct tok_key_open want = { .label = "root" };

    t_assert_fails(t_open(&f->h, &want, &f->ref, &f->key), SG_CONFIG);
    if (strstr(f->h.failure.msg, text) == NULL)
        fail_msg("%s instead of %s", f->h.failure.msg, text);
}

static void test_files_that_do_not_fit(void **state)
{
    static const struct {
        const char *old, *new, *text;
    } CASES[] = {
        { "version: 2", "version: 3", "version: 3, this is 2" },
        { "version: 2", "version: 0", "version: 0, this is 2" },
        { "may_sign_crl: ", "max_per_day: 0\nmay_sign_crl: ",
          "max_per_day: 0" },
        { "may_sign_crl: ", "extended_key_usage: [1.2.x]\nmay_sign_crl: ",
          "extended_key_usage[0]: OID" },
        { "label: root", "label: roots", "label: another key's guard" },
        { "key_id: ", "key_id: 00", "key_id: another key's guard" },
        { "purpose: ca", "purpose: all", "purpose \"all\" is unknown" },
        { "may_sign_ca: ", "may_sign_ca: perhaps", "may_sign_ca" },
        { "max_validity: 3", "max_validity: 99999993", "max_validity" },
        { "max_validity: ", "max_validity: -", "max_validity" },
        { "version: 2", "version: 2\nsurprise: 1", "surprise" },
    };
    struct fixture *f = *state;
    struct t_run run;
    char copy[2 * T_PATH_MAX + 8];

    (void)snprintf(copy, sizeof(copy), "%s.good", f->guard);
    t_run_args(&run, "cp", "-p", f->guard, copy);
    t_run_done(&run);
    for (size_t i = 0; i < SG_ARRAY_LEN(CASES); i++) {
        edit(f->guard, CASES[i].old, CASES[i].new);
        restart(f);
        open_refused(f, CASES[i].text);
        t_run_args(&run, "cp", "-p", copy, f->guard);
        t_run_done(&run);
    }
    assert_int_equal(chmod(f->guard, 0620), 0);
    restart(f);
    open_refused(f, "");
    assert_int_equal(chmod(f->guard, 0600), 0);
    open_root(f);
}

/* What an earlier signet wrote is still read. */
static void test_version_1(void **state)
{
    struct fixture *f = *state;

    edit(f->guard, "version: 2", "version: 1");
    edit(f->guard, "may_sign_crl: true\n", "");
    restart(f);
    open_root(f);
    make_root(f);
    struct t_tbs t = leaf(f);
    assert_int_equal(sign(f, &t, NULL), SG_OK);
}

/* Another key's guard under this key's name. */
static void test_swapped_files(void **state)
{
    struct fixture *f = *state;
    struct tok_key_generate gen = t_ca_key("loose", TOK_KEY_EC_P384);
    struct tok_key_info loose;
    char hex[2 * TOK_ID_MAX + 1];
    char path[2 * T_PATH_MAX];

    assert_int_equal(t_generate(&f->h, &gen, &loose), SG_OK);
    (void)snprintf(path, sizeof(path), "%s/%s-%s.yaml", f->token.guards,
                   f->h.info.serial,
                   sg_hex(SG_SLICE(loose.id, loose.id_len), hex, sizeof(hex)));
    assert_int_equal(rename(path, f->guard), 0);
    restart(f);
    open_refused(f, "label: another key's guard");
    edit(f->guard, "loose", "root");
    open_refused(f, "key_id: another key's guard");
    (void)sg_hex(SG_SLICE(f->key.id, f->key.id_len), hex, sizeof(hex));
    char other[2 * TOK_ID_MAX + 1];
    (void)sg_hex(SG_SLICE(loose.id, loose.id_len), other, sizeof(other));
    edit(f->guard, other, hex);
    open_refused(f, "public_key: the token holds another one");
}

static void test_file_is_private_and_whole(void **state)
{
    struct fixture *f = *state;
    struct stat st;
    static char text[8192];

    make_root(f);
    assert_int_equal(stat(f->guard, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    FILE *file = fopen(f->guard, "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    (void)fclose(file);
    assert_non_null(strstr(text, "-----BEGIN PUBLIC KEY-----"));
    assert_non_null(strstr(text, "-----BEGIN CERTIFICATE-----"));
    assert_non_null(strstr(text, f->h.info.serial));
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_root_to_leaf),
        CASE(test_binding),
        CASE(test_bind_refused),
        CASE(test_not_a_ca),
        CASE(test_rules_hold_through_the_process),
        CASE(test_csr),
        CASE(test_probe_key),
        CASE(test_file_gone),
        CASE(test_files_that_do_not_fit),
        CASE(test_version_1),
        CASE(test_swapped_files),
        CASE(test_file_is_private_and_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
