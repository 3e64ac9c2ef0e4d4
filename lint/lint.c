/* SPDX-License-Identifier: Apache-2.0 */
#include "lint/lint.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lint/crl-view.h"
#include "lint/rules.h"

#define CHAIN_MAX 16

static const struct lint_rule MALFORMED = { .id = "der_malformed",
                                            .source = "X.690, RFC 5280 4.1",
                                            .severity_private = LINT_ERROR,
                                            .severity_public = LINT_ERROR };
static const struct lint_rule CHAIN_LENGTH = { .id = "chain_length",
                                               .source = "limit of this linter",
                                               .severity_private = LINT_ERROR,
                                               .severity_public = LINT_ERROR };

const char *lint_severity_name(enum lint_severity severity)
{
    switch (severity) {
    case LINT_OFF:
        return "ok";
    case LINT_NOTICE:
        return "notice";
    case LINT_WARN:
        return "warning";
    case LINT_ERROR:
        return "error";
    }
    return "?";
}

const char *lint_profile_name(enum lint_profile profile)
{
    switch (profile) {
    case LINT_PROFILE_PRIVATE:
        return "private";
    case LINT_PROFILE_PUBLIC_TLS:
        return "public-tls";
    case LINT_PROFILE_UNSET:
        break;
    }
    return "?";
}

enum sg_rc lint_profile_parse(const char *text, enum lint_profile *ret,
                              struct sg_err *err)
{
    if (strcmp(text, "private") == 0)
        *ret = LINT_PROFILE_PRIVATE;
    else if (strcmp(text, "public-tls") == 0)
        *ret = LINT_PROFILE_PUBLIC_TLS;
    else
        return sg_err_set(err, SG_USAGE,
                          "profile \"%s\": must be private or public-tls",
                          text);
    return SG_OK;
}

const char *lint_kind_name(enum lint_kind kind)
{
    switch (kind) {
    case LINT_KIND_ROOT:
        return "root";
    case LINT_KIND_SUB_CA:
        return "intermediate";
    case LINT_KIND_LEAF:
        return "leaf";
    case LINT_KIND_OCSP:
        return "ocsp-responder";
    case LINT_KIND_CRL:
        return "crl";
    case LINT_KIND_PAIR:
        return "pair";
    }
    return "?";
}

SG_PRINTF(2, 0)
static void add_finding(struct lint_job *job, const char *fmt, va_list ap)
{
    struct lint_report *report = job->report;

    if (report->n == LINT_FINDINGS_MAX) {
        report->dropped++;
        return;
    }
    struct lint_finding *finding = &report->finding[report->n++];
    finding->rule = job->rule;
    finding->severity = job->severity;
    finding->index = job->index;
    (void)vsnprintf(finding->text, sizeof(finding->text), fmt, ap);
}

void lint_say(struct lint_job *job, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    add_finding(job, fmt, ap);
    va_end(ap);
}

enum lint_severity lint_worst(const struct lint_report *report)
{
    enum lint_severity worst = LINT_OFF;

    for (size_t i = 0; i < report->n; i++)
        if (report->finding[i].severity > worst)
            worst = report->finding[i].severity;
    return worst;
}

void lint_first(const struct lint_report *report, enum lint_severity severity,
                char *dst, size_t size)
{
    dst[0] = '\0';
    for (size_t i = 0; i < report->n; i++) {
        const struct lint_finding *finding = &report->finding[i];
        if (finding->severity < severity)
            continue;
        (void)snprintf(dst, size, "%s: %s (%s)", finding->rule->id,
                       finding->text, finding->rule->source);
        return;
    }
}

static void malformed(struct lint_job *job, const struct sg_err *err)
{
    job->rule = &MALFORMED;
    job->severity = LINT_ERROR;
    lint_say(job, "%s", err->msg);
}

/* Every row that is about this kind of object and binds at this date. */
static void run_rules(struct lint_job *job, enum lint_kind kind)
{
    for (size_t i = 0; i < LINT_ROWS_COUNT; i++) {
        const struct lint_rule *rule = &LINT_ROWS[i].rule;
        enum lint_severity severity =
            job->options->profile == LINT_PROFILE_PUBLIC_TLS
                ? rule->severity_public
                : rule->severity_private;

        if ((rule->kinds & kind) == 0 || severity == LINT_OFF)
            continue;
        if (job->date < rule->from
            || (rule->until != 0 && job->date >= rule->until))
            continue;
        if (LINT_ROWS[i].about_key && job->options->keys_checked)
            continue;
        job->rule = rule;
        job->severity = severity;
        job->report->rules_run++;
        LINT_ROWS[i].check(job);
    }
}

static void check_certificate(struct lint_job *job,
                              const struct lint_cert *cert)
{
    job->cert = cert;
    job->date =
        job->options->date != 0 ? job->options->date : cert->not_before.t;
    run_rules(job, cert->kind);
}

static bool view(struct lint_job *job, struct sg_slice bytes, bool is_tbs,
                 struct lint_cert *ret)
{
    struct sg_err err = { 0 };
    enum sg_rc rc = is_tbs ? lint_view_tbs(bytes, ret, &err)
                           : lint_view_certificate(bytes, ret, &err);

    if (rc != SG_OK)
        malformed(job, &err);
    return rc == SG_OK;
}

static void lint_one(struct sg_slice bytes, bool is_tbs,
                     const struct lint_options *options,
                     struct lint_report *report)
{
    struct lint_job job = { .options = options, .report = report };
    struct lint_cert cert;

    if (view(&job, bytes, is_tbs, &cert))
        check_certificate(&job, &cert);
}

void lint_certificate(struct sg_slice der, const struct lint_options *options,
                      struct lint_report *report)
{
    lint_one(der, false, options, report);
}

void lint_tbs(struct sg_slice tbs, const struct lint_options *options,
              struct lint_report *report)
{
    lint_one(tbs, true, options, report);
}

static void check_pairs(struct lint_job *job, const struct lint_cert *chain,
                        size_t n)
{
    job->chain = chain;
    job->n_chain = n;
    for (size_t i = 0; i + 1 < n; i++) {
        job->index = (unsigned)i;
        job->cert = &chain[i];
        job->issuer = &chain[i + 1];
        job->date = job->options->date != 0 ? job->options->date
                                            : chain[i].not_before.t;
        run_rules(job, LINT_KIND_PAIR);
    }
}

void lint_chain(const struct sg_slice *chain, size_t n, bool tbs_first,
                const struct lint_options *options, struct lint_report *report)
{
    struct lint_job job = { .options = options, .report = report };
    static _Thread_local struct lint_cert certs[CHAIN_MAX];
    bool whole = true;

    if (n > CHAIN_MAX) {
        job.rule = &CHAIN_LENGTH;
        job.severity = LINT_ERROR;
        lint_say(&job, "%zu certificates; at most %d are looked at", n,
                 CHAIN_MAX);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        job.index = (unsigned)i;
        if (!view(&job, chain[i], tbs_first && i == 0, &certs[i])) {
            whole = false;
            continue;
        }
        check_certificate(&job, &certs[i]);
    }
    if (whole)
        check_pairs(&job, certs, n);
}

void lint_crl(struct sg_slice der, struct sg_slice issuer,
              const struct lint_options *options, struct lint_report *report)
{
    struct lint_job job = { .options = options, .report = report };
    static _Thread_local struct lint_cert issuer_cert;
    struct lint_crl_view crl;
    struct sg_err err = { 0 };

    if (lint_view_crl(der, &crl, &err) != SG_OK) {
        malformed(&job, &err);
        return;
    }
    if (issuer.len > 0) {
        if (!view(&job, issuer, false, &issuer_cert))
            return;
        job.issuer = &issuer_cert;
    }
    job.crl = &crl;
    job.date = options->date != 0 ? options->date : crl.this_update.t;
    run_rules(&job, LINT_KIND_CRL);
}

void lint_each_rule(void (*fn)(void *arg, const struct lint_rule *rule),
                    void *arg)
{
    fn(arg, &MALFORMED);
    fn(arg, &CHAIN_LENGTH);
    for (size_t i = 0; i < LINT_ROWS_COUNT; i++)
        fn(arg, &LINT_ROWS[i].rule);
}
