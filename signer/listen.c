/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "common/file.h"
#include "common/parse.h"

#define LISTEN_BACKLOG 512 /* as many as may connect within one tick */
#define LOCK_TRIES 16      /* the holder may remove the file while we open it */
#define NAME_BUF 3072      /* bytes for getpwnam_r; a group's members count */
#define ID_MAX 4294967294U /* (uid_t)-1 means "leave as it is" */

void srv_listen_close(struct srv_listen *in)
{
    if (in->path == NULL && in->lock_path == NULL && in->fd <= 0)
        return;
    if (in->fd >= 0)
        (void)close(in->fd);
    if (in->ours && in->path != NULL)
        (void)unlink(in->path);
    if (in->lock_fd >= 0 && in->lock_path != NULL) {
        /* While we hold the lock nobody else can have this file. */
        (void)unlink(in->lock_path);
        (void)close(in->lock_fd);
    }
    free(in->path);
    free(in->lock_path);
    *in = (struct srv_listen){ .fd = -1, .lock_fd = -1 };
}

void srv_listen_close_cleanup(struct srv_listen *in)
{
    srv_listen_close(in);
}

/* --- inherited ------------------------------------------------------------ */

static enum sg_rc listen_inherited(int n, struct srv_listen *ret_listen,
                                   struct sg_err *err)
{
    int fd = SD_LISTEN_FDS_START;

    if (n > 1)
        return sg_err_set(
            err, SG_CONFIG,
            "LISTEN_FDS: systemd passed %d sockets, signetd takes one", n);
    if (sd_is_socket_unix(fd, SOCK_STREAM, 1, NULL, 0) <= 0)
        return sg_err_set(
            err, SG_CONFIG,
            "LISTEN_FDS: descriptor %d is not a listening Unix stream socket (ListenStream=/path)",
            fd);
    if (fcntl(fd, F_SETFL, O_NONBLOCK) != 0)
        return sg_err_errno(err, SG_IO, "LISTEN_FDS: O_NONBLOCK");
    *ret_listen = (struct srv_listen){ .fd = fd, .lock_fd = -1 };
    return SG_OK;
}

/* --- lock ----------------------------------------------------------------- */

static bool lock_is_current(const struct srv_listen *in)
{
    struct stat held;
    struct stat there;

    return fstat(in->lock_fd, &held) == 0 && stat(in->lock_path, &there) == 0
           && held.st_dev == there.st_dev && held.st_ino == there.st_ino;
}

/* Between looking whether a stale socket answers and taking its place another
 * daemon may do the same: whoever has the lock may. */
static enum sg_rc listen_lock(struct srv_listen *in, struct sg_err *err)
{
    for (int i = 0; i < LOCK_TRIES; i++) {
        in->lock_fd = open(in->lock_path,
                           O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (in->lock_fd < 0)
            return sg_err_errno(err, SG_IO,
                                "socket %s: cannot write its directory: %s",
                                in->path, in->lock_path);
        if (flock(in->lock_fd, LOCK_EX | LOCK_NB) != 0) {
            int why = errno;
            (void)close(in->lock_fd);
            in->lock_fd = -1;
            if (why == EWOULDBLOCK)
                return sg_err_set(err, SG_CONFLICT,
                                  "socket %s: another signetd holds %s",
                                  in->path, in->lock_path);
            errno = why;
            return sg_err_errno(err, SG_IO, "lock %s", in->lock_path);
        }
        if (lock_is_current(in))
            return SG_OK;
        (void)close(in->lock_fd);
        in->lock_fd = -1;
    }
    return sg_err_set(err, SG_CONFLICT,
                      "lock %s: other daemons come and go there",
                      in->lock_path);
}

/* --- path ----------------------------------------------------------------- */

static enum sg_rc listen_address(const char *path, struct sockaddr_un *ret,
                                 struct sg_err *err)
{
    size_t len = strlen(path);

    if (path[0] != '/')
        return sg_err_set(err, SG_CONFIG,
                          "socket path \"%s\": must be absolute", path);
    if (len >= sizeof(ret->sun_path))
        return sg_err_set(
            err, SG_CONFIG,
            "socket path \"%.120s\": %zu bytes, a Unix socket takes %zu", path,
            len, sizeof(ret->sun_path) - 1);
    *ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
    memcpy(ret->sun_path, path, len);
    return SG_OK;
}

/* What stands at the path: nothing or a socket where nobody listens is fine. */
static enum sg_rc listen_clear(const struct sockaddr_un *addr,
                               struct sg_err *err)
{
    const char *path = addr->sun_path;
    struct stat st;

    if (lstat(path, &st) != 0) {
        if (errno == ENOENT)
            return SG_OK;
        return sg_err_errno(err, SG_IO, "socket %s", path);
    }
    if (!S_ISSOCK(st.st_mode))
        return sg_err_set(err, SG_CONFIG,
                          "socket %s: something else is there, not a socket",
                          path);

    SG_CLEANUP(sg_fd_close)
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return sg_err_errno(err, SG_IO, "socket");
    /* EAGAIN: a listener whose backlog is full is alive as well. */
    if (connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) == 0
        || errno == EAGAIN)
        return sg_err_set(err, SG_CONFLICT,
                          "socket %s: a running server answers there", path);
    if (errno != ECONNREFUSED)
        return sg_err_errno(err, SG_IO, "socket %s: cannot tell who is there",
                            path);
    if (unlink(path) != 0)
        return sg_err_errno(err, SG_IO, "stale socket %s", path);
    return SG_OK;
}

static enum sg_rc listen_uid(const char *name, uid_t *ret, struct sg_err *err)
{
    struct sg_err ignored = { 0 };
    uint64_t number;
    char buf[NAME_BUF];
    struct passwd pw;
    struct passwd *found = NULL;

    if (sg_parse_u64(name, 0, ID_MAX, &number, &ignored) == SG_OK) {
        *ret = (uid_t)number;
        return SG_OK;
    }
    errno = getpwnam_r(name, &pw, buf, sizeof(buf), &found);
    if (errno != 0)
        return sg_err_errno(err, SG_IO, "socket owner \"%s\"", name);
    if (found == NULL)
        return sg_err_set(err, SG_CONFIG, "socket owner \"%s\": no such user",
                          name);
    *ret = pw.pw_uid;
    return SG_OK;
}

static enum sg_rc listen_gid(const char *name, gid_t *ret, struct sg_err *err)
{
    struct sg_err ignored = { 0 };
    uint64_t number;
    char buf[NAME_BUF];
    struct group gr;
    struct group *found = NULL;

    if (sg_parse_u64(name, 0, ID_MAX, &number, &ignored) == SG_OK) {
        *ret = (gid_t)number;
        return SG_OK;
    }
    errno = getgrnam_r(name, &gr, buf, sizeof(buf), &found);
    if (errno != 0)
        return sg_err_errno(err, SG_IO, "socket group \"%s\"", name);
    if (found == NULL)
        return sg_err_set(err, SG_CONFIG, "socket group \"%s\": no such group",
                          name);
    *ret = gr.gr_gid;
    return SG_OK;
}

/* Nobody can connect before listen(), so the order of these does not matter to
 * clients. */
static enum sg_rc listen_rights(const struct srv_socket_config *cfg,
                                struct sg_err *err)
{
    uid_t uid = (uid_t)-1;
    gid_t gid = (gid_t)-1;

    if (cfg->owner != NULL)
        SG_TRY(listen_uid(cfg->owner, &uid, err));
    if (cfg->group != NULL)
        SG_TRY(listen_gid(cfg->group, &gid, err));
    if ((cfg->owner != NULL || cfg->group != NULL)
        && lchown(cfg->path, uid, gid) != 0)
        return sg_err_errno(err, SG_IO, "socket %s: owner %s, group %s",
                            cfg->path,
                            cfg->owner != NULL ? cfg->owner : "as started",
                            cfg->group != NULL ? cfg->group : "as started");
    if (chmod(cfg->path, cfg->mode) != 0)
        return sg_err_errno(err, SG_IO, "socket %s: mode %04o", cfg->path,
                            cfg->mode);
    return SG_OK;
}

static enum sg_rc listen_bind(const struct srv_socket_config *cfg,
                              const struct sockaddr_un *addr,
                              struct srv_listen *in, struct sg_err *err)
{
    in->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (in->fd < 0)
        return sg_err_errno(err, SG_IO, "socket");
    if (bind(in->fd, (const struct sockaddr *)addr, sizeof(*addr)) != 0)
        return sg_err_errno(err, SG_IO, "socket %s", cfg->path);
    in->ours = true;
    return listen_rights(cfg, err);
}

enum sg_rc srv_listen_open(const struct srv_socket_config *cfg,
                           struct srv_listen *ret_listen, struct sg_err *err)
{
    int inherited = sd_listen_fds(1); /* the token processes need not see it */
    if (inherited < 0) {
        errno = -inherited;
        return sg_err_errno(err, SG_CONFIG, "LISTEN_FDS");
    }
    if (inherited > 0)
        return listen_inherited(inherited, ret_listen, err);

    struct sockaddr_un addr;
    SG_TRY(listen_address(cfg->path, &addr, err));

    SG_CLEANUP(srv_listen_close)
    struct srv_listen in = { .fd = -1, .lock_fd = -1 };
    in.path = strdup(cfg->path);
    if (in.path == NULL || asprintf(&in.lock_path, "%s.lock", cfg->path) < 0) {
        in.lock_path = NULL; /* undefined after a failed asprintf */
        return sg_err_set(err, SG_NOMEM, "socket %s", cfg->path);
    }
    SG_TRY(listen_lock(&in, err));
    SG_TRY(listen_clear(&addr, err));
    SG_TRY(listen_bind(cfg, &addr, &in, err));
    *ret_listen = in;
    in = (struct srv_listen){ .fd = -1, .lock_fd = -1 };
    return SG_OK;
}

enum sg_rc srv_listen_start(struct srv_listen *in, struct sg_err *err)
{
    if (in->path != NULL && listen(in->fd, LISTEN_BACKLOG) != 0)
        return sg_err_errno(err, SG_IO, "listen on %s", in->path);
    return SG_OK;
}
