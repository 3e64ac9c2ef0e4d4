/* SPDX-License-Identifier: Apache-2.0 */
#include "lint/rules.h"

#include <string.h>

/* Rules that need a certificate and the one above it. */

void lint_pair_name(struct lint_job *job)
{
    if (!sg_slice_eq(job->cert->issuer, job->issuer->subject))
        lint_say(job, "issuer is not, byte for byte, the subject of the "
                      "certificate above");
}

void lint_pair_key_id(struct lint_job *job)
{
    struct sg_slice above =
        lint_authority_key_id(lint_cert_ext(job->cert, LINT_OID_AKI));
    struct sg_slice issuer = lint_subject_key_id(job->issuer);

    if (above.len > 0 && issuer.len > 0 && !sg_slice_eq(above, issuer))
        lint_say(job, "authorityKeyIdentifier is not the "
                      "subjectKeyIdentifier of the certificate above");
}

void lint_pair_signature(struct lint_job *job)
{
    if (!job->cert->is_signed)
        return;
    if (!lint_signature_holds(job->cert, job->issuer))
        lint_say(job, "the signature does not verify with the key of the "
                      "certificate above");
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

/* A rollover certificate stands for the CA that it follows, so it may have
 * that one's path length, and no more. */
void lint_pair_path_length_falls(struct lint_job *job)
{
    const struct lint_cert *cert = job->cert;
    const struct lint_cert *issuer = job->issuer;
    bool rollover = lint_self_issued(cert);

    if (!cert->is_ca || !issuer->has_path_length)
        return;
    if (!cert->has_path_length)
        lint_say(job, "no path length below an issuer that has %llu",
                 (unsigned long long)issuer->path_length);
    else if (rollover && cert->path_length > issuer->path_length)
        lint_say(job, "path length %llu of a rollover is above the old %llu",
                 (unsigned long long)cert->path_length,
                 (unsigned long long)issuer->path_length);
    else if (!rollover && cert->path_length >= issuer->path_length)
        lint_say(job, "path length %llu is not below the issuer's %llu",
                 (unsigned long long)cert->path_length,
                 (unsigned long long)issuer->path_length);
}

static bool oid_in(struct sg_slice oid, const struct lint_cert *cert)
{
    const struct lint_ext *ext = lint_cert_ext(cert, LINT_OID_EKU);
    struct lint_iter iter;
    struct sg_der_tlv tlv;

    if (ext == NULL)
        return false;
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

/* One key, one identifier; two keys, two identifiers. */
void lint_pair_subject_key_id(struct lint_job *job)
{
    struct sg_slice own = lint_subject_key_id(job->cert);
    struct sg_slice issuer = lint_subject_key_id(job->issuer);
    bool same_key = sg_slice_eq(job->cert->spki, job->issuer->spki);
    bool same_id = sg_slice_eq(own, issuer);

    if (own.len == 0 || issuer.len == 0)
        return;
    if (same_key && !same_id)
        lint_say(job, "the same key has another subjectKeyIdentifier");
    else if (!same_key && same_id)
        lint_say(job, "another key has the same subjectKeyIdentifier");
}

/* What a key can sign with: hash tied to the curve, P-256 SHA-256 and so on;
 * for RSA any of its own. A key is known by its algorithm's OID, whole, or for
 * EC by the curve's; a signature algorithm by how it begins. */
bool lint_algorithm_fits(const struct lint_cert *issuer, struct sg_slice alg)
{
#define RSA "\x2a\x86\x48\x86\xf7\x0d\x01\x01"
#define FIT(key, alg) \
    { \
        key, sizeof(key) - 1, alg, sizeof(alg) - 1 \
    }
    static const struct {
        const char *key;
        size_t key_len;
        const char *alg;
        size_t alg_len;
    } fits[] = {
        FIT("\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07",
            "\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02"),
        FIT("\x06\x05\x2b\x81\x04\x00\x22",
            "\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03"),
        FIT("\x06\x05\x2b\x81\x04\x00\x23",
            "\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x04"),
        FIT(RSA "\x01", "\x30\x0d\x06\x09" RSA),
        FIT(RSA "\x01", "\x30\x41\x06\x09" RSA), /* PSS */
        FIT("\x2b\x65\x70", "\x30\x05\x06\x03\x2b\x65\x70"),
    };
#undef FIT
#undef RSA
    bool known = false;

    for (size_t i = 0; i < SG_ARRAY_LEN(fits); i++) {
        if (!lint_is(issuer->spki_oid, fits[i].key, fits[i].key_len)
            && !lint_is(issuer->spki_parameters, fits[i].key, fits[i].key_len))
            continue;
        known = true;
        if (alg.len >= fits[i].alg_len
            && memcmp(alg.p, fits[i].alg, fits[i].alg_len) == 0)
            return true;
    }
    return !known; /* other keys have rules of their own */
}

void lint_pair_algorithm(struct lint_job *job)
{
    if (!lint_algorithm_fits(job->issuer, job->cert->inner_alg))
        lint_say(job, "the signature algorithm, or its hash, is not the one "
                      "that belongs to the issuer's key");
}
