/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/constraints-list.h"
#include "ca/dn-table.h"
#include "ca/show.h"
#include "common/parse.h"

/* Tags of GeneralName (RFC 5280 4.2.1.6). */
#define TAG_OTHER SG_DER_CONTEXT_CONSTRUCTED(0)
#define TAG_EMAIL SG_DER_CONTEXT(1)
#define TAG_DNS SG_DER_CONTEXT(2)
#define TAG_DIRECTORY SG_DER_CONTEXT_CONSTRUCTED(4)
#define TAG_URI SG_DER_CONTEXT(6)
#define TAG_IP SG_DER_CONTEXT(7)

/* --- writing -------------------------------------------------------------- */

static void write_wrapped(struct sg_derw *w, const struct ca_subtree *tree)
{
    if (tree->kind == CA_SAN_DIRECTORY) {
        size_t name = sg_derw_begin(w, TAG_DIRECTORY);
        sg_derw_raw(w, tree->value);
        sg_derw_end(w, name);
        return;
    }
    size_t name = sg_derw_begin(w, TAG_OTHER);
    sg_derw_oid(w, tree->oid);
    size_t value = sg_derw_begin(w, SG_DER_CONTEXT_CONSTRUCTED(0));
    sg_derw_tlv(w, SG_DER_UTF8_STRING, tree->value);
    sg_derw_end(w, value);
    sg_derw_end(w, name);
}

/* minimum is 0, the default, and therefore not written. */
static void write_subtree(struct sg_derw *w, const struct ca_subtree *tree)
{
    static const uint8_t tags[] = {
        [CA_SAN_DNS] = TAG_DNS,
        [CA_SAN_EMAIL] = TAG_EMAIL,
        [CA_SAN_URI] = TAG_URI,
        [CA_SAN_IP] = TAG_IP,
    };
    size_t subtree = sg_derw_begin(w, SG_DER_SEQUENCE);

    if (tree->kind == CA_SAN_OTHER || tree->kind == CA_SAN_DIRECTORY)
        write_wrapped(w, tree);
    else
        sg_derw_tlv(w, tags[tree->kind], tree->value);
    sg_derw_end(w, subtree);
}

static void write_subtrees(struct sg_derw *w, uint8_t tag,
                           const struct ca_subtrees *trees)
{
    if (trees->n == 0)
        return;
    size_t list = sg_derw_begin(w, tag);
    for (size_t i = 0; i < trees->n; i++)
        write_subtree(w, &trees->tree[i]);
    sg_derw_end(w, list);
}

static enum sg_rc check_value(const struct ca_subtree *tree, struct sg_err *err)
{
    const char *broken = ca_subtree_fault(tree);
    char show[CA_SHOW_MAX];

    if (broken == NULL)
        return SG_OK;
    return sg_err_set(err, SG_POLICY, "name constraints: %s \"%s\": %s",
                      ca_san_kind_name(tree->kind), ca_show(tree->value, show),
                      broken);
}

static enum sg_rc check_values(const struct ca_subtrees *trees,
                               struct sg_err *err)
{
    for (size_t i = 0; i < trees->n; i++)
        SG_TRY(check_value(&trees->tree[i], err));
    return SG_OK;
}

enum sg_rc ca_constraints_encode(const struct ca_constraints *nc,
                                 struct sg_derw *w, struct sg_err *err)
{
    if (nc->permitted.n == 0 && nc->excluded.n == 0)
        return sg_err_set(
            err, SG_POLICY,
            "name constraints: neither permitted nor excluded subtrees (RFC 5280 4.2.1.10)");
    SG_TRY(check_values(&nc->permitted, err));
    SG_TRY(check_values(&nc->excluded, err));

    size_t seq = sg_derw_begin(w, SG_DER_SEQUENCE);
    write_subtrees(w, SG_DER_CONTEXT_CONSTRUCTED(0), &nc->permitted);
    write_subtrees(w, SG_DER_CONTEXT_CONSTRUCTED(1), &nc->excluded);
    sg_derw_end(w, seq);
    return SG_OK;
}

/* --- reading -------------------------------------------------------------- */

static enum sg_rc read_other(const struct sg_der *in,
                             const struct sg_der_tlv *base,
                             struct ca_subtree *ret, struct sg_err *err)
{
    char text[SG_OID_TEXT_MAX];
    struct sg_der_tlv utf8 = { 0 };
    struct sg_der other;
    struct sg_der value;

    sg_der_inside(in, base, &other);
    SG_TRY(sg_der_oid(&other, &ret->oid, err));
    SG_TRY(sg_der_enter(&other, SG_DER_CONTEXT_CONSTRUCTED(0), &value, err));
    SG_TRY(sg_der_end(&other, err));
    SG_TRY(sg_der_any(&value, &utf8, err));
    SG_TRY(sg_der_end(&value, err));
    if (utf8.tag != SG_DER_UTF8_STRING || !sg_is_utf8(utf8.content))
        return sg_err_set(
            err, SG_POLICY,
            "name constraints: otherName %s without a UTF8String value is not accepted",
            ca_oid_text(ret->oid, text));
    ret->value = utf8.content;
    return check_value(ret, err);
}

static enum sg_rc read_directory(const struct sg_der *in,
                                 const struct sg_der_tlv *base,
                                 struct ca_subtree *ret, struct sg_err *err)
{
    struct sg_der_tlv name = { 0 };
    struct sg_der inner;

    sg_der_inside(in, base, &inner);
    SG_TRY(sg_der_get(&inner, SG_DER_SEQUENCE, &name, err));
    SG_TRY(sg_der_end(&inner, err));
    ret->value = name.whole;
    return check_value(ret, err);
}

static enum sg_rc read_text(const struct sg_der_tlv *base,
                            enum ca_san_kind kind, struct ca_subtree *ret,
                            struct sg_err *err)
{
    ret->kind = kind;
    ret->value = base->content;
    return check_value(ret, err);
}

static enum sg_rc read_base(struct sg_der *in, struct ca_subtree *ret,
                            struct sg_err *err)
{
    struct sg_der_tlv base = { 0 };

    SG_TRY(sg_der_any(in, &base, err));
    switch (base.tag) {
    case TAG_DNS:
        return read_text(&base, CA_SAN_DNS, ret, err);
    case TAG_EMAIL:
        return read_text(&base, CA_SAN_EMAIL, ret, err);
    case TAG_URI:
        return read_text(&base, CA_SAN_URI, ret, err);
    case TAG_IP:
        return read_text(&base, CA_SAN_IP, ret, err);
    case TAG_OTHER:
        ret->kind = CA_SAN_OTHER;
        return read_other(in, &base, ret, err);
    case TAG_DIRECTORY:
        ret->kind = CA_SAN_DIRECTORY;
        return read_directory(in, &base, ret, err);
    default:
        return sg_err_set(
            err, SG_POLICY,
            "name constraints: names of tag 0x%02x are not accepted (RFC 5280 4.2.1.10)",
            base.tag);
    }
}

static enum sg_rc read_subtrees(struct sg_arena *arena, struct sg_der *in,
                                uint8_t tag, struct ca_subtrees *ret,
                                struct sg_err *err)
{
    struct sg_der list;

    if (!sg_der_next_is(in, tag))
        return SG_OK;
    SG_TRY(sg_der_enter(in, tag, &list, err));
    if (!sg_der_more(&list))
        return sg_err_set(
            err, SG_FORMAT,
            "name constraints: empty list of subtrees (RFC 5280 4.2.1.10)");
    while (sg_der_more(&list)) {
        struct ca_subtree tree = { 0 };
        struct sg_der subtree;

        SG_TRY(sg_der_enter(&list, SG_DER_SEQUENCE, &subtree, err));
        SG_TRY(read_base(&subtree, &tree, err));
        if (sg_der_more(&subtree))
            return sg_err_set(
                err, SG_POLICY,
                "name constraints: minimum or maximum in a subtree (RFC 5280 4.2.1.10)");
        SG_TRY(ca_subtrees_append(arena, ret, &tree, err));
    }
    return SG_OK;
}

enum sg_rc ca_constraints_parse(struct sg_arena *arena, struct sg_slice der,
                                struct ca_constraints *ret, struct sg_err *err)
{
    struct ca_constraints nc = { 0 };
    struct sg_der in;
    struct sg_der seq;

    sg_der_init(&in, der, "name constraints");
    SG_TRY(sg_der_enter(&in, SG_DER_SEQUENCE, &seq, err));
    SG_TRY(sg_der_end(&in, err));
    SG_TRY(read_subtrees(arena, &seq, SG_DER_CONTEXT_CONSTRUCTED(0),
                         &nc.permitted, err));
    SG_TRY(read_subtrees(arena, &seq, SG_DER_CONTEXT_CONSTRUCTED(1),
                         &nc.excluded, err));
    SG_TRY(sg_der_end(&seq, err));
    if (nc.permitted.n == 0 && nc.excluded.n == 0)
        return sg_err_set(
            err, SG_POLICY,
            "name constraints: neither permitted nor excluded subtrees (RFC 5280 4.2.1.10)");
    *ret = nc;
    return SG_OK;
}
