/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/out.h"
#include "cli/suggest.h"
#include "common/log.h"
#include "common/secret.h"

static const struct cli_command *const COMMANDS[] = {
    &CLI_CMD_TOKEN_LIST,
    &CLI_CMD_TOKEN_INIT,
    &CLI_CMD_TOKEN_INFO,
    &CLI_CMD_TOKEN_CHECK,
    &CLI_CMD_KEY_GENERATE,
    &CLI_CMD_KEY_LIST,
    &CLI_CMD_KEY_SHOW,
    &CLI_CMD_KEY_GUARD,
    &CLI_CMD_CA_ROOT,
    &CLI_CMD_CA_INTERMEDIATE,
    &CLI_CMD_CERT_LINT,
    /* in the order of a ceremony */
    &CLI_CMD_CEREMONY_NEW,
    &CLI_CMD_CEREMONY_PLAN,
    &CLI_CMD_CEREMONY_SHOW,
    &CLI_CMD_CEREMONY_REHEARSE,
    &CLI_CMD_CEREMONY_APPROVE,
    &CLI_CMD_CEREMONY_EXECUTE,
    &CLI_CMD_CEREMONY_BIND,
    &CLI_CMD_CEREMONY_SEAL,
    &CLI_CMD_CEREMONY_VERIFY,
    &CLI_CMD_CEREMONY_BUNDLE_PACK,
    &CLI_CMD_CEREMONY_BUNDLE_UNPACK,
    &CLI_CMD_CEREMONY_BUNDLE_LIST,
    &CLI_CMD_CEREMONY_LEDGER_CHECK,
    &CLI_CMD_CEREMONY_LEDGER_RECORD,
    &CLI_CMD_CEREMONY_LEDGER_CALENDAR,
    &CLI_CMD_ISSUE,
    &CLI_CMD_SIGN,
    &CLI_CMD_HEALTH,
};

#define NAME_COLUMNS 24 /* the longest name, "ceremony ledger calendar" */
#define GROUP_MAX 128   /* bytes of the words before that */

/* The words of the command line that make a command's name. */
struct words {
    int argc;
    char *const *argv;
};

/* Does the name start with this word? Then what follows, else NULL. */
static const char *after_word(const char *name, const char *word)
{
    size_t len = strlen(word);
    if (len == 0 || strncmp(name, word, len) != 0)
        return NULL;
    if (name[len] == '\0')
        return name + len;
    return name[len] == ' ' ? name + len + 1 : NULL;
}

/* NOLINTBEGIN(clang-analyzer-core.NullDereference): the analyser cannot see
 * that no entry of COMMANDS is NULL. */
/* Do names of commands go on behind these words ("ceremony bundle")? */
static bool is_group(const char *words)
{
    for (size_t i = 0; i < SG_ARRAY_LEN(COMMANDS); i++) {
        const char *rest = after_word(COMMANDS[i]->name, words);
        if (rest != NULL && *rest != '\0')
            return true;
    }
    return false;
}

/* The words with spaces between, as far as they are none of an option. */
static const char *join(struct words words, char dst[GROUP_MAX])
{
    size_t used = 0;

    dst[0] = '\0';
    for (int i = 0; i < words.argc && words.argv[i][0] != '-'; i++) {
        int n = snprintf(dst + used, GROUP_MAX - used, "%s%s", i > 0 ? " " : "",
                         words.argv[i]);
        if (n < 0 || (size_t)n >= GROUP_MAX - used)
            break;
        used += (size_t)n;
    }
    return dst;
}

/* How many of the words make the whole of the name; 0 when they do not. */
static int words_of(const char *name, struct words words)
{
    int used = 0;
    const char *rest = name;

    while (*rest != '\0') {
        rest = used < words.argc ? after_word(rest, words.argv[used]) : NULL;
        if (rest == NULL)
            return 0;
        used++;
    }
    return used;
}

/* NULL when there is no such command; *ret_used counts the words of its name. */
static const struct cli_command *find_command(struct words words, int *ret_used)
{
    for (size_t i = 0; i < SG_ARRAY_LEN(COMMANDS); i++) {
        *ret_used = words_of(COMMANDS[i]->name, words);
        if (*ret_used > 0)
            return COMMANDS[i];
    }
    return NULL;
}

static void put_summary(const struct cli_command *cmd, FILE *out)
{
    (void)fprintf(out, "  %-*s %s\n", NAME_COLUMNS, cmd->name, cmd->summary);
}

static void overview(const struct cli *cli, FILE *out)
{
    const char *bold = cli->colour ? "\033[1m" : "";
    const char *plain = cli->colour ? "\033[0m" : "";
    (void)fprintf(
        out,
        "usage: signet COMMAND [options]\n\n"
        "Certificates signed by keys that live in a PKCS#11 token.\n\n"
        "%sCommands%s\n",
        bold, plain);
    for (size_t i = 0; i < SG_ARRAY_LEN(COMMANDS); i++)
        put_summary(COMMANDS[i], out);
    (void)fprintf(
        out, "\n"
             "\"signet help COMMAND\" shows a command's options and an "
             "example.\n"
             "\"signet --version\" shows the version. See also signet(1).\n");
}

static void group_overview(const char *group, FILE *out)
{
    (void)fprintf(out, "usage: signet %s COMMAND [options]\n\n", group);
    if (strcmp(group, "ceremony") == 0)
        (void)fputs("The steps of a ceremony, in their order:\n\n", out);
    for (size_t i = 0; i < SG_ARRAY_LEN(COMMANDS); i++)
        if (after_word(COMMANDS[i]->name, group) != NULL)
            put_summary(COMMANDS[i], out);
}
/* NOLINTEND(clang-analyzer-core.NullDereference) */

static enum sg_rc unknown_command(struct cli *cli, struct words words,
                                  struct sg_err *err)
{
    char typed[2 * CLI_WORD_MAX];
    bool two = words.argc > 1 && words.argv[1][0] != '-';
    (void)snprintf(typed, sizeof(typed), "%.60s%s%.60s", words.argv[0],
                   two ? " " : "", two ? words.argv[1] : "");
    struct cli_nearest nearest = { .typed = typed };
    struct cli_nearest first = { .typed = words.argv[0] };
    for (size_t i = 0; i < SG_ARRAY_LEN(COMMANDS); i++) {
        cli_nearest_try(&nearest, COMMANDS[i]->name);
        if (strchr(COMMANDS[i]->name, ' ') == NULL)
            cli_nearest_try(&first, COMMANDS[i]->name);
    }
    const char *best = nearest.best[0] != '\0' ? nearest.best : first.best;
    if (best[0] != '\0')
        cli_hint(cli, "did you mean \"signet %s\"?", best);
    else if (is_group(words.argv[0]))
        cli_hint(cli, "\"signet help %s\" lists its commands", words.argv[0]);
    else
        cli_hint(cli, "\"signet help\" lists the commands");
    return sg_err_set(err, SG_USAGE, "'%s': no such command", typed);
}

static enum sg_rc show_help(struct cli *cli, struct words words,
                            struct sg_err *err)
{
    int used;
    char group[GROUP_MAX];
    const struct cli_command *cmd = find_command(words, &used);
    if (words.argc == 0)
        overview(cli, stdout);
    else if (cmd != NULL)
        cli_args_help(cli, cmd, stdout);
    else if (is_group(join(words, group)))
        group_overview(group, stdout);
    else
        return unknown_command(cli, words, err);
    return SG_OK;
}

static enum sg_rc run_command(struct cli *cli, const struct cli_command *cmd,
                              struct words words, struct sg_err *err)
{
    void *args = calloc(1, cmd->args_size);
    if (args == NULL)
        return sg_err_set(err, SG_NOMEM, "%s", cmd->name);
    enum sg_rc rc = cli_args_read(cli, cmd, words.argc, words.argv, args, err);
    if (rc == SG_OK && cli->help) {
        cli_args_help(cli, cmd, stdout);
    } else if (rc == SG_OK) {
        sg_log_set_level(cli->verbose ? SG_LOG_DEBUG : SG_LOG_ERR);
        rc = cmd->run(cli, args, err);
    }
    cli_args_done(cmd, args);
    free(args);
    return rc == SG_OK ? rc : sg_err_wrap(err, "%s", cmd->name);
}

static enum sg_rc dispatch(struct cli *cli, struct words words,
                           struct sg_err *err)
{
    if (words.argc == 0) {
        overview(cli, stderr);
        cli_hint(cli, "begin with \"signet token list\"");
        return sg_err_set(err, SG_USAGE, "no command given");
    }
    const char *first = words.argv[0];
    const struct words rest = { words.argc - 1, words.argv + 1 };
    if (strcmp(first, "--version") == 0 || strcmp(first, "version") == 0) {
        puts("signet " SIGNET_VERSION);
        return SG_OK;
    }
    if (strcmp(first, "--help") == 0 || strcmp(first, "-h") == 0
        || strcmp(first, "help") == 0)
        return show_help(cli, rest, err);

    int used;
    const struct cli_command *cmd = find_command(words, &used);
    if (cmd != NULL)
        return run_command(
            cli, cmd, (struct words){ words.argc - used, words.argv + used },
            err);
    char group[GROUP_MAX];
    const char *last = words.argv[words.argc - 1];
    bool asks = last[0] != '-' || strcmp(last, "--help") == 0
                || strcmp(last, "-h") == 0;
    if (asks && is_group(join(words, group))) {
        group_overview(group, stdout);
        return SG_OK;
    }
    return unknown_command(cli, words, err);
}

int cli_main(int argc, char *const *argv)
{
    struct cli cli = { .colour = cli_wants_colour(stdout) };
    struct sg_err err = { 0 };
    sg_process_harden();
    sg_log_set_program("signet");
    const struct words words = { argc > 0 ? argc - 1 : 0, argv + 1 };
    enum sg_rc rc = dispatch(&cli, words, &err);
    if (rc == SG_OK && (fflush(stdout) != 0 || ferror(stdout) != 0))
        rc = sg_err_errno(&err, SG_IO, "standard output");
    if (rc != SG_OK)
        cli_print_error(&cli, &err);
    return sg_rc_exit(rc);
}
