/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/t.h"

#include "cli/token-pick.h"

static const struct tok_token_info TOKENS[] = {
    { .slot_id = 11, .initialised = true, .label = "root", .serial = "aa" },
    { .slot_id = 12, .initialised = true, .label = "twin", .serial = "bb" },
    { .slot_id = 13, .initialised = true, .label = "twin", .serial = "cc" },
    { .slot_id = 14, .serial = "dd" },
    { .slot_id = 15, .serial = "ee" },
};
static const struct cli_token_list LIST = { TOKENS, SG_ARRAY_LEN(TOKENS) };
static const struct cli_token_list FULL = { TOKENS, 3 };

static void finds(const struct cli_token_want *want, uint64_t slot)
{
    struct sg_err err = { 0 };
    const struct tok_token_info *found = NULL;
    assert_int_equal(cli_token_find(&LIST, want, &found, &err), SG_OK);
    assert_int_equal(found->slot_id, slot);
}

static void finds_none(const struct cli_token_want *want, enum sg_rc rc,
                       const char *message)
{
    struct sg_err err = { 0 };
    const struct tok_token_info *found = NULL;
    t_assert_fails(cli_token_find(&LIST, want, &found, &err), rc);
    assert_string_equal(err.msg, message);
    assert_null(found);
}

static void test_find(void **state)
{
    (void)state;
    finds(&(struct cli_token_want){ .label = "root" }, 11);
    finds(&(struct cli_token_want){ .serial = "cc" }, 13);
    finds(&(struct cli_token_want){ .slot = { true, 12 } }, 12);
    finds(&(struct cli_token_want){ .label = "twin", .serial = "bb" }, 12);
    const char *none = "none of the module's 5 slots holds that token";
    finds_none(&(struct cli_token_want){ .label = "no" }, SG_NOT_FOUND, none);
    finds_none(&(struct cli_token_want){ .slot = { true, 14 } }, SG_NOT_FOUND,
               none); /* empty */
    finds_none(&(struct cli_token_want){ .label = "twin" }, SG_CONFLICT,
               "several tokens fit, among them serial bb and cc");
}

static void makes_in(const struct cli_token_want *want, uint64_t slot)
{
    struct sg_err err = { 0 };
    uint64_t got = 0;
    assert_int_equal(cli_token_free_slot(&LIST, want, &got, &err), SG_OK);
    assert_int_equal(got, slot);
}

static void refused(const struct cli_token_list *list,
                    const struct cli_token_want *want, enum sg_rc rc,
                    const char *message)
{
    struct sg_err err = { 0 };
    uint64_t got = 99;
    t_assert_fails(cli_token_free_slot(list, want, &got, &err), rc);
    assert_string_equal(err.msg, message);
    assert_int_equal(got, 99);
}

static void test_free_slot(void **state)
{
    (void)state;
    makes_in(&(struct cli_token_want){ .label = "new" }, 14);
    makes_in(&(struct cli_token_want){ .label = "new", .serial = "ee" }, 15);
    makes_in(&(struct cli_token_want){ .label = "new", .slot = { true, 15 } },
             15);
    refused(&LIST, &(struct cli_token_want){ .label = "root" }, SG_CONFLICT,
            "slot 11 holds a token with label 'root' already");
    refused(&LIST,
            &(struct cli_token_want){ .label = "new", .slot = { true, 12 } },
            SG_CONFLICT,
            "slot 12 holds the token 'twin': initialising would destroy its "
            "keys");
    refused(&LIST,
            &(struct cli_token_want){ .label = "new", .slot = { true, 7 } },
            SG_NOT_FOUND, "no such slot");
    refused(&FULL, &(struct cli_token_want){ .label = "new" }, SG_NOT_FOUND,
            "every slot holds a token already");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_free_slot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
