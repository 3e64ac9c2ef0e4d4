/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/ceremony/room.h"

#include <string.h>

#include "ceremony/html.h"
#include "common/file.h"

#define PAGE_MAX (4 * 1024 * 1024)

static struct sg_err err;

/* What one text becomes. */
static void shown(struct sg_slice text, const char *want)
{
    struct cer_html w;
    struct sg_buf out;

    sg_buf_init(&out, 4096);
    cer_html_init(&w, &out);
    cer_html_slice(&w, text);
    t_ok(&err, cer_html_finish(&w, &err));
    t_ok(&err, sg_buf_put_u8(&out, '\0', &err));
    assert_string_equal((const char *)out.data, want);
    sg_buf_done(&out);
}

static void foreign_text_is_escaped(void **state)
{
    (void)state;
    shown(sg_slice_str("<script>\"a\" & 'b'"),
          "&lt;script&gt;&quot;a&quot; &amp; &#39;b&#39;");
    shown(sg_slice_str("Größe €"), "Größe €");
    shown(sg_slice_str("a\nb\x7f"), "a[U+000A]b[U+007F]");
    /* Right-to-left override, zero width space, byte order mark. */
    shown(sg_slice_str("a\xe2\x80\xaetxt\xe2\x80\x8b\xef\xbb\xbf"),
          "a[U+202E]txt[U+200B][U+FEFF]");
    shown(SG_SLICE((const uint8_t *)"\xff\x41", 2), "[0xFF]A");
}

static void the_first_failure_stays(void **state)
{
    (void)state;
    struct cer_html w;
    struct sg_buf out;

    sg_buf_init(&out, 8);
    cer_html_init(&w, &out);
    cer_html_text(&w, "12345");
    cer_html_text(&w, "67890");
    cer_html_text(&w, "1");
    assert_int_equal(out.len, 8);
    sg_err_clear(&err);
    assert_int_equal(cer_html_finish(&w, &err), SG_LIMIT);
    sg_buf_done(&out);
}

static void a_code_that_is_too_large_is_refused(void **state)
{
    (void)state;
    static const uint8_t bytes[CER_QR_MAX + 1] = { 'x' };
    struct cer_html w;
    struct sg_buf out;

    sg_buf_init(&out, PAGE_MAX);
    cer_html_init(&w, &out);
    cer_html_qr(&w, SG_SLICE(bytes, CER_QR_MAX));
    t_ok(&err, cer_html_finish(&w, &err));
    cer_html_qr(&w, SG_SLICE(bytes, CER_QR_MAX + 1));
    t_refused(&err, cer_html_finish(&w, &err), SG_LIMIT,
              "page: QR code of 801 bytes, must be 1 to 800");
    sg_buf_done(&out);
}

static char *page_of(const char *dir)
{
    static char page[PAGE_MAX];
    struct sg_buf file;

    sg_buf_init(&file, sizeof(page) - 1);
    t_ok(&err, sg_file_read(room_path(dir, CER_FILE_PAGE), &file, &err));
    memcpy(page, file.data, file.len);
    page[file.len] = '\0';
    sg_buf_done(&file);
    return page;
}

static void assert_has(const char *page, const char *text)
{
    if (strstr(page, text) == NULL)
        fail_msg("the page does not say: %s", text);
}

static void the_page_says_what_happened(void **state)
{
    struct room *room = *state;
    char dir[T_PATH_MAX];
    char words[CER_WORDS_MAX];

    room_ceremony(room, &room->plan, dir, NULL);
    const char *page = page_of(dir);
    assert_has(page, "<h1>Root of the room</h1>");
    assert_has(page, "<span class=\"state done\">completed</span>");
    assert_has(page, room->plan.id);
    assert_has(
        page, cer_words(SG_SLICE(room->plan.sha256, 32), words, sizeof(words)));
    assert_has(page, cer_words(SG_SLICE(room->plan.tbs_sha256, 32), words,
                               sizeof(words)));
    assert_has(page, "CN=Room \\&lt;Root\\&gt; &amp; Sons");
    assert_has(page, "<div>Ada, 2026-09-21T15:12:20Z</div>");
    assert_has(page, "6c8a5ff6f3a1f0b2");
    assert_has(page, "Type the first word of the TBS hash");
    assert_has(page, "CA, path length 1");
    assert_has(page, "No findings.");
    assert_has(page, "certificate.pem");
    /* One for the hash, the approvals, the certificate twice, its chain. */
    size_t codes = 0;
    for (const char *p = page; (p = strstr(p, "<svg class=\"qr\"")) != NULL;
         p++)
        codes++;
    assert_true(codes >= 6);
    t_dir_remove(dir);
}

/* Nothing is fetched, nothing runs. */
static void the_page_stands_alone(void **state)
{
    struct room *room = *state;
    char dir[T_PATH_MAX];

    room_ceremony(room, &room->plan, dir, NULL);
    const char *page = page_of(dir);
    assert_null(strstr(page, "<script"));
    assert_null(strstr(page, "src="));
    assert_null(strstr(page, "href="));
    assert_null(strstr(page, "url("));
    assert_null(strstr(page, "http://"));
    t_dir_remove(dir);
}

static void an_unfinished_ceremony_says_so(void **state)
{
    struct room *room = *state;
    struct cer_transcript *t = NULL;
    char dir[T_PATH_MAX];

    t_dir_new(dir);
    t_ok(&err, cer_transcript_open(dir, &room->plan, &t, &err));
    t_ok(&err, cer_transcript_write_page(dir, t, &room->plan, &err));
    cer_transcript_free(t);
    const char *page = page_of(dir);
    assert_has(page, "<span class=\"state open\">not completed</span>");
    assert_has(page, "The token was not opened.");
    assert_has(page, "<span class=\"none\">nobody</span>");
    t_dir_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(foreign_text_is_escaped),
        cmocka_unit_test(the_first_failure_stays),
        cmocka_unit_test(a_code_that_is_too_large_is_refused),
        cmocka_unit_test(the_page_says_what_happened),
        cmocka_unit_test(the_page_stands_alone),
        cmocka_unit_test(an_unfinished_ceremony_says_so),
    };
    return cmocka_run_group_tests(tests, room_open, room_close);
}
