/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/helper/ecdsa.h"

#include <string.h>

#define TAG_INTEGER 0x02
#define TAG_SEQUENCE 0x30

static struct sg_slice strip_zeros(struct sg_slice n)
{
    while (n.len > 0 && n.p[0] == 0)
        n = SG_SLICE(n.p + 1, n.len - 1);
    return n;
}

/* Content octets of the INTEGER: one more when the top bit is set. */
static size_t integer_len(struct sg_slice n)
{
    return n.len + (n.p[0] >> 7);
}

static uint8_t *put_integer(uint8_t *at, struct sg_slice n)
{
    *at++ = TAG_INTEGER;
    *at++ = (uint8_t)integer_len(n); /* ≤ 67: short form */
    if ((n.p[0] & 0x80) != 0)
        *at++ = 0;
    memcpy(at, n.p, n.len);
    return at + n.len;
}

enum sg_rc tok_ecdsa_der(struct sg_slice raw, unsigned octets, uint8_t *dst,
                         size_t *ret_len, struct sg_err *err)
{
    if (raw.len == 0 || raw.len % 2 != 0 || raw.len > 2 * (size_t)octets
        || octets > 66)
        return sg_err_set(err, SG_CRYPTO,
                          "ECDSA signature of %zu bytes from the token; two "
                          "numbers of %u expected (PKCS#11 2.3.1)",
                          raw.len, octets);
    size_t half = raw.len / 2;
    struct sg_slice r = strip_zeros(SG_SLICE(raw.p, half));
    struct sg_slice s = strip_zeros(SG_SLICE(raw.p + half, half));
    if (r.len == 0 || s.len == 0)
        return sg_err_set(err, SG_CRYPTO,
                          "ECDSA signature from the token has %s = 0",
                          r.len == 0 ? "r" : "s");

    size_t content = 2 + integer_len(r) + 2 + integer_len(s);
    uint8_t *at = dst;
    *at++ = TAG_SEQUENCE;
    if (content >= 0x80)
        *at++ = 0x81;
    *at++ = (uint8_t)content; /* ≤ 138 */
    at = put_integer(at, r);
    at = put_integer(at, s);
    *ret_len = (size_t)(at - dst);
    return SG_OK;
}
