/* SPDX-License-Identifier: Apache-2.0 */
#include "common/der.h"

#include <stdio.h>
#include <string.h>

/* UUID arcs (2.25.n, X.667) have 128 bits. */
__extension__ typedef unsigned __int128 arc_number;

#define ARC_MAX ((arc_number)-1)
#define ARC_OCTETS_MAX 19 /* 128 bits in groups of seven */
#define ARC_DIGITS_MAX 40

/* One decimal arc at *text, no leading zero. False when there is none or it
 * is too large; *text is left behind it. */
static bool read_arc(const char **text, arc_number *ret)
{
    const char *p = *text;
    arc_number v = 0;

    if (*p < '0' || *p > '9' || (p[0] == '0' && p[1] >= '0' && p[1] <= '9'))
        return false;
    for (; *p >= '0' && *p <= '9'; p++) {
        unsigned digit = (unsigned)(*p - '0');

        if (v > (ARC_MAX - digit) / 10)
            return false;
        v = v * 10 + digit;
    }
    *text = p;
    *ret = v;
    return true;
}

static enum sg_rc put_arc(struct sg_buf *out, arc_number v, struct sg_err *err)
{
    uint8_t octets[ARC_OCTETS_MAX];
    size_t at = sizeof(octets);

    octets[--at] = (uint8_t)(v & 0x7f);
    while ((v >>= 7) != 0)
        octets[--at] = (uint8_t)(0x80 | (v & 0x7f));
    return sg_buf_put(out, octets + at, sizeof(octets) - at, err);
}

static enum sg_rc text_fault(const char *text, const char *rule,
                             struct sg_err *err)
{
    return sg_err_set(err, SG_FORMAT, "OID \"%.64s\": %s", text, rule);
}

static enum sg_rc put_text(const char *text, struct sg_buf *out,
                           struct sg_err *err)
{
    const char *p = text;
    arc_number first = 0;
    arc_number v = 0;

    if (!read_arc(&p, &first) || *p != '.')
        return text_fault(text, "not dotted decimal", err);
    p++;
    if (!read_arc(&p, &v))
        return text_fault(text, "not dotted decimal", err);
    if (first > 2)
        return text_fault(text, "first arc above 2 (X.660 A.2)", err);
    if (first < 2 && v > 39)
        return text_fault(text, "second arc above 39 (X.660 A.2)", err);
    if (v > ARC_MAX - 80)
        return text_fault(text, "arc of more than 128 bits", err);
    SG_TRY(put_arc(out, first * 40 + v, err));
    while (*p == '.') {
        p++;
        if (!read_arc(&p, &v))
            return text_fault(text, "not dotted decimal", err);
        SG_TRY(put_arc(out, v, err));
    }
    if (*p != '\0')
        return text_fault(text, "not dotted decimal", err);
    return SG_OK;
}

enum sg_rc sg_oid_from_text(const char *text, struct sg_buf *out,
                            struct sg_err *err)
{
    size_t before = out->len;
    enum sg_rc rc = SG_OK;

    if (strlen(text) >= SG_OID_TEXT_MAX)
        rc = text_fault(text, "longer than 127 characters", err);
    else
        rc = put_text(text, out, err);
    if (rc != SG_OK)
        out->len = before;
    return rc;
}

/* Append ".<v>" (or "<v>" at the start) to dst; false when it does not fit. */
static bool print_arc(char *dst, size_t *len, arc_number v)
{
    char digits[ARC_DIGITS_MAX];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + (int)(v % 10));
    } while ((v /= 10) != 0);
    if (*len > 0)
        digits[--at] = '.';
    size_t n = sizeof(digits) - at;
    if (*len + n >= SG_OID_TEXT_MAX)
        return false;
    memcpy(dst + *len, digits + at, n);
    *len += n;
    dst[*len] = '\0';
    return true;
}

static bool print_all(struct sg_slice oid, char dst[SG_OID_TEXT_MAX])
{
    size_t len = 0;
    arc_number v = 0;

    if (oid.len == 0 || oid.p[oid.len - 1] >= 0x80)
        return false;
    for (size_t i = 0; i < oid.len; i++) {
        if ((v == 0 && oid.p[i] == 0x80) || v > ARC_MAX >> 7)
            return false;
        v = v << 7 | (oid.p[i] & 0x7f);
        if (oid.p[i] >= 0x80)
            continue;
        if (len == 0) {
            arc_number first = v < 40 ? 0 : v < 80 ? 1 : 2;

            (void)print_arc(dst, &len, first);
            v -= first * 40;
        }
        if (!print_arc(dst, &len, v))
            return false;
        v = 0;
    }
    return true;
}

const char *sg_oid_to_text(struct sg_slice oid, char dst[SG_OID_TEXT_MAX])
{
    if (!print_all(oid, dst))
        (void)snprintf(dst, SG_OID_TEXT_MAX, "?");
    return dst;
}
