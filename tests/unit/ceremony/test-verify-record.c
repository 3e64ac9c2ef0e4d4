/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/ceremony/room.h"

#include <stdio.h>
#include <string.h>

#include "ceremony/json.h"
#include "ceremony/plan-int.h"
#include "ceremony/verify.h"

/* A folder whose every line is chained and hashed as it should be, and in which
 * one line does not say the truth. */

static struct sg_err err;
static struct cer_verdict verdict;

static const struct cer_check *find(const char *id)
{
    for (size_t i = 0; i < verdict.n; i++)
        if (strcmp(verdict.check[i].id, id) == 0)
            return &verdict.check[i];
    fail_msg("no check \"%s\"", id);
    return NULL;
}

/* In the line of this event: the member, or that of findings[0], becomes this
 * JSON; NULL takes it away. */
struct lie {
    const char *event, *key, *json;
    bool in_finding;
};
static const struct lie *lie;

static void tell_lie(const char *event, json_object *fields)
{
    json_object *list = NULL;

    if (strcmp(event, lie->event) != 0)
        return;
    if (lie->in_finding) {
        assert_true(json_object_object_get_ex(fields, "findings", &list));
        fields = json_object_array_get_idx(list, 0);
    }
    if (lie->json == NULL)
        json_object_object_del(fields, lie->key);
    else
        assert_int_equal(json_object_object_add(fields, lie->key,
                                                json_tokener_parse(lie->json)),
                         0);
}

static void verify_lie(struct room *room, const struct lie *told)
{
    char dir[T_PATH_MAX];

    lie = told;
    room_ceremony(room, &room->sub, dir, tell_lie);
    t_ok(&err, cer_verify(&(struct cer_verify_args){ .dir = dir,
                                                     .version = ROOM_VERSION },
                          &verdict, &err));
    t_dir_remove(dir);
}

struct row {
    struct lie lie;
    const char *text;
};

static void differs_alone(struct room *room, const char *id,
                          const struct row *row)
{
    verify_lie(room, &row->lie);
    /* a text that ends with ", " goes on with a number that grows */
    size_t len = strlen(row->text);
    if (row->text[len - 1] != ' ')
        assert_string_equal(find(id)->text, row->text);
    assert_memory_equal(find(id)->text, row->text, len);
    assert_int_equal(find(id)->state, CER_CHECK_DIFFERS);
    assert_int_equal(verdict.n_differ, 1);
}

#define FORMS "pair_nc_open_forms: the name constraints leave IPv6 open"

static void findings_are_held_against_a_replay(void **state)
{
    struct room *room = *state;
    static const struct row ROWS[] = {
        { { "checked", "rules_run", "3", false },
          "checked: 3 rules on record, " },
        { { "linted", "findings", "[]", false },
          "linted: \"warning: " FORMS "\" is found now and not on record" },
        { { "linted", "rule", "\"san_dns\"", true },
          "linted: finding 1 on record is \"warning: san_dns: the name "
          "constraints leave IPv6 open\", now \"warning: " FORMS "\"" },
        { { "checked", "severity", "\"notice\"", true },
          "checked: finding 1 on record is \"notice: " FORMS
          "\", now \"warning: " FORMS "\"" },
        { { "linted", "text", "\"nothing\"", true },
          "linted: finding 1 on record is \"warning: pair_nc_open_forms: "
          "nothing\", now \"warning: " FORMS "\"" },
        { { "linted", "severity", "\"error\"", true },
          "linted: \"error: " FORMS "\" is on record" },
        { { "linted", "more", "1", true },
          "linted: \"more\" is not a key here" },
        { { "checked", "profile", "\"public-tls\"", false },
          "checked: \"profile\" is not the plan's" },
        { { "checked", "lint_date", "\"2026-09-21T14:13:20Z\"", false },
          "checked: \"lint_date\" 2026-09-21T14:13:20Z is not when it was "
          "judged" },
        { { "linted", "lint_date", "\"2026-09-21T14:13:20Z\"", false },
          "linted: \"lint_date\" 2026-09-21T14:13:20Z is not when it was "
          "judged" },
        { { "linted", "lint_version", NULL, false },
          "linted: \"lint_version\" is missing" },
    };

    for (size_t i = 0; i < SG_ARRAY_LEN(ROWS); i++)
        differs_alone(room, "lint", &ROWS[i]);
}

/* Findings of one more than there are. */
static void a_finding_too_many(const char *event, json_object *fields)
{
    json_object *list = NULL;

    if (strcmp(event, "checked") != 0)
        return;
    assert_true(json_object_object_get_ex(fields, "findings", &list));
    assert_int_equal(
        json_object_array_add(
            list, json_tokener_parse("{\"rule\":\"r\",\"severity\":\"notice\","
                                     "\"text\":\"t\"}")),
        0);
}

static void a_finding_that_is_not_found(void **state)
{
    struct room *room = *state;
    char dir[T_PATH_MAX];

    room_ceremony(room, &room->plan, dir, a_finding_too_many);
    t_ok(&err, cer_verify(&(struct cer_verify_args){ .dir = dir,
                                                     .version = ROOM_VERSION },
                          &verdict, &err));
    assert_string_equal(
        find("lint")->text,
        "checked: \"notice: r: t\" is on record and not found now");
    t_dir_remove(dir);
}

/* Another rule set may find other things; that is told and no fault. What it
 * wrote must still be a record, and hold no error. */
static const char *other_severity;
static void other_rules(const char *event, json_object *fields)
{
    json_object *list = NULL;

    if (strcmp(event, "linted") != 0)
        return;
    assert_true(json_object_object_get_ex(fields, "findings", &list));
    (void)json_object_object_add(fields, "lint_version",
                                 json_object_new_string("2026-01-01"));
    (void)json_object_object_add(json_object_array_get_idx(list, 0), "severity",
                                 json_object_new_string(other_severity));
}

static void another_rule_set_may_differ(void **state)
{
    struct room *room = *state;
    char dir[T_PATH_MAX];

    other_severity = "notice";
    room_ceremony(room, &room->sub, dir, other_rules);
    t_ok(&err, cer_verify(&(struct cer_verify_args){ .dir = dir,
                                                     .version = ROOM_VERSION },
                          &verdict, &err));
    assert_int_equal(verdict.n_differ, 0);
    assert_string_equal(
        find("lint")->text,
        "by the rules of 2026-01-01, these are of " LINT_RULES_VERSION
        ": linted: finding 1 on record is \"notice: " FORMS
        "\", now \"warning: " FORMS "\"");
    t_dir_remove(dir);
    other_severity = "error";
    room_ceremony(room, &room->sub, dir, other_rules);
    t_ok(&err, cer_verify(&(struct cer_verify_args){ .dir = dir,
                                                     .version = ROOM_VERSION },
                          &verdict, &err));
    assert_string_equal(find("lint")->text,
                        "linted: \"error: " FORMS "\" is on record");
    assert_int_equal(find("lint")->state, CER_CHECK_DIFFERS);
    t_dir_remove(dir);
}

static void steps_are_the_plans(void **state)
{
    struct room *room = *state;
    static const struct row ROWS[] = {
        { { "environment", "key_label", "\"roof\"", false },
          "environment: \"key_label\" is not the plan's" },
        { { "environment", "key_attributes", "\"sensitive, local\"", false },
          "environment: the key was not always sensitive" },
        { { "environment", "key_attributes", "\"local, sensitive\"", false },
          "environment: \"key_attributes\" are not those of a key" },
        { { "intent", "action", "\"make-key\"", false },
          "intent: \"action\" is not what the plan is for" },
        { { "intent", "label", "\"roof\"", false },
          "intent: \"label\" is not the plan's" },
        { { "intent", "tbs_sha256", NULL, false },
          "intent: \"tbs_sha256\" is missing" },
        { { "intent", "tbs_sha256",
            "\"0000000000000000000000000000000000000000000000000000000000000000"
            "\"",
            false },
          "intent: \"tbs_sha256\" is not the plan's" },
        { { "verified", "checks", "[\"openssl\",\"walker\"]", false },
          "verified: \"checks\" are not those of a ceremony" },
        { { "verified", "checks", "[\"openssl\",null,\"tbs\"]", false },
          "verified: \"checks\" are not those of a ceremony" },
    };

    for (size_t i = 0; i < SG_ARRAY_LEN(ROWS); i++)
        differs_alone(room, "record", &ROWS[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(findings_are_held_against_a_replay),
        cmocka_unit_test(a_finding_that_is_not_found),
        cmocka_unit_test(another_rule_set_may_differ),
        cmocka_unit_test(steps_are_the_plans),
    };

    return cmocka_run_group_tests(tests, room_open, room_close);
}
