/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/helper/module.h"

#include <assert.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"
#include "pkcs11/helper/ckr.h"

static const char *const CALL_NAMES[] = {
#define X(name) [TOK_CALL_##name] = "C_" #name,
    TOK_CALL_TABLE(X)
#undef X
};

void tok_module_enter(struct tok_module *module)
{
    if (module->serialise)
        (void)pthread_mutex_lock(&module->one_at_a_time);
}

void tok_module_leave(struct tok_module *module, enum tok_call call, CK_RV rv)
{
    if (module->serialise)
        (void)pthread_mutex_unlock(&module->one_at_a_time);
    atomic_fetch_add_explicit(&module->calls[call], 1, memory_order_relaxed);
    if (rv != CKR_OK)
        atomic_fetch_add_explicit(&module->failures[call], 1,
                                  memory_order_relaxed);
    if (sg_log_level() >= SG_LOG_DEBUG)
        sg_log(SG_LOG_DEBUG, "pkcs11_call", "call=%s rv=%s", CALL_NAMES[call],
               tok_ckr_name(rv));
}

enum sg_rc tok_module_check(const char *path, struct sg_err *err)
{
    struct stat st;

    if (path[0] != '/')
        return sg_err_set(err, SG_CONFIG, "module %s: not an absolute path",
                          path);
    /* Follows links: distributions link to versioned names. */
    if (stat(path, &st) != 0)
        return sg_err_errno(err, SG_CONFIG, "module %s", path);
    if (!S_ISREG(st.st_mode))
        return sg_err_set(err, SG_CONFIG, "module %s: not a regular file",
                          path);
    if (st.st_uid != 0 && st.st_uid != geteuid())
        return sg_err_set(err, SG_CONFIG,
                          "module %s: belongs to uid %u; it must be root's or "
                          "this user's (uid %u)",
                          path, st.st_uid, geteuid());
    if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return sg_err_set(err, SG_CONFIG,
                          "module %s: group or others may write it (mode "
                          "%04o): chmod go-w",
                          path, st.st_mode & 07777U);
    return SG_OK;
}

static enum sg_rc module_load(struct tok_module *m, struct sg_err *err)
{
    m->dl = dlopen(m->path, RTLD_NOW | RTLD_LOCAL);
    if (m->dl == NULL)
        return sg_err_set(
            err, SG_CONFIG, "module %s: %s", m->path,
            /* NOLINTNEXTLINE(concurrency-mt-unsafe): no threads yet */
            dlerror());

    CK_C_GetFunctionList get = NULL;
    /* POSIX promises that this conversion works, ISO C does not. */
    *(void **)&get = dlsym(m->dl, "C_GetFunctionList");
    if (get == NULL)
        return sg_err_set(err, SG_CONFIG,
                          "module %s: no C_GetFunctionList in it: not a "
                          "PKCS#11 module",
                          m->path);
    CK_RV rv = get(&m->fn);
    if (rv != CKR_OK)
        return tok_err_ckr(err, rv, "C_GetFunctionList");
    if (m->fn == NULL || m->fn->version.major < 2)
        return sg_err_set(err, SG_CONFIG,
                          "module %s: no PKCS#11 2.x function list", m->path);
    return SG_OK;
}

/* What a person can do about a module that does not start. */
static enum sg_rc initialize_failed(const struct tok_module *m, CK_RV rv,
                                    struct sg_err *err)
{
    if (rv == CKR_ARGUMENTS_BAD)
        return sg_err_native(err, SG_CONFIG, SG_SRC_CKR, rv,
                             "C_Initialize: CKR_ARGUMENTS_BAD: %s",
                             m->init_args != NULL
                                 ? "the module does not take these init-args"
                                 : "the module wants init-args of its own "
                                   "(docs/modules.md)");
    return tok_err_ckr(err, rv, "C_Initialize");
}

static enum sg_rc module_initialize(struct tok_module *m, struct sg_err *err)
{
    /* NSS has the text in the place of pReserved, and looks at one pointer
     * more behind it, which must be NULL. */
    struct {
        CK_C_INITIALIZE_ARGS ck;
        void *nss_reserved;
    } args = { .ck = { .flags = CKF_OS_LOCKING_OK,
                       .pReserved = m->init_args } };
    CK_RV rv = tok_c(m, Initialize, &args);

    if (rv == CKR_CANT_LOCK || rv == CKR_NEED_TO_CREATE_THREADS) {
        sg_log(SG_LOG_NOTICE, "module_serialised", "module=%s rv=%s", m->path,
               tok_ckr_name(rv));
        m->serialise = true;
        args.ck.flags = 0;
        rv = tok_c(m, Initialize, &args);
    }
    if (rv != CKR_OK && rv != CKR_CRYPTOKI_ALREADY_INITIALIZED)
        return initialize_failed(m, rv, err);
    return SG_OK;
}

enum sg_rc tok_module_open(const char *path, const char *init_args,
                           struct tok_module **ret_module, struct sg_err *err)
{
    SG_TRY(tok_module_check(path, err));

    SG_CLEANUP(tok_module_close)
    struct tok_module *m = calloc(1, sizeof(*m));
    if (m == NULL)
        return sg_err_set(err, SG_NOMEM, "module");
    (void)pthread_mutex_init(&m->one_at_a_time, NULL);
    m->path = strdup(path);
    m->init_args = init_args != NULL ? strdup(init_args) : NULL;
    if (m->path == NULL || (init_args != NULL && m->init_args == NULL))
        return sg_err_set(err, SG_NOMEM, "module");
    SG_TRY(module_load(m, err));
    enum sg_rc rc = module_initialize(m, err);
    if (rc != SG_OK) {
        m->fn = NULL; /* nothing to finalise */
        return sg_err_wrap(err, "module %s", path);
    }
    *ret_module = SG_TAKE(m);
    return SG_OK;
}

void tok_module_close(struct tok_module *module)
{
    if (module == NULL)
        return;
    if (module->fn != NULL)
        (void)tok_c(module, Finalize, NULL);
    (void)pthread_mutex_destroy(&module->one_at_a_time);
    free(module->path);
    free(module->init_args);
    free(module);
}

enum sg_rc tok_module_restart(struct tok_module *module, struct sg_err *err)
{
    /* It may not even know that it is initialised: the answer is no matter. */
    (void)tok_c(module, Finalize, NULL);
    return module_initialize(module, err);
}

void tok_module_log_counts(struct tok_module *module)
{
    for (size_t i = 0; i < TOK_CALL_N; i++) {
        unsigned long long calls = atomic_load(&module->calls[i]);
        if (calls == 0)
            continue;
        sg_log(SG_LOG_DEBUG, "pkcs11_count", "call=%s calls=%llu failures=%llu",
               CALL_NAMES[i], calls,
               (unsigned long long)atomic_load(&module->failures[i]));
    }
}
