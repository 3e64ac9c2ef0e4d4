/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/profile.h"

#include "ca/ext.h"
#include "ca/tbs.h"

static enum sg_rc put_subject(const struct ca_leaf_args *args,
                              struct sg_derw *w, struct sg_err *err)
{
    size_t at = w->out->len;

    SG_TRY(ca_dn_encode(&args->subject, w->out, err));
    /* The very bytes that will be signed are held against the constraints;
     * nothing was appended since, so they have not moved. */
    return ca_leaf_check_names(
        args, SG_SLICE(w->out->data + at, w->out->len - at), err);
}

static enum sg_rc put_key_id(const struct ca_leaf_args *args, struct sg_derw *w,
                             struct sg_err *err)
{
    struct sg_slice key_id = args->subject_key_id;
    uint8_t sha1[20];

    if (key_id.len == 0) {
        SG_TRY(ca_spki_key_id(args->spki, sha1, err));
        key_id = SG_SLICE(sha1, sizeof sha1);
    }
    ca_ext_ski(w, key_id);
    return SG_OK;
}

static enum sg_rc put_sans(const struct ca_leaf_args *args, struct sg_derw *w,
                           struct sg_err *err)
{
    struct ca_ext ext;

    if (args->sans.n == 0)
        return SG_OK;
    /* Critical when it is all there is (RFC 5280 4.2.1.6). */
    ext = ca_ext_begin(w, CA_OID_EXT_SAN, args->subject.n == 0);
    SG_TRY(ca_sans_encode(&args->sans, w, err));
    ca_ext_end(w, ext);
    return SG_OK;
}

static enum sg_rc put_extensions(const struct ca_leaf_args *args,
                                 struct sg_derw *w, struct sg_err *err)
{
    size_t tagged = sg_derw_begin(w, SG_DER_CONTEXT_CONSTRUCTED(3));
    size_t list = sg_derw_begin(w, SG_DER_SEQUENCE);

    if (args->profile->key_usage != 0)
        ca_ext_key_usage(w,
                         ca_profile_key_usage(args->profile, args->spki->kind));
    sg_derw_raw(w, args->profile->extensions);
    SG_TRY(put_key_id(args, w, err));
    sg_derw_raw(w, ca_issuer_extensions(args->issuer));
    SG_TRY(put_sans(args, w, err));
    sg_derw_end(w, list);
    sg_derw_end(w, tagged);
    return SG_OK;
}

static enum sg_rc put_tbs(const struct ca_leaf_args *args, struct sg_buf *out,
                          struct sg_err *err)
{
    struct sg_derw w;
    size_t tbs;

    sg_derw_init(&w, out);
    tbs = sg_derw_begin(&w, SG_DER_SEQUENCE);
    ca_tbs_head(&w, args->serial, args->alg);
    /* Byte for byte: verifiers may compare names octet by octet. */
    sg_derw_raw(&w, ca_issuer_cert(args->issuer)->subject);
    ca_tbs_validity(&w,
                    (struct ca_period){ args->not_before, args->not_after });
    SG_TRY(put_subject(args, &w, err));
    sg_derw_raw(&w, args->spki->der);
    SG_TRY(put_extensions(args, &w, err));
    sg_derw_end(&w, tbs);
    return sg_derw_finish(&w, err);
}

enum sg_rc ca_leaf_tbs(const struct ca_leaf_args *args, struct sg_buf *out,
                       struct sg_err *err)
{
    size_t start = out->len;
    enum sg_rc rc;

    SG_TRY(ca_leaf_check(args, err));
    rc = put_tbs(args, out, err);
    if (rc != SG_OK)
        out->len = start;
    return rc;
}
