/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "ca/san.h"
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

typedef enum sg_rc (*adder)(struct sg_arena *, struct ca_sans *,
                            struct sg_slice, struct sg_err *);

struct pair {
    const char *in, *out;
};

/* Each text is taken and stands there as its second half. */
static void takes(adder add, const struct pair *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct ca_sans sans = { 0 };

        t_ok(&err, add(&arena, &sans, sg_slice_str(cases[i].in), &err));
        assert_int_equal(sans.n, 1);
        if (!sg_slice_eq(sans.san[0].value, sg_slice_str(cases[i].out)))
            fail_msg("\"%s\" became \"%.*s\"", cases[i].in,
                     (int)sans.san[0].value.len,
                     (const char *)sans.san[0].value.p);
    }
}

static void refuses(adder add, const struct pair *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct ca_sans sans = { 0 };

        t_refused(&err, add(&arena, &sans, sg_slice_str(cases[i].in), &err),
                  SG_POLICY, cases[i].out);
        assert_int_equal(sans.n, 0);
    }
}

#define TAKES(add, cases) takes((add), (cases), SG_ARRAY_LEN(cases))
#define REFUSES(add, cases) refuses((add), (cases), SG_ARRAY_LEN(cases))

/* --- DNS ---------------------------------------------------------------------- */

#define L63 "a23456789012345678901234567890123456789012345678901234567890123"

static void takes_dns_names(void **state)
{
    static const struct pair GOOD[] = {
        { "web.example.com", "web.example.com" },
        { "WEB.Example.COM", "web.example.com" },
        { "localhost", "localhost" },
        { "1a.example", "1a.example" },
        { "3com.example", "3com.example" },
        { "r3---sn.example.com", "r3---sn.example.com" },
        { "*.example.com", "*.example.com" },
        { L63 ".example", L63 ".example" },
        { L63 "." L63 "." L63
              ".a23456789012345678901234567890123456789012345678901234567890x",
          L63
          "." L63 "." L63
          ".a23456789012345678901234567890123456789012345678901234567890x" },
        { "bücher.example", "xn--bcher-kva.example" },
        { "*.bücher.example", "*.xn--bcher-kva.example" },
        { "BÜCHER.example", "xn--bcher-kva.example" },
        { "faß.example", "xn--fa-hia.example" }, /* not "fass": RFC 5891 */
        { "xn--bcher-kva.example", "xn--bcher-kva.example" },
        { "例え.テスト", "xn--r8jz45g.xn--zckzah" },
        { "web。example", "web.example" }, /* ideographic full stop, UTS 46 */
    };

    (void)state;
    TAKES(ca_sans_add_dns, GOOD);
}

static void refuses_dns_names(void **state)
{
    static const struct pair BAD[] = {
        { "", "DNS name \"\": empty name" },
        { "foo_bar.example.com",
          "DNS name \"foo_bar.example.com\": underscore (RFC 5280 4.2.1.6, RFC 1034 3.5)" },
        { "a..example.com",
          "DNS name \"a..example.com\": empty label (RFC 1034 3.5)" },
        { ".example.com",
          "DNS name \".example.com\": empty label (RFC 1034 3.5)" },
        { ".", "DNS name \".\": empty label (RFC 1034 3.5)" },
        { "example.com.",
          "DNS name \"example.com.\": trailing dot (RFC 5280 4.2.1.6)" },
        { "-a.example",
          "DNS name \"-a.example\": label starts or ends with a hyphen (RFC 1034 3.5)" },
        { "a-.example",
          "DNS name \"a-.example\": label starts or ends with a hyphen (RFC 1034 3.5)" },
        { L63 "4.example",
          "DNS name \"" L63
          "4.example\": label longer than 63 octets (RFC 1035 2.3.4)" },
        { "a b.example",
          "DNS name \"a b.example\": character other than letter, digit and hyphen (RFC 1034 3.5)" },
        { "a/b",
          "DNS name \"a/b\": character other than letter, digit and hyphen (RFC 1034 3.5)" },
        { "*",
          "DNS name \"*\": wildcard is not the whole leftmost label (RFC 6125 6.4.3)" },
        { "*.", "DNS name \"*.\": empty label (RFC 1034 3.5)" },
        { "*.com",
          "DNS name \"*.com\": wildcard above fewer than two labels (BR 3.2.2.6)" },
        { "a.*.example.com",
          "DNS name \"a.*.example.com\": wildcard is not the whole leftmost label (RFC 6125 6.4.3)" },
        { "a*.example.com",
          "DNS name \"a*.example.com\": wildcard is not the whole leftmost label (RFC 6125 6.4.3)" },
        { "*a.example.com",
          "DNS name \"*a.example.com\": wildcard is not the whole leftmost label (RFC 6125 6.4.3)" },
        { "*.*.example.com",
          "DNS name \"*.*.example.com\": wildcard is not the whole leftmost label (RFC 6125 6.4.3)" },
        { "192.0.2.1",
          "DNS name \"192.0.2.1\": shaped like an IP address; addresses are IP SANs" },
        { "１９２.0.2.1",
          "DNS name \"１９２.0.2.1\": shaped like an IP address; addresses are IP SANs" },
        { "1.2.3",
          "DNS name \"1.2.3\": shaped like an IP address; addresses are IP SANs" },
        { "a.0x7f",
          "DNS name \"a.0x7f\": shaped like an IP address; addresses are IP SANs" },
        { "2001:db8::1",
          "DNS name \"2001:db8::1\": shaped like an IP address or a port; addresses are IP SANs" },
        { "example.com:443",
          "DNS name \"example.com:443\": shaped like an IP address or a port; addresses are IP SANs" },
        { "xn--0.example",
          "DNS name \"xn--0.example\": string contains invalid punycode data (RFC 5891, IDNA2008)" },
        { "xn--n3h.example",
          "DNS name \"xn--n3h.example\": string contains a disallowed character (RFC 5891, IDNA2008)" },
        { "a\xff.example",
          "DNS name \"a\\xff.example\": string encoding error (RFC 5891, IDNA2008)" },
        { "a\nb.example",
          "DNS name \"a\\x0ab.example\": character other than letter, digit and hyphen (RFC 1034 3.5)" },
    };

    (void)state;
    REFUSES(ca_sans_add_dns, BAD);
}

static void refuses_long_and_nul_names(void **state)
{
    struct ca_sans sans = { 0 };
    uint8_t text[300];

    (void)state;
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = i % 50 == 49 ? '.' : 'a';
    sg_err_clear(&err);
    text[299] = 'a';
    assert_int_equal(ca_sans_add_dns(&arena, &sans, SG_SLICE(text, 300), &err),
                     SG_POLICY);
    assert_non_null(
        strstr(err.msg, "...\": longer than 253 octets (RFC 1035 2.3.4)"));
    sg_err_clear(&err);
    assert_int_equal(ca_sans_add_dns(&arena, &sans, SG_SLICE(text, 254), &err),
                     SG_POLICY);
    assert_non_null(
        strstr(err.msg, "...\": longer than 253 octets (RFC 1035 2.3.4)"));
    t_ok(&err, ca_sans_add_dns(&arena, &sans, SG_SLICE(text, 253), &err));
    t_refused(&err,
              ca_sans_add_dns(&arena, &sans,
                              SG_SLICE((const uint8_t *)"a\0b.example", 11),
                              &err),
              SG_POLICY, "DNS name \"a\\x00b.example\": NUL inside the name");
    assert_int_equal(sans.n, 1);
}

static void relaxes_when_asked(void **state)
{
    static const struct pair GOOD[] = {
        { "foo_bar.Example", "foo_bar.example" },
        { "some name", "some name" },
        { "f*o.example.com", "f*o.example.com" },
        { "bücher_.example", "xn--bcher_-3ya.example" },
    };
    static const struct pair BAD[] = {
        { "a\tb",
          "DNS name \"a\\x09b\": control character (RFC 5280 4.2.1.6)" },
        { "", "DNS name \"\": empty name" },
    };

    (void)state;
    TAKES(ca_sans_add_dns_lax, GOOD);
    REFUSES(ca_sans_add_dns_lax, BAD);
}

static void judges_host_names(void **state)
{
    (void)state;
    assert_null(ca_dns_fault(sg_slice_str("web.example"), false));
    assert_null(ca_dns_fault(sg_slice_str("*.example.com"), true));
    assert_string_equal(ca_dns_fault(sg_slice_str("*.example.com"), false),
                        "wildcard not allowed here");
    assert_string_equal(ca_dns_fault(sg_slice_str("bücher.example"), false),
                        "not ASCII (RFC 5280 7.2)");
    assert_string_equal(
        ca_dns_fault(sg_slice_str("xn--0.example"), false),
        "label is no A-label although it starts with xn-- (RFC 5890 2.3.2.1)");
    assert_null(ca_dns_fault(sg_slice_str("XN--bcher-kva.example"), false));
    assert_true(ca_is_ip_text(sg_slice_str("192.0.2.1")));
    assert_true(ca_is_ip_text(sg_slice_str("2001:db8::1")));
    assert_false(ca_is_ip_text(sg_slice_str("192.0.2")));
    assert_false(ca_is_ip_text(sg_slice_str("")));
}

/* --- email -------------------------------------------------------------------- */

static void takes_and_refuses_email(void **state)
{
    static const struct pair GOOD[] = {
        { "Ann.B+c@Example.COM", "Ann.B+c@example.com" },
        { "a@bücher.example", "a@xn--bcher-kva.example" },
        { "a@localhost", "a@localhost" },
    };
    static const struct pair BAD[] = {
        { "example.com",
          "email name \"example.com\": no @ (RFC 5280 4.2.1.6)" },
        { "@example.com",
          "email name \"@example.com\": nothing before the @ (RFC 5321 4.1.2)" },
        { "a@", "DNS name \"\": empty name" },
        { "a@b@example.com",
          "email name \"a@b@example.com\": character other than letter, digit and hyphen (RFC 1034 3.5)" },
        { "a..b@example.com",
          "email name \"a..b@example.com\": character that needs quoting before the @ (RFC 5322 3.2.3)" },
        { "\"a b\"@example.com",
          "email name \"\"a b\"@example.com\": character that needs quoting before the @ (RFC 5322 3.2.3)" },
        { "ü@example.com",
          "email name \"ü@example.com\": character that needs quoting before the @ (RFC 5322 3.2.3)" },
        { L63 "45@example.com",
          "email name \"" L63
          "45@example.com\": more than 64 octets before the @ (RFC 5321 4.5.3.1.1)" },
        { "a@*.example.com",
          "email name \"a@*.example.com\": wildcard not allowed here" },
        { "a@192.0.2.1",
          "email name \"a@192.0.2.1\": shaped like an IP address; addresses are IP SANs" },
    };

    (void)state;
    TAKES(ca_sans_add_email, GOOD);
    REFUSES(ca_sans_add_email, BAD);
}

/* --- URI ---------------------------------------------------------------------- */

static void takes_and_refuses_uris(void **state)
{
    static const struct pair GOOD[] = {
        { "spiffe://example.org/ns/a", "spiffe://example.org/ns/a" },
        { "https://User@Example.com:8443/%41?q#f",
          "https://User@Example.com:8443/%41?q#f" },
        { "urn:uuid:1", "urn:uuid:1" },
        { "http://[2001:db8::1]:80/", "http://[2001:db8::1]:80/" },
        { "http://192.0.2.1", "http://192.0.2.1" },
    };
    static const struct pair BAD[] = {
        { "", "URI name \"\": no scheme: a relative URI (RFC 5280 4.2.1.6)" },
        { "/path",
          "URI name \"/path\": no scheme: a relative URI (RFC 5280 4.2.1.6)" },
        { "//example.com",
          "URI name \"//example.com\": no scheme: a relative URI (RFC 5280 4.2.1.6)" },
        { "http:",
          "URI name \"http:\": nothing behind the scheme (RFC 5280 4.2.1.6)" },
        { "http://", "URI name \"http://\": empty name" },
        { "http:///x", "URI name \"http:///x\": empty name" },
        { "http://a b/",
          "URI name \"http://a b/\": character that a URI cannot hold (RFC 3986 2)" },
        { "http://exämple.com/",
          "URI name \"http://exämple.com/\": character that a URI cannot hold (RFC 3986 2)" },
        { "http://a/%4",
          "URI name \"http://a/%4\": % without two hexadecimal digits (RFC 3986 2.1)" },
        { "http://a_b.example/",
          "URI name \"http://a_b.example/\": underscore (RFC 5280 4.2.1.6, RFC 1034 3.5)" },
        { "http://*.example.com/",
          "URI name \"http://*.example.com/\": wildcard not allowed here" },
        { "http://a.example:8x/",
          "URI name \"http://a.example:8x/\": port is not a number (RFC 3986 3.2.3)" },
        { "http://a.example:123456/",
          "URI name \"http://a.example:123456/\": port of more than 5 digits (RFC 3986 3.2.3)" },
        { "http://[2001:db8::1/",
          "URI name \"http://[2001:db8::1/\": [ without ] (RFC 3986 3.2.2)" },
        { "http://[::1]x/",
          "URI name \"http://[::1]x/\": text between ] and the port (RFC 3986 3.2.2)" },
        { "http://[example]/",
          "URI name \"http://[example]/\": no IP address in the brackets (RFC 3986 3.2.2)" },
    };

    (void)state;
    TAKES(ca_sans_add_uri, GOOD);
    REFUSES(ca_sans_add_uri, BAD);
}

/* --- IP and otherName ----------------------------------------------------------- */

static void takes_and_refuses_ips(void **state)
{
    static const struct pair BAD[] = {
        { "", "IP name \"\": not a valid IP address" },
        { "192.0.2", "IP name \"192.0.2\": not a valid IP address" },
        { "192.0.2.256", "IP name \"192.0.2.256\": not a valid IP address" },
        { "192.0.2.1/24", "IP name \"192.0.2.1/24\": not a valid IP address" },
        { "fe80::1%eth0", "IP name \"fe80::1%eth0\": not a valid IP address" },
        { "a.example", "IP name \"a.example\": not a valid IP address" },
    };
    struct ca_sans sans = { 0 };
    char text[64];

    (void)state;
    REFUSES(ca_sans_add_ip, BAD);
    t_ok(&err, ca_sans_add_ip(&arena, &sans, sg_slice_str("192.0.2.1"), &err));
    t_ok(&err,
         ca_sans_add_ip(&arena, &sans, sg_slice_str("2001:DB8::1"), &err));
    /* The same address in its IPv6 dress is kept once, as IPv4. */
    t_ok(&err,
         ca_sans_add_ip(&arena, &sans, sg_slice_str("::ffff:192.0.2.1"), &err));
    assert_int_equal(sans.n, 2);
    assert_string_equal(ca_san_text(&sans.san[0], text, sizeof(text)),
                        "IP:192.0.2.1");
    assert_string_equal(ca_san_text(&sans.san[1], text, sizeof(text)),
                        "IP:2001:db8::1");
    t_refused(
        &err,
        ca_sans_add_ip_bytes(&arena, &sans, ossl_hex(&arena, "01 02 03"), &err),
        SG_POLICY, "IP name of 3 octets, want 4 or 16 (RFC 5280 4.2.1.6)");
}

static void takes_and_refuses_other_names(void **state)
{
    struct ca_sans sans = { 0 };
    char text[96];

    (void)state;
    t_ok(&err, ca_sans_add_other(&arena, &sans, "1.3.6.1.4.1.311.20.2.3",
                                 sg_slice_str("ü@corp"), &err));
    assert_string_equal(ca_san_text(&sans.san[0], text, sizeof(text)),
                        "otherName:1.3.6.1.4.1.311.20.2.3;UTF8:ü@corp");
    sg_err_clear(&err);
    assert_int_equal(
        ca_sans_add_other(&arena, &sans, "1.two.3", sg_slice_str("x"), &err),
        SG_FORMAT);
    assert_memory_equal(err.msg, "otherName \"1.two.3\": ", 21);
    t_refused(
        &err,
        ca_sans_add_other(&arena, &sans, "1.2.3", sg_slice_str("\xff"), &err),
        SG_POLICY,
        "otherName name \"\\xff\": not UTF-8 of 1 to 1024 octets (RFC 3629)");
    t_refused(&err,
              ca_sans_add_other(&arena, &sans, "1.2.3", sg_slice_str(""), &err),
              SG_POLICY,
              "otherName name \"\": not UTF-8 of 1 to 1024 octets (RFC 3629)");
    assert_int_equal(sans.n, 1);
}

/* --- the list --------------------------------------------------------------------- */

static void keeps_doubles_once(void **state)
{
    struct ca_sans sans = { 0 };

    (void)state;
    t_ok(&err, ca_sans_add_dns(&arena, &sans, sg_slice_str("a.example"), &err));
    t_ok(&err, ca_sans_add_dns(&arena, &sans, sg_slice_str("A.EXAMPLE"), &err));
    t_ok(&err, ca_sans_add_dns(&arena, &sans, sg_slice_str("b.example"), &err));
    t_ok(&err,
         ca_sans_add_other(&arena, &sans, "1.2.3", sg_slice_str("x"), &err));
    t_ok(&err,
         ca_sans_add_other(&arena, &sans, "1.2.4", sg_slice_str("x"), &err));
    t_ok(&err,
         ca_sans_add_other(&arena, &sans, "1.2.4", sg_slice_str("x"), &err));
    assert_int_equal(sans.n, 4);
}

static void limits_the_number(void **state)
{
    struct ca_sans sans = { 0 };
    char name[32];

    (void)state;
    for (int i = 0; i < CA_SANS_MAX; i++) {
        (void)snprintf(name, sizeof(name), "n%d.example", i);
        t_ok(&err, ca_sans_add_dns(&arena, &sans, sg_slice_str(name), &err));
    }
    t_refused(&err,
              ca_sans_add_dns(&arena, &sans, sg_slice_str("x.example"), &err),
              SG_POLICY, "more than 256 subject alternative names");
    for (int i = 0; i < CA_SANS_MAX; i++) {
        (void)snprintf(name, sizeof(name), "n%d.example", i);
        assert_true(sg_slice_eq(sans.san[i].value, sg_slice_str(name)));
    }
}

/* --- DER -------------------------------------------------------------------------- */

static struct sg_slice encode(const struct ca_sans *sans)
{
    struct sg_buf out SG_CLEANUP(sg_buf_done);
    struct sg_derw w;

    sg_buf_init(&out, 16384);
    sg_derw_init(&w, &out);
    t_ok(&err, ca_sans_encode(sans, &w, &err));
    t_ok(&err, sg_derw_finish(&w, &err));
    return sg_arena_copy(&arena, sg_buf_slice(&out));
}

static void writes_as_openssl_does(void **state)
{
    struct ca_sans sans = { 0 };
    struct ca_sans back;

    (void)state;
    ossl_key("key.pem", "EC:P-256");
    ossl(
        "req", "-x509", "-new", "-key", ossl_path("key.pem"), "-subj", "/CN=x",
        "-addext",
        "subjectAltName=DNS:*.example.com,email:a@example.com,URI:urn:x,IP:192.0.2.1,IP:2001:db8::1,otherName:1.2.3.4;UTF8:abc",
        "-out", ossl_path("x.pem"));
    struct sg_slice cert = ossl_der(&arena, "x.pem", "CERTIFICATE");

    t_ok(&err,
         ca_sans_add_dns(&arena, &sans, sg_slice_str("*.example.com"), &err));
    t_ok(&err,
         ca_sans_add_email(&arena, &sans, sg_slice_str("a@example.com"), &err));
    t_ok(&err, ca_sans_add_uri(&arena, &sans, sg_slice_str("urn:x"), &err));
    t_ok(&err, ca_sans_add_ip(&arena, &sans, sg_slice_str("192.0.2.1"), &err));
    t_ok(&err,
         ca_sans_add_ip(&arena, &sans, sg_slice_str("2001:db8::1"), &err));
    t_ok(&err, ca_sans_add_other(&arena, &sans, "1.2.3.4", sg_slice_str("abc"),
                                 &err));
    struct sg_slice der = encode(&sans);
    assert_non_null(memmem(cert.p, cert.len, der.p, der.len));

    t_ok(&err, ca_sans_parse(&arena, der, &back, &err));
    assert_int_equal(back.n, sans.n);
    for (size_t i = 0; i < sans.n; i++) {
        assert_int_equal(back.san[i].kind, sans.san[i].kind);
        assert_true(sg_slice_eq(back.san[i].value, sans.san[i].value));
        assert_true(sg_slice_eq(back.san[i].oid, sans.san[i].oid));
    }
}

static void refuses_to_write(void **state)
{
    struct ca_san directory = { .kind = CA_SAN_DIRECTORY,
                                .value = ossl_hex(&arena, "30 00") };
    struct ca_sans one = { &directory, 1 };
    struct ca_sans none = { 0 };
    struct sg_buf out SG_CLEANUP(sg_buf_done);
    struct sg_derw w;

    (void)state;
    sg_buf_init(&out, 64);
    sg_derw_init(&w, &out);
    t_refused(&err, ca_sans_encode(&none, &w, &err), SG_POLICY,
              "SAN: no name at all (RFC 5280 4.2.1.6)");
    t_refused(&err, ca_sans_encode(&one, &w, &err), SG_POLICY,
              "SAN: a directoryName is never written");
}

static void refuses_bad_der(void **state)
{
    static const struct {
        const char *hex, *text;
        enum sg_rc rc;
    } BAD[] = {
        { "30 00", "SAN: no name at all (RFC 5280 4.2.1.6)", SG_FORMAT },
        { "31 00", "SAN: offset 0: expected SEQUENCE, found SET", SG_FORMAT },
        { "30 00 00", "SAN: offset 2: 1 octets too many at the end",
          SG_FORMAT },
        { "30 04 82 02 61 ff",
          "SAN: IA5String with a character above 127 (RFC 5280 4.2.1.6)",
          SG_FORMAT },
        { "30 05 82 03 61 00 62", "DNS name \"a\\x00b\": NUL inside the name",
          SG_POLICY },
        { "30 05 87 03 01 02 03",
          "IP name of 3 octets, want 4 or 16 (RFC 5280 4.2.1.6)", SG_POLICY },
        { "30 04 88 02 2a 03", "SAN: a registeredID is not accepted",
          SG_POLICY },
        { "30 02 a3 00", "SAN: a x400Address is not accepted", SG_POLICY },
        { "30 02 a5 00", "SAN: a ediPartyName is not accepted", SG_POLICY },
        { "30 02 89 00", "SAN: tag 0x89 is no GeneralName (RFC 5280 4.2.1.6)",
          SG_FORMAT },
        { "30 0a a0 08 06 02 2a 03 a0 02 05 00",
          "SAN: otherName 1.2.3 without a UTF8String value is not accepted",
          SG_POLICY },
        { "30 0b a0 09 06 02 2a 03 0c 03 61 62 63",
          "SAN: offset 8: expected [0] constructed, found UTF8String",
          SG_FORMAT },
        { "30 06 a4 04 30 00 30 00",
          "SAN: offset 6: 2 octets too many at the end", SG_FORMAT },
    };
    struct ca_sans sans = { 0 };

    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(BAD); i++)
        t_refused(
            &err,
            ca_sans_parse(&arena, ossl_hex(&arena, BAD[i].hex), &sans, &err),
            BAD[i].rc, BAD[i].text);
    assert_int_equal(sans.n, 0);
    /* A directoryName is read, for constraints that speak about it. */
    t_ok(&err, ca_sans_parse(&arena, ossl_hex(&arena, "30 04 a4 02 30 00"),
                             &sans, &err));
    assert_int_equal(sans.san[0].kind, CA_SAN_DIRECTORY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(takes_dns_names, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_dns_names, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_long_and_nul_names, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(relaxes_when_asked, setup, teardown),
        cmocka_unit_test_setup_teardown(judges_host_names, setup, teardown),
        cmocka_unit_test_setup_teardown(takes_and_refuses_email, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(takes_and_refuses_uris, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(takes_and_refuses_ips, setup, teardown),
        cmocka_unit_test_setup_teardown(takes_and_refuses_other_names, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(keeps_doubles_once, setup, teardown),
        cmocka_unit_test_setup_teardown(limits_the_number, setup, teardown),
        cmocka_unit_test_setup_teardown(writes_as_openssl_does, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(refuses_to_write, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_bad_der, setup, teardown),
    };

    return cmocka_run_group_tests(tests, ossl_open, ossl_close);
}
