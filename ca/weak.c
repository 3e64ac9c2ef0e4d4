/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/weak.h"

#include <openssl/bn.h>

#include "common/cleanup-openssl.h"

#define FERMAT_ROUNDS 100 /* BR 6.1.1.3 */
#define ROCA_GENERATOR 65537

/* --- CVE-2017-15361 ------------------------------------------------------ */

/* Is r a power of the generator modulo p? */
static bool in_subgroup(unsigned r, unsigned p)
{
    unsigned x = 1;

    do {
        if (x == r)
            return true;
        x = (unsigned)((uint64_t)x * ROCA_GENERATOR % p);
    } while (x != 1);
    return false;
}

/* The broken generator made primes that are powers of 65537 modulo every
 * small prime; by chance that happens to one modulus in 2^27. */
static bool is_roca(const BIGNUM *n)
{
    static const uint8_t primes[] = {
        3,   5,   7,   11,  13,  17,  19,  23,  29,  31,  37,  41,  43,
        47,  53,  59,  61,  67,  71,  73,  79,  83,  89,  97,  101, 103,
        107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
    };

    for (size_t i = 0; i < SG_ARRAY_LEN(primes); i++)
        if (!in_subgroup((unsigned)BN_mod_word(n, primes[i]), primes[i]))
            return false;
    return true;
}

/* --- close primes -------------------------------------------------------- */

struct scratch {
    BN_CTX *ctx;
    BIGNUM *a, *b2, *root, *t;
};

/* floor(sqrt(v)) by Newton's method from above. */
static bool int_sqrt(struct scratch *s, const BIGNUM *v, BIGNUM *root)
{
    BN_zero(root);
    if (BN_set_bit(root, (BN_num_bits(v) + 1) / 2) != 1)
        return false;
    for (;;) {
        if (BN_div(s->t, NULL, v, root, s->ctx) != 1
            || BN_add(s->t, s->t, root) != 1 || BN_rshift1(s->t, s->t) != 1)
            return false;
        if (BN_cmp(s->t, root) >= 0)
            return true;
        if (BN_copy(root, s->t) == NULL)
            return false;
    }
}

static bool square_modulo(unsigned r, unsigned m)
{
    for (unsigned x = 0; x <= m / 2; x++)
        if (x * x % m == r)
            return true;
    return false;
}

/* Cheap residues sort out 99 of 100 numbers that are no squares. */
static bool may_be_square(const BIGNUM *v)
{
    unsigned r = (unsigned)BN_mod_word(v, 64UL * 63 * 65 * 11);

    return square_modulo(r % 64, 64) && square_modulo(r % 63, 63)
           && square_modulo(r % 65, 65) && square_modulo(r % 11, 11);
}

static bool is_square(struct scratch *s, const BIGNUM *v, bool *ret)
{
    *ret = false;
    if (BN_is_zero(v)) {
        *ret = true;
        return true;
    }
    if (BN_is_negative(v) || !may_be_square(v))
        return true;
    if (!int_sqrt(s, v, s->root) || BN_sqr(s->t, s->root, s->ctx) != 1)
        return false;
    *ret = BN_cmp(s->t, v) == 0;
    return true;
}

/* n = a^2 - b^2 with a near sqrt(n)? False when memory is gone. */
static bool fermat(struct scratch *s, const BIGNUM *n, bool *ret_found)
{
    *ret_found = false;
    if (!int_sqrt(s, n, s->a) || BN_sqr(s->b2, s->a, s->ctx) != 1
        || BN_sub(s->b2, s->b2, n) != 1)
        return false;
    /* a is the rounded root first: only the square of one prime has b = 0. */
    for (int i = 0; i <= FERMAT_ROUNDS; i++) {
        if (!is_square(s, s->b2, ret_found))
            return false;
        if (*ret_found)
            return true;
        /* (a + 1)^2 - n = b2 + 2a + 1 */
        if (BN_add(s->b2, s->b2, s->a) != 1 || BN_add_word(s->a, 1) != 1
            || BN_add(s->b2, s->b2, s->a) != 1)
            return false;
    }
    return true;
}

SG_DEFINE_CLEANUP(BN_CTX, BN_CTX_free);

enum sg_rc ca_weak_rsa(struct sg_slice modulus, struct sg_err *err)
{
    BN_CTX *ctx SG_CLEANUP(BN_CTX_free) = BN_CTX_new();
    BIGNUM *n SG_CLEANUP(BN_free) =
        BN_bin2bn(modulus.p, (int)modulus.len, NULL);
    bool close = false;

    if (ctx == NULL || n == NULL)
        return sg_err_openssl(err, SG_NOMEM, "public key: weakness check");
    if (is_roca(n))
        return sg_err_set(
            err, SG_POLICY,
            "public key: RSA modulus bears the mark of CVE-2017-15361 (ROCA): it can be factored (BR 6.1.1.3)");

    BN_CTX_start(ctx);
    struct scratch s = { ctx, BN_CTX_get(ctx), BN_CTX_get(ctx), BN_CTX_get(ctx),
                         BN_CTX_get(ctx) };
    bool done = s.t != NULL && fermat(&s, n, &close);
    BN_CTX_end(ctx);
    if (!done)
        return sg_err_openssl(err, SG_NOMEM, "public key: weakness check");
    if (close)
        return sg_err_set(
            err, SG_POLICY,
            "public key: RSA primes are too close together: Fermat's method factors it (BR 6.1.1.3)");
    return SG_OK;
}
