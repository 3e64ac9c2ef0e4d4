/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/helper/guard-names.h"
#include "tests/fuzz/helper.h"

static bool passes(struct sg_slice constraints, const struct tok_tbs *tbs)
{
    const struct tok_names limits = { constraints, "issuer's" };
    struct sg_err err = { 0 };

    if (tok_names_check(&limits, tbs, &err) == SG_OK)
        return true;
    fuzz_refused(&err);
    return false;
}

/* Two parts: the content of NameConstraints and of GeneralNames; what is left
 * is the subject. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sg_slice in = SG_SLICE(data, size);
    struct sg_slice constraints = fuzz_part(&in);
    struct tok_tbs tbs = { .san = fuzz_part(&in), .subject = in };
    struct sg_err err = { 0 };

    bool readable = tok_names_readable(constraints, &err) == SG_OK;
    if (!readable)
        fuzz_refused(&err);
    if (tbs.san.len == 0)
        tbs.san.p = NULL; /* as tok_tbs_parse() leaves it */
    bool ok = passes(constraints, &tbs);
    /* What passes some constraints passes when there are none. */
    if (ok && readable)
        FUZZ_HOLDS(passes(SG_SLICE(NULL, 0), &tbs));
    /* A CA's common name is no host: it passes wherever a leaf does. */
    tbs.is_ca = true;
    FUZZ_HOLDS(!ok || passes(constraints, &tbs));
    return 0;
}
