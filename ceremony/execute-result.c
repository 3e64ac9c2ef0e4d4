/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "ca/crl.h"
#include "ca/csr.h"
#include "ceremony/execute-int.h"
#include "ceremony/package.h"
#include "ceremony/plan-int.h"
#include "common/cleanup-openssl.h"
#include "common/file.h"
#include "common/parse.h"
#include "common/pem.h"

SG_DEFINE_CLEANUP(X509_REQ, X509_REQ_free);
SG_DEFINE_CLEANUP(X509_CRL, X509_CRL_free);

/* --- from the record ----------------------------------------------------------- */

static enum sg_rc take_bytes(struct cer_execution *x, json_object *line,
                             const char *key, struct sg_slice *ret,
                             struct sg_err *err)
{
    struct cer_reader in;

    if (line == NULL)
        return sg_err_set(err, SG_BUG, "transcript: no \"%s\"", key);
    cer_reader_init(&in, line, "transcript");
    return cer_take_bytes(&in, key, &x->arena, ret, err);
}

static enum sg_rc assemble_signed(struct cer_execution *x, size_t i,
                                  struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf der;
    struct sg_slice signature = { 0 };

    sg_buf_init(&der, CER_RESULT_MAX);
    SG_TRY(take_bytes(x, cer_transcript_signed(x->transcript, i), "signature",
                      &signature, err));
    SG_TRY(ca_signed_encode(x->plan->sign[i].der, x->plan->alg, signature, &der,
                            err));
    x->result[i] = sg_arena_copy(&x->arena, sg_buf_slice(&der));
    return x->result[i].p != NULL ? SG_OK : sg_err_set(err, SG_NOMEM, "result");
}

static enum sg_rc assemble(struct cer_execution *x, struct sg_err *err)
{
    x->n_results = x->plan->n_sign;
    for (size_t i = 0; i < x->plan->n_sign; i++)
        SG_TRY(assemble_signed(x, i, err));
    if (x->plan->type != CER_TYPE_KEY)
        return SG_OK;
    x->n_results = 1;
    return take_bytes(x, cer_transcript_find(x->transcript, "key-made"), "spki",
                      &x->result[0], err);
}

/* --- verified twice ------------------------------------------------------------ */

/* OpenSSL must read the whole of it, and nothing is left over. */
static enum sg_rc parsed_all(bool ok, const uint8_t *at, struct sg_slice der,
                             const char *what, struct sg_err *err)
{
    if (!ok)
        return sg_err_openssl(err, SG_CRYPTO, "OpenSSL cannot read the %s",
                              what);
    if (at != der.p + der.len)
        return sg_err_set(err, SG_CRYPTO, "bytes after the %s", what);
    return SG_OK;
}

static enum sg_rc openssl_says(int verdict, const char *what,
                               struct sg_err *err)
{
    if (verdict != 1)
        return sg_err_openssl(err, SG_CRYPTO,
                              "OpenSSL: the signature of the %s does not "
                              "verify",
                              what);
    return SG_OK;
}

/* Who signed: the first of the chain, or the certificate itself. */
static enum sg_rc signer_of(const struct cer_execution *x, X509 **ret,
                            struct sg_err *err)
{
    struct sg_slice der =
        x->plan->n_chain > 0 ? x->plan->chain[0] : x->result[0];
    const uint8_t *at = der.p;

    *ret = d2i_X509(NULL, &at, (long)der.len);
    return parsed_all(*ret != NULL, at, der, "issuer's certificate", err);
}

static enum sg_rc openssl_cert(struct cer_execution *x, struct sg_err *err)
{
    struct sg_slice der = x->result[0];
    const uint8_t *at = der.p;
    SG_CLEANUP(X509_free) X509 *issuer = NULL;
    SG_CLEANUP(X509_free) X509 *cert = d2i_X509(NULL, &at, (long)der.len);

    SG_TRY(parsed_all(cert != NULL, at, der, "certificate", err));
    SG_TRY(signer_of(x, &issuer, err));
    return openssl_says(X509_verify(cert, X509_get0_pubkey(issuer)),
                        "certificate", err);
}

static enum sg_rc openssl_csr(struct cer_execution *x, struct sg_err *err)
{
    struct sg_slice der = x->result[0];
    const uint8_t *at = der.p;
    SG_CLEANUP(X509_REQ_free)
    X509_REQ *req = d2i_X509_REQ(NULL, &at, (long)der.len);

    SG_TRY(parsed_all(req != NULL, at, der, "request", err));
    return openssl_says(X509_REQ_verify(req, X509_REQ_get0_pubkey(req)),
                        "request", err);
}

static enum sg_rc openssl_crl(struct cer_execution *x, size_t i,
                              struct sg_err *err)
{
    struct sg_slice der = x->result[i];
    const uint8_t *at = der.p;
    SG_CLEANUP(X509_free) X509 *issuer = NULL;
    SG_CLEANUP(X509_CRL_free)
    X509_CRL *crl = d2i_X509_CRL(NULL, &at, (long)der.len);

    SG_TRY(parsed_all(crl != NULL, at, der, "revocation list", err));
    SG_TRY(signer_of(x, &issuer, err));
    return openssl_says(X509_CRL_verify(crl, X509_get0_pubkey(issuer)),
                        "revocation list", err);
}

static enum sg_rc check_tbs(const struct cer_execution *x, size_t i,
                            struct sg_slice tbs, struct sg_err *err)
{
    if (!sg_slice_eq(tbs, x->plan->sign[i].der))
        return sg_err_set(err, SG_CRYPTO,
                          "what was signed is not, byte for byte, what the "
                          "plan says");
    return SG_OK;
}

static enum sg_rc walk_cert(struct cer_execution *x, struct sg_err *err)
{
    struct ca_cert *cert = sg_arena_array(&x->arena, struct ca_cert, 2);

    if (cert == NULL)
        return sg_err_set(err, SG_NOMEM, "certificate");
    const struct ca_cert *issuer = x->plan->n_chain > 0 ? &cert[1] : cert;
    SG_TRY(ca_cert_parse(&x->arena, x->result[0], cert, err));
    if (x->plan->n_chain > 0)
        SG_TRY(ca_cert_parse(&x->arena, x->plan->chain[0], &cert[1], err));
    SG_TRY(ca_cert_check_signed_by(cert, issuer, err));
    return check_tbs(x, 0, cert->tbs, err);
}

static enum sg_rc walk_csr(struct cer_execution *x, struct sg_err *err)
{
    struct ca_csr csr = { 0 };

    SG_TRY(ca_csr_parse(&x->arena, x->result[0], &csr, err));
    SG_TRY(ca_csr_verify(&csr, err));
    return check_tbs(x, 0, csr.info, err);
}

static enum sg_rc walk_crl(struct cer_execution *x, size_t i,
                           struct sg_err *err)
{
    struct ca_crl crl = { 0 };
    struct ca_cert *issuer = sg_arena_new(&x->arena, struct ca_cert);

    if (issuer == NULL)
        return sg_err_set(err, SG_NOMEM, "certificate");
    SG_TRY(ca_cert_parse(&x->arena, x->plan->chain[0], issuer, err));
    SG_TRY(ca_crl_parse(&x->arena, x->result[i], &crl, err));
    SG_TRY(ca_crl_check_signed_by(&crl, issuer, err));
    return check_tbs(x, i, crl.tbs, err);
}

static enum sg_rc openssl_key(struct cer_execution *x, struct sg_err *err)
{
    struct sg_slice der = x->result[0];
    const uint8_t *at = der.p;
    SG_CLEANUP(EVP_PKEY_free)
    EVP_PKEY *key = d2i_PUBKEY(NULL, &at, (long)der.len);

    return parsed_all(key != NULL, at, der, "public key", err);
}

static enum sg_rc walk_key(struct cer_execution *x, struct sg_err *err)
{
    struct ca_spki spki;
    enum tok_key_type type = TOK_KEY_UNSET;

    SG_TRY(ca_spki_parse(x->result[0], &spki, err));
    SG_TRY(cer_key_type(&spki, &type, err));
    if (type != x->plan->key.type)
        return sg_err_set(err, SG_CRYPTO, "the token made a key of type %s",
                          tok_key_type_name(type));
    return SG_OK;
}

static enum sg_rc verify_crls(struct cer_execution *x, struct sg_err *err)
{
    for (size_t i = 0; i < x->n_results; i++) {
        SG_TRY(openssl_crl(x, i, err));
        SG_TRY(walk_crl(x, i, err));
    }
    return SG_OK;
}

static enum sg_rc verify(struct cer_execution *x, struct sg_err *err)
{
    switch (x->plan->type) {
    case CER_TYPE_KEY:
        SG_TRY(openssl_key(x, err));
        return walk_key(x, err);
    case CER_TYPE_CSR:
        SG_TRY(openssl_csr(x, err));
        return walk_csr(x, err);
    case CER_TYPE_CRL:
        return verify_crls(x, err);
    case CER_TYPE_ROOT:
    case CER_TYPE_INTERMEDIATE:
    case CER_TYPE_CROSS_CERTIFICATE:
    case CER_TYPE_ROLLOVER:
    case CER_TYPE_OCSP_RESPONDER:
        SG_TRY(openssl_cert(x, err));
        return walk_cert(x, err);
    case CER_TYPE_UNSET:
        break;
    }
    return sg_err_set(err, SG_BUG, "plan without a type");
}

static enum sg_rc record_verified(struct cer_execution *x, struct sg_err *err)
{
    static const char *const checks[] = { "openssl", "walker", "tbs" };
    /* a key has nothing that was planned to the byte */
    size_t n = x->plan->type == CER_TYPE_KEY ? 2 : SG_ARRAY_LEN(checks);
    SG_CLEANUP(cer_json_free) json_object *line = json_object_new_object();
    SG_CLEANUP(cer_json_free) json_object *list = json_object_new_array();

    if (line == NULL || list == NULL)
        return sg_err_set(err, SG_NOMEM, "transcript");
    for (size_t i = 0; i < n; i++)
        if (json_object_array_add(list, json_object_new_string(checks[i])) != 0)
            return sg_err_set(err, SG_NOMEM, "transcript");
    SG_TRY(cer_json_put(line, "checks", SG_TAKE(list), err));
    cer_say(x->room, "%-24s by OpenSSL and by signet's own reader%s\n",
            "Verified", n == 3 ? "; byte for byte as planned" : "");
    return cer_journal_add(x, "verified", SG_TAKE(line), err);
}

/* --- linted again -------------------------------------------------------------- */

static void lint_result(struct cer_execution *x, int64_t date)
{
    memset(&x->report, 0, sizeof(x->report));
    if (x->args->judged != NULL)
        cer_plan_lint(x->args->judged, date, &x->report);
    else
        cer_plan_lint_result(x->plan, x->result, date, &x->report);
}

/* By the rules that the plan was admitted with, whenever this goes on. */
static enum sg_rc lint_date(const struct cer_execution *x, int64_t *ret,
                            struct sg_err *err)
{
    const char *text = cer_journal_text(x, "checked", "lint_date");

    if (text == NULL)
        return sg_err_set(err, SG_FORMAT, "transcript: no \"checked\"");
    return sg_parse_time(text, ret, err);
}

static enum sg_rc lint(struct cer_execution *x, struct sg_err *err)
{
    SG_CLEANUP(cer_json_free) json_object *line = json_object_new_object();
    char text[LINT_TEXT_MAX];
    int64_t date = 0;

    if (line == NULL)
        return sg_err_set(err, SG_NOMEM, "transcript");
    SG_TRY(lint_date(x, &date, err));
    lint_result(x, date);
    if (lint_worst(&x->report) >= LINT_ERROR) {
        lint_first(&x->report, LINT_ERROR, text, sizeof(text));
        return sg_err_set(err, SG_POLICY, "the result: %s", text);
    }
    if (cer_transcript_find(x->transcript, "linted") != NULL)
        return SG_OK;
    SG_TRY(cer_journal_report(x, line, date, err));
    return cer_journal_add(x, "linted", SG_TAKE(line), err);
}

enum sg_rc cer_result_make(struct cer_execution *x, struct sg_err *err)
{
    SG_TRY(assemble(x, err));
    SG_TRY(verify(x, err));
    if (cer_transcript_find(x->transcript, "verified") == NULL)
        SG_TRY(record_verified(x, err));
    return lint(x, err);
}

/* --- files --------------------------------------------------------------------- */

/* A file of this name with other bytes is somebody's, and stays. */
static enum sg_rc same_file(const char *path, struct sg_slice bytes,
                            struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf there;

    sg_buf_init(&there, bytes.len > 0 ? bytes.len : 1);
    struct sg_err why = { 0 };
    if (sg_file_read(path, &there, &why) != SG_OK
        || !sg_slice_eq(sg_buf_slice(&there), bytes))
        return sg_err_set(err, SG_CONFLICT,
                          "%s exists and is something else: move it away and "
                          "run this again",
                          path);
    return SG_OK;
}

static enum sg_rc put_file(struct cer_execution *x, const char *name,
                           struct sg_slice bytes, struct sg_err *err)
{
    char path[SG_FILE_PATH_MAX];
    uint8_t hash[32];
    struct sg_err why = { 0 };
    SG_TRY(sg_file_path(x->args->out, name, path, err));
    enum sg_rc rc = sg_file_write(path, bytes, 0644, SG_FILE_NEW_ONLY, &why);
    if (rc == SG_CONFLICT)
        SG_TRY(same_file(path, bytes, err));
    else if (rc != SG_OK)
        return sg_err_set(err, rc, "%s", why.msg);

    json_object *one = json_object_new_object();
    if (one == NULL || json_object_array_add(x->written, one) != 0) {
        (void)json_object_put(one);
        return sg_err_set(err, SG_NOMEM, "transcript");
    }
    SG_TRY(cer_sha256(bytes, hash, err));
    SG_TRY(cer_json_put_text(one, "name", name, err));
    SG_TRY(cer_json_put_hex(one, "sha256", SG_SLICE(hash, sizeof(hash)), err));
    cer_say(x->room, "%-24s %s\n", "Written", path);
    return SG_OK;
}

static enum sg_rc put_pem(struct cer_execution *x, size_t i, const char *name,
                          const char *label, struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf text;

    sg_buf_init(&text, 2 * CER_RESULT_MAX);
    SG_TRY(sg_pem_encode(label, x->result[i], &text, err));
    SG_TRY(sg_buf_put_u8(&text, '\n', err));
    return put_file(x, name, sg_buf_slice(&text), err);
}

static enum sg_rc put_chain(struct cer_execution *x, struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf text;

    sg_buf_init(&text, (size_t)2 * CA_CERT_MAX * (CA_CHAIN_MAX + 1));
    SG_TRY(sg_pem_encode("CERTIFICATE", x->result[0], &text, err));
    SG_TRY(sg_buf_put_u8(&text, '\n', err));
    for (size_t i = 0; i < x->plan->n_chain; i++) {
        SG_TRY(sg_pem_encode("CERTIFICATE", x->plan->chain[i], &text, err));
        SG_TRY(sg_buf_put_u8(&text, '\n', err));
    }
    return put_file(x, "chain.pem", sg_buf_slice(&text), err);
}

static enum sg_rc put_crl(struct cer_execution *x, size_t i, struct sg_err *err)
{
    SG_CLEANUP(sg_arena_done) struct sg_arena arena;
    struct ca_crl crl = { 0 };
    char name[CER_LEDGER_FILE_MAX];

    sg_arena_init(&arena, CER_PLAN_MAX);
    SG_TRY(ca_crl_parse(&arena, x->result[i], &crl, err));
    SG_TRY(
        put_file(x, cer_crl_file(crl.number, "crl", name), x->result[i], err));
    return put_pem(x, i, cer_crl_file(crl.number, "pem", name), "X509 CRL",
                   err);
}

/* What was published before goes with them, so that verify can hold them
 * against it; a package says when to publish what. */
static enum sg_rc put_crls(struct cer_execution *x, struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf calendar;
    struct sg_slice last = { 0 };

    sg_buf_init(&calendar, CER_PLAN_MAX);
    if (x->plan->past.has_last && !x->args->rehearsal) {
        SG_TRY(cer_past_last(x, &last, err));
        SG_TRY(put_file(x, CER_FILE_LAST, last, err));
    }
    for (size_t i = 0; i < x->n_results; i++)
        SG_TRY(put_crl(x, i, err));
    if (!cer_plan_is_package(x->plan))
        return SG_OK;
    SG_TRY(cer_package_calendar(x->plan, x->result, &calendar, err));
    return put_file(x, CER_FILE_CALENDAR, sg_buf_slice(&calendar), err);
}

static enum sg_rc put_result(struct cer_execution *x, struct sg_err *err)
{
    struct sg_slice der = x->result[0];

    switch (x->plan->type) {
    case CER_TYPE_KEY:
        return put_pem(x, 0, "public-key.pem", "PUBLIC KEY", err);
    case CER_TYPE_CSR:
        SG_TRY(put_pem(x, 0, "csr.pem", "CERTIFICATE REQUEST", err));
        return put_file(x, "csr.der", der, err);
    case CER_TYPE_CRL:
        return put_crls(x, err);
    case CER_TYPE_ROOT:
    case CER_TYPE_INTERMEDIATE:
    case CER_TYPE_CROSS_CERTIFICATE:
    case CER_TYPE_ROLLOVER:
    case CER_TYPE_OCSP_RESPONDER:
        SG_TRY(put_pem(x, 0, "certificate.pem", "CERTIFICATE", err));
        SG_TRY(put_file(x, "certificate.der", der, err));
        return put_chain(x, err);
    case CER_TYPE_UNSET:
        break;
    }
    return sg_err_set(err, SG_BUG, "plan without a type");
}

static enum sg_rc put_approvals(struct cer_execution *x, struct sg_err *err)
{
    char folder[SG_FILE_PATH_MAX];
    char name[CER_APPROVAL_FILE_MAX];

    if (x->n_approvals == 0)
        return SG_OK;
    SG_TRY(sg_file_path(x->args->out, "approvals", folder, err));
    if (mkdir(folder, 0755) != 0 && errno != EEXIST)
        return sg_err_errno(err, SG_IO, "%s", folder);
    for (size_t i = 0; i < x->n_approvals; i++)
        SG_TRY(put_file(x, cer_approval_file(&x->approval[i], name),
                        x->approval_bytes[i], err));
    return SG_OK;
}

enum sg_rc cer_result_write(struct cer_execution *x, struct sg_err *err)
{
    SG_CLEANUP(cer_json_free) json_object *line = json_object_new_object();

    x->written = json_object_new_array();
    if (line == NULL || x->written == NULL)
        return sg_err_set(err, SG_NOMEM, "transcript");
    SG_TRY(put_file(x, CER_FILE_PLAN, x->plan->json, err));
    SG_TRY(put_approvals(x, err));
    SG_TRY(put_result(x, err));
    if (cer_transcript_find(x->transcript, "written") != NULL)
        return SG_OK;
    SG_TRY(cer_json_put(line, "files", SG_TAKE(x->written), err));
    return cer_journal_add(x, "written", SG_TAKE(line), err);
}
