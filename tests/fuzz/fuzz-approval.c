/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "ceremony/approval.h"
#include "common/parse.h"

#define ARENA_MAX ((size_t)1 << 20)

/* Ed25519 keys that nobody has: of the RFC 8032 7.1 tests 1 and 2. */
static const uint8_t ADA[] = {
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21,
    0x00, 0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b,
    0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a, 0x0e, 0xe1, 0x72, 0xf3, 0xda,
    0xa6, 0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a,
};
static const uint8_t RITA[] = {
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21,
    0x00, 0x3d, 0x40, 0x17, 0xc3, 0xe8, 0x43, 0x89, 0x5a, 0x92, 0xb7,
    0x0a, 0xa7, 0x4d, 0x1b, 0x7e, 0xbc, 0x9c, 0x98, 0x2c, 0xcf, 0x2e,
    0xc4, 0x96, 0x8c, 0xc0, 0xcd, 0x55, 0xf1, 0x2a, 0xf4, 0x66, 0x0c,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SG_CLEANUP(sg_arena_done) struct sg_arena arena;
    struct cer_approval got = { 0 };
    struct sg_err err = { 0 };
    const struct cer_plan plan = {
        .type = CER_TYPE_ROOT,
        .id = "5f0c3d0e-6a57-4a9c-9f6e-6a3b9c1d2e4f",
        .created = 1790000000,
        .requester = { "Rita", SG_SLICE(RITA, sizeof(RITA)) },
        .approver = { { "Ada", SG_SLICE(ADA, sizeof(ADA)) } },
        .n_approvers = 1,
        .approvals_needed = 1,
    };

    sg_arena_init(&arena, ARENA_MAX);
    if (cer_approval_check(&plan, SG_SLICE(data, size), &arena, &got, &err)
        == SG_OK) {
        FUZZ_HOLDS(got.approver == 0 && strcmp(got.name, "Ada") == 0);
        FUZZ_HOLDS(got.time >= plan.created);
        FUZZ_HOLDS(cer_approvals_enough(&plan, &got, 1, &err) == SG_OK);
        return 0;
    }
    FUZZ_HOLDS(err.rc == SG_FORMAT || err.rc == SG_DENIED || err.rc == SG_LIMIT
               || err.rc == SG_POLICY);
    FUZZ_HOLDS(strncmp(err.msg, "approval", 8) == 0);
    FUZZ_HOLDS(sg_is_utf8(sg_slice_str(err.msg)));
    return 0;
}
