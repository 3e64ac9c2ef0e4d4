/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "ceremony/execute-int.h"
#include "ceremony/ledger.h"
#include "common/clock.h"
#include "common/parse.h"

#define AGAIN_WORDS "sign again"
#define PAUSE_MS 1100 /* a guard's bucket holds what it allows in a second */
#define PAUSES_MAX 3

/* --- the people's word --------------------------------------------------------- */

static const char *what_is_signed(enum cer_type type)
{
    switch (type) {
    case CER_TYPE_CSR:
        return "certificate request";
    case CER_TYPE_CRL:
        return "revocation list";
    case CER_TYPE_ROOT:
    case CER_TYPE_INTERMEDIATE:
    case CER_TYPE_CROSS_CERTIFICATE:
    case CER_TYPE_ROLLOVER:
    case CER_TYPE_OCSP_RESPONDER:
        return "certificate";
    case CER_TYPE_KEY:
    case CER_TYPE_UNSET:
        break;
    }
    return "?";
}

/* "will sign the certificate", "will sign 3 revocation lists". */
static void put_prompt(const struct cer_execution *x,
                       char prompt[CER_ANSWER_MAX])
{
    const char *what = what_is_signed(x->plan->type);
    size_t left = x->plan->n_sign - cer_signed_count(x);
    char counted[64];

    (void)snprintf(counted, sizeof(counted), "%zu %ss", left, what);
    if (!cer_plan_is_package(x->plan))
        (void)snprintf(counted, sizeof(counted), "the %s", what);
    else if (left < x->plan->n_sign)
        (void)snprintf(counted, sizeof(counted), "the other %zu %ss", left,
                       what);
    (void)snprintf(prompt, CER_ANSWER_MAX,
                   "The key '%s' will sign %s. To do so, type the first word "
                   "of the TBS hash",
                   x->plan->key.label, counted);
}

/* Each hash, then the one over them, which is read out. */
static void say_hashes(const struct cer_execution *x)
{
    char title[64];
    char hex[65];

    for (size_t i = 0; cer_plan_is_package(x->plan) && i < x->plan->n_sign;
         i++) {
        (void)snprintf(title, sizeof(title), "TBS %zu of %zu", i + 1,
                       x->plan->n_sign);
        cer_say(
            x->room, "%-*s %s\n", CER_TITLE_WIDTH, title,
            sg_hex(SG_SLICE(x->plan->sign[i].sha256, 32), hex, sizeof(hex)));
    }
    cer_say_hash(x->room, "TBS SHA-256", x->plan->tbs_sha256);
}

static enum sg_rc ask_to_sign(struct cer_execution *x, struct sg_err *err)
{
    char prompt[CER_ANSWER_MAX];
    char word[CER_ANSWER_MAX];

    if (cer_progress(x) == CER_PROGRESS_UNKNOWN)
        SG_TRY(cer_confirm(x,
                           "The token may have signed this before. To let it "
                           "sign once more, type: " AGAIN_WORDS,
                           AGAIN_WORDS, err));
    say_hashes(x);
    put_prompt(x, prompt);
    return cer_confirm(x, prompt, cer_first_word(x->plan->tbs_sha256, word),
                       err);
}

/* --- the act ------------------------------------------------------------------- */

/* index, tbs_sha256, and the number of a CRL: what is signed. */
static enum sg_rc put_what(const struct cer_execution *x, size_t i,
                           json_object *line, struct sg_err *err)
{
    SG_CLEANUP(sg_arena_done) struct sg_arena arena;
    struct ca_crl crl = { 0 };

    sg_arena_init(&arena, CER_PLAN_MAX);
    if (line == NULL)
        return sg_err_set(err, SG_NOMEM, "transcript");
    SG_TRY(cer_json_put_int(line, "index", (int64_t)i + 1, err));
    SG_TRY(cer_json_put_hex(line, "tbs_sha256",
                            SG_SLICE(x->plan->sign[i].sha256, 32), err));
    if (x->plan->type != CER_TYPE_CRL)
        return SG_OK;
    SG_TRY(cer_plan_crl(x->plan, i, &arena, &crl, err));
    return cer_json_put_hex(line, "number", cer_magnitude(crl.number), err);
}

static enum sg_rc ask_token(struct cer_execution *x, struct sg_slice tbs,
                            struct sg_buf *out, struct sg_err *err)
{
    struct sg_slice alg = ca_sigalg_der(x->plan->alg);

    if (x->plan->type == CER_TYPE_CSR)
        return tok_sign_csr(x->key, alg, tbs, out, err);
    if (x->plan->type == CER_TYPE_CRL)
        return tok_sign_crl(x->key, alg, tbs, out, err);
    return tok_sign_cert(x->key, alg, tbs, out, err);
}

/* A package is faster than many guards allow: wait for them. */
static enum sg_rc ask_with_pauses(struct cer_execution *x, struct sg_slice tbs,
                                  struct sg_buf *out, struct sg_err *err)
{
    enum sg_rc rc = ask_token(x, tbs, out, err);

    for (int i = 0;
         i < PAUSES_MAX && rc == SG_LIMIT && cer_plan_is_package(x->plan);
         i++) {
        sg_err_clear(err);
        sg_sleep_ms(PAUSE_MS);
        rc = ask_token(x, tbs, out, err);
    }
    return rc;
}

static enum sg_rc sign_one(struct cer_execution *x, size_t i,
                           struct sg_err *err)
{
    SG_CLEANUP(cer_json_free) json_object *intent = json_object_new_object();
    SG_CLEANUP(cer_json_free) json_object *line = json_object_new_object();
    SG_CLEANUP(sg_buf_done) struct sg_buf signature;

    sg_buf_init(&signature, TOK_SIGNATURE_MAX);
    SG_TRY(put_what(x, i, intent, err));
    SG_TRY(put_what(x, i, line, err));
    SG_TRY(cer_token_intend(x, "sign", SG_TAKE(intent), err));
    if (ask_with_pauses(x, x->plan->sign[i].der, &signature, err) != SG_OK)
        return cer_token_failed(x, err);
    SG_TRY(cer_json_put_bytes(line, "algorithm", ca_sigalg_der(x->plan->alg),
                              err));
    SG_TRY(
        cer_json_put_bytes(line, "signature", sg_buf_slice(&signature), err));
    return cer_journal_add(x, "signed", SG_TAKE(line), err);
}

enum sg_rc cer_token_sign(struct cer_execution *x, struct sg_err *err)
{
    SG_TRY(ask_to_sign(x, err));
    for (size_t i = cer_signed_count(x); i < x->plan->n_sign; i++) {
        SG_TRY(sign_one(x, i, err));
        cer_say(x->room, "%-*s ", CER_TITLE_WIDTH, "Signed");
        if (cer_plan_is_package(x->plan))
            cer_say(x->room, "%zu of %zu ", i + 1, x->plan->n_sign);
        cer_say(x->room, "by %s in %s\n", x->plan->key.label, x->token.label);
    }
    return SG_OK;
}
