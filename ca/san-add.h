/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CA_SAN_ADD_H
#define SG_CA_SAN_ADD_H

/* What the files of the SAN reader and writer share. Inside ca/ only. */

#include "ca/san.h"

/* SG_POLICY "DNS name \"…\": rule". */
enum sg_rc ca_san_refuse(enum ca_san_kind kind, struct sg_slice value,
                         const char *rule, struct sg_err *err);
/* Append a checked value that lives long enough; keeps a double once. */
enum sg_rc ca_sans_append(struct sg_arena *arena, struct ca_sans *sans,
                          const struct ca_san *san, struct sg_err *err);
/* oid as content octets. */
enum sg_rc ca_sans_add_other_der(struct sg_arena *arena, struct ca_sans *sans,
                                 struct sg_slice oid, struct sg_slice value,
                                 struct sg_err *err);
/* ca_sans_parse() with the rules of ca_sans_add_dns_lax(): for certificates
 * that exist already. */
enum sg_rc ca_sans_parse_lax(struct sg_arena *arena, struct sg_slice der,
                             struct ca_sans *ret, struct sg_err *err);
/* The host part of an absolute URI without brackets; empty with p NULL when
 * there is no authority. NULL, or the broken rule. */
const char *ca_uri_fault(struct sg_slice uri, struct sg_slice *ret_host);

#endif
