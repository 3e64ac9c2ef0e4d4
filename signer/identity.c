/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/identity.h"

#include <stdio.h>

#include "ca/spki.h"
#include "common/file.h"
#include "common/pem.h"

#define PUBLIC_KEY_FILE_MAX 16384

static enum sg_rc read_public_key(const char *path, struct sg_buf *der,
                                  struct ca_spki *ret, struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf text = { 0 };
    sg_buf_init(&text, PUBLIC_KEY_FILE_MAX);
    if (sg_file_read(path, &text, err) != SG_OK
        || sg_pem_or_der(sg_buf_slice(&text), "PUBLIC KEY", der, err) != SG_OK
        || ca_spki_parse(sg_buf_slice(der), ret, err) != SG_OK) {
        err->rc = SG_CONFIG;
        return sg_err_wrap(err, "identity_public_key %s", path);
    }
    return SG_OK;
}

static enum sg_rc prove(const struct tok_key_info *key, struct sg_slice message,
                        struct sg_slice signature, struct sg_err *err)
{
    enum ca_sigalg alg = CA_SIGALG_UNSET;
    struct ca_spki spki;

    SG_TRY(ca_spki_parse(SG_SLICE(key->spki, key->spki_len), &spki, err));
    SG_TRY(ca_sigalg_parse(tok_probe_algorithm(key->type), &alg, err));
    if (ca_spki_verify(&spki, alg, message, signature, err) != SG_OK)
        return sg_err_wrap(err, "it does not prove that the token holds it");
    return SG_OK;
}

static enum sg_rc check_key(struct tok_client *client,
                            const struct srv_token_config *cfg,
                            struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf der = { 0 };
    struct tok_key_open want = { 0 };
    struct tok_key *key = NULL;
    struct ca_spki spki;

    sg_buf_init(&der, TOK_SPKI_MAX);
    SG_TRY(read_public_key(cfg->identity_public_key, &der, &spki, err));
    (void)snprintf(want.label, sizeof(want.label), "%s", cfg->identity_key);
    want.spki = sg_buf_slice(&der);
    if (tok_client_key(client, &want, &key, err) != SG_OK
        || tok_client_identify(key, prove, err) != SG_OK)
        return sg_err_wrap(err, "identity_key \"%s\"", cfg->identity_key);
    return SG_OK;
}

enum sg_rc srv_identity_check(struct tok_client *client,
                              const struct srv_token_config *cfg,
                              struct sg_err *err)
{
    return cfg->identity_key != NULL ? check_key(client, cfg, err) : SG_OK;
}
