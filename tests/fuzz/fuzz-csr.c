/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "ca/constraints.h"
#include "ca/csr.h"
#include "common/parse.h"

#define ARENA_MAX ((size_t)1 << 20)

/* What goes into answers and log lines: said in full, and UTF-8. */
static void message_is_sound(const struct sg_err *err)
{
    FUZZ_HOLDS(err->rc == SG_FORMAT || err->rc == SG_POLICY);
    FUZZ_HOLDS(strncmp(err->msg, "csr: ", 5) == 0 && err->msg[5] != '\0');
    FUZZ_HOLDS(sg_is_utf8(sg_slice_str(err->msg)));
}

/* Names that were taken are written and read again as they are. */
static void sans_come_back(struct sg_arena *arena, const struct ca_sans *sans)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf out;
    struct sg_err err = { 0 };
    struct ca_sans again;
    struct sg_derw w;
    char text[64];

    sg_buf_init(&out, 65536);
    sg_derw_init(&w, &out);
    FUZZ_HOLDS(ca_sans_encode(sans, &w, &err) == SG_OK);
    FUZZ_HOLDS(sg_derw_finish(&w, &err) == SG_OK);
    FUZZ_HOLDS(ca_sans_parse(arena, sg_buf_slice(&out), &again, &err) == SG_OK);
    FUZZ_HOLDS(again.n == sans->n);
    for (size_t i = 0; i < sans->n; i++) {
        FUZZ_HOLDS(again.san[i].kind == sans->san[i].kind);
        FUZZ_HOLDS(sg_slice_eq(again.san[i].value, sans->san[i].value));
        FUZZ_HOLDS(sg_slice_eq(again.san[i].oid, sans->san[i].oid));
        FUZZ_HOLDS(strlen(ca_san_text(&again.san[i], text, sizeof(text)))
                   < sizeof(text));
    }
}

/* So is a subject, when its values may be written at all. */
static void subject_comes_back(struct sg_arena *arena, const struct ca_dn *dn)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf out;
    struct sg_err err = { 0 };
    struct ca_dn again;
    char text[48];

    sg_buf_init(&out, 65536);
    if (ca_dn_encode(dn, &out, &err) != SG_OK) {
        FUZZ_HOLDS(err.rc == SG_POLICY);
        FUZZ_HOLDS(sg_is_utf8(sg_slice_str(err.msg)));
        return;
    }
    FUZZ_HOLDS(ca_dn_parse(arena, sg_buf_slice(&out), &again, &err) == SG_OK);
    FUZZ_HOLDS(again.n == dn->n);
    for (size_t i = 0; i < dn->n; i++)
        FUZZ_HOLDS(again.rdn[i].attr == dn->rdn[i].attr
                   && sg_slice_eq(again.rdn[i].value, dn->rdn[i].value));
    (void)ca_dn_text(sg_buf_slice(&out), text, sizeof(text));
    FUZZ_HOLDS(text[0] == '\0' || sg_is_utf8(sg_slice_str(text)));
}

static void hold_against_constraints(struct sg_arena *arena,
                                     const struct ca_csr *csr)
{
    static const uint8_t EMPTY[] = { 0x30, 0x00 };
    struct ca_constraints nc = { 0 };
    struct ca_names names = { .subject = SG_SLICE(EMPTY, sizeof(EMPTY)),
                              .sans = &csr->sans };
    struct sg_err err = { 0 };

    FUZZ_HOLDS(
        ca_subtrees_add(arena, &nc.permitted, CA_SAN_DNS, "example.com", &err)
        == SG_OK);
    FUZZ_HOLDS(
        ca_subtrees_add(arena, &nc.excluded, CA_SAN_IP, "10.0.0.0/8", &err)
        == SG_OK);
    FUZZ_HOLDS(
        ca_subtrees_add(arena, &nc.excluded, CA_SAN_URI, ".example", &err)
        == SG_OK);
    FUZZ_HOLDS(ca_subtrees_add(arena, &nc.excluded, CA_SAN_EMAIL, "b.de", &err)
               == SG_OK);
    if (ca_constraints_check(&nc, &names, "CN=CA", &err) != SG_OK)
        FUZZ_HOLDS(err.rc == SG_POLICY && sg_is_utf8(sg_slice_str(err.msg)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SG_CLEANUP(sg_arena_done) struct sg_arena arena;
    struct sg_err err = { 0 };
    struct ca_csr csr;

    sg_arena_init(&arena, ARENA_MAX);
    if (ca_csr_parse(&arena, SG_SLICE(data, size), &csr, &err) != SG_OK) {
        message_is_sound(&err);
        return 0;
    }
    if (csr.has_sans)
        sans_come_back(&arena, &csr.sans);
    subject_comes_back(&arena, &csr.subject);
    hold_against_constraints(&arena, &csr);
    for (size_t i = 0; i < csr.n_ignored; i++)
        FUZZ_HOLDS(csr.ignored[i][0] != '\0');
    if (ca_csr_verify(&csr, &err) != SG_OK)
        message_is_sound(&err);
    return 0;
}
