/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/authority.h"

#include <strings.h>

#include "ca/ext.h"
#include "ca/subset.h"
#include "ca/tbs.h"

/* --- names ---------------------------------------------------------------- */

#define NAME_ARENA_MAX 65536 /* bytes to read one issuer's name into */

static size_t skip_spaces(struct sg_slice text, size_t at)
{
    while (at < text.len && text.p[at] == ' ')
        at++;
    return at;
}

/* RFC 5280 7.1 as verifiers do it: case and runs of spaces do not count. */
static bool same_value(struct sg_slice a, struct sg_slice b)
{
    size_t i = skip_spaces(a, 0);
    size_t k = skip_spaces(b, 0);

    while (i < a.len && k < b.len) {
        bool space = a.p[i] == ' ';

        if (space != (b.p[k] == ' '))
            break;
        if (!space
            && strncasecmp((const char *)a.p + i, (const char *)b.p + k, 1)
                   != 0)
            return false;
        i = space ? skip_spaces(a, i) : i + 1;
        k = space ? skip_spaces(b, k) : k + 1;
    }
    return skip_spaces(a, i) == a.len && skip_spaces(b, k) == b.len;
}

static bool same_name(const struct ca_dn *a, const struct ca_dn *b)
{
    if (a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n; i++)
        if (a->rdn[i].attr != b->rdn[i].attr
            || !same_value(a->rdn[i].value, b->rdn[i].value))
            return false;
    return true;
}

/* A self-issued certificate is not counted against path lengths (RFC 5280
 * 4.2.1.9): it is a way around them, to be had only as a rollover. */
static enum sg_rc check_not_self_issued(const struct ca_authority_args *args,
                                        struct sg_err *err)
{
    SG_CLEANUP(sg_arena_done) struct sg_arena arena;
    struct ca_dn theirs = { 0 };

    sg_arena_init(&arena, NAME_ARENA_MAX);
    SG_TRY(ca_dn_parse(&arena, ca_issuer_cert(args->issuer)->subject, &theirs,
                       err));
    if (same_name(&args->subject, &theirs))
        return sg_err_set(err, SG_POLICY,
                          "subject: is the issuer's own name \"%.200s\", and "
                          "self-issued certificates escape path lengths "
                          "(RFC 5280 4.2.1.9)",
                          ca_issuer_text(args->issuer));
    return SG_OK;
}

/* --- rules ---------------------------------------------------------------- */

static struct ca_period period_of(const struct ca_authority_args *args)
{
    return (struct ca_period){ args->not_before, args->not_after };
}

static enum sg_rc check_constraints(const struct ca_authority_args *args,
                                    struct sg_err *err)
{
    for (size_t i = 0; i < ca_issuer_chain_len(args->issuer); i++) {
        const struct ca_cert *above = ca_issuer_chain(args->issuer, i);
        char name[256];

        if (above->has_constraints)
            SG_TRY(ca_constraints_within(
                args->constraints, &above->constraints,
                ca_dn_text(above->subject, name, sizeof name), err));
    }
    return SG_OK;
}

static enum sg_rc check_below(const struct ca_authority_args *args,
                              struct sg_err *err)
{
    SG_TRY(ca_rule_sigalg(args->alg, ca_issuer_cert(args->issuer)->spki.kind,
                          err));
    SG_TRY(ca_rule_inside(period_of(args), args->issuer, err));
    SG_TRY(check_not_self_issued(args, err));
    SG_TRY(ca_rule_fresh_key(args->spki, args->issuer, err));
    SG_TRY(ca_issuer_check_ca(args->issuer, args->has_path_length,
                              args->path_length, err));
    return args->constraints != NULL ? check_constraints(args, err) : SG_OK;
}

static enum sg_rc check(const struct ca_authority_args *args,
                        struct sg_err *err)
{
    SG_TRY(ca_rule_serial(args->serial, err));
    SG_TRY(ca_rule_period(period_of(args), err));
    if (args->subject.n == 0)
        return sg_err_set(err, SG_POLICY,
                          "subject: empty in a CA certificate "
                          "(RFC 5280 4.1.2.6)");
    SG_TRY(ca_rule_subject(&args->subject, err));
    return args->issuer != NULL
               ? check_below(args, err)
               : ca_rule_sigalg(args->alg, args->spki->kind, err);
}

/* --- encoding ------------------------------------------------------------- */

static const uint8_t NO_ATTRIBUTES[] = { 0xa0, 0x00 };

static enum sg_rc put_subject(const struct ca_authority_args *args,
                              struct sg_derw *w, struct sg_err *err)
{
    static const struct ca_sans no_sans = { 0 };
    struct ca_names names = { .sans = &no_sans, .authority = true };
    size_t at = w->out->len;

    SG_TRY(ca_dn_encode(&args->subject, w->out, err));
    if (args->issuer == NULL)
        return SG_OK;
    names.subject = SG_SLICE(w->out->data + at, w->out->len - at);
    return ca_issuer_check_names(args->issuer, &names, err);
}

static enum sg_rc put_extensions(const struct ca_authority_args *args,
                                 struct sg_derw *w, struct sg_err *err)
{
    size_t tagged = sg_derw_begin(w, SG_DER_CONTEXT_CONSTRUCTED(3));
    size_t list = sg_derw_begin(w, SG_DER_SEQUENCE);
    uint8_t sha1[20];
    struct sg_slice key_id = { sha1, sizeof sha1 };

    SG_TRY(ca_spki_key_id(args->spki, sha1, err));
    ca_ext_basic_ca(w, args->has_path_length, args->path_length);
    ca_ext_key_usage(
        w,
        (uint16_t)(CA_KU_KEY_CERT_SIGN | CA_KU_CRL_SIGN
                   | (args->digital_signature ? CA_KU_DIGITAL_SIGNATURE : 0)));
    ca_ext_ski(w, key_id);
    if (args->issuer != NULL)
        sg_derw_raw(w, ca_issuer_extensions(args->issuer));
    else
        ca_ext_aki(w, key_id);
    if (args->constraints != NULL) {
        struct ca_ext ext = ca_ext_begin(w, CA_OID_EXT_NC, true);

        SG_TRY(ca_constraints_encode(args->constraints, w, err));
        ca_ext_end(w, ext);
    }
    sg_derw_end(w, list);
    sg_derw_end(w, tagged);
    return SG_OK;
}

static enum sg_rc put_tbs(const struct ca_authority_args *args,
                          struct sg_buf *out, struct sg_err *err)
{
    struct sg_derw w;
    size_t tbs;

    sg_derw_init(&w, out);
    tbs = sg_derw_begin(&w, SG_DER_SEQUENCE);
    ca_tbs_head(&w, args->serial, args->alg);
    if (args->issuer != NULL)
        sg_derw_raw(&w, ca_issuer_cert(args->issuer)->subject);
    else
        SG_TRY(ca_dn_encode(&args->subject, out, err));
    ca_tbs_validity(&w, period_of(args));
    SG_TRY(put_subject(args, &w, err));
    sg_derw_raw(&w, args->spki->der);
    SG_TRY(put_extensions(args, &w, err));
    sg_derw_end(&w, tbs);
    return sg_derw_finish(&w, err);
}

enum sg_rc ca_authority_tbs(const struct ca_authority_args *args,
                            struct sg_buf *out, struct sg_err *err)
{
    size_t start = out->len;
    enum sg_rc rc;

    SG_TRY(check(args, err));
    rc = put_tbs(args, out, err);
    if (rc != SG_OK)
        out->len = start;
    return rc;
}

static enum sg_rc put_csr_info(const struct ca_dn *subject,
                               const struct ca_spki *spki, struct sg_buf *out,
                               struct sg_err *err)
{
    struct sg_derw w;
    size_t info;

    sg_derw_init(&w, out);
    info = sg_derw_begin(&w, SG_DER_SEQUENCE);
    sg_derw_uint(&w, 0); /* v1, RFC 2986 4.1 */
    SG_TRY(ca_dn_encode(subject, out, err));
    sg_derw_raw(&w, spki->der);
    sg_derw_raw(&w, SG_SLICE(NO_ATTRIBUTES, sizeof NO_ATTRIBUTES));
    sg_derw_end(&w, info);
    return sg_derw_finish(&w, err);
}

enum sg_rc ca_csr_info(const struct ca_dn *subject, const struct ca_spki *spki,
                       struct sg_buf *out, struct sg_err *err)
{
    size_t start = out->len;
    enum sg_rc rc;

    SG_TRY(ca_rule_subject(subject, err));
    rc = put_csr_info(subject, spki, out, err);
    if (rc != SG_OK)
        out->len = start;
    return rc;
}
