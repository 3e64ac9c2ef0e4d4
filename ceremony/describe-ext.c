/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "ca/oid.h"
#include "ca/policies.h"
#include "ceremony/plan-int.h"

#define TAG_URI SG_DER_CONTEXT(6) /* of GeneralName, RFC 5280 4.2.1.6 */
#define SUBTREE_TEXT_MAX 512

/* Every key is there, with an empty list or null where the extension is not:
 * what is missing shall be seen too. */

static const struct ca_extension *find(const struct ca_cert *cert,
                                       enum ca_oid oid)
{
    for (size_t i = 0; i < cert->n_ext; i++)
        if (ca_oid_is(cert->ext[i].oid, oid))
            return &cert->ext[i];
    return NULL;
}

static enum sg_rc new_list(json_object *object, const char *key,
                           json_object **ret, struct sg_err *err)
{
    json_object *list = json_object_new_array();

    SG_TRY(cer_json_put(object, key, list, err));
    *ret = list; /* borrowed: the object owns it */
    return SG_OK;
}

static enum sg_rc add(json_object *list, json_object *own_value,
                      struct sg_err *err)
{
    if (own_value != NULL && json_object_array_add(list, own_value) == 0)
        return SG_OK;
    (void)json_object_put(own_value);
    return sg_err_set(err, SG_NOMEM, "plan: list");
}

static enum sg_rc add_text(json_object *list, struct sg_slice text,
                           struct sg_err *err)
{
    return add(list,
               json_object_new_string_len((const char *)text.p, (int)text.len),
               err);
}

static enum sg_rc add_object(json_object *list, json_object **ret,
                             struct sg_err *err)
{
    json_object *object = json_object_new_object();

    SG_TRY(add(list, object, err));
    *ret = object; /* borrowed: the list owns it */
    return SG_OK;
}

/* --- usage ---------------------------------------------------------------- */

static enum sg_rc put_key_usage(const struct ca_cert *cert, json_object *object,
                                struct sg_err *err)
{
    static const char *const names[] = {
        "digitalSignature", "contentCommitment", "keyEncipherment",
        "dataEncipherment", "keyAgreement",      "keyCertSign",
        "cRLSign",          "encipherOnly",      "decipherOnly",
    };
    json_object *list = NULL;

    SG_TRY(new_list(object, "key_usage", &list, err));
    for (size_t i = 0; i < SG_ARRAY_LEN(names); i++)
        if ((cert->key_usage & (1U << i)) != 0)
            SG_TRY(add_text(list, sg_slice_str(names[i]), err));
    return SG_OK;
}

static enum sg_rc put_purposes(const struct ca_cert *cert, json_object *object,
                               struct sg_err *err)
{
    json_object *list = NULL;
    struct sg_der in;

    SG_TRY(new_list(object, "extended_key_usage", &list, err));
    sg_der_init(&in, cert->eku, "extKeyUsage");
    while (cert->has_eku && sg_der_more(&in)) {
        char text[SG_OID_TEXT_MAX];
        struct sg_slice oid = { 0 };

        SG_TRY(sg_der_oid(&in, &oid, err));
        SG_TRY(add_text(list, sg_slice_str(ca_oid_text(oid, text)), err));
    }
    return SG_OK;
}

/* --- name constraints ------------------------------------------------------ */

static enum sg_rc put_subtrees(json_object *object, const char *key,
                               const struct ca_subtrees *trees,
                               struct sg_err *err)
{
    json_object *list = NULL;

    SG_TRY(new_list(object, key, &list, err));
    for (size_t i = 0; i < trees->n; i++) {
        char value[SUBTREE_TEXT_MAX];
        char text[SUBTREE_TEXT_MAX + 32];

        (void)snprintf(text, sizeof(text), "%s:%s",
                       ca_san_kind_name(trees->tree[i].kind),
                       ca_subtree_text(&trees->tree[i], value, sizeof(value)));
        SG_TRY(add_text(list, sg_slice_str(text), err));
    }
    return SG_OK;
}

enum sg_rc cer_describe_constraints(const struct ca_constraints *constraints,
                                    json_object *object, struct sg_err *err)
{
    SG_TRY(put_subtrees(object, "permitted", &constraints->permitted, err));
    return put_subtrees(object, "excluded", &constraints->excluded, err);
}

static enum sg_rc put_constraints(const struct ca_cert *cert,
                                  json_object *object, struct sg_err *err)
{
    const struct ca_extension *ext = find(cert, CA_OID_EXT_NC);
    json_object *inner;

    if (ext == NULL)
        return cer_json_put_null(object, "name_constraints", err);
    inner = json_object_new_object();
    SG_TRY(cer_json_put(object, "name_constraints", inner, err));
    SG_TRY(cer_json_put_bool(inner, "critical", ext->critical, err));
    return cer_describe_constraints(&cert->constraints, inner, err);
}

/* --- policies -------------------------------------------------------------- */

static enum sg_rc put_qualifier(struct sg_der *qualifiers, json_object *policy,
                                struct sg_err *err)
{
    struct sg_der one;
    struct sg_slice oid = { 0 };
    struct sg_der_tlv value = { 0 };
    const char *key = "cps";

    SG_TRY(sg_der_enter(qualifiers, SG_DER_SEQUENCE, &one, err));
    SG_TRY(sg_der_oid(&one, &oid, err));
    if (ca_oid_is(oid, CA_OID_QT_UNOTICE)) {
        struct sg_der notice;

        key = "notice";
        SG_TRY(sg_der_enter(&one, SG_DER_SEQUENCE, &notice, err));
        SG_TRY(sg_der_any(&notice, &value, err));
        SG_TRY(sg_der_end(&notice, err));
    } else {
        SG_TRY(sg_der_any(&one, &value, err));
    }
    SG_TRY(sg_der_end(&one, err));
    return cer_json_put(
        policy, key,
        json_object_new_string_len((const char *)value.content.p,
                                   (int)value.content.len),
        err);
}

static enum sg_rc put_policy(struct sg_der *in, json_object *list,
                             struct sg_err *err)
{
    struct sg_der one;
    struct sg_der qualifiers;
    struct sg_slice oid = { 0 };
    char text[SG_OID_TEXT_MAX];
    json_object *policy = NULL;

    SG_TRY(sg_der_enter(in, SG_DER_SEQUENCE, &one, err));
    SG_TRY(sg_der_oid(&one, &oid, err));
    SG_TRY(add_object(list, &policy, err));
    SG_TRY(cer_json_put_text(policy, "oid", sg_oid_to_text(oid, text), err));
    if (!sg_der_more(&one))
        return SG_OK;
    SG_TRY(sg_der_enter(&one, SG_DER_SEQUENCE, &qualifiers, err));
    while (sg_der_more(&qualifiers))
        SG_TRY(put_qualifier(&qualifiers, policy, err));
    return sg_der_end(&one, err);
}

static enum sg_rc put_policies(const struct ca_cert *cert, json_object *object,
                               struct sg_err *err)
{
    const struct ca_extension *ext = find(cert, CA_OID_EXT_CP);
    json_object *list = NULL;
    struct sg_der in;
    struct sg_der seq;

    SG_TRY(new_list(object, "policies", &list, err));
    if (ext == NULL)
        return SG_OK;
    sg_der_init(&in, ext->value, "certificatePolicies");
    SG_TRY(sg_der_enter(&in, SG_DER_SEQUENCE, &seq, err));
    while (sg_der_more(&seq))
        SG_TRY(put_policy(&seq, list, err));
    return sg_der_end(&in, err);
}

/* SkipCerts under an implicit tag: an INTEGER's content. */
static enum sg_rc put_skip(struct sg_der *seq, uint8_t tag, json_object *object,
                           const char *key, struct sg_err *err)
{
    struct sg_der_tlv tlv = { 0 };
    int64_t skip = 0;

    if (seq == NULL || !sg_der_next_is(seq, tag))
        return cer_json_put_null(object, key, err);
    SG_TRY(sg_der_get(seq, tag, &tlv, err));
    if (tlv.content.len == 0 || tlv.content.len > 5)
        return sg_err_set(err, SG_FORMAT, "plan: %s: not a small number", key);
    for (size_t i = 0; i < tlv.content.len; i++)
        skip = skip * 256 + tlv.content.p[i];
    return cer_json_put_int(object, key, skip, err);
}

static enum sg_rc put_skips(const struct ca_cert *cert, json_object *object,
                            struct sg_err *err)
{
    const struct ca_extension *pc = find(cert, CA_OID_EXT_PC);
    const struct ca_extension *iap = find(cert, CA_OID_EXT_IAP);
    struct sg_der in;
    struct sg_der seq;

    if (pc != NULL) {
        sg_der_init(&in, pc->value, "policyConstraints");
        SG_TRY(sg_der_enter(&in, SG_DER_SEQUENCE, &seq, err));
    }
    SG_TRY(put_skip(pc != NULL ? &seq : NULL, SG_DER_CONTEXT(0), object,
                    "require_explicit_policy", err));
    SG_TRY(put_skip(pc != NULL ? &seq : NULL, SG_DER_CONTEXT(1), object,
                    "inhibit_policy_mapping", err));
    if (iap != NULL)
        sg_der_init(&in, iap->value, "inhibitAnyPolicy");
    return put_skip(iap != NULL ? &in : NULL, SG_DER_INTEGER, object,
                    "inhibit_any_policy", err);
}

/* --- places ---------------------------------------------------------------- */

static enum sg_rc put_access(const struct ca_cert *cert, enum ca_oid method,
                             json_object *object, const char *key,
                             struct sg_err *err)
{
    const struct ca_extension *ext = find(cert, CA_OID_EXT_AIA);
    json_object *list = NULL;
    struct sg_der in;
    struct sg_der seq;

    SG_TRY(new_list(object, key, &list, err));
    if (ext == NULL)
        return SG_OK;
    sg_der_init(&in, ext->value, "authorityInfoAccess");
    SG_TRY(sg_der_enter(&in, SG_DER_SEQUENCE, &seq, err));
    while (sg_der_more(&seq)) {
        struct sg_der one;
        struct sg_slice oid = { 0 };
        struct sg_der_tlv uri = { 0 };

        SG_TRY(sg_der_enter(&seq, SG_DER_SEQUENCE, &one, err));
        SG_TRY(sg_der_oid(&one, &oid, err));
        SG_TRY(sg_der_get(&one, TAG_URI, &uri, err));
        if (ca_oid_is(oid, method))
            SG_TRY(add_text(list, uri.content, err));
    }
    return SG_OK;
}

static enum sg_rc put_points(const struct ca_cert *cert, json_object *object,
                             struct sg_err *err)
{
    const struct ca_extension *ext = find(cert, CA_OID_EXT_CDP);
    const uint8_t wrapped = SG_DER_CONTEXT_CONSTRUCTED(0);
    json_object *list = NULL;
    struct sg_der in;
    struct sg_der seq;

    SG_TRY(new_list(object, "crl_distribution_points", &list, err));
    if (ext == NULL)
        return SG_OK;
    sg_der_init(&in, ext->value, "cRLDistributionPoints");
    SG_TRY(sg_der_enter(&in, SG_DER_SEQUENCE, &seq, err));
    while (sg_der_more(&seq)) {
        struct sg_der one;
        struct sg_der name;
        struct sg_der full;
        struct sg_der_tlv uri = { 0 };

        SG_TRY(sg_der_enter(&seq, SG_DER_SEQUENCE, &one, err));
        SG_TRY(sg_der_enter(&one, wrapped, &name, err));
        SG_TRY(sg_der_enter(&name, wrapped, &full, err));
        SG_TRY(sg_der_get(&full, TAG_URI, &uri, err));
        SG_TRY(add_text(list, uri.content, err));
    }
    return SG_OK;
}

static enum sg_rc put_list_of_all(const struct ca_cert *cert,
                                  json_object *object, struct sg_err *err)
{
    json_object *list = NULL;

    SG_TRY(new_list(object, "extensions", &list, err));
    for (size_t i = 0; i < cert->n_ext; i++) {
        char text[SG_OID_TEXT_MAX];
        json_object *one = NULL;

        SG_TRY(add_object(list, &one, err));
        SG_TRY(cer_json_put_text(one, "name",
                                 ca_oid_text(cert->ext[i].oid, text), err));
        SG_TRY(cer_json_put_bool(one, "critical", cert->ext[i].critical, err));
    }
    return SG_OK;
}

enum sg_rc cer_describe_extensions(const struct ca_cert *cert,
                                   json_object *object, struct sg_err *err)
{
    SG_TRY(put_key_usage(cert, object, err));
    SG_TRY(put_purposes(cert, object, err));
    SG_TRY(put_constraints(cert, object, err));
    SG_TRY(put_policies(cert, object, err));
    SG_TRY(put_skips(cert, object, err));
    SG_TRY(put_access(cert, CA_OID_AD_CA_ISSUERS, object,
                      "issuing_certificates", err));
    SG_TRY(put_access(cert, CA_OID_AD_OCSP, object, "ocsp_servers", err));
    SG_TRY(put_points(cert, object, err));
    return put_list_of_all(cert, object, err);
}
