/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ceremony-approver.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup-openssl.h"
#include "common/parse.h"
#include "common/secret.h"

#define PATH_BYTES 512
#define URI_MAX 512
#define SCHEME "pkcs11:"

struct cli_approver {
    enum ca_sigalg alg;
    EVP_PKEY *file; /* owned; NULL: in a token */
    struct tok_client *client;
    struct tok_key *key;
};

void cli_approver_free(struct cli_approver *approver)
{
    if (approver == NULL)
        return;
    EVP_PKEY_free(approver->file);
    tok_client_free(approver->client);
    free(approver);
}

enum ca_sigalg cli_approver_algorithm(const struct cli_approver *approver)
{
    return approver->alg;
}

/* What a key of its kind signs with. */
static enum sg_rc set_algorithm(struct cli_approver *approver,
                                struct sg_slice spki_der, struct sg_err *err)
{
    struct ca_spki spki;

    if (ca_spki_parse(spki_der, &spki, err) != SG_OK)
        return sg_err_wrap(err, "--key");
    return ca_sigalg_for(spki.kind, 0, false, &approver->alg, err);
}

/* --- files ---------------------------------------------------------------------- */

struct passphrase {
    const char *source;
    struct sg_err err;
};

/* OpenSSL asks for it only when the key is encrypted. */
static int get_passphrase(char *dst, int size, int for_writing, void *arg)
{
    struct passphrase *p = arg;
    SG_CLEANUP(sg_secret_free) struct sg_secret *secret = NULL;

    (void)for_writing;
    if (sg_secret_from(p->source, "Passphrase of the approver's key", &secret,
                       &p->err)
        != SG_OK)
        return -1;
    if (secret->len > (size_t)size) {
        (void)sg_err_set(&p->err, SG_LIMIT, "passphrase: %zu bytes, at most %d",
                         secret->len, size);
        return -1;
    }
    memcpy(dst, secret->buf, secret->len);
    return (int)secret->len;
}

/* As secrets are read: of its owner, readable by nobody else. */
static enum sg_rc read_secretly(const char *path, struct sg_secret **ret,
                                struct sg_err *err)
{
    char source[PATH_BYTES + 8];
    char *found = realpath(path, NULL);

    if (found == NULL)
        return sg_err_errno(err, SG_NOT_FOUND, "--key %s", path);
    int n = snprintf(source, sizeof(source), "file:%s", found);
    free(found);
    if (n < 0 || (size_t)n >= sizeof(source))
        return sg_err_set(err, SG_USAGE, "--key: path too long");
    if (sg_secret_from(source, "key", ret, err) != SG_OK)
        return sg_err_wrap(err, "--key");
    return SG_OK;
}

static enum sg_rc read_key(const struct cli_approver_args *args, EVP_PKEY **ret,
                           struct sg_err *err)
{
    SG_CLEANUP(sg_secret_free) struct sg_secret *file = NULL;
    struct passphrase passphrase = {
        .source = args->passphrase_source == NULL ? "prompt"
                                                  : args->passphrase_source,
    };

    SG_TRY(read_secretly(args->key, &file, err));
    BIO *bio = BIO_new_mem_buf(file->buf, (int)file->len);
    if (bio == NULL)
        return sg_err_set(err, SG_NOMEM, "--key");
    *ret = PEM_read_bio_PrivateKey(bio, NULL, get_passphrase, &passphrase);
    BIO_free(bio);
    if (*ret != NULL)
        return SG_OK;
    if (passphrase.err.rc != SG_OK) {
        *err = passphrase.err;
        return err->rc;
    }
    return sg_err_openssl(err, SG_FORMAT, "--key %s: no private key (PEM)",
                          args->key);
}

static enum sg_rc open_file(const struct cli_approver_args *args,
                            struct cli_approver *approver, struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf spki;

    sg_buf_init(&spki, (size_t)2 * CLI_APPROVAL_SIGNATURE_MAX);
    SG_TRY(read_key(args, &approver->file, err));
    SG_TRY(ca_leaf_key_spki(approver->file, &spki, err));
    return set_algorithm(approver, sg_buf_slice(&spki), err);
}

/* --- tokens --------------------------------------------------------------------- */

/* One attribute of the URI, decoded: "%41" and all. */
static enum sg_rc decode(const char *text, size_t len, char *dst, size_t size,
                         struct sg_err *err)
{
    size_t n = 0;
    SG_CLEANUP(sg_buf_done) struct sg_buf byte;

    sg_buf_init(&byte, 1);
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (c == '%') {
            char hex[3] = { 0 };
            memcpy(hex, text + i + 1, len - i > 2 ? 2 : 0);
            sg_buf_reset(&byte);
            if (sg_parse_hex(hex, &byte, err) != SG_OK || byte.len != 1
                || byte.data[0] == 0) {
                sg_err_clear(err);
                return sg_err_set(err, SG_USAGE, "--key: bad escape in object");
            }
            c = (char)byte.data[0];
            i += 2;
        }
        if (n + 1 >= size)
            return sg_err_set(err, SG_USAGE, "--key: object: at most %zu bytes",
                              size - 1);
        dst[n++] = c;
    }
    dst[n] = '\0';
    return SG_OK;
}

/* The object's label out of the URI; what is left names the token. */
static enum sg_rc split_uri(const char *uri, char label[TOK_LABEL_MAX],
                            char token[URI_MAX], struct sg_err *err)
{
    const char *at = uri + sizeof(SCHEME) - 1;
    size_t n = (size_t)snprintf(token, URI_MAX, SCHEME);

    if (strlen(uri) >= URI_MAX)
        return sg_err_set(err, SG_USAGE, "--key: URI too long");
    label[0] = '\0';
    while (*at != '\0') {
        size_t len = strcspn(at, ";");
        if (len > 7 && strncmp(at, "object=", 7) == 0)
            SG_TRY(decode(at + 7, len - 7, label, TOK_LABEL_MAX, err));
        else
            n += (size_t)snprintf(token + n, URI_MAX - n, "%s%.*s",
                                  n > sizeof(SCHEME) - 1 ? ";" : "", (int)len,
                                  at);
        at += len + (at[len] == ';' ? 1 : 0);
    }
    if (label[0] == '\0')
        return sg_err_set(err, SG_USAGE, "--key %s: object=LABEL is missing",
                          uri);
    return SG_OK;
}

static enum sg_rc open_token(struct cli *cli,
                             const struct cli_approver_args *args,
                             struct cli_approver *approver, struct sg_err *err)
{
    struct tok_key_open want = { 0 };
    char uri[URI_MAX];
    struct cli_token_args token = args->token;
    const struct cli_token_start start = { .args = &token, .login = true };

    SG_TRY(split_uri(args->key, want.label, uri, err));
    token.token = uri;
    SG_TRY(cli_token_start(cli, &start, &approver->client, err));
    SG_TRY(tok_client_key(approver->client, &want, &approver->key, err));
    const struct tok_key_info *info = tok_key_info(approver->key);
    if (!info->has_guard || info->purpose != TOK_PURPOSE_BACKEND) {
        cli_hint(cli, "\"signet key generate --purpose backend\" makes a key "
                      "that signs digests");
        return sg_err_set(err, SG_POLICY,
                          "--key: '%s' was not made for backends", info->label);
    }
    return set_algorithm(approver, SG_SLICE(info->spki, info->spki_len), err);
}

enum sg_rc cli_approver_open(struct cli *cli,
                             const struct cli_approver_args *args,
                             struct cli_approver **ret, struct sg_err *err)
{
    struct cli_approver *approver = calloc(1, sizeof(*approver));
    bool is_uri = strncmp(args->key, SCHEME, sizeof(SCHEME) - 1) == 0;

    if (approver == NULL)
        return sg_err_set(err, SG_NOMEM, "--key");
    enum sg_rc rc = is_uri ? open_token(cli, args, approver, err)
                           : open_file(args, approver, err);
    if (rc != SG_OK) {
        cli_approver_free(approver);
        return rc;
    }
    *ret = approver;
    return SG_OK;
}

/* --- signing -------------------------------------------------------------------- */

/* NULL for Ed25519, which hashes by itself. */
static const EVP_MD *digest_of(enum ca_sigalg alg)
{
    if (alg == CA_SIGALG_ED25519)
        return NULL;
    if (alg == CA_SIGALG_ECDSA_SHA384)
        return EVP_sha384();
    return alg == CA_SIGALG_ECDSA_SHA512 ? EVP_sha512() : EVP_sha256();
}

static enum sg_rc sign_by_file(const struct cli_approver *approver,
                               struct sg_slice message, struct sg_buf *out,
                               struct sg_err *err)
{
    SG_CLEANUP(EVP_MD_CTX_free) EVP_MD_CTX *md = EVP_MD_CTX_new();
    uint8_t signature[CLI_APPROVAL_SIGNATURE_MAX];
    size_t len = sizeof(signature);

    if (md == NULL
        || EVP_DigestSignInit(md, NULL, digest_of(approver->alg), NULL,
                              approver->file)
               != 1
        || EVP_DigestSign(md, signature, &len, message.p, message.len) != 1)
        return sg_err_openssl(err, SG_CRYPTO, "approval");
    return sg_buf_put(out, signature, len, err);
}

enum sg_rc cli_approver_sign(const struct cli_approver *approver,
                             struct sg_slice message, struct sg_buf *out,
                             struct sg_err *err)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    if (approver->file != NULL)
        return sign_by_file(approver, message, out, err);
    if (approver->alg == CA_SIGALG_ED25519)
        return sg_err_set(err, SG_UNAVAILABLE,
                          "--key: an Ed25519 key in a token signs no digests: "
                          "use a P-256 or RSA key");
    if (EVP_Digest(message.p, message.len, digest, &len,
                   digest_of(approver->alg), NULL)
        != 1)
        return sg_err_openssl(err, SG_CRYPTO, "approval");
    return tok_sign_digest(approver->key, ca_sigalg_der(approver->alg),
                           SG_SLICE(digest, len), out, err);
}
