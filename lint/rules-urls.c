/* SPDX-License-Identifier: Apache-2.0 */
#include "lint/rules.h"

#include <string.h>

/* Where more is to be had: authorityInfoAccess and cRLDistributionPoints. */

#define LOCATIONS_MAX 64 /* more are not held against each other */

static void say_url(struct lint_job *job, const struct sg_der_tlv *name,
                    const char *where)
{
    char text[96];

    if (name->tag != SG_DER_CONTEXT(6))
        lint_say(job, "%s: a location is not a URI", where);
    else if (name->content.len < 8
             || memcmp(name->content.p, "http://", 7) != 0)
        lint_say(job, "%s: \"%s\" is not an http URL", where,
                 lint_text(name->content, text, sizeof(text)));
}

static void say_aia_urls(struct lint_job *job, const struct lint_ext *ext)
{
    struct lint_iter iter;
    struct sg_der_tlv tlv;

    lint_iter_init(&iter, ext->value, "authorityInfoAccess");
    while (lint_iter_next(&iter, &tlv)) {
        struct sg_der access;
        struct sg_slice method;
        struct sg_der_tlv location;

        sg_der_inside(&iter.in, &tlv, &access);
        if (sg_der_oid(&access, &method, &iter.err) == SG_OK
            && sg_der_any(&access, &location, &iter.err) == SG_OK)
            say_url(job, &location, "authorityInfoAccess");
    }
}

static void say_cdp_urls(struct lint_job *job, const struct lint_ext *ext)
{
    struct lint_iter iter;
    struct sg_der_tlv tlv;

    lint_iter_init(&iter, ext->value, "cRLDistributionPoints");
    while (lint_iter_next(&iter, &tlv)) {
        struct sg_der point;
        struct sg_der name;
        struct sg_der full;
        struct sg_der_tlv location;

        sg_der_inside(&iter.in, &tlv, &point);
        if (sg_der_enter(&point, SG_DER_CONTEXT_CONSTRUCTED(0), &name,
                         &iter.err)
                != SG_OK
            || sg_der_enter(&name, SG_DER_CONTEXT_CONSTRUCTED(0), &full,
                            &iter.err)
                   != SG_OK) {
            lint_say(job, "cRLDistributionPoints: a point has no fullName");
            return;
        }
        while (sg_der_more(&full)
               && sg_der_any(&full, &location, &iter.err) == SG_OK)
            say_url(job, &location, "cRLDistributionPoints");
    }
}

/* A point is a fullName: no reasons, no cRLIssuer (BR 7.1.2.11.2). */
void lint_cdp_form(struct lint_job *job)
{
    const struct lint_ext *cdp = lint_cert_ext(job->cert, LINT_OID_CDP);
    struct lint_iter iter;
    struct sg_der_tlv tlv;
    struct sg_der_tlv field;

    if (cdp == NULL)
        return;
    lint_iter_init(&iter, cdp->value, "cRLDistributionPoints");
    while (lint_iter_next(&iter, &tlv)) {
        struct sg_der point;
        sg_der_inside(&iter.in, &tlv, &point);
        while (sg_der_more(&point)
               && sg_der_any(&point, &field, &iter.err) == SG_OK)
            if (field.tag != SG_DER_CONTEXT_CONSTRUCTED(0))
                lint_say(job, "a distribution point has reasons or cRLIssuer");
    }
}

/* Plain http only: a fetch over https would need the very chain that is being
 * built. */
void lint_urls(struct lint_job *job)
{
    const struct lint_ext *aia = lint_cert_ext(job->cert, LINT_OID_AIA);
    const struct lint_ext *cdp = lint_cert_ext(job->cert, LINT_OID_CDP);

    if (aia != NULL)
        say_aia_urls(job, aia);
    if (cdp != NULL)
        say_cdp_urls(job, cdp);
}

/* A distribution point that old verifiers do not understand must not stop
 * them. */
void lint_cdp_not_critical(struct lint_job *job)
{
    const struct lint_ext *ext = lint_cert_ext(job->cert, LINT_OID_CDP);

    if (ext != NULL && ext->critical)
        lint_say(job, "cRLDistributionPoints is critical");
}

static bool method_is(struct sg_slice method, const char *literal)
{
    return lint_is(method, literal, strlen(literal));
}

static bool is_among(struct sg_slice location, const struct sg_slice *seen,
                     size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (sg_slice_eq(location, seen[i]))
            return true;
    return false;
}

/* OCSP and caIssuers only, and no location twice. */
void lint_aia_methods(struct lint_job *job)
{
    const struct lint_ext *aia = lint_cert_ext(job->cert, LINT_OID_AIA);
    struct sg_slice seen[LOCATIONS_MAX];
    struct lint_iter iter;
    struct sg_der_tlv tlv;
    char oid[SG_OID_TEXT_MAX];
    size_t n = 0;

    if (aia == NULL)
        return;
    lint_iter_init(&iter, aia->value, "authorityInfoAccess");
    while (n < LOCATIONS_MAX && lint_iter_next(&iter, &tlv)) {
        struct sg_der access;
        struct sg_slice method;

        sg_der_inside(&iter.in, &tlv, &access);
        if (sg_der_oid(&access, &method, &iter.err) != SG_OK)
            return;
        if (!method_is(method, LINT_AD_OCSP)
            && !method_is(method, LINT_AD_CA_ISSUERS))
            lint_say(job, "authorityInfoAccess: access method %s",
                     sg_oid_to_text(method, oid));
        if (is_among(tlv.content, seen, n))
            lint_say(job, "authorityInfoAccess: a location stands twice");
        seen[n++] = tlv.content;
    }
}
