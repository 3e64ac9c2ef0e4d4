/* SPDX-License-Identifier: Apache-2.0 */
/* Keys made in the token, listed, opened, refused. */

#include <dlfcn.h>
#include <glob.h>
#include <p11-kit/pkcs11.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "common/parse.h"
#include "pkcs11/client.h"
#include "tests/token/token.h"

#define GOOD_ATTRS \
    (TOK_ATTR_SENSITIVE | TOK_ATTR_ALWAYS_SENSITIVE \
     | TOK_ATTR_NEVER_EXTRACTABLE | TOK_ATTR_LOCAL | TOK_ATTR_PRIVATE \
     | TOK_ATTR_SIGN)

struct fixture {
    struct t_token token;
    struct t_helper h;
};

static int setup(void **state)
{
    static struct fixture f;

    t_token_new(&f.token);
    t_helper_start_on(&f.h, &f.token, 2);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(t_helper_stop(&f->h), 0);
    t_token_done(&f->token);
    return 0;
}

static void read_pin(const struct t_token *token, char *pin, size_t size)
{
    FILE *file = fopen(token->pin_source + strlen("file:"), "r");

    assert_non_null(file);
    assert_non_null(fgets(pin, (int)size, file));
    (void)fclose(file);
}

/* pkcs11-tool, logged in, with these further arguments (NULL: none). */
static void pkcs11_tool(const struct t_token *token, struct t_run *run,
                        const char *const *args)
{
    const char *argv[24] = { "pkcs11-tool",   "--module", token->module,
                             "--token-label", "unit",     "--login",
                             "--pin" };
    char pin[64];
    size_t n = 8;

    read_pin(token, pin, sizeof(pin));
    argv[7] = pin;
    for (; *args != NULL; args++)
        argv[n++] = *args;
    t_run(argv, run);
    if (run->exit_code != 0)
        fail_msg("pkcs11-tool: %s", run->output);
}
#define tool(token, run, ...) \
    pkcs11_tool((token), (run), (const char *const[]){ __VA_ARGS__, NULL })

static void open_by(struct t_helper *h, const char *label, struct sg_slice id,
                    struct sg_slice spki, enum sg_rc want, const char *text)
{
    struct tok_key_open open = { .id = id, .spki = spki };
    struct tok_key_info info;
    uint32_t ref;

    (void)snprintf(open.label, sizeof(open.label), "%s", label);
    enum sg_rc rc = t_open(h, &open, &ref, &info);
    if (rc != want || strstr(h->failure.msg, text) == NULL)
        fail_msg("%s: %s instead of %s: %s", sg_rc_name(rc), h->failure.msg,
                 sg_rc_name(want), text);
}

#define NONE SG_SLICE(NULL, 0)

/* --- making ----------------------------------------------------------------------- */

/* The line of pkcs11-tool's listing that follows this object's header. */
static void oracle_sees(const struct t_token *token, const char *type,
                        const char *id_hex, const char *usage,
                        const char *access)
{
    struct t_run run;

    tool(token, &run, "--list-objects", "--type", type, "--id", id_hex);
    if (strstr(run.output, usage) == NULL || strstr(run.output, access) == NULL)
        fail_msg("pkcs11-tool says:\n%s", run.output);
    t_run_done(&run);
}

static void make_one(struct fixture *f, enum tok_key_type type)
{
    struct tok_key_generate gen = t_ca_key(tok_key_type_name(type), type);
    struct tok_key_info made;
    struct tok_key_info opened;
    struct tok_key_open want = { .label = "" };
    char hex[2 * TOK_ID_MAX + 1];
    uint32_t ref;

    if (t_generate(&f->h, &gen, &made) != SG_OK)
        fail_msg("%s: %s", gen.label, f->h.failure.msg);
    assert_string_equal(made.label, gen.label);
    assert_int_equal(made.type, type);
    assert_int_equal(made.id_len, 16);
    assert_int_equal(made.attrs & ~(unsigned)TOK_ATTR_MODIFIABLE, GOOD_ATTRS);
    assert_true(made.has_guard && made.may_sign_ca && !made.bound);
    assert_int_equal(made.purpose, TOK_PURPOSE_CA);
    (void)sg_hex(SG_SLICE(made.id, made.id_len), hex, sizeof(hex));
    oracle_sees(&f->token, "privkey", hex, "Usage:      sign\n",
                "Access:     sensitive, always sensitive, never extractable, "
                "local\n");
    oracle_sees(&f->token, "pubkey", hex, "Usage:      verify\n",
                "Access:     local\n");

    memcpy(want.label, made.label, sizeof(want.label));
    want.id = SG_SLICE(made.id, made.id_len);
    want.spki = SG_SLICE(made.spki, made.spki_len);
    assert_int_equal(t_open(&f->h, &want, &ref, &opened), SG_OK);
    assert_memory_equal(&opened, &made, sizeof(made));
}

static void test_every_type(void **state)
{
    for (int type = TOK_KEY_EC_P256; type <= TOK_KEY_ED25519; type++)
        make_one(*state, (enum tok_key_type)type);
}

/* The SPKI that we build is the one that OpenSC builds. (Its 0.23 cannot do
 * P-384.) */
static void test_spki_oracle(void **state)
{
    static const enum tok_key_type TYPES[] = { TOK_KEY_EC_P256, TOK_KEY_EC_P521,
                                               TOK_KEY_RSA_2048 };
    struct fixture *f = *state;

    for (size_t i = 0; i < SG_ARRAY_LEN(TYPES); i++) {
        struct tok_key_generate gen =
            t_ca_key(tok_key_type_name(TYPES[i]), TYPES[i]);
        struct tok_key_info made;
        struct sg_buf der;
        struct sg_err err = { 0 };
        char hex[2 * TOK_ID_MAX + 1];
        char path[T_PATH_MAX + 16];
        struct t_run run;

        assert_int_equal(t_generate(&f->h, &gen, &made), SG_OK);
        (void)sg_hex(SG_SLICE(made.id, made.id_len), hex, sizeof(hex));
        (void)snprintf(path, sizeof(path), "%s/pub.der", f->token.dir);
        tool(&f->token, &run, "--read-object", "--type", "pubkey", "--id", hex,
             "--output-file", path);
        t_run_done(&run);
        sg_buf_init(&der, 4096);
        FILE *file = fopen(path, "r");
        assert_non_null(file);
        t_ok(&err, sg_buf_reserve(&der, 4096, &err));
        der.len = fread(der.data, 1, 4096, file);
        (void)fclose(file);
        assert_int_equal(der.len, made.spki_len);
        assert_memory_equal(der.data, made.spki, der.len);
        sg_buf_done(&der);
    }
}

static void test_refused_requests(void **state)
{
    struct fixture *f = *state;
    struct tok_key_generate gen = t_ca_key("one", TOK_KEY_EC_P256);
    struct tok_key_info info;

    assert_int_equal(t_generate(&f->h, &gen, &info), SG_OK);
    t_assert_fails(t_generate(&f->h, &gen, &info), SG_CONFLICT);
    assert_string_equal(f->h.failure.msg,
                        "key \"one\": the token has a key with this label "
                        "already");
    gen = t_ca_key("", TOK_KEY_EC_P256);
    t_assert_fails(t_generate(&f->h, &gen, &info), SG_USAGE);
    assert_string_equal(f->h.failure.msg, "label is empty");
    gen = t_ca_key("a\tb", TOK_KEY_EC_P256);
    t_assert_fails(t_generate(&f->h, &gen, &info), SG_USAGE);
    gen = t_ca_key("two", TOK_KEY_UNSET);
    t_assert_fails(t_generate(&f->h, &gen, &info), SG_USAGE);
    gen = t_ca_key("two", TOK_KEY_EC_P256);
    gen.guard.max_validity = 0;
    t_assert_fails(t_generate(&f->h, &gen, &info), SG_USAGE);
    gen = t_ca_key("two", TOK_KEY_EC_P256);
    gen.guard.purpose = TOK_PURPOSE_PROBE;
    t_assert_fails(t_generate(&f->h, &gen, &info), SG_USAGE);
}

/* What YAML would take for something else must come back as it was. */
static void test_odd_labels(void **state)
{
    static const char *const LABELS[] = {
        "123",    "nul",       "~a",   "yes",   "a: b # c",
        "- x",    "'q' \"q\"", "{a}",  "&a *a", "Schl\xc3\xbcssel",
        "%41 %s", " a ",       "0x10",
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < SG_ARRAY_LEN(LABELS); i++) {
        struct tok_key_generate gen = t_ca_key(LABELS[i], TOK_KEY_EC_P256);
        struct tok_key_info info;
        if (t_generate(&f->h, &gen, &info) != SG_OK)
            fail_msg("%s: %s", LABELS[i], f->h.failure.msg);
        open_by(&f->h, LABELS[i], NONE, SG_SLICE(info.spki, info.spki_len),
                SG_OK, "");
    }
}

static void test_no_guard_directory(void **state)
{
    struct fixture *f = *state;
    struct t_helper h;
    struct tok_key_generate gen = t_ca_key("one", TOK_KEY_EC_P256);
    struct tok_key_info info;

    t_helper_start(&h, (const char *const[]){
                           "--module", f->token.module, "--uri", f->token.uri,
                           "--pin-source", f->token.pin_source, NULL });
    assert_int_equal(h.hello_rc, SG_OK);
    t_assert_fails(t_generate(&h, &gen, &info), SG_CONFIG);
    assert_string_equal(h.failure.msg,
                        "no guard directory: start with --guards");
    assert_int_equal(t_helper_stop(&h), 0);
}

/* The guard cannot be written: the new pair must be gone again. */
static void test_no_guard_no_key(void **state)
{
    struct fixture *f = *state;
    struct tok_key_generate gen = t_ca_key("one", TOK_KEY_EC_P256);
    struct tok_key_info info;

    assert_int_equal(rmdir(f->token.guards), 0);
    t_file_write(f->token.guards, "", 0);
    assert_int_not_equal(t_generate(&f->h, &gen, &info), SG_OK);
    open_by(&f->h, "one", NONE, NONE, SG_NOT_FOUND,
            "the token has no key \"one\"");
    assert_int_equal(unlink(f->token.guards), 0);
    assert_int_equal(mkdir(f->token.guards, 0700), 0);
    assert_int_equal(t_generate(&f->h, &gen, &info), SG_OK);
}

/* --- finding --------------------------------------------------------------------------- */

static void test_missing_and_several(void **state)
{
    struct fixture *f = *state;
    struct tok_key_generate gen = t_ca_key("one", TOK_KEY_EC_P256);
    struct tok_key_info info;
    struct t_run run;
    uint8_t id[] = { 0xaa, 0xbb };

    open_by(&f->h, "none", NONE, NONE, SG_NOT_FOUND,
            "the token has no key \"none\"");
    assert_int_equal(t_generate(&f->h, &gen, &info), SG_OK);
    open_by(&f->h, "one", SG_SLICE(id, 2), NONE, SG_NOT_FOUND, "with this id");
    open_by(&f->h, "one", NONE, NONE, SG_OK, "");

    tool(&f->token, &run, "--keypairgen", "--key-type", "EC:prime256v1",
         "--label", "one", "--id", "aabb");
    t_run_done(&run);
    open_by(&f->h, "one", NONE, NONE, SG_CONFLICT,
            "the token has 2 keys \"one\": name the one by its id");
    open_by(&f->h, "one", SG_SLICE(info.id, info.id_len), NONE, SG_OK, "");
}

static void test_wrong_public_key(void **state)
{
    struct fixture *f = *state;
    struct tok_key_generate gen = t_ca_key("one", TOK_KEY_EC_P256);
    struct tok_key_info one;
    struct tok_key_info two;

    assert_int_equal(t_generate(&f->h, &gen, &one), SG_OK);
    gen = t_ca_key("two", TOK_KEY_EC_P256);
    assert_int_equal(t_generate(&f->h, &gen, &two), SG_OK);
    open_by(&f->h, "one", NONE, SG_SLICE(two.spki, two.spki_len), SG_POLICY,
            "key \"one\": its public key is not the expected one");
}

/* Made by pkcs11-tool: it may decrypt and derive as well. */
static void test_bad_attributes(void **state)
{
    struct fixture *f = *state;
    struct t_run run;

    tool(&f->token, &run, "--keypairgen", "--key-type", "rsa:2048", "--label",
         "foreign", "--id", "01");
    t_run_done(&run);
    open_by(&f->h, "foreign", NONE, NONE, SG_POLICY,
            "key \"foreign\": the key may also decrypt");
}

static void test_public_half_gone(void **state)
{
    struct fixture *f = *state;
    struct tok_key_generate gen = t_ca_key("one", TOK_KEY_EC_P256);
    struct tok_key_info info;
    char hex[2 * TOK_ID_MAX + 1];
    char guard[2 * T_PATH_MAX];
    struct t_run run;

    assert_int_equal(t_generate(&f->h, &gen, &info), SG_OK);
    (void)sg_hex(SG_SLICE(info.id, info.id_len), hex, sizeof(hex));
    tool(&f->token, &run, "--delete-object", "--type", "pubkey", "--id", hex);
    t_run_done(&run);
    open_by(&f->h, "one", NONE, SG_SLICE(info.spki, info.spki_len), SG_OK, "");

    /* Without guard nobody knows the public key. */
    (void)snprintf(guard, sizeof(guard), "%s/%s-%s.yaml", f->token.guards,
                   f->h.info.serial, hex);
    assert_int_equal(unlink(guard), 0);
    open_by(&f->h, "one", NONE, NONE, SG_POLICY,
            "neither token nor guard holds a public key");
}

static enum sg_rc list_from(struct t_helper *h, uint64_t mark, uint32_t first)
{
    const struct tok_list_from from = { mark, first };
    struct sg_buf payload;
    struct sg_err err = { 0 };

    sg_buf_init(&payload, TOK_FRAME_MAX);
    t_ok(&err, tok_put_list_from(&payload, &from, &err));
    enum sg_rc rc = t_helper_call(h, TOK_OP_KEY_LIST, sg_buf_slice(&payload));
    sg_buf_done(&payload);
    return rc;
}

/* *in is left at the first key. */
static struct tok_list_page page_of(const struct t_helper *h,
                                    struct sg_reader *in)
{
    struct tok_list_page page;
    struct sg_err err = { 0 };

    sg_reader_init(in, sg_buf_slice(&h->reply));
    t_ok(&err, tok_get_list_page(in, &page, &err));
    return page;
}

/* One key that we do not use must not hide the others. */
static void test_list(void **state)
{
    struct fixture *f = *state;
    struct tok_key_generate gen = t_ca_key("one", TOK_KEY_ED25519);
    struct tok_key_info info;
    struct tok_list_page page;
    struct sg_reader in;
    struct sg_err err = { 0 };
    struct t_run run;
    unsigned unset = 0;
    unsigned guarded = 0;

    assert_int_equal(t_generate(&f->h, &gen, &info), SG_OK);
    gen = t_ca_key("two", TOK_KEY_EC_P384);
    assert_int_equal(t_generate(&f->h, &gen, &info), SG_OK);
    tool(&f->token, &run, "--keypairgen", "--key-type", "EC:secp256k1",
         "--label", "coin", "--id", "02");
    t_run_done(&run);

    assert_int_equal(list_from(&f->h, 0, 0), SG_OK);
    page = page_of(&f->h, &in);
    assert_int_equal(page.total, 3);
    assert_int_equal(page.n, 3);
    for (uint32_t i = 0; i < page.n; i++) {
        t_ok(&err, tok_get_key_info(&in, &info, &err));
        if (info.type == TOK_KEY_UNSET) {
            unset++;
            assert_string_equal(info.label, "coin");
            assert_int_equal(info.spki_len, 0);
        }
        if (info.has_guard)
            guarded++;
    }
    t_ok(&err, sg_get_end(&in, &err));
    assert_int_equal(unset, 1);
    assert_int_equal(guarded, 2);
}

#define MANY 300

static int compare_labels(const void *a, const void *b)
{
    const struct tok_key_info *x = a;
    const struct tok_key_info *y = b;

    return strcmp(x->label, y->label);
}

static CK_ATTRIBUTE attribute(CK_ATTRIBUTE_TYPE type, void *p, size_t len)
{
    return (CK_ATTRIBUTE){ type, p, len };
}

/* One key as SoftHSM keeps it, its label and id in the clear. */
static void import_one(const struct t_token *token, char *label)
{
    void *module = dlopen(token->module, RTLD_NOW | RTLD_LOCAL);
    CK_FUNCTION_LIST_PTR p11 = NULL;
    CK_SLOT_ID slots[8];
    CK_ULONG n_slots = SG_ARRAY_LEN(slots);
    CK_SESSION_HANDLE session;
    CK_OBJECT_HANDLE object;
    CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
    CK_KEY_TYPE type = CKK_EC;
    CK_BBOOL yes = CK_TRUE;
    CK_BBOOL no = CK_FALSE;
    uint8_t p256[] = { 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7 };
    uint8_t secret[32] = { [31] = 1 };
    CK_ATTRIBUTE key[] = {
        attribute(CKA_CLASS, &class, sizeof(class)),
        attribute(CKA_KEY_TYPE, &type, sizeof(type)),
        attribute(CKA_TOKEN, &yes, sizeof(yes)),
        attribute(CKA_PRIVATE, &no, sizeof(no)),
        attribute(CKA_LABEL, label, strlen(label)),
        attribute(CKA_ID, label, strlen(label)),
        attribute(CKA_EC_PARAMS, p256, sizeof(p256)),
        attribute(CKA_VALUE, secret, sizeof(secret)),
    };
    char pin[64];

    assert_non_null(module);
    union { /* of dlsym() */
        void *from;
        CK_C_GetFunctionList to;
    } get = { dlsym(module, "C_GetFunctionList") };
    assert_int_equal(get.to(&p11), CKR_OK);
    assert_int_equal(p11->C_Initialize(NULL), CKR_OK);
    assert_int_equal(p11->C_GetSlotList(CK_TRUE, slots, &n_slots), CKR_OK);
    assert_int_equal(p11->C_OpenSession(slots[0],
                                        CKF_SERIAL_SESSION | CKF_RW_SESSION,
                                        NULL, NULL, &session),
                     CKR_OK);
    read_pin(token, pin, sizeof(pin));
    assert_int_equal(
        p11->C_Login(session, CKU_USER, (CK_UTF8CHAR *)pin, strlen(pin)),
        CKR_OK);
    assert_int_equal(
        p11->C_CreateObject(session, key, SG_ARRAY_LEN(key), &object), CKR_OK);
    assert_int_equal(p11->C_Finalize(NULL), CKR_OK);
    (void)dlclose(module);
}

static void replace_all(struct sg_buf *in, const char *from, const char *to)
{
    size_t len = strlen(from);

    for (size_t i = 0; i + len <= in->len; i++)
        if (memcmp(in->data + i, from, len) == 0)
            memcpy(in->data + i, to, len);
}

/* key-000 to key-299. Made one by one they cost SoftHSM half a minute: its
 * file of the first is copied. */
static void import_many(const struct t_token *token)
{
    char pattern[T_PATH_MAX + 32];
    char path[T_PATH_MAX + 64];
    char before[] = "key-000";
    struct sg_buf file;
    struct sg_err err = { 0 };
    glob_t found;

    import_one(token, before);
    (void)snprintf(pattern, sizeof(pattern), "%s/tokens/*/*-*.object",
                   token->dir);
    assert_int_equal(glob(pattern, 0, NULL, &found), 0);
    assert_int_equal(found.gl_pathc, 1);
    sg_buf_init(&file, 65536);
    t_ok(&err, sg_file_read(found.gl_pathv[0], &file, &err));
    for (unsigned i = 1; i < MANY; i++) {
        char label[sizeof(before)];
        (void)snprintf(label, sizeof(label), "key-%03u", i % MANY);
        replace_all(&file, before, label);
        memcpy(before, label, sizeof(before));
        (void)snprintf(
            path, sizeof(path), "%.*s/%s.object",
            (int)(strrchr(found.gl_pathv[0], '/') - found.gl_pathv[0]),
            found.gl_pathv[0], label);
        FILE *copy = fopen(path, "we");
        assert_non_null(copy);
        assert_int_equal(fwrite(file.data, file.len, 1, copy), 1);
        assert_int_equal(fclose(copy), 0);
    }
    sg_buf_done(&file);
    globfree(&found);
}

/* More keys than fit one frame: every one is listed, once, by its name. */
static void test_list_many(void **state)
{
    struct fixture *f = *state;
    struct tok_client_config cfg = { .name = "unit",
                                     .program = getenv("SIGNET_TOKEN"),
                                     .module = f->token.module,
                                     .uri = f->token.uri,
                                     .pin_source = f->token.pin_source,
                                     .guard_dir = f->token.guards,
                                     .request_timeout_ms = 60000 };
    struct tok_client *client = NULL;
    struct tok_key_info *keys = NULL;
    struct sg_err err = { 0 };
    size_t n = 0;

    import_many(&f->token);
    t_ok(&err, tok_client_start(&cfg, &client, &err));
    t_ok(&err, tok_key_list(client, &keys, &n, &err));
    tok_client_free(client);
    assert_int_equal(n, MANY);
    qsort(keys, n, sizeof(keys[0]), compare_labels);
    for (unsigned i = 0; i < MANY; i++) {
        char label[TOK_LABEL_MAX];
        (void)snprintf(label, sizeof(label), "key-%03u", i);
        assert_string_equal(keys[i].label, label);
    }
    free(keys);
}

/* A page of a list that is another one by now, in this process or the next. */
static void test_list_changed(void **state)
{
    struct fixture *f = *state;
    struct tok_key_generate gen = t_ca_key("one", TOK_KEY_EC_P256);
    struct tok_list_page page;
    struct tok_key_info info;
    struct sg_reader in;

    assert_int_equal(t_generate(&f->h, &gen, &info), SG_OK);
    assert_int_equal(list_from(&f->h, 0, 0), SG_OK);
    page = page_of(&f->h, &in);
    assert_int_equal(page.total, 1);
    assert_int_equal(list_from(&f->h, page.mark, 1), SG_OK);
    assert_int_equal(page_of(&f->h, &in).n, 0);
    gen = t_ca_key("two", TOK_KEY_EC_P256);
    assert_int_equal(t_generate(&f->h, &gen, &info), SG_OK);
    assert_int_equal(list_from(&f->h, page.mark, 1), SG_CONFLICT);
    assert_string_equal(f->h.failure.msg,
                        "the token's keys changed while they were listed: "
                        "list them again");
    assert_int_equal(list_from(&f->h, 0, 1), SG_OK);
    page = page_of(&f->h, &in);
    assert_int_equal(page.total, 2);
    assert_int_equal(page.n, 1);
    assert_int_equal(t_helper_stop(&f->h), 0);
    t_helper_start_on(&f->h, &f->token, 2);
    assert_int_equal(list_from(&f->h, page.mark, 1), SG_CONFLICT);
    assert_int_equal(list_from(&f->h, 0, UINT32_MAX), SG_LIMIT);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_every_type),
        CASE(test_spki_oracle),
        CASE(test_refused_requests),
        CASE(test_odd_labels),
        CASE(test_no_guard_directory),
        CASE(test_no_guard_no_key),
        CASE(test_missing_and_several),
        CASE(test_wrong_public_key),
        CASE(test_bad_attributes),
        CASE(test_public_half_gone),
        CASE(test_list),
        CASE(test_list_many),
        CASE(test_list_changed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
