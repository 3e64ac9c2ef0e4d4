/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "ceremony/ledger.h"
#include "cli/commands.h"
#include "cli/out.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/parse.h"
#include "common/pem.h"

#define EXPIRED_MAX 4096

struct ledger_args {
    const char *crl, *dir, *last, *issuer;
    struct cli_list expired;
    bool withdraw;
};

static const struct cli_option CHECK_WORDS[] = {
    { .name = "crl",
      CLI_TEXT(struct ledger_args, crl),
      .value = "CRL",
      .required = true,
      .help = "the new list, DER or PEM: a file or a URL" },
};
static const struct cli_option CHECK_OPTIONS[] = {
    { .name = "last",
      CLI_TEXT(struct ledger_args, last),
      .value = "CRL",
      .required = true,
      .help = "the list published last: a file or a URL" },
    { .name = "issuer",
      CLI_TEXT(struct ledger_args, issuer),
      .value = "FILE",
      .help = "the issuer's certificate: check both signatures" },
    { .name = "expired",
      CLI_LIST(struct ledger_args, expired),
      .value = "SERIAL",
      .help = "a certificate that has expired and may be left out, in hex" },
};
static const struct cli_option RECORD_WORDS[] = {
    { .name = "dir",
      CLI_TEXT(struct ledger_args, dir),
      .value = "DIR",
      .required = true,
      .help = "the ledger's folder; made if need be" },
    { .name = "crl",
      CLI_TEXT(struct ledger_args, crl),
      .value = "CRL",
      .required = true,
      .help = "the new list, DER or PEM: a file or a URL" },
};
static const struct cli_option RECORD_OPTIONS[] = {
    { .name = "issuer",
      CLI_TEXT(struct ledger_args, issuer),
      .value = "FILE",
      .required = true,
      .help = "the issuer's certificate" },
    { .name = "expired",
      CLI_LIST(struct ledger_args, expired),
      .value = "SERIAL",
      .help = "a certificate that has expired and may be left out, in hex" },
    { .name = "withdraw",
      CLI_FLAG(struct ledger_args, withdraw),
      .help = "withdraw the CRLs that were signed ahead and would come after "
              "this one" },
};
static const struct cli_option CALENDAR_WORDS[] = {
    { .name = "dir",
      CLI_TEXT(struct ledger_args, dir),
      .value = "DIR",
      .required = true,
      .help = "the ledger's folder" },
};
#define WORDS(rows) \
    { \
        .heading = "Arguments", .positional = true, .option = (rows), \
        .n = SG_ARRAY_LEN(rows) \
    }
#define OPTIONS(rows) \
    { \
        .heading = "Options", .option = (rows), .n = SG_ARRAY_LEN(rows) \
    }
static const struct cli_option_set CHECK_SETS[] = { WORDS(CHECK_WORDS),
                                                    OPTIONS(CHECK_OPTIONS) };
static const struct cli_option_set RECORD_SETS[] = { WORDS(RECORD_WORDS),
                                                     OPTIONS(RECORD_OPTIONS) };
static const struct cli_option_set CALENDAR_SETS[] = { WORDS(CALENDAR_WORDS) };

static enum sg_rc read_expired(const struct cli_list *list,
                               struct sg_arena *arena, struct cer_expired *ret,
                               struct sg_err *err)
{
    struct sg_slice *serial =
        sg_arena_array(arena, struct sg_slice, list->n + 1);

    if (serial == NULL)
        return sg_err_set(err, SG_NOMEM, "--expired");
    if (list->n > EXPIRED_MAX)
        return sg_err_set(err, SG_LIMIT, "--expired: more than %d",
                          EXPIRED_MAX);
    for (size_t i = 0; i < list->n; i++) {
        SG_CLEANUP(sg_buf_done) struct sg_buf bytes;

        sg_buf_init(&bytes, 64);
        if (sg_parse_hex(list->v[i], &bytes, err) != SG_OK)
            return sg_err_wrap(err, "--expired");
        serial[i] = sg_arena_copy(arena, sg_buf_slice(&bytes));
        if (serial[i].p == NULL)
            return sg_err_set(err, SG_USAGE, "--expired: empty");
    }
    *ret = (struct cer_expired){ serial, list->n };
    return SG_OK;
}

static enum sg_rc read_issuer(const char *path, struct sg_arena *arena,
                              struct ca_cert *ret, struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf file;
    SG_CLEANUP(sg_buf_done) struct sg_buf der;

    sg_buf_init(&file, (size_t)4 * CA_CERT_MAX);
    sg_buf_init(&der, CA_CERT_MAX);
    SG_TRY(sg_file_read(path, &file, err));
    if (sg_pem_or_der(sg_buf_slice(&file), "CERTIFICATE", &der, err) != SG_OK)
        return sg_err_wrap(err, "%s", path);
    struct sg_slice copy = sg_arena_copy(arena, sg_buf_slice(&der));
    if (copy.p == NULL)
        return sg_err_set(err, SG_NOMEM, "%s", path);
    if (ca_cert_parse(arena, copy, ret, err) != SG_OK)
        return sg_err_wrap(err, "%s", path);
    return SG_OK;
}

static enum sg_rc read_crl(const char *where, const struct ca_cert *issuer,
                           struct sg_arena *arena, struct ca_crl *ret,
                           struct sg_err *err)
{
    struct sg_slice der = { 0 };

    SG_TRY(cer_ledger_fetch(where, arena, &der, err));
    if (ca_crl_parse(arena, der, ret, err) != SG_OK
        || (issuer != NULL
            && ca_crl_check_signed_by(ret, issuer, err) != SG_OK))
        return sg_err_wrap(err, "%s", where);
    return SG_OK;
}

static struct json_object *crl_json(const struct ca_crl *crl)
{
    struct json_object *json = cli_json_object();
    char issuer[1024];

    cli_put_text(json, "issuer",
                 ca_dn_text(crl->issuer, issuer, sizeof(issuer)));
    cli_put_hex(json, "number", crl->number);
    cli_put_time(json, "this_update", crl->this_update);
    cli_put_time(json, "next_update", crl->next_update);
    cli_put_int(json, "entries", (int64_t)crl->n_revoked);
    return json;
}

static const struct cli_field FIELDS[] = {
    { "issuer", "Issuer" },           { "number", "Number" },
    { "this_update", "This update" }, { "next_update", "Next update" },
    { "entries", "Entries" },         { "file", "File" },
};

static enum sg_rc check(struct cli *cli, const void *opaque, struct sg_err *err)
{
    const struct ledger_args *args = opaque;
    SG_CLEANUP(sg_arena_done) struct sg_arena arena;
    struct cer_expired expired = { 0 };
    struct ca_crl last = { 0 };
    struct ca_crl next = { 0 };

    sg_arena_init(&arena, CER_LEDGER_ARENA_MAX);
    struct ca_cert *issuer = sg_arena_new(&arena, struct ca_cert);
    if (issuer == NULL)
        return sg_err_set(err, SG_NOMEM, "ledger");
    if (args->issuer != NULL)
        SG_TRY(read_issuer(args->issuer, &arena, issuer, err));
    else
        issuer = NULL;
    SG_TRY(read_expired(&args->expired, &arena, &expired, err));
    SG_TRY(read_crl(args->last, issuer, &arena, &last, err));
    SG_TRY(read_crl(args->crl, issuer, &arena, &next, err));
    SG_TRY(cer_ledger_compare(&last, &next, &expired, &arena, err));
    SG_CLEANUP(cli_json_free) struct json_object *json = crl_json(&next);
    cli_print_record(cli, json, FIELDS, SG_ARRAY_LEN(FIELDS));
    return SG_OK;
}

static enum sg_rc record(struct cli *cli, const void *opaque,
                         struct sg_err *err)
{
    const struct ledger_args *args = opaque;
    SG_CLEANUP(sg_arena_done) struct sg_arena arena;
    struct cer_expired expired = { 0 };
    struct ca_crl crl = { 0 };
    char file[CER_LEDGER_FILE_MAX];

    sg_arena_init(&arena, CER_LEDGER_ARENA_MAX);
    struct ca_cert *issuer = sg_arena_new(&arena, struct ca_cert);
    if (issuer == NULL)
        return sg_err_set(err, SG_NOMEM, "ledger");
    SG_TRY(read_issuer(args->issuer, &arena, issuer, err));
    SG_TRY(read_expired(&args->expired, &arena, &expired, err));
    SG_TRY(read_crl(args->crl, issuer, &arena, &crl, err));
    const struct cer_ledger_args ledger = {
        .dir = args->dir,
        .crl = crl.der,
        .issuer = issuer,
        .expired = &expired,
        .withdraw = args->withdraw,
        .now = sg_now(),
    };
    SG_TRY(cer_ledger_record(&ledger, file, err));
    SG_CLEANUP(cli_json_free) struct json_object *json = crl_json(&crl);
    cli_put_text(json, "file", file);
    cli_print_record(cli, json, FIELDS, SG_ARRAY_LEN(FIELDS));
    return SG_OK;
}

/* --- the calendar ---------------------------------------------------------------- */

static enum sg_rc write_ics(const char *dir, const struct cer_ledger *ledger,
                            struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf ics;
    char path[SG_FILE_PATH_MAX];

    sg_buf_init(&ics, (size_t)16 * 1024 * 1024);
    SG_TRY(sg_file_path(dir, CER_FILE_CALENDAR, path, err));
    SG_TRY(cer_ledger_ics(ledger, &ics, err));
    return sg_file_write(path, sg_buf_slice(&ics), 0644, SG_FILE_REPLACE, err);
}

static const char *note_of(const struct cer_ledger_row *row, int64_t now,
                           char *dst, size_t size)
{
    const char *state = row->this_update <= now ? "published" : "signed ahead";

    if (row->withdrawn_by != NULL)
        (void)snprintf(dst, size, "withdrawn by %.48s", row->withdrawn_by);
    else if (row->gap > 0)
        (void)snprintf(dst, size, "%s, gap of %lld s before it", state,
                       (long long)row->gap);
    else
        (void)snprintf(dst, size, "%s", state);
    return dst;
}

static struct json_object *row_json(const struct cer_ledger_row *row,
                                    int64_t now)
{
    struct json_object *json = cli_json_object();
    bool gone = row->withdrawn_by != NULL;
    char hash[65];
    char note[128];

    cli_put_text(json, "number", row->number);
    cli_put_time(json, "publish", row->this_update);
    if (gone)
        cli_put_text(json, "publish_by", "never");
    else
        cli_put_time(json, "publish_by", row->publish_by);
    cli_put_time(json, "good_until", row->next_update);
    cli_put_int(json, "entries", row->entries);
    cli_put_text(json, "file", row->file);
    cli_put_text(json, "sha256",
                 sg_hex(SG_SLICE(row->sha256, 32), hash, sizeof(hash)));
    cli_put_bool(json, "withdrawn", gone);
    cli_put_text(json, "note", note_of(row, now, note, sizeof(note)));
    return json;
}

static enum sg_rc calendar(struct cli *cli, const void *opaque,
                           struct sg_err *err)
{
    const struct ledger_args *args = opaque;
    SG_CLEANUP(sg_arena_done) struct sg_arena arena;
    struct cer_ledger ledger = { 0 };
    static const struct cli_field columns[] = {
        { "number", "NUMBER" },   { "publish", "PUBLISH" },
        { "publish_by", "BY" },   { "good_until", "UNTIL" },
        { "entries", "ENTRIES" }, { "file", "FILE" },
        { "note", "STATE" },
    };

    sg_arena_init(&arena, CER_LEDGER_ARENA_MAX);
    SG_TRY(cer_ledger_read(args->dir, &arena, &ledger, err));
    SG_TRY(cer_ledger_check_files(args->dir, &ledger, err));
    SG_TRY(write_ics(args->dir, &ledger, err));
    SG_CLEANUP(cli_json_free) struct json_object *rows = cli_json_array();
    for (size_t i = 0; i < ledger.n; i++)
        cli_append(rows, row_json(&ledger.row[i], sg_now()));
    cli_print_table(cli, rows, columns, SG_ARRAY_LEN(columns),
                    "no CRL is recorded");
    return SG_OK;
}

static const char *const CHECK_EXAMPLES[] = {
    "signet ceremony ledger check crl.der --last http://crl.example/root.crl",
    NULL,
};
static const char *const RECORD_EXAMPLES[] = {
    "signet ceremony ledger record root-crls/ crl.der --issuer root.pem",
    NULL,
};
static const char *const CALENDAR_EXAMPLES[] = {
    "signet ceremony ledger calendar root-crls/",
    NULL,
};

const struct cli_command CLI_CMD_CEREMONY_LEDGER_CHECK = {
    .name = "ceremony ledger check",
    .summary = "May this CRL follow the one published last?",
    .about = "Refused: a number or thisUpdate that is not greater, another "
             "scope, an entry that is gone. An entry may be left out when its "
             "certificate has expired: name it with --expired.",
    .sets = CHECK_SETS,
    .n_sets = SG_ARRAY_LEN(CHECK_SETS),
    .examples = CHECK_EXAMPLES,
    .args_size = sizeof(struct ledger_args),
    .run = check,
};

const struct cli_command CLI_CMD_CEREMONY_LEDGER_RECORD = {
    .name = "ceremony ledger record",
    .summary = "Put a CRL into the ledger, after the same checks.",
    .about = "The folder keeps every CRL and a chained list of them. A CRL is "
             "held against the one before it, the newest whose thisUpdate is "
             "earlier, and its number against all. \"ceremony execute\" "
             "records what it signs itself.",
    .sets = RECORD_SETS,
    .n_sets = SG_ARRAY_LEN(RECORD_SETS),
    .examples = RECORD_EXAMPLES,
    .args_size = sizeof(struct ledger_args),
    .run = record,
};

const struct cli_command CLI_CMD_CEREMONY_LEDGER_CALENDAR = {
    .name = "ceremony ledger calendar",
    .summary = "Show when to publish each CRL, and write calendar.ics.",
    .about = "A CRL is published from its thisUpdate on, and by the time at "
             "which the one before it runs out. What was withdrawn is "
             "cancelled in calendar.ics.",
    .sets = CALENDAR_SETS,
    .n_sets = SG_ARRAY_LEN(CALENDAR_SETS),
    .examples = CALENDAR_EXAMPLES,
    .args_size = sizeof(struct ledger_args),
    .run = calendar,
};
