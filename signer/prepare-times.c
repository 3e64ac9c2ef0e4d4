/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "common/clock.h"
#include "common/parse.h"
#include "signer/prepare-int.h"

const char *srv_go_duration(int64_t seconds, char dst[SRV_GO_DURATION_MAX])
{
    long long h = seconds / 3600;
    long long m = seconds / 60 % 60;
    long long s = seconds % 60;
    if (h > 0)
        (void)snprintf(dst, SRV_GO_DURATION_MAX, "%lldh%lldm%llds", h, m, s);
    else if (m > 0)
        (void)snprintf(dst, SRV_GO_DURATION_MAX, "%lldm%llds", m, s);
    else
        (void)snprintf(dst, SRV_GO_DURATION_MAX, "%llds", s);
    return dst;
}

/* At most max_ttl from now. Vault lets a request's not_after pass by max_ttl;
 * here it is held like a ttl, as OpenBao does. */
static int64_t clip(struct srv_prep *p, int64_t ttl)
{
    char want[SRV_GO_DURATION_MAX];
    char most[SRV_GO_DURATION_MAX];
    int64_t max = p->role->max_ttl > 0 ? p->role->max_ttl : p->args->max_ttl;
    if (ttl <= max)
        return ttl;
    srv_warn(&p->job->warnings, p->arena,
             "TTL \"%s\" is longer than permitted maxTTL \"%s\", so maxTTL is "
             "being used",
             srv_go_duration(ttl, want), srv_go_duration(max, most));
    return max;
}

static enum sg_rc choose_end(struct srv_prep *p)
{
    const struct srv_fields *f = &p->fields;
    const struct srv_role *role = p->role;
    int64_t now = p->args->now;
    int64_t ttl = f->ttl;
    struct sg_err inner = { 0 };
    if (f->ttl > 0 && (srv_given(f->not_after) || role->has_not_after))
        return sg_err_set(p->err, SG_POLICY,
                          "Either ttl or not_after should be provided. Both "
                          "should not be provided in the same request.");
    if (role->has_not_after) {
        p->not_after = role->not_after;
        return SG_OK;
    }
    if (srv_given(f->not_after)) {
        if (sg_parse_time(f->not_after, &p->not_after, &inner) != SG_OK)
            return sg_err_set(p->err, SG_FORMAT, "not_after: %s", inner.msg);
        if (p->not_after > now)
            p->not_after = now + clip(p, p->not_after - now);
        return SG_OK;
    }
    if (ttl == 0)
        ttl = role->ttl > 0 ? role->ttl : p->args->default_ttl;
    p->not_after = now + clip(p, ttl);
    return SG_OK;
}

enum sg_rc srv_prep_times(struct srv_prep *p)
{
    const struct ca_period ca = ca_issuer_period(p->args->issuer->ca);
    char end[SG_TIME_TEXT_MAX];
    char limit[SG_TIME_TEXT_MAX];
    SG_TRY(choose_end(p));
    if (p->not_after > ca.not_after) {
        if (!p->args->issuer->truncate_not_after)
            return sg_err_set(p->err, SG_POLICY,
                              "cannot satisfy request, as TTL would result in "
                              "notAfter of %s that is beyond the expiration of "
                              "the CA certificate at %s",
                              sg_time_text(p->not_after, end),
                              sg_time_text(ca.not_after, limit));
        p->not_after = ca.not_after;
    }
    p->not_before = p->args->now - p->role->not_before_duration;
    if (p->not_before < ca.not_before)
        p->not_before = ca.not_before;
    if (p->not_after <= p->args->now || p->not_after < p->not_before)
        return sg_err_set(p->err, SG_POLICY,
                          "notAfter of %s is not after the current time %s",
                          sg_time_text(p->not_after, end),
                          sg_time_text(p->args->now, limit));
    return SG_OK;
}
