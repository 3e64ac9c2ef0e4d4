/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "ca/san-add.h"

#define URI_MAX 2048 /* octets; what every client copes with */
#define PORT_DIGITS_MAX 5

static bool is_alpha(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(uint8_t c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* RFC 3986 2: unreserved, reserved and %XX. */
static const char *chars_fault(struct sg_slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.p[i];

        if (c == '%'
            && (s.len - i < 3 || !is_hex(s.p[i + 1]) || !is_hex(s.p[i + 2])))
            return "% without two hexadecimal digits (RFC 3986 2.1)";
        if (c != '%' && !is_alpha(c) && !is_digit(c)
            && (c == 0 || strchr("-._~:/?#[]@!$&'()*+,;=", c) == NULL))
            return "character that a URI cannot hold (RFC 3986 2)";
    }
    return NULL;
}

/* Octets of "scheme:", 0 when there is none. */
static size_t scheme_len(struct sg_slice s)
{
    size_t i = 0;

    if (s.len == 0 || !is_alpha(s.p[0]))
        return 0;
    while (i < s.len
           && (is_alpha(s.p[i]) || is_digit(s.p[i])
               || (s.p[i] != 0 && strchr("+-.", s.p[i]) != NULL)))
        i++;
    return i < s.len && s.p[i] == ':' ? i + 1 : 0;
}

static const char *port_fault(struct sg_slice port)
{
    if (port.len > PORT_DIGITS_MAX)
        return "port of more than 5 digits (RFC 3986 3.2.3)";
    for (size_t i = 0; i < port.len; i++)
        if (!is_digit(port.p[i]))
            return "port is not a number (RFC 3986 3.2.3)";
    return NULL;
}

/* [userinfo@]host[:port] (RFC 3986 3.2); the host is left in *ret_host. */
static const char *authority_fault(struct sg_slice a, struct sg_slice *ret_host)
{
    const uint8_t *at = a.len > 0 ? memrchr(a.p, '@', a.len) : NULL;
    struct sg_slice host = a;
    bool literal = false;

    if (at != NULL)
        host = SG_SLICE(at + 1, (size_t)(a.p + a.len - at - 1));
    literal = host.len > 0 && host.p[0] == '[';
    const uint8_t *host_end = host.p + host.len;
    const uint8_t *mark = NULL;
    if (host.len > 0)
        mark = literal ? memchr(host.p, ']', host.len)
                       : memchr(host.p, ':', host.len);
    if (literal && mark == NULL)
        return "[ without ] (RFC 3986 3.2.2)";
    const uint8_t *rest = mark == NULL ? host_end : mark + (literal ? 1 : 0);
    if (rest < host_end) {
        if (*rest != ':')
            return "text between ] and the port (RFC 3986 3.2.2)";
        const char *broken =
            port_fault(SG_SLICE(rest + 1, (size_t)(host_end - rest - 1)));
        if (broken != NULL)
            return broken;
    }
    if (literal)
        *ret_host = SG_SLICE(host.p + 1, (size_t)(mark - host.p - 1));
    else
        *ret_host = SG_SLICE(host.p, (size_t)(rest - host.p));
    if (ca_is_ip_text(*ret_host))
        return NULL;
    return literal ? "no IP address in the brackets (RFC 3986 3.2.2)"
                   : ca_dns_fault(*ret_host, false);
}

const char *ca_uri_fault(struct sg_slice uri, struct sg_slice *ret_host)
{
    if (uri.len > URI_MAX)
        return "longer than 2048 octets";
    const char *broken = chars_fault(uri);
    if (broken != NULL)
        return broken;
    size_t scheme = scheme_len(uri);
    if (scheme == 0)
        return "no scheme: a relative URI (RFC 5280 4.2.1.6)";
    struct sg_slice rest = SG_SLICE(uri.p + scheme, uri.len - scheme);
    if (rest.len == 0)
        return "nothing behind the scheme (RFC 5280 4.2.1.6)";
    *ret_host = SG_SLICE(NULL, 0);
    if (rest.len < 2 || memcmp(rest.p, "//", 2) != 0)
        return NULL;

    struct sg_slice authority = SG_SLICE(rest.p + 2, 0);
    while (authority.len < rest.len - 2
           && strchr("/?#", authority.p[authority.len]) == NULL)
        authority.len++;
    return authority_fault(authority, ret_host);
}

enum sg_rc ca_sans_add_uri(struct sg_arena *arena, struct ca_sans *sans,
                           struct sg_slice text, struct sg_err *err)
{
    struct sg_slice host = { 0 };
    const char *broken = ca_uri_fault(text, &host);

    if (broken != NULL)
        return ca_san_refuse(CA_SAN_URI, text, broken, err);

    struct ca_san san = { .kind = CA_SAN_URI,
                          .value = sg_arena_copy(arena, text) };
    if (san.value.p == NULL)
        return sg_err_set(err, SG_NOMEM, "SAN: no memory");
    return ca_sans_append(arena, sans, &san, err);
}
