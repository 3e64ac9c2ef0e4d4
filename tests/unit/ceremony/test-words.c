/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/t.h"

#include <string.h>

#include "ceremony/plan.h"
#include "common/parse.h"

/* The fingerprint that descriptions of the PGP word list say as an example. */
static void says_the_published_example(void **state)
{
    static const uint8_t print[] = {
        0xe5, 0x82, 0x94, 0xf2, 0xe9, 0xa2, 0x27, 0x48, 0x6e, 0x8b,
        0x06, 0x1b, 0x31, 0xcc, 0x52, 0x8f, 0xd7, 0xfa, 0x3f, 0x19,
    };
    char text[CER_WORDS_MAX];

    (void)state;
    assert_string_equal(
        cer_words(SG_SLICE(print, sizeof(print)), text, sizeof(text)),
        "topmost Istanbul Pluto vagabond treadmill Pacific brackish dictator "
        "goldfish Medusa afflict bravado chatter revolver Dupont midsummer "
        "stopwatch whimsical cowbell bottomless");
}

/* All 512 words differ, so that each can be told by its sound. */
static void no_word_is_there_twice(void **state)
{
    static char words[512][32];

    (void)state;
    for (unsigned i = 0; i < 512; i++) {
        uint8_t octets[2] = { (uint8_t)(i / 2), (uint8_t)(i / 2) };
        char both[64];
        const char *text = cer_words(SG_SLICE(octets, 2), both, sizeof(both));
        const char *space = strchr(text, ' ');

        assert_non_null(space);
        if (i % 2 == 0)
            memcpy(words[i], text, (size_t)(space - text));
        else
            memcpy(words[i], space + 1, strlen(space + 1));
        for (unsigned k = 0; k < i; k++)
            assert_string_not_equal(words[i], words[k]);
    }
}

static void a_hash_fits_and_is_cut_at_words(void **state)
{
    uint8_t hash[32];
    char text[CER_WORDS_MAX];
    char small[20];

    (void)state;
    /* "consensus" and its like: the longest words stand at odd places. */
    for (unsigned octet = 0; octet < 256; octet++) {
        memset(hash, (int)octet, sizeof(hash));
        (void)cer_words(SG_SLICE(hash, 32), text, sizeof(text));
        unsigned spaces = 0;
        for (const char *p = text; *p != '\0'; p++)
            spaces += *p == ' ' ? 1 : 0;
        assert_int_equal(spaces, 31);
    }
    memset(hash, 0, sizeof(hash));
    assert_string_equal(cer_words(SG_SLICE(hash, 32), small, sizeof(small)),
                        "aardvark adroitness");
    assert_string_equal(cer_words(SG_SLICE(NULL, 0), small, sizeof(small)), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_the_published_example),
        cmocka_unit_test(no_word_is_there_twice),
        cmocka_unit_test(a_hash_fits_and_is_cut_at_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
