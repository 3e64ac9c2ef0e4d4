/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ca/oid.h"
#include "ceremony/plan-build.h"
#include "common/parse.h"

#define ARENA_MAX ((size_t)256 * 1024) /* constraints of TOK_NAMES_MAX, read */
#define DAY INT64_C(86400)

static struct sg_slice purpose_of(const struct tok_guard *guard, uint32_t i)
{
    return SG_SLICE(guard->eku[i].octets, guard->eku[i].len);
}

/* --- rules -------------------------------------------------------------------- */

static const char *purposes_fault(const struct tok_guard *guard)
{
    if (guard->n_eku > 0 && guard->purpose != TOK_PURPOSE_CA)
        return "extended_key_usage: goes with purpose ca only";
    for (uint32_t i = 0; i < guard->n_eku; i++)
        for (uint32_t k = 0; k < i; k++)
            if (sg_slice_eq(purpose_of(guard, i), purpose_of(guard, k)))
                return "extended_key_usage: a purpose stands there twice";
    return NULL;
}

static const char *fault_of(const struct tok_guard *guard)
{
    bool ca = guard->purpose == TOK_PURPOSE_CA;

    if (guard->purpose == TOK_PURPOSE_UNSET)
        return "purpose: missing";
    if (guard->max_validity < 0 || guard->max_validity > TOK_VALIDITY_MAX)
        return "max_validity: beyond 10000000000 s";
    if (ca && guard->max_validity == 0)
        return "max_validity: purpose ca needs it";
    if (!ca && guard->max_validity != 0)
        return "max_validity: goes with purpose ca only";
    if (!ca && guard->may_sign_ca)
        return "may_sign_ca: goes with purpose ca only";
    if (!ca && guard->no_crl)
        return "may_sign_crls: goes with purpose ca only";
    if (!guard->may_sign_ca && guard->has_max_path_length)
        return "max_path_length: goes with may_sign_ca only";
    if (!ca && guard->names.len > 0)
        return "name_constraints: goes with purpose ca only";
    return purposes_fault(guard);
}

enum sg_rc cer_guard_check(const struct tok_guard *guard, enum sg_rc rc,
                           struct sg_err *err)
{
    const char *fault = fault_of(guard);

    return fault == NULL ? SG_OK : sg_err_set(err, rc, "guard: %s", fault);
}

bool cer_guard_same(const struct tok_guard *a, const struct tok_guard *b)
{
    bool purposes = a->n_eku == b->n_eku;

    for (uint32_t i = 0; purposes && i < a->n_eku; i++)
        purposes = sg_slice_eq(purpose_of(a, i), purpose_of(b, i));
    return purposes && a->purpose == b->purpose
           && a->may_sign_ca == b->may_sign_ca
           && a->has_max_path_length == b->has_max_path_length
           && (!a->has_max_path_length
               || a->max_path_length == b->max_path_length)
           && a->max_validity == b->max_validity
           && (a->purpose != TOK_PURPOSE_CA || a->no_crl == b->no_crl)
           && a->per_second == b->per_second && a->per_day == b->per_day
           && sg_slice_eq(a->names, b->names);
}

/* --- out of a request ------------------------------------------------------------ */

static enum sg_rc add_purpose(struct tok_guard *guard, const char *dotted,
                              struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf oid;

    sg_buf_init(&oid, TOK_OID_MAX);
    if (guard->n_eku == TOK_EKU_MAX)
        return sg_err_set(err, SG_CONFIG, "more than %d", TOK_EKU_MAX);
    if (sg_oid_from_text(dotted, &oid, err) != SG_OK)
        return sg_err_wrap(err, "neither serverAuth, clientAuth, codeSigning, "
                                "emailProtection, timeStamping, OCSPSigning "
                                "nor an OID");
    struct tok_oid *new = &guard->eku[guard->n_eku++];
    memcpy(new->octets, oid.data, oid.len);
    new->len = (uint8_t)oid.len;
    return SG_OK;
}

static enum sg_rc set_purposes(struct cer_build *build, struct tok_guard *guard,
                               struct sg_err *err)
{
    const struct cer_list *list = &build->request->guard->extended_key_usage;
    const char *const *dotted = NULL;
    struct sg_err why = { 0 };

    SG_TRY(cer_value_purposes(build, list, &dotted, err));
    for (uint32_t i = 0; i < list->v_count; i++)
        if (add_purpose(guard, dotted[i], &why) != SG_OK)
            return sg_err_set(err, SG_CONFIG, "guard: extended_key_usage: %s",
                              why.msg);
    return SG_OK;
}

static enum sg_rc encode_names(struct cer_build *build,
                               const struct ca_constraints *constraints,
                               struct tok_guard *guard, struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf der;
    struct sg_derw w;

    sg_buf_init(&der, TOK_NAMES_MAX);
    sg_derw_init(&w, &der);
    SG_TRY(ca_constraints_encode(constraints, &w, err));
    SG_TRY(sg_derw_finish(&w, err));
    guard->names = sg_arena_copy(build->arena, sg_buf_slice(&der));
    return guard->names.p != NULL ? SG_OK
                                  : sg_err_set(err, SG_NOMEM, "plan: guard");
}

static enum sg_rc set_names(struct cer_build *build, struct tok_guard *guard,
                            struct sg_err *err)
{
    const struct cer_request_constraints *asked =
        build->request->guard->name_constraints;
    struct ca_constraints constraints = { 0 };
    struct sg_err why = { 0 };

    if (asked == NULL)
        return SG_OK;
    if (cer_value_constraints(build, asked, &constraints, &why) != SG_OK
        || encode_names(build, &constraints, guard, &why) != SG_OK)
        return sg_err_set(err, SG_CONFIG, "guard: name_constraints: %s",
                          why.msg);
    return SG_OK;
}

static enum sg_rc set_rate(const char *key, const uint32_t *asked,
                           uint32_t *ret, struct sg_err *err)
{
    if (asked == NULL)
        return SG_OK;
    if (*asked < 1 || *asked > TOK_RATE_MAX)
        return sg_err_set(err, SG_CONFIG,
                          "guard: %s: %" PRIu32 " is not 1 to %d", key, *asked,
                          TOK_RATE_MAX);
    *ret = *asked;
    return SG_OK;
}

enum sg_rc cer_build_guard(struct cer_build *build, struct sg_err *err)
{
    const struct cer_request_guard *asked = build->request->guard;
    struct tok_guard *guard = &build->plan->key.guard;
    struct sg_err why = { 0 };

    if (tok_purpose_parse(asked->purpose, &guard->purpose, &why) != SG_OK)
        return sg_err_set(err, SG_CONFIG, "guard: %s", why.msg);
    guard->may_sign_ca = asked->may_sign_ca != NULL && *asked->may_sign_ca;
    guard->no_crl = asked->may_sign_crls != NULL && !*asked->may_sign_crls;
    guard->has_max_path_length = asked->max_path_length != NULL;
    if (asked->max_path_length != NULL)
        guard->max_path_length = *asked->max_path_length;
    if (asked->max_validity != NULL
        && sg_parse_duration(asked->max_validity, &guard->max_validity, &why)
               != SG_OK)
        return sg_err_set(err, SG_CONFIG, "guard: max_validity: %s", why.msg);
    SG_TRY(set_purposes(build, guard, err));
    SG_TRY(set_names(build, guard, err));
    SG_TRY(set_rate("max_per_second", asked->max_per_second, &guard->per_second,
                    err));
    return set_rate("max_per_day", asked->max_per_day, &guard->per_day, err);
}

/* --- as JSON ------------------------------------------------------------------- */

static enum sg_rc put_number(json_object *object, const char *key, bool present,
                             int64_t v, struct sg_err *err)
{
    return present ? cer_json_put_int(object, key, v, err)
                   : cer_json_put_null(object, key, err);
}

static enum sg_rc put_purposes(const struct tok_guard *guard,
                               json_object *object, struct sg_err *err)
{
    json_object *list = json_object_new_array();

    SG_TRY(cer_json_put(object, "extended_key_usage", list, err));
    for (uint32_t i = 0; i < guard->n_eku; i++) {
        char text[SG_OID_TEXT_MAX];
        json_object *one =
            json_object_new_string(ca_oid_text(purpose_of(guard, i), text));

        if (one == NULL || json_object_array_add(list, one) != 0) {
            (void)json_object_put(one);
            return sg_err_set(err, SG_NOMEM, "plan: guard");
        }
    }
    return SG_OK;
}

/* The octets are what counts. The texts are for people, and derived from them
 * again whenever the plan is read. */
static enum sg_rc put_names(const struct tok_guard *guard, json_object *object,
                            struct sg_err *err)
{
    SG_CLEANUP(sg_arena_done) struct sg_arena arena;
    struct ca_constraints constraints;
    json_object *inner;

    sg_arena_init(&arena, ARENA_MAX);
    if (guard->names.len == 0)
        return cer_json_put_null(object, "name_constraints", err);
    if (ca_constraints_parse(&arena, guard->names, &constraints, err) != SG_OK)
        return sg_err_wrap(err, "plan: guard: name_constraints");
    inner = json_object_new_object();
    SG_TRY(cer_json_put(object, "name_constraints", inner, err));
    SG_TRY(cer_describe_constraints(&constraints, inner, err));
    return cer_json_put_bytes(inner, "der", guard->names, err);
}

enum sg_rc cer_guard_encode(const struct tok_guard *guard, json_object *key,
                            struct sg_err *err)
{
    json_object *inner = json_object_new_object();

    SG_TRY(cer_json_put(key, "guard", inner, err));
    SG_TRY(cer_json_put_text(inner, "purpose", tok_purpose_name(guard->purpose),
                             err));
    SG_TRY(cer_json_put_bool(inner, "may_sign_ca", guard->may_sign_ca, err));
    SG_TRY(cer_json_put_bool(inner, "may_sign_crls",
                             guard->purpose == TOK_PURPOSE_CA && !guard->no_crl,
                             err));
    SG_TRY(cer_json_put_int(inner, "max_validity", guard->max_validity, err));
    SG_TRY(put_number(inner, "max_path_length", guard->has_max_path_length,
                      guard->max_path_length, err));
    SG_TRY(put_purposes(guard, inner, err));
    SG_TRY(put_names(guard, inner, err));
    SG_TRY(put_number(inner, "max_per_second", guard->per_second > 0,
                      guard->per_second, err));
    return put_number(inner, "max_per_day", guard->per_day > 0, guard->per_day,
                      err);
}

/* A number or null. */
struct member {
    const char *key;
    uint32_t min, max;
    bool present;
    uint32_t v;
};

static enum sg_rc take_number(struct cer_reader *in, struct member *m,
                              struct sg_err *err)
{
    json_object *value = NULL;

    SG_TRY(cer_take_or_null(in, m->key, json_type_int, &value, err));
    m->present = value != NULL;
    if (value == NULL)
        return SG_OK;
    int64_t v = json_object_get_int64(value);
    if (v < m->min || v > m->max)
        return sg_err_set(err, SG_FORMAT, "%s: \"%s\" is out of range",
                          in->what, m->key);
    m->v = (uint32_t)v;
    return SG_OK;
}

static enum sg_rc take_numbers(struct cer_reader *in, struct tok_guard *guard,
                               struct sg_err *err)
{
    struct member path = { .key = "max_path_length", .max = UINT32_MAX };
    struct member second = { "max_per_second", 1, TOK_RATE_MAX, false, 0 };
    struct member day = { "max_per_day", 1, TOK_RATE_MAX, false, 0 };

    SG_TRY(cer_take_int(in, "max_validity", 0, TOK_VALIDITY_MAX,
                        &guard->max_validity, err));
    SG_TRY(take_number(in, &path, err));
    SG_TRY(take_number(in, &second, err));
    SG_TRY(take_number(in, &day, err));
    guard->has_max_path_length = path.present;
    guard->max_path_length = path.v;
    guard->per_second = second.v;
    guard->per_day = day.v;
    return SG_OK;
}

static enum sg_rc take_purposes(struct cer_reader *in, struct tok_guard *guard,
                                struct sg_err *err)
{
    json_object *list = NULL;
    char dotted[SG_OID_TEXT_MAX];

    SG_TRY(cer_take(in, "extended_key_usage", json_type_array, &list, err));
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        json_object *one = json_object_array_get_idx(list, i);
        struct sg_err why = { 0 };

        if (!json_object_is_type(one, json_type_string)
            || add_purpose(guard,
                           cer_purpose_oid(json_object_get_string(one), dotted),
                           &why)
                   != SG_OK)
            return sg_err_set(err, SG_FORMAT,
                              "plan: guard: extended_key_usage[%zu]: %s", i,
                              why.rc != SG_OK ? why.msg : "not a string");
    }
    return SG_OK;
}

static enum sg_rc take_names(struct cer_reader *in, struct sg_arena *arena,
                             struct tok_guard *guard, struct sg_err *err)
{
    json_object *value = NULL;
    json_object *unused = NULL;
    struct cer_reader inner;

    SG_TRY(cer_take_or_null(in, "name_constraints", json_type_object, &value,
                            err));
    if (value == NULL)
        return SG_OK;
    cer_reader_init(&inner, value, "plan: guard: name_constraints");
    SG_TRY(cer_take_bytes(&inner, "der", arena, &guard->names, err));
    SG_TRY(cer_take(&inner, "permitted", json_type_array, &unused, err));
    SG_TRY(cer_take(&inner, "excluded", json_type_array, &unused, err));
    SG_TRY(cer_reader_end(&inner, err));
    if (guard->names.len == 0 || guard->names.len > TOK_NAMES_MAX)
        return sg_err_set(err, SG_FORMAT,
                          "plan: guard: name_constraints: \"der\" of %zu "
                          "octets, must have 1 to %d",
                          guard->names.len, TOK_NAMES_MAX);
    return SG_OK;
}

enum sg_rc cer_guard_take(struct cer_reader *key, struct sg_arena *arena,
                          struct tok_guard *ret, struct sg_err *err)
{
    struct tok_guard guard = { 0 };
    json_object *object = NULL;
    struct cer_reader in;
    const char *purpose = NULL;
    bool crls = false;

    SG_TRY(cer_take(key, "guard", json_type_object, &object, err));
    cer_reader_init(&in, object, "plan: guard");
    SG_TRY(cer_take_text(&in, "purpose", arena, &purpose, err));
    if (tok_purpose_parse(purpose, &guard.purpose, err) != SG_OK) {
        err->rc = SG_FORMAT;
        return sg_err_wrap(err, "plan: guard");
    }
    SG_TRY(cer_take_bool(&in, "may_sign_ca", &guard.may_sign_ca, err));
    SG_TRY(cer_take_bool(&in, "may_sign_crls", &crls, err));
    guard.no_crl = guard.purpose == TOK_PURPOSE_CA && !crls;
    SG_TRY(take_numbers(&in, &guard, err));
    SG_TRY(take_purposes(&in, &guard, err));
    SG_TRY(take_names(&in, arena, &guard, err));
    SG_TRY(cer_reader_end(&in, err));
    *ret = guard;
    return SG_OK;
}

/* --- for people ------------------------------------------------------------------ */

/* Joined with commas; NULL when memory ran out. */
static const char *join(json_object *list, struct sg_buf *out)
{
    struct sg_err ignored = { 0 };
    enum sg_rc rc = SG_OK;

    sg_buf_reset(out);
    for (size_t i = 0; rc == SG_OK && i < json_object_array_length(list); i++) {
        const char *text =
            json_object_get_string(json_object_array_get_idx(list, i));
        if (i > 0)
            rc = sg_buf_put(out, (const uint8_t *)", ", 2, &ignored);
        if (rc == SG_OK)
            rc = sg_buf_put(out, (const uint8_t *)text, strlen(text), &ignored);
    }
    if (rc == SG_OK)
        rc = sg_buf_put_u8(out, 0, &ignored);
    return rc == SG_OK ? (const char *)out->data : NULL;
}

static enum sg_rc tell_list(json_object *from, const char *key,
                            const char *title, cer_tell row, void *arg,
                            struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf text;
    json_object *list = NULL;

    sg_buf_init(&text, CER_PLAN_MAX);
    if (from == NULL || !json_object_object_get_ex(from, key, &list)
        || json_object_array_length(list) == 0)
        return SG_OK;
    if (join(list, &text) == NULL)
        return sg_err_set(err, SG_NOMEM, "guard");
    row(arg, title, (const char *)text.data);
    return SG_OK;
}

static void tell_limits(const struct tok_guard *guard, cer_tell row, void *arg)
{
    char limit[64];

    if (!guard->may_sign_ca)
        (void)snprintf(limit, sizeof(limit), "no");
    else if (guard->has_max_path_length)
        (void)snprintf(limit, sizeof(limit), "path length %" PRIu32 " at most",
                       guard->max_path_length);
    else
        (void)snprintf(limit, sizeof(limit), "any path length");
    row(arg, "CA certificates", limit);
    row(arg, "CRLs", guard->no_crl ? "no" : "yes");
    if (guard->max_validity % DAY == 0)
        (void)snprintf(limit, sizeof(limit), "%" PRId64 " days",
                       guard->max_validity / DAY);
    else
        (void)snprintf(limit, sizeof(limit), "%" PRId64 " seconds",
                       guard->max_validity);
    row(arg, "Longest validity", limit);
}

static void tell_rate(uint32_t rate, const char *title, cer_tell row, void *arg)
{
    char text[16];

    if (rate == 0)
        return;
    (void)snprintf(text, sizeof(text), "%" PRIu32, rate);
    row(arg, title, text);
}

enum sg_rc cer_guard_tell(const struct tok_guard *guard, cer_tell row,
                          void *arg, struct sg_err *err)
{
    SG_CLEANUP(cer_json_free) json_object *json = json_object_new_object();
    json_object *names = NULL;

    if (json == NULL)
        return sg_err_set(err, SG_NOMEM, "guard");
    SG_TRY(put_purposes(guard, json, err));
    SG_TRY(put_names(guard, json, err));
    (void)json_object_object_get_ex(json, "name_constraints", &names);
    row(arg, "Guard", tok_purpose_name(guard->purpose));
    if (guard->purpose == TOK_PURPOSE_CA)
        tell_limits(guard, row, arg);
    SG_TRY(tell_list(json, "extended_key_usage", "Purposes", row, arg, err));
    SG_TRY(tell_list(names, "permitted", "Names permitted", row, arg, err));
    SG_TRY(tell_list(names, "excluded", "Names excluded", row, arg, err));
    tell_rate(guard->per_second, "Signatures a second", row, arg);
    tell_rate(guard->per_day, "Signatures a day", row, arg);
    return SG_OK;
}
