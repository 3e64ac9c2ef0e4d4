/* SPDX-License-Identifier: Apache-2.0 */
#include "common/clock.h"
#include "pkcs11/helper/guard.h"

/* What a guard says of everything but certificates. */

enum sg_rc tok_guard_check_purpose(const struct tok_guard_state *guard,
                                   enum tok_purpose purpose, struct sg_err *err)
{
    static const char *const what[] = {
        [TOK_PURPOSE_CA] = "certificates and CRLs",
        [TOK_PURPOSE_OCSP] = "OCSP responses",
        [TOK_PURPOSE_BACKEND] = "digests",
        [TOK_PURPOSE_PROBE] = "challenges",
    };

    if (guard == NULL)
        return tok_refuse(err, NO_GUARD,
                          "guard: the key has no guard and signs nothing");
    if (guard->limits.purpose != purpose)
        return tok_refuse(err, PURPOSE, "guard: the key is for %s, not for %s",
                          tok_purpose_name(guard->limits.purpose),
                          what[purpose]);
    return SG_OK;
}

enum sg_rc tok_guard_check_crl(const struct tok_guard_state *guard,
                               const struct tok_crl *crl, struct sg_err *err)
{
    char this_text[SG_TIME_TEXT_MAX];
    char text[SG_TIME_TEXT_MAX];

    SG_TRY(tok_guard_check_purpose(guard, TOK_PURPOSE_CA, err));
    const struct tok_tbs *issuer = &guard->issuer;
    if (guard->limits.no_crl)
        return tok_refuse(err, CRL, "guard: this key may not sign CRLs");
    if (!guard->limits.bound)
        return tok_refuse(err, UNBOUND,
                          "guard: the key has no issuer certificate yet: bind "
                          "it first");
    if (issuer->has_key_usage && (issuer->key_usage & TOK_KU_CRL_SIGN) == 0)
        return tok_refuse(err, KEY_USAGE,
                          "guard: the issuer's keyUsage has no cRLSign "
                          "(RFC 5280 4.2.1.3)");
    if (!sg_slice_eq(crl->issuer, issuer->subject))
        return tok_refuse(err, ISSUER,
                          "guard: the CRL's issuer is not, byte for byte, the "
                          "subject of the key's own certificate (RFC 5280 "
                          "5.1.2.3)");
    if (crl->aki.p == NULL || !sg_slice_eq(crl->aki, issuer->ski))
        return tok_refuse(err, AKI,
                          "guard: the CRL's authorityKeyIdentifier is not the "
                          "issuer's subjectKeyIdentifier (RFC 5280 5.2.1)");
    if (!crl->has_number)
        return tok_refuse(err, CRL,
                          "guard: the CRL has no number (RFC 5280 5.2.3)");
    if (crl->next_update <= crl->this_update)
        return tok_refuse(err, CRL,
                          "guard: nextUpdate %s is not after thisUpdate %s "
                          "(RFC 5280 5.1.2.5)",
                          sg_time_text(crl->next_update, text),
                          sg_time_text(crl->this_update, this_text));
    if (crl->this_update < issuer->not_before)
        return tok_refuse(err, CRL,
                          "guard: thisUpdate %s is before the issuer's "
                          "notBefore %s",
                          sg_time_text(crl->this_update, this_text),
                          sg_time_text(issuer->not_before, text));
    return SG_OK;
}

static enum sg_rc check_answers_itself(const struct tok_guard_state *g,
                                       struct sg_err *err)
{
    if (g->limits.bound && !tok_ocsp_answers_itself(&g->issuer))
        return tok_refuse(err, KEY_USAGE,
                          "guard: the CA's keyUsage has no digitalSignature: "
                          "it leaves OCSP answers to a responder (RFC 5280 "
                          "4.2.1.3)");
    return SG_OK;
}

enum sg_rc tok_guard_check_ocsp(const struct tok_guard_state *guard,
                                const struct tok_ocsp *ocsp, struct sg_err *err)
{
    if (guard != NULL && guard->limits.purpose == TOK_PURPOSE_CA)
        SG_TRY(check_answers_itself(guard, err));
    else
        SG_TRY(tok_guard_check_purpose(guard, TOK_PURPOSE_OCSP, err));
    if (!guard->limits.bound)
        return tok_refuse(err, UNBOUND,
                          "guard: the key has no certificate yet that says for "
                          "which CA it answers: bind it first");
    return tok_ocsp_check(ocsp, &guard->issuer, &guard->answers_for, err);
}
