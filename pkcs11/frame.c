/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/frame.h"

#include <string.h>

const char *tok_op_name(enum tok_op op)
{
    switch (op) {
#define X(name, number, text) \
    case TOK_OP_##name: \
        return (text);
        TOK_OP_TABLE(X)
#undef X
    case TOK_OP_UNSET:
        break;
    }
    return "?";
}

bool tok_op_signs(enum tok_op op)
{
    return op == TOK_OP_SIGN_CERT || op == TOK_OP_SIGN_CSR
           || op == TOK_OP_SIGN_CRL || op == TOK_OP_SIGN_OCSP
           || op == TOK_OP_SIGN_DIGEST || op == TOK_OP_PROBE_SIGN;
}

static bool op_known(unsigned op)
{
#define X(name, number, text) || op == (number)
    return false TOK_OP_TABLE(X);
#undef X
}

enum sg_rc tok_frame_parse(struct sg_slice message, struct tok_frame *ret,
                           struct sg_err *err)
{
    struct sg_reader in;
    uint8_t version;
    uint8_t op;
    uint16_t rc;
    uint32_t len;
    struct tok_frame frame;

    if (message.len < TOK_FRAME_HEADER)
        return sg_err_set(err, SG_FORMAT, "frame: %zu bytes, a header has %d",
                          message.len, TOK_FRAME_HEADER);
    if (message.len > TOK_FRAME_MAX)
        return sg_err_set(err, SG_FORMAT, "frame: %zu bytes, at most %d",
                          message.len, TOK_FRAME_MAX);
    sg_reader_init(&in, message);
    SG_TRY(sg_get_u8(&in, &version, err));
    if (version != TOK_FRAME_VERSION)
        return sg_err_set(err, SG_FORMAT, "frame: version %u, this is %d",
                          version, TOK_FRAME_VERSION);
    SG_TRY(sg_get_u8(&in, &op, err));
    if (!op_known(op))
        return sg_err_set(err, SG_FORMAT, "frame: unknown op %u", op);
    SG_TRY(sg_get_u16(&in, &rc, err));
    if (rc > SG_BUG)
        return sg_err_set(err, SG_FORMAT, "frame: unknown rc %u", rc);
    SG_TRY(sg_get_u32(&in, &len, err));
    SG_TRY(sg_get_u64(&in, &frame.id, err));
    SG_TRY(sg_get_u64(&in, &frame.ckr, err));
    if (len != sg_reader_left(&in))
        return sg_err_set(err, SG_FORMAT,
                          "frame: says %u bytes of payload, has %zu",
                          (unsigned)len, sg_reader_left(&in));
    frame.op = (enum tok_op)op;
    frame.rc = (enum sg_rc)rc;
    frame.payload = SG_SLICE(in.p, len);
    *ret = frame;
    return SG_OK;
}

enum sg_rc tok_frame_encode(const struct tok_frame *frame, struct sg_buf *out,
                            struct sg_err *err)
{
    if (frame->payload.len > TOK_FRAME_MAX - TOK_FRAME_HEADER)
        return sg_err_set(err, SG_LIMIT, "%s frame: %zu bytes, at most %d",
                          tok_op_name(frame->op), frame->payload.len,
                          TOK_FRAME_MAX - TOK_FRAME_HEADER);
    SG_TRY(sg_buf_reserve(out, TOK_FRAME_HEADER + frame->payload.len, err));
    SG_TRY(sg_buf_put_u8(out, TOK_FRAME_VERSION, err));
    SG_TRY(sg_buf_put_u8(out, (uint8_t)frame->op, err));
    SG_TRY(sg_buf_put_u16(out, (uint16_t)frame->rc, err));
    SG_TRY(sg_buf_put_u32(out, (uint32_t)frame->payload.len, err));
    SG_TRY(sg_buf_put_u64(out, frame->id, err));
    SG_TRY(sg_buf_put_u64(out, frame->ckr, err));
    return sg_buf_put(out, frame->payload.p, frame->payload.len, err);
}

enum sg_rc tok_frame_encode_failure(enum tok_op op, uint64_t id,
                                    const struct sg_err *failure,
                                    struct sg_buf *out, struct sg_err *err)
{
    size_t len = strnlen(failure->msg, sizeof(failure->msg) - 1);
    uint8_t payload[4 + SG_ERR_MSG_MAX] = { 0, 0, (uint8_t)(len >> 8),
                                            (uint8_t)len };
    struct tok_frame frame = {
        .op = op,
        /* A failure without a code is a mistake of ours, never a success. */
        .rc = failure->rc != SG_OK ? failure->rc : SG_BUG,
        .id = id,
        .ckr = failure->src == SG_SRC_CKR ? failure->native : 0,
        .payload = SG_SLICE(payload, 4 + len),
    };

    memcpy(payload + 4, failure->msg, len);
    return tok_frame_encode(&frame, out, err);
}

enum sg_rc tok_frame_failure(const struct tok_frame *frame, struct sg_err *err)
{
    struct sg_reader in;
    char msg[SG_ERR_MSG_MAX];

    if (frame->rc == SG_OK)
        return SG_OK;
    sg_reader_init(&in, frame->payload);
    SG_TRY(sg_get_text(&in, msg, sizeof(msg), err));
    SG_TRY(sg_get_end(&in, err));
    if (frame->ckr != 0)
        return sg_err_native(err, frame->rc, SG_SRC_CKR,
                             (unsigned long)frame->ckr, "%s", msg);
    return sg_err_set(err, frame->rc, "%s", msg);
}

/* --- small pieces ---------------------------------------------------------- */

static enum sg_rc put_bool(struct sg_buf *out, bool v, struct sg_err *err)
{
    return sg_buf_put_u8(out, v ? 1 : 0, err);
}

static enum sg_rc get_bool(struct sg_reader *in, bool *ret, struct sg_err *err)
{
    uint8_t v;

    SG_TRY(sg_get_u8(in, &v, err));
    if (v > 1)
        return sg_err_set(err, SG_FORMAT, "frame: boolean %u", v);
    *ret = v == 1;
    return SG_OK;
}

static enum sg_rc put_text(struct sg_buf *out, const char *text,
                           struct sg_err *err)
{
    return sg_buf_put_blob(out, sg_slice_str(text), err);
}

static enum sg_rc get_enum(struct sg_reader *in, unsigned max, const char *what,
                           unsigned *ret, struct sg_err *err)
{
    uint8_t v;

    SG_TRY(sg_get_u8(in, &v, err));
    if (v > max)
        return sg_err_set(err, SG_FORMAT, "frame: unknown %s %u", what, v);
    *ret = v;
    return SG_OK;
}

static enum sg_rc get_validity(struct sg_reader *in, int64_t *ret,
                               struct sg_err *err)
{
    uint64_t v;

    SG_TRY(sg_get_u64(in, &v, err));
    if (v > TOK_VALIDITY_MAX)
        return sg_err_set(err, SG_FORMAT,
                          "frame: validity of %llu seconds, at most %lld",
                          (unsigned long long)v, (long long)TOK_VALIDITY_MAX);
    *ret = (int64_t)v;
    return SG_OK;
}

/* The limits in a guard, in the order of struct tok_guard and tok_key_info. */
struct limits {
    enum tok_purpose purpose;
    bool may_sign_ca;
    bool has_max_path_length;
    uint32_t max_path_length;
    int64_t max_validity;
};

static enum sg_rc put_limits(struct sg_buf *out, const struct limits *l,
                             struct sg_err *err)
{
    if (l->max_validity < 0 || l->max_validity > TOK_VALIDITY_MAX)
        return sg_err_set(
            err, SG_USAGE, "longest validity %lld s is outside 0 … %lld s",
            (long long)l->max_validity, (long long)TOK_VALIDITY_MAX);
    SG_TRY(sg_buf_put_u8(out, (uint8_t)l->purpose, err));
    SG_TRY(put_bool(out, l->may_sign_ca, err));
    SG_TRY(put_bool(out, l->has_max_path_length, err));
    SG_TRY(sg_buf_put_u32(out, l->max_path_length, err));
    return sg_buf_put_u64(out, (uint64_t)l->max_validity, err);
}

static enum sg_rc get_limits(struct sg_reader *in, struct limits *ret,
                             struct sg_err *err)
{
    unsigned purpose;

    SG_TRY(get_enum(in, TOK_PURPOSE_PROBE, "purpose", &purpose, err));
    ret->purpose = (enum tok_purpose)purpose;
    SG_TRY(get_bool(in, &ret->may_sign_ca, err));
    SG_TRY(get_bool(in, &ret->has_max_path_length, err));
    SG_TRY(sg_get_u32(in, &ret->max_path_length, err));
    return get_validity(in, &ret->max_validity, err);
}

enum sg_rc tok_put_guard(struct sg_buf *out, const struct tok_guard *g,
                         struct sg_err *err)
{
    struct limits l = { g->purpose, g->may_sign_ca, g->has_max_path_length,
                        g->max_path_length, g->max_validity };

    if (g->n_eku > TOK_EKU_MAX)
        return sg_err_set(err, SG_USAGE, "guard: %u purposes, at most %d",
                          (unsigned)g->n_eku, TOK_EKU_MAX);
    SG_TRY(put_limits(out, &l, err));
    SG_TRY(put_bool(out, g->no_crl, err));
    SG_TRY(sg_buf_put_u32(out, g->per_second, err));
    SG_TRY(sg_buf_put_u32(out, g->per_day, err));
    SG_TRY(sg_buf_put_u8(out, (uint8_t)g->n_eku, err));
    for (uint32_t i = 0; i < g->n_eku; i++)
        SG_TRY(sg_buf_put_blob(out, SG_SLICE(g->eku[i].octets, g->eku[i].len),
                               err));
    return sg_buf_put_blob(out, g->names, err);
}

static enum sg_rc get_rate(struct sg_reader *in, uint32_t *ret,
                           struct sg_err *err)
{
    SG_TRY(sg_get_u32(in, ret, err));
    if (*ret > TOK_RATE_MAX)
        return sg_err_set(err, SG_FORMAT, "frame: rate of %u, at most %d",
                          (unsigned)*ret, TOK_RATE_MAX);
    return SG_OK;
}

enum sg_rc tok_get_guard(struct sg_reader *in, struct tok_guard *ret,
                         struct sg_err *err)
{
    struct tok_guard g = { 0 };
    struct limits l;
    unsigned n;

    SG_TRY(get_limits(in, &l, err));
    g.purpose = l.purpose;
    g.may_sign_ca = l.may_sign_ca;
    g.has_max_path_length = l.has_max_path_length;
    g.max_path_length = l.max_path_length;
    g.max_validity = l.max_validity;
    SG_TRY(get_bool(in, &g.no_crl, err));
    SG_TRY(get_rate(in, &g.per_second, err));
    SG_TRY(get_rate(in, &g.per_day, err));
    SG_TRY(get_enum(in, TOK_EKU_MAX, "number of purposes", &n, err));
    g.n_eku = n;
    for (unsigned i = 0; i < n; i++) {
        struct sg_slice oid;

        SG_TRY(sg_get_blob(in, TOK_OID_MAX, &oid, err));
        if (oid.len == 0)
            return sg_err_set(err, SG_FORMAT, "frame: empty OID");
        memcpy(g.eku[i].octets, oid.p, oid.len);
        g.eku[i].len = (uint8_t)oid.len;
    }
    SG_TRY(sg_get_blob(in, TOK_NAMES_MAX, &g.names, err));
    *ret = g;
    return SG_OK;
}

enum sg_rc tok_put_guard_view(struct sg_buf *out,
                              const struct tok_guard_view *v,
                              struct sg_err *err)
{
    SG_TRY(tok_put_guard(out, &v->guard, err));
    SG_TRY(put_bool(out, v->guard.bound, err));
    SG_TRY(sg_buf_put_blob(out, v->guard.issuer_cert, err));
    SG_TRY(sg_buf_put_blob(out, v->guard.chain, err));
    SG_TRY(sg_buf_put_u64(out, v->signatures, err));
    for (size_t i = 0; i < TOK_REFUSED_N; i++)
        SG_TRY(sg_buf_put_u64(out, v->refused[i], err));
    return SG_OK;
}

enum sg_rc tok_get_guard_view(struct sg_slice payload,
                              struct tok_guard_view *ret, struct sg_err *err)
{
    struct sg_reader in;
    struct tok_guard_view v = { 0 };

    sg_reader_init(&in, payload);
    SG_TRY(tok_get_guard(&in, &v.guard, err));
    SG_TRY(get_bool(&in, &v.guard.bound, err));
    SG_TRY(sg_get_blob(&in, TOK_FRAME_MAX, &v.guard.issuer_cert, err));
    SG_TRY(sg_get_blob(&in, TOK_FRAME_MAX, &v.guard.chain, err));
    SG_TRY(sg_get_u64(&in, &v.signatures, err));
    for (size_t i = 0; i < TOK_REFUSED_N; i++)
        SG_TRY(sg_get_u64(&in, &v.refused[i], err));
    SG_TRY(sg_get_end(&in, err));
    *ret = v;
    return SG_OK;
}

/* --- token and key infos ---------------------------------------------------- */

enum sg_rc tok_put_token_info(struct sg_buf *out,
                              const struct tok_token_info *info,
                              struct sg_err *err)
{
    SG_TRY(sg_buf_put_u64(out, info->slot_id, err));
    SG_TRY(put_bool(out, info->initialised, err));
    SG_TRY(put_bool(out, info->pin_count_low, err));
    SG_TRY(put_bool(out, info->pin_final_try, err));
    SG_TRY(put_bool(out, info->pin_locked, err));
    SG_TRY(put_text(out, info->label, err));
    SG_TRY(put_text(out, info->serial, err));
    SG_TRY(put_text(out, info->manufacturer, err));
    SG_TRY(put_text(out, info->model, err));
    SG_TRY(put_text(out, info->firmware, err));
    SG_TRY(put_text(out, info->module, err));
    return sg_buf_put_u32(out, info->sessions, err);
}

enum sg_rc tok_get_token_info(struct sg_reader *in, struct tok_token_info *ret,
                              struct sg_err *err)
{
    struct tok_token_info t = { 0 };

    SG_TRY(sg_get_u64(in, &t.slot_id, err));
    SG_TRY(get_bool(in, &t.initialised, err));
    SG_TRY(get_bool(in, &t.pin_count_low, err));
    SG_TRY(get_bool(in, &t.pin_final_try, err));
    SG_TRY(get_bool(in, &t.pin_locked, err));
    SG_TRY(sg_get_text(in, t.label, sizeof(t.label), err));
    SG_TRY(sg_get_text(in, t.serial, sizeof(t.serial), err));
    SG_TRY(sg_get_text(in, t.manufacturer, sizeof(t.manufacturer), err));
    SG_TRY(sg_get_text(in, t.model, sizeof(t.model), err));
    SG_TRY(sg_get_text(in, t.firmware, sizeof(t.firmware), err));
    SG_TRY(sg_get_text(in, t.module, sizeof(t.module), err));
    SG_TRY(sg_get_u32(in, &t.sessions, err));
    *ret = t;
    return SG_OK;
}

enum sg_rc tok_put_key_info(struct sg_buf *out, const struct tok_key_info *info,
                            struct sg_err *err)
{
    struct limits l = { info->purpose, info->may_sign_ca,
                        info->has_max_path_length, info->max_path_length,
                        info->max_validity };

    SG_TRY(put_text(out, info->label, err));
    SG_TRY(sg_buf_put_blob(out, SG_SLICE(info->id, info->id_len), err));
    SG_TRY(sg_buf_put_u8(out, (uint8_t)info->type, err));
    SG_TRY(sg_buf_put_u32(out, info->attrs, err));
    SG_TRY(sg_buf_put_blob(out, SG_SLICE(info->spki, info->spki_len), err));
    SG_TRY(put_bool(out, info->has_guard, err));
    SG_TRY(put_limits(out, &l, err));
    SG_TRY(put_bool(out, info->bound, err));
    return sg_buf_put(out, info->issuer_sha256, sizeof(info->issuer_sha256),
                      err);
}

/* A blob copied into a fixed array. */
static enum sg_rc get_bytes(struct sg_reader *in, uint8_t *dst, size_t max,
                            uint32_t *ret_len, struct sg_err *err)
{
    struct sg_slice s;

    SG_TRY(sg_get_blob(in, max, &s, err));
    if (s.len > 0)
        memcpy(dst, s.p, s.len);
    *ret_len = (uint32_t)s.len;
    return SG_OK;
}

enum sg_rc tok_get_key_info(struct sg_reader *in, struct tok_key_info *ret,
                            struct sg_err *err)
{
    struct tok_key_info k = { 0 };
    struct limits l;
    unsigned type;

    SG_TRY(sg_get_text(in, k.label, sizeof(k.label), err));
    SG_TRY(get_bytes(in, k.id, sizeof(k.id), &k.id_len, err));
    SG_TRY(get_enum(in, TOK_KEY_ED25519, "key type", &type, err));
    k.type = (enum tok_key_type)type;
    SG_TRY(sg_get_u32(in, &k.attrs, err));
    SG_TRY(get_bytes(in, k.spki, sizeof(k.spki), &k.spki_len, err));
    SG_TRY(get_bool(in, &k.has_guard, err));
    SG_TRY(get_limits(in, &l, err));
    k.purpose = l.purpose;
    k.may_sign_ca = l.may_sign_ca;
    k.has_max_path_length = l.has_max_path_length;
    k.max_path_length = l.max_path_length;
    k.max_validity = l.max_validity;
    SG_TRY(get_bool(in, &k.bound, err));
    for (size_t i = 0; i < sizeof(k.issuer_sha256); i++)
        SG_TRY(sg_get_u8(in, &k.issuer_sha256[i], err));
    *ret = k;
    return SG_OK;
}

/* --- requests --------------------------------------------------------------- */

enum sg_rc tok_put_token_init(struct sg_buf *out,
                              const struct tok_token_init *init,
                              struct sg_err *err)
{
    SG_TRY(sg_buf_put_u64(out, init->slot_id, err));
    return put_text(out, init->label, err);
}

enum sg_rc tok_get_token_init(struct sg_slice payload,
                              struct tok_token_init *ret, struct sg_err *err)
{
    struct sg_reader in;
    struct tok_token_init init = { 0 };

    sg_reader_init(&in, payload);
    SG_TRY(sg_get_u64(&in, &init.slot_id, err));
    SG_TRY(sg_get_text(&in, init.label, sizeof(init.label), err));
    SG_TRY(sg_get_end(&in, err));
    *ret = init;
    return SG_OK;
}

enum sg_rc tok_put_list_from(struct sg_buf *out,
                             const struct tok_list_from *from,
                             struct sg_err *err)
{
    SG_TRY(sg_buf_put_u64(out, from->mark, err));
    return sg_buf_put_u32(out, from->first, err);
}

enum sg_rc tok_get_list_from(struct sg_slice payload, struct tok_list_from *ret,
                             struct sg_err *err)
{
    struct tok_list_from from;
    struct sg_reader in;

    sg_reader_init(&in, payload);
    SG_TRY(sg_get_u64(&in, &from.mark, err));
    SG_TRY(sg_get_u32(&in, &from.first, err));
    SG_TRY(sg_get_end(&in, err));
    *ret = from;
    return SG_OK;
}

enum sg_rc tok_put_list_page(struct sg_buf *out,
                             const struct tok_list_page *page,
                             struct sg_err *err)
{
    SG_TRY(sg_buf_put_u64(out, page->mark, err));
    SG_TRY(sg_buf_put_u32(out, page->total, err));
    return sg_buf_put_u32(out, page->n, err);
}

enum sg_rc tok_get_list_page(struct sg_reader *in, struct tok_list_page *ret,
                             struct sg_err *err)
{
    struct tok_list_page page;

    SG_TRY(sg_get_u64(in, &page.mark, err));
    SG_TRY(sg_get_u32(in, &page.total, err));
    SG_TRY(sg_get_u32(in, &page.n, err));
    if (page.n > TOK_KEYS_PAGE || page.n > page.total
        || page.total > TOK_KEYS_LISTED_MAX)
        return sg_err_set(err, SG_FORMAT, "a page of %u of %u keys, at most %d",
                          (unsigned)page.n, (unsigned)page.total,
                          TOK_KEYS_PAGE);
    *ret = page;
    return SG_OK;
}

enum sg_rc tok_put_key_generate(struct sg_buf *out,
                                const struct tok_key_generate *gen,
                                struct sg_err *err)
{
    SG_TRY(put_text(out, gen->label, err));
    SG_TRY(sg_buf_put_u8(out, (uint8_t)gen->type, err));
    return tok_put_guard(out, &gen->guard, err);
}

enum sg_rc tok_get_key_generate(struct sg_slice payload,
                                struct tok_key_generate *ret,
                                struct sg_err *err)
{
    struct sg_reader in;
    struct tok_key_generate gen = { 0 };
    unsigned type;

    sg_reader_init(&in, payload);
    SG_TRY(sg_get_text(&in, gen.label, sizeof(gen.label), err));
    SG_TRY(get_enum(&in, TOK_KEY_ED25519, "key type", &type, err));
    gen.type = (enum tok_key_type)type;
    SG_TRY(tok_get_guard(&in, &gen.guard, err));
    SG_TRY(sg_get_end(&in, err));
    *ret = gen;
    return SG_OK;
}

enum sg_rc tok_put_key_try(struct sg_buf *out, enum tok_key_type type,
                           struct sg_err *err)
{
    return sg_buf_put_u8(out, (uint8_t)type, err);
}

enum sg_rc tok_get_key_try(struct sg_slice payload, enum tok_key_type *ret,
                           struct sg_err *err)
{
    struct sg_reader in;
    unsigned type;

    sg_reader_init(&in, payload);
    SG_TRY(get_enum(&in, TOK_KEY_ED25519, "key type", &type, err));
    SG_TRY(sg_get_end(&in, err));
    *ret = (enum tok_key_type)type;
    return SG_OK;
}

enum sg_rc tok_put_key_tried(struct sg_buf *out, bool token_hashes,
                             struct sg_err *err)
{
    return put_bool(out, token_hashes, err);
}

enum sg_rc tok_get_key_tried(struct sg_slice payload, bool *ret_token_hashes,
                             struct sg_err *err)
{
    struct sg_reader in;
    bool token_hashes;

    sg_reader_init(&in, payload);
    SG_TRY(get_bool(&in, &token_hashes, err));
    SG_TRY(sg_get_end(&in, err));
    *ret_token_hashes = token_hashes;
    return SG_OK;
}

enum sg_rc tok_put_key_open(struct sg_buf *out, const struct tok_key_open *want,
                            struct sg_err *err)
{
    SG_TRY(put_text(out, want->label, err));
    SG_TRY(sg_buf_put_blob(out, want->id, err));
    return sg_buf_put_blob(out, want->spki, err);
}

enum sg_rc tok_get_key_open(struct sg_slice payload, struct tok_key_open *ret,
                            struct sg_err *err)
{
    struct sg_reader in;
    struct tok_key_open want = { 0 };

    sg_reader_init(&in, payload);
    SG_TRY(sg_get_text(&in, want.label, sizeof(want.label), err));
    SG_TRY(sg_get_blob(&in, TOK_ID_MAX, &want.id, err));
    SG_TRY(sg_get_blob(&in, TOK_SPKI_MAX, &want.spki, err));
    SG_TRY(sg_get_end(&in, err));
    *ret = want;
    return SG_OK;
}

enum sg_rc tok_put_sign(struct sg_buf *out, const struct tok_sign *sign,
                        struct sg_err *err)
{
    if (sign->tbs.len > TOK_TBS_MAX)
        return sg_err_set(err, SG_LIMIT,
                          "to-be-signed structure has %zu bytes, at most %d",
                          sign->tbs.len, TOK_TBS_MAX);
    SG_TRY(sg_buf_put_u32(out, sign->key_ref, err));
    SG_TRY(sg_buf_put_blob(out, sign->algorithm, err));
    return sg_buf_put_blob(out, sign->tbs, err);
}

enum sg_rc tok_get_sign(struct sg_slice payload, struct tok_sign *ret,
                        struct sg_err *err)
{
    struct sg_reader in;
    struct tok_sign sign = { 0 };

    sg_reader_init(&in, payload);
    SG_TRY(sg_get_u32(&in, &sign.key_ref, err));
    SG_TRY(sg_get_blob(&in, TOK_ALGORITHM_MAX, &sign.algorithm, err));
    SG_TRY(sg_get_blob(&in, TOK_TBS_MAX, &sign.tbs, err));
    SG_TRY(sg_get_end(&in, err));
    *ret = sign;
    return SG_OK;
}

#define ALGORITHM(s) SG_SLICE((const uint8_t *)(s), sizeof(s) - 1)

struct sg_slice tok_probe_algorithm(enum tok_key_type type)
{
    switch (type) {
    case TOK_KEY_EC_P256: /* ecdsa-with-SHA256 */
        return ALGORITHM("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02");
    case TOK_KEY_EC_P384:
        return ALGORITHM("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03");
    case TOK_KEY_EC_P521:
        return ALGORITHM("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x04");
    case TOK_KEY_RSA_2048:
    case TOK_KEY_RSA_3072:
    case TOK_KEY_RSA_4096: /* sha256WithRSAEncryption */
        return ALGORITHM("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01"
                         "\x01\x0b\x05\x00");
    case TOK_KEY_ED25519:
        return ALGORITHM("\x30\x05\x06\x03\x2b\x65\x70");
    case TOK_KEY_UNSET:
        break;
    }
    return SG_SLICE(NULL, 0);
}

enum sg_rc tok_put_log(struct sg_buf *out, uint8_t level, const char *line,
                       struct sg_err *err)
{
    SG_TRY(sg_buf_put_u8(out, level, err));
    return put_text(out, line, err);
}

enum sg_rc tok_get_log(struct sg_slice payload, uint8_t *ret_level,
                       struct sg_slice *ret_line, struct sg_err *err)
{
    struct sg_reader in;
    uint8_t level;
    struct sg_slice line;

    sg_reader_init(&in, payload);
    SG_TRY(sg_get_u8(&in, &level, err));
    SG_TRY(sg_get_blob(&in, TOK_FRAME_MAX, &line, err));
    SG_TRY(sg_get_end(&in, err));
    *ret_level = level;
    *ret_line = line;
    return SG_OK;
}
