/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/ca/openssl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/pem.h"

#define FILE_MAX 65536 /* octets; no test file comes near */

static char dir[T_PATH_MAX];
static struct t_run last;

int ossl_open(void **state)
{
    (void)state;
    t_dir_new(dir);
    return 0;
}

int ossl_close(void **state)
{
    (void)state;
    t_run_done(&last);
    t_dir_remove(dir);
    return 0;
}

const char *ossl_path(const char *name)
{
    static char path[8][T_PATH_MAX];
    static unsigned next;
    char *dst = path[next++ % 8];
    int len = snprintf(dst, T_PATH_MAX, "%s/%s", dir, name);

    assert_true(len > 0 && len < T_PATH_MAX);
    return dst;
}

const char *ossl_run(const char *const *argv)
{
    t_run_done(&last);
    t_run(argv, &last);
    if (last.exit_code != 0)
        fail_msg("openssl %s: %d: %s", argv[1], last.exit_code, last.output);
    return last.output;
}

void ossl_key(const char *name, const char *type)
{
    const char *path = ossl_path(name);
    const char *colon = strchr(type, ':');
    char option[64];

    if (colon == NULL) {
        ossl("genpkey", "-algorithm", type, "-out", path);
        return;
    }
    bool ec = strncmp(type, "EC", 2) == 0;
    (void)snprintf(option, sizeof(option), "%s:%s",
                   ec ? "ec_paramgen_curve" : "rsa_keygen_bits", colon + 1);
    ossl("genpkey", "-algorithm", ec ? "EC" : "RSA", "-pkeyopt", option, "-out",
         path);
}

struct sg_slice ossl_der(struct sg_arena *arena, const char *name,
                         const char *label)
{
    struct sg_buf file SG_CLEANUP(sg_buf_done);
    struct sg_buf der SG_CLEANUP(sg_buf_done);
    struct sg_err err = { 0 };

    sg_buf_init(&file, FILE_MAX);
    sg_buf_init(&der, FILE_MAX);
    t_ok(&err, sg_file_read(ossl_path(name), &file, &err));
    t_ok(&err, sg_pem_or_der(sg_buf_slice(&file), label, &der, &err));
    struct sg_slice copy = sg_arena_copy(arena, sg_buf_slice(&der));
    assert_non_null(copy.p);
    return copy;
}

struct sg_slice ossl_data(struct sg_arena *arena, const char *name)
{
    struct sg_buf file SG_CLEANUP(sg_buf_done);
    struct sg_err err = { 0 };
    char path[T_PATH_MAX];

    (void)snprintf(path, sizeof(path), "%s/%s", T_DATA_DIR, name);
    sg_buf_init(&file, FILE_MAX);
    t_ok(&err, sg_file_read(path, &file, &err));
    struct sg_slice copy = sg_arena_copy(arena, sg_buf_slice(&file));
    assert_non_null(copy.p);
    return copy;
}

struct sg_slice ossl_hex(struct sg_arena *arena, const char *hex)
{
    uint8_t *dst = sg_arena_alloc(arena, strlen(hex) / 2 + 1);
    size_t digits = 0;

    assert_non_null(dst);
    for (const char *p = hex; *p != '\0'; p++) {
        static const char DIGITS[] = "0123456789abcdef";
        const char *digit = strchr(DIGITS, *p);

        if (*p == ' ')
            continue;
        assert_non_null(digit);
        dst[digits / 2] =
            (uint8_t)(dst[digits / 2] << 4 | (uint8_t)(digit - DIGITS));
        digits++;
    }
    assert_int_equal(digits % 2, 0);
    return SG_SLICE(dst, digits / 2);
}
