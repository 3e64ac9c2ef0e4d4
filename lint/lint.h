/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_LINT_LINT_H
#define SG_LINT_LINT_H

/* The linter: what is wrong with a certificate, a chain or a CRL, rule by rule.
 * It walks the DER itself and shares nothing with the encoder in ca/, so that
 * a fault there is seen here. Pure: no I/O, no threads, the date is an
 * argument. Slices must outlive the report's use of them only during the call:
 * a report owns its texts. */

#include "common/buf.h"

enum lint_severity {
    LINT_OFF, /* the rule does not bind in this profile */
    LINT_NOTICE,
    LINT_WARN,
    LINT_ERROR
};
const char *lint_severity_name(enum lint_severity severity);

enum lint_profile {
    LINT_PROFILE_UNSET,
    LINT_PROFILE_PRIVATE,   /* RFC 5280 and good sense */
    LINT_PROFILE_PUBLIC_TLS /* and the CA/Browser Forum's requirements */
};
enum sg_rc lint_profile_parse(const char *text, enum lint_profile *ret,
                              struct sg_err *err);
const char *lint_profile_name(enum lint_profile profile);

/* What kind of object a rule is about; also what the linter took it for. */
enum lint_kind {
    LINT_KIND_ROOT = 1 << 0,
    LINT_KIND_SUB_CA = 1 << 1,
    LINT_KIND_LEAF = 1 << 2,
    LINT_KIND_OCSP = 1 << 3, /* OCSP responder certificate */
    LINT_KIND_CRL = 1 << 4,
    LINT_KIND_PAIR = 1 << 5 /* a certificate and its issuer */
};
const char *lint_kind_name(enum lint_kind kind);

/* One row of the rule table. */
struct lint_rule {
    const char *id;     /* "ca_basic_constraints_critical" */
    const char *source; /* "RFC 5280 4.2.1.9" */
    enum lint_severity severity_private;
    enum lint_severity severity_public;
    int64_t from, until; /* the rule binds objects made in [from, until) */
    unsigned kinds;      /* enum lint_kind bits */
};

#define LINT_TEXT_MAX 256
#define LINT_FINDINGS_MAX 128
struct lint_finding {
    const struct lint_rule *rule;
    enum lint_severity severity;
    unsigned index; /* in a chain: which certificate, 0 = the first given */
    char text[LINT_TEXT_MAX];
};
struct lint_report {
    struct lint_finding finding[LINT_FINDINGS_MAX];
    size_t n;
    size_t dropped; /* findings past the maximum */
    size_t rules_run;
};
/* Empty it for the next object; cheaper than clearing the texts. */
static inline void lint_report_reset(struct lint_report *report)
{
    report->n = 0;
    report->dropped = 0;
    report->rules_run = 0;
}
/* The worst severity found; LINT_OFF when there is nothing. */
enum lint_severity lint_worst(const struct lint_report *report);
/* The first finding of this severity or worse as "rule: text (source)". */
void lint_first(const struct lint_report *report, enum lint_severity severity,
                char *dst, size_t size);

struct lint_options {
    enum lint_profile profile;
    /* Rules are those of this date; 0: the date the object says it was made
     * (notBefore, thisUpdate). */
    int64_t date;
    int64_t at; /* certificates must be valid then; 0: any day will do */
    bool technically_constrained; /* hold name constraints to BR 7.1.2.5 */
    bool signing;                 /* date is the moment of signing */
    bool keys_checked; /* public keys have been judged: skip what is costly */
};

/* Each appends to *report (zero it first) and never fails: an object that
 * cannot be walked is a finding ("der_malformed"). */
void lint_certificate(struct sg_slice der, const struct lint_options *options,
                      struct lint_report *report);
/* Before the token sees it: a TBSCertificate without a signature. */
void lint_tbs(struct sg_slice tbs, const struct lint_options *options,
              struct lint_report *report);
/* Leaf or CA first, root last: every certificate, then every pair. With
 * tbs_first the first one is a TBSCertificate. */
void lint_chain(const struct sg_slice *chain, size_t n, bool tbs_first,
                const struct lint_options *options, struct lint_report *report);
/* issuer may be empty: then signature and key identifier are not compared. */
void lint_crl(struct sg_slice der, struct sg_slice issuer,
              const struct lint_options *options, struct lint_report *report);

/* Every rule there is, for "signet cert lint --rules" and the documentation.
 * Calls fn once for each. */
void lint_each_rule(void (*fn)(void *arg, const struct lint_rule *rule),
                    void *arg);

/* The date of the rule set's newest row, for plans and transcripts. */
#define LINT_RULES_VERSION "2026-11-22"

#endif
