/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/ocsp-responder.h"

#include "ca/policies.h"
#include "ca/tbs.h"

#define DAY INT64_C(86400)
#define SUBJECT_MAX ((size_t)96 * 1024) /* octets of a Name at its largest */

static struct ca_period period_of(const struct ca_ocsp_responder_args *args)
{
    return (struct ca_period){ args->not_before, args->not_after };
}

/* --- rules ---------------------------------------------------------------- */

static enum sg_rc check_life(const struct ca_ocsp_responder_args *args,
                             struct sg_err *err)
{
    SG_TRY(ca_rule_period(period_of(args), err));
    /* Both ends belong to the period. */
    if (args->not_after - args->not_before + 1
        > CA_OCSP_RESPONDER_DAYS_MAX * DAY)
        return sg_err_set(err, SG_POLICY,
                          "OCSP responder: valid for more than %d days, "
                          "though nobody asks for its status "
                          "(RFC 6960 4.2.2.2.1)",
                          CA_OCSP_RESPONDER_DAYS_MAX);
    return SG_OK;
}

/* Who answers in the CA's name must not be mistaken for the CA. */
static enum sg_rc check_subject(const struct ca_ocsp_responder_args *args,
                                struct sg_slice subject, struct sg_err *err)
{
    static const struct ca_sans no_sans = { 0 };
    const struct ca_names names = { .subject = subject, .sans = &no_sans };

    for (size_t i = 0; i < ca_issuer_chain_len(args->issuer); i++)
        if (sg_slice_eq(subject, ca_issuer_chain(args->issuer, i)->subject))
            return sg_err_set(err, SG_POLICY,
                              "OCSP responder: has the subject of a CA of its "
                              "chain (RFC 6960 4.2.2.2)");
    return ca_issuer_check_names(args->issuer, &names, err);
}

static const struct ca_spki *key_of(const struct ca_ocsp_responder_args *args)
{
    return args->existing != NULL ? &args->existing->spki : args->spki;
}

static enum sg_rc check_existing(const struct ca_ocsp_responder_args *args,
                                 struct sg_err *err)
{
    const struct ca_cert *existing = args->existing;

    if (args->subject.n != 0 || args->spki != NULL)
        return sg_err_set(err, SG_POLICY,
                          "OCSP responder: subject and key come from the "
                          "existing certificate");
    if (existing->is_ca
        || !ca_eku_has(existing->eku, ca_oid(CA_OID_EKU_OCSP_SIGNING)))
        return sg_err_set(err, SG_POLICY,
                          "OCSP responder: the existing certificate is no "
                          "responder's: its extKeyUsage has no OCSPSigning "
                          "(RFC 6960 4.2.2.2)");
    if (existing->subject.len <= 2) /* 30 00 */
        return sg_err_set(err, SG_POLICY,
                          "OCSP responder: the existing certificate has an "
                          "empty subject (RFC 5280 4.1.2.6)");
    return ca_rule_fresh_key(&existing->spki, args->issuer, err);
}

static enum sg_rc check(const struct ca_ocsp_responder_args *args,
                        struct sg_err *err)
{
    SG_TRY(ca_rule_serial(args->serial, err));
    SG_TRY(check_life(args, err));
    SG_TRY(ca_rule_inside(period_of(args), args->issuer, err));
    SG_TRY(ca_rule_sigalg(args->alg, ca_issuer_cert(args->issuer)->spki.kind,
                          err));
    if (args->existing != NULL)
        return check_existing(args, err);
    if (args->subject.n == 0)
        return sg_err_set(err, SG_POLICY,
                          "OCSP responder: empty subject, and it has no "
                          "subjectAltName (RFC 5280 4.1.2.6)");
    SG_TRY(ca_rule_subject(&args->subject, err));
    return ca_rule_fresh_key(args->spki, args->issuer, err);
}

/* --- encoding ------------------------------------------------------------- */

static enum sg_rc put_extensions(const struct ca_ocsp_responder_args *args,
                                 struct sg_derw *w, struct sg_err *err)
{
    const struct ca_oids eku = { .oid = { ca_oid(CA_OID_EKU_OCSP_SIGNING) },
                                 .n = 1 };
    size_t tagged = sg_derw_begin(w, SG_DER_CONTEXT_CONSTRUCTED(3));
    size_t list = sg_derw_begin(w, SG_DER_SEQUENCE);
    uint8_t sha1[20];
    struct ca_ext ext;

    SG_TRY(ca_spki_key_id(key_of(args), sha1, err));
    ca_ext_key_usage(w, CA_KU_DIGITAL_SIGNATURE);
    ca_ext_eku(w, &eku, false);
    ext = ca_ext_begin(w, CA_OID_EXT_OCSP_NOCHECK, false);
    sg_derw_null(w);
    ca_ext_end(w, ext);
    ca_ext_ski(w, SG_SLICE(sha1, sizeof sha1));
    ca_ext_aki(w, ca_issuer_cert(args->issuer)->ski);
    sg_derw_end(w, list);
    sg_derw_end(w, tagged);
    return SG_OK;
}

static enum sg_rc put_tbs(const struct ca_ocsp_responder_args *args,
                          struct sg_slice subject, struct sg_buf *out,
                          struct sg_err *err)
{
    struct sg_derw w;
    size_t tbs;

    sg_derw_init(&w, out);
    tbs = sg_derw_begin(&w, SG_DER_SEQUENCE);
    ca_tbs_head(&w, args->serial, args->alg);
    /* Byte for byte: verifiers may compare names octet by octet. */
    sg_derw_raw(&w, ca_issuer_cert(args->issuer)->subject);
    ca_tbs_validity(&w, period_of(args));
    sg_derw_raw(&w, subject);
    sg_derw_raw(&w, key_of(args)->der);
    SG_TRY(put_extensions(args, &w, err));
    sg_derw_end(&w, tbs);
    return sg_derw_finish(&w, err);
}

static enum sg_rc make(const struct ca_ocsp_responder_args *args,
                       struct sg_buf *out, struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf encoded;
    struct sg_slice subject;

    sg_buf_init(&encoded, SUBJECT_MAX);
    SG_TRY(check(args, err));
    if (args->existing == NULL)
        SG_TRY(ca_dn_encode(&args->subject, &encoded, err));
    subject = args->existing != NULL ? args->existing->subject
                                     : sg_buf_slice(&encoded);
    SG_TRY(check_subject(args, subject, err));
    return put_tbs(args, subject, out, err);
}

enum sg_rc ca_ocsp_responder_tbs(const struct ca_ocsp_responder_args *args,
                                 struct sg_buf *out, struct sg_err *err)
{
    size_t start = out->len;
    enum sg_rc rc = make(args, out, err);

    if (rc != SG_OK)
        out->len = start;
    return rc;
}
