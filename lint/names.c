/* SPDX-License-Identifier: Apache-2.0 */
#include "lint/names.h"

#include <string.h>

#include "common/parse.h"
#include "lint/rules.h"

#define OID_UPN "\x2b\x06\x01\x04\x01\x82\x37\x14\x02\x03"
#define NAME_MAX_OCTETS 253
#define LABEL_MAX_OCTETS 63

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

bool lint_same_text(struct sg_slice a, struct sg_slice b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (lower(a.p[i]) != lower(b.p[i]))
            return false;
    return true;
}

static bool ends_with(struct sg_slice name, struct sg_slice tail)
{
    return name.len >= tail.len
           && lint_same_text(SG_SLICE(name.p + name.len - tail.len, tail.len),
                             tail);
}

bool lint_looks_like_ip(struct sg_slice name)
{
    size_t dots = 0;

    for (size_t i = 0; i < name.len; i++) {
        if (name.p[i] == ':')
            return true;
        if (name.p[i] == '.')
            dots++;
        else if (name.p[i] < '0' || name.p[i] > '9')
            return false;
    }
    return dots == 3;
}

static const char *label_fault(struct sg_slice label)
{
    if (label.len == 0)
        return "has an empty label";
    if (label.len > LABEL_MAX_OCTETS)
        return "has a label of more than 63 octets";
    if (label.p[0] == '-' || label.p[label.len - 1] == '-')
        return "has a label that begins or ends with a hyphen";
    for (size_t i = 0; i < label.len; i++) {
        uint8_t c = lower(label.p[i]);
        if (c == '_')
            return "has an underscore";
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'))
            return "has a character other than letters, digits and hyphens";
    }
    return NULL;
}

const char *lint_host_fault(struct sg_slice name, bool wildcard_allowed)
{
    if (name.len == 0)
        return "is empty";
    if (name.len > NAME_MAX_OCTETS)
        return "has more than 253 octets";
    if (lint_looks_like_ip(name))
        return "is an IP address";
    if (wildcard_allowed && name.len > 2 && memcmp(name.p, "*.", 2) == 0)
        name = SG_SLICE(name.p + 2, name.len - 2);
    while (true) {
        const uint8_t *dot = memchr(name.p, '.', name.len);
        size_t len = dot != NULL ? (size_t)(dot - name.p) : name.len;
        const char *fault = label_fault(SG_SLICE(name.p, len));
        if (fault != NULL || dot == NULL)
            return fault;
        name = SG_SLICE(dot + 1, name.len - len - 1);
    }
}

struct sg_slice lint_uri_host(struct sg_slice uri)
{
    const uint8_t *start = memmem(uri.p, uri.len, "://", 3);
    struct sg_slice none = { 0 };

    if (start == NULL)
        return none;
    start += 3;
    const uint8_t *end = uri.p + uri.len;
    const uint8_t *stop = start;
    while (stop < end && *stop != '/' && *stop != '?' && *stop != '#')
        stop++;
    const uint8_t *at = memrchr(start, '@', (size_t)(stop - start));
    if (at != NULL)
        start = at + 1;
    if (start < stop && *start == '[') {
        const uint8_t *close = memchr(start, ']', (size_t)(stop - start));
        if (close == NULL)
            return none;
        return SG_SLICE(start + 1, (size_t)(close - start - 1));
    }
    const uint8_t *colon = memchr(start, ':', (size_t)(stop - start));
    if (colon != NULL)
        stop = colon;
    return SG_SLICE(start, (size_t)(stop - start));
}

/* dNSName: the name itself and everything to its left; "" is everything. */
static bool dns_holds(struct sg_slice subtree, struct sg_slice name)
{
    if (subtree.len == 0)
        return true;
    if (!ends_with(name, subtree))
        return false;
    return name.len == subtree.len || name.p[name.len - subtree.len - 1] == '.'
           || subtree.p[0] == '.';
}

/* Hosts in email and URI: a plain host is that host only, ".host" is what is
 * below it. */
static bool host_holds(struct sg_slice subtree, struct sg_slice host)
{
    if (subtree.len > 0 && subtree.p[0] == '.')
        return host.len > subtree.len && ends_with(host, subtree);
    return lint_same_text(subtree, host);
}

static bool email_holds(struct sg_slice subtree, struct sg_slice name)
{
    const uint8_t *at = memrchr(name.p, '@', name.len);

    if (subtree.len == 0)
        return true;
    if (at == NULL)
        return false;
    if (memchr(subtree.p, '@', subtree.len) == NULL)
        return host_holds(
            subtree, SG_SLICE(at + 1, name.len - (size_t)(at + 1 - name.p)));
    /* A mailbox: the local part is compared as it stands. */
    size_t local = (size_t)(at - name.p);
    return subtree.len == name.len && memcmp(subtree.p, name.p, local) == 0
           && lint_same_text(subtree, name);
}

static bool ip_holds(struct sg_slice subtree, struct sg_slice ip)
{
    if (subtree.len != 2 * ip.len)
        return false;
    for (size_t i = 0; i < ip.len; i++)
        if (((ip.p[i] ^ subtree.p[i]) & subtree.p[ip.len + i]) != 0)
            return false;
    return true;
}

/* RDN by RDN from the top: the content of one Name begins with the other. */
static bool directory_holds(struct sg_slice subtree, struct sg_slice name)
{
    struct sg_err ignored = { 0 };
    struct sg_der a;
    struct sg_der b;
    struct sg_der outer;

    sg_der_init(&outer, subtree, "name");
    if (sg_der_enter(&outer, SG_DER_SEQUENCE, &a, &ignored) != SG_OK)
        return false;
    sg_der_init(&outer, name, "name");
    if (sg_der_enter(&outer, SG_DER_SEQUENCE, &b, &ignored) != SG_OK)
        return false;
    size_t len = (size_t)(a.end - a.p);
    return (size_t)(b.end - b.p) >= len && memcmp(a.p, b.p, len) == 0;
}

bool lint_subtree_resembles(uint8_t tag, struct sg_slice subtree,
                            struct sg_slice name)
{
    struct lint_dn_iter a;
    struct lint_dn_iter b;
    struct lint_rdn want;
    struct lint_rdn have;

    if (tag != LINT_GN_DIRECTORY)
        return false;
    lint_dn_init(&a, subtree);
    lint_dn_init(&b, name);
    while (lint_dn_next(&a, &want))
        if (!lint_dn_next(&b, &have) || !sg_slice_eq(want.oid, have.oid)
            || want.multi != have.multi
            || !sg_text_alike(want.value, have.value))
            return false;
    return a.rdns.ok;
}

/* The content of an otherName: type-id, then [0] with the value. */
static bool read_other(struct sg_slice other, struct sg_slice *ret_oid,
                       struct sg_der_tlv *ret_value)
{
    struct sg_err ignored = { 0 };
    struct sg_der in;
    struct sg_der value;

    sg_der_init(&in, other, "otherName");
    return sg_der_oid(&in, ret_oid, &ignored) == SG_OK
           && sg_der_enter(&in, SG_DER_CONTEXT_CONSTRUCTED(0), &value, &ignored)
                  == SG_OK
           && sg_der_any(&value, ret_value, &ignored) == SG_OK;
}

bool lint_read_upn(struct sg_slice other, struct sg_slice *ret)
{
    struct sg_slice oid = { 0 };
    struct sg_der_tlv value = { 0 };

    if (!read_other(other, &oid, &value) || !LINT_IS(oid, OID_UPN))
        return false;
    *ret = value.content;
    return true;
}

bool lint_same_form(uint8_t tag, struct sg_slice a, struct sg_slice b)
{
    struct sg_slice oid_a = { 0 };
    struct sg_slice oid_b = { 0 };
    struct sg_der_tlv ignored = { 0 };

    return tag != LINT_GN_OTHER
           || (read_other(a, &oid_a, &ignored)
               && read_other(b, &oid_b, &ignored) && sg_slice_eq(oid_a, oid_b));
}

/* RFC 5280 compares no otherName: a user principal name is held as the email
 * address that it looks like, any other must be equal. */
static bool other_holds(struct sg_slice subtree, struct sg_slice name)
{
    struct sg_slice held = { 0 };
    struct sg_slice upn = { 0 };

    return lint_read_upn(subtree, &held) && lint_read_upn(name, &upn)
               ? email_holds(held, upn)
               : sg_slice_eq(subtree, name);
}

bool lint_subtree_holds(uint8_t tag, struct sg_slice subtree,
                        struct sg_slice name)
{
    switch (tag) {
    case LINT_GN_DNS:
        return dns_holds(subtree, name);
    case LINT_GN_EMAIL:
        return email_holds(subtree, name);
    case LINT_GN_URI:
        return subtree.len == 0 || host_holds(subtree, lint_uri_host(name));
    case LINT_GN_IP:
        return ip_holds(subtree, name);
    case LINT_GN_DIRECTORY:
        return directory_holds(subtree, name);
    case LINT_GN_OTHER:
        return other_holds(subtree, name);
    default:
        return sg_slice_eq(subtree, name);
    }
}

static bool ip_inside(struct sg_slice inner, struct sg_slice outer)
{
    size_t n = inner.len / 2;

    if (inner.len != outer.len || inner.len % 2 != 0)
        return false;
    for (size_t i = 0; i < n; i++) {
        uint8_t mask = outer.p[n + i];
        if ((inner.p[n + i] & mask) != mask
            || ((inner.p[i] ^ outer.p[i]) & mask) != 0)
            return false;
    }
    return true;
}

/* "host" lies inside "host" only; ".sub.host" inside ".host"; a mailbox inside
 * its host. */
static bool host_inside(struct sg_slice inner, struct sg_slice outer)
{
    if (outer.len == 0 || lint_same_text(inner, outer))
        return true;
    const uint8_t *at = inner.len > 0 ? memrchr(inner.p, '@', inner.len) : NULL;
    if (at != NULL)
        inner = SG_SLICE(at + 1, inner.len - (size_t)(at + 1 - inner.p));
    if (memchr(outer.p, '@', outer.len) != NULL)
        return false;
    if (outer.p[0] == '.')
        return inner.len > outer.len && ends_with(inner, outer);
    return at != NULL && lint_same_text(inner, outer);
}

static bool other_inside(struct sg_slice inner, struct sg_slice outer)
{
    struct sg_slice a = { 0 };
    struct sg_slice b = { 0 };

    return lint_read_upn(inner, &a) && lint_read_upn(outer, &b)
               ? host_inside(a, b)
               : sg_slice_eq(inner, outer);
}

bool lint_subtree_inside(uint8_t tag, struct sg_slice inner,
                         struct sg_slice outer)
{
    switch (tag) {
    case LINT_GN_IP:
        return ip_inside(inner, outer);
    case LINT_GN_EMAIL:
    case LINT_GN_URI:
        return host_inside(inner, outer);
    case LINT_GN_DNS:
        return dns_holds(outer, inner);
    case LINT_GN_OTHER:
        return other_inside(inner, outer);
    default:
        return lint_subtree_holds(tag, outer, inner);
    }
}

bool lint_wildcard_meets(struct sg_slice wildcard, struct sg_slice subtree)
{
    struct sg_slice base;

    if (wildcard.len < 3 || memcmp(wildcard.p, "*.", 2) != 0)
        return false;
    base = SG_SLICE(wildcard.p + 2, wildcard.len - 2);
    if (dns_holds(subtree, base))
        return true;
    /* One label more than the base, whichever it is. */
    if (subtree.len <= base.len + 1 || !ends_with(subtree, base)
        || subtree.p[subtree.len - base.len - 1] != '.')
        return false;
    return memchr(subtree.p, '.', subtree.len - base.len - 1) == NULL;
}
