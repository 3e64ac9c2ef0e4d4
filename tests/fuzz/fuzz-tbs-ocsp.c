/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/helper/tbs-ocsp.h"
#include "tests/fuzz/helper.h"

/* A ResponseData: every answer in one that is taken can be read. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sg_slice der = SG_SLICE(data, size);
    struct tok_ocsp ocsp;
    struct tok_cert_id id;
    struct sg_der in;
    struct sg_err err = { 0 };
    size_t n = 0;

    if (tok_ocsp_parse(der, &ocsp, &err) != SG_OK) {
        fuzz_refused(&err);
        return 0;
    }
    FUZZ_HOLDS((ocsp.name.p == NULL) != (ocsp.key_hash.p == NULL));
    fuzz_inside(ocsp.name, der);
    fuzz_inside(ocsp.key_hash, der);
    fuzz_inside(ocsp.responses, der);
    sg_der_init(&in, ocsp.responses, "responses");
    for (; sg_der_more(&in); n++) {
        FUZZ_HOLDS(tok_ocsp_next(&in, &id, &err) == SG_OK);
        fuzz_inside(id.hash, der);
        fuzz_inside(id.name, der);
        fuzz_inside(id.key, der);
    }
    FUZZ_HOLDS(n > 0);
    return 0;
}
