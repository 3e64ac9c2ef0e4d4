/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/rand.h>
#include <string.h>

#include "ceremony/plan-build.h"
#include "common/file.h"
#include "common/parse.h"

#define FAR ((int64_t)90 * 86400) /* few rooms are booked so early */

static enum sg_rc no_memory(struct sg_err *err)
{
    return sg_err_set(err, SG_NOMEM, "plan");
}

/* --- who and when ------------------------------------------------------------- */

static enum sg_rc set_person(struct cer_build *build, const char *key,
                             const struct cer_request_person *person,
                             struct cer_person *ret, struct sg_err *err)
{
    struct ca_spki spki = { 0 };

    ret->name = sg_arena_strdup(build->arena, person->name);
    if (ret->name == NULL)
        return no_memory(err);
    if (person->key != NULL)
        SG_TRY(cer_input_key(build, key, person->key, &spki, err));
    ret->spki = spki.der;
    return SG_OK;
}

static enum sg_rc set_people(struct cer_build *build, struct sg_err *err)
{
    const struct cer_request *request = build->request;
    struct cer_plan *plan = build->plan;

    SG_TRY(set_person(build, "requester: key", request->requester,
                      &plan->requester, err));
    for (uint32_t i = 0; i < request->approvers.v_count; i++)
        SG_TRY(set_person(build, "approvers: key", &request->approvers.v[i],
                          &plan->approver[i], err));
    plan->n_approvers = request->approvers.v_count;
    plan->approvals_needed = request->approvals_needed;
    return SG_OK;
}

/* A random UUID, RFC 9562 5.4. */
static enum sg_rc set_id(struct cer_build *build, struct sg_err *err)
{
    uint8_t r[16];
    char hex[33];

    if (RAND_bytes(r, sizeof(r)) != 1)
        return sg_err_openssl(err, SG_CRYPTO, "RAND_bytes");
    r[6] = (uint8_t)((r[6] & 0x0fU) | 0x40U);
    r[8] = (uint8_t)((r[8] & 0x3fU) | 0x80U);
    (void)sg_hex(SG_SLICE(r, sizeof(r)), hex, sizeof(hex));
    build->plan->id =
        sg_arena_printf(build->arena, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8,
                        hex + 12, hex + 16, hex + 20);
    return build->plan->id != NULL ? SG_OK : no_memory(err);
}

static enum sg_rc set_head(struct cer_build *build, struct sg_err *err)
{
    const struct cer_request *request = build->request;
    struct cer_plan *plan = build->plan;
    struct sg_err why = { 0 };

    plan->type = request->kind;
    plan->title = request->title;
    plan->created = build->now;
    plan->lint_date = build->now;
    plan->lint_version = LINT_RULES_VERSION;
    plan->profile = LINT_PROFILE_PRIVATE;
    plan->technically_constrained = request->technically_constrained != NULL
                                    && *request->technically_constrained;
    if (request->profile != NULL
        && lint_profile_parse(request->profile, &plan->profile, &why) != SG_OK)
        return sg_err_set(err, SG_CONFIG, "%s", why.msg);
    SG_TRY(cer_value_time("window: from", request->window->from,
                          &plan->window_from, err));
    SG_TRY(cer_value_time("window: until", request->window->until,
                          &plan->window_until, err));
    if (plan->window_from > build->now + FAR)
        cer_build_warn(build,
                       "window: it opens %lld days after the plan is made: is "
                       "the clock right?",
                       (long long)((plan->window_from - build->now) / 86400));
    SG_TRY(set_id(build, err));
    return set_people(build, err);
}

/* --- key, issuer --------------------------------------------------------- */

enum sg_rc cer_key_type(const struct ca_spki *spki, enum tok_key_type *ret,
                        struct sg_err *err)
{
    static const struct {
        enum ca_key_kind kind;
        unsigned bits; /* RSA only */
        enum tok_key_type type;
    } types[] = {
        { CA_KEY_EC_P256, 0, TOK_KEY_EC_P256 },
        { CA_KEY_EC_P384, 0, TOK_KEY_EC_P384 },
        { CA_KEY_EC_P521, 0, TOK_KEY_EC_P521 },
        { CA_KEY_ED25519, 0, TOK_KEY_ED25519 },
        { CA_KEY_RSA, 2048, TOK_KEY_RSA_2048 },
        { CA_KEY_RSA, 3072, TOK_KEY_RSA_3072 },
        { CA_KEY_RSA, 4096, TOK_KEY_RSA_4096 },
    };

    for (size_t i = 0; i < SG_ARRAY_LEN(types); i++) {
        if (types[i].kind == spki->kind
            && (types[i].bits == 0 || types[i].bits == spki->bits)) {
            *ret = types[i].type;
            return SG_OK;
        }
    }
    return sg_err_set(err, SG_POLICY,
                      "key: %s of %u bits: no token of ours makes such keys",
                      ca_key_kind_name(spki->kind), spki->bits);
}

/* The key that signs: the type that was asked for is held against it. */
static enum sg_rc set_signer(struct cer_build *build,
                             const struct ca_spki *spki,
                             enum tok_key_type asked, struct sg_err *err)
{
    const struct cer_request_signature *signature = build->request->signature;
    struct cer_key *key = &build->plan->key;
    unsigned hash = 0;
    bool pss = false;

    SG_TRY(cer_key_type(spki, &key->type, err));
    if (asked != TOK_KEY_UNSET && asked != key->type)
        return sg_err_set(err, SG_CONFIG,
                          "key: type: is %s, but the key that signs is of type "
                          "%s",
                          tok_key_type_name(asked),
                          tok_key_type_name(key->type));
    key->spki = spki->der;
    if (signature != NULL && signature->hash != NULL)
        hash = *signature->hash;
    if (signature != NULL && signature->pss != NULL)
        pss = *signature->pss;
    return ca_sigalg_for(spki->kind, hash, pss, &build->plan->alg, err);
}

static enum sg_rc set_issuer(struct cer_build *build, struct sg_err *err)
{
    const struct cer_request_issuer *issuer = build->request->issuer;
    struct cer_plan *plan = build->plan;
    struct ca_issuer_args args = { .chain = plan->chain };
    struct ca_cert *cert = NULL;

    SG_TRY(cer_input_certificate(build, "issuer: certificate",
                                 issuer->certificate, &cert, err));
    plan->chain[plan->n_chain++] = cert->der;
    if (issuer->chain != NULL)
        SG_TRY(cer_input_chain(build, "issuer: chain", issuer->chain, err));
    args.n = plan->n_chain;
    if (ca_issuer_new(&args, build->now, &build->issuer, err) != SG_OK)
        return sg_err_wrap(err, "issuer");
    const struct ca_cert *last =
        ca_issuer_chain(build->issuer, plan->n_chain - 1);
    if (!ca_cert_self_issued(last))
        cer_build_warn(build,
                       "issuer: the chain ends below its root: limits and "
                       "constraints above \"%.200s\" are not known",
                       ca_issuer_text(build->issuer));
    return SG_OK;
}

static enum sg_rc set_key(struct cer_build *build, struct sg_err *err)
{
    const struct cer_request *request = build->request;
    struct cer_key *key = &build->plan->key;
    enum tok_key_type asked = TOK_KEY_UNSET;
    struct sg_err why = { 0 };

    key->token_label = request->token->label;
    key->token_serial = request->token->serial;
    key->label = request->key->label;
    if (request->key->type != NULL
        && tok_key_type_parse(request->key->type, &asked, &why) != SG_OK)
        return sg_err_set(err, SG_CONFIG, "key: type: %s", why.msg);
    if (request->public_key != NULL)
        SG_TRY(cer_input_key(build, "public_key", request->public_key,
                             &build->public_key, err));
    if (request->issuer != NULL) {
        SG_TRY(set_issuer(build, err));
        return set_signer(build, &ca_issuer_cert(build->issuer)->spki, asked,
                          err);
    }
    if (request->kind != CER_TYPE_KEY)
        return set_signer(build, &build->public_key, asked, err);
    if (asked == TOK_KEY_UNSET)
        return sg_err_set(err, SG_CONFIG, "key: type: type key needs it");
    key->type = asked;
    return cer_build_guard(build, err);
}

/* --- what will be signed --------------------------------------------------------- */

enum sg_rc cer_build_add(struct cer_build *build, struct sg_err *err)
{
    struct cer_plan *plan = build->plan;

    if (plan->n_sign == CER_SIGN_MAX)
        return sg_err_set(err, SG_BUG, "plan: too much to sign");
    plan->sign[plan->n_sign].der =
        sg_arena_copy(build->arena, sg_buf_slice(&build->tbs));
    if (plan->sign[plan->n_sign++].der.p == NULL)
        return no_memory(err);
    sg_buf_reset(&build->tbs);
    return SG_OK;
}

static enum sg_rc set_tbs(struct cer_build *build, struct sg_err *err)
{
    struct cer_plan *plan = build->plan;

    switch (plan->type) {
    case CER_TYPE_ROOT:
    case CER_TYPE_INTERMEDIATE:
    case CER_TYPE_CROSS_CERTIFICATE:
    case CER_TYPE_ROLLOVER:
        SG_TRY(cer_build_authority(build, err));
        break;
    case CER_TYPE_OCSP_RESPONDER:
        SG_TRY(cer_build_responder(build, err));
        break;
    case CER_TYPE_CSR:
        SG_TRY(cer_build_csr(build, err));
        break;
    case CER_TYPE_CRL:
        return cer_build_crl(build, err);
    case CER_TYPE_KEY:
    case CER_TYPE_UNSET:
        return SG_OK;
    }
    return cer_build_add(build, err);
}

static void lint_crl_of(const struct cer_plan *plan, size_t i,
                        const struct lint_options *options,
                        struct lint_report *report)
{
    struct sg_slice nobody = { 0 };
    struct sg_err ignored = { 0 };
    struct sg_buf der;

    /* Without the issuer: there is no signature yet to be held against it. */
    sg_buf_init(&der, CER_PLAN_MAX);
    if (cer_wrap_unsigned(plan->sign[i].der, plan->alg, &der, &ignored)
        == SG_OK)
        lint_crl(sg_buf_slice(&der), nobody, options, report);
    sg_buf_done(&der);
}

static struct lint_options lint_options(const struct cer_plan *plan,
                                        int64_t date)
{
    return (struct lint_options){
        .profile = plan->profile,
        .date = date,
        .technically_constrained = plan->technically_constrained,
    };
}

/* first, which may be a TBS, below the plan's chain. */
static void lint_first_of_chain(const struct cer_plan *plan,
                                struct sg_slice first, bool is_tbs,
                                int64_t date, struct lint_report *report)
{
    const struct lint_options options = lint_options(plan, date);
    struct sg_slice all[CA_CHAIN_MAX + 1] = { first };

    memcpy(all + 1, plan->chain, plan->n_chain * sizeof(all[0]));
    lint_chain(all, plan->n_chain + 1, is_tbs, &options, report);
}

void cer_plan_lint(const struct cer_plan *plan, int64_t date,
                   struct lint_report *report)
{
    const struct lint_options options = lint_options(plan, date);

    for (size_t i = 0; plan->type == CER_TYPE_CRL && i < plan->n_sign; i++)
        lint_crl_of(plan, i, &options, report);
    if (plan->type != CER_TYPE_KEY && plan->type != CER_TYPE_CSR
        && plan->type != CER_TYPE_CRL)
        lint_first_of_chain(plan, plan->sign[0].der, true, date, report);
}

void cer_plan_lint_result(const struct cer_plan *plan,
                          const struct sg_slice *result, int64_t date,
                          struct lint_report *report)
{
    const struct lint_options options = lint_options(plan, date);

    for (size_t i = 0; plan->type == CER_TYPE_CRL && i < plan->n_sign; i++)
        lint_crl(result[i], plan->chain[0], &options, report);
    if (plan->type != CER_TYPE_KEY && plan->type != CER_TYPE_CSR
        && plan->type != CER_TYPE_CRL)
        lint_first_of_chain(plan, result[0], false, date, report);
}

static enum sg_rc lint(struct cer_build *build, struct lint_report *report,
                       struct sg_err *err)
{
    char text[LINT_TEXT_MAX + 128];

    cer_plan_lint(build->plan, build->now, report);
    if (lint_worst(report) == LINT_ERROR) {
        lint_first(report, LINT_ERROR, text, sizeof(text));
        return sg_err_set(err, SG_POLICY, "lint: %s", text);
    }
    for (size_t i = 0; i < report->n; i++)
        if (report->finding[i].severity == LINT_WARN)
            cer_build_warn(build, "lint: %s: %s (%s)",
                           report->finding[i].rule->id, report->finding[i].text,
                           report->finding[i].rule->source);
    return SG_OK;
}

static enum sg_rc build_all(struct cer_build *build, struct lint_report *report,
                            struct sg_err *err)
{
    SG_TRY(set_head(build, err));
    SG_TRY(set_key(build, err));
    SG_TRY(cer_plan_check(build->plan, SG_CONFIG, err));
    SG_TRY(set_tbs(build, err));
    return lint(build, report, err);
}

/* From here on only the bytes count: what is handed out was read from them. */
static enum sg_rc freeze(struct cer_build *build, struct cer_plan *ret_plan,
                         struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf json;

    sg_buf_init(&json, CER_PLAN_MAX);
    SG_TRY(cer_plan_encode(build->plan, &json, err));
    return cer_plan_parse(sg_buf_slice(&json), build->arena, ret_plan, err);
}

static enum sg_rc new_plan(struct cer_build *build, struct sg_err *err)
{
    struct cer_plan *plan = sg_arena_new(build->arena, struct cer_plan);

    if (plan == NULL)
        return no_memory(err);
    plan->input =
        sg_arena_array(build->arena, struct cer_input, CER_INPUTS_MAX);
    plan->warning =
        sg_arena_array(build->arena, const char *, CER_WARNINGS_MAX);
    plan->sign = sg_arena_array(build->arena, struct cer_tbs, CER_SIGN_MAX);
    build->plan = plan;
    return plan->input == NULL || plan->warning == NULL || plan->sign == NULL
               ? no_memory(err)
               : SG_OK;
}

static enum sg_rc resolve(struct cer_build *build, struct sg_slice yaml,
                          struct cer_plan *ret_plan, struct lint_report *report,
                          struct sg_err *err)
{
    SG_CLEANUP(cer_request_free) struct cer_request *request = NULL;
    const char *slash = strrchr(build->path, '/');

    SG_TRY(new_plan(build, err));
    SG_TRY(cer_request_parse(yaml, build->path, &request, err));
    build->request = request;
    SG_TRY(cer_input_record(
        build, "request", slash != NULL ? slash + 1 : build->path, yaml, err));
    if (build_all(build, report, err) != SG_OK)
        return sg_err_wrap(err, "%s", build->path);
    return freeze(build, ret_plan, err);
}

enum sg_rc cer_plan_resolve(const char *path, int64_t now,
                            struct sg_arena *arena, struct cer_plan *ret_plan,
                            struct lint_report *ret_report, struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf yaml;
    struct cer_build build = { .path = path, .now = now, .arena = arena };
    struct sg_err why = { 0 };

    sg_buf_init(&yaml, CER_REQUEST_MAX);
    sg_buf_init(&build.tbs, CER_PLAN_MAX);
    memset(ret_report, 0, sizeof(*ret_report));
    if (sg_file_read(path, &yaml, &why) != SG_OK)
        return sg_err_set(err, SG_CONFIG, "%s", why.msg);
    enum sg_rc rc =
        resolve(&build, sg_buf_slice(&yaml), ret_plan, ret_report, err);
    ca_issuer_free(build.issuer);
    sg_buf_done(&build.tbs);
    return rc;
}
