/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SG_TESTS_FUZZ_HELPER_H
#define SG_TESTS_FUZZ_HELPER_H

/* What the fuzzers of signet-token's readers have in common. */

#include "common/buf.h"
#include "common/parse.h"
#include "tests/fuzz/fuzz.h"

/* A refusal has one of the codes that a reader may have, and a text. */
static inline void fuzz_refused(const struct sg_err *err)
{
    FUZZ_HOLDS(err->rc == SG_FORMAT || err->rc == SG_POLICY
               || err->rc == SG_LIMIT);
    FUZZ_HOLDS(err->msg[0] != '\0' && sg_is_utf8(sg_slice_str(err->msg)));
}

/* p NULL: it was not there. */
static inline void fuzz_inside(struct sg_slice part, struct sg_slice whole)
{
    FUZZ_HOLDS(part.p == NULL
               || (part.p >= whole.p && part.len <= whole.len
                   && (size_t)(part.p - whole.p) <= whole.len - part.len));
}

/* The next part of an input that has several: its length in two octets, then
 * the part; the last one may be cut short. */
static inline struct sg_slice fuzz_part(struct sg_slice *in)
{
    if (in->len < 2)
        return SG_SLICE(in->p, 0);
    size_t want = (size_t)in->p[0] << 8 | in->p[1];
    struct sg_slice part = SG_SLICE(in->p + 2, in->len - 2);

    if (want < part.len)
        part.len = want;
    *in = SG_SLICE(part.p + part.len, in->len - 2 - part.len);
    return part;
}

#endif
