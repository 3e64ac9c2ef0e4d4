/* SPDX-License-Identifier: Apache-2.0 */
#include "common/parse.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"

/* Nanoseconds of 10^10 seconds do not fit into 64 bits. */
__extension__ typedef unsigned __int128 wide_number;

#define NANO UINT64_C(1000000000)
#define DURATION_MAX INT64_C(10000000000) /* seconds: 317 years */

const char *sg_show(const char *text, char dst[SG_SHOW_MAX])
{
    static const char cut[] = "...";
    size_t n = 0;

    for (; *text != '\0' && n < SG_SHOW_MAX - sizeof(cut); text++)
        dst[n++] = (char)(*text >= 0x20 && *text < 0x7f ? *text : '?');
    memcpy(dst + n, *text != '\0' ? cut : "", *text != '\0' ? sizeof(cut) : 1);
    return dst;
}

static enum sg_rc refuse_at(const char *text, const char *rule,
                            const char *where, struct sg_err *err)
{
    char shown[SG_SHOW_MAX];

    return sg_err_fill(err, SG_FORMAT, SG_SRC_NONE, 0, where, "\"%s\": %s",
                       sg_show(text, shown), rule);
}

#define REFUSE(text, rule, err) refuse_at((text), (rule), SG_HERE, (err))

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Decimal digits at *text without a leading zero; *text is left behind them.
 * False when there are none or 64 bits do not hold them. */
static bool digits(const char **text, uint64_t *ret)
{
    const char *p = *text;
    uint64_t v = 0;

    if (!is_digit(p[0]) || (p[0] == '0' && is_digit(p[1])))
        return false;
    for (; is_digit(*p); p++)
        if (__builtin_mul_overflow(v, 10, &v)
            || __builtin_add_overflow(v, (unsigned)(*p - '0'), &v))
            return false;
    *text = p;
    *ret = v;
    return true;
}

/* Only digits, whatever their value. */
static bool is_whole_number(const char *text)
{
    if (!is_digit(text[0]) || (text[0] == '0' && text[1] != '\0'))
        return false;
    return text[strspn(text, "0123456789")] == '\0';
}

enum sg_rc sg_parse_u64(const char *text, uint64_t min, uint64_t max,
                        uint64_t *ret, struct sg_err *err)
{
    const char *p = text;
    char shown[SG_SHOW_MAX];
    uint64_t v = 0;

    if (!is_whole_number(text))
        return REFUSE(text, "not a whole number", err);
    if (!digits(&p, &v) || v < min || v > max)
        return sg_err_set(err, SG_FORMAT,
                          "\"%s\": not between %" PRIu64 " and %" PRIu64,
                          sg_show(text, shown), min, max);
    *ret = v;
    return SG_OK;
}

enum sg_rc sg_parse_i64(const char *text, int64_t min, int64_t max,
                        int64_t *ret, struct sg_err *err)
{
    bool minus = text[0] == '-';
    const char *p = text + (minus ? 1 : 0);
    char shown[SG_SHOW_MAX];
    uint64_t magnitude = 0;

    if (!is_whole_number(p) || (minus && p[0] == '0'))
        return REFUSE(text, "not a whole number", err);
    bool fits = digits(&p, &magnitude)
                && magnitude <= (uint64_t)INT64_MAX + (minus ? 1 : 0);
    /* -2^63 has no positive twin, so it is not made by negation. */
    int64_t v = 0;
    if (fits && minus && magnitude > 0)
        v = -(int64_t)(magnitude - 1) - 1;
    else if (fits)
        v = (int64_t)magnitude;
    if (!fits || v < min || v > max)
        return sg_err_set(err, SG_FORMAT,
                          "\"%s\": not between %" PRId64 " and %" PRId64,
                          sg_show(text, shown), min, max);
    *ret = v;
    return SG_OK;
}

/* Nanoseconds of the unit at *text; 0 when there is none. */
static uint64_t duration_unit(const char **text)
{
    static const struct {
        const char *name; /* "ms" before "m", which it begins with */
        uint64_t nanoseconds;
    } units[] = {
        { "ns", 1 },           { "us", 1000 },
        { "\xc2\xb5s", 1000 }, /* U+00B5, as Go prints it */
        { "\xce\xbcs", 1000 }, /* U+03BC */
        { "ms", 1000000 },     { "s", NANO },
        { "m", 60 * NANO },    { "h", 3600 * NANO },
        { "d", 86400 * NANO },
    };

    for (size_t i = 0; i < SG_ARRAY_LEN(units); i++) {
        size_t len = strlen(units[i].name);

        if (strncmp(*text, units[i].name, len) == 0) {
            *text += len;
            return units[i].nanoseconds;
        }
    }
    return 0;
}

/* One "1.5h" at *text, added to *sum in nanoseconds. */
static bool duration_part(const char **text, wide_number *sum)
{
    const char *p = *text;
    uint64_t whole = 0;
    uint64_t fraction = 0; /* in units of 10^-9 */

    while (p[0] == '0' && is_digit(p[1]))
        p++; /* Go allows "01h" */
    if (!digits(&p, &whole))
        return false;
    if (*p == '.') {
        p++;
        if (!is_digit(*p))
            return false;
        for (uint64_t scale = NANO / 10; is_digit(*p); p++, scale /= 10)
            fraction += scale * (unsigned)(*p - '0');
    }
    uint64_t unit = duration_unit(&p);
    if (unit == 0 || whole > (uint64_t)DURATION_MAX * NANO)
        return false;
    *sum += (wide_number)whole * unit + (wide_number)fraction * unit / NANO;
    if (*sum > (wide_number)DURATION_MAX * NANO + NANO)
        *sum = (wide_number)DURATION_MAX * NANO + NANO; /* refused below */
    *text = p;
    return true;
}

enum sg_rc sg_parse_duration(const char *text, int64_t *ret_seconds,
                             struct sg_err *err)
{
    static const char rule[] =
        "not a duration like \"3600\", \"90s\", \"15m\", \"1.5h\" or \"30d\"";
    const char *p = text;
    wide_number sum = 0;

    if (text[0] == '-')
        return REFUSE(text, "negative duration", err);
    if (text[0] == '\0')
        return REFUSE(text, rule, err);
    if (text[strspn(text, "0123456789")] == '\0') {
        int64_t v = 0;

        p += strspn(p, "0");
        SG_TRY(*p == '\0' ? SG_OK : sg_parse_i64(p, 0, DURATION_MAX, &v, err));
        *ret_seconds = v;
        return SG_OK;
    }
    while (*p != '\0')
        if (!duration_part(&p, &sum))
            return REFUSE(text, rule, err);
    if (sum > (wide_number)DURATION_MAX * NANO)
        return REFUSE(text, "longer than 10000000000 seconds", err);
    *ret_seconds = (int64_t)(sum / NANO);
    return SG_OK;
}

/* n decimal digits at *text, then the character after (0: none). */
static bool field(const char **text, int n, char after, int *ret)
{
    const char *p = *text;
    int v = 0;

    for (int i = 0; i < n; i++, p++) {
        if (!is_digit(*p))
            return false;
        v = v * 10 + (*p - '0');
    }
    if (after != '\0' && *p++ != after)
        return false;
    *text = p;
    *ret = v;
    return true;
}

/* "Z" or "+02:00" at the end, in seconds east of UTC. */
static bool zone(const char *p, int *ret)
{
    int hours = 0;
    int minutes = 0;
    char sign = *p++;

    if (sign == 'Z' && *p == '\0') {
        *ret = 0;
        return true;
    }
    if (sign != '+' && sign != '-')
        return false;
    if (!field(&p, 2, ':', &hours) || !field(&p, 2, '\0', &minutes)
        || *p != '\0' || hours > 23 || minutes > 59)
        return false;
    *ret = (hours * 3600 + minutes * 60) * (sign == '-' ? -1 : 1);
    return true;
}

enum sg_rc sg_parse_time(const char *text, int64_t *ret, struct sg_err *err)
{
    static const char rule[] =
        "not a time like \"2026-11-22T06:22:37Z\" (RFC 3339)";
    const char *p = text;
    struct sg_date d = { 0 };
    int offset = 0;
    int64_t t = 0;

    if (!field(&p, 4, '-', &d.year) || !field(&p, 2, '-', &d.month)
        || !field(&p, 2, 'T', &d.day) || !field(&p, 2, ':', &d.hour)
        || !field(&p, 2, ':', &d.minute) || !field(&p, 2, '\0', &d.second))
        return REFUSE(text, rule, err);
    if (*p == '.') {
        size_t n = strspn(p + 1, "0123456789");

        if (n == 0)
            return REFUSE(text, rule, err);
        p += 1 + n;
    }
    if (!zone(p, &offset))
        return REFUSE(text, rule, err);
    SG_TRY(sg_date_to_time(&d, &t, err));
    t -= offset;
    if (t < SG_TIME_MIN || t > SG_TIME_MAX)
        return REFUSE(text, "outside the years 0-9999", err);
    *ret = t;
    return SG_OK;
}

enum sg_rc sg_parse_mode(const char *text, unsigned *ret, struct sg_err *err)
{
    unsigned v = 0;

    if (strlen(text) != 4 || text[0] != '0'
        || text[strspn(text, "01234567")] != '\0')
        return REFUSE(text, "not a file mode like \"0660\"", err);
    for (const char *p = text; *p != '\0'; p++)
        v = v << 3 | (unsigned)(*p - '0');
    *ret = v;
    return SG_OK;
}

static bool is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The next character as it is compared; -1 at the end. */
static int folded(struct sg_slice *rest, bool first)
{
    bool space = false;

    while (rest->len > 0 && is_space(rest->p[0])) {
        *rest = SG_SLICE(rest->p + 1, rest->len - 1);
        space = true;
    }
    if (rest->len == 0)
        return -1;
    if (space && !first)
        return ' ';
    uint8_t c = rest->p[0];
    *rest = SG_SLICE(rest->p + 1, rest->len - 1);
    return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

bool sg_text_alike(struct sg_slice a, struct sg_slice b)
{
    bool first = true;

    while (true) {
        int x = folded(&a, first);
        if (x != folded(&b, first))
            return false;
        if (a.len == 0 && b.len == 0)
            return true;
        first = false;
    }
}
