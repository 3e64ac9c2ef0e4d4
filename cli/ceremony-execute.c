/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "ceremony/execute.h"
#include "cli/ceremony-room.h"
#include "cli/commands.h"
#include "cli/token-args.h"
#include "common/file.h"

#define INPUT_MAX ((size_t)16 * 1024 * 1024) /* bytes; more than any input */

struct execute_args {
    struct cli_token_args token;
    const char *plan, *out, *answers, *ledger;
    struct cli_list approvals;
};

static const struct cli_option WORDS[] = {
    { .name = "plan",
      CLI_TEXT(struct execute_args, plan),
      .value = "PLAN",
      .required = true,
      .help = "the plan (JSON)" },
};
static const struct cli_option OPTIONS[] = {
    { .name = "approvals",
      CLI_LIST(struct execute_args, approvals),
      .value = "PATH",
      .help = "an approval, or a folder of them (*.json)" },
    { .name = "out",
      CLI_TEXT(struct execute_args, out),
      .value = "DIR",
      .required = true,
      .help = "where transcript and results go: a new folder, or that of the "
              "same ceremony when it was interrupted" },
    { .name = "ledger",
      CLI_TEXT(struct execute_args, ledger),
      .value = "DIR",
      .help = "the ledger of this issuer's CRLs, for type crl: what is signed "
              "is held against it and recorded in it" },
    { .name = "answers",
      CLI_TEXT(struct execute_args, answers),
      .value = "FILE",
      .help = "answers in place of the keyboard, a line each" },
};
static const struct cli_option TOKEN_OPTIONS[] = {
    { .name = "token",
      CLI_TEXT(struct execute_args, token.token),
      .value = "TOKEN",
      .help = "an RFC 7512 URI when several tokens have the plan's label" },
    { .name = "pin-source",
      CLI_TEXT(struct execute_args, token.pin_source),
      .value = "REF",
      .help = "where the user PIN comes from: file:PATH, fd:N, "
              "credential:NAME, command:PATH ... or prompt; default prompt" },
    { .name = "guards",
      CLI_TEXT(struct execute_args, token.guards),
      .value = "DIR",
      .env = "SIGNET_GUARDS",
      .help = "where the guards of keys are kept; default "
              "/var/lib/signet/guards" },
};
static const struct cli_option_set SETS[] = {
    { .heading = "Arguments",
      .positional = true,
      .option = WORDS,
      .n = SG_ARRAY_LEN(WORDS) },
    { .heading = "Options", .option = OPTIONS, .n = SG_ARRAY_LEN(OPTIONS) },
    { .heading = "Token",
      .option = TOKEN_OPTIONS,
      .n = SG_ARRAY_LEN(TOKEN_OPTIONS) },
    CLI_MODULE_SET(struct execute_args, token),
};

/* --- approvals -------------------------------------------------------------------- */

#define FILES_MAX 64 /* in all; more than any plan has approvers */

struct files {
    struct sg_slice v[FILES_MAX];
    const char *name[FILES_MAX];
    size_t n;
};

static enum sg_rc add_file(const char *path, struct sg_arena *arena,
                           struct files *files, struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf file;

    sg_buf_init(&file, CER_APPROVAL_MAX);
    if (files->n == FILES_MAX)
        return sg_err_set(err, SG_LIMIT, "more than %d approvals", FILES_MAX);
    SG_TRY(sg_file_read(path, &file, err));
    files->v[files->n] = sg_arena_copy(arena, sg_buf_slice(&file));
    files->name[files->n] = sg_arena_strdup(arena, path);
    if ((file.len > 0 && files->v[files->n].p == NULL)
        || files->name[files->n] == NULL)
        return sg_err_set(err, SG_NOMEM, "%s", path);
    files->n++;
    return SG_OK;
}

static int is_json(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);

    return entry->d_name[0] != '.' && len > 5
           && strcmp(entry->d_name + len - 5, ".json") == 0;
}

static enum sg_rc add_path(const char *path, struct sg_arena *arena,
                           struct files *files, struct sg_err *err)
{
    struct dirent **list = NULL;
    int n = scandir(path, &list, is_json, alphasort);
    enum sg_rc rc = SG_OK;

    if (n < 0 && errno == ENOTDIR)
        return add_file(path, arena, files, err);
    if (n < 0)
        return sg_err_errno(err, errno == ENOENT ? SG_NOT_FOUND : SG_IO,
                            "--approvals %s", path);
    for (int i = 0; i < n; i++) {
        char name[PATH_MAX / 2];
        (void)snprintf(name, sizeof(name), "%s/%s", path, list[i]->d_name);
        if (rc == SG_OK)
            rc = add_file(name, arena, files, err);
        free(list[i]);
    }
    free(list);
    return rc;
}

/* --- inputs ----------------------------------------------------------------------- */

/* What the plan was made from, where it is still beside the plan: a request
 * that was exchanged since then is worth a halt. */
static enum sg_rc check_input(const struct cer_input *input, const char *plan,
                              struct sg_err *err)
{
    char path[PATH_MAX / 2];
    uint8_t hash[32];
    const char *slash = input->path[0] == '/' ? NULL : strrchr(plan, '/');
    size_t dir = slash == NULL ? 0 : (size_t)(slash - plan) + 1;
    struct sg_err why = { 0 };
    SG_CLEANUP(sg_buf_done) struct sg_buf file;

    sg_buf_init(&file, INPUT_MAX);
    int n = snprintf(path, sizeof(path), "%.*s%s", (int)dir, plan, input->path);
    if (n < 0 || (size_t)n >= sizeof(path))
        return sg_err_set(err, SG_USAGE, "%s: path too long", input->path);
    if (sg_file_read(path, &file, &why) != SG_OK)
        return why.rc == SG_NOT_FOUND ? SG_OK
                                      : sg_err_set(err, why.rc, "%s", why.msg);
    SG_TRY(cer_sha256(sg_buf_slice(&file), hash, err));
    if (memcmp(hash, input->sha256, sizeof(hash)) != 0)
        return sg_err_set(err, SG_POLICY,
                          "%s (%s) is not what it was when the plan was made",
                          path, input->role);
    return SG_OK;
}

static enum sg_rc check_inputs(struct cli *cli, const struct cer_plan *plan,
                               const char *path, struct sg_err *err)
{
    for (size_t i = 0; i < plan->n_inputs; i++) {
        if (check_input(&plan->input[i], path, err) == SG_OK)
            continue;
        cli_hint(cli, "bring the file back, or move it away: it is not needed "
                      "any more, but whoever changed it has to say why");
        return err->rc;
    }
    return SG_OK;
}

static enum sg_rc check_ledger(struct cli *cli, const struct execute_args *args,
                               const struct cer_plan *plan, struct sg_err *err)
{
    bool needed = plan->type == CER_TYPE_CRL;

    if (needed == (args->ledger != NULL))
        return SG_OK;
    if (!needed)
        return sg_err_set(err, SG_USAGE, "--ledger: goes with type crl, not %s",
                          cer_type_name(plan->type));
    cli_hint(cli, "the folder that \"signet ceremony ledger\" speaks of; the "
                  "first CRL of an issuer begins a new one");
    return sg_err_set(err, SG_USAGE, "--ledger: a plan of type crl needs it");
}

/* --- the token -------------------------------------------------------------------- */

struct starter {
    struct cli *cli;
    struct cli_token_args token;
    struct tok_client *client;
};

static enum sg_rc start(void *arg, struct tok_client **ret, struct sg_err *err)
{
    struct starter *s = arg;
    const struct cli_token_start how = { .args = &s->token, .login = true };

    SG_TRY(cli_token_start(s->cli, &how, &s->client, err));
    *ret = s->client;
    return SG_OK;
}

static enum sg_rc execute(struct cli_room *room,
                          const struct execute_args *args,
                          const struct files *files, struct sg_err *err)
{
    struct starter starter = { .cli = room->cli, .token = args->token };
    char *module = NULL;

    if (starter.token.token == NULL)
        starter.token.token = room->plan->key.token_label;
    if (args->token.module == NULL) {
        cli_hint(room->cli,
                 "--module PATH or $SIGNET_MODULE names it; SoftHSM's is "
                 "/usr/lib/softhsm/libsofthsm2.so");
        return sg_err_set(err, SG_USAGE, "no PKCS#11 module given");
    }
    module = realpath(args->token.module, NULL);
    if (module == NULL)
        return sg_err_errno(err, SG_NOT_FOUND, "--module %s",
                            args->token.module);
    const struct cer_execute_args what = {
        .plan = room->plan,
        .approval = files->v,
        .approval_name = files->name,
        .n_approvals = files->n,
        .out = args->out,
        .ledger = args->ledger,
        .module = module,
        .version = SIGNET_VERSION,
        .room = &room->room,
        .start = start,
        .start_arg = &starter,
    };
    enum sg_rc rc = cer_execute(&what, err);
    tok_client_free(starter.client);
    free(module);
    return rc;
}

static enum sg_rc perform(struct cli_room *room, const void *opaque,
                          struct sg_err *err)
{
    const struct execute_args *args = opaque;
    struct files *files = sg_arena_new(&room->arena, struct files);

    if (files == NULL)
        return sg_err_set(err, SG_NOMEM, "approvals");
    for (size_t i = 0; i < args->approvals.n; i++)
        SG_TRY(add_path(args->approvals.v[i], &room->arena, files, err));
    SG_TRY(check_inputs(room->cli, room->plan, args->plan, err));
    SG_TRY(check_ledger(room->cli, args, room->plan, err));
    SG_TRY(cer_say_plan(&room->room, room->plan, err));
    SG_TRY(execute(room, args, files, err));
    if (!room->cli->json)
        return SG_OK;
    SG_CLEANUP(cli_json_free)
    struct json_object *json = cli_plan_json(room->plan);
    cli_put_text(json, "folder", args->out);
    cli_print_record(room->cli, json, NULL, 0);
    return SG_OK;
}

static enum sg_rc run(struct cli *cli, const void *opaque, struct sg_err *err)
{
    const struct execute_args *args = opaque;

    return cli_room_run(cli,
                        &(struct cli_room_wants){ args->plan, args->answers },
                        perform, args, err);
}

static const char *const EXAMPLES[] = {
    "signet ceremony execute plan.json --approvals approvals --out root \\",
    "    --pin-source prompt",
    NULL,
};

const struct cli_command CLI_CMD_CEREMONY_EXECUTE = {
    .name = "ceremony execute",
    .summary = "Carry the plan out, step by step, in the token.",
    .about = "The plan names token and key. Everything is checked before the "
             "PIN is asked for, and the first word of the hash has to be typed "
             "before the token acts. The result is verified by OpenSSL and by "
             "signet's own reader and held against the plan byte for byte. "
             "When it was interrupted, run the same command again: it says "
             "what has happened in the token and goes on from there. CRLs are "
             "held against the ledger before the token is touched, and "
             "recorded in it.",
    .sets = SETS,
    .n_sets = SG_ARRAY_LEN(SETS),
    .examples = EXAMPLES,
    .args_size = sizeof(struct execute_args),
    .run = run,
};
