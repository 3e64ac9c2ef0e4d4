/* SPDX-License-Identifier: Apache-2.0 */
#include "lint/rules.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <pthread.h>
#include <string.h>

#include "common/cleanup-openssl.h"

#define OID_RSA "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"
#define OID_EC "\x2a\x86\x48\xce\x3d\x02\x01"
#define OID_ED25519 "\x2b\x65\x70"

#define RSA_BITS_MIN 2048      /* BR 6.1.5 */
#define RSA_EXPONENT_MIN 65537 /* BR 6.1.6 */
#define RSA_FACTOR_MIN 752     /* BR 6.1.6 */
#define ROCA_PRIME_MAX 167     /* the published test's */
#define FERMAT_ROUNDS 100      /* BR 6.1.1.3 */

/* Curves by their OBJECT IDENTIFIER element, with the size of a coordinate. */
static const struct curve {
    const char *der;
    size_t len;
    size_t octets;
    const char *name;
} CURVES[] = {
    { "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07", 10, 32, "P-256" },
    { "\x06\x05\x2b\x81\x04\x00\x22", 7, 48, "P-384" },
    { "\x06\x05\x2b\x81\x04\x00\x23", 7, 66, "P-521" },
};

static const struct curve *curve_of(const struct lint_cert *cert)
{
    if (!LINT_IS(cert->spki_oid, OID_EC))
        return NULL;
    for (size_t i = 0; i < SG_ARRAY_LEN(CURVES); i++)
        if (lint_is(cert->spki_parameters, CURVES[i].der, CURVES[i].len))
            return &CURVES[i];
    return NULL;
}

struct rsa {
    struct sg_slice modulus, exponent; /* INTEGER contents */
};

static bool read_rsa(const struct lint_cert *cert, struct rsa *ret)
{
    struct sg_err ignored = { 0 };
    struct sg_der in;
    struct sg_der seq;

    if (!LINT_IS(cert->spki_oid, OID_RSA))
        return false;
    sg_der_init(&in, cert->spki_key, "RSAPublicKey");
    return sg_der_enter(&in, SG_DER_SEQUENCE, &seq, &ignored) == SG_OK
           && sg_der_integer(&seq, &ret->modulus, &ignored) == SG_OK
           && sg_der_integer(&seq, &ret->exponent, &ignored) == SG_OK
           && sg_der_end(&seq, &ignored) == SG_OK
           && sg_der_end(&in, &ignored) == SG_OK;
}

static BIGNUM *to_bn(struct sg_slice integer)
{
    return integer.len <= 4096 ? BN_bin2bn(integer.p, (int)integer.len, NULL)
                               : NULL;
}

void lint_key_algorithm(struct lint_job *job)
{
    const struct lint_cert *cert = job->cert;
    char oid[SG_OID_TEXT_MAX];

    if (LINT_IS(cert->spki_oid, OID_EC)) {
        if (curve_of(cert) == NULL)
            lint_say(job, "the curve is not P-256, P-384 or P-521 by name");
        return;
    }
    if (LINT_IS(cert->spki_oid, OID_ED25519)) {
        if (job->options->profile == LINT_PROFILE_PUBLIC_TLS)
            lint_say(job, "Ed25519 is not allowed for public TLS");
        return;
    }
    if (!LINT_IS(cert->spki_oid, OID_RSA))
        lint_say(job, "public key algorithm %s is not allowed",
                 sg_oid_to_text(cert->spki_oid, oid));
}

void lint_key_parameters(struct lint_job *job)
{
    const struct lint_cert *cert = job->cert;

    if (LINT_IS(cert->spki_oid, OID_RSA)
        && !lint_is(cert->spki_parameters, "\x05\x00", 2))
        lint_say(job, "rsaEncryption parameters are not NULL");
    if (LINT_IS(cert->spki_oid, OID_ED25519) && cert->spki_parameters.len > 0)
        lint_say(job, "Ed25519 parameters are present");
}

void lint_rsa_size(struct lint_job *job)
{
    struct rsa rsa;

    if (!read_rsa(job->cert, &rsa)) {
        if (LINT_IS(job->cert->spki_oid, OID_RSA))
            lint_say(job, "RSAPublicKey is not DER");
        return;
    }
    SG_CLEANUP(BN_free) BIGNUM *n = to_bn(rsa.modulus);
    int bits = n != NULL ? BN_num_bits(n) : 0;
    if (bits < RSA_BITS_MIN)
        lint_say(job, "RSA modulus has %d bits, at least %d are required", bits,
                 RSA_BITS_MIN);
    else if (bits % 8 != 0)
        lint_say(job, "RSA modulus of %d bits is not a multiple of 8", bits);
}

void lint_rsa_exponent(struct lint_job *job)
{
    struct rsa rsa;

    if (!read_rsa(job->cert, &rsa))
        return;
    SG_CLEANUP(BN_free) BIGNUM *e = to_bn(rsa.exponent);
    if (e == NULL || !BN_is_odd(e) || BN_get_word(e) < RSA_EXPONENT_MIN)
        lint_say(job, "RSA exponent is even or below %d", RSA_EXPONENT_MIN);
}

/* The integer square root of x, from above by Newton's method. */
static bool square_root(BIGNUM *ret, const BIGNUM *x, BIGNUM *next, BN_CTX *ctx)
{
    if (BN_set_word(ret, 0) != 1
        || BN_set_bit(ret, (BN_num_bits(x) + 2) / 2) != 1)
        return false;
    for (;;) {
        if (BN_div(next, NULL, x, ret, ctx) != 1 || BN_add(next, next, ret) != 1
            || BN_rshift1(next, next) != 1)
            return false;
        if (BN_cmp(next, ret) >= 0)
            return true;
        if (BN_copy(ret, next) == NULL)
            return false;
    }
}

struct fermat {
    BIGNUM *a, *rest, *root, *square, *next;
    BN_CTX *ctx;
};

/* Is a² - n a square? Then n = (a - root)(a + root). */
static bool is_difference_of_squares(struct fermat *f, const BIGNUM *n)
{
    if (BN_sqr(f->rest, f->a, f->ctx) != 1 || BN_sub(f->rest, f->rest, n) != 1
        || BN_is_negative(f->rest))
        return false;
    if (BN_is_zero(f->rest))
        return true;
    return square_root(f->root, f->rest, f->next, f->ctx)
           && BN_sqr(f->square, f->root, f->ctx) == 1
           && BN_cmp(f->square, f->rest) == 0;
}

/* Fermat's way of factoring finds two primes that lie close together: try
 * a = sqrt(n), sqrt(n) + 1, … */
static bool fermat_factors(const BIGNUM *n, BN_CTX *ctx)
{
    bool found = false;

    BN_CTX_start(ctx);
    struct fermat f = { .a = BN_CTX_get(ctx),
                        .rest = BN_CTX_get(ctx),
                        .root = BN_CTX_get(ctx),
                        .square = BN_CTX_get(ctx),
                        .next = BN_CTX_get(ctx),
                        .ctx = ctx };
    bool ok = f.next != NULL && square_root(f.a, n, f.next, ctx);
    for (int i = 0; ok && !found && i < FERMAT_ROUNDS; i++) {
        found = is_difference_of_squares(&f, n);
        ok = BN_add_word(f.a, 1) == 1;
    }
    BN_CTX_end(ctx);
    return found;
}

void lint_rsa_close_primes(struct lint_job *job)
{
    struct rsa rsa;

    if (!read_rsa(job->cert, &rsa))
        return;
    SG_CLEANUP(BN_free) BIGNUM *n = to_bn(rsa.modulus);
    BN_CTX *ctx = BN_CTX_new();
    if (n != NULL && ctx != NULL && fermat_factors(n, ctx))
        lint_say(job, "RSA modulus is the product of two close primes");
    BN_CTX_free(ctx);
}

/* Made once: a group costs more than all other rules together. Read only
 * afterwards, so any thread may use it; it lives as long as the process. */
static EC_GROUP *groups[SG_ARRAY_LEN(CURVES)];
static pthread_once_t groups_once = PTHREAD_ONCE_INIT;

static void make_groups(void)
{
    for (size_t i = 0; i < SG_ARRAY_LEN(CURVES); i++)
        groups[i] =
            EC_GROUP_new_by_curve_name(EC_curve_nist2nid(CURVES[i].name));
}

static const EC_GROUP *group_of(const struct curve *curve)
{
    (void)pthread_once(&groups_once, make_groups);
    return groups[curve - CURVES];
}

void lint_ec_point(struct lint_job *job)
{
    const struct curve *curve = curve_of(job->cert);
    struct sg_slice key = job->cert->spki_key;

    if (curve == NULL)
        return;
    if (key.len != 2 * curve->octets + 1 || key.p[0] != 0x04) {
        lint_say(job, "EC point is not an uncompressed point of %s",
                 curve->name);
        return;
    }
    const EC_GROUP *group = group_of(curve);
    EC_POINT *point = group != NULL ? EC_POINT_new(group) : NULL;
    /* oct2point refuses a point that is not on the curve. */
    if (point == NULL
        || EC_POINT_oct2point(group, point, key.p, key.len, NULL) != 1)
        lint_say(job, "EC point is not on %s", curve->name);
    EC_POINT_free(point);
    ERR_clear_error();
}

/* Odd primes below 752: a modulus must have no such factor (BR 6.1.6). */
static bool is_small_prime(unsigned n)
{
    for (unsigned d = 3; d * d <= n; d += 2)
        if (n % d == 0)
            return false;
    return n % 2 == 1;
}

void lint_rsa_small_factor(struct lint_job *job)
{
    struct rsa rsa;

    if (!read_rsa(job->cert, &rsa))
        return;
    SG_CLEANUP(BN_free) BIGNUM *n = to_bn(rsa.modulus);
    if (n == NULL || BN_is_zero(n))
        return; /* rsa_size has spoken */
    if (!BN_is_odd(n))
        lint_say(job, "RSA modulus is even");
    for (unsigned p = 3; p < RSA_FACTOR_MIN; p += 2)
        if (is_small_prime(p) && BN_mod_word(n, p) == 0) {
            lint_say(job, "RSA modulus has the factor %u", p);
            return;
        }
}

/* Is rest a power of 65537 modulo p? */
static bool is_power_of_f4(unsigned rest, unsigned p)
{
    unsigned power = 1;

    do {
        if (power == rest)
            return true;
        power = power * (65537 % p) % p;
    } while (power != 1);
    return false;
}

/* CVE-2017-15361: the primes of that library are powers of 65537 modulo many
 * small primes, so their product is one too; another modulus is that by chance
 * once in 2^27. */
void lint_rsa_roca(struct lint_job *job)
{
    struct rsa rsa;

    if (!read_rsa(job->cert, &rsa))
        return;
    SG_CLEANUP(BN_free) BIGNUM *n = to_bn(rsa.modulus);
    if (n == NULL || BN_is_zero(n))
        return;
    for (unsigned p = 3; p <= ROCA_PRIME_MAX; p += 2) {
        BN_ULONG rest = is_small_prime(p) ? BN_mod_word(n, p) : 1;
        if (rest >= p || !is_power_of_f4((unsigned)rest, p))
            return;
    }
    lint_say(job, "RSA modulus was made by a library with CVE-2017-15361 "
                  "(ROCA)");
}
