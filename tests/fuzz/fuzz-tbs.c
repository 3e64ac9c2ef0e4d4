/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/helper/guard.h"
#include "tests/fuzz/helper.h"

/* What a key that has no certificate yet would sign: its own root and its own
 * requests. */
static void root_of(struct sg_slice tbs_der, const struct tok_tbs *tbs)
{
    const struct tok_guard limits = { .purpose = TOK_PURPOSE_CA,
                                      .may_sign_ca = true,
                                      .max_validity = TOK_VALIDITY_MAX };
    struct tok_guard_state *guard = NULL;
    struct sg_err err = { 0 };

    fuzz_inside(tbs->algorithm, tbs_der);
    fuzz_inside(tbs->issuer, tbs_der);
    fuzz_inside(tbs->subject, tbs_der);
    fuzz_inside(tbs->spki, tbs_der);
    fuzz_inside(tbs->ski, tbs_der);
    fuzz_inside(tbs->aki, tbs_der);
    fuzz_inside(tbs->eku, tbs_der);
    fuzz_inside(tbs->san, tbs_der);
    fuzz_inside(tbs->constraints, tbs_der);
    fuzz_inside(tbs->unknown, tbs_der);
    FUZZ_HOLDS(!tbs->has_path_length || tbs->is_ca);
    FUZZ_HOLDS(tok_guard_new(&limits, tbs->spki, &guard, &err) == SG_OK);
    if (tok_guard_check_cert(guard, tbs->spki, tbs, &err) == SG_OK)
        FUZZ_HOLDS(tbs->is_ca && tbs->not_before <= tbs->not_after
                   && sg_slice_eq(tbs->issuer, tbs->subject));
    else
        fuzz_refused(&err);
    tok_guard_free(guard);
}

/* TBSCertificate, Certificate and CertificationRequestInfo. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sg_slice der = SG_SLICE(data, size);
    struct sg_slice part;
    struct tok_tbs tbs;
    struct sg_err err = { 0 };

    if (tok_tbs_parse(der, &tbs, &err) == SG_OK)
        root_of(der, &tbs);
    else
        fuzz_refused(&err);
    sg_err_clear(&err);
    if (tok_tbs_of_cert(der, &part, &err) == SG_OK)
        fuzz_inside(part, der);
    else
        fuzz_refused(&err);
    sg_err_clear(&err);
    if (tok_csr_info_parse(der, &part, &err) == SG_OK)
        fuzz_inside(part, der);
    else
        fuzz_refused(&err);
    return 0;
}
