/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/plan-int.h"
#include "common/parse.h"

static enum sg_rc new_object(json_object *object, const char *key,
                             json_object **ret, struct sg_err *err)
{
    json_object *inner = json_object_new_object();

    SG_TRY(cer_json_put(object, key, inner, err));
    *ret = inner; /* borrowed: object owns it */
    return SG_OK;
}

static enum sg_rc new_list(json_object *object, const char *key,
                           json_object **ret, struct sg_err *err)
{
    json_object *inner = json_object_new_array();

    SG_TRY(cer_json_put(object, key, inner, err));
    *ret = inner; /* borrowed: object owns it */
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

static enum sg_rc put_bytes_or_null(json_object *object, const char *key,
                                    struct sg_slice bytes, struct sg_err *err)
{
    return bytes.len == 0 ? cer_json_put_null(object, key, err)
                          : cer_json_put_bytes(object, key, bytes, err);
}

static enum sg_rc put_person(json_object *object,
                             const struct cer_person *person,
                             struct sg_err *err)
{
    SG_TRY(cer_json_put_text(object, "name", person->name, err));
    return put_bytes_or_null(object, "public_key", person->spki, err);
}

static enum sg_rc put_people(const struct cer_plan *plan, json_object *object,
                             struct sg_err *err)
{
    json_object *inner = NULL;

    SG_TRY(new_object(object, "requester", &inner, err));
    SG_TRY(put_person(inner, &plan->requester, err));
    SG_TRY(new_list(object, "approvers", &inner, err));
    for (size_t i = 0; i < plan->n_approvers; i++) {
        json_object *one = json_object_new_object();

        SG_TRY(add(inner, one, err));
        SG_TRY(put_person(one, &plan->approver[i], err));
    }
    return cer_json_put_int(object, "approvals_needed",
                            (int64_t)plan->approvals_needed, err);
}

static enum sg_rc put_key(const struct cer_plan *plan, json_object *object,
                          struct sg_err *err)
{
    const struct cer_key *key = &plan->key;
    json_object *inner = NULL;

    SG_TRY(new_object(object, "token", &inner, err));
    SG_TRY(cer_json_put_text(inner, "label", key->token_label, err));
    SG_TRY(key->token_serial != NULL
               ? cer_json_put_text(inner, "serial", key->token_serial, err)
               : cer_json_put_null(inner, "serial", err));
    SG_TRY(new_object(object, "key", &inner, err));
    SG_TRY(cer_json_put_text(inner, "label", key->label, err));
    SG_TRY(cer_json_put_text(inner, "type", tok_key_type_name(key->type), err));
    SG_TRY(put_bytes_or_null(inner, "public_key", key->spki, err));
    return plan->type == CER_TYPE_KEY
               ? cer_guard_encode(&key->guard, inner, err)
               : cer_json_put_null(inner, "guard", err);
}

static enum sg_rc put_rules(const struct cer_plan *plan, json_object *object,
                            struct sg_err *err)
{
    json_object *inner = NULL;

    SG_TRY(new_object(object, "window", &inner, err));
    SG_TRY(cer_json_put_time(inner, "from", plan->window_from, err));
    SG_TRY(cer_json_put_time(inner, "until", plan->window_until, err));
    SG_TRY(new_object(object, "rules", &inner, err));
    SG_TRY(cer_json_put_text(inner, "profile", lint_profile_name(plan->profile),
                             err));
    SG_TRY(cer_json_put_bool(inner, "technically_constrained",
                             plan->technically_constrained, err));
    SG_TRY(cer_json_put_time(inner, "date", plan->lint_date, err));
    return cer_json_put_text(inner, "version", plan->lint_version, err);
}

static enum sg_rc put_inputs(const struct cer_plan *plan, json_object *object,
                             struct sg_err *err)
{
    json_object *list = NULL;

    SG_TRY(new_list(object, "inputs", &list, err));
    for (size_t i = 0; i < plan->n_inputs; i++) {
        const struct cer_input *input = &plan->input[i];
        json_object *one = json_object_new_object();

        SG_TRY(add(list, one, err));
        SG_TRY(cer_json_put_text(one, "role", input->role, err));
        SG_TRY(cer_json_put_text(one, "path", input->path, err));
        SG_TRY(
            cer_json_put_hex(one, "sha256", SG_SLICE(input->sha256, 32), err));
    }
    SG_TRY(new_list(object, "warnings", &list, err));
    for (size_t i = 0; i < plan->n_warnings; i++)
        SG_TRY(add(list, json_object_new_string(plan->warning[i]), err));
    return SG_OK;
}

static enum sg_rc put_chain(const struct cer_plan *plan, json_object *object,
                            struct sg_err *err)
{
    json_object *inner = NULL;

    SG_TRY(new_list(object, "chain", &inner, err));
    for (size_t i = 0; i < plan->n_chain; i++) {
        SG_CLEANUP(sg_buf_done) struct sg_buf text;

        sg_buf_init(&text, (size_t)2 * CA_CERT_MAX);
        SG_TRY(sg_base64_encode(plan->chain[i], &text, err));
        SG_TRY(add(
            inner,
            json_object_new_string_len((const char *)text.data, (int)text.len),
            err));
    }
    return SG_OK;
}

static enum sg_rc put_one(const struct cer_plan *plan, size_t i,
                          json_object *list, struct sg_err *err)
{
    json_object *one = json_object_new_object();
    json_object *content = NULL;
    uint8_t hash[32];

    SG_TRY(add(list, one, err));
    SG_TRY(cer_json_put_bytes(one, "tbs", plan->sign[i].der, err));
    SG_TRY(cer_sha256(plan->sign[i].der, hash, err));
    SG_TRY(cer_json_put_hex(one, "tbs_sha256", SG_SLICE(hash, 32), err));
    SG_TRY(cer_describe(plan, i, &content, err));
    return cer_json_put(one, "content", content, err);
}

static enum sg_rc put_sign(const struct cer_plan *plan, json_object *object,
                           struct sg_err *err)
{
    json_object *inner = NULL;
    json_object *list = NULL;

    if (plan->type == CER_TYPE_KEY)
        return cer_json_put_null(object, "sign", err);
    SG_TRY(new_object(object, "sign", &inner, err));
    SG_TRY(
        cer_json_put_text(inner, "algorithm", ca_sigalg_name(plan->alg), err));
    SG_TRY(new_list(inner, "list", &list, err));
    for (size_t i = 0; i < plan->n_sign; i++)
        SG_TRY(put_one(plan, i, list, err));
    return SG_OK;
}

enum sg_rc cer_plan_encode(const struct cer_plan *plan, struct sg_buf *out,
                           struct sg_err *err)
{
    SG_CLEANUP(cer_json_free) json_object *object = json_object_new_object();

    if (object == NULL)
        return sg_err_set(err, SG_NOMEM, "plan");
    SG_TRY(cer_json_put_text(object, "kind", CER_PLAN_KIND, err));
    SG_TRY(cer_json_put_int(object, "version", CER_PLAN_VERSION, err));
    SG_TRY(cer_json_put_text(object, "type", cer_type_name(plan->type), err));
    SG_TRY(cer_json_put_text(object, "id", plan->id, err));
    SG_TRY(cer_json_put_text(object, "title", plan->title, err));
    SG_TRY(cer_json_put_time(object, "created", plan->created, err));
    SG_TRY(put_people(plan, object, err));
    SG_TRY(put_key(plan, object, err));
    SG_TRY(put_rules(plan, object, err));
    SG_TRY(put_inputs(plan, object, err));
    SG_TRY(put_chain(plan, object, err));
    SG_TRY(put_sign(plan, object, err));
    SG_TRY(cer_past_put(plan, object, err));
    return cer_json_write(object, out, err);
}
