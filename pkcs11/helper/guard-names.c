/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/helper/guard-names.h"

#include <string.h>

#include "pkcs11/helper/guard-text.h"

/* GeneralName's choices. */
enum form {
    FORM_OTHER = 0,
    FORM_EMAIL = 1,
    FORM_DNS = 2,
    FORM_DIRECTORY = 4,
    FORM_URI = 6,
    FORM_IP = 7,
    FORM_LAST = 8
};

static const char *const FORM_NAMES[] = {
    "otherName",     "email address", "DNS name",
    "X.400 address", "directoryName", "EDI party",
    "URI",           "IP address",    "registered ID",
};

struct name {
    unsigned form;
    struct sg_slice value; /* content; of a directoryName the whole Name */
};

/* Which side of the constraints is asked: in doubt a name is not inside a
 * permitted subtree, and is inside an excluded one. */
enum side { PERMITTED, EXCLUDED };

static const uint8_t OID_UPN[] = { 0x2b, 0x06, 0x01, 0x04, 0x01,
                                   0x82, 0x37, 0x14, 0x02, 0x03 };
static const uint8_t OID_EMAIL[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7,
                                     0x0d, 0x01, 0x09, 0x01 };
static const uint8_t OID_CN[] = { 0x55, 0x04, 0x03 };

#define IS(slice, oid) sg_slice_eq((slice), SG_SLICE((oid), sizeof(oid)))

/* --- hosts ------------------------------------------------------------------- */

static bool ends_with(struct sg_slice name, struct sg_slice tail)
{
    return name.len >= tail.len
           && tok_text_same_ascii(
               SG_SLICE(name.p + (name.len - tail.len), tail.len), tail);
}

/* Everything behind the first dot; empty without one. */
static struct sg_slice behind_dot(struct sg_slice s)
{
    const uint8_t *dot = s.len > 0 ? memchr(s.p, '.', s.len) : NULL;

    return dot == NULL ? SG_SLICE(s.p, 0)
                       : SG_SLICE(dot + 1, (size_t)(s.p + s.len - dot) - 1);
}

static struct sg_slice without_last_dot(struct sg_slice s)
{
    return s.len > 0 && s.p[s.len - 1] == '.' ? SG_SLICE(s.p, s.len - 1) : s;
}

static bool in_domain(struct sg_slice host, struct sg_slice base)
{
    if (host.len == base.len)
        return tok_text_same_ascii(host, base);
    return ends_with(host, base) && host.p[host.len - base.len - 1] == '.';
}

/* A first label with a '*' stands for every label. */
static bool is_wildcard(struct sg_slice host)
{
    size_t label = host.len - behind_dot(host).len;

    return label > 0 && memchr(host.p, '*', label) != NULL;
}

static bool dns_within(struct sg_slice base, struct sg_slice host,
                       enum side side)
{
    base = without_last_dot(base);
    host = without_last_dot(host);
    if (base.len == 0)
        return true;
    if (base.p[0] == '.') { /* not RFC 5280's; some mean "below" */
        if (side == PERMITTED)
            return ends_with(host, base) && host.len > base.len;
        base = SG_SLICE(base.p + 1, base.len - 1);
    }
    if (in_domain(host, base))
        return true;
    return side == EXCLUDED && is_wildcard(host)
           && tok_text_same_ascii(behind_dot(host), behind_dot(base));
}

/* Of email addresses and URIs: a host, or with a leading dot all below it. */
static bool host_within(struct sg_slice base, struct sg_slice host)
{
    base = without_last_dot(base);
    host = without_last_dot(host);
    if (base.len > 0 && base.p[0] == '.')
        return host.len > base.len && ends_with(host, base);
    return tok_text_same_ascii(host, base);
}

/* --- forms -------------------------------------------------------------------- */

/* Where the last '@' stands; s.len when there is none. */
static size_t last_at(struct sg_slice s)
{
    for (size_t i = s.len; i > 0; i--)
        if (s.p[i - 1] == '@')
            return i - 1;
    return s.len;
}

static bool email_within(struct sg_slice base, struct sg_slice name,
                         enum side side)
{
    size_t at = last_at(name);
    size_t base_at = last_at(base);

    if (base.len == 0)
        return true;
    if (at == name.len || at == 0)
        return side == EXCLUDED;
    struct sg_slice host = SG_SLICE(name.p + at + 1, name.len - at - 1);
    if (base_at == base.len)
        return host_within(base, host);
    /* The local part is compared as it is (RFC 5280 7.5); who is kept out is
     * not let in by other letters. */
    struct sg_slice local = SG_SLICE(name.p, at);
    struct sg_slice base_local = SG_SLICE(base.p, base_at);
    bool same = side == PERMITTED ? sg_slice_eq(local, base_local)
                                  : tok_text_same_ascii(local, base_local);
    return same
           && tok_text_same_ascii(
               SG_SLICE(base.p + base_at + 1, base.len - base_at - 1), host);
}

static bool ends_host(uint8_t c)
{
    return c == '/' || c == '?' || c == '#' || c == '\\';
}

/* The host of a URI; len 0 when it has none that is a name. */
static struct sg_slice uri_host(struct sg_slice uri)
{
    const struct sg_slice none = SG_SLICE(NULL, 0);
    const uint8_t *end = uri.p + uri.len;
    const uint8_t *p = uri.len > 0 ? memchr(uri.p, ':', uri.len) : NULL;

    if (p == NULL || end - p < 3 || p[1] != '/' || p[2] != '/')
        return none;
    struct sg_slice host = SG_SLICE(p + 3, 0);
    while (host.p + host.len < end && !ends_host(host.p[host.len]))
        host.len++;
    size_t at = last_at(host);
    if (at != host.len)
        host = SG_SLICE(host.p + at + 1, host.len - at - 1);
    const uint8_t *port = host.len > 0 ? memchr(host.p, ':', host.len) : NULL;
    if (port != NULL)
        host.len = (size_t)(port - host.p);
    if (host.len == 0 || host.p[0] == '[')
        return none;
    for (size_t i = 0; i < host.len; i++)
        if (host.p[i] != '.' && (host.p[i] < '0' || host.p[i] > '9'))
            return host;
    return none; /* an IPv4 address */
}

static bool uri_within(struct sg_slice base, struct sg_slice uri,
                       enum side side)
{
    struct sg_slice host = uri_host(uri);

    if (base.len == 0)
        return true;
    return host.len == 0 ? side == EXCLUDED : host_within(base, host);
}

static bool ip_within(struct sg_slice base, struct sg_slice ip)
{
    if (base.len != 2 * ip.len)
        return false;
    for (size_t i = 0; i < ip.len; i++)
        if (((ip.p[i] ^ base.p[i]) & base.p[ip.len + i]) != 0)
            return false;
    return true;
}

/* OtherName: its type-id and the whole of its value. */
static bool split_other(struct sg_slice content, struct sg_slice *ret_type,
                        struct sg_der_tlv *ret_value)
{
    struct sg_err err = { 0 };
    struct sg_der in;
    struct sg_der wrap;

    sg_der_init(&in, content, "otherName");
    return sg_der_oid(&in, ret_type, &err) == SG_OK
           && sg_der_enter(&in, SG_DER_CONTEXT_CONSTRUCTED(0), &wrap, &err)
                  == SG_OK
           && sg_der_any(&wrap, ret_value, &err) == SG_OK
           && sg_der_end(&wrap, &err) == SG_OK
           && sg_der_end(&in, &err) == SG_OK;
}

static bool other_within(struct sg_slice base, struct sg_slice name,
                         enum side side)
{
    struct sg_slice base_type;
    struct sg_slice type;
    struct sg_der_tlv base_value;
    struct sg_der_tlv value;

    if (!split_other(base, &base_type, &base_value)
        || !split_other(name, &type, &value))
        return side == EXCLUDED;
    if (!sg_slice_eq(base_type, type))
        return false;
    if (IS(type, OID_UPN) && value.tag == SG_DER_UTF8_STRING
        && base_value.tag == SG_DER_UTF8_STRING)
        return email_within(base_value.content, value.content, side);
    return sg_slice_eq(base_value.whole, value.whole);
}

static bool within(const struct name *base, const struct name *name,
                   enum side side)
{
    switch (name->form) {
    case FORM_OTHER:
        return other_within(base->value, name->value, side);
    case FORM_EMAIL:
        return email_within(base->value, name->value, side);
    case FORM_DNS:
        return dns_within(base->value, name->value, side);
    case FORM_DIRECTORY:
        return tok_dn_begins_with(name->value, base->value);
    case FORM_URI:
        return uri_within(base->value, name->value, side);
    case FORM_IP:
        return ip_within(base->value, name->value);
    default: /* nobody knows how to compare these: RFC 5280 says to reject */
        return side == EXCLUDED;
    }
}

/* otherNames of different types are different forms. */
static bool same_form(const struct name *base, const struct name *name)
{
    struct sg_slice a;
    struct sg_slice b;
    struct sg_der_tlv value;

    if (base->form != name->form)
        return false;
    if (base->form != FORM_OTHER || !split_other(base->value, &a, &value)
        || !split_other(name->value, &b, &value))
        return true;
    return sg_slice_eq(a, b);
}

/* --- subtrees ----------------------------------------------------------------- */

static enum sg_rc read_name(struct sg_der *in, struct name *ret,
                            struct sg_err *err)
{
    struct sg_der_tlv tlv;
    struct sg_der inner;

    SG_TRY(sg_der_any(in, &tlv, err));
    unsigned form = tlv.tag & 0x1fU;
    if ((tlv.tag & 0xc0) != 0x80 || form > FORM_LAST)
        return sg_err_set(err, SG_FORMAT,
                          "general name: tag 0x%02x (RFC 5280 4.2.1.6)",
                          tlv.tag);
    ret->form = form;
    ret->value = tlv.content;
    if (form != FORM_DIRECTORY)
        return SG_OK;
    sg_der_init(&inner, tlv.content, "directoryName");
    SG_TRY(tok_der_whole(&inner, &ret->value, err));
    return sg_der_end(&inner, err);
}

static enum sg_rc read_subtree(struct sg_der *list, struct name *ret,
                               struct sg_err *err)
{
    struct sg_der tree;

    SG_TRY(sg_der_enter(list, SG_DER_SEQUENCE, &tree, err));
    SG_TRY(read_name(&tree, ret, err));
    if (sg_der_more(&tree))
        return tok_refuse(err, NAMES,
                          "guard: name constraint with a minimum or maximum "
                          "(RFC 5280 4.2.1.10)");
    return SG_OK;
}

struct verdict {
    bool constrained; /* the form has permitted subtrees … */
    bool permitted;   /* … and the name is in one */
    bool excluded;
};

/* name NULL: read only. */
static enum sg_rc walk(struct sg_slice constraints, const struct name *name,
                       struct verdict *ret, struct sg_err *err)
{
    struct sg_der in;
    struct sg_der list;
    struct name base = { 0 };

    sg_der_init(&in, constraints, "nameConstraints");
    for (unsigned side = PERMITTED; side <= EXCLUDED; side++) {
        if (!sg_der_next_is(&in, SG_DER_CONTEXT_CONSTRUCTED(side)))
            continue;
        SG_TRY(sg_der_enter(&in, SG_DER_CONTEXT_CONSTRUCTED(side), &list, err));
        while (sg_der_more(&list)) {
            SG_TRY(read_subtree(&list, &base, err));
            if (name == NULL || !same_form(&base, name))
                continue;
            bool hit = within(&base, name, (enum side)side);
            if (side == PERMITTED)
                ret->constrained = true;
            if (hit && side == PERMITTED)
                ret->permitted = true;
            if (hit && side == EXCLUDED)
                ret->excluded = true;
        }
    }
    return sg_der_end(&in, err);
}

enum sg_rc tok_names_readable(struct sg_slice constraints, struct sg_err *err)
{
    struct verdict unused = { 0 };

    return walk(constraints, NULL, &unused, err);
}

static enum sg_rc check(const struct tok_names *limits, const struct name *name,
                        struct sg_err *err)
{
    char text[TOK_TEXT_SHOW_MAX];
    struct verdict v = { 0 };

    SG_TRY(walk(limits->constraints, name, &v, err));
    if (v.excluded)
        return tok_refuse(err, NAMES,
                          "guard: %s%s is in an excluded subtree of the %s "
                          "name constraints (RFC 5280 4.2.1.10)",
                          FORM_NAMES[name->form],
                          tok_text_show(name->form, name->value, text),
                          limits->whose);
    if (v.constrained && !v.permitted)
        return tok_refuse(err, NAMES,
                          "guard: %s%s is outside of the permitted subtrees "
                          "of the %s name constraints (RFC 5280 4.2.1.10)",
                          FORM_NAMES[name->form],
                          tok_text_show(name->form, name->value, text),
                          limits->whose);
    return SG_OK;
}

/* --- the names of a certificate -------------------------------------------------- */

static bool looks_like_host(struct sg_slice s)
{
    bool dot = false;

    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.p[i];
        dot = dot || c == '.';
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
              || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_'
              || c == '*'))
            return false;
    }
    return dot;
}

struct present {
    bool email, dns;
};

/* A common name in another string type, or with a NUL: some verifiers make a
 * host name of it, and it is not read here. */
static enum sg_rc check_cn(const struct tok_names *limits,
                           const struct sg_der_tlv *value, struct sg_err *err)
{
    const struct name name = { FORM_DNS, value->content };

    if ((value->tag != SG_DER_UTF8_STRING
         && value->tag != SG_DER_PRINTABLE_STRING
         && value->tag != SG_DER_IA5_STRING)
        || memchr(value->content.p, 0, value->content.len) != NULL)
        return tok_refuse(err, NAMES,
                          "guard: common name in a string type that the %s "
                          "name constraints cannot be held against, or with a "
                          "NUL (RFC 5280 4.1.2.4)",
                          limits->whose);
    return looks_like_host(value->content) ? check(limits, &name, err) : SG_OK;
}

/* What old software takes from the subject when the subjectAltName has no such
 * name. */
static enum sg_rc check_subject_text(const struct tok_names *limits,
                                     const struct tok_tbs *tbs,
                                     struct present has, struct sg_err *err)
{
    struct sg_der in;
    struct sg_der rdn;
    struct sg_der ava;
    struct sg_der_tlv seq;
    struct sg_slice type;
    struct sg_der_tlv value;

    sg_der_init(&in, tbs->subject, "subject");
    SG_TRY(sg_der_get(&in, SG_DER_SEQUENCE, &seq, err));
    sg_der_inside(&in, &seq, &in);
    while (sg_der_more(&in)) {
        SG_TRY(sg_der_enter(&in, SG_DER_SET, &rdn, err));
        while (sg_der_more(&rdn)) {
            SG_TRY(sg_der_enter(&rdn, SG_DER_SEQUENCE, &ava, err));
            SG_TRY(sg_der_oid(&ava, &type, err));
            SG_TRY(sg_der_any(&ava, &value, err));
            struct name name = { FORM_EMAIL, value.content };
            if (!has.email && IS(type, OID_EMAIL))
                SG_TRY(check(limits, &name, err));
            if (!has.dns && !tbs->is_ca && IS(type, OID_CN))
                SG_TRY(check_cn(limits, &value, err));
        }
    }
    return SG_OK;
}

enum sg_rc tok_names_check(const struct tok_names *limits,
                           const struct tok_tbs *tbs, struct sg_err *err)
{
    struct name name = { FORM_DIRECTORY, tbs->subject };
    struct present has = { 0 };
    struct sg_der in;

    if (tbs->subject.len > 2) /* an empty subject is no name */
        SG_TRY(check(limits, &name, err));
    sg_der_init(&in, tbs->san, "subjectAltName");
    while (tbs->san.p != NULL && sg_der_more(&in)) {
        SG_TRY(read_name(&in, &name, err));
        has.email = has.email || name.form == FORM_EMAIL;
        has.dns = has.dns || name.form == FORM_DNS;
        SG_TRY(check(limits, &name, err));
    }
    return check_subject_text(limits, tbs, has, err);
}
