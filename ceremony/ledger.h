/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CEREMONY_LEDGER_H
#define SG_CEREMONY_LEDGER_H

/* What an issuer has signed and published: CRLs only go forward. A ledger is a
 * folder with every CRL and ledger.jsonl, chained lines like a transcript's.
 *
 * A CRL is published from its thisUpdate on; until then it has only been signed
 * ahead. The one that comes before a CRL is the newest whose thisUpdate is
 * earlier. When something has to be revoked while CRLs lie ready for the months
 * ahead, a new one comes before them: they are withdrawn, and the ledger says
 * so in the new one's line. */

#include "ca/crl.h"
#include "common/arena.h"

#define CER_FILE_LEDGER "ledger.jsonl"
#define CER_FILE_CALENDAR "calendar.ics"
#define CER_CRL_MAX ((size_t)64 * 1024 * 1024) /* bytes */
/* For a CRL of CER_CRL_MAX, its entries, and the one before. */
#define CER_LEDGER_ARENA_MAX ((size_t)1024 * 1024 * 1024)
#define CER_LEDGER_FILE_MAX 64 /* "crl-….crl" with NUL */

/* --- numbers ------------------------------------------------------------------- */

/* INTEGER content without the octets that only say "not negative"; zero is one
 * octet. */
struct sg_slice cer_magnitude(struct sg_slice integer);
/* As memcmp() does, by value; neither is negative. */
int cer_integer_compare(struct sg_slice a, struct sg_slice b);
/* The magnitude in hex: how ledgers, plans and file names have it. */
#define CER_NUMBER_TEXT_MAX 48 /* 20 octets and their sign, with NUL */
const char *cer_number_text(struct sg_slice integer,
                            char dst[CER_NUMBER_TEXT_MAX]);
/* "crl-0a.crl". Returns dst. */
const char *cer_crl_file(struct sg_slice number, const char *ending,
                         char dst[CER_LEDGER_FILE_MAX]);

/* --- one after the other ------------------------------------------------------- */

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

/* --- the folder ---------------------------------------------------------------- */

/* One CRL, as a line of the ledger has it. */
struct cer_ledger_row {
    const char *number; /* hex */
    const char *file;
    int64_t this_update, next_update;
    int64_t entries;
    uint8_t sha256[32];
    const char *withdrawn_by; /* number of the one that came before; or NULL */
    bool withdraws;           /* took the place of others */
    /* When the one before it runs out: by then it has to be published. At once,
     * its own thisUpdate, when it is the first, revokes more, or withdraws. */
    int64_t publish_by;
    /* From when the one before it runs out to thisUpdate: nobody has a valid
     * CRL for so many seconds. */
    int64_t gap;
};
struct cer_ledger {
    const char *issuer;         /* its name as text */
    const char *key_id;         /* authority key identifier, hex */
    struct cer_ledger_row *row; /* as they were recorded */
    size_t n;
};
/* Reads and checks the lines, not the CRLs. SG_NOT_FOUND when there are none. */
enum sg_rc cer_ledger_read(const char *dir, struct sg_arena *arena,
                           struct cer_ledger *ret, struct sg_err *err);
/* SG_FORMAT unless each CRL is the one that was recorded. */
enum sg_rc cer_ledger_check_files(const char *dir,
                                  const struct cer_ledger *ledger,
                                  struct sg_err *err);
/* The CRL of a row, DER, in the arena. SG_FORMAT when it is another one. */
enum sg_rc cer_ledger_crl(const char *dir, const struct cer_ledger_row *row,
                          struct sg_arena *arena, struct sg_slice *ret,
                          struct sg_err *err);
/* The row with this hash of the whole CRL, or NULL. */
const struct cer_ledger_row *cer_ledger_find(const struct cer_ledger *ledger,
                                             const uint8_t sha256[static 32]);
/* publish_by and gap of every row, from the rows before. last: the one before
 * the first, or NULL. */
void cer_ledger_space(struct cer_ledger *ledger,
                      const struct cer_ledger_row *last);

/* A CRL that is to come into a ledger. */
struct cer_ledger_new {
    struct sg_slice number;
    int64_t this_update;
    bool withdraw; /* what was signed ahead and would come after it */
};
/* Would it withdraw this row? */
bool cer_ledger_withdraws(const struct cer_ledger_new *next,
                          const struct cer_ledger_row *row);
/* Where it belongs: *ret_last is the row before it, or NULL. SG_POLICY for a
 * number that is not greater than every one there; for a thisUpdate that is not
 * after one that is published; for one that others were signed ahead of, unless
 * they may be withdrawn. now tells what is published. Pure. */
enum sg_rc cer_ledger_place(const struct cer_ledger *ledger,
                            const struct cer_ledger_new *next, int64_t now,
                            const struct cer_ledger_row **ret_last,
                            struct sg_err *err);

struct cer_ledger_args {
    const char *dir;     /* made if need be */
    struct sg_slice crl; /* DER */
    const struct ca_cert *issuer;
    const struct cer_expired *expired;
    bool withdraw;
    int64_t now;
};
/* Put a CRL into the ledger: held against the issuer and the one before it. The
 * same CRL again changes nothing. ret_file: its name in the folder. */
enum sg_rc cer_ledger_record(const struct cer_ledger_args *args,
                             char ret_file[CER_LEDGER_FILE_MAX],
                             struct sg_err *err);

/* As iCalendar (RFC 5545): when to publish each, and when the last runs out.
 * The same rows give the same octets. */
enum sg_rc cer_ledger_ics(const struct cer_ledger *ledger, struct sg_buf *out,
                          struct sg_err *err);

/* --- from elsewhere ------------------------------------------------------------ */

/* A CRL, DER or PEM, from a file, or from an http, https or file URL. */
enum sg_rc cer_ledger_fetch(const char *where, struct sg_arena *arena,
                            struct sg_slice *ret, struct sg_err *err);

#endif
