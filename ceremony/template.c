/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/plan.h"
#include "ceremony/template-int.h"

/* It would take the lines of the files apart. */
/* clang-format off */

static const char KEY[] =
    T_HEAD("key", "make a key in a token, with its guard.",
    "# The certificate for it is a ceremony of its own.\n")
    T_PEOPLE
    T_TOKEN("The key to make. Its label must be new in the token.")
    "# ec-p256, ec-p384, ec-p521, rsa-2048, rsa-3072, rsa-4096, ed25519\n"
    "  type: ec-p384\n"
    "\n"
    "# What the key may ever do. It can be narrowed later, never widened.\n"
    "guard:\n"
    "# ca, ocsp, backend (digests for other issuers), probe (health checks)\n"
    "  purpose: ca\n"
    "# purpose ca only: the longest period of a certificate that it signs. Units:\n"
    "# d, h, m, s.\n"
    "  max_validity: 9150d\n"
    "# purpose ca only: may it sign CA certificates (default false), and with\n"
    "# which path length at most? Left out there is no limit; with 0 the\n"
    "# CAs below it sign leaves only.\n"
    "  may_sign_ca: true\n"
    "#  max_path_length: 1\n"
    "# purpose ca only: may it sign CRLs (default true)?\n"
    "#  may_sign_crls: true\n"
    "# purpose ca only: the purposes, by name or OID, that a certificate may have,\n"
    "# and it must then have some; a root's own has none. Left out: any.\n"
    "#  extended_key_usage: [serverAuth, clientAuth]\n"
    "# purpose ca only: the names that it signs for, besides what the certificates\n"
    "# above it permit (RFC 5280 4.2.1.10). Left out: no limit of its own.\n"
    "#  name_constraints:\n"
    "#    permitted:\n"
    "#      dns: [example.com]              # and all below it\n"
    "#      ip: [192.0.2.0/24, \"2001:db8::/32\"]\n"
    "#      email: [example.com]            # or .example.com, or one mailbox\n"
    "#      uri: [.example.com]             # hosts\n"
    "#      directory: [\"O=Example,C=DE\"]\n"
    "#      upn: [example.com]\n"
    "#    excluded:\n"
    "#      dns: [secret.example.com]\n"
    "# Signatures at most, of every kind. Left out: any number.\n"
    "#  max_per_second: 50\n"
    "#  max_per_day: 10000\n";

static const char ROOT[] =
    T_HEAD("root", "the self-signed certificate of a root CA.",
    "# The key comes first, by a ceremony of type key.\n")
    T_PEOPLE
    T_TOKEN("The root's key.")
    T_KEY_TYPE
    "# Its public half as the key ceremony wrote it (PEM).\n"
    "public_key: CHANGE-ME\n"
    "\n"
    "# RFC 5280 4.1.2.6; never empty. It cannot be changed later.\n"
    "subject:\n"
    T_SUBJECT_KEYS("")
    T_VALIDITY(T_FROM, "7300d")
    T_PATH_LENGTH("# Roots mostly have none (BR 7.1.2.1.4).\n#path_length: 1\n")
    T_DIGITAL_SIGNATURE
    T_CONSTRAINTS
    T_POLICIES
    T_KNOWN
    T_PROFILE
    T_SIGNATURE;

static const char INTERMEDIATE[] =
    T_HEAD("intermediate", "the certificate of a CA below another.", "")
    T_PEOPLE
    T_TOKEN("The issuer's key, which signs.")
    T_KEY_TYPE
    T_ISSUER
    T_SUBJECT_KEY("issuing-key.pem")
    "# RFC 5280 4.1.2.6. Left out, the CSR's own is taken as it stands there.\n"
    "subject:\n"
    T_SUBJECT_KEYS("")
    T_CERTIFIED
    T_VALIDITY(T_FROM, "3650d")
    T_PATH_LENGTH("path_length: 0\n")
    T_DIGITAL_SIGNATURE
    T_EKU
    T_CONSTRAINTS
    T_TECHNICAL
    T_POLICIES
    T_URLS
    T_KNOWN
    T_PROFILE
    T_SIGNATURE;

static const char CSR[] =
    T_HEAD("csr", "a certificate request signed by a key in a token.",
    "# Another CA makes the certificate.\n")
    T_PEOPLE
    T_TOKEN("The key that the request is for.")
    T_KEY_TYPE
    "# Its public half as the key ceremony wrote it (PEM).\n"
    "public_key: CHANGE-ME\n"
    "\n"
    "# The name that is asked for (RFC 2986 4.1).\n"
    "subject:\n"
    T_SUBJECT_KEYS("")
    T_SIGNATURE;

static const char CROSS[] =
    T_HEAD("cross-certificate", "another CA's name and key, under this one.",
    "# Purposes, constraints and period are given anew and judged by today's\n"
    "# rules; nothing of them is copied.\n")
    T_PEOPLE
    T_TOKEN("The issuer's key, which signs.")
    T_KEY_TYPE
    T_ISSUER
    "\n"
    "# The certificate that exists: subject, key and key identifier are taken\n"
    "# from it byte for byte. It must not begin later than the new one (BR\n"
    "# 7.1.2.2.1).\n"
    "certificate: CHANGE-ME\n"
    T_CERTIFIED
    T_VALIDITY(T_FROM, "1825d")
    T_PATH_LENGTH("path_length: 1\n")
    T_DIGITAL_SIGNATURE
    T_EKU
    T_CONSTRAINTS
    T_TECHNICAL
    T_POLICIES
    T_URLS
    T_KNOWN
    T_PROFILE
    T_SIGNATURE;

static const char ROLLOVER[] =
    T_HEAD("rollover", "a self-issued certificate: the CA's name, another key.",
    "# Path lengths do not count it (RFC 5280 4.2.1.9).\n")
    T_PEOPLE
    T_TOKEN("The key that signs: the issuer's.")
    T_KEY_TYPE
    T_ISSUER
    "\n"
    "# New key under the old one: issuer is the old certificate, public_key "
    "the new\n"
    "# key. Old under new: issuer is the new certificate, and certificate "
    "(in place\n"
    "# of public_key) is the old one (RFC 4210 4.4).\n"
    "public_key: CHANGE-ME\n"
    "#certificate: old-root.crt\n"
    T_CERTIFIED
    T_VALIDITY(T_FROM, "365d")
    T_PATH_LENGTH("#path_length: 1\n")
    T_DIGITAL_SIGNATURE
    T_EKU
    T_CONSTRAINTS
    T_TECHNICAL
    T_POLICIES
    T_URLS
    T_KNOWN
    T_PROFILE
    T_SIGNATURE;

static const char OCSP[] =
    T_HEAD("ocsp-responder", "who answers for the CA (RFC 6960 4.2.2.2).",
    "# Its revocation is never asked for (ocsp-nocheck), so it ends soon.\n")
    T_PEOPLE
    T_TOKEN("The key of the CA that it answers for, which signs.")
    T_KEY_TYPE
    T_ISSUER
    T_SUBJECT_KEY("ocsp-key.pem")
    "# Renewal: the responder's certificate whose key and subject are taken over\n"
    "# (subject: is left out then). It is bound to its key when the ceremony ends,\n"
    "# if that is in this token.\n"
    "#certificate: old-ocsp.crt\n"
    "# RFC 5280 4.1.2.6. Left out, the CSR's own is taken as it stands there.\n"
    "subject:\n"
    T_SUBJECT_KEYS("")
    T_CERTIFIED
    T_VALIDITY(T_FROM, "90d")
    "# At most 397 days.\n"
    T_PROFILE
    T_SIGNATURE;

static const char CRL[] =
    T_HEAD("crl", "a certificate revocation list (RFC 5280 5).", "")
    T_PEOPLE
    T_TOKEN("The key of the CA whose certificates it revokes.")
    T_KEY_TYPE
    T_ISSUER
    "\n"
    "crl:\n"
    "# The CRL published last, by file or URL, or none when this CA has never\n"
    "# published one: the new one is held against it. In the ledger it is the\n"
    "# newest, not withdrawn, whose thisUpdate is earlier than the new one's.\n"
    "  last: CHANGE-ME\n"
    "# Greater than that of every CRL before it, at most 20 octets (RFC 5280\n"
    "# 5.2.3): decimal, or hexadecimal with 0x in front.\n"
    "  number: CHANGE-ME\n"
    "# nextUpdate: at most 12 months later for CA certificates (BR 4.9.7), and\n"
    "# within the CA's own validity.\n"
    "  this_update: CHANGE-ME\n"
    "  next_update: CHANGE-ME\n"
    "# all (default), ca (onlyContainsCACerts) or user (RFC 5280 5.2.5), and the\n"
    "# URL that the certificates name, written into the same extension.\n"
    "#  scope: ca\n"
    "#  distribution_point: http://pki.example.com/root.crl\n"
    "# Who is revoked: by certificate file or serial number (hexadecimal).\n"
    "# reason: keyCompromise, cACompromise, affiliationChanged, superseded,\n"
    "# cessationOfOperation, privilegeWithdrawn ... (RFC 5280 5.3.1); left out:\n"
    "# unspecified, which is written by leaving the extension out.\n"
    "#  revoked:\n"
    "#    - certificate: old-intermediate.crt\n"
    "#      date: 2027-01-15T10:00:00Z\n"
    "#      reason: cessationOfOperation\n"
    "#    - serial: 01a2b3\n"
    "#      date: 2027-01-15T10:00:00Z\n"
    "# Every entry of the last CRL stays, but for these certificates, which had\n"
    "# expired when it was made (RFC 5280 3.3).\n"
    "#  expired: [expired-intermediate.crt]\n"
    "# CRLs for the months ahead, for a CA that is offline: count of them (2 to\n"
    "# 36), each with the next number, and both instants later by this. nextUpdate\n"
    "# has to lie after the next one's thisUpdate: leave time to publish it.\n"
    "#  package:\n"
    "#    count: 12\n"
    "#    every: 30d\n"
    "# CRLs that were signed ahead and would come after this one are withdrawn:\n"
    "# after a compromise, when a package lies ready. Default false.\n"
    "#  withdraw: true\n"
    T_PROFILE
    T_SIGNATURE;

/* clang-format on */

const char *cer_template(enum cer_type type)
{
    static const char *const templates[] = {
        [CER_TYPE_KEY] = KEY,
        [CER_TYPE_ROOT] = ROOT,
        [CER_TYPE_INTERMEDIATE] = INTERMEDIATE,
        [CER_TYPE_CSR] = CSR,
        [CER_TYPE_CROSS_CERTIFICATE] = CROSS,
        [CER_TYPE_ROLLOVER] = ROLLOVER,
        [CER_TYPE_OCSP_RESPONDER] = OCSP,
        [CER_TYPE_CRL] = CRL,
    };

    return (size_t)type < SG_ARRAY_LEN(templates) ? templates[type] : NULL;
}
