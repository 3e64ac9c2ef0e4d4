/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_TESTS_TOKEN_TOKEN_H
#define SG_TESTS_TOKEN_TOKEN_H

/* A private SoftHSM token, and the real signet-token on it. Whatever does not
 * work as it must fails the test. */

#include <sys/types.h>

#include "pkcs11/frame.h"
#include "tests/lib/run.h"
#include "tests/lib/t.h"

/* A directory with softhsm2.conf, the token "unit" and its PINs. SOFTHSM2_CONF
 * points at it until done. */
struct t_token {
    char dir[T_PATH_MAX];
    char guards[T_PATH_MAX + 16];
    char uri[64];
    char pin_source[T_PATH_MAX + 16];
    const char *module; /* $SIGNET_TEST_MODULE */
};
void t_token_new(struct t_token *token);
void t_token_done(struct t_token *token);

/* A running signet-token. */
struct t_helper {
    pid_t pid;
    int fd;
    uint64_t next_id;
    enum sg_rc hello_rc;
    struct tok_token_info info; /* of HELLO */
    struct sg_err failure;      /* of HELLO or of the last reply */
    struct sg_buf reply;        /* payload of the last reply */
    struct sg_buf log;          /* every LOG line, one below the other */
};

/* Start it with these arguments (ending with NULL) and read its HELLO. */
void t_helper_start(struct t_helper *h, const char *const *args);
/* With the token's module, URI, PIN source and guards; sessions 0: default. */
void t_helper_start_on(struct t_helper *h, const struct t_token *token,
                       unsigned sessions);
/* Close the socket and wait: the exit code (128 + signal). */
int t_helper_stop(struct t_helper *h);
/* Wait for an end of its own accord. */
int t_helper_wait(struct t_helper *h);

/* One request, one reply; the code of the reply. */
enum sg_rc t_helper_call(struct t_helper *h, enum tok_op op,
                         struct sg_slice payload);
void t_helper_send(struct t_helper *h, enum tok_op op, uint64_t id,
                   struct sg_slice payload);
/* The next reply that is no LOG; false at the end of the socket. */
bool t_helper_receive(struct t_helper *h, struct tok_frame *ret);

enum sg_rc t_generate(struct t_helper *h, const struct tok_key_generate *gen,
                      struct tok_key_info *ret);
enum sg_rc t_open(struct t_helper *h, const struct tok_key_open *want,
                  uint32_t *ret_ref, struct tok_key_info *ret);
enum sg_rc t_bind(struct t_helper *h, uint32_t ref, struct sg_slice cert);
/* chain: the certificates above cert, one behind the other. */
enum sg_rc t_bind_chain(struct t_helper *h, uint32_t ref, struct sg_slice cert,
                        struct sg_slice chain);
/* The signature is the blob in h->reply. */
enum sg_rc t_sign(struct t_helper *h, enum tok_op op,
                  const struct tok_sign *sign, struct sg_slice *ret);

/* A guard for CA keys: may sign CA certificates, ten years. */
struct tok_key_generate t_ca_key(const char *label, enum tok_key_type type);

#endif
