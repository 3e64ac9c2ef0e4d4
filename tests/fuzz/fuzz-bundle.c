/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "ceremony/bundle.h"
#include "common/parse.h"

#define ARENA_MAX ((size_t)64 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SG_CLEANUP(sg_arena_done) struct sg_arena arena;
    SG_CLEANUP(sg_buf_done) struct sg_buf again;
    static struct cer_bundle bundle;
    struct sg_err err = { 0 };

    sg_arena_init(&arena, ARENA_MAX);
    sg_buf_init(&again, CER_BUNDLE_MAX);
    if (cer_bundle_parse(SG_SLICE(data, size), &arena, &bundle, &err)
        != SG_OK) {
        FUZZ_HOLDS(err.rc == SG_FORMAT || err.rc == SG_LIMIT);
        FUZZ_HOLDS(strncmp(err.msg, "bundle", 6) == 0);
        FUZZ_HOLDS(sg_is_utf8(sg_slice_str(err.msg)));
        return 0;
    }
    FUZZ_HOLDS(bundle.n > 0);
    for (size_t i = 0; i < bundle.n; i++) {
        const char *name = bundle.file[i].name;
        FUZZ_HOLDS(cer_bundle_check_name(name, &err) == SG_OK);
        FUZZ_HOLDS(name[0] != '/' && name[0] != '.');
        FUZZ_HOLDS(strstr(name, "/.") == NULL);
    }
    FUZZ_HOLDS(cer_bundle_encode(&bundle, &again, &err) == SG_OK);
    FUZZ_HOLDS(sg_slice_eq(sg_buf_slice(&again), SG_SLICE(data, size)));
    return 0;
}
