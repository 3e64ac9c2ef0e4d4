/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_TESTS_UNIT_CA_OPENSSL_H
#define SG_TESTS_UNIT_CA_OPENSSL_H

/* Keys, requests and certificates made by the openssl command, in a private
 * directory. Everything fails the test when it cannot be done. */

#include "common/arena.h"
#include "tests/lib/run.h"

int ossl_open(void **state); /* group setup and teardown */
int ossl_close(void **state);
/* The path of a file in the directory; good until eight calls later. */
const char *ossl_path(const char *name);

/* openssl must succeed; its output is kept until the next call. */
const char *ossl_run(const char *const *argv);
#define ossl(...) \
    ossl_run((const char *const[]){ "openssl", __VA_ARGS__, NULL })

/* A private key: "EC:P-256", "RSA:2048", "ED25519". */
void ossl_key(const char *name, const char *type);
/* A file as DER, in the arena. */
struct sg_slice ossl_der(struct sg_arena *arena, const char *name,
                         const char *label);
/* A file of tests/data, named from there, in the arena. */
struct sg_slice ossl_data(struct sg_arena *arena, const char *name);
/* "30 03 02 01 00" as octets, in the arena. */
struct sg_slice ossl_hex(struct sg_arena *arena, const char *hex);

#endif
