/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "ca/crl-int.h"
#include "ca/extensions.h"
#include "ca/oid.h"
#include "common/parse.h"

#define VERSION_V2 1
/* The name and the extensions; the list of entries is walked one by one. */
#define PART_DEPTH_MAX 12
#define PART_ELEMENTS_MAX 512

/* --- entries -------------------------------------------------------------- */

static enum sg_rc read_reason(struct sg_slice value, struct ca_revoked *ret,
                              struct sg_err *err)
{
    struct sg_der_tlv number = { 0 };
    const char *fault;
    struct sg_der in;

    sg_der_init(&in, value, "crl: reasonCode");
    SG_TRY(sg_der_get(&in, SG_DER_ENUMERATED, &number, err));
    SG_TRY(sg_der_end(&in, err));
    if (number.content.len != 1)
        return sg_err_set(err, SG_FORMAT,
                          "crl: reasonCode of %zu octets (RFC 5280 5.3.1)",
                          number.content.len);
    fault = ca_reason_fault(number.content.p[0]);
    if (fault != NULL)
        return sg_err_set(err, SG_POLICY, "crl: reasonCode %u: %s",
                          number.content.p[0], fault);
    ret->reason = (enum ca_reason)number.content.p[0];
    return SG_OK;
}

/* GeneralizedTime in any year, unlike the others (RFC 5280 5.3.2). */
static enum sg_rc read_invalidity(struct sg_slice value, struct sg_err *err)
{
    struct sg_der_tlv time = { 0 };
    struct sg_der in;

    sg_der_init(&in, value, "crl: invalidityDate");
    SG_TRY(sg_der_get(&in, SG_DER_GENERALIZED_TIME, &time, err));
    return sg_der_end(&in, err);
}

static enum sg_rc read_entry_extension(const struct ca_extension *ext,
                                       struct ca_revoked *ret,
                                       struct sg_err *err)
{
    char text[SG_OID_TEXT_MAX];
    bool reason = ca_oid_is(ext->oid, CA_OID_EXT_REASON);

    if (ca_oid_is(ext->oid, CA_OID_EXT_CERT_ISSUER))
        return sg_err_set(err, SG_POLICY,
                          "crl: certificateIssuer: indirect CRLs are not "
                          "accepted (BR 7.2.2.1)");
    if (ext->critical)
        return sg_err_set(err, SG_POLICY,
                          "crl: entry extension %s is critical "
                          "(RFC 5280 5.3)",
                          ca_oid_text(ext->oid, text));
    if (reason)
        return read_reason(ext->value, ret, err);
    return ca_oid_is(ext->oid, CA_OID_EXT_INVALIDITY_DATE)
               ? read_invalidity(ext->value, err)
               : SG_OK;
}

static enum sg_rc read_entry(struct sg_der *list, struct ca_revoked *ret,
                             struct sg_err *err)
{
    struct ca_extension ext[CA_EXTENSIONS_MAX];
    struct sg_der entry;
    const char *fault;
    size_t n = 0;

    SG_TRY(sg_der_enter(list, SG_DER_SEQUENCE, &entry, err));
    SG_TRY(sg_der_integer(&entry, &ret->serial, err));
    fault = ca_crl_serial_fault(ret->serial);
    if (fault != NULL)
        return sg_err_set(err, SG_POLICY,
                          "crl: serial number %s (RFC 5280 4.1.2.2)", fault);
    SG_TRY(sg_der_time(&entry, &ret->date, err));
    ret->reason = CA_REASON_UNSPECIFIED;
    if (sg_der_more(&entry))
        SG_TRY(ca_extensions_parse(&entry, ext, &n, err));
    for (size_t i = 0; i < n; i++)
        SG_TRY(read_entry_extension(&ext[i], ret, err));
    return sg_der_end(&entry, err);
}

static enum sg_rc count_entries(struct sg_der list, size_t *ret,
                                struct sg_err *err)
{
    struct sg_der_tlv entry;
    size_t n = 0;

    while (sg_der_more(&list)) {
        SG_TRY(sg_der_any(&list, &entry, err));
        if (++n > CA_CRL_ENTRIES_MAX)
            return sg_err_set(err, SG_LIMIT, "crl: more than %d entries",
                              CA_CRL_ENTRIES_MAX);
    }
    *ret = n;
    return SG_OK;
}

/* Nothing to sort when the issuer sorted, as most do. */
static enum sg_rc check_twice(const struct ca_crl *crl, struct sg_err *err)
{
    const struct ca_revoked **sorted = NULL;
    bool rising = true;

    for (size_t i = 1; rising && i < crl->n_revoked; i++)
        rising =
            ca_serial_order(crl->revoked[i - 1].serial, crl->revoked[i].serial)
            < 0;
    if (rising)
        return SG_OK;
    SG_TRY(ca_crl_sort(crl->revoked, crl->n_revoked, &sorted, err));
    free(sorted);
    return SG_OK;
}

static enum sg_rc read_entries(struct sg_arena *arena, struct sg_der *tbs,
                               struct ca_crl *crl, struct sg_err *err)
{
    struct sg_der list;
    size_t n = 0;

    if (!sg_der_next_is(tbs, SG_DER_SEQUENCE))
        return SG_OK;
    SG_TRY(sg_der_enter(tbs, SG_DER_SEQUENCE, &list, err));
    SG_TRY(count_entries(list, &n, err));
    if (n == 0)
        return sg_err_set(err, SG_FORMAT,
                          "crl: revokedCertificates is there and empty "
                          "(RFC 5280 5.1.2.6)");
    crl->revoked = sg_arena_array(arena, struct ca_revoked, n);
    if (crl->revoked == NULL)
        return sg_err_set(err, SG_NOMEM, "crl: %zu entries", n);
    for (size_t i = 0; i < n; i++)
        SG_TRY(read_entry(&list, &crl->revoked[i], err));
    crl->n_revoked = n;
    return check_twice(crl, err);
}

/* --- extensions ----------------------------------------------------------- */

static enum sg_rc read_aki(struct sg_slice value, struct ca_crl *crl,
                           struct sg_err *err)
{
    struct sg_der_tlv id = { 0 };
    struct sg_der in;
    struct sg_der seq;

    sg_der_init(&in, value, "crl: authorityKeyIdentifier");
    SG_TRY(sg_der_enter(&in, SG_DER_SEQUENCE, &seq, err));
    SG_TRY(sg_der_end(&in, err));
    SG_TRY(sg_der_get(&seq, SG_DER_CONTEXT(0), &id, err));
    crl->aki = id.content; /* issuer and serial may stand behind it */
    return SG_OK;
}

static enum sg_rc read_number(struct sg_slice value, struct ca_crl *crl,
                              struct sg_err *err)
{
    struct sg_der in;

    sg_der_init(&in, value, "crl: cRLNumber");
    SG_TRY(sg_der_integer(&in, &crl->number, err));
    SG_TRY(sg_der_end(&in, err));
    if ((crl->number.p[0] & 0x80) != 0 || crl->number.len > CA_CRL_NUMBER_MAX)
        return sg_err_set(err, SG_POLICY,
                          "crl: cRLNumber is negative or has more than %d "
                          "octets (RFC 5280 5.2.3)",
                          CA_CRL_NUMBER_MAX);
    return SG_OK;
}

/* [0] { [0] { [6] URL } }: one full name that is a URL. */
static enum sg_rc read_point(struct sg_der *seq, struct ca_crl *crl,
                             struct sg_err *err)
{
    struct sg_der_tlv url = { 0 };
    struct sg_der name;
    struct sg_der full;

    SG_TRY(sg_der_enter(seq, SG_DER_CONTEXT_CONSTRUCTED(0), &name, err));
    SG_TRY(sg_der_enter(&name, SG_DER_CONTEXT_CONSTRUCTED(0), &full, err));
    SG_TRY(sg_der_end(&name, err));
    SG_TRY(sg_der_get(&full, SG_DER_CONTEXT(6), &url, err));
    crl->distribution_point = url.content;
    return sg_der_end(&full, err);
}

static enum sg_rc read_scope(struct sg_der *seq, uint8_t tag,
                             enum ca_crl_scope scope, struct ca_crl *crl,
                             struct sg_err *err)
{
    struct sg_der_tlv flag = { 0 };

    SG_TRY(sg_der_get(seq, tag, &flag, err));
    if (flag.content.len != 1 || flag.content.p[0] != 0xff)
        return sg_err_set(err, SG_FORMAT,
                          "crl: issuingDistributionPoint: a flag that is not "
                          "TRUE (X.690 11.1, 11.5)");
    crl->scope = scope;
    return SG_OK;
}

static enum sg_rc read_idp(struct sg_slice value, struct ca_crl *crl,
                           struct sg_err *err)
{
    struct sg_der in;
    struct sg_der seq;

    sg_der_init(&in, value, "crl: issuingDistributionPoint");
    SG_TRY(sg_der_enter(&in, SG_DER_SEQUENCE, &seq, err));
    SG_TRY(sg_der_end(&in, err));
    if (!sg_der_more(&seq))
        return sg_err_set(err, SG_FORMAT,
                          "crl: issuingDistributionPoint is empty "
                          "(RFC 5280 5.2.5)");
    if (sg_der_next_is(&seq, SG_DER_CONTEXT_CONSTRUCTED(0)))
        SG_TRY(read_point(&seq, crl, err));
    if (sg_der_next_is(&seq, SG_DER_CONTEXT(1)))
        SG_TRY(read_scope(&seq, SG_DER_CONTEXT(1), CA_CRL_SCOPE_USER_ONLY, crl,
                          err));
    else if (sg_der_next_is(&seq, SG_DER_CONTEXT(2)))
        SG_TRY(read_scope(&seq, SG_DER_CONTEXT(2), CA_CRL_SCOPE_CA_ONLY, crl,
                          err));
    if (sg_der_more(&seq))
        return sg_err_set(err, SG_POLICY,
                          "crl: issuingDistributionPoint: only a URL and one "
                          "of user or CA certificates are accepted, not some "
                          "reasons or an indirect CRL (BR 7.2.2.1)");
    return SG_OK;
}

/* What is read, and whether it has to be critical. */
static const struct {
    enum ca_oid oid;
    bool critical;
    enum sg_rc (*read)(struct sg_slice value, struct ca_crl *crl,
                       struct sg_err *err);
} READERS[] = {
    { CA_OID_EXT_AKI, false, read_aki },
    { CA_OID_EXT_CRL_NUMBER, false, read_number },
    { CA_OID_EXT_IDP, true, read_idp },
};

static enum sg_rc read_extension(const struct ca_extension *ext,
                                 struct ca_crl *crl, struct sg_err *err)
{
    char text[SG_OID_TEXT_MAX];

    if (ca_oid_is(ext->oid, CA_OID_EXT_DELTA_CRL))
        return sg_err_set(err, SG_POLICY,
                          "crl: a delta CRL is not accepted (RFC 5280 5.2.4)");
    for (size_t i = 0; i < SG_ARRAY_LEN(READERS); i++) {
        if (!ca_oid_is(ext->oid, READERS[i].oid))
            continue;
        if (ext->critical != READERS[i].critical)
            return sg_err_set(err, SG_POLICY,
                              "crl: extension %s must%s be critical "
                              "(RFC 5280 5.2)",
                              ca_oid_text(ext->oid, text),
                              READERS[i].critical ? "" : " not");
        return READERS[i].read(ext->value, crl, err);
    }
    if (ext->critical)
        return sg_err_set(err, SG_POLICY,
                          "crl: unknown critical extension %s "
                          "(RFC 5280 5.2)",
                          ca_oid_text(ext->oid, text));
    return SG_OK;
}

static enum sg_rc read_extensions(struct sg_der *tbs, struct ca_crl *crl,
                                  struct sg_err *err)
{
    struct ca_extension ext[CA_EXTENSIONS_MAX];
    struct sg_der wrapper;
    size_t n = 0;

    if (sg_der_more(tbs)) {
        SG_TRY(sg_der_enter(tbs, SG_DER_CONTEXT_CONSTRUCTED(0), &wrapper, err));
        SG_TRY(ca_extensions_parse(&wrapper, ext, &n, err));
        SG_TRY(sg_der_end(&wrapper, err));
    }
    for (size_t i = 0; i < n; i++)
        SG_TRY(read_extension(&ext[i], crl, err));
    if (crl->aki.p == NULL)
        return sg_err_set(err, SG_POLICY,
                          "crl: no authorityKeyIdentifier (RFC 5280 5.2.1)");
    if (crl->number.p == NULL)
        return sg_err_set(err, SG_POLICY, "crl: no cRLNumber (RFC 5280 5.2.3)");
    return SG_OK;
}

/* --- the list ------------------------------------------------------------- */

static enum sg_rc read_head(struct sg_der *tbs, struct ca_crl *crl,
                            struct sg_slice *ret_alg, struct sg_err *err)
{
    struct sg_der_tlv part = { 0 };
    uint64_t version = 0;

    if (sg_der_next_is(tbs, SG_DER_INTEGER))
        SG_TRY(sg_der_uint(tbs, &version, err));
    if (version != VERSION_V2)
        return sg_err_set(err, SG_POLICY,
                          "crl: version %llu, only 2 is accepted "
                          "(RFC 5280 5.1.2.1)",
                          (unsigned long long)version + 1);
    SG_TRY(sg_der_get(tbs, SG_DER_SEQUENCE, &part, err));
    *ret_alg = part.whole;
    if (ca_sigalg_parse(part.whole, &crl->alg, err) != SG_OK)
        return sg_err_wrap(err, "crl");
    SG_TRY(sg_der_get(tbs, SG_DER_SEQUENCE, &part, err));
    crl->issuer = part.whole;
    if (part.content.len == 0)
        return sg_err_set(err, SG_POLICY,
                          "crl: empty issuer (RFC 5280 5.1.2.3)");
    return sg_der_check(part.whole, "crl: issuer", PART_DEPTH_MAX,
                        PART_ELEMENTS_MAX, err);
}

static enum sg_rc read_times(struct sg_der *tbs, struct ca_crl *crl,
                             struct sg_err *err)
{
    SG_TRY(sg_der_time(tbs, &crl->this_update, err));
    if (!sg_der_next_is(tbs, SG_DER_UTC_TIME)
        && !sg_der_next_is(tbs, SG_DER_GENERALIZED_TIME))
        return sg_err_set(err, SG_POLICY,
                          "crl: no nextUpdate (RFC 5280 5.1.2.5)");
    SG_TRY(sg_der_time(tbs, &crl->next_update, err));
    if (crl->next_update <= crl->this_update)
        return sg_err_set(err, SG_POLICY,
                          "crl: nextUpdate is not later than thisUpdate "
                          "(RFC 5280 5.1.2.5)");
    return SG_OK;
}

static enum sg_rc walk_tbs(struct sg_arena *arena, struct sg_der *tbs,
                           struct ca_crl *crl, struct sg_slice *ret_alg,
                           struct sg_err *err)
{
    SG_TRY(read_head(tbs, crl, ret_alg, err));
    SG_TRY(read_times(tbs, crl, err));
    SG_TRY(read_entries(arena, tbs, crl, err));
    SG_TRY(read_extensions(tbs, crl, err));
    return sg_der_end(tbs, err);
}

enum sg_rc ca_crl_parse(struct sg_arena *arena, struct sg_slice der,
                        struct ca_crl *ret, struct sg_err *err)
{
    struct ca_crl crl = { .der = der };
    struct sg_slice inner_alg = { 0 };
    struct sg_der_tlv part = { 0 };
    struct sg_der in;
    struct sg_der whole;
    struct sg_der tbs;

    sg_der_init(&in, der, "crl");
    SG_TRY(sg_der_enter(&in, SG_DER_SEQUENCE, &whole, err));
    SG_TRY(sg_der_end(&in, err));
    SG_TRY(sg_der_get(&whole, SG_DER_SEQUENCE, &part, err));
    crl.tbs = part.whole;
    sg_der_inside(&whole, &part, &tbs);
    SG_TRY(walk_tbs(arena, &tbs, &crl, &inner_alg, err));
    SG_TRY(sg_der_get(&whole, SG_DER_SEQUENCE, &part, err));
    if (!sg_slice_eq(part.whole, inner_alg))
        return sg_err_set(err, SG_POLICY,
                          "crl: inner and outer signature algorithm differ "
                          "(RFC 5280 5.1.1.2)");
    SG_TRY(sg_der_bits(&whole, &crl.signature, err));
    SG_TRY(sg_der_end(&whole, err));
    *ret = crl;
    return SG_OK;
}
