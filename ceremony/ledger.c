/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/ledger.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/parse.h"

#define WHAT "crl"

struct sg_slice cer_magnitude(struct sg_slice integer)
{
    while (integer.len > 1 && integer.p[0] == 0)
        integer = SG_SLICE(integer.p + 1, integer.len - 1);
    return integer;
}

int cer_integer_compare(struct sg_slice a, struct sg_slice b)
{
    a = cer_magnitude(a);
    b = cer_magnitude(b);
    if (a.len != b.len)
        return a.len < b.len ? -1 : 1;
    return a.len == 0 ? 0 : memcmp(a.p, b.p, a.len);
}

const char *cer_number_text(struct sg_slice integer,
                            char dst[CER_NUMBER_TEXT_MAX])
{
    return sg_hex(cer_magnitude(integer), dst, CER_NUMBER_TEXT_MAX);
}

const char *cer_crl_file(struct sg_slice number, const char *ending,
                         char dst[CER_LEDGER_FILE_MAX])
{
    char text[CER_NUMBER_TEXT_MAX];

    (void)snprintf(dst, CER_LEDGER_FILE_MAX, "crl-%s.%.8s",
                   cer_number_text(number, text), ending);
    return dst;
}

static int by_serial(const void *a, const void *b)
{
    const struct ca_revoked *const *x = a;
    const struct ca_revoked *const *y = b;

    return cer_integer_compare((*x)->serial, (*y)->serial);
}

static enum sg_rc sorted(const struct ca_crl *crl, struct sg_arena *arena,
                         const struct ca_revoked ***ret, struct sg_err *err)
{
    const struct ca_revoked **list =
        sg_arena_array(arena, const struct ca_revoked *, crl->n_revoked + 1);

    if (list == NULL)
        return sg_err_set(err, SG_NOMEM, WHAT);
    for (size_t i = 0; i < crl->n_revoked; i++)
        list[i] = &crl->revoked[i];
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): pointers are sorted */
    qsort(list, crl->n_revoked, sizeof(*list), by_serial);
    *ret = list;
    return SG_OK;
}

static bool is_expired(const struct cer_expired *expired,
                       struct sg_slice serial)
{
    for (size_t i = 0; i < expired->n; i++)
        if (cer_integer_compare(expired->serial[i], serial) == 0)
            return true;
    return false;
}

static enum sg_rc check_entry(const struct ca_revoked *last,
                              const struct ca_revoked *next,
                              const struct cer_expired *expired,
                              struct sg_err *err)
{
    char serial[CER_NUMBER_TEXT_MAX];
    char was[SG_TIME_TEXT_MAX];
    char is[SG_TIME_TEXT_MAX];

    if (next == NULL && !is_expired(expired, last->serial))
        return sg_err_set(err, SG_POLICY,
                          WHAT
                          ": serial number %s was revoked and is no longer "
                          "listed; only an expired certificate may be left "
                          "out, and it has to be named (RFC 5280 3.3)",
                          cer_number_text(last->serial, serial));
    if (next != NULL && next->date != last->date)
        return sg_err_set(
            err, SG_POLICY,
            WHAT ": serial number %s was revoked at %s, not at %s",
            cer_number_text(last->serial, serial),
            sg_time_text(last->date, was), sg_time_text(next->date, is));
    return SG_OK;
}

static enum sg_rc check_entries(const struct ca_crl *last,
                                const struct ca_crl *next,
                                const struct cer_expired *expired,
                                struct sg_arena *arena, struct sg_err *err)
{
    const struct ca_revoked **old = NULL;
    const struct ca_revoked **new = NULL;
    size_t k = 0;

    SG_TRY(sorted(last, arena, &old, err));
    SG_TRY(sorted(next, arena, &new, err));
    assert(old != NULL && new != NULL);
    for (size_t i = 0; i < last->n_revoked; i++) {
        while (k < next->n_revoked
               && cer_integer_compare(new[k]->serial, old[i]->serial) < 0)
            k++;
        bool same = k < next->n_revoked
                    && cer_integer_compare(new[k]->serial, old[i]->serial) == 0;
        SG_TRY(check_entry(old[i], same ? new[k] : NULL, expired, err));
    }
    return SG_OK;
}

enum sg_rc cer_ledger_compare(const struct ca_crl *last,
                              const struct ca_crl *next,
                              const struct cer_expired *expired,
                              struct sg_arena *arena, struct sg_err *err)
{
    char was[CER_NUMBER_TEXT_MAX];
    char is[CER_NUMBER_TEXT_MAX];

    if (!sg_slice_eq(last->issuer, next->issuer))
        return sg_err_set(err, SG_POLICY,
                          WHAT ": the last one is of another issuer");
    if (!sg_slice_eq(last->aki, next->aki))
        return sg_err_set(err, SG_POLICY,
                          WHAT ": the last one is by another key");
    if (last->scope != next->scope
        || !sg_slice_eq(last->distribution_point, next->distribution_point))
        return sg_err_set(err, SG_POLICY,
                          WHAT ": the last one has another scope (RFC 5280 "
                               "5.2.5)");
    if (cer_integer_compare(next->number, last->number) <= 0)
        return sg_err_set(err, SG_POLICY,
                          WHAT ": number %s is not greater than %s, the last "
                               "one's (RFC 5280 5.2.3)",
                          cer_number_text(next->number, is),
                          cer_number_text(last->number, was));
    if (next->this_update <= last->this_update)
        return sg_err_set(err, SG_POLICY,
                          WHAT ": thisUpdate %s is not after %s, the last "
                               "one's (RFC 5280 5.1.2.4)",
                          sg_time_text(next->this_update, is),
                          sg_time_text(last->this_update, was));
    return check_entries(last, next, expired, arena, err);
}
