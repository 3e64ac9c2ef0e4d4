/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "cli/cert-objects.h"
#include "cli/commands.h"
#include "cli/out.h"
#include "common/clock.h"
#include "common/parse.h"
#include "lint/lint.h"

#define CHAIN_MAX 17 /* one more than the linter looks at: it says so */

struct lint_args {
    struct cli_list files;
    const char *profile, *date, *at, *issuer;
    bool chain, crl, constrained, rules;
};

static const struct cli_option WORDS[] = {
    { .name = "file",
      CLI_LIST(struct lint_args, files),
      .value = "FILE",
      .help = "certificates and CRLs, PEM (any number of blocks) or DER" },
};
static const struct cli_option OPTIONS[] = {
    { .name = "chain",
      CLI_FLAG(struct lint_args, chain),
      .help = "the certificates are one chain, leaf first: look at each and at "
              "every pair" },
    { .name = "crl",
      CLI_FLAG(struct lint_args, crl),
      .help = "files in DER are CRLs; PEM blocks say so themselves" },
    { .name = "issuer",
      CLI_TEXT(struct lint_args, issuer),
      .value = "FILE",
      .help = "the CA certificate of the CRLs; default: the certificate that "
              "follows a CRL in its file" },
    { .name = "profile",
      CLI_TEXT(struct lint_args, profile),
      .value = "NAME",
      .help = "private (default) or public-tls" },
    { .name = "date",
      CLI_TEXT(struct lint_args, date),
      .value = "TIME",
      .help = "the rules of this day, RFC 3339 or \"now\"; default: of the day "
              "that the object itself gives" },
    { .name = "at",
      CLI_TEXT(struct lint_args, at),
      .value = "TIME",
      .help = "certificates must be valid at this time, RFC 3339 or \"now\"; "
              "default: any time will do" },
    { .name = "technically-constrained",
      CLI_FLAG(struct lint_args, constrained),
      .help = "intermediates must be constrained as BR 7.1.2.5 wants" },
    { .name = "rules",
      CLI_FLAG(struct lint_args, rules),
      .help = "show the rules; no FILE is needed" },
};
static const struct cli_option_set SETS[] = {
    { .heading = "Arguments",
      .positional = true,
      .option = WORDS,
      .n = SG_ARRAY_LEN(WORDS) },
    { .heading = "Options", .option = OPTIONS, .n = SG_ARRAY_LEN(OPTIONS) },
};

/* --- the table of rules ---------------------------------------------------- */

static void put_day(struct json_object *row, const char *key, int64_t time)
{
    char text[SG_TIME_TEXT_MAX];

    (void)sg_time_text(time, text);
    text[strcspn(text, "T")] = '\0';
    cli_put_text(row, key, time == 0 ? NULL : text);
}

static void put_kinds(struct json_object *row, unsigned kinds)
{
    char text[128] = "";

    for (unsigned bit = 1; bit <= LINT_KIND_PAIR; bit <<= 1)
        if ((kinds & bit) != 0) {
            size_t len = strlen(text);
            (void)snprintf(text + len, sizeof(text) - len, "%s%s",
                           len > 0 ? "," : "",
                           lint_kind_name((enum lint_kind)bit));
        }
    cli_put_text(row, "about", text[0] != '\0' ? text : "any");
}

static const char *bound(enum lint_severity severity)
{
    return severity == LINT_OFF ? "off" : lint_severity_name(severity);
}

static void add_rule(void *arg, const struct lint_rule *rule)
{
    struct json_object *row = cli_json_object();

    cli_put_text(row, "rule", rule->id);
    cli_put_text(row, "source", rule->source);
    cli_put_text(row, "private", bound(rule->severity_private));
    cli_put_text(row, "public_tls", bound(rule->severity_public));
    put_day(row, "from", rule->from);
    put_day(row, "until", rule->until);
    put_kinds(row, rule->kinds);
    cli_append(arg, row);
}

static void print_rules(const struct cli *cli)
{
    static const struct cli_field columns[] = {
        { "rule", "RULE" },      { "private", "PRIVATE" },
        { "public_tls", "TLS" }, { "from", "FROM" },
        { "until", "UNTIL" },    { "about", "ABOUT" },
        { "source", "SOURCE" },
    };
    SG_CLEANUP(cli_json_free) struct json_object *rows = cli_json_array();

    lint_each_rule(add_rule, rows);
    cli_print_table(cli, rows, columns, SG_ARRAY_LEN(columns), "");
}

/* --- linting ---------------------------------------------------------------- */

struct run {
    const struct cli *cli;
    struct lint_options options;
    const struct cli_objects *objects;
    struct sg_slice issuer; /* empty: none was given */
    struct lint_report report;
    struct json_object *findings; /* NULL: lines for people */
    size_t count[LINT_ERROR + 1];
    size_t looked_at, dropped;
};

static void print_finding(const struct run *run,
                          const struct cli_object *object,
                          const struct lint_finding *finding)
{
    static const char *const colours[] = { "", "\033[36m", "\033[33m",
                                           "\033[31m" };
    bool colour = run->cli->colour;

    cli_print_text(stdout, object->file);
    printf("[%u]: %s%s%s %s: ", object->index,
           colour ? colours[finding->severity] : "",
           lint_severity_name(finding->severity), colour ? "\033[0m" : "",
           finding->rule->id);
    cli_print_text(stdout, finding->text);
    printf(" (%s)\n", finding->rule->source);
}

static void keep_finding(const struct run *run, const struct cli_object *object,
                         const struct lint_finding *finding)
{
    struct json_object *row = cli_json_object();

    cli_put_text(row, "file", object->file);
    cli_put_int(row, "index", object->index);
    cli_put_text(row, "severity", lint_severity_name(finding->severity));
    cli_put_text(row, "rule", finding->rule->id);
    cli_put_text(row, "text", finding->text);
    cli_put_text(row, "source", finding->rule->source);
    cli_append(run->findings, row);
}

/* Findings of the objects from first on, by their place in a chain. */
static void take_report(struct run *run,
                        const struct cli_object *const *objects)
{
    for (size_t i = 0; i < run->report.n; i++) {
        const struct lint_finding *finding = &run->report.finding[i];
        run->count[finding->severity]++;
        if (run->findings != NULL)
            keep_finding(run, objects[finding->index], finding);
        else
            print_finding(run, objects[finding->index], finding);
    }
    run->dropped += run->report.dropped;
    run->report = (struct lint_report){ 0 };
}

/* The certificate right behind the CRL in its file, if there is one. */
static struct sg_slice issuer_of(const struct run *run, size_t i)
{
    const struct cli_objects *objects = run->objects;
    struct sg_slice none = { 0 };

    if (run->issuer.len > 0)
        return run->issuer;
    if (i + 1 == objects->n || objects->v[i + 1].is_crl
        || objects->v[i + 1].file != objects->v[i].file)
        return none;
    return sg_buf_slice(&objects->v[i + 1].der);
}

static void lint_each(struct run *run, bool with_certificates)
{
    for (size_t i = 0; i < run->objects->n; i++) {
        const struct cli_object *object = &run->objects->v[i];
        struct sg_slice der = sg_buf_slice(&object->der);
        if (!object->is_crl && !with_certificates)
            continue;
        if (object->is_crl)
            lint_crl(der, issuer_of(run, i), &run->options, &run->report);
        else
            lint_certificate(der, &run->options, &run->report);
        run->looked_at++;
        take_report(run, &object);
    }
}

static void lint_as_chain(struct run *run)
{
    struct sg_slice chain[CHAIN_MAX];
    const struct cli_object *in_chain[CHAIN_MAX];
    size_t n = 0;

    for (size_t i = 0; i < run->objects->n && n < CHAIN_MAX; i++) {
        const struct cli_object *object = &run->objects->v[i];
        if (object->is_crl)
            continue;
        in_chain[n] = object;
        chain[n++] = sg_buf_slice(&object->der);
    }
    if (n > 0)
        lint_chain(chain, n, false, &run->options, &run->report);
    run->looked_at += n;
    take_report(run, in_chain);
}

static void print_summary(const struct run *run)
{
    printf("objects %zu, profile %s, rules of %s: errors %zu, warnings %zu, "
           "notices %zu\n",
           run->looked_at, lint_profile_name(run->options.profile),
           LINT_RULES_VERSION, run->count[LINT_ERROR], run->count[LINT_WARN],
           run->count[LINT_NOTICE]);
    if (run->dropped > 0)
        printf("%zu more findings are not shown\n", run->dropped);
}

static void print_json(struct run *run)
{
    SG_CLEANUP(cli_json_free) struct json_object *all = cli_json_object();

    cli_put_text(all, "profile", lint_profile_name(run->options.profile));
    cli_put_text(all, "rules_version", LINT_RULES_VERSION);
    cli_put_int(all, "objects", (int64_t)run->looked_at);
    cli_put_int(all, "errors", (int64_t)run->count[LINT_ERROR]);
    cli_put_int(all, "warnings", (int64_t)run->count[LINT_WARN]);
    cli_put_int(all, "notices", (int64_t)run->count[LINT_NOTICE]);
    cli_put_int(all, "dropped", (int64_t)run->dropped);
    cli_put(all, "findings", run->findings);
    run->findings = NULL;
    cli_print_record(run->cli, all, NULL, 0);
}

/* --- the command ------------------------------------------------------------- */

static enum sg_rc read_time(const char *text, const char *option, int64_t *ret,
                            struct sg_err *err)
{
    if (text == NULL)
        return SG_OK;
    if (strcmp(text, "now") == 0) {
        *ret = sg_now();
        return SG_OK;
    }
    if (sg_parse_time(text, ret, err) == SG_OK)
        return SG_OK;
    err->rc = SG_USAGE;
    return sg_err_wrap(err, "%s", option);
}

static enum sg_rc read_options(const struct lint_args *args,
                               struct lint_options *ret, struct sg_err *err)
{
    const char *profile = args->profile != NULL ? args->profile : "private";

    if (lint_profile_parse(profile, &ret->profile, err) != SG_OK)
        return sg_err_wrap(err, "--profile");
    SG_TRY(read_time(args->date, "--date", &ret->date, err));
    SG_TRY(read_time(args->at, "--at", &ret->at, err));
    ret->technically_constrained = args->constrained;
    return SG_OK;
}

static enum sg_rc read_files(const struct lint_args *args,
                             struct cli_objects *objects, struct sg_err *err)
{
    for (size_t i = 0; i < args->files.n; i++)
        SG_TRY(cli_objects_read(objects, args->files.v[i], args->crl, err));
    return SG_OK;
}

static enum sg_rc lint_files(struct cli *cli, const struct lint_args *args,
                             struct run *run, struct sg_err *err)
{
    SG_CLEANUP(cli_objects_done) struct cli_objects objects = { 0 };
    SG_CLEANUP(cli_objects_done) struct cli_objects issuer = { 0 };

    SG_TRY(read_options(args, &run->options, err));
    SG_TRY(read_files(args, &objects, err));
    if (args->issuer != NULL) {
        SG_TRY(cli_objects_read(&issuer, args->issuer, false, err));
        if (issuer.v[0].is_crl)
            return sg_err_set(err, SG_USAGE, "--issuer %s: is a CRL",
                              args->issuer);
        run->issuer = sg_buf_slice(&issuer.v[0].der);
    }
    run->objects = &objects;
    if (cli->json)
        run->findings = cli_json_array();
    if (args->chain)
        lint_as_chain(run);
    lint_each(run, !args->chain);
    if (cli->json)
        print_json(run);
    else
        print_summary(run);
    if (run->count[LINT_ERROR] > 0)
        return sg_err_set(err, SG_POLICY, "findings at level error: %zu",
                          run->count[LINT_ERROR]);
    return SG_OK;
}

static enum sg_rc run_lint(struct cli *cli, const void *opaque,
                           struct sg_err *err)
{
    const struct lint_args *args = opaque;
    struct run *run = NULL;

    if (args->rules) {
        print_rules(cli);
        return SG_OK;
    }
    if (args->files.n == 0)
        return sg_err_set(err, SG_USAGE, "FILE is missing");
    run = calloc(1, sizeof(*run));
    if (run == NULL)
        return sg_err_set(err, SG_NOMEM, "report");
    run->cli = cli;
    enum sg_rc rc = lint_files(cli, args, run, err);
    free(run);
    return rc;
}

static const char *const EXAMPLES[] = {
    "signet cert lint --chain --at now leaf.pem issuing.pem root.pem",
    "signet cert lint --profile public-tls --date now issuing.pem",
    "signet cert lint --issuer issuing.pem issuing.crl",
    "signet cert lint --rules",
    NULL,
};

const struct cli_command CLI_CMD_CERT_LINT = {
    .name = "cert lint",
    .summary = "Hold certificates and CRLs against the rules.",
    .about = "One line for each finding: the file, the object's place in it, "
             "how bad it is, the rule and its source. The exit code is 0 when "
             "no finding is an error, and 65 otherwise.",
    .sets = SETS,
    .n_sets = SG_ARRAY_LEN(SETS),
    .examples = EXAMPLES,
    .args_size = sizeof(struct lint_args),
    .run = run_lint,
};
