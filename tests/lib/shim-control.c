/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/shim-p11.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/lib/t.h"

struct shim_control *shim_control_new(const char *path, const char *real)
{
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    struct shim_control *control;

    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, sizeof(*control)), 0);
    control =
        mmap(NULL, sizeof(*control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    assert_ptr_not_equal(control, MAP_FAILED);
    close(fd);
    assert_in_range(snprintf(control->real, sizeof(control->real), "%s", real),
                    1, sizeof(control->real) - 1);
    assert_int_equal(setenv(SHIM_CONTROL_ENV, path, 1), 0);
    return control;
}

void shim_control_free(struct shim_control *control)
{
    if (control == NULL)
        return;
    assert_int_equal(unsetenv(SHIM_CONTROL_ENV), 0);
    assert_int_equal(munmap(control, sizeof(*control)), 0);
}

void shim_rule_set(struct shim_control *control, enum shim_call call,
                   enum shim_do what, uint32_t value)
{
    struct shim_rule *rule = &control->rule[call];

    rule->what = SHIM_PASS;
    rule->skip = 0;
    rule->limited = 0;
    rule->value = value;
    rule->what = what;
}

void shim_fail_times(struct shim_control *control, enum shim_call call,
                     uint32_t rv, uint32_t times)
{
    struct shim_rule *rule = &control->rule[call];

    rule->what = SHIM_PASS;
    rule->skip = 0;
    rule->limited = 1;
    rule->times = times;
    rule->value = rv;
    rule->what = SHIM_FAIL;
}

void shim_rule_count(struct shim_control *control, enum shim_call call,
                     uint32_t skip, uint32_t times)
{
    struct shim_rule *rule = &control->rule[call];
    uint32_t what = rule->what;

    rule->what = SHIM_PASS;
    rule->skip = skip;
    rule->limited = 1;
    rule->times = times;
    rule->what = what;
}

void shim_reset(struct shim_control *control)
{
    for (int i = 0; i < SHIM_CALL_N; i++) {
        shim_rule_set(control, (enum shim_call)i, SHIM_PASS, 0);
        control->calls[i] = 0;
    }
    control->token_flags = 0;
    control->odd = 0;
}
