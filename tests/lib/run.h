/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_TESTS_LIB_RUN_H
#define SG_TESTS_LIB_RUN_H

/* Run a program, without a shell, and keep what it prints. A program that
 * cannot be started fails the test. */

#include "tests/lib/t.h"

struct t_run {
    int exit_code; /* 128 + signal number when a signal ended it */
    char *output;  /* standard output and error as they came, with a NUL */
};

/* argv ends with NULL; argv[0] is looked up in PATH. Standard input is
 * /dev/null. */
void t_run(const char *const *argv, struct t_run *ret);
void t_run_done(struct t_run *run);

/* t_run_args(&run, "openssl", "version"); */
#define t_run_args(ret, ...) \
    t_run((const char *const[]){ __VA_ARGS__, NULL }, (ret))

/* A new private directory under $TMPDIR or /tmp; its path into dst. */
#define T_PATH_MAX 256
void t_dir_new(char dst[T_PATH_MAX]);
void t_dir_remove(const char *dir); /* with everything in it */
void t_file_write(const char *path, const void *bytes, size_t len);

#endif
