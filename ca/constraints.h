/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CA_CONSTRAINTS_H
#define SG_CA_CONSTRAINTS_H

/* Name constraints (RFC 5280 4.2.1.10): reading, writing, and holding names
 * against them. Pure; values borrow from the DER or live in the arena. */

#include "ca/dn.h"
#include "ca/san.h"

struct ca_subtree {
    enum ca_san_kind kind; /* DNS EMAIL URI IP DIRECTORY OTHER */
    struct sg_slice value; /* IP: address then mask, 8 or 32 octets */
    struct sg_slice oid;   /* CA_SAN_OTHER */
};
/* Grows by ca_subtrees_add() only: the array has no other record of its size. */
struct ca_subtrees {
    struct ca_subtree *tree;
    size_t n;
};
struct ca_constraints {
    struct ca_subtrees permitted;
    struct ca_subtrees excluded;
};
#define CA_SUBTREES_MAX 256

/* From people: "example.com", "192.0.2.0/24", "2001:db8::/32",
 * "user@example.com", ".example.com", "O=Example,C=DE". Checks form (no leading
 * dot or wildcard for DNS, contiguous mask, host bits zero) and appends. The
 * empty DNS name, the empty directory name, "0.0.0.0/0" and "::/0" mean
 * everything. CA_SAN_OTHER takes a user principal name's subtree, written like
 * that of an email address, or "OID;UTF8:value". RFC 5280 compares no
 * otherName: a UPN is held as an email address would be, any other has to be
 * equal where it is permitted and may not stand where its form is excluded. */
enum sg_rc ca_subtrees_add(struct sg_arena *arena, struct ca_subtrees *trees,
                           enum ca_san_kind kind, const char *text,
                           struct sg_err *err);
/* "192.0.2.0/24", "example.com" into dst; returns dst. */
const char *ca_subtree_text(const struct ca_subtree *tree, char *dst,
                            size_t size);
/* The extension's value (NameConstraints). SG_POLICY when both are empty. */
enum sg_rc ca_constraints_encode(const struct ca_constraints *nc,
                                 struct sg_derw *w, struct sg_err *err);
enum sg_rc ca_constraints_parse(struct sg_arena *arena, struct sg_slice der,
                                struct ca_constraints *ret, struct sg_err *err);

/* Hold the final names of a certificate against one CA's constraints: subject
 * DN (whole Name DER), its emailAddress attributes, every SAN, and the CN when
 * it looks like a host name, whether there are SANs or not. SG_POLICY names the
 * name, the subtree, issuer (for the text) and RFC 5280 4.2.1.10.
 *
 * Where verifiers may disagree the name is refused: a wildcard when anything
 * that it covers is excluded; a subject that differs from an excluded one in
 * case or string type only (permitted ones match to the octet); a URI without a
 * host name, or with user information before it, under any URI constraint; an
 * otherName as ca_subtrees_add() says. */
struct ca_names {
    struct sg_slice subject; /* Name DER; 30 00 when empty */
    const struct ca_sans *sans;
    bool authority; /* of a CA: its CN is never taken for a host name */
};
enum sg_rc ca_constraints_check(const struct ca_constraints *nc,
                                const struct ca_names *names,
                                const char *issuer, struct sg_err *err);

#endif
