/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "ceremony/plan.h"
#include "common/parse.h"

#define ARENA_MAX ((size_t)64 << 20) /* CER_PLAN_MAX, read and copied */

/* A plan from a stranger's memory stick: either no plan, said in words, or one
 * whose octets are the only ones that say it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SG_CLEANUP(sg_arena_done) struct sg_arena arena;
    static struct lint_report report;
    struct cer_plan plan;
    struct sg_err err = { 0 };
    uint8_t hash[32];

    sg_arena_init(&arena, ARENA_MAX);
    if (cer_plan_parse(SG_SLICE(data, size), &arena, &plan, &err) != SG_OK) {
        FUZZ_HOLDS(err.rc == SG_FORMAT);
        FUZZ_HOLDS(strncmp(err.msg, "plan: ", 6) == 0);
        FUZZ_HOLDS(sg_is_utf8(sg_slice_str(err.msg)));
        return 0;
    }
    FUZZ_HOLDS(sg_slice_eq(plan.json, SG_SLICE(data, size)));
    FUZZ_HOLDS(cer_sha256(plan.json, hash, &err) == SG_OK
               && memcmp(hash, plan.sha256, sizeof(hash)) == 0);
    FUZZ_HOLDS(plan.window_from < plan.window_until
               && plan.approvals_needed <= plan.n_approvers
               && (plan.type == CER_TYPE_KEY) == (plan.n_sign == 0));
    memset(&report, 0, sizeof(report));
    cer_plan_lint(&plan, plan.lint_date, &report);
    return 0;
}
