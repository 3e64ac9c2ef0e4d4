/* SPDX-License-Identifier: Apache-2.0 */
#include "lint/rules.h"

#include "common/clock.h"

#define DAY 86400
#define OID_RSA "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"
#define OCSP_LIFE_DAYS 397 /* a responder without status check lives shortly */

void lint_leaf_usage(struct lint_job *job)
{
    bool has;
    uint16_t usage = lint_key_usage(job->cert, &has);

    if ((usage & LINT_KU_CERT_SIGN) != 0)
        lint_say(job, "keyUsage has keyCertSign");
    if ((usage & LINT_KU_CRL_SIGN) != 0)
        lint_say(job, "keyUsage has cRLSign");
}

void lint_leaf_basic_constraints(struct lint_job *job)
{
    if (job->cert->has_path_length)
        lint_say(job, "pathLenConstraint in a certificate that is no CA");
}

void lint_key_usage_bits(struct lint_job *job)
{
    bool has;
    uint16_t usage = lint_key_usage(job->cert, &has);

    if (has && usage == 0)
        lint_say(job, "keyUsage has no bit set");
}

void lint_leaf_eku_present(struct lint_job *job)
{
    if (lint_cert_ext(job->cert, LINT_OID_EKU) == NULL)
        lint_say(job, "no extKeyUsage");
}

void lint_eku_not_critical(struct lint_job *job)
{
    const struct lint_ext *ext = lint_cert_ext(job->cert, LINT_OID_EKU);

    if (ext != NULL && ext->critical)
        lint_say(job, "extKeyUsage is critical");
}

void lint_eku_any(struct lint_job *job)
{
    if (lint_has_eku(job->cert, LINT_EKU_ANY))
        lint_say(job, "extKeyUsage has anyExtendedKeyUsage");
}

/* Does the first OID of each element of a SEQUENCE stand twice? */
static void say_twice(struct lint_job *job, const char *oid, const char *name,
                      bool wrapped)
{
    const struct lint_ext *ext = lint_cert_ext(job->cert, oid);
    struct sg_slice seen[64];
    struct lint_iter iter;
    struct sg_der_tlv tlv;
    char text[SG_OID_TEXT_MAX];
    size_t n = 0;

    if (ext == NULL)
        return;
    lint_iter_init(&iter, ext->value, name);
    while (n < SG_ARRAY_LEN(seen) && lint_iter_next(&iter, &tlv)) {
        struct sg_slice found = tlv.content;
        struct sg_der inner;
        if (wrapped) {
            sg_der_inside(&iter.in, &tlv, &inner);
            if (sg_der_oid(&inner, &found, &iter.err) != SG_OK)
                return;
        }
        for (size_t i = 0; i < n; i++)
            if (sg_slice_eq(seen[i], found))
                lint_say(job, "%s: %s stands twice", name,
                         sg_oid_to_text(found, text));
        seen[n++] = found;
    }
}

void lint_eku_twice(struct lint_job *job)
{
    say_twice(job, LINT_OID_EKU, "extKeyUsage", false);
}

void lint_policies_twice(struct lint_job *job)
{
    say_twice(job, LINT_OID_POLICIES, "certificatePolicies", true);
}

void lint_usage_fits_key(struct lint_job *job)
{
    bool has;
    uint16_t usage = lint_key_usage(job->cert, &has);
    bool rsa = LINT_IS(job->cert->spki_oid, OID_RSA);

    if (has && !rsa && (usage & LINT_KU_KEY_ENCIPHERMENT) != 0)
        lint_say(job, "keyEncipherment with a key that cannot encipher");
    if (has && rsa && (usage & LINT_KU_KEY_AGREEMENT) != 0)
        lint_say(job, "keyAgreement with an RSA key");
}

/* RFC 5280 4.2.1.12: what keyUsage each purpose can do with. */
void lint_usage_fits_purpose(struct lint_job *job)
{
    const unsigned sign = LINT_KU_DIGITAL_SIGNATURE;
    const unsigned exchange = LINT_KU_KEY_ENCIPHERMENT | LINT_KU_KEY_AGREEMENT;
    const struct {
        const char *oid;
        const char *name;
        unsigned usage;
    } purposes[] = {
        { LINT_EKU_SERVER, "serverAuth", sign | exchange },
        { LINT_EKU_CLIENT, "clientAuth", sign | LINT_KU_KEY_AGREEMENT },
        { LINT_EKU_CODE, "codeSigning", sign },
        { LINT_EKU_EMAIL, "emailProtection",
          sign | LINT_KU_NON_REPUDIATION | exchange },
        { LINT_EKU_TIME, "timeStamping", sign | LINT_KU_NON_REPUDIATION },
        { LINT_EKU_OCSP, "OCSPSigning", sign | LINT_KU_NON_REPUDIATION },
    };
    bool has;
    uint16_t usage = lint_key_usage(job->cert, &has);

    /* None at all is the matter of key_usage_bits. */
    if (!has || usage == 0)
        return;
    for (size_t i = 0; i < SG_ARRAY_LEN(purposes); i++)
        if (lint_has_eku(job->cert, purposes[i].oid)
            && (usage & purposes[i].usage) == 0)
            lint_say(job, "extKeyUsage has %s, and no bit of keyUsage fits it",
                     purposes[i].name);
}

/* The longest life of a subscriber certificate, by the day it was made
 * (BR 6.3.2). */
void lint_leaf_validity(struct lint_job *job)
{
    static const struct {
        struct sg_date from;
        int days;
    } limits[] = {
        { { .year = 2029, .month = 3, .day = 15 }, 47 },
        { { .year = 2027, .month = 3, .day = 15 }, 100 },
        { { .year = 2026, .month = 3, .day = 15 }, 200 },
        { { .year = 2020, .month = 9, .day = 1 }, 398 },
        { { .year = 2018, .month = 3, .day = 1 }, 825 },
    };
    const struct lint_cert *cert = job->cert;

    if (!cert->not_before.ok || !cert->not_after.ok)
        return;
    /* Both ends belong to the period. */
    int64_t life = cert->not_after.t - cert->not_before.t + 1;
    for (size_t i = 0; i < SG_ARRAY_LEN(limits); i++) {
        struct sg_err ignored = { 0 };
        int64_t from = 0;
        if (sg_date_to_time(&limits[i].from, &from, &ignored) != SG_OK
            || job->date < from)
            continue;
        if (life > (int64_t)limits[i].days * DAY)
            lint_say(job, "valid for %lld s, more than %d days",
                     (long long)life, limits[i].days);
        return;
    }
}

void lint_ocsp_eku_only(struct lint_job *job)
{
    const struct lint_ext *ext = lint_cert_ext(job->cert, LINT_OID_EKU);
    struct lint_iter iter;
    struct sg_der_tlv tlv;
    size_t n = 0;

    if (ext == NULL)
        return;
    lint_iter_init(&iter, ext->value, "extKeyUsage");
    while (lint_iter_next(&iter, &tlv))
        n++;
    if (n > 1)
        lint_say(job, "extKeyUsage holds more than OCSPSigning");
}

void lint_ocsp_nocheck(struct lint_job *job)
{
    const struct lint_ext *ext =
        lint_cert_ext(job->cert, LINT_OID_OCSP_NOCHECK);

    if (ext == NULL)
        lint_say(job, "no id-pkix-ocsp-nocheck");
    else if (ext->critical)
        lint_say(job, "id-pkix-ocsp-nocheck is critical");
    else if (!LINT_IS(ext->value, "\x05\x00"))
        lint_say(job, "id-pkix-ocsp-nocheck is not NULL");
}

void lint_ocsp_usage(struct lint_job *job)
{
    const struct lint_ext *ext = lint_cert_ext(job->cert, LINT_OID_KEY_USAGE);
    bool has;

    if (lint_key_usage(job->cert, &has) != LINT_KU_DIGITAL_SIGNATURE)
        lint_say(job, "keyUsage is not digitalSignature alone");
    else if (!ext->critical)
        lint_say(job, "keyUsage is not critical");
}

void lint_ocsp_extensions(struct lint_job *job)
{
    const struct lint_cert *cert = job->cert;

    if (lint_cert_ext(cert, LINT_OID_SAN) != NULL)
        lint_say(job, "an OCSP responder has a subjectAltName");
    if (lint_cert_ext(cert, LINT_OID_CDP) != NULL)
        lint_say(job, "an OCSP responder has cRLDistributionPoints");
    if (lint_cert_ext(cert, LINT_OID_POLICIES) != NULL)
        lint_say(job, "an OCSP responder has certificatePolicies");
    if (cert->not_before.ok && cert->not_after.ok
        && cert->not_after.t - cert->not_before.t
               > (int64_t)OCSP_LIFE_DAYS * DAY)
        lint_say(job,
                 "valid for more than %d days though its status is "
                 "never checked",
                 OCSP_LIFE_DAYS);
}
