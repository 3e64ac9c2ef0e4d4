/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/issuer-lint.h"

#include "common/log.h"

static void lint_issuer(const struct srv_issuer *issuer, int64_t now,
                        struct lint_report *report)
{
    const struct lint_options options = { .profile = issuer->lint_profile,
                                          .date = now };
    struct sg_slice chain[CA_CHAIN_MAX];
    size_t n = ca_issuer_chain_len(issuer->ca);

    for (size_t i = 0; i < n; i++)
        chain[i] = ca_issuer_chain(issuer->ca, i)->der;
    lint_report_reset(report);
    lint_chain(chain, n, false, &options, report);
}

static void log_findings(const struct srv_issuer *issuer,
                         const struct lint_report *report)
{
    char text[SG_LOG_VALUE_MAX];

    for (size_t i = 0; i < report->n; i++) {
        const struct lint_finding *finding = &report->finding[i];
        sg_log(finding->severity == LINT_NOTICE ? SG_LOG_INFO : SG_LOG_WARN,
               "issuer_lint",
               "issuer=%s certificate=%u severity=%s rule=%s text=%s",
               issuer->name, finding->index,
               lint_severity_name(finding->severity), finding->rule->id,
               sg_log_quote(finding->text, text, sizeof(text)));
    }
}

enum sg_rc srv_issuer_lint(const struct srv_issuer *issuer, int64_t now,
                           bool say_more, struct sg_err *err)
{
    static _Thread_local struct lint_report report;

    lint_issuer(issuer, now, &report);
    for (size_t i = 0; i < report.n; i++) {
        const struct lint_finding *finding = &report.finding[i];
        if (finding->severity == LINT_ERROR)
            return sg_err_set(
                err, SG_POLICY,
                "certificate %u of the chain breaks %s: %s (%s; rules of %s)",
                finding->index, finding->rule->id, finding->text,
                finding->rule->source, lint_profile_name(issuer->lint_profile));
    }
    if (say_more)
        log_findings(issuer, &report);
    return SG_OK;
}
