/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "ca/rules.h"
#include "ceremony/ledger.h"
#include "ceremony/plan-int.h"
#include "common/clock.h"
#include "common/parse.h"

#define WORK_MAX ((size_t)4 << 20) /* bytes to read two CRLs into */

/* --- in the plan's JSON --------------------------------------------------------- */

static enum sg_rc put_last(const struct cer_past *past, json_object *object,
                           struct sg_err *err)
{
    json_object *last = json_object_new_object();

    SG_TRY(cer_json_put(object, "last", last, err));
    SG_TRY(cer_json_put_hex(last, "number", past->number, err));
    SG_TRY(cer_json_put_time(last, "this_update", past->this_update, err));
    SG_TRY(cer_json_put_time(last, "next_update", past->next_update, err));
    SG_TRY(cer_json_put_int(last, "entries", past->entries, err));
    return cer_json_put_hex(last, "sha256", SG_SLICE(past->sha256, 32), err);
}

enum sg_rc cer_past_put(const struct cer_plan *plan, json_object *object,
                        struct sg_err *err)
{
    const struct cer_past *past = &plan->past;
    json_object *inner = json_object_new_object();
    json_object *list = json_object_new_array();
    char hex[CER_NUMBER_TEXT_MAX];

    if (plan->type != CER_TYPE_CRL) {
        (void)json_object_put(inner);
        (void)json_object_put(list);
        return cer_json_put_null(object, "crl", err);
    }
    enum sg_rc rc = cer_json_put(object, "crl", inner, err);
    if (rc != SG_OK) {
        (void)json_object_put(list);
        return rc;
    }
    SG_TRY(cer_json_put(inner, "expired", list, err));
    for (size_t i = 0; i < past->n_expired; i++)
        if (json_object_array_add(list, json_object_new_string(cer_number_text(
                                            past->expired[i], hex)))
            != 0)
            return sg_err_set(err, SG_NOMEM, "plan: crl");
    SG_TRY(cer_json_put_bool(inner, "withdraw", past->withdraw, err));
    return past->has_last ? put_last(past, inner, err)
                          : cer_json_put_null(inner, "last", err);
}

/* Hex of a number that is not negative, without zeroes in front. */
static enum sg_rc read_number(json_object *text, struct sg_arena *arena,
                              struct sg_slice *ret, struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf octets;
    struct sg_err why = { 0 };

    sg_buf_init(&octets, CER_NUMBER_TEXT_MAX / 2);
    if (!json_object_is_type(text, json_type_string)
        || sg_parse_hex(json_object_get_string(text), &octets, &why) != SG_OK
        || octets.len == 0)
        return sg_err_set(err, SG_FORMAT, "plan: crl: not a number in hex");
    *ret = sg_arena_copy(arena, cer_magnitude(sg_buf_slice(&octets)));
    return ret->p != NULL ? SG_OK : sg_err_set(err, SG_NOMEM, "plan: crl");
}

static enum sg_rc take_last(json_object *object, struct sg_arena *arena,
                            struct cer_past *past, struct sg_err *err)
{
    struct cer_reader in;
    json_object *number = NULL;

    past->has_last = object != NULL;
    if (object == NULL)
        return SG_OK;
    cer_reader_init(&in, object, "plan: crl: last");
    SG_TRY(cer_take(&in, "number", json_type_string, &number, err));
    SG_TRY(read_number(number, arena, &past->number, err));
    SG_TRY(cer_take_time(&in, "this_update", &past->this_update, err));
    SG_TRY(cer_take_time(&in, "next_update", &past->next_update, err));
    SG_TRY(cer_take_int(&in, "entries", 0, CA_CRL_ENTRIES_MAX, &past->entries,
                        err));
    SG_TRY(cer_take_hex(&in, "sha256", past->sha256, 32, err));
    return cer_reader_end(&in, err);
}

static enum sg_rc take_expired(json_object *list, struct sg_arena *arena,
                               struct cer_past *past, struct sg_err *err)
{
    past->n_expired = json_object_array_length(list);
    past->expired = sg_arena_array(arena, struct sg_slice, past->n_expired + 1);
    if (past->expired == NULL)
        return sg_err_set(err, SG_NOMEM, "plan: crl");
    for (size_t i = 0; i < past->n_expired; i++)
        SG_TRY(read_number(json_object_array_get_idx(list, i), arena,
                           &past->expired[i], err));
    return SG_OK;
}

enum sg_rc cer_past_take(struct cer_reader *in, struct sg_arena *arena,
                         struct cer_plan *plan, struct sg_err *err)
{
    struct cer_past *past = &plan->past;
    struct cer_reader inner;
    json_object *object = NULL;

    if (plan->type != CER_TYPE_CRL)
        return cer_take_or_null(in, "crl", json_type_null, &object, err);
    SG_TRY(cer_take(in, "crl", json_type_object, &object, err));
    cer_reader_init(&inner, object, "plan: crl");
    SG_TRY(cer_take(&inner, "expired", json_type_array, &object, err));
    SG_TRY(take_expired(object, arena, past, err));
    SG_TRY(cer_take_bool(&inner, "withdraw", &past->withdraw, err));
    SG_TRY(cer_take_or_null(&inner, "last", json_type_object, &object, err));
    SG_TRY(take_last(object, arena, past, err));
    return cer_reader_end(&inner, err);
}

/* --- one after the other -------------------------------------------------------- */

/* What a plan knows of the last one: its number and its times. */
static enum sg_rc check_after_last(const struct cer_past *past,
                                   const struct ca_crl *first,
                                   struct sg_err *err)
{
    char is[CER_NUMBER_TEXT_MAX];
    char was[CER_NUMBER_TEXT_MAX];

    if (!past->has_last)
        return SG_OK;
    if (cer_integer_compare(first->number, past->number) <= 0)
        return sg_err_set(err, SG_POLICY,
                          "crl: number %s is not greater than %s, the last "
                          "one's (RFC 5280 5.2.3)",
                          cer_number_text(first->number, is),
                          cer_number_text(past->number, was));
    if (first->this_update <= past->this_update)
        return sg_err_set(err, SG_POLICY,
                          "crl: thisUpdate %s is not after %s, the last one's "
                          "(RFC 5280 5.1.2.4)",
                          sg_time_text(first->this_update, is),
                          sg_time_text(past->this_update, was));
    return SG_OK;
}

static enum sg_rc check_step(const struct cer_plan *plan, size_t i,
                             struct sg_err *err)
{
    const struct cer_expired expired = { plan->past.expired,
                                         plan->past.n_expired };
    SG_CLEANUP(sg_arena_done) struct sg_arena arena;
    struct ca_crl last = { 0 };
    struct ca_crl next = { 0 };
    char until[SG_TIME_TEXT_MAX];
    char from[SG_TIME_TEXT_MAX];
    char number[CER_NUMBER_TEXT_MAX];

    sg_arena_init(&arena, WORK_MAX);
    SG_TRY(cer_plan_crl(plan, i, &arena, &next, err));
    if (i == 0)
        return check_after_last(&plan->past, &next, err);
    SG_TRY(cer_plan_crl(plan, i - 1, &arena, &last, err));
    SG_TRY(cer_ledger_compare(&last, &next, &expired, &arena, err));
    if (last.next_update < next.this_update)
        return sg_err_set(err, SG_POLICY,
                          "crl: package: CRL %s runs out at %s, and the next "
                          "one begins at %s: in between nobody would hold a "
                          "valid one (RFC 5280 5.1.2.5)",
                          cer_number_text(last.number, number),
                          sg_time_text(last.next_update, until),
                          sg_time_text(next.this_update, from));
    return SG_OK;
}

enum sg_rc cer_plan_check_package(const struct cer_plan *plan,
                                  struct sg_err *err)
{
    for (size_t i = 0; plan->type == CER_TYPE_CRL && i < plan->n_sign; i++)
        SG_TRY(check_step(plan, i, err));
    return SG_OK;
}

enum sg_rc cer_plan_hash(struct cer_plan *plan, struct sg_err *err)
{
    uint8_t all[CER_SIGN_MAX * 32];

    for (size_t i = 0; i < plan->n_sign; i++) {
        SG_TRY(cer_sha256(plan->sign[i].der, plan->sign[i].sha256, err));
        memcpy(all + 32 * i, plan->sign[i].sha256, 32);
    }
    if (plan->n_sign == 1)
        memcpy(plan->tbs_sha256, all, 32);
    else if (plan->n_sign > 1)
        return cer_sha256(SG_SLICE(all, 32 * plan->n_sign), plan->tbs_sha256,
                          err);
    return SG_OK;
}
