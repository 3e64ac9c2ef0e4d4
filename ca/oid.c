/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/oid.h"

#include <assert.h>
#include <string.h>

struct oid_row {
    const char *text;
    const char *octets;
    size_t len;
};

static const struct oid_row ROWS[] = {
#define X(name, text, octets) \
    [CA_OID_##name] = { (text), (octets), sizeof(octets) - 1 },
    CA_OID_TABLE(X)
#undef X
};

struct sg_slice ca_oid(enum ca_oid oid)
{
    assert(oid > CA_OID_UNKNOWN && (size_t)oid < SG_ARRAY_LEN(ROWS));
    return SG_SLICE((const uint8_t *)ROWS[oid].octets, ROWS[oid].len);
}

bool ca_oid_is(struct sg_slice content, enum ca_oid oid)
{
    return sg_slice_eq(content, ca_oid(oid));
}

enum ca_oid ca_oid_find(struct sg_slice content)
{
    for (size_t i = CA_OID_UNKNOWN + 1; i < SG_ARRAY_LEN(ROWS); i++)
        if (ROWS[i].len == content.len
            && memcmp(ROWS[i].octets, content.p, content.len) == 0)
            return (enum ca_oid)i;
    return CA_OID_UNKNOWN;
}

const char *ca_oid_text(struct sg_slice content, char dst[SG_OID_TEXT_MAX])
{
    enum ca_oid oid = ca_oid_find(content);

    return oid != CA_OID_UNKNOWN ? ROWS[oid].text
                                 : sg_oid_to_text(content, dst);
}
