/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "ca/crl-int.h"
#include "ca/ext.h"
#include "ca/rules.h"
#include "common/clock.h"
#include "common/parse.h"

#define VERSION_V2 1
/* An entry at its largest: header, serial, GeneralizedTime, reason. */
#define ENTRY_MAX (2 + 2 + CA_CRL_SERIAL_MAX + 17 + 14)
/* Everything but the entries: name, extensions with a URL. */
#define FRAME_MAX ((size_t)128 * 1024)

/* --- rules ---------------------------------------------------------------- */

static enum sg_rc check_times(const struct ca_crl_args *args,
                              struct sg_err *err)
{
    const struct ca_cert *issuer = args->issuer;
    struct ca_period period = { args->this_update, args->next_update };
    char own[SG_TIME_TEXT_MAX];
    char theirs[SG_TIME_TEXT_MAX];

    if (ca_rule_period(period, err) != SG_OK)
        return sg_err_wrap(err, "crl");
    if (args->next_update == args->this_update)
        return sg_err_set(err, SG_POLICY,
                          "crl: nextUpdate %s is not later than thisUpdate "
                          "(RFC 5280 5.1.2.5)",
                          sg_time_text(args->next_update, own));
    if (args->this_update < issuer->not_before)
        return sg_err_set(err, SG_POLICY,
                          "crl: thisUpdate %s is earlier than the issuer's "
                          "notBefore %s (RFC 5280 6.3.3)",
                          sg_time_text(args->this_update, own),
                          sg_time_text(issuer->not_before, theirs));
    if (args->next_update > issuer->not_after)
        return sg_err_set(err, SG_POLICY,
                          "crl: nextUpdate %s is beyond the issuer's notAfter "
                          "%s (RFC 5280 6.3.3)",
                          sg_time_text(args->next_update, own),
                          sg_time_text(issuer->not_after, theirs));
    return SG_OK;
}

/* Leading zeros do not count; a set first bit takes one octet more. */
static enum sg_rc check_number(struct sg_slice number, struct sg_err *err)
{
    while (number.len > 0 && number.p[0] == 0)
        number = SG_SLICE(number.p + 1, number.len - 1);
    if (number.len == 0)
        return sg_err_set(err, SG_POLICY,
                          "crl: number 0: numbers start at 1 and only rise "
                          "(RFC 5280 5.2.3)");
    if (number.len + (number.p[0] >> 7) > CA_CRL_NUMBER_MAX)
        return sg_err_set(err, SG_POLICY,
                          "crl: number of more than %d octets "
                          "(RFC 5280 5.2.3)",
                          CA_CRL_NUMBER_MAX);
    return SG_OK;
}

static enum sg_rc check_entry(const struct ca_crl_args *args, size_t at,
                              struct sg_err *err)
{
    const struct ca_revoked *revoked = &args->revoked[at];
    const char *fault = ca_crl_serial_fault(revoked->serial);
    char serial[2 * CA_CRL_SERIAL_MAX + 1];
    char date[SG_TIME_TEXT_MAX];
    char update[SG_TIME_TEXT_MAX];

    if (fault != NULL)
        return sg_err_set(err, SG_POLICY,
                          "crl: entry %zu: serial number %s "
                          "(RFC 5280 4.1.2.2)",
                          at + 1, fault);
    fault = ca_reason_fault((uint64_t)revoked->reason);
    if (fault != NULL)
        return sg_err_set(err, SG_POLICY, "crl: serial number %s: %s",
                          sg_hex(revoked->serial, serial, sizeof(serial)),
                          fault);
    if (revoked->date < CA_TIME_MIN || revoked->date > args->this_update)
        return sg_err_set(err, SG_POLICY,
                          "crl: serial number %s: revoked at %s, which is "
                          "before 1950 or after thisUpdate %s "
                          "(RFC 5280 5.1.2.6)",
                          sg_hex(revoked->serial, serial, sizeof(serial)),
                          sg_time_text(revoked->date, date),
                          sg_time_text(args->this_update, update));
    return SG_OK;
}

static enum sg_rc check(const struct ca_crl_args *args, struct sg_err *err)
{
    const struct ca_cert *issuer = args->issuer;

    SG_TRY(ca_crl_check_issuer(issuer, err));
    if (issuer->ski.len == 0 || issuer->ski.len > CA_KEY_ID_MAX)
        return sg_err_set(err, SG_POLICY,
                          "crl: the issuer has no subjectKeyIdentifier of 1 "
                          "to %d octets (RFC 5280 5.2.1)",
                          CA_KEY_ID_MAX);
    SG_TRY(ca_rule_sigalg(args->alg, issuer->spki.kind, err));
    SG_TRY(check_times(args, err));
    SG_TRY(check_number(args->number, err));
    if (args->distribution_point != NULL)
        SG_TRY(ca_url_check("crl: distribution point URL",
                            args->distribution_point, true, err));
    if (args->n_revoked > CA_CRL_ENTRIES_MAX)
        return sg_err_set(err, SG_LIMIT, "crl: %zu entries, at most %d",
                          args->n_revoked, CA_CRL_ENTRIES_MAX);
    for (size_t i = 0; i < args->n_revoked; i++)
        SG_TRY(check_entry(args, i, err));
    return SG_OK;
}

/* --- encoding ------------------------------------------------------------- */

static void put_reason(struct sg_derw *w, enum ca_reason reason)
{
    uint8_t octet = (uint8_t)reason;
    size_t list;
    struct ca_ext ext;

    if (reason == CA_REASON_UNSPECIFIED)
        return; /* said by leaving it out (RFC 5280 5.3.1) */
    list = sg_derw_begin(w, SG_DER_SEQUENCE);
    ext = ca_ext_begin(w, CA_OID_EXT_REASON, false);
    sg_derw_tlv(w, SG_DER_ENUMERATED, SG_SLICE(&octet, 1));
    ca_ext_end(w, ext);
    sg_derw_end(w, list);
}

static enum sg_rc put_entries(const struct ca_crl_args *args, struct sg_derw *w,
                              struct sg_err *err)
{
    const struct ca_revoked **sorted = NULL;
    size_t list;

    if (args->n_revoked == 0)
        return SG_OK; /* an empty list may not stand (RFC 5280 5.1.2.6) */
    SG_TRY(ca_crl_sort(args->revoked, args->n_revoked, &sorted, err));
    list = sg_derw_begin(w, SG_DER_SEQUENCE);
    for (size_t i = 0; i < args->n_revoked; i++) {
        size_t entry = sg_derw_begin(w, SG_DER_SEQUENCE);

        sg_derw_tlv(w, SG_DER_INTEGER, sorted[i]->serial);
        sg_derw_time(w, sorted[i]->date);
        put_reason(w, sorted[i]->reason);
        sg_derw_end(w, entry);
    }
    sg_derw_end(w, list);
    free(sorted);
    return SG_OK;
}

/* Only when there is anything to say: it may not be empty (RFC 5280 5.2.5). */
static void put_scope(const struct ca_crl_args *args, struct sg_derw *w)
{
    static const uint8_t yes = 0xff;
    struct ca_ext ext;
    size_t seq;

    if (args->scope == CA_CRL_SCOPE_ALL && args->distribution_point == NULL)
        return;
    ext = ca_ext_begin(w, CA_OID_EXT_IDP, true);
    seq = sg_derw_begin(w, SG_DER_SEQUENCE);
    if (args->distribution_point != NULL) {
        size_t name = sg_derw_begin(w, SG_DER_CONTEXT_CONSTRUCTED(0));
        size_t full = sg_derw_begin(w, SG_DER_CONTEXT_CONSTRUCTED(0));

        sg_derw_tlv(w, SG_DER_CONTEXT(6),
                    sg_slice_str(args->distribution_point));
        sg_derw_end(w, full);
        sg_derw_end(w, name);
    }
    if (args->scope != CA_CRL_SCOPE_ALL)
        sg_derw_tlv(
            w, SG_DER_CONTEXT(args->scope == CA_CRL_SCOPE_USER_ONLY ? 1 : 2),
            SG_SLICE(&yes, 1));
    sg_derw_end(w, seq);
    ca_ext_end(w, ext);
}

static void put_extensions(const struct ca_crl_args *args, struct sg_derw *w)
{
    size_t tagged = sg_derw_begin(w, SG_DER_CONTEXT_CONSTRUCTED(0));
    size_t list = sg_derw_begin(w, SG_DER_SEQUENCE);
    struct ca_ext ext;

    ca_ext_aki(w, args->issuer->ski);
    ext = ca_ext_begin(w, CA_OID_EXT_CRL_NUMBER, false);
    sg_derw_unsigned(w, args->number);
    ca_ext_end(w, ext);
    put_scope(args, w);
    sg_derw_end(w, list);
    sg_derw_end(w, tagged);
}

static enum sg_rc put_tbs(const struct ca_crl_args *args, struct sg_buf *out,
                          struct sg_err *err)
{
    struct sg_derw w;
    size_t tbs;

    sg_derw_init(&w, out);
    tbs = sg_derw_begin(&w, SG_DER_SEQUENCE);
    sg_derw_uint(&w, VERSION_V2);
    sg_derw_raw(&w, ca_sigalg_der(args->alg));
    sg_derw_raw(&w, args->issuer->subject);
    sg_derw_time(&w, args->this_update);
    sg_derw_time(&w, args->next_update);
    SG_TRY(put_entries(args, &w, err));
    put_extensions(args, &w);
    sg_derw_end(&w, tbs);
    return sg_derw_finish(&w, err);
}

/* One allocation instead of many that are wiped and copied; a small buffer
 * with a small list may still do. */
static void make_room(const struct ca_crl_args *args, struct sg_buf *out)
{
    struct sg_err ignored = { 0 };
    size_t want = args->n_revoked * ENTRY_MAX + FRAME_MAX;

    if (want <= out->max - out->len)
        (void)sg_buf_reserve(out, want, &ignored);
}

enum sg_rc ca_crl_tbs(const struct ca_crl_args *args, struct sg_buf *out,
                      struct sg_err *err)
{
    size_t start = out->len;
    enum sg_rc rc;

    SG_TRY(check(args, err));
    make_room(args, out);
    rc = put_tbs(args, out, err);
    if (rc != SG_OK)
        out->len = start;
    return rc;
}
