/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/svg.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/parse.h"

#define WIDTH 720
#define STEP 28 /* each level is set in by this much */
#define GAP 22
#define PAD 12
#define LINE 17
#define LINES_MAX 8
#define LINE_MAX_OCTETS 400
#define SHOWN_SUBTREES 5
/* Letters that fit between the borders; what is longer is cut. */
#define FIT(level) (100 - 4 * (int)(level))

/* One box. */
struct box {
    char line[LINES_MAX][LINE_MAX_OCTETS];
    size_t n;
    bool is_new;
};

SG_PRINTF(2, 3)
static void add_line(struct box *box, const char *fmt, ...)
{
    va_list ap;

    if (box->n == LINES_MAX)
        return;
    va_start(ap, fmt);
    (void)vsnprintf(box->line[box->n++], LINE_MAX_OCTETS, fmt, ap);
    va_end(ap);
}

/* Octets of the first max characters of a UTF-8 text. */
static size_t fitting(const char *text, int max)
{
    size_t i = 0;

    for (int n = 0; text[i] != '\0' && n < max; n++) {
        i++;
        while (((uint8_t)text[i] & 0xc0) == 0x80)
            i++;
    }
    return i;
}

static int height_of(const struct box *box)
{
    return 2 * PAD + LINE * (int)box->n;
}

static void put_box(struct cer_html *w, const struct box *box, size_t level,
                    int y)
{
    int x = 2 + STEP * (int)level;
    int right = WIDTH - 2;

    if (level > 0)
        cer_html_rawf(w,
                      "<path class=\"edge\" d=\"M%d %dv%dh%d\"/>"
                      "<path class=\"tip\" d=\"M%d %dl-7-4v8z\"/>\n",
                      x - STEP + 12, y - GAP, GAP + 20, STEP - 16, x, y + 20);
    cer_html_rawf(w,
                  "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%d\" "
                  "height=\"%d\" rx=\"5\"/>\n",
                  box->is_new ? "new" : "old", x, y, right - x, height_of(box));
    if (box->is_new)
        cer_html_rawf(w,
                      "<text class=\"mark\" x=\"%d\" y=\"%d\" "
                      "text-anchor=\"end\">new</text>\n",
                      right - PAD, y + PAD + 13);
    for (size_t i = 0; i < box->n; i++) {
        int max = FIT(level) - (i == 0 ? 18 : 0); /* the first is bold */
        size_t len = fitting(box->line[i], max);
        cer_html_rawf(w, "<text class=\"%s\" x=\"%d\" y=\"%d\">",
                      i == 0 ? "name" : "line", x + PAD,
                      y + PAD + 13 + LINE * (int)i);
        cer_html_slice(w, SG_SLICE((const uint8_t *)box->line[i], len));
        cer_html_raw(w, box->line[i][len] != '\0' ? "…</text>\n" : "</text>\n");
    }
}

static void add_subtrees(struct box *box, const char *what,
                         const struct ca_subtrees *trees)
{
    char list[LINE_MAX_OCTETS] = "";
    char one[128];
    size_t used = 0;

    if (trees->n == 0)
        return;
    for (size_t i = 0; i < trees->n && i < SHOWN_SUBTREES; i++) {
        const char *text = ca_subtree_text(&trees->tree[i], one, sizeof(one));
        int n = snprintf(list + used, sizeof(list) - used, "%s%s",
                         i > 0 ? ", " : "", *text != '\0' ? text : "all DNS");
        if (n < 0 || (size_t)n >= sizeof(list) - used)
            break;
        used += (size_t)n;
    }
    if (trees->n > SHOWN_SUBTREES)
        add_line(box, "%s %s and %zu more", what, list,
                 trees->n - SHOWN_SUBTREES);
    else
        add_line(box, "%s %s", what, list);
}

static void fill_certificate(const struct ca_cert *cert, struct box *box)
{
    char text[1024];
    char from[SG_TIME_TEXT_MAX];
    char until[SG_TIME_TEXT_MAX];

    add_line(box, "%.380s", ca_dn_text(cert->subject, text, sizeof(text)));
    add_line(box, "key identifier %s",
             cert->ski.len > 0 ? sg_hex_colons(cert->ski, text, sizeof(text))
                               : "none");
    add_line(box, "valid %s – %s", sg_time_text(cert->not_before, from),
             sg_time_text(cert->not_after, until));
    if (!cert->is_ca)
        add_line(box, "%s, no CA", ca_key_kind_name(cert->spki.kind));
    else if (cert->has_path_length)
        add_line(box, "%s, CA, path length %u",
                 ca_key_kind_name(cert->spki.kind), cert->path_length);
    else
        add_line(box, "%s, CA, any path length",
                 ca_key_kind_name(cert->spki.kind));
    if (cert->has_constraints) {
        add_subtrees(box, "permitted:", &cert->constraints.permitted);
        add_subtrees(box, "excluded:", &cert->constraints.excluded);
    }
}

static const char *text_of(json_object *content, const char *key)
{
    json_object *value = NULL;

    if (!json_object_object_get_ex(content, key, &value) || value == NULL)
        return "?";
    return json_object_get_string(value);
}

/* A key, a request or a CRL: what the plan says of it. */
static void fill_other(const struct cer_plan *plan, json_object *content,
                       struct box *box)
{
    json_object *list = NULL;

    if (plan->type == CER_TYPE_KEY) {
        add_line(box, "key “%s”", plan->key.label);
        add_line(box, "%s in token “%s”", tok_key_type_name(plan->key.type),
                 plan->key.token_label);
    } else if (plan->type == CER_TYPE_CSR) {
        add_line(box, "request for %.370s", text_of(content, "subject"));
        add_line(box, "%s, key SHA-256 %.64s", text_of(content, "key"),
                 text_of(content, "key_sha256"));
    } else {
        size_t n = json_object_object_get_ex(content, "revoked", &list)
                       ? json_object_array_length(list)
                       : 0;
        if (cer_plan_is_package(plan))
            add_line(box, "the first of %zu CRLs", plan->n_sign);
        add_line(box, "CRL number %s (hex)", text_of(content, "number"));
        add_line(box, "this update %s", text_of(content, "this_update"));
        add_line(box, "next update %s", text_of(content, "next_update"));
        add_line(box, "%zu revoked", n);
    }
}

static bool is_certificate(enum cer_type type)
{
    return type != CER_TYPE_KEY && type != CER_TYPE_CSR && type != CER_TYPE_CRL;
}

static enum sg_rc fill(const struct cer_plan *plan, size_t level,
                       json_object *content, struct box *box,
                       struct sg_err *err)
{
    SG_CLEANUP(sg_arena_done) struct sg_arena arena;
    struct ca_cert cert;

    sg_arena_init(&arena, (size_t)1024 * 1024);
    *box = (struct box){ .is_new = level == plan->n_chain };
    if (level < plan->n_chain) {
        SG_TRY(ca_cert_parse(&arena, plan->chain[plan->n_chain - 1 - level],
                             &cert, err));
        fill_certificate(&cert, box);
    } else if (is_certificate(plan->type)) {
        SG_TRY(ca_cert_parse_tbs(&arena, plan->sign[0].der, &cert, err));
        fill_certificate(&cert, box);
    } else {
        fill_other(plan, content, box);
    }
    return SG_OK;
}

enum sg_rc cer_svg_hierarchy(struct cer_html *w, const struct cer_plan *plan,
                             json_object *content, struct sg_err *err)
{
    struct box box;
    int height = 2;

    for (size_t i = 0; i <= plan->n_chain; i++) {
        SG_TRY(fill(plan, i, content, &box, err));
        height += height_of(&box) + (i < plan->n_chain ? GAP : 2);
    }
    cer_html_rawf(w,
                  "<svg class=\"tree\" viewBox=\"0 0 %d %d\" role=\"img\">"
                  "<title>Hierarchy</title>\n",
                  WIDTH, height);
    int y = 2;
    for (size_t i = 0; i <= plan->n_chain; i++) {
        SG_TRY(fill(plan, i, content, &box, err));
        put_box(w, &box, i, y);
        y += height_of(&box) + GAP;
    }
    cer_html_raw(w, "</svg>\n");
    return SG_OK;
}
