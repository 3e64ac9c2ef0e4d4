/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/helper/guard.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "pkcs11/helper/guard-chain.h"
#include "pkcs11/helper/guard-names.h"

/* What stands inside of NameConstraints, which can be held against names. */
static enum sg_rc names_content(struct sg_slice der, struct sg_slice *ret,
                                struct sg_err *err)
{
    struct sg_der in;
    struct sg_der_tlv seq;

    SG_TRY(sg_der_check(der, "name_constraints", TOK_TBS_DEPTH_MAX,
                        TOK_TBS_ELEMENTS_MAX, err));
    sg_der_init(&in, der, "name_constraints");
    SG_TRY(sg_der_get(&in, SG_DER_SEQUENCE, &seq, err));
    SG_TRY(sg_der_end(&in, err));
    SG_TRY(tok_names_readable(seq.content, err));
    *ret = seq.content;
    return SG_OK;
}

static enum sg_rc check_names_limit(const struct tok_guard *limits,
                                    struct sg_err *err)
{
    struct sg_slice unused;
    struct sg_err why = { 0 };

    if (limits->names.len == 0)
        return SG_OK;
    if (limits->purpose != TOK_PURPOSE_CA)
        return sg_err_set(err, SG_USAGE,
                          "guard: name constraints for a key that signs no "
                          "certificates");
    if (limits->names.len > TOK_NAMES_MAX)
        return sg_err_set(err, SG_USAGE,
                          "guard: name constraints of %zu bytes, at most %d",
                          limits->names.len, TOK_NAMES_MAX);
    if (names_content(limits->names, &unused, &why) != SG_OK)
        return sg_err_set(err, SG_USAGE, "guard: name constraints: %s",
                          why.msg);
    return SG_OK;
}

enum sg_rc tok_guard_check_limits(const struct tok_guard *limits,
                                  struct sg_err *err)
{
    if (limits->purpose == TOK_PURPOSE_UNSET)
        return sg_err_set(err, SG_USAGE, "guard: purpose is not set");
    if (limits->max_validity < 0 || limits->max_validity > TOK_VALIDITY_MAX)
        return sg_err_set(err, SG_USAGE,
                          "guard: longest validity %lld s is outside "
                          "0 … %lld s",
                          (long long)limits->max_validity,
                          (long long)TOK_VALIDITY_MAX);
    if (limits->n_eku > TOK_EKU_MAX || limits->per_second > TOK_RATE_MAX
        || limits->per_day > TOK_RATE_MAX)
        return sg_err_set(err, SG_USAGE,
                          "guard: at most %d purposes, and a rate of %d",
                          TOK_EKU_MAX, TOK_RATE_MAX);
    SG_TRY(check_names_limit(limits, err));
    if (limits->purpose == TOK_PURPOSE_CA) {
        if (limits->max_validity == 0)
            return sg_err_set(err, SG_USAGE,
                              "guard: a CA key needs a longest validity");
        if (limits->has_max_path_length && !limits->may_sign_ca)
            return sg_err_set(err, SG_USAGE,
                              "guard: a path length for a key that may not "
                              "sign CA certificates");
        return SG_OK;
    }
    if (limits->n_eku > 0)
        return sg_err_set(err, SG_USAGE,
                          "guard: extended key usages for a key that signs no "
                          "certificates");
    if (limits->may_sign_ca || limits->has_max_path_length)
        return sg_err_set(err, SG_USAGE,
                          "guard: a key for %s cannot sign CA certificates",
                          tok_purpose_name(limits->purpose));
    return SG_OK;
}

enum sg_rc tok_guard_check_issuer(struct sg_slice cert, struct sg_slice spki,
                                  struct tok_tbs *ret_tbs, struct sg_err *err)
{
    struct sg_slice der;
    struct tok_tbs tbs;

    SG_TRY(tok_tbs_of_cert(cert, &der, err));
    SG_TRY(tok_tbs_parse(der, &tbs, err));
    if (!sg_slice_eq(tbs.spki, spki))
        return tok_refuse(err, BIND,
                          "guard: the certificate's public key is not this "
                          "key's");
    if (!tbs.is_ca)
        return tok_refuse(err, BIND,
                          "guard: the certificate is not a CA's (basic"
                          "Constraints cA, RFC 5280 4.2.1.9)");
    if (tbs.has_key_usage && (tbs.key_usage & TOK_KU_KEY_CERT_SIGN) == 0)
        return tok_refuse(err, BIND,
                          "guard: the certificate's keyUsage has no "
                          "keyCertSign (RFC 5280 4.2.1.3)");
    if (tbs.unknown.p != NULL) {
        char oid[SG_OID_TEXT_MAX];
        return tok_refuse(err, BIND,
                          "guard: the certificate has the critical extension "
                          "%s, which is not known here (RFC 5280 4.2)",
                          sg_oid_to_text(tbs.unknown, oid));
    }
    if (tbs.ski.len == 0)
        return tok_refuse(err, BIND,
                          "guard: the certificate has no subjectKeyIdentifier "
                          "(RFC 5280 4.2.1.2)");
    *ret_tbs = tbs;
    return SG_OK;
}

static enum sg_rc check_bindable(const struct tok_guard *limits,
                                 struct sg_err *err)
{
    if (limits->bound && limits->purpose != TOK_PURPOSE_CA
        && limits->purpose != TOK_PURPOSE_OCSP)
        return tok_refuse(err, BIND,
                          "guard: a key for %s has no issuer certificate",
                          tok_purpose_name(limits->purpose));
    if (limits->bound && limits->issuer_cert.len == 0)
        return sg_err_set(err, SG_FORMAT,
                          "guard: the issuer certificate is empty");
    if (limits->bound && limits->purpose == TOK_PURPOSE_OCSP
        && limits->chain.len == 0)
        return tok_refuse(err, BIND,
                          "guard: the CA that the responder answers for is not "
                          "given: bind its certificate with the chain above");
    return SG_OK;
}

/* --- making one --------------------------------------------------------------- */

/* A copy at *at, which moves behind it. */
static struct sg_slice keep(uint8_t **at, struct sg_slice bytes)
{
    struct sg_slice copy = SG_SLICE(*at, bytes.len);

    if (bytes.len > 0)
        memcpy(*at, bytes.p, bytes.len);
    *at += bytes.len;
    return copy;
}

static enum sg_rc take_certificate(struct tok_guard_state *g,
                                   struct sg_slice spki, struct sg_err *err)
{
    struct sg_slice cert = g->limits.issuer_cert;

    (void)SHA256(cert.p, cert.len, g->issuer_sha256);
    if (g->limits.purpose == TOK_PURPOSE_OCSP)
        return tok_ocsp_check_responder(cert, spki, &g->issuer, err);
    SG_TRY(tok_guard_check_issuer(cert, spki, &g->issuer, err));
    return tok_ocsp_answers_itself(&g->issuer)
               ? tok_ocsp_issuer_of(&g->issuer, &g->answers_for, err)
               : SG_OK;
}

static enum sg_rc take_own_names(struct tok_guard_state *g, struct sg_err *err)
{
    struct tok_names own = { .whose = "key's own" };

    if (g->limits.names.len == 0)
        return SG_OK;
    SG_TRY(names_content(g->limits.names, &own.constraints, err));
    g->constraints[g->n_constraints++] = own;
    return SG_OK;
}

enum sg_rc tok_guard_new(const struct tok_guard *limits, struct sg_slice spki,
                         struct tok_guard_state **ret_guard, struct sg_err *err)
{
    const struct sg_slice none = { 0 };
    struct sg_slice cert = limits->bound ? limits->issuer_cert : none;
    struct sg_slice chain = limits->bound ? limits->chain : none;
    size_t size = limits->names.len + cert.len + chain.len;

    SG_TRY(tok_guard_check_limits(limits, err));
    SG_TRY(check_bindable(limits, err));
    SG_CLEANUP(tok_guard_free)
    struct tok_guard_state *g = calloc(1, sizeof(*g) + size);
    if (g == NULL)
        return sg_err_set(err, SG_NOMEM, "guard");
    uint8_t *at = g->bytes;
    g->limits = *limits;
    g->limits.names = keep(&at, limits->names);
    g->limits.issuer_cert = keep(&at, cert);
    g->limits.chain = keep(&at, chain);
    SG_TRY(take_own_names(g, err));
    if (limits->bound) {
        SG_TRY(take_certificate(g, spki, err));
        SG_TRY(tok_chain_take(g, err));
    }
    *ret_guard = SG_TAKE(g);
    return SG_OK;
}

/* A responder's certificate is renewed: another one of the same name that
 * answers for the same CA takes nothing away and gives nothing. */
static bool same_responder(const struct tok_guard_state *now,
                           const struct tok_guard_state *next)
{
    return sg_slice_eq(now->issuer.subject, next->issuer.subject)
           && memcmp(&now->answers_for, &next->answers_for,
                     sizeof(now->answers_for))
                  == 0;
}

bool tok_guard_may_follow(const struct tok_guard_state *now,
                          const struct tok_guard_state *next)
{
    if (!now->limits.bound)
        return true;
    if (!next->limits.bound || next->limits.purpose != now->limits.purpose)
        return false;
    if (now->limits.purpose == TOK_PURPOSE_OCSP)
        return same_responder(now, next);
    return sg_slice_eq(now->limits.issuer_cert, next->limits.issuer_cert)
           && next->limits.chain.len >= now->limits.chain.len;
}

void tok_guard_free(struct tok_guard_state *guard)
{
    while (guard != NULL) {
        struct tok_guard_state *older = guard->older;
        free(guard);
        guard = older;
    }
}

/* --- signing ---------------------------------------------------------------- */

static enum sg_rc check_times(const struct tok_guard_state *g,
                              const struct tok_tbs *tbs, struct sg_err *err)
{
    char text[SG_TIME_TEXT_MAX];
    char limit[SG_TIME_TEXT_MAX];

    if (tbs->not_after < tbs->not_before)
        return tok_refuse(err, VALIDITY,
                          "guard: notAfter %s is before notBefore %s "
                          "(RFC 5280 4.1.2.5)",
                          sg_time_text(tbs->not_after, text),
                          sg_time_text(tbs->not_before, limit));
    /* Both ends are inside of the validity: one second more. */
    int64_t validity = tbs->not_after - tbs->not_before + 1;
    if (validity > g->limits.max_validity)
        return tok_refuse(err, VALIDITY,
                          "guard: validity of %lld s, this key's certificates "
                          "have at most %lld s",
                          (long long)validity,
                          (long long)g->limits.max_validity);
    return g->limits.bound ? tok_chain_check_times(g, tbs, err) : SG_OK;
}

/* The path length that a CA certificate may have at most; false: any. */
static bool path_limit(const struct tok_guard_state *g, bool own,
                       uint64_t *ret_max)
{
    uint64_t max = UINT64_MAX;

    if (own) { /* the key's own certificate again: no longer than it was */
        if (g->limits.bound && g->issuer.has_path_length)
            max = g->issuer.path_length;
    } else {
        if (g->limits.has_max_path_length)
            max = g->limits.max_path_length;
        if (g->has_path_left && (uint64_t)g->path_left < max)
            max = (uint64_t)g->path_left;
    }
    *ret_max = max;
    return max != UINT64_MAX;
}

static enum sg_rc check_path(const struct tok_guard_state *g, bool own,
                             const struct tok_tbs *tbs, struct sg_err *err)
{
    uint64_t max;

    if (!own && g->issuer.has_path_length && g->issuer.path_length == 0)
        return tok_refuse(err, PATH_LENGTH,
                          "guard: the issuer's path length is 0: no CA "
                          "certificate below it (RFC 5280 4.2.1.9)");
    if (!own && g->has_path_left && g->path_left < 0)
        return tok_refuse(err, PATH_LENGTH,
                          "guard: the path length of a certificate above the "
                          "issuer is used up: no CA certificate below it "
                          "(RFC 5280 6.1.4)");
    if (!path_limit(g, own, &max))
        return SG_OK;
    if (!tbs->has_path_length)
        return tok_refuse(err, PATH_LENGTH,
                          "guard: CA certificate without path length, must "
                          "have %llu at most",
                          (unsigned long long)max);
    if (tbs->path_length > max)
        return tok_refuse(err, PATH_LENGTH,
                          "guard: path length %u, at most %llu",
                          (unsigned)tbs->path_length, (unsigned long long)max);
    return SG_OK;
}

static enum sg_rc check_ca(const struct tok_guard_state *g, bool own,
                           const struct tok_tbs *tbs, struct sg_err *err)
{
    char oid[SG_OID_TEXT_MAX];

    if (!tbs->is_ca) {
        if (tbs->has_key_usage && (tbs->key_usage & TOK_KU_KEY_CERT_SIGN) != 0)
            return tok_refuse(err, KEY_USAGE,
                              "guard: keyCertSign without cA (RFC 5280 "
                              "4.2.1.3)");
        return SG_OK;
    }
    if (!g->limits.may_sign_ca)
        return tok_refuse(err, CA,
                          "guard: this key may not sign CA certificates");
    if (tbs->unknown.p != NULL)
        return tok_refuse(err, EXTENSION,
                          "guard: CA certificate with the critical extension "
                          "%s, which is not known here (RFC 5280 4.2)",
                          sg_oid_to_text(tbs->unknown, oid));
    return check_path(g, own, tbs, err);
}

/* Before a certificate is bound a key signs nothing but its own root. */
static enum sg_rc check_unbound(const struct tok_guard_state *g, bool own,
                                const struct tok_tbs *tbs, struct sg_err *err)
{
    const char *next = "bind its issuer certificate first";

    if (!sg_slice_eq(tbs->issuer, tbs->subject))
        return tok_refuse(err, UNBOUND,
                          "guard: the key has no issuer certificate yet and "
                          "issuer and subject differ: %s",
                          next);
    if (!own)
        return tok_refuse(err, UNBOUND,
                          "guard: the key has no issuer certificate yet and "
                          "the public key is another's: %s",
                          next);
    if (!g->limits.may_sign_ca)
        return tok_refuse(err, CA,
                          "guard: this key may not sign CA certificates, so "
                          "it cannot be a root's: %s",
                          next);
    if (!tbs->is_ca)
        return tok_refuse(err, UNBOUND,
                          "guard: the key has no issuer certificate yet and "
                          "this is no CA certificate: %s",
                          next);
    return SG_OK;
}

static enum sg_rc check_bound(const struct tok_guard_state *g, bool own,
                              const struct tok_tbs *tbs, struct sg_err *err)
{
    if (!sg_slice_eq(tbs->issuer, g->issuer.subject))
        return tok_refuse(err, ISSUER,
                          "guard: issuer is not, byte for byte, the subject "
                          "of the key's own certificate (RFC 5280 4.1.2.4)");
    if (tbs->aki.p == NULL && own && sg_slice_eq(tbs->issuer, tbs->subject))
        return SG_OK; /* self-signed: RFC 5280 4.2.1.1 lets it be left out */
    if (tbs->aki.p == NULL)
        return tok_refuse(err, AKI,
                          "guard: no authorityKeyIdentifier (RFC 5280 "
                          "4.2.1.1)");
    if (!sg_slice_eq(tbs->aki, g->issuer.ski))
        return tok_refuse(err, AKI,
                          "guard: authorityKeyIdentifier is not the issuer's "
                          "subjectKeyIdentifier (RFC 5280 4.2.1.1)");
    return SG_OK;
}

static bool is_allowed_purpose(const struct tok_guard *limits,
                               struct sg_slice oid)
{
    for (uint32_t i = 0; i < limits->n_eku; i++)
        if (sg_slice_eq(oid,
                        SG_SLICE(limits->eku[i].octets, limits->eku[i].len)))
            return true;
    return false;
}

static enum sg_rc check_purposes(const struct tok_guard_state *g,
                                 const struct tok_tbs *tbs, struct sg_err *err)
{
    char text[SG_OID_TEXT_MAX];
    struct sg_slice oid;
    struct sg_der in;

    if (g->limits.n_eku == 0)
        return SG_OK;
    if (tbs->eku.p == NULL)
        return tok_refuse(err, EKU,
                          "guard: no extKeyUsage, which would allow every "
                          "purpose (RFC 5280 4.2.1.12)");
    sg_der_init(&in, tbs->eku, "extKeyUsage");
    while (sg_der_more(&in)) {
        SG_TRY(sg_der_oid(&in, &oid, err));
        if (!is_allowed_purpose(&g->limits, oid))
            return tok_refuse(err, EKU,
                              "guard: extKeyUsage %s is none of the key's",
                              sg_oid_to_text(oid, text));
    }
    return SG_OK;
}

/* A self-issued CA certificate that is not the last of its path is not held
 * against constraints (RFC 5280 6.1.3 (b)). */
static enum sg_rc check_names(const struct tok_guard_state *g,
                              const struct tok_tbs *tbs, struct sg_err *err)
{
    if (tbs->is_ca && sg_slice_eq(tbs->issuer, tbs->subject))
        return SG_OK;
    for (size_t i = 0; i < g->n_constraints; i++)
        SG_TRY(tok_names_check(&g->constraints[i], tbs, err));
    return SG_OK;
}

enum sg_rc tok_guard_check_cert(const struct tok_guard_state *guard,
                                struct sg_slice spki, const struct tok_tbs *tbs,
                                struct sg_err *err)
{
    if (guard == NULL)
        return tok_refuse(err, NO_GUARD,
                          "guard: the key has no guard and signs nothing");
    if (guard->limits.purpose != TOK_PURPOSE_CA)
        return tok_refuse(err, PURPOSE,
                          "guard: the key is for %s, not for certificates",
                          tok_purpose_name(guard->limits.purpose));
    bool own = sg_slice_eq(tbs->spki, spki);
    SG_TRY(guard->limits.bound ? check_bound(guard, own, tbs, err)
                               : check_unbound(guard, own, tbs, err));
    own = own && sg_slice_eq(tbs->issuer, tbs->subject);
    SG_TRY(check_ca(guard, own, tbs, err));
    if (!own || !tbs->is_ca) {
        SG_TRY(check_purposes(guard, tbs, err));
        SG_TRY(tok_chain_check_purposes(guard, tbs, err));
    }
    SG_TRY(check_names(guard, tbs, err));
    return check_times(guard, tbs, err);
}

enum sg_rc tok_guard_check_csr(const struct tok_guard_state *guard,
                               struct sg_slice spki, struct sg_slice csr_spki,
                               struct sg_err *err)
{
    if (guard == NULL)
        return tok_refuse(err, NO_GUARD,
                          "guard: the key has no guard and signs nothing");
    if (!sg_slice_eq(csr_spki, spki))
        return tok_refuse(err, PUBLIC_KEY,
                          "guard: the request's public key is not this key's "
                          "(RFC 2986 4.1)");
    return SG_OK;
}

/* --- narrowing ------------------------------------------------------------------ */

static bool wider_purposes(const struct tok_guard *now,
                           const struct tok_guard *want)
{
    if (now->n_eku == 0)
        return false;
    for (uint32_t i = 0; i < want->n_eku; i++)
        if (!is_allowed_purpose(
                now, SG_SLICE(want->eku[i].octets, want->eku[i].len)))
            return true;
    return want->n_eku == 0;
}

static bool wider_path(const struct tok_guard *now,
                       const struct tok_guard *want)
{
    return want->may_sign_ca && now->has_max_path_length
           && (!want->has_max_path_length
               || want->max_path_length > now->max_path_length);
}

/* 0 is any number. */
static bool wider_rate(uint32_t now, uint32_t want)
{
    return now > 0 && (want == 0 || want > now);
}

/* Which constraints are inside of which others nobody says here: a guard gets
 * them where it has none, and keeps them. */
static bool other_names(const struct tok_guard *now,
                        const struct tok_guard *want)
{
    return now->names.len > 0 && !sg_slice_eq(now->names, want->names);
}

enum sg_rc tok_guard_check_narrower(const struct tok_guard *now,
                                    const struct tok_guard *want,
                                    struct sg_err *err)
{
    const struct {
        const char *field;
        bool wider;
    } fields[] = {
        { "purpose", want->purpose != now->purpose },
        { "may_sign_ca", want->may_sign_ca && !now->may_sign_ca },
        { "max_path_length", wider_path(now, want) },
        { "max_validity", want->max_validity > now->max_validity },
        { "may_sign_crl", now->no_crl && !want->no_crl },
        { "extended_key_usage", wider_purposes(now, want) },
        { "name_constraints", other_names(now, want) },
        { "max_per_second", wider_rate(now->per_second, want->per_second) },
        { "max_per_day", wider_rate(now->per_day, want->per_day) },
    };

    for (size_t i = 0; i < SG_ARRAY_LEN(fields); i++)
        if (fields[i].wider)
            return tok_refuse(err, NARROW,
                              "guard: %s would be wider: a guard is only ever "
                              "narrowed",
                              fields[i].field);
    return SG_OK;
}
