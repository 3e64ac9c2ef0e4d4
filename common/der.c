/* SPDX-License-Identifier: Apache-2.0 */
#include "common/der.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"

#define TAG_TEXT_MAX 32
#define LENGTH_OCTETS_MAX 4 /* 4 GiB; nothing of ours comes near */

#define CLASS_MASK 0xc0
#define CLASS_UNIVERSAL 0x00
#define CONSTRUCTED 0x20
#define NUMBER_MASK 0x1f

static enum sg_rc fault_at(const struct sg_der *in, const uint8_t *at,
                           const char *where, const char *text,
                           struct sg_err *err)
{
    return sg_rc_failed(sg_err_fill(err, SG_FORMAT, SG_SRC_NONE, 0, where,
                                    "%s: offset %zu: %s", in->what,
                                    (size_t)(at - in->base), text));
}

#define FAULT(in, at, text, err) fault_at((in), (at), SG_HERE, (text), (err))

static const char *tag_text(uint8_t tag, char dst[TAG_TEXT_MAX])
{
    static const struct {
        uint8_t tag;
        const char *name;
    } names[] = {
        { SG_DER_BOOLEAN, "BOOLEAN" },
        { SG_DER_INTEGER, "INTEGER" },
        { SG_DER_BIT_STRING, "BIT STRING" },
        { SG_DER_OCTET_STRING, "OCTET STRING" },
        { SG_DER_NULL, "NULL" },
        { SG_DER_OID, "OBJECT IDENTIFIER" },
        { SG_DER_ENUMERATED, "ENUMERATED" },
        { SG_DER_UTF8_STRING, "UTF8String" },
        { SG_DER_PRINTABLE_STRING, "PrintableString" },
        { SG_DER_T61_STRING, "T61String" },
        { SG_DER_IA5_STRING, "IA5String" },
        { SG_DER_UTC_TIME, "UTCTime" },
        { SG_DER_GENERALIZED_TIME, "GeneralizedTime" },
        { SG_DER_UNIVERSAL_STRING, "UniversalString" },
        { SG_DER_BMP_STRING, "BMPString" },
        { SG_DER_SEQUENCE, "SEQUENCE" },
        { SG_DER_SET, "SET" },
    };

    for (size_t i = 0; i < SG_ARRAY_LEN(names); i++)
        if (names[i].tag == tag)
            return names[i].name;
    if ((tag & CLASS_MASK) == 0x80)
        (void)snprintf(dst, TAG_TEXT_MAX, "[%d]%s", tag & NUMBER_MASK,
                       (tag & CONSTRUCTED) != 0 ? " constructed" : "");
    else
        (void)snprintf(dst, TAG_TEXT_MAX, "tag 0x%02x", tag);
    return dst;
}

void sg_der_init(struct sg_der *in, struct sg_slice bytes, const char *what)
{
    /* Arithmetic on NULL is undefined, so an empty slice gets an address. */
    static const uint8_t nothing[1];

    in->p = bytes.p != NULL ? bytes.p : nothing;
    in->end = in->p + bytes.len;
    in->base = in->p;
    in->what = what;
}

bool sg_der_more(const struct sg_der *in)
{
    return in->p < in->end;
}

bool sg_der_next_is(const struct sg_der *in, uint8_t tag)
{
    return in->p < in->end && *in->p == tag;
}

/* Of the universal types, five are always constructed and the others never
 * are: DER has no strings in pieces (X.690 10.2). */
static bool form_fits(uint8_t tag)
{
    static const uint32_t always_constructed =
        1U << 8 | 1U << 11 | 1U << 16 | 1U << 17 | 1U << 29;

    if ((tag & CLASS_MASK) != CLASS_UNIVERSAL)
        return true;
    bool want = (always_constructed >> (tag & NUMBER_MASK) & 1) != 0;
    return want == ((tag & CONSTRUCTED) != 0);
}

static enum sg_rc read_tag(const struct sg_der *in, uint8_t *ret,
                           struct sg_err *err)
{
    if (in->p == in->end)
        return FAULT(in, in->p, "ends where an element must follow", err);
    if ((*in->p & NUMBER_MASK) == NUMBER_MASK)
        return FAULT(in, in->p, "long-form tag (X.690 8.1.2.4)", err);
    if (*in->p == 0)
        return FAULT(in, in->p, "end-of-contents octets (X.690 8.1.5)", err);
    if (!form_fits(*in->p))
        return FAULT(in, in->p,
                     (*in->p & CONSTRUCTED) != 0
                         ? "string in constructed form (X.690 10.2)"
                         : "structure in primitive form (X.690 8.9.1)",
                     err);
    *ret = *in->p;
    return SG_OK;
}

/* p is behind the tag; *ret_p is left behind the length. */
static enum sg_rc read_length(const struct sg_der *in, const uint8_t *p,
                              size_t *ret_len, const uint8_t **ret_p,
                              struct sg_err *err)
{
    if (p == in->end)
        return FAULT(in, p, "truncated: no length octet (X.690 8.1.3)", err);
    size_t len = *p++;
    if (len == 0x80)
        return FAULT(in, p - 1, "indefinite length (X.690 10.1)", err);
    if (len > 0x80) {
        size_t n = len & 0x7f;

        if (n > LENGTH_OCTETS_MAX)
            return FAULT(in, p - 1, "length of more than 4 octets", err);
        if ((size_t)(in->end - p) < n)
            return FAULT(in, p - 1, "truncated inside the length", err);
        if (*p == 0)
            return FAULT(in, p - 1, "length not minimal (X.690 10.1)", err);
        for (len = 0; n > 0; n--)
            len = len << 8 | *p++;
        if (len < 0x80)
            return FAULT(in, p - 2, "length not minimal (X.690 10.1)", err);
    }
    *ret_len = len;
    *ret_p = p;
    return SG_OK;
}

enum sg_rc sg_der_any(struct sg_der *in, struct sg_der_tlv *ret,
                      struct sg_err *err)
{
    const uint8_t *start = in->p;
    const uint8_t *content = NULL;
    uint8_t tag = 0;
    size_t len = 0;

    SG_TRY(read_tag(in, &tag, err));
    SG_TRY(read_length(in, start + 1, &len, &content, err));
    if (len > (size_t)(in->end - content))
        return sg_err_set(err, SG_FORMAT,
                          "%s: offset %zu: truncated: needs %zu octets, "
                          "%zu are left",
                          in->what, (size_t)(start - in->base), len,
                          (size_t)(in->end - content));
    in->p = content + len;
    ret->tag = tag;
    ret->content = SG_SLICE(content, len);
    ret->whole = SG_SLICE(start, (size_t)(in->p - start));
    return SG_OK;
}

enum sg_rc sg_der_get(struct sg_der *in, uint8_t tag, struct sg_der_tlv *ret,
                      struct sg_err *err)
{
    char want[TAG_TEXT_MAX];
    char have[TAG_TEXT_MAX];

    if (sg_der_next_is(in, tag))
        return sg_der_any(in, ret, err);
    if (in->p == in->end)
        return sg_err_set(err, SG_FORMAT,
                          "%s: offset %zu: ends where %s must follow", in->what,
                          (size_t)(in->p - in->base), tag_text(tag, want));
    return sg_err_set(err, SG_FORMAT, "%s: offset %zu: expected %s, found %s",
                      in->what, (size_t)(in->p - in->base), tag_text(tag, want),
                      tag_text(*in->p, have));
}

enum sg_rc sg_der_enter(struct sg_der *in, uint8_t tag,
                        struct sg_der *ret_inner, struct sg_err *err)
{
    struct sg_der_tlv tlv = { 0 };

    SG_TRY(sg_der_get(in, tag, &tlv, err));
    sg_der_inside(in, &tlv, ret_inner);
    return SG_OK;
}

enum sg_rc sg_der_end(const struct sg_der *in, struct sg_err *err)
{
    if (in->p == in->end)
        return SG_OK;
    return sg_err_set(
        err, SG_FORMAT, "%s: offset %zu: %zu octets too many at the end",
        in->what, (size_t)(in->p - in->base), (size_t)(in->end - in->p));
}

void sg_der_inside(const struct sg_der *parent, const struct sg_der_tlv *tlv,
                   struct sg_der *ret_inner)
{
    ret_inner->p = tlv->content.p;
    ret_inner->end = tlv->content.p + tlv->content.len;
    ret_inner->base = parent->base;
    ret_inner->what = parent->what;
}

/* --- content rules: NULL, or the rule that is broken ---------------------- */

static const char *bool_fault(struct sg_slice c)
{
    if (c.len != 1)
        return "BOOLEAN is not one octet (X.690 8.2.1)";
    if (c.p[0] != 0x00 && c.p[0] != 0xff)
        return "BOOLEAN is neither 00 nor ff (X.690 11.1)";
    return NULL;
}

static const char *integer_fault(struct sg_slice c)
{
    if (c.len == 0)
        return "INTEGER without content (X.690 8.3.1)";
    if (c.len > 1
        && ((c.p[0] == 0x00 && c.p[1] < 0x80)
            || (c.p[0] == 0xff && c.p[1] >= 0x80)))
        return "INTEGER not minimal (X.690 8.3.2)";
    return NULL;
}

static const char *oid_fault(struct sg_slice c)
{
    if (c.len == 0)
        return "OBJECT IDENTIFIER without content (X.690 8.19.1)";
    if (c.p[c.len - 1] >= 0x80)
        return "OBJECT IDENTIFIER ends inside an arc (X.690 8.19.2)";
    for (size_t i = 0; i < c.len; i++)
        if (c.p[i] == 0x80 && (i == 0 || c.p[i - 1] < 0x80))
            return "OBJECT IDENTIFIER arc not minimal (X.690 8.19.2)";
    return NULL;
}

static const char *bits_fault(struct sg_slice c)
{
    if (c.len == 0)
        return "BIT STRING without content (X.690 8.6.2)";
    if (c.p[0] > 7)
        return "BIT STRING with more than 7 unused bits (X.690 8.6.2.2)";
    if (c.len == 1 && c.p[0] != 0)
        return "empty BIT STRING with unused bits (X.690 8.6.2.3)";
    if (c.len > 1 && (c.p[c.len - 1] & ((1U << c.p[0]) - 1)) != 0)
        return "BIT STRING whose unused bits are set (X.690 11.2.1)";
    return NULL;
}

static const char *null_fault(struct sg_slice c)
{
    return c.len == 0 ? NULL : "NULL with content (X.690 8.8.2)";
}

static const char *content_fault(const struct sg_der_tlv *tlv)
{
    switch (tlv->tag) {
    case SG_DER_BOOLEAN:
        return bool_fault(tlv->content);
    case SG_DER_INTEGER:
    case SG_DER_ENUMERATED:
        return integer_fault(tlv->content);
    case SG_DER_OID:
        return oid_fault(tlv->content);
    case SG_DER_BIT_STRING:
        return bits_fault(tlv->content);
    case SG_DER_NULL:
        return null_fault(tlv->content);
    default:
        return NULL;
    }
}

/* Take the next element and hold it against the rules of its type. On failure
 * the reader has not moved. */
static enum sg_rc get_checked(struct sg_der *in, uint8_t tag,
                              struct sg_der_tlv *ret, struct sg_err *err)
{
    struct sg_der at = *in;
    struct sg_der_tlv tlv = { 0 };

    SG_TRY(sg_der_get(&at, tag, &tlv, err));
    const char *broken = content_fault(&tlv);
    if (broken != NULL)
        return FAULT(in, in->p, broken, err);
    in->p = at.p;
    *ret = tlv;
    return SG_OK;
}

enum sg_rc sg_der_bool(struct sg_der *in, bool *ret, struct sg_err *err)
{
    struct sg_der_tlv tlv = { 0 };

    SG_TRY(get_checked(in, SG_DER_BOOLEAN, &tlv, err));
    *ret = tlv.content.p[0] != 0;
    return SG_OK;
}

enum sg_rc sg_der_uint(struct sg_der *in, uint64_t *ret, struct sg_err *err)
{
    struct sg_der at = *in;
    struct sg_slice c = { 0 };

    SG_TRY(sg_der_integer(&at, &c, err));
    if (c.p[0] >= 0x80)
        return FAULT(in, in->p, "INTEGER is negative", err);
    if (c.p[0] == 0 && c.len > 1)
        c = SG_SLICE(c.p + 1, c.len - 1);
    if (c.len > sizeof(*ret))
        return FAULT(in, in->p, "INTEGER of more than 64 bits", err);

    uint64_t v = 0;
    for (size_t i = 0; i < c.len; i++)
        v = v << 8 | c.p[i];
    in->p = at.p;
    *ret = v;
    return SG_OK;
}

enum sg_rc sg_der_integer(struct sg_der *in, struct sg_slice *ret,
                          struct sg_err *err)
{
    struct sg_der_tlv tlv = { 0 };

    SG_TRY(get_checked(in, SG_DER_INTEGER, &tlv, err));
    *ret = tlv.content;
    return SG_OK;
}

enum sg_rc sg_der_oid(struct sg_der *in, struct sg_slice *ret,
                      struct sg_err *err)
{
    struct sg_der_tlv tlv = { 0 };

    SG_TRY(get_checked(in, SG_DER_OID, &tlv, err));
    *ret = tlv.content;
    return SG_OK;
}

enum sg_rc sg_der_bits(struct sg_der *in, struct sg_slice *ret,
                       struct sg_err *err)
{
    struct sg_der at = *in;
    struct sg_der_tlv tlv = { 0 };

    SG_TRY(get_checked(&at, SG_DER_BIT_STRING, &tlv, err));
    if (tlv.content.p[0] != 0)
        return FAULT(in, in->p, "BIT STRING of no whole octets", err);
    in->p = at.p;
    *ret = SG_SLICE(tlv.content.p + 1, tlv.content.len - 1);
    return SG_OK;
}

enum sg_rc sg_der_named_bits(struct sg_der *in, uint16_t *ret,
                             struct sg_err *err)
{
    struct sg_der at = *in;
    struct sg_der_tlv tlv = { 0 };

    SG_TRY(get_checked(&at, SG_DER_BIT_STRING, &tlv, err));
    struct sg_slice c = tlv.content;
    if (c.len > 3)
        return FAULT(in, in->p, "more than 16 named bits", err);
    if (c.len > 1 && (c.p[c.len - 1] >> c.p[0] & 1) == 0)
        return FAULT(in, in->p, "named bits end in a zero (X.690 11.2.2)", err);

    uint16_t v = 0;
    for (size_t bit = 0; bit < 8 * (c.len - 1); bit++)
        if ((c.p[1 + bit / 8] & (0x80U >> bit % 8)) != 0)
            v = (uint16_t)(v | 1U << bit);
    in->p = at.p;
    *ret = v;
    return SG_OK;
}

/* --- time ----------------------------------------------------------------- */

static bool two_digits(const uint8_t *p, int *ret)
{
    if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
        return false;
    *ret = (p[0] - '0') * 10 + (p[1] - '0');
    return true;
}

/* Content as YYMMDDHHMMSSZ behind a century (UTCTime has none on the wire). */
static bool time_digits(struct sg_slice c, struct sg_date *ret)
{
    int century = 0;

    if (c.len == 15) {
        if (!two_digits(c.p, &century))
            return false;
        c = SG_SLICE(c.p + 2, c.len - 2);
    }
    if (c.len != 13 || c.p[12] != 'Z')
        return false;
    ret->year = 0;
    if (!two_digits(c.p, &ret->year) || !two_digits(c.p + 2, &ret->month)
        || !two_digits(c.p + 4, &ret->day) || !two_digits(c.p + 6, &ret->hour)
        || !two_digits(c.p + 8, &ret->minute)
        || !two_digits(c.p + 10, &ret->second))
        return false;
    ret->year += century * 100;
    return true;
}

static const char *time_content(const struct sg_der_tlv *tlv,
                                struct sg_date *ret)
{
    bool utc = tlv->tag == SG_DER_UTC_TIME;

    if (tlv->content.len != (utc ? 13 : 15) || !time_digits(tlv->content, ret))
        return utc ? "UTCTime is not YYMMDDHHMMSSZ (RFC 5280 4.1.2.5.1)"
                   : "GeneralizedTime is not YYYYMMDDHHMMSSZ (RFC 5280 "
                     "4.1.2.5.2)";
    if (utc)
        ret->year += ret->year >= 50 ? 1900 : 2000;
    else if (ret->year < 2050)
        return "GeneralizedTime before 2050 (RFC 5280 4.1.2.5)";
    return NULL;
}

enum sg_rc sg_der_time(struct sg_der *in, int64_t *ret, struct sg_err *err)
{
    struct sg_der at = *in;
    struct sg_der_tlv tlv = { 0 };
    struct sg_date date = { 0 };
    uint8_t tag = sg_der_next_is(in, SG_DER_GENERALIZED_TIME)
                      ? SG_DER_GENERALIZED_TIME
                      : SG_DER_UTC_TIME;

    SG_TRY(sg_der_get(&at, tag, &tlv, err));
    const char *broken = time_content(&tlv, &date);
    if (broken != NULL)
        return FAULT(in, in->p, broken, err);
    if (sg_date_to_time(&date, ret, err) != SG_OK)
        return sg_err_wrap(err, "%s: offset %zu", in->what,
                           (size_t)(in->p - in->base));
    in->p = at.p;
    return SG_OK;
}

/* --- whole structures ------------------------------------------------------ */

enum sg_rc sg_der_check(struct sg_slice bytes, const char *what,
                        unsigned max_depth, unsigned max_elements,
                        struct sg_err *err)
{
    const uint8_t *ends[SG_DER_DEPTH_MAX]; /* of the structures we are in */
    struct sg_der in;
    unsigned depth = 0;
    unsigned elements = 0;

    assert(max_depth >= 1 && max_depth <= SG_DER_DEPTH_MAX);
    sg_der_init(&in, bytes, what);
    do {
        struct sg_der_tlv tlv = { 0 };
        const uint8_t *start = in.p;

        if (elements++ == max_elements)
            return sg_err_set(err, SG_FORMAT,
                              "%s: offset %zu: more than %u elements", what,
                              (size_t)(start - in.base), max_elements);
        if (depth == max_depth)
            return sg_err_set(err, SG_FORMAT,
                              "%s: offset %zu: nested deeper than %u", what,
                              (size_t)(start - in.base), max_depth);
        SG_TRY(sg_der_any(&in, &tlv, err));
        const char *broken = content_fault(&tlv);
        if (broken != NULL)
            return FAULT(&in, start, broken, err);
        if ((tlv.tag & CONSTRUCTED) != 0) {
            ends[depth++] = in.end;
            in.p = tlv.content.p;
            in.end = tlv.content.p + tlv.content.len;
        }
        while (depth > 0 && in.p == in.end)
            in.end = ends[--depth];
    } while (depth > 0);
    return sg_der_end(&in, err);
}
