/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/identity.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "ca/spki.h"
#include "common/file.h"
#include "common/pem.h"

#define CHALLENGE_OCTETS 32
#define PUBLIC_KEY_FILE_MAX 16384

/* Two tokens may bear one label. */
static enum sg_rc check_serial(struct tok_client *client, const char *serial,
                               struct sg_err *err)
{
    struct tok_token_info info;

    tok_client_token(client, &info);
    if (strcmp(info.serial, serial) != 0)
        return sg_err_set(err, SG_CONFIG,
                          "its serial number is \"%s\", not \"%s\": another "
                          "token under the same name",
                          info.serial, serial);
    return SG_OK;
}

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

/* TOK_PROBE_PREFIX, its NUL and fresh octets: what the key signs. */
struct message {
    uint8_t bytes[sizeof(TOK_PROBE_PREFIX) + CHALLENGE_OCTETS];
};

static enum sg_rc new_challenge(struct message *ret, struct sg_slice *challenge,
                                struct sg_err *err)
{
    uint8_t *octets = ret->bytes + sizeof(TOK_PROBE_PREFIX);

    memcpy(ret->bytes, TOK_PROBE_PREFIX, sizeof(TOK_PROBE_PREFIX));
    if (RAND_bytes(octets, CHALLENGE_OCTETS) != 1)
        return sg_err_openssl(err, SG_CRYPTO, "random numbers");
    *challenge = SG_SLICE(octets, CHALLENGE_OCTETS);
    return SG_OK;
}

/* The token process verifies what it signs; whether it is the one we think is
 * the very question, so this side verifies too. */
static enum sg_rc prove(struct tok_key *key, const struct ca_spki *spki,
                        struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf signature = { 0 };
    struct message message;
    struct sg_slice challenge;
    enum ca_sigalg alg = CA_SIGALG_UNSET;

    sg_buf_init(&signature, TOK_SIGNATURE_MAX);
    SG_TRY(new_challenge(&message, &challenge, err));
    SG_TRY(tok_probe_sign(key, challenge, &signature, err));
    SG_TRY(ca_sigalg_parse(tok_probe_algorithm(tok_key_info(key)->type), &alg,
                           err));
    return ca_spki_verify(spki, alg,
                          SG_SLICE(message.bytes, sizeof(message.bytes)),
                          sg_buf_slice(&signature), err);
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
        || prove(key, &spki, err) != SG_OK)
        return sg_err_wrap(err, "identity_key \"%s\"", cfg->identity_key);
    return SG_OK;
}

enum sg_rc srv_identity_check(struct tok_client *client,
                              const struct srv_token_config *cfg,
                              struct sg_err *err)
{
    if (cfg->serial != NULL)
        SG_TRY(check_serial(client, cfg->serial, err));
    if (cfg->identity_key != NULL)
        SG_TRY(check_key(client, cfg, err));
    return SG_OK;
}
