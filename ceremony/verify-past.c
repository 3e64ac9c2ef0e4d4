/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "ceremony/package.h"
#include "ceremony/verify-int.h"

/* --- forward ------------------------------------------------------------------- */

/* The one before the first: its file is the CRL that the plan names. */
static enum sg_rc read_last(struct cer_verify *v, struct sg_slice der,
                            struct ca_crl *ret, struct sg_err *err)
{
    uint8_t hash[32];

    SG_TRY(cer_sha256(der, hash, err));
    if (memcmp(hash, v->plan.past.sha256, sizeof(hash)) != 0)
        return sg_err_set(err, SG_FORMAT,
                          CER_FILE_LAST
                          " is not the CRL that the plan follows");
    if (ca_crl_parse(&v->arena, der, ret, err) != SG_OK)
        return sg_err_wrap(err, CER_FILE_LAST);
    return SG_OK;
}

/* "ledger" says what the ledger said in the room. */
static enum sg_rc check_line(struct cer_verify *v, struct sg_err *err)
{
    const struct cer_past *past = &v->plan.past;
    struct cer_reader in;
    json_object *last = NULL;
    uint8_t hash[32];

    SG_TRY(cer_verify_line(v, "ledger", &in, err));
    SG_TRY(cer_take_or_null(&in, "last", json_type_object, &last, err));
    if (last != NULL) {
        cer_reader_init(&in, last, "ledger: last");
        SG_TRY(cer_take_hex(&in, "sha256", hash, sizeof(hash), err));
    }
    if ((last != NULL) != past->has_last
        || (last != NULL && memcmp(hash, past->sha256, sizeof(hash)) != 0))
        return sg_err_set(err, SG_FORMAT, "ledger: \"last\" is not the plan's");
    return SG_OK;
}

/* Each is the one before of the next. */
static enum sg_rc check_forward(struct cer_verify *v, struct ca_crl *last,
                                const struct ca_cert *issuer,
                                struct sg_err *err)
{
    const struct cer_past *past = &v->plan.past;
    const struct cer_expired expired = { past->expired, past->n_expired };

    if (past->has_last)
        SG_TRY(ca_crl_check_signed_by(last, issuer, err));
    for (size_t i = 0; i < v->n_results; i++) {
        struct ca_crl next = { 0 };

        SG_TRY(ca_crl_parse(&v->arena, v->result[i], &next, err));
        if (i > 0 || past->has_last)
            SG_TRY(cer_ledger_compare(last, &next, &expired, &v->arena, err));
        *last = next;
    }
    return SG_OK;
}

/* "recorded" names each in the ledger. */
static enum sg_rc check_recorded(struct cer_verify *v, struct sg_err *err)
{
    struct cer_reader in;
    json_object *list = NULL;
    bool same = true;

    SG_TRY(cer_verify_line(v, "recorded", &in, err));
    SG_TRY(cer_take(&in, "files", json_type_array, &list, err));
    same = json_object_array_length(list) == v->n_results;
    for (size_t i = 0; same && i < v->n_results; i++) {
        struct ca_crl crl = { 0 };
        char file[CER_LEDGER_FILE_MAX];
        json_object *name = json_object_array_get_idx(list, i);

        SG_TRY(ca_crl_parse(&v->arena, v->result[i], &crl, err));
        same = json_object_is_type(name, json_type_string)
               && strcmp(json_object_get_string(name),
                         cer_crl_file(crl.number, "crl", file))
                      == 0;
    }
    return same ? SG_OK
                : sg_err_set(err, SG_FORMAT,
                             "recorded: \"files\" are not the lists");
}

enum sg_rc cer_verify_past(struct cer_verify *v, struct sg_err *err)
{
    struct ca_cert *issuer = sg_arena_new(&v->arena, struct ca_cert);
    struct ca_crl last = { 0 };
    struct sg_slice der = { 0 };
    char number[CER_NUMBER_TEXT_MAX];

    if (issuer == NULL)
        return sg_err_set(err, SG_NOMEM, "certificate");
    if (!cer_verify_has_result(v))
        return cer_verify_skip(v, CER_VERIFY_NO_RESULT);
    SG_TRY(check_line(v, err));
    if (v->plan.past.has_last) {
        SG_TRY(cer_verify_listed(v, CER_FILE_LAST, &der, err));
        if (der.len == 0)
            return cer_verify_skip(v, CER_VERIFY_CHANGED);
        SG_TRY(read_last(v, der, &last, err));
    }
    SG_TRY(ca_cert_parse(&v->arena, v->plan.chain[0], issuer, err));
    SG_TRY(check_forward(v, &last, issuer, err));
    SG_TRY(check_recorded(v, err));
    (void)snprintf(v->note, sizeof(v->note), "%zu after %s", v->n_results,
                   v->plan.past.has_last
                       ? cer_number_text(v->plan.past.number, number)
                       : "none");
    return SG_OK;
}

/* --- the calendar ---------------------------------------------------------------- */

enum sg_rc cer_verify_calendar(struct cer_verify *v, struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf want;
    struct sg_slice there = { 0 };

    sg_buf_init(&want, CER_PAGE_MAX);
    if (!cer_verify_has_result(v))
        return cer_verify_skip(v, CER_VERIFY_NO_RESULT);
    SG_TRY(cer_verify_listed(v, CER_FILE_CALENDAR, &there, err));
    if (there.len == 0)
        return cer_verify_skip(v, CER_VERIFY_CHANGED);
    SG_TRY(cer_package_calendar(&v->plan, v->result, &want, err));
    if (!sg_slice_eq(sg_buf_slice(&want), there))
        return sg_err_set(err, SG_FORMAT,
                          CER_FILE_CALENDAR " is not that of these lists");
    return SG_OK;
}
