/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_PKCS11_KEYTYPE_H
#define SG_PKCS11_KEYTYPE_H

/* What both ends say about keys and guards. Plain data, no calls that own
 * anything. */

#include <stdint.h>

#include "common/buf.h"

enum tok_key_type {
    TOK_KEY_UNSET,
    TOK_KEY_EC_P256,
    TOK_KEY_EC_P384,
    TOK_KEY_EC_P521,
    TOK_KEY_RSA_2048,
    TOK_KEY_RSA_3072,
    TOK_KEY_RSA_4096,
    TOK_KEY_ED25519
};
/* "ec-p256", "rsa-3072", "ed25519" … and back (SG_USAGE lists the names). */
const char *tok_key_type_name(enum tok_key_type type);
enum sg_rc tok_key_type_parse(const char *text, enum tok_key_type *ret,
                              struct sg_err *err);

#define TOK_LABEL_MAX 64 /* bytes with NUL */
/* SG_USAGE unless 1 … 63 bytes of UTF-8 without control characters, and not
 * one of YAML's words for "no value". */
enum sg_rc tok_label_check(const char *label, struct sg_err *err);

#define TOK_ID_MAX 64 /* bytes of CKA_ID */
#define TOK_SPKI_MAX 1024
#define TOK_DN_MAX 2048
#define TOK_SIGNATURE_MAX 512 /* RSA-4096 */

/* Attributes that the token really set, read back after generation. */
enum tok_key_attr {
    TOK_ATTR_SENSITIVE = 1 << 0,
    TOK_ATTR_EXTRACTABLE = 1 << 1,
    TOK_ATTR_ALWAYS_SENSITIVE = 1 << 2,
    TOK_ATTR_NEVER_EXTRACTABLE = 1 << 3,
    TOK_ATTR_LOCAL = 1 << 4,
    TOK_ATTR_PRIVATE = 1 << 5,
    TOK_ATTR_SIGN = 1 << 6,
    TOK_ATTR_DECRYPT = 1 << 7,
    TOK_ATTR_UNWRAP = 1 << 8,
    TOK_ATTR_DERIVE = 1 << 9,
    TOK_ATTR_SIGN_RECOVER = 1 << 10,
    TOK_ATTR_MODIFIABLE = 1 << 11,
    TOK_ATTR_ALWAYS_AUTHENTICATE = 1 << 12
};
/* "sensitive, never-extractable, local, sign" into dst; returns dst. */
const char *tok_attrs_text(uint32_t attrs, char *dst, size_t size);
/* Read back what that wrote; false for anything else. */
bool tok_attrs_parse(const char *text, uint32_t *ret);
/* What is wrong with these attributes for a CA key; NULL when nothing is.
 * known_local: signet made the key in the token, so that CKA_LOCAL need not say
 * it (NSS says "no" of every key). */
const char *tok_attrs_fault(uint32_t attrs, bool known_local);

enum tok_purpose {
    TOK_PURPOSE_UNSET,
    TOK_PURPOSE_CA,
    TOK_PURPOSE_OCSP,
    TOK_PURPOSE_BACKEND,
    TOK_PURPOSE_PROBE
};
const char *tok_purpose_name(enum tok_purpose purpose);
enum sg_rc tok_purpose_parse(const char *text, enum tok_purpose *ret,
                             struct sg_err *err);

/* Longest validity that a guard can state: 10^10 s, some 317 years. */
#define TOK_VALIDITY_MAX INT64_C(10000000000)

/* Why a token process refused to sign: what it counts and logs. */
#define TOK_REFUSED_TABLE(X) \
    X(OTHER, "other") \
    X(NO_GUARD, "no_guard") \
    X(PURPOSE, "purpose") \
    X(UNBOUND, "unbound") \
    X(FORMAT, "format") \
    X(ALGORITHM, "algorithm") \
    X(ISSUER, "issuer") \
    X(AKI, "authority_key_id") \
    X(PUBLIC_KEY, "public_key") \
    X(CA, "ca") \
    X(PATH_LENGTH, "path_length") \
    X(KEY_USAGE, "key_usage") \
    X(EXTENSION, "extension") \
    X(EKU, "extended_key_usage") \
    X(NAMES, "name_constraints") \
    X(VALIDITY, "validity") \
    X(CRL, "crl") \
    X(OCSP, "ocsp") \
    X(DIGEST, "digest") \
    X(RATE, "rate") \
    X(BIND, "bind") \
    X(NARROW, "narrow")

enum tok_refused {
#define X(name, text) TOK_REFUSED_##name,
    TOK_REFUSED_TABLE(X)
#undef X
        TOK_REFUSED_N
};
const char *tok_refused_name(enum tok_refused why); /* "?" for an unknown one */

#define TOK_OID_MAX 20       /* content octets of an OID that a guard names */
#define TOK_EKU_MAX 8        /* purposes that a guard names */
#define TOK_RATE_MAX 1000000 /* signatures per second or day */
#define TOK_NAMES_MAX 16384  /* octets of name constraints: some 500 names */
#define TOK_CHAIN_MAX 8 /* CA certificates, from the key's own to the root */

struct tok_oid {
    uint8_t len;
    uint8_t octets[TOK_OID_MAX];
};

/* A key's own limits (DESIGN 5), kept beside the token process. All zero is
 * the widest value of a limit unless it says otherwise. */
struct tok_guard {
    enum tok_purpose purpose;
    bool may_sign_ca;         /* CA certificates allowed; false is narrower */
    bool has_max_path_length; /* of CA certificates that it signs */
    uint32_t max_path_length;
    int64_t max_validity; /* seconds from notBefore to notAfter, inclusive */
    bool no_crl;          /* a CA key that signs no CRLs */
    uint32_t n_eku; /* 0: any; else every certificate has an extKeyUsage … */
    struct tok_oid eku[TOK_EKU_MAX]; /* … and each purpose in it is here */
    uint32_t per_second, per_day;    /* signatures; 0: any number */
    struct sg_slice names; /* NameConstraints DER (RFC 5280 4.2.1.10), borrowed:
                            * besides those of its chain; empty: none */
    bool bound;            /* an issuer certificate was bound to the key */
    struct sg_slice issuer_cert; /* DER, borrowed; empty until bound */
    struct sg_slice chain; /* DER, borrowed: the certificates above it, one
                            * behind the other, as far as they were given */
};

/* All of a guard, and how its key was used (by every process, ever). */
struct tok_guard_view {
    struct tok_guard guard;
    uint64_t signatures;
    uint64_t refused[TOK_REFUSED_N];
};

struct tok_key_info {
    char label[TOK_LABEL_MAX];
    uint8_t id[TOK_ID_MAX];
    uint32_t id_len;
    enum tok_key_type type;
    uint32_t attrs;             /* enum tok_key_attr bits */
    uint8_t spki[TOK_SPKI_MAX]; /* SubjectPublicKeyInfo DER */
    uint32_t spki_len;          /* 0: the token holds no public half */
    /* Only a key that signet made in the token has a guard; the rest is
     * meaningless without. */
    bool has_guard;
    enum tok_purpose purpose;
    bool may_sign_ca;
    bool has_max_path_length;
    uint32_t max_path_length;
    int64_t max_validity;
    bool bound;
    uint8_t issuer_sha256[32]; /* of the bound certificate */
};

struct tok_token_info {
    uint64_t slot_id;
    bool initialised;
    bool pin_count_low, pin_final_try, pin_locked;
    char label[TOK_LABEL_MAX];
    char serial[TOK_LABEL_MAX];
    char manufacturer[TOK_LABEL_MAX];
    char model[TOK_LABEL_MAX];
    char firmware[16];
    char module[TOK_LABEL_MAX]; /* the module's own description and version */
    uint32_t sessions;          /* in our pool; 0 when not logged in */
};

#endif
