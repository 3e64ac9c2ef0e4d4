/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/package.h"

#include "common/parse.h"

#define WORK_MAX ((size_t)4 << 20) /* bytes to read one CRL into */
#define NAME_MAX_OCTETS 1024       /* as ledgers have it */
#define KEY_ID_TEXT_MAX 128        /* hex */

static enum sg_rc no_memory(struct sg_err *err)
{
    return sg_err_set(err, SG_NOMEM, "package");
}

static enum sg_rc fill_row(const struct ca_crl *crl, struct sg_arena *arena,
                           struct cer_ledger_row *row, struct sg_err *err)
{
    char number[CER_NUMBER_TEXT_MAX];
    char file[CER_LEDGER_FILE_MAX];

    *row = (struct cer_ledger_row){
        .number = sg_arena_strdup(arena, cer_number_text(crl->number, number)),
        .file = sg_arena_strdup(arena, cer_crl_file(crl->number, "crl", file)),
        .this_update = crl->this_update,
        .next_update = crl->next_update,
        .entries = (int64_t)crl->n_revoked,
    };
    return row->number != NULL && row->file != NULL ? SG_OK : no_memory(err);
}

static enum sg_rc fill_issuer(const struct ca_crl *crl, struct sg_arena *arena,
                              struct cer_ledger *ledger, struct sg_err *err)
{
    char name[NAME_MAX_OCTETS];
    char id[KEY_ID_TEXT_MAX];

    ledger->issuer =
        sg_arena_strdup(arena, ca_dn_text(crl->issuer, name, sizeof(name)));
    ledger->key_id = sg_arena_strdup(arena, sg_hex(crl->aki, id, sizeof(id)));
    return ledger->issuer != NULL && ledger->key_id != NULL ? SG_OK
                                                            : no_memory(err);
}

static enum sg_rc add_row(const struct cer_plan *plan, struct sg_slice der,
                          struct sg_arena *arena, struct cer_ledger *ledger,
                          struct sg_err *err)
{
    SG_CLEANUP(sg_arena_done) struct sg_arena work;
    struct cer_ledger_row *row = &ledger->row[ledger->n];
    struct ca_crl crl = { 0 };

    sg_arena_init(&work, WORK_MAX);
    if (der.p == NULL)
        SG_TRY(cer_plan_crl(plan, ledger->n, &work, &crl, err));
    else
        SG_TRY(ca_crl_parse(&work, der, &crl, err));
    SG_TRY(fill_row(&crl, arena, row, err));
    if (ledger->n++ == 0)
        SG_TRY(fill_issuer(&crl, arena, ledger, err));
    return der.p == NULL ? SG_OK : cer_sha256(der, row->sha256, err);
}

enum sg_rc cer_package_rows(const struct cer_plan *plan,
                            const struct sg_slice *crl, struct sg_arena *arena,
                            struct cer_ledger *ret, struct sg_err *err)
{
    static const struct sg_slice planned;
    const struct cer_ledger_row last = {
        .this_update = plan->past.this_update,
        .next_update = plan->past.next_update,
        .entries = plan->past.entries,
    };
    struct cer_ledger ledger = {
        .row = sg_arena_array(arena, struct cer_ledger_row, plan->n_sign + 1),
    };

    if (ledger.row == NULL)
        return no_memory(err);
    for (size_t i = 0; i < plan->n_sign; i++)
        SG_TRY(
            add_row(plan, crl != NULL ? crl[i] : planned, arena, &ledger, err));
    ledger.row[0].withdraws = plan->past.withdraw;
    cer_ledger_space(&ledger, plan->past.has_last ? &last : NULL);
    *ret = ledger;
    return SG_OK;
}

enum sg_rc cer_package_calendar(const struct cer_plan *plan,
                                const struct sg_slice *crl, struct sg_buf *out,
                                struct sg_err *err)
{
    SG_CLEANUP(sg_arena_done) struct sg_arena arena;
    struct cer_ledger ledger = { 0 };

    sg_arena_init(&arena, WORK_MAX);
    SG_TRY(cer_package_rows(plan, crl, &arena, &ledger, err));
    return cer_ledger_ics(&ledger, out, err);
}
