/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/foresee.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#define DAY INT64_C(86400)
#define ARENA_MAX ((size_t)1024 * 1024) /* bytes to read a certificate into */

SG_PRINTF(2, 3)
static void say(char dst[CER_FORESEE_MAX], const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(dst, CER_FORESEE_MAX, fmt, ap);
    va_end(ap);
}

static void see_ca(const struct cer_plan *plan, const struct ca_cert *cert,
                   const struct tok_guard *guard, char dst[CER_FORESEE_MAX])
{
    if (!cert->is_ca)
        return;
    if (!guard->may_sign_ca)
        say(dst, "the key may not sign CA certificates");
    else if (plan->type != CER_TYPE_ROOT && guard->has_max_path_length
             && (!cert->has_path_length
                 || cert->path_length > guard->max_path_length))
        say(dst, "the key's CA certificates have a path length of at most %u",
            (unsigned)guard->max_path_length);
}

static void see_certificate(const struct cer_plan *plan,
                            const struct tok_guard *guard,
                            char dst[CER_FORESEE_MAX])
{
    SG_CLEANUP(sg_arena_done) struct sg_arena arena;
    struct sg_err ignored = { 0 };

    sg_arena_init(&arena, ARENA_MAX);
    struct ca_cert *cert = sg_arena_new(&arena, struct ca_cert);
    if (cert == NULL
        || ca_cert_parse_tbs(&arena, plan->sign[0].der, cert, &ignored)
               != SG_OK)
        return;
    /* Both ends belong to the period. */
    int64_t validity = cert->not_after - cert->not_before + 1;
    if (validity > guard->max_validity)
        say(dst,
            "validity of %" PRId64 " days, the key's certificates have at most "
            "%" PRId64,
            (validity + DAY - 1) / DAY, guard->max_validity / DAY);
    else
        see_ca(plan, cert, guard, dst);
}

const char *cer_foresee(const struct cer_plan *plan,
                        const struct tok_guard *guard,
                        char dst[CER_FORESEE_MAX])
{
    dst[0] = '\0';
    if (plan->type == CER_TYPE_KEY || plan->type == CER_TYPE_CSR)
        return dst; /* every key signs a request for itself */
    if (guard->purpose != TOK_PURPOSE_CA)
        say(dst, "the key is for %s", tok_purpose_name(guard->purpose));
    else if (plan->n_chain > 0 && !guard->bound)
        say(dst, "the key is not bound to its certificate yet");
    else if (plan->type == CER_TYPE_CRL && guard->no_crl)
        say(dst, "the key may not sign CRLs");
    else if (plan->type != CER_TYPE_CRL)
        see_certificate(plan, guard, dst);
    return dst;
}
