/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/spki.h"

#include <assert.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "ca/crypto.h"
#include "ca/oid.h"
#include "ca/weak.h"
#include "common/cleanup-openssl.h"

#define RSA_BITS_MIN 2048        /* BR 6.1.5 */
#define RSA_BITS_MAX 8192        /* a check of more costs over a millisecond */
#define RSA_EXPONENT_MIN 65537   /* BR 6.1.6 */
#define RSA_EXPONENT_BITS_MAX 64 /* what OpenSSL verifies with */
#define ED25519_LEN 32

static const struct {
    const char *name;
    const char *vault;
} KINDS[] = {
    [CA_KEY_UNSET] = { "no key", "any" },
    [CA_KEY_RSA] = { "RSA", "rsa" },
    [CA_KEY_EC_P256] = { "EC P-256", "ec" },
    [CA_KEY_EC_P384] = { "EC P-384", "ec" },
    [CA_KEY_EC_P521] = { "EC P-521", "ec" },
    [CA_KEY_ED25519] = { "Ed25519", "ed25519" },
};

const char *ca_key_kind_name(enum ca_key_kind kind)
{
    return KINDS[kind].name;
}

const char *ca_key_kind_vault(enum ca_key_kind kind)
{
    return KINDS[kind].vault;
}

/* --- reading ------------------------------------------------------------ */

static unsigned magnitude_bits(struct sg_slice m)
{
    unsigned bits = (unsigned)(m.len * 8);

    for (uint8_t top = m.p[0]; (top & 0x80) == 0 && bits > 0; bits--)
        top = (uint8_t)(top << 1);
    return bits;
}

/* A positive INTEGER without its sign octet. */
static enum sg_rc get_magnitude(struct sg_der *in, const char *name,
                                struct sg_slice *ret, struct sg_err *err)
{
    struct sg_slice v = { 0 };

    SG_TRY(sg_der_integer(in, &v, err));
    if ((v.p[0] & 0x80) != 0 || (v.len == 1 && v.p[0] == 0))
        return sg_err_set(err, SG_POLICY,
                          "public key: RSA %s is not positive (RFC 8017 3.1)",
                          name);
    if (v.p[0] == 0)
        v = SG_SLICE(v.p + 1, v.len - 1);
    *ret = v;
    return SG_OK;
}

static enum sg_rc check_modulus(const struct ca_spki *key, struct sg_err *err)
{
    if (key->bits < RSA_BITS_MIN)
        return sg_err_set(
            err, SG_POLICY,
            "public key: RSA of %u bits, at least %d are needed (BR 6.1.5)",
            key->bits, RSA_BITS_MIN);
    if (key->bits > RSA_BITS_MAX)
        return sg_err_set(err, SG_POLICY,
                          "public key: RSA of %u bits, at most %d are accepted",
                          key->bits, RSA_BITS_MAX);
    if (key->bits % 8 != 0)
        return sg_err_set(
            err, SG_POLICY,
            "public key: RSA of %u bits, not a multiple of 8 (BR 6.1.5)",
            key->bits);
    if ((key->modulus.p[key->modulus.len - 1] & 1) == 0)
        return sg_err_set(err, SG_POLICY,
                          "public key: RSA modulus is even (BR 6.1.6)");
    return SG_OK;
}

static enum sg_rc check_exponent(struct sg_slice e, struct sg_err *err)
{
    uint64_t value = 0;

    if (magnitude_bits(e) > RSA_EXPONENT_BITS_MAX)
        return sg_err_set(
            err, SG_POLICY,
            "public key: RSA exponent of %u bits, at most %d are accepted",
            magnitude_bits(e), RSA_EXPONENT_BITS_MAX);
    for (size_t i = 0; i < e.len; i++)
        value = value << 8 | e.p[i];
    if (value < RSA_EXPONENT_MIN || (value & 1) == 0)
        return sg_err_set(
            err, SG_POLICY,
            "public key: RSA exponent %llu, odd and at least %d is needed (BR 6.1.6)",
            (unsigned long long)value, RSA_EXPONENT_MIN);
    return SG_OK;
}

static enum sg_rc parse_rsa(struct sg_der *params, struct ca_spki *key,
                            struct sg_err *err)
{
    struct sg_der_tlv null = { 0 };
    struct sg_der in;
    struct sg_der seq;

    SG_TRY(sg_der_get(params, SG_DER_NULL, &null, err));
    if (null.content.len != 0)
        return sg_err_set(err, SG_FORMAT, "public key: NULL with content");
    sg_der_init(&in, key->key, "public key");
    SG_TRY(sg_der_enter(&in, SG_DER_SEQUENCE, &seq, err));
    SG_TRY(sg_der_end(&in, err));
    SG_TRY(get_magnitude(&seq, "modulus", &key->modulus, err));
    SG_TRY(get_magnitude(&seq, "exponent", &key->exponent, err));
    SG_TRY(sg_der_end(&seq, err));

    key->kind = CA_KEY_RSA;
    key->bits = magnitude_bits(key->modulus);
    SG_TRY(check_modulus(key, err));
    SG_TRY(check_exponent(key->exponent, err));
    return ca_weak_rsa(key->modulus, err);
}

static enum ca_key_kind curve_kind(enum ca_oid oid)
{
    switch ((int)oid) {
    case CA_OID_P256:
        return CA_KEY_EC_P256;
    case CA_OID_P384:
        return CA_KEY_EC_P384;
    case CA_OID_P521:
        return CA_KEY_EC_P521;
    default:
        return CA_KEY_UNSET;
    }
}

static enum sg_rc parse_ec(struct sg_der *params, struct ca_spki *key,
                           struct sg_err *err)
{
    char text[SG_OID_TEXT_MAX];
    struct sg_slice oid = { 0 };

    if (sg_der_next_is(params, SG_DER_SEQUENCE))
        return sg_err_set(
            err, SG_POLICY,
            "public key: explicit curve parameters (RFC 5480 2.1.1)");
    SG_TRY(sg_der_oid(params, &oid, err));
    key->kind = curve_kind(ca_oid_find(oid));
    if (key->kind == CA_KEY_UNSET)
        return sg_err_set(
            err, SG_POLICY,
            "public key: curve %s is not accepted, only P-256, P-384 and P-521 are (BR 6.1.5)",
            ca_oid_text(oid, text));

    const struct ca_curve *curve = ca_curve(key->kind);
    key->bits = curve->bits;
    if (key->key.len > 0 && (key->key.p[0] == 2 || key->key.p[0] == 3))
        return sg_err_set(
            err, SG_POLICY,
            "public key: compressed point, only uncompressed ones are accepted (RFC 5480 2.2)");
    if (key->key.len != 1 + 2 * curve->field_len || key->key.p[0] != 4)
        return sg_err_set(
            err, SG_POLICY,
            "public key: not an uncompressed point of %s: %zu octets, want %zu (SEC 1 2.3.4)",
            curve->group, key->key.len, 1 + 2 * curve->field_len);
    return SG_OK;
}

static enum sg_rc parse_ed25519(struct ca_spki *key, struct sg_err *err)
{
    if (key->key.len != ED25519_LEN)
        return sg_err_set(
            err, SG_POLICY,
            "public key: Ed25519 of %zu octets, want %d (RFC 8410 4)",
            key->key.len, ED25519_LEN);
    key->kind = CA_KEY_ED25519;
    key->bits = 256;
    return SG_OK;
}

enum sg_rc ca_spki_parse(struct sg_slice der, struct ca_spki *ret,
                         struct sg_err *err)
{
    char text[SG_OID_TEXT_MAX];
    struct ca_spki key = { .der = der };
    struct sg_slice oid = { 0 };
    struct sg_der in;
    struct sg_der spki;
    struct sg_der alg;

    sg_der_init(&in, der, "public key");
    SG_TRY(sg_der_enter(&in, SG_DER_SEQUENCE, &spki, err));
    SG_TRY(sg_der_end(&in, err));
    SG_TRY(sg_der_enter(&spki, SG_DER_SEQUENCE, &alg, err));
    SG_TRY(sg_der_oid(&alg, &oid, err));
    SG_TRY(sg_der_bits(&spki, &key.key, err));
    SG_TRY(sg_der_end(&spki, err));

    switch ((int)ca_oid_find(oid)) {
    case CA_OID_RSA:
        SG_TRY(parse_rsa(&alg, &key, err));
        break;
    case CA_OID_EC:
        SG_TRY(parse_ec(&alg, &key, err));
        break;
    case CA_OID_ED25519:
        SG_TRY(parse_ed25519(&key, err));
        break;
    default:
        return sg_err_set(
            err, SG_POLICY,
            "public key: algorithm %s is not accepted, only RSA, EC and Ed25519 are",
            ca_oid_text(oid, text));
    }
    SG_TRY(sg_der_end(&alg, err));
    *ret = key;
    return SG_OK;
}

/* --- using -------------------------------------------------------------- */

enum sg_rc ca_spki_key_id(const struct ca_spki *spki, uint8_t ret_id[static 20],
                          struct sg_err *err)
{
    if (EVP_Digest(spki->key.p, spki->key.len, ret_id, NULL,
                   ca_hash_md(CA_HASH_SHA1), NULL)
        != 1)
        return sg_err_openssl(err, SG_CRYPTO, "key identifier");
    return SG_OK;
}

SG_DEFINE_CLEANUP(OSSL_PARAM_BLD, OSSL_PARAM_BLD_free);
SG_DEFINE_CLEANUP(OSSL_PARAM, OSSL_PARAM_free);

static enum sg_rc rsa_to_pkey(const struct ca_spki *spki, EVP_PKEY **ret_pkey,
                              struct sg_err *err)
{
    BIGNUM *n SG_CLEANUP(BN_free) =
        BN_bin2bn(spki->modulus.p, (int)spki->modulus.len, NULL);
    BIGNUM *e SG_CLEANUP(BN_free) =
        BN_bin2bn(spki->exponent.p, (int)spki->exponent.len, NULL);
    OSSL_PARAM_BLD *bld SG_CLEANUP(OSSL_PARAM_BLD_free) = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *ctx SG_CLEANUP(EVP_PKEY_CTX_free) =
        EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    EVP_PKEY *pkey = NULL;

    if (n == NULL || e == NULL || bld == NULL || ctx == NULL
        || OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, n) != 1
        || OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, e) != 1)
        return sg_err_openssl(err, SG_CRYPTO, "public key: RSA");

    OSSL_PARAM *params SG_CLEANUP(OSSL_PARAM_free) =
        OSSL_PARAM_BLD_to_param(bld);
    if (params == NULL || EVP_PKEY_fromdata_init(ctx) <= 0
        || EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) <= 0)
        return sg_err_openssl(err, SG_CRYPTO, "public key: RSA");
    *ret_pkey = pkey;
    return SG_OK;
}

enum sg_rc ca_spki_to_pkey(const struct ca_spki *spki, EVP_PKEY **ret_pkey,
                           struct sg_err *err)
{
    const struct ca_curve *curve = ca_curve(spki->kind);

    if (curve != NULL)
        return ca_curve_pkey(curve, spki->key, ret_pkey, err);
    if (spki->kind == CA_KEY_RSA)
        return rsa_to_pkey(spki, ret_pkey, err);

    assert(spki->kind == CA_KEY_ED25519);
    EVP_PKEY *pkey = EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL,
                                                    spki->key.p, spki->key.len);
    if (pkey == NULL)
        return sg_err_openssl(err, SG_CRYPTO, "public key: Ed25519");
    *ret_pkey = pkey;
    return SG_OK;
}

enum sg_rc ca_spki_verify(const struct ca_spki *spki, enum ca_sigalg alg,
                          struct sg_slice message, struct sg_slice signature,
                          struct sg_err *err)
{
    bool good = false;

    SG_TRY(ca_spki_signature_check(spki, alg, message, signature, &good, err));
    if (!good)
        return sg_err_set(err, SG_POLICY, "signature invalid");
    return SG_OK;
}
