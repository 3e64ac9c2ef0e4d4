/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/args.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli/suggest.h"
#include "common/parse.h"

static const struct cli_option COMMON_OPTIONS[] = {
    { .name = "json",
      CLI_FLAG(struct cli, json),
      .help = "print JSON on standard output" },
    { .name = "verbose",
      CLI_FLAG(struct cli, verbose),
      .help = "log what happens on standard error" },
    { .name = "help", CLI_FLAG(struct cli, help), .help = "show this text" },
};
static const struct cli_option_set COMMON_SET = {
    .heading = "Every command",
    .option = COMMON_OPTIONS,
    .n = SG_ARRAY_LEN(COMMON_OPTIONS),
};

/* The sets of a command, the common one last. NULL at the end. */
static const struct cli_option_set *nth_set(const struct cli_command *cmd,
                                            size_t i)
{
    if (i < cmd->n_sets)
        return &cmd->sets[i];
    return i == cmd->n_sets ? &COMMON_SET : NULL;
}

static const char *full_name(const struct cli_option_set *set,
                             const struct cli_option *option,
                             char dst[CLI_WORD_MAX])
{
    (void)snprintf(dst, CLI_WORD_MAX, "%s%s",
                   set->prefix == NULL ? "" : set->prefix, option->name);
    return dst;
}

void cli_hint(struct cli *cli, const char *fmt, ...)
{
    if (cli->hint[0] != '\0')
        return;
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(cli->hint, sizeof(cli->hint), fmt, ap);
    va_end(ap);
}

/* An option in its set, and the value that it fills. */
struct found {
    const struct cli_option_set *set;
    const struct cli_option *option;
    void *value;
};

static bool find_option(struct cli *cli, const struct cli_command *cmd,
                        const char *name, void *args, struct found *ret)
{
    char full[CLI_WORD_MAX];
    const struct cli_option_set *set;
    for (size_t i = 0; (set = nth_set(cmd, i)) != NULL; i++) {
        char *base = set == &COMMON_SET ? (char *)cli : (char *)args;
        for (size_t k = 0; !set->positional && k < set->n; k++) {
            const struct cli_option *option = &set->option[k];
            if (strcmp(full_name(set, option, full), name) != 0)
                continue;
            *ret = (struct found){ set, option,
                                   base + set->offset + option->offset };
            return true;
        }
    }
    return false;
}

static enum sg_rc unknown_option(struct cli *cli, const struct cli_command *cmd,
                                 const char *name, struct sg_err *err)
{
    struct cli_nearest nearest = { .typed = name };
    char full[CLI_WORD_MAX];
    const struct cli_option_set *set;
    for (size_t i = 0; (set = nth_set(cmd, i)) != NULL; i++) {
        for (size_t k = 0; !set->positional && k < set->n; k++)
            cli_nearest_try(&nearest, full_name(set, &set->option[k], full));
    }
    if (strcmp(name, "pin") == 0 || strcmp(name, "so-pin") == 0)
        cli_hint(cli,
                 "a PIN is never taken from the command line; use --%s-source "
                 "prompt or --%s-source file:/path",
                 name, name);
    else if (nearest.best[0] != '\0')
        cli_hint(cli, "did you mean --%s? \"signet help %s\" lists all options",
                 nearest.best, cmd->name);
    else
        cli_hint(cli, "\"signet help %s\" lists all options", cmd->name);
    return sg_err_set(err, SG_USAGE, "--%s: no such option", name);
}

static enum sg_rc add_to_list(struct cli_list *list, const char *text,
                              struct sg_err *err)
{
    const char **v = reallocarray(list->v, list->n + 1, sizeof(*v));
    if (v == NULL)
        return sg_err_set(err, SG_NOMEM, "command line");
    v[list->n++] = text;
    list->v = v;
    return SG_OK;
}

static enum sg_rc set_number(struct cli_number *number, bool duration,
                             uint64_t max, const char *text, struct sg_err *err)
{
    if (duration) {
        int64_t seconds;
        SG_TRY(sg_parse_duration(text, &seconds, err));
        number->v = (uint64_t)seconds;
    } else {
        SG_TRY(sg_parse_u64(text, 0, max, &number->v, err));
    }
    number->set = true;
    return SG_OK;
}

static enum sg_rc set_value(const struct found *found, const char *text,
                            struct sg_err *err)
{
    const char **word = found->value;
    struct cli_number *number = found->value;
    bool twice = false;

    switch (found->option->kind) {
    case CLI_KIND_TEXT:
        twice = *word != NULL;
        *word = text;
        break;
    case CLI_KIND_FLAG:
        *(bool *)found->value = true;
        break;
    case CLI_KIND_LIST:
        return add_to_list(found->value, text, err);
    case CLI_KIND_NUMBER:
    case CLI_KIND_DURATION:
        twice = number->set;
        SG_TRY(set_number(number, found->option->kind == CLI_KIND_DURATION,
                          found->option->max, text, err));
        break;
    case CLI_KIND_UNSET:
        return sg_err_set(err, SG_BUG, "option without a kind");
    }
    if (twice)
        return sg_err_set(err, SG_USAGE, "given twice");
    return SG_OK;
}

/* A value that was not understood is wrong usage, whatever its reader says. */
static enum sg_rc as_usage(struct sg_err *err, const char *name)
{
    if (err->rc == SG_FORMAT)
        err->rc = SG_USAGE;
    return sg_err_wrap(err, "--%s", name);
}

/* Where reading a command line has come to. */
struct cursor {
    int argc;
    char *const *argv;
    int at;
};

/* The cursor stands at an option: read it, and its value, and step past both. */
static enum sg_rc read_option(struct cli *cli, const struct cli_command *cmd,
                              struct cursor *cursor, void *args,
                              struct sg_err *err)
{
    const char *text = cursor->argv[cursor->at++] + 2;
    size_t len = strcspn(text, "=");
    char name[CLI_WORD_MAX];
    (void)snprintf(name, sizeof(name), "%.*s", (int)(len % INT16_MAX), text);

    struct found found;
    if (len >= sizeof(name) || !find_option(cli, cmd, name, args, &found))
        return unknown_option(cli, cmd, name, err);

    const char *value = text[len] == '=' ? text + len + 1 : NULL;
    if (found.option->kind == CLI_KIND_FLAG) {
        if (value != NULL)
            return sg_err_set(err, SG_USAGE, "--%s: takes no value", name);
    } else if (value == NULL) {
        if (cursor->at >= cursor->argc)
            return sg_err_set(err, SG_USAGE, "--%s: needs a value (%s)", name,
                              found.option->value);
        value = cursor->argv[cursor->at++];
    }
    if (value != NULL && value[0] == '\0')
        return sg_err_set(err, SG_USAGE, "--%s: empty value", name);
    if (set_value(&found, value, err) != SG_OK)
        return as_usage(err, name);
    return SG_OK;
}

static bool has_value(enum cli_kind kind, const void *value)
{
    switch (kind) {
    case CLI_KIND_TEXT:
        return *(const char *const *)value != NULL;
    case CLI_KIND_FLAG:
        return *(const bool *)value;
    case CLI_KIND_LIST:
        return ((const struct cli_list *)value)->n > 0;
    case CLI_KIND_NUMBER:
    case CLI_KIND_DURATION:
        return ((const struct cli_number *)value)->set;
    case CLI_KIND_UNSET:
        break;
    }
    return false;
}

/* A word without dashes fills the first positional row that has room. */
static enum sg_rc read_word(struct cli *cli, const struct cli_command *cmd,
                            const char *word, void *args, struct sg_err *err)
{
    bool any = false;
    for (size_t i = 0; i < cmd->n_sets; i++) {
        const struct cli_option_set *set = &cmd->sets[i];
        for (size_t k = 0; set->positional && k < set->n; k++) {
            const struct cli_option *option = &set->option[k];
            struct found found = {
                set, option, (char *)args + set->offset + option->offset
            };
            any = true;
            if (option->kind != CLI_KIND_LIST
                && has_value(option->kind, found.value))
                continue;
            if (word[0] == '\0')
                return sg_err_set(err, SG_USAGE, "%s: empty", option->value);
            return set_value(&found, word, err);
        }
    }
    cli_hint(cli,
             any ? "\"signet help %s\" shows what it takes"
                 : "every value has its option: \"signet help %s\"",
             cmd->name);
    return sg_err_set(err, SG_USAGE, "'%s': unexpected argument", word);
}

/* The only place where the environment stands in for an option. */
static const char *from_env(const struct cli_option *option)
{
    if (option->env == NULL)
        return NULL;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing calls setenv
    return getenv(option->env);
}

/* Let the environment stand in, then insist on what is required. */
static enum sg_rc complete(struct cli *cli, const struct cli_command *cmd,
                           void *args, struct sg_err *err)
{
    char name[CLI_WORD_MAX];
    for (size_t i = 0; i < cmd->n_sets; i++) {
        const struct cli_option_set *set = &cmd->sets[i];
        for (size_t k = 0; k < set->n; k++) {
            const struct cli_option *option = &set->option[k];
            struct found found = {
                set, option, (char *)args + set->offset + option->offset
            };
            if (has_value(option->kind, found.value))
                continue;
            const char *text = set->prefix != NULL ? NULL : from_env(option);
            if (text != NULL && text[0] != '\0') {
                if (set_value(&found, text, err) != SG_OK)
                    return sg_err_wrap(err, "$%s", option->env);
            } else if (option->required) {
                cli_hint(cli, "\"signet help %s\" shows an example", cmd->name);
                if (set->positional)
                    return sg_err_set(err, SG_USAGE, "%s is missing",
                                      option->value);
                return sg_err_set(err, SG_USAGE, "--%s %s is missing",
                                  full_name(set, option, name), option->value);
            }
        }
    }
    return SG_OK;
}

enum sg_rc cli_args_read(struct cli *cli, const struct cli_command *cmd,
                         int argc, char *const *argv, void *args,
                         struct sg_err *err)
{
    struct cursor cursor = { argc, argv, 0 };
    while (cursor.at < argc) {
        const char *word = argv[cursor.at];
        if (strcmp(word, "-h") == 0) {
            cli->help = true;
            cursor.at++;
        } else if (strncmp(word, "--", 2) == 0 && word[2] != '\0') {
            SG_TRY(read_option(cli, cmd, &cursor, args, err));
        } else {
            cursor.at++;
            SG_TRY(read_word(cli, cmd, word, args, err));
        }
    }
    return cli->help ? SG_OK : complete(cli, cmd, args, err);
}

void cli_args_done(const struct cli_command *cmd, void *args)
{
    for (size_t i = 0; i < cmd->n_sets; i++) {
        const struct cli_option_set *set = &cmd->sets[i];
        for (size_t k = 0; k < set->n; k++) {
            if (set->option[k].kind != CLI_KIND_LIST)
                continue;
            struct cli_list *list =
                (void *)((char *)args + set->offset + set->option[k].offset);
            free(list->v);
            *list = (struct cli_list){ 0 };
        }
    }
}

/* --- help ----------------------------------------------------------------- */

#define HELP_WIDTH 79
#define HELP_COLUMN 28 /* where an option's explanation starts */

/* text from column on, broken between words; at is where the line stands. */
static void wrap_text(FILE *out, const char *text, size_t column, size_t at)
{
    while (*text != '\0') {
        size_t word = strcspn(text, " \n");
        bool first = at <= column;
        if (!first && at + 1 + word > HELP_WIDTH) {
            (void)fputc('\n', out);
            first = true;
            at = 0;
        }
        int pad = first ? (int)(column - at) : 1;
        (void)fprintf(out, "%*s%.*s", pad, "", (int)word, text);
        at += (size_t)pad + word;
        text += word + (text[word] == '\0' ? 0 : 1);
    }
    (void)fputc('\n', out);
}

static void help_option(const struct cli_option_set *set,
                        const struct cli_option *option, FILE *out)
{
    char name[CLI_WORD_MAX];
    char text[512];
    int n;
    if (set->positional)
        n = fprintf(out, "  %s", option->value);
    else
        n = fprintf(out, "  --%s%s%s", full_name(set, option, name),
                    option->value == NULL ? "" : " ",
                    option->value == NULL ? "" : option->value);
    size_t at = n > 0 ? (size_t)n : 0;
    if (at + 2 > HELP_COLUMN) {
        (void)fputc('\n', out);
        at = 0;
    }
    bool env = option->env != NULL && set->prefix == NULL;
    (void)snprintf(text, sizeof(text), "%s%s%s%s%s%s", option->help,
                   option->kind == CLI_KIND_LIST && !set->positional
                       ? "; may be given again"
                       : "",
                   option->required ? " (required)" : "", env ? "; $" : "",
                   env ? option->env : "", env ? " stands in" : "");
    wrap_text(out, text, HELP_COLUMN, at);
}

static void help_heading(const struct cli *cli, const char *heading, FILE *out)
{
    (void)fprintf(out, cli->colour ? "\n\033[1m%s\033[0m\n" : "\n%s\n",
                  heading);
}

/* "usage: signet ceremony plan REQUEST [options]" */
static void help_usage(const struct cli_command *cmd, FILE *out)
{
    (void)fprintf(out, "usage: signet %s", cmd->name);
    for (size_t i = 0; i < cmd->n_sets; i++) {
        const struct cli_option_set *set = &cmd->sets[i];
        for (size_t k = 0; set->positional && k < set->n; k++) {
            const struct cli_option *option = &set->option[k];
            (void)fprintf(out, option->required ? " %s%s" : " [%s%s]",
                          option->value,
                          option->kind == CLI_KIND_LIST ? "..." : "");
        }
    }
    (void)fputs(" [options]\n\n", out);
}

void cli_args_help(const struct cli *cli, const struct cli_command *cmd,
                   FILE *out)
{
    help_usage(cmd, out);
    wrap_text(out, cmd->summary, 0, 0);
    if (cmd->about != NULL) {
        (void)fputc('\n', out);
        wrap_text(out, cmd->about, 0, 0);
    }
    const struct cli_option_set *set;
    for (size_t i = 0; (set = nth_set(cmd, i)) != NULL; i++) {
        help_heading(cli, set->heading, out);
        for (size_t k = 0; k < set->n; k++)
            help_option(set, &set->option[k], out);
    }
    if (cmd->examples == NULL)
        return;
    help_heading(cli, "Examples", out);
    for (const char *const *line = cmd->examples; *line != NULL; line++)
        (void)fprintf(out, "  %s\n", *line);
}
