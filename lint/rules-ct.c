/* SPDX-License-Identifier: Apache-2.0 */
#include "lint/rules.h"

/* Certificate Transparency, version 1 (RFC 6962). */

void lint_ct_poison(struct lint_job *job)
{
    const struct lint_ext *ext = lint_cert_ext(job->cert, LINT_OID_CT_POISON);

    if (ext == NULL)
        return;
    if (!ext->critical)
        lint_say(job, "the precertificate poison is not critical");
    if (!LINT_IS(ext->value, "\x05\x00"))
        lint_say(job, "the precertificate poison is not NULL");
}

void lint_ct_both(struct lint_job *job)
{
    if (lint_cert_ext(job->cert, LINT_OID_CT_POISON) != NULL
        && lint_cert_ext(job->cert, LINT_OID_SCT_LIST) != NULL)
        lint_say(job, "a precertificate with a list of SCTs");
}

/* TLS vectors: each entry is preceded by its length in two octets. */
static bool take_vector(struct sg_slice *rest, struct sg_slice *ret)
{
    if (rest->len < 2)
        return false;
    size_t len = (size_t)rest->p[0] << 8 | rest->p[1];
    if (len > rest->len - 2)
        return false;
    *ret = SG_SLICE(rest->p + 2, len);
    *rest = SG_SLICE(rest->p + 2 + len, rest->len - 2 - len);
    return true;
}

static bool list_holds(struct sg_slice value)
{
    struct sg_err ignored = { 0 };
    struct sg_slice list;
    struct sg_slice sct;
    struct sg_der in;
    struct sg_der_tlv tlv;

    sg_der_init(&in, value, "signedCertificateTimestampList");
    if (sg_der_get(&in, SG_DER_OCTET_STRING, &tlv, &ignored) != SG_OK
        || !take_vector(&tlv.content, &list) || tlv.content.len > 0
        || list.len == 0)
        return false;
    while (list.len > 0)
        if (!take_vector(&list, &sct) || sct.len == 0)
            return false;
    return true;
}

void lint_ct_sct_list(struct lint_job *job)
{
    const struct lint_ext *ext = lint_cert_ext(job->cert, LINT_OID_SCT_LIST);

    if (ext != NULL && ext->value.len > 0
        && ext->value.p[0] == SG_DER_OCTET_STRING && !list_holds(ext->value))
        lint_say(job, "the list of SCTs is not a list of TLS vectors");
}
