/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_SIGNER_YAML_LINES_H
#define SG_SIGNER_YAML_LINES_H

/* Where in a YAML text an entry stands, so that a refusal found long after
 * reading can still name file and line. */

#include "common/buf.h"

struct srv_yaml;

/* The text stays the caller's until free. SG_FORMAT when it is no YAML. */
enum sg_rc srv_yaml_new(struct sg_slice text, struct srv_yaml **ret_yaml,
                        struct sg_err *err);
void srv_yaml_free(struct srv_yaml *yaml);
SG_DEFINE_CLEANUP(struct srv_yaml, srv_yaml_free);

/* The line, counted from 1, of an entry like "roles[2].ttl"; 0 when the text
 * has none. A sequence or mapping counts as an entry, be it empty. */
size_t srv_yaml_line(struct srv_yaml *yaml, const char *entry);

#endif
