/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/policies.h"

#include <assert.h>

#include "common/parse.h"

#define NOTICE_MAX 200 /* characters, RFC 5280 4.2.1.4 */
/* A list of OIDs at its maximum with its alignment. */
#define LIST_ARENA_MAX ((size_t)CA_OIDS_MAX * (SG_OID_TEXT_MAX + 16))

/* --- lists of object identifiers ------------------------------------------ */

bool ca_oids_have(const struct ca_oids *list, struct sg_slice oid)
{
    for (size_t i = 0; i < list->n; i++)
        if (sg_slice_eq(list->oid[i], oid))
            return true;
    return false;
}

enum sg_rc ca_oids_add(struct sg_arena *arena, struct ca_oids *list,
                       const char *field, const char *text, struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf octets;
    char name[SG_OID_TEXT_MAX];
    struct sg_err why = { 0 };
    struct sg_slice oid;

    assert(list->n < CA_OIDS_MAX);
    sg_buf_init(&octets, SG_OID_TEXT_MAX);
    if (sg_oid_from_text(text, &octets, &why) != SG_OK)
        return sg_err_set(err, SG_POLICY, "%s: %s", field, why.msg);
    if (ca_oids_have(list, sg_buf_slice(&octets)))
        return sg_err_set(err, SG_POLICY, "%s: %s given twice", field,
                          ca_oid_text(sg_buf_slice(&octets), name));
    oid = sg_arena_copy(arena, sg_buf_slice(&octets));
    if (oid.p == NULL)
        return sg_err_set(err, SG_NOMEM, "%s", field);
    list->oid[list->n++] = oid;
    return SG_OK;
}

bool ca_eku_has(struct sg_slice eku, struct sg_slice purpose)
{
    struct sg_err err = { 0 };
    struct sg_slice oid;
    struct sg_der in;

    sg_der_init(&in, eku, "extended key usage");
    while (sg_der_more(&in) && sg_der_oid(&in, &oid, &err) == SG_OK)
        if (sg_slice_eq(oid, purpose) || ca_oid_is(oid, CA_OID_EKU_ANY))
            return true;
    return false;
}

void ca_ext_eku(struct sg_derw *w, const struct ca_oids *list, bool critical)
{
    struct ca_ext ext = ca_ext_begin(w, CA_OID_EXT_EKU, critical);
    size_t seq = sg_derw_begin(w, SG_DER_SEQUENCE);

    for (size_t i = 0; i < list->n; i++)
        sg_derw_oid(w, list->oid[i]);
    sg_derw_end(w, seq);
    ca_ext_end(w, ext);
}

/* --- certificate policies ------------------------------------------------- */

static enum sg_rc check_notice(const char *notice, struct sg_err *err)
{
    struct sg_slice text = sg_slice_str(notice);
    size_t chars = 0;

    if (text.len == 0 || !sg_is_utf8(text))
        return sg_err_set(err, SG_POLICY,
                          "policy notice: empty or not UTF-8 "
                          "(RFC 5280 4.2.1.4)");
    for (size_t i = 0; i < text.len; i++) {
        /* C1 controls U+0080–9f are c2 80–9f in UTF-8. */
        if (text.p[i] < 0x20 || text.p[i] == 0x7f
            || (text.p[i] == 0xc2 && text.p[i + 1] < 0xa0))
            return sg_err_set(err, SG_POLICY,
                              "policy notice: control character at octet %zu "
                              "(RFC 5280 4.2.1.4)",
                              i);
        if ((text.p[i] & 0xc0) != 0x80)
            chars++;
    }
    if (chars > NOTICE_MAX)
        return sg_err_set(err, SG_POLICY,
                          "policy notice: %zu characters, at most %d "
                          "(RFC 5280 4.2.1.4)",
                          chars, NOTICE_MAX);
    return SG_OK;
}

static void put_qualifiers(struct sg_derw *w, const struct ca_policy *policy)
{
    size_t all = sg_derw_begin(w, SG_DER_SEQUENCE);

    if (policy->cps != NULL) {
        size_t info = sg_derw_begin(w, SG_DER_SEQUENCE);

        sg_derw_oid(w, ca_oid(CA_OID_QT_CPS));
        sg_derw_tlv(w, SG_DER_IA5_STRING, sg_slice_str(policy->cps));
        sg_derw_end(w, info);
    }
    if (policy->notice != NULL) {
        size_t info = sg_derw_begin(w, SG_DER_SEQUENCE);
        size_t notice;

        sg_derw_oid(w, ca_oid(CA_OID_QT_UNOTICE));
        notice = sg_derw_begin(w, SG_DER_SEQUENCE);
        sg_derw_tlv(w, SG_DER_UTF8_STRING, sg_slice_str(policy->notice));
        sg_derw_end(w, notice);
        sg_derw_end(w, info);
    }
    sg_derw_end(w, all);
}

static void put_policy(struct sg_derw *w, struct sg_slice oid,
                       const struct ca_policy *policy)
{
    size_t info = sg_derw_begin(w, SG_DER_SEQUENCE);

    sg_derw_oid(w, oid);
    if (policy->cps != NULL || policy->notice != NULL)
        put_qualifiers(w, policy);
    sg_derw_end(w, info);
}

/* Each OID once and good, each qualifier good. */
static enum sg_rc check_policies(struct sg_arena *arena,
                                 const struct ca_policy *policies, size_t n,
                                 struct ca_oids *ret, struct sg_err *err)
{
    for (size_t i = 0; i < n; i++) {
        SG_TRY(ca_oids_add(arena, ret, "policy", policies[i].oid, err));
        if (policies[i].cps != NULL)
            SG_TRY(ca_url_check("policy CPS", policies[i].cps, false, err));
        if (policies[i].notice != NULL)
            SG_TRY(check_notice(policies[i].notice, err));
    }
    return SG_OK;
}

enum sg_rc ca_ext_policies(struct sg_derw *w, const struct ca_policy *policies,
                           size_t n, struct sg_err *err)
{
    SG_CLEANUP(sg_arena_done) struct sg_arena arena;
    struct ca_oids list = { 0 };
    struct ca_ext ext;
    size_t seq;

    sg_arena_init(&arena, LIST_ARENA_MAX);
    if (n == 0)
        return SG_OK;
    if (n > CA_OIDS_MAX)
        return sg_err_set(err, SG_POLICY, "policies: %zu, at most %d", n,
                          CA_OIDS_MAX);
    SG_TRY(check_policies(&arena, policies, n, &list, err));
    ext = ca_ext_begin(w, CA_OID_EXT_CP, false);
    seq = sg_derw_begin(w, SG_DER_SEQUENCE);
    for (size_t i = 0; i < n; i++)
        put_policy(w, list.oid[i], &policies[i]);
    sg_derw_end(w, seq);
    ca_ext_end(w, ext);
    return SG_OK;
}

/* --- what is asked of policies below -------------------------------------- */

/* INTEGER under an IMPLICIT tag: the content of the universal one. */
static void put_skip(struct sg_derw *w, uint8_t tag, struct ca_skip skip)
{
    uint8_t octets[5] = { 0 };
    size_t from = 1;

    if (!skip.present)
        return;
    for (size_t i = 0; i < 4; i++)
        octets[1 + i] = (uint8_t)(skip.v >> (24 - 8 * i));
    while (from < 4 && octets[from] == 0)
        from++;
    if ((octets[from] & 0x80) != 0)
        from--;
    sg_derw_tlv(w, tag, SG_SLICE(octets + from, sizeof octets - from));
}

void ca_ext_policy_constraints(struct sg_derw *w,
                               struct ca_skip explicit_policy,
                               struct ca_skip inhibit_mapping)
{
    struct ca_ext ext;
    size_t seq;

    if (!explicit_policy.present && !inhibit_mapping.present)
        return; /* an empty one may not be (RFC 5280 4.2.1.11) */
    ext = ca_ext_begin(w, CA_OID_EXT_PC, true);
    seq = sg_derw_begin(w, SG_DER_SEQUENCE);
    put_skip(w, SG_DER_CONTEXT(0), explicit_policy);
    put_skip(w, SG_DER_CONTEXT(1), inhibit_mapping);
    sg_derw_end(w, seq);
    ca_ext_end(w, ext);
}

void ca_ext_inhibit_any_policy(struct sg_derw *w, struct ca_skip skip)
{
    struct ca_ext ext;

    if (!skip.present)
        return;
    ext = ca_ext_begin(w, CA_OID_EXT_IAP, true);
    sg_derw_uint(w, skip.v);
    ca_ext_end(w, ext);
}
