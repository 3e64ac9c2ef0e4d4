/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/dn-text.h"

#include <string.h>
#include <strings.h>

struct attr_name {
    const char *name;
    enum ca_attr attr;
};
static const struct attr_name ATTR_NAMES[] = {
    { "C", CA_ATTR_COUNTRY },
    { "O", CA_ATTR_ORGANIZATION },
    { "OU", CA_ATTR_ORG_UNIT },
    { "L", CA_ATTR_LOCALITY },
    { "ST", CA_ATTR_PROVINCE },
    { "street", CA_ATTR_STREET },
    { "postalCode", CA_ATTR_POSTAL_CODE },
    { "CN", CA_ATTR_COMMON_NAME },
    { "serialNumber", CA_ATTR_SERIAL_NUMBER },
    { "UID", CA_ATTR_USER_ID },
    { "DC", CA_ATTR_DOMAIN_COMPONENT },
    { "givenName", CA_ATTR_GIVEN_NAME },
    { "surname", CA_ATTR_SURNAME },
};

static int hex_digit(char c)
{
    const char *digits = "0123456789abcdef";
    if (c >= 'A' && c <= 'F')
        c = (char)(c - 'A' + 'a');
    const char *at = c == '\0' ? NULL : strchr(digits, c);
    return at == NULL ? -1 : (int)(at - digits);
}

/* The text that is still to be read. */
struct scan {
    const char *p;
};

static enum sg_rc read_attr(struct scan *scan, enum ca_attr *ret,
                            struct sg_err *err)
{
    scan->p += strspn(scan->p, " ");
    size_t len = strcspn(scan->p, "=,+\\ ");
    size_t end = len + strspn(scan->p + len, " ");
    if (scan->p[end] != '=')
        return sg_err_set(err, SG_USAGE, "'%.40s' is not NAME=VALUE", scan->p);

    for (size_t i = 0; i < SG_ARRAY_LEN(ATTR_NAMES); i++) {
        const char *name = ATTR_NAMES[i].name;
        if (strlen(name) == len && strncasecmp(name, scan->p, len) == 0) {
            scan->p += end + 1;
            *ret = ATTR_NAMES[i].attr;
            return SG_OK;
        }
    }
    return sg_err_set(err, SG_USAGE,
                      "'%.*s' is no attribute that a CA's subject can have: "
                      "C O OU L ST street postalCode CN serialNumber UID DC "
                      "givenName surname",
                      (int)(len < 40 ? len : 40), scan->p);
}

/* One escaped character: RFC 4514 2.4. */
static enum sg_rc read_escape(struct scan *scan, char *ret, struct sg_err *err)
{
    int high = hex_digit(scan->p[1]);
    int low = high < 0 ? -1 : hex_digit(scan->p[2]);
    if (low >= 0) {
        *ret = (char)(high << 4 | low);
        scan->p += 3;
    } else if (scan->p[1] != '\0' && strchr(" \"#+,;<=>\\", scan->p[1])) {
        *ret = scan->p[1];
        scan->p += 2;
    } else {
        return sg_err_set(err, SG_USAGE,
                          "'%.3s': a backslash stands before a special "
                          "character or two hex digits (RFC 4514 2.4)",
                          scan->p);
    }
    return SG_OK;
}

/* The value up to the next comma; the comma is taken too. */
static enum sg_rc read_value(struct sg_arena *arena, struct scan *scan,
                             struct sg_slice *ret, struct sg_err *err)
{
    scan->p += strspn(scan->p, " ");
    char *value = sg_arena_alloc(arena, strlen(scan->p) + 1);
    if (value == NULL)
        return sg_err_set(err, SG_NOMEM, "subject");
    if (*scan->p == '#')
        return sg_err_set(err, SG_USAGE,
                          "'%.10s': values in hexadecimal are not taken; "
                          "write \\# for a leading #",
                          scan->p);

    size_t len = 0;
    size_t trimmed = 0; /* without unescaped blanks behind */
    while (*scan->p != '\0' && *scan->p != ',') {
        if (*scan->p == '\\') {
            SG_TRY(read_escape(scan, &value[len++], err));
            trimmed = len;
        } else if (*scan->p == '+' || *scan->p == '"' || *scan->p == ';') {
            return sg_err_set(err, SG_USAGE,
                              "'%c' in a value must be written \\%c", *scan->p,
                              *scan->p);
        } else {
            value[len++] = *scan->p;
            if (*scan->p++ != ' ')
                trimmed = len;
        }
    }
    *ret = SG_SLICE((const uint8_t *)value, trimmed);
    return SG_OK;
}

enum sg_rc ca_dn_from_text(struct sg_arena *arena, const char *text,
                           struct ca_dn *ret, struct sg_err *err)
{
    struct ca_rdn found[CA_DN_MAX_RDN];
    size_t n = 0;
    struct scan scan = { text };
    bool more = true;
    while (more) {
        if (n == SG_ARRAY_LEN(found))
            return sg_err_set(err, SG_USAGE, "more than %d attributes",
                              CA_DN_MAX_RDN);
        struct ca_rdn *rdn = &found[n++];
        SG_TRY(read_attr(&scan, &rdn->attr, err));
        SG_TRY(read_value(arena, &scan, &rdn->value, err));
        if (rdn->value.len == 0)
            return sg_err_set(err, SG_USAGE, "%s has no value",
                              ca_attr_name(rdn->attr));
        more = *scan.p == ',';
        scan.p += more ? 1 : 0;
    }
    struct ca_dn dn = { 0 };
    while (n > 0) {
        n--;
        SG_TRY(ca_dn_add(arena, &dn, found[n].attr, found[n].value, err));
    }
    *ret = dn;
    return SG_OK;
}
