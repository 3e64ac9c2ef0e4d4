/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/err.h>

#include "common/cleanup-openssl.h"
#include "lint/crl-view.h"
#include "lint/rules.h"

#define DAY 86400
#define NUMBER_OCTETS_MAX 20 /* RFC 5280 5.2.3 */
#define LIFE_DAYS_MAX 10     /* subscriber certificates, BR 4.9.7 */
#define LIFE_DAYS_MAX_CA 366 /* CRLs that cover CA certificates */

#define FIND(job, oid) lint_find_ext((job)->crl->ext, (job)->crl->n_ext, (oid))

void lint_crl_version(struct lint_job *job)
{
    if (!job->crl->has_version || job->crl->version != 1)
        lint_say(job, "the version is not 2");
}

void lint_crl_algorithms(struct lint_job *job)
{
    if (!sg_slice_eq(job->crl->inner_alg, job->crl->outer_alg))
        lint_say(job, "signature and signatureAlgorithm differ");
}

void lint_crl_times(struct lint_job *job)
{
    const struct lint_crl_view *crl = job->crl;

    if (!crl->this_update.ok)
        lint_say(job, "thisUpdate is not in the form of RFC 5280 5.1.2.4");
    if (crl->has_next_update && !crl->next_update.ok)
        lint_say(job, "nextUpdate is not in the form of RFC 5280 5.1.2.5");
}

void lint_crl_next_update(struct lint_job *job)
{
    const struct lint_crl_view *crl = job->crl;

    if (!crl->has_next_update)
        lint_say(job, "no nextUpdate");
    else if (crl->this_update.ok && crl->next_update.ok
             && crl->next_update.t <= crl->this_update.t)
        lint_say(job, "nextUpdate is not later than thisUpdate");
}

void lint_crl_lifetime(struct lint_job *job)
{
    const struct lint_crl_view *crl = job->crl;
    bool of_cas =
        lint_crl_scope_is(crl, LINT_SCOPE_CA)
        || (job->issuer != NULL && job->issuer->kind == LINT_KIND_ROOT);
    int days = of_cas ? LIFE_DAYS_MAX_CA : LIFE_DAYS_MAX;

    if (crl->has_next_update && crl->this_update.ok && crl->next_update.ok
        && crl->next_update.t - crl->this_update.t > (int64_t)days * DAY)
        lint_say(job, "nextUpdate is more than %d days after thisUpdate", days);
}

void lint_crl_number(struct lint_job *job)
{
    const struct lint_ext *ext = FIND(job, LINT_OID_CRL_NUMBER);
    struct sg_err ignored = { 0 };
    struct sg_der in;
    struct sg_slice number;

    if (ext == NULL) {
        lint_say(job, "no cRLNumber");
        return;
    }
    if (ext->critical)
        lint_say(job, "cRLNumber is critical");
    sg_der_init(&in, ext->value, "cRLNumber");
    if (sg_der_integer(&in, &number, &ignored) != SG_OK
        || (number.p[0] & 0x80) != 0)
        lint_say(job, "cRLNumber is not a non-negative integer");
    else if (number.len > NUMBER_OCTETS_MAX)
        lint_say(job, "cRLNumber has more than %d octets", NUMBER_OCTETS_MAX);
}

void lint_crl_aki(struct lint_job *job)
{
    const struct lint_ext *ext = FIND(job, LINT_OID_AKI);

    if (ext == NULL)
        lint_say(job, "no authorityKeyIdentifier");
    else if (ext->critical)
        lint_say(job, "authorityKeyIdentifier is critical");
    else if (lint_authority_key_id(ext).len == 0)
        lint_say(job, "authorityKeyIdentifier has no keyIdentifier");
}

void lint_crl_aki_form(struct lint_job *job)
{
    lint_aki_names_issuer(job, FIND(job, LINT_OID_AKI));
}

void lint_crl_empty_list(struct lint_job *job)
{
    struct sg_der entries = job->crl->entries;

    if (job->crl->has_entries && !sg_der_more(&entries))
        lint_say(job, "revokedCertificates is there and empty");
}

void lint_crl_idp(struct lint_job *job)
{
    const struct lint_ext *ext = FIND(job, LINT_OID_IDP);
    struct lint_iter iter;
    struct sg_der_tlv tlv;
    int scopes = 0;

    if (ext == NULL)
        return;
    if (!ext->critical)
        lint_say(job, "issuingDistributionPoint is not critical");
    if (LINT_IS(ext->value, "\x30\x00"))
        lint_say(job, "issuingDistributionPoint is empty");
    lint_iter_init(&iter, ext->value, "issuingDistributionPoint");
    while (lint_iter_next(&iter, &tlv)) {
        bool is_true = LINT_IS(tlv.content, "\xff");
        if (tlv.tag == SG_DER_CONTEXT(4) && is_true)
            lint_say(job, "an indirect CRL");
        if (tlv.tag != SG_DER_CONTEXT_CONSTRUCTED(0)
            && tlv.tag != SG_DER_CONTEXT(3) && !is_true)
            lint_say(job, "issuingDistributionPoint writes FALSE, the default");
        scopes += tlv.tag == SG_DER_CONTEXT(1) || tlv.tag == SG_DER_CONTEXT(2)
                  || tlv.tag == SG_DER_CONTEXT(5);
    }
    if (scopes > 1)
        lint_say(job, "issuingDistributionPoint has more than one scope");
}

/* Content octets of the INTEGER that an extension holds; empty: none. */
static struct sg_slice number_in(const struct lint_ext *ext)
{
    struct sg_err ignored = { 0 };
    struct sg_slice number = { 0 };
    struct sg_der in;

    if (ext == NULL)
        return number;
    sg_der_init(&in, ext->value, "number");
    if (sg_der_integer(&in, &number, &ignored) != SG_OK)
        return (struct sg_slice){ 0 };
    return number;
}

void lint_crl_delta(struct lint_job *job)
{
    const struct lint_ext *ext = FIND(job, LINT_OID_DELTA);
    struct sg_slice base = number_in(ext);
    struct sg_slice own = number_in(FIND(job, LINT_OID_CRL_NUMBER));

    if (ext == NULL)
        return;
    if (!ext->critical)
        lint_say(job, "deltaCRLIndicator is not critical");
    if (base.len == 0)
        lint_say(job, "deltaCRLIndicator is not an INTEGER");
    else if (own.len > 0 && lint_by_bytes(&base, &own) >= 0)
        lint_say(job, "the base's number is not below the delta's");
}

/* Those that a reader of CRLs must know when they are critical. */
void lint_crl_extension_critical(struct lint_job *job)
{
    const struct lint_crl_view *crl = job->crl;
    char oid[SG_OID_TEXT_MAX];

    for (size_t i = 0; i < crl->n_ext; i++)
        if (crl->ext[i].critical && !LINT_IS(crl->ext[i].oid, LINT_OID_IDP)
            && !LINT_IS(crl->ext[i].oid, LINT_OID_DELTA)
            && !LINT_IS(crl->ext[i].oid, LINT_OID_AKI)
            && !LINT_IS(crl->ext[i].oid, LINT_OID_CRL_NUMBER))
            lint_say(job, "critical extension %s is not known",
                     sg_oid_to_text(crl->ext[i].oid, oid));
}

void lint_crl_issuer_empty(struct lint_job *job)
{
    if (LINT_IS(job->crl->issuer, "\x30\x00"))
        lint_say(job, "issuer is empty");
}

void lint_crl_algorithm_allowed(struct lint_job *job)
{
    if (!lint_algorithm_known(job->crl->inner_alg, job->options->profile))
        lint_say(job, "the signature algorithm, or how it is encoded, is not "
                      "allowed");
}

void lint_crl_extension_twice(struct lint_job *job)
{
    const struct lint_crl_view *crl = job->crl;
    char oid[SG_OID_TEXT_MAX];

    for (size_t i = 0; i < crl->n_ext; i++)
        for (size_t k = 0; k < i; k++)
            if (sg_slice_eq(crl->ext[i].oid, crl->ext[k].oid))
                lint_say(job, "extension %s stands twice",
                         sg_oid_to_text(crl->ext[i].oid, oid));
}

static bool signature_holds(const struct lint_crl_view *crl,
                            const struct lint_cert *issuer)
{
    const unsigned char *p = crl->der.p;
    const unsigned char *k = issuer->spki.p;

    X509_CRL *parsed = d2i_X509_CRL(NULL, &p, (long)crl->der.len);
    SG_CLEANUP(EVP_PKEY_free)
    EVP_PKEY *key = d2i_PUBKEY(NULL, &k, (long)issuer->spki.len);
    bool ok =
        parsed != NULL && key != NULL && X509_CRL_verify(parsed, key) == 1;
    X509_CRL_free(parsed);
    ERR_clear_error();
    return ok;
}

void lint_crl_issuer(struct lint_job *job)
{
    const struct lint_ext *aki = FIND(job, LINT_OID_AKI);

    if (job->issuer == NULL)
        return;
    if (!sg_slice_eq(job->crl->issuer, job->issuer->subject))
        lint_say(job, "issuer is not, byte for byte, the subject of the CA");
    /* Algorithms that differ have a rule of their own. */
    if (sg_slice_eq(job->crl->inner_alg, job->crl->outer_alg)
        && !signature_holds(job->crl, job->issuer))
        lint_say(job, "the signature does not verify with the CA's key");
    struct sg_slice above = lint_authority_key_id(aki);
    struct sg_slice own = lint_subject_key_id(job->issuer);
    if (above.len > 0 && own.len > 0 && !sg_slice_eq(above, own))
        lint_say(job, "authorityKeyIdentifier is not the CA's "
                      "subjectKeyIdentifier");
}

/* RFC 5280 6.3.3 (f). */
void lint_crl_issuer_usage(struct lint_job *job)
{
    bool has;

    if (job->issuer == NULL)
        return;
    uint16_t usage = lint_key_usage(job->issuer, &has);
    if (has && (usage & LINT_KU_CRL_SIGN) == 0)
        lint_say(job, "the CA's keyUsage has no cRLSign");
}

void lint_crl_algorithm_fits(struct lint_job *job)
{
    if (job->issuer != NULL
        && !lint_algorithm_fits(job->issuer, job->crl->inner_alg))
        lint_say(job, "the signature algorithm, or its hash, is not the one "
                      "that belongs to the CA's key");
}
