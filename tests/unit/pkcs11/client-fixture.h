/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_TESTS_UNIT_PKCS11_CLIENT_FIXTURE_H
#define SG_TESTS_UNIT_PKCS11_CLIENT_FIXTURE_H

/* A client whose token process is tests/lib/fake-token.c. The program's path
 * is the test's first argument. */

#include "pkcs11/client.h"
#include "tests/lib/run.h"

struct fake {
    char dir[T_PATH_MAX]; /* the fake counts its starts there */
    char module[T_PATH_MAX];
    struct tok_client_config cfg;
    struct tok_client *client; /* freed at the end */
    struct tok_key *key;
    struct sg_err err;
    unsigned fds; /* open before the test */
};

#define OK(f, call) \
    do { \
        if ((call) != SG_OK) \
            fail_msg("%s", (f)->err.msg); \
    } while (0)

void fake_program(int argc, char **argv);
/* cmocka setup and teardown; the latter looks for leaked descriptors and
 * children. */
int fake_setup(void **state);
int fake_teardown(void **state);

void fake_behave(struct fake *f, const char *behaviour);
/* Behave, start, open a key. */
void fake_start(struct fake *f, const char *behaviour);
unsigned fake_starts(const struct fake *f);
enum tok_state fake_state(struct fake *f, struct tok_health *ret);
/* Wait until state is reached, at most ms. */
void fake_await(struct fake *f, enum tok_state state, unsigned ms);

/* One signature asked for, and what came of it. */
struct fake_asked {
    int64_t asked_ms;
    int64_t answered_ms;
    _Atomic unsigned answers; /* must become 1 */
    enum sg_rc rc;
    char msg[SG_ERR_MSG_MAX];
    uint8_t tbs[64];
    bool right; /* the signature belongs to tbs */
};
/* Ask with a TBS made of number; len 64 … TOK_TBS_MAX. */
enum sg_rc fake_ask(struct fake *f, struct fake_asked *asked, unsigned number,
                    size_t len);
void fake_wait(struct fake_asked *asked, unsigned n, unsigned ms);

#endif
