/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "common/parse.h"
#include "lint/crl-view.h"
#include "lint/rules.h"

/* What stands in the list of revoked certificates. */

#define SERIAL_TEXT 64
#define SERIAL_OCTETS_MAX 20 /* RFC 5280 4.1.2.2 */

#define REASON_UNUSED 7
#define REASON_HOLD 6
#define REASON_REMOVE 8
#define REASON_LAST 10

static size_t count_entries(struct lint_job *job, bool *ret_ok)
{
    struct sg_der entries = job->crl->entries;
    struct lint_crl_entry entry;
    size_t n = 0;

    *ret_ok = true;
    if (job->crl->has_entries)
        while (lint_crl_next(&entries, &entry, ret_ok))
            n++;
    return n;
}

void lint_crl_entry_form(struct lint_job *job)
{
    bool ok;
    size_t n = count_entries(job, &ok);

    if (!ok)
        lint_say(job,
                 "entry %zu of revokedCertificates is malformed; those after "
                 "it are not looked at",
                 n + 1);
}

void lint_crl_serial_twice(struct lint_job *job)
{
    struct sg_der entries = job->crl->entries;
    struct lint_crl_entry entry;
    char text[SERIAL_TEXT];
    bool ok;
    size_t n = count_entries(job, &ok);

    if (n < 2)
        return;
    struct sg_slice *serials = calloc(n, sizeof(*serials));
    if (serials == NULL) {
        lint_say(job, "no memory to compare %zu entries", n);
        return;
    }
    for (size_t i = 0; i < n && lint_crl_next(&entries, &entry, &ok); i++)
        serials[i] = entry.serial;
    qsort(serials, n, sizeof(*serials), lint_by_bytes);
    for (size_t i = 1; i < n; i++)
        if (sg_slice_eq(serials[i - 1], serials[i]))
            lint_say(job, "serial number %s stands twice",
                     sg_hex(serials[i], text, sizeof(text)));
    free(serials);
}

/* Each entry in turn, with its serial number as text. */
struct walk {
    struct sg_der entries;
    struct lint_crl_entry entry;
    char serial[SERIAL_TEXT];
};

static void walk_init(struct walk *walk, const struct lint_crl_view *crl)
{
    static const uint8_t none_there[1];

    walk->entries = crl->entries;
    if (!crl->has_entries)
        sg_der_init(&walk->entries, SG_SLICE(none_there, 0), "crl");
}

static bool walk_next(struct walk *walk)
{
    bool ok;

    if (!lint_crl_next(&walk->entries, &walk->entry, &ok))
        return false;
    (void)sg_hex(walk->entry.serial, walk->serial, sizeof(walk->serial));
    return true;
}

static const struct lint_ext *entry_ext(const struct walk *walk,
                                        const char *oid)
{
    return lint_find_ext(walk->entry.ext, walk->entry.n_ext, oid);
}

void lint_crl_entry_serial(struct lint_job *job)
{
    struct walk walk;

    walk_init(&walk, job->crl);
    while (walk_next(&walk)) {
        struct sg_slice serial = walk.entry.serial;
        if ((serial.p[0] & 0x80) != 0 || serial.len > SERIAL_OCTETS_MAX
            || LINT_IS(serial, "\x00"))
            lint_say(job, "serial number %s is not positive, or too long",
                     walk.serial);
    }
}

static const char *reason_fault(const struct lint_job *job,
                                const struct lint_ext *ext)
{
    const struct lint_crl_view *crl = job->crl;

    if (ext->critical)
        return "is critical";
    if (ext->value.len != 3 || ext->value.p[0] != SG_DER_ENUMERATED
        || ext->value.p[1] != 1)
        return "is not an ENUMERATED of one octet";
    uint8_t reason = ext->value.p[2];
    if (reason == 0)
        return "is unspecified(0), which must be left out";
    if (reason == REASON_UNUSED || reason > REASON_LAST)
        return "is a number that has no meaning";
    if (reason == REASON_HOLD
        && job->options->profile == LINT_PROFILE_PUBLIC_TLS)
        return "is certificateHold";
    if (reason == REASON_REMOVE
        && lint_find_ext(crl->ext, crl->n_ext, LINT_OID_DELTA) == NULL)
        return "is removeFromCRL, and this is no delta";
    return NULL;
}

void lint_crl_reason(struct lint_job *job)
{
    struct walk walk;

    walk_init(&walk, job->crl);
    while (walk_next(&walk)) {
        const struct lint_ext *ext = entry_ext(&walk, LINT_OID_REASON);
        const char *fault = ext != NULL ? reason_fault(job, ext) : NULL;
        if (fault != NULL)
            lint_say(job, "reasonCode of %s %s", walk.serial, fault);
    }
}

/* keyCompromise, affiliationChanged, superseded, cessationOfOperation,
 * privilegeWithdrawn. */
void lint_crl_reason_subscriber(struct lint_job *job)
{
    const unsigned allowed = 1U << 1 | 1U << 3 | 1U << 4 | 1U << 5 | 1U << 9;
    struct walk walk;

    if (!lint_crl_scope_is(job->crl, LINT_SCOPE_USER))
        return;
    walk_init(&walk, job->crl);
    while (walk_next(&walk)) {
        const struct lint_ext *ext = entry_ext(&walk, LINT_OID_REASON);
        if (ext != NULL && ext->value.len == 3 && ext->value.p[2] <= REASON_LAST
            && ext->value.p[2] != 0 && (allowed >> ext->value.p[2] & 1) == 0)
            lint_say(job,
                     "reasonCode %d of %s is not for subscriber certificates",
                     ext->value.p[2], walk.serial);
    }
}

void lint_crl_reason_ca(struct lint_job *job)
{
    struct walk walk;

    if (!lint_crl_scope_is(job->crl, LINT_SCOPE_CA))
        return;
    walk_init(&walk, job->crl);
    while (walk_next(&walk))
        if (entry_ext(&walk, LINT_OID_REASON) == NULL)
            lint_say(job, "the CA certificate %s is revoked without a reason",
                     walk.serial);
}

void lint_crl_revocation_date(struct lint_job *job)
{
    struct walk walk;

    walk_init(&walk, job->crl);
    while (walk_next(&walk)) {
        if (!walk.entry.date.ok)
            lint_say(job, "revocationDate of %s has a wrong form", walk.serial);
        else if (job->crl->this_update.ok
                 && walk.entry.date.t > job->crl->this_update.t)
            lint_say(job, "revocationDate of %s is later than thisUpdate",
                     walk.serial);
    }
}

/* YYYYMMDDHHMMSSZ also before 2050: the type allows no UTCTime. */
static bool is_generalized_time(struct sg_slice value)
{
    bool ok = value.len == 17 && value.p[0] == SG_DER_GENERALIZED_TIME
              && value.p[1] == 15 && value.p[16] == 'Z';

    for (size_t i = 2; ok && i < 16; i++)
        ok = value.p[i] >= '0' && value.p[i] <= '9';
    return ok;
}

void lint_crl_invalidity_date(struct lint_job *job)
{
    struct walk walk;

    walk_init(&walk, job->crl);
    while (walk_next(&walk)) {
        const struct lint_ext *ext = entry_ext(&walk, LINT_OID_INVALIDITY);
        if (ext != NULL && (ext->critical || !is_generalized_time(ext->value)))
            lint_say(job,
                     "invalidityDate of %s is critical, or no GeneralizedTime",
                     walk.serial);
    }
}

/* certificateIssuer is for indirect CRLs; any other is one that no reader
 * knows, and then the entry may not be used. */
void lint_crl_entry_extension(struct lint_job *job)
{
    struct walk walk;
    char oid[SG_OID_TEXT_MAX];

    walk_init(&walk, job->crl);
    while (walk_next(&walk))
        for (size_t i = 0; i < walk.entry.n_ext; i++) {
            const struct lint_ext *ext = &walk.entry.ext[i];
            if (ext->critical && !LINT_IS(ext->oid, LINT_OID_CERT_ISSUER)
                && !LINT_IS(ext->oid, LINT_OID_REASON)
                && !LINT_IS(ext->oid, LINT_OID_INVALIDITY))
                lint_say(job, "critical extension %s of %s is not known",
                         sg_oid_to_text(ext->oid, oid), walk.serial);
            for (size_t k = 0; k < i; k++)
                if (sg_slice_eq(ext->oid, walk.entry.ext[k].oid))
                    lint_say(job, "extension %s of %s stands twice",
                             sg_oid_to_text(ext->oid, oid), walk.serial);
        }
}
