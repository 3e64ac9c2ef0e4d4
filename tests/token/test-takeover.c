/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates that a taken-over daemon asks for. */

#include <string.h>

#include "tests/token/takeover.h"

static void test_good_one(void **state)
{
    struct fixture *f = *state;
    struct t_tbs t = good_leaf(f);
    struct sg_slice signature;

    assert_int_equal(show(f, &f->issuing).signatures, 0);
    assert_int_equal(
        sign(f, TOK_OP_SIGN_CERT, &f->issuing, encode(f, &t), &signature),
        SG_OK);
    struct tok_guard_view view = show(f, &f->issuing);
    assert_int_equal(view.signatures, 1);
    assert_true(view.guard.bound);
    assert_int_equal(view.guard.n_eku, 1);
    assert_true(sg_slice_eq(view.guard.chain, sg_buf_slice(&f->root.cert)));
}

static void test_ca_from_leaf_key(void **state)
{
    struct fixture *f = *state;
    struct t_tbs t = good_leaf(f);

    t.ca = true;
    NO_CERT(&f->issuing, &t, CA,
            "guard: this key may not sign CA certificates");
    t = good_leaf(f);
    t.key_usage = 1 << 5;
    NO_CERT(&f->issuing, &t, KEY_USAGE, "guard: keyCertSign without cA");
    t = intermediate(f);
    t.path_length = 2;
    NO_CERT(&f->root, &t, PATH_LENGTH, "guard: path length 2, at most 1");
    t.path_length = -1;
    NO_CERT(&f->root, &t, PATH_LENGTH,
            "guard: CA certificate without path length, must have 1 at most");
    t = intermediate(f);
    sg_buf_reset(&f->exts);
    t_ext_put(&f->exts, 99, true, BYTES("\x05\0"));
    t.extra = sg_buf_slice(&f->exts);
    NO_CERT(&f->root, &t, EXTENSION,
            "guard: CA certificate with the critical extension 2.5.29.99");
}

static void test_names(void **state)
{
    static const struct {
        struct sg_slice names;
        const char *text;
    } CASES[] = {
#define NAME(der) { (const uint8_t *)(der), sizeof(der) - 1 }
#define OUT(form) "guard: " form " is outside of the permitted subtrees"
#define IN(form) "guard: " form " is in an excluded subtree"
        { NAME("\x82\x0b"
               "example.net"),
          OUT("DNS name \"example.net\"") },
        { NAME("\x82\x0f"
               "evilexample.com"),
          OUT("DNS name \"evilexample.com\"") },
        { NAME("\x82\x12"
               "secret.example.com"),
          IN("DNS name \"secret.example.com\"") },
        { NAME("\x82\x14"
               "a.SECRET.example.com"),
          IN("DNS name \"a.SECRET.example.com\"") },
        { NAME("\x82\x0d*.example.com"), IN("DNS name \"*.example.com\"") },
        { NAME("\x82\x05*.com"), OUT("DNS name \"*.com\"") },
        { NAME("\x81\x0d"
               "a@example.net"),
          OUT("email address \"a@example.net\"") },
        { NAME("\x81\x0f"
               "a@x.example.com"),
          OUT("email address \"a@x.example.com\"") },
        { NAME("\x81\x10"
               "Boss@Example.com"),
          IN("email address \"Boss@Example.com\"") },
        { NAME("\x86\x14https://example.com/"),
          OUT("URI \"https://example.com/\"") },
        { NAME("\x86\x1ahttps://secret.example.com"),
          IN("URI \"https://secret.example.com\"") },
        { NAME("\x86\x10https://10.1.2.3"), IN("URI \"https://10.1.2.3\"") },
        { NAME("\x86\x15urn:w.example.com:abc"),
          IN("URI \"urn:w.example.com:abc\"") },
        { NAME("\x87\x04\x0b\0\0\1"), OUT("IP address 11.0.0.1") },
        { NAME("\x87\x04\x0a\x09\0\1"), IN("IP address 10.9.0.1") },
        { NAME("\x87\x10\x0a\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"),
          OUT("IP address a00::1") },
        { NAME(UPN("\x1d", "\x0f", "\x0d", "a@x.admin.net")), "" },
        { NAME(UPN("\x1b", "\x0d", "\x0b", "a@admin.net")), IN("otherName") },
        { NAME("\xa4\x11\x30\x0f\x31\x0d\x30\x0b\x06\x03\x55\x04\x03\x13\x04"
               "eViL"),
          IN("directoryName") },
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < SG_ARRAY_LEN(CASES); i++) {
        struct t_tbs t = good_leaf(f);
        struct sg_slice signature;
        t.extra = leaf_exts(f, BYTES(SERVER_AUTH), CASES[i].names);
        if (CASES[i].text[0] != '\0')
            NO_CERT(&f->issuing, &t, NAMES, CASES[i].text);
        else if (sign(f, TOK_OP_SIGN_CERT, &f->issuing, encode(f, &t),
                      &signature)
                 != SG_OK)
            fail_msg("%zu: %s", i, f->h.failure.msg);
    }
    /* No subjectAltName: software takes the common name for a host. */
    struct t_tbs t = good_leaf(f);
    t.extra = leaf_exts(f, BYTES(SERVER_AUTH), SG_SLICE(NULL, 0));
    t.subject = "www.example.net";
    NO_CERT(&f->issuing, &t, NAMES, OUT("DNS name \"www.example.net\""));
    t.subject = "EVIL";
    NO_CERT(&f->issuing, &t, NAMES, IN("directoryName"));
}

static void test_times_and_issuer(void **state)
{
    struct fixture *f = *state;
    struct t_tbs t = good_leaf(f);

    t.not_after = t.not_before + 90 * T_DAY;
    NO_CERT(&f->issuing, &t, VALIDITY,
            "guard: validity of 7776001 s, this key's certificates have at "
            "most 7776000 s");
    t.not_before = T_2026 + 990 * T_DAY;
    t.not_after = T_2026 + 1000 * T_DAY + 1;
    NO_CERT(&f->issuing, &t, VALIDITY,
            "guard: notAfter 2028-09-27T00:00:01Z is past the issuer's "
            "2028-09-27T00:00:00Z");
    t.not_before = T_2026 - 1;
    t.not_after = T_2026 + T_DAY;
    NO_CERT(&f->issuing, &t, VALIDITY,
            "guard: notBefore 2025-12-31T23:59:59Z is before the issuer's "
            "2026-01-01T00:00:00Z");
    t = good_leaf(f);
    t.issuer = "Issuing";
    NO_CERT(&f->issuing, &t, ISSUER, "guard: issuer is not, byte for byte");
    t = good_leaf(f);
    t.aki = "root";
    NO_CERT(&f->issuing, &t, AKI,
            "guard: authorityKeyIdentifier is not the issuer's");
    t.aki = NULL;
    NO_CERT(&f->issuing, &t, AKI, "guard: no authorityKeyIdentifier");
}

static void test_purposes(void **state)
{
    struct fixture *f = *state;
    struct t_tbs t = good_leaf(f);

    t.extra = leaf_exts(f, BYTES(SERVER_AUTH CLIENT_AUTH), SG_SLICE(NULL, 0));
    NO_CERT(&f->issuing, &t, EKU,
            "guard: extKeyUsage 1.3.6.1.5.5.7.3.2 is none of the key's");
    t.extra = leaf_exts(f, BYTES("\x06\x04\x55\x1d\x25\0"), SG_SLICE(NULL, 0));
    NO_CERT(&f->issuing, &t, EKU, "guard: extKeyUsage 2.5.29.37.0 is none");
    t.extra = SG_SLICE(NULL, 0);
    NO_CERT(&f->issuing, &t, EKU, "guard: no extKeyUsage");
}

static void test_form(void **state)
{
    struct fixture *f = *state;
    struct tok_guard_view before = show(f, &f->issuing);
    struct t_tbs t = good_leaf(f);
    struct sg_slice good = encode(f, &t);
    struct sg_slice signature;
    struct tok_sign req = { .key_ref = f->issuing.ref,
                            .algorithm = t_algorithm(TOK_KEY_EC_P384, 0, false),
                            .tbs = good };

    struct want want = { SG_POLICY, TOK_REFUSED_ALGORITHM,
                         "guard: signature algorithm inside differs from the "
                         "one outside" };
    check(f, &f->issuing, t_sign(&f->h, TOK_OP_SIGN_CERT, &req, &signature),
          &before, &want);
    t.algorithm = req.algorithm;
    req.tbs = encode(f, &t);
    want.text = "signature algorithm ecdsa-with-SHA384 does not go with a key "
                "of type ec-p256";
    check(
        f, &f->issuing, t_sign(&f->h, TOK_OP_SIGN_CERT, &req, &signature),
        &(struct tok_guard_view){ .refused = { [TOK_REFUSED_ALGORITHM] = 1 } },
        &want);
    t = good_leaf(f);
    t.twice = true;
    NO_CERT(&f->issuing, &t, EXTENSION,
            "guard: extension 2.5.29.14 is given twice");
    t = good_leaf(f);
    t.serial = BYTES("\0");
    NO_CERT(&f->issuing, &t, FORMAT, "guard: serial number is not positive");
    t = good_leaf(f);
    t.trailing = true;
    want = (struct want){ SG_FORMAT, TOK_REFUSED_FORMAT, "certificate" };
    refused(f, TOK_OP_SIGN_CERT, &f->issuing, encode(f, &t), &want);
    t = good_leaf(f);
    (void)encode(f, &t);
    t_ok(&f->err, sg_buf_put_u8(&f->tbs, 0, &f->err));
    refused(f, TOK_OP_SIGN_CERT, &f->issuing, sg_buf_slice(&f->tbs), &want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_good_one), CASE(test_ca_from_leaf_key),
        CASE(test_names),    CASE(test_times_and_issuer),
        CASE(test_purposes), CASE(test_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
