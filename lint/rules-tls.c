/* SPDX-License-Identifier: Apache-2.0 */
#include "lint/rules.h"

#include <arpa/inet.h>
#include <string.h>

#include "lint/names.h"

/* What a TLS server certificate of a public CA must hold besides the rules of
 * every leaf, and when it may say that it begins. */

#define OID_RSA "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"
#define VALUE_MAX 96
#define HOUR 3600
#define DAY 86400
#define LEAF_BACKDATE_HOURS 48 /* BR 7.1.2.7 */
#define CA_BACKDATE_HOURS 24   /* BR 7.1.2.1.1, 7.1.2.10 */
#define SHORT_LIVED_DAYS 7     /* BR 1.6.1, since 2026-03-15 */

void lint_leaf_eku_tls(struct lint_job *job)
{
    static const struct {
        const char *oid;
        const char *name;
    } foreign[] = {
        { LINT_EKU_CODE, "codeSigning" },
        { LINT_EKU_EMAIL, "emailProtection" },
        { LINT_EKU_TIME, "timeStamping" },
    };

    if (lint_cert_ext(job->cert, LINT_OID_EKU) == NULL)
        return; /* leaf_eku_present has spoken */
    if (!lint_has_eku(job->cert, LINT_EKU_SERVER))
        lint_say(job, "extKeyUsage has no serverAuth");
    for (size_t i = 0; i < SG_ARRAY_LEN(foreign); i++)
        if (lint_has_eku(job->cert, foreign[i].oid))
            lint_say(job, "extKeyUsage has %s", foreign[i].name);
}

void lint_leaf_aia(struct lint_job *job)
{
    if (lint_cert_ext(job->cert, LINT_OID_AIA) == NULL)
        lint_say(job, "no authorityInfoAccess");
}

/* A CRL, an OCSP responder, or a life too short to be worth either. */
void lint_leaf_status(struct lint_job *job)
{
    const struct lint_cert *cert = job->cert;
    bool short_lived = cert->not_before.ok && cert->not_after.ok
                       && cert->not_after.t - cert->not_before.t
                              < (int64_t)SHORT_LIVED_DAYS * DAY;

    if (!short_lived && lint_cert_ext(cert, LINT_OID_CDP) == NULL
        && !lint_has_access_method(cert, LINT_AD_OCSP))
        lint_say(job,
                 "neither cRLDistributionPoints nor an OCSP responder, "
                 "and more than %d days of life",
                 SHORT_LIVED_DAYS);
}

/* With an EC key digitalSignature, and what a key exchange of old needs; with
 * an RSA key also keyEncipherment and dataEncipherment. */
void lint_leaf_usage_tls(struct lint_job *job)
{
    const uint16_t sign = LINT_KU_DIGITAL_SIGNATURE;
    const uint16_t encipher = LINT_KU_KEY_ENCIPHERMENT | (1 << 3);
    bool rsa = LINT_IS(job->cert->spki_oid, OID_RSA);
    uint16_t allowed = rsa ? sign | encipher : sign | LINT_KU_KEY_AGREEMENT;
    /* leaf_usage and key_usage_bits speak about these */
    uint16_t others = LINT_KU_CERT_SIGN | LINT_KU_CRL_SIGN;
    bool has;
    uint16_t usage = lint_key_usage(job->cert, &has);

    if (!has || usage == 0)
        return;
    if ((usage & ~allowed & ~others) != 0)
        lint_say(job,
                 "keyUsage has a bit that a TLS server with %s key may "
                 "not have",
                 rsa ? "an RSA" : "such a");
    if (!rsa && (usage & sign) == 0)
        lint_say(job, "keyUsage has no digitalSignature");
}

void lint_leaf_usage_critical(struct lint_job *job)
{
    const struct lint_ext *ext = lint_cert_ext(job->cert, LINT_OID_KEY_USAGE);

    if (ext != NULL && !ext->critical)
        lint_say(job, "keyUsage is not critical");
}

void lint_leaf_basic_critical(struct lint_job *job)
{
    const struct lint_ext *ext = lint_cert_ext(job->cert, LINT_OID_BASIC);

    if (ext != NULL && !ext->critical)
        lint_say(job, "basicConstraints is not critical");
}

static bool next_dns(struct lint_iter *iter, struct sg_der_tlv *ret)
{
    while (lint_iter_next(iter, ret))
        if (ret->tag == LINT_GN_DNS && ret->content.len > 0)
            return true;
    return false;
}

static bool start(const struct lint_job *job, struct lint_iter *iter)
{
    const struct lint_ext *ext = lint_cert_ext(job->cert, LINT_OID_SAN);

    if (ext != NULL)
        lint_iter_init(iter, ext->value, "subjectAltName");
    return ext != NULL;
}

/* Names that nobody can prove to own: one label, or a special-use top-level
 * domain (RFC 6761 and its successors). */
static bool is_internal(struct sg_slice name)
{
    static const char *const special[] = { "alt",     "example", "internal",
                                           "invalid", "local",   "localhost",
                                           "test" };
    const uint8_t *dot = memrchr(name.p, '.', name.len);

    if (dot == NULL)
        return true;
    struct sg_slice top =
        SG_SLICE(dot + 1, name.len - (size_t)(dot + 1 - name.p));
    for (size_t i = 0; i < SG_ARRAY_LEN(special); i++)
        if (lint_same_text(top, sg_slice_str(special[i])))
            return true;
    return false;
}

void lint_san_dns_internal(struct lint_job *job)
{
    struct lint_iter iter;
    struct sg_der_tlv name;
    char text[VALUE_MAX];

    if (!start(job, &iter))
        return;
    while (next_dns(&iter, &name))
        if (is_internal(name.content))
            lint_say(job, "dNSName \"%s\" is an internal name",
                     lint_text(name.content, text, sizeof(text)));
}

/* RFC 5890 2.3.1: "??--" is reserved, and of those only "xn--" is in use. */
static bool has_reserved_label(struct sg_slice name)
{
    for (size_t at = 0; at + 4 <= name.len; at++) {
        const uint8_t *label = name.p + at;
        if ((at == 0 || name.p[at - 1] == '.') && memchr(label, '.', 4) == NULL
            && label[2] == '-' && label[3] == '-'
            && !lint_same_text(SG_SLICE(label, 2), sg_slice_str("xn")))
            return true;
    }
    return false;
}

void lint_san_dns_reserved(struct lint_job *job)
{
    struct lint_iter iter;
    struct sg_der_tlv name;
    char text[VALUE_MAX];

    if (!start(job, &iter))
        return;
    while (next_dns(&iter, &name))
        if (has_reserved_label(name.content))
            lint_say(job,
                     "dNSName \"%s\" has a label with \"--\" in the third "
                     "place that is no A-label",
                     lint_text(name.content, text, sizeof(text)));
}

static bool is_ip_text(struct sg_slice ip, struct sg_slice text)
{
    char dst[INET6_ADDRSTRLEN];
    int family = ip.len == 4 ? AF_INET : AF_INET6;

    return (ip.len == 4 || ip.len == 16)
           && inet_ntop(family, ip.p, dst, sizeof(dst)) != NULL
           && sg_slice_eq(sg_slice_str(dst), text);
}

static bool in_san_exactly(const struct lint_job *job, struct sg_slice cn)
{
    struct lint_iter iter;
    struct sg_der_tlv name;

    if (!start(job, &iter))
        return false;
    while (lint_iter_next(&iter, &name))
        if ((name.tag == LINT_GN_DNS && sg_slice_eq(name.content, cn))
            || (name.tag == LINT_GN_IP && is_ip_text(name.content, cn)))
            return true;
    return false;
}

void lint_cn_from_san(struct lint_job *job)
{
    struct lint_dn_iter iter;
    struct lint_rdn rdn;
    char text[VALUE_MAX];

    lint_dn_init(&iter, job->cert->subject);
    while (lint_dn_next(&iter, &rdn))
        if (LINT_IS(rdn.oid, "\x55\x04\x03") && !in_san_exactly(job, rdn.value))
            lint_say(job, "CN \"%s\" is not, byte for byte, a name of the SAN",
                     lint_text(rdn.value, text, sizeof(text)));
}

/* Only when the date is the moment of signing. */
void lint_backdated(struct lint_job *job)
{
    const struct lint_cert *cert = job->cert;
    int hours = cert->is_ca ? CA_BACKDATE_HOURS : LEAF_BACKDATE_HOURS;

    if (job->options->signing && job->options->date != 0 && cert->not_before.ok
        && job->options->date - cert->not_before.t > (int64_t)hours * HOUR)
        lint_say(job, "notBefore is more than %d hours before the signing",
                 hours);
}
