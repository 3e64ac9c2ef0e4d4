/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/frame.h"

#include <string.h>

#include "tests/lib/t.h"

struct fixture {
    struct sg_buf out;
    struct sg_err err;
};

static int setup(void **state)
{
    static struct fixture f;

    memset(&f, 0, sizeof(f));
    sg_buf_init(&f.out, TOK_FRAME_MAX + 100);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    sg_buf_done(&f->out);
    return 0;
}

#define OK(call) assert_int_equal((call), SG_OK)

static void test_header_bytes(void **state)
{
    struct fixture *f = *state;
    static const uint8_t WANT[] = {
        1, 10, 0, 12, 0, 0, 0, 2, 1, 2, 3,    4,    5,
        6, 7,  8, 0,  0, 0, 0, 0, 0, 0, 0x32, 0xaa, 0xbb,
    };
    struct tok_frame in = { TOK_OP_SIGN_CERT, SG_TOKEN, 0x0102030405060708,
                            0x32, SG_SLICE((const uint8_t *)"\xaa\xbb", 2) };
    struct tok_frame got;

    OK(tok_frame_encode(&in, &f->out, &f->err));
    assert_int_equal(f->out.len, sizeof(WANT));
    assert_memory_equal(f->out.data, WANT, sizeof(WANT));
    OK(tok_frame_parse(sg_buf_slice(&f->out), &got, &f->err));
    assert_int_equal(got.op, TOK_OP_SIGN_CERT);
    assert_int_equal(got.rc, SG_TOKEN);
    assert_int_equal(got.id, 0x0102030405060708);
    assert_int_equal(got.ckr, 0x32);
    assert_true(sg_slice_eq(got.payload, in.payload));
}

/* One octet of a good frame changed, or its length. */
static void test_header_faults(void **state)
{
    struct fixture *f = *state;
    static const struct {
        size_t at;
        uint8_t value;
        const char *text;
    } CASES[] = {
        { 0, 2, "frame: version 2, this is 1" },
        { 1, 0, "frame: unknown op 0" },
        { 1, 99, "frame: unknown op 99" },
        { 2, 1, "frame: unknown rc 256" },
        { 3, SG_BUG + 1, "frame: unknown rc 17" },
        { 4, 1, "frame: says 16777217 bytes of payload, has 1" },
        { 7, 0, "frame: says 0 bytes of payload, has 1" },
        { 7, 2, "frame: says 2 bytes of payload, has 1" },
    };
    struct tok_frame good = { TOK_OP_PING, SG_OK, 7, 0,
                              SG_SLICE((const uint8_t *)"x", 1) };
    struct tok_frame got = { .id = 99 };

    OK(tok_frame_encode(&good, &f->out, &f->err));
    for (size_t i = 0; i < SG_ARRAY_LEN(CASES); i++) {
        uint8_t bytes[TOK_FRAME_HEADER + 1];
        struct sg_err err = { 0 };
        memcpy(bytes, f->out.data, sizeof(bytes));
        bytes[CASES[i].at] = CASES[i].value;
        t_assert_fails(
            tok_frame_parse(SG_SLICE(bytes, sizeof(bytes)), &got, &err),
            SG_FORMAT);
        assert_string_equal(err.msg, CASES[i].text);
        assert_int_equal(got.id, 99);
    }
}

static void test_sizes(void **state)
{
    struct fixture *f = *state;
    static uint8_t big[TOK_FRAME_MAX + 1] = { 1, TOK_OP_PING };
    struct tok_frame got;
    struct tok_frame frame = { TOK_OP_KEY_LIST, SG_OK, 1, 0,
                               SG_SLICE(big,
                                        TOK_FRAME_MAX - TOK_FRAME_HEADER) };

    for (size_t n = 0; n < TOK_FRAME_HEADER; n++) {
        struct sg_err err = { 0 };
        t_assert_fails(tok_frame_parse(SG_SLICE(big, n), &got, &err),
                       SG_FORMAT);
        assert_non_null(strstr(err.msg, "a header has 24"));
    }
    t_assert_fails(tok_frame_parse(SG_SLICE(big, sizeof(big)), &got, &f->err),
                   SG_FORMAT);
    assert_string_equal(f->err.msg, "frame: 65537 bytes, at most 65536");
    sg_err_clear(&f->err);

    OK(tok_frame_encode(&frame, &f->out, &f->err));
    assert_int_equal(f->out.len, TOK_FRAME_MAX);
    OK(tok_frame_parse(sg_buf_slice(&f->out), &got, &f->err));
    sg_buf_reset(&f->out);
    frame.payload.len++;
    t_assert_fails(tok_frame_encode(&frame, &f->out, &f->err), SG_LIMIT);
    assert_int_equal(f->out.len, 0);
}

static void test_failure_round_trip(void **state)
{
    struct fixture *f = *state;
    struct sg_err failure = { 0 };
    struct sg_err back = { 0 };
    struct tok_frame got;

    (void)sg_err_native(&failure, SG_PIN, SG_SRC_CKR, 0xa0,
                        "C_Login: CKR_PIN_INCORRECT");
    OK(tok_frame_encode_failure(TOK_OP_HELLO, 0, &failure, &f->out, &f->err));
    OK(tok_frame_parse(sg_buf_slice(&f->out), &got, &f->err));
    assert_int_equal(got.op, TOK_OP_HELLO);
    t_assert_fails(tok_frame_failure(&got, &back), SG_PIN);
    assert_int_equal(back.src, SG_SRC_CKR);
    assert_int_equal(back.native, 0xa0);
    assert_string_equal(back.msg, "C_Login: CKR_PIN_INCORRECT");
}

static void test_failure_without_ckr(void **state)
{
    struct fixture *f = *state;
    struct sg_err failure = { 0 };
    struct sg_err back = { 0 };
    struct tok_frame got;

    /* errno 13 must not pass for a CK_RV */
    (void)sg_err_native(&failure, SG_IO, SG_SRC_ERRNO, 13, "%0511d", 1);
    OK(tok_frame_encode_failure(TOK_OP_PING, 4, &failure, &f->out, &f->err));
    OK(tok_frame_parse(sg_buf_slice(&f->out), &got, &f->err));
    assert_int_equal(got.ckr, 0);
    t_assert_fails(tok_frame_failure(&got, &back), SG_IO);
    assert_int_equal(back.src, SG_SRC_NONE);
    assert_string_equal(back.msg, failure.msg);
    assert_int_equal(strlen(back.msg), SG_ERR_MSG_MAX - 1);
}

static void test_failure_is_never_success(void **state)
{
    struct fixture *f = *state;
    struct sg_err unset = { 0 };
    struct tok_frame got;

    OK(tok_frame_encode_failure(TOK_OP_PING, 4, &unset, &f->out, &f->err));
    OK(tok_frame_parse(sg_buf_slice(&f->out), &got, &f->err));
    assert_int_equal(got.rc, SG_BUG);
}

static void test_failure_payload_faults(void **state)
{
    static const uint8_t TRAILING[] = { 0, 0, 0, 1, 'x', 'y' };
    static const uint8_t SHORT[] = { 0, 0, 0, 9, 'x' };
    struct tok_frame frame = { .op = TOK_OP_PING, .rc = SG_TOKEN };
    struct sg_err err = { 0 };

    (void)state;
    frame.payload = SG_SLICE(TRAILING, sizeof(TRAILING));
    t_assert_fails(tok_frame_failure(&frame, &err), SG_FORMAT);
    sg_err_clear(&err);
    frame.payload = SG_SLICE(SHORT, sizeof(SHORT));
    t_assert_fails(tok_frame_failure(&frame, &err), SG_FORMAT);
}

static void test_ops_have_names(void **state)
{
    (void)state;
    assert_string_equal(tok_op_name(TOK_OP_SIGN_CERT), "sign_cert");
    assert_string_equal(tok_op_name(TOK_OP_HELLO), "hello");
    assert_string_equal(tok_op_name(TOK_OP_UNSET), "?");
    assert_string_equal(tok_op_name((enum tok_op)200), "?");
}

/* --- payloads: what goes in comes out, and every shorter form is refused --- */

typedef enum sg_rc (*payload_get)(struct sg_slice, struct sg_err *);

static enum sg_rc get_token(struct sg_slice in, struct sg_err *err)
{
    struct sg_reader r;
    struct tok_token_info ret;

    sg_reader_init(&r, in);
    SG_TRY(tok_get_token_info(&r, &ret, err));
    return sg_get_end(&r, err);
}

static enum sg_rc get_key(struct sg_slice in, struct sg_err *err)
{
    struct sg_reader r;
    struct tok_key_info ret;

    sg_reader_init(&r, in);
    SG_TRY(tok_get_key_info(&r, &ret, err));
    return sg_get_end(&r, err);
}

static enum sg_rc get_init(struct sg_slice in, struct sg_err *err)
{
    struct tok_token_init ret;

    return tok_get_token_init(in, &ret, err);
}

static enum sg_rc get_generate(struct sg_slice in, struct sg_err *err)
{
    struct tok_key_generate ret;

    return tok_get_key_generate(in, &ret, err);
}

static enum sg_rc get_open(struct sg_slice in, struct sg_err *err)
{
    struct tok_key_open ret;

    return tok_get_key_open(in, &ret, err);
}

static enum sg_rc get_sign(struct sg_slice in, struct sg_err *err)
{
    struct tok_sign ret;

    return tok_get_sign(in, &ret, err);
}

static enum sg_rc get_log(struct sg_slice in, struct sg_err *err)
{
    struct sg_slice line;
    uint8_t level;

    return tok_get_log(in, &level, &line, err);
}

/* Every prefix and one byte too many must be refused. */
static void refuse_other_lengths(struct fixture *f, payload_get get)
{
    size_t whole = f->out.len;

    for (size_t n = 0; n < whole; n++) {
        struct sg_err err = { 0 };
        t_assert_fails(get(SG_SLICE(f->out.data, n), &err), SG_FORMAT);
    }
    OK(get(sg_buf_slice(&f->out), &f->err));
    OK(sg_buf_put_u8(&f->out, 0, &f->err));
    t_assert_fails(get(sg_buf_slice(&f->out), &f->err), SG_FORMAT);
}

static void test_token_info(void **state)
{
    struct fixture *f = *state;
    struct tok_token_info in = { .slot_id = UINT64_MAX,
                                 .initialised = true,
                                 .pin_final_try = true,
                                 .label = "demo-root",
                                 .serial = "0123456789abcdef",
                                 .manufacturer = "SoftHSM project",
                                 .model = "SoftHSM v2",
                                 .firmware = "2.6",
                                 .module = "Implementation of PKCS11 2.6",
                                 .sessions = 4 };
    struct tok_token_info got;
    struct sg_reader r;

    OK(tok_put_token_info(&f->out, &in, &f->err));
    sg_reader_init(&r, sg_buf_slice(&f->out));
    OK(tok_get_token_info(&r, &got, &f->err));
    OK(sg_get_end(&r, &f->err));
    assert_int_equal(got.slot_id, UINT64_MAX);
    assert_true(got.initialised);
    assert_false(got.pin_count_low);
    assert_true(got.pin_final_try);
    assert_false(got.pin_locked);
    assert_string_equal(got.label, in.label);
    assert_string_equal(got.serial, in.serial);
    assert_string_equal(got.manufacturer, in.manufacturer);
    assert_string_equal(got.model, in.model);
    assert_string_equal(got.firmware, in.firmware);
    assert_string_equal(got.module, in.module);
    assert_int_equal(got.sessions, 4);
    refuse_other_lengths(f, get_token);
}

/* The widest of all keys, a whole page of them. */
static void test_list_page(void **state)
{
    struct fixture *f = *state;
    struct tok_list_page page = { .mark = UINT64_MAX,
                                  .total = TOK_KEYS_LISTED_MAX,
                                  .n = TOK_KEYS_PAGE };
    struct tok_key_info key = { .type = TOK_KEY_RSA_4096,
                                .id_len = TOK_ID_MAX,
                                .spki_len = TOK_SPKI_MAX,
                                .has_guard = true,
                                .purpose = TOK_PURPOSE_CA,
                                .has_max_path_length = true,
                                .bound = true };
    struct tok_list_page got;
    struct sg_reader r;

    memset(key.label, 'x', sizeof(key.label) - 1);
    OK(tok_put_list_page(&f->out, &page, &f->err));
    for (uint32_t i = 0; i < page.n; i++)
        OK(tok_put_key_info(&f->out, &key, &f->err));
    assert_true(f->out.len <= TOK_FRAME_MAX - TOK_FRAME_HEADER);
    sg_reader_init(&r, sg_buf_slice(&f->out));
    OK(tok_get_list_page(&r, &got, &f->err));
    assert_int_equal(got.mark, UINT64_MAX);
    assert_int_equal(got.total, TOK_KEYS_LISTED_MAX);
    assert_int_equal(got.n, TOK_KEYS_PAGE);

    page.n++;
    sg_buf_reset(&f->out);
    OK(tok_put_list_page(&f->out, &page, &f->err));
    sg_reader_init(&r, sg_buf_slice(&f->out));
    t_assert_fails(tok_get_list_page(&r, &got, &f->err), SG_FORMAT);
    assert_string_equal(f->err.msg, "a page of 17 of 65536 keys, at most 16");
}

static void test_key_info(void **state)
{
    struct fixture *f = *state;
    struct tok_key_info in = { .label = "issuing",
                               .id = { 1, 2, 3 },
                               .id_len = 3,
                               .type = TOK_KEY_ED25519,
                               .attrs = 0x1fff,
                               .spki = { 0x30, 0 },
                               .spki_len = 2,
                               .has_guard = true,
                               .purpose = TOK_PURPOSE_CA,
                               .may_sign_ca = true,
                               .has_max_path_length = true,
                               .max_path_length = 1,
                               .max_validity = TOK_VALIDITY_MAX,
                               .bound = true,
                               .issuer_sha256 = { 9, [31] = 8 } };
    struct tok_key_info got;
    struct sg_reader r;

    OK(tok_put_key_info(&f->out, &in, &f->err));
    sg_reader_init(&r, sg_buf_slice(&f->out));
    OK(tok_get_key_info(&r, &got, &f->err));
    OK(sg_get_end(&r, &f->err));
    assert_string_equal(got.label, "issuing");
    assert_int_equal(got.id_len, 3);
    assert_memory_equal(got.id, in.id, sizeof(in.id));
    assert_int_equal(got.type, TOK_KEY_ED25519);
    assert_int_equal(got.attrs, 0x1fff);
    assert_int_equal(got.spki_len, 2);
    assert_memory_equal(got.spki, in.spki, sizeof(in.spki));
    assert_true(got.has_guard && got.may_sign_ca && got.has_max_path_length);
    assert_int_equal(got.purpose, TOK_PURPOSE_CA);
    assert_int_equal(got.max_path_length, 1);
    assert_int_equal(got.max_validity, TOK_VALIDITY_MAX);
    assert_true(got.bound);
    assert_memory_equal(got.issuer_sha256, in.issuer_sha256, 32);
    refuse_other_lengths(f, get_key);
}

static void test_token_init(void **state)
{
    struct fixture *f = *state;
    struct tok_token_init in = { .slot_id = 5, .label = "demo" };
    struct tok_token_init got;

    OK(tok_put_token_init(&f->out, &in, &f->err));
    OK(tok_get_token_init(sg_buf_slice(&f->out), &got, &f->err));
    assert_int_equal(got.slot_id, 5);
    assert_string_equal(got.label, "demo");
    refuse_other_lengths(f, get_init);
}

static struct tok_key_generate generate_request(void)
{
    return (struct tok_key_generate){
        .label = "root",
        .type = TOK_KEY_EC_P384,
        .guard = { .purpose = TOK_PURPOSE_CA,
                   .may_sign_ca = true,
                   .has_max_path_length = true,
                   .max_path_length = 1,
                   .max_validity = 86400,
                   .no_crl = true,
                   .per_second = 5,
                   .per_day = 100,
                   .n_eku = 1,
                   .eku = { { .len = 2, .octets = { 0x2a, 0x03 } } },
                   .names = { (const uint8_t *)"\x30\x00", 2 } },
    };
}

static void test_key_generate(void **state)
{
    struct fixture *f = *state;
    struct tok_key_generate in = generate_request();
    struct tok_key_generate got;

    OK(tok_put_key_generate(&f->out, &in, &f->err));
    OK(tok_get_key_generate(sg_buf_slice(&f->out), &got, &f->err));
    assert_string_equal(got.label, "root");
    assert_int_equal(got.type, TOK_KEY_EC_P384);
    assert_int_equal(got.guard.purpose, TOK_PURPOSE_CA);
    assert_true(got.guard.may_sign_ca && got.guard.has_max_path_length);
    assert_int_equal(got.guard.max_path_length, 1);
    assert_int_equal(got.guard.max_validity, 86400);
    assert_true(got.guard.no_crl);
    assert_int_equal(got.guard.per_second, 5);
    assert_int_equal(got.guard.per_day, 100);
    assert_int_equal(got.guard.n_eku, 1);
    assert_int_equal(got.guard.eku[0].len, 2);
    assert_true(sg_slice_eq(got.guard.names, in.guard.names));
    assert_false(got.guard.bound);
    assert_int_equal(got.guard.issuer_cert.len, 0);
    refuse_other_lengths(f, get_generate);
}

static void test_key_generate_limits(void **state)
{
    struct fixture *f = *state;
    struct tok_key_generate in = generate_request();
    /* label: 4 + 4, then type, purpose, may_sign_ca, has_max_path_length */
    static const struct {
        size_t at;
        uint8_t value;
        const char *text;
    } CASES[] = {
        { 8, 8, "frame: unknown key type 8" },
        { 9, 5, "frame: unknown purpose 5" },
        { 10, 2, "frame: boolean 2" },
        { 11, 0xff, "frame: boolean 255" },
        { 16, 0x80,
          "frame: validity of 9223372036854862208 seconds, "
          "at most 10000000000" },
    };

    OK(tok_put_key_generate(&f->out, &in, &f->err));
    for (size_t i = 0; i < SG_ARRAY_LEN(CASES); i++) {
        struct sg_err err = { 0 };
        struct tok_key_generate got;
        uint8_t was = f->out.data[CASES[i].at];
        f->out.data[CASES[i].at] = CASES[i].value;
        t_assert_fails(tok_get_key_generate(sg_buf_slice(&f->out), &got, &err),
                       SG_FORMAT);
        assert_string_equal(err.msg, CASES[i].text);
        f->out.data[CASES[i].at] = was;
    }
    in.guard.max_validity = -1;
    t_assert_fails(tok_put_key_generate(&f->out, &in, &f->err), SG_USAGE);
}

static void test_key_open(void **state)
{
    struct fixture *f = *state;
    static const uint8_t BIG[TOK_SPKI_MAX + 1] = { 0 };
    struct tok_key_open in = { .label = "root",
                               .id = SG_SLICE(BIG, TOK_ID_MAX),
                               .spki = SG_SLICE(BIG, TOK_SPKI_MAX) };
    struct tok_key_open got;

    OK(tok_put_key_open(&f->out, &in, &f->err));
    OK(tok_get_key_open(sg_buf_slice(&f->out), &got, &f->err));
    assert_string_equal(got.label, "root");
    assert_int_equal(got.id.len, TOK_ID_MAX);
    assert_int_equal(got.spki.len, TOK_SPKI_MAX);

    sg_buf_reset(&f->out);
    in.id.len++;
    OK(tok_put_key_open(&f->out, &in, &f->err));
    t_assert_fails(tok_get_key_open(sg_buf_slice(&f->out), &got, &f->err),
                   SG_FORMAT);
    sg_err_clear(&f->err);

    sg_buf_reset(&f->out);
    in.id.len = 0;
    in.spki.len = 1;
    OK(tok_put_key_open(&f->out, &in, &f->err));
    refuse_other_lengths(f, get_open);
}

static void test_key_open_label(void **state)
{
    struct fixture *f = *state;
    struct tok_key_open got;
    char label[TOK_LABEL_MAX + 1];

    memset(label, 'a', sizeof(label));
    OK(sg_buf_put_blob(&f->out, SG_SLICE((const uint8_t *)label, TOK_LABEL_MAX),
                       &f->err));
    OK(sg_buf_put_u64(&f->out, 0, &f->err));
    t_assert_fails(tok_get_key_open(sg_buf_slice(&f->out), &got, &f->err),
                   SG_FORMAT);
}

static void test_sign(void **state)
{
    struct fixture *f = *state;
    static const uint8_t BIG[TOK_TBS_MAX + 1] = { 0 };
    struct tok_sign in = { .key_ref = 3,
                           .algorithm = SG_SLICE(BIG, 12),
                           .tbs = SG_SLICE(BIG, TOK_TBS_MAX) };
    struct tok_sign got;

    OK(tok_put_sign(&f->out, &in, &f->err));
    OK(tok_get_sign(sg_buf_slice(&f->out), &got, &f->err));
    assert_int_equal(got.key_ref, 3);
    assert_int_equal(got.algorithm.len, 12);
    assert_int_equal(got.tbs.len, TOK_TBS_MAX);

    sg_buf_reset(&f->out);
    in.tbs.len++;
    t_assert_fails(tok_put_sign(&f->out, &in, &f->err), SG_LIMIT);
    assert_string_equal(
        f->err.msg, "to-be-signed structure has 32769 bytes, at most 32768");
    assert_int_equal(f->out.len, 0);
    sg_err_clear(&f->err);

    in.tbs.len = 2;
    in.algorithm.len = TOK_ALGORITHM_MAX + 1;
    OK(tok_put_sign(&f->out, &in, &f->err));
    t_assert_fails(tok_get_sign(sg_buf_slice(&f->out), &got, &f->err),
                   SG_FORMAT);
    sg_err_clear(&f->err);

    sg_buf_reset(&f->out);
    in.algorithm.len = 2;
    OK(tok_put_sign(&f->out, &in, &f->err));
    refuse_other_lengths(f, get_sign);
}

static void test_log(void **state)
{
    struct fixture *f = *state;
    struct sg_slice line;
    uint8_t level;

    OK(tok_put_log(&f->out, 2, "event=up", &f->err));
    OK(tok_get_log(sg_buf_slice(&f->out), &level, &line, &f->err));
    assert_int_equal(level, 2);
    assert_true(sg_slice_eq(line, sg_slice_str("event=up")));
    refuse_other_lengths(f, get_log);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_header_bytes),
        CASE(test_header_faults),
        CASE(test_sizes),
        CASE(test_failure_round_trip),
        CASE(test_failure_without_ckr),
        CASE(test_failure_is_never_success),
        CASE(test_failure_payload_faults),
        CASE(test_ops_have_names),
        CASE(test_token_info),
        CASE(test_list_page),
        CASE(test_key_info),
        CASE(test_token_init),
        CASE(test_key_generate),
        CASE(test_key_generate_limits),
        CASE(test_key_open),
        CASE(test_key_open_label),
        CASE(test_sign),
        CASE(test_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
