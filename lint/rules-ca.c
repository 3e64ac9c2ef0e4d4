/* SPDX-License-Identifier: Apache-2.0 */
#include "lint/rules.h"

#include <string.h>

#define DAY 86400
#define ROOT_DAYS_MIN 2922 /* BR 7.1.2.1.1 */
#define ROOT_DAYS_MAX 9132

void lint_ca_basic_critical(struct lint_job *job)
{
    const struct lint_ext *ext = lint_cert_ext(job->cert, LINT_OID_BASIC);

    if (ext != NULL && !ext->critical)
        lint_say(job, "basicConstraints is not critical");
}

void lint_path_length_place(struct lint_job *job)
{
    bool has;
    uint16_t usage = lint_key_usage(job->cert, &has);

    if (job->cert->has_path_length && has && (usage & LINT_KU_CERT_SIGN) == 0)
        lint_say(job, "pathLenConstraint without keyCertSign");
}

void lint_ca_usage_present(struct lint_job *job)
{
    if (lint_cert_ext(job->cert, LINT_OID_KEY_USAGE) == NULL)
        lint_say(job, "no keyUsage");
}

void lint_ca_usage_critical(struct lint_job *job)
{
    const struct lint_ext *ext = lint_cert_ext(job->cert, LINT_OID_KEY_USAGE);

    if (ext != NULL && !ext->critical)
        lint_say(job, "keyUsage is not critical");
}

void lint_ca_usage_cert_sign(struct lint_job *job)
{
    bool has;
    uint16_t usage = lint_key_usage(job->cert, &has);

    if (has && (usage & LINT_KU_CERT_SIGN) == 0)
        lint_say(job, "keyUsage has no keyCertSign");
}

void lint_ca_usage_crl_sign(struct lint_job *job)
{
    bool has;
    uint16_t usage = lint_key_usage(job->cert, &has);

    if (has && (usage & LINT_KU_CRL_SIGN) == 0)
        lint_say(job, "keyUsage has no cRLSign");
}

void lint_ca_usage_only(struct lint_job *job)
{
    bool has;
    uint16_t usage = lint_key_usage(job->cert, &has);
    const unsigned allowed =
        LINT_KU_CERT_SIGN | LINT_KU_CRL_SIGN | LINT_KU_DIGITAL_SIGNATURE;

    if ((usage & ~allowed) != 0)
        lint_say(job, "keyUsage has more than keyCertSign, cRLSign and "
                      "digitalSignature");
}

void lint_ca_ski_present(struct lint_job *job)
{
    if (lint_cert_ext(job->cert, LINT_OID_SKI) == NULL)
        lint_say(job, "no subjectKeyIdentifier");
}

/* Such an intermediate could sign OCSP answers for its siblings. */
void lint_ca_eku_ocsp(struct lint_job *job)
{
    if (lint_has_eku(job->cert, LINT_EKU_OCSP))
        lint_say(job, "a CA certificate has OCSPSigning");
}

void lint_root_eku(struct lint_job *job)
{
    if (lint_cert_ext(job->cert, LINT_OID_EKU) != NULL)
        lint_say(job, "a root has extKeyUsage");
}

void lint_root_aki(struct lint_job *job)
{
    const struct lint_ext *aki = lint_cert_ext(job->cert, LINT_OID_AKI);
    const struct lint_ext *ski = lint_cert_ext(job->cert, LINT_OID_SKI);
    struct lint_iter iter;
    struct sg_der_tlv tlv;

    if (aki == NULL || ski == NULL || ski->value.len < 2)
        return;
    lint_iter_init(&iter, aki->value, "authorityKeyIdentifier");
    while (lint_iter_next(&iter, &tlv))
        if (tlv.tag == SG_DER_CONTEXT(0)
            && !sg_slice_eq(tlv.content,
                            SG_SLICE(ski->value.p + 2, ski->value.len - 2)))
            lint_say(job, "authorityKeyIdentifier of a self-issued "
                          "certificate differs from its own key identifier");
}

void lint_root_path_length(struct lint_job *job)
{
    if (job->cert->has_path_length)
        lint_say(job, "a root has a pathLenConstraint");
}

void lint_root_validity(struct lint_job *job)
{
    const struct lint_cert *cert = job->cert;

    if (!cert->not_before.ok || !cert->not_after.ok)
        return;
    int64_t life = cert->not_after.t - cert->not_before.t + 1;
    if (life < (int64_t)ROOT_DAYS_MIN * DAY
        || life > (int64_t)ROOT_DAYS_MAX * DAY)
        lint_say(job, "a root is valid for %lld days, must be %d to %d",
                 (long long)(life / DAY), ROOT_DAYS_MIN, ROOT_DAYS_MAX);
}

void lint_sub_ca_eku(struct lint_job *job)
{
    if (!lint_has_eku(job->cert, LINT_EKU_SERVER))
        lint_say(job, "a TLS intermediate has no serverAuth in extKeyUsage");
}

void lint_sub_ca_eku_mixed(struct lint_job *job)
{
    static const struct {
        const char *oid;
        const char *name;
    } FOREIGN[] = {
        { LINT_EKU_CODE, "codeSigning" },
        { LINT_EKU_EMAIL, "emailProtection" },
        { LINT_EKU_TIME, "timeStamping" },
        { LINT_EKU_ANY, "anyExtendedKeyUsage" },
    };

    for (size_t i = 0; i < SG_ARRAY_LEN(FOREIGN); i++)
        if (lint_has_eku(job->cert, FOREIGN[i].oid))
            lint_say(job, "a TLS intermediate has %s", FOREIGN[i].name);
}

void lint_sub_ca_cdp(struct lint_job *job)
{
    const struct lint_ext *ext = lint_cert_ext(job->cert, LINT_OID_CDP);

    if (ext == NULL)
        lint_say(job, "no cRLDistributionPoints");
    else if (ext->critical)
        lint_say(job, "cRLDistributionPoints is critical");
}

void lint_sub_ca_aia(struct lint_job *job)
{
    const struct lint_ext *ext = lint_cert_ext(job->cert, LINT_OID_AIA);

    if (ext == NULL)
        lint_say(job, "no authorityInfoAccess");
    else if (ext->critical)
        lint_say(job, "authorityInfoAccess is critical");
}

/* Exactly one of the CA/Browser Forum's reserved policies: DV, OV, IV, EV. */
void lint_sub_ca_policies(struct lint_job *job)
{
    static const char *const RESERVED[] = { "\x67\x81\x0c\x01\x02\x01",
                                            "\x67\x81\x0c\x01\x02\x02",
                                            "\x67\x81\x0c\x01\x02\x03",
                                            "\x67\x81\x0c\x01\x01" };
    const struct lint_ext *ext = lint_cert_ext(job->cert, LINT_OID_POLICIES);
    struct lint_iter iter;
    struct sg_der_tlv tlv;
    size_t found = 0;
    bool any = false;

    if (ext == NULL) {
        lint_say(job, "no certificatePolicies");
        return;
    }
    lint_iter_init(&iter, ext->value, "certificatePolicies");
    while (lint_iter_next(&iter, &tlv)) {
        struct sg_der info;
        struct sg_slice oid;
        sg_der_inside(&iter.in, &tlv, &info);
        if (sg_der_oid(&info, &oid, &iter.err) != SG_OK)
            break;
        any |= lint_is(oid, "\x55\x1d\x20\x00", 4);
        for (size_t i = 0; i < SG_ARRAY_LEN(RESERVED); i++)
            found += lint_is(oid, RESERVED[i], strlen(RESERVED[i]));
    }
    if (found != 1 && !(any && found == 0))
        lint_say(job,
                 "certificatePolicies holds %zu reserved policies, must "
                 "be one",
                 found);
}
