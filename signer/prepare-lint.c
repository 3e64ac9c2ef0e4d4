/* SPDX-License-Identifier: Apache-2.0 */
#include "common/log.h"
#include "signer/prepare-int.h"

/* The linter shares no code with the encoder: what it finds after every rule of
 * ours has passed is a fault of ours, but for the rules of the public TLS
 * profile, which a role may well let a requester break. */

enum sg_rc srv_prep_lint(struct srv_prep *p)
{
    static _Thread_local struct lint_report report;
    const struct srv_issuer *issuer = p->args->issuer;
    const struct lint_options options = {
        .profile = issuer->lint_profile,
        .date = p->args->now,
        .signing = true,
        .keys_checked = true, /* by the CSR's walk, or made here */
    };
    char text[LINT_TEXT_MAX + 128];
    char quoted[SG_LOG_VALUE_MAX];

    lint_report_reset(&report);
    lint_tbs(sg_buf_slice(&p->job->tbs), &options, &report);
    if (lint_worst(&report) < LINT_ERROR)
        return SG_OK;
    lint_first(&report, LINT_ERROR, text, sizeof(text));
    if (issuer->lint_profile == LINT_PROFILE_PUBLIC_TLS)
        return sg_err_set(p->err, SG_POLICY,
                          "issuer %s: the certificate would break %s",
                          issuer->name, text);
    sg_log(SG_LOG_ERR, "lint_found", "issuer=%s finding=%s", issuer->name,
           sg_log_quote(text, quoted, sizeof(quoted)));
    return sg_err_set(p->err, SG_BUG, "lint: %s", text);
}
