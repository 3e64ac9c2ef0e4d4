/* SPDX-License-Identifier: Apache-2.0 */
#include "lint/view.h"

#include <openssl/err.h>
#include <string.h>

#include "common/cleanup-openssl.h"

enum sg_rc lint_view_time(struct sg_der *in, struct lint_time *ret,
                          struct sg_err *err)
{
    struct sg_der strict = *in;
    struct sg_err ignored = { 0 };
    struct sg_der_tlv tlv;

    SG_TRY(sg_der_any(in, &tlv, err));
    *ret = (struct lint_time){ .tag = tlv.tag, .text = tlv.content };
    ret->ok = sg_der_time(&strict, &ret->t, &ignored) == SG_OK;
    return SG_OK;
}

static enum sg_rc view_extension(struct sg_der *in, struct lint_ext *ret,
                                 struct sg_err *err)
{
    struct sg_der ext;
    struct sg_der_tlv value;

    SG_TRY(sg_der_enter(in, SG_DER_SEQUENCE, &ext, err));
    SG_TRY(sg_der_oid(&ext, &ret->oid, err));
    if (sg_der_next_is(&ext, SG_DER_BOOLEAN)) {
        SG_TRY(sg_der_bool(&ext, &ret->critical, err));
        ret->critical_false_written = !ret->critical;
    }
    SG_TRY(sg_der_get(&ext, SG_DER_OCTET_STRING, &value, err));
    ret->value = value.content;
    return sg_der_end(&ext, err);
}

enum sg_rc lint_view_extensions(struct sg_der *in, struct lint_ext *ret,
                                size_t max, size_t *ret_n, struct sg_err *err)
{
    struct sg_der list;
    size_t n = 0;

    SG_TRY(sg_der_enter(in, SG_DER_SEQUENCE, &list, err));
    while (sg_der_more(&list)) {
        if (n == max)
            return sg_err_set(err, SG_FORMAT, "%s: more than %zu extensions",
                              in->what, max);
        ret[n] = (struct lint_ext){ 0 };
        SG_TRY(view_extension(&list, &ret[n], err));
        n++;
    }
    *ret_n = n;
    return SG_OK;
}

static enum sg_rc view_spki(struct sg_der *in, struct lint_cert *ret,
                            struct sg_err *err)
{
    struct sg_der spki;
    struct sg_der alg;
    struct sg_der_tlv whole;

    SG_TRY(sg_der_get(in, SG_DER_SEQUENCE, &whole, err));
    ret->spki = whole.whole;
    sg_der_inside(in, &whole, &spki);
    SG_TRY(sg_der_enter(&spki, SG_DER_SEQUENCE, &alg, err));
    SG_TRY(sg_der_oid(&alg, &ret->spki_oid, err));
    if (sg_der_more(&alg)) {
        struct sg_der_tlv parameters;
        SG_TRY(sg_der_any(&alg, &parameters, err));
        ret->spki_parameters = parameters.whole;
    }
    SG_TRY(sg_der_end(&alg, err));
    SG_TRY(sg_der_bits(&spki, &ret->spki_key, err));
    return sg_der_end(&spki, err);
}

static enum sg_rc view_tail(struct sg_der *tbs, struct lint_cert *ret,
                            struct sg_err *err)
{
    struct sg_der_tlv tlv;

    if (sg_der_next_is(tbs, SG_DER_CONTEXT(1))) {
        ret->has_issuer_uid = true;
        SG_TRY(sg_der_any(tbs, &tlv, err));
    }
    if (sg_der_next_is(tbs, SG_DER_CONTEXT(2))) {
        ret->has_subject_uid = true;
        SG_TRY(sg_der_any(tbs, &tlv, err));
    }
    if (sg_der_next_is(tbs, SG_DER_CONTEXT_CONSTRUCTED(3))) {
        struct sg_der wrapped;
        ret->has_extensions = true;
        SG_TRY(sg_der_enter(tbs, SG_DER_CONTEXT_CONSTRUCTED(3), &wrapped, err));
        SG_TRY(lint_view_extensions(&wrapped, ret->ext, LINT_EXT_MAX,
                                    &ret->n_ext, err));
        SG_TRY(sg_der_end(&wrapped, err));
    }
    return sg_der_end(tbs, err);
}

static enum sg_rc view_validity(struct sg_der *tbs, struct lint_cert *ret,
                                struct sg_err *err)
{
    struct sg_der validity;

    SG_TRY(sg_der_enter(tbs, SG_DER_SEQUENCE, &validity, err));
    SG_TRY(lint_view_time(&validity, &ret->not_before, err));
    SG_TRY(lint_view_time(&validity, &ret->not_after, err));
    return sg_der_end(&validity, err);
}

static enum sg_rc view_tbs_fields(struct sg_der *tbs, struct lint_cert *ret,
                                  struct sg_err *err)
{
    struct sg_der_tlv tlv;

    if (sg_der_next_is(tbs, SG_DER_CONTEXT_CONSTRUCTED(0))) {
        struct sg_der version;
        SG_TRY(sg_der_enter(tbs, SG_DER_CONTEXT_CONSTRUCTED(0), &version, err));
        SG_TRY(sg_der_uint(&version, &ret->version, err));
        SG_TRY(sg_der_end(&version, err));
    }
    SG_TRY(sg_der_integer(tbs, &ret->serial, err));
    SG_TRY(sg_der_get(tbs, SG_DER_SEQUENCE, &tlv, err));
    ret->inner_alg = tlv.whole;
    SG_TRY(sg_der_get(tbs, SG_DER_SEQUENCE, &tlv, err));
    ret->issuer = tlv.whole;
    SG_TRY(view_validity(tbs, ret, err));
    SG_TRY(sg_der_get(tbs, SG_DER_SEQUENCE, &tlv, err));
    ret->subject = tlv.whole;
    SG_TRY(view_spki(tbs, ret, err));
    return view_tail(tbs, ret, err);
}

static void read_basic_constraints(struct lint_cert *cert)
{
    const struct lint_ext *ext = lint_cert_ext(cert, LINT_OID_BASIC);
    struct sg_err ignored = { 0 };
    struct sg_der in;
    struct sg_der seq;

    if (ext == NULL)
        return;
    sg_der_init(&in, ext->value, "basicConstraints");
    if (sg_der_enter(&in, SG_DER_SEQUENCE, &seq, &ignored) != SG_OK)
        return;
    if (sg_der_next_is(&seq, SG_DER_BOOLEAN)
        && sg_der_bool(&seq, &cert->is_ca, &ignored) != SG_OK)
        return;
    if (sg_der_more(&seq))
        cert->has_path_length =
            sg_der_uint(&seq, &cert->path_length, &ignored) == SG_OK;
}

bool lint_has_eku(const struct lint_cert *cert, const char *oid)
{
    const struct lint_ext *ext = lint_cert_ext(cert, LINT_OID_EKU);
    size_t len = oid[0] == '\x55' ? 4 : strlen(oid);
    struct sg_err ignored = { 0 };
    struct sg_der in;
    struct sg_der seq;
    struct sg_slice found;

    if (ext == NULL)
        return false;
    sg_der_init(&in, ext->value, "extKeyUsage");
    if (sg_der_enter(&in, SG_DER_SEQUENCE, &seq, &ignored) != SG_OK)
        return false;
    while (sg_der_more(&seq) && sg_der_oid(&seq, &found, &ignored) == SG_OK)
        if (lint_is(found, oid, len))
            return true;
    return false;
}

/* A BIT STRING that is no DER NamedBitList: extension_form says so, and the
 * other rules are to see the bits that verifiers see. */
static bool loose_bits(struct sg_slice value, uint16_t *ret)
{
    size_t n = value.len;

    if (n < 4 || value.p[0] != SG_DER_BIT_STRING || value.p[1] != n - 2)
        return false;
    *ret = 0;
    for (size_t bit = 0; bit < 16 && bit < 8 * (n - 3); bit++)
        if ((value.p[3 + bit / 8] & (0x80 >> bit % 8)) != 0)
            *ret |= (uint16_t)(1 << bit);
    return true;
}

uint16_t lint_key_usage(const struct lint_cert *cert, bool *ret_has)
{
    const struct lint_ext *ext = lint_cert_ext(cert, LINT_OID_KEY_USAGE);
    struct sg_err ignored = { 0 };
    struct sg_der in;
    uint16_t bits = 0;

    *ret_has = false;
    if (ext == NULL)
        return 0;
    sg_der_init(&in, ext->value, "keyUsage");
    *ret_has = sg_der_named_bits(&in, &bits, &ignored) == SG_OK
               || loose_bits(ext->value, &bits);
    return *ret_has ? bits : 0;
}

bool lint_self_issued(const struct lint_cert *cert)
{
    return sg_slice_eq(cert->issuer, cert->subject);
}

struct sg_slice lint_authority_key_id(const struct lint_ext *aki)
{
    struct sg_err ignored = { 0 };
    struct sg_slice none = { 0 };
    struct sg_der in;
    struct sg_der seq;
    struct sg_der_tlv tlv;

    if (aki == NULL)
        return none;
    sg_der_init(&in, aki->value, "authorityKeyIdentifier");
    if (sg_der_enter(&in, SG_DER_SEQUENCE, &seq, &ignored) != SG_OK
        || sg_der_get(&seq, SG_DER_CONTEXT(0), &tlv, &ignored) != SG_OK)
        return none;
    return tlv.content;
}

struct sg_slice lint_subject_key_id(const struct lint_cert *cert)
{
    const struct lint_ext *ski = lint_cert_ext(cert, LINT_OID_SKI);
    struct sg_err ignored = { 0 };
    struct sg_slice none = { 0 };
    struct sg_der in;
    struct sg_der_tlv tlv;

    if (ski == NULL)
        return none;
    sg_der_init(&in, ski->value, "subjectKeyIdentifier");
    return sg_der_get(&in, SG_DER_OCTET_STRING, &tlv, &ignored) == SG_OK
               ? tlv.content
               : none;
}

bool lint_signature_holds(const struct lint_cert *cert,
                          const struct lint_cert *issuer)
{
    const unsigned char *p = cert->der.p;
    const unsigned char *k = issuer->spki.p;

    SG_CLEANUP(X509_free) X509 *x509 = d2i_X509(NULL, &p, (long)cert->der.len);
    SG_CLEANUP(EVP_PKEY_free)
    EVP_PKEY *key = d2i_PUBKEY(NULL, &k, (long)issuer->spki.len);
    bool ok = x509 != NULL && key != NULL && X509_verify(x509, key) == 1;
    ERR_clear_error();
    return ok;
}

/* Self-issued is not yet a root: a rollover certificate carries the same name
 * twice and is signed by the key before (RFC 5280 4.2.1.1). */
static bool is_root(const struct lint_cert *cert)
{
    struct sg_slice above =
        lint_authority_key_id(lint_cert_ext(cert, LINT_OID_AKI));
    struct sg_slice own = lint_subject_key_id(cert);

    return lint_self_issued(cert)
           && (above.len == 0 || own.len == 0 || sg_slice_eq(above, own));
}

static void classify(struct lint_cert *cert)
{
    read_basic_constraints(cert);
    if (cert->is_ca && is_root(cert))
        cert->kind = LINT_KIND_ROOT;
    else if (cert->is_ca)
        cert->kind = LINT_KIND_SUB_CA;
    else if (lint_has_eku(cert, LINT_EKU_OCSP))
        cert->kind = LINT_KIND_OCSP;
    else
        cert->kind = LINT_KIND_LEAF;
}

enum sg_rc lint_view_tbs(struct sg_slice tbs, struct lint_cert *ret,
                         struct sg_err *err)
{
    struct sg_der in;
    struct sg_der fields;

    *ret = (struct lint_cert){ .tbs = tbs };
    sg_der_init(&in, tbs, "certificate");
    SG_TRY(sg_der_enter(&in, SG_DER_SEQUENCE, &fields, err));
    SG_TRY(view_tbs_fields(&fields, ret, err));
    SG_TRY(sg_der_end(&in, err));
    classify(ret);
    return SG_OK;
}

enum sg_rc lint_view_certificate(struct sg_slice der, struct lint_cert *ret,
                                 struct sg_err *err)
{
    struct sg_der in;
    struct sg_der outer;
    struct sg_der tbs;
    struct sg_der_tlv tlv;

    *ret = (struct lint_cert){ .der = der, .is_signed = true };
    sg_der_init(&in, der, "certificate");
    SG_TRY(sg_der_enter(&in, SG_DER_SEQUENCE, &outer, err));
    SG_TRY(sg_der_end(&in, err));
    SG_TRY(sg_der_get(&outer, SG_DER_SEQUENCE, &tlv, err));
    ret->tbs = tlv.whole;
    sg_der_inside(&outer, &tlv, &tbs);
    SG_TRY(view_tbs_fields(&tbs, ret, err));
    SG_TRY(sg_der_get(&outer, SG_DER_SEQUENCE, &tlv, err));
    ret->outer_alg = tlv.whole;
    SG_TRY(sg_der_bits(&outer, &ret->signature, err));
    SG_TRY(sg_der_end(&outer, err));
    classify(ret);
    return SG_OK;
}
