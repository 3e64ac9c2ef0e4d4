/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/stand-in.h"

#include <openssl/ec.h>
#include <openssl/x509.h>

#include "common/cleanup-openssl.h"

static enum sg_rc take_der(struct sg_arena *arena, X509 *cert,
                           struct sg_slice *ret, struct sg_err *err)
{
    unsigned char *der = NULL;
    int len = i2d_X509(cert, &der);

    if (len < 0)
        return sg_err_openssl(err, SG_CRYPTO, "stand-in certificate");
    *ret = sg_arena_copy(arena, SG_SLICE(der, (size_t)len));
    OPENSSL_free(der);
    if (ret->p == NULL)
        return sg_err_set(err, SG_NOMEM, "stand-in certificate");
    return SG_OK;
}

/* der with the public key own (NULL: its own), signed by signer. */
static enum sg_rc sign_anew(struct sg_arena *arena, struct sg_slice der,
                            EVP_PKEY *own, EVP_PKEY *signer,
                            struct sg_slice *ret, struct sg_err *err)
{
    const unsigned char *p = der.p;
    SG_CLEANUP(X509_free) X509 *cert = d2i_X509(NULL, &p, (long)der.len);

    if (cert == NULL || (own != NULL && X509_set_pubkey(cert, own) != 1)
        || X509_sign(cert, signer, EVP_sha256()) == 0)
        return sg_err_openssl(err, SG_CRYPTO, "stand-in certificate");
    return take_der(arena, cert, ret, err);
}

enum sg_rc cer_stand_in_chain(struct sg_arena *arena,
                              const struct sg_slice *chain, size_t n,
                              struct sg_slice *ret, struct sg_err *err)
{
    SG_CLEANUP(EVP_PKEY_free) EVP_PKEY *above = NULL;

    /* From the top: each needs the key of the one above it. */
    for (size_t i = n; i-- > 1;) {
        SG_CLEANUP(EVP_PKEY_free) EVP_PKEY *own = EVP_EC_gen("P-256");

        if (own == NULL)
            return sg_err_openssl(err, SG_CRYPTO, "stand-in key");
        SG_TRY(sign_anew(arena, chain[i], own, above != NULL ? above : own,
                         &ret[i], err));
        EVP_PKEY_free(above);
        above = SG_TAKE(own);
    }
    if (above != NULL)
        return sign_anew(arena, chain[0], NULL, above, &ret[0], err);
    ret[0] = chain[0];
    return SG_OK;
}
