/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "ca/crypto.h"
#include "ca/oid.h"
#include "ca/spki.h"
#include "common/cleanup-openssl.h"

#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 8192 /* minutes of work beyond */
#define ED25519_LEN 32
#define SCALAR_MAX 66 /* octets of a P-521 private key */

static const uint8_t ED25519_SPKI[] = { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
                                        0x2b, 0x65, 0x70, 0x03, 0x21, 0x00 };
/* PKCS#8 up to the 32 octets of the key (RFC 8410 7). */
static const uint8_t ED25519_PKCS8[] = { 0x30, 0x2e, 0x02, 0x01, 0x00, 0x30,
                                         0x05, 0x06, 0x03, 0x2b, 0x65, 0x70,
                                         0x04, 0x22, 0x04, 0x20 };

/* Which kind of key this is: only kinds that ca_leaf_key_new() makes. */
static enum ca_key_kind kind_of(EVP_PKEY *key)
{
    switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
        return CA_KEY_RSA;
    case EVP_PKEY_ED25519:
        return CA_KEY_ED25519;
    case EVP_PKEY_EC:
        switch (EVP_PKEY_get_bits(key)) {
        case 256:
            return CA_KEY_EC_P256;
        case 384:
            return CA_KEY_EC_P384;
        case 521:
            return CA_KEY_EC_P521;
        default:
            return CA_KEY_UNSET;
        }
    default:
        return CA_KEY_UNSET;
    }
}

enum sg_rc ca_leaf_key_new(enum ca_key_kind kind, unsigned bits,
                           EVP_PKEY **ret_key, struct sg_err *err)
{
    const struct ca_curve *curve = ca_curve(kind);
    EVP_PKEY *key = NULL;

    if (curve != NULL) {
        EVP_PKEY_CTX *ctx = NULL; /* borrowed */
        SG_TRY(ca_curve_keygen(curve, &ctx, err));
        if (EVP_PKEY_generate(ctx, &key) <= 0)
            return sg_err_openssl(err, SG_CRYPTO, "key generation: %s",
                                  curve->group);
    } else if (kind == CA_KEY_ED25519) {
        key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    } else {
        assert(kind == CA_KEY_RSA);
        if (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX || bits % 8 != 0)
            return sg_err_set(
                err, SG_POLICY,
                "key generation: RSA of %u bits, want %d to %d in steps of 8",
                bits, RSA_BITS_MIN, RSA_BITS_MAX);
        key = EVP_RSA_gen(bits);
    }
    if (key == NULL)
        return sg_err_openssl(err, SG_CRYPTO, "key generation: %s",
                              ca_key_kind_name(kind));
    *ret_key = key;
    return SG_OK;
}

static enum sg_rc get_point(EVP_PKEY *key, const struct ca_curve *curve,
                            uint8_t point[static CA_POINT_MAX],
                            struct sg_slice *ret, struct sg_err *err)
{
    size_t len = 0;

    if (EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point,
                                        CA_POINT_MAX, &len)
        != 1)
        return sg_err_openssl(err, SG_CRYPTO, "key: public point");
    if (len != 1 + 2 * curve->field_len || point[0] != 4)
        return sg_err_set(err, SG_BUG, "key: point is not uncompressed");
    *ret = SG_SLICE(point, len);
    return SG_OK;
}

static enum sg_rc spki_i2d(EVP_PKEY *key, struct sg_buf *out,
                           struct sg_err *err)
{
    uint8_t *der = NULL;
    int len = i2d_PUBKEY(key, &der);

    if (len <= 0)
        return sg_err_openssl(err, SG_CRYPTO, "key: public half");
    enum sg_rc rc = sg_buf_put(out, der, (size_t)len, err);
    OPENSSL_free(der);
    return rc;
}

enum sg_rc ca_leaf_key_spki(EVP_PKEY *key, struct sg_buf *out,
                            struct sg_err *err)
{
    enum ca_key_kind kind = kind_of(key);
    const struct ca_curve *curve = ca_curve(kind);
    uint8_t raw[CA_POINT_MAX];
    struct sg_slice point = { 0 };
    size_t len = ED25519_LEN;

    if (curve != NULL) {
        SG_TRY(get_point(key, curve, raw, &point, err));
        SG_TRY(sg_buf_reserve(out, curve->spki_prefix.len + point.len, err));
        SG_TRY(
            sg_buf_put(out, curve->spki_prefix.p, curve->spki_prefix.len, err));
        return sg_buf_put(out, point.p, point.len, err);
    }
    if (kind == CA_KEY_ED25519) {
        if (EVP_PKEY_get_raw_public_key(key, raw, &len) != 1)
            return sg_err_openssl(err, SG_CRYPTO, "key: public half");
        SG_TRY(sg_buf_reserve(out, sizeof(ED25519_SPKI) + len, err));
        SG_TRY(sg_buf_put(out, ED25519_SPKI, sizeof(ED25519_SPKI), err));
        return sg_buf_put(out, raw, len, err);
    }
    assert(kind == CA_KEY_RSA);
    return spki_i2d(key, out, err);
}

/* --- private halves ------------------------------------------------------ */

/* ECPrivateKey (RFC 5915 3); the curve is named here or, in PKCS#8, outside. */
static void write_sec1(struct sg_derw *w, const struct ca_curve *curve,
                       struct sg_slice scalar, struct sg_slice point,
                       bool name_curve)
{
    size_t seq = sg_derw_begin(w, SG_DER_SEQUENCE);

    sg_derw_uint(w, 1);
    sg_derw_tlv(w, SG_DER_OCTET_STRING, scalar);
    if (name_curve) {
        size_t params = sg_derw_begin(w, SG_DER_CONTEXT_CONSTRUCTED(0));
        sg_derw_oid(w, curve->oid);
        sg_derw_end(w, params);
    }
    size_t pub = sg_derw_begin(w, SG_DER_CONTEXT_CONSTRUCTED(1));
    sg_derw_bits(w, point);
    sg_derw_end(w, pub);
    sg_derw_end(w, seq);
}

static void write_ec_pkcs8(struct sg_derw *w, const struct ca_curve *curve,
                           struct sg_slice scalar, struct sg_slice point)
{
    size_t seq = sg_derw_begin(w, SG_DER_SEQUENCE);

    sg_derw_uint(w, 0);
    size_t alg = sg_derw_begin(w, SG_DER_SEQUENCE);
    sg_derw_oid(w, ca_oid(CA_OID_EC));
    sg_derw_oid(w, curve->oid);
    sg_derw_end(w, alg);
    size_t key = sg_derw_begin(w, SG_DER_OCTET_STRING);
    write_sec1(w, curve, scalar, point, false);
    sg_derw_end(w, key);
    sg_derw_end(w, seq);
}

SG_DEFINE_CLEANUP(BIGNUM, BN_clear_free);

static enum sg_rc ec_private(EVP_PKEY *key, const struct ca_spki *spki,
                             enum ca_private_format format, struct sg_buf *out,
                             struct sg_err *err)
{
    const struct ca_curve *curve = ca_curve(spki->kind);
    uint8_t scalar[SCALAR_MAX];
    BIGNUM *d SG_CLEANUP(BN_clear_free) = NULL;
    struct sg_derw w;

    if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &d) != 1
        || BN_bn2binpad(d, scalar, (int)curve->field_len)
               != (int)curve->field_len)
        return sg_err_openssl(err, SG_CRYPTO, "key: private half");

    sg_derw_init(&w, out);
    if (format == CA_PRIVATE_PKCS8)
        write_ec_pkcs8(&w, curve, SG_SLICE(scalar, curve->field_len),
                       spki->key);
    else
        write_sec1(&w, curve, SG_SLICE(scalar, curve->field_len), spki->key,
                   true);
    OPENSSL_cleanse(scalar, sizeof(scalar));
    return sg_derw_finish(&w, err);
}

static enum sg_rc ed25519_private(EVP_PKEY *key, struct sg_buf *out,
                                  struct sg_err *err)
{
    uint8_t seed[ED25519_LEN];
    size_t len = sizeof(seed);

    SG_TRY(sg_buf_reserve(out, sizeof(ED25519_PKCS8) + len, err));
    SG_TRY(sg_buf_put(out, ED25519_PKCS8, sizeof(ED25519_PKCS8), err));
    if (EVP_PKEY_get_raw_private_key(key, seed, &len) != 1)
        return sg_err_openssl(err, SG_CRYPTO, "key: private half");
    enum sg_rc rc = sg_buf_put(out, seed, len, err);
    OPENSSL_cleanse(seed, sizeof(seed));
    return rc;
}

SG_DEFINE_CLEANUP(PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free);

static enum sg_rc rsa_private(EVP_PKEY *key, enum ca_private_format format,
                              struct sg_buf *out, struct sg_err *err)
{
    uint8_t *der = NULL;
    int len = -1;

    if (format == CA_PRIVATE_PKCS8) {
        PKCS8_PRIV_KEY_INFO *info SG_CLEANUP(PKCS8_PRIV_KEY_INFO_free) =
            EVP_PKEY2PKCS8(key);
        if (info != NULL)
            len = i2d_PKCS8_PRIV_KEY_INFO(info, &der);
    } else {
        len = i2d_PrivateKey(key, &der);
    }
    if (len <= 0)
        return sg_err_openssl(err, SG_CRYPTO, "key: private half");
    enum sg_rc rc = sg_buf_put(out, der, (size_t)len, err);
    OPENSSL_clear_free(der, (size_t)len);
    return rc;
}

enum sg_rc ca_leaf_key_private(EVP_PKEY *key, const struct ca_spki *spki,
                               enum ca_private_format format,
                               struct sg_buf *out, const char **ret_pem_label,
                               struct sg_err *err)
{
    const char *label = "PRIVATE KEY";

    if (ca_curve(spki->kind) != NULL) {
        SG_TRY(ec_private(key, spki, format, out, err));
        if (format == CA_PRIVATE_TRADITIONAL)
            label = "EC PRIVATE KEY";
    } else if (spki->kind == CA_KEY_ED25519) {
        SG_TRY(ed25519_private(key, out, err));
    } else {
        assert(spki->kind == CA_KEY_RSA);
        SG_TRY(rsa_private(key, format, out, err));
        if (format == CA_PRIVATE_TRADITIONAL)
            label = "RSA PRIVATE KEY";
    }
    *ret_pem_label = label;
    return SG_OK;
}
