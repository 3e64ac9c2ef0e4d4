/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_CLI_SUGGEST_H
#define SG_CLI_SUGGEST_H

/* What somebody meant who mistyped a word. Pure. */

#include <stddef.h>

#define CLI_WORD_MAX 64 /* bytes with NUL; more than any option or command */

/* The fewest letters inserted, deleted, changed or swapped with their
 * neighbour that make a into b. SIZE_MAX when one is too long. */
size_t cli_distance(const char *a, const char *b);

/* The running best of many candidates. Zero-initialise, set typed. */
struct cli_nearest {
    const char *typed;
    char best[CLI_WORD_MAX]; /* empty: nothing is near */
    size_t distance;
};
void cli_nearest_try(struct cli_nearest *nearest, const char *candidate);

#endif
