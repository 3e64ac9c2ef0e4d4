/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <string.h>

#include "common/file.h"
#include "tests/fuzz/fuzz.h"

/* usage: replay-NAME CORPUS-DIRECTORY
 * Feeds every file of it to the fuzzer; an empty directory is a mistake. */

#define INPUT_MAX ((size_t)4 << 20)

static void replay(const char *path)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf input;
    struct sg_err err = { 0 };

    sg_buf_init(&input, INPUT_MAX);
    if (sg_file_read(path, &input, &err) != SG_OK) {
        (void)fprintf(stderr, "%s\n", err.msg);
        exit(1);
    }
    /* A copy of exactly this size, so that ASan sees a step past its end. */
    uint8_t *copy = malloc(input.len > 0 ? input.len : 1);
    FUZZ_HOLDS(copy != NULL);
    if (input.len > 0)
        memcpy(copy, input.data, input.len);
    (void)fprintf(stderr, "%s\n", path);
    (void)LLVMFuzzerTestOneInput(copy, input.len);
    free(copy);
}

int main(int argc, char **argv)
{
    DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;
    unsigned count = 0;

    if (dir == NULL) {
        (void)fprintf(stderr, "usage: %s CORPUS-DIRECTORY\n", argv[0]);
        return 64;
    }
    for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
        char path[1024];

        if (e->d_name[0] == '.')
            continue;
        (void)snprintf(path, sizeof(path), "%s/%s", argv[1], e->d_name);
        replay(path);
        count++;
    }
    (void)closedir(dir);
    (void)printf("%u inputs\n", count);
    return count > 0 ? 0 : 1;
}
