/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_PKCS11_HELPER_TBS_H
#define SG_PKCS11_HELPER_TBS_H

/* What is about to be signed, read strictly and on our own: nothing of the
 * code that built it is used here. Pure; slices borrow from the DER. */

#include "common/der.h"
#include "pkcs11/keytype.h"

/* A well-formed thing that must not be signed: SG_POLICY, with the reason as
 * its native number, which is what is counted. */
#define tok_refuse(err, why, ...) \
    sg_err_native((err), SG_POLICY, SG_SRC_NONE, TOK_REFUSED_##why, __VA_ARGS__)

#define TOK_TBS_DEPTH_MAX 16      /* a name constraint's directoryName is 10 */
#define TOK_TBS_ELEMENTS_MAX 8192 /* a 32 KiB TBS full of SANs has some 5000 */
#define TOK_TBS_EXTENSIONS_MAX 32
#define TOK_TBS_SERIAL_MAX 20 /* RFC 5280 4.1.2.2 */

#define TOK_KU_DIGITAL_SIGNATURE (1U << 0)
#define TOK_KU_KEY_CERT_SIGN (1U << 5) /* RFC 5280 4.2.1.3 */
#define TOK_KU_CRL_SIGN (1U << 6)

/* --- extensions, of certificates and of CRLs ------------------------------- */

struct tok_ext {
    struct sg_slice oid; /* content octets */
    bool critical;
    struct sg_slice value; /* inside the OCTET STRING */
};

/* A list that is being read. */
struct tok_exts {
    struct sg_der in;
    size_t n;
    struct sg_slice seen[TOK_TBS_EXTENSIONS_MAX];
};

/* Step into Extensions, the next element of in. */
enum sg_rc tok_exts_enter(struct sg_der *in, struct tok_exts *ret,
                          struct sg_err *err);
/* The next one; there is at least one. SG_POLICY when it was seen before,
 * SG_FORMAT for a default that is written out, SG_LIMIT. */
enum sg_rc tok_exts_next(struct tok_exts *list, struct tok_ext *ret,
                         struct sg_err *err);
bool tok_exts_more(const struct tok_exts *list);
/* n of 2.5.29.n, -1 for any other OID. */
int tok_ext_ce(struct sg_slice oid);
/* Content of AuthorityKeyIdentifier → its keyIdentifier, p NULL without one. */
enum sg_rc tok_ext_aki(struct sg_der *in, struct sg_slice *ret,
                       struct sg_err *err);
/* The next element as a whole SEQUENCE. */
enum sg_rc tok_der_whole(struct sg_der *in, struct sg_slice *ret,
                         struct sg_err *err);
/* A serial number: positive, at most TOK_TBS_SERIAL_MAX octets. */
enum sg_rc tok_der_serial(struct sg_der *in, struct sg_err *err);

/* --- TBSCertificate -------------------------------------------------------- */

struct tok_tbs {
    struct sg_slice algorithm; /* the whole inner AlgorithmIdentifier */
    struct sg_slice issuer;    /* whole Name */
    struct sg_slice subject;
    struct sg_slice spki; /* whole SubjectPublicKeyInfo */
    int64_t not_before, not_after;
    struct sg_slice ski; /* p NULL when absent */
    struct sg_slice aki; /* keyIdentifier; p NULL when absent */
    bool is_ca;
    bool has_path_length;
    uint32_t path_length;
    bool has_key_usage;
    uint16_t key_usage;
    struct sg_slice eku;         /* content of ExtKeyUsageSyntax */
    struct sg_slice san;         /* content of GeneralNames */
    struct sg_slice constraints; /* content of NameConstraints */
    struct sg_slice unknown;     /* OID of a critical extension that is none of
                                  * RFC 5280's */
};

/* A TBSCertificate (RFC 5280 4.1). SG_FORMAT for bad DER, SG_POLICY "guard:
 * …" for a well-formed one that nobody should sign: version not 3, serial not
 * positive or too long, an extension given twice, unique identifiers. */
enum sg_rc tok_tbs_parse(struct sg_slice der, struct tok_tbs *ret,
                         struct sg_err *err);

/* The TBSCertificate inside a whole Certificate. */
enum sg_rc tok_tbs_of_cert(struct sg_slice cert, struct sg_slice *ret_tbs,
                           struct sg_err *err);

/* A CertificationRequestInfo (RFC 2986 4.1): its whole SubjectPublicKeyInfo. */
enum sg_rc tok_csr_info_parse(struct sg_slice der, struct sg_slice *ret_spki,
                              struct sg_err *err);

#endif
