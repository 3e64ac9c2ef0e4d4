/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "ceremony/ledger.h"
#include "ceremony/plan-build.h"
#include "common/clock.h"
#include "common/pem.h"

#define LAST_MAX ((size_t)1 << 20) /* bytes: more than a plan could follow */

static enum sg_rc read_last_file(struct cer_build *build, const char *path,
                                 struct sg_slice *ret, struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf der;
    struct sg_slice bytes = { 0 };
    struct sg_err why = { 0 };

    sg_buf_init(&der, LAST_MAX);
    SG_TRY(
        cer_input_bytes(build, "crl: last", path, 2 * LAST_MAX, &bytes, err));
    if (sg_pem_or_der(bytes, "X509 CRL", &der, &why) != SG_OK)
        return sg_err_set(err, SG_CONFIG, "crl: last: %s: %s", path, why.msg);
    *ret = sg_arena_copy(build->arena, sg_buf_slice(&der));
    return ret->p != NULL ? SG_OK : sg_err_set(err, SG_NOMEM, "crl: last");
}

static enum sg_rc read_last_url(struct cer_build *build, const char *url,
                                struct sg_slice *ret, struct sg_err *err)
{
    SG_CLEANUP(sg_arena_done) struct sg_arena arena;
    struct sg_slice der = { 0 };

    sg_arena_init(&arena, CER_LEDGER_ARENA_MAX);
    if (cer_ledger_fetch(url, &arena, &der, err) != SG_OK)
        return sg_err_wrap(err, "crl: last");
    if (der.len > LAST_MAX)
        return sg_err_set(err, SG_CONFIG, "crl: last: more than %zu bytes",
                          LAST_MAX);
    SG_TRY(cer_input_record(build, "crl: last", url, der, err));
    *ret = sg_arena_copy(build->arena, der);
    return ret->p != NULL ? SG_OK : sg_err_set(err, SG_NOMEM, "crl: last");
}

/* *ret is zero where nothing was published. */
static enum sg_rc read_last(struct cer_build *build, struct ca_crl *ret,
                            struct sg_err *err)
{
    const char *where = build->request->crl->last;
    struct cer_past *past = &build->plan->past;
    struct sg_err why = { 0 };
    struct sg_slice der = { 0 };

    if (strcmp(where, CER_LAST_NONE) == 0)
        return SG_OK;
    SG_TRY(strstr(where, "://") != NULL
               ? read_last_url(build, where, &der, err)
               : read_last_file(build, where, &der, err));
    if (ca_crl_parse(build->arena, der, ret, &why) != SG_OK)
        return sg_err_set(err, SG_CONFIG, "crl: last: %s: %s", where, why.msg);
    if (ca_crl_check_signed_by(ret, ca_issuer_cert(build->issuer), &why)
        != SG_OK)
        return sg_err_set(err, SG_POLICY, "crl: last: %s: %s", where, why.msg);
    *past = (struct cer_past){ .has_last = true,
                               .number = cer_magnitude(ret->number),
                               .this_update = ret->this_update,
                               .next_update = ret->next_update,
                               .entries = (int64_t)ret->n_revoked };
    return cer_sha256(der, past->sha256, err);
}

static bool lists(const struct ca_crl *crl, struct sg_slice serial)
{
    for (size_t i = 0; i < crl->n_revoked; i++)
        if (cer_integer_compare(crl->revoked[i].serial, serial) == 0)
            return true;
    return false;
}

static enum sg_rc read_expired_one(struct cer_build *build, const char *path,
                                   const struct ca_crl *last,
                                   struct sg_err *err)
{
    struct cer_past *past = &build->plan->past;
    struct ca_cert *cert = NULL;
    struct sg_err why = { 0 };
    char after[SG_TIME_TEXT_MAX];
    char made[SG_TIME_TEXT_MAX];

    SG_TRY(cer_input_certificate(build, "crl: expired", path, &cert, err));
    if (ca_cert_check_signed_by(cert, ca_issuer_cert(build->issuer), &why)
        != SG_OK)
        return sg_err_set(err, SG_POLICY,
                          "crl: expired: %s: not issued by \"%.200s\": %.200s",
                          path, ca_issuer_text(build->issuer), why.msg);
    if (!past->has_last || !lists(last, cert->serial))
        return sg_err_set(err, SG_CONFIG,
                          "crl: expired: %s: the last CRL does not list it",
                          path);
    if (past->this_update <= cert->not_after)
        return sg_err_set(err, SG_POLICY,
                          "crl: expired: %s: is valid until %s, and the last "
                          "CRL is of %s: its entry stays until one CRL after "
                          "that has listed it (RFC 5280 3.3)",
                          path, sg_time_text(cert->not_after, after),
                          sg_time_text(past->this_update, made));
    past->expired[past->n_expired++] = cer_magnitude(cert->serial);
    return SG_OK;
}

enum sg_rc cer_build_past(struct cer_build *build, struct ca_crl *ret_last,
                          struct sg_err *err)
{
    const struct cer_request_crl *crl = build->request->crl;
    struct cer_past *past = &build->plan->past;

    SG_TRY(read_last(build, ret_last, err));
    past->withdraw = crl->withdraw != NULL && *crl->withdraw;
    past->expired =
        sg_arena_array(build->arena, struct sg_slice, crl->expired.v_count + 1);
    if (past->expired == NULL)
        return sg_err_set(err, SG_NOMEM, "crl: expired");
    for (uint32_t i = 0; i < crl->expired.v_count; i++)
        SG_TRY(read_expired_one(build, crl->expired.v[i], ret_last, err));
    return SG_OK;
}

/* The whole comparison with the last one: a plan has no more than its hash. */
enum sg_rc cer_build_check_past(struct cer_build *build,
                                const struct ca_crl *last, struct sg_err *err)
{
    const struct cer_past *past = &build->plan->past;
    const struct cer_expired expired = { past->expired, past->n_expired };
    struct ca_crl first = { 0 };
    char until[SG_TIME_TEXT_MAX];
    char from[SG_TIME_TEXT_MAX];

    if (!past->has_last)
        return SG_OK;
    SG_TRY(cer_plan_crl(build->plan, 0, build->arena, &first, err));
    SG_TRY(cer_ledger_compare(last, &first, &expired, build->arena, err));
    if (last->next_update < first.this_update)
        cer_build_warn(build,
                       "crl: the last one runs out at %s, this one begins at "
                       "%s: in between nobody holds a valid one",
                       sg_time_text(last->next_update, until),
                       sg_time_text(first.this_update, from));
    return SG_OK;
}
