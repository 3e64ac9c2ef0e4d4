/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/out.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/parse.h"

#define CELL_MAX 512 /* bytes of one value on a line for people */
#define COLUMNS_MAX 8

static struct json_object *need(struct json_object *json)
{
    if (json == NULL) {
        (void)fputs("signet: out of memory\n", stderr);
        _exit(sg_rc_exit(SG_NOMEM));
    }
    return json;
}

struct json_object *cli_json_object(void)
{
    return need(json_object_new_object());
}

struct json_object *cli_json_array(void)
{
    return need(json_object_new_array());
}

void cli_put(struct json_object *object, const char *key,
             struct json_object *value)
{
    if (json_object_object_add(object, key, value) != 0)
        (void)need(NULL);
}

void cli_put_text(struct json_object *object, const char *key,
                  const char *value)
{
    cli_put(object, key,
            value == NULL ? NULL : need(json_object_new_string(value)));
}

void cli_put_slice(struct json_object *object, const char *key,
                   struct sg_slice value)
{
    cli_put(object, key,
            need(json_object_new_string_len((const char *)value.p,
                                            (int)value.len)));
}

void cli_put_int(struct json_object *object, const char *key, int64_t value)
{
    cli_put(object, key, need(json_object_new_int64(value)));
}

void cli_put_bool(struct json_object *object, const char *key, bool value)
{
    cli_put(object, key, need(json_object_new_boolean(value)));
}

void cli_put_hex(struct json_object *object, const char *key,
                 struct sg_slice bytes)
{
    char text[CELL_MAX];
    cli_put_text(object, key, sg_hex_colons(bytes, text, sizeof(text)));
}

void cli_put_time(struct json_object *object, const char *key, int64_t time)
{
    char text[SG_TIME_TEXT_MAX];
    cli_put_text(object, key, sg_time_text(time, text));
}

void cli_append(struct json_object *array, struct json_object *value)
{
    if (json_object_array_add(array, value) != 0)
        (void)need(NULL);
}

const char *cli_get_text(struct json_object *object, const char *key)
{
    struct json_object *value;
    if (!json_object_object_get_ex(object, key, &value)
        || !json_object_is_type(value, json_type_string))
        return NULL;
    return json_object_get_string(value);
}

static bool is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f;
}

void cli_print_text(FILE *out, const char *text)
{
    for (; *text != '\0'; text++)
        (void)fputc(is_control(*text) && *text != '\n' ? '?' : *text, out);
}

static void print_json(struct json_object *json)
{
    int flags = JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED
                | JSON_C_TO_STRING_NOSLASHESCAPE;
    puts(json_object_to_json_string_ext(json, flags));
}

/* A value as people read it, in one line. */
static void cell(struct json_object *value, char *dst, size_t size)
{
    dst[0] = '\0';
    switch (json_object_get_type(value)) {
    case json_type_null:
        (void)snprintf(dst, size, "-");
        break;
    case json_type_boolean:
        (void)snprintf(dst, size,
                       json_object_get_boolean(value) ? "yes" : "no");
        break;
    case json_type_array:
        for (size_t i = 0; i < json_object_array_length(value); i++) {
            size_t at = strlen(dst);
            (void)snprintf(
                dst + at, size - at, "%s%s", i == 0 ? "" : ", ",
                json_object_get_string(json_object_array_get_idx(value, i)));
        }
        if (dst[0] == '\0')
            (void)snprintf(dst, size, "-");
        break;
    case json_type_double:
    case json_type_int:
    case json_type_object:
    case json_type_string:
        (void)snprintf(dst, size, "%s", json_object_get_string(value));
        break;
    }
    for (char *c = dst; *c != '\0'; c++)
        *c = (char)(is_control(*c) ? '?' : *c);
}

void cli_print_record(const struct cli *cli, struct json_object *data,
                      const struct cli_field *fields, size_t n)
{
    if (cli->json) {
        print_json(data);
        return;
    }
    size_t width = 0;
    for (size_t i = 0; i < n; i++)
        width =
            strlen(fields[i].title) > width ? strlen(fields[i].title) : width;
    char text[CELL_MAX];
    for (size_t i = 0; i < n; i++) {
        struct json_object *value;
        if (!json_object_object_get_ex(data, fields[i].key, &value))
            continue;
        cell(value, text, sizeof(text));
        printf("%s%-*s%s  %s\n", cli->colour ? "\033[1m" : "", (int)width,
               fields[i].title, cli->colour ? "\033[0m" : "", text);
    }
}

/* Row i of a table, -1 for the titles, column k. */
static const char *table_cell(struct json_object *rows, long i,
                              const struct cli_field *column, char *dst,
                              size_t size)
{
    if (i < 0) {
        (void)snprintf(dst, size, "%s", column->title);
    } else {
        struct json_object *row = json_object_array_get_idx(rows, (size_t)i);
        cell(json_object_object_get(row, column->key), dst, size);
    }
    return dst;
}

void cli_print_table(const struct cli *cli, struct json_object *rows,
                     const struct cli_field *columns, size_t n,
                     const char *empty)
{
    if (cli->json) {
        print_json(rows);
        return;
    }
    long n_rows = (long)json_object_array_length(rows);
    if (n_rows == 0) {
        puts(empty);
        return;
    }
    char text[CELL_MAX];
    size_t width[COLUMNS_MAX] = { 0 };
    for (long i = -1; i < n_rows; i++) {
        for (size_t k = 0; k < n && k < COLUMNS_MAX; k++) {
            size_t len =
                strlen(table_cell(rows, i, &columns[k], text, sizeof(text)));
            width[k] = len > width[k] ? len : width[k];
        }
    }
    for (long i = -1; i < n_rows; i++) {
        bool bold = i < 0 && cli->colour;
        (void)fputs(bold ? "\033[1m" : "", stdout);
        for (size_t k = 0; k < n && k < COLUMNS_MAX; k++) {
            (void)table_cell(rows, i, &columns[k], text, sizeof(text));
            if (k + 1 < n)
                printf("%-*s  ", (int)width[k], text);
            else
                printf("%s", text);
        }
        puts(bold ? "\033[0m" : "");
    }
}

bool cli_wants_colour(FILE *out)
{
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing calls setenv
    const char *no_color = getenv("NO_COLOR"); /* no-color.org */
    return (no_color == NULL || no_color[0] == '\0')
           && isatty(fileno(out)) == 1;
}

static void print_tagged(const char *tag, const char *colour, const char *text)
{
    bool wants = cli_wants_colour(stderr);
    (void)fprintf(stderr, "%s%s:%s ", wants ? colour : "", tag,
                  wants ? "\033[0m" : "");
    cli_print_text(stderr, text);
    (void)fputc('\n', stderr);
}

void cli_print_error(const struct cli *cli, const struct sg_err *err)
{
    print_tagged("signet", "\033[1;31m", err->msg);
    if (cli->hint[0] != '\0')
        print_tagged("hint", "\033[1m", cli->hint);
}

void cli_print_warning(const char *text)
{
    print_tagged("warning", "\033[1;33m", text);
}
