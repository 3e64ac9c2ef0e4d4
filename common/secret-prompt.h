/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_COMMON_SECRET_PROMPT_H
#define SG_COMMON_SECRET_PROMPT_H

/* The terminal behind sg_secret_from("prompt"). Not thread-safe: there is one
 * terminal. */

#include "common/secret.h"

/* Ask for label on /dev/tty without echo; the line without its end goes to
 * into->buf. SG_IO when there is no terminal or the user gives up. */
enum sg_rc sg_secret_prompt(const char *label, struct sg_secret *into,
                            size_t *ret_len, struct sg_err *err);

#endif
