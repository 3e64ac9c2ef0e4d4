/* SPDX-License-Identifier: Apache-2.0 */
/* What else a taken-over daemon asks for: CRLs, other keys' purposes, messages
 * that are none. */

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/token/takeover.h"

static void test_crls(void **state)
{
    struct fixture *f = *state;
    struct t_crl crl = t_crl_good(f->alg, 3);

    crl.issuer = crl.aki = "issuing";
    NO_CRL(&f->issuing, &crl, KEY_USAGE,
           "guard: the issuer's keyUsage has no cRLSign");
    NO_CRL(&f->root, &crl, ISSUER, "guard: the CRL's issuer is not, byte for");
    crl = t_crl_good(f->alg, 3);
    crl.aki = "other";
    NO_CRL(&f->root, &crl, AKI, "guard: the CRL's authorityKeyIdentifier");
    crl = t_crl_good(f->alg, 3);
    crl.no_number = true;
    NO_CRL(&f->root, &crl, CRL, "guard: the CRL has no number");
    crl = t_crl_good(f->alg, 3);
    crl.entry_issuer = true;
    NO_CRL(&f->root, &crl, CRL, "guard: CRL entry of another issuer");
    crl = t_crl_good(f->alg, 3);
    crl.next_update = 0;
    NO_CRL(&f->root, &crl, CRL, "guard: CRL without nextUpdate");
    crl.next_update = crl.this_update;
    NO_CRL(&f->root, &crl, CRL, "is not after thisUpdate");
    crl = t_crl_good(f->alg, 0);
    crl.empty_list = true;
    NO_CRL(&f->root, &crl, FORMAT, "guard: CRL with an empty list of entries");
    crl = t_crl_good(f->alg, 0);
    crl.v1 = true;
    NO_CRL(&f->root, &crl, FORMAT, "guard: CRL version is not v2");
    crl = t_crl_good(f->alg, 0);
    sg_buf_reset(&f->exts);
    t_ext_put(&f->exts, 28, true, BYTES("\x30\x03\x84\x01\xff"));
    crl.extra = sg_buf_slice(&f->exts);
    NO_CRL(&f->root, &crl, CRL, "guard: indirect CRL");
    sg_buf_reset(&f->exts);
    t_ext_put(&f->exts, 27, true, BYTES("\x02\x01\x01"));
    crl.extra = sg_buf_slice(&f->exts);
    NO_CRL(&f->root, &crl, EXTENSION,
           "guard: CRL with the critical extension 2.5.29.27");
}

static void test_other_keys(void **state)
{
    struct fixture *f = *state;
    struct t_tbs t = good_leaf(f);
    struct t_crl crl = t_crl_good(f->alg, 1);
    const uint8_t digest[32] = { 1 };
    struct ca backend = { 0 };
    struct ca probe = { 0 };
    struct ca no_crl = { 0 };

    make_key(f, "backend", (struct tok_guard){ .purpose = TOK_PURPOSE_BACKEND },
             &backend);
    make_key(f, "probe", (struct tok_guard){ .purpose = TOK_PURPOSE_PROBE },
             &probe);
    make_key(f, "no-crl",
             (struct tok_guard){ .purpose = TOK_PURPOSE_CA,
                                 .max_validity = T_DAY,
                                 .no_crl = true },
             &no_crl);
    REFUSED(SIGN_DIGEST, &f->root, SG_SLICE(digest, 32), PURPOSE,
            "guard: the key is for ca, not for digests");
    REFUSED(PROBE_SIGN, &f->root, SG_SLICE(digest, 32), PURPOSE,
            "guard: the key is for ca, not for challenges");
    REFUSED(SIGN_DIGEST, &probe, SG_SLICE(digest, 32), PURPOSE,
            "guard: the key is for probe, not for digests");
    NO_CERT(&backend, &t, PURPOSE,
            "guard: the key is for backend, not for certificates");
    NO_CRL(&backend, &crl, PURPOSE,
           "guard: the key is for backend, not for certificates and CRLs");
    NO_CRL(&no_crl, &crl, CRL, "guard: this key may not sign CRLs");
    t_csr_info_encode("x", spki_of(&f->root), (sg_buf_reset(&f->tbs), &f->tbs));
    REFUSED(SIGN_CSR, &backend, sg_buf_slice(&f->tbs), PUBLIC_KEY,
            "guard: the request's public key is not this key's");
    const struct t_ocsp ocsp = { .by_name = "backend",
                                 .issuer = "root",
                                 .issuer_key = spki_of(&f->root) };
    sg_buf_reset(&f->tbs);
    t_ocsp_encode(&ocsp, &f->tbs);
    REFUSED(SIGN_OCSP, &backend, sg_buf_slice(&f->tbs), PURPOSE,
            "guard: the key is for backend, not for OCSP responses");
}

/* Ask for a CRL that lies in fd, which is closed. */
static enum sg_rc sign_fd(struct fixture *f, int own_fd)
{
    struct tok_sign req = { .key_ref = f->root.ref, .algorithm = f->alg };
    struct sg_buf payload;
    struct sg_buf message;
    uint8_t control[CMSG_SPACE(sizeof(int))] = { 0 };

    sg_buf_init(&payload, 4096);
    sg_buf_init(&message, 4096);
    t_ok(&f->err, tok_put_sign(&payload, &req, &f->err));
    struct tok_frame frame = { .op = TOK_OP_SIGN_CRL,
                               .id = ++f->h.next_id,
                               .payload = sg_buf_slice(&payload) };
    t_ok(&f->err, tok_frame_encode(&frame, &message, &f->err));
    struct iovec iov = { message.data, message.len };
    struct msghdr msg = { .msg_iov = &iov,
                          .msg_iovlen = 1,
                          .msg_control = control,
                          .msg_controllen = sizeof(control) };
    struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(own_fd));
    memcpy(CMSG_DATA(c), &own_fd, sizeof(own_fd));
    assert_true(sendmsg(f->h.fd, &msg, MSG_NOSIGNAL) > 0);
    assert_int_equal(close(own_fd), 0);
    assert_true(t_helper_receive(&f->h, &frame));
    assert_int_equal(frame.id, f->h.next_id);
    f->h.failure = (struct sg_err){ 0 };
    sg_buf_done(&payload);
    sg_buf_done(&message);
    return tok_frame_failure(&frame, &f->h.failure);
}

static int memfd(off_t size, int seals)
{
    int fd = memfd_create("crl", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    assert_int_equal(ftruncate(fd, size), 0);
    assert_int_equal(fcntl(fd, F_ADD_SEALS, seals), 0);
    return fd;
}

/* A CRL in a descriptor that the daemon can still change, or of no size that
 * is looked at. */
static void test_descriptors(void **state)
{
    const int all = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK;
    const struct want unsealed = { SG_POLICY, TOK_REFUSED_FORMAT,
                                   "guard: the descriptor is no memfd that is "
                                   "sealed" };
    const struct want empty = { SG_LIMIT, TOK_REFUSED_FORMAT,
                                "guard: CRL of 0 bytes in the descriptor, "
                                "must have 1 to 268435456" };
    const struct want huge = { SG_LIMIT, TOK_REFUSED_FORMAT,
                               "guard: CRL of 268435457 bytes in the "
                               "descriptor, must have 1 to 268435456" };
    struct fixture *f = *state;
    const struct {
        int fd;
        const struct want *want;
    } cases[] = {
        { memfd(1, 0), &unsealed },
        { memfd(1, F_SEAL_GROW | F_SEAL_SHRINK), &unsealed },
        { memfd(1, F_SEAL_WRITE | F_SEAL_GROW), &unsealed },
        { memfd(0, all), &empty },
        { memfd((off_t)TOK_CRL_MAX + 1, all), &huge },
    };

    for (size_t i = 0; i < SG_ARRAY_LEN(cases); i++) {
        struct tok_guard_view before = show(f, &f->root);
        check(f, &f->root, sign_fd(f, cases[i].fd), &before, cases[i].want);
    }
}

/* Send a frame of op that the process cannot take: it logs why and ends. */
static void breaks(struct fixture *f, const uint8_t *message, size_t len,
                   const char *why)
{
    struct tok_frame frame;

    assert_int_equal(send(f->h.fd, message, len, MSG_NOSIGNAL), (ssize_t)len);
    while (t_helper_receive(&f->h, &frame)) {
    }
    if (strstr(log_text(f), why) == NULL)
        fail_msg("%s instead of %s", log_text(f), why);
    assert_int_equal(t_helper_wait(&f->h), sg_rc_exit(SG_BUG));
    t_helper_start_on(&f->h, &f->token, 2);
}

static void test_protocol(void **state)
{
    static const uint8_t UNKNOWN[TOK_FRAME_HEADER] = { 1, 200, [15] = 1 };
    static const uint8_t HELLO[TOK_FRAME_HEADER] = { 1,
                                                     TOK_OP_HELLO, [15] = 1 };
    struct fixture *f = *state;
    const uint8_t init[TOK_FRAME_HEADER + 13] = {
        1,        TOK_OP_TOKEN_INIT,           [7] = 13,
        [15] = 1, [TOK_FRAME_HEADER + 11] = 1, [TOK_FRAME_HEADER + 12] = 'x'
    };
    struct tok_frame frame;

    /* Making the token anew takes a process that was started for it. */
    assert_int_equal(send(f->h.fd, init, sizeof(init), 0), sizeof(init));
    assert_true(t_helper_receive(&f->h, &frame));
    t_assert_fails(tok_frame_failure(&frame, &f->err), SG_USAGE);
    assert_string_equal(f->err.msg, "token_init: start without --uri");
    breaks(f, UNKNOWN, sizeof(UNKNOWN), "frame: unknown op 200");
    breaks(f, HELLO, sizeof(HELLO), "hello frame is no request");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_crls),
        CASE(test_other_keys),
        CASE(test_descriptors),
        CASE(test_protocol),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
