/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_TESTS_UNIT_CA_KIT_H
#define SG_TESTS_UNIT_CA_KIT_H

/* Throw-away CAs for the tests of ca/: keys, certificates good and bad, and
 * issuers made of them. Everything fails the test when it cannot be done. */

#include "tests/lib/t.h"

#include <openssl/types.h>

#include "ca/authority.h"
#include "ca/leaf.h"
#include "ca/oid.h"

#define KIT_NOW INT64_C(1790000000) /* 2026-09-21T14:13:20Z */
#define KIT_DAY INT64_C(86400)
#define KIT_YEAR (365 * KIT_DAY)

/* The call must succeed. */
#define kit_ok(err, call) \
    do { \
        sg_err_clear(err); \
        if ((call) != SG_OK) \
            fail_msg("%s: %s", sg_rc_name((err)->rc), (err)->msg); \
    } while (0)
/* The call must fail with this code and this very text. */
#define kit_refused(err, call, rc, text) \
    do { \
        sg_err_clear(err); \
        assert_string_equal(sg_rc_name(call), sg_rc_name(rc)); \
        assert_string_equal((err)->msg, (text)); \
    } while (0)

struct kit_key {
    EVP_PKEY *pkey;
    struct sg_buf der; /* SubjectPublicKeyInfo */
    struct ca_spki spki;
};
void kit_key_new(struct kit_key *key, enum ca_key_kind kind, unsigned bits);
void kit_key_done(struct kit_key *key);

/* tbs and its signature as a certificate or request, made by OpenSSL. */
void kit_sign(const struct kit_key *key, enum ca_sigalg alg,
              struct sg_slice tbs, struct sg_buf *ret_der);

/* A CA certificate with any fault: zeroed fields are a good P-256 CA. */
struct kit_cert {
    const struct kit_key *key, *signer;
    const char *subject, *issuer;  /* CN; "" is an empty Name */
    int64_t not_before, not_after; /* 0: a year around KIT_NOW */
    bool no_basic_constraints, not_ca;
    int path_length; /* 0: none, else path length + 1 */
    bool no_key_usage;
    uint16_t key_usage;    /* 0: keyCertSign, cRLSign */
    bool no_ski, long_ski; /* long: one octet too many */
    bool san;              /* a critical one, DNS:ca.example */
    bool wrong_aki;
    const struct ca_constraints *constraints;
    const char *eku;    /* dotted OID */
    enum ca_sigalg alg; /* unset: ECDSA with SHA-256 */
};
void kit_cert_make(const struct kit_cert *args, struct sg_buf *ret_der);

/* Subject with a CN only, in the arena. */
struct ca_dn kit_dn(struct sg_arena *arena, const char *cn);
struct sg_slice kit_slice(const char *text);
extern const uint8_t kit_serial[CA_SERIAL_LEN];

/* The extension; the test fails when the certificate has none. */
const struct ca_extension *kit_ext(const struct ca_cert *cert, enum ca_oid oid);

/* An issuer from certificates, issuer first; no URLs. */
struct ca_issuer *kit_issuer(const struct sg_buf *const *chain, size_t n);

#endif
