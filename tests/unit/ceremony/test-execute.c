/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/ceremony/room.h"

#include <stdio.h>
#include <string.h>

#include "ceremony/execute.h"

#define YEAR (INT64_C(366) * KIT_DAY)

static struct sg_err err;
static char said[4096]; /* by the room */

static void say(void *arg, const char *text)
{
    (void)arg;
    size_t at = strlen(said);
    (void)snprintf(said + at, sizeof(said) - at, "%s", text);
}

/* May the plan be executed at this time, with the approvals of Ada and Ben? */
static enum sg_rc admit(struct room *room, const struct cer_plan *plan,
                        int64_t now, bool acted, bool rehearsal)
{
    const struct cer_room people = { say, NULL, NULL };
    const struct sg_slice approvals[] = {
        room_approve(room, plan, "Ada", ROOM_ADA, KIT_NOW + 60),
        room_approve(room, plan, "Ben", ROOM_BEN, KIT_NOW + 60),
    };
    const struct cer_execute_args args = {
        .plan = plan,
        .approval = approvals,
        .n_approvals = rehearsal ? 0 : SG_ARRAY_LEN(approvals),
        .room = &people,
        .rehearsal = rehearsal,
    };
    static struct lint_report report;

    sg_err_clear(&err);
    said[0] = '\0';
    return cer_execute_admit(&args, now, acted, &report, &err);
}

static void inside_the_window(void **state)
{
    struct room *room = *state;

    t_ok(&err, admit(room, &room->plan, KIT_NOW + 120, false, false));
    /* the last second belongs to it */
    t_ok(&err, admit(room, &room->plan, room->plan.window_until, false, false));
}

static void outside_the_window(void **state)
{
    struct room *room = *state;
    struct cer_plan plan = room->plan;

    plan.window_from = KIT_NOW + 3600;
    t_assert_fails(admit(room, &plan, KIT_NOW + 3599, false, false), SG_DENIED);
    assert_non_null(strstr(err.msg, "may not be executed before"));
    t_assert_fails(
        admit(room, &room->plan, room->plan.window_until + 1, false, false),
        SG_DENIED);
    assert_non_null(strstr(err.msg, "could be executed until"));
    /* what the token did inside is finished later */
    t_ok(&err,
         admit(room, &room->plan, room->plan.window_until + 1, true, false));
}

static void a_wrong_clock(void **state)
{
    struct room *room = *state;
    struct cer_plan plan = room->plan;

    t_assert_fails(admit(room, &plan, plan.created - 1, false, false),
                   SG_CONFIG);
    assert_non_null(strstr(err.msg, "before the plan was made"));
    assert_non_null(strstr(err.msg, "check the clock"));
    t_assert_fails(admit(room, &plan, plan.created - 1, true, false),
                   SG_CONFIG);
    /* however long the window is */
    plan.window_until = plan.created + 2 * YEAR;
    t_ok(&err, admit(room, &plan, plan.created + YEAR / 2, false, false));
    t_assert_fails(admit(room, &plan, plan.created + YEAR + 1, false, false),
                   SG_CONFIG);
    assert_non_null(strstr(err.msg, "more than a year after"));
    t_ok(&err, admit(room, &plan, plan.created + YEAR + 1, true, false));
}

static void a_rehearsal_says_it_and_goes_on(void **state)
{
    struct room *room = *state;
    struct cer_plan plan = room->plan;

    plan.window_from = KIT_NOW + 3600;
    t_ok(&err, admit(room, &plan, KIT_NOW + 120, false, true));
    assert_non_null(strstr(said, "Not yet: the plan may not be executed"));
    assert_non_null(strstr(said, "Not yet: 0 of 2 approvals"));
}

static void names_become_parts_of_file_names(void **state)
{
    static const struct {
        const char *name;
        const char *word;
    } ROWS[] = { { "Ada Approver", "Ada-Approver" },
                 { "../x", "-.-x" },
                 { ".hidden", "-hidden" },
                 { "a/b\\c", "a-b-c" } };
    char word[32];
    char small[4];

    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(ROWS); i++)
        assert_string_equal(cer_file_word(ROWS[i].name, word, sizeof(word)),
                            ROWS[i].word);
    assert_string_equal(cer_file_word("Approver", small, sizeof(small)), "App");
}

static void the_word_is_the_first_of_the_hash(void **state)
{
    const uint8_t hash[32] = { 0x82, 0x26 };
    char word[CER_ANSWER_MAX];

    (void)state;
    assert_string_equal(cer_first_word(hash, word), "miser");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inside_the_window),
        cmocka_unit_test(outside_the_window),
        cmocka_unit_test(a_wrong_clock),
        cmocka_unit_test(a_rehearsal_says_it_and_goes_on),
        cmocka_unit_test(names_become_parts_of_file_names),
        cmocka_unit_test(the_word_is_the_first_of_the_hash),
    };
    return cmocka_run_group_tests(tests, room_open, room_close);
}
