/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CA_EXTENSIONS_H
#define SG_CA_EXTENSIONS_H

/* Reading extensions, for certificates and requests. Inside ca/ only. */

#include "ca/cert.h"

/* Extensions ::= SEQUENCE SIZE (1..MAX): the next element of in. SG_FORMAT for
 * an empty list, the same OID twice, critical written as FALSE. */
enum sg_rc ca_extensions_parse(struct sg_der *in,
                               struct ca_extension ext[CA_EXTENSIONS_MAX],
                               size_t *ret_n, struct sg_err *err);

struct ca_basic_constraints {
    bool is_ca, has_path_length;
    uint32_t path_length;
};
/* what names the structure in errors. */
enum sg_rc ca_basic_constraints_parse(struct sg_slice value, const char *what,
                                      struct ca_basic_constraints *ret,
                                      struct sg_err *err);

#endif
