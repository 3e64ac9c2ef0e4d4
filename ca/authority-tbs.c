/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/authority-int.h"
#include "ca/tbs.h"

static enum sg_rc put_urls(const struct ca_authority_args *args,
                           struct sg_derw *w, struct sg_err *err)
{
    SG_TRY(ca_urls_check("issuing certificate URL", args->issuing_certificates,
                         true, err));
    SG_TRY(ca_urls_check("OCSP server URL", args->ocsp_servers, false, err));
    SG_TRY(ca_urls_check("CRL distribution point URL",
                         args->crl_distribution_points, true, err));
    ca_ext_aia(w, args->ocsp_servers, args->issuing_certificates);
    ca_ext_cdp(w, args->crl_distribution_points);
    return SG_OK;
}

/* AKI, AIA and CDP. */
static enum sg_rc put_issuer(const struct ca_authority *it, struct sg_derw *w,
                             struct sg_err *err)
{
    const struct ca_authority_args *args = it->args;
    bool own_urls = args->issuing_certificates.n + args->ocsp_servers.n
                        + args->crl_distribution_points.n
                    > 0;

    if (args->issuer != NULL && !own_urls) {
        sg_derw_raw(w, ca_issuer_extensions(args->issuer));
        return SG_OK;
    }
    ca_ext_aki(w, args->issuer != NULL ? ca_issuer_cert(args->issuer)->ski
                                       : it->key_id);
    return put_urls(args, w, err);
}

static enum sg_rc put_policies(const struct ca_authority_args *args,
                               struct sg_derw *w, struct sg_err *err)
{
    SG_TRY(ca_ext_policies(w, args->policies, args->n_policies, err));
    ca_ext_policy_constraints(w, args->require_explicit_policy,
                              args->inhibit_policy_mapping);
    ca_ext_inhibit_any_policy(w, args->inhibit_any_policy);
    return SG_OK;
}

static enum sg_rc put_constraints(const struct ca_authority_args *args,
                                  struct sg_derw *w, struct sg_err *err)
{
    struct ca_ext ext;

    if (args->constraints == NULL)
        return SG_OK;
    ext = ca_ext_begin(w, CA_OID_EXT_NC, !args->constraints_not_critical);
    SG_TRY(ca_constraints_encode(args->constraints, w, err));
    ca_ext_end(w, ext);
    return SG_OK;
}

static enum sg_rc put_extensions(const struct ca_authority *it,
                                 struct sg_derw *w, struct sg_err *err)
{
    const struct ca_authority_args *args = it->args;
    unsigned usage = CA_KU_KEY_CERT_SIGN | CA_KU_CRL_SIGN;
    size_t tagged = sg_derw_begin(w, SG_DER_CONTEXT_CONSTRUCTED(3));
    size_t list = sg_derw_begin(w, SG_DER_SEQUENCE);

    if (args->digital_signature)
        usage |= CA_KU_DIGITAL_SIGNATURE;
    ca_ext_basic_ca(w, args->has_path_length, args->path_length);
    ca_ext_key_usage(w, (uint16_t)usage);
    if (it->eku.n > 0)
        ca_ext_eku(w, &it->eku, false);
    ca_ext_ski(w, it->key_id);
    SG_TRY(put_issuer(it, w, err));
    SG_TRY(put_policies(args, w, err));
    SG_TRY(put_constraints(args, w, err));
    sg_derw_end(w, list);
    sg_derw_end(w, tagged);
    return SG_OK;
}

enum sg_rc ca_authority_put(const struct ca_authority *it, struct sg_buf *out,
                            struct sg_err *err)
{
    const struct ca_authority_args *args = it->args;
    struct ca_period period = { args->not_before, args->not_after };
    struct sg_derw w;
    size_t tbs;

    sg_derw_init(&w, out);
    tbs = sg_derw_begin(&w, SG_DER_SEQUENCE);
    ca_tbs_head(&w, args->serial, args->alg);
    /* Byte for byte: verifiers may compare names octet by octet. */
    sg_derw_raw(&w, args->issuer != NULL ? ca_issuer_cert(args->issuer)->subject
                                         : it->subject);
    ca_tbs_validity(&w, period);
    sg_derw_raw(&w, it->subject);
    sg_derw_raw(&w, it->spki->der);
    SG_TRY(put_extensions(it, &w, err));
    sg_derw_end(&w, tbs);
    return sg_derw_finish(&w, err);
}
