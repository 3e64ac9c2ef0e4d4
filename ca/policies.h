/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CA_POLICIES_H
#define SG_CA_POLICIES_H

/* Extended key usages and policies (RFC 5280 4.2.1.4, 4.2.1.11, 4.2.1.12,
 * 4.2.1.14), shared by leaf and CA certificates. Pure. */

#include "ca/ext.h"
#include "common/arena.h"

/* One policy of a certificate. */
struct ca_policy {
    const char *oid;    /* dotted */
    const char *cps;    /* URI or NULL */
    const char *notice; /* explicitText or NULL */
};

/* Content octets, each one once. */
#define CA_OIDS_MAX 32 /* purposes, policies; no known certificate has ten */
struct ca_oids {
    struct sg_slice oid[CA_OIDS_MAX];
    size_t n;
};
/* Dotted text to content octets in the arena, appended to a list that is not
 * full. SG_POLICY names field and value: no OID, given twice. */
enum sg_rc ca_oids_add(struct sg_arena *arena, struct ca_oids *list,
                       const char *field, const char *text, struct sg_err *err);
bool ca_oids_have(const struct ca_oids *list, struct sg_slice oid);
/* The content of an extKeyUsage's SEQUENCE names this purpose. */
bool ca_eku_has(struct sg_slice eku, struct sg_slice purpose);

/* The caller checked the list; it is not empty. */
void ca_ext_eku(struct sg_derw *w, const struct ca_oids *list, bool critical);

/* The whole extension; nothing for n = 0. SG_POLICY: a policy twice, a bad OID,
 * CPS URL or notice. */
enum sg_rc ca_ext_policies(struct sg_derw *w, const struct ca_policy *policies,
                           size_t n, struct sg_err *err);

/* A number of certificates that may be absent: 0 and none are two things. */
struct ca_skip {
    bool present;
    uint32_t v;
};
/* Both critical; written only when there is anything to write. */
void ca_ext_policy_constraints(struct sg_derw *w,
                               struct ca_skip explicit_policy,
                               struct ca_skip inhibit_mapping);
void ca_ext_inhibit_any_policy(struct sg_derw *w, struct ca_skip skip);

#endif
