/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "ceremony/verify.h"
#include "cli/commands.h"
#include "cli/out.h"

struct verify_args {
    const char *dir;
};

static const struct cli_option WORDS[] = {
    { .name = "dir",
      CLI_TEXT(struct verify_args, dir),
      .value = "DIR",
      .required = true,
      .help = "the folder that \"ceremony execute\" left" },
};
static const struct cli_option_set SETS[] = {
    { .heading = "Arguments",
      .positional = true,
      .option = WORDS,
      .n = SG_ARRAY_LEN(WORDS) },
};

static const char *state_name(enum cer_check_state state)
{
    switch (state) {
    case CER_CHECK_OK:
        return "ok";
    case CER_CHECK_DIFFERS:
        return "differs";
    case CER_CHECK_NOT_DONE:
        break;
    }
    return "-";
}

static void print_json(const struct cli *cli, const struct cer_verdict *verdict)
{
    SG_CLEANUP(cli_json_free) struct json_object *json = cli_json_object();
    struct json_object *list = cli_json_array();

    for (size_t i = 0; i < verdict->n; i++) {
        const struct cer_check *check = &verdict->check[i];
        struct json_object *one = cli_json_object();
        cli_put_text(one, "check", check->id);
        cli_put_text(one, "result", state_name(check->state));
        cli_put_text(one, "text", check->text);
        cli_append(list, one);
    }
    cli_put_bool(json, "pass", verdict->n_differ == 0);
    cli_put_int(json, "differences", (int64_t)verdict->n_differ);
    cli_put(json, "checks", list);
    cli_print_record(cli, json, NULL, 0);
}

static void print_lines(const struct cer_verdict *verdict)
{
    char line[SG_ERR_MSG_MAX + 128];

    for (size_t i = 0; i < verdict->n; i++) {
        const struct cer_check *check = &verdict->check[i];
        (void)snprintf(line, sizeof(line), "%-8s %s%s%s\n",
                       state_name(check->state), check->title,
                       check->text[0] != '\0' ? ": " : "", check->text);
        cli_print_text(stdout, line);
    }
    if (verdict->n_differ == 0)
        puts("PASS");
}

static enum sg_rc run(struct cli *cli, const void *opaque, struct sg_err *err)
{
    const struct verify_args *args = opaque;
    struct cer_verdict *verdict = calloc(1, sizeof(*verdict));

    if (verdict == NULL)
        return sg_err_set(err, SG_NOMEM, "verify");
    enum sg_rc rc = cer_verify(args->dir, SIGNET_VERSION, verdict, err);
    if (rc == SG_OK && cli->json)
        print_json(cli, verdict);
    else if (rc == SG_OK)
        print_lines(verdict);
    if (rc == SG_OK && verdict->n_differ > 0)
        rc = sg_err_set(err, SG_FORMAT, "%s: %zu of %zu checks differ",
                        args->dir, verdict->n_differ, verdict->n);
    free(verdict);
    return rc;
}

static const char *const EXAMPLES[] = {
    "signet ceremony verify root-ceremony/",
    NULL,
};

const struct cli_command CLI_CMD_CEREMONY_VERIFY = {
    .name = "ceremony verify",
    .summary = "Replay what a ceremony left, without any token.",
    .about = "Holds plan, approvals, transcript, result and page against one "
             "another: for an auditor who was not in the room. One line for "
             "each check, then PASS, or exit code 65 and what differs.",
    .sets = SETS,
    .n_sets = SG_ARRAY_LEN(SETS),
    .examples = EXAMPLES,
    .args_size = sizeof(struct verify_args),
    .run = run,
};
