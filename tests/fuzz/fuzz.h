/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_TESTS_FUZZ_FUZZ_H
#define SG_TESTS_FUZZ_FUZZ_H

/* What a fuzzer defines; libFuzzer or replay-main.c calls it. It returns 0, or
 * ends the process when a promise does not hold. */

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Not assert(): it says which input by dying in it, in every build. */
#define FUZZ_HOLDS(x) \
    do { \
        if (!(x)) { \
            (void)fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #x); \
            abort(); \
        } \
    } while (0)

#endif
