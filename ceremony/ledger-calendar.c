/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ceremony/ledger.h"
#include "common/clock.h"
#include "common/parse.h"

#define LINE_OCTETS_MAX 75 /* without the line's end (RFC 5545 3.1) */
#define TEXT_MAX 1024

/* One content line, folded; never inside a UTF-8 character. */
static enum sg_rc put_line(struct sg_buf *out, const char *text,
                           struct sg_err *err)
{
    size_t room = LINE_OCTETS_MAX;
    size_t left = strlen(text);

    while (left > room) {
        size_t cut = room;
        while (cut > 1 && ((uint8_t)text[cut] & 0xc0) == 0x80)
            cut--;
        SG_TRY(sg_buf_put(out, text, cut, err));
        SG_TRY(sg_buf_put_str(out, "\r\n ", err));
        text += cut;
        left -= cut;
        room = LINE_OCTETS_MAX - 1; /* the space counts */
    }
    SG_TRY(sg_buf_put(out, text, left, err));
    return sg_buf_put_str(out, "\r\n", err);
}

SG_PRINTF(3, 4)
static enum sg_rc linef(struct sg_buf *out, struct sg_err *err, const char *fmt,
                        ...)
{
    char text[2 * TEXT_MAX];
    va_list ap;

    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    if (n < 0 || (size_t)n >= sizeof(text))
        return sg_err_set(err, SG_LIMIT, "calendar: line too long");
    return put_line(out, text, err);
}

/* TEXT values: RFC 5545 3.3.11. Control characters have no place there. */
static const char *escaped(const char *text, char dst[TEXT_MAX])
{
    size_t n = 0;

    for (; *text != '\0' && n + 2 < TEXT_MAX; text++) {
        if (*text == '\\' || *text == ';' || *text == ',')
            dst[n++] = '\\';
        bool control = (uint8_t)*text < 0x20 || *text == 0x7f;
        if (control)
            dst[n++] = '?';
        else
            dst[n++] = *text;
    }
    dst[n] = '\0';
    return dst;
}

/* "20261122T062237Z" */
static const char *stamp(int64_t time, char dst[SG_TIME_TEXT_MAX])
{
    struct sg_date d;

    sg_date_from_time(time, &d);
    (void)snprintf(dst, SG_TIME_TEXT_MAX, "%04d%02d%02dT%02d%02d%02dZ",
                   d.year % 10000, d.month, d.day, d.hour, d.minute, d.second);
    return dst;
}

/* The stamp is the event's own time: the same ledger gives the same file. */
static enum sg_rc put_event(struct sg_buf *out, int64_t time, const char *uid,
                            const char *summary, const char *description,
                            struct sg_err *err)
{
    char when[SG_TIME_TEXT_MAX];
    char text[TEXT_MAX];

    SG_TRY(linef(out, err, "BEGIN:VEVENT"));
    SG_TRY(linef(out, err, "UID:%s@signet", uid));
    SG_TRY(linef(out, err, "DTSTAMP:%s", stamp(time, when)));
    SG_TRY(linef(out, err, "DTSTART:%s", stamp(time, when)));
    SG_TRY(linef(out, err, "SUMMARY:%s", escaped(summary, text)));
    SG_TRY(linef(out, err, "DESCRIPTION:%s", escaped(description, text)));
    return linef(out, err, "END:VEVENT");
}

static enum sg_rc put_row(struct sg_buf *out,
                          const struct cer_calendar *calendar,
                          const struct cer_published *row, struct sg_err *err)
{
    char uid[65];
    char summary[TEXT_MAX];
    char description[TEXT_MAX];
    char until[SG_TIME_TEXT_MAX];

    (void)sg_hex(SG_SLICE(row->sha256, 32), uid, sizeof(uid));
    (void)snprintf(summary, sizeof(summary), "Publish CRL %.48s of %.900s",
                   row->number, calendar->issuer);
    (void)snprintf(description, sizeof(description),
                   "%.80s, %lld entries, SHA-256 %s, good until %s", row->file,
                   (long long)row->entries, uid,
                   sg_time_text(row->next_update, until));
    return put_event(out, row->this_update, uid, summary, description, err);
}

enum sg_rc cer_ledger_ics(const struct cer_calendar *calendar,
                          struct sg_buf *out, struct sg_err *err)
{
    char uid[80];
    char summary[TEXT_MAX];
    char hash[65];

    SG_TRY(linef(out, err, "BEGIN:VCALENDAR"));
    SG_TRY(linef(out, err, "VERSION:2.0"));
    SG_TRY(linef(out, err, "PRODID:-//signet//crl ledger//EN"));
    for (size_t i = 0; i < calendar->n; i++)
        SG_TRY(put_row(out, calendar, &calendar->row[i], err));
    if (calendar->n > 0) {
        const struct cer_published *last = &calendar->row[calendar->n - 1];
        (void)snprintf(uid, sizeof(uid), "end-%s",
                       sg_hex(SG_SLICE(last->sha256, 32), hash, sizeof(hash)));
        (void)snprintf(summary, sizeof(summary),
                       "The last CRL of %.900s runs out", calendar->issuer);
        SG_TRY(put_event(out, last->next_update, uid, summary,
                         "Nothing is left to publish: hold a ceremony before.",
                         err));
    }
    return linef(out, err, "END:VCALENDAR");
}
