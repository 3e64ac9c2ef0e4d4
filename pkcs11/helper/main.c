/* SPDX-License-Identifier: Apache-2.0 */
/* signet-token: the process that holds one PKCS#11 token (DESIGN 2). */

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/log.h"
#include "common/parse.h"
#include "common/secret.h"
#include "pkcs11/frame.h"
#include "pkcs11/helper/options.h"
#include "pkcs11/helper/serve.h"

static int usage(const char *why)
{
    (void)fprintf(stderr, "signet-token: %s\n%s", why, TOK_OPTIONS_HELP);
    return sg_rc_exit(SG_USAGE);
}

static bool has_socket(void)
{
    int type = 0;
    socklen_t len = sizeof(type);

    return getsockopt(TOK_HELPER_FD, SOL_SOCKET, SO_TYPE, &type, &len) == 0
           && type == SOCK_SEQPACKET;
}

/* The descriptor of "fd:N"; -1 for any other reference. */
static int source_fd(const char *ref)
{
    struct sg_err err = { 0 };
    uint64_t fd;

    if (ref == NULL || strncmp(ref, "fd:", 3) != 0
        || sg_parse_u64(ref + 3, 0, 65535, &fd, &err) != SG_OK)
        return -1;
    return (int)fd;
}

/* Whatever else the parent had open is none of our business, nor the
 * module's. */
static void close_others(const struct tok_options *o)
{
    int keep[2] = { source_fd(o->pin_source), source_fd(o->so_pin_source) };
    unsigned from = TOK_HELPER_FD + 1;

    if (keep[0] > keep[1]) {
        int swap = keep[0];
        keep[0] = keep[1];
        keep[1] = swap;
    }
    for (size_t i = 0; i < SG_ARRAY_LEN(keep); i++) {
        if (keep[i] < (int)from)
            continue;
        if ((unsigned)keep[i] > from)
            (void)close_range(from, (unsigned)keep[i] - 1, 0);
        from = (unsigned)keep[i] + 1;
    }
    (void)close_range(from, ~0U, 0);
}

/* Can the PIN be read a second time, after the login was lost? */
static bool pin_again(const char *ref)
{
    if (ref == NULL)
        return true; /* the token's own PIN pad */
    int fd = source_fd(ref);
    if (fd >= 0)
        return lseek(fd, 0, SEEK_CUR) >= 0;
    return strcmp(ref, "prompt") != 0;
}

static enum sg_rc serve_token(const struct tok_options *o, int *ret_exit,
                              struct sg_err *err)
{
    SG_CLEANUP(tok_module_close) struct tok_module *module = NULL;
    SG_CLEANUP(tok_login_close) struct tok_login *login = NULL;
    SG_CLEANUP(tok_keys_free) struct tok_keys *keys = NULL;
    struct tok_login_config cfg = { .uri = o->uri,
                                    .pin_source = o->pin_source,
                                    .pin_again = pin_again(o->pin_source),
                                    .sessions = o->sessions };

    SG_TRY(tok_module_open(o->module, o->init_args, &module, err));
    SG_TRY(tok_login_open(module, &cfg, &login, err));
    SG_TRY(tok_keys_new(o->guards, login->info.serial, &keys, err));
    struct tok_serve_config serve = { .fd = TOK_HELPER_FD,
                                      .login = login,
                                      .keys = keys };
    return tok_serve(&serve, ret_exit, err);
}

static enum sg_rc serve_admin(const struct tok_options *o, int *ret_exit,
                              struct sg_err *err)
{
    SG_CLEANUP(tok_admin_close) struct tok_admin *admin = NULL;
    struct tok_admin_config cfg = { .module = o->module,
                                    .init_args = o->init_args,
                                    .pin_source = o->pin_source,
                                    .so_pin_source = o->so_pin_source };

    SG_TRY(tok_admin_open(&cfg, &admin, err));
    struct tok_serve_config serve = { .fd = TOK_HELPER_FD, .admin = admin };
    return tok_serve(&serve, ret_exit, err);
}

int main(int argc, char **argv)
{
    struct tok_options o;
    struct sg_err err = { 0 };
    int exit_code = 0;

    if (tok_options_parse(argc, argv, &o, &err) != SG_OK)
        return usage(err.msg);
    if (o.help)
        return fputs(TOK_OPTIONS_HELP, stdout) < 0 ? sg_rc_exit(SG_IO) : 0;
    if (o.version)
        return puts("signet-token " SG_VERSION) < 0 ? sg_rc_exit(SG_IO) : 0;
    if (!has_socket())
        return usage("no socket on descriptor 3: signetd and signet start "
                     "this program themselves");
    if (source_fd(o.pin_source) == TOK_HELPER_FD
        || source_fd(o.so_pin_source) == TOK_HELPER_FD)
        return usage("fd:3 is the socket, no PIN source");

    sg_process_harden();
    /* A module that hangs would not see the socket end. */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    /* Modules write to connections that are gone (p11-kit's client). */
    (void)signal(SIGPIPE, SIG_IGN);
    close_others(&o);
    sg_log_set_program("signet-token");
    if (o.verbose)
        sg_log_set_level(SG_LOG_DEBUG);
    if ((o.uri != NULL ? serve_token(&o, &exit_code, &err)
                       : serve_admin(&o, &exit_code, &err))
        != SG_OK) {
        tok_serve_refuse(TOK_HELPER_FD, &err);
        exit_code = sg_rc_exit(err.rc);
    }
    return exit_code;
}
