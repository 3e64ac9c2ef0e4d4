/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_TESTS_LIB_MAKE_TBS_H
#define SG_TESTS_LIB_MAKE_TBS_H

/* Certificates to be signed, with every part that a guard looks at open to
 * change. */

#include "common/der.h"
#include "pkcs11/keytype.h"

struct t_tbs {
    struct sg_slice algorithm;    /* whole AlgorithmIdentifier */
    struct sg_slice outer;        /* for the request; empty: the same */
    const char *issuer, *subject; /* common names; NULL: an empty name */
    struct sg_slice spki;
    int64_t not_before, not_after;
    struct sg_slice serial; /* content octets as they are; empty: 1 */
    unsigned version;       /* as encoded: 2 is v3 */
    bool no_version;        /* v1 */
    bool ca;
    int path_length; /* -1: none */
    bool path_length_without_ca, ca_false_written;
    int key_usage;         /* -1: no extension; bits as CA_KU_* */
    const char *ski, *aki; /* text as key identifier; NULL: none */
    bool twice;            /* the SKI extension again */
    bool unique_id;
    bool critical_false_written;
    struct sg_slice extra; /* further Extension elements as they are */
    bool trailing;         /* a byte after the end of the SEQUENCE's content */
};

/* One leaf for P-256 that any bound guard of "root" takes. */
struct t_tbs t_tbs_leaf(struct sg_slice algorithm, struct sg_slice spki);
/* A self-signed root of that name, ski "root". */
struct t_tbs t_tbs_root(struct sg_slice algorithm, struct sg_slice spki,
                        const char *name);
void t_tbs_encode(const struct t_tbs *tbs, struct sg_buf *out);
/* The whole certificate around tbs. */
void t_cert_encode(struct sg_slice tbs, struct sg_slice algorithm,
                   struct sg_slice signature, struct sg_buf *out);

/* Append one Extension 2.5.29.arc around value. */
void t_ext_put(struct sg_buf *out, uint8_t arc, bool critical,
               struct sg_slice value);

/* TBSCertList. */
struct t_crl {
    struct sg_slice algorithm;
    const char *issuer;               /* common name */
    int64_t this_update, next_update; /* next 0: none */
    unsigned n;                       /* entries, with serials from 1 */
    bool empty_list, v1, entry_issuer, no_number;
    const char *aki;
    struct sg_slice extra;
};
/* One of issuer "root" that its key signs, with n entries. */
struct t_crl t_crl_good(struct sg_slice algorithm, unsigned n);
void t_crl_encode(const struct t_crl *crl, struct sg_buf *out);

/* An OCSP ResponseData whose answers say "good". */
struct t_ocsp {
    const char *by_name;        /* responderID: common name; NULL: byKey … */
    struct sg_slice responder;  /* … of this SubjectPublicKeyInfo */
    const char *issuer;         /* of the CertID: common name … */
    struct sg_slice issuer_key; /* … and SubjectPublicKeyInfo */
    bool sha256, sha512;        /* its hash; SHA-1 otherwise */
    const char *second; /* another answer, of this issuer and the same key */
};
void t_ocsp_encode(const struct t_ocsp *ocsp, struct sg_buf *out);

/* CertificationRequestInfo. */
void t_csr_info_encode(const char *subject, struct sg_slice spki,
                       struct sg_buf *out);

/* The algorithm that a key of this type signs with; pss for RSA. */
struct sg_slice t_algorithm(enum tok_key_type type, unsigned hash_bits,
                            bool pss);

#define T_DAY INT64_C(86400)
#define T_2026 INT64_C(1767225600) /* 2026-01-01T00:00:00Z */

#endif
