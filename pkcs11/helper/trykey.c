/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/helper/trykey.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/parse.h"
#include "pkcs11/helper/ckr.h"
#include "pkcs11/helper/keygen.h"
#include "pkcs11/helper/object.h"

#define LABEL_RANDOM 6 /* bytes: two of these labels never meet */

static enum sg_rc choose_label(char dst[TOK_LABEL_MAX], struct sg_err *err)
{
    uint8_t random[LABEL_RANDOM];
    char hex[2 * TOK_ID_MAX + 1];

    if (RAND_bytes(random, sizeof(random)) != 1)
        return sg_err_openssl(err, SG_CRYPTO, "label");
    (void)sg_hex(SG_SLICE(random, sizeof(random)), hex, sizeof(hex));
    (void)snprintf(dst, TOK_LABEL_MAX, "signet check %.*s", 2 * LABEL_RANDOM,
                   hex);
    return SG_OK;
}

/* --- removing ---------------------------------------------------------------- */

static enum sg_rc remove_class(const struct tok_on *on, CK_OBJECT_CLASS class,
                               struct tok_key_info *key, struct sg_err *err)
{
    CK_OBJECT_HANDLE list[TOK_HITS_MAX];
    struct tok_handles found = { .at = list, .max = TOK_HITS_MAX };
    CK_ATTRIBUTE match[] = {
        { CKA_CLASS, &class, sizeof(class) },
        { CKA_LABEL, key->label, strlen(key->label) },
        { CKA_ID, key->id, key->id_len },
    };

    SG_TRY(tok_object_find(on, match, SG_ARRAY_LEN(match), &found, err));
    for (size_t i = 0; i < found.n; i++) {
        CK_RV rv = tok_c(on->module, DestroyObject, on->session, found.at[i]);
        if (rv != CKR_OK)
            return tok_err_ckr(err, rv, "C_DestroyObject");
    }
    return SG_OK;
}

static enum sg_rc remove_op(struct tok_session *ses, void *arg,
                            struct sg_err *err)
{
    struct tok_login *l = ses->login;
    struct tok_on on = { l->module, l->anchor };

    (void)pthread_mutex_lock(&l->anchor_use);
    enum sg_rc rc = remove_class(&on, CKO_PRIVATE_KEY, arg, err);
    if (rc == SG_OK)
        rc = remove_class(&on, CKO_PUBLIC_KEY, arg, err);
    (void)pthread_mutex_unlock(&l->anchor_use);
    return rc;
}

static void forget_guard(const struct tok_keys *keys,
                         const struct tok_key_info *key)
{
    struct tok_guard_key which = { .dir = keys->guard_dir,
                                   .serial = keys->serial,
                                   .label = key->label,
                                   .id = SG_SLICE(key->id, key->id_len) };
    char path[TOK_GUARD_PATH_MAX];
    struct sg_err err = { 0 };

    tok_guard_forget(&which);
    if (tok_guard_path(&which, ".use", path, sizeof(path), &err) == SG_OK)
        (void)unlink(path);
}

/* --- trying ------------------------------------------------------------------- */

struct trial {
    struct tok_key_generate gen;
    struct tok_key_info key, opened;
    struct tok_key_open want;
};

static enum sg_rc sign_once(struct tok_signer *signer, struct trial *t,
                            bool *ret_token_hashes, struct sg_err *err)
{
    static const uint8_t challenge[] = { 's', 'i', 'g', 'n', 'e', 't' };
    SG_CLEANUP(sg_buf_done) struct sg_buf signature;
    struct tok_sign req = { .tbs = SG_SLICE(challenge, sizeof(challenge)) };

    sg_buf_init(&signature, TOK_SIGNATURE_MAX);
    memcpy(t->want.label, t->key.label, sizeof(t->want.label));
    t->want.id = SG_SLICE(t->key.id, t->key.id_len);
    t->want.spki = SG_SLICE(t->key.spki, t->key.spki_len);
    SG_TRY(tok_keys_open(signer->keys, &signer->ses, &t->want, &req.key_ref,
                         &t->opened, err));
    SG_TRY(
        tok_signer_sign(signer, TOK_OP_PROBE_SIGN, &req, -1, &signature, err));
    *ret_token_hashes = tok_signer_hashed(signer, t->key.type);
    return SG_OK;
}

/* Nobody knows the key by its label. */
static void drop_label(struct sg_err *err, const char *label)
{
    char prefix[TOK_LABEL_MAX + sizeof("key \"\": ")];
    size_t len;

    (void)snprintf(prefix, sizeof(prefix), "key \"%s\": ", label);
    len = strlen(prefix);
    while (strncmp(err->msg, prefix, len) == 0)
        memmove(err->msg, err->msg + len, strlen(err->msg + len) + 1);
}

static enum sg_rc try_it(struct tok_signer *signer, struct trial *t,
                         bool *ret_token_hashes, struct sg_err *err)
{
    struct sg_err stays = { 0 };

    SG_TRY(choose_label(t->gen.label, err));
    SG_TRY(tok_keygen(signer->keys, &signer->ses, &t->gen, &t->key, err));
    enum sg_rc rc = sign_once(signer, t, ret_token_hashes, err);
    if (tok_session_run(&signer->ses, remove_op, &t->key, &stays) != SG_OK)
        return sg_err_set(err, stays.rc,
                          "the key \"%s\" stays in the token, remove it by "
                          "hand: %s",
                          t->key.label, stays.msg);
    forget_guard(signer->keys, &t->key);
    return rc;
}

enum sg_rc tok_try_key(struct tok_signer *signer, enum tok_key_type type,
                       bool *ret_token_hashes, struct sg_err *err)
{
    struct trial *t = calloc(1, sizeof(*t));

    if (t == NULL)
        return sg_err_set(err, SG_NOMEM, "key");
    t->gen.type = type;
    t->gen.guard.purpose = TOK_PURPOSE_PROBE;
    enum sg_rc rc = try_it(signer, t, ret_token_hashes, err);
    drop_label(err, t->gen.label);
    free(t);
    return rc;
}
