/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "ca/crl.h"
#include "ca/rules.h"
#include "ceremony/ledger.h"
#include "ceremony/plan-build.h"
#include "common/parse.h"

#define EVERY_MIN INT64_C(3600) /* seconds between two CRLs */
#define HASTE INT64_C(86400)    /* less time to publish is worth a warning */

static enum sg_rc read_hex(struct cer_build *build, const char *key,
                           const char *text, struct sg_slice *ret,
                           struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf octets;
    struct sg_err why = { 0 };

    sg_buf_init(&octets, CER_REQUEST_MAX);
    if (sg_parse_hex(text, &octets, &why) != SG_OK)
        return sg_err_set(err, SG_CONFIG, "%s: %s", key, why.msg);
    if (octets.len > CA_SERIAL_MAX)
        return sg_err_set(
            err, SG_CONFIG,
            "%s: %zu octets, at most %d (RFC 5280 4.1.2.2, 5.2.3)", key,
            octets.len, CA_SERIAL_MAX);
    struct sg_slice number = cer_magnitude(sg_buf_slice(&octets));
    if (number.len == 0 || number.p[0] == 0)
        return sg_err_set(err, SG_CONFIG, "%s: is zero", key);
    struct sg_slice copy = sg_arena_copy(build->arena, number);
    if (copy.p == NULL)
        return sg_err_set(err, SG_NOMEM, "%s", key);
    *ret = copy;
    return SG_OK;
}

static enum sg_rc read_number(struct cer_build *build, const char *text,
                              struct sg_slice *ret, struct sg_err *err)
{
    uint64_t number = 0;
    struct sg_err why = { 0 };

    if (strncmp(text, "0x", 2) == 0)
        return read_hex(build, "crl: number", text + 2, ret, err);
    if (sg_parse_u64(text, 1, UINT64_MAX, &number, &why) != SG_OK)
        return sg_err_set(err, SG_CONFIG, "crl: number: %s", why.msg);
    uint8_t octets[sizeof(number)];
    for (size_t i = 0; i < sizeof(octets); i++)
        octets[i] = (uint8_t)(number >> (8 * (sizeof(octets) - 1 - i)));
    *ret = sg_arena_copy(build->arena,
                         cer_magnitude(SG_SLICE(octets, sizeof(octets))));
    return ret->p != NULL ? SG_OK : sg_err_set(err, SG_NOMEM, "crl: number");
}

static enum sg_rc read_scope(const char *text, enum ca_crl_scope *ret,
                             struct sg_err *err)
{
    static const struct {
        const char *name;
        enum ca_crl_scope scope;
    } scopes[] = {
        { "all", CA_CRL_SCOPE_ALL },
        { "ca", CA_CRL_SCOPE_CA_ONLY },
        { "user", CA_CRL_SCOPE_USER_ONLY },
    };
    char shown[SG_SHOW_MAX];

    *ret = CA_CRL_SCOPE_ALL;
    if (text == NULL)
        return SG_OK;
    for (size_t i = 0; i < SG_ARRAY_LEN(scopes); i++) {
        if (strcmp(scopes[i].name, text) == 0) {
            *ret = scopes[i].scope;
            return SG_OK;
        }
    }
    return sg_err_set(err, SG_CONFIG,
                      "crl: scope: \"%s\": not one of all, ca, user",
                      sg_show(text, shown));
}

/* --- entries ------------------------------------------------------------------- */

/* A certificate that somebody else issued is not ours to revoke. */
static enum sg_rc read_certificate(struct cer_build *build, const char *path,
                                   struct sg_slice *ret, struct sg_err *err)
{
    struct ca_cert *cert = NULL;
    struct sg_err why = { 0 };

    SG_TRY(cer_input_certificate(build, "crl: revoked", path, &cert, err));
    if (ca_cert_check_signed_by(cert, ca_issuer_cert(build->issuer), &why)
        != SG_OK)
        return sg_err_set(err, SG_POLICY,
                          "crl: revoked: %s: not issued by \"%.200s\": %.200s",
                          path, ca_issuer_text(build->issuer), why.msg);
    *ret = cert->serial;
    return SG_OK;
}

static enum sg_rc read_entry(struct cer_build *build,
                             const struct cer_request_entry *entry,
                             struct ca_revoked *ret, struct sg_err *err)
{
    struct sg_err why = { 0 };

    if ((entry->certificate == NULL) == (entry->serial == NULL))
        return sg_err_set(err, SG_CONFIG,
                          "crl: revoked: exactly one of certificate and serial "
                          "says which, not %s",
                          entry->serial == NULL ? "none" : "both");
    if (entry->serial != NULL)
        SG_TRY(read_hex(build, "crl: revoked: serial", entry->serial,
                        &ret->serial, err));
    else
        SG_TRY(read_certificate(build, entry->certificate, &ret->serial, err));
    SG_TRY(cer_value_time("crl: revoked: date", entry->date, &ret->date, err));
    ret->reason = CA_REASON_UNSPECIFIED;
    if (entry->reason != NULL
        && ca_reason_parse(entry->reason, &ret->reason, &why) != SG_OK)
        return sg_err_set(err, SG_CONFIG, "crl: revoked: %s", why.msg);
    return SG_OK;
}

/* INTEGER content again: a leading bit would read as a sign. */
static enum sg_rc as_integer(struct cer_build *build, struct sg_slice *serial,
                             struct sg_err *err)
{
    uint8_t octets[CA_SERIAL_MAX + 1] = { 0 };

    if ((serial->p[0] & 0x80U) == 0)
        return SG_OK;
    memcpy(octets + 1, serial->p, serial->len);
    *serial = sg_arena_copy(build->arena, SG_SLICE(octets, serial->len + 1));
    return serial->p != NULL
               ? SG_OK
               : sg_err_set(err, SG_NOMEM, "crl: revoked: serial");
}

static enum sg_rc read_entries(struct cer_build *build,
                               struct ca_crl_args *args, struct sg_err *err)
{
    const struct cer_request_entries *entries = &build->request->crl->revoked;
    struct ca_revoked *list =
        sg_arena_array(build->arena, struct ca_revoked, entries->v_count + 1);

    if (list == NULL)
        return sg_err_set(err, SG_NOMEM, "crl: revoked");
    for (uint32_t i = 0; i < entries->v_count; i++) {
        SG_TRY(read_entry(build, &entries->v[i], &list[i], err));
        if (entries->v[i].serial != NULL)
            SG_TRY(as_integer(build, &list[i].serial, err));
    }
    args->revoked = list;
    args->n_revoked = entries->v_count;
    return SG_OK;
}

/* --- the lists ------------------------------------------------------------------ */

struct series {
    size_t n;
    int64_t every; /* seconds */
};

static enum sg_rc read_package(struct cer_build *build, struct series *ret,
                               struct sg_err *err)
{
    const struct cer_request_package *package = build->request->crl->package;
    struct sg_err why = { 0 };

    *ret = (struct series){ 1, 0 };
    if (package == NULL)
        return SG_OK;
    if (package->count < 2 || package->count > CER_SIGN_MAX)
        return sg_err_set(err, SG_CONFIG,
                          "crl: package: count: %u: not between 2 and %d",
                          package->count, CER_SIGN_MAX);
    if (sg_parse_duration(package->every, &ret->every, &why) != SG_OK)
        return sg_err_set(err, SG_CONFIG, "crl: package: every: %s", why.msg);
    if (ret->every < EVERY_MIN)
        return sg_err_set(err, SG_CONFIG,
                          "crl: package: every: \"%s\": less than an hour",
                          package->every);
    ret->n = package->count;
    return SG_OK;
}

/* number + 1, in the arena. */
static enum sg_rc next_number(struct cer_build *build, struct sg_slice *number,
                              struct sg_err *err)
{
    uint8_t octets[CA_SERIAL_MAX + 1] = { 0 };
    size_t at = sizeof(octets) - number->len;

    memcpy(octets + at, number->p, number->len);
    for (size_t i = sizeof(octets); i-- > 0;)
        if (++octets[i] != 0)
            break;
    *number = sg_arena_copy(build->arena,
                            cer_magnitude(SG_SLICE(octets, sizeof(octets))));
    return number->p != NULL ? SG_OK : sg_err_set(err, SG_NOMEM, "crl: number");
}

static enum sg_rc add_all(struct cer_build *build, struct ca_crl_args *args,
                          const struct series *series, struct sg_err *err)
{
    for (size_t i = 0; i < series->n; i++) {
        if (i > 0) {
            SG_TRY(next_number(build, &args->number, err));
            args->this_update += series->every;
            args->next_update += series->every;
        }
        if (ca_crl_tbs(args, &build->tbs, err) != SG_OK)
            return series->n == 1 ? err->rc
                                  : sg_err_wrap(err,
                                                "crl: package: CRL %zu of "
                                                "%zu",
                                                i + 1, series->n);
        SG_TRY(cer_build_add(build, err));
    }
    return SG_OK;
}

static void warn_of_haste(struct cer_build *build,
                          const struct ca_crl_args *args,
                          const struct series *series)
{
    int64_t left = args->next_update - args->this_update - series->every;

    if (series->n > 1 && left < HASTE)
        cer_build_warn(build,
                       "crl: package: each has to be published within %lld "
                       "hours: then the one before it runs out",
                       (long long)(left / 3600));
}

enum sg_rc cer_build_crl(struct cer_build *build, struct sg_err *err)
{
    const struct cer_request_crl *crl = build->request->crl;
    struct ca_crl_args args = { .issuer = ca_issuer_cert(build->issuer),
                                .alg = build->plan->alg,
                                .distribution_point = crl->distribution_point };
    struct ca_crl last = { 0 };
    struct series series = { 0 };

    SG_TRY(read_number(build, crl->number, &args.number, err));
    SG_TRY(cer_value_time("crl: this_update", crl->this_update,
                          &args.this_update, err));
    SG_TRY(cer_value_time("crl: next_update", crl->next_update,
                          &args.next_update, err));
    SG_TRY(read_scope(crl->scope, &args.scope, err));
    SG_TRY(read_entries(build, &args, err));
    SG_TRY(read_package(build, &series, err));
    SG_TRY(cer_build_past(build, &last, err));
    SG_TRY(add_all(build, &args, &series, err));
    SG_TRY(cer_build_check_past(build, &last, err));
    SG_TRY(cer_plan_check_package(build->plan, err));
    warn_of_haste(build, &args, &series);
    return SG_OK;
}
