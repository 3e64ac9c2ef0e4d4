/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <strings.h>

#include "ca/leaf.h"
#include "ceremony/plan-build.h"
#include "common/parse.h"

#define DAY INT64_C(86400) /* seconds */

/* --- whose key ---------------------------------------------------------------- */

static enum sg_rc encode_name(const struct ca_dn *dn, struct sg_buf *out,
                              char *text, size_t size, struct sg_err *err)
{
    SG_TRY(ca_dn_encode(dn, out, err));
    (void)ca_dn_text(sg_buf_slice(out), text, size);
    return SG_OK;
}

static enum sg_rc warn_other_name(struct cer_build *build,
                                  const struct ca_dn *asked,
                                  const struct ca_dn *planned,
                                  struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf a;
    SG_CLEANUP(sg_buf_done) struct sg_buf b;
    char text_a[160];
    char text_b[160];

    sg_buf_init(&a, CA_CSR_MAX);
    sg_buf_init(&b, CA_CSR_MAX);
    SG_TRY(encode_name(asked, &a, text_a, sizeof(text_a), err));
    SG_TRY(encode_name(planned, &b, text_b, sizeof(text_b), err));
    if (!sg_slice_eq(sg_buf_slice(&a), sg_buf_slice(&b)))
        cer_build_warn(build,
                       "csr: asks for the subject \"%s\", the plan has \"%s\"",
                       text_a, text_b);
    return SG_OK;
}

static enum sg_rc from_csr(struct cer_build *build, struct cer_applicant *ret,
                           struct sg_err *err)
{
    struct ca_csr *csr = NULL;

    SG_TRY(cer_input_csr(build, "csr", build->request->csr, &csr, err));
    ret->spki = csr->spki;
    for (size_t i = 0; i < csr->n_ignored; i++)
        cer_build_warn(build, "csr: asks for %s, which is not taken from it",
                       csr->ignored[i]);
    if (csr->has_sans)
        cer_build_warn(build,
                       "csr: asks for alternative names, which are not taken");
    if (build->request->subject == NULL) {
        ret->subject = csr->subject;
        return SG_OK;
    }
    SG_TRY(cer_value_subject(build, &ret->subject, err));
    return warn_other_name(build, &csr->subject, &ret->subject, err);
}

enum sg_rc cer_build_applicant(struct cer_build *build,
                               struct cer_applicant *ret, struct sg_err *err)
{
    if (build->request->csr != NULL)
        return from_csr(build, ret, err);
    ret->spki = build->public_key;
    return build->request->subject != NULL
               ? cer_value_subject(build, &ret->subject, err)
               : SG_OK;
}

enum sg_rc cer_check_certified(const struct cer_build *build,
                               const struct ca_spki *spki, struct sg_err *err)
{
    const struct cer_request_certified *want = build->request->certified_key;
    enum tok_key_type type = TOK_KEY_UNSET;
    uint8_t hash[32];
    char hex[65];

    if (want == NULL)
        return SG_OK;
    SG_TRY(cer_key_type(spki, &type, err));
    if (want->type != NULL && strcmp(want->type, tok_key_type_name(type)) != 0)
        return sg_err_set(err, SG_POLICY,
                          "certified_key: type: must be %s, but the key is of "
                          "type %s",
                          want->type, tok_key_type_name(type));
    SG_TRY(cer_sha256(spki->der, hash, err));
    (void)sg_hex(SG_SLICE(hash, sizeof(hash)), hex, sizeof(hex));
    if (want->sha256 != NULL && strcasecmp(want->sha256, hex) != 0)
        return sg_err_set(err, SG_POLICY,
                          "certified_key: sha256: must be %s, but the key's is "
                          "%s",
                          want->sha256, hex);
    return SG_OK;
}

/* --- arguments ---------------------------------------------------------------- */

static struct ca_texts texts(const struct cer_list *list)
{
    return (struct ca_texts){ (const char *const *)list->v, list->v_count };
}

static struct ca_skip skip(const uint32_t *value)
{
    return value == NULL ? (struct ca_skip){ 0 }
                         : (struct ca_skip){ .present = true, .v = *value };
}

static enum sg_rc set_policies(struct cer_build *build,
                               struct ca_authority_args *args,
                               struct sg_err *err)
{
    const struct cer_request *request = build->request;
    size_t n = request->policies.v_count;
    struct ca_policy *list =
        sg_arena_array(build->arena, struct ca_policy, n + 1);

    if (list == NULL)
        return sg_err_set(err, SG_NOMEM, "policies");
    for (size_t i = 0; i < n; i++)
        list[i] = (struct ca_policy){ .oid = request->policies.v[i].oid,
                                      .cps = request->policies.v[i].cps,
                                      .notice = request->policies.v[i].notice };
    args->policies = list;
    args->n_policies = n;
    if (request->policy_constraints != NULL) {
        const struct cer_request_skips *skips = request->policy_constraints;

        args->require_explicit_policy = skip(skips->require_explicit_policy);
        args->inhibit_policy_mapping = skip(skips->inhibit_policy_mapping);
    }
    args->inhibit_any_policy = skip(request->inhibit_any_policy);
    return SG_OK;
}

static enum sg_rc set_constraints(struct cer_build *build,
                                  struct ca_authority_args *args,
                                  struct sg_err *err)
{
    const struct cer_request_constraints *nc = build->request->name_constraints;
    struct ca_constraints *made;

    args->technically_constrained = build->plan->technically_constrained;
    if (nc == NULL)
        return SG_OK;
    made = sg_arena_new(build->arena, struct ca_constraints);
    if (made == NULL)
        return sg_err_set(err, SG_NOMEM, "name_constraints");
    SG_TRY(cer_value_constraints(build, nc, made, err));
    args->constraints = made;
    args->constraints_not_critical = nc->critical != NULL && !*nc->critical;
    return SG_OK;
}

static enum sg_rc set_known(struct cer_build *build,
                            struct ca_authority_args *args, struct sg_err *err)
{
    const struct cer_list *list = &build->request->known_certificates;
    const struct ca_cert **known =
        sg_arena_array(build->arena, const struct ca_cert *, list->v_count + 1);

    if (known == NULL)
        return sg_err_set(err, SG_NOMEM, "known_certificates");
    for (uint32_t i = 0; i < list->v_count; i++) {
        struct ca_cert *cert = NULL;

        SG_TRY(cer_input_certificate(build, "known_certificates", list->v[i],
                                     &cert, err));
        known[i] = cert;
    }
    args->known = known;
    args->n_known = list->v_count;
    return SG_OK;
}

/* A purpose that is no OID was meant as a name. */
static enum sg_rc check_purpose(const char *oid, struct sg_err *err)
{
    char shown[SG_SHOW_MAX];

    if (oid[0] >= '0' && oid[0] <= '9')
        return SG_OK;
    return sg_err_set(err, SG_CONFIG,
                      "extended_key_usage: \"%s\": neither an OID nor one of "
                      "serverAuth, clientAuth, codeSigning, emailProtection, "
                      "timeStamping",
                      sg_show(oid, shown));
}

static enum sg_rc set_extensions(struct cer_build *build,
                                 struct ca_authority_args *args,
                                 struct sg_err *err)
{
    const struct cer_request *request = build->request;

    args->has_path_length = request->path_length != NULL;
    args->path_length =
        request->path_length != NULL ? *request->path_length : 0;
    args->digital_signature =
        request->digital_signature != NULL && *request->digital_signature;
    SG_TRY(cer_value_purposes(build, &request->extended_key_usage, &args->eku,
                              err));
    args->n_eku = request->extended_key_usage.v_count;
    for (size_t i = 0; i < args->n_eku; i++)
        SG_TRY(check_purpose(args->eku[i], err));
    args->issuing_certificates = texts(&request->issuing_certificates);
    args->ocsp_servers = texts(&request->ocsp_servers);
    args->crl_distribution_points = texts(&request->crl_distribution_points);
    SG_TRY(set_policies(build, args, err));
    return set_constraints(build, args, err);
}

static enum ca_authority_kind kind_of(enum cer_type type)
{
    return type == CER_TYPE_ROOT                ? CA_AUTHORITY_ROOT
           : type == CER_TYPE_CROSS_CERTIFICATE ? CA_AUTHORITY_CROSS
           : type == CER_TYPE_ROLLOVER          ? CA_AUTHORITY_ROLLOVER
                                                : CA_AUTHORITY_INTERMEDIATE;
}

static void warn_about(struct cer_build *build,
                       const struct ca_authority_args *args)
{
    struct ca_warnings warnings = { 0 };

    ca_authority_warn(args, &warnings);
    for (size_t i = 0; i < warnings.n; i++)
        cer_build_warn(build, "%s", warnings.text[i]);
}

/* What is signed late in the window must not begin long before: a day (BR
 * 7.1.2.1.1, 7.1.2.2.1, 7.1.2.10.1). */
static void warn_about_window(struct cer_build *build, int64_t not_before)
{
    const struct cer_plan *plan = build->plan;

    if (plan->profile == LINT_PROFILE_PUBLIC_TLS
        && not_before < plan->window_until - DAY)
        cer_build_warn(build,
                       "validity: not_before lies more than a day before the "
                       "window ends: signed later than a day after it, the "
                       "certificate breaks BR 7.1.2");
    if (not_before > plan->window_until)
        cer_build_warn(build,
                       "validity: begins only after the window has ended");
}

enum sg_rc cer_build_authority(struct cer_build *build, struct sg_err *err)
{
    uint8_t serial[CA_SERIAL_LEN];
    struct cer_applicant applicant = { 0 };
    struct cer_period period = { 0 };
    struct ca_cert *existing = NULL;
    struct ca_authority_args args = { .kind = kind_of(build->request->kind),
                                      .alg = build->plan->alg,
                                      .issuer = build->issuer };

    SG_TRY(cer_build_applicant(build, &applicant, err));
    if (build->request->certificate != NULL)
        SG_TRY(cer_input_certificate(
            build, "certificate", build->request->certificate, &existing, err));
    SG_TRY(cer_check_certified(
        build, existing != NULL ? &existing->spki : &applicant.spki, err));
    SG_TRY(cer_value_validity(build->request->validity, &period, err));
    warn_about_window(build, period.not_before);
    SG_TRY(set_extensions(build, &args, err));
    SG_TRY(set_known(build, &args, err));
    SG_TRY(ca_serial_new(serial, err));
    args.serial = SG_SLICE(serial, sizeof(serial));
    args.subject = applicant.subject;
    args.spki = applicant.spki.der.len > 0 ? &applicant.spki : NULL;
    args.existing = existing;
    args.not_before = period.not_before;
    args.not_after = period.not_after;
    SG_TRY(ca_authority_tbs(&args, &build->tbs, err));
    warn_about(build, &args);
    return SG_OK;
}

enum sg_rc cer_build_csr(struct cer_build *build, struct sg_err *err)
{
    struct ca_spki spki;
    struct ca_dn subject = { 0 };

    SG_TRY(ca_spki_parse(build->plan->key.spki, &spki, err));
    SG_TRY(cer_value_subject(build, &subject, err));
    return ca_csr_info(&subject, &spki, &build->tbs, err);
}
