/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "ca/dn.h"
#include "tests/unit/ca/openssl.h"

static struct sg_arena arena;
static struct sg_err err;

static int setup(void **state)
{
    (void)state;
    sg_arena_init(&arena, (size_t)1 << 20);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    sg_arena_done(&arena);
    return 0;
}

static void add(struct ca_dn *dn, enum ca_attr attr, const char *value)
{
    t_ok(&err, ca_dn_add(&arena, dn, attr, sg_slice_str(value), &err));
}

static struct sg_slice encode(const struct ca_dn *dn)
{
    struct sg_buf out SG_CLEANUP(sg_buf_done);

    sg_buf_init(&out, 16384);
    t_ok(&err, ca_dn_encode(dn, &out, &err));
    return sg_arena_copy(&arena, sg_buf_slice(&out));
}

static void refuses_value(enum ca_attr attr, const char *value,
                          const char *text)
{
    struct sg_buf out SG_CLEANUP(sg_buf_done);
    struct ca_dn dn = { 0 };

    sg_buf_init(&out, 16384);
    add(&dn, attr, value);
    t_refused(&err, ca_dn_encode(&dn, &out, &err), SG_POLICY, text);
    assert_int_equal(out.len, 0);
}

static char *repeat(char c, size_t n)
{
    static char text[512];

    assert_true(n < sizeof(text));
    memset(text, c, n);
    text[n] = '\0';
    return text;
}

/* --- against openssl -------------------------------------------------------- */

static void writes_as_openssl_does(void **state)
{
    struct ca_dn dn = { 0 };
    struct ca_dn back;
    char text[256];

    (void)state;
    ossl_key("key.pem", "EC:P-256");
    ossl(
        "req", "-x509", "-new", "-utf8", "-key", ossl_path("key.pem"), "-subj",
        "/C=DE/ST=Bayern/L=München/O=Example, Inc./OU=Ops/CN=web.example.com/serialNumber=42",
        "-out", ossl_path("x.pem"));
    struct sg_slice cert = ossl_der(&arena, "x.pem", "CERTIFICATE");

    add(&dn, CA_ATTR_COUNTRY, "DE");
    add(&dn, CA_ATTR_PROVINCE, "Bayern");
    add(&dn, CA_ATTR_LOCALITY, "München");
    add(&dn, CA_ATTR_ORGANIZATION, "Example, Inc.");
    add(&dn, CA_ATTR_ORG_UNIT, "Ops");
    add(&dn, CA_ATTR_COMMON_NAME, "web.example.com");
    add(&dn, CA_ATTR_SERIAL_NUMBER, "42");
    struct sg_slice der = encode(&dn);
    assert_non_null(memmem(cert.p, cert.len, der.p, der.len));

    ca_dn_text(der, text, sizeof(text));
    const char *said = ossl("x509", "-in", ossl_path("x.pem"), "-noout",
                            "-subject", "-nameopt", "RFC2253,-esc_msb,utf8");
    assert_memory_equal(said, "subject=", 8);
    assert_memory_equal(said + 8, text, strlen(text));
    assert_int_equal(said[8 + strlen(text)], '\n');

    t_ok(&err, ca_dn_parse(&arena, der, &back, &err));
    assert_int_equal(back.n, dn.n);
    for (size_t i = 0; i < dn.n; i++) {
        assert_int_equal(back.rdn[i].attr, dn.rdn[i].attr);
        assert_true(sg_slice_eq(back.rdn[i].oid, dn.rdn[i].oid));
        assert_true(sg_slice_eq(back.rdn[i].value, dn.rdn[i].value));
    }
}

static void reads_what_openssl_makes(void **state)
{
    static const struct {
        enum ca_attr attr;
        const char *value;
    } WANT[] = {
        { CA_ATTR_DOMAIN_COMPONENT, "org" },
        { CA_ATTR_DOMAIN_COMPONENT, "example" },
        { CA_ATTR_STREET, "Way 1" },
        { CA_ATTR_POSTAL_CODE, "12345" },
        { CA_ATTR_USER_ID, "u1" },
        { CA_ATTR_GIVEN_NAME, "A" },
        { CA_ATTR_SURNAME, "B" },
        { CA_ATTR_EMAIL, "a@b.example" },
        { CA_ATTR_OTHER, "Dr" },
    };
    struct ca_dn dn;

    (void)state;
    ossl_key("key.pem", "EC:P-256");
    ossl(
        "req", "-new", "-key", ossl_path("key.pem"), "-subj",
        "/DC=org/DC=example/street=Way 1/postalCode=12345/UID=u1/GN=A/SN=B/emailAddress=a@b.example/title=Dr",
        "-out", ossl_path("x.csr"));
    struct sg_slice csr = ossl_der(&arena, "x.csr", "CERTIFICATE REQUEST");
    struct sg_der in;
    struct sg_der request;
    struct sg_der info;
    uint64_t version = 0;
    struct sg_der_tlv name = { 0 };
    sg_der_init(&in, csr, "csr");
    t_ok(&err, sg_der_enter(&in, SG_DER_SEQUENCE, &request, &err));
    t_ok(&err, sg_der_enter(&request, SG_DER_SEQUENCE, &info, &err));
    t_ok(&err, sg_der_uint(&info, &version, &err));
    t_ok(&err, sg_der_get(&info, SG_DER_SEQUENCE, &name, &err));

    t_ok(&err, ca_dn_parse(&arena, name.whole, &dn, &err));
    assert_int_equal(dn.n, SG_ARRAY_LEN(WANT));
    for (size_t i = 0; i < dn.n; i++) {
        assert_int_equal(dn.rdn[i].attr, WANT[i].attr);
        assert_true(sg_slice_eq(dn.rdn[i].value, sg_slice_str(WANT[i].value)));
    }
    assert_true(sg_slice_eq(ca_dn_first(&dn, CA_ATTR_DOMAIN_COMPONENT),
                            sg_slice_str("org")));
    assert_null(ca_dn_first(&dn, CA_ATTR_COMMON_NAME).p);
    /* A title is read, never written. */
    struct sg_buf out SG_CLEANUP(sg_buf_done);
    struct ca_dn title = { &dn.rdn[8], 1 };
    sg_buf_init(&out, 64);
    t_refused(&err, ca_dn_encode(&title, &out, &err), SG_POLICY,
              "subject attribute 2.5.4.12 cannot be written");
}

/* --- writing ---------------------------------------------------------------- */

static void encodes_an_empty_name(void **state)
{
    struct ca_dn dn = { 0 };
    struct sg_slice der = encode(&dn);

    (void)state;
    assert_int_equal(der.len, 2);
    assert_memory_equal(der.p, "\x30\x00", 2);
    t_ok(&err, ca_dn_parse(&arena, der, &dn, &err));
    assert_int_equal(dn.n, 0);
}

static void holds_upper_bounds(void **state)
{
    static const struct {
        enum ca_attr attr;
        const char *name;
        size_t upper;
        char c;
    } BOUNDS[] = {
        { CA_ATTR_ORGANIZATION, "O", 64, 'x' },
        { CA_ATTR_ORG_UNIT, "OU", 64, 'x' },
        { CA_ATTR_LOCALITY, "L", 128, 'x' },
        { CA_ATTR_PROVINCE, "ST", 128, 'x' },
        { CA_ATTR_STREET, "street", 128, 'x' },
        { CA_ATTR_POSTAL_CODE, "postalCode", 40, '1' },
        { CA_ATTR_COMMON_NAME, "CN", 64, 'x' },
        { CA_ATTR_SERIAL_NUMBER, "serialNumber", 64, '7' },
        { CA_ATTR_USER_ID, "UID", 256, 'u' },
        { CA_ATTR_DOMAIN_COMPONENT, "DC", 63, 'd' },
    };
    struct sg_buf out SG_CLEANUP(sg_buf_done);
    char want[160];

    (void)state;
    sg_buf_init(&out, 16384);
    for (size_t i = 0; i < SG_ARRAY_LEN(BOUNDS); i++) {
        struct ca_dn dn = { 0 };

        add(&dn, BOUNDS[i].attr, repeat(BOUNDS[i].c, BOUNDS[i].upper));
        (void)encode(&dn);
        dn = (struct ca_dn){ 0 };
        add(&dn, BOUNDS[i].attr, repeat(BOUNDS[i].c, BOUNDS[i].upper + 1));
        sg_err_clear(&err);
        assert_int_equal(ca_dn_encode(&dn, &out, &err), SG_POLICY);
        (void)snprintf(
            want, sizeof(want),
            ": %zu characters, at most %zu are allowed (RFC 5280 app. A)",
            BOUNDS[i].upper + 1, BOUNDS[i].upper);
        assert_non_null(strstr(err.msg, want));
        (void)snprintf(want, sizeof(want), "subject %s \"", BOUNDS[i].name);
        assert_memory_equal(err.msg, want, strlen(want));
    }
}

/* 64 characters of two octets each are 64, not 128. */
static void counts_characters_not_octets(void **state)
{
    char text[2 * 65 + 1] = "";
    struct ca_dn dn = { 0 };

    (void)state;
    for (int i = 0; i < 64; i++)
        memcpy(text + (size_t)i * 2, "ü", 3);
    add(&dn, CA_ATTR_ORGANIZATION, text);
    (void)encode(&dn);
}

static void refuses_bad_values(void **state)
{
    (void)state;
    refuses_value(
        CA_ATTR_COUNTRY, "de",
        "subject C \"de\": not two upper-case letters of ISO 3166 (RFC 5280 app. A)");
    refuses_value(
        CA_ATTR_COUNTRY, "DEU",
        "subject C \"DEU\": not two upper-case letters of ISO 3166 (RFC 5280 app. A)");
    refuses_value(
        CA_ATTR_SERIAL_NUMBER, "a@b",
        "subject serialNumber \"a@b\": holds a character outside PrintableString (X.680 41.4)");
    refuses_value(
        CA_ATTR_DOMAIN_COMPONENT, "bücher",
        "subject DC \"bücher\": holds a character outside IA5String (RFC 4519 2.4)");
    refuses_value(CA_ATTR_COMMON_NAME, "",
                  "subject CN: empty value (RFC 5280 app. A)");
    refuses_value(
        CA_ATTR_COMMON_NAME, "a\nb",
        "subject CN \"a\\x0ab\": not UTF-8 text without control characters (X.520 6.1)");
    refuses_value(
        CA_ATTR_ORGANIZATION, "\xff\xfe",
        "subject O \"\\xff\\xfe\": not UTF-8 text without control characters (X.520 6.1)");
    refuses_value(
        CA_ATTR_EMAIL, "a@b.example",
        "subject emailAddress \"a@b.example\": email addresses belong in the SAN (RFC 5280 4.1.2.6)");
}

static void refuses_two_common_names(void **state)
{
    struct sg_buf out SG_CLEANUP(sg_buf_done);
    struct ca_dn dn = { 0 };

    (void)state;
    sg_buf_init(&out, 1024);
    add(&dn, CA_ATTR_ORG_UNIT, "a");
    add(&dn, CA_ATTR_ORG_UNIT, "b");
    add(&dn, CA_ATTR_COMMON_NAME, "a");
    t_ok(&err, ca_dn_encode(&dn, &out, &err));
    add(&dn, CA_ATTR_COMMON_NAME, "b");
    t_refused(&err, ca_dn_encode(&dn, &out, &err), SG_POLICY,
              "subject CN \"b\": given more than once (BR 7.1.4.1)");
}

static void refuses_too_many_attributes(void **state)
{
    struct ca_dn dn = { 0 };

    (void)state;
    for (int i = 0; i < CA_DN_MAX_RDN; i++)
        add(&dn, CA_ATTR_ORG_UNIT, "x");
    (void)encode(&dn);
    t_refused(&err,
              ca_dn_add(&arena, &dn, CA_ATTR_ORG_UNIT, sg_slice_str("x"), &err),
              SG_POLICY, "name: more than 64 attributes are not accepted");
    assert_int_equal(dn.n, CA_DN_MAX_RDN);
}

/* --- reading ---------------------------------------------------------------- */

#define CN "06 03 55 04 03 "

static void refuses_bad_names(void **state)
{
    static const struct {
        const char *hex, *text;
        enum sg_rc rc;
    } BAD[] = {
        { "30 16 31 14 30 08 " CN "0c 01 61 30 08 06 03 55 04 0b 0c 01 62",
          "name: several attributes in one RDN are not accepted (BR 7.1.4.1)",
          SG_POLICY },
        { "30 0c 31 0a 30 08 " CN "14 01 61",
          "name: CN: T61String is not accepted (RFC 5280 4.1.2.4)", SG_POLICY },
        { "30 0d 31 0b 30 09 " CN "1e 02 00 61",
          "name: CN: BMPString is not accepted (RFC 5280 4.1.2.4)", SG_POLICY },
        { "30 0f 31 0d 30 0b " CN "1c 04 00 00 00 61",
          "name: CN: UniversalString is not accepted (RFC 5280 4.1.2.4)",
          SG_POLICY },
        { "30 0c 31 0a 30 08 " CN "04 01 61",
          "name: CN: value of tag 0x04 is no DirectoryString (RFC 5280 4.1.2.4)",
          SG_FORMAT },
        { "30 0c 31 0a 30 08 " CN "0c 01 ff",
          "name: CN: UTF8String is not UTF-8 (RFC 3629)", SG_FORMAT },
        { "30 0c 31 0a 30 08 " CN "13 01 2a",
          "name: CN: PrintableString with a character outside its set (X.680 41.4)",
          SG_FORMAT },
        { "30 0c 31 0a 30 08 " CN "16 01 80",
          "name: CN: IA5String with a character above 127 (X.680 41.2)",
          SG_FORMAT },
        { "30 0b 31 09 30 07 " CN "0c 00",
          "name: CN: empty value (RFC 5280 app. A)", SG_FORMAT },
        { "30 0e 31 0c 30 0a " CN "16 03 61 00 62",
          "name: CN: NUL inside the value", SG_FORMAT },
        { "30 02 31 00", "name: offset 4: ends where SEQUENCE must follow",
          SG_FORMAT },
        { "30 02 30 00", "name: offset 2: expected SET, found SEQUENCE",
          SG_FORMAT },
        { "30 00 05 00", "name: offset 2: 2 octets too many at the end",
          SG_FORMAT },
    };
    struct ca_dn dn = { 0 };

    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(BAD); i++)
        t_refused(&err,
                  ca_dn_parse(&arena, ossl_hex(&arena, BAD[i].hex), &dn, &err),
                  BAD[i].rc, BAD[i].text);
    assert_int_equal(dn.n, 0);
}

/* --- text --------------------------------------------------------------------- */

static void escapes_text(void **state)
{
    static const struct {
        const char *value, *text;
    } CASES[] = {
        { "a,b", "CN=a\\,b" },
        { "#a", "CN=\\#a" },
        { " a ", "CN=\\ a\\ " },
        { "a+b=c", "CN=a\\+b=c" },
        { "<\"\\;>", "CN=\\<\\\"\\\\\\;\\>" },
        { "a\nb\x7f", "CN=a\\0Ab\\7F" },
        { "müller", "CN=müller" },
    };
    char text[64];

    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(CASES); i++) {
        struct sg_buf out SG_CLEANUP(sg_buf_done);
        struct sg_derw w;

        sg_buf_init(&out, 256);
        sg_derw_init(&w, &out);
        size_t name = sg_derw_begin(&w, SG_DER_SEQUENCE);
        size_t set = sg_derw_begin(&w, SG_DER_SET);
        size_t pair = sg_derw_begin(&w, SG_DER_SEQUENCE);
        sg_derw_raw(&w, ossl_hex(&arena, CN));
        sg_derw_tlv(&w, SG_DER_UTF8_STRING, sg_slice_str(CASES[i].value));
        sg_derw_end(&w, pair);
        sg_derw_end(&w, set);
        sg_derw_end(&w, name);
        t_ok(&err, sg_derw_finish(&w, &err));
        assert_string_equal(ca_dn_text(sg_buf_slice(&out), text, sizeof(text)),
                            CASES[i].text);
    }
}

static void shows_foreign_names(void **state)
{
    char text[64];

    (void)state;
    /* Several attributes in one RDN, a BMPString, an unknown type. */
    ca_dn_text(ossl_hex(&arena, "30 24 31 14 30 08 " CN
                                "0c 01 61 30 08 06 03 55 04 0b 0c 01 62"
                                "31 0c 30 0a 06 04 2a 03 04 05 1e 02 00 61"),
               text, sizeof(text));
    assert_string_equal(text, "1.2.3.4.5=#1E020061,CN=a+OU=b");
    assert_string_equal(ca_dn_text(ossl_hex(&arena, "30 00"), text, 64), "");
    assert_string_equal(ca_dn_text(ossl_hex(&arena, "31 00"), text, 64), "?");
    assert_string_equal(ca_dn_text(ossl_hex(&arena, "30 05 31"), text, 64),
                        "?");
}

static void cuts_text_between_characters(void **state)
{
    struct ca_dn dn = { 0 };
    char text[7];

    (void)state;
    add(&dn, CA_ATTR_COMMON_NAME, "aüü");
    struct sg_slice der = encode(&dn);
    assert_string_equal(ca_dn_text(der, text, 7), "CN=aü");
    assert_string_equal(ca_dn_text(der, text, 6), "CN=a");
    assert_string_equal(ca_dn_text(der, text, 1), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(writes_as_openssl_does, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(reads_what_openssl_makes, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(encodes_an_empty_name, setup, teardown),
        cmocka_unit_test_setup_teardown(holds_upper_bounds, setup, teardown),
        cmocka_unit_test_setup_teardown(counts_characters_not_octets, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(refuses_bad_values, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_two_common_names, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(refuses_too_many_attributes, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(refuses_bad_names, setup, teardown),
        cmocka_unit_test_setup_teardown(escapes_text, setup, teardown),
        cmocka_unit_test_setup_teardown(shows_foreign_names, setup, teardown),
        cmocka_unit_test_setup_teardown(cuts_text_between_characters, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, ossl_open, ossl_close);
}
