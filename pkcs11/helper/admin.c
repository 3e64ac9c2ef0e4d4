/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/helper/admin.h"

#include <libp11.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/secret.h"
#include "pkcs11/helper/ckr.h"
#include "pkcs11/helper/module.h"
#include "pkcs11/helper/uri.h"

#define TOKEN_LABEL_LEN 32 /* PKCS#11 C_InitToken: blank-padded, no NUL */

struct tok_admin {
    struct tok_admin_config cfg;
    struct tok_module *module;
    PKCS11_CTX *ctx; /* the same module once more, when a token is made */
    PKCS11_SLOT *slots;
    unsigned n_slots;
};

/* After our own start of the module: libp11 takes "already initialised". It
 * reports through OpenSSL's error queue. */
static enum sg_rc ctx_load(struct tok_admin *a, struct sg_err *err)
{
    a->ctx = PKCS11_CTX_new();
    if (a->ctx == NULL)
        return sg_err_openssl(err, SG_NOMEM, "libp11");
    PKCS11_CTX_init_args(a->ctx, a->cfg.init_args);
    if (PKCS11_CTX_load(a->ctx, a->cfg.module) != 0) {
        PKCS11_CTX_free(a->ctx);
        a->ctx = NULL;
        return sg_err_openssl(err, SG_TOKEN, "module %s", a->cfg.module);
    }
    return SG_OK;
}

/* C_Finalize comes with it. */
static void ctx_unload(struct tok_admin *a)
{
    if (a->ctx == NULL)
        return;
    if (a->slots != NULL)
        PKCS11_release_all_slots(a->ctx, a->slots, a->n_slots);
    a->slots = NULL;
    a->n_slots = 0;
    PKCS11_CTX_unload(a->ctx);
    PKCS11_CTX_free(a->ctx);
    a->ctx = NULL;
}

/* Look at all slots anew. Not PKCS11_update_slots(): that of libp11 0.4.12
 * reads freed memory when it is called a second time. */
static enum sg_rc refresh(struct tok_admin *a, struct sg_err *err)
{
    if (a->ctx == NULL)
        SG_TRY(ctx_load(a, err));
    if (a->slots != NULL)
        PKCS11_release_all_slots(a->ctx, a->slots, a->n_slots);
    a->slots = NULL;
    a->n_slots = 0;
    if (PKCS11_enumerate_slots(a->ctx, &a->slots, &a->n_slots) != 0)
        return sg_err_openssl(err, SG_TOKEN, "slots");
    return SG_OK;
}

static enum sg_rc load(struct tok_admin *a, struct sg_err *err)
{
    return tok_module_open(a->cfg.module, a->cfg.init_args, &a->module, err);
}

static void unload(struct tok_admin *a)
{
    ctx_unload(a);
    tok_module_close(a->module);
    a->module = NULL;
}

enum sg_rc tok_admin_open(const struct tok_admin_config *cfg,
                          struct tok_admin **ret_admin, struct sg_err *err)
{
    SG_CLEANUP(tok_admin_close)
    struct tok_admin *a = calloc(1, sizeof(*a));

    if (a == NULL)
        return sg_err_set(err, SG_NOMEM, "token list");
    a->cfg = *cfg;
    SG_TRY(load(a, err));
    *ret_admin = SG_TAKE(a);
    return SG_OK;
}

void tok_admin_close(struct tok_admin *admin)
{
    if (admin == NULL)
        return;
    unload(admin);
    free(admin);
}

void tok_admin_describe(struct tok_admin *admin, struct tok_token_info *ret)
{
    *ret = (struct tok_token_info){ 0 };
    tok_module_describe(admin->module, ret->module, sizeof(ret->module));
}

/* A token that is pulled out right now, or that the module does not know, must
 * not hide the others. */
static bool describe(struct tok_admin *admin, CK_SLOT_ID slot,
                     struct tok_token_info *ret)
{
    struct sg_err why = { 0 };
    char quoted[SG_LOG_VALUE_MAX];

    if (tok_token_describe(admin->module, slot, ret, NULL, &why) == SG_OK)
        return true;
    sg_log(SG_LOG_WARN, "slot_unreadable", "slot=%lu err=%s", slot,
           sg_log_quote(why.msg, quoted, sizeof(quoted)));
    return false;
}

enum sg_rc tok_admin_list(struct tok_admin *admin, struct tok_token_info *ret,
                          size_t max, size_t *ret_n, struct sg_err *err)
{
    CK_SLOT_ID slots[TOK_SLOTS_SEEN_MAX];
    CK_ULONG n_slots = 0;
    size_t n = 0;

    if (admin->module == NULL)
        return sg_err_set(err, SG_TOKEN, "the module did not start again");
    SG_TRY(tok_slots(admin->module, slots, &n_slots, err));
    for (CK_ULONG i = 0; i < n_slots; i++) {
        struct tok_token_info info;
        if (!describe(admin, slots[i], &info))
            continue;
        if (n == max)
            return sg_err_set(err, SG_LIMIT, "more than %zu tokens", max);
        ret[n++] = info;
    }
    *ret_n = n;
    return SG_OK;
}

/* --- making a token --------------------------------------------------------------- */

static enum sg_rc check_blank(struct tok_admin *a,
                              const struct tok_token_init *init,
                              struct sg_err *err)
{
    CK_SLOT_ID slots[TOK_SLOTS_SEEN_MAX];
    CK_ULONG n = 0;
    struct tok_token_info hit = { 0 };
    bool found = false;

    SG_TRY(tok_slots(a->module, slots, &n, err));
    for (CK_ULONG i = 0; i < n; i++) {
        struct tok_token_info info;
        if (!describe(a, slots[i], &info))
            continue;
        if (info.initialised && strcmp(info.label, init->label) == 0)
            return sg_err_set(err, SG_CONFLICT,
                              "a token \"%s\" exists already (slot %lu)",
                              init->label, slots[i]);
        if (slots[i] == init->slot_id) {
            hit = info;
            found = true;
        }
    }
    if (!found)
        return sg_err_set(err, SG_NOT_FOUND, "no token in slot %llu",
                          (unsigned long long)init->slot_id);
    if (hit.initialised)
        return sg_err_set(err, SG_CONFLICT,
                          "the token in slot %llu is initialised (\"%s\"): "
                          "doing it again would destroy its keys",
                          (unsigned long long)init->slot_id, hit.label);
    return SG_OK;
}

static enum sg_rc find_slot(struct tok_admin *a,
                            const struct tok_token_init *init,
                            PKCS11_SLOT **ret, struct sg_err *err)
{
    SG_TRY(check_blank(a, init, err));
    SG_TRY(refresh(a, err));
    for (unsigned i = 0; i < a->n_slots; i++) {
        PKCS11_SLOT *slot = &a->slots[i];
        if (slot->token == NULL
            || PKCS11_get_slotid_from_slot(slot) != init->slot_id)
            continue;
        *ret = slot;
        return SG_OK;
    }
    return sg_err_set(err, SG_NOT_FOUND, "the token in slot %llu is gone",
                      (unsigned long long)init->slot_id);
}

static enum sg_rc check_label(const char *label, struct sg_err *err)
{
    SG_TRY(tok_label_check(label, err));
    if (strlen(label) > TOKEN_LABEL_LEN)
        return sg_err_set(err, SG_USAGE,
                          "token label is longer than %d bytes (PKCS#11 "
                          "CK_TOKEN_INFO)",
                          TOKEN_LABEL_LEN);
    return SG_OK;
}

static enum sg_rc pin_from(const char *source, const char *what,
                           struct sg_secret **ret, struct sg_err *err)
{
    if (source == NULL)
        return sg_err_set(err, SG_CONFIG, "the %s is needed: --%s is missing",
                          what,
                          what[0] == 'S' ? "so-pin-source" : "pin-source");
    SG_TRY(sg_secret_from(source, what, ret, err));
    if ((*ret)->len == 0 || memchr((*ret)->buf, 0, (*ret)->len) != NULL) {
        sg_secret_free(SG_TAKE(*ret));
        return sg_err_set(err, SG_PIN, "the %s is empty or holds a NUL byte",
                          what);
    }
    return SG_OK;
}

/* libp11 passes the label on as it is: the padding is ours. */
static enum sg_rc init_token(PKCS11_SLOT *slot, const char *label,
                             const struct sg_secret *so_pin, struct sg_err *err)
{
    char padded[TOKEN_LABEL_LEN + 1];

    memset(padded, ' ', TOKEN_LABEL_LEN);
    memcpy(padded, label, strlen(label));
    padded[TOKEN_LABEL_LEN] = '\0';
    if (PKCS11_init_token(slot->token, (const char *)so_pin->buf, padded) != 0)
        return sg_err_openssl(err, SG_TOKEN, "C_InitToken");
    return SG_OK;
}

/* Not PKCS11_login() and PKCS11_init_pin(): libp11 0.4.12 keeps the SO PIN and
 * waits for ever when no session can be opened. */
static enum sg_rc init_user_pin(struct tok_module *m, CK_SLOT_ID slot,
                                const struct sg_secret *so_pin,
                                const struct sg_secret *pin, struct sg_err *err)
{
    CK_SESSION_HANDLE ses;
    CK_FLAGS flags = CKF_SERIAL_SESSION | CKF_RW_SESSION;

    CK_RV rv = tok_c(m, OpenSession, slot, flags, NULL, NULL, &ses);
    if (rv != CKR_OK)
        return tok_err_ckr(err, rv, "C_OpenSession");
    const char *call = "C_Login (SO)";
    rv = tok_c(m, Login, ses, CKU_SO, so_pin->buf, so_pin->len);
    if (rv == CKR_OK) {
        call = "C_InitPIN";
        rv = tok_c(m, InitPIN, ses, pin->buf, pin->len);
    }
    (void)tok_c(m, CloseSession, ses);
    return rv == CKR_OK ? SG_OK : tok_err_ckr(err, rv, call);
}

/* SoftHSM gives an initialised token another slot, at the latest when the
 * module starts again. Some tokens have no serial number of their own. */
static enum sg_rc find_again(struct tok_admin *a, const char *label,
                             const char *serial, struct tok_token_info *ret,
                             struct sg_err *err)
{
    CK_SLOT_ID slots[TOK_SLOTS_SEEN_MAX];
    CK_ULONG n = 0;

    unload(a);
    SG_TRY(load(a, err));
    SG_TRY(tok_slots(a->module, slots, &n, err));
    for (CK_ULONG i = 0; i < n; i++) {
        struct tok_token_info info;
        if (!describe(a, slots[i], &info) || !info.initialised
            || strcmp(info.serial, serial) != 0
            || strcmp(info.label, label) != 0)
            continue;
        *ret = info;
        return SG_OK;
    }
    return sg_err_set(err, SG_TOKEN,
                      "the token with serial %s is gone after it was made",
                      serial);
}

enum sg_rc tok_admin_init(struct tok_admin *admin,
                          const struct tok_token_init *init,
                          struct tok_token_info *ret, struct sg_err *err)
{
    SG_CLEANUP(sg_secret_free) struct sg_secret *so_pin = NULL;
    SG_CLEANUP(sg_secret_free) struct sg_secret *pin = NULL;
    struct tok_token_info made;
    PKCS11_SLOT *slot = NULL;

    if (admin->module == NULL)
        return sg_err_set(err, SG_TOKEN, "the module did not start again");
    SG_TRY(check_label(init->label, err));
    SG_TRY(find_slot(admin, init, &slot, err));
    SG_TRY(pin_from(admin->cfg.so_pin_source, "SO PIN", &so_pin, err));
    SG_TRY(pin_from(admin->cfg.pin_source, "user PIN", &pin, err));
    SG_TRY(init_token(slot, init->label, so_pin, err));
    SG_TRY(tok_token_describe(admin->module, init->slot_id, &made, NULL, err));
    SG_TRY(init_user_pin(admin->module, init->slot_id, so_pin, pin, err));
    sg_log(SG_LOG_NOTICE, "token_made", "serial=%s", made.serial);
    return find_again(admin, init->label, made.serial, ret, err);
}
