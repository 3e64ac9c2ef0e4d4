/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "common/parse.h"
#include "signer/json.h"
#include "signer/params.h"

#define ARENA_MAX (1024 * 1024) /* as a request has it */

/* The first byte says how the body is read and what is asked of it; the rest is
 * the body. Whatever a getter hands out must be text. */

static void check_text(const char *text)
{
    FUZZ_HOLDS(sg_is_utf8(sg_slice_str(text)));
}

static void ask_texts(struct srv_params *params)
{
    static const char *const NAMES[] = { "common_name", "csr", "format" };
    for (size_t i = 0; i < SG_ARRAY_LEN(NAMES); i++) {
        struct sg_err err = { 0 };
        const char *text = "";
        bool set = false;
        if (srv_params_str(params, NAMES[i], &text, &set, &err) == SG_OK)
            check_text(text);
        else
            FUZZ_HOLDS(!set && err.rc == SG_FORMAT);
    }
}

static void ask_lists(struct srv_params *params)
{
    static const char *const NAMES[] = { "alt_names", "ip_sans",
                                         "common_name" };
    for (size_t i = 0; i < SG_ARRAY_LEN(NAMES); i++) {
        struct sg_err err = { 0 };
        struct srv_list list = { 0 };
        if (srv_params_list(params, NAMES[i], &list, NULL, &err) != SG_OK)
            continue;
        for (size_t k = 0; k < list.n; k++) {
            check_text(list.v[k]);
            FUZZ_HOLDS(*list.v[k] != '\0');
        }
    }
}

static void ask_numbers(struct srv_params *params)
{
    struct sg_err err = { 0 };
    bool flag = false;
    int64_t number = 0;
    if (srv_params_bool(params, "exclude_cn_from_sans", &flag, NULL, &err)
        != SG_OK)
        sg_err_clear(&err);
    if (srv_params_int(params, "key_bits", &number, NULL, &err) != SG_OK)
        sg_err_clear(&err);
    number = 0;
    if (srv_params_duration(params, "ttl", &number, NULL, &err) == SG_OK)
        FUZZ_HOLDS(number >= 0);
}

/* What was read can be written, and reads the same again. */
static void write_back(struct sg_arena *arena, const char *text)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf out = { 0 };
    struct sg_err err = { 0 };
    const struct srv_json *again = NULL;
    sg_buf_init(&out, ARENA_MAX);
    FUZZ_HOLDS(srv_json_put_str(&out, sg_slice_str(text), &err) == SG_OK);
    FUZZ_HOLDS(srv_json_parse(arena, sg_buf_slice(&out), &again, &err)
               == SG_OK);
    FUZZ_HOLDS(strcmp(again->text, text) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sg_arena arena;
    struct sg_err err = { 0 };
    struct srv_params *params = NULL;
    struct srv_warnings warnings = { 0 };
    const char *cn = NULL;
    if (size == 0 || size > 65536)
        return 0;
    const char *type =
        (data[0] & 1) != 0 ? "application/x-www-form-urlencoded" : NULL;
    sg_arena_init(&arena, ARENA_MAX);
    if (srv_params_parse(&arena, SG_SLICE(data + 1, size - 1), type, &params,
                         &err)
        == SG_OK) {
        ask_texts(params);
        ask_lists(params);
        ask_numbers(params);
        if (srv_params_str(params, "common_name", &cn, NULL, &err) == SG_OK
            && cn != NULL && strlen(cn) < 4096)
            write_back(&arena, cn);
        srv_params_warn_unknown(params, &warnings);
    } else {
        FUZZ_HOLDS(err.rc == SG_FORMAT || err.rc == SG_NOMEM);
    }
    sg_arena_done(&arena);
    return 0;
}
