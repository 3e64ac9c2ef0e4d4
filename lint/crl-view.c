/* SPDX-License-Identifier: Apache-2.0 */
#include "lint/crl-view.h"

static enum sg_rc view_list(struct sg_der *tbs, struct lint_crl_view *ret,
                            struct sg_err *err)
{
    struct sg_der_tlv tlv;

    if (sg_der_next_is(tbs, SG_DER_INTEGER)) {
        ret->has_version = true;
        SG_TRY(sg_der_uint(tbs, &ret->version, err));
    }
    SG_TRY(sg_der_get(tbs, SG_DER_SEQUENCE, &tlv, err));
    ret->inner_alg = tlv.whole;
    SG_TRY(sg_der_get(tbs, SG_DER_SEQUENCE, &tlv, err));
    ret->issuer = tlv.whole;
    SG_TRY(lint_view_time(tbs, &ret->this_update, err));
    if (sg_der_next_is(tbs, SG_DER_UTC_TIME)
        || sg_der_next_is(tbs, SG_DER_GENERALIZED_TIME)) {
        ret->has_next_update = true;
        SG_TRY(lint_view_time(tbs, &ret->next_update, err));
    }
    if (sg_der_next_is(tbs, SG_DER_SEQUENCE)) {
        ret->has_entries = true;
        SG_TRY(sg_der_enter(tbs, SG_DER_SEQUENCE, &ret->entries, err));
    }
    if (sg_der_next_is(tbs, SG_DER_CONTEXT_CONSTRUCTED(0))) {
        struct sg_der wrapped;
        SG_TRY(sg_der_enter(tbs, SG_DER_CONTEXT_CONSTRUCTED(0), &wrapped, err));
        SG_TRY(lint_view_extensions(&wrapped, ret->ext, LINT_EXT_MAX,
                                    &ret->n_ext, err));
        SG_TRY(sg_der_end(&wrapped, err));
    }
    return sg_der_end(tbs, err);
}

enum sg_rc lint_view_crl(struct sg_slice der, struct lint_crl_view *ret,
                         struct sg_err *err)
{
    struct sg_der in;
    struct sg_der outer;
    struct sg_der tbs;
    struct sg_der_tlv alg;
    struct sg_slice signature;

    *ret = (struct lint_crl_view){ .der = der };
    sg_der_init(&in, der, "crl");
    SG_TRY(sg_der_enter(&in, SG_DER_SEQUENCE, &outer, err));
    SG_TRY(sg_der_end(&in, err));
    SG_TRY(sg_der_enter(&outer, SG_DER_SEQUENCE, &tbs, err));
    SG_TRY(view_list(&tbs, ret, err));
    SG_TRY(sg_der_get(&outer, SG_DER_SEQUENCE, &alg, err));
    ret->outer_alg = alg.whole;
    SG_TRY(sg_der_bits(&outer, &signature, err));
    return sg_der_end(&outer, err);
}

bool lint_crl_next(struct sg_der *entries, struct lint_crl_entry *ret,
                   bool *ret_ok)
{
    struct sg_err ignored = { 0 };
    struct sg_der entry;

    *ret_ok = true;
    if (!sg_der_more(entries))
        return false;
    *ret = (struct lint_crl_entry){ 0 };
    *ret_ok = sg_der_enter(entries, SG_DER_SEQUENCE, &entry, &ignored) == SG_OK
              && sg_der_integer(&entry, &ret->serial, &ignored) == SG_OK
              && lint_view_time(&entry, &ret->date, &ignored) == SG_OK
              && (!sg_der_more(&entry)
                  || lint_view_extensions(&entry, ret->ext, LINT_ENTRY_EXT_MAX,
                                          &ret->n_ext, &ignored)
                         == SG_OK)
              && sg_der_end(&entry, &ignored) == SG_OK;
    return *ret_ok;
}

bool lint_crl_scope_is(const struct lint_crl_view *crl, uint8_t scope)
{
    const struct lint_ext *idp =
        lint_find_ext(crl->ext, crl->n_ext, LINT_OID_IDP);
    struct sg_err ignored = { 0 };
    struct sg_der in;
    struct sg_der seq;
    struct sg_der_tlv tlv;

    if (idp == NULL)
        return false;
    sg_der_init(&in, idp->value, "issuingDistributionPoint");
    if (sg_der_enter(&in, SG_DER_SEQUENCE, &seq, &ignored) != SG_OK)
        return false;
    while (sg_der_more(&seq) && sg_der_any(&seq, &tlv, &ignored) == SG_OK)
        if (tlv.tag == scope && LINT_IS(tlv.content, "\xff"))
            return true;
    return false;
}
