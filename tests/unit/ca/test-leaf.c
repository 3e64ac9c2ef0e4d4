/* SPDX-License-Identifier: Apache-2.0 */
/* What is written. What is refused is in tests/data/bad/leaf. */
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

static void test_empty_attribute(void **state)
{
    struct ca_leaf_args args = good();

    (void)state;
    add_attr(&args, CA_ATTR_ORG_UNIT, "");
    refused(&args, "subject: OU is empty (RFC 5280 A.1)");
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
        cmocka_unit_test(test_empty_attribute),
        cmocka_unit_test(test_time_forms),
        cmocka_unit_test(test_small_buffer),
    };

    return cmocka_run_group_tests_name("leaf", tests, make_world, free_world);
}
