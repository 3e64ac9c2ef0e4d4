/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/helper/spki.h"

#include <p11-kit/pkcs11.h>
#include <string.h>

#include "common/der.h"

#define BYTES(s) \
    { \
        (const uint8_t *)(s), sizeof(s) - 1 \
    }

/* A curve: type, octets of a coordinate (Ed25519: of the key), CKA_EC_PARAMS
 * as OID and as the PrintableString that SoftHSM and PKCS#11 3.0 drafts use,
 * whole AlgorithmIdentifier. */
static const struct curve {
    enum tok_key_type type;
    unsigned octets;
    struct sg_slice params[2];
    struct sg_slice algorithm;
} CURVES[] = {
    { TOK_KEY_EC_P256,
      32,
      { BYTES("\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07") },
      BYTES("\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"
            "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07") },
    { TOK_KEY_EC_P384,
      48,
      { BYTES("\x06\x05\x2b\x81\x04\x00\x22") },
      BYTES("\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"
            "\x06\x05\x2b\x81\x04\x00\x22") },
    { TOK_KEY_EC_P521,
      66,
      { BYTES("\x06\x05\x2b\x81\x04\x00\x23") },
      BYTES("\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"
            "\x06\x05\x2b\x81\x04\x00\x23") },
    { TOK_KEY_ED25519,
      32,
      { BYTES("\x06\x03\x2b\x65\x70"), BYTES("\x13\x0c"
                                             "edwards25519") },
      BYTES("\x30\x05\x06\x03\x2b\x65\x70") },
};

static const struct sg_slice RSA_ALGORITHM =
    BYTES("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00");

unsigned tok_rsa_bits(enum tok_key_type type)
{
    switch (type) {
    case TOK_KEY_RSA_2048:
        return 2048;
    case TOK_KEY_RSA_3072:
        return 3072;
    case TOK_KEY_RSA_4096:
        return 4096;
    case TOK_KEY_UNSET:
    case TOK_KEY_EC_P256:
    case TOK_KEY_EC_P384:
    case TOK_KEY_EC_P521:
    case TOK_KEY_ED25519:
        break;
    }
    return 0;
}

static const struct curve *curve_of_type(enum tok_key_type type)
{
    for (size_t i = 0; i < SG_ARRAY_LEN(CURVES); i++)
        if (CURVES[i].type == type)
            return &CURVES[i];
    return NULL;
}

unsigned tok_ec_octets(enum tok_key_type type)
{
    const struct curve *c = curve_of_type(type);

    return c != NULL && type != TOK_KEY_ED25519 ? c->octets : 0;
}

struct sg_slice tok_ec_params(enum tok_key_type type, unsigned spelling)
{
    const struct curve *c = curve_of_type(type);

    if (c == NULL || spelling >= SG_ARRAY_LEN(c->params))
        return SG_SLICE(NULL, 0);
    return c->params[spelling];
}

static const struct curve *curve_of_params(struct sg_slice params)
{
    for (size_t i = 0; i < SG_ARRAY_LEN(CURVES); i++)
        for (size_t k = 0; k < SG_ARRAY_LEN(CURVES[i].params); k++)
            if (params.len > 0 && sg_slice_eq(params, CURVES[i].params[k]))
                return &CURVES[i];
    return NULL;
}

/* Is this a key of the curve: an uncompressed point, or Ed25519's octets? */
static bool point_fits(const struct curve *c, struct sg_slice point)
{
    if (c->type == TOK_KEY_ED25519)
        return point.len == c->octets;
    return point.len == 1 + 2 * (size_t)c->octets && point.p[0] == 0x04;
}

/* Unwrap CKA_EC_POINT. A bare point whose octets happen to look like a wrapped
 * one has another length, so the length decides. */
static enum sg_rc point_unwrap(const struct curve *c, struct sg_slice attr,
                               struct sg_slice *ret, struct sg_err *err)
{
    struct sg_der in;
    struct sg_der_tlv tlv;
    struct sg_err not_der = { 0 };

    if (point_fits(c, attr)) {
        *ret = attr;
        return SG_OK;
    }
    sg_der_init(&in, attr, "CKA_EC_POINT");
    if (sg_der_any(&in, &tlv, &not_der) == SG_OK && !sg_der_more(&in)) {
        struct sg_slice point = tlv.content;
        if (tlv.tag == SG_DER_BIT_STRING && point.len > 0 && point.p[0] == 0)
            point = SG_SLICE(point.p + 1, point.len - 1);
        if ((tlv.tag == SG_DER_OCTET_STRING || tlv.tag == SG_DER_BIT_STRING)
            && point_fits(c, point)) {
            *ret = point;
            return SG_OK;
        }
    }
    return sg_err_set(err, SG_FORMAT,
                      "CKA_EC_POINT: %zu bytes that are no uncompressed point "
                      "of %s",
                      attr.len, tok_key_type_name(c->type));
}

static enum sg_rc encode_ec(const struct tok_public_attrs *attrs,
                            struct sg_buf *out, struct sg_err *err)
{
    const struct curve *c = curve_of_params(attrs->ec_params);
    struct sg_slice point;
    struct sg_derw w;

    if (c == NULL)
        return sg_err_set(err, SG_POLICY,
                          "CKA_EC_PARAMS: not P-256, P-384, P-521 or Ed25519");
    SG_TRY(point_unwrap(c, attrs->ec_point, &point, err));
    sg_derw_init(&w, out);
    size_t spki = sg_derw_begin(&w, SG_DER_SEQUENCE);
    sg_derw_raw(&w, c->algorithm);
    sg_derw_bits(&w, point);
    sg_derw_end(&w, spki);
    return sg_derw_finish(&w, err);
}

static enum sg_rc encode_rsa(const struct tok_public_attrs *attrs,
                             struct sg_buf *out, struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf key;
    struct sg_derw w;

    sg_buf_init(&key, TOK_SPKI_MAX);
    if (attrs->modulus.len == 0 || attrs->exponent.len == 0)
        return sg_err_set(err, SG_FORMAT,
                          "CKA_MODULUS or CKA_PUBLIC_EXPONENT is empty");
    sg_derw_init(&w, &key);
    size_t rsa = sg_derw_begin(&w, SG_DER_SEQUENCE);
    sg_derw_unsigned(&w, attrs->modulus);
    sg_derw_unsigned(&w, attrs->exponent);
    sg_derw_end(&w, rsa);
    SG_TRY(sg_derw_finish(&w, err));

    sg_derw_init(&w, out);
    size_t spki = sg_derw_begin(&w, SG_DER_SEQUENCE);
    sg_derw_raw(&w, RSA_ALGORITHM);
    sg_derw_bits(&w, sg_buf_slice(&key));
    sg_derw_end(&w, spki);
    return sg_derw_finish(&w, err);
}

enum sg_rc tok_spki_encode(const struct tok_public_attrs *attrs,
                           struct sg_buf *out, struct sg_err *err)
{
    if (attrs->key_type == CKK_EC || attrs->key_type == CKK_EC_EDWARDS)
        return encode_ec(attrs, out, err);
    if (attrs->key_type == CKK_RSA)
        return encode_rsa(attrs, out, err);
    return sg_err_set(err, SG_POLICY,
                      "CKA_KEY_TYPE: 0x%lx is not EC, RSA or "
                      "Edwards",
                      attrs->key_type);
}

/* Octets of an RSA modulus inside the BIT STRING. */
static enum sg_rc modulus_octets(struct sg_slice key, size_t *ret,
                                 struct sg_err *err)
{
    struct sg_der in;
    struct sg_der seq;
    struct sg_slice n;

    sg_der_init(&in, key, "RSA public key");
    SG_TRY(sg_der_enter(&in, SG_DER_SEQUENCE, &seq, err));
    SG_TRY(sg_der_integer(&seq, &n, err));
    *ret = n.len > 0 && n.p[0] == 0 ? n.len - 1 : n.len;
    return SG_OK;
}

enum sg_rc tok_spki_type(struct sg_slice spki, enum tok_key_type *ret,
                         struct sg_err *err)
{
    static const enum tok_key_type sizes[] = { TOK_KEY_RSA_2048,
                                               TOK_KEY_RSA_3072,
                                               TOK_KEY_RSA_4096 };
    struct sg_der in;
    struct sg_der seq;
    struct sg_der_tlv alg;
    struct sg_slice key;
    size_t octets;

    sg_der_init(&in, spki, "public key");
    SG_TRY(sg_der_enter(&in, SG_DER_SEQUENCE, &seq, err));
    SG_TRY(sg_der_get(&seq, SG_DER_SEQUENCE, &alg, err));
    SG_TRY(sg_der_bits(&seq, &key, err));
    for (size_t i = 0; i < SG_ARRAY_LEN(CURVES); i++)
        if (sg_slice_eq(alg.whole, CURVES[i].algorithm)) {
            *ret = CURVES[i].type;
            return SG_OK;
        }
    if (!sg_slice_eq(alg.whole, RSA_ALGORITHM))
        return sg_err_set(err, SG_POLICY, "public key: unknown algorithm");
    SG_TRY(modulus_octets(key, &octets, err));
    for (size_t i = 0; i < SG_ARRAY_LEN(sizes); i++)
        if (octets * 8 == tok_rsa_bits(sizes[i])) {
            *ret = sizes[i];
            return SG_OK;
        }
    return sg_err_set(err, SG_POLICY,
                      "public key: RSA with %zu bits; 2048, 3072 or 4096 are "
                      "used",
                      octets * 8);
}
