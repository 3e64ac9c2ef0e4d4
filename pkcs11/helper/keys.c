/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/helper/keys.h"

#include <openssl/sha.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup-openssl.h"
#include "common/log.h"
#include "pkcs11/helper/guardfile.h"
#include "pkcs11/helper/spki.h"

struct sg_slice tok_entry_spki(const struct tok_entry *entry)
{
    return SG_SLICE(entry->spki, entry->spki_len);
}

enum sg_rc tok_keys_new(const char *guard_dir, const char *serial,
                        struct tok_keys **ret_keys, struct sg_err *err)
{
    if (guard_dir != NULL)
        SG_TRY(tok_guard_dir_ready(guard_dir, err));
    struct tok_keys *keys = calloc(1, sizeof(*keys));
    if (keys == NULL)
        return sg_err_set(err, SG_NOMEM, "keys");
    (void)pthread_mutex_init(&keys->lock, NULL);
    keys->guard_dir = guard_dir;
    keys->serial = serial;
    *ret_keys = keys;
    return SG_OK;
}

static void entry_free(struct tok_entry *entry)
{
    EVP_PKEY_free(entry->pub);
    tok_guard_free(atomic_load(&entry->guard));
    tok_use_close(entry->use);
    free(entry);
}

void tok_keys_free(struct tok_keys *keys)
{
    if (keys == NULL)
        return;
    for (uint32_t i = 0; i < atomic_load(&keys->n); i++)
        entry_free(keys->entries[i]);
    (void)pthread_mutex_destroy(&keys->lock);
    free(keys);
}

struct tok_entry *tok_keys_get(struct tok_keys *keys, uint32_t ref)
{
    if (ref >= atomic_load_explicit(&keys->n, memory_order_acquire))
        return NULL;
    return keys->entries[ref];
}

/* --- guards ----------------------------------------------------------------------- */

void tok_key_info_guard(struct tok_key_info *info,
                        const struct tok_guard_state *guard)
{
    info->has_guard = guard != NULL;
    if (guard == NULL)
        return;
    info->purpose = guard->limits.purpose;
    info->may_sign_ca = guard->limits.may_sign_ca;
    info->has_max_path_length = guard->limits.has_max_path_length;
    info->max_path_length = guard->limits.max_path_length;
    info->max_validity = guard->limits.max_validity;
    info->bound = guard->limits.bound;
    memcpy(info->issuer_sha256, guard->issuer_sha256,
           sizeof(info->issuer_sha256));
}

static struct tok_guard_key guard_key(const struct tok_keys *keys,
                                      const struct tok_key_info *info)
{
    return (struct tok_guard_key){
        .dir = keys->guard_dir,
        .serial = keys->serial,
        .label = info->label,
        .id = SG_SLICE(info->id, info->id_len),
        .spki = SG_SLICE(info->spki, info->spki_len),
    };
}

/* A guard that cannot be read shows as none, so that one bad file does not
 * hide the other keys. */
static void list_guard(const struct tok_keys *keys, struct tok_key_info *info)
{
    SG_CLEANUP(tok_guard_free) struct tok_guard_state *guard = NULL;
    struct tok_guard_key key = guard_key(keys, info);
    struct sg_err err = { 0 };

    if (tok_guard_load(&key, NULL, &guard, &err) != SG_OK) {
        char quoted[SG_LOG_VALUE_MAX];
        sg_log(SG_LOG_WARN, "guard_unreadable", "err=%s",
               sg_log_quote(err.msg, quoted, sizeof(quoted)));
    }
    tok_key_info_guard(info, guard);
}

/* --- listing ------------------------------------------------------------------------ */

struct list_args {
    const struct tok_list_from *from;
    struct tok_key_info *infos; /* TOK_KEYS_PAGE of them */
    CK_OBJECT_HANDLE *handles;  /* TOK_KEYS_LISTED_MAX of them */
    struct tok_list_page page;
};

static int by_handle(const void *a, const void *b)
{
    CK_OBJECT_HANDLE x = *(const CK_OBJECT_HANDLE *)a;
    CK_OBJECT_HANDLE y = *(const CK_OBJECT_HANDLE *)b;

    return (x > y) - (x < y);
}

/* Other in another process and after every key that comes or goes. Handles of
 * objects in the token are the same in each session of one process. */
static uint64_t mark_of(const CK_OBJECT_HANDLE *handles, size_t n)
{
    uint8_t hash[SHA256_DIGEST_LENGTH];
    uint64_t mark = 0;

    (void)SHA256((const uint8_t *)handles, n * sizeof(*handles), hash);
    memcpy(&mark, hash, sizeof(mark));
    mark ^= (uint64_t)getpid();
    return mark != 0 ? mark : 1;
}

/* A key that others made may be odd in ways that signet does not use; it must
 * not hide the rest. What the token itself fails with is a failure. */
static enum sg_rc list_one(const struct tok_on *on, CK_OBJECT_HANDLE key,
                           struct tok_key_info *ret, struct sg_err *err)
{
    struct sg_err odd = { 0 };
    char quoted[SG_LOG_VALUE_MAX];

    if (tok_object_describe(on, key, ret, &odd) == SG_OK)
        return SG_OK;
    if (odd.src == SG_SRC_CKR) {
        *err = odd;
        return err->rc;
    }
    sg_log(SG_LOG_WARN, "key_odd", "err=%s",
           sg_log_quote(odd.msg, quoted, sizeof(quoted)));
    return tok_object_name(on, key, ret, err);
}

static enum sg_rc list_op(struct tok_session *ses, void *arg,
                          struct sg_err *err)
{
    struct list_args *a = arg;
    struct tok_on on = { ses->login->module, ses->handle };
    struct tok_handles found = { .at = a->handles, .max = TOK_KEYS_LISTED_MAX };
    uint32_t first = a->from->first;

    SG_TRY(tok_object_find_keys(&on, NULL, SG_SLICE(NULL, 0), &found, err));
    qsort(found.at, found.n, sizeof(found.at[0]), by_handle);
    a->page = (struct tok_list_page){ .mark = mark_of(found.at, found.n),
                                      .total = (uint32_t)found.n };
    if (a->from->mark != 0 && a->from->mark != a->page.mark)
        return sg_err_set(err, SG_CONFLICT,
                          "the token's keys changed while they were listed: "
                          "list them again");
    while (a->page.n < TOK_KEYS_PAGE && first + a->page.n < found.n) {
        SG_TRY(list_one(&on, found.at[first + a->page.n], &a->infos[a->page.n],
                        err));
        a->page.n++;
    }
    return SG_OK;
}

enum sg_rc tok_keys_list(struct tok_keys *keys, struct tok_session *ses,
                         const struct tok_list_from *from,
                         struct tok_key_info *ret,
                         struct tok_list_page *ret_page, struct sg_err *err)
{
    struct list_args args = { .from = from, .infos = ret };

    if (from->first > TOK_KEYS_LISTED_MAX)
        return sg_err_set(err, SG_LIMIT, "key list: at most %d keys",
                          TOK_KEYS_LISTED_MAX);
    args.handles = calloc(TOK_KEYS_LISTED_MAX, sizeof(*args.handles));
    if (args.handles == NULL)
        return sg_err_set(err, SG_NOMEM, "key list");
    enum sg_rc rc = tok_session_run(ses, list_op, &args, err);
    free(args.handles);
    if (rc != SG_OK)
        return rc;
    for (size_t i = 0; i < args.page.n; i++)
        list_guard(keys, &ret[i]);
    *ret_page = args.page;
    return SG_OK;
}

/* --- finding one -------------------------------------------------------------------- */

static enum sg_rc check_attrs(const struct tok_key_info *info, bool known_local,
                              struct sg_err *err)
{
    const char *fault = tok_attrs_fault(info->attrs, known_local);

    if (fault != NULL)
        return sg_err_set(err, SG_POLICY, "key \"%s\": %s", info->label, fault);
    return SG_OK;
}

/* The one private key with this label and id. Whether it must say that it was
 * made in the token is known when its guard is. */
static enum sg_rc find_one(const struct tok_on *on, const char *label,
                           struct sg_slice id, CK_OBJECT_HANDLE *ret,
                           struct tok_key_info *ret_info, struct sg_err *err)
{
    CK_OBJECT_HANDLE list[TOK_HITS_MAX];
    struct tok_handles found = { .at = list, .max = TOK_HITS_MAX };

    SG_TRY(tok_object_find_keys(on, label, id, &found, err));
    if (found.n == 0)
        return sg_err_set(err, SG_NOT_FOUND, "the token has no key \"%s\"%s",
                          label, id.len > 0 ? " with this id" : "");
    if (found.n > 1)
        return sg_err_set(
            err, SG_CONFLICT, "the token has %zu keys \"%s\"%s", found.n, label,
            id.len > 0 ? " with this id" : ": name the one by its id");
    SG_TRY(tok_object_describe(on, found.at[0], ret_info, err));
    SG_TRY(check_attrs(ret_info, true, err));
    *ret = found.at[0];
    return SG_OK;
}

enum sg_rc tok_entry_find(const struct tok_entry *entry,
                          const struct tok_on *on, CK_OBJECT_HANDLE *ret,
                          struct sg_err *err)
{
    struct tok_key_info info;
    CK_OBJECT_HANDLE handle;

    SG_TRY(find_one(on, entry->label, SG_SLICE(entry->id, entry->id_len),
                    &handle, &info, err));
    SG_TRY(check_attrs(&info, atomic_load(&entry->guard) != NULL, err));
    if (info.spki_len > 0
        && !sg_slice_eq(SG_SLICE(info.spki, info.spki_len),
                        tok_entry_spki(entry)))
        return sg_err_set(err, SG_POLICY,
                          "key \"%s\": its public key is another one now",
                          entry->label);
    *ret = handle;
    return SG_OK;
}

struct open_args {
    const struct tok_key_open *want;
    struct tok_key_info info;
};

static enum sg_rc open_op(struct tok_session *ses, void *arg,
                          struct sg_err *err)
{
    struct open_args *a = arg;
    struct tok_on on = { ses->login->module, ses->handle };
    CK_OBJECT_HANDLE handle;

    return find_one(&on, a->want->label, a->want->id, &handle, &a->info, err);
}

/* --- opening -------------------------------------------------------------------------- */

/* The guard, and from it the public key when the token does not hold it. */
static enum sg_rc open_guard(const struct tok_keys *keys,
                             struct tok_key_info *info,
                             struct tok_guard_state **ret, struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf spki;
    struct tok_guard_key key = guard_key(keys, info);

    sg_buf_init(&spki, TOK_SPKI_MAX);
    SG_TRY(tok_guard_load(&key, &spki, ret, err));
    if (info->spki_len > 0)
        return SG_OK;
    if (spki.len == 0)
        return sg_err_set(err, SG_POLICY,
                          "key \"%s\": neither token nor guard holds a public "
                          "key that signet uses",
                          info->label);
    memcpy(info->spki, spki.data, spki.len);
    info->spki_len = (uint32_t)spki.len;
    return tok_spki_type(sg_buf_slice(&spki), &info->type, err);
}

static bool has_rate(const struct tok_guard *limits)
{
    return limits->per_second > 0 || limits->per_day > 0;
}

static void log_use_fault(const struct tok_entry *entry,
                          const struct tok_guard_state *guard)
{
    bool stops = guard != NULL && has_rate(&guard->limits);
    char quoted[SG_LOG_VALUE_MAX];
    char label[SG_LOG_VALUE_MAX];

    sg_log(stops ? SG_LOG_ERR : SG_LOG_WARN, "rates_unkept",
           "key=%s signs=%s errno=%lu err=%s",
           sg_log_quote(entry->label, label, sizeof(label)),
           stops ? "no" : "yes", entry->use_fault.native,
           sg_log_quote(entry->use_fault.msg, quoted, sizeof(quoted)));
}

static enum sg_rc entry_new(const struct tok_keys *keys,
                            const struct tok_key_info *info,
                            struct tok_guard_state **guard,
                            struct tok_entry **ret, struct sg_err *err)
{
    struct tok_guard_key key = guard_key(keys, info);
    SG_CLEANUP(tok_use_close) struct tok_use *use = NULL;
    struct sg_err fault = { 0 };
    const unsigned char *der = info->spki;
    SG_CLEANUP(EVP_PKEY_free)
    EVP_PKEY *pub = d2i_PUBKEY(NULL, &der, (long)info->spki_len);

    if (pub == NULL)
        return sg_err_openssl(err, SG_POLICY, "key \"%s\": public key",
                              info->label);
    SG_TRY(tok_use_open(&key, &use, &fault, err));
    struct tok_entry *entry = calloc(1, sizeof(*entry));
    if (entry == NULL)
        return sg_err_set(err, SG_NOMEM, "key");
    memcpy(entry->label, info->label, sizeof(entry->label));
    memcpy(entry->id, info->id, sizeof(entry->id));
    memcpy(entry->spki, info->spki, sizeof(entry->spki));
    entry->id_len = info->id_len;
    entry->spki_len = info->spki_len;
    entry->type = info->type;
    entry->attrs = info->attrs;
    entry->pub = SG_TAKE(pub);
    entry->use = SG_TAKE(use);
    entry->use_fault = fault;
    if (fault.rc != SG_OK)
        log_use_fault(entry, *guard);
    /* The guard was read before: look again at the first signature. */
    atomic_store(&entry->changes, UINT64_MAX);
    atomic_store(&entry->guard, SG_TAKE(*guard));
    *ret = entry;
    return SG_OK;
}

/* An entry that lost its guard file once may get it now; a guard that is there
 * stays (it may only be narrowed, by tok_keys_bind()). */
static enum sg_rc reopen(struct tok_entry *entry,
                         const struct tok_key_info *info,
                         struct tok_guard_state **guard, struct sg_err *err)
{
    if (!sg_slice_eq(SG_SLICE(info->spki, info->spki_len),
                     tok_entry_spki(entry)))
        return sg_err_set(err, SG_POLICY,
                          "key \"%s\": its public key is another one now",
                          entry->label);
    if (atomic_load(&entry->guard) == NULL)
        atomic_store(&entry->guard, SG_TAKE(*guard));
    return SG_OK;
}

/* Under the lock. */
static enum sg_rc add_entry(struct tok_keys *keys,
                            const struct tok_key_info *info,
                            struct tok_guard_state **guard, uint32_t *ret_ref,
                            struct sg_err *err)
{
    uint32_t n = atomic_load(&keys->n);

    for (uint32_t i = 0; i < n; i++) {
        struct tok_entry *e = keys->entries[i];
        if (strcmp(e->label, info->label) != 0
            || !sg_slice_eq(SG_SLICE(e->id, e->id_len),
                            SG_SLICE(info->id, info->id_len)))
            continue;
        *ret_ref = i;
        return reopen(e, info, guard, err);
    }
    if (n == TOK_KEYS_MAX)
        return sg_err_set(err, SG_LIMIT, "more than %d keys are open",
                          TOK_KEYS_MAX);
    SG_TRY(entry_new(keys, info, guard, &keys->entries[n], err));
    atomic_store_explicit(&keys->n, n + 1, memory_order_release);
    *ret_ref = n;
    return SG_OK;
}

enum sg_rc tok_keys_open(struct tok_keys *keys, struct tok_session *ses,
                         const struct tok_key_open *want, uint32_t *ret_ref,
                         struct tok_key_info *ret, struct sg_err *err)
{
    SG_CLEANUP(tok_guard_free) struct tok_guard_state *guard = NULL;
    struct open_args args = { .want = want };
    struct tok_key_info *info = &args.info;

    SG_TRY(tok_label_check(want->label, err));
    SG_TRY(tok_session_run(ses, open_op, &args, err));
    SG_TRY(open_guard(keys, info, &guard, err));
    SG_TRY(check_attrs(info, guard != NULL, err));
    if (want->spki.len > 0
        && !sg_slice_eq(want->spki, SG_SLICE(info->spki, info->spki_len)))
        return sg_err_set(err, SG_POLICY,
                          "key \"%s\": its public key is not the expected one",
                          want->label);
    (void)pthread_mutex_lock(&keys->lock);
    enum sg_rc rc = add_entry(keys, info, &guard, ret_ref, err);
    (void)pthread_mutex_unlock(&keys->lock);
    if (rc != SG_OK)
        return rc;
    tok_key_info_guard(info, atomic_load(&keys->entries[*ret_ref]->guard));
    *ret = *info;
    return SG_OK;
}

/* --- changing guards ------------------------------------------------------------------ */

static struct tok_guard_key entry_key(const struct tok_keys *keys,
                                      const struct tok_entry *entry)
{
    return (struct tok_guard_key){
        .dir = keys->guard_dir,
        .serial = keys->serial,
        .label = entry->label,
        .id = SG_SLICE(entry->id, entry->id_len),
        .spki = tok_entry_spki(entry),
    };
}

static enum sg_rc require(struct tok_keys *keys, uint32_t ref,
                          struct tok_entry **ret, struct sg_err *err)
{
    *ret = tok_keys_get(keys, ref);
    if (*ret == NULL)
        return sg_err_set(err, SG_NOT_FOUND, "key reference %u was not opened",
                          (unsigned)ref);
    return SG_OK;
}

/* Is next what now may become while the process runs? */
static bool may_replace(const struct tok_guard_state *now,
                        const struct tok_guard_state *next)
{
    struct sg_err unused = { 0 };

    if (now == NULL)
        return true;
    return tok_guard_may_follow(now, next)
           && tok_guard_check_narrower(&now->limits, &next->limits, &unused)
                  == SG_OK;
}

/* Under the lock. Threads may still be reading the old one. */
static void put_guard(struct tok_entry *entry, struct tok_guard_state *own_next)
{
    struct tok_guard_state *now = atomic_load(&entry->guard);

    if (!may_replace(now, own_next)) {
        tok_guard_free(own_next); /* another thread was faster */
        return;
    }
    own_next->older = now;
    atomic_store_explicit(&entry->guard, own_next, memory_order_release);
}

/* Tell every process of the key. */
static void guard_changed(struct tok_keys *keys, struct tok_entry *entry,
                          struct tok_guard_state *own_next)
{
    (void)pthread_mutex_lock(&keys->lock);
    put_guard(entry, own_next);
    (void)pthread_mutex_unlock(&keys->lock);
    (void)atomic_fetch_add(&entry->use->changes, 1);
}

enum sg_rc tok_keys_bind(struct tok_keys *keys, uint32_t ref,
                         struct sg_slice cert, struct sg_slice chain,
                         struct sg_err *err)
{
    struct tok_entry *entry;
    struct tok_guard_state *next = NULL;

    SG_TRY(require(keys, ref, &entry, err));
    struct tok_guard_key key = entry_key(keys, entry);
    if (tok_guard_bind_file(&key, cert, chain, &next, err) != SG_OK) {
        (void)tok_use_count(entry->use, err);
        return err->rc;
    }
    guard_changed(keys, entry, next);
    return SG_OK;
}

enum sg_rc tok_keys_narrow(struct tok_keys *keys, uint32_t ref,
                           const struct tok_guard *limits, struct sg_err *err)
{
    struct tok_entry *entry;
    struct tok_guard_state *next = NULL;

    SG_TRY(require(keys, ref, &entry, err));
    struct tok_guard_key key = entry_key(keys, entry);
    if (tok_guard_narrow_file(&key, limits, &next, err) != SG_OK) {
        (void)tok_use_count(entry->use, err);
        return err->rc;
    }
    guard_changed(keys, entry, next);
    return SG_OK;
}

/* A guard that root made wider holds from the next start on. */
static enum sg_rc read_again(struct tok_keys *keys, struct tok_entry *entry,
                             uint64_t changes, struct sg_err *err)
{
    SG_CLEANUP(tok_guard_free) struct tok_guard_state *next = NULL;
    struct tok_guard_key key = entry_key(keys, entry);

    SG_TRY(tok_guard_load(&key, NULL, &next, err));
    (void)pthread_mutex_lock(&keys->lock);
    if (next != NULL)
        put_guard(entry, SG_TAKE(next));
    (void)pthread_mutex_unlock(&keys->lock);
    atomic_store(&entry->changes, changes);
    return SG_OK;
}

enum sg_rc tok_entry_guard(struct tok_keys *keys, struct tok_entry *entry,
                           const struct tok_guard_state **ret,
                           struct sg_err *err)
{
    uint64_t changes =
        atomic_load_explicit(&entry->use->changes, memory_order_acquire);

    if (entry->use_fault.rc != SG_OK
        || changes
               != atomic_load_explicit(&entry->changes, memory_order_relaxed))
        SG_TRY(read_again(keys, entry, changes, err));
    *ret = atomic_load_explicit(&entry->guard, memory_order_acquire);
    return SG_OK;
}

enum sg_rc tok_entry_take(struct tok_entry *entry,
                          const struct tok_guard *limits, struct sg_err *err)
{
    if (!has_rate(limits))
        return SG_OK;
    if (entry->use_fault.rc != SG_OK)
        return sg_err_set(err, SG_IO,
                          "guard: key \"%s\" has a rate that cannot be kept "
                          "and signs nothing: %s; mend it and start "
                          "signet-token again",
                          entry->label, entry->use_fault.msg);
    return tok_use_take(entry->use, limits, tok_use_now(), err);
}

enum sg_rc tok_keys_show(struct tok_keys *keys, uint32_t ref,
                         struct tok_guard_view *ret, struct sg_err *err)
{
    const struct tok_guard_state *guard;
    struct tok_entry *entry;
    struct tok_guard_view view;

    SG_TRY(require(keys, ref, &entry, err));
    SG_TRY(tok_entry_guard(keys, entry, &guard, err));
    if (guard == NULL)
        return sg_err_set(err, SG_NOT_FOUND, "guard: key \"%s\" has no guard",
                          entry->label);
    view.guard = guard->limits;
    view.signatures = atomic_load(&entry->use->signatures);
    for (size_t i = 0; i < TOK_REFUSED_N; i++)
        view.refused[i] = atomic_load(&entry->use->refused[i]);
    *ret = view;
    return SG_OK;
}
