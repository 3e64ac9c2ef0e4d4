/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/helper/object.h"

#include <string.h>

#include "common/log.h"
#include "pkcs11/helper/ckr.h"
#include "pkcs11/helper/spki.h"

#define ATTRIBUTE_MAX 8192 /* bytes; an RSA-16384 modulus is 2048 */

/* Cryptoki takes pointers to what it only reads. */
static CK_ATTRIBUTE attribute(CK_ATTRIBUTE_TYPE type, const void *p, size_t len)
{
    union {
        const void *in;
        void *out;
    } u = { .in = p };

    return (CK_ATTRIBUTE){ type, u.out, len };
}

/* --- searching ------------------------------------------------------------------ */

static enum sg_rc find_all(const struct tok_on *on, struct tok_handles *ret,
                           struct sg_err *err)
{
    for (ret->n = 0;;) {
        CK_OBJECT_HANDLE one[16];
        CK_ULONG got = 0;
        CK_RV rv = tok_c(on->module, FindObjects, on->session, one,
                         SG_ARRAY_LEN(one), &got);
        if (rv != CKR_OK)
            return tok_err_ckr(err, rv, "C_FindObjects");
        if (got == 0)
            return SG_OK;
        if (got > SG_ARRAY_LEN(one) || ret->n + got > ret->max)
            return sg_err_set(err, SG_LIMIT,
                              "the token has more than %zu such objects",
                              ret->max);
        memcpy(ret->at + ret->n, one, got * sizeof(one[0]));
        ret->n += got;
    }
}

enum sg_rc tok_object_find(const struct tok_on *on, CK_ATTRIBUTE *match,
                           CK_ULONG n_match, struct tok_handles *ret,
                           struct sg_err *err)
{
    CK_RV rv = tok_c(on->module, FindObjectsInit, on->session, match, n_match);

    if (rv != CKR_OK)
        return tok_err_ckr(err, rv, "C_FindObjectsInit");
    enum sg_rc rc = find_all(on, ret, err);
    (void)tok_c(on->module, FindObjectsFinal, on->session);
    return rc;
}

enum sg_rc tok_object_count(const struct tok_on *on, CK_OBJECT_CLASS class,
                            CK_ATTRIBUTE_TYPE type, struct sg_slice value,
                            size_t *ret_n, struct sg_err *err)
{
    CK_OBJECT_HANDLE list[TOK_HITS_MAX];
    struct tok_handles found = { .at = list, .max = TOK_HITS_MAX };
    CK_ATTRIBUTE match[] = {
        attribute(CKA_CLASS, &class, sizeof(class)),
        attribute(type, value.p, value.len),
    };

    SG_TRY(tok_object_find(on, match, SG_ARRAY_LEN(match), &found, err));
    *ret_n = found.n;
    return SG_OK;
}

enum sg_rc tok_object_find_keys(const struct tok_on *on, const char *label,
                                struct sg_slice id, struct tok_handles *ret,
                                struct sg_err *err)
{
    const CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
    CK_ATTRIBUTE match[3] = { attribute(CKA_CLASS, &class, sizeof(class)) };
    CK_ULONG n = 1;

    if (label != NULL)
        match[n++] = attribute(CKA_LABEL, label, strlen(label));
    if (id.len > 0)
        match[n++] = attribute(CKA_ID, id.p, id.len);
    return tok_object_find(on, match, n, ret, err);
}

/* --- attributes ------------------------------------------------------------------- */

enum sg_rc tok_object_bytes(const struct tok_on *on, CK_OBJECT_HANDLE object,
                            CK_ATTRIBUTE_TYPE type, struct sg_buf *out,
                            bool *ret_present, struct sg_err *err)
{
    CK_ATTRIBUTE a = { type, NULL, 0 };
    CK_RV rv = tok_c(on->module, GetAttributeValue, on->session, object, &a, 1);

    if (rv == CKR_ATTRIBUTE_TYPE_INVALID || rv == CKR_ATTRIBUTE_SENSITIVE
        || (rv == CKR_OK && a.ulValueLen == CK_UNAVAILABLE_INFORMATION)) {
        *ret_present = false;
        return SG_OK;
    }
    if (rv != CKR_OK)
        return tok_err_ckr(err, rv, "C_GetAttributeValue");
    if (a.ulValueLen > ATTRIBUTE_MAX)
        return sg_err_set(err, SG_LIMIT,
                          "attribute 0x%lx has %lu bytes, at most %d", type,
                          a.ulValueLen, ATTRIBUTE_MAX);
    SG_TRY(sg_buf_reserve(out, a.ulValueLen, err));
    if (a.ulValueLen > 0) {
        CK_ULONG room = a.ulValueLen;
        a.pValue = out->data + out->len;
        rv = tok_c(on->module, GetAttributeValue, on->session, object, &a, 1);
        if (rv != CKR_OK)
            return tok_err_ckr(err, rv, "C_GetAttributeValue");
        if (a.ulValueLen > room)
            return sg_err_set(err, SG_TOKEN, "attribute 0x%lx grew", type);
        out->len += a.ulValueLen;
    }
    *ret_present = true;
    return SG_OK;
}

/* An absent flag is what PKCS#11 says it is by default: false. */
static enum sg_rc read_bool(const struct tok_on *on, CK_OBJECT_HANDLE object,
                            CK_ATTRIBUTE_TYPE type, bool *ret,
                            struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf value;
    bool present = false;

    sg_buf_init(&value, ATTRIBUTE_MAX);
    SG_TRY(tok_object_bytes(on, object, type, &value, &present, err));
    *ret = present && value.len == sizeof(CK_BBOOL) && value.data[0] != 0;
    return SG_OK;
}

static enum sg_rc read_ulong(const struct tok_on *on, CK_OBJECT_HANDLE object,
                             CK_ATTRIBUTE_TYPE type, CK_ULONG *ret,
                             struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf value;
    bool present = false;

    sg_buf_init(&value, ATTRIBUTE_MAX);
    SG_TRY(tok_object_bytes(on, object, type, &value, &present, err));
    if (!present || value.len != sizeof(*ret))
        return sg_err_set(err, SG_TOKEN, "attribute 0x%lx is no CK_ULONG",
                          type);
    memcpy(ret, value.data, sizeof(*ret));
    return SG_OK;
}

static const struct {
    CK_ATTRIBUTE_TYPE type;
    enum tok_key_attr bit;
} FLAGS[] = {
    { CKA_SENSITIVE, TOK_ATTR_SENSITIVE },
    { CKA_EXTRACTABLE, TOK_ATTR_EXTRACTABLE },
    { CKA_ALWAYS_SENSITIVE, TOK_ATTR_ALWAYS_SENSITIVE },
    { CKA_NEVER_EXTRACTABLE, TOK_ATTR_NEVER_EXTRACTABLE },
    { CKA_LOCAL, TOK_ATTR_LOCAL },
    { CKA_PRIVATE, TOK_ATTR_PRIVATE },
    { CKA_SIGN, TOK_ATTR_SIGN },
    { CKA_DECRYPT, TOK_ATTR_DECRYPT },
    { CKA_UNWRAP, TOK_ATTR_UNWRAP },
    { CKA_DERIVE, TOK_ATTR_DERIVE },
    { CKA_SIGN_RECOVER, TOK_ATTR_SIGN_RECOVER },
    { CKA_MODIFIABLE, TOK_ATTR_MODIFIABLE },
    { CKA_ALWAYS_AUTHENTICATE, TOK_ATTR_ALWAYS_AUTHENTICATE },
};

/* All in one call, for a token far away; false when it does not answer that:
 * one unknown attribute may spoil the others. */
static bool read_flags_at_once(const struct tok_on *on, CK_OBJECT_HANDLE key,
                               uint32_t *ret)
{
    CK_BBOOL value[SG_ARRAY_LEN(FLAGS)] = { 0 };
    CK_ATTRIBUTE all[SG_ARRAY_LEN(FLAGS)];
    uint32_t attrs = 0;

    for (size_t i = 0; i < SG_ARRAY_LEN(FLAGS); i++)
        all[i] = (CK_ATTRIBUTE){ FLAGS[i].type, &value[i], sizeof(value[i]) };
    if (tok_c(on->module, GetAttributeValue, on->session, key, all,
              SG_ARRAY_LEN(all))
        != CKR_OK)
        return false;
    for (size_t i = 0; i < SG_ARRAY_LEN(FLAGS); i++) {
        if (all[i].ulValueLen != sizeof(CK_BBOOL))
            return false;
        if (value[i] != CK_FALSE)
            attrs |= (uint32_t)FLAGS[i].bit;
    }
    *ret = attrs;
    return true;
}

static enum sg_rc read_flags(const struct tok_on *on, CK_OBJECT_HANDLE key,
                             uint32_t *ret, struct sg_err *err)
{
    uint32_t attrs = 0;

    if (read_flags_at_once(on, key, ret))
        return SG_OK;

    for (size_t i = 0; i < SG_ARRAY_LEN(FLAGS); i++) {
        bool set;
        SG_TRY(read_bool(on, key, FLAGS[i].type, &set, err));
        if (set)
            attrs |= (uint32_t)FLAGS[i].bit;
    }
    *ret = attrs;
    return SG_OK;
}

static enum sg_rc read_label(const struct tok_on *on, CK_OBJECT_HANDLE key,
                             char dst[TOK_LABEL_MAX], struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf value;
    bool present = false;
    size_t len = 0;

    sg_buf_init(&value, ATTRIBUTE_MAX);
    SG_TRY(tok_object_bytes(on, key, CKA_LABEL, &value, &present, err));
    /* Others' labels may be longer or hold a NUL: shown as far as they go. */
    while (len < value.len && len < TOK_LABEL_MAX - 1 && value.data[len] != 0)
        len++;
    if (len > 0)
        memcpy(dst, value.data, len);
    dst[len] = '\0';
    return SG_OK;
}

static enum sg_rc read_id(const struct tok_on *on, CK_OBJECT_HANDLE key,
                          struct tok_key_info *info, struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf value;
    bool present = false;

    sg_buf_init(&value, ATTRIBUTE_MAX);
    SG_TRY(tok_object_bytes(on, key, CKA_ID, &value, &present, err));
    if (value.len > TOK_ID_MAX)
        return sg_err_set(err, SG_LIMIT, "CKA_ID has %zu bytes, at most %d",
                          value.len, TOK_ID_MAX);
    if (value.len > 0)
        memcpy(info->id, value.data, value.len);
    info->id_len = (uint32_t)value.len;
    return SG_OK;
}

/* --- the public half ---------------------------------------------------------------- */

/* Attributes one after the other in one buffer. */
struct public_parts {
    struct sg_buf bytes;
    size_t at[4]; /* where each ends: params, point, modulus, exponent */
};

static enum sg_rc read_parts(const struct tok_on *on, CK_OBJECT_HANDLE object,
                             struct public_parts *parts, struct sg_err *err)
{
    static const CK_ATTRIBUTE_TYPE types[] = { CKA_EC_PARAMS, CKA_EC_POINT,
                                               CKA_MODULUS,
                                               CKA_PUBLIC_EXPONENT };

    for (size_t i = 0; i < SG_ARRAY_LEN(types); i++) {
        bool present = false;
        SG_TRY(tok_object_bytes(on, object, types[i], &parts->bytes, &present,
                                err));
        parts->at[i] = parts->bytes.len;
    }
    return SG_OK;
}

static enum sg_rc public_spki(const struct tok_on *on, CK_OBJECT_HANDLE object,
                              CK_ULONG key_type, struct sg_buf *out,
                              struct sg_err *err)
{
    struct public_parts parts = { .at = { 0 } };

    sg_buf_init(&parts.bytes, 4 * (size_t)ATTRIBUTE_MAX);
    enum sg_rc rc = read_parts(on, object, &parts, err);
    if (rc == SG_OK) {
        const uint8_t *p = parts.bytes.data;
        const size_t *at = parts.at;
        struct tok_public_attrs attrs = {
            .key_type = key_type,
            .ec_params = SG_SLICE(p, at[0]),
            .ec_point = SG_SLICE(p + at[0], at[1] - at[0]),
            .modulus = SG_SLICE(p + at[1], at[2] - at[1]),
            .exponent = SG_SLICE(p + at[2], at[3] - at[2]),
        };
        rc = tok_spki_encode(&attrs, out, err);
    }
    sg_buf_done(&parts.bytes);
    return rc;
}

static enum sg_rc find_public(const struct tok_on *on,
                              const struct tok_key_info *info,
                              CK_ULONG key_type, CK_OBJECT_HANDLE *ret,
                              size_t *ret_n, struct sg_err *err)
{
    const CK_OBJECT_CLASS class = CKO_PUBLIC_KEY;
    CK_OBJECT_HANDLE list[TOK_HITS_MAX];
    struct tok_handles found = { .at = list, .max = TOK_HITS_MAX };
    CK_ATTRIBUTE match[] = {
        attribute(CKA_CLASS, &class, sizeof(class)),
        attribute(CKA_KEY_TYPE, &key_type, sizeof(key_type)),
        attribute(CKA_ID, info->id, info->id_len),
    };

    *ret_n = 0;
    if (info->id_len == 0) /* an empty id belongs to nobody */
        return SG_OK;
    SG_TRY(tok_object_find(on, match, SG_ARRAY_LEN(match), &found, err));
    *ret_n = found.n;
    if (found.n > 1)
        return sg_err_set(err, SG_CONFLICT,
                          "key \"%s\": several public keys carry its id",
                          info->label);
    if (found.n == 1)
        *ret = found.at[0];
    return SG_OK;
}

static enum sg_rc read_public(const struct tok_on *on, CK_ULONG key_type,
                              struct tok_key_info *info, struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf spki;
    CK_OBJECT_HANDLE object = CK_INVALID_HANDLE;
    struct sg_err foreign = { 0 };
    size_t n;

    sg_buf_init(&spki, TOK_SPKI_MAX);
    SG_TRY(find_public(on, info, key_type, &object, &n, err));
    if (n == 0)
        return SG_OK;
    enum sg_rc rc = public_spki(on, object, key_type, &spki, &foreign);
    if (rc == SG_OK)
        rc = tok_spki_type(sg_buf_slice(&spki), &info->type, &foreign);
    if (rc == SG_POLICY || rc == SG_LIMIT) {
        char quoted[SG_LOG_VALUE_MAX];
        sg_log(SG_LOG_DEBUG, "key_unused", "label=%s err=%s", info->label,
               sg_log_quote(foreign.msg, quoted, sizeof(quoted)));
        return SG_OK;
    }
    if (rc != SG_OK) {
        *err = foreign;
        return sg_err_wrap(err, "key \"%s\"", info->label);
    }
    memcpy(info->spki, spki.data, spki.len);
    info->spki_len = (uint32_t)spki.len;
    return SG_OK;
}

enum sg_rc tok_object_name(const struct tok_on *on, CK_OBJECT_HANDLE key,
                           struct tok_key_info *ret, struct sg_err *err)
{
    struct tok_key_info info = { 0 };

    SG_TRY(read_label(on, key, info.label, err));
    SG_TRY(read_flags(on, key, &info.attrs, err));
    *ret = info;
    return SG_OK;
}

enum sg_rc tok_object_describe(const struct tok_on *on, CK_OBJECT_HANDLE key,
                               struct tok_key_info *ret, struct sg_err *err)
{
    struct tok_key_info info = { 0 };
    CK_ULONG key_type;

    SG_TRY(read_label(on, key, info.label, err));
    SG_TRY(read_id(on, key, &info, err));
    SG_TRY(read_ulong(on, key, CKA_KEY_TYPE, &key_type, err));
    SG_TRY(read_flags(on, key, &info.attrs, err));
    SG_TRY(read_public(on, key_type, &info, err));
    *ret = info;
    return SG_OK;
}
