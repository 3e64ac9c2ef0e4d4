/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include <idn2.h>

#include "ca/san.h"
#include "ca/show.h"
#include "common/macros.h"

#define NAME_MAX_OCTETS 253 /* RFC 1035 3.1 without length octets and root */
#define LABEL_MAX_OCTETS 63 /* RFC 1035 2.3.4 */
#define TEXT_MAX 1024       /* UTF-8 octets before IDNA */
#define IP_TEXT_MAX 46      /* INET6_ADDRSTRLEN */

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

size_t ca_ip_octets(struct sg_slice text, uint8_t ret[16])
{
    char buf[IP_TEXT_MAX];

    if (text.len == 0 || text.len >= sizeof(buf)
        || memchr(text.p, 0, text.len) != NULL)
        return 0;
    memcpy(buf, text.p, text.len);
    buf[text.len] = '\0';
    if (inet_pton(AF_INET, buf, ret) == 1)
        return 4;
    return inet_pton(AF_INET6, buf, ret) == 1 ? 16 : 0;
}

bool ca_is_ip_text(struct sg_slice text)
{
    uint8_t octets[16];

    return ca_ip_octets(text, octets) > 0;
}

/* --- IDNA ----------------------------------------------------------------- */

static bool is_xn(const uint8_t *p, size_t left)
{
    return left >= 4 && lower(p[0]) == 'x' && lower(p[1]) == 'n' && p[2] == '-'
           && p[3] == '-';
}

/* Only such names need libidn2: they hold a U-label or an A-label. */
static bool needs_idna(struct sg_slice text)
{
    bool start = true;

    for (size_t i = 0; i < text.len; i++) {
        if (text.p[i] >= 0x80 || (start && is_xn(text.p + i, text.len - i)))
            return true;
        start = text.p[i] == '.';
    }
    return false;
}

static void idn2_free_text(char *text)
{
    idn2_free(text);
}
SG_DEFINE_CLEANUP(char, idn2_free_text);

/* text has a NUL behind it. libidn2 also decodes A-labels and refuses those
 * that do not come back as they were. */
static int idna(const char *text, char **ret)
{
    return idn2_to_ascii_8z(text, ret, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT);
}

static const char *check_text(struct sg_slice text)
{
    if (text.len == 0)
        return "empty name";
    if (text.len > TEXT_MAX)
        return "longer than 253 octets (RFC 1035 2.3.4)";
    if (memchr(text.p, 0, text.len) != NULL)
        return "NUL inside the name";
    return NULL;
}

enum sg_rc ca_dns_to_ascii(struct sg_arena *arena, struct sg_slice text,
                           struct sg_slice *ret, struct sg_err *err)
{
    char show[CA_SHOW_MAX];
    char *out SG_CLEANUP(idn2_free_text) = NULL;
    const char *broken = check_text(text);

    if (broken != NULL)
        return sg_err_set(err, SG_POLICY, "DNS name \"%s\": %s",
                          ca_show(text, show), broken);

    char *copy = sg_arena_text(arena, text);
    if (copy != NULL && needs_idna(text)) {
        size_t star = text.len > 2 && memcmp(copy, "*.", 2) == 0 ? 2 : 0;
        int rc = idna(copy + star, &out);
        if (rc != IDN2_OK)
            return sg_err_set(err, SG_POLICY,
                              "DNS name \"%s\": %s (RFC 5891, IDNA2008)",
                              ca_show(text, show), idn2_strerror(rc));
        copy = sg_arena_printf(arena, "%s%s", star != 0 ? "*." : "", out);
    }
    if (copy == NULL)
        return sg_err_set(err, SG_NOMEM, "DNS name: no memory");

    struct sg_slice ascii = SG_SLICE((uint8_t *)copy, strlen(copy));
    for (size_t i = 0; i < ascii.len; i++)
        copy[i] = (char)lower((uint8_t)copy[i]);
    *ret = ascii;
    return SG_OK;
}

/* --- host name rules ------------------------------------------------------ */

static const char *char_fault(uint8_t c)
{
    if ((lower(c) >= 'a' && lower(c) <= 'z') || is_digit(c) || c == '-')
        return NULL;
    switch (c) {
    case '*':
        return "wildcard is not the whole leftmost label (RFC 6125 6.4.3)";
    case '_':
        return "underscore (RFC 5280 4.2.1.6, RFC 1034 3.5)";
    case 0:
        return "NUL inside the name";
    case ':':
    case '[':
    case ']':
        return "shaped like an IP address or a port; addresses are IP SANs";
    default:
        return c >= 0x80
                   ? "not ASCII (RFC 5280 7.2)"
                   : "character other than letter, digit and hyphen (RFC 1034 3.5)";
    }
}

static const char *label_fault(struct sg_slice label)
{
    if (label.len == 0)
        return "empty label (RFC 1034 3.5)";
    for (size_t i = 0; i < label.len; i++) {
        const char *broken = char_fault(label.p[i]);
        if (broken != NULL)
            return broken;
    }
    if (label.len > LABEL_MAX_OCTETS)
        return "label longer than 63 octets (RFC 1035 2.3.4)";
    if (label.p[0] == '-' || label.p[label.len - 1] == '-')
        return "label starts or ends with a hyphen (RFC 1034 3.5)";
    return NULL;
}

/* "7", "0x7f": what resolvers and browsers read as part of an address. */
static bool numeric_label(struct sg_slice label)
{
    size_t i = 0;

    if (label.len > 2 && label.p[0] == '0' && lower(label.p[1]) == 'x') {
        for (i = 2; i < label.len; i++)
            if (!is_digit(label.p[i])
                && (lower(label.p[i]) < 'a' || lower(label.p[i]) > 'f'))
                return false;
        return true;
    }
    while (i < label.len && is_digit(label.p[i]))
        i++;
    return i == label.len;
}

static const char *labels_fault(struct sg_slice host)
{
    struct sg_slice label = { 0 };
    size_t start = 0;

    for (size_t i = 0; i <= host.len; i++) {
        if (i < host.len && host.p[i] != '.')
            continue;
        label = SG_SLICE(host.p + start, i - start);
        if (i == host.len && label.len == 0 && start > 0)
            return "trailing dot (RFC 5280 4.2.1.6)";
        const char *broken = label_fault(label);
        if (broken != NULL)
            return broken;
        start = i + 1;
    }
    if (numeric_label(label))
        return "shaped like an IP address; addresses are IP SANs";
    return NULL;
}

/* Are the A-labels real ones? host has passed labels_fault(). */
static const char *a_label_fault(struct sg_slice host)
{
    char copy[NAME_MAX_OCTETS + 1];
    char *out SG_CLEANUP(idn2_free_text) = NULL;

    memcpy(copy, host.p, host.len);
    copy[host.len] = '\0';
    if (idna(copy, &out) != IDN2_OK || strlen(out) != host.len)
        return "label is no A-label although it starts with xn-- (RFC 5890 2.3.2.1)";
    return NULL;
}

const char *ca_dns_fault(struct sg_slice text, bool allow_wildcard)
{
    struct sg_slice host = text;

    if (text.len == 0)
        return "empty name";
    if (text.len > NAME_MAX_OCTETS)
        return "longer than 253 octets (RFC 1035 2.3.4)";
    if (text.p[0] == '*' && !allow_wildcard)
        return "wildcard not allowed here";
    if (text.len >= 2 && text.p[0] == '*' && text.p[1] == '.')
        host = SG_SLICE(text.p + 2, text.len - 2);

    const char *broken = labels_fault(host);
    if (broken != NULL)
        return broken;
    if (host.len != text.len && memchr(host.p, '.', host.len) == NULL)
        return "wildcard above fewer than two labels (BR 3.2.2.6)";
    if (needs_idna(host))
        return a_label_fault(host);
    return NULL;
}
