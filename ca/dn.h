/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CA_DN_H
#define SG_CA_DN_H

/* Distinguished names: one attribute per RDN, in the order given. Pure. */

#include "common/arena.h"
#include "common/der.h"

enum ca_attr {
    CA_ATTR_UNSET,
    CA_ATTR_COUNTRY,          /* C, PrintableString, 2 letters */
    CA_ATTR_ORGANIZATION,     /* O */
    CA_ATTR_ORG_UNIT,         /* OU */
    CA_ATTR_LOCALITY,         /* L */
    CA_ATTR_PROVINCE,         /* ST */
    CA_ATTR_STREET,           /* street */
    CA_ATTR_POSTAL_CODE,      /* postalCode */
    CA_ATTR_COMMON_NAME,      /* CN */
    CA_ATTR_SERIAL_NUMBER,    /* serialNumber, PrintableString */
    CA_ATTR_USER_ID,          /* UID */
    CA_ATTR_DOMAIN_COMPONENT, /* DC, IA5String */
    CA_ATTR_EMAIL,            /* emailAddress, IA5String; read, never written */
    CA_ATTR_GIVEN_NAME,
    CA_ATTR_SURNAME,
    CA_ATTR_OTHER /* read only: kept as OID in oid */
};
const char *ca_attr_name(enum ca_attr attr); /* "CN" */

struct ca_rdn {
    enum ca_attr attr;
    struct sg_slice oid;   /* content octets, always set after parse */
    struct sg_slice value; /* UTF-8 */
};
struct ca_dn {
    struct ca_rdn *rdn;
    size_t n;
};

#define CA_DN_MAX_RDN 64 /* attributes; far beyond any real name */

/* Append one attribute; value is borrowed. A name grows by this call only: the
 * array has no other record of its size. */
enum sg_rc ca_dn_add(struct sg_arena *arena, struct ca_dn *dn,
                     enum ca_attr attr, struct sg_slice value,
                     struct sg_err *err);
/* The whole Name. PrintableString where the type demands it, UTF8String
 * otherwise; upper bounds of RFC 5280 appendix A; SG_POLICY names attribute,
 * value and bound. An empty dn encodes as 30 00. */
enum sg_rc ca_dn_encode(const struct ca_dn *dn, struct sg_buf *out,
                        struct sg_err *err);
/* Strict reading of a whole Name; multi-valued RDNs are refused. BMPString,
 * T61String and UniversalString are refused by name. */
enum sg_rc ca_dn_parse(struct sg_arena *arena, struct sg_slice der,
                       struct ca_dn *ret, struct sg_err *err);
/* The first value of this kind, or an empty slice with p NULL. */
struct sg_slice ca_dn_first(const struct ca_dn *dn, enum ca_attr attr);
/* "CN=web,O=Example" (RFC 4514 order: last RDN first), escaped, cut to size;
 * "?" when der is no Name. */
const char *ca_dn_text(struct sg_slice der, char *dst, size_t size);

#endif
