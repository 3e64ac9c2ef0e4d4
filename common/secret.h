/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_COMMON_SECRET_H
#define SG_COMMON_SECRET_H

/* Secrets in memory: locked where the limit allows, kept out of core dumps,
 * wiped when freed. Owner: whoever called new. */

#include "common/buf.h"

struct sg_secret {
    size_t len;
    uint8_t *buf; /* len bytes, then one NUL that is not counted */
};

#define SG_SECRET_MAX 65536 /* bytes; a PIN has 255, a password file is short */
/* Zeroed room for len bytes, SG_LIMIT past the maximum. */
enum sg_rc sg_secret_new(size_t len, struct sg_secret **ret_secret,
                         struct sg_err *err);
void sg_secret_free(struct sg_secret *secret); /* takes NULL, wipes */
SG_DEFINE_CLEANUP(struct sg_secret, sg_secret_free);

/* A PIN or password from a reference, never from argv, environment or the
 * configuration itself:
 *   file:/path        a file readable by its owner only (group/world: refused)
 *   fd:N              an inherited descriptor, read from offset 0 if it can seek
 *   credential:NAME   $CREDENTIALS_DIRECTORY/NAME of systemd
 *   command:/path …   the first line a program prints (absolute path, no shell)
 *   prompt            asked on /dev/tty without echo
 * One trailing newline is dropped. label names the secret in the prompt and in
 * errors. SG_CONFIG for a bad reference, SG_IO when it cannot be read. */
enum sg_rc sg_secret_from(const char *ref, const char *label,
                          struct sg_secret **ret_secret, struct sg_err *err);

/* "command:" with another deadline than the 30 s of sg_secret_from(). */
enum sg_rc sg_secret_from_command(const char *command, unsigned timeout_ms,
                                  struct sg_secret **ret_secret,
                                  struct sg_err *err);

/* Process-wide: no core dumps, not dumpable, no ptrace by peers. */
void sg_process_harden(void);

#endif
