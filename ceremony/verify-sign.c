/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#include "ca/crl.h"
#include "ca/csr.h"
#include "ceremony/plan-int.h"
#include "ceremony/verify-int.h"
#include "common/cleanup-openssl.h"

SG_DEFINE_CLEANUP(X509_REQ, X509_REQ_free);
SG_DEFINE_CLEANUP(X509_CRL, X509_CRL_free);

/* "signed" holds a signature by the planned key over the planned bytes; the
 * result is made of the two, so that its TBS is the plan's byte for byte. */
static enum sg_rc check_signed(struct cer_verify *v, size_t i,
                               const struct ca_spki *spki, struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf der;
    const struct cer_tbs *tbs = &v->plan.sign[i];
    struct cer_reader in;
    struct sg_slice signature = { 0 };
    struct sg_slice algorithm = { 0 };
    uint8_t hash[32];

    sg_buf_init(&der, CER_VERIFY_FILE_MAX);
    json_object *line = cer_transcript_signed(v->transcript, i);
    if (line == NULL)
        return sg_err_set(err, SG_FORMAT, "there is no \"signed\" of index %zu",
                          i + 1);
    cer_reader_init(&in, line, "signed");
    SG_TRY(cer_take_hex(&in, "tbs_sha256", hash, sizeof(hash), err));
    SG_TRY(cer_take_bytes(&in, "algorithm", &v->arena, &algorithm, err));
    SG_TRY(cer_take_bytes(&in, "signature", &v->arena, &signature, err));
    if (memcmp(hash, tbs->sha256, sizeof(hash)) != 0)
        return sg_err_set(err, SG_FORMAT,
                          "signed: \"tbs_sha256\" is not the plan's");
    if (!sg_slice_eq(algorithm, ca_sigalg_der(v->plan.alg)))
        return sg_err_set(err, SG_FORMAT,
                          "signed: \"algorithm\" is not the plan's");
    SG_TRY(ca_spki_verify(spki, v->plan.alg, tbs->der, signature, err));
    SG_TRY(ca_signed_encode(tbs->der, v->plan.alg, signature, &der, err));
    v->result[i] = sg_arena_copy(&v->arena, sg_buf_slice(&der));
    return v->result[i].p != NULL ? SG_OK : sg_err_set(err, SG_NOMEM, "result");
}

enum sg_rc cer_verify_signature(struct cer_verify *v, struct sg_err *err)
{
    struct ca_spki spki;

    SG_TRY(ca_spki_parse(v->plan.key.spki, &spki, err));
    for (size_t i = 0; i < v->plan.n_sign; i++) {
        SG_TRY(check_signed(v, i, &spki, err));
        v->n_results = i + 1;
    }
    (void)snprintf(v->note, sizeof(v->note), "%s", ca_sigalg_name(v->plan.alg));
    return SG_OK;
}

/* Made by the last intent, or found after one before it. */
static enum sg_rc check_adopted(struct cer_verify *v, struct cer_reader *in,
                                struct sg_err *err)
{
    struct cer_reader intent;
    const char *action = NULL;
    bool adopted = false;

    SG_TRY(cer_verify_line(v, "intent", &intent, err));
    SG_TRY(cer_take_text(&intent, "action", &v->arena, &action, err));
    SG_TRY(cer_take_bool(in, "adopted", &adopted, err));
    if (adopted != (strcmp(action, "adopt-key") == 0))
        return sg_err_set(err, SG_FORMAT,
                          "key-made: \"adopted\" is not what was intended");
    return SG_OK;
}

enum sg_rc cer_verify_key(struct cer_verify *v, struct sg_err *err)
{
    struct cer_reader in;
    struct ca_spki spki;
    enum tok_key_type type = TOK_KEY_UNSET;
    const char *want = tok_key_type_name(v->plan.key.type);
    struct tok_guard guard = { 0 };

    SG_TRY(cer_verify_line(v, "key-made", &in, err));
    SG_TRY(cer_take_bytes(&in, "spki", &v->arena, &v->result[0], err));
    SG_TRY(cer_guard_take(&in, &v->arena, &guard, err));
    SG_TRY(ca_spki_parse(v->result[0], &spki, err));
    SG_TRY(cer_key_type(&spki, &type, err));
    SG_TRY(cer_verify_same(v, &in, "label", v->plan.key.label, err));
    if (type != v->plan.key.type)
        return sg_err_set(err, SG_FORMAT, "a key of type %s was made, not %s",
                          tok_key_type_name(type), want);
    SG_TRY(cer_verify_same(v, &in, "type", want, err));
    if (!cer_guard_same(&guard, &v->plan.key.guard))
        return sg_err_set(err, SG_FORMAT,
                          "key-made: \"guard\" is not the plan's");
    SG_TRY(check_adopted(v, &in, err));
    v->n_results = 1;
    (void)snprintf(v->note, sizeof(v->note), "%s", want);
    return cer_verify_attributes(v, &in, "attributes", err);
}

/* --- OpenSSL ------------------------------------------------------------------- */

static enum sg_rc whole(const void *object, const uint8_t *at,
                        struct sg_slice der, struct sg_err *err)
{
    if (object == NULL)
        return sg_err_openssl(err, SG_FORMAT, "OpenSSL cannot read it");
    if (at != der.p + der.len)
        return sg_err_set(err, SG_FORMAT, "OpenSSL leaves bytes over");
    return SG_OK;
}

static enum sg_rc verdict(int answer, struct sg_err *err)
{
    if (answer != 1)
        return sg_err_openssl(err, SG_FORMAT, "OpenSSL: bad signature");
    return SG_OK;
}

/* Of the issuer, or of the certificate itself. */
static enum sg_rc signer_of(const struct cer_verify *v, X509 **ret,
                            struct sg_err *err)
{
    struct sg_slice der = v->plan.n_chain > 0 ? v->plan.chain[0] : v->result[0];
    const uint8_t *at = der.p;
    SG_CLEANUP(X509_free) X509 *cert = d2i_X509(NULL, &at, (long)der.len);

    SG_TRY(whole(cert, at, der, err));
    *ret = SG_TAKE(cert);
    return SG_OK;
}

static enum sg_rc openssl_crls(const struct cer_verify *v, X509 *signer,
                               struct sg_err *err)
{
    for (size_t i = 0; i < v->n_results; i++) {
        struct sg_slice der = v->result[i];
        const uint8_t *at = der.p;
        SG_CLEANUP(X509_CRL_free)
        X509_CRL *crl = d2i_X509_CRL(NULL, &at, (long)der.len);
        SG_TRY(whole(crl, at, der, err));
        SG_TRY(verdict(X509_CRL_verify(crl, X509_get0_pubkey(signer)), err));
    }
    return SG_OK;
}

enum sg_rc cer_verify_openssl(struct cer_verify *v, struct sg_err *err)
{
    SG_CLEANUP(X509_free) X509 *signer = NULL;
    struct sg_slice der = v->result[0];
    const uint8_t *at = der.p;

    if (!cer_verify_has_result(v))
        return cer_verify_skip(v, CER_VERIFY_NO_RESULT);
    if (v->plan.type == CER_TYPE_CSR) {
        SG_CLEANUP(X509_REQ_free)
        X509_REQ *csr = d2i_X509_REQ(NULL, &at, (long)der.len);
        SG_TRY(whole(csr, at, der, err));
        return verdict(X509_REQ_verify(csr, X509_REQ_get0_pubkey(csr)), err);
    }
    SG_TRY(signer_of(v, &signer, err));
    if (v->plan.type == CER_TYPE_CRL)
        return openssl_crls(v, signer, err);
    SG_CLEANUP(X509_free) X509 *cert = d2i_X509(NULL, &at, (long)der.len);
    SG_TRY(whole(cert, at, der, err));
    return verdict(X509_verify(cert, X509_get0_pubkey(signer)), err);
}

/* --- our own reader -------------------------------------------------------------- */

static enum sg_rc same_tbs(const struct cer_verify *v, size_t i,
                           struct sg_slice tbs, struct sg_err *err)
{
    if (!sg_slice_eq(tbs, v->plan.sign[i].der))
        return sg_err_set(err, SG_FORMAT, "it does not hold the plan's bytes");
    return SG_OK;
}

static enum sg_rc walk_crls(struct cer_verify *v, const struct ca_cert *issuer,
                            struct sg_err *err)
{
    for (size_t i = 0; i < v->n_results; i++) {
        struct ca_crl crl = { 0 };

        SG_TRY(ca_crl_parse(&v->arena, v->result[i], &crl, err));
        SG_TRY(ca_crl_check_signed_by(&crl, issuer, err));
        SG_TRY(same_tbs(v, i, crl.tbs, err));
    }
    return SG_OK;
}

static enum sg_rc walk_csr(struct cer_verify *v, struct sg_err *err)
{
    struct ca_csr csr = { 0 };

    SG_TRY(ca_csr_parse(&v->arena, v->result[0], &csr, err));
    SG_TRY(ca_csr_verify(&csr, err));
    return same_tbs(v, 0, csr.info, err);
}

enum sg_rc cer_verify_walker(struct cer_verify *v, struct sg_err *err)
{
    struct ca_cert *cert = sg_arena_array(&v->arena, struct ca_cert, 2);

    if (cert == NULL)
        return sg_err_set(err, SG_NOMEM, "certificate");
    if (!cer_verify_has_result(v))
        return cer_verify_skip(v, CER_VERIFY_NO_RESULT);
    if (v->plan.type == CER_TYPE_CSR)
        return walk_csr(v, err);
    if (v->plan.n_chain > 0)
        SG_TRY(ca_cert_parse(&v->arena, v->plan.chain[0], &cert[1], err));
    if (v->plan.type == CER_TYPE_CRL)
        return walk_crls(v, &cert[1], err);
    SG_TRY(ca_cert_parse(&v->arena, v->result[0], &cert[0], err));
    SG_TRY(ca_cert_check_signed_by(
        &cert[0], v->plan.n_chain > 0 ? &cert[1] : &cert[0], err));
    return same_tbs(v, 0, cert[0].tbs, err);
}
