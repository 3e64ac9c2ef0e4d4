/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/t.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "signer/listen.h"
#include "signer/peer.h"

struct fixture {
    char dir[64];
    char path[96];
    char lock[112];
    struct srv_socket_config cfg;
};

static int setup(void **state)
{
    static struct fixture f;

    f = (struct fixture){ .dir = "/tmp/signet-listen-XXXXXX" };
    assert_non_null(mkdtemp(f.dir));
    snprintf(f.path, sizeof(f.path), "%s/sock", f.dir);
    snprintf(f.lock, sizeof(f.lock), "%s.lock", f.path);
    f.cfg.path = f.path;
    f.cfg.mode = 0640;
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    unlink(f->path);
    unlink(f->lock);
    assert_int_equal(rmdir(f->dir), 0);
    return 0;
}

static int client(const char *path)
{
    struct sockaddr_un addr = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    assert_true(fd >= 0);
    snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
    if (connect(fd, (const struct sockaddr *)&addr, sizeof(addr)) == 0)
        return fd;
    close(fd);
    return -1;
}

static void opens_with_its_mode_and_removes_it(void **state)
{
    struct fixture *f = *state;
    struct srv_listen in = { 0 };
    struct sg_err err = { 0 };
    struct srv_peer peer;
    struct stat st;

    assert_int_equal(srv_listen_open(&f->cfg, &in, &err), SG_OK);
    assert_int_equal(client(f->path), -1); /* claimed, not open yet */
    assert_int_equal(srv_listen_start(&in, &err), SG_OK);
    assert_int_equal(lstat(f->path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0640);

    int fd = client(f->path);
    assert_true(fd >= 0);
    int served = accept(in.fd, NULL, NULL);
    assert_true(served >= 0);
    assert_int_equal(srv_peer_of(served, &peer, &err), SG_OK);
    assert_int_equal(peer.pid, getpid());
    assert_int_equal(peer.uid, geteuid());
    assert_int_equal(peer.gid, getegid());
    close(served);
    close(fd);
    srv_listen_close(&in);
    assert_int_equal(access(f->path, F_OK), -1);
    assert_int_equal(access(f->lock, F_OK), -1);
    srv_listen_close(&in); /* twice is fine */
}

static void a_second_one_is_refused(void **state)
{
    struct fixture *f = *state;
    struct srv_listen first = { 0 };
    struct srv_listen second = { .fd = -2 };
    struct sg_err err = { 0 };

    assert_int_equal(srv_listen_open(&f->cfg, &first, &err), SG_OK);
    t_assert_fails(srv_listen_open(&f->cfg, &second, &err), SG_CONFLICT);
    assert_non_null(strstr(err.msg, "another signetd"));
    assert_int_equal(second.fd, -2);
    assert_int_equal(access(f->path, F_OK), 0);
    srv_listen_close(&first);

    sg_err_clear(&err);
    assert_int_equal(srv_listen_open(&f->cfg, &second, &err), SG_OK);
    srv_listen_close(&second);
}

/* A listener that does not know of our lock. */
static int foreign(const char *path)
{
    struct sockaddr_un addr = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    assert_true(fd >= 0);
    snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
    assert_int_equal(bind(fd, (const struct sockaddr *)&addr, sizeof(addr)), 0);
    assert_int_equal(listen(fd, 1), 0);
    return fd;
}

static void a_living_server_is_left_alone(void **state)
{
    struct fixture *f = *state;
    struct srv_listen in = { 0 };
    struct sg_err err = { 0 };

    int fd = foreign(f->path);
    t_assert_fails(srv_listen_open(&f->cfg, &in, &err), SG_CONFLICT);
    assert_non_null(strstr(err.msg, "a running server answers there"));
    assert_int_equal(access(f->lock, F_OK), -1);
    int c = client(f->path);
    assert_true(c >= 0);
    close(c);
    close(fd);
}

static void a_stale_socket_is_replaced(void **state)
{
    struct fixture *f = *state;
    struct srv_listen in = { 0 };
    struct sg_err err = { 0 };

    close(foreign(f->path));
    assert_int_equal(access(f->path, F_OK), 0);
    assert_int_equal(srv_listen_open(&f->cfg, &in, &err), SG_OK);
    assert_int_equal(srv_listen_start(&in, &err), SG_OK);
    int c = client(f->path);
    assert_true(c >= 0);
    close(c);
    srv_listen_close(&in);
}

static void a_file_is_not_replaced(void **state)
{
    struct fixture *f = *state;
    struct srv_listen in = { 0 };
    struct sg_err err = { 0 };

    int fd = open(f->path, O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    close(fd);
    t_assert_fails(srv_listen_open(&f->cfg, &in, &err), SG_CONFIG);
    assert_non_null(strstr(err.msg, "not a socket"));
    assert_int_equal(access(f->path, F_OK), 0);
}

static void bad_paths_are_named(void **state)
{
    struct fixture *f = *state;
    struct srv_listen in = { 0 };
    struct sg_err err = { 0 };
    char text[200];

    memset(text, 'x', sizeof(text));
    text[0] = '/';
    text[108] = '\0';
    f->cfg.path = text;
    t_assert_fails(srv_listen_open(&f->cfg, &in, &err), SG_CONFIG);
    assert_non_null(strstr(err.msg, "108 bytes, a Unix socket takes 107"));

    sg_err_clear(&err);
    f->cfg.path = "sock";
    t_assert_fails(srv_listen_open(&f->cfg, &in, &err), SG_CONFIG);
    assert_non_null(strstr(err.msg, "absolute"));

    sg_err_clear(&err);
    f->cfg.path = "/nonexistent/sock";
    t_assert_fails(srv_listen_open(&f->cfg, &in, &err), SG_IO);
    assert_non_null(strstr(err.msg, "/nonexistent/sock"));
    assert_non_null(strstr(err.msg, "No such file"));
}

static void unknown_owner_and_group_are_refused(void **state)
{
    struct fixture *f = *state;
    struct srv_listen in = { 0 };
    struct sg_err err = { 0 };

    f->cfg.owner = "no-such-user-x";
    t_assert_fails(srv_listen_open(&f->cfg, &in, &err), SG_CONFIG);
    assert_non_null(strstr(err.msg, "no such user"));
    assert_int_equal(access(f->path, F_OK), -1);

    sg_err_clear(&err);
    f->cfg.owner = NULL;
    f->cfg.group = "no-such-group-x";
    t_assert_fails(srv_listen_open(&f->cfg, &in, &err), SG_CONFIG);
    assert_non_null(strstr(err.msg, "no such group"));
}

static void owner_and_group_are_set(void **state)
{
    struct fixture *f = *state;
    struct srv_listen in = { 0 };
    struct sg_err err = { 0 };
    struct stat st;

    if (geteuid() != 0)
        skip();
    f->cfg.owner = "1234";
    f->cfg.group = "daemon";
    assert_int_equal(srv_listen_open(&f->cfg, &in, &err), SG_OK);
    assert_int_equal(lstat(f->path, &st), 0);
    assert_int_equal(st.st_uid, 1234);
    assert_int_equal(st.st_gid, 1); /* Debian's base-passwd */
    assert_int_equal(st.st_mode & 07777, 0640);
    srv_listen_close(&in);
}

static void an_unwritable_directory_is_named(void **state)
{
    struct fixture *f = *state;
    struct srv_listen in = { 0 };
    struct sg_err err = { 0 };
    bool root = geteuid() == 0;

    assert_int_equal(chmod(f->dir, 0555), 0);
    if (root)
        assert_int_equal(seteuid(65534), 0);
    enum sg_rc rc = srv_listen_open(&f->cfg, &in, &err);
    if (root)
        assert_int_equal(seteuid(0), 0);
    assert_int_equal(chmod(f->dir, 0700), 0);
    t_assert_fails(rc, SG_IO);
    assert_non_null(strstr(err.msg, f->path));
    assert_non_null(strstr(err.msg, "Permission denied"));
}

int main(void)
{
#define LISTEN_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        LISTEN_TEST(opens_with_its_mode_and_removes_it),
        LISTEN_TEST(a_second_one_is_refused),
        LISTEN_TEST(a_living_server_is_left_alone),
        LISTEN_TEST(a_stale_socket_is_replaced),
        LISTEN_TEST(a_file_is_not_replaced),
        LISTEN_TEST(bad_paths_are_named),
        LISTEN_TEST(unknown_owner_and_group_are_refused),
        LISTEN_TEST(owner_and_group_are_set),
        LISTEN_TEST(an_unwritable_directory_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
