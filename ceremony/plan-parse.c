/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "ceremony/plan-int.h"
#include "common/parse.h"

static enum sg_rc no_memory(struct sg_err *err)
{
    return sg_err_set(err, SG_NOMEM, "plan");
}

/* Readers of small texts fail with codes of their own; here it is the plan that
 * is malformed. */
static enum sg_rc malformed(const char *what, struct sg_err *err)
{
    if (err->rc != SG_NOMEM)
        err->rc = SG_FORMAT;
    return sg_err_wrap(err, "%s", what);
}

/* --- small members ---------------------------------------------------------- */

static enum sg_rc take_object(struct cer_reader *in, const char *key,
                              const char *what, struct cer_reader *ret,
                              struct sg_err *err)
{
    json_object *object = NULL;

    SG_TRY(cer_take(in, key, json_type_object, &object, err));
    cer_reader_init(ret, object, what);
    return SG_OK;
}

static enum sg_rc take_list(struct cer_reader *in, const char *key, size_t max,
                            json_object **ret, struct sg_err *err)
{
    json_object *list = NULL;

    SG_TRY(cer_take(in, key, json_type_array, &list, err));
    if (json_object_array_length(list) > max)
        return sg_err_set(err, SG_FORMAT, "%s: \"%s\": more than %zu entries",
                          in->what, key, max);
    *ret = list;
    return SG_OK;
}

/* An entry of a list that has to be an object. */
static enum sg_rc entry(json_object *list, size_t i, const char *what,
                        struct cer_reader *ret, struct sg_err *err)
{
    json_object *one = json_object_array_get_idx(list, i);

    if (!json_object_is_type(one, json_type_object))
        return sg_err_set(err, SG_FORMAT, "%s[%zu]: not an object", what, i);
    cer_reader_init(ret, one, what);
    return SG_OK;
}

static enum sg_rc take_bytes_or_empty(struct cer_reader *in, const char *key,
                                      struct sg_arena *arena,
                                      struct sg_slice *ret, struct sg_err *err)
{
    json_object *value = NULL;

    if (json_object_object_get_ex(in->object, key, &value) && value == NULL)
        return cer_take_or_null(in, key, json_type_string, &value, err);
    return cer_take_bytes(in, key, arena, ret, err);
}

/* --- people ------------------------------------------------------------------ */

static enum sg_rc take_person(struct cer_reader *in, struct sg_arena *arena,
                              struct cer_person *ret, struct sg_err *err)
{
    SG_TRY(cer_take_text(in, "name", arena, &ret->name, err));
    SG_TRY(take_bytes_or_empty(in, "public_key", arena, &ret->spki, err));
    return cer_reader_end(in, err);
}

static enum sg_rc take_people(struct cer_reader *in, struct sg_arena *arena,
                              struct cer_plan *plan, struct sg_err *err)
{
    json_object *list = NULL;
    struct cer_reader inner;
    int64_t needed = 0;

    SG_TRY(take_object(in, "requester", "plan: requester", &inner, err));
    SG_TRY(take_person(&inner, arena, &plan->requester, err));
    SG_TRY(take_list(in, "approvers", CER_APPROVERS_MAX, &list, err));
    plan->n_approvers = json_object_array_length(list);
    for (size_t i = 0; i < plan->n_approvers; i++) {
        SG_TRY(entry(list, i, "plan: approvers", &inner, err));
        SG_TRY(take_person(&inner, arena, &plan->approver[i], err));
    }
    SG_TRY(cer_take_int(in, "approvals_needed", 0, CER_APPROVERS_MAX, &needed,
                        err));
    plan->approvals_needed = (size_t)needed;
    return SG_OK;
}

/* --- key ----------------------------------------------------------- */

static enum sg_rc take_key(struct cer_reader *in, struct sg_arena *arena,
                           struct cer_plan *plan, struct sg_err *err)
{
    struct cer_key *key = &plan->key;
    struct cer_reader inner;
    json_object *serial = NULL;
    const char *type = NULL;

    SG_TRY(take_object(in, "token", "plan: token", &inner, err));
    SG_TRY(cer_take_text(&inner, "label", arena, &key->token_label, err));
    SG_TRY(cer_take_or_null(&inner, "serial", json_type_string, &serial, err));
    if (serial != NULL) {
        key->token_serial =
            sg_arena_strdup(arena, json_object_get_string(serial));
        if (key->token_serial == NULL)
            return no_memory(err);
    }
    SG_TRY(cer_reader_end(&inner, err));

    SG_TRY(take_object(in, "key", "plan: key", &inner, err));
    SG_TRY(cer_take_text(&inner, "label", arena, &key->label, err));
    SG_TRY(cer_take_text(&inner, "type", arena, &type, err));
    if (tok_key_type_parse(type, &key->type, err) != SG_OK)
        return malformed("plan: key: type", err);
    SG_TRY(take_bytes_or_empty(&inner, "public_key", arena, &key->spki, err));
    if (plan->type == CER_TYPE_KEY) {
        SG_TRY(cer_guard_take(&inner, arena, &key->guard, err));
    } else {
        SG_TRY(cer_take_or_null(&inner, "guard", json_type_null, &serial, err));
    }
    return cer_reader_end(&inner, err);
}

/* --- rules and inputs --------------------------------------------------------- */

static enum sg_rc take_rules(struct cer_reader *in, struct sg_arena *arena,
                             struct cer_plan *plan, struct sg_err *err)
{
    struct cer_reader inner;
    const char *profile = NULL;

    SG_TRY(take_object(in, "window", "plan: window", &inner, err));
    SG_TRY(cer_take_time(&inner, "from", &plan->window_from, err));
    SG_TRY(cer_take_time(&inner, "until", &plan->window_until, err));
    SG_TRY(cer_reader_end(&inner, err));

    SG_TRY(take_object(in, "rules", "plan: rules", &inner, err));
    SG_TRY(cer_take_text(&inner, "profile", arena, &profile, err));
    if (lint_profile_parse(profile, &plan->profile, err) != SG_OK)
        return malformed("plan: rules", err);
    SG_TRY(cer_take_bool(&inner, "technically_constrained",
                         &plan->technically_constrained, err));
    SG_TRY(cer_take_time(&inner, "date", &plan->lint_date, err));
    SG_TRY(cer_take_text(&inner, "version", arena, &plan->lint_version, err));
    return cer_reader_end(&inner, err);
}

static enum sg_rc take_inputs(struct cer_reader *in, struct sg_arena *arena,
                              struct cer_plan *plan, struct sg_err *err)
{
    json_object *list = NULL;

    SG_TRY(take_list(in, "inputs", CER_INPUTS_MAX, &list, err));
    plan->n_inputs = json_object_array_length(list);
    plan->input = sg_arena_array(arena, struct cer_input, plan->n_inputs + 1);
    if (plan->input == NULL)
        return no_memory(err);
    for (size_t i = 0; i < plan->n_inputs; i++) {
        struct cer_input *input = &plan->input[i];
        struct cer_reader one;

        SG_TRY(entry(list, i, "plan: inputs", &one, err));
        SG_TRY(cer_take_text(&one, "role", arena, &input->role, err));
        SG_TRY(cer_take_text(&one, "path", arena, &input->path, err));
        SG_TRY(cer_take_hex(&one, "sha256", input->sha256, 32, err));
        SG_TRY(cer_reader_end(&one, err));
    }
    return SG_OK;
}

static enum sg_rc take_warnings(struct cer_reader *in, struct sg_arena *arena,
                                struct cer_plan *plan, struct sg_err *err)
{
    json_object *list = NULL;

    SG_TRY(take_list(in, "warnings", CER_WARNINGS_MAX, &list, err));
    plan->n_warnings = json_object_array_length(list);
    plan->warning = sg_arena_array(arena, const char *, plan->n_warnings + 1);
    if (plan->warning == NULL)
        return no_memory(err);
    for (size_t i = 0; i < plan->n_warnings; i++) {
        json_object *text = json_object_array_get_idx(list, i);

        if (!json_object_is_type(text, json_type_string))
            return sg_err_set(err, SG_FORMAT,
                              "plan: warnings[%zu]: not of type string", i);
        plan->warning[i] = sg_arena_strdup(arena, json_object_get_string(text));
        if (plan->warning[i] == NULL)
            return no_memory(err);
    }
    return SG_OK;
}

/* --- what will be signed ------------------------------------------------------ */

static enum sg_rc take_chain(struct cer_reader *in, struct sg_arena *arena,
                             struct cer_plan *plan, struct sg_err *err)
{
    json_object *list = NULL;

    SG_TRY(take_list(in, "chain", CA_CHAIN_MAX, &list, err));
    plan->n_chain = json_object_array_length(list);
    for (size_t i = 0; i < plan->n_chain; i++) {
        json_object *text = json_object_array_get_idx(list, i);
        SG_CLEANUP(sg_buf_done) struct sg_buf der;
        struct sg_err ignored = { 0 };

        sg_buf_init(&der, CA_CERT_MAX);
        if (!json_object_is_type(text, json_type_string)
            || sg_base64_decode(sg_slice_str(json_object_get_string(text)),
                                &der, &ignored)
                   != SG_OK)
            return sg_err_set(err, SG_FORMAT, "plan: chain[%zu]: not base64",
                              i);
        plan->chain[i] = sg_arena_copy(arena, sg_buf_slice(&der));
        if (plan->chain[i].p == NULL)
            return no_memory(err);
    }
    return SG_OK;
}

static enum sg_rc sigalg_by_name(const char *name, enum ca_sigalg *ret,
                                 struct sg_err *err)
{
    char shown[SG_SHOW_MAX];

    for (int alg = CA_SIGALG_UNSET + 1; alg <= CA_SIGALG_ED25519; alg++) {
        if (strcmp(ca_sigalg_name((enum ca_sigalg)alg), name) == 0) {
            *ret = (enum ca_sigalg)alg;
            return SG_OK;
        }
    }
    return sg_err_set(err, SG_FORMAT,
                      "plan: sign: \"algorithm\" is \"%s\", which is none",
                      sg_show(name, shown));
}

static const char *shown_value(json_object *value, struct sg_buf *buf,
                               char shown[SG_SHOW_MAX])
{
    struct sg_err ignored = { 0 };

    sg_buf_reset(buf);
    if (cer_json_write(value, buf, &ignored) != SG_OK
        || sg_buf_put_u8(buf, '\0', &ignored) != SG_OK)
        return "too long to be shown";
    return sg_show((const char *)buf->data, shown);
}

/* Is what people read what the octets say? Member by member, for the message;
 * that nothing else stands there is known from the whole being written again. */
static enum sg_rc compare(json_object *written, json_object *derived,
                          struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf a;
    SG_CLEANUP(sg_buf_done) struct sg_buf b;

    sg_buf_init(&a, CER_PLAN_MAX);
    sg_buf_init(&b, CER_PLAN_MAX);
    json_object_object_foreach(derived, key, value)
    {
        json_object *theirs = NULL;
        char text_a[SG_SHOW_MAX];
        char text_b[SG_SHOW_MAX];

        if (!json_object_object_get_ex(written, key, &theirs))
            return sg_err_set(err, SG_FORMAT, "plan: \"%s\" is missing", key);
        (void)shown_value(theirs, &a, text_a);
        (void)shown_value(value, &b, text_b);
        if (!sg_slice_eq(sg_buf_slice(&a), sg_buf_slice(&b)))
            return sg_err_set(err, SG_FORMAT,
                              "plan: \"%s\" is %s but the TBS says %s", key,
                              text_a, text_b);
    }
    return SG_OK;
}

static enum sg_rc check_content(struct cer_reader *one,
                                const struct cer_plan *plan, size_t i,
                                struct sg_err *err)
{
    SG_CLEANUP(cer_json_free) json_object *derived = NULL;
    json_object *written = NULL;
    uint8_t hash[32];

    SG_TRY(cer_take_hex(one, "tbs_sha256", hash, 32, err));
    if (memcmp(hash, plan->sign[i].sha256, 32) != 0)
        return sg_err_set(err, SG_FORMAT,
                          "plan: \"tbs_sha256\" is not the hash of the TBS");
    SG_TRY(cer_take(one, "content", json_type_object, &written, err));
    if (cer_describe(plan, i, &derived, err) != SG_OK)
        return sg_err_wrap(err, "plan: TBS");
    return compare(written, derived, err);
}

static enum sg_rc take_tbs(json_object *list, struct sg_arena *arena,
                           struct cer_plan *plan, struct sg_err *err)
{
    struct cer_reader one;

    for (size_t i = 0; i < plan->n_sign; i++) {
        SG_TRY(entry(list, i, "plan: sign", &one, err));
        SG_TRY(cer_take_bytes(&one, "tbs", arena, &plan->sign[i].der, err));
        SG_TRY(cer_sha256(plan->sign[i].der, plan->sign[i].sha256, err));
        if (check_content(&one, plan, i, err) != SG_OK)
            return plan->n_sign == 1 ? err->rc
                                     : sg_err_wrap(err, "plan: sign[%zu]", i);
        SG_TRY(cer_reader_end(&one, err));
    }
    return cer_plan_hash(plan, err);
}

/* A room gathers for one act; only CRLs are made for the months ahead. */
static enum sg_rc check_count(const struct cer_plan *plan, struct sg_err *err)
{
    if (plan->n_sign == 0)
        return sg_err_set(err, SG_FORMAT, "plan: sign: \"list\" is empty");
    if (plan->n_sign > 1 && plan->type != CER_TYPE_CRL)
        return sg_err_set(err, SG_FORMAT,
                          "plan: sign: type %s signs one thing, not %zu",
                          cer_type_name(plan->type), plan->n_sign);
    return SG_OK;
}

static enum sg_rc take_sign(struct cer_reader *in, struct sg_arena *arena,
                            struct cer_plan *plan, struct sg_err *err)
{
    json_object *none = NULL;
    json_object *list = NULL;
    struct cer_reader sign;
    const char *alg = NULL;

    if (plan->type == CER_TYPE_KEY)
        return cer_take_or_null(in, "sign", json_type_null, &none, err);
    SG_TRY(take_object(in, "sign", "plan: sign", &sign, err));
    SG_TRY(cer_take_text(&sign, "algorithm", arena, &alg, err));
    SG_TRY(sigalg_by_name(alg, &plan->alg, err));
    SG_TRY(take_list(&sign, "list", CER_SIGN_MAX, &list, err));
    plan->n_sign = json_object_array_length(list);
    plan->sign = sg_arena_array(arena, struct cer_tbs, plan->n_sign + 1);
    if (plan->sign == NULL)
        return no_memory(err);
    SG_TRY(check_count(plan, err));
    SG_TRY(take_tbs(list, arena, plan, err));
    return cer_reader_end(&sign, err);
}

/* --- the whole ---------------------------------------------------------------- */

static enum sg_rc take_head(struct cer_reader *in, struct sg_arena *arena,
                            struct cer_plan *plan, struct sg_err *err)
{
    const char *text = NULL;
    int64_t version = 0;

    SG_TRY(cer_take_text(in, "kind", arena, &text, err));
    if (strcmp(text, CER_PLAN_KIND) != 0)
        return sg_err_set(err, SG_FORMAT,
                          "plan: \"kind\" is not \"" CER_PLAN_KIND "\"");
    SG_TRY(cer_take_int(in, "version", CER_PLAN_VERSION, CER_PLAN_VERSION,
                        &version, err));
    SG_TRY(cer_take_text(in, "type", arena, &text, err));
    if (cer_type_parse(text, &plan->type, err) != SG_OK)
        return malformed("plan: type", err);
    SG_TRY(cer_take_text(in, "id", arena, &plan->id, err));
    SG_TRY(cer_take_text(in, "title", arena, &plan->title, err));
    return cer_take_time(in, "created", &plan->created, err);
}

static enum sg_rc check_again(const struct cer_plan *plan, struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf again;

    sg_buf_init(&again, CER_PLAN_MAX);
    SG_TRY(cer_plan_encode(plan, &again, err));
    if (!sg_slice_eq(sg_buf_slice(&again), plan->json))
        return sg_err_set(err, SG_FORMAT,
                          "plan: not as signet writes what it says (changed by "
                          "hand?)");
    return SG_OK;
}

static enum sg_rc take_all(json_object *object, struct sg_arena *arena,
                           struct cer_plan *plan, struct sg_err *err)
{
    struct cer_reader in;

    cer_reader_init(&in, object, "plan");
    SG_TRY(take_head(&in, arena, plan, err));
    SG_TRY(take_people(&in, arena, plan, err));
    SG_TRY(take_key(&in, arena, plan, err));
    SG_TRY(take_rules(&in, arena, plan, err));
    SG_TRY(take_inputs(&in, arena, plan, err));
    SG_TRY(take_warnings(&in, arena, plan, err));
    SG_TRY(take_chain(&in, arena, plan, err));
    SG_TRY(take_sign(&in, arena, plan, err));
    SG_TRY(cer_past_take(&in, arena, plan, err));
    return cer_reader_end(&in, err);
}

static enum sg_rc parse(struct sg_slice json, struct sg_arena *arena,
                        struct cer_plan *plan, struct sg_err *err)
{
    SG_CLEANUP(cer_json_free) json_object *object = NULL;

    if (json.len > CER_PLAN_MAX)
        return sg_err_set(err, SG_FORMAT, "plan: more than %zu bytes",
                          CER_PLAN_MAX);
    SG_TRY(cer_json_read(json, "plan", &object, err));
    SG_TRY(take_all(object, arena, plan, err));
    if (cer_plan_check(plan, SG_FORMAT, err) != SG_OK)
        return sg_err_wrap(err, "plan");
    SG_TRY(cer_plan_check_tbs(plan, err));
    if (cer_plan_check_package(plan, err) != SG_OK)
        return sg_err_wrap(err, "plan");
    plan->json = sg_arena_copy(arena, json);
    if (plan->json.p == NULL)
        return no_memory(err);
    SG_TRY(check_again(plan, err));
    return cer_sha256(json, plan->sha256, err);
}

enum sg_rc cer_plan_parse(struct sg_slice json, struct sg_arena *arena,
                          struct cer_plan *ret_plan, struct sg_err *err)
{
    struct cer_plan *plan = sg_arena_new(arena, struct cer_plan);

    if (plan == NULL)
        return no_memory(err);
    if (parse(json, arena, plan, err) != SG_OK) {
        /* What ca/ refuses by policy is here a file that is no plan. */
        if (err->rc == SG_POLICY || err->rc == SG_LIMIT)
            err->rc = SG_FORMAT;
        return err->rc;
    }
    *ret_plan = *plan;
    return SG_OK;
}
