/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_COMMON_CLOCK_H
#define SG_COMMON_CLOCK_H

/* The one clock. Pure code takes the time as an argument; programs ask here.
 * Thread-safe. */

#include <stdint.h>

#include "common/err.h"

int64_t sg_now(void);     /* seconds since 1970, wall clock */
int64_t sg_mono_ms(void); /* milliseconds, never goes back */
int64_t sg_mono_us(void);
/* Sleep that a signal does not cut short. */
void sg_sleep_ms(unsigned ms);

#define SG_TIME_MIN INT64_C(-62167219200) /* 0000-01-01T00:00:00Z */
#define SG_TIME_MAX INT64_C(253402300799) /* 9999-12-31T23:59:59Z */

#define SG_TIME_TEXT_MAX 32
/* "2026-11-22T06:22:37Z". Returns dst; "?" outside years 0–9999. */
const char *sg_time_text(int64_t t, char dst[SG_TIME_TEXT_MAX]);

/* Calendar (proleptic Gregorian, UTC) to seconds and back; SG_FORMAT for a
 * date that does not exist or lies outside years 0–9999, where from_time stops
 * at the nearer end. Leap seconds do not exist here. */
struct sg_date {
    int year, month, day, hour, minute, second; /* month 1–12 */
};
enum sg_rc sg_date_to_time(const struct sg_date *date, int64_t *ret,
                           struct sg_err *err);
void sg_date_from_time(int64_t t, struct sg_date *ret);

#endif
