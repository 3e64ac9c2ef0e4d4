/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "lint/names.h"
#include "lint/rules.h"

/* Names as people write them, for findings. */

const char *lint_gn_name(uint8_t tag)
{
    switch (tag) {
    case LINT_GN_OTHER:
        return "otherName";
    case LINT_GN_EMAIL:
        return "rfc822Name";
    case LINT_GN_DNS:
        return "dNSName";
    case LINT_GN_DIRECTORY:
        return "directoryName";
    case LINT_GN_URI:
        return "uniformResourceIdentifier";
    case LINT_GN_IP:
        return "iPAddress";
    case LINT_GN_RID:
        return "registeredID";
    default:
        return "unknown name form";
    }
}

/* "10.0.0.1", "2001:db8::/32" for a subtree; what is neither, as it stands. */
static const char *ip_text(struct sg_slice value, char *dst, size_t size)
{
    bool tree = value.len == 8 || value.len == 32;
    size_t n = tree ? value.len / 2 : value.len;
    char address[INET6_ADDRSTRLEN];
    unsigned bits = 0;

    if ((n != 4 && n != 16)
        || inet_ntop(n == 4 ? AF_INET : AF_INET6, value.p, address,
                     sizeof(address))
               == NULL)
        return lint_text(value, dst, size);
    for (size_t i = n; i < value.len; i++)
        bits += (unsigned)__builtin_popcount(value.p[i]);
    if (tree)
        (void)snprintf(dst, size, "%s/%u", address, bits);
    else
        (void)snprintf(dst, size, "%s", address);
    return dst;
}

/* "C=US, O=Example"; cut where dst ends. */
static const char *directory_text(struct sg_slice dn, char *dst, size_t size)
{
    struct lint_dn_iter iter;
    struct lint_rdn rdn;
    size_t used = 0;

    dst[0] = '\0';
    lint_dn_init(&iter, dn);
    while (used < size && lint_dn_next(&iter, &rdn)) {
        char type[SG_OID_TEXT_MAX];
        char value[64];
        int n =
            snprintf(dst + used, size - used, "%s%s=%s", used > 0 ? ", " : "",
                     lint_attribute_name(rdn.oid, type),
                     lint_text(rdn.value, value, sizeof(value)));
        if (n < 0)
            break;
        used += (size_t)n;
    }
    return dst;
}

const char *lint_gn_text(uint8_t tag, struct sg_slice value, char *dst,
                         size_t size)
{
    struct sg_slice upn = { 0 };

    if (tag == LINT_GN_OTHER && lint_read_upn(value, &upn))
        return lint_text(upn, dst, size);
    if (tag == LINT_GN_IP)
        return ip_text(value, dst, size);
    if (tag == LINT_GN_DIRECTORY)
        return directory_text(value, dst, size);
    return lint_text(value, dst, size);
}
