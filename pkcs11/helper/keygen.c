/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/helper/keygen.h"

#include <openssl/rand.h>
#include <string.h>

#include "common/log.h"
#include "common/parse.h"
#include "pkcs11/helper/ckr.h"
#include "pkcs11/helper/guardfile.h"
#include "pkcs11/helper/spki.h"

#define KEY_ID_LEN 16 /* random: never met twice */

struct keygen {
    struct tok_keys *keys;
    const struct tok_key_generate *gen;
    uint8_t id[KEY_ID_LEN];
    CK_OBJECT_HANDLE pub, priv;
    struct tok_key_info info;
};

/* --- before ----------------------------------------------------------------------- */

static enum sg_rc refuse_taken(const struct tok_on *on, CK_ATTRIBUTE_TYPE type,
                               struct sg_slice value, const char *what,
                               struct sg_err *err)
{
    static const CK_OBJECT_CLASS classes[] = { CKO_PRIVATE_KEY,
                                               CKO_PUBLIC_KEY };

    for (size_t i = 0; i < SG_ARRAY_LEN(classes); i++) {
        size_t n;
        SG_TRY(tok_object_count(on, classes[i], type, value, &n, err));
        if (n > 0)
            return sg_err_set(err, SG_CONFLICT,
                              "the token has a key with this %s already", what);
    }
    return SG_OK;
}

/* Random from the token and from the system, so that one of the two suffices. */
static enum sg_rc random_id(const struct tok_on *on, uint8_t id[KEY_ID_LEN],
                            struct sg_err *err)
{
    uint8_t token[KEY_ID_LEN] = { 0 };

    CK_RV rv =
        tok_c(on->module, GenerateRandom, on->session, token, sizeof(token));
    if (rv != CKR_OK && rv != CKR_RANDOM_NO_RNG
        && rv != CKR_FUNCTION_NOT_SUPPORTED)
        return tok_err_ckr(err, rv, "C_GenerateRandom");
    if (RAND_bytes(id, KEY_ID_LEN) != 1)
        return sg_err_openssl(err, SG_CRYPTO, "key id");
    for (size_t i = 0; i < KEY_ID_LEN; i++)
        id[i] ^= token[i];
    return SG_OK;
}

/* --- templates --------------------------------------------------------------------- */

/* Cryptoki takes pointers to what it only reads. */
static CK_ATTRIBUTE attribute(CK_ATTRIBUTE_TYPE type, const void *p, size_t len)
{
    union {
        const void *in;
        void *out;
    } u = { .in = p };

    return (CK_ATTRIBUTE){ type, u.out, len };
}

#define TEMPLATE_MAX 20
struct template
{
    CK_ATTRIBUTE a[TEMPLATE_MAX];
    CK_ULONG n;
};

static const CK_BBOOL YES = CK_TRUE;
static const CK_BBOOL NO = CK_FALSE;

/* How much is said in the templates. What every token should know comes first,
 * then what is left when a token refuses some of it; the key is read back and
 * judged in any case. */
static const struct wording {
    enum { USE_BARE, USE_VERIFY, USE_ALL } public_use;
    enum { REFUSE_NOTHING, REFUSE_USUAL, REFUSE_ALL } private_use;
    bool id; /* CKA_ID; without it the token must choose one */
} WORDINGS[] = {
    { USE_ALL, REFUSE_ALL, true },
    /* tpm2-pkcs11 takes CKA_VERIFY for a wish to decrypt. */
    { USE_BARE, REFUSE_ALL, true },
    /* Some do not know CKA_SIGN_RECOVER, or refuse even "no" to what a type of
     * key cannot do. */
    { USE_VERIFY, REFUSE_USUAL, true },
    { USE_BARE, REFUSE_USUAL, true },
    { USE_VERIFY, REFUSE_NOTHING, true },
    /* YubiHSM 2 and others number their keys themselves. */
    { USE_ALL, REFUSE_ALL, false },
    { USE_VERIFY, REFUSE_USUAL, false },
    { USE_VERIFY, REFUSE_NOTHING, false },
};

static void template_add(struct template *t, CK_ATTRIBUTE a)
{
    t->a[t->n++] = a;
}

static void template_flags(struct template *t, const CK_ATTRIBUTE_TYPE *types,
                           size_t n, const CK_BBOOL *value)
{
    for (size_t i = 0; i < n; i++)
        template_add(t, attribute(types[i], value, sizeof(*value)));
}

static void name_both(struct template *t, const struct keygen *g,
                      const struct wording *w)
{
    template_add(t, attribute(CKA_LABEL, g->gen->label, strlen(g->gen->label)));
    if (w->id)
        template_add(t, attribute(CKA_ID, g->id, KEY_ID_LEN));
}

static void private_template(struct template *t, const struct keygen *g,
                             const struct wording *w)
{
    static const CK_ATTRIBUTE_TYPE on_flags[] = { CKA_TOKEN, CKA_PRIVATE,
                                                  CKA_SENSITIVE, CKA_SIGN };
    static const CK_ATTRIBUTE_TYPE off_flags[] = { CKA_EXTRACTABLE };
    static const CK_ATTRIBUTE_TYPE usual[] = { CKA_DECRYPT, CKA_UNWRAP,
                                               CKA_DERIVE };
    static const CK_ATTRIBUTE_TYPE rest[] = { CKA_SIGN_RECOVER };

    name_both(t, g, w);
    template_flags(t, on_flags, SG_ARRAY_LEN(on_flags), &YES);
    template_flags(t, off_flags, SG_ARRAY_LEN(off_flags), &NO);
    if (w->private_use >= REFUSE_USUAL)
        template_flags(t, usual, SG_ARRAY_LEN(usual), &NO);
    if (w->private_use == REFUSE_ALL)
        template_flags(t, rest, SG_ARRAY_LEN(rest), &NO);
}

static void public_template(struct template *t, const struct keygen *g,
                            const struct wording *w)
{
    static const CK_ATTRIBUTE_TYPE on_flags[] = { CKA_TOKEN };
    static const CK_ATTRIBUTE_TYPE off_flags[] = { CKA_PRIVATE };
    static const CK_ATTRIBUTE_TYPE use[] = { CKA_VERIFY };
    static const CK_ATTRIBUTE_TYPE refused[] = { CKA_ENCRYPT, CKA_WRAP,
                                                 CKA_DERIVE,
                                                 CKA_VERIFY_RECOVER };

    name_both(t, g, w);
    template_flags(t, on_flags, SG_ARRAY_LEN(on_flags), &YES);
    template_flags(t, off_flags, SG_ARRAY_LEN(off_flags), &NO);
    if (w->public_use >= USE_VERIFY)
        template_flags(t, use, SG_ARRAY_LEN(use), &YES);
    if (w->public_use == USE_ALL)
        template_flags(t, refused, SG_ARRAY_LEN(refused), &NO);
}

/* --- making -------------------------------------------------------------------------- */

static bool template_refused(CK_RV rv)
{
    return rv == CKR_ATTRIBUTE_TYPE_INVALID || rv == CKR_ATTRIBUTE_VALUE_INVALID
           || rv == CKR_ATTRIBUTE_READ_ONLY || rv == CKR_TEMPLATE_INCONSISTENT
           || rv == CKR_CURVE_NOT_SUPPORTED || rv == CKR_DOMAIN_PARAMS_INVALID
           || rv == CKR_GENERAL_ERROR; /* SoftHSM, for a curve's OID */
}

/* kind says what the public key is: curve, or modulus length and exponent. */
static CK_RV make_pair(const struct tok_on *on, CK_MECHANISM_TYPE mechanism,
                       const CK_ATTRIBUTE *kind, size_t n_kind,
                       struct keygen *g)
{
    CK_MECHANISM m = { mechanism, NULL, 0 };
    CK_RV rv = CKR_OK;

    for (size_t w = 0; w < SG_ARRAY_LEN(WORDINGS); w++) {
        struct template pub = { .n = 0 };
        struct template priv = { .n = 0 };

        for (size_t i = 0; i < n_kind; i++)
            template_add(&pub, kind[i]);
        public_template(&pub, g, &WORDINGS[w]);
        private_template(&priv, g, &WORDINGS[w]);
        rv = tok_c(on->module, GenerateKeyPair, on->session, &m, pub.a, pub.n,
                   priv.a, priv.n, &g->pub, &g->priv);
        if (!template_refused(rv))
            return rv;
    }
    return rv;
}

static CK_RV make_rsa(const struct tok_on *on, struct keygen *g)
{
    static const uint8_t f4[] = { 1, 0, 1 };
    CK_ULONG bits = tok_rsa_bits(g->gen->type);
    const CK_ATTRIBUTE kind[] = {
        attribute(CKA_MODULUS_BITS, &bits, sizeof(bits)),
        attribute(CKA_PUBLIC_EXPONENT, f4, sizeof(f4))
    };

    return make_pair(on, CKM_RSA_PKCS_KEY_PAIR_GEN, kind, SG_ARRAY_LEN(kind),
                     g);
}

static CK_RV make_ec(const struct tok_on *on, struct keygen *g)
{
    CK_MECHANISM_TYPE mechanism = g->gen->type == TOK_KEY_ED25519
                                      ? CKM_EC_EDWARDS_KEY_PAIR_GEN
                                      : CKM_EC_KEY_PAIR_GEN;
    CK_RV rv = CKR_CURVE_NOT_SUPPORTED;

    for (unsigned spelling = 0;; spelling++) {
        struct sg_slice params = tok_ec_params(g->gen->type, spelling);
        if (params.len == 0)
            return rv;
        const CK_ATTRIBUTE kind =
            attribute(CKA_EC_PARAMS, params.p, params.len);
        rv = make_pair(on, mechanism, &kind, 1, g);
        if (!template_refused(rv))
            return rv;
    }
}

/* --- after ---------------------------------------------------------------------------- */

static void destroy(const struct tok_on *on, struct keygen *g)
{
    CK_RV first = tok_c(on->module, DestroyObject, on->session, g->priv);
    CK_RV second = tok_c(on->module, DestroyObject, on->session, g->pub);

    if (first != CKR_OK || second != CKR_OK)
        sg_log(SG_LOG_ERR, "key_not_destroyed", "label=%s private=%s public=%s",
               g->gen->label, tok_ckr_name(first), tok_ckr_name(second));
}

/* A token that chooses ids itself must not give one away twice. */
static enum sg_rc judge_id(const struct tok_on *on, const struct keygen *g,
                           struct sg_err *err)
{
    struct sg_slice id = SG_SLICE(g->info.id, g->info.id_len);
    size_t n;

    if (id.len == 0)
        return sg_err_set(err, SG_TOKEN, "the token gave the key no id");
    if (sg_slice_eq(id, SG_SLICE(g->id, KEY_ID_LEN)))
        return SG_OK;
    SG_TRY(tok_object_count(on, CKO_PRIVATE_KEY, CKA_ID, id, &n, err));
    if (n != 1)
        return sg_err_set(err, SG_TOKEN,
                          "the token gave the key an id that another key has");
    return SG_OK;
}

/* What did the token really make? */
static enum sg_rc judge(const struct tok_on *on, struct keygen *g,
                        struct sg_err *err)
{
    SG_TRY(tok_object_describe(on, g->priv, &g->info, err));
    const char *fault = tok_attrs_fault(g->info.attrs, true);
    if (fault != NULL)
        return sg_err_set(err, SG_POLICY,
                          "the token does not keep keys as asked: %s", fault);
    if (g->info.spki_len == 0 || g->info.type != g->gen->type)
        return sg_err_set(err, SG_TOKEN,
                          "the token made a key of another kind (%s)",
                          tok_key_type_name(g->info.type));
    if (strcmp(g->info.label, g->gen->label) != 0)
        return sg_err_set(err, SG_TOKEN, "the token changed the key's label");
    return judge_id(on, g, err);
}

static enum sg_rc write_guard(struct keygen *g, struct sg_err *err)
{
    struct tok_guard_key key = {
        .dir = g->keys->guard_dir,
        .serial = g->keys->serial,
        .label = g->gen->label,
        .id = SG_SLICE(g->info.id, g->info.id_len),
        .spki = SG_SLICE(g->info.spki, g->info.spki_len),
    };
    SG_CLEANUP(tok_guard_free) struct tok_guard_state *guard = NULL;

    SG_TRY(tok_guard_create(&key, &g->gen->guard, err));
    if (tok_guard_load(&key, NULL, &guard, err) != SG_OK || guard == NULL) {
        tok_guard_forget(&key);
        return err->rc != SG_OK ? err->rc
                                : sg_err_set(err, SG_IO, "guard: it is gone");
    }
    tok_key_info_guard(&g->info, guard);
    return SG_OK;
}

static enum sg_rc keygen_on(const struct tok_on *on, struct keygen *g,
                            struct sg_err *err)
{
    SG_TRY(
        refuse_taken(on, CKA_LABEL, sg_slice_str(g->gen->label), "label", err));
    SG_TRY(random_id(on, g->id, err));
    SG_TRY(refuse_taken(on, CKA_ID, SG_SLICE(g->id, KEY_ID_LEN), "id", err));
    CK_RV rv =
        tok_rsa_bits(g->gen->type) > 0 ? make_rsa(on, g) : make_ec(on, g);
    if (rv != CKR_OK)
        return tok_err_ckr(err, rv, "C_GenerateKeyPair");
    if (judge(on, g, err) == SG_OK && write_guard(g, err) == SG_OK)
        return SG_OK;
    destroy(on, g);
    return err->rc;
}

/* On the login's own session: it is the one that may write. */
static enum sg_rc keygen_op(struct tok_session *ses, void *arg,
                            struct sg_err *err)
{
    struct tok_login *l = ses->login;
    struct tok_on on = { l->module, l->anchor };

    (void)pthread_mutex_lock(&l->anchor_use);
    enum sg_rc rc = keygen_on(&on, arg, err);
    (void)pthread_mutex_unlock(&l->anchor_use);
    return rc;
}

enum sg_rc tok_keygen(struct tok_keys *keys, struct tok_session *ses,
                      const struct tok_key_generate *gen,
                      struct tok_key_info *ret, struct sg_err *err)
{
    struct keygen g = { .keys = keys, .gen = gen };
    char id[2 * TOK_ID_MAX + 1];

    SG_TRY(tok_label_check(gen->label, err));
    if (gen->type == TOK_KEY_UNSET)
        return sg_err_set(err, SG_USAGE, "key type is not set");
    SG_TRY(tok_guard_check_limits(&gen->guard, err));
    if (keys->guard_dir == NULL)
        return sg_err_set(err, SG_CONFIG,
                          "no guard directory: start with --guards");
    SG_TRY(tok_session_ping(ses, err));
    if (tok_session_once(ses, keygen_op, &g, err) != SG_OK)
        return sg_err_wrap(err, "key \"%s\"", gen->label);
    sg_log(SG_LOG_NOTICE, "key_made", "type=%s id=%s purpose=%s",
           tok_key_type_name(gen->type),
           sg_hex(SG_SLICE(g.info.id, g.info.id_len), id, sizeof(id)),
           tok_purpose_name(gen->guard.purpose));
    *ret = g.info;
    return SG_OK;
}
