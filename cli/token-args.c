/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/token-args.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/arena.h"
#include "pkcs11/program.h"

#define URI_MAX 512              /* bytes; a label of 32 in %XX form is 97 */
#define ARENA_MAX 65536          /* bytes; seven paths at most */
#define PROMPT_TIMEOUT_MS 300000 /* a person fetches the PIN from an envelope */
#define GUARDS_DEFAULT "/var/lib/signet/guards"

const struct cli_option CLI_MODULE_OPTIONS[CLI_N_MODULE_OPTIONS] = {
    { .name = "module",
      CLI_TEXT(struct cli_token_args, module),
      .value = "PATH",
      .env = "SIGNET_MODULE",
      .help = "PKCS#11 module, for example "
              "/usr/lib/softhsm/libsofthsm2.so" },
    { .name = "init-args",
      CLI_TEXT(struct cli_token_args, init_args),
      .value = "TEXT",
      .env = "SIGNET_INIT_ARGS",
      .help = "what this module wants in C_Initialize (NSS); most want "
              "nothing" },
    { .name = "token-program",
      CLI_TEXT(struct cli_token_args, program),
      .value = "PATH",
      .help = "signet-token; default: the one that came with this program" },
};

const struct cli_option CLI_LOGIN_OPTIONS[CLI_N_LOGIN_OPTIONS] = {
    { .name = "token",
      CLI_TEXT(struct cli_token_args, token),
      .value = "TOKEN",
      .env = "SIGNET_TOKEN",
      .required = true,
      .help = "the token's label, or an RFC 7512 URI" },
    { .name = "pin-source",
      CLI_TEXT(struct cli_token_args, pin_source),
      .value = "REF",
      .help =
          "where the user PIN comes from: file:PATH, fd:N, "
          "credential:NAME, command:PATH ... or prompt; default prompt, which "
          "asks at the token's own PIN pad when it has one" },
    { .name = "guards",
      CLI_TEXT(struct cli_token_args, guards),
      .value = "DIR",
      .env = "SIGNET_GUARDS",
      .help = "where the guards of keys are kept; "
              "default " GUARDS_DEFAULT },
};

enum sg_rc cli_token_uri(const char *text, char *dst, size_t size,
                         struct sg_err *err)
{
    static const char scheme[] = "pkcs11:";
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
    bool is_uri = strncmp(text, scheme, sizeof(scheme) - 1) == 0;
    int n = snprintf(dst, size, "%s", is_uri ? text : "pkcs11:token=");
    size_t at = n < 0 ? size : (size_t)n;
    for (const char *c = text; !is_uri && *c != '\0' && at < size; c++) {
        if (strchr(plain, *c) != NULL)
            n = snprintf(dst + at, size - at, "%c", *c);
        else
            n = snprintf(dst + at, size - at, "%%%02X", (unsigned char)*c);
        at += n < 0 ? size : (size_t)n;
    }
    if (at >= size)
        return sg_err_set(err, SG_USAGE, "token '%.40s...': name too long",
                          text);
    return SG_OK;
}

/* A text of the arena, or why there is none. */
static enum sg_rc keep(const char *text, const char **ret, struct sg_err *err)
{
    if (text == NULL)
        return sg_err_set(err, SG_NOMEM, "token process");
    *ret = text;
    return SG_OK;
}

static enum sg_rc absolute(struct sg_arena *arena, const char *option,
                           const char *path, const char **ret,
                           struct sg_err *err)
{
    char *found = realpath(path, NULL);
    if (found == NULL)
        return sg_err_errno(err, SG_NOT_FOUND, "--%s %s", option, path);
    const char *text = sg_arena_strdup(arena, found);
    free(found);
    return keep(text, ret, err);
}

static enum sg_rc find_program(struct sg_arena *arena, const char **ret,
                               struct sg_err *err)
{
    char *path = sg_arena_alloc(arena, PATH_MAX);
    return keep(path == NULL ? NULL : tok_program_find(path, PATH_MAX), ret,
                err);
}

/* "file:pin" is taken from here, not from where the token process runs. */
static enum sg_rc absolute_source(struct sg_arena *arena, const char *source,
                                  const char **ret, struct sg_err *err)
{
    if (strncmp(source, "file:", 5) != 0 || source[5] == '/')
        return keep(source, ret, err);
    char *cwd = getcwd(NULL, 0);
    if (cwd == NULL)
        return sg_err_errno(err, SG_IO, "current directory");
    const char *text = sg_arena_printf(arena, "file:%s/%s", cwd, source + 5);
    free(cwd);
    return keep(text, ret, err);
}

static const char *pick(const char *first, const char *second)
{
    return first != NULL ? first : second;
}

/* They belong to their module: another one's are no use. */
static const char *pick_args(const struct cli_token_args *own,
                             const struct cli_token_args *other)
{
    return own->module != NULL ? own->init_args
                               : pick(own->init_args, other->init_args);
}

static enum sg_rc module_config(struct cli *cli, struct sg_arena *arena,
                                const struct cli_token_args *args,
                                struct tok_client_config *cfg,
                                struct sg_err *err)
{
    if (args->module == NULL) {
        cli_hint(cli, "--module PATH or $SIGNET_MODULE names it; SoftHSM's is "
                      "/usr/lib/softhsm/libsofthsm2.so");
        return sg_err_set(err, SG_USAGE, "no PKCS#11 module given");
    }
    SG_TRY(absolute(arena, "module", args->module, &cfg->module, err));
    if (args->init_args != NULL)
        SG_TRY(keep(sg_arena_strdup(arena, args->init_args), &cfg->init_args,
                    err));
    if (args->program == NULL)
        return find_program(arena, &cfg->program, err);
    return absolute(arena, "token-program", args->program, &cfg->program, err);
}

static enum sg_rc login_config(struct cli *cli, struct sg_arena *arena,
                               const struct cli_token_args *args,
                               struct tok_client_config *cfg,
                               struct sg_err *err)
{
    char uri[URI_MAX];
    SG_TRY(cli_token_uri(args->token, uri, sizeof(uri), err));
    SG_TRY(keep(sg_arena_strdup(arena, uri), &cfg->uri, err));
    /* Guards belong to whoever runs the token process, alone. */
    const char *guards = pick(args->guards, GUARDS_DEFAULT);
    if (mkdir(guards, 0700) != 0 && errno != EEXIST) {
        cli_hint(cli, "name a folder that you may write with --guards DIR");
        return sg_err_errno(err, SG_IO, "--guards %s", guards);
    }
    return absolute(arena, "guards", guards, &cfg->guard_dir, err);
}

static enum sg_rc make_config(struct cli *cli, struct sg_arena *arena,
                              const struct cli_token_start *start,
                              struct tok_client_config *cfg, struct sg_err *err)
{
    const struct cli_token_args none = { 0 };
    const struct cli_token_args *other =
        start->fallback == NULL ? &none : start->fallback;
    const struct cli_token_args args = {
        .module = pick(start->args->module, other->module),
        .init_args = pick_args(start->args, other),
        .program = pick(start->args->program, other->program),
        .token = start->args->token,
        .pin_source = pick(start->args->pin_source, "prompt"),
        .guards = pick(start->args->guards, other->guards),
    };
    cfg->name = pick(args.token, "module");
    cfg->sessions = 1;
    if (strcmp(args.pin_source, "prompt") == 0)
        cfg->start_timeout_ms = PROMPT_TIMEOUT_MS;
    SG_TRY(module_config(cli, arena, &args, cfg, err));
    if (start->login)
        SG_TRY(login_config(cli, arena, &args, cfg, err));
    if (start->login || start->so_pin_source != NULL)
        SG_TRY(absolute_source(arena, args.pin_source, &cfg->pin_source, err));
    if (start->so_pin_source != NULL)
        SG_TRY(absolute_source(arena, start->so_pin_source, &cfg->so_pin_source,
                               err));
    return SG_OK;
}

static void hint_failure(struct cli *cli, const struct sg_err *err)
{
    if (err->rc == SG_PIN)
        cli_hint(cli, "check the PIN at its source before you run this again: "
                      "each run is one attempt, and tokens lock");
    else if (err->rc == SG_NOT_FOUND)
        cli_hint(cli, "\"signet token list --module PATH\" shows the tokens "
                      "that this module has");
    else if (err->rc == SG_TOKEN || err->rc == SG_TIMEOUT)
        cli_hint(cli, "--verbose shows what the token process says");
}

enum sg_rc cli_token_start(struct cli *cli, const struct cli_token_start *start,
                           struct tok_client **ret_client, struct sg_err *err)
{
    struct tok_client_config cfg = { 0 };
    struct sg_arena arena;
    sg_arena_init(&arena, ARENA_MAX);
    enum sg_rc rc = make_config(cli, &arena, start, &cfg, err);
    if (rc == SG_OK) {
        rc = tok_client_start(&cfg, ret_client, err);
        if (rc != SG_OK)
            hint_failure(cli, err);
    }
    sg_arena_done(&arena);
    return rc;
}
