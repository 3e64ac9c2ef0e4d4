/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "ca/dn-table.h"
#include "common/parse.h"

#define NUMERIC_STRING 0x12

static const char *charset_fault(uint8_t tag, struct sg_slice v)
{
    if (v.len == 0)
        return "empty value (RFC 5280 app. A)";
    if (memchr(v.p, 0, v.len) != NULL)
        return "NUL inside the value";
    if (tag == SG_DER_UTF8_STRING && !sg_is_utf8(v))
        return "UTF8String is not UTF-8 (RFC 3629)";
    if (tag == SG_DER_PRINTABLE_STRING && ca_not_printable(v) != NULL)
        return "PrintableString with a character outside its set (X.680 41.4)";
    if (tag == SG_DER_IA5_STRING && ca_not_ia5(v) != NULL)
        return "IA5String with a character above 127 (X.680 41.2)";
    return NULL;
}

/* The string types of before 1993, which no new certificate may use. */
static const char *old_type(uint8_t tag)
{
    switch (tag) {
    case SG_DER_T61_STRING:
        return "T61String";
    case SG_DER_BMP_STRING:
        return "BMPString";
    case SG_DER_UNIVERSAL_STRING:
        return "UniversalString";
    default:
        return NULL;
    }
}

static enum sg_rc check_string(const struct sg_der_tlv *value, const char *name,
                               struct sg_err *err)
{
    const char *old = old_type(value->tag);

    if (old != NULL)
        return sg_err_set(err, SG_POLICY,
                          "name: %s: %s is not accepted (RFC 5280 4.1.2.4)",
                          name, old);
    if (value->tag != SG_DER_UTF8_STRING
        && value->tag != SG_DER_PRINTABLE_STRING
        && value->tag != SG_DER_IA5_STRING)
        return sg_err_set(
            err, SG_FORMAT,
            "name: %s: value of tag 0x%02x is no DirectoryString (RFC 5280 4.1.2.4)",
            name, value->tag);
    const char *broken = charset_fault(value->tag, value->content);
    if (broken != NULL)
        return sg_err_set(err, SG_FORMAT, "name: %s: %s", name, broken);
    return SG_OK;
}

static enum sg_rc parse_rdn(struct sg_der *in, struct ca_rdn *ret,
                            struct sg_err *err)
{
    char text[SG_OID_TEXT_MAX];
    struct sg_der_tlv value = { 0 };
    struct sg_der set;
    struct sg_der pair;

    SG_TRY(sg_der_enter(in, SG_DER_SET, &set, err));
    SG_TRY(sg_der_enter(&set, SG_DER_SEQUENCE, &pair, err));
    SG_TRY(sg_der_oid(&pair, &ret->oid, err));
    SG_TRY(sg_der_any(&pair, &value, err));
    SG_TRY(sg_der_end(&pair, err));
    if (sg_der_more(&set))
        return sg_err_set(
            err, SG_POLICY,
            "name: several attributes in one RDN are not accepted (BR 7.1.4.1)");

    ret->attr = ca_attr_find(ret->oid);
    ret->value = value.content;
    return check_string(&value,
                        ret->attr == CA_ATTR_OTHER ? ca_oid_text(ret->oid, text)
                                                   : ca_attr_name(ret->attr),
                        err);
}

enum sg_rc ca_dn_parse(struct sg_arena *arena, struct sg_slice der,
                       struct ca_dn *ret, struct sg_err *err)
{
    struct ca_dn dn = { 0 };
    struct sg_der in;
    struct sg_der name;

    sg_der_init(&in, der, "name");
    SG_TRY(sg_der_enter(&in, SG_DER_SEQUENCE, &name, err));
    SG_TRY(sg_der_end(&in, err));
    while (sg_der_more(&name)) {
        struct ca_rdn rdn = { 0 };

        SG_TRY(parse_rdn(&name, &rdn, err));
        SG_TRY(ca_dn_add_rdn(arena, &dn, &rdn, err));
    }
    *ret = dn;
    return SG_OK;
}

/* --- text ----------------------------------------------------------------- */

/* Text of limited room: whole characters or nothing. */
struct text {
    char *dst;
    size_t len, size;
    bool full;
};

static void put(struct text *t, const void *p, size_t n)
{
    if (t->full || n >= t->size - t->len) {
        t->full = true;
        return;
    }
    memcpy(t->dst + t->len, p, n);
    t->len += n;
}

static void put_str(struct text *t, const char *s)
{
    put(t, s, strlen(s));
}

static void put_escaped(struct text *t, uint8_t octet)
{
    char hex[4];

    (void)snprintf(hex, sizeof(hex), "\\%02X", octet);
    put(t, hex, 3);
}

/* Octets of the UTF-8 sequence that c starts. */
static size_t utf8_len(uint8_t c)
{
    if (c < 0x80)
        return 1;
    return c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

/* RFC 4514 2.4; control characters as hex so that a log line stays one. */
static void put_value(struct text *t, struct sg_slice v)
{
    bool utf8 = sg_is_utf8(v);

    for (size_t i = 0; i < v.len;) {
        uint8_t c = v.p[i];
        size_t n = utf8 ? utf8_len(c) : 1;
        bool edge_space = c == ' ' && (i == 0 || i == v.len - 1);

        if (c < 0x20 || c == 0x7f || (c >= 0x80 && !utf8)) {
            put_escaped(t, c);
        } else if (edge_space || (c == '#' && i == 0)
                   || strchr("\"+,;<>\\", c) != NULL) {
            char pair[2] = { '\\', (char)c };
            put(t, pair, 2);
        } else {
            put(t, v.p + i, n);
        }
        i += n;
    }
}

static bool is_text_tag(uint8_t tag)
{
    return tag == SG_DER_UTF8_STRING || tag == SG_DER_PRINTABLE_STRING
           || tag == SG_DER_IA5_STRING || tag == NUMERIC_STRING;
}

/* "#" and the BER encoding in hex (RFC 4514 2.4). */
static void put_encoding(struct text *t, struct sg_slice der)
{
    put_str(t, "#");
    for (size_t i = 0; i < der.len; i++) {
        char hex[3];
        (void)snprintf(hex, sizeof(hex), "%02X", der.p[i]);
        put(t, hex, 2);
    }
}

static enum sg_rc put_pair(struct text *t, struct sg_der *set,
                           struct sg_err *err)
{
    char dotted[SG_OID_TEXT_MAX];
    struct sg_slice oid = { 0 };
    struct sg_der_tlv value = { 0 };
    struct sg_der pair;

    SG_TRY(sg_der_enter(set, SG_DER_SEQUENCE, &pair, err));
    SG_TRY(sg_der_oid(&pair, &oid, err));
    SG_TRY(sg_der_any(&pair, &value, err));
    enum ca_attr attr = ca_attr_find(oid);
    put_str(t, attr == CA_ATTR_OTHER ? sg_oid_to_text(oid, dotted)
                                     : ca_attr_name(attr));
    put_str(t, "=");
    if (is_text_tag(value.tag))
        put_value(t, value.content);
    else
        put_encoding(t, value.whole);
    return SG_OK;
}

static enum sg_rc put_name(struct text *t, struct sg_slice der,
                           struct sg_err *err)
{
    struct sg_der sets[CA_DN_MAX_RDN];
    size_t n = 0;
    struct sg_der in;
    struct sg_der name;

    sg_der_init(&in, der, "name");
    SG_TRY(sg_der_enter(&in, SG_DER_SEQUENCE, &name, err));
    while (sg_der_more(&name) && n < CA_DN_MAX_RDN)
        SG_TRY(sg_der_enter(&name, SG_DER_SET, &sets[n++], err));
    for (size_t i = n; i > 0; i--) {
        if (i < n)
            put_str(t, ",");
        SG_TRY(put_pair(t, &sets[i - 1], err));
        while (sg_der_more(&sets[i - 1])) {
            put_str(t, "+");
            SG_TRY(put_pair(t, &sets[i - 1], err));
        }
    }
    return SG_OK;
}

const char *ca_dn_text(struct sg_slice der, char *dst, size_t size)
{
    struct text t = { .dst = dst, .size = size };
    struct sg_err err = { 0 };

    if (size == 0)
        return dst;
    if (put_name(&t, der, &err) != SG_OK) {
        t.len = 0;
        t.full = false;
        put_str(&t, "?");
    }
    dst[t.len] = '\0';
    return dst;
}
