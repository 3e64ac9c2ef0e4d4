/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CLI_CERT_OBJECTS_H
#define SG_CLI_CERT_OBJECTS_H

/* Certificates and CRLs out of files, in the order they stand there. */

#include "common/buf.h"

struct cli_object {
    const char *file; /* as it was given; borrowed */
    unsigned index;   /* in its file */
    bool is_crl;
    struct sg_buf der;
};
struct cli_objects {
    struct cli_object *v;
    size_t n;
};

/* Append what the file holds: at least one object. A file in DER is a CRL when
 * der_is_crl, else a certificate; PEM blocks of other kinds are refused. The
 * DER itself is not looked into. */
enum sg_rc cli_objects_read(struct cli_objects *objects, const char *path,
                            bool der_is_crl, struct sg_err *err);
void cli_objects_done(struct cli_objects *objects);
void cli_objects_done_cleanup(struct cli_objects *objects);

#endif
