/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/approval.h"

#include <stdio.h>
#include <string.h>

#include "ceremony/json.h"
#include "common/cleanup-openssl.h"
#include "common/clock.h"
#include "common/parse.h"

#define WHAT "approval"
#define KIND "signet approval"
#define VERSION 1
#define MESSAGE_MAX 2048

enum sg_rc cer_approval_message(const struct cer_plan *plan, const char *name,
                                int64_t time, struct sg_buf *out,
                                struct sg_err *err)
{
    char hash[65];
    char when[SG_TIME_TEXT_MAX];

    return sg_buf_printf(out, err, KIND " v1\n%s\n%s\n%s\n",
                         sg_hex(SG_SLICE(plan->sha256, 32), hash, sizeof(hash)),
                         name, sg_time_text(time, when));
}

enum sg_rc cer_approval_encode(const struct cer_plan *plan,
                               const struct cer_approval_signed *made,
                               struct sg_buf *out, struct sg_err *err)
{
    SG_CLEANUP(cer_json_free) json_object *json = json_object_new_object();

    if (json == NULL)
        return sg_err_set(err, SG_NOMEM, WHAT);
    SG_TRY(cer_json_put_text(json, "kind", KIND, err));
    SG_TRY(cer_json_put_int(json, "version", VERSION, err));
    SG_TRY(cer_json_put_text(json, "plan_id", plan->id, err));
    SG_TRY(
        cer_json_put_hex(json, "plan_sha256", SG_SLICE(plan->sha256, 32), err));
    SG_TRY(cer_json_put_text(json, "approver", made->name, err));
    SG_TRY(cer_json_put_time(json, "time", made->time, err));
    SG_TRY(
        cer_json_put_bytes(json, "algorithm", ca_sigalg_der(made->alg), err));
    SG_TRY(cer_json_put_bytes(json, "signature", made->signature, err));
    SG_TRY(cer_json_write(json, out, err));
    return sg_buf_put_u8(out, '\n', err);
}

struct fields {
    const char *name;
    int64_t time;
    uint8_t plan_sha256[32];
    enum ca_sigalg alg;
    struct sg_slice signature;
};

static enum sg_rc read_fields(json_object *json, struct sg_arena *arena,
                              struct fields *ret, struct sg_err *err)
{
    struct cer_reader in;
    const char *text = NULL;
    int64_t version;
    struct sg_slice alg = { 0 };

    cer_reader_init(&in, json, WHAT);
    SG_TRY(cer_take_text(&in, "kind", arena, &text, err));
    if (strcmp(text, KIND) != 0)
        return sg_err_set(err, SG_FORMAT,
                          WHAT ": \"kind\" is not \"" KIND "\"");
    SG_TRY(cer_take_int(&in, "version", VERSION, VERSION, &version, err));
    SG_TRY(cer_take_text(&in, "plan_id", arena, &text, err));
    SG_TRY(cer_take_hex(&in, "plan_sha256", ret->plan_sha256, 32, err));
    SG_TRY(cer_take_text(&in, "approver", arena, &ret->name, err));
    SG_TRY(cer_take_time(&in, "time", &ret->time, err));
    SG_TRY(cer_take_bytes(&in, "algorithm", arena, &alg, err));
    SG_TRY(cer_take_bytes(&in, "signature", arena, &ret->signature, err));
    SG_TRY(cer_reader_end(&in, err));
    if (ca_sigalg_parse(alg, &ret->alg, err) != SG_OK)
        return sg_err_wrap(err, WHAT " by %s", ret->name);
    return SG_OK;
}

/* The file ends with one newline after the canonical object. */
static enum sg_rc read_file(struct sg_slice bytes, struct sg_arena *arena,
                            struct fields *ret, struct sg_err *err)
{
    SG_CLEANUP(cer_json_free) json_object *json = NULL;

    if (bytes.len > CER_APPROVAL_MAX)
        return sg_err_set(err, SG_LIMIT, WHAT ": more than %d bytes",
                          CER_APPROVAL_MAX);
    if (bytes.len == 0 || bytes.p[bytes.len - 1] != '\n')
        return sg_err_set(err, SG_FORMAT, WHAT ": does not end with a newline");
    SG_TRY(cer_json_read(SG_SLICE(bytes.p, bytes.len - 1), WHAT, &json, err));
    return read_fields(json, arena, ret, err);
}

/* JSON values that can be written in more than one way: times, base64. */
static enum sg_rc check_same_again(const struct cer_plan *plan,
                                   const struct fields *fields,
                                   struct sg_slice json, struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf again;

    sg_buf_init(&again, (size_t)2 * CER_APPROVAL_MAX);
    const struct cer_approval_signed made = { .name = fields->name,
                                              .time = fields->time,
                                              .alg = fields->alg,
                                              .signature = fields->signature };
    SG_TRY(cer_approval_encode(plan, &made, &again, err));
    if (!sg_slice_eq(sg_buf_slice(&again), json))
        return sg_err_set(err, SG_FORMAT,
                          WHAT " by %s: not in canonical form (changed by "
                               "hand?)",
                          fields->name);
    return SG_OK;
}

static enum sg_rc is_requester(const char *name, struct sg_err *err)
{
    return sg_err_set(err, SG_DENIED,
                      WHAT ": %s is the requester, who may not approve", name);
}

static enum sg_rc find_approver(const struct cer_plan *plan, const char *name,
                                size_t *ret, struct sg_err *err)
{
    for (size_t i = 0; i < plan->n_approvers; i++) {
        if (strcmp(plan->approver[i].name, name) != 0)
            continue;
        /* A requester who lists a second name for the same key, or another key
         * for the same name. */
        if (cer_person_same(&plan->approver[i], &plan->requester))
            return is_requester(name, err);
        *ret = i;
        return SG_OK;
    }
    if (strcmp(plan->requester.name, name) == 0)
        return is_requester(name, err);
    return sg_err_set(err, SG_DENIED,
                      WHAT ": %s is not an approver of this plan", name);
}

static enum sg_rc check_signature(const struct cer_plan *plan, size_t approver,
                                  const struct fields *fields,
                                  struct sg_err *err)
{
    SG_CLEANUP(EVP_PKEY_free) EVP_PKEY *key = NULL;
    SG_CLEANUP(sg_buf_done) struct sg_buf message;
    struct ca_spki spki;

    sg_buf_init(&message, MESSAGE_MAX);
    SG_TRY(ca_spki_parse(plan->approver[approver].spki, &spki, err));
    SG_TRY(ca_spki_to_pkey(&spki, &key, err));
    SG_TRY(
        cer_approval_message(plan, fields->name, fields->time, &message, err));
    struct sg_err reason = { 0 };
    if (ca_verify(key, fields->alg, sg_buf_slice(&message), fields->signature,
                  &reason)
        != SG_OK)
        return sg_err_set(err, SG_DENIED,
                          WHAT ": the signature of %s does not verify with "
                               "the key that the plan names",
                          fields->name);
    return SG_OK;
}

enum sg_rc cer_approval_check(const struct cer_plan *plan, struct sg_slice json,
                              struct sg_arena *arena,
                              struct cer_approval *ret_approval,
                              struct sg_err *err)
{
    struct fields fields = { 0 };
    size_t approver;

    SG_TRY(read_file(json, arena, &fields, err));
    SG_TRY(find_approver(plan, fields.name, &approver, err));
    if (memcmp(fields.plan_sha256, plan->sha256, 32) != 0)
        return sg_err_set(err, SG_DENIED, WHAT " by %s: it is for another plan",
                          fields.name);
    SG_TRY(check_same_again(plan, &fields, json, err));
    SG_TRY(check_signature(plan, approver, &fields, err));
    if (fields.time < plan->created)
        return sg_err_set(err, SG_DENIED,
                          WHAT " by %s: it is older than the plan",
                          fields.name);
    *ret_approval = (struct cer_approval){ fields.name, fields.time, approver };
    return SG_OK;
}

enum sg_rc cer_approvals_enough(const struct cer_plan *plan,
                                const struct cer_approval *approval, size_t n,
                                struct sg_err *err)
{
    bool seen[CER_APPROVERS_MAX] = { false };
    char names[256] = "nobody";
    size_t used = 0;
    size_t count = 0;

    for (size_t i = 0; i < n; i++) {
        if (seen[approval[i].approver])
            continue; /* the same person again */
        seen[approval[i].approver] = true;
        int len = snprintf(names + used, sizeof(names) - used, "%s%s",
                           count > 0 ? ", " : "", approval[i].name);
        if (len > 0 && (size_t)len < sizeof(names) - used)
            used += (size_t)len;
        count++;
    }
    if (count >= plan->approvals_needed)
        return SG_OK;
    return sg_err_set(
        err, SG_DENIED, "%zu of %zu approvals: approved by %s; %zu more needed",
        count, plan->approvals_needed, names, plan->approvals_needed - count);
}

enum sg_rc cer_approval_admit(const struct cer_plan *plan, const char *name,
                              int64_t now, struct sg_err *err)
{
    size_t approver;
    char clock[SG_TIME_TEXT_MAX];
    char edge[SG_TIME_TEXT_MAX];

    SG_TRY(find_approver(plan, name, &approver, err));
    if (now < plan->created)
        return sg_err_set(err, SG_CONFIG,
                          "the clock says %s, before the plan was made (%s): "
                          "check the clock",
                          sg_time_text(now, clock),
                          sg_time_text(plan->created, edge));
    if (now > plan->window_until)
        return sg_err_set(err, SG_DENIED,
                          "the plan could be executed until %s, the clock says "
                          "%s: check the clock, or make a new plan",
                          sg_time_text(plan->window_until, edge),
                          sg_time_text(now, clock));
    return SG_OK;
}
