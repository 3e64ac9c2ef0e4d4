/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/ceremony/room.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "ceremony/execute-int.h"
#include "ceremony/plan-int.h"
#include "common/cleanup-openssl.h"
#include "common/clock.h"
#include "common/pem.h"

int64_t __wrap_sg_now(void);
int64_t __wrap_sg_now(void)
{
    return ROOM_TIME;
}

static const enum ca_key_kind KINDS[ROOM_N] = {
    CA_KEY_EC_P256, CA_KEY_ED25519, CA_KEY_EC_P256, CA_KEY_RSA, CA_KEY_EC_P256,
};

static struct sg_slice root_tbs(struct room *room)
{
    struct sg_err err = { 0 };
    struct sg_buf tbs;
    const struct ca_authority_args args = {
        .kind = CA_AUTHORITY_ROOT,
        .alg = CA_SIGALG_ECDSA_SHA256,
        .serial = SG_SLICE(kit_serial, CA_SERIAL_LEN),
        .subject = kit_dn(&room->arena, "Room <Root> & Sons"),
        .spki = &room->ca.spki,
        .not_before = KIT_NOW,
        .not_after = KIT_NOW + 10 * KIT_YEAR,
        .has_path_length = true,
        .path_length = 1,
    };

    sg_buf_init(&tbs, CA_CERT_MAX);
    t_ok(&err, ca_authority_tbs(&args, &tbs, &err));
    struct sg_slice copy = sg_arena_copy(&room->arena, sg_buf_slice(&tbs));
    sg_buf_done(&tbs);
    assert_non_null(copy.p);
    return copy;
}

/* The root's certificate, an intermediate's TBS below it. */
static struct sg_slice sub_tbs(struct room *room, struct sg_slice root)
{
    struct sg_err err = { 0 };
    struct ca_constraints nc = { 0 };
    struct sg_buf buf;
    const struct sg_buf root_buf = { (uint8_t *)(uintptr_t)root.p, root.len,
                                     root.len, root.len };
    struct ca_issuer *issuer =
        kit_issuer((const struct sg_buf *const[]){ &root_buf }, 1);
    struct ca_authority_args args = {
        .kind = CA_AUTHORITY_INTERMEDIATE,
        .alg = CA_SIGALG_ECDSA_SHA256,
        .serial = SG_SLICE(kit_serial, CA_SERIAL_LEN),
        .subject = kit_dn(&room->arena, "Room Issuing 1"),
        .spki = &room->person[ROOM_EVE].spki,
        .not_before = KIT_NOW,
        .not_after = KIT_NOW + 5 * KIT_YEAR,
        .has_path_length = true,
        .constraints = &nc,
        .issuer = issuer,
    };

    t_ok(&err, ca_subtrees_add(&room->arena, &nc.permitted, CA_SAN_DNS,
                               "example.com", &err));
    t_ok(&err, ca_subtrees_add(&room->arena, &nc.permitted, CA_SAN_DNS,
                               "example.net", &err));
    t_ok(&err, ca_subtrees_add(&room->arena, &nc.excluded, CA_SAN_IP,
                               "0.0.0.0/0", &err));
    sg_buf_init(&buf, CA_CERT_MAX);
    t_ok(&err, ca_authority_tbs(&args, &buf, &err));
    struct sg_slice copy = sg_arena_copy(&room->arena, sg_buf_slice(&buf));
    sg_buf_done(&buf);
    ca_issuer_free(issuer);
    assert_non_null(copy.p);
    return copy;
}

/* Written and read again, as it would be. */
static void settle(struct room *room, struct cer_plan *plan)
{
    struct sg_err err = { 0 };
    struct sg_buf json;

    sg_buf_init(&json, CER_PLAN_MAX);
    t_ok(&err, cer_plan_encode(plan, &json, &err));
    struct sg_slice copy = sg_arena_copy(&room->arena, sg_buf_slice(&json));
    sg_buf_done(&json);
    t_ok(&err, cer_plan_parse(copy, &room->arena, plan, &err));
}

static struct cer_tbs *one_tbs(struct room *room, struct sg_slice der)
{
    struct cer_tbs *tbs = sg_arena_new(&room->arena, struct cer_tbs);

    assert_non_null(tbs);
    tbs->der = der;
    return tbs;
}

static void make_plans(struct room *room)
{
    struct sg_err err = { 0 };
    enum ca_sigalg alg = CA_SIGALG_UNSET;
    struct sg_buf root;
    const struct cer_plan plan = {
        .type = CER_TYPE_ROOT,
        .id = "5f0c3d0e-6a57-4a9c-9f6e-6a3b9c1d2e4f",
        .title = "Root of the room",
        .created = KIT_NOW,
        .window_from = KIT_NOW,
        .window_until = KIT_NOW + KIT_DAY,
        .requester = { "Rita", room->person[ROOM_RITA].spki.der },
        .approver = { { "Ada", room->person[ROOM_ADA].spki.der },
                      { "Ben", room->person[ROOM_BEN].spki.der },
                      { "Cem", room->person[ROOM_CEM].spki.der } },
        .n_approvers = 3,
        .approvals_needed = 2,
        .key = { .token_label = "room",
                 .label = "root",
                 .type = TOK_KEY_EC_P256,
                 .spki = room->ca.spki.der },
        .profile = LINT_PROFILE_PRIVATE,
        .lint_date = KIT_NOW,
        .lint_version = LINT_RULES_VERSION,
        .alg = CA_SIGALG_ECDSA_SHA256,
        .sign = one_tbs(room, root_tbs(room)),
        .n_sign = 1,
    };
    struct sg_slice tbs = plan.sign[0].der;

    room->plan = plan;
    settle(room, &room->plan);
    sg_buf_init(&root, CA_CERT_MAX);
    struct sg_slice signature = room_sign(room, &room->ca, tbs, &alg);
    t_ok(&err, ca_signed_encode(tbs, alg, signature, &root, &err));
    room->sub = plan;
    room->sub.type = CER_TYPE_INTERMEDIATE;
    room->sub.title = "Issuing CA of the room";
    room->sub.chain[0] = sg_arena_copy(&room->arena, sg_buf_slice(&root));
    room->sub.n_chain = 1;
    room->sub.sign = one_tbs(room, sub_tbs(room, room->sub.chain[0]));
    sg_buf_done(&root);
    settle(room, &room->sub);
}

int room_open(void **state)
{
    struct room *room = calloc(1, sizeof(*room));

    assert_non_null(room);
    sg_arena_init(&room->arena, 16 * 1024 * 1024);
    for (size_t i = 0; i < ROOM_N; i++)
        kit_key_new(&room->person[i], KINDS[i], 2048);
    kit_key_new(&room->ca, CA_KEY_EC_P256, 0);
    make_plans(room);
    *state = room;
    return 0;
}

int room_close(void **state)
{
    struct room *room = *state;

    for (size_t i = 0; i < ROOM_N; i++)
        kit_key_done(&room->person[i]);
    kit_key_done(&room->ca);
    sg_arena_done(&room->arena);
    free(room);
    return 0;
}

struct sg_slice room_sign(struct room *room, const struct kit_key *key,
                          struct sg_slice message, enum ca_sigalg *ret_alg)
{
    SG_CLEANUP(EVP_MD_CTX_free) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    struct sg_err err = { 0 };
    bool edwards = key->spki.kind == CA_KEY_ED25519;
    uint8_t signature[1024];
    size_t len = sizeof(signature);

    assert_non_null(ctx);
    t_ok(&err, ca_sigalg_for(key->spki.kind, 0, false, ret_alg, &err));
    assert_int_equal(EVP_DigestSignInit(ctx, NULL,
                                        edwards ? NULL : EVP_sha256(), NULL,
                                        key->pkey),
                     1);
    assert_int_equal(
        EVP_DigestSign(ctx, signature, &len, message.p, message.len), 1);
    struct sg_slice copy =
        sg_arena_copy(&room->arena, SG_SLICE(signature, len));
    assert_non_null(copy.p);
    return copy;
}

struct sg_slice room_approve(struct room *room, const struct cer_plan *plan,
                             const char *name, enum room_person key,
                             int64_t time)
{
    struct sg_err err = { 0 };
    enum ca_sigalg alg = CA_SIGALG_UNSET;
    struct sg_buf buf;

    sg_buf_init(&buf, CER_APPROVAL_MAX);
    t_ok(&err, cer_approval_message(plan, name, time, &buf, &err));
    struct sg_slice signature =
        room_sign(room, &room->person[key], sg_buf_slice(&buf), &alg);
    sg_buf_reset(&buf);
    const struct cer_approval_signed made = {
        .name = name, .time = time, .alg = alg, .signature = signature
    };
    t_ok(&err, cer_approval_encode(plan, &made, &buf, &err));
    struct sg_slice copy = sg_arena_copy(&room->arena, sg_buf_slice(&buf));
    sg_buf_done(&buf);
    assert_non_null(copy.p);
    return copy;
}

/* --- a ceremony ------------------------------------------------------------- */

const char *room_path(const char *dir, const char *name)
{
    static char path[T_PATH_MAX + 64];

    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    return path;
}

/* What is needed while the lines are written. */
struct scene {
    struct room *room;
    const struct cer_plan *plan;
    const char *dir;
    struct cer_transcript *transcript;
    json_object *files;
    struct sg_slice result; /* DER, once it is there */
    room_sabotage sabotage;
};

static void line(const struct scene *s, const char *event, json_object *fields)
{
    struct sg_err err = { 0 };

    if (s->sabotage != NULL)
        s->sabotage(event, fields);
    t_ok(&err,
         cer_transcript_add(s->transcript, ROOM_TIME, event, fields, &err));
}

static json_object *texts(const char *const *pairs)
{
    struct sg_err err = { 0 };
    json_object *object = json_object_new_object();

    for (size_t i = 0; pairs[i] != NULL; i += 2)
        t_ok(&err, cer_json_put_text(object, pairs[i], pairs[i + 1], &err));
    return object;
}
#define TEXTS(...) texts((const char *const[]){ __VA_ARGS__, NULL })

/* What the linter says of the TBS; of the result where there is one. */
static json_object *findings(const struct scene *s, struct sg_slice result)
{
    struct sg_err err = { 0 };
    json_object *object = json_object_new_object();
    struct cer_execution *x = calloc(1, sizeof(*x));

    assert_non_null(x);
    x->plan = s->plan;
    if (result.len == 0)
        cer_plan_lint(s->plan, ROOM_TIME, &x->report);
    else
        cer_plan_lint_result(s->plan, &result, ROOM_TIME, &x->report);
    t_ok(&err, cer_journal_report(x, object, ROOM_TIME, &err));
    free(x);
    return object;
}

static json_object *hashed(const char *key, const char *name,
                           struct sg_slice bytes)
{
    struct sg_err err = { 0 };
    json_object *object = TEXTS(key, name);
    uint8_t hash[32];

    t_ok(&err, cer_sha256(bytes, hash, &err));
    t_ok(&err, cer_json_put_hex(object, "sha256", SG_SLICE(hash, 32), &err));
    return object;
}

static void put_file(const struct scene *s, const char *name,
                     struct sg_slice bytes)
{
    t_file_write(room_path(s->dir, name), bytes.p, bytes.len);
    assert_int_equal(
        json_object_array_add(s->files, hashed("name", name, bytes)), 0);
}

static void put_approvals(const struct scene *s)
{
    static const struct {
        const char *name, *file;
        enum room_person key;
    } ROWS[] = { { "Ada", "approvals/1-Ada.json", ROOM_ADA },
                 { "Ben", "approvals/2-Ben.json", ROOM_BEN } };
    struct sg_err err = { 0 };
    json_object *list = json_object_new_array();
    json_object *fields = json_object_new_object();

    assert_int_equal(mkdir(room_path(s->dir, "approvals"), 0755), 0);
    for (size_t i = 0; i < SG_ARRAY_LEN(ROWS); i++) {
        struct sg_slice file = room_approve(s->room, s->plan, ROWS[i].name,
                                            ROWS[i].key, ROOM_TIME - 60);
        json_object *one = hashed("file", ROWS[i].file, file);
        put_file(s, ROWS[i].file, file);
        t_ok(&err, cer_json_put_text(one, "name", ROWS[i].name, &err));
        t_ok(&err, cer_json_put_time(one, "time", ROOM_TIME - 60, &err));
        assert_int_equal(json_object_array_add(list, one), 0);
    }
    t_ok(&err, cer_json_put(fields, "approvals", list, &err));
    line(s, "approvals", fields);
}

static json_object *environment(void)
{
    static const char ZERO[] = "00000000000000000000000000000000"
                               "00000000000000000000000000000000";

    return TEXTS("tool_version", ROOM_VERSION, "tool_build_id", ZERO,
                 "module_path", "/usr/lib/softhsm/libsofthsm2.so",
                 "module_sha256", ZERO, "token_label", "room", "token_serial",
                 "6c8a5ff6f3a1f0b2", "token_model", "SoftHSM v2",
                 "token_firmware", "2.6");
}

static void put_result(struct scene *s, struct sg_slice signature)
{
    const struct cer_plan *plan = s->plan;
    struct sg_err err = { 0 };
    struct sg_buf der;
    struct sg_buf text;

    sg_buf_init(&der, CA_CERT_MAX);
    sg_buf_init(&text, 2 * CA_CERT_MAX);
    t_ok(&err,
         ca_signed_encode(plan->sign[0].der, plan->alg, signature, &der, &err));
    t_ok(&err, sg_pem_encode("CERTIFICATE", sg_buf_slice(&der), &text, &err));
    s->result = sg_arena_copy(&s->room->arena, sg_buf_slice(&der));
    put_file(s, "certificate.der", s->result);
    put_file(s, "certificate.pem", sg_buf_slice(&text));
    for (size_t i = 0; i < plan->n_chain; i++) {
        t_ok(&err, sg_buf_put_u8(&text, '\n', &err));
        t_ok(&err, sg_pem_encode("CERTIFICATE", plan->chain[i], &text, &err));
    }
    put_file(s, "chain.pem", sg_buf_slice(&text));
    sg_buf_done(&text);
    sg_buf_done(&der);
}

static void act(struct scene *s)
{
    const struct cer_plan *plan = s->plan;
    struct sg_err err = { 0 };
    enum ca_sigalg alg = CA_SIGALG_UNSET;
    char word[64];
    json_object *fields = TEXTS("action", "sign", "label", plan->key.label);

    t_ok(&err, cer_json_put_int(fields, "index", 1, &err));
    (void)cer_words(SG_SLICE(plan->tbs_sha256, 1), word, sizeof(word));
    line(
        s, "confirmed",
        TEXTS("prompt", "Type the first word of the TBS hash", "answer", word));
    t_ok(&err, cer_json_put_hex(fields, "tbs_sha256",
                                SG_SLICE(plan->tbs_sha256, 32), &err));
    line(s, "intent", fields);
    struct sg_slice signature =
        room_sign(s->room, &s->room->ca, plan->sign[0].der, &alg);
    fields = json_object_new_object();
    t_ok(&err, cer_json_put_int(fields, "index", 1, &err));
    t_ok(&err, cer_json_put_hex(fields, "tbs_sha256",
                                SG_SLICE(plan->sign[0].sha256, 32), &err));
    t_ok(&err,
         cer_json_put_bytes(fields, "algorithm", ca_sigalg_der(alg), &err));
    t_ok(&err, cer_json_put_bytes(fields, "signature", signature, &err));
    line(s, "signed", fields);
    put_result(s, signature);
}

static void finish(const struct scene *s)
{
    struct sg_err err = { 0 };
    json_object *fields = json_object_new_object();
    static const char *const CHECKS[] = { "openssl", "walker", "tbs" };
    json_object *checks = json_object_new_array();

    for (size_t i = 0; i < SG_ARRAY_LEN(CHECKS); i++)
        assert_int_equal(
            json_object_array_add(checks, json_object_new_string(CHECKS[i])),
            0);
    t_ok(&err, cer_json_put(fields, "checks", checks, &err));
    line(s, "verified", fields);
    line(s, "linted", findings(s, s->result));
    fields = json_object_new_object();
    t_ok(&err, cer_json_put(fields, "files", json_object_get(s->files), &err));
    line(s, "written", fields);
    line(s, "closed", TEXTS("result", "done"));
    t_ok(&err, cer_transcript_write_page(s->dir, s->transcript, s->plan, &err));
}

void room_ceremony(struct room *room, const struct cer_plan *plan,
                   char dir[T_PATH_MAX], room_sabotage sabotage)
{
    struct sg_err err = { 0 };
    struct scene s = { .room = room,
                       .plan = plan,
                       .dir = dir,
                       .files = json_object_new_array(),
                       .sabotage = sabotage };

    t_dir_new(dir);
    t_ok(&err, cer_transcript_open(dir, plan, &s.transcript, &err));
    line(&s, "environment", environment());
    line(&s, "checked", findings(&s, (struct sg_slice){ 0 }));
    put_file(&s, CER_FILE_PLAN, plan->json);
    put_approvals(&s);
    act(&s);
    finish(&s);
    cer_transcript_free(s.transcript);
    (void)json_object_put(s.files);
}
