/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/ca/kit.h"

#include <stdio.h>
#include <string.h>

#include "ca/ext.h"

/* Root, and below it an issuing CA limited to example.com without
 * secret.example.com, 192.0.2.0/24 and mailboxes at example.com. */
static struct kit_key root_key, key, leaf_key;
static struct sg_buf root, cert;
static struct ca_issuer *issuer;
static struct ca_profile *profile;
static struct sg_arena arena;

static void make_constraints(struct ca_constraints *nc)
{
    struct sg_err err = { 0 };

    kit_ok(&err, ca_subtrees_add(&arena, &nc->permitted, CA_SAN_DNS,
                                 "example.com", &err));
    kit_ok(&err, ca_subtrees_add(&arena, &nc->permitted, CA_SAN_IP,
                                 "192.0.2.0/24", &err));
    kit_ok(&err, ca_subtrees_add(&arena, &nc->permitted, CA_SAN_EMAIL,
                                 "example.com", &err));
    kit_ok(&err, ca_subtrees_add(&arena, &nc->excluded, CA_SAN_DNS,
                                 "secret.example.com", &err));
}

static int make_world(void **state)
{
    static const char *const eku[] = { "1.3.6.1.5.5.7.3.1" };
    struct ca_profile_args args = { .key_usage = CA_KU_DIGITAL_SIGNATURE,
                                    .eku = eku,
                                    .n_eku = 1 };
    const struct sg_buf *chain[] = { &cert, &root };
    struct ca_constraints nc = { 0 };
    struct sg_err err = { 0 };

    (void)state;
    sg_arena_init(&arena, (size_t)1 << 20);
    kit_key_new(&root_key, CA_KEY_EC_P256, 0);
    kit_key_new(&key, CA_KEY_EC_P256, 0);
    kit_key_new(&leaf_key, CA_KEY_EC_P256, 0);
    make_constraints(&nc);
    kit_cert_make(&(struct kit_cert){ .key = &root_key,
                                      .signer = &root_key,
                                      .subject = "Root",
                                      .issuer = "Root" },
                  &root);
    kit_cert_make(&(struct kit_cert){ .key = &key,
                                      .signer = &root_key,
                                      .subject = "Issuing",
                                      .issuer = "Root",
                                      .path_length = 0 + 1,
                                      .constraints = &nc },
                  &cert);
    issuer = kit_issuer(chain, 2);
    kit_ok(&err, ca_profile_new(&args, &profile, &err));
    return 0;
}

static int free_world(void **state)
{
    (void)state;
    ca_profile_free(profile);
    ca_issuer_free(issuer);
    sg_buf_done(&root);
    sg_buf_done(&cert);
    kit_key_done(&root_key);
    kit_key_done(&key);
    kit_key_done(&leaf_key);
    sg_arena_done(&arena);
    return 0;
}

static void add_dns(struct ca_leaf_args *args, const char *name)
{
    struct sg_err err = { 0 };

    kit_ok(&err, ca_sans_add_dns(&arena, &args->sans, kit_slice(name), &err));
}

static void add_attr(struct ca_leaf_args *args, enum ca_attr attr,
                     const char *value)
{
    struct sg_err err = { 0 };

    kit_ok(&err,
           ca_dn_add(&arena, &args->subject, attr, kit_slice(value), &err));
}

/* A leaf that breaks no rule. */
static struct ca_leaf_args good(void)
{
    struct ca_leaf_args args = { .issuer = issuer,
                                 .profile = profile,
                                 .alg = CA_SIGALG_ECDSA_SHA256,
                                 .serial = { kit_serial, sizeof kit_serial },
                                 .spki = &leaf_key.spki,
                                 .not_before = KIT_NOW - 30,
                                 .not_after = KIT_NOW + KIT_DAY };

    add_attr(&args, CA_ATTR_COMMON_NAME, "web.example.com");
    add_dns(&args, "web.example.com");
    return args;
}

static void make(const struct ca_leaf_args *args, struct sg_buf *ret_tbs)
{
    struct sg_err err = { 0 };

    sg_buf_init(ret_tbs, CA_CERT_MAX);
    kit_ok(&err, ca_leaf_tbs(args, ret_tbs, &err));
}

static void accepted(const struct ca_leaf_args *args)
{
    struct sg_buf tbs;

    make(args, &tbs);
    sg_buf_done(&tbs);
}

/* Refused with this text, and what was in the buffer stays alone in it. */
static void refused(const struct ca_leaf_args *args, const char *text)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf out;
    struct sg_err err = { 0 };

    sg_buf_init(&out, CA_CERT_MAX);
    kit_ok(&err, sg_buf_put_str(&out, "before", &err));
    kit_refused(&err, ca_leaf_tbs(args, &out, &err), SG_POLICY, text);
    assert_int_equal(out.len, 6);
    assert_memory_equal(out.data, "before", 6);
}

/* The text is ca_constraints_check()'s; it names the name and the issuer. */
static void outside(const struct ca_leaf_args *args, const char *name)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf out;
    struct sg_err err = { 0 };

    sg_buf_init(&out, CA_CERT_MAX);
    t_assert_fails(ca_leaf_tbs(args, &out, &err), SG_POLICY);
    assert_int_equal(out.len, 0);
    if (strstr(err.msg, name) == NULL || strstr(err.msg, "CN=Issuing") == NULL
        || strstr(err.msg, "4.2.1.10") == NULL)
        fail_msg("%s: %s", name, err.msg);
}

/* --- what is written ------------------------------------------------------ */

static void test_fields(void **state)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf tbs;
    struct ca_leaf_args args = good();
    struct ca_cert parsed = { 0 };
    struct sg_err err = { 0 };
    uint8_t ski[20];

    (void)state;
    make(&args, &tbs);
    kit_ok(&err, ca_cert_parse_tbs(&arena, sg_buf_slice(&tbs), &parsed, &err));
    assert_true(sg_slice_eq(parsed.serial, args.serial));
    assert_true(sg_slice_eq(parsed.issuer, ca_issuer_cert(issuer)->subject));
    assert_int_equal(parsed.not_before, args.not_before);
    assert_int_equal(parsed.not_after, args.not_after);
    assert_true(sg_slice_eq(parsed.spki.der, leaf_key.spki.der));
    kit_ok(&err, ca_spki_key_id(&leaf_key.spki, ski, &err));
    assert_true(sg_slice_eq(parsed.ski, SG_SLICE(ski, sizeof ski)));
    assert_true(sg_slice_eq(parsed.aki, ca_issuer_cert(issuer)->ski));
    assert_int_equal(parsed.key_usage, CA_KU_DIGITAL_SIGNATURE);
    assert_true(parsed.has_eku);
    assert_false(parsed.has_basic_constraints);
    assert_int_equal(parsed.sans.n, 1);
    assert_false(kit_ext(&parsed, CA_OID_EXT_SAN)->critical);
    assert_true(kit_ext(&parsed, CA_OID_EXT_KU)->critical);
    assert_false(kit_ext(&parsed, CA_OID_EXT_SKI)->critical);
    assert_false(kit_ext(&parsed, CA_OID_EXT_AKI)->critical);
    assert_false(kit_ext(&parsed, CA_OID_EXT_EKU)->critical);
}

static void test_same_input_same_bytes(void **state)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf a;
    SG_CLEANUP(sg_buf_done) struct sg_buf b;
    struct ca_leaf_args args = good();

    (void)state;
    make(&args, &a);
    make(&args, &b);
    assert_true(sg_slice_eq(sg_buf_slice(&a), sg_buf_slice(&b)));
}

static void test_appends(void **state)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf alone;
    SG_CLEANUP(sg_buf_done) struct sg_buf after;
    struct ca_leaf_args args = good();
    struct sg_err err = { 0 };

    (void)state;
    make(&args, &alone);
    sg_buf_init(&after, CA_CERT_MAX);
    kit_ok(&err, sg_buf_put_str(&after, "before", &err));
    kit_ok(&err, ca_leaf_tbs(&args, &after, &err));
    assert_memory_equal(after.data, "before", 6);
    assert_true(sg_slice_eq(sg_buf_slice(&alone),
                            SG_SLICE(after.data + 6, after.len - 6)));
}

static void test_empty_subject(void **state)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf tbs;
    struct ca_leaf_args args = good();
    struct ca_cert parsed = { 0 };
    struct sg_err err = { 0 };

    (void)state;
    args.subject = (struct ca_dn){ 0 };
    make(&args, &tbs);
    kit_ok(&err, ca_cert_parse_tbs(&arena, sg_buf_slice(&tbs), &parsed, &err));
    assert_int_equal(parsed.subject.len, 2);
    assert_true(kit_ext(&parsed, CA_OID_EXT_SAN)->critical);
}

static void test_no_san(void **state)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf tbs;
    struct ca_leaf_args args = good();
    struct ca_cert parsed = { 0 };
    struct sg_err err = { 0 };

    (void)state;
    args.sans = (struct ca_sans){ 0 };
    make(&args, &tbs);
    kit_ok(&err, ca_cert_parse_tbs(&arena, sg_buf_slice(&tbs), &parsed, &err));
    assert_false(parsed.has_sans);
}

static void test_given_key_id(void **state)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf tbs;
    static const uint8_t id[CA_KEY_ID_MAX + 1] = { 1, 2, 3 };
    struct ca_leaf_args args = good();
    struct ca_cert parsed = { 0 };
    struct sg_err err = { 0 };

    (void)state;
    args.subject_key_id = SG_SLICE(id, 3);
    make(&args, &tbs);
    kit_ok(&err, ca_cert_parse_tbs(&arena, sg_buf_slice(&tbs), &parsed, &err));
    assert_true(sg_slice_eq(parsed.ski, args.subject_key_id));
    args.subject_key_id.len = sizeof id;
    refused(&args, "subject key identifier: 65 octets, at most 64");
}

/* UTCTime through 2049, GeneralizedTime from 2050. */
static void test_time_forms(void **state)
{
    static const int64_t last_2049 = INT64_C(2524607999);
    struct kit_cert long_root = { .key = &root_key,
                                  .signer = &root_key,
                                  .subject = "Root",
                                  .issuer = "Root",
                                  .not_before = -INT64_C(631152000),
                                  .not_after = INT64_C(253402300799) };
    SG_CLEANUP(sg_buf_done) struct sg_buf der;
    SG_CLEANUP(sg_buf_done) struct sg_buf tbs;
    const struct sg_buf *chain = &der;
    struct ca_leaf_args args = good();

    (void)state;
    kit_cert_make(&long_root, &der);
    struct ca_issuer *own SG_CLEANUP(ca_issuer_free) = kit_issuer(&chain, 1);
    args.issuer = own;
    args.not_after = last_2049;
    make(&args, &tbs);
    assert_non_null(memmem(tbs.data, tbs.len,
                           "\x17\x0d"
                           "491231235959Z",
                           15));
    sg_buf_done(&tbs);
    args.not_after = last_2049 + 1;
    make(&args, &tbs);
    assert_non_null(memmem(tbs.data, tbs.len,
                           "\x18\x0f"
                           "20500101000000Z",
                           17));
    sg_buf_done(&tbs);
    args.not_before = -INT64_C(631152000);
    args.not_after = INT64_C(253402300799);
    make(&args, &tbs);
    assert_non_null(memmem(tbs.data, tbs.len,
                           "\x17\x0d"
                           "500101000000Z"
                           "\x18\x0f"
                           "99991231235959Z",
                           32));
}

/* --- one rule each -------------------------------------------------------- */

static void test_serial(void **state)
{
    static const uint8_t high[20] = { 0x80, 1 };
    static const uint8_t wide[21] = { 0x01 };
    static const uint8_t zero[12] = { 0x00, 0x01 };
    struct ca_leaf_args args = good();

    (void)state;
    args.serial = SG_SLICE(high, sizeof high);
    refused(&args, "serial: not a positive INTEGER (RFC 5280 4.1.2.2)");
    args.serial = SG_SLICE(NULL, 0);
    refused(&args, "serial: not a positive INTEGER (RFC 5280 4.1.2.2)");
    args.serial = SG_SLICE(wide, sizeof wide);
    refused(&args, "serial: 21 octets, at most 20 (RFC 5280 4.1.2.2)");
    args.serial = SG_SLICE(zero, sizeof zero);
    refused(&args, "serial: leading zero octet (X.690 8.3.2)");
    args.serial = SG_SLICE(kit_serial, 8);
    refused(&args, "serial: 8 octets, at least 9 for 64 random bits (BR 7.1)");
    args.serial = SG_SLICE(kit_serial, 9);
    accepted(&args);
}

static void test_sigalg(void **state)
{
    struct ca_leaf_args args = good();

    (void)state;
    args.alg = CA_SIGALG_ECDSA_SHA384;
    refused(&args, "signature algorithm ecdsa-with-SHA384 does not fit the "
                   "issuer's EC P-256 key (BR 7.1.3.2)");
    args.alg = CA_SIGALG_RSA_SHA256;
    refused(&args, "signature algorithm sha256WithRSAEncryption does not fit "
                   "the issuer's EC P-256 key (BR 7.1.3.2)");
    args.alg = CA_SIGALG_UNSET;
    refused(&args, "signature algorithm none does not fit the issuer's EC "
                   "P-256 key (BR 7.1.3.2)");
}

static void test_validity(void **state)
{
    struct ca_leaf_args args = good();

    (void)state;
    args.not_after = args.not_before; /* one second */
    accepted(&args);
    args.not_after = args.not_before - 1;
    refused(&args, "notBefore 2026-09-21T14:12:50Z is after notAfter "
                   "2026-09-21T14:12:49Z (RFC 5280 4.1.2.5)");
    args = good();
    args.not_before = -INT64_C(631152001);
    refused(&args, "notBefore 1949-12-31T23:59:59Z: before 1950 "
                   "(RFC 5280 4.1.2.5.1)");
    args = good();
    args.not_after = INT64_C(253402300800);
    refused(&args, "notAfter: after the year 9999 (RFC 5280 4.1.2.5.2)");
}

static void test_inside_the_issuer(void **state)
{
    struct ca_leaf_args args = good();

    (void)state;
    args.not_after = KIT_NOW + KIT_YEAR;
    args.not_before = KIT_NOW - KIT_YEAR;
    accepted(&args);
    args.not_after++;
    refused(&args, "notAfter 2027-09-21T14:13:21Z is beyond "
                   "2027-09-21T14:13:20Z of its issuer \"CN=Issuing\": a "
                   "certificate must not outlive its issuer (RFC 5280 6.1.3 "
                   "(a)(2))");
    args.not_after--;
    args.not_before--;
    refused(&args, "notBefore 2025-09-21T14:13:19Z is earlier than "
                   "2025-09-21T14:13:20Z of its issuer \"CN=Issuing\" (RFC "
                   "5280 6.1.3 (a)(2))");
}

static void test_subject(void **state)
{
    struct ca_leaf_args args = good();

    (void)state;
    args.subject = (struct ca_dn){ 0 };
    args.sans = (struct ca_sans){ 0 };
    refused(&args,
            "subject: empty without a subjectAltName (RFC 5280 4.1.2.6)");
    args = good();
    add_attr(&args, CA_ATTR_COMMON_NAME, "www.example.com");
    refused(&args, "subject: CN given twice: \"web.example.com\" and "
                   "\"www.example.com\" (BR 7.1.4.1)");
    args = good();
    add_attr(&args, CA_ATTR_SERIAL_NUMBER, "1");
    add_attr(&args, CA_ATTR_SERIAL_NUMBER, "2");
    refused(&args, "subject: serialNumber given twice: \"1\" and \"2\" "
                   "(BR 7.1.4.1)");
    args = good();
    add_attr(&args, CA_ATTR_ORG_UNIT, "a");
    add_attr(&args, CA_ATTR_ORG_UNIT, "b");
    accepted(&args);
    add_attr(&args, CA_ATTR_ORG_UNIT, "a");
    refused(&args, "subject: OU=\"a\" given twice (BR 7.1.4.1)");
    args = good();
    add_attr(&args, CA_ATTR_DOMAIN_COMPONENT, "example");
    add_attr(&args, CA_ATTR_DOMAIN_COMPONENT, "example");
    accepted(&args);
}

static void test_key(void **state)
{
    struct ca_leaf_args args = good();

    (void)state;
    args.spki = &key.spki;
    refused(&args, "public key: is the key of the CA certificate "
                   "\"CN=Issuing\" (BR 6.1.1.3)");
    args.spki = &root_key.spki;
    refused(&args, "public key: is the key of the CA certificate \"CN=Root\" "
                   "(BR 6.1.1.3)");
}

static void test_sans(void **state)
{
    static struct ca_san many[CA_SANS_MAX + 1];
    struct ca_san one = { .kind = CA_SAN_DNS };
    struct ca_leaf_args args = good();

    (void)state;
    args.sans = (struct ca_sans){ many, CA_SANS_MAX + 1 };
    refused(&args, "subjectAltName: 257 names, at most 256");
    args.sans = (struct ca_sans){ &one, 1 };
    refused(&args, "subjectAltName 1: empty name (RFC 5280 4.2.1.6)");
    one.value = kit_slice("a b.example.com");
    refused(&args, "subjectAltName 1: an octet that is no visible IA5 "
                   "character (RFC 5280 4.2.1.6)");
    one.value = SG_SLICE((const uint8_t *)"a\0.example.com", 14);
    refused(&args, "subjectAltName 1: an octet that is no visible IA5 "
                   "character (RFC 5280 4.2.1.6)");
    one.kind = CA_SAN_URI;
    one.value = kit_slice("http://\xc3\xa4.example.com");
    refused(&args, "subjectAltName 1: an octet that is no visible IA5 "
                   "character (RFC 5280 4.2.1.6)");
    one.kind = CA_SAN_IP;
    one.value = kit_slice("12345");
    refused(&args,
            "subjectAltName 1: neither 4 nor 16 octets (RFC 5280 4.2.1.6)");
    one.kind = CA_SAN_OTHER;
    refused(&args, "subjectAltName 1: no type-id (RFC 5280 4.2.1.6)");
    one.kind = CA_SAN_DIRECTORY;
    refused(&args, "subjectAltName 1: directoryName in a leaf certificate "
                   "(BR 7.1.2.7.12)");
    one.kind = CA_SAN_UNSET;
    refused(&args, "subjectAltName 1: unknown kind of name (RFC 5280 4.2.1.6)");
}

static void test_size(void **state)
{
    static struct ca_san many[80];
    static char names[80][256];
    struct ca_leaf_args args = good();
    SG_CLEANUP(sg_buf_done) struct sg_buf out;
    struct sg_err err = { 0 };

    (void)state;
    for (size_t i = 0; i < SG_ARRAY_LEN(many); i++) {
        (void)snprintf(names[i], sizeof names[i],
                       "%02zu.%0*d.%0*d.%0*d.example.com", i, 63, 0, 63, 0, 63,
                       0);
        many[i] =
            (struct ca_san){ .kind = CA_SAN_DNS, .value = kit_slice(names[i]) };
    }
    args.sans = (struct ca_sans){ many, SG_ARRAY_LEN(many) };
    sg_buf_init(&out, CA_CERT_MAX);
    t_assert_fails(ca_leaf_tbs(&args, &out, &err), SG_POLICY);
    assert_memory_equal(err.msg, "extensions: about ", 18);
    assert_non_null(strstr(err.msg, "at most 16384 (one TLS record"));
    args.sans.n = 60;
    accepted(&args);
}

static void test_constraints(void **state)
{
    struct ca_leaf_args args = good();
    struct sg_err err = { 0 };

    (void)state;
    add_dns(&args, "example.org");
    outside(&args, "example.org");
    args = good();
    add_dns(&args, "secret.example.com");
    outside(&args, "secret.example.com");
    args = good();
    add_dns(&args, "a.secret.example.com");
    outside(&args, "a.secret.example.com");
    args = good();
    add_dns(&args, "*.example.com"); /* covers secret.example.com */
    outside(&args, "*.example.com");
    args = good();
    add_dns(&args, "*.web.example.com");
    accepted(&args);
    kit_ok(&err,
           ca_sans_add_ip(&arena, &args.sans, kit_slice("192.0.2.9"), &err));
    accepted(&args);
    kit_ok(&err,
           ca_sans_add_ip(&arena, &args.sans, kit_slice("198.51.100.1"), &err));
    outside(&args, "198.51.100.1");
    args = good();
    kit_ok(&err, ca_sans_add_email(&arena, &args.sans,
                                   kit_slice("user@example.com"), &err));
    accepted(&args);
    kit_ok(&err, ca_sans_add_email(&arena, &args.sans,
                                   kit_slice("user@mail.example.com"), &err));
    outside(&args, "user@mail.example.com");
}

/* The CN may differ from the SANs, but not from the constraints. */
static void test_common_name(void **state)
{
    struct ca_leaf_args args = good();

    (void)state;
    args.subject = kit_dn(&arena, "other.example.com");
    accepted(&args);
    args.subject = kit_dn(&arena, "A web server");
    accepted(&args);
    args.subject = kit_dn(&arena, "www.example.org");
    outside(&args, "www.example.org");
    args.subject = kit_dn(&arena, "user@example.com");
    accepted(&args);
    args.subject = kit_dn(&arena, "user@example.org");
    outside(&args, "user@example.org");
    args.subject = kit_dn(&arena, "@example.org"); /* no mailbox */
    accepted(&args);
}

/* A CA for clients only does not lend serverAuth. */
static void test_purposes_of_the_chain(void **state)
{
    static const char *const both[] = { "1.3.6.1.5.5.7.3.2",
                                        "1.3.6.1.5.5.7.3.1" };
    struct kit_cert narrow = { .key = &root_key,
                               .signer = &root_key,
                               .subject = "Clients",
                               .issuer = "Clients",
                               .eku = "1.3.6.1.5.5.7.3.2" };
    struct ca_profile_args profile_args = { .eku = both, .n_eku = 2 };
    struct ca_profile *own SG_CLEANUP(ca_profile_free) = NULL;
    struct ca_leaf_args args = good();
    SG_CLEANUP(sg_buf_done) struct sg_buf der;
    const struct sg_buf *chain = &der;
    struct sg_err err = { 0 };

    (void)state;
    kit_cert_make(&narrow, &der);
    struct ca_issuer *clients SG_CLEANUP(ca_issuer_free) =
        kit_issuer(&chain, 1);
    kit_ok(&err, ca_profile_new(&profile_args, &own, &err));
    args.issuer = clients;
    args.profile = own;
    refused(&args, "extended key usage: serverAuth is not among those of the "
                   "CA certificate \"CN=Clients\" (RFC 5280 4.2.1.12)");
    ca_profile_free(own);
    own = NULL;
    profile_args.n_eku = 1;
    kit_ok(&err, ca_profile_new(&profile_args, &own, &err));
    args.profile = own;
    accepted(&args);
}

/* The caller's buffer may be too small; nothing half-written stays. */
static void test_small_buffer(void **state)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf tbs;
    struct ca_leaf_args args = good();

    (void)state;
    make(&args, &tbs);
    for (size_t max = 1; max < tbs.len; max += 7) {
        SG_CLEANUP(sg_buf_done) struct sg_buf out;
        struct sg_err err = { 0 };

        sg_buf_init(&out, max);
        t_assert_fails(ca_leaf_tbs(&args, &out, &err), SG_LIMIT);
        assert_int_equal(out.len, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_same_input_same_bytes),
        cmocka_unit_test(test_appends),
        cmocka_unit_test(test_empty_subject),
        cmocka_unit_test(test_no_san),
        cmocka_unit_test(test_given_key_id),
        cmocka_unit_test(test_time_forms),
        cmocka_unit_test(test_serial),
        cmocka_unit_test(test_sigalg),
        cmocka_unit_test(test_validity),
        cmocka_unit_test(test_inside_the_issuer),
        cmocka_unit_test(test_subject),
        cmocka_unit_test(test_key),
        cmocka_unit_test(test_sans),
        cmocka_unit_test(test_size),
        cmocka_unit_test(test_constraints),
        cmocka_unit_test(test_common_name),
        cmocka_unit_test(test_purposes_of_the_chain),
        cmocka_unit_test(test_small_buffer),
    };

    return cmocka_run_group_tests_name("leaf", tests, make_world, free_world);
}
