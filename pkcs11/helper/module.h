/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_PKCS11_HELPER_MODULE_H
#define SG_PKCS11_HELPER_MODULE_H

/* The loaded PKCS#11 module. Every Cryptoki call of the program goes through
 * tok_c(): counted, named in the debug log, and one at a time when the module
 * cannot lock. Thread-safe after tok_module_open(). */

#include <p11-kit/pkcs11.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "common/err.h"

/* The calls that we make. */
#define TOK_CALL_TABLE(X) \
    X(Initialize) \
    X(Finalize) \
    X(GetInfo) \
    X(GetSlotList) \
    X(GetTokenInfo) \
    X(GetMechanismInfo) \
    X(OpenSession) \
    X(CloseSession) \
    X(CloseAllSessions) \
    X(GetSessionInfo) \
    X(Login) \
    X(InitPIN) \
    X(FindObjectsInit) \
    X(FindObjects) \
    X(FindObjectsFinal) \
    X(GetAttributeValue) \
    X(GenerateKeyPair) \
    X(GenerateRandom) \
    X(DestroyObject) \
    X(SignInit) \
    X(Sign)

enum tok_call {
#define X(name) TOK_CALL_##name,
    TOK_CALL_TABLE(X)
#undef X
        TOK_CALL_N
};

struct tok_module {
    char *path;
    char *init_args; /* NULL: none */
    void *dl;
    CK_FUNCTION_LIST_PTR fn;
    bool serialise; /* the module said CKR_CANT_LOCK */
    pthread_mutex_t one_at_a_time;
    _Atomic uint64_t calls[TOK_CALL_N];
    _Atomic uint64_t failures[TOK_CALL_N];
};

/* Call C_<name>; the value is its CK_RV. */
#define tok_c(module, name, ...) \
    __extension__({ \
        tok_module_enter(module); \
        CK_RV rv_ = (module)->fn->C_##name(__VA_ARGS__); \
        tok_module_leave((module), TOK_CALL_##name, rv_); \
        rv_; \
    })
void tok_module_enter(struct tok_module *module);
void tok_module_leave(struct tok_module *module, enum tok_call call, CK_RV rv);

/* SG_CONFIG unless path is absolute and names a regular file of root or this
 * user that nobody else may write. */
enum sg_rc tok_module_check(const char *path, struct sg_err *err);

/* Check, load and C_Initialize. init_args is the module's own text for
 * C_Initialize, NULL for the most. Both are copied. Caller:
 * tok_module_close(). */
enum sg_rc tok_module_open(const char *path, const char *init_args,
                           struct tok_module **ret_module, struct sg_err *err);
/* C_Finalize and free; takes NULL. The object itself stays mapped: modules
 * leave threads and exit handlers behind. */
void tok_module_close(struct tok_module *module);
SG_DEFINE_CLEANUP(struct tok_module, tok_module_close);

/* C_Finalize and C_Initialize: every handle is dead afterwards. No other
 * thread may be inside the module. */
enum sg_rc tok_module_restart(struct tok_module *module, struct sg_err *err);

/* Every call with its counters, at debug level. */
void tok_module_log_counts(struct tok_module *module);

#endif
