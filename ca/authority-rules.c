/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/authority-int.h"

#include <strings.h>

#include "ca/rules.h"
#include "ca/subset.h"
#include "common/clock.h"

/* The rules of CA certificates: first those of one alone, then those that hold
 * between it and the CAs above. Names and the key's own rules were held before,
 * and what the encoder cannot get wrong is not asked. */

/* --- comparing names ------------------------------------------------------ */

#define NAME_ARENA_MAX 65536 /* bytes to read two names into */

static size_t skip_spaces(struct sg_slice text, size_t at)
{
    while (at < text.len && text.p[at] == ' ')
        at++;
    return at;
}

/* RFC 5280 7.1 as verifiers do it: case and runs of spaces do not count. */
static bool same_value(struct sg_slice a, struct sg_slice b)
{
    size_t i = skip_spaces(a, 0);
    size_t k = skip_spaces(b, 0);

    while (i < a.len && k < b.len) {
        bool space = a.p[i] == ' ';

        if (space != (b.p[k] == ' '))
            break;
        if (!space
            && strncasecmp((const char *)a.p + i, (const char *)b.p + k, 1)
                   != 0)
            return false;
        i = space ? skip_spaces(a, i) : i + 1;
        k = space ? skip_spaces(b, k) : k + 1;
    }
    return skip_spaces(a, i) == a.len && skip_spaces(b, k) == b.len;
}

static bool same_dn(const struct ca_dn *a, const struct ca_dn *b)
{
    if (a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n; i++)
        if (a->rdn[i].attr != b->rdn[i].attr
            || !sg_slice_eq(a->rdn[i].oid, b->rdn[i].oid)
            || !same_value(a->rdn[i].value, b->rdn[i].value))
            return false;
    return true;
}

/* Names that we could not have written are compared octet by octet. */
static bool same_name(struct sg_slice a, struct sg_slice b)
{
    SG_CLEANUP(sg_arena_done) struct sg_arena arena;
    struct sg_err ignored = { 0 };
    struct ca_dn first = { 0 };
    struct ca_dn second = { 0 };

    sg_arena_init(&arena, NAME_ARENA_MAX);
    if (sg_slice_eq(a, b))
        return true;
    return ca_dn_parse(&arena, a, &first, &ignored) == SG_OK
           && ca_dn_parse(&arena, b, &second, &ignored) == SG_OK
           && same_dn(&first, &second);
}

/* --- one certificate ------------------------------------------------------ */

static struct ca_period period_of(const struct ca_authority_args *args)
{
    return (struct ca_period){ args->not_before, args->not_after };
}

static enum sg_rc check_purposes(const struct ca_authority *it,
                                 struct sg_err *err)
{
    if (it->kind == CA_AUTHORITY_ROOT && it->eku.n > 0)
        return sg_err_set(err, SG_POLICY,
                          "extended key usage: a root has none "
                          "(BR 7.1.2.1.2)");
    /* It could answer for the status of its siblings. */
    if (ca_oids_have(&it->eku, ca_oid(CA_OID_EKU_OCSP_SIGNING)))
        return sg_err_set(err, SG_POLICY,
                          "extended key usage: OCSPSigning in a CA "
                          "certificate (RFC 6960 4.2.2.2, BR 7.1.2.10.6)");
    if (ca_oids_have(&it->eku, ca_oid(CA_OID_EKU_ANY)))
        return sg_err_set(err, SG_POLICY,
                          "extended key usage: anyExtendedKeyUsage in a CA "
                          "certificate: leave the extension out instead "
                          "(BR 7.1.2.10.6)");
    return SG_OK;
}

static enum sg_rc check_alone(const struct ca_authority *it, struct sg_err *err)
{
    const struct ca_authority_args *args = it->args;

    SG_TRY(ca_rule_serial(args->serial, err));
    SG_TRY(ca_rule_period(period_of(args), err));
    SG_TRY(check_purposes(it, err));
    if (!args->technically_constrained)
        return SG_OK;
    if (it->kind == CA_AUTHORITY_ROOT)
        return sg_err_set(err, SG_POLICY,
                          "technically constrained: a root cannot be "
                          "(BR 7.1.2.5)");
    return ca_authority_check_forms(it, err);
}

/* --- key, key identifier and subject -------------------------------------- */

/* One key has one key identifier and one subject (RFC 5280 4.2.1.2). */
static enum sg_rc check_same_key(const struct ca_authority *it,
                                 const struct ca_cert *other,
                                 struct sg_err *err)
{
    char name[CA_AUTHORITY_TEXT_MAX];

    if (!sg_slice_eq(it->subject, other->subject))
        return sg_err_set(err, SG_POLICY,
                          "public key: is certified as \"%s\" already: one "
                          "key, one subject (RFC 5280 4.2.1.2)",
                          ca_dn_text(other->subject, name, sizeof name));
    if (!sg_slice_eq(it->key_id, other->ski))
        return sg_err_set(err, SG_POLICY,
                          "subject key identifier: the key has another one in "
                          "its certificate \"%s\" (RFC 5280 4.2.1.2); a "
                          "cross-certificate takes it over",
                          ca_dn_text(other->subject, name, sizeof name));
    return SG_OK;
}

static enum sg_rc check_triangle(const struct ca_authority *it,
                                 const struct ca_cert *other,
                                 struct sg_err *err)
{
    bool new_key_allowed =
        it->kind == CA_AUTHORITY_CROSS || it->kind == CA_AUTHORITY_ROLLOVER;
    char name[CA_AUTHORITY_TEXT_MAX];

    if (sg_slice_eq(it->spki->der, other->spki.der))
        return check_same_key(it, other, err);
    if (sg_slice_eq(it->key_id, other->ski))
        return sg_err_set(err, SG_POLICY,
                          "subject key identifier: is that of \"%s\", whose "
                          "key is another (RFC 5280 4.2.1.2)",
                          ca_dn_text(other->subject, name, sizeof name));
    if (!new_key_allowed && same_name(it->subject, other->subject))
        return sg_err_set(err, SG_POLICY,
                          "subject: is that of \"%s\", whose key is another: "
                          "only a rollover or cross-certificate may have it "
                          "(RFC 5280 4.2.1.2)",
                          ca_dn_text(other->subject, name, sizeof name));
    return SG_OK;
}

/* A self-issued certificate is not counted against path lengths (RFC 5280
 * 4.2.1.9): it is a way around them, to be had only as a rollover. */
static enum sg_rc check_self_issued(const struct ca_authority *it,
                                    struct sg_err *err)
{
    const struct ca_issuer *issuer = it->args->issuer;
    char name[CA_AUTHORITY_TEXT_MAX];

    if (it->kind != CA_AUTHORITY_ROLLOVER
        && same_name(it->subject, ca_issuer_cert(issuer)->subject))
        return sg_err_set(err, SG_POLICY,
                          "subject: is the issuer's own name \"%.200s\": only "
                          "a rollover may have it, since no path length counts "
                          "it (RFC 5280 4.2.1.9)",
                          ca_issuer_text(issuer));
    if (it->kind == CA_AUTHORITY_ROLLOVER && it->args->existing != NULL
        && !sg_slice_eq(it->args->existing->subject, it->subject))
        return sg_err_set(
            err, SG_POLICY,
            "subject: is \"%s\" in the existing certificate, "
            "which is not the issuer's, octet for octet "
            "(RFC 5280 3.2)",
            ca_dn_text(it->args->existing->subject, name, sizeof name));
    return SG_OK;
}

static enum sg_rc check_identity(const struct ca_authority *it,
                                 struct sg_err *err)
{
    const struct ca_issuer *issuer = it->args->issuer;

    SG_TRY(check_self_issued(it, err));
    SG_TRY(ca_rule_fresh_key(it->spki, issuer, err));
    for (size_t i = 0; i < ca_issuer_chain_len(issuer); i++)
        SG_TRY(check_triangle(it, ca_issuer_chain(issuer, i), err));
    return SG_OK;
}

/* --- the chain ------------------------------------------------------------ */

static enum sg_rc check_path_length(const struct ca_authority *it,
                                    struct sg_err *err)
{
    const struct ca_authority_args *args = it->args;

    return it->kind == CA_AUTHORITY_ROLLOVER
               ? ca_issuer_check_self_issued(
                   args->issuer, args->has_path_length, args->path_length, err)
               : ca_issuer_check_ca(args->issuer, args->has_path_length,
                                    args->path_length, err);
}

/* A self-issued certificate may have a name that its own constraints rule out
 * (RFC 5280 6.1.3 (b)). */
static enum sg_rc check_names(const struct ca_authority *it, struct sg_err *err)
{
    static const struct ca_sans no_sans = { 0 };
    struct ca_names names = { .subject = it->subject,
                              .sans = &no_sans,
                              .authority = true };

    return it->kind == CA_AUTHORITY_ROLLOVER
               ? SG_OK
               : ca_issuer_check_names(it->args->issuer, &names, err);
}

static enum sg_rc check_constraints(const struct ca_authority *it,
                                    struct sg_err *err)
{
    const struct ca_authority_args *args = it->args;

    for (size_t i = 0; i < ca_issuer_chain_len(args->issuer); i++) {
        const struct ca_cert *above = ca_issuer_chain(args->issuer, i);
        char name[CA_AUTHORITY_TEXT_MAX];

        if (args->constraints != NULL && above->has_constraints)
            SG_TRY(ca_constraints_within(
                args->constraints, &above->constraints,
                ca_dn_text(above->subject, name, sizeof name), err));
    }
    return SG_OK;
}

/* Go, NSS and Windows intersect the purposes over the chain. None at all below
 * a CA that has some would read as every purpose, to people and to tools. */
static enum sg_rc check_nesting(const struct ca_authority *it,
                                const struct ca_cert *above, struct sg_err *err)
{
    char name[CA_AUTHORITY_TEXT_MAX];
    char text[SG_OID_TEXT_MAX];

    if (!above->has_eku)
        return SG_OK;
    if (it->eku.n == 0 && !ca_eku_has(above->eku, ca_oid(CA_OID_EKU_ANY)))
        return sg_err_set(err, SG_POLICY,
                          "extended key usage: none, although \"%s\" is "
                          "limited to some (RFC 5280 4.2.1.12, BR 7.1.2.10.6)",
                          ca_dn_text(above->subject, name, sizeof name));
    for (size_t i = 0; i < it->eku.n; i++)
        if (!ca_eku_has(above->eku, it->eku.oid[i]))
            return sg_err_set(err, SG_POLICY,
                              "extended key usage: %s is not among those of "
                              "\"%s\" (RFC 5280 4.2.1.12, BR 7.1.2.10.6)",
                              ca_oid_text(it->eku.oid[i], text),
                              ca_dn_text(above->subject, name, sizeof name));
    return SG_OK;
}

/* What exists was not there before it began (BR 7.1.2.2.1). */
static enum sg_rc check_begin(const struct ca_authority *it, struct sg_err *err)
{
    const struct ca_cert *existing = it->args->existing;
    char own[SG_TIME_TEXT_MAX];
    char theirs[SG_TIME_TEXT_MAX];

    if (it->kind == CA_AUTHORITY_CROSS
        && it->args->not_before < existing->not_before)
        return sg_err_set(err, SG_POLICY,
                          "notBefore %s is earlier than the existing "
                          "certificate's %s (BR 7.1.2.2.1)",
                          sg_time_text(it->args->not_before, own),
                          sg_time_text(existing->not_before, theirs));
    return SG_OK;
}

static enum sg_rc check_below(const struct ca_authority *it, struct sg_err *err)
{
    const struct ca_issuer *issuer = it->args->issuer;

    SG_TRY(
        ca_rule_sigalg(it->args->alg, ca_issuer_cert(issuer)->spki.kind, err));
    SG_TRY(ca_rule_inside(period_of(it->args), issuer, err));
    SG_TRY(check_begin(it, err));
    SG_TRY(check_identity(it, err));
    SG_TRY(check_path_length(it, err));
    SG_TRY(check_names(it, err));
    SG_TRY(check_constraints(it, err));
    for (size_t i = 0; i < ca_issuer_chain_len(issuer); i++)
        SG_TRY(check_nesting(it, ca_issuer_chain(issuer, i), err));
    return SG_OK;
}

static enum sg_rc check_all(const struct ca_authority *it, struct sg_err *err)
{
    const struct ca_authority_args *args = it->args;

    SG_TRY(check_alone(it, err));
    for (size_t i = 0; i < args->n_known; i++)
        SG_TRY(check_triangle(it, args->known[i], err));
    return args->issuer == NULL ? ca_rule_sigalg(args->alg, it->spki->kind, err)
                                : check_below(it, err);
}

/* Whatever rule it is, both certificates are named. */
enum sg_rc ca_authority_check(const struct ca_authority *it, struct sg_err *err)
{
    const struct ca_issuer *issuer = it->args->issuer;

    if (check_all(it, err) == SG_OK)
        return SG_OK;
    return issuer == NULL ? sg_err_wrap(err, "\"%s\"", it->text)
                          : sg_err_wrap(err, "\"%s\" below \"%.199s\"",
                                        it->text, ca_issuer_text(issuer));
}
