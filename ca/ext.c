/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/ext.h"

#include <string.h>
#include <strings.h>

#include "ca/san.h"

struct ca_ext ca_ext_begin(struct sg_derw *w, enum ca_oid oid, bool critical)
{
    struct ca_ext ext;

    ext.whole = sg_derw_begin(w, SG_DER_SEQUENCE);
    sg_derw_oid(w, ca_oid(oid));
    if (critical) /* FALSE is the DEFAULT, left out */
        sg_derw_bool(w, true);
    ext.value = sg_derw_begin(w, SG_DER_OCTET_STRING);
    return ext;
}

void ca_ext_end(struct sg_derw *w, struct ca_ext ext)
{
    sg_derw_end(w, ext.value);
    sg_derw_end(w, ext.whole);
}

void ca_ext_ski(struct sg_derw *w, struct sg_slice key_id)
{
    struct ca_ext ext = ca_ext_begin(w, CA_OID_EXT_SKI, false);

    sg_derw_tlv(w, SG_DER_OCTET_STRING, key_id);
    ca_ext_end(w, ext);
}

void ca_ext_aki(struct sg_derw *w, struct sg_slice key_id)
{
    struct ca_ext ext = ca_ext_begin(w, CA_OID_EXT_AKI, false);
    size_t seq = sg_derw_begin(w, SG_DER_SEQUENCE);

    sg_derw_tlv(w, SG_DER_CONTEXT(0), key_id);
    sg_derw_end(w, seq);
    ca_ext_end(w, ext);
}

void ca_ext_key_usage(struct sg_derw *w, uint16_t bits)
{
    struct ca_ext ext = ca_ext_begin(w, CA_OID_EXT_KU, true);

    sg_derw_named_bits(w, bits);
    ca_ext_end(w, ext);
}

void ca_ext_basic_ca(struct sg_derw *w, bool has_path_length,
                     uint32_t path_length)
{
    struct ca_ext ext = ca_ext_begin(w, CA_OID_EXT_BC, true);
    size_t seq = sg_derw_begin(w, SG_DER_SEQUENCE);

    sg_derw_bool(w, true);
    if (has_path_length)
        sg_derw_uint(w, path_length);
    sg_derw_end(w, seq);
    ca_ext_end(w, ext);
}

void ca_ext_basic_leaf(struct sg_derw *w)
{
    struct ca_ext ext = ca_ext_begin(w, CA_OID_EXT_BC, true);

    sg_derw_end(w, sg_derw_begin(w, SG_DER_SEQUENCE));
    ca_ext_end(w, ext);
}

static void put_url(struct sg_derw *w, const char *url)
{
    /* GeneralName uniformResourceIdentifier [6] */
    sg_derw_tlv(w, SG_DER_CONTEXT(6), sg_slice_str(url));
}

static void put_access(struct sg_derw *w, enum ca_oid method,
                       struct ca_texts urls)
{
    for (size_t i = 0; i < urls.n; i++) {
        size_t seq = sg_derw_begin(w, SG_DER_SEQUENCE);

        sg_derw_oid(w, ca_oid(method));
        put_url(w, urls.v[i]);
        sg_derw_end(w, seq);
    }
}

void ca_ext_aia(struct sg_derw *w, struct ca_texts ocsp,
                struct ca_texts issuers)
{
    struct ca_ext ext;
    size_t seq;

    if (ocsp.n + issuers.n == 0)
        return;
    ext = ca_ext_begin(w, CA_OID_EXT_AIA, false);
    seq = sg_derw_begin(w, SG_DER_SEQUENCE);
    put_access(w, CA_OID_AD_OCSP, ocsp);
    put_access(w, CA_OID_AD_CA_ISSUERS, issuers);
    sg_derw_end(w, seq);
    ca_ext_end(w, ext);
}

void ca_ext_cdp(struct sg_derw *w, struct ca_texts urls)
{
    struct ca_ext ext;
    size_t seq;

    if (urls.n == 0)
        return;
    ext = ca_ext_begin(w, CA_OID_EXT_CDP, false);
    seq = sg_derw_begin(w, SG_DER_SEQUENCE);
    /* One DistributionPoint per URL, as Vault's clients are used to. */
    for (size_t i = 0; i < urls.n; i++) {
        size_t point = sg_derw_begin(w, SG_DER_SEQUENCE);
        size_t name = sg_derw_begin(w, SG_DER_CONTEXT_CONSTRUCTED(0));
        size_t full = sg_derw_begin(w, SG_DER_CONTEXT_CONSTRUCTED(0));

        put_url(w, urls.v[i]);
        sg_derw_end(w, full);
        sg_derw_end(w, name);
        sg_derw_end(w, point);
    }
    sg_derw_end(w, seq);
    ca_ext_end(w, ext);
}

/* The part behind "scheme://", or NULL. */
static const char *after_scheme(const char *url, bool allow_ldap,
                                bool *ret_ldap)
{
    static const char *const schemes[] = { "http://", "https://", "ldap://" };

    for (size_t i = 0; i < SG_ARRAY_LEN(schemes); i++) {
        size_t len = strlen(schemes[i]);

        *ret_ldap = i == 2;
        if (strncasecmp(url, schemes[i], len) == 0
            && (!*ret_ldap || allow_ldap))
            return url + len;
    }
    return NULL;
}

/* RFC 3986 2: every other octet has to be percent-encoded. */
static bool url_octet(char c)
{
    return c > ' ' && c < 0x7f && strchr("\"<>\\^`{|}", c) == NULL;
}

static const char *host_fault(struct sg_slice authority, bool ldap)
{
    size_t len = authority.len;

    if (memchr(authority.p, '@', len) != NULL)
        return "user information in it";
    /* A port; inside the brackets of an IPv6 address ":" is none. */
    while (len > 0 && authority.p[len - 1] >= '0'
           && authority.p[len - 1] <= '9')
        len--;
    if (len > 0 && authority.p[len - 1] == ':')
        len--;
    else
        len = authority.len;
    if (len == 0) /* "ldap:///CN=…": any directory, RFC 4516 2 */
        return ldap && authority.len == 0 ? NULL : "no host";
    if (authority.p[0] == '[' && authority.p[len - 1] == ']')
        return ca_is_ip_text(SG_SLICE(authority.p + 1, len - 2))
                   ? NULL
                   : "no IP address between the brackets";
    if (ca_is_ip_text(SG_SLICE(authority.p, len)))
        return NULL;
    return ca_dns_fault(SG_SLICE(authority.p, len), false);
}

static const char *url_fault(const char *url, bool allow_ldap)
{
    const char *rest;
    bool ldap;

    if (strlen(url) > CA_URL_MAX)
        return "longer than " SG_STR(CA_URL_MAX) " octets";
    for (const char *c = url; *c != '\0'; c++)
        if (!url_octet(*c))
            return "a character that must be percent-encoded (RFC 3986 2)";
    rest = after_scheme(url, allow_ldap, &ldap);
    if (rest == NULL)
        return allow_ldap ? "scheme must be http, https or ldap"
                          : "scheme must be http or https";
    return host_fault(SG_SLICE((const uint8_t *)rest, strcspn(rest, "/?#")),
                      ldap);
}

enum sg_rc ca_url_check(const char *field, const char *url, bool allow_ldap,
                        struct sg_err *err)
{
    const char *fault = url_fault(url, allow_ldap);

    if (fault != NULL)
        return sg_err_set(err, SG_POLICY,
                          "%s \"%.200s\": %s (RFC 5280 4.2.1.6)", field, url,
                          fault);
    return SG_OK;
}

enum sg_rc ca_urls_check(const char *field, struct ca_texts urls,
                         bool allow_ldap, struct sg_err *err)
{
    if (urls.n > CA_URLS_MAX)
        return sg_err_set(err, SG_POLICY, "%s: %zu URLs, at most %d", field,
                          urls.n, CA_URLS_MAX);
    for (size_t i = 0; i < urls.n; i++) {
        SG_TRY(ca_url_check(field, urls.v[i], allow_ldap, err));
        for (size_t k = 0; k < i; k++)
            if (strcmp(urls.v[i], urls.v[k]) == 0)
                return sg_err_set(err, SG_POLICY, "%s \"%.200s\": given twice",
                                  field, urls.v[i]);
    }
    return SG_OK;
}
