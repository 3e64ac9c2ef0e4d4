/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ceremony-room.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "common/parse.h"

/* A plan with a large CRL; a bundle and twice its files, for base64. */
#define ARENA_MAX ((size_t)96 * 1024 * 1024)

static enum sg_rc read_plan(struct cli_room *room, const char *path,
                            struct sg_err *err)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf file;

    sg_buf_init(&file, CER_PLAN_MAX);
    SG_TRY(sg_file_read(path, &file, err));
    struct sg_slice json = sg_arena_copy(&room->arena, sg_buf_slice(&file));
    struct cer_plan *plan = sg_arena_new(&room->arena, struct cer_plan);
    if (json.p == NULL || plan == NULL)
        return sg_err_set(err, SG_NOMEM, "%s", path);
    if (cer_plan_parse(json, &room->arena, plan, err) != SG_OK) {
        cli_hint(room->cli, "a plan is taken to the byte, as \"signet ceremony "
                            "plan\" wrote it");
        return sg_err_wrap(err, "%s", path);
    }
    room->plan = plan;
    return SG_OK;
}

static void say(void *arg, const char *text)
{
    const struct cli_room *room = arg;

    cli_print_text(room->out, text);
}

static enum sg_rc ask(void *arg, const char *prompt, const char *word,
                      char answer[CER_ANSWER_MAX], struct sg_err *err)
{
    const struct cli_room *room = arg;

    (void)word;
    cli_print_text(room->out, prompt);
    (void)fputs(": ", room->out);
    (void)fflush(room->out);
    if (fgets(answer, CER_ANSWER_MAX, room->in) == NULL)
        return sg_err_set(err, SG_IO, "nobody answers");
    size_t len = strcspn(answer, "\r\n");
    if (answer[len] == '\0' && len + 1 == CER_ANSWER_MAX)
        return sg_err_set(err, SG_FORMAT, "an answer is longer than %d bytes",
                          CER_ANSWER_MAX - 1);
    answer[len] = '\0';
    /* what was not typed here is shown, so that the screen tells all */
    if (isatty(fileno(room->in)) != 1) {
        cli_print_text(room->out, answer);
        (void)fputc('\n', room->out);
    }
    if (!sg_is_utf8(sg_slice_str(answer)))
        return sg_err_set(err, SG_FORMAT, "the answer is not UTF-8");
    return SG_OK;
}

static enum sg_rc open_answers(struct cli_room *room, const char *path,
                               struct sg_err *err)
{
    room->in = fopen(path, "re");
    if (room->in == NULL)
        return sg_err_errno(err, errno == ENOENT ? SG_NOT_FOUND : SG_IO,
                            "--answers %s", path);
    return SG_OK;
}

enum sg_rc cli_room_run(struct cli *cli, const struct cli_room_wants *wants,
                        enum sg_rc (*fn)(struct cli_room *room,
                                         const void *args, struct sg_err *err),
                        const void *args, struct sg_err *err)
{
    struct cli_room room = { .cli = cli,
                             .out = cli->json ? stderr : stdout,
                             .in = stdin,
                             .room = { say, ask, &room } };
    enum sg_rc rc = SG_OK;

    sg_arena_init(&room.arena, ARENA_MAX);
    if (wants->plan != NULL)
        rc = read_plan(&room, wants->plan, err);
    if (rc == SG_OK && wants->answers != NULL)
        rc = open_answers(&room, wants->answers, err);
    if (rc == SG_OK)
        rc = fn(&room, args, err);
    if (room.in != NULL && room.in != stdin)
        (void)fclose(room.in);
    (void)fflush(room.out);
    sg_arena_done(&room.arena);
    return rc;
}

void cli_put_hash(struct json_object *json, const char *key,
                  const char *words_key, const uint8_t hash[32])
{
    char hex[65];
    char words[CER_WORDS_MAX];
    struct sg_slice bytes = SG_SLICE(hash, 32);

    cli_put_text(json, key, sg_hex(bytes, hex, sizeof(hex)));
    cli_put_text(json, words_key, cer_words(bytes, words, sizeof(words)));
}

struct json_object *cli_plan_json(const struct cer_plan *plan)
{
    struct json_object *json = cli_json_object();
    struct json_tokener *reader = json_tokener_new();

    cli_put_hash(json, "plan_sha256", "plan_words", plan->sha256);
    if (plan->type != CER_TYPE_KEY)
        cli_put_hash(json, "tbs_sha256", "tbs_words", plan->tbs_sha256);
    if (reader != NULL)
        cli_put(json, "plan",
                json_tokener_parse_ex(reader, (const char *)plan->json.p,
                                      (int)plan->json.len));
    json_tokener_free(reader);
    return json;
}
