/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CEREMONY_LEDGER_H
#define SG_CEREMONY_LEDGER_H

/* What an issuer has published: CRLs only go forward. A ledger is a folder with
 * every CRL and ledger.jsonl, chained lines like a transcript's. */

#include "ca/crl.h"
#include "common/arena.h"

#define CER_FILE_LEDGER "ledger.jsonl"
#define CER_FILE_CALENDAR "calendar.ics"
#define CER_CRL_MAX ((size_t)64 * 1024 * 1024) /* bytes */
/* For a CRL of CER_CRL_MAX, its entries, and the one before. */
#define CER_LEDGER_ARENA_MAX ((size_t)1024 * 1024 * 1024)
#define CER_LEDGER_FILE_MAX 64 /* "crl-….crl" with NUL */

/* Serial numbers, magnitudes, of certificates that have expired: only their
 * entries may be left out (RFC 5280 3.3). */
struct cer_expired {
    const struct sg_slice *serial;
    size_t n;
};

/* May next be published after last? SG_POLICY "crl: …": another issuer, key or
 * scope; a number or thisUpdate that is not greater; an entry that is gone or
 * has another date. Pure. */
enum sg_rc cer_ledger_compare(const struct ca_crl *last,
                              const struct ca_crl *next,
                              const struct cer_expired *expired,
                              struct sg_arena *arena, struct sg_err *err);

struct cer_ledger_args {
    const char *dir;     /* made if need be */
    struct sg_slice crl; /* DER */
    const struct ca_cert *issuer;
    const struct cer_expired *expired;
    int64_t now;
};
/* Put a CRL into the ledger: held against the issuer and the newest one there.
 * ret_file: its name in the folder. The same CRL again changes nothing. */
enum sg_rc cer_ledger_record(const struct cer_ledger_args *args,
                             char ret_file[CER_LEDGER_FILE_MAX],
                             struct sg_err *err);

/* One published CRL, as the ledger has it. */
struct cer_published {
    const char *number; /* hex */
    const char *file;
    int64_t this_update, next_update;
    int64_t entries;
    uint8_t sha256[32];
    /* thisUpdate lies after the nextUpdate of the one before: nobody has a
     * valid CRL for so many seconds. */
    int64_t gap;
};
struct cer_calendar {
    const char *issuer; /* its name as text */
    struct cer_published *row;
    size_t n;
};
/* Reads and checks the ledger, and that each CRL is the one recorded. */
enum sg_rc cer_ledger_calendar(const char *dir, struct sg_arena *arena,
                               struct cer_calendar *ret, struct sg_err *err);
/* As iCalendar (RFC 5545): when to publish each, and when the last runs out. */
enum sg_rc cer_ledger_ics(const struct cer_calendar *calendar,
                          struct sg_buf *out, struct sg_err *err);

/* A CRL, DER or PEM, from a file, or from an http, https or file URL. */
enum sg_rc cer_ledger_fetch(const char *where, struct sg_arena *arena,
                            struct sg_slice *ret, struct sg_err *err);

#endif
