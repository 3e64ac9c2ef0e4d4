/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/room.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ceremony/room-int.h"
#include "common/clock.h"
#include "common/parse.h"

#define INDENT_MAX 3
#define WORDS_A_LINE 4

void cer_say(const struct cer_room *room, const char *fmt, ...)
{
    char text[1024];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    room->say(room->arg, text);
}

const char *cer_first_word(const uint8_t hash[static 32],
                           char dst[CER_ANSWER_MAX])
{
    char words[CER_WORDS_MAX];

    (void)cer_words(SG_SLICE(hash, 1), words, sizeof(words));
    (void)snprintf(dst, CER_ANSWER_MAX, "%.*s", (int)strcspn(words, " "),
                   words);
    return dst;
}

const char *cer_file_word(const char *name, char *dst, size_t size)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
    size_t n = 0;

    for (; name[n] != '\0' && n + 1 < size; n++)
        dst[n] = (char)(strchr(plain, name[n]) != NULL ? name[n] : '-');
    dst[n] = '\0';
    if (n > 0 && dst[0] == '.') /* no hidden file, no parent folder */
        dst[0] = '-';
    return dst;
}

void cer_say_hash(const struct cer_room *room, const char *title,
                  const uint8_t hash[static 32])
{
    char hex[2 * WORDS_A_LINE + 1];
    char words[CER_WORDS_MAX];

    for (size_t at = 0; at < 32; at += WORDS_A_LINE) {
        struct sg_slice part = SG_SLICE(hash + at, WORDS_A_LINE);
        cer_say(room, "%-*s %s  %s\n", CER_TITLE_WIDTH, at == 0 ? title : "",
                sg_hex(part, hex, sizeof(hex)),
                cer_words(part, words, sizeof(words)));
    }
}

void cer_say_findings(const struct cer_room *room,
                      const struct lint_report *report, int64_t date)
{
    char day[SG_TIME_TEXT_MAX];

    (void)sg_time_text(date, day);
    day[strcspn(day, "T")] = '\0';
    if (report->n == 0)
        cer_say(room, "%-*s rules of %s: nothing found\n", CER_TITLE_WIDTH,
                "Lint", day);
    for (size_t i = 0; i < report->n; i++) {
        const struct lint_finding *f = &report->finding[i];
        cer_say(room, "%-*s %s: %s: %s (%s)\n", CER_TITLE_WIDTH,
                i == 0 ? "Lint" : "", lint_severity_name(f->severity),
                f->rule->id, f->text, f->rule->source);
    }
    if (report->dropped > 0)
        cer_say(room, "%-*s and %zu more\n", CER_TITLE_WIDTH, "",
                report->dropped);
}

/* --- what the TBS says, from its JSON ---------------------------------------- */

/* A scalar, or an object that has a name. Nothing is cut: this is what people
 * approve. */
static void say_entry(const struct cer_room *room, json_object *entry)
{
    json_object *name;
    json_object *critical;

    if (json_object_is_type(entry, json_type_null)) {
        room->say(room->arg, "none");
    } else if (json_object_is_type(entry, json_type_boolean)) {
        room->say(room->arg, json_object_get_boolean(entry) ? "yes" : "no");
    } else if (json_object_is_type(entry, json_type_object)
               && json_object_object_get_ex(entry, "name", &name)) {
        room->say(room->arg, json_object_get_string(name));
        if (json_object_object_get_ex(entry, "critical", &critical)
            && json_object_get_boolean(critical))
            room->say(room->arg, " (critical)");
    } else if (json_object_is_type(entry, json_type_string)) {
        room->say(room->arg, json_object_get_string(entry));
    } else {
        room->say(room->arg, json_object_to_json_string_ext(
                                 entry, JSON_C_TO_STRING_NOSLASHESCAPE));
    }
}

/* A revoked certificate takes a line of its own. */
static bool is_revoked(json_object *entry)
{
    return json_object_is_type(entry, json_type_object)
           && json_object_object_get_ex(entry, "reason", NULL);
}

static void say_revoked(const struct cer_room *room, json_object *entry)
{
    json_object *serial = NULL;
    json_object *date = NULL;
    json_object *reason = NULL;

    (void)json_object_object_get_ex(entry, "serial", &serial);
    (void)json_object_object_get_ex(entry, "date", &date);
    (void)json_object_object_get_ex(entry, "reason", &reason);
    cer_say(room, "%s at %s, %s", json_object_get_string(serial),
            json_object_get_string(date), json_object_get_string(reason));
}

/* One member. Objects inside are shown by whoever walks, a level deeper. */
void cer_say_member(const struct cer_room *room, const char *key,
                    json_object *value, unsigned indent)
{
    char title[CER_TITLE_MAX];
    int in = (int)(2 * indent);

    (void)cer_key_title(key, title);
    cer_say(room, "%*s%-*s ", in, "", CER_TITLE_WIDTH - in, title);
    if (json_object_is_type(value, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(value); i++) {
            json_object *one = json_object_array_get_idx(value, i);
            if (is_revoked(one) && i > 0)
                cer_say(room, "\n%-*s ", CER_TITLE_WIDTH, "");
            else if (i > 0)
                room->say(room->arg, ", ");
            if (is_revoked(one))
                say_revoked(room, one);
            else
                say_entry(room, one);
        }
        if (json_object_array_length(value) == 0)
            room->say(room->arg, "none");
    } else if (!json_object_is_type(value, json_type_object)) {
        say_entry(room, value);
    }
    room->say(room->arg, "\n");
}

struct level {
    struct json_object_iterator at, end;
};

/* Depth first, as far as INDENT_MAX: what describe writes is flatter. */
static void say_object(const struct cer_room *room, json_object *object)
{
    struct level level[INDENT_MAX + 1];
    unsigned depth = 0;

    level[0].at = json_object_iter_begin(object);
    level[0].end = json_object_iter_end(object);
    for (;;) {
        struct level *now = &level[depth];
        if (json_object_iter_equal(&now->at, &now->end)) {
            if (depth-- == 0)
                return;
            continue;
        }
        const char *key = json_object_iter_peek_name(&now->at);
        json_object *value = json_object_iter_peek_value(&now->at);
        json_object_iter_next(&now->at);
        cer_say_member(room, key, value, depth);
        if (json_object_is_type(value, json_type_object)
            && depth < INDENT_MAX) {
            depth++;
            level[depth].at = json_object_iter_begin(value);
            level[depth].end = json_object_iter_end(value);
        }
    }
}

/* --- the plan ----------------------------------------------------------------- */

static void say_people(const struct cer_room *room, const struct cer_plan *plan)
{
    cer_say(room, "%-*s %s\n", CER_TITLE_WIDTH, "Requester",
            plan->requester.name);
    for (size_t i = 0; i < plan->n_approvers; i++)
        cer_say(room, "%-*s %s\n", CER_TITLE_WIDTH, i == 0 ? "Approvers" : "",
                plan->approver[i].name);
    cer_say(room, "%-*s %zu of %zu\n", CER_TITLE_WIDTH, "Approvals needed",
            plan->approvals_needed, plan->n_approvers);
}

static void say_guard_row(void *arg, const char *title, const char *text)
{
    const struct cer_room *room = arg;
    int indent = strcmp(title, "Guard") == 0 ? 0 : 2;

    cer_say(room, "%*s%-*s ", indent, "", CER_TITLE_WIDTH - indent, title);
    room->say(room->arg, text); /* may be long, and nothing is cut */
    cer_say(room, "\n");
}

static enum sg_rc say_key(const struct cer_room *room,
                          const struct cer_plan *plan, struct sg_err *err)
{
    struct cer_room guest = *room;
    const struct cer_key *key = &plan->key;

    cer_say(room, "%-*s %s%s%s\n", CER_TITLE_WIDTH, "Token", key->token_label,
            key->token_serial == NULL ? "" : ", serial ",
            key->token_serial == NULL ? "" : key->token_serial);
    cer_say(room, "%-*s %s (%s)\n", CER_TITLE_WIDTH,
            plan->type == CER_TYPE_KEY ? "Key to make" : "Key that signs",
            key->label, tok_key_type_name(key->type));
    return plan->type == CER_TYPE_KEY
               ? cer_guard_tell(&key->guard, say_guard_row, &guest, err)
               : SG_OK;
}

static enum sg_rc say_chain(const struct cer_room *room,
                            const struct cer_plan *plan, struct sg_err *err)
{
    char name[CER_NAME_TEXT_MAX / 4];
    SG_CLEANUP(sg_arena_done) struct sg_arena arena;

    sg_arena_init(&arena, (size_t)CA_CHAIN_MAX * 4 * CA_CERT_MAX);
    for (size_t i = 0; i < plan->n_chain; i++) {
        struct ca_cert *cert = sg_arena_new(&arena, struct ca_cert);
        if (cert == NULL)
            return sg_err_set(err, SG_NOMEM, "chain");
        SG_TRY(ca_cert_parse(&arena, plan->chain[i], cert, err));
        cer_say(room, "%-*s %s\n", CER_TITLE_WIDTH,
                i == 0 ? "Chain above it" : "",
                ca_dn_text(cert->subject, name, sizeof(name)));
    }
    return SG_OK;
}

static void say_inputs(const struct cer_room *room, const struct cer_plan *plan)
{
    char hex[65];

    for (size_t i = 0; i < plan->n_inputs; i++) {
        const struct cer_input *input = &plan->input[i];
        cer_say(room, "%-*s %s: %s, SHA-256 %s\n", CER_TITLE_WIDTH,
                i == 0 ? "Inputs" : "", input->role, input->path,
                sg_hex(SG_SLICE(input->sha256, 32), hex, sizeof(hex)));
    }
    for (size_t i = 0; i < plan->n_warnings; i++)
        cer_say(room, "%-*s %s\n", CER_TITLE_WIDTH, i == 0 ? "Look twice" : "",
                plan->warning[i]);
}

static enum sg_rc say_signed(const struct cer_room *room,
                             const struct cer_plan *plan, struct sg_err *err)
{
    SG_CLEANUP(cer_json_free) json_object *says = NULL;

    cer_say(room, "\nWhat will be signed\n");
    if (cer_plan_is_package(plan)) {
        SG_TRY(cer_say_package(room, plan, err));
    } else {
        SG_TRY(cer_describe(plan, 0, &says, err));
        say_object(room, says);
    }
    if (plan->type == CER_TYPE_CRL)
        cer_say_past(room, plan);
    return say_chain(room, plan, err);
}

/* Of one thing, or over the hashes of all. */
static void say_tbs_hash(const struct cer_room *room,
                         const struct cer_plan *plan)
{
    if (cer_plan_is_package(plan))
        cer_say(room, "%-*s SHA-256 of the %zu hashes, one after the other:\n",
                CER_TITLE_WIDTH, "All of them", plan->n_sign);
    cer_say_hash(room, "TBS SHA-256", plan->tbs_sha256);
}

enum sg_rc cer_say_plan(const struct cer_room *room,
                        const struct cer_plan *plan, struct sg_err *err)
{
    char from[SG_TIME_TEXT_MAX];
    char until[SG_TIME_TEXT_MAX];

    cer_say(room, "%-*s %s (%s)\n", CER_TITLE_WIDTH, "Ceremony", plan->title,
            cer_type_name(plan->type));
    cer_say(room, "%-*s %s, made %s\n", CER_TITLE_WIDTH, "Plan", plan->id,
            sg_time_text(plan->created, from));
    cer_say(room, "%-*s %s to %s\n", CER_TITLE_WIDTH, "Window",
            sg_time_text(plan->window_from, from),
            sg_time_text(plan->window_until, until));
    say_people(room, plan);
    SG_TRY(say_key(room, plan, err));
    if (plan->type != CER_TYPE_KEY)
        SG_TRY(say_signed(room, plan, err));
    say_inputs(room, plan);
    cer_say(room, "\n");
    if (plan->type != CER_TYPE_KEY)
        say_tbs_hash(room, plan);
    cer_say_hash(room, "Plan SHA-256", plan->sha256);
    return SG_OK;
}
