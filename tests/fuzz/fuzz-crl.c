/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "ca/crl.h"
#include "common/parse.h"

#define ARENA_MAX ((size_t)4 << 20)

static void message_is_sound(const struct sg_err *err)
{
    FUZZ_HOLDS(err->rc == SG_FORMAT || err->rc == SG_POLICY
               || err->rc == SG_LIMIT);
    FUZZ_HOLDS(strncmp(err->msg, "crl", 3) == 0);
    FUZZ_HOLDS(sg_is_utf8(sg_slice_str(err->msg)));
}

static bool inside(struct sg_slice part, struct sg_slice whole)
{
    return part.p >= whole.p && part.len <= whole.len
           && (size_t)(part.p - whole.p) <= whole.len - part.len;
}

/* What the reader promises about a list that it takes. */
static void list_is_sound(const struct ca_crl *crl)
{
    FUZZ_HOLDS(crl->this_update < crl->next_update);
    FUZZ_HOLDS(inside(crl->tbs, crl->der) && inside(crl->issuer, crl->tbs)
               && inside(crl->aki, crl->tbs) && inside(crl->number, crl->tbs));
    FUZZ_HOLDS(crl->number.len > 0 && crl->number.len <= 20);
    for (size_t i = 0; i < crl->n_revoked; i++) {
        const struct ca_revoked *revoked = &crl->revoked[i];

        FUZZ_HOLDS(inside(revoked->serial, crl->tbs));
        FUZZ_HOLDS(revoked->serial.len > 0 && revoked->serial.len <= 20);
        FUZZ_HOLDS(strcmp(ca_reason_name(revoked->reason), "unknown") != 0);
        FUZZ_HOLDS(revoked->reason != CA_REASON_REMOVE_FROM_CRL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SG_CLEANUP(sg_arena_done) struct sg_arena arena;
    struct ca_crl crl = { 0 };
    struct sg_err err = { 0 };

    sg_arena_init(&arena, ARENA_MAX);
    if (ca_crl_parse(&arena, SG_SLICE(data, size), &crl, &err) != SG_OK)
        message_is_sound(&err);
    else
        list_is_sound(&crl);
    return 0;
}
