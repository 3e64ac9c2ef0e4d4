/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>

#include "ca/crl.h"
#include "ca/ocsp-responder.h"
#include "common/cleanup-openssl.h"
#include "common/file.h"
#include "tests/unit/ca/make.h"
#include "tests/unit/ca/openssl.h"

/* One certificate per profile as text, made with fixed keys, serial numbers
 * and instants, and held against tests/golden: a diff there shows what a change
 * grants. SIGNET_GOLDEN=write writes the files anew. */

#define MADE INT64_C(1795305600) /* 2026-11-22T00:00:00Z */
#define TEXT_MAX 65536           /* octets of one file */
#define SERVER_AUTH "1.3.6.1.5.5.7.3.1"
#define POLICY_DV "2.23.140.1.2.1"

static struct sg_arena arena;
static struct sg_err err;

/* --- fixed keys ----------------------------------------------------------- */

/* P-256: 1 to 5 times the generator. Anybody has these private keys. */
static const char *const POINTS[] = {
    "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
    "7cf27b188d034f7e8a52380304b51ac3c08969e277f21b35a60b48fc47669978"
    "07775510db8ed040293d9ac69f7430dbba7dade63ce982299e04b79d227873d1",
    "5ecbe4d1a6330a44c8f7ef951d4bf165e6c6b721efada985fb41661bc6e7fd6c"
    "8734640c4998ff7e374b06ce1a64a2ecd82ab036384fb83d9a79b127a27d5032",
    "e2534a3532d08fbba02dde659ee62bd0031fe2db785596ef509302446b030852"
    "e0f1575a4c633cc719dfee5fda862d764efc96c3f30ee0055c42c23f184ed8c6",
    "51590b7a515140d2d784c85608668fdfef8c82fd1f5be52421554a0dc3d033ed"
    "e0c17da8904a727d8ae1bf36bf8a79260d012f00d4d80888d1d0bb44fda16da4",
};
enum { KEY_ROOT, KEY_INTER, KEY_LEAF, KEY_NEW, KEY_OTHER, KEYS };
static struct kit_key keys[KEYS];

static EVP_PKEY *fixed_key(size_t i)
{
    struct sg_slice xy = ossl_hex(&arena, POINTS[i]);
    uint8_t point[65] = { 0x04 };
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    BIGNUM *scalar = BN_new();
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    EVP_PKEY *pkey = NULL;

    memcpy(point + 1, xy.p, xy.len);
    assert_int_equal(BN_set_word(scalar, i + 1), 1);
    assert_int_equal(OSSL_PARAM_BLD_push_utf8_string(
                         build, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0),
                     1);
    assert_int_equal(OSSL_PARAM_BLD_push_octet_string(
                         build, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point),
                     1);
    assert_int_equal(
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, scalar), 1);
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
    assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
    assert_int_equal(EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_KEYPAIR, params),
                     1);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    BN_free(scalar);
    EVP_PKEY_CTX_free(ctx);
    return pkey;
}

static void make_keys(void)
{
    for (size_t i = 0; i < KEYS; i++) {
        sg_buf_init(&keys[i].der, 256);
        keys[i].pkey = fixed_key(i);
        kit_ok(&err, ca_leaf_key_spki(keys[i].pkey, &keys[i].der, &err));
        kit_ok(&err,
               ca_spki_parse(sg_buf_slice(&keys[i].der), &keys[i].spki, &err));
    }
}

/* --- comparing ------------------------------------------------------------ */

static void hold(const char *profile, const char *text, size_t len)
{
    const char *mode = getenv("SIGNET_GOLDEN");
    char path[T_PATH_MAX];
    struct t_run run;

    (void)snprintf(path, sizeof path, "%s/%s.txt", T_GOLDEN_DIR, profile);
    if (mode != NULL && strcmp(mode, "write") == 0) {
        t_file_write(path, text, len);
        return;
    }
    t_file_write(ossl_path("made.txt"), text, len);
    t_run_args(&run, "diff", "-u", path, ossl_path("made.txt"));
    if (run.exit_code != 0)
        fail_msg("%s: what is certified has changed:\n%s", profile, run.output);
    t_run_done(&run);
}

static void hold_certificate(const char *profile, const struct sg_buf *der)
{
    const unsigned char *p = der->data;
    SG_CLEANUP(X509_free) X509 *cert = d2i_X509(NULL, &p, (long)der->len);
    BIO *out = BIO_new(BIO_s_mem());
    char *text = NULL;

    assert_non_null(cert);
    assert_int_equal(
        X509_print_ex(out, cert, XN_FLAG_SEP_CPLUS_SPC, X509_FLAG_NO_SIGDUMP),
        1);
    long len = BIO_get_mem_data(out, &text);
    hold(profile, text, (size_t)len);
    BIO_free(out);
}

/* X509_CRL_print() cannot leave the signature out: it is cut off behind the
 * last heading. */
static void hold_crl(const char *profile, const struct sg_buf *der)
{
    static const char heading[] = "    Signature Algorithm:";
    const unsigned char *p = der->data;
    X509_CRL *crl = d2i_X509_CRL(NULL, &p, (long)der->len);
    BIO *out = BIO_new(BIO_s_mem());
    char *text = NULL;

    assert_non_null(crl);
    assert_int_equal(X509_CRL_print(out, crl), 1);
    assert_int_equal(BIO_write(out, "", 1), 1);
    (void)BIO_get_mem_data(out, &text);
    const char *first = strstr(text, heading);
    assert_non_null(first);
    const char *end = strstr(first + 1, heading);
    hold(profile, text, (size_t)((end != NULL ? end : first) - text));
    X509_CRL_free(crl);
    BIO_free(out);
}

/* --- the hierarchy -------------------------------------------------------- */

static struct sg_buf root_der, inter_der;
static struct ca_issuer *root, *inter;
static const char *const SERVER_ONLY[] = { SERVER_AUTH };
static const char *const ISSUER_URL[] = { "http://ca.example.com/root.cer" };
static const char *const CRL_URL[] = { "http://ca.example.com/root.crl" };
static const struct ca_policy POLICY = { .oid = POLICY_DV };

static struct ca_dn name_of(const char *cn)
{
    struct ca_dn dn = { 0 };

    kit_ok(&err,
           ca_dn_add(&arena, &dn, CA_ATTR_COUNTRY, kit_slice("DE"), &err));
    kit_ok(&err, ca_dn_add(&arena, &dn, CA_ATTR_ORGANIZATION,
                           kit_slice("Example"), &err));
    kit_ok(&err,
           ca_dn_add(&arena, &dn, CA_ATTR_COMMON_NAME, kit_slice(cn), &err));
    return dn;
}

static struct ca_authority_args args_of(const struct kit_key *key, int years)
{
    return (struct ca_authority_args){
        .alg = CA_SIGALG_ECDSA_SHA256,
        .serial = { kit_serial, sizeof kit_serial },
        .spki = &key->spki,
        .not_before = MADE,
        .not_after = MADE + years * KIT_YEAR - 1,
    };
}

/* What public TLS asks of everything below a root. */
static struct ca_authority_args sub_args(const struct kit_key *key, int years)
{
    struct ca_authority_args args = args_of(key, years);

    args.issuer = root;
    args.has_path_length = true;
    args.eku = SERVER_ONLY;
    args.n_eku = 1;
    args.policies = &POLICY;
    args.n_policies = 1;
    args.issuing_certificates = (struct ca_texts){ ISSUER_URL, 1 };
    args.crl_distribution_points = (struct ca_texts){ CRL_URL, 1 };
    return args;
}

static struct ca_issuer *issuer_of(const struct sg_buf *const *chain, size_t n)
{
    struct sg_slice der[2];
    struct ca_issuer_args args = { .chain = der, .n = n };
    struct ca_issuer *issuer = NULL;

    for (size_t i = 0; i < n; i++)
        der[i] = sg_buf_slice(chain[i]);
    kit_ok(&err, ca_issuer_new(&args, MADE, &issuer, &err));
    return issuer;
}

/* Nothing that public TLS calls an error. It knows no rollover: there, what is
 * self-issued is a root, and its AKI its own. */
static void make(const struct ca_authority_args *args,
                 const struct kit_key *signer, struct sg_buf *ret)
{
    struct lint_options options = { .profile = LINT_PROFILE_PUBLIC_TLS,
                                    .technically_constrained =
                                        args->technically_constrained };
    struct ca_cert cert = { 0 };

    make_authority(args, signer, ret);
    kit_ok(&err, ca_cert_parse(&arena, sg_buf_slice(ret), &cert, &err));
    if (args->kind != CA_AUTHORITY_ROLLOVER)
        make_clean(cert.tbs, args->issuer, &options, LINT_ERROR);
}

static int make_world(void **state)
{
    struct ca_authority_args args;

    assert_int_equal(ossl_open(state), 0);
    sg_arena_init(&arena, (size_t)1 << 20);
    make_keys();
    args = args_of(&keys[KEY_ROOT], 20);
    args.kind = CA_AUTHORITY_ROOT;
    args.subject = name_of("Example Root");
    make(&args, &keys[KEY_ROOT], &root_der);
    root = issuer_of((const struct sg_buf *[]){ &root_der }, 1);
    args = sub_args(&keys[KEY_INTER], 5);
    args.kind = CA_AUTHORITY_INTERMEDIATE;
    args.subject = name_of("Example TLS 1");
    make(&args, &keys[KEY_ROOT], &inter_der);
    inter = issuer_of((const struct sg_buf *[]){ &inter_der, &root_der }, 2);
    return 0;
}

static int free_world(void **state)
{
    ca_issuer_free(inter);
    ca_issuer_free(root);
    sg_buf_done(&inter_der);
    sg_buf_done(&root_der);
    for (size_t i = 0; i < KEYS; i++)
        kit_key_done(&keys[i]);
    sg_arena_done(&arena);
    return ossl_close(state);
}

/* --- one per profile ------------------------------------------------------ */

static void test_root(void **state)
{
    (void)state;
    hold_certificate("root", &root_der);
}

static void test_intermediate(void **state)
{
    (void)state;
    hold_certificate("intermediate", &inter_der);
}

static void add_tree(struct ca_subtrees *trees, enum ca_san_kind kind,
                     const char *text)
{
    kit_ok(&err, ca_subtrees_add(&arena, trees, kind, text, &err));
}

static void test_technically_constrained(void **state)
{
    struct ca_authority_args args = sub_args(&keys[KEY_NEW], 5);
    struct ca_constraints nc = { 0 };
    SG_CLEANUP(sg_buf_done) struct sg_buf der;

    (void)state;
    add_tree(&nc.permitted, CA_SAN_DNS, "example.com");
    add_tree(&nc.permitted, CA_SAN_DIRECTORY, "O=Example,C=DE");
    add_tree(&nc.excluded, CA_SAN_DNS, "secret.example.com");
    add_tree(&nc.excluded, CA_SAN_IP, "0.0.0.0/0");
    add_tree(&nc.excluded, CA_SAN_IP, "::/0");
    args.subject = name_of("Example Constrained 1");
    args.constraints = &nc;
    args.technically_constrained = true;
    make(&args, &keys[KEY_ROOT], &der);
    hold_certificate("intermediate-technically-constrained", &der);
}

static void test_cross(void **state)
{
    struct ca_authority_args args = args_of(&keys[KEY_OTHER], 10);
    SG_CLEANUP(sg_buf_done) struct sg_buf existing_der;
    SG_CLEANUP(sg_buf_done) struct sg_buf der;
    struct ca_cert existing = { 0 };

    (void)state;
    args.subject = name_of("Example Root of 2020");
    make(&args, &keys[KEY_OTHER], &existing_der);
    kit_ok(&err,
           ca_cert_parse(&arena, sg_buf_slice(&existing_der), &existing, &err));
    args = sub_args(&keys[KEY_OTHER], 5);
    args.kind = CA_AUTHORITY_CROSS;
    args.existing = &existing;
    args.path_length = 1;
    make(&args, &keys[KEY_ROOT], &der);
    hold_certificate("cross", &der);
}

static void test_rollover(void **state)
{
    struct ca_authority_args args = args_of(&keys[KEY_NEW], 10);
    SG_CLEANUP(sg_buf_done) struct sg_buf der;

    (void)state;
    args.kind = CA_AUTHORITY_ROLLOVER;
    args.issuer = root;
    make(&args, &keys[KEY_ROOT], &der);
    hold_certificate("rollover", &der);
}

static void test_ocsp_responder(void **state)
{
    struct ca_ocsp_responder_args args = {
        .issuer = inter,
        .alg = CA_SIGALG_ECDSA_SHA256,
        .serial = { kit_serial, sizeof kit_serial },
        .subject = name_of("Example OCSP 1"),
        .spki = &keys[KEY_LEAF].spki,
        .not_before = MADE,
        .not_after = MADE + 90 * KIT_DAY - 1,
    };
    SG_CLEANUP(sg_buf_done) struct sg_buf tbs;
    SG_CLEANUP(sg_buf_done) struct sg_buf der;

    (void)state;
    sg_buf_init(&tbs, CA_CERT_MAX);
    sg_buf_init(&der, CA_CERT_MAX);
    kit_ok(&err, ca_ocsp_responder_tbs(&args, &tbs, &err));
    make_clean(sg_buf_slice(&tbs), inter,
               &(struct lint_options){ .profile = LINT_PROFILE_PUBLIC_TLS },
               LINT_ERROR);
    kit_sign(&keys[KEY_INTER], args.alg, sg_buf_slice(&tbs), &der);
    hold_certificate("ocsp-responder", &der);
}

static void sign_leaf(const struct ca_issuer *issuer, struct sg_buf *ret)
{
    struct ca_profile_args with = { .key_usage = CA_KU_DIGITAL_SIGNATURE,
                                    .eku = SERVER_ONLY,
                                    .n_eku = 1,
                                    .policies = &POLICY,
                                    .n_policies = 1 };
    SG_CLEANUP(ca_profile_free) struct ca_profile *profile = NULL;
    SG_CLEANUP(sg_buf_done) struct sg_buf tbs;
    struct ca_leaf_args args = { .issuer = issuer,
                                 .alg = CA_SIGALG_ECDSA_SHA256,
                                 .serial = { kit_serial, sizeof kit_serial },
                                 .subject = kit_dn(&arena, "www.example.com"),
                                 .spki = &keys[KEY_LEAF].spki,
                                 .not_before = MADE,
                                 .not_after = MADE + 47 * KIT_DAY - 1 };

    sg_buf_init(&tbs, CA_CERT_MAX);
    sg_buf_init(ret, CA_CERT_MAX);
    kit_ok(&err, ca_profile_new(&with, &profile, &err));
    args.profile = profile;
    kit_ok(&err, ca_sans_add_dns(&arena, &args.sans,
                                 kit_slice("www.example.com"), &err));
    kit_ok(&err, ca_sans_add_dns(&arena, &args.sans,
                                 kit_slice("*.shop.example.com"), &err));
    kit_ok(&err, ca_leaf_tbs(&args, &tbs, &err));
    make_clean(sg_buf_slice(&tbs), issuer,
               &(struct lint_options){ .profile = LINT_PROFILE_PUBLIC_TLS },
               LINT_ERROR);
    kit_sign(&keys[KEY_INTER], args.alg, sg_buf_slice(&tbs), ret);
}

/* Below an issuer that puts URLs into what it signs. */
static void test_leaf(void **state)
{
    static const char *const ocsp[] = { "http://ocsp.example.com" };
    static const char *const issuers[] = { "http://ca.example.com/tls1.cer" };
    static const char *const crl[] = { "http://ca.example.com/tls1.crl" };
    struct sg_slice chain[] = { sg_buf_slice(&inter_der),
                                sg_buf_slice(&root_der) };
    struct ca_issuer_args args = { .chain = chain,
                                   .n = 2,
                                   .issuing_certificates = issuers,
                                   .n_issuing_certificates = 1,
                                   .ocsp_servers = ocsp,
                                   .n_ocsp_servers = 1,
                                   .crl_distribution_points = crl,
                                   .n_crl_distribution_points = 1 };
    SG_CLEANUP(ca_issuer_free) struct ca_issuer *issuer = NULL;
    SG_CLEANUP(sg_buf_done) struct sg_buf der;

    (void)state;
    kit_ok(&err, ca_issuer_new(&args, MADE, &issuer, &err));
    sign_leaf(issuer, &der);
    hold_certificate("leaf", &der);
}

static void test_crl(void **state)
{
    static const uint8_t serials[2][16] = { { 0x33, 1 }, { 0x22, 2 } };
    static const uint8_t number = 7;
    const struct ca_revoked revoked[] = {
        { { serials[0], 16 }, MADE - KIT_DAY, CA_REASON_KEY_COMPROMISE },
        { { serials[1], 16 }, MADE, CA_REASON_UNSPECIFIED },
    };
    struct ca_crl_args args = {
        .issuer = ca_issuer_cert(inter),
        .alg = CA_SIGALG_ECDSA_SHA256,
        .number = { &number, 1 },
        .this_update = MADE,
        .next_update = MADE + 7 * KIT_DAY,
        .revoked = revoked,
        .n_revoked = SG_ARRAY_LEN(revoked),
        .scope = CA_CRL_SCOPE_USER_ONLY,
        .distribution_point = "http://ca.example.com/tls1.crl",
    };
    struct lint_options options = { .profile = LINT_PROFILE_PUBLIC_TLS };
    struct lint_report *report = sg_arena_new(&arena, struct lint_report);
    SG_CLEANUP(sg_buf_done) struct sg_buf tbs;
    SG_CLEANUP(sg_buf_done) struct sg_buf der;

    (void)state;
    sg_buf_init(&tbs, TEXT_MAX);
    sg_buf_init(&der, TEXT_MAX);
    kit_ok(&err, ca_crl_tbs(&args, &tbs, &err));
    kit_sign(&keys[KEY_INTER], args.alg, sg_buf_slice(&tbs), &der);
    lint_crl(sg_buf_slice(&der), sg_buf_slice(&inter_der), &options, report);
    assert_int_equal(report->n, 0);
    hold_crl("crl", &der);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_root),
        cmocka_unit_test(test_intermediate),
        cmocka_unit_test(test_technically_constrained),
        cmocka_unit_test(test_cross),
        cmocka_unit_test(test_rollover),
        cmocka_unit_test(test_ocsp_responder),
        cmocka_unit_test(test_leaf),
        cmocka_unit_test(test_crl),
    };

    return cmocka_run_group_tests_name("golden", tests, make_world, free_world);
}
