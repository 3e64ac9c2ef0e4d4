/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_LINT_VIEW_H
#define SG_LINT_VIEW_H

/* A certificate taken apart without judging it: only the frame must be DER.
 * Internal to lint/. Everything borrows from the bytes. */

#include <string.h>

#include "common/der.h"
#include "lint/lint.h"

#define LINT_EXT_MAX 32 /* extensions; more is a finding */

struct lint_ext {
    struct sg_slice oid;
    bool critical;
    bool critical_false_written; /* DEFAULT must be left out */
    struct sg_slice value;
};
struct lint_time {
    uint8_t tag;
    struct sg_slice text;
    bool ok; /* t is right: the strict form of RFC 5280 */
    int64_t t;
};
struct lint_cert {
    bool is_signed; /* outer algorithm and signature are there */
    struct sg_slice der, tbs, outer_alg, signature;
    uint64_t version; /* 0 = v1 */
    struct sg_slice serial;
    struct sg_slice inner_alg;
    struct sg_slice issuer, subject; /* whole Names */
    struct lint_time not_before, not_after;
    struct sg_slice spki;            /* whole */
    struct sg_slice spki_oid;        /* algorithm, content octets */
    struct sg_slice spki_parameters; /* whole element; empty when absent */
    struct sg_slice spki_key;        /* BIT STRING content */
    bool has_issuer_uid, has_subject_uid;
    bool has_extensions; /* the list is there, perhaps empty */
    struct lint_ext ext[LINT_EXT_MAX];
    size_t n_ext;
    enum lint_kind kind;
    /* basicConstraints, read leniently for kind; the rules judge it again. */
    bool is_ca, has_path_length;
    uint64_t path_length;
};

/* SG_FORMAT: the frame is no DER; the message says where. */
enum sg_rc lint_view_certificate(struct sg_slice der, struct lint_cert *ret,
                                 struct sg_err *err);
enum sg_rc lint_view_tbs(struct sg_slice tbs, struct lint_cert *ret,
                         struct sg_err *err);
enum sg_rc lint_view_time(struct sg_der *in, struct lint_time *ret,
                          struct sg_err *err);
enum sg_rc lint_view_extensions(struct sg_der *in, struct lint_ext *ret,
                                size_t max, size_t *ret_n, struct sg_err *err);

/* NULL when absent. oid is content octets as a string literal; none of those
 * below but anyExtendedKeyUsage holds a zero octet. Inline: half of what the
 * linter does is looking for extensions, and they differ in the last octet. */
static inline const struct lint_ext *lint_find_ext(const struct lint_ext *ext,
                                                   size_t n, const char *oid)
{
    size_t len = strlen(oid);

    for (size_t i = 0; i < n; i++)
        if (ext[i].oid.len == len
            && ext[i].oid.p[len - 1] == (uint8_t)oid[len - 1]
            && memcmp(ext[i].oid.p, oid, len) == 0)
            return &ext[i];
    return NULL;
}
#define lint_cert_ext(cert, oid) \
    lint_find_ext((cert)->ext, (cert)->n_ext, (oid))
static inline bool lint_is(struct sg_slice bytes, const char *literal,
                           size_t len)
{
    return bytes.len == len && memcmp(bytes.p, literal, len) == 0;
}
#define LINT_IS(bytes, literal) lint_is((bytes), (literal), sizeof(literal) - 1)
uint16_t lint_key_usage(const struct lint_cert *cert, bool *ret_has);
bool lint_has_eku(const struct lint_cert *cert, const char *oid);
bool lint_self_issued(const struct lint_cert *cert);
/* The keyIdentifier inside an authorityKeyIdentifier (NULL: none); and what a
 * subjectKeyIdentifier holds. Empty when there is none. */
struct sg_slice lint_authority_key_id(const struct lint_ext *aki);
struct sg_slice lint_subject_key_id(const struct lint_cert *cert);
/* Does the certificate's signature verify with the key in issuer? */
bool lint_signature_holds(const struct lint_cert *cert,
                          const struct lint_cert *issuer);

/* Extension OIDs (id-ce and friends) as content octets. */
#define LINT_OID_SKI "\x55\x1d\x0e"
#define LINT_OID_KEY_USAGE "\x55\x1d\x0f"
#define LINT_OID_SAN "\x55\x1d\x11"
#define LINT_OID_IAN "\x55\x1d\x12"
#define LINT_OID_BASIC "\x55\x1d\x13"
#define LINT_OID_CRL_NUMBER "\x55\x1d\x14"
#define LINT_OID_REASON "\x55\x1d\x15"
#define LINT_OID_INVALIDITY "\x55\x1d\x18"
#define LINT_OID_DELTA "\x55\x1d\x1b"
#define LINT_OID_IDP "\x55\x1d\x1c"
#define LINT_OID_CERT_ISSUER "\x55\x1d\x1d"
#define LINT_OID_NAME_CONSTRAINTS "\x55\x1d\x1e"
#define LINT_OID_CDP "\x55\x1d\x1f"
#define LINT_OID_POLICIES "\x55\x1d\x20"
#define LINT_OID_POLICY_MAPPINGS "\x55\x1d\x21"
#define LINT_OID_AKI "\x55\x1d\x23"
#define LINT_OID_POLICY_CONSTRAINTS "\x55\x1d\x24"
#define LINT_OID_EKU "\x55\x1d\x25"
#define LINT_OID_FRESHEST "\x55\x1d\x2e"
#define LINT_OID_INHIBIT_ANY "\x55\x1d\x36"
#define LINT_OID_SUBJECT_INFO "\x2b\x06\x01\x05\x05\x07\x01\x0b"
#define LINT_OID_AIA "\x2b\x06\x01\x05\x05\x07\x01\x01"
#define LINT_OID_OCSP_NOCHECK "\x2b\x06\x01\x05\x05\x07\x30\x01\x05"
#define LINT_OID_CT_POISON "\x2b\x06\x01\x04\x01\xd6\x79\x02\x04\x03"
#define LINT_OID_SCT_LIST "\x2b\x06\x01\x04\x01\xd6\x79\x02\x04\x02"
#define LINT_EKU_SERVER "\x2b\x06\x01\x05\x05\x07\x03\x01"
#define LINT_EKU_CLIENT "\x2b\x06\x01\x05\x05\x07\x03\x02"
#define LINT_EKU_CODE "\x2b\x06\x01\x05\x05\x07\x03\x03"
#define LINT_EKU_EMAIL "\x2b\x06\x01\x05\x05\x07\x03\x04"
#define LINT_EKU_TIME "\x2b\x06\x01\x05\x05\x07\x03\x08"
#define LINT_EKU_OCSP "\x2b\x06\x01\x05\x05\x07\x03\x09"
#define LINT_EKU_ANY "\x55\x1d\x25\x00"

/* keyUsage bits, first named bit lowest. */
#define LINT_KU_DIGITAL_SIGNATURE (1 << 0)
#define LINT_KU_NON_REPUDIATION (1 << 1)
#define LINT_KU_KEY_ENCIPHERMENT (1 << 2)
#define LINT_KU_KEY_AGREEMENT (1 << 4)
#define LINT_KU_CERT_SIGN (1 << 5)
#define LINT_KU_CRL_SIGN (1 << 6)

#endif
