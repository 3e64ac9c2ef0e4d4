/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CA_DN_TABLE_H
#define SG_CA_DN_TABLE_H

/* What is fixed for each attribute type. Inside ca/ only. */

#include "ca/dn.h"
#include "ca/oid.h"

struct ca_attr_row {
    const char *name;
    size_t upper; /* characters */
    enum ca_oid oid;
    uint8_t tag; /* string type that is written; 0: never written */
    bool once;   /* more than one of it in a name is a mistake */
};

/* attr is neither CA_ATTR_UNSET nor CA_ATTR_OTHER. */
const struct ca_attr_row *ca_attr_row(enum ca_attr attr);
/* CA_ATTR_OTHER when the table does not have it. */
enum ca_attr ca_attr_find(struct sg_slice oid);
/* ca_dn_add() for any type of attribute. */
enum sg_rc ca_dn_add_rdn(struct sg_arena *arena, struct ca_dn *dn,
                         const struct ca_rdn *rdn, struct sg_err *err);
/* The first character outside PrintableString's set (X.680 41.4), or NULL. */
const uint8_t *ca_not_printable(struct sg_slice s);
const uint8_t *ca_not_ia5(struct sg_slice s); /* the same for IA5String */

#endif
