/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "ceremony/ledger.h"
#include "ceremony/room-int.h"
#include "common/clock.h"
#include "common/parse.h"

/* --- what was published before -------------------------------------------------- */

void cer_past_tell(const struct cer_past *past, cer_tell tell, void *arg)
{
    char number[CER_NUMBER_TEXT_MAX];
    char time[SG_TIME_TEXT_MAX];
    char hex[65];
    char text[256] = "none: this is the first";

    if (past->has_last)
        (void)snprintf(
            text, sizeof(text), "number %s of %s, revoked %lld, SHA-256 %s",
            cer_number_text(past->number, number),
            sg_time_text(past->this_update, time), (long long)past->entries,
            sg_hex(SG_SLICE(past->sha256, 32), hex, sizeof(hex)));
    tell(arg, "CRL published last", text);
    for (size_t i = 0; i < past->n_expired; i++)
        tell(arg, i == 0 ? "May be left out" : "",
             cer_number_text(past->expired[i], number));
    if (past->withdraw)
        tell(arg, "Withdraws",
             "every CRL that was signed ahead for a later day");
}

static void say_row(void *arg, const char *title, const char *text)
{
    cer_say(arg, "%-*s %s\n", CER_TITLE_WIDTH, title, text);
}

void cer_say_past(const struct cer_room *room, const struct cer_plan *plan)
{
    struct cer_room copy = *room;

    cer_past_tell(&plan->past, say_row, &copy);
}

/* --- the package ---------------------------------------------------------------- */

static bool same(json_object *object, const char *key, json_object *value)
{
    json_object *other = NULL;

    return json_object_object_get_ex(object, key, &other)
           && json_object_equal(other, value) == 1;
}

/* All that it does not say as the one before it did: nothing else differs. */
static void say_difference(const struct cer_room *room, json_object *last,
                           json_object *next)
{
    json_object_object_foreach(next, key, value)
    {
        if (last == NULL || !same(last, key, value))
            cer_say_member(room, key, value, 1);
    }
}

enum sg_rc cer_say_package(const struct cer_room *room,
                           const struct cer_plan *plan, struct sg_err *err)
{
    SG_CLEANUP(cer_json_free) json_object *last = NULL;
    char hex[65];

    for (size_t i = 0; i < plan->n_sign; i++) {
        json_object *next = NULL;

        SG_TRY(cer_describe(plan, i, &next, err));
        cer_say(room, "CRL %zu of %zu%s\n", i + 1, plan->n_sign,
                i == 0 ? "" : ", as the one before but for");
        say_difference(room, last, next);
        cer_say(room, "  %-*s %s\n", CER_TITLE_WIDTH - 2, "TBS SHA-256",
                sg_hex(SG_SLICE(plan->sign[i].sha256, 32), hex, sizeof(hex)));
        cer_json_free(last);
        last = next;
    }
    return SG_OK;
}
