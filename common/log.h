/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_COMMON_LOG_H
#define SG_COMMON_LOG_H

/* key=value log lines on standard error (with "<N>" priorities when systemd
 * reads them, JOURNAL_STREAM). Thread-safe; one write per line. */

#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

enum sg_log_level {
    SG_LOG_ERR,    /* an operator must act */
    SG_LOG_WARN,   /* degraded, going on */
    SG_LOG_NOTICE, /* lifecycle */
    SG_LOG_INFO,   /* one per request */
    SG_LOG_DEBUG
};

void sg_log_set_level(enum sg_log_level level);
enum sg_log_level sg_log_level(void);
enum sg_rc sg_log_level_parse(const char *text, enum sg_log_level *ret_level,
                              struct sg_err *err);
const char *sg_log_level_name(enum sg_log_level level);

/* Names the program in every line: "signetd". Kept, not copied. */
void sg_log_set_program(const char *name);

/* Send lines somewhere else (the token process sends frames to its parent;
 * tests collect). A line begins with "prog=", has no newline, and carries
 * neither time nor level. NULL goes back to standard error. Set, like the
 * program's name, before threads start. */
typedef void (*sg_log_sink)(void *arg, enum sg_log_level level,
                            const char *line);
void sg_log_set_sink(sg_log_sink sink, void *arg);

/* sg_log(SG_LOG_ERR, "issue_failed", "req=%s rc=%s err=%s", …): the event is a
 * constant; string values that may hold spaces or control characters go
 * through sg_log_quote(). */
SG_PRINTF(3, 4)
void sg_log(enum sg_log_level level, const char *event, const char *fmt, ...);

/* Write a line that a sink has caught elsewhere: time and level go in front. */
void sg_log_line(enum sg_log_level level, const char *line);

/* value as a quoted, escaped string, cut at the size of dst. Returns dst. */
#define SG_LOG_VALUE_MAX 640
const char *sg_log_quote(const char *value, char *dst, size_t size);

/* Let at most burst lines per second pass; the next line that passes says how
 * many were dropped (*ret_dropped is set only then). One static limiter, all
 * zero, per call site. */
struct sg_log_limit {
    int64_t second;
    unsigned passed;
    unsigned dropped;
    int lock;
};
bool sg_log_limit_pass(struct sg_log_limit *limit, unsigned burst,
                       unsigned *ret_dropped);

#endif
