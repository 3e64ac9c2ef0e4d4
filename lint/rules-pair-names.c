/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <string.h>

#include "lint/constraints.h"
#include "lint/names.h"

#define VALUE_MAX 96
#define OID_CN "\x55\x04\x03"
#define OID_EMAIL "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01"

/* Name constraints need the certificates above: each is held against every
 * certificate of the chain, not just the next one. */

struct name {
    uint8_t tag;
    struct sg_slice value;
    bool no_host; /* nothing that a constraint could be held against */
};

/* Same name form? IPv4 and IPv6 are two (8 and 32 octets of subtree). */
static bool same_form(const struct lint_subtree *tree, const struct name *name)
{
    return tree->tag == name->tag
           && (name->tag != LINT_GN_IP
               || tree->value.len == 2 * name->value.len);
}

static void say_name(struct lint_job *job, const struct name *name,
                     const char *what)
{
    char text[VALUE_MAX];

    lint_say(job, "%s \"%s\" %s", lint_gn_name(name->tag),
             lint_gn_text(name->tag, name->value, text, sizeof(text)), what);
}

static void hold_name(struct lint_job *job, const struct lint_cert *ca,
                      const struct name *name)
{
    struct lint_nc_iter iter;
    struct lint_subtree tree;
    bool constrained = false;
    bool any_permitted = false;
    bool permitted = false;

    if (!lint_nc_init(&iter, ca))
        return;
    while (lint_nc_next(&iter, &tree)) {
        bool alike = tree.tag == name->tag
                     && lint_same_form(tree.tag, tree.value, name->value);
        constrained |= alike;
        any_permitted |= alike && !tree.excluded;
        if (!same_form(&tree, name))
            continue;
        bool holds = lint_subtree_holds(name->tag, tree.value, name->value);
        permitted |= holds && !tree.excluded;
        if (tree.excluded
            && (holds
                || lint_subtree_resembles(name->tag, tree.value, name->value)))
            say_name(job, name, "lies in an excluded subtree");
    }
    if (constrained && name->no_host)
        say_name(job, name, "has no host name to hold against constraints");
    else if (any_permitted && !permitted)
        say_name(job, name, "lies in no permitted subtree");
}

/* A wildcard is held by its base: "*.example.com" is below example.com. */
static struct sg_slice without_wildcard(struct sg_slice dns)
{
    return dns.len > 2 && memcmp(dns.p, "*.", 2) == 0
               ? SG_SLICE(dns.p + 1, dns.len - 1)
               : dns;
}

/* An empty label may be inside or outside; a URI may lack a host name, and must
 * not be there when URIs are constrained (RFC 5280 4.2.1.10). */
static bool has_no_host(const struct sg_der_tlv *san)
{
    struct sg_slice value = san->content;

    if (san->tag == LINT_GN_URI)
        return lint_host_fault(lint_uri_host(value), false) != NULL;
    return san->tag == LINT_GN_DNS
           && (value.len == 0 || value.p[0] == '.'
               || value.p[value.len - 1] == '.'
               || memmem(value.p, value.len, "..", 2) != NULL);
}

static void hold_sans(struct lint_job *job, const struct lint_cert *ca)
{
    const struct lint_ext *ext = lint_cert_ext(job->cert, LINT_OID_SAN);
    struct lint_iter iter;
    struct sg_der_tlv san;

    if (ext == NULL)
        return;
    lint_iter_init(&iter, ext->value, "subjectAltName");
    for (size_t n = 0; n < LINT_SANS_MAX && lint_iter_next(&iter, &san); n++) {
        struct name name = { san.tag, san.content, has_no_host(&san) };
        if (san.tag == LINT_GN_DNS)
            name.value = without_wildcard(san.content);
        if (san.tag == LINT_GN_DIRECTORY) {
            struct sg_der inner;
            struct sg_der_tlv dn;
            sg_der_inside(&iter.in, &san, &inner);
            if (sg_der_any(&inner, &dn, &iter.err) != SG_OK)
                continue;
            name.value = dn.whole;
        }
        hold_name(job, ca, &name);
    }
}

/* A CN that old verifiers take for the name of a host, or for its address. */
static void hold_cn(struct lint_job *job, const struct lint_cert *ca,
                    struct sg_slice cn)
{
    struct name name = { LINT_GN_DNS, without_wildcard(cn), false };
    char text[INET6_ADDRSTRLEN];
    uint8_t octets[16];

    if (lint_looks_like_ip(cn) && cn.len < sizeof(text)) {
        int family = memchr(cn.p, ':', cn.len) != NULL ? AF_INET6 : AF_INET;
        memcpy(text, cn.p, cn.len);
        text[cn.len] = '\0';
        if (inet_pton(family, text, octets) != 1)
            return;
        name = (struct name){ LINT_GN_IP,
                              SG_SLICE(octets, family == AF_INET ? 4 : 16),
                              false };
        hold_name(job, ca, &name);
    } else if (memchr(cn.p, '.', cn.len) != NULL
               && lint_host_fault(cn, true) == NULL) {
        hold_name(job, ca, &name);
    }
}

static void hold_subject(struct lint_job *job, const struct lint_cert *ca)
{
    struct lint_dn_iter iter;
    struct lint_rdn rdn;
    struct name subject = { LINT_GN_DIRECTORY, job->cert->subject, false };

    if (job->cert->subject.len > 2)
        hold_name(job, ca, &subject);
    lint_dn_init(&iter, job->cert->subject);
    while (lint_dn_next(&iter, &rdn)) {
        struct name name = { LINT_GN_EMAIL, rdn.value, false };
        if (LINT_IS(rdn.oid, OID_EMAIL))
            hold_name(job, ca, &name);
        else if (LINT_IS(rdn.oid, OID_CN) && !job->cert->is_ca)
            hold_cn(job, ca, rdn.value);
    }
}

/* All certificates above; self-issued CAs are exempt unless they come last
 * (RFC 5280 6.1.3 b). */
void lint_pair_nc_names(struct lint_job *job)
{
    if (job->index > 0 && lint_self_issued(job->cert))
        return;
    for (size_t i = job->index + 1; i < job->n_chain; i++) {
        hold_subject(job, &job->chain[i]);
        hold_sans(job, &job->chain[i]);
    }
}

void lint_pair_nc_wildcard(struct lint_job *job)
{
    const struct lint_ext *ext = lint_cert_ext(job->cert, LINT_OID_SAN);
    struct lint_iter iter;
    struct sg_der_tlv san;
    struct lint_nc_iter nc;
    struct lint_subtree tree;
    char name[VALUE_MAX];
    char other[VALUE_MAX];

    if (ext == NULL || (job->index > 0 && lint_self_issued(job->cert)))
        return;
    lint_iter_init(&iter, ext->value, "subjectAltName");
    for (size_t n = 0; n < LINT_SANS_MAX && lint_iter_next(&iter, &san); n++)
        for (size_t i = job->index + 1; i < job->n_chain; i++) {
            if (san.tag != LINT_GN_DNS || !lint_nc_init(&nc, &job->chain[i]))
                continue;
            while (lint_nc_next(&nc, &tree))
                if (tree.excluded && tree.tag == LINT_GN_DNS
                    && lint_wildcard_meets(san.content, tree.value))
                    lint_say(job, "\"%s\" covers names in excluded \"%s\"",
                             lint_text(san.content, name, sizeof(name)),
                             lint_text(tree.value, other, sizeof(other)));
        }
}

struct place {
    bool constrained; /* the form has permitted subtrees */
    bool permitted;   /* and the subtree lies inside one */
    bool excluded;    /* inside an excluded one */
};

static struct place place_subtree(const struct lint_cert *ca,
                                  const struct lint_subtree *inner)
{
    struct place place = { 0 };
    struct lint_nc_iter iter;
    struct lint_subtree tree;

    if (!lint_nc_init(&iter, ca))
        return place;
    while (lint_nc_next(&iter, &tree)) {
        if (tree.tag != inner->tag
            || !lint_same_form(tree.tag, tree.value, inner->value))
            continue;
        bool inside = lint_subtree_inside(tree.tag, inner->value, tree.value);
        place.constrained |= !tree.excluded;
        place.permitted |= inside && !tree.excluded;
        place.excluded |= inside && tree.excluded;
    }
    return place;
}

/* What a CA permits must lie inside what every CA above permits, and not
 * wholly inside what one of them excludes. */
void lint_pair_nc_subset(struct lint_job *job)
{
    struct lint_nc_iter iter;
    struct lint_subtree tree;
    char text[VALUE_MAX];

    if (!lint_nc_init(&iter, job->cert))
        return;
    while (lint_nc_next(&iter, &tree))
        for (size_t i = job->index + 1; !tree.excluded && i < job->n_chain;
             i++) {
            struct place place = place_subtree(&job->chain[i], &tree);
            if (place.excluded || (place.constrained && !place.permitted))
                lint_say(job, "permitted %s \"%s\" lies %s (certificate %zu)",
                         lint_gn_name(tree.tag),
                         lint_gn_text(tree.tag, tree.value, text, sizeof(text)),
                         place.excluded ? "inside what is excluded above"
                                        : "outside what is permitted above",
                         i);
        }
}

/* A form that no subtree names is free: usually an oversight. */
void lint_pair_nc_open_forms(struct lint_job *job)
{
    static const struct {
        uint8_t tag;
        size_t len; /* of an IP subtree */
        const char *name;
    } forms[] = {
        { LINT_GN_DNS, 0, "dNSName" }, { LINT_GN_IP, 8, "IPv4" },
        { LINT_GN_IP, 32, "IPv6" },    { LINT_GN_EMAIL, 0, "rfc822Name" },
        { LINT_GN_URI, 0, "URI" },
    };
    struct lint_nc_iter iter;
    struct lint_subtree tree;

    /* Without any subtree nc_empty has spoken. */
    if (!lint_nc_init(&iter, job->cert) || !lint_nc_next(&iter, &tree))
        return;
    for (size_t i = 0; i < SG_ARRAY_LEN(forms); i++) {
        bool named = false;
        (void)lint_nc_init(&iter, job->cert);
        while (lint_nc_next(&iter, &tree))
            named |= tree.tag == forms[i].tag
                     && (forms[i].len == 0 || tree.value.len == forms[i].len);
        if (!named)
            lint_say(job, "the name constraints leave %s open", forms[i].name);
    }
}
