/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/ceremony/room.h"

#include <string.h>

#define SOON (KIT_NOW + 60)

static struct sg_err err;

static enum sg_rc check(struct room *room, struct sg_slice file,
                        struct cer_approval *ret)
{
    return cer_approval_check(&room->plan, file, &room->arena, ret, &err);
}

/* The file with one text put in place of another. */
static struct sg_slice edited(struct room *room, struct sg_slice file,
                              const char *from, const char *to)
{
    char *text = sg_arena_text(&room->arena, file);
    assert_non_null(text);
    char *at = strstr(text, from);
    assert_non_null(at);
    char *out = sg_arena_printf(&room->arena, "%.*s%s%s", (int)(at - text),
                                text, to, at + strlen(from));
    assert_non_null(out);
    return sg_slice_str(out);
}

static void each_key_kind_can_approve(void **state)
{
    struct room *room = *state;
    static const struct {
        const char *name;
        enum room_person person;
        size_t approver;
    } ROWS[] = { { "Ada", ROOM_ADA, 0 },
                 { "Ben", ROOM_BEN, 1 },
                 { "Cem", ROOM_CEM, 2 } };

    for (size_t i = 0; i < SG_ARRAY_LEN(ROWS); i++) {
        struct cer_approval got = { 0 };
        struct sg_slice file =
            room_approve(room, &room->plan, ROWS[i].name, ROWS[i].person, SOON);
        t_ok(&err, check(room, file, &got));
        assert_string_equal(got.name, ROWS[i].name);
        assert_int_equal(got.approver, ROWS[i].approver);
        assert_int_equal(got.time, SOON);
    }
}

static void the_message_is_what_people_can_read(void **state)
{
    struct room *room = *state;
    struct cer_plan plan = room->plan;
    struct sg_buf message;

    memset(plan.sha256, 0xab, sizeof(plan.sha256));
    sg_buf_init(&message, 1024);
    t_ok(&err, cer_approval_message(&plan, "Ada", KIT_NOW, &message, &err));
    assert_true(sg_slice_eq(sg_buf_slice(&message),
                            sg_slice_str("signet approval v1\n"
                                         "abababababababababababababababab"
                                         "abababababababababababababababab\n"
                                         "Ada\n2026-09-21T14:13:20Z\n")));
    sg_buf_done(&message);
}

static void strangers_are_refused(void **state)
{
    struct room *room = *state;
    struct cer_approval got;

    t_refused(&err,
              check(room,
                    room_approve(room, &room->plan, "Eve", ROOM_EVE, SOON),
                    &got),
              SG_DENIED, "approval: Eve is not an approver of this plan");
}

static void the_requester_is_refused(void **state)
{
    struct room *room = *state;
    struct cer_approval got;

    t_refused(
        &err,
        check(room, room_approve(room, &room->plan, "Rita", ROOM_RITA, SOON),
              &got),
        SG_DENIED, "approval: Rita is the requester, who may not approve");
}

/* Plans like these are not made, but an approval must not rely on that. */
static void the_requester_under_another_name_is_refused(void **state)
{
    struct room *room = *state;
    struct room other = *room;
    struct cer_approval got;

    other.plan.approver[0].spki = room->plan.requester.spki;
    t_refused(&err,
              check(&other,
                    room_approve(room, &room->plan, "Ada", ROOM_RITA, SOON),
                    &got),
              SG_DENIED, "approval: Ada is the requester, who may not approve");
    other.plan.approver[0].spki = room->plan.approver[0].spki;
    other.plan.approver[0].name = "RITA";
    t_refused(
        &err,
        check(&other, room_approve(room, &room->plan, "RITA", ROOM_ADA, SOON),
              &got),
        SG_DENIED, "approval: RITA is the requester, who may not approve");
}

static void another_plan_is_refused(void **state)
{
    struct room *room = *state;
    struct cer_plan other = room->plan;
    struct cer_approval got;

    other.sha256[31] ^= 1;
    t_refused(
        &err,
        check(room, room_approve(room, &other, "Ada", ROOM_ADA, SOON), &got),
        SG_DENIED, "approval by Ada: it is for another plan");
}

static void bad_signatures_are_refused(void **state)
{
    struct room *room = *state;
    struct cer_approval got;
    const char *const text = "approval: the signature of Ben does not verify "
                             "with the key that the plan names";

    t_refused(&err,
              check(room,
                    room_approve(room, &room->plan, "Ben", ROOM_EVE, SOON),
                    &got),
              SG_DENIED, text);
    /* Another time than the one that was signed. */
    struct sg_slice file =
        room_approve(room, &room->plan, "Ben", ROOM_BEN, SOON);
    t_refused(&err,
              check(room,
                    edited(room, file, "2026-09-21T14:14:20Z",
                           "2026-09-21T14:14:21Z"),
                    &got),
              SG_DENIED, text);
    /* A key of another kind than the algorithm that the file names. */
    t_refused(&err,
              check(room,
                    room_approve(room, &room->plan, "Ben", ROOM_ADA, SOON),
                    &got),
              SG_DENIED, text);
}

static void approvals_older_than_the_plan_are_refused(void **state)
{
    struct room *room = *state;
    struct cer_approval got;

    t_ok(&err,
         check(room, room_approve(room, &room->plan, "Ada", ROOM_ADA, KIT_NOW),
               &got));
    t_refused(
        &err,
        check(room,
              room_approve(room, &room->plan, "Ada", ROOM_ADA, KIT_NOW - 1),
              &got),
        SG_DENIED, "approval by Ada: it is older than the plan");
}

static void only_the_canonical_form_is_read(void **state)
{
    struct room *room = *state;
    struct cer_approval got;
    struct sg_slice file =
        room_approve(room, &room->plan, "Ada", ROOM_ADA, SOON);
    static const struct {
        const char *from, *to, *text;
    } ROWS[] = {
        { "{\"algorithm\"", "{ \"algorithm\"",
          "approval: not in canonical form (changed by hand?)" },
        { "\"approver\":\"Ada\",", "\"approver\":\"Ada\",\"aside\":1,",
          "approval: \"aside\" is not a key here" },
        { "\"kind\":\"signet approval\",", "",
          "approval: \"kind\" is missing" },
        { "signet approval", "signet plan",
          "approval: \"kind\" is not \"signet approval\"" },
        { "\"version\":1", "\"version\":2",
          "approval: \"version\" is 2, must be 1 to 1" },
        { "5f0c3d0e", "5f0c3d0f",
          "approval by Ada: not in canonical form (changed by hand?)" },
        { "14:14:20Z", "14:14:20+00:00",
          "approval by Ada: not in canonical form (changed by hand?)" },
        { "MAUGAytlcA==", "MAUGAytlcQ==",
          "approval by Ada: signature algorithm Ed448 is not accepted" },
        { "}\n", "}", "approval: does not end with a newline" },
    };

    for (size_t i = 0; i < SG_ARRAY_LEN(ROWS); i++) {
        sg_err_clear(&err);
        enum sg_rc rc =
            check(room, edited(room, file, ROWS[i].from, ROWS[i].to), &got);
        assert_int_not_equal(rc, SG_OK);
        assert_string_equal(err.msg, ROWS[i].text);
    }
    t_refused(&err, check(room, SG_SLICE(NULL, 0), &got), SG_FORMAT,
              "approval: does not end with a newline");
    char large[CER_APPROVAL_MAX + 1];
    memset(large, ' ', sizeof(large));
    t_refused(
        &err,
        check(room, SG_SLICE((const uint8_t *)large, sizeof(large)), &got),
        SG_LIMIT, "approval: more than 8192 bytes");
}

static void people_are_counted_once(void **state)
{
    struct room *room = *state;
    const struct cer_approval got[] = { { "Ada", SOON, 0 },
                                        { "Ada", SOON + 1, 0 },
                                        { "Cem", SOON, 2 } };

    t_ok(&err, cer_approvals_enough(&room->plan, got, 3, &err));
    t_refused(&err, cer_approvals_enough(&room->plan, got, 2, &err), SG_DENIED,
              "1 of 2 approvals: approved by Ada; 1 more needed");
    t_refused(&err, cer_approvals_enough(&room->plan, NULL, 0, &err), SG_DENIED,
              "0 of 2 approvals: approved by nobody; 2 more needed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_key_kind_can_approve),
        cmocka_unit_test(the_message_is_what_people_can_read),
        cmocka_unit_test(strangers_are_refused),
        cmocka_unit_test(the_requester_is_refused),
        cmocka_unit_test(the_requester_under_another_name_is_refused),
        cmocka_unit_test(another_plan_is_refused),
        cmocka_unit_test(bad_signatures_are_refused),
        cmocka_unit_test(approvals_older_than_the_plan_are_refused),
        cmocka_unit_test(only_the_canonical_form_is_read),
        cmocka_unit_test(people_are_counted_once),
    };
    return cmocka_run_group_tests(tests, room_open, room_close);
}
