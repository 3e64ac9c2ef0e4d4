/* SPDX-License-Identifier: Apache-2.0 */
#include "lint/rules.h"

void lint_iter_init(struct lint_iter *iter, struct sg_slice value,
                    const char *what)
{
    struct sg_der outer;

    *iter = (struct lint_iter){ 0 };
    sg_der_init(&outer, value, what);
    iter->ok =
        sg_der_enter(&outer, SG_DER_SEQUENCE, &iter->in, &iter->err) == SG_OK
        && sg_der_end(&outer, &iter->err) == SG_OK;
}

bool lint_iter_next(struct lint_iter *iter, struct sg_der_tlv *ret)
{
    if (!iter->ok || !sg_der_more(&iter->in))
        return false;
    iter->ok = sg_der_any(&iter->in, ret, &iter->err) == SG_OK;
    return iter->ok;
}

void lint_dn_init(struct lint_dn_iter *iter, struct sg_slice name)
{
    lint_iter_init(&iter->rdns, name, "name");
}

/* One attribute for each RDN; multi says that there were more. */
bool lint_dn_next(struct lint_dn_iter *iter, struct lint_rdn *ret)
{
    struct sg_der_tlv set;
    struct sg_der_tlv value;
    struct sg_der rdn;
    struct sg_der pair;

    if (!lint_iter_next(&iter->rdns, &set))
        return false;
    sg_der_inside(&iter->rdns.in, &set, &rdn);
    *ret = (struct lint_rdn){ 0 };
    bool ok =
        set.tag == SG_DER_SET
        && sg_der_enter(&rdn, SG_DER_SEQUENCE, &pair, &iter->rdns.err) == SG_OK
        && sg_der_oid(&pair, &ret->oid, &iter->rdns.err) == SG_OK
        && sg_der_any(&pair, &value, &iter->rdns.err) == SG_OK
        && sg_der_end(&pair, &iter->rdns.err) == SG_OK;
    if (!ok) {
        iter->rdns.ok = false;
        return false;
    }
    ret->tag = value.tag;
    ret->value = value.content;
    ret->multi = sg_der_more(&rdn);
    return true;
}

const char *lint_text(struct sg_slice bytes, char *dst, size_t size)
{
    size_t n = 0;

    for (size_t i = 0; i < bytes.len && n + 1 < size; i++) {
        uint8_t c = bytes.p[i];
        dst[n++] = c >= 0x20 && c < 0x7f ? (char)c : '?';
    }
    dst[n] = '\0';
    return dst;
}
