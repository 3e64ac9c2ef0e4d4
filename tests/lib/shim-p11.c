/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/shim-odd.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define POLL_MS 5 /* how often a hanging call looks whether it still hangs */

static struct {
    struct shim_control *control;
    CK_FUNCTION_LIST_PTR real;
    CK_FUNCTION_LIST ours;
    _Atomic CK_SLOT_ID slot; /* of the last session: what SHIM_DROP drops */
} g;

static void sleep_ms(uint32_t ms)
{
    struct timespec ts = { .tv_sec = ms / 1000,
                           .tv_nsec = (long)(ms % 1000) * 1000000 };

    while (nanosleep(&ts, &ts) != 0) {
    }
}

/* Take one off. False: there was none. */
static bool take_one(_Atomic uint32_t *count)
{
    uint32_t left = *count;

    while (left > 0)
        if (atomic_compare_exchange_weak(count, &left, left - 1))
            return true;
    return false;
}

/* Is it this call's turn? */
static enum shim_do turn(struct shim_rule *rule)
{
    enum shim_do what = (enum shim_do)rule->what;

    if (what == SHIM_PASS || take_one(&rule->skip))
        return SHIM_PASS;
    return !rule->limited || take_one(&rule->times) ? what : SHIM_PASS;
}

static struct shim_odd_on odd(void)
{
    return (struct shim_odd_on){ g.real, g.control };
}

/* What happens before the real call; CKR_OK: make it. */
static CK_RV before(enum shim_call call)
{
    struct shim_rule *rule = &g.control->rule[call];

    g.control->calls[call]++;
    switch (turn(rule)) {
    case SHIM_PASS:
        break;
    case SHIM_FAIL:
        return rule->value;
    case SHIM_HANG:
        do
            sleep_ms(POLL_MS);
        while (rule->what == SHIM_HANG);
        break;
    case SHIM_DELAY:
        sleep_ms(rule->value);
        break;
    case SHIM_DROP:
        (void)g.real->C_CloseAllSessions(g.slot);
        break;
    }
    return CKR_OK;
}

#define PASS_TO(name, odd_call, ...) \
    CK_RV rv = before(SHIM_##name); \
    struct shim_odd_on on = odd(); \
    return rv != CKR_OK ? rv : odd_call(&on, __VA_ARGS__)
#define PASS_ON(name, ...) \
    CK_RV rv = before(SHIM_##name); \
    return rv != CKR_OK ? rv : g.real->C_##name(__VA_ARGS__)

static CK_RV shim_initialize(void *args)
{
    PASS_TO(Initialize, shim_odd_initialize, args);
}

static CK_RV shim_finalize(void *reserved)
{
    PASS_ON(Finalize, reserved);
}

static CK_RV shim_get_slot_list(CK_BBOOL present, CK_SLOT_ID_PTR slots,
                                CK_ULONG_PTR n)
{
    PASS_ON(GetSlotList, present, slots, n);
}

static CK_RV shim_get_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO_PTR info)
{
    CK_RV rv = before(SHIM_GetTokenInfo);

    if (rv == CKR_OK)
        rv = g.real->C_GetTokenInfo(slot, info);
    if (rv == CKR_OK) {
        struct shim_odd_on on = odd();
        info->flags |= g.control->token_flags;
        shim_odd_token_info(&on, info);
    }
    return rv;
}

static CK_RV shim_open_session(CK_SLOT_ID slot, CK_FLAGS flags, void *arg,
                               CK_NOTIFY notify, CK_SESSION_HANDLE_PTR ses)
{
    g.slot = slot;
    PASS_ON(OpenSession, slot, flags, arg, notify, ses);
}

static CK_RV shim_get_session_info(CK_SESSION_HANDLE ses,
                                   CK_SESSION_INFO_PTR info)
{
    PASS_ON(GetSessionInfo, ses, info);
}

static CK_RV shim_login(CK_SESSION_HANDLE ses, CK_USER_TYPE user,
                        CK_UTF8CHAR_PTR pin, CK_ULONG len)
{
    PASS_TO(Login, shim_odd_login, ses, user, pin, len);
}

static CK_RV shim_find_objects_init(CK_SESSION_HANDLE ses,
                                    CK_ATTRIBUTE_PTR attrs, CK_ULONG n)
{
    PASS_ON(FindObjectsInit, ses, attrs, n);
}

static CK_RV shim_get_attribute_value(CK_SESSION_HANDLE ses,
                                      CK_OBJECT_HANDLE object,
                                      CK_ATTRIBUTE_PTR attrs, CK_ULONG n)
{
    struct shim_odd_on on = odd();

    return shim_odd_attributes(&on, ses, object, attrs, n);
}

static CK_RV shim_generate_key_pair(CK_SESSION_HANDLE ses,
                                    CK_MECHANISM_PTR mech, CK_ATTRIBUTE_PTR pub,
                                    CK_ULONG n_pub, CK_ATTRIBUTE_PTR priv,
                                    CK_ULONG n_priv,
                                    CK_OBJECT_HANDLE_PTR ret_pub,
                                    CK_OBJECT_HANDLE_PTR ret_priv)
{
    struct shim_odd_pair pair = { mech,   pub,     priv,    n_pub,
                                  n_priv, ret_pub, ret_priv };

    PASS_TO(GenerateKeyPair, shim_odd_generate, ses, pair);
}

static CK_RV shim_destroy_object(CK_SESSION_HANDLE ses, CK_OBJECT_HANDLE object)
{
    PASS_ON(DestroyObject, ses, object);
}

static CK_RV shim_sign_init(CK_SESSION_HANDLE ses, CK_MECHANISM_PTR mech,
                            CK_OBJECT_HANDLE key)
{
    PASS_TO(SignInit, shim_odd_sign_init, ses, mech, key);
}

static CK_RV shim_sign(CK_SESSION_HANDLE ses, CK_BYTE_PTR data, CK_ULONG len,
                       CK_BYTE_PTR sig, CK_ULONG_PTR sig_len)
{
    PASS_TO(Sign, shim_odd_sign, ses, data, len, sig, sig_len);
}

static CK_RV map_control(void)
{
    const char *path = getenv(SHIM_CONTROL_ENV);
    int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
    void *p;

    if (fd < 0)
        return CKR_GENERAL_ERROR;
    p = mmap(NULL, sizeof(*g.control), PROT_READ | PROT_WRITE, MAP_SHARED, fd,
             0);
    close(fd);
    if (p == MAP_FAILED)
        return CKR_HOST_MEMORY;
    g.control = p;
    return CKR_OK;
}

static CK_RV load_real(void)
{
    void *dl = dlopen(g.control->real, RTLD_NOW | RTLD_LOCAL);
    CK_C_GetFunctionList get;

    if (dl == NULL)
        return CKR_GENERAL_ERROR;
    /* POSIX's own way to a function out of an object pointer. */
    *(void **)&get = dlsym(dl, "C_GetFunctionList");
    return get != NULL ? get(&g.real) : CKR_GENERAL_ERROR;
}

static void wrap(void)
{
    g.ours = *g.real;
    g.ours.C_Initialize = shim_initialize;
    g.ours.C_Finalize = shim_finalize;
    g.ours.C_GetSlotList = shim_get_slot_list;
    g.ours.C_GetTokenInfo = shim_get_token_info;
    g.ours.C_OpenSession = shim_open_session;
    g.ours.C_GetSessionInfo = shim_get_session_info;
    g.ours.C_Login = shim_login;
    g.ours.C_FindObjectsInit = shim_find_objects_init;
    g.ours.C_GetAttributeValue = shim_get_attribute_value;
    g.ours.C_GenerateKeyPair = shim_generate_key_pair;
    g.ours.C_DestroyObject = shim_destroy_object;
    g.ours.C_SignInit = shim_sign_init;
    g.ours.C_Sign = shim_sign;
}

CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR list)
{
    CK_RV rv = CKR_OK;

    if (g.control == NULL)
        rv = map_control();
    if (rv == CKR_OK && g.real == NULL)
        rv = load_real();
    if (rv != CKR_OK)
        return rv;
    wrap();
    *list = &g.ours;
    return CKR_OK;
}
