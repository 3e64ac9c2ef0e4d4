/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/crl.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/ca/make.h"
#include "tests/unit/ca/openssl.h"

/* CRLs put together octet by octet, good and bad. */

static struct sg_arena arena;
static struct sg_err err;

static int open_arena(void **state)
{
    (void)state;
    sg_arena_init(&arena, (size_t)4 << 20);
    return 0;
}

static int free_arena(void **state)
{
    (void)state;
    sg_arena_done(&arena);
    return 0;
}

/* Parts of a CRL as hex; NULL: a good one. */
struct parts {
    const char *version, *inner, *name, *next, *entries, *extensions;
    const char *outer, *more;
};
#define ALG "30 0a 06 08 2a 86 48 ce 3d 04 03 02"
#define ALG_384 "30 0a 06 08 2a 86 48 ce 3d 04 03 03"
#define THIS "17 0d 32 36 30 31 30 31 30 30 30 30 30 30 5a"
#define NEXT "17 0d 32 36 30 32 30 31 30 30 30 30 30 30 5a"
#define AKI "30 0c 06 03 55 1d 23 04 05 30 03 80 01 07"
#define CRL_NUMBER "30 0a 06 03 55 1d 14 04 03 02 01 05"
#define EXTENSIONS "a0 1c 30 1a" AKI CRL_NUMBER
#define ENTRY(serial, more_len, more) "30 " more_len " 02 01 " serial THIS more

static void put(struct sg_derw *w, const char *hex, const char *usual)
{
    sg_derw_raw(w, ossl_hex(&arena, hex != NULL ? hex : usual));
}

static struct sg_slice build(const struct parts *parts)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf out;
    struct sg_derw w;
    size_t whole;
    size_t tbs;

    sg_buf_init(&out, 4096);
    sg_derw_init(&w, &out);
    whole = sg_derw_begin(&w, SG_DER_SEQUENCE);
    tbs = sg_derw_begin(&w, SG_DER_SEQUENCE);
    put(&w, parts->version, "02 01 01");
    put(&w, parts->inner, ALG);
    put(&w, parts->name, "30 0c 31 0a 30 08 06 03 55 04 03 0c 01 41");
    put(&w, THIS, NULL);
    put(&w, parts->next, NEXT);
    put(&w, parts->entries, "");
    put(&w, parts->extensions, EXTENSIONS);
    sg_derw_end(&w, tbs);
    put(&w, parts->outer, ALG);
    put(&w, "03 02 00 01", NULL);
    put(&w, parts->more, "");
    sg_derw_end(&w, whole);
    kit_ok(&err, sg_derw_finish(&w, &err));
    return sg_arena_copy(&arena, sg_buf_slice(&out));
}

static void test_reads(void **state)
{
    static const struct parts good_parts = { 0 };
    static const struct parts with_entries = {
        .entries = "30 42" ENTRY("05", "12", "") ENTRY(
            "02", "2c",
            "30 18 30 0a 06 03 55 1d 15 04 03 0a 01 09 30 0a 06 03 55 1d 7f 04 "
            "03 02 01 01")
    };
    struct ca_crl crl = { 0 };

    (void)state;
    kit_ok(&err, ca_crl_parse(&arena, build(&good_parts), &crl, &err));
    assert_int_equal(crl.n_revoked, 0);
    kit_ok(&err, ca_crl_parse(&arena, build(&with_entries), &crl, &err));
    assert_int_equal(crl.n_revoked, 2); /* as they stand there */
    assert_int_equal(crl.revoked[0].serial.p[0], 5);
    assert_int_equal(crl.revoked[0].reason, CA_REASON_UNSPECIFIED);
    assert_int_equal(crl.revoked[1].serial.p[0], 2);
    assert_int_equal(crl.revoked[1].reason, CA_REASON_PRIVILEGE_WITHDRAWN);
}

#define IDP(len, inner_len, value) \
    "a0 " len " 30 " inner_len AKI CRL_NUMBER value

static void test_refuses_to_read(void **state)
{
    static const struct {
        struct parts parts;
        enum sg_rc rc;
        const char *text;
    } BAD[] = {
        { { .version = "" },
          SG_POLICY,
          "crl: version 1, only 2 is accepted (RFC 5280 5.1.2.1)" },
        { { .version = "02 01 02" },
          SG_POLICY,
          "crl: version 3, only 2 is accepted (RFC 5280 5.1.2.1)" },
        { { .outer = ALG_384 },
          SG_POLICY,
          "crl: inner and outer signature algorithm differ "
          "(RFC 5280 5.1.1.2)" },
        { { .name = "30 00" },
          SG_POLICY,
          "crl: empty issuer (RFC 5280 5.1.2.3)" },
        { { .next = "" }, SG_POLICY, "crl: no nextUpdate (RFC 5280 5.1.2.5)" },
        { { .next = THIS },
          SG_POLICY,
          "crl: nextUpdate is not later than thisUpdate (RFC 5280 5.1.2.5)" },
        { { .entries = "30 00" },
          SG_FORMAT,
          "crl: revokedCertificates is there and empty (RFC 5280 5.1.2.6)" },
        { { .entries = "30 28" ENTRY("05", "12", "") ENTRY("05", "12", "") },
          SG_POLICY,
          "crl: serial number 05 stands twice (RFC 5280 5.1.2.6)" },
        { { .entries = "30 14" ENTRY("00", "12", "") },
          SG_POLICY,
          "crl: serial number is not positive (RFC 5280 4.1.2.2)" },
        { { .entries = "30 22" ENTRY(
                "05", "20", "30 0c 30 0a 06 03 55 1d 15 04 03 0a 01 08") },
          SG_POLICY,
          "crl: reasonCode 8: removeFromCRL stands in delta CRLs only "
          "(RFC 5280 5.3.1)" },
        { { .entries = "30 22" ENTRY(
                "05", "20", "30 0c 30 0a 06 03 55 1d 15 04 03 0a 01 07") },
          SG_POLICY,
          "crl: reasonCode 7: the reason has no meaning (RFC 5280 5.3.1)" },
        { { .entries = "30 25" ENTRY("05", "23",
                                     "30 0f 30 0d 06 03 55 1d 15 01 01 ff 04 "
                                     "03 0a 01 01") },
          SG_POLICY,
          "crl: entry extension reasonCode is critical (RFC 5280 5.3)" },
        { { .entries = "30 24" ENTRY("05", "22",
                                     "30 0e 30 0c 06 03 55 1d 1d 01 01 ff 04 "
                                     "02 30 00") },
          SG_POLICY,
          "crl: certificateIssuer: indirect CRLs are not accepted "
          "(BR 7.2.2.1)" },
        { { .extensions = "" },
          SG_POLICY,
          "crl: no authorityKeyIdentifier (RFC 5280 5.2.1)" },
        { { .extensions = "a0 10 30 0e" AKI },
          SG_POLICY,
          "crl: no cRLNumber (RFC 5280 5.2.3)" },
        { { .extensions = "a0 1f 30 1d" AKI
                          "30 0d 06 03 55 1d 14 01 01 ff 04 03 02 01 05" },
          SG_POLICY,
          "crl: extension cRLNumber must not be critical (RFC 5280 5.2)" },
        { { .extensions =
                "a0 1c 30 1a" AKI "30 0a 06 03 55 1d 14 04 03 02 01 85" },
          SG_POLICY,
          "crl: cRLNumber is negative or has more than 20 octets "
          "(RFC 5280 5.2.3)" },
        { { .extensions = IDP("2a", "28",
                              "30 0c 06 03 55 1d 1b 01 01 ff 04 "
                              "02 02 00") },
          SG_POLICY,
          "crl: a delta CRL is not accepted (RFC 5280 5.2.4)" },
        { { .extensions = IDP("2a", "28",
                              "30 0c 06 03 55 1d 7f 01 01 ff 04 "
                              "02 05 00") },
          SG_POLICY,
          "crl: unknown critical extension 2.5.29.127 (RFC 5280 5.2)" },
        { { .extensions = IDP("2a", "28",
                              "30 0c 06 03 55 1d 1c 01 01 ff 04 "
                              "02 30 00") },
          SG_FORMAT,
          "crl: issuingDistributionPoint is empty (RFC 5280 5.2.5)" },
        { { .extensions = IDP("2a", "28",
                              "30 0c 06 03 55 1d 1c 04 05 30 03 "
                              "81 01 ff") },
          SG_POLICY,
          "crl: extension issuingDistributionPoint must be critical "
          "(RFC 5280 5.2)" },
        { { .extensions = IDP("2d", "2b",
                              "30 0f 06 03 55 1d 1c 01 01 ff 04 "
                              "05 30 03 81 01 00") },
          SG_FORMAT,
          "crl: issuingDistributionPoint: a flag that is not TRUE "
          "(X.690 11.1, 11.5)" },
        { { .extensions = IDP("2d", "2b",
                              "30 0f 06 03 55 1d 1c 01 01 ff 04 "
                              "05 30 03 84 01 ff") },
          SG_POLICY,
          "crl: issuingDistributionPoint: only a URL and one of user or CA "
          "certificates are accepted, not some reasons or an indirect CRL "
          "(BR 7.2.2.1)" },
        { { .more = "05 00" },
          SG_FORMAT,
          "crl: offset 109: 2 octets too many at the end" },
    };
    struct ca_crl crl = { 0 };

    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(BAD); i++) {
        struct sg_slice der = build(&BAD[i].parts);

        sg_err_clear(&err);
        if (ca_crl_parse(&arena, der, &crl, &err) != BAD[i].rc
            || strcmp(err.msg, BAD[i].text) != 0)
            fail_msg("%zu: \"%s\", not \"%s\"", i, err.msg, BAD[i].text);
    }
}

/* Cut anywhere, it is refused; no octet past the end is read. */
static void test_truncated(void **state)
{
    static const struct parts parts = { .entries =
                                            "30 14" ENTRY("05", "12", "") };
    struct sg_slice der = build(&parts);
    struct ca_crl crl = { 0 };

    (void)state;
    for (size_t len = 0; len < der.len; len++) {
        uint8_t *own = malloc(len + 1);

        assert_non_null(own);
        memcpy(own, der.p, len);
        sg_err_clear(&err);
        assert_int_not_equal(
            ca_crl_parse(&arena, SG_SLICE(own, len), &crl, &err), SG_OK);
        free(own);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads),
        cmocka_unit_test(test_refuses_to_read),
        cmocka_unit_test(test_truncated),
    };

    return cmocka_run_group_tests_name("crl-parse", tests, open_arena,
                                       free_arena);
}
