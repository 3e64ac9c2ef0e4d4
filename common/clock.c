/* SPDX-License-Identifier: Apache-2.0 */
#include "common/clock.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <time.h>

#define DAY_SECONDS 86400
#define ERA_YEARS 400
#define ERA_DAYS 146097 /* in 400 Gregorian years */

int64_t sg_now(void)
{
    struct timespec now;
    int failed = clock_gettime(CLOCK_REALTIME, &now);

    assert(failed == 0); /* only a bad clock id or pointer can fail */
    return now.tv_sec;
}

int64_t sg_mono_us(void)
{
    struct timespec now;
    int failed = clock_gettime(CLOCK_MONOTONIC, &now);

    assert(failed == 0); /* only a bad clock id or pointer can fail */
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t sg_mono_ms(void)
{
    return sg_mono_us() / 1000;
}

void sg_sleep_ms(unsigned ms)
{
    struct timespec left = {
        .tv_sec = ms / 1000,
        .tv_nsec = (long)(ms % 1000) * 1000000,
    };

    /* clock_nanosleep returns the error, nanosleep would set errno. */
    while (clock_nanosleep(CLOCK_MONOTONIC, 0, &left, &left) == EINTR)
        continue;
}

/* Days since 1970-01-01. The year is counted from March, so that the leap day
 * is the last of its year and (153 m + 2) / 5 gives the days before month m. */
static int64_t days_from_civil(int year, int month, int day)
{
    int64_t y = month > 2 ? year : (int64_t)year - 1;
    int64_t era = (y >= 0 ? y : y - (ERA_YEARS - 1)) / ERA_YEARS;
    int64_t in_era = y - era * ERA_YEARS;
    int64_t m = (month + 9) % 12;
    int64_t in_year = (153 * m + 2) / 5 + day - 1;
    int64_t days = in_era * 365 + in_era / 4 - in_era / 100 + in_year;

    return era * ERA_DAYS + days - 719468; /* 0000-03-01 to 1970-01-01 */
}

static int days_in_month(int year, int month)
{
    static const int days[] = {
        31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31
    };
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % ERA_YEARS == 0;

    return days[month - 1] + (month == 2 && leap ? 1 : 0);
}

static bool date_exists(const struct sg_date *d)
{
    return d->year >= 0 && d->year <= 9999 && d->month >= 1 && d->month <= 12
           && d->day >= 1 && d->day <= days_in_month(d->year, d->month)
           && d->hour >= 0 && d->hour <= 23 && d->minute >= 0 && d->minute <= 59
           && d->second >= 0 && d->second <= 59;
}

enum sg_rc sg_date_to_time(const struct sg_date *date, int64_t *ret,
                           struct sg_err *err)
{
    if (!date_exists(date))
        return sg_err_set(err, SG_FORMAT,
                          "%04d-%02d-%02dT%02d:%02d:%02dZ: no such time",
                          date->year, date->month, date->day, date->hour,
                          date->minute, date->second);
    *ret = days_from_civil(date->year, date->month, date->day) * DAY_SECONDS
           + INT64_C(3600) * date->hour + INT64_C(60) * date->minute
           + date->second;
    return SG_OK;
}

void sg_date_from_time(int64_t t, struct sg_date *ret)
{
    if (t < SG_TIME_MIN)
        t = SG_TIME_MIN;
    if (t > SG_TIME_MAX)
        t = SG_TIME_MAX;

    /* From 0000-03-01 less one era, so that nothing below is negative. */
    int64_t since = t - SG_TIME_MIN;
    int64_t days = since / DAY_SECONDS + ERA_DAYS - 60;
    int second = (int)(since % DAY_SECONDS);
    int64_t era = days / ERA_DAYS;
    int64_t in_era = days % ERA_DAYS;
    int64_t y =
        (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    int64_t in_year = in_era - (365 * y + y / 4 - y / 100);
    int64_t m = (5 * in_year + 2) / 153;
    int month = (int)(m < 10 ? m + 3 : m - 9);
    int64_t year = y + (era - 1) * ERA_YEARS + (month <= 2 ? 1 : 0);

    *ret = (struct sg_date){
        .year = (int)year,
        .month = month,
        .day = (int)(in_year - (153 * m + 2) / 5 + 1),
        .hour = second / 3600,
        .minute = second / 60 % 60,
        .second = second % 60,
    };
}

static char *put_two(char *p, int v)
{
    *p++ = (char)('0' + v / 10);
    *p++ = (char)('0' + v % 10);
    return p;
}

const char *sg_time_text(int64_t t, char dst[SG_TIME_TEXT_MAX])
{
    struct sg_date d;

    if (t < SG_TIME_MIN || t > SG_TIME_MAX) {
        (void)snprintf(dst, SG_TIME_TEXT_MAX, "?");
        return dst;
    }
    sg_date_from_time(t, &d);
    /* In each line of the log: printf would cost ten times as much. */
    char *p = put_two(put_two(dst, d.year / 100), d.year % 100);
    *p++ = '-';
    p = put_two(p, d.month);
    *p++ = '-';
    p = put_two(p, d.day);
    *p++ = 'T';
    p = put_two(p, d.hour);
    *p++ = ':';
    p = put_two(p, d.minute);
    *p++ = ':';
    p = put_two(p, d.second);
    *p++ = 'Z';
    *p = '\0';
    return dst;
}
