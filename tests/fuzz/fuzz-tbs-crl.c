/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/helper/crl.h"
#include "tests/fuzz/helper.h"

/* A TBSCertList. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sg_slice der = SG_SLICE(data, size);
    struct tok_crl crl;
    struct sg_err err = { 0 };

    if (tok_crl_parse(der, &crl, &err) != SG_OK) {
        fuzz_refused(&err);
        return 0;
    }
    fuzz_inside(crl.algorithm, der);
    fuzz_inside(crl.issuer, der);
    fuzz_inside(crl.aki, der);
    FUZZ_HOLDS(crl.algorithm.len > 0 && crl.issuer.len > 0);
    FUZZ_HOLDS(crl.n_revoked < size);
    return 0;
}
