/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup-openssl.h"
#include "common/parse.h"
#include "lint/crl-view.h"
#include "lint/rules.h"

#define DAY 86400
#define NUMBER_OCTETS_MAX 20 /* RFC 5280 5.2.3 */
#define LIFE_DAYS_MAX 10     /* subscriber certificates, BR 4.9.7 */
#define LIFE_DAYS_MAX_CA 366 /* CRLs that cover CA certificates */
#define SERIAL_TEXT 64

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

/* Does issuingDistributionPoint say that only CA certificates are covered?
 * [2] onlyContainsCACerts. */
static bool covers_only_ca(const struct lint_job *job)
{
    const struct lint_ext *idp = FIND(job, LINT_OID_IDP);
    struct lint_iter iter;
    struct sg_der_tlv tlv;

    if (idp == NULL)
        return false;
    lint_iter_init(&iter, idp->value, "issuingDistributionPoint");
    while (lint_iter_next(&iter, &tlv))
        if (tlv.tag == SG_DER_CONTEXT(2) && tlv.content.len == 1
            && tlv.content.p[0] == 0xff)
            return true;
    return false;
}

void lint_crl_lifetime(struct lint_job *job)
{
    const struct lint_crl_view *crl = job->crl;
    int days = covers_only_ca(job) ? LIFE_DAYS_MAX_CA : LIFE_DAYS_MAX;

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
}

void lint_crl_empty_list(struct lint_job *job)
{
    struct sg_der entries = job->crl->entries;

    if (job->crl->has_entries && !sg_der_more(&entries))
        lint_say(job, "revokedCertificates is there and empty");
}

static int by_bytes(const void *a, const void *b)
{
    const struct sg_slice *x = a;
    const struct sg_slice *y = b;

    if (x->len != y->len)
        return x->len < y->len ? -1 : 1;
    return memcmp(x->p, y->p, x->len);
}

static size_t count_entries(struct lint_job *job)
{
    struct sg_der entries = job->crl->entries;
    struct lint_crl_entry entry;
    size_t n = 0;
    bool ok = true;

    if (job->crl->has_entries)
        while (lint_crl_next(&entries, &entry, &ok))
            n++;
    if (!ok)
        lint_say(job, "entry %zu of revokedCertificates is malformed", n + 1);
    return n;
}

void lint_crl_serial_twice(struct lint_job *job)
{
    struct sg_der entries = job->crl->entries;
    struct lint_crl_entry entry;
    char text[SERIAL_TEXT];
    size_t n = count_entries(job);
    bool ok;

    if (n < 2)
        return;
    struct sg_slice *serials = calloc(n, sizeof(*serials));
    if (serials == NULL) {
        lint_say(job, "no memory to compare %zu entries", n);
        return;
    }
    for (size_t i = 0; i < n && lint_crl_next(&entries, &entry, &ok); i++)
        serials[i] = entry.serial;
    qsort(serials, n, sizeof(*serials), by_bytes);
    for (size_t i = 1; i < n; i++)
        if (sg_slice_eq(serials[i - 1], serials[i]))
            lint_say(job, "serial number %s stands twice",
                     sg_hex(serials[i], text, sizeof(text)));
    free(serials);
}

static const char *reason_fault(const struct lint_ext *ext, bool is_public)
{
    if (ext->critical)
        return "is critical";
    if (ext->value.len != 3 || ext->value.p[0] != SG_DER_ENUMERATED
        || ext->value.p[1] != 1)
        return "is not an ENUMERATED of one octet";
    uint8_t reason = ext->value.p[2];
    if (reason == 0)
        return "is unspecified(0), which must be left out";
    if (reason == 7 || reason > 10)
        return "is a number that has no meaning";
    if (reason == 6 && is_public)
        return "is certificateHold";
    return NULL;
}

void lint_crl_reason(struct lint_job *job)
{
    bool is_public = job->options->profile == LINT_PROFILE_PUBLIC_TLS;
    struct sg_der entries = job->crl->entries;
    struct lint_crl_entry entry;
    char text[SERIAL_TEXT];
    bool ok;

    if (!job->crl->has_entries)
        return;
    while (lint_crl_next(&entries, &entry, &ok)) {
        const struct lint_ext *ext =
            lint_find_ext(entry.ext, entry.n_ext, LINT_OID_REASON);
        const char *fault = ext != NULL ? reason_fault(ext, is_public) : NULL;
        if (fault != NULL)
            lint_say(job, "reasonCode of %s %s",
                     sg_hex(entry.serial, text, sizeof(text)), fault);
    }
}

void lint_crl_revocation_date(struct lint_job *job)
{
    struct sg_der entries = job->crl->entries;
    struct lint_crl_entry entry;
    char text[SERIAL_TEXT];
    bool ok;

    if (!job->crl->has_entries)
        return;
    while (lint_crl_next(&entries, &entry, &ok)) {
        (void)sg_hex(entry.serial, text, sizeof(text));
        if (!entry.date.ok)
            lint_say(job, "revocationDate of %s has a wrong form", text);
        else if (job->crl->this_update.ok
                 && entry.date.t > job->crl->this_update.t)
            lint_say(job, "revocationDate of %s is later than thisUpdate",
                     text);
    }
}

void lint_crl_idp(struct lint_job *job)
{
    const struct lint_ext *ext = FIND(job, LINT_OID_IDP);
    struct lint_iter iter;
    struct sg_der_tlv tlv;

    if (ext == NULL)
        return;
    if (!ext->critical)
        lint_say(job, "issuingDistributionPoint is not critical");
    if (LINT_IS(ext->value, "\x30\x00"))
        lint_say(job, "issuingDistributionPoint is empty");
    lint_iter_init(&iter, ext->value, "issuingDistributionPoint");
    while (lint_iter_next(&iter, &tlv))
        if (tlv.tag == SG_DER_CONTEXT(4))
            lint_say(job, "an indirect CRL");
}

void lint_crl_delta(struct lint_job *job)
{
    const struct lint_ext *ext = FIND(job, LINT_OID_DELTA);

    if (ext != NULL && !ext->critical)
        lint_say(job, "deltaCRLIndicator is not critical");
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
    const struct lint_ext *ski;
    struct lint_iter iter;
    struct sg_der_tlv tlv;

    if (job->issuer == NULL)
        return;
    if (!sg_slice_eq(job->crl->issuer, job->issuer->subject))
        lint_say(job, "issuer is not, byte for byte, the subject of the CA");
    /* Algorithms that differ have a rule of their own. */
    if (sg_slice_eq(job->crl->inner_alg, job->crl->outer_alg)
        && !signature_holds(job->crl, job->issuer))
        lint_say(job, "the signature does not verify with the CA's key");
    ski = lint_cert_ext(job->issuer, LINT_OID_SKI);
    if (aki == NULL || ski == NULL || ski->value.len < 2)
        return;
    lint_iter_init(&iter, aki->value, "authorityKeyIdentifier");
    while (lint_iter_next(&iter, &tlv))
        if (tlv.tag == SG_DER_CONTEXT(0)
            && !sg_slice_eq(tlv.content,
                            SG_SLICE(ski->value.p + 2, ski->value.len - 2)))
            lint_say(job, "authorityKeyIdentifier is not the CA's "
                          "subjectKeyIdentifier");
}
