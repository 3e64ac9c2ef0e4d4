/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/profile.h"

#include <string.h>

#include "ca/ext.h"
#include "ca/oid.h"
#include "ca/rules.h"
#include "ca/show.h"

/* Every rule that a leaf certificate has to pass (RFC 5280, BR 7.1), one
 * function per group, tried in the order of the certificate's fields. What
 * cannot go wrong is not asked: version, algorithm identifiers, doubled
 * extensions and DEFAULT values follow from how leaf-tbs.c writes, keyUsage
 * and policies from how the profile was made, the public key's own rules from
 * ca_spki_parse(). */

static enum sg_rc rule_serial(const struct ca_leaf_args *args,
                              struct sg_err *err)
{
    return ca_rule_serial(args->serial, err);
}

static enum sg_rc rule_sigalg(const struct ca_leaf_args *args,
                              struct sg_err *err)
{
    return ca_rule_sigalg(args->alg, ca_issuer_cert(args->issuer)->spki.kind,
                          err);
}

static enum sg_rc rule_validity(const struct ca_leaf_args *args,
                                struct sg_err *err)
{
    struct ca_period period = { args->not_before, args->not_after };

    SG_TRY(ca_rule_period(period, err));
    return ca_rule_inside(period, args->issuer, err);
}

static enum sg_rc rule_subject(const struct ca_leaf_args *args,
                               struct sg_err *err)
{
    if (args->subject.n == 0 && args->sans.n == 0)
        return sg_err_set(err, SG_POLICY,
                          "subject: empty without a subjectAltName "
                          "(RFC 5280 4.1.2.6)");
    return ca_rule_subject(&args->subject, err);
}

static enum sg_rc rule_key(const struct ca_leaf_args *args, struct sg_err *err)
{
    if (args->subject_key_id.len > CA_KEY_ID_MAX)
        return sg_err_set(err, SG_POLICY,
                          "subject key identifier: %zu octets, at most %d",
                          args->subject_key_id.len, CA_KEY_ID_MAX);
    return ca_rule_fresh_key(args->spki, args->issuer, err);
}

/* --- subjectAltName ------------------------------------------------------- */

/* IA5 without control characters: the host name rules were held where the
 * name was added, and a role may have relaxed them. */
static const char *text_fault(struct sg_slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.p[i] <= ' ' || text.p[i] >= 0x7f)
            return "an octet that is no visible IA5 character "
                   "(RFC 5280 4.2.1.6)";
    return NULL;
}

static const char *san_fault(const struct ca_san *san)
{
    if (san->value.len == 0)
        return "empty name (RFC 5280 4.2.1.6)";
    switch (san->kind) {
    case CA_SAN_DNS:
    case CA_SAN_EMAIL:
    case CA_SAN_URI:
        return text_fault(san->value);
    case CA_SAN_IP:
        return san->value.len == 4 || san->value.len == 16
                   ? NULL
                   : "neither 4 nor 16 octets (RFC 5280 4.2.1.6)";
    case CA_SAN_OTHER:
        return san->oid.len > 0 ? NULL : "no type-id (RFC 5280 4.2.1.6)";
    case CA_SAN_DIRECTORY:
        return "directoryName in a leaf certificate (BR 7.1.2.7.12)";
    case CA_SAN_UNSET:
        break;
    }
    return "unknown kind of name (RFC 5280 4.2.1.6)";
}

static enum sg_rc rule_sans(const struct ca_leaf_args *args, struct sg_err *err)
{
    if (args->sans.n > CA_SANS_MAX)
        return sg_err_set(err, SG_POLICY,
                          "subjectAltName: %zu names, at most %d", args->sans.n,
                          CA_SANS_MAX);
    for (size_t i = 0; i < args->sans.n; i++) {
        const char *fault = san_fault(&args->sans.san[i]);
        char show[CA_SHOW_MAX];

        if (fault != NULL)
            return sg_err_set(err, SG_POLICY, "subjectAltName %zu \"%s\": %s",
                              i + 1, ca_show(args->sans.san[i].value, show),
                              fault);
    }
    return SG_OK;
}

/* --- extended key usage --------------------------------------------------- */

/* A CA certificate with purposes lends no others: Go, NSS and Windows
 * intersect them over the chain (RFC 5280 4.2.1.12, BR 7.1.2.10.6). */
static enum sg_rc rule_purposes(const struct ca_leaf_args *args,
                                struct sg_err *err)
{
    const struct ca_oids *eku = &args->profile->eku;

    for (size_t i = 0; i < ca_issuer_chain_len(args->issuer); i++) {
        const struct ca_cert *cert = ca_issuer_chain(args->issuer, i);
        char text[SG_OID_TEXT_MAX];
        char name[128]; /* enough to tell two CAs apart */

        for (size_t k = 0; cert->has_eku && k < eku->n; k++)
            if (!ca_eku_has(cert->eku, eku->oid[k]))
                return sg_err_set(err, SG_POLICY,
                                  "extended key usage: %s is not among those "
                                  "of the CA certificate \"%s\" "
                                  "(RFC 5280 4.2.1.12)",
                                  ca_oid_text(eku->oid[k], text),
                                  ca_dn_text(cert->subject, name, sizeof name));
    }
    return SG_OK;
}

/* What is left of the role's key usage must be something. */
static enum sg_rc rule_usage(const struct ca_leaf_args *args,
                             struct sg_err *err)
{
    const struct ca_profile *profile = args->profile;
    enum ca_key_kind kind = args->spki->kind;

    if (profile->key_usage != 0 && ca_profile_key_usage(profile, kind) == 0)
        return sg_err_set(err, SG_POLICY,
                          "key usage: nothing of it is for an %s key (RFC 5280 "
                          "4.2.1.3, RFC 8813 3, RFC 8410 5)",
                          ca_key_kind_name(kind));
    return SG_OK;
}

static enum sg_rc rule_size(const struct ca_leaf_args *args, struct sg_err *err)
{
    /* Tag, length and kind of one name; the fixed part of KU, SKI and SAN. */
    enum { PER_NAME = 24, FIXED = CA_KEY_ID_MAX + 80 };
    size_t size = args->profile->extensions.len
                  + ca_issuer_extensions(args->issuer).len + FIXED;

    for (size_t i = 0; i < args->sans.n; i++)
        size +=
            args->sans.san[i].value.len + args->sans.san[i].oid.len + PER_NAME;
    if (size > CA_LEAF_EXTENSIONS_MAX)
        return sg_err_set(err, SG_POLICY,
                          "extensions: about %zu octets, at most %d "
                          "(one TLS record, RFC 8446 5.1)",
                          size, CA_LEAF_EXTENSIONS_MAX);
    return SG_OK;
}

enum sg_rc ca_leaf_check(const struct ca_leaf_args *args, struct sg_err *err)
{
    static enum sg_rc (*const rules[])(const struct ca_leaf_args *,
                                       struct sg_err *) = {
        rule_serial, rule_sigalg, rule_validity, rule_subject, rule_key,
        rule_usage,  rule_sans,   rule_purposes, rule_size,
    };

    for (size_t i = 0; i < SG_ARRAY_LEN(rules); i++)
        SG_TRY(rules[i](args, err));
    return SG_OK;
}

/* --- name constraints ----------------------------------------------------- */

/* "user@host.example": verifiers that fall back to the CN would take it as a
 * mailbox. */
static bool looks_like_email(struct sg_slice cn)
{
    const uint8_t *at = cn.len > 0 ? memchr(cn.p, '@', cn.len) : NULL;
    size_t before;

    if (at == NULL || at == cn.p)
        return false;
    before = (size_t)(at - cn.p) + 1;
    return ca_dns_fault(SG_SLICE(at + 1, cn.len - before), false) == NULL;
}

enum sg_rc ca_leaf_check_names(const struct ca_leaf_args *args,
                               struct sg_slice subject, struct sg_err *err)
{
    struct sg_slice cn = ca_dn_first(&args->subject, CA_ATTR_COMMON_NAME);
    struct ca_names names = { .subject = subject, .sans = &args->sans };

    SG_TRY(ca_issuer_check_names(args->issuer, &names, err));
    /* The CN need not be among the SANs (Vault's exclude_cn_from_sans), but
     * what it says has to stay inside the constraints: as a host name
     * ca_constraints_check() sees to it, as a mailbox this does. */
    if (looks_like_email(cn)) {
        struct ca_san mailbox = { .kind = CA_SAN_EMAIL, .value = cn };
        struct ca_sans one = { .san = &mailbox, .n = 1 };

        names.sans = &one;
        SG_TRY(ca_issuer_check_names(args->issuer, &names, err));
    }
    return SG_OK;
}
