/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/helper/guard-chain.h"
#include "tests/fuzz/helper.h"

/* The guard may sign nothing that outlives its chain. */
static void bound(const struct tok_guard_state *g, struct sg_slice spki)
{
    struct sg_err err = { 0 };

    FUZZ_HOLDS(g->n_above < TOK_CHAIN_MAX);
    FUZZ_HOLDS(tok_guard_may_follow(g, g));
    for (size_t i = 0; i <= g->n_above; i++) {
        const struct tok_tbs *tbs = tok_chain_at(g, i);

        if (tok_guard_check_cert(g, spki, tbs, &err) == SG_OK)
            FUZZ_HOLDS(tbs->not_after <= g->issuer.not_after);
        else
            fuzz_refused(&err);
        sg_err_clear(&err);
    }
    if (tok_chain_check_signatures(g, &err) != SG_OK)
        fuzz_refused(&err);
}

/* Two parts, as in a GUARD_BIND: a certificate, and those above it. The key is
 * the certificate's own, so that the first look passes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sg_slice in = SG_SLICE(data, size);
    struct sg_slice cert = fuzz_part(&in);
    struct sg_slice chain = fuzz_part(&in);
    struct sg_slice der;
    struct tok_tbs tbs;
    struct sg_err err = { 0 };
    const enum tok_purpose purposes[] = { TOK_PURPOSE_CA, TOK_PURPOSE_OCSP };

    if (tok_tbs_of_cert(cert, &der, &err) != SG_OK
        || tok_tbs_parse(der, &tbs, &err) != SG_OK) {
        fuzz_refused(&err);
        return 0;
    }
    for (size_t i = 0; i < SG_ARRAY_LEN(purposes); i++) {
        bool ca = purposes[i] == TOK_PURPOSE_CA;
        const struct tok_guard limits = {
            .purpose = purposes[i],
            .may_sign_ca = ca,
            .max_validity = ca ? TOK_VALIDITY_MAX : 0,
            .bound = true,
            .issuer_cert = cert,
            .chain = chain,
        };
        struct tok_guard_state *guard = NULL;

        if (tok_guard_new(&limits, tbs.spki, &guard, &err) == SG_OK)
            bound(guard, tbs.spki);
        else
            fuzz_refused(&err);
        tok_guard_free(guard);
        sg_err_clear(&err);
    }
    return 0;
}
