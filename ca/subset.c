/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/subset.h"

#include <string.h>
#include <strings.h>

#include "ca/oid.h"

static bool same_text(struct sg_slice a, struct sg_slice b)
{
    return a.len == b.len
           && (a.len == 0
               || strncasecmp((const char *)a.p, (const char *)b.p, a.len)
                      == 0);
}

static bool ends_with(struct sg_slice text, struct sg_slice tail)
{
    return text.len >= tail.len
           && same_text(SG_SLICE(text.p + (text.len - tail.len), tail.len),
                        tail);
}

/* A name covers itself and everything below (RFC 5280 4.2.1.10). */
static bool dns_within(struct sg_slice inner, struct sg_slice outer)
{
    if (outer.len == 0 || same_text(inner, outer))
        return true;
    return inner.len > outer.len && ends_with(inner, outer)
           && inner.p[inner.len - outer.len - 1] == '.';
}

/* Hosts of URIs and mailboxes: a plain name is that host alone, one with a
 * leading dot what is below it. */
static bool host_within(struct sg_slice inner, struct sg_slice outer)
{
    if (same_text(inner, outer))
        return true;
    return outer.len > 0 && outer.p[0] == '.' && inner.len > outer.len
           && ends_with(inner, outer);
}

static const uint8_t *at_sign(struct sg_slice text)
{
    return text.len > 0 ? memchr(text.p, '@', text.len) : NULL;
}

static bool email_within(struct sg_slice inner, struct sg_slice outer)
{
    const uint8_t *inner_at = at_sign(inner);
    const uint8_t *outer_at = at_sign(outer);
    size_t local;

    if (inner_at == NULL)
        return outer_at == NULL && host_within(inner, outer);
    local = (size_t)(inner_at - inner.p) + 1;
    if (outer_at == NULL)
        return host_within(SG_SLICE(inner.p + local, inner.len - local), outer);
    /* The local part is compared as it stands (RFC 5280 7.5). */
    return inner.len == outer.len && memcmp(inner.p, outer.p, local) == 0
           && same_text(inner, outer);
}

/* A user principal name looks like an email address. Of other values no order
 * is known. */
static bool other_within(const struct ca_subtree *inner,
                         const struct ca_subtree *outer)
{
    return ca_oid_is(inner->oid, CA_OID_UPN)
               ? email_within(inner->value, outer->value)
               : sg_slice_eq(inner->value, outer->value);
}

/* Address and mask, 4 + 4 or 16 + 16 octets. */
static bool ip_within(struct sg_slice inner, struct sg_slice outer)
{
    size_t half = outer.len / 2;

    if (inner.len != outer.len || (outer.len != 8 && outer.len != 32))
        return false;
    for (size_t i = 0; i < half; i++) {
        uint8_t mask = outer.p[half + i];

        if ((inner.p[half + i] & mask) != mask
            || ((inner.p[i] ^ outer.p[i]) & mask) != 0)
            return false;
    }
    return true;
}

/* Names as whole DER: outer's RDNs are the first ones of inner. */
static bool directory_within(struct sg_slice inner, struct sg_slice outer)
{
    struct sg_err err = { 0 };
    struct sg_der in;
    struct sg_der a;
    struct sg_der b;

    sg_der_init(&in, inner, "name");
    if (sg_der_enter(&in, SG_DER_SEQUENCE, &a, &err) != SG_OK)
        return false;
    sg_der_init(&in, outer, "name");
    if (sg_der_enter(&in, SG_DER_SEQUENCE, &b, &err) != SG_OK)
        return false;
    while (sg_der_more(&b)) {
        struct sg_der_tlv ours;
        struct sg_der_tlv theirs;

        if (sg_der_get(&a, SG_DER_SET, &ours, &err) != SG_OK
            || sg_der_get(&b, SG_DER_SET, &theirs, &err) != SG_OK
            || !sg_slice_eq(ours.whole, theirs.whole))
            return false;
    }
    return true;
}

bool ca_subtree_within(const struct ca_subtree *inner,
                       const struct ca_subtree *outer)
{
    if (inner->kind != outer->kind)
        return false;
    switch (inner->kind) {
    case CA_SAN_DNS:
        return dns_within(inner->value, outer->value);
    case CA_SAN_EMAIL:
        return email_within(inner->value, outer->value);
    case CA_SAN_URI:
        return host_within(inner->value, outer->value);
    case CA_SAN_IP:
        return ip_within(inner->value, outer->value);
    case CA_SAN_DIRECTORY:
        return directory_within(inner->value, outer->value);
    case CA_SAN_OTHER:
        return sg_slice_eq(inner->oid, outer->oid)
               && other_within(inner, outer);
    case CA_SAN_UNSET:
        break;
    }
    return false;
}

/* The same form: IPv4 and IPv6 are one name form, but a permitted IPv4 range
 * says nothing good about IPv6 (RFC 5280 4.2.1.10), so kind is enough. */
static bool same_form(const struct ca_subtree *a, const struct ca_subtree *b)
{
    return a->kind == b->kind
           && (a->kind != CA_SAN_OTHER || sg_slice_eq(a->oid, b->oid));
}

static enum sg_rc check_permitted(const struct ca_subtree *tree,
                                  const struct ca_constraints *parent,
                                  const char *parent_name, struct sg_err *err)
{
    bool limited = false;
    bool inside = false;
    char text[160];

    for (size_t i = 0; i < parent->permitted.n; i++) {
        limited |= same_form(tree, &parent->permitted.tree[i]);
        inside |= ca_subtree_within(tree, &parent->permitted.tree[i]);
    }
    if (limited && !inside)
        return sg_err_set(err, SG_POLICY,
                          "name constraints: permitted %s \"%s\" reaches "
                          "beyond what \"%.128s\" permits (RFC 5280 4.2.1.10)",
                          ca_san_kind_name(tree->kind),
                          ca_subtree_text(tree, text, sizeof text),
                          parent_name);
    for (size_t i = 0; i < parent->excluded.n; i++)
        if (ca_subtree_within(tree, &parent->excluded.tree[i]))
            return sg_err_set(err, SG_POLICY,
                              "name constraints: permitted %s \"%s\" lies in "
                              "what \"%.128s\" excludes (RFC 5280 4.2.1.10)",
                              ca_san_kind_name(tree->kind),
                              ca_subtree_text(tree, text, sizeof text),
                              parent_name);
    return SG_OK;
}

enum sg_rc ca_constraints_within(const struct ca_constraints *child,
                                 const struct ca_constraints *parent,
                                 const char *parent_name, struct sg_err *err)
{
    for (size_t i = 0; i < child->permitted.n; i++)
        SG_TRY(check_permitted(&child->permitted.tree[i], parent, parent_name,
                               err));
    return SG_OK;
}
