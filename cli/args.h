/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CLI_ARGS_H
#define SG_CLI_ARGS_H

/* Commands and their options as tables: one row is read from the command line,
 * shown by --help and offered when somebody mistypes. One thread. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/err.h"

enum cli_kind {
    CLI_KIND_UNSET,
    CLI_KIND_TEXT,     /* const char * */
    CLI_KIND_FLAG,     /* bool; takes no value */
    CLI_KIND_LIST,     /* struct cli_list; may be given again */
    CLI_KIND_NUMBER,   /* struct cli_number, 0 … max */
    CLI_KIND_DURATION, /* struct cli_number, seconds */
};

/* Values in the order given, borrowed from argv. v is malloc'd. */
struct cli_list {
    const char **v;
    size_t n;
};

struct cli_number {
    bool set;
    uint64_t v;
};

struct cli_option {
    const char *name;  /* without the dashes */
    size_t offset;     /* of the value in the command's struct */
    const char *value; /* stands for the value in help: "FILE" */
    const char *help;
    const char *env; /* variable that stands in for the option; NULL: none */
    uint64_t max;    /* CLI_KIND_NUMBER */
    enum cli_kind kind;
    bool required;
};

/* Kind and place of an option; a member of another type does not compile. */
/* NOLINTBEGIN(bugprone-macro-parentheses): a type cannot be bracketed */
#define CLI_AT(args, member, type) \
    (offsetof(args, member) + _Generic(((args *)0)->member, type : (size_t)0))
#define CLI_TEXT(args, member) \
    .kind = CLI_KIND_TEXT, .offset = CLI_AT(args, member, const char *)
#define CLI_FLAG(args, member) \
    .kind = CLI_KIND_FLAG, .offset = CLI_AT(args, member, bool)
#define CLI_LIST(args, member) \
    .kind = CLI_KIND_LIST, .offset = CLI_AT(args, member, struct cli_list)
#define CLI_NUMBER(args, member) \
    .kind = CLI_KIND_NUMBER, .offset = CLI_AT(args, member, struct cli_number)
#define CLI_DURATION(args, member) \
    .kind = CLI_KIND_DURATION, .offset = CLI_AT(args, member, struct cli_number)
/* NOLINTEND(bugprone-macro-parentheses) */

/* Options that belong together. prefix goes before every name ("issuer-"); with
 * a prefix the environment does not stand in. The rows of a positional set have
 * no dashes: words of the command line fill them in order, a list takes all
 * that are left. They are texts and lists, and value is their name: "PLAN". */
struct cli_option_set {
    const char *heading;
    const char *prefix; /* NULL: none */
    bool positional;
    size_t offset; /* of the set's struct inside the command's */
    const struct cli_option *option;
    size_t n;
};

struct cli;

struct cli_command {
    const char *name;    /* "key generate" */
    const char *summary; /* one line */
    const char *about;   /* paragraphs for --help; NULL: none */
    const struct cli_option_set *sets;
    size_t n_sets;
    const char *const *examples; /* NULL-terminated; NULL: none */
    size_t args_size;
    enum sg_rc (*run)(struct cli *cli, const void *args, struct sg_err *err);
};

/* What one run of the program knows besides its command. */
struct cli {
    bool help, json, verbose; /* options of every command */
    bool colour;              /* on standard output */
    char hint[SG_ERR_MSG_MAX];
};

/* The next step to take, printed below the error. The first one stays. */
SG_PRINTF(2, 3)
void cli_hint(struct cli *cli, const char *fmt, ...);

/* Read "--name value", "--name=value", "-h" and positional words into args
 * (args_size zero bytes) and cli. Names are matched in full: no abbreviations, so that "--pin" is
 * never taken for something else. SG_USAGE names the option and what is wrong
 * with it. Give args to cli_args_done() in any case. */
enum sg_rc cli_args_read(struct cli *cli, const struct cli_command *cmd,
                         int argc, char *const *argv, void *args,
                         struct sg_err *err);
void cli_args_done(const struct cli_command *cmd, void *args);

/* "usage: …" with every option and the examples. */
void cli_args_help(const struct cli *cli, const struct cli_command *cmd,
                   FILE *out);

#endif
