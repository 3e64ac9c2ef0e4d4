/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/bundle.h"
#include "cli/ceremony-room.h"
#include "cli/commands.h"
#include "common/file.h"
#include "common/parse.h"

struct bundle_args {
    const char *bundle, *dir;
    struct cli_list files;
};

static const struct cli_option PACK_WORDS[] = {
    { .name = "out",
      CLI_TEXT(struct bundle_args, bundle),
      .value = "OUT",
      .required = true,
      .help = "the bundle to write; it must not exist" },
    { .name = "file",
      CLI_LIST(struct bundle_args, files),
      .value = "FILE",
      .required = true,
      .help = "files, and folders with all that is in them" },
};
static const struct cli_option UNPACK_WORDS[] = {
    { .name = "bundle",
      CLI_TEXT(struct bundle_args, bundle),
      .value = "BUNDLE",
      .required = true,
      .help = "the bundle" },
    { .name = "dir",
      CLI_TEXT(struct bundle_args, dir),
      .value = "DIR",
      .required = true,
      .help = "the folder to put the files in; made if need be" },
};
static const struct cli_option LIST_WORDS[] = {
    { .name = "bundle",
      CLI_TEXT(struct bundle_args, bundle),
      .value = "BUNDLE",
      .required = true,
      .help = "the bundle" },
};
#define SET(rows) \
    { \
        .heading = "Arguments", .positional = true, .option = (rows), \
        .n = SG_ARRAY_LEN(rows) \
    }
static const struct cli_option_set PACK_SETS[] = { SET(PACK_WORDS) };
static const struct cli_option_set UNPACK_SETS[] = { SET(UNPACK_WORDS) };
static const struct cli_option_set LIST_SETS[] = { SET(LIST_WORDS) };

/* The same at both ends: what is inside, and the hash to read out. */
static enum sg_rc show(const struct cli_room *room,
                       const struct cer_bundle *bundle, struct sg_slice bytes,
                       struct sg_err *err)
{
    const struct cli *cli = room->cli;
    SG_CLEANUP(cli_json_free) struct json_object *json = cli_json_object();
    struct json_object *rows = cli_json_array(); /* json owns it at once */
    uint8_t hash[32];
    char text[CER_WORDS_MAX];

    cli_put(json, "files", rows);
    SG_TRY(cer_sha256(bytes, hash, err));
    for (size_t i = 0; i < bundle->n; i++) {
        struct json_object *row = cli_json_object();
        cli_put_text(row, "name", bundle->file[i].name);
        cli_put_int(row, "bytes", (int64_t)bundle->file[i].bytes.len);
        cli_append(rows, row);
    }
    cli_put_text(json, "sha256",
                 sg_hex(SG_SLICE(hash, 32), text, sizeof(text)));
    cli_put_text(json, "words",
                 cer_words(SG_SLICE(hash, 32), text, sizeof(text)));
    if (cli->json) {
        cli_print_record(cli, json, NULL, 0);
        return SG_OK;
    }
    static const struct cli_field columns[] = { { "name", "FILE" },
                                                { "bytes", "BYTES" } };
    cli_print_table(cli, rows, columns, SG_ARRAY_LEN(columns), "");
    cer_say_hash(&room->room, "Bundle SHA-256", hash);
    return SG_OK;
}

static enum sg_rc pack(struct cli_room *room, const void *opaque,
                       struct sg_err *err)
{
    const struct bundle_args *args = opaque;
    SG_CLEANUP(sg_buf_done) struct sg_buf bytes;
    struct cer_bundle *bundle = sg_arena_new(&room->arena, struct cer_bundle);

    sg_buf_init(&bytes, CER_BUNDLE_MAX);
    if (bundle == NULL)
        return sg_err_set(err, SG_NOMEM, "bundle");
    SG_TRY(cer_bundle_read(args->files.v, args->files.n, &room->arena, bundle,
                           err));
    SG_TRY(cer_bundle_encode(bundle, &bytes, err));
    SG_TRY(sg_file_write(args->bundle, sg_buf_slice(&bytes), 0644,
                         SG_FILE_NEW_ONLY, err));
    return show(room, bundle, sg_buf_slice(&bytes), err);
}

/* Into the folder, when there is one. */
static enum sg_rc open_bundle(struct cli_room *room, const void *opaque,
                              struct sg_err *err)
{
    const struct bundle_args *args = opaque;
    SG_CLEANUP(sg_buf_done) struct sg_buf bytes;
    struct cer_bundle *bundle = sg_arena_new(&room->arena, struct cer_bundle);

    sg_buf_init(&bytes, CER_BUNDLE_MAX);
    if (bundle == NULL)
        return sg_err_set(err, SG_NOMEM, "bundle");
    SG_TRY(sg_file_read(args->bundle, &bytes, err));
    if (cer_bundle_parse(sg_buf_slice(&bytes), &room->arena, bundle, err)
        != SG_OK)
        return sg_err_wrap(err, "%s", args->bundle);
    if (args->dir != NULL)
        SG_TRY(cer_bundle_write(bundle, args->dir, err));
    return show(room, bundle, sg_buf_slice(&bytes), err);
}

static enum sg_rc run_pack(struct cli *cli, const void *args,
                           struct sg_err *err)
{
    return cli_room_run(cli, &(struct cli_room_wants){ 0 }, pack, args, err);
}

static enum sg_rc run_open(struct cli *cli, const void *args,
                           struct sg_err *err)
{
    return cli_room_run(cli, &(struct cli_room_wants){ 0 }, open_bundle, args,
                        err);
}

static const char *const PACK_EXAMPLES[] = {
    "signet ceremony bundle pack to-the-room.bundle plan.json approvals/",
    NULL,
};
static const char *const UNPACK_EXAMPLES[] = {
    "signet ceremony bundle unpack to-the-room.bundle work/",
    NULL,
};
static const char *const LIST_EXAMPLES[] = {
    "signet ceremony bundle list to-the-room.bundle",
    NULL,
};

const struct cli_command CLI_CMD_CEREMONY_BUNDLE_PACK = {
    .name = "ceremony bundle pack",
    .summary = "Put files into one file, to carry over an air gap.",
    .about = "Prints the bundle's SHA-256 with its words: whoever unpacks it "
             "sees the same. At most 16 MiB.",
    .sets = PACK_SETS,
    .n_sets = SG_ARRAY_LEN(PACK_SETS),
    .examples = PACK_EXAMPLES,
    .args_size = sizeof(struct bundle_args),
    .run = run_pack,
};

const struct cli_command CLI_CMD_CEREMONY_BUNDLE_UNPACK = {
    .name = "ceremony bundle unpack",
    .summary = "Take the files out of a bundle.",
    .about = "Checks every hash first. Nothing is written when one of the "
             "files exists.",
    .sets = UNPACK_SETS,
    .n_sets = SG_ARRAY_LEN(UNPACK_SETS),
    .examples = UNPACK_EXAMPLES,
    .args_size = sizeof(struct bundle_args),
    .run = run_open,
};

const struct cli_command CLI_CMD_CEREMONY_BUNDLE_LIST = {
    .name = "ceremony bundle list",
    .summary = "Show what is in a bundle, and its hash as words.",
    .sets = LIST_SETS,
    .n_sets = SG_ARRAY_LEN(LIST_SETS),
    .examples = LIST_EXAMPLES,
    .args_size = sizeof(struct bundle_args),
    .run = run_open,
};
