/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_COMMON_CONFIG_H
#define SG_COMMON_CONFIG_H

/* YAML files read against a libcyaml schema. Refused, each with file, line,
 * key and reason: unknown key, key given twice, missing key, wrong type, value
 * out of range, key without value, alias, anchor or tag, nesting deeper than
 * 16, several documents, an empty file, more than 1 MiB, a file that group or
 * others may write. Numbers are decimal; only true and false are booleans;
 * numbers and booleans are not quoted; at most 128 keys in one mapping.
 *
 * Errors: SG_CONFIG "signetd.yaml:12: tokens[1].sessions: reason". */

#include <cyaml/cyaml.h>

#include "common/buf.h"

/* The caller frees *ret_data with sg_config_free(). SG_NOT_FOUND when there is
 * no file. The schema's top is a mapping with CYAML_FLAG_POINTER. */
enum sg_rc sg_config_load(const char *path, const cyaml_schema_value_t *schema,
                          void **ret_data, struct sg_err *err);
/* The same for bytes in memory; path is used in errors only. */
enum sg_rc sg_config_parse(struct sg_slice yaml, const char *path,
                           const cyaml_schema_value_t *schema, void **ret_data,
                           struct sg_err *err);
void sg_config_free(const cyaml_schema_value_t *schema, void *data);

/* Write data as YAML text (guards). Texts that could read as null ("~") need
 * CYAML_FLAG_SCALAR_QUOTE_DOUBLE in their schema to come back. */
enum sg_rc sg_config_save(const cyaml_schema_value_t *schema, const void *data,
                          struct sg_buf *out, struct sg_err *err);

#endif
