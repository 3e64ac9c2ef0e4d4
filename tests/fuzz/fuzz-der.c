/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "common/der.h"

#define DEPTH 32
#define ELEMENTS 4096

/* Every typed reader at this place; none may move when it refuses. */
static void read_typed(const struct sg_der *at)
{
    struct sg_err err = { 0 };
    struct sg_der in = *at;
    struct sg_slice slice = { 0 };
    char text[SG_OID_TEXT_MAX];
    bool truth = false;
    uint64_t number = 0;
    uint16_t bits = 0;
    int64_t t = 0;

    if (sg_der_bool(&in, &truth, &err) != SG_OK)
        FUZZ_HOLDS(in.p == at->p);
    in = *at;
    if (sg_der_uint(&in, &number, &err) != SG_OK)
        FUZZ_HOLDS(in.p == at->p);
    in = *at;
    if (sg_der_integer(&in, &slice, &err) != SG_OK)
        FUZZ_HOLDS(in.p == at->p);
    in = *at;
    if (sg_der_bits(&in, &slice, &err) != SG_OK)
        FUZZ_HOLDS(in.p == at->p);
    in = *at;
    if (sg_der_named_bits(&in, &bits, &err) != SG_OK)
        FUZZ_HOLDS(in.p == at->p);
    in = *at;
    if (sg_der_time(&in, &t, &err) != SG_OK)
        FUZZ_HOLDS(in.p == at->p);
    in = *at;
    if (sg_der_oid(&in, &slice, &err) == SG_OK)
        FUZZ_HOLDS(strlen(sg_oid_to_text(slice, text)) > 0);
}

/* The writer makes the same octets of what the reader took apart: DER has one
 * encoding per value. */
static void write_again(struct sg_derw *w, struct sg_der *in, unsigned depth)
{
    while (sg_der_more(in)) {
        struct sg_err err = { 0 };
        struct sg_der_tlv tlv = { 0 };
        struct sg_der inner;

        read_typed(in);
        FUZZ_HOLDS(sg_der_any(in, &tlv, &err) == SG_OK);
        if ((tlv.tag & 0x20) == 0) {
            sg_derw_tlv(w, tlv.tag, tlv.content);
            continue;
        }
        FUZZ_HOLDS(depth < DEPTH);
        size_t mark = sg_derw_begin(w, tlv.tag);
        sg_der_inside(in, &tlv, &inner);
        write_again(w, &inner, depth + 1);
        sg_derw_end(w, mark);
    }
}

static void oid_text_comes_back(const uint8_t *data, size_t size)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf octets;
    struct sg_err err = { 0 };
    char text[SG_OID_TEXT_MAX];
    char again[SG_OID_TEXT_MAX];

    sg_buf_init(&octets, 256);
    if (size >= sizeof(text))
        return;
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    if (sg_oid_from_text(text, &octets, &err) == SG_OK) {
        (void)sg_oid_to_text(sg_buf_slice(&octets), again);
        FUZZ_HOLDS(strcmp(text, again) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf out;
    struct sg_slice bytes = SG_SLICE(data, size);
    struct sg_err err = { 0 };
    struct sg_derw w;
    struct sg_der in;

    sg_buf_init(&out, size);
    sg_derw_init(&w, &out);
    sg_der_init(&in, bytes, "fuzz");
    read_typed(&in);
    oid_text_comes_back(data, size);
    if (sg_der_check(bytes, "fuzz", DEPTH, ELEMENTS, &err) != SG_OK) {
        FUZZ_HOLDS(err.rc == SG_FORMAT && err.msg[0] != '\0');
        return 0;
    }
    write_again(&w, &in, 0);
    FUZZ_HOLDS(sg_derw_finish(&w, &err) == SG_OK);
    FUZZ_HOLDS(sg_slice_eq(sg_buf_slice(&out), bytes));
    return 0;
}
