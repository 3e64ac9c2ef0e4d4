/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "ceremony/request.h"
#include "common/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cer_request *request = NULL;
    struct sg_err err = { 0 };

    if (cer_request_parse(SG_SLICE(data, size), "r.yaml", &request, &err)
        != SG_OK) {
        FUZZ_HOLDS(err.rc == SG_CONFIG && request == NULL);
        FUZZ_HOLDS(strncmp(err.msg, "r.yaml:", 7) == 0);
        FUZZ_HOLDS(sg_is_utf8(sg_slice_str(err.msg)));
        return 0;
    }
    /* What every type needs is there. */
    FUZZ_HOLDS(request->kind >= CER_TYPE_KEY && request->kind <= CER_TYPE_CRL);
    FUZZ_HOLDS(request->title != NULL && request->requester != NULL
               && request->window->until != NULL
               && request->token->label != NULL && request->key->label != NULL);
    FUZZ_HOLDS((request->kind == CER_TYPE_KEY) == (request->guard != NULL));
    cer_request_free(request);
    return 0;
}
