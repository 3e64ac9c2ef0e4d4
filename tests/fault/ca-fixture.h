/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_TESTS_FAULT_CA_FIXTURE_H
#define SG_TESTS_FAULT_CA_FIXTURE_H

/* A CA whose key lies in SoftHSM, reached through the real signet-token and
 * the shim module. Certificates are built and checked with OpenSSL alone. */

#include <openssl/x509.h>

#include "pkcs11/client.h"
#include "tests/lib/run.h"
#include "tests/lib/shim-p11.h"

#define FAULT_TOKEN "fault"
#define FAULT_KEY "ca"
#define FAULT_SERIAL_LEN 16
#define FAULT_TBS_MAX 1024

/* Paths that meson hands over. */
struct fault_paths {
    const char *signet_token;
    const char *shim;
    const char *make_token;
};

struct fault {
    char dir[T_PATH_MAX];
    char pin_source[T_PATH_MAX + 32];
    char guards[T_PATH_MAX + 32];
    struct shim_control *shim;
    struct tok_client_config cfg;
    struct tok_client *client; /* of the test at hand */
    struct tok_key *key;
    struct sg_err err;
    EVP_PKEY *ca_key; /* public half */
    X509 *root;
    uint8_t leaf[FAULT_TBS_MAX]; /* a TBSCertificate … */
    size_t leaf_len;
    size_t serial_at; /* … and where its serial lies in it */
};

#define OK(f, call) \
    do { \
        if ((call) != SG_OK) \
            fail_msg("%s: %s", sg_rc_name((f)->err.rc), (f)->err.msg); \
    } while (0)

void fault_program(int argc, char **argv);
int fault_group_setup(void **state); /* token, CA key, root, guard */
int fault_group_teardown(void **state);
int fault_setup(void **state); /* clean shim, default configuration */
int fault_teardown(void **state);

void fault_start(struct fault *f); /* and open the key */
void fault_await(struct fault *f, enum tok_state state, unsigned ms);
void fault_kill(struct fault *f);      /* -9, and wait until that is seen */
struct sg_slice fault_algorithm(void); /* ecdsa-with-SHA256 */

/* One certificate asked for. */
struct fault_asked {
    uint8_t tbs[FAULT_TBS_MAX];
    int64_t asked_ms;
    int64_t answered_ms;
    _Atomic unsigned answers; /* must become 1 */
    enum sg_rc rc;
    char msg[SG_ERR_MSG_MAX];
    uint8_t signature[TOK_SIGNATURE_MAX];
    size_t signature_len;
};
enum sg_rc fault_ask(const struct fault *f, struct fault_asked *asked,
                     uint64_t number, struct sg_err *err);
void fault_wait(struct fault_asked *asked, size_t n, unsigned ms);
/* The signature is the CA key's over exactly this TBS. */
bool fault_verify(const struct fault *f, const struct fault_asked *asked);
/* Blocking: ask, wait, verify. */
enum sg_rc fault_sign(struct fault *f, uint64_t number, struct sg_err *err);

#endif
