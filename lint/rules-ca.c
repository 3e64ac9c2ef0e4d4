/* SPDX-License-Identifier: Apache-2.0 */
#include "lint/rules.h"

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
    if (lint_cert_ext(job->cert, LINT_OID_AKI) == NULL)
        lint_say(job, "a root has no authorityKeyIdentifier");
}

/* The view takes a self-issued certificate that names another key for a
 * rollover; one that its own key signed is a root that lies. */
void lint_self_signed_aki(struct lint_job *job)
{
    const struct lint_cert *cert = job->cert;

    if (cert->is_signed && lint_self_issued(cert)
        && lint_signature_holds(cert, cert))
        lint_say(job, "authorityKeyIdentifier of a self-signed certificate "
                      "is not its own key identifier");
}

void lint_root_signature(struct lint_job *job)
{
    if (job->cert->is_signed && !lint_signature_holds(job->cert, job->cert))
        lint_say(job, "the signature of a root does not verify with its own "
                      "key");
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
    } foreign[] = {
        { LINT_EKU_CODE, "codeSigning" },
        { LINT_EKU_EMAIL, "emailProtection" },
        { LINT_EKU_TIME, "timeStamping" },
        { LINT_EKU_ANY, "anyExtendedKeyUsage" },
    };

    for (size_t i = 0; i < SG_ARRAY_LEN(foreign); i++)
        if (lint_has_eku(job->cert, foreign[i].oid))
            lint_say(job, "a TLS intermediate has %s", foreign[i].name);
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
    else if (!lint_has_access_method(job->cert, LINT_AD_CA_ISSUERS))
        lint_say(job, "authorityInfoAccess has no caIssuers");
    else if (ext->critical)
        lint_say(job, "authorityInfoAccess is critical");
}
