/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_COMMON_CONFIG_H
#define SG_COMMON_CONFIG_H

/* YAML files read against a libcyaml schema. Refused, each with file, line and
 * reason: unknown key, key given twice, wrong type, value out of range, alias
 * or anchor, nesting deeper than 16, more than 1 MiB, a file that group or
 * others may write. */

#include <cyaml/cyaml.h>

#include "common/buf.h"

/* The caller frees *ret_data with sg_config_free(). SG_CONFIG names
 * "path:line: reason"; SG_NOT_FOUND when there is no file. */
enum sg_rc sg_config_load(const char *path, const cyaml_schema_value_t *schema,
                          void **ret_data, struct sg_err *err);
/* The same for bytes in memory; path is used in errors only. */
enum sg_rc sg_config_parse(struct sg_slice yaml, const char *path,
                           const cyaml_schema_value_t *schema, void **ret_data,
                           struct sg_err *err);
void sg_config_free(const cyaml_schema_value_t *schema, void *data);

/* Write data as YAML text (guards). */
enum sg_rc sg_config_save(const cyaml_schema_value_t *schema, const void *data,
                          struct sg_buf *out, struct sg_err *err);

#endif
