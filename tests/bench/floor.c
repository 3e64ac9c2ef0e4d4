/* SPDX-License-Identifier: Apache-2.0 */
/* The crypto floor of this machine, right now: what C_Sign, a check of a
 * signature and a key generation cost in CPU with no signet around them, while
 * as many threads do the same.
 * usage: bench-floor MODULE TOKEN-LABEL PIN-FILE [THREADS]
 * Makes a key pair in the token for each thread, and destroys it at the end. */
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
#include "common/parse.h"
#include "common/secret.h"

#define THREADS_MAX 64
#define PHASE_S 0.3 /* seconds of each measurement */
#define BATCH 32    /* calls between two looks at the clock */

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

/* stored: an object of the token, as a CA's key is, which SoftHSM looks up in
 * its file for each signature; else one that lives in this session only. */
static CK_OBJECT_HANDLE make_key(CK_SESSION_HANDLE session, bool stored,
                                 CK_OBJECT_HANDLE *ret_public)
{
    CK_MECHANISM mech = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };
    CK_BYTE p256[] = { 0x06, 0x08, 0x2a, 0x86, 0x48,
                       0xce, 0x3d, 0x03, 0x01, 0x07 };
    CK_BBOOL yes = CK_TRUE;
    CK_BBOOL token = stored ? CK_TRUE : CK_FALSE;
    CK_ATTRIBUTE pub[] = { { CKA_EC_PARAMS, p256, sizeof(p256) },
                           { CKA_TOKEN, &token, sizeof(token) } };
    CK_ATTRIBUTE priv[] = { { CKA_SIGN, &yes, sizeof(yes) },
                            { CKA_TOKEN, &token, sizeof(token) } };
    CK_OBJECT_HANDLE key;
    must(p11->C_GenerateKeyPair(session, &mech, pub, 2, priv, 2, ret_public,
                                &key),
         "C_GenerateKeyPair");
    return key;
}

/* --- what is measured ----------------------------------------------------- */

enum phase { SIGN, SIGN_STORED, VERIFY, KEYGEN, PHASES };

struct worker {
    pthread_t thread;
    pthread_barrier_t *barrier; /* all threads do the same at a time */
    CK_SESSION_HANDLE session;
    CK_OBJECT_HANDLE key, pub, stored, stored_pub;
    EVP_PKEY_CTX *verify, *keygen;
    unsigned char sig[128];
    size_t sig_len;
    double cpu_us[PHASES]; /* per call */
    double per_s[PHASES];
};

static const unsigned char digest[32] = { 1 };

static void sign(const struct worker *w, CK_OBJECT_HANDLE key)
{
    CK_MECHANISM mech = { CKM_ECDSA, NULL, 0 };
    CK_BYTE data[sizeof(digest)];
    CK_BYTE signature[64];
    CK_ULONG len = sizeof(signature);

    memcpy(data, digest, sizeof(data));
    must(p11->C_SignInit(w->session, &mech, key), "C_SignInit");
    must(p11->C_Sign(w->session, data, sizeof(data), signature, &len),
         "C_Sign");
}

static void run_once(const struct worker *w, enum phase phase)
{
    EVP_PKEY *key = NULL;

    if (phase == SIGN)
        sign(w, w->key);
    else if (phase == SIGN_STORED)
        sign(w, w->stored);
    else if (phase == VERIFY
             && EVP_PKEY_verify(w->verify, w->sig, w->sig_len, digest,
                                sizeof(digest))
                    != 1)
        exit(1);
    else if (phase == KEYGEN && EVP_PKEY_generate(w->keygen, &key) != 1)
        exit(1);
    EVP_PKEY_free(key);
}

static void measure(struct worker *w, enum phase phase)
{
    double n = 0;

    (void)pthread_barrier_wait(w->barrier);
    double cpu = seconds(CLOCK_THREAD_CPUTIME_ID);
    double begin = seconds(CLOCK_MONOTONIC);
    double wall = 0;
    while (wall < PHASE_S) {
        for (int i = 0; i < BATCH; i++)
            run_once(w, phase);
        n += BATCH;
        wall = seconds(CLOCK_MONOTONIC) - begin;
    }
    w->cpu_us[phase] = (seconds(CLOCK_THREAD_CPUTIME_ID) - cpu) * 1e6 / n;
    w->per_s[phase] = n / wall;
}

static void *work(void *arg)
{
    struct worker *w = arg;

    for (unsigned phase = 0; phase < PHASES; phase++)
        measure(w, (enum phase)phase);
    return NULL;
}

static void worker_open(struct worker *w, CK_SLOT_ID slot)
{
    must(p11->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL,
                            NULL, &w->session),
         "C_OpenSession");
    w->key = make_key(w->session, false, &w->pub);
    w->stored = make_key(w->session, true, &w->stored_pub);

    EVP_PKEY *key = EVP_EC_gen("P-256");
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
    w->sig_len = sizeof(w->sig);
    w->verify = EVP_PKEY_CTX_new(key, NULL);
    w->keygen = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    if (EVP_PKEY_sign_init(ctx) != 1
        || EVP_PKEY_sign(ctx, w->sig, &w->sig_len, digest, sizeof(digest)) != 1
        || EVP_PKEY_verify_init(w->verify) != 1
        || EVP_PKEY_keygen_init(w->keygen) != 1
        || EVP_PKEY_CTX_set_group_name(w->keygen, "P-256") != 1)
        exit(1);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(key);
}

static void worker_close(struct worker *w)
{
    must(p11->C_DestroyObject(w->session, w->stored), "C_DestroyObject");
    must(p11->C_DestroyObject(w->session, w->stored_pub), "C_DestroyObject");
    EVP_PKEY_CTX_free(w->verify);
    EVP_PKEY_CTX_free(w->keygen);
}

static void measure_all(CK_SLOT_ID slot, unsigned n)
{
    static struct worker workers[THREADS_MAX];
    pthread_barrier_t barrier;
    double us[PHASES] = { 0 };
    double per_s[PHASES] = { 0 };

    (void)pthread_barrier_init(&barrier, NULL, n);
    for (unsigned i = 0; i < n; i++) {
        workers[i].barrier = &barrier;
        worker_open(&workers[i], slot);
    }
    for (unsigned i = 0; i < n; i++)
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
            exit(1);
    for (unsigned i = 0; i < n; i++) {
        (void)pthread_join(workers[i].thread, NULL);
        for (unsigned phase = 0; phase < PHASES; phase++) {
            us[phase] += workers[i].cpu_us[phase] / n;
            per_s[phase] += workers[i].per_s[phase];
        }
        worker_close(&workers[i]);
    }
    (void)pthread_barrier_destroy(&barrier);
    printf("threads=%u c_sign_per_s=%.0f c_sign_us=%.1f stored_per_s=%.0f "
           "stored_us=%.1f verify_us=%.1f keygen_us=%.1f sign_us=%.1f "
           "issue_us=%.1f\n",
           n, per_s[SIGN], us[SIGN], per_s[SIGN_STORED], us[SIGN_STORED],
           us[VERIFY], us[KEYGEN], 2 * us[VERIFY] + us[SIGN],
           us[KEYGEN] + us[SIGN] + us[VERIFY]);
}

int main(int argc, char **argv)
{
    struct sg_err err = { 0 };
    uint64_t threads = 1;

    if (argc < 4 || argc > 5
        || (argc == 5
            && sg_parse_u64(argv[4], 1, THREADS_MAX, &threads, &err)
                   != SG_OK)) {
        fprintf(stderr, "usage: bench-floor MODULE TOKEN-LABEL PIN-FILE "
                        "[THREADS]\n");
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

    measure_all(slot, (unsigned)threads);
    (void)p11->C_Finalize(NULL);
    return 0;
}
