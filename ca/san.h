/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CA_SAN_H
#define SG_CA_SAN_H

/* Subject alternative names: the values, their checks and their encoding.
 * Pure; values live in the arena that was passed. */

#include "common/arena.h"
#include "common/der.h"

enum ca_san_kind {
    CA_SAN_UNSET,
    CA_SAN_DNS,
    CA_SAN_EMAIL,
    CA_SAN_URI,
    CA_SAN_IP,       /* 4 or 16 octets */
    CA_SAN_OTHER,    /* otherName with a UTF8String value */
    CA_SAN_DIRECTORY /* Name DER; read from CA certificates only */
};
struct ca_san {
    enum ca_san_kind kind;
    struct sg_slice value;
    struct sg_slice oid; /* CA_SAN_OTHER: type-id content octets */
};
struct ca_sans {
    struct ca_san *san;
    size_t n;
};
#define CA_SANS_MAX 256 /* names per certificate; constraint checks are n × m */

/* Each takes text, checks and normalises it and appends; a name that is there
 * already is kept once. SG_POLICY names the value and the rule. A list grows by
 * these calls only: the array has no other record of its size. */

/* A-labels through IDNA2008 (libidn2, non-transitional, UTS 46 mapping), lower
 * case; labels 1–63 octets of letters, digits and inner hyphens, 253 in all; a
 * wildcard only as the whole leftmost label "*" above at least two labels; no
 * underscore, no empty label, no trailing dot, nothing shaped like an IP. */
enum sg_rc ca_sans_add_dns(struct sg_arena *arena, struct ca_sans *sans,
                           struct sg_slice text, struct sg_err *err);
/* As add_dns with the host checks relaxed the way Vault's
 * enforce_hostnames=false does: IA5 without control characters or NUL. */
enum sg_rc ca_sans_add_dns_lax(struct sg_arena *arena, struct ca_sans *sans,
                               struct sg_slice text, struct sg_err *err);
/* RFC 5280 4.2.1.6 Mailbox without quoting; host part as DNS. */
enum sg_rc ca_sans_add_email(struct sg_arena *arena, struct ca_sans *sans,
                             struct sg_slice text, struct sg_err *err);
/* Absolute URI: scheme and non-empty rest, IA5, no spaces; with an authority
 * its host must be a host name or an IP. */
enum sg_rc ca_sans_add_uri(struct sg_arena *arena, struct ca_sans *sans,
                           struct sg_slice text, struct sg_err *err);
/* An IPv4-mapped IPv6 address (::ffff:192.0.2.1) becomes the IPv4 address, which
 * IPv4 name constraints know. */
enum sg_rc ca_sans_add_ip(struct sg_arena *arena, struct ca_sans *sans,
                          struct sg_slice text, struct sg_err *err);
enum sg_rc ca_sans_add_ip_bytes(struct sg_arena *arena, struct ca_sans *sans,
                                struct sg_slice octets, struct sg_err *err);
/* oid in dotted text, value UTF-8. */
enum sg_rc ca_sans_add_other(struct sg_arena *arena, struct ca_sans *sans,
                             const char *oid, struct sg_slice value,
                             struct sg_err *err);

/* IDNA to A-labels and lower case without host name rules; "*." in front is
 * kept. *ret lives in the arena. */
enum sg_rc ca_dns_to_ascii(struct sg_arena *arena, struct sg_slice text,
                           struct sg_slice *ret, struct sg_err *err);
/* NULL when text is a valid (A-label) host name, else the broken rule. */
const char *ca_dns_fault(struct sg_slice text, bool allow_wildcard);
bool ca_is_ip_text(struct sg_slice text);
/* The address that text spells: 4 or 16 octets; 0 when it is none. */
size_t ca_ip_octets(struct sg_slice text, uint8_t ret[16]);

/* The content of a subjectAltName extension value: GeneralNames. */
enum sg_rc ca_sans_encode(const struct ca_sans *sans, struct sg_derw *w,
                          struct sg_err *err);
/* Strict reading of GeneralNames from a CSR or certificate: forms that signet
 * cannot put into a certificate are SG_POLICY by name. Values are checked with
 * the same rules as add_*. */
enum sg_rc ca_sans_parse(struct sg_arena *arena, struct sg_slice der,
                         struct ca_sans *ret, struct sg_err *err);
/* "DNS:web.example.com", "IP:192.0.2.1" … into dst; returns dst. */
const char *ca_san_text(const struct ca_san *san, char *dst, size_t size);
const char *ca_san_kind_name(enum ca_san_kind kind);

#endif
