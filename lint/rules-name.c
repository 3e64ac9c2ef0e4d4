/* SPDX-License-Identifier: Apache-2.0 */
#include "lint/rules.h"

#include <string.h>

#include "common/parse.h"

#define EMPTY_NAME "\x30\x00"

/* Attribute types, in the order of BR 7.1.4.2 (domainComponent first), with
 * the upper bounds of RFC 5280 appendix A. */
static const struct attribute {
    const char *oid;
    size_t oid_len;
    const char *name;
    size_t max;  /* characters */
    int order;   /* 0: any place */
    bool many;   /* may stand more than once */
    uint8_t tag; /* the one string type; 0: PrintableString or UTF8String */
} ATTRIBUTES[] = {
#define ATTR(oid, name, max, order, many, tag) \
    { \
        oid, sizeof(oid) - 1, name, max, order, many, tag \
    }
    ATTR("\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19", "DC", 63, 1, true,
         SG_DER_IA5_STRING),
    ATTR("\x55\x04\x06", "C", 2, 2, false, SG_DER_PRINTABLE_STRING),
    ATTR("\x55\x04\x08", "ST", 128, 3, false, 0),
    ATTR("\x55\x04\x07", "L", 128, 4, false, 0),
    ATTR("\x55\x04\x11", "postalCode", 40, 5, false, 0),
    ATTR("\x55\x04\x09", "street", 128, 6, true, 0),
    ATTR("\x55\x04\x0a", "O", 64, 7, false, 0),
    ATTR("\x55\x04\x04", "SN", 64, 8, false, 0),
    ATTR("\x55\x04\x2a", "GN", 64, 9, false, 0),
    ATTR("\x55\x04\x0b", "OU", 64, 10, true, 0),
    ATTR("\x55\x04\x03", "CN", 64, 11, false, 0),
    ATTR("\x55\x04\x05", "serialNumber", 64, 0, false, SG_DER_PRINTABLE_STRING),
    ATTR("\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01", "UID", 256, 0, true, 0),
    ATTR("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01", "emailAddress", 255, 0, true,
         SG_DER_IA5_STRING),
#undef ATTR
};

static const struct attribute *attribute_of(struct sg_slice oid)
{
    for (size_t i = 0; i < SG_ARRAY_LEN(ATTRIBUTES); i++)
        if (lint_is(oid, ATTRIBUTES[i].oid, ATTRIBUTES[i].oid_len))
            return &ATTRIBUTES[i];
    return NULL;
}

const char *lint_attribute_name(struct sg_slice oid, char dst[SG_OID_TEXT_MAX])
{
    const struct attribute *attribute = attribute_of(oid);

    return attribute != NULL ? attribute->name : sg_oid_to_text(oid, dst);
}

void lint_issuer_empty(struct lint_job *job)
{
    if (LINT_IS(job->cert->issuer, EMPTY_NAME))
        lint_say(job, "issuer is empty");
}

void lint_subject_empty(struct lint_job *job)
{
    const struct lint_ext *san = lint_cert_ext(job->cert, LINT_OID_SAN);

    if (!LINT_IS(job->cert->subject, EMPTY_NAME))
        return;
    if (san == NULL)
        lint_say(job, "subject is empty and there is no subjectAltName");
    else if (!san->critical)
        lint_say(job, "subject is empty and subjectAltName is not critical");
}

void lint_ca_subject_empty(struct lint_job *job)
{
    if (LINT_IS(job->cert->subject, EMPTY_NAME))
        lint_say(job, "the subject of a CA certificate is empty");
}

static bool is_printable(struct sg_slice value)
{
    static const char also[] = " '()+,-./:=?";

    for (size_t i = 0; i < value.len; i++) {
        uint8_t c = value.p[i];
        bool alnum = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z')
                     || (c >= 'a' && c <= 'z');
        if (!alnum && memchr(also, c, sizeof(also) - 1) == NULL)
            return false;
    }
    return true;
}

static const char *value_fault(const struct lint_rdn *rdn)
{
    switch (rdn->tag) {
    case SG_DER_PRINTABLE_STRING:
        return is_printable(rdn->value) ? NULL
                                        : "has characters that a "
                                          "PrintableString may not hold";
    case SG_DER_UTF8_STRING:
        return sg_is_utf8(rdn->value) ? NULL : "is not UTF-8";
    case SG_DER_IA5_STRING:
        return NULL;
    default:
        return "is neither PrintableString, UTF8String nor IA5String";
    }
}

/* The string type that the attribute's definition wants (RFC 5280 appendix A).
 * C is the matter of dn_country. */
static const char *type_fault(const struct lint_rdn *rdn)
{
    const struct attribute *attribute = attribute_of(rdn->oid);

    if (attribute == NULL || strcmp(attribute->name, "C") == 0)
        return NULL;
    if (attribute->tag == 0)
        return rdn->tag == SG_DER_IA5_STRING
                   ? "is an IA5String, not PrintableString or UTF8String"
                   : NULL;
    if (rdn->tag == attribute->tag)
        return NULL;
    return attribute->tag == SG_DER_IA5_STRING ? "is not an IA5String"
                                               : "is not a PrintableString";
}

static void check_name(struct lint_job *job, struct sg_slice name,
                       const char *which)
{
    struct lint_dn_iter iter;
    struct lint_rdn rdn;
    char oid[SG_OID_TEXT_MAX];

    lint_dn_init(&iter, name);
    while (lint_dn_next(&iter, &rdn)) {
        const char *fault = value_fault(&rdn);
        if (fault == NULL)
            fault = type_fault(&rdn);
        if (fault != NULL)
            lint_say(job, "%s: %s %s", which, lint_attribute_name(rdn.oid, oid),
                     fault);
        if (rdn.value.len == 0)
            lint_say(job, "%s: %s is empty", which,
                     lint_attribute_name(rdn.oid, oid));
    }
    if (!iter.rdns.ok)
        lint_say(job, "%s is not a well-formed Name", which);
}

void lint_dn_form(struct lint_job *job)
{
    check_name(job, job->cert->subject, "subject");
}

/* Legal in X.501, but compared differently by everybody. */
void lint_dn_multi_value(struct lint_job *job)
{
    struct lint_dn_iter iter;
    struct lint_rdn rdn;
    char oid[SG_OID_TEXT_MAX];

    lint_dn_init(&iter, job->cert->subject);
    while (lint_dn_next(&iter, &rdn))
        if (rdn.multi)
            lint_say(job, "an RDN holds another attribute beside %s",
                     lint_attribute_name(rdn.oid, oid));
}

void lint_dn_country(struct lint_job *job)
{
    struct lint_dn_iter iter;
    struct lint_rdn rdn;
    char text[32];

    lint_dn_init(&iter, job->cert->subject);
    while (lint_dn_next(&iter, &rdn)) {
        const struct attribute *attribute = attribute_of(rdn.oid);
        if (attribute == NULL || strcmp(attribute->name, "C") != 0)
            continue;
        bool letters = rdn.value.len == 2 && rdn.value.p[0] >= 'A'
                       && rdn.value.p[0] <= 'Z' && rdn.value.p[1] >= 'A'
                       && rdn.value.p[1] <= 'Z';
        if (rdn.tag != SG_DER_PRINTABLE_STRING || !letters)
            lint_say(job,
                     "C \"%s\" is not two capital letters in a "
                     "PrintableString",
                     lint_text(rdn.value, text, sizeof(text)));
    }
}

/* ISO 3166-1 alpha-2, and what the Baseline Requirements and common use add:
 * XX (unknown) and XK (Kosovo). */
static bool is_country(struct sg_slice value)
{
    static const char codes[] =
        "ADAEAFAGAIALAMAOAQARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBVBW"
        "BYBZCACCCDCFCGCHCICKCLCMCNCOCRCUCVCWCXCYCZDEDJDKDMDODZECEEEGEHERESETFI"
        "FJFKFMFOFRGAGBGDGEGFGGGHGIGLGMGNGPGQGRGSGTGUGWGYHKHMHNHRHTHUIDIEILIMIN"
        "IOIQIRISITJEJMJOJPKEKGKHKIKMKNKPKRKWKYKZLALBLCLILKLRLSLTLULVLYMAMCMDME"
        "MFMGMHMKMLMMMNMOMPMQMRMSMTMUMVMWMXMYMZNANCNENFNGNINLNONPNRNUNZOMPAPEPF"
        "PGPHPKPLPMPNPRPSPTPWPYQARERORSRURWSASBSCSDSESGSHSISJSKSLSMSNSOSRSSSTSV"
        "SXSYSZTCTDTFTGTHTJTKTLTMTNTOTRTTTVTWTZUAUGUMUSUYUZVAVCVEVGVIVNVUWFWSXK"
        "XXYEYTZAZMZW";

    for (size_t i = 0; i + 2 < sizeof(codes); i += 2)
        if (memcmp(codes + i, value.p, 2) == 0)
            return true;
    return false;
}

/* Two capitals at least: the rest is the matter of dn_country. */
void lint_dn_country_iso(struct lint_job *job)
{
    struct lint_dn_iter iter;
    struct lint_rdn rdn;
    char text[8];

    lint_dn_init(&iter, job->cert->subject);
    while (lint_dn_next(&iter, &rdn)) {
        const struct attribute *attribute = attribute_of(rdn.oid);
        if (attribute == NULL || strcmp(attribute->name, "C") != 0
            || rdn.value.len != 2 || rdn.value.p[0] < 'A'
            || rdn.value.p[0] > 'Z' || rdn.value.p[1] < 'A'
            || rdn.value.p[1] > 'Z')
            continue;
        if (!is_country(rdn.value))
            lint_say(job, "C \"%s\" is no country",
                     lint_text(rdn.value, text, sizeof(text)));
    }
}

/* "-", "." or " " for what is not known. */
void lint_dn_metadata(struct lint_job *job)
{
    static const char fillers[] = ".- *";
    struct lint_dn_iter iter;
    struct lint_rdn rdn;
    char oid[SG_OID_TEXT_MAX];

    lint_dn_init(&iter, job->cert->subject);
    while (lint_dn_next(&iter, &rdn)) {
        bool filler = rdn.value.len > 0;
        for (size_t i = 0; i < rdn.value.len; i++)
            filler &=
                memchr(fillers, rdn.value.p[i], sizeof(fillers) - 1) != NULL;
        if (filler)
            lint_say(job, "%s says nothing", lint_attribute_name(rdn.oid, oid));
    }
}

void lint_dn_space(struct lint_job *job)
{
    struct lint_dn_iter iter;
    struct lint_rdn rdn;
    char oid[SG_OID_TEXT_MAX];

    lint_dn_init(&iter, job->cert->subject);
    while (lint_dn_next(&iter, &rdn))
        if (rdn.value.len > 1
            && (rdn.value.p[0] == ' ' || rdn.value.p[rdn.value.len - 1] == ' '))
            lint_say(job, "%s begins or ends with a space",
                     lint_attribute_name(rdn.oid, oid));
}

static size_t characters(const struct lint_rdn *rdn)
{
    size_t n = 0;

    for (size_t i = 0; i < rdn->value.len; i++)
        n += rdn->tag != SG_DER_UTF8_STRING || (rdn->value.p[i] & 0xc0) != 0x80;
    return n;
}

void lint_dn_length(struct lint_job *job)
{
    struct lint_dn_iter iter;
    struct lint_rdn rdn;

    lint_dn_init(&iter, job->cert->subject);
    while (lint_dn_next(&iter, &rdn)) {
        const struct attribute *attribute = attribute_of(rdn.oid);
        if (attribute != NULL && characters(&rdn) > attribute->max)
            lint_say(job, "%s has %zu characters, at most %zu are allowed",
                     attribute->name, characters(&rdn), attribute->max);
    }
}

void lint_dn_twice(struct lint_job *job)
{
    size_t seen[SG_ARRAY_LEN(ATTRIBUTES)] = { 0 };
    struct lint_dn_iter iter;
    struct lint_rdn rdn;

    lint_dn_init(&iter, job->cert->subject);
    while (lint_dn_next(&iter, &rdn)) {
        const struct attribute *attribute = attribute_of(rdn.oid);
        if (attribute != NULL && !attribute->many
            && ++seen[attribute - ATTRIBUTES] == 2)
            lint_say(job, "%s stands more than once", attribute->name);
    }
}

void lint_dn_order(struct lint_job *job)
{
    const struct attribute *last = NULL;
    struct lint_dn_iter iter;
    struct lint_rdn rdn;

    lint_dn_init(&iter, job->cert->subject);
    while (lint_dn_next(&iter, &rdn)) {
        const struct attribute *attribute = attribute_of(rdn.oid);
        if (attribute == NULL || attribute->order == 0)
            continue;
        if (last != NULL && attribute->order < last->order)
            lint_say(job, "%s stands after %s", attribute->name, last->name);
        last = attribute;
    }
}

static bool has_attribute(struct sg_slice name, const char *wanted)
{
    struct lint_dn_iter iter;
    struct lint_rdn rdn;

    lint_dn_init(&iter, name);
    while (lint_dn_next(&iter, &rdn)) {
        const struct attribute *attribute = attribute_of(rdn.oid);
        if (attribute != NULL && strcmp(attribute->name, wanted) == 0)
            return true;
    }
    return false;
}

void lint_ca_subject_attributes(struct lint_job *job)
{
    static const char *const required[] = { "C", "O", "CN" };

    for (size_t i = 0; i < SG_ARRAY_LEN(required); i++)
        if (!has_attribute(job->cert->subject, required[i]))
            lint_say(job, "subject has no %s", required[i]);
    if (has_attribute(job->cert->subject, "OU"))
        lint_say(job, "subject has an OU");
}

/* A domain is all that was checked: C and CN, nothing that looks like more. */
static void say_dv_subject(struct lint_job *job)
{
    struct lint_dn_iter iter;
    struct lint_rdn rdn;
    char oid[SG_OID_TEXT_MAX];

    lint_dn_init(&iter, job->cert->subject);
    while (lint_dn_next(&iter, &rdn)) {
        const char *name = lint_attribute_name(rdn.oid, oid);
        if (strcmp(name, "C") != 0 && strcmp(name, "CN") != 0)
            lint_say(job, "subject has %s, and its policy is domain validated",
                     name);
    }
}

/* What the reserved policy promises about the subject. */
void lint_leaf_subject(struct lint_job *job)
{
    const struct lint_cert *cert = job->cert;
    bool ov = lint_has_policy(cert, LINT_POLICY_OV);
    bool iv = lint_has_policy(cert, LINT_POLICY_IV);

    if (lint_has_policy(cert, LINT_POLICY_DV))
        say_dv_subject(job);
    else if (has_attribute(cert->subject, "OU"))
        lint_say(job, "subject has an OU");
    if ((ov || iv) && !has_attribute(cert->subject, "C"))
        lint_say(job, "subject has no C");
    if ((ov || iv) && !has_attribute(cert->subject, "ST")
        && !has_attribute(cert->subject, "L"))
        lint_say(job, "subject has neither ST nor L");
    if (ov && !has_attribute(cert->subject, "O"))
        lint_say(job, "subject has no O, and its policy is organization "
                      "validated");
    if (iv
        && (!has_attribute(cert->subject, "SN")
            || !has_attribute(cert->subject, "GN")))
        lint_say(job, "subject has no SN and GN, and its policy is individual "
                      "validated");
}
