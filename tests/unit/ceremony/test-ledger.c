/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/ceremony/room.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ceremony/ledger.h"
#include "common/file.h"

static struct sg_err err;

/* A CRL of the room's root, with any of these changed. */
struct list {
    unsigned number;
    int64_t this_update;
    size_t n_revoked; /* serial numbers 1, 2 … */
    int64_t date;     /* 0: KIT_NOW */
    enum ca_crl_scope scope;
};

static struct ca_cert *root(struct room *room)
{
    struct ca_cert *cert = sg_arena_new(&room->arena, struct ca_cert);

    assert_non_null(cert);
    t_ok(&err, ca_cert_parse(&room->arena, room->sub.chain[0], cert, &err));
    return cert;
}

static struct sg_slice make(struct room *room, const struct list *want)
{
    static const uint8_t SERIALS[] = { 1, 2, 3, 4, 5 };
    struct ca_revoked revoked[5];
    const uint8_t number[] = { (uint8_t)(want->number >> 8),
                               (uint8_t)want->number };
    struct sg_buf buf;
    struct ca_crl_args args = {
        .issuer = root(room),
        .alg = CA_SIGALG_ECDSA_SHA256,
        .number = SG_SLICE(want->number > 255 ? number : number + 1,
                           want->number > 255 ? 2 : 1),
        .this_update = want->this_update,
        .next_update = want->this_update + 30 * KIT_DAY,
        .revoked = revoked,
        .n_revoked = want->n_revoked,
        .scope = want->scope,
    };

    for (size_t i = 0; i < want->n_revoked; i++)
        revoked[i] = (struct ca_revoked){
            .serial = SG_SLICE(&SERIALS[i], 1),
            .date = want->date != 0 ? want->date : KIT_NOW,
        };
    sg_buf_init(&buf, 65536);
    t_ok(&err, ca_crl_tbs(&args, &buf, &err));
    struct sg_slice tbs = sg_arena_copy(&room->arena, sg_buf_slice(&buf));
    enum ca_sigalg alg = CA_SIGALG_UNSET;
    struct sg_slice signature = room_sign(room, &room->ca, tbs, &alg);
    sg_buf_reset(&buf);
    t_ok(&err, ca_signed_encode(tbs, alg, signature, &buf, &err));
    struct sg_slice der = sg_arena_copy(&room->arena, sg_buf_slice(&buf));
    sg_buf_done(&buf);
    return der;
}

static struct ca_crl parsed(struct room *room, struct sg_slice der)
{
    struct ca_crl crl = { 0 };

    t_ok(&err, ca_crl_parse(&room->arena, der, &crl, &err));
    return crl;
}

#define BASE \
    { \
        .number = 7, .this_update = KIT_NOW + KIT_DAY, .n_revoked = 2 \
    }
#define NEXT \
    { \
        .number = 8, .this_update = KIT_NOW + 2 * KIT_DAY, .n_revoked = 2 \
    }

static enum sg_rc compare(struct room *room, const struct list *last,
                          const struct list *next,
                          const struct cer_expired *expired)
{
    static const struct cer_expired NONE = { NULL, 0 };
    struct ca_crl a = parsed(room, make(room, last));
    struct ca_crl b = parsed(room, make(room, next));

    sg_err_clear(&err);
    return cer_ledger_compare(&a, &b, expired != NULL ? expired : &NONE,
                              &room->arena, &err);
}

static void crls_go_forward(void **state)
{
    struct room *room = *state;
    struct list last = BASE;
    struct list next = NEXT;

    assert_int_equal(compare(room, &last, &next, NULL), SG_OK);
    next.n_revoked = 5;
    assert_int_equal(compare(room, &last, &next, NULL), SG_OK);
    /* 256 is greater than 255, though its first octet is smaller. */
    last.number = 255;
    next.number = 256;
    assert_int_equal(compare(room, &last, &next, NULL), SG_OK);
}

static void crls_do_not_go_back(void **state)
{
    struct room *room = *state;
    const struct list last = BASE;
    static const struct {
        struct list next;
        const char *text;
    } ROWS[] = {
        { { .number = 7, .this_update = KIT_NOW + 2 * KIT_DAY, .n_revoked = 2 },
          "crl: number 07 is not greater than 07, the last one's (RFC 5280 "
          "5.2.3)" },
        { { .number = 6, .this_update = KIT_NOW + 2 * KIT_DAY, .n_revoked = 2 },
          "crl: number 06 is not greater than 07, the last one's (RFC 5280 "
          "5.2.3)" },
        { { .number = 8, .this_update = KIT_NOW + KIT_DAY, .n_revoked = 2 },
          "crl: thisUpdate 2026-09-22T14:13:20Z is not after "
          "2026-09-22T14:13:20Z, the last one's (RFC 5280 5.1.2.4)" },
        { { .number = 8,
            .this_update = KIT_NOW + 2 * KIT_DAY,
            .n_revoked = 2,
            .scope = CA_CRL_SCOPE_CA_ONLY },
          "crl: the last one has another scope (RFC 5280 5.2.5)" },
        { { .number = 8, .this_update = KIT_NOW + 2 * KIT_DAY, .n_revoked = 1 },
          "crl: serial number 02 was revoked and is no longer listed; only an "
          "expired certificate may be left out, and it has to be named (RFC "
          "5280 3.3)" },
        { { .number = 8,
            .this_update = KIT_NOW + 2 * KIT_DAY,
            .n_revoked = 2,
            .date = KIT_NOW + 1 },
          "crl: serial number 01 was revoked at 2026-09-21T14:13:20Z, not at "
          "2026-09-21T14:13:21Z" },
    };

    for (size_t i = 0; i < SG_ARRAY_LEN(ROWS); i++) {
        assert_int_equal(compare(room, &last, &ROWS[i].next, NULL), SG_POLICY);
        assert_string_equal(err.msg, ROWS[i].text);
    }
}

static void expired_entries_may_go_when_named(void **state)
{
    struct room *room = *state;
    const struct list last = BASE;
    const struct list next = { .number = 8,
                               .this_update = KIT_NOW + 2 * KIT_DAY,
                               .n_revoked = 1 };
    const struct sg_slice two = SG_SLICE((const uint8_t *)"\x00\x02", 2);
    const struct sg_slice one = SG_SLICE((const uint8_t *)"\x01", 1);

    assert_int_equal(
        compare(room, &last, &next, &(struct cer_expired){ &two, 1 }), SG_OK);
    assert_int_equal(
        compare(room, &last, &next, &(struct cer_expired){ &one, 1 }),
        SG_POLICY);
}

static void other_issuers_are_refused(void **state)
{
    struct room *room = *state;
    struct list last = BASE;
    struct list next = NEXT;
    const struct cer_expired none = { NULL, 0 };
    struct ca_crl a = parsed(room, make(room, &last));
    struct ca_crl b = parsed(room, make(room, &next));
    const struct sg_slice aki = b.aki;

    b.aki = a.issuer;
    t_refused(&err, cer_ledger_compare(&a, &b, &none, &room->arena, &err),
              SG_POLICY, "crl: the last one is by another key");
    b.aki = aki;
    b.issuer = aki;
    t_refused(&err, cer_ledger_compare(&a, &b, &none, &room->arena, &err),
              SG_POLICY, "crl: the last one is of another issuer");
}

static const struct cer_expired NONE_EXPIRED = { NULL, 0 };

static enum sg_rc try_record(struct room *room, const char *dir,
                             const struct list *want, bool withdraw,
                             char file[CER_LEDGER_FILE_MAX])
{
    sg_err_clear(&err);
    return cer_ledger_record(
        &(struct cer_ledger_args){ .dir = dir,
                                   .crl = make(room, want),
                                   .issuer = root(room),
                                   .expired = &NONE_EXPIRED,
                                   .withdraw = withdraw,
                                   .now = ROOM_TIME },
        file, &err);
}

static void record(struct room *room, const char *dir, unsigned number,
                   int64_t this_update)
{
    const struct list want = { .number = number,
                               .this_update = this_update,
                               .n_revoked = 1 };
    char file[CER_LEDGER_FILE_MAX];
    char name[CER_LEDGER_FILE_MAX];

    (void)snprintf(name, sizeof(name), "crl-%02x.crl", number);
    t_ok(&err, try_record(room, dir, &want, false, file));
    assert_string_equal(file, name);
}

static struct cer_ledger read_ledger(struct room *room, const char *dir)
{
    struct cer_ledger ledger = { 0 };

    t_ok(&err, cer_ledger_read(dir, &room->arena, &ledger, &err));
    t_ok(&err, cer_ledger_check_files(dir, &ledger, &err));
    return ledger;
}

static char *calendar_of(struct room *room, const struct cer_ledger *ledger)
{
    struct sg_buf ics;

    sg_buf_init(&ics, 65536);
    t_ok(&err, cer_ledger_ics(ledger, &ics, &err));
    char *text = sg_arena_text(&room->arena, sg_buf_slice(&ics));
    sg_buf_done(&ics);
    assert_non_null(text);
    for (const char *p = text; *p != '\0'; p = strstr(p, "\r\n") + 2)
        assert_true(strstr(p, "\r\n") - p <= 75);
    return text;
}

static void the_ledger_says_when_to_publish(void **state)
{
    struct room *room = *state;
    char dir[T_PATH_MAX];

    t_dir_new(dir);
    record(room, dir, 1, KIT_NOW + KIT_DAY);
    record(room, dir, 2, KIT_NOW + 25 * KIT_DAY);
    record(room, dir, 3, KIT_NOW + 60 * KIT_DAY); /* five days too late */
    const struct cer_ledger ledger = read_ledger(room, dir);
    assert_int_equal(ledger.n, 3);
    assert_string_equal(ledger.row[1].number, "02");
    assert_int_equal(ledger.row[1].entries, 1);
    assert_int_equal(ledger.row[0].publish_by, KIT_NOW + KIT_DAY);
    assert_int_equal(ledger.row[1].publish_by, KIT_NOW + 31 * KIT_DAY);
    assert_int_equal(ledger.row[1].gap, 0);
    assert_int_equal(ledger.row[2].gap, 5 * KIT_DAY);
    const char *text = calendar_of(room, &ledger);
    assert_non_null(strstr(text, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"));
    assert_non_null(strstr(text, "DTSTART:20260922T141320Z\r\n"));
    assert_non_null(strstr(text, "SUMMARY:Publish CRL 02 of CN=Room "
                                 "\\\\<Root\\\\> & Sons\r\n"));
    assert_non_null(strstr(text, "SEQUENCE:3\r\nSTATUS:CONFIRMED\r\n"
                                 "SUMMARY:The last CRL of"));
    assert_null(strstr(text, "CANCELLED"));
    t_dir_remove(dir);
}

/* As after a power cut: the same octets once more, whichever they are. */
static void recording_again_changes_nothing(void **state)
{
    struct room *room = *state;
    char dir[T_PATH_MAX];
    char file[CER_LEDGER_FILE_MAX];

    t_dir_new(dir);
    record(room, dir, 1, KIT_NOW + KIT_DAY);
    record(room, dir, 2, KIT_NOW + 25 * KIT_DAY);
    struct cer_ledger ledger = read_ledger(room, dir);
    for (size_t i = 0; i < 2; i++) {
        struct sg_slice der = { 0 };
        t_ok(&err,
             cer_ledger_crl(dir, &ledger.row[i], &room->arena, &der, &err));
        t_ok(&err, cer_ledger_record(
                       &(struct cer_ledger_args){ .dir = dir,
                                                  .crl = der,
                                                  .issuer = root(room),
                                                  .expired = &NONE_EXPIRED,
                                                  .now = ROOM_TIME },
                       file, &err));
        assert_string_equal(file, ledger.row[i].file);
    }
    assert_int_equal(read_ledger(room, dir).n, 2);
    t_dir_remove(dir);
}

/* Three lie ready for the months ahead, and something has to be revoked now. */
static void what_was_signed_ahead_is_withdrawn(void **state)
{
    struct room *room = *state;
    struct list urgent = { .number = 5,
                           .this_update = ROOM_TIME - 1,
                           .n_revoked = 2 };
    char dir[T_PATH_MAX];
    char file[CER_LEDGER_FILE_MAX];

    t_dir_new(dir);
    record(room, dir, 1, KIT_NOW);
    for (unsigned i = 2; i <= 4; i++)
        record(room, dir, i, ROOM_TIME + i * KIT_DAY);
    assert_int_equal(try_record(room, dir, &urgent, false, file), SG_POLICY);
    assert_string_equal(
        err.msg,
        "crl: thisUpdate 2026-09-21T15:13:19Z is not after "
        "2026-09-23T15:13:20Z: CRL 02 was signed ahead for that day, and would "
        "hide this one. It and those after it have to be withdrawn: say so "
        "(crl: withdraw: true in the request, --withdraw for \"ledger "
        "record\") and publish none of them");
    urgent.number = 3;
    assert_int_equal(try_record(room, dir, &urgent, true, file), SG_POLICY);
    assert_string_equal(err.msg,
                        "crl: number 03 is not greater than 03, which the "
                        "ledger has (RFC 5280 5.2.3)");
    urgent.number = 5;
    t_ok(&err, try_record(room, dir, &urgent, true, file));
    struct cer_ledger ledger = read_ledger(room, dir);
    assert_int_equal(ledger.n, 5);
    assert_null(ledger.row[0].withdrawn_by);
    for (size_t i = 1; i < 4; i++)
        assert_string_equal(ledger.row[i].withdrawn_by, "05");
    assert_null(ledger.row[4].withdrawn_by);
    /* at once, though the one before it is good for another month */
    assert_int_equal(ledger.row[4].publish_by, urgent.this_update);
    const char *text = calendar_of(room, &ledger);
    assert_non_null(strstr(text, "SEQUENCE:1\r\nSTATUS:CANCELLED\r\n"
                                 "SUMMARY:Do not publish CRL 03 of"));
    assert_non_null(strstr(text, "SEQUENCE:5\r\nSTATUS:CONFIRMED\r\n"
                                 "SUMMARY:The last CRL of"));
    /* The next one follows the urgent one; a withdrawn one never comes back. */
    struct list next = { .number = 6,
                         .this_update = ROOM_TIME + KIT_DAY,
                         .n_revoked = 1 };
    assert_int_equal(try_record(room, dir, &next, false, file), SG_POLICY);
    assert_non_null(strstr(err.msg, "serial number 02 was revoked"));
    struct sg_slice der = { 0 };
    t_ok(&err, cer_ledger_crl(dir, &ledger.row[2], &room->arena, &der, &err));
    t_refused(
        &err,
        cer_ledger_record(&(struct cer_ledger_args){ .dir = dir,
                                                     .crl = der,
                                                     .issuer = root(room),
                                                     .expired = &NONE_EXPIRED,
                                                     .withdraw = true,
                                                     .now = ROOM_TIME },
                          file, &err),
        SG_POLICY, "crl: CRL 03 was withdrawn by 05");
    t_dir_remove(dir);
}

/* Whatever is withdrawn, nothing comes before what the world has seen. */
static void what_is_published_stays(void **state)
{
    struct room *room = *state;
    const struct list back = { .number = 3,
                               .this_update = KIT_NOW + 30,
                               .n_revoked = 0 };
    char dir[T_PATH_MAX];
    char file[CER_LEDGER_FILE_MAX];

    t_dir_new(dir);
    record(room, dir, 2, KIT_NOW + 60);
    assert_int_equal(try_record(room, dir, &back, true, file), SG_POLICY);
    assert_string_equal(err.msg,
                        "crl: thisUpdate 2026-09-21T14:13:50Z is not after "
                        "2026-09-21T14:14:20Z, that of CRL 02, which is "
                        "published (RFC 5280 5.1.2.4)");
    assert_int_equal(read_ledger(room, dir).n, 1);
    t_dir_remove(dir);
}

static void a_changed_ledger_is_refused(void **state)
{
    struct room *room = *state;
    struct list back = BASE;
    struct cer_ledger ledger = { 0 };
    char dir[T_PATH_MAX];
    char file[CER_LEDGER_FILE_MAX];
    char text[512];

    t_dir_new(dir);
    (void)snprintf(text, sizeof(text), "%s/ledger.jsonl: empty", dir);
    t_file_write(room_path(dir, CER_FILE_LEDGER), "", 0);
    t_refused(&err, cer_ledger_read(dir, &room->arena, &ledger, &err),
              SG_NOT_FOUND, text);
    record(room, dir, 9, KIT_NOW + 2 * KIT_DAY);
    back.this_update = KIT_NOW + 3 * KIT_DAY;
    assert_int_equal(try_record(room, dir, &back, false, file), SG_POLICY);
    assert_string_equal(err.msg,
                        "crl: number 07 is not greater than 09, which the "
                        "ledger has (RFC 5280 5.2.3)");
    t_file_write(room_path(dir, "crl-09.crl"), "x", 1);
    (void)snprintf(text, sizeof(text),
                   "%s/crl-09.crl: not the CRL that was "
                   "recorded",
                   dir);
    t_ok(&err, cer_ledger_read(dir, &room->arena, &ledger, &err));
    t_refused(&err, cer_ledger_check_files(dir, &ledger, &err), SG_FORMAT,
              text);
    t_dir_remove(dir);
}

static void lists_come_from_files_and_urls(void **state)
{
    struct room *room = *state;
    struct list want = BASE;
    struct sg_slice der = make(room, &want);
    struct sg_slice got = { 0 };
    char dir[T_PATH_MAX];
    char url[T_PATH_MAX + 64];

    t_dir_new(dir);
    t_file_write(room_path(dir, "a.crl"), der.p, der.len);
    t_ok(&err,
         cer_ledger_fetch(room_path(dir, "a.crl"), &room->arena, &got, &err));
    assert_true(sg_slice_eq(got, der));
    (void)snprintf(url, sizeof(url), "file://%s/a.crl", dir);
    t_ok(&err, cer_ledger_fetch(url, &room->arena, &got, &err));
    assert_true(sg_slice_eq(got, der));
    (void)snprintf(url, sizeof(url), "file://%s/b.crl", dir);
    sg_err_clear(&err);
    assert_int_equal(cer_ledger_fetch(url, &room->arena, &got, &err), SG_IO);
    sg_err_clear(&err);
    assert_int_equal(
        cer_ledger_fetch("ftp://127.0.0.1/a", &room->arena, &got, &err), SG_IO);
    t_dir_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crls_go_forward),
        cmocka_unit_test(crls_do_not_go_back),
        cmocka_unit_test(expired_entries_may_go_when_named),
        cmocka_unit_test(other_issuers_are_refused),
        cmocka_unit_test(the_ledger_says_when_to_publish),
        cmocka_unit_test(recording_again_changes_nothing),
        cmocka_unit_test(what_was_signed_ahead_is_withdrawn),
        cmocka_unit_test(what_is_published_stays),
        cmocka_unit_test(a_changed_ledger_is_refused),
        cmocka_unit_test(lists_come_from_files_and_urls),
    };
    return cmocka_run_group_tests(tests, room_open, room_close);
}
