/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "ca/crl.h"
#include "ca/csr.h"
#include "ca/oid.h"
#include "ceremony/plan-int.h"
#include "common/clock.h"
#include "common/parse.h"

#define TOKEN_LABEL_MAX 32         /* bytes, CK_TOKEN_INFO */
#define TOKEN_SERIAL_MAX 16        /* the same */
#define WORK_MAX ((size_t)4 << 20) /* bytes to read chain and TBS into */

/* --- people and times ------------------------------------------------------- */

/* Names are read out loud and stand in what approvers sign, line by line. */
static bool printable(const char *text, size_t max)
{
    size_t len = strlen(text);

    if (len == 0 || len > max || !sg_is_utf8(sg_slice_str(text))
        || text[0] == ' ' || text[len - 1] == ' ')
        return false;
    for (size_t i = 0; i < len; i++)
        if ((uint8_t)text[i] < 0x20 || text[i] == 0x7f)
            return false;
    return true;
}

static enum sg_rc check_text(const char *key, const char *text, size_t max,
                             enum sg_rc rc, struct sg_err *err)
{
    char shown[SG_SHOW_MAX];

    if (printable(text, max))
        return SG_OK;
    return sg_err_set(err, rc,
                      "%s: \"%s\": not 1 to %zu octets of text without "
                      "control characters and spaces around it",
                      key, sg_show(text, shown), max);
}

static enum sg_rc check_person_key(const char *key,
                                   const struct cer_person *person,
                                   enum sg_rc rc, struct sg_err *err)
{
    struct sg_err why = { 0 };
    struct ca_spki spki;

    if (ca_spki_parse(person->spki, &spki, &why) != SG_OK)
        return sg_err_set(err, rc, "%s: key of \"%s\": %s", key, person->name,
                          why.msg);
    return SG_OK;
}

static enum sg_rc check_people(const struct cer_plan *plan, enum sg_rc rc,
                               struct sg_err *err)
{
    SG_TRY(
        check_text("requester", plan->requester.name, CER_NAME_MAX, rc, err));
    if (plan->requester.spki.len > 0)
        SG_TRY(check_person_key("requester", &plan->requester, rc, err));
    for (size_t i = 0; i < plan->n_approvers; i++) {
        const struct cer_person *one = &plan->approver[i];

        SG_TRY(check_text("approvers", one->name, CER_NAME_MAX, rc, err));
        SG_TRY(check_person_key("approvers", one, rc, err));
        for (size_t k = 0; k < i; k++)
            if (cer_person_same(&plan->approver[k], one))
                return sg_err_set(err, rc,
                                  "approvers: \"%s\" and \"%s\" have the "
                                  "same name or key",
                                  plan->approver[k].name, one->name);
    }
    return SG_OK;
}

static enum sg_rc check_approvals(const struct cer_plan *plan, enum sg_rc rc,
                                  struct sg_err *err)
{
    size_t able = 0;

    if (plan->approvals_needed == 0)
        return SG_OK;
    if (plan->requester.spki.len == 0)
        return sg_err_set(err, rc,
                          "requester: key: needed when approvals are: the "
                          "requester does not count, under whatever name");
    for (size_t i = 0; i < plan->n_approvers; i++)
        able += cer_person_same(&plan->requester, &plan->approver[i]) ? 0 : 1;
    if (plan->approvals_needed > able)
        return sg_err_set(err, rc,
                          "approvals_needed: %zu, but only %zu of the %zu "
                          "approver(s) count%s",
                          plan->approvals_needed, able, plan->n_approvers,
                          able < plan->n_approvers ? ": the requester does not"
                                                   : "");
    return SG_OK;
}

static enum sg_rc check_window(const struct cer_plan *plan, enum sg_rc rc,
                               struct sg_err *err)
{
    char from[SG_TIME_TEXT_MAX];
    char until[SG_TIME_TEXT_MAX];

    if (plan->window_from >= plan->window_until)
        return sg_err_set(err, rc, "window: from %s is not before until %s",
                          sg_time_text(plan->window_from, from),
                          sg_time_text(plan->window_until, until));
    if (plan->created > plan->window_until)
        return sg_err_set(err, rc,
                          "window: until %s is before the plan is made (%s)",
                          sg_time_text(plan->window_until, until),
                          sg_time_text(plan->created, from));
    return SG_OK;
}

/* --- key ----------------------------------------------------------- */

static enum sg_rc check_key(const struct cer_plan *plan, enum sg_rc rc,
                            struct sg_err *err)
{
    struct sg_err why = { 0 };

    if (tok_label_check(plan->key.token_label, &why) != SG_OK)
        return sg_err_set(err, rc, "token: %s", why.msg);
    if (strlen(plan->key.token_label) > TOKEN_LABEL_MAX)
        return sg_err_set(err, rc,
                          "token: label is longer than %d bytes: no token has "
                          "such (PKCS#11 CK_TOKEN_INFO)",
                          TOKEN_LABEL_MAX);
    if (tok_label_check(plan->key.label, &why) != SG_OK)
        return sg_err_set(err, rc, "key: %s", why.msg);
    if (plan->key.token_serial != NULL)
        SG_TRY(check_text("token: serial", plan->key.token_serial,
                          TOKEN_SERIAL_MAX, rc, err));
    return plan->type == CER_TYPE_KEY
               ? cer_guard_check(&plan->key.guard, rc, err)
               : SG_OK;
}

enum sg_rc cer_plan_check(const struct cer_plan *plan, enum sg_rc rc,
                          struct sg_err *err)
{
    SG_TRY(check_text("title", plan->title, CER_TITLE_MAX, rc, err));
    SG_TRY(check_window(plan, rc, err));
    SG_TRY(check_people(plan, rc, err));
    SG_TRY(check_approvals(plan, rc, err));
    return check_key(plan, rc, err);
}

/* --- the TBS ----------------------------------------------------------------- */

/* What kind of TBS it is decides who has to have signed: the key of the chain's
 * first certificate, or the key inside. */
struct tbs_view {
    enum ca_sigalg alg;
    struct sg_slice issuer, aki; /* empty for a request */
    struct sg_slice spki;        /* empty for a CRL */
};

/* The type is what people read first: it must be what is signed. */
static enum sg_rc check_type(enum cer_type type, const struct ca_cert *cert,
                             struct sg_err *err)
{
    bool self = ca_cert_self_issued(cert);
    const char *fault = NULL;

    if (type == CER_TYPE_OCSP_RESPONDER) {
        if (cert->is_ca
            || !ca_eku_has(cert->eku, ca_oid(CA_OID_EKU_OCSP_SIGNING)))
            fault = "has not the purpose OCSPSigning alone";
    } else if (!cert->is_ca) {
        fault = "is no CA's";
    } else if (self != (type == CER_TYPE_ROOT || type == CER_TYPE_ROLLOVER)) {
        fault = self ? "is self-issued" : "is not self-issued";
    }
    if (fault == NULL)
        return SG_OK;
    return sg_err_set(err, SG_FORMAT, "type is %s, but the certificate %s",
                      cer_type_name(type), fault);
}

/* The TBS with a signature of zeroes, in the arena. */
static enum sg_rc wrapped(const struct cer_plan *plan, size_t i,
                          struct sg_arena *arena, struct sg_slice *ret,
                          struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf der;

    sg_buf_init(&der, CER_PLAN_MAX);
    SG_TRY(cer_wrap_unsigned(plan->sign[i].der, plan->alg, &der, err));
    *ret = sg_arena_copy(arena, sg_buf_slice(&der));
    return ret->p != NULL ? SG_OK : sg_err_set(err, SG_NOMEM, "plan");
}

enum sg_rc cer_plan_crl(const struct cer_plan *plan, size_t i,
                        struct sg_arena *arena, struct ca_crl *ret,
                        struct sg_err *err)
{
    struct sg_slice der = { 0 };

    SG_TRY(wrapped(plan, i, arena, &der, err));
    return ca_crl_parse(arena, der, ret, err);
}

static enum sg_rc view_certificate(struct sg_arena *arena,
                                   const struct cer_plan *plan,
                                   struct tbs_view *ret, struct sg_err *err)
{
    struct ca_cert *cert = sg_arena_new(arena, struct ca_cert);

    if (cert == NULL)
        return sg_err_set(err, SG_NOMEM, "plan");
    SG_TRY(ca_cert_parse_tbs(arena, plan->sign[0].der, cert, err));
    SG_TRY(check_type(plan->type, cert, err));
    *ret =
        (struct tbs_view){ cert->alg, cert->issuer, cert->aki, cert->spki.der };
    return SG_OK;
}

static enum sg_rc view(struct sg_arena *arena, const struct cer_plan *plan,
                       size_t i, struct tbs_view *ret, struct sg_err *err)
{
    struct ca_csr *csr = sg_arena_new(arena, struct ca_csr);
    struct ca_crl crl = { 0 };
    struct sg_slice der = { 0 };

    if (csr == NULL)
        return sg_err_set(err, SG_NOMEM, "plan");
    if (plan->type == CER_TYPE_CRL) {
        SG_TRY(cer_plan_crl(plan, i, arena, &crl, err));
        *ret = (struct tbs_view){ .alg = crl.alg,
                                  .issuer = crl.issuer,
                                  .aki = crl.aki };
        return SG_OK;
    }
    if (plan->type != CER_TYPE_CSR)
        return view_certificate(arena, plan, ret, err);
    SG_TRY(wrapped(plan, i, arena, &der, err));
    SG_TRY(ca_csr_parse(arena, der, csr, err));
    *ret = (struct tbs_view){ .alg = csr->alg, .spki = csr->spki.der };
    return SG_OK;
}

static enum sg_rc check_chain(struct sg_arena *arena,
                              const struct cer_plan *plan,
                              struct ca_cert **ret_first, struct sg_err *err)
{
    struct ca_cert *last = NULL;

    for (size_t i = 0; i < plan->n_chain; i++) {
        struct ca_cert *above = sg_arena_new(arena, struct ca_cert);

        if (above == NULL)
            return sg_err_set(err, SG_NOMEM, "plan");
        if (ca_cert_parse(arena, plan->chain[i], above, err) != SG_OK
            || (last != NULL
                && ca_cert_check_signed_by(last, above, err) != SG_OK))
            return sg_err_wrap(err, "plan: chain[%zu]", i);
        if (last == NULL)
            *ret_first = above;
        last = above;
    }
    return SG_OK;
}

static enum sg_rc check_signer(const struct cer_plan *plan,
                               const struct tbs_view *tbs,
                               const struct ca_cert *issuer, struct sg_err *err)
{
    struct sg_slice signer = issuer != NULL ? issuer->spki.der : tbs->spki;

    if (!sg_slice_eq(signer, plan->key.spki))
        return sg_err_set(err, SG_FORMAT,
                          "plan: key: the public key is not that of %s",
                          issuer != NULL ? "chain[0]" : "the TBS");
    if (issuer == NULL)
        return SG_OK;
    if (!sg_slice_eq(tbs->issuer, issuer->subject))
        return sg_err_set(err, SG_FORMAT,
                          "plan: the TBS's issuer is not, octet for octet, the "
                          "subject of chain[0] (RFC 5280 4.1.2.4)");
    if (!sg_slice_eq(tbs->aki, issuer->ski))
        return sg_err_set(err, SG_FORMAT,
                          "plan: the TBS's authorityKeyIdentifier is not the "
                          "key identifier of chain[0] (RFC 5280 4.2.1.1)");
    return SG_OK;
}

static enum sg_rc check_one(const struct cer_plan *plan, size_t i,
                            const struct ca_cert *issuer, struct sg_err *err)
{
    SG_CLEANUP(sg_arena_done) struct sg_arena arena;
    struct tbs_view tbs = { 0 };

    sg_arena_init(&arena, WORK_MAX);
    if (view(&arena, plan, i, &tbs, err) != SG_OK)
        return sg_err_wrap(err, "plan: TBS");
    if (tbs.alg != plan->alg)
        return sg_err_set(err, SG_FORMAT,
                          "plan: \"algorithm\" is %s but the TBS says %s",
                          ca_sigalg_name(plan->alg), ca_sigalg_name(tbs.alg));
    return check_signer(plan, &tbs, issuer, err);
}

enum sg_rc cer_plan_check_tbs(const struct cer_plan *plan, struct sg_err *err)
{
    bool alone = plan->type == CER_TYPE_ROOT || plan->type == CER_TYPE_CSR
                 || plan->type == CER_TYPE_KEY;
    SG_CLEANUP(sg_arena_done) struct sg_arena arena;
    struct ca_cert *issuer = NULL;

    sg_arena_init(&arena, WORK_MAX);
    if (alone != (plan->n_chain == 0))
        return sg_err_set(err, SG_FORMAT, "plan: chain: type %s %s",
                          cer_type_name(plan->type),
                          alone ? "has none" : "needs one");
    if (plan->type == CER_TYPE_KEY)
        return SG_OK;
    SG_TRY(check_chain(&arena, plan, &issuer, err));
    for (size_t i = 0; i < plan->n_sign; i++)
        SG_TRY(check_one(plan, i, issuer, err));
    return SG_OK;
}
