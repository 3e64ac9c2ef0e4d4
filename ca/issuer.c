/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/issuer.h"

#include <stdlib.h>

#include "ca/ext.h"
#include "common/clock.h"

#define ISSUER_TEXT_MAX 512 /* of a name, for people */
/* Per certificate: its DER and what the walker keeps of it. */
#define ISSUER_ARENA_MAX ((size_t)CA_CHAIN_MAX * 4 * CA_CERT_MAX)
/* Three lists of URLs at their limits with their wrapping, and the AKI. */
#define ISSUER_EXTENSIONS_MAX (3 * CA_URLS_MAX * (CA_URL_MAX + 64) + 128)

struct ca_issuer {
    struct sg_arena arena;
    struct ca_cert cert[CA_CHAIN_MAX];
    size_t n;
    const char *text[CA_CHAIN_MAX]; /* subjects, for people */
    struct sg_slice extensions;
};

/* --- one certificate ------------------------------------------------------ */

static enum sg_rc check_authority(const struct ca_cert *cert,
                                  struct sg_err *err)
{
    if (cert->subject.len <= 2) /* 30 00 */
        return sg_err_set(err, SG_POLICY, "has no subject (RFC 5280 4.1.2.6)");
    if (!cert->has_basic_constraints || !cert->is_ca)
        return sg_err_set(err, SG_POLICY,
                          "is not a CA certificate (RFC 5280 4.2.1.9)");
    if (!cert->has_key_usage)
        return sg_err_set(err, SG_POLICY, "has no keyUsage (RFC 5280 4.2.1.3)");
    if ((cert->key_usage & CA_KU_KEY_CERT_SIGN) == 0)
        return sg_err_set(err, SG_POLICY,
                          "keyUsage lacks keyCertSign (RFC 5280 4.2.1.3)");
    if (cert->ski.p == NULL)
        return sg_err_set(err, SG_POLICY,
                          "has no subjectKeyIdentifier (RFC 5280 4.2.1.2)");
    if (cert->ski.len == 0 || cert->ski.len > CA_KEY_ID_MAX)
        return sg_err_set(err, SG_POLICY,
                          "subjectKeyIdentifier of %zu octets, 1 to %d may be "
                          "(RFC 5280 4.2.1.2)",
                          cert->ski.len, CA_KEY_ID_MAX);
    return SG_OK;
}

static enum sg_rc check_time(const struct ca_cert *cert, int64_t now,
                             struct sg_err *err)
{
    char text[SG_TIME_TEXT_MAX];

    if (now < cert->not_before)
        return sg_err_set(err, SG_POLICY,
                          "is not valid before %s (RFC 5280 4.1.2.5)",
                          sg_time_text(cert->not_before, text));
    if (now > cert->not_after)
        return sg_err_set(err, SG_POLICY, "expired at %s (RFC 5280 4.1.2.5)",
                          sg_time_text(cert->not_after, text));
    return SG_OK;
}

/* --- the chain ------------------------------------------------------------ */

/* How many CA certificates may still follow below the issuer because of the
 * limit in chain[at]; negative when the chain itself is too long. Self-issued
 * ones are not counted (RFC 5280 4.2.1.9). */
static int64_t room_below(const struct ca_issuer *issuer, size_t at)
{
    int64_t room = issuer->cert[at].path_length;

    for (size_t i = 0; i < at; i++)
        if (!ca_cert_self_issued(&issuer->cert[i]))
            room--;
    return room;
}

static enum sg_rc check_path_length(const struct ca_issuer *issuer, size_t at,
                                    struct sg_err *err)
{
    if (issuer->cert[at].has_path_length && room_below(issuer, at) < 0)
        return sg_err_set(err, SG_POLICY,
                          "path length %u is too short for the chain below, "
                          "down to \"%.128s\" (RFC 5280 4.2.1.9)",
                          issuer->cert[at].path_length, issuer->text[0]);
    return SG_OK;
}

/* RFC 5280 6.1.3 (b), (c): the names of chain[at] against every certificate
 * above; a self-issued one is exempt, since it is not the last of the path. */
static enum sg_rc check_own_names(const struct ca_issuer *issuer, size_t at,
                                  struct sg_err *err)
{
    const struct ca_cert *cert = &issuer->cert[at];
    struct ca_names names = { .subject = cert->subject,
                              .sans = &cert->sans,
                              .authority = true };

    if (ca_cert_self_issued(cert))
        return SG_OK;
    for (size_t i = at + 1; i < issuer->n; i++)
        if (issuer->cert[i].has_constraints)
            SG_TRY(ca_constraints_check(&issuer->cert[i].constraints, &names,
                                        issuer->text[i], err));
    return SG_OK;
}

static enum sg_rc check_signer(const struct ca_issuer *issuer, size_t at,
                               struct sg_err *err)
{
    const struct ca_cert *cert = &issuer->cert[at];
    bool last = at + 1 == issuer->n;

    if (!last && sg_slice_eq(cert->spki.der, issuer->cert[at + 1].spki.der))
        return sg_err_set(err, SG_POLICY,
                          "has the key of \"%.128s\" above: a self-signed "
                          "certificate stands last (RFC 5280 6.1)",
                          issuer->text[at + 1]);
    if (!last)
        return ca_cert_check_signed_by(cert, &issuer->cert[at + 1], err);
    /* A chain may stop below a root that is kept elsewhere. */
    return ca_cert_self_issued(cert) ? ca_cert_check_signed_by(cert, cert, err)
                                     : SG_OK;
}

static enum sg_rc check_link(const struct ca_issuer *issuer, size_t at,
                             int64_t now, struct sg_err *err)
{
    SG_TRY(check_authority(&issuer->cert[at], err));
    SG_TRY(check_time(&issuer->cert[at], now, err));
    SG_TRY(check_signer(issuer, at, err));
    SG_TRY(check_path_length(issuer, at, err));
    return check_own_names(issuer, at, err);
}

static enum sg_rc read_link(struct ca_issuer *issuer, struct sg_slice bytes,
                            struct sg_err *err)
{
    struct sg_slice der = sg_arena_copy(&issuer->arena, bytes);
    struct ca_cert *cert = &issuer->cert[issuer->n];
    char text[ISSUER_TEXT_MAX];

    if (der.p == NULL)
        return sg_err_set(err, SG_NOMEM, "out of memory");
    SG_TRY(ca_cert_parse(&issuer->arena, der, cert, err));
    ca_dn_text(cert->subject, text, sizeof text);
    issuer->text[issuer->n] = sg_arena_strdup(&issuer->arena, text);
    if (issuer->text[issuer->n] == NULL)
        return sg_err_set(err, SG_NOMEM, "out of memory");
    issuer->n++;
    return SG_OK;
}

static enum sg_rc read_chain(struct ca_issuer *issuer,
                             const struct ca_issuer_args *args,
                             struct sg_err *err)
{
    if (args->n == 0 || args->n > CA_CHAIN_MAX)
        return sg_err_set(err, SG_POLICY,
                          "issuer chain: %zu certificates, 1 to %d may be",
                          args->n, CA_CHAIN_MAX);
    for (size_t i = 0; i < args->n; i++) {
        if (args->chain[i].len > CA_CERT_MAX)
            return sg_err_set(err, SG_LIMIT,
                              "issuer chain: certificate %zu: %zu octets, at "
                              "most %d",
                              i + 1, args->chain[i].len, CA_CERT_MAX);
        if (read_link(issuer, args->chain[i], err) != SG_OK)
            return sg_err_wrap(err, "issuer chain: certificate %zu", i + 1);
    }
    return SG_OK;
}

static enum sg_rc check_chain(const struct ca_issuer *issuer, int64_t now,
                              struct sg_err *err)
{
    for (size_t i = 0; i < issuer->n; i++)
        if (check_link(issuer, i, now, err) != SG_OK)
            return sg_err_wrap(err, "issuer chain: certificate %zu \"%.200s\"",
                               i + 1, issuer->text[i]);
    return SG_OK;
}

/* --- extensions of everything below --------------------------------------- */

static enum sg_rc encode_extensions(struct ca_issuer *issuer,
                                    const struct ca_issuer_args *args,
                                    struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf out;
    struct ca_texts issuers = { args->issuing_certificates,
                                args->n_issuing_certificates };
    struct ca_texts ocsp = { args->ocsp_servers, args->n_ocsp_servers };
    struct ca_texts crl = { args->crl_distribution_points,
                            args->n_crl_distribution_points };
    struct sg_derw w;

    sg_buf_init(&out, ISSUER_EXTENSIONS_MAX);
    SG_TRY(ca_urls_check("issuing certificate URL", issuers, true, err));
    SG_TRY(ca_urls_check("OCSP server URL", ocsp, false, err));
    SG_TRY(ca_urls_check("CRL distribution point URL", crl, true, err));
    sg_derw_init(&w, &out);
    ca_ext_aki(&w, issuer->cert[0].ski);
    ca_ext_aia(&w, ocsp, issuers);
    ca_ext_cdp(&w, crl);
    SG_TRY(sg_derw_finish(&w, err));
    issuer->extensions = sg_arena_copy(&issuer->arena, sg_buf_slice(&out));
    if (issuer->extensions.p == NULL)
        return sg_err_set(err, SG_NOMEM, "issuer extensions");
    return SG_OK;
}

/* --- the issuer ----------------------------------------------------------- */

enum sg_rc ca_issuer_new(const struct ca_issuer_args *args, int64_t now,
                         struct ca_issuer **ret_issuer, struct sg_err *err)
{
    SG_CLEANUP(ca_issuer_free) struct ca_issuer *issuer = NULL;

    issuer = calloc(1, sizeof *issuer);
    if (issuer == NULL)
        return sg_err_set(err, SG_NOMEM, "issuer");
    sg_arena_init(&issuer->arena, ISSUER_ARENA_MAX);
    SG_TRY(read_chain(issuer, args, err));
    SG_TRY(check_chain(issuer, now, err));
    SG_TRY(encode_extensions(issuer, args, err));
    *ret_issuer = SG_TAKE(issuer);
    return SG_OK;
}

void ca_issuer_free(struct ca_issuer *issuer)
{
    if (issuer == NULL)
        return;
    sg_arena_done(&issuer->arena);
    free(issuer);
}

const struct ca_cert *ca_issuer_cert(const struct ca_issuer *issuer)
{
    return &issuer->cert[0];
}

size_t ca_issuer_chain_len(const struct ca_issuer *issuer)
{
    return issuer->n;
}

const struct ca_cert *ca_issuer_chain(const struct ca_issuer *issuer, size_t i)
{
    return &issuer->cert[i];
}

const char *ca_issuer_text(const struct ca_issuer *issuer)
{
    return issuer->text[0];
}

struct ca_period ca_issuer_period(const struct ca_issuer *issuer)
{
    struct ca_period all = { issuer->cert[0].not_before,
                             issuer->cert[0].not_after };

    for (size_t i = 1; i < issuer->n; i++) {
        if (issuer->cert[i].not_before > all.not_before)
            all.not_before = issuer->cert[i].not_before;
        if (issuer->cert[i].not_after < all.not_after)
            all.not_after = issuer->cert[i].not_after;
    }
    return all;
}

enum sg_rc ca_issuer_check_names(const struct ca_issuer *issuer,
                                 const struct ca_names *names,
                                 struct sg_err *err)
{
    /* Constraints add up over the path (RFC 5280 6.1.4 (g)), those of
     * self-issued certificates and of the root included: a name has to pass
     * each of them. */
    for (size_t i = 0; i < issuer->n; i++)
        if (issuer->cert[i].has_constraints)
            SG_TRY(ca_constraints_check(&issuer->cert[i].constraints, names,
                                        issuer->text[i], err));
    return SG_OK;
}

struct sg_slice ca_issuer_extensions(const struct ca_issuer *issuer)
{
    return issuer->extensions;
}

/* counted: what the new certificate takes of the room itself. */
static enum sg_rc check_room(const struct ca_issuer *issuer, int64_t counted,
                             bool has_path_length, uint32_t path_length,
                             struct sg_err *err)
{
    for (size_t i = 0; i < issuer->n; i++) {
        int64_t room = room_below(issuer, i) - counted;

        if (!issuer->cert[i].has_path_length)
            continue;
        if (room < 0)
            return sg_err_set(
                err, SG_POLICY,
                "path length: \"%.200s\" with path length %u allows "
                "no CA certificate here (RFC 5280 4.2.1.9)",
                issuer->text[i], issuer->cert[i].path_length);
        if (!has_path_length || path_length > room)
            return sg_err_set(err, SG_POLICY,
                              "path length: must carry path length <= %lld, "
                              "since \"%.200s\" has path length %u "
                              "(RFC 5280 4.2.1.9)",
                              (long long)room, issuer->text[i],
                              issuer->cert[i].path_length);
    }
    return SG_OK;
}

enum sg_rc ca_issuer_check_ca(const struct ca_issuer *issuer,
                              bool has_path_length, uint32_t path_length,
                              struct sg_err *err)
{
    return check_room(issuer, 1, has_path_length, path_length, err);
}

enum sg_rc ca_issuer_check_self_issued(const struct ca_issuer *issuer,
                                       bool has_path_length,
                                       uint32_t path_length, struct sg_err *err)
{
    return check_room(issuer, 0, has_path_length, path_length, err);
}
