/* SPDX-License-Identifier: Apache-2.0 */
#include "lint/rules.h"

#include <string.h>

void lint_iter_init(struct lint_iter *iter, struct sg_slice value,
                    const char *what)
{
    struct sg_der outer;

    /* Nobody reads the message: clearing all of it would cost more than the
     * walk. */
    iter->err.rc = SG_OK;
    iter->err.msg[0] = '\0';
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
    sg_der_init(&iter->rdn, SG_SLICE(name.p, 0), "name"); /* nothing yet */
}

static bool next_rdn(struct lint_dn_iter *iter)
{
    struct sg_der_tlv set;

    if (!lint_iter_next(&iter->rdns, &set))
        return false;
    sg_der_inside(&iter->rdns.in, &set, &iter->rdn);
    iter->rdns.ok = set.tag == SG_DER_SET && sg_der_more(&iter->rdn);
    return iter->rdns.ok;
}

bool lint_dn_next(struct lint_dn_iter *iter, struct lint_rdn *ret)
{
    struct sg_err *err = &iter->rdns.err;
    struct sg_der_tlv value;
    struct sg_der pair;

    *ret = (struct lint_rdn){ 0 };
    if (!iter->rdns.ok || (!sg_der_more(&iter->rdn) && !next_rdn(iter)))
        return false;
    iter->rdns.ok =
        sg_der_enter(&iter->rdn, SG_DER_SEQUENCE, &pair, err) == SG_OK
        && sg_der_oid(&pair, &ret->oid, err) == SG_OK
        && sg_der_any(&pair, &value, err) == SG_OK
        && sg_der_end(&pair, err) == SG_OK;
    if (!iter->rdns.ok)
        return false;
    ret->tag = value.tag;
    ret->value = value.content;
    ret->multi = sg_der_more(&iter->rdn);
    return true;
}

const char *lint_text(struct sg_slice bytes, char *dst, size_t size)
{
    size_t n = 0;

    for (size_t i = 0; i < bytes.len && n + 1 < size; i++) {
        char c = (char)bytes.p[i];
        if (c < 0x20 || c > 0x7e)
            c = '?';
        dst[n++] = c;
    }
    dst[n] = '\0';
    return dst;
}

bool lint_has_access_method(const struct lint_cert *cert, const char *method)
{
    const struct lint_ext *ext = lint_cert_ext(cert, LINT_OID_AIA);
    struct lint_iter iter;
    struct sg_der_tlv tlv;

    if (ext == NULL)
        return false;
    lint_iter_init(&iter, ext->value, "authorityInfoAccess");
    while (lint_iter_next(&iter, &tlv)) {
        struct sg_der access;
        struct sg_slice oid;
        sg_der_inside(&iter.in, &tlv, &access);
        if (sg_der_oid(&access, &oid, &iter.err) == SG_OK
            && lint_is(oid, method, strlen(method)))
            return true;
    }
    return false;
}

int lint_by_bytes(const void *a, const void *b)
{
    const struct sg_slice *x = a;
    const struct sg_slice *y = b;

    if (x->len != y->len)
        return x->len < y->len ? -1 : 1;
    return memcmp(x->p, y->p, x->len);
}
