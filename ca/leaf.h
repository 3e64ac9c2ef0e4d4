/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CA_LEAF_H
#define SG_CA_LEAF_H

/* Leaf certificates: profile, rules, to-be-signed bytes. Pure; the profile is
 * immutable once made and shared by all threads. */

#include "ca/issuer.h"
#include "ca/policies.h"

/* What is the same for every certificate of a role, pre-encoded. */
struct ca_profile_args {
    /* enum ca_key_usage bits; 0: no extension. Bits that are not for the
     * certificate's kind of key are left out of it. */
    uint16_t key_usage;
    /* Dotted OIDs. A leaf without any is allowed here (private PKI). */
    const char *const *eku;
    size_t n_eku;
    const struct ca_policy *policies;
    size_t n_policies;
    bool basic_constraints; /* write basicConstraints 30 00 */
};
struct ca_profile;
/* SG_POLICY: keyCertSign or cRLSign in a leaf, anyExtendedKeyUsage or
 * OCSPSigning (RFC 6960 4.2.2.2 needs its own profile), timeStamping beside
 * others, a purpose that the key usage rules out, a purpose or policy twice, a
 * bad OID, URL or notice. */
enum sg_rc ca_profile_new(const struct ca_profile_args *args,
                          struct ca_profile **ret_profile, struct sg_err *err);
void ca_profile_free(struct ca_profile *profile);
SG_DEFINE_CLEANUP(struct ca_profile, ca_profile_free);

#define CA_SERIAL_LEN 20 /* first octet 0x01–0x7f, then 152 random bits */
enum sg_rc ca_serial_new(uint8_t ret_serial[static CA_SERIAL_LEN],
                         struct sg_err *err);

struct ca_leaf_args {
    const struct ca_issuer *issuer;
    const struct ca_profile *profile;
    enum ca_sigalg alg; /* of the issuer's signature */
    struct sg_slice serial;
    struct ca_dn subject;
    struct ca_sans sans;
    const struct ca_spki *spki;
    int64_t not_before, not_after;  /* the last second that is still valid */
    struct sg_slice subject_key_id; /* empty: SHA-1 of the key bits */
};

/* Hold the certificate against every rule (reference/ca-anchors 3.1) and
 * append its TBSCertificate to out, which is as it was after a failure. One
 * that breaks a rule cannot be made: SG_POLICY says which, with the clause. The
 * CN need not be among the SANs, but as a host name or mailbox it has to pass
 * the name constraints. Purposes must be among those of the chain's CAs. The
 * caller clips not_before to the issuer's. */
enum sg_rc ca_leaf_tbs(const struct ca_leaf_args *args, struct sg_buf *out,
                       struct sg_err *err);

#endif
