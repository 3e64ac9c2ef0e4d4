/* SPDX-License-Identifier: Apache-2.0 */
#include "lint/rules.h"

#include <openssl/err.h>

#include "common/cleanup-openssl.h"

/* Rules that need a certificate and the one above it. */

void lint_pair_name(struct lint_job *job)
{
    if (!sg_slice_eq(job->cert->issuer, job->issuer->subject))
        lint_say(job, "issuer is not, byte for byte, the subject of the "
                      "certificate above");
}

void lint_pair_key_id(struct lint_job *job)
{
    const struct lint_ext *aki = lint_cert_ext(job->cert, LINT_OID_AKI);
    const struct lint_ext *ski = lint_cert_ext(job->issuer, LINT_OID_SKI);
    struct lint_iter iter;
    struct sg_der_tlv tlv;

    if (aki == NULL || ski == NULL || ski->value.len < 2)
        return;
    lint_iter_init(&iter, aki->value, "authorityKeyIdentifier");
    while (lint_iter_next(&iter, &tlv))
        if (tlv.tag == SG_DER_CONTEXT(0)
            && !sg_slice_eq(tlv.content,
                            SG_SLICE(ski->value.p + 2, ski->value.len - 2)))
            lint_say(job, "authorityKeyIdentifier is not the "
                          "subjectKeyIdentifier of the certificate above");
}

static bool signature_holds(const struct lint_cert *cert,
                            const struct lint_cert *issuer)
{
    const unsigned char *p = cert->der.p;
    const unsigned char *k = issuer->spki.p;

    SG_CLEANUP(X509_free) X509 *x509 = d2i_X509(NULL, &p, (long)cert->der.len);
    SG_CLEANUP(EVP_PKEY_free)
    EVP_PKEY *key = d2i_PUBKEY(NULL, &k, (long)issuer->spki.len);
    return x509 != NULL && key != NULL && X509_verify(x509, key) == 1;
}

void lint_pair_signature(struct lint_job *job)
{
    if (!job->cert->is_signed)
        return;
    if (!signature_holds(job->cert, job->issuer))
        lint_say(job, "the signature does not verify with the key of the "
                      "certificate above");
    ERR_clear_error();
}

void lint_pair_validity(struct lint_job *job)
{
    const struct lint_cert *cert = job->cert;
    const struct lint_cert *issuer = job->issuer;

    if (cert->not_before.ok && issuer->not_before.ok
        && cert->not_before.t < issuer->not_before.t)
        lint_say(job, "notBefore is earlier than the issuer's");
    if (cert->not_after.ok && issuer->not_after.ok
        && cert->not_after.t > issuer->not_after.t)
        lint_say(job, "notAfter is later than the issuer's");
}

void lint_pair_issuer_is_ca(struct lint_job *job)
{
    bool has;
    uint16_t usage = lint_key_usage(job->issuer, &has);

    if (!job->issuer->is_ca)
        lint_say(job, "the certificate above is no CA");
    else if (has && (usage & LINT_KU_CERT_SIGN) == 0)
        lint_say(job, "the certificate above has no keyCertSign");
}

/* How many CA certificates that are not self-issued stand below chain[at], the
 * leaf not counted (RFC 5280 4.2.1.9). */
static size_t below(const struct lint_job *job, size_t at)
{
    size_t n = 0;

    for (size_t i = 0; i < at; i++)
        n += job->chain[i].is_ca && !lint_self_issued(&job->chain[i]);
    return n;
}

void lint_pair_path_length(struct lint_job *job)
{
    size_t at = job->index + 1;

    if (job->issuer->has_path_length
        && below(job, at) > job->issuer->path_length)
        lint_say(job, "%zu CA certificates below a path length of %llu",
                 below(job, at), (unsigned long long)job->issuer->path_length);
}

void lint_pair_path_length_falls(struct lint_job *job)
{
    const struct lint_cert *cert = job->cert;
    const struct lint_cert *issuer = job->issuer;

    if (!cert->is_ca || !issuer->has_path_length || lint_self_issued(cert))
        return;
    if (!cert->has_path_length)
        lint_say(job, "no path length below an issuer that has %llu",
                 (unsigned long long)issuer->path_length);
    else if (cert->path_length >= issuer->path_length)
        lint_say(job, "path length %llu is not below the issuer's %llu",
                 (unsigned long long)cert->path_length,
                 (unsigned long long)issuer->path_length);
}

static bool oid_in(struct sg_slice oid, const struct lint_cert *cert)
{
    const struct lint_ext *ext = lint_cert_ext(cert, LINT_OID_EKU);
    struct lint_iter iter;
    struct sg_der_tlv tlv;

    lint_iter_init(&iter, ext->value, "extKeyUsage");
    while (lint_iter_next(&iter, &tlv))
        if (sg_slice_eq(tlv.content, oid))
            return true;
    return false;
}

void lint_pair_eku(struct lint_job *job)
{
    const struct lint_ext *own = lint_cert_ext(job->cert, LINT_OID_EKU);
    struct lint_iter iter;
    struct sg_der_tlv tlv;
    char text[SG_OID_TEXT_MAX];

    if (own == NULL || lint_cert_ext(job->issuer, LINT_OID_EKU) == NULL
        || lint_has_eku(job->issuer, LINT_EKU_ANY)
        || job->cert->kind == LINT_KIND_OCSP)
        return;
    lint_iter_init(&iter, own->value, "extKeyUsage");
    while (lint_iter_next(&iter, &tlv))
        if (!oid_in(tlv.content, job->issuer))
            lint_say(job, "extended key usage %s is not among the issuer's",
                     sg_oid_to_text(tlv.content, text));
}

void lint_pair_same_key(struct lint_job *job)
{
    bool same_key = sg_slice_eq(job->cert->spki, job->issuer->spki);

    if (same_key && !sg_slice_eq(job->cert->subject, job->issuer->subject))
        lint_say(job, "the same key under another subject");
}

/* Hash tied to the curve of the issuer: P-256 SHA-256, and so on. */
void lint_pair_algorithm(struct lint_job *job)
{
    static const struct {
        const char *curve;
        size_t curve_len;
        const char *alg;
    } PAIRS[] = {
        { "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07", 10,
          "\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02" },
        { "\x06\x05\x2b\x81\x04\x00\x22", 7,
          "\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03" },
        { "\x06\x05\x2b\x81\x04\x00\x23", 7,
          "\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x04" },
    };

    for (size_t i = 0; i < SG_ARRAY_LEN(PAIRS); i++)
        if (lint_is(job->issuer->spki_parameters, PAIRS[i].curve,
                    PAIRS[i].curve_len)
            && !lint_is(job->cert->inner_alg, PAIRS[i].alg, 12))
            lint_say(job, "the signature's hash is not the one that belongs "
                          "to the issuer's curve");
}
