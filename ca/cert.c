/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/cert.h"

#include "ca/extensions.h"
#include "ca/oid.h"
#include "ca/san-add.h"

#define CERT_DEPTH_MAX 16
#define CERT_ELEMENTS_MAX 8192 /* 2 × 256 subtrees of four elements and more */
#define SERIAL_MAX 20          /* octets, RFC 5280 4.1.2.2 */
#define VERSION_V3 2
#define SIGNER_TEXT_MAX 160 /* of a name, in messages */

/* --- extensions ----------------------------------------------------------- */

static enum sg_rc read_basic_constraints(struct sg_arena *arena,
                                         struct sg_slice value,
                                         struct ca_cert *cert,
                                         struct sg_err *err)
{
    struct ca_basic_constraints bc = { 0 };

    (void)arena;
    SG_TRY(ca_basic_constraints_parse(value, "certificate", &bc, err));
    cert->has_basic_constraints = true;
    cert->is_ca = bc.is_ca;
    cert->has_path_length = bc.has_path_length;
    cert->path_length = bc.path_length;
    return SG_OK;
}

static enum sg_rc read_key_usage(struct sg_arena *arena, struct sg_slice value,
                                 struct ca_cert *cert, struct sg_err *err)
{
    struct sg_der in;

    (void)arena;
    sg_der_init(&in, value, "certificate: keyUsage");
    SG_TRY(sg_der_named_bits(&in, &cert->key_usage, err));
    SG_TRY(sg_der_end(&in, err));
    if (cert->key_usage == 0)
        return sg_err_set(
            err, SG_FORMAT,
            "certificate: keyUsage without a bit (RFC 5280 4.2.1.3)");
    if (cert->key_usage >= CA_KU_DECIPHER_ONLY << 1)
        return sg_err_set(
            err, SG_FORMAT,
            "certificate: keyUsage 0x%x has unknown bits (RFC 5280 4.2.1.3)",
            cert->key_usage);
    cert->has_key_usage = true;
    return SG_OK;
}

static enum sg_rc read_ski(struct sg_arena *arena, struct sg_slice value,
                           struct ca_cert *cert, struct sg_err *err)
{
    struct sg_der_tlv id = { 0 };
    struct sg_der in;

    (void)arena;
    sg_der_init(&in, value, "certificate: subjectKeyIdentifier");
    SG_TRY(sg_der_get(&in, SG_DER_OCTET_STRING, &id, err));
    cert->ski = id.content;
    return sg_der_end(&in, err);
}

/* keyIdentifier is taken; issuer and serial may stand beside it. */
static enum sg_rc read_aki(struct sg_arena *arena, struct sg_slice value,
                           struct ca_cert *cert, struct sg_err *err)
{
    static const uint8_t tags[] = { SG_DER_CONTEXT(0),
                                    SG_DER_CONTEXT_CONSTRUCTED(1),
                                    SG_DER_CONTEXT(2) };
    struct sg_der in;
    struct sg_der seq;

    (void)arena;
    sg_der_init(&in, value, "certificate: authorityKeyIdentifier");
    SG_TRY(sg_der_enter(&in, SG_DER_SEQUENCE, &seq, err));
    SG_TRY(sg_der_end(&in, err));
    for (size_t i = 0; i < SG_ARRAY_LEN(tags); i++) {
        struct sg_der_tlv part = { 0 };

        if (!sg_der_next_is(&seq, tags[i]))
            continue;
        SG_TRY(sg_der_get(&seq, tags[i], &part, err));
        if (i == 0)
            cert->aki = part.content;
    }
    return sg_der_end(&seq, err);
}

static enum sg_rc read_constraints(struct sg_arena *arena,
                                   struct sg_slice value, struct ca_cert *cert,
                                   struct sg_err *err)
{
    if (ca_constraints_parse(arena, value, &cert->constraints, err) != SG_OK)
        return sg_err_wrap(err, "certificate");
    cert->has_constraints = true;
    return SG_OK;
}

static enum sg_rc read_sans(struct sg_arena *arena, struct sg_slice value,
                            struct ca_cert *cert, struct sg_err *err)
{
    if (ca_sans_parse_lax(arena, value, &cert->sans, err) != SG_OK)
        return sg_err_wrap(err, "certificate");
    cert->has_sans = true;
    return SG_OK;
}

static enum sg_rc read_eku(struct sg_arena *arena, struct sg_slice value,
                           struct ca_cert *cert, struct sg_err *err)
{
    struct sg_slice oid = { 0 };
    struct sg_der_tlv list = { 0 };
    struct sg_der in;
    struct sg_der seq;

    (void)arena;
    sg_der_init(&in, value, "certificate: extKeyUsage");
    SG_TRY(sg_der_get(&in, SG_DER_SEQUENCE, &list, err));
    SG_TRY(sg_der_end(&in, err));
    sg_der_inside(&in, &list, &seq);
    do
        SG_TRY(sg_der_oid(&seq, &oid, err));
    while (sg_der_more(&seq));
    cert->has_eku = true;
    cert->eku = list.content;
    return SG_OK;
}

typedef enum sg_rc (*ext_reader)(struct sg_arena *arena, struct sg_slice value,
                                 struct ca_cert *cert, struct sg_err *err);

/* What may be critical here, and who reads it. The policy extensions speak to
 * those who verify against a policy; an issuer has nothing to enforce. */
static const struct {
    enum ca_oid oid;
    enum { MUST_NOT, MAY } critical;
    ext_reader read;
} READERS[] = {
    { CA_OID_EXT_BC, MAY, read_basic_constraints },
    { CA_OID_EXT_KU, MAY, read_key_usage },
    { CA_OID_EXT_SKI, MUST_NOT, read_ski },
    { CA_OID_EXT_AKI, MUST_NOT, read_aki },
    { CA_OID_EXT_NC, MAY, read_constraints },
    { CA_OID_EXT_SAN, MAY, read_sans },
    { CA_OID_EXT_EKU, MAY, read_eku },
    { CA_OID_EXT_CP, MAY, NULL },
    { CA_OID_EXT_PM, MAY, NULL },
    { CA_OID_EXT_PC, MAY, NULL },
    { CA_OID_EXT_IAP, MAY, NULL },
    { CA_OID_EXT_AIA, MUST_NOT, NULL },
    { CA_OID_EXT_SIA, MUST_NOT, NULL },
    { CA_OID_EXT_FRESHEST_CRL, MUST_NOT, NULL },
    { CA_OID_EXT_CDP, MAY, NULL },
};

static enum sg_rc read_extension(struct sg_arena *arena,
                                 const struct ca_extension *ext,
                                 struct ca_cert *cert, struct sg_err *err)
{
    char text[SG_OID_TEXT_MAX];

    for (size_t i = 0; i < SG_ARRAY_LEN(READERS); i++) {
        if (!ca_oid_is(ext->oid, READERS[i].oid))
            continue;
        if (ext->critical && READERS[i].critical == MUST_NOT)
            return sg_err_set(
                err, SG_POLICY,
                "certificate: extension %s must not be critical (RFC 5280 4.2)",
                ca_oid_text(ext->oid, text));
        return READERS[i].read == NULL
                   ? SG_OK
                   : READERS[i].read(arena, ext->value, cert, err);
    }
    if (ext->critical)
        return sg_err_set(
            err, SG_POLICY,
            "certificate: unknown critical extension %s (RFC 5280 4.2)",
            ca_oid_text(ext->oid, text));
    return SG_OK;
}

static enum sg_rc check_consistent(const struct ca_cert *cert,
                                   struct sg_err *err)
{
    bool signs_certs = (cert->key_usage & CA_KU_KEY_CERT_SIGN) != 0;

    if (signs_certs && !cert->is_ca)
        return sg_err_set(
            err, SG_POLICY,
            "certificate: keyCertSign without cA TRUE (RFC 5280 4.2.1.3)");
    if (cert->has_path_length && cert->has_key_usage && !signs_certs)
        return sg_err_set(
            err, SG_POLICY,
            "certificate: path length without keyCertSign (RFC 5280 4.2.1.9)");
    if (cert->has_constraints && !cert->is_ca)
        return sg_err_set(
            err, SG_POLICY,
            "certificate: nameConstraints without cA TRUE (RFC 5280 4.2.1.10)");
    return SG_OK;
}

/* A certificate without subject is named by its SAN alone. */
static enum sg_rc check_named(const struct ca_cert *cert, struct sg_err *err)
{
    if (cert->subject.len > 2) /* 30 00 */
        return SG_OK;
    for (size_t i = 0; i < cert->n_ext; i++)
        if (ca_oid_is(cert->ext[i].oid, CA_OID_EXT_SAN)
            && cert->ext[i].critical)
            return SG_OK;
    return sg_err_set(
        err, SG_POLICY,
        "certificate: empty subject without a critical SAN (RFC 5280 4.1.2.6)");
}

static enum sg_rc walk_extensions(struct sg_arena *arena, struct sg_der *tbs,
                                  struct ca_cert *cert, struct sg_err *err)
{
    struct sg_der wrapper;

    if (sg_der_next_is(tbs, SG_DER_CONTEXT_CONSTRUCTED(3))) {
        SG_TRY(sg_der_enter(tbs, SG_DER_CONTEXT_CONSTRUCTED(3), &wrapper, err));
        SG_TRY(ca_extensions_parse(&wrapper, cert->ext, &cert->n_ext, err));
        SG_TRY(sg_der_end(&wrapper, err));
    }
    for (size_t i = 0; i < cert->n_ext; i++)
        SG_TRY(read_extension(arena, &cert->ext[i], cert, err));
    SG_TRY(check_consistent(cert, err));
    return check_named(cert, err);
}

/* --- the body ------------------------------------------------------------- */

static enum sg_rc read_version(struct sg_der *tbs, struct sg_err *err)
{
    uint64_t version = 0;
    struct sg_der wrapper;

    if (sg_der_next_is(tbs, SG_DER_CONTEXT_CONSTRUCTED(0))) {
        SG_TRY(sg_der_enter(tbs, SG_DER_CONTEXT_CONSTRUCTED(0), &wrapper, err));
        SG_TRY(sg_der_uint(&wrapper, &version, err));
        SG_TRY(sg_der_end(&wrapper, err));
    }
    if (version != VERSION_V3)
        return sg_err_set(
            err, SG_POLICY,
            "certificate: version %llu, only 3 is accepted (RFC 5280 4.1.2.1)",
            (unsigned long long)version + 1);
    return SG_OK;
}

static enum sg_rc read_serial(struct sg_der *tbs, struct ca_cert *cert,
                              struct sg_err *err)
{
    SG_TRY(sg_der_integer(tbs, &cert->serial, err));
    if (cert->serial.len > SERIAL_MAX)
        return sg_err_set(
            err, SG_POLICY,
            "certificate: serial of %zu octets, at most %d are allowed (RFC 5280 4.1.2.2)",
            cert->serial.len, SERIAL_MAX);
    if ((cert->serial.p[0] & 0x80) != 0
        || (cert->serial.len == 1 && cert->serial.p[0] == 0))
        return sg_err_set(
            err, SG_POLICY,
            "certificate: serial is not positive (RFC 5280 4.1.2.2)");
    return SG_OK;
}

/* The structure of a Name; its values may be of any string type, since names
 * of others are compared and copied as they stand. */
static enum sg_rc read_name(struct sg_der *tbs, struct sg_slice *ret,
                            struct sg_err *err)
{
    struct sg_der_tlv whole = { 0 };
    struct sg_der name;

    SG_TRY(sg_der_get(tbs, SG_DER_SEQUENCE, &whole, err));
    sg_der_inside(tbs, &whole, &name);
    while (sg_der_more(&name)) {
        struct sg_der set;

        SG_TRY(sg_der_enter(&name, SG_DER_SET, &set, err));
        do {
            struct sg_der pair;
            struct sg_slice oid = { 0 };
            struct sg_der_tlv value = { 0 };

            SG_TRY(sg_der_enter(&set, SG_DER_SEQUENCE, &pair, err));
            SG_TRY(sg_der_oid(&pair, &oid, err));
            SG_TRY(sg_der_any(&pair, &value, err));
            SG_TRY(sg_der_end(&pair, err));
        } while (sg_der_more(&set));
    }
    *ret = whole.whole;
    return SG_OK;
}

static enum sg_rc read_validity(struct sg_der *tbs, struct ca_cert *cert,
                                struct sg_err *err)
{
    struct sg_der validity;

    SG_TRY(sg_der_enter(tbs, SG_DER_SEQUENCE, &validity, err));
    SG_TRY(sg_der_time(&validity, &cert->not_before, err));
    SG_TRY(sg_der_time(&validity, &cert->not_after, err));
    SG_TRY(sg_der_end(&validity, err));
    if (cert->not_before > cert->not_after)
        return sg_err_set(
            err, SG_POLICY,
            "certificate: notBefore is after notAfter (RFC 5280 4.1.2.5)");
    return SG_OK;
}

static enum sg_rc read_spki(struct sg_der *tbs, struct ca_cert *cert,
                            struct sg_err *err)
{
    struct sg_der_tlv spki = { 0 };

    SG_TRY(sg_der_get(tbs, SG_DER_SEQUENCE, &spki, err));
    if (ca_spki_parse(spki.whole, &cert->spki, err) != SG_OK)
        return sg_err_wrap(err, "certificate");
    return SG_OK;
}

static enum sg_rc read_alg(struct sg_der *tbs, struct ca_cert *cert,
                           struct sg_slice *ret_der, struct sg_err *err)
{
    struct sg_der_tlv alg = { 0 };

    SG_TRY(sg_der_get(tbs, SG_DER_SEQUENCE, &alg, err));
    if (ca_sigalg_parse(alg.whole, &cert->alg, err) != SG_OK)
        return sg_err_wrap(err, "certificate");
    *ret_der = alg.whole;
    return SG_OK;
}

/* body reads the content of a TBSCertificate. */
static enum sg_rc walk_tbs(struct sg_arena *arena, struct sg_der *body,
                           struct ca_cert *cert, struct sg_slice *ret_alg,
                           struct sg_err *err)
{
    SG_TRY(read_version(body, err));
    SG_TRY(read_serial(body, cert, err));
    SG_TRY(read_alg(body, cert, ret_alg, err));
    SG_TRY(read_name(body, &cert->issuer, err));
    if (cert->issuer.len <= 2) /* 30 00 */
        return sg_err_set(err, SG_POLICY,
                          "certificate: empty issuer (RFC 5280 4.1.2.4)");
    SG_TRY(read_validity(body, cert, err));
    SG_TRY(read_name(body, &cert->subject, err));
    SG_TRY(read_spki(body, cert, err));
    if (sg_der_next_is(body, SG_DER_CONTEXT(1))
        || sg_der_next_is(body, SG_DER_CONTEXT(2)))
        return sg_err_set(
            err, SG_POLICY,
            "certificate: unique identifiers are not accepted (RFC 5280 4.1.2.8)");
    SG_TRY(walk_extensions(arena, body, cert, err));
    return sg_der_end(body, err);
}

static enum sg_rc check_der(struct sg_slice der, struct sg_err *err)
{
    if (der.len > CA_CERT_MAX)
        return sg_err_set(err, SG_POLICY,
                          "certificate: %zu octets, at most %d are accepted",
                          der.len, CA_CERT_MAX);
    return sg_der_check(der, "certificate", CERT_DEPTH_MAX, CERT_ELEMENTS_MAX,
                        err);
}

enum sg_rc ca_cert_parse(struct sg_arena *arena, struct sg_slice der,
                         struct ca_cert *ret, struct sg_err *err)
{
    struct ca_cert cert = { .der = der };
    struct sg_slice inner_alg = { 0 };
    struct sg_der_tlv tbs = { 0 };
    struct sg_der_tlv outer_alg = { 0 };
    struct sg_der in;
    struct sg_der whole;
    struct sg_der body;

    SG_TRY(check_der(der, err));
    sg_der_init(&in, der, "certificate");
    SG_TRY(sg_der_enter(&in, SG_DER_SEQUENCE, &whole, err));
    SG_TRY(sg_der_get(&whole, SG_DER_SEQUENCE, &tbs, err));
    cert.tbs = tbs.whole;
    sg_der_inside(&whole, &tbs, &body);
    SG_TRY(walk_tbs(arena, &body, &cert, &inner_alg, err));

    SG_TRY(sg_der_get(&whole, SG_DER_SEQUENCE, &outer_alg, err));
    if (!sg_slice_eq(outer_alg.whole, inner_alg))
        return sg_err_set(
            err, SG_POLICY,
            "certificate: inner and outer signature algorithm differ (RFC 5280 4.1.1.2)");
    SG_TRY(sg_der_bits(&whole, &cert.signature, err));
    SG_TRY(sg_der_end(&whole, err));
    *ret = cert;
    return SG_OK;
}

enum sg_rc ca_cert_parse_tbs(struct sg_arena *arena, struct sg_slice tbs,
                             struct ca_cert *ret, struct sg_err *err)
{
    struct ca_cert cert = { .tbs = tbs };
    struct sg_slice alg = { 0 };
    struct sg_der in;
    struct sg_der body;

    SG_TRY(check_der(tbs, err));
    sg_der_init(&in, tbs, "certificate");
    SG_TRY(sg_der_enter(&in, SG_DER_SEQUENCE, &body, err));
    SG_TRY(walk_tbs(arena, &body, &cert, &alg, err));
    *ret = cert;
    return SG_OK;
}

/* --- relations ------------------------------------------------------------ */

bool ca_cert_self_issued(const struct ca_cert *cert)
{
    return sg_slice_eq(cert->issuer, cert->subject);
}

enum sg_rc ca_cert_check_signed_by(const struct ca_cert *cert,
                                   const struct ca_cert *issuer,
                                   struct sg_err *err)
{
    char own[SIGNER_TEXT_MAX];
    char signer[SIGNER_TEXT_MAX];

    ca_dn_text(issuer->subject, signer, sizeof signer);
    if (!sg_slice_eq(cert->issuer, issuer->subject))
        return sg_err_set(err, SG_POLICY,
                          "issuer \"%s\" is not, octet for octet, the subject "
                          "of the signer \"%s\" (RFC 5280 4.1.2.4)",
                          ca_dn_text(cert->issuer, own, sizeof own), signer);
    if (cert->aki.p != NULL && issuer->ski.p != NULL
        && !sg_slice_eq(cert->aki, issuer->ski))
        return sg_err_set(err, SG_POLICY,
                          "authorityKeyIdentifier is not the "
                          "subjectKeyIdentifier of the signer \"%s\" "
                          "(RFC 5280 4.2.1.1)",
                          signer);
    if (ca_spki_verify(&issuer->spki, cert->alg, cert->tbs, cert->signature,
                       err)
        != SG_OK)
        return sg_err_wrap(err, "not signed by \"%s\" (RFC 5280 6.1.3 (a)(1))",
                           signer);
    return SG_OK;
}
