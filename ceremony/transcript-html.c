/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "ceremony/html.h"
#include "ceremony/json.h"
#include "ceremony/package.h"
#include "ceremony/plan-int.h"
#include "ceremony/svg.h"
#include "ceremony/transcript.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/parse.h"

#define QR_FILE_MAX 2048 /* bytes; larger files would fill pages with codes */
#define TEXT_MAX 256
#define FILES_BYTES_MAX ((size_t)256 * 1024 * 1024) /* with a large CRL twice */

/* What is being written, and from what. */
struct page {
    struct cer_html w;
    const struct cer_transcript *transcript;
    const struct cer_plan *plan;
    const struct cer_page_file *file;
    size_t n_files;
};

/* Everything stands in the page itself: it must look the same on a machine
 * without a network, and after twenty years. */
static const char STYLE[] =
    "@page{size:A4;margin:16mm 15mm 18mm;"
    "@bottom-right{content:counter(page) ' of ' counter(pages);"
    "font:8.5pt 'Liberation Sans',Arial,sans-serif;color:#4a6078}}"
    "*{box-sizing:border-box}"
    "body{font:10.5pt/1.45 'Liberation Sans',Arial,Helvetica,sans-serif;"
    "color:#16202c;max-width:182mm;margin:10mm auto;padding:0 4mm}"
    "header{border-bottom:2.5pt solid #16324f;padding-bottom:4mm;"
    "margin-bottom:5mm}"
    ".kicker{color:#4a6078;font-size:9pt;letter-spacing:.08em;"
    "text-transform:uppercase}"
    "h1{font-size:21pt;line-height:1.2;margin:1mm 0 2mm}"
    "h2{font-size:13pt;color:#16324f;margin:8mm 0 2.5mm;"
    "border-bottom:.6pt solid #b8c4d0;padding-bottom:1mm;break-after:avoid}"
    ".state{display:inline-block;font-size:9.5pt;font-weight:bold;"
    "padding:.6mm 2.6mm;border-radius:1mm;border:.8pt solid}"
    ".done{color:#0b5a2b;border-color:#0b5a2b}"
    ".open{color:#96200f;border-color:#96200f}"
    "dl{display:grid;grid-template-columns:44mm 1fr;gap:.8mm 4mm;margin:0}"
    "dl dl{grid-template-columns:minmax(22mm,max-content) 1fr}"
    "dt{color:#4a6078}dd{margin:0;overflow-wrap:anywhere}"
    "dd ul,li ul{margin:0;padding-left:4.5mm}"
    "code{font:8.6pt/1.4 'Liberation Mono','DejaVu Sans Mono',monospace;"
    "overflow-wrap:anywhere}"
    ".words{font-size:9.5pt;color:#5b3a00;margin-top:.4mm}"
    ".none{color:#7b8794}"
    "table{width:100%;border-collapse:collapse;font-size:9.5pt}"
    "th{text-align:left;color:#4a6078;font-weight:normal;"
    "border-bottom:.8pt solid #16324f;padding:1mm 2mm 1mm 0}"
    "td{vertical-align:top;padding:1.4mm 2mm 1.4mm 0;"
    "border-bottom:.4pt solid #d5dde5;overflow-wrap:anywhere}"
    "table.files tr,.codes figure,section,svg.tree,h2+dl dd"
    "{break-inside:avoid}"
    "table.files tr:first-child{break-after:avoid}"
    "table.files td:first-child{width:46mm}.key{color:#4a6078}"
    "td.time{white-space:nowrap;width:39mm;color:#4a6078}"
    "td.seq{width:9mm;color:#4a6078}td.event{width:25mm;font-weight:bold}"
    "td dl{grid-template-columns:minmax(22mm,max-content) 1fr;gap:.3mm 3mm}"
    "td blockquote{margin:0;padding-left:3mm;border-left:1.6pt solid #b8c4d0}"
    ".answer{font-weight:bold}"
    "svg.tree{width:100%;height:auto;display:block}"
    "svg.tree rect{fill:#f5f8fb;stroke:#7d93a8;stroke-width:1.2}"
    "svg.tree rect.new{fill:#fff8ea;stroke:#a86500;stroke-width:2.4}"
    "svg.tree text{font-size:12px;fill:#33475b}"
    "svg.tree .name{font-size:13px;font-weight:bold;fill:#16202c}"
    "svg.tree .mark{font-weight:bold;fill:#a86500}"
    "svg.tree .edge{fill:none;stroke:#7d93a8;stroke-width:1.4}"
    "svg.tree .tip{fill:#7d93a8}"
    ".codes{display:flex;flex-wrap:wrap;gap:5mm 7mm}"
    ".codes figure{margin:0;width:54mm}"
    "svg.qr{width:54mm;height:54mm;display:block}"
    "figcaption{font-size:8.5pt;color:#4a6078;text-align:center;"
    "overflow-wrap:anywhere}"
    ".sign{display:grid;grid-template-columns:1fr 1fr;gap:11mm 10mm;"
    "margin-top:13mm}"
    ".sign div{border-top:.8pt solid #16202c;padding-top:1mm;font-size:9pt}"
    "footer{margin-top:9mm;border-top:.6pt solid #b8c4d0;padding-top:2mm;"
    "font-size:8.5pt;color:#4a6078}"
    "@media print{body{margin:0;padding:0;max-width:none}"
    "*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}";

static void heading(struct page *p, const char *text)
{
    cer_html_raw(&p->w, "<h2>");
    cer_html_text(&p->w, text);
    cer_html_raw(&p->w, "</h2>\n");
}

/* A member as text; "" when there is none. */
static const char *member(json_object *line, const char *key)
{
    json_object *value = NULL;

    if (line == NULL || !json_object_object_get_ex(line, key, &value)
        || value == NULL)
        return "";
    return json_object_get_string(value);
}

static json_object *newest(const struct page *p, const char *event)
{
    return cer_transcript_find(p->transcript, event);
}

static void row_hash(struct page *p, const char *name, const uint8_t hash[32])
{
    cer_html_raw(&p->w, "<dt>");
    cer_html_text(&p->w, name);
    cer_html_raw(&p->w, "</dt><dd>");
    cer_html_hash(&p->w, SG_SLICE(hash, 32));
    cer_html_raw(&p->w, "</dd>\n");
}

static void row_time(struct page *p, const char *name, int64_t time)
{
    char text[SG_TIME_TEXT_MAX];

    cer_html_row(&p->w, name, sg_time_text(time, text));
}

static void put_head(struct page *p)
{
    bool done = newest(p, "closed") != NULL;

    cer_html_raw(&p->w, "<!DOCTYPE html>\n<html lang=\"en\"><head>"
                        "<meta charset=\"utf-8\">"
                        "<meta http-equiv=\"Content-Security-Policy\" "
                        "content=\"default-src 'none'; "
                        "style-src 'unsafe-inline'\">"
                        "<meta name=\"viewport\" "
                        "content=\"width=device-width\"><title>");
    cer_html_text(&p->w, p->plan->title);
    cer_html_raw(&p->w, " – ceremony transcript</title>\n<style>");
    cer_html_raw(&p->w, STYLE);
    /* on each sheet: they are printed one by one, and fall off tables */
    cer_html_raw(&p->w, "@page{@bottom-left{content:'Plan ");
    cer_html_text(&p->w, p->plan->id);
    cer_html_raw(&p->w, "';font:8.5pt 'Liberation Sans',Arial,sans-serif;"
                        "color:#4a6078}}");
    cer_html_raw(&p->w, "</style></head>\n<body>\n<header>"
                        "<div class=\"kicker\">Ceremony transcript · ");
    cer_html_text(&p->w, cer_type_name(p->plan->type));
    cer_html_raw(&p->w, "</div><h1>");
    cer_html_text(&p->w, p->plan->title);
    cer_html_raw(&p->w, "</h1>");
    cer_html_raw(&p->w, done ? "<span class=\"state done\">completed</span>"
                             : "<span class=\"state open\">not "
                               "completed</span>");
    cer_html_raw(&p->w, "</header>\n");
}

static void put_people(struct page *p)
{
    const struct cer_plan *plan = p->plan;
    json_object *list = NULL;
    json_object *line = newest(p, "approvals");

    cer_html_row(&p->w, "Asked for by", plan->requester.name);
    cer_html_raw(&p->w, "<dt>May approve</dt><dd>");
    for (size_t i = 0; i < plan->n_approvers; i++) {
        cer_html_raw(&p->w, i > 0 ? ", " : "");
        cer_html_text(&p->w, plan->approver[i].name);
    }
    cer_html_rawf(&p->w, "%s(%zu needed)</dd>\n",
                  plan->n_approvers > 0 ? " " : "", plan->approvals_needed);
    cer_html_raw(&p->w, "<dt>Approved by</dt><dd>");
    if (line != NULL && json_object_object_get_ex(line, "approvals", &list)
        && json_object_array_length(list) > 0) {
        for (size_t i = 0; i < json_object_array_length(list); i++) {
            json_object *one = json_object_array_get_idx(list, i);
            cer_html_raw(&p->w, "<div>");
            cer_html_text(&p->w, member(one, "name"));
            cer_html_raw(&p->w, ", ");
            cer_html_text(&p->w, member(one, "time"));
            cer_html_raw(&p->w, "</div>");
        }
    } else {
        cer_html_raw(&p->w, "<span class=\"none\">nobody</span>");
    }
    cer_html_raw(&p->w, "</dd>\n");
}

static void put_summary(struct page *p)
{
    const struct cer_plan *plan = p->plan;
    json_object *closed = newest(p, "closed");

    heading(p, "Plan and people");
    cer_html_raw(&p->w, "<dl>");
    cer_html_row(&p->w, "Plan", plan->id);
    row_hash(p, "SHA-256 of the plan", plan->sha256);
    put_people(p);
    row_time(p, "Planned", plan->created);
    row_time(p, "Window from", plan->window_from);
    row_time(p, "Window until", plan->window_until);
    cer_html_row(&p->w, "Begun",
                 member(cer_transcript_line(p->transcript, 0), "time"));
    cer_html_row(&p->w, "Completed",
                 closed != NULL ? member(closed, "time") : "–");
    for (size_t i = 0; i < plan->n_warnings; i++)
        cer_html_row(&p->w, "Warning", plan->warning[i]);
    cer_html_raw(&p->w, "</dl>\n");
}

static void put_row(void *arg, const char *title, const char *text)
{
    struct page *p = arg;

    cer_html_row(&p->w, title, text);
}

/* What is signed, and the signatures; of several, one hash over all and each in
 * a table of its own. */
static void put_signature(struct page *p)
{
    const struct cer_plan *plan = p->plan;
    json_object *line = cer_transcript_signed(p->transcript, 0);

    row_hash(p, "SHA-256 to be signed", plan->tbs_sha256);
    cer_html_row(&p->w, "Algorithm", ca_sigalg_name(plan->alg));
    if (!cer_plan_is_package(plan))
        cer_html_row(&p->w, "Signature (base64)",
                     line != NULL ? member(line, "signature") : "not made");
    else
        cer_html_rawf(&p->w,
                      "<dt>Signatures</dt><dd>%zu, each over the hash below; "
                      "the one above is over these hashes</dd>\n",
                      plan->n_sign);
}

static enum sg_rc put_signed(struct page *p, struct sg_err *err)
{
    SG_CLEANUP(cer_json_free) json_object *says = NULL;
    const struct cer_plan *plan = p->plan;

    if (plan->type != CER_TYPE_KEY)
        SG_TRY(cer_describe(plan, 0, &says, err));
    heading(p, "Hierarchy");
    SG_TRY(cer_svg_hierarchy(&p->w, plan, says, err));
    heading(p,
            plan->type == CER_TYPE_KEY ? "What was made" : "What was signed");
    cer_html_raw(&p->w, "<dl>");
    cer_html_row(&p->w, "Key", plan->key.label);
    cer_html_row(&p->w, "Key type", tok_key_type_name(plan->key.type));
    if (plan->type != CER_TYPE_KEY)
        put_signature(p);
    else
        SG_TRY(cer_guard_tell(&plan->key.guard, put_row, p, err));
    cer_html_raw(&p->w, "</dl>\n");
    if (says == NULL)
        return SG_OK;
    SG_TRY(cer_package_page(&p->w, plan, err));
    heading(p, cer_plan_is_package(plan) ? "What the first one says"
                                         : "What it says");
    cer_html_json(&p->w, says);
    return SG_OK;
}

/* What every line has. */
static bool is_frame(const char *key)
{
    return strcmp(key, "seq") == 0 || strcmp(key, "prev") == 0
           || strcmp(key, "time") == 0 || strcmp(key, "event") == 0;
}

/* The other members of a line, one below the other. */
static void put_members(struct page *p, json_object *line)
{
    cer_html_raw(&p->w, "<dl>");
    json_object_object_foreach(line, key, value)
    {
        if (!is_frame(key))
            cer_html_json_row(&p->w, key, value);
    }
    cer_html_raw(&p->w, "</dl>\n");
}

static void put_tools(struct page *p)
{
    json_object *line = newest(p, "environment");

    heading(p, "Token and programs");
    if (line != NULL)
        put_members(p, line);
    else
        cer_html_raw(&p->w, "<p class=\"none\">The token was not opened.</p>");
}

static void put_inputs(struct page *p)
{
    heading(p, "Inputs");
    if (p->plan->n_inputs == 0) {
        cer_html_raw(&p->w, "<p class=\"none\">none</p>\n");
        return;
    }
    cer_html_raw(
        &p->w,
        "<table class=\"files\"><tr><th>File</th><th>SHA-256</th></tr>\n");
    for (size_t i = 0; i < p->plan->n_inputs; i++) {
        const struct cer_input *input = &p->plan->input[i];
        cer_html_raw(&p->w, "<tr><td>");
        cer_html_text(&p->w, input->role);
        cer_html_raw(&p->w, "<br>");
        cer_html_text(&p->w, input->path);
        cer_html_raw(&p->w, "</td><td>");
        cer_html_hash(&p->w, SG_SLICE(input->sha256, 32));
        cer_html_raw(&p->w, "</td></tr>\n");
    }
    cer_html_raw(&p->w, "</table>\n");
}

static void put_step(struct page *p, json_object *line)
{
    cer_html_raw(&p->w, "<tr><td class=\"seq\">");
    cer_html_text(&p->w, member(line, "seq"));
    cer_html_raw(&p->w, "</td><td class=\"time\">");
    cer_html_text(&p->w, member(line, "time"));
    cer_html_raw(&p->w, "</td><td class=\"event\">");
    cer_html_text(&p->w, member(line, "event"));
    cer_html_raw(&p->w, "</td><td>");
    if (strcmp(member(line, "event"), "confirmed") == 0) {
        cer_html_raw(&p->w, "<blockquote>");
        cer_html_text(&p->w, member(line, "prompt"));
        cer_html_raw(&p->w, "</blockquote>answer: <span class=\"answer\">");
        cer_html_text(&p->w, member(line, "answer"));
        cer_html_raw(&p->w, "</span>");
    } else {
        put_members(p, line);
    }
    cer_html_raw(&p->w, "</td></tr>\n");
}

static void put_steps(struct page *p)
{
    heading(p, "What happened");
    cer_html_raw(&p->w, "<table><tr><th></th><th>Time (UTC)</th><th>Step</th>"
                        "<th></th></tr>\n");
    for (size_t i = 0; i < cer_transcript_count(p->transcript); i++)
        put_step(p, cer_transcript_line(p->transcript, i));
    cer_html_raw(&p->w, "</table>\n");
}

static void put_findings(struct page *p)
{
    json_object *line = newest(p, "linted");
    json_object *list = NULL;

    if (line == NULL)
        line = newest(p, "checked");
    if (line == NULL)
        return;
    heading(p, "Linter");
    cer_html_raw(&p->w, "<p>");
    cer_html_text(&p->w, member(line, "rules_run"));
    cer_html_raw(&p->w, " rules, set of ");
    cer_html_text(&p->w, p->plan->lint_version);
    cer_html_raw(&p->w, ".</p>\n");
    if (!json_object_object_get_ex(line, "findings", &list)
        || json_object_array_length(list) == 0) {
        cer_html_raw(&p->w, "<p>No findings.</p>\n");
        return;
    }
    cer_html_json(&p->w, list);
}

static enum sg_rc put_files(struct page *p, struct sg_err *err)
{
    uint8_t hash[32];

    if (p->n_files == 0)
        return SG_OK;
    heading(p, "Files");
    cer_html_raw(
        &p->w,
        "<table class=\"files\"><tr><th>File</th><th>SHA-256</th></tr>\n");
    for (size_t i = 0; i < p->n_files; i++) {
        SG_TRY(cer_sha256(p->file[i].bytes, hash, err));
        cer_html_raw(&p->w, "<tr><td>");
        cer_html_text(&p->w, p->file[i].name);
        cer_html_rawf(&p->w, "<br>%zu bytes</td><td>", p->file[i].bytes.len);
        cer_html_hash(&p->w, SG_SLICE(hash, 32));
        cer_html_raw(&p->w, "</td></tr>\n");
    }
    cer_html_raw(&p->w, "</table>\n");
    return SG_OK;
}

static void put_code(struct page *p, struct sg_slice bytes, const char *name,
                     size_t i, size_t n)
{
    cer_html_raw(&p->w, "<figure>");
    cer_html_qr(&p->w, bytes);
    cer_html_raw(&p->w, "<figcaption>");
    cer_html_text(&p->w, name);
    if (n > 1)
        cer_html_rawf(&p->w, ", %zu of %zu", i + 1, n);
    cer_html_raw(&p->w, "</figcaption></figure>\n");
}

/* Binary files as base64: scanners give text. */
static enum sg_rc put_file_codes(struct page *p,
                                 const struct cer_page_file *file,
                                 struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf text;
    struct sg_slice left = file->bytes;
    char name[TEXT_MAX];

    (void)snprintf(name, sizeof(name), "%s", file->name);
    sg_buf_init(&text, (size_t)2 * QR_FILE_MAX);
    if (left.len == 0 || left.len > QR_FILE_MAX)
        return SG_OK;
    if (!sg_is_utf8(left)) {
        SG_TRY(sg_base64_encode(left, &text, err));
        left = sg_buf_slice(&text);
        (void)snprintf(name, sizeof(name), "%s in base64", file->name);
    }
    size_t n = (left.len + CER_QR_MAX - 1) / CER_QR_MAX;
    for (size_t i = 0; i < n; i++) {
        size_t len = left.len < CER_QR_MAX ? left.len : CER_QR_MAX;
        put_code(p, SG_SLICE(left.p, len), name, i, n);
        left = SG_SLICE(left.p + len, left.len - len);
    }
    return SG_OK;
}

static enum sg_rc put_codes(struct page *p, struct sg_err *err)
{
    char text[TEXT_MAX];
    char hash[65];

    heading(p, "As QR codes");
    cer_html_raw(&p->w, "<div class=\"codes\">\n");
    (void)snprintf(text, sizeof(text), "signet plan %.64s sha256 %s",
                   p->plan->id,
                   sg_hex(SG_SLICE(p->plan->sha256, 32), hash, sizeof(hash)));
    put_code(p, sg_slice_str(text), "hash of the plan", 0, 1);
    /* Of a package the codes would fill a book. */
    for (size_t i = 0; i < p->n_files && !cer_plan_is_package(p->plan); i++)
        SG_TRY(put_file_codes(p, &p->file[i], err));
    cer_html_raw(&p->w, "</div>\n");
    return SG_OK;
}

/* Paper wants names on it, below a hash that says of what. */
static enum sg_rc put_foot(struct page *p, struct sg_err *err)
{
    uint8_t hash[32];

    SG_TRY(cer_transcript_sha256(p->transcript, hash, err));
    cer_html_raw(&p->w, "<section>");
    heading(p, "Signed by those present");
    cer_html_raw(&p->w, "<dl>");
    row_hash(p, "SHA-256 of the transcript", hash);
    cer_html_raw(&p->w, "</dl>\n<div class=\"sign\">");
    cer_html_raw(&p->w, "<div>");
    cer_html_text(&p->w, p->plan->requester.name);
    cer_html_raw(&p->w, ", date</div>");
    for (size_t i = 0; i < p->plan->n_approvers; i++) {
        cer_html_raw(&p->w, "<div>");
        cer_html_text(&p->w, p->plan->approver[i].name);
        cer_html_raw(&p->w, ", date</div>");
    }
    cer_html_raw(&p->w, "<div>Witness, date</div></div></section>\n<footer>");
    cer_html_text(&p->w, "Made from " CER_FILE_TRANSCRIPT
                         ", whose lines are chained by their hashes. "
                         "“signet ceremony verify” replays it. Words are "
                         "those of the PGP word list.");
    cer_html_raw(&p->w, "</footer>\n</body></html>\n");
    return SG_OK;
}

enum sg_rc cer_transcript_html(const struct cer_transcript *transcript,
                               const struct cer_plan *plan,
                               const struct cer_page_file *file, size_t n_files,
                               struct sg_buf *out, struct sg_err *err)
{
    struct page page = {
        .transcript = transcript, .plan = plan, .file = file, .n_files = n_files
    };
    struct page *p = &page;

    cer_html_init(&p->w, out);
    put_head(p);
    put_summary(p);
    SG_TRY(put_signed(p, err));
    put_tools(p);
    put_inputs(p);
    put_findings(p);
    put_steps(p);
    SG_TRY(put_files(p, err));
    SG_TRY(put_codes(p, err));
    SG_TRY(put_foot(p, err));
    return cer_html_finish(&p->w, err);
}

/* --- into the folder ---------------------------------------------------------- */

static enum sg_rc read_one(const char *dir, json_object *row,
                           struct sg_arena *arena, struct cer_page_file *ret,
                           struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf bytes;
    char path[SG_FILE_PATH_MAX];

    sg_buf_init(&bytes, FILES_BYTES_MAX);
    ret->name = sg_arena_strdup(arena, member(row, "name"));
    if (ret->name == NULL)
        return sg_err_set(err, SG_NOMEM, "page");
    SG_TRY(sg_file_path(dir, ret->name, path, err));
    SG_TRY(sg_file_read(path, &bytes, err));
    ret->bytes = sg_arena_copy(arena, sg_buf_slice(&bytes));
    if (bytes.len > 0 && ret->bytes.p == NULL)
        return sg_err_set(err, SG_NOMEM, "page");
    return SG_OK;
}

static enum sg_rc read_files(const char *dir,
                             const struct cer_transcript *transcript,
                             struct sg_arena *arena, struct cer_page_file **ret,
                             size_t *ret_n, struct sg_err *err)
{
    json_object *line = cer_transcript_find(transcript, "written");
    json_object *list = NULL;
    size_t n = line != NULL && json_object_object_get_ex(line, "files", &list)
                   ? json_object_array_length(list)
                   : 0;
    struct cer_page_file *file =
        sg_arena_array(arena, struct cer_page_file, n + 1);

    if (file == NULL)
        return sg_err_set(err, SG_NOMEM, "page");
    for (size_t i = 0; i < n; i++)
        SG_TRY(read_one(dir, json_object_array_get_idx(list, i), arena,
                        &file[i], err));
    *ret = file;
    *ret_n = n;
    return SG_OK;
}

enum sg_rc cer_transcript_write_page(const char *dir,
                                     const struct cer_transcript *transcript,
                                     const struct cer_plan *plan,
                                     struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf page;
    SG_CLEANUP(sg_arena_done) struct sg_arena arena;
    struct cer_page_file *file = NULL;
    char path[SG_FILE_PATH_MAX];
    size_t n = 0;

    sg_buf_init(&page, CER_PAGE_MAX);
    sg_arena_init(&arena, FILES_BYTES_MAX);
    SG_TRY(read_files(dir, transcript, &arena, &file, &n, err));
    SG_TRY(cer_transcript_html(transcript, plan, file, n, &page, err));
    SG_TRY(sg_file_path(dir, CER_FILE_PAGE, path, err));
    return sg_file_write(path, sg_buf_slice(&page), 0644, SG_FILE_REPLACE, err);
}
