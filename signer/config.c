/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/config.h"
#include "common/file.h"
#include "common/parse.h"
#include "signer/config-check.h"

#define FILE_MAX ((size_t)1024 * 1024)   /* bytes, as common/config.h has it */
#define FROZEN_MAX ((size_t)1024 * 1024) /* arrays of tokens and issuers */
#define SOCKET_PATH_MAX 107              /* sun_path without its NUL, unix(7) */
#define TTL_DEFAULT (INT64_C(768) * 3600) /* seconds, Vault's 768h */
#define TTL_MAX (INT64_C(36525) * 86400)  /* a hundred years */

/* A default may be at fault: then the line is that of the entry around it. */
static size_t line_of(struct srv_yaml *yaml, const char *entry)
{
    char around[SRV_ENTRY_MAX];
    size_t line = srv_yaml_line(yaml, entry);
    const char *dot = strrchr(entry, '.');

    if (line != 0 || dot == NULL)
        return line;
    (void)snprintf(around, sizeof(around), "%.*s", (int)(dot - entry), entry);
    return srv_yaml_line(yaml, around);
}

enum sg_rc srv_refuse_at(const struct srv_check *c, const char *where,
                         const char *entry, const char *fmt, ...)
{
    char reason[SG_ERR_MSG_MAX / 2];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(reason, sizeof(reason), fmt, ap);
    va_end(ap);
    size_t line = line_of(c->yaml, entry);
    if (line == 0)
        return sg_err_fill(c->err, SG_CONFIG, SG_SRC_NONE, 0, where,
                           "%s: %s: %s", c->path, entry, reason);
    return sg_err_fill(c->err, SG_CONFIG, SG_SRC_NONE, 0, where,
                       "%s:%zu: %s: %s", c->path, line, entry, reason);
}

enum sg_rc srv_check_absolute(const struct srv_check *c, const char *entry,
                              const char *value)
{
    if (value[0] != '/')
        return SRV_REFUSE(c, entry, "\"%s\" is not an absolute path", value);
    return SG_OK;
}

enum sg_rc srv_check_unsigned(const struct srv_check *c, const char *entry,
                              const char *text, struct srv_range range,
                              unsigned *value)
{
    struct sg_err inner = { 0 };
    uint64_t v = 0;
    if (text == NULL)
        return SG_OK; /* the default stands there already */
    if (sg_parse_u64(text, range.min, range.max, &v, &inner) != SG_OK)
        return SRV_REFUSE(c, entry, "%s", inner.msg);
    *value = (unsigned)v;
    return SG_OK;
}

static enum sg_rc read_ttl(const struct srv_check *c, const char *entry,
                           const char *text, int64_t *value)
{
    struct sg_err inner = { 0 };
    int64_t v = TTL_DEFAULT;
    if (text != NULL && sg_parse_duration(text, &v, &inner) != SG_OK)
        return SRV_REFUSE(c, entry, "%s", inner.msg);
    if (v < 1 || v > TTL_MAX)
        return SRV_REFUSE(c, entry, "\"%s\" is not between 1s and 36525d",
                          text);
    *value = v;
    return SG_OK;
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
           || (c >= '0' && c <= '9') || c == '_';
}

/* Vault's syntax of names: letters, digits and "_", inside also "-" and ".". */
bool srv_is_name(const char *text, size_t len)
{
    if (len == 0 || len > 128 || !is_word(text[0]) || !is_word(text[len - 1]))
        return false;
    for (size_t i = 0; i < len; i++)
        if (!is_word(text[i]) && text[i] != '-' && text[i] != '.')
            return false;
    return true;
}

/* --- sections --------------------------------------------------------------- */

static enum sg_rc check_socket(const struct srv_check *c)
{
    const struct srv_file_socket *in = &c->out->file->socket;
    struct srv_socket_config *out = &c->out->cfg.socket;
    struct sg_err inner = { 0 };
    out->path = in->path != NULL ? in->path : "/run/signet/signetd.sock";
    out->mode = 0660;
    out->owner = in->owner;
    out->group = in->group;
    SG_TRY(srv_check_absolute(c, "socket.path", out->path));
    size_t len = strlen(out->path);
    if (len > SOCKET_PATH_MAX)
        return SRV_REFUSE(c, "socket.path", "%zu bytes long, the limit is %d",
                          len, SOCKET_PATH_MAX);
    if (in->mode != NULL
        && sg_parse_mode(in->mode, &out->mode, &inner) != SG_OK)
        return SRV_REFUSE(c, "socket.mode", "%s", inner.msg);
    return SG_OK;
}

static enum sg_rc check_mount(const struct srv_check *c, const char *mount)
{
    const char *p = mount;
    for (;;) {
        size_t len = strcspn(p, "/");
        if (!srv_is_name(p, len))
            return SRV_REFUSE(
                c, "mount",
                "\"%s\" is not a path of names without slashes at "
                "its ends",
                mount);
        if (p == mount
            && ((len == 3 && strncmp(p, "sys", len) == 0)
                || (len == 4 && strncmp(p, "auth", len) == 0)))
            return SRV_REFUSE(c, "mount", "\"%.*s\" is taken by the API itself",
                              (int)len, p);
        if (p[len] == '\0')
            return SG_OK;
        p += len + 1;
    }
}

static enum sg_rc check_top(const struct srv_check *c)
{
    const struct srv_config_file *in = c->out->file;
    struct srv_config *out = &c->out->cfg;
    struct sg_err inner = { 0 };
    out->log_level = SG_LOG_INFO;
    if (in->log_level != NULL
        && sg_log_level_parse(in->log_level, &out->log_level, &inner) != SG_OK)
        return SRV_REFUSE(c, "log_level", "%s", inner.msg);
    out->token_program = in->token_program;
    if (in->token_program != NULL)
        SG_TRY(srv_check_absolute(c, "token_program", in->token_program));
    out->mount = in->mount != NULL ? in->mount : "pki";
    SG_TRY(check_mount(c, out->mount));
    SG_TRY(read_ttl(c, "default_ttl", in->default_ttl, &out->default_ttl));
    SG_TRY(read_ttl(c, "max_ttl", in->max_ttl, &out->max_ttl));
    if (in->default_ttl == NULL && out->default_ttl > out->max_ttl)
        out->default_ttl = out->max_ttl;
    if (out->default_ttl > out->max_ttl)
        return SRV_REFUSE(c, "default_ttl", "\"%s\" is longer than max_ttl",
                          in->default_ttl);
    return SG_OK;
}

static enum sg_rc check_limits(const struct srv_check *c)
{
    const struct srv_file_limits *in = &c->out->file->limits;
    struct srv_limits_config *out = &c->out->cfg.limits;
    const struct {
        const char *entry;
        const char *text;
        unsigned preset;
        struct srv_range range;
        unsigned *value;
    } rows[] = {
        { "limits.connections",
          in->connections,
          512,
          { 1, 65536 },
          &out->connections },
        { "limits.connections_per_uid",
          in->connections_per_uid,
          0,
          { 0, 65536 },
          &out->connections_per_uid },
        { "limits.threads", in->threads, 0, { 0, 256 }, &out->threads },
        { "limits.body_bytes",
          in->body_bytes,
          65536,
          { 1024, 262144 },
          &out->body_bytes },
        { "limits.header_bytes",
          in->header_bytes,
          16384,
          { 1024, 1048576 },
          &out->header_bytes },
        { "limits.read_timeout_ms",
          in->read_timeout_ms,
          10000,
          { 100, SRV_TIMEOUT_MAX },
          &out->read_timeout_ms },
        { "limits.idle_timeout_ms",
          in->idle_timeout_ms,
          60000,
          { 100, 3600000 },
          &out->idle_timeout_ms },
        { "limits.stop_timeout_ms",
          in->stop_timeout_ms,
          10000,
          { 100, SRV_TIMEOUT_MAX },
          &out->stop_timeout_ms },
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        *rows[i].value = rows[i].preset;
        SG_TRY(srv_check_unsigned(c, rows[i].entry, rows[i].text, rows[i].range,
                                  rows[i].value));
    }
    return SG_OK;
}

static enum sg_rc check_all(const struct srv_check *c)
{
    SG_TRY(check_socket(c));
    SG_TRY(check_top(c));
    SG_TRY(check_limits(c));
    return srv_check_lists(c);
}

static void frozen_free(struct srv_frozen *frozen)
{
    sg_config_free(srv_config_schema(), frozen->file);
    sg_arena_done(&frozen->arena);
    free(frozen);
}
SG_DEFINE_CLEANUP(struct srv_frozen, frozen_free);

enum sg_rc srv_config_parse(struct sg_slice yaml, const char *path,
                            struct srv_config **ret_cfg, struct sg_err *err)
{
    SG_CLEANUP(frozen_free)
    struct srv_frozen *frozen = calloc(1, sizeof(*frozen));
    SG_CLEANUP(srv_yaml_free) struct srv_yaml *lines = NULL;
    void *file = NULL;
    if (frozen == NULL)
        return sg_err_set(err, SG_NOMEM, "%s", path);
    sg_arena_init(&frozen->arena, FROZEN_MAX);
    SG_TRY(sg_config_parse(yaml, path, srv_config_schema(), &file, err));
    frozen->file = file;
    SG_TRY(srv_yaml_new(yaml, &lines, err));
    struct srv_check c = {
        .path = path, .yaml = lines, .out = frozen, .err = err
    };
    SG_TRY(check_all(&c));
    *ret_cfg = &SG_TAKE(frozen)->cfg;
    return SG_OK;
}

enum sg_rc srv_config_load(const char *path, struct srv_config **ret_cfg,
                           struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf bytes = { 0 };
    sg_buf_init(&bytes, FILE_MAX);
    SG_TRY(sg_file_read_private_write(path, &bytes, err));
    return srv_config_parse(sg_buf_slice(&bytes), path, ret_cfg, err);
}

void srv_config_free(struct srv_config *cfg)
{
    if (cfg != NULL)
        frozen_free((struct srv_frozen *)(void *)cfg);
}
