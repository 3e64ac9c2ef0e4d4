/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ca/oid.h"
#include "ceremony/plan-build.h"
#include "common/parse.h"

#define WARNING_MAX 512 /* bytes of one */

void cer_build_warn(struct cer_build *build, const char *fmt, ...)
{
    struct cer_plan *plan = build->plan;
    char text[WARNING_MAX];
    va_list ap;

    if (plan->n_warnings == CER_WARNINGS_MAX)
        return;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    /* The lists of a package have the same faults. */
    for (size_t i = 0; i < plan->n_warnings; i++)
        if (strcmp(plan->warning[i], text) == 0)
            return;
    const char *copy = sg_arena_strdup(build->arena, text);
    if (copy != NULL)
        plan->warning[plan->n_warnings++] = copy;
}

enum sg_rc cer_value_time(const char *key, const char *text, int64_t *ret,
                          struct sg_err *err)
{
    struct sg_err why = { 0 };

    if (sg_parse_time(text, ret, &why) != SG_OK)
        return sg_err_set(err, SG_CONFIG, "%s: %s", key, why.msg);
    return SG_OK;
}

enum sg_rc cer_value_validity(const struct cer_request_validity *validity,
                              struct cer_period *ret, struct sg_err *err)
{
    struct sg_err why = { 0 };
    struct cer_period period = { 0 };
    int64_t duration = 0;

    SG_TRY(cer_value_time("validity: not_before", validity->not_before,
                          &period.not_before, err));
    if ((validity->not_after == NULL) == (validity->duration == NULL))
        return sg_err_set(err, SG_CONFIG,
                          "validity: exactly one of not_after and duration, "
                          "not %s",
                          validity->not_after == NULL ? "none" : "both");
    if (validity->not_after != NULL) {
        SG_TRY(cer_value_time("validity: not_after", validity->not_after,
                              &period.not_after, err));
    } else {
        if (sg_parse_duration(validity->duration, &duration, &why) != SG_OK)
            return sg_err_set(err, SG_CONFIG, "validity: duration: %s",
                              why.msg);
        /* Both ends belong to the period (RFC 5280 4.1.2.5). */
        period.not_after = period.not_before + duration - 1;
    }
    if (period.not_after < period.not_before)
        return sg_err_set(err, SG_CONFIG,
                          "validity: %s: ends before it begins (RFC 5280 "
                          "4.1.2.5)",
                          validity->not_after == NULL ? "duration"
                                                      : "not_after");
    *ret = period;
    return SG_OK;
}

/* --- subject ----------------------------------------------------------------- */

static enum sg_rc add(struct cer_build *build, struct ca_dn *dn,
                      enum ca_attr attr, const char *text, struct sg_err *err)
{
    if (text == NULL)
        return SG_OK;
    const char *copy = sg_arena_strdup(build->arena, text);
    if (copy == NULL)
        return sg_err_set(err, SG_NOMEM, "subject");
    return ca_dn_add(build->arena, dn, attr, sg_slice_str(copy), err);
}

/* In the order of BR 7.1.4.2, the country first and the common name last. */
enum sg_rc cer_value_subject(struct cer_build *build, struct ca_dn *ret,
                             struct sg_err *err)
{
    const struct cer_request_subject *s = build->request->subject;
    struct ca_dn dn = { 0 };

    for (uint32_t i = s->domain_component.v_count; i-- > 0;)
        SG_TRY(add(build, &dn, CA_ATTR_DOMAIN_COMPONENT,
                   s->domain_component.v[i], err));
    SG_TRY(add(build, &dn, CA_ATTR_COUNTRY, s->country, err));
    SG_TRY(add(build, &dn, CA_ATTR_PROVINCE, s->province, err));
    SG_TRY(add(build, &dn, CA_ATTR_LOCALITY, s->locality, err));
    SG_TRY(add(build, &dn, CA_ATTR_POSTAL_CODE, s->postal_code, err));
    SG_TRY(add(build, &dn, CA_ATTR_STREET, s->street, err));
    SG_TRY(add(build, &dn, CA_ATTR_ORGANIZATION, s->organization, err));
    for (uint32_t i = 0; i < s->organizational_unit.v_count; i++)
        SG_TRY(add(build, &dn, CA_ATTR_ORG_UNIT, s->organizational_unit.v[i],
                   err));
    SG_TRY(add(build, &dn, CA_ATTR_SERIAL_NUMBER, s->serial_number, err));
    SG_TRY(add(build, &dn, CA_ATTR_COMMON_NAME, s->common_name, err));
    if (dn.n == 0)
        return sg_err_set(err, SG_CONFIG,
                          "subject: has no attribute (RFC 5280 4.1.2.6)");
    *ret = dn;
    return SG_OK;
}

/* --- name constraints --------------------------------------------------------- */

static enum sg_rc add_trees(struct cer_build *build,
                            const struct cer_request_names *names,
                            struct ca_subtrees *ret, struct sg_err *err)
{
    const struct {
        enum ca_san_kind kind;
        const struct cer_list *list;
    } forms[] = {
        { CA_SAN_DNS, &names->dns },
        { CA_SAN_IP, &names->ip },
        { CA_SAN_EMAIL, &names->email },
        { CA_SAN_URI, &names->uri },
        { CA_SAN_OTHER, &names->upn },
        { CA_SAN_DIRECTORY, &names->directory },
    };

    for (size_t i = 0; i < SG_ARRAY_LEN(forms); i++)
        for (uint32_t k = 0; k < forms[i].list->v_count; k++)
            SG_TRY(ca_subtrees_add(build->arena, ret, forms[i].kind,
                                   forms[i].list->v[k], err));
    return SG_OK;
}

enum sg_rc cer_value_constraints(struct cer_build *build,
                                 const struct cer_request_constraints *names,
                                 struct ca_constraints *ret, struct sg_err *err)
{
    struct ca_constraints made = { 0 };

    if (names->permitted != NULL)
        SG_TRY(add_trees(build, names->permitted, &made.permitted, err));
    if (names->excluded != NULL)
        SG_TRY(add_trees(build, names->excluded, &made.excluded, err));
    *ret = made;
    return SG_OK;
}

/* --- purposes ------------------------------------------------------------------ */

const char *cer_purpose_oid(const char *text, char dst[SG_OID_TEXT_MAX])
{
    static const enum ca_oid purposes[] = {
        CA_OID_EKU_SERVER_AUTH,   CA_OID_EKU_CLIENT_AUTH,
        CA_OID_EKU_CODE_SIGNING,  CA_OID_EKU_EMAIL,
        CA_OID_EKU_TIME_STAMPING, CA_OID_EKU_OCSP_SIGNING,
        CA_OID_EKU_ANY,
    };

    for (size_t i = 0; i < SG_ARRAY_LEN(purposes); i++) {
        struct sg_slice oid = ca_oid(purposes[i]);

        if (strcmp(ca_oid_text(oid, dst), text) == 0)
            return sg_oid_to_text(oid, dst);
    }
    return text;
}

enum sg_rc cer_value_purposes(struct cer_build *build,
                              const struct cer_list *list,
                              const char *const **ret, struct sg_err *err)
{
    const char **made =
        sg_arena_array(build->arena, const char *, list->v_count + 1);

    if (made == NULL)
        return sg_err_set(err, SG_NOMEM, "extended_key_usage");
    for (uint32_t i = 0; i < list->v_count; i++) {
        char dotted[SG_OID_TEXT_MAX];

        made[i] =
            sg_arena_strdup(build->arena, cer_purpose_oid(list->v[i], dotted));
        if (made[i] == NULL)
            return sg_err_set(err, SG_NOMEM, "extended_key_usage");
    }
    *ret = made;
    return SG_OK;
}
