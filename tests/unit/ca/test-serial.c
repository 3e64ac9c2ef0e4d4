/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/ca/kit.h"

#include <stdlib.h>
#include <string.h>

#define DRAWS 20000

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, CA_SERIAL_LEN);
}

/* Expected 157 of each of 127 first octets; 70 is seven standard deviations
 * below, 260 eight above. A modulo would give 0x01 twice as often. */
static void test_first_octet(void **state)
{
    unsigned seen[256] = { 0 };
    struct sg_err err = { 0 };
    uint8_t serial[CA_SERIAL_LEN];

    (void)state;
    for (int i = 0; i < DRAWS; i++) {
        kit_ok(&err, ca_serial_new(serial, &err));
        seen[serial[0]]++;
    }
    assert_int_equal(seen[0], 0);
    for (int i = 0x01; i <= 0x7f; i++)
        assert_in_range(seen[i], 70, 260);
    for (int i = 0x80; i <= 0xff; i++)
        assert_int_equal(seen[i], 0);
}

static void test_unique(void **state)
{
    uint8_t(*serials)[CA_SERIAL_LEN] = calloc(DRAWS, CA_SERIAL_LEN);
    struct sg_err err = { 0 };

    (void)state;
    assert_non_null(serials);
    for (int i = 0; i < DRAWS; i++)
        kit_ok(&err, ca_serial_new(serials[i], &err));
    qsort(serials, DRAWS, CA_SERIAL_LEN, compare);
    for (int i = 1; i < DRAWS; i++)
        assert_memory_not_equal(serials[i - 1], serials[i], CA_SERIAL_LEN);
    free(serials);
}

/* Every one of the 159 bits takes both values. */
static void test_every_bit_moves(void **state)
{
    uint8_t ones[CA_SERIAL_LEN] = { 0 };
    uint8_t zeroes[CA_SERIAL_LEN] = { 0 };
    struct sg_err err = { 0 };

    (void)state;
    for (int i = 0; i < 1000; i++) {
        uint8_t serial[CA_SERIAL_LEN];

        kit_ok(&err, ca_serial_new(serial, &err));
        for (size_t k = 0; k < sizeof serial; k++) {
            ones[k] |= serial[k];
            zeroes[k] |= (uint8_t)~serial[k];
        }
    }
    assert_int_equal(ones[0], 0x7f);
    for (size_t k = 1; k < CA_SERIAL_LEN; k++)
        assert_int_equal(ones[k], 0xff);
    for (size_t k = 0; k < CA_SERIAL_LEN; k++)
        assert_int_equal(zeroes[k], 0xff);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_octet),
        cmocka_unit_test(test_unique),
        cmocka_unit_test(test_every_bit_moves),
    };

    return cmocka_run_group_tests_name("serial", tests, NULL, NULL);
}
