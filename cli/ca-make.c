/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ca-make.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ca/leaf.h"
#include "common/cleanup-openssl.h"
#include "common/file.h"
#include "common/parse.h"
#include "common/pem.h"

static enum sg_rc generate(struct cli *cli, struct tok_client *client,
                           const struct cli_ca_key_args *args,
                           struct sg_err *err)
{
    struct tok_key_generate gen = { .guard = args->guard };
    struct tok_key_info info;
    memcpy(gen.label, args->label, strlen(args->label));
    if (tok_key_type_parse(args->generate, &gen.type, err) != SG_OK)
        return sg_err_wrap(err, "--generate");
    if (tok_key_generate(client, &gen, &info, err) != SG_OK) {
        if (err->rc == SG_CONFLICT)
            cli_hint(cli, "leave out --generate to use the key that is there, "
                          "or choose another --key");
        return err->rc;
    }
    /* From here on a failure leaves the key behind, and it is of use. */
    cli_hint(cli,
             "the key '%s' was made and stays in the token: run this "
             "again without --generate",
             args->label);
    return SG_OK;
}

static enum sg_rc judge(struct cli *cli, const struct tok_key_info *info,
                        struct sg_err *err)
{
    if (info->has_guard && info->purpose == TOK_PURPOSE_CA)
        return SG_OK;
    cli_hint(cli, "make a key for this CA with --generate TYPE");
    if (!info->has_guard)
        return sg_err_set(err, SG_POLICY,
                          "key '%s' has no guard: signet did not make it",
                          info->label);
    return sg_err_set(err, SG_POLICY,
                      "key '%s' was made for %s and cannot be a CA's key",
                      info->label, tok_purpose_name(info->purpose));
}

enum sg_rc cli_ca_key_open(struct cli *cli, struct tok_client *client,
                           const struct cli_ca_key_args *args,
                           struct cli_ca_key *ret, struct sg_err *err)
{
    struct tok_key_open want = { .spki = args->spki };
    if (strlen(args->label) >= sizeof(want.label))
        return sg_err_set(err, SG_USAGE, "--key: at most %d bytes",
                          TOK_LABEL_MAX - 1);
    memcpy(want.label, args->label, strlen(args->label));
    if (args->generate != NULL)
        SG_TRY(generate(cli, client, args, err));

    struct cli_ca_key found = { 0 };
    if (tok_client_key(client, &want, &found.key, err) != SG_OK) {
        if (err->rc == SG_NOT_FOUND)
            cli_hint(cli, "--generate TYPE makes the key; \"signet key list\" "
                          "shows those that are there");
        else if (err->rc == SG_POLICY)
            cli_hint(cli, "make a key for this CA with --generate TYPE");
        return err->rc;
    }
    const struct tok_key_info *info = tok_key_info(found.key);
    SG_TRY(judge(cli, info, err));
    SG_TRY(
        ca_spki_parse(SG_SLICE(info->spki, info->spki_len), &found.spki, err));
    SG_TRY(ca_sigalg_for(found.spki.kind, 0, false, &found.alg, err));
    *ret = found;
    return SG_OK;
}

enum sg_rc cli_out_check(struct cli *cli, const char *path, bool force,
                         struct sg_err *err)
{
    if (path == NULL)
        return SG_OK;
    if (!force && access(path, F_OK) == 0) {
        cli_hint(cli, "choose another name, or --force to replace it");
        return sg_err_set(err, SG_CONFLICT, "%s exists", path);
    }
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 0 : (size_t)(slash - path) + 1;
    char *dir = malloc(len + 2);
    if (dir == NULL)
        return sg_err_set(err, SG_NOMEM, "%s", path);
    memcpy(dir, path, len);
    memcpy(dir + len, ".", 2);
    int failed = access(dir, W_OK | X_OK);
    free(dir);
    if (failed != 0) {
        cli_hint(cli, "make the folder, or choose another name");
        return sg_err_errno(err, SG_IO, "%s: folder", path);
    }
    return SG_OK;
}

/* The public key of a key that nobody keeps. */
static enum sg_rc any_spki(struct sg_buf *out, struct sg_err *err)
{
    SG_CLEANUP(EVP_PKEY_free) EVP_PKEY *key = NULL;
    SG_TRY(ca_leaf_key_new(CA_KEY_EC_P256, 0, &key, err));
    return ca_leaf_key_spki(key, out, err);
}

enum sg_rc cli_ca_rehearse(const struct cli_ca_key *signer,
                           const struct ca_authority_args *args,
                           struct sg_err *err)
{
    struct ca_authority_args copy = *args;
    struct ca_spki spki;
    uint8_t serial[CA_SERIAL_LEN];
    SG_CLEANUP(sg_buf_done) struct sg_buf der = { 0 };
    SG_CLEANUP(sg_buf_done) struct sg_buf tbs = { 0 };
    sg_buf_init(&der, TOK_SPKI_MAX);
    sg_buf_init(&tbs, TOK_TBS_MAX);

    SG_TRY(any_spki(&der, err));
    SG_TRY(ca_spki_parse(sg_buf_slice(&der), &spki, err));
    SG_TRY(ca_serial_new(serial, err));
    copy.alg = signer == NULL ? CA_SIGALG_ECDSA_SHA256 : signer->alg;
    copy.spki = &spki;
    copy.serial = SG_SLICE(serial, sizeof(serial));
    SG_TRY(ca_authority_tbs(&copy, &tbs, err));
    return cli_ca_lint(copy.issuer, sg_buf_slice(&tbs), err);
}

enum sg_rc cli_ca_certify(const struct cli_ca_key *signer,
                          struct ca_authority_args *args, struct sg_buf *out,
                          struct sg_err *err)
{
    uint8_t serial[CA_SERIAL_LEN];
    SG_TRY(ca_serial_new(serial, err));
    args->serial = SG_SLICE(serial, sizeof(serial));
    args->alg = signer->alg;

    struct sg_buf tbs;
    struct sg_buf signature;
    sg_buf_init(&tbs, TOK_TBS_MAX);
    sg_buf_init(&signature, TOK_SIGNATURE_MAX);
    enum sg_rc rc = ca_authority_tbs(args, &tbs, err);
    if (rc == SG_OK)
        rc = cli_ca_lint(args->issuer, sg_buf_slice(&tbs), err);
    if (rc == SG_OK)
        rc = tok_sign_cert(signer->key, ca_sigalg_der(signer->alg),
                           sg_buf_slice(&tbs), &signature, err);
    if (rc == SG_OK)
        rc = ca_signed_encode(sg_buf_slice(&tbs), signer->alg,
                              sg_buf_slice(&signature), out, err);
    sg_buf_done(&signature);
    sg_buf_done(&tbs);
    args->serial = SG_SLICE(NULL, 0);
    return rc;
}

static enum sg_rc read_blocks(struct sg_arena *arena, struct sg_slice text,
                              struct sg_slice *list, size_t max, size_t *n,
                              struct sg_err *err)
{
    struct sg_buf der;
    sg_buf_init(&der, CA_CERT_MAX);
    bool more = true;
    enum sg_rc rc = SG_OK;
    while (rc == SG_OK) {
        char label[SG_PEM_LABEL_MAX];
        sg_buf_reset(&der);
        rc = sg_pem_next(&text, label, &der, &more, err);
        if (rc != SG_OK || !more)
            break;
        if (strcmp(label, "CERTIFICATE") != 0)
            rc = sg_err_set(err, SG_FORMAT, "a %s is no certificate", label);
        else if (*n == max)
            rc = sg_err_set(err, SG_LIMIT, "more than %zu certificates", max);
        else
            list[(*n)++] = sg_arena_copy(arena, sg_buf_slice(&der));
    }
    sg_buf_done(&der);
    return rc;
}

enum sg_rc cli_ca_read_chain(struct sg_arena *arena, const char *path,
                             struct sg_slice *list, size_t max, size_t *n,
                             struct sg_err *err)
{
    struct sg_buf text;
    sg_buf_init(&text, CLI_CERT_TEXT_MAX);
    size_t before = *n;
    enum sg_rc rc = sg_file_read(path, &text, err);
    if (rc == SG_OK) {
        rc = read_blocks(arena, sg_buf_slice(&text), list, max, n, err);
        if (rc == SG_OK && *n == before)
            rc = sg_err_set(err, SG_FORMAT, "no certificate in it (PEM)");
        if (rc != SG_OK)
            rc = sg_err_wrap(err, "%s", path);
    }
    sg_buf_done(&text);
    return rc;
}

static enum sg_rc encode_pem(const struct sg_slice *list, size_t n,
                             struct sg_buf *out, struct sg_err *err)
{
    for (size_t i = 0; i < n; i++) {
        SG_TRY(sg_pem_encode("CERTIFICATE", list[i], out, err));
        SG_TRY(sg_buf_put_u8(out, '\n', err));
    }
    return SG_OK;
}

enum sg_rc cli_ca_write(const char *path, bool force,
                        const struct sg_slice *list, size_t n,
                        struct sg_err *err)
{
    struct sg_buf text;
    sg_buf_init(&text, CLI_CERT_TEXT_MAX * (size_t)CA_CHAIN_MAX);
    enum sg_rc rc = encode_pem(list, n, &text, err);
    if (rc == SG_OK)
        rc = sg_file_write(path, sg_buf_slice(&text), 0644,
                           force ? SG_FILE_REPLACE : SG_FILE_NEW_ONLY, err);
    sg_buf_done(&text);
    return rc;
}

static const struct cli_field FIELDS[] = {
    { "subject", "Subject" },
    { "issuer", "Issuer" },
    { "serial_number", "Serial" },
    { "not_before", "Valid from" },
    { "not_after", "Valid until" },
    { "path_length", "Path length" },
    { "key", "Key" },
    { "sha256", "SHA-256" },
    { "file", "Certificate in" },
    { "chain_file", "Chain in" },
};

enum sg_rc cli_ca_print(const struct cli *cli, const struct cli_ca_made *made,
                        struct sg_err *err)
{
    const struct ca_cert *cert = made->cert;
    uint8_t digest[32];
    char name[TOK_DN_MAX];
    if (EVP_Digest(cert->der.p, cert->der.len, digest, NULL, EVP_sha256(), NULL)
        != 1)
        return sg_err_openssl(err, SG_CRYPTO, "SHA-256");

    SG_CLEANUP(cli_json_free) struct json_object *json = cli_json_object();
    cli_put_text(json, "subject",
                 ca_dn_text(cert->subject, name, sizeof(name)));
    cli_put_text(json, "issuer", ca_dn_text(cert->issuer, name, sizeof(name)));
    cli_put_hex(json, "serial_number", cert->serial);
    cli_put_time(json, "not_before", cert->not_before);
    cli_put_time(json, "not_after", cert->not_after);
    if (cert->has_path_length)
        cli_put_int(json, "path_length", cert->path_length);
    cli_put_text(json, "key", made->key);
    cli_put_hex(json, "sha256", SG_SLICE(digest, sizeof(digest)));
    cli_put_text(json, "file", made->path);
    if (made->chain_path != NULL)
        cli_put_text(json, "chain_file", made->chain_path);
    cli_print_record(cli, json, FIELDS, SG_ARRAY_LEN(FIELDS));
    return SG_OK;
}
