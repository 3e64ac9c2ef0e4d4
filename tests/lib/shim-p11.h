/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_TESTS_LIB_SHIM_P11_H
#define SG_TESTS_LIB_SHIM_P11_H

/* A PKCS#11 module (shim-p11.so) that stands before a real one and does what
 * SoftHSM never does: fail, hang, lose its sessions, lock the PIN. A test holds
 * the strings through a file that both sides map; the module finds it by the
 * environment variable SHIM_CONTROL_ENV. */

#include <stdatomic.h>
#include <stdint.h>

#define SHIM_CONTROL_ENV "SIGNET_SHIM_CONTROL"
#define SHIM_PATH_MAX 256
#define SHIM_PIN_MAX 32

/* The calls that are counted and can be disturbed. */
#define SHIM_CALL_TABLE(X) \
    X(Initialize) \
    X(Finalize) \
    X(GetSlotList) \
    X(GetTokenInfo) \
    X(OpenSession) \
    X(GetSessionInfo) \
    X(Login) \
    X(FindObjectsInit) \
    X(GenerateKeyPair) \
    X(DestroyObject) \
    X(SignInit) \
    X(Sign)

enum shim_call {
#define X(name) SHIM_##name,
    SHIM_CALL_TABLE(X)
#undef X
        SHIM_CALL_N
};

enum shim_do {
    SHIM_PASS,
    SHIM_FAIL,  /* value: the CK_RV */
    SHIM_HANG,  /* until do is something else */
    SHIM_DELAY, /* value: milliseconds, then the real call */
    SHIM_DROP   /* C_CloseAllSessions first, as if the token was reset */
};

struct shim_rule {
    _Atomic uint32_t what;    /* enum shim_do */
    _Atomic uint32_t skip;    /* so many calls pass first */
    _Atomic uint32_t limited; /* then it acts times times, else always */
    _Atomic uint32_t times;
    _Atomic uint32_t value;
};

/* How modules behave that are not SoftHSM; bits of shim_control.odd. */
enum shim_odd {
    SHIM_ODD_RAW_POINT = 1 << 0,    /* CKA_EC_POINT without an OCTET STRING */
    SHIM_ODD_SHORT_POINT = 1 << 1,  /* with an octet too few (tpm2-pkcs11) */
    SHIM_ODD_TOKEN_HASHES = 1 << 2, /* no mechanism for ready hashes */
    SHIM_ODD_NUL_PADDING = 1 << 3,  /* where PKCS#11 wants blanks */
    SHIM_ODD_NO_SERIAL = 1 << 4,
    SHIM_ODD_PIN_PAD = 1 << 5,            /* takes no PIN from a program */
    SHIM_ODD_PIN_PER_KEY = 1 << 6,        /* CKA_ALWAYS_AUTHENTICATE */
    SHIM_ODD_NOT_LOCAL = 1 << 7,          /* CKA_LOCAL is never true (NSS) */
    SHIM_ODD_OWN_IDS = 1 << 8,            /* takes no CKA_ID (YubiHSM 2) */
    SHIM_ODD_SAME_IDS = 1 << 9,           /* and has one for all keys */
    SHIM_ODD_FEW_FLAGS = 1 << 10,         /* knows nothing of *_RECOVER */
    SHIM_ODD_VERIFY_IS_DECRYPT = 1 << 11, /* tpm2-pkcs11 */
    SHIM_ODD_INIT_ARGS = 1 << 12,         /* wants SHIM_INIT_ARGS (NSS) */
    SHIM_ODD_ONE_SESSION = 1 << 13        /* is all that the token has */
};
#define SHIM_INIT_ARGS "shim='yes, please'"

struct shim_control {
    char real[SHIM_PATH_MAX]; /* the module behind */
    struct shim_rule rule[SHIM_CALL_N];
    _Atomic uint32_t calls[SHIM_CALL_N];
    _Atomic uint32_t odd;         /* enum shim_odd */
    char pin[SHIM_PIN_MAX];       /* what SHIM_ODD_PIN_* take */
    _Atomic uint32_t token_flags; /* added to what C_GetTokenInfo says */
};

/* For tests: make the file, map it, name it in the environment. */
struct shim_control *shim_control_new(const char *path, const char *real);
void shim_control_free(struct shim_control *control);
/* Let the call do what from now on. */
void shim_rule_set(struct shim_control *control, enum shim_call call,
                   enum shim_do what, uint32_t value);
/* Fail with rv times times; never more, whatever calls come meanwhile. */
void shim_fail_times(struct shim_control *control, enum shim_call call,
                     uint32_t rv, uint32_t times);
/* Only after skip calls, and times times. */
void shim_rule_count(struct shim_control *control, enum shim_call call,
                     uint32_t skip, uint32_t times);
/* Rules, flags, counters and what is odd. */
void shim_reset(struct shim_control *control);

#endif
