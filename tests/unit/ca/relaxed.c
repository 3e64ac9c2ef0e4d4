/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/ca/relaxed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "ca/dn-text.h"
#include "ca/ext.h"
#include "ca/tbs.h"
#include "common/cleanup-openssl.h"
#include "common/pem.h"
#include "lint/lint.h"
#include "tests/lib/run.h"

#define ARENA_MAX ((size_t)1 << 20)
#define CHAIN_MAX (CA_CHAIN_MAX + 1)

/* --- making --------------------------------------------------------------- */

struct sg_slice relaxed_dn(struct sg_arena *arena, const char *text)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf out;
    struct ca_dn dn = { 0 };
    struct sg_err err = { 0 };

    sg_buf_init(&out, 4096);
    kit_ok(&err, ca_dn_from_text(arena, text, &dn, &err));
    kit_ok(&err, ca_dn_encode(&dn, &out, &err));
    return sg_arena_copy(arena, sg_buf_slice(&out));
}

struct sg_slice relaxed_name(struct sg_arena *arena, const char *cn)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf out;
    struct sg_err err = { 0 };
    struct ca_dn dn = kit_dn(arena, cn);

    sg_buf_init(&out, 1024);
    kit_ok(&err, ca_dn_encode(&dn, &out, &err));
    return sg_arena_copy(arena, sg_buf_slice(&out));
}

static void put_raw(struct sg_derw *w, enum ca_oid oid, bool critical,
                    struct sg_slice value)
{
    struct ca_ext ext = ca_ext_begin(w, oid, critical);

    sg_derw_raw(w, value);
    ca_ext_end(w, ext);
}

static void put_names(const struct relaxed *args, struct sg_derw *w)
{
    bool critical = args->subject.len <= 2; /* RFC 5280 4.2.1.6 */
    struct sg_err err = { 0 };

    if (args->raw_sans.len > 0)
        put_raw(w, CA_OID_EXT_SAN, critical, args->raw_sans);
    if (args->sans != NULL && args->sans->n > 0) {
        struct ca_ext ext = ca_ext_begin(w, CA_OID_EXT_SAN, critical);

        kit_ok(&err, ca_sans_encode(args->sans, w, &err));
        ca_ext_end(w, ext);
    }
    if (args->raw_constraints.len > 0)
        put_raw(w, CA_OID_EXT_NC, true, args->raw_constraints);
    if (args->constraints != NULL) {
        struct ca_ext ext = ca_ext_begin(w, CA_OID_EXT_NC, true);

        kit_ok(&err, ca_constraints_encode(args->constraints, w, &err));
        ca_ext_end(w, ext);
    }
}

static void put_extensions(const struct relaxed *args, struct sg_derw *w)
{
    size_t tagged = sg_derw_begin(w, SG_DER_CONTEXT_CONSTRUCTED(3));
    size_t list = sg_derw_begin(w, SG_DER_SEQUENCE);
    struct sg_err err = { 0 };
    uint8_t ski[20];
    uint8_t aki[20];
    unsigned usage = args->ca ? CA_KU_KEY_CERT_SIGN | CA_KU_CRL_SIGN
                              : CA_KU_DIGITAL_SIGNATURE;

    kit_ok(&err, ca_spki_key_id(&args->key->spki, ski, &err));
    kit_ok(&err, ca_spki_key_id(&args->signer->spki, aki, &err));
    aki[0] = (uint8_t)(aki[0] ^ (args->wrong_aki ? 1 : 0));
    if (args->ca)
        ca_ext_basic_ca(w, args->path_length > 0,
                        (uint32_t)(args->path_length - 1));
    ca_ext_key_usage(w,
                     args->key_usage != 0 ? args->key_usage : (uint16_t)usage);
    ca_ext_ski(w, SG_SLICE(ski, sizeof ski));
    ca_ext_aki(w, SG_SLICE(aki, sizeof aki));
    put_names(args, w);
    sg_derw_end(w, list);
    sg_derw_end(w, tagged);
}

void relaxed_make(const struct relaxed *args, struct sg_buf *ret_der)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf tbs;
    struct ca_period period = {
        args->not_before != 0 ? args->not_before : KIT_NOW - KIT_YEAR,
        args->not_after != 0 ? args->not_after : KIT_NOW + 40 * KIT_YEAR
    };
    struct sg_err err = { 0 };
    struct sg_derw w;

    sg_buf_init(&tbs, CA_CERT_MAX);
    sg_buf_init(ret_der, CA_CERT_MAX);
    sg_derw_init(&w, &tbs);
    size_t whole = sg_derw_begin(&w, SG_DER_SEQUENCE);
    ca_tbs_head(&w, SG_SLICE(kit_serial, sizeof kit_serial),
                CA_SIGALG_ECDSA_SHA256);
    sg_derw_raw(&w, args->issuer);
    ca_tbs_validity(&w, period);
    sg_derw_raw(&w, args->subject);
    sg_derw_raw(&w, args->key->spki.der);
    put_extensions(args, &w);
    sg_derw_end(&w, whole);
    kit_ok(&err, sg_derw_finish(&w, &err));
    kit_sign(args->signer, CA_SIGALG_ECDSA_SHA256, sg_buf_slice(&tbs), ret_der);
    if (args->broken_signature)
        ret_der->data[ret_der->len - 1] ^= 1;
}

/* --- asking --------------------------------------------------------------- */

static X509 *x509_of(const struct sg_buf *der)
{
    const unsigned char *p = der->data;
    X509 *cert = d2i_X509(NULL, &p, (long)der->len);

    assert_non_null(cert);
    return cert;
}

const char *relaxed_openssl(const struct sg_buf *chain, size_t n)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    STACK_OF(X509) *between = sk_X509_new_null();
    X509 *leaf = x509_of(&chain[0]);
    X509 *root = x509_of(&chain[n - 1]);
    const char *text = NULL;

    assert_int_equal(X509_STORE_add_cert(store, root), 1);
    for (size_t i = 1; i + 1 < n; i++)
        assert_true(sk_X509_push(between, x509_of(&chain[i])) > 0);
    assert_int_equal(X509_STORE_CTX_init(ctx, store, leaf, between), 1);
    X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);
    assert_int_equal(
        X509_VERIFY_PARAM_set_flags(
            param, X509_V_FLAG_X509_STRICT | X509_V_FLAG_CHECK_SS_SIGNATURE),
        1);
    X509_VERIFY_PARAM_set_time(param, KIT_NOW);
    if (X509_verify_cert(ctx) != 1)
        text = X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx));
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    X509_free(leaf);
    X509_free(root);
    sk_X509_pop_free(between, X509_free);
    return text;
}

static void save(const char *path, const struct sg_buf *der, size_t n)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf pem;
    struct sg_err err = { 0 };

    sg_buf_init(&pem, ARENA_MAX);
    for (size_t i = 0; i < n; i++) {
        kit_ok(&err,
               sg_pem_encode("CERTIFICATE", sg_buf_slice(&der[i]), &pem, &err));
        kit_ok(&err, sg_buf_put_str(&pem, "\n", &err));
    }
    t_file_write(path, pem.data, pem.len);
}

bool relaxed_gnutls(const struct sg_buf *chain, size_t n)
{
    char dir[T_PATH_MAX];
    char root[T_PATH_MAX + 16];
    char below[T_PATH_MAX + 16];
    struct t_run run;

    t_dir_new(dir);
    (void)snprintf(root, sizeof root, "%s/root.pem", dir);
    (void)snprintf(below, sizeof below, "%s/below.pem", dir);
    save(root, &chain[n - 1], 1);
    save(below, chain, n - 1);
    t_run_args(&run, "certtool", "--verify", "--load-ca-certificate", root,
               "--infile", below);
    bool good = run.exit_code == 0;
    t_run_done(&run);
    t_dir_remove(dir);
    return good;
}

/* The leaf itself, then its names against the chain. */
static enum sg_rc hold_leaf(struct sg_arena *arena, const struct sg_buf *der,
                            const struct ca_issuer *issuer, struct sg_err *err)
{
    struct ca_cert *leaf = sg_arena_new(arena, struct ca_cert);

    assert_non_null(leaf);
    SG_TRY(ca_cert_parse(arena, sg_buf_slice(der), leaf, err));
    SG_TRY(ca_cert_check_signed_by(leaf, ca_issuer_cert(issuer), err));
    if (leaf->not_before > KIT_NOW || leaf->not_after < KIT_NOW)
        return sg_err_set(err, SG_POLICY, "leaf: not valid now");
    struct ca_names names = { .subject = leaf->subject, .sans = &leaf->sans };
    return ca_issuer_check_names(issuer, &names, err);
}

const char *relaxed_ours(const struct sg_buf *chain, size_t n,
                         struct sg_err *err)
{
    SG_CLEANUP(sg_arena_done) struct sg_arena arena;
    SG_CLEANUP(ca_issuer_free) struct ca_issuer *issuer = NULL;
    struct sg_slice der[CHAIN_MAX];
    struct ca_issuer_args args = { .chain = der, .n = n - 1 };

    sg_arena_init(&arena, ARENA_MAX);
    sg_err_clear(err);
    for (size_t i = 1; i < n; i++)
        der[i - 1] = sg_buf_slice(&chain[i]);
    if (ca_issuer_new(&args, KIT_NOW, &issuer, err) != SG_OK
        || hold_leaf(&arena, &chain[0], issuer, err) != SG_OK)
        return err->msg;
    return NULL;
}

static bool about_paths(const char *id)
{
    static const char *const RULES[] = {
        "pair_name",         "pair_key_id",      "pair_signature",
        "pair_issuer_is_ca", "pair_path_length", "pair_nc_names",
        "pair_nc_wildcard",
    };

    for (size_t i = 0; i < SG_ARRAY_LEN(RULES); i++)
        if (strcmp(id, RULES[i]) == 0)
            return true;
    return false;
}

const char *relaxed_lint(const struct sg_buf *chain, size_t n, char *dst,
                         size_t size)
{
    const struct lint_options options = { .profile = LINT_PROFILE_PRIVATE };
    struct lint_report *report = calloc(1, sizeof *report);
    struct sg_slice der[CHAIN_MAX];
    const char *text = NULL;

    assert_non_null(report);
    for (size_t i = 0; i < n; i++)
        der[i] = sg_buf_slice(&chain[i]);
    lint_chain(der, n, false, &options, report);
    assert_int_equal(report->dropped, 0);
    for (size_t i = 0; text == NULL && i < report->n; i++)
        if (about_paths(report->finding[i].rule->id)) {
            (void)snprintf(dst, size, "%s: %s", report->finding[i].rule->id,
                           report->finding[i].text);
            text = dst;
        }
    free(report);
    return text;
}
