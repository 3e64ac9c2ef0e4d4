/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/ceremony/room.h"

#include <stdio.h>
#include <string.h>

#include "ceremony/json.h"
#include "ceremony/transcript.h"
#include "common/file.h"
#include "tests/lib/run.h"

#define LINES 4

static struct sg_err err;

/* A folder with a transcript of a few lines. */
struct folder {
    char dir[T_PATH_MAX];
    char path[T_PATH_MAX + 32];
    char text[4096];
    char *line[LINES + 1]; /* where each begins in text, and its end */
};

static struct cer_transcript *open_it(const struct room *room, const char *dir)
{
    struct cer_transcript *t = NULL;

    t_ok(&err, cer_transcript_open(dir, &room->plan, &t, &err));
    return t;
}

static void read_back(struct folder *f)
{
    struct sg_buf file;

    sg_buf_init(&file, sizeof(f->text) - 1);
    t_ok(&err, sg_file_read(f->path, &file, &err));
    memcpy(f->text, file.data, file.len);
    f->text[file.len] = '\0';
    sg_buf_done(&file);
    char *p = f->text;
    for (size_t i = 0; i <= LINES; i++) {
        f->line[i] = p;
        char *stop = strchr(p, '\n');
        p = stop != NULL ? stop + 1 : p;
    }
}

static void folder_new(const struct room *room, struct folder *f)
{
    t_dir_new(f->dir);
    (void)snprintf(f->path, sizeof(f->path), "%s/transcript.jsonl", f->dir);
    struct cer_transcript *t = open_it(room, f->dir);
    for (size_t i = 1; i < LINES; i++) {
        json_object *fields = json_object_new_object();
        t_ok(&err, cer_json_put_int(fields, "step", (int64_t)i, &err));
        t_ok(&err, cer_transcript_add(t, KIT_NOW, "step", fields, &err));
    }
    assert_int_equal(cer_transcript_count(t), LINES);
    cer_transcript_free(t);
    read_back(f);
}

static void write_text(const struct folder *f, const char *text)
{
    t_file_write(f->path, text, strlen(text));
}

/* Reading and opening must both fail with "PATH: reason". */
static void refused(const struct room *room, const struct folder *f,
                    const char *reason)
{
    struct cer_transcript *t = NULL;
    char text[512];

    (void)snprintf(text, sizeof(text), "%s: %s", f->path, reason);
    t_refused(&err, cer_transcript_read(f->path, &t, &err), SG_FORMAT, text);
    t_refused(&err, cer_transcript_open(f->dir, &room->plan, &t, &err),
              SG_FORMAT, text);
    assert_null(t);
}

static void lines_are_chained(void **state)
{
    struct room *room = *state;
    struct cer_transcript *t = NULL;
    struct folder f;

    folder_new(room, &f);
    t_ok(&err, cer_transcript_read(f.path, &t, &err));
    assert_int_equal(cer_transcript_count(t), LINES);
    assert_non_null(cer_transcript_find(t, "opened"));
    assert_null(cer_transcript_find(t, "closed"));
    /* The newest of several. */
    json_object *step = cer_transcript_find(t, "step");
    assert_ptr_equal(step, cer_transcript_line(t, LINES - 1));
    assert_null(cer_transcript_line(t, LINES));
    for (size_t i = 0; i + 1 < LINES; i++) {
        uint8_t hash[32];
        char hex[65];
        size_t len = (size_t)(f.line[i + 1] - f.line[i] - 1);
        t_ok(&err,
             cer_sha256(SG_SLICE((const uint8_t *)f.line[i], len), hash, &err));
        for (size_t k = 0; k < 32; k++)
            (void)snprintf(hex + 2 * k, 3, "%02x", hash[k]);
        assert_string_equal(json_object_get_string(json_object_object_get(
                                cer_transcript_line(t, i + 1), "prev")),
                            hex);
    }
    t_refused(&err, cer_transcript_add(t, KIT_NOW, "more", NULL, &err), SG_BUG,
              "transcript: open for reading only");
    cer_transcript_free(t);
    t_dir_remove(f.dir);
}

static void it_goes_on_where_it_stopped(void **state)
{
    struct room *room = *state;
    struct folder f;

    folder_new(room, &f);
    struct cer_transcript *t = open_it(room, f.dir);
    assert_int_equal(cer_transcript_count(t), LINES);
    t_ok(&err, cer_transcript_add(t, KIT_NOW + 1, "more", NULL, &err));
    cer_transcript_free(t);
    t_ok(&err, cer_transcript_read(f.path, &t, &err));
    assert_int_equal(cer_transcript_count(t), LINES + 1);
    cer_transcript_free(t);
    t_dir_remove(f.dir);
}

static void a_changed_byte_is_seen(void **state)
{
    struct room *room = *state;
    struct folder f;

    folder_new(room, &f);
    char *title = strstr(f.text, "Root of");
    assert_non_null(title);
    *title = 'B';
    write_text(&f, f.text);
    refused(room, &f,
            "line 2: transcript: \"prev\" is not the hash of the line before");
    t_dir_remove(f.dir);
}

static void a_missing_line_is_seen(void **state)
{
    struct room *room = *state;
    struct folder f;

    folder_new(room, &f);
    memmove(f.line[2], f.line[3], strlen(f.line[3]) + 1);
    write_text(&f, f.text);
    refused(room, &f, "line 3: transcript: \"seq\" is 3, not 2");
    t_dir_remove(f.dir);
}

static void swapped_lines_are_seen(void **state)
{
    struct room *room = *state;
    struct folder f;
    char text[8192];

    folder_new(room, &f);
    (void)snprintf(text, sizeof(text), "%.*s%.*s%.*s%s",
                   (int)(f.line[1] - f.text), f.text,
                   (int)(f.line[3] - f.line[2]), f.line[2],
                   (int)(f.line[2] - f.line[1]), f.line[1], f.line[3]);
    write_text(&f, text);
    refused(room, &f, "line 2: transcript: \"seq\" is 2, not 1");
    t_dir_remove(f.dir);
}

static void a_wrong_number_is_seen(void **state)
{
    struct room *room = *state;
    struct folder f;

    folder_new(room, &f);
    char *seq = strstr(f.line[3], "\"seq\":3");
    assert_non_null(seq);
    seq[6] = '4';
    write_text(&f, f.text);
    refused(room, &f, "line 4: transcript: \"seq\" is 4, not 3");
    t_dir_remove(f.dir);
}

static void the_first_line_opens(void **state)
{
    struct room *room = *state;
    struct folder f;

    folder_new(room, &f);
    char *event = strstr(f.text, "\"opened\"");
    assert_non_null(event);
    memcpy(event, "\"opener\"", 8);
    write_text(&f, f.text);
    refused(room, &f, "line 1: transcript: does not begin with \"opened\"");
    write_text(&f, "{\"seq\": 0}\n");
    refused(room, &f,
            "line 1: transcript: not in canonical form (changed by hand?)");
    t_dir_remove(f.dir);
}

/* The power went while the last line was written. */
static void a_line_cut_short_is_dropped(void **state)
{
    struct room *room = *state;
    struct cer_transcript *t = NULL;
    struct folder f;
    char text[512];

    folder_new(room, &f);
    f.text[strlen(f.text) - 5] = '\0';
    write_text(&f, f.text);
    (void)snprintf(text, sizeof(text), "%s: the last line is cut short",
                   f.path);
    t_refused(&err, cer_transcript_read(f.path, &t, &err), SG_FORMAT, text);
    t = open_it(room, f.dir);
    assert_int_equal(cer_transcript_count(t), LINES - 1);
    t_ok(&err, cer_transcript_add(t, KIT_NOW, "again", NULL, &err));
    cer_transcript_free(t);
    t_ok(&err, cer_transcript_read(f.path, &t, &err));
    assert_int_equal(cer_transcript_count(t), LINES);
    cer_transcript_free(t);
    /* Even the first one. */
    f.text[10] = '\0';
    write_text(&f, f.text);
    t = open_it(room, f.dir);
    assert_int_equal(cer_transcript_count(t), 1);
    cer_transcript_free(t);
    write_text(&f, "");
    (void)snprintf(text, sizeof(text), "%s: empty", f.path);
    t_refused(&err, cer_transcript_read(f.path, &t, &err), SG_FORMAT, text);
    t_dir_remove(f.dir);
}

static void another_plan_is_refused(void **state)
{
    struct room *room = *state;
    struct cer_plan other = room->plan;
    struct cer_transcript *t = NULL;
    struct folder f;

    folder_new(room, &f);
    other.sha256[0] ^= 1;
    t_refused(&err, cer_transcript_open(f.dir, &other, &t, &err), SG_CONFLICT,
              "this folder holds the transcript of another plan");
    t_dir_remove(f.dir);
}

static void one_program_writes(void **state)
{
    struct room *room = *state;
    struct cer_transcript *second = NULL;
    struct folder f;
    char text[512];

    folder_new(room, &f);
    struct cer_transcript *first = open_it(room, f.dir);
    (void)snprintf(text, sizeof(text),
                   "%s: another ceremony program has it open", f.path);
    t_refused(&err, cer_transcript_open(f.dir, &room->plan, &second, &err),
              SG_CONFLICT, text);
    cer_transcript_free(first);
    cer_transcript_free(open_it(room, f.dir));
    t_dir_remove(f.dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_chained),
        cmocka_unit_test(it_goes_on_where_it_stopped),
        cmocka_unit_test(a_changed_byte_is_seen),
        cmocka_unit_test(a_missing_line_is_seen),
        cmocka_unit_test(swapped_lines_are_seen),
        cmocka_unit_test(a_wrong_number_is_seen),
        cmocka_unit_test(the_first_line_opens),
        cmocka_unit_test(a_line_cut_short_is_dropped),
        cmocka_unit_test(another_plan_is_refused),
        cmocka_unit_test(one_program_writes),
    };
    return cmocka_run_group_tests(tests, room_open, room_close);
}
