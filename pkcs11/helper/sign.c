/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/helper/sign.h"

#include <assert.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup-openssl.h"
#include "common/log.h"
#include "pkcs11/helper/ckr.h"
#include "pkcs11/helper/ecdsa.h"
#include "pkcs11/helper/spki.h"

#define BYTES(s) \
    { \
        (const uint8_t *)(s), sizeof(s) - 1 \
    }
#define DIGEST_INFO_MAX (19 + 64) /* SHA-512's prefix and hash */

enum family { ECDSA, RSA_PKCS1, RSA_PSS, EDDSA };
enum hash { SHA2_256, SHA2_384, SHA2_512, NO_HASH };

static const struct {
    const char *name;
    unsigned octets;
    CK_MECHANISM_TYPE mechanism;
    CK_RSA_PKCS_MGF_TYPE mgf;
    CK_MECHANISM_TYPE hash_and_sign[3]; /* by enum family */
    struct sg_slice digest_info;        /* RFC 8017 9.2, note 1 */
} HASHES[] = {
    [SHA2_256] = { "SHA256",
                   32,
                   CKM_SHA256,
                   CKG_MGF1_SHA256,
                   { CKM_ECDSA_SHA256, CKM_SHA256_RSA_PKCS,
                     CKM_SHA256_RSA_PKCS_PSS },
                   BYTES("\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04"
                         "\x02\x01\x05\x00\x04\x20") },
    [SHA2_384] = { "SHA384",
                   48,
                   CKM_SHA384,
                   CKG_MGF1_SHA384,
                   { CKM_ECDSA_SHA384, CKM_SHA384_RSA_PKCS,
                     CKM_SHA384_RSA_PKCS_PSS },
                   BYTES("\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04"
                         "\x02\x02\x05\x00\x04\x30") },
    [SHA2_512] = { "SHA512",
                   64,
                   CKM_SHA512,
                   CKG_MGF1_SHA512,
                   { CKM_ECDSA_SHA512, CKM_SHA512_RSA_PKCS,
                     CKM_SHA512_RSA_PKCS_PSS },
                   BYTES("\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04"
                         "\x02\x03\x05\x00\x04\x40") },
};

struct tok_sigalg {
    const char *name;
    enum family family;
    enum hash hash;
    struct sg_slice der; /* the whole AlgorithmIdentifier */
};

#define ECDSA_DER(last) \
    BYTES("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03" last)
#define RSA_DER(last) \
    BYTES("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01" last "\x05\x00")
/* RFC 4055 3.1: hash, MGF1 with the same hash, salt as long as the hash. */
#define PSS_HASH(last) \
    "\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02" last "\x05\x00"
#define PSS_DER(last, salt) \
    BYTES("\x30\x41\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a\x30\x34" \
          "\xa0\x0f" PSS_HASH(last) "\xa1\x1c\x30\x1a\x06\x09\x2a\x86\x48" \
                                    "\x86\xf7\x0d\x01\x01\x08" PSS_HASH( \
                                        last) "\xa2\x03\x02\x01" salt)

static const struct tok_sigalg ALGORITHMS[] = {
    { "ecdsa-with-SHA256", ECDSA, SHA2_256, ECDSA_DER("\x02") },
    { "ecdsa-with-SHA384", ECDSA, SHA2_384, ECDSA_DER("\x03") },
    { "ecdsa-with-SHA512", ECDSA, SHA2_512, ECDSA_DER("\x04") },
    { "sha256WithRSAEncryption", RSA_PKCS1, SHA2_256, RSA_DER("\x0b") },
    { "sha384WithRSAEncryption", RSA_PKCS1, SHA2_384, RSA_DER("\x0c") },
    { "sha512WithRSAEncryption", RSA_PKCS1, SHA2_512, RSA_DER("\x0d") },
    { "RSASSA-PSS with SHA256", RSA_PSS, SHA2_256, PSS_DER("\x01", "\x20") },
    { "RSASSA-PSS with SHA384", RSA_PSS, SHA2_384, PSS_DER("\x02", "\x30") },
    { "RSASSA-PSS with SHA512", RSA_PSS, SHA2_512, PSS_DER("\x03", "\x40") },
    { "Ed25519", EDDSA, NO_HASH, BYTES("\x30\x05\x06\x03\x2b\x65\x70") },
};

/* --- algorithm and key ------------------------------------------------------------ */

static bool fits(const struct tok_sigalg *alg, enum tok_key_type type)
{
    switch (type) {
    case TOK_KEY_EC_P256:
        return alg->family == ECDSA && alg->hash == SHA2_256;
    case TOK_KEY_EC_P384:
        return alg->family == ECDSA && alg->hash == SHA2_384;
    case TOK_KEY_EC_P521:
        return alg->family == ECDSA && alg->hash == SHA2_512;
    case TOK_KEY_RSA_2048:
    case TOK_KEY_RSA_3072:
    case TOK_KEY_RSA_4096:
        return alg->family == RSA_PKCS1 || alg->family == RSA_PSS;
    case TOK_KEY_ED25519:
        return alg->family == EDDSA;
    case TOK_KEY_UNSET:
        break;
    }
    return false;
}

static enum sg_rc choose(const struct tok_entry *entry, struct sg_slice der,
                         const struct tok_sigalg **ret, struct sg_err *err)
{
    for (size_t i = 0; i < SG_ARRAY_LEN(ALGORITHMS); i++) {
        const struct tok_sigalg *alg = &ALGORITHMS[i];
        if (!sg_slice_eq(der, alg->der))
            continue;
        if (!fits(alg, entry->type))
            return tok_refuse(err, ALGORITHM,
                              "signature algorithm %s does not go with a key "
                              "of type %s",
                              alg->name, tok_key_type_name(entry->type));
        *ret = alg;
        return SG_OK;
    }
    return tok_refuse(err, ALGORITHM,
                      "signature algorithm is none that signet signs with");
}

/* --- what is signed ----------------------------------------------------------------- */

/* What a look needs. */
struct looking {
    const struct tok_entry *entry;
    const struct tok_guard_state *guard; /* NULL: none */
    const struct tok_sign *req;
};

static enum sg_rc same_algorithm(struct sg_slice inner,
                                 const struct tok_sign *req, struct sg_err *err)
{
    if (!sg_slice_eq(inner, req->algorithm))
        return tok_refuse(err, ALGORITHM,
                          "guard: signature algorithm inside differs from the "
                          "one outside (RFC 5280 4.1.1.2)");
    return SG_OK;
}

static enum sg_rc look_at_cert(const struct looking *l, struct sg_err *err)
{
    struct tok_tbs tbs;

    SG_TRY(tok_tbs_parse(l->req->tbs, &tbs, err));
    SG_TRY(same_algorithm(tbs.algorithm, l->req, err));
    return tok_guard_check_cert(l->guard, tok_entry_spki(l->entry), &tbs, err);
}

static enum sg_rc look_at_csr(const struct looking *l, struct sg_err *err)
{
    struct sg_slice spki;

    SG_TRY(tok_csr_info_parse(l->req->tbs, &spki, err));
    return tok_guard_check_csr(l->guard, tok_entry_spki(l->entry), spki, err);
}

static enum sg_rc look_at_crl(const struct looking *l, struct sg_err *err)
{
    struct tok_crl crl;

    SG_TRY(tok_crl_parse(l->req->tbs, &crl, err));
    SG_TRY(same_algorithm(crl.algorithm, l->req, err));
    return tok_guard_check_crl(l->guard, &crl, err);
}

static enum sg_rc look_at_ocsp(const struct looking *l, struct sg_err *err)
{
    struct tok_ocsp ocsp;

    SG_TRY(tok_ocsp_parse(l->req->tbs, &ocsp, err));
    return tok_guard_check_ocsp(l->guard, &ocsp, err);
}

static enum sg_rc look_at_digest(const struct looking *l, struct sg_err *err)
{
    /* Its length is checked when the algorithm is known. */
    return tok_guard_check_purpose(l->guard, TOK_PURPOSE_BACKEND, err);
}

static enum sg_rc look_at_challenge(const struct looking *l, struct sg_err *err)
{
    SG_TRY(tok_guard_check_purpose(l->guard, TOK_PURPOSE_PROBE, err));
    if (l->req->tbs.len == 0 || l->req->tbs.len > TOK_CHALLENGE_MAX)
        return tok_refuse(err, FORMAT,
                          "guard: challenge of %zu bytes, must have 1 to %d",
                          l->req->tbs.len, TOK_CHALLENGE_MAX);
    if (l->req->algorithm.len != 0)
        return tok_refuse(err, ALGORITHM,
                          "guard: a challenge is signed with the key's own "
                          "algorithm; none may be named");
    return SG_OK;
}

static enum sg_rc look_at(enum tok_op op, const struct looking *l,
                          struct sg_err *err)
{
    static const struct {
        enum tok_op op;
        enum sg_rc (*look)(const struct looking *l, struct sg_err *err);
    } looks[] = {
        { TOK_OP_SIGN_CERT, look_at_cert },
        { TOK_OP_SIGN_CSR, look_at_csr },
        { TOK_OP_SIGN_CRL, look_at_crl },
        { TOK_OP_SIGN_OCSP, look_at_ocsp },
        { TOK_OP_SIGN_DIGEST, look_at_digest },
        { TOK_OP_PROBE_SIGN, look_at_challenge },
    };

    for (size_t i = 0; i < SG_ARRAY_LEN(looks); i++)
        if (looks[i].op == op)
            return looks[i].look(l, err);
    return sg_err_set(err, SG_BUG, "%s signs nothing", tok_op_name(op));
}

/* --- one signature -------------------------------------------------------------------- */

struct signing {
    struct tok_signer *signer;
    struct tok_entry *entry;
    uint32_t ref;
    const struct tok_sigalg *alg;
    bool is_digest;        /* hashed by somebody else */
    struct sg_slice input; /* of C_Sign */
    struct sg_slice tbs;   /* the same before any hashing; not for digests */
    uint8_t raw[TOK_SIGNATURE_MAX];
    CK_ULONG raw_len;
    /* A probe's message, which the fields above may point into. */
    uint8_t message[sizeof(TOK_PROBE_PREFIX) + TOK_CHALLENGE_MAX];
};

/* The mechanism for a hash made here, or for a token that hashes itself. */
static CK_MECHANISM mechanism(const struct tok_sigalg *alg, bool token_hashes,
                              CK_RSA_PKCS_PSS_PARAMS *pss)
{
    static const CK_MECHANISM_TYPE plain[] = { [ECDSA] = CKM_ECDSA,
                                               [RSA_PKCS1] = CKM_RSA_PKCS,
                                               [RSA_PSS] = CKM_RSA_PKCS_PSS,
                                               [EDDSA] = CKM_EDDSA };
    CK_MECHANISM m = { plain[alg->family], NULL, 0 };

    if (token_hashes)
        m.mechanism = HASHES[alg->hash].hash_and_sign[alg->family];
    if (alg->family == RSA_PSS) {
        *pss = (CK_RSA_PKCS_PSS_PARAMS){ HASHES[alg->hash].mechanism,
                                         HASHES[alg->hash].mgf,
                                         HASHES[alg->hash].octets };
        m.pParameter = pss;
        m.ulParameterLen = sizeof(*pss);
    }
    return m;
}

static enum sg_rc sign_on(const struct tok_on *on, CK_OBJECT_HANDLE key,
                          bool token_hashes, struct signing *s,
                          struct sg_err *err)
{
    struct sg_slice input = token_hashes ? s->tbs : s->input;
    CK_RSA_PKCS_PSS_PARAMS pss;
    CK_MECHANISM m = mechanism(s->alg, token_hashes, &pss);
    union {
        const uint8_t *in;
        CK_BYTE_PTR out;
    } data = { .in = input.p };

    CK_RV rv = tok_c(on->module, SignInit, on->session, &m, key);
    if (rv != CKR_OK)
        return tok_err_ckr(err, rv, "C_SignInit");
    if ((s->entry->attrs & TOK_ATTR_ALWAYS_AUTHENTICATE) != 0)
        SG_TRY(tok_login_for_key(s->signer->ses.login, on->session, err));
    s->raw_len = sizeof(s->raw);
    rv = tok_c(on->module, Sign, on->session, data.out, input.len, s->raw,
               &s->raw_len);
    if (rv != CKR_OK)
        return tok_err_ckr(err, rv, "C_Sign");
    if (s->raw_len > sizeof(s->raw))
        return sg_err_set(err, SG_CRYPTO,
                          "C_Sign says %lu bytes, the buffer has %zu",
                          s->raw_len, sizeof(s->raw));
    return SG_OK;
}

/* Might the token do it when it makes the hash itself, or does not? Some have no mechanism
 * for a ready hash (HSMs in FIPS mode); tpm2-pkcs11 has CKM_RSA_PKCS for keys
 * only that may decrypt, and says GENERAL_ERROR for others. */
static bool other_way(const struct signing *s, const struct sg_err *why)
{
    if (s->is_digest || s->alg->family == EDDSA || why->src != SG_SRC_CKR)
        return false;
    return why->native == CKR_MECHANISM_INVALID
           || why->native == CKR_KEY_FUNCTION_NOT_PERMITTED
           || (why->native == CKR_GENERAL_ERROR && s->alg->family == RSA_PKCS1);
}

/* A key that is gone, or another one than was opened, is the token's failure:
 * nothing was wrong with what was to be signed. */
static enum sg_rc find_key(const struct tok_entry *entry,
                           const struct tok_on *on, CK_OBJECT_HANDLE *ret,
                           struct sg_err *err)
{
    if (tok_entry_find(entry, on, ret, err) != SG_OK
        && (err->rc == SG_POLICY || err->rc == SG_NOT_FOUND
            || err->rc == SG_CONFLICT))
        err->rc = SG_TOKEN;
    return err->rc;
}

static enum sg_rc sign_op(struct tok_session *ses, void *arg,
                          struct sg_err *err)
{
    struct signing *s = arg;
    struct tok_signer_key *key = &s->signer->key[s->ref];
    struct tok_on on = { ses->login->module, ses->handle };
    struct sg_err other = { 0 };

    if (key->epoch != ses->epoch) {
        SG_TRY(find_key(s->entry, &on, &key->handle, err));
        key->epoch = ses->epoch;
    }
    /* What worked before is tried first. */
    _Atomic uint32_t *known = &s->signer->keys->token_hashes;
    uint32_t bit = 1U << s->alg->family;
    bool token_hashes = !s->is_digest && (atomic_load(known) & bit) != 0;
    if (sign_on(&on, key->handle, token_hashes, s, err) == SG_OK)
        return SG_OK;
    if (!other_way(s, err)
        || sign_on(&on, key->handle, !token_hashes, s, &other) != SG_OK)
        return err->rc; /* the first failure is the one to tell */
    sg_log(SG_LOG_NOTICE, "token_hashes", "algorithm=\"%s\" now=%s after=%s",
           s->alg->name, token_hashes ? "no" : "yes",
           tok_ckr_name(err->native));
    if (token_hashes)
        (void)atomic_fetch_and(known, ~bit);
    else
        (void)atomic_fetch_or(known, bit);
    *err = (struct sg_err){ 0 };
    return SG_OK;
}

static enum sg_rc digest(struct tok_signer *signer, enum hash hash,
                         struct sg_slice tbs, uint8_t *dst, struct sg_err *err)
{
    if (EVP_DigestInit_ex2(signer->md_ctx, signer->md[hash], NULL) != 1
        || EVP_DigestUpdate(signer->md_ctx, tbs.p, tbs.len) != 1
        || EVP_DigestFinal_ex(signer->md_ctx, dst, NULL) != 1)
        return sg_err_openssl(err, SG_CRYPTO, "%s", HASHES[hash].name);
    return SG_OK;
}

/* --- checking it ------------------------------------------------------------------------ */

static enum sg_rc verify_ctx(struct tok_signer *signer, const struct signing *s,
                             EVP_PKEY_CTX **ret, struct sg_err *err)
{
    struct tok_signer_key *key = &signer->key[s->ref];
    const struct tok_sigalg *alg = s->alg;

    if (key->verify_alg == alg) {
        *ret = key->verify;
        return SG_OK;
    }
    SG_CLEANUP(EVP_PKEY_CTX_free)
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, s->entry->pub, NULL);
    bool ok = ctx != NULL && EVP_PKEY_verify_init(ctx) == 1
              && EVP_PKEY_CTX_set_signature_md(ctx, signer->md[alg->hash]) == 1;
    if (ok && alg->family == RSA_PKCS1)
        ok = EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1;
    if (ok && alg->family == RSA_PSS)
        ok = EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1
             && EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, signer->md[alg->hash]) == 1
             && EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx,
                                                 (int)HASHES[alg->hash].octets)
                    == 1;
    if (!ok)
        return sg_err_openssl(err, SG_CRYPTO, "signature check");
    EVP_PKEY_CTX_free(key->verify);
    key->verify = SG_TAKE(ctx);
    key->verify_alg = alg;
    *ret = key->verify;
    return SG_OK;
}

static enum sg_rc verify(struct tok_signer *signer, const struct signing *s,
                         const struct tok_sign *req, struct sg_slice hash,
                         struct sg_slice signature, struct sg_err *err)
{
    EVP_PKEY_CTX *ctx = NULL;
    int ok;

    if (s->alg->family == EDDSA) {
        ok = EVP_DigestVerifyInit_ex(signer->md_ctx, NULL, NULL, NULL, NULL,
                                     s->entry->pub, NULL);
        if (ok == 1)
            ok = EVP_DigestVerify(signer->md_ctx, signature.p, signature.len,
                                  req->tbs.p, req->tbs.len);
        (void)EVP_MD_CTX_reset(signer->md_ctx);
    } else {
        SG_TRY(verify_ctx(signer, s, &ctx, err));
        ok = EVP_PKEY_verify(ctx, signature.p, signature.len, hash.p, hash.len);
    }
    if (ok != 1)
        return sg_err_openssl(err, SG_CRYPTO,
                              "key \"%s\": the token's signature does not "
                              "verify and was thrown away",
                              s->entry->label);
    return SG_OK;
}

/* --- all of it ----------------------------------------------------------------------------- */

/* What C_Sign gets: the hash, its DigestInfo, or the whole structure. */
static enum sg_rc prepare(struct signing *s, const struct tok_sign *req,
                          uint8_t scratch[DIGEST_INFO_MAX],
                          struct sg_slice *ret_hash, struct sg_err *err)
{
    size_t prefix = 0;

    *ret_hash = SG_SLICE(NULL, 0);
    s->input = req->tbs;
    s->tbs = req->tbs;
    if (s->alg->family == EDDSA)
        return s->is_digest ? tok_refuse(err, DIGEST,
                                         "guard: Ed25519 signs no digests "
                                         "(RFC 8032 5.1)")
                            : SG_OK;
    const struct sg_slice info = HASHES[s->alg->hash].digest_info;
    if (s->alg->family == RSA_PKCS1) {
        memcpy(scratch, info.p, info.len);
        prefix = info.len;
    }
    size_t octets = HASHES[s->alg->hash].octets;
    if (!s->is_digest)
        SG_TRY(
            digest(s->signer, s->alg->hash, req->tbs, scratch + prefix, err));
    else if (req->tbs.len == octets)
        memcpy(scratch + prefix, req->tbs.p, octets);
    else
        return tok_refuse(err, DIGEST, "guard: digest of %zu bytes, %s has %zu",
                          req->tbs.len, HASHES[s->alg->hash].name, octets);
    *ret_hash = SG_SLICE(scratch + prefix, octets);
    s->input = SG_SLICE(scratch, prefix + octets);
    return SG_OK;
}

/* The signature as X.509 wants it. */
static enum sg_rc finish(const struct signing *s, uint8_t *der,
                         struct sg_slice *ret, struct sg_err *err)
{
    if (s->alg->family == ECDSA) {
        size_t len;
        SG_TRY(tok_ecdsa_der(SG_SLICE(s->raw, s->raw_len),
                             tok_ec_octets(s->entry->type), der, &len, err));
        *ret = SG_SLICE(der, len);
        return SG_OK;
    }
    *ret = SG_SLICE(s->raw, s->raw_len);
    return SG_OK;
}

/* What is signed for a challenge: it can never be mistaken for DER. */
static struct tok_sign probe_of(const struct tok_entry *entry,
                                const struct tok_sign *req, uint8_t *dst)
{
    memcpy(dst, TOK_PROBE_PREFIX, sizeof(TOK_PROBE_PREFIX));
    memcpy(dst + sizeof(TOK_PROBE_PREFIX), req->tbs.p, req->tbs.len);
    return (struct tok_sign){
        .key_ref = req->key_ref,
        .algorithm = tok_probe_algorithm(entry->type),
        .tbs = SG_SLICE(dst, sizeof(TOK_PROBE_PREFIX) + req->tbs.len),
    };
}

static enum sg_rc sign_looked_at(struct signing *s, const struct tok_sign *req,
                                 struct sg_buf *out, struct sg_err *err)
{
    uint8_t scratch[DIGEST_INFO_MAX];
    uint8_t der[TOK_ECDSA_DER_MAX];
    struct sg_slice hash;
    struct sg_slice signature;

    SG_TRY(choose(s->entry, req->algorithm, &s->alg, err));
    assert(s->alg != NULL);
    SG_TRY(prepare(s, req, scratch, &hash, err));
    SG_TRY(tok_session_run(&s->signer->ses, sign_op, s, err));
    SG_TRY(finish(s, der, &signature, err));
    SG_TRY(verify(s->signer, s, req, hash, signature, err));
    return sg_buf_put(out, signature.p, signature.len, err);
}

static enum sg_rc sign(struct signing *s, enum tok_op op,
                       const struct tok_sign *req, struct sg_buf *out,
                       struct sg_err *err)
{
    struct looking l = { .entry = s->entry, .req = req };

    SG_TRY(tok_entry_guard(s->signer->keys, s->entry, &l.guard, err));
    SG_TRY(look_at(op, &l, err));
    /* No look passes without a guard. */
    SG_TRY(tok_entry_take(s->entry, &l.guard->limits, err));
    if (op != TOK_OP_PROBE_SIGN)
        return sign_looked_at(s, req, out, err);
    const struct tok_sign probe = probe_of(s->entry, req, s->message);
    return sign_looked_at(s, &probe, out, err);
}

static enum sg_rc sign_file(struct signing *s, enum tok_op op,
                            const struct tok_sign *req, int fd,
                            struct sg_buf *out, struct sg_err *err)
{
    struct tok_crl_file file = { 0 };
    struct tok_sign mapped = *req;

    SG_TRY(tok_crl_file_map(fd, &file, err));
    mapped.tbs = SG_SLICE(file.p, file.len);
    enum sg_rc rc = sign(s, op, &mapped, out, err);
    tok_crl_file_done(&file);
    return rc;
}

enum sg_rc tok_signer_sign(struct tok_signer *signer, enum tok_op op,
                           const struct tok_sign *req, int fd,
                           struct sg_buf *out, struct sg_err *err)
{
    struct signing s = { .signer = signer,
                         .ref = req->key_ref,
                         .is_digest = op == TOK_OP_SIGN_DIGEST };

    ERR_clear_error(); /* what an earlier request left */
    s.entry = tok_keys_get(signer->keys, req->key_ref);
    if (s.entry == NULL)
        return sg_err_set(err, SG_NOT_FOUND, "key reference %u was not opened",
                          (unsigned)req->key_ref);
    enum sg_rc rc = fd < 0 ? sign(&s, op, req, out, err)
                           : sign_file(&s, op, req, fd, out, err);
    if (rc != SG_OK) {
        (void)tok_use_count(s.entry->use, err);
        return rc;
    }
    (void)atomic_fetch_add_explicit(&s.entry->use->signatures, 1,
                                    memory_order_relaxed);
    return SG_OK;
}

bool tok_signer_hashed(const struct tok_signer *signer, enum tok_key_type type)
{
    enum family family = tok_rsa_bits(type) > 0 ? RSA_PKCS1 : ECDSA;

    return (atomic_load(&signer->keys->token_hashes) & (1U << family)) != 0;
}

enum sg_rc tok_signer_new(struct tok_login *login, struct tok_keys *keys,
                          struct tok_signer **ret_signer, struct sg_err *err)
{
    SG_CLEANUP(tok_signer_free)
    struct tok_signer *signer = calloc(1, sizeof(*signer));

    if (signer == NULL)
        return sg_err_set(err, SG_NOMEM, "worker");
    tok_session_init(&signer->ses, login);
    signer->keys = keys;
    signer->md_ctx = EVP_MD_CTX_new();
    bool ok = signer->md_ctx != NULL;
    for (size_t i = 0; i < SG_ARRAY_LEN(signer->md); i++) {
        signer->md[i] = EVP_MD_fetch(NULL, HASHES[i].name, NULL);
        ok = ok && signer->md[i] != NULL;
    }
    if (!ok)
        return sg_err_openssl(err, SG_CRYPTO, "worker");
    *ret_signer = SG_TAKE(signer);
    return SG_OK;
}

void tok_signer_free(struct tok_signer *signer)
{
    if (signer == NULL)
        return;
    tok_session_done(&signer->ses);
    for (size_t i = 0; i < SG_ARRAY_LEN(signer->md); i++)
        EVP_MD_free(signer->md[i]);
    EVP_MD_CTX_free(signer->md_ctx);
    for (size_t i = 0; i < SG_ARRAY_LEN(signer->key); i++)
        EVP_PKEY_CTX_free(signer->key[i].verify);
    free(signer);
}
