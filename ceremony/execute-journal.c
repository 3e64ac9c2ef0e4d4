/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ceremony/execute-int.h"
#include "common/clock.h"
#include "common/file.h"

#define TRIES 3

enum sg_rc cer_journal_add(struct cer_execution *x, const char *event,
                           json_object *own_fields, struct sg_err *err)
{
    return cer_transcript_add(x->transcript, sg_now(), event, own_fields, err);
}

enum sg_rc cer_journal_report(const struct cer_execution *x,
                              json_object *fields, int64_t date,
                              struct sg_err *err)
{
    const struct lint_report *report = &x->report;
    SG_CLEANUP(cer_json_free) json_object *list = json_object_new_array();

    if (list == NULL)
        return sg_err_set(err, SG_NOMEM, "findings");
    for (size_t i = 0; i < report->n; i++) {
        const struct lint_finding *f = &report->finding[i];
        json_object *one = json_object_new_object();
        if (one == NULL || json_object_array_add(list, one) != 0) {
            (void)json_object_put(one);
            return sg_err_set(err, SG_NOMEM, "findings");
        }
        SG_TRY(cer_json_put_text(one, "rule", f->rule->id, err));
        SG_TRY(cer_json_put_text(one, "severity",
                                 lint_severity_name(f->severity), err));
        SG_TRY(cer_json_put_text(one, "text", f->text, err));
    }
    SG_TRY(cer_json_put_time(fields, "lint_date", date, err));
    SG_TRY(cer_json_put_text(fields, "lint_version", LINT_RULES_VERSION, err));
    SG_TRY(cer_json_put_text(fields, "profile",
                             lint_profile_name(x->plan->profile), err));
    SG_TRY(
        cer_json_put_int(fields, "rules_run", (int64_t)report->rules_run, err));
    return cer_json_put(fields, "findings", SG_TAKE(list), err);
}

static const char *member(json_object *line, const char *key)
{
    json_object *value;

    if (line == NULL || !json_object_object_get_ex(line, key, &value)
        || !json_object_is_type(value, json_type_string))
        return NULL;
    return json_object_get_string(value);
}

const char *cer_journal_text(const struct cer_execution *x, const char *event,
                             const char *key)
{
    return member(cer_transcript_find(x->transcript, event), key);
}

/* --- what has happened -------------------------------------------------------- */

size_t cer_signed_count(const struct cer_execution *x)
{
    size_t n = 0;

    while (n < x->plan->n_sign
           && cer_transcript_signed(x->transcript, n) != NULL)
        n++;
    return n;
}

enum cer_progress cer_progress(const struct cer_execution *x)
{
    enum cer_progress progress = CER_PROGRESS_NONE;
    size_t n_signed = 0;

    for (size_t i = 0; i < cer_transcript_count(x->transcript); i++) {
        json_object *line = cer_transcript_line(x->transcript, i);
        const char *event = member(line, "event");
        json_object *certain;
        if (event == NULL)
            continue;
        if (strcmp(event, "closed") == 0)
            return CER_PROGRESS_CLOSED;
        if (strcmp(event, "key-made") == 0)
            progress = CER_PROGRESS_ACTED;
        else if (strcmp(event, "signed") == 0)
            progress = ++n_signed < x->plan->n_sign ? CER_PROGRESS_NONE
                                                    : CER_PROGRESS_ACTED;
        else if (strcmp(event, "intent") == 0)
            progress = CER_PROGRESS_UNKNOWN;
        else if (strcmp(event, "failed") == 0
                 && json_object_object_get_ex(line, "nothing_done", &certain)
                 && json_object_get_boolean(certain))
            progress = CER_PROGRESS_NONE;
    }
    return progress;
}

/* Of a package: how far it has come. */
static void say_signed(const struct cer_execution *x)
{
    size_t n = cer_signed_count(x);

    if (n > 0)
        cer_say(x->room,
                "The token has signed %zu of %zu; those are on record and will "
                "not be signed again.\n\n",
                n, x->plan->n_sign);
}

static void say_history(const struct cer_execution *x)
{
    bool key = x->plan->type == CER_TYPE_KEY;
    const char *event = key ? "key-made" : "signed";
    const char *when = cer_journal_text(x, event, "time");

    cer_say(x->room, "\nThis ceremony was begun before, %s.\n",
            cer_journal_text(x, "opened", "time"));
    switch (cer_progress(x)) {
    case CER_PROGRESS_NONE:
        if (cer_signed_count(x) == 0)
            cer_say(x->room, "Nothing has happened in the token. It goes on "
                             "from the start.\n\n");
        say_signed(x);
        break;
    case CER_PROGRESS_UNKNOWN:
        say_signed(x);
        cer_say(x->room,
                "At %s the token was asked to %s, and its answer is not on "
                "record.\n%s\n\n",
                cer_journal_text(x, "intent", "time"),
                key                            ? "make the key"
                : cer_plan_is_package(x->plan) ? "sign the next one"
                                               : "sign",
                key ? "The token will be searched for the key before anything "
                      "else is done."
                    : "A signature may have been made; none left this "
                      "machine.");
        break;
    case CER_PROGRESS_ACTED:
        cer_say(x->room,
                "The token has %s at %s; that is on record and will not be "
                "done again.\nIt goes on from there.\n\n",
                key ? "made the key" : "signed", when);
        break;
    case CER_PROGRESS_CLOSED:
        cer_say(x->room,
                "The token has %s at %s. It was finished at %s; nothing is "
                "left to do.\n",
                key ? "made the key" : "signed", when,
                cer_journal_text(x, "closed", "time"));
        break;
    }
}

/* --- opening ------------------------------------------------------------------ */

/* A new folder, an empty one, or one with a transcript in it. */
static enum sg_rc look_at_folder(const char *dir, bool *ret_begun,
                                 struct sg_err *err)
{
    char path[SG_FILE_PATH_MAX];
    DIR *folder = opendir(dir);
    const struct dirent *entry;
    bool empty = true;

    *ret_begun = false;
    if (folder == NULL && errno == ENOENT)
        return SG_OK;
    if (folder == NULL)
        return sg_err_errno(err, errno == ENOTDIR ? SG_CONFLICT : SG_IO, "%s",
                            dir);
    // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread
    while ((entry = readdir(folder)) != NULL)
        empty = empty
                && (strcmp(entry->d_name, ".") == 0
                    || strcmp(entry->d_name, "..") == 0);
    (void)closedir(folder);
    SG_TRY(sg_file_path(dir, CER_FILE_TRANSCRIPT, path, err));
    *ret_begun = access(path, F_OK) == 0;
    if (!empty && !*ret_begun)
        return sg_err_set(err, SG_CONFLICT,
                          "%s exists, is not empty and holds no transcript of "
                          "this ceremony",
                          dir);
    return SG_OK;
}

static enum sg_rc check_not_back(const struct cer_execution *x,
                                 struct sg_err *err)
{
    size_t n = cer_transcript_count(x->transcript);
    const char *last =
        member(cer_transcript_line(x->transcript, n - 1), "time");
    char now[SG_TIME_TEXT_MAX];

    /* RFC 3339 in UTC with four digits of the year: the order of the texts is
     * that of the times. */
    (void)sg_time_text(sg_now() + CER_CLOCK_SLACK, now);
    if (last != NULL && strcmp(last, now) > 0)
        return sg_err_set(err, SG_CONFIG,
                          "the clock says %s, the transcript's last line is of "
                          "%s: check the clock",
                          sg_time_text(sg_now(), now), last);
    return SG_OK;
}

enum sg_rc cer_journal_open(struct cer_execution *x, struct sg_err *err)
{
    const struct cer_execute_args *args = x->args;
    bool begun;

    SG_TRY(look_at_folder(args->out, &begun, err));
    if (!begun) {
        SG_TRY(cer_execute_admit(args, sg_now(), false, &x->report, err));
        if (mkdir(args->out, 0755) != 0 && errno != EEXIST)
            return sg_err_errno(err, SG_IO, "%s", args->out);
    }
    SG_TRY(cer_transcript_open(args->out, x->plan, &x->transcript, err));
    if (!begun || cer_transcript_count(x->transcript) == 1)
        return begun ? cer_execute_admit(args, sg_now(), false, &x->report, err)
                     : SG_OK;
    SG_TRY(check_not_back(x, err));
    enum cer_progress progress = cer_progress(x);
    say_history(x);
    if (progress == CER_PROGRESS_CLOSED)
        return SG_OK;
    SG_TRY(cer_execute_admit(args, sg_now(), progress == CER_PROGRESS_ACTED,
                             &x->report, err));
    return cer_journal_add(x, "resumed", NULL, err);
}

/* --- the people's word -------------------------------------------------------- */

enum sg_rc cer_confirm(struct cer_execution *x, const char *prompt,
                       const char *word, struct sg_err *err)
{
    char answer[CER_ANSWER_MAX];

    for (int i = 0; i < TRIES; i++) {
        SG_TRY(x->room->ask(x->room->arg, prompt, word, answer, err));
        bool right = strcmp(answer, word) == 0;
        SG_CLEANUP(cer_json_free) json_object *line = json_object_new_object();
        if (line == NULL)
            return sg_err_set(err, SG_NOMEM, "answer");
        SG_TRY(cer_json_put_text(line, "prompt", prompt, err));
        SG_TRY(cer_json_put_text(line, "answer", answer, err));
        SG_TRY(cer_journal_add(x, right ? "confirmed" : "refused",
                               SG_TAKE(line), err));
        if (right)
            return SG_OK;
        cer_say(x->room, "That is not the word.\n");
    }
    return sg_err_set(err, SG_DENIED,
                      "the word was not given in %d tries: nothing was done in "
                      "the token",
                      TRIES);
}
