/* SPDX-License-Identifier: Apache-2.0 */
#include "lint/rules.h"

#include <string.h>

/* Certificate policies and the extensions that steer them. */

#define ANY_POLICY "\x55\x1d\x20\x00"
#define QUALIFIER_CPS "\x2b\x06\x01\x05\x05\x07\x02\x01"

/* The CA/Browser Forum's reserved policies: DV, OV, IV, EV. */
static bool is_reserved(struct sg_slice oid)
{
    return LINT_IS(oid, "\x67\x81\x0c\x01\x02\x01")
           || LINT_IS(oid, "\x67\x81\x0c\x01\x02\x02")
           || LINT_IS(oid, "\x67\x81\x0c\x01\x02\x03")
           || LINT_IS(oid, "\x67\x81\x0c\x01\x01");
}

struct policies {
    bool present;
    size_t reserved;
    bool any;
};

static struct policies count_policies(const struct lint_cert *cert)
{
    const struct lint_ext *ext = lint_cert_ext(cert, LINT_OID_POLICIES);
    struct policies found = { .present = ext != NULL };
    struct lint_iter iter;
    struct sg_der_tlv tlv;

    if (ext == NULL)
        return found;
    lint_iter_init(&iter, ext->value, "certificatePolicies");
    while (lint_iter_next(&iter, &tlv)) {
        struct sg_der info;
        struct sg_slice oid;
        sg_der_inside(&iter.in, &tlv, &info);
        if (sg_der_oid(&info, &oid, &iter.err) != SG_OK)
            break;
        found.any |= LINT_IS(oid, ANY_POLICY);
        found.reserved += is_reserved(oid);
    }
    return found;
}

/* Exactly one reserved policy; anyPolicy alone for affiliates. */
void lint_sub_ca_policies(struct lint_job *job)
{
    struct policies found = count_policies(job->cert);

    if (!found.present)
        lint_say(job, "no certificatePolicies");
    else if (found.reserved != 1 && !(found.any && found.reserved == 0))
        lint_say(job,
                 "certificatePolicies holds %zu reserved policies, must be "
                 "one",
                 found.reserved);
}

void lint_leaf_policies(struct lint_job *job)
{
    struct policies found = count_policies(job->cert);

    if (!found.present)
        lint_say(job, "no certificatePolicies");
    else if (found.reserved != 1)
        lint_say(job,
                 "certificatePolicies holds %zu reserved policies, must be "
                 "one",
                 found.reserved);
    if (found.any)
        lint_say(job, "certificatePolicies holds anyPolicy");
}

void lint_root_policies(struct lint_job *job)
{
    if (lint_cert_ext(job->cert, LINT_OID_POLICIES) != NULL)
        lint_say(job, "a root has certificatePolicies");
}

static const char *qualifier_fault(struct sg_der *qualifier)
{
    struct sg_err ignored = { 0 };
    struct sg_slice oid;
    struct sg_der_tlv value;

    if (sg_der_oid(qualifier, &oid, &ignored) != SG_OK
        || sg_der_any(qualifier, &value, &ignored) != SG_OK)
        return "is not well-formed";
    if (!LINT_IS(oid, QUALIFIER_CPS))
        return "is not a CPS";
    struct sg_slice url = value.content;
    if (value.tag != SG_DER_IA5_STRING || url.len < 9
        || (memcmp(url.p, "http://", 7) != 0
            && memcmp(url.p, "https://", 8) != 0))
        return "has no http or https URL";
    return NULL;
}

static void say_qualifiers(struct lint_job *job, struct sg_der *info)
{
    struct sg_err ignored = { 0 };
    struct sg_der_tlv skipped;
    struct sg_der list;
    struct sg_der qualifier;

    if (sg_der_any(info, &skipped, &ignored) != SG_OK || !sg_der_more(info)
        || sg_der_enter(info, SG_DER_SEQUENCE, &list, &ignored) != SG_OK)
        return;
    if (!sg_der_more(&list))
        lint_say(job, "policyQualifiers is an empty sequence");
    while (sg_der_more(&list)) {
        const char *fault = "is not well-formed";
        bool ok =
            sg_der_enter(&list, SG_DER_SEQUENCE, &qualifier, &ignored) == SG_OK;
        if (ok)
            fault = qualifier_fault(&qualifier);
        if (fault != NULL)
            lint_say(job, "a policy qualifier %s", fault);
        if (!ok)
            return;
    }
}

void lint_policy_qualifiers(struct lint_job *job)
{
    const struct lint_ext *ext = lint_cert_ext(job->cert, LINT_OID_POLICIES);
    struct lint_iter iter;
    struct sg_der_tlv tlv;
    struct sg_der info;

    if (ext == NULL)
        return;
    lint_iter_init(&iter, ext->value, "certificatePolicies");
    while (lint_iter_next(&iter, &tlv)) {
        sg_der_inside(&iter.in, &tlv, &info);
        say_qualifiers(job, &info);
    }
}

/* policyConstraints and inhibitAnyPolicy: in CA certificates, critical, and
 * saying something. */
void lint_policy_constraints(struct lint_job *job)
{
    static const struct {
        const char *oid;
        const char *name;
    } steering[] = {
        { LINT_OID_POLICY_CONSTRAINTS, "policyConstraints" },
        { LINT_OID_INHIBIT_ANY, "inhibitAnyPolicy" },
    };

    for (size_t i = 0; i < SG_ARRAY_LEN(steering); i++) {
        const struct lint_ext *ext = lint_cert_ext(job->cert, steering[i].oid);
        if (ext == NULL)
            continue;
        if (!job->cert->is_ca)
            lint_say(job, "%s in a certificate that is no CA",
                     steering[i].name);
        if (!ext->critical)
            lint_say(job, "%s is not critical", steering[i].name);
    }
}

void lint_policy_mappings(struct lint_job *job)
{
    const struct lint_ext *ext =
        lint_cert_ext(job->cert, LINT_OID_POLICY_MAPPINGS);
    struct lint_iter iter;
    struct sg_der_tlv tlv;
    struct sg_der pair;
    struct sg_slice oid;

    if (ext == NULL)
        return;
    if (!job->cert->is_ca)
        lint_say(job, "policyMappings in a certificate that is no CA");
    lint_iter_init(&iter, ext->value, "policyMappings");
    while (lint_iter_next(&iter, &tlv)) {
        sg_der_inside(&iter.in, &tlv, &pair);
        while (sg_der_more(&pair)
               && sg_der_oid(&pair, &oid, &iter.err) == SG_OK)
            if (LINT_IS(oid, ANY_POLICY))
                lint_say(job, "policyMappings maps anyPolicy");
    }
}
