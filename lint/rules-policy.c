/* SPDX-License-Identifier: Apache-2.0 */
#include "lint/rules.h"

#include <string.h>

/* Certificate policies and the extensions that steer them. */

#define ANY_POLICY "\x55\x1d\x20\x00"
#define QUALIFIER_CPS "\x2b\x06\x01\x05\x05\x07\x02\x01"

#define QUALIFIER_NOTICE "\x2b\x06\x01\x05\x05\x07\x02\x02"
#define EXPLICIT_TEXT_MAX 200 /* characters, RFC 5280 4.2.1.4 */
#define TAG_BMP_STRING 0x1e

/* The CA/Browser Forum's reserved policies. */
static bool is_reserved(struct sg_slice oid)
{
    return LINT_IS(oid, LINT_POLICY_DV) || LINT_IS(oid, LINT_POLICY_OV)
           || LINT_IS(oid, LINT_POLICY_IV) || LINT_IS(oid, LINT_POLICY_EV);
}

struct policies {
    bool present;
    size_t n, reserved;
    bool any;
};

/* Policy by policy, with the qualifiers of each. */
struct policy_iter {
    struct lint_iter infos;
    struct sg_slice oid;
    bool has_list; /* qualifiers, perhaps none in it */
    struct sg_der list;
};

static bool policies_init(struct policy_iter *iter,
                          const struct lint_cert *cert)
{
    const struct lint_ext *ext = lint_cert_ext(cert, LINT_OID_POLICIES);

    if (ext != NULL)
        lint_iter_init(&iter->infos, ext->value, "certificatePolicies");
    return ext != NULL;
}

static bool policies_next(struct policy_iter *iter)
{
    struct sg_der_tlv tlv;
    struct sg_der info;

    if (!lint_iter_next(&iter->infos, &tlv))
        return false;
    sg_der_inside(&iter->infos.in, &tlv, &info);
    if (sg_der_oid(&info, &iter->oid, &iter->infos.err) != SG_OK)
        return false;
    iter->has_list =
        sg_der_more(&info)
        && sg_der_enter(&info, SG_DER_SEQUENCE, &iter->list, &iter->infos.err)
               == SG_OK;
    return true;
}

bool lint_has_policy(const struct lint_cert *cert, const char *oid)
{
    struct policy_iter iter;

    if (!policies_init(&iter, cert))
        return false;
    while (policies_next(&iter))
        if (lint_is(iter.oid, oid, strlen(oid)))
            return true;
    return false;
}

static struct policies count_policies(const struct lint_cert *cert)
{
    struct policies found = { 0 };
    struct policy_iter iter;

    found.present = policies_init(&iter, cert);
    while (found.present && policies_next(&iter)) {
        found.n++;
        found.any |= LINT_IS(iter.oid, ANY_POLICY);
        found.reserved += is_reserved(iter.oid);
    }
    return found;
}

void lint_sub_ca_policies(struct lint_job *job)
{
    if (lint_cert_ext(job->cert, LINT_OID_POLICIES) == NULL)
        lint_say(job, "no certificatePolicies");
}

/* Exactly one reserved policy; anyPolicy alone for affiliates. */
void lint_sub_ca_policy_one(struct lint_job *job)
{
    struct policies found = count_policies(job->cert);

    if (!found.present)
        return;
    if (found.reserved != 1 && !(found.any && found.reserved == 0))
        lint_say(job,
                 "certificatePolicies holds %zu reserved policies, must be "
                 "one",
                 found.reserved);
    else if (found.any && found.n > 1)
        lint_say(job, "certificatePolicies holds anyPolicy beside others");
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

void lint_policy_qualifiers(struct lint_job *job)
{
    struct sg_err ignored = { 0 };
    struct policy_iter iter;
    struct sg_der qualifier;

    if (!policies_init(&iter, job->cert))
        return;
    while (policies_next(&iter)) {
        if (iter.has_list && !sg_der_more(&iter.list))
            lint_say(job, "policyQualifiers is an empty sequence");
        while (iter.has_list && sg_der_more(&iter.list)) {
            const char *fault = "is not well-formed";
            bool ok =
                sg_der_enter(&iter.list, SG_DER_SEQUENCE, &qualifier, &ignored)
                == SG_OK;
            if (ok)
                fault = qualifier_fault(&qualifier);
            if (fault != NULL)
                lint_say(job, "a policy qualifier %s", fault);
            if (!ok)
                return;
        }
    }
}

/* The next qualifier of any policy: its OID and what follows. */
static bool next_qualifier(struct policy_iter *iter, struct sg_slice *ret_oid,
                           struct sg_der *ret_rest)
{
    struct sg_err *err = &iter->infos.err;

    while (!iter->has_list || !sg_der_more(&iter->list))
        if (!policies_next(iter))
            return false;
    return sg_der_enter(&iter->list, SG_DER_SEQUENCE, ret_rest, err) == SG_OK
           && sg_der_oid(ret_rest, ret_oid, err) == SG_OK;
}

/* A verifier that does not know the qualifier has to refuse the certificate
 * when the extension is critical; and anyPolicy may have no other. */
void lint_policy_unknown_qualifier(struct lint_job *job)
{
    const struct lint_ext *ext = lint_cert_ext(job->cert, LINT_OID_POLICIES);
    struct policy_iter iter = { 0 };
    struct sg_slice oid;
    struct sg_der rest;
    char text[SG_OID_TEXT_MAX];

    if (!policies_init(&iter, job->cert))
        return;
    while (next_qualifier(&iter, &oid, &rest)) {
        if (LINT_IS(oid, QUALIFIER_CPS) || LINT_IS(oid, QUALIFIER_NOTICE))
            continue;
        if (LINT_IS(iter.oid, ANY_POLICY))
            lint_say(job, "anyPolicy has the qualifier %s",
                     sg_oid_to_text(oid, text));
        else if (ext->critical)
            lint_say(job, "qualifier %s in a critical certificatePolicies",
                     sg_oid_to_text(oid, text));
    }
}

struct notice {
    bool has_reference, has_text;
    struct sg_der_tlv text; /* explicitText */
};

/* The next user notice of any policy. */
static bool next_notice(struct policy_iter *iter, struct notice *ret)
{
    struct sg_err *err = &iter->infos.err;
    struct sg_slice oid;
    struct sg_der rest;
    struct sg_der notice;

    do
        if (!next_qualifier(iter, &oid, &rest))
            return false;
    while (!LINT_IS(oid, QUALIFIER_NOTICE));
    *ret = (struct notice){ 0 };
    if (sg_der_enter(&rest, SG_DER_SEQUENCE, &notice, err) != SG_OK)
        return false;
    ret->has_reference = sg_der_next_is(&notice, SG_DER_SEQUENCE);
    if (ret->has_reference && sg_der_any(&notice, &ret->text, err) != SG_OK)
        return false;
    ret->has_text = sg_der_more(&notice);
    return !ret->has_text || sg_der_any(&notice, &ret->text, err) == SG_OK;
}

static size_t characters(const struct sg_der_tlv *text)
{
    size_t n = 0;

    if (text->tag == TAG_BMP_STRING)
        return text->content.len / 2;
    for (size_t i = 0; i < text->content.len; i++)
        n += text->tag != SG_DER_UTF8_STRING
             || (text->content.p[i] & 0xc0) != 0x80;
    return n;
}

void lint_policy_text(struct lint_job *job)
{
    struct policy_iter iter = { 0 };
    struct notice notice;

    if (!policies_init(&iter, job->cert))
        return;
    while (next_notice(&iter, &notice)) {
        if (!notice.has_text)
            continue;
        if (notice.text.tag == SG_DER_IA5_STRING)
            lint_say(job, "explicitText is an IA5String");
        if (notice.text.content.len == 0)
            lint_say(job, "explicitText is empty");
        else if (characters(&notice.text) > EXPLICIT_TEXT_MAX)
            lint_say(job,
                     "explicitText has %zu characters, at most %d are "
                     "allowed",
                     characters(&notice.text), EXPLICIT_TEXT_MAX);
    }
}

void lint_policy_notice(struct lint_job *job)
{
    struct policy_iter iter = { 0 };
    struct notice notice;

    if (!policies_init(&iter, job->cert))
        return;
    while (next_notice(&iter, &notice)) {
        struct sg_slice text = notice.text.content;
        bool control = false;

        if (notice.has_reference)
            lint_say(job, "a user notice has a noticeRef");
        if (!notice.has_text || notice.text.tag == SG_DER_IA5_STRING)
            continue; /* policy_text has spoken */
        if (notice.text.tag != SG_DER_UTF8_STRING)
            lint_say(job, "explicitText is not a UTF8String");
        for (size_t i = 0; i < text.len; i++)
            control |= text.p[i] < 0x20 || text.p[i] == 0x7f;
        if (control && notice.text.tag != TAG_BMP_STRING)
            lint_say(job, "explicitText has control characters");
    }
}

void lint_policies_not_critical(struct lint_job *job)
{
    const struct lint_ext *ext = lint_cert_ext(job->cert, LINT_OID_POLICIES);

    if (ext != NULL && ext->critical)
        lint_say(job, "certificatePolicies is critical");
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

/* What is mapped from should be a policy of the certificate. */
void lint_policy_mappings_listed(struct lint_job *job)
{
    const struct lint_ext *ext =
        lint_cert_ext(job->cert, LINT_OID_POLICY_MAPPINGS);
    struct policy_iter policies;
    struct lint_iter iter;
    struct sg_der_tlv tlv;
    struct sg_der pair;
    struct sg_slice oid;
    char text[SG_OID_TEXT_MAX];

    if (ext == NULL)
        return;
    if (!ext->critical)
        lint_say(job, "policyMappings is not critical");
    lint_iter_init(&iter, ext->value, "policyMappings");
    while (lint_iter_next(&iter, &tlv)) {
        bool listed = false;
        sg_der_inside(&iter.in, &tlv, &pair);
        if (sg_der_oid(&pair, &oid, &iter.err) != SG_OK)
            return;
        if (policies_init(&policies, job->cert))
            while (!listed && policies_next(&policies))
                listed = sg_slice_eq(oid, policies.oid);
        if (!listed && !LINT_IS(oid, ANY_POLICY))
            lint_say(job,
                     "policyMappings maps %s, which certificatePolicies "
                     "does not hold",
                     sg_oid_to_text(oid, text));
    }
}
