/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/keytype.h"

#include <string.h>

#include "tests/lib/t.h"

#define GOOD \
    (TOK_ATTR_SENSITIVE | TOK_ATTR_ALWAYS_SENSITIVE \
     | TOK_ATTR_NEVER_EXTRACTABLE | TOK_ATTR_LOCAL | TOK_ATTR_PRIVATE \
     | TOK_ATTR_SIGN)

static void test_type_names_round_trip(void **state)
{
    (void)state;
    for (int i = TOK_KEY_EC_P256; i <= TOK_KEY_ED25519; i++) {
        struct sg_err err = { 0 };
        enum tok_key_type got = TOK_KEY_UNSET;
        const char *name = tok_key_type_name((enum tok_key_type)i);
        assert_int_equal(tok_key_type_parse(name, &got, &err), SG_OK);
        assert_int_equal(got, i);
    }
    assert_string_equal(tok_key_type_name(TOK_KEY_RSA_3072), "rsa-3072");
    assert_string_equal(tok_key_type_name(TOK_KEY_UNSET), "?");
    assert_string_equal(tok_key_type_name((enum tok_key_type)99), "?");
}

static void test_type_unknown(void **state)
{
    static const char *const BAD[] = { "",         "ec", "EC-P256", "rsa-1024",
                                       "ec-p256 ", "?",  "dsa" };

    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(BAD); i++) {
        struct sg_err err = { 0 };
        enum tok_key_type got = TOK_KEY_ED25519;
        t_assert_fails(tok_key_type_parse(BAD[i], &got, &err), SG_USAGE);
        assert_int_equal(got, TOK_KEY_ED25519);
        assert_non_null(strstr(err.msg, "rsa-3072"));
    }
}

static void test_purposes(void **state)
{
    struct sg_err err = { 0 };
    enum tok_purpose got = TOK_PURPOSE_UNSET;

    (void)state;
    for (int i = TOK_PURPOSE_CA; i <= TOK_PURPOSE_PROBE; i++) {
        const char *name = tok_purpose_name((enum tok_purpose)i);
        assert_int_equal(tok_purpose_parse(name, &got, &err), SG_OK);
        assert_int_equal(got, i);
    }
    t_assert_fails(tok_purpose_parse("CA", &got, &err), SG_USAGE);
    assert_string_equal(
        err.msg, "purpose \"CA\" is unknown: use ca, ocsp, backend or probe");
    assert_int_equal(got, TOK_PURPOSE_PROBE);
    assert_string_equal(tok_purpose_name(TOK_PURPOSE_UNSET), "?");
}

static void test_attrs_text(void **state)
{
    char text[256];
    char tiny[12];

    (void)state;
    assert_string_equal(tok_attrs_text(0, text, sizeof(text)), "");
    assert_string_equal(
        tok_attrs_text(TOK_ATTR_SENSITIVE | TOK_ATTR_SIGN, text, sizeof(text)),
        "sensitive, sign");
    tok_attrs_text(0x1fff, text, sizeof(text));
    assert_non_null(strstr(text, "always-authenticate"));
    tok_attrs_text(0x1fff, tiny, sizeof(tiny));
    assert_true(strlen(tiny) < sizeof(tiny));
}

static void test_attrs_parse(void **state)
{
    static const char *const BAD[] = {
        "sensitive,",          "sensitive, ",    ", sign",
        "sign, sensitive",     "sensitive,sign", "never",
        "sensitive, sensitive"
    };
    char text[256];
    uint32_t attrs = 0;

    (void)state;
    for (uint32_t want = 0; want <= 0x1fff; want++) {
        attrs = ~want;
        tok_attrs_text(want, text, sizeof(text));
        assert_true(tok_attrs_parse(text, &attrs));
        assert_int_equal(attrs, want);
    }
    for (size_t i = 0; i < SG_ARRAY_LEN(BAD); i++)
        assert_false(tok_attrs_parse(BAD[i], &attrs));
}

/* Each fault alone, starting from a faultless key. */
static void test_attrs_fault(void **state)
{
    static const struct {
        uint32_t flip;
        const char *text;
    } CASES[] = {
        { TOK_ATTR_SENSITIVE, "not sensitive" },
        { TOK_ATTR_EXTRACTABLE, "is extractable" },
        { TOK_ATTR_ALWAYS_SENSITIVE, "not always sensitive" },
        { TOK_ATTR_NEVER_EXTRACTABLE, "extractable once" },
        { TOK_ATTR_LOCAL, "not made in the token" },
        { TOK_ATTR_PRIVATE, "without login" },
        { TOK_ATTR_SIGN, "may not sign" },
        { TOK_ATTR_DECRYPT, "also decrypt" },
        { TOK_ATTR_UNWRAP, "also unwrap" },
        { TOK_ATTR_DERIVE, "also derive" },
        { TOK_ATTR_SIGN_RECOVER, "sign-recover" },
    };

    (void)state;
    assert_null(tok_attrs_fault(GOOD, false));
    assert_null(tok_attrs_fault(GOOD | TOK_ATTR_MODIFIABLE, false));
    assert_null(tok_attrs_fault(GOOD | TOK_ATTR_ALWAYS_AUTHENTICATE, false));
    assert_null(tok_attrs_fault(GOOD & ~(uint32_t)TOK_ATTR_LOCAL, true));
    for (size_t i = 0; i < SG_ARRAY_LEN(CASES); i++) {
        const char *fault =
            tok_attrs_fault((uint32_t)GOOD ^ CASES[i].flip, false);
        assert_non_null(fault);
        assert_non_null(strstr(fault, CASES[i].text));
    }
}

static void test_labels(void **state)
{
    static const struct {
        const char *label;
        const char *reason; /* NULL: fine */
    } CASES[] = {
        { "issuing 2026", NULL },
        { "Schl\xc3\xbcssel", NULL },
        { "123456789012345678901234567890123456789012345678901234567890123",
          NULL },
        { "", "empty" },
        { "1234567890123456789012345678901234567890123456789012345678901234",
          "longer than 63" },
        { "a\nb", "control character at byte 1" },
        { "a\x7f", "control character at byte 1" },
        { "\xff", "not UTF-8" },
        { "null", "label null means \"no value\" in YAML" },
        { "~", "no value" },
        { "nul", NULL },
    };

    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(CASES); i++) {
        struct sg_err err = { 0 };
        enum sg_rc rc = tok_label_check(CASES[i].label, &err);
        assert_int_equal(rc, CASES[i].reason == NULL ? SG_OK : SG_USAGE);
        if (CASES[i].reason != NULL)
            assert_non_null(strstr(err.msg, CASES[i].reason));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_type_names_round_trip),
        cmocka_unit_test(test_type_unknown),
        cmocka_unit_test(test_purposes),
        cmocka_unit_test(test_attrs_text),
        cmocka_unit_test(test_attrs_parse),
        cmocka_unit_test(test_attrs_fault),
        cmocka_unit_test(test_labels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
