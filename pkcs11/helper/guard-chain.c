/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/helper/guard-chain.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdio.h>

#include "common/cleanup-openssl.h"
#include "common/clock.h"

#define SUBJECT_MAX 160 /* of a name, for people */
#define WHICH_MAX 40    /* "chain certificate 8" */

/* --- taking it over ----------------------------------------------------------- */

static enum sg_rc check_above(const struct tok_tbs *below,
                              const struct tok_tbs *above, struct sg_err *err)
{
    if (!above->is_ca || !sg_slice_eq(below->issuer, above->subject))
        return tok_refuse(err, BIND,
                          "guard: a certificate of the chain is not the "
                          "issuer of the one below it (RFC 5280 6.1.3)");
    if (below->aki.p != NULL && above->ski.p != NULL
        && !sg_slice_eq(below->aki, above->ski))
        return tok_refuse(err, BIND,
                          "guard: a certificate of the chain has another key "
                          "identifier than the one below it names (RFC 5280 "
                          "4.2.1.1)");
    return SG_OK;
}

/* One certificate, with n_between that count below it (RFC 5280 6.1.4). */
static enum sg_rc take_ca(struct tok_guard_state *g, const struct tok_tbs *tbs,
                          unsigned n_between, struct sg_err *err)
{
    int64_t left = (int64_t)tbs->path_length - n_between - 1;

    if (tbs->has_path_length && (!g->has_path_left || left < g->path_left)) {
        g->has_path_left = true;
        g->path_left = left;
    }
    if (tbs->constraints.p == NULL)
        return SG_OK;
    SG_TRY(tok_names_readable(tbs->constraints, err));
    g->constraints[g->n_constraints++] =
        (struct tok_names){ tbs->constraints, "issuer's" };
    return SG_OK;
}

enum sg_rc tok_chain_take(struct tok_guard_state *g, struct sg_err *err)
{
    struct tok_tbs below = g->issuer;
    struct tok_tbs above;
    struct sg_slice cert;
    struct sg_slice der;
    struct sg_der in;
    unsigned between = 0;

    SG_TRY(take_ca(g, &g->issuer, 0, err));
    sg_der_init(&in, g->limits.chain, "chain");
    for (unsigned n = 1; sg_der_more(&in); n++) {
        if (n == TOK_CHAIN_MAX)
            return sg_err_set(err, SG_LIMIT,
                              "guard: a chain of more than %d certificates",
                              TOK_CHAIN_MAX);
        SG_TRY(tok_der_whole(&in, &cert, err));
        SG_TRY(tok_tbs_of_cert(cert, &der, err));
        SG_TRY(tok_tbs_parse(der, &above, err));
        SG_TRY(check_above(&below, &above, err));
        if (n == 1 && g->limits.purpose == TOK_PURPOSE_OCSP)
            SG_TRY(tok_ocsp_issuer_of(&above, &g->answers_for, err));
        if (!sg_slice_eq(below.issuer, below.subject))
            between++;
        SG_TRY(take_ca(g, &above, between, err));
        g->above[g->n_above++] = above;
        below = above;
    }
    return SG_OK;
}

/* --- signatures --------------------------------------------------------------- */

static const char *subject_of(const X509 *cert, char dst[SUBJECT_MAX])
{
    return X509_NAME_oneline(X509_get_subject_name(cert), dst, SUBJECT_MAX);
}

/* by is number n_by of the chain; NULL cannot be read. */
static enum sg_rc check_signed(X509 *cert, unsigned n, const X509 *by,
                               unsigned n_by, struct sg_err *err)
{
    EVP_PKEY *key = by != NULL ? X509_get0_pubkey(by) : NULL; /* borrowed */
    bool ok = cert != NULL && key != NULL && X509_verify(cert, key) == 1;
    char subject[SUBJECT_MAX];
    char issuer[SUBJECT_MAX];

    ERR_clear_error();
    if (ok)
        return SG_OK;
    if (cert == NULL || key == NULL)
        return tok_refuse(err, BIND,
                          "guard: certificate %u of the chain, or its public "
                          "key, cannot be read by OpenSSL",
                          cert == NULL ? n : n_by);
    return tok_refuse(err, BIND,
                      "guard: certificate %u of the chain (%s) is not signed "
                      "by the key of certificate %u (%s) (RFC 5280 6.1.3 "
                      "(a)(1))",
                      n, subject_of(cert, subject), n_by,
                      subject_of(by, issuer));
}

static X509 *read_x509(struct sg_slice der)
{
    const unsigned char *p = der.p;

    return d2i_X509(NULL, &p, (long)der.len);
}

enum sg_rc tok_chain_check_signatures(const struct tok_guard_state *g,
                                      struct sg_err *err)
{
    SG_CLEANUP(X509_free) X509 *below = read_x509(g->limits.issuer_cert);
    struct sg_slice cert;
    struct sg_der in;
    unsigned n = 1;

    sg_der_init(&in, g->limits.chain, "chain");
    for (; sg_der_more(&in); n++) {
        SG_TRY(tok_der_whole(&in, &cert, err));
        SG_CLEANUP(X509_free) X509 *above = read_x509(cert);
        SG_TRY(check_signed(below, n, above, n + 1, err));
        X509_free(below);
        below = SG_TAKE(above);
    }
    return SG_OK;
}

/* --- what follows for those below ---------------------------------------------- */

/* "the issuer", "chain certificate 3". */
static const char *which(size_t at, char dst[WHICH_MAX])
{
    if (at == 0)
        return "the issuer";
    (void)snprintf(dst, WHICH_MAX, "chain certificate %zu", at + 1);
    return dst;
}

static enum sg_rc check_inside(const struct tok_guard_state *g, size_t at,
                               const struct tok_tbs *tbs, struct sg_err *err)
{
    const struct tok_tbs *ca = tok_chain_at(g, at);
    char text[SG_TIME_TEXT_MAX];
    char limit[SG_TIME_TEXT_MAX];
    char of[WHICH_MAX];

    if (tbs->not_after > ca->not_after)
        return tok_refuse(err, VALIDITY, "guard: notAfter %s is past %s's %s",
                          sg_time_text(tbs->not_after, text), which(at, of),
                          sg_time_text(ca->not_after, limit));
    if (tbs->not_before < ca->not_before)
        return tok_refuse(err, VALIDITY,
                          "guard: notBefore %s is before %s's %s",
                          sg_time_text(tbs->not_before, text), which(at, of),
                          sg_time_text(ca->not_before, limit));
    return SG_OK;
}

enum sg_rc tok_chain_check_times(const struct tok_guard_state *g,
                                 const struct tok_tbs *tbs, struct sg_err *err)
{
    for (size_t i = 0; i <= g->n_above; i++)
        SG_TRY(check_inside(g, i, tbs, err));
    return SG_OK;
}

static bool lends(struct sg_slice purposes, struct sg_slice oid)
{
    static const uint8_t any[] = { 0x55, 0x1d, 0x25, 0x00 };
    struct sg_err unused = { 0 };
    struct sg_slice one;
    struct sg_der in;

    sg_der_init(&in, purposes, "extKeyUsage");
    while (sg_der_more(&in) && sg_der_oid(&in, &one, &unused) == SG_OK)
        if (sg_slice_eq(one, oid)
            || sg_slice_eq(one, SG_SLICE(any, sizeof(any))))
            return true;
    return false;
}

static enum sg_rc check_lent(const struct tok_guard_state *g, size_t at,
                             const struct tok_tbs *tbs, struct sg_err *err)
{
    static const uint8_t ocsp_signing[] = { 0x2b, 6, 1, 5, 5, 7, 3, 9 };
    struct sg_slice purposes = tok_chain_at(g, at)->eku;
    char text[SG_OID_TEXT_MAX];
    struct sg_slice oid;
    struct sg_der in;
    char of[WHICH_MAX];

    if (purposes.p == NULL)
        return SG_OK;
    if (tbs->is_ca && tbs->eku.p == NULL && !lends(purposes, SG_SLICE(NULL, 0)))
        return tok_refuse(err, EKU,
                          "guard: CA certificate without extKeyUsage, and "
                          "%s is limited to some (RFC 5280 4.2.1.12)",
                          which(at, of));
    sg_der_init(&in, tbs->eku, "extKeyUsage");
    while (sg_der_more(&in)) {
        SG_TRY(sg_der_oid(&in, &oid, err));
        bool responder =
            !tbs->is_ca
            && sg_slice_eq(oid, SG_SLICE(ocsp_signing, sizeof(ocsp_signing)));
        if (!responder && !lends(purposes, oid))
            return tok_refuse(err, EKU,
                              "guard: extKeyUsage %s is none of %s's "
                              "(RFC 5280 4.2.1.12)",
                              sg_oid_to_text(oid, text), which(at, of));
    }
    return SG_OK;
}

enum sg_rc tok_chain_check_purposes(const struct tok_guard_state *g,
                                    const struct tok_tbs *tbs,
                                    struct sg_err *err)
{
    if (!g->limits.bound)
        return SG_OK;
    for (size_t i = 0; i <= g->n_above; i++)
        SG_TRY(check_lent(g, i, tbs, err));
    return SG_OK;
}
