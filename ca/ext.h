/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CA_EXT_H
#define SG_CA_EXT_H

/* Extensions as whole Extension elements (RFC 5280 4.2), shared by leaf and CA
 * certificates; and the rules for URLs that stand in them. Pure. Failures
 * stick in the writer. */

#include "ca/oid.h"

/* An Extension that is being written: its value goes between begin and end. */
struct ca_ext {
    size_t whole;
    size_t value;
};
struct ca_ext ca_ext_begin(struct sg_derw *w, enum ca_oid oid, bool critical);
void ca_ext_end(struct sg_derw *w, struct ca_ext ext);

#define CA_KEY_ID_MAX 64 /* octets; SHA-512 of a key, more says nothing */

void ca_ext_ski(struct sg_derw *w, struct sg_slice key_id);
void ca_ext_aki(struct sg_derw *w, struct sg_slice key_id); /* keyid only */
void ca_ext_key_usage(struct sg_derw *w, uint16_t bits);    /* critical */
/* Critical, cA TRUE. The limit is written when has_path_length. */
void ca_ext_basic_ca(struct sg_derw *w, bool has_path_length,
                     uint32_t path_length);
void ca_ext_basic_leaf(struct sg_derw *w); /* 30 00: cA FALSE is the DEFAULT */

/* A borrowed list of texts. */
struct ca_texts {
    const char *const *v;
    size_t n;
};
#define CA_URLS_MAX 16  /* per list */
#define CA_URL_MAX 2048 /* octets; what browsers and proxies take */

/* Written only when there is anything to write. The URLs were checked. */
void ca_ext_aia(struct sg_derw *w, struct ca_texts ocsp,
                struct ca_texts issuers);
void ca_ext_cdp(struct sg_derw *w, struct ca_texts urls);

/* SG_POLICY names field, value and rule: IA5 without spaces, http, https or
 * (where allow_ldap) ldap, a host, no user information. */
enum sg_rc ca_url_check(const char *field, const char *url, bool allow_ldap,
                        struct sg_err *err);
/* Every one of them, none twice, at most CA_URLS_MAX. */
enum sg_rc ca_urls_check(const char *field, struct ca_texts urls,
                         bool allow_ldap, struct sg_err *err);

#endif
