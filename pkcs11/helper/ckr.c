/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/helper/ckr.h"

#include <assert.h>
#include <stdlib.h>

/* Named in PKCS#11 3.0, missing from p11-kit 0.24's header. */
#define CKR_TOKEN_RESOURCE_EXCEEDED 0x201UL
#define CKR_OPERATION_CANCEL_FAILED 0x202UL
#define CKR_KEY_EXHAUSTED 0x203UL

/* name, our code, cure, next step for a person ("" when the name says it).
 * Ascending: looked up by bisection. DEVICE_MEMORY and HOST_MEMORY are worth a
 * new session: modules leak in the old one. FUNCTION_FAILED and GENERAL_ERROR
 * are what vendors answer when the connection to the HSM is gone. */
#define CKR_TABLE(X) \
    X(CANCEL, TOKEN, SESSION, "") \
    X(HOST_MEMORY, TOKEN, SESSION, "") \
    X(SLOT_ID_INVALID, TOKEN, MODULE, "the slot is gone") \
    X(GENERAL_ERROR, TOKEN, SESSION, "") \
    X(FUNCTION_FAILED, TOKEN, SESSION, "") \
    X(ARGUMENTS_BAD, TOKEN, NONE, "") \
    X(NO_EVENT, TOKEN, NONE, "") \
    X(NEED_TO_CREATE_THREADS, TOKEN, PROCESS, "") \
    X(CANT_LOCK, TOKEN, PROCESS, "") \
    X(ATTRIBUTE_READ_ONLY, TOKEN, NONE, "") \
    X(ATTRIBUTE_SENSITIVE, TOKEN, NONE, "") \
    X(ATTRIBUTE_TYPE_INVALID, TOKEN, NONE, "") \
    X(ATTRIBUTE_VALUE_INVALID, TOKEN, NONE, "") \
    X(ACTION_PROHIBITED, TOKEN, NONE, "") \
    X(DATA_INVALID, TOKEN, NONE, "") \
    X(DATA_LEN_RANGE, TOKEN, NONE, "") \
    X(DEVICE_ERROR, TOKEN, SESSION, "") \
    X(DEVICE_MEMORY, TOKEN, SESSION, "the token's memory is full") \
    X(DEVICE_REMOVED, TOKEN, LOGIN, "the token was removed") \
    X(ENCRYPTED_DATA_INVALID, TOKEN, NONE, "") \
    X(ENCRYPTED_DATA_LEN_RANGE, TOKEN, NONE, "") \
    X(FUNCTION_CANCELED, TOKEN, SESSION, "") \
    X(FUNCTION_NOT_PARALLEL, TOKEN, NONE, "") \
    X(FUNCTION_NOT_SUPPORTED, TOKEN, NONE, "the module cannot do this") \
    X(KEY_HANDLE_INVALID, TOKEN, SESSION, "") \
    X(KEY_SIZE_RANGE, TOKEN, NONE, "the token has no keys of this size") \
    X(KEY_TYPE_INCONSISTENT, TOKEN, NONE, "") \
    X(KEY_NOT_NEEDED, TOKEN, NONE, "") \
    X(KEY_CHANGED, TOKEN, SESSION, "") \
    X(KEY_NEEDED, TOKEN, NONE, "") \
    X(KEY_INDIGESTIBLE, TOKEN, NONE, "") \
    X(KEY_FUNCTION_NOT_PERMITTED, TOKEN, NONE, "") \
    X(KEY_NOT_WRAPPABLE, TOKEN, NONE, "") \
    X(KEY_UNEXTRACTABLE, TOKEN, NONE, "") \
    X(MECHANISM_INVALID, TOKEN, NONE, "the token lacks this mechanism") \
    X(MECHANISM_PARAM_INVALID, TOKEN, NONE, "") \
    X(OBJECT_HANDLE_INVALID, TOKEN, SESSION, "") \
    X(OPERATION_ACTIVE, TOKEN, SESSION, "") \
    X(OPERATION_NOT_INITIALIZED, TOKEN, SESSION, "") \
    X(PIN_INCORRECT, PIN, NONE, \
      "the PIN is wrong; it was tried once and is not tried again") \
    X(PIN_INVALID, PIN, NONE, "the token does not take such a PIN") \
    X(PIN_LEN_RANGE, PIN, NONE, "the PIN is too short or too long") \
    X(PIN_EXPIRED, PIN, NONE, "the PIN must be changed first") \
    X(PIN_LOCKED, PIN, NONE, "the PIN is locked: the SO must unlock it") \
    X(SESSION_CLOSED, TOKEN, SESSION, "") \
    X(SESSION_COUNT, TOKEN, LOGIN, "the token has no session left") \
    X(SESSION_HANDLE_INVALID, TOKEN, SESSION, "") \
    X(SESSION_PARALLEL_NOT_SUPPORTED, TOKEN, NONE, "") \
    X(SESSION_READ_ONLY, TOKEN, NONE, "") \
    X(SESSION_EXISTS, TOKEN, NONE, "other sessions are open on the token") \
    X(SESSION_READ_ONLY_EXISTS, TOKEN, NONE, "") \
    X(SESSION_READ_WRITE_SO_EXISTS, TOKEN, NONE, "the SO is logged in") \
    X(SIGNATURE_INVALID, TOKEN, NONE, "") \
    X(SIGNATURE_LEN_RANGE, TOKEN, NONE, "") \
    X(TEMPLATE_INCOMPLETE, TOKEN, NONE, "") \
    X(TEMPLATE_INCONSISTENT, TOKEN, NONE, "") \
    X(TOKEN_NOT_PRESENT, TOKEN, LOGIN, "the token is not there") \
    X(TOKEN_NOT_RECOGNIZED, TOKEN, MODULE, "") \
    X(TOKEN_WRITE_PROTECTED, TOKEN, NONE, "") \
    X(UNWRAPPING_KEY_HANDLE_INVALID, TOKEN, NONE, "") \
    X(UNWRAPPING_KEY_SIZE_RANGE, TOKEN, NONE, "") \
    X(UNWRAPPING_KEY_TYPE_INCONSISTENT, TOKEN, NONE, "") \
    X(USER_ALREADY_LOGGED_IN, TOKEN, LOGIN, "") \
    X(USER_NOT_LOGGED_IN, TOKEN, LOGIN, "") \
    X(USER_PIN_NOT_INITIALIZED, PIN, NONE, "the token has no user PIN yet") \
    X(USER_TYPE_INVALID, TOKEN, NONE, "") \
    X(USER_ANOTHER_ALREADY_LOGGED_IN, TOKEN, LOGIN, "") \
    X(USER_TOO_MANY_TYPES, TOKEN, NONE, "") \
    X(WRAPPED_KEY_INVALID, TOKEN, NONE, "") \
    X(WRAPPED_KEY_LEN_RANGE, TOKEN, NONE, "") \
    X(WRAPPING_KEY_HANDLE_INVALID, TOKEN, NONE, "") \
    X(WRAPPING_KEY_SIZE_RANGE, TOKEN, NONE, "") \
    X(WRAPPING_KEY_TYPE_INCONSISTENT, TOKEN, NONE, "") \
    X(RANDOM_SEED_NOT_SUPPORTED, TOKEN, NONE, "") \
    X(RANDOM_NO_RNG, TOKEN, NONE, "") \
    X(DOMAIN_PARAMS_INVALID, TOKEN, NONE, "") \
    X(CURVE_NOT_SUPPORTED, TOKEN, NONE, "the token lacks this curve") \
    X(BUFFER_TOO_SMALL, TOKEN, SESSION, "") \
    X(SAVED_STATE_INVALID, TOKEN, NONE, "") \
    X(INFORMATION_SENSITIVE, TOKEN, NONE, "") \
    X(STATE_UNSAVEABLE, TOKEN, NONE, "") \
    X(CRYPTOKI_NOT_INITIALIZED, TOKEN, MODULE, "") \
    X(CRYPTOKI_ALREADY_INITIALIZED, TOKEN, NONE, "") \
    X(MUTEX_BAD, TOKEN, PROCESS, "") \
    X(MUTEX_NOT_LOCKED, TOKEN, PROCESS, "") \
    X(NEW_PIN_MODE, PIN, NONE, "the token asks for a new PIN") \
    X(NEXT_OTP, PIN, NONE, "") \
    X(EXCEEDED_MAX_ITERATIONS, TOKEN, NONE, "") \
    X(FIPS_SELF_TEST_FAILED, TOKEN, PROCESS, "") \
    X(LIBRARY_LOAD_FAILED, TOKEN, PROCESS, "") \
    X(PIN_TOO_WEAK, PIN, NONE, "the token wants a stronger PIN") \
    X(PUBLIC_KEY_INVALID, TOKEN, NONE, "") \
    X(FUNCTION_REJECTED, TOKEN, NONE, "") \
    X(TOKEN_RESOURCE_EXCEEDED, TOKEN, SESSION, "") \
    X(OPERATION_CANCEL_FAILED, TOKEN, SESSION, "") \
    X(KEY_EXHAUSTED, TOKEN, NONE, "the key may sign no more")

struct ckr_info {
    CK_RV rv;
    const char *name;
    enum sg_rc rc;
    enum tok_cure cure;
    const char *hint;
};

static const struct ckr_info CKRS[] = {
#define X(name, rc, cure, hint) \
    { CKR_##name, "CKR_" #name, SG_##rc, TOK_CURE_##cure, (hint) },
    CKR_TABLE(X)
#undef X
};

/* A vendor's own code: nobody knows what it means, so try what helps most. */
static const struct ckr_info VENDOR = { CKR_VENDOR_DEFINED,
                                        "CKR_VENDOR_DEFINED", SG_TOKEN,
                                        TOK_CURE_SESSION, "" };
static const struct ckr_info UNKNOWN = { 0, "CKR_?", SG_TOKEN, TOK_CURE_SESSION,
                                         "" };

static int ckr_compare(const void *key, const void *row)
{
    CK_RV a = *(const CK_RV *)key;
    CK_RV b = ((const struct ckr_info *)row)->rv;

    return (a > b) - (a < b);
}

static const struct ckr_info *ckr_info(CK_RV rv)
{
    if ((rv & CKR_VENDOR_DEFINED) != 0)
        return &VENDOR;
    const struct ckr_info *row =
        bsearch(&rv, CKRS, SG_ARRAY_LEN(CKRS), sizeof(CKRS[0]), ckr_compare);
    return row != NULL ? row : &UNKNOWN;
}

const char *tok_ckr_name(CK_RV rv)
{
    return rv == CKR_OK ? "CKR_OK" : ckr_info(rv)->name;
}

enum tok_cure tok_ckr_cure(CK_RV rv)
{
    return rv == CKR_OK ? TOK_CURE_NONE : ckr_info(rv)->cure;
}

enum sg_rc tok_err_fill_ckr(struct sg_err *err, CK_RV rv, const char *call,
                            const char *where)
{
    const struct ckr_info *info = ckr_info(rv);

    assert(rv != CKR_OK);
    if (info == &VENDOR || info == &UNKNOWN)
        return sg_err_fill(err, info->rc, SG_SRC_CKR, rv, where, "%s: %s 0x%lx",
                           call, info->name, rv);
    return sg_err_fill(err, info->rc, SG_SRC_CKR, rv, where, "%s: %s%s%s", call,
                       info->name, info->hint[0] != '\0' ? ": " : "",
                       info->hint);
}
