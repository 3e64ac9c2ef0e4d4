/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_SIGNER_RUN_H
#define SG_SIGNER_RUN_H

/* The life of signetd: start, serve, reload, stop. Main thread only. */

#include "common/err.h"

struct srv_run_args {
    const char *config; /* path */
    bool verbose;       /* log level debug, whatever the configuration says */
};

/* Serve until SIGTERM or SIGINT. Fails when the start does: err says why. */
enum sg_rc srv_run(const struct srv_run_args *args, struct sg_err *err);

/* Read the configuration, and every certificate and chain that it names. No
 * token is touched and no socket made. */
enum sg_rc srv_check_config(const char *path, struct sg_err *err);

#endif
