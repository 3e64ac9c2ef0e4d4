/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/extensions.h"

#include "ca/oid.h"

static enum sg_rc parse_one(struct sg_der *list, struct ca_extension *ret,
                            struct sg_err *err)
{
    struct sg_der in;
    struct sg_der_tlv value = { 0 };

    SG_TRY(sg_der_enter(list, SG_DER_SEQUENCE, &in, err));
    SG_TRY(sg_der_oid(&in, &ret->oid, err));
    ret->critical = false;
    if (sg_der_next_is(&in, SG_DER_BOOLEAN)) {
        SG_TRY(sg_der_bool(&in, &ret->critical, err));
        if (!ret->critical)
            return sg_err_set(
                err, SG_FORMAT,
                "%s: critical FALSE is written although it is the default (X.690 11.5)",
                list->what);
    }
    SG_TRY(sg_der_get(&in, SG_DER_OCTET_STRING, &value, err));
    ret->value = value.content;
    return sg_der_end(&in, err);
}

enum sg_rc ca_extensions_parse(struct sg_der *in,
                               struct ca_extension ext[CA_EXTENSIONS_MAX],
                               size_t *ret_n, struct sg_err *err)
{
    char text[SG_OID_TEXT_MAX];
    struct sg_der list;
    size_t n = 0;

    SG_TRY(sg_der_enter(in, SG_DER_SEQUENCE, &list, err));
    if (!sg_der_more(&list))
        return sg_err_set(err, SG_FORMAT,
                          "%s: empty list of extensions (RFC 5280 4.1.2.9)",
                          in->what);
    while (sg_der_more(&list)) {
        if (n == CA_EXTENSIONS_MAX)
            return sg_err_set(err, SG_POLICY, "%s: more than %d extensions",
                              in->what, CA_EXTENSIONS_MAX);
        SG_TRY(parse_one(&list, &ext[n], err));
        for (size_t i = 0; i < n; i++)
            if (sg_slice_eq(ext[i].oid, ext[n].oid))
                return sg_err_set(
                    err, SG_FORMAT,
                    "%s: extension %s is there twice (RFC 5280 4.2)", in->what,
                    ca_oid_text(ext[n].oid, text));
        n++;
    }
    *ret_n = n;
    return SG_OK;
}

enum sg_rc ca_basic_constraints_parse(struct sg_slice value, const char *what,
                                      struct ca_basic_constraints *ret,
                                      struct sg_err *err)
{
    struct ca_basic_constraints bc = { 0 };
    uint64_t path_length = 0;
    struct sg_der in;
    struct sg_der seq;

    sg_der_init(&in, value, what);
    SG_TRY(sg_der_enter(&in, SG_DER_SEQUENCE, &seq, err));
    SG_TRY(sg_der_end(&in, err));
    if (sg_der_next_is(&seq, SG_DER_BOOLEAN)) {
        SG_TRY(sg_der_bool(&seq, &bc.is_ca, err));
        if (!bc.is_ca)
            return sg_err_set(
                err, SG_FORMAT,
                "%s: basicConstraints: cA FALSE is written although it is the default (X.690 11.5)",
                what);
    }
    if (sg_der_more(&seq)) {
        SG_TRY(sg_der_uint(&seq, &path_length, err));
        if (!bc.is_ca || path_length > UINT32_MAX)
            return sg_err_set(
                err, SG_POLICY,
                "%s: basicConstraints: path length %llu %s (RFC 5280 4.2.1.9)",
                what, (unsigned long long)path_length,
                bc.is_ca ? "is out of range" : "without cA TRUE");
        bc.has_path_length = true;
        bc.path_length = (uint32_t)path_length;
    }
    SG_TRY(sg_der_end(&seq, err));
    *ret = bc;
    return SG_OK;
}
