/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/prepare.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "common/parse.h"
#include "signer/prepare-int.h"

static enum sg_rc read_texts(struct srv_params *params, struct srv_fields *f,
                             struct sg_err *err)
{
    const struct {
        const char *name;
        const char **value;
    } rows[] = {
        { "common_name", &f->common_name },
        { "serial_number", &f->serial_number },
        { "not_after", &f->not_after },
        { "format", &f->format },
        { "private_key_format", &f->private_key_format },
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++)
        SG_TRY(srv_params_str(params, rows[i].name, rows[i].value, NULL, err));
    return SG_OK;
}

static enum sg_rc read_lists(struct srv_params *params, struct srv_fields *f,
                             struct sg_err *err)
{
    const struct {
        const char *name;
        struct srv_list *value;
    } rows[] = {
        { "alt_names", &f->alt_names }, { "ip_sans", &f->ip_sans },
        { "uri_sans", &f->uri_sans },   { "other_sans", &f->other_sans },
        { "user_ids", &f->user_ids },
    };
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++)
        SG_TRY(srv_params_list(params, rows[i].name, rows[i].value, NULL, err));
    return SG_OK;
}

/* Every field is asked for even when it will not matter: what nobody asked for
 * is reported as unknown. */
static enum sg_rc read_fields(struct srv_prep *p)
{
    struct srv_params *params = p->args->params;
    struct srv_fields *f = &p->fields;
    SG_TRY(read_texts(params, f, p->err));
    SG_TRY(read_lists(params, f, p->err));
    SG_TRY(srv_params_duration(params, "ttl", &f->ttl, NULL, p->err));
    SG_TRY(srv_params_bool(params, "exclude_cn_from_sans",
                           &f->exclude_cn_from_sans, NULL, p->err));
    SG_TRY(srv_params_bool(params, "remove_roots_from_chain",
                           &f->remove_roots_from_chain, NULL, p->err));
    if (p->args->op == SRV_OP_SIGN)
        SG_TRY(srv_params_str(params, "csr", &f->csr, NULL, p->err));
    return SG_OK;
}

static enum sg_rc read_formats(struct srv_prep *p)
{
    const char *format = p->fields.format;
    const char *key = p->fields.private_key_format;
    if (!srv_given(format) || strcmp(format, "pem") == 0)
        p->job->format = SRV_FORMAT_PEM;
    else if (strcmp(format, "der") == 0)
        p->job->format = SRV_FORMAT_DER;
    else if (strcmp(format, "pem_bundle") == 0)
        p->job->format = SRV_FORMAT_PEM_BUNDLE;
    else
        return sg_err_set(p->err, SG_FORMAT,
                          "the \"format\" path parameter must be \"pem\", "
                          "\"der\", or \"pem_bundle\"");
    p->job->pkcs8 = srv_given(key) && strcmp(key, "pkcs8") == 0;
    if (srv_given(key) && !p->job->pkcs8 && strcmp(key, "der") != 0
        && strcmp(key, "pem") != 0)
        return sg_err_set(p->err, SG_FORMAT,
                          "the \"private_key_format\" parameter must be "
                          "\"der\", \"pem\", or \"pkcs8\"");
    p->job->remove_roots_from_chain = p->fields.remove_roots_from_chain;
    return SG_OK;
}

static enum sg_rc encode(struct srv_prep *p)
{
    const struct srv_issuer *issuer = p->args->issuer;
    struct srv_job *job = p->job;
    enum ca_key_kind kind = ca_issuer_cert(issuer->ca)->spki.kind;
    bool rsa = kind == CA_KEY_RSA;
    /* Vault's signature_bits and use_pss are for RSA issuers only. */
    SG_TRY(ca_sigalg_for(kind, rsa ? p->role->signature_bits : 0,
                         rsa && p->role->use_pss, &job->alg, p->err));
    SG_TRY(ca_serial_new(job->serial, p->err));
    const struct ca_leaf_args leaf = {
        .issuer = issuer->ca,
        .profile = p->role->profile,
        .alg = job->alg,
        .serial = SG_SLICE(job->serial, sizeof(job->serial)),
        .subject = p->subject,
        .sans = p->sans,
        .spki = &p->spki,
        .not_before = p->not_before,
        .not_after = p->not_after,
    };
    job->not_after = p->not_after;
    job->key_type = ca_key_kind_vault(p->spki.kind);
    return ca_leaf_tbs(&leaf, &job->tbs, p->err);
}

static void summarise(struct srv_prep *p)
{
    char cn[128];
    char serial[3 * CA_SERIAL_LEN];
    const struct srv_job *job = p->job;
    (void)snprintf(
        p->job->summary, sizeof(p->job->summary), "cn=%s sans=%zu serial=%s",
        sg_log_quote(p->cn != NULL ? p->cn : "", cn, sizeof(cn)), p->sans.n,
        sg_hex_colons(SG_SLICE(job->serial, sizeof(job->serial)), serial,
                      sizeof(serial)));
}

static enum sg_rc run(struct srv_prep *p)
{
    SG_TRY(read_fields(p));
    SG_TRY(read_formats(p));
    if (p->args->op == SRV_OP_SIGN)
        SG_TRY(srv_prep_csr(p));
    else if (p->role->key_kind == CA_KEY_UNSET)
        return srv_prep_key(p); /* refuses before anything is looked at */
    SG_TRY(srv_prep_names(p));
    SG_TRY(srv_prep_times(p));
    if (p->args->op == SRV_OP_ISSUE)
        SG_TRY(srv_prep_key(p));
    SG_TRY(encode(p));
    SG_TRY(srv_prep_lint(p));
    srv_params_warn_unknown(p->args->params, &p->job->warnings);
    summarise(p);
    return SG_OK;
}

enum sg_rc srv_prepare(const struct srv_prepare_args *args,
                       struct sg_arena *arena, struct srv_job *ret_job,
                       struct sg_err *err)
{
    struct srv_job job = { .op = args->op, .issuer = args->issuer };
    struct srv_prep p = {
        .args = args,
        .role = args->role,
        .arena = arena,
        .job = &job,
        .err = err,
    };
    sg_buf_init(&job.tbs, CA_CERT_MAX);
    enum sg_rc rc = run(&p);
    if (rc != SG_OK) {
        srv_job_done(&job);
        return rc;
    }
    *ret_job = job;
    return SG_OK;
}

void srv_job_done(struct srv_job *job)
{
    sg_buf_done(&job->tbs);
    EVP_PKEY_free(job->key); /* OpenSSL clears private numbers when it frees */
    job->key = NULL;
}
