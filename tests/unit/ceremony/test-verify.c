/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/ceremony/room.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ceremony/cms.h"
#include "ceremony/json.h"
#include "ceremony/plan-int.h"
#include "ceremony/verify.h"
#include "common/file.h"

#define FILE_MAX (4 * 1024 * 1024)

static struct sg_err err;
static struct cer_verdict verdict;

static void verify(const char *dir)
{
    t_ok(&err, cer_verify(&(struct cer_verify_args){ .dir = dir,
                                                     .version = ROOM_VERSION },
                          &verdict, &err));
}

static const struct cer_check *find(const char *id)
{
    for (size_t i = 0; i < verdict.n; i++)
        if (strcmp(verdict.check[i].id, id) == 0)
            return &verdict.check[i];
    fail_msg("no check \"%s\"", id);
    return NULL;
}

/* This check differs with this text, and nothing but what is listed does. */
static void differs(const char *id, const char *text, size_t n)
{
    const struct cer_check *check = find(id);

    assert_int_equal(check->state, CER_CHECK_DIFFERS);
    assert_string_equal(check->text, text);
    for (size_t i = 0; i < verdict.n && verdict.n_differ != n; i++)
        if (verdict.check[i].state == CER_CHECK_DIFFERS)
            print_message("%s: %s\n", verdict.check[i].id,
                          verdict.check[i].text);
    assert_int_equal(verdict.n_differ, n);
}

static struct sg_slice read_file(struct room *room, const char *path)
{
    struct sg_buf file;

    sg_buf_init(&file, FILE_MAX);
    t_ok(&err, sg_file_read(path, &file, &err));
    struct sg_slice copy = sg_arena_copy(&room->arena, sg_buf_slice(&file));
    sg_buf_done(&file);
    return copy;
}

/* One octet of a file is another one. */
static void change(struct room *room, const char *dir, const char *name,
                   size_t at)
{
    struct sg_slice file = read_file(room, room_path(dir, name));
    uint8_t *bytes = sg_arena_alloc(&room->arena, file.len);

    assert_true(at < file.len);
    memcpy(bytes, file.p, file.len);
    bytes[at] ^= 1;
    t_file_write(room_path(dir, name), bytes, file.len);
}

static void a_good_ceremony_passes(void **state)
{
    struct room *room = *state;
    char dir[T_PATH_MAX];

    room_ceremony(room, &room->plan, dir, NULL);
    verify(dir);
    for (size_t i = 0; i < verdict.n; i++)
        if (verdict.check[i].state == CER_CHECK_DIFFERS)
            fail_msg("%s: %s", verdict.check[i].id, verdict.check[i].text);
    assert_int_equal(verdict.n_differ, 0);
    assert_int_equal(find("signature")->state, CER_CHECK_OK);
    assert_string_equal(find("signature")->text, "ecdsa-with-SHA256");
    assert_string_equal(find("plan")->text,
                        "root, planned 2026-09-21T14:13:20Z");
    assert_string_equal(find("approvals")->text, "2, 2 needed");
    assert_string_equal(find("files")->text, "6 files");
    assert_string_equal(find("cms")->text, "there is no transcript.p7s");
    assert_int_equal(find("cms")->state, CER_CHECK_NOT_DONE);
    assert_int_equal(find("page")->state, CER_CHECK_OK);
    t_dir_remove(dir);
}

static void an_intermediate_passes(void **state)
{
    struct room *room = *state;
    char dir[T_PATH_MAX];

    room_ceremony(room, &room->sub, dir, NULL);
    verify(dir);
    for (size_t i = 0; i < verdict.n; i++)
        if (verdict.check[i].state == CER_CHECK_DIFFERS)
            fail_msg("%s: %s", verdict.check[i].id, verdict.check[i].text);
    assert_int_equal(find("result")->state, CER_CHECK_OK);
    t_dir_remove(dir);
}

static void a_folder_that_is_not_there(void **state)
{
    (void)state;
    t_refused(&err,
              cer_verify(&(struct cer_verify_args){ .dir = "/nowhere/at/all",
                                                    .version = "1" },
                         &verdict, &err),
              SG_NOT_FOUND, "/nowhere/at/all: No such file or directory");
    t_refused(&err,
              cer_verify(&(struct cer_verify_args){ .dir = "/dev/null",
                                                    .version = "1" },
                         &verdict, &err),
              SG_USAGE, "/dev/null: not a folder");
}

static void a_changed_plan_is_seen(void **state)
{
    struct room *room = *state;
    char dir[T_PATH_MAX];

    room_ceremony(room, &room->plan, dir, NULL);
    change(room, dir, "plan.json", 1);
    verify(dir);
    differs("plan", find("plan")->text, 1);
    assert_int_equal(find("signature")->state, CER_CHECK_NOT_DONE);
    assert_string_equal(find("signature")->text,
                        "needs what could not be read");
    t_dir_remove(dir);
}

static void a_changed_transcript_is_seen(void **state)
{
    struct room *room = *state;
    char dir[T_PATH_MAX];
    char text[512];

    room_ceremony(room, &room->plan, dir, NULL);
    struct sg_slice file = read_file(room, room_path(dir, CER_FILE_TRANSCRIPT));
    const uint8_t *at = memmem(file.p, file.len, "libsofthsm2", 11);
    assert_non_null(at);
    change(room, dir, CER_FILE_TRANSCRIPT, (size_t)(at - file.p));
    verify(dir);
    (void)snprintf(text, sizeof(text),
                   "%s/transcript.jsonl: line 3: transcript: \"prev\" is not "
                   "the hash of the line before",
                   dir);
    differs("transcript", text, 1);
    t_dir_remove(dir);
}

static void another_plan_is_seen(void **state)
{
    struct room *room = *state;
    struct cer_plan other = room->plan;
    struct sg_buf json;
    char dir[T_PATH_MAX];

    room_ceremony(room, &room->plan, dir, NULL);
    sg_buf_init(&json, CER_PLAN_MAX);
    other.title = "Root of another room";
    t_ok(&err, cer_plan_encode(&other, &json, &err));
    t_file_write(room_path(dir, "plan.json"), json.data, json.len);
    sg_buf_done(&json);
    verify(dir);
    assert_int_equal(find("plan")->state, CER_CHECK_OK);
    assert_string_equal(find("opened")->text,
                        "the transcript is another plan's");
    assert_string_equal(find("approvals")->text,
                        "approval by Ada: it is for another plan");
    assert_string_equal(find("files")->text, "plan.json: not what was written");
    t_dir_remove(dir);
}

static void missing_and_changed_approvals_are_seen(void **state)
{
    struct room *room = *state;
    char dir[T_PATH_MAX];

    room_ceremony(room, &room->plan, dir, NULL);
    struct sg_slice file =
        room_approve(room, &room->plan, "Ben", ROOM_BEN, KIT_NOW + 1);
    t_file_write(room_path(dir, "approvals/2-Ben.json"), file.p, file.len);
    verify(dir);
    assert_string_equal(find("approvals")->text,
                        "approvals/2-Ben.json: not the file that counted");
    assert_string_equal(find("files")->text,
                        "approvals/2-Ben.json: not what was written");
    assert_int_equal(unlink(room_path(dir, "approvals/2-Ben.json")), 0);
    verify(dir);
    assert_int_equal(find("approvals")->state, CER_CHECK_DIFFERS);
    t_dir_remove(dir);
}

/* The transcript's own lines, each with one fault when it is written. */
static const char *break_event, *break_key, *break_value;
static void break_line(const char *event, json_object *fields)
{
    if (strcmp(event, break_event) != 0)
        return;
    if (break_value == NULL)
        json_object_object_del(fields, break_key);
    else
        (void)json_object_object_add(fields, break_key,
                                     json_object_new_string(break_value));
}

static void wrong_lines_are_seen(void **state)
{
    struct room *room = *state;
    static const struct {
        const char *event, *key, *value, *id, *text;
    } ROWS[] = {
        { "environment", "token_label", "roof", "token",
          "environment: \"token_label\" is not the plan's" },
        { "confirmed", "answer", "aardwolf", "confirmed", NULL },
        { "signed", "algorithm", "MAUGAytlcA==", "signature",
          "signed: \"algorithm\" is not the plan's" },
        { "signed", "signature", "MAYCAQECAQE=", "signature",
          "signature invalid" },
        { "signed", "signature", NULL, "signature",
          "signed: \"signature\" is missing" },
        { "closed", "result", "perhaps", "closed",
          "closed: \"result\" is not \"done\"" },
    };

    for (size_t i = 0; i < SG_ARRAY_LEN(ROWS); i++) {
        char dir[T_PATH_MAX];
        char word[256];
        char hash[64];
        const char *text = ROWS[i].text;

        break_event = ROWS[i].event;
        break_key = ROWS[i].key;
        break_value = ROWS[i].value;
        room_ceremony(room, &room->plan, dir, break_line);
        verify(dir);
        if (text == NULL) {
            (void)snprintf(word, sizeof(word),
                           "the answer was not the first word of the hash, %s",
                           cer_words(SG_SLICE(room->plan.tbs_sha256, 1), hash,
                                     sizeof(hash)));
            text = word;
        }
        assert_string_equal(find(ROWS[i].id)->text, text);
        assert_int_equal(find(ROWS[i].id)->state, CER_CHECK_DIFFERS);
        t_dir_remove(dir);
    }
}

/* A transcript of only these events, plan and all else missing. */
static void order_of(struct room *room, const char *const *events,
                     const char *want)
{
    struct cer_transcript *t = NULL;
    char dir[T_PATH_MAX];

    t_dir_new(dir);
    t_file_write(room_path(dir, "plan.json"), room->plan.json.p,
                 room->plan.json.len);
    t_ok(&err, cer_transcript_open(dir, &room->plan, &t, &err));
    for (size_t i = 0; events[i] != NULL; i++)
        t_ok(&err, cer_transcript_add(t, ROOM_TIME, events[i], NULL, &err));
    cer_transcript_free(t);
    verify(dir);
    assert_string_equal(find("order")->text, want);
    t_dir_remove(dir);
}
#define ORDER(want, ...) \
    order_of(room, (const char *const[]){ __VA_ARGS__, NULL }, (want))

static void steps_have_an_order(void **state)
{
    struct room *room = *state;

    ORDER("", "environment", "checked", "approvals", "confirmed", "intent",
          "signed", "verified", "linted", "written", "bound", "closed");
    ORDER("", "resumed", "environment", "checked", "approvals", "refused",
          "confirmed", "intent", "failed", "resumed", "environment");
    ORDER("the token was asked 2 times", "environment", "checked", "approvals",
          "confirmed", "intent", "resumed", "environment", "checked",
          "approvals", "confirmed", "confirmed", "intent", "key-made",
          "resumed", "verified", "linted", "written", "closed");
    ORDER("line 2: \"checked\" stands at the wrong place", "checked");
    ORDER("line 4: \"confirmed\" stands at the wrong place", "environment",
          "checked", "confirmed");
    ORDER("line 5: \"intent\" stands at the wrong place", "environment",
          "checked", "approvals", "intent");
    ORDER("line 6: \"signed\" stands at the wrong place", "environment",
          "checked", "approvals", "confirmed", "signed");
    ORDER("line 8: \"signed\" stands at the wrong place", "environment",
          "checked", "approvals", "confirmed", "intent", "signed", "signed");
    ORDER("line 10: \"checked\" stands at the wrong place", "environment",
          "checked", "approvals", "confirmed", "intent", "signed", "resumed",
          "environment", "checked");
    ORDER("line 2: \"danced\" is no step of a ceremony", "danced");
    ORDER("line 12: \"resumed\" stands after \"closed\"", "environment",
          "checked", "approvals", "confirmed", "intent", "signed", "verified",
          "linted", "written", "closed", "resumed");
}

static void the_window_is_kept(void **state)
{
    struct room *room = *state;
    struct cer_transcript *t = NULL;
    char dir[T_PATH_MAX];

    t_dir_new(dir);
    t_file_write(room_path(dir, "plan.json"), room->plan.json.p,
                 room->plan.json.len);
    t_ok(&err, cer_transcript_open(dir, &room->plan, &t, &err));
    t_ok(&err, cer_transcript_add(t, room->plan.window_until + 1, "intent",
                                  NULL, &err));
    t_ok(&err, cer_transcript_add(t, ROOM_TIME, "resumed", NULL, &err));
    cer_transcript_free(t);
    verify(dir);
    assert_string_equal(find("window")->text,
                        "line 2: \"intent\" at 2026-09-22T14:13:21Z is outside "
                        "the window");
    assert_string_equal(find("order")->text,
                        "line 2: \"intent\" stands at the wrong place");
    t_dir_remove(dir);
}

static void foreign_and_changed_files_are_seen(void **state)
{
    struct room *room = *state;
    char dir[T_PATH_MAX];

    room_ceremony(room, &room->plan, dir, NULL);
    t_file_write(room_path(dir, "notes.txt"), "x", 1);
    verify(dir);
    differs("nothing-else", "notes.txt is no part of the ceremony", 1);
    assert_int_equal(unlink(room_path(dir, "notes.txt")), 0);
    assert_int_equal(symlink("plan.json", room_path(dir, "approvals/link")), 0);
    verify(dir);
    differs("nothing-else", "approvals/link is no part of the ceremony", 1);
    assert_int_equal(unlink(room_path(dir, "approvals/link")), 0);
    change(room, dir, "transcript.html", 5000);
    verify(dir);
    differs("page", "transcript.html is not the page of this transcript", 1);
    assert_int_equal(unlink(room_path(dir, "transcript.html")), 0);
    verify(dir);
    assert_int_equal(verdict.n_differ, 0);
    change(room, dir, "certificate.pem", 200);
    verify(dir);
    assert_string_equal(find("files")->text,
                        "certificate.pem: not what was written");
    t_dir_remove(dir);
}

/* By Eve's key, that no CA has certified for this: a self-signed one. */
static enum sg_rc sign(void *arg, struct sg_slice message, struct sg_buf *out,
                       struct sg_err *error)
{
    struct room *room = arg;
    enum ca_sigalg alg = CA_SIGALG_UNSET;
    struct sg_slice signature =
        room_sign(room, &room->person[ROOM_EVE], message, &alg);

    return sg_buf_put(out, signature.p, signature.len, error);
}

/* Held against this certificate: accepted, or refused with this text. */
static void signer_is(const char *dir, struct sg_slice cert, const char *text)
{
    const struct cer_verify_args args = { .dir = dir,
                                          .version = ROOM_VERSION,
                                          .signer = cert };

    t_ok(&err, cer_verify(&args, &verdict, &err));
    if (text != NULL)
        differs("cms", text, 1);
    else
        assert_int_equal(verdict.n_differ, 0);
}

static void a_seal_that_is_wanted_and_not_there(void **state)
{
    struct room *room = *state;
    char dir[T_PATH_MAX];
    char text[T_PATH_MAX + 64];

    room_ceremony(room, &room->plan, dir, NULL);
    (void)snprintf(text, sizeof(text),
                   "%s/transcript.p7s: No such file or directory", dir);
    signer_is(dir, room->sub.chain[0], text);
    t_dir_remove(dir);
}

static void a_signature_over_the_transcript_is_checked(void **state)
{
    struct room *room = *state;
    struct sg_buf cert;
    struct sg_buf cms;
    char dir[T_PATH_MAX];

    room_ceremony(room, &room->plan, dir, NULL);
    sg_buf_init(&cert, CA_CERT_MAX);
    sg_buf_init(&cms, CER_CMS_MAX);
    kit_cert_make(&(struct kit_cert){ .key = &room->person[ROOM_EVE],
                                      .signer = &room->person[ROOM_EVE],
                                      .subject = "Eve",
                                      .issuer = "Eve" },
                  &cert);
    const struct sg_slice der = sg_buf_slice(&cert);
    const struct cer_cms_args args = {
        .content = read_file(room, room_path(dir, CER_FILE_TRANSCRIPT)),
        .cert = &der,
        .n_certs = 1,
        .alg = CA_SIGALG_ECDSA_SHA256,
        .time = ROOM_TIME,
        .sign = sign,
        .arg = room,
    };
    t_ok(&err, cer_cms_make(&args, &cms, &err));
    t_file_write(room_path(dir, CER_FILE_CMS), cms.data, cms.len);
    verify(dir);
    assert_int_equal(verdict.n_differ, 0);
    assert_int_equal(find("cms")->state, CER_CHECK_OK);
    assert_string_equal(find("cms")->text, "by CN=Eve, 2026-09-21T15:13:20Z");
    signer_is(dir, sg_buf_slice(&cert), NULL);
    signer_is(dir, room->sub.chain[0],
              "signed by CN=Eve, whose certificate is not the signer's");
    change(room, dir, CER_FILE_CMS, cms.len - 1);
    verify(dir);
    differs("cms", "cms: signature invalid", 1);
    sg_buf_done(&cms);
    sg_buf_done(&cert);
    t_dir_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_ceremony_passes),
        cmocka_unit_test(an_intermediate_passes),
        cmocka_unit_test(a_folder_that_is_not_there),
        cmocka_unit_test(a_changed_plan_is_seen),
        cmocka_unit_test(a_changed_transcript_is_seen),
        cmocka_unit_test(another_plan_is_seen),
        cmocka_unit_test(missing_and_changed_approvals_are_seen),
        cmocka_unit_test(wrong_lines_are_seen),
        cmocka_unit_test(steps_have_an_order),
        cmocka_unit_test(the_window_is_kept),
        cmocka_unit_test(foreign_and_changed_files_are_seen),
        cmocka_unit_test(a_signature_over_the_transcript_is_checked),
        cmocka_unit_test(a_seal_that_is_wanted_and_not_there),
    };
    return cmocka_run_group_tests(tests, room_open, room_close);
}
