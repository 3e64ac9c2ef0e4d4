/* SPDX-License-Identifier: Apache-2.0 */
#include "common/log.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"

#define LINE_MAX_BYTES 2048 /* three quoted values and what stands around */
#define HEAD_MAX 64         /* "<6>" or the time, and the level */

static const struct {
    const char *name;
    int priority; /* syslog's */
} LEVELS[] = {
    [SG_LOG_ERR] = { "err", 3 },       [SG_LOG_WARN] = { "warn", 4 },
    [SG_LOG_NOTICE] = { "notice", 5 }, [SG_LOG_INFO] = { "info", 6 },
    [SG_LOG_DEBUG] = { "debug", 7 },
};

/* The process has one log. Program and sink are set before threads start. */
static struct {
    _Atomic int level;
    const char *program;
    sg_log_sink sink;
    void *sink_arg;
    pthread_once_t once;
    bool journal;
} g_log = { .level = SG_LOG_INFO,
            .program = "signet",
            .once = PTHREAD_ONCE_INIT };

void sg_log_set_level(enum sg_log_level level)
{
    atomic_store(&g_log.level, (int)level);
}

enum sg_log_level sg_log_level(void)
{
    return (enum sg_log_level)atomic_load(&g_log.level);
}

enum sg_rc sg_log_level_parse(const char *text, enum sg_log_level *ret_level,
                              struct sg_err *err)
{
    for (size_t i = 0; i < SG_ARRAY_LEN(LEVELS); i++) {
        if (strcmp(text, LEVELS[i].name) == 0) {
            *ret_level = (enum sg_log_level)i;
            return SG_OK;
        }
    }
    return sg_err_set(err, SG_FORMAT,
                      "log level \"%.32s\": not err, warn, notice, info or "
                      "debug",
                      text);
}

const char *sg_log_level_name(enum sg_log_level level)
{
    return LEVELS[level].name;
}

void sg_log_set_program(const char *name)
{
    g_log.program = name;
}

void sg_log_set_sink(sg_log_sink sink, void *arg)
{
    g_log.sink = sink;
    g_log.sink_arg = arg;
}

/* systemd.exec(5): the variable names the journal's stream, and only counts
 * while standard error still is that stream. */
static void find_journal(void)
{
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing calls setenv
    const char *stream = getenv("JOURNAL_STREAM");
    char mine[64];
    struct stat st;

    if (stream == NULL || fstat(STDERR_FILENO, &st) != 0)
        return;
    (void)snprintf(mine, sizeof(mine), "%ju:%ju", (uintmax_t)st.st_dev,
                   (uintmax_t)st.st_ino);
    g_log.journal = strcmp(stream, mine) == 0;
}

static void write_line(const char *text, size_t len)
{
    /* One call, so that lines of several processes never mix. Nobody can be
     * told when it fails. */
    while (write(STDERR_FILENO, text, len) < 0 && errno == EINTR)
        continue;
}

void sg_log_line(enum sg_log_level level, const char *line)
{
    char text[HEAD_MAX + LINE_MAX_BYTES];
    char now[SG_TIME_TEXT_MAX];
    int saved = errno;
    int n = 0;

    (void)pthread_once(&g_log.once, find_journal);
    if (g_log.journal)
        n = snprintf(text, sizeof(text), "<%d>level=%s %s\n",
                     LEVELS[level].priority, LEVELS[level].name, line);
    else
        n = snprintf(text, sizeof(text), "time=%s level=%s %s\n",
                     sg_time_text(sg_now(), now), LEVELS[level].name, line);
    if (n > 0) {
        size_t len = (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1;

        text[len - 1] = '\n';
        write_line(text, len);
    }
    errno = saved;
}

/* Whatever slipped past sg_log_quote() cannot begin a line of its own. */
static void flatten(char *line)
{
    for (; *line != '\0'; line++)
        if ((unsigned char)*line < 0x20 || *line == 0x7f)
            *line = '?';
}

void sg_log(enum sg_log_level level, const char *event, const char *fmt, ...)
{
    char line[LINE_MAX_BYTES];
    int saved = errno;

    if ((int)level > atomic_load_explicit(&g_log.level, memory_order_relaxed))
        return;
    int n =
        snprintf(line, sizeof(line), "prog=%s event=%s ", g_log.program, event);
    if (n > 0 && (size_t)n < sizeof(line)) {
        va_list ap;

        errno = saved; /* for %m */
        va_start(ap, fmt);
        int more = vsnprintf(line + n, sizeof(line) - (size_t)n, fmt, ap);
        va_end(ap);
        if (more <= 0)
            line[n - 1] = '\0';
    }
    flatten(line);
    if (g_log.sink != NULL)
        g_log.sink(g_log.sink_arg, level, line);
    else
        sg_log_line(level, line);
    errno = saved;
}

/* Text of c inside quotes; returns its length. */
static size_t escape(char c, char dst[5])
{
    static const char from[] = "\"\\\n\r\t";
    static const char to[] = "\"\\nrt";
    const char *special = strchr(from, c);

    if (special != NULL) {
        dst[0] = '\\';
        dst[1] = to[special - from];
        return 2;
    }
    if (c >= 0x20 && c < 0x7f) {
        dst[0] = c;
        return 1;
    }
    return (size_t)snprintf(dst, 5, "\\x%02x", (unsigned char)c);
}

const char *sg_log_quote(const char *value, char *dst, size_t size)
{
    static const char none[] = "";
    size_t n = 0;

    if (size < 3)
        return none;
    dst[n++] = '"';
    for (const char *p = value != NULL ? value : ""; *p != '\0'; p++) {
        char piece[5];
        size_t len = escape(*p, piece);

        if (n + len + 2 > size)
            break;
        memcpy(dst + n, piece, len);
        n += len;
    }
    dst[n++] = '"';
    dst[n] = '\0';
    return dst;
}

bool sg_log_limit_pass(struct sg_log_limit *limit, unsigned burst,
                       unsigned *ret_dropped)
{
    int64_t second = sg_mono_ms() / 1000 + 1; /* 0 is a fresh limiter */
    bool pass = false;
    unsigned dropped = 0;

    while (__atomic_exchange_n(&limit->lock, 1, __ATOMIC_ACQUIRE) != 0)
        (void)sched_yield();
    if (limit->second != second) {
        limit->second = second;
        limit->passed = 0;
    }
    if (limit->passed < burst) {
        limit->passed++;
        dropped = limit->dropped;
        limit->dropped = 0;
        pass = true;
    } else {
        limit->dropped++;
    }
    __atomic_store_n(&limit->lock, 0, __ATOMIC_RELEASE);
    if (pass)
        *ret_dropped = dropped;
    return pass;
}
