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

/* What an event says. The stamp is the event's own time: the same ledger gives
 * the same file. */
struct event {
    int64_t time;
    const char *uid, *summary, *description;
    uint32_t sequence; /* a later version of the event has a greater one */
    bool cancelled;
};

static enum sg_rc put_event(struct sg_buf *out, const struct event *event,
                            struct sg_err *err)
{
    char when[SG_TIME_TEXT_MAX];
    char text[TEXT_MAX];

    SG_TRY(linef(out, err, "BEGIN:VEVENT"));
    SG_TRY(linef(out, err, "UID:%s@signet", event->uid));
    SG_TRY(linef(out, err, "DTSTAMP:%s", stamp(event->time, when)));
    SG_TRY(linef(out, err, "DTSTART:%s", stamp(event->time, when)));
    SG_TRY(linef(out, err, "SEQUENCE:%u", event->sequence));
    SG_TRY(linef(out, err, "STATUS:%s",
                 event->cancelled ? "CANCELLED" : "CONFIRMED"));
    SG_TRY(linef(out, err, "SUMMARY:%s", escaped(event->summary, text)));
    SG_TRY(
        linef(out, err, "DESCRIPTION:%s", escaped(event->description, text)));
    return linef(out, err, "END:VEVENT");
}

/* One that was withdrawn stays, cancelled: whoever has it in a calendar of
 * theirs loses it when they take the file again. */
static enum sg_rc put_row(struct sg_buf *out, const struct cer_ledger *ledger,
                          const struct cer_ledger_row *row, struct sg_err *err)
{
    bool gone = row->withdrawn_by != NULL;
    char uid[65];
    char summary[TEXT_MAX];
    char description[TEXT_MAX];
    char by[SG_TIME_TEXT_MAX];
    char until[SG_TIME_TEXT_MAX];

    (void)sg_hex(SG_SLICE(row->sha256, 32), uid, sizeof(uid));
    (void)snprintf(summary, sizeof(summary), "%s CRL %.48s of %.900s",
                   gone ? "Do not publish" : "Publish", row->number,
                   ledger->issuer);
    if (gone)
        (void)snprintf(description, sizeof(description),
                       "%.80s was withdrawn: CRL %.48s took its place.",
                       row->file, row->withdrawn_by);
    else
        (void)snprintf(description, sizeof(description),
                       "%.80s, revoked %lld, SHA-256 %s. Publish it by %s; "
                       "good until %s.",
                       row->file, (long long)row->entries, uid,
                       sg_time_text(row->publish_by, by),
                       sg_time_text(row->next_update, until));
    return put_event(out,
                     &(struct event){ row->this_update, uid, summary,
                                      description, gone ? 1 : 0, gone },
                     err);
}

/* Grows with each CRL, whatever calendar it stands in: its number does. */
static uint32_t sequence_of(const struct cer_ledger_row *row)
{
    uint64_t number = 0;
    struct sg_err ignored = { 0 };
    SG_CLEANUP(sg_buf_done) struct sg_buf octets;

    sg_buf_init(&octets, CER_NUMBER_TEXT_MAX);
    if (sg_parse_hex(row->number, &octets, &ignored) != SG_OK)
        return 0;
    for (size_t i = 0; i < octets.len; i++)
        number = (number << 8) | octets.data[i];
    return (uint32_t)(number & INT32_MAX);
}

/* One event for the issuer, that every later CRL moves. */
static enum sg_rc put_end(struct sg_buf *out, const struct cer_ledger *ledger,
                          struct sg_err *err)
{
    const struct cer_ledger_row *last = NULL;
    char uid[TEXT_MAX];
    char summary[TEXT_MAX];

    for (size_t i = 0; i < ledger->n; i++)
        if (ledger->row[i].withdrawn_by == NULL)
            last = &ledger->row[i];
    if (last == NULL)
        return SG_OK;
    (void)snprintf(uid, sizeof(uid), "end-%.128s", ledger->key_id);
    (void)snprintf(summary, sizeof(summary), "The last CRL of %.900s runs out",
                   ledger->issuer);
    return put_event(out,
                     &(struct event){ last->next_update, uid, summary,
                                      "Nothing is left to publish: hold a "
                                      "ceremony before.",
                                      sequence_of(last), false },
                     err);
}

enum sg_rc cer_ledger_ics(const struct cer_ledger *ledger, struct sg_buf *out,
                          struct sg_err *err)
{
    SG_TRY(linef(out, err, "BEGIN:VCALENDAR"));
    SG_TRY(linef(out, err, "VERSION:2.0"));
    SG_TRY(linef(out, err, "PRODID:-//signet//crl ledger//EN"));
    for (size_t i = 0; i < ledger->n; i++)
        SG_TRY(put_row(out, ledger, &ledger->row[i], err));
    SG_TRY(put_end(out, ledger, err));
    return linef(out, err, "END:VCALENDAR");
}
