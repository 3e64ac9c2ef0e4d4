/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/ca/kit.h"

#include <string.h>

#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "ca/ext.h"
#include "common/cleanup-openssl.h"

const uint8_t kit_serial[CA_SERIAL_LEN] = { 0x5a, 1,  2,  3,  4,  5,  6,
                                            7,    8,  9,  10, 11, 12, 13,
                                            14,   15, 16, 17, 18, 19 };

struct sg_slice kit_slice(const char *text)
{
    return sg_slice_str(text);
}

struct ca_dn kit_dn(struct sg_arena *arena, const char *cn)
{
    struct sg_err err = { 0 };
    struct ca_dn dn = { 0 };

    if (cn[0] != '\0')
        kit_ok(&err,
               ca_dn_add(arena, &dn, CA_ATTR_COMMON_NAME, kit_slice(cn), &err));
    return dn;
}

void kit_key_new(struct kit_key *key, enum ca_key_kind kind, unsigned bits)
{
    struct sg_err err = { 0 };

    *key = (struct kit_key){ 0 };
    sg_buf_init(&key->der, 4096);
    kit_ok(&err, ca_leaf_key_new(kind, bits, &key->pkey, &err));
    kit_ok(&err, ca_leaf_key_spki(key->pkey, &key->der, &err));
    kit_ok(&err, ca_spki_parse(sg_buf_slice(&key->der), &key->spki, &err));
}

void kit_key_done(struct kit_key *key)
{
    EVP_PKEY_free(key->pkey);
    sg_buf_done(&key->der);
    *key = (struct kit_key){ 0 };
}

static const EVP_MD *digest_of(enum ca_sigalg alg)
{
    switch (alg) {
    case CA_SIGALG_ECDSA_SHA256:
    case CA_SIGALG_RSA_SHA256:
    case CA_SIGALG_PSS_SHA256:
        return EVP_sha256();
    case CA_SIGALG_ECDSA_SHA384:
    case CA_SIGALG_RSA_SHA384:
    case CA_SIGALG_PSS_SHA384:
        return EVP_sha384();
    case CA_SIGALG_ECDSA_SHA512:
    case CA_SIGALG_RSA_SHA512:
    case CA_SIGALG_PSS_SHA512:
        return EVP_sha512();
    case CA_SIGALG_ED25519:
    case CA_SIGALG_UNSET:
        break;
    }
    return NULL;
}

void kit_sign(const struct kit_key *key, enum ca_sigalg alg,
              struct sg_slice tbs, struct sg_buf *ret_der)
{
    EVP_MD_CTX *ctx SG_CLEANUP(EVP_MD_CTX_free) = EVP_MD_CTX_new();
    struct sg_err err = { 0 };
    EVP_PKEY_CTX *pctx = NULL; /* belongs to ctx */
    uint8_t sig[1024];
    size_t len = sizeof sig;

    assert_non_null(ctx);
    assert_int_equal(
        EVP_DigestSignInit(ctx, &pctx, digest_of(alg), NULL, key->pkey), 1);
    if (alg == CA_SIGALG_PSS_SHA256 || alg == CA_SIGALG_PSS_SHA384
        || alg == CA_SIGALG_PSS_SHA512) {
        assert_int_equal(
            EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING), 1);
        assert_int_equal(
            EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_DIGEST), 1);
    }
    assert_int_equal(EVP_DigestSign(ctx, sig, &len, tbs.p, tbs.len), 1);
    kit_ok(&err, ca_signed_encode(tbs, alg, SG_SLICE(sig, len), ret_der, &err));
}

static void put_name(struct sg_derw *w, const char *cn)
{
    SG_CLEANUP(sg_arena_done) struct sg_arena arena;
    struct sg_err err = { 0 };
    struct ca_dn dn;

    sg_arena_init(&arena, 4096);
    dn = kit_dn(&arena, cn);
    kit_ok(&err, ca_dn_encode(&dn, w->out, &err));
}

static void put_basic(const struct kit_cert *args, struct sg_derw *w)
{
    if (args->no_basic_constraints)
        return;
    if (args->not_ca)
        ca_ext_basic_leaf(w);
    else
        ca_ext_basic_ca(w, args->path_length > 0,
                        (uint32_t)(args->path_length - 1));
}

static void put_eku(const char *dotted, struct sg_derw *w)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf oid;
    struct sg_err err = { 0 };
    struct ca_ext ext;
    size_t seq;

    sg_buf_init(&oid, 64);
    kit_ok(&err, sg_oid_from_text(dotted, &oid, &err));
    ext = ca_ext_begin(w, CA_OID_EXT_EKU, false);
    seq = sg_derw_begin(w, SG_DER_SEQUENCE);
    sg_derw_oid(w, sg_buf_slice(&oid));
    sg_derw_end(w, seq);
    ca_ext_end(w, ext);
}

static void put_san(struct sg_derw *w)
{
    struct ca_san san = { .kind = CA_SAN_DNS,
                          .value = kit_slice("ca.example") };
    struct ca_sans sans = { &san, 1 };
    struct sg_err err = { 0 };
    struct ca_ext ext = ca_ext_begin(w, CA_OID_EXT_SAN, true);

    kit_ok(&err, ca_sans_encode(&sans, w, &err));
    ca_ext_end(w, ext);
}

static void put_extensions(const struct kit_cert *args, struct sg_derw *w)
{
    size_t tagged = sg_derw_begin(w, SG_DER_CONTEXT_CONSTRUCTED(3));
    size_t list = sg_derw_begin(w, SG_DER_SEQUENCE);
    struct sg_err err = { 0 };
    uint8_t ski[CA_KEY_ID_MAX + 1] = { 0 };
    uint8_t aki[20];

    kit_ok(&err, ca_spki_key_id(&args->key->spki, ski, &err));
    kit_ok(&err, ca_spki_key_id(&args->signer->spki, aki, &err));
    aki[0] = (uint8_t)(aki[0] ^ (args->wrong_aki ? 1 : 0));
    put_basic(args, w);
    if (!args->no_key_usage)
        ca_ext_key_usage(w, args->key_usage != 0
                                ? args->key_usage
                                : CA_KU_KEY_CERT_SIGN | CA_KU_CRL_SIGN);
    if (!args->no_ski)
        ca_ext_ski(w, SG_SLICE(ski, args->long_ski ? sizeof ski : 20));
    if (args->san)
        put_san(w);
    ca_ext_aki(w, SG_SLICE(aki, sizeof aki));
    if (args->eku != NULL)
        put_eku(args->eku, w);
    if (args->constraints != NULL) {
        struct ca_ext ext = ca_ext_begin(w, CA_OID_EXT_NC, true);

        kit_ok(&err, ca_constraints_encode(args->constraints, w, &err));
        ca_ext_end(w, ext);
    }
    sg_derw_end(w, list);
    sg_derw_end(w, tagged);
}

void kit_cert_make(const struct kit_cert *args, struct sg_buf *ret_der)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf tbs;
    enum ca_sigalg alg =
        args->alg != CA_SIGALG_UNSET ? args->alg : CA_SIGALG_ECDSA_SHA256;
    struct sg_err err = { 0 };
    struct sg_derw w;
    size_t all;
    size_t seq;

    sg_buf_init(&tbs, CA_CERT_MAX);
    sg_derw_init(&w, &tbs);
    all = sg_derw_begin(&w, SG_DER_SEQUENCE);
    seq = sg_derw_begin(&w, SG_DER_CONTEXT_CONSTRUCTED(0));
    sg_derw_uint(&w, 2);
    sg_derw_end(&w, seq);
    sg_derw_unsigned(&w, SG_SLICE(kit_serial, sizeof kit_serial));
    sg_derw_raw(&w, ca_sigalg_der(alg));
    put_name(&w, args->issuer);
    seq = sg_derw_begin(&w, SG_DER_SEQUENCE);
    sg_derw_time(&w,
                 args->not_before != 0 ? args->not_before : KIT_NOW - KIT_YEAR);
    sg_derw_time(&w,
                 args->not_after != 0 ? args->not_after : KIT_NOW + KIT_YEAR);
    sg_derw_end(&w, seq);
    put_name(&w, args->subject);
    sg_derw_raw(&w, args->key->spki.der);
    put_extensions(args, &w);
    sg_derw_end(&w, all);
    kit_ok(&err, sg_derw_finish(&w, &err));
    sg_buf_init(ret_der, CA_CERT_MAX);
    kit_sign(args->signer, alg, sg_buf_slice(&tbs), ret_der);
}

const struct ca_extension *kit_ext(const struct ca_cert *cert, enum ca_oid oid)
{
    size_t i = 0;

    while (i < cert->n_ext && !ca_oid_is(cert->ext[i].oid, oid))
        i++;
    assert_true(i < cert->n_ext);
    return &cert->ext[i];
}

struct ca_issuer *kit_issuer(const struct sg_buf *const *chain, size_t n)
{
    struct sg_slice der[CA_CHAIN_MAX];
    struct ca_issuer_args args = { .chain = der, .n = n };
    struct ca_issuer *issuer = NULL;
    struct sg_err err = { 0 };

    assert_true(n <= CA_CHAIN_MAX);
    for (size_t i = 0; i < n; i++)
        der[i] = sg_buf_slice(chain[i]);
    kit_ok(&err, ca_issuer_new(&args, KIT_NOW, &issuer, &err));
    return issuer;
}
