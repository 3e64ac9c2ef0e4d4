/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_SIGNER_CONFIG_CHECK_H
#define SG_SIGNER_CONFIG_CHECK_H

/* What the two halves of the configuration's checks share: config.c reads the
 * top of the file, config-lists.c tokens, issuers and roles. */

#include "common/arena.h"
#include "signer/config-file.h"
#include "signer/config.h"
#include "signer/yaml-lines.h"

struct srv_range {
    unsigned min, max;
};
#define SRV_TIMEOUT_MAX 600000 /* ms */

/* What srv_config_free() must find again. */
struct srv_frozen {
    struct srv_config cfg; /* first: the public face of it */
    struct srv_config_file *file;
    struct sg_arena arena;
};

struct srv_check {
    const char *path;
    struct srv_yaml *yaml;
    struct srv_frozen *out;
    struct sg_err *err;
};

#define SRV_ENTRY_MAX 96 /* "issuers[12].crl_distribution_points" */

/* "path:line: entry: reason" */
#define SRV_REFUSE(c, entry, ...) \
    srv_refuse_at((c), SG_HERE, (entry), __VA_ARGS__)
SG_PRINTF(4, 5)
enum sg_rc srv_refuse_at(const struct srv_check *c, const char *where,
                         const char *entry, const char *fmt, ...);

/* Each takes the entry's path for the refusal. A text that is NULL leaves the
 * default that stands in *value. */
enum sg_rc srv_check_absolute(const struct srv_check *c, const char *entry,
                              const char *value);
enum sg_rc srv_check_unsigned(const struct srv_check *c, const char *entry,
                              const char *text, struct srv_range range,
                              unsigned *value);
bool srv_is_name(const char *text, size_t len);

/* Tokens, issuers, roles, and what refers to them. */
enum sg_rc srv_check_lists(const struct srv_check *c);

#endif
