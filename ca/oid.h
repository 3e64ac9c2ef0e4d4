/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CA_OID_H
#define SG_CA_OID_H

/* The object identifiers that ca/ knows, in one table. Immutable. */

#include "common/der.h"

/* name, text for people, content octets */
#define CA_OID_TABLE(X) \
    X(RSA, "rsaEncryption", "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01") \
    X(EC, "id-ecPublicKey", "\x2a\x86\x48\xce\x3d\x02\x01") \
    X(ED25519, "Ed25519", "\x2b\x65\x70") \
    X(ED448, "Ed448", "\x2b\x65\x71") \
    X(X25519, "X25519", "\x2b\x65\x6e") \
    X(DSA, "dsa", "\x2a\x86\x48\xce\x38\x04\x01") \
    X(P256, "P-256", "\x2a\x86\x48\xce\x3d\x03\x01\x07") \
    X(P384, "P-384", "\x2b\x81\x04\x00\x22") \
    X(P521, "P-521", "\x2b\x81\x04\x00\x23") \
    X(P224, "P-224", "\x2b\x81\x04\x00\x21") \
    X(SECP256K1, "secp256k1", "\x2b\x81\x04\x00\x0a") \
    X(BRAINPOOL_P256R1, "brainpoolP256r1", \
      "\x2b\x24\x03\x03\x02\x08\x01\x01\x07") \
    X(BRAINPOOL_P384R1, "brainpoolP384r1", \
      "\x2b\x24\x03\x03\x02\x08\x01\x01\x0b") \
    X(BRAINPOOL_P512R1, "brainpoolP512r1", \
      "\x2b\x24\x03\x03\x02\x08\x01\x01\x0d") \
    X(MD5_RSA, "md5WithRSAEncryption", "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04") \
    X(SHA1_RSA, "sha1WithRSAEncryption", \
      "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05") \
    X(RSA_PSS, "rsassaPss", "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a") \
    X(SHA256_RSA, "sha256WithRSAEncryption", \
      "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b") \
    X(SHA384_RSA, "sha384WithRSAEncryption", \
      "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c") \
    X(SHA512_RSA, "sha512WithRSAEncryption", \
      "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d") \
    X(ECDSA_SHA1, "ecdsa-with-SHA1", "\x2a\x86\x48\xce\x3d\x04\x01") \
    X(ECDSA_SHA224, "ecdsa-with-SHA224", "\x2a\x86\x48\xce\x3d\x04\x03\x01") \
    X(ECDSA_SHA256, "ecdsa-with-SHA256", "\x2a\x86\x48\xce\x3d\x04\x03\x02") \
    X(ECDSA_SHA384, "ecdsa-with-SHA384", "\x2a\x86\x48\xce\x3d\x04\x03\x03") \
    X(ECDSA_SHA512, "ecdsa-with-SHA512", "\x2a\x86\x48\xce\x3d\x04\x03\x04") \
    X(AT_CN, "commonName", "\x55\x04\x03") \
    X(AT_SURNAME, "surname", "\x55\x04\x04") \
    X(AT_SERIAL, "serialNumber", "\x55\x04\x05") \
    X(AT_C, "countryName", "\x55\x04\x06") \
    X(AT_L, "localityName", "\x55\x04\x07") \
    X(AT_ST, "stateOrProvinceName", "\x55\x04\x08") \
    X(AT_STREET, "streetAddress", "\x55\x04\x09") \
    X(AT_O, "organizationName", "\x55\x04\x0a") \
    X(AT_OU, "organizationalUnitName", "\x55\x04\x0b") \
    X(AT_POSTAL_CODE, "postalCode", "\x55\x04\x11") \
    X(AT_GIVEN_NAME, "givenName", "\x55\x04\x2a") \
    X(AT_UID, "userId", "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01") \
    X(AT_DC, "domainComponent", "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19") \
    X(AT_EMAIL, "emailAddress", "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01") \
    X(UNSTRUCTURED_NAME, "unstructuredName", \
      "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x02") \
    X(CHALLENGE_PASSWORD, "challengePassword", \
      "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x07") \
    X(EXTENSION_REQUEST, "extensionRequest", \
      "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x0e") \
    X(MS_CERT_EXTENSIONS, "msCertExtensions", \
      "\x2b\x06\x01\x04\x01\x82\x37\x02\x01\x0e") \
    X(MS_CSP, "msEnrollmentCspProvider", \
      "\x2b\x06\x01\x04\x01\x82\x37\x0d\x02\x02") \
    X(MS_OS_VERSION, "msOsVersion", \
      "\x2b\x06\x01\x04\x01\x82\x37\x0d\x02\x03") \
    X(MS_CLIENT_INFO, "msRequestClientInfo", \
      "\x2b\x06\x01\x04\x01\x82\x37\x15\x14") \
    X(EXT_SKI, "subjectKeyIdentifier", "\x55\x1d\x0e") \
    X(EXT_KU, "keyUsage", "\x55\x1d\x0f") \
    X(EXT_SAN, "subjectAltName", "\x55\x1d\x11") \
    X(EXT_IAN, "issuerAltName", "\x55\x1d\x12") \
    X(EXT_BC, "basicConstraints", "\x55\x1d\x13") \
    X(EXT_CRL_NUMBER, "cRLNumber", "\x55\x1d\x14") \
    X(EXT_REASON, "reasonCode", "\x55\x1d\x15") \
    X(EXT_INVALIDITY_DATE, "invalidityDate", "\x55\x1d\x18") \
    X(EXT_DELTA_CRL, "deltaCRLIndicator", "\x55\x1d\x1b") \
    X(EXT_IDP, "issuingDistributionPoint", "\x55\x1d\x1c") \
    X(EXT_CERT_ISSUER, "certificateIssuer", "\x55\x1d\x1d") \
    X(EXT_NC, "nameConstraints", "\x55\x1d\x1e") \
    X(EXT_CDP, "cRLDistributionPoints", "\x55\x1d\x1f") \
    X(EXT_CP, "certificatePolicies", "\x55\x1d\x20") \
    X(EXT_PM, "policyMappings", "\x55\x1d\x21") \
    X(EXT_AKI, "authorityKeyIdentifier", "\x55\x1d\x23") \
    X(EXT_PC, "policyConstraints", "\x55\x1d\x24") \
    X(EXT_EKU, "extKeyUsage", "\x55\x1d\x25") \
    X(EXT_FRESHEST_CRL, "freshestCRL", "\x55\x1d\x2e") \
    X(EXT_IAP, "inhibitAnyPolicy", "\x55\x1d\x36") \
    X(EXT_AIA, "authorityInfoAccess", "\x2b\x06\x01\x05\x05\x07\x01\x01") \
    X(EXT_SIA, "subjectInfoAccess", "\x2b\x06\x01\x05\x05\x07\x01\x0b") \
    X(EXT_TLS_FEATURE, "tlsFeature", "\x2b\x06\x01\x05\x05\x07\x01\x18") \
    X(EXT_OCSP_NOCHECK, "ocspNoCheck", "\x2b\x06\x01\x05\x05\x07\x30\x01\x05") \
    X(EXT_SCT_LIST, "signedCertificateTimestampList", \
      "\x2b\x06\x01\x04\x01\xd6\x79\x02\x04\x02") \
    X(EXT_CT_POISON, "ctPoison", "\x2b\x06\x01\x04\x01\xd6\x79\x02\x04\x03") \
    X(EXT_NS_CERT_TYPE, "netscapeCertType", \
      "\x60\x86\x48\x01\x86\xf8\x42\x01\x01") \
    X(EXT_NS_COMMENT, "netscapeComment", \
      "\x60\x86\x48\x01\x86\xf8\x42\x01\x0d") \
    X(EXT_MS_TEMPLATE_NAME, "msCertTemplateName", \
      "\x2b\x06\x01\x04\x01\x82\x37\x14\x02") \
    X(EXT_MS_TEMPLATE, "msCertTemplate", \
      "\x2b\x06\x01\x04\x01\x82\x37\x15\x07") \
    X(AD_OCSP, "ocsp", "\x2b\x06\x01\x05\x05\x07\x30\x01") \
    X(AD_CA_ISSUERS, "caIssuers", "\x2b\x06\x01\x05\x05\x07\x30\x02") \
    X(QT_CPS, "cps", "\x2b\x06\x01\x05\x05\x07\x02\x01") \
    X(QT_UNOTICE, "userNotice", "\x2b\x06\x01\x05\x05\x07\x02\x02") \
    X(ANY_POLICY, "anyPolicy", "\x55\x1d\x20\x00") \
    X(EKU_ANY, "anyExtendedKeyUsage", "\x55\x1d\x25\x00") \
    X(EKU_SERVER_AUTH, "serverAuth", "\x2b\x06\x01\x05\x05\x07\x03\x01") \
    X(EKU_CLIENT_AUTH, "clientAuth", "\x2b\x06\x01\x05\x05\x07\x03\x02") \
    X(EKU_CODE_SIGNING, "codeSigning", "\x2b\x06\x01\x05\x05\x07\x03\x03") \
    X(EKU_EMAIL, "emailProtection", "\x2b\x06\x01\x05\x05\x07\x03\x04") \
    X(EKU_TIME_STAMPING, "timeStamping", "\x2b\x06\x01\x05\x05\x07\x03\x08") \
    X(EKU_OCSP_SIGNING, "OCSPSigning", "\x2b\x06\x01\x05\x05\x07\x03\x09") \
    X(UPN, "userPrincipalName", "\x2b\x06\x01\x04\x01\x82\x37\x14\x02\x03")

enum ca_oid {
    CA_OID_UNKNOWN,
#define X(name, text, octets) CA_OID_##name,
    CA_OID_TABLE(X)
#undef X
};

/* Content octets; oid is not CA_OID_UNKNOWN. */
struct sg_slice ca_oid(enum ca_oid oid);
/* CA_OID_UNKNOWN when the table does not have it. */
enum ca_oid ca_oid_find(struct sg_slice content);
bool ca_oid_is(struct sg_slice content, enum ca_oid oid);
/* "keyUsage", or the dotted form of one that is not in the table. The answer
 * is static or dst. */
const char *ca_oid_text(struct sg_slice content, char dst[SG_OID_TEXT_MAX]);

#endif
