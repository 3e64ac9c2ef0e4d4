/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "lint/constraints.h"
#include "lint/names.h"

#define VALUE_MAX 96

bool lint_nc_init(struct lint_nc_iter *iter, const struct lint_cert *cert)
{
    const struct lint_ext *ext = lint_cert_ext(cert, LINT_OID_NAME_CONSTRAINTS);

    *iter = (struct lint_nc_iter){ 0 };
    if (ext == NULL)
        return false;
    lint_iter_init(&iter->lists, ext->value, "nameConstraints");
    return true;
}

static bool read_subtree(struct lint_nc_iter *iter, struct lint_subtree *ret)
{
    struct sg_err *err = &iter->lists.err;
    struct sg_der tree;
    struct sg_der_tlv tlv;

    *ret = (struct lint_subtree){ .excluded = iter->excluded };
    if (sg_der_enter(&iter->trees, SG_DER_SEQUENCE, &tree, err) != SG_OK
        || sg_der_any(&tree, &tlv, err) != SG_OK)
        return false;
    ret->tag = tlv.tag;
    ret->value = tlv.content;
    if (tlv.tag == LINT_GN_DIRECTORY) {
        struct sg_der inner;
        struct sg_der_tlv name;
        sg_der_inside(&tree, &tlv, &inner);
        if (sg_der_any(&inner, &name, err) != SG_OK)
            return false;
        ret->value = name.whole;
    }
    while (sg_der_more(&tree)) {
        if (sg_der_any(&tree, &tlv, err) != SG_OK)
            return false;
        ret->has_minimum |= tlv.tag == SG_DER_CONTEXT(0);
        ret->has_maximum |= tlv.tag == SG_DER_CONTEXT(1);
    }
    return true;
}

bool lint_nc_next(struct lint_nc_iter *iter, struct lint_subtree *ret)
{
    struct sg_der_tlv list;

    while (!iter->in_list || !sg_der_more(&iter->trees)) {
        if (!lint_iter_next(&iter->lists, &list))
            return false;
        sg_der_inside(&iter->lists.in, &list, &iter->trees);
        iter->excluded = list.tag == SG_DER_CONTEXT_CONSTRUCTED(1);
        iter->in_list = true;
    }
    return read_subtree(iter, ret);
}

void lint_nc_only_ca(struct lint_job *job)
{
    if (lint_cert_ext(job->cert, LINT_OID_NAME_CONSTRAINTS) != NULL)
        lint_say(job, "nameConstraints in a certificate that is no CA");
}

void lint_nc_critical(struct lint_job *job)
{
    const struct lint_ext *ext =
        lint_cert_ext(job->cert, LINT_OID_NAME_CONSTRAINTS);

    if (ext != NULL && !ext->critical)
        lint_say(job, "nameConstraints is not critical");
}

void lint_nc_empty(struct lint_job *job)
{
    struct lint_nc_iter iter;
    struct lint_subtree tree;

    if (lint_nc_init(&iter, job->cert) && !lint_nc_next(&iter, &tree))
        lint_say(job, "nameConstraints holds no subtree, or is malformed");
}

void lint_nc_base_distance(struct lint_job *job)
{
    struct lint_nc_iter iter;
    struct lint_subtree tree;

    if (!lint_nc_init(&iter, job->cert))
        return;
    while (lint_nc_next(&iter, &tree)) {
        if (tree.has_minimum)
            lint_say(job, "a subtree writes minimum; it must be 0, the "
                          "default");
        if (tree.has_maximum)
            lint_say(job, "a subtree has a maximum");
    }
}

void lint_nc_dns(struct lint_job *job)
{
    struct lint_nc_iter iter;
    struct lint_subtree tree;
    char text[VALUE_MAX];

    if (!lint_nc_init(&iter, job->cert))
        return;
    while (lint_nc_next(&iter, &tree)) {
        if (tree.tag != LINT_GN_DNS || tree.value.len == 0)
            continue;
        const char *fault = tree.value.p[0] == '.'
                                ? "begins with a dot"
                                : lint_host_fault(tree.value, false);
        if (fault != NULL)
            lint_say(job, "dNSName subtree \"%s\" %s",
                     lint_text(tree.value, text, sizeof(text)), fault);
    }
}

static const char *ip_fault(struct sg_slice subtree)
{
    size_t n = subtree.len / 2;
    bool ended = false;

    if (subtree.len != 8 && subtree.len != 32)
        return "has neither 8 nor 32 octets";
    for (size_t bit = 0; bit < 8 * n; bit++) {
        uint8_t mask = (uint8_t)(0x80 >> bit % 8);
        bool one = (subtree.p[n + bit / 8] & mask) != 0;
        if (one && ended)
            return "has a mask with a hole";
        ended |= !one;
        if (!one && (subtree.p[bit / 8] & mask) != 0)
            return "has host bits set";
    }
    return NULL;
}

void lint_nc_ip(struct lint_job *job)
{
    struct lint_nc_iter iter;
    struct lint_subtree tree;

    if (!lint_nc_init(&iter, job->cert))
        return;
    while (lint_nc_next(&iter, &tree)) {
        const char *fault =
            tree.tag == LINT_GN_IP ? ip_fault(tree.value) : NULL;
        if (fault != NULL)
            lint_say(job, "iPAddress subtree %s", fault);
    }
}

/* Technically constrained (BR 7.1.2.5): DNS, IPv4 and IPv6 each addressed,
 * and a permitted directoryName. */
void lint_nc_technical(struct lint_job *job)
{
    struct lint_nc_iter iter;
    struct lint_subtree tree;
    bool dns = false;
    bool ip4 = false;
    bool ip6 = false;
    bool directory = false;

    if (!job->options->technically_constrained)
        return;
    if (lint_nc_init(&iter, job->cert))
        while (lint_nc_next(&iter, &tree)) {
            dns |= tree.tag == LINT_GN_DNS;
            ip4 |= tree.tag == LINT_GN_IP && tree.value.len == 8;
            ip6 |= tree.tag == LINT_GN_IP && tree.value.len == 32;
            directory |= tree.tag == LINT_GN_DIRECTORY && !tree.excluded;
        }
    if (!dns)
        lint_say(job, "no subtree addresses dNSName");
    if (!ip4)
        lint_say(job, "no subtree addresses IPv4");
    if (!ip6)
        lint_say(job, "no subtree addresses IPv6");
    if (!directory)
        lint_say(job, "no permitted subtree addresses directoryName");
}
