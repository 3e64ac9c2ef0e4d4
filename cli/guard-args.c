/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/guard-args.h"

#include <string.h>

#include "ca/cert.h"
#include "ca/oid.h"
#include "cli/key-info.h"

#define VIEW_MAX TOK_FRAME_MAX
#define ARENA_MAX ((size_t)256 * 1024) /* constraints of TOK_NAMES_MAX, read */
#define SUBTREE_MAX 512                /* bytes of one as text */

/* --- purposes ------------------------------------------------------------------ */

static const struct {
    const char *name;
    enum ca_oid oid;
} PURPOSES[] = {
    { "anyExtendedKeyUsage", CA_OID_EKU_ANY },
    { "serverAuth", CA_OID_EKU_SERVER_AUTH },
    { "clientAuth", CA_OID_EKU_CLIENT_AUTH },
    { "codeSigning", CA_OID_EKU_CODE_SIGNING },
    { "emailProtection", CA_OID_EKU_EMAIL },
    { "timeStamping", CA_OID_EKU_TIME_STAMPING },
    { "OCSPSigning", CA_OID_EKU_OCSP_SIGNING },
};

static enum sg_rc put_purpose(const char *text, struct sg_buf *out,
                              struct sg_err *err)
{
    for (size_t i = 0; i < SG_ARRAY_LEN(PURPOSES); i++)
        if (strcmp(PURPOSES[i].name, text) == 0) {
            struct sg_slice oid = ca_oid(PURPOSES[i].oid);
            return sg_buf_put(out, oid.p, oid.len, err);
        }
    if (sg_oid_from_text(text, out, err) == SG_OK)
        return SG_OK;
    sg_err_clear(err);
    return sg_err_set(err, SG_USAGE,
                      "--eku %.64s: use a dotted OID, serverAuth, clientAuth, "
                      "codeSigning, emailProtection, timeStamping or "
                      "OCSPSigning",
                      text);
}

enum sg_rc cli_guard_purposes(const struct cli_list *list,
                              struct tok_guard *guard, struct sg_err *err)
{
    if (list->n > TOK_EKU_MAX)
        return sg_err_set(err, SG_USAGE, "--eku: at most %d", TOK_EKU_MAX);
    for (size_t i = 0; i < list->n; i++) {
        SG_CLEANUP(sg_buf_done) struct sg_buf oid;

        sg_buf_init(&oid, TOK_OID_MAX);
        SG_TRY(put_purpose(list->v[i], &oid, err));
        memcpy(guard->eku[i].octets, oid.data, oid.len);
        guard->eku[i].len = (uint8_t)oid.len;
        guard->n_eku = (uint32_t)i + 1;
    }
    return SG_OK;
}

/* --- name constraints ---------------------------------------------------------- */

enum sg_rc cli_guard_names(const struct cli_names_args *args,
                           struct sg_buf *der, struct tok_guard *guard,
                           struct sg_err *err)
{
    SG_CLEANUP(sg_arena_done) struct sg_arena arena;
    struct ca_constraints constraints;
    struct sg_derw w;

    sg_arena_init(&arena, ARENA_MAX);
    if (!cli_names_given(args))
        return SG_OK;
    SG_TRY(cli_names_read(args, &arena, &constraints, err));
    sg_derw_init(&w, der);
    SG_TRY(ca_constraints_encode(&constraints, &w, err));
    SG_TRY(sg_derw_finish(&w, err));
    guard->names = sg_buf_slice(der);
    return SG_OK;
}

/* --- printing ------------------------------------------------------------------ */

static void put_purposes(struct json_object *json,
                         const struct tok_guard *guard)
{
    struct json_object *array = cli_json_array();

    for (uint32_t i = 0; i < guard->n_eku; i++) {
        char text[SG_OID_TEXT_MAX];
        const struct sg_slice oid =
            SG_SLICE(guard->eku[i].octets, guard->eku[i].len);
        cli_append(array, json_object_new_string(ca_oid_text(oid, text)));
    }
    cli_put(json, "extended_key_usage", array);
}

static void put_subtrees(struct json_object *json, const char *key,
                         const struct ca_subtrees *trees)
{
    struct json_object *array = cli_json_array();

    for (size_t i = 0; i < trees->n; i++) {
        char value[SUBTREE_MAX];
        char text[SUBTREE_MAX + 32];
        (void)snprintf(text, sizeof(text), "%s:%s",
                       ca_san_kind_name(trees->tree[i].kind),
                       ca_subtree_text(&trees->tree[i], value, sizeof(value)));
        cli_append(array, json_object_new_string(text));
    }
    if (trees->n > 0)
        cli_put(json, key, array);
    else
        cli_json_free(array);
}

static enum sg_rc put_names(struct json_object *json,
                            const struct tok_guard *guard, struct sg_err *err)
{
    SG_CLEANUP(sg_arena_done) struct sg_arena arena;
    struct ca_constraints constraints = { 0 };

    sg_arena_init(&arena, ARENA_MAX);
    if (guard->names.len > 0)
        SG_TRY(ca_constraints_parse(&arena, guard->names, &constraints, err));
    put_subtrees(json, "permitted_names", &constraints.permitted);
    put_subtrees(json, "excluded_names", &constraints.excluded);
    return SG_OK;
}

/* The CA that comes first in a responder's chain. */
static enum sg_rc put_answers_for(struct json_object *json,
                                  const struct tok_guard *guard,
                                  struct sg_err *err)
{
    SG_CLEANUP(sg_arena_done) struct sg_arena arena;
    struct sg_der_tlv first;
    struct sg_der in;
    char name[TOK_DN_MAX / 4];

    sg_arena_init(&arena, ARENA_MAX);
    struct ca_cert *ca = sg_arena_new(&arena, struct ca_cert);
    if (ca == NULL)
        return sg_err_set(err, SG_NOMEM, "guard");
    sg_der_init(&in, guard->chain, "chain");
    SG_TRY(sg_der_any(&in, &first, err));
    SG_TRY(ca_cert_parse(&arena, first.whole, ca, err));
    cli_put_text(json, "answers_for",
                 ca_dn_text(ca->subject, name, sizeof(name)));
    return SG_OK;
}

/* Number of DER elements in a row. */
static unsigned count(struct sg_slice der)
{
    struct sg_err err = { 0 };
    struct sg_der_tlv tlv;
    struct sg_der in;
    unsigned n = 0;

    sg_der_init(&in, der, "chain");
    while (sg_der_more(&in) && sg_der_any(&in, &tlv, &err) == SG_OK)
        n++;
    return n;
}

static void put_refused(struct json_object *json,
                        const struct tok_guard_view *view)
{
    struct json_object *counts = cli_json_object();
    struct json_object *lines = cli_json_array();

    for (unsigned i = 0; i < TOK_REFUSED_N; i++) {
        char line[64];
        const char *name = tok_refused_name((enum tok_refused)i);
        if (view->refused[i] == 0)
            continue;
        cli_put_int(counts, name, (int64_t)view->refused[i]);
        (void)snprintf(line, sizeof(line), "%s %llu", name,
                       (unsigned long long)view->refused[i]);
        cli_append(lines, json_object_new_string(line));
    }
    cli_put(json, "refused", counts);
    cli_put(json, "refused_text", lines);
}

static enum sg_rc put_view(struct json_object *json,
                           const struct tok_guard_view *view,
                           struct sg_err *err)
{
    const struct tok_guard *g = &view->guard;

    if (g->purpose == TOK_PURPOSE_CA) {
        cli_put_bool(json, "may_sign_crl", !g->no_crl);
        put_purposes(json, g);
        SG_TRY(put_names(json, g, err));
    }
    if (g->purpose == TOK_PURPOSE_OCSP && g->bound)
        SG_TRY(put_answers_for(json, g, err));
    if (g->per_second > 0)
        cli_put_int(json, "max_per_second", g->per_second);
    if (g->per_day > 0)
        cli_put_int(json, "max_per_day", g->per_day);
    if (g->bound)
        cli_put_int(json, "chain_length", (int64_t)count(g->chain) + 1);
    cli_put_int(json, "signatures", (int64_t)view->signatures);
    put_refused(json, view);
    return SG_OK;
}

enum sg_rc cli_guard_json(struct tok_client *client,
                          const struct tok_key_info *info,
                          struct json_object **ret, struct sg_err *err)
{
    SG_CLEANUP(cli_json_free) struct json_object *json = cli_key_json(info);
    SG_CLEANUP(sg_buf_done) struct sg_buf bytes;
    struct tok_key_open want = { .id = SG_SLICE(info->id, info->id_len) };
    struct tok_guard_view view;
    struct tok_key *key;

    sg_buf_init(&bytes, VIEW_MAX);
    if (info->has_guard && tok_attrs_fault(info->attrs, true) == NULL) {
        memcpy(want.label, info->label, sizeof(want.label));
        SG_TRY(tok_client_key(client, &want, &key, err));
        SG_TRY(tok_guard_show(key, &bytes, &view, err));
        SG_TRY(put_view(json, &view, err));
    }
    *ret = SG_TAKE(json);
    return SG_OK;
}
