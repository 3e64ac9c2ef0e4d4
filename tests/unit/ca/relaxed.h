/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_TESTS_UNIT_CA_RELAXED_H
#define SG_TESTS_UNIT_CA_RELAXED_H

/* Certificates that may break rules, and what OpenSSL's path validation says
 * about chains of them. Everything fails the test when it cannot be done. */

#include "tests/unit/ca/kit.h"

/* Zeroed fields make a good leaf. */
struct relaxed {
    const struct kit_key *key, *signer;
    struct sg_slice subject, issuer; /* whole Names */
    bool ca;
    int path_length;               /* 0: none, else path length + 1 */
    uint16_t key_usage;            /* 0: what belongs there */
    bool wrong_aki;                /* one bit */
    bool broken_signature;         /* one bit */
    int64_t not_before, not_after; /* 0: a year around KIT_NOW */
    const struct ca_constraints *constraints;
    struct sg_slice raw_constraints; /* the extension's value instead */
    const struct ca_sans *sans;
    struct sg_slice raw_sans; /* the extension's value instead */
};
void relaxed_make(const struct relaxed *args, struct sg_buf *ret_der);

/* "CN=a,O=b" as a Name. */
struct sg_slice relaxed_dn(struct sg_arena *arena, const char *text);
/* A Name of one CN; "" is empty. */
struct sg_slice relaxed_name(struct sg_arena *arena, const char *cn);

/* X509_verify_cert() with X509_V_FLAG_X509_STRICT at KIT_NOW: leaf first, the
 * last one trusted. The error's text, or NULL when it verifies. */
const char *relaxed_openssl(const struct sg_buf *chain, size_t n);

/* certtool --verify of GnuTLS, which asks today's clock. */
bool relaxed_gnutls(const struct sg_buf *chain, size_t n);

/* The same question to ca/: NULL, or what it says. */
const char *relaxed_ours(const struct sg_buf *chain, size_t n,
                         struct sg_err *err);
/* And to those rules of lint/ that are about path validation. It knows no
 * present: dates that have passed are nothing to it. */
const char *relaxed_lint(const struct sg_buf *chain, size_t n, char *dst,
                         size_t size);

#endif
