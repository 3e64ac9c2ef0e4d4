/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/rules.h"

#include "ca/dn.h"
#include "common/clock.h"

#define CA_RULE_NAME_MAX 128 /* enough to tell two CAs apart */

enum sg_rc ca_rule_serial(struct sg_slice serial, struct sg_err *err)
{
    if (serial.len == 0 || (serial.p[0] & 0x80) != 0)
        return sg_err_set(err, SG_POLICY,
                          "serial: not a positive INTEGER (RFC 5280 4.1.2.2)");
    if (serial.len > CA_SERIAL_MAX)
        return sg_err_set(err, SG_POLICY,
                          "serial: %zu octets, at most %d (RFC 5280 4.1.2.2)",
                          serial.len, CA_SERIAL_MAX);
    if (serial.p[0] == 0)
        return sg_err_set(err, SG_POLICY,
                          "serial: leading zero octet (X.690 8.3.2)");
    if (serial.len < CA_SERIAL_MIN)
        return sg_err_set(
            err, SG_POLICY,
            "serial: %zu octets, at least %d for 64 random bits (BR 7.1)",
            serial.len, CA_SERIAL_MIN);
    return SG_OK;
}

enum sg_rc ca_rule_period(struct ca_period period, struct sg_err *err)
{
    char from[SG_TIME_TEXT_MAX];
    char to[SG_TIME_TEXT_MAX];

    if (period.not_before < CA_TIME_MIN)
        return sg_err_set(err, SG_POLICY,
                          "notBefore %s: before 1950 (RFC 5280 4.1.2.5.1)",
                          sg_time_text(period.not_before, from));
    if (period.not_after > CA_TIME_MAX)
        return sg_err_set(err, SG_POLICY,
                          "notAfter: after the year 9999 (RFC 5280 4.1.2.5.2)");
    if (period.not_before > period.not_after)
        return sg_err_set(
            err, SG_POLICY,
            "notBefore %s is after notAfter %s (RFC 5280 4.1.2.5)",
            sg_time_text(period.not_before, from),
            sg_time_text(period.not_after, to));
    return SG_OK;
}

/* at 0 is the issuer, the others stand above it. */
static enum sg_rc check_inside(struct ca_period period,
                               const struct ca_issuer *issuer, size_t at,
                               struct sg_err *err)
{
    const struct ca_cert *cert = ca_issuer_chain(issuer, at);
    const char *who = at == 0 ? "its issuer" : "the CA above its issuer,";
    char name[CA_RULE_NAME_MAX];
    char own[SG_TIME_TEXT_MAX];
    char theirs[SG_TIME_TEXT_MAX];

    if (period.not_after > cert->not_after)
        return sg_err_set(err, SG_POLICY,
                          "notAfter %s is beyond %s of %s \"%s\": "
                          "a certificate must not outlive its issuer "
                          "(RFC 5280 6.1.3 (a)(2))",
                          sg_time_text(period.not_after, own),
                          sg_time_text(cert->not_after, theirs), who,
                          ca_dn_text(cert->subject, name, sizeof name));
    if (period.not_before < cert->not_before)
        return sg_err_set(err, SG_POLICY,
                          "notBefore %s is earlier than %s of %s "
                          "\"%s\" (RFC 5280 6.1.3 (a)(2))",
                          sg_time_text(period.not_before, own),
                          sg_time_text(cert->not_before, theirs), who,
                          ca_dn_text(cert->subject, name, sizeof name));
    return SG_OK;
}

enum sg_rc ca_rule_inside(struct ca_period period,
                          const struct ca_issuer *issuer, struct sg_err *err)
{
    for (size_t i = 0; i < ca_issuer_chain_len(issuer); i++)
        SG_TRY(check_inside(period, issuer, i, err));
    return SG_OK;
}

/* X.520 and RFC 4519 let the others repeat with other values. */
static bool once_only(enum ca_attr attr)
{
    return attr == CA_ATTR_COMMON_NAME || attr == CA_ATTR_SERIAL_NUMBER;
}

static enum sg_rc check_pair(const struct ca_rdn *a, const struct ca_rdn *b,
                             struct sg_err *err)
{
    if (a->attr != b->attr)
        return SG_OK;
    if (once_only(a->attr))
        return sg_err_set(err, SG_POLICY,
                          "subject: %s given twice: \"%.*s\" and \"%.*s\" "
                          "(BR 7.1.4.1)",
                          ca_attr_name(a->attr), (int)a->value.len,
                          (const char *)a->value.p, (int)b->value.len,
                          (const char *)b->value.p);
    /* "DC=example,DC=example" is the domain example.example. */
    if (a->attr != CA_ATTR_DOMAIN_COMPONENT && sg_slice_eq(a->value, b->value))
        return sg_err_set(
            err, SG_POLICY, "subject: %s=\"%.*s\" given twice (BR 7.1.4.1)",
            ca_attr_name(a->attr), (int)a->value.len, (const char *)a->value.p);
    return SG_OK;
}

enum sg_rc ca_rule_subject(const struct ca_dn *subject, struct sg_err *err)
{
    for (size_t i = 0; i < subject->n; i++) {
        if (subject->rdn[i].value.len == 0)
            return sg_err_set(err, SG_POLICY,
                              "subject: %s is empty (RFC 5280 A.1)",
                              ca_attr_name(subject->rdn[i].attr));
        for (size_t k = i + 1; k < subject->n; k++)
            SG_TRY(check_pair(&subject->rdn[i], &subject->rdn[k], err));
    }
    return SG_OK;
}

static bool sigalg_fits(enum ca_sigalg alg, enum ca_key_kind signer)
{
    switch (signer) {
    case CA_KEY_EC_P256:
        return alg == CA_SIGALG_ECDSA_SHA256;
    case CA_KEY_EC_P384:
        return alg == CA_SIGALG_ECDSA_SHA384;
    case CA_KEY_EC_P521:
        return alg == CA_SIGALG_ECDSA_SHA512;
    case CA_KEY_ED25519:
        return alg == CA_SIGALG_ED25519;
    case CA_KEY_RSA:
        return alg == CA_SIGALG_RSA_SHA256 || alg == CA_SIGALG_RSA_SHA384
               || alg == CA_SIGALG_RSA_SHA512 || alg == CA_SIGALG_PSS_SHA256
               || alg == CA_SIGALG_PSS_SHA384 || alg == CA_SIGALG_PSS_SHA512;
    case CA_KEY_UNSET:
        break;
    }
    return false;
}

enum sg_rc ca_rule_sigalg(enum ca_sigalg alg, enum ca_key_kind signer,
                          struct sg_err *err)
{
    if (!sigalg_fits(alg, signer))
        return sg_err_set(err, SG_POLICY,
                          "signature algorithm %s does not fit the issuer's "
                          "%s key (BR 7.1.3.2)",
                          ca_sigalg_name(alg), ca_key_kind_name(signer));
    return SG_OK;
}

enum sg_rc ca_rule_fresh_key(const struct ca_spki *spki,
                             const struct ca_issuer *issuer, struct sg_err *err)
{
    for (size_t i = 0; i < ca_issuer_chain_len(issuer); i++) {
        const struct ca_cert *cert = ca_issuer_chain(issuer, i);
        char name[128]; /* enough to tell two CAs apart */

        if (spki->kind == cert->spki.kind
            && sg_slice_eq(spki->key, cert->spki.key))
            return sg_err_set(
                err, SG_POLICY,
                "public key: is the key of the CA certificate \"%s\" (BR 6.1.1.3)",
                ca_dn_text(cert->subject, name, sizeof name));
    }
    return SG_OK;
}
