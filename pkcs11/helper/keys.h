/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_PKCS11_HELPER_KEYS_H
#define SG_PKCS11_HELPER_KEYS_H

/* The keys that a program has opened. An entry is added once, under the lock,
 * and lives until the end: workers read it without one. Only its guard may be
 * exchanged, for one that is bound or narrower. */

#include <openssl/evp.h>
#include <pthread.h>
#include <stdatomic.h>

#include "pkcs11/frame.h"
#include "pkcs11/helper/guard-use.h"
#include "pkcs11/helper/guard.h"
#include "pkcs11/helper/object.h"
#include "pkcs11/helper/session.h"

struct tok_entry {
    char label[TOK_LABEL_MAX];
    uint8_t id[TOK_ID_MAX];
    uint32_t id_len;
    uint8_t spki[TOK_SPKI_MAX];
    uint32_t spki_len;
    enum tok_key_type type;
    uint32_t attrs;
    EVP_PKEY *pub;                         /* owned; checks every signature */
    struct tok_guard_state *_Atomic guard; /* owned; NULL: signs nothing */
    struct tok_use *use;                   /* owned; rates and counters */
    struct sg_err use_fault;  /* rc != SG_OK: use is this process's alone */
    _Atomic uint64_t changes; /* of use, when guard was read */
};
struct sg_slice tok_entry_spki(const struct tok_entry *entry);

struct tok_keys {
    const char *guard_dir; /* NULL: no key has a guard */
    const char *serial;    /* of the token */
    pthread_mutex_t lock;
    _Atomic uint32_t token_hashes; /* sign.c: kinds that it hashes itself */
    _Atomic uint32_t n;
    struct tok_entry *entries[TOK_KEYS_MAX];
};

/* Strings are borrowed. guard_dir is made ready. */
enum sg_rc tok_keys_new(const char *guard_dir, const char *serial,
                        struct tok_keys **ret_keys, struct sg_err *err);
void tok_keys_free(struct tok_keys *keys); /* takes NULL */
SG_DEFINE_CLEANUP(struct tok_keys, tok_keys_free);

/* NULL when nobody opened such a key. */
struct tok_entry *tok_keys_get(struct tok_keys *keys, uint32_t ref);

/* A page of the token's private keys, with their guards. ret has
 * TOK_KEYS_PAGE. SG_CONFLICT when from's mark is another list's; SG_LIMIT past
 * TOK_KEYS_LISTED_MAX. */
enum sg_rc tok_keys_list(struct tok_keys *keys, struct tok_session *ses,
                         const struct tok_list_from *from,
                         struct tok_key_info *ret,
                         struct tok_list_page *ret_page, struct sg_err *err);

/* Find the key, hold it against what is expected, judge its attributes. The
 * same key opened again has the same reference. */
enum sg_rc tok_keys_open(struct tok_keys *keys, struct tok_session *ses,
                         const struct tok_key_open *want, uint32_t *ret_ref,
                         struct tok_key_info *ret, struct sg_err *err);

/* Bind the issuer certificate, with the chain above it, to the key's guard. */
enum sg_rc tok_keys_bind(struct tok_keys *keys, uint32_t ref,
                         struct sg_slice cert, struct sg_slice chain,
                         struct sg_err *err);
/* Narrow it. */
enum sg_rc tok_keys_narrow(struct tok_keys *keys, uint32_t ref,
                           const struct tok_guard *limits, struct sg_err *err);
/* All of it; slices are good as long as keys. SG_NOT_FOUND without one. */
enum sg_rc tok_keys_show(struct tok_keys *keys, uint32_t ref,
                         struct tok_guard_view *ret, struct sg_err *err);

/* The guard that holds now: another process may have bound or narrowed it.
 * *ret is NULL when the key has none. A key with a use_fault is not told of
 * changes: its guard is read each time. */
enum sg_rc tok_entry_guard(struct tok_keys *keys, struct tok_entry *entry,
                           const struct tok_guard_state **ret,
                           struct sg_err *err);

/* May the key sign one more now? SG_LIMIT when a rate is used up, SG_IO when
 * it has a rate that cannot be kept: no rate is fallen back from silently. */
enum sg_rc tok_entry_take(struct tok_entry *entry,
                          const struct tok_guard *limits, struct sg_err *err);

/* Inside of a tok_session_op: the one private key of this entry, held against
 * its public key once more. */
enum sg_rc tok_entry_find(const struct tok_entry *entry,
                          const struct tok_on *on, CK_OBJECT_HANDLE *ret,
                          struct sg_err *err);

/* The guard's part of a key's description; guard may be NULL. */
void tok_key_info_guard(struct tok_key_info *info,
                        const struct tok_guard_state *guard);

#endif
