/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/package.h"
#include "ceremony/plan-int.h"
#include "common/clock.h"
#include "common/parse.h"

#define WORK_MAX ((size_t)4 << 20) /* bytes of all rows */

static void put_row(void *arg, const char *title, const char *text)
{
    cer_html_row(arg, title, text);
}

static void put_cell(struct cer_html *w, const char *text)
{
    cer_html_raw(w, "<td>");
    cer_html_text(w, text);
    cer_html_raw(w, "</td>");
}

static void put_crl(struct cer_html *w, const struct cer_ledger_row *row,
                    const uint8_t tbs_sha256[32])
{
    char from[SG_TIME_TEXT_MAX];
    char by[SG_TIME_TEXT_MAX];
    char until[SG_TIME_TEXT_MAX];
    char hash[65];

    cer_html_raw(w, "<tr><td>");
    cer_html_text(w, row->number);
    cer_html_raw(w, "<br>");
    cer_html_text(w, row->file);
    cer_html_raw(w, "</td>");
    put_cell(w, sg_time_text(row->this_update, from));
    put_cell(w, sg_time_text(row->publish_by, by));
    put_cell(w, sg_time_text(row->next_update, until));
    cer_html_raw(w, "</tr>\n<tr><td class=\"key\">TBS SHA-256</td>"
                    "<td colspan=\"3\"><code>");
    cer_html_text(w, sg_hex(SG_SLICE(tbs_sha256, 32), hash, sizeof(hash)));
    cer_html_raw(w, "</code></td></tr>\n");
}

enum sg_rc cer_package_page(struct cer_html *w, const struct cer_plan *plan,
                            struct sg_err *err)
{
    SG_CLEANUP(sg_arena_done) struct sg_arena arena;
    struct cer_ledger ledger = { 0 };

    sg_arena_init(&arena, WORK_MAX);
    if (plan->type != CER_TYPE_CRL)
        return SG_OK;
    SG_TRY(cer_package_rows(plan, NULL, &arena, &ledger, err));
    cer_html_raw(w, "<h2>When to publish</h2>\n<dl>");
    cer_past_tell(&plan->past, put_row, w);
    cer_html_raw(w, "</dl>\n<table><tr><th>CRL</th><th>from</th><th>by</th>"
                    "<th>good until</th></tr>\n");
    for (size_t i = 0; i < ledger.n; i++)
        put_crl(w, &ledger.row[i], plan->sign[i].sha256);
    cer_html_raw(w, "</table>\n");
    return SG_OK;
}
