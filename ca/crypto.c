/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/crypto.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include <openssl/err.h>

#include "common/cleanup-openssl.h"

/* P-256, P-384, P-521 */
#define CURVES 3

#define STATIC_SLICE(octets) \
    { \
        (const uint8_t *)(octets), sizeof(octets) - 1 \
    }

static const struct ca_curve CURVE[CURVES] = {
    { CA_KEY_EC_P256, "P-256", 256, 32, CA_HASH_SHA256,
      STATIC_SLICE("\x2a\x86\x48\xce\x3d\x03\x01\x07"),
      STATIC_SLICE("\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"
                   "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00") },
    { CA_KEY_EC_P384, "P-384", 384, 48, CA_HASH_SHA384,
      STATIC_SLICE("\x2b\x81\x04\x00\x22"),
      STATIC_SLICE("\x30\x76\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"
                   "\x06\x05\x2b\x81\x04\x00\x22\x03\x62\x00") },
    { CA_KEY_EC_P521, "P-521", 521, 66, CA_HASH_SHA512,
      STATIC_SLICE("\x2b\x81\x04\x00\x23"),
      STATIC_SLICE("\x30\x81\x9b\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"
                   "\x06\x05\x2b\x81\x04\x00\x23\x03\x81\x86\x00") },
};

/* Written once under process_once, read-only afterwards. */
static pthread_once_t process_once = PTHREAD_ONCE_INIT;
static EVP_MD *process_md[CA_HASH_SHA512 + 1];
static EVP_PKEY *process_template[CURVES]; /* parameters without a key */
static pthread_key_t process_thread_key;
static bool process_thread_key_ok;

/* One thread's mutable objects, freed when it ends. */
struct thread_objects {
    EVP_PKEY_CTX *verify[CURVES];
    EVP_PKEY_CTX *keygen[CURVES];
};

static void thread_objects_free(void *arg)
{
    struct thread_objects *own = arg;

    for (size_t i = 0; i < CURVES; i++) {
        EVP_PKEY_CTX_free(own->verify[i]);
        EVP_PKEY_CTX_free(own->keygen[i]);
    }
    free(own);
}

static EVP_PKEY *curve_template(const char *group)
{
    EVP_PKEY_CTX *ctx SG_CLEANUP(EVP_PKEY_CTX_free) =
        EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    EVP_PKEY *pkey = NULL;

    if (ctx == NULL || EVP_PKEY_paramgen_init(ctx) <= 0
        || EVP_PKEY_CTX_set_group_name(ctx, group) <= 0
        || EVP_PKEY_paramgen(ctx, &pkey) <= 0)
        return NULL;
    return pkey;
}

static void process_init(void)
{
    static const char *const md_name[] = { "SHA1", "SHA256", "SHA384",
                                           "SHA512" };

    for (size_t i = 0; i < SG_ARRAY_LEN(md_name); i++)
        process_md[i] = EVP_MD_fetch(NULL, md_name[i], NULL);
    for (size_t i = 0; i < CURVES; i++)
        process_template[i] = curve_template(CURVE[i].group);
    process_thread_key_ok =
        pthread_key_create(&process_thread_key, thread_objects_free) == 0;
}

const EVP_MD *ca_hash_md(enum ca_hash hash)
{
    (void)pthread_once(&process_once, process_init);
    return process_md[hash];
}

const struct ca_curve *ca_curve(enum ca_key_kind kind)
{
    for (size_t i = 0; i < CURVES; i++)
        if (CURVE[i].kind == kind)
            return &CURVE[i];
    return NULL;
}

static struct thread_objects *thread_objects(void)
{
    if (!process_thread_key_ok)
        return NULL;

    struct thread_objects *own = pthread_getspecific(process_thread_key);
    if (own != NULL)
        return own;
    own = calloc(1, sizeof(*own));
    if (own != NULL && pthread_setspecific(process_thread_key, own) != 0) {
        free(own);
        return NULL;
    }
    return own;
}

static enum sg_rc set_point(EVP_PKEY *pkey, const struct ca_curve *curve,
                            struct sg_slice point, struct sg_err *err)
{
    if (EVP_PKEY_set1_encoded_public_key(pkey, point.p, point.len) <= 0) {
        ERR_clear_error();
        return sg_err_set(err, SG_POLICY,
                          "public key: point is not on %s (SEC 1 3.2.2.1)",
                          curve->group);
    }
    return SG_OK;
}

enum sg_rc ca_curve_pkey(const struct ca_curve *curve, struct sg_slice point,
                         EVP_PKEY **ret_pkey, struct sg_err *err)
{
    (void)pthread_once(&process_once, process_init);

    /* A copy of ready parameters costs a third of EVP_PKEY_fromdata(). */
    EVP_PKEY *template = process_template[curve - CURVE];
    EVP_PKEY *pkey SG_CLEANUP(EVP_PKEY_free) =
        template != NULL ? EVP_PKEY_dup(template) : NULL;
    if (pkey == NULL)
        return sg_err_openssl(err, SG_CRYPTO, "public key: %s", curve->group);
    SG_TRY(set_point(pkey, curve, point, err));
    *ret_pkey = SG_TAKE(pkey);
    return SG_OK;
}

static enum sg_rc new_verifier(const struct ca_curve *curve,
                               struct sg_slice point, EVP_PKEY_CTX **ret_ctx,
                               struct sg_err *err)
{
    EVP_PKEY *pkey SG_CLEANUP(EVP_PKEY_free) = NULL;

    SG_TRY(ca_curve_pkey(curve, point, &pkey, err));
    EVP_PKEY_CTX *ctx SG_CLEANUP(EVP_PKEY_CTX_free) =
        EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    if (ctx == NULL || EVP_PKEY_verify_init(ctx) <= 0)
        return sg_err_openssl(err, SG_CRYPTO, "public key: %s", curve->group);
    *ret_ctx = SG_TAKE(ctx);
    return SG_OK;
}

enum sg_rc ca_curve_verifier(const struct ca_curve *curve,
                             struct sg_slice point, EVP_PKEY_CTX **ret_ctx,
                             struct sg_err *err)
{
    (void)pthread_once(&process_once, process_init);

    struct thread_objects *own = thread_objects();
    if (own == NULL)
        return sg_err_set(err, SG_NOMEM, "public key: no memory");

    EVP_PKEY_CTX **slot = &own->verify[curve - CURVE];
    if (*slot == NULL)
        SG_TRY(new_verifier(curve, point, slot, err));
    else /* the context sees the new point: it refers to the key */
        SG_TRY(set_point(EVP_PKEY_CTX_get0_pkey(*slot), curve, point, err));
    *ret_ctx = *slot;
    return SG_OK;
}

enum sg_rc ca_curve_keygen(const struct ca_curve *curve, EVP_PKEY_CTX **ret_ctx,
                           struct sg_err *err)
{
    (void)pthread_once(&process_once, process_init);

    struct thread_objects *own = thread_objects();
    if (own == NULL)
        return sg_err_set(err, SG_NOMEM, "key generation: no memory");

    EVP_PKEY_CTX **slot = &own->keygen[curve - CURVE];
    if (*slot == NULL) {
        EVP_PKEY_CTX *ctx SG_CLEANUP(EVP_PKEY_CTX_free) =
            EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
        if (ctx == NULL || EVP_PKEY_keygen_init(ctx) <= 0
            || EVP_PKEY_CTX_set_group_name(ctx, curve->group) <= 0)
            return sg_err_openssl(err, SG_CRYPTO, "key generation: %s",
                                  curve->group);
        *slot = SG_TAKE(ctx);
    }
    *ret_ctx = *slot;
    return SG_OK;
}
