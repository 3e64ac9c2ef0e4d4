/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/helper/guard-names.h"

#include <string.h>

#include "pkcs11/helper/guard-text.h"
#include "tests/lib/t.h"

#define BYTES(s) SG_SLICE((const uint8_t *)(s), sizeof(s) - 1)
#define NAMES(s) \
    &(const struct tok_names) \
    { \
        BYTES(s), "issuer's" \
    }
#define CN(tag, len, text, ava, set, seq) \
    "\x30" seq "\x31" set "\x30" ava "\x06\x03\x55\x04\x03" tag len text

#define DN(s) \
    { \
        (const uint8_t *)(s), sizeof(s) - 1 \
    }

static void test_directory_names(void **state)
{
    static const struct {
        struct sg_slice name, base;
        bool within;
    } CASES[] = {
#define ACME DN(CN("\x0c", "\x04", "Acme", "\x0b", "\x0d", "\x0f"))
        { ACME, ACME, true },
        { DN(CN("\x13", "\x04", "aCME", "\x0b", "\x0d", "\x0f")), ACME, true },
        { DN(CN("\x1e", "\x08", "\0A\0c\0m\0e", "\x0f", "\x11", "\x13")), ACME,
          true },
        { DN(CN("\x0c", "\x06", " Acme ", "\x0d", "\x0f", "\x11")), ACME,
          true },
        { DN(CN("\x0c", "\x05", "Ac me", "\x0c", "\x0e", "\x10")), ACME,
          false },
        { DN(CN("\x0c", "\x06", "Ac  me", "\x0d", "\x0f", "\x11")),
          DN(CN("\x0c", "\x05", "Ac me", "\x0c", "\x0e", "\x10")), true },
        { DN(CN("\x0c", "\x05", "Acmes", "\x0c", "\x0e", "\x10")), ACME,
          false },
        { DN("\x30\0"), ACME, false },
        { ACME, DN("\x30\0"), true },
        { DN(CN("\x0c", "\x02", "\xc3\xa9", "\x09", "\x0b", "\x0d")),
          DN(CN("\x1e", "\x02", "\0\xe9", "\x09", "\x0b", "\x0d")), true },
        /* What RFC 4518 would map or normalise, and we do not, is another
         * name: capital and small e acute, composed and not, with a soft
         * hyphen, a no-break space, a full-width A. */
        { DN(CN("\x0c", "\x02", "\xc3\x89", "\x09", "\x0b", "\x0d")),
          DN(CN("\x0c", "\x02", "\xc3\xa9", "\x09", "\x0b", "\x0d")), false },
        { DN(CN("\x0c", "\x03", "e\xcc\x81", "\x0a", "\x0c", "\x0e")),
          DN(CN("\x0c", "\x02", "\xc3\xa9", "\x09", "\x0b", "\x0d")), false },
        { DN(CN("\x0c", "\x06", "Ac\xc2\xadme", "\x0d", "\x0f", "\x11")), ACME,
          false },
        { DN(CN("\x0c", "\x06", "Ac\xc2\xa0me", "\x0d", "\x0f", "\x11")),
          DN(CN("\x0c", "\x05", "Ac me", "\x0c", "\x0e", "\x10")), false },
        { DN(CN("\x0c", "\x06",
                "\xef\xbc\xa1"
                "cme",
                "\x0d", "\x0f", "\x11")),
          ACME, false },
    };

    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(CASES); i++)
        if (tok_dn_begins_with(CASES[i].name, CASES[i].base) != CASES[i].within)
            fail_msg("case %zu", i);
}

static void test_constraints_that_cannot_be_read(void **state)
{
    struct sg_err err = { 0 };

    (void)state;
    t_ok(&err, tok_names_readable(BYTES("\xa0\x07\x30\x05\x82\x03net"), &err));
    t_refused(&err,
              tok_names_readable(
                  BYTES("\xa0\x0a\x30\x08\x82\x03net\x80\x01\x01"), &err),
              SG_POLICY,
              "guard: name constraint with a minimum or maximum (RFC 5280 "
              "4.2.1.10)");
    sg_err_clear(&err);
    t_assert_fails(tok_names_readable(BYTES("\xa2\x02\x30\0"), &err),
                   SG_FORMAT);
    sg_err_clear(&err);
    t_assert_fails(tok_names_readable(BYTES("\xa0\x05\x30\x03\x0c\x01x"), &err),
                   SG_FORMAT);
}

/* Names of forms that nobody can compare are refused when constrained. */
static void test_forms_without_rules(void **state)
{
    struct tok_tbs tbs = { .subject = BYTES("\x30\0"),
                           .san = BYTES("\x88\x03\x2a\x03\x04") };
    struct sg_err err = { 0 };

    (void)state;
    t_ok(&err,
         tok_names_check(NAMES("\xa0\x07\x30\x05\x82\x03net"), &tbs, &err));
    t_refused(
        &err,
        tok_names_check(NAMES("\xa0\x06\x30\x04\x88\x02\x2a\x03"), &tbs, &err),
        SG_POLICY,
        "guard: registered ID is outside of the permitted subtrees of "
        "the issuer's name constraints (RFC 5280 4.2.1.10)");
    t_refused(
        &err,
        tok_names_check(NAMES("\xa1\x06\x30\x04\x88\x02\x2a\x05"), &tbs, &err),
        SG_POLICY,
        "guard: registered ID is in an excluded subtree of the "
        "issuer's name constraints (RFC 5280 4.2.1.10)");
}

/* permitted: DNS "net" */
#define NET "\xa0\x07\x30\x05\x82\x03net"

static void test_common_names(void **state)
{
    static const struct {
        struct sg_slice subject;
        const char *text; /* NULL: it is no host name */
    } cases[] = {
        { DN(CN("\x0c", "\x05", "a.net", "\x0c", "\x0e", "\x10")), NULL },
        { DN(CN("\x0c", "\x05", "a.org", "\x0c", "\x0e", "\x10")),
          "guard: DNS name \"a.org\" is outside of the permitted" },
        { DN(CN("\x13", "\x05", "a.org", "\x0c", "\x0e", "\x10")),
          "guard: DNS name \"a.org\" is outside of the permitted" },
        { DN(CN("\x0c", "\x07", "1.2.3.4", "\x0e", "\x10", "\x12")),
          "guard: DNS name \"1.2.3.4\" is outside of the permitted" },
        { DN(CN("\x0c", "\x05", "Alice", "\x0c", "\x0e", "\x10")), NULL },
        { DN(CN("\x0c", "\x05", "a b.c", "\x0c", "\x0e", "\x10")), NULL },
        { DN(CN("\x1e", "\x0a", "\0a\0.\0o\0r\0g", "\x11", "\x13", "\x15")),
          "guard: common name in a string type" },
        { DN(CN("\x14", "\x05", "a.org", "\x0c", "\x0e", "\x10")),
          "guard: common name in a string type" },
        { DN(CN("\x0c", "\x06", "a.org\0", "\x0d", "\x0f", "\x11")),
          "guard: common name in a string type" },
    };

    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(cases); i++) {
        struct tok_tbs tbs = { .subject = cases[i].subject };
        struct sg_err err = { 0 };
        enum sg_rc rc = tok_names_check(NAMES(NET), &tbs, &err);

        if (cases[i].text == NULL)
            t_ok(&err, rc);
        else if (rc != SG_POLICY || strstr(err.msg, cases[i].text) == NULL)
            fail_msg("case %zu: %s", i, err.msg);
        /* beside a DNS name nobody looks */
        sg_err_clear(&err);
        tbs.san = BYTES("\x82\x05x.net");
        t_ok(&err, tok_names_check(NAMES(NET), &tbs, &err));
    }
}

/* Forbid-all: a zero-length DNS name, and 0/0. */
static void test_forbid_all(void **state)
{
    struct tok_tbs tbs = { .subject = BYTES("\x30\0"),
                           .san = BYTES("\x82\x01x") };
    struct sg_err err = { 0 };

    (void)state;
    t_assert_fails(tok_names_check(NAMES("\xa1\x04\x30\x02\x82\0"), &tbs, &err),
                   SG_POLICY);
    tbs.san = BYTES("\x87\x04\x01\x02\x03\x04");
    sg_err_clear(&err);
    t_assert_fails(
        tok_names_check(NAMES("\xa1\x0c\x30\x0a\x87\x08\0\0\0\0\0\0\0\0"), &tbs,
                        &err),
        SG_POLICY);
    assert_int_equal(err.native, TOK_REFUSED_NAMES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_directory_names),
        cmocka_unit_test(test_constraints_that_cannot_be_read),
        cmocka_unit_test(test_forms_without_rules),
        cmocka_unit_test(test_common_names),
        cmocka_unit_test(test_forbid_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
