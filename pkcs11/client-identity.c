/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <sys/random.h>

#include "pkcs11/client-int.h"

static enum sg_rc new_proof(struct tok_proof *ret, struct sg_err *err)
{
    uint8_t *octets = ret->message + sizeof(TOK_PROBE_PREFIX);

    memcpy(ret->message, TOK_PROBE_PREFIX, sizeof(TOK_PROBE_PREFIX));
    if (getrandom(octets, TOK_PROOF_OCTETS, 0) != TOK_PROOF_OCTETS)
        return sg_err_errno(err, SG_IO, "random numbers");
    return SG_OK;
}

static struct sg_slice challenge_of(const struct tok_proof *proof)
{
    return SG_SLICE(proof->message + sizeof(TOK_PROBE_PREFIX),
                    TOK_PROOF_OCTETS);
}

/* The token process verifies what it signs; whether it is the one we think is
 * the very question, so this side verifies too. */
static enum sg_rc check(const struct tok_key *key, tok_prove prove,
                        const struct tok_proof *proof,
                        struct sg_slice signature, struct sg_err *err)
{
    return prove(&key->info, SG_SLICE(proof->message, sizeof(proof->message)),
                 signature, err);
}

enum sg_rc tok_client_identify(struct tok_key *key, tok_prove prove,
                               struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf signature = { 0 };
    struct tok_client *client = key->client;
    struct tok_proof proof;

    sg_buf_init(&signature, TOK_SIGNATURE_MAX);
    SG_TRY(new_proof(&proof, err));
    SG_TRY(tok_probe_sign(key, challenge_of(&proof), &signature, err));
    SG_TRY(check(key, prove, &proof, sg_buf_slice(&signature), err));
    pthread_mutex_lock(&client->lock);
    client->identity = key;
    client->prove = prove;
    pthread_mutex_unlock(&client->lock);
    return SG_OK;
}

/* --- after a restart --------------------------------------------------------- */

enum sg_rc tok_proof_send(struct tok_client *client, bool *ret_asked,
                          struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf payload = { 0 };
    struct tok_sign sign = { .tbs = challenge_of(&client->proof) };
    struct sg_err failure = { 0 };

    pthread_mutex_lock(&client->lock);
    struct tok_key *key = client->identity;
    if (key != NULL) {
        sign.key_ref = key->ref;
        failure = key->failure;
    }
    pthread_mutex_unlock(&client->lock);
    *ret_asked = key != NULL;
    if (key == NULL)
        return SG_OK;
    if (failure.rc != SG_OK) /* it is not there any more, or another one */
        return tok_err_copy(err, &failure);
    sg_buf_init(&payload, TOK_FRAME_MAX);
    SG_TRY(new_proof(&client->proof, err));
    SG_TRY(tok_put_sign(&payload, &sign, err));
    client->proving = true;
    return tok_reopen_ask(client, key, TOK_OP_PROBE_SIGN,
                          sg_buf_slice(&payload), err);
}

static enum sg_rc judge(const struct tok_client *client,
                        const struct tok_frame *reply, struct sg_err *err)
{
    struct sg_slice signature;
    struct sg_reader in;

    if (reply->op != TOK_OP_PROBE_SIGN)
        return sg_err_set(err, SG_FORMAT, "%s out of place",
                          tok_op_name(reply->op));
    SG_TRY(tok_reply_check(reply, err));
    if (reply->rc != SG_OK)
        return tok_frame_failure(reply, err);
    sg_reader_init(&in, reply->payload);
    SG_TRY(sg_get_blob(&in, TOK_SIGNATURE_MAX, &signature, err));
    /* The thread alone changes them once the process is asked. */
    return check(client->reopen, client->prove, &client->proof, signature, err);
}

enum sg_rc tok_proof_reply(struct tok_client *client,
                           const struct tok_frame *reply, struct sg_err *err)
{
    if (judge(client, reply, err) != SG_OK)
        return sg_err_wrap(err, "identity key \"%s\"",
                           client->reopen->want.label);
    return SG_OK;
}
