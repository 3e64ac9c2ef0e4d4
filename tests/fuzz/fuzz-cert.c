/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "ca/cert.h"
#include "common/parse.h"

#define ARENA_MAX ((size_t)4 << 20)

static void message_is_sound(const struct sg_err *err)
{
    FUZZ_HOLDS(err->rc == SG_FORMAT || err->rc == SG_POLICY);
    FUZZ_HOLDS(strncmp(err->msg, "certificate: ", 13) == 0);
    FUZZ_HOLDS(sg_is_utf8(sg_slice_str(err->msg)));
}

/* The body alone says the same as the whole certificate. */
static void body_agrees(struct sg_arena *arena, const struct ca_cert *cert)
{
    static struct ca_cert body;
    struct sg_err err = { 0 };

    FUZZ_HOLDS(ca_cert_parse_tbs(arena, cert->tbs, &body, &err) == SG_OK);
    FUZZ_HOLDS(body.alg == cert->alg && body.n_ext == cert->n_ext
               && body.is_ca == cert->is_ca && body.key_usage == cert->key_usage
               && body.not_after == cert->not_after
               && sg_slice_eq(body.subject, cert->subject)
               && sg_slice_eq(body.spki.der, cert->spki.der));
}

static void constraints_come_back(struct sg_arena *arena,
                                  const struct ca_cert *cert)
{
    SG_CLEANUP(sg_buf_done) struct sg_buf out;
    const struct ca_constraints *nc = &cert->constraints;
    struct ca_names names = { .subject = cert->subject, .sans = &cert->sans };
    struct ca_constraints again;
    struct sg_err err = { 0 };
    struct sg_derw w;

    sg_buf_init(&out, CA_CERT_MAX);
    sg_derw_init(&w, &out);
    FUZZ_HOLDS(ca_constraints_encode(nc, &w, &err) == SG_OK);
    FUZZ_HOLDS(sg_derw_finish(&w, &err) == SG_OK);
    FUZZ_HOLDS(ca_constraints_parse(arena, sg_buf_slice(&out), &again, &err)
               == SG_OK);
    FUZZ_HOLDS(again.permitted.n == nc->permitted.n
               && again.excluded.n == nc->excluded.n);
    if (ca_constraints_check(nc, &names, "CN=CA", &err) != SG_OK)
        FUZZ_HOLDS(err.rc == SG_POLICY && sg_is_utf8(sg_slice_str(err.msg)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SG_CLEANUP(sg_arena_done) struct sg_arena arena;
    static struct ca_cert cert;
    struct sg_err err = { 0 };
    char text[64];

    sg_arena_init(&arena, ARENA_MAX);
    if (ca_cert_parse(&arena, SG_SLICE(data, size), &cert, &err) != SG_OK) {
        message_is_sound(&err);
        return 0;
    }
    body_agrees(&arena, &cert);
    if (cert.has_constraints)
        constraints_come_back(&arena, &cert);
    (void)ca_dn_text(cert.subject, text, sizeof(text));
    FUZZ_HOLDS(text[0] == '\0' || sg_is_utf8(sg_slice_str(text)));
    if (ca_cert_check_signed_by(&cert, &cert, &err) != SG_OK)
        FUZZ_HOLDS(err.rc == SG_POLICY);
    return 0;
}
