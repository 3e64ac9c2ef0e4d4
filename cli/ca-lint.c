/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ca-make.h"
#include "common/clock.h"
#include "lint/lint.h"

/* The linter shares no code with what made the bytes. */
enum sg_rc cli_ca_lint(const struct ca_issuer *issuer, struct sg_slice tbs,
                       struct sg_err *err)
{
    static struct lint_report report;
    const struct lint_options options = { .profile = LINT_PROFILE_PRIVATE,
                                          .date = sg_now(),
                                          .signing = true };
    struct sg_slice chain[CA_CHAIN_MAX + 1] = { tbs };
    size_t n = 1;
    char text[LINT_TEXT_MAX + 128];

    for (size_t i = 0; issuer != NULL && i < ca_issuer_chain_len(issuer); i++)
        chain[n++] = ca_issuer_chain(issuer, i)->der;
    lint_report_reset(&report);
    lint_chain(chain, n, true, &options, &report);
    if (lint_worst(&report) < LINT_ERROR)
        return SG_OK;
    lint_first(&report, LINT_ERROR, text, sizeof(text));
    return sg_err_set(err, SG_POLICY, "the linter refuses: %s", text);
}
