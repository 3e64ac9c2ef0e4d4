/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "ceremony/plan-int.h"
#include "ceremony/verify-int.h"

/* What single lines say, held against the plan and against what came out. */

enum sg_rc cer_verify_attributes(struct cer_verify *v, struct cer_reader *in,
                                 const char *key, struct sg_err *err)
{
    const char *text = NULL;
    uint32_t attrs = 0;

    SG_TRY(cer_take_text(in, key, &v->arena, &text, err));
    if (!tok_attrs_parse(text, &attrs))
        return sg_err_set(err, SG_FORMAT, "%s: \"%s\" are not those of a key",
                          in->what, key);
    /* Ceremonies make their keys in the token and use no others. */
    const char *fault = tok_attrs_fault(attrs, true);
    if (fault != NULL)
        return sg_err_set(err, SG_FORMAT, "%s: %s", in->what, fault);
    return SG_OK;
}

static enum sg_rc check_environment(struct cer_verify *v, struct cer_reader *in,
                                    struct sg_err *err)
{
    /* a key that is still to be made is not there */
    if (cer_reader_has(in, "key_label"))
        SG_TRY(cer_verify_same(v, in, "key_label", v->plan.key.label, err));
    if (cer_reader_has(in, "key_attributes"))
        SG_TRY(cer_verify_attributes(v, in, "key_attributes", err));
    return SG_OK;
}

static enum sg_rc check_intent(struct cer_verify *v, struct cer_reader *in,
                               struct sg_err *err)
{
    const char *action = NULL;
    uint8_t hash[32];
    int64_t index = 0;
    bool key = v->plan.type == CER_TYPE_KEY;

    SG_TRY(cer_take_text(in, "action", &v->arena, &action, err));
    if (key ? strcmp(action, "make-key") != 0
                  && strcmp(action, "adopt-key") != 0
            : strcmp(action, "sign") != 0)
        return sg_err_set(err, SG_FORMAT,
                          "intent: \"action\" is not what the plan is for");
    SG_TRY(cer_verify_same(v, in, "label", v->plan.key.label, err));
    if (key)
        return SG_OK;
    SG_TRY(cer_take_hex(in, "tbs_sha256", hash, sizeof(hash), err));
    SG_TRY(cer_take_int(in, "index", 1, (int64_t)v->plan.n_sign, &index, err));
    if (memcmp(hash, v->plan.sign[index - 1].sha256, sizeof(hash)) != 0)
        return sg_err_set(err, SG_FORMAT,
                          "intent: \"tbs_sha256\" is not the plan's");
    return SG_OK;
}

/* The room's own checks: each was made. A key has no planned bytes. */
static enum sg_rc check_verified(struct cer_verify *v, struct cer_reader *in,
                                 struct sg_err *err)
{
    static const char *const names[] = { "openssl", "walker", "tbs" };
    size_t want = v->plan.type == CER_TYPE_KEY ? 2 : 3;
    json_object *list = NULL;

    SG_TRY(cer_take(in, "checks", json_type_array, &list, err));
    size_t n = json_object_array_length(list);
    for (size_t i = 0; i < want; i++) {
        const char *text =
            i < n ? json_object_get_string(json_object_array_get_idx(list, i))
                  : NULL;
        if (n != want || text == NULL || strcmp(text, names[i]) != 0)
            return sg_err_set(err, SG_FORMAT,
                              "verified: \"checks\" are not those of a "
                              "ceremony");
    }
    return SG_OK;
}

static enum sg_rc check_bound(struct cer_verify *v, struct cer_reader *in,
                              struct sg_err *err)
{
    uint8_t hash[32];
    uint8_t made[32];

    if (!cer_verify_has_result(v))
        return SG_OK; /* the signature's check has told why */
    SG_TRY(cer_take_hex(in, "certificate_sha256", hash, sizeof(hash), err));
    SG_TRY(cer_sha256(v->result[0], made, err));
    if (memcmp(hash, made, sizeof(hash)) != 0)
        return sg_err_set(err, SG_FORMAT,
                          "bound: \"certificate_sha256\" is not the result's");
    return SG_OK;
}

enum sg_rc cer_verify_record(struct cer_verify *v, struct sg_err *err)
{
    static const struct {
        const char *event;
        enum sg_rc (*fn)(struct cer_verify *v, struct cer_reader *in,
                         struct sg_err *err);
    } rows[] = { { "environment", check_environment },
                 { "intent", check_intent },
                 { "verified", check_verified },
                 { "bound", check_bound } };
    const char *event = NULL;
    int64_t time = 0;

    for (size_t i = 0; i < cer_transcript_count(v->transcript); i++) {
        SG_TRY(cer_verify_event(v, i, &event, &time, err));
        for (size_t k = 0; k < SG_ARRAY_LEN(rows); k++) {
            struct cer_reader in;
            if (strcmp(rows[k].event, event) != 0)
                continue;
            cer_reader_init(&in, cer_transcript_line(v->transcript, i), event);
            SG_TRY(rows[k].fn(v, &in, err));
        }
    }
    return SG_OK;
}
