/* SPDX-License-Identifier: Apache-2.0 */
#include "common/config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/config-walk.h"
#include "common/file.h"

#define CONFIG_MAX ((size_t)1 << 20) /* bytes; thousands of roles fit */
#define REASON_MAX 256

/* First error that libcyaml logs, and the line of its innermost place. */
struct fault {
    char text[REASON_MAX];
    unsigned long line;
};

SG_PRINTF(3, 0)
static void catch_log(cyaml_log_t level, void *arg, const char *fmt, va_list ap)
{
    static const char mark[] = "(line: ";
    struct fault *fault = arg;
    char text[REASON_MAX];

    if (level != CYAML_LOG_ERROR)
        return;
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    text[strcspn(text, "\n")] = '\0';

    const char *place = strstr(text, mark);
    if (fault->text[0] == '\0')
        memcpy(fault->text, text, sizeof(text));
    else if (place != NULL && fault->line == 0)
        for (place += strlen(mark); *place >= '0' && *place <= '9'; place++)
            fault->line = fault->line * 10 + (unsigned long)(*place - '0');
}

static cyaml_config_t settings(struct fault *fault)
{
    return (cyaml_config_t){
        .log_fn = catch_log,
        .log_ctx = fault,
        .mem_fn = cyaml_mem,
        .log_level = CYAML_LOG_ERROR,
        .flags = CYAML_CFG_NO_ALIAS | CYAML_CFG_STYLE_BLOCK,
    };
}

enum sg_rc sg_config_parse(struct sg_slice yaml, const char *path,
                           const cyaml_schema_value_t *schema, void **ret_data,
                           struct sg_err *err)
{
    struct fault fault = { 0 };
    cyaml_config_t cfg = settings(&fault);
    cyaml_data_t *data = NULL;

    if (yaml.len > CONFIG_MAX)
        return sg_err_set(err, SG_CONFIG, "%s:1: larger than %zu bytes", path,
                          CONFIG_MAX);
    if (yaml.len == 0)
        return sg_err_set(err, SG_CONFIG, "%s:1: the file is empty", path);
    SG_TRY(sg_config_check(yaml, path, schema, err));
    cyaml_err_t failed =
        cyaml_load_data(yaml.p, yaml.len, &cfg, schema, &data, NULL);
    if (failed == CYAML_ERR_OOM)
        return sg_err_set(err, SG_NOMEM, "%s", path);
    if (failed != CYAML_OK || data == NULL)
        return sg_err_set(err, SG_CONFIG, "%s:%lu: %s: %s", path,
                          fault.line > 0 ? fault.line : 1,
                          cyaml_strerror(failed), fault.text);
    *ret_data = data;
    return SG_OK;
}

static enum sg_rc read_text(const char *path, struct sg_buf *out,
                            struct sg_err *err)
{
    struct sg_err why = { 0 };
    enum sg_rc rc = sg_file_read_private_write(path, out, &why);

    if (rc == SG_LIMIT)
        return sg_err_set(err, SG_CONFIG, "%s", why.msg);
    if (rc != SG_OK && err->rc == SG_OK)
        *err = why;
    return rc;
}

enum sg_rc sg_config_load(const char *path, const cyaml_schema_value_t *schema,
                          void **ret_data, struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf yaml;

    sg_buf_init(&yaml, CONFIG_MAX);
    SG_TRY(read_text(path, &yaml, err));
    return sg_config_parse(sg_buf_slice(&yaml), path, schema, ret_data, err);
}

void sg_config_free(const cyaml_schema_value_t *schema, void *data)
{
    struct fault fault = { 0 };
    cyaml_config_t cfg = settings(&fault);

    if (data != NULL)
        (void)cyaml_free(&cfg, schema, data, 0);
}

enum sg_rc sg_config_save(const cyaml_schema_value_t *schema, const void *data,
                          struct sg_buf *out, struct sg_err *err)
{
    struct fault fault = { 0 };
    cyaml_config_t cfg = settings(&fault);
    char *text = NULL;
    size_t len = 0;
    cyaml_err_t failed = cyaml_save_data(&text, &len, &cfg, schema, data, 0);

    if (failed != CYAML_OK)
        return sg_err_set(err, failed == CYAML_ERR_OOM ? SG_NOMEM : SG_BUG,
                          "YAML cannot be written: %s: %s",
                          cyaml_strerror(failed), fault.text);
    enum sg_rc rc = sg_buf_put(out, text, len, err);
    free(text); /* cyaml_mem() is realloc() */
    return rc;
}
