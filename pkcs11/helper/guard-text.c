/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/helper/guard-text.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static uint32_t lower(uint32_t c)
{
    return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

bool tok_text_same_ascii(struct sg_slice a, struct sg_slice b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (lower(a.p[i]) != lower(b.p[i]))
            return false;
    return true;
}

/* --- characters of an ASN.1 string ----------------------------------------------- */

struct text {
    const uint8_t *p, *end;
    uint8_t tag;
};

#define TEXT_END UINT32_MAX

static unsigned width(const struct text *t)
{
    if (t->tag == SG_DER_BMP_STRING)
        return 2;
    if (t->tag == SG_DER_UNIVERSAL_STRING)
        return 4;
    if (t->tag != SG_DER_UTF8_STRING || *t->p < 0xc0)
        return 1;
    return *t->p < 0xe0 ? 2 : *t->p < 0xf0 ? 3 : 4;
}

static uint32_t next_raw(struct text *t)
{
    if (t->p == t->end)
        return TEXT_END;
    unsigned n = width(t);
    if ((size_t)(t->end - t->p) < n)
        n = 1; /* cut short: its octets stand for themselves */
    uint32_t c = *t->p++;
    if (t->tag == SG_DER_UTF8_STRING && n > 1)
        c &= 0x7fU >> n;
    for (unsigned i = 1; i < n; i++, t->p++)
        c = t->tag == SG_DER_UTF8_STRING ? c << 6 | (*t->p & 0x3fU)
                                         : c << 8 | *t->p;
    return c;
}

static uint32_t peek(const struct text *t)
{
    struct text copy = *t;

    return next_raw(&copy);
}

/* The next character, folded. A run of spaces is one, none at the end. */
static uint32_t next(struct text *t)
{
    uint32_t c = next_raw(t);

    if (c != ' ')
        return c == TEXT_END ? c : lower(c);
    while (peek(t) == ' ')
        (void)next_raw(t);
    return peek(t) == TEXT_END ? TEXT_END : ' ';
}

static bool is_string(uint8_t tag)
{
    return tag == SG_DER_UTF8_STRING || tag == SG_DER_PRINTABLE_STRING
           || tag == SG_DER_T61_STRING || tag == SG_DER_IA5_STRING
           || tag == SG_DER_UNIVERSAL_STRING || tag == SG_DER_BMP_STRING;
}

static struct text text_of(const struct sg_der_tlv *tlv)
{
    struct text t = { tlv->content.p, tlv->content.p + tlv->content.len,
                      tlv->tag };

    while (peek(&t) == ' ')
        (void)next_raw(&t);
    return t;
}

static bool same_value(const struct sg_der_tlv *a, const struct sg_der_tlv *b)
{
    if (!is_string(a->tag) || !is_string(b->tag))
        return sg_slice_eq(a->whole, b->whole);
    struct text x = text_of(a);
    struct text y = text_of(b);
    for (;;) {
        uint32_t c = next(&x);
        if (c != next(&y))
            return false;
        if (c == TEXT_END)
            return true;
    }
}

/* --- relative names ---------------------------------------------------------------- */

struct ava {
    struct sg_slice type;
    struct sg_der_tlv value;
};

static bool next_ava(struct sg_der *rdn, struct ava *ret)
{
    struct sg_err err = { 0 };
    struct sg_der seq;

    return sg_der_more(rdn)
           && sg_der_enter(rdn, SG_DER_SEQUENCE, &seq, &err) == SG_OK
           && sg_der_oid(&seq, &ret->type, &err) == SG_OK
           && sg_der_any(&seq, &ret->value, &err) == SG_OK;
}

static size_t count(struct sg_der rdn)
{
    struct ava unused;
    size_t n = 0;

    while (next_ava(&rdn, &unused))
        n++;
    return n;
}

static bool holds(struct sg_der rdn, const struct ava *want)
{
    struct ava have;

    while (next_ava(&rdn, &have))
        if (sg_slice_eq(have.type, want->type)
            && same_value(&have.value, &want->value))
            return true;
    return false;
}

/* A SET's order depends on the letters, which may differ: any order will do. */
static bool same_rdn(struct sg_der a, struct sg_der b)
{
    struct ava ava;

    if (count(a) != count(b))
        return false;
    while (next_ava(&a, &ava))
        if (!holds(b, &ava))
            return false;
    return true;
}

bool tok_dn_begins_with(struct sg_slice dn, struct sg_slice base)
{
    struct sg_err err = { 0 };
    struct sg_der outer;
    struct sg_der names;
    struct sg_der bases;
    struct sg_der a;
    struct sg_der b;

    sg_der_init(&outer, dn, "name");
    if (sg_der_enter(&outer, SG_DER_SEQUENCE, &names, &err) != SG_OK)
        return false;
    sg_der_init(&outer, base, "name");
    if (sg_der_enter(&outer, SG_DER_SEQUENCE, &bases, &err) != SG_OK)
        return false;
    while (sg_der_more(&bases)) {
        if (sg_der_enter(&bases, SG_DER_SET, &b, &err) != SG_OK
            || !sg_der_more(&names)
            || sg_der_enter(&names, SG_DER_SET, &a, &err) != SG_OK
            || !same_rdn(a, b))
            return false;
    }
    return true;
}

/* --- for people ----------------------------------------------------------------------- */

#define FORM_IP 7

const char *tok_text_show(unsigned form, struct sg_slice value,
                          char dst[TOK_TEXT_SHOW_MAX])
{
    size_t n = 0;

    dst[0] = '\0';
    if (form == FORM_IP && (value.len == 4 || value.len == 16)) {
        dst[0] = ' ';
        (void)inet_ntop(value.len == 4 ? AF_INET : AF_INET6, value.p, dst + 1,
                        TOK_TEXT_SHOW_MAX - 1);
        return dst;
    }
    if (form != 1 && form != 2 && form != 6)
        return dst;
    dst[n++] = ' ';
    dst[n++] = '"';
    for (size_t i = 0; i < value.len && n < TOK_TEXT_SHOW_MAX - 2; i++) {
        bool plain =
            value.p[i] >= 0x20 && value.p[i] < 0x7f && value.p[i] != '"';
        dst[n++] = '?';
        if (plain)
            dst[n - 1] = (char)value.p[i];
    }
    dst[n++] = '"';
    dst[n] = '\0';
    return dst;
}
