/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/publish.h"

#include <stdlib.h>
#include <string.h>

#include "common/pem.h"
#include "signer/json.h"
#include "signer/respond.h"

/* base64 is 4/3, its newlines 1/48, and JSON writes each of those in two. */
#define PEM_MAX ((size_t)2 * CA_CERT_MAX)

static enum sg_rc publish_pem(const struct ca_cert *cert, struct sg_buf *out,
                              struct sg_err *err)
{
    return sg_pem_encode("CERTIFICATE", cert->der, out, err);
}

static enum sg_rc publish_chain(const struct ca_issuer *issuer,
                                struct sg_buf *out, struct sg_err *err)
{
    for (size_t i = 0; i < ca_issuer_chain_len(issuer); i++) {
        if (i > 0)
            SG_TRY(sg_buf_put_u8(out, '\n', err));
        SG_TRY(publish_pem(ca_issuer_chain(issuer, i), out, err));
    }
    return SG_OK;
}

static enum sg_rc publish_json(const struct sg_buf *text, char **ret_json,
                               struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf json = { 0 };

    sg_buf_init(&json, 2 * PEM_MAX * CA_CHAIN_MAX);
    SG_TRY(srv_json_put_str(&json, sg_buf_slice(text), err));
    char *copy = strndup((const char *)json.data, json.len);
    if (copy == NULL)
        return sg_err_set(err, SG_NOMEM, "issuer certificate");
    *ret_json = copy;
    return SG_OK;
}

/* The types are Vault's: the chain has always been labelled as one
 * certificate, and clients know. */
static enum sg_rc publish_all(struct srv_published *pub,
                              const struct ca_issuer *issuer,
                              struct sg_err *err)
{
    const struct ca_cert *cert = ca_issuer_cert(issuer);
    SG_CLEANUP(sg_buf_done) struct sg_buf der = { 0 };
    SG_CLEANUP(sg_buf_done) struct sg_buf pem = { 0 };
    SG_CLEANUP(sg_buf_done) struct sg_buf chain = { 0 };

    sg_buf_init(&der, CA_CERT_MAX);
    sg_buf_init(&pem, PEM_MAX);
    sg_buf_init(&chain, PEM_MAX * CA_CHAIN_MAX);
    SG_TRY(publish_pem(cert, &pem, err));
    SG_TRY(publish_chain(issuer, &chain, err));
    SG_TRY(publish_json(&pem, &pub->json_pem, err));
    SG_TRY(publish_json(&chain, &pub->json_chain, err));
    SG_TRY(sg_buf_put(&der, cert->der.p, cert->der.len, err));
    SG_TRY(srv_response_new(&der, "application/pkix-cert", &pub->der, err));
    SG_TRY(srv_response_new(&pem, "application/pem-certificate-chain",
                            &pub->pem, err));
    return srv_response_new(&chain, "application/pkix-cert", &pub->chain_pem,
                            err);
}

enum sg_rc srv_published_init(struct srv_published *pub,
                              const struct ca_issuer *issuer,
                              struct sg_err *err)
{
    *pub = (struct srv_published){ 0 };
    enum sg_rc rc = publish_all(pub, issuer, err);
    if (rc != SG_OK)
        srv_published_done(pub);
    return rc;
}

void srv_published_done(struct srv_published *pub)
{
    srv_response_free(pub->der);
    srv_response_free(pub->pem);
    srv_response_free(pub->chain_pem);
    free(pub->json_pem);
    free(pub->json_chain);
    *pub = (struct srv_published){ 0 };
}
