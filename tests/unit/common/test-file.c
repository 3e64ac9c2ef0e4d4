/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/t.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "tests/lib/run.h"

#define SAY_MAX (T_PATH_MAX + 128)

struct place {
    char dir[T_PATH_MAX];
    char file[T_PATH_MAX + 8];
    char want[SAY_MAX];
};

static int place_new(void **state)
{
    static struct place place;

    place = (struct place){ 0 };
    t_dir_new(place.dir);
    (void)snprintf(place.file, sizeof(place.file), "%s/f", place.dir);
    *state = &place;
    return 0;
}

static int place_remove(void **state)
{
    struct place *place = *state;

    t_dir_remove(place->dir);
    return 0;
}

static const char *say(struct place *place, const char *text)
{
    (void)snprintf(place->want, sizeof(place->want), "%s%s", place->file, text);
    return place->want;
}

static size_t entries(const char *dir)
{
    DIR *d = opendir(dir);
    size_t n = 0;

    assert_non_null(d);
    for (struct dirent *e = readdir(d); e != NULL; e = readdir(d))
        n += e->d_name[0] != '.' ? 1 : 0;
    (void)closedir(d);
    return n;
}

static void what_is_written_is_read(void **state)
{
    struct place *place = *state;
    struct sg_err err = { 0 };
    SG_CLEANUP(sg_buf_done) struct sg_buf buf;
    static uint8_t bytes[100000];
    struct stat st;

    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i * 13);
    mode_t mask = umask(077); /* has no say: the mode is set, not asked for */
    t_ok(&err, sg_file_write(place->file, SG_SLICE(bytes, sizeof(bytes)), 0644,
                             SG_FILE_NEW_ONLY, &err));
    (void)umask(mask);
    assert_int_equal(stat(place->file, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0644);
    assert_int_equal(entries(place->dir), 1);

    sg_buf_init(&buf, sizeof(bytes) + 2);
    t_ok(&err, sg_buf_put_str(&buf, "<>", &err));
    t_ok(&err, sg_file_read(place->file, &buf, &err));
    assert_int_equal(buf.len, sizeof(bytes) + 2);
    assert_memory_equal(buf.data + 2, bytes, sizeof(bytes));
}

static void new_only_does_not_replace(void **state)
{
    struct place *place = *state;
    struct sg_err err = { 0 };
    SG_CLEANUP(sg_buf_done) struct sg_buf buf;

    t_file_write(place->file, "old", 3);
    t_refused(&err,
              sg_file_write(place->file, sg_slice_str("new"), 0600,
                            SG_FILE_NEW_ONLY, &err),
              SG_CONFLICT, say(place, ": File exists"));
    assert_int_equal(entries(place->dir), 1); /* nothing left beside */
    sg_buf_init(&buf, 10);
    t_ok(&err, sg_file_read(place->file, &buf, &err));
    assert_true(sg_slice_eq(sg_buf_slice(&buf), sg_slice_str("old")));

    t_ok(&err, sg_file_write(place->file, sg_slice_str("new"), 0600,
                             SG_FILE_REPLACE, &err));
    sg_buf_reset(&buf);
    t_ok(&err, sg_file_read(place->file, &buf, &err));
    assert_true(sg_slice_eq(sg_buf_slice(&buf), sg_slice_str("new")));
    assert_int_equal(entries(place->dir), 1);
}

static void writing_that_fails_leaves_nothing(void **state)
{
    struct place *place = *state;
    struct sg_err err = { 0 };

    /* A directory cannot be replaced by a file. */
    assert_int_equal(mkdir(place->file, 0700), 0);
    t_refused(&err,
              sg_file_write(place->file, sg_slice_str("x"), 0600,
                            SG_FILE_REPLACE, &err),
              SG_IO, say(place, ": Is a directory"));
    assert_int_equal(entries(place->dir), 1);

    (void)snprintf(place->file, sizeof(place->file), "%s/no/f", place->dir);
    t_refused(&err,
              sg_file_write(place->file, sg_slice_str("x"), 0600,
                            SG_FILE_REPLACE, &err),
              SG_NOT_FOUND, say(place, ": No such file or directory"));
}

static void a_relative_name_is_written_here(void **state)
{
    struct place *place = *state;
    struct sg_err err = { 0 };
    char before[T_PATH_MAX];

    assert_non_null(getcwd(before, sizeof(before)));
    assert_int_equal(chdir(place->dir), 0);
    enum sg_rc rc =
        sg_file_write("here", sg_slice_str("x"), 0600, SG_FILE_NEW_ONLY, &err);
    assert_int_equal(chdir(before), 0);
    assert_int_equal(rc, SG_OK);
    assert_int_equal(entries(place->dir), 1);
}

static void a_path_has_a_limit(void **state)
{
    struct sg_err err = { 0 };
    char path[2000];

    (void)state;
    memset(path, 'p', sizeof(path) - 1);
    path[0] = '/';
    path[sizeof(path) - 1] = '\0';
    t_refused(
        &err,
        sg_file_write(path, sg_slice_str("x"), 0600, SG_FILE_NEW_ONLY, &err),
        SG_IO,
        "/ppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp"
        "...: path is too long");
}

static void reading_has_a_limit(void **state)
{
    struct place *place = *state;
    struct sg_err err = { 0 };
    SG_CLEANUP(sg_buf_done) struct sg_buf buf;

    t_file_write(place->file, "12345", 5);
    sg_buf_init(&buf, 4);
    t_refused(&err, sg_file_read(place->file, &buf, &err), SG_LIMIT,
              say(place, ": larger than 4 bytes"));
    assert_int_equal(buf.len, 0);
    sg_buf_done(&buf);
    sg_buf_init(&buf, 5);
    t_ok(&err, sg_file_read(place->file, &buf, &err));
    assert_int_equal(buf.len, 5);
    t_refused(&err, sg_file_read(place->file, &buf, &err), SG_LIMIT,
              say(place, ": larger than 5 bytes"));
    t_file_write(place->file, "", 0);
    t_ok(&err, sg_file_read(place->file, &buf, &err));
    assert_int_equal(buf.len, 5);
}

static void a_file_without_a_size_is_read_whole(void **state)
{
    struct sg_err err = { 0 };
    SG_CLEANUP(sg_buf_done) struct sg_buf buf;

    (void)state;
    sg_buf_init(&buf, 100000);
    t_ok(&err, sg_file_read("/proc/self/maps", &buf, &err));
    assert_true(buf.len > 100);
}

static void reading_that_fails(void **state)
{
    struct place *place = *state;
    struct sg_err err = { 0 };
    SG_CLEANUP(sg_buf_done) struct sg_buf buf;

    sg_buf_init(&buf, 10);
    t_refused(&err, sg_file_read(place->file, &buf, &err), SG_NOT_FOUND,
              say(place, ": No such file or directory"));
    assert_int_equal(mkdir(place->file, 0700), 0);
    t_refused(&err, sg_file_read(place->file, &buf, &err), SG_IO,
              say(place, ": Is a directory"));
}

static void only_a_plain_file_is_read(void **state)
{
    struct place *place = *state;
    struct sg_err err = { 0 };
    SG_CLEANUP(sg_buf_done) struct sg_buf buf;

    sg_buf_init(&buf, 10);
    assert_int_equal(mkfifo(place->file, 0600), 0);
    t_refused(&err, sg_file_read_plain(place->file, &buf, &err), SG_FORMAT,
              say(place, ": not a regular file"));
    assert_int_equal(unlink(place->file), 0);
    assert_int_equal(symlink("/dev/null", place->file), 0);
    t_refused(&err, sg_file_read_plain(place->file, &buf, &err), SG_FORMAT,
              say(place, ": a symbolic link"));
    assert_int_equal(unlink(place->file), 0);
    t_file_write(place->file, "abc", 3);
    t_ok(&err, sg_file_read_plain(place->file, &buf, &err));
    assert_int_equal(buf.len, 3);
    assert_int_equal(unlink(place->file), 0);
    t_refused(&err, sg_file_read_plain(place->file, &buf, &err), SG_NOT_FOUND,
              say(place, ": No such file or directory"));
}

static void others_must_not_write_it(void **state)
{
    static const struct {
        mode_t mode;
        const char *text; /* NULL: fine */
    } rows[] = {
        { 0600, NULL },
        { 0644, NULL },
        { 0444, NULL },
        { 0755, NULL },
        { 0664, ": mode 0664 lets group or others write it: chmod go-w" },
        { 0602, ": mode 0602 lets group or others write it: chmod go-w" },
        { 0666, ": mode 0666 lets group or others write it: chmod go-w" },
    };
    struct place *place = *state;
    struct sg_err err = { 0 };

    t_file_write(place->file, "x", 1);
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++) {
        SG_CLEANUP(sg_buf_done) struct sg_buf buf;

        sg_buf_init(&buf, 10);
        assert_int_equal(chmod(place->file, rows[i].mode), 0);
        if (rows[i].text == NULL) {
            t_ok(&err, sg_file_check_private_write(place->file, &err));
            t_ok(&err, sg_file_read_private_write(place->file, &buf, &err));
            assert_int_equal(buf.len, 1);
            continue;
        }
        t_refused(&err, sg_file_check_private_write(place->file, &err),
                  SG_CONFIG, say(place, rows[i].text));
        t_refused(&err, sg_file_read_private_write(place->file, &buf, &err),
                  SG_CONFIG, say(place, rows[i].text));
        assert_int_equal(buf.len, 0);
    }
}

static void strangers_must_not_own_it(void **state)
{
    struct place *place = *state;
    struct sg_err err = { 0 };

    if (geteuid() != 0) {
        /* Only root can give a file away; somebody else's file is enough. */
        t_ok(&err, sg_file_check_private_write("/etc/passwd", &err));
        return;
    }
    t_file_write(place->file, "x", 1);
    assert_int_equal(chmod(place->file, 0600), 0);
    assert_int_equal(chown(place->file, 12345, 0), 0);
    t_refused(&err, sg_file_check_private_write(place->file, &err), SG_CONFIG,
              say(place, ": belongs to user 12345, not to root or user 0"));
}

static void descriptors_close_with_their_scope(void **state)
{
    int number = -1;

    (void)state;
    {
        SG_CLEANUP(sg_fd_close) int fd = open("/dev/null", O_RDONLY);
        assert_true(fd >= 0);
        number = fd;
        errno = 42;
    }
    assert_int_equal(errno, 42);
    assert_int_equal(fcntl(number, F_GETFD), -1);
    assert_int_equal(errno, EBADF);
}

static void a_path_is_joined(void **state)
{
    char path[SG_FILE_PATH_MAX];
    char dir[SG_FILE_PATH_MAX - 1];
    struct sg_err err = { 0 };

    (void)state;
    t_ok(&err, sg_file_path("a/b", "c", path, &err));
    assert_string_equal(path, "a/b/c");
    memset(dir, 'd', sizeof(dir));
    dir[sizeof(dir) - 1] = '\0';
    t_ok(&err, sg_file_path(dir, "", path, &err));
    t_refused(&err, sg_file_path(dir, "x", path, &err), SG_USAGE,
              "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
              "...: path too long");
}

int main(void)
{
#define PLACED(f) cmocka_unit_test_setup_teardown(f, place_new, place_remove)
    const struct CMUnitTest tests[] = {
        PLACED(what_is_written_is_read),
        PLACED(new_only_does_not_replace),
        PLACED(writing_that_fails_leaves_nothing),
        PLACED(a_relative_name_is_written_here),
        cmocka_unit_test(a_path_has_a_limit),
        PLACED(reading_has_a_limit),
        cmocka_unit_test(a_file_without_a_size_is_read_whole),
        PLACED(reading_that_fails),
        PLACED(only_a_plain_file_is_read),
        PLACED(others_must_not_write_it),
        PLACED(strangers_must_not_own_it),
        cmocka_unit_test(a_path_is_joined),
        cmocka_unit_test(descriptors_close_with_their_scope),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
