/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_PKCS11_HELPER_TBS_H
#define SG_PKCS11_HELPER_TBS_H

/* What is about to be signed, read strictly and on our own: nothing of the
 * code that built it is used here. Pure; slices borrow from the DER. */

#include "common/der.h"

#define TOK_TBS_DEPTH_MAX 16      /* a name constraint's directoryName is 10 */
#define TOK_TBS_ELEMENTS_MAX 8192 /* a 32 KiB TBS full of SANs has some 5000 */
#define TOK_TBS_EXTENSIONS_MAX 32
#define TOK_TBS_SERIAL_MAX 20 /* RFC 5280 4.1.2.2 */

#define TOK_KU_KEY_CERT_SIGN (1U << 5) /* RFC 5280 4.2.1.3 */

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
