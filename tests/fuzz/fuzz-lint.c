/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "common/parse.h"
#include "lint/lint.h"

/* Findings go to terminals, logs and JSON. */
static void report_is_sound(const struct lint_report *report)
{
    FUZZ_HOLDS(report->n <= LINT_FINDINGS_MAX);
    FUZZ_HOLDS(report->dropped == 0 || report->n == LINT_FINDINGS_MAX);
    for (size_t i = 0; i < report->n; i++) {
        const struct lint_finding *finding = &report->finding[i];
        FUZZ_HOLDS(finding->rule != NULL && finding->severity != LINT_OFF);
        FUZZ_HOLDS(finding->text[0] != '\0');
        FUZZ_HOLDS(strlen(finding->text) < LINT_TEXT_MAX);
        FUZZ_HOLDS(sg_is_utf8(sg_slice_str(finding->text)));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct lint_report report;
    struct sg_slice bytes = SG_SLICE(data, size);
    struct sg_slice chain[] = { bytes, bytes };
    const enum lint_profile profiles[] = { LINT_PROFILE_PRIVATE,
                                           LINT_PROFILE_PUBLIC_TLS };

    for (size_t i = 0; i < SG_ARRAY_LEN(profiles); i++) {
        const struct lint_options options = { .profile = profiles[i],
                                              .date = (int64_t)i * 1795000000,
                                              .signing = true,
                                              .technically_constrained = true };
        lint_report_reset(&report);
        lint_certificate(bytes, &options, &report);
        report_is_sound(&report);
        lint_report_reset(&report);
        lint_chain(chain, SG_ARRAY_LEN(chain), false, &options, &report);
        report_is_sound(&report);
        lint_report_reset(&report);
        lint_tbs(bytes, &options, &report);
        lint_crl(bytes, SG_SLICE(data, 0), &options, &report);
        report_is_sound(&report);
    }
    return 0;
}
