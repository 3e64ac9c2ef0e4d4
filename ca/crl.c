/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/crl.h"

#include <stdlib.h>
#include <string.h>

#include "ca/crl-int.h"
#include "common/parse.h"

/* --- reasons -------------------------------------------------------------- */

static const struct {
    enum ca_reason reason;
    const char *name;
} REASONS[] = {
    { CA_REASON_UNSPECIFIED, "unspecified" },
    { CA_REASON_KEY_COMPROMISE, "keyCompromise" },
    { CA_REASON_CA_COMPROMISE, "cACompromise" },
    { CA_REASON_AFFILIATION_CHANGED, "affiliationChanged" },
    { CA_REASON_SUPERSEDED, "superseded" },
    { CA_REASON_CESSATION_OF_OPERATION, "cessationOfOperation" },
    { CA_REASON_CERTIFICATE_HOLD, "certificateHold" },
    { CA_REASON_REMOVE_FROM_CRL, "removeFromCRL" },
    { CA_REASON_PRIVILEGE_WITHDRAWN, "privilegeWithdrawn" },
    { CA_REASON_AA_COMPROMISE, "aACompromise" },
};

const char *ca_reason_name(enum ca_reason reason)
{
    for (size_t i = 0; i < SG_ARRAY_LEN(REASONS); i++)
        if (REASONS[i].reason == reason)
            return REASONS[i].name;
    return "unknown";
}

enum sg_rc ca_reason_parse(const char *text, enum ca_reason *ret,
                           struct sg_err *err)
{
    for (size_t i = 0; i < SG_ARRAY_LEN(REASONS); i++)
        if (strcmp(REASONS[i].name, text) == 0) {
            *ret = REASONS[i].reason;
            return SG_OK;
        }
    return sg_err_set(err, SG_POLICY,
                      "reason \"%.40s\": none of those of RFC 5280 5.3.1, such "
                      "as keyCompromise, superseded or cessationOfOperation",
                      text);
}

/* Unknown numbers and removeFromCRL, which only a delta CRL may hold. */
const char *ca_reason_fault(uint64_t reason)
{
    if (reason == CA_REASON_REMOVE_FROM_CRL)
        return "removeFromCRL stands in delta CRLs only (RFC 5280 5.3.1)";
    for (size_t i = 0; i < SG_ARRAY_LEN(REASONS); i++)
        if ((uint64_t)REASONS[i].reason == reason)
            return NULL;
    return "the reason has no meaning (RFC 5280 5.3.1)";
}

/* --- serial numbers ------------------------------------------------------- */

/* Positive INTEGERs that are minimal: the longer one is the larger. */
int ca_serial_order(struct sg_slice a, struct sg_slice b)
{
    if (a.len != b.len)
        return a.len < b.len ? -1 : 1;
    return memcmp(a.p, b.p, a.len);
}

const char *ca_crl_serial_fault(struct sg_slice serial)
{
    if (serial.len == 0 || (serial.p[0] & 0x80) != 0
        || (serial.len == 1 && serial.p[0] == 0))
        return "is not positive";
    if (serial.len > CA_CRL_SERIAL_MAX)
        return "has more than 20 octets";
    if (serial.p[0] == 0 && (serial.p[1] & 0x80) == 0)
        return "is not minimal";
    return NULL;
}

static int by_serial(const void *a, const void *b)
{
    const struct ca_revoked *const *x = a;
    const struct ca_revoked *const *y = b;

    return ca_serial_order((*x)->serial, (*y)->serial);
}

enum sg_rc ca_crl_sort(const struct ca_revoked *revoked, size_t n,
                       const struct ca_revoked ***ret, struct sg_err *err)
{
    const struct ca_revoked **sorted = calloc(n, sizeof(const void *));
    char text[2 * CA_CRL_SERIAL_MAX + 1];

    if (sorted == NULL)
        return sg_err_set(err, SG_NOMEM, "crl: %zu entries", n);
    for (size_t i = 0; i < n; i++)
        sorted[i] = &revoked[i];
    qsort(sorted, n, sizeof(const void *), by_serial);
    for (size_t i = 1; i < n; i++)
        if (ca_serial_order(sorted[i - 1]->serial, sorted[i]->serial) == 0) {
            (void)sg_hex(sorted[i]->serial, text, sizeof(text));
            free(sorted);
            return sg_err_set(err, SG_POLICY,
                              "crl: serial number %s stands twice "
                              "(RFC 5280 5.1.2.6)",
                              text);
        }
    *ret = sorted;
    return SG_OK;
}

/* --- relations ------------------------------------------------------------ */

enum sg_rc ca_crl_check_issuer(const struct ca_cert *issuer, struct sg_err *err)
{
    if (!issuer->is_ca)
        return sg_err_set(err, SG_POLICY,
                          "crl: the issuer is no CA (RFC 5280 6.3.3 (f))");
    if (!issuer->has_key_usage || (issuer->key_usage & CA_KU_CRL_SIGN) == 0)
        return sg_err_set(err, SG_POLICY,
                          "crl: the issuer's keyUsage has no cRLSign "
                          "(RFC 5280 4.2.1.3)");
    return SG_OK;
}

enum sg_rc ca_crl_check_signed_by(const struct ca_crl *crl,
                                  const struct ca_cert *issuer,
                                  struct sg_err *err)
{
    SG_TRY(ca_crl_check_issuer(issuer, err));
    if (!sg_slice_eq(crl->issuer, issuer->subject))
        return sg_err_set(err, SG_POLICY,
                          "crl: issuer name is not the CA's subject, octet "
                          "for octet (RFC 5280 5.1.2.3)");
    if (issuer->ski.p != NULL && !sg_slice_eq(crl->aki, issuer->ski))
        return sg_err_set(err, SG_POLICY,
                          "crl: authorityKeyIdentifier is not the CA's "
                          "subjectKeyIdentifier (RFC 5280 5.2.1)");
    if (ca_spki_verify(&issuer->spki, crl->alg, crl->tbs, crl->signature, err)
        != SG_OK)
        return sg_err_wrap(err, "crl");
    return SG_OK;
}
