/* SPDX-License-Identifier: Apache-2.0 */
#include "common/secret-prompt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "common/file.h"

enum key { KEY_NONE, KEY_TEXT, KEY_ENTER, KEY_ERASE, KEY_KILL, KEY_GIVE_UP };

static enum key key_of(uint8_t c, const struct termios *tty)
{
    if (c == '\n' || c == '\r')
        return KEY_ENTER;
    if (c == tty->c_cc[VERASE] || c == 0x08 || c == 0x7f)
        return KEY_ERASE;
    if (c == tty->c_cc[VKILL])
        return KEY_KILL;
    if (c == tty->c_cc[VINTR] || c == tty->c_cc[VEOF] || c == tty->c_cc[VQUIT])
        return KEY_GIVE_UP;
    return c >= 0x20 ? KEY_TEXT : KEY_NONE;
}

/* Key by key: a line kept by the terminal driver would stay in the kernel. */
static enum sg_rc read_line(int fd, const struct termios *tty,
                            struct sg_secret *into, size_t *ret_len,
                            struct sg_err *err)
{
    size_t len = 0;

    for (;;) {
        uint8_t c = 0;
        ssize_t n = read(fd, &c, 1);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return sg_err_errno(err, SG_IO, "/dev/tty");
        enum key key = n == 0 ? KEY_GIVE_UP : key_of(c, tty);
        if (key == KEY_GIVE_UP)
            return sg_err_set(err, SG_IO, "given up at the prompt");
        if (key == KEY_ENTER)
            break;
        if (key == KEY_KILL)
            len = 0;
        if (key == KEY_ERASE && len > 0)
            len--;
        if (key == KEY_TEXT && len == into->len)
            return sg_err_set(err, SG_IO, "longer than %zu bytes", into->len);
        if (key == KEY_TEXT)
            into->buf[len++] = c;
    }
    *ret_len = len;
    return SG_OK;
}

static void say(int fd, const char *text)
{
    while (write(fd, text, strlen(text)) < 0 && errno == EINTR)
        continue;
}

enum sg_rc sg_secret_prompt(const char *label, struct sg_secret *into,
                            size_t *ret_len, struct sg_err *err)
{
    SG_CLEANUP(sg_fd_close)
    int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    struct termios before;

    if (fd < 0 || tcgetattr(fd, &before) != 0)
        return sg_err_errno(err, SG_IO, "no terminal to ask at: /dev/tty");

    /* Without ISIG Ctrl-C arrives as a key, so the echo always comes back. */
    struct termios quiet = before;
    quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG);
    quiet.c_cc[VMIN] = 1;
    quiet.c_cc[VTIME] = 0;
    if (tcsetattr(fd, TCSAFLUSH, &quiet) != 0)
        return sg_err_errno(err, SG_IO, "/dev/tty: echo off");
    say(fd, label);
    say(fd, ": ");
    enum sg_rc rc = read_line(fd, &before, into, ret_len, err);
    say(fd, "\n");
    (void)tcsetattr(fd, TCSAFLUSH, &before);
    return rc;
}
