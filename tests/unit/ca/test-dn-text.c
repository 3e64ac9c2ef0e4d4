/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/t.h"

#include <string.h>

#include "ca/dn-text.h"

#define ARENA_MAX 65536

static void parses(const char *text, const enum ca_attr *attrs,
                   const char *const *values, size_t n)
{
    struct sg_err err = { 0 };
    struct sg_arena arena;
    struct ca_dn dn = { 0 };
    sg_arena_init(&arena, ARENA_MAX);
    enum sg_rc rc = ca_dn_from_text(&arena, text, &dn, &err);
    assert_string_equal(err.msg, "");
    assert_int_equal(rc, SG_OK);
    assert_int_equal(dn.n, n);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(dn.rdn[i].attr, attrs[i]);
        assert_int_equal(dn.rdn[i].value.len, strlen(values[i]));
        assert_memory_equal(dn.rdn[i].value.p, values[i], strlen(values[i]));
    }
    sg_arena_done(&arena);
}

#define PARSES(text, attrs, ...) \
    parses((text), (attrs), (const char *const[]){ __VA_ARGS__ }, \
           SG_ARRAY_LEN(attrs))

static void refused(const char *text, const char *message)
{
    struct sg_err err = { 0 };
    struct sg_arena arena;
    struct ca_dn dn = { 0 };
    sg_arena_init(&arena, ARENA_MAX);
    t_assert_fails(ca_dn_from_text(&arena, text, &dn, &err), SG_USAGE);
    assert_string_equal(err.msg, message);
    assert_int_equal(dn.n, 0);
    sg_arena_done(&arena);
}

static const enum ca_attr COUNTRY_ORG_CN[] = { CA_ATTR_COUNTRY,
                                               CA_ATTR_ORGANIZATION,
                                               CA_ATTR_COMMON_NAME };
static const enum ca_attr CN[] = { CA_ATTR_COMMON_NAME };
static const enum ca_attr ORG_CN[] = { CA_ATTR_ORGANIZATION,
                                       CA_ATTR_COMMON_NAME };

/* RFC 4514: the text is the reverse of the certificate. */
static void test_order(void **state)
{
    (void)state;
    PARSES("CN=Demo Root,O=Example,C=DE", COUNTRY_ORG_CN, "DE", "Example",
           "Demo Root");
    PARSES("cn=Demo Root, o = Example ,  c=DE", COUNTRY_ORG_CN, "DE", "Example",
           "Demo Root");
}

static void test_every_name(void **state)
{
    static const enum ca_attr all[] = {
        CA_ATTR_SURNAME,  CA_ATTR_GIVEN_NAME,    CA_ATTR_DOMAIN_COMPONENT,
        CA_ATTR_USER_ID,  CA_ATTR_SERIAL_NUMBER, CA_ATTR_POSTAL_CODE,
        CA_ATTR_STREET,   CA_ATTR_PROVINCE,      CA_ATTR_LOCALITY,
        CA_ATTR_ORG_UNIT,
    };
    (void)state;
    PARSES("OU=a,L=b,ST=c,street=d,postalCode=e,serialNumber=f,UID=g,DC=h,"
           "givenName=i,surname=j",
           all, "j", "i", "h", "g", "f", "e", "d", "c", "b", "a");
}

static void test_escapes(void **state)
{
    (void)state;
    PARSES("CN=Smith\\, John,O=A\\+B", ORG_CN, "A+B", "Smith, John");
    PARSES("CN=M\\C3\\BCller", CN, "M\xc3\xbcller");
    PARSES("CN=M\xc3\xbcller", CN, "M\xc3\xbcller");
    PARSES("CN=\\#1\\=2\\\\3\\\"4\\;5\\<6\\>7", CN, "#1=2\\3\"4;5<6>7");
    PARSES("CN=a=b", CN, "a=b");
    PARSES("CN=  a b\\  ", CN, "a b "); /* only the escaped blank stays */
}

static void test_refused(void **state)
{
    (void)state;
    refused("", "'' is not NAME=VALUE");
    refused("Demo Root", "'Demo Root' is not NAME=VALUE");
    refused("CN=a,", "'' is not NAME=VALUE");
    refused("CN=", "CN has no value");
    refused("CN=a,O=", "O has no value");
    refused("CN=a+O=b", "'+' in a value must be written \\+");
    refused("CN=\"a\"", "'\"' in a value must be written \\\"");
    refused("CN=a;O=b", "';' in a value must be written \\;");
    refused("CN=#0402",
            "'#0402': values in hexadecimal are not taken; write \\# for a "
            "leading #");
    refused("CN=a\\z", "'\\z': a backslash stands before a special character "
                       "or two hex digits (RFC 4514 2.4)");
    refused("CN=a\\4", "'\\4': a backslash stands before a special character "
                       "or two hex digits (RFC 4514 2.4)");
    refused("CN=a\\", "'\\': a backslash stands before a special character "
                      "or two hex digits (RFC 4514 2.4)");
}

#define NAMES \
    "C O OU L ST street postalCode CN serialNumber UID DC givenName surname"

static void test_unknown_attribute(void **state)
{
    (void)state;
    refused(
        "emailAddress=a@example.com",
        "'emailAddress' is no attribute that a CA's subject can have: " NAMES);
    refused("2.5.4.3=a",
            "'2.5.4.3' is no attribute that a CA's subject can have: " NAMES);
    refused("=a", "'' is no attribute that a CA's subject can have: " NAMES);
}

static void test_too_many(void **state)
{
    char text[6 * (CA_DN_MAX_RDN + 1) + 1] = "";
    (void)state;
    for (size_t i = 0; i < CA_DN_MAX_RDN + 1; i++)
        memcpy(text + 5 * i, "OU=a,", 6);
    refused(text, "more than 64 attributes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_every_name),
        cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_unknown_attribute),
        cmocka_unit_test(test_too_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
