/* SPDX-License-Identifier: Apache-2.0 */
/* The crypto floor of this machine, right now: what C_Sign, a check of a
 * signature and a key generation cost in CPU with no signet around them.
 * usage: bench-floor MODULE TOKEN-LABEL PIN-FILE */
#include <dlfcn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <p11-kit/pkcs11.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/file.h"
#include "common/secret.h"

#define THREADS_MAX 8
#define SIGNATURES 20000 /* per thread: half a second at 23 k/s */
#define CHECKS 10000

static CK_FUNCTION_LIST_PTR p11;

static double seconds(clockid_t clock)
{
    struct timespec ts;
    if (clock_gettime(clock, &ts) != 0)
        return 0;
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void must(CK_RV rv, const char *call)
{
    if (rv == CKR_OK)
        return;
    fprintf(stderr, "bench-floor: %s: 0x%lx\n", call, rv);
    exit(1);
}

static CK_SLOT_ID find_slot(const char *label)
{
    CK_SLOT_ID slots[64];
    CK_ULONG n = 64;
    must(p11->C_GetSlotList(CK_TRUE, slots, &n), "C_GetSlotList");
    for (CK_ULONG i = 0; i < n; i++) {
        CK_TOKEN_INFO info;
        must(p11->C_GetTokenInfo(slots[i], &info), "C_GetTokenInfo");
        if (strncmp((const char *)info.label, label, strlen(label)) == 0)
            return slots[i];
    }
    fprintf(stderr, "bench-floor: no token %s\n", label);
    exit(1);
}

/* A session key: gone with the session, so no CA key signs noise. */
static CK_OBJECT_HANDLE make_key(CK_SESSION_HANDLE session)
{
    CK_MECHANISM mech = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };
    CK_BYTE p256[] = { 0x06, 0x08, 0x2a, 0x86, 0x48,
                       0xce, 0x3d, 0x03, 0x01, 0x07 };
    CK_BBOOL yes = CK_TRUE;
    CK_BBOOL no = CK_FALSE;
    CK_ATTRIBUTE pub[] = { { CKA_EC_PARAMS, p256, sizeof(p256) },
                           { CKA_TOKEN, &no, sizeof(no) } };
    CK_ATTRIBUTE priv[] = { { CKA_SIGN, &yes, sizeof(yes) },
                            { CKA_TOKEN, &no, sizeof(no) } };
    CK_OBJECT_HANDLE pub_key;
    CK_OBJECT_HANDLE priv_key;
    must(p11->C_GenerateKeyPair(session, &mech, pub, 2, priv, 2, &pub_key,
                                &priv_key),
         "C_GenerateKeyPair");
    return priv_key;
}

struct signer {
    CK_SLOT_ID slot;
    double cpu_s;
};

static void *sign_many(void *arg)
{
    struct signer *signer = arg;
    CK_SESSION_HANDLE session;
    must(p11->C_OpenSession(signer->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION,
                            NULL, NULL, &session),
         "C_OpenSession");
    CK_OBJECT_HANDLE key = make_key(session);
    CK_MECHANISM mech = { CKM_ECDSA, NULL, 0 };
    CK_BYTE digest[32] = { 1 };
    CK_BYTE signature[64];
    double begin = seconds(CLOCK_THREAD_CPUTIME_ID);
    for (int i = 0; i < SIGNATURES; i++) {
        CK_ULONG len = sizeof(signature);
        must(p11->C_SignInit(session, &mech, key), "C_SignInit");
        must(p11->C_Sign(session, digest, sizeof(digest), signature, &len),
             "C_Sign");
    }
    signer->cpu_s = seconds(CLOCK_THREAD_CPUTIME_ID) - begin;
    must(p11->C_CloseSession(session), "C_CloseSession");
    return NULL;
}

static double measure_sign(CK_SLOT_ID slot, unsigned n)
{
    pthread_t thread[THREADS_MAX];
    struct signer signer[THREADS_MAX];
    double cpu = 0;
    double begin = seconds(CLOCK_MONOTONIC);
    for (unsigned i = 0; i < n; i++) {
        signer[i] = (struct signer){ .slot = slot };
        if (pthread_create(&thread[i], NULL, sign_many, &signer[i]) != 0)
            exit(1);
    }
    for (unsigned i = 0; i < n; i++) {
        (void)pthread_join(thread[i], NULL);
        cpu += signer[i].cpu_s;
    }
    double wall = seconds(CLOCK_MONOTONIC) - begin;
    double us = cpu * 1e6 / (SIGNATURES * (double)n);
    printf("c_sign_p256 threads=%u per_s=%.0f cpu_us=%.1f\n", n,
           SIGNATURES * (double)n / wall, us);
    return us;
}

static double measure_verify(EVP_PKEY *key)
{
    unsigned char digest[32] = { 1 };
    unsigned char sig[128];
    size_t sig_len = sizeof(sig);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
    if (EVP_PKEY_sign_init(ctx) != 1
        || EVP_PKEY_sign(ctx, sig, &sig_len, digest, sizeof(digest)) != 1
        || EVP_PKEY_verify_init(ctx) != 1)
        exit(1);
    double begin = seconds(CLOCK_PROCESS_CPUTIME_ID);
    for (int i = 0; i < CHECKS; i++) {
        if (EVP_PKEY_verify(ctx, sig, sig_len, digest, sizeof(digest)) != 1)
            exit(1);
    }
    double us = (seconds(CLOCK_PROCESS_CPUTIME_ID) - begin) * 1e6 / CHECKS;
    EVP_PKEY_CTX_free(ctx);
    return us;
}

static double measure_keygen(void)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    if (EVP_PKEY_keygen_init(ctx) != 1
        || EVP_PKEY_CTX_set_group_name(ctx, "P-256") != 1)
        exit(1);
    double begin = seconds(CLOCK_PROCESS_CPUTIME_ID);
    for (int i = 0; i < CHECKS; i++) {
        EVP_PKEY *key = NULL;
        if (EVP_PKEY_generate(ctx, &key) != 1)
            exit(1);
        EVP_PKEY_free(key);
    }
    double us = (seconds(CLOCK_PROCESS_CPUTIME_ID) - begin) * 1e6 / CHECKS;
    EVP_PKEY_CTX_free(ctx);
    return us;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: bench-floor MODULE TOKEN-LABEL PIN-FILE\n");
        return 64;
    }
    void *module = dlopen(argv[1], RTLD_NOW);
    CK_C_GetFunctionList get =
        module ? (CK_C_GetFunctionList)dlsym(module, "C_GetFunctionList")
               : NULL;
    if (get == NULL) {
        fprintf(stderr, "bench-floor: %s\n", dlerror());
        return 1;
    }
    must(get(&p11), "C_GetFunctionList");
    CK_C_INITIALIZE_ARGS args = { .flags = CKF_OS_LOCKING_OK };
    must(p11->C_Initialize(&args), "C_Initialize");
    CK_SLOT_ID slot = find_slot(argv[2]);

    struct sg_err err = { 0 };
    char ref[1024];
    (void)snprintf(ref, sizeof(ref), "file:%s", argv[3]);
    struct sg_secret *pin = NULL;
    if (sg_secret_from(ref, "PIN", &pin, &err) != SG_OK) {
        fprintf(stderr, "bench-floor: %s\n", err.msg);
        return 1;
    }
    CK_SESSION_HANDLE session;
    must(p11->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL,
                            NULL, &session),
         "C_OpenSession");
    must(p11->C_Login(session, CKU_USER, pin->buf, pin->len), "C_Login");
    sg_secret_free(pin);

    double sign = measure_sign(slot, 1);
    (void)measure_sign(slot, 2);
    EVP_PKEY *key = EVP_EC_gen("P-256");
    double verify = measure_verify(key);
    double keygen = measure_keygen();
    EVP_PKEY_free(key);
    printf("verify_p256 cpu_us=%.1f\nkeygen_p256 cpu_us=%.1f\n", verify,
           keygen);
    printf("floor sign_us=%.1f issue_us=%.1f\n", 2 * verify + sign,
           keygen + sign + verify);
    (void)p11->C_Finalize(NULL);
    return 0;
}
