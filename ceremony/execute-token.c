/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ceremony/execute-int.h"
#include "ceremony/plan-int.h"
#include "common/cleanup-openssl.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/parse.h"

#define READ_BYTES 2048
#define ATTRS_TEXT_MAX 512

/* --- the surroundings ---------------------------------------------------------- */

static enum sg_rc hash_file(const char *path, uint8_t ret[static 32],
                            struct sg_err *err)
{
    SG_CLEANUP(sg_fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    SG_CLEANUP(EVP_MD_CTX_free) EVP_MD_CTX *md = EVP_MD_CTX_new();
    uint8_t bytes[READ_BYTES];
    ssize_t n = 0;

    if (fd < 0)
        return sg_err_errno(err, SG_IO, "%s", path);
    if (md == NULL || EVP_DigestInit_ex2(md, EVP_sha256(), NULL) != 1)
        return sg_err_openssl(err, SG_CRYPTO, "SHA-256");
    do {
        n = read(fd, bytes, sizeof(bytes));
        if (n < 0 && errno != EINTR)
            return sg_err_errno(err, SG_IO, "%s", path);
        if (n > 0 && EVP_DigestUpdate(md, bytes, (size_t)n) != 1)
            return sg_err_openssl(err, SG_CRYPTO, "SHA-256");
    } while (n != 0);
    if (EVP_DigestFinal_ex(md, ret, NULL) != 1)
        return sg_err_openssl(err, SG_CRYPTO, "SHA-256");
    return SG_OK;
}

static enum sg_rc put_file(json_object *line, const char *key, const char *path,
                           struct sg_err *err)
{
    uint8_t hash[32];

    SG_TRY(hash_file(path, hash, err));
    return cer_json_put_hex(line, key, SG_SLICE(hash, sizeof(hash)), err);
}

static enum sg_rc record_environment(struct cer_execution *x,
                                     struct sg_err *err)
{
    SG_CLEANUP(cer_json_free) json_object *line = json_object_new_object();
    const struct tok_token_info *token = &x->token;

    if (line == NULL)
        return sg_err_set(err, SG_NOMEM, "environment");
    SG_TRY(cer_json_put_text(line, "tool_version", x->args->version, err));
    /* What ran is told apart by its bytes: a version can be built twice. */
    SG_TRY(put_file(line, "tool_build_id", "/proc/self/exe", err));
    SG_TRY(cer_json_put_text(line, "tool_openssl",
                             OpenSSL_version(OPENSSL_VERSION), err));
    SG_TRY(cer_json_put_text(line, "module_path", x->args->module, err));
    SG_TRY(put_file(line, "module_sha256", x->args->module, err));
    SG_TRY(cer_json_put_text(line, "module_description", token->module, err));
    SG_TRY(cer_json_put_text(line, "token_label", token->label, err));
    SG_TRY(cer_json_put_text(line, "token_serial", token->serial, err));
    SG_TRY(cer_json_put_text(line, "token_manufacturer", token->manufacturer,
                             err));
    SG_TRY(cer_json_put_text(line, "token_model", token->model, err));
    SG_TRY(cer_json_put_text(line, "token_firmware", token->firmware, err));
    if (x->key != NULL) {
        char attrs[ATTRS_TEXT_MAX];
        const struct tok_key_info *info = tok_key_info(x->key);
        SG_TRY(cer_json_put_text(line, "key_label", info->label, err));
        SG_TRY(cer_json_put_hex(line, "key_id",
                                SG_SLICE(info->id, info->id_len), err));
        SG_TRY(cer_json_put_text(
            line, "key_attributes",
            tok_attrs_text(info->attrs, attrs, sizeof(attrs)), err));
    }
    return cer_journal_add(x, "environment", SG_TAKE(line), err);
}

static enum sg_rc check_token(const struct cer_execution *x, struct sg_err *err)
{
    const struct cer_key *key = &x->plan->key;
    const char *before = cer_journal_text(x, "environment", "token_serial");

    if (strcmp(x->token.label, key->token_label) != 0)
        return sg_err_set(err, SG_POLICY,
                          "this is the token '%s', the plan is for '%s'",
                          x->token.label, key->token_label);
    if (key->token_serial != NULL
        && strcmp(x->token.serial, key->token_serial) != 0)
        return sg_err_set(err, SG_POLICY,
                          "this token has the serial number %s, the plan is "
                          "for %s",
                          x->token.serial, key->token_serial);
    if (before != NULL && strcmp(before, x->token.serial) != 0)
        return sg_err_set(err, SG_POLICY,
                          "the ceremony was begun with the token %s, this is "
                          "%s",
                          before, x->token.serial);
    return SG_OK;
}

static enum sg_rc start(struct cer_execution *x, struct sg_err *err)
{
    if (x->client != NULL)
        return SG_OK;
    SG_TRY(x->args->start(x->args->start_arg, &x->client, err));
    tok_client_token(x->client, &x->token);
    return check_token(x, err);
}

static void want_key(struct tok_key_open *want, const char *label,
                     struct sg_slice spki)
{
    *want = (struct tok_key_open){ .spki = spki };
    (void)snprintf(want->label, sizeof(want->label), "%s", label);
}

enum sg_rc cer_token_open(struct cer_execution *x, struct sg_err *err)
{
    SG_TRY(start(x, err));
    if (x->plan->type != CER_TYPE_KEY) {
        struct tok_key_open want;
        want_key(&want, x->plan->key.label, x->plan->key.spki);
        SG_TRY(tok_client_key(x->client, &want, &x->key, err));
    }
    cer_say(x->room, "%-24s %s, serial %s (%s %s, firmware %s)\n", "Token",
            x->token.label, x->token.serial, x->token.manufacturer,
            x->token.model, x->token.firmware);
    if (x->key != NULL) {
        char attrs[ATTRS_TEXT_MAX];
        cer_say(
            x->room, "%-24s %s: %s\n", "Key", x->plan->key.label,
            tok_attrs_text(tok_key_info(x->key)->attrs, attrs, sizeof(attrs)));
    }
    return record_environment(x, err);
}

/* --- the act ------------------------------------------------------------------ */

/* The answer that the token gave: did it refuse before it did anything? */
static bool nothing_done(enum sg_rc rc)
{
    return rc == SG_POLICY || rc == SG_CONFLICT || rc == SG_USAGE
           || rc == SG_CONFIG || rc == SG_NOT_FOUND || rc == SG_DENIED
           || rc == SG_FORMAT || rc == SG_LIMIT;
}

enum sg_rc cer_token_intend(struct cer_execution *x, const char *action,
                            json_object *own_fields, struct sg_err *err)
{
    SG_CLEANUP(cer_json_free)
    json_object *line =
        own_fields != NULL ? own_fields : json_object_new_object();

    if (line == NULL)
        return sg_err_set(err, SG_NOMEM, "intent");
    if (!x->args->rehearsal)
        SG_TRY(cer_execute_in_time(x->plan, sg_now(), err));
    SG_TRY(cer_json_put_text(line, "action", action, err));
    SG_TRY(cer_json_put_text(line, "label", x->plan->key.label, err));
    return cer_journal_add(x, "intent", SG_TAKE(line), err);
}

enum sg_rc cer_token_failed(struct cer_execution *x, struct sg_err *why)
{
    struct sg_err err = { 0 };
    json_object *line = json_object_new_object();
    bool nothing = nothing_done(why->rc);

    if (line != NULL
        && (cer_json_put_text(line, "rc", sg_rc_name(why->rc), &err) != SG_OK
            || cer_json_put_text(line, "message", why->msg, &err) != SG_OK
            || cer_json_put_bool(line, "nothing_done", nothing, &err)
                   != SG_OK)) {
        (void)json_object_put(line);
        return why->rc;
    }
    if (cer_journal_add(x, "failed", line, &err) != SG_OK)
        cer_say(x->room, "This could not be written to the transcript: %s\n",
                err.msg);
    return why->rc;
}

/* --- keys ---------------------------------------------------------------------- */

/* Is there a key with the plan's label? */
static enum sg_rc look_for_key(struct cer_execution *x, bool *ret_found,
                               struct tok_key_info *ret, struct sg_err *err)
{
    struct tok_key_info *list = NULL;
    size_t n = 0;

    SG_TRY(tok_key_list(x->client, &list, &n, err));
    *ret_found = false;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(list[i].label, x->plan->key.label) != 0)
            continue;
        *ret_found = true;
        *ret = list[i];
    }
    free(list);
    return SG_OK;
}

static enum sg_rc record_key(struct cer_execution *x,
                             const struct tok_key_info *info, bool adopted,
                             struct sg_err *err)
{
    SG_CLEANUP(cer_json_free) json_object *line = json_object_new_object();
    char attrs[ATTRS_TEXT_MAX];

    if (line == NULL)
        return sg_err_set(err, SG_NOMEM, "key");
    (void)tok_attrs_text(info->attrs, attrs, sizeof(attrs));
    SG_TRY(cer_json_put_text(line, "label", info->label, err));
    SG_TRY(cer_json_put_hex(line, "id", SG_SLICE(info->id, info->id_len), err));
    SG_TRY(cer_json_put_bytes(line, "spki",
                              SG_SLICE(info->spki, info->spki_len), err));
    SG_TRY(cer_json_put_text(line, "attributes", attrs, err));
    SG_TRY(cer_json_put_text(line, "type", tok_key_type_name(info->type), err));
    SG_TRY(cer_json_put_bool(line, "adopted", adopted, err));
    /* check_made() held it against the token's */
    SG_TRY(cer_guard_encode(&x->plan->key.guard, line, err));
    SG_TRY(cer_journal_add(x, "key-made", SG_TAKE(line), err));
    cer_say(x->room, "%-24s %s (%s): %s\n", adopted ? "Key found" : "Key made",
            info->label, tok_key_type_name(info->type), attrs);
    return SG_OK;
}

/* Is the key that is in the token the one that the plan asks for, with all of
 * its guard? */
static enum sg_rc check_made(struct cer_execution *x,
                             const struct tok_key_info *info,
                             struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf bytes;
    struct tok_key_open want;
    struct tok_guard_view view;
    struct tok_key *key = NULL;

    sg_buf_init(&bytes, TOK_FRAME_MAX);
    want_key(&want, info->label, SG_SLICE(info->spki, info->spki_len));
    SG_TRY(tok_client_key(x->client, &want, &key, err));
    SG_TRY(tok_guard_show(key, &bytes, &view, err));
    if (info->type == x->plan->key.type && !view.guard.bound
        && cer_guard_same(&view.guard, &x->plan->key.guard))
        return SG_OK;
    return sg_err_set(err, SG_CONFLICT,
                      "the key '%s' is in the token, but its type or guard is "
                      "not the plan's",
                      info->label);
}

/* The intent is on record and the key is there: it is the one that was made,
 * because its label was free before. */
static enum sg_rc adopt_key(struct cer_execution *x,
                            const struct tok_key_info *info, struct sg_err *err)
{
    char prompt[CER_ANSWER_MAX];
    char word[CER_ANSWER_MAX];

    if (!info->has_guard)
        return sg_err_set(err, SG_CONFLICT,
                          "the key '%s' was made, but not its guard: it can "
                          "sign nothing. Destroy it with the token's own tool "
                          "and run this again",
                          info->label);
    SG_TRY(check_made(x, info, err));
    cer_say(x->room, "The key was made before the interruption, with its "
                     "guard: no other one is made.\n");
    cer_say_hash(x->room, "Plan SHA-256", x->plan->sha256);
    (void)snprintf(prompt, sizeof(prompt),
                   "The key '%s' that is there will be taken. To do so, type "
                   "the first word of the plan hash",
                   info->label);
    SG_TRY(cer_confirm(x, prompt, cer_first_word(x->plan->sha256, word), err));
    SG_TRY(cer_token_intend(x, "adopt-key", NULL, err));
    return record_key(x, info, true, err);
}

static enum sg_rc generate(struct cer_execution *x, struct tok_key_info *ret,
                           struct sg_err *err)
{
    struct tok_key_generate gen = { .type = x->plan->key.type,
                                    .guard = x->plan->key.guard };
    char prompt[CER_ANSWER_MAX];
    char word[CER_ANSWER_MAX];

    (void)snprintf(gen.label, sizeof(gen.label), "%s", x->plan->key.label);
    cer_say_hash(x->room, "Plan SHA-256", x->plan->sha256);
    (void)snprintf(prompt, sizeof(prompt),
                   "The key '%s' (%s) will be made. To do so, type the first "
                   "word of the plan hash",
                   gen.label, tok_key_type_name(gen.type));
    SG_TRY(cer_confirm(x, prompt, cer_first_word(x->plan->sha256, word), err));
    SG_TRY(cer_token_intend(x, "make-key", NULL, err));
    if (tok_key_generate(x->client, &gen, ret, err) != SG_OK)
        return cer_token_failed(x, err);
    return SG_OK;
}

enum sg_rc cer_token_make_key(struct cer_execution *x, struct sg_err *err)
{
    bool unknown = cer_progress(x) == CER_PROGRESS_UNKNOWN;
    struct tok_key_info info;
    bool found;

    SG_TRY(look_for_key(x, &found, &info, err));
    if (found && unknown)
        return adopt_key(x, &info, err);
    if (found)
        return sg_err_set(err, SG_CONFLICT,
                          "the token has a key '%s' already; this ceremony did "
                          "not make it",
                          info.label);
    if (unknown)
        cer_say(x->room, "There is no such key in the token: none was made.\n");
    SG_TRY(generate(x, &info, err));
    SG_TRY(check_made(x, &info, err));
    return record_key(x, &info, false, err);
}

/* --- afterwards ---------------------------------------------------------------- */

/* What keys are for that have such a certificate; UNSET: it is no certificate. */
static enum tok_purpose purpose_of(enum cer_type type)
{
    switch (type) {
    case CER_TYPE_ROOT:
    case CER_TYPE_INTERMEDIATE:
    case CER_TYPE_CROSS_CERTIFICATE:
    case CER_TYPE_ROLLOVER:
        return TOK_PURPOSE_CA;
    case CER_TYPE_OCSP_RESPONDER:
        return TOK_PURPOSE_OCSP;
    case CER_TYPE_KEY:
    case CER_TYPE_CSR:
    case CER_TYPE_CRL:
    case CER_TYPE_UNSET:
        break;
    }
    return TOK_PURPOSE_UNSET;
}

static enum sg_rc record_bound(struct cer_execution *x, const char *label,
                               struct sg_err *err)
{
    SG_CLEANUP(cer_json_free) json_object *line = json_object_new_object();
    uint8_t hash[32];

    if (line == NULL)
        return sg_err_set(err, SG_NOMEM, "bound");
    SG_TRY(cer_sha256(x->result[0], hash, err));
    SG_TRY(cer_json_put_text(line, "label", label, err));
    SG_TRY(cer_json_put_hex(line, "certificate_sha256",
                            SG_SLICE(hash, sizeof(hash)), err));
    return cer_journal_add(x, "bound", SG_TAKE(line), err);
}

/* A CA's key keeps the certificate that it has; a responder's takes a newer one
 * of the same name for the same CA. */
static bool stays_bound(const struct cer_execution *x,
                        const struct tok_key_info *info,
                        const uint8_t hash[static 32])
{
    return x->plan->type != CER_TYPE_OCSP_RESPONDER && info->bound
           && memcmp(info->issuer_sha256, hash, sizeof(info->issuer_sha256))
                  != 0;
}

static void say_bound(const struct cer_execution *x,
                      const struct tok_key_info *info)
{
    cer_say(x->room, "%-24s %s: from now on it %s only\n", "Guard bound",
            info->label,
            info->purpose == TOK_PURPOSE_OCSP
                ? "answers for this certificate's issuer"
                : "signs below this certificate");
}

static enum sg_rc bind_key(struct cer_execution *x,
                           const struct tok_key_info *info, struct sg_err *err)
{
    struct sg_slice der = x->result[0];
    struct tok_key_open want;
    struct tok_key *key = NULL;
    uint8_t hash[32];

    SG_TRY(cer_sha256(der, hash, err));
    if (stays_bound(x, info, hash)) {
        cer_say(x->room,
                "The key '%s' stays bound to the certificate that it has.\n",
                info->label);
        return SG_OK;
    }
    want_key(&want, info->label, SG_SLICE(info->spki, info->spki_len));
    SG_TRY(tok_client_key(x->client, &want, &key, err));
    if (tok_guard_bind_chain(key, der, x->plan->chain, x->plan->n_chain, err)
        != SG_OK) {
        if (err->rc != SG_POLICY || info->purpose != TOK_PURPOSE_OCSP)
            return err->rc;
        cer_say(x->room,
                "The key '%s' stays bound to the certificate that it has: "
                "%s\n",
                info->label, err->msg);
        sg_err_clear(err);
        return SG_OK;
    }
    say_bound(x, info);
    return record_bound(x, info->label, err);
}

/* The key with this public half and purpose; *ret_found says whether. */
static enum sg_rc find_key(struct cer_execution *x, struct sg_slice spki,
                           bool *ret_found, struct tok_key_info *ret,
                           struct sg_err *err)
{
    struct tok_key_info *list = NULL;
    size_t n = 0;

    SG_TRY(tok_key_list(x->client, &list, &n, err));
    *ret_found = false;
    for (size_t i = 0; i < n && !*ret_found; i++) {
        *ret_found =
            list[i].has_guard && list[i].purpose == purpose_of(x->plan->type)
            && sg_slice_eq(SG_SLICE(list[i].spki, list[i].spki_len), spki);
        if (*ret_found)
            *ret = list[i];
    }
    free(list);
    return SG_OK;
}

enum sg_rc cer_token_bind(struct cer_execution *x, struct sg_err *err)
{
    struct tok_key_info info;
    bool found;

    if (purpose_of(x->plan->type) == TOK_PURPOSE_UNSET
        || cer_journal_text(x, "bound", "label") != NULL)
        return SG_OK;
    struct ca_cert *cert = sg_arena_new(&x->arena, struct ca_cert);
    if (cert == NULL)
        return sg_err_set(err, SG_NOMEM, "certificate");
    SG_TRY(ca_cert_parse(&x->arena, x->result[0], cert, err));
    SG_TRY(start(x, err));
    SG_TRY(find_key(x, cert->spki.der, &found, &info, err));
    if (found)
        return bind_key(x, &info, err);
    cer_say(x->room,
            "The certificate's key is not in this token. Where it is, bind it "
            "with:\n  signet ceremony bind %s/chain.pem --key LABEL "
            "--token TOKEN\n",
            x->args->out);
    return SG_OK;
}
