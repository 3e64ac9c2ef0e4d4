/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_PKCS11_HELPER_OPTIONS_H
#define SG_PKCS11_HELPER_OPTIONS_H

/* The command line of signet-token. No secret is ever in it. */

#include "common/err.h"

struct tok_options {
    const char *module;
    const char *init_args;
    const char *uri;        /* NULL: TOKEN_LIST and TOKEN_INIT only */
    const char *pin_source; /* common/secret.h */
    const char *so_pin_source;
    const char *guards;
    unsigned sessions; /* 0: choose */
    bool verbose;
    bool help, version;
};

/* Pointers into argv. SG_USAGE. */
enum sg_rc tok_options_parse(int argc, char **argv, struct tok_options *ret,
                             struct sg_err *err);

extern const char TOK_OPTIONS_HELP[];

#endif
