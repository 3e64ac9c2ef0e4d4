/* SPDX-License-Identifier: Apache-2.0 */
#include "lint/rules.h"

#include <string.h>

#include "common/clock.h"

#define SERIAL_OCTETS_MAX 20   /* RFC 5280 4.1.2.2 */
#define SERIAL_OCTETS_RANDOM 8 /* 64 bits, BR 7.1 */

void lint_version(struct lint_job *job)
{
    if (job->cert->version != 2)
        lint_say(job, "version is %llu, must be 3",
                 (unsigned long long)job->cert->version + 1);
}

void lint_serial_positive(struct lint_job *job)
{
    struct sg_slice serial = job->cert->serial;

    if ((serial.p[0] & 0x80) != 0)
        lint_say(job, "serial number is negative");
    else if (serial.len == 1 && serial.p[0] == 0)
        lint_say(job, "serial number is zero");
}

void lint_serial_length(struct lint_job *job)
{
    if (job->cert->serial.len > SERIAL_OCTETS_MAX)
        lint_say(job, "serial number has %zu octets, at most %d are allowed",
                 job->cert->serial.len, SERIAL_OCTETS_MAX);
}

void lint_serial_entropy(struct lint_job *job)
{
    if (job->cert->serial.len < SERIAL_OCTETS_RANDOM)
        lint_say(job, "serial number of %zu octets cannot hold 64 random bits",
                 job->cert->serial.len);
}

void lint_algorithms_match(struct lint_job *job)
{
    if (job->cert->is_signed
        && !sg_slice_eq(job->cert->inner_alg, job->cert->outer_alg))
        lint_say(job, "signature and signatureAlgorithm differ");
}

/* AlgorithmIdentifiers that may stand in a certificate, byte for byte. */
#define ALG(literal) \
    { \
        literal, sizeof(literal) - 1 \
    }
#define PSS(hash, salt) \
    "\x30\x41\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a\x30\x34\xa0\x0f" \
    "\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02" hash \
    "\x05\x00\xa1\x1c\x30\x1a\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08" \
    "\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02" hash \
    "\x05\x00\xa2\x03\x02\x01" salt
static const struct {
    const char *der;
    size_t len;
} ALGORITHMS[] = {
    ALG("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02"),
    ALG("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03"),
    ALG("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x04"),
    ALG("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00"),
    ALG("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c\x05\x00"),
    ALG("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d\x05\x00"),
    ALG(PSS("\x01", "\x20")),
    ALG(PSS("\x02", "\x30")),
    ALG(PSS("\x03", "\x40")),
    /* Ed25519, last: not for public TLS (BR 6.1.5) */
    ALG("\x30\x05\x06\x03\x2b\x65\x70"),
};

bool lint_algorithm_known(struct sg_slice alg, enum lint_profile profile)
{
    size_t n = SG_ARRAY_LEN(ALGORITHMS);

    if (profile == LINT_PROFILE_PUBLIC_TLS)
        n--;
    for (size_t i = 0; i < n; i++)
        if (lint_is(alg, ALGORITHMS[i].der, ALGORITHMS[i].len))
            return true;
    return false;
}

/* SHA-1 has a row of its own, because the day it ended matters. */
static bool is_sha1(struct sg_slice alg)
{
    return LINT_IS(alg, "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01"
                        "\x05\x05\x00")
           || LINT_IS(alg, "\x30\x09\x06\x07\x2a\x86\x48\xce\x3d\x04\x01");
}

void lint_algorithm_sha1(struct lint_job *job)
{
    if (is_sha1(job->cert->inner_alg))
        lint_say(job, "the signature algorithm uses SHA-1");
}

void lint_algorithm_allowed(struct lint_job *job)
{
    char oid[SG_OID_TEXT_MAX] = "?";
    struct sg_slice alg = job->cert->inner_alg;

    if (lint_algorithm_known(alg, job->options->profile) || is_sha1(alg))
        return;
    if (alg.len > 4 && alg.p[2] == SG_DER_OID
        && (size_t)alg.p[3] + 4 <= alg.len)
        (void)sg_oid_to_text(SG_SLICE(alg.p + 4, alg.p[3]), oid);
    lint_say(job,
             "signature algorithm %s, or how it is encoded, is not "
             "allowed",
             oid);
}

static void say_time(struct lint_job *job, const char *which,
                     const struct lint_time *time)
{
    char text[40];

    if (!time->ok)
        lint_say(job,
                 "%s \"%s\" is not YYMMDDHHMMSSZ to 2049, YYYYMMDDHHMMSSZ from "
                 "2050",
                 which, lint_text(time->text, text, sizeof(text)));
}

void lint_time_form(struct lint_job *job)
{
    say_time(job, "notBefore", &job->cert->not_before);
    say_time(job, "notAfter", &job->cert->not_after);
}

void lint_time_order(struct lint_job *job)
{
    const struct lint_cert *cert = job->cert;

    if (cert->not_before.ok && cert->not_after.ok
        && cert->not_before.t > cert->not_after.t)
        lint_say(job, "notBefore is later than notAfter");
}

void lint_unique_ids(struct lint_job *job)
{
    if (job->cert->has_issuer_uid)
        lint_say(job, "issuerUniqueID is present");
    if (job->cert->has_subject_uid)
        lint_say(job, "subjectUniqueID is present");
}

void lint_extension_twice(struct lint_job *job)
{
    const struct lint_cert *cert = job->cert;
    char oid[SG_OID_TEXT_MAX];

    for (size_t i = 0; i < cert->n_ext; i++)
        for (size_t k = 0; k < i; k++)
            if (sg_slice_eq(cert->ext[i].oid, cert->ext[k].oid))
                lint_say(job, "extension %s stands twice",
                         sg_oid_to_text(cert->ext[i].oid, oid));
}

/* Extensions whose SEQUENCE must hold something; basicConstraints may be
 * empty, and nameConstraints has a rule of its own. */
void lint_extension_empty(struct lint_job *job)
{
    static const char *const not_empty[] = {
        LINT_OID_SAN,
        LINT_OID_IAN,
        LINT_OID_CDP,
        LINT_OID_POLICIES,
        LINT_OID_EKU,
        LINT_OID_AIA,
        LINT_OID_AKI,
        LINT_OID_POLICY_CONSTRAINTS,
        LINT_OID_POLICY_MAPPINGS,
        LINT_OID_FRESHEST,
        LINT_OID_SUBJECT_INFO,
    };
    char oid[SG_OID_TEXT_MAX];

    for (size_t i = 0; i < SG_ARRAY_LEN(not_empty); i++) {
        const struct lint_ext *ext = lint_cert_ext(job->cert, not_empty[i]);
        if (ext != NULL && lint_is(ext->value, "\x30\x00", 2))
            lint_say(job, "extension %s is an empty sequence",
                     sg_oid_to_text(ext->oid, oid));
    }
    if (job->cert->has_extensions && job->cert->n_ext == 0)
        lint_say(job, "extensions is an empty sequence");
    if (lint_cert_ext(job->cert, LINT_OID_SKI) != NULL
        && lint_subject_key_id(job->cert).len == 0)
        lint_say(job, "subjectKeyIdentifier is empty");
}

void lint_extension_default(struct lint_job *job)
{
    char oid[SG_OID_TEXT_MAX];

    for (size_t i = 0; i < job->cert->n_ext; i++)
        if (job->cert->ext[i].critical_false_written)
            lint_say(job, "extension %s writes critical FALSE, the default",
                     sg_oid_to_text(job->cert->ext[i].oid, oid));
}

void lint_extension_critical(struct lint_job *job)
{
    static const char *const known_oids[] = {
        LINT_OID_KEY_USAGE,
        LINT_OID_SAN,
        LINT_OID_BASIC,
        LINT_OID_NAME_CONSTRAINTS,
        LINT_OID_POLICIES,
        LINT_OID_POLICY_MAPPINGS,
        LINT_OID_POLICY_CONSTRAINTS,
        LINT_OID_EKU,
        LINT_OID_INHIBIT_ANY,
        LINT_OID_CT_POISON,
        LINT_OID_SKI,
        LINT_OID_AKI,
        LINT_OID_CDP,
        LINT_OID_AIA,
    };
    char text[SG_OID_TEXT_MAX];

    for (size_t i = 0; i < job->cert->n_ext; i++) {
        const struct lint_ext *ext = &job->cert->ext[i];
        bool known = !ext->critical;

        for (size_t k = 0; k < SG_ARRAY_LEN(known_oids) && !known; k++)
            known = lint_is(ext->oid, known_oids[k], strlen(known_oids[k]));
        if (!known)
            lint_say(job, "critical extension %s is not known",
                     sg_oid_to_text(ext->oid, text));
    }
}

static bool is_one_element(struct sg_slice value, uint8_t tag)
{
    struct sg_err ignored = { 0 };

    return value.len > 0 && value.p[0] == tag
           && sg_der_check(value, "extension", 16, 4096, &ignored) == SG_OK;
}

/* Is every element of the SEQUENCE of one of these tags? */
static bool holds_only(struct sg_slice value, const char *tags, size_t n)
{
    struct lint_iter iter;
    struct sg_der_tlv tlv;

    lint_iter_init(&iter, value, "extension");
    while (lint_iter_next(&iter, &tlv))
        if (memchr(tags, tlv.tag, n) == NULL)
            return false;
    return iter.ok;
}

#define GENERAL_NAMES "\xa0\x81\x82\xa3\xa4\xa5\x86\x87\x88"

static void say_elements(struct lint_job *job)
{
#define HOLDS(oid, name, tags) \
    { \
        oid, name, tags, sizeof(tags) - 1 \
    }
    static const struct {
        const char *oid, *name, *tags;
        size_t n;
    } elements[] = {
        HOLDS(LINT_OID_SAN, "subjectAltName", GENERAL_NAMES),
        HOLDS(LINT_OID_IAN, "issuerAltName", GENERAL_NAMES),
        HOLDS(LINT_OID_EKU, "extKeyUsage", "\x06"),
        HOLDS(LINT_OID_AKI, "authorityKeyIdentifier", "\x80\xa1\x82"),
        HOLDS(LINT_OID_POLICIES, "certificatePolicies", "\x30"),
        HOLDS(LINT_OID_POLICY_MAPPINGS, "policyMappings", "\x30"),
        HOLDS(LINT_OID_CDP, "cRLDistributionPoints", "\x30"),
        HOLDS(LINT_OID_AIA, "authorityInfoAccess", "\x30"),
        HOLDS(LINT_OID_POLICY_CONSTRAINTS, "policyConstraints", "\x80\x81"),
    };
#undef HOLDS

    for (size_t i = 0; i < SG_ARRAY_LEN(elements); i++) {
        const struct lint_ext *ext = lint_cert_ext(job->cert, elements[i].oid);
        if (ext != NULL
            && !holds_only(ext->value, elements[i].tags, elements[i].n))
            lint_say(job, "%s holds an element of another type",
                     elements[i].name);
    }
}

static bool key_usage_is_der(struct sg_slice value)
{
    struct sg_err ignored = { 0 };
    struct sg_der in;
    uint16_t bits;

    sg_der_init(&in, value, "keyUsage");
    return sg_der_named_bits(&in, &bits, &ignored) == SG_OK
           && sg_der_end(&in, &ignored) == SG_OK;
}

static bool basic_constraints_is_der(struct sg_slice value)
{
    struct sg_err ignored = { 0 };
    struct sg_der in;
    struct sg_der seq;
    bool ca = true;
    uint64_t path_length;

    sg_der_init(&in, value, "basicConstraints");
    if (sg_der_enter(&in, SG_DER_SEQUENCE, &seq, &ignored) != SG_OK)
        return false;
    if (sg_der_next_is(&seq, SG_DER_BOOLEAN)
        && (sg_der_bool(&seq, &ca, &ignored) != SG_OK || !ca))
        return false; /* FALSE is the default and must not be written */
    if (sg_der_more(&seq) && sg_der_uint(&seq, &path_length, &ignored) != SG_OK)
        return false;
    return sg_der_end(&seq, &ignored) == SG_OK
           && sg_der_end(&in, &ignored) == SG_OK;
}

/* Is each extension that we know the shape that its definition gives it? */
void lint_extension_form(struct lint_job *job)
{
    static const struct {
        const char *oid;
        const char *name;
        uint8_t tag;
    } shapes[] = {
        { LINT_OID_SKI, "subjectKeyIdentifier", SG_DER_OCTET_STRING },
        { LINT_OID_AKI, "authorityKeyIdentifier", SG_DER_SEQUENCE },
        { LINT_OID_SAN, "subjectAltName", SG_DER_SEQUENCE },
        { LINT_OID_NAME_CONSTRAINTS, "nameConstraints", SG_DER_SEQUENCE },
        { LINT_OID_CDP, "cRLDistributionPoints", SG_DER_SEQUENCE },
        { LINT_OID_POLICIES, "certificatePolicies", SG_DER_SEQUENCE },
        { LINT_OID_EKU, "extKeyUsage", SG_DER_SEQUENCE },
        { LINT_OID_AIA, "authorityInfoAccess", SG_DER_SEQUENCE },
        { LINT_OID_POLICY_CONSTRAINTS, "policyConstraints", SG_DER_SEQUENCE },
        { LINT_OID_INHIBIT_ANY, "inhibitAnyPolicy", SG_DER_INTEGER },
        { LINT_OID_IAN, "issuerAltName", SG_DER_SEQUENCE },
        { LINT_OID_FRESHEST, "freshestCRL", SG_DER_SEQUENCE },
        { LINT_OID_POLICY_MAPPINGS, "policyMappings", SG_DER_SEQUENCE },
        { LINT_OID_SUBJECT_INFO, "subjectInfoAccess", SG_DER_SEQUENCE },
        { LINT_OID_SCT_LIST, "signedCertificateTimestampList",
          SG_DER_OCTET_STRING },
        { LINT_OID_OCSP_NOCHECK, "ocsp-nocheck", SG_DER_NULL },
    };
    const struct lint_ext *ext;

    for (size_t i = 0; i < SG_ARRAY_LEN(shapes); i++) {
        ext = lint_cert_ext(job->cert, shapes[i].oid);
        if (ext != NULL && !is_one_element(ext->value, shapes[i].tag))
            lint_say(job, "%s is not well-formed DER", shapes[i].name);
    }
    say_elements(job);
    ext = lint_cert_ext(job->cert, LINT_OID_KEY_USAGE);
    if (ext != NULL && !key_usage_is_der(ext->value))
        lint_say(job, "keyUsage is not a DER NamedBitList");
    ext = lint_cert_ext(job->cert, LINT_OID_BASIC);
    if (ext != NULL && !basic_constraints_is_der(ext->value))
        lint_say(job, "basicConstraints is not DER");
}

/* RFC 5280 4.2.2.1, 4.2.2.2, 4.2.1.15; RFC 6962 3.3. */
void lint_extension_not_critical(struct lint_job *job)
{
    static const struct {
        const char *oid;
        const char *name;
    } never[] = {
        { LINT_OID_AIA, "authorityInfoAccess" },
        { LINT_OID_SUBJECT_INFO, "subjectInfoAccess" },
        { LINT_OID_FRESHEST, "freshestCRL" },
        { LINT_OID_SCT_LIST, "signedCertificateTimestampList" },
    };

    for (size_t i = 0; i < SG_ARRAY_LEN(never); i++) {
        const struct lint_ext *ext = lint_cert_ext(job->cert, never[i].oid);
        if (ext != NULL && ext->critical)
            lint_say(job, "%s is critical", never[i].name);
    }
}

/* The keyIdentifier itself "MUST be included". */
void lint_aki_present(struct lint_job *job)
{
    const struct lint_ext *ext = lint_cert_ext(job->cert, LINT_OID_AKI);

    if (ext == NULL)
        lint_say(job, "no authorityKeyIdentifier");
    else if (lint_authority_key_id(ext).len == 0)
        lint_say(job, "authorityKeyIdentifier has no keyIdentifier");
}

void lint_aki_not_critical(struct lint_job *job)
{
    const struct lint_ext *ext = lint_cert_ext(job->cert, LINT_OID_AKI);

    if (ext != NULL && ext->critical)
        lint_say(job, "authorityKeyIdentifier is critical");
}

void lint_ski_not_critical(struct lint_job *job)
{
    const struct lint_ext *ext = lint_cert_ext(job->cert, LINT_OID_SKI);

    if (ext != NULL && ext->critical)
        lint_say(job, "subjectKeyIdentifier is critical");
}

void lint_aki_names_issuer(struct lint_job *job, const struct lint_ext *ext)
{
    struct lint_iter iter;
    struct sg_der_tlv tlv;

    if (ext == NULL)
        return;
    lint_iter_init(&iter, ext->value, "authorityKeyIdentifier");
    while (lint_iter_next(&iter, &tlv))
        if (tlv.tag != SG_DER_CONTEXT(0))
            lint_say(job, "authorityKeyIdentifier holds issuer or serial "
                          "number");
}

void lint_aki_form(struct lint_job *job)
{
    lint_aki_names_issuer(job, lint_cert_ext(job->cert, LINT_OID_AKI));
}

/* The first and the last second belong to the life (RFC 5280 4.1.2.5). */
void lint_expired(struct lint_job *job)
{
    const struct lint_cert *cert = job->cert;
    int64_t at = job->options->at;
    char text[SG_TIME_TEXT_MAX];

    if (at == 0)
        return;
    (void)sg_time_text(at, text);
    if (cert->not_before.ok && at < cert->not_before.t)
        lint_say(job, "not yet valid at %s", text);
    if (cert->not_after.ok && at > cert->not_after.t)
        lint_say(job, "expired at %s", text);
}
