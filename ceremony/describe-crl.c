/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/crl.h"
#include "ceremony/plan-int.h"
#include "common/parse.h"

#define WORK_MAX ((size_t)4 << 20) /* bytes to read one CRL into */

static enum sg_rc put_entry(json_object *list, const struct ca_revoked *revoked,
                            struct sg_err *err)
{
    json_object *one = json_object_new_object();

    if (one == NULL || json_object_array_add(list, one) != 0) {
        (void)json_object_put(one);
        return sg_err_set(err, SG_NOMEM, "plan: crl");
    }
    SG_TRY(cer_json_put_hex(one, "serial", revoked->serial, err));
    SG_TRY(cer_json_put_time(one, "date", revoked->date, err));
    return cer_json_put_text(one, "reason", ca_reason_name(revoked->reason),
                             err);
}

static enum sg_rc put_scope(const struct ca_crl *crl, json_object *object,
                            struct sg_err *err)
{
    static const char *const names[] = {
        [CA_CRL_SCOPE_ALL] = "all",
        [CA_CRL_SCOPE_CA_ONLY] = "ca",
        [CA_CRL_SCOPE_USER_ONLY] = "user",
    };
    struct sg_slice url = crl->distribution_point;

    SG_TRY(cer_json_put_text(object, "scope", names[crl->scope], err));
    if (url.len == 0)
        return cer_json_put_null(object, "distribution_point", err);
    return cer_json_put(
        object, "distribution_point",
        json_object_new_string_len((const char *)url.p, (int)url.len), err);
}

static enum sg_rc describe(const struct ca_crl *crl, json_object *object,
                           struct sg_err *err)
{
    char name[CER_NAME_TEXT_MAX];
    json_object *list = json_object_new_array();

    SG_TRY(cer_json_put(object, "revoked", list, err));
    for (size_t i = 0; i < crl->n_revoked; i++)
        SG_TRY(put_entry(list, &crl->revoked[i], err));
    SG_TRY(cer_json_put_text(object, "issuer",
                             ca_dn_text(crl->issuer, name, sizeof(name)), err));
    SG_TRY(cer_json_put_hex(object, "authority_key_id", crl->aki, err));
    SG_TRY(cer_json_put_hex(object, "number", crl->number, err));
    SG_TRY(cer_json_put_time(object, "this_update", crl->this_update, err));
    SG_TRY(cer_json_put_time(object, "next_update", crl->next_update, err));
    return put_scope(crl, object, err);
}

enum sg_rc cer_describe_crl(struct sg_slice tbs, enum ca_sigalg alg,
                            json_object **ret, struct sg_err *err)
{
    SG_CLEANUP(cer_json_free) json_object *object = json_object_new_object();
    SG_CLEANUP(sg_arena_done) struct sg_arena arena;
    SG_CLEANUP(sg_buf_done) struct sg_buf der;
    struct ca_crl crl = { 0 };

    sg_arena_init(&arena, WORK_MAX);
    sg_buf_init(&der, CER_PLAN_MAX);
    if (object == NULL)
        return sg_err_set(err, SG_NOMEM, "plan: crl");
    SG_TRY(cer_wrap_unsigned(tbs, alg, &der, err));
    SG_TRY(ca_crl_parse(&arena, sg_buf_slice(&der), &crl, err));
    SG_TRY(describe(&crl, object, err));
    *ret = SG_TAKE(object);
    return SG_OK;
}
