/* SPDX-License-Identifier: Apache-2.0 */
#include "common/der.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"

#define HEADER_MAX 6 /* tag, 0x84 and four octets of length */

void sg_derw_init(struct sg_derw *w, struct sg_buf *out)
{
    w->out = out;
    w->depth = 0;
    w->err = (struct sg_err){ 0 };
}

enum sg_rc sg_derw_finish(struct sg_derw *w, struct sg_err *err)
{
    if (w->err.rc != SG_OK) {
        if (err->rc == SG_OK)
            *err = w->err;
        return err->rc;
    }
    assert(w->depth == 0);
    return SG_OK;
}

/* Room for n octets at the end, NULL once the writer has failed. */
static uint8_t *room(struct sg_derw *w, size_t n)
{
    if (w->err.rc != SG_OK || sg_buf_reserve(w->out, n, &w->err) != SG_OK)
        return NULL;
    return w->out->data + w->out->len;
}

static size_t length_octets(size_t len)
{
    if (len < 0x80)
        return 1;
    size_t n = 2;
    for (size_t v = len; v > 0xff; v >>= 8)
        n++;
    return n;
}

static void put_length(uint8_t *p, size_t len, size_t octets)
{
    if (octets == 1) {
        *p = (uint8_t)len;
        return;
    }
    *p++ = (uint8_t)(0x80 | (octets - 1));
    for (size_t left = octets - 1; left > 0; left--)
        *p++ = (uint8_t)(len >> (8 * (left - 1)));
}

static bool length_fits(struct sg_derw *w, size_t len)
{
    if (len <= UINT32_MAX - HEADER_MAX)
        return true;
    if (w->err.rc == SG_OK)
        (void)sg_err_set(&w->err, SG_LIMIT, "der: element of %zu octets", len);
    return false;
}

size_t sg_derw_begin(struct sg_derw *w, uint8_t tag)
{
    uint8_t *p = room(w, 2);
    size_t mark = w->out->len;

    w->depth++;
    if (p == NULL)
        return mark;
    p[0] = tag;
    p[1] = 0;
    w->out->len += 2;
    return mark;
}

void sg_derw_end(struct sg_derw *w, size_t mark)
{
    assert(w->depth > 0);
    w->depth--;
    if (w->err.rc != SG_OK)
        return;
    assert(mark + 2 <= w->out->len);

    size_t len = w->out->len - mark - 2;
    if (!length_fits(w, len))
        return;
    size_t octets = length_octets(len);
    if (room(w, octets - 1) == NULL)
        return;
    uint8_t *length = w->out->data + mark + 1;
    if (octets > 1)
        memmove(length + octets, length + 1, len);
    put_length(length, len, octets);
    w->out->len += octets - 1;
}

void sg_derw_raw(struct sg_derw *w, struct sg_slice der)
{
    uint8_t *p = room(w, der.len);

    if (p == NULL || der.len == 0)
        return;
    memcpy(p, der.p, der.len);
    w->out->len += der.len;
}

/* Header of an element of len octets and room for them; NULL after a failure.
 * The caller fills all of it. */
static uint8_t *element(struct sg_derw *w, uint8_t tag, size_t len)
{
    if (!length_fits(w, len))
        return NULL;
    size_t octets = length_octets(len);
    uint8_t *p = room(w, 1 + octets + len);
    if (p == NULL)
        return NULL;
    p[0] = tag;
    put_length(p + 1, len, octets);
    w->out->len += 1 + octets + len;
    return p + 1 + octets;
}

void sg_derw_tlv(struct sg_derw *w, uint8_t tag, struct sg_slice content)
{
    uint8_t *p = element(w, tag, content.len);

    if (p != NULL && content.len > 0)
        memcpy(p, content.p, content.len);
}

void sg_derw_bool(struct sg_derw *w, bool v)
{
    uint8_t octet = v ? 0xff : 0x00;

    sg_derw_tlv(w, SG_DER_BOOLEAN, SG_SLICE(&octet, 1));
}

void sg_derw_uint(struct sg_derw *w, uint64_t v)
{
    uint8_t octets[8];

    for (size_t i = 0; i < sizeof(octets); i++)
        octets[i] = (uint8_t)(v >> (56 - 8 * i));
    sg_derw_unsigned(w, SG_SLICE(octets, sizeof(octets)));
}

void sg_derw_unsigned(struct sg_derw *w, struct sg_slice magnitude)
{
    while (magnitude.len > 0 && magnitude.p[0] == 0)
        magnitude = SG_SLICE(magnitude.p + 1, magnitude.len - 1);

    /* A zero octet in front: for zero itself, and before a set sign bit. */
    size_t pad = magnitude.len == 0 || magnitude.p[0] >= 0x80 ? 1 : 0;
    uint8_t *p = element(w, SG_DER_INTEGER, magnitude.len + pad);
    if (p == NULL)
        return;
    if (pad != 0)
        *p++ = 0;
    if (magnitude.len > 0)
        memcpy(p, magnitude.p, magnitude.len);
}

void sg_derw_null(struct sg_derw *w)
{
    sg_derw_tlv(w, SG_DER_NULL, SG_SLICE(NULL, 0));
}

void sg_derw_oid(struct sg_derw *w, struct sg_slice content)
{
    sg_derw_tlv(w, SG_DER_OID, content);
}

void sg_derw_bits(struct sg_derw *w, struct sg_slice bytes)
{
    uint8_t *p = element(w, SG_DER_BIT_STRING, bytes.len + 1);

    if (p == NULL)
        return;
    *p++ = 0; /* no unused bits */
    if (bytes.len > 0)
        memcpy(p, bytes.p, bytes.len);
}

void sg_derw_named_bits(struct sg_derw *w, uint16_t bits)
{
    uint8_t content[3] = { 0 };
    unsigned last = 0; /* number of bits up to the last one that is set */

    for (unsigned bit = 0; bit < 16; bit++) {
        if ((bits >> bit & 1) == 0)
            continue;
        content[1 + bit / 8] =
            (uint8_t)(content[1 + bit / 8] | 0x80U >> bit % 8);
        last = bit + 1;
    }
    content[0] = (uint8_t)((8 - last % 8) % 8);
    sg_derw_tlv(w, SG_DER_BIT_STRING, SG_SLICE(content, 1 + (last + 7) / 8));
}

static uint8_t *put_two(uint8_t *p, int v)
{
    p[0] = (uint8_t)('0' + v / 10);
    p[1] = (uint8_t)('0' + v % 10);
    return p + 2;
}

void sg_derw_time(struct sg_derw *w, int64_t t)
{
    struct sg_date d;
    char text[SG_TIME_TEXT_MAX];

    sg_date_from_time(t, &d);
    if (t > SG_TIME_MAX || d.year < 1950) {
        if (w->err.rc == SG_OK)
            (void)sg_err_set(&w->err, SG_FORMAT,
                             "der: time %s is outside 1950–9999 (RFC 5280 "
                             "4.1.2.5)",
                             sg_time_text(t, text));
        return;
    }
    bool utc = d.year < 2050;
    uint8_t *p = element(w, utc ? SG_DER_UTC_TIME : SG_DER_GENERALIZED_TIME,
                         utc ? 13 : 15);
    if (p == NULL)
        return;
    if (!utc)
        p = put_two(p, d.year / 100);
    p = put_two(p, d.year % 100);
    p = put_two(p, d.month);
    p = put_two(p, d.day);
    p = put_two(p, d.hour);
    p = put_two(p, d.minute);
    p = put_two(p, d.second);
    *p = 'Z';
}
