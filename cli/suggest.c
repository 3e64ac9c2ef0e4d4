/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/suggest.h"

#include <stdint.h>
#include <string.h>

static size_t min2(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* One row of the optimal string alignment table. */
struct row {
    size_t cost[CLI_WORD_MAX];
};

static void fill_row(const char *a, const char *b, size_t i,
                     const struct row *before, const struct row *above,
                     struct row *row)
{
    row->cost[0] = i;
    for (size_t j = 1; b[j - 1] != '\0'; j++) {
        size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
        size_t cost = above->cost[j - 1] + change;
        cost = min2(cost, above->cost[j] + 1);
        cost = min2(cost, row->cost[j - 1] + 1);
        if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
            cost = min2(cost, before->cost[j - 2] + 1);
        row->cost[j] = cost;
    }
}

size_t cli_distance(const char *a, const char *b)
{
    size_t la = strlen(a);
    size_t lb = strlen(b);
    if (la >= CLI_WORD_MAX || lb >= CLI_WORD_MAX)
        return SIZE_MAX;

    struct row rows[3] = { 0 };
    for (size_t j = 0; j <= lb; j++)
        rows[0].cost[j] = j;
    for (size_t i = 1; i <= la; i++)
        fill_row(a, b, i, &rows[(i + 1) % 3], &rows[(i + 2) % 3], &rows[i % 3]);
    return rows[la % 3].cost[lb];
}

void cli_nearest_try(struct cli_nearest *nearest, const char *candidate)
{
    size_t distance = cli_distance(nearest->typed, candidate);
    /* A third of the word wrong is a slip; more is another word. */
    if (distance > 1 + strlen(nearest->typed) / 3)
        return;
    if (nearest->best[0] != '\0' && nearest->distance <= distance)
        return;
    memcpy(nearest->best, candidate, strlen(candidate) + 1);
    nearest->distance = distance;
}
