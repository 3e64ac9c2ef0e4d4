/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "common/pem.h"
#include "signer/prepare-int.h"

#define ANY_EC_BITS 224 /* Vault's floor for key_type any */
#define ANY_RSA_BITS 2048

/* --- reading ---------------------------------------------------------------- */

static bool is_csr_label(const char *label)
{
    return strcmp(label, "CERTIFICATE REQUEST") == 0
           || strcmp(label, "NEW CERTIFICATE REQUEST") == 0;
}

static enum sg_rc decode(struct srv_prep *p, struct sg_slice *ret_der)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf der = { 0 };
    SG_CLEANUP(sg_buf_done) struct sg_buf rest = { 0 };
    struct sg_slice text = sg_slice_str(p->fields.csr);
    char label[SG_PEM_LABEL_MAX] = "";
    bool found = false;
    bool more = false;
    sg_buf_init(&der, CA_CSR_MAX);
    sg_buf_init(&rest, CA_CSR_MAX);
    if (sg_pem_next(&text, label, &der, &found, p->err) != SG_OK)
        return sg_err_wrap(p->err, "csr");
    if (!found)
        return sg_err_set(p->err, SG_FORMAT, "csr: contains no PEM block");
    if (!is_csr_label(label))
        return sg_err_set(p->err, SG_FORMAT,
                          "csr: the PEM block is \"%s\", not "
                          "\"CERTIFICATE REQUEST\"",
                          label);
    if (sg_pem_next(&text, label, &rest, &more, p->err) != SG_OK)
        return sg_err_wrap(p->err, "csr");
    if (more)
        return sg_err_set(p->err, SG_FORMAT, "csr: more than one PEM block");
    *ret_der = sg_arena_copy(p->arena, sg_buf_slice(&der));
    if (ret_der->p == NULL)
        return sg_err_set(p->err, SG_NOMEM, "csr");
    return SG_OK;
}

/* --- the key ---------------------------------------------------------------- */

static enum sg_rc check_key(struct srv_prep *p)
{
    const struct ca_spki *spki = &p->csr.spki;
    const char *type = ca_key_kind_vault(spki->kind);
    bool any = p->role->key_kind == CA_KEY_UNSET;
    unsigned least = p->role->key_bits;
    if (!any && strcmp(type, p->role->key_type) != 0)
        return sg_err_set(p->err, SG_POLICY, "role requires keys of type %s",
                          p->role->key_type);
    if (any)
        least = spki->kind == CA_KEY_RSA       ? ANY_RSA_BITS
                : spki->kind == CA_KEY_ED25519 ? 0
                                               : ANY_EC_BITS;
    if (spki->kind != CA_KEY_ED25519 && spki->bits < least)
        return sg_err_set(p->err, SG_POLICY,
                          "role requires a minimum of a %u-bit key, but CSR's "
                          "key is %u bits",
                          least, spki->bits);
    return SG_OK;
}

/* --- warnings --------------------------------------------------------------- */

static void warn_ignored(struct srv_prep *p)
{
    char names[384] = "";
    size_t used = 0;
    for (size_t i = 0; i < p->csr.n_ignored; i++) {
        int n = snprintf(names + used, sizeof(names) - used, "%s%s",
                         used == 0 ? "" : " ", p->csr.ignored[i]);
        if (n < 0 || (size_t)n >= sizeof(names) - used)
            break; /* cut */
        used += (size_t)n;
    }
    if (used > 0)
        srv_warn(&p->job->warnings, p->arena,
                 "specified CSR contained these requests that were ignored "
                 "during issuance: [%s]",
                 names);
}

static void warn_field(struct srv_prep *p, const char *field, const char *flag)
{
    srv_warn(&p->job->warnings, p->arena,
             "the %s field was provided but the role is set with \"%s\" set to "
             "true",
             field, flag);
}

/* Fields that the CSR takes precedence over. */
static void warn_in_vain(struct srv_prep *p)
{
    const struct srv_fields *f = &p->fields;
    struct sg_slice cn = ca_dn_first(&p->csr.subject, CA_ATTR_COMMON_NAME);
    if (p->role->use_csr_common_name && cn.len > 0 && srv_given(f->common_name))
        warn_field(p, "common_name", "use_csr_common_name");
    if (!p->role->use_csr_sans)
        return;
    if (f->alt_names.n > 0)
        warn_field(p, "alt_names", "use_csr_sans");
    if (f->ip_sans.n > 0)
        warn_field(p, "ip_sans", "use_csr_sans");
    if (f->uri_sans.n > 0)
        warn_field(p, "uri_sans", "use_csr_sans");
}

/* Proof of possession, with Vault's text when there is none. */
static enum sg_rc verify(struct srv_prep *p)
{
    struct sg_err inner = { 0 };
    enum sg_rc rc = ca_csr_verify(&p->csr, &inner);
    if (rc == SG_POLICY)
        return sg_err_set(p->err, rc, "request signature invalid");
    if (rc != SG_OK)
        return sg_err_set(p->err, rc, "%s", inner.msg);
    return SG_OK;
}

enum sg_rc srv_prep_csr(struct srv_prep *p)
{
    struct sg_slice der = { 0 };
    if (!srv_given(p->fields.csr))
        return sg_err_set(p->err, SG_FORMAT, "\"csr\" is empty");
    SG_TRY(decode(p, &der));
    SG_TRY(ca_csr_parse(p->arena, der, &p->csr, p->err));
    SG_TRY(check_key(p));
    SG_TRY(verify(p));
    p->spki = p->csr.spki;
    p->sans_from_csr = p->role->use_csr_sans;
    if (p->csr.has_basic_constraints)
        srv_warn(&p->job->warnings, p->arena,
                 "specified CSR contained a Basic Constraints extension that "
                 "was ignored during issuance");
    warn_ignored(p);
    warn_in_vain(p);
    return SG_OK;
}

enum sg_rc srv_prep_key(struct srv_prep *p)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf spki = { 0 };
    if (p->role->key_kind == CA_KEY_UNSET)
        return sg_err_set(p->err, SG_POLICY,
                          "role key type \"any\" not allowed for issuing "
                          "certificates, only signing");
    sg_buf_init(&spki, CA_CERT_MAX);
    SG_TRY(ca_leaf_key_new(p->role->key_kind, p->role->key_bits, &p->job->key,
                           p->err));
    SG_TRY(ca_leaf_key_spki(p->job->key, &spki, p->err));
    struct sg_slice der = sg_arena_copy(p->arena, sg_buf_slice(&spki));
    if (der.p == NULL)
        return sg_err_set(p->err, SG_NOMEM, "leaf key");
    SG_TRY(ca_spki_parse(der, &p->spki, p->err));
    p->job->spki = p->spki;
    return SG_OK;
}
