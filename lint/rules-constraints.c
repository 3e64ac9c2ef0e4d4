/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "lint/constraints.h"
#include "lint/names.h"

#define VALUE_MAX 96

bool lint_nc_init(struct lint_nc_iter *iter, const struct lint_cert *cert)
{
    const struct lint_ext *ext = lint_cert_ext(cert, LINT_OID_NAME_CONSTRAINTS);

    if (ext == NULL)
        return false;
    iter->n = 0;
    iter->in_list = false;
    iter->excluded = false;
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

static bool next_list(struct lint_nc_iter *iter)
{
    struct sg_der_tlv list;

    if (!lint_iter_next(&iter->lists, &list))
        return false;
    sg_der_inside(&iter->lists.in, &list, &iter->trees);
    iter->excluded = list.tag == SG_DER_CONTEXT_CONSTRUCTED(1);
    iter->in_list = true;
    iter->lists.ok =
        (iter->excluded || list.tag == SG_DER_CONTEXT_CONSTRUCTED(0))
        && sg_der_more(&iter->trees);
    return iter->lists.ok;
}

bool lint_nc_next(struct lint_nc_iter *iter, struct lint_subtree *ret)
{
    if (!iter->lists.ok)
        return false;
    if ((!iter->in_list || !sg_der_more(&iter->trees)) && !next_list(iter))
        return false;
    if (iter->n++ == LINT_SUBTREES_MAX) /* nc_count speaks */
        return false;
    iter->lists.ok = read_subtree(iter, ret);
    return iter->lists.ok;
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

    if (lint_nc_init(&iter, job->cert) && !lint_nc_next(&iter, &tree)
        && iter.lists.ok)
        lint_say(job, "nameConstraints holds no subtree");
}

/* A walk that ends early would leave names free. */
void lint_nc_malformed(struct lint_job *job)
{
    struct lint_nc_iter iter;
    struct lint_subtree tree;

    if (!lint_nc_init(&iter, job->cert))
        return;
    while (lint_nc_next(&iter, &tree))
        continue;
    if (!iter.lists.ok)
        lint_say(job, "nameConstraints is not well-formed");
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

void lint_nc_dns_lower_case(struct lint_job *job)
{
    struct lint_nc_iter iter;
    struct lint_subtree tree;
    char text[VALUE_MAX];

    if (!lint_nc_init(&iter, job->cert))
        return;
    while (lint_nc_next(&iter, &tree)) {
        bool capital = false;
        for (size_t i = 0; tree.tag == LINT_GN_DNS && i < tree.value.len; i++)
            capital |= tree.value.p[i] >= 'A' && tree.value.p[i] <= 'Z';
        if (capital)
            lint_say(job, "dNSName subtree \"%s\" has capital letters",
                     lint_text(tree.value, text, sizeof(text)));
    }
}

/* ".host" or "host"; a mailbox too when it is about email. */
static const char *host_fault(struct sg_slice value, bool is_email)
{
    const uint8_t *at = is_email ? memrchr(value.p, '@', value.len) : NULL;

    if (at == value.p)
        return "has nothing before the @";
    if (at != NULL)
        value = SG_SLICE(at + 1, value.len - (size_t)(at + 1 - value.p));
    else if (value.p[0] == '.')
        value = SG_SLICE(value.p + 1, value.len - 1);
    return lint_host_fault(value, false);
}

static void say_hosts(struct lint_job *job, uint8_t tag)
{
    struct lint_nc_iter iter;
    struct lint_subtree tree;
    char text[VALUE_MAX];

    if (!lint_nc_init(&iter, job->cert))
        return;
    while (lint_nc_next(&iter, &tree)) {
        if (tree.tag != tag || (tree.excluded && tree.value.len == 0))
            continue; /* excluded: all of them (S/MIME BR 7.1.5) */
        const char *fault = tree.value.len == 0
                                ? "is empty: some verifiers take it for all, "
                                  "some for none"
                                : host_fault(tree.value, tag == LINT_GN_EMAIL);
        if (fault != NULL)
            lint_say(job, "%s subtree \"%s\" %s", lint_gn_name(tag),
                     lint_text(tree.value, text, sizeof(text)), fault);
    }
}

void lint_nc_email(struct lint_job *job)
{
    say_hosts(job, LINT_GN_EMAIL);
}

void lint_nc_uri(struct lint_job *job)
{
    say_hosts(job, LINT_GN_URI);
}

void lint_nc_directory(struct lint_job *job)
{
    struct lint_nc_iter iter;
    struct lint_subtree tree;
    struct lint_dn_iter dn;
    struct lint_rdn rdn;

    if (!lint_nc_init(&iter, job->cert))
        return;
    while (lint_nc_next(&iter, &tree)) {
        if (tree.tag != LINT_GN_DIRECTORY)
            continue;
        lint_dn_init(&dn, tree.value);
        while (lint_dn_next(&dn, &rdn))
            continue;
        if (!dn.rdns.ok)
            lint_say(job, "directoryName subtree is not a well-formed Name");
    }
}

/* A verifier that meets another form in a critical extension refuses the
 * chain: OpenSSL does so with registeredID. */
void lint_nc_forms(struct lint_job *job)
{
    static const uint8_t known_oids[] = { LINT_GN_OTHER, LINT_GN_EMAIL,
                                          LINT_GN_DNS,   LINT_GN_DIRECTORY,
                                          LINT_GN_URI,   LINT_GN_IP };
    struct lint_nc_iter iter;
    struct lint_subtree tree;

    if (!lint_nc_init(&iter, job->cert))
        return;
    while (lint_nc_next(&iter, &tree))
        if (memchr(known_oids, tree.tag, sizeof(known_oids)) == NULL)
            lint_say(job, "a subtree of the form %s, which verifiers refuse",
                     lint_gn_name(tree.tag));
}

void lint_nc_count(struct lint_job *job)
{
    struct lint_nc_iter iter;
    struct lint_subtree tree;

    if (!lint_nc_init(&iter, job->cert))
        return;
    while (lint_nc_next(&iter, &tree))
        continue;
    if (iter.n > LINT_SUBTREES_MAX)
        lint_say(job, "more than %d subtrees", LINT_SUBTREES_MAX);
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
