/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/file.h"
#include "pkcs11/client-call.h"

/* --- asynchronous signatures ------------------------------------------------ */

static enum sg_rc sign_async(enum tok_op op, struct tok_key *key,
                             const struct tok_sign *sign, struct tok_done done,
                             struct sg_err *err)
{
    struct tok_request req = { .op = op,
                               .key = key,
                               .algorithm = sign->algorithm,
                               .body = sign->tbs,
                               .done = done };

    return tok_submit(key->client, &req, err);
}

enum sg_rc tok_sign_cert_async(struct tok_key *key, struct sg_slice algorithm,
                               struct sg_slice tbs, tok_sign_done done,
                               void *arg, struct sg_err *err)
{
    struct tok_sign sign = { .algorithm = algorithm, .tbs = tbs };

    return sign_async(TOK_OP_SIGN_CERT, key, &sign,
                      (struct tok_done){ .sign = done, .arg = arg }, err);
}

/* --- blocking signatures ----------------------------------------------------- */

struct signing {
    struct sg_buf *out;
    struct tok_wait wait;
};

static void on_signed(void *arg, const struct tok_sign_reply *reply)
{
    struct signing *s = arg;
    const struct sg_err *failure = reply->failure;
    struct sg_err err = { 0 };

    if (failure == NULL
        && sg_buf_put(s->out, reply->signature.p, reply->signature.len, &err)
               != SG_OK)
        failure = &err;
    tok_wait_end(&s->wait, failure);
}

static enum sg_rc sign_wait(enum tok_op op, struct tok_key *key,
                            const struct tok_sign *sign, struct sg_buf *out,
                            struct sg_err *err)
{
    struct signing s = { .out = out };
    struct tok_request req = { .op = op,
                               .key = key,
                               .algorithm = sign->algorithm,
                               .body = sign->tbs,
                               .done = { .sign = on_signed, .arg = &s } };

    tok_wait_init(&s.wait);
    return tok_wait_for(&s.wait, key->client, &req, err);
}

enum sg_rc tok_sign_cert(struct tok_key *key, struct sg_slice algorithm,
                         struct sg_slice tbs, struct sg_buf *out,
                         struct sg_err *err)
{
    struct tok_sign sign = { .algorithm = algorithm, .tbs = tbs };

    return sign_wait(TOK_OP_SIGN_CERT, key, &sign, out, err);
}

enum sg_rc tok_sign_csr(struct tok_key *key, struct sg_slice algorithm,
                        struct sg_slice tbs, struct sg_buf *out,
                        struct sg_err *err)
{
    struct tok_sign sign = { .algorithm = algorithm, .tbs = tbs };

    return sign_wait(TOK_OP_SIGN_CSR, key, &sign, out, err);
}

enum sg_rc tok_sign_ocsp(struct tok_key *key, struct sg_slice algorithm,
                         struct sg_slice tbs, struct sg_buf *out,
                         struct sg_err *err)
{
    struct tok_sign sign = { .algorithm = algorithm, .tbs = tbs };

    return sign_wait(TOK_OP_SIGN_OCSP, key, &sign, out, err);
}

enum sg_rc tok_sign_digest(struct tok_key *key, struct sg_slice algorithm,
                           struct sg_slice digest, struct sg_buf *out,
                           struct sg_err *err)
{
    struct tok_sign sign = { .algorithm = algorithm, .tbs = digest };

    return sign_wait(TOK_OP_SIGN_DIGEST, key, &sign, out, err);
}

enum sg_rc tok_probe_sign(struct tok_key *key, struct sg_slice challenge,
                          struct sg_buf *out, struct sg_err *err)
{
    struct tok_sign sign = { .tbs = challenge };

    return sign_wait(TOK_OP_PROBE_SIGN, key, &sign, out, err);
}

/* --- CRLs: larger than a frame ------------------------------------------------ */

static enum sg_rc write_all(int fd, struct sg_slice bytes, struct sg_err *err)
{
    while (bytes.len > 0) {
        ssize_t n = write(fd, bytes.p, bytes.len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return sg_err_errno(err, SG_IO, "crl of %zu bytes: memfd",
                                bytes.len);
        bytes = SG_SLICE(bytes.p + n, bytes.len - (size_t)n);
    }
    return SG_OK;
}

/* After this nobody can change it any more, not even we. */
static enum sg_rc fill_and_seal(int fd, struct sg_slice bytes,
                                struct sg_err *err)
{
    if (fd < 0)
        return sg_err_errno(err, SG_IO, "crl: memfd");
    SG_TRY(write_all(fd, bytes, err));
    if (fcntl(fd, F_ADD_SEALS,
              F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL)
        != 0)
        return sg_err_errno(err, SG_IO, "crl: seal");
    return SG_OK;
}

enum sg_rc tok_sign_crl(struct tok_key *key, struct sg_slice algorithm,
                        struct sg_slice tbs, struct sg_buf *out,
                        struct sg_err *err)
{
    SG_CLEANUP(sg_fd_close) int fd = -1;
    struct tok_sign sign = { .algorithm = algorithm, .tbs = tbs };
    struct signing s = { .out = out };
    struct tok_request req = { .op = TOK_OP_SIGN_CRL,
                               .key = key,
                               .algorithm = algorithm,
                               .has_fd = true,
                               .done = { .sign = on_signed, .arg = &s } };

    if (tbs.len <= TOK_TBS_MAX)
        return sign_wait(TOK_OP_SIGN_CRL, key, &sign, out, err);
    if (tbs.len > TOK_CRL_MAX)
        return sg_err_set(err, SG_LIMIT, "crl of %zu bytes, at most %u",
                          tbs.len, TOK_CRL_MAX);
    fd = memfd_create("signet-crl", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    SG_TRY(fill_and_seal(fd, tbs, err));
    req.fd = fd;
    tok_wait_init(&s.wait);
    return tok_wait_for(&s.wait, key->client, &req, err);
}
