/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "ceremony/verify-int.h"
#include "common/clock.h"

/* How far a ceremony has come. Going on after an interruption begins again
 * below the token's act, or right after it. */
enum stage {
    STAGE_OPENED,
    STAGE_TOKEN,     /* environment */
    STAGE_CHECKED,   /* rules of the day */
    STAGE_APPROVED,  /* approvals counted */
    STAGE_CONFIRMED, /* the word typed */
    STAGE_INTENT,    /* the token is asked now */
    STAGE_ACTED,     /* signature or key are on record */
    STAGE_VERIFIED,
    STAGE_LINTED,
    STAGE_WRITTEN,
    STAGE_CLOSED
};

/* from: where the event may stand; to: where it leads. */
static const struct event {
    const char *name;
    enum stage from, from_last, to;
} EVENTS[] = {
    { "environment", STAGE_OPENED, STAGE_OPENED, STAGE_TOKEN },
    { "checked", STAGE_TOKEN, STAGE_TOKEN, STAGE_CHECKED },
    { "approvals", STAGE_CHECKED, STAGE_CHECKED, STAGE_APPROVED },
    { "ledger", STAGE_APPROVED, STAGE_APPROVED, STAGE_APPROVED },
    { "confirmed", STAGE_APPROVED, STAGE_CONFIRMED, STAGE_CONFIRMED },
    { "refused", STAGE_APPROVED, STAGE_CONFIRMED, STAGE_APPROVED },
    { "intent", STAGE_CONFIRMED, STAGE_CONFIRMED, STAGE_INTENT },
    { "signed", STAGE_INTENT, STAGE_INTENT, STAGE_ACTED },
    { "key-made", STAGE_INTENT, STAGE_INTENT, STAGE_ACTED },
    { "verified", STAGE_ACTED, STAGE_ACTED, STAGE_VERIFIED },
    { "linted", STAGE_VERIFIED, STAGE_VERIFIED, STAGE_LINTED },
    { "written", STAGE_LINTED, STAGE_LINTED, STAGE_WRITTEN },
    { "bound", STAGE_WRITTEN, STAGE_WRITTEN, STAGE_WRITTEN },
    { "recorded", STAGE_WRITTEN, STAGE_WRITTEN, STAGE_WRITTEN },
    { "closed", STAGE_WRITTEN, STAGE_WRITTEN, STAGE_CLOSED },
};

static const struct event *find_event(const char *name)
{
    for (size_t i = 0; i < SG_ARRAY_LEN(EVENTS); i++)
        if (strcmp(EVENTS[i].name, name) == 0)
            return &EVENTS[i];
    return NULL;
}

/* Where "resumed" and "failed" lead: what the token did stays done. */
static enum stage again(enum stage stage)
{
    return stage >= STAGE_ACTED ? stage : STAGE_OPENED;
}

/* left: how many signatures of the plan are to come. */
static enum sg_rc step(const char *name, size_t *left, enum stage *stage,
                       struct sg_err *err)
{
    const struct event *event = find_event(name);

    if (*stage == STAGE_CLOSED)
        return sg_err_set(err, SG_FORMAT, "\"%s\" stands after \"closed\"",
                          name);
    if (strcmp(name, "resumed") == 0 || strcmp(name, "failed") == 0) {
        *stage = again(*stage);
        return SG_OK;
    }
    /* The token opened once more for what comes after its act. */
    if (*stage >= STAGE_ACTED && strcmp(name, "environment") == 0)
        return SG_OK;
    if (event == NULL)
        return sg_err_set(err, SG_FORMAT, "\"%s\" is no step of a ceremony",
                          name);
    if (*stage < event->from || *stage > event->from_last)
        return sg_err_set(err, SG_FORMAT, "\"%s\" stands at the wrong place",
                          name);
    *stage = event->to;
    /* The word was given for all of them. */
    if (strcmp(name, "signed") == 0 && *left > 0 && --*left > 0)
        *stage = STAGE_CONFIRMED;
    return SG_OK;
}

enum sg_rc cer_verify_event(struct cer_verify *v, size_t i,
                            const char **ret_name, int64_t *ret_time,
                            struct sg_err *err)
{
    struct cer_reader in;

    cer_reader_init(&in, cer_transcript_line(v->transcript, i), "transcript");
    SG_TRY(cer_take_text(&in, "event", &v->arena, ret_name, err));
    return cer_take_time(&in, "time", ret_time, err);
}

enum sg_rc cer_verify_order(struct cer_verify *v, struct sg_err *err)
{
    enum stage stage = STAGE_OPENED;
    const char *name = NULL;
    int64_t before = v->plan.created;
    int64_t time = 0;
    size_t intents = 0;
    size_t left = v->plan.n_sign;

    for (size_t i = 0; i < cer_transcript_count(v->transcript); i++) {
        SG_TRY(cer_verify_event(v, i, &name, &time, err));
        if (time < before - CER_CLOCK_SLACK)
            return sg_err_set(err, SG_FORMAT, "line %zu: the clock went back",
                              i + 1);
        before = time > before ? time : before;
        intents += strcmp(name, "intent") == 0 ? 1 : 0;
        if (i > 0 && step(name, &left, &stage, err) != SG_OK)
            return sg_err_wrap(err, "line %zu", i + 1);
    }
    if (intents > 1 && intents > v->plan.n_sign)
        (void)snprintf(v->note, sizeof(v->note),
                       "the token was asked %zu times", intents);
    return SG_OK;
}

/* The times at which it was judged and at which the token was asked. */
enum sg_rc cer_verify_window(struct cer_verify *v, struct sg_err *err)
{
    char text[SG_TIME_TEXT_MAX];
    const char *name = NULL;
    int64_t time = 0;

    for (size_t i = 0; i < cer_transcript_count(v->transcript); i++) {
        SG_TRY(cer_verify_event(v, i, &name, &time, err));
        if (strcmp(name, "checked") != 0 && strcmp(name, "intent") != 0)
            continue;
        if (time < v->plan.window_from || time > v->plan.window_until)
            return sg_err_set(err, SG_FORMAT,
                              "line %zu: \"%s\" at %s is outside the window",
                              i + 1, name, sg_time_text(time, text));
    }
    return SG_OK;
}

/* The first word of what the people hold against the screen: the hash of the
 * bytes to be signed, or of the plan when a key is made. */
enum sg_rc cer_verify_confirmed(struct cer_verify *v, struct sg_err *err)
{
    struct cer_reader in;
    const char *answer = NULL;
    char word[64];
    const uint8_t *hash =
        v->plan.type == CER_TYPE_KEY ? v->plan.sha256 : v->plan.tbs_sha256;

    SG_TRY(cer_verify_line(v, "confirmed", &in, err));
    SG_TRY(cer_take_text(&in, "answer", &v->arena, &answer, err));
    (void)cer_words(SG_SLICE(hash, 1), word, sizeof(word));
    if (strcmp(answer, word) != 0)
        return sg_err_set(err, SG_FORMAT,
                          "the answer was not the first word of the hash, %s",
                          word);
    (void)snprintf(v->note, sizeof(v->note), "%s", word);
    return SG_OK;
}

static enum sg_rc same_on_each_line(struct cer_verify *v, const char *key,
                                    const char **ret_text, struct sg_err *err)
{
    const char *first = NULL;
    const char *name = NULL;
    const char *text = NULL;
    int64_t time = 0;

    for (size_t i = 0; i < cer_transcript_count(v->transcript); i++) {
        struct cer_reader in;

        SG_TRY(cer_verify_event(v, i, &name, &time, err));
        if (strcmp(name, "environment") != 0)
            continue;
        cer_reader_init(&in, cer_transcript_line(v->transcript, i), name);
        SG_TRY(cer_take_text(&in, key, &v->arena, &text, err));
        if (first != NULL && strcmp(first, text) != 0)
            return sg_err_set(err, SG_FORMAT,
                              "line %zu: \"%s\" changed in mid-ceremony", i + 1,
                              key);
        first = text;
    }
    if (first == NULL)
        return sg_err_set(err, SG_FORMAT, "there is no \"environment\"");
    *ret_text = first;
    return SG_OK;
}

enum sg_rc cer_verify_token(struct cer_verify *v, struct sg_err *err)
{
    const struct cer_key *key = &v->plan.key;
    const char *label = NULL;
    const char *serial = NULL;
    const char *module = NULL;

    SG_TRY(same_on_each_line(v, "token_label", &label, err));
    SG_TRY(same_on_each_line(v, "token_serial", &serial, err));
    SG_TRY(same_on_each_line(v, "module_sha256", &module, err));
    if (strcmp(label, key->token_label) != 0)
        return sg_err_set(err, SG_FORMAT,
                          "environment: \"token_label\" is not the plan's");
    if (key->token_serial != NULL && strcmp(serial, key->token_serial) != 0)
        return sg_err_set(err, SG_FORMAT,
                          "environment: \"token_serial\" is not the plan's");
    (void)snprintf(v->note, sizeof(v->note), "%.60s, serial %.40s", label,
                   serial);
    return SG_OK;
}
