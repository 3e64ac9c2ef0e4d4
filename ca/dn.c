/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/dn.h"

#include <assert.h>
#include <string.h>

#include "ca/dn-table.h"

#define RDN_FIRST_CAP 8 /* a power of two */

/* Upper bounds: RFC 5280 appendix A; street and postalCode X.520 (ub-street-
 * address, ub-postal-code); UID and DC RFC 4524 2.15 and RFC 1035 2.3.4. */
static const struct ca_attr_row ROWS[] = {
    [CA_ATTR_COUNTRY] = { "C", 2, CA_OID_AT_C, SG_DER_PRINTABLE_STRING, false },
    [CA_ATTR_ORGANIZATION] = { "O", 64, CA_OID_AT_O, SG_DER_UTF8_STRING,
                               false },
    [CA_ATTR_ORG_UNIT] = { "OU", 64, CA_OID_AT_OU, SG_DER_UTF8_STRING, false },
    [CA_ATTR_LOCALITY] = { "L", 128, CA_OID_AT_L, SG_DER_UTF8_STRING, false },
    [CA_ATTR_PROVINCE] = { "ST", 128, CA_OID_AT_ST, SG_DER_UTF8_STRING, false },
    [CA_ATTR_STREET] = { "street", 128, CA_OID_AT_STREET, SG_DER_UTF8_STRING,
                         false },
    [CA_ATTR_POSTAL_CODE] = { "postalCode", 40, CA_OID_AT_POSTAL_CODE,
                              SG_DER_UTF8_STRING, false },
    [CA_ATTR_COMMON_NAME] = { "CN", 64, CA_OID_AT_CN, SG_DER_UTF8_STRING,
                              true },
    [CA_ATTR_SERIAL_NUMBER] = { "serialNumber", 64, CA_OID_AT_SERIAL,
                                SG_DER_PRINTABLE_STRING, true },
    [CA_ATTR_USER_ID] = { "UID", 256, CA_OID_AT_UID, SG_DER_UTF8_STRING,
                          false },
    [CA_ATTR_DOMAIN_COMPONENT] = { "DC", 63, CA_OID_AT_DC, SG_DER_IA5_STRING,
                                   false },
    [CA_ATTR_EMAIL] = { "emailAddress", 255, CA_OID_AT_EMAIL, 0, false },
    [CA_ATTR_GIVEN_NAME] = { "GN", 64, CA_OID_AT_GIVEN_NAME, SG_DER_UTF8_STRING,
                             false },
    [CA_ATTR_SURNAME] = { "SN", 64, CA_OID_AT_SURNAME, SG_DER_UTF8_STRING,
                          false },
};

const struct ca_attr_row *ca_attr_row(enum ca_attr attr)
{
    assert(attr > CA_ATTR_UNSET && attr < CA_ATTR_OTHER);
    return &ROWS[attr];
}

enum ca_attr ca_attr_find(struct sg_slice oid)
{
    enum ca_oid known = ca_oid_find(oid);

    for (size_t i = CA_ATTR_UNSET + 1; i < SG_ARRAY_LEN(ROWS); i++)
        if (ROWS[i].oid == known && known != CA_OID_UNKNOWN)
            return (enum ca_attr)i;
    return CA_ATTR_OTHER;
}

const char *ca_attr_name(enum ca_attr attr)
{
    return attr > CA_ATTR_UNSET && attr < CA_ATTR_OTHER ? ROWS[attr].name
                                                        : "other attribute";
}

const uint8_t *ca_not_printable(struct sg_slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.p[i];
        bool good = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')
                    || (c >= '0' && c <= '9')
                    || (c != 0 && strchr(" '()+,-./:=?", c) != NULL);
        if (!good)
            return s.p + i;
    }
    return NULL;
}

const uint8_t *ca_not_ia5(struct sg_slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.p[i] >= 0x80)
            return s.p + i;
    return NULL;
}

/* The array has room for 8, 16, 32 … entries: it is full whenever n is one of
 * these. */
static enum sg_rc grow(struct sg_arena *arena, struct ca_dn *dn,
                       struct sg_err *err)
{
    if (dn->n == CA_DN_MAX_RDN)
        return sg_err_set(err, SG_POLICY,
                          "name: more than %d attributes are not accepted",
                          CA_DN_MAX_RDN);
    if (dn->n != 0 && (dn->n < RDN_FIRST_CAP || (dn->n & (dn->n - 1)) != 0))
        return SG_OK;

    struct ca_rdn *rdn = sg_arena_array(arena, struct ca_rdn,
                                        dn->n == 0 ? RDN_FIRST_CAP : dn->n * 2);
    if (rdn == NULL)
        return sg_err_set(err, SG_NOMEM, "name: no memory");
    if (dn->n > 0)
        memcpy(rdn, dn->rdn, dn->n * sizeof(*rdn));
    dn->rdn = rdn;
    return SG_OK;
}

enum sg_rc ca_dn_add_rdn(struct sg_arena *arena, struct ca_dn *dn,
                         const struct ca_rdn *rdn, struct sg_err *err)
{
    SG_TRY(grow(arena, dn, err));
    dn->rdn[dn->n++] = *rdn;
    return SG_OK;
}

enum sg_rc ca_dn_add(struct sg_arena *arena, struct ca_dn *dn,
                     enum ca_attr attr, struct sg_slice value,
                     struct sg_err *err)
{
    struct ca_rdn rdn = { attr, ca_oid(ca_attr_row(attr)->oid), value };

    return ca_dn_add_rdn(arena, dn, &rdn, err);
}

struct sg_slice ca_dn_first(const struct ca_dn *dn, enum ca_attr attr)
{
    for (size_t i = 0; i < dn->n; i++)
        if (dn->rdn[i].attr == attr)
            return dn->rdn[i].value;
    return SG_SLICE(NULL, 0);
}
